//! Adds exclusions to the text of a list, and cases to an exclusion; every other byte stays as it is.
//!
//! In: a list that has loaded, and the lines of exclusions as another list has them. Out: its new text, if that loads and
//! means what was wanted: what it meant, and the exclusions that were added.

use super::ExclusionPlaces;
use super::order::ordered_where;
use crate::exclusions::validate::{EXCLUSION_KEYS, ListText, meaning};
use crate::schema::Schemas;
use crate::yaml::flow_scalar;
use std::ops::Range;

/// The lines of one exclusion, from its hyphen to its last line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExclusionBlock {
    /// The lines, each with `\n`.
    pub text: String,
    /// How far its hyphen is indented.
    indent: usize,
}

impl ExclusionBlock {
    /// The lines of an exclusion; `None` if it is not written as a block that begins `- `.
    pub fn of(list: &ListText, id: &str) -> Option<Self> {
        let places = ExclusionPlaces::new(list);
        let bytes = places.bytes(id, super::ExclusionPart::Exclusion)?;
        let mut text = list.text.get(bytes)?.replace("\r\n", "\n");
        if !text.ends_with('\n') {
            text.push('\n');
        }
        let indent = text.len() - text.trim_start_matches(' ').len();
        Some(Self { text, indent })
    }

    /// Writes a key of the exclusion: in the place of what the key is now, or where `quell fmt` puts it. False if there is no
    /// line for it.
    pub fn set(&mut self, key: &str, value: &str) -> bool {
        let line = format!("{key}: {}\n", flow_scalar(value));
        if let Some(lines) = self.lines_of(key) {
            self.text.replace_range(lines, &line);
            return true;
        }
        let before = EXCLUSION_KEYS.iter().take_while(|known| **known != key);
        let ends = before.filter_map(|known| Some(self.lines_of(known)?.end));
        let Some(end) = ends.max() else { return false };
        self.text.insert_str(end, &format!("{:1$}{line}", "", self.inner()));
        true
    }

    /// Takes out the lines of a key, unless it stands beside the hyphen.
    pub fn take_out(&mut self, key: &str) {
        if let Some(lines) = self.lines_of(key).filter(|lines| lines.start > self.inner()) {
            self.text.replace_range(lines.start - self.inner()..lines.end, "");
        }
    }

    /// How far its keys are indented; that is where the key beside the hyphen begins, too.
    fn inner(&self) -> usize {
        let behind = &self.text[self.indent..];
        let spaces =
            behind.strip_prefix('-').map_or(1, |rest| rest.len() - rest.trim_start_matches(' ').len());
        self.indent + 1 + spaces
    }

    /// From where a key stands to the end of the lines that are its value.
    fn lines_of(&self, key: &str) -> Option<Range<usize>> {
        let inner = self.inner();
        let (mut at, mut found) = (0, None);
        for line in self.text.split_inclusive('\n') {
            // A hyphen is as good as a space before the first key.
            let (start, behind) = if at == 0 { (inner, line.get(inner..)?) } else { unindented(line) };
            let is_blank = behind.trim().is_empty();
            // The hyphens of a list may stand below the key itself.
            let goes_on = start > inner || start == inner && behind.starts_with("- ");
            match &mut found {
                Some(Range { end, .. }) if goes_on && !is_blank => *end = at + line.len(),
                Some(_) if !is_blank => break,
                None if start == inner
                    && behind.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')) =>
                {
                    found = Some(at + start..at + line.len());
                }
                _ => {}
            }
            at += line.len();
        }
        found
    }

    /// The lines with the hyphen at another column, ended as the list ends its lines.
    fn moved(&self, indent: usize, end: &str) -> String {
        let mut out = String::new();
        for line in self.text.lines() {
            let rest = line.trim_start_matches(' ');
            if !rest.is_empty() {
                let shifted = (line.len() - rest.len() + indent).saturating_sub(self.indent);
                out.push_str(&" ".repeat(shifted));
                out.push_str(rest);
            }
            out.push_str(end);
        }
        out
    }
}

/// How far a line is indented, and what stands behind that.
fn unindented(line: &str) -> (usize, &str) {
    let behind = line.trim_start_matches(' ');
    (line.len() - behind.len(), behind)
}

