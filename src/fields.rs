//! The names that conditions use, whatever product the rows come from.
//!
//! In: a name as somebody wrote it. Out: a [`Field`], or the nearest legal names.
//! It does not know which column of which product holds a field: that is [`crate::schema`].
//!
//! Names follow the Elastic Common Schema where it has one; spellings that ECS or the documents of
//! hunts use for the same thing are accepted and mean the same field.

use std::fmt;

/// What kind of value a field holds, and so how a condition on it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Text, compared without regard to ASCII letter case.
    Text,
    /// An IPv4 or IPv6 address, compared as a number.
    Address,
    /// A whole number, such as a port.
    Number,
}

/// One row of the table of fields.
#[derive(Debug)]
pub struct FieldInfo {
    /// The name that quell prints.
    pub name: &'static str,
    /// Other spellings that are read as the same field.
    pub spellings: &'static [&'static str],
    /// How conditions on it are compared.
    pub kind: Kind,
    /// What it holds, for the documentation.
    pub meaning: &'static str,
}

/// A field of [`FIELDS`]; small, copyable, comparable.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Field(u8);

const fn field(
    name: &'static str,
    spellings: &'static [&'static str],
    kind: Kind,
    meaning: &'static str,
) -> FieldInfo {
    FieldInfo { name, spellings, kind, meaning }
}

/// Every field that a condition may name.
pub const FIELDS: &[FieldInfo] = &[
    field(
        "process.name",
        &["process_name"],
        Kind::Text,
        "file name of the process that acted; where processes start, of the one that was started",
    ),
    field(
        "process.path",
        &["process.executable"],
        Kind::Text,
        "its path as the sensor wrote it, with or without the file name",
    ),
    field("process.command_line", &["process.args"], Kind::Text, "its command line"),
    field("process.pid", &[], Kind::Number, "its number, which the system gives again to others"),
    field("process.sha256", &["process.hash.sha256"], Kind::Text, "SHA-256 of its image"),
    field("process.sha1", &["process.hash.sha1"], Kind::Text, "SHA-1 of its image"),
    field("process.md5", &["process.hash.md5"], Kind::Text, "MD5 of its image"),
    field("process.company", &["process.pe.company"], Kind::Text, "company that the file declares of itself"),
    field("process.product", &["process.pe.product"], Kind::Text, "product that the file declares of itself"),
    field(
        "process.original_file_name",
        &["process.pe.original_file_name"],
        Kind::Text,
        "name that the file declares of itself",
    ),
    field("process.parent.name", &[], Kind::Text, "file name of the process that started it"),
    field(
        "process.parent.path",
        &["process.parent.executable"],
        Kind::Text,
        "path of the process that started it",
    ),
    field(
        "process.parent.command_line",
        &["process.parent.args"],
        Kind::Text,
        "command line of the process that started it",
    ),
    field("process.parent.pid", &[], Kind::Number, "number of the process that started it"),
    field(
        "process.parent.sha256",
        &["process.parent.hash.sha256"],
        Kind::Text,
        "SHA-256 of the process that started it",
    ),
    field("file.name", &[], Kind::Text, "name of the file that the row is about"),
    field("file.path", &[], Kind::Text, "its path as the sensor wrote it, with or without the file name"),
    field("file.extension", &[], Kind::Text, "what its name ends in, without the dot"),
    field("file.size", &[], Kind::Number, "its size in bytes"),
    field("file.sha256", &["file.hash.sha256"], Kind::Text, "SHA-256 of the file"),
    field("file.sha1", &["file.hash.sha1"], Kind::Text, "SHA-1 of the file"),
    field("file.md5", &["file.hash.md5"], Kind::Text, "MD5 of the file"),
    field("dll.name", &[], Kind::Text, "name of the library that was loaded"),
    field("dll.path", &[], Kind::Text, "its path as the sensor wrote it, with or without the file name"),
    field("dll.sha256", &["dll.hash.sha256"], Kind::Text, "SHA-256 of the library"),
    field("dll.sha1", &["dll.hash.sha1"], Kind::Text, "SHA-1 of the library"),
    field("dll.md5", &["dll.hash.md5"], Kind::Text, "MD5 of the library"),
    field("registry.path", &[], Kind::Text, "key of the registry as the sensor wrote it, with its hive"),
    field("registry.value", &[], Kind::Text, "name of the value in the registry"),
    field("registry.data", &["registry.data.strings"], Kind::Text, "what the value in the registry holds"),
    field("user.name", &[], Kind::Text, "account that it ran as; of a sign-in, that signed in"),
    field("user.domain", &[], Kind::Text, "domain of that account"),
    field("user.id", &[], Kind::Text, "its security identifier or object id"),
    field("user.email", &[], Kind::Text, "its mail address"),
    field("user.full_name", &[], Kind::Text, "its name as people read it"),
    field("host.name", &["host.hostname"], Kind::Text, "device that reported the row"),
    field("host.ip", &[], Kind::Address, "address of that device"),
    field("source.ip", &["source_ip"], Kind::Address, "local address; where others connect, theirs"),
    field("source.port", &["source_port"], Kind::Number, "local port; where others connect, theirs"),
    field("source.domain", &["source_domain"], Kind::Text, "host name of that address"),
    field("source.user.name", &[], Kind::Text, "account at the source"),
    field("destination.ip", &["destination_ip"], Kind::Address, "remote address"),
    field("destination.port", &["destination_port"], Kind::Number, "remote port"),
    field("destination.domain", &["destination_domain"], Kind::Text, "remote host name or URL"),
    field("destination.user.name", &[], Kind::Text, "account at the destination"),
    field("network.transport", &[], Kind::Text, "protocol, such as Tcp"),
    field("network.protocol", &[], Kind::Text, "protocol of the application, such as dns or Kerberos"),
    field("network.direction", &[], Kind::Text, "direction, such as inbound"),
    field("url.full", &[], Kind::Text, "whole URL"),
    field("url.domain", &[], Kind::Text, "host name of the URL"),
    field("url.path", &[], Kind::Text, "path of the URL"),
    field("url.query", &[], Kind::Text, "what follows the `?` of the URL"),
    field("http.request.method", &[], Kind::Text, "method of the request, such as GET"),
    field("http.request.referrer", &[], Kind::Text, "page that the request came from"),
    field("http.response.status_code", &[], Kind::Number, "status of the answer, such as 200"),
    field("user_agent.original", &[], Kind::Text, "browser or program, as it declares itself"),
    field("dns.question.name", &[], Kind::Text, "name that was asked for"),
    field("dns.question.type", &[], Kind::Text, "type of record that was asked for"),
    field("email.from.address", &[], Kind::Text, "sender that the reader of a mail sees"),
    field("email.to.address", &[], Kind::Text, "recipient of the mail"),
    field("email.subject", &[], Kind::Text, "subject of the mail"),
    field("email.message_id", &[], Kind::Text, "id that the sender gave the mail"),
    field("email.direction", &[], Kind::Text, "direction of the mail, such as Inbound"),
    field("event.action", &[], Kind::Text, "what happened, such as ConnectionSuccess"),
    field("event.code", &[], Kind::Text, "number or code of the event, such as 4688"),
    field("event.provider", &[], Kind::Text, "program or service that wrote the event"),
    field("observer.vendor", &[], Kind::Text, "maker of the device that saw it, such as a firewall's"),
    field("observer.product", &[], Kind::Text, "product that saw it"),
    field("message", &[], Kind::Text, "text of the message"),
];

