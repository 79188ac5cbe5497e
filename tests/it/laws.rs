//! The laws that quell is built on, each against random lists and rows.

use crate::common::naive::{judge, parse};
use crate::common::random::{COLUMNS, csv, json, lists, rows};
use crate::common::{How, Outcome, apply, cases, loaded, try_apply};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use quell::exclusions::document::ListFile;
use quell::input::Format;
use quell::input::chunk::Cut;
use quell::input::csv::{ChunkOutcome, CsvReader};
use quell::input::json::format::Document;
use quell::input::projection::Projection;
use quell::report::Report;
use quell::schema::Source;
use std::sync::atomic::{AtomicUsize, Ordering};

const ORDER: [usize; 6] = [0, 1, 2, 3, 4, 5];

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|place| format!("e{place}")).collect()
}

/// The report without what the order of lists may change.
fn unordered(outcome: &Outcome) -> Report {
    let mut report = outcome.report.clone().unwrap();
    for exclusion in &mut report.exclusions {
        exclusion.file.clear();
    }
    report
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(150, 6_000), ..ProptestConfig::default() })]

    /// Law 1: kept and suppressed together are the input, in order, byte for byte.
    /// Law 2: a row is suppressed if and only if a plain, slow reading of the YAML says so.
    /// The test of this law is below; it counts what was compared.
    fn each_row_goes_where_the_plain_reading_says(texts in lists(6), rows in rows(50)) {
        let (input, bytes) = csv(&rows, &ORDER);
        let outcome = apply(&loaded(&texts), &input, How::CSV);
        let (mut kept, mut suppressed) = (Vec::new(), Vec::new());
        let mut undecidable = 0;
        PAIRS.fetch_add(rows.len(), Ordering::Relaxed);
        let read_plainly = parse(&texts);
        for (row, bytes) in rows.iter().zip(&bytes) {
            let (covering, hangs) = judge(&read_plainly, row);
            undecidable += u64::from(hangs);
            if covering.is_empty() {
                kept.extend_from_slice(bytes);
            } else {
                let mut by: Vec<String> = ids(texts.len()).into_iter().filter(|id| covering.contains(id)).collect();
                by.insert(0, String::from_utf8(bytes[..bytes.len() - 1].to_vec()).unwrap() + ",");
                suppressed.extend_from_slice((by[0].clone() + &by[1..].join(";") + "\n").as_bytes());
            }
        }
        prop_assert_eq!(String::from_utf8_lossy(&outcome.kept), String::from_utf8_lossy(&kept));
        prop_assert_eq!(String::from_utf8_lossy(&outcome.suppressed), String::from_utf8_lossy(&suppressed));
        let totals = outcome.tally.totals;
        prop_assert_eq!(totals.read, totals.kept + totals.suppressed);
        prop_assert_eq!(totals.undecidable, undecidable);
        let groups: u64 = outcome.tally.groups.iter().map(|(.., rows)| rows).sum();
        prop_assert_eq!(groups, totals.kept);
    }

    /// Law 3: adding an exclusion brings no row back; removing one brings back exactly its sole matches.
    #[test]
    fn an_exclusion_contributes_its_sole_matches(texts in lists(6), rows in rows(50), which in any::<Index>()) {
        if texts.is_empty() {
            return Ok(());
        }
        let (input, _) = csv(&rows, &ORDER);
        let all = loaded(&texts);
        let place = which.index(all.len());
        let mut without = all.clone();
        without.remove(place);
        let (with, without) = (apply(&all, &input, How::CSV), apply(&without, &input, How::CSV));
        let each = with.tally.exclusions.get(&u32::try_from(place).unwrap());
        let sole = each.map_or(0, |each| each.sole);
        prop_assert_eq!(with.tally.totals.suppressed, without.tally.totals.suppressed + sole);
        prop_assert!(is_subsequence(&with.kept, &without.kept));
    }

    /// Law 4: the outcome does not depend on format, column order, chunk size, threads or list order.
    #[test]
    fn the_outcome_does_not_depend_on_how_it_is_reached(
        texts in lists(6),
        rows in rows(50),
        order in Just(ORDER.to_vec()).prop_shuffle(),
        chunk in select(vec![64_usize, 300, 4_096]),
        threads in 1..4_usize,
    ) {
        let exclusions = loaded(&texts);
        let reversed: Vec<_> = exclusions.iter().rev().cloned().collect();
        let plain = apply(&exclusions, &csv(&rows, &ORDER).0, How::CSV);
        let shuffled = apply(&reversed, &csv(&rows, &order).0, How { chunk, threads, ..How::CSV });
        let lines = apply(&exclusions, &json(&rows, &order).0, How { chunk, threads, ..How::JSON });
        prop_assert_eq!(unordered(&plain), unordered(&shuffled));
        prop_assert_eq!(unordered(&plain), unordered(&lines));
        let same = apply(&exclusions, &csv(&rows, &ORDER).0, How { chunk, threads, ..How::CSV });
        prop_assert_eq!(&plain.kept, &same.kept);
        prop_assert_eq!(&plain.suppressed, &same.suppressed);
    }

    /// One list or many, the report is the same.
    #[test]
    fn how_exclusions_are_spread_over_files_does_not_matter(texts in lists(6), rows in rows(30)) {
        let (input, _) = csv(&rows, &ORDER);
        let one = "exclusions:\n".to_owned() + &texts.iter().map(|text| &text["exclusions:\n".len()..]).collect::<String>();
        if texts.is_empty() {
            return Ok(());
        }
        let strip = |outcome: Outcome| {
            let mut report = unordered(&outcome);
            report.exclusions.iter_mut().for_each(|exclusion| exclusion.line = 0);
            report
        };
        let (many, one) = (apply(&loaded(&texts), &input, How::CSV), apply(&loaded(&[one]), &input, How::CSV));
        prop_assert_eq!(strip(many), strip(one));
    }

    /// Law 7, readers: whatever the bytes, nothing is lost and nothing panics, at every chunk size alike.
    #[test]
    fn garbage_is_kept_byte_for_byte(
        texts in lists(3),
        garbage in proptest::collection::vec(select(b"\"\"\",,,;\n\n\n\r\n\0\xff ab1.{}:[]".to_vec()), 0..400),
        chunk in select(vec![1_usize, 16, 64, 4_096]),
    ) {
        let exclusions = loaded(&texts);
        let header: Vec<&str> = COLUMNS.iter().map(|(_, column)| *column).collect();
        let input = [header.join(",").as_bytes(), b"\n", &garbage].concat();
        for (how, input) in [(How::CSV, &input), (How::JSON, &garbage)] {
            let whole = apply(&exclusions, input, how);
            let parts = apply(&exclusions, input, How { chunk, threads: 2, ..how });
            prop_assert_eq!(&whole.kept, &parts.kept);
            if whole.tally.totals.suppressed == 0 {
                prop_assert_eq!(&whole.kept, &garbage);
            } else {
                // By chance a part of it is a row that the list covers, such as ` 1,,,,,;` by `[0-9]`; the rest is kept.
                let mut rest = garbage.iter();
                prop_assert!(whole.kept.iter().all(|byte| rest.any(|other| other == byte)));
                prop_assert!(!whole.suppressed.is_empty());
            }
            prop_assert_eq!(whole.tally.totals, parts.tally.totals);
            prop_assert_eq!(&whole.malformed, &parts.malformed);
        }
    }

    /// Law 7, documents: whatever stands where, nothing is lost and nothing panics, at every chunk size alike.
    #[test]
    fn broken_documents_are_kept_byte_for_byte(
        parts in proptest::collection::vec(select(vec![
            "[", "]", "{", "}", ",", ":", "\"results\":[", "\"records\":[", "\"tables\":[", "\"rows\":[", "\"columns\":[{\"name\":\"RemoteIP\"}]", "{\"RemoteIP\":\"zz\"}", "[\"zz\"]", "[null]", "\"", "\\", "\u{e9}", "12", " ", "\n", "\0", "\"error\":{}",
        ]), 0..30),
        document in select(vec![Document::Array, Document::Results, Document::Records, Document::Batches, Document::Tables]),
        begun in any::<bool>(),
        chunk in select(vec![1_usize, 16, 64]),
    ) {
        let exclusions = loaded(&[]);
        let beginning = match document {
            _ if !begun => "",
            Document::Array => "[",
            Document::Results => "{\"results\":[",
            Document::Records => "{\"records\":[",
            Document::Batches => "[{\"records\":[",
            Document::Tables => "{\"tables\":[{\"columns\":[{\"name\":\"RemoteIP\"}],\"rows\":[",
        };
        let input = [beginning, &parts.concat()].concat().into_bytes();
        let how = How { format: Format::Document(document), ..How::JSON };
        let whole = try_apply(&exclusions, &input, how);
        let parts = try_apply(&exclusions, &input, How { chunk, threads: 2, ..how });
        prop_assert_eq!(whole.is_ok(), parts.is_ok());
        if let (Ok(whole), Ok(parts)) = (whole, parts) {
            prop_assert_eq!(String::from_utf8_lossy(&whole.kept), String::from_utf8_lossy(&input));
            prop_assert_eq!(&parts.kept, &input);
            prop_assert_eq!(whole.tally.totals, parts.tally.totals);
            prop_assert_eq!(&whole.malformed, &parts.malformed);
        }
    }

    /// Documents: kept and suppressed are the records that they are as lines, in their envelope, at every chunk size.
    #[test]
    fn records_go_where_the_same_lines_go(
        texts in lists(6),
        rows in rows(30),
        chunk in select(vec![64_usize, 300, 4_096]),
        threads in 1..4_usize,
    ) {
        let exclusions = loaded(&texts);
        let (lines, _) = json(&rows, &ORDER);
        let lines = String::from_utf8(lines).unwrap();
        let array = |text: &str| format!("[\n{}\n]", text.lines().collect::<Vec<_>>().join(",\n"));
        let wanted = apply(&exclusions, lines.as_bytes(), How::JSON);
        let how = How { format: Format::Document(Document::Array), chunk, threads };
        let found = apply(&exclusions, array(&lines).as_bytes(), how);
        prop_assert_eq!(unordered(&wanted), unordered(&found));
        for (wanted, found) in [(wanted.kept, found.kept), (wanted.suppressed, found.suppressed)] {
            prop_assert_eq!(array(&String::from_utf8(wanted).unwrap()), String::from_utf8(found).unwrap());
        }
    }

    /// The fast and the careful reading of CSV find the same rows and cells wherever the fast one does not give up,
    /// and where no row is at fault the plain `csv` reader finds them too.
    fn the_fast_the_careful_and_the_plain_reader_agree(
        cells in proptest::collection::vec(select(vec!["y\0", "y\u{ff}", "a", "", "\"b\"", "\"c,d\"", "\"e\"\"f\"", "\"g\nh\"", "\u{e9}", "m", "n", "o", "q", "r", "s", "t", "u", "v", "w", "x", "y", "i\"j", "p\""]), 0..40),
        ends in proptest::collection::vec(select(vec![",", ",", "\n", "\r\n"]), 40),
    ) {
        let text: String = cells.iter().zip(&ends).flat_map(|(cell, end)| [*cell, *end]).collect();
        // What is no text stands in for one letter.
        let text: Vec<u8> = text.replace('\u{ff}', "\u{1}").into_bytes();
        let text: Vec<u8> = text.into_iter().map(|byte| if byte == 1 { 0xff } else { byte }).collect();
        let careful = read(&text, 2, Cut::Careful { delimiter: b',' });
        if let Some(fast) = read(&text, 2, Cut::Fast) {
            prop_assert_eq!(Some(&fast), careful.as_ref());
            let first = |rows: &[Option<Vec<String>>]| {
                rows.iter().map(|row| row.as_ref().map(|cells| cells[0].clone())).collect::<Vec<_>>()
            };
            let fewer = read(&text, 1, Cut::Fast);
            prop_assert_eq!(fewer.map(|rows| first(&rows)), Some(first(&fast)));
            FAST.fetch_add(fast.len(), Ordering::Relaxed);
            if text.contains(&0) {
                // The plain reader takes it for a letter.
                return Ok(());
            }
            let plain = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_slice()).into_records();
            let plain: Vec<Option<Vec<String>>> = plain
                .map(|record| record.ok().filter(|record| record.len() == 3))
                .map(|record| record.map(|record| [0, 2].map(|place| record[place].to_owned()).to_vec()))
                .collect();
            prop_assert_eq!(fast, plain);
        }
    }

    /// Law 7, lists: whatever the text, it loads or its mistakes have places.
    #[test]
    fn any_text_loads_or_has_mistakes_with_places(text in "[-a-z0-9:{}\\[\\]|&*!#%@'\",.\n \t\u{e9}]{0,200}", whole in any::<bool>()) {
        let text = if whole { format!("exclusions:\n- id: a\n  when:\n  {text}\n") } else { text };
        let list = quell::exclusions::validate::ListText { file: "x.yaml".into(), text };
        if let Err(mistakes) = quell::exclusions::validate::load(&[list], &quell::schema::Schemas::built_in()) {
            prop_assert!(!mistakes.is_empty());
            prop_assert!(mistakes.iter().all(|mistake| mistake.place.as_ref().is_some_and(|place| place.line > 0)));
            quell::diagnostic::render(&mistakes, false);
        }
    }
}

