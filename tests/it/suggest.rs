//! Laws of `quell suggest`: whatever the rows are, what it suggests is safe. The judge is quell's own matcher, in a run of
//! its own over the rows, and for narrowness a search through every list of values.

use crate::common::{How, apply, cases};
use proptest::prelude::*;
use quell::exclusions::model::{Exclusion, FieldRef};
use quell::exclusions::validate::{ListText, load};
use quell::fields::Field;
use quell::lint::facts::ProductFacts;
use quell::lint::settings::Settings;
use quell::lint::{Context, Level, lint};
use quell::probe::Moves;
use quell::schema::Schemas;
use quell::suggest::list::{Written, list};
use quell::suggest::{CaseRow, Draft, Label, LabelledRow, Options, RowPlace, Sample, Suggested, suggest};
use std::collections::{BTreeMap, BTreeSet};

const FIELDS: [(&str, &str); 7] = [
    ("process.name", "InitiatingProcessFileName"),
    ("process.path", "InitiatingProcessFolderPath"),
    ("process.company", "InitiatingProcessVersionInfoCompanyName"),
    ("process.parent.name", "InitiatingProcessParentFileName"),
    ("user.name", "InitiatingProcessAccountName"),
    ("destination.ip", "RemoteIP"),
    ("destination.port", "RemotePort"),
];

#[derive(Debug, Clone)]
struct Row {
    cells: Vec<String>,
    device: u8,
    label: Label,
    /// Whether it is of the days that are kept back.
    held: bool,
}

/// Values that come near each other: versions, users, letter case, mapped addresses, wildcards and garbage.
fn values(field: usize) -> Vec<&'static str> {
    match field {
        0 => vec![
            "update.exe",
            "Update.exe",
            "agent.exe",
            "a*.exe",
            "",
            "setup-4af81c02.exe",
            "setup-99ffee00.exe",
            "setup-0a0b0c0d.exe",
        ],
        1 => vec![
            r"C:\Users\ada\AppData\Local\Fab\app-1.0.2\update.exe",
            r"C:\Users\bob\AppData\Local\Fab\app-1.1.0\update.exe",
            r"C:\Users\eve\AppData\Local\Fab\app-2.0.1\Update.exe",
            r"C:\Program Files\Fab\agent.exe",
            r"C:\Program Files\Fab\4.18.1.0\agent.exe",
            r"C:\Users\Public\agent.exe",
            "",
        ],
        2 => vec!["Fabrikam", "Contoso", ""],
        3 => vec!["services.exe", "explorer.exe", "cmd.exe"],
        4 => vec!["system", "ada", "bob", ""],
        5 => vec![
            "10.20.3.1",
            "10.20.3.5",
            "10.20.3.6",
            "::ffff:10.20.3.9",
            "203.0.113.9",
            "2001:db8::1",
            "2001:db8::5",
            "2001:db8::9",
            "none",
            "",
        ],
        _ => vec!["443", "80", "8530", "0443", "x", ""],
    }
}

fn row(few: bool) -> impl Strategy<Value = Row> {
    let cell = move |field: usize| {
        let all = values(field);
        let most = if few { all.len().min(3) } else { all.len() };
        (0..most).prop_map(move |at| all[at].to_owned())
    };
    let label = prop_oneof![6 => Just(Label::Benign), 1 => Just(Label::Malicious), 1 => Just(Label::Unsure), 2 => Just(Label::Unlabelled)];
    let cells = (cell(0), cell(1), cell(2), cell(3), cell(4), cell(5), cell(6));
    (cells, 0..5_u8, label, prop::bool::weighted(0.3)).prop_map(
        |((a, b, c, d, e, f, g), device, label, held)| Row {
            cells: vec![a, b, c, d, e, f, g],
            device,
            label,
            held,
        },
    )
}

/// Rows of which many are the same: a family has more than one row.
fn rows() -> impl Strategy<Value = Vec<Row>> {
    any::<(bool, bool)>().prop_flat_map(|(few, holdout)| {
        let all = prop::collection::vec((row(few), 1..9_usize), 1..14);
        all.prop_map(move |all| {
            let of_day = |row: Row| Row { held: holdout && row.held, ..row };
            all.into_iter().flat_map(|(row, times)| vec![of_day(row); times]).collect()
        })
    })
}

