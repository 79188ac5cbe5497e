//! Drafts of exclusions, with their cases and with the reason for each field.
//!
//! In: chosen candidates and the [`Sample`]. Out: [`Draft`]s that a person can judge, and for noise that is left the reason.

use super::candidates::{Candidate, Maker, Why, first_that_stays};
use super::roles::Role;
use super::sample::{Label, MISSING, RowPlace, Sample, SampleField, UNREADABLE};
use super::wants::Want;
use crate::exclusions::model::Condition;
use crate::fields::Kind;
use std::collections::BTreeSet;
use std::rc::Rc;

/// Cases of each kind, at most.
const CASES: usize = 12;
const NEIGHBOURS: usize = 6;
/// Characters of an id.
const LONGEST_WORD: usize = 48;
/// Other values that are named in a comment.
const NAMED: usize = 3;

/// How the reason begins why a field is no condition that could have been one, had its cells been readable.
pub const UNREAD: &str = "its cells cannot be read as";

/// An exclusion that is suggested.
#[derive(Debug, Clone)]
pub struct Draft {
    /// A word for its id: what acted, in lower case.
    pub word: String,
    /// Its conditions, in the order in which a person reads them.
    pub conditions: Vec<DraftCondition>,
    /// Fields that are no condition, and why.
    pub left_out: Vec<(String, String)>,
    /// Rows that it must suppress; the first is the most frequent.
    pub suppress: Vec<CaseRow>,
    /// Rows that it must keep, the nearest first.
    pub keep: Vec<CaseRow>,
    /// What a person has to know before it is used.
    pub cautions: Vec<String>,
}

/// A condition of a draft.
#[derive(Debug, Clone)]
pub struct DraftCondition {
    /// The condition.
    pub condition: Condition,
    /// Its values as a list writes them.
    pub values: Vec<String>,
    /// Why it is there.
    pub why: String,
}

/// A row of a case: fields and texts. What is empty is absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseRow {
    /// One text for each condition of the draft.
    pub cells: Vec<(String, String)>,
    /// What somebody has said of it.
    pub label: Label,
    /// Where the first such row stands.
    pub place: Option<RowPlace>,
}

/// Noise for which nothing is suggested.
#[derive(Debug, Clone)]
pub struct LeftAlone {
    /// Its rows.
    pub rows: u64,
    /// What they are, for a person.
    pub what: String,
    /// Why they are left alone.
    pub why: String,
    /// A row of it, and one that must stay and that looks like it.
    pub nearest: Option<[CaseRow; 2]>,
}

/// The drafts of the chosen candidates.
pub(super) fn drafts(sample: &Sample, maker: &Maker<'_>, chosen: &[&Candidate]) -> Vec<Draft> {
    chosen.iter().map(|candidate| draft(sample, maker, candidate)).collect()
}

fn draft(sample: &Sample, maker: &Maker<'_>, candidate: &Candidate) -> Draft {
    let conditions = candidate.wants.iter().map(|want| DraftCondition {
        condition: (*want.condition).clone(),
        values: want.texts.clone(),
        why: want.why.clone(),
    });
    Draft {
        word: word(candidate),
        conditions: conditions.collect(),
        left_out: left_out(sample, candidate),
        suppress: suppress(sample, candidate),
        keep: keep(sample, candidate),
        cautions: cautions(sample, maker, candidate),
    }
}

/// A word for what acted: its name without the ending, in letters, digits and single hyphens.
fn word(candidate: &Candidate) -> String {
    let of = |name: &str| {
        let want = candidate.wants.iter().find(|want| want.condition.field.name() == name)?;
        let text = want.texts.first()?.trim_end_matches(['\\', '/']);
        Some(text.rsplit(['\\', '/']).next().unwrap_or(text).to_owned())
    };
    let first = || candidate.wants.first().and_then(|want| want.texts.first().cloned());
    let text =
        of("process.name").or_else(|| of("process.path")).or_else(|| of("process.product")).or_else(first);
    let text = text.unwrap_or_default().to_ascii_lowercase();
    let text = text.strip_suffix(".exe").unwrap_or(&text);
    let words: Vec<&str> =
        text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let joined: String = words.join("-").chars().take(LONGEST_WORD).collect();
    let joined = joined.trim_end_matches('-');
    if joined.is_empty() { "noise".to_owned() } else { joined.to_owned() }
}

fn left_out(sample: &Sample, candidate: &Candidate) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (field, known) in sample.fields.iter().enumerate() {
        if candidate.wants.iter().any(|want| want.field == field) {
            continue;
        }
        let mut values: BTreeSet<u32> = BTreeSet::new();
        let (mut absent, mut unreadable) = (0, 0);
        for place in &candidate.covers {
            let (of, each) = sample.at(*place);
            if of[field] <= MISSING {
                absent += each.benign;
                unreadable += if of[field] == UNREADABLE { each.benign } else { 0 };
            } else {
                values.insert(of[field]);
            }
        }
        if unreadable > 0 {
            found.push((known.field.name().to_owned(), cannot_be_read(known, unreadable, values.len())));
            continue;
        }
        if values.is_empty() {
            continue;
        }
        let count = values.len();
        let why = match known.role {
            Role::Hash => format!("{}; it changes with each version", plural(count, "value")),
            Role::How if count == 1 => "the same in all of them, and in all other rows".to_owned(),
            Role::Who => format!("{}, which are people or of one device", plural(count, "account")),
            _ if absent > 0 => format!("{}, and absent in {absent} rows", plural(count, "value")),
            _ => format!("{}, too many or too rare", plural(count, "value")),
        };
        found.push((known.field.name().to_owned(), why));
    }
    found.extend(sample.out.iter().map(|(field, why)| (field.name().to_owned(), (*why).to_owned())));
    found
}

