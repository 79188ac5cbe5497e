//! Parquet: the same verdicts as the same rows in CSV, and every row with all its columns in one of the two outputs.
//!
//! `cargo test --features parquet --test parquet`

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampNanosecondArray};
use arrow_select::concat::concat_batches;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

const SAMPLE: &str = "samples/action1-hunt.csv";

fn quell(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quell")).env_clear().args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

fn report(output: &Output) -> Value {
    let mut report: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(output)));
    report.as_object_mut().unwrap().remove("results");
    report
}

/// The sample with its columns as an export job types them, several times over.
fn batch(times: usize) -> RecordBatch {
    let mut reader = csv::Reader::from_path(SAMPLE).unwrap();
    let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let column = |place: usize| {
        let cells: Vec<Option<&str>> =
            rows.iter().map(|row| Some(&row[place]).filter(|cell| !cell.is_empty())).collect();
        let cells = cells.repeat(times).into_iter();
        let number = |cell: Option<&str>| cell.map(|cell| cell.parse().unwrap());
        let column: ArrayRef = match names[place].as_str() {
            "Timestamp" => Arc::new(
                cells
                    .map(|cell| quell::input::time::parse(cell?))
                    .collect::<TimestampNanosecondArray>()
                    .with_timezone("UTC"),
            ),
            "RemotePort" | "LocalPort" | "ReportId" => Arc::new(cells.map(number).collect::<Int64Array>()),
            _ => Arc::new(cells.collect::<StringArray>()),
        };
        (names[place].clone(), column)
    };
    RecordBatch::try_from_iter((0..names.len()).map(column)).unwrap()
}

fn write(path: &str, batch: &RecordBatch) {
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

fn read(path: &str) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let schema = reader.schema().clone();
    let batches: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
    concat_batches(&schema, &batches).unwrap()
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}

#[test]
fn columns_get_the_verdicts_of_the_same_rows_as_text() {
    let folder = tempfile::tempdir().unwrap();
    let name = |name: &str| path(folder.path(), name);
    let input = batch(1);
    write(&name("in"), &input);
    let arguments = ["apply", &name("in"), "--kept", &name("kept"), "--suppressed", &name("gone")];
    let found = quell(&[&arguments[..], &["--format", "json"]].concat());
    assert_eq!(found.status.code(), Some(0), "{}", said(&found));
    let text = [SAMPLE, "--suppressed", "-"];
    assert_eq!(report(&found), report(&quell(&["apply", SAMPLE, "--format", "json"])));
    let (kept, gone) = (read(&name("kept")), read(&name("gone")));
    assert_eq!(kept.schema().fields(), input.schema().fields());
    // Who suppressed each, as in the file of text.
    let gone_text = quell(&[&["apply"], &text[..]].concat()).stdout;
    let wanted: Vec<String> = csv::Reader::from_reader(&gone_text[..])
        .records()
        .map(|row| row.unwrap().iter().next_back().unwrap().to_owned())
        .collect();
    let by = gone.column_by_name("quell_suppressed_by").unwrap().as_string::<i32>();
    assert_eq!(by.iter().map(|ids| ids.unwrap().to_owned()).collect::<Vec<_>>(), wanted);
    // Merged by position the two are the input.
    let gone = gone.project(&(0..input.num_columns()).collect::<Vec<_>>()).unwrap();
    let (mut at_kept, mut at_gone) = (0, 0);
    for row in 0..input.num_rows() {
        let row = input.slice(row, 1);
        if at_kept < kept.num_rows() && kept.slice(at_kept, 1).columns() == row.columns() {
            at_kept += 1;
        } else {
            assert_eq!(gone.slice(at_gone, 1).columns(), row.columns());
            at_gone += 1;
        }
    }
    assert_eq!((at_kept, at_gone), (kept.num_rows(), gone.num_rows()));
}

#[test]
fn several_files_many_batches_and_repeats() {
    let folder = tempfile::tempdir().unwrap();
    let name = |name: &str| path(folder.path(), name);
    write(&name("one"), &batch(60));
    write(&name("two"), &batch(1));
    let arguments =
        ["apply", &name("one"), &name("two"), "--kept", &name("kept"), "--dedupe", "--format", "json"];
    let found = report(&quell(&arguments));
    let once = report(&quell(&["apply", SAMPLE, "--dedupe", "--format", "json"]));
    assert_eq!(found["totals"]["read"], 320 * 61);
    assert_eq!(found["totals"]["kept"], once["totals"]["kept"]);
    assert_eq!(found["totals"]["suppressed"], once["totals"]["suppressed"]);
    let kept = read(&name("kept"));
    assert_eq!(kept.num_rows() as u64, once["totals"]["kept"].as_u64().unwrap());
    assert!(kept.column_by_name("RemotePort").unwrap().as_primitive_opt::<Int64Type>().is_some());
}

#[test]
fn a_file_that_is_cut_off_or_does_not_fit_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let name = |name: &str| path(folder.path(), name);
    write(&name("in"), &batch(1));
    write(&name("other"), &batch(1).project(&[0, 1, 2, 3, 4, 13]).unwrap());
    fs::write(name("kept"), "old").unwrap();
    let bytes = fs::read(name("in")).unwrap();
    for length in [4, 12, bytes.len() / 2, bytes.len() - 1] {
        fs::write(name("cut"), &bytes[..length]).unwrap();
        let output = quell(&["apply", &name("cut"), "--kept", &name("kept")]);
        assert_eq!(output.status.code(), Some(2), "{length}: {}", said(&output));
    }
    for second in ["other", SAMPLE] {
        let second = if second == SAMPLE { SAMPLE.to_owned() } else { name(second) };
        let output = quell(&["apply", &name("in"), &second, "--kept", &name("kept")]);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains("than the file before it"), "{}", said(&output));
    }
    assert_eq!(fs::read_to_string(name("kept")).unwrap(), "old");
    let output = quell(&["explain", &name("in"), "--row", "1"]);
    assert!(said(&output).contains("not explained"), "{}", said(&output));
}

/// Where every row is read by itself, it is the row of the text.
#[test]
fn suggestions_from_columns_are_those_from_the_same_rows_as_text() {
    let folder = tempfile::tempdir().unwrap();
    let (name, none) = (path(folder.path(), "in"), path(folder.path(), "none"));
    write(&name, &batch(1));
    write(&none, &batch(1).slice(0, 0));
    for labels in [
        &["--group", "9=svchost.exe", "--malicious", "samples/malicious.csv"][..],
        &["--where", "destination.port=443", "--where", "process.name=action1_agent.exe", "--holdout", "1"],
    ] {
        let of = |results: &str| {
            let output = quell(&[&["suggest", results, "--format", "yaml"], labels].concat());
            assert_eq!(output.status.code(), Some(0), "{}", said(&output));
            said(&output).replace(results, "RESULTS")
        };
        assert_eq!(of(&name), of(SAMPLE));
    }
    // Rows of Parquet stand in no line, so that of a case is the number of its row.
    let cases = |results: &str| said(&quell(&["test", "-e", "documented", "--keep", results]));
    let totals = |results: &str| cases(results).lines().next_back().map(str::to_owned);
    assert_eq!(totals(&name), totals(SAMPLE));
    assert!(cases(&none).contains("there are no rows"), "{}", cases(&none));
}
