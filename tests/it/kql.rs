//! Generated KQL: goldens of every form, and the traps that hand-written exclusions fall into.
//! `QUELL_BLESS=1` writes the goldens. Microsoft's analyser and an engine read the same in `.ci/kql`.

use quell::exclusions::documented;
use quell::exclusions::model::Exclusion;
use quell::exclusions::validate::{ListText, load};
use quell::kql::{
    MOST_SINGLE, Options, columns, external_table, impact, let_form, nrt_block, table_form, watchlist_csv,
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

/// The field pack with the servers of a site.
fn field() -> Vec<ListText> {
    let files = ["altiris", "intune", "kaseya", "sccm", "solarwinds"];
    let filled = |name: &str| {
        let text = fs::read_to_string(format!("exclusions/field/{name}.yaml")).unwrap();
        let text = text
            .replace("destination.ip: ${management_point}", "destination.ip: [10.20.0.0/16, 10.77.4.0/27]");
        let (start, end) = (text.find("${"), text.find('}'));
        let server = start.zip(end).filter(|(start, end)| start < end);
        let text =
            server.map_or(text.clone(), |(start, end)| text.replace(&text[start..=end], "10.20.30.40"));
        // The parameters are filled in.
        let rest = text.split_once("exclusions:").unwrap().1;
        ListText { file: format!("field/{name}.yaml"), text: format!("exclusions:{rest}") }
    };
    files.map(filled).to_vec()
}

/// Fifty exclusions as a site of some size has them.
fn fifty() -> Vec<ListText> {
    let mut text = String::from("exclusions:\n");
    for place in 0..50 {
        let (name, port) = (format!("agent{place}.exe"), 8000 + place);
        let folder = ["Contoso", "Fabrikam", "Northwind"][place % 3];
        writeln!(text, "- id: agent-{place}\n  reason: {folder} agents report to their server").unwrap();
        writeln!(text, "  when: {{process.name: {name}, process.path: 'C:\\Program Files\\{folder}\\*', destination.ip: 10.50.{place}.0/28, destination.port: {port}}}").unwrap();
        if place % 2 == 0 {
            writeln!(text, "  expires: 2027-05-31").unwrap();
        }
    }
    vec![ListText { file: "fifty.yaml".into(), text }]
}

/// What would stand in a pull request.
#[test]
fn packs_as_a_reviewer_meets_them() {
    let block = |list: &[ListText]| {
        with(list, "defender", |all, schema| {
            let options =
                Options { lists: list.iter().map(|list| list.file.clone()).collect(), ..Options::default() };
            where_block(all, schema, &options).unwrap()
        })
    };
    for (name, list, most) in [
        ("where.kql", documented(), 1_600),
        ("field.kql", field(), 4_800),
        ("fifty.kql", fifty(), usize::MAX),
    ] {
        let block = block(&list);
        assert!(block.chars().count() <= most, "{name}: {}", block.chars().count());
        golden(name, &format!("DeviceNetworkEvents\n{block}"));
    }
    // Ten tuples fit into a rule of Sentinel.
    let mut ten = field();
    ten.extend(field().into_iter().map(|list| {
        let file = format!("more-{}", list.file);
        ListText { file, text: list.text.replace("- id: ", "- id: more-") }
    }));
    assert!(block(&ten).chars().count() < 10_000);
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

/// The clauses that a reviewer is shown, to the letter.
#[test]
fn the_clause_reads_as_an_expert_would_write_it() {
    let tuple = r"{process.name: CcmExec.exe, process.path: ['C:\Windows\CCM\CcmExec.exe', 'C:\Windows\CCM',
        '\Device\HarddiskVolume?\Windows\CCM\CcmExec.exe', '\Device\HarddiskVolume??\Windows\CCM\CcmExec.exe'],
        process.parent.name: services.exe, destination.ip: [10.20.0.0/16, 10.77.4.0/27],
        destination.port: [80, 443, 8530, 8531, 10123]}
  expires: 2027-05-31";
    for (when, wanted) in [
        (
            "[{process.name: [setup.exe, sccmclient]}, {destination.ip: 10.10.10.10}]",
            r#"
| where not(InitiatingProcessFileName in~ ("setup.exe", "sccmclient")
    or RemoteIP in ("10.10.10.10", "::ffff:10.10.10.10"))
"#,
        ),
        (
            tuple,
            r#"
| where not(coalesce(now() < datetime(2027-06-01)
    and InitiatingProcessFileName =~ "CcmExec.exe"
    and (InitiatingProcessFolderPath in~ (@"C:\Windows\CCM\CcmExec.exe", @"C:\Windows\CCM")
        or InitiatingProcessFolderPath matches regex
            @"(?i)^\\Device\\HarddiskVolume[ -~]{1,2}\\Windows\\CCM\\CcmExec\.exe$")
    and InitiatingProcessParentFileName =~ "services.exe"
    and ipv4_is_in_any_range(trim_start(@"(?i)::ffff:", RemoteIP), "10.20.0.0/16", "10.77.4.0/27")
    and RemotePort in (80, 443, 8530, 8531, 10123), false))
"#,
        ),
        (
            "[{process.name: a.exe, destination.port: 443}, {process.name: b.exe}]",
            r#"
| where not((InitiatingProcessFileName =~ "a.exe"
        and RemotePort == 443)
    or InitiatingProcessFileName =~ "b.exe")
"#,
        ),
    ] {
        let clause = clause(when);
        let (_, body) = clause.split_once("\n// a").unwrap();
        let body = &body[body.find('\n').unwrap()..];
        assert_eq!(body.trim_end().strip_suffix("// quell:end").unwrap(), wanted, "{when}");
    }
}

