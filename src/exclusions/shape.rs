//! Walks a YAML tree and reports what has the wrong shape, never stopping at the first mistake.
//!
//! In: [`Node`]s of one file. Out: keys, texts and lists that are there, and a diagnostic for each that
//! is not. It does not know what the keys mean.

use super::expressions::Expressions;
use crate::diagnostic::{Diagnostic, Place};
use crate::fields::{Field, did_you_mean};
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
        let line = self.text.lines().nth(span.line.checked_sub(1)?)?;
        let (start, _) = line.char_indices().nth(span.column.checked_sub(1)?)?;
        line[start..].strip_prefix('"')?.split('"').next()
    }

    fn place(&self, span: Span) -> Place {
        self.lines.get_or_init(|| LineIndex::new(self.text)).place(&self.file, span)
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
        for (key, value) in pairs {
            let Some(name) = self.text(key, "a key") else { continue };
            if let Some(line) = seen.insert(name, key.span.line) {
                let help = format!(
                    "it stands on line {line} already; keep one of the two, or give one key both values: `{name}: [a, b]`"
                );
                self.report(
                    "duplicate-key",
                    key.span,
                    format!("the key `{name}` stands twice in {what}"),
                    help,
                );
            } else if !legal.is_empty() && !legal.contains(&name) {
                self.unknown_key(key.span, name, &what, legal);
            } else {
                out.push(KeyValue { name, key, value });
            }
        }
        Some(out)
    }

    fn unknown_key(&self, span: Span, name: &str, what: &impl Display, legal: &[&str]) {
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
                let help = "write a value; for the text itself put it in quotes: 'null'";
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
        let message = format!("{what} must be {wanted}, and this is {}", node.kind());
        let is = |word: &str| message.starts_with(word);
        let help = match &node.value {
            Value::List(_) if is("an exclusion list") => {
                "write `exclusions:` on a line above it; a list is a mapping with that key"
            }
            Value::Scalar(..) if is("`when`") && node.is_null() => {
                "its fields stand below it, indented by two more: `when:`, then `  process.name: CcmExec.exe`"
            }
            Value::Scalar(..) if is("`when`") => {
                "write `when: {process.name: CcmExec.exe}`; `quell import --text` makes a list of a condition in words"
            }
            _ => "docs/exclusions.md shows the shape of a list",
        };
        self.report("wrong-type", node.span, message, help);
    }
}
