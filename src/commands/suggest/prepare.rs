//! Makes drafts into exclusions, and counts with the matcher what they do.
//!
//! In: drafts, the rows. Out: [`Prepared`] exclusions: loaded, with cases that pass and notice every change that a row can
//! show, linted, graded, counted.

use super::refs;
use crate::commands::labels::Labelling;
use crate::commands::lists::Loaded;
use crate::commands::{Outcome, fail};
use jiff::civil::Date;
use quell::cases::Expected;
use quell::exclusions::model::{Exclusion, FieldRef};
use quell::exclusions::validate::{ListText, load};
use quell::judge::{Matcher, Scratch};
use quell::lint::facts::ProductFacts;
use quell::lint::settings::Settings;
use quell::lint::{Context, Level, lint};
use quell::mutants::report::{MutationReport, MutationTotals};
use quell::probe::{Grade, Malicious, Moves, Probed, probe};
use quell::suggest::list::{Written, list};
use quell::suggest::{CaseRow, Draft, Label, RowPlace, Suggested};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Rounds in which cases are added for changes that none notices.
const ROUNDS: usize = 6;
/// Malicious rows from which the cheapest way into one exclusion is looked for, the nearest first.
const NEAREST: usize = 12;
/// Rows that are named.
const NAMED: usize = 5;
/// The port of the device, which changes with each connection unless others connect to it.
pub(super) const LOCAL_PORT: &str = "source.port";
/// Local ports that are told apart, and those of them that are named.
const PORTS: usize = 4_096;
const FEW_PORTS: usize = 8;
/// Malicious rows whose cells are remembered.
const REMEMBERED: usize = 20_000;

/// What the drafts are made from.
pub(super) struct Given<'g> {
    pub(super) lists: &'g Loaded,
    pub(super) labelling: &'g Labelling<'g>,
    pub(super) fields: &'g [FieldRef],
    pub(super) cutoff: Option<i64>,
    pub(super) rule: Option<String>,
    pub(super) moves: &'g Moves,
    pub(super) today: Date,
}

/// A draft that is an exclusion.
pub(in crate::commands) struct Prepared {
    pub(super) draft: Draft,
    pub(super) id: String,
    pub(super) rule: Option<String>,
    pub(super) proposed: Vec<(Expected, String)>,
    pub(super) changes: MutationTotals,
    /// What lint denies.
    pub(super) denied: Vec<String>,
    /// The way in of the nearest malicious row.
    pub(super) probed: Option<Probed>,
    /// What an intruder of whom nothing is known is graded, and pays.
    pub(super) stranger: Option<(Grade, Option<u32>)>,
    pub(super) did: Did,
}

/// What an exclusion does to the rows.
#[derive(Debug, Clone, Default)]
pub(in crate::commands) struct Did {
    /// Rows of each label that were chosen by.
    pub(super) rows: [u64; 4],
    /// Rows of each label that were kept back.
    pub(super) held: [u64; 4],
    /// Noise that only it covers.
    pub(super) sole: u64,
    /// Devices and days of the noise that was chosen by.
    devices: BTreeSet<String>,
    days: BTreeSet<i64>,
    /// How many rows of that noise have each local port.
    local_ports: BTreeMap<String, u64>,
    /// Some rows that nobody labelled, of those chosen by and of those kept back.
    pub(super) taken_in: [Vec<RowPlace>; 2],
    /// The first row that must stay.
    hides: Option<(Label, RowPlace)>,
}

/// A draft that would have hidden a row that must stay.
pub(in crate::commands) struct Dropped {
    pub(super) id: String,
    pub(super) label: Label,
    pub(super) place: RowPlace,
}

impl Did {
    pub(super) fn devices(&self) -> usize {
        self.devices.len()
    }

    /// The names of the devices, in order.
    pub(super) fn device_names(&self) -> impl Iterator<Item = &str> {
        self.devices.iter().map(String::as_str)
    }

    fn add_local_port(&mut self, port: &str) {
        if let Some(rows) = self.local_ports.get_mut(port) {
            *rows += 1;
        } else if self.local_ports.len() < PORTS {
            self.local_ports.insert(port.to_owned(), 1);
        }
    }

    /// What was seen of the local port, if few of them have most rows.
    fn few_local_ports(&self) -> Option<String> {
        let mut ports: Vec<(&str, u64)> =
            self.local_ports.iter().map(|(port, rows)| (&**port, *rows)).collect();
        ports.retain(|(_, rows)| *rows > 1);
        ports.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
        ports.truncate(FEW_PORTS);
        let (seen, all) =
            (ports.iter().map(|(_, rows)| rows).sum::<u64>(), self.rows[Label::Benign as usize]);
        let named: Vec<&str> = ports.iter().map(|(port, _)| *port).collect();
        let values = if ports.len() == 1 { "1 value".to_owned() } else { format!("{} values", ports.len()) };
        let share = (seen * 100).checked_div(all)?;
        let why = "a port to which others connect, perhaps; as a condition it would narrow this";
        (seen > 0 && share >= 80)
            .then(|| format!("{values} in {share} % of the rows ({}): {why}", named.join(", ")))
    }

