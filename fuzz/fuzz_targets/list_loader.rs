//! Any text loads as a list, or its mistakes have places and can be printed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quell::exclusions::validate::{ListText, load};
use quell::schema::Schemas;

fuzz_target!(|text: &str| {
    let list = ListText { file: "list.yaml".into(), text: text.into() };
    if let Err(mistakes) = load(&[list], &Schemas::built_in()) {
        assert!(mistakes.iter().all(|mistake| mistake.place.is_some()));
        quell::diagnostic::render(&mistakes, false);
    }
});
