//! What `quell accept` leaves behind: whose words win, in which order they stand, and that nothing is lost.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

fn begun(folder: &Path, args: &[&str]) -> Child {
    let mut quell = Command::new(env!("CARGO_BIN_EXE_quell"));
    quell.args(args).env_clear().current_dir(folder).stdin(Stdio::null());
    quell.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn quell(folder: &Path, args: &[&str]) -> Output {
    begun(folder, args).wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    let text = String::from_utf8([output.stdout.clone(), output.stderr.clone()].concat()).unwrap();
    // Messages are broken between words.
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A draft of which nothing falls short.
fn draft(id: &str, more: &str) -> String {
    format!(
        "exclusions:\n- id: {id}\n{more}  when:\n    process.path: 'C:\\Program Files\\{id}\\a.exe'\n    destination.ip: 10.1.2.3\n  cases:\n    base: {{process.path: 'C:\\Program Files\\{id}\\a.exe', destination.ip: 10.1.2.3}}\n    suppress: [{{}}]\n    keep: [{{process.path: 'C:\\b.exe'}}, {{destination.ip: 10.1.2.4}}]\n"
    )
}

const OWNED: [&str; 8] =
    ["--owner", "IT", "--reason", "ours", "--expires", "2027-02-01", "--today", "2026-11-25"];

/// Accepts a draft into mine.yaml.
fn accept(folder: &Path, draft: &str, more: &[&str]) -> Output {
    fs::write(folder.join("draft.txt"), draft).unwrap();
    quell(folder, &[&["accept", "draft.txt", "-e", "mine.yaml", "--min-score", "0"], more].concat())
}

/// Whoever is told that an exclusion was added finds it, also if two make the list at the same time.
#[test]
fn two_who_make_the_same_list_lose_nothing() {
    for _ in 0..6 {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let start = |id: &str| {
            let file = format!("{id}.txt");
            fs::write(at.join(&file), draft(id, "")).unwrap();
            begun(at, &[&["accept", &file, "-e", "mine.yaml", "--min-score", "0"][..], &OWNED].concat())
        };
        let both = [("one", start("one")), ("two", start("two"))];
        let ends = both.map(|(id, child)| (id, child.wait_with_output().unwrap()));
        let list = fs::read_to_string(at.join("mine.yaml")).unwrap();
        for (id, end) in &ends {
            let text = said(end);
            let is_there = list.contains(&format!("- id: {id}\n"));
            assert_eq!(is_there, text.contains("1 exclusion added"), "{id}: {text}\n{list}");
            assert!(is_there || text.contains("error[changed-meanwhile]"), "{id}: {text}");
        }
        assert!(ends.iter().any(|(_, end)| end.status.success()), "{}", said(&ends[0].1));
        assert_eq!(fs::read_dir(at).unwrap().count(), 3, "no file is left over");
    }
}

/// Who gives an option means it, and reads what the draft said instead.
#[test]
fn an_option_goes_before_the_draft_and_that_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let keys = "  scenario: |\n    old\n    story\n  owner: Bob # his\n  reason: >-\n    in\n    two\n  reference: X-1\n  created: 2026-11-01\n  expires: 2026-12-01\n";
    let more = [&OWNED[..], &["--scenario", "new: story", "--reference", "X-2"]].concat();
    let output = accept(folder.path(), &draft("one", keys), &more);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    for wanted in [
        "--scenario new: story takes the place of `old story`",
        "--owner IT takes the place of `Bob`",
        "--reason ours takes the place of `in two`",
        "--reference X-2 takes the place of `X-1`",
        "--expires 2027-02-01 takes the place of `2026-12-01`",
    ] {
        assert!(said(&output).contains(wanted), "{wanted}\n{}", said(&output));
    }
    let list = fs::read_to_string(folder.path().join("mine.yaml")).unwrap();
    let wanted = [
        "scenario: 'new: story'",
        "owner: IT",
        "reason: ours",
        "reference: X-2",
        "created: 2026-11-01",
        "expires: 2027-02-01",
    ];
    for line in wanted {
        assert!(list.contains(&format!("\n    {line}\n")), "{line}\n{list}");
    }
    // What says the same is no matter.
    let same = accept(folder.path(), &draft("two", "  owner: IT\n"), &OWNED);
    assert!(same.status.success() && !said(&same).contains("takes the place"), "{}", said(&same));
}

/// `quell fmt --check` and so the hook and the workflow of `quell init` find nothing to say of what was accepted.
#[test]
fn what_is_accepted_is_in_the_order_of_fmt() {
    let folder = tempfile::tempdir().unwrap();
    let samples = fs::canonicalize("samples").unwrap();
    let hunt = samples.join("action1-hunt.csv").display().to_string();
    let attacks = samples.join("malicious.csv").display().to_string();
    for (number, group) in ["9", "4"].iter().enumerate() {
        let list: &[&str] = if number == 0 { &[] } else { &["-e", "mine.yaml"] };
        let given = ["suggest", &hunt, "--group", group, "--malicious", &attacks];
        let draft = String::from_utf8(quell(folder.path(), &[&given, list].concat()).stdout).unwrap();
        let output = accept(folder.path(), &draft, &[&OWNED[..], &["--anyway"]].concat());
        assert!(
            said(&output).contains("exclusion added") || said(&output).contains("exclusions added"),
            "{}",
            said(&output)
        );
        let checked = quell(folder.path(), &["fmt", "--check", "-e", "mine.yaml"]);
        let list = fs::read_to_string(folder.path().join("mine.yaml")).unwrap();
        assert_eq!(checked.status.code(), Some(0), "{}\n{list}", said(&checked));
        // What was counted stands above the first key still.
        assert!(list.find(" of noise, ") < list.find("    when:"), "{list}");
    }
}

/// Two lists with the same id cannot be loaded together, so that is said before the second one is written.
#[test]
fn an_id_that_another_list_has_falls_short() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::create_dir_all(at.join("lists/deep")).unwrap();
    let write = |name: &str, text: &str| fs::write(at.join(name), text).unwrap();
    write("lists/a.yaml", &draft("one", ""));
    write("draft.txt", &draft("one", ""));
    let accept = |list: &str, more: &[&str]| {
        let given = ["accept", "draft.txt", "-e", list, "--min-score", "0"];
        quell(at, &[&given, &OWNED[..], more].concat())
    };
    let wanted = "a.yaml:2 has an exclusion of this id, too";
    let output = accept("lists/b.yaml", &[]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains(wanted) && !at.join("lists/b.yaml").exists(), "{}", said(&output));
    // Elsewhere it is free, until quell.yaml names both.
    let elsewhere = accept("lists/deep/b.yaml", &["--dry-run"]);
    assert_eq!(elsewhere.status.code(), Some(0), "{}", said(&elsewhere));
    write("quell.yaml", "exclusions: [lists]\n");
    let together = accept("lists/deep/b.yaml", &["--dry-run"]);
    assert_eq!(together.status.code(), Some(1), "{}", said(&together));
    assert!(said(&together).contains(wanted), "{}", said(&together));
    // What cannot be read is said, and what is no list is nothing.
    write("lists/a.yaml", "exclusions: [\n");
    write("lists/c.yaml", "services: {one: {id: one}}\n");
    let broken = accept("lists/b.yaml", &[]);
    assert_eq!(broken.status.code(), Some(0), "{}", said(&broken));
    assert!(said(&broken).contains("a.yaml cannot be read as a list"), "{}", said(&broken));
    // Nor is it a matter where the draft itself lies.
    fs::rename(at.join("draft.txt"), at.join("lists/a.yaml")).unwrap();
    fs::remove_file(at.join("lists/b.yaml")).unwrap();
    let own = quell(
        at,
        &[&["accept", "lists/a.yaml", "-e", "lists/b.yaml", "--min-score", "0"], &OWNED[..]].concat(),
    );
    assert_eq!(own.status.code(), Some(0), "{}", said(&own));
}

