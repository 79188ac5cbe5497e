//! Any text of any kind of file is spliced; twice is once, and taking the block out gives the text back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quell::rule::queries::FileKind;
use quell::rule::splice::{RuleBlock, splice_file};

const BLOCK: &str = "// quell:begin\n| where not(RemoteIP == \"192.0.2.7\")\n// quell:end";

fuzz_target!(|text: &str| {
    let columns = ["RemoteIP".to_owned()];
    let splice = |kind, text: &str, block| {
        splice_file(kind, text, RuleBlock { table: "DeviceNetworkEvents", text: block, above: "", columns: &columns }).text
    };
    // A text that has markers already is not what it was before the first splice.
    if text.contains("quell:") {
        return;
    }
    for kind in [
        FileKind::Yaml,
        FileKind::Kql,
        FileKind::Markdown,
        FileKind::Json,
        FileKind::Terraform,
        FileKind::Bicep,
    ] {
        let once = splice(kind, text, Some(BLOCK));
        assert_eq!(splice(kind, &once, Some(BLOCK)), once);
        assert_eq!(splice(kind, &once, None), text);
    }
});
