//! Entries that wait behind the condition that finds them.
//!
//! In: entries, each with its anchor. Out: the entries behind an anchor. It knows no cell.

use super::index::ConditionId;

/// Entries behind their anchors.
#[derive(Debug)]
pub(super) struct Waiting {
    /// Where the entries of each condition begin, and the end of the last.
    starts: Vec<u32>,
    entries: Vec<u32>,
}

impl Waiting {
    /// Entries, each with its anchor, in a list of so many conditions.
    pub(super) fn new(anchored: &[(ConditionId, u32)], conditions: usize) -> Self {
        let mut starts = vec![0; conditions + 1];
        for (anchor, _) in anchored {
            starts[*anchor as usize + 1] += 1;
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut free = starts.clone();
        let mut entries = vec![0; anchored.len()];
        for (anchor, entry) in anchored {
            let place = &mut free[*anchor as usize];
            entries[*place as usize] = *entry;
            *place += 1;
        }
        Self { starts, entries }
    }

    pub(super) fn behind(&self, anchor: ConditionId) -> &[u32] {
        let [start, end] = [anchor as usize, anchor as usize + 1].map(|at| self.starts[at] as usize);
        &self.entries[start..end]
    }

    pub(super) fn anchors(&self) -> Vec<ConditionId> {
        let places = (0..).zip(self.starts.windows(2));
        places.filter(|(_, bounds)| bounds[0] < bounds[1]).map(|(anchor, _)| anchor).collect()
    }
}
