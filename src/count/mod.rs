//! What each exclusion did, and what is left.
//!
//! In: rows that are alike, with their verdict. Out: counts that add up, whatever the order in which parts of a file were
//! read.
//!
//! A thread counts into batches ([`batch`]), whose merger enters them into the [`tally`] of the run. [`coverage`] tells
//! which exclusions cover which rows, for those who ask what a list would do without some of them.

pub mod batch;
pub mod coverage;
pub mod tally;
