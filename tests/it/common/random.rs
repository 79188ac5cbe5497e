//! Random lists and rows. Values come from small pools, so that rows often meet, or nearly meet, a list.

use super::naive::Row;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

const NAMES: &[&str] = &[
    "setup.exe",
    "SETUP.EXE",
    "setup.exe.bak",
    "xsetup.exe",
    "CcmExec.exe",
    "ccmexec.exe",
    "a,b.exe",
    "say \"hi\".exe",
    "é.exe",
    "É.exe",
    "\u{212a}.exe",
    "\u{17f}etup.exe",
    "Setup\u{212a}.exe",
    "k.exe",
    "[1]{GUID}.exe",
    "line\nbreak.exe",
    " setup.exe",
    "null",
    "1.0",
    "=cmd.exe",
];
const PATHS: &[&str] = &[
    r"C:\Windows\CCM\CcmExec.exe",
    r"c:\windows\ccm",
    r"C:\Windows\CCM\",
    r"\Device\HarddiskVolume3\Windows\CCM\CcmExec.exe",
    r"C:\Program Files (x86)\Kaseya\{8F}\AgentMon.exe",
    r"C:\Users\Public\setup.exe",
    r"\Device\HarddiskVolume12\Windows\CCM\CcmExec.exe",
    "\\Device\\HarddiskVolumeé\\Windows\\CCM\\CcmExec.exe",
];
const ADDRESSES: &[&str] = &[
    "10.10.10.10",
    "::ffff:10.10.10.10",
    "10.10.10.100",
    "10.10.11.1",
    "192.0.2.7",
    "2001:db8::1",
    "2001:DB8:0:0::1",
    "fe80::1",
    "10.10.010.10",
    "garbage",
    " 10.10.10.10",
    "::",
    "255.255.255.255",
    ":::",
    "::ffff:",
    "::ffff:a0a:a0a",
    "10.10.10.10/8",
];
const PORTS: &[&str] = &["443", "0", "80", "8531", "0443", "443.0", "-1", "65536"];

const NAME_VALUES: &[&str] = &[
    "setup.exe",
    "ccm*",
    "*.exe",
    "?etup.exe",
    "k.exe",
    "é.exe",
    "[1]{guid}*",
    "a,b.exe",
    "*\"hi\"*",
    "null",
    "1.0",
    "s*p*e",
];
const PATH_VALUES: &[&str] = &[
    r"C:\Windows\CCM\*",
    r"c:\windows\ccm",
    r"*\AgentMon.exe",
    r"C:\Program Files (x86)\*",
    r"*\{8F}\*",
    r"\Device\HarddiskVolume?\*\CcmExec.exe",
    r"\Device\HarddiskVolume??\*\CcmExec.exe",
];
const NETWORKS: &[&str] = &[
    "10.10.10.10",
    "10.10.10.0/24",
    "10.0.0.0/8",
    "0.0.0.0/0",
    "::/0",
    "2001:db8::/32",
    "::ffff:10.10.10.0/120",
    "10.10.10.9-10.10.11.1",
    "2001:db8::-2001:db8::ff",
    "10.10.10.10/32",
    "192.0.2.5/24",
    "2001:db8::1",
    "::/64",
];
const PORT_VALUES: &[&str] = &["443", "0", "80-8531", "65536"];
const REGEXES: &[&str] = &["^setup", "(?i)CCM", r"\.exe$", "[0-9]", "^$"];