/// What nobody has looked at is not written, and no placeholder gets into a list.
#[test]
fn what_nobody_has_reviewed_falls_short() {
    let folder = tempfile::tempdir().unwrap();
    let unfilled = "  scenario: FILL IN what these rows are\n";
    let none = accept(folder.path(), &draft("one", unfilled), &[]);
    assert_eq!(none.status.code(), Some(1), "{}", said(&none));
    assert!(
        said(&none).contains("one: nobody answers for it, nothing says why, and it never ends"),
        "{}",
        said(&none)
    );
    assert!(!folder.path().join("mine.yaml").exists());
    let list = || fs::read_to_string(folder.path().join("mine.yaml")).unwrap();
    let anyway = accept(folder.path(), &draft("one", unfilled), &["--anyway"]);
    assert!(said(&anyway).contains("1 exclusion added") && !list().contains("scenario"), "{}", list());
    for (id, one) in
        [("two", ["--owner", "IT"]), ("three", ["--expires", "90d"]), ("four", ["--reason", "the backup"])]
    {
        let output = accept(folder.path(), &draft(id, unfilled), &one);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    }
    assert!(!list().contains("FILL IN"), "{}", list());
    assert!(list().contains("- id: four\n    scenario: 'the backup'\n    when:"), "{}", list());
    let own = accept(folder.path(), &draft("five", unfilled), &["--reason", "ours", "--scenario", "a story"]);
    assert!(
        !said(&own).contains("takes the place") && list().contains("    scenario: 'a story'\n"),
        "{}",
        list()
    );
}

