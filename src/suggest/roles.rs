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
const CHOSEN: [&str; 30] = [
    "process.name",
    "process.original_file_name",
    "process.command_line",
    "process.company",
    "process.product",
    "process.parent.name",
    "process.parent.command_line",
    "file.name",
    "file.extension",
    "file.size",
    "registry.value",
    "registry.data",
    "url.path",
    "url.query",
    "http.request.method",
    "http.request.referrer",
    "user_agent.original",
    "dns.question.type",
    "email.to.address",
    "email.subject",
    "network.protocol",
    "network.direction",
    "source.port",
    "destination.port",
    "network.transport",
    "event.action",
    "event.code",
    "event.provider",
    "RemoteIPType",
    "LocalIPType",
];

/// Fields that are never conditions, and why.
const OUT: [(&str, &str); 9] = [
    ("command_line", "whoever starts the program chooses it"),
    ("source.port", "it changes with every connection"),
    ("source.ip", "it would tie the exclusion to devices"),
    ("host.name", "it would tie the exclusion to devices"),
    ("host.ip", "it would tie the exclusion to devices"),
    ("file.size", "it changes with every file"),
    ("email.message_id", "it changes with every mail"),
    ("message", "whoever writes the event chooses it"),
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
        Kind::Text if name.starts_with("network.") || name.starts_with("event.") => Role::How,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exclusions::validate::{ListText, load};
    use crate::fields::{FIELDS, Field};
    use crate::lint::facts::ProductFacts;
    use crate::lint::settings::Settings;
    use crate::lint::{Context, run};
    use crate::schema::Schemas;

    /// What lint calls freely chosen beside a name is chosen here too, whichever fields there come to be.
    #[test]
    fn what_lint_calls_chosen_is_chosen() {
        let (schemas, settings, facts) = (Schemas::built_in(), Settings::default(), ProductFacts::built_in());
        let mut chosen = 0;
        for info in FIELDS {
            let value = if info.kind == Kind::Address { "10.0.0.1" } else { "443" };
            let text = format!(
                "exclusions:\n- id: a\n  when: {{process.name: a.exe, process.original_file_name: b.exe, network.transport: Tcp, {}: '{value}'}}\n",
                info.name
            );
            let Ok(list) = load(&[ListText { file: "l.yaml".into(), text }], &schemas) else { continue };
            let context = Context::new(&list, jiff::civil::date(2026, 11, 25), &settings, &schemas, &facts);
            if run(&context).iter().any(|found| found.code == "freely-chosen") {
                let field = FieldRef::Field(Field::named(info.name).unwrap());
                assert!(is_chosen(&field) || matches!(role(&field), Role::Out(_)), "{}", info.name);
                chosen += 1;
            }
        }
        assert!(chosen > 15, "{chosen}");
    }
}
