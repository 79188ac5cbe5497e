//! Remembers which files this process has created and replaced, and undoes that.
//!
//! A signal may end the process at any time: its thread calls [`abandon`], which puts the old files back. So every change to
//! a file, from its creation to the end of its set, is made under one lock.

use super::set::{Expected, Finished, cannot_write};
use super::strays::{self, StrayKind};
use super::system::{self, FileIdentity, identity};
use crate::commands::Outcome;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What this process has to undo if it fails or is ended.
static BEGUN: Mutex<Begun> =
    Mutex::new(Begun { temporaries: Vec::new(), folders: Vec::new(), placed: Vec::new(), settled: false });

pub(super) struct Begun {
    /// New files that are not renamed to their targets yet.
    temporaries: Vec<PathBuf>,
    /// Folders that were created for them, outer ones first.
    pub(super) folders: Vec<PathBuf>,
    /// Targets that are being replaced.
    placed: Vec<Placed>,
    /// Whether a set of files was replaced for good.
    settled: bool,
}

/// A target that is being replaced, and whose old file is still kept.
pub(super) struct Placed {
    name: String,
    target: PathBuf,
    /// The old file under another name, if there was one.
    old: Option<PathBuf>,
    /// The new file, once it is renamed to the target.
    new: Option<FileIdentity>,
}

pub(super) fn begun() -> MutexGuard<'static, Begun> {
    BEGUN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How an interrupted run leaves its files.
pub(crate) enum Abandoned {
    /// No file was written.
    Nothing,
    /// Every target is the old file.
    AllOld,
    /// Every target is the new file.
    AllNew,
    /// Some are new and some are old: which ones, in words.
    Mixed(String),
}

/// Undoes what can be undone. The process must end after it: no file can be created or renamed any more.
pub(crate) fn abandon() -> Abandoned {
    let mut begun = begun();
    let any = !begun.temporaries.is_empty() || !begun.placed.is_empty();
    let undone = begun.undo();
    let settled = begun.settled;
    // The lock is never released, so that no other thread renames a file while the process ends.
    std::mem::forget(begun);
    match undone {
        Err(mixed) => Abandoned::Mixed(mixed),
        Ok(()) if any => Abandoned::AllOld,
        Ok(()) if settled => Abandoned::AllNew,
        Ok(()) => Abandoned::Nothing,
    }
}

impl Begun {
    /// Puts old files back and removes new ones. The error says which targets are new and which are old.
    pub(super) fn undo(&mut self) -> Result<(), String> {
        for temporary in self.temporaries.drain(..) {
            let _ = fs::remove_file(temporary);
        }
        let mut states = Vec::new();
        let mut stuck = false;
        for placed in self.placed.drain(..).rev() {
            match placed.put_back() {
                Ok(()) => states.push(format!("{} is old", placed.name)),
                Err(error) => {
                    stuck = true;
                    let kept = placed.old.map_or_else(
                        || "there was no old one".to_owned(),
                        |old| format!("the old one is {}", old.display()),
                    );
                    states
                        .push(format!("{} is NEW and could not be put back ({error}); {kept}", placed.name));
                }
            }
        }
        for folder in self.folders.drain(..).rev() {
            // A folder into which somebody else has put a file cannot be removed, and stays.
            let _ = fs::remove_dir(folder);
        }
        states.reverse();
        if stuck { Err(states.join("\n")) } else { Ok(()) }
    }
}

impl Placed {
    /// Puts the old file back, unless another run has replaced the target since.
    fn put_back(&self) -> io::Result<()> {
        let now = identity(&self.target);
        let ours = self.new.is_some() && now == self.new;
        match &self.old {
            // Without hard links the old file was moved away, so there may be no file at the target for a moment.
            Some(old) if ours || now.is_none() => system::rename(old, &self.target),
            Some(old) => {
                let _ = fs::remove_file(old);
                Ok(())
            }
            None if ours => fs::remove_file(&self.target),
            None => Ok(()),
        }
    }
}

impl Begun {
    /// Keeps the old file of a target under another name, if there is one.
    pub(super) fn keep_old(&mut self, finished: &Finished) -> Outcome<()> {
        let mut placed =
            Placed { name: finished.name.clone(), target: finished.target.clone(), old: None, new: None };
        if finished.target.exists() {
            let old = strays::named(&finished.target, StrayKind::Old);
            let linked = if system::may_unlink(&finished.target, &finished.temporary) {
                fs::hard_link(&finished.target, &old)
            } else {
                Err(io::ErrorKind::PermissionDenied.into())
            };
            // Without hard links, the old file is moved away just before the new one is renamed to the target.
            let kept = linked.or_else(|_| system::rename(&finished.target, &old));
            if let Err(error) = kept {
                return cannot_write(&finished.name, &error);
            }
            placed.old = Some(old);
        }
        self.placed.push(placed);
        Ok(())
    }

    pub(super) fn rename(&mut self, at: usize, finished: &Finished) -> Outcome<()> {
        let new = identity(&finished.temporary);
        let is_new = matches!(finished.expected, Expected::Nothing);
        let renamed = if is_new { system::rename_new } else { system::rename };
        match renamed(&finished.temporary, &finished.target) {
            Err(error) if is_new && error.kind() == io::ErrorKind::AlreadyExists => {
                return finished.came_to_be();
            }
            Err(error) => return cannot_write(&finished.name, &error),
            Ok(()) => {}
        }
        self.temporaries.retain(|known| *known != finished.temporary);
        self.placed[at].new = system::identity_after_rename(new, &finished.target);
        Ok(())
    }
}

/// Removes the old files: from now on nothing is undone.
pub(super) fn settle(folders: &std::collections::BTreeSet<PathBuf>) {
    for folder in folders {
        system::sync_folder(folder);
    }
    let mut begun = begun();
    for placed in begun.placed.drain(..) {
        let Some(old) = placed.old else { continue };
        if let Err(error) = fs::remove_file(&old) {
            let text = format!("warning: {}: the old file stays: {error}\n", old.display());
            crate::commands::tell(&text);
        }
    }
    begun.folders.clear();
    begun.settled = true;
}

/// Creates a new file beside its target, and remembers to remove it if the run fails.
pub(super) fn create_beside(target: &Path) -> io::Result<(File, PathBuf)> {
    let temporary = strays::named(target, StrayKind::Unfinished);
    let mut begun = begun();
    let file = system::create_like(&temporary, target)?;
    begun.temporaries.push(temporary.clone());
    Ok((file, temporary))
}