/// Why a field is no condition whose cells hold something else than it does.
fn cannot_be_read(known: &SampleField, rows: u64, others: usize) -> String {
    let what = if known.field.kind() == Kind::Address { "addresses" } else { "numbers" };
    let example: String = known.unreadable.iter().flat_map(|text| text.chars().take(LONGEST_WORD)).collect();
    let rows = if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") };
    let others =
        if others > 0 { format!(", and the others have {}", plural(others, "value")) } else { String::new() };
    format!("{UNREAD} {what} in {rows}, e.g. \"{example}\"{others}")
}

fn plural(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

/// The cells of a combination in the fields that a candidate looks at.
fn row(sample: &Sample, candidate: &Candidate, place: usize, label: Label) -> CaseRow {
    let (values, each) = sample.at(place);
    let cell = |field: usize| sample.text(field, values[field]).unwrap_or_default().to_owned();
    let cells = candidate.wants.iter().map(|want| (want.condition.field.name().to_owned(), cell(want.field)));
    CaseRow { cells: cells.collect(), label, place: each.first[label as usize] }
}

/// The most frequent row, and one for each value that it does not meet.
fn suppress(sample: &Sample, candidate: &Candidate) -> Vec<CaseRow> {
    let rows = |place: &&usize| (sample.at(**place).1.benign, std::cmp::Reverse(**place));
    let Some(most) = candidate.covers.iter().max_by_key(rows) else { return Vec::new() };
    let mut chosen = vec![*most];
    for want in candidate.wants.iter().filter(|want| want.texts.len() > 1) {
        let mut seen: BTreeSet<u32> = chosen.iter().map(|place| sample.at(*place).0[want.field]).collect();
        let mut others: Vec<&usize> = candidate.covers.iter().collect();
        others.sort_by_key(|place| std::cmp::Reverse(rows(place)));
        let before = chosen.len();
        for place in others {
            if chosen.len() - before >= want.texts.len() || chosen.len() >= CASES {
                break;
            }
            if seen.insert(sample.at(*place).0[want.field]) {
                chosen.push(*place);
            }
        }
    }
    chosen.into_iter().map(|place| row(sample, candidate, place, Label::Benign)).collect()
}

/// The nearest rows that the candidate keeps, those that must stay first, one for each choice of unmet conditions.
fn keep(sample: &Sample, candidate: &Candidate) -> Vec<CaseRow> {
    let mut near: Vec<(bool, usize, Vec<usize>, usize, Label)> = Vec::new();
    for (place, (values, each)) in sample.combinations.iter().enumerate() {
        let label = if each.must_stay() {
            first_that_stays(each)
        } else if each.unlabelled > 0 {
            Label::Unlabelled
        } else {
            Label::Benign
        };
        let unmet =
            candidate.wants.iter().enumerate().filter(|(_, want)| !want.met.has(values[want.field] as usize));
        let unmet: Vec<usize> = unmet.map(|(at, _)| at).collect();
        if !unmet.is_empty() {
            near.push((label == Label::Benign, unmet.len(), unmet, place, label));
        }
    }
    near.sort_by(|a, b| (a.0, a.1, &a.2, a.4, a.3).cmp(&(b.0, b.1, &b.2, b.4, b.3)));
    near.dedup_by(|b, a| a.2 == b.2);
    near.truncate(NEIGHBOURS);
    near.into_iter().map(|(.., place, label)| row(sample, candidate, place, label)).collect()
}

/// What a person has to know: that nothing dear stands between an intruder and the exclusion.
fn cautions(sample: &Sample, maker: &Maker<'_>, candidate: &Candidate) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(place) = maker.too_near(candidate) {
        let values = sample.at(place).0;
        let unmet: Vec<&str> =
            candidate.unmet(values).map(|condition: &Rc<Condition>| condition.field.name()).collect();
        let at = sample.at(place).1.first[Label::Malicious as usize];
        let row = at.map_or_else(String::new, |at| format!(" {}", at.row));
        found.push(format!(
            "malicious row{row} is kept by {} alone, which an intruder chooses",
            unmet.join(" and ")
        ));
    }
    let first =
        |place: usize| sample.at(place).1.first[Label::Malicious as usize].map(|at| at.row.to_string());
    let rows: Vec<String> = maker.kept_by_a_hash(candidate).filter_map(first).take(NAMED).collect();
    if !rows.is_empty() {
        let (word, is) = if rows.len() == 1 { ("row", "is") } else { ("rows", "are") };
        found.push(format!(
            "malicious {word} {} {is} kept by a HASH alone, which the next version changes",
            rows.join(", ")
        ));
    }
    let is_program = |want: &Want| {
        let name = want.condition.field.name();
        name.starts_with("process.") && !name.starts_with("process.parent.")
    };
    if !candidate.wants.iter().any(is_program) {
        found.push(
            "NO PROGRAM: it says nothing of what acted, so whatever does the same is hidden".to_owned(),
        );
    }
    if maker.goes_anywhere(&candidate.wants, &candidate.covers).is_some() {
        found.push(
            "it says nothing of where these rows go: whatever goes anywhere from there is hidden".to_owned(),
        );
    }
    if candidate.wants.iter().all(|want| want.cost <= 1) {
        found.push(
            "an intruder chooses every field of it: nothing dearer is the same in these rows".to_owned(),
        );
    }
    found
}

