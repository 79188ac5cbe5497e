//! Opens Parquet and writes it.
//!
//! In: names of files. Out: [`Opened`] with columns instead of text, and outputs of columns that wait for their names.

use super::files::Output;
use super::open::Opened;
use super::{Outcome, fail};
use quell::report::ResultsFile;
use quell::results::Format;
use quell::results::chunk::{CHUNK, Chunker};
use quell::results::encoding::Encoding;
use quell::results::layout::Layout;
use quell::results::time::Dates;
use quell::scan::parquet::{Columns, Outputs, Writer, scan};
use quell::scan::{Job, Scanned};
use std::io::{self, Read, Seek};
use std::path::Path;

/// Opens a file if it is Parquet.
pub(super) fn open(name: &str) -> Outcome<Option<Opened>> {
    // Whatever is wrong with the file is said where text is opened.
    let Ok(mut file) = super::files::open(Path::new(name)) else { return Ok(None) };
    let mut first = [0; 4];
    let regular = file.metadata().is_ok_and(|about| about.is_file());
    if !regular || file.read_exact(&mut first).is_err() || first != *b"PAR1" || file.rewind().is_err() {
        return Ok(None);
    }
    let columns = match Columns::open(file) {
        Ok(columns) => columns,
        Err(error) => return fail("cannot-read", format!("{name}: {error}"), "it may be cut off"),
    };
    Ok(Some(Opened {
        name: name.to_owned(),
        chunker: Chunker::new(Box::new(io::empty()), CHUNK),
        format: Format::Parquet,
        // Two files have one header if they have the same columns and types.
        preamble: format!("{:?}", columns.schema().fields()).into_bytes(),
        line: 1,
        names: columns.names(),
        size: None,
        encoding: Encoding::Utf8,
        nested: false,
        dates: Dates::Iso,
        columns: Some(columns),
    }))
}

/// The outputs of a run over Parquet.
#[derive(Default)]
pub(super) struct Writers {
    kept: Option<Writer<Output>>,
    suppressed: Option<Writer<Output>>,
}

impl Writers {
    /// Judges a file. The first one turns the outputs into outputs of columns.
    pub(super) fn scan(
        &mut self,
        job: &Job<'_>,
        layout: &Layout,
        columns: &mut Columns,
        outputs: [&mut Option<Output>; 2],
    ) -> io::Result<Scanned> {
        let schema = columns.schema();
        let [kept, suppressed] = outputs;
        let begin = |output: Output, attributed| Writer::new(output, &schema, attributed);
        if let Some(output) = kept.take() {
            self.kept = Some(begin(output, false)?);
        }
        if let Some(output) = suppressed.take() {
            self.suppressed = Some(begin(output, true)?);
        }
        let mut outputs = Outputs { kept: self.kept.as_mut(), suppressed: self.suppressed.as_mut() };
        scan(job, layout, columns, &mut outputs)
    }

    /// Ends the files.
    pub(super) fn finish(self, files: &[ResultsFile]) -> Outcome<[Option<Output>; 2]> {
        let name = files.first().map(|file| file.file.clone()).unwrap_or_default();
        let finish = |writer: Option<Writer<Output>>| match writer.map(Writer::finish).transpose() {
            Ok(output) => Ok(output),
            Err(error) => fail("cannot-write", format!("rows of {name}: {error}"), ""),
        };
        Ok([finish(self.kept)?, finish(self.suppressed)?])
    }
}
