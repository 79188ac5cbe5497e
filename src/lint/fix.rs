//! Takes out what stands twice.
//!
//! In: the text of a list and the findings in it. Out: the text without duplicate values and entries. What cannot be
//! taken out cleanly is left.

use super::algebra::canonical_entry;
use super::{Finding, duplicate};
use crate::exclusions::edit::{ExclusionPart, ListEditor};
use crate::exclusions::model::{Condition, Entry, Exclusion};
use crate::exclusions::validate::ListText;
use crate::schema::Schemas;
use indexmap::IndexSet;
use std::sync::Arc;

/// The text of a list without what stands twice in it, and how many of its findings that settles; `None` if
/// none.
pub fn fixed(
    list: &ListText,
    exclusions: &[Exclusion],
    findings: &[&Finding],
    schemas: &Schemas,
) -> Option<(String, usize)> {
    let mut editor = ListEditor::new(list);
    let duplicates = findings.iter().filter(|finding| finding.code == duplicate::DUPLICATE.code);
    let settled = duplicates
        .filter_map(|finding| Some((exclusions.get(finding.exclusion)?, finding.part)))
        .filter(|(exclusion, part)| is_repeated(exclusion, *part) && editor.take_out(&exclusion.id, *part))
        .count();
    let once = |all: Vec<Exclusion>| all.into_iter().map(once).collect::<Vec<_>>();
    let text = editor.finish(schemas, |before, after| once(before) == once(after))?;
    (settled > 0).then_some((text, settled))
}

/// An exclusion with every value and entry once.
fn once(mut exclusion: Exclusion) -> Exclusion {
    let entries: IndexSet<Vec<Condition>> = exclusion.entries.iter().map(canonical_entry).collect();
    exclusion.entries = entries
        .into_iter()
        .map(|conditions| Entry { conditions: conditions.into_iter().map(Arc::new).collect() })
        .collect();
    exclusion
}

/// Whether the part may go: a value that stands twice, and an entry that also stands further up.
fn is_repeated(exclusion: &Exclusion, part: ExclusionPart) -> bool {
    match part {
        ExclusionPart::Value(..) => true,
        ExclusionPart::Entry(place) => {
            let (above, entry) = exclusion.entries.split_at(place);
            let entry = entry.first().map(canonical_entry);
            entry.is_some_and(|entry| above.iter().any(|other| canonical_entry(other) == entry))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exclusions::validate::meaning;
    use crate::lint::facts::ProductFacts;
    use crate::lint::settings::Settings;
    use crate::lint::{Context, run};

    fn fix(text: &str) -> Option<String> {
        let list = ListText { file: "list.yaml".into(), text: text.into() };
        let schemas = Schemas::built_in();
        let exclusions = meaning(&list, &schemas).unwrap();
        let (settings, facts) = (Settings::default(), ProductFacts::built_in());
        let today = jiff::civil::date(2026, 11, 24);
        let findings = run(&Context::new(&exclusions, today, &settings, &schemas, &facts));
        let findings: Vec<&Finding> = findings.iter().collect();
        fixed(&list, &exclusions, &findings, &schemas).map(|(text, _)| text)
    }

    #[test]
    fn what_stands_twice_goes_and_the_rest_stays() {
        let text = "# top\nexclusions:\n  - id: a # mine\n    when:\n      - process.name: [a.exe,  B.exe, A.EXE , c.exe] # names\n        destination.port:\n          - 443 # https\n          - 80\n          - 443\n          # last\n          - 8443\n      - {process.name: d.exe}\n      - process.name: 'D.exe'\n      # kept\n      - process.name: e.exe\n";
        let wanted = text
            .replace(", A.EXE", "")
            .replace("          - 443\n", "")
            .replace("      - process.name: 'D.exe'\n", "");
        assert_eq!(fix(text).unwrap(), wanted);
    }

    #[test]
    fn what_cannot_be_taken_out_cleanly_stays() {
        assert_eq!(
            fix("exclusions:\n- id: a\n  when: [{process.name: a.exe}, {process.name: a.exe}]\n"),
            None
        );
        assert_eq!(
            fix("exclusions:\n- id: a\n  when:\n  - process.name:\n    - a.exe\n    - a.exe # mine\n"),
            None
        );
        assert_eq!(fix("exclusions:\n- {id: a, when: {process.name: a.exe}}\n"), None);
    }
}