/// The noise that no chosen candidate covers, by families.
pub(super) fn left_alone(
    sample: &Sample,
    chosen: &[&Candidate],
    causes: Vec<(Vec<usize>, Option<Why>)>,
) -> Vec<LeftAlone> {
    let mut found: Vec<(LeftAlone, usize)> = Vec::new();
    for (members, cause) in causes {
        let open = |place: &&usize| chosen.iter().all(|candidate| !candidate.is_met(sample.at(**place).0));
        let left: Vec<usize> = members.iter().filter(open).copied().collect();
        let Some(first) =
            left.iter().copied().max_by_key(|place| (sample.at(*place).1.benign, std::cmp::Reverse(*place)))
        else {
            continue;
        };
        let rows = left.iter().map(|place| sample.at(*place).1.benign).sum();
        let partly = left.len() < members.len();
        let why = why(sample, cause.as_ref(), partly);
        let nearest = match cause {
            Some(Why::LooksLike { benign, other, .. }) => {
                let label = first_that_stays(sample.at(other).1);
                Some([whole(sample, benign, Label::Benign), whole(sample, other, label)])
            }
            _ => None,
        };
        found.push((LeftAlone { rows, what: what(sample, first), why, nearest }, first));
    }
    found.sort_by(|a, b| b.0.rows.cmp(&a.0.rows).then(a.1.cmp(&b.1)));
    found.into_iter().map(|(left, _)| left).collect()
}

fn why(sample: &Sample, cause: Option<&Why>, partly: bool) -> String {
    let names = |fields: &[usize]| -> String {
        let names: Vec<&str> =
            fields.iter().take(NAMED).map(|field| sample.fields[*field].field.name()).collect();
        let more = fields.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        names.join(", ") + &more
    };
    match cause {
        Some(Why::LooksLike { other, differ, .. }) => {
            let stays = match first_that_stays(sample.at(*other).1) {
                Label::Malicious => "a malicious row",
                _ => "a row that somebody is unsure of",
            };
            if differ.is_empty() {
                format!("{stays} has the same values in every field")
            } else {
                format!(
                    "{stays} differs only in {}, by which these rows cannot be told from it",
                    names(differ)
                )
            }
        }
        Some(Why::Chosen(fields)) => {
            format!("they have only {} in common, which an intruder chooses", names(fields))
        }
        Some(Why::Anywhere(fields)) => {
            let values: Vec<String> = fields
                .iter()
                .map(|(field, values)| format!("{} has {values} values", sample.fields[*field].field.name()))
                .collect();
            format!(
                "nothing says where they go: {}, too many or too rare. Without it whatever the program does would be hidden; --any-destination suggests that",
                values.join(", ")
            )
        }
        Some(Why::Several) => {
            "they are of several programs, which have nothing of their own in common".to_owned()
        }
        Some(Why::Nothing) => "they have nothing in common that a condition could want".to_owned(),
        Some(Why::Few) => "too few rows".to_owned(),
        None if partly => "values that were seen too rarely, or that no condition can want".to_owned(),
        None => "an exclusion would be too general for so few rows".to_owned(),
    }
}

/// What rows are, for a person.
fn what(sample: &Sample, place: usize) -> String {
    let values = sample.at(place).0;
    let shown = |role: Role, most: usize| {
        let fields = (0..sample.fields.len()).filter(move |field| sample.fields[*field].role == role);
        fields.filter_map(move |field| Some((field, sample.text(field, values[field])?))).take(most)
    };
    let all = shown(Role::What, 1).chain(shown(Role::Domain, 1)).chain(shown(Role::Where, 2));
    let all: Vec<String> =
        all.map(|(field, text)| format!("{}={text}", sample.fields[field].field.name())).collect();
    if all.is_empty() { "rows without a value in any field".to_owned() } else { all.join(", ") }
}

/// All cells of a combination.
fn whole(sample: &Sample, place: usize, label: Label) -> CaseRow {
    let (values, each) = sample.at(place);
    let cell = |(field, value): (usize, &u32)| {
        Some((sample.fields[field].field.name().to_owned(), sample.text(field, *value)?.to_owned()))
    };
    let cells = values.iter().enumerate().filter_map(cell).collect();
    CaseRow { cells, label, place: each.first[label as usize] }
}
