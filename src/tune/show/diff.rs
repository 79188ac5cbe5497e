//! A [`Diff`] for a person: in a terminal, or as Markdown for a pull request.
//!
//! In: a diff. Out: text.

use crate::report::markdown::{code, escape};
use crate::report::style::{Ink, Style};
use crate::report::table::{laid_out, wrapped};
use crate::report::words::{count, number, safe, value};
use crate::tune::diff::{Compared, Diff, ExclusionDiff, Moved};
use std::fmt::Write;

/// How a diff is laid out.
#[derive(Debug, Clone, Copy)]
pub struct Shown {
    /// Columns of the terminal.
    pub width: usize,
    /// As Markdown instead of for a terminal.
    pub markdown: bool,
    /// Groups of newly shown rows that are shown.
    pub groups: usize,
    /// Whether it is coloured; never as Markdown.
    pub ink: Ink,
}

/// The text of a diff, with a final line feed.
pub fn diff(diff: &Diff, shown: Shown) -> String {
    let mut page = Page { out: String::new(), shown };
    if shown.markdown {
        page.out.push_str(match diff.compared {
            Compared::Lists => "## What this change does\n\n",
            Compared::Results => "## What is new in the results\n\n",
        });
    }
    page.headline(diff);
    let differing: Vec<&ExclusionDiff> =
        diff.exclusions.iter().filter(|exclusion| exclusion.differs()).collect();
    page.exclusions(&differing);
    page.moved("Newly suppressed, look at these first:", &differing, |diff| &diff.newly_suppressed);
    page.moved("Newly shown:", &differing, |diff| &diff.newly_shown);
    page.groups(diff);
    if !diff.notes.is_empty() {
        page.title("Note:");
        for note in &diff.notes {
            let note = if shown.markdown { escape(note) } else { safe(note) };
            page.item(&note, 0);
        }
    }
    page.out
}

struct Page {
    out: String,
    shown: Shown,
}

impl Page {
    fn headline(&mut self, diff: &Diff) {
        let name = |name: &str| if self.shown.markdown { code(name) } else { safe(name) };
        let (old, new) = (&diff.old, &diff.new);
        let files = |files: &[crate::report::ResultsFile]| {
            files.iter().map(|file| name(&file.file)).collect::<Vec<_>>().join(", ")
        };
        let (before, after) = (number(old.suppressed), number(new.suppressed));
        let lines = match diff.compared {
            Compared::Lists => vec![
                format!("{} in {}.", count(new.read, "row", "rows"), files(&new.results)),
                format!(
                    "{before} suppressed by {} ({}), {after} by {} ({}).",
                    name(&old.list),
                    count(old.applied as u64, "exclusion", "exclusions"),
                    name(&new.list),
                    count(new.applied as u64, "exclusion", "exclusions"),
                ),
            ],
            Compared::Results => vec![
                format!("{} applied to both.", count(new.applied as u64, "exclusion", "exclusions"),),
                format!(
                    "{before} of {} suppressed in {}.",
                    count(old.read, "row", "rows"),
                    files(&old.results)
                ),
                format!(
                    "{after} of {} suppressed in {}.",
                    count(new.read, "row", "rows"),
                    files(&new.results)
                ),
            ],
        };
        let bold = if self.shown.markdown { "**" } else { "" };
        let part = |style: Style, rows: u64, text: String| {
            if rows > 0 { self.shown.ink.paint(style, text) } else { text }
        };
        let gone = format!("{} newly suppressed", count(diff.newly_suppressed, "row", "rows"));
        let back = format!("{} newly shown", number(diff.newly_shown));
        let moved = format!(
            "{bold}{}, {}.{bold}",
            part(Style::Loose, diff.newly_suppressed, gone),
            part(Style::Kept, diff.newly_shown, back)
        );
        for line in lines.iter().chain([&moved]) {
            wrapped(&mut self.out, line, "", if self.shown.markdown { usize::MAX } else { self.shown.width });
        }
    }

