//! What differs between operating systems: the identity and owner of a file, renaming, and locks.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Identifies a file, whatever name it is opened by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FileIdentity {
    /// Device and inode: the same for every link to a file.
    #[cfg_attr(not(unix), expect(dead_code, reason = "only Unix tells them"))]
    Inode(u64, u64),
    /// The path without links, on systems where the standard library offers nothing better.
    #[cfg_attr(unix, expect(dead_code, reason = "Unix tells more"))]
    Path(PathBuf),
}

/// The identity of the file at a path, if there is one.
pub(super) fn identity(path: &Path) -> Option<FileIdentity> {
    #[cfg(unix)]
    return fs::metadata(path).ok().as_ref().map(inode);
    #[cfg(not(unix))]
    return fs::canonicalize(path).ok().map(FileIdentity::Path);
}

#[cfg(unix)]
fn inode(about: &fs::Metadata) -> FileIdentity {
    use std::os::unix::fs::MetadataExt;
    FileIdentity::Inode(about.dev(), about.ino())
}

/// The identity of standard input or output, if that is a regular file.
#[cfg(unix)]
pub(super) fn of_stream(stream: &impl std::os::fd::AsFd) -> Option<FileIdentity> {
    let file = File::from(stream.as_fd().try_clone_to_owned().ok()?);
    file.metadata().ok().filter(fs::Metadata::is_file).as_ref().map(inode)
}

/// Unknown here: a stream has no path.
#[cfg(not(unix))]
pub(super) fn of_stream<S>(_: &S) -> Option<FileIdentity> {
    None
}

/// Creates a file that does not exist yet, with the permissions and, if that is allowed, the owner of the file that it will
/// replace.
#[cfg(unix)]
pub(super) fn create_like(new: &Path, old: &Path) -> io::Result<File> {
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
    let Ok(about) = fs::metadata(old) else {
        return OpenOptions::new().write(true).create_new(true).open(new);
    };
    // Only the owner may read the new file until it has the permissions of the old one.
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(new)?;
    // Only root may change the owner. For other users the new file is their own, as a copy would be.
    let _ = fchown(&file, Some(about.uid()), Some(about.gid()));
    file.set_permissions(fs::Permissions::from_mode(about.permissions().mode() & 0o7777))?;
    Ok(file)
}

/// Creates a file that does not exist yet.
#[cfg(not(unix))]
pub(super) fn create_like(new: &Path, _: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(new)
}

/// Whether the owner of `own` may remove a second name of `old`: in a sticky folder such as `/tmp` only the owner of `old`
/// may.
#[cfg(unix)]
pub(super) fn may_unlink(old: &Path, own: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let sticky =
        old.parent().and_then(|folder| fs::metadata(folder).ok()).is_some_and(|f| f.mode() & 0o1000 != 0);
    let owner = |path: &Path| fs::metadata(path).map(|about| about.uid()).ok();
    !sticky || owner(old) == owner(own)
}

/// There are no sticky folders.
#[cfg(not(unix))]
pub(super) fn may_unlink(_: &Path, _: &Path) -> bool {
    true
}

/// How patterns of file names are read: as the file system compares names.
pub(crate) fn pattern_options() -> glob::MatchOptions {
    glob::MatchOptions { case_sensitive: !cfg!(windows), ..glob::MatchOptions::new() }
}

/// How often a rename that Windows refuses is tried again, and how long to wait in between.
const TRIES: u32 = 20;
const BETWEEN: Duration = Duration::from_millis(50);

/// Renames a file, even over another one. On Windows that fails while another program has one of them open. A virus scanner
/// has it only for a moment, so renaming is tried for a second. A spreadsheet has it longer, so the error suggests that.
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    // Access denied, and sharing violation.
    let is_open = |error: &io::Error| cfg!(windows) && matches!(error.raw_os_error(), Some(5 | 32));
    for _ in 0..TRIES {
        match fs::rename(from, to) {
            Err(error) if is_open(&error) => std::thread::sleep(BETWEEN),
            done => return done,
        }
    }
    fs::rename(from, to).map_err(|error| {
        if is_open(&error) {
            io::Error::other(format!("{error}; if another program has the file open, close it there"))
        } else {
            error
        }
    })
}

/// Gives a file another name, and fails if a file of that name has come to be. Where there are no hard links the caller's look
/// at it just before has to do.
pub(super) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => {
            // The new file stands; a second name of it would only be a stray.
            let _ = fs::remove_file(from);
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) => rename(from, to),
    }
}

/// The identity of a file that was renamed to `target`; `new` is its identity before. An inode stays the same, a path does
/// not.
pub(super) fn identity_after_rename(new: Option<FileIdentity>, target: &Path) -> Option<FileIdentity> {
    if cfg!(unix) { new } else { identity(target) }
}

/// Waits until the entries of a folder are on the disk. Elsewhere than on Unix the system is left to do that.
pub(super) fn sync_folder(folder: &Path) {
    if cfg!(unix) {
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
}

/// Takes a lock that ends with the process, and returns whether that worked. On Windows a lock would keep other programs from
/// reading the file, so none is taken there.
pub(super) fn lock(file: &File) -> bool {
    cfg!(unix) && file.try_lock().is_ok()
}

/// Whether another process holds the lock of a file.
pub(super) fn is_locked(path: &Path) -> bool {
    let tried = |file: File| matches!(file.try_lock_shared(), Err(fs::TryLockError::WouldBlock));
    cfg!(unix) && File::open(path).is_ok_and(tried)
}
