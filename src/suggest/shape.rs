//! Texts of which some parts change and others stay: `C:\Users\ada\AppData\app-1.2.3\x.exe`.
//!
//! In: the values of a field in rows that belong together. Out: the fewest [`Pattern`]s that hold them, in which `*` stands
//! for a version, GUID, hash, user or the like, if at least [`FEWEST`] different ones were seen there. A drive or volume is never
//! one, nor is what stands before a folder of the system: `*` spans folders, so it would be met below any other.

use indexmap::IndexMap;
use std::collections::BTreeSet;

/// So many different values make a part of a text a `*`.
pub(super) const FEWEST: usize = 3;
/// So many letters and digits a pattern with `*` has to keep, without the ending of a file name.
const LITERAL: usize = 4;

const VOLUME: &str = "harddiskvolume";
/// Folders in which everybody has one of his own.
const HOMES: [&str; 3] = ["users", "home", "documents and settings"];
/// Folders that only administrators can write, at the root of a drive.
const PINNING: [&str; 5] = ["windows", "program files", "program files (x86)", "usr", "bin"];

/// A value that a condition may want.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    /// The value as a list writes it.
    pub(super) text: String,
    /// The values that it was made from, by their places.
    pub(super) from: Vec<usize>,
    /// How many `*` it has.
    pub(super) stars: usize,
    /// The text without its drive, by which the same file on several drives is one.
    pub(super) off_drive: String,
}

/// A text cut into parts that stay and parts that may change.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cut<'t> {
    /// The parts, from the first to the last character of the text.
    parts: Vec<(&'t str, bool)>,
}

impl Cut<'_> {
    /// What texts of one kind have in common: what stays, in lower case.
    fn shape(&self) -> String {
        let part = |(text, changes): &(&str, bool)| {
            if *changes { "\u{0}".into() } else { text.to_ascii_lowercase() }
        };
        self.parts.iter().map(part).collect()
    }

    /// The place of the drive among what changes.
    fn drive(&self) -> Option<usize> {
        let mut at = 0;
        for (number, (_, changes)) in self.parts.iter().enumerate() {
            let around = |place: Option<usize>| {
                place.and_then(|place| self.parts.get(place)).map_or("", |part| part.0)
            };
            let of_volume = around(number.checked_sub(1)).eq_ignore_ascii_case(VOLUME);
            if *changes && (of_volume || around(Some(number + 1)) == ":") {
                return Some(at);
            }
            at += usize::from(*changes);
        }
        None
    }

    /// Whether a part that may change stays all the same: a drive, or what stands before a folder that only administrators
    /// can write and that would no longer pin anything.
    fn pins(&self, place: usize) -> bool {
        if self.drive() == Some(place) {
            return true;
        }
        let Some((number, _)) = self.parts.iter().enumerate().filter(|(_, part)| part.1).nth(place) else {
            return false;
        };
        let text =
            |parts: &[(&str, bool)]| parts.iter().map(|part| part.0.to_ascii_lowercase()).collect::<String>();
        let (before, behind) = (text(&self.parts[..number]), text(&self.parts[number + 1..]));
        let any = |text: &str, folders: &[&str]| text.split(['\\', '/']).any(|name| folders.contains(&name));
        any(&behind, &PINNING) && !any(&before, &HOMES) && !any(&before, &PINNING)
    }

    fn changing(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter(|(_, changes)| *changes).map(|(text, _)| *text)
    }
}

/// What texts have in common once the parts that may change are taken out: rows of one shape may be one family.
pub(super) fn shape(text: &str) -> String {
    cut(text).shape()
}

