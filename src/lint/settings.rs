//! What a repository says once, so that nobody has to say it with every command: its lists, and levels and limits of lints.
//!
//! In: the text of a settings file, `quell.yaml`. Out: [`ProjectSettings`]. Flags of a command change them afterwards.

use super::{Level, Lint, lint};
use crate::yaml;
use indexmap::IndexMap;
use serde::Deserialize;

/// A settings file.
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProjectSettings {
    /// Lists and folders of lists, counted from the folder of the file, for commands that examine lists and are given none.
    /// Commands that suppress rows take no list from here: what is suppressed is said where the command is.
    pub exclusions: Vec<String>,
    /// Levels and limits of lints.
    pub lint: Settings,
}

/// Levels and limits.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Settings {
    /// The levels of the codes that the settings change.
    pub levels: IndexMap<String, Level>,
    /// The level from which a finding fails the run.
    pub fail_on: Level,
    /// The shortest prefix of an IPv4 network that is not wide.
    pub widest_ipv4: u32,
    /// The shortest prefix of an IPv6 network that is not wide.
    pub widest_ipv6: u32,
    /// Characters that `contains` needs.
    pub shortest_contains: usize,
    /// An exclusion with at most this many days left is about to expire.
    pub expires_within: u32,
    /// The most days that an exclusion may still have left.
    pub longest_life: u32,
    /// Days without a row after which an exclusion is stale.
    pub stale_after: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            levels: IndexMap::new(),
            fail_on: Level::Deny,
            widest_ipv4: 16,
            widest_ipv6: 48,
            shortest_contains: 4,
            expires_within: 30,
            longest_life: 400,
            stale_after: 90,
        }
    }
}

impl ProjectSettings {
    /// Reads a settings file. The error is one line for a person.
    pub fn parse(text: &str) -> Result<Self, String> {
        let written: Option<Self> = yaml::from_str(text)?;
        let written = written.unwrap_or_default();
        Ok(Self { lint: written.lint.checked()?, ..written })
    }
}

impl Settings {
    /// The levels and limits of a settings file. The error is one line for a person.
    pub fn parse(text: &str) -> Result<Self, String> {
        ProjectSettings::parse(text).map(|project| project.lint)
    }

    fn checked(self) -> Result<Self, String> {
        let settings = self;
        settings.levels.keys().try_for_each(|code| lint(code).map(drop))?;
        if settings.widest_ipv4 > 32 || settings.widest_ipv6 > 128 {
            return Err("a prefix is at most 32 for widest-ipv4 and 128 for widest-ipv6".to_owned());
        }
        Ok(settings)
    }

    /// The level of a lint.
    pub fn level(&self, lint: &Lint) -> Level {
        self.levels.get(lint.code).copied().unwrap_or(lint.level)
    }

    /// Gives a code another level; the error names the nearest codes.
    pub fn set(&mut self, code: &str, level: Level) -> Result<(), String> {
        self.levels.insert(lint(code)?.code.to_owned(), level);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_settings_file_says_levels_and_limits() {
        let settings = Settings::parse("lint: {levels: {no-owner: deny}, widest-ipv4: 24}").unwrap();
        assert_eq!(settings.level(lint("no-owner").unwrap()), Level::Deny);
        assert_eq!((settings.widest_ipv4, settings.widest_ipv6), (24, 48));
        assert_eq!(Settings::parse("").unwrap(), Settings::default());
        let project = ProjectSettings::parse("exclusions: [exclusions]").unwrap();
        assert_eq!((project.exclusions, project.lint), (vec!["exclusions".to_owned()], Settings::default()));
    }

    #[test]
    fn a_wrong_settings_file_says_what_is_wrong() {
        assert!(Settings::parse("lint: {levels: {no-ownr: deny}}").unwrap_err().contains("no-owner"));
        assert!(Settings::parse("lint: {wides: 1}").unwrap_err().contains("widest-ipv4"));
    }
}
