//! `quell explain`: why one row is kept or suppressed.

use super::inputs::{files, open};
use super::lists::{Loaded, loaded, rule, today};
use super::results::{ReadBy, read_by};
use super::{End, Outcome, World, fail, print_styled, print_text};
use crate::cli::{Explain, ExplainFormat};
use quell::fields::Field;
use quell::input::Input;
use quell::input::rows::Rows;
use quell::input::{Fault, Format};
use quell::judge::explain::{ExplainedCondition, ExplainedExclusion, Explanation, explain, telling};
use quell::judge::row::{self, sources};
use quell::judge::row_tables::{OwnCells, TableCells};
use quell::judge::verdict::ConditionOutcome;
use quell::judge::{Matcher, is_like};
use quell::printable::json_written_out;
use quell::report::style::{Ink, Style};
use quell::report::{fitted, printable};
use quell::run::columns::{missing, missing_columns, reader};
use quell::run::each_row::each_row;
use quell::schema::Source;
use std::fmt::Write;
use std::ops::ControlFlow;

/// How many wanted values of a condition are shown.
const SHOWN: usize = 5;

/// The stream strips styles that nobody wants.
const INK: Ink = Ink::On;

/// The row that was asked for.
struct FoundRow {
    number: u64,
    line: u64,
    cells: Result<Vec<Option<String>>, Fault>,
}

pub(crate) fn run(args: &Explain, world: &World) -> Outcome {
    let lists = loaded(&args.lists)?;
    let rule = rule(&args.scope)?;
    let names = files(std::slice::from_ref(&args.results))?;
    let [name] = names.as_slice() else {
        let message = format!("{} stands for {} files", args.results, names.len());
        return fail("several-files", message, "name the one that the row is in");
    };
    let mut opened = open(name, &args.input)?;
    if opened.format == Format::Parquet {
        let message = format!("{name}: rows of Parquet are not explained");
        return fail("parquet", message, "convert it into a pipe, for example with duckdb: docs/formats.md");
    }
    let read = read_by(std::slice::from_ref(&opened), &lists, rule.as_ref())?;
    let schema = read.schema;
    let (applied, left_out) = read.in_force(
        std::slice::from_ref(&opened),
        &lists.exclusions,
        rule.as_ref(),
        today(&args.scope, world),
    );
    let matcher = read.matcher(std::slice::from_ref(&opened), &applied)?;
    let found = find(args, &mut opened, &read, &matcher, &lists)?;
    let row = match found.cells {
        Ok(cells) => cells,
        Err(fault) => {
            print_text(&format!(
                "row {} (line {}) is kept: it cannot be read: {fault}\n",
                found.number, found.line
            ))?;
            return Ok(End::LookAtIt);
        }
    };
    if read.tables.is_none() && opened.format.has_header() && !args.input.allow_missing_columns {
        let (_, projection) = reader(&opened, row::wanted(matcher.slots(), schema))?;
        let missing = missing(matcher.slots(), &applied, |slot| projection.columns[slot].is_some());
        if !missing.is_empty() {
            return Err(missing_columns(&opened, schema, &missing).into());
        }
    }
    let cells: Vec<Option<&str>> = row.iter().map(Option::as_deref).collect();
    let explanation = explain(&matcher, &applied, &cells[..matcher.slots().len()]);
    let mut text = match args.format {
        ExplainFormat::Json => json(&explanation, found.number, found.line),
        ExplainFormat::Text => text(&explanation, found.number, found.line, args.all),
    };
    if args.format == ExplainFormat::Text && !left_out.is_empty() {
        text.push_str("\nLeft out:\n");
        for left in &left_out {
            let _ = writeln!(text, "  {}: {}", left.exclusion.id, left.why);
        }
    }
    match args.format {
        ExplainFormat::Json => print_text(&text)?,
        ExplainFormat::Text => print_styled(&fitted(&text, world.message_width))?,
    }
    Ok(End::Clean)
}

/// How the row is looked for: by its number, or by the value of a cell.
enum By {
    Number(u64),
    Cell(String),
}

