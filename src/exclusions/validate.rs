//! From the text of lists to exclusions that are right, or to every mistake of every file.
//!
//! In: the texts of files. Out: [`Exclusion`]s, or all diagnostics at once: a list with one mistake
//! gives nothing, so that nothing is suppressed by half a list. It opens no files.

use super::cases::CaseReader;
use super::expressions::Expressions;
use super::model::{Condition, Entry, Exclusion, FieldRef, Origin};
use super::not_yaml::{Slip, remedy, slip};
use super::parameters::{Parameters, declared};
use super::shape::{KeyValue, Seen, ShapeReader};
use super::value;
use crate::diagnostic::Diagnostics;
use crate::schema::Schemas;
use crate::yaml::{self, Node, Span, Value, YamlError};
use hashbrown::HashMap;
use jiff::civil::Date;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// The text of one list file.
#[derive(Debug, Clone)]
pub struct ListText {
    /// The file as the user named it.
    pub file: String,
    /// What it holds.
    pub text: String,
}

const EXCLUSIONS: &str = "exclusions";
const PARAMETERS: &str = "parameters";
/// Keys that only a rule has: of Sentinel, of a custom detection, of Sigma.
const RULE_KEYS: &[&str] = &["query", "queryCondition", "detection"];
pub(super) const EXCLUSION_KEYS: &[&str] = &[
    "id",
    "scenario",
    "when",
    "documented",
    "rules",
    "owner",
    "reason",
    "reference",
    "created",
    "expires",
    "cases",
];

/// Reads lists that have no parameters; the error holds every mistake of every file.
pub fn load(lists: &[ListText], schemas: &Schemas) -> Result<Vec<Exclusion>, Diagnostics> {
    load_with(lists, schemas, &Parameters::default())
}

/// Reads lists with what a site fills in; the error holds every mistake of every file.
pub fn load_with(
    lists: &[ListText],
    schemas: &Schemas,
    parameters: &Parameters,
) -> Result<Vec<Exclusion>, Diagnostics> {
    let mut exclusions = Vec::new();
    let mut mistakes = Vec::new();
    let mut seen: HashMap<String, Origin> = HashMap::new();
    let expressions = Rc::<Expressions>::default();
    for list in lists {
        let reader = ShapeReader::new(&list.file, &list.text, Rc::clone(&expressions));
        let cases = CaseReader::new(&reader, schemas);
        let scope = ListReader { reader: &reader, schemas, cases, known: Default::default() };
        scope.list(&list.text, parameters, |named| {
            if let Some(first) = seen.get(&named.id) {
                let message = format!("the id `{}` is taken", named.id);
                let help = if *first == named.origin {
                    "this list is named twice".to_owned()
                } else {
                    format!(
                        "it stands in {}, line {}; ids are unique over all loaded lists",
                        first.file, first.line
                    )
                };
                reader.report("duplicate-id", named.span, message, help);
            } else {
                seen.insert(named.id, named.origin);
                exclusions.extend(named.exclusion);
            }
        });
        mistakes.extend(reader.into_found());
    }
    // They stay in memory as long as the program runs.
    exclusions.shrink_to_fit();
    if mistakes.is_empty() { Ok(exclusions) } else { Err(Diagnostics(mistakes)) }
}

/// What a list says, whatever its layout: its exclusions without their places, and with examples for what a site fills
/// in. `None` if it does not load. An edit that must not change a list compares this.
pub fn meaning(list: &ListText, schemas: &Schemas) -> Option<Vec<Exclusion>> {
    let examples = Parameters::default().or_examples();
    let mut exclusions = load_with(std::slice::from_ref(list), schemas, &examples).ok()?;
    for exclusion in &mut exclusions {
        exclusion.origin.line = 0;
        let cases = &mut exclusion.cases;
        cases.suppress.iter_mut().chain(&mut cases.keep).for_each(|case| case.line = 0);
    }
    Some(exclusions)
}

/// An id and where it stands; its exclusion, if nothing else is wrong with it.
struct ReadExclusion {
    id: String,
    span: Span,
    origin: Origin,
    exclusion: Option<Exclusion>,
}

/// Conditions with one value, by key and value as they are written.
type KnownConditions = HashMap<String, HashMap<String, Arc<Condition>>>;

struct ListReader<'s, 'a> {
    reader: &'s ShapeReader<'a>,
    schemas: &'s Schemas,
    cases: CaseReader<'s, 'a>,
    /// Conditions that were read before: those with a quoted value, and those with an unquoted one.
    known: [RefCell<KnownConditions>; 2],
}

