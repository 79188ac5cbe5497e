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
use crate::results::csv::Chunked;
use crate::results::document::Kind;
use crate::results::duplicate::DuplicateKey;
use crate::results::json::Line;
use crate::results::{Fault, Format, Row, time};
use crate::tally::Tally;
use memchr::memchr_iter;
use std::hash::Hash;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

mod attribute;
mod conductor;
mod desk;
#[cfg(feature = "parquet")]
pub mod parquet;
mod repeats;
mod rows;
mod weave;
mod worker;

pub use attribute::{ATTRIBUTION, split_line_end};
use attribute::{COLUMN, attribute};
use conductor::Conductor;
use desk::Desk;
use repeats::Identity;
pub use repeats::{REMEMBERED, Repeats};
pub use rows::Rows;
use weave::Strand;
use worker::{Source, work};

/// What is to be done with each row.
#[derive(Debug)]
pub struct Job<'m> {
    /// The compiled list. Its slots are the first cells of a row; device, time, process and destination follow, and
    /// if there are any more, the device's id and the report's.
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
    /// How times are written that are not ISO 8601, if that is known.
    pub order: Option<time::Order>,
    /// Where rows are looked for that repeat another.
    pub repeats: Option<&'m Repeats>,
}

/// Where the bytes go.
pub trait Sink {
    /// Kept rows, byte for byte.
    fn kept(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Kept rows that stand in several places of a text.
    fn kept_runs(&mut self, text: &[u8], runs: &[Range<usize>]) -> io::Result<()> {
        runs.iter().try_for_each(|run| self.kept(&text[run.clone()]))
    }
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
    /// JSON objects: the wanted cells whose key occurred at all.
    pub seen: Vec<bool>,
    /// The text ends inside a row or a document.
    pub cut_off: bool,
    /// A JSON document breaks somewhere, so that what follows could not be read.
    pub lost: bool,
    /// JSON documents: objects that have no records where some should be.
    pub without: u64,
    /// What the service says went wrong beside the results: they are not all.
    pub error: Option<String>,
}

/// Cells of a row beside those that are judged.
const COUNTED: usize = 6;
/// The last of them, which tell only whether rows repeat each other.
const IDENTIFYING: usize = 2;

/// Rows that cannot be read and are named by line.
pub const MAX_BAD_ROWS: usize = 100;

/// How many rows are looked at at a time.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Threads that read, judge and write; at least one.
    pub threads: usize,
}

#[derive(Default)]
struct Part {
    clock: time::Clock,
    bad_rows: Vec<BadRow>,
    seen: Vec<bool>,
    lines: u64,
    kept: Vec<Range<usize>>,
    suppressed: Vec<u8>,
    /// JSON documents: kept and suppressed.
    woven: Option<[Strand; 2]>,
    /// The text ends inside its last row.
    cut_off: bool,
    /// Rows that a later one might repeat.
    identities: Vec<Identity>,
    /// The first row in which a key that is looked at stands twice.
    duplicate_key: Option<DuplicateKey>,
}

/// Where a row goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    Suppressed,
    /// It repeats another.
    Dropped,
}