fn fields() -> Vec<FieldRef> {
    FIELDS.iter().map(|(name, _)| FieldRef::Field(Field::named(name).unwrap())).collect()
}

fn suggested(rows: &[Row], options: Options) -> (Sample, Suggested) {
    let mut sample = Sample::new(&fields());
    for (number, row) in (1..).zip(rows) {
        let device = format!("pc-{}", row.device);
        let cells: Vec<Option<&str>> = row.cells.iter().map(|cell| Some(cell.as_str())).collect();
        sample.add(&LabelledRow {
            label: row.label,
            held: row.held,
            cells: &cells,
            device: Some(&device),
            place: RowPlace { file: 0, row: number },
        });
    }
    let suggested = suggest(&sample, &Moves::built_in().unwrap(), &options);
    (sample, suggested)
}

const ANY: Options = Options { most: usize::MAX, min_rows: 2, any_destination: false };

fn text(drafts: &[Draft]) -> String {
    let written: Vec<Written<'_>> = drafts
        .iter()
        .enumerate()
        .map(|(at, draft)| Written {
            draft,
            id: format!("{}-{at}", draft.word),
            facts: Vec::new(),
            rule: None,
            proposed: Vec::new(),
        })
        .collect();
    list(&written, |_: &CaseRow| "a row".to_owned())
}

fn exclusions(drafts: &[Draft]) -> Vec<Exclusion> {
    let text = text(drafts);
    load(&[ListText { file: "suggested.yaml".into(), text: text.clone() }], &Schemas::built_in())
        .unwrap_or_else(|mistakes| panic!("{mistakes:#?}\n{text}"))
}

/// Which rows the exclusions suppress, by a run of quell's own.
fn suppressed(exclusions: &[Exclusion], rows: &[Row]) -> Vec<bool> {
    let is_suppressed = |row: &Row| {
        let mut csv = csv::Writer::from_writer(Vec::new());
        csv.write_record(FIELDS.iter().map(|(_, column)| *column).chain(["DeviceName"])).unwrap();
        csv.write_record(row.cells.iter().map(String::as_str).chain(["pc"])).unwrap();
        let did = apply(exclusions, &csv.into_inner().unwrap(), How::CSV);
        did.tally.totals.suppressed == 1
    };
    // Most rows stand there several times.
    let mut known: BTreeMap<&[String], bool> = BTreeMap::new();
    rows.iter().map(|row| *known.entry(&row.cells).or_insert_with(|| is_suppressed(row))).collect()
}

/// What two texts have to be for a condition to take them for one value.
fn canonical(field: usize, cell: &str) -> String {
    match FIELDS[field].0 {
        "destination.ip" => {
            cell.parse::<std::net::IpAddr>().map(|ip| ip.to_canonical().to_string()).unwrap_or_default()
        }
        "destination.port" => cell.parse::<u64>().map(|port| port.to_string()).unwrap_or_default(),
        _ => cell.to_ascii_lowercase(),
    }
}

