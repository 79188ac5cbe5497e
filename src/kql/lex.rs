//! KQL as tokens.
//!
//! In: any text. Out: [`Token`]s that cover every byte of it, in order. It knows strings, comments and
//! brackets but no grammar. So it also reads queries with syntax errors, with templates in them, and with
//! operators that do not exist yet.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// Blanks and tabs.
    Space,
    /// One end of a line.
    Newline,
    /// From `//` to the end of the line, without it.
    Comment,
    /// A string literal with its quotes and prefix; one that is not closed ends with its line.
    Text,
    /// A name or keyword.
    Name,
    /// A literal that begins with a digit: `443`, `7d`, `0x1F`.
    Number,
    /// A template's `{{ ... }}` on one line.
    Placeholder,
    /// `(`, `[` or `{`.
    Open,
    /// `)`, `]` or `}`.
    Close,
    /// `|`.
    Pipe,
    /// `;`.
    Semicolon,
    /// `,`.
    Comma,
    /// Any other sign; those of two characters are one token.
    Symbol,
}

/// A piece of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Its first byte.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
}

impl Token {
    /// Its text.
    pub fn text<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.start..self.end).unwrap_or_default()
    }

    /// Whether it means something to Kusto: no blank, line end or comment.
    pub fn is_significant(&self) -> bool {
        !matches!(self.kind, TokenKind::Space | TokenKind::Newline | TokenKind::Comment)
    }
}

const PAIRS: [&str; 10] = ["==", "=~", "=>", "!=", "!~", "<=", ">=", "<>", "..", "&&"];
/// How far the end of a template is searched for. Without a limit, each `{{` that is never closed would cost a
/// search through the rest of the file.
const LONGEST_PLACEHOLDER: usize = 400;

/// Cuts a text into tokens.
pub fn lex(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut start = 0;
    while let Some(rest) = text.get(start..).filter(|rest| !rest.is_empty()) {
        let (kind, length) = token(rest);
        tokens.push(Token { kind, start, end: start + length });
        start += length;
    }
    tokens
}

fn token(rest: &str) -> (TokenKind, usize) {
    let Some(first) = rest.chars().next() else { return (TokenKind::Space, rest.len()) };
    if let Some(length) = newline(rest) {
        return (TokenKind::Newline, length);
    }
    if rest.starts_with("//") {
        return (TokenKind::Comment, line_length(rest));
    }
    if let Some(length) = text_length(rest) {
        return (TokenKind::Text, length);
    }
    if let Some(length) = placeholder(rest) {
        return (TokenKind::Placeholder, length);
    }
    if is_space(first) {
        return (TokenKind::Space, run(rest, |c| is_space(c) && newline_of(c).is_none()));
    }
    if first.is_ascii_digit() {
        return (TokenKind::Number, run(rest, is_word));
    }
    if is_word(first) || first == '$' {
        return (TokenKind::Name, first.len_utf8() + run(&rest[first.len_utf8()..], is_word));
    }
    sign(rest, first)
}

fn sign(rest: &str, first: char) -> (TokenKind, usize) {
    let kind = match first {
        '(' | '[' | '{' => TokenKind::Open,
        ')' | ']' | '}' => TokenKind::Close,
        '|' => TokenKind::Pipe,
        ';' => TokenKind::Semicolon,
        ',' => TokenKind::Comma,
        _ if PAIRS.iter().any(|pair| rest.starts_with(pair)) => return (TokenKind::Symbol, 2),
        _ => TokenKind::Symbol,
    };
    (kind, first.len_utf8())
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// Kusto reads these as blanks, and editors and web pages leave them behind.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}')
}

fn newline_of(c: char) -> Option<usize> {
    matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}').then(|| c.len_utf8())
}

fn newline(rest: &str) -> Option<usize> {
    if rest.starts_with("\r\n") { Some(2) } else { rest.chars().next().and_then(newline_of) }
}

fn line_length(rest: &str) -> usize {
    run(rest, |c| newline_of(c).is_none())
}

fn run(rest: &str, belongs: impl Fn(char) -> bool) -> usize {
    rest.find(|c| !belongs(c)).unwrap_or(rest.len())
}

fn placeholder(rest: &str) -> Option<usize> {
    let line = rest.strip_prefix("{{")?;
    let mut reach = line.len().min(LONGEST_PLACEHOLDER);
    while !line.is_char_boundary(reach) {
        reach -= 1;
    }
    let near = &line[..reach];
    near[..line_length(near)].find("}}").map(|end| end + 4)
}

