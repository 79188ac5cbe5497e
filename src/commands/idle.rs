//! Options that would do nothing where they were given.
//!
//! In: options, whether each was given, and why it would do nothing. Out: an error for the first one. Somebody who gives an
//! option expects something of it; a run that goes on without a word would let him believe that he got it.

use super::{Outcome, fail};
use crate::cli::InputArgs;

/// An option, whether it was given where it does nothing, and what it would need.
pub(super) type Idle<'i> = (&'i str, bool, &'i str);

/// An error if one of these was given.
pub(super) fn refuse(options: &[Idle<'_>]) -> Outcome<()> {
    match options.iter().find(|(_, given, _)| *given) {
        None => Ok(()),
        Some((option, _, why)) => fail(
            "idle-option",
            format!("{option} does nothing here: {why}"),
            "leave it out, or give what it needs",
        ),
    }
}

/// How results are read, where there are none.
pub(super) fn without_results<'i>(input: &InputArgs, why: &'i str) -> [Idle<'i>; 3] {
    [
        ("--input-format", input.format_of.is_some(), why),
        ("--delimiter", input.delimiter.is_some(), why),
        ("--allow-missing-columns", input.allow_missing_columns, why),
    ]
}
