//! Opens results and finds out what they are.

use super::{Outcome, fail};
use crate::cli::Input;
use memchr::memchr_iter;
use quell::diagnostic::Diagnostic;
use quell::exclusions::model::{Exclusion, FieldRef};
use quell::fields::Field;
use quell::results::Format;
use quell::results::chunk::{CHUNK, Chunker, MAX_ROW};
use quell::results::csv::{self, Splitter};
use quell::results::encoding::Encoding;
use quell::results::json::Lines;
use quell::results::layout::{Layout, Wanted};
use quell::results::shape::{self, Document, Shape};
use quell::results::table::Table;
use quell::results::unpack::unpack;
use quell::scan::Rows;
use quell::schema::{Schema, Schemas, Source, column_name};
use std::fs::File;
use std::io::{self, Read};

/// In UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Results that are open and understood.
pub(super) struct Opened {
    pub(super) name: String,
    pub(super) chunker: Chunker<Box<dyn Read>>,
    pub(super) format: Format,
    /// The bytes before the first row: a byte order mark, the header of CSV.
    pub(super) preamble: Vec<u8>,
    /// Line of the first row.
    pub(super) line: u64,
    /// Column names as they stand; for JSON the keys of the first lines.
    pub(super) names: Vec<String>,
    /// Bytes, if that is known.
    pub(super) size: Option<u64>,
    /// How the text is stored.
    pub(super) encoding: Encoding,
    /// The columns stand below a key of their own.
    nested: bool,
}

/// Opens results; `-` is standard input.
pub(super) fn open(name: &str, input: &Input) -> Outcome<Opened> {
    let (reader, size): (Box<dyn Read>, Option<u64>) = if name == "-" {
        (Box::new(io::stdin()), None)
    } else {
        let file = File::open(name).and_then(|file| Ok((file.metadata()?, file)));
        match file {
            Ok((about, _)) if about.is_dir() => {
                return fail("cannot-read", format!("{name} is a folder"), "name the files in it");
            }
            Ok((about, file)) => (Box::new(file), about.is_file().then_some(about.len())),
            Err(error) => return cannot_read(name, &error),
        }
    };
    let unpacked = match unpack(reader) {
        Ok(unpacked) => unpacked,
        Err(error) => return cannot_read(name, &error),
    };
    let encoding = unpacked.encoding;
    // Progress counts bytes of the text.
    let size = size.filter(|_| unpacked.packing.is_none() && encoding == Encoding::Utf8);
    let mut chunker = Chunker::new(unpacked.reader, CHUNK);
    match understand(name, &mut chunker, input) {
        Ok((shape, preamble)) => {
            let Shape { format, names, nested } = shape;
            chunker.set_format(format);
            let line = 1 + memchr_iter(b'\n', &preamble).count() as u64;
            Ok(Opened {
                name: name.to_owned(),
                chunker,
                format,
                preamble,
                line,
                names,
                size,
                encoding,
                nested,
            })
        }
        Err(Ok(error)) => cannot_read(name, &error),
        Err(Err(diagnostic)) => Err(vec![diagnostic]),
    }
}

/// A failure to read.
pub(super) fn cannot_read<T>(name: &str, error: &io::Error) -> Outcome<T> {
    fail("cannot-read", format!("{name}: {error}"), "")
}

type Understood = Result<(Shape, Vec<u8>), Result<io::Error, Diagnostic>>;

fn understand(name: &str, chunker: &mut Chunker<Box<dyn Read>>, input: &Input) -> Understood {
    let (mut text, mut ended) = chunker.peek(CHUNK).map_err(Ok)?;
    let refuse = |code, message: String, help: &str| Err(Err(Diagnostic::error(code, message).help(help)));
    let mark = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK } else { b"" };
    let start = text[mark.len()..].trim_ascii_start();
    let json = match start.first() {
        Some(b'[' | b'{') => Some(json_shape(start, ended)),
        _ => None,
    };
    match json {
        Some(Ok(shape)) => {
            let mark = mark.to_vec();
            chunker.skip(mark.len());
            return Ok((shape, mark));
        }
        Some(Err(cause)) => {
            return refuse(
                "json-document",
                format!("{name}: {cause}"),
                "these are read: one object a line, an array of objects, and the answers and streams of Graph, Defender, Log Analytics and Event Hubs; make others lines with `jq -c`",
            );
        }
        None => {}
    }
    if start.is_empty() && ended {
        return refuse(
            "empty-results",
            format!("{name}: THIS FILE IS EMPTY, without so much as a header"),
            "nothing was checked; export the results again",
        );
    }
    let mut wanted = CHUNK;
    loop {
        let delimiter = input.delimiter.unwrap_or_else(|| guess_delimiter(text));
        let blank = text.len() - text.trim_ascii_start().len();
        let blank = if text[..blank].contains(&delimiter) { 0 } else { blank };
        if let Some((names, length)) = csv::header(&text[blank..], delimiter, ended) {
            let preamble = text[..blank + length].to_vec();
            chunker.skip(preamble.len());
            return Ok((Shape { format: Format::Csv { delimiter }, names, nested: false }, preamble));
        }
        if ended || wanted > MAX_ROW {
            return refuse(
                "no-header",
                format!("{name}: the header has a quotation mark that is never closed"),
                "correct the first line",
            );
        }
        wanted *= 2;
        (text, ended) = chunker.peek(wanted).map_err(Ok)?;
    }
}

