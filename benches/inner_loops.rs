//! The inner loops: finding rows and cells, judging, counting. `cargo bench` runs them.

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use quell::Options;
use quell::exclusions::documented;
use quell::exclusions::model::{Exclusion, FieldRef};
use quell::exclusions::validate::{ListText, load};
use quell::input::chunk::{CHUNK, Cut};
use quell::input::csv::CsvReader;
use quell::input::csv::header::{Header, header};
use quell::input::json::shape::Shape;
use quell::input::projection::Projection;
use quell::input::{Format, Input};
use quell::judge::{Matcher, Scratch, row};
use quell::output::Discard;
use quell::schema::Schemas;
use std::fmt::Write;
use std::io::Cursor;

fn main() {
    divan::main();
}

const SAMPLE: &[u8] = include_bytes!("../samples/action1-hunt.csv");

/// The rows of the sample, often enough for a bench, under its header.
fn rows() -> (Vec<String>, Vec<u8>) {
    let Header::Whole { names, length } = header(SAMPLE, b',', true) else { return Default::default() };
    (names, SAMPLE[length..].repeat(60))
}

/// What every run looks at, whatever its list.
fn projection(names: &[String]) -> Projection {
    let schemas = Schemas::built_in();
    let wanted = schemas.named("defender").map(|schema| row::wanted(&[], schema));
    Projection::of_header(wanted.unwrap_or_default(), names)
}

fn exclusions(count: usize) -> Vec<Exclusion> {
    let lists =
        if count == 5 { documented() } else { vec![ListText { file: "made".into(), text: tuples(count) }] };
    load(&lists, &Schemas::built_in()).unwrap_or_default()
}

/// Tuples of name, path and network that differ from each other.
fn tuples(count: usize) -> String {
    let mut text = String::from("exclusions:\n");
    for place in 0..count {
        let (a, b) = (place / 250 % 250, place % 250);
        let _ = writeln!(
            text,
            "- {{id: e{place}, when: {{process.name: agent{}.exe, process.path: 'C:\\Program Files\\A{}\\*', destination.ip: 10.{a}.{b}.0/24}}}}",
            place % 1_000,
            place % 777
        );
    }
    text
}

#[divan::bench(args = ["fast", "careful"])]
fn split(bencher: Bencher<'_, '_>, how: &str) {
    let (names, bytes) = rows();
    let splitter = CsvReader::new(b',', projection(&names), &names);
    let cut = if how == "fast" { Cut::Fast } else { Cut::Careful { delimiter: b',' } };
    bencher.counter(BytesCount::new(bytes.len())).bench(|| {
        let mut count = 0;
        splitter.rows(usize::MAX, &bytes, cut, true, |row| count += usize::from(row.cells.is_ok()));
        count
    });
}

/// The plain reader, for comparison: every cell of every row.
#[divan::bench]
fn split_with_the_csv_crate(bencher: Bencher<'_, '_>) {
    let (_, bytes) = rows();
    bencher.counter(BytesCount::new(bytes.len())).bench(|| {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes.as_slice());
        let mut record = csv::ByteRecord::new();
        let mut count = 0;
        while reader.read_byte_record(&mut record).unwrap_or(false) {
            count += record.len();
        }
        count
    });
}

#[divan::bench(args = [1, 5, 1_000, 100_000])]
fn judge(bencher: Bencher<'_, '_>, count: usize) {
    let exclusions = exclusions(count);
    let applied: Vec<&Exclusion> = exclusions.iter().collect();
    let Ok(matcher) = Matcher::new(&applied, "defender") else { return };
    let row = |field: &FieldRef| match field.name() {
        "process.name" => Some("agent7.exe"),
        "process.path" => Some("C:\\Program Files\\A7\\agent7.exe"),
        _ => Some("10.0.7.9"),
    };
    let cells: Vec<Option<&str>> = matcher.slots().iter().map(row).collect();
    let mut scratch = Scratch::default();
    bencher
        .counter(ItemsCount::new(1_usize))
        .bench_local(|| matcher.judge(black_box(&cells), &mut scratch).is_suppressed());
}

#[divan::bench(args = [1_000, 100_000], sample_count = 5)]
fn load_lists(bencher: Bencher<'_, '_>, count: usize) {
    let lists = [ListText { file: "made".into(), text: tuples(count) }];
    let schemas = Schemas::built_in();
    bencher.counter(ItemsCount::new(count)).bench(|| load(&lists, &schemas).map(|all| all.len()));
}

/// The main job without a disk.
#[divan::bench(args = [5, 1_000])]
fn apply(bencher: Bencher<'_, '_>, count: usize) {
    let (names, bytes) = rows();
    let exclusions = exclusions(count);
    let applied: Vec<&Exclusion> = exclusions.iter().collect();
    let schemas = Schemas::built_in();
    let Some(schema) = schemas.named("defender") else { return };
    let mut options = Options::new(schema, &applied);
    options.threads = 2;
    let shape = Shape { format: Format::Csv { delimiter: b',' }, names, nested: false };
    bencher
        .counter(BytesCount::new(bytes.len()))
        .with_inputs(|| Input::with_shape("bench", Cursor::new(bytes.clone()), shape.clone(), CHUNK))
        .bench_refs(|input| {
            quell::apply(&options, std::slice::from_mut(input), &mut Discard).map(|run| run.tally.totals)
        });
}

/// The main job on a table of few columns and on one of many, in bytes a second: what nobody looks at should cost next to
/// nothing. The rows have text in every column.
#[divan::bench(args = ["DnsEvents", "DeviceNetworkEvents", "SecurityEvent"])]
fn wide(bencher: Bencher<'_, '_>, table: &str) {
    let schemas = Schemas::built_in();
    let Some(schema) = schemas.named(table) else { return };
    let names: Vec<String> = schema.columns.keys().cloned().collect();
    let mut bytes = String::new();
    let mut row = 0;
    while bytes.len() < 8 << 20 {
        let cells = (0..names.len()).map(|column| format!("value {}", (row * 7 + column) % 1_000));
        bytes += &(cells.collect::<Vec<_>>().join(",") + "\n");
        row += 1;
    }
    let list = "exclusions:\n- {id: a, when: {host.name: 'value 7', source.ip: 10.20.0.0/16}}\n";
    let lists = [ListText { file: "made".into(), text: list.into() }];
    let exclusions = load(&lists, &schemas).unwrap_or_default();
    let applied: Vec<&Exclusion> = exclusions.iter().collect();
    let options = Options::new(schema, &applied);
    let shape = Shape { format: Format::Csv { delimiter: b',' }, names, nested: false };
    bencher
        .counter(BytesCount::new(bytes.len()))
        .with_inputs(|| Input::with_shape("bench", Cursor::new(bytes.clone()), shape.clone(), CHUNK))
        .bench_refs(|input| {
            quell::apply(&options, std::slice::from_mut(input), &mut Discard).map(|run| run.tally.totals)
        });
}
