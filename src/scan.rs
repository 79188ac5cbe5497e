//! Rows of one results file through the matcher into a tally, and their bytes to where they belong.
//!
//! In: a stream, a [`Job`]. Out: to a [`Sink`], in the order of the file: kept bytes, suppressed bytes with
//! who suppressed them, rows that cannot be read; and the [`Tally`]. It opens no files.
//!
//! Chunks are read side by side and put back in order. When a chunk turns out to be irregular, it and
//! everything read after it goes back into the stream, which is cut carefully from there on.

use crate::ledger::{Facts, Ledger};
use crate::matcher::Matcher;
use crate::results::chunk::{Chunk, Chunker};
use crate::results::csv::{Chunked, Splitter};
use crate::results::json::Lines;
use crate::results::{Fault, Format, Row, time};
use crate::tally::Tally;
use memchr::{memchr_iter, memrchr};
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError, mpsc};

/// The column or key that the suppressed file gains.
pub const ATTRIBUTION: &str = "quell_suppressed_by";

/// The rows of one format.
#[derive(Debug)]
pub enum Rows {
    /// Delimiter-separated values.
    Csv(Splitter),
    /// JSON Lines.
    Json(Lines),
}

/// What is to be done with each row.
#[derive(Debug)]
pub struct Job<'m> {
    /// The compiled list. Its slots are the first cells of a row; device, time, process and destination follow.
    pub matcher: &'m Matcher,
    /// The ids of its exclusions.
    pub ids: &'m [&'m str],
    /// How rows are found.
    pub rows: Rows,
    /// Their format.
    pub format: Format,
    /// Whether kept bytes are wanted.
    pub kept: bool,
    /// Whether suppressed bytes are wanted.
    pub suppressed: bool,
    /// Whether the tally has to tell which exclusions cover which rows.
    pub covers: bool,
}

/// Where the bytes go.
pub trait Sink {
    /// Kept rows, byte for byte.
    fn kept(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Suppressed rows with their attribution.
    fn suppressed(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// So many bytes have been read; an error ends the reading.
    fn progress(&mut self, bytes: usize) -> io::Result<()>;
}

/// A row that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadRow {
    /// Line of the file, from 1.
    pub line: u64,
    /// Why.
    pub fault: Fault,
}

/// The outcome of a file.
#[derive(Debug, Default)]
pub struct Scanned {
    /// The counts.
    pub tally: Tally,
    /// The first rows that cannot be read; the tally has their number.
    pub bad_rows: Vec<BadRow>,
    /// JSON: the wanted cells whose key occurred at all.
    pub seen: Vec<bool>,
}

/// Rows that cannot be read and are named by line.
pub const MAX_BAD_ROWS: usize = 100;

/// Bytes read at a time, and threads that judge.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Threads beside the one that reads and writes; at least one.
    pub threads: usize,
}

#[derive(Default)]
struct Part {
    tally: Tally,
    bad_rows: Vec<BadRow>,
    seen: Vec<bool>,
    lines: u64,
    kept: Vec<Range<usize>>,
    suppressed: Vec<u8>,
}

/// Scans a stream that stands at its first data row, on line `line` of the file.
pub fn scan<R: Read>(
    job: &Job<'_>,
    chunker: &mut Chunker<R>,
    line: u64,
    pace: Pace,
    sink: &mut dyn Sink,
) -> io::Result<Scanned> {
    let (send, receive) = mpsc::sync_channel::<(u64, Chunk)>(pace.threads * 2);
    let (done, parts) = mpsc::channel();
    let receive = Mutex::new(receive);
    std::thread::scope(|scope| {
        for _ in 0..pace.threads.max(1) {
            let done = done.clone();
            let receive = &receive;
            scope.spawn(move || work(job, receive, &done));
        }
        drop(done);
        let mut conductor = Conductor {
            out: Scanned::default(),
            waiting: BTreeMap::new(),
            next: 0,
            sent: 0,
            returned: Vec::new(),
            spare: Vec::new(),
            line,
            irregular: false,
        };
        let result = conductor.run(chunker, &send, &parts, pace.threads * 2, sink);
        drop(send);
        result.map(|()| conductor.out)
    })
}

