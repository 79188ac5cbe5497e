//! Findings as SARIF 2.1.0, which code scanning services read.
//!
//! In: findings with their places. Out: one JSON document. The rules in it are [`super::LINTS`].
//! Specification: OASIS, Static Analysis Results Interchange Format 2.1.0.

use super::report::Reported;
use super::{LINTS, Level};
use serde_json::{Value, json};
use std::fmt::Write;

/// The document for these findings.
pub fn document(findings: &[Reported]) -> Value {
    let rules: Vec<Value> = LINTS
        .iter()
        .map(|lint| {
            json!({
                "id": lint.code,
                "shortDescription": {"text": lint.meaning},
                "fullDescription": {"text": lint.why},
                "help": {"text": lint.fix},
                "defaultConfiguration": {"level": level(lint.level)},
            })
        })
        .collect();
    let results: Vec<Value> = findings.iter().map(result).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "quell",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn result(finding: &Reported) -> Value {
    let index = LINTS.iter().position(|lint| lint.code == finding.code);
    let text = match &finding.help {
        Some(help) => format!("{}. {help}", finding.message),
        None => finding.message.clone(),
    };
    json!({
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": level(finding.level),
        "message": {"text": text},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": uri(&finding.file)},
            "region": {
                "startLine": finding.line.max(1),
                "startColumn": finding.column.max(1),
                "endColumn": finding.column.max(1) + finding.width,
            },
        }}],
        "partialFingerprints": {"quell/v1": format!("{}:{}:{}", finding.code, finding.exclusion, finding.message)},
    })
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Allow => "none",
        Level::Warn => "warning",
        Level::Deny => "error",
    }
}

/// A path as a relative reference (RFC 3986).
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.trim_start_matches("./").bytes() {
        match byte {
            b'\\' => out.push('/'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => drop(write!(out, "%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_path_becomes_a_reference() {
        assert_eq!(super::uri("./my lists\\a#1.yaml"), "my%20lists/a%231.yaml");
    }
}
