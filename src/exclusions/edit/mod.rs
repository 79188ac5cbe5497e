//! Takes parts out of the text of a list, or adds to it ([`add`], [`cases`]); every other byte stays as it is, comments and layout too.
//!
//! In: a list that has loaded, the parts to take out. Out: its new text, if that loads and means what was wanted. The one
//! editor of lists: `quell prune`, `quell lint --fix`, `quell accept` and `quell test --mutate --write` use it.

pub mod add;
pub mod cases;
mod order;
mod pieces;
mod places;

pub use order::ordered;
pub use places::{ExclusionPart, ExclusionPlaces};

use super::model::Exclusion;
use super::validate::{ListText, meaning};
use crate::schema::Schemas;
use std::ops::Range;

/// A list of which parts are taken out.
#[derive(Debug)]
pub struct ListEditor<'t> {
    list: &'t ListText,
    places: ExclusionPlaces<'t>,
    cuts: Vec<Range<usize>>,
    /// Exclusions that are taken out as a whole.
    gone: usize,
}

impl<'t> ListEditor<'t> {
    /// Nothing is taken out yet.
    pub fn new(list: &'t ListText) -> Self {
        Self { list, places: ExclusionPlaces::new(list), cuts: Vec::new(), gone: 0 }
    }

    /// Takes a part out; false if that cannot be done by removing whole lines, or items of a list on one line.
    pub fn take_out(&mut self, id: &str, part: ExclusionPart) -> bool {
        let Some(cut) = self.places.bytes(id, part) else { return false };
        self.cuts.push(cut);
        self.gone += usize::from(part == ExclusionPart::Exclusion);
        true
    }

    /// The new text, if what it means beside what the list meant is as it was wanted.
    pub fn finish(
        mut self,
        schemas: &Schemas,
        is_wanted: impl FnOnce(Vec<Exclusion>, Vec<Exclusion>) -> bool,
    ) -> Option<String> {
        self.cuts.sort_by_key(|cut| (cut.start, cut.end));
        let (mut text, mut end) = (String::with_capacity(self.list.text.len()), 0);
        for cut in &self.cuts {
            text.push_str(self.list.text.get(end..cut.start).unwrap_or_default());
            end = end.max(cut.end);
        }
        text.push_str(&self.list.text[end..]);
        if self.gone > 0 && self.gone == self.places.count() {
            // A key without a value is a mistake; an empty list is none.
            text.insert_str(self.places.behind_the_key()?, " []");
        }
        let edited = ListText { file: self.list.file.clone(), text };
        is_wanted(meaning(self.list, schemas)?, meaning(&edited, schemas)?).then_some(edited.text)
    }
}

/// A list without some of its exclusions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// Its text.
    pub text: String,
    /// For each removed exclusion with a comment straight above it, which stays: its id and the line of the comment in the
    /// new text.
    pub comments: Vec<(String, usize)>,
}

/// Takes exclusions out; the error says which cannot be, and why.
pub fn without(list: &ListText, ids: &[&str], schemas: &Schemas) -> Result<Edited, String> {
    let mut editor = ListEditor::new(list);
    for id in ids {
        if !editor.take_out(id, ExclusionPart::Exclusion) {
            let line = editor.places.span(id, ExclusionPart::Exclusion).map_or(0, |span| span.line);
            return Err(format!("line {line}: `{id}` is not written as a block of its own"));
        }
    }
    let places = &editor.places;
    let gone_above = |line: usize| -> usize {
        let start = places.line_bytes(line).map_or(0, |bytes| bytes.start);
        editor.cuts.iter().filter(|cut| cut.end <= start).map(|cut| places.lines_in(cut)).sum()
    };
    let comment = |id: &&str| Some(((*id).to_owned(), places.comment_above(id)?));
    let mut comments: Vec<(String, usize)> = ids.iter().filter_map(comment).collect();
    comments.sort_by_key(|(_, line)| *line);
    for (_, line) in &mut comments {
        *line -= gone_above(*line);
    }
    let others_stay = |before: Vec<Exclusion>, after: Vec<Exclusion>| {
        before.into_iter().filter(|exclusion| !ids.contains(&&*exclusion.id)).eq(after)
    };
    let text = editor.finish(schemas, others_stay).ok_or(
        "without these lines it would not mean the same; an anchor or a text over several lines may be the cause",
    )?;
    Ok(Edited { text, comments })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(text: &str, ids: &[&str]) -> Result<Edited, String> {
        let list = ListText { file: "list.yaml".into(), text: text.into() };
        without(&list, ids, &Schemas::built_in())
    }

    const LIST: &str = "# top\nexclusions: # mine\n  # about a\n  - id: a # one\n    # inside\n    when: {process.name: a.exe}\n    reason: |\n      first\n\n      # no comment\n\n  # about b\n  -   id: b\n      when:\n      - process.name: b.exe\n  - when: {process.name: c.exe}\n    id: c\n\n# end\n";

    #[test]
    fn the_lines_of_an_exclusion_go_and_all_others_stay() {
        let edited = edit(LIST, &["a"]).unwrap();
        let start = LIST.find("  - id: a").unwrap();
        let end = LIST.find("\n  # about b").unwrap();
        assert_eq!(edited.text, format!("{}{}", &LIST[..start], &LIST[end..]));
        assert_eq!(edited.comments, [("a".to_owned(), 3)]);
        let edited = edit(LIST, &["a", "b"]).unwrap();
        assert_eq!(
            edited.text,
            "# top\nexclusions: # mine\n  # about a\n\n  # about b\n  - when: {process.name: c.exe}\n    id: c\n\n# end\n"
        );
        assert_eq!(edited.comments, [("a".to_owned(), 3), ("b".to_owned(), 5)]);
    }

    #[test]
    fn an_empty_list_is_left_when_all_go() {
        let edited = edit(LIST, &["a", "b", "c"]).unwrap();
        assert_eq!(edited.text, "# top\nexclusions: [] # mine\n  # about a\n\n  # about b\n\n# end\n");
        let crlf = "exclusions:\r\n- id: a\r\n  when: {process.name: a.exe}";
        assert_eq!(edit(crlf, &["a"]).unwrap().text, "exclusions: []\r\n");
    }

    #[test]
    fn what_cannot_be_taken_out_cleanly_is_refused() {
        let flow =
            "exclusions: [{id: a, when: {process.name: a.exe}}, {id: b, when: {process.name: b.exe}}]\n";
        assert!(edit(flow, &["a"]).unwrap_err().contains("line 1: `a` is not written as a block"));
        let anchor = "exclusions:\n- id: a\n  when: &when {process.name: a.exe}\n- id: b\n  when: *when\n";
        assert!(edit(anchor, &["a"]).unwrap_err().contains("would not mean the same"));
        assert_eq!(edit(anchor, &["b"]).unwrap().text, &anchor[..anchor.find("- id: b").unwrap()]);
        let below = "exclusions:\n-\n  id: a\n  when: {process.name: a.exe}\n";
        assert!(edit(below, &["a"]).is_err());
    }
}
