//! Which table a header is of.
//!
//! In: the names of columns, in any order, some missing, others beside them. Out: a [`Recognition`]. One column means one
//! thing in one table and another in the next, so a header that may be of two tables that disagree is of neither: the user
//! has to say it.

use super::{Schema, before_union};
use std::collections::HashSet;

/// The answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Recognition<'s> {
    /// It is of this one; or of several that take its columns for the same.
    One(&'s Schema),
    /// It may be of each of these, and they disagree.
    Several(Vec<&'s Schema>),
    /// None knows any of it.
    None,
}

impl PartialEq for Schema {
    /// Names are unique.
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// The part of a table's columns that a whole export has even if somebody took some away.
const WHOLE: (usize, usize) = (4, 5);

/// Columns of other tables that may stand beside a whole one.
const FOREIGN: usize = 5;

/// The table that a header without a column that it lacks is taken for, since quell has always read it so. Others have
/// those columns too, but nobody exports processes or files without their names.
const NETWORK: &str = "DeviceNetworkEvents";

/// A schema, and which of the header's columns it knows.
struct Candidate<'s> {
    schema: &'s Schema,
    knows: Vec<bool>,
    score: usize,
}

/// Finds the table.
pub(super) fn recognition<'s>(schemas: &[&'s Schema], header: &[String]) -> Recognition<'s> {
    let all: Vec<Candidate<'s>> = schemas.iter().map(|schema| candidate(schema, header)).collect();
    let best = all.iter().map(|each| each.score).max().unwrap_or_default();
    let top: Vec<&Candidate<'_>> = all.iter().filter(|each| each.score == best).collect();
    let Some(first) = top.first().filter(|_| best > 0) else { return Recognition::None };
    let network = top.iter().find(|each| each.schema.table.as_deref() == Some(NETWORK));
    if let Some(network) = network.filter(|network| all.iter().all(|each| network.knows_all_of(each))) {
        return Recognition::One(network.schema);
    }
    // Of two whole tables one is a part of the other, as libraries are of files.
    let unions = header.iter().filter_map(|name| before_union(name));
    let names: HashSet<&str> = header.iter().map(String::as_str).chain(unions).collect();
    let whole = all.iter().rev().filter(|each| each.is_whole(&names)).max_by_key(|each| each.score);
    if let Some(whole) = whole.filter(|whole| whole.score + FOREIGN >= best) {
        return Recognition::One(whole.schema);
    }
    // One column more may come from a join, so it tells no table from another that disagrees.
    let is_rival = |each: &&Candidate<'_>| match best - each.score {
        0 => disagree(first, each, header, false),
        1 => disagree(first, each, header, true),
        _ => false,
    };
    if !all.iter().any(|each| is_rival(&each)) {
        return Recognition::One(first.schema);
    }
    let several = all.iter().filter(|each| each.score == best || is_rival(each));
    Recognition::Several(several.map(|each| each.schema).collect())
}

fn candidate<'s>(schema: &'s Schema, header: &[String]) -> Candidate<'s> {
    let knows = |name: &String| schema.has(name) || before_union(name).is_some_and(|name| schema.has(name));
    let knows: Vec<bool> = header.iter().map(knows).collect();
    let score = knows.iter().filter(|known| **known).count();
    Candidate { schema, knows, score }
}

impl Candidate<'_> {
    /// Whether it knows every column of the header that another one knows.
    fn knows_all_of(&self, other: &Self) -> bool {
        self.knows.iter().zip(&other.knows).all(|(here, there)| *here || !there)
    }

    /// Whether the header has nearly all of its columns.
    fn is_whole(&self, names: &HashSet<&str>) -> bool {
        let columns = &self.schema.columns;
        let present = columns.keys().filter(|name| names.contains(name.as_str())).count();
        self.schema.table.is_some() && present * WHOLE.1 >= columns.len() * WHOLE.0
    }
}

/// Whether one schema takes a column of the header for a field and the other does not; with `both` only if it takes it for
/// another.
fn disagree(one: &Candidate<'_>, other: &Candidate<'_>, header: &[String], both: bool) -> bool {
    let differs = |(place, name): (usize, &String)| {
        if !(one.knows[place] && other.knows[place]) {
            return false;
        }
        let (here, there) = (meanings(one.schema, name), meanings(other.schema, name));
        !here.is_empty() && here != there && !(both && there.is_empty())
    };
    header.iter().enumerate().any(differs)
}

/// The fields that a column holds, each with whether it is the last segment of a path.
fn meanings(schema: &Schema, column: &str) -> Vec<(&'static str, bool)> {
    let is = |name: &str| name == column || before_union(column) == Some(name);
    let fields = schema.fields.iter().flat_map(|(field, sources)| {
        let sources = sources.iter().filter(|source| is(&source.column));
        sources.map(|source| (field.name(), source.path))
    });
    let mut fields: Vec<_> = fields.collect();
    fields.sort_unstable();
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Schemas, column_name};

    fn of(header: &str) -> Vec<String> {
        header.split(',').map(|name| column_name(name).to_owned()).collect()
    }

    #[test]
    fn a_header_finds_its_schema() {
        let schemas = Schemas::built_in();
        for (header, name) in [
            ("Timestamp,DeviceName,RemoteIP,InitiatingProcessFileName", "defender"),
            ("TimeGenerated [UTC],DeviceName,RemoteIP", "sentinel"),
            ("TimeGenerated_datetime,DeviceName_string,RemoteIP_string", "sentinel"),
            ("UtcTime,Image,DestinationIp,Computer", "sysmon"),
            ("TimeGenerated,SrcProcessName,DstIpAddr", "asim"),
            ("@timestamp,process.name,destination.ip", "ecs"),
            ("TimeGenerated,Computer,Account,EventID,NewProcessName,CommandLine", "SecurityEvent"),
            ("TimeGenerated,UserPrincipalName,IPAddress,AppDisplayName,UserAgent", "SigninLogs"),
            ("TimeGenerated,Computer,ProcessName,SyslogMessage", "Syslog"),
            ("Timestamp,DeviceName,RegistryKey,RegistryValueName,RegistryValueType", "DeviceRegistryEvents"),
            ("TimeGenerated,SrcIpAddr,DnsQuery", "_Im_Dns"),
        ] {
            assert_eq!(schemas.recognise(&of(header)).map(|s| s.name.as_str()), Some(name), "{header:?}");
        }
        assert!(schemas.recognise(&["colour".to_owned()]).is_none());
    }

    #[test]
    fn a_header_of_two_tables_that_disagree_is_of_neither() {
        let schemas = Schemas::built_in();
        for (header, wanted) in [
            (
                "Timestamp,DeviceName,FileName,FolderPath,SHA256,InitiatingProcessFileName",
                "DeviceImageLoadEvents",
            ),
            ("Timestamp,DeviceName,FileName,ProcessCommandLine,RemoteUrl", "DeviceProcessEvents"),
        ] {
            let Recognition::Several(found) = schemas.recognition(&of(header)) else { panic!("{header}") };
            let names: Vec<&str> = found.iter().map(|schema| schema.name.as_str()).collect();
            assert!(names.contains(&wanted) && names.contains(&"DeviceEvents"), "{names:?}");
        }
    }
}
