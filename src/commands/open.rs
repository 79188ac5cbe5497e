//! Opens results and finds out what they are.
//!
//! In: names of files as they were given. Out: [`Opened`], text whose shape is known and whose rows are still to come.
//! What the columns mean is not asked here.

use super::{Outcome, fail};
use crate::cli::{Input, InputFormat};
use memchr::memchr_iter;
use quell::diagnostic::Diagnostic;
use quell::results::chunk::{CHUNK, Chunker, MAX_ROW};
use quell::results::encoding::Encoding;
use quell::results::header::{Header, header as header_of};
use quell::results::shape::{self, Document, Shape};
use quell::results::time::Dates;
use quell::results::unpack::unpack;
use quell::results::{Format, MAX_COLUMNS};
use std::io::{self, Read};
use std::path::Path;

/// Rows whose dates are looked at.
const SAMPLE: usize = 2_000;

/// What the help says of JSON that is not understood.
const READABLE: &str = "these are read: one object a line, an array of objects, and the answers and streams of Graph, Defender, Log Analytics and Event Hubs; make others lines with `jq -c`";

/// In UTF-8.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Results that are open and understood.
pub(super) struct Opened {
    pub(super) name: String,
    pub(super) chunker: Chunker<Box<dyn Read + Send>>,
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
    pub(super) nested: bool,
    /// CSV: how the times are written in columns that say they are UTC.
    pub(super) dates: Dates,
    /// Parquet: its columns instead of text.
    #[cfg(feature = "parquet")]
    pub(super) columns: Option<quell::scan::parquet::Columns>,
}

/// The files that names and patterns stand for. A shell does this too, unless the pattern is quoted or the shell is one
/// of Windows.
pub(super) fn files(names: &[String]) -> Outcome<Vec<String>> {
    let mut files = Vec::new();
    for name in names {
        if name == "-" || Path::new(name).exists() || !name.contains(['*', '?', '[']) {
            files.push(name.clone());
            continue;
        }
        let found = match glob::glob(name) {
            Ok(found) => found,
            Err(error) => return fail("bad-pattern", format!("{name}: {error}"), "quote `[` as `[[]`"),
        };
        let before = files.len();
        for path in found {
            match path {
                Ok(path) if path.is_dir() => {}
                Ok(path) => files.push(path.display().to_string()),
                Err(error) => return fail("cannot-read", error.to_string(), ""),
            }
        }
        if files.len() == before {
            return fail("no-such-file", format!("{name}: no file matches this pattern"), "");
        }
    }
    Ok(files)
}

/// Opens all of them.
pub(super) fn open_all(names: &[String], input: &Input) -> Outcome<Vec<Opened>> {
    files(names)?.iter().map(|name| open(name, input)).collect()
}