proptest! {
    // Seven runs a case.
    #![proptest_config(ProptestConfig { cases: cases(30, 1_000), ..ProptestConfig::default() })]

    /// Law 3, row by row: for each exclusion, the rows that a run without it keeps and the whole list suppresses are those
    /// that are attributed to it alone, and as many as its sole matches.
    #[test]
    fn sole_matches_are_the_rows_that_a_run_without_the_exclusion_brings_back(texts in lists(6), rows in rows(40)) {
        let (input, bytes) = csv(&rows, &ORDER);
        let all = loaded(&texts);
        let with = apply(&all, &input, How::CSV);
        let kept_by_all = are_kept(&with.kept, &bytes);
        let read_plainly = parse(&texts);
        for (place, exclusion) in all.iter().enumerate() {
            let mut others = all.clone();
            others.remove(place);
            let kept = are_kept(&apply(&others, &input, How::CSV).kept, &bytes);
            let alone = rows.iter().map(|row| judge(&read_plainly, row).0).map(|by| by.len() == 1 && by.contains(&exclusion.id));
            let comes_back: Vec<bool> = kept_by_all.iter().zip(&kept).map(|(before, after)| !before && *after).collect();
            prop_assert_eq!(&comes_back, &alone.collect::<Vec<bool>>());
            let sole = with.tally.exclusions.get(&u32::try_from(place).unwrap()).map_or(0, |each| each.sole);
            prop_assert_eq!(comes_back.iter().filter(|comes_back| **comes_back).count() as u64, sole);
            prop_assert!(kept_by_all.iter().zip(&kept).all(|(before, after)| !before || *after), "nothing goes");
        }
    }
}

