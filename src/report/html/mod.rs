//! The report as one page that is looked at and tuned with.
//!
//! In: the [`Report`], the exclusions, and the rows that a [`Collector`] took. Out: one HTML file that fetches nothing.
//! Everything that the page counts is counted here, for every choice of exclusions, entries and readings that can be
//! made on it: rows that stand alike with the exclusions share a *set*, and the page adds up sets.
//! The page's own parts are files in `../page`.
//!
//! Nothing from a row is markup or script. Data stands in two blocks that no browser runs: JSON in which every `<` is
//! an escape, and base64. A content security policy names the one script and the one style sheet by their hashes and
//! allows nothing else, not even to fetch.

mod blocks;
mod collect;
mod describe;
mod link;
mod outcomes;
mod times;

pub use collect::{Collector, HELD, MOST_COLUMNS, PageRow};

use super::Report;
use crate::exclusions::model::Exclusion;
use crate::fields::Kind;
use crate::schema::Schema;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use blocks::Blocks;
use collect::Column;
use outcomes::{Outcomes, number};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// What is known of exclusions beside what they did.
#[derive(Debug, Default)]
pub struct Known {
    /// What is doubtful about them.
    pub lints: Vec<PageLint>,
    /// Their blind spots, where somebody looked for them.
    pub grades: Vec<PageGrade>,
}

/// How an intruder would disappear in an exclusion.
#[derive(Debug, Clone, Serialize)]
pub struct PageGrade {
    /// The id of the exclusion.
    #[serde(skip)]
    pub exclusion: String,
    /// From A, where no way is known, to F.
    pub grade: String,
    /// The cheapest way.
    pub way: String,
}

/// A finding about an exclusion.
#[derive(Debug, Clone, Serialize)]
pub struct PageLint {
    /// The id of the exclusion.
    #[serde(skip)]
    pub exclusion: String,
    /// The code of the lint.
    pub code: String,
    /// What is doubtful.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// Everything that a page is made of.
#[derive(Debug)]
pub struct Page<'p> {
    /// What the run counted.
    pub report: &'p Report,
    /// The exclusions that were applied, in the matcher's order.
    pub applied: &'p [&'p Exclusion],
    /// Those that were not.
    pub left_out: Vec<&'p Exclusion>,
    /// The schema of the results.
    pub schema: &'p Schema,
    /// What else is known of exclusions.
    pub known: Known,
    /// The rows.
    pub rows: Collector<'p>,
    /// Columns of the results that the page does not hold, and why.
    pub columns_left_out: Vec<String>,
    /// The options of the command that say which lists are meant.
    pub options: Vec<String>,
}

/// The page as text; or, if its rows are not those that the report counted, what differs.
pub fn page(page: Page<'_>) -> Result<String, String> {
    let totals = &page.report.totals;
    for (what, counted, taken) in [
        ("rows", totals.read - totals.duplicates, page.rows.read),
        ("rows that cannot be read", totals.malformed, page.rows.malformed),
    ] {
        if counted != taken {
            return Err(format!("{counted} {what} were counted, and {taken} when they were read again"));
        }
    }
    let (data, packed) = data(page);
    Ok(assemble(&data, &packed))
}

/// Puts the parts into the frame.
fn assemble(data: &Value, packed: &str) -> String {
    let script = link::script();
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; base-uri 'none'; \
         form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
        hash(&script),
        hash(link::STYLE)
    );
    let mut out = String::with_capacity(packed.len() + script.len() + (1 << 16));
    let mut rest = link::FRAME;
    for (mark, text) in [
        ("{{policy}}", policy.as_str()),
        ("{{style}}", link::STYLE),
        ("{{data}}", &escaped(&data.to_string())),
        ("{{rows}}", packed),
        ("{{script}}", &script),
    ] {
        let (before, after) = rest.split_once(mark).unwrap_or((rest, ""));
        out += before;
        out += text;
        rest = after;
    }
    out + rest
}

fn hash(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text.as_bytes()))
}

/// JSON that cannot end the element that it stands in, nor open a comment there.
fn escaped(json: &str) -> String {
    json.replace('<', "\\u003c")
}