    fn title(&mut self, title: &str) {
        let title = if self.shown.markdown {
            format!("### {}\n", title.trim_end_matches(':'))
        } else if title.starts_with("Newly suppressed") {
            self.shown.ink.paint(Style::Loose, title)
        } else if title.starts_with("Newly shown") {
            self.shown.ink.paint(Style::Kept, title)
        } else {
            title.to_owned()
        };
        let _ = writeln!(self.out, "\n{title}");
    }

    /// One item; `text` is markup already where the page is Markdown.
    fn item(&mut self, text: &str, depth: usize) {
        let indent = "  ".repeat(depth);
        if self.shown.markdown {
            let _ = writeln!(self.out, "{indent}- {text}");
        } else {
            wrapped(&mut self.out, text, &format!("  {indent}"), self.shown.width);
        }
    }

    fn exclusions(&mut self, exclusions: &[&ExclusionDiff]) {
        if exclusions.is_empty() {
            self.out.push_str("\nNo exclusion differs or does anything else.\n");
            return;
        }
        let header = ["exclusion", "change", "matches", "sole", "newly suppressed", "newly shown"];
        let rows = exclusions.iter().map(|exclusion| {
            [
                safe(&exclusion.id),
                exclusion.change.word().to_owned(),
                arrow(exclusion.old.matches, exclusion.new.matches),
                arrow(exclusion.old.sole, exclusion.new.sole),
                number(exclusion.newly_suppressed.rows),
                number(exclusion.newly_shown.rows),
            ]
        });
        if !self.shown.markdown {
            let rows = std::iter::once(header.map(str::to_owned)).chain(rows).collect();
            let _ = writeln!(self.out, "\n{}", laid_out(rows, 2..6, self.shown.width));
            return;
        }
        let _ = writeln!(self.out, "\n| {} |\n|---|---|--:|--:|--:|--:|", header.join(" | "));
        for [id, rest @ ..] in rows {
            let _ = writeln!(self.out, "| {} | {} |", code(&id), rest.join(" | "));
        }
    }

    fn moved(&mut self, title: &str, exclusions: &[&ExclusionDiff], of: impl Fn(&ExclusionDiff) -> &Moved) {
        let mut moving = exclusions.iter().filter(|exclusion| of(exclusion).rows > 0).peekable();
        if moving.peek().is_none() {
            return;
        }
        self.title(title);
        for exclusion in moving {
            let Moved { rows, examples } = of(exclusion);
            let id = if self.shown.markdown { code(&exclusion.id) } else { safe(&exclusion.id) };
            let such_as = if examples.is_empty() { "" } else { ", such as" };
            self.item(&format!("{id}: {}{such_as}", count(*rows, "row", "rows")), 0);
            for example in examples {
                let cells: Vec<String> =
                    example.iter().map(|(field, cell)| format!("{field}={}", value(cell))).collect();
                let cells = cells.join(", ");
                self.item(&if self.shown.markdown { code(&cells) } else { cells }, 1);
            }
        }
    }

    fn groups(&mut self, diff: &Diff) {
        if diff.shown_groups.is_empty() {
            return;
        }
        self.title("Newly shown, by process and destination network:");
        let listed = diff.shown_groups.iter().take(self.shown.groups);
        let rows = listed.map(|group| [value(&group.process), safe(&group.destination), number(group.rows)]);
        let header = ["process", "destination", "rows"];
        if self.shown.markdown {
            let _ = writeln!(self.out, "| {} |\n|---|---|--:|", header.join(" | "));
            for [process, destination, rows] in rows {
                let _ = writeln!(self.out, "| {} | {} | {rows} |", code(&process), escape(&destination));
            }
        } else {
            let rows = std::iter::once(header.map(str::to_owned)).chain(rows).collect();
            let _ = writeln!(self.out, "{}", laid_out(rows, 2..3, self.shown.width));
        }
        let more = diff.shown_groups.len().saturating_sub(self.shown.groups) as u64;
        if more > 0 {
            let _ = writeln!(self.out, "\n{}", count(more, "more group", "more groups"));
        }
    }
}

fn arrow(old: u64, new: u64) -> String {
    if old == new { number(new) } else { format!("{} -> {}", number(old), number(new)) }
}