type Outcome = (u64, Chunk, Result<Option<Part>, String>);

fn work(job: &Job<'_>, receive: &Mutex<mpsc::Receiver<(u64, Chunk)>>, done: &mpsc::Sender<Outcome>) {
    let mut ledger = Ledger::new(job.matcher, job.covers);
    loop {
        let next = receive.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((number, chunk)) = next else { return };
        // A panic would leave the others waiting for this chunk for ever.
        let part = catch_unwind(AssertUnwindSafe(|| job.part(&chunk, &mut ledger)));
        let part = part.map_err(|_| "the judging of a row failed; this is a defect of quell".to_owned());
        if done.send((number, chunk, part)).is_err() {
            return;
        }
    }
}

struct Conductor {
    out: Scanned,
    waiting: BTreeMap<u64, (Chunk, Option<Part>)>,
    next: u64,
    sent: u64,
    returned: Vec<u8>,
    spare: Vec<Vec<u8>>,
    line: u64,
    irregular: bool,
}

impl Conductor {
    fn run<R: Read>(
        &mut self,
        chunker: &mut Chunker<R>,
        send: &mpsc::SyncSender<(u64, Chunk)>,
        parts: &mpsc::Receiver<Outcome>,
        ahead: usize,
        sink: &mut dyn Sink,
    ) -> io::Result<()> {
        let defect = || io::Error::other("a worker ended early; this is a defect of quell");
        let mut ended = false;
        loop {
            while !ended && !self.irregular && self.sent - self.next < ahead as u64 {
                let buffer = self.spare.pop().unwrap_or_default();
                let Some(chunk) = chunker.next(buffer)? else {
                    ended = true;
                    break;
                };
                send.send((self.sent, chunk)).map_err(|_| defect())?;
                self.sent += 1;
            }
            if self.sent == self.next {
                if !self.irregular {
                    return Ok(());
                }
                self.start_over(chunker);
                ended = false;
                continue;
            }
            let (number, chunk, part) = parts.recv().map_err(|_| defect())?;
            self.waiting.insert(number, (chunk, part.map_err(io::Error::other)?));
            while let Some((chunk, part)) = self.waiting.remove(&self.next) {
                self.next += 1;
                self.take(chunk, part, sink)?;
            }
        }
    }

    fn take(&mut self, chunk: Chunk, part: Option<Part>, sink: &mut dyn Sink) -> io::Result<()> {
        let Some(part) = part.filter(|_| !self.irregular) else {
            self.irregular = true;
            self.returned.extend_from_slice(&chunk.bytes);
            return Ok(());
        };
        for range in &part.kept {
            sink.kept(&chunk.bytes[range.clone()])?;
        }
        if !part.suppressed.is_empty() {
            sink.suppressed(&part.suppressed)?;
        }
        let line = self.line;
        let room = MAX_BAD_ROWS - self.out.bad_rows.len();
        let bad_rows = part.bad_rows.into_iter().take(room);
        self.out.bad_rows.extend(bad_rows.map(|bad| BadRow { line: bad.line + line, ..bad }));
        self.line += part.lines;
        self.out.tally.merge(part.tally);
        self.out.seen.resize(part.seen.len(), false);
        self.out.seen.iter_mut().zip(&part.seen).for_each(|(all, one)| *all |= one);
        sink.progress(chunk.bytes.len())?;
        self.spare.push(chunk.bytes);
        Ok(())
    }

    fn start_over<R: Read>(&mut self, chunker: &mut Chunker<R>) {
        chunker.put_back(&self.returned);
        chunker.be_careful();
        self.returned = Vec::new();
        self.irregular = false;
    }
}