/// The shape of a text that begins with a brace or a bracket, or why it has none.
fn json_shape(text: &[u8], ended: bool) -> Result<Shape, String> {
    if let Some(document) = shape::document(text) {
        return Ok(shape::of_document(document, text, ended));
    }
    if let Some(error) = service_error(text) {
        return Err(format!("this is an error that a service answered, not results: {error}"));
    }
    if is_json_line(text) {
        return Ok(shape::of_lines(text));
    }
    Err("this is one JSON document, and none whose records are known".to_owned())
}

/// The message of an answer that is nothing but an error.
fn service_error(text: &[u8]) -> Option<String> {
    let inside = text.strip_prefix(b"{")?.trim_ascii_start();
    let answer: serde_json::Value =
        inside.starts_with(b"\"error\"").then(|| serde_json::from_slice(text).ok())??;
    answer["error"]["message"].as_str().map(str::to_owned)
}

/// Whether the first line may be a whole JSON object. A broken first line among lines is a malformed row; a lone brace
/// opens a document.
fn is_json_line(text: &[u8]) -> bool {
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
    text.starts_with(b"{") && line.len() > 1 && !line.ends_with(b"[") && !line.ends_with(b",")
}

/// The delimiter that the first line has most of; a comma if none.
fn guess_delimiter(text: &[u8]) -> u8 {
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |delimiter: &u8| memchr_iter(*delimiter, line).count();
    let best = [b',', b';', b'\t'].into_iter().rev().max_by_key(count);
    best.filter(|delimiter| count(delimiter) > 0).unwrap_or(b',')
}

/// The schema of results: the one that was named, or the one that knows most of their columns.
pub(super) fn schema<'s>(opened: &Opened, schemas: &'s Schemas, named: Option<&str>) -> Outcome<&'s Schema> {
    if let Some(schema) = named.and_then(|name| schemas.named(name)) {
        return Ok(schema);
    }
    let columns: Vec<String> = opened.names.iter().map(|name| column_name(name).to_owned()).collect();
    if let Some(schema) = schemas.recognise(&columns) {
        return Ok(schema);
    }
    let shown: Vec<&str> = columns.iter().take(8).map(String::as_str).collect();
    let columns = if shown.concat().is_empty() {
        "it has no columns".to_owned()
    } else {
        format!("its columns begin {}", shown.join(", "))
    };
    fail(
        "unknown-columns",
        format!("{}: no schema knows these columns: {columns}", opened.name),
        "name the schema with --schema, or describe the columns in a YAML file: docs/fields.md",
    )
}

/// What the reader has to find in each row: the cells that are judged, then device, time, process and destination.
pub(super) fn wanted(slots: &[FieldRef], schema: &Schema) -> Vec<Wanted> {
    let plain = |columns: &[String]| {
        columns.iter().map(|column| Source { column: column.clone(), path: false }).collect()
    };
    let field =
        |name: &str| Field::named(name).map(|field| schema.sources(field).to_vec()).unwrap_or_default();
    let mut wanted: Vec<Wanted> = slots.iter().map(|slot| sources(slot, schema)).collect();
    wanted.push(plain(&schema.device));
    wanted.push(plain(&schema.time));
    wanted.push(field("process.name"));
    wanted.push(field("destination.ip"));
    wanted
}

/// The columns that may hold what a condition looks at.
pub(super) fn sources(slot: &FieldRef, schema: &Schema) -> Wanted {
    match slot {
        FieldRef::Field(field) => schema.sources(*field).to_vec(),
        FieldRef::Column(column) => vec![Source { column: column.name.clone(), path: false }],
    }
}

/// How the rows of these results are found.
pub(super) fn rows(opened: &Opened, mut wanted: Vec<Wanted>) -> (Rows, Layout) {
    if opened.nested {
        for source in wanted.iter_mut().flatten() {
            source.column = shape::nested(&source.column);
        }
    }
    let layout = if opened.format.has_header() {
        Layout::of_header(wanted, &opened.names)
    } else {
        Layout::of_keys(wanted)
    };
    let rows = match opened.format {
        Format::Csv { delimiter } => Rows::Csv(Splitter::new(delimiter, layout.clone(), &opened.names)),
        Format::Document(Document::Tables) => Rows::Table(Table::new(layout.clone(), &opened.names)),
        Format::JsonLines | Format::Document(_) => Rows::Json(Lines::new(layout.clone())),
    };
    (rows, layout)
}

