//! Kept rows by some fields, and the rows of a group: against a plain count of the kept file, and against each other.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::process::{Command, Output, Stdio};

const HUNT: &str = "samples/action1-hunt.csv";

fn quell(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quell")).args(arguments).env("COLUMNS", "100").output().unwrap()
}

fn text(arguments: &[&str]) -> String {
    String::from_utf8(quell(arguments).stdout).unwrap()
}

fn report(arguments: &[&str]) -> Value {
    let arguments = [&["apply"], arguments, &["--format", "json"]].concat();
    serde_json::from_str(&text(&arguments)).unwrap()
}

/// The kept rows as the plain reader sees them, each by the names of its columns.
fn kept(results: &str) -> Vec<BTreeMap<String, String>> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kept.csv");
    quell(&["apply", results, "--kept", file.to_str().unwrap()]);
    rows(&fs::read_to_string(file).unwrap())
}

fn rows(csv: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(csv.as_bytes());
    let header = reader.headers().unwrap().clone();
    let header: Vec<String> =
        header.iter().map(|name| name.trim_start_matches('\u{feff}').to_owned()).collect();
    let cells = |row: csv::StringRecord| header.iter().cloned().zip(row.iter().map(str::to_owned)).collect();
    reader.records().map(|row| cells(row.unwrap())).collect()
}

#[test]
fn groups_are_those_of_a_plain_count() {
    let columns = ["InitiatingProcessParentFileName", "RemotePort"];
    let mut counted: BTreeMap<Vec<String>, Vec<BTreeMap<String, String>>> = BTreeMap::new();
    for row in kept(HUNT) {
        let key = columns.map(|column| row[column].to_ascii_lowercase()).to_vec();
        counted.entry(key).or_default().push(row);
    }
    for by in ["process.parent.name,destination.port", "InitiatingProcessParentFileName,RemotePort"] {
        let report = report(&[HUNT, "--group-by", by]);
        let groups = report["grouped"]["groups"].as_array().unwrap();
        assert_eq!(groups.len(), counted.len());
        for group in groups {
            let key: Vec<String> =
                group["by"].as_object().unwrap().values().map(|part| part.as_str().unwrap().into()).collect();
            let rows = &counted[&key];
            assert_eq!(group["rows"], rows.len(), "{key:?}");
            let different = |column: &str| {
                rows.iter().map(|row| row[column].to_ascii_lowercase()).collect::<BTreeSet<_>>()
            };
            assert_eq!(group["devices"], different("DeviceName").len(), "{key:?}");
            for (field, column) in [
                ("process.company", "InitiatingProcessVersionInfoCompanyName"),
                ("destination.domain", "RemoteUrl"),
                ("user.name", "InitiatingProcessAccountName"),
            ] {
                let wanted = different(column);
                let constant =
                    group["constant"].get(field).map(|value| value.as_str().unwrap().to_ascii_lowercase());
                let varies = group["varies"].as_array().unwrap().iter().find(|each| each["field"] == *field);
                match wanted.len() {
                    1 => {
                        assert_eq!(constant.unwrap_or_default(), *wanted.first().unwrap(), "{key:?} {field}");
                    }
                    many => assert_eq!(varies.unwrap()["values"], many, "{key:?} {field}"),
                }
            }
        }
    }
}

/// The number beside a group opens that group, and the groups together are the kept rows.
#[test]
fn the_number_of_the_table_opens_the_group() {
    for results in [HUNT, "samples/lab-network-events.csv"] {
        let all = report(&[results]);
        let groups = all["kept_groups"].as_array().unwrap();
        let table = text(&["apply", results, "--groups", "1000"]);
        let mut opened = 0;
        for (number, group) in (1..).zip(groups).take(40) {
            let line =
                table.lines().filter(|line| line.trim_end().ends_with(&format!(" {number}"))).find(|line| {
                    line.contains(group["destination"].as_str().unwrap())
                        && line.contains(group["process"].as_str().unwrap())
                });
            assert!(line.is_some(), "{group} {number}");
            let profile: Value = serde_json::from_str(&text(&[
                "rows",
                results,
                "--group",
                &number.to_string(),
                "--format",
                "json",
            ]))
            .unwrap();
            assert_eq!(profile["rows"], group["rows"], "{number}");
            let listed = rows(&text(&["rows", results, "--group", &number.to_string(), "--format", "rows"]));
            assert_eq!(Value::from(listed.len()), group["rows"]);
            for row in &listed {
                assert_eq!(
                    row["InitiatingProcessFileName"].to_ascii_lowercase(),
                    *group["process"].as_str().unwrap()
                );
            }
            opened += listed.len();
        }
        if groups.len() <= 40 {
            assert_eq!(Value::from(opened), all["totals"]["kept"]);
        }
    }
}

