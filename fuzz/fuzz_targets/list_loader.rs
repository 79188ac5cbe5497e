//! Any text loads as a list, or its mistakes have places and can be printed.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[allow(dead_code, reason = "each target uses one of them")]
#[path = "../properties.rs"]
mod properties;

fuzz_target!(|bytes: &[u8]| properties::list_loader(bytes));
