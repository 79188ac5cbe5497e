//! Compares the sets of texts that values with wildcards match.
//!
//! In: the values of conditions on one field; OR between the values of a condition, AND between conditions.
//! Out: whether one set is part of another, whether nothing is left, and a text of the set.
//!
//! The values of a condition form one automaton; its states are places in the values. All automata run side by
//! side over the characters that occur in the values, and over two more that stand for all other characters. An
//! answer is exact. A search that grows too large gives none. Empty cells meet nothing, so no set holds the empty
//! text.

use crate::exclusions::model::{Operator, Piece, TextValue};
use hashbrown::HashSet;
use std::rc::Rc;

/// Steps after which a search is given up.
const BUDGET: usize = 40_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// This character.
    Exact(char),
    /// This character; an ASCII letter in either case. Holds the small one.
    Folded(char),
    /// One ASCII character.
    One,
    /// Any text.
    Any,
    /// The end of a value.
    End,
}

/// The values of one condition, one after another.
struct Automaton {
    steps: Vec<Step>,
    starts: Vec<u32>,
}

/// Places in an automaton, ascending. `None` once any further text is accepted.
type States = Option<Rc<[u32]>>;

impl Automaton {
    /// Values that are regular expressions are left out.
    fn new<'v>(values: impl IntoIterator<Item = &'v TextValue>) -> Self {
        let mut automaton = Self { steps: Vec::new(), starts: Vec::new() };
        for value in values {
            let Some(pieces) = value.pieces() else { continue };
            automaton.starts.push(place(automaton.steps.len()));
            for piece in pieces {
                automaton.push(&piece, value.cased);
            }
            automaton.steps.push(Step::End);
        }
        automaton
    }

    fn push(&mut self, piece: &Piece, cased: bool) {
        match piece {
            Piece::Any => self.steps.push(Step::Any),
            Piece::One => self.steps.push(Step::One),
            Piece::Text(text) if cased => self.steps.extend(text.chars().map(Step::Exact)),
            Piece::Text(text) => {
                self.steps.extend(text.chars().map(|c| Step::Folded(c.to_ascii_lowercase())));
            }
        }
    }

    fn start(&self) -> States {
        self.closed(self.starts.clone())
    }

    /// The states with those that are reached without a character.
    fn closed(&self, mut states: Vec<u32>) -> States {
        let mut next = 0;
        while let Some(&state) = states.get(next) {
            if self.steps[state as usize] == Step::Any {
                // After a last `*` whatever follows is accepted.
                if self.steps[state as usize + 1] == Step::End {
                    return None;
                }
                states.push(state + 1);
            }
            next += 1;
        }
        states.sort_unstable();
        states.dedup();
        Some(states.into())
    }

    fn step(&self, states: &States, character: char) -> States {
        let states = states.as_ref()?;
        let mut next = Vec::new();
        for &state in states.iter() {
            let goes_on = match self.steps[state as usize] {
                Step::Exact(c) => c == character,
                Step::Folded(c) => c == character.to_ascii_lowercase(),
                Step::One => character.is_ascii() && character != '\0',
                Step::Any => {
                    next.push(state);
                    false
                }
                Step::End => false,
            };
            if goes_on {
                next.push(state + 1);
            }
        }
        self.closed(next)
    }

    fn accepts(&self, states: &States) -> bool {
        states.as_ref().is_none_or(|all| all.iter().any(|state| self.steps[*state as usize] == Step::End))
    }

    fn is_dead(states: &States) -> bool {
        states.as_ref().is_some_and(|all| all.is_empty())
    }
}

fn place(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

enum Search {
    Found(String),
    Never,
    GivenUp,
}

/// Looks for a text, not empty, that all of `all` accept and `not` does not.
fn search(all: &[Automaton], not: Option<&Automaton>) -> Search {
    let symbols = symbols(all.iter().chain(not));
    let start: Vec<States> = all.iter().chain(not).map(Automaton::start).collect();
    let mut known: HashSet<Vec<States>> = HashSet::new();
    let mut queue: Vec<(Vec<States>, usize, char)> = vec![(start, usize::MAX, '\0')];
    let (mut next, mut steps) = (0, 0);
    while next < queue.len() {
        for &symbol in &symbols {
            steps += 1;
            let states: Vec<States> = all
                .iter()
                .chain(not)
                .zip(&queue[next].0)
                .map(|(automaton, states)| automaton.step(states, symbol))
                .collect();
            let (mine, other) = states.split_at(all.len());
            // From here no text can be found any more.
            if mine.iter().any(Automaton::is_dead) || other.first().is_some_and(Option::is_none) {
                continue;
            }
            let accepted = all.iter().zip(mine).all(|(automaton, states)| automaton.accepts(states));
            let refused = not.zip(other.first()).is_none_or(|(automaton, states)| !automaton.accepts(states));
            if accepted && refused {
                return Search::Found(spelled(&queue, next, symbol));
            }
            if known.insert(states.clone()) {
                queue.push((states, next, symbol));
            }
        }
        if steps > BUDGET {
            return Search::GivenUp;
        }
        next += 1;
    }
    Search::Never
}

fn spelled(queue: &[(Vec<States>, usize, char)], mut place: usize, last: char) -> String {
    let mut text = vec![last];
    while let Some((_, before, symbol)) = queue.get(place).filter(|(_, before, _)| *before != usize::MAX) {
        text.push(*symbol);
        place = *before;
    }
    text.iter().rev().collect()
}

/// The characters that occur in the values, one for all other ASCII characters, and one for all others.
fn symbols<'a>(automata: impl Iterator<Item = &'a Automaton>) -> Vec<char> {
    let mut symbols = Vec::new();
    for step in automata.flat_map(|automaton| &automaton.steps) {
        match step {
            Step::Exact(c) => symbols.push(*c),
            Step::Folded(c) => symbols.extend([*c, c.to_ascii_uppercase()]),
            Step::One | Step::Any | Step::End => {}
        }
    }
    symbols.sort_unstable();
    symbols.dedup();
    let unused = |c: &char| symbols.binary_search(c).is_err();
    let ascii = ('a'..='z').chain('\u{1}'..='\u{7f}').find(unused);
    let other = ('\u{e9}'..='\u{ffff}').find(unused);
    // Common characters first, so that the texts that are found are readable.
    symbols.extend(ascii.into_iter().chain(other));
    symbols
}

