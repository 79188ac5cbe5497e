//! The walk over the brackets of a query.
//!
//! In: the tree. Out: pipelines, references of the table with their context, uses of bound names.

use super::aggregates::{Demand, demand};
use super::names::{Absence, collect};
use super::sides::{Binding, SideContext, Sides, Use, absolute, resolve};
use super::{Pipeline, Query, QueryOperator, Reference};
use crate::kql::lex::TokenKind;
use crate::kql::tree::{QueryNode, Tree};
use std::collections::HashMap;
use std::ops::Range;

/// Operators that compute values for each row, whatever is done with them.
const COMPUTING: [&str; 12] = [
    "extend",
    "project",
    "summarize",
    "distinct",
    "top",
    "sort",
    "order",
    "mv-expand",
    "mv-apply",
    "make-series",
    "parse",
    "serialize",
];

pub(super) fn read(text: &str, table: &str) -> Query {
    let tree = Tree::new(text);
    let mut walk = Walk {
        tree: &tree,
        table,
        query: Query::default(),
        contexts: Vec::new(),
        references: Vec::new(),
        bindings: Vec::new(),
        uses: Vec::new(),
        functions: HashMap::new(),
        demands: Vec::new(),
    };
    let context =
        SideContext { owner: None, sides: Sides::POSITIVE, direct: false, depth: 0, row: false, via: None };
    walk.statements(&tree.nodes, context);
    walk.finish()
}

pub(super) struct Walk<'w> {
    pub(super) tree: &'w Tree<'w>,
    pub(super) table: &'w str,
    pub(super) query: Query,
    /// For each pipeline.
    contexts: Vec<SideContext>,
    pub(super) references: Vec<(Reference, usize, SideContext)>,
    bindings: Vec<Binding>,
    uses: Vec<Use>,
    /// The functions of the query, with the binding of each parameter that is a table.
    pub(super) functions: HashMap<String, Vec<Option<usize>>>,
    /// What is asked of aggregates, and the tokens of the rows that they are made of.
    demands: Vec<(Range<usize>, Demand)>,
}

