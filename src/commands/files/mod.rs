//! The files of a run. A run never replaces a file that it reads, and its output files appear all together or not at all.
//!
//! - [`read`] knows every file that this process has opened for reading.
//! - [`output`] writes one file beside its target, in the right encoding and compression.
//! - [`set`] renames all files of a run to their targets, or none. It puts the old ones back if a later step fails.
//! - [`undo`] knows what can still be undone, for a failure or a signal that ends the process.
//! - [`strays`] reports files that a killed run has left behind.
//! - [`system`] holds the few things that differ between operating systems.

mod output;
mod read;
mod set;
mod strays;
mod system;
mod undo;

pub(crate) use output::Output;
pub(crate) use read::{open, reads_standard_input};
pub(crate) use set::{FileSet, PARTLY_WRITTEN};
pub(crate) use system::pattern_options;
pub(crate) use undo::{Abandoned, abandon};
