//! Finds out what a text of results is, and how its rows are found.
//!
//! In: the beginning of a text, which is read on until a header or a first record is whole. Out: its [`Shape`] and the
//! bytes above the first row; or why it cannot be read, and what to do.

use super::chunk::TextChunks;
use super::csv::header::{Header, header};
use super::json::format::Document;
use super::json::shape::{self, Shape};
use super::{BYTE_ORDER_MARK, Format, InputOptions, MAX_COLUMNS, MAX_ROW, TextFormat};
use crate::diagnostic::{Diagnostic, Diagnostics};
use memchr::memchr_iter;

/// The help for JSON in which no records are found.
const READABLE: &str = "quell reads JSON with one object a line, an array of objects, and what Graph, Defender, Log Analytics and Event Hubs give; turn anything else into one object a line, for example so:\n`jq -c '.rows[]' FILE | quell apply -`";

/// How many bytes are read at first to find out the shape of a file.
pub(super) const BEGINNING: usize = 1 << 20;

/// Why a JSON text has no shape, and what to do.
type Shapeless = (String, &'static str);

/// The shape of a text and the bytes above its first row, or why it cannot be read.
type Detected = Result<(Shape, Vec<u8>), Diagnostics>;

/// Reads as much of a text as it takes to know what it is, and leaves `chunks` at its first row.
pub(super) fn detect(name: &str, chunks: &mut TextChunks, options: &InputOptions) -> Detected {
    let mut wanted = BEGINNING;
    loop {
        let (text, ended) = chunks.peek(wanted).map_err(|error| cannot_read(name, &error))?;
        // If no record is found, it may be longer than what was read: then more is read, up to the longest row.
        let is_enough = ended || wanted >= MAX_ROW;
        if text.starts_with(b"PAR1") {
            return refuse(
                "parquet",
                format!(
                    "{name}: this is Parquet, which quell reads only from a file, and only if it was built with `--features parquet`"
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
        if let Some((what, help)) = no_table(text, start) {
            let help = help.replace("FILE", name);
            return refuse("no-table", format!("{name}: this is {what}, and no table of results"), &help);
        }
        let Some(shape) = json_shape(start, ended, options) else {
            return csv_header(name, chunks, options.delimiter);
        };
        match shape {
            Ok(shape) if ended || !shape.names.is_empty() => {
                if shape.format == Format::JsonLines && has_lone_carriage_return(start) {
                    return lone_carriage_return(name);
                }
                chunks.skip(mark.len());
                return Ok((shape, mark));
            }
            Err((cause, help)) if is_enough => {
                return refuse("json-document", format!("{name}: {cause}"), help);
            }
            Ok(_) if is_enough => {
                let message = format!(
                    "{name}: its first record, or what stands before it, is longer than {} MiB",
                    MAX_ROW >> 20
                );
                return refuse(
                    "no-record",
                    message,
                    "no row of a hunt is that long; check that this is the right file",
                );
            }
            Ok(_) | Err(_) => wanted = MAX_ROW.min(wanted * 2),
        }
    }
}

/// What a text is that holds no rows, and what to do; `None` if it may be a table.
fn no_table(text: &[u8], start: &[u8]) -> Option<(&'static str, &'static str)> {
    const SAVE: &str = "open it in Excel and save it as CSV UTF-8, or export the hunt's results as CSV";
    let begins = |with: &[u8]| start.len() >= with.len() && start[..with.len()].eq_ignore_ascii_case(with);
    if text.starts_with(b"PK\x03\x04") {
        return Some(("a workbook of Excel, or another ZIP archive", SAVE));
    }
    if text.starts_with(b"\xD0\xCF\x11\xE0") {
        return Some(("a workbook of an old Excel, or another document of Office", SAVE));
    }
    if begins(b"<!doctype html") || begins(b"<html") {
        let help = "the portal may have answered with its sign-in page; sign in and export the results again";
        return Some(("a web page", help));
    }
    if begins(b"<?xml") {
        return Some(("an XML document", "export the results as CSV or JSON"));
    }
    if begins(b"%PDF-") {
        return Some(("a PDF document", "export the results as CSV or JSON"));
    }
    if is_query(start) {
        let help =
            "run it and export what it finds; `quell import FILE` reads the exclusions that stand in it";
        return Some(("a query in KQL", help));
    }
    let first = &text[..text.len().min(64)];
    first.contains(&0).then_some(("not text", "export the results as CSV or JSON"))
}

/// The operators that a query in KQL begins a line with.
const OPERATORS: [&str; 16] = [
    "where",
    "project",
    "summarize",
    "extend",
    "join",
    "union",
    "take",
    "limit",
    "distinct",
    "order",
    "sort",
    "parse",
    "mv-expand",
    "evaluate",
    "lookup",
    "top",
];

/// Whether a text is a query in KQL: a table or `let`, then an operator behind a bar.
pub fn is_query(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&text[..text.len().min(1 << 12)]);
    let lines = text.lines().map(str::trim);
    let mut lines = lines.filter(|line| !line.is_empty() && !line.starts_with("//"));
    let Some(first) = lines.next() else { return false };
    let is_operator = |part: &str| {
        let word = part.trim_start().split(' ').next().unwrap_or_default();
        OPERATORS.iter().any(|operator| word == *operator || word.starts_with("project-"))
    };
    let is_let = first.strip_prefix("let ").is_some_and(|rest| rest.contains('='));
    let next = lines.next().and_then(|line| line.strip_prefix('|'));
    first.starts_with(|sign: char| sign.is_ascii_alphabetic() || sign == '_')
        && (is_let || first.split('|').skip(1).any(is_operator) || next.is_some_and(is_operator))
}

fn refuse(code: &'static str, message: String, help: &str) -> Detected {
    Err(Diagnostic::error(code, message).help(help).into())
}

fn lone_carriage_return(name: &str) -> Detected {
    refuse(
        "carriage-return",
        format!(
            "{name}: a line ends in a carriage return without a line feed, as old Macs wrote it, or has one inside"
        ),
        "turn carriage returns into line feeds: `tr '\\r' '\\n' < FILE | quell apply -`",
    )
}

/// The shape of a JSON text, or why it cannot be read; `None` if it is not JSON.
fn json_shape(text: &[u8], ended: bool, options: &InputOptions) -> Option<Result<Shape, Shapeless>> {
    let is_json = || text.split(|byte| *byte == b'\n').any(|line| line.trim_ascii_start().starts_with(b"{"));
    if matches!(options.format, Some(TextFormat::Json | TextFormat::JsonLines))
        && !matches!(text.first(), Some(b'[' | b'{'))
        && !is_json()
    {
        let help = "leave --input-format out: quell sees by itself what a file is";
        return Some(Err(("this is no JSON".to_owned(), help)));
    }
    match (options.format, text.first()) {
        (Some(TextFormat::JsonLines), _) => Some(Ok(shape::of_lines(text))),
        (Some(TextFormat::Json), _) => Some(document_shape(text, ended, shape::document(text))),
        (None, Some(b'[' | b'{')) => Some(document_or_lines(text, ended)),
        (Some(TextFormat::Csv) | None, _) => None,
    }
}

/// Whether the first line holds a whole JSON value and, after a carriage return, something more.
fn has_lone_carriage_return(text: &[u8]) -> bool {
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
    let first = line.split(|byte| *byte == b'\r').next().unwrap_or_default();
    first.len() < line.len() && serde_json::from_slice::<serde::de::IgnoredAny>(first).is_ok()
}

/// The length of the byte order marks that a text begins with. Tools that concatenate files leave more than one.
fn byte_order_marks(text: &[u8]) -> usize {
    text.chunks(BYTE_ORDER_MARK.len()).take_while(|chunk| *chunk == BYTE_ORDER_MARK).count()
        * BYTE_ORDER_MARK.len()
}

/// Reads on until the header of CSV is whole. A byte order mark is not part of the first name: left in place, it would hide
/// the quotation mark that may open the name.
fn csv_header(name: &str, chunks: &mut TextChunks, given: Option<u8>) -> Detected {
    let mut wanted = BEGINNING;
    loop {
        let (text, ended) = chunks.peek(wanted).map_err(|error| cannot_read(name, &error))?;
        // Excel writes `sep=;` above the header to name the delimiter.
        let (named, above) = named_delimiter(text);
        let delimiter = given.or(named).unwrap_or_else(|| guess_delimiter(&text[above..]));
        let blank = text.len() - above - text[above..].trim_ascii_start().len();
        let blank = if text[above..above + blank].contains(&delimiter) { 0 } else { blank };
        match header(&text[above + blank..], delimiter, ended) {
            Header::Whole { names, .. }
                if names.len() == 1 && given.is_some() && other_delimiter(&names[0], delimiter).is_some() =>
            {
                let (sign, word) = other_delimiter(&names[0], delimiter).unwrap_or_default();
                let message = format!(
                    "{name}: with `{}` as the delimiter its header is one column; it looks separated by {word}",
                    char::from(delimiter).escape_default()
                );
                let help = format!("leave --delimiter out: quell sees `{sign}` by itself");
                return refuse("wrong-delimiter", message, &help);
            }
            Header::Whole { names, length } => {
                let preamble = text[..above + blank + length].to_vec();
                chunks.skip(preamble.len());
                return Ok((Shape { format: Format::Csv { delimiter }, names, nested: false }, preamble));
            }
            Header::Open if ended || wanted >= MAX_ROW => {
                let message = format!(
                    "{name}: the header does not end: a quotation mark in it is never closed, or this is not CSV"
                );
                let help = "correct the first line, or name the format with --input-format";
                return refuse("no-header", message, help);
            }
            Header::Open => wanted = MAX_ROW.min(wanted * 2),
            Header::LoneCarriageReturn => return lone_carriage_return(name),
            Header::TooWide => {
                let message = format!("{name}: the header has more than {MAX_COLUMNS} columns");
                let help = "check that this is the right file and that its first line is the header";
                return refuse("too-many-columns", message, help);
            }
        }
    }
}

/// The delimiter that the only name of a header is full of, as it is written and in a word.
fn other_delimiter(header: &str, delimiter: u8) -> Option<(&'static str, &'static str)> {
    const KNOWN: [(u8, &str, &str); 4] = [
        (b',', ",", "commas"),
        (b';', ";", "semicolons"),
        (b'\t', "tab", "tabs"),
        (b'|', "|", "vertical bars"),
    ];
    let guessed = guess_delimiter(header.as_bytes());
    let known = KNOWN.iter().find(|(sign, ..)| *sign == guessed && guessed != delimiter);
    known.filter(|_| header.as_bytes().contains(&guessed)).map(|(_, sign, word)| (*sign, *word))
}

/// The delimiter that a line such as `sep=;` names, and the length of everything above the header: byte order marks and
/// that line.
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

/// The shape of a text that begins with a brace or a bracket: a document if records are found in it, else JSON Lines.
fn document_or_lines(text: &[u8], ended: bool) -> Result<Shape, Shapeless> {
    document_shape(text, ended, shape::recognised(text)).or_else(|cause| {
        let lines = service_error(text).is_none() && is_json_line(text);
        if lines { Ok(shape::of_lines(text)) } else { Err(cause) }
    })
}

/// The shape of a document that holds records.
fn document_shape(text: &[u8], ended: bool, found: Option<Document>) -> Result<Shape, Shapeless> {
    match (found, service_error(text)) {
        (Some(document), _) => Ok(shape::of_document(document, text, ended)),
        (None, Some(error)) => {
            let cause = format!("this is the error message of a service, not results: {error}");
            Err((
                cause,
                "nothing was checked: correct the query or the request, and export the results again",
            ))
        }
        (None, None) => {
            Err(("this is JSON, but quell does not know where its rows are".to_owned(), READABLE))
        }
    }
}

/// The message of a service's answer that holds an error instead of results.
fn service_error(text: &[u8]) -> Option<String> {
    let inside = text.strip_prefix(b"{")?.trim_ascii_start();
    let answer: serde_json::Value =
        inside.starts_with(b"\"error\"").then(|| serde_json::from_slice(text).ok())??;
    answer["error"]["message"].as_str().map(str::to_owned)
}

/// Whether the first line looks like a JSON object of its own, even a broken one, which is then a malformed row. A lone
/// brace, or a line that ends in a bracket or comma, is the beginning of a document instead.
fn is_json_line(text: &[u8]) -> bool {
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
    text.starts_with(b"{") && line.len() > 1 && !line.ends_with(b"[") && !line.ends_with(b",")
}

/// The delimiter that occurs most often in the first line; a comma if none does.
fn guess_delimiter(text: &[u8]) -> u8 {
    let mut lines = text.split(|byte| *byte == b'\n');
    let line = lines.find(|line| !matches!(line, [] | [b'\r'])).unwrap_or_default();
    let count = |delimiter: &u8| memchr_iter(*delimiter, line).count();
    let best = [b',', b';', b'\t', b'|'].into_iter().rev().max_by_key(count);
    best.filter(|delimiter| count(delimiter) > 0).unwrap_or(b',')
}

/// Reports that results cannot be read.
pub(crate) fn cannot_read(name: &str, error: &std::io::Error) -> Diagnostics {
    Diagnostic::error("cannot-read", format!("{name}: {error}")).into()
}
