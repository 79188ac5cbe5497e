//! Random rows against random lists, each pair judged by quell and by the plain, slow reading: a few in every run, a million rows
//! in the long profile (`QUELL_LONG=1 cargo test --release --test it long::`).

use crate::common::naive::{judge, parse};
use crate::common::random::{csv, lists, rows};
use crate::common::{How, apply, cases, loaded};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

const ORDER: [usize; 6] = [5, 4, 0, 1, 2, 3];

#[test]
fn random_rows_go_where_the_plain_reading_says() {
    let wanted = cases(3_000, 1_000_000) as usize;
    let mut random = TestRunner::deterministic();
    let (lists, rows) = (lists(8), rows(400));
    let (mut read, mut suppressed, mut pairs) = (0, 0, 0);
    while read < wanted {
        let texts = lists.new_tree(&mut random).unwrap().current();
        let rows = rows.new_tree(&mut random).unwrap().current();
        let (input, bytes) = csv(&rows, &ORDER);
        let how = How { threads: 1 + read % 3, chunk: 64 + read % 4_000, ..How::CSV };
        let outcome = apply(&loaded(&texts), &input, how);
        let plain = parse(&texts);
        let kept = rows.iter().zip(&bytes).filter(|(row, _)| judge(&plain, row).0.is_empty());
        let kept: Vec<u8> = kept.flat_map(|(_, bytes)| bytes.iter().copied()).collect();
        assert_eq!(String::from_utf8_lossy(&outcome.kept), String::from_utf8_lossy(&kept), "{texts:#?}");
        let totals = outcome.tally.totals;
        assert_eq!((totals.read, totals.kept + totals.suppressed), (rows.len() as u64, rows.len() as u64));
        read += rows.len();
        suppressed += totals.suppressed;
        pairs += rows.len() * texts.len();
    }
    println!("{read} rows, {suppressed} of them suppressed, {pairs} pairs of a row and a list, 0 violations");
    assert!(suppressed > 0 && read >= wanted);
}
