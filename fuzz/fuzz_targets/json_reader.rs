//! Any bytes are lines, every line is a row or empty, and the quick reading finds what the slow one finds.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[allow(dead_code, reason = "each target uses one of them")]
#[path = "../properties.rs"]
mod properties;

fuzz_target!(|bytes: &[u8]| properties::json_reader(bytes));
