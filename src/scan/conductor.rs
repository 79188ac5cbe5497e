//! Keeps workers busy and their results in order.
//!
//! In: chunks and the parts that workers made of them. Out: bytes to the sink and counts, in the order of the file. When
//! a chunk turns out to be irregular, it and everything after it goes back to be read carefully. It looks at no row.

use super::repeats::Repeats;
use super::weave::Place;
use super::{BadRow, MAX_BAD_ROWS, Outcome, Part, Scanned, Sink};
use crate::results::chunk::{Chunk, Chunker};
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::mpsc;

/// Gives chunks to the workers and takes their parts in order.
pub(super) struct Conductor<'r> {
    pub(super) out: Scanned,
    waiting: BTreeMap<u64, (Chunk, Option<Part>)>,
    next: u64,
    sent: u64,
    returned: Vec<u8>,
    spare: Vec<Vec<u8>>,
    line: u64,
    irregular: bool,
    places: [Place; 2],
    repeats: Option<&'r Repeats>,
}

impl<'r> Conductor<'r> {
    /// For a file whose rows begin on this line.
    pub(super) fn new(line: u64, repeats: Option<&'r Repeats>) -> Self {
        Self {
            out: Scanned::default(),
            waiting: BTreeMap::new(),
            next: 0,
            sent: 0,
            returned: Vec::new(),
            spare: Vec::new(),
            line,
            irregular: false,
            places: Default::default(),
            repeats,
        }
    }

    /// Until every chunk was read and every part taken.
    pub(super) fn run<R: Read>(
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
        if let Some([kept, suppressed]) = &part.woven {
            sink.kept(self.places[0].next(kept))?;
            sink.suppressed(self.places[1].next(suppressed))?;
        }
        self.out.cut_off |= part.cut_off;
        if let Some(repeats) = self.repeats {
            repeats.count(&part.identities);
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
