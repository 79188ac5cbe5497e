//! `quell import`: lists from what others wrote.

use super::{Outcome, fail};
use crate::cli::Import;

/// Imports.
pub(crate) fn run(_args: &Import) -> Outcome {
    fail("todo", "todo", "")
}
