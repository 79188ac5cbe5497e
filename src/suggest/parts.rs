//! Parts of a family that have more in common than the whole, and what no part may lack.
//!
//! In: a family, or the conditions of a candidate. Out: the rows of each port, and the rows that go to the networks of most;
//! whether conditions hold one program and say where it goes.

use super::candidates::Maker;
use super::families::Family;
use super::roles::Role;
use super::sample::{BEYOND, MISSING};
use super::shape::shape;
use super::wants::{Count, Want};
use crate::fields::Kind;
use hashbrown::HashSet;
use indexmap::IndexMap;

/// Ports by which a family is parted, at most; what goes to others is one more part.
const PORTS: usize = 12;
/// From this share of its rows on a family is not parted by its networks: a condition for all of it is as good.
const NEARLY_ALL: f64 = 0.995;
/// Fields that name the maker or the product of a program.
const MAKERS: [&str; 3] = ["process.product", "process.company", "process.code_signature.subject_name"];
/// The maker of the system, most of whose programs have nothing to do with each other.
const MAKER_OF_ALL: &str = "microsoft";
/// Folders in which programs of many products lie.
const SHARED_FOLDERS: [&str; 13] = [
    "system32",
    "syswow64",
    "windows",
    "program files",
    "program files (x86)",
    "programdata",
    "temp",
    "tmp",
    "public",
    "downloads",
    "desktop",
    "bin",
    "sbin",
];

impl Maker<'_> {
    /// Parts of a family: by the ports that it uses, and of it and of each of these what goes to networks that can be named.
    /// What goes to one port, or to few addresses, may be told from other rows where the whole cannot.
    pub(super) fn parts(&self, family: &Family) -> Vec<Family> {
        let mut all = self.by_port(&family.members);
        all.retain(|part| part.rows >= self.min_rows);
        let near: Vec<Family> =
            std::iter::once(family).chain(&all).filter_map(|part| self.to_networks(part)).collect();
        all.extend(near);
        all
    }

    fn by_port(&self, members: &[usize]) -> Vec<Family> {
        let is_port = |field: &usize| self.is_port(*field);
        let Some(port) = (0..self.sample.fields.len()).find(is_port) else { return Vec::new() };
        let mut by: IndexMap<u32, Vec<usize>> = IndexMap::new();
        for place in members {
            by.entry(self.sample.at(*place).0[port]).or_default().push(*place);
        }
        if by.len() < 2 {
            return Vec::new();
        }
        let mut parts: Vec<Family> = by.into_values().map(|members| self.family(members)).collect();
        parts.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.members.cmp(&b.members)));
        let mut others: Vec<usize> =
            parts.drain(PORTS.min(parts.len())..).flat_map(|part| part.members).collect();
        if !others.is_empty() {
            others.sort_unstable();
            parts.push(self.family(others));
        }
        parts
    }

    /// What goes to the networks that hold most of a family.
    fn to_networks(&self, family: &Family) -> Option<Family> {
        let field = (0..self.sample.fields.len()).find(|field| self.is_address(*field))?;
        let counts: Vec<Count> = self.counts(&family.members, field);
        let (want, rows) = self.wants.networks(field, &counts, family.rows)?;
        if rows < self.min_rows || rows as f64 >= NEARLY_ALL * family.rows as f64 {
            return None;
        }
        let is_held = |place: &&usize| want.met.has(self.sample.at(**place).0[field] as usize);
        Some(self.family(family.members.iter().filter(is_held).copied().collect()))
    }

    fn family(&self, members: Vec<usize>) -> Family {
        let rows = members.iter().map(|place| self.sample.at(*place).1.benign).sum();
        Family { members, rows, finest: false }
    }

    pub(super) fn is_port(&self, field: usize) -> bool {
        let known = &self.sample.fields[field];
        known.role == Role::Where && known.field.kind() == Kind::Number
    }

    fn is_address(&self, field: usize) -> bool {
        let known = &self.sample.fields[field];
        known.role == Role::Where && known.field.kind() == Kind::Address
    }

    /// Whether a field says where a row goes: an address or a name that is not the device's own.
    fn is_destination(&self, field: usize) -> bool {
        let known = &self.sample.fields[field];
        let own = ["source.", "host."].iter().any(|own| known.field.name().starts_with(own));
        !own && (self.is_address(field) || known.role == Role::Domain)
    }

    /// The fields that say where most of these rows go, and how many values they have, if the conditions want none of them.
    pub(super) fn goes_anywhere(&self, wants: &[Want], covers: &[usize]) -> Option<Vec<(usize, usize)>> {
        if wants.iter().any(|want| self.is_destination(want.field)) {
            return None;
        }
        let rows = |place: &usize| self.sample.at(*place).1.benign;
        let total: u64 = covers.iter().map(rows).sum();
        let known = |field: usize| {
            let has = |place: &&usize| {
                let value = self.sample.at(**place).0[field];
                value == BEYOND || value > MISSING
            };
            let values: HashSet<u32> =
                covers.iter().filter(has).map(|place| self.sample.at(*place).0[field]).collect();
            let have: u64 = covers.iter().filter(has).map(rows).sum();
            (have * 2 >= total).then_some((field, values.len()))
        };
        let fields: Vec<(usize, usize)> = (0..self.sample.fields.len())
            .filter(|field| self.is_destination(*field))
            .filter_map(known)
            .collect();
        (!fields.is_empty()).then_some(fields)
    }
}

