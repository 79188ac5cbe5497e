//! The report for machines.

use super::Report;
use std::io::{self, Write};

/// Writes the report as indented JSON.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    out.write_all(b"\n")
}
