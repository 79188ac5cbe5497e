//! Brings a list into one order: the keys of an exclusion, the fields of an entry, the values of a condition.
//!
//! In: a list that has loaded. Out: its text in order. Parts only change places: every comment stays with the key that it
//! stands above or beside, and a part that cannot be moved so stays where it is. Whatever would change what the list says
//! is left undone.

use super::pieces::{Pieces, Swap};
use crate::exclusions::model::{Exclusion, Test};
use crate::exclusions::validate::{EXCLUSION_KEYS, ListText, meaning};
use crate::fields::Field;
use crate::range::{AddressRange, NumberRange};
use crate::schema::Schemas;
use crate::yaml::{Node, Value};
use std::cmp::Ordering;

/// The text of a list in order.
pub fn ordered(list: &ListText, schemas: &Schemas) -> String {
    ordered_where(list, schemas, |_| true)
}

/// The text of a list in which the exclusions of some ids are in order; the others stay byte for byte.
pub(super) fn ordered_where(list: &ListText, schemas: &Schemas, is_meant: impl Fn(&str) -> bool) -> String {
    let Some(before) = meaning(list, schemas).map(without_order) else { return list.text.clone() };
    let means_the_same = |text: &str| {
        let edited = ListText { file: list.file.clone(), text: text.to_owned() };
        meaning(&edited, schemas).map(without_order).is_some_and(|after| after == before)
    };
    let mut text = list.text.clone();
    // From the inside to the outside, so that no swap moves what another one has measured.
    for swaps_of in [values as fn(&Pieces<'_>, &Node<'_>) -> Vec<Swap>, fields, keys] {
        let swaps = swaps_in(&text, &is_meant, swaps_of);
        let together = swapped(&text, &swaps);
        if means_the_same(&together) {
            text = together;
            continue;
        }
        // One of them does not go; the others may. The places of later ones stay as they are, because parts only swap.
        for swap in &swaps {
            let alone = swapped(&text, std::slice::from_ref(swap));
            if alone.len() == text.len() && means_the_same(&alone) {
                text = alone;
            }
        }
    }
    text
}

/// The swaps in the exclusions that are meant.
fn swaps_in(
    text: &str,
    is_meant: impl Fn(&str) -> bool,
    of: fn(&Pieces<'_>, &Node<'_>) -> Vec<Swap>,
) -> Vec<Swap> {
    let Ok(Some(root)) = crate::yaml::parse(text) else { return Vec::new() };
    let pieces = Pieces::new(text);
    let exclusions = root.get("exclusions").map(Node::items).unwrap_or_default();
    let is_meant = |exclusion: &&Node<'_>| match exclusion.get("id").map(|id| &id.value) {
        Some(Value::Scalar(id, _)) => is_meant(id),
        _ => false,
    };
    exclusions.iter().filter(is_meant).flat_map(|exclusion| of(&pieces, exclusion)).collect()
}

fn swapped(text: &str, swaps: &[Swap]) -> String {
    let mut swaps: Vec<&Swap> = swaps.iter().collect();
    swaps.sort_by_key(|swap| swap.start());
    let (mut out, mut end) = (String::with_capacity(text.len()), 0);
    for swap in swaps.into_iter().filter(|swap| !swap.is_idle()) {
        // Two that overlap cannot both be done.
        if swap.start() < end {
            continue;
        }
        out.push_str(&text[end..swap.start()]);
        end = swap.write(text, &mut out);
    }
    out + &text[end..]
}

fn keys(pieces: &Pieces<'_>, exclusion: &Node<'_>) -> Vec<Swap> {
    let rank = |key: &str| EXCLUSION_KEYS.iter().position(|known| *known == key);
    pieces.of_mapping(exclusion, |a, b| rank(a).cmp(&rank(b))).into_iter().collect()
}

fn entries<'n, 'a>(exclusion: &'n Node<'a>) -> &'n [Node<'a>] {
    match exclusion.get("when") {
        Some(when) if matches!(when.value, Value::List(_)) => when.items(),
        Some(when) => std::slice::from_ref(when),
        None => &[],
    }
}

fn fields(pieces: &Pieces<'_>, exclusion: &Node<'_>) -> Vec<Swap> {
    let order = |a: &str, b: &str| {
        let rank = |key: &str| {
            let (name, modifiers) = key.split_once('|').unwrap_or((key, ""));
            let field = Field::named(name);
            // Columns stand behind fields.
            (field.is_none(), field, name.to_ascii_lowercase(), modifiers.to_owned())
        };
        rank(a).cmp(&rank(b))
    };
    entries(exclusion).iter().filter_map(|entry| pieces.of_mapping(entry, order)).collect()
}

fn values(pieces: &Pieces<'_>, exclusion: &Node<'_>) -> Vec<Swap> {
    let conditions = entries(exclusion).iter().flat_map(|entry| match &entry.value {
        Value::Map(pairs) => pairs.iter().map(|(_, values)| values).collect(),
        _ => Vec::new(),
    });
    conditions
        .chain(exclusion.get("rules"))
        .filter_map(|values| pieces.of_values(values, order_of(values)))
        .collect()
}

/// How the values of a list are compared: as numbers or as addresses if all are such, else as texts.
fn order_of(values: &Node<'_>) -> fn(&str, &str) -> Ordering {
    let all = |is: fn(&str) -> bool| {
        values.items().iter().all(|item| matches!(&item.value, Value::Scalar(text, _) if is(text)))
    };
    if all(|text| NumberRange::parse(text).is_ok()) {
        return |a, b| {
            let bounds = |text| NumberRange::parse(text).map(|range| (range.first, range.last)).ok();
            bounds(a).cmp(&bounds(b))
        };
    }
    if all(|text| AddressRange::parse(text).is_ok()) {
        return |a, b| {
            let bounds =
                |text| AddressRange::parse(text).map(|range| (range.family, range.first, range.last)).ok();
            bounds(a).cmp(&bounds(b))
        };
    }
    |a, b| (a.to_lowercase(), a).cmp(&(b.to_lowercase(), b))
}

/// Exclusions in which the order of what has none is always the same.
fn without_order(mut exclusions: Vec<Exclusion>) -> Vec<Exclusion> {
    for exclusion in &mut exclusions {
        exclusion.rules.sort();
        for condition in exclusion.entries.iter_mut().flat_map(|entry| &mut entry.conditions) {
            let mut sorted = (**condition).clone();
            match &mut sorted.test {
                Test::Text(values) => values.sort(),
                Test::Address(values) => values.sort_by_key(|value| format!("{value:?}")),
                Test::Number(values) => values.sort_by_key(|value| format!("{value:?}")),
            }
            *condition = sorted.into();
        }
        for entry in &mut exclusion.entries {
            entry.conditions.sort_by_key(|condition| format!("{condition:?}"));
        }
    }
    exclusions
}
