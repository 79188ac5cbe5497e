//! What this process has begun and not yet settled, and how it is undone.
//!
//! Another thread may end the process at any time ([`abandon`], for signals): it puts back what this one has put in
//! place. All that happens to a file between its beginning and the end of its set happens under one lock.

use super::set::{Finished, cannot_write};
use super::strays::{self, StrayKind};
use super::system::{self, FileIdentity, identity};
use crate::commands::Outcome;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What this process has begun and not yet settled, for whoever has to undo it.
static BEGUN: Mutex<Begun> =
    Mutex::new(Begun { temporaries: Vec::new(), folders: Vec::new(), placed: Vec::new(), settled: false });

pub(super) struct Begun {
    /// New files beside their targets.
    temporaries: Vec<PathBuf>,
    /// Folders that were made for them, outer ones first.
    pub(super) folders: Vec<PathBuf>,
    placed: Vec<Placed>,
    /// Some files have their names for good.
    settled: bool,
}

/// A target whose old file is still kept, whether or not the new one stands in its place yet.
pub(super) struct Placed {
    name: String,
    target: PathBuf,
    /// The old file under another name, if there was one.
    old: Option<PathBuf>,
    /// The new file, as soon as it stands at the target.
    new: Option<FileIdentity>,
}

pub(super) fn begun() -> MutexGuard<'static, Begun> {
    BEGUN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How an interrupted run leaves its files.
pub(crate) enum Abandoned {
    /// Nothing had been begun.
    Nothing,
    /// Every file is the old one.
    AllOld,
    /// Every file is the new one.
    AllNew,
    /// Which are new, which are old.
    Mixed(String),
}

/// Undoes what is not settled. The process must end after it: no file is begun or renamed any more.
pub(crate) fn abandon() -> Abandoned {
    let mut begun = begun();
    let any = !begun.temporaries.is_empty() || !begun.placed.is_empty();
    let undone = begun.undo();
    let settled = begun.settled;
    // The lock is never given back, so that no rename can begin while the process ends.
    std::mem::forget(begun);
    match undone {
        Err(mixed) => Abandoned::Mixed(mixed),
        Ok(()) if any => Abandoned::AllOld,
        Ok(()) if settled => Abandoned::AllNew,
        Ok(()) => Abandoned::Nothing,
    }
}

impl Begun {
    /// Puts old files back and removes new ones. The error says which files are new and which old.
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
            // It stays if somebody else has put a file into it.
            let _ = fs::remove_dir(folder);
        }
        states.reverse();
        if stuck { Err(states.join("\n")) } else { Ok(()) }
    }
}

impl Placed {
    /// Makes the target what it was, unless another run has replaced it since.
    fn put_back(&self) -> io::Result<()> {
        let now = identity(&self.target);
        let ours = self.new.is_some() && now == self.new;
        match &self.old {
            // Between two renames of a system without links the target may be gone.
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
            // Some file systems know no links: there the old file moves away, just before the new one comes.
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
        if let Err(error) = system::rename(&finished.temporary, &finished.target) {
            return cannot_write(&finished.name, &error);
        }
        self.temporaries.retain(|known| *known != finished.temporary);
        self.placed[at].new = system::identity_after_rename(new, &finished.target);
        Ok(())
    }
}

/// Lets the old files go: the new ones are there for good.
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

/// Begins a new file beside its target. It is known from then on to whoever has to undo the run.
pub(super) fn beside(target: &Path) -> io::Result<(File, PathBuf)> {
    let temporary = strays::named(target, StrayKind::Unfinished);
    let mut begun = begun();
    let file = system::create_like(&temporary, target)?;
    begun.temporaries.push(temporary.clone());
    Ok((file, temporary))
}