/// A field in the words of the operators that have them.
#[test]
fn every_value_is_said_by_the_operator_that_has_a_name_for_it() {
    for (when, wanted) in [
        ("{process.name: setup.exe}", r#"InitiatingProcessFileName =~ "setup.exe""#),
        ("{process.name|cased: setup.exe}", r#"InitiatingProcessFileName == "setup.exe""#),
        ("{process.name|cased: [a.exe, b.exe]}", r#"InitiatingProcessFileName in ("a.exe", "b.exe")"#),
        ("{process.name: 'setup*'}", r#"InitiatingProcessFileName startswith "setup""#),
        ("{process.name: '*.msi'}", r#"InitiatingProcessFileName endswith ".msi""#),
        ("{process.name|contains|cased: sk}", r#"InitiatingProcessFileName contains_cs "sk""#),
        ("{process.name: 's*p.exe'}", r#"InitiatingProcessFileName matches regex @"(?is)^s.*p\.exe$""#),
        ("{process.name: 'a?b'}", r#"InitiatingProcessFileName matches regex "(?i)^a[ -~]b$""#),
        ("{process.name: é.exe}", r#"InitiatingProcessFileName matches regex @"^é(?i:\.exe)$""#),
        ("{process.name: '*'}", "isnotempty(InitiatingProcessFileName)"),
        ("{process.name|re: '^a+'}", r#"InitiatingProcessFileName matches regex "^a+""#),
        ("{destination.port: 443}", "RemotePort == 443"),
        ("{destination.port: [80, 443]}", "RemotePort in (80, 443)"),
        ("{destination.port: 80-90}", "coalesce(RemotePort between (80 .. 90), false)"),
        ("{destination.ip: '2001:DB8::0001'}", r#"RemoteIP =~ "2001:db8::1""#),
        (
            "{destination.ip: 10.0.0.0/8}",
            r#"coalesce(ipv4_is_in_any_range(trim_start(@"(?i)::ffff:", RemoteIP), "10.0.0.0/8"), false)"#,
        ),
        (
            "{destination.ip: '2001:db8::/32'}",
            r#"coalesce(ipv6_is_in_any_range(RemoteIP, "2001:db8::/32"), false)"#,
        ),
    ] {
        assert!(clause(when).contains(&format!("| where not({wanted})")), "{}", clause(when));
    }
}

/// An IPv6 network among IPv4 ones makes the whole test null.
#[test]
fn families_are_apart() {
    let clause = clause("{destination.ip: [10.0.0.0/8, '2001:db8::/32', '::ffff:192.0.2.0/120']}");
    assert!(clause.contains("RemoteIP), \"10.0.0.0/8\",\n        \"192.0.2.0/24\")"), "{clause}");
    assert!(clause.contains(r#"(RemoteIP, "2001:db8::/32")"#), "{clause}");
}

/// A network that holds `::` is only asked about what is IPv6: an engine reads `:::` and IPv4 as IPv6 too.
#[test]
fn a_network_of_low_addresses_is_guarded() {
    let clause = clause("{destination.ip: ['::/0', '2001:db8::/32']}");
    let guard = r#"!startswith "0000:0000:0000:0000:0000:ffff:""#;
    assert_eq!(clause.matches(guard).count(), 1, "{clause}");
    assert_eq!(clause.matches("RemoteIP matches regex").count(), 1, "{clause}");
}

/// Null safety stands once around an exclusion, and only where something in it may be null.
#[test]
fn nothing_is_guarded_that_cannot_be_null() {
    let all = "{process.name: a.exe, destination.ip: [10.0.0.0/8, '2001:db8::/32'], destination.port: [80-90, 443]}";
    assert_eq!(clause(all).matches("coalesce(").count(), 1, "{}", clause(all));
    let texts = "[{process.name: [a, 'b*c']}, {destination.ip: 10.0.0.1, destination.port: 443}]";
    assert!(!clause(texts).contains("coalesce("), "{}", clause(texts));
}

/// A rule that is deployed and forgotten stops suppressing on the day.
#[test]
fn an_exclusion_that_expires_guards_itself() {
    let list = list("{process.name: a.exe}\n  expires: 2027-05-31");
    let text =
        |options: Options| with(&list, "defender", |all, schema| where_block(all, schema, &options).unwrap());
    assert!(text(Options::default()).contains("| where not(now() < datetime(2027-06-01)\n    and "));
    assert!(!text(Options { without_expiry_guard: true, ..Options::default() }).contains("now()"));
    // Merged, each keeps its own day.
    let two = "{process.name: a.exe}\n  expires: 2027-05-31\n- id: b\n  when: {process.name: b.exe}\n  expires: 2028-05-31\n- id: c\n  when: {process.name: c.exe}";
    let merged = Options { merge_beyond: Some(0), ..Options::default() };
    let block = with(&self::list(two), "defender", |all, schema| where_block(all, schema, &merged).unwrap());
    assert_eq!((block.matches("datetime(").count(), block.matches("=~").count()), (2, 3), "{block}");
}

/// What was left out takes one line for each kind of reason, whatever the number.
#[test]
fn what_was_left_out_is_said_by_kind() {
    let left_out =
        (0..90).map(|n| (format!("exclusion-{n}"), ["expired", "of other rules"][n % 2].to_owned()));
    let options = Options { left_out: left_out.collect(), ..Options::default() };
    let block = with(&list("{process.name: a.exe}"), "defender", |all, schema| {
        where_block(all, schema, &options).unwrap()
    });
    let lines: Vec<&str> = block.lines().filter(|line| line.starts_with("// left out")).collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("// left out, expired: exclusion-0, exclusion-2, "), "{block}");
    assert!(lines.iter().all(|line| line.len() <= 120 && line.ends_with(" more")), "{block}");
}

/// Defender takes few operators and no comments in a rule that runs all the time.
#[test]
fn near_real_time_rules_get_what_they_take() {
    let without_networks = |mut lists: Vec<ListText>| {
        for list in &mut lists {
            list.text = list.text.replace("[10.20.0.0/16, 10.77.4.0/27]", "10.20.0.0/16");
        }
        lists
    };
    with(&without_networks(field()), "defender", |all, schema| {
        let block = nrt_block(all, schema).unwrap();
        for word in
            ["//", "in~", "between", "coalesce", "ipv4_", "ipv6_", "startswith", "now()", "isnotempty"]
        {
            assert!(!block.contains(word), "{word}: {block}");
        }
        golden("nrt.kql", &format!("DeviceNetworkEvents\n{block}"));
    });
    for (when, why) in [
        ("{destination.ip: '2001:db8::/32'}", "a network of IPv6"),
        ("{destination.port: 1-60000}", "more than 128 numbers"),
    ] {
        let errors = with(&list(when), "defender", |all, schema| nrt_block(all, schema).unwrap_err());
        assert!(errors[0].reason.contains(why), "{errors:?}");
    }
}

/// No line of a clause, nor of the impact query, is longer than a reviewer's screen.
#[test]
fn no_line_is_longer_than_a_screen() {
    let lists = [field(), fifty(), documented()];
    for list in lists {
        with(&list, "defender", |all, schema| {
            let block = where_block(all, schema, &Options::default()).unwrap();
            assert!(block.lines().all(|line| line.chars().count() <= 120), "{block}");
            let query = impact(all, schema, Some("7d")).unwrap();
            assert!(query.lines().all(|line| line.chars().count() <= 160), "{query}");
        });
    }
}

#[test]
fn what_a_schema_lacks_is_left_out_and_named_with_its_exclusion_and_field() {
    let when = "[{process.name: a.exe, process.company: Action1}, {process.name: b.exe}]";
    let block =
        with(&list(when), "asim", |all, schema| where_block(all, schema, &Options::default()).unwrap());
    assert!(block.contains("// left out, no column in asim: entry 1 of a (process.company)\n"), "{block}");
    assert!(block.contains("b.exe") && !block.contains("a.exe"), "{block}");
    // Few operators take no comment, so that nothing could say it.
    let errors =
        with(&list("{process.company: Action1}"), "asim", |all, schema| nrt_block(all, schema).unwrap_err());
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
        assert!(block.contains(&format!("\"10.0.0.{place}\"")), "{block}");
    }
    assert_eq!(block.matches("=~ \"a.exe\"").count(), 1, "{block}");
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
