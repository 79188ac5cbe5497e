//! What is doubtful about exclusions that are formally right.
//!
//! In: a [`Context`]: exclusions, a day and limits; where they are given also a schema, the rule, and what the
//! exclusions did in results. Out: [`Finding`]s, each with the code of one of [`LINTS`]. It opens no files and
//! does not know how findings are shown.
//!
//! A lint is one file that ends in a [`Lint`]: what it is called, how bad it is, why, what to do, and the
//! function that looks. [`LINTS`] is the one list of them; help, documentation, SARIF and tests are made
//! from it.

pub mod algebra;
mod cases;
mod contradictory;
mod cover;
mod duplicate;
mod expiry;
pub mod facts;
pub mod fix;
mod loose;
mod metadata;
mod names;
mod network;
mod ownership;
pub mod report;
pub mod rule_query;
pub mod sarif;
mod schema_field;
pub mod settings;
mod subsumed;
mod values;
mod wildcard;
mod with_results;
mod with_rule;

use crate::exclusions::edit::ExclusionPart;
use crate::exclusions::model::{Condition, Entry, Exclusion, FieldRef, TextValue};
use crate::fields::did_you_mean;
use crate::schema::{Schema, Schemas};
use cover::CoveredEntries;
use facts::ProductFacts;
use hashbrown::HashMap;
use jiff::civil::Date;
use rule_query::RuleQuery;
use settings::Settings;
use std::cell::OnceCell;

/// What becomes of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It is not shown.
    Allow,
    /// It is shown.
    Warn,
    /// It is shown and fails the run.
    Deny,
}

/// What a lint looks at beside the lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    Lists,
    /// A schema that was named.
    Schema,
    /// The rule.
    Rule,
    /// Results.
    Results,
}

/// One lint.
#[derive(Debug, Clone, Copy)]
pub struct Lint {
    /// Its stable kebab-case name.
    pub code: &'static str,
    /// Its level if nobody says otherwise.
    pub level: Level,
    /// What it looks at.
    pub needs: Needs,
    /// What it finds, in one line.
    pub meaning: &'static str,
    /// Why that matters.
    pub why: &'static str,
    /// What to do.
    pub fix: &'static str,
    check: fn(&Context<'_>, &mut Vec<Finding>),
}

/// Every lint, in the order of the documentation.
pub const LINTS: &[Lint] = &[
    loose::LOOSE_READING,
    names::NAME_ONLY,
    loose::SINGLE_FIELD,
    loose::FREELY_CHOSEN,
    names::GENERIC_NAME,
    names::DEAD_NAME,
    network::PLACEHOLDER_ADDRESS,
    network::WIDE_NETWORK,
    values::HOST_BITS,
    values::NEVER_MATCHES,
    wildcard::MATCHES_EVERYTHING,
    wildcard::SHORT_CONTAINS,
    metadata::FORGEABLE_METADATA,
    contradictory::CONTRADICTORY_ENTRY,
    duplicate::DUPLICATE,
    subsumed::SUBSUMED,
    expiry::EXPIRED,
    expiry::EXPIRES_SOON,
    expiry::NO_EXPIRY,
    expiry::EXPIRY_TOO_FAR,
    ownership::NO_OWNER,
    ownership::NO_REASON,
    cases::MISSING_CASES,
    schema_field::FIELD_NOT_IN_SCHEMA,
    with_rule::CONTRADICTS_RULE,
    with_rule::HIDES_WHOLE_RULE,
    with_rule::ALREADY_IN_RULE,
    with_rule::RENAMED_PRODUCT,
    with_rule::RULE_DROPS_FIELD,
    with_results::DEAD,
    with_results::REDUNDANT,
    with_results::STALE,
];

/// The lint of a code; the error names the nearest ones.
pub fn lint(code: &str) -> Result<&'static Lint, String> {
    LINTS.iter().find(|lint| lint.code == code).ok_or_else(|| {
        let near = did_you_mean(code, LINTS.iter().map(|lint| lint.code), 1);
        let near = if near.is_empty() { near } else { format!("; {}", near.trim_end()) };
        format!("there is no lint `{code}`{near}")
    })
}

/// What an exclusion did in results.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    /// Rows that it covers.
    pub matches: u64,
    /// Rows that only it covers.
    pub sole: u64,
    /// The day of its latest row.
    pub last: Option<Date>,
}

/// All that lints look at.
#[derive(Debug)]
pub struct Context<'c> {
    /// The exclusions of all lists.
    pub exclusions: &'c [Exclusion],
    /// The day on which expiry is judged.
    pub today: Date,
    /// Levels and limits.
    pub settings: &'c Settings,
    /// The schemas that names were checked against.
    pub schemas: &'c Schemas,
    /// The schema that was named.
    pub schema: Option<&'c Schema>,
    /// What is known about products.
    pub facts: &'c ProductFacts,
    /// The rule's query.
    pub rule: Option<&'c RuleQuery>,
    /// What each exclusion did; `None` for one that was not applied. Empty without results.
    pub effects: &'c [Option<Observed>],
    covers: OnceCell<CoveredEntries>,
    /// The fields that raw columns hold.
    held: HashMap<&'c str, &'static str>,
}

