//! `quell list`: who owns which exclusion, and until when.

use super::idle::{refuse, without_results};
use super::lists::{Loaded, loaded_or_examples, rule, today};
use super::project::{may_be_new, project, with_lists};
use super::{End, Outcome, World, counting, fail, print_json, print_styled, print_text};
use crate::cli::{InventoryArgs, InventoryFormat};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use quell::count::tally::ExclusionCounts;
use quell::exclusions::model::Exclusion;
use quell::tune::inventory::{Inventory, Seen};
use quell::tune::show::{inventory, inventory_markdown};
use std::collections::HashMap;

pub(crate) fn run(args: &InventoryArgs, world: &World) -> Outcome {
    if args.results.is_empty() {
        let why = "it says which results are looked at, and there are none";
        refuse(&without_results(&args.input, "no --results were given"))?;
        refuse(&[
            ("--rule", args.scope.rule.is_some(), why),
            ("--rule-id", args.scope.rule_id.is_some(), why),
        ])?;
    }
    let lists = loaded_or_examples(&with_lists(&args.lists, project()?.as_ref(), "list")?)?;
    let day = today(&args.scope, world);
    let seen = seen(args, world, &lists, day)?;
    let listed = Inventory::of(&lists.exclusions, &seen, day, args.expiring);
    let with_results = !args.results.is_empty();
    match args.format {
        InventoryFormat::Table => print_styled(&inventory(&listed, with_results, world.width))?,
        InventoryFormat::Json => print_json(&listed)?,
        InventoryFormat::Markdown => print_text(&inventory_markdown(&listed, with_results))?,
    }
    let some_expire = args.expiring.is_some() && !listed.exclusions.is_empty();
    let nothing = listed.all == 0 && !may_be_new(&args.lists);
    Ok(if nothing || some_expire { End::LookAtIt } else { End::Clean })
}

/// What each exclusion did in the results; nothing without results.
fn seen(args: &InventoryArgs, world: &World, lists: &Loaded, day: Date) -> Outcome<Vec<Option<Seen>>> {
    if args.results.is_empty() {
        return Ok(Vec::new());
    }
    let rule = rule(&args.scope)?;
    let rule = rule.as_ref();
    let (applied, run) =
        counting::counted(&args.results, &args.input, world, lists, rule, |read, inputs| {
            read.in_force(inputs, &lists.exclusions, rule, day).0
        })?;
    if run.tally.totals.read == 0 {
        let help = "without rows every exclusion looks idle; give results with rows in them";
        return fail("no-rows", "there are no rows in the results, so nothing was seen", help);
    }
    let nothing = ExclusionCounts::default();
    let places: HashMap<&str, u32> = applied.iter().map(|known| known.id.as_str()).zip(0..).collect();
    let seen = |exclusion: &Exclusion| {
        let each = run.tally.exclusions.get(places.get(exclusion.id.as_str())?).unwrap_or(&nothing);
        let last = each.span.and_then(|(_, last)| Timestamp::from_nanosecond(last.into()).ok());
        let last = last.map(|last| last.to_zoned(TimeZone::UTC).date().to_string());
        Some(Seen { matches: each.matches, last })
    };
    Ok(lists.exclusions.iter().map(seen).collect())
}
