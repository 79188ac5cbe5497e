//! How results are read: by one schema, or each row by its own table.
//!
//! In: open results, lists, and the rule that the results come from. Out: the schema, the tables, and the exclusions in
//! force for them.

use super::Outcome;
use super::lists::{Loaded, in_force};
use jiff::civil::Date;
use quell::exclusions::model::Exclusion;
use quell::input::Input;
use quell::judge::Matcher;
use quell::judge::row_tables::RowTables;
use quell::kql::tables::tables;
use quell::rule::Rule;
use quell::run::in_force::{LeftOut, in_force_among};
use quell::run::recognised::{schema_among, tables_of};
use quell::run::tables::has;
use quell::schema::Schema;

/// How the columns of results are named.
pub(super) struct ReadBy<'l> {
    /// The schema of all rows; of several tables it is the first.
    pub(super) schema: &'l Schema,
    /// The tables, if each row says of which it is.
    pub(super) tables: Option<RowTables<'l>>,
}

/// Finds out how results are read.
pub(super) fn read_by<'l>(inputs: &[Input], lists: &'l Loaded, rule: Option<&Rule>) -> Outcome<ReadBy<'l>> {
    let named = lists.named.as_deref();
    let query = rule.and_then(|rule| rule.query.as_deref());
    let of_rule = query.map(|query| tables(query, &lists.schemas)).unwrap_or_default();
    let of_rule: Vec<&str> = of_rule.iter().map(|table| table.name).collect();
    let rows = tables_of(inputs, &lists.schemas, named)?;
    match (rows, schema_among(inputs, &lists.schemas, named, &of_rule)) {
        // What the rule says is more than what happened.
        (Some(rows), Ok(schema)) if rows.by_action => Ok(ReadBy { schema, tables: None }),
        (Some(rows), _) if !rows.tables.is_empty() => {
            Ok(ReadBy { schema: rows.of_header.unwrap_or(rows.tables[0]), tables: Some(rows) })
        }
        (_, schema) => Ok(ReadBy { schema: schema?, tables: None }),
    }
}

impl<'l> ReadBy<'l> {
    /// The tables that rows may be of, or the schema of all rows.
    pub(super) fn schemas(&self) -> &[&'l Schema] {
        self.tables.as_ref().map_or(std::slice::from_ref(&self.schema), |tables| &tables.tables)
    }

    /// The schema whose columns the results must have, if that is certain.
    pub(super) fn of_header(&self) -> Option<&'l Schema> {
        self.tables.as_ref().map_or(Some(self.schema), |tables| tables.of_header.filter(|_| tables.alone))
    }

    /// The matcher for these results.
    pub(super) fn matcher(&self, inputs: &[Input], applied: &[&Exclusion]) -> Outcome<Matcher> {
        Ok(quell::run::tables::matcher(applied, self.schema, self.tables.as_ref(), inputs)?)
    }

    /// What entries of exclusions name that these rows have no column for.
    pub(super) fn cannot_judge(&self, inputs: &[Input], applied: &[&Exclusion]) -> Vec<String> {
        let entries = || applied.iter().flat_map(|exclusion| &exclusion.entries);
        match &self.tables {
            None => entries().flat_map(|entry| entry.lacks(self.schema)).map(str::to_owned).collect(),
            Some(tables) => {
                let strange = entries().filter(|entry| !tables.fits(entry, |sources| has(inputs, sources)));
                let conditions = strange.flat_map(|entry| &entry.conditions);
                conditions.map(|condition| condition.field.name().to_owned()).collect()
            }
        }
    }

    /// The exclusions in force for these results.
    pub(super) fn in_force<'e>(
        &self,
        inputs: &[Input],
        exclusions: &'e [Exclusion],
        rule: Option<&Rule>,
        today: Date,
    ) -> (Vec<&'e Exclusion>, Vec<LeftOut<'e>>) {
        match &self.tables {
            None => in_force(exclusions, rule, today, self.schema),
            Some(tables) => in_force_among(exclusions, rule, today, tables, |sources| has(inputs, sources)),
        }
    }
}
