//! What a query asks of its aggregates: fewer rows can make a first time later, a set smaller, a count lower.
//!
//! In: the tree of a query and one of its `summarize`. Out: [`Demand`]: whether a later comparison is met because rows
//! are gone. It looks at every later use of the aggregate's name, in whatever statement.

use crate::kql::lex::TokenKind;
use crate::kql::tree::{QueryNode, Tree};

/// What is asked of an aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Demand {
    /// A number below a limit; rows that are gone can bring a group there. The token of the comparison.
    Few(usize),
    /// A first time after some day, or a set of just so many: without the rows another answer comes out.
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A first time.
    First,
    /// A set, which is asked about by its length.
    Set,
    /// The number of different values.
    Distinct,
    Count,
}

/// The strongest demand on an aggregate of a `summarize`.
pub(super) fn demand(tree: &Tree<'_>, part: &[QueryNode]) -> Option<Demand> {
    let end = part.last()?.last();
    let aggregates = part[1..].split(|node| tree.name(Some(node)) == Some("by")).next()?;
    let mut named: Vec<(String, Kind)> = tree
        .split(aggregates, TokenKind::Comma)
        .into_iter()
        .filter_map(|item| aggregate(tree, item))
        .collect();
    // A length that gets a name of its own is asked about under it.
    for (name, kind) in named.clone() {
        let assigned = (end + 1..tree.tokens.len()).filter(|at| is_length_of(tree, *at, &name));
        let assigned = assigned.filter(|at| kind == Kind::Set && tree.word(at - 3) == "=");
        named.extend(assigned.map(|at| (tree.word(at - 4).to_owned(), Kind::Distinct)));
    }
    let uses = (end + 1..tree.tokens.len()).filter(|at| tree.kind(*at) == Some(TokenKind::Name));
    uses.filter_map(|at| {
        let (_, kind) = named.iter().find(|(name, _)| name == tree.word(at))?;
        asked(tree, at, *kind)
    })
    .max()
}

/// The name and kind of an aggregate that can be asked so.
fn aggregate(tree: &Tree<'_>, item: &[QueryNode]) -> Option<(String, Kind)> {
    let assigned = tree.is(item.get(1), "=");
    let call = if assigned { &item[2..] } else { item };
    let function = tree.name(call.first())?;
    let inner = call.get(1).map_or(0..0, |node| node.first()..node.last() + 1);
    let has = |words: &[&str]| {
        words.contains(&function) || inner.clone().any(|index| words.contains(&tree.word(index)))
    };
    let kind = if has(&["min", "minif", "arg_min"]) {
        Kind::First
    } else if has(&["dcount", "dcountif", "count_distinct", "array_length"]) {
        Kind::Distinct
    } else if has(&["make_set", "makeset", "make_list"]) {
        Kind::Set
    } else if has(&["count", "countif", "sum", "sumif"]) {
        Kind::Count
    } else {
        return None;
    };
    let argument = tree.word(inner.start + 1);
    let name = match (assigned, function) {
        (true, _) => tree.name(item.first())?.to_owned(),
        // `arg_min(Timestamp, *)` keeps the names of its columns.
        (false, "arg_min") => argument.to_owned(),
        (false, "count") => "count_".to_owned(),
        (false, _) => format!("{}_{argument}", if function.starts_with("make") { "set" } else { function }),
    };
    Some((name, kind))
}

/// Whether `array_length(name)` stands around the token.
fn is_length_of(tree: &Tree<'_>, at: usize, name: &str) -> bool {
    at >= 4
        && tree.word(at) == name
        && tree.word(at - 1) == "("
        && matches!(tree.word(at - 2), "array_length" | "arraylength")
}

/// What the comparison demands in which the token stands.
fn asked(tree: &Tree<'_>, at: usize, kind: Kind) -> Option<Demand> {
    let word = |index: Option<usize>| index.map(|index| tree.word(index)).unwrap_or_default();
    let measured = is_length_of(tree, at, tree.word(at));
    let (before, after) = if measured { (at.checked_sub(3), at + 2) } else { (at.checked_sub(1), at + 1) };
    let (before, mut sign) = (word(before), tree.word(after));
    if sign == "!" {
        sign = tree.word(after + 1);
    }
    let above = matches!(sign, ">" | ">=") || matches!(before, "<" | "<=");
    let below = matches!(sign, "<" | "<=") || matches!(before, ">" | ">=");
    let equal = matches!(sign, "==" | "!=" | "between") || matches!(before, "==" | "!=");
    match kind {
        Kind::First if above || equal => Some(Demand::Other),
        Kind::Set if !measured => None,
        Kind::Set | Kind::Distinct if equal => Some(Demand::Other),
        Kind::Set | Kind::Distinct | Kind::Count if below || equal => Some(Demand::Few(at)),
        _ => None,
    }
}
