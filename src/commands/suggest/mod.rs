//! `quell suggest`: exclusions for rows that somebody has called noise.
//!
//! The rows are read twice: to find the exclusions, and to count with the matcher itself what they do. What it suppresses
//! that must stay is never printed.

mod groups;
mod narrow;
mod prepare;
mod show;

use super::idle::refuse;
use super::inputs::keep_standard_input;
use super::labels::{Labelling, LeftOut};
use super::lists::{in_force, loaded, rule, today};
use super::{End, Outcome, World, fail, print_json, print_styled, print_text, tell};
use crate::cli::{SuggestArgs, SuggestFormat};
use prepare::{Dropped, Given, LOCAL_PORT, Prepared, prepared};
use quell::exclusions::model::{Exclusion, FieldRef};
use quell::judge::Matcher;
use quell::probe::Moves;
use quell::report::{fitted, printable};
use quell::suggest::{Label, LabelledRow, Options, Sample, Suggested, suggest};

/// What was found, for every format.
pub(super) struct Found<'f> {
    /// The exclusions with what they do.
    pub(super) prepared: Vec<Prepared>,
    pub(super) suggested: &'f Suggested,
    /// Rows of each label that were chosen by.
    pub(super) rows: [u64; 4],
    /// Rows of noise that were kept back.
    pub(super) held: u64,
    /// The last days that were kept back.
    pub(super) holdout: Option<u16>,
    /// Rows of noise that the exclusions cover together, of those that were chosen by and of those kept back.
    pub(super) covered: [u64; 2],
    /// Drafts that would have hidden a row that must stay.
    pub(super) dropped: Vec<Dropped>,
    /// Rows beyond the limits of memory.
    pub(super) beyond: u64,
    pub(super) left_out: LeftOut,
    /// Names of the files, to say where a row stands.
    pub(super) files: Vec<String>,
    /// The groups that were named, as the report shows them.
    pub(super) groups: Vec<String>,
    /// Whether any row is known to be malicious.
    pub(super) has_malicious: bool,
}

pub(crate) fn run(args: &SuggestArgs, world: &World) -> Outcome {
    let files = [&args.results, &args.labels.benign, &args.labels.malicious];
    if files.iter().any(|names| names.iter().any(|name| name == "-")) {
        keep_standard_input()?;
    }
    something_is_labelled(args)?;
    nothing_is_idle(args)?;
    let lists = loaded(&args.lists)?;
    let rule = rule(&args.scope)?;
    let mut labelling = Labelling::new(&args.labels, &args.results, &args.input, &lists, rule.as_ref())?;
    let schema = labelling.schema;
    let (applied, _) = in_force(&lists.exclusions, rule.as_ref(), today(&args.scope, world), schema);
    let ids: Vec<&str> = applied.iter().map(|known| known.id.as_str()).collect();
    let narrowed = args.narrow.as_deref().map(|id| narrow::named(&lists, id)).transpose()?;
    // What is narrowed suppresses its own rows, and what others suppress of them it rightly covers as well.
    let matcher = Matcher::of_schema(&narrowed.map_or(applied, |one| vec![one]), schema)?;
    if narrowed.is_some() {
        labelling.covered = Some(&matcher);
    } else {
        labelling.applied = Some(&matcher);
    }
    labelling.groups = groups::groups(args, world, &lists)?;
    let (mut sample, fields) = empty_sample(&labelling)?;
    let cutoff = cutoff(args, &labelling, &fields)?;
    let (held, left_out) = fill(&mut sample, &labelling, &fields, cutoff)?;
    tell(&fitted(&hidden(&labelling, &left_out, &ids), world.message_width));
    let moves = moves()?.with_columns(&lists.schemas).of_schema(schema);
    there_is_noise(&sample, args, &left_out, &ids)?;
    let suggested = suggest(&sample, &moves, &options(args));
    let given = Given {
        lists: &lists,
        labelling: &labelling,
        fields: &fields,
        cutoff,
        rule: rule.as_ref().and_then(|rule| rule.id.clone()),
        moves: &moves,
        today: today(&args.scope, world),
    };
    let (prepared, covered, dropped) = prepared(&given, &suggested)?;
    let labels = [Label::Benign, Label::Malicious, Label::Unsure, Label::Unlabelled];
    let rows = labels.map(|label| sample.rows(label) + sample.beyond[label as usize]);
    let found = Found {
        prepared,
        suggested: &suggested,
        rows,
        held,
        holdout: args.holdout,
        covered,
        dropped,
        beyond: sample.beyond.iter().sum(),
        left_out,
        files: labelling.files.clone(),
        groups: labelling.groups.iter().map(ToString::to_string).collect(),
        has_malicious: rows[1] > 0,
    };
    if let Some(exclusion) = narrowed {
        return narrow::print_diff(world, &lists, exclusion, &found);
    }
    shown(args, world, &found)?;
    Ok(if found.prepared.is_empty() { End::LookAtIt } else { End::Clean })
}

/// A sample without rows, and the fields that are read for it.
fn empty_sample(labelling: &Labelling<'_>) -> Outcome<(Sample, Vec<FieldRef>)> {
    let known = labelling.fields()?;
    let sample = Sample::new(&known);
    let mut fields = sample.fields();
    // It is no condition, but what was seen of it is said.
    fields.extend(known.into_iter().filter(|field| field.name() == LOCAL_PORT));
    Ok((sample, fields))
}

