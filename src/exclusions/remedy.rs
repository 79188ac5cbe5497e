//! What to do about a text that is no YAML, where a value of Windows is the likeliest cause.
//!
//! In: what the parser says, and the place. Out: a sentence for a person.

/// The remedy for a mistake at a line and column, both from 1.
pub(super) fn remedy(cause: &str, text: &str, line: usize, column: usize) -> String {
    let line = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let rest: String = line.chars().skip(column.saturating_sub(1)).collect();
    let value = if cause.contains("escape") {
        // The mistake may be said to stand at the quotation mark or at the backslash behind it.
        line.split('"').nth(1).filter(|value| value.contains('\\'))
    } else if cause.contains("anchor") || cause.contains("alias") || cause.contains("character") {
        let value = rest.split([',', '}', ']']).next().map(str::trim);
        value.filter(|value| value.starts_with(['*', '&', '%', '@', '`', '!']))
    } else {
        None
    };
    match value {
        Some(value) if cause.contains("escape") => {
            format!("between double quotes a backslash begins an escape; use single quotes: '{value}'")
        }
        Some(value) => {
            let sign: String = value.chars().take(1).collect();
            format!("a value that begins with `{sign}` stands in single quotes: '{value}'")
        }
        None if cause.contains("block sequence entries") => {
            "the items of a list begin on a line of their own below the key: `when:`, then `- process.name: a.exe`; or write one entry as `when: {process.name: a.exe}`".to_owned()
        }
        None => "mend this place first; what stands behind it has not been read".to_owned(),
    }
}