#[test]
fn rows_come_as_they_stand_in_the_results() {
    let bytes = fs::read_to_string(HUNT).unwrap();
    let out = text(&[
        "rows",
        HUNT,
        "--where",
        "process.name=chrome.exe",
        "--where",
        "destination.port=443",
        "--format",
        "rows",
    ]);
    assert!(
        out.lines().count() > 5 && out.lines().all(|line| bytes.lines().any(|known| known == line)),
        "{out}"
    );
    assert!(rows(&out).iter().all(|row| row["InitiatingProcessFileName"].eq_ignore_ascii_case("chrome.exe")));
    let lines = fs::read_to_string("samples/action1-hunt.jsonl").unwrap();
    let out = text(&["rows", "samples/action1-hunt.jsonl", "--group", "2", "--format", "rows"]);
    assert!(!out.is_empty() && out.lines().all(|line| lines.lines().any(|known| known == line)));
    let out = text(&["rows", "tests/results/array.json", "--format", "rows"]);
    assert!(serde_json::from_str::<Vec<Value>>(&out).is_ok_and(|rows| !rows.is_empty()), "{out}");
}

/// Values add up to the rows, whatever is listed of them.
#[test]
fn shares_are_those_of_the_rows() {
    let profile: Value =
        serde_json::from_str(&text(&["rows", HUNT, "--format", "json", "--top", "2"])).unwrap();
    assert_eq!(profile["rows"], profile["kept"]);
    for field in profile["fields"].as_array().unwrap() {
        let top: u64 =
            field["top"].as_array().unwrap().iter().map(|each| each["rows"].as_u64().unwrap()).sum();
        assert_eq!(
            top + field["other_rows"].as_u64().unwrap() + profile["malformed"].as_u64().unwrap(),
            profile["rows"]
        );
    }
}

#[test]
fn standard_input_is_read_once_and_says_the_same() {
    for arguments in [
        vec!["apply", "FILE", "--group-by", "destination.port", "--format", "json"],
        vec!["rows", "FILE", "--group", "2", "--format", "rows"],
        vec!["explain", "FILE", "--row", "40", "--format", "json"],
    ] {
        let named: Vec<&str> =
            arguments.iter().map(|each| if *each == "FILE" { HUNT } else { each }).collect();
        let piped: Vec<&str> =
            arguments.iter().map(|each| if *each == "FILE" { "-" } else { each }).collect();
        let output = Command::new(env!("CARGO_BIN_EXE_quell"))
            .args(piped)
            .stdin(Stdio::from(File::open(HUNT).unwrap()))
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(said.replace("\"-\"", &format!("\"{HUNT}\"")), text(&named));
    }
}

#[test]
fn explain_names_the_group_of_a_kept_row() {
    let explained: Value =
        serde_json::from_str(&text(&["explain", HUNT, "--row", "40", "--format", "json"])).unwrap();
    let group = &explained["group"];
    let place = usize::try_from(group["group"].as_u64().unwrap()).unwrap() - 1;
    let listed = &report(&[HUNT])["kept_groups"][place];
    assert_eq!((&group["rows"], &group["by"]["process.name"]), (&listed["rows"], &listed["process"]));
    let said = text(&["explain", HUNT, "--row", "40"]);
    assert!(said.contains(&format!("quell rows {HUNT} --group {}", group["group"])), "{said}");
    let suppressed = text(&["explain", HUNT, "--where", "process.name=setup.exe", "--format", "json"]);
    assert_eq!(serde_json::from_str::<Value>(&suppressed).unwrap()["group"], Value::Null);
}

/// Several exclusions may be near. Whichever the row has nothing in common with is not.
#[test]
fn explain_names_every_exclusion_that_is_near() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("l.yaml");
    let entry = |id: &str, name: &str, port: &str| {
        format!("- id: {id}\n  when: {{process.name: {name}, destination.port: {port}}}\n")
    };
    let all = [
        "exclusions:\n".to_owned(),
        entry("far", "zzz.exe", "1"),
        entry("port", "qqq.exe", "443"),
        entry("name", "chrome.exe", "80"),
    ];
    fs::write(&list, all.concat()).unwrap();
    let list = list.to_str().unwrap();
    let said = text(&["explain", HUNT, "-e", list, "--where", "process.name=chrome.exe"]);
    assert!(said.contains("Nearest miss: ") && said.contains("Also near: "), "{said}");
    assert!(!said.contains("near: far"), "{said}");
}