/// Rows that the fast reading found.
static FAST: AtomicUsize = AtomicUsize::new(0);

/// The first and third cell of each row under a header of three; `None` for a row at fault, and for a text at which the
/// fast reading gives up.
fn read(text: &[u8], cells: usize, cut: Cut) -> Option<Vec<Option<Vec<String>>>> {
    let header = ["a", "b", "c"].map(String::from);
    let wanted = ["a", "c"].map(|name| vec![Source { column: name.into(), path: false }]).into();
    let splitter = CsvReader::new(b',', Projection::of_header(wanted, &header), &header);
    let mut rows = Vec::new();
    let chunked = splitter.rows(cells, text, cut, true, |row| {
        let cells = row.cells.ok();
        rows.push(cells.map(|cells| cells.iter().map(|cell| cell.unwrap_or_default().to_owned()).collect()));
    });
    matches!(chunked, ChunkOutcome::Regular { .. }).then_some(rows)
}

#[test]
fn the_readers_of_csv_agree() {
    the_fast_the_careful_and_the_plain_reader_agree();
    let rows = FAST.load(Ordering::Relaxed);
    println!("{rows} rows read in three ways");
    assert!(rows >= 20, "only {rows}");
}

#[test]
fn a_row_beside_one_that_is_no_text_has_its_own_cells() {
    let text = b"m,n,o\ny\xff,b,c\np,q,r\n\"s\"\"\",t,u\nv,w,x\n";
    let row = |first: &str, last: &str| Some(vec![first.to_owned(), last.to_owned()]);
    let wanted = vec![row("m", "o"), None, row("p", "r"), row("s\"", "u"), row("v", "x")];
    for cut in [Cut::Fast, Cut::Careful { delimiter: b',' }] {
        assert_eq!(read(text, 2, cut), Some(wanted.clone()));
    }
}

