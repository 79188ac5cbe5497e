//! How queries name tables, give parameters to operators, and begin statements.
//!
//! In: nodes of the tree. Out: answers to the questions of the walk. It keeps no state.

use super::sides::Sides;
use super::walk::Walk;
use crate::kql::lex::{TokenKind, literal};
use crate::kql::tree::QueryNode;
use std::ops::Range;

const OPERANDS: [&str; 3] = ["union", "join", "lookup"];

/// Whether later operators ask for rows that found no partner in an outer join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Absence {
    No,
    /// Something is computed of an empty cell.
    Perhaps,
    Yes,
}

impl Absence {
    /// The sides of the rows that may be missing.
    pub(super) fn sides(self, sides: Sides) -> Sides {
        match self {
            Self::No => sides,
            Self::Perhaps => Sides::BOTH.within(sides),
            Self::Yes => sides.flipped(),
        }
    }

    /// The same where nobody knows on which of two sides the cell is empty.
    pub(super) fn either(self) -> Self {
        self.min(Self::Perhaps)
    }
}

/// What later operators of a pipeline do to the rows before them.
#[derive(Clone, Copy)]
pub(super) struct Later {
    /// They are subtracted from the rows of another table.
    pub(super) flips: bool,
    /// The rows that found no partner are asked for.
    pub(super) absence: Absence,
    /// The same for the rows so far, which a join made the optional ones.
    pub(super) outer: Absence,
    /// The parameter of the function that `invoke` hands them to.
    pub(super) via: Option<usize>,
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

    /// For each part of a pipeline, what the parts after it do to its rows. What is `bound` to a name is used later.
    pub(super) fn later(&self, parts: &[&[QueryNode]], bound: bool) -> Vec<Later> {
        let end = parts.last().and_then(|part| part.last()).map_or(0, QueryNode::last);
        let absence = if bound { self.absence(end + 1..self.tree.tokens.len()) } else { Absence::No };
        let mut later = Later { flips: false, absence, outer: Absence::No, via: None };
        let mut all: Vec<Later> = parts
            .iter()
            .rev()
            .map(|part| {
                let here = later;
                let kind = self.join_kind(part);
                later.flips ^= kind.starts_with("rightanti");
                later.outer = match kind.as_str() {
                    "rightouter" => later.absence,
                    "fullouter" => later.absence.either(),
                    _ => later.outer,
                };
                later.absence = later.absence.max(self.asks_for_absence(part));
                later.via = self.invoked(part).or(later.via);
                here
            })
            .collect();
        all.reverse();
        all
    }

    /// The kind of a join; nothing for another operator.
    fn join_kind(&self, part: &[QueryNode]) -> String {
        let joins = self.tree.name(part.first()) == Some("join");
        if joins { self.parameters(part, 1).1 } else { String::new() }
    }

    /// The parameter of a function of the query that `invoke` names.
    fn invoked(&self, part: &[QueryNode]) -> Option<usize> {
        let function =
            self.tree.name(part.get(1)).filter(|_| self.tree.name(part.first()) == Some("invoke"))?;
        self.first_parameter(function)
    }

    /// `where isempty(DeviceId1)` after an outer join keeps the rows that found no partner.
    fn asks_for_absence(&self, part: &[QueryNode]) -> Absence {
        let (Some(first), Some(last)) = (part.first(), part.last()) else { return Absence::No };
        match self.tree.name(Some(first)) {
            Some("where" | "filter") => self.absence(first.first()..last.last() + 1),
            // What is computed of an empty cell may be asked for later.
            Some("extend" | "project") if self.absence(first.first()..last.last() + 1) == Absence::Yes => {
                Absence::Perhaps
            }
            _ => Absence::No,
        }
    }

    /// What is said of empty cells in some tokens.
    fn absence(&self, tokens: Range<usize>) -> Absence {
        let of = |index: usize| {
            let (word, next) = (self.tree.word(index), self.tree.word(index + 1));
            let is_empty = |word: &str| literal(word).is_some_and(|text| text.is_empty());
            match word {
                "isempty" | "isnull" => Absence::Yes,
                "not" if matches!(self.tree.word(index + 2), "isnotempty" | "isnotnull") => Absence::Yes,
                "==" | "=~" | "<=" if next == "0" || is_empty(next) => Absence::Yes,
                "<" if next == "1" => Absence::Yes,
                "in" if is_empty(self.tree.word(index + 2)) => Absence::Yes,
                "isnotempty" | "isnotnull" if matches!(self.tree.word(index + 4), "==" | "!=") => {
                    Absence::Yes
                }
                "coalesce" | "iff" | "iif" | "case" => Absence::Perhaps,
                _ => Absence::No,
            }
        };
        tokens.map(of).max().unwrap_or(Absence::No)
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
            return match tree.opens(nodes.get(1), "(") {
                _ if more => None,
                None => Some(1),
                // A parser of ASIM takes what it filters by.
                Some(group) => (self.is_parser() && group.close.is_some()).then_some(2),
            };
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

    /// Whether the table is a parser of ASIM, which is a function that gives rows.
    fn is_parser(&self) -> bool {
        ["_Im_", "_ASim_", "im", "ASim"].iter().any(|start| self.table.starts_with(start))
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