fn find(
    args: &Explain,
    opened: &mut Input,
    read: &ReadBy<'_>,
    matcher: &Matcher,
    lists: &Loaded,
) -> Outcome<FoundRow> {
    let cells = read.tables.as_ref().map(|tables| tables.cells(matcher.slots()));
    let mut wanted = match &cells {
        None => row::wanted(matcher.slots(), read.schema),
        Some(cells) => cells.wanted().to_vec(),
    };
    let by = match (&args.condition, args.row) {
        (Some(condition), _) => {
            let Some((name, value)) = condition.split_once('=') else {
                return fail(
                    "bad-condition",
                    format!("`{condition}` has no `=`"),
                    "for example --where process.name=setup.exe",
                );
            };
            wanted.push(column(name, read, opened, lists)?);
            By::Cell(value.to_owned())
        }
        (None, row) => By::Number(row.unwrap_or(1)),
    };
    let (rows, _) = reader(opened, wanted)?;
    match search(opened, &rows, &by)? {
        SearchResult::Found(found) => Ok(FoundRow {
            cells: found.cells.map(|found| match &cells {
                None => found,
                Some(cells) => of_table(cells, &found),
            }),
            ..found
        }),
        SearchResult::NotAmong(read) => match by {
            By::Number(row) => fail(
                "no-such-row",
                format!("{} has {read} rows, so no row {row}", opened.name),
                "rows are counted from 1 without the header",
            ),
            By::Cell(value) => fail(
                "no-such-row",
                format!("in none of the {read} rows of {} is that value {value}", opened.name),
                "`*` and `?` are wildcards",
            ),
        },
    }
}

/// The cells of a row as its own table has them.
fn of_table(cells: &TableCells, found: &[Option<String>]) -> Vec<Option<String>> {
    let found: Vec<Option<&str>> = found.iter().map(Option::as_deref).collect();
    let mut own = OwnCells::new();
    cells.of(&cells.table(&found), &found, &mut own);
    own.iter().map(|cell| cell.map(str::to_owned)).collect()
}

fn column(name: &str, read: &ReadBy<'_>, opened: &Input, lists: &Loaded) -> Outcome<Vec<Source>> {
    if let Some(field) = Field::named(name) {
        let field = quell::exclusions::model::FieldRef::Field(field);
        return Ok(match &read.tables {
            None => sources(&field, read.schema),
            // It is looked for where the first table has it.
            Some(tables) => tables.tables.iter().flat_map(|table| sources(&field, table)).collect(),
        });
    }
    if opened.names.iter().any(|known| known == name)
        || lists.schemas.iter().any(|known| known.columns.contains_key(name))
    {
        return Ok(vec![Source { column: name.to_owned(), path: false }]);
    }
    let mut legal: Vec<&str> = Field::all().map(Field::name).collect();
    legal.extend(opened.names.iter().map(String::as_str));
    let near = quell::fields::which_field(name, legal);
    let help = format!("{near}`quell schema` lists the fields");
    fail("unknown-field", format!("there is no field or column `{name}`"), &help)
}

/// What a search found.
enum SearchResult {
    Found(FoundRow),
    /// None of the rows, whose number this is.
    NotAmong(u64),
}

/// Looks for the row that was asked for.
fn search(opened: &mut Input, rows: &Rows, by: &By) -> Outcome<SearchResult> {
    let (mut read, mut found) = (0, None);
    each_row(opened, rows, |number, line, row| {
        read = number;
        let is_it = match by {
            By::Number(wanted) => number == *wanted,
            By::Cell(value) => row.cells.is_ok_and(|cells| is_value(cells.last().copied().flatten(), value)),
        };
        if !is_it {
            return ControlFlow::Continue(());
        }
        let owned = |cells: &[Option<&str>]| cells.iter().map(|cell| cell.map(str::to_owned)).collect();
        found = Some(FoundRow { number, line, cells: row.cells.map(owned) });
        ControlFlow::Break(())
    })?;
    Ok(found.map_or(SearchResult::NotAmong(read), SearchResult::Found))
}

