//! The page of `quell apply --report FILE.html`.
//!
//! In: the results once more, and what the run counted. Out: the text of the page. The rows are read a second time,
//! one after the other and with all their cells; if they are not the rows that were counted, there is no page.

use super::inputs::{keep_standard_input, open_all};
use super::lists::Loaded;
use super::probe::read;
use super::{Outcome, fail};
use crate::cli::Apply;
use quell::exclusions::model::{Exclusion, FieldRef};
use quell::fields::Kind;
use quell::input::time::{TimeParser, parse_in_locale};
use quell::input::{Format, Input};
use quell::judge::Matcher;
use quell::judge::row::{self, RowCells};
use quell::judge::row_tables::RowTables;
use quell::lint::facts::ProductFacts;
use quell::lint::settings::Settings;
use quell::lint::{Context, Observed, lint};
use quell::output::repeats::Repeats;
use quell::probe::{Moves, WayIn, probe};
use quell::report::build::LeftOut;
use quell::report::html::{Collector, HELD, Known, MOST_COLUMNS, Page, PageGrade, PageLint, PageRow, page};
use quell::report::{Report, WarningCode};
use quell::run::columns::{reader, refuse_summarised};
use quell::run::each_row::each_row;
use quell::run::recognised::schema_among;
use quell::schema::{Schema, Source, column_name};
use std::ops::ControlFlow;

/// Everything that a run knows.
pub(super) struct Knowledge<'k> {
    pub(super) args: &'k Apply,
    pub(super) lists: &'k Loaded,
    pub(super) schema: &'k Schema,
    /// The tables that rows may be of, if each says its own.
    pub(super) tables: Option<&'k RowTables<'k>>,
    pub(super) applied: &'k [&'k Exclusion],
    pub(super) left_out: &'k [LeftOut<'k>],
    pub(super) report: &'k Report,
    pub(super) today: jiff::civil::Date,
}

/// Whether the results of a run can be made into a page; said before anything is read. They are read twice: what comes from
/// standard input is kept.
pub(super) fn may_be_made(args: &Apply) -> Outcome<()> {
    if args.from_impact.is_some() {
        let why = "an HTML report shows rows, and the answer to an impact query has none";
        return fail("no-page", why, "end the name in .md or .json");
    }
    if args.results.iter().any(|name| name == "-") {
        keep_standard_input()?;
    }
    // They are known as files that are read before anything is looked at as a target.
    open_all(&args.malicious, &args.input)?;
    Ok(())
}

/// Makes the page.
pub(super) fn made(run: &Knowledge<'_>) -> Outcome<String> {
    let unknown = run.report.warnings.iter().any(|warning| warning.code == WarningCode::UnknownTable);
    let several = unknown || run.report.results.iter().any(|results| !results.tables.is_empty());
    if several || run.tables.is_some_and(|tables| !tables.alone) {
        let why = "an HTML report is of one table, and these rows are of several";
        return fail("no-page", why, "export each table by itself, or end the name in .md or .json");
    }
    let matcher = Matcher::of_schema(run.applied, run.schema)?;
    let mut opened = open_all(&run.args.results, &run.args.input)?;
    if let Some(results) = opened.iter().find(|results| results.format == Format::Parquet) {
        let message = format!("{}: an HTML report is not made of Parquet", results.name);
        return fail("no-page", message, "convert it, for example with duckdb: docs/formats.md");
    }
    let (columns, columns_left_out) = columns(&opened);
    let fields = fields(run.schema, matcher.slots());
    let totals = &run.report.totals;
    let all = totals.read - totals.duplicates;
    let most = run.args.report_rows.map_or(HELD, |rows| usize::try_from(rows).unwrap_or(usize::MAX));
    let named: Vec<(String, Kind)> =
        fields.iter().map(|field| (field.name().to_owned(), field.kind())).collect();
    let mut collector = Collector::new(&matcher, run.applied.len(), &columns, &named, all, most);
    let mut wanted = row::wanted(matcher.slots(), run.schema);
    wanted.extend(columns.iter().map(|name| vec![Source { column: name.clone(), path: false }]));
    wanted.extend(fields.iter().map(|field| row::sources(field, run.schema)));
    let repeats = Repeats::new(run.args.dedupe);
    for (file, input) in (0..).zip(&mut opened) {
        take(input, file, &wanted, matcher.slots().len(), &repeats, &mut collector)?;
    }
    let made = page(Page {
        report: run.report,
        applied: run.applied,
        left_out: run.left_out.iter().map(|left| left.exclusion).collect(),
        schema: run.schema,
        known: Known { lints: lints(run), grades: grades(run, &matcher)? },
        rows: collector,
        columns_left_out,
        options: options(run.args),
    });
    match made {
        Ok(text) => Ok(text),
        Err(what) => {
            fail("changed", format!("the results changed while they were read: {what}"), "run it again")
        }
    }
}

/// What `quell explain` has to be told so that it judges by the same lists.
fn options(args: &Apply) -> Vec<String> {
    let lists = args.lists.exclusions.iter().flat_map(|list| ["-e".to_owned(), list.display().to_string()]);
    let rule = args.scope.rule.iter().flat_map(|rule| ["--rule".to_owned(), rule.display().to_string()]);
    let id = args.scope.rule_id.iter().flat_map(|id| ["--rule-id".to_owned(), id.clone()]);
    let schema = args.lists.schema.iter().flat_map(|schema| ["--schema".to_owned(), schema.clone()]);
    lists.chain(rule).chain(id).chain(schema).collect()
}

