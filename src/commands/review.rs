//! The review that somebody exported from the page of a report, for `quell apply --review`.
//!
//! In: the file, as docs/report.md describes it. Out: the drafts as lists, and the exclusions that are switched off. What
//! `apply` has no switch for is refused, never ignored: it would show other rows than the page did.

use super::lists::read_text;
use super::{Outcome, fail};
use quell::exclusions::model::Exclusion;
use quell::exclusions::validate::ListText;
use serde::Deserialize;
use std::path::Path;

/// The format that this version knows.
pub(super) const FORMAT: &str = "quell-review/1";
/// A larger file is no review.
const MAX_REVIEW: u64 = 64 << 20;

/// What a review says about lists.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Review {
    #[serde(default)]
    format: String,
    #[serde(default)]
    switches: Switches,
    #[serde(default)]
    drafts: Vec<Draft>,
    #[serde(skip)]
    file: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Switches {
    off: Vec<String>,
    without: Vec<SwitchedEntry>,
    scoped: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct SwitchedEntry {
    id: String,
}

#[derive(Debug, Deserialize)]
struct Draft {
    id: String,
    on: bool,
    yaml: String,
}

impl Review {
    /// Reads a review for its drafts alone.
    pub(super) fn for_drafts(path: &Path) -> Outcome<Self> {
        let file = path.display().to_string();
        let text = read_text(path, MAX_REVIEW)?;
        let help =
            "`Export review` on the page of a report writes one; docs/report.md says what stands in it";
        let mut review: Self = match serde_json::from_str(&text) {
            Ok(review) => review,
            Err(error) => return fail("bad-review", format!("{file}: this is no review: {error}"), help),
        };
        if review.format != FORMAT {
            let message = format!("{file}: its format is `{}`, and not {FORMAT}", review.format);
            return fail("bad-review", message, help);
        }
        review.file = file;
        Ok(review)
    }

    /// Reads a review to apply it.
    pub(super) fn read(path: &Path) -> Outcome<Self> {
        let review = Self::for_drafts(path)?;
        let file = &review.file;
        let switches = &review.switches;
        let others: Vec<&str> = switches
            .without
            .iter()
            .map(|entry| &*entry.id)
            .chain(switches.scoped.iter().map(|id| &**id))
            .collect();
        if !others.is_empty() {
            let message = format!(
                "{file}: it has switches inside of {}, which are of the page only",
                others.join(", ")
            );
            return fail(
                "bad-review",
                message,
                "change the list as the page shows it (`Copy YAML`), or set these switches back and export again",
            );
        }
        Ok(review)
    }

    /// The drafts that are switched on, each as a list.
    pub(super) fn lists(&self) -> Vec<ListText> {
        let on = self.drafts.iter().filter(|draft| draft.on);
        let list = |draft: &Draft| ListText {
            file: format!("{}, draft {}", self.file, draft.id),
            text: draft.yaml.clone(),
        };
        on.map(list).collect()
    }

    /// Takes out the exclusions that are switched off, and says which they are; an error if one of them is not there.
    pub(super) fn take_out(
        &self,
        all: &[Exclusion],
        applied: &mut Vec<&Exclusion>,
    ) -> Outcome<Option<String>> {
        let off = &self.switches.off;
        if let Some(unknown) = off.iter().find(|id| all.iter().all(|exclusion| exclusion.id != **id)) {
            let message =
                format!("{}: no loaded list has the exclusion `{unknown}`, which it switches off", self.file);
            return fail(
                "bad-review",
                message,
                "give the lists that the report was made with, by --exclusions",
            );
        }
        applied.retain(|exclusion| !off.contains(&exclusion.id));
        let said = format!("SWITCHED OFF in {}, and so not applied: {}.", self.file, off.join(", "));
        Ok(Some(said).filter(|_| !off.is_empty()))
    }
}
