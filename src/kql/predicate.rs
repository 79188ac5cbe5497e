//! One condition as an expression of KQL.
//!
//! In: a condition of the model, its column. Out: the expression as somebody would write it by hand, and whether it
//! may be null. It follows Microsoft's pages on string operators, which ignore the case of ASCII letters where their
//! names say so, on `ipv4_is_in_any_range()` and `ipv6_is_in_any_range()`, and on null values: a text is never null,
//! and `==` and `in` are false for a number that is.

use super::address::addresses;
use super::expression::Expression;
use super::literal::{column, string};
use super::pattern::Pattern;
use super::values::Values;
use crate::exclusions::model::{Condition, FieldRef, NumberRange, Operator, Piece, Test, TextValue};
use crate::schema::{Schema, Source};

/// The last segment of a path, as a regular expression in a literal.
pub(super) const NAME_OF: &str = r#"@"([^\\/]*)$""#;

/// The shape of a whole number without leading zeros, as a regular expression in a literal.
pub(super) const NUMBER_SHAPE: &str = r#"@"^(?:0|[1-9][0-9]*)$""#;

/// A condition and where its values go.
pub(super) struct ClauseEntry<'p> {
    /// The exclusion's id, the number of the entry.
    pub(super) key: (&'p str, usize),
    pub(super) schema: &'p Schema,
}

/// The expression for a condition; the error says what cannot be said.
pub(super) fn condition(
    condition: &Condition,
    place: &ClauseEntry<'_>,
    values: &mut Values,
) -> Result<Expression, String> {
    let source = source(&condition.field, place.schema)?;
    let kind = place.schema.columns.get(&source.column).map_or("string", String::as_str);
    let key = format!("{}/{}/{}", place.key.0, place.key.1, condition.field.name());
    refuse(&condition.test, &source.column, kind)?;
    match &condition.test {
        Test::Text(texts) => text(texts, &text_of(&source, kind), &key, values),
        Test::Address(ranges) => Ok(addresses(ranges, &column(&source.column), &key, values)),
        Test::Number(ranges) => Ok(numbers(ranges, &column(&source.column), kind)),
    }
}

/// Capturing groups that Kusto takes in one regular expression.
const MOST_GROUPS: usize = 16;

/// What would be an approximation: text of a column that an export writes otherwise than KQL does, an
/// address or a number in a column that holds none, a regular expression that Kusto does not take.
pub(super) fn refuse(test: &Test, column: &str, kind: &str) -> Result<(), String> {
    let legal: &[&str] = match test {
        Test::Text(_) | Test::Number(_) => &["string", "int", "long"],
        Test::Address(_) => &["string"],
    };
    if !legal.contains(&kind) {
        return Err(format!(
            "the column {column} is of type {kind}, whose text is not the same in an export"
        ));
    }
    let Test::Text(texts) = test else { return Ok(()) };
    for text in texts.iter().filter(|text| text.operator == Operator::Re) {
        // The whole match counts as a group of its own.
        let groups = regex::Regex::new(&text.text).map_or(0, |regex| regex.captures_len() - 1);
        if groups > MOST_GROUPS {
            return Err(format!(
                "Kusto takes {MOST_GROUPS} capturing groups, `{}` has {groups}; (?:) does not capture",
                text.text
            ));
        }
    }
    Ok(())
}

/// The expression for a cell that is empty or unreadable, so that nobody knows whether the condition is met.
pub(super) fn is_unknown(condition: &Condition, schema: &Schema) -> Result<String, String> {
    let source = source(&condition.field, schema)?;
    let kind = schema.columns.get(&source.column).map_or("string", String::as_str);
    let cell = column(&source.column);
    Ok(match &condition.test {
        Test::Text(_) => format!("isempty({})", text_of(&source, kind)),
        // It reads both families, and gives an empty text for what is no address.
        Test::Address(_) => format!("isempty(parse_ipv6({cell}))"),
        Test::Number(_) if matches!(kind, "int" | "long") => format!("isnull({cell})"),
        Test::Number(_) => format!("not({cell} matches regex {NUMBER_SHAPE})"),
    })
}

pub(super) fn source(field: &FieldRef, schema: &Schema) -> Result<Source, String> {
    match field {
        FieldRef::Field(field) => schema
            .sources(*field)
            .first()
            .cloned()
            .ok_or_else(|| format!("schema {} has no column for it", schema.name)),
        FieldRef::Column(column) => Ok(Source { column: column.name.clone(), path: false }),
    }
}

fn text_of(source: &Source, kind: &str) -> String {
    let cell = column(&source.column);
    let cell = if kind == "string" { cell } else { format!("tostring({cell})") };
    if source.path { format!("extract({NAME_OF}, 1, {cell})") } else { cell }
}

