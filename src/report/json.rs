//! The report for machines.

use super::Report;
use crate::printable::json_written_out;
use std::io::{self, Write};

/// Writes the report as indented JSON. What deceives is escaped in its strings, which changes no value.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let text = serde_json::to_string_pretty(report)?;
    out.write_all(json_written_out(&text).as_bytes())?;
    out.write_all(b"\n")
}
