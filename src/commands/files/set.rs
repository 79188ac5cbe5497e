//! Writes all files of a run together: in the end every target is the new file, or every target is the old one.
//!
//! 1. [`FileSet::begin`] checks every target before any work is done.
//! 2. Each file is written beside its target and synced to the disk.
//! 3. [`FileSet::put`] keeps the old files under other names, renames the new ones to their targets, and runs what has to
//!    succeed as well, such as printing the report. If anything fails, the old files are put back.
//! 4. Only then are the old files removed.
//!
//! After a loss of power or SIGKILL between two renames nothing can be undone. Each file is whole even then, and the next run
//! says which are new and which are old ([`super::strays`]).

use super::output::Output;
use super::read::is_read;
use super::strays;
use super::undo::{begun, settle};
use crate::commands::{Outcome, fail};
use quell::diagnostic::Diagnostic;
use quell::input::utf16::Encoding;
use quell::report::printable;
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The code of a failure after which some files are new and some are old. After it quell must not say that nothing was done.
pub(crate) const PARTLY_WRITTEN: &str = "partly-written";

/// The help for a failure before any file was renamed, or after which everything was undone.
const AS_BEFORE: &str = "nothing was written; files that were there before are as they were";

/// How often a run tries to lock a folder in which another run is renaming files, and how long it waits in between: half a
/// minute in all.
const TRIES: u32 = 6_000;
const BETWEEN: Duration = Duration::from_millis(5);

/// How many files are locked, at most. Each lock costs a file handle, and one in a folder is enough to show that the run is
/// alive.
const MOST_LOCKS: usize = 200;

/// A file that is written and is still to be renamed to its target.
pub(super) struct Finished {
    pub(super) name: String,
    pub(super) temporary: PathBuf,
    pub(super) target: PathBuf,
    /// Holds the lock that shows that this run is alive.
    pub(super) lock: Option<File>,
    /// What must stand at the target when it is replaced.
    pub(super) expected: Expected,
}

/// What must stand at a target when it is replaced.
pub(super) enum Expected {
    /// Whatever is there.
    Any,
    /// No file.
    Nothing,
    /// A file with these bytes: the new one is an edit of it.
    Text(Vec<u8>),
}

/// The files of one run.
pub(crate) struct FileSet {
    finished: Vec<Finished>,
}

impl Drop for FileSet {
    fn drop(&mut self) {
        // A failure cannot be reported here. `put` reports those that matter.
        let _ = begun().undo();
    }
}

