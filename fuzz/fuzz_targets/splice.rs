//! Any text of any kind of file is spliced; twice is once, and taking the block out gives the text back.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[allow(dead_code, reason = "each target uses one of them")]
#[path = "../properties.rs"]
mod properties;

fuzz_target!(|bytes: &[u8]| properties::splice(bytes));
