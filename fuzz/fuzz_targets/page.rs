//! Whatever stands in rows, lists and names of files: on the page it opens no tag and ends none.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[allow(dead_code, reason = "each target uses one of them")]
#[path = "../properties.rs"]
mod properties;

fuzz_target!(|bytes: &[u8]| properties::page(bytes));
