//! Judges and counts the rows of one thread.
//!
//! In: the cells of rows. Out: for each row who covers it, and for all rows since the last time a batch of counts. What the
//! texts of rows meet is remembered, so that most rows cost a few looks into tables, whether they repeat each other or not.
//! It knows neither formats nor files.

use super::compile::{MAX_SLOTS, Mask};
use super::matcher::{FEW_SLOTS, Matcher, Scratch};
use super::memory::{AddressMemory, TextMemory, UNKNOWN};
use super::predicate::{Seen, read};
use super::row::RowCells;
use crate::count::batch::BatchCounts;
use crate::count::coverage::ExampleRow;
use crate::count::destination::Destination;
use crate::count::recorder::Recorder;
use crate::exclusions::model::FieldRef;
use crate::fields::Kind;
use hashbrown::HashMap;

/// Rows whose undecided exclusions are remembered at a time.
const REMEMBERED: usize = 16_384;

/// What one thread knows about the rows that it has seen.
#[derive(Debug)]
pub struct Worker<'m> {
    matcher: &'m Matcher,
    scratch: Scratch,
    recorder: Recorder,
    /// One for each slot, and one for the process.
    memories: Vec<TextMemory>,
    addresses: AddressMemory,
    /// The slots that hold text, but for the process.
    texts: Vec<usize>,
    /// The slots that hold addresses or numbers, which not every text is.
    parsed: Mask,
    /// The slots in which a value was read since the last batch.
    readable: Mask,
    /// The numbers of the texts of a row, by slot.
    numbers: Vec<u32>,
    /// The place of the process among the memories.
    process: usize,
    /// The recorder's number of each process, by the number of its text; [`UNKNOWN`] if no kept row has it.
    processes: Vec<u32>,
    /// The slot of the remote address, if it is judged.
    destination: Option<usize>,
    lower: String,
    /// The exclusions on which rows hang, by their judged cells; only for sets.
    undecided: HashMap<Vec<String>, Vec<u32>>,
    /// Whether the tally has to tell which exclusions cover which rows.
    coverage: bool,
}

impl<'m> Worker<'m> {
    /// An empty one. With `coverage` its batches tell which exclusions cover which rows.
    pub fn new(matcher: &'m Matcher, coverage: bool) -> Self {
        let slots = matcher.slots();
        let slot = |name: &str| {
            let is = |slot: &FieldRef| matches!(slot, FieldRef::Field(field) if field.name() == name);
            slots.iter().position(is)
        };
        let process = slot("process.name").unwrap_or(slots.len());
        let is_text = |place: &usize| slots[*place].kind() == Kind::Text && *place != process;
        let parsed = (0..slots.len()).filter(|place| slots[*place].kind() != Kind::Text);
        Self {
            parsed: parsed.fold(0, |mask, place| mask | 1 << place),
            readable: 0,
            matcher,
            scratch: Scratch::default(),
            recorder: Recorder::default(),
            memories: (0..=slots.len()).map(|_| TextMemory::default()).collect(),
            addresses: AddressMemory::default(),
            texts: (0..slots.len()).filter(is_text).collect(),
            numbers: vec![UNKNOWN; slots.len() + 1],
            process,
            processes: Vec::new(),
            destination: slot("destination.ip"),
            lower: String::new(),
            undecided: HashMap::new(),
            coverage,
        }
    }

    /// Counts a row with its time in nanoseconds since 1970, and says who covers it; nobody if it is kept.
    #[inline]
    pub fn judge_and_count(&mut self, cells: &RowCells<'_, '_>, time: Option<i64>) -> &[u32] {
        let slots = self.matcher.slots().len();
        if slots <= FEW_SLOTS {
            self.judge_in(cells, time, &mut [None; FEW_SLOTS][..slots]);
        } else {
            self.judge_in(cells, time, &mut [None; MAX_SLOTS][..slots]);
        }
        self.scratch.covering()
    }

