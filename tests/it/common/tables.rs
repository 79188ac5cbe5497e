//! For every table a list that names each of its fields, and rows with nasty cells, with the verdict that a plain reading
//! gives them.

use quell::fields::{Field, Kind};
use quell::schema::{Schema, Schemas};
use std::net::IpAddr;

/// A list and rows of one table.
pub(crate) struct TableCase {
    /// The schema.
    pub(crate) schema: String,
    /// The list: an exclusion for each field, which also names the next one.
    pub(crate) list: String,
    /// The columns of the rows, with their types.
    pub(crate) columns: Vec<(String, String)>,
    /// The cells of each row.
    pub(crate) rows: Vec<Vec<String>>,
    /// For each row the exclusions that cover it.
    pub(crate) covered: Vec<Vec<String>>,
}

/// A field, the column that holds it, and the value that an exclusion wants.
struct Wanted {
    field: Field,
    column: usize,
    path: bool,
    value: String,
}

/// The cases of all tables that queries read.
pub(crate) fn table_cases() -> Vec<TableCase> {
    let schemas = Schemas::built_in();
    schemas.iter().filter(|schema| schema.table.is_some()).map(case).collect()
}

fn case(schema: &Schema) -> TableCase {
    let mut columns: Vec<(String, String)> = Vec::new();
    let mut wanted = Vec::new();
    for (field, sources) in &schema.fields {
        let source = &sources[0];
        let kind = schema.columns[&source.column].clone();
        let known = columns.iter().position(|(name, _)| *name == source.column);
        let column = known.unwrap_or_else(|| {
            columns.push((source.column.clone(), kind.clone()));
            columns.len() - 1
        });
        let cell = cell(field.kind(), &columns[column], column);
        let value = match field.kind() {
            Kind::Address => format!("10.20.{column}.0/24"),
            _ if source.path => last_segment(&cell).to_owned(),
            _ => cell,
        };
        wanted.push(Wanted { field: *field, column, path: source.path, value });
    }
    let mut list = String::from("exclusions:\n");
    for (place, first) in wanted.iter().enumerate() {
        let next = &wanted[(place + 1) % wanted.len()];
        let condition = |wanted: &Wanted| format!("{}: '{}'", wanted.field, wanted.value.replace('\'', "''"));
        list += &format!("- {{id: e{place}, when: {{{}, {}}}}}\n", condition(first), condition(next));
    }
    let mut rows = Vec::new();
    for (place, first) in wanted.iter().enumerate() {
        let next = &wanted[(place + 1) % wanted.len()];
        let met = |wanted: &Wanted| cell(wanted.field.kind(), &columns[wanted.column], wanted.column);
        for cells in variants(&met(first), first.field.kind()) {
            for other in [met(next), String::new(), "x\"',;\\".to_owned()] {
                let mut row = vec![String::new(); columns.len()];
                row[next.column] = if columns[next.column].1 == "string" || other == met(next) {
                    other
                } else {
                    String::new()
                };
                row[first.column].clone_from(&cells);
                rows.push(row);
            }
        }
    }
    rows.retain(|row| {
        let is_number = |(cell, (_, kind)): (&String, &(String, String))| {
            kind == "string" || cell.is_empty() || cell.parse::<u32>().is_ok()
        };
        row.iter().zip(&columns).all(is_number)
    });
    let covers = |row: &[String], place: usize| {
        [place, (place + 1) % wanted.len()].iter().all(|at| is_met(&wanted[*at], row))
    };
    let covered = rows
        .iter()
        .map(|row| {
            (0..wanted.len()).filter(|place| covers(row, *place)).map(|place| format!("e{place}")).collect()
        })
        .collect();
    TableCase { schema: schema.name.clone(), list, columns, rows, covered }
}

/// The cell that meets the value of a field.
fn cell(kind: Kind, (name, of_type): &(String, String), place: usize) -> String {
    match kind {
        Kind::Address => format!("10.20.{place}.7"),
        _ if of_type != "string" || kind == Kind::Number => (440 + place).to_string(),
        _ => format!(r#"C:\Na[s]ty (x) "quo'ted", 100%\{name} $1+1.exe"#),
    }
}

/// The cell as it is, and others that are nearly so.
fn variants(cell: &str, kind: Kind) -> Vec<String> {
    let others = match kind {
        Kind::Address => {
            vec![format!("::ffff:{cell}"), "2001:db8::7".into(), format!("{cell}7777"), "-".into()]
        }
        Kind::Number => vec![format!("{cell}0"), "-".into(), "65536".into()],
        Kind::Text => vec![
            cell.to_ascii_uppercase(),
            cell.to_ascii_lowercase(),
            format!("{cell}x"),
            format!("x{cell}"),
            cell.replace(['e', '4'], "\u{e9}"),
            "\u{202e}exe".into(),
        ],
    };
    std::iter::once(cell.to_owned()).chain(others).collect()
}

fn last_segment(path: &str) -> &str {
    path.rsplit(['\\', '/']).next().unwrap()
}

/// Whether a row meets the value of a field: the plain reading.
fn is_met(wanted: &Wanted, row: &[String]) -> bool {
    let cell = row[wanted.column].as_str();
    match wanted.field.kind() {
        Kind::Address => {
            let net = wanted.value.strip_suffix("0/24").unwrap();
            let address = cell.parse::<IpAddr>().ok().map(|address| address.to_canonical().to_string());
            address.is_some_and(|address| address.starts_with(net))
        }
        Kind::Number => cell == wanted.value,
        Kind::Text if wanted.path => last_segment(cell).eq_ignore_ascii_case(&wanted.value),
        Kind::Text => cell.eq_ignore_ascii_case(&wanted.value),
    }
}

/// Rows as CSV.
pub(crate) fn as_csv(columns: &[(String, String)], rows: &[Vec<String>]) -> String {
    let quoted = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
    let line = |cells: Vec<String>| cells.join(",") + "\n";
    let mut out = line(columns.iter().map(|(name, _)| quoted(name)).collect());
    for row in rows {
        out += &line(row.iter().map(|cell| quoted(cell)).collect());
    }
    out
}