#[test]
fn what_cannot_be_asked_is_said() {
    for (arguments, wanted) in [
        (vec!["rows", HUNT, "--group", "4000"], "there are 28 groups of kept rows, so no group 4000"),
        (vec!["rows", HUNT, "--group", "1", "--group-by", "process.nam"], "did you mean `process.name`"),
        (vec!["rows", HUNT, "--where", "chrome.exe"], "has no `=`"),
        (vec!["rows", HUNT, "--group", "1", "--format", "rows", "--top", "3"], "--top does nothing here"),
        (vec!["apply", HUNT, "--group-by", "proces.name"], "did you mean `process.name`"),
        (vec!["rows", HUNT, "--group-by", "user.name"], "--group"),
    ] {
        let output = quell(&arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && said.contains(wanted), "{arguments:?}: {said}");
    }
    let output = quell(&["rows", HUNT, "--where", "process.name=setup.exe"]);
    assert_eq!(output.status.code(), Some(1), "no row is something to look at");
    assert!(String::from_utf8(output.stdout).unwrap().contains("27 rows"));
}

/// Groups are named by networks, so a network is a value of an address: in `rows`, `explain` and `suggest`, of a field and of
/// its column.
#[test]
fn a_network_stands_for_the_addresses_in_it() {
    let report = report(&[HUNT]);
    let mut versions = BTreeSet::new();
    for group in report["kept_groups"].as_array().unwrap() {
        let (process, network) = (group["process"].as_str().unwrap(), group["destination"].as_str().unwrap());
        let Some((_, bits)) = network.split_once('/') else { continue };
        versions.insert(bits.to_owned());
        let (process, ip) = (format!("process.name={process}"), format!("destination.ip={network}"));
        let listed = text(&["rows", HUNT, "--where", &process, "--where", &ip, "--format", "rows"]);
        assert_eq!(rows(&listed).len() as u64, group["rows"].as_u64().unwrap(), "{process} {ip}");
    }
    assert_eq!(versions, ["24", "64"].map(str::to_owned).into());
    let as_field = text(&["rows", HUNT, "--where", "destination.ip=10.20.0.0/24", "--format", "rows"]);
    let as_column = text(&["rows", HUNT, "--where", "RemoteIP=10.20.0.0/24", "--format", "rows"]);
    assert!(rows(&as_field).len() > 6 && as_field == as_column);
    let suggest =
        ["suggest", HUNT, "--where", "process.name=svchost.exe", "--where", "destination.ip=10.20.0.0/24"];
    assert!(text(&suggest).contains("6 rows of noise"), "{}", text(&suggest));
    let none = quell(&["rows", HUNT, "--where", "destination.ip=10.99.0.0/24", "--format", "rows"]);
    assert_eq!(none.status.code(), Some(1));
}

/// A value that no row has is perhaps misspelt, or written as in another language.
#[test]
fn a_value_that_does_not_occur_is_met_with_the_nearest_that_does() {
    for (value, signs) in [("chrom.exe", false), ("=chrome.exe", true), ("\"chrome.exe\"", true)] {
        let output = quell(&["rows", HUNT, "--where", &format!("process.name={value}")]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.contains("no row has process.name=") && said.contains("did you mean `chrome.exe`"),
            "{said}"
        );
        assert_eq!(said.contains("quotation marks are taken for a part of the value"), signs, "{said}");
    }
    let found = quell(&["rows", HUNT, "--where", "process.name=chrome.exe"]);
    assert!(!String::from_utf8(found.stderr).unwrap().contains("no row has"));
}

/// A number means another group once the lists have grown, so what it is of can be named.
#[test]
fn a_group_that_is_another_by_now_is_not_opened() {
    let plain = text(&["rows", HUNT, "--group", "9", "--format", "rows"]);
    assert!(plain.lines().count() > 1);
    for named in ["9=svchost.exe", "9=SVCHOST.EXE", "9 = 10.20.0.0/24"] {
        assert_eq!(text(&["rows", HUNT, "--group", named, "--format", "rows"]), plain, "{named}");
    }
    let other = quell(&["rows", HUNT, "--group", "8=svchost.exe"]);
    let said = String::from_utf8_lossy(&other.stderr).into_owned();
    assert_eq!(other.status.code(), Some(2), "{said}");
    assert!(said.contains("--group 8=svchost.exe: group 8 is "), "{said}");
    assert!(said.contains("`svchost.exe` is group 9 (svchost.exe, 10.20.0.0/24), group 16"), "{said}");
    let by = ["--group-by", "process.parent.name,destination.port", "--group"];
    let wanted = [&["rows", HUNT][..], &by, &["1=443"]].concat();
    assert_eq!(quell(&wanted).status.code(), Some(0));
    let gone = quell(&["rows", HUNT, "--group", "1=nobody.exe"]);
    assert!(String::from_utf8_lossy(&gone.stderr).contains("no group of kept rows is `nobody.exe`"));
}