impl<'c> Context<'c> {
    /// A context of lists, day and limits alone. The caller adds a schema, a rule or results if there are any.
    pub fn new(
        exclusions: &'c [Exclusion],
        today: Date,
        settings: &'c Settings,
        schemas: &'c Schemas,
        facts: &'c ProductFacts,
    ) -> Self {
        Self {
            exclusions,
            today,
            settings,
            schemas,
            schema: None,
            facts,
            rule: None,
            effects: &[],
            covers: OnceCell::new(),
            held: held(schemas),
        }
    }

    fn has(&self, needs: Needs) -> bool {
        match needs {
            Needs::Lists => true,
            Needs::Schema => self.schema.is_some(),
            Needs::Rule => self.rule.is_some(),
            Needs::Results => !self.effects.is_empty(),
        }
    }

    /// Which entries others cover; found once, for two lints.
    fn covers(&self) -> &CoveredEntries {
        self.covers.get_or_init(|| CoveredEntries::new(self.exclusions))
    }

    /// The field that a condition looks at. For a raw column it is the field that the column holds.
    fn name(&self, condition: &'c Condition) -> &'c str {
        match &condition.field {
            FieldRef::Field(field) => field.name(),
            FieldRef::Column(column) => self.held.get(column.name.as_str()).copied().unwrap_or(&column.name),
        }
    }

    /// Whether a condition looks at one of these fields.
    fn looks_at(&self, condition: &'c Condition, names: &[&str]) -> bool {
        names.contains(&self.name(condition))
    }

    fn entries(&self) -> impl Iterator<Item = (At, &'c Entry)> {
        self.exclusions.iter().enumerate().flat_map(|(exclusion, known)| {
            let entries = known.entries.iter().enumerate();
            entries.map(move |(entry, value)| (At { exclusion, entry }, value))
        })
    }

    fn conditions(&self) -> impl Iterator<Item = (At, usize, &'c Condition)> {
        self.entries().flat_map(|(at, entry)| {
            entry.conditions.iter().enumerate().map(move |(place, condition)| (at, place, &**condition))
        })
    }
}

/// The place of an entry in the lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct At {
    exclusion: usize,
    entry: usize,
}

impl At {
    fn part(self) -> ExclusionPart {
        ExclusionPart::Entry(self.entry)
    }

    fn condition(self, condition: usize) -> ExclusionPart {
        ExclusionPart::Condition(self.entry, condition)
    }

    fn value(self, condition: usize, value: usize) -> ExclusionPart {
        ExclusionPart::Value(self.entry, condition, value)
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The code of its lint.
    pub code: &'static str,
    /// The exclusion, by its place in the lists.
    pub exclusion: usize,
    /// The part of it.
    pub part: ExclusionPart,
    /// What is doubtful, in one line.
    pub message: String,
    /// What to do in this case, if that is more than the lint's general remedy.
    pub help: Option<String>,
}

impl Finding {
    fn new(code: &'static str, exclusion: usize, part: ExclusionPart, message: impl Into<String>) -> Self {
        Self { code, exclusion, part, message: message.into(), help: None }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Runs every lint that is not at level allow and whose inputs are there. Findings come in the order of the lists,
/// then of the codes.
pub fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for lint in LINTS {
        if context.has(lint.needs) && context.settings.level(lint) > Level::Allow {
            (lint.check)(context, &mut found);
        }
    }
    let order = |code: &str| LINTS.iter().position(|lint| lint.code == code);
    found.sort_by_cached_key(|finding| (finding.exclusion, finding.part, order(finding.code)));
    found
}

/// The text values of a condition; none for another kind.
fn text_values(condition: &Condition) -> &[TextValue] {
    match &condition.test {
        crate::exclusions::model::Test::Text(values) => values,
        _ => &[],
    }
}

/// The field that each column holds, if it holds one in some schema.
fn held(schemas: &Schemas) -> HashMap<&str, &'static str> {
    let fields = schemas.iter().flat_map(|schema| &schema.fields);
    let columns = fields.flat_map(|(field, sources)| {
        let whole = sources.iter().filter(|source| !source.path);
        whole.map(|source| (source.column.as_str(), field.name()))
    });
    let mut held = HashMap::new();
    // Where tables differ the first one counts.
    columns.for_each(|(column, field)| {
        held.entry(column).or_insert(field);
    });
    held
}

/// Names as a person lists them.
fn listed(names: &[&str], last: &str) -> String {
    match names {
        [] => String::new(),
        [only] => format!("`{only}`"),
        [all @ .., end] => {
            let all: Vec<String> = all.iter().map(|name| format!("`{name}`")).collect();
            format!("{} {last} `{end}`", all.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_unique_and_kebab_case() {
        let mut seen = std::collections::BTreeSet::new();
        for lint in LINTS {
            assert!(seen.insert(lint.code), "{} stands twice", lint.code);
            assert!(lint.code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{}", lint.code);
        }
    }

    #[test]
    fn a_misspelt_code_finds_its_lint() {
        assert!(lint("name-onyl").unwrap_err().contains("`name-only`"));
    }
}
