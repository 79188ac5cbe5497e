//! Lists that become KQL and are read back.

use proptest::prelude::*;
use quell::exclusions::document::ListFile;
use quell::exclusions::model::{Exclusion, Family, Test};
use quell::exclusions::validate::{ListText, load};
use quell::judge::{Matcher, Scratch};
use quell::kql::import::{QuerySource, import_query};
use quell::kql::{Options, let_form, nrt_block, where_block};
use quell::schema::Schemas;
use quell::yaml;
use std::collections::BTreeSet;

fn loaded(text: &str) -> Vec<Exclusion> {
    let list = ListText { file: "list.yaml".into(), text: text.to_owned() };
    load(&[list], &Schemas::built_in()).unwrap()
}

/// The numbers that ranges of these exclusions begin with or end before.
fn cuts(exclusions: [&Exclusion; 2]) -> BTreeSet<u128> {
    let conditions =
        exclusions.into_iter().flat_map(|exclusion| &exclusion.entries).flat_map(|entry| &entry.conditions);
    conditions
        .flat_map(|condition| match &condition.test {
            Test::Text(_) => Vec::new(),
            Test::Address(all) => all.iter().flat_map(|r| [r.first, r.last.saturating_add(1)]).collect(),
            Test::Number(all) => all.iter().flat_map(|r| [r.first.into(), u128::from(r.last) + 1]).collect(),
        })
        .collect()
}

/// The values of a condition, each by itself, without the spelling.
fn values(test: &Test, cuts: &BTreeSet<u128>) -> Vec<String> {
    // A range is said by the pieces that no cut goes through, however it was cut before.
    let ranges = |name: &str, ends: Vec<(u128, u128)>| {
        let pieces = ends.iter().flat_map(|(first, last)| cuts.range(first..=last));
        pieces.map(|first| format!("{name} {first}")).collect::<Vec<_>>()
    };
    match test {
        Test::Text(texts) => texts
            .iter()
            .map(|value| match value.pieces() {
                // `a*` says what `|startswith: a` says; without letters there is no letter case.
                Some(pieces) => {
                    let said = format!("{pieces:?}");
                    let cased = value.cased && value.text.contains(|c: char| c.is_ascii_alphabetic());
                    if cased { said } else { said.to_ascii_lowercase() }
                }
                None => format!("re {}", value.text),
            })
            .collect(),
        Test::Address(all) => {
            let of = |family| {
                let all = all.iter().filter(|range| range.family == family);
                all.map(|range| (range.first, range.last)).collect()
            };
            [ranges("v4", of(Family::V4)), ranges("v6", of(Family::V6))].concat()
        }
        Test::Number(all) => ranges("", all.iter().map(|r| (r.first.into(), r.last.into())).collect()),
    }
}

/// What an exclusion covers: every choice of one value for each field of an entry.
fn meaning(exclusion: &Exclusion, cuts: &BTreeSet<u128>) -> BTreeSet<BTreeSet<String>> {
    let mut out = BTreeSet::new();
    for entry in &exclusion.entries {
        let mut choices = vec![BTreeSet::new()];
        for condition in &entry.conditions {
            let with = |choice: &BTreeSet<String>, value: String| {
                let mut choice = choice.clone();
                choice.insert(format!("{}: {value}", condition.field.name()));
                choice
            };
            choices = choices
                .iter()
                .flat_map(|choice| {
                    values(&condition.test, cuts).into_iter().map(move |value| with(choice, value))
                })
                .collect();
        }
        out.extend(choices);
    }
    out
}