    /// First and last day, and how many there are.
    pub(super) fn days(&self) -> Option<(i64, i64, usize)> {
        Some((*self.days.first()?, *self.days.last()?, self.days.len()))
    }
}

/// Exclusions, how many rows of noise they cover together (chosen by, and kept back), and what was dropped.
type Counted = (Vec<Prepared>, [u64; 2], Vec<Dropped>);

/// The exclusions of the drafts. None hides a row that must stay, by the matcher's own word.
pub(super) fn prepared(given: &Given<'_>, suggested: &Suggested) -> Outcome<Counted> {
    let mut taken: BTreeSet<String> = given.lists.exclusions.iter().map(|known| known.id.clone()).collect();
    let (mut all, mut exclusions) = (Vec::new(), Vec::new());
    for draft in &suggested.drafts {
        let id = unique(&draft.word, &mut taken);
        let (exclusion, proposed, changes) = with_cases(given, draft, &id)?;
        let denied = denied(given, &exclusion);
        let (draft, rule) = (draft.clone(), given.rule.clone());
        let (probed, stranger, did) = (None, None, Did::default());
        all.push(Prepared { draft, id, rule, proposed, changes, denied, probed, stranger, did });
        exclusions.push(exclusion);
    }
    let schema = given.labelling.schema;
    let mut dropped = Vec::new();
    let (matcher, covered, malicious) = loop {
        if all.is_empty() {
            return Ok((all, [0, 0], dropped));
        }
        let matcher = Matcher::of_schema(&refs(&exclusions), schema)?;
        let (covered, malicious) = count(given, &matcher, &mut all)?;
        // The choice keeps these rows; should it ever not, nobody shall see the exclusion, nor a count with it.
        let hides: Vec<bool> = all.iter().map(|each| each.did.hides.is_some()).collect();
        if !hides.contains(&true) {
            break (matcher, covered, malicious);
        }
        let is_good = |at: usize| !hides[at];
        let mut at = 0..;
        exclusions.retain(|_| at.next().is_some_and(is_good));
        for each in std::mem::take(&mut all) {
            match each.did.hides {
                Some((label, place)) => dropped.push(Dropped { id: each.id, label, place }),
                None => all.push(Prepared { did: Did::default(), ..each }),
            }
        }
    };
    for (each, exclusion) in all.iter_mut().zip(&exclusions) {
        let few = each.did.few_local_ports();
        if let (Some(port), Some(few)) =
            (each.draft.left_out.iter_mut().find(|left| left.0 == LOCAL_PORT), few)
        {
            port.1 = few;
        }
        each.probed = graded(given, exclusion, &matcher, &malicious)?;
        let of_stranger = graded(given, exclusion, &matcher, &[])?;
        each.stranger = of_stranger.map(|probed| (probed.grade, probed.way_in.as_ref().map(|way| way.cost)));
    }
    Ok((all, covered, dropped))
}

/// An id that no other exclusion has.
fn unique(word: &str, taken: &mut BTreeSet<String>) -> String {
    let ids = std::iter::once(word.to_owned()).chain((2..).map(|number| format!("{word}-{number}")));
    let id = ids.into_iter().find(|id| !taken.contains(id)).unwrap_or_default();
    taken.insert(id.clone());
    id
}

type WithCases = (Exclusion, Vec<(Expected, String)>, MutationTotals);

/// The exclusion of a draft, with the cases that it takes to notice every change.
fn with_cases(given: &Given<'_>, draft: &Draft, id: &str) -> Outcome<WithCases> {
    let mut proposed: Vec<(Expected, String)> = Vec::new();
    let mut round = 0;
    loop {
        let written =
            Written { draft, id: id.to_owned(), facts: Vec::new(), rule: None, proposed: proposed.clone() };
        let text =
            ListText { file: "suggested".to_owned(), text: list(&[written], |_: &CaseRow| String::new()) };
        let mut exclusions = load(std::slice::from_ref(&text), &given.lists.schemas)?;
        let report = MutationReport::new(&exclusions, std::slice::from_ref(&text));
        let new: Vec<(Expected, String)> =
            report.missed.into_iter().map(|missed| (missed.expected, missed.case)).collect();
        let before = proposed.len();
        for case in new {
            if !proposed.contains(&case) {
                proposed.push(case);
            }
        }
        round += 1;
        if proposed.len() == before || round == ROUNDS {
            let Some(exclusion) = exclusions.pop() else {
                return fail("defect", "a suggested list has no exclusion", "please report it");
            };
            if let Some(failed) = quell::cases::run(&exclusion).into_iter().find(|case| !case.passed) {
                let message = format!("{id}: a suggested case fails: {}", failed.row);
                return fail("defect", message, "this is a mistake of quell's; please report it");
            }
            return Ok((exclusion, proposed, report.totals));
        }
    }
}

