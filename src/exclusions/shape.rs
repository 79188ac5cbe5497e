//! Walks a YAML tree and reports what has the wrong shape, never stopping at the first mistake.
//!
//! In: [`Node`]s of one file. Out: keys, texts and lists that are there, and a diagnostic for each that
//! is not. It does not know what the keys mean.

use super::expressions::Expressions;
use super::not_yaml::{Mended, mended};
use super::remedy;
use crate::diagnostic::{Diagnostic, Place};
use crate::fields::{Field, did_you_mean, nearest};
use crate::lines::LineIndex;
use crate::yaml::{Node, Span, Value};
use hashbrown::HashMap;
use std::cell::{OnceCell, RefCell};
use std::fmt::Display;
use std::hash::Hash;
use std::rc::Rc;
use std::sync::Arc;

/// What stands for the parameters of one file.
#[derive(Debug, Default)]
pub(super) struct ParameterValues {
    /// The values of each; none for one that is not filled in.
    pub(super) values: HashMap<String, Vec<String>>,
    /// The values that are only examples.
    pub(super) examples: Arc<[String]>,
}

/// How many keys are compared one by one. It is quicker than to look so few up.
const FEW: usize = 16;

/// Keys that were met before, each with something about it.
pub(super) struct Seen<K, V> {
    few: Vec<(K, V)>,
    many: HashMap<K, V>,
}

impl<K, V> Default for Seen<K, V> {
    fn default() -> Self {
        Self { few: Vec::new(), many: HashMap::new() }
    }
}

impl<K: Eq + Hash, V> Seen<K, V> {
    /// Enters a key; what was said of it before, if it was met before.
    pub(super) fn insert(&mut self, key: K, value: V) -> Option<V> {
        if let Some((_, known)) = self.few.iter_mut().find(|(known, _)| *known == key) {
            return Some(std::mem::replace(known, value));
        }
        if self.few.len() < FEW {
            self.few.push((key, value));
            return None;
        }
        self.many.insert(key, value)
    }
}

/// A key of a mapping and its value.
#[derive(Clone, Copy)]
pub(super) struct KeyValue<'n, 'a> {
    pub(super) name: &'n str,
    pub(super) key: &'n Node<'a>,
    pub(super) value: &'n Node<'a>,
}

/// One file under examination and the mistakes found in it so far.
pub(super) struct ShapeReader<'a> {
    pub(super) file: Arc<str>,
    text: &'a str,
    lines: OnceCell<LineIndex<'a>>,
    found: RefCell<Vec<Diagnostic>>,
    parameters: OnceCell<ParameterValues>,
    /// Shared by all files of a run.
    pub(super) expressions: Rc<Expressions>,
}

impl<'a> ShapeReader<'a> {
    pub(super) fn new(file: &str, text: &'a str, expressions: Rc<Expressions>) -> Self {
        let (lines, parameters) = (OnceCell::new(), OnceCell::new());
        Self { file: file.into(), text, lines, found: RefCell::default(), parameters, expressions }
    }

    /// The parameters of the file; none until they are set.
    pub(super) fn parameters(&self) -> &ParameterValues {
        self.parameters.get_or_init(ParameterValues::default)
    }

    pub(super) fn set_parameters(&self, parameters: ParameterValues) {
        // It is set once: a second key `parameters` was reported before.
        let _ = self.parameters.set(parameters);
    }

    pub(super) fn into_found(self) -> Vec<Diagnostic> {
        let mut found = self.found.into_inner();
        found.sort_by_key(|mistake| mistake.place.as_ref().map(|place| (place.line, place.column)));
        found
    }

    /// Reports a mistake at a place; `help` may be empty.
    pub(super) fn report(
        &self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let mut diagnostic = Diagnostic::error(code, message).at(self.place(span));
        let help = help.into();
        if !help.is_empty() {
            diagnostic = diagnostic.help(help);
        }
        self.found.borrow_mut().push(diagnostic);
    }

