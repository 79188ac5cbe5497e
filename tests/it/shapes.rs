//! One content in every shape in which it is exported: the same verdicts, the same report, and every byte of every row
//! in the kept or in the suppressed file, inside the envelope that it came in.

use serde_json::{Map, Value, json};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Rows of one document of several.
const PART: usize = 100;

/// The rows of the sample with the exclusions that cover each.
struct Content {
    csv: String,
    lines: Vec<String>,
    covered: Vec<Vec<String>>,
}

/// What stands before the first record, between two, and after the last.
struct Envelope {
    open: String,
    between: &'static str,
    close: &'static str,
}

/// A content as a text.
struct Shape {
    name: &'static str,
    /// Envelopes with the places of their rows.
    parts: Vec<(Envelope, Vec<String>)>,
    /// A row with those that cover it.
    attributed: fn(&str, &[String]) -> String,
    /// What opens the suppressed file.
    opened: fn(&str) -> String,
}

fn quell(arguments: &[&str], input: Option<&[u8]>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quell"));
    command.env_clear().args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    if let Some(input) = input {
        // It may stop reading before the end.
        let _ = pipe.write_all(input);
    }
    drop(pipe);
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

/// The report without what depends on the shape.
fn report(output: &Output) -> Value {
    let mut report: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(output)));
    report.as_object_mut().unwrap().remove("results");
    report
}

/// The content, judged as JSON Lines, whose verdicts other tests hold against a plain reading.
fn content() -> Content {
    let text = fs::read_to_string("samples/action1-hunt.jsonl").unwrap();
    let gone = quell(&["apply", "samples/action1-hunt.jsonl", "--suppressed", "-"], None).stdout;
    let gone = String::from_utf8(gone).unwrap();
    let mut gone = gone.lines().peekable();
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let covered = lines.iter().map(|line| {
        let mark = line[..line.len() - 1].to_owned() + ",\"quell_suppressed_by\":";
        let Some(found) = gone.next_if(|next| next.starts_with(&mark)) else { return Vec::new() };
        serde_json::from_str(&found[mark.len()..found.len() - 1]).unwrap()
    });
    let covered: Vec<Vec<String>> = covered.collect();
    assert!(gone.next().is_none());
    assert!(covered.iter().any(|by| by.len() > 1));
    Content { csv: fs::read_to_string("samples/action1-hunt.csv").unwrap(), lines, covered }
}

fn object_with(row: &str, by: &[String]) -> String {
    format!("{},\"quell_suppressed_by\":{}}}", &row[..row.len() - 1], json!(by))
}

fn array_with(row: &str, by: &[String]) -> String {
    format!("{},{}]", &row[..row.len() - 1], json!(by.join(";")))
}

fn same(open: &str) -> String {
    open.to_owned()
}

fn with_column(open: &str) -> String {
    open.replace("],\"rows\"", ",{\"name\":\"quell_suppressed_by\",\"type\":\"string\"}],\"rows\"")
}

fn objects(
    name: &'static str,
    rows: &[String],
    open: &str,
    between: &'static str,
    close: &'static str,
) -> Shape {
    let envelope = Envelope { open: open.to_owned(), between, close };
    Shape { name, parts: vec![(envelope, rows.to_vec())], attributed: object_with, opened: same }
}

/// Several envelopes one after the other.
fn many(
    name: &'static str,
    rows: &[String],
    first: &str,
    open: &str,
    between: &'static str,
    close: &'static str,
    last: &'static str,
) -> Shape {
    let count = rows.len().div_ceil(PART);
    let parts = rows.chunks(PART).enumerate().map(|(place, rows)| {
        let before = if place == 0 { first } else { "" };
        let close = if place + 1 == count { last } else { close };
        (Envelope { open: format!("{before}{open}"), between, close }, rows.to_vec())
    });
    Shape { name, parts: parts.collect(), attributed: object_with, opened: same }
}

/// Rows as Log Analytics writes them; a `long` as text in every other row.
fn tables(content: &Content) -> Shape {
    let objects: Vec<Map<String, Value>> =
        content.lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<String> = content.csv.lines().next().unwrap().split(',').map(str::to_owned).collect();
    let columns: Vec<Value> = names.iter().map(|name| json!({"name": name, "type": "string"})).collect();
    let rows = objects.iter().enumerate().map(|(place, object)| {
        let cell = |name: &String| match object.get(name) {
            None => Value::Null,
            Some(Value::Number(number)) if place % 2 == 0 => number.to_string().into(),
            Some(value) => value.clone(),
        };
        Value::Array(names.iter().map(cell).collect()).to_string()
    });
    let envelope = Envelope {
        open: format!(
            "{{\"tables\":[{{\"name\":\"PrimaryResult\",\"columns\":{},\"rows\":[",
            Value::Array(columns)
        ),
        between: ",",
        close: "]}]}",
    };
    Shape {
        name: "tables",
        parts: vec![(envelope, rows.collect())],
        attributed: array_with,
        opened: with_column,
    }
}

