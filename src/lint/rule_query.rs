//! A simple reading of a rule's query: what it demands of a row, and which columns it leaves.
//!
//! In: the text of a rule file. Out: a [`RuleQuery`]. It only says what is certain: comparisons of a column with
//! literals, joined by `and`, in a `where` that still sees the rows of the table. It reads the last statement of
//! the query and knows neither functions nor joins.

use crate::exclusions::model::{
    AddressRange, Column, Condition, FieldRef, NumberRange, Operator, Test, TextValue,
};
use crate::fields::Kind;
use crate::kql::lex::{TokenKind, literal};
use crate::kql::tables::tables;
use crate::kql::tree::{QueryNode, Tree};
use crate::rule::Rule;
use crate::schema::{Schema, Schemas};
use std::sync::Arc;

/// What a query says about its rows.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleQuery {
    /// Which rule it is.
    pub rule: Rule,
    /// The schema of its table.
    pub schema: String,
    /// Every row that it finds meets these.
    pub demands: Vec<Condition>,
    /// No row that it finds meets any of these.
    pub refuses: Vec<Condition>,
    /// The operator that leaves only some columns, and those that are left in the end.
    pub leaves: Option<Leaves>,
}

/// Columns that are left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaves {
    /// The first operator that dropped columns.
    pub operator: String,
    /// The columns.
    pub columns: Vec<String>,
}

impl RuleQuery {
    /// Reads a rule file. The error is one line for a person.
    pub fn parse(text: &str, schemas: &Schemas) -> Result<Self, String> {
        let rule = Rule::parse(text).unwrap_or_default();
        let query = rule.query.clone().or_else(|| query(text)).ok_or("there is no line `query:`")?;
        let tree = Tree::new(&query);
        let mut statements = tree.split(&tree.nodes, TokenKind::Semicolon);
        statements.retain(|statement| !statement.is_empty());
        let statement = statements.pop().ok_or("its query is empty")?;
        let stages = tree.split(statement, TokenKind::Pipe);
        let schema =
            schema(&tree, &stages, schemas).ok_or("no schema knows the table or the columns of its query")?;
        let mut reader = StatementReader {
            tree: &tree,
            schemas,
            schema,
            demands: Vec::new(),
            refuses: Vec::new(),
            leaves: None,
            rows_are_the_tables: true,
        };
        stages.iter().skip(1).for_each(|stage| reader.stage(stage));
        Ok(Self {
            rule,
            schema: schema.name.clone(),
            demands: reader.demands,
            refuses: reader.refuses,
            leaves: reader.leaves,
        })
    }
}

/// The text under the key `query`, whatever its letter case.
fn query(text: &str) -> Option<String> {
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    let first = lines.by_ref().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.trim_end().eq_ignore_ascii_case("query").then(|| value.trim())
    })?;
    if !first.is_empty() && !first.starts_with(['|', '>']) {
        return Some(first.trim_matches(['"', '\'']).to_owned());
    }
    let block = lines.take_while(|line| line.is_empty() || line.starts_with([' ', '\t']));
    Some(block.collect::<Vec<&str>>().join("\n"))
}

fn schema<'s>(tree: &Tree<'_>, stages: &[&[QueryNode]], schemas: &'s Schemas) -> Option<&'s Schema> {
    let table = stages.first().and_then(|stage| tree.name(stage.first())).unwrap_or_default();
    let names = tree.tokens.iter().filter(|token| token.kind == TokenKind::Name);
    let words: Vec<String> = names.map(|token| token.text(tree.text).to_owned()).collect();
    let of_table = schemas.iter().filter(|schema| schema.is_called(table));
    // Two products share a table; the name of the time tells them apart.
    let best = of_table.max_by_key(|schema| words.iter().filter(|word| schema.time.contains(word)).count());
    let read = || match tables(tree.text, schemas)[..] {
        [only] => Some(only.schema),
        _ => None,
    };
    best.or_else(read).or_else(|| schemas.recognise(&words))
}

struct StatementReader<'s> {
    tree: &'s Tree<'s>,
    schemas: &'s Schemas,
    schema: &'s Schema,
    demands: Vec<Condition>,
    refuses: Vec<Condition>,
    leaves: Option<Leaves>,
    rows_are_the_tables: bool,
}

