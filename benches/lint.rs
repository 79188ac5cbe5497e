//! Linting long lists: what takes time is to find which entries others cover. `cargo bench --bench lint` runs it.

use divan::Bencher;
use divan::counter::ItemsCount;
use jiff::civil::date;
use quell::exclusions::model::Exclusion;
use quell::exclusions::validate::{ListText, load};
use quell::lint::facts::ProductFacts;
use quell::lint::settings::Settings;
use quell::lint::{Context, run};
use quell::schema::Schemas;
use std::fmt::Write;

fn main() {
    divan::main();
}

/// The shapes that long lists have.
const SHAPES: [&str; 5] = ["tuples", "wildcards", "patterns", "nested", "doubles"];

fn exclusions(shape: &str, count: usize) -> Vec<Exclusion> {
    let mut text = String::from("exclusions:\n");
    for place in 0..count {
        let (a, b, c) = (place / 62_500 % 250, place / 250 % 250, place % 250);
        let when = match shape {
            "tuples" => format!(
                "{{process.name: agent{}.exe, process.path: 'C:\\Program Files\\A{}\\*', destination.ip: 10.{b}.{c}.0/24}}",
                place % 1_000,
                place % 777
            ),
            "wildcards" => format!(
                "{{process.name: 'agent{}*', process.path|startswith: 'C:\\Program Files\\Vendor{place}\\', destination.port: {}}}",
                place % 1_000,
                place % 60_000
            ),
            // Nothing but patterns, which no table finds.
            "patterns" => format!("{{process.path: 'C:\\Program Files\\Vendor{place}\\*\\agent.exe'}}"),
            // Every network lies in wider ones of the same list.
            "nested" => {
                format!("{{process.name: agent.exe, destination.ip: 10.{a}.{b}.{c}/{}}}", 17 + place % 16)
            }
            _ => format!(
                "{{process.name: [agent{}.exe, AGENT{}.EXE], destination.port: 443}}",
                place / 2,
                place / 2
            ),
        };
        let _ = writeln!(text, "- {{id: e{place}, when: {when}}}");
    }
    load(&[ListText { file: "made".into(), text }], &Schemas::built_in()).unwrap_or_default()
}

#[divan::bench(args = SHAPES, consts = [10_000, 100_000], sample_count = 3, sample_size = 1)]
fn lint<const COUNT: usize>(bencher: Bencher<'_, '_>, shape: &str) {
    let exclusions = exclusions(shape, COUNT);
    assert_eq!(exclusions.len(), COUNT);
    let (settings, schemas, facts) = (Settings::default(), Schemas::built_in(), ProductFacts::built_in());
    bencher
        .counter(ItemsCount::new(COUNT))
        .bench(|| run(&Context::new(&exclusions, date(2026, 11, 24), &settings, &schemas, &facts)).len());
}
