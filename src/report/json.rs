//! The report for machines.

use super::Report;
use crate::printable::JsonOut;
use std::io::{self, Write};

/// Writes the report as indented JSON. What deceives is escaped in its strings, which changes no value.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut out = JsonOut::new(out);
    serde_json::to_writer_pretty(&mut out, report)?;
    out.finish()
}
