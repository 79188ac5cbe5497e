//! Reads back what quell itself writes into clauses.
//!
//! In: nodes. Out: the column that an expression such as `extract(...)` looks at, the wildcards that a regular
//! expression stands for, and which parts are only guards of another part. Everything is compared with the text
//! that [`crate::kql::predicate`] writes, so that reading and writing cannot drift apart.

use super::old;
use crate::kql::address::{MAPPED, SHAPE, unwrapped};
use crate::kql::literal::string;
use crate::kql::nrt::FILLED;
use crate::kql::pattern::{ONE, Pattern};
use crate::kql::predicate::{NAME_OF, NUMBER_SHAPE};
use crate::kql::tree::{QueryNode, Tree};
use jiff::civil::Date;

/// What a comparison looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ComparedCell {
    /// The column, or the field with its dots.
    pub(super) column: String,
    /// Its expression without blanks.
    pub(super) text: String,
    /// `tolower(column)`.
    pub(super) lowered: bool,
    /// Only what stands behind the last backslash or slash.
    pub(super) path: bool,
}

/// The nodes without blanks and comments.
pub(super) fn plain(tree: &Tree<'_>, nodes: &[QueryNode]) -> String {
    let (Some(first), Some(last)) = (nodes.first(), nodes.last()) else { return String::new() };
    (first.first()..=last.last()).map(|index| tree.word(index)).collect()
}

fn plain_text(text: &str) -> String {
    let tree = Tree::new(text);
    plain(&tree, &tree.nodes)
}

/// A column, also `tolower(column)`, `extract(.., column)` and `process.name`; how many nodes it takes.
pub(super) fn cell(tree: &Tree<'_>, part: &[QueryNode]) -> Option<(ComparedCell, usize)> {
    let name = tree.name(part.first())?;
    let cell = |column: String, width: usize, lowered: bool, path: bool| {
        let text = plain(tree, &part[..width]);
        Some((ComparedCell { column, text, lowered, path }, width))
    };
    if let Some(group) = tree.opens(part.get(1), "(") {
        if let [inner] = &group.nodes[..] {
            let wraps = matches!(name, "tolower" | "tostring" | "tolong");
            return cell(tree.name(Some(inner)).filter(|_| wraps)?.to_owned(), 2, name == "tolower", false);
        }
        let column = tree.name(group.nodes.last())?;
        let own = plain_text(&format!("extract({NAME_OF}, 1, {column})"));
        return cell(column.to_owned(), 2, false, true).filter(|(cell, _)| cell.text == own);
    }
    let mut column = name.to_owned();
    let mut at = 1;
    while tree.is(part.get(at), ".") {
        column = format!("{column}.{}", tree.name(part.get(at + 1))?);
        at += 2;
    }
    cell(column, at, false, false)
}

/// The column of an address, also inside the expressions that unwrap a mapped address or leave it out.
pub(super) fn address_cell(tree: &Tree<'_>, nodes: &[QueryNode]) -> Option<String> {
    if let [column] = nodes {
        return tree.name(Some(column)).map(str::to_owned);
    }
    let text = plain(tree, nodes);
    let group = nodes.get(1)?.group()?;
    let own = |node: &QueryNode| {
        let column = tree.name(Some(node))?;
        let [v4, v6] = old::address_cells(column);
        let same = [unwrapped(column), v4, v6].iter().any(|own| plain_text(own) == text);
        same.then(|| column.to_owned())
    };
    group.nodes.iter().find_map(own)
}

/// The last day of an exclusion that guards itself: `now() < datetime(2027-06-01)`.
pub(super) fn last_day(tree: &Tree<'_>, part: &[QueryNode]) -> Option<Date> {
    let text = plain(tree, part);
    let next: Date = text.strip_prefix("now()<datetime(")?.strip_suffix(')')?.parse().ok()?;
    next.yesterday().ok()
}

/// The guards that a clause may have beside this comparison. No guard is a comparison with guards of its own, so
/// two parts never remove each other.
pub(super) fn guards(cell: &ComparedCell, operator: &str, values: &[String]) -> Vec<String> {
    let (text, column) = (&cell.text, &cell.column);
    let ascii = values.iter().all(|value| value.is_ascii()) && !cell.lowered;
    let mut guards = Vec::new();
    if values.iter().all(|value| !value.is_empty() && value != "*") {
        guards.push(format!("isnotempty({text})"));
        // What means the same where no function may be called; no guard of itself.
        guards.extend((values != [FILLED]).then(|| format!("{text} matches regex {}", string(FILLED))));
    }
    if *text == format!("tolong({column})") && matches!(operator, "==" | "in" | "between") {
        guards.push(format!("{column} matches regex {NUMBER_SHAPE}"));
    }
    if operator == "ipv6" {
        guards.push(format!("{column} matches regex {SHAPE}"));
        guards.push(format!("parse_ipv6({column}) !startswith {MAPPED}"));
    }
    guards.extend(old::guard(text, operator, values).filter(|_| ascii));
    guards.iter().map(|guard| plain_text(guard)).collect()
}

