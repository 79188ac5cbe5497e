//! Whatever stands in rows, lists and names of files: a report shows nothing that deceives, on no line a command of a CI
#![no_main]

use libfuzzer_sys::fuzz_target;

#[allow(dead_code, reason = "each target uses one of them")]
#[path = "../properties.rs"]
mod properties;

fuzz_target!(|bytes: &[u8]| properties::report(bytes));
