//! Any bytes are pieces of a document, which together are those bytes, however they are stored.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quell::input::json::document::Walker;
use quell::input::json::format::Document;
use quell::input::json::shape;
use quell::input::decompress::decompress;
use std::io::Read;

fuzz_target!(|bytes: &[u8]| {
    let mut text = Vec::new();
    if let Ok(unpacked) = decompress(bytes) {
        let _ = unpacked.reader.take(1 << 20).read_to_end(&mut text);
    }
    let all = [Document::Array, Document::Results, Document::Records, Document::Batches, Document::Tables];
    for document in shape::document(&text).into_iter().chain(all) {
        let mut pieces = Vec::new();
        if let Ok(used) = Walker::new(document).walk(&text, 0, true, &mut pieces) {
            assert_eq!(used, text.len());
            assert_eq!(pieces.iter().map(|piece| piece.range.len()).sum::<usize>(), used);
        }
    }
});
