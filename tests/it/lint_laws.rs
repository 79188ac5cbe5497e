//! What follows from what, against trying every row of a small world.

use crate::common::random::{csv, lists, rows};
use crate::common::{How, apply, cases, loaded};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use quell::exclusions::edit::ExclusionPart;
use quell::exclusions::model::{Entry, Exclusion, Test};
use quell::judge::{Matcher, Scratch};
use quell::lint::algebra::{contradiction, implies};
use quell::lint::facts::ProductFacts;
use quell::lint::settings::Settings;
use quell::lint::{Context, Finding, run};
use quell::schema::Schemas;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// A world of rows: for each field the cells that occur, absent first.
type World = BTreeMap<&'static str, Vec<Option<String>>>;

/// Every text of up to so many of these characters: a letter in both cases, a character that lists name,
/// one that they do not, and one that is not ASCII.
fn texts(most: u32) -> Vec<Option<String>> {
    let mut all = vec![String::new()];
    let mut start = 0;
    for _ in 0..most {
        let end = all.len();
        for place in start..end {
            for c in ['a', 'A', '-', '+', 'é'] {
                let text = all[place].clone() + &c.to_string();
                all.push(text);
            }
        }
        start = end;
    }
    all.into_iter().map(Some).collect()
}

fn small_world() -> World {
    let cells = |texts: Vec<String>| std::iter::once(None).chain(texts.into_iter().map(Some)).collect();
    let mut addresses: Vec<String> = (0..6).map(|last| format!("10.0.0.{last}")).collect();
    addresses.extend((0..4).map(|last| format!("2001:db8::{last}")));
    World::from([
        ("process.name", cells(["a", "A", "b", "ab", "-"].map(str::to_owned).to_vec())),
        ("destination.ip", cells(addresses)),
        ("destination.port", cells((0..6).map(|port| port.to_string()).collect())),
    ])
}

/// Calls `look` with every row of a world for the fields of a matcher, until it says so.
fn any_row(matcher: &Matcher, world: &World, mut look: impl FnMut(&[Option<&str>]) -> bool) -> bool {
    let columns: Vec<&Vec<Option<String>>> = matcher.slots().iter().map(|slot| &world[slot.name()]).collect();
    let count: usize = columns.iter().map(|column| column.len()).product();
    (0..count).any(|mut number| {
        let row: Vec<Option<&str>> = columns
            .iter()
            .map(|column| {
                let cell = column[number % column.len()].as_deref();
                number /= column.len();
                cell
            })
            .collect();
        look(&row)
    })
}

fn entries(whens: &[String]) -> Vec<Exclusion> {
    let list = |(place, when): (usize, &String)| format!("exclusions:\n- {{id: e{place}, when: {when}}}\n");
    loaded(&whens.iter().enumerate().map(list).collect::<Vec<_>>())
}

/// Whether some row meets the first, and whether every such row meets the second.
fn tried(pair: &[Exclusion], world: &World) -> (bool, bool) {
    let matcher = Matcher::new(&[&pair[0], &pair[1]], "defender").unwrap();
    let mut scratch = Scratch::default();
    let mut met = false;
    let only_first = any_row(&matcher, world, |row| {
        let verdict = matcher.judge(row, &mut scratch);
        met |= verdict.suppressed_by.contains(&0);
        verdict.suppressed_by == [0]
    });
    (met, met && !only_first)
}

fn check(pair: &[Exclusion], world: &World) -> Result<(), TestCaseError> {
    let (narrow, wide): (&Entry, &Entry) = (&pair[0].entries[0], &pair[1].entries[0]);
    let (met, all) = tried(pair, world);
    prop_assert_eq!(contradiction(narrow).is_none(), met, "{:?} can be met", narrow);
    if met {
        prop_assert_eq!(implies(narrow, wide), all, "{:?} implies {:?}", narrow, wide);
    }
    Ok(())
}

fn quoted(texts: &[String]) -> String {
    texts.iter().map(|text| serde_json::to_string(text).unwrap()).collect::<Vec<_>>().join(", ")
}

/// An entry of up to two conditions on a name.
fn text_entry() -> impl Strategy<Value = String> {
    let value = vec(select(vec!["a", "A", "-", "*", "?"]), 1..3).prop_map(|parts| parts.concat());
    let modifier = select(vec!["", "|startswith", "|endswith", "|contains", "|cased", "|contains|cased"]);
    vec((modifier, vec(value, 1..3)), 1..3).prop_map(|conditions| {
        let conditions: BTreeMap<&str, Vec<String>> = conditions.into_iter().collect();
        let pairs: Vec<String> = conditions
            .iter()
            .map(|(modifier, values)| format!("\"process.name{modifier}\": [{}]", quoted(values)))
            .collect();
        format!("{{{}}}", pairs.join(", "))
    })
}

/// An entry on several fields of the small world.
fn wide_entry() -> impl Strategy<Value = String> {
    let range = |name: &'static str, prefix: &'static str, most: u32| {
        vec((0..most, 0..most), 1..4).prop_map(move |ends| {
            let ranges: Vec<String> =
                ends.iter().map(|(a, b)| format!("{prefix}{}-{prefix}{}", a.min(b), a.max(b))).collect();
            format!("{name}: [{}]", ranges.join(", "))
        })
    };
    let name = vec(select(vec!["a", "b", "a*", "*"]), 1..3).prop_map(|values| {
        format!("process.name: [{}]", quoted(&values.iter().map(|v| (*v).to_owned()).collect::<Vec<_>>()))
    });
    let address = prop_oneof![
        3 => range("destination.ip", "10.0.0.", 6).boxed(),
        1 => range("destination.ip", "2001:db8::", 4).boxed(),
        1 => select(vec!["10.0.0.0/30", "10.0.0.4/31", "10.0.0.4", "2001:db8::/126"])
            .prop_map(|network| format!("destination.ip: '{network}'")).boxed(),
    ];
    let port = range("destination.port", "", 6);
    (proptest::option::of(name), proptest::option::of(address), proptest::option::of(port)).prop_filter_map(
        "an entry has a condition",
        |(name, address, port)| {
            let all: Vec<String> = [name, address, port].into_iter().flatten().collect();
            (!all.is_empty()).then(|| format!("{{{}}}", all.join(", ")))
        },
    )
}

