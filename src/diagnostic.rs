//! What is wrong, where, and what to do next.
//!
//! In: mistakes found by any part. Out: text for a person, with a caret under the wrong word.
//! It does not know what was being checked, nor does it end the process.

use crate::printable::{lines_written_out, written_out};
use annotate_snippets::{AnnotationKind, Group, Level as Tone, Renderer, Snippet};
use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::ops::Deref;
use unicode_width::UnicodeWidthStr;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// For information.
    Note,
    /// Works, but look at it.
    Warning,
    /// Cannot be used.
    Error,
}

/// A place in a text file. Lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file as the user named it.
    pub file: String,
    /// Line, from 1; 0 if only the file is known.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// How many characters the caret underlines.
    pub width: usize,
    /// The text of that line, without its end.
    pub text: String,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// A stable kebab-case name of the kind of finding.
    pub code: &'static str,
    /// How bad it is.
    pub level: Severity,
    /// What is wrong, in one line.
    pub message: String,
    /// Said under the caret.
    pub label: String,
    /// Where.
    pub place: Option<Place>,
    /// Why it matters.
    pub notes: Vec<String>,
    /// What to do next, and what is legal there.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// An error without a place.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            level: Severity::Error,
            message: message.into(),
            label: String::new(),
            place: None,
            notes: Vec::new(),
            help: Vec::new(),
        }
    }

    /// The same at a place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// The same with a word under the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The same with another line on why it matters.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// The same with another line of help.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }
}

/// Why something could not be done: one or more findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl From<Diagnostic> for Diagnostics {
    fn from(finding: Diagnostic) -> Self {
        Self(vec![finding])
    }
}

impl Deref for Diagnostics {
    type Target = [Diagnostic];

    fn deref(&self) -> &[Diagnostic] {
        &self.0
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl From<Diagnostics> for Vec<Diagnostic> {
    fn from(findings: Diagnostics) -> Self {
        findings.0
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(render(&self.0, false).trim_end())
    }
}

impl Error for Diagnostics {}

/// Renders findings for a person, an empty line between two.
///
/// With `color` it holds ANSI styles; the stream that prints it decides whether they survive.
pub fn render(diagnostics: &[Diagnostic], color: bool) -> String {
    render_within(diagnostics, color, None)
}

/// The same within so many columns, if there is such a limit: no word is broken by the terminal, and no caret loses its
/// place because the line above it was.
pub fn render_within(diagnostics: &[Diagnostic], color: bool, columns: Option<usize>) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let renderer = columns.map_or(renderer.clone(), |columns| renderer.term_width(columns));
    let mut out = String::new();
    for diagnostic in diagnostics {
        if !out.is_empty() {
            out.push('\n');
        }
        let shown = printable(diagnostic);
        let fitted = columns.map_or(Cow::Borrowed(&shown), |columns| Cow::Owned(fitted(&shown, columns)));
        out.push_str(&renderer.render(&[group(&fitted)]));
        out.push('\n');
    }
    out
}

/// A finding whose texts are broken into lines between words.
fn fitted(diagnostic: &Diagnostic, columns: usize) -> Diagnostic {
    let level = match diagnostic.level {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let mut fitted = diagnostic.clone();
    fitted.message = lines(&diagnostic.message, columns, level.len() + diagnostic.code.len() + "[]: ".len());
    // A note stands behind the number of a line: ` = note: `.
    let margin = diagnostic.place.as_ref().map_or(0, |place| place.line.to_string().len());
    let within = |text: &String| lines(text, columns, margin + " = help: ".len());
    fitted.notes = diagnostic.notes.iter().map(within).collect();
    fitted.help = diagnostic.help.iter().map(within).collect();
    fitted
}

/// A text in lines of at most so many columns, of which `taken` are taken at the beginning of each. What stands in lines
/// of its own already, such as a query to be copied, stays as it is.
fn lines(text: &str, columns: usize, taken: usize) -> String {
    let room = columns.saturating_sub(taken).max(20);
    let (sentence, rest) = text.split_once('\n').map_or((text, None), |(first, rest)| (first, Some(rest)));
    let mut out = String::new();
    let mut width = 0;
    for (place, word) in words(sentence, room).into_iter().enumerate() {
        let length = word.width();
        let breaks = place > 0 && width + 1 + length > room;
        let blank = usize::from(place > 0 && !breaks);
        out.push_str(if breaks { "\n" } else { &" "[..blank] });
        out.push_str(word);
        width = if breaks { length } else { width + blank + length };
    }
    rest.map_or(out.clone(), |rest| format!("{out}\n{rest}"))
}

/// The words of a sentence. What stands between backticks is one word, so that it can be copied, unless a line has no room
/// for it.
fn words(sentence: &str, room: usize) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = sentence;
    while !rest.is_empty() {
        let end = rest.find(' ').unwrap_or(rest.len());
        let quoted = rest[..end].find('`').and_then(|open| {
            let close = open + 1 + rest[open + 1..].find('`')?;
            let end = close + rest[close..].find(' ').unwrap_or(rest.len() - close);
            (rest[..end].width() <= room).then_some(end)
        });
        let end = quoted.unwrap_or(end);
        words.push(&rest[..end]);
        rest = rest[end..].strip_prefix(' ').unwrap_or("");
    }
    words
}

/// A finding as it is shown: nothing in it deceives, and its message and file stay on one line.
fn printable(diagnostic: &Diagnostic) -> Diagnostic {
    let place = diagnostic.place.as_ref().map(|place| {
        let mut shown = source_line(place);
        shown.file = written_out(&place.file).into_owned();
        shown
    });
    let lines = |texts: &[String]| texts.iter().map(|text| lines_written_out(text)).collect();
    Diagnostic {
        message: written_out(&diagnostic.message).into_owned(),
        label: written_out(&diagnostic.label).into_owned(),
        place,
        notes: lines(&diagnostic.notes),
        help: lines(&diagnostic.help),
        ..*diagnostic
    }
}

/// The line with its caret, when characters of it are written out; tabs stay.
fn source_line(place: &Place) -> Place {
    let shown = |text: &str| text.split('\t').map(written_out).collect::<Vec<_>>().join("\t");
    let start = byte_of(&place.text, place.column.saturating_sub(1));
    let end = byte_of(&place.text, place.column.saturating_sub(1) + place.width.max(1)).max(start);
    let (before, marked) = (shown(&place.text[..start]), shown(&place.text[start..end]));
    Place {
        column: before.chars().count() + 1,
        width: marked.chars().count(),
        text: format!("{before}{marked}{}", shown(&place.text[end..])),
        ..place.clone()
    }
}

fn group(diagnostic: &Diagnostic) -> Group<'_> {
    let tone = match diagnostic.level {
        Severity::Error => Tone::ERROR,
        Severity::Warning => Tone::WARNING,
        Severity::Note => Tone::NOTE,
    };
    let mut group = Group::with_title(tone.primary_title(&diagnostic.message).id(diagnostic.code));
    if let Some(place) = &diagnostic.place {
        group = if place.line == 0 {
            group.element(annotate_snippets::Origin::path(&place.file))
        } else {
            group.element(snippet(place, &diagnostic.label))
        };
    }
    for note in &diagnostic.notes {
        group = group.element(Tone::NOTE.message(note));
    }
    for help in &diagnostic.help {
        group = group.element(Tone::HELP.message(help));
    }
    group
}