/// The patterns that hold these texts. Texts that no pattern may hold are left out.
pub(super) fn patterns(texts: &[&str]) -> Vec<Pattern> {
    let mut shapes: IndexMap<String, Vec<(usize, Cut<'_>)>> = IndexMap::new();
    for (place, text) in texts.iter().enumerate() {
        let cut = cut(text);
        shapes.entry(cut.shape()).or_default().push((place, cut));
    }
    shapes.values().flat_map(|alike| of_one_shape(alike)).collect()
}

fn of_one_shape(alike: &[(usize, Cut<'_>)]) -> Vec<Pattern> {
    let places = alike.first().map_or(0, |(_, cut)| cut.changing().count());
    let varies: Vec<bool> = (0..places)
        .map(|at| {
            let seen = alike.iter().filter_map(|(_, cut)| cut.changing().nth(at));
            let many = seen.map(str::to_ascii_lowercase).collect::<BTreeSet<_>>().len() >= FEWEST;
            many && alike.iter().all(|(_, cut)| !cut.pins(at))
        })
        .collect();
    let mut found: IndexMap<String, Pattern> = IndexMap::new();
    for (place, cut) in alike {
        let text = written(cut, &varies, None);
        let stars = text.matches('*').count();
        let off_drive = written(cut, &varies, cut.drive());
        let pattern = || Pattern { text: text.clone(), from: Vec::new(), stars, off_drive };
        found.entry(text.to_ascii_lowercase()).or_insert_with(pattern).from.push(*place);
    }
    found.into_values().filter(|pattern| pattern.stars == 0 || says_enough(&pattern.text)).collect()
}

/// The text with `*` for every part that varies, and without one that is left out.
fn written(cut: &Cut<'_>, varies: &[bool], without: Option<usize>) -> String {
    let (mut out, mut at) = (String::new(), 0);
    for (text, changes) in &cut.parts {
        let star = *changes && varies.get(at).copied().unwrap_or(false);
        if *changes && without == Some(at) {
            at += 1;
            continue;
        }
        at += usize::from(*changes);
        match star {
            true if out.ends_with('*') => {}
            true => out.push('*'),
            false => out.push_str(text),
        }
    }
    out
}

/// Whether what stays of a text tells it from most others.
fn says_enough(pattern: &str) -> bool {
    let last = pattern.rsplit(['\\', '/']).next().unwrap_or_default();
    let ending = last.rsplit_once('.').map_or(0, |(_, ending)| ending.len());
    let literal = pattern[..pattern.len() - ending].chars().filter(char::is_ascii_alphanumeric).count();
    literal >= LITERAL
}

fn cut(text: &str) -> Cut<'_> {
    let mut parts: Vec<(&str, bool)> = Vec::new();
    let mut before = "";
    for segment in text.split_inclusive(['\\', '/']) {
        let name = segment.trim_end_matches(['\\', '/']);
        if is_user(name, before) {
            parts.push((name, true));
        } else {
            cut_segment(name, &mut parts);
        }
        parts.push((&segment[name.len()..], false));
        before = name;
    }
    parts.retain(|(text, _)| !text.is_empty());
    Cut { parts }
}

/// Whether a segment is the name of somebody's own folder.
fn is_user(segment: &str, before: &str) -> bool {
    let shared = ["public", "default", "all users", "default user"];
    HOMES.iter().any(|home| before.eq_ignore_ascii_case(home))
        && !shared.iter().any(|name| segment.eq_ignore_ascii_case(name))
}

/// Cuts a segment at the words in it, and finds out which of them may change.
fn cut_segment<'t>(segment: &'t str, parts: &mut Vec<(&'t str, bool)>) {
    let drive = VOLUME;
    if segment.len() == 2 && segment.ends_with(':') {
        parts.extend([(&segment[..1], true), (&segment[1..], false)]);
        return;
    }
    if segment.get(..drive.len()).is_some_and(|start| start.eq_ignore_ascii_case(drive)) {
        parts.extend([(&segment[..drive.len()], false), (&segment[drive.len()..], true)]);
        return;
    }
    let mut rest = segment;
    while !rest.is_empty() {
        let (length, changes) = next_word(rest);
        let (word, behind) = rest.split_at(length);
        match parts.last_mut() {
            // Letters that stay are one part, so that shapes of a text are compared as a whole.
            _ if changes || parts.is_empty() => parts.push((word, changes)),
            _ => parts.push((word, false)),
        }
        rest = behind;
    }
}

/// The length of the first word of a text, and whether it may change.
fn next_word(text: &str) -> (usize, bool) {
    if let Some(length) = guid(text) {
        return (length, true);
    }
    let word = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    if word == 0 {
        return (text.chars().next().map_or(1, char::len_utf8), false);
    }
    let version = version(text);
    if version > 0 {
        return (version, true);
    }
    (word, is_random(&text[..word]))
}

/// The length of a GUID at the beginning, with its braces.
fn guid(text: &str) -> Option<usize> {
    let braced = text.starts_with('{');
    let bare = text.get(usize::from(braced)..)?.get(..36)?;
    let fits = bare.bytes().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    });
    let closed = !braced || text.as_bytes().get(37) == Some(&b'}');
    let ends = text[36 + usize::from(braced)..].chars().next().is_none_or(|c| !c.is_ascii_hexdigit());
    (fits && closed && ends).then_some(36 + 2 * usize::from(braced))
}

