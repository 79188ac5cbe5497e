//! Opens files for reading, and remembers them so that no output replaces one.

use super::strays;
use super::system::{FileIdentity, identity, of_stream};
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The files that were opened, in their order.
static READ: Mutex<Vec<FileIdentity>> = Mutex::new(Vec::new());

/// Opens a file for reading. The file that standard output goes to is refused: the run would read what it writes.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    if let Some(read) = identity(path) {
        if of_stream(&io::stdout()).is_some_and(|written| written == read) {
            return Err(io::Error::other(
                "standard output goes into this file, which is read; send it elsewhere",
            ));
        }
        remember(read);
    }
    strays::look_into(path.parent());
    Ok(file)
}

/// Remembers the file that standard input is, if it is one.
pub(crate) fn reads_standard_input() -> io::Result<()> {
    let Some(read) = of_stream(&io::stdin()) else { return Ok(()) };
    if of_stream(&io::stdout()).is_some_and(|written| written == read) {
        return Err(io::Error::other(
            "standard input and standard output are one file; send the output elsewhere",
        ));
    }
    remember(read);
    Ok(())
}

fn remember(read: FileIdentity) {
    let mut known = READ.lock().unwrap_or_else(PoisonError::into_inner);
    if !known.contains(&read) {
        known.push(read);
    }
}

/// Whether this process reads the file at a path, even if it was opened by another name.
pub(super) fn is_read(path: &Path) -> bool {
    let known = READ.lock().unwrap_or_else(PoisonError::into_inner);
    identity(path).is_some_and(|file| known.contains(&file))
}
