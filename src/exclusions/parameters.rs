//! Values that a site fills in: `${management_point}`.
//!
//! In: the key `parameters` of a list, and what the site gives by a file or on the command line. Out: the
//! values of each parameter. A parameter that nobody filled in is a mistake and never an example that
//! happens to be live: examples count only where lists are tested, not where rows are suppressed.

use super::not_yaml::{Slip, slip};
use super::shape::{ParameterValues, ShapeReader};
use crate::diagnostic::Diagnostics;
use crate::fields::did_you_mean;
use crate::yaml::{self, Node, Span};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// The shape of a file of parameters.
pub(super) const ONE_A_LINE: &str = "one a line: `name: value`, or `name: [value, value]`";

/// What a site fills in.
#[derive(Debug, Clone, Default)]
pub struct Parameters {
    given: BTreeMap<String, Vec<String>>,
    examples: bool,
    declared: RefCell<BTreeSet<String>>,
}

impl Parameters {
    /// Examples stand in for what is not given. For tests of lists only.
    #[must_use]
    pub fn or_examples(mut self) -> Self {
        self.examples = true;
        self
    }

    /// Gives a parameter one more value.
    pub fn add(&mut self, name: &str, value: &str) {
        self.given.entry(name.to_owned()).or_default().push(value.to_owned());
    }

    /// The names that lists loaded with them have.
    pub fn declared(&self) -> BTreeSet<String> {
        self.declared.borrow().clone()
    }

    /// The names that were given values.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.given.keys().map(String::as_str)
    }

    /// Takes the values of a parameter away.
    pub fn clear(&mut self, name: &str) {
        self.given.remove(name);
    }

    /// Reads a file of parameters: a mapping of names to values or lists of values.
    pub fn parse(file: &str, text: &str) -> Result<Self, Diagnostics> {
        let reader = ShapeReader::new(file, text, Rc::default());
        let start = Span { line: 1, column: 1, width: 1 };
        let mut parameters = Self::default();
        match yaml::parse(text) {
            Ok(Some(root)) => {
                for pair in reader.mapping(&root, "a file of parameters", &[]).unwrap_or_default() {
                    for node in reader.one_or_many(pair.value, format_args!("`{}`", pair.name)) {
                        let value = reader.text(node, format_args!("a value of `{}`", pair.name));
                        if let Some(value) = value {
                            parameters.add(pair.name, value);
                        }
                    }
                }
            }
            Ok(None) => reader.report("empty-file", start, "this file gives no parameter", ONE_A_LINE),
            Err(error) => {
                let slip = slip(text, error.line.max(1), error.column).unwrap_or_else(|| Slip {
                    line: error.line.max(1),
                    column: error.column,
                    cause: error.message,
                    help: ONE_A_LINE.to_owned(),
                });
                let span = Span { line: slip.line, column: slip.column, width: 1 };
                reader.report("not-yaml", span, format!("this cannot be read: {}", slip.cause), slip.help);
            }
        }
        let mistakes = reader.into_found();
        if mistakes.is_empty() { Ok(parameters) } else { Err(Diagnostics(mistakes)) }
    }
}

/// The name in `${name}`.
pub(crate) fn reference(text: &str) -> Option<&str> {
    let name = text.strip_prefix("${")?.strip_suffix('}')?;
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    (!name.is_empty() && name.bytes().all(plain)).then_some(name)
}

/// Reads the key `parameters`.
pub(super) fn declared<'a>(
    reader: &ShapeReader<'a>,
    node: &Node<'a>,
    parameters: &Parameters,
) -> ParameterValues {
    let (mut filled, mut examples) = (ParameterValues::default(), Vec::new());
    for pair in reader.mapping(node, "`parameters`", &[]).unwrap_or_default() {
        if reference(&format!("${{{}}}", pair.name)).is_none() {
            let message = format!("`{}` is no name of a parameter", pair.name);
            reader.report(
                "bad-parameter",
                pair.key.span,
                message,
                "lower-case letters, digits and `_`: `management_point`",
            );
        }
        let what = format!("the parameter `{}`", pair.name);
        let Some(keys) = reader.mapping(pair.value, &what, &["meaning", "example"]) else { continue };
        let text = |name: &str| {
            let found = keys.iter().find(|key| key.name == name);
            if found.is_none() {
                let help =
                    "`meaning` says what to fill in, `example` is the value that the cases of the list use";
                reader.report("missing-key", pair.key.span, format!("{what} needs the key `{name}`"), help);
            }
            found.and_then(|key| reader.text(key.value, format_args!("`{name}` of {what}")))
        };
        let (_, example) = (text("meaning"), text("example"));
        parameters.declared.borrow_mut().insert(pair.name.to_owned());
        let example = example.filter(|_| parameters.examples).map(str::to_owned);
        let values = parameters.given.get(pair.name).cloned().unwrap_or_else(|| {
            examples.extend(example.clone());
            Vec::from_iter(example)
        });
        filled.values.insert(pair.name.to_owned(), values);
    }
    filled.examples = examples.into();
    filled
}

/// The values that stand for a text; `None` if it is no parameter, an empty list if that is a mistake.
pub(super) fn filled(reader: &ShapeReader<'_>, span: Span, text: &str) -> Option<Vec<String>> {
    let parameters = &reader.parameters().values;
    let Some(name) = reference(text) else {
        // `${name` and `$name` would be text that no row has.
        let bare = text.trim_start_matches(['$', '{']).trim_end_matches('}');
        if text.starts_with('$') && parameters.contains_key(bare) {
            let message = format!("`{text}` is nearly a parameter of this list");
            reader.report("bad-parameter", span, message, format!("write `${{{bare}}}`"));
            return Some(Vec::new());
        }
        let inside = parameters.keys().find(|name| text.contains(&format!("${{{name}}}")))?;
        let message = format!("`${{{inside}}}` stands inside of a value");
        reader.report(
            "bad-parameter",
            span,
            message,
            "a parameter is a whole value, without anything before or behind it",
        );
        return Some(Vec::new());
    };
    match parameters.get(name) {
        Some(values) if values.is_empty() => {
            let help = format!(
                "give it with `--set {name}=VALUE` or in a file with --parameters; nothing is suppressed until then"
            );
            reader.report("unset-parameter", span, format!("nobody has filled in `${{{name}}}`"), help);
            Some(Vec::new())
        }
        Some(values) => Some(values.clone()),
        None => {
            let near = did_you_mean(name, parameters.keys().map(String::as_str), 1);
            let help = format!("{near}the key `parameters` of the list says which there are");
            reader.report("unknown-parameter", span, format!("this list has no parameter `{name}`"), help);
            Some(Vec::new())
        }
    }
}
