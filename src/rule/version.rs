//! The version of a rule file.
//!
//! In: the text of a file. Out: the same with the last number of its version one higher. A file without a version stays
//! as it is.

use super::queries::FileKind;

/// Raises the top-level key `version` of a rule in YAML.
pub fn with_next_version(kind: FileKind, text: &str) -> String {
    if kind != FileKind::Yaml {
        return text.to_owned();
    }
    let mut done = false;
    text.split_inclusive('\n')
        .map(|line| {
            let next = if done { None } else { next(line) };
            done |= next.is_some();
            next.unwrap_or_else(|| line.to_owned())
        })
        .collect()
}

fn next(line: &str) -> Option<String> {
    let (key, value) = line.split_once(':')?;
    if !key.trim_start_matches('\u{feff}').trim_end().eq_ignore_ascii_case("version") {
        return None;
    }
    let written = value.trim().trim_matches(['"', '\'']);
    let (front, last) = written.rsplit_once('.').map_or(("", written), |(front, last)| (front, last));
    let raised = last.parse::<u64>().ok()?.checked_add(1)?;
    let version = if front.is_empty() { raised.to_string() } else { format!("{front}.{raised}") };
    Some(format!("{key}:{}", value.replacen(written, &version, 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_number_of_a_version_is_raised() {
        for (text, wanted) in [
            ("id: x\nversion: 1.0.9\nquery: |\n  T\n", "id: x\nversion: 1.0.10\nquery: |\n  T\n"),
            ("Version: '3'\r\n", "Version: '4'\r\n"),
            ("version: \"1.2\" # ours", "version: \"1.2\" # ours"),
            ("version: one\n", "version: one\n"),
            ("name: x\n  version: 1.0.0\n", "name: x\n  version: 1.0.0\n"),
        ] {
            assert_eq!(with_next_version(FileKind::Yaml, text), wanted);
        }
    }
}
