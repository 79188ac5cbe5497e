//! What a change to lists would do, and how small they could be.
//!
//! In: which exclusions cover which rows ([`crate::count::coverage`]). Out: comparisons and smaller lists, as values and as text.
//! It opens no files and judges no rows: everything follows from the sets.

pub mod cover;
pub mod diff;
pub mod drift;
pub mod inventory;
pub mod prune;
pub mod show;