/// Opens results; `-` is standard input.
pub(super) fn open(name: &str, input: &Input) -> Outcome<Opened> {
    #[cfg(feature = "parquet")]
    if let Some(opened) = super::columnar::open(name)? {
        return Ok(opened);
    }
    let (reader, size): (Box<dyn Read + Send>, Option<u64>) = if name == "-" {
        if let Err(error) = super::files::reads_standard_input() {
            return cannot_read(name, &error);
        }
        (Box::new(io::stdin()), None)
    } else {
        let file = super::files::open(Path::new(name)).and_then(|file| Ok((file.metadata()?, file)));
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
            let dates = dates(&mut chunker, format, &names);
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
                dates,
                #[cfg(feature = "parquet")]
                columns: None,
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

/// Bytes from which the shape of a file is told.
const BEGINNING: usize = 1 << 20;

type Understood = Result<(Shape, Vec<u8>), Result<io::Error, Diagnostic>>;

fn understand(name: &str, chunker: &mut Chunker<Box<dyn Read + Send>>, input: &Input) -> Understood {
    let mut wanted = BEGINNING;
    loop {
        let (text, ended) = chunker.peek(wanted).map_err(Ok)?;
        // A record or an envelope may be longer than the beginning.
        let whole = ended || wanted >= MAX_ROW;
        if text.starts_with(b"PAR1") {
            return refuse(
                "parquet",
                format!(
                    "{name}: this is Parquet, which quell reads from a file and if built with --features parquet"
                ),
                "convert it into a pipe: `duckdb -c \"COPY (FROM 'FILE') TO '/dev/stdout' (FORMAT csv, HEADER)\" | quell apply -`",
            );
        }
        let mark = text[..byte_order_marks(text)].to_vec();
        let start = text[mark.len()..].trim_ascii_start();
        if start.is_empty() && ended {
            return refuse(
                "empty-results",
                format!("{name}: THIS FILE IS EMPTY, without so much as a header"),
                "nothing was checked; export the results again",
            );
        }
        let Some(shape) = shape_of_json(start, ended, input) else {
            return header(name, chunker, input.delimiter);
        };
        match shape {
            Ok(shape) if ended || !shape.names.is_empty() => {
                if shape.format == Format::JsonLines && has_lone_carriage_return(start) {
                    return carriage_return(name);
                }
                chunker.skip(mark.len());
                return Ok((shape, mark));
            }
            Err(cause) if whole => return refuse("json-document", format!("{name}: {cause}"), READABLE),
            Ok(_) if whole => {
                let message = format!(
                    "{name}: its first record, or what stands before it, is longer than {} MiB",
                    MAX_ROW >> 20
                );
                return refuse(
                    "no-record",
                    message,
                    "a record that is so long is no row of a hunt's results",
                );
            }
            Ok(_) | Err(_) => wanted = MAX_ROW.min(wanted * 2),
        }
    }
}

fn refuse(code: &'static str, message: String, help: &str) -> Understood {
    Err(Err(Diagnostic::error(code, message).help(help)))
}

fn carriage_return(name: &str) -> Understood {
    refuse(
        "carriage-return",
        format!(
            "{name}: carriage returns without line feeds end its lines, as old Macs wrote them, or stand inside of one"
        ),
        "make them line feeds: `tr '\\r' '\\n' < FILE | quell apply -`",
    )
}

/// What a text of JSON is, or why it cannot be read; `None` if it is not JSON.
fn shape_of_json(text: &[u8], ended: bool, input: &Input) -> Option<Result<Shape, String>> {
    match (input.format_of, text.first()) {
        (Some(InputFormat::Jsonl), _) => Some(Ok(shape::of_lines(text))),
        (Some(InputFormat::Json), _) => Some(document(text, ended, shape::document(text))),
        (None, Some(b'[' | b'{')) => Some(json_shape(text, ended)),
        (Some(InputFormat::Csv) | None, _) => None,
    }
}

/// Whether the first line holds several values with carriage returns between them.
fn has_lone_carriage_return(text: &[u8]) -> bool {
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
    let first = line.split(|byte| *byte == b'\r').next().unwrap_or_default();
    first.len() < line.len() && serde_json::from_slice::<serde::de::IgnoredAny>(first).is_ok()
}

/// The length of the byte order marks that a text begins with. Tools that put files together leave more than one.
fn byte_order_marks(text: &[u8]) -> usize {
    text.chunks(BYTE_ORDER_MARK.len()).take_while(|chunk| *chunk == BYTE_ORDER_MARK).count()
        * BYTE_ORDER_MARK.len()
}

/// Reads on until the header of CSV is whole. A byte order mark is no part of its first name: left there, it would hide
/// the quotation mark that opens it.
fn header(name: &str, chunker: &mut Chunker<Box<dyn Read + Send>>, delimiter: Option<u8>) -> Understood {
    let mut wanted = BEGINNING;
    loop {
        let (text, ended) = chunker.peek(wanted).map_err(Ok)?;
        // Excel's own line above the header names the delimiter.
        let (named, above) = named_delimiter(text);
        let delimiter = delimiter.or(named).unwrap_or_else(|| guess_delimiter(&text[above..]));
        let blank = text.len() - above - text[above..].trim_ascii_start().len();
        let blank = if text[above..above + blank].contains(&delimiter) { 0 } else { blank };
        match header_of(&text[above + blank..], delimiter, ended) {
            Header::Whole { names, length } => {
                let preamble = text[..above + blank + length].to_vec();
                chunker.skip(preamble.len());
                return Ok((Shape { format: Format::Csv { delimiter }, names, nested: false }, preamble));
            }
            Header::Open if ended || wanted >= MAX_ROW => {
                let message = format!(
                    "{name}: the header does not end within {} MiB: a quotation mark in it is never closed, or this is no table",
                    MAX_ROW >> 20
                );
                return refuse("no-header", message, "correct the first line");
            }
            Header::Open => wanted = MAX_ROW.min(wanted * 2),
            Header::LoneCarriageReturn => return carriage_return(name),
            Header::TooWide => {
                let message = format!("{name}: the header has more than {MAX_COLUMNS} columns");
                return refuse(
                    "too-many-columns",
                    message,
                    "this is no table of results, or its first line is broken",
                );
            }
        }
    }
}

/// The delimiter that a line `sep=;` names, and the length of what stands above the header: that line and byte order
/// marks.
fn named_delimiter(text: &[u8]) -> (Option<u8>, usize) {
    let mark = byte_order_marks(text);
    match &text[mark..] {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter, b'\r', b'\n', ..] => {
            (Some(*delimiter), mark + 7)
        }
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter, b'\n', ..] => (Some(*delimiter), mark + 6),
        _ => (None, mark),
    }
}

