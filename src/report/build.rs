//! Makes a report from counts.

use super::look_alike;
use super::{Example, ExclusionReport, KeptGroup, LooseField, Report, RuleName, Status};
use crate::count::destination::Destination;
use crate::count::tally::{Examples, ExclusionCounts, Tally};
use crate::exclusions::model::{Exclusion, FieldRef};
use crate::input::time;
use crate::rule::Rule;
use crate::run::Run;
pub use crate::run::in_force::LeftOut;
use jiff::civil::Date;

/// How many groups of kept rows a report lists.
pub const LISTED_GROUPS: usize = 1_000;
/// How many examples of one field a report lists.
pub const LISTED_EXAMPLES: usize = 5;

/// Everything that a report is made of.
#[derive(Debug)]
pub struct ReportParts<'e> {
    /// What the run did.
    pub run: Run,
    /// The exclusions that were applied, in the order of the run.
    pub applied: &'e [&'e Exclusion],
    /// The exclusions that were not applied, and why.
    pub left_out: &'e [LeftOut<'e>],
    /// The rule that the results come from, if it is known.
    pub rule: Option<&'e Rule>,
    /// The day on which expiry was judged.
    pub today: Date,
    /// What somebody who acts on these figures has to know.
    pub notes: Vec<String>,
}

/// Makes the report.
pub fn build(parts: ReportParts<'_>) -> Report {
    let read = parts.run.tally.totals.read;
    let mut exclusions: Vec<ExclusionReport> = Vec::with_capacity(parts.applied.len() + parts.left_out.len());
    for (place, exclusion) in parts.applied.iter().enumerate() {
        let each = u32::try_from(place).ok().and_then(|place| parts.run.tally.exclusions.get(&place));
        exclusions.push(exclusion_report(exclusion, each, &parts.run.slots, read));
    }
    for left in parts.left_out {
        let mut report = exclusion_report(left.exclusion, None, &parts.run.slots, read);
        report.status = left.status;
        report.why = Some(left.why.clone());
        exclusions.push(report);
    }
    // Ids are unique.
    exclusions.sort_unstable_by(|a, b| b.matches.cmp(&a.matches).then_with(|| a.id.cmp(&b.id)));
    let (kept_groups, kept_in_other_groups) = groups(&parts.run.tally);
    let span = parts.run.tally.span;
    let mut warnings = parts.run.warnings;
    warnings.extend(look_alike::warnings(parts.applied, &parts.run.tally));
    Report {
        totals: parts.run.tally.totals,
        results: parts.run.files,
        rule: parts.rule.map(|rule| RuleName { id: rule.id.clone(), name: rule.name.clone() }),
        today: parts.today.to_string(),
        first: span.map(|(first, _)| time::format(first)),
        last: span.map(|(_, last)| time::format(last)),
        exclusions,
        kept_groups,
        kept_in_other_groups,
        grouped: None,
        malformed: parts.run.malformed,
        warnings,
        notes: parts.notes,
    }
}

/// What one exclusion did. `slots` are the fields of the run, and `read` is the number of all rows.
pub fn exclusion_report(
    exclusion: &Exclusion,
    each: Option<&ExclusionCounts>,
    slots: &[FieldRef],
    read: u64,
) -> ExclusionReport {
    let none = ExclusionCounts::default();
    let each = each.unwrap_or(&none);
    let status = match (each.matches, each.sole) {
        (0, _) => Status::Dead,
        (_, 0) => Status::Redundant,
        _ => Status::Active,
    };
    let mut loose: Vec<LooseField> =
        each.loose.iter().map(|(slot, examples)| loose_field(slots[*slot].name(), examples)).collect();
    loose.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.field.cmp(&b.field)));
    ExclusionReport {
        id: exclusion.id.clone(),
        file: (*exclusion.origin.file).into(),
        line: exclusion.origin.line,
        status,
        why: None,
        matches: each.matches,
        sole: each.sole,
        scoped_matches: each.scoped,
        share: if read == 0 { 0.0 } else { each.matches as f64 / read as f64 },
        devices: each.devices(),
        first: each.span.map(|(first, _)| time::format(first)),
        last: each.span.map(|(_, last)| time::format(last)),
        loose,
    }
}

fn loose_field(field: &str, examples: &Examples) -> LooseField {
    let mut values: Vec<Example> =
        examples.rows.iter().map(|(value, rows)| Example { value: value.to_string(), rows: *rows }).collect();
    values.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.value.cmp(&b.value)));
    let rows = values.iter().map(|example| example.rows).sum::<u64>() + examples.others;
    let distinct = values.len() as u64;
    values.truncate(LISTED_EXAMPLES);
    LooseField { field: field.to_owned(), rows, distinct, examples: values }
}

fn groups(tally: &Tally) -> (Vec<KeptGroup>, u64) {
    let mut found: Vec<(&str, Destination, u64)> = tally.groups.iter().collect();
    let order = |a: &(&str, Destination, u64), b: &(&str, Destination, u64)| {
        b.2.cmp(&a.2).then_with(|| (a.0, a.1).cmp(&(b.0, b.1)))
    };
    // There may be fifty times as many as are listed, which need no order.
    let mut unlisted = 0;
    if found.len() > LISTED_GROUPS {
        found.select_nth_unstable_by(LISTED_GROUPS, order);
        unlisted = found.drain(LISTED_GROUPS..).map(|(.., rows)| rows).sum();
    }
    found.sort_unstable_by(order);
    let groups = found.into_iter().map(|(process, destination, rows)| KeptGroup {
        process: process.to_owned(),
        destination: destination.to_string(),
        rows,
    });
    (groups.collect(), unlisted + tally.groups.others())
}
