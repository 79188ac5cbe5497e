// What must hold for any bytes, for each of the things that parse or print. The fuzz targets run these for hours;
// `cargo test` (tests/it/replay.rs) runs them on the corpora and on some changes to them.

#![allow(clippy::expect_used, reason = "a property that does not hold panics")]

use quell::count::tally::Totals;
use quell::exclusions::document::ListFile;
use quell::exclusions::edit::ordered;
use quell::exclusions::model::Exclusion;
use quell::exclusions::validate::{ListText, load};
use quell::groups::{GroupKey, Groups, KeptRow, KeyOf, KeyPart};
use quell::input::chunk::Cut;
use quell::input::csv::{ChunkOutcome, CsvReader};
use quell::input::decompress::decompress;
use quell::input::json::document::Walker;
use quell::input::json::format::Document;
use quell::input::json::{JsonReader, shape};
use quell::input::projection::Projection;
use quell::input::{Fault, Row};
use quell::judge::{Matcher, Scratch};
use quell::kql::import::{QuerySource, Reading, import_query, import_text};
use quell::kql::lex::lex;
use quell::printable::is_deceptive;
use quell::report::html::{Collector, Known, Page, PageGrade, PageLint, PageRow};
use quell::report::profile::Profile;
use quell::report::style::Ink;
use quell::report::{GroupsReport, Layout, Report, ReportFormat, write};
use quell::rule::queries::FileKind;
use quell::rule::splice::{RuleBlock, splice_file};
use quell::schema::{Schemas, Source};
use quell::yaml::{YamlError, parse_any, parse_plain};
use std::io::Read;
use std::sync::OnceLock;

/// A property of any bytes.
pub(crate) type Property = fn(&[u8]);

/// Every property, by the name of its fuzz target and of the folder of its corpus.
pub(crate) const ALL: [(&str, Property); 11] = [
    ("list_loader", list_loader),
    ("csv_reader", csv_reader),
    ("json_reader", json_reader),
    ("document_reader", document_reader),
    ("import", import),
    ("splice", splice),
    ("lexer", lexer),
    ("matcher", matcher),
    ("report", report),
    ("page", page),
    ("formatter", formatter),
];

/// The built-in schemas, which take longer to read than most inputs.
fn schemas() -> &'static Schemas {
    static SCHEMAS: OnceLock<Schemas> = OnceLock::new();
    SCHEMAS.get_or_init(Schemas::built_in)
}

/// Any text loads as a list, or its mistakes have places and can be printed. Both readers of YAML give the same tree.
pub(crate) fn list_loader(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Some(quick) = parse_plain(text) {
        assert_eq!(
            format!("{:?}", Ok::<_, YamlError>(Some(quick))),
            format!("{:?}", parse_any(text)),
            "{text:?}"
        );
    }
    let list = ListText { file: "list.yaml".into(), text: text.into() };
    if let Err(mistakes) = load(&[list], schemas()) {
        assert!(mistakes.iter().all(|mistake| mistake.place.is_some()));
        let shown = quell::diagnostic::render(&mistakes, false);
        assert!(!shown.chars().any(|c| c != '\n' && is_deceptive(c)), "{shown}");
    }
}

type CsvRows = Vec<(usize, Option<Vec<Option<String>>>)>;

fn csv_rows(splitter: &CsvReader, text: &[u8], wanted: usize, cut: Cut) -> Option<CsvRows> {
    let mut rows = Vec::new();
    let chunked = splitter.rows(wanted, text, cut, true, |row| {
        let cells = row.cells.ok();
        let cells =
            cells.map(|cells| cells.iter().take(wanted).map(|cell| cell.map(str::to_owned)).collect());
        rows.push((row.start, cells));
    });
    matches!(chunked, ChunkOutcome::Regular { .. }).then_some(rows)
}

/// The fast and the careful reading of CSV find the same rows and cells wherever both can read.
pub(crate) fn csv_reader(text: &[u8]) {
    let header: Vec<String> = ["a", "b", "c"].map(String::from).into();
    let wanted = ["a", "c"].map(|name| vec![Source { column: name.into(), path: false }]).into();
    let splitter = CsvReader::new(b',', Projection::of_header(wanted, &header), &header);
    // Whoever needs the first cell only finds the same.
    for wanted in [1, 2] {
        let careful = csv_rows(&splitter, text, wanted, Cut::Careful { delimiter: b',' });
        if let Some(fast) = csv_rows(&splitter, text, wanted, Cut::Fast) {
            assert_eq!(Some(fast), careful);
        }
    }
}