fn shapes(content: &Content) -> Vec<Shape> {
    let lines = &content.lines;
    let streamed: Vec<String> = lines
        .iter()
        .map(|line| format!("{{\"time\":\"2026-11-16T00:00:00Z\",\"tenantId\":\"t\",\"category\":\"AdvancedHunting-DeviceNetworkEvents\",\"properties\":{line}}}"))
        .collect();
    let graph =
        "{\"@odata.context\":\"x\",\"schema\":[{\"name\":\"Timestamp\",\"type\":\"DateTime\"}],\"results\":[";
    let legacy = "{\n  \"Stats\": {\"results\": [1]},\n  \"Schema\": [{\"Name\": \"Timestamp\", \"Type\": \"DateTime\"}],\n  \"Results\": [\n    ";
    vec![
        objects("array", lines, "[", ",", "]"),
        objects("array with white space", lines, "[\r\n  ", " ,\r\n  ", "\r\n]\r\n"),
        objects("array with a byte order mark", lines, "\u{feff}[", ",", "]\n"),
        objects("graph", lines, graph, ",", "]}"),
        objects("legacy", lines, legacy, ",\n    ", "\n  ],\n  \"More\": {}\n}\n"),
        objects("event hub", &streamed, "{\"records\":[", ",", "]}"),
        many("event hub, one envelope a line", &streamed, "", "{\"records\":[", ",", "]}\n", "]}\n"),
        many("event hub, one after the other", &streamed, "", "{ \"records\": [", ", ", "] }", "] }"),
        many("event hub, several in an array", &streamed, "[", "{\"records\":[", ",", "]},", "]}]"),
        objects("storage lines", &streamed, "", "\n", ""),
        objects("lines", lines, "", "\n", ""),
        tables(content),
    ]
}

impl Shape {
    /// The text with the rows for which `take` has one.
    fn text(
        &self,
        opened: fn(&str) -> String,
        mut take: impl FnMut(usize, &str) -> Option<String>,
    ) -> String {
        let (mut out, mut place) = (String::new(), 0);
        for (envelope, rows) in &self.parts {
            out += &opened(&envelope.open);
            let mut taken = Vec::new();
            for row in rows {
                taken.extend(take(place, row));
                place += 1;
            }
            out += &taken.join(envelope.between);
            // Lines are ended, not separated.
            if envelope.between == "\n" && !taken.is_empty() {
                out.push('\n');
            }
            out += envelope.close;
        }
        out
    }
}

fn utf16(text: &str, big: bool) -> Vec<u8> {
    text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

type Coded = fn(&str) -> Vec<u8>;

/// How a text may be stored: as it is read, and as rows are written.
const STORED: [(&str, Coded, Coded); 6] = [
    ("plain", |text| text.into(), |text| text.into()),
    ("gzip", |text| gzip(text.as_bytes()), |text| text.into()),
    ("zstd", |text| zstd::encode_all(text.as_bytes(), 1).unwrap(), |text| text.into()),
    ("utf-16", |text| utf16(text, false), |text| utf16(text, false)),
    ("utf-16 big", |text| utf16(text, true), |text| utf16(text, true)),
    ("utf-16 gzip", |text| gzip(&utf16(text, false)), |text| utf16(text, false)),
];

fn check(name: &str, folder: &Path, input: &[u8], kept: &[u8], gone: &[u8], wanted: &Value) {
    // The name says nothing.
    let path = |end: &str| folder.join(end).to_str().unwrap().to_owned();
    fs::write(path("in"), input).unwrap();
    let outputs = ["--kept", &path("kept"), "--suppressed", &path("gone"), "--format", "json"];
    let places = [(path("in"), None), ("-".to_owned(), Some(input))];
    // From a pipe nothing is different but the way in.
    let count = if name.ends_with(" gzip") { 2 } else { 1 };
    for (place, stdin) in places.into_iter().take(count) {
        let output = quell(&[&["apply", &place], &outputs[..]].concat(), stdin);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", said(&output));
        assert_eq!(report(&output), *wanted, "{name}");
        let differ = |what: &str, wanted: &[u8]| {
            let found = fs::read(path(what)).unwrap();
            assert!(found == wanted, "{name}, {what}: {} bytes, wanted {}", found.len(), wanted.len());
        };
        differ("kept", kept);
        differ("gone", gone);
    }
}

#[test]
fn one_content_in_every_shape() {
    let folder = tempfile::tempdir().unwrap();
    let content = content();
    let wanted = report(&quell(&["apply", "samples/action1-hunt.csv", "--format", "json"], None));
    for shape in shapes(&content) {
        let input = shape.text(same, |_, row| Some(row.to_owned()));
        let covered = |place: usize| &content.covered[place];
        let kept = shape.text(same, |place, row| covered(place).is_empty().then(|| row.to_owned()));
        let gone = shape.text(shape.opened, |place, row| {
            (!covered(place).is_empty()).then(|| (shape.attributed)(row, covered(place)))
        });
        // How a text is stored is undone before anybody asks what its shape is.
        let all = ["array", "lines", "tables"].contains(&shape.name);
        for (stored, read, written) in STORED.into_iter().filter(|(name, ..)| all || *name == "plain") {
            let name = format!("{} {stored}", shape.name);
            check(&name, folder.path(), &read(&input), &written(&kept), &written(&gone), &wanted);
        }
    }
}

/// The sample under another delimiter, and its header.
fn delimited(csv: &str, delimiter: u8) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(csv.as_bytes());
    let line = |record: csv::StringRecord| {
        let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
        writer.write_record(&record).unwrap();
        String::from_utf8(writer.into_inner().unwrap()).unwrap()
    };
    reader.records().map(|record| line(record.unwrap())).collect()
}

