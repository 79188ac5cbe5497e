//! Writes one file: its bytes go to a temporary file beside the target, which the set of files renames in the end.
//!
//! A target that is no regular file (a pipe, a device) is written to directly. A file whose name ends in `.gz` or `.zst` is
//! compressed. The caller chooses the encoding of the text.

use super::set::{Finished, cannot_write, place};
use super::system;
use super::undo::create_beside;
use crate::commands::{Outcome, fail};
use flate2::write::GzEncoder;
use quell::input::decompress::Compression;
use quell::input::utf16::{Encoder, Encoding};
use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice, Write};
use std::ops::Range;
use std::path::PathBuf;

/// How many parts are written with one system call; Linux takes no more.
const PARTS: usize = 1_024;

type Stream = Box<dyn Write + Send>;

/// Where a regular file will stand in the end.
struct Target {
    path: PathBuf,
    temporary: PathBuf,
    /// The open temporary file, to sync it and to hold its lock.
    file: File,
}

/// Where the bytes of a file go, compressed or not.
enum Body {
    Plain(Stream),
    Gzip(GzEncoder<Stream>),
    Zstd(zstd::stream::write::Encoder<'static, Stream>),
}

impl Body {
    fn new(target: Stream, compression: Option<Compression>) -> io::Result<Self> {
        Ok(match compression {
            None => Self::Plain(target),
            Some(Compression::Gzip) => Self::Gzip(GzEncoder::new(target, flate2::Compression::default())),
            Some(Compression::Zstd) => {
                let mut encoder = zstd::stream::write::Encoder::new(target, 0)?;
                encoder.include_checksum(true)?;
                Self::Zstd(encoder)
            }
        })
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::Plain(target) => Ok(target),
            Self::Gzip(encoder) => encoder.finish(),
            Self::Zstd(encoder) => encoder.finish(),
        }?
        .flush()
    }
}

impl Write for Body {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(target) => target.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Plain(target) => target.write_vectored(parts),
            Self::Gzip(encoder) => encoder.write_vectored(parts),
            Self::Zstd(encoder) => encoder.write_vectored(parts),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(target) => target.flush(),
            Self::Gzip(encoder) => encoder.flush(),
            Self::Zstd(encoder) => encoder.flush(),
        }
    }
}

/// A file that is being written.
pub(crate) struct Output {
    name: String,
    body: Body,
    target: Option<Target>,
    last: u8,
    encoder: Option<Encoder>,
    encoded: Vec<u8>,
}

impl Output {
    /// Begins a file; `-` is standard output.
    pub(crate) fn create(name: &str, encoding: Encoding) -> Outcome<Self> {
        let new = |file: Stream, target| match Body::new(file, Compression::of_name(name)) {
            Ok(body) => Ok(Self {
                name: name.to_owned(),
                body,
                target,
                last: b'\n',
                encoder: match encoding {
                    Encoding::Utf8 => None,
                    Encoding::Utf16 { big_endian } => Some(Encoder::new(big_endian)),
                },
                encoded: Vec::new(),
            }),
            Err(error) => cannot_write(name, &error),
        };
        if name == "-" {
            return new(Box::new(io::stdout()), None);
        }
        // Of a symbolic link the file that it points to is replaced, not the link.
        let path = place(name);
        if path.exists() && !path.is_file() {
            if path.is_dir() {
                return fail("cannot-write", format!("{name} is a folder"), "name a file in it");
            }
            return match OpenOptions::new().write(true).open(&path) {
                Ok(file) => new(Box::new(file), None),
                Err(error) => cannot_write(name, &error),
            };
        }
        let begun =
            create_beside(&path).and_then(|(file, temporary)| Ok((file.try_clone()?, file, temporary)));
        match begun {
            Ok((stream, file, temporary)) => {
                system::lock(&file);
                new(Box::new(stream), Some(Target { path, temporary, file }))
            }
            Err(error) => cannot_write(name, &error),
        }
    }

    /// Writes text in the encoding of the file.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some(last) = bytes.last() {
            self.last = *last;
        }
        let written = match &mut self.encoder {
            None => self.body.write_all(bytes),
            Some(encoder) => {
                self.encoded.clear();
                encoder.encode(bytes, &mut self.encoded);
                self.body.write_all(&self.encoded)
            }
        };
        self.unless_gone(written)
    }

    /// Writes several parts of a text, without copying them together first.
    pub(crate) fn write_runs(&mut self, text: &[u8], runs: &[Range<usize>]) -> io::Result<()> {
        if self.encoder.is_some() {
            return runs.iter().try_for_each(|run| self.write(&text[run.clone()]));
        }
        if let Some(last) = runs.last().and_then(|run| text[run.clone()].last()) {
            self.last = *last;
        }
        for runs in runs.chunks(PARTS) {
            let mut parts: Vec<IoSlice<'_>> =
                runs.iter().map(|run| IoSlice::new(&text[run.clone()])).collect();
            let written = write_all_parts(&mut self.body, &mut parts);
            self.unless_gone(written)?;
        }
        Ok(())
    }

    /// The result of writing, with the file's name in its error. That the reader of standard output has gone is no error.
    fn unless_gone(&self, written: io::Result<()>) -> io::Result<()> {
        match written {
            Err(error) if !is_gone(&self.name, &error) => Err(named(&self.name, &error)),
            _ => Ok(()),
        }
    }

    /// Adds a line feed if the last line has none, before the rows of another file follow.
    pub(crate) fn end_line(&mut self) -> io::Result<()> {
        if self.last == b'\n' { Ok(()) } else { self.write(b"\n") }
    }

    /// Waits until all bytes are on the disk. `None` for a target that is no regular file and so is not renamed.
    pub(super) fn finish(self) -> Outcome<Option<Finished>> {
        match self.body.finish() {
            Err(error) if !is_gone(&self.name, &error) => return cannot_write(&self.name, &error),
            _ => {}
        }
        let Some(Target { path, temporary, file }) = self.target else { return Ok(None) };
        match file.sync_all() {
            Ok(()) => Ok(Some(Finished::new(self.name, temporary, path, Some(file)))),
            Err(error) => cannot_write(&self.name, &error),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Self::write(self, bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes all parts, even if the system takes only some at a time.
fn write_all_parts(target: &mut impl Write, mut parts: &mut [IoSlice<'_>]) -> io::Result<()> {
    IoSlice::advance_slices(&mut parts, 0);
    while !parts.is_empty() {
        match target.write_vectored(parts) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut parts, written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn named(name: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{name}: {error}"))
}

/// Whether writing failed only because the reader of standard output has gone away.
fn is_gone(name: &str, error: &io::Error) -> bool {
    name == "-" && error.kind() == io::ErrorKind::BrokenPipe
}
