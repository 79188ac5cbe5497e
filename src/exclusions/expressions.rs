//! What the regular expressions of all lists may cost together.
//!
//! In: their texts, as they are read. Out: whether each compiles, and whether all of them do in a bounded time and memory:
//! a few letters such as `(\w{50}x){2}` can stand for a megabyte. It decides nothing about what they mean.

use regex_automata::nfa::thompson::{NFA, WhichCaptures};
use std::cell::Cell;

/// Bytes that one expression may take when it is compiled.
const ONE: usize = 10 << 20;
/// Bytes that all expressions of a run may take together: some ten thousand ordinary ones.
const ALL: usize = 64 << 20;

/// Why an expression cannot be taken.
#[derive(Debug)]
pub(super) enum Refused {
    /// It does not compile.
    Wrong(String),
    /// It takes more than is left of what all may take together.
    TooMuch,
    /// One before it was too much.
    Unseen,
}

/// The bytes that expressions have taken so far.
#[derive(Debug, Default)]
pub(super) struct Expressions {
    taken: Cell<usize>,
}

impl Expressions {
    /// Takes an expression. Once one was too much, so is every other, unseen.
    pub(super) fn take(&self, text: &str) -> Result<(), Refused> {
        if self.taken.get() > ALL {
            return Err(Refused::Unseen);
        }
        let limits = NFA::config().nfa_size_limit(Some(ONE)).which_captures(WhichCaptures::Implicit);
        match NFA::compiler().configure(limits).build(text) {
            Ok(compiled) => {
                self.taken.set(self.taken.get() + compiled.memory_usage());
                if self.taken.get() > ALL { Err(Refused::TooMuch) } else { Ok(()) }
            }
            // It says best what is wrong.
            Err(error) => Err(Refused::Wrong(
                regex::Regex::new(text).err().map_or_else(|| error.to_string(), |error| error.to_string()),
            )),
        }
    }

    /// What the message says of the limit.
    pub(super) fn limit() -> String {
        format!("{} MiB", ALL >> 20)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_too_much_together_and_not_one_by_one() {
        let expressions = Expressions::default();
        let taken =
            (0..2_000).take_while(|place| expressions.take(&format!(r"(\w{{20}}{place}){{2}}")).is_ok());
        let taken = taken.count();
        assert!((50..1_000).contains(&taken), "{taken}");
        assert!(matches!(expressions.take("a"), Err(Refused::Unseen)));
        let ordinary = Expressions::default();
        for place in 0..2_000 {
            let text =
                format!(r"(?i)^\\Device\\HarddiskVolume\d+\\Program Files\\Agent {place}\\agent\.exe$");
            assert!(ordinary.take(&text).is_ok(), "{place} {}", ordinary.taken.get());
        }
        assert!(
            matches!(ordinary.take("(a"), Err(Refused::Wrong(cause)) if cause.contains("unclosed group"))
        );
    }
}