/// A column that exclusions need and that the results do not have.
pub(super) struct Missing<'e> {
    pub(super) slot: &'e FieldRef,
    pub(super) exclusions: Vec<&'e str>,
}

/// The needed columns for which `has` says no.
pub(super) fn missing<'e>(
    slots: &'e [FieldRef],
    exclusions: &[&'e Exclusion],
    has: impl Fn(usize) -> bool,
) -> Vec<Missing<'e>> {
    let absent = slots.iter().enumerate().filter(|(place, _)| !has(*place));
    absent
        .map(|(_, slot)| Missing {
            slot,
            exclusions: exclusions
                .iter()
                .filter(|e| e.fields().contains(&slot))
                .map(|e| e.id.as_str())
                .collect(),
        })
        .collect()
}

/// Says which columns are missing and what to do; its own message for results that a `summarize` has been over.
pub(super) fn missing_columns(opened: &Opened, schema: &Schema, missing: &[Missing<'_>]) -> Vec<Diagnostic> {
    let columns: Vec<String> = missing.iter().map(|m| column_of(m.slot, schema)).collect();
    if is_summarised(opened, schema) {
        return vec![summarised(opened, schema, missing, &columns)];
    }
    missing
        .iter()
        .zip(&columns)
        .map(|(missing, column)| {
            let message = format!("{}: there is no column {column}, which holds {}", opened.name, missing.slot.name());
            let near = quell::fields::nearest(column, opened.names.iter().map(String::as_str));
            let near = near.first().map(|near| format!("the nearest column is `{near}`; ")).unwrap_or_default();
            Diagnostic::error("missing-column", message)
                .help(format!("needed by {}", some(&missing.exclusions)))
                .help(format!("{near}export the rows with it, name another --schema, or keep all these rows as undecidable with --allow-missing-columns"))
        })
        .collect()
}

fn column_of(slot: &FieldRef, schema: &Schema) -> String {
    let sources = sources(slot, schema);
    if sources.is_empty() {
        return format!("for {} in schema {}", slot.name(), schema.name);
    }
    let names: Vec<String> = sources.iter().map(|source| source.column.clone()).collect();
    names.join(" or ")
}

fn some(ids: &[&str]) -> String {
    let shown = ids.iter().take(5).copied().collect::<Vec<_>>().join(", ");
    match ids.len().saturating_sub(5) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Whether columns are there that only an aggregation makes, and the row's own time is not.
fn is_summarised(opened: &Opened, schema: &Schema) -> bool {
    let has = |name: &str| opened.names.iter().any(|column| column_name(column) == name);
    let made = opened.names.iter().any(|name| {
        let name = column_name(name).to_ascii_lowercase();
        name == "count"
            || name.starts_with("count_")
            || name.starts_with("dcount")
            || name.contains("firstseen")
            || name.starts_with("min_")
            || name.starts_with("make_set")
            || name.starts_with("set_")
    });
    made && !schema.time.iter().any(|column| has(column))
}

fn summarised(opened: &Opened, schema: &Schema, missing: &[Missing<'_>], columns: &[String]) -> Diagnostic {
    let mut ids: Vec<&str> = missing.iter().flat_map(|m| m.exclusions.iter().copied()).collect();
    ids.sort_unstable();
    ids.dedup();
    let dropped = columns.join(", ");
    let message = format!(
        "{}: these results are summarised, and the hunt's `summarize` dropped {dropped}",
        opened.name
    );
    let by: Vec<&str> = opened
        .names
        .iter()
        .map(|name| column_name(name))
        .filter(|name| schema.columns.contains_key(*name))
        .collect();
    let time = schema.time.first().map_or("Timestamp", String::as_str);
    let table = schema.table.as_deref().unwrap_or("the hunt's table");
    let mut kept: Vec<&str> = vec![time];
    kept.extend(by);
    kept.extend(columns.iter().map(String::as_str));
    Diagnostic::error("summarised", message)
        .help(format!("{} cannot be judged: one line stands for many connections, and what they went to is gone", some(&ids)))
        .help(format!(
            "export the rows before they are summarised. In the hunt, replace `| summarize ...` and what follows by\n| project {}\nso that it reads\n{table}\n| where ...the hunt's own conditions, as they are...\n| project {}",
            kept.join(", "),
            kept.join(", ")
        ))
}