/// Scans a stream that stands at its first data row, on line `line` of the file.
///
/// A [`DuplicateKey`] is an error of the whole file, and stands inside of the [`io::Error`].
pub fn scan<R: Read + Send>(
    job: &Job<'_>,
    chunker: &mut Chunker<R>,
    line: u64,
    pace: Pace,
    sink: &mut (dyn Sink + Send),
) -> io::Result<Scanned> {
    // Which of two rows is the repeat depends on their order.
    let in_order = job.repeats.is_some_and(Repeats::drops);
    let threads = if in_order { 1 } else { pace.threads.max(1) };
    let source = Mutex::new(Source { chunker, sent: 0, returns: 0 });
    let conductor = Mutex::new(Conductor::new(job, line, threads, sink));
    let desk = Desk::new(threads);
    std::thread::scope(|scope| {
        let (source, conductor, desk) = (&source, &conductor, &desk);
        for worker in 1..threads {
            let thread = std::thread::Builder::new().name(format!("worker {worker}"));
            // Where the system gives no more threads, those that are there do the work.
            if thread.spawn_scoped(scope, move || work(job, worker, source, conductor, desk)).is_err() {
                break;
            }
        }
        work(job, 0, source, conductor, desk);
    });
    if let Some(error) = desk.failure() {
        return Err(error);
    }
    let mut out = conductor.into_inner().unwrap_or_else(PoisonError::into_inner).finish();
    if let Some(walker) = locked(&source).chunker.walker() {
        out.cut_off |= walker.is_cut_off();
        out.lost = walker.is_lost();
        out.without = walker.without_records();
        out.error = walker.error().map(str::to_owned);
    }
    Ok(out)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Job<'_> {
    /// Judges the rows of a chunk; `None` if the chunk is irregular.
    fn part(&self, chunk: &Chunk, ledger: &mut Ledger<'_>) -> Option<Part> {
        if self.repeats.is_some_and(|repeats| repeats.must_wait(chunk.cut)) {
            return None;
        }
        let mut part = Part::default();
        let bytes = chunk.bytes.as_slice();
        let mut seen = vec![false; self.matcher.slots().len() + COUNTED];
        if chunk.pieces.is_empty() {
            let mut kept_to = 0;
            let counted =
                if self.repeats.is_some_and(Repeats::looks) { COUNTED } else { COUNTED - IDENTIFYING };
            let cells = self.matcher.slots().len() + counted;
            let chunked = self.rows.each(cells, chunk, &mut seen, |row| {
                if self.judge(row, chunk, &mut part, ledger) != Fate::Kept && self.kept {
                    push_run(&mut part.kept, kept_to..row.start);
                    kept_to = row.start + row.bytes.len();
                }
            });
            let Chunked::Regular { lines } = chunked else {
                if let Some(repeats) = self.repeats {
                    repeats.take_back(&part.identities, ledger.repeats());
                }
                return None;
            };
            part.lines = lines;
            if self.kept {
                push_run(&mut part.kept, kept_to..bytes.len());
            }
        } else {
            self.weave(chunk, &mut seen, &mut part, ledger);
            part.lines = memchr_iter(b'\n', bytes).count() as u64;
        }
        part.seen = seen;
        Some(part)
    }

    /// Judges the records of a chunk of a document.
    fn weave(&self, chunk: &Chunk, seen: &mut [bool], part: &mut Part, ledger: &mut Ledger<'_>) {
        let [mut kept, mut gone] = [Strand::new(self.kept), Strand::new(self.suppressed)];
        let mut line = Line::default();
        let mut attributed = Vec::new();
        weave::pieces(chunk, |kind, before, range| {
            let bytes = &chunk.bytes[range.clone()];
            match kind {
                Kind::Frame => {
                    kept.frame(bytes);
                    gone.frame(bytes);
                }
                Kind::Columns => gone.raw(COLUMN.as_bytes()),
                Kind::Between | Kind::Record | Kind::Lost => {
                    let mut fate = Fate::Kept;
                    self.rows.piece(kind, bytes, range.start, &mut line, seen, &mut |row| {
                        fate = self.judge(row, chunk, part, ledger);
                    });
                    attributed.append(&mut part.suppressed);
                    match (fate, kind) {
                        (Fate::Dropped, _) => {}
                        (Fate::Suppressed, _) => gone.record(before, |out| out.append(&mut attributed)),
                        (Fate::Kept, Kind::Lost) => kept.raw(bytes),
                        (Fate::Kept, _) => kept.record(before, |out| out.extend_from_slice(bytes)),
                    }
                }
            }
        });
        part.woven = Some([kept, gone]);
    }

    /// Judges and counts a row.
    fn judge(&self, row: &Row<'_>, chunk: &Chunk, part: &mut Part, ledger: &mut Ledger<'_>) -> Fate {
        let cells = match row.cells {
            Ok(cells) => cells,
            Err(fault) => {
                if fault == Fault::DuplicateKey && part.duplicate_key.is_none() {
                    part.duplicate_key = self.rows.duplicate_key(row.bytes, lines_before(row, chunk));
                }
                // Whoever writes a file ends its last line.
                let end = row.start + row.bytes.len();
                part.cut_off |= chunk.last && end == chunk.bytes.len() && row.bytes.last() != Some(&b'\n');
                if part.bad_rows.len() < MAX_BAD_ROWS {
                    part.bad_rows.push(BadRow { line: lines_before(row, chunk), fault });
                }
                ledger.malformed();
                return Fate::Kept;
            }
        };
        let Some(covering) = self.weigh(cells, Some(split_line_end(row.bytes).0), part, ledger) else {
            return Fate::Dropped;
        };
        if covering.is_empty() {
            return Fate::Kept;
        }
        if self.suppressed {
            let ids = covering.iter().map(|place| self.ids[*place as usize]);
            attribute(row.bytes, self.format, ids, &mut part.suppressed);
        }
        Fate::Suppressed
    }

    /// Counts a row that can be read, and says who covers it; `None` if it is dropped. `whole` is all of it,
    /// if two rows can be compared.
    fn weigh<'l>(
        &self,
        cells: &[Option<&str>],
        whole: Option<impl Hash>,
        part: &mut Part,
        ledger: &'l mut Ledger<'_>,
    ) -> Option<&'l [u32]> {
        let (judged, counted) = cells.split_at(self.matcher.slots().len());
        if let (Some(repeats), [device, time, _, _, id, report]) = (self.repeats, counted) {
            let device = id.filter(|id| !id.is_empty()).or(*device);
            let identity = repeats.identity([device, *time, *report], whole);
            if repeats.is_repeat(identity, &mut part.identities) {
                ledger.repeat();
                return None;
            }
        }
        let facts = Facts {
            device: counted[0].filter(|name| !name.is_empty()),
            time: counted[1].and_then(|text| self.time(text, &mut part.clock)),
            process: counted[2],
            destination: counted[3],
        };
        Some(ledger.row(judged, &facts))
    }

    fn time(&self, text: &str, clock: &mut time::Clock) -> Option<i64> {
        clock.parse(text).or_else(|| time::parse_local(text, self.order?))
    }
}

/// Lines of a chunk that end before a row.
fn lines_before(row: &Row<'_>, chunk: &Chunk) -> u64 {
    memchr_iter(b'\n', &chunk.bytes[..row.start]).count() as u64
}

/// Adds a run of bytes, empty ones not.
fn push_run(runs: &mut Vec<Range<usize>>, run: Range<usize>) {
    if !run.is_empty() {
        runs.push(run);
    }
}
