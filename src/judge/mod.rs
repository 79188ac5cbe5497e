//! Kept or suppressed, and by whom.
//!
//! In: a compiled list, and the cells of a row. Out: its [`verdict`], or a whole explanation of it. It has never heard of
//! CSV, JSON or KQL.
//!
//! [`Matcher`] compiles a list once and judges rows. Its conditions are [`Predicate`]s; its index finds those that a cell
//! meets without asking each of them. [`worker`] judges and counts the rows of one thread and remembers what their texts meet, and [`row`] says which cells
//! of a row are looked at. [`explain`](mod@explain) tells a person why.

mod compile;
pub mod explain;
mod index;
mod matcher;
mod memory;
mod pattern;
mod plan;
mod predicate;
pub mod row;
pub mod row_tables;
pub mod verdict;
mod waiting;
pub mod worker;

pub use compile::MAX_SLOTS;
pub use matcher::{Matcher, Scratch};
pub use predicate::{Predicate, Seen, is_like, read};
