//! How rows stand with the exclusions, as numbers that many rows share.
//!
//! In: a compiled list and the judged cells of a row. Out: the number of the row's *set*: which exclusions it touches,
//! and for each of those which conditions it meets and which hang on a cell that holds no value. What any choice of
//! exclusions, entries and readings does to a row follows from its set alone, so that the page never judges rows
//! anew when something is switched on or off.

use crate::exclusions::model::Condition;
use crate::judge::verdict::ConditionOutcome;
use crate::judge::{Matcher, Scratch, read};
use hashbrown::HashMap;
use indexmap::IndexSet;

/// Conditions beyond which it is not looked which rows hang on which exclusion: too many would.
pub(super) const MOST_CONDITIONS: usize = 20_000;

/// How a row stands with one exclusion. Conditions are counted through the whole list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Pattern {
    /// The exclusion, by its place.
    pub(super) exclusion: u32,
    /// Conditions that are met.
    pub(super) met: Box<[u32]>,
    /// Conditions whose cell is absent, empty or unreadable.
    pub(super) open: Box<[u32]>,
}

/// The entry that came nearest to a kept row, and what stood between.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Near {
    /// The entry, counted through the whole list.
    pub(super) entry: u32,
    /// Conditions that are not met.
    pub(super) unmet: Box<[u32]>,
    /// Conditions whose cell is absent, empty or unreadable.
    pub(super) open: Box<[u32]>,
}

/// Everything that occurs, each once.
#[derive(Debug)]
pub(super) struct Outcomes<'m> {
    matcher: &'m Matcher,
    scratch: Scratch,
    /// For each exclusion the number of its first condition and of its first entry.
    first: Vec<(u32, u32)>,
    /// Whether the rows that hang on an exclusion are known.
    pub(super) knows_open: bool,
    /// Patterns by number.
    pub(super) patterns: IndexSet<Pattern>,
    /// Sets by number: their patterns. The first is that of rows that touch nothing.
    pub(super) sets: IndexSet<Box<[u32]>>,
    /// The nearest misses by number.
    pub(super) near: IndexSet<Near>,
    /// Rows whose judged cells are the same.
    classes: HashMap<Box<str>, Class>,
    key: String,
}

#[derive(Debug, Clone, Copy)]
struct Class {
    set: u32,
    /// Looked for when somebody asks.
    near: Option<u32>,
}

/// Classes that are remembered at a time.
const MOST_CLASSES: usize = 500_000;

/// A row has no nearest miss.
pub(super) const NO_NEAR: u32 = 0;

impl<'m> Outcomes<'m> {
    /// Of `exclusions` exclusions that the matcher was compiled from.
    pub(super) fn new(matcher: &'m Matcher, exclusions: usize) -> Self {
        let nothing = vec![None; matcher.slots().len()];
        let (mut conditions, mut entries) = (0, 0);
        let mut first = Vec::with_capacity(exclusions);
        for exclusion in (0..).take(exclusions) {
            first.push((conditions, entries));
            for entry in matcher.explain(exclusion, &nothing) {
                entries += 1;
                conditions += u32::try_from(entry.len()).unwrap_or(0);
            }
        }
        let mut sets = IndexSet::new();
        sets.insert(Box::default());
        Self {
            matcher,
            scratch: Scratch::default(),
            first,
            knows_open: conditions as usize <= MOST_CONDITIONS,
            patterns: IndexSet::new(),
            sets,
            near: IndexSet::new(),
            classes: HashMap::new(),
            key: String::new(),
        }
    }

    /// The set of a row; and with `near` its nearest miss, counted from 1, or [`NO_NEAR`] if it has none.
    pub(super) fn of(&mut self, cells: &[Option<&str>], near: bool) -> (u32, u32) {
        self.key.clear();
        for cell in cells {
            let text = cell.unwrap_or_default();
            // The length tells where a cell ends, whatever stands in it.
            self.key.push_str(&text.len().to_string());
            self.key.push(':');
            self.key.push_str(text);
        }
        let known = self.classes.get(self.key.as_str()).copied();
        let mut class = known.unwrap_or_else(|| Class { set: self.set(cells), near: None });
        if near && class.near.is_none() {
            class.near = Some(self.nearest(cells));
        }
        if known.is_none() && self.classes.len() >= MOST_CLASSES {
            self.classes.clear();
        }
        if known.is_none_or(|known| known.near != class.near) {
            self.classes.insert(self.key.as_str().into(), class);
        }
        (class.set, class.near.unwrap_or(NO_NEAR))
    }