/// The columns of all files, and those that the page does not hold.
fn columns(opened: &[Input]) -> (Vec<String>, Vec<String>) {
    let (mut columns, mut left_out): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for results in opened {
        let names: Vec<&str> = results.names.iter().map(|name| column_name(name)).collect();
        for name in &names {
            let twice = names.iter().filter(|other| *other == name).count() > 1;
            if (twice || columns.len() >= MOST_COLUMNS) && !columns.iter().any(|known| known == name) {
                let why = if twice { "stands twice" } else { "there are too many" };
                let said = format!("{name} ({why})");
                if !left_out.contains(&said) {
                    left_out.push(said);
                }
            } else if !columns.iter().any(|known| known == name) {
                columns.push((*name).to_owned());
            }
        }
    }
    (columns, left_out)
}

/// The fields that a condition may look at in these results.
fn fields(schema: &Schema, slots: &[FieldRef]) -> Vec<FieldRef> {
    let mut fields: Vec<FieldRef> = schema.fields.keys().map(|field| FieldRef::Field(*field)).collect();
    fields.sort();
    fields.extend(slots.iter().filter(|slot| matches!(slot, FieldRef::Column(_))).cloned());
    fields
}

/// Takes the rows of a file. What is shown stands behind the cells that are judged and counted by.
fn take(
    input: &mut Input,
    file: u32,
    wanted: &[Vec<Source>],
    judged: usize,
    repeats: &Repeats,
    collector: &mut Collector<'_>,
) -> Outcome<()> {
    let (rows, projection) = reader(input, wanted.to_vec())?;
    let order = input.date_order(projection.columns.get(row::time_of(judged)).copied().flatten());
    let mut times = TimeParser::default();
    each_row(input, &rows, |number, line, row| {
        let all = match row.cells {
            Ok(all) => all,
            Err(fault) => {
                collector.malformed(file, number, line, &fault.to_string());
                return ControlFlow::Continue(());
            }
        };
        let cells = RowCells::of(all, judged);
        if repeats.drops_row(&cells, row.bytes) {
            return ControlFlow::Continue(());
        }
        let time = cells.time.and_then(|text| times.parse(text).or_else(|| parse_in_locale(text, order?)));
        let shown = &all[row::cell_count(judged, true)..];
        let (process, destination) = (cells.process, cells.destination);
        collector.row(&PageRow {
            file,
            number,
            line,
            judged: cells.judged,
            shown,
            time,
            process,
            destination,
        });
        ControlFlow::Continue(())
    })?;
    Ok(())
}

/// What is doubtful about the exclusions, as `quell lint --results` says it with its own settings.
fn lints(run: &Knowledge<'_>) -> Vec<PageLint> {
    let (settings, facts) = (Settings::default(), ProductFacts::built_in());
    let exclusions = &run.lists.exclusions;
    let effects: Vec<Option<Observed>> = exclusions.iter().map(|exclusion| effect(run, exclusion)).collect();
    let mut context = Context::new(exclusions, run.today, &settings, &run.lists.schemas, &facts);
    context.schema = Some(run.schema);
    context.effects = &effects;
    let found = quell::lint::run(&context);
    let said = found.into_iter().map(|finding| PageLint {
        exclusion: exclusions[finding.exclusion].id.clone(),
        code: finding.code.to_owned(),
        message: finding.message,
        help: finding
            .help
            .unwrap_or_else(|| lint(finding.code).map(|lint| lint.fix.to_owned()).unwrap_or_default()),
    });
    said.collect()
}

/// How malicious rows would disappear in the exclusions, if there are such rows.
fn grades(run: &Knowledge<'_>, matcher: &Matcher) -> Outcome<Vec<PageGrade>> {
    if run.args.malicious.is_empty() {
        return Ok(Vec::new());
    }
    let mut inputs = open_all(&run.args.malicious, &run.args.input)?;
    let tables: Vec<&str> = run.schema.table.as_deref().into_iter().collect();
    let schema = schema_among(&inputs, &run.lists.schemas, run.lists.named.as_deref(), &tables)?;
    if schema.name != run.schema.name {
        let message = format!(
            "the results have the columns of {}, and the malicious rows those of {}",
            run.schema.name, schema.name
        );
        return fail("mixed-schemas", message, "give malicious rows of the same product");
    }
    let mut malicious = Vec::new();
    for input in &mut inputs {
        refuse_summarised(input, schema, matcher.slots(), run.applied)?;
        malicious.extend(read(input, matcher, schema, malicious.len() as u64)?);
    }
    let moves = match Moves::built_in() {
        Ok(moves) => moves.of_schema(schema),
        Err(cause) => return fail("bad-moves", cause, "this is a mistake of quell's; please report it"),
    };
    let probed = probe(matcher, run.applied, &malicious, &schema.name, &moves);
    let said = probed.into_iter().map(|each| PageGrade {
        way: way_in(each.way_in.as_ref()),
        grade: format!("{:?}", each.grade),
        exclusion: each.id,
    });
    Ok(said.collect())
}

fn way_in(way: Option<&WayIn>) -> String {
    let Some(way) = way else { return "no malicious row disappears by any move that is known".to_owned() };
    if way.moves.is_empty() {
        return format!("malicious row {} is suppressed as it is", way.row);
    }
    let moves: Vec<String> =
        way.moves.iter().map(|made| format!("{} ({})", made.what, made.technique)).collect();
    format!("malicious row {} disappears at cost {}: {}", way.row, way.cost, moves.join(", "))
}

fn effect(run: &Knowledge<'_>, exclusion: &Exclusion) -> Option<Observed> {
    run.applied.iter().find(|applied| applied.id == exclusion.id)?;
    let did = run.report.exclusions.iter().find(|did| did.id == exclusion.id)?;
    let last = did.last.as_deref().and_then(|time| time.get(..10)?.parse().ok());
    Some(Observed { matches: did.matches, sole: did.sole, last })
}