    #[inline]
    fn judge_in<'c>(&mut self, cells: &RowCells<'_, 'c>, time: Option<i64>, seen: &mut [Option<Seen<'c>>]) {
        let addresses = &mut self.addresses;
        let known = self.matcher.read(cells.judged, seen, |kind, cell| match kind {
            Kind::Address => addresses.read(cell.unwrap_or_default()),
            Kind::Text | Kind::Number => read(kind, cell),
        });
        self.readable |= known;
        if self.parsed & !known != 0 {
            self.count_unreadable(cells, self.parsed & !known);
        }
        let process = cells.process.unwrap_or_default();
        let process_number = self.memories[self.process].number_always(process);
        self.numbers[self.process] = process_number;
        for slot in &self.texts {
            let text = cells.judged[*slot].unwrap_or_default();
            self.numbers[*slot] = self.memories[*slot].number(text);
        }
        let verdict = self.matcher.judge_seen(seen, known, &self.numbers, &mut self.scratch);
        if verdict.is_suppressed() {
            self.recorder.suppressed(verdict.suppressed_by, cells.device, time);
            self.explain_suppressed(cells, seen);
        } else {
            let undecidable = verdict.undecidable;
            let process = self.recorded_process(process_number, process);
            let destination = match self.destination.and_then(|slot| seen[slot]) {
                Some(Seen::Address(family, number)) => Destination::network((family, number)),
                _ => Destination::of(cells.destination),
            };
            self.recorder.kept(process, destination, undecidable, time);
            if undecidable && self.coverage {
                self.explain_undecidable(cells);
            }
        }
    }

    /// Counts the texts in these slots, which could not be read; an empty cell is none.
    #[cold]
    fn count_unreadable(&mut self, cells: &RowCells<'_, '_>, mut slots: Mask) {
        while slots != 0 {
            let slot = slots.trailing_zeros() as usize;
            slots &= slots - 1;
            if let Some(text) = cells.judged[slot].filter(|text| !text.is_empty()) {
                self.recorder.unreadable(slot, text);
            }
        }
    }

    /// The recorder's number of a process.
    #[inline]
    fn recorded_process(&mut self, text: u32, name: &str) -> u32 {
        let text = text as usize;
        if self.processes.len() <= text {
            self.processes.resize(text + 1, UNKNOWN);
        }
        let number = &mut self.processes[text];
        if *number == UNKNOWN {
            *number = self.recorder.process(name);
        }
        *number
    }

    /// Records what the last row has where those that cover it name something else.
    fn explain_suppressed(&mut self, cells: &RowCells<'_, '_>, seen: &[Option<Seen<'_>>]) {
        let mut last = None;
        self.matcher.each_unmet(seen, &self.scratch, |exclusion, slot| {
            if last.replace(exclusion) != Some(exclusion) {
                self.recorder.unscoped(exclusion);
            }
            let value = cells.judged[slot].unwrap_or_default();
            self.recorder.loose(exclusion, slot, value, &mut self.lower);
        });
        if self.coverage {
            self.recorder.example(|| example(cells));
        }
    }

    /// Records on which exclusions the last row hung.
    fn explain_undecidable(&mut self, cells: &RowCells<'_, '_>) {
        let key: Vec<String> = cells.judged.iter().map(|cell| cell.unwrap_or_default().to_owned()).collect();
        let exclusions = self.undecided.entry(key).or_insert_with(|| self.matcher.undecided(cells.judged));
        self.recorder.undecided(exclusions);
    }

    /// Counts a row that could not be read; it is kept.
    pub fn malformed(&mut self) {
        self.recorder.malformed();
    }

    /// Counts a row that is dropped because it repeats another.
    pub fn repeat(&mut self) {
        self.recorder.repeat();
    }

    /// Rows that the batch at hand says were dropped.
    pub fn repeats(&self) -> u64 {
        self.recorder.repeats()
    }

    /// The counts of the rows since the last time.
    pub fn take_batch(&mut self) -> BatchCounts {
        self.recorder.readable(self.readable);
        self.readable = 0;
        let batch = self.recorder.take_batch();
        if self.memories.iter().any(TextMemory::is_full) || self.recorder.is_full() {
            self.memories.iter_mut().for_each(TextMemory::forget);
            self.scratch.forget();
            self.processes.clear();
            self.recorder.forget();
        }
        if self.undecided.len() >= REMEMBERED {
            self.undecided.clear();
        }
        batch
    }
}

