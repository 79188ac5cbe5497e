//! How results are read: by one schema, or each row by its own table.
//!
//! In: open results, lists, and the rule that the results come from. Out: the schema, the tables, and the exclusions in
//! force for them.

use super::lists::{Loaded, in_force};
use super::{Outcome, fail};
use jiff::civil::Date;
use quell::exclusions::model::Exclusion;
use quell::input::Input;
use quell::judge::Matcher;
use quell::judge::row_tables::RowTables;
use quell::kql::tables::tables;
use quell::rule::Rule;
use quell::run::columns::reader;
use quell::run::each_row::each_row;
use quell::run::in_force::{LeftOut, in_force_among, left_out_entries, left_out_entries_among};
use quell::run::recognised::{schema_among, tables_of};
use quell::run::tables::has;
use quell::schema::Schema;
use std::ops::ControlFlow;

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

/// The schema of all rows, for a command that reads them by one; an error if they are of several tables. Results whose rows
/// say of which table they are have been read to their end then, which the second part says.
pub(super) fn one_table<'l>(
    inputs: &mut [Input],
    lists: &'l Loaded,
    rule: Option<&Rule>,
) -> Outcome<(&'l Schema, bool)> {
    let (mut chosen, mut was_read): (Option<(&'l Schema, String)>, bool) = (None, false);
    for input in inputs {
        let read = read_by(std::slice::from_ref(input), lists, rule)?;
        was_read |= read.tables.is_some();
        let schema = match &read.tables {
            None => read.schema,
            Some(tables) => table_of_all(input, tables)?.unwrap_or(read.schema),
        };
        if let Some((first, file)) = chosen.as_ref().filter(|(first, _)| first.name != schema.name) {
            let message = format!(
                "{file} has the columns of {}, and {} those of {}",
                first.name, input.name, schema.name
            );
            return fail("mixed-schemas", message, "run quell once for each kind of results");
        }
        chosen.get_or_insert_with(|| (schema, input.name.clone()));
    }
    match chosen {
        Some((schema, _)) => Ok((schema, was_read)),
        None => fail("no-results", "no results were given", "name the files of results"),
    }
}

/// The table of which all rows say that they are; `None` if there are no rows.
fn table_of_all<'l>(input: &mut Input, tables: &RowTables<'l>) -> Outcome<Option<&'l Schema>> {
    let cells = tables.cells(&[]);
    let (rows, _) = reader(input, cells.wanted().to_vec())?;
    let (mut first, mut other) = (None, None);
    each_row(input, &rows, |number, _, row| {
        let Ok(found) = row.cells else { return ControlFlow::Continue(()) };
        let table = cells.table(found);
        let said = match (table.number, table.said) {
            (Some(table), _) if *first.get_or_insert(table) == table => return ControlFlow::Continue(()),
            (Some(table), _) => format!("of {}", tables.name(table)),
            (None, None | Some("")) => "of a table that it does not name".to_owned(),
            (None, Some(said)) => format!("of a table that nobody knows, {said}"),
        };
        other = Some((number, said));
        ControlFlow::Break(())
    })?;
    let Some((row, said)) = other else { return Ok(first.map(|table| tables.tables[table])) };
    let before = first.map(|table| format!(", and those before are of {}", tables.name(table)));
    let message = format!(
        "{}: row {row} is {said}{}; this command reads all rows by one table",
        input.name,
        before.unwrap_or_default()
    );
    let help = "give it the rows of one table, or name the table of all rows with --schema; `quell apply`, `rows` and `explain` read several";
    fail("several-tables", message, help)
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

    /// Says which entries are left out of exclusions that apply.
    pub(super) fn left_out_entries(&self, inputs: &[Input], applied: &[&Exclusion]) -> Vec<String> {
        let (left_out, why) = match &self.tables {
            None => (left_out_entries(applied, self.schema), format!("{} has no column", self.schema.name)),
            Some(tables) => (
                left_out_entries_among(applied, tables, |sources| has(inputs, sources)),
                "none of the tables of these rows has columns".to_owned(),
            ),
        };
        left_out.iter().map(|left| format!("Left out: {left}, for which {why}.")).collect()
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
