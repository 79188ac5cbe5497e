//! Any text is read as a query and as a documented condition; what is imported loads as a list.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quell::exclusions::document::ListFile;
use quell::exclusions::validate::{ListText, load};
use quell::kql::import::{Reading, QuerySource, import_query, import_text};
use quell::schema::Schemas;
use quell::yaml;

fuzz_target!(|text: &str| {
    let schemas = Schemas::built_in();
    let Ok(schema) = schemas.named("defender").ok_or(()) else { return };
    let source = QuerySource { file: "r.kql", line: 1, prefix: "r", rule: None };
    let mut exclusions = import_query(text, "DeviceNetworkEvents", schema, source).exclusions;
    exclusions.extend(import_text("documented", text, Reading::Loose, schema));
    if !exclusions.is_empty() {
        let text = yaml::to_string(&ListFile { exclusions, ..ListFile::default() }).expect("a list is written");
        load(&[ListText { file: "imported.yaml".into(), text }], &schemas).expect("what was imported loads");
    }
});
