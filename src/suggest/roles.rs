//! What each field is good for in an exclusion.
//!
//! In: a field. Out: its [`Role`]. A field that nobody has thought about is one that says what acted.

use crate::exclusions::model::FieldRef;
use crate::fields::Kind;

/// What a field is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// It says what acted: a name, a folder, a maker.
    What,
    /// It says where that went: an address or a port.
    Where,
    /// A name of a system.
    Domain,
    /// The account. Most accounts are people.
    Who,
    /// A hash. It pins a file and changes with each version.
    Hash,
    /// Protocol and kind of event.
    How,
    /// It is never a condition.
    Out(&'static str),
}

/// Fields that whoever starts a program chooses: an exclusion of nothing else hides whatever he likes. The same as the lints
/// `freely-chosen`, `name-only` and `forgeable-metadata` say.
const CHOSEN: [&str; 12] = [
    "process.name",
    "process.original_file_name",
    "process.command_line",
    "process.company",
    "process.product",
    "process.parent.name",
    "source.port",
    "destination.port",
    "network.transport",
    "event.action",
    "RemoteIPType",
    "LocalIPType",
];

/// Fields that are never conditions, and why.
const OUT: [(&str, &str); 5] = [
    ("command_line", "whoever starts the program chooses it"),
    ("source.port", "it changes with every connection"),
    ("source.ip", "it would tie the exclusion to devices"),
    ("host.name", "it would tie the exclusion to devices"),
    ("pid", "it changes with every start"),
];

/// The role of a field.
pub fn role(field: &FieldRef) -> Role {
    let name = field.name();
    if let Some((_, why)) = OUT.iter().find(|(end, _)| name.ends_with(end)) {
        return Role::Out(why);
    }
    let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    match field.kind() {
        Kind::Address | Kind::Number => Role::Where,
        Kind::Text if ends(&["sha1", "sha256", "md5", "hash"]) => Role::Hash,
        Kind::Text if ends(&["domain", "url", "question.name"]) && !name.starts_with("user.") => Role::Domain,
        Kind::Text if name.starts_with("user.") => Role::Who,
        Kind::Text if ends(&["network.transport", "event.action"]) => Role::How,
        Kind::Text => Role::What,
    }
}

/// Whether whoever starts a program chooses the field.
pub(super) fn is_chosen(field: &FieldRef) -> bool {
    CHOSEN.contains(&field.name())
}

/// The order in which a person reads the fields of an exclusion.
pub(super) fn order(role: Role) -> u8 {
    match role {
        Role::What => 0,
        Role::Who => 1,
        Role::Domain => 2,
        Role::Where => 3,
        Role::How => 4,
        Role::Hash | Role::Out(_) => 5,
    }
}