fn snippet<'a>(place: &'a Place, label: &'a str) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let start = byte_of(&place.text, place.column - 1);
    let end = byte_of(&place.text, place.column - 1 + place.width.max(1)).max(start);
    let mut annotation = AnnotationKind::Primary.span(start..end);
    if !label.is_empty() {
        annotation = annotation.label(label);
    }
    Snippet::source(&place.text).line_start(place.line).path(&place.file).annotation(annotation)
}

fn byte_of(text: &str, character: usize) -> usize {
    text.char_indices().nth(character).map_or(text.len(), |(byte, _)| byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_a_width_no_word_is_broken_and_no_line_is_longer() {
        let text = "one two three four five six seven eight nine ten eleven twelve";
        let diagnostic = Diagnostic::error("long", text)
            .note(text)
            .help(format!("{text}\n| project A, B, C, D, E, F, G, H, I"));
        let shown = render_within(&[diagnostic], false, Some(40));
        let lines: Vec<&str> = shown.lines().collect();
        assert!(lines.iter().all(|line| line.width() <= 40 || line.contains("| project")), "{shown}");
        for word in text.split(' ') {
            assert_eq!(shown.split_whitespace().filter(|shown| *shown == word).count(), 3, "{word}: {shown}");
        }
        assert!(shown.contains("| project A, B, C, D, E, F, G, H, I"));
    }

    #[test]
    fn a_command_between_backticks_stays_on_one_line() {
        let words = |text: &'static str| words(text, 20);
        assert_eq!(
            words("run `quell apply a` (`b c`), then"),
            ["run", "`quell apply a`", "(`b c`),", "then"]
        );
        assert_eq!(words("a `never closed b"), ["a", "`never", "closed", "b"]);
        assert_eq!(
            words("`longer than a line has room` a"),
            ["`longer", "than", "a", "line", "has", "room`", "a"]
        );
        assert_eq!(words("a  b "), ["a", "", "b"]);
    }

    #[test]
    fn a_mistake_shows_its_place_cause_and_remedy() {
        let diagnostic = Diagnostic::error("unknown-field", "there is no field `proces.name`")
            .at(Place {
                file: "list.yaml".into(),
                line: 4,
                column: 9,
                width: 11,
                text: "      - proces.name: setup.exe".into(),
            })
            .label("unknown field")
            .help("did you mean `process.name`?");
        snapbox::assert_data_eq!(
            render(&[diagnostic], false),
            snapbox::str![[r"
error[unknown-field]: there is no field `proces.name`
 --> list.yaml:4:9
  |
4 |       - proces.name: setup.exe
  |         ^^^^^^^^^^^ unknown field
  |
  = help: did you mean `process.name`?

"]]
        );
    }
}