/// An exclusion that has ended already would never do anything; its last day may be today.
#[test]
fn a_day_that_is_past_is_no_expiry() {
    let folder = tempfile::tempdir().unwrap();
    let until = |day| accept(folder.path(), &draft("one", ""), &["--today", "2026-11-25", "--expires", day]);
    let past = until("2026-11-24");
    assert_eq!(past.status.code(), Some(2), "{}", said(&past));
    assert!(
        said(&past).contains("--expires 2026-11-24: this day is past; today is 2026-11-25"),
        "{}",
        said(&past)
    );
    assert!(!folder.path().join("mine.yaml").exists());
    let last = until("2026-11-25");
    assert!(said(&last).contains("1 exclusion added"), "{}", said(&last));
}

/// A folder is loaded by the endings of its files, so a list without one would be forgotten in it.
#[test]
fn a_new_list_without_an_ending_is_refused_among_lists() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::create_dir(at.join("lists")).unwrap();
    fs::write(at.join("lists/day.yaml"), "exclusions: []\n").unwrap();
    fs::write(at.join("compose.yaml"), "services: {}\n").unwrap();
    fs::write(at.join("draft.txt"), draft("one", "")).unwrap();
    let accept = |list: &str| {
        quell(at, &[&["accept", "draft.txt", "-e", list, "--min-score", "0"], &OWNED[..]].concat())
    };
    let refused = accept("lists/night");
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert!(said(&refused).contains("name it lists/night.yaml"), "{}", said(&refused));
    assert!(!at.join("lists/night").exists());
    for fine in ["night", "lists/night.yml"] {
        assert_eq!(accept(fine).status.code(), Some(0), "{fine}");
        fs::remove_file(at.join(fine)).unwrap();
    }
    // One that is there has been named on purpose.
    fs::write(at.join("lists/night"), "exclusions: []\n").unwrap();
    assert_eq!(accept("lists/night").status.code(), Some(0));
}

/// Without malicious rows a grade is that for a stranger; the one that they gave when it was suggested is not forgotten.
#[test]
fn the_worse_grade_of_the_draft_counts() {
    let folder = tempfile::tempdir().unwrap();
    let graded =
        |letter: &str| format!("  # grade {letter}: the nearest malicious row pays 1: rename the binary\n");
    let accept = |letter, more: &[&str]| {
        accept(folder.path(), &draft("one", &graded(letter)), &[&OWNED[..], &["--dry-run"], more].concat())
    };
    let shown = accept("E", &[]);
    assert_eq!(shown.status.code(), Some(0), "{}", said(&shown));
    for wanted in [
        "blind spots: grade B: an intruder of whom nothing is known",
        "worse as suggested: grade E: the nearest",
    ] {
        assert!(said(&shown).contains(wanted), "{wanted}\n{}", said(&shown));
    }
    let short = accept("E", &["--min-grade", "C"]);
    assert_eq!(short.status.code(), Some(1), "{}", said(&short));
    assert!(said(&short).contains("one: grade E is worse than C: grade E: the nearest"), "{}", said(&short));
    let better = accept("A", &["--min-grade", "B"]);
    assert!(better.status.success() && !said(&better).contains("as suggested"), "{}", said(&better));
}