impl<'a> ListReader<'_, 'a> {
    /// Reads a list, and calls `take` with each exclusion that has an id.
    fn list(&self, text: &'a str, parameters: &Parameters, mut take: impl FnMut(ReadExclusion)) {
        // Parameters may stand below the exclusions but must be known first, so such a list is read as a whole.
        let root = if text.contains(PARAMETERS) {
            yaml::parse(text)
        } else {
            yaml::parse_items(text, EXCLUSIONS, |item| self.exclusion(&item).into_iter().for_each(&mut take))
        };
        match root {
            Ok(Some(root)) => self.root(&root, parameters, take),
            Ok(None) => self.reader.report(
                "empty-file",
                Span { line: 1, column: 1, width: 1 },
                "this file holds no exclusion list",
                "it begins with `exclusions:`; see docs/exclusions.md",
            ),
            Err(error) => {
                self.reader.forget();
                self.not_yaml(text, &error);
            }
        }
    }

    fn not_yaml(&self, text: &str, error: &YamlError) {
        let line = error.line.max(1);
        let slip = slip(text, line, error.column).unwrap_or_else(|| Slip {
            line,
            column: error.column,
            cause: error.message.clone(),
            help: remedy(&error.message).to_owned(),
        });
        let message = format!("this cannot be read as a list: {}", slip.cause);
        let span = Span { line: slip.line, column: slip.column, width: 1 };
        self.reader.report("not-yaml", span, message, slip.help);
    }

    fn root(&self, root: &Node<'a>, parameters: &Parameters, take: impl FnMut(ReadExclusion)) {
        // A folder of lists with a rule in it would else be told of every key of the rule.
        if root.get(EXCLUSIONS).is_none() && RULE_KEYS.iter().any(|key| root.get(key).is_some()) {
            let help = "name it with --rule, or keep rules in another folder than lists";
            return self.reader.report("no-list", root.span, "this is a rule, no exclusion list", help);
        }
        let legal = [EXCLUSIONS, PARAMETERS];
        let Some(pairs) = self.reader.mapping(root, "an exclusion list", &legal) else { return };
        if let Some(pair) = pairs.iter().find(|pair| pair.name == PARAMETERS) {
            self.reader.set_parameters(declared(self.reader, pair.value, parameters));
        }
        let Some(pair) = pairs.iter().find(|pair| pair.name == EXCLUSIONS) else {
            let help = "write `exclusions:`, and below it the exclusions, each beginning with `- id: `";
            return self.reader.missing(root, (EXCLUSIONS, &legal), "an exclusion list", help);
        };
        // Items that were handed over one by one are not in this tree.
        let items = self.reader.list(pair.value, "`exclusions`").unwrap_or(&[]);
        items.iter().filter_map(|item| self.exclusion(item)).for_each(take);
    }

    fn exclusion(&self, node: &Node<'a>) -> Option<ReadExclusion> {
        let pairs = self.reader.mapping(node, "an exclusion", EXCLUSION_KEYS)?;
        let find = |name: &str| pairs.iter().find(|pair| pair.name == name).copied();
        let text = |name: &str| {
            let pair = find(name)?;
            self.reader.text(pair.value, format_args!("`{name}`")).map(str::to_owned)
        };
        let (created, expires) = (self.date(find("created")), self.date(find("expires")));
        self.check_dates(created, expires, find("expires"));
        // Everything is read before the function may return, so that one run reports every mistake.
        let id = self.id(node, find("id"));
        let entries = self.when(node, find("when"));
        let (scenario, documented) = (text("scenario"), text("documented"));
        let (owner, reason, reference) = (text("owner"), text("reason"), text("reference"));
        let (rules, cases) = (self.rules(find("rules")), self.cases.read(find("cases")));
        let (id, span) = id?;
        let origin = Origin { file: self.reader.file.clone(), line: span.line };
        let exclusion = entries.map(|entries| Exclusion {
            origin: origin.clone(),
            id: id.clone(),
            scenario,
            entries,
            documented,
            rules,
            owner,
            reason,
            reference,
            created,
            expires,
            cases,
            examples: self.reader.parameters().examples.clone(),
        });
        Some(ReadExclusion { id, span, origin, exclusion })
    }

    fn id(&self, node: &Node<'a>, pair: Option<KeyValue<'_, 'a>>) -> Option<(String, Span)> {
        let Some(pair) = pair else {
            self.reader.missing(
                node,
                ("id", EXCLUSION_KEYS),
                "an exclusion",
                "for example `id: sccm-software-update`",
            );
            return None;
        };
        let id = self.reader.text(pair.value, "`id`")?;
        let part = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        if !id.split('-').all(part) {
            let message = format!("`{id}` is not a kebab-case id");
            self.reader.report(
                "bad-id",
                pair.value.span,
                message,
                "lower-case letters, digits and single hyphens: `sccm-software-update`",
            );
            return None;
        }
        Some((id.to_owned(), pair.value.span))
    }

    fn when(&self, node: &Node<'a>, pair: Option<KeyValue<'_, 'a>>) -> Option<Vec<Entry>> {
        let Some(pair) = pair else {
            let help = "it says what a row must look like: `when: {process.name: CcmExec.exe}`";
            self.reader.missing(node, ("when", EXCLUSION_KEYS), "an exclusion", help);
            return None;
        };
        let entries: Vec<Option<Entry>> = match &pair.value.value {
            Value::List(items) => items.iter().map(|item| self.entry(item)).collect(),
            Value::Map(_) => vec![self.entry(pair.value)],
            Value::Scalar(..) => {
                self.reader.wrong_type(
                    pair.value,
                    "`when`",
                    "a mapping of fields to values, or a list of such mappings",
                );
                return None;
            }
        };
        if entries.is_empty() {
            self.reader.report(
                "empty-when",
                pair.value.span,
                "`when` is empty and would match nothing",
                "write at least one entry, or remove the exclusion",
            );
        }
        entries.into_iter().collect::<Option<Vec<_>>>().filter(|all| !all.is_empty())
    }

    fn entry(&self, node: &Node<'a>) -> Option<Entry> {
        let pairs = self.reader.mapping(node, "an entry", &[])?;
        if pairs.is_empty() {
            self.reader.report(
                "empty-when",
                node.span,
                "an entry without a condition would match every row",
                "write at least one field, or remove the entry",
            );
            return None;
        }
        let mut seen: Seen<(FieldRef, Vec<&str>), &str> = Seen::default();
        let mut conditions = Some(Vec::with_capacity(pairs.len()));
        for pair in &pairs {
            let condition = self.condition(pair);
            if let Some(condition) = &condition {
                let mut modifiers: Vec<&str> = pair.name.split('|').skip(1).collect();
                modifiers.sort_unstable();
                if let Some(first) = seen.insert((condition.field.clone(), modifiers), pair.name) {
                    let message = format!("`{}` and `{first}` are the same field", pair.name);
                    self.reader.report(
                        "duplicate-key",
                        pair.key.span,
                        message,
                        "put the values into one list",
                    );
                }
            }
            conditions = conditions.zip(condition).map(|(mut all, one): (Vec<_>, _)| {
                all.push(one);
                all
            });
        }
        conditions.map(|conditions| Entry { conditions })
    }

    fn condition(&self, pair: &KeyValue<'_, 'a>) -> Option<Arc<Condition>> {
        let read = || value::condition(self.reader, self.schemas, pair).map(Arc::new);
        let Value::Scalar(value, plain) = &pair.value.value else { return read() };
        // Quoted and unquoted are kept apart, because unquoted `null` is null.
        let mut known = self.known[usize::from(*plain)].borrow_mut();
        if let Some(condition) = known.get(pair.name).and_then(|values| values.get(&**value)) {
            return Some(Arc::clone(condition));
        }
        let condition = read()?;
        known.entry_ref(pair.name).or_default().insert(value.to_string(), Arc::clone(&condition));
        Some(condition)
    }

    fn rules(&self, pair: Option<KeyValue<'_, 'a>>) -> Vec<String> {
        let Some(pair) = pair else { return Vec::new() };
        let nodes = self.reader.one_or_many(pair.value, "`rules`");
        let rules = nodes.iter().filter_map(|node| {
            let rule = self.reader.text(node, "a rule")?;
            if rule.is_empty() {
                let help = "write a rule's id or name, or remove the key";
                self.reader.report("empty-value", node.span, "an empty rule names none", help);
            }
            Some(rule.to_owned())
        });
        rules.collect()
    }

    fn date(&self, pair: Option<KeyValue<'_, 'a>>) -> Option<Date> {
        let pair = pair?;
        let text = self.reader.text(pair.value, format_args!("`{}`", pair.name))?;
        let date = (text.len() == 10).then(|| text.parse::<Date>().ok()).flatten();
        if date.is_none() {
            let message = format!("`{text}` is not a day of the calendar");
            self.reader.report("bad-date", pair.value.span, message, "year, month and day: 2027-05-31");
        }
        date
    }

    fn check_dates(&self, created: Option<Date>, expires: Option<Date>, pair: Option<KeyValue<'_, 'a>>) {
        if let (Some(created), Some(expires), Some(pair)) = (created, expires, pair)
            && expires < created
        {
            let message = format!("it expires on {expires}, before it was created on {created}");
            self.reader.report(
                "expires-before-created",
                pair.value.span,
                message,
                "correct one of the two dates",
            );
        }
    }
}
