//! The groups that `--group` names.
//!
//! In: numbers, and what must stand in those groups. Out: the groups as the report of `quell apply` counts them. A number
//! means another group once the lists have grown, so what was found is said, and what was named is checked.

use crate::cli::{GroupChoice, SuggestArgs};
use crate::commands::counting::counted;
use crate::commands::labels::WantedGroup;
use crate::commands::lists::{Loaded, rule, today};
use crate::commands::{Outcome, World, fail};
use quell::count::destination::Destination;
use quell::report::build::{ReportParts, build};
use quell::report::{KeptGroup, printable};

/// The groups that were named.
pub(super) fn groups(args: &SuggestArgs, world: &World, lists: &Loaded) -> Outcome<Vec<WantedGroup>> {
    if args.labels.group.is_empty() {
        return Ok(Vec::new());
    }
    if args.results.is_empty() {
        return fail(
            "no-results",
            "--group names a group of results, and there are none",
            "name the results",
        );
    }
    let rule = rule(&args.scope)?;
    let day = today(&args.scope, world);
    let of_rule = rule.as_ref();
    let (applied, run) = counted(&args.results, &args.input, world, lists, of_rule, |read, inputs| {
        read.in_force(inputs, &lists.exclusions, of_rule, day).0
    })?;
    let groups = run.tally.groups.iter();
    let known: Vec<(String, Destination)> =
        groups.map(|(process, destination, _)| (process.to_owned(), destination)).collect();
    let report = build(ReportParts {
        run,
        applied: &applied,
        left_out: &[],
        rule: rule.as_ref(),
        today: day,
        notes: Vec::new(),
    });
    let find = |choice| {
        let group = named(choice, &report.kept_groups)?;
        let same = |(process, destination): &&(String, Destination)| {
            *process == group.process && destination.to_string() == group.destination
        };
        let destination = known.iter().find(same).map(|known| known.1).unwrap_or_default();
        let (number, process, rows) = (choice.number, group.process.clone(), group.rows);
        Ok(WantedGroup { number, process, destination, rows })
    };
    args.labels.group.iter().map(find).collect()
}

/// The group of a number, if it is the one that somebody means.
fn named<'g>(choice: &GroupChoice, groups: &'g [KeptGroup]) -> Outcome<&'g KeptGroup> {
    let number = choice.number;
    let Some(group) = groups.get(usize::try_from(number).unwrap_or(usize::MAX) - 1) else {
        let message = format!("--group {number}: there are {} groups of kept rows", groups.len());
        return fail("no-such-group", message, "`quell apply` shows them, the one with most rows first");
    };
    let Some(named) = &choice.named else { return Ok(group) };
    let is_it = |group: &KeptGroup| group.process.eq_ignore_ascii_case(named) || group.destination == *named;
    if is_it(group) {
        return Ok(group);
    }
    let is = |group: &KeptGroup| {
        format!("{}, {}, {} rows", printable(&group.process), printable(&group.destination), group.rows)
    };
    let named = printable(named);
    let others: Vec<String> = (1_u32..)
        .zip(groups)
        .filter(|(_, group)| is_it(group))
        .take(3)
        .map(|(number, group)| format!("group {number} ({})", is(group)))
        .collect();
    let help = match others.as_slice() {
        [] => format!("no group of kept rows is `{named}`: the lists may suppress its rows already"),
        _ => format!("`{named}` is {} with these lists", others.join(", ")),
    };
    fail("other-group", format!("--group {number}={named}: group {number} is {} now", is(group)), &help)
}