fn findings(exclusions: &[Exclusion]) -> Vec<Finding> {
    let (settings, schemas, facts) = (Settings::default(), Schemas::built_in(), ProductFacts::built_in());
    run(&Context::new(exclusions, jiff::civil::date(2026, 11, 24), &settings, &schemas, &facts))
}

/// The entries that are said to be covered by others: exclusion and entry.
fn covered(exclusions: &[Exclusion]) -> HashSet<(usize, usize)> {
    let mut out = HashSet::new();
    for finding in findings(exclusions).iter().filter(|f| matches!(f.code, "duplicate" | "subsumed")) {
        match finding.part {
            ExclusionPart::Entry(entry) => drop(out.insert((finding.exclusion, entry))),
            ExclusionPart::Exclusion => {
                out.extend((0..exclusions[finding.exclusion].entries.len()).map(|e| (finding.exclusion, e)));
            }
            _ => {}
        }
    }
    out
}

/// The values that are said to be covered by others: exclusion, entry, condition and value.
fn covered_values(exclusions: &[Exclusion]) -> HashSet<(usize, usize, usize, usize)> {
    let of = |finding: &Finding| match finding.part {
        ExclusionPart::Value(entry, condition, value) if matches!(finding.code, "duplicate" | "subsumed") => {
            Some((finding.exclusion, entry, condition, value))
        }
        _ => None,
    };
    findings(exclusions).iter().filter_map(of).collect()
}

/// Leaves only some values of a test.
fn without(test: &mut Test, stays: impl Fn(usize) -> bool) {
    fn keep<T>(values: &mut Vec<T>, stays: impl Fn(usize) -> bool) {
        let mut number = 0..;
        values.retain(|_| stays(number.next().unwrap()));
    }
    match test {
        Test::Text(values) => keep(values, stays),
        Test::Address(ranges) => keep(ranges, stays),
        Test::Number(ranges) => keep(ranges, stays),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(120, 1_000), ..ProptestConfig::default() })]

    /// Text with wildcards: what is said to follow, or to be impossible, is so for every text, and the other way round.
    #[test]
    fn wildcards_follow_as_if_every_text_were_tried(narrow in text_entry(), wide in text_entry()) {
        check(&entries(&[narrow, wide]), &World::from([("process.name", texts(6))]))?;
    }

    /// Several fields, and several conditions on one: the same for every row, also where cells are absent.
    #[test]
    fn entries_follow_as_if_every_row_were_tried(narrow in wide_entry(), more in proptest::option::of(wide_entry()), wide in wide_entry()) {
        let mut pair = entries(&[narrow.clone(), wide, more.clone().unwrap_or(narrow)]);
        let more = pair.pop().unwrap().entries.remove(0);
        pair[0].entries[0].conditions.extend(more.conditions);
        check(&pair, &small_world())?;
    }

    /// Looking candidates up finds what comparing every pair finds.
    #[test]
    fn the_index_misses_no_pair(mut texts in lists(8)) {
        // For a regular expression no text is found by which to look.
        texts.retain(|text| !text.contains("|re"));
        let exclusions = loaded(&texts);
        let all: Vec<(usize, usize, &Entry)> = exclusions
            .iter()
            .enumerate()
            .flat_map(|(place, e)| e.entries.iter().enumerate().map(move |(entry, value)| (place, entry, value)))
            .filter(|(_, _, entry)| contradiction(entry).is_none())
            .collect();
        let expected: HashSet<(usize, usize)> = all
            .iter()
            .enumerate()
            .filter(|(number, (_, _, entry))| {
                all.iter().enumerate().any(|(other, (_, _, wide))| {
                    other != *number && implies(entry, wide) && (other < *number || !implies(wide, entry))
                })
            })
            .map(|(_, (place, entry, _))| (*place, *entry))
            .collect();
        let found: HashSet<(usize, usize)> = covered(&exclusions)
            .into_iter()
            .filter(|(place, entry)| contradiction(&exclusions[*place].entries[*entry]).is_none())
            .collect();
        prop_assert_eq!(found, expected);
    }

    /// Without everything that is covered by others, the same rows are kept.
    #[test]
    fn what_is_covered_can_go(texts in lists(6), rows in rows(40)) {
        let exclusions = loaded(&texts);
        let covered = covered(&exclusions);
        let mut left = exclusions.clone();
        let values = covered_values(&exclusions);
        for (place, exclusion) in left.iter_mut().enumerate() {
            for (entry, value) in exclusion.entries.iter_mut().enumerate() {
                for (condition, value) in value.conditions.iter_mut().enumerate() {
                    let stays = |number| !values.contains(&(place, entry, condition, number));
                    without(&mut Arc::make_mut(value).test, stays);
                }
            }
            let mut number = 0..;
            exclusion.entries.retain(|_| !covered.contains(&(place, number.next().unwrap())));
        }
        left.retain(|exclusion| !exclusion.entries.is_empty());
        let (input, _) = csv(&rows, &[0, 1, 2, 3, 4, 5]);
        prop_assert_eq!(apply(&exclusions, &input, How::CSV).kept, apply(&left, &input, How::CSV).kept);
    }
}