impl StatementReader<'_> {
    fn stage(&mut self, stage: &[QueryNode]) {
        let tree = self.tree;
        let Some((first, rest)) = stage.split_first() else { return };
        let Some(operator) = tree.name(Some(first)) else { return };
        let whole_rows = rest.iter().any(|node| tree.has_word(node, "*"));
        match operator {
            // `project-away` and its kin begin with the name of another operator.
            _ if tree.is(rest.first(), "-") => self.rows_are_the_tables = false,
            "where" | "filter" if self.rows_are_the_tables => self.demand(rest),
            "where" | "filter" | "order" | "sort" | "take" | "limit" | "top" => {}
            "extend" => self.extend(rest),
            // `arg_max(Timestamp, *)` keeps the row.
            "summarize" if whole_rows => {}
            "summarize" => {
                let parts = rest.split(|node| tree.name(Some(node)) == Some("by"));
                self.leave(operator, parts.flat_map(|part| names(tree, part)).collect());
            }
            "project" | "distinct" if !whole_rows => self.leave(operator, names(tree, rest)),
            _ => self.rows_are_the_tables = false,
        }
    }

    fn leave(&mut self, operator: &str, columns: Vec<String>) {
        self.rows_are_the_tables = false;
        let first = self.leaves.take().map_or_else(|| operator.to_owned(), |leaves| leaves.operator);
        self.leaves = Some(Leaves { operator: first, columns });
    }

    fn extend(&mut self, rest: &[QueryNode]) {
        let new = names(self.tree, rest);
        // After an `extend` of a column of the table, the name no longer means the table's value.
        self.rows_are_the_tables &= !new.iter().any(|name| self.schema.columns.contains_key(name));
        if let Some(leaves) = &mut self.leaves {
            leaves.columns.extend(new);
        }
    }

    fn demand(&mut self, nodes: &[QueryNode]) {
        let tree = self.tree;
        if nodes.iter().any(|node| tree.name(Some(node)) == Some("or")) {
            return;
        }
        for part in nodes.split(|node| tree.name(Some(node)) == Some("and")) {
            match part {
                [group] if tree.opens(Some(group), "(").is_some_and(|group| group.close.is_some()) => {
                    self.demand(group.group().map_or(&[], |group| &group.nodes));
                }
                [column, comparison @ ..] => {
                    if let Some(column) = tree.name(Some(column)) {
                        self.comparison(column, comparison);
                    }
                }
                [] => {}
            }
        }
    }

    fn comparison(&mut self, column: &str, nodes: &[QueryNode]) {
        let Some((words, literals)) = comparison(self.tree, nodes) else { return };
        let Some(what) = meaning(&words) else { return };
        for field in self.fields(column) {
            if let Some(test) = test(field.kind(), &what, &literals) {
                let condition = Condition { field, test };
                if what.negated { self.refuses.push(condition) } else { self.demands.push(condition) }
            }
        }
    }

    /// The ways in which a condition of a list may name a column: by the field that it holds, and by its own name.
    fn fields(&self, column: &str) -> Vec<FieldRef> {
        if self.schema.column_kind(column).is_none() {
            return Vec::new();
        }
        let holds =
            self.schema.fields.iter().find(
                |(_, sources)| matches!(sources.as_slice(), [only] if only.column == column && !only.path),
            );
        let raw = self.schemas.owners(column).map(|(kind, schemas)| {
            let schemas = Arc::clone(schemas);
            FieldRef::Column(Column { name: column.to_owned(), kind: *kind, schemas })
        });
        holds.map(|(field, _)| FieldRef::Field(*field)).into_iter().chain(raw).collect()
    }
}

/// The operator of a comparison, joined, and its literals; `None` where a value is not written out.
fn comparison(tree: &Tree<'_>, nodes: &[QueryNode]) -> Option<(String, Vec<String>)> {
    let (values, operator) = nodes.split_last()?;
    let is_sign = |node: &QueryNode| {
        let kind = tree.kind(node.first());
        node.group().is_none() && matches!(kind, Some(TokenKind::Name | TokenKind::Symbol))
    };
    if !operator.iter().all(is_sign) {
        return None;
    }
    let operator: String = operator.iter().map(|node| tree.word(node.first())).collect();
    let literals = match values {
        QueryNode::Brackets(group) if tree.word(group.open) == "(" && group.close.is_some() => {
            tree.split(&group.nodes, TokenKind::Comma)
        }
        leaf => vec![std::slice::from_ref(leaf)],
    };
    let values = literals.into_iter().map(|part| match part {
        [QueryNode::Leaf(index)] => written_out(tree, *index),
        _ => None,
    });
    Some((operator.to_ascii_lowercase(), values.collect::<Option<Vec<_>>>()?))
}

/// What a text or a whole number stands for.
fn written_out(tree: &Tree<'_>, index: usize) -> Option<String> {
    let word = tree.word(index);
    match tree.kind(index)? {
        TokenKind::Text => literal(word),
        TokenKind::Number => word.bytes().all(|byte| byte.is_ascii_digit()).then(|| word.to_owned()),
        _ => None,
    }
}

struct Meaning {
    operator: Operator,
    cased: bool,
    negated: bool,
    /// Whether the meaning is exact. If not, the operator demands more than this says.
    exact: bool,
}