/// The list with these exclusions behind its own, each as `quell fmt` orders it; the error says why that cannot be, for a person.
pub fn with(list: &ListText, blocks: &[ExclusionBlock], schemas: &Schemas) -> Result<String, String> {
    let (place, added, taken) = addition(list, blocks)?;
    let mut text = list.text.clone();
    text.replace_range(place..place + taken, &added);
    let edited = ListText { file: list.file.clone(), text };
    let before = if is_empty(&list.text) { Some(Vec::new()) } else { meaning(list, schemas) };
    let (Some(before), Some(after)) = (before, meaning(&edited, schemas)) else {
        return Err("it would not load with them".to_owned());
    };
    let (old, new) = after.split_at(before.len().min(after.len()));
    let stays = old == before && new.len() == blocks.len();
    let why = "with these lines it would not mean the same; an anchor or a text over several lines may be the cause";
    if !stays {
        return Err(why.to_owned());
    }
    Ok(ordered_where(&edited, schemas, |id| new.iter().any(|added| added.id == id)))
}

/// The list in which an exclusion has another `when`, given as lines without indentation; `None` if that cannot be, or if
/// anything else would mean something else.
pub fn with_when(list: &ListText, id: &str, when: &str, schemas: &Schemas) -> Option<String> {
    let bytes = ExclusionPlaces::new(list).bytes(id, super::ExclusionPart::Exclusion)?;
    let mut block = ExclusionBlock::of(list, id)?;
    let (lines, inner) = (block.lines_of("when")?, block.inner());
    if lines.start == inner {
        return None;
    }
    let new: String = when.lines().map(|line| format!("{:inner$}{line}\n", "")).collect();
    block.text.replace_range(lines.start - inner..lines.end, &new);
    let mut new = block.text;
    if list.text.contains("\r\n") {
        new = new.replace('\n', "\r\n");
    }
    let mut text = list.text.clone();
    text.replace_range(bytes, &new);
    let edited = ListText { file: list.file.clone(), text };
    let (before, mut after) = (meaning(list, schemas)?, meaning(&edited, schemas)?);
    let (old, changed) =
        (before.iter().find(|known| known.id == id)?, after.iter_mut().find(|known| known.id == id)?);
    changed.entries.clone_from(&old.entries);
    (before == after).then_some(edited.text)
}

/// Whether a file says nothing yet.
fn is_empty(text: &str) -> bool {
    text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
}

