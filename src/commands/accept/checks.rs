//! What speaks against exclusions that are to be added.
//!
//! In: the list before and after. Out: [`Checked`]: for each added exclusion what lint, its cases, changes to it and blind
//! spots say, what all of them change in results, and which of that falls short. [`super::show`] says it.

use super::Edit;
use crate::cli::AcceptArgs;
use crate::commands::counting::covered;
use crate::commands::inputs::open_all;
use crate::commands::lists::Loaded;
use crate::commands::probe::read;
use crate::commands::results::{one_table, read_by};
use crate::commands::suggest::moves;
use crate::commands::{Outcome, World, fail};
use indexmap::IndexMap;
use jiff::civil::Date;
use quell::count::coverage::Coverage;
use quell::exclusions::model::{Entry, Exclusion, FieldRef};
use quell::judge::Matcher;
use quell::lint::facts::ProductFacts;
use quell::lint::settings::Settings;
use quell::lint::{Context, Finding, Level, lint};
use quell::mutants::report::{MutationReport, MutationTotals};
use quell::probe::{Grade, Malicious, Moves, probe};
use quell::rule::Rule;
use quell::schema::{Schema, Schemas};
use quell::tune::diff::{Diff, Side, TwoLists, lists};
use serde::Serialize;

/// The cells of a row, one for each slot of a matcher.
type Cells = Vec<Option<String>>;

/// The malicious rows.
struct MaliciousRows<'a> {
    schema: &'a Schema,
    /// The fields of their cells.
    slots: Vec<FieldRef>,
    rows: Vec<Cells>,
}

/// What was found.
#[derive(Default)]
pub(super) struct Checked {
    /// One for each exclusion that is added.
    pub(super) exclusions: Vec<CheckedExclusion>,
    /// What they change in the results, if there are any.
    pub(super) effect: Option<Diff>,
    /// What falls short, a line each.
    pub(super) short: Vec<String>,
}

/// What was found of an exclusion.
#[derive(Serialize)]
pub(super) struct CheckedExclusion {
    pub(super) id: String,
    /// Its entries: fields and values.
    pub(super) when: Vec<IndexMap<String, Vec<String>>>,
    /// What was counted of it when it was suggested.
    pub(super) suggested: Vec<String>,
    /// What of the draft an option has replaced.
    pub(super) replaced: Vec<String>,
    pub(super) lint: Vec<Found>,
    pub(super) cases: Cases,
    /// Of the changes to it how many its cases notice, and how many none does.
    pub(super) noticed: usize,
    pub(super) missed: usize,
    /// Blind spots; `None` if no schema has columns for it.
    pub(super) grade: Option<Graded>,
}

/// What lint says.
#[derive(Serialize)]
pub(super) struct Found {
    pub(super) code: &'static str,
    pub(super) level: Level,
    pub(super) message: String,
}

/// How its cases end.
#[derive(Serialize)]
pub(super) struct Cases {
    pub(super) all: usize,
    pub(super) passed: usize,
}

/// How cheaply an intruder gets into it.
#[derive(Serialize)]
pub(super) struct Graded {
    pub(super) grade: Grade,
    /// What he pays; `None` if no way in was found.
    pub(super) cost: Option<u32>,
    /// In words.
    pub(super) way: String,
    /// What was suggested with it, in words, if that was worse and no malicious rows are given to grade it by.
    pub(super) suggested: Option<String>,
}

/// Everything that is asked about an added exclusion.
struct Asked<'a> {
    args: &'a AcceptArgs,
    edit: &'a Edit,
    findings: Vec<Finding>,
    settings: Settings,
    malicious: Option<MaliciousRows<'a>>,
    schemas: &'a Schemas,
    moves: Moves,
}

