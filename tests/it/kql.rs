//! Generated KQL: goldens of every form, and the traps that hand-written exclusions fall into.
//! `QUELL_BLESS=1` writes the goldens. Microsoft's analyser and an engine read the same in `.ci/kql`.

use quell::exclusions::documented;
use quell::exclusions::model::Exclusion;
use quell::exclusions::validate::{ListText, load};
use quell::kql::{
    MOST_SINGLE, Options, columns, external_table, impact, let_form, table_form, watchlist_csv,
    watchlist_table, where_block,
};
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
        let table = watchlist_table("quell");
        let (values, lets, block) = table_form(all, schema, &options, &table).unwrap();
        golden("watchlist.kql", &format!("{WATCHLIST}{lets}DeviceNetworkEvents\n{block}"));
        golden("watchlist.csv", &watchlist_csv(&values));
        let table = external_table("https://storage.example/quell.csv");
        let (values, lets, block) = table_form(all, schema, &options, &table).unwrap();
        golden("externaldata.kql", &format!("{lets}DeviceNetworkEvents\n{block}"));
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

/// Entries that are merged say the same with their fields in any order.
#[test]
fn merging_loses_no_value_whatever_the_order_of_fields() {
    let mut text = String::from("exclusions:\n");
    for place in 0..=MOST_SINGLE {
        let (name, address) = ("process.name: a.exe", format!("destination.ip: 10.0.0.{place}"));
        let when = if place % 2 == 0 { format!("{name}, {address}") } else { format!("{address}, {name}") };
        writeln!(text, "- {{id: e{place}, when: {{{when}}}}}").unwrap();
    }
    let lists = [ListText { file: "many.yaml".into(), text }];
    let block =
        with(&lists, "defender", |all, schema| where_block(all, schema, &Options::default()).unwrap());
    for place in 0..=MOST_SINGLE {
        assert!(block.contains(&format!("\"10.0.0.{place}/32\"")), "{block}");
    }
    assert_eq!(block.matches("in~ (\"a.exe\")").count(), 1, "{block}");
}

/// The most operands that stand side by side in one bracket.
fn widest(text: &str) -> usize {
    let (mut most, mut open) = (0, vec![0]);
    for part in text.split_inclusive(['(', ')']) {
        if let Some(count) = open.last_mut() {
            *count += part.matches(" or ").count() + part.matches(" + ").count();
            most = most.max(*count);
        }
        if part.ends_with('(') {
            open.push(0);
        } else if part.ends_with(')') {
            open.pop();
        }
    }
    most
}

/// The analyser gives up on some hundred operands or operators in a row, and the service before it.
#[test]
fn many_values_and_many_exclusions_nest() {
    let many = |value: fn(usize) -> String| (0..600).map(value).collect::<Vec<_>>().join(", ");
    let globs = many(|n| format!("'*tool{n}*.exe'"));
    let ports = many(|n| (1_000 + 3 * n).to_string());
    let ranges = many(|n| format!("{}-{}", 1_000 + 3 * n, 1_001 + 3 * n));
    for when in [format!("{{process.name: [{globs}]}}"), format!("{{destination.port: [{ports}, {ranges}]}}")]
    {
        assert!(widest(&clause(&when)) < 200, "{}", widest(&clause(&when)));
    }
    let mut text = String::from("exclusions:\n");
    for place in 0..600 {
        writeln!(text, "- {{id: e{place}, when: {{process.name: p{place}.exe, destination.ip: 10.0.0.1}}}}")
            .unwrap();
    }
    let lists = [ListText { file: "many.yaml".into(), text }];
    let query = with(&lists, "defender", |all, schema| impact(all, schema, None).unwrap());
    assert!(widest(&query) < 200, "{}", widest(&query));
    assert!(query.matches("\n| ").count() < 10, "{}", query.matches("\n| ").count());
}

fn refused(when: &str) -> String {
    with(&list(when), "defender", |all, schema| {
        let errors = where_block(all, schema, &Options::default()).unwrap_err();
        format!("{} {} {}", errors[0].id, errors[0].field, errors[0].reason)
    })
}

/// An approximation would hide rows that quell keeps, or the other way round.
#[test]
fn what_would_be_an_approximation_is_refused() {
    assert!(
        refused("{AdditionalFields: 'x'}")
            .starts_with("a AdditionalFields the column AdditionalFields is of type dynamic")
    );
    assert!(refused("{InitiatingProcessCreationTime: 2026-01-01}").contains("is of type datetime"));
    let groups = "(a)".repeat(17);
    assert!(refused(&format!("{{process.name|re: '{groups}'}}")).contains("17"));
    assert!(clause(&format!("{{process.name|re: '{}'}}", "(a)".repeat(16))).contains("matches regex"));
}

/// A list of thousands must say which exclusion it is that cannot be said.
#[test]
fn a_refusal_among_many_names_its_exclusion() {
    let mut text = String::from("exclusions:\n");
    for place in 0..=MOST_SINGLE {
        writeln!(text, "- {{id: e{place}, when: {{process.name: p{place}.exe}}}}").unwrap();
    }
    text += "- {id: wrong, when: {AdditionalFields: x}}\n";
    let lists = [ListText { file: "many.yaml".into(), text }];
    let errors =
        with(&lists, "defender", |all, schema| where_block(all, schema, &Options::default()).unwrap_err());
    assert_eq!((errors.len(), errors[0].id.as_str()), (1, "wrong"));
}

/// The Kelvin sign is no `k` and the long s no `s`: an engine that folds them would hide a file so named.
#[test]
fn folding_beyond_ascii_hides_nothing() {
    for (when, guard) in [
        ("{process.name: setup.exe}", "and isascii(InitiatingProcessFileName))"),
        (
            "{process.name: 'setup*'}",
            "startswith \"setup\" and isascii(substring(InitiatingProcessFileName, 0, 5))",
        ),
        (
            "{process.name: '*.msi'}",
            "endswith \".msi\" and isascii(substring(InitiatingProcessFileName, -4))",
        ),
        (
            "{process.name|contains: sk}",
            "contains \"sk\" and InitiatingProcessFileName matches regex \"[sS][kK]\"",
        ),
    ] {
        assert!(clause(when).contains(guard), "{}", clause(when));
    }
    for when in
        ["{process.name: a.exe}", "{process.name|cased: setup.exe}", "{process.name|startswith|cased: sk}"]
    {
        assert!(!clause(when).contains("isascii"), "{}", clause(when));
    }
}

/// Two lists of a watchlist that are alike today need not be so once somebody adds to one of them, and a value
/// that an upload would change stays where it is.
#[test]
fn lists_of_a_watchlist_are_kept_apart() {
    let when = "[{process.name: a.exe, destination.ip: 10.0.0.1}, {process.parent.name: [b.exe, ' c.exe'], destination.ip: 10.0.0.1}]";
    let (csv, block) = with(&list(when), "defender", |all, schema| {
        let (values, _, block) = table_form(all, schema, &Options::default(), "T").unwrap();
        (watchlist_csv(&values), block)
    });
    assert_eq!(csv.matches("10.0.0.1/32").count(), 2, "{csv}");
    assert!(!csv.contains("c.exe") && block.contains("\" c.exe\""), "{csv}{block}");
}