impl FileSet {
    /// Checks all targets: none may be a file that is read, be named twice, or be protected from writing.
    pub(crate) fn begin<'n>(names: impl IntoIterator<Item = &'n str>) -> Outcome<Self> {
        let mut targets: Vec<PathBuf> = Vec::new();
        for name in names {
            if name == "-" {
                if targets.iter().any(|known| known.as_os_str() == "-") {
                    return twice(name);
                }
                targets.push("-".into());
                continue;
            }
            let target = place(name);
            // Devices may be written twice.
            if targets.contains(&target) && !target.starts_with("/dev") {
                return twice(name);
            }
            may_be_replaced(name, &target)?;
            targets.push(target);
        }
        strays::look_into(targets.iter().filter_map(|target| target.parent()));
        Ok(Self { finished: Vec::new() })
    }

    /// Begins a file that is written piece by piece; `-` is standard output.
    #[expect(clippy::unused_self, reason = "a file belongs to a set from its beginning")]
    pub(crate) fn create(&self, name: &str, encoding: Encoding) -> Outcome<Output> {
        if name != "-" {
            may_be_replaced(name, &place(name))?;
        }
        Output::create(name, encoding)
    }

    /// Adds a file that is written.
    pub(crate) fn add(&mut self, output: Output) -> Outcome<()> {
        if let Some(mut finished) = output.finish()? {
            if self.finished.len() >= MOST_LOCKS {
                finished.lock = None;
            }
            self.finished.push(finished);
        }
        Ok(())
    }

    /// Writes and adds a small file.
    pub(crate) fn write(&mut self, name: &str, text: impl AsRef<[u8]>) -> Outcome<()> {
        let output = self.create(name, Encoding::Utf8)?;
        self.fill(output, text.as_ref())
    }

    /// Writes and adds the new text of a file that was read. The file must still contain `old` when it is replaced.
    pub(crate) fn replace(&mut self, name: &str, old: &str, new: &str) -> Outcome<()> {
        can_be_written(name, &place(name))?;
        self.fill(Output::create(name, Encoding::Utf8)?, new.as_bytes())?;
        if let Some(finished) = self.finished.last_mut() {
            finished.expected = Expected::Text(old.as_bytes().to_vec());
        }
        Ok(())
    }

    /// Writes and adds a small file that is not there. It must not have come to be when the set is renamed.
    pub(crate) fn write_new(&mut self, name: &str, text: &str) -> Outcome<()> {
        let before = self.finished.len();
        self.write(name, text)?;
        for finished in &mut self.finished[before..] {
            finished.expected = Expected::Nothing;
        }
        Ok(())
    }

    fn fill(&mut self, mut output: Output, text: &[u8]) -> Outcome<()> {
        match output.write(text) {
            Ok(()) => self.add(output),
            Err(error) => fail("cannot-write", error.to_string(), AS_BEFORE),
        }
    }

    /// Creates a folder and those above it. They are removed again if the set fails.
    #[expect(clippy::unused_self, reason = "a folder belongs to a set from its beginning")]
    pub(crate) fn folder(&self, folder: &Path) -> Outcome<()> {
        let missing: Vec<&Path> =
            folder.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists()).collect();
        for path in missing.into_iter().rev() {
            let mut begun = begun();
            if let Err(error) = fs::create_dir(path) {
                return cannot_write(&path.display().to_string(), &error);
            }
            begun.folders.push(path.to_owned());
        }
        Ok(())
    }

    /// Renames all files to their targets and runs `then`. Unless both succeed, every target is the old file again, or the
    /// error says which are not.
    pub(crate) fn put<T>(mut self, then: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
        let finished = std::mem::take(&mut self.finished);
        // The locks end when the files are settled.
        let _locks: Vec<Option<File>> =
            finished.iter().map(|each| each.lock.as_ref()?.try_clone().ok()).collect();
        let folders: BTreeSet<PathBuf> =
            finished.iter().filter_map(|each| Some(each.target.parent()?.to_owned())).collect();
        place_all(&finished, &folders)?;
        match then() {
            Ok(value) => {
                settle(&folders);
                Ok(value)
            }
            Err(cause) => {
                let _locks = FolderLocks::take(&folders);
                Err(undone(cause))
            }
        }
    }
}

fn twice<T>(name: &str) -> Outcome<T> {
    fail("same-file", format!("{name} is asked for twice"), "give each output a file of its own")
}

/// Undoes a set after a failure. The cause stays as it is if that succeeds.
fn undone(cause: Vec<Diagnostic>) -> Vec<Diagnostic> {
    match begun().undo() {
        Ok(()) => cause,
        Err(mixed) => {
            let mut all = cause;
            for diagnostic in &mut all {
                diagnostic.help.retain(|help| help != AS_BEFORE);
            }
            let help = "put right by hand what is named above; no row of the old files is lost";
            all.push(
                Diagnostic::error(PARTLY_WRITTEN, format!("some files are new and some are old:\n{mixed}"))
                    .help(help),
            );
            all
        }
    }
}

/// Locks on folders. While a run holds them, no other run renames files there.
struct FolderLocks {
    _folders: Vec<File>,
}

impl FolderLocks {
    /// Waits for the locks; `None` if another run holds one for too long. A folder that cannot be locked is left out.
    fn take(folders: &BTreeSet<PathBuf>) -> Option<Self> {
        let mut tries = 0;
        let mut held = Vec::new();
        // Always in the order of their names, so that two runs never wait for each other.
        for folder in folders {
            let Ok(folder) = File::open(folder) else { continue };
            while let Err(fs::TryLockError::WouldBlock) = folder.try_lock() {
                tries += 1;
                if tries > TRIES {
                    return None;
                }
                std::thread::sleep(BETWEEN);
            }
            held.push(folder);
        }
        Some(Self { _folders: held })
    }
}

