//! The matcher finds what a slow reading of `*` and `?` finds, character by character. The first byte chooses the operator;
#![no_main]

use libfuzzer_sys::fuzz_target;

#[allow(dead_code, reason = "each target uses one of them")]
#[path = "../properties.rs"]
mod properties;

fuzz_target!(|bytes: &[u8]| properties::matcher(bytes));