/// Whether a text is the only one that meets the value.
fn is_one_text(value: &TextValue) -> bool {
    let letters = value.text.bytes().any(|byte| byte.is_ascii_alphabetic());
    value.whole().is_some() && (value.cased || !letters)
}

/// Whether a text meets a value.
fn is_met(value: &TextValue, text: &str) -> bool {
    if value.operator == Operator::Re {
        return regex::Regex::new(&value.text).is_ok_and(|regex| regex.is_match(text));
    }
    let automaton = Automaton::new([value]);
    let end = text.chars().fold(automaton.start(), |states, c| automaton.step(&states, c));
    !text.is_empty() && automaton.accepts(&end)
}

fn has_regex(values: &[TextValue]) -> bool {
    values.iter().any(|value| value.operator == Operator::Re)
}

/// Whether a text that meets all of `known` meets one of `wide`.
pub(super) fn all_imply(known: &[&[TextValue]], wide: &[TextValue]) -> bool {
    let covered = |value: &TextValue| {
        wide.iter().any(|other| {
            other == value || is_same_text(value, other) || (is_one_text(value) && is_met(other, &value.text))
        })
    };
    let left: Vec<Vec<&TextValue>> =
        known.iter().map(|values| values.iter().filter(|value| !covered(value)).collect()).collect();
    if left.iter().any(Vec::is_empty) {
        return true;
    }
    let wide = Automaton::new(wide);
    if wide.starts.is_empty() {
        return false;
    }
    // Conditions that are regular expressions are left out of `known`. That can only turn a yes into a no.
    let bounded = left.iter().filter(|values| values.iter().all(|value| value.operator != Operator::Re));
    let automata: Vec<Automaton> = bounded.map(|values| Automaton::new(values.iter().copied())).collect();
    let literal = |value: &TextValue| value.whole().is_some() && !value.cased;
    if let [values] = left.as_slice()
        && values.iter().all(|value| literal(value))
    {
        // Most conditions have only fixed texts; each is then tested by itself.
        return automata.len() == 1 && values.iter().all(|value| is_path_accepted(&wide, &value.text));
    }
    matches!(search(&automata, Some(&wide)), Search::Never)
}

fn is_same_text(a: &TextValue, b: &TextValue) -> bool {
    !b.cased && matches!((a.whole(), b.whole()), (Some(a), Some(b)) if a.eq_ignore_ascii_case(b))
}

/// Whether a text is accepted in every letter case.
fn is_path_accepted(wide: &Automaton, text: &str) -> bool {
    let exact = wide.steps.iter().any(|step| matches!(step, Step::Exact(c) if c.is_ascii_alphabetic()));
    if exact {
        let value = TextValue { text: text.to_owned(), operator: Operator::Is, cased: false };
        return matches!(search(&[Automaton::new([&value])], Some(wide)), Search::Never);
    }
    let end = text.chars().fold(wide.start(), |states, c| wide.step(&states, c));
    wide.accepts(&end)
}

/// Whether no text meets all conditions.
pub(super) fn are_contradictory(known: &[&[TextValue]]) -> bool {
    if let Some(values) = known.iter().find(|values| values.iter().all(is_one_text)) {
        return !values.iter().any(|value| meets_all(known, &value.text));
    }
    let automata: Vec<Automaton> =
        known.iter().filter(|values| !has_regex(values)).map(|values| Automaton::new(*values)).collect();
    automata.len() > 1 && matches!(search(&automata, None), Search::Never)
}

fn meets_all(known: &[&[TextValue]], text: &str) -> bool {
    known.iter().all(|values| values.iter().any(|value| is_met(value, text)))
}

/// A text that meets a value; `None` for a regular expression.
fn example(value: &TextValue) -> Option<String> {
    let mut text = String::new();
    for piece in value.pieces()? {
        match piece {
            Piece::Text(literal) => text.push_str(&literal),
            Piece::One => text.push('a'),
            Piece::Any => {}
        }
    }
    // A value of nothing but `*` has no literal; any text that is not empty meets it.
    Some(if text.is_empty() { "a".to_owned() } else { text })
}

/// A text that meets all conditions; `None` if none is found.
pub(super) fn witness(known: &[&[TextValue]]) -> Option<String> {
    if let [values] = known {
        return values.iter().find_map(example);
    }
    let automata: Vec<Automaton> = known.iter().map(|values| Automaton::new(*values)).collect();
    if automata.iter().any(|automaton| automaton.starts.is_empty()) {
        return None;
    }
    match search(&automata, None) {
        Search::Found(text) => Some(text),
        Search::Never | Search::GivenUp => None,
    }
}
