//! Files that appear whole or not at all.
//!
//! A file is written beside its target and renamed onto it at the end. Until then the old file stays,
//! whatever happens. What is no regular file (a pipe, a device) is written to directly. A name that ends in `.gz` or
//! `.zst` is packed; the encoding of the text is the caller's.

use super::{Outcome, fail};
use flate2::write::GzEncoder;
use quell::results::encoding::{Encoder, Encoding};
use quell::results::unpack::Packing;
use std::fs::{self, File, OpenOptions};
use std::io::{self, IoSlice, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use tempfile::TempPath;

/// Unfinished files of this process, for [`abandon`].
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Removes every unfinished file; the old ones stay as they were. Nothing is renamed after it.
pub(crate) fn abandon() -> usize {
    let mut unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
    let count = unfinished.len();
    for path in unfinished.drain(..) {
        let _ = fs::remove_file(path);
    }
    // The lock is never given back, so that no rename can begin while the process ends.
    std::mem::forget(unfinished);
    count
}

/// Where a name leads, so that two spellings of one file are known as one.
pub(super) fn place(name: &str) -> PathBuf {
    let path = Path::new(name);
    if let Ok(known) = fs::canonicalize(path) {
        return known;
    }
    // A link to a file that is still to come leads where it points.
    let pointed = fs::read_link(path).map(|to| path.parent().unwrap_or(Path::new(".")).join(to));
    let path = pointed.as_deref().unwrap_or(path);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    path.file_name().map_or_else(|| path.to_owned(), |file| folder.join(file))
}

/// Parts that are written at a time; Linux takes no more.
const PARTS: usize = 1_024;

type Target = Box<dyn Write + Send>;

/// A file's bytes on their way, packed or not.
enum Body {
    Plain(Target),
    Gzip(GzEncoder<Target>),
    Zstd(zstd::stream::write::Encoder<'static, Target>),
}

impl Body {
    fn new(target: Target, packing: Option<Packing>) -> io::Result<Self> {
        Ok(match packing {
            None => Self::Plain(target),
            Some(Packing::Gzip) => Self::Gzip(GzEncoder::new(target, flate2::Compression::default())),
            Some(Packing::Zstd) => {
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
pub(super) struct Output {
    name: String,
    body: Body,
    target: Option<(TempPath, PathBuf)>,
    last: u8,
    encoder: Option<Encoder>,
    encoded: Vec<u8>,
}

impl Output {
    /// Begins a file; `-` is standard output.
    pub(super) fn create(name: &str, encoding: Encoding) -> Outcome<Self> {
        let new = |file: Target, target| match Body::new(file, Packing::of_name(name)) {
            Ok(body) => Ok(Self {
                name: name.to_owned(),
                body,
                target,
                last: b'\n',
                encoder: match encoding {
                    Encoding::Utf8 => None,
                    Encoding::Utf16 { big } => Some(Encoder::new(big)),
                },
                encoded: Vec::new(),
            }),
            Err(error) => cannot_write(name, &error),
        };
        if name == "-" {
            return new(Box::new(io::stdout()), None);
        }
        // Through a link the file that it points to is replaced, not the link.
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
        match beside(&path) {
            Ok((file, temporary)) => new(Box::new(file), Some((temporary, path))),
            Err(error) => cannot_write(name, &error),
        }
    }

    /// Writes text in the encoding of the file.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
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

    /// Writes several places of a text, which are not copied together first.
    pub(super) fn write_runs(&mut self, text: &[u8], runs: &[Range<usize>]) -> io::Result<()> {
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

    fn unless_gone(&self, written: io::Result<()>) -> io::Result<()> {
        match written {
            Err(error) if !is_gone(&self.name, &error) => Err(named(&self.name, &error)),
            _ => Ok(()),
        }
    }

    /// Ends the last line, if it has no end yet, before the rows of another file follow.
    pub(super) fn end_line(&mut self) -> io::Result<()> {
        if self.last == b'\n' { Ok(()) } else { self.write(b"\n") }
    }

    /// Makes what was written durable enough to take the place of the old file.
    pub(super) fn finish(self) -> Outcome<Finished> {
        let finished = self.body.finish();
        match finished {
            Err(error) if !is_gone(&self.name, &error) => cannot_write(&self.name, &error),
            _ => Ok(Finished { name: self.name, target: self.target }),
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

/// Writes all parts, however few the system takes at a time.
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

/// Whoever read standard output has seen enough, which is no error.
fn is_gone(name: &str, error: &io::Error) -> bool {
    name == "-" && error.kind() == io::ErrorKind::BrokenPipe
}

/// A file that is whole and waits for its name.
pub(super) struct Finished {
    name: String,
    target: Option<(TempPath, PathBuf)>,
}

impl Finished {
    /// Gives it its name.
    pub(super) fn commit(self) -> Outcome<()> {
        let Some((temporary, path)) = self.target else { return Ok(()) };
        let mut unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
        unfinished.retain(|known| *known != *temporary);
        match temporary.persist(&path) {
            Ok(()) => Ok(()),
            Err(error) => cannot_write(&self.name, &error.error),
        }
    }
}

fn beside(path: &Path) -> io::Result<(File, TempPath)> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".quell-").suffix(".unfinished");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // A replaced file keeps its permissions; a new one gets what the process gives any file.
        let mode = fs::metadata(path).map_or(0o666, |old| old.permissions().mode() & 0o7777);
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    let (file, temporary) = builder.tempfile_in(folder)?.into_parts();
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner).push(temporary.to_path_buf());
    Ok((file, temporary))
}

fn named(name: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{name}: {error}"))
}

fn cannot_write<T>(name: &str, error: &io::Error) -> Outcome<T> {
    fail("cannot-write", format!("{name}: {error}"), "the file that was there before, if any, is as it was")
}

/// Writes a whole small file, which then waits for its name.
pub(super) fn whole_file(name: &str, text: impl AsRef<[u8]>) -> Outcome<Finished> {
    let mut output = Output::create(name, Encoding::Utf8)?;
    match output.write(text.as_ref()) {
        Ok(()) => output.finish(),
        Err(error) => {
            fail("cannot-write", error.to_string(), "the file that was there before, if any, is as it was")
        }
    }
}