fn is_value(cell: Option<&str>, wanted: &str) -> bool {
    let cell = cell.unwrap_or_default();
    let address = |text: &str| text.parse::<std::net::IpAddr>().ok().map(|address| address.to_canonical());
    is_like(wanted, cell) || cell == wanted || address(cell).is_some_and(|seen| Some(seen) == address(wanted))
}

fn json(explanation: &Explanation, row: u64, line: u64) -> String {
    let mut value = serde_json::to_value(explanation).unwrap_or_default();
    value["row"] = row.into();
    value["line"] = line.into();
    json_written_out(&serde_json::to_string_pretty(&value).unwrap_or_default()).into_owned() + "\n"
}

fn text(explanation: &Explanation, row: u64, line: u64, all: bool) -> String {
    let verdict = match (explanation.suppressed, explanation.undecidable) {
        (true, _) => "suppressed",
        (_, true) => "kept, undecidable: a field that an exclusion needs is empty or unreadable",
        _ => "kept",
    };
    let style = match (explanation.suppressed, explanation.undecidable) {
        (true, _) => Style::Suppressed,
        (_, true) => Style::Undecidable,
        _ => Style::Kept,
    };
    let mut out = format!("row {row} (line {line}) is {}\n", INK.paint(style, verdict));
    for (field, cell) in &explanation.cells {
        let _ = writeln!(out, "  {field:<24} {}", shown(cell.as_deref()));
    }
    let near = |exclusion: &&ExplainedExclusion| {
        all || exclusion.outcome != ConditionOutcome::NotMet
            || explanation.nearest.as_ref().is_some_and(|nearest| nearest.id == exclusion.id)
    };
    for exclusion in explanation.exclusions.iter().filter(near) {
        explain_exclusion(&mut out, exclusion);
    }
    let rest = explanation.exclusions.iter().filter(|exclusion| !near(exclusion)).count();
    if rest > 0 {
        let _ = writeln!(out, "\n{rest} more not met (--all shows them)");
    }
    if let Some(nearest) = explanation.nearest.as_ref().filter(|_| !explanation.suppressed) {
        let _ = writeln!(
            out,
            "\n{}: {}, entry {}",
            INK.paint(Style::Kept, "Nearest miss"),
            nearest.id,
            nearest.entry
        );
        for condition in &nearest.missing {
            let _ = writeln!(out, "  {}", sentence(condition));
        }
    }
    out
}

fn explain_exclusion(out: &mut String, exclusion: &ExplainedExclusion) {
    let _ =
        writeln!(out, "\n{}: {}", INK.paint(Style::Strong, &exclusion.id), painted(exclusion.outcome, ""));
    for (place, entry) in exclusion.entries.iter().enumerate() {
        let _ = writeln!(out, "  entry {}: {}", place + 1, painted(entry.outcome, ""));
        for condition in &entry.conditions {
            let blanks = " ".repeat(12 - word(condition.outcome).len());
            let _ = writeln!(out, "    {} {}", painted(condition.outcome, &blanks), sentence(condition));
        }
    }
}

fn sentence(condition: &ExplainedCondition) -> String {
    let (values, total) = telling(condition, SHOWN);
    let values: Vec<String> = values.into_iter().map(printable).collect();
    let more = total - values.len();
    let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
    format!(
        "{} is {}, wanted {}{more}",
        condition.field,
        shown(condition.seen.as_deref()),
        values.join(" or ")
    )
}

fn shown(cell: Option<&str>) -> String {
    match cell {
        None => "(absent)".to_owned(),
        Some("") => "(empty)".to_owned(),
        Some(text) => printable(text),
    }
}

/// The word in its colour, and blanks behind it.
fn painted(outcome: ConditionOutcome, blanks: &str) -> String {
    let style = match outcome {
        ConditionOutcome::Met => Style::Good,
        ConditionOutcome::NotMet => Style::Dead,
        ConditionOutcome::Undecidable => Style::Undecidable,
    };
    INK.paint(style, word(outcome)) + blanks
}

fn word(outcome: ConditionOutcome) -> &'static str {
    match outcome {
        ConditionOutcome::Met => "met",
        ConditionOutcome::NotMet => "not met",
        ConditionOutcome::Undecidable => "undecidable",
    }
}