fn text(texts: &[TextValue], cell: &str, key: &str, values: &mut Values) -> Result<Expression, String> {
    let mut terms = Vec::new();
    for cased in [false, true] {
        let listed = texts.iter().filter(|value| value.cased == cased && is_listed(value));
        let whole: Vec<String> = listed.filter_map(TextValue::whole).map(str::to_owned).collect();
        if !whole.is_empty() {
            let key = if cased { format!("{key}|cased") } else { key.to_owned() };
            terms.push(values.texts(cell, cased, &key, &whole));
        }
    }
    let mut patterns: Vec<Pattern> = Vec::new();
    for value in texts.iter().filter(|value| !is_listed(value)) {
        match part(value, cell)? {
            Part::Said(expression) => terms.push(expression),
            Part::Pattern(pattern) => {
                if !patterns.iter_mut().any(|known| known.take_in(&pattern)) {
                    patterns.push(pattern);
                }
            }
        }
    }
    let matches =
        |pattern: Pattern| Expression::with_text(format!("{cell} matches regex "), &pattern.regex());
    terms.extend(patterns.into_iter().map(matches));
    Ok(Expression::any(terms))
}

/// Whether a value can stand in a list of `in` or `in~`.
fn is_listed(value: &TextValue) -> bool {
    value.whole().is_some() && folds_as_documented(value)
}

/// Whether an operator that ignores letter case does so as quell does. For text beyond ASCII nobody documents it.
fn folds_as_documented(value: &TextValue) -> bool {
    value.cased || value.text.is_ascii()
}

/// A value that an operator says, or one that takes a regular expression.
enum Part {
    Said(Expression),
    Pattern(Pattern),
}

fn part(value: &TextValue, cell: &str) -> Result<Part, String> {
    let (Some(pieces), Some(pattern)) = (value.pieces(), Pattern::new(value)) else {
        return expression(value, cell).map(Part::Said);
    };
    let said = |operator: &str, text: &str| {
        let cs = if value.cased { "_cs" } else { "" };
        Ok(Part::Said(Expression::with_text(format!("{cell} {operator}{cs} "), text)))
    };
    match pieces.as_slice() {
        [Piece::Any] => Ok(Part::Said(Expression::plain(format!("isnotempty({cell})")))),
        _ if !folds_as_documented(value) => Ok(Part::Pattern(pattern)),
        [Piece::Text(text), Piece::Any] => said("startswith", text),
        [Piece::Any, Piece::Text(text)] => said("endswith", text),
        [Piece::Any, Piece::Text(text), Piece::Any] => said("contains", text),
        _ => Ok(Part::Pattern(pattern)),
    }
}

/// A regular expression that somebody wrote into a list.
fn expression(value: &TextValue, cell: &str) -> Result<Expression, String> {
    if value.text.contains('\0') {
        return Err("a regular expression with a NUL byte".to_owned());
    }
    let matches = Expression::with_text(format!("{cell} matches regex "), &value.text);
    // An empty cell meets nothing in a list, and some expressions match empty text.
    let matches_nothing = regex::Regex::new(&value.text).is_ok_and(|regex| !regex.is_match(""));
    if matches_nothing {
        return Ok(matches);
    }
    Ok(Expression::all(vec![Expression::plain(format!("isnotempty({cell})")), matches]))
}

fn numbers(ranges: &[NumberRange], cell: &str, kind: &str) -> Expression {
    let number = matches!(kind, "int" | "long");
    // Beyond what a long holds there is nothing to compare with.
    let most = u64::try_from(i64::MAX).unwrap_or(u64::MAX);
    let sayable = || ranges.iter().filter(|range| range.first <= most);
    let single = sayable().filter(|range| range.first == range.last).map(|range| range.first.to_string());
    let single: Vec<String> =
        single.map(|number_text| if number { number_text } else { string(&number_text) }).collect();
    let mut terms = Vec::new();
    match single.as_slice() {
        [] => {}
        [one] => terms.push(Expression::plain(format!("{cell} == {one}"))),
        _ => terms.push(Expression::with_literals(format!("{cell} in "), single)),
    }
    let value = if number { cell.to_owned() } else { format!("tolong({cell})") };
    let between = sayable().filter(|range| range.first < range.last).map(|range| {
        let between = format!("{value} between ({} .. {})", range.first, range.last.min(most));
        // Null for a number that is missing.
        Expression::nullable(between)
    });
    let between: Vec<Expression> = between.collect();
    if !between.is_empty() && number {
        terms.extend(between);
    } else if !between.is_empty() {
        // `tolong()` also reads numbers with leading zeros.
        let shape = Expression::plain(format!("{cell} matches regex {NUMBER_SHAPE}"));
        terms.push(Expression::all(vec![shape, Expression::any(between)]));
    }
    if terms.is_empty() { Expression::plain("false") } else { Expression::any(terms) }
}