/// Whether conditions hold the programs of several products: more than one name, and neither a maker nor a folder of their
/// own that all of them have. Each such list would allow each name in the folder of every other.
pub(super) fn several_products(wants: &[Want]) -> bool {
    let of = |name: &str| wants.iter().find(|want| want.condition.field.name() == name);
    let names: HashSet<String> = match (of("process.name"), of("process.path")) {
        (Some(names), _) => names.texts.iter().map(|name| shape(name)).collect(),
        (None, Some(paths)) => {
            let files = paths.texts.iter().map(|path| last(path)).filter(|name| name.contains('.'));
            files.map(shape).collect()
        }
        (None, None) => return false,
    };
    if names.len() < 2 {
        return false;
    }
    let maker = MAKERS.iter().filter_map(|name| of(name)).any(
        |want| matches!(want.texts.as_slice(), [only] if !only.to_ascii_lowercase().contains(MAKER_OF_ALL)),
    );
    !maker && !of("process.path").is_some_and(|paths| one_folder(&paths.texts))
}

/// Whether all paths are of one folder, which is not one of many products.
fn one_folder(paths: &[String]) -> bool {
    let folders: HashSet<String> = paths.iter().map(|path| shape(folder(path))).collect();
    folders.len() == 1
        && paths.iter().all(|path| !SHARED_FOLDERS.contains(&&*last(folder(path)).to_ascii_lowercase()))
}

/// A path without the name of the file, if it ends with one.
fn folder(path: &str) -> &str {
    match path.rfind(['\\', '/']) {
        Some(at) if path[at..].contains('.') => &path[..at],
        _ => path.trim_end_matches(['\\', '/']),
    }
}

fn last(path: &str) -> &str {
    path.rsplit(['\\', '/']).next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_one_folder_are_one_product_unless_many_share_it() {
        let all = |paths: &[&str]| one_folder(&paths.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert!(all(&[
            r"C:\Program Files\Fab\a.exe",
            r"c:\program files\FAB\b.exe",
            r"C:\Program Files\Fab\"
        ]));
        assert!(all(&[r"C:\Fab\app-1.0.2\a.exe", r"C:\Fab\app-1.1.0\b.exe"]), "versions are no other folder");
        assert!(!all(&[r"C:\Program Files\Fab\a.exe", r"C:\Program Files\Con\b.exe"]));
        for shared in [
            r"C:\Windows\System32",
            r"\device\harddiskvolume*\windows\system32",
            r"C:\Program Files",
            r"C:\Users\Public",
            "/usr/bin",
        ] {
            assert!(!all(&[&format!("{shared}\\a.exe"), &format!("{shared}\\b.exe")]), "{shared}");
        }
    }
}