/// Where something is added, what, and how many bytes of the list go for it.
fn addition(list: &ListText, blocks: &[ExclusionBlock]) -> Result<(usize, String, usize), String> {
    let end = if list.text.contains("\r\n") { "\r\n" } else { "\n" };
    let lines = |indent: usize, between: &str| {
        let blocks: Vec<String> = blocks.iter().map(|block| block.moved(indent, end)).collect();
        blocks.join(between)
    };
    let ended = list.text.is_empty() || list.text.ends_with('\n');
    if is_empty(&list.text) {
        let lead = if ended { "" } else { end };
        return Ok((list.text.len(), format!("{lead}exclusions:{end}{}", lines(2, "")), 0));
    }
    let places = ExclusionPlaces::new(list);
    if let Some((place, indent)) = places.end_of_list() {
        let between = if places.has_blank_lines() { end } else { "" };
        let at_end = place == list.text.len() && !ended;
        let lead = if at_end { end } else { "" };
        let added = format!("{lead}{between}{}", lines(indent, between));
        let added = if at_end { added.trim_end_matches(['\r', '\n']).to_owned() } else { added };
        return Ok((place, added, 0));
    }
    if places.count() > 0 {
        return Err("its last exclusion is not written as a block of its own that begins `- `".to_owned());
    }
    let key = places.behind_the_key().ok_or("it has no key `exclusions`")?;
    let rest = &list.text[key..];
    let empty = rest.trim_start_matches(' ');
    if !empty.starts_with("[]") {
        return Err("its `exclusions` are no list".to_owned());
    }
    let taken = rest.len() - empty.len() + 2;
    let line = rest.find('\n').map_or(rest.len(), |at| at + 1);
    let stays = &rest[taken..line];
    let lead = if stays.ends_with('\n') { "" } else { end };
    Ok((key, format!("{stays}{lead}{}", lines(2, "")), line))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: &str = "exclusions:\n- id: new\n  # why\n  scenario: FILL IN\n  when: {process.name: n.exe}\n";

    fn add(text: &str) -> Result<String, String> {
        let list = |file: &str, text: &str| ListText { file: file.into(), text: text.into() };
        let mut block = ExclusionBlock::of(&list("new.yaml", NEW), "new").unwrap();
        block.take_out("scenario");
        assert!(block.set("owner", "me: you"));
        with(&list("list.yaml", text), &[block], &Schemas::built_in())
    }

    const ADDED: &str = "  - id: new\n    # why\n    when: {process.name: n.exe}\n    owner: 'me: you'\n";

    #[test]
    fn it_stands_behind_the_last_one_and_all_else_stays() {
        let head = "# top\nexclusions: # mine\n  # about a\n  - id: a # one\n    when: {process.name: a.exe}\n    # inside\n";
        let tail = "\n# end\nparameters: {}\n";
        assert_eq!(add(&format!("{head}{tail}")).unwrap(), format!("{head}{ADDED}{tail}"));
        assert_eq!(add(head.trim_end()).unwrap(), format!("{head}{ADDED}").trim_end());
        let flat =
            "exclusions:\n- id: a\n  when: {process.name: a.exe}\n\n- id: b\n  when: {process.name: b.exe}\n";
        let less = ADDED.replace("\n  ", "\n").replacen("  ", "", 1);
        assert_eq!(add(flat).unwrap(), format!("{flat}\n{less}"));
        let crlf = head.replace('\n', "\r\n");
        assert_eq!(add(&crlf).unwrap(), format!("{head}{ADDED}").replace('\n', "\r\n"));
    }

    #[test]
    fn a_key_takes_the_place_of_the_one_that_was_there() {
        let text = "exclusions:\n  - owner: >\n      you\n\n      too\n    # mine\n    id: a\n    reason: x # why\n    when:\n    - process.name: a.exe\n    cases: {}\n";
        let list = ListText { file: "list.yaml".into(), text: text.into() };
        let mut block = ExclusionBlock::of(&list, "a").unwrap();
        assert!(
            block.set("owner", "me") && block.set("reason", "y: z") && block.set("expires", "2027-01-31")
        );
        block.take_out("cases");
        let wanted = "  - owner: me\n    # mine\n    id: a\n    reason: 'y: z'\n    when:\n    - process.name: a.exe\n    expires: 2027-01-31\n";
        assert_eq!(block.text, wanted);
    }

    #[test]
    fn an_empty_list_and_an_empty_file_get_their_first_one() {
        assert_eq!(add("").unwrap(), format!("exclusions:\n{ADDED}"));
        assert_eq!(add("# mine").unwrap(), format!("# mine\nexclusions:\n{ADDED}"));
        assert_eq!(
            add("exclusions: [] # none\n# end\n").unwrap(),
            format!("exclusions: # none\n{ADDED}# end\n")
        );
    }

    #[test]
    fn another_when_takes_the_place_of_the_old_one() {
        let text = "exclusions:\n- id: a\n  when: # one\n  - process.name: a.exe\n    # inside\n  reason: x\n- id: b\n  when: {process.name: b.exe}\n";
        let list = ListText { file: "list.yaml".into(), text: text.into() };
        let new = "when:\n  process.name: c.exe";
        let of = |id: &str| with_when(&list, id, new, &Schemas::built_in());
        let a = text.replace(
            "  when: # one\n  - process.name: a.exe\n    # inside\n",
            "  when:\n    process.name: c.exe\n",
        );
        assert_eq!(of("a").unwrap(), a);
        assert_eq!(
            of("b").unwrap(),
            text.replace("when: {process.name: b.exe}", "when:\n    process.name: c.exe")
        );
        assert_eq!(of("c"), None);
    }

    #[test]
    fn what_cannot_be_added_to_cleanly_is_refused() {
        assert!(
            add("exclusions: [{id: a, when: {process.name: a.exe}}]\n")
                .unwrap_err()
                .contains("block of its own")
        );
        let kept = "exclusions:\n- id: a\n  when: {process.name: a.exe}\n  reason: |+\n    text\n\n\n";
        assert!(add(kept).unwrap_err().contains("would not mean the same"));
        assert!(
            add("exclusions:\n- id: new\n  when: {process.name: a.exe}\n").unwrap_err().contains("not load")
        );
    }
}
