//! What speaks against exclusions that are to be added.
//!
//! In: the list before and after. Out: for each added exclusion what lint, its cases, changes to it and blind spots say, what
//! all of them change in results, and which of that falls short.

use super::Edit;
use crate::cli::AcceptArgs;
use crate::commands::counting::covered;
use crate::commands::inputs::open_all;
use crate::commands::lists::Loaded;
use crate::commands::probe::read;
use crate::commands::results::{one_table, read_by};
use crate::commands::suggest::moves;
use crate::commands::{Outcome, World, fail};
use jiff::civil::Date;
use quell::count::coverage::Coverage;
use quell::exclusions::model::{Condition, Entry, Exclusion, FieldRef};
use quell::judge::Matcher;
use quell::lint::facts::ProductFacts;
use quell::lint::settings::Settings;
use quell::lint::{Context, Finding, Level, lint};
use quell::mutants::report::MutationReport;
use quell::probe::{Malicious, Moves, probe};
use quell::report::printable;
use quell::report::style::{Ink, Style};
use quell::rule::Rule;
use quell::schema::{Schema, Schemas};
use quell::tune::diff::{Side, TwoLists, lists};
use quell::tune::show::{self, Shown};
use std::fmt::Write;

/// Groups and examples of the effect that are shown.
const SHOWN: usize = 3;

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
pub(super) struct Checked {
    /// All of it, for a person.
    pub(super) text: String,
    /// What falls short, a line each.
    pub(super) short: Vec<String>,
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
    let mut found = Checked { text: String::new(), short: Vec::new() };
    for group in &edit.groups {
        let _ = writeln!(found.text, "{}", printable(group));
    }
    for exclusion in added {
        let _ = writeln!(found.text, "{}", Ink::On.paint(Style::Strong, printable(&exclusion.id)));
        let _ = writeln!(found.text, "  {}", printable(&tuple(exclusion)));
        for fact in edit.facts.iter().filter(|(id, _)| *id == exclusion.id) {
            let _ = writeln!(found.text, "  as suggested: {}", printable(&fact.1));
        }
        asked.lint(exclusion, &mut found);
        asked.cases(exclusion, &mut found);
        asked.grade(exclusion, &mut found)?;
    }
    if !args.results.is_empty() {
        effect(args, world, lists, edit, rule, day, &mut found)?;
    }
    Ok(found)
}

/// What an exclusion suppresses, in one line.
fn tuple(exclusion: &Exclusion) -> String {
    let condition =
        |condition: &Condition| format!("{}={}", condition.field.name(), condition.wanted().join("|"));
    let entry =
        |entry: &Entry| entry.conditions.iter().map(|known| condition(known)).collect::<Vec<_>>().join(", ");
    exclusion.entries.iter().map(entry).collect::<Vec<_>>().join(" or ")
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
    fn lint(&self, exclusion: &Exclusion, found: &mut Checked) {
        let mut clean = true;
        for finding in &self.findings {
            if self.edit.new[finding.exclusion].id != exclusion.id {
                continue;
            }
            clean = false;
            let level = lint(finding.code).map_or(Level::Deny, |lint| self.settings.level(lint));
            let _ = writeln!(found.text, "  lint {}: {}", finding.code, printable(&finding.message));
            if level >= self.settings.fail_on {
                found.short.push(format!("{}: lint {}: {}", exclusion.id, finding.code, finding.message));
            }
        }
        if clean {
            found.text.push_str("  lint: nothing\n");
        }
    }

    fn cases(&self, exclusion: &Exclusion, found: &mut Checked) {
        let results = quell::cases::run(exclusion);
        for failed in results.iter().filter(|case| !case.passed) {
            let why = failed.why.as_deref().unwrap_or_default();
            found.short.push(format!(
                "{}: a case that must be {}: {}: {why}",
                exclusion.id,
                failed.expected.word(),
                failed.row
            ));
        }
        let cases = &exclusion.cases;
        if cases.suppress.is_empty() || cases.keep.is_empty() {
            found.short.push(format!("{}: it lacks cases to suppress, or to keep", exclusion.id));
        }
        let report =
            MutationReport::new(std::slice::from_ref(exclusion), std::slice::from_ref(&self.edit.after));
        let totals = report.totals;
        let _ = writeln!(
            found.text,
            "  cases: {} of {} pass; they notice {} of {} changes to it",
            results.iter().filter(|case| case.passed).count(),
            results.len(),
            totals.noticed,
            totals.noticed + totals.missed
        );
        if !report.reaches(self.args.min_score) {
            let word = "`quell test --mutate` proposes the cases that are missing";
            found.short.push(format!(
                "{}: its cases notice fewer than {} % of the changes to it; {word}",
                exclusion.id, self.args.min_score
            ));
        }
    }

    fn grade(&self, exclusion: &Exclusion, found: &mut Checked) -> Outcome<()> {
        let is_in = |schema: &&Schema| exclusion.entries.iter().any(|entry| entry.is_in(schema));
        // Rows of a table that lacks what it names say nothing about it.
        let malicious = self.malicious.as_ref().filter(|known| is_in(&known.schema));
        let schema = malicious.map(|known| known.schema).or_else(|| self.schemas.iter().find(is_in));
        let Some(schema) = schema else {
            let _ = writeln!(found.text, "  blind spots: not graded: no schema has columns for it");
            found.short.push(format!("{}: no schema has columns for all that it names", exclusion.id));
            return Ok(());
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
            return Ok(());
        };
        let way = probed.way_in.as_ref().map_or_else(
            || "no way in was found".to_owned(),
            |way| {
                let mut moves: Vec<&str> = way.moves.iter().map(|made| made.what.as_str()).collect();
                moves.dedup();
                format!("{whom} pays {}: {}", way.cost, moves.join(", "))
            },
        );
        let _ = writeln!(found.text, "  blind spots: grade {}: {}", probed.grade, printable(&way));
        if probed.grade > self.args.min_grade {
            found.short.push(format!(
                "{}: grade {} is worse than {}: {way}",
                exclusion.id, probed.grade, self.args.min_grade
            ));
        }
        Ok(())
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
    found: &mut Checked,
) -> Outcome<()> {
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
    found.text.push('\n');
    found.text +=
        &show::diff(&diff, Shown { width: world.width, markdown: false, groups: SHOWN, ink: Ink::On });
    for each in diff.exclusions.iter().filter(|each| edit.added.contains(&each.id) && each.new.matches == 0) {
        found.short.push(format!("{}: it suppresses no row of these results", each.id));
    }
    Ok(())
}
