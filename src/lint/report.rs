//! Findings with their places and levels, ready to be shown.
//!
//! In: findings, the texts of the lists. Out: [`Reported`] for machines, [`Diagnostic`]s for a person.

use super::settings::Settings;
use super::{Finding, LINTS, Level, Lint};
use crate::diagnostic::{self, Diagnostic, Place};
use crate::exclusions::edit::{ExclusionPart, ExclusionPlaces};
use crate::exclusions::model::Exclusion;
use crate::exclusions::validate::ListText;
use crate::report::words::count;
use hashbrown::{HashMap, HashSet};
use serde::Serialize;

/// A finding as it is shown to machines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reported {
    /// The code of its lint.
    pub code: &'static str,
    /// Its level in this run.
    pub level: Level,
    /// The id of the exclusion.
    pub exclusion: String,
    /// The list as the user named it.
    pub file: String,
    /// Line from 1.
    pub line: usize,
    /// Column from 1, in characters.
    pub column: usize,
    /// Characters that it is about.
    pub width: usize,
    /// What is doubtful.
    pub message: String,
    /// Why that matters.
    pub why: &'static str,
    /// What to do.
    pub fix: &'static str,
    /// What to do here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    #[serde(skip)]
    text: String,
}

/// Findings by level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct FindingTotals {
    /// Exclusions that were looked at.
    pub exclusions: usize,
    /// Findings at level deny.
    pub deny: usize,
    /// Findings at level warn.
    pub warn: usize,
}

/// Everything about a run, for `--format json`.
#[derive(Debug, Serialize)]
pub struct LintReport {
    /// Counts.
    pub totals: FindingTotals,
    /// The findings, in the order of the lists.
    pub findings: Vec<Reported>,
}

impl LintReport {
    /// Gives findings their places.
    pub fn new(
        findings: Vec<Finding>,
        exclusions: &[Exclusion],
        texts: &[ListText],
        settings: &Settings,
    ) -> Self {
        let texts: HashMap<&str, &ListText> = texts.iter().map(|text| (&*text.file, text)).collect();
        let mut places: HashMap<&str, Option<ExclusionPlaces<'_>>> = HashMap::new();
        let mut totals = FindingTotals { exclusions: exclusions.len(), ..FindingTotals::default() };
        let mut reported = Vec::with_capacity(findings.len());
        for finding in findings {
            let exclusion = &exclusions[finding.exclusion];
            let file = &*exclusion.origin.file;
            let known =
                places.entry(file).or_insert_with(|| texts.get(file).map(|list| ExclusionPlaces::new(list)));
            let place = known.as_ref().and_then(|places| places.place(&exclusion.id, finding.part));
            let Some(lint) = LINTS.iter().find(|lint| lint.code == finding.code) else { continue };
            let level = settings.level(lint);
            totals.deny += usize::from(level == Level::Deny);
            totals.warn += usize::from(level == Level::Warn);
            reported.push((finding.exclusion, one(finding, lint, level, exclusion, place)));
        }
        // Within an exclusion from top to bottom. Two findings at one place stand in the order of the codes.
        reported.sort_by_key(|(exclusion, finding): &(usize, Reported)| {
            (*exclusion, finding.line, finding.column)
        });
        Self { totals, findings: reported.into_iter().map(|(_, finding)| finding).collect() }
    }

    /// Whether some finding is at this level or above.
    pub fn reaches(&self, level: Level) -> bool {
        self.findings.iter().any(|finding| finding.level >= level)
    }

    /// The findings for a person. Only the first finding of a code says why it matters and what to do.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let mut told = HashSet::new();
        self.findings.iter().map(|finding| finding.diagnostic(told.insert(finding.code))).collect()
    }

    /// One line on how it went.
    pub fn summary(&self) -> String {
        let FindingTotals { exclusions, deny, warn } = self.totals;
        let exclusions = count(exclusions as u64, "exclusion", "exclusions");
        let [deny, warn] = [deny, warn].map(|findings| count(findings as u64, "finding", "findings"));
        format!("{exclusions}: {deny} at level deny, {warn} at level warn")
    }
}

fn one(finding: Finding, lint: &Lint, level: Level, exclusion: &Exclusion, place: Option<Place>) -> Reported {
    let place = place.unwrap_or_else(|| Place {
        file: exclusion.origin.file.to_string(),
        line: exclusion.origin.line,
        column: 1,
        width: 1,
        text: String::new(),
    });
    // A finding about a whole exclusion or entry names it in its message.
    let message = match finding.part {
        ExclusionPart::Exclusion | ExclusionPart::Key(_)
            if !finding.message.starts_with(&format!("`{}`", exclusion.id)) =>
        {
            format!("`{}`: {}", exclusion.id, finding.message)
        }
        _ => finding.message,
    };
    Reported {
        code: finding.code,
        level,
        exclusion: exclusion.id.clone(),
        file: place.file,
        line: place.line,
        column: place.column,
        width: place.width,
        message,
        why: lint.why,
        fix: lint.fix,
        help: finding.help,
        text: place.text,
    }
}

impl Reported {
    fn diagnostic(&self, first: bool) -> Diagnostic {
        let place = Place {
            file: self.file.clone(),
            line: self.line,
            column: self.column,
            width: self.width,
            text: self.text.clone(),
        };
        let mut diagnostic = Diagnostic::error(self.code, &self.message).at(place);
        diagnostic.level = match self.level {
            Level::Deny => diagnostic::Severity::Error,
            Level::Warn | Level::Allow => diagnostic::Severity::Warning,
        };
        if first {
            diagnostic = diagnostic.note(self.why).help(self.fix);
        }
        match &self.help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }
    }
}
