//! A text that a regular expression matches.
//!
//! In: an expression. Out: a text, or nothing. Whoever uses the text asks the matcher whether it is right: boundaries that an
//! expression demands are not looked at here.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Characters of an example at most.
const LONGEST: u32 = 200;

/// A text that the expression is likely to match.
pub(super) fn example(expression: &str) -> Option<String> {
    of(&regex_syntax::parse(expression).ok()?)
}

fn of(expression: &Hir) -> Option<String> {
    match expression.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(String::new()),
        HirKind::Literal(literal) => String::from_utf8(literal.0.to_vec()).ok(),
        HirKind::Class(Class::Unicode(class)) => {
            // A letter or a digit reads better than what else the class may hold.
            let has = |c: char| class.ranges().iter().any(|range| range.start() <= c && c <= range.end());
            let usual = ('a'..='z').chain('0'..='9').chain('A'..='Z').find(|c| has(*c));
            usual
                .or(class.ranges().first().map(regex_syntax::hir::ClassUnicodeRange::start))
                .map(String::from)
        }
        HirKind::Class(Class::Bytes(_)) => None,
        HirKind::Repetition(repetition) => {
            let times = repetition.min;
            (times <= LONGEST).then(|| of(&repetition.sub).map(|text| text.repeat(times as usize)))?
        }
        HirKind::Capture(capture) => of(&capture.sub),
        HirKind::Concat(parts) => parts.iter().map(of).collect(),
        HirKind::Alternation(choices) => choices.iter().find_map(of),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_example_matches_its_expression() {
        for expression in
            [r"^setup[0-9]{2}\.exe$", r"(?i)CCM|x", r"a*b+(c|d)?", r"[^a-z]\d\w\s", r"\bagent\b"]
        {
            let example = super::example(expression).unwrap();
            assert!(regex::Regex::new(expression).unwrap().is_match(&example), "{expression}: {example}");
        }
    }
}
