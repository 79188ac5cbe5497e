//! The fast and the careful reading of CSV find the same rows and cells wherever both can read.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[allow(dead_code, reason = "each target uses one of them")]
#[path = "../properties.rs"]
mod properties;

fuzz_target!(|bytes: &[u8]| properties::csv_reader(bytes));
