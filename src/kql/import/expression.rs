//! A condition as `and`, `or`, `not` and the parts between them.
//!
//! In: nodes of a bracket tree. Out: [`Expression`], and the alternatives of which one has to hold for it to be
//! true, or to be false. It does not look into the parts.

use crate::kql::lex::TokenKind;
use crate::kql::tree::{QueryNode, Tree};

/// A condition.
#[derive(Debug)]
pub(super) enum Expression<'n> {
    And(Vec<Expression<'n>>),
    Or(Vec<Expression<'n>>),
    /// The nodes with the `not`, and what is negated.
    Not(&'n [QueryNode], Box<Expression<'n>>),
    /// Anything without `and`, `or` and `not`.
    Part(&'n [QueryNode]),
}

/// Reads a condition.
pub(super) fn parse<'n>(tree: &Tree<'_>, nodes: &'n [QueryNode]) -> Expression<'n> {
    let either = split(tree, nodes, "or");
    if either.len() > 1 {
        return Expression::Or(either.into_iter().map(|part| parse(tree, part)).collect());
    }
    let both = split(tree, nodes, "and");
    if both.len() > 1 {
        return Expression::And(both.into_iter().map(|part| parse(tree, part)).collect());
    }
    let negated = tree.name(nodes.first()) == Some("not") || tree.is(nodes.first(), "!");
    if let Some(inner) = never_null(tree, nodes) {
        let inner = parse(tree, inner);
        // A single comparison is read together with what stands around it.
        if !matches!(inner, Expression::Part(_)) {
            return inner;
        }
    }
    match nodes {
        [QueryNode::Brackets(group)] if tree.word(group.open) == "(" => parse(tree, &group.nodes),
        [_, QueryNode::Brackets(group)] if negated => {
            Expression::Not(nodes, Box::new(parse(tree, &group.nodes)))
        }
        _ => Expression::Part(nodes),
    }
}

/// What stands in `coalesce(..., false)`.
pub(super) fn never_null<'n>(tree: &Tree<'_>, nodes: &'n [QueryNode]) -> Option<&'n [QueryNode]> {
    let [name, brackets] = nodes else { return None };
    let group = tree.opens(Some(brackets), "(").filter(|_| tree.name(Some(name)) == Some("coalesce"))?;
    match tree.split(&group.nodes, TokenKind::Comma)[..] {
        [inner, [default]] if tree.name(Some(default)) == Some("false") => Some(inner),
        _ => None,
    }
}

/// Where `coalesce(..., false)` stands, in whatever brackets: nothing in it drops rows by being null.
pub(super) fn never_null_spans(tree: &Tree<'_>) -> Vec<(usize, usize)> {
    fn look(tree: &Tree<'_>, nodes: &[QueryNode], found: &mut Vec<(usize, usize)>) {
        found.extend(
            nodes.windows(2).filter(|pair| never_null(tree, pair).is_some()).map(|pair| span(tree, pair)),
        );
        nodes.iter().filter_map(QueryNode::group).for_each(|group| look(tree, &group.nodes, found));
    }
    let mut found = Vec::new();
    look(tree, &tree.nodes, &mut found);
    found
}

/// The nodes between `and` or `&&`, between `or` or `||`.
fn split<'n>(tree: &Tree<'_>, nodes: &'n [QueryNode], word: &str) -> Vec<&'n [QueryNode]> {
    let mut parts = Vec::new();
    let (mut start, mut at) = (0, 0);
    while at < nodes.len() {
        let width = match word {
            "and" if tree.is(nodes.get(at), "&&") => 1,
            "or" if tree.is(nodes.get(at), "|") && tree.is(nodes.get(at + 1), "|") => 2,
            _ => usize::from(tree.name(nodes.get(at)) == Some(word)),
        };
        if width > 0 {
            parts.push(&nodes[start..at]);
            start = at + width;
        }
        at += width.max(1);
    }
    parts.push(&nodes[start..]);
    parts
}

/// Parts, each with the truth value that it must have. All must hold together.
pub(super) type Alternative<'e, 'n> = Vec<(&'e &'n [QueryNode], bool)>;

/// The alternatives of which one must hold for an expression to be `truth`; `None` beyond `limit`.
pub(super) fn alternatives<'e, 'n>(
    expression: &'e Expression<'n>,
    truth: bool,
    limit: usize,
) -> Option<Vec<Alternative<'e, 'n>>> {
    match expression {
        Expression::Part(nodes) => Some(vec![vec![(nodes, truth)]]),
        Expression::Not(_, inner) => alternatives(inner, !truth, limit),
        Expression::And(all) if truth => product(all, truth, limit),
        Expression::Or(all) if !truth => product(all, truth, limit),
        Expression::And(all) | Expression::Or(all) => {
            let mut out = Vec::new();
            for one in all {
                out.extend(alternatives(one, truth, limit)?);
                if out.len() > limit {
                    return None;
                }
            }
            Some(out)
        }
    }
}

fn product<'e, 'n>(all: &'e [Expression<'n>], truth: bool, limit: usize) -> Option<Vec<Alternative<'e, 'n>>> {
    let mut out: Vec<Alternative<'e, 'n>> = vec![Vec::new()];
    for one in all {
        let more = alternatives(one, truth, limit)?;
        if out.len() * more.len() > limit {
            return None;
        }
        let joined = |left: &Alternative<'e, 'n>| {
            more.iter().map(|right| [left.as_slice(), right.as_slice()].concat()).collect::<Vec<_>>()
        };
        out = out.iter().flat_map(joined).collect();
    }
    Some(out)
}

impl Expression<'_> {
    /// First byte and the byte after the last.
    pub(super) fn span(&self, tree: &Tree<'_>) -> (usize, usize) {
        match self {
            Self::Part(nodes) | Self::Not(nodes, _) => span(tree, nodes),
            Self::And(all) | Self::Or(all) => {
                let first = all.first().map(|one| one.span(tree).0).unwrap_or_default();
                (first, all.last().map(|one| one.span(tree).1).unwrap_or_default())
            }
        }
    }

    /// Whether somebody wrote a negation in it: such a condition takes rows away.
    pub(super) fn takes_away(&self, tree: &Tree<'_>) -> bool {
        match self {
            Self::Not(..) => true,
            Self::And(all) | Self::Or(all) => all.iter().any(|one| one.takes_away(tree)),
            Self::Part(nodes) => {
                let sign = |sign| nodes.iter().any(|node| tree.is(Some(node), sign));
                ["!", "!=", "!~", "<>"].into_iter().any(sign)
                    || (sign("==") && nodes.iter().any(|node| tree.name(Some(node)) == Some("false")))
            }
        }
    }
}

/// First byte and the byte after the last.
pub(super) fn span(tree: &Tree<'_>, nodes: &[QueryNode]) -> (usize, usize) {
    let first = nodes.first().map(|node| tree.start(node)).unwrap_or_default();
    (first, nodes.last().map_or(first, |node| tree.end(node)))
}