fn text_length(rest: &str) -> Option<usize> {
    let bare = rest.strip_prefix(['h', 'H']).unwrap_or(rest);
    let (bare, verbatim) = match bare.strip_prefix('@') {
        Some(bare) => (bare, true),
        None => (bare, false),
    };
    let prefix = rest.len() - bare.len();
    for fence in ["```", "~~~"] {
        if let Some(inner) = bare.strip_prefix(fence) {
            let length = inner.find(fence).map_or_else(|| line_length(inner), |end| end + fence.len());
            return Some(prefix + fence.len() + length);
        }
    }
    let quote = bare.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    Some(prefix + 1 + quoted(&bare[1..], quote, verbatim))
}

/// The length of a string's inside and its closing quote.
fn quoted(inner: &str, quote: char, verbatim: bool) -> usize {
    let mut characters = inner.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        if newline_of(c).is_some() {
            return at;
        }
        if c == '\\' && !verbatim {
            // The escaped character belongs to the string, even a quotation mark. An end of line never does.
            characters.next_if(|(_, next)| newline_of(*next).is_none());
        } else if c == quote {
            let doubled = verbatim && characters.next_if(|(_, next)| *next == quote).is_some();
            if !doubled {
                return at + 1;
            }
        }
    }
    inner.len()
}

/// What a string literal stands for; `None` if the token is no closed literal.
pub fn literal(token: &str) -> Option<String> {
    let bare = token.strip_prefix(['h', 'H']).unwrap_or(token);
    for fence in ["```", "~~~"] {
        if let Some(inner) = bare.strip_prefix(fence) {
            return inner.strip_suffix(fence).map(str::to_owned);
        }
    }
    let (bare, verbatim) = match bare.strip_prefix('@') {
        Some(bare) => (bare, true),
        None => (bare, false),
    };
    let quote = bare.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    if quoted(&bare[1..], quote, verbatim) != bare.len() - 1 || bare.len() < 2 {
        return None;
    }
    let inner = bare[1..].strip_suffix(quote)?;
    if verbatim {
        let doubled: String = [quote, quote].iter().collect();
        return Some(inner.replace(&doubled, &quote.to_string()));
    }
    unescaped(inner)
}

fn unescaped(inner: &str) -> Option<String> {
    let mut out = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(c) = characters.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        out.push(match characters.next()? {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '0' => '\0',
            'x' => code(&mut characters, 2)?,
            'u' => code(&mut characters, 4)?,
            quoted @ ('\\' | '"' | '\'') => quoted,
            _ => return None,
        });
    }
    Some(out)
}

fn code(characters: &mut std::str::Chars<'_>, digits: usize) -> Option<char> {
    let digits: String = characters.by_ref().take(digits).collect();
    u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn significant(text: &str) -> Vec<&str> {
        lex(text).iter().filter(|token| token.is_significant()).map(|token| token.text(text)).collect()
    }

    #[test]
    fn strings_comments_and_signs_are_told_apart() {
        for (text, tokens) in [
            (r#"a == "x // y" // "z"#, &["a", "==", r#""x // y""#][..]),
            (r#"@"C:\" | b"#, &[r#"@"C:\""#, "|", "b"]),
            (r#"@"a""b" c"#, &[r#"@"a""b""#, "c"]),
            (r#""a\"b" c"#, &[r#""a\"b""#, "c"]),
            ("h'x|y' h@'z' hx", &["h'x|y'", "h@'z'", "hx"]),
            ("'it''s'", &["'it'", "'s'"]),
            ("```a\n| b``` c", &["```a\n| b```", "c"]),
            ("a = 'open | b\n| c", &["a", "=", "'open | b", "|", "c"]),
            ("a !in~ ({{don't}})", &["a", "!", "in", "~", "(", "{{don't}}", ")"]),
            ("ago(7d)..now()", &["ago", "(", "7d", ")", "..", "now", "(", ")"]),
            ("a\u{a0}!=\u{200b}1", &["a", "!=", "1"]),
        ] {
            assert_eq!(significant(text), tokens, "{text}");
        }
    }

    #[test]
    fn a_literal_says_what_it_stands_for() {
        for (token, value) in [
            (r#""C:\\a""#, Some(r"C:\a")),
            (r#"@"C:\a""#, Some(r"C:\a")),
            (r"@'it''s'", Some("it's")),
            (r#"h"x""#, Some("x")),
            (r#""\x41\u0042""#, Some("AB")),
            (r#""\.""#, None),
            (r#""open"#, None),
            ("```a'b```", Some("a'b")),
        ] {
            assert_eq!(literal(token).as_deref(), value, "{token}");
        }
    }

    proptest! {
        #[test]
        fn tokens_cover_every_byte(text in r#"(?s)([a-z"'@h`|/\\\r\n(){};, \t~!]|//|\{\{|\}\}|.){0,60}"#) {
            let mut at = 0;
            for token in lex(&text) {
                prop_assert_eq!(token.start, at);
                prop_assert!(token.end > at && text.is_char_boundary(token.end));
                let _ = literal(token.text(&text));
                at = token.end;
            }
            prop_assert_eq!(at, text.len());
        }
    }
}