pub(super) fn checked(
    args: &AcceptArgs,
    world: &World,
    lists: &Loaded,
    edit: &Edit,
    rule: Option<&Rule>,
    day: Date,
) -> Outcome<Checked> {
    let added: Vec<&Exclusion> = edit.new.iter().filter(|known| edit.added.contains(&known.id)).collect();
    let (settings, facts) = (Settings::default(), ProductFacts::built_in());
    let context = Context::new(&edit.new, day, &settings, &lists.schemas, &facts);
    let findings = quell::lint::run(&context);
    let malicious = malicious(args, lists, &added, rule)?;
    let moves = moves()?.with_columns(&lists.schemas);
    let (settings, schemas) = (settings.clone(), &lists.schemas);
    let asked = Asked { args, edit, findings, settings, malicious, schemas, moves };
    let mut found = Checked::default();
    for exclusion in added {
        let of_it = |all: &[(String, String)]| -> Vec<String> {
            all.iter().filter(|(id, _)| *id == exclusion.id).map(|(_, line)| line.clone()).collect()
        };
        let lint = asked.lint(exclusion, &mut found.short);
        let (cases, changes) = asked.cases(exclusion, &mut found.short);
        let grade = asked.grade(exclusion, &mut found.short)?;
        found.exclusions.push(CheckedExclusion {
            id: exclusion.id.clone(),
            when: exclusion.entries.iter().map(fields_of).collect(),
            suggested: of_it(&edit.facts),
            replaced: of_it(&edit.replaced),
            lint,
            cases,
            noticed: changes.noticed,
            missed: changes.missed,
            grade,
        });
    }
    if !args.results.is_empty() {
        found.effect = Some(effect(args, world, lists, edit, rule, day, &mut found.short)?);
    }
    Ok(found)
}

fn fields_of(entry: &Entry) -> IndexMap<String, Vec<String>> {
    entry.conditions.iter().map(|known| (known.field.name().to_owned(), known.wanted())).collect()
}

/// The malicious rows, if there are any, with the cells that the added exclusions look at.
fn malicious<'l>(
    args: &AcceptArgs,
    lists: &'l Loaded,
    added: &[&Exclusion],
    rule: Option<&Rule>,
) -> Outcome<Option<MaliciousRows<'l>>> {
    if args.malicious.is_empty() {
        return Ok(None);
    }
    let mut opened = open_all(&args.malicious, &args.input)?;
    let (schema, was_read) = one_table(&mut opened, lists, rule)?;
    if was_read {
        opened = open_all(&args.malicious, &args.input)?;
    }
    let matcher = Matcher::of_schema(added, schema)?;
    let mut rows = Vec::new();
    for input in &mut opened {
        rows.extend(read(input, &matcher, schema, rows.len() as u64)?.into_iter().map(|row| row.cells));
    }
    if rows.is_empty() {
        return fail(
            "no-rows",
            "there is no malicious row that can be read",
            "nothing was checked; give rows of true positives",
        );
    }
    Ok(Some(MaliciousRows { schema, slots: matcher.slots().to_vec(), rows }))
}