impl Field {
    /// The field of this name or spelling.
    pub fn named(name: &str) -> Option<Self> {
        let place = FIELDS.iter().position(|info| info.name == name || info.spellings.contains(&name))?;
        u8::try_from(place).ok().map(Self)
    }

    /// Every field, in the table's order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..FIELDS.len()).filter_map(|place| u8::try_from(place).ok().map(Self))
    }

    /// Its row of the table.
    pub fn info(self) -> &'static FieldInfo {
        &FIELDS[usize::from(self.0)]
    }

    /// The name that quell prints.
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// How conditions on it are compared.
    pub fn kind(self) -> Kind {
        self.info().kind
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The legal names nearest to a misspelt one, nearest first, at most three.
pub fn nearest<'a>(wrong: &str, legal: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wrong = wrong.to_ascii_lowercase();
    let mut scored: Vec<(f64, &str)> = legal
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&wrong, &name.to_ascii_lowercase()), name))
        .filter(|(score, _)| *score > 0.75)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    scored.dedup_by_key(|(_, name)| *name);
    scored.truncate(3);
    scored.into_iter().map(|(_, name)| name).collect()
}

/// Names that products and their tables use for what a field holds, small and without marks.
const USUAL: &[(&str, &[&str])] = &[
    (
        "destination.ip",
        &[
            "destip",
            "dstip",
            "destinationaddress",
            "remoteip",
            "remoteaddress",
            "dstaddr",
            "destaddr",
            "dst",
            "ip",
        ],
    ),
    ("destination.port", &["destport", "dstport", "remoteport", "dport", "port"]),
    (
        "destination.domain",
        &["url", "remoteurl", "domain", "destdomain", "dsthost", "desthost", "destinationhost", "fqdn"],
    ),
    (
        "source.ip",
        &["srcip", "sourceaddress", "localip", "srcaddr", "ipaddress", "clientip", "callerip", "cip"],
    ),
    ("source.port", &["srcport", "localport", "sport"]),
    ("process.name", &["filename", "process", "image", "processfilename", "exe", "program"]),
    ("process.path", &["folderpath", "filepath", "path", "processpath", "imagepath"]),
    ("process.command_line", &["commandline", "cmdline", "processcommandline", "args"]),
    ("process.sha256", &["sha256", "hash", "filehash"]),
    (
        "process.parent.name",
        &["parentname", "parentimage", "parentprocess", "parentfilename", "parentprocessname"],
    ),
    ("user.name", &["accountname", "username", "user", "account"]),
    ("host.name", &["hostname", "computer", "computername", "device", "devicename", "host"]),
    ("event.action", &["actiontype", "action", "event", "operation"]),
    ("event.code", &["eventid", "eventcode"]),
    ("process.parent.command_line", &["parentcommandline", "parentprocesscommandline"]),
    ("process.pid", &["pid", "processid"]),
    ("file.name", &["targetfile", "targetfilename"]),
    ("file.extension", &["extension", "fileextension"]),
    ("registry.path", &["registrykey", "targetobject", "registrypath"]),
    ("registry.value", &["registryvaluename", "valuename"]),
    ("registry.data", &["registryvaluedata", "valuedata"]),
    ("user.id", &["sid", "userid", "accountsid"]),
    ("user.email", &["mail", "useremail"]),
    ("url.path", &["uri", "uristem"]),
    ("user_agent.original", &["useragent", "httpuseragent", "agent"]),
    ("dns.question.name", &["query", "queryname", "dnsquery", "dnsname"]),
    ("email.from.address", &["from", "sender", "senderaddress", "mailfrom"]),
    ("email.to.address", &["to", "recipient", "recipientaddress", "rcptto"]),
    ("email.subject", &["subject", "mailsubject"]),
];

