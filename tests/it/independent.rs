//! A small program of its own that counts results by the literal reading of the documented lists. It shares no code with
//! quell, so that both can only agree by being right; a test below holds it to that.

use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::fs;
use std::net::IpAddr;
use std::path::Path;

/// What each list covers: a row with one of the names, or with the address.
const TABLE: [(&str, &[&str], &str); 5] = [
    (
        "sccm-software-update",
        &["setup.exe", "microsoft-windows-servicemodel-http-activation", "sccmclient"],
        "10.10.10.10",
    ),
    ("solarwinds-config-sync", &["ncc.exe", "solarwinds"], "10.10.10.20"),
    ("altiris-inventory-check", &["altirisagent.exe", "inventory.exe"], "10.10.10.30"),
    ("intune-policy-sync", &["intunewin32.exe", "microsoftintune"], "10.10.10.40"),
    ("kaseya-scheduled-backup", &["vsaagent.exe", "kaseya"], "10.10.10.50"),
];

/// The rows of a text of comma-separated values, one character after the other.
fn csv(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted && characters.peek() == Some(&'\n') => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            _ => cell.push(character),
        }
    }
    if !row.is_empty() || !cell.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    rows.retain(|row| row.len() > 1 || !row[0].is_empty());
    rows
}

/// The name and the address of each row.
fn rows(file: &str) -> Vec<[String; 2]> {
    let columns = ["InitiatingProcessFileName", "RemoteIP"];
    let text = fs::read_to_string(file).unwrap();
    if Path::new(file).extension().is_some_and(|end| end == "csv") {
        let all = csv(&text);
        let places = columns.map(|name| all[0].iter().position(|known| known == name).unwrap());
        return all[1..].iter().map(|row| places.map(|place| row[place].clone())).collect();
    }
    let parsed = text.lines().map(|line| serde_json::from_str::<HashMap<String, Value>>(line).unwrap());
    parsed.map(|row| columns.map(|name| row[name].as_str().unwrap_or_default().to_owned())).collect()
}

/// How many rows there are, how many are kept, and how many each list covers, alone and at all.
pub(crate) fn count(file: &str) -> Value {
    let (mut kept, mut each) = (0, [(0, 0); TABLE.len()]);
    let rows = rows(file);
    for [name, remote] in &rows {
        let remote = remote.parse().ok().map(|address: IpAddr| address.to_canonical().to_string());
        let covers = |(_, names, address): &(&str, &[&str], &str)| {
            names.iter().any(|known| known.eq_ignore_ascii_case(name)) || remote.as_deref() == Some(*address)
        };
        let covering: Vec<usize> = (0..TABLE.len()).filter(|place| covers(&TABLE[*place])).collect();
        kept += usize::from(covering.is_empty());
        for place in &covering {
            each[*place].0 += 1;
            each[*place].1 += usize::from(covering.len() == 1);
        }
    }
    let lists = TABLE.iter().zip(each);
    let lists: Map<String, Value> = lists
        .map(|((id, ..), (matches, sole))| ((*id).to_owned(), json!({"matches": matches, "sole": sole})))
        .collect();
    json!({"read": rows.len(), "kept": kept, "suppressed": rows.len() - kept, "exclusions": lists})
}

#[test]
fn it_uses_nothing_of_what_it_checks() {
    let text = fs::read_to_string("tests/it/independent.rs").unwrap();
    let used = ["quell", "::"].concat();
    assert!(!text.contains(&used) && !text.contains(&["crate", "::"].concat()));
}

#[test]
fn it_reads_quotation_marks_as_everybody_does() {
    assert_eq!(csv("a,b\r\n\"x\"\"y\n,\",\n\n1,2"), [["a", "b"], ["x\"y\n,", ""], ["1", "2"]]);
}