/// A draft for rows that say where they go wants that. One of several programs is for one maker's, or for one folder.
fn one_program_that_goes_somewhere<'r>(
    draft: &Draft,
    covered: impl Iterator<Item = &'r Row>,
) -> Result<(), TestCaseError> {
    let wanted = |name: &str| {
        let each = draft.conditions.iter().find(|each| each.condition.field.name() == name);
        each.map_or(&[][..], |each| each.values.as_slice())
    };
    let noise: Vec<&Row> = covered.filter(|row| row.label == Label::Benign && !row.held).collect();
    let somewhere = noise.iter().filter(|row| !canonical(5, &row.cells[5]).is_empty()).count();
    prop_assert!(somewhere * 2 < noise.len() || !wanted("destination.ip").is_empty(), "{draft:?}");
    let program = |name: &String| name.split('-').next().unwrap_or_default().to_ascii_lowercase();
    let programs: BTreeSet<String> = wanted("process.name").iter().map(program).collect();
    let folder = |path: &String| path.rsplit_once('\\').map_or("", |(folder, _)| folder).to_ascii_lowercase();
    let folders: BTreeSet<String> = wanted("process.path").iter().map(folder).collect();
    let of_one_folder = !folders.is_empty() && folders.iter().all(|folder| folder.contains(r"\fab"));
    let of_one_maker = wanted("process.company").len() == 1;
    prop_assert!(programs.len() < 2 || of_one_maker || of_one_folder, "{draft:?}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(100, 30_000)))]

    /// No row that must stay is suppressed, be it of the days that are kept back, nothing rests on what an intruder chooses, no case fails, lint denies nothing but
    /// the addresses of documents, and no text stands there that only one row has.
    #[test]
    fn what_is_suggested_is_safe(rows in rows()) {
        let (_, found) = suggested(&rows, ANY);
        let exclusions = exclusions(&found.drafts);
        for (row, suppressed) in rows.iter().zip(suppressed(&exclusions, &rows)) {
            let must_stay = matches!(row.label, Label::Malicious | Label::Unsure);
            prop_assert!(!(must_stay && suppressed), "{row:?}\n{}", text(&found.drafts));
        }
        for exclusion in &exclusions {
            for case in quell::cases::run(exclusion) {
                prop_assert!(case.passed, "{case:?}\n{}", text(&found.drafts));
            }
        }
        let (settings, schemas, facts) = (Settings::default(), Schemas::built_in(), ProductFacts::built_in());
        for exclusion in &exclusions {
            let one = std::slice::from_ref(exclusion);
            let today = "2026-11-24".parse().unwrap();
            let context = Context::new(one, today, &settings, &schemas, &facts);
            for finding in quell::lint::run(&context) {
                let denied = settings.level(lint(finding.code).unwrap()) == Level::Deny;
                prop_assert!(!denied || finding.code == "placeholder-address", "{finding:?}");
            }
        }
        for draft in &found.drafts {
            let did = suppressed(&self::exclusions(std::slice::from_ref(draft)), &rows);
            one_program_that_goes_somewhere(draft, rows.iter().zip(did).filter(|(_, did)| *did).map(|(row, _)| row))?;
        }
        for condition in found.drafts.iter().flat_map(|draft| &draft.conditions) {
            let field = FIELDS.iter().position(|(name, _)| *name == condition.condition.field.name()).unwrap();
            for value in condition.values.iter().filter(|value| !value.contains(['*', '/'])) {
                let same = |row: &&Row| {
                    row.label == Label::Benign && !row.held && canonical(field, &row.cells[field]) == canonical(field, value)
                };
                prop_assert!(rows.iter().filter(same).count() > 1, "{value} was seen once");
            }
        }
    }

    /// The same rows give the same answer, and `--max` is held.
    #[test]
    fn the_answer_is_always_the_same(rows in rows(), most in 1..3_usize) {
        let few = Options { most, ..ANY };
        let (once, again) = (suggested(&rows, few).1, suggested(&rows, few).1);
        prop_assert_eq!(text(&once.drafts), text(&again.drafts));
        prop_assert!(once.drafts.len() <= most);
    }

    /// For the noise that an exclusion covers no list of values, whatever the fields, lets in fewer of the other rows. Only
    /// rows without anything that generalises: there the exclusion may take in what nobody has seen.
    #[test]
    fn no_list_of_values_is_narrower(rows in prop::collection::vec((0..3_usize, 0..2_usize, 0..2_usize, 0..3_usize, 0..2_usize, 0..10_u8, 1..4_usize), 2..9)) {
        let cells = |row: &(usize, usize, usize, usize, usize, u8, usize)| vec![
            ["a.exe", "b.exe", "c.exe"][row.0].to_owned(),
            [r"C:\Program Files\Fab\x.exe", r"C:\Windows\x.exe"][row.1].to_owned(),
            ["Fabrikam", "Contoso"][row.2].to_owned(),
            ["services.exe", "explorer.exe", "cmd.exe"][row.3].to_owned(),
            String::new(),
            ["10.20.3.1", "203.0.113.9"][row.4].to_owned(),
            "443".to_owned(),
        ];
        let rows: Vec<Row> = rows.iter().flat_map(|row| {
            let label = match row.5 { 0..7 => Label::Benign, 7 => Label::Malicious, _ => Label::Unlabelled };
            vec![Row { cells: cells(row), device: 0, label, held: false }; row.6 + 1]
        }).collect();
        let (_, found) = suggested(&rows, ANY);
        for draft in &found.drafts {
            let did = suppressed(&exclusions(std::slice::from_ref(draft)), &rows);
            let covered: Vec<&Row> = rows.iter().zip(&did).filter(|(row, did)| **did && row.label == Label::Benign).map(|(row, _)| row).collect();
            // The narrowest that there is: in every field just the values of the rows that it covers.
            let wanted: Vec<BTreeSet<&str>> = (0..FIELDS.len()).map(|field| covered.iter().map(|row| row.cells[field].as_str()).collect()).collect();
            let least = rows.iter().filter(|row| (0..FIELDS.len()).all(|field| wanted[field].contains(row.cells[field].as_str()))).count();
            prop_assert!(did.iter().filter(|did| **did).count() <= least, "{}", text(std::slice::from_ref(draft)));
        }
    }
}

/// Costs and covers of candidates, weights, and how many may be chosen.
type Given = (Vec<(u32, BTreeSet<usize>)>, Vec<u32>, usize);

/// Chosen among all subsets of the candidates, what [`choose`](quell::suggest::choose::choose) chooses is the best.
#[test]
fn the_choice_is_the_best_of_all_choices() {
    use proptest::test_runner::{Config, TestRunner};
    use quell::suggest::choose::{Offer, choose};
    let offer = (1..40_u32, prop::collection::btree_set(0..6_usize, 1..5));
    let all = (prop::collection::vec(offer, 1..9), prop::collection::vec(1..30_u32, 6), 1..10_usize);
    let mut runner = TestRunner::new(Config::with_cases(cases(300, 20_000)));
    let law = |(offers, weights, most): Given| {
        let offers: Vec<Offer> = offers
            .into_iter()
            .map(|(cost, covers)| Offer { cost: cost.into(), covers: covers.into_iter().collect() })
            .collect();
        let weights: Vec<f64> = weights.into_iter().map(f64::from).collect();
        let value = |chosen: u32| -> f64 {
            let is_chosen = |at: &usize| chosen >> at & 1 == 1;
            let chosen: Vec<&Offer> = (0..offers.len()).filter(is_chosen).map(|at| &offers[at]).collect();
            let open = |at: &usize| chosen.iter().all(|offer| !offer.covers.contains(at));
            let missed: f64 = (0..weights.len()).filter(open).map(|at| weights[at]).sum();
            missed + chosen.iter().map(|offer| offer.cost).sum::<f64>()
        };
        let subsets = (0..1_u32 << offers.len()).filter(|chosen| chosen.count_ones() as usize <= most);
        let best = subsets.map(value).fold(f64::INFINITY, f64::min);
        let choice = choose(&offers, &weights, most);
        let chosen: u32 = choice.chosen.iter().map(|at| 1_u32 << at).sum();
        prop_assert!((choice.value - best).abs() < 1e-6, "{} is not {best}", choice.value);
        prop_assert!((value(chosen) - best).abs() < 1e-6 && choice.is_best());
        prop_assert!(choice.chosen.len() <= most);
        Ok(())
    };
    runner.run(&all, law).unwrap();
}

fn family(count: usize, label: Label, cells: impl Fn(usize) -> [String; 7]) -> Vec<Row> {
    (0..count)
        .map(|at| Row {
            cells: cells(at).to_vec(),
            device: u8::try_from(at % 7).unwrap(),
            label,
            held: false,
        })
        .collect()
}

fn fabrikam(at: usize) -> [String; 7] {
    [
        "Update.exe".to_owned(),
        format!(r"C:\Users\u{}x\AppData\Local\Fabrikam\app-1.{}.0\Update.exe", at % 9, at % 5),
        "Fabrikam".to_owned(),
        "explorer.exe".to_owned(),
        format!("u{}x", at % 9),
        format!("10.20.3.{}", 1 + at % 14),
        ["443", "8530"][at % 2].to_owned(),
    ]
}

/// The path of the issue's example becomes what a person would write.
#[test]
fn what_varies_becomes_general_and_what_is_stable_stays() {
    let rows = family(60, Label::Benign, fabrikam);
    let (_, found) = suggested(&rows, ANY);
    let [draft] = found.drafts.as_slice() else { panic!("{}", text(&found.drafts)) };
    let when: BTreeMap<&str, String> =
        draft.conditions.iter().map(|each| (each.condition.field.name(), each.values.join(" "))).collect();
    assert_eq!(when["process.path"], r"C:\Users\*\AppData\Local\Fabrikam\app-*\Update.exe");
    assert_eq!(when["destination.ip"], "10.20.3.0/28");
    assert_eq!(when["destination.port"], "443 8530");
    assert_eq!((&*when["process.company"], &*when["process.parent.name"]), ("Fabrikam", "explorer.exe"));
    assert!(!when.contains_key("user.name"), "people come and go");
}

/// A row that must stay and that agrees with a family in everything that is dear leaves the family alone, with the two rows.
#[test]
fn a_family_that_intruders_share_is_left_alone_with_its_reason() {
    let curl = |at: usize| {
        [
            "curl.exe".to_owned(),
            r"C:\Windows\System32\curl.exe".to_owned(),
            "curl".to_owned(),
            "cmd.exe".to_owned(),
            format!("u{}x", at % 9),
            format!("{}.{}.17.{}", 23 + at * 7 % 150, at * 31 % 200, at * 13 % 250),
            "443".to_owned(),
        ]
    };
    let mut rows = family(40, Label::Benign, curl);
    rows.extend(family(1, Label::Malicious, |_| curl(1_001)));
    rows.extend(family(60, Label::Benign, fabrikam));
    let (_, found) = suggested(&rows, ANY);
    assert_eq!(found.drafts.len(), 1, "{}", text(&found.drafts));
    let left = &found.left_alone[0];
    assert_eq!((left.rows, left.why.contains("malicious row")), (40, true), "{left:?}");
    let [noise, other] = left.nearest.as_ref().unwrap();
    assert_eq!((noise.label, other.label), (Label::Benign, Label::Malicious));
}

/// Name and port are an intruder's own choice, so they are never enough.
#[test]
fn nothing_rests_on_what_an_intruder_chooses() {
    let bare = |at: usize| {
        let address = format!("{}.{}.17.{}", 23 + at * 7 % 150, at * 31 % 200, at * 13 % 250);
        [
            "tool.exe".into(),
            String::new(),
            String::new(),
            "cmd.exe".into(),
            String::new(),
            address,
            "443".into(),
        ]
    };
    let (_, found) = suggested(&family(60, Label::Benign, bare), ANY);
    assert!(found.drafts.is_empty(), "{}", text(&found.drafts));
    assert!(found.left_alone[0].why.contains("which an intruder chooses"), "{:?}", found.left_alone);
}

/// A program of Windows, with its folder and an address.
fn of_windows(name: &str, address: String, port: &str) -> [String; 7] {
    let path = format!(r"C:\Windows\System32\{name}");
    let (company, parent) = ("Microsoft Corporation".into(), "services.exe".into());
    [name.to_owned(), path, company, parent, String::new(), address, port.to_owned()]
}

fn anywhere(at: usize) -> String {
    format!("{}.{}.17.{}", 23 + at * 7 % 150, at * 31 % 200, at * 13 % 250)
}

/// A name and a folder are the program as it always is. What it does is told by where it goes.
#[test]
fn a_program_that_goes_anywhere_is_left_alone_unless_that_is_asked_for() {
    let rows = family(60, Label::Benign, |at| of_windows("agent.exe", anywhere(at), "443"));
    let (_, found) = suggested(&rows, ANY);
    assert!(found.drafts.is_empty(), "{}", text(&found.drafts));
    let why = &found.left_alone[0].why;
    assert!(why.contains("nothing says where they go: destination.ip has 60 values"), "{why}");
    assert!(why.contains("--any-destination"), "{why}");
    let (_, found) = suggested(&rows, Options { any_destination: true, ..ANY });
    let [draft] = found.drafts.as_slice() else { panic!("{}", text(&found.drafts)) };
    assert!(draft.cautions.iter().any(|each| each.contains("nothing of where these rows go")), "{draft:?}");
}

/// Where a part of what a program does goes to networks that can be named, that part is suggested and the rest left alone.
#[test]
fn the_part_of_a_program_that_goes_to_few_networks_is_suggested() {
    let agent = |at: usize| {
        let address = if at.is_multiple_of(2) { format!("10.20.3.{}", 1 + at % 14) } else { anywhere(at) };
        of_windows("agent.exe", address, "443")
    };
    let (_, found) = suggested(&family(120, Label::Benign, agent), ANY);
    let [draft] = found.drafts.as_slice() else { panic!("{}", text(&found.drafts)) };
    let address =
        draft.conditions.iter().find(|each| each.condition.field.name() == "destination.ip").unwrap();
    assert_eq!(address.values, ["10.20.3.0/28"]);
    assert_eq!(found.left_alone[0].rows, 60);
}

/// Programs that share no more than the folder of the system are an exclusion each: a list of their names would be met by each
/// in the place of every other.
#[test]
fn one_exclusion_is_for_one_program() {
    let names = ["svchost.exe", "dns.exe", "lsass.exe"];
    let rows =
        family(90, Label::Benign, |at| of_windows(names[at % 3], format!("10.20.3.{}", 1 + at % 2), "53"));
    let (_, found) = suggested(&rows, ANY);
    let wanted: Vec<Vec<String>> =
        found.drafts.iter().map(|draft| draft.conditions[0].values.clone()).collect();
    assert_eq!(wanted.len(), 3, "{}", text(&found.drafts));
    assert!(wanted.iter().all(|names| names.len() == 1), "{wanted:?}");
}

/// `*` spans folders: for a volume it would be met by the same folders below one that everybody can write.
#[test]
fn volumes_are_listed() {
    for volumes in [4, 20] {
        let rows = family(200, Label::Benign, |at| {
            let mut cells = of_windows("svchost.exe", "10.20.3.1".into(), "443");
            cells[1] = format!(r"\Device\HarddiskVolume{}\Windows\System32\svchost.exe", 1 + at % volumes);
            cells
        });
        let (_, found) = suggested(&rows, ANY);
        let [draft] = found.drafts.as_slice() else { panic!("{}", text(&found.drafts)) };
        let paths =
            draft.conditions.iter().find(|each| each.condition.field.name() == "process.path").unwrap();
        assert_eq!(paths.values.len(), volumes, "{paths:?}");
        let mut deceit = rows[0].clone();
        deceit.cells[1] = r"\Device\HarddiskVolume3\Users\Public\Windows\System32\svchost.exe".into();
        assert_eq!(suppressed(&exclusions(&found.drafts), &[rows[0].clone(), deceit]), [true, false]);
    }
}

/// Rows that do not say what acted give a draft for whatever acts, and that is said.
#[test]
fn a_draft_without_a_program_says_so() {
    let bare = |_| ["", "", "", "services.exe", "system", "10.20.3.1", "443"].map(str::to_owned);
    let (_, found) = suggested(&family(60, Label::Benign, bare), ANY);
    let [draft] = found.drafts.as_slice() else { panic!("{}", text(&found.drafts)) };
    assert!(draft.cautions.iter().any(|each| each.starts_with("NO PROGRAM")), "{draft:?}");
    let (_, found) = suggested(&family(60, Label::Benign, fabrikam), ANY);
    assert!(!text(&found.drafts).contains("NO PROGRAM"));
}

/// A hash is the last resort: who is kept by it alone is named, and one that is not known keeps nobody.
#[test]
fn a_hash_that_is_not_known_keeps_nobody() {
    let names = ["process.name", "process.path", "destination.ip", "process.sha256"];
    let fields: Vec<FieldRef> =
        names.iter().map(|name| FieldRef::Field(Field::named(name).unwrap())).collect();
    let drafts = |hash: Option<&str>| {
        let mut sample = Sample::new(&fields);
        let (ours, path) = ("a".repeat(64), r"C:\Program Files\Fab\agent.exe");
        for row in 1..=60 {
            let (label, hash) =
                if row == 60 { (Label::Malicious, hash) } else { (Label::Benign, Some(&*ours)) };
            let cells = [Some("agent.exe"), Some(path), Some("10.20.3.1"), hash];
            let place = RowPlace { file: 0, row };
            sample.add(&LabelledRow { label, held: false, cells: &cells, device: Some("pc"), place });
        }
        suggest(&sample, &Moves::built_in().unwrap(), &ANY).drafts
    };
    let other = "b".repeat(64);
    let [draft] = &drafts(Some(&other))[..] else { panic!("the hash tells them apart") };
    let said = "malicious row 60 is kept by a HASH alone, which the next version changes";
    assert!(draft.cautions.iter().any(|each| each.contains(said)), "{draft:?}");
    assert!(drafts(Some("")).is_empty() && drafts(None).is_empty());
}
