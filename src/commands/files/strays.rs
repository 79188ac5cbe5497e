//! Finds and reports files that a killed run has left behind.
//!
//! Beside `left.csv` a run keeps `.left.csv.quell-RUN.unfinished`, the new file before it has its name, and
//! `.left.csv.quell-RUN.old`, the old one until all files of the run have theirs. RUN is the same for all files of a run,
//! so what is left tells how far it came.

use super::system::{self, identity};
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};

/// Which file of a run was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StrayKind {
    /// The new file, which has no name yet.
    Unfinished,
    /// The old file, while the new one has its name.
    Old,
}

impl StrayKind {
    const fn ending(self) -> &'static str {
        match self {
            Self::Unfinished => "unfinished",
            Self::Old => "old",
        }
    }
}

/// The random number that identifies this run.
static RUN: LazyLock<String> =
    LazyLock::new(|| format!("{:016x}", RandomState::new().build_hasher().finish()));

/// Stands between the name of the target and that of the run.
const MARK: &str = ".quell-";

/// How many bytes of a target's name are kept, so that the whole name is not too long for any file system.
const LONGEST: usize = 200;

/// The name of a file that this run keeps beside a target.
pub(super) fn named(target: &Path, kind: StrayKind) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let end = (0..=LONGEST.min(name.len())).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
    let name = &name[..end];
    target.with_file_name(format!(".{name}{MARK}{}.{}", *RUN, kind.ending()))
}

/// A file that was left behind.
struct Stray {
    path: PathBuf,
    target: PathBuf,
    kind: StrayKind,
}

impl Stray {
    /// The run and the stray, if a path has such a name.
    fn of(path: PathBuf) -> Option<(String, Self)> {
        let name = path.file_name()?.to_str()?.strip_prefix('.')?;
        let (name, ending) = name.rsplit_once('.')?;
        let kind =
            [StrayKind::Unfinished, StrayKind::Old].into_iter().find(|kind| kind.ending() == ending)?;
        let (name, run) = name.rsplit_once(MARK)?;
        let is_run = run.len() == 16 && run.bytes().all(|byte| byte.is_ascii_hexdigit()) && run != *RUN;
        let (run, target) = (run.to_owned(), path.with_file_name(name));
        is_run.then_some((run, Self { path, target, kind }))
    }

    fn is_alive(&self) -> bool {
        system::is_locked(&self.path) || system::is_locked(&self.target)
    }

    /// Whether the new file stands at the target.
    fn is_replaced(&self) -> bool {
        self.kind == StrayKind::Old && identity(&self.path) != identity(&self.target)
    }
}

/// Reports the files that killed runs have left in some folders, once for each folder. Files that one run has left in several
/// of them are reported together.
pub(super) fn look_into<'f>(folders: impl IntoIterator<Item = &'f Path>) {
    static SEEN: Mutex<Option<HashSet<PathBuf>>> = Mutex::new(None);
    let mut runs: BTreeMap<String, Vec<Stray>> = BTreeMap::new();
    for folder in folders {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let known = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen.get_or_insert_default().insert(known) {
            continue;
        }
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let marked = entries.filter(|entry| entry.file_name().to_string_lossy().contains(MARK));
        for (run, stray) in marked.filter_map(|entry| Stray::of(entry.path())) {
            runs.entry(run).or_default().push(stray);
        }
    }
    let dead = runs.values().filter(|strays| !strays.iter().any(Stray::is_alive));
    crate::commands::tell(&dead.map(|strays| report(strays)).collect::<String>());
}

/// The report on the files that one run has left.
fn report(strays: &[Stray]) -> String {
    let name = |path: &Path| path.display().to_string();
    let names = |chosen: &mut dyn Iterator<Item = &Stray>| {
        let mut targets: Vec<String> = chosen.map(|stray| name(&stray.target)).collect();
        targets.sort();
        targets.dedup();
        targets.join(", ")
    };
    let new = names(&mut strays.iter().filter(|stray| stray.is_replaced()));
    let old = names(&mut strays.iter().filter(|stray| stray.kind == StrayKind::Unfinished));
    let mut left: Vec<String> = strays.iter().map(|stray| name(&stray.path)).collect();
    left.sort();
    let mut text = "warning: a run of quell was killed here. ".to_owned();
    text += &match (new.is_empty(), old.is_empty()) {
        (false, false) => format!(
            "It had replaced {new}, but not {old}: THEY DO NOT BELONG TOGETHER. Run it again, or put the old files back"
        ),
        (false, true) => format!(
            "It had replaced {new}; files of the same run in other folders may still be the old ones. Look at them"
        ),
        (true, _) => "Its targets are whole and as they were before it".to_owned(),
    };
    text += &format!(", then delete what it left: {}\n", left.join(", "));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_back_to_its_target() {
        for kind in [StrayKind::Unfinished, StrayKind::Old] {
            let own = named(Path::new("/data/left.csv"), kind);
            assert!(Stray::of(own.clone()).is_none(), "files of this run are no strays");
            let other = PathBuf::from(own.to_str().unwrap().replace(&*RUN, "0123456789abcdef"));
            let (run, stray) = Stray::of(other).unwrap();
            assert_eq!((run.as_str(), stray.kind), ("0123456789abcdef", kind));
            assert_eq!(stray.target, Path::new("/data/left.csv"));
        }
        for not_ours in ["/data/left.csv", "/data/.left.csv.quell-zz.old", "/data/.x.unfinished"] {
            assert!(Stray::of(not_ours.into()).is_none(), "{not_ours}");
        }
    }

    #[test]
    fn a_long_name_still_fits() {
        let long = "ä".repeat(127);
        let name = named(Path::new(&long), StrayKind::Unfinished);
        assert!(name.as_os_str().len() <= 255);
    }
}