/// One condition in YAML.
fn condition(number: usize) -> BoxedStrategy<String> {
    let word = || "[a-zäK][a-zA-Zé '\"\\\\.\\[\\]{}()^$|+-]{0,8}[a-z1]";
    let words = || prop::collection::vec(word(), 1..4);
    let listed = |words: Vec<String>| {
        words.iter().map(|w| format!("'{}'", w.replace('\'', "''"))).collect::<Vec<_>>().join(", ")
    };
    let said = move |field: &'static str| {
        words().prop_map(move |words| format!("{field}: [{}]", listed(words))).boxed()
    };
    let octets = prop::collection::vec((1u8..250, 0u8..250, 8u8..=32), 0..3);
    let groups = prop::collection::vec((1u16..9999, 16u8..=128), 0..3);
    let range = prop::option::of((1u8..200, 1u8..200));
    match number {
        0 => said("process.name"),
        1 => said("user.name|cased"),
        2 => said("process.path|startswith"),
        3 => said("destination.domain|endswith"),
        4 => said("process.command_line|contains"),
        5 => said("process.company|contains|cased"),
        6 => prop::collection::vec("[a-zK?*.]{0,5}[a-z][a-z?*]{0,4}", 1..4)
            .prop_map(move |words| format!("process.parent.name: [{}]", listed(words)))
            .boxed(),
        7 => prop::sample::select(vec![r"^a+\.exe$", "(?i)x|y", r"\d{3}", "^$|b"])
            .prop_map(|regex| format!("host.name|re: '{regex}'"))
            .boxed(),
        8 => prop::collection::vec((1u16..9000, 0u16..99), 1..4)
            .prop_map(|ports| {
                let ports: Vec<_> = ports
                    .iter()
                    .map(|(first, more)| match more {
                        0..50 => first.to_string(),
                        more => format!("{first}-{}", first + more),
                    })
                    .collect();
                format!("destination.port: [{}]", ports.join(", "))
            })
            .boxed(),
        _ => (octets, groups, range)
            .prop_map(|(v4, v6, range)| {
                let mut all: Vec<String> =
                    v4.iter().map(|(a, b, bits)| format!("{a}.{b}.0.0/{bits}")).collect();
                all.extend(v6.iter().map(|(group, bits)| format!("'{group:x}::/{bits}'")));
                all.extend(range.map(|(a, b)| format!("11.0.0.{a}-11.0.1.{b}")));
                all.push("'2001:db8::1'".into());
                format!("destination.ip: [{}]", all.join(", "))
            })
            .boxed(),
    }
}

fn list() -> impl Strategy<Value = String> {
    let entry = prop::sample::subsequence((0..10).collect::<Vec<_>>(), 1..4)
        .prop_flat_map(|numbers| numbers.into_iter().map(condition).collect::<Vec<_>>());
    prop::collection::vec(entry, 1..3).prop_map(|entries| {
        let mut text =
            String::from("exclusions:\n- id: one\n  reason: because\n  expires: 2027-05-31\n  when:\n");
        for entry in entries {
            text += &format!("  - {}\n", entry.join("\n    "));
        }
        text
    })
}

/// `['Browser']` is the name of a list, not the text `Browser`.
#[test]
fn a_bracketed_name_is_a_name() {
    let schemas = Schemas::built_in();
    let query = "let Browser = dynamic([\"firefox.exe\", \"msedge.exe\"]);\nDeviceNetworkEvents\n| where not(InitiatingProcessFileName in~ (['Browser']))";
    let source = QuerySource { file: "r.kql", line: 1, prefix: "r", rule: Some("r.kql") };
    let found = import_query(query, "DeviceNetworkEvents", schemas.named("defender").unwrap(), source);
    let text = yaml::to_string(&ListFile { exclusions: found.exclusions, ..ListFile::default() }).unwrap();
    assert!(text.contains("process.name:\n    - firefox.exe\n    - msedge.exe"), "{text}");
    assert!(text.contains("rules: r.kql"), "{text}");
}

/// Rules carry blocks that earlier releases wrote.
#[test]
fn blocks_of_earlier_releases_are_read_back_whole() {
    let schemas = Schemas::built_in();
    let wanted = load(&quell::exclusions::documented(), &schemas).unwrap();
    for name in ["where", "let"] {
        let query = std::fs::read_to_string(format!("tests/kql/old/{name}.kql")).unwrap();
        let source = QuerySource { file: "r.kql", line: 1, prefix: "r", rule: None };
        let found = import_query(&query, "DeviceNetworkEvents", schemas.named("defender").unwrap(), source);
        assert!(found.not_carried.is_empty() && found.traps.is_empty(), "{found:?}");
        let back = loaded(
            &yaml::to_string(&ListFile { exclusions: found.exclusions, ..ListFile::default() }).unwrap(),
        );
        assert_eq!(back.len(), wanted.len());
        for (back, wanted) in back.iter().zip(&wanted) {
            let cuts = cuts([back, wanted]);
            assert_eq!((&back.id, meaning(back, &cuts)), (&wanted.id, meaning(wanted, &cuts)));
        }
    }
}