fn key_and_values() -> impl Strategy<Value = (String, Vec<String>)> {
    let some = |pool: &'static [&'static str]| vec(select(pool), 1..4);
    let modifier = select(&["", "|startswith", "|endswith", "|contains", "|cased", "|contains|cased"][..]);
    prop_oneof![
        4 => (modifier.clone(), some(NAME_VALUES)).prop_map(|(m, v)| (format!("process.name{m}"), v)),
        2 => (modifier, some(PATH_VALUES)).prop_map(|(m, v)| (format!("process.path{m}"), v)),
        4 => some(NETWORKS).prop_map(|v| ("destination.ip".to_owned(), v)),
        1 => some(PORT_VALUES).prop_map(|v| ("destination.port".to_owned(), v)),
        1 => some(REGEXES).prop_map(|v| ("process.name|re".to_owned(), v)),
    ]
    .prop_map(|(key, values)| (key, values.into_iter().map(str::to_owned).collect()))
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn entry() -> impl Strategy<Value = String> {
    vec(key_and_values(), 1..4).prop_map(|conditions| {
        let mut seen = std::collections::BTreeMap::new();
        for (key, values) in conditions {
            seen.insert(key, values);
        }
        let pairs: Vec<String> = seen
            .iter()
            .map(|(key, values)| {
                let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
                format!("{}: [{}]", quoted(key), values.join(", "))
            })
            .collect();
        format!("{{{}}}", pairs.join(", "))
    })
}

/// The text of one exclusion, without its id.
fn when() -> impl Strategy<Value = String> {
    prop_oneof![
        1 => entry(),
        2 => vec(entry(), 1..4).prop_map(|entries| format!("[{}]", entries.join(", "))),
    ]
}

/// A list of up to `most` exclusions, each as a text of its own.
pub(crate) fn lists(most: usize) -> impl Strategy<Value = Vec<String>> {
    vec(when(), 0..=most).prop_map(|whens| {
        let numbered = whens.iter().enumerate();
        numbered.map(|(place, when)| format!("exclusions:\n- {{id: e{place}, when: {when}}}\n")).collect()
    })
}

pub(crate) fn row() -> impl Strategy<Value = Row> {
    let cell =
        |pool: &'static [&'static str]| prop_oneof![1 => Just(""), 6 => select(pool)].prop_map(str::to_owned);
    (cell(NAMES), cell(PATHS), cell(ADDRESSES), cell(PORTS), 0..5_u32).prop_map(
        |(name, path, address, port, device)| {
            Row::from([
                ("process.name", name),
                ("process.path", path),
                ("destination.ip", address),
                ("destination.port", port),
                ("host.name", format!("dev{device}")),
                ("time", format!("2026-11-{:02}T00:00:00Z", 10 + device)),
            ])
        },
    )
}

pub(crate) fn rows(most: usize) -> impl Strategy<Value = Vec<Row>> {
    vec(row(), 0..=most)
}

/// Fields and their columns in the schema `defender`.
pub(crate) const COLUMNS: [(&str, &str); 6] = [
    ("process.name", "InitiatingProcessFileName"),
    ("process.path", "InitiatingProcessFolderPath"),
    ("destination.ip", "RemoteIP"),
    ("destination.port", "RemotePort"),
    ("host.name", "DeviceName"),
    ("time", "Timestamp"),
];

/// The rows as CSV in this order of columns, with the bytes of each row.
pub(crate) fn csv(rows: &[Row], order: &[usize]) -> (Vec<u8>, Vec<Vec<u8>>) {
    let line = |cells: Vec<&str>| {
        let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
        writer.write_record(cells).unwrap();
        writer.into_inner().unwrap()
    };
    let header = line(order.iter().map(|place| COLUMNS[*place].1).collect());
    let rows: Vec<Vec<u8>> = rows
        .iter()
        .map(|row| line(order.iter().map(|place| row[COLUMNS[*place].0].as_str()).collect()))
        .collect();
    ([header, rows.concat()].concat(), rows)
}

/// The rows as JSON Lines in this order of keys, with the bytes of each row.
pub(crate) fn json(rows: &[Row], order: &[usize]) -> (Vec<u8>, Vec<Vec<u8>>) {
    let rows: Vec<Vec<u8>> = rows
        .iter()
        .map(|row| {
            let pairs: Vec<String> = order
                .iter()
                .map(|place| format!("{}:{}", quoted(COLUMNS[*place].1), quoted(&row[COLUMNS[*place].0])))
                .collect();
            format!("{{{}}}\n", pairs.join(",")).into_bytes()
        })
        .collect();
    (rows.concat(), rows)
}