/// The judged cells of a row, then the process and the destination.
fn example(cells: &RowCells<'_, '_>) -> ExampleRow {
    let cells = cells.judged.iter().chain([&cells.process, &cells.destination]);
    cells.map(|cell| cell.unwrap_or_default().into()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::count::batch::{Merger, tally};
    use crate::exclusions::validate::{ListText, load};
    use crate::schema::Schemas;

    const LIST: &str = r"exclusions:
- id: name
  when: {process.name: [agent1.exe, 'tool1*.exe'], destination.ip: 10.0.0.0/9}
- id: either
  when: [{process.path: 'C:\Agent\*'}, {destination.ip: [10.3.0.0/16, 2001:db8::/32]}]
";

    fn text(number: u32) -> [String; 3] {
        let address = match number % 3 {
            0 => format!("2001:db{}::{number:x}", number % 5 + 5),
            _ => format!("{}.{}.{}.{}", 9 + number % 3, number % 7, number / 256 % 256, number % 256),
        };
        [
            format!("Tool{number}.exe"),
            format!(r"C:\{}\{number}", ["Agent", "Other"][number as usize % 2]),
            address,
        ]
    }

    /// Names that never come again, beside names that often do, for longer than anything is remembered.
    #[test]
    fn what_is_remembered_and_forgotten_changes_no_verdict() {
        let list = ListText { file: "a".into(), text: LIST.into() };
        let exclusions = load(&[list], &Schemas::built_in()).unwrap();
        let applied: Vec<_> = exclusions.iter().collect();
        let matcher = Matcher::new(&applied, "defender").unwrap();
        let (mut worker, mut scratch) = (Worker::new(&matcher, true), Scratch::default());
        let (mut counts, mut merger, mut suppressed) = (tally(true), Merger::default(), 0);
        let (mut covered, mut names) = ([0; 2], std::collections::HashSet::new());
        for row in 0..60_000_u32 {
            let number = if row % 16 == 0 { row % 400 } else { row };
            let [name, path, address] = text(number);
            let address = if row % 11 == 0 { "" } else { &address };
            let cells = [Some(name.as_str()), Some(address), Some(path.as_str()).filter(|_| row % 13 > 0)];
            let judged =
                RowCells { judged: &cells, process: cells[0], destination: cells[1], ..RowCells::default() };
            let covering = worker.judge_and_count(&judged, None).to_vec();
            assert_eq!(covering, matcher.judge(&cells, &mut scratch).suppressed_by, "{cells:?}");
            for exclusion in &covering {
                covered[*exclusion as usize] += 1;
            }
            suppressed += u64::from(!covering.is_empty());
            names.insert(name);
            if row % 1_000 == 999 {
                merger.enter(&mut worker.take_batch(), &mut counts);
            }
        }
        assert!(names.len() > 2 * REMEMBERED);
        assert_eq!((counts.totals.read, counts.totals.suppressed), (60_000, suppressed));
        for (exclusion, rows) in (0..).zip(covered) {
            assert!(rows > 1_000);
            assert_eq!(counts.exclusions[&exclusion].matches, rows);
        }
        let grouped: u64 = counts.groups.iter().map(|(.., rows)| rows).sum();
        assert_eq!(grouped + counts.groups.others(), counts.totals.kept);
        let sets: u64 = counts.coverage.unwrap().sets.values().map(|set| set.rows).sum();
        assert_eq!(sets, suppressed);
    }
}
