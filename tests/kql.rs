//! Generated KQL: goldens of every form, and the traps that hand-written exclusions fall into.
//! `QUELL_BLESS=1` writes the goldens. Microsoft's analyser and an engine read the same in `.ci/kql`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use quell::exclusions::documented;
use quell::exclusions::model::Exclusion;
use quell::exclusions::validate::{ListText, load};
use quell::kql::{MOST_SINGLE, Options, columns, impact, let_form, table_form, watchlist_csv, where_block};
use quell::schema::Schemas;
use std::fmt::Write;
use std::fs;

const WATCHLIST: &str =
    "let _GetWatchlist = (alias: string) { datatable(SearchKey: string, Value: string)[] };\n";

fn with<T>(lists: &[ListText], schema: &str, make: impl Fn(&[&Exclusion], &quell::schema::Schema) -> T) -> T {
    let schemas = Schemas::built_in();
    let exclusions = load(lists, &schemas).unwrap();
    make(&exclusions.iter().collect::<Vec<_>>(), schemas.named(schema).unwrap())
}

fn list(when: &str) -> Vec<ListText> {
    vec![ListText { file: "a.yaml".into(), text: format!("exclusions:\n- id: a\n  when: {when}\n") }]
}

fn clause(when: &str) -> String {
    with(&list(when), "defender", |all, schema| where_block(all, schema, &Options::default()).unwrap())
}

fn golden(name: &str, wanted: &str) {
    let path = format!("tests/kql/goldens/{name}");
    if std::env::var_os("QUELL_BLESS").is_some() {
        fs::write(&path, wanted).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "{path} must be:\n{wanted}");
}

#[test]
fn every_form_of_the_documented_pack() {
    let options = Options { lists: vec!["documented".into()], ..Options::default() };
    with(&documented(), "defender", |all, schema| {
        golden("where.kql", &format!("DeviceNetworkEvents\n{}", where_block(all, schema, &options).unwrap()));
        let (lets, block) = let_form(all, schema, &options).unwrap();
        golden("let.kql", &format!("{lets}DeviceNetworkEvents\n{block}"));
        let table = "_GetWatchlist(\"quell\") | project SearchKey, Value";
        let (values, lets, block) = table_form(all, schema, &options, table).unwrap();
        golden("watchlist.kql", &format!("{WATCHLIST}{lets}DeviceNetworkEvents\n{block}"));
        golden("watchlist.csv", &watchlist_csv(&values));
        golden("impact.kql", &impact(all, schema, Some("7d")).unwrap());
    });
    with(&documented(), "asim", |all, schema| {
        golden("asim.kql", &format!("_Im_NetworkSession\n{}", where_block(all, schema, &options).unwrap()));
    });
}

#[test]
fn thousands_of_exclusions_stay_within_the_limits_of_the_analyser() {
    let mut text = String::from("exclusions:\n");
    for place in 0..3_000 {
        let (a, b) = (place / 250, place % 250);
        writeln!(
            text,
            "- {{id: e{place}, when: {{process.name: agent{}.exe, destination.ip: 10.{a}.{b}.0/24}}}}",
            place % 40
        )
        .unwrap();
        writeln!(text, "- {{id: n{place}, when: {{process.path: 'C:\\Apps\\{place}\\a.exe'}}}}").unwrap();
    }
    let lists = [ListText { file: "many.yaml".into(), text }];
    with(&lists, "defender", |all, schema| {
        assert!(all.len() > MOST_SINGLE);
        let block = where_block(all, schema, &Options::default()).unwrap();
        let code: String = block.lines().filter(|line| !line.starts_with("//")).collect();
        assert!(code.matches("| where").count() == 1 && code.matches(" or ").count() < 100, "{}", code.len());
        golden("many.kql", &format!("DeviceNetworkEvents\n{block}"));
    });
}

/// A range test is null for what is no address, and `not(null)` loses the row.
#[test]
fn no_null_reaches_not() {
    let clause = clause("{destination.ip: [10.0.0.0/8, '2001:db8::/32'], destination.port: 443}");
    for test in ["ipv4_is_in_any_range", "ipv6_is_in_any_range", "RemotePort =="] {
        assert!(clause.contains(&format!("coalesce({test}")), "{clause}");
    }
}

/// An IPv6 network among IPv4 ones makes the whole test null.
#[test]
fn families_are_apart() {
    let clause = clause("{destination.ip: [10.0.0.0/8, '2001:db8::/32', '::ffff:192.0.2.0/120']}");
    assert!(clause.contains(r#"dynamic(["10.0.0.0/8", "192.0.2.0/24"])"#), "{clause}");
    assert!(clause.contains(r#"dynamic(["2001:db8::/32"])"#), "{clause}");
}

/// A mapped address is null to the functions of IPv4, so the prefix is taken off first.
#[test]
fn a_mapped_address_is_unwrapped() {
    assert!(
        clause("{destination.ip: 10.10.10.10}")
            .contains(r#"ipv4_is_in_any_range(extract(@"^(?:::[fF]{4}:)?("#)
    );
}

/// One `not` around the whole: its parts are never negated one by one.
#[test]
fn the_condition_is_not_inverted() {
    let clause = clause("[{process.name: a.exe, destination.port: 443}, {process.name: b.exe}]");
    assert!(clause.contains("| where not((InitiatingProcessFileName in~ (\"a.exe\") and coalesce(RemotePort == 443, false))\n    or InitiatingProcessFileName in~ (\"b.exe\"))"), "{clause}");
    assert_eq!(clause.matches("not").count(), 1);
}

/// `==`, `!=` and `in` would tell SETUP.EXE from setup.exe.
#[test]
fn letter_case_does_not_count_unless_it_is_asked_to() {
    assert!(clause("{process.name: setup.exe}").contains("in~ (\"setup.exe\")"));
    assert!(clause("{process.name|cased: setup.exe}").contains("in (\"setup.exe\")"));
    assert!(clause("{process.name: s*p.exe}").contains("[sS].*[pP]"));
}

#[test]
fn what_a_schema_lacks_is_an_error_with_its_exclusion_and_field() {
    let errors = with(&list("{process.company: Action1}"), "asim", |all, schema| {
        where_block(all, schema, &Options::default()).unwrap_err()
    });
    assert_eq!((errors[0].id.as_str(), errors[0].field.as_str()), ("a", "process.company"));
}

#[test]
fn the_columns_of_a_clause_are_known() {
    with(&documented(), "defender", |all, schema| {
        assert_eq!(columns(all, schema), ["InitiatingProcessFileName", "RemoteIP"]);
    });
}