/// How the first rows write the times of columns that say they are UTC, as `TimeGenerated [UTC]` does.
fn dates(chunker: &mut Chunker<Box<dyn Read + Send>>, format: Format, names: &[String]) -> Dates {
    let Format::Csv { delimiter } = format else { return Dates::Iso };
    let columns: Vec<usize> = (0..names.len()).filter(|place| is_utc(&names[*place])).collect();
    if columns.is_empty() {
        return Dates::Iso;
    }
    // A failure to read meets the scan too, and is said there.
    let Ok((text, _)) = chunker.peek(BEGINNING) else { return Dates::Iso };
    let reader =
        ::csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text);
    let rows: Vec<_> = reader.into_records().map_while(Result::ok).take(SAMPLE).collect();
    Dates::of(rows.iter().flat_map(|row| columns.iter().filter_map(|column| row.get(*column))))
}

/// Whether the name of a column says that its times are UTC.
pub(super) fn is_utc(name: &str) -> bool {
    name.trim_end().ends_with(" [UTC]")
}

/// The shape of a text that begins with a brace or a bracket, or why it has none.
fn json_shape(text: &[u8], ended: bool) -> Result<Shape, String> {
    document(text, ended, shape::recognised(text)).or_else(|cause| {
        let lines = service_error(text).is_none() && is_json_line(text);
        if lines { Ok(shape::of_lines(text)) } else { Err(cause) }
    })
}

/// The shape of a document that holds records.
fn document(text: &[u8], ended: bool, found: Option<Document>) -> Result<Shape, String> {
    match (found, service_error(text)) {
        (Some(document), _) => Ok(shape::of_document(document, text, ended)),
        (None, Some(error)) => Err(format!("this is an error that a service answered, not results: {error}")),
        (None, None) => Err("this is no JSON document whose records are known".to_owned()),
    }
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
    let mut lines = text.split(|byte| *byte == b'\n');
    let line = lines.find(|line| !matches!(line, [] | [b'\r'])).unwrap_or_default();
    let count = |delimiter: &u8| memchr_iter(*delimiter, line).count();
    let best = [b',', b';', b'\t'].into_iter().rev().max_by_key(count);
    best.filter(|delimiter| count(delimiter) > 0).unwrap_or(b',')
}
