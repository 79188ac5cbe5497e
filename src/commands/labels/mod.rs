//! Reads rows with their labels, for `quell suggest`.
//!
//! In: what labels rows: files of rows, a file of labels, conditions, groups. Out: each row of results and of the files of
//! rows once, with its label. What the lists suppress already is left out, and counted.

mod files;
mod said;

use super::inputs::open_all;
use super::kept;
use super::lists::{Loaded, read_text};
use super::results::one_table;
use super::{Outcome, fail};
use crate::cli::{InputArgs, LabelArgs};
use files::{Given, Which, of_csv, of_review};
use hashbrown::{DefaultHashBuilder, HashSet};
use quell::count::destination::Destination;
use quell::diagnostic::Diagnostic;
use quell::exclusions::model::{Column, FieldRef};
use quell::fields::{Field, Kind, which_field};
use quell::input::Input;
use quell::input::time::{TimeParser, parse_in_locale};
use quell::judge::row::{self, RowCells};
use quell::judge::{Matcher, Scratch};
use quell::rule::Rule;
use quell::run::columns::reader;
use quell::run::each_row::each_row;
use quell::schema::Schema;
use quell::suggest::{Label, RowPlace};
use said::{Met, Said};
use std::collections::BTreeMap;
use std::fmt;
use std::hash::BuildHasher;
use std::ops::ControlFlow;
use std::path::Path;

/// A larger file is no file of labels.
const MAX_LABELS: u64 = 64 << 20;
/// Malicious rows that are named.
const NAMED: usize = 5;
const NANOSECONDS_OF_A_DAY: i64 = 86_400_000_000_000;

/// A row that was read.
pub(super) struct ReadRow<'r> {
    pub(super) label: Label,
    /// The cells of the fields that were asked for.
    pub(super) cells: &'r [Option<&'r str>],
    pub(super) device: Option<&'r str>,
    /// The day, counted from 1970-01-01.
    pub(super) day: Option<i64>,
    pub(super) place: RowPlace,
}

/// How often rows were left out, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LeftOut {
    /// Rows of noise that the lists suppress, and how many of them each exclusion covers, by its place among those applied.
    pub(super) noise: u64,
    pub(super) noise_by: BTreeMap<u32, u64>,
    /// The lists suppress them.
    pub(super) suppressed: u64,
    /// Malicious rows that the lists suppress: how many, and the first ones with an exclusion, by its place.
    pub(super) hidden: u64,
    pub(super) hidden_by: Vec<(RowPlace, u32)>,
    /// They cannot be read.
    pub(super) malformed: u64,
    /// Rows that nobody labelled and that are taken for noise, because what is narrowed covers them. They are not left out.
    pub(super) assumed: u64,
}

impl LeftOut {
    /// Counts a malicious row that these exclusions suppress.
    fn hide(&mut self, place: RowPlace, by: &[u32]) {
        let Some(first) = by.first() else { return };
        self.hidden += 1;
        if self.hidden_by.len() < NAMED {
            self.hidden_by.push((place, *first));
        }
    }

    /// Counts a row that these exclusions suppress. Returns whether there is any.
    fn take(&mut self, label: Label, by: &[u32]) -> bool {
        if by.is_empty() {
            return false;
        }
        self.suppressed += 1;
        if label == Label::Benign {
            self.noise += 1;
            for at in by {
                *self.noise_by.entry(*at).or_default() += 1;
            }
        }
        true
    }
}

/// A group of kept rows.
pub(super) struct WantedGroup {
    /// Its place in the report, from 1.
    pub(super) number: u32,
    pub(super) process: String,
    pub(super) destination: Destination,
    /// How many rows it has.
    pub(super) rows: u64,
}

impl fmt::Display for WantedGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, process, destination, rows } = self;
        let process = if process.is_empty() { "(empty)" } else { process };
        let word = if *rows == 1 { "row" } else { "rows" };
        write!(f, "group {number}: {process}, {destination}, {rows} {word}")
    }
}

/// Everything that labels rows.
pub(super) struct Labelling<'l> {
    args: &'l LabelArgs,
    results: &'l [String],
    input: &'l InputArgs,
    /// Names of all files in the order in which they are read: noise, what must stay, results.
    pub(super) files: Vec<String>,
    pub(super) schema: &'l Schema,
    conditions: Vec<(FieldRef, String)>,
    /// Rows of these groups are noise.
    pub(super) groups: Vec<WantedGroup>,
    said: Said,
    /// What the lists suppress; `None` if that does not matter.
    pub(super) applied: Option<&'l Matcher>,
    /// Rows that this covers are noise, if they have no other label.
    pub(super) covered: Option<&'l Matcher>,
    hasher: DefaultHashBuilder,
}

