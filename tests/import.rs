//! Lists that become KQL and are read back.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use proptest::prelude::*;
use quell::exclusions::document::ListFile;
use quell::exclusions::model::{AddressRange, Exclusion, Test};
use quell::exclusions::validate::{ListText, load};
use quell::kql::import::{Source, import_query};
use quell::kql::{Options, where_block};
use quell::schema::Schemas;
use quell::yaml;
use std::collections::BTreeSet;

fn loaded(text: &str) -> Vec<Exclusion> {
    let list = ListText { file: "list.yaml".into(), text: text.to_owned() };
    load(&[list], &Schemas::built_in()).unwrap()
}

/// Ranges that touch are one, however they were cut.
fn joined(ranges: &[AddressRange]) -> BTreeSet<String> {
    let mut ends: Vec<(u128, u128)> = ranges.iter().map(|range| (range.first, range.last)).collect();
    ends.sort_unstable();
    let mut out: Vec<(u128, u128)> = Vec::new();
    for (first, last) in ends {
        match out.last_mut() {
            Some(before) if first <= before.1 + 1 => before.1 = before.1.max(last),
            _ => out.push((first, last)),
        }
    }
    out.into_iter().map(|range| format!("{range:?}")).collect()
}

/// What an exclusion covers, without the order and the spelling of values.
fn meaning(exclusion: &Exclusion) -> BTreeSet<BTreeSet<String>> {
    let values = |test: &Test| -> BTreeSet<String> {
        match test {
            Test::Text(texts) => {
                texts.iter().map(|t| format!("{:?}", (&t.text, t.operator, t.cased))).collect()
            }
            Test::Address(ranges) => joined(ranges),
            Test::Number(ranges) => ranges.iter().map(|r| format!("{r:?}")).collect(),
        }
    };
    let condition =
        |c: &quell::exclusions::model::Condition| format!("{}: {:?}", c.field.name(), values(&c.test));
    exclusion.entries.iter().map(|entry| entry.conditions.iter().map(condition).collect()).collect()
}

/// One condition in YAML that KQL says in one operator.
fn condition(number: usize) -> BoxedStrategy<String> {
    let words = prop::collection::vec("[a-z][a-z '\"\\\\.-]{0,8}[a-z]", 1..4);
    let listed = |words: Vec<String>| {
        words.iter().map(|w| format!("'{}'", w.replace('\'', "''"))).collect::<Vec<_>>().join(", ")
    };
    let octets = prop::collection::vec((1u8..250, 0u8..250, 8u8..=32), 1..3);
    match number {
        0 => words.prop_map(move |w| format!("process.name: [{}]", listed(w))).boxed(),
        1 => words.prop_map(move |w| format!("user.name|cased: [{}]", listed(w))).boxed(),
        2 => {
            words.prop_map(move |w| format!("process.path|startswith: [{}]", listed(w[..1].to_vec()))).boxed()
        }
        3 => words
            .prop_map(move |w| format!("destination.domain|endswith: [{}]", listed(w[..1].to_vec())))
            .boxed(),
        4 => (1u16..9000).prop_map(|port| format!("destination.port: {port}")).boxed(),
        _ => octets
            .prop_map(|all| {
                let networks: Vec<String> =
                    all.iter().map(|(a, b, bits)| format!("{a}.{b}.0.0/{bits}")).collect();
                format!("destination.ip: [{}]", networks.join(", "))
            })
            .boxed(),
    }
}

fn list() -> impl Strategy<Value = String> {
    let entry = prop::sample::subsequence((0..6).collect::<Vec<_>>(), 1..4)
        .prop_flat_map(|numbers| numbers.into_iter().map(condition).collect::<Vec<_>>());
    prop::collection::vec(entry, 1..3).prop_map(|entries| {
        let mut text = String::from("exclusions:\n- id: one\n  when:\n");
        for entry in entries {
            text += &format!("  - {}\n", entry.join("\n    "));
        }
        text
    })
}

proptest! {
    #[test]
    fn a_list_that_becomes_kql_comes_back_with_the_same_meaning(text in list()) {
        let schemas = Schemas::built_in();
        let schema = schemas.named("defender").unwrap();
        let exclusions = loaded(&text);
        let single: Vec<_> = exclusions[0].entries.iter().filter(|e| e.conditions.len() == 1).collect();
        // Two entries of one condition on the same field are one entry with more values.
        prop_assume!(single.len() < 2 || single[0].conditions[0].field != single[1].conditions[0].field);
        let block = where_block(&[&exclusions[0]], schema, &Options::default()).unwrap();
        let query = format!("DeviceNetworkEvents\n{block}");
        let source = Source { file: "r.kql", line: 1, prefix: "r", rule: None };
        let found = import_query(&query, "DeviceNetworkEvents", schema, source);
        prop_assert!(found.not_carried.is_empty(), "{query}\n{:?}", found.not_carried);
        let back = yaml::to_string(&ListFile { exclusions: found.exclusions }).unwrap();
        let back = loaded(&back);
        prop_assert_eq!(back.len(), 1);
        prop_assert_eq!(meaning(&back[0]), meaning(&exclusions[0]), "{}", query);
    }

    #[test]
    fn nothing_typed_into_a_query_makes_it_panic(
        words in prop::collection::vec(prop::sample::select(vec![
            "DeviceNetworkEvents", "| where ", "not(", "RemoteIP", "RemoteUrl", " !in ", "!=", "~", "(", ")", "\"a\"",
            " and ", " or ", ",", "ipv4_is_in_range(", "coalesce(", "dynamic([", "]", "false", "==", "'", "|", ";",
            "let x = ", "x", "\n", "summarize ", "by ", "extract(", "..", "5", "é",
        ]), 0..30)
    ) {
        let schemas = Schemas::built_in();
        let source = Source { file: "r.kql", line: 1, prefix: "r", rule: None };
        let query = words.concat();
        let found = import_query(&query, "DeviceNetworkEvents", schemas.named("defender").unwrap(), source);
        for remark in found.not_carried.iter().chain(&found.traps) {
            prop_assert!(query.get(remark.span.0..remark.span.1).is_some());
        }
        if !found.exclusions.is_empty() {
            loaded(&yaml::to_string(&ListFile { exclusions: found.exclusions }).unwrap());
        }
    }
}
