//! What is known about process names: which ones no process has, and which ones many programs have.
//!
//! In: the data file beside this module, each fact with its source. Out: a look-up by name.

use crate::yaml;
use serde::Deserialize;
use std::collections::HashMap;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenFacts {
    sources: HashMap<String, String>,
    dead: Vec<DeadName>,
    generic: Vec<GenericName>,
}

/// A name that no process of its product has.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeadName {
    /// The name.
    pub name: String,
    /// The product that documents give it to.
    pub product: String,
    /// What the name is instead, if that is known.
    pub about: Option<String>,
    /// Names that the product's processes have.
    pub real: Vec<String>,
    source: String,
}

/// A name that many unrelated programs have.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenericName {
    /// The name.
    pub name: String,
    /// Who has it.
    pub about: Option<String>,
    source: String,
}

/// All facts, by name in lower case.
#[derive(Debug, Default)]
pub struct ProductFacts {
    sources: HashMap<String, String>,
    dead: HashMap<String, DeadName>,
    generic: HashMap<String, GenericName>,
}

impl ProductFacts {
    /// The facts that are compiled in.
    pub fn built_in() -> Self {
        // The file is compiled in and a test reads it.
        let written: WrittenFacts = yaml::from_str(include_str!("products.yaml")).unwrap_or_default();
        let dead = written.dead.into_iter().map(|fact| (fact.name.to_ascii_lowercase(), fact));
        let generic = written.generic.into_iter().map(|fact| (fact.name.to_ascii_lowercase(), fact));
        Self { sources: written.sources, dead: dead.collect(), generic: generic.collect() }
    }

    /// What is known about a name that exists nowhere.
    pub fn dead(&self, name: &str) -> Option<&DeadName> {
        self.dead.get(&name.to_ascii_lowercase())
    }

    /// What is known about a name that belongs to anybody.
    pub fn generic(&self, name: &str) -> Option<&GenericName> {
        self.generic.get(&name.to_ascii_lowercase())
    }

    /// A source in words.
    fn described(&self, source: &str) -> &str {
        self.sources.get(source).map_or("", String::as_str)
    }

    /// Where a fact about a dead name comes from.
    pub fn source_of_dead(&self, fact: &DeadName) -> &str {
        self.described(&fact.source)
    }

    /// Where a fact about a generic name comes from.
    pub fn source_of_generic(&self, fact: &GenericName) -> &str {
        self.described(&fact.source)
    }

    /// What is wrong with the data file: facts whose source is not described, and names that stand twice.
    #[cfg(test)]
    fn mistakes(&self) -> Vec<String> {
        let dead = self.dead.values().map(|fact| (&fact.name, &fact.source));
        let all = dead.chain(self.generic.values().map(|fact| (&fact.name, &fact.source)));
        let unsourced = all.filter(|(_, source)| !self.sources.contains_key(*source));
        let both = self.dead.keys().filter(|name| self.generic.contains_key(*name)).cloned();
        unsourced.map(|(name, _)| name.clone()).chain(both).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_has_a_source() {
        let facts = ProductFacts::built_in();
        assert!(facts.dead.len() >= 10 && facts.generic.len() >= 20);
        assert_eq!(facts.mistakes(), Vec::<String>::new());
    }
}