impl Job<'_> {
    /// Judges the rows of a chunk; `None` if the chunk is irregular.
    fn part(&self, chunk: &Chunk, ledger: &mut Ledger<'_>) -> Option<Part> {
        let mut part = Part::default();
        let bytes = chunk.bytes.as_slice();
        let mut kept_to = 0;
        let mut take = |part: &mut Part, row: &Row<'_>| {
            if self.judge(row, bytes, part, ledger) && self.kept {
                push_run(&mut part.kept, kept_to..row.start);
                kept_to = row.start + row.bytes.len();
            }
        };
        match &self.rows {
            Rows::Csv(splitter) => {
                let chunked = splitter.rows(bytes, chunk.cut, chunk.last, |row| take(&mut part, row));
                if chunked == Chunked::Irregular {
                    ledger.forget();
                    return None;
                }
            }
            Rows::Json(lines) => {
                let mut seen = vec![false; self.matcher.slots().len() + 4];
                lines.rows(bytes, &mut seen, |row| take(&mut part, row));
                part.seen = seen;
            }
        }
        if self.kept {
            push_run(&mut part.kept, kept_to..bytes.len());
        }
        part.tally = ledger.take();
        part.lines = memchr_iter(b'\n', bytes).count() as u64;
        Some(part)
    }

    /// Judges and counts a row; true if it is suppressed.
    fn judge(&self, row: &Row<'_>, chunk: &[u8], part: &mut Part, ledger: &mut Ledger<'_>) -> bool {
        let cells = match row.cells {
            Ok(cells) => cells,
            Err(fault) => {
                if part.bad_rows.len() < MAX_BAD_ROWS {
                    let line = memchr_iter(b'\n', &chunk[..row.start]).count() as u64;
                    part.bad_rows.push(BadRow { line, fault });
                }
                ledger.malformed();
                return false;
            }
        };
        let (judged, counted) = cells.split_at(self.matcher.slots().len());
        let facts = Facts {
            device: counted[0].filter(|name| !name.is_empty()),
            time: counted[1].and_then(time::parse),
            process: counted[2],
            destination: counted[3],
        };
        let covering = ledger.row(judged, &facts);
        if self.suppressed && !covering.is_empty() {
            self.attribute(row.bytes, covering, &mut part.suppressed);
        }
        !covering.is_empty()
    }

    /// Appends a row with the ids of the exclusions that cover it.
    fn attribute(&self, row: &[u8], by: &[u32], out: &mut Vec<u8>) {
        let ids = by.iter().map(|place| self.ids[*place as usize]);
        match self.format {
            Format::Csv { delimiter } => {
                let (row, end) = split_line_end(row);
                out.extend_from_slice(row);
                out.push(delimiter);
                join(out, ids, separator(delimiter), "");
                out.extend_from_slice(end);
            }
            Format::JsonLines => {
                let brace = memrchr(b'}', row).unwrap_or(row.len());
                out.extend_from_slice(&row[..brace]);
                out.extend_from_slice(format!(",\"{ATTRIBUTION}\":[").as_bytes());
                join(out, ids, b",", "\"");
                out.push(b']');
                out.extend_from_slice(&row[brace..]);
            }
        }
    }
}

/// A row and its end of line.
pub fn split_line_end(row: &[u8]) -> (&[u8], &[u8]) {
    let length = match row {
        [.., b'\r', b'\n'] => 2,
        [.., b'\n'] => 1,
        _ => 0,
    };
    row.split_at(row.len() - length)
}

/// What stands between two ids of one cell: never the delimiter itself.
fn separator(delimiter: u8) -> &'static [u8] {
    if delimiter == b';' { b"," } else { b";" }
}

fn join<'i>(out: &mut Vec<u8>, ids: impl Iterator<Item = &'i str>, between: &[u8], around: &str) {
    for (place, id) in ids.enumerate() {
        if place > 0 {
            out.extend_from_slice(between);
        }
        out.extend_from_slice(around.as_bytes());
        out.extend_from_slice(id.as_bytes());
        out.extend_from_slice(around.as_bytes());
    }
}

/// Adds a run of bytes, empty ones not.
fn push_run(runs: &mut Vec<Range<usize>>, run: Range<usize>) {
    if !run.is_empty() {
        runs.push(run);
    }
}