/// The length of a version at the beginning: numbers with dots, hyphens or underscores between them, or one long number.
fn version(text: &str) -> usize {
    let lead =
        usize::from(text.starts_with(['v', 'V']) && text.as_bytes().get(1).is_some_and(u8::is_ascii_digit));
    let (mut end, mut numbers, mut at) = (0, 0, lead);
    loop {
        let digits = text[at..].bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 || text[at + digits..].starts_with(|c: char| c.is_ascii_alphabetic()) {
            break;
        }
        (end, numbers) = (at + digits, numbers + 1);
        if !text[end..].starts_with(['.', '-', '_']) {
            break;
        }
        at = end + 1;
    }
    let one = numbers == 1 && (end - lead >= 4 || end == text.len() && lead == 0);
    if numbers >= 2 || one { end } else { 0 }
}

/// Whether a word is a hash, an identifier in hexadecimal digits, or letters and digits mixed as no person writes them.
fn is_random(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let hex = word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let turns = word.as_bytes().windows(2).filter(|two| two[0].is_ascii_digit() != two[1].is_ascii_digit());
    hex && digits > 0 && (word.len() >= 8 || word.len() >= 6 && digits >= 2)
        || word.len() >= 5 && digits >= 2 && turns.count() >= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(texts: &[&str]) -> Vec<String> {
        patterns(texts).into_iter().map(|pattern| pattern.text).collect()
    }

    #[test]
    fn what_changes_becomes_a_star_once_three_values_were_seen() {
        let path = |user: &str, version: &str| {
            format!(r"C:\Users\{user}\AppData\Local\Fabrikam\app-{version}\Update.exe")
        };
        let three = [path("ada", "1.0.2"), path("bob", "1.1.0"), path("eve", "2.0.1")];
        let three: Vec<&str> = three.iter().map(String::as_str).collect();
        assert_eq!(of(&three), [r"C:\Users\*\AppData\Local\Fabrikam\app-*\Update.exe"]);
        assert_eq!(of(&three[..2]), three[..2], "two may be all there are");
        let versions = [path("ada", "1.0.2"), path("ada", "1.1.0"), path("ADA", "2.0.1")];
        let versions: Vec<&str> = versions.iter().map(String::as_str).collect();
        assert_eq!(of(&versions), [r"C:\Users\ada\AppData\Local\Fabrikam\app-*\Update.exe"]);
    }

    #[test]
    fn guids_and_hashes_change_and_names_and_drives_stay() {
        let guid = |n: u8| format!(r"C:\ProgramData\{{ba6bfda3-bf4b-6849-584c-243142a1ec4{n}}}\setup.exe");
        let guids = [guid(1), guid(2), guid(3)];
        assert_eq!(of(&guids.each_ref().map(String::as_str)), [r"C:\ProgramData\*\setup.exe"]);
        let disks = [1, 2, 3].map(|n| format!(r"\device\harddiskvolume{n}\windows\system32\dns.exe"));
        assert_eq!(
            of(&disks.each_ref().map(String::as_str)),
            disks.each_ref().map(String::as_str),
            "below `*` any folder of any user could stand"
        );
        let shares = ["a1b2c3d4e5", "99ffee0011", "0a0b0c0d0e"];
        let system = shares.map(|share| format!(r"\\{share}\c$\Windows\a.exe"));
        assert_eq!(of(&system.each_ref().map(String::as_str)).len(), 3, "nor before a folder that pins");
        let own = shares.map(|word| format!(r"C:\Users\ada\{word}\Windows\a.exe"));
        assert_eq!(of(&own.each_ref().map(String::as_str)), [r"C:\Users\ada\*\Windows\a.exe"]);
        let names = ["a1b2c3d4e5.tmp", "99ffee0011.tmp", "0a0b0c0d0e.tmp"];
        assert!(of(&names).is_empty(), "nothing would stay but the ending");
        assert_eq!(of(&["setup-4af81c02.exe", "setup-99ffee00.exe", "setup-0a0b0c0d.exe"]), ["setup-*.exe"]);
        let folders =
            [r"C:\Windows\System32\a.exe", r"C:\Windows\SysWOW64\a.exe", r"C:\Windows\Sysnative\a.exe"];
        assert_eq!(of(&folders), folders);
        assert_eq!(of(&[r"C:\Users\Public\a.exe"]), [r"C:\Users\Public\a.exe"]);
    }

    #[test]
    fn a_text_is_cut_without_loss() {
        for text in [
            "",
            "\\",
            "C:",
            "{",
            "v1",
            "1.2-3_4",
            "é1.2é",
            r"\\server\share\1.0\",
            "{ba6bfda3-bf4b-6849-584c-243142a1ec44",
        ] {
            let cut = cut(text);
            assert_eq!(cut.parts.iter().map(|(part, _)| *part).collect::<String>(), text);
        }
    }
}