    fn set(&mut self, cells: &[Option<&str>]) -> u32 {
        let mut touched: Vec<u32> = self.matcher.judge(cells, &mut self.scratch).suppressed_by.to_vec();
        let mut slots = self.matcher.slots().iter().zip(cells);
        if self.knows_open && !slots.all(|(slot, cell)| read(slot.kind(), *cell).is_some()) {
            let exclusions = (0..).take(self.first.len());
            let hangs =
                exclusions.filter(|exclusion| !touched.contains(exclusion) && self.hangs(*exclusion, cells));
            let hanging: Vec<u32> = hangs.collect();
            touched.extend(hanging);
            touched.sort_unstable();
        }
        let patterns: Box<[u32]> =
            touched.into_iter().map(|exclusion| self.pattern(exclusion, cells)).collect();
        number(self.sets.insert_full(patterns).0)
    }

    /// Whether some entry has no condition that is not met, and some that hang.
    fn hangs(&self, exclusion: u32, cells: &[Option<&str>]) -> bool {
        let entries = self.matcher.explain(exclusion, cells);
        entries.iter().any(|entry| {
            entry.iter().map(|(.., outcome)| *outcome).min() == Some(ConditionOutcome::Undecidable)
        })
    }

    fn pattern(&mut self, exclusion: u32, cells: &[Option<&str>]) -> u32 {
        let entries = self.matcher.explain(exclusion, cells);
        let outcomes = entries.iter().flatten().map(|(.., outcome)| *outcome);
        let numbered: Vec<(u32, ConditionOutcome)> =
            (self.first[exclusion as usize].0..).zip(outcomes).collect();
        let of = |wanted: ConditionOutcome| {
            numbered.iter().filter(|(_, outcome)| *outcome == wanted).map(|(number, _)| *number).collect()
        };
        let pattern =
            Pattern { exclusion, met: of(ConditionOutcome::Met), open: of(ConditionOutcome::Undecidable) };
        number(self.patterns.insert_full(pattern).0)
    }

    /// The entry that came nearest to a row that no exclusion covers, in the order of [`crate::judge::explain`](mod@crate::judge::explain): the fewest
    /// conditions that are not met, then the most that are, then the most similar value.
    fn nearest(&mut self, cells: &[Option<&str>]) -> u32 {
        if !self.knows_open || self.matcher.judge(cells, &mut self.scratch).is_suppressed() {
            return NO_NEAR;
        }
        let mut least = (usize::MAX, 0);
        let mut best: Vec<Candidate<'_>> = Vec::new();
        for (exclusion, (condition, entry)) in (0..).zip(&self.first) {
            let mut condition = *condition;
            for (entry, stands) in (*entry..).zip(self.matcher.explain(exclusion, cells)) {
                let met = stands.iter().filter(|(.., outcome)| *outcome == ConditionOutcome::Met).count();
                let rank = (stands.len() - met, usize::MAX - met);
                let first = condition;
                condition += number(stands.len());
                if rank < least {
                    least = rank;
                    best.clear();
                }
                if rank == least {
                    best.push(Candidate { entry, first, stands });
                }
            }
        }
        let best = match best.len() {
            0 | 1 => best.pop(),
            _ => best.into_iter().max_by(|a, b| a.likeness(cells).total_cmp(&b.likeness(cells))),
        };
        best.map_or(NO_NEAR, |best| 1 + number(self.near.insert_full(best.near()).0))
    }
}

/// An entry that came as near as any.
struct Candidate<'c> {
    entry: u32,
    /// The number of its first condition.
    first: u32,
    /// Its conditions, each with the place of its cell and how it stands.
    stands: Vec<(&'c Condition, usize, ConditionOutcome)>,
}

impl Candidate<'_> {
    fn near(&self) -> Near {
        let of = |wanted: ConditionOutcome| {
            let numbered = (self.first..).zip(&self.stands);
            numbered.filter(|(_, (.., outcome))| *outcome == wanted).map(|(number, _)| number).collect()
        };
        Near {
            entry: self.entry,
            unmet: of(ConditionOutcome::NotMet),
            open: of(ConditionOutcome::Undecidable),
        }
    }

    fn likeness(&self, cells: &[Option<&str>]) -> f64 {
        let unmet = self.stands.iter().filter(|(.., outcome)| *outcome == ConditionOutcome::NotMet);
        let each = unmet.map(|(condition, slot, _)| {
            let seen = cells[*slot].unwrap_or_default().to_ascii_lowercase();
            let wanted = condition.wanted();
            let wanted = wanted.iter().take(MOST_ALIKE);
            wanted.map(|value| strsim::jaro_winkler(&seen, &value.to_ascii_lowercase())).fold(0.0, f64::max)
        });
        each.fold(0.0, f64::max)
    }
}

/// Values of a condition that are compared with what was seen.
const MOST_ALIKE: usize = 1_000;

/// A number as narrow as the page's blocks are.
pub(super) fn number(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
