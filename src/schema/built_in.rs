//! The schemas that come with quell.
//!
//! In: nothing. Out: each of them. The first five stand for themselves; each other file is one table, under its name.

use super::Schema;

const BUILT_IN: &[&str] = &[
    include_str!("defender.yaml"),
    include_str!("sentinel.yaml"),
    include_str!("sysmon.yaml"),
    include_str!("asim.yaml"),
    include_str!("ecs.yaml"),
    include_str!("tables/DeviceProcessEvents.yaml"),
    include_str!("tables/DeviceFileEvents.yaml"),
    include_str!("tables/DeviceRegistryEvents.yaml"),
    include_str!("tables/DeviceLogonEvents.yaml"),
    include_str!("tables/DeviceImageLoadEvents.yaml"),
    include_str!("tables/DeviceEvents.yaml"),
    include_str!("tables/DeviceFileCertificateInfo.yaml"),
    include_str!("tables/SecurityEvent.yaml"),
    include_str!("tables/WindowsEvent.yaml"),
    include_str!("tables/Event.yaml"),
    include_str!("tables/Syslog.yaml"),
    include_str!("tables/CommonSecurityLog.yaml"),
    include_str!("tables/SigninLogs.yaml"),
    include_str!("tables/AADNonInteractiveUserSignInLogs.yaml"),
    include_str!("tables/AuditLogs.yaml"),
    include_str!("tables/OfficeActivity.yaml"),
    include_str!("tables/CloudAppEvents.yaml"),
    include_str!("tables/AzureActivity.yaml"),
    include_str!("tables/EmailEvents.yaml"),
    include_str!("tables/EmailUrlInfo.yaml"),
    include_str!("tables/UrlClickEvents.yaml"),
    include_str!("tables/IdentityLogonEvents.yaml"),
    include_str!("tables/IdentityQueryEvents.yaml"),
    include_str!("tables/IdentityDirectoryEvents.yaml"),
    include_str!("tables/DnsEvents.yaml"),
    include_str!("tables/W3CIISLog.yaml"),
    include_str!("tables/VMConnection.yaml"),
    include_str!("tables/AWSCloudTrail.yaml"),
    include_str!("tables/AlertEvidence.yaml"),
    include_str!("tables/Im_ProcessEvent.yaml"),
    include_str!("tables/Im_Dns.yaml"),
    include_str!("tables/Im_WebSession.yaml"),
    include_str!("tables/Im_Authentication.yaml"),
];

/// Every built-in schema, in the order in which a header is tried.
pub(super) fn schemas() -> impl Iterator<Item = Schema> {
    // The files are compiled in and a test reads each of them.
    BUILT_IN.iter().filter_map(|text| Schema::parse(text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schemas;
    use std::collections::BTreeSet;

    #[test]
    fn every_built_in_schema_reads() {
        let names: Vec<String> = BUILT_IN.iter().map(|text| Schema::parse(text).unwrap().name).collect();
        assert_eq!(names[..5], ["defender", "sentinel", "sysmon", "asim", "ecs"]);
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), BUILT_IN.len());
    }

    #[test]
    fn every_table_says_what_it_has() {
        for schema in Schemas::built_in().iter().skip(5) {
            assert_eq!(schema.table.as_deref(), Some(&*schema.name));
            for name in schema.time.iter().chain(&schema.device) {
                assert!(schema.columns.contains_key(name), "{}: {name}", schema.name);
            }
            let mut held = BTreeSet::new();
            for (field, sources) in &schema.fields {
                // In a query only the first counts, so that a second would be another verdict.
                assert_eq!(sources.len(), 1, "{}: {field}", schema.name);
                assert!(held.insert((&sources[0].column, sources[0].path)), "{}: {field}", schema.name);
            }
            let known = ["string", "int", "long", "real", "bool", "datetime", "dynamic"];
            assert!(schema.columns.values().all(|kind| known.contains(&kind.as_str())), "{}", schema.name);
        }
    }
}
