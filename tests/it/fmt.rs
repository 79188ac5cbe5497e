//! `quell fmt` changes the order of a list and nothing that it says.

use crate::common::cases;
use proptest::prelude::*;
use quell::exclusions::edit::ordered;
use quell::exclusions::validate::{ListText, load};
use quell::schema::Schemas;
use serde_yaml::Value;
use std::fs;
use std::process::Command;

fn list(text: &str) -> ListText {
    ListText { file: "l.yaml".into(), text: text.into() }
}

fn formatted(text: &str) -> String {
    ordered(&list(text), &Schemas::built_in())
}

/// What another reader of YAML sees, without the order that has no meaning.
fn seen(text: &str) -> Value {
    fn sorted(value: Value) -> Value {
        match value {
            Value::Sequence(items) if items.iter().all(|item| !item.is_mapping()) => {
                let mut items = items;
                items.sort_by_key(|item| format!("{item:?}"));
                Value::Sequence(items)
            }
            Value::Sequence(items) => Value::Sequence(items.into_iter().map(sorted).collect()),
            Value::Mapping(pairs) => {
                Value::Mapping(pairs.into_iter().map(|(key, value)| (key, sorted(value))).collect())
            }
            other => other,
        }
    }
    sorted(serde_yaml::from_str(text).unwrap())
}

fn comments(text: &str) -> Vec<String> {
    let mut all: Vec<String> =
        text.lines().filter_map(|line| Some(line[line.find("# ")?..].trim_end().to_owned())).collect();
    all.sort();
    all
}

/// A key of an exclusion with its comments: `above` on a line of its own, `beside` at the end of its first line.
#[derive(Debug, Clone)]
struct Written {
    key: &'static str,
    above: bool,
    beside: bool,
    values: Vec<&'static str>,
    flow: bool,
}

fn key(key: &'static str, values: &'static [&'static str]) -> impl Strategy<Value = Written> {
    let shuffled = Just(values.to_vec()).prop_shuffle();
    (any::<bool>(), any::<bool>(), shuffled, any::<bool>())
        .prop_map(move |(above, beside, values, flow)| Written { key, above, beside, values, flow })
}

fn write(out: &mut String, indent: &str, written: &Written, first: &str) {
    // What stands above the hyphen is no part of a key.
    if written.above && first.is_empty() {
        out.push_str(&format!("{indent}# above {}\n", written.key));
    }
    let lead = if first.is_empty() { indent } else { first };
    // In a text over several lines a comment would be a part of the text.
    let beside = if written.beside && !written.values[0].starts_with('|') {
        format!(" # beside {}", written.key)
    } else {
        String::new()
    };
    match written.values.as_slice() {
        [one] => out.push_str(&format!("{lead}{}: {one}{beside}\n", written.key)),
        many if written.flow => {
            out.push_str(&format!("{lead}{}: [{}]{beside}\n", written.key, many.join(", ")));
        }
        many => {
            out.push_str(&format!("{lead}{}:{beside}\n", written.key));
            for value in many {
                out.push_str(&format!("{indent}- {value}\n"));
            }
        }
    }
}

fn exclusion(id: &'static str) -> impl Strategy<Value = String> {
    let keys = (
        key("owner", &["me"]),
        key("reason", &["|\n      # no comment of YAML\n\n      second"]),
        key("expires", &["2027-05-31"]),
        key("rules", &["b", "a-*", "'C, d'"]),
    );
    let fields = (
        key("process.name", &["'b.exe'", "A.exe", "c*"]),
        key("destination.port", &["443", "80", "8530-8531"]),
        key("destination.ip", &["10.0.0.10", "10.0.0.9", "10.0.0.0/30"]),
        key("RemoteIPType", &["Public"]),
    );
    (keys, fields, any::<bool>(), any::<u64>()).prop_map(move |(keys, fields, flow, order)| {
        let mut fields = [fields.0, fields.1, fields.2, fields.3];
        let turn = usize::try_from(order % 4).unwrap();
        fields.rotate_left(turn);
        let mut when = String::from("when:");
        if flow {
            let pairs: Vec<String> =
                fields.iter().map(|each| format!("{}: [{}]", each.key, each.values.join(", "))).collect();
            when = format!("    when: {{{}}}\n", pairs.join(", "));
        } else {
            when.insert_str(0, "    ");
            when.push('\n');
            for field in &fields {
                write(&mut when, "      ", field, "");
            }
        }
        // The key that comes first after the hyphen, and the others in some order.
        let mut keys = [keys.0, keys.1, keys.2, keys.3];
        keys.rotate_left(usize::try_from(order / 4 % 4).unwrap());
        let mut out = format!("  # exclusion {id}\n");
        write(&mut out, "    ", &keys[0], "  - ");
        out.push_str(&when);
        for each in &keys[1..3] {
            write(&mut out, "    ", each, "");
        }
        out.push_str(&format!("    id: {id} # the id\n"));
        write(&mut out, "    ", &keys[3], "");
        out
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(256, 20_000)))]

    #[test]
    fn it_means_the_same_and_every_comment_stays_with_its_key(
        first in exclusion("zeta"), second in exclusion("alpha"), crlf in any::<bool>(), ends in any::<bool>(),
    ) {
        let mut text = format!("# top\nexclusions:\n{first}\n{second}\n# end\n");
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        if ends {
            text.truncate(text.find("\n# end").unwrap());
        }
        prop_assert!(load(&[list(&text)], &Schemas::built_in()).is_ok(), "{text}");
        let after = formatted(&text);
        prop_assert_eq!(seen(&text), seen(&after), "{}\n{}", text, after);
        prop_assert_eq!(comments(&text), comments(&after), "{}\n{}", text, after);
        prop_assert_eq!(&formatted(&after), &after, "a second time");
        prop_assert!(after.find("id: zeta") < after.find("id: alpha"), "exclusions stay in their order");
        let lines: Vec<&str> = after.lines().collect();
        for (place, line) in lines.iter().enumerate() {
            if let Some(key) = line.trim().strip_prefix("# above ") {
                prop_assert!(lines[place + 1].trim_start().trim_start_matches("- ").starts_with(key), "{}", after);
            }
            if let Some((before, key)) = line.split_once("# beside ") {
                prop_assert!(before.contains(key), "{}", after);
            }
        }
        // The id comes first, unless a comment above it would have to stand behind the hyphen.
        prop_assert!(after.contains("- id: zeta"), "{}", after);
    }
}

