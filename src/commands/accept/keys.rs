//! What the command line says of exclusions that are added: owner, reason, days.
//!
//! In: a draft and the options. Out: its lines with them. An option goes before what the draft says, and that is told. The
//! reason stands for a scenario that nobody has written.

use crate::cli::{AcceptArgs, Expiry};
use crate::commands::{Outcome, fail};
use jiff::ToSpan;
use jiff::civil::Date;
use quell::exclusions::edit::add::ExclusionBlock;
use quell::exclusions::model::Exclusion;
use quell::exclusions::validate::ListText;
use quell::suggest::list::FILL_IN;

/// An error for a last day that is past: the exclusion would never suppress anything.
pub(super) fn is_to_come(args: &AcceptArgs, day: Date) -> Outcome<()> {
    match args.expires {
        Some(Expiry::On(last)) if last < day => {
            let message = format!("--expires {last}: this day is past; today is {day}");
            fail("expired", message, "name a day to come, or days from today: `--expires 90d`")
        }
        _ => Ok(()),
    }
}

/// The lines of a draft with what the command line says of it. What an option has replaced is added to `replaced`, a line each.
pub(super) fn block(
    args: &AcceptArgs,
    day: Date,
    texts: &[ListText],
    draft: &Exclusion,
    replaced: &mut Vec<(String, String)>,
) -> Outcome<ExclusionBlock> {
    let list = texts.iter().find(|list| *list.file == *draft.origin.file);
    let Some(mut block) = list.and_then(|list| ExclusionBlock::of(list, &draft.id)) else {
        let message = format!("{}: `{}` is not written as a block of its own", draft.origin.file, draft.id);
        return fail("cannot-edit", message, "write it as a block that begins `- id:`");
    };
    let mut draft = draft.clone();
    let mut scenario = args.scenario.clone();
    if draft.scenario.as_ref().is_some_and(|text| text.trim_start().starts_with(FILL_IN)) {
        scenario = scenario.or_else(|| args.reason.clone()).or_else(|| draft.reason.clone());
        draft.scenario = None;
        if scenario.is_none() {
            block.take_out("scenario");
        }
    }
    for (key, value, old) in keys(args, scenario, day, &draft) {
        let Some(value) = value.filter(|value| old.as_ref() != Some(value)) else { continue };
        if !block.set(key, &value) {
            let message =
                format!("{}: there is no line for `{key}: {value}` in `{}`", draft.origin.file, draft.id);
            return fail("cannot-edit", message, "write its `when` on a line of its own, below the id");
        }
        if let Some(old) = old {
            let old = old.split_whitespace().collect::<Vec<_>>().join(" ");
            let line = format!("--{key} {value} takes the place of `{old}`");
            replaced.push((draft.id.clone(), line));
        }
    }
    Ok(block)
}

/// Keys, what is to stand there, and what stands there.
fn keys(
    args: &AcceptArgs,
    scenario: Option<String>,
    day: Date,
    draft: &Exclusion,
) -> [(&'static str, Option<String>, Option<String>); 6] {
    let date = |day: Option<Date>| day.map(|day| day.to_string());
    let expires = match args.expires {
        Some(Expiry::On(day)) => Some(day),
        Some(Expiry::In(days)) => day.checked_add(i32::from(days).days()).ok(),
        None => None,
    };
    // No option names this day, so the one of the draft stays.
    let created = draft.created.is_none().then_some(day);
    [
        ("scenario", scenario, draft.scenario.clone()),
        ("owner", args.owner.clone(), draft.owner.clone()),
        ("reason", args.reason.clone(), draft.reason.clone()),
        ("reference", args.reference.clone(), draft.reference.clone()),
        ("created", date(created), None),
        ("expires", date(expires), date(draft.expires)),
    ]
}
