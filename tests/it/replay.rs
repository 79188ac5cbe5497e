//! The properties of the fuzz targets (`fuzz/properties.rs`) on their corpora, and on changes to them that are the same in every
//! run. `cargo fuzz run TARGET fuzz/corpus/TARGET` goes on from here.

use crate::common::cases;
use std::fs;
use std::path::Path;

#[path = "../../fuzz/properties.rs"]
mod properties;

/// Numbers that look random and are the same in every run (xorshift, Marsaglia 2003).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit.max(1)
    }
}

/// The bytes with a few parts taken out, doubled, or put in.
fn changed(bytes: &[u8], others: &[Vec<u8>], numbers: &mut Numbers) -> Vec<u8> {
    const ODD: &[&[u8]] = &[
        b"\"",
        b"'",
        b"\n",
        b"\r",
        b",",
        b"\\",
        b"*",
        b"?",
        b"{",
        b"}",
        b"[",
        b"`",
        b"|",
        b"=",
        b"\xe2\x80\x8b",
        b"\xff",
        b"\0",
        b"::",
    ];
    let mut out = bytes.to_vec();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(out.len() + 1);
        let end = (at + numbers.below(8)).min(out.len());
        match numbers.below(4) {
            0 => drop(out.drain(at..end)),
            1 => {
                let part = out[at..end].to_vec();
                out.splice(at..at, part);
            }
            2 => drop(out.splice(at..at, ODD[numbers.below(ODD.len())].iter().copied())),
            _ => {
                let other = &others[numbers.below(others.len())];
                let from = numbers.below(other.len());
                out.splice(at..at, other[from..(from + 12).min(other.len())].iter().copied());
            }
        }
    }
    out
}

#[test]
fn every_property_holds_on_its_corpus_and_on_changes_to_it() {
    for (name, property) in properties::ALL {
        let folder = Path::new("fuzz/corpus").join(name);
        let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let seeds: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).unwrap()).collect();
        assert!(!seeds.is_empty(), "{name}");
        for seed in &seeds {
            property(seed);
        }
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
        for _ in 0..cases(150, 20_000) {
            let seed = &seeds[numbers.below(seeds.len())];
            property(&changed(seed, &seeds, &mut numbers));
        }
    }
}

/// Each property is a fuzz target, and each fuzz target a property.
#[test]
fn every_property_is_a_fuzz_target() {
    let manifest = fs::read_to_string("fuzz/Cargo.toml").unwrap();
    for (name, _) in properties::ALL {
        let target = fs::read_to_string(format!("fuzz/fuzz_targets/{name}.rs")).unwrap();
        assert!(target.contains(&format!("properties::{name}(bytes)")), "{name}");
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
    }
    assert_eq!(fs::read_dir("fuzz/fuzz_targets").unwrap().count(), properties::ALL.len());
}
