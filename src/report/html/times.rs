//! Counts of rows over time.
//!
//! In: for each row its set and its time. Out: how many rows of each set stand in each of at most [`MOST_BINS`] equal
//! spans. Rows without a time are counted by themselves. While rows are still coming nobody knows how long the whole
//! will be, so that counts begin fine and are joined as they become too many.

use hashbrown::HashMap;

/// Spans of the chart.
pub(super) const MOST_BINS: i64 = 200;

/// Counts that are held while rows are coming.
const MOST_COUNTS: usize = 1_000_000;

/// Lengths of a span in seconds. Each is a multiple of the one before, so that counts can be joined.
const WIDTHS: &[i64] =
    &[1, 10, 60, 300, 900, 3_600, 10_800, 43_200, 86_400, 604_800, 2_419_200, 31_449_600, 314_496_000];

/// Nanoseconds of a second.
const SECOND: i64 = 1_000_000_000;

/// Rows over time.
#[derive(Debug, Default)]
pub(super) struct Times {
    /// The place of the length among [`WIDTHS`].
    width: usize,
    /// Rows by set and span.
    counts: HashMap<(u32, i64), u32>,
    untimed: HashMap<u32, u32>,
    ends: Option<(i64, i64)>,
}

/// Spans that fit a chart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Bins {
    /// Where the first begins, in seconds since 1970.
    pub(super) start: i64,
    /// The length of each in seconds.
    pub(super) width: i64,
    /// How many there are. What has no time is counted behind the last.
    pub(super) spans: u32,
    /// Set, span and rows.
    pub(super) counts: Vec<(u32, u32, u32)>,
}

impl Times {
    /// Adds a row at nanoseconds since 1970.
    pub(super) fn add(&mut self, set: u32, time: Option<i64>) {
        let Some(time) = time else {
            *self.untimed.entry(set).or_default() += 1;
            return;
        };
        let second = time.div_euclid(SECOND);
        let (first, last) = self.ends.unwrap_or((second, second));
        self.ends = Some((first.min(second), last.max(second)));
        *self.counts.entry((set, second.div_euclid(WIDTHS[self.width]))).or_default() += 1;
        while self.counts.len() > MOST_COUNTS && self.width + 1 < WIDTHS.len() {
            self.coarsen();
        }
    }

    fn coarsen(&mut self) {
        let ratio = WIDTHS[self.width + 1] / WIDTHS[self.width];
        self.width += 1;
        let mut joined: HashMap<(u32, i64), u32> = HashMap::new();
        for ((set, span), rows) in self.counts.drain() {
            *joined.entry((set, span.div_euclid(ratio))).or_default() += rows;
        }
        self.counts = joined;
    }

    /// The first second of all rows that have a time.
    pub(super) fn first(&self) -> i64 {
        self.ends.map_or(0, |(first, _)| first)
    }

    /// The last one.
    pub(super) fn last(&self) -> i64 {
        self.ends.map_or(0, |(_, last)| last)
    }

    /// Joins what is needed for a chart, and sorts.
    pub(super) fn bins(mut self) -> Bins {
        let (first, last) = self.ends.unwrap_or((0, -1));
        let spans = |width: usize| last.div_euclid(WIDTHS[width]) - first.div_euclid(WIDTHS[width]) + 1;
        while spans(self.width) > MOST_BINS && self.width + 1 < WIDTHS.len() {
            self.coarsen();
        }
        let width = WIDTHS[self.width];
        let start = first.div_euclid(width);
        let bins = if self.ends.is_some() { u32::try_from(spans(self.width)).unwrap_or(0) } else { 0 };
        let timed = self
            .counts
            .into_iter()
            .map(|((set, span), rows)| (set, u32::try_from(span - start).unwrap_or(bins), rows));
        let untimed = self.untimed.into_iter().map(|(set, rows)| (set, bins, rows));
        let mut counts: Vec<(u32, u32, u32)> = timed.chain(untimed).collect();
        counts.sort_unstable();
        Bins { start: start * width, width, spans: bins, counts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_width_is_a_multiple_of_the_one_before() {
        for pair in WIDTHS.windows(2) {
            assert_eq!(pair[1] % pair[0], 0, "{pair:?}");
        }
    }

    #[test]
    fn five_days_are_hours_or_less_and_nothing_is_lost() {
        let mut times = Times::default();
        for minute in 0..5 * 24 * 60 {
            times.add(minute % 3, Some(1_763_000_000 * SECOND + i64::from(minute) * 60 * SECOND));
        }
        times.add(1, None);
        let bins = times.bins();
        assert_eq!(bins.width, 3_600);
        assert!(i64::from(bins.spans) <= MOST_BINS);
        assert_eq!(bins.counts.iter().map(|(.., rows)| rows).sum::<u32>(), 5 * 24 * 60 + 1);
        assert_eq!(bins.counts.iter().filter(|(_, bin, _)| *bin == bins.spans).count(), 1);
    }

    #[test]
    fn rows_centuries_apart_fit_and_rows_without_time_have_no_chart() {
        let mut times = Times::default();
        times.add(0, Some(-9_000_000_000 * SECOND));
        times.add(0, Some(9_000_000_000 * SECOND));
        let bins = times.bins();
        assert!(i64::from(bins.spans) <= MOST_BINS);
        assert_eq!(bins.counts.len(), 2);
        let mut none = Times::default();
        none.add(4, None);
        assert_eq!(none.bins(), Bins { start: 0, width: 1, spans: 0, counts: vec![(4, 0, 1)] });
    }
}
