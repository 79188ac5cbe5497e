//! A condition of KQL, and how it is laid out on lines.
//!
//! In: comparisons joined by `and` and `or`. Out: text with one comparison a line and long lists wrapped, so that a
//! reviewer reads it from top to bottom. It knows whether the whole may be null. It does not know exclusions.

use super::literal::{pieces, string};
use indexmap::IndexSet;

/// Where lists of values are wrapped.
pub(super) const WIDTH: usize = 100;
/// The most terms side by side in one pair of brackets. The service gives up at some hundred operators in a row.
const MOST_TERMS: usize = 100;
/// Blanks of one level.
const STEP: usize = 4;

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Expression {
    /// A comparison of one cell.
    Comparison(Comparison),
    /// All of these hold.
    All(Vec<Expression>),
    /// One of these holds.
    Any(Vec<Expression>),
    /// This one, and false where it is null.
    NeverNull(Box<Expression>),
}

/// A comparison: what stands before its values, the values, and what stands behind them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Comparison {
    head: String,
    /// Each value as a literal. A long text is several literals in a row, which Kusto joins.
    values: Vec<Vec<String>>,
    tail: &'static str,
    /// Whether it is null for some cells, and not true or false.
    nullable: bool,
}

impl Expression {
    /// A comparison without values to be wrapped.
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self::Comparison(Comparison { head: text.into(), values: Vec::new(), tail: "", nullable: false })
    }

    /// A comparison with one text, such as `column =~ "text"`.
    pub(super) fn with_text(head: String, text: &str) -> Self {
        let values = vec![pieces(text, WIDTH - 2 * STEP)];
        Self::Comparison(Comparison { head, values, tail: "", nullable: false })
    }

    /// A comparison with texts in brackets, such as `column in~ ("a", "b")`.
    pub(super) fn with_texts<'t>(head: String, texts: impl IntoIterator<Item = &'t str>) -> Self {
        let values = texts.into_iter().map(|text| pieces(text, WIDTH - 2 * STEP)).collect();
        Self::Comparison(Comparison { head: head + "(", values, tail: ")", nullable: false })
    }

    /// A comparison with literals in brackets, such as `column in (80, 443)`.
    pub(super) fn with_literals(head: String, literals: Vec<String>) -> Self {
        let values = literals.into_iter().map(|literal| vec![literal]).collect();
        Self::Comparison(Comparison { head: head + "(", values, tail: ")", nullable: false })
    }

    /// A call whose last arguments are these texts, and which is null for some cells.
    pub(super) fn nullable_call(head: String, texts: &[String], tail: &'static str) -> Self {
        let values = texts.iter().map(|text| vec![string(text)]).collect();
        Self::Comparison(Comparison { head, values, tail, nullable: true })
    }

    /// A comparison that is null for some cells, without values to be wrapped.
    pub(super) fn nullable(text: impl Into<String>) -> Self {
        Self::Comparison(Comparison { head: text.into(), values: Vec::new(), tail: "", nullable: true })
    }

    /// All of the terms, of which there is at least one.
    pub(super) fn all(terms: Vec<Self>) -> Self {
        let flat = |term| if let Self::All(inner) = term { inner } else { vec![term] };
        single(unique(terms.into_iter().flat_map(flat)), Self::All)
    }

    /// One of the terms, of which there is at least one.
    pub(super) fn any(terms: Vec<Self>) -> Self {
        let flat = |term| if let Self::Any(inner) = term { inner } else { vec![term] };
        single(unique(terms.into_iter().flat_map(flat)), Self::Any)
    }

    /// Whether something in it is null for some cells.
    pub(super) fn is_nullable(&self) -> bool {
        match self {
            Self::Comparison(comparison) => comparison.nullable,
            Self::All(terms) | Self::Any(terms) => terms.iter().any(Self::is_nullable),
            Self::NeverNull(_) => false,
        }
    }

    /// The same, false where it would be null.
    pub(super) fn never_null(self) -> Self {
        if self.is_nullable() { Self::NeverNull(Box::new(self)) } else { self }
    }

    /// Its text. `used` characters stand before it on its first line; further lines are indented by `level` steps.
    pub(super) fn text(&self, level: usize, used: usize) -> String {
        match self {
            Self::Comparison(comparison) => comparison.text(level, used),
            Self::All(terms) => joined(terms, "and", level, used),
            Self::Any(terms) if terms.len() > MOST_TERMS => {
                let groups = terms.chunks(terms.len().div_ceil(MOST_TERMS));
                let groups: Vec<Self> = groups.map(|group| single(group.to_vec(), Self::Any)).collect();
                joined(&groups, "or", level, used)
            }
            Self::Any(terms) => joined(terms, "or", level, used),
            Self::NeverNull(inner) => {
                format!("{COALESCE}{}, false)", inner.text(level, used + COALESCE.len()))
            }
        }
    }
}