    /// Forgets the mistakes found so far: the file is not YAML, so they may be wrong.
    pub(super) fn forget(&self) {
        self.found.borrow_mut().clear();
    }

    /// What stands between the double quotes of a scalar as it is written; `None` if it has none on that line.
    pub(super) fn written_in_double_quotes(&self, span: Span) -> Option<&'a str> {
        self.rest_of_line(span).strip_prefix('"')?.split('"').next()
    }

    /// What stands on the line of a place from there on.
    fn rest_of_line(&self, span: Span) -> &'a str {
        let line = self.lines().line(span.line);
        line.char_indices().nth(span.column.saturating_sub(1)).map_or("", |(start, _)| &line[start..])
    }

    /// Reports a pair that lacks a sign, at that sign.
    pub(super) fn lacks_a_sign(&self, code: &'static str, span: Span, mended: &Mended) {
        let span = Span { column: span.column + mended.at, width: 1, ..span };
        self.report(code, span, &mended.cause, format!("write `{}`", mended.text));
    }

    /// Reports a key that a mapping must have, unless another key of it is no `legal` one, and so was reported, and is meant to
    /// be this one.
    pub(super) fn missing(&self, node: &Node<'a>, (name, legal): (&str, &[&str]), what: &str, help: &str) {
        let Value::Map(pairs) = &node.value else { return };
        let is_meant = |(key, _): &(Node<'a>, Node<'a>)| match &key.value {
            Value::Scalar(key, _) if !legal.contains(&&**key) => {
                let key = key.trim_start().to_lowercase();
                key.starts_with(name) || !nearest(&key, [name]).is_empty()
            }
            _ => false,
        };
        if !pairs.iter().any(is_meant) {
            let an = if name == "id" { "an" } else { "a" };
            let message = match what {
                "an exclusion" => format!("{what} needs {an} `{name}`"),
                _ => format!("{what} needs the key `{name}`"),
            };
            self.report("missing-key", node.span, message, help);
        }
    }

    fn place(&self, span: Span) -> Place {
        self.lines().place(&self.file, span)
    }

    fn lines(&self) -> &LineIndex<'a> {
        self.lines.get_or_init(|| LineIndex::new(self.text))
    }

    /// The pairs of a mapping. With `legal`, other keys are mistakes; without, any key goes.
    pub(super) fn mapping<'n>(
        &self,
        node: &'n Node<'a>,
        what: impl Display,
        legal: &[&str],
    ) -> Option<Vec<KeyValue<'n, 'a>>> {
        let Value::Map(pairs) = &node.value else {
            self.wrong_type(node, what, "a mapping of keys to values");
            return None;
        };
        let mut seen = Seen::default();
        let mut out = Vec::with_capacity(pairs.len());
        let mut is_next = false;
        for (key, value) in pairs {
            let Some(name) = self.text(key, "a key") else { continue };
            if let Some(line) = seen.insert(name, key.span.line) {
                // Behind a second `id` everything belongs to another exclusion.
                if !is_next {
                    let help = format!("it stands on line {line} already; {}", twice(name, value, legal));
                    let message = format!("the key `{name}` stands twice in {what}");
                    self.report("duplicate-key", key.span, message, help);
                }
                is_next |= name == "id";
            } else if !legal.is_empty() && !legal.contains(&name) {
                self.unknown_key(key.span, name, &what, legal);
            } else {
                out.push(KeyValue { name, key, value });
            }
        }
        Some(out)
    }

    fn unknown_key(&self, span: Span, name: &str, what: &impl Display, legal: &[&str]) {
        // `when:{process.name: a}` is a pair whose key ends at the second colon.
        let written = if name.contains('{') { self.rest_of_line(span).trim_end() } else { name };
        if let Some(mended) = mended(written).filter(|_| name.contains([' ', ':', '='])) {
            return self.lacks_a_sign("unknown-key", span, &mended);
        }
        if name.starts_with(|sign: char| sign.is_whitespace()) {
            let message = "the blank before this key is a no-break space or another that YAML does not know";
            let help = format!("write blanks: `  {}`", self.rest_of_line(span).trim());
            return self.report("unknown-key", span, message, help);
        }
        let is_field = Field::named(name.split('|').next().unwrap_or(name)).is_some();
        let near = if is_field && legal.contains(&"when") {
            "a field stands below `when:`, indented by two more; ".to_owned()
        } else {
            did_you_mean(name, legal.iter().copied(), 1)
        };
        let help = format!("{near}legal here: {}", legal.join(", "));
        self.report("unknown-key", span, format!("{what} has no key `{name}`"), help);
    }

    /// The text of a scalar; null and other values are mistakes.
    pub(super) fn text<'n>(&self, node: &'n Node<'a>, what: impl Display) -> Option<&'n str> {
        match &node.value {
            Value::Scalar(..) if node.is_null() => {
                let message = format!("{what} is null");
                let help = match self.rest_of_line(node.span).trim().trim_start_matches(':').trim() {
                    comment if comment.starts_with('#') => {
                        format!("` #` begins a comment; put a value with it into single quotes: '{comment}'")
                    }
                    _ => "write a value; for the text itself put it in quotes: 'null'".to_owned(),
                };
                self.report("null-value", node.span, message, help);
                None
            }
            Value::Scalar(text, _) => Some(text),
            _ => {
                self.wrong_type(node, what, "text");
                None
            }
        }
    }

    /// The items of a list.
    pub(super) fn list<'n>(&self, node: &'n Node<'a>, what: impl Display) -> Option<&'n [Node<'a>]> {
        if let Value::List(items) = &node.value {
            return Some(items);
        }
        self.wrong_type(node, what, "a list");
        None
    }

    /// A value or the values of a list; an empty list is a mistake.
    pub(super) fn one_or_many<'n>(&self, node: &'n Node<'a>, what: impl Display) -> &'n [Node<'a>] {
        match &node.value {
            Value::List(items) if items.is_empty() => {
                let message = format!("{what} has an empty list of values");
                self.report(
                    "empty-values",
                    node.span,
                    message,
                    "write at least one value, or remove the key",
                );
                &[]
            }
            Value::List(items) => items,
            _ => std::slice::from_ref(node),
        }
    }

    pub(super) fn wrong_type(&self, node: &Node<'a>, what: impl Display, wanted: &str) {
        let what = what.to_string();
        if let Value::Scalar(text, true) = &node.value
            && let Some(mended) = mended(text).filter(|_| matches!(&*what, "an entry" | "`when`"))
        {
            self.lacks_a_sign("wrong-type", node.span, &mended);
            let words = "`quell import --text` makes a list of a condition in words";
            if let Some(found) = self.found.borrow_mut().last_mut().filter(|_| text.contains('=')) {
                found.help.push(words.to_owned());
            }
            return;
        }
        let message = format!("{what} must be {wanted}, and this is {}", node.kind());
        let help = remedy::shape(&what, node);
        self.report("wrong-type", node.span, message, help);
    }
}

/// What to do about a key that stands a second time.
fn twice(name: &str, value: &Node<'_>, legal: &[&str]) -> String {
    match (name, &value.value) {
        ("id", Value::Scalar(id, _)) if !legal.is_empty() => {
            format!("if this is another exclusion, it begins with a dash: `- id: {id}`")
        }
        ("when", _) => {
            "alternatives are a list of entries below one `when:`, each beginning with a dash".to_owned()
        }
        ("exclusions", _) => "put all of them below one `exclusions:`".to_owned(),
        _ if !legal.is_empty() && name != "rules" => "keep one of the two".to_owned(),
        _ => format!("keep one of the two, or give one key both values: `{name}: [a, b]`"),
    }
}