proptest! {
    #[test]
    fn a_list_that_becomes_kql_comes_back_with_the_same_meaning(
        text in list(), name in prop::sample::select(vec!["defender", "sentinel", "asim"]), named in any::<bool>(),
    ) {
        let schemas = Schemas::built_in();
        let schema = schemas.named(name).unwrap();
        let exclusions = loaded(&text);
        // What a schema has no column for cannot become KQL.
        let all: Vec<&Exclusion> = exclusions.iter().collect();
        prop_assume!(exclusions[0].entries.iter().all(|entry| entry.is_in(schema)));
        let block = where_block(&all, schema, &Options::default());
        prop_assume!(block.is_ok());
        let block = block.unwrap();
        let table = schema.table.as_deref().unwrap();
        let query = if named {
            let (lets, block) = let_form(&all, schema, &Options::default()).unwrap();
            format!("{lets}{table}\n{block}")
        } else {
            format!("{table}\n{block}")
        };
        let source = QuerySource { file: "r.kql", line: 1, prefix: "r", rule: None };
        let found = import_query(&query, table, schema, source);
        prop_assert!(found.not_carried.is_empty() && found.traps.is_empty(), "{query}\n{found:?}");
        let back = yaml::to_string(&ListFile { exclusions: found.exclusions, ..ListFile::default() }).unwrap();
        let back = loaded(&back);
        prop_assert_eq!(back.len(), 1);
        prop_assert_eq!((&back[0].id, &back[0].reason, back[0].expires), (&exclusions[0].id, &exclusions[0].reason, exclusions[0].expires));
        let cuts = cuts([&back[0], &exclusions[0]]);
        prop_assert_eq!(meaning(&back[0], &cuts), meaning(&exclusions[0], &cuts), "{}", query);
        if let Ok(block) = nrt_block(&all, schema) {
            let query = format!("{table}\n{block}");
            let found = import_query(&query, table, schema, source);
            prop_assert!(found.not_carried.is_empty(), "{query}\n{found:?}");
            let back = yaml::to_string(&ListFile { exclusions: found.exclusions, ..ListFile::default() }).unwrap();
            let back = loaded(&back);
            prop_assert_eq!(meaning(&back[0], &cuts), meaning(&exclusions[0], &cuts), "{}", query);
        }
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
        let source = QuerySource { file: "r.kql", line: 1, prefix: "r", rule: None };
        let query = words.concat();
        let found = import_query(&query, "DeviceNetworkEvents", schemas.named("defender").unwrap(), source);
        for remark in found.not_carried.iter().chain(&found.traps) {
            prop_assert!(query.get(remark.span.0..remark.span.1).is_some());
        }
        if !found.exclusions.is_empty() {
            loaded(&yaml::to_string(&ListFile { exclusions: found.exclusions, ..ListFile::default() }).unwrap());
        }
    }
}

/// A text that a list would take for its parameter is carried as a regular expression for just that text.
#[test]
fn what_looks_like_a_parameter_is_carried() {
    let schemas = Schemas::built_in();
    let schema = schemas.named("defender").unwrap();
    let source = QuerySource { file: "r.kql", line: 1, prefix: "r", rule: None };
    let when = |condition: &str| {
        let query = format!("DeviceNetworkEvents\n| where {condition}");
        let found = import_query(&query, "DeviceNetworkEvents", schema, source);
        let when = found.exclusions.first().map(|each| quell::yaml::to_string(&each.when).unwrap());
        let file = ListFile { exclusions: found.exclusions, ..ListFile::default() };
        let text = quell::yaml::to_string(&file).unwrap();
        let loaded = load(&[ListText { file: "l.yaml".into(), text }], &schemas);
        (when.unwrap_or_default(), found.not_carried.len(), loaded.unwrap())
    };
    let (written, _, loaded) = when("InitiatingProcessFileName !~ \"${home_1}\"");
    assert!(written.contains(r"process.name|re: ^\$\{[hH][oO][mM][eE]_1\}$"), "{written}");
    let matcher = Matcher::new(&[&loaded[0]], "defender").unwrap();
    for (cell, covered) in
        [("${home_1}", true), ("${HOME_1}", true), ("x${home_1}", false), ("${home_1} ", false)]
    {
        let verdict = matcher.judge(&[Some(cell)], &mut Scratch::default()).is_suppressed();
        assert_eq!(verdict, covered, "{cell}");
    }
    let (written, ..) = when("InitiatingProcessCommandLine !startswith_cs \"${a}\"");
    assert!(written.contains(r"process.command_line|re: ^\$\{a\}"), "{written}");
    let (written, left, _) = when("InitiatingProcessFileName !in~ (\"a.exe\", \"${home}\")");
    assert!(written.contains("process.name: a.exe") && left == 1, "{written}");
}
