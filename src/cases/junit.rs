//! The cases as JUnit XML, which CI systems read.
//!
//! In: a [`CasesReport`]. Out: a document with one `testsuite` for each list file and one `testcase` for each case. An
//! exclusion without cases of both kinds is a failed testcase of its own, so that the document fails whenever
//! `quell test` does; only a run without any exclusion has nothing in it to fail, and says so by its exit code.

use super::CaseResult;
use super::report::{CasesReport, ListReport, Untested};
use crate::report::printable;
use std::fmt::Write;

/// The document.
pub fn document(report: &CasesReport) -> String {
    let totals = report.totals;
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"quell test\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"0\" time=\"0\">\n",
        totals.cases + totals.untested,
        totals.failed + totals.untested
    );
    report.lists.iter().for_each(|list| suite(&mut out, list));
    out + "</testsuites>\n"
}

fn suite(out: &mut String, list: &ListReport) {
    let file = escaped(&list.file);
    let failed = list.cases.iter().filter(|case| !case.passed).count();
    let _ = writeln!(
        out,
        "  <testsuite name=\"{file}\" file=\"{file}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"0\" time=\"0\">",
        list.cases.len() + list.untested.len(),
        failed + list.untested.len()
    );
    for case in &list.cases {
        self::case(out, &list.file, case);
    }
    for Untested { exclusion, line, missing } in &list.untested {
        let message = format!("there is no case to {missing}");
        let text = format!(
            "{}:{line}: `{exclusion}` has no case to {missing}; add one under `cases:`",
            printable(&list.file)
        );
        begin(out, (exclusion, "has cases of both kinds"), &list.file, *line);
        failure(out, "no-case", &message, &text);
    }
    out.push_str("  </testsuite>\n");
}

fn case(out: &mut String, file: &str, case: &CaseResult) {
    let name = format!("must {}: {}", case.expected.word(), case.row);
    begin(out, (&case.exclusion, &name), file, case.line);
    let Some(why) = &case.why else {
        out.push_str("/>\n");
        return;
    };
    let message = format!("must {}, was {}", case.expected.word(), case.expected.otherwise());
    let (file, row) = (printable(file), printable(&case.row));
    failure(out, "verdict", &message, &format!("{file}:{}: {message}: {row}\n{}", case.line, printable(why)));
}

/// A testcase up to its attributes' end.
fn begin(out: &mut String, (class, name): (&str, &str), file: &str, line: usize) {
    let (class, name, file) = (escaped(class), escaped(name), escaped(file));
    let _ = write!(
        out,
        "    <testcase classname=\"{class}\" name=\"{name}\" file=\"{file}\" line=\"{line}\" time=\"0\""
    );
}

fn failure(out: &mut String, kind: &str, message: &str, text: &str) {
    let text = text.lines().map(escaped).collect::<Vec<_>>().join("\n");
    let _ = writeln!(
        out,
        ">\n      <failure type=\"{kind}\" message=\"{}\">{text}</failure>\n    </testcase>",
        escaped(message)
    );
}

/// Text that is itself in an element and in an attribute; what XML cannot hold is written out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in printable(text).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_row_becomes_markup() {
        assert_eq!(
            escaped("<a href=\"x\">&'\u{1b}\u{0}\u{ffff}"),
            "&lt;a href=&quot;x&quot;&gt;&amp;&apos;\\u{1b}\\u{0}\\u{ffff}"
        );
    }
}