/// What an operator means. Where the model has no such comparison, the next wider one is taken: `has` becomes
/// `contains`.
fn meaning(words: &str) -> Option<Meaning> {
    let of = |operator, cased, exact| Some(Meaning { operator, cased, negated: false, exact });
    let positive = |word: &str| match word {
        "==" | "in" => of(Operator::Is, true, true),
        "=~" | "in~" => of(Operator::Is, false, true),
        "contains" => of(Operator::Contains, false, true),
        "contains_cs" => of(Operator::Contains, true, true),
        "startswith" => of(Operator::StartsWith, false, true),
        "startswith_cs" => of(Operator::StartsWith, true, true),
        "endswith" => of(Operator::EndsWith, false, true),
        "endswith_cs" => of(Operator::EndsWith, true, true),
        "has" | "has_any" | "hasprefix" | "hassuffix" => of(Operator::Contains, false, false),
        "has_cs" => of(Operator::Contains, true, false),
        _ => None,
    };
    let negative = match words {
        "!=" | "<>" => Some("=="),
        "!~" => Some("=~"),
        _ => words.strip_prefix('!'),
    };
    match negative {
        None => positive(words),
        // A wider refusal would claim that the rule leaves out rows which it finds.
        Some(word) => {
            positive(word).filter(|meaning| meaning.exact).map(|meaning| Meaning { negated: true, ..meaning })
        }
    }
}

fn test(kind: Kind, what: &Meaning, literals: &[String]) -> Option<Test> {
    match kind {
        Kind::Text => {
            // In the query `*` and `?` are plain characters, in the model they are wildcards and match more.
            if literals.iter().any(|text| text.is_empty() || (what.negated && text.contains(['*', '?']))) {
                return None;
            }
            let value =
                |text: &String| TextValue { text: text.clone(), operator: what.operator, cased: what.cased };
            Some(Test::Text(literals.iter().map(value).collect()))
        }
        _ if what.operator != Operator::Is => None,
        Kind::Address => {
            let ranges = literals.iter().map(|text| AddressRange::parse(text).ok());
            ranges.collect::<Option<Vec<_>>>().map(Test::Address)
        }
        Kind::Number => {
            let ranges = literals.iter().map(|text| NumberRange::parse(text).ok());
            ranges.collect::<Option<Vec<_>>>().map(Test::Number)
        }
    }
}

/// The names of a list of columns: `A, B = f(C)` has A and B.
fn names(tree: &Tree<'_>, nodes: &[QueryNode]) -> Vec<String> {
    let name = |part: &[QueryNode]| {
        // `Bag.key` makes a column of another name.
        let name = tree.name(part.first()).filter(|_| !tree.is(part.get(1), "."));
        name.map(str::to_owned)
    };
    tree.split(nodes, TokenKind::Comma).into_iter().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> RuleQuery {
        let text = format!("id: x\nquery: |\n  {}\n", query.replace('\n', "\n  "));
        RuleQuery::parse(&text, &Schemas::built_in()).unwrap()
    }

    fn said(conditions: &[Condition]) -> Vec<String> {
        let fields = conditions.iter().filter(|c| matches!(c.field, FieldRef::Field(_)));
        fields.map(|c| format!("{}: {}", c.field.name(), c.wanted().join(", "))).collect()
    }

    #[test]
    fn the_sample_demands_a_company_and_drops_the_process() {
        let text = include_str!("../../samples/action1.yaml");
        let query = RuleQuery::parse(text, &Schemas::built_in()).unwrap();
        assert_eq!(
            said(&query.demands),
            [
                "destination.domain: contains server.action1.com",
                "process.company: contains Action1",
                "process.product: contains Action1"
            ]
        );
        let leaves = query.leaves.unwrap();
        assert_eq!(leaves.operator, "summarize");
        assert!(leaves.columns.contains(&"RemoteUrl".to_owned()));
        assert!(!leaves.columns.contains(&"RemoteIP".to_owned()));
    }

    #[test]
    fn what_is_refused_is_read_and_what_is_uncertain_is_not() {
        let query = read(
            "DeviceNetworkEvents // | where RemoteIP == '1.1.1.1'\n| where InitiatingProcessFileName !in~ (\"a.exe\", 'b.exe') and RemotePort == 443\n| where RemoteIP == '10.0.0.1' or RemotePort == 80\n| where RemoteIP !in (servers) and (RemoteUrl startswith @'x\\y')\n| where InitiatingProcessFileName !has 'c'",
        );
        assert_eq!(said(&query.refuses), ["process.name: a.exe, b.exe"]);
        assert_eq!(said(&query.demands), ["destination.port: 443", r"destination.domain: startswith x\y"]);
        assert_eq!(query.leaves, None);
    }

    #[test]
    fn a_text_is_what_its_escapes_stand_for() {
        let query = read(r#"DeviceNetworkEvents | where InitiatingProcessFileName =~ "a\x2eexe""#);
        assert_eq!(said(&query.demands), ["process.name: a.exe"]);
    }

    #[test]
    fn a_row_that_is_kept_whole_drops_nothing() {
        assert_eq!(read("DeviceNetworkEvents | summarize arg_max(Timestamp, *) by DeviceId").leaves, None);
        let leaves = read("DeviceNetworkEvents | project A, RemoteIP | extend B = 1").leaves.unwrap();
        assert_eq!(leaves.columns, ["A", "RemoteIP", "B"]);
    }
}