/// Pairs of a list and a row that were compared with the plain reading.
static PAIRS: AtomicUsize = AtomicUsize::new(0);

#[test]
fn every_row_goes_where_the_plain_reading_says() {
    each_row_goes_where_the_plain_reading_says();
    let pairs = PAIRS.load(Ordering::Relaxed);
    println!("{pairs} pairs of a list and a row");
    assert!(pairs >= cases(1_000, 100_000) as usize, "only {pairs}");
}

/// A list that is written from the types means what the list means that was read into them.
#[test]
fn a_list_written_from_its_types_means_the_same() {
    let mut runner = TestRunner::deterministic();
    for _ in 0..cases(100, 3_000) {
        let texts = lists(6).new_tree(&mut runner).unwrap().current();
        for text in texts {
            let file: ListFile = quell::yaml::from_str(&text).unwrap();
            let written = quell::yaml::to_string(&file).unwrap();
            let meaning =
                |text: String| loaded(&[text]).into_iter().map(|exclusion| (exclusion.id, exclusion.entries));
            assert!(meaning(text.clone()).eq(meaning(written.clone())), "{text}\n{written}");
        }
    }
    for list in quell::exclusions::documented() {
        let file: ListFile = quell::yaml::from_str(&list.text).unwrap();
        let written = quell::yaml::to_string(&file).unwrap();
        let meaning = |text: &String| {
            let mut exclusion = loaded(std::slice::from_ref(text)).remove(0);
            exclusion.origin.line = 0;
            exclusion
                .cases
                .suppress
                .iter_mut()
                .chain(&mut exclusion.cases.keep)
                .for_each(|case| case.line = 0);
            exclusion
        };
        assert_eq!(meaning(&list.text), meaning(&written));
    }
}

/// Which of the rows are in the kept output. No row of CSV is the beginning of another, so this is no guess.
fn are_kept(kept: &[u8], rows: &[Vec<u8>]) -> Vec<bool> {
    let mut rest = kept;
    let is_next = |row: &Vec<u8>| {
        let after = rest.strip_prefix(row.as_slice());
        rest = after.unwrap_or(rest);
        after.is_some()
    };
    let kept = rows.iter().map(is_next).collect();
    assert!(rest.is_empty(), "every kept byte belongs to a row");
    kept
}

/// Whether the lines of `part` occur in `whole` in this order.
fn is_subsequence(part: &[u8], whole: &[u8]) -> bool {
    let mut rest = whole.split_inclusive(|byte| *byte == b'\n');
    part.split_inclusive(|byte| *byte == b'\n').all(|line| rest.any(|other| other == line))
}
