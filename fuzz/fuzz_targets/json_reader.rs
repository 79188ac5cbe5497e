//! Any bytes are lines, and every line is a row or empty.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quell::results::json::Lines;
use quell::results::layout::Layout;
use quell::schema::Source;

fuzz_target!(|text: &[u8]| {
    let wanted = ["a", "b.c"].map(|name| vec![Source { column: name.into(), path: false }]).into();
    let mut rows = 0;
    Lines::new(Layout::of_keys(wanted)).rows(text, &mut [false; 2], |_| rows += 1);
    assert!(rows <= text.split(|byte| *byte == b'\n').count());
});