impl<'l> Labelling<'l> {
    /// Reads what labels rows.
    pub(super) fn new(
        args: &'l LabelArgs,
        results: &'l [String],
        input: &'l InputArgs,
        lists: &'l Loaded,
        rule: Option<&Rule>,
    ) -> Outcome<Self> {
        let mut opened = Vec::new();
        for names in [&args.benign, &args.malicious, results] {
            opened.extend(open_all(names, input)?);
        }
        let (schema, _) = one_table(&mut opened, lists, rule)?;
        let files: Vec<String> = opened.iter().map(|input| input.name.clone()).collect();
        let mut labelling = Self {
            args,
            results,
            input,
            files,
            schema,
            conditions: Vec::new(),
            groups: Vec::new(),
            said: Said::default(),
            applied: None,
            covered: None,
            hasher: DefaultHashBuilder::default(),
        };
        for condition in &args.conditions {
            labelling.conditions.push(field_of(condition, schema, &opened)?);
        }
        for file in &args.labels {
            labelling.read_labels(file)?;
        }
        Ok(labelling)
    }

    /// The fields that results have a column for.
    pub(super) fn fields(&self) -> Outcome<Vec<FieldRef>> {
        let mut fields: Vec<FieldRef> =
            self.schema.fields.keys().map(|field| FieldRef::Field(*field)).collect();
        fields.sort();
        let mut found = vec![false; fields.len()];
        for input in self.open()? {
            let (_, projection) = reader(&input, row::wanted(&fields, self.schema))?;
            let has = |at: usize| !input.format.has_header() || projection.columns[at].is_some();
            (0..fields.len()).for_each(|at| found[at] |= has(at));
        }
        Ok(fields.into_iter().zip(found).filter_map(|(field, found)| found.then_some(field)).collect())
    }

    fn open(&self) -> Outcome<Vec<Input>> {
        let mut opened = Vec::new();
        for names in [&self.args.benign, &self.args.malicious, self.results] {
            opened.extend(open_all(names, self.input)?);
        }
        Ok(opened)
    }

    /// Calls `take` with every row, with the cells of these fields. Every pass must have the same fields.
    pub(super) fn each(&self, fields: &[FieldRef], mut take: impl FnMut(&ReadRow<'_>)) -> Outcome<LeftOut> {
        let count = |names: &[String]| Ok::<_, Vec<Diagnostic>>(super::inputs::files(names)?.len());
        let (benign, malicious) = (count(&self.args.benign)?, count(&self.args.malicious)?);
        let given = [(benign, Label::Benign), (malicious, Label::Malicious)];
        let labels = given.into_iter().flat_map(|(count, label)| std::iter::repeat_n(label, count));
        let mut labels = labels.chain(std::iter::repeat(Label::Unlabelled));
        // A row of the results that stands in a file of rows as well is that row.
        let mut seen: HashSet<u64> = HashSet::new();
        let (mut left, mut met) = (LeftOut::default(), Met::default());
        for (file, mut input) in (0..).zip(self.open()?) {
            let of_file = labels.next().unwrap_or(Label::Unlabelled);
            let pass = Pass { labelling: self, file, of_file, fields };
            let rows = pass.each(&mut input, (&mut seen, &mut left, &mut met), &mut take)?;
            self.said.is_within(file, rows, self.name(file))?;
        }
        self.said.check(&met, |place| format!("row {} of {}", place.row, self.name(place.file)))?;
        Ok(left)
    }

    /// The name of a file.
    pub(super) fn name(&self, file: u32) -> &str {
        usize::try_from(file).ok().and_then(|at| self.files.get(at)).map_or("", String::as_str)
    }

    /// The label of a row of the results.
    fn label(
        &self,
        place: RowPlace,
        cells: &RowCells<'_, '_>,
        conditions: &[Option<&str>],
        met: &mut Met,
    ) -> Label {
        if let Some(label) = self.said.label(place, cells, met) {
            return label;
        }
        let asked = !self.conditions.is_empty() || !self.groups.is_empty();
        let meets = self
            .conditions
            .iter()
            .zip(conditions)
            .all(|((_, value), cell)| kept::is_value(cell.unwrap_or_default(), value));
        let in_group = self.groups.is_empty()
            || self.groups.iter().any(|group| {
                group.process == cells.process.unwrap_or_default().to_ascii_lowercase()
                    && group.destination == Destination::of(cells.destination)
            });
        if asked && meets && in_group { Label::Benign } else { Label::Unlabelled }
    }

    fn read_labels(&mut self, name: &str) -> Outcome<()> {
        let text = read_text(Path::new(name), MAX_LABELS)?;
        let rows =
            if text.trim_start().starts_with('{') { of_review(name, &text)? } else { of_csv(name, &text)? };
        let first = self.files.len() - super::inputs::files(self.results)?.len();
        for Given { which, label, at: line } in rows {
            match which {
                Which::Report { id, device } => self.said.add_report(label, line, id, device),
                Which::Row { file, row, report } => {
                    let results = self.files.iter().enumerate().skip(first);
                    let is_it = |known: &str| match &file {
                        None => true,
                        Some(file) => {
                            known == file || Path::new(known).file_name() == Path::new(file).file_name()
                        }
                    };
                    let of: Vec<usize> =
                        results.filter(|(_, known)| is_it(known)).map(|(at, _)| at).collect();
                    let [at] = of.as_slice() else {
                        let message =
                            format!("{line}: it labels rows of {}", file.as_deref().unwrap_or("one file"));
                        let help = format!(
                            "the results are {}; name that file, and only once",
                            self.files[first..].join(", ")
                        );
                        return fail("bad-labels", message, &help);
                    };
                    let (number, known) = (u32::try_from(*at).unwrap_or(u32::MAX), self.files[*at].clone());
                    self.said.add_row(number, row, (label, line, report), &known)?;
                }
            }
        }
        Ok(())
    }
}

/// One file that is read.
struct Pass<'p> {
    labelling: &'p Labelling<'p>,
    file: u32,
    of_file: Label,
    fields: &'p [FieldRef],
}