impl Asked<'_> {
    fn lint(&self, exclusion: &Exclusion, short: &mut Vec<String>) -> Vec<Found> {
        let Exclusion { id, owner, reason, expires, .. } = exclusion;
        if owner.is_none() && reason.is_none() && expires.is_none() {
            short.push(format!(
                "{id}: nobody answers for it, nothing says why, and it never ends; say at least one of --owner, --reason, --expires"
            ));
        }
        let of_it = |finding: &&Finding| self.edit.new[finding.exclusion].id == exclusion.id;
        let mut all = Vec::new();
        for finding in self.findings.iter().filter(of_it) {
            let level = lint(finding.code).map_or(Level::Deny, |lint| self.settings.level(lint));
            if level >= self.settings.fail_on {
                short.push(format!("{}: lint {}: {}", exclusion.id, finding.code, finding.message));
            }
            all.push(Found { code: finding.code, level, message: finding.message.clone() });
        }
        all
    }

    fn cases(&self, exclusion: &Exclusion, short: &mut Vec<String>) -> (Cases, MutationTotals) {
        let results = quell::cases::run(exclusion);
        for failed in results.iter().filter(|case| !case.passed) {
            let why = failed.why.as_deref().unwrap_or_default();
            short.push(format!(
                "{}: a case that must be {}: {}: {why}",
                exclusion.id,
                failed.expected.word(),
                failed.row
            ));
        }
        let cases = &exclusion.cases;
        if cases.suppress.is_empty() || cases.keep.is_empty() {
            short.push(format!("{}: it lacks cases to suppress, or to keep", exclusion.id));
        }
        let report =
            MutationReport::new(std::slice::from_ref(exclusion), std::slice::from_ref(&self.edit.after));
        if !report.reaches(self.args.min_score) {
            let word = "`quell test --mutate` proposes the cases that are missing";
            short.push(format!(
                "{}: its cases notice fewer than {} % of the changes to it; {word}",
                exclusion.id, self.args.min_score
            ));
        }
        let passed = results.iter().filter(|case| case.passed).count();
        (Cases { all: results.len(), passed }, report.totals)
    }

    fn grade(&self, exclusion: &Exclusion, short: &mut Vec<String>) -> Outcome<Option<Graded>> {
        let is_in = |schema: &&Schema| exclusion.entries.iter().any(|entry| entry.is_in(schema));
        // Rows of a table that lacks what it names say nothing about it.
        let malicious = self.malicious.as_ref().filter(|known| is_in(&known.schema));
        let schema = malicious.map(|known| known.schema).or_else(|| self.schemas.iter().find(is_in));
        let Some(schema) = schema else {
            short.push(format!("{}: no schema has columns for all that it names", exclusion.id));
            return Ok(None);
        };
        let matcher = Matcher::of_schema(&[exclusion], schema)?;
        let mut rows: Vec<Malicious> = malicious.map_or_else(Vec::new, |known| {
            let place = |slot| known.slots.iter().position(|other| other == slot);
            let places: Vec<Option<usize>> = matcher.slots().iter().map(place).collect();
            let cells = |cells: &Cells| places.iter().map(|at| cells.get((*at)?)?.clone()).collect();
            (1..).zip(&known.rows).map(|(number, row)| Malicious { number, cells: cells(row) }).collect()
        });
        let whom = if rows.is_empty() {
            "an intruder of whom nothing is known"
        } else {
            "the nearest malicious row"
        };
        if rows.is_empty() {
            rows.push(Malicious { number: 0, cells: vec![None; matcher.slots().len()] });
        }
        let moves = self.moves.clone().of_schema(schema);
        let Some(probed) = probe(&matcher, &[exclusion], &rows, &schema.name, &moves).pop() else {
            return Ok(None);
        };
        let way = probed.way_in.as_ref().map_or_else(
            || "no way in was found".to_owned(),
            |way| {
                let mut moves: Vec<&str> = way.moves.iter().map(|made| made.what.as_str()).collect();
                moves.dedup();
                format!("{whom} pays {}: {}", way.cost, moves.join(", "))
            },
        );
        let suggested = self.worse_grade(exclusion, probed.grade);
        let (worst, why) = suggested.map_or((probed.grade, &way), |(grade, line)| (grade, line));
        if worst > self.args.min_grade {
            short.push(format!(
                "{}: grade {worst} is worse than {}: {why}",
                exclusion.id, self.args.min_grade
            ));
        }
        let suggested = suggested.map(|(_, line)| line.clone());
        let cost = probed.way_in.as_ref().map(|way| way.cost);
        Ok(Some(Graded { grade: probed.grade, cost, way, suggested }))
    }

    /// The grade by the malicious rows that were known when it was suggested, if it is worse than the one by none.
    fn worse_grade(&self, exclusion: &Exclusion, than: Grade) -> Option<(Grade, &String)> {
        let mut known =
            self.edit.grades.iter().filter(|(id, _)| *id == exclusion.id && self.malicious.is_none());
        let (_, line) = known.next()?;
        let (letter, _) = line.strip_prefix("grade ")?.split_once(':')?;
        letter.parse().ok().filter(|grade| *grade > than).map(|grade| (grade, line))
    }
}

/// What the list after does to the results, beside the list before.
fn effect(
    args: &AcceptArgs,
    world: &World,
    known: &Loaded,
    edit: &Edit,
    rule: Option<&Rule>,
    day: Date,
    short: &mut Vec<String>,
) -> Outcome<Diff> {
    let mut files = open_all(&args.results, &args.input)?;
    let read = read_by(&files, known, rule)?;
    let (old, _) = read.in_force(&files, &edit.old, rule, day);
    let (new, _) = read.in_force(&files, &edit.new, rule, day);
    let both: Vec<&Exclusion> = old.iter().chain(&new).copied().collect();
    let run = covered(&mut files, &args.input, world, &read, &both)?;
    let none = Coverage::default();
    let given = TwoLists {
        old: &old,
        new: &new,
        covers: run.tally.coverage.as_ref().unwrap_or(&none),
        slots: &run.slot_names(),
        examples: 1,
    };
    let side = |list: String| Side {
        list,
        results: run.files.clone(),
        read: run.tally.totals.read,
        malformed: run.tally.totals.malformed,
        ..Side::default()
    };
    let diff = lists(
        &given,
        side(format!("{} before", edit.before.file)),
        side(format!("{} after", edit.after.file)),
    );
    for each in diff.exclusions.iter().filter(|each| edit.added.contains(&each.id) && each.new.matches == 0) {
        short.push(format!("{}: it suppresses no row of these results", each.id));
    }
    Ok(diff)
}