#[test]
fn one_content_under_every_delimiter_and_encoding() {
    let folder = tempfile::tempdir().unwrap();
    let content = content();
    let wanted = report(&quell(&["apply", "samples/action1-hunt.csv", "--format", "json"], None));
    for (delimiter, mark) in [(b',', ""), (b';', ""), (b'\t', ""), (b';', "\u{feff}"), (b'\t', "\u{feff}")] {
        let records = delimited(&content.csv, delimiter);
        let (header, rows) = records.split_first().unwrap();
        let with =
            |row: &str, by: &str| format!("{}{}{by}\n", row.trim_end_matches('\n'), char::from(delimiter));
        let (mut kept, mut gone) = (format!("{mark}{header}"), mark.to_owned());
        gone += &with(header, "quell_suppressed_by");
        for (row, by) in rows.iter().zip(&content.covered) {
            if by.is_empty() {
                kept += row;
            } else {
                gone += &with(row, &by.join(if delimiter == b';' { "," } else { ";" }));
            }
        }
        let input = format!("{mark}{}", records.concat());
        for (stored, read, written) in STORED.into_iter().take(if mark.is_empty() { 6 } else { 1 }) {
            let name = format!("delimiter {delimiter} {mark:?} {stored}");
            check(&name, folder.path(), &read(&input), &written(&kept), &written(&gone), &wanted);
        }
    }
}

#[test]
fn outputs_are_packed_if_their_names_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = |end: &str| folder.path().join(end).to_str().unwrap().to_owned();
    let sample = "samples/action1-hunt.csv";
    quell(&["apply", sample, "--kept", &path("kept.csv"), "--suppressed", &path("gone.csv")], None);
    let output = quell(
        &["apply", sample, "--kept", &path("kept.csv.gz"), "--suppressed", &path("gone.csv.ZST")],
        None,
    );
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let packed = fs::read(path("kept.csv.gz")).unwrap();
    let mut kept = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&packed[..]), &mut kept).unwrap();
    assert_eq!(kept, fs::read(path("kept.csv")).unwrap());
    let gone = zstd::decode_all(&fs::read(path("gone.csv.ZST")).unwrap()[..]).unwrap();
    assert_eq!(gone, fs::read(path("gone.csv")).unwrap());
    let again = quell(&["apply", &path("kept.csv.gz"), "--format", "json"], None);
    assert_eq!(report(&again)["totals"]["suppressed"], 0);
}

#[test]
fn a_packed_file_that_is_cut_off_or_damaged_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = |end: &str| folder.path().join(end).to_str().unwrap().to_owned();
    let sample = fs::read("samples/action1-hunt.csv").unwrap();
    fs::write(path("kept"), "old").unwrap();
    for packed in [gzip(&sample), zstd::encode_all(&sample[..], 1).unwrap()] {
        let mut damaged = packed.clone();
        damaged[packed.len() / 2] ^= 0x55;
        for input in [&packed[..packed.len() - 1], &packed[..packed.len() / 2], &packed[..20], &damaged] {
            let output = quell(&["apply", "-", "--kept", &path("kept")], Some(input));
            assert_eq!(output.status.code(), Some(2), "{}", said(&output));
            assert!(said(&output).contains("cut off or damaged"), "{}", said(&output));
            assert_eq!(fs::read_to_string(path("kept")).unwrap(), "old");
        }
    }
    let odd = &utf16(&String::from_utf8(sample).unwrap(), false);
    let output = quell(&["apply", "-", "--kept", &path("kept")], Some(&odd[..odd.len() - 1]));
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert_eq!(fs::read_to_string(path("kept")).unwrap(), "old");
}
