//! What stands around brackets, and so what the rows inside of them are for.
//!
//! In: nodes before and behind brackets. Out: the context for what is inside, or a walk through the arguments of a
//! function. What it cannot tell it calls a value, never a source of results.

use super::sides::{SideContext, Sides};
use super::walk::Walk;
use crate::kql::lex::TokenKind;
use crate::kql::tree::{Brackets, QueryNode};

const MEMBERSHIP: [&str; 3] = ["in", "has_any", "has_all"];
/// Functions that hand rows on as they are.
const PASSING: [&str; 6] = ["materialize", "toscalar", "view", "table", "set_has_element", "set_difference"];
impl Walk<'_> {
    /// The context inside the brackets at a place, from what stands around them.
    pub(super) fn inside(&self, nodes: &[QueryNode], at: usize, context: SideContext) -> SideContext {
        let context = if context.row { self.compared(nodes, at, context) } else { context };
        let before = &nodes[..at];
        let back = |steps: usize| before.len().checked_sub(steps).and_then(|at| before.get(at));
        let tilde = usize::from(self.tree.is(back(1), "~"));
        let Some(word) = self.tree.name(back(1 + tilde)) else { return context };
        if word == "not" {
            return SideContext { sides: context.sides.flipped(), ..context };
        }
        if MEMBERSHIP.contains(&word) {
            let negated = self.tree.is(back(2 + tilde), "!");
            let sides = if negated { context.sides.flipped() } else { context.sides };
            return SideContext { sides, direct: true, row: false, ..context };
        }
        let calls = !matches!(word, "and" | "or" | "where" | "filter" | "by" | "on" | "set_has_element");
        if (word == "toscalar" && !context.direct) || (context.row && calls) {
            return SideContext { sides: Sides::VALUE, ..context };
        }
        context
    }

    /// The context of brackets whose truth is compared: `(D in (base)) == false`.
    fn compared(&self, nodes: &[QueryNode], at: usize, context: SideContext) -> SideContext {
        let tree = self.tree;
        let sign =
            ["==", "!=", "=~", ">", "<", ">=", "<="].iter().find(|sign| tree.is(nodes.get(at + 1), sign));
        let sides = match (sign.copied(), tree.name(nodes.get(at + 2))) {
            (None, _) | (Some("=="), Some("true")) | (Some("!="), Some("false")) => context.sides,
            (Some("=="), Some("false")) | (Some("!="), Some("true")) => context.sides.flipped(),
            _ => Sides::VALUE,
        };
        // `false == (D in (base))`: whatever is meant, it is not the membership alone.
        let preceded = at.checked_sub(1).and_then(|before| nodes.get(before));
        let preceded = ["==", "!="].iter().any(|sign| tree.is(preceded, sign));
        SideContext { sides: if preceded { Sides::VALUE } else { sides }, ..context }
    }

    /// The first table that a function of the query takes.
    pub(super) fn first_parameter(&self, function: &str) -> Option<usize> {
        self.functions.get(function)?.first().copied().flatten()
    }

    /// The arguments of a function of the query, each for its parameter.
    pub(super) fn arguments(&mut self, function: &str, nodes: &[QueryNode], context: SideContext) {
        let parameters = self.functions.get(function).cloned().unwrap_or_default();
        for (place, argument) in self.tree.split(nodes, TokenKind::Comma).into_iter().enumerate() {
            let via = parameters.get(place).copied().flatten().or(context.via);
            self.handed(argument, SideContext { via, ..context });
        }
    }

    /// What is handed to a function: a table needs brackets before an operator can follow it.
    pub(super) fn handed(&mut self, nodes: &[QueryNode], context: SideContext) {
        for argument in self.tree.split(nodes, TokenKind::Comma) {
            if self.reference_length(argument) == Some(argument.len()) {
                let pipeline = self.query.pipelines.len();
                self.expression(argument, context);
                for (reference, ..) in self.references.iter_mut().filter(|(r, ..)| r.pipeline == pipeline) {
                    reference.bare = true;
                }
            } else {
                self.statements(argument, context);
            }
        }
    }

    /// Whether brackets hand rows to a function that stands nowhere in the query.
    pub(super) fn is_foreign(&self, name: &str, group: &Brackets) -> bool {
        let known = PASSING.contains(&name)
            || MEMBERSHIP.contains(&name)
            || ["union", "join", "lookup", "not", "and", "or", "let", "find", "search", "on", "by", "with"]
                .contains(&name);
        !known && self.tree.word(group.open) == "("
    }

    /// `set_difference(a, b)`: what is in `b` is taken away.
    pub(super) fn difference(&mut self, nodes: &[QueryNode], context: SideContext) {
        for (at, argument) in self.tree.split(nodes, TokenKind::Comma).into_iter().enumerate() {
            let sides = if at == 0 { context.sides } else { context.sides.flipped() };
            self.expression(argument, SideContext { sides, ..context });
        }
    }
}
