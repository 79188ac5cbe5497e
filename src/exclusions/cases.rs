//! The cases of an exclusion: rows, each written as a change to a base.
//!
//! In: the key `cases`. Out: [`Cases`], in which every row has all its cells, or a mistake for each word that is wrong.
//! A list of values is a case for each; two lists in one case are a case for each pair.

use super::model::{AddressRange, Case, Cases, FieldRef};
use super::parameters::filled;
use super::shape::{KeyValue, ShapeReader};
use super::value::field;
use crate::fields::Kind;
use crate::schema::Schemas;
use crate::yaml::{Node, Span, Value};
use hashbrown::HashMap;
use std::cell::Cell;

/// Cells that bases and lists of values may make of one file, so that a short file does not fill the memory.
const MAX_CELLS: usize = 4_000_000;

/// Reads the cases of one file.
pub(super) struct CaseReader<'s, 'a> {
    reader: &'s ShapeReader<'a>,
    schemas: &'s Schemas,
    cells: Cell<usize>,
}

impl<'s, 'a> CaseReader<'s, 'a> {
    pub(super) fn new(reader: &'s ShapeReader<'a>, schemas: &'s Schemas) -> Self {
        Self { reader, schemas, cells: Cell::default() }
    }

    /// The cases of one exclusion.
    pub(super) fn read(&self, pair: Option<KeyValue<'_, 'a>>) -> Cases {
        let mut cases = Cases::default();
        let legal = ["base", "suppress", "keep"];
        let Some(pairs) = pair.and_then(|pair| self.reader.mapping(pair.value, "`cases`", &legal)) else {
            return cases;
        };
        // Where it stands does not matter: the cases need it first.
        if let Some(base) = pairs.iter().find(|pair| pair.name == "base") {
            cases.base = self.base(base.value);
        }
        for pair in pairs.iter().filter(|pair| pair.name != "base") {
            let items = self.reader.list(pair.value, format_args!("`{}`", pair.name)).unwrap_or(&[]);
            for item in items {
                let rows = self.case(item, &cases.base);
                if pair.name == "suppress" { &mut cases.suppress } else { &mut cases.keep }.extend(rows);
            }
        }
        cases
    }

    fn base(&self, node: &Node<'a>) -> Vec<(FieldRef, String)> {
        let mut cells = Vec::new();
        for (pair, field) in self.fields(node, "the base") {
            let what = format!("`{}` of the base", pair.name);
            if matches!(pair.value.value, Value::List(_)) {
                let help = "the base is one row; a list of values belongs into a case";
                self.reader.report("wrong-type", pair.value.span, format!("{what} is a list"), help);
                continue;
            }
            cells.extend(field.clone().zip(self.text(pair.value, &what, field.as_ref())));
        }
        cells
    }

    /// A case for each combination of the values that are written.
    fn case(&self, node: &Node<'a>, base: &[(FieldRef, String)]) -> Vec<Case> {
        if !self.has_room(node.span, base.len()) {
            return Vec::new();
        }
        let mut cases = vec![Case { cells: base.to_vec(), line: node.span.line }];
        for (pair, field) in self.fields(node, "a case") {
            let what = format!("`{}`", pair.name);
            let nodes = self.reader.one_or_many(pair.value, &what);
            let texts = nodes.iter().map(|node| (self.text(node, &what, field.as_ref()), node.span.line));
            let texts: Vec<(String, usize)> = texts.filter_map(|(text, line)| Some((text?, line))).collect();
            let Some(field) = field else { continue };
            let made = cases.len() * texts.len();
            let cells = made * (cases.first().map_or(0, |case| case.cells.len()) + 1);
            if made > 1 && !self.has_room(pair.key.span, cells) {
                return Vec::new();
            }
            cases = combined(cases, &field, &texts, matches!(pair.value.value, Value::List(_)));
        }
        cases
    }

    /// Whether the cases of the file may have so many cells more.
    fn has_room(&self, span: Span, more: usize) -> bool {
        self.cells.set(self.cells.get() + more);
        let has_room = self.cells.get() <= MAX_CELLS;
        if !has_room {
            let message =
                format!("the bases and lists of values of this file stand for more than {MAX_CELLS} cells");
            let help = "a case is made for each combination of the values; put fewer values into one case";
            self.reader.report("too-many-cases", span, message, help);
        }
        has_room
    }

    /// The pairs of a row with the fields that they name; a field that is named twice is a mistake.
    fn fields<'n>(&self, node: &'n Node<'a>, what: &str) -> Vec<(KeyValue<'n, 'a>, Option<FieldRef>)> {
        let mut named: HashMap<FieldRef, &'n str> = HashMap::new();
        let mut fields = Vec::new();
        for pair in self.reader.mapping(node, what, &[]).unwrap_or_default() {
            let field = field(self.reader, self.schemas, pair.key.span, pair.name);
            let first = field.clone().and_then(|field| named.insert(field, pair.name));
            if let Some(first) = first {
                let message = format!("`{}` and `{first}` are the same field", pair.name);
                self.reader.report("duplicate-key", pair.key.span, message, "keep one of the two");
            }
            fields.push((pair, field));
        }
        fields
    }

    /// The text of a cell; a parameter is its first value, of a network the first address.
    fn text(&self, node: &Node<'a>, what: &str, field: Option<&FieldRef>) -> Option<String> {
        if node.is_null() {
            let help = "write a value, or '' for a field that the row does not have";
            self.reader.report("null-value", node.span, format!("{what} is null"), help);
            return None;
        }
        let text = self.reader.text(node, what)?;
        let Some(values) = filled(self.reader, node.span, text) else { return Some(text.to_owned()) };
        let value = values.into_iter().next()?;
        match AddressRange::parse(&value) {
            Ok(range) if field.is_some_and(|field| field.kind() == Kind::Address) => {
                Some(range.first_address().to_string())
            }
            _ => Some(value),
        }
    }
}

/// Each case with each of these texts in a field; one of a list stands on the line of its text.
fn combined(mut cases: Vec<Case>, field: &FieldRef, texts: &[(String, usize)], is_list: bool) -> Vec<Case> {
    let write = |case: &mut Case, (text, line): &(String, usize)| {
        case.line = if is_list { *line } else { case.line };
        match case.cells.iter_mut().find(|(known, _)| known == field) {
            Some((_, cell)) => cell.clone_from(text),
            None => case.cells.push((field.clone(), text.clone())),
        }
    };
    if let [only] = texts {
        for case in &mut cases {
            write(case, only);
        }
        return cases;
    }
    let mut all = Vec::with_capacity(cases.len() * texts.len());
    for case in &cases {
        for text in texts {
            let mut case = case.clone();
            write(&mut case, text);
            all.push(case);
        }
    }
    all
}