/// What lint denies about an exclusion.
fn denied(given: &Given<'_>, exclusion: &Exclusion) -> Vec<String> {
    let (settings, facts) = (Settings::default(), ProductFacts::built_in());
    let all = std::slice::from_ref(exclusion);
    let context = Context::new(all, given.today, &settings, &given.lists.schemas, &facts);
    let found = quell::lint::run(&context).into_iter();
    let denied =
        found.filter(|finding| lint(finding.code).is_ok_and(|lint| settings.level(lint) == Level::Deny));
    denied.map(|finding| format!("lint {}: {}", finding.code, finding.message)).collect()
}

/// Counts what the exclusions do. Returns the noise that any of them covers, and the malicious rows.
fn count(given: &Given<'_>, matcher: &Matcher, all: &mut [Prepared]) -> Outcome<([u64; 2], Vec<Malicious>)> {
    let places: Vec<Option<usize>> =
        matcher.slots().iter().map(|slot| given.fields.iter().position(|field| field == slot)).collect();
    let local_port = given.fields.iter().position(|field| field.name() == LOCAL_PORT);
    let (mut scratch, mut covered, mut malicious) = (Scratch::default(), [0, 0], Vec::new());
    let mut known: HashSet<Vec<Option<String>>> = HashSet::new();
    given.labelling.each(given.fields, |row| {
        let cells: Vec<Option<&str>> = places.iter().map(|place| row.cells[(*place)?]).collect();
        let held = given.cutoff.is_some_and(|last| row.day.is_some_and(|day| day > last));
        if row.label == Label::Malicious && malicious.len() < REMEMBERED {
            let cells: Vec<Option<String>> = cells.iter().map(|cell| cell.map(str::to_owned)).collect();
            if known.insert(cells.clone()) {
                malicious.push(Malicious { number: row.place.row, cells });
            }
        }
        let verdict = matcher.judge(&cells, &mut scratch);
        let by = &verdict.suppressed_by;
        let label = row.label as usize;
        if !by.is_empty() && row.label == Label::Benign {
            covered[usize::from(held)] += 1;
        }
        for at in *by {
            let did = &mut all[*at as usize].did;
            if matches!(row.label, Label::Malicious | Label::Unsure) {
                did.hides.get_or_insert((row.label, row.place));
            }
            let taken_in = &mut did.taken_in[usize::from(held)];
            if row.label == Label::Unlabelled && taken_in.len() < NAMED {
                taken_in.push(row.place);
            }
            if held {
                did.held[label] += 1;
                continue;
            }
            did.rows[label] += 1;
            did.sole += u64::from(by.len() == 1 && row.label == Label::Benign);
            // Devices and days stand beside the rows of noise, so they are those of these rows.
            if row.label != Label::Benign {
                continue;
            }
            if let Some(device) = row.device.filter(|device| !did.devices.contains(*device)) {
                did.devices.insert(device.to_owned());
            }
            did.days.extend(row.day);
            if let Some(port) = local_port.and_then(|at| row.cells[at]).filter(|port| !port.is_empty()) {
                did.add_local_port(port);
            }
        }
    })?;
    Ok((covered, malicious))
}

/// The grade of an exclusion: for the malicious rows that come nearest to it, or for a row of which nothing is known.
fn graded(
    given: &Given<'_>,
    exclusion: &Exclusion,
    all: &Matcher,
    malicious: &[Malicious],
) -> Outcome<Option<Probed>> {
    let schema = given.labelling.schema;
    let matcher = Matcher::of_schema(&[exclusion], schema)?;
    let places: Vec<Option<usize>> =
        matcher.slots().iter().map(|slot| all.slots().iter().position(|known| known == slot)).collect();
    let mut rows: Vec<Malicious> = malicious
        .iter()
        .map(|row| Malicious {
            number: row.number,
            cells: places.iter().map(|place| row.cells.get((*place)?)?.clone()).collect(),
        })
        .collect();
    rows.sort_by_cached_key(|row| {
        let cells: Vec<Option<&str>> = row.cells.iter().map(Option::as_deref).collect();
        let entries = matcher.explain(0, &cells);
        let unmet = entries
            .iter()
            .flatten()
            .filter(|(.., outcome)| *outcome != quell::judge::verdict::ConditionOutcome::Met);
        (unmet.count(), row.number)
    });
    rows.truncate(NEAREST);
    if rows.is_empty() {
        rows.push(Malicious { number: 0, cells: vec![None; matcher.slots().len()] });
    }
    Ok(probe(&matcher, &[exclusion], &rows, &schema.name, given.moves).pop())
}

impl Prepared {
    pub(super) fn grade(&self) -> Grade {
        self.probed.as_ref().map_or(Grade::Unknown, |probed| probed.grade)
    }
}
