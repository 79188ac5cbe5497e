//! What was found, for people and machines.
//!
//! In: [`Probed`] exclusions, worst first. Out: text.

use super::{Grade, Made, Probed, Repair, WayIn};
use crate::printable::written_out;
use crate::report::style::{Ink, Style};
use serde_json::json;
use std::fmt::Write;

/// The grade of a list: that of its worst exclusion.
fn worst(probed: &[Probed]) -> Grade {
    probed.iter().map(|each| each.grade).max().unwrap_or(Grade::A)
}

/// Everything, as JSON.
pub fn json(probed: &[Probed], rows: usize) -> serde_json::Value {
    json!({ "malicious_rows": rows, "grade": worst(probed), "exclusions": probed })
}

/// A grade in its colour.
fn graded(grade: Grade, ink: Ink) -> String {
    let style = match grade {
        Grade::A | Grade::B => Style::Good,
        Grade::C => Style::Loose,
        _ => Style::Dead,
    };
    ink.paint(style, grade)
}

/// Each exclusion with its cheapest way in and its repair.
pub fn human(probed: &[Probed], rows: usize, ink: Ink) -> String {
    let worst = graded(worst(probed), ink);
    let mut out = format!("malicious rows {rows}, exclusions {}, grade {worst}\n", probed.len());
    for each in probed {
        let (grade, id) = (graded(each.grade, ink), ink.paint(Style::Strong, &each.id));
        let _ = write!(out, "\n{grade}  {id}  {}:{}\n", shown(&each.file), each.line);
        let Some(way) = &each.way_in else {
            out += &without(each);
            continue;
        };
        out += &told(way);
        for made in &way.moves {
            let _ =
                writeln!(out, "     {:>2}  {} ({}): {}", made.cost, made.what, made.technique, change(made));
        }
        if !way.moves.is_empty() {
            let then: Vec<String> =
                way.then.iter().map(|(field, text)| format!("{field}={}", shown(text))).collect();
            let _ = writeln!(out, "     suppressed then: {}", then.join(" "));
        }
        if !each.unknown.is_empty() {
            out += &nothing_known(&each.unknown);
        }
        if let Some(repair) = &each.repair {
            let _ =
                writeln!(out, "   repair: {}: grade {}, cost {}", said(repair), repair.grade, repair.cost);
        }
    }
    out
}

/// Why there is no way in.
fn without(each: &Probed) -> String {
    let mut out = String::new();
    for pin in &each.pinned {
        let _ = writeln!(out, "   pinned by {}: {}", shown(&pin.field), pin.reason);
    }
    if each.pinned.is_empty() {
        out += "   no way in was found, and nothing says that there is none\n";
    }
    if !each.unknown.is_empty() {
        out += &nothing_known(&each.unknown);
    }
    out
}

fn nothing_known(fields: &[String]) -> String {
    let fields: Vec<String> = fields.iter().map(|field| shown(field)).collect();
    format!(
        "   no move is known for {}, which does not make it safe: it counts for nothing\n",
        fields.join(", ")
    )
}

fn told(way: &WayIn) -> String {
    match way.moves.len() {
        0 => format!("   row {} is suppressed as it is\n", way.row),
        1 => format!("   row {} disappears by 1 move, cost {}\n", way.row, way.cost),
        many => format!("   row {} disappears by {many} moves, cost {}\n", way.row, way.cost),
    }
}

fn change(made: &Made) -> String {
    let from = if made.from.is_empty() { "(empty)".to_owned() } else { shown(&made.from) };
    format!("{} {from} -> {}", made.field, shown(&made.to))
}

/// Text of a row on one line, whatever it holds.
fn shown(text: &str) -> String {
    written_out(text).into_owned()
}

fn said(repair: &Repair) -> String {
    let one =
        repair.one_entry.then(|| "make its entries one entry, so that all of them must hold".to_owned());
    let add = repair.add.iter().map(|(field, what)| format!("add {field}, {what}"));
    one.into_iter().chain(add).collect::<Vec<_>>().join("; ")
}

/// A table.
pub fn markdown(probed: &[Probed]) -> String {
    let mut out = String::from(
        "| exclusion | list | grade | cost | cheapest way in | repair |\n|---|---|---|---|---|---|\n",
    );
    for each in probed {
        let cell = |text: String| shown(&text).replace('|', "\\|");
        let (cost, way) = match &each.way_in {
            None if each.pinned.is_empty() => ("-".to_owned(), "none was found; it may have one".to_owned()),
            None => {
                let pins: Vec<&str> = each.pinned.iter().map(|pin| pin.field.as_str()).collect();
                ("-".to_owned(), format!("none: pinned by {}", pins.join(", ")))
            }
            Some(way) if way.moves.is_empty() => {
                ("0".to_owned(), "a malicious row is suppressed as it is".to_owned())
            }
            Some(way) => {
                let moves: Vec<&str> = way.moves.iter().map(|made| made.what.as_str()).collect();
                (way.cost.to_string(), moves.join(", "))
            }
        };
        let repair = each.repair.as_ref().map(said).unwrap_or_default();
        let _ = writeln!(
            out,
            "| {} | {} | {} | {cost} | {} | {} |",
            each.id,
            cell(each.file.clone()),
            each.grade,
            cell(way),
            cell(repair)
        );
    }
    out
}
