//! Any list that loads is brought into an order that is one, and says the same as before.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[allow(dead_code, reason = "each target uses one of them")]
#[path = "../properties.rs"]
mod properties;

fuzz_target!(|bytes: &[u8]| properties::formatter(bytes));
