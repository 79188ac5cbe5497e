//! The lines of a text that may be no YAML, as far as one line can be read alone.
//!
//! In: a text. Out: its lines with key and value; without comments, empty lines and the inside of block values. It
//! believes what a line looks like, and knows nothing of what a list means.

/// A line with something on it. Places are bytes of its text.
#[derive(Debug, Clone)]
pub(super) struct Line<'t> {
    /// Its number, from 1.
    pub(super) number: usize,
    /// Its text without its end.
    pub(super) text: &'t str,
    /// Where the dashes of list items stand.
    pub(super) dashes: Vec<usize>,
    /// Where what follows them begins.
    pub(super) start: usize,
    /// The key, if there is one.
    pub(super) key: Option<&'t str>,
    /// Where the value begins; the end of the text if there is none.
    pub(super) value: usize,
    /// Where a comment begins; else the end of the text.
    pub(super) end: usize,
    /// Whether it stands inside of a bracket that was opened above it.
    pub(super) is_inside: bool,
}

impl<'t> Line<'t> {
    fn read(number: usize, text: &'t str) -> Self {
        let end = comment(text).unwrap_or(text.len());
        let (mut dashes, mut start) = (Vec::new(), blanks(text, 0));
        while text[start..end].starts_with("- ") || &text[start..end] == "-" {
            dashes.push(start);
            start = blanks(text, start + 1).min(end);
        }
        let colon = colon(&text[start..end]).map(|colon| start + colon);
        let value = colon.map_or(start, |colon| blanks(text, colon + 1).min(end));
        let key = colon.map(|colon| text[start..colon].trim_end());
        Self { number, text, dashes, start, key, value, end, is_inside: false }
    }

    /// What follows blanks and dashes, without a comment.
    pub(super) fn content(&self) -> &'t str {
        self.text[self.start..self.end].trim_end()
    }

    /// The value, without a comment.
    pub(super) fn value(&self) -> &'t str {
        self.text[self.value..self.end].trim_end()
    }

    /// Where its first sign stands that is no blank.
    pub(super) fn indent(&self) -> usize {
        blanks(self.text, 0)
    }

    /// The column of a byte, from 1.
    pub(super) fn column(&self, byte: usize) -> usize {
        self.text[..byte].chars().count() + 1
    }

    /// Where a block value begins here, how far the lines of it are indented at least.
    fn block_value(&self) -> Option<usize> {
        let mut signs = self.value().chars();
        let is_block = signs.next().is_some_and(|first| first == '|' || first == '>');
        let is_header = signs.all(|sign| matches!(sign, '+' | '-' | '0'..='9'));
        let owner = self.key.map_or(self.dashes.last().copied().unwrap_or(0), |_| self.start);
        (is_block && is_header).then_some(owner + 1)
    }
}

/// The lines of a text up to one of them.
pub(super) fn lines(text: &str, last: usize) -> Vec<Line<'_>> {
    let mut lines: Vec<Line<'_>> = Vec::new();
    let mut block = None;
    let mut open = Brackets::default();
    for (place, text) in text.lines().take(last).enumerate() {
        let indent = blanks(text, 0);
        let is_empty = text[indent..].is_empty() || text[indent..].starts_with('#');
        if is_empty || block.is_some_and(|least| indent >= least) || text == "---" {
            continue;
        }
        let mut line = Line::read(place + 1, text);
        // A bracket that a line of the list follows was forgotten.
        let follows = indent <= open.indent && (line.key.is_some() || !line.dashes.is_empty());
        line.is_inside = !open.opened.is_empty() && !follows;
        if !line.is_inside {
            open = Brackets { indent, ..Brackets::default() };
        }
        if line.is_inside || line.value().starts_with(['{', '[']) {
            open.read(&line, if line.is_inside { 0 } else { line.value });
        }
        block = line.block_value().filter(|_| !line.is_inside);
        lines.push(line);
    }
    lines
}

/// Brackets that are open.
#[derive(Default)]
pub(super) struct Brackets {
    /// Which, where each stands, and on which line.
    pub(super) opened: Vec<(char, usize, usize)>,
    indent: usize,
}

/// What is wrong with a bracket, and where.
pub(super) enum Wrong {
    /// It closes another one than was opened: what should stand before it.
    Missing(char, usize),
    /// Nothing is open.
    TooMuch(usize),
    /// Something stands behind the last one.
    Behind,
}

impl Brackets {
    /// Reads the brackets of a line from a byte on.
    pub(super) fn read(&mut self, line: &Line<'_>, from: usize) -> Option<Wrong> {
        let mut wrong = None;
        let mut is_closed = false;
        for (place, sign) in unquoted(&line.text[..line.end]).filter(|(place, _)| *place >= from) {
            match sign {
                '{' | '[' if !is_closed => self.opened.push((sign, place, line.number)),
                '}' | ']' => match self.opened.pop() {
                    _ if wrong.is_some() => {}
                    None => wrong = Some(Wrong::TooMuch(place)),
                    Some(('{', ..)) if sign == ']' => wrong = Some(Wrong::Missing('}', place)),
                    Some(('[', ..)) if sign == '}' => wrong = Some(Wrong::Missing(']', place)),
                    Some(_) => is_closed = self.opened.is_empty(),
                },
                ' ' | ',' => {}
                _ if is_closed && wrong.is_none() => wrong = Some(Wrong::Behind),
                _ => {}
            }
        }
        wrong
    }
}

/// The signs of a line that do not stand between quotation marks.
pub(super) fn unquoted(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut inside: Option<char> = None;
    let mut before = ' ';
    let mut signs = text.char_indices().peekable();
    std::iter::from_fn(move || {
        loop {
            let (place, sign) = signs.next()?;
            let last = std::mem::replace(&mut before, sign);
            match inside {
                Some('"') if sign == '\\' => drop(signs.next()),
                Some(mark) if sign == mark => {
                    let is_doubled = mark == '\'' && signs.peek().is_some_and(|(_, next)| *next == mark);
                    if is_doubled {
                        signs.next();
                    } else {
                        inside = None;
                    }
                }
                Some(_) => {}
                None if matches!(sign, '\'' | '"') && matches!(last, ' ' | '{' | '[' | ',') => {
                    inside = Some(sign);
                }
                None => return Some((place, sign)),
            }
        }
    })
}

/// Where a comment begins.
fn comment(text: &str) -> Option<usize> {
    let is_free = |place: usize| place == 0 || text[..place].ends_with([' ', '\t']);
    unquoted(text).find(|(place, sign)| *sign == '#' && is_free(*place)).map(|(place, _)| place)
}

/// Where the colon of a key stands.
fn colon(content: &str) -> Option<usize> {
    if content.starts_with(['{', '[', '|', '>']) {
        return None;
    }
    let ends =
        |place: usize| content[place + 1..].is_empty() || content[place + 1..].starts_with([' ', '\t']);
    unquoted(content).find(|(place, sign)| *sign == ':' && ends(*place)).map(|(place, _)| place)
}

/// The first byte from here on that is no blank.
fn blanks(text: &str, from: usize) -> usize {
    text.len() - text[from..].trim_start_matches(' ').len()
}