impl Pass<'_> {
    /// Returns the number of the last row.
    fn each(
        &self,
        input: &mut Input,
        (seen, left, met): (&mut HashSet<u64>, &mut LeftOut, &mut Met),
        take: &mut impl FnMut(&ReadRow<'_>),
    ) -> Outcome<u64> {
        let with = self.labelling;
        let matchers = [with.applied, with.covered];
        let own: Vec<&[FieldRef]> =
            matchers.iter().map(|matcher| matcher.map_or(&[] as &[_], Matcher::slots)).collect();
        let conditions = with.conditions.iter().map(|(field, _)| field.clone());
        let slots: Vec<FieldRef> =
            own.concat().into_iter().chain(conditions).chain(self.fields.iter().cloned()).collect();
        let (rows, projection) = reader(input, row::wanted(&slots, with.schema))?;
        let order = input.date_order(projection.columns.get(row::time_of(slots.len())).copied().flatten());
        let (mut times, mut scratch) = (TimeParser::default(), Scratch::default());
        let mut last = 0;
        each_row(input, &rows, |number, _, row| {
            last = number;
            let Ok(all) = row.cells else {
                left.malformed += 1;
                return ControlFlow::Continue(());
            };
            let cells = RowCells::of(all, slots.len());
            let (applied, rest) = cells.judged.split_at(own[0].len());
            let (covered, rest) = rest.split_at(own[1].len());
            let (conditions, fields) = rest.split_at(with.conditions.len());
            let place = RowPlace { file: self.file, row: number };
            let mut label = match self.of_file {
                Label::Unlabelled => with.label(place, &cells, conditions, met),
                label => label,
            };
            let is_covered = |matcher: &Matcher| matcher.judge(covered, &mut scratch).is_suppressed();
            if label == Label::Unlabelled && with.covered.is_some_and(is_covered) {
                label = Label::Benign;
                left.assumed += 1;
            }
            if let (Label::Malicious, Some(matcher)) = (label, with.applied) {
                left.hide(place, matcher.judge(applied, &mut scratch).suppressed_by);
            }
            if let (Label::Benign | Label::Unlabelled, Some(matcher)) = (label, with.applied)
                && left.take(label, matcher.judge(applied, &mut scratch).suppressed_by)
            {
                return ControlFlow::Continue(());
            }
            if self.is_known(&cells, fields, label, seen) {
                return ControlFlow::Continue(());
            }
            let time =
                cells.time.and_then(|text| times.parse(text).or_else(|| parse_in_locale(text, order?)));
            let day = time.map(|time| time.div_euclid(NANOSECONDS_OF_A_DAY));
            take(&ReadRow { label, cells: fields, device: cells.device, day, place });
            ControlFlow::Continue(())
        })?;
        Ok(last)
    }

    /// Whether the row stood in a file of rows before.
    fn is_known(
        &self,
        cells: &RowCells<'_, '_>,
        fields: &[Option<&str>],
        label: Label,
        seen: &mut HashSet<u64>,
    ) -> bool {
        let of_rows = self.of_file != Label::Unlabelled;
        if self.labelling.results.is_empty() || (!of_rows && (seen.is_empty() || label != Label::Unlabelled))
        {
            return false;
        }
        let row = (cells.device, cells.time, cells.report_id, fields);
        let hash = self.labelling.hasher.hash_one(row);
        if of_rows {
            seen.insert(hash);
            return false;
        }
        seen.contains(&hash)
    }
}

/// The field and the value of `FIELD=VALUE`.
fn field_of(condition: &str, schema: &Schema, opened: &[Input]) -> Outcome<(FieldRef, String)> {
    let (name, value) = kept::condition(condition)?;
    if let Some(field) = Field::named(name) {
        return Ok((FieldRef::Field(field), value.to_owned()));
    }
    let known = |input: &Input| input.names.iter().any(|known| known == name);
    if opened.iter().any(known) {
        let column =
            Column { name: name.to_owned(), kind: Kind::Text, schemas: [schema.name.clone()].into() };
        return Ok((FieldRef::Column(column), value.to_owned()));
    }
    let mut legal: Vec<&str> = Field::all().map(Field::name).collect();
    legal.extend(opened.iter().flat_map(|input| &input.names).map(String::as_str));
    let near = which_field(name, legal);
    let help = format!("{near}`quell schema` lists the fields");
    fail("unknown-field", format!("there is no field or column `{name}`"), &help)
}