const COALESCE: &str = "coalesce(";

/// The terms in their order; saying one twice says nothing more.
fn unique(terms: impl Iterator<Item = Expression>) -> Vec<Expression> {
    terms.collect::<IndexSet<_>>().into_iter().collect()
}

fn single(mut terms: Vec<Expression>, many: fn(Vec<Expression>) -> Expression) -> Expression {
    if terms.len() == 1 { terms.remove(0) } else { many(terms) }
}

fn joined(terms: &[Expression], word: &str, level: usize, used: usize) -> String {
    let mut out = String::new();
    for (place, term) in terms.iter().enumerate() {
        let mut before = used;
        if place > 0 {
            out += &format!("\n{}{word} ", " ".repeat(level * STEP));
            before = level * STEP + word.len() + 1;
        }
        match term {
            Expression::Comparison(comparison) => out += &comparison.text(level, before),
            Expression::NeverNull(_) => out += &term.text(level + 1, before),
            nested => out += &format!("({})", nested.text(level + 1, before + 1)),
        }
    }
    out
}

impl Comparison {
    fn text(&self, level: usize, used: usize) -> String {
        let mut out = self.head.clone();
        let mut column = used + self.head.chars().count();
        let margin = format!("\n{}", " ".repeat((level + 1) * STEP));
        for (place, literals) in self.values.iter().enumerate() {
            for (piece, literal) in literals.iter().enumerate() {
                let separator = match (place, piece) {
                    (0, 0) => "",
                    (_, 0) => ", ",
                    _ => " ",
                };
                let length = literal.chars().count();
                // The comma or bracket that follows needs a place too.
                if piece > 0 || column + separator.len() + length + 1 > WIDTH {
                    out = out.trim_end().to_owned() + separator.trim_end() + &margin;
                    column = margin.len() - 1;
                } else {
                    out += separator;
                    column += separator.len();
                }
                out += literal;
                column += length;
            }
        }
        out + self.tail
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_condition_a_line_and_long_lists_wrapped() {
        let list = Expression::with_texts("A in~ ".to_owned(), ["a", "b"]);
        let call = Expression::nullable_call("f(B, ".to_owned(), &["c".to_owned()], ")");
        let both =
            Expression::all(vec![list.clone(), Expression::any(vec![call, Expression::plain("C == 1")])]);
        assert!(both.is_nullable() && !list.is_nullable());
        assert_eq!(
            both.never_null().text(1, 0),
            "coalesce(A in~ (\"a\", \"b\")\n    and (f(B, \"c\")\n        or C == 1), false)"
        );
        let texts: Vec<String> = (0..20).map(|number| format!("value-{number}")).collect();
        let long = Expression::with_texts("A in~ ".to_owned(), texts.iter().map(String::as_str)).text(1, 12);
        assert!(long.lines().count() == 3 && long.lines().all(|line| line.len() <= WIDTH), "{long}");
        assert!(long.lines().skip(1).all(|line| line.starts_with("        \"value-")), "{long}");
    }

    #[test]
    fn a_text_that_is_longer_than_a_line_goes_on_on_the_next() {
        let path = format!(r"C:\{}\{}\a.exe", "b".repeat(60), "c".repeat(60));
        let text = Expression::with_text("Folder =~ ".to_owned(), &path).text(1, 12);
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
    }
}
