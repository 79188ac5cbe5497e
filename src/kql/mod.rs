//! KQL as text: reading queries just far enough to change them without breaking them.
//!
//! In: queries as people published them, syntax errors included. Out: tokens, pipelines, spliced
//! queries and the exclusions that somebody typed into one. It reads no results.

pub mod lex;
pub mod pipeline;
pub mod splice;
pub mod tree;