impl Walk<'_> {
    fn finish(mut self) -> Query {
        for used in &mut self.uses {
            let other = |(range, demand): &(Range<usize>, Demand)| {
                *demand == Demand::Other && range.contains(&used.token)
            };
            if self.demands.iter().any(other) {
                used.context.sides = Sides::VALUE;
            }
        }
        let sides = resolve(&self.bindings, &self.uses);
        for (pipeline, context) in self.query.pipelines.iter_mut().zip(&self.contexts) {
            pipeline.side = absolute(*context, &sides).side();
        }
        let shadow = self.bindings.iter().find(|binding| binding.name == self.table);
        let shadow = shadow.map_or(usize::MAX, |binding| binding.last);
        for (mut reference, token, context) in self.references {
            if token > shadow {
                let why = format!("`{}` is what a `let` above binds, not the table", self.table);
                self.query.unplaceable.push((reference.start, why));
                continue;
            }
            reference.side = absolute(context, &sides).side();
            for (_, demand) in self.demands.iter().filter(|(range, _)| range.contains(&token)) {
                match demand {
                    Demand::Other if reference.side == super::Side::Positive => {
                        reference.side = super::Side::Value;
                    }
                    Demand::Other => {}
                    Demand::Few(at) => reference.few = self.tree.tokens.get(*at).map(|token| token.start),
                }
            }
            self.query.references.push(reference);
        }
        self.query.references.sort_by_key(|reference| reference.start);
        self.query.unplaceable.sort();
        self.query.unplaceable.dedup();
        self.query
    }

    pub(super) fn statements(&mut self, nodes: &[QueryNode], context: SideContext) {
        let mut start = 0;
        for (at, node) in nodes.iter().enumerate() {
            let semicolon = self.tree.is(Some(node), ";");
            if semicolon || (at > start && self.begins_statement(nodes, start, at)) {
                self.statement(&nodes[start..at], context);
                start = at + usize::from(semicolon);
            }
        }
        self.statement(&nodes[start..], context);
    }

    fn statement(&mut self, nodes: &[QueryNode], context: SideContext) {
        let tree = self.tree;
        if tree.name(nodes.first()) == Some("let")
            && let Some(name) = tree.name(nodes.get(1))
            && tree.is(nodes.get(2), "=")
            && let Some(last) = nodes.last()
        {
            let owner = Some(self.bindings.len());
            self.bindings.push(Binding { name: name.to_owned(), last: last.last(), end: usize::MAX });
            self.parameters_of(name, &nodes[3..], last.last());
            let inner = SideContext {
                owner,
                sides: Sides::POSITIVE,
                direct: true,
                depth: context.depth,
                row: false,
                via: None,
            };
            let first = self.query.pipelines.len();
            self.expression(&nodes[3..], inner);
            if let Some(pipeline) = self.query.pipelines.get_mut(first) {
                pipeline.bound = Some(name.to_owned());
            }
        } else {
            self.expression(nodes, context);
        }
    }

    /// The tables that a function takes: `(rows: (DeviceId: string), name: string) { ... }`.
    fn parameters_of(&mut self, function: &str, nodes: &[QueryNode], end: usize) {
        let tree = self.tree;
        let nodes = if tree.name(nodes.first()) == Some("view") { &nodes[1..] } else { nodes };
        let [list, body] = nodes else { return };
        let Some(list) = tree.opens(Some(list), "(").filter(|_| tree.opens(Some(body), "{").is_some()) else {
            return;
        };
        let mut tables = Vec::new();
        for parameter in tree.split(&list.nodes, TokenKind::Comma) {
            let table = tree.name(parameter.first()).filter(|_| tree.opens(parameter.get(2), "(").is_some());
            tables.push(table.map(|name| {
                let known = list.close.unwrap_or(list.open);
                self.bindings.push(Binding { name: name.to_owned(), last: known, end });
                self.bindings.len() - 1
            }));
        }
        self.functions.insert(function.to_owned(), tables);
    }

    pub(super) fn expression(&mut self, nodes: &[QueryNode], context: SideContext) {
        let (Some(first), Some(last)) = (nodes.first(), nodes.last()) else { return };
        let parts = self.tree.split(nodes, TokenKind::Pipe);
        for part in parts.iter().filter(|part| self.tree.name(part.first()) == Some("summarize")) {
            let rows = first.first()..part[0].first();
            self.demands.extend(demand(self.tree, part).map(|demand| (rows, demand)));
        }
        let operators: Vec<QueryOperator> =
            parts.iter().skip(1).filter_map(|part| self.operator(part)).collect();
        let pipeline = self.query.pipelines.len();
        self.query.pipelines.push(Pipeline {
            start: self.tree.start(first),
            end: self.tree.end(last),
            depth: context.depth,
            source: self.tree.name(parts[0].first()).filter(|_| parts[0].len() == 1).map(str::to_owned),
            bound: None,
            side: super::Side::Both,
            operators,
        });
        self.contexts.push(context);
        let later = self.later(&parts, context.owner.is_some());
        for (at, (part, later)) in parts.iter().zip(later).enumerate() {
            let mut sides = if later.flips { context.sides.flipped() } else { context.sides };
            sides = later.outer.sides(sides);
            let via = later.via.or(context.via);
            let here = SideContext { sides, direct: context.direct && at == 0, via, ..context };
            if at == 0 {
                self.source(part, here, pipeline);
            } else {
                self.operation(part, here, pipeline, later.absence);
            }
        }
    }

    fn operator(&self, part: &[QueryNode]) -> Option<QueryOperator> {
        let (first, last) = (part.first()?, part.last()?);
        let mut name = self.tree.name(Some(first)).unwrap_or_default().to_owned();
        let mut named = 1;
        while self.tree.is(part.get(named), "-") && self.tree.name(part.get(named + 1)).is_some() {
            name.push('-');
            name.push_str(self.tree.name(part.get(named + 1)).unwrap_or_default());
            named += 2;
        }
        let body = part.get(named).map_or(self.tree.end(last), |node| self.tree.start(node));
        let pipe = first.first().checked_sub(1)?;
        Some(QueryOperator {
            name,
            start: self.tree.tokens.get(pipe)?.start,
            body: body..self.tree.end(last),
            closed: part.iter().all(QueryNode::is_closed),
        })
    }

    fn source(&mut self, nodes: &[QueryNode], context: SideContext, pipeline: usize) {
        match self.tree.name(nodes.first()) {
            Some("union") => return self.operands(&nodes[1..], context, pipeline),
            Some(verb @ ("find" | "search")) if !self.tree.is(nodes.get(1), "=") => {
                return self.whole_search(verb, nodes);
            }
            _ => {}
        }
        let arguments = self.tree.split(nodes, TokenKind::Comma);
        let many = arguments.len() > 1;
        for argument in arguments {
            self.argument(argument, context, pipeline, many);
        }
    }

    fn argument(&mut self, nodes: &[QueryNode], context: SideContext, pipeline: usize, many: bool) {
        let Some(length) = self.reference_length(nodes) else { return self.generic(nodes, context, true) };
        let next = nodes.get(length);
        if next.is_none_or(|next| self.tree.begins_line(next.first())) {
            self.refer(&nodes[..length], context, pipeline, many);
            self.generic(&nodes[length..], context, false);
        } else {
            self.generic(nodes, context, true);
        }
    }

    fn refer(&mut self, nodes: &[QueryNode], context: SideContext, pipeline: usize, bare: bool) {
        let (Some(first), Some(last)) = (nodes.first(), nodes.last()) else { return };
        let reference = Reference {
            start: self.tree.start(first),
            end: self.tree.end(last),
            pipeline,
            bare,
            side: super::Side::Both,
            few: None,
        };
        self.references.push((reference, first.first(), context));
    }

    fn whole_search(&mut self, verb: &str, nodes: &[QueryNode]) {
        let Some(first) = nodes.first() else { return };
        let mut mentioned = Vec::new();
        collect(nodes, &mut |index| {
            if self.tree.word(index) == self.table {
                mentioned.push(self.tree.tokens[index].start);
            }
        });
        let scoped =
            self.tree.name(nodes.get(1)) == Some("in") || self.tree.opens(nodes.get(2), "(").is_some();
        if mentioned.is_empty() && !scoped {
            let why =
                format!("`{verb}` without a list of tables also reads this one; no clause can follow it");
            self.query.unplaceable.push((self.tree.start(first), why));
        }
        for place in mentioned {
            let why = format!("`{verb}` takes table names only; write `union` with a clause for each table");
            self.query.unplaceable.push((place, why));
        }
    }

    fn operation(&mut self, part: &[QueryNode], context: SideContext, pipeline: usize, absence: Absence) {
        let name = self.tree.name(part.first()).unwrap_or_default();
        match name {
            "union" => self.operands(&part[1..], context, pipeline),
            "join" | "lookup" => {
                let (at, kind) = self.parameters(part, 1);
                let anti = kind.contains("leftanti") || kind == "anti" || kind.contains("=anti");
                let outer = name == "lookup" && kind.is_empty() || kind.contains("leftouter");
                let sides = match () {
                    () if anti => context.sides.flipped(),
                    () if outer => absence.sides(context.sides),
                    () if kind.contains("fullouter") => absence.either().sides(context.sides),
                    () => context.sides,
                };
                self.operand(&part[at..], SideContext { sides, ..context }, pipeline, context);
            }
            "where" | "filter" => self.generic(part, SideContext { row: true, ..context }, false),
            _ => {
                let computes = COMPUTING.contains(&name) || self.tree.is(part.get(1), "-");
                let sides = if computes { Sides::VALUE } else { context.sides };
                self.generic(part, SideContext { row: true, sides, ..context }, false);
            }
        }
    }

    /// One operand of a join, and what follows it.
    fn operand(&mut self, nodes: &[QueryNode], context: SideContext, pipeline: usize, after: SideContext) {
        if let Some(length) = self.reference_length(nodes) {
            self.refer(&nodes[..length], context, pipeline, true);
            return self.generic(&nodes[length..], after, false);
        }
        let Some((first, rest)) = nodes.split_first() else { return };
        if self.tree.opens(rest.first(), "(").is_some() {
            self.generic(&nodes[..2], context, true);
            return self.generic(&nodes[2..], after, false);
        }
        self.generic(std::slice::from_ref(first), context, true);
        self.generic(rest, after, false);
    }

    fn operands(&mut self, nodes: &[QueryNode], context: SideContext, pipeline: usize) {
        let (at, _) = self.parameters(nodes, 0);
        for operand in self.tree.split(&nodes[at..], TokenKind::Comma) {
            if self.is_wildcard(operand) {
                let why = "a wildcard names the table among others; name the tables to give it a clause";
                self.query.unplaceable.push((self.tree.start(&operand[0]), why.to_owned()));
            } else {
                self.operand(operand, context, pipeline, context);
            }
        }
    }

    /// Any other nodes: notes the names that they use and looks into brackets.
    fn generic(&mut self, nodes: &[QueryNode], context: SideContext, source: bool) {
        for (at, node) in nodes.iter().enumerate() {
            match node {
                QueryNode::Brackets(group) => {
                    let inner = self.inside(nodes, at, context);
                    let inner = SideContext { depth: context.depth + 1, ..inner };
                    let function = at.checked_sub(1).and_then(|before| self.tree.name(nodes.get(before)));
                    match function {
                        Some("set_difference") => self.difference(&group.nodes, inner),
                        Some(name) if self.functions.contains_key(name) => {
                            self.arguments(name, &group.nodes, inner);
                        }
                        Some(name) if !context.row && self.is_foreign(name, group) => {
                            self.handed(&group.nodes, SideContext { sides: Sides::HANDED, ..inner });
                        }
                        _ => self.statements(&group.nodes, inner),
                    }
                }
                QueryNode::Leaf(index) if self.tree.kind(*index) == Some(TokenKind::Name) => {
                    self.name(nodes, at, *index, context, source);
                }
                QueryNode::Leaf(_) => {}
            }
        }
    }

    fn name(&mut self, nodes: &[QueryNode], at: usize, index: usize, context: SideContext, source: bool) {
        let word = self.tree.word(index);
        let member = at > 0 && self.tree.is(nodes.get(at - 1), ".");
        let assigned = [".", "=", ":"].iter().any(|sign| self.tree.is(nodes.get(at + 1), sign));
        if word == self.table {
            if member && self.tree.tokens.iter().any(|token| token.text(self.tree.text) == "macro") {
                let why = "`macro-expand` names the table through a scope; write the query for each scope"
                    .to_owned();
                self.query.unplaceable.push((self.tree.tokens[index].start, why));
            } else if !member && !assigned {
                let why = super::NO_TABLE.to_owned();
                self.query.unplaceable.push((self.tree.tokens[index].start, why));
            }
            return;
        }
        if !member {
            // A row set that is named alone is passed on; in a comparison it is a value.
            let passed = source && (context.direct || nodes.len() == 1 || at == 0);
            let called = self.tree.opens(nodes.get(at + 1), "(").is_some();
            let sides = if passed || called { context.sides } else { Sides::VALUE };
            self.uses.push(Use {
                name: word.to_owned(),
                token: index,
                context: SideContext { sides, ..context },
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kql::pipeline::Side;

    fn sides(text: &str) -> Vec<Side> {
        Query::read(text, "T").references.iter().map(|reference| reference.side).collect()
    }

    #[test]
    fn the_side_of_a_reference_is_what_its_rows_do_to_the_result() {
        use Side::{Both, Negative, Positive, Value};
        for (text, expected) in [
            ("T | where a", &[Positive][..]),
            ("A | join kind=leftanti (T | where x) on D", &[Negative]),
            ("A | join kind=leftanti T on D", &[Negative]),
            ("A | join kind=inner hint.strategy=broadcast T on D", &[Positive]),
            ("T | join kind=rightanti (A) on D", &[Negative]),
            ("T | join kind=rightanti (T) on D", &[Negative, Positive]),
            ("A | where D !in (T | distinct D)", &[Negative]),
            ("A | where D !in~ (T | distinct D)", &[Negative]),
            ("A | where D in~ (T | distinct D)", &[Positive]),
            ("A | where not(D in (T | distinct D))", &[Negative]),
            ("A | where not(D !in (T | distinct D))", &[Positive]),
            ("let b = T | distinct D; A | where D !in (b)", &[Negative]),
            ("let b = T | distinct D; let c = b | where x; A | join kind=leftanti c on D", &[Negative]),
            ("let b = T | distinct D; A | where D in (b)", &[Positive]),
            ("let b = T | distinct D; b | where D !in (b)", &[Both]),
            ("let b = toscalar(T | summarize make_set(D)); A | where D !in (b)", &[Negative]),
            ("let b = toscalar(T | summarize make_set(D)); A | where D in (b)", &[Positive]),
            ("let b = toscalar(T | count); A | where N > b", &[Value]),
            ("A | where N > toscalar(T | count)", &[Value]),
            ("A | where D !in (toscalar(T | summarize make_set(D)))", &[Negative]),
            ("let f = (x:string) { T | where a == x }; f('a') | where b", &[Positive]),
            ("let f = () { T }; A | join kind=leftanti (f()) on D", &[Negative]),
            ("let f = () { T }; A | join kind=leftanti f() on D", &[Negative]),
            ("let m = materialize(T | where x); m | summarize count()", &[Positive]),
            ("A | join kind=leftouter (T) on D | where isempty(D1)", &[Negative]),
            ("A | join kind=leftouter (T) on D | where isnotempty(D1)", &[Positive]),
            ("union isfuzzy=true T, (A | where x), (T | where y)", &[Positive, Positive]),
            ("A | union T", &[Positive]),
            ("A | extend x = set_difference(a, toscalar(T | summarize make_set(b)))", &[Value]),
            ("let x = 5\nT\n| where a", &[Positive]),
            ("T\n| where a\n\nT\n| where b", &[Positive, Positive]),
            (
                "let b = T | distinct D;\nlet r = A | where D !in (b);\nA | join kind=leftanti r on D",
                &[Positive],
            ),
        ] {
            assert_eq!(sides(text), expected, "{text}");
        }
    }

    #[test]
    fn names_that_are_no_reads_of_the_table_are_none() {
        for text in [
            "A | where x == 'T'",
            "// T | where x\nA",
            "A | extend T = 1",
            "A.T | where x",
            "A | where T1 == 2",
            "find in (T) where x",
            "search in (T, A) 'x'",
            "union T*",
            "A | summarize count() by T",
            "let T = A | where x; T | where y",
        ] {
            assert!(sides(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_placed_is_named() {
        for (text, count) in [
            ("find in (T) where x", 1),
            ("find where x", 1),
            ("search 'x'", 1),
            ("search in (A) 'x'", 0),
            ("find in (A) where x", 0),
            ("union T*", 1),
            ("union *", 1),
            ("union A*", 0),
            ("let T = A; T | where y", 1),
            ("A | extend T = 1", 0),
            ("T means the table", 1),
            ("macro-expand isfuzzy=true entity_group [A, B] as X (X.T | where y)", 1),
        ] {
            assert_eq!(Query::read(text, "T").unplaceable.len(), count, "{text}");
        }
    }

    #[test]
    fn every_way_to_name_the_table_is_found() {
        for text in [
            "['T'] | where x",
            "table('T') | where x",
            "workspace('w').T | where x",
            "cluster('c').database('d').T",
            "cluster('c').database('d').table('T') | where x",
            "union workspace('w').T, A",
        ] {
            assert_eq!(sides(text).len(), 1, "{text}");
        }
    }

    #[test]
    fn nesting_without_end_does_not_exhaust_the_stack() {
        let text = "T | where a in (".repeat(20_000);
        assert!(!sides(&text).is_empty());
    }
}