type JsonRows = Vec<(usize, Result<Vec<Option<String>>, Fault>)>;

fn owned(row: &Row<'_>) -> (usize, Result<Vec<Option<String>>, Fault>) {
    (row.start, row.cells.map(|cells| cells.iter().map(|cell| cell.map(str::to_owned)).collect()))
}

/// Any bytes are lines, every line is a row or empty, and the quick reading finds what the slow one finds.
pub(crate) fn json_reader(text: &[u8]) {
    let wanted = ["a", "b.c"].map(|name| vec![Source { column: name.into(), path: false }]).into();
    let lines = JsonReader::new(Projection::of_keys(wanted, &[]));
    let (mut quick, mut slow): (JsonRows, JsonRows) = Default::default();
    let (mut seen, mut seen_slowly) = ([false; 2], [false; 2]);
    lines.rows(text, &mut seen, |row| quick.push(owned(row)));
    lines.slow_rows(text, &mut seen_slowly, |row| slow.push(owned(row)));
    assert_eq!((&quick, seen), (&slow, seen_slowly));
    assert!(quick.len() <= text.split(|byte| *byte == b'\n').count());
}

/// Any bytes are pieces of a document, which together are those bytes, however they are stored.
pub(crate) fn document_reader(bytes: &[u8]) {
    let mut text = Vec::new();
    if let Ok(unpacked) = decompress(std::io::Cursor::new(bytes.to_vec())) {
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
}

/// Any text is read as a query and as a documented condition; what is imported loads as a list.
pub(crate) fn import(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let schemas = schemas();
    let Some(schema) = schemas.named("defender") else { return };
    let source = QuerySource { file: "r.kql", line: 1, prefix: "r", rule: None };
    let mut exclusions = import_query(text, "DeviceNetworkEvents", schema, source).exclusions;
    exclusions.extend(import_text("documented", text, Reading::Loose, schema));
    if !exclusions.is_empty() {
        let file = ListFile { exclusions, ..ListFile::default() };
        let text = quell::yaml::to_string(&file).expect("a list is written");
        load(&[ListText { file: "imported.yaml".into(), text }], schemas).expect("what was imported loads");
    }
}

/// Any text of any kind of file is spliced; twice is once, and taking the block out gives the text back.
pub(crate) fn splice(bytes: &[u8]) {
    const BLOCK: &str = "// quell:begin\n| where not(RemoteIP == \"192.0.2.7\")\n// quell:end";
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let columns = ["RemoteIP".to_owned()];
    let splice = |kind, text: &str, block| {
        splice_file(
            kind,
            text,
            RuleBlock { table: "DeviceNetworkEvents", text: block, above: "", columns: &columns },
        )
        .text
    };
    // A text that has markers already is not what it was before the first splice.
    if text.contains("quell:") {
        return;
    }
    for kind in [
        FileKind::Yaml,
        FileKind::Kql,
        FileKind::Markdown,
        FileKind::Json,
        FileKind::Terraform,
        FileKind::Bicep,
    ] {
        let once = splice(kind, text, Some(BLOCK));
        assert_eq!(splice(kind, &once, Some(BLOCK)), once);
        assert_eq!(splice(kind, &once, None), text);
    }
}

/// The tokens of any text are that text.
pub(crate) fn lexer(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let tokens = lex(text);
    assert_eq!(tokens.iter().map(|token| token.text(text)).collect::<String>(), text);
}

/// The matcher finds what a slow reading of `*` and `?` finds, character by character. The first byte chooses the operator;
/// two lines are the value and the cell.
pub(crate) fn matcher(bytes: &[u8]) {
    let (Some((chosen, rest)), schemas) = (bytes.split_first(), schemas()) else { return };
    let Some((value, cell)) = std::str::from_utf8(rest).ok().and_then(|text| text.split_once('\n')) else {
        return;
    };
    if value.is_empty() || value.contains("${") || value.chars().any(char::is_control) {
        return;
    }
    let (operator, before, after) =
        [("", "", ""), ("|startswith", "", "*"), ("|endswith", "*", ""), ("|contains", "*", "*")]
            [usize::from(chosen % 4)];
    let written: String = value.chars().map(|c| format!("\\U{:08x}", u32::from(c))).collect();
    let text = format!("exclusions:\n- id: a\n  when: {{process.name{operator}: \"{written}\"}}\n");
    let loaded = load(&[ListText { file: "list.yaml".into(), text }], schemas).expect("the list is right");
    let matcher = Matcher::new(&[&loaded[0]], "defender").expect("it compiles");
    let covered = !matcher.judge(&[Some(cell)], &mut Scratch::default()).suppressed_by.is_empty();
    let pattern: Vec<char> = format!("{before}{value}{after}").to_ascii_lowercase().chars().collect();
    let text: Vec<char> = cell.to_ascii_lowercase().chars().collect();
    assert_eq!(covered, !cell.is_empty() && is_match(&pattern, &text), "{operator} {value:?} {cell:?}");
}

/// Whether a pattern matches a text: a table of which beginnings match which.
fn is_match(pattern: &[char], text: &[char]) -> bool {
    let mut matches: Vec<bool> = vec![false; text.len() + 1];
    matches[0] = true;
    for sign in pattern {
        let mut next = vec![false; text.len() + 1];
        for place in 0..=text.len() {
            next[place] = match sign {
                '*' => matches[place] || place > 0 && next[place - 1],
                // NUL is no character of a text: what holds one is kept.
                '?' => place > 0 && matches[place - 1] && ('\u{1}'..='\u{7f}').contains(&text[place - 1]),
                _ => place > 0 && matches[place - 1] && text[place - 1] == *sign,
            };
        }
        matches = next;
    }
    matches[text.len()]
}

/// Whatever stands in rows, lists and names of files: a report shows nothing that deceives, on no line a command of a CI
/// system, in JSON the same value, on a page no tag, and in a spreadsheet no formula.
pub(crate) fn report(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut whole: Report = serde_json::from_str(include_str!("report.json")).expect("a report");
    for group in &mut whole.kept_groups {
        group.process = text.into();
    }
    for exclusion in &mut whole.exclusions {
        exclusion.why = Some(text.to_owned());
        exclusion
            .loose
            .iter_mut()
            .flat_map(|loose| &mut loose.examples)
            .for_each(|example| example.value = text.into());
    }
    whole.results.iter_mut().for_each(|results| results.file = text.into());
    whole.warnings.iter_mut().for_each(|warning| warning.message = text.into());
    whole.malformed.iter_mut().for_each(|row| row.file = text.into());
    whole.notes = vec![text.to_owned()];
    check_formats(&whole, text);
    whole.grouped = Some(grouped(text));
    check_formats(&whole, text);
}

/// Groups in which every value is this text.
fn grouped(text: &str) -> GroupsReport {
    let mut groups = Groups::new(2, 1);
    for (place, cells) in [[Some(text), Some("x")], [Some(text), Some(text)]].iter().enumerate() {
        let time = i64::try_from(place).ok();
        let key = GroupKey::of(&[(KeyPart::text as KeyOf, Some(text)), (KeyPart::network, Some(text))]);
        groups.add(&key, Some(&KeptRow { device: Some(text), time, cells }));
    }
    let (groups, others) = groups.finish();
    let names = |names: [&str; 2]| names.map(str::to_owned);
    let (by, fields) = (names([text, "destination.ip"]), names(["process.path", text]));
    let profile = Profile { conditions: vec![text.to_owned()], kept: 2, ..Profile::default() };
    let profile = profile.with_values(&fields, &groups[0].1, 5);
    for shown in [profile.table(Layout { width: 60, groups: 1, ink: Ink::Off }), profile.markdown()] {
        assert!(!shown.chars().any(|c| c != '\n' && is_deceptive(c)), "{shown}");
    }
    GroupsReport::of(&by, &fields, (&groups, others), 10)
}

/// Every format of a report in which this text stands.
fn check_formats(whole: &Report, text: &str) {
    for (format, ..) in ReportFormat::ALL {
        let mut out = Vec::new();
        write(whole, format, Layout { width: 100, groups: 10, ink: Ink::Off }, &mut out)
            .expect("memory takes everything");
        let out = String::from_utf8(out).expect("a report is text");
        assert!(!out.chars().any(|c| c != '\n' && is_deceptive(c)), "{out}");
        match format {
            ReportFormat::Json => {
                let again: Report = serde_json::from_str(&out).expect("it is JSON");
                assert_eq!(&again, whole);
            }
            ReportFormat::Markdown => {
                let prose = out.lines().flat_map(|line| line.split('`').step_by(2));
                assert!(text.contains('`') || !prose.clone().any(|part| part.contains('<')), "{out}");
            }
            ReportFormat::Csv => assert!(out.lines().all(|line| !line.starts_with(['=', '@'])), "{out}"),
            ReportFormat::Table => {}
        }
    }
}

/// The page of a report in which this text stands wherever others' text may stand.
fn page_of(text: &str) -> String {
    let schemas = schemas();
    let schema = schemas.named("defender").expect("it is built in");
    let list = "exclusions:\n- id: a\n  when: {process.name: a.exe}\n".to_owned();
    let mut loaded = load(&[ListText { file: text.into(), text: list }], schemas).expect("the list is right");
    loaded[0].owner = Some(text.to_owned());
    loaded[0].scenario = Some(text.to_owned());
    let applied = [&loaded[0]];
    let matcher = Matcher::new(&applied, "defender").expect("it compiles");
    let mut report: Report = serde_json::from_str(include_str!("report.json")).expect("a report");
    report.totals = Totals { read: 2, kept: 2, malformed: 1, ..Totals::default() };
    report.results.iter_mut().for_each(|results| results.file = text.into());
    report.warnings.iter_mut().for_each(|warning| warning.message = text.into());
    report.notes = vec![text.to_owned()];
    report.exclusions.truncate(1);
    "a".clone_into(&mut report.exclusions[0].id);
    let columns = [text.to_owned(), "RemoteUrl".to_owned()];
    let mut rows = Collector::new(&matcher, 1, &columns, &[], 2, 10);
    let (process, destination) = (Some(text), Some(text));
    let (judged, shown) = ([Some(text)], [Some(text), Some(text)]);
    let (file, number, line) = (0, 1, 2);
    rows.row(&PageRow {
        file,
        number,
        line,
        judged: &judged,
        shown: &shown,
        time: None,
        process,
        destination,
    });
    rows.malformed(0, 2, 3, text);
    let said = || text.to_owned();
    let found = PageLint { exclusion: "a".into(), code: said(), message: said(), help: said() };
    let grade = PageGrade { exclusion: "a".into(), grade: said(), way: said() };
    let known = Known { lints: vec![found], grades: vec![grade] };
    let (left_out, columns_left_out, options) = (Vec::new(), vec![said()], vec![said()]);
    let page =
        Page { report: &report, applied: &applied, left_out, schema, known, rows, columns_left_out, options };
    quell::report::html::page(page).expect("its rows are those of the report")
}

/// Whatever stands in rows, lists and names of files: on the page it opens no tag and ends none.
pub(crate) fn page(bytes: &[u8]) {
    static SIGNS: OnceLock<usize> = OnceLock::new();
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if text.len() > 2_000 {
        return;
    }
    let signs = |page: &str| page.matches('<').count();
    let neutral = *SIGNS.get_or_init(|| signs(&page_of("x")));
    assert_eq!(signs(&page_of(text)), neutral, "{text:?}");
}

/// Any list that loads is brought into an order that is one: twice is once, and what another reader of YAML sees is the same
/// but for the order.
pub(crate) fn formatter(bytes: &[u8]) {
    let (Ok(text), schemas) = (std::str::from_utf8(bytes), schemas()) else { return };
    let list = |text: &str| ListText { file: "list.yaml".into(), text: text.to_owned() };
    let Ok(before) = load(&[list(text)], schemas) else { return };
    let once = ordered(&list(text), schemas);
    let after = load(&[list(&once)], schemas).expect("it loads as before");
    let ids = |all: &[Exclusion]| all.iter().map(|each| each.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&before), ids(&after), "{once}");
    assert_eq!(ordered(&list(&once), schemas), once, "{text}");
    let letters = |text: &str| {
        let mut all: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
        all.sort_unstable();
        all
    };
    assert_eq!(letters(text), letters(&once), "{once}");
}