/// What the page knows, and its packed numbers and texts.
fn data(page: Page<'_>) -> (Value, String) {
    let mut blocks = Blocks::default();
    let exclusions: Vec<Value> = page
        .applied
        .iter()
        .enumerate()
        .map(|(place, exclusion)| (Some(place), *exclusion))
        .chain(page.left_out.iter().map(|exclusion| (None, *exclusion)))
        .map(|(place, exclusion)| describe::exclusion(exclusion, place, page.schema, &page.known))
        .collect();
    let lists = lists(page.applied);
    let rows = page.rows;
    let held = rows.held.sets.len();
    let knows_open = rows.outcomes.knows_open;
    outcomes(&mut blocks, &rows.outcomes);
    let (unit, since) = rows.held.since(rows.times.first(), rows.times.last());
    blocks.numbers("row.time", &since);
    let first = rows.times.first();
    for (name, numbers) in [
        ("row.set", &rows.held.sets),
        ("row.group", &rows.held.groups),
        ("row.near", &rows.held.near),
        ("row.fault", &rows.held.faults),
        ("row.file", &rows.held.files),
    ] {
        blocks.numbers(name, numbers);
    }
    blocks.growing("row.number", &rows.held.numbers);
    blocks.growing("row.line", &rows.held.lines);
    let bins = rows.times.bins();
    triples(&mut blocks, "timed", ["set", "bin", "rows"], &bins.counts);
    let mut grouped: Vec<_> =
        rows.grouped.into_iter().map(|((set, group), rows)| (set, group, rows)).collect();
    grouped.sort_unstable();
    triples(&mut blocks, "grouped", ["set", "group", "rows"], &grouped);
    blocks.texts("group.process", rows.groups.iter().map(|(process, _)| &**process));
    let destinations: Vec<String> =
        rows.groups.iter().map(|(_, destination)| destination.to_string()).collect();
    blocks.texts("group.destination", destinations.iter().map(String::as_str));
    let (columns, fields) = columns(&mut blocks, rows.columns);
    let data = json!({
        "version": 1,
        "quell": env!("CARGO_PKG_VERSION"),
        "report": page.report,
        "schema": { "name": page.schema.name, "table": page.schema.table, "time": page.schema.time, "device": page.schema.device },
        "lists": lists,
        "exclusions": exclusions,
        "columns": columns,
        "fields": fields,
        "columnsLeftOut": page.columns_left_out,
        "options": page.options,
        "faults": rows.faults,
        "held": held,
        "rows": rows.read,
        "knowsUndecidable": knows_open,
        "time": { "start": bins.start, "width": bins.width, "bins": bins.spans, "first": first, "unit": unit },
        "blocks": blocks.places,
    });
    let packed = blocks.packed();
    (data, packed)
}

/// The files of the lists, as the marker of a clause names them.
fn lists(applied: &[&Exclusion]) -> Vec<String> {
    let mut lists: Vec<&str> = applied.iter().map(|exclusion| &*exclusion.origin.file).collect();
    lists.dedup();
    lists.into_iter().map(crate::kql::literal::comment).collect()
}

fn outcomes(blocks: &mut Blocks, known: &Outcomes<'_>) {
    let patterns = || known.patterns.iter();
    blocks.numbers("pattern.exclusion", &patterns().map(|pattern| pattern.exclusion).collect::<Vec<_>>());
    nested(blocks, "pattern.met", patterns().map(|pattern| &*pattern.met));
    nested(blocks, "pattern.open", patterns().map(|pattern| &*pattern.open));
    nested(blocks, "set.patterns", known.sets.iter().map(|set| &**set));
    blocks.numbers("near.entry", &known.near.iter().map(|near| near.entry).collect::<Vec<_>>());
    nested(blocks, "near.unmet", known.near.iter().map(|near| &*near.unmet));
    nested(blocks, "near.open", known.near.iter().map(|near| &*near.open));
}

/// Lists of numbers under two names: where each begins, and all of them.
fn nested<'n>(blocks: &mut Blocks, name: &str, lists: impl Iterator<Item = &'n [u32]>) {
    let (mut starts, mut all) = (vec![0], Vec::new());
    for list in lists {
        all.extend_from_slice(list);
        starts.push(number(all.len()));
    }
    blocks.growing(&format!("{name}.start"), &starts);
    blocks.numbers(name, &all);
}

fn triples(blocks: &mut Blocks, name: &str, parts: [&str; 3], triples: &[(u32, u32, u32)]) {
    let of = |part: fn(&(u32, u32, u32)) -> u32| triples.iter().map(part).collect::<Vec<u32>>();
    let [first, second, third] = parts.map(|part| format!("{name}.{part}"));
    blocks.growing(&first, &of(|triple| triple.0));
    blocks.numbers(&second, &of(|triple| triple.1));
    blocks.numbers(&third, &of(|triple| triple.2));
}

/// The columns, and the fields with the columns that hold them. A field that is the same as a column, row by row, is
/// that column; another one, such as a name taken from a path, becomes a column of its own.
fn columns(blocks: &mut Blocks, all: Vec<Column>) -> (Vec<Value>, Vec<Value>) {
    let mut columns: Vec<Column> = Vec::new();
    let mut fields = Vec::new();
    for column in all {
        let Some(kind) = column.kind else {
            columns.push(column);
            continue;
        };
        if column.codes.iter().all(|code| *code == 0) {
            continue;
        }
        let kind = match kind {
            Kind::Text => "text",
            Kind::Address => "address",
            Kind::Number => "number",
        };
        let name = column.name.clone();
        let place = columns.iter().position(|known| known.is_same(&column)).unwrap_or_else(|| {
            columns.push(column);
            columns.len() - 1
        });
        fields.push(json!({ "name": name, "kind": kind, "column": place }));
    }
    let described = columns.iter().enumerate().map(|(place, column)| {
        blocks.numbers(&format!("column.{place}"), &column.codes);
        blocks.texts(&format!("column.{place}.texts"), column.texts.iter().map(|text| &**text));
        json!({ "name": column.name, "derived": column.kind.is_some() })
    });
    (described.collect(), fields)
}