/// Renames every file to its target, or none.
fn place_all(finished: &[Finished], folders: &BTreeSet<PathBuf>) -> Outcome<()> {
    let Some(_locks) = FolderLocks::take(folders) else {
        return fail(
            "busy",
            "another run of quell has been writing into the same folder for 30 seconds",
            AS_BEFORE,
        );
    };
    let mut begun = begun();
    let placed = finished.iter().try_for_each(|each| {
        each.is_unchanged()?;
        begun.keep_old(each)
    });
    let placed =
        placed.and_then(|()| finished.iter().enumerate().try_for_each(|(at, each)| begun.rename(at, each)));
    drop(begun);
    placed.map_err(undone)
}

impl Finished {
    pub(super) fn new(name: String, temporary: PathBuf, target: PathBuf, lock: Option<File>) -> Self {
        Self { name, temporary, target, lock, expected: Expected::Any }
    }

    /// An error if the old file has changed since it was read: an edit must not undo what somebody else wrote meanwhile.
    fn is_unchanged(&self) -> Outcome<()> {
        match &self.expected {
            Expected::Nothing if self.target.symlink_metadata().is_ok() => self.came_to_be(),
            Expected::Any | Expected::Nothing => Ok(()),
            Expected::Text(expected) => match fs::read(&self.target) {
                Ok(now) if now == *expected => Ok(()),
                Ok(_) => {
                    let message = format!("{}: the file changed while quell looked at it", self.name);
                    fail("changed-meanwhile", message, "nothing was written; run it again")
                }
                Err(error) => cannot_write(&self.name, &error),
            },
        }
    }

    /// The error for a new file that somebody else has made meanwhile.
    pub(super) fn came_to_be(&self) -> Outcome<()> {
        let message = format!("{}: somebody else made this file while quell was about to make it", self.name);
        fail("changed-meanwhile", message, "nothing was written; run it again, and it is added to that file")
    }
}

/// The real path of a name, so that two spellings of one file have the same path.
pub(super) fn place(name: &str) -> PathBuf {
    let path = Path::new(name);
    if let Ok(known) = fs::canonicalize(path) {
        return known;
    }
    // A link may point to a file that does not exist yet.
    let pointed = fs::read_link(path).map(|to| path.parent().unwrap_or(Path::new(".")).join(to));
    let path = pointed.as_deref().unwrap_or(path);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    path.file_name().map_or_else(|| path.to_owned(), |file| folder.join(file))
}

fn may_be_replaced(name: &str, target: &Path) -> Outcome<()> {
    if target.is_dir() {
        return fail("cannot-write", format!("{name} is a folder"), "name a file in it");
    }
    if target.is_file() && is_read(target) {
        let message = format!("{name} is read by this run, so it cannot be written by it");
        return fail(
            "output-is-input",
            message,
            "give the output a name of its own; nothing was read or written",
        );
    }
    can_be_written(name, target)
}

/// An error if the target is protected from writing. Renaming would replace it all the same.
fn can_be_written(name: &str, target: &Path) -> Outcome<()> {
    if !target.is_file() {
        return Ok(());
    }
    match OpenOptions::new().append(true).open(target) {
        Ok(_) => Ok(()),
        Err(error) => cannot_write(name, &error),
    }
}

pub(super) fn cannot_write<T>(name: &str, error: &io::Error) -> Outcome<T> {
    let folder = Path::new(name).parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists());
    match folder.filter(|_| error.kind() == io::ErrorKind::NotFound) {
        Some(folder) => {
            let folder = printable(&folder.display().to_string());
            let help = format!("there is no folder {folder}; {AS_BEFORE}");
            fail("cannot-write", format!("{name}: {error}"), &help)
        }
        None => fail("cannot-write", format!("{name}: {error}"), AS_BEFORE),
    }
}
