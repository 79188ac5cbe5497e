//! The smallest list with the same verdicts, held against trying every smaller one; and the edit of the files.

use crate::common::naive::{Row, judge, parse};
use crate::common::random::{csv, lists, rows};
use crate::common::{How, apply, cases, has, loaded};
use proptest::prelude::*;
use quell::exclusions::edit::without;
use quell::exclusions::model::Exclusion;
use quell::exclusions::validate::{ListText, load};
use quell::schema::Schemas;
use quell::tune::prune::{PruneInput, Pruned, pruned};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

const ORDER: [usize; 6] = [0, 1, 2, 3, 4, 5];
const RESULTS: &str = "samples/action1-hunt.csv";

fn prune(exclusions: &[Exclusion], input: &[u8], keep: &[String], undecided_too: bool) -> Pruned {
    let tally = apply(exclusions, input, How::CSV).tally;
    let applied: Vec<&Exclusion> = exclusions.iter().collect();
    let covers = tally.coverage.unwrap_or_default();
    pruned(&PruneInput { applied: &applied, covers: &covers, keep, absent: &[], undecided_too })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(120, 5_000), ..ProptestConfig::default() })]

    /// No smaller list that has what must stay suppresses the same rows; the list that is left does.
    #[test]
    fn it_is_the_smallest_of_all_lists_with_the_same_verdicts(
        texts in lists(7),
        rows in rows(40),
        kept in prop::option::of(0..7_usize),
        undecided_too in any::<bool>(),
    ) {
        let (input, _) = csv(&rows, &ORDER);
        let all = loaded(&texts);
        let keep: Vec<String> = kept.filter(|place| *place < all.len()).map(|place| format!("e{place}")).into_iter().collect();
        let found = prune(&all, &input, &keep, undecided_too);
        let stays: BTreeSet<&str> = found.kept.iter().map(|kept| kept.id.as_str()).collect();
        let must: BTreeSet<&str> =
            found.kept.iter().filter(|kept| kept.must_stay.is_some()).map(|kept| kept.id.as_str()).collect();
        prop_assert!(keep.iter().all(|id| must.contains(id.as_str())));
        prop_assert!(found.proved);
        let read_plainly = parse(&texts);
        let sets: Vec<BTreeSet<String>> =
            rows.iter().map(|row| judge(&read_plainly, row).0).filter(|set| !set.is_empty()).collect();
        let least = (0..1_u32 << all.len())
            .map(|choice| {
                let ids = all.iter().enumerate().filter(|(place, _)| choice >> place & 1 == 1);
                ids.map(|(_, exclusion)| exclusion.id.as_str()).collect::<BTreeSet<&str>>()
            })
            .filter(|ids| must.is_subset(ids) && sets.iter().all(|set| set.iter().any(|id| ids.contains(id.as_str()))))
            .map(|ids| ids.len())
            .min();
        prop_assert_eq!(Some(stays.len()), least);
        let left: Vec<Exclusion> = all.iter().filter(|known| stays.contains(known.id.as_str())).cloned().collect();
        let (before, after) = (apply(&all, &input, How::CSV), apply(&left, &input, How::CSV));
        prop_assert_eq!(&before.kept, &after.kept);
        prop_assert_eq!(found.suppressed, after.tally.totals.suppressed);
        for (place, known) in left.iter().enumerate() {
            let told = found.kept.iter().find(|kept| kept.id == known.id).unwrap();
            let each = after.tally.exclusions.get(&u32::try_from(place).unwrap());
            prop_assert_eq!((told.after.matches, told.after.sole), each.map_or((0, 0), |each| (each.matches, each.sole)));
        }
    }

    /// Just those exclusions stay on purpose that a kept row met in part, with nothing to read in the rest. The test of
    /// this is below; it counts how often that happened.
    fn what_hangs_on_an_empty_cell_stays(texts in lists(5), rows in rows(40)) {
        let (input, _) = csv(&rows, &ORDER);
        let all = loaded(&texts);
        let found = prune(&all, &input, &[], false);
        let read_plainly = parse(&texts);
        let kept: Vec<&Row> = rows.iter().filter(|row| judge(&read_plainly, row).0.is_empty()).collect();
        for (list, exclusion) in read_plainly.iter().zip(&all) {
            let hangs = kept.iter().any(|row| entries(list).iter().any(|entry| hangs(entry, row)));
            let told = found.kept.iter().find(|told| told.id == exclusion.id);
            prop_assert_eq!(told.is_some_and(|told| told.must_stay.is_some()), hangs, "{}", exclusion.id);
            HANGING.fetch_add(usize::from(hangs), Ordering::Relaxed);
        }
    }

    /// Taking exclusions out of a list in whatever layout leaves all other lines and the meaning of the rest.
    #[test]
    fn taking_out_leaves_every_other_line(
        layouts in prop::collection::vec((0..6_usize, 0..4_usize), 1..7),
        gone in prop::collection::vec(any::<bool>(), 7),
        indent in 0..3_usize,
        crlf in any::<bool>(),
    ) {
        let mut text = String::from("# top\nexclusions:\n");
        let pad = " ".repeat(indent);
        for (place, (layout, between)) in layouts.iter().enumerate() {
            text += ["", "\n", "# between\n", "  # indented\n\n"][*between];
            text += &match layout {
                0 => format!("{pad}- {{id: e{place}, when: {{process.name: a.exe}}}}\n"),
                1 => format!("{pad}- id: e{place}\n{pad}  when: {{process.name: a.exe}} # why\n"),
                2 => format!("{pad}-   id: e{place}\n\n{pad}    when:\n{pad}      process.name:\n{pad}      - a.exe\n"),
                3 => format!("{pad}- id: e{place}\n{pad}  reason: >\n{pad}    some\n\n{pad}    # more\n{pad}  when: {{process.name: a.exe}}\n"),
                4 => format!("{pad}- when: {{process.name: a.exe}}\n# far left\n{pad}  id: e{place}\n"),
                _ => format!("{pad}- id: e{place}\n{pad}  when: {{process.name: a.exe}}\n{pad}  reason: |\n{pad}    some\n{pad}    # text\n"),
            };
        }
        text += "# end";
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        let list = ListText { file: "list.yaml".into(), text };
        let schemas = Schemas::built_in();
        let ids: Vec<String> = (0..layouts.len()).filter(|place| gone[*place]).map(|place| format!("e{place}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        // An exclusion in flow style on a line of its own is an item like any other.
        let edited = without(&list, &ids, &schemas).unwrap();
        let left = load(&[ListText { file: "list.yaml".into(), text: edited.text.clone() }], &schemas).unwrap();
        prop_assert_eq!(left.len() + ids.len(), layouts.len());
        let mut rest = list.text.split_inclusive('\n');
        for line in edited.text.split_inclusive('\n') {
            let line = line.replace("exclusions: []", "exclusions:");
            prop_assert!(rest.any(|other| *other == line), "{line:?} is new or moved");
        }
        for comment in ["# top", "# between", "# end"] {
            let count = |text: &str| text.matches(comment).count();
            prop_assert_eq!(count(&edited.text), count(&list.text));
        }
    }
}

/// Exclusions on which a kept row hung.
static HANGING: AtomicUsize = AtomicUsize::new(0);

/// The entries of a list of one exclusion, each as a list for each of its conditions.
fn entries(list: &serde_yaml::Value) -> Vec<Vec<serde_yaml::Value>> {
    let one = |key: &serde_yaml::Value, values: &serde_yaml::Value| {
        let mut list = list.clone();
        let mut when = serde_yaml::Mapping::new();
        when.insert(key.clone(), values.clone());
        list["exclusions"][0]["when"] = serde_yaml::Value::Mapping(when);
        list
    };
    let entry = |entry: &serde_yaml::Value| {
        entry.as_mapping().unwrap().iter().map(|(key, values)| one(key, values)).collect()
    };
    match &list["exclusions"][0]["when"] {
        serde_yaml::Value::Sequence(entries) => entries.iter().map(entry).collect(),
        only => vec![entry(only)],
    }
}

/// Whether some condition of an entry is met, none is not, and some cannot be read.
fn hangs(entry: &[serde_yaml::Value], row: &Row) -> bool {
    let stands: Vec<(bool, bool)> = entry
        .iter()
        .map(|condition| judge(std::slice::from_ref(condition), row))
        .map(|(covering, unknown)| (!covering.is_empty(), unknown))
        .collect();
    let (met, unknown) = (stands.iter().any(|stand| stand.0), stands.iter().any(|stand| stand.1));
    met && unknown && stands.iter().all(|(met, unknown)| *met || *unknown)
}

#[test]
fn some_exclusions_hang_on_empty_cells() {
    what_hangs_on_an_empty_cell_stays();
    let hanging = HANGING.load(Ordering::Relaxed);
    println!("{hanging} exclusions hung on an empty cell");
    assert!(hanging >= 10, "only {hanging}");
}

fn quell(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quell")).args(arguments).env_clear().output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn kept_rows(list: &Path) -> Vec<u8> {
    let output = quell(&["apply", RESULTS, "-e", list.to_str().unwrap(), "--kept", "-"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    output.stdout
}

fn copied(folder: &Path) -> PathBuf {
    let list = folder.join("list.yaml");
    fs::copy("tests/lists/too-many.yaml", &list).unwrap();
    list
}

#[test]
fn the_edited_list_gives_the_same_verdicts_and_has_no_other_byte_changed() {
    let folder = tempfile::tempdir().unwrap();
    let list = copied(folder.path());
    let (text, kept) = (fs::read_to_string(&list).unwrap(), kept_rows(&list));
    let run = |more: &[&str]| {
        quell(
            &[&["prune", "-e", list.to_str().unwrap(), "--results", RESULTS, "--format", "json"], more]
                .concat(),
        )
    };
    let dry = run(&[]);
    assert_eq!(dry.status.code(), Some(1), "something can go");
    assert_eq!(fs::read_to_string(&list).unwrap(), text, "without --write nothing is written");
    let written = run(&["--write"]);
    assert_eq!(written.status.code(), Some(0), "{}", said(&written));
    let mut wanted = text;
    for lines in [
        "  - id: sccm-server\n    when: {destination.ip: 10.10.10.10}\n",
        "  - id: setup-to-sccm # both of the above\n    when: {process.name: setup.exe, destination.ip: 10.10.10.10}\n",
        "  - id: nobody\n    when: {process.name: nobody.exe}\n",
    ] {
        assert!(wanted.contains(lines));
        wanted = wanted.replace(lines, "");
    }
    assert_eq!(fs::read_to_string(&list).unwrap(), wanted);
    assert_eq!(kept_rows(&list), kept);
    let again = run(&["--write"]);
    assert_eq!(again.status.code(), Some(0));
    assert_eq!(fs::read_to_string(&list).unwrap(), wanted);
    let left: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(left["removed"], Value::Array(Vec::new()));
    assert_eq!(left["left_out"][0]["id"], "last-year", "an expired exclusion is told and stays");
}

#[test]
fn all_files_are_edited_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let list = copied(folder.path());
    let text = fs::read_to_string(&list).unwrap();
    let flow = folder.path().join("other.yaml");
    fs::write(&flow, "exclusions: [{id: unused, when: {process.name: unused.exe}}]\n").unwrap();
    let output = quell(&["prune", "-e", folder.path().to_str().unwrap(), "--results", RESULTS, "--write"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("other.yaml: line 1: `unused` is not written as a block"),
        "{}",
        said(&output)
    );
    assert_eq!(fs::read_to_string(&list).unwrap(), text);
    assert!(fs::read_to_string(&flow).unwrap().contains("unused"));
}

#[test]
#[cfg(unix)]
fn a_full_disk_leaves_the_whole_old_list() {
    if !has(&["bash"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.yaml");
    let text = fs::read_to_string("tests/lists/too-many.yaml").unwrap()
        + &"# a long comment at the end\n".repeat(2_000);
    fs::write(&list, &text).unwrap();
    let script = format!(
        "trap '' XFSZ; ulimit -f 8; exec {} prune -e {} --results {RESULTS} --write",
        env!("CARGO_BIN_EXE_quell"),
        list.display()
    );
    let output = Command::new("bash").args(["-c", &script]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("are as they were"), "{}", said(&output));
    assert_eq!(fs::read_to_string(&list).unwrap(), text);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing unfinished is left");
}

#[test]
fn nothing_goes_on_no_evidence() {
    let folder = tempfile::tempdir().unwrap();
    let list = copied(folder.path());
    let text = fs::read_to_string(&list).unwrap();
    let run = |results: &str, more: &[&str]| {
        quell(&[&["prune", "-e", list.to_str().unwrap(), "--results", results], more].concat())
    };
    for (results, more, cause) in [
        ("tests/results/no-rows.csv", &["--write"][..], "there are no rows"),
        (RESULTS, &["--write", "--keep", "setupp"], "did you mean `setup`?"),
    ] {
        let output = run(results, more);
        assert_eq!(output.status.code(), Some(2), "{cause}");
        assert!(said(&output).contains(cause), "{}", said(&output));
    }
    assert_eq!(fs::read_to_string(&list).unwrap(), text);
    let documented = folder.path().join("sccm.yaml");
    fs::copy("exclusions/documented/sccm.yaml", &documented).unwrap();
    let lab = ["--results", "samples/lab-network-events.csv", "--write"];
    let output = quell(&[&["prune", "-e", documented.to_str().unwrap()], &lab[..]].concat());
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("lists are not emptied on such evidence"), "{}", said(&output));
    assert!(fs::read_to_string(&documented).unwrap().contains("sccm-software-update"));
    let output = quell(&["prune", "--results", RESULTS, "--write"]);
    assert!(said(&output).contains("built-in pack is part of quell"), "{}", said(&output));
    // Without the column nothing about addresses can be judged.
    let output = run("tests/results/no-address.csv", &["--allow-missing-columns", "--format", "json"]);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let removed: Vec<&str> =
        found["removed"].as_array().unwrap().iter().map(|gone| gone["id"].as_str().unwrap()).collect();
    assert!(removed.iter().all(|id| ["setup", "nobody"].contains(id)), "{removed:?}");
}

#[test]
fn what_belongs_to_further_rules_stays() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.yaml");
    let one = |id: &str, rules: &str| {
        format!("- id: {id}\n  when: {{process.name: {id}.exe}}\n  rules: [{rules}]\n")
    };
    let text = [
        "exclusions:\n".to_owned(),
        one("two", "r1, r2"),
        one("exactly", "r1"),
        one("glob", "'r*'"),
        one("other", "r2"),
    ];
    fs::write(&list, text.concat()).unwrap();
    let scope = ["--results", RESULTS, "--rule-id", "r1", "--format", "json"];
    let output = quell(&[&["prune", "-e", list.to_str().unwrap()], &scope[..]].concat());
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let ids = |key: &str| -> Vec<&str> {
        found[key].as_array().unwrap().iter().map(|known| known["id"].as_str().unwrap()).collect()
    };
    assert_eq!(ids("removed"), ["exactly"]);
    assert_eq!(ids("kept"), ["two", "glob"]);
    assert_eq!(ids("left_out"), ["other"]);
}
