//! Drafts as an exclusion list.
//!
//! In: [`Draft`]s, each with what was counted and graded of it. Out: the text of a list that loads, with a comment for each
//! field and each case. Texts of rows stand in quotes; in comments they are written out.

use super::drafts::{CaseRow, Draft};
use super::sample::Label;
use crate::cases::Expected;
use crate::printable::written_out;
use crate::yaml::flow_scalar;
use std::fmt::Write;

/// How a scenario begins that nobody has written yet.
pub const FILL_IN: &str = "FILL IN";

/// What stands for a scenario that nobody has written yet.
pub const SCENARIO: &str = "FILL IN what these rows are, in one sentence";

/// A draft and what is known of it.
#[derive(Debug, Clone)]
pub struct Written<'d> {
    /// The draft.
    pub draft: &'d Draft,
    /// Its id.
    pub id: String,
    /// What was counted and graded, a line each.
    pub facts: Vec<String>,
    /// The rule that it belongs to.
    pub rule: Option<String>,
    /// Cases that no row gives: their kind, and the row as a flow mapping of what is other than in the base.
    pub proposed: Vec<(Expected, String)>,
}

/// The list of these drafts. `name` says where a row stands.
pub fn list(all: &[Written<'_>], name: impl Fn(&CaseRow) -> String) -> String {
    let mut out = String::from(if all.is_empty() { "exclusions: []\n" } else { "exclusions:\n" });
    for written in all {
        exclusion(&mut out, written, &name);
    }
    out
}

fn exclusion(out: &mut String, written: &Written<'_>, name: &impl Fn(&CaseRow) -> String) {
    let Written { draft, id, facts, rule, proposed } = written;
    let _ = writeln!(out, "  - id: {}", flow_scalar(id));
    for fact in facts.iter().chain(&draft.cautions) {
        comment(out, 4, fact);
    }
    let _ = writeln!(out, "    scenario: {SCENARIO}");
    if let Some(rule) = rule {
        let _ = writeln!(out, "    rules: [{}]", flow_scalar(rule));
    }
    for line in when(&[draft]).lines() {
        let _ = writeln!(out, "    {line}");
    }
    for (field, why) in &draft.left_out {
        comment(out, 6, &format!("not {field}: {why}"));
    }
    cases(out, draft, proposed, name);
}

/// The `when` of these drafts, each an entry; as lines without indentation.
pub fn when(drafts: &[&Draft]) -> String {
    let mut out = String::from("when:\n");
    for draft in drafts {
        for (at, each) in draft.conditions.iter().enumerate() {
            let lead = match drafts.len() {
                1 => "  ",
                _ if at == 0 => "  - ",
                _ => "    ",
            };
            let _ = writeln!(
                out,
                "{lead}{}: {} # {}",
                each.condition.field.name(),
                values(&each.values),
                written_out(&each.why)
            );
        }
    }
    out
}

/// One value, or a list of them.
fn values(values: &[String]) -> String {
    let values: Vec<String> = values.iter().map(|value| flow_scalar(value)).collect();
    if let [only] = values.as_slice() { only.clone() } else { format!("[{}]", values.join(", ")) }
}

fn comment(out: &mut String, indent: usize, text: &str) {
    let _ = writeln!(out, "{:indent$}# {}", "", written_out(text));
}

fn cases(
    out: &mut String,
    draft: &Draft,
    proposed: &[(Expected, String)],
    name: &impl Fn(&CaseRow) -> String,
) {
    let Some((base, others)) = draft.suppress.split_first() else { return };
    out.push_str("    cases:\n");
    let _ = writeln!(out, "      base: {}", flow(base, None));
    out.push_str("      suppress:\n");
    let _ = writeln!(out, "        - {{}} # {}", written_out(&name(base)));
    for row in others {
        let _ = writeln!(out, "        - {} # {}", flow(row, Some(base)), written_out(&name(row)));
    }
    made_up(out, proposed, Expected::Suppress);
    let any = proposed.iter().any(|(kind, _)| *kind == Expected::Keep);
    if !draft.keep.is_empty() || any {
        out.push_str("      keep:\n");
    }
    for row in &draft.keep {
        let word = match row.label {
            Label::Malicious => "malicious, ",
            Label::Unsure => "unsure, ",
            Label::Benign => "noise of another kind, ",
            Label::Unlabelled => "kept, ",
        };
        let _ = writeln!(out, "        - {} # {word}{}", flow(row, Some(base)), written_out(&name(row)));
    }
    made_up(out, proposed, Expected::Keep);
}

/// Cases that hold the edges of the conditions; no row is like them.
fn made_up(out: &mut String, proposed: &[(Expected, String)], kind: Expected) {
    for (_, case) in proposed.iter().filter(|(of, _)| *of == kind) {
        let _ = writeln!(out, "        - {case} # made up, for an edge");
    }
}

/// A row as a flow mapping, or what is other than in the base.
fn flow(row: &CaseRow, base: Option<&CaseRow>) -> String {
    let same = |at: usize| base.is_some_and(|base| base.cells.get(at) == row.cells.get(at));
    let cells = row
        .cells
        .iter()
        .enumerate()
        .filter(|(at, (_, text))| !same(*at) && (base.is_some() || !text.is_empty()));
    let cells: Vec<String> =
        cells.map(|(_, (field, text))| format!("{}: {}", flow_scalar(field), flow_scalar(text))).collect();
    format!("{{{}}}", cells.join(", "))
}