/// The field that a usual name of another product stands for.
pub fn usual(name: &str) -> Option<&'static str> {
    let name: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    USUAL.iter().find(|(_, names)| names.contains(&name.as_str())).map(|(field, _)| *field)
}

/// The same as [`did_you_mean`] for the name of a field or column: what products call it comes before what is spelt alike.
pub fn which_field<'a>(wrong: &str, legal: impl IntoIterator<Item = &'a str>) -> String {
    usual(wrong).map_or_else(|| did_you_mean(wrong, legal, 3), |field| format!("did you mean `{field}`? "))
}

/// The nearest legal names as the beginning of a help text: "did you mean `a` or `b`? "; empty if none is near.
pub fn did_you_mean<'a>(wrong: &str, legal: impl IntoIterator<Item = &'a str>, most: usize) -> String {
    let near = nearest(wrong, legal);
    let near: Vec<String> = near.iter().take(most).map(|name| format!("`{name}`")).collect();
    if near.is_empty() { String::new() } else { format!("did you mean {}? ", near.join(" or ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_and_spelling_is_unique() {
        let mut seen = std::collections::BTreeSet::new();
        for info in FIELDS {
            for name in std::iter::once(&info.name).chain(info.spellings) {
                assert!(seen.insert(*name), "{name} stands twice");
            }
        }
    }

    #[test]
    fn the_documents_spelling_is_the_ecs_field() {
        assert_eq!(Field::named("destination_ip"), Field::named("destination.ip"));
        assert_eq!(Field::named("process"), None);
    }

    #[test]
    fn usual_names_stand_for_fields_that_there_are() {
        let mut seen = std::collections::BTreeSet::new();
        for (field, names) in USUAL {
            assert!(Field::named(field).is_some(), "{field}");
            assert!(names.iter().all(|name| seen.insert(*name)), "{names:?}");
        }
    }

    #[test]
    fn a_slip_of_the_finger_finds_its_field() {
        let legal = FIELDS.iter().map(|info| info.name);
        assert_eq!(nearest("proces.name", legal)[0], "process.name");
    }
}
