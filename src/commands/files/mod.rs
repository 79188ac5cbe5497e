//! The files of a run: what it reads it never replaces, and what it writes appears as one.
//!
//! - [`read`] knows every file that this process has opened for reading.
//! - [`output`] is one file on its way: written beside its target, in the encoding and packing that it is to have.
//! - [`set`] gives all files of a run their names, or none. It puts the old ones back if a later step fails.
//! - [`undo`] knows what is not settled yet, for whoever has to end the process.
//! - [`strays`] names what a run that was killed has left behind.
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