/// Which malicious rows the lists hide already, loudly: that is worse than any noise.
fn hidden(labelling: &Labelling<'_>, left_out: &LeftOut, ids: &[&str]) -> String {
    let mut out = String::new();
    for (place, by) in &left_out.hidden_by {
        let id = usize::try_from(*by).ok().and_then(|at| ids.get(at)).map_or("", |id| *id);
        let (name, id) = (printable(labelling.name(place.file)), printable(id));
        let row = place.row;
        out += &format!(
            "row {row} of {name}, which is labelled malicious, is SUPPRESSED by {id} already: look at that exclusion first (`quell suggest --narrow {id}`).\n"
        );
    }
    match left_out.hidden.saturating_sub(left_out.hidden_by.len() as u64) {
        0 => out,
        more => out + &format!("{more} more malicious rows are SUPPRESSED already.\n"),
    }
}

fn options(args: &SuggestArgs) -> Options {
    Options {
        most: args.max.map_or(usize::MAX, usize::from),
        min_rows: args.min_rows,
        any_destination: args.any_destination,
    }
}

/// Adds the rows to the sample. Returns how many rows of noise are kept back, and what was left out.
fn fill(
    sample: &mut Sample,
    labelling: &Labelling<'_>,
    fields: &[FieldRef],
    cutoff: Option<i64>,
) -> Outcome<(u64, LeftOut)> {
    let mut held = 0;
    let left_out = labelling.each(fields, |row| {
        let is_held = cutoff.is_some_and(|last| row.day.is_some_and(|day| day > last));
        held += u64::from(is_held && row.label == Label::Benign);
        let (label, cells, device, place) = (row.label, row.cells, row.device, row.place);
        sample.add(&LabelledRow { label, held: is_held, cells, device, place });
    })?;
    Ok((held, left_out))
}

fn shown(args: &SuggestArgs, world: &World, found: &Found<'_>) -> Outcome<()> {
    let usual = if world.shown { SuggestFormat::Table } else { SuggestFormat::Yaml };
    match args.format.unwrap_or(usual) {
        SuggestFormat::Table => print_styled(&fitted(&show::table(found), world.message_width)),
        SuggestFormat::Json => print_json(&show::json(found)),
        SuggestFormat::Yaml => {
            // Whoever pipes the list on reads this on the terminal.
            tell(&fitted(&show::summary(found), world.message_width));
            if found.prepared.is_empty() { Ok(()) } else { print_text(&show::yaml(found)) }
        }
    }
}

/// An error if an option does nothing with the others.
fn nothing_is_idle(args: &SuggestArgs) -> Outcome<()> {
    let labels = &args.labels;
    let (alone, why) = (args.results.is_empty(), "it is about rows of results, and there are none");
    refuse(&[
        ("--format", args.narrow.is_some() && args.format.is_some(), "--narrow prints a diff of the list"),
        ("--narrow", args.narrow.is_some() && alone, why),
        ("--where", !labels.conditions.is_empty() && alone, why),
        ("--labels", !labels.labels.is_empty() && alone, why),
        (
            "--allow-missing-columns",
            args.input.allow_missing_columns,
            "what a table has no column for becomes no condition, and is no error",
        ),
    ])
}

/// An error if nothing says which rows are noise.
fn something_is_labelled(args: &SuggestArgs) -> Outcome<()> {
    let labels = &args.labels;
    let nothing = labels.benign.is_empty()
        && labels.labels.is_empty()
        && labels.conditions.is_empty()
        && labels.group.is_empty()
        && args.narrow.is_none();
    if !nothing {
        return Ok(());
    }
    let help = "name a group of the report (--group 1), a value (--where process.name=Update.exe), a file of labels (--labels), or rows that are noise (--benign)";
    fail("no-labels", "nothing says which rows are noise", help)
}

fn there_is_noise(sample: &Sample, args: &SuggestArgs, left_out: &LeftOut, ids: &[&str]) -> Outcome<()> {
    if sample.rows(Label::Benign) > 0 {
        return Ok(());
    }
    if left_out.noise > 0 && args.holdout.is_none() {
        let by = left_out.noise_by.iter();
        let id = |at: &u32| usize::try_from(*at).ok().and_then(|at| ids.get(at)).map_or("", |id| *id);
        let by: Vec<String> = by.map(|(at, rows)| format!("{} ({rows})", id(at))).collect();
        let rows = left_out.noise;
        let message = match rows {
            1 => "1 row is meant, and it is suppressed already".to_owned(),
            _ => format!("{rows} rows are meant, and all are suppressed already"),
        };
        let help = "they need no exclusion; `quell apply` shows what is left";
        return fail("no-noise", format!("{message}, by {}", by.join(", ")), help);
    }
    let help = if args.holdout.is_some() {
        "the days that were kept back may be all there are: give a smaller --holdout"
    } else {
        "no row has what was asked for: look at the values with `quell apply`, it may be spelt otherwise"
    };
    fail("no-noise", "no row is labelled as noise", help)
}

pub(in crate::commands) fn moves() -> Outcome<Moves> {
    match Moves::built_in() {
        Ok(moves) => Ok(moves),
        Err(cause) => fail("bad-moves", cause, "this is a mistake of quell's; please report it"),
    }
}

/// The last day that is chosen by, if the last days are kept back.
fn cutoff(args: &SuggestArgs, labelling: &Labelling<'_>, fields: &[FieldRef]) -> Outcome<Option<i64>> {
    let Some(days) = args.holdout else { return Ok(None) };
    let mut last: Option<i64> = None;
    labelling.each(fields, |row| {
        if row.label == Label::Benign {
            last = last.max(row.day);
        }
    })?;
    match last {
        Some(last) => Ok(Some(last - i64::from(days))),
        None => fail(
            "no-time",
            "--holdout keeps the last days back, and no row of noise has a time that can be read",
            "leave --holdout out, or export the column of the time",
        ),
    }
}

/// Exclusions as references.
pub(super) fn refs(all: &[Exclusion]) -> Vec<&Exclusion> {
    all.iter().collect()
}
