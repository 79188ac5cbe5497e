//! Queries in JSON: rules of Sentinel as ARM templates, also nested ones, saved searches, and custom detections of
//! Defender as Microsoft Graph has them.
//!
//! In: the text of a file. Out: the strings that hold queries, with the rule that each belongs to. The file is read by a
//! scanner of its own, since every string must be found again to the byte.

use super::{FoundQuery, Queries};
use crate::rule::Rule;
use crate::rule::encoding::Encoding;
use std::ops::Range;

/// Keys whose strings are queries.
const QUERIES: [&str; 2] = ["query", "querytext"];
/// Objects in objects deeper than this are no rule file.
const MAX_DEPTH: usize = 200;

/// Whether the text is an object or a list, as far as its beginning says.
pub(super) fn is_json(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let inner = text.strip_prefix(['{', '[']).map(str::trim_start);
    inner.is_some_and(|inner| inner.starts_with(['"', '{', '}', ']']))
}

pub(super) fn of_json(text: &str) -> Queries {
    let mut scanner = Scanner { text, at: 0, found: Queries::default() };
    scanner.at = text.len() - text.trim_start_matches('\u{feff}').len();
    let whole = scanner.value(&Parents::default(), "", 0).is_some();
    if !whole {
        let at = scanner.at.min(text.len());
        scanner.found.refused.push((at..text.len(), "this is no JSON from here on".to_owned()));
    }
    scanner.found
}

/// What the objects around a value say of the rule.
#[derive(Debug, Clone, Default)]
struct Parents {
    rule: Rule,
    kind: String,
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
    found: Queries,
}

impl Scanner<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn blank(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn take(&mut self, sign: char) -> Option<()> {
        self.blank();
        self.rest().starts_with(sign).then(|| self.at += sign.len_utf8())
    }

    /// The inside of a string.
    fn string(&mut self) -> Option<Range<usize>> {
        self.take('"')?;
        let start = self.at;
        let mut escaped = false;
        let end = self.rest().char_indices().find(|(_, character)| {
            let closes = *character == '"' && !escaped;
            escaped = *character == '\\' && !escaped;
            closes
        })?;
        let end = start + end.0;
        self.at = end + 1;
        Some(start..end)
    }

    fn word(&self, range: &Range<usize>) -> String {
        let raw = self.text.get(range.clone()).unwrap_or_default();
        Encoding::Json.decode(raw).map(|decoded| decoded.text).unwrap_or_default()
    }

    fn value(&mut self, parents: &Parents, key: &str, depth: usize) -> Option<()> {
        self.blank();
        match self.rest().chars().next()? {
            '{' if depth < MAX_DEPTH => self.object(parents, depth),
            '[' if depth < MAX_DEPTH => self.list(parents, depth),
            '"' => {
                let range = self.string()?;
                if QUERIES.iter().any(|known| key.eq_ignore_ascii_case(known)) {
                    self.query(range, parents);
                }
                Some(())
            }
            _ => {
                let end = self.rest().find([',', '}', ']', '\n']).unwrap_or(self.rest().len());
                let literal = self.rest()[..end].trim();
                let known = matches!(literal, "true" | "false" | "null") || literal.parse::<f64>().is_ok();
                known.then(|| self.at += end)
            }
        }
    }

    fn list(&mut self, parents: &Parents, depth: usize) -> Option<()> {
        self.take('[')?;
        if self.take(']').is_some() {
            return Some(());
        }
        loop {
            self.value(parents, "", depth + 1)?;
            if self.take(',').is_none() {
                return self.take(']');
            }
        }
    }

    /// Reads an object twice: what it says of the rule may stand behind the query.
    fn object(&mut self, parents: &Parents, depth: usize) -> Option<()> {
        let mut here = parents.clone();
        let mut fields = Vec::new();
        self.take('{')?;
        if self.take('}').is_some() {
            return Some(());
        }
        loop {
            self.blank();
            let key = self.string()?;
            self.take(':')?;
            self.blank();
            let value = self.at;
            self.skip(depth)?;
            fields.push((self.word(&key), value..self.at));
            if self.take(',').is_none() {
                self.take('}')?;
                break;
            }
        }
        let end = self.at;
        here.learn(&fields, self);
        for (key, value) in &fields {
            self.at = value.start;
            self.value(&here, key, depth + 1)?;
        }
        self.at = end;
        Some(())
    }

    /// Goes over a value without looking into it.
    fn skip(&mut self, depth: usize) -> Option<()> {
        let mut open = 0_usize;
        loop {
            self.blank();
            match self.rest().chars().next()? {
                '"' => {
                    self.string()?;
                }
                '{' | '[' => {
                    open += 1;
                    self.at += 1;
                }
                '}' | ']' => {
                    open = open.checked_sub(1)?;
                    self.at += 1;
                }
                ',' | ':' if open > 0 => self.at += 1,
                _ => {
                    let rest = self.rest();
                    let end = rest.find([',', '}', ']', '"', ' ', '\n', '\r', '\t']).unwrap_or(rest.len());
                    self.at += end.max(1);
                }
            }
            if open + depth > MAX_DEPTH {
                return None;
            }
            if open == 0 {
                return Some(());
            }
        }
    }

    fn query(&mut self, range: Range<usize>, parents: &Parents) {
        if parents.kind.contains("workbook") || parents.kind.contains("dataconnector") {
            return;
        }
        let raw = self.text.get(range.clone()).unwrap_or_default();
        let mut start = range.start;
        if raw.starts_with("[[") {
            // An escaped bracket of ARM.
            start += 1;
        } else if raw.starts_with('[') && raw.ends_with(']') {
            let why = "an expression of ARM is computed when it is deployed; write the query as text";
            return self.found.refused.push((range, why.to_owned()));
        }
        let rule = Some(parents.rule.clone()).filter(|rule| rule.id.is_some() || rule.name.is_some());
        self.found.found.push(FoundQuery { range: start..range.end, encoding: Encoding::Json, rule });
    }
}

impl Parents {
    /// Takes in what the fields of an object say: of the rule, and of the kind of resource.
    fn learn(&mut self, fields: &[(String, Range<usize>)], scanner: &Scanner<'_>) {
        let text = |name: &str| {
            let (_, range) = fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
            let raw = scanner.text.get(range.clone())?.trim();
            let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
            Encoding::Json.decode(inner).map(|decoded| decoded.text).filter(|text| !text.is_empty())
        };
        if let Some(kind) = text("type") {
            // A resource of its own, with a name of its own.
            *self = Self {
                rule: Rule { id: text("name"), name: None, query: None },
                kind: kind.to_ascii_lowercase(),
            };
        }
        if let Some(id) = text("id").or_else(|| text("alertRuleTemplateName")) {
            self.rule.id = Some(id);
        }
        if let Some(name) =
            text("displayName").or_else(|| self.rule.name.is_none().then(|| text("name")).flatten())
        {
            self.rule.name = Some(name);
        }
    }
}
