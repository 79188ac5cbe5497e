//! What each exclusion did, and what is left.
//!
//! In: rows with their verdict. Out: counts that add up, whatever the order in which parts of a file were
//! read.
//!
//! A thread counts with a [`recorder`] into batches ([`batch`]), whose merger enters them into the [`tally`] of the run. [`coverage`] tells
//! which exclusions cover which rows, for those who ask what a list would do without some of them.

pub mod batch;
pub mod coverage;
pub mod destination;
pub mod groups;
pub mod recorder;
pub mod tally;
pub mod texts;