#[test]
fn keys_fields_and_values_come_in_one_order() {
    let text = "exclusions:\n- when: {destination.port: [443, 80], process.name: [b, A], SomeColumn: x}\n  owner: me\n  id: a\n";
    let text = text.replace("SomeColumn", "RemoteIPType");
    assert_eq!(
        formatted(&text),
        "exclusions:\n- id: a\n  when: {process.name: [A, b], destination.port: [80, 443], RemoteIPType: x}\n  owner: me\n"
    );
    let networks = "exclusions:\n- id: a\n  when: {destination.ip: [10.0.0.10, '10.0.0.9', \"2001:db8::1\", 9.0.0.0/8]}\n";
    assert!(formatted(networks).contains("[9.0.0.0/8, '10.0.0.9', 10.0.0.10, \"2001:db8::1\"]"));
}

/// Where a part cannot be moved without a change of what is said, it stays.
#[test]
fn what_cannot_be_moved_stays_where_it_is() {
    for text in [
        // A comment beside a value would lose its value.
        "exclusions:\n- id: a\n  when:\n    process.name:\n    - b # printers\n    - a\n",
        "exclusions:\n- id: a\n  when:\n    process.name: [b, # printers\n      a]\n",
        // An alias must stand behind its anchor.
        "exclusions:\n- when: &w {process.name: a}\n  id: a\n- when: *w\n  id: b\n  owner: me\n",
        "exclusions: []\n",
    ] {
        let after = formatted(text);
        assert_eq!(seen(text), seen(&after), "{after}");
        assert_eq!(comments(text), comments(&after), "{after}");
        assert!(!text.contains("printers") || after == text, "{after}");
    }
}

#[test]
fn it_checks_and_writes() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_quell"))
            .current_dir(folder.path())
            .arg("fmt")
            .args(arguments)
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    };
    fs::write(folder.path().join("l.yaml"), "exclusions:\n- when: {process.name: a}\n  id: a\n").unwrap();
    let (code, said) = run(&["-e", "l.yaml", "--check"]);
    assert!(code == Some(1) && said.contains("l.yaml: is not in order"), "{said}");
    assert_eq!(run(&["-e", "l.yaml"]).0, Some(0));
    assert!(fs::read_to_string(folder.path().join("l.yaml")).unwrap().contains("- id: a\n  when:"));
    assert_eq!(run(&["-e", "l.yaml", "--check"]).0, Some(0));
    let (code, said) = run(&[]);
    assert!(code == Some(2) && said.contains("no list was named"), "{said}");
    assert_eq!(run(&["-e", "documented"]).0, Some(2));
}
