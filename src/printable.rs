//! Which characters of somebody else's text may be shown as they are.
//!
//! In: text from rows, lists and file names. Out: the same, in which every character that cannot be seen, moves the cursor,
//! turns text around or looks like a plain space is written out as `\u{200b}`. It does not know where the text goes: each way
//! out (terminal, Markdown, CSV) adds what is special there, and none goes beside it.
//!
//! Unicode's own properties decide (Unicode Standard, chapter 4.5, and DerivedCoreProperties.txt): the general categories
//! Other (control, format, surrogate, private use, unassigned), line, paragraph and space separators except the plain space,
//! and `Default_Ignorable_Code_Point`. U+2800 is a symbol by its category, and blank.

use regex::Regex;
use std::borrow::Cow;
use std::fmt::Write;
use std::io;
use std::sync::LazyLock;

static DECEPTIVE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u{2800}[\p{Zs}--\u{20}]]").ok()
});

/// The text with each deceptive character written out.
pub fn written_out(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Cow::Borrowed(text);
    }
    match &*DECEPTIVE {
        Some(deceptive) => deceptive.replace_all(text, |found: &regex::Captures<'_>| codes(&found[0])),
        // A test compiles the expression; without it nothing but ASCII is shown.
        None => Cow::Owned(
            text.chars().map(|c| if c.is_ascii_graphic() { c.to_string() } else { code(c) }).collect(),
        ),
    }
}

/// Whether a character is one that is written out.
pub fn is_deceptive(character: char) -> bool {
    matches!(written_out(character.encode_utf8(&mut [0; 4])), Cow::Owned(text) if text.starts_with("\\u{"))
}

/// Text of several lines, of which each is written out.
pub fn lines_written_out(text: &str) -> String {
    text.split('\n').map(written_out).collect::<Vec<_>>().join("\n")
}

/// A JSON document in which deceptive characters are escaped. They stand in strings only, so that no value changes.
pub fn json_written_out(document: &str) -> Cow<'_, str> {
    // The last of ASCII, U+007F, is a control character, which JSON allows in a string.
    let is_shown = |byte: u8| byte == b'\n' || (b' '..=b'~').contains(&byte);
    // Whole pieces, so that many bytes are looked at together.
    let mut pieces = document.as_bytes().chunks(64);
    if pieces.all(|piece| piece.iter().fold(true, |all, byte| all & is_shown(*byte))) {
        return Cow::Borrowed(document);
    }
    let mut out = String::with_capacity(document.len());
    for part in document.split_inclusive('\n') {
        let (text, end) = part.strip_suffix('\n').map_or((part, ""), |text| (text, "\n"));
        out += &match &*DECEPTIVE {
            Some(deceptive) => {
                deceptive.replace_all(text, |found: &regex::Captures<'_>| json_codes(&found[0]))
            }
            None => Cow::Owned(json_codes(text)),
        };
        out += end;
    }
    Cow::Owned(out)
}

/// Takes an indented JSON document bit by bit, and passes it on as [`json_written_out`] gives it, some lines at a time.
pub struct JsonOut<'o> {
    out: &'o mut dyn io::Write,
    pending: Vec<u8>,
}

/// Bytes that are passed on together.
const TOGETHER: usize = 64 << 10;

impl<'o> JsonOut<'o> {
    /// A writer to `out`.
    pub fn new(out: &'o mut dyn io::Write) -> Self {
        Self { out, pending: Vec::with_capacity(TOGETHER + 4_096) }
    }

    /// Passes on what is left, and a line feed.
    pub fn finish(mut self) -> io::Result<()> {
        self.pending.push(b'\n');
        self.pass(self.pending.len())
    }

    /// Passes on whole lines. `new` bytes have come since this was looked at last; of a line that is longer than what is passed
    /// on together, only they can hold its end.
    #[cold]
    fn pass_lines(&mut self, new: usize) -> io::Result<()> {
        let before = self.pending.len() - new;
        let from = if before < TOGETHER { 0 } else { before };
        let line_end = self.pending[from..].iter().rposition(|byte| *byte == b'\n');
        line_end.map_or(Ok(()), |line_end| self.pass(from + line_end + 1))
    }

    fn pass(&mut self, end: usize) -> io::Result<()> {
        let text = str::from_utf8(&self.pending[..end]).map_err(io::Error::other)?;
        self.out.write_all(json_written_out(text).as_bytes())?;
        self.pending.drain(..end);
        Ok(())
    }
}

impl io::Write for JsonOut<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.pending.extend_from_slice(bytes);
        if self.pending.len() < TOGETHER { Ok(()) } else { self.pass_lines(bytes.len()) }
    }

    /// What is not yet a whole line waits.
    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn json_codes(text: &str) -> String {
    text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect()
}

fn codes(text: &str) -> String {
    text.chars().map(code).collect()
}

fn code(character: char) -> String {
    let mut out = String::new();
    let _ = write!(out, "\\u{{{:x}}}", u32::from(character));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_written_out() {
        for (text, wanted) in [
            ("setup.exe", "setup.exe"),
            ("größe 文字 🙂 ﾃ", "größe 文字 🙂 ﾃ"),
            ("\u{1b}[2J\r\n\t", r"\u{1b}[2J\u{d}\u{a}\u{9}"),
            ("setup\u{200b}.exe", r"setup\u{200b}.exe"),
            ("so\u{ad}ft", r"so\u{ad}ft"),
            ("a\u{61c}b\u{202e}c", r"a\u{61c}b\u{202e}c"),
            ("a\u{2028}b\u{2029}", r"a\u{2028}b\u{2029}"),
            ("\u{e0041}\u{e0001}", r"\u{e0041}\u{e0001}"),
            ("a\u{a0}b\u{3000}", r"a\u{a0}b\u{3000}"),
            ("\u{3164}\u{115f}\u{2800}\u{feff}\u{fe0f}", r"\u{3164}\u{115f}\u{2800}\u{feff}\u{fe0f}"),
            ("\u{e000}\u{378}\u{85}\u{180e}", r"\u{e000}\u{378}\u{85}\u{180e}"),
        ] {
            assert_eq!(written_out(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn json_shows_no_control_character() {
        assert_eq!(json_written_out("{\n\"a\": \"b\u{7f}\"\n}"), "{\n\"a\": \"b\\u007f\"\n}");
        assert!(matches!(json_written_out("{\n\"a\": \"~\"\n}"), Cow::Borrowed(_)));
    }

    /// Whatever bits it comes in, and however long its lines are.
    #[test]
    fn json_that_is_passed_on_in_bits_is_the_same() {
        use io::Write;
        let line = format!("\"{}\u{200b}é\u{7f}\",\n", "x".repeat(700));
        let document = format!("[\n{}\"{}\"\n]", line.repeat(200), "é\u{ad}".repeat(60_000));
        let mut out = Vec::new();
        let mut json = JsonOut::new(&mut out);
        for bit in document.as_bytes().chunks(37) {
            json.write_all(bit).unwrap();
        }
        json.finish().unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), json_written_out(&document).into_owned() + "\n");
    }

    /// No character of the classes that deceive is left, of all that Unicode has.
    #[test]
    fn every_character_is_shown_or_written_out() {
        assert!(DECEPTIVE.is_some());
        for character in ('\0'..=char::MAX).filter(|c| c.is_control() || (c.is_whitespace() && *c != ' ')) {
            assert_eq!(written_out(&character.to_string()), code(character));
        }
    }
}
