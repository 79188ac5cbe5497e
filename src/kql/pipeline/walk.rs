//! The walk over the brackets of a query.

use super::sides::{Binding, Context, Sides, Use, absolute, resolve};
use super::{Operator, Pipeline, Query, Reference};
use crate::kql::lex::{TokenKind, literal};
use crate::kql::tree::{Node, Tree};

const MEMBERSHIP: [&str; 3] = ["in", "has_any", "has_all"];
const OPERANDS: [&str; 3] = ["union", "join", "lookup"];

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
    };
    let context = Context { owner: None, sides: Sides::POSITIVE, direct: false, depth: 0 };
    walk.statements(&tree.nodes, context);
    walk.finish()
}

struct Walk<'w> {
    tree: &'w Tree<'w>,
    table: &'w str,
    query: Query,
    /// For each pipeline.
    contexts: Vec<Context>,
    references: Vec<(Reference, usize, Context)>,
    bindings: Vec<Binding>,
    uses: Vec<Use>,
}

/// What later operators of a pipeline do to the rows before them.
#[derive(Clone, Copy)]
struct Later {
    /// They are subtracted from the rows of another table.
    flips: bool,
    /// Rows that found no partner are asked for.
    absent: bool,
}

impl Walk<'_> {
    fn finish(mut self) -> Query {
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
            self.query.references.push(reference);
        }
        self.query.references.sort_by_key(|reference| reference.start);
        self.query.unplaceable.sort();
        self.query.unplaceable.dedup();
        self.query
    }

    fn statements(&mut self, nodes: &[Node], context: Context) {
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

    /// Whether a statement begins here although the semicolon before it is missing.
    fn begins_statement(&self, nodes: &[Node], start: usize, at: usize) -> bool {
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
    fn wants_more(&self, node: &Node) -> bool {
        let Node::Leaf(index) = node else { return false };
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

    fn statement(&mut self, nodes: &[Node], context: Context) {
        let tree = self.tree;
        if tree.name(nodes.first()) == Some("let")
            && let Some(name) = tree.name(nodes.get(1))
            && tree.is(nodes.get(2), "=")
            && let Some(last) = nodes.last()
        {
            let owner = Some(self.bindings.len());
            self.bindings.push(Binding { name: name.to_owned(), last: last.last() });
            let inner = Context { owner, sides: Sides::POSITIVE, direct: true, depth: context.depth };
            // A name bound inside a function serves that function.
            let inner = if context.owner.is_some() { inner } else { Context { owner, ..inner } };
            let first = self.query.pipelines.len();
            self.expression(&nodes[3..], inner);
            if let Some(pipeline) = self.query.pipelines.get_mut(first) {
                pipeline.bound = Some(name.to_owned());
            }
        } else {
            self.expression(nodes, context);
        }
    }

    fn expression(&mut self, nodes: &[Node], context: Context) {
        let (Some(first), Some(last)) = (nodes.first(), nodes.last()) else { return };
        let parts = self.tree.split(nodes, TokenKind::Pipe);
        let operators: Vec<Operator> = parts.iter().skip(1).filter_map(|part| self.operator(part)).collect();
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
        let later = self.later(&parts);
        for (at, (part, later)) in parts.iter().zip(later).enumerate() {
            let sides = if later.flips { context.sides.flipped() } else { context.sides };
            let here = Context { sides, direct: context.direct && at == 0, ..context };
            if at == 0 {
                self.source(part, here, pipeline);
            } else {
                self.operation(part, here, pipeline, later.absent);
            }
        }
    }

    /// For each part of a pipeline, what the parts after it do to its rows.
    fn later(&self, parts: &[&[Node]]) -> Vec<Later> {
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
    fn flips_left(&self, part: &[Node]) -> bool {
        self.tree.name(part.first()) == Some("join")
            && part
                .iter()
                .any(|node| self.tree.name(Some(node)).is_some_and(|kind| kind.starts_with("rightanti")))
    }

    /// `where isempty(DeviceId1)` after an outer join keeps the rows that found no partner.
    fn asks_for_absence(&self, part: &[Node]) -> bool {
        matches!(self.tree.name(part.first()), Some("where" | "filter"))
            && part.iter().any(|node| matches!(self.tree.name(Some(node)), Some("isempty" | "isnull")))
    }

    fn operator(&self, part: &[Node]) -> Option<Operator> {
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
        Some(Operator {
            name,
            start: self.tree.tokens.get(pipe)?.start,
            body: body..self.tree.end(last),
            closed: part.iter().all(Node::is_closed),
        })
    }

    fn source(&mut self, nodes: &[Node], context: Context, pipeline: usize) {
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

    fn argument(&mut self, nodes: &[Node], context: Context, pipeline: usize, many: bool) {
        let Some(length) = self.reference_length(nodes) else { return self.generic(nodes, context, true) };
        let next = nodes.get(length);
        if next.is_none_or(|next| self.tree.begins_line(next.first())) {
            self.refer(&nodes[..length], context, pipeline, many);
            self.generic(&nodes[length..], context, false);
        } else {
            self.generic(nodes, context, true);
        }
    }

    fn refer(&mut self, nodes: &[Node], context: Context, pipeline: usize, bare: bool) {
        let (Some(first), Some(last)) = (nodes.first(), nodes.last()) else { return };
        let reference = Reference {
            start: self.tree.start(first),
            end: self.tree.end(last),
            pipeline,
            bare,
            side: super::Side::Both,
        };
        self.references.push((reference, first.first(), context));
    }

    /// How many nodes name the table: `T`, `['T']`, `table("T")`, `workspace("w").T`.
    fn reference_length(&self, nodes: &[Node]) -> Option<usize> {
        let tree = self.tree;
        let named = |node: Option<&Node>| {
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

    fn is_quoted_table(&self, nodes: &[Node]) -> bool {
        matches!(nodes.first(), Some(Node::Leaf(index)) if self.is_table_text(*index))
    }

    fn is_table_text(&self, index: usize) -> bool {
        self.tree.kind(index) == Some(TokenKind::Text)
            && literal(self.tree.word(index)).as_deref() == Some(self.table)
    }

    fn whole_search(&mut self, verb: &str, nodes: &[Node]) {
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

    fn operation(&mut self, part: &[Node], context: Context, pipeline: usize, absent: bool) {
        let name = self.tree.name(part.first()).unwrap_or_default();
        match name {
            "union" => self.operands(&part[1..], context, pipeline),
            "join" | "lookup" => {
                let (at, kind) = self.parameters(part, 1);
                let anti = kind.contains("leftanti") || kind == "anti" || kind.contains("=anti");
                let outer = name == "lookup" && kind.is_empty() || kind.contains("leftouter");
                let sides = if anti || (outer && absent) { context.sides.flipped() } else { context.sides };
                self.operand(&part[at..], Context { sides, ..context }, pipeline, context);
            }
            _ => self.generic(part, context, false),
        }
    }

    /// The place after the parameters of an operator, and the text of their values.
    fn parameters(&self, part: &[Node], mut at: usize) -> (usize, String) {
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

    /// One operand of a join, and what follows it.
    fn operand(&mut self, nodes: &[Node], context: Context, pipeline: usize, after: Context) {
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

    fn operands(&mut self, nodes: &[Node], context: Context, pipeline: usize) {
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

    /// `Device*` or `*` where the table is among those that it stands for.
    fn is_wildcard(&self, operand: &[Node]) -> bool {
        let star = operand.iter().position(|node| self.tree.is(Some(node), "*"));
        star.is_some_and(|star| {
            let prefix = operand[..star].first().map(|node| self.tree.name(Some(node)).unwrap_or("\0"));
            star <= 1 && self.table.starts_with(prefix.unwrap_or_default())
        })
    }

    /// Anything else: names are used, brackets are looked into.
    fn generic(&mut self, nodes: &[Node], context: Context, source: bool) {
        for (at, node) in nodes.iter().enumerate() {
            match node {
                Node::Group(group) => {
                    let inner = self.inside(&nodes[..at], context);
                    let inner = Context { depth: context.depth + 1, ..inner };
                    if at > 0 && self.tree.name(nodes.get(at - 1)) == Some("set_difference") {
                        self.difference(&group.nodes, inner);
                    } else {
                        self.statements(&group.nodes, inner);
                    }
                }
                Node::Leaf(index) if self.tree.kind(*index) == Some(TokenKind::Name) => {
                    self.name(nodes, at, *index, context, source);
                }
                Node::Leaf(_) => {}
            }
        }
    }

    fn name(&mut self, nodes: &[Node], at: usize, index: usize, context: Context, source: bool) {
        let word = self.tree.word(index);
        let member = at > 0 && self.tree.is(nodes.get(at - 1), ".");
        let assigned = [".", "=", ":"].iter().any(|sign| self.tree.is(nodes.get(at + 1), sign));
        if word == self.table {
            if !member && !assigned {
                let why = "the table's name stands where no table is read".to_owned();
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
                context: Context { sides, ..context },
            });
        }
    }

    /// The context inside brackets, from what stands before them.
    fn inside(&self, before: &[Node], context: Context) -> Context {
        let back = |steps: usize| before.len().checked_sub(steps).and_then(|at| before.get(at));
        let tilde = usize::from(self.tree.is(back(1), "~"));
        let Some(word) = self.tree.name(back(1 + tilde)) else { return context };
        if word == "not" {
            return Context { sides: context.sides.flipped(), ..context };
        }
        if MEMBERSHIP.contains(&word) {
            let negated = self.tree.is(back(2 + tilde), "!");
            let sides = if negated { context.sides.flipped() } else { context.sides };
            return Context { sides, direct: true, ..context };
        }
        if word == "toscalar" && !context.direct {
            return Context { sides: Sides::VALUE, ..context };
        }
        context
    }

    /// `set_difference(a, b)`: what is in `b` is taken away.
    fn difference(&mut self, nodes: &[Node], context: Context) {
        for (at, argument) in self.tree.split(nodes, TokenKind::Comma).into_iter().enumerate() {
            let sides = if at == 0 { context.sides } else { context.sides.flipped() };
            self.expression(argument, Context { sides, ..context });
        }
    }
}

fn collect(nodes: &[Node], take: &mut impl FnMut(usize)) {
    for node in nodes {
        match node {
            Node::Leaf(index) => take(*index),
            Node::Group(group) => collect(&group.nodes, take),
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