/// The values that quell wrote as this regular expression, and whether their letter case counts.
pub(super) fn wildcards(regex: &str) -> Option<(Vec<String>, bool)> {
    let (flags, rest) = match regex.strip_prefix("(?").and_then(|rest| rest.split_once(')')) {
        Some((flags @ ("i" | "s" | "is"), rest)) => (flags, rest),
        _ => ("", regex),
    };
    let (start, rest) = rest.strip_prefix('^').map_or(("*", rest), |rest| ("", rest));
    let (end, rest) = match rest.strip_suffix('$') {
        Some(inner) if unescaped(rest, '$').is_some_and(|at| at == inner.len()) => ("", inner),
        _ => ("*", rest),
    };
    let mut reader = PatternReader {
        values: vec![start.to_owned()],
        folds: flags.contains('i'),
        ..PatternReader::default()
    };
    reader.pieces(rest)?;
    reader.values.iter_mut().for_each(|value| value.push_str(end));
    let cased = reader.exact && !reader.folded;
    let unclear =
        reader.exact && reader.folded || reader.values.iter().any(|value| value.trim_matches('*').is_empty());
    // What quell would not write in this way was written by somebody else and stays an expression.
    let own = || {
        reader.spelt_out || Pattern::of_values(&reader.values, cased).is_some_and(|own| own.regex() == regex)
    };
    (!unclear && own()).then_some((reader.values.clone(), cased))
}

/// Where a sign stands first that no backslash makes a plain character.
fn unescaped(text: &str, sign: char) -> Option<usize> {
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => drop(characters.next()),
            _ if character == sign => return Some(at),
            _ => {}
        }
    }
    None
}

/// A regular expression that is being read.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing that was seen or not")]
struct PatternReader {
    values: Vec<String>,
    /// Whether letter case is ignored where the reading stands.
    folds: bool,
    /// Whether a letter was met whose case is ignored, and one whose case counts.
    folded: bool,
    exact: bool,
    /// Whether both cases of a letter were spelt out, as earlier releases did.
    spelt_out: bool,
}

impl PatternReader {
    fn pieces(&mut self, mut rest: &str) -> Option<()> {
        while !rest.is_empty() {
            let width = if let Some(inner) = rest.strip_prefix("(?i:") {
                let end = unescaped(inner, ')')?;
                let outer = std::mem::replace(&mut self.folds, true);
                self.pieces(&inner[..end])?;
                self.folds = outer;
                "(?i:".len() + end + 1
            } else {
                self.piece(rest)?
            };
            rest = &rest[width..];
        }
        Some(())
    }

    /// Reads one piece and says how many bytes it takes.
    fn piece(&mut self, rest: &str) -> Option<usize> {
        const OLD_ONE: &str = r"[\x01-\x7F]";
        if rest.starts_with(".*") {
            self.values.iter_mut().for_each(|value| value.push('*'));
            return Some(2);
        }
        if let Some(after) = rest.strip_prefix(ONE) {
            return Some(ONE.len() + self.repeated(after)?);
        }
        if rest.starts_with(OLD_ONE) {
            self.spelt_out = true;
            self.values.iter_mut().for_each(|value| value.push('?'));
            return Some(OLD_ONE.len());
        }
        let mut characters = rest.chars();
        match characters.next()? {
            '[' => {
                let (lower, upper, end) = (characters.next()?, characters.next()?, characters.next()?);
                let alike = lower.is_ascii_lowercase() && upper == lower.to_ascii_uppercase() && end == ']';
                (self.folded, self.spelt_out) = (true, true);
                alike.then(|| self.text(lower, 4))
            }
            '\\' => {
                let escaped = characters.next().filter(|character| !character.is_alphanumeric())?;
                (!matches!(escaped, '*' | '?')).then(|| self.text(escaped, 1 + escaped.len_utf8()))
            }
            '.' | '*' | '?' | '+' | '(' | ')' | '{' | '}' | '|' | '^' | '$' | ']' => None,
            character => {
                if character.is_ascii_alphabetic() {
                    *(if self.folds { &mut self.folded } else { &mut self.exact }) = true;
                }
                Some(self.text(character, character.len_utf8()))
            }
        }
    }

    fn text(&mut self, character: char, width: usize) -> usize {
        self.values.iter_mut().for_each(|value| value.push(character));
        width
    }

    /// The `{1,2}` behind a class: values with one and with two `?`. Says how many bytes it takes.
    fn repeated(&mut self, after: &str) -> Option<usize> {
        const MOST: usize = 100;
        let (counts, width) = match after.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            Some((counts, _)) => (counts, counts.len() + 2),
            None => ("1", 0),
        };
        let (least, most) = counts.split_once(',').unwrap_or((counts, counts));
        let (least, most): (usize, usize) = (least.parse().ok()?, most.parse().ok()?);
        if most > MOST || least > most {
            return None;
        }
        let longer = |value: &String| {
            (least..=most).map(|count| value.clone() + &"?".repeat(count)).collect::<Vec<_>>()
        };
        self.values = self.values.iter().flat_map(longer).collect();
        (self.values.len() <= MOST).then_some(width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regular_expression_that_is_not_quells_stays_one() {
        for (regex, values, cased) in [
            (r"(?s)^[aA].*\.[eE]$", &["a*.e"][..], false),
            (r"(?s)^Ab\\[\x01-\x7F]$", &[r"Ab\?"], true),
            (r"(?is)^a.*\.e$", &["a*.e"], false),
            (r"(?i)^Volume[ -~]{1,2}\\x$", &[r"Volume?\x", r"Volume??\x"], false),
            ("é(?i:a)", &["*éa*"], false),
            (r"^1\.[ -~]$", &["1.?"], true),
            ("(?i)^ab", &["ab*"], false),
            ("ab$", &["*ab"], true),
        ] {
            let found = wildcards(regex).unwrap();
            assert_eq!(found.0, values, "{regex}");
            // Without letters there is no letter case.
            assert!(found.1 == cased || !regex.contains('a'), "{regex}");
        }
        for other in [
            "a+",
            "(?s)^a|b$",
            r"(?s)^\d$",
            "(?s)^[ab]$",
            r"(?s)^\*$",
            "(?s)^[aA]b$",
            "(?s)^a+$",
            "(?s)^$",
            "(?i)^a.*b$",
            "^$",
        ] {
            assert_eq!(wildcards(other), None, "{other}");
        }
    }
}
