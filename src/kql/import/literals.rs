//! The values of a comparison, read back from how they are written out.
//!
//! In: nodes, and what names are bound to. Out: texts, or why there are none: what is computed is never guessed.

use crate::kql::lex::{TokenKind, literal};
use crate::kql::tree::{QueryNode, Tree};

pub(super) type Literals = Result<Vec<String>, String>;

/// The values of a comparison: a literal, a list of them, a name that `let` binds to one.
pub(super) fn values(
    tree: &Tree<'_>,
    nodes: &[QueryNode],
    values_of: &dyn Fn(&str) -> Option<Vec<String>>,
) -> Option<Literals> {
    match nodes {
        [] => None,
        [QueryNode::Brackets(group)] => Some(listed(tree, &group.nodes, values_of)),
        _ => Some(listed(tree, nodes, values_of)),
    }
}

pub(super) fn listed(
    tree: &Tree<'_>,
    nodes: &[QueryNode],
    values_of: &dyn Fn(&str) -> Option<Vec<String>>,
) -> Literals {
    let mut out = Vec::new();
    let sign =
        |node: &QueryNode| matches!(node, QueryNode::Leaf(index) if matches!(tree.word(*index), "," | ".."));
    for item in nodes.split(sign) {
        match item {
            [] => {}
            [QueryNode::Leaf(index)] if tree.kind(*index) == Some(TokenKind::Name) => {
                let name = tree.word(*index);
                let known = values_of(name);
                out.extend(known.ok_or_else(|| format!("`{name}` is not a list of literals in this query"))?);
            }
            [QueryNode::Leaf(index)] => out.push(value(tree, *index)?),
            // Kusto joins texts that stand in a row.
            texts if texts.iter().all(|node| tree.is_text(node)) => {
                let values = texts.iter().map(|node| value(tree, node.first()));
                out.push(values.collect::<Result<String, _>>()?);
            }
            [QueryNode::Leaf(_), QueryNode::Brackets(group)]
                if tree.name(item.first()) == Some("dynamic") =>
            {
                for inner in &group.nodes {
                    out.extend(listed(tree, inner.group().map_or(&[], |list| &list.nodes), values_of)?);
                }
            }
            // `['Browser']` is a name and no text.
            [QueryNode::Brackets(group)] if tree.word(group.open) == "[" => {
                let name = group.nodes.first().map(|node| value(tree, node.first())).transpose()?;
                let name = name.unwrap_or_default();
                let known = values_of(&name);
                out.extend(known.ok_or_else(|| format!("`{name}` is not a list of literals in this query"))?);
            }
            [QueryNode::Brackets(group)] => out.extend(listed(tree, &group.nodes, values_of)?),
            [QueryNode::Leaf(_), QueryNode::Brackets(group)]
                if tree.name(item.first()) == Some("pack_array") =>
            {
                out.extend(listed(tree, &group.nodes, values_of)?);
            }
            [QueryNode::Leaf(_), QueryNode::Brackets(columns), QueryNode::Brackets(cells)]
                if tree.name(item.first()) == Some("datatable") =>
            {
                if tree.split(&columns.nodes, TokenKind::Comma).len() > 1 {
                    return Err("a table of several columns is no list of values".into());
                }
                out.extend(listed(tree, &cells.nodes, values_of)?);
            }
            _ => return Err("its values are computed, not written out".into()),
        }
    }
    if out.is_empty() { Err("it has no values that are written out".into()) } else { Ok(out) }
}

fn value(tree: &Tree<'_>, index: usize) -> Result<String, String> {
    let word = tree.word(index);
    match tree.kind(index) {
        Some(TokenKind::Number) => Ok(word.to_owned()),
        Some(TokenKind::Text) => literal(word).ok_or_else(|| format!("`{word}` is not a string that closes")),
        Some(TokenKind::Placeholder) => Err(format!("`{word}` is filled in elsewhere")),
        _ => Err(format!("`{word}` is not a value that is written out")),
    }
}

/// The literals that a name is bound to: `let names = dynamic(["a", "b"]);`.
pub(super) fn bound(tree: &Tree<'_>, nodes: &[QueryNode]) -> Option<Vec<String>> {
    listed(tree, nodes, &|_| None).ok()
}
