//! How queries name tables, give parameters to operators, and begin statements.
//!
//! In: nodes of the tree. Out: answers to the questions of the walk. It keeps no state.

use super::walk::Walk;
use crate::kql::lex::{TokenKind, literal};
use crate::kql::tree::QueryNode;

const OPERANDS: [&str; 3] = ["union", "join", "lookup"];

/// What later operators of a pipeline do to the rows before them.
#[derive(Clone, Copy)]
pub(super) struct Later {
    /// They are subtracted from the rows of another table.
    pub(super) flips: bool,
    /// A later operator asks for the rows that found no partner.
    pub(super) absent: bool,
}

impl Walk<'_> {
    /// Whether a statement begins here although the semicolon before it is missing.
    pub(super) fn begins_statement(&self, nodes: &[QueryNode], start: usize, at: usize) -> bool {
        let tree = self.tree;
        let (Some(name), Some(before)) = (tree.name(nodes.get(at)), nodes.get(at - 1)) else { return false };
        let index = nodes[at].first();
        if !tree.begins_line(index) || self.wants_more(before) {
            return false;
        }
        if name == "let" {
            return true;
        }
        let piped = tree.is(nodes.get(at + 1), "|");
        if tree.follows_blank(index) {
            return piped || name == self.table || matches!(name, "union" | "find" | "search");
        }
        let operator = nodes[start..at].iter().rposition(|node| tree.is(Some(node), "|"));
        let operator = tree.name(nodes.get(operator.map_or(start, |pipe| pipe + 1))).unwrap_or_default();
        name == self.table && piped && !OPERANDS.contains(&operator)
    }

    /// Whether an expression cannot end with this node.
    pub(super) fn wants_more(&self, node: &QueryNode) -> bool {
        let QueryNode::Leaf(index) = node else { return false };
        match self.tree.kind(*index) {
            Some(TokenKind::Comma | TokenKind::Pipe | TokenKind::Symbol) => true,
            Some(TokenKind::Name) => matches!(
                self.tree.word(*index),
                "and"
                    | "or"
                    | "by"
                    | "on"
                    | "with"
                    | "where"
                    | "project"
                    | "union"
                    | "join"
                    | "lookup"
                    | "extend"
            ),
            _ => false,
        }
    }

    /// For each part of a pipeline, what the parts after it do to its rows.
    pub(super) fn later(&self, parts: &[&[QueryNode]]) -> Vec<Later> {
        let mut later = Later { flips: false, absent: false };
        let mut all: Vec<Later> = parts
            .iter()
            .rev()
            .map(|part| {
                let here = later;
                later.flips ^= self.flips_left(part);
                later.absent |= self.asks_for_absence(part);
                here
            })
            .collect();
        all.reverse();
        all
    }

    /// `join kind=rightanti`: the rows so far are what is subtracted.
    pub(super) fn flips_left(&self, part: &[QueryNode]) -> bool {
        self.tree.name(part.first()) == Some("join")
            && part
                .iter()
                .any(|node| self.tree.name(Some(node)).is_some_and(|kind| kind.starts_with("rightanti")))
    }

    /// `where isempty(DeviceId1)` after an outer join keeps the rows that found no partner.
    pub(super) fn asks_for_absence(&self, part: &[QueryNode]) -> bool {
        matches!(self.tree.name(part.first()), Some("where" | "filter"))
            && part.iter().any(|node| matches!(self.tree.name(Some(node)), Some("isempty" | "isnull")))
    }

    /// How many nodes name the table: `T`, `['T']`, `table("T")`, `workspace("w").T`.
    pub(super) fn reference_length(&self, nodes: &[QueryNode]) -> Option<usize> {
        let tree = self.tree;
        let named = |node: Option<&QueryNode>| {
            tree.name(node) == Some(self.table)
                || tree.opens(node, "[").is_some_and(|group| self.is_quoted_table(&group.nodes))
        };
        if named(nodes.first()) {
            let more = [".", "=", ":"].iter().any(|sign| tree.is(nodes.get(1), sign));
            return (!more && tree.opens(nodes.get(1), "(").is_none()).then_some(1);
        }
        let group = tree.opens(nodes.get(1), "(")?;
        match tree.name(nodes.first())? {
            "table" => self.is_quoted_table(&group.nodes).then_some(2),
            "workspace" | "cluster" | "database" | "app" | "adx" => {
                let mut at = 2;
                while tree.is(nodes.get(at), ".") {
                    if named(nodes.get(at + 1)) {
                        return Some(at + 2);
                    }
                    if tree.name(nodes.get(at + 1)) == Some("table") {
                        let group = tree.opens(nodes.get(at + 2), "(")?;
                        return self.is_quoted_table(&group.nodes).then_some(at + 3);
                    }
                    at += if tree.opens(nodes.get(at + 2), "(").is_some() { 3 } else { 2 };
                }
                None
            }
            _ => None,
        }
    }

    pub(super) fn is_quoted_table(&self, nodes: &[QueryNode]) -> bool {
        matches!(nodes.first(), Some(QueryNode::Leaf(index)) if self.is_table_text(*index))
    }

    pub(super) fn is_table_text(&self, index: usize) -> bool {
        self.tree.kind(index) == Some(TokenKind::Text)
            && literal(self.tree.word(index)).as_deref() == Some(self.table)
    }

    /// The place after the parameters of an operator, and the text of their values.
    pub(super) fn parameters(&self, part: &[QueryNode], mut at: usize) -> (usize, String) {
        let mut kind = String::new();
        while self.tree.name(part.get(at)).is_some() {
            let mut sign = at + 1;
            while self.tree.is(part.get(sign), ".") {
                sign += 2;
            }
            if !self.tree.is(part.get(sign), "=") {
                break;
            }
            if self.tree.name(part.get(at)) == Some("kind") {
                kind += self.tree.name(part.get(sign + 1)).unwrap_or_default();
            }
            at = (sign + 2).min(part.len());
        }
        (at.min(part.len()), kind)
    }

    /// `Device*` or `*` where the table is among those that it stands for.
    pub(super) fn is_wildcard(&self, operand: &[QueryNode]) -> bool {
        let star = operand.iter().position(|node| self.tree.is(Some(node), "*"));
        star.is_some_and(|star| {
            let prefix = operand[..star].first().map(|node| self.tree.name(Some(node)).unwrap_or("\0"));
            star <= 1 && self.table.starts_with(prefix.unwrap_or_default())
        })
    }
}

/// Every token below some nodes.
pub(super) fn collect(nodes: &[QueryNode], take: &mut impl FnMut(usize)) {
    for node in nodes {
        match node {
            QueryNode::Leaf(index) => take(*index),
            QueryNode::Brackets(group) => collect(&group.nodes, take),
        }
    }
}
