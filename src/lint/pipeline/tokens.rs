//! The words of a query: enough of its grammar to tell text, comments and brackets apart.
//!
//! In: the text of a query. Out: tokens, and their division at places outside brackets.

/// A word of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name or keyword.
    Word(String),
    /// A whole number.
    Number(String),
    /// A text, without its quotes.
    Text(String),
    /// An opening bracket of any kind.
    Open,
    /// A closing bracket of any kind.
    Close,
    /// Anything else; the characters of an operator together.
    Symbol(String),
}

impl Token {
    pub(super) fn word(&self) -> Option<&str> {
        match self {
            Self::Word(word) => Some(word),
            _ => None,
        }
    }

    pub(super) fn is(&self, keyword: &str) -> bool {
        self.word().is_some_and(|word| word.eq_ignore_ascii_case(keyword))
    }

    /// As an operator is written.
    pub(super) fn source(&self) -> &str {
        match self {
            Self::Word(text) | Self::Symbol(text) => text,
            _ => "",
        }
    }
}

/// Divides a query into tokens; comments are left out.
pub(super) fn tokens(query: &str) -> Vec<Token> {
    let mut out = Vec::new();
    let mut rest = query;
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            _ if rest.starts_with("//") => (None, rest.find('\n').unwrap_or(rest.len())),
            _ if first.is_whitespace() => (None, first.len_utf8()),
            '(' | '[' | '{' => (Some(Token::Open), 1),
            ')' | ']' | '}' => (Some(Token::Close), 1),
            _ => match text(rest) {
                Some((text, length)) => (Some(Token::Text(text)), length),
                None => word_or_symbol(rest, first),
            },
        };
        out.extend(token);
        rest = &rest[length..];
    }
    out
}

fn word_or_symbol(rest: &str, first: char) -> (Option<Token>, usize) {
    let run = |is: fn(char) -> bool| rest.find(|c: char| !is(c)).unwrap_or(rest.len());
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$');
    if first.is_alphanumeric() || matches!(first, '_' | '$') {
        let length = run(is_word);
        let text = rest[..length].to_owned();
        let number = text.bytes().all(|byte| byte.is_ascii_digit());
        return (Some(if number { Token::Number(text) } else { Token::Word(text) }), length);
    }
    let is_operator = |c: char| matches!(c, '=' | '!' | '~' | '<' | '>');
    let length = if is_operator(first) { run(is_operator) } else { first.len_utf8() };
    (Some(Token::Symbol(rest[..length].to_owned())), length)
}

/// A text at the beginning, with `@` or `h` before it, and how long it is there.
fn text(rest: &str) -> Option<(String, usize)> {
    let marks =
        rest.find(['"', '\'']).filter(|end| matches!(&rest[..*end], "" | "@" | "h" | "H" | "h@" | "H@"))?;
    let verbatim = rest[..marks].ends_with('@');
    let quote = rest[marks..].chars().next()?;
    let mut out = String::new();
    let mut characters = rest[marks + 1..].char_indices();
    while let Some((place, c)) = characters.next() {
        match c {
            '\\' if !verbatim => out.extend(characters.next().map(|(_, escaped)| escaped)),
            _ if c == quote => return Some((out, marks + 1 + place + 1)),
            _ => out.push(c),
        }
    }
    // A quote that never closes reaches to the end.
    Some((out, rest.len()))
}

/// Divides tokens where `is` holds outside brackets; empty parts are left out.
pub(super) fn top_level(tokens: &[Token], is: impl Fn(&Token) -> bool) -> Vec<&[Token]> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (place, token) in tokens.iter().enumerate() {
        match token {
            Token::Open => depth += 1,
            Token::Close => depth = depth.saturating_sub(1),
            _ if depth == 0 && is(token) => {
                parts.push(&tokens[start..place]);
                start = place + 1;
            }
            _ => {}
        }
    }
    parts.push(&tokens[start..]);
    parts.retain(|part| !part.is_empty());
    parts
}

/// The statements of a query.
pub(super) fn statements(tokens: &[Token]) -> Vec<&[Token]> {
    top_level(tokens, |token| *token == Token::Symbol(";".into()))
}

/// Whether no bracket is closed that was not opened.
pub(super) fn is_balanced(tokens: &[Token]) -> bool {
    let mut depth = 0_usize;
    tokens.iter().all(|token| {
        match token {
            Token::Open => depth += 1,
            Token::Close if depth == 0 => return false,
            Token::Close => depth -= 1,
            _ => {}
        }
        true
    })
}
