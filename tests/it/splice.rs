//! The block in rules of every shape: one folder a case, named in words. `QUELL_BLESS=1 cargo test --test it splice::`
//! writes what a splice gives now; read it before you commit it.

use proptest::prelude::*;
use quell::exclusions::{documented, validate::load};
use quell::kql::{Options, where_block};
use quell::rule::queries::FileKind;
use quell::rule::splice::{Edited, RuleBlock, SplicedFile, splice_each, splice_file};
use quell::schema::Schemas;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const BLOCK: &str = "// quell:begin\n| where not(InitiatingProcessFileName =~ \"setup.exe\" and RemoteIP == \"192.0.2.7\")\n// quell:end";

/// The block of a case: the documented exclusions for the one named after them.
fn block(folder: &Path) -> String {
    if !folder.ends_with("action1-with-the-documented-exclusions") {
        return BLOCK.to_owned();
    }
    let schemas = Schemas::built_in();
    let exclusions = load(&documented(), &schemas).unwrap();
    let lists = exclusions.iter().map(|exclusion| exclusion.origin.file.to_string()).collect();
    let applied: Vec<_> = exclusions.iter().collect();
    let options = Options { lists, ..Options::default() };
    where_block(&applied, schemas.named("defender").unwrap(), &options).unwrap()
}

fn splice(kind: FileKind, text: &str, block: Option<&str>) -> SplicedFile {
    let columns = ["InitiatingProcessFileName".to_owned(), "RemoteIP".to_owned()];
    splice_file(
        kind,
        text,
        RuleBlock { table: "DeviceNetworkEvents", text: block, above: "", columns: &columns },
    )
}

fn kind_of(file: &Path) -> FileKind {
    FileKind::of(file).unwrap().of_content(&read(file))
}

fn cases() -> Vec<(PathBuf, PathBuf)> {
    let mut cases = Vec::new();
    for folder in fs::read_dir("tests/splice").unwrap() {
        let folder = folder.unwrap().path();
        if let Some(file) = ["rule.yaml", "query.kql", "page.md", "rule.json", "rule.tf", "rule.bicep"]
            .iter()
            .map(|name| folder.join(name))
            .find(|file| file.exists())
        {
            cases.push((folder, file));
        }
    }
    cases.sort();
    cases
}

fn read(path: &Path) -> String {
    String::from_utf8(fs::read(path).unwrap_or_default()).unwrap()
}

/// What was left alone and what is lost, one line each.
fn told(spliced: &SplicedFile) -> String {
    let left = spliced
        .left_alone
        .iter()
        .map(|left| format!("{}:{}: left alone: {}\n", left.place.line, left.place.column, left.reason));
    let lost = spliced.lost.iter().map(|lost| {
        format!("{}:{}: `{}` drops {}\n", lost.place.line, lost.place.column, lost.operator, lost.column)
    });
    left.chain(lost).collect()
}

#[test]
fn the_block_stands_at_every_reference_that_may_take_it() {
    let update = std::env::var_os("QUELL_BLESS").is_some();
    let cases = cases();
    assert!(cases.len() > 100, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for (folder, file) in cases {
        let spliced = splice(kind_of(&file), &read(&file), Some(&block(&folder)));
        let name = format!("expected.{}", file.extension().unwrap().to_str().unwrap());
        for (name, text) in [(name.as_str(), spliced.text.clone()), ("told.txt", told(&spliced))] {
            let path = folder.join(name);
            if update && (name != "told.txt" || !text.is_empty()) {
                fs::write(&path, &text).unwrap();
            } else if read(&path) != text {
                wrong.push(format!("{}:\n{text}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_second_splice_changes_nothing_and_removing_gives_the_file_back() {
    for (folder, file) in cases() {
        let (kind, text, block) = (kind_of(&file), read(&file), block(&folder));
        let once = splice(kind, &text, Some(&block));
        let twice = splice(kind, &once.text, Some(&block));
        assert_eq!(twice.text, once.text, "{}", folder.display());
        assert_eq!(twice.placed.len(), once.placed.len(), "{}", folder.display());
        assert_eq!(told(&twice).lines().count(), told(&once).lines().count(), "{}", folder.display());
        let back = splice(kind, &once.text, None);
        assert_eq!(back.text, text, "{}", folder.display());
        assert_eq!(back.placed.len(), once.placed.len(), "{}", folder.display());
    }
}

/// The text without the lines of blocks, blanks and round brackets: read by lines alone, sharing nothing with the
/// splicer.
fn bare(text: &str) -> String {
    let mut inside = false;
    let mut out = String::new();
    for line in text.lines() {
        inside |= line.trim_start().starts_with("// quell:begin");
        if !inside {
            out.extend(line.chars().filter(|c| !c.is_whitespace() && !"()".contains(*c)));
        }
        inside &= !line.trim_start().starts_with("// quell:end");
    }
    out
}

#[test]
fn nothing_outside_the_block_is_touched() {
    for (folder, file) in cases() {
        let text = read(&file);
        let spliced = splice(kind_of(&file), &text, Some(BLOCK)).text;
        // In a string an end of line is an escape.
        let strings = matches!(kind_of(&file), FileKind::Json | FileKind::Terraform);
        let on_lines =
            |text: &str| if strings { text.replace("\\r", "").replace("\\n", "\n") } else { text.to_owned() };
        assert_eq!(bare(&on_lines(&spliced)), bare(&on_lines(&text)), "{}", folder.display());
    }
}

/// A run of the program: exit code, standard output, standard error.
fn quell(arguments: &[&str]) -> (i32, String, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_quell")).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (done.status.code().unwrap(), text(done.stdout), text(done.stderr))
}

/// The documented pack in a production rule is what nobody wants.
#[test]
fn without_a_list_nothing_is_put_into_a_rule() {
    let (code, out, told) = quell(&["splice", "samples/action1.yaml"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(told.contains("no list is named"), "{told}");
}

/// A rule and a list in a folder of their own.
fn site(exclusions: usize) -> (tempfile::TempDir, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (rule, list) = (path("rule.yaml"), path("list.yaml"));
    let query = "DeviceNetworkEvents\n  | where RemotePort == 443\n  | summarize count() by DeviceName";
    fs::write(&rule, format!("id: 11111111-2222-3333-4444-555555555555\nname: a\nquery: |\n  {query}\n"))
        .unwrap();
    let mut text = String::from("exclusions:\n");
    for place in 0..exclusions {
        let (names, servers) = ("[setup.exe, update.exe]", "[10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4]");
        let entry =
            format!("{{process.name: {names}, destination.ip: {servers}, destination.port: {place}}}");
        text += &format!("- id: e{place}\n  when: {entry}\n");
    }
    fs::write(&list, text).unwrap();
    (folder, rule, list)
}

#[test]
fn every_form_is_spliced_and_taken_out_to_the_byte() {
    let (folder, rule, list) = site(3);
    let before = read(Path::new(&rule));
    let csv = folder.path().join("values.csv").to_str().unwrap().to_owned();
    for form in ["where", "let", "watchlist", "externaldata"] {
        let values = ["--values", csv.as_str()];
        let arguments = ["splice", &rule, "-e", &list, "--form", form, "--in-place"];
        let arguments =
            [&arguments[..], if form.starts_with(['w', 'e']) && form != "where" { &values } else { &[] }]
                .concat();
        let (code, _, told) = quell(&arguments);
        assert_eq!(code, 0, "{form}: {told}");
        let once = read(Path::new(&rule));
        assert_eq!(once.contains("  let quell_list_1 = "), form != "where", "{once}");
        assert!(once.find("let quell").is_none_or(|place| place < once.find("DeviceNetworkEvents").unwrap()));
        assert_eq!(quell(&arguments).0, 0);
        assert_eq!(read(Path::new(&rule)), once, "{form}");
        assert_eq!(quell(&["splice", &rule, "--remove", "--in-place"]).0, 0);
        assert_eq!(read(Path::new(&rule)), before, "{form}");
    }
    assert!(read(Path::new(&csv)).contains("e2/1/destination.ip|ipv4,10.0.0.4/32"));
    let (code, _, told) = quell(&["splice", &rule, "-e", &list, "--form", "impact"]);
    assert_eq!(code, 2, "{told}");
}

#[test]
fn what_kql_prints_is_a_block() {
    let (folder, rule, list) = site(3);
    for form in ["where", "let"] {
        let (_, printed, told) = quell(&["kql", "-e", &list, "--form", form]);
        assert!(told.contains("of the 10,000 characters"), "{told}");
        let block = folder.path().join("block.kql");
        fs::write(&block, &printed).unwrap();
        let given = quell(&["splice", &rule, "--block", block.to_str().unwrap()]);
        assert_eq!(
            (given.0, given.1),
            (0, quell(&["splice", &rule, "-e", &list, "--form", form]).1),
            "{form}"
        );
    }
    let block = folder.path().join("block.kql");
    fs::write(&block, quell(&["kql", "-e", &list, "--form", "impact"]).1).unwrap();
    assert_eq!(quell(&["splice", &rule, "--block", block.to_str().unwrap()]).0, 2);
}

/// Sentinel refuses rules over 10,000 characters.
#[test]
fn a_clause_that_is_too_long_is_said_with_the_form_that_fits() {
    let (_folder, rule, list) = site(60);
    let (code, _, told) = quell(&["kql", "-e", &list]);
    assert!(code == 1 && told.contains("will be refused; `--form let` would fit"), "{code} {told}");
    let (code, _, told) = quell(&["splice", &rule, "-e", &list, "--in-place"]);
    assert!(code == 1 && told.contains("rule.yaml:4:1: the query takes"), "{code} {told}");
    assert!(told.contains("`--form let` would fit"), "{told}");
    assert_eq!(quell(&["splice", &rule, "-e", &list, "--form", "let", "--in-place"]).0, 0);
    let (_folder, _, list) = site(33);
    let (code, _, told) = quell(&["kql", "-e", &list]);
    assert!(code == 0 && told.contains("nearly all of them"), "{code} {told}");
}

/// The rule that is named decides, whatever the file says.
#[test]
fn a_rule_is_named_as_in_apply() {
    let (folder, rule, list) = site(1);
    let scoped = read(Path::new(&list)) + "  rules: [one]\n";
    fs::write(&list, scoped).unwrap();
    assert_eq!(quell(&["splice", &rule, "-e", &list, "--check"]).0, 1);
    assert!(!quell(&["splice", &rule, "-e", &list]).1.contains("quell:begin"));
    assert!(quell(&["splice", &rule, "-e", &list, "--rule-id", "one"]).1.contains("quell:begin"));
    let other = folder.path().join("other.yaml");
    fs::write(&other, "id: one\nname: x\nquery: |\n  T\n").unwrap();
    assert!(
        quell(&["splice", &rule, "-e", &list, "--rule", other.to_str().unwrap()]).1.contains("quell:begin")
    );
}

#[test]
fn the_expiry_guard_is_left_out_if_that_is_asked_for() {
    let (_folder, rule, list) = site(1);
    fs::write(&list, read(Path::new(&list)) + "  expires: 2027-05-31\n").unwrap();
    let day = ["--today", "2027-01-01"];
    for command in [&["kql", "-e", &list][..], &["splice", &rule, "-e", &list]] {
        assert!(quell(&[command, &day].concat()).1.contains("now() < datetime(2027-06-01)"));
        assert!(!quell(&[command, &day, &["--no-expiry-guard"]].concat()).1.contains("now()"));
    }
}

/// With comments in it a rule cannot run all the time any more.
#[test]
fn a_near_real_time_rule_is_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let rule = folder.path().join("rule.json");
    let text = read(Path::new("tests/splice/custom-detection-of-graph/rule.json"));
    fs::write(&rule, text.replace("\"12H\"", "\"0\"")).unwrap();
    let block = ["--block", "tests/splice/block.kql"];
    let (code, _, told) = quell(&["splice", rule.to_str().unwrap(), block[0], block[1]]);
    assert!(code == 0 && told.contains("near-real-time"), "{code} {told}");
    let scheduled = "tests/splice/custom-detection-of-graph/rule.json";
    assert!(!quell(&["splice", scheduled, block[0], block[1]]).2.contains("near-real-time"));
    let (code, _, told) = quell(&["splice", scheduled, "-e", "documented", "--form", "nrt"]);
    assert!(code == 2 && told.contains("by hand"), "{code} {told}");
}

/// A rule without a block has nothing to be taken out, whatever else is to be said of it.
#[test]
fn removing_from_a_tree_is_clean() {
    let (code, _, told) = quell(&["splice", "tests/splice/rule-with-a-folded-query", "--remove", "--check"]);
    assert_eq!(code, 0, "{told}");
}

#[test]
fn a_limit_that_few_rows_are_below_is_told() {
    let (code, out, told) =
        quell(&["splice", "tests/splice/few-of-a-kind/query.kql", "--block", "tests/splice/block.kql"]);
    assert!(code == 0 && out.contains("quell:begin"), "{code} {out}");
    assert!(told.contains("query.kql:3:9: warning: this asks for groups of few rows"), "{told}");
}

/// The values of a document without its queries.
fn rest(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(fields) => {
            fields.retain(|key, value| {
                !(["query", "querytext"].contains(&key.to_ascii_lowercase().as_str()) && value.is_string())
            });
            fields.values_mut().for_each(rest);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(rest),
        _ => {}
    }
}

/// A file that is edited still loads as what it is, with everything but its queries unchanged.
#[test]
fn json_stays_json() {
    let files = cases().into_iter().filter(|(_, file)| kind_of(file) == FileKind::Json);
    let mut count = 0;
    for (_, file) in files {
        let text = read(&file);
        let spliced = splice(FileKind::Json, &text, Some(BLOCK));
        assert!(!spliced.placed.is_empty(), "{}", file.display());
        let [mut before, mut after] = [&text, &spliced.text].map(|text| serde_json::from_str(text).unwrap());
        rest(&mut before);
        rest(&mut after);
        assert_eq!(before, after, "{}", file.display());
        count += 1;
    }
    assert!(count >= 4);
}

/// The values of a YAML rule without its queries.
fn yaml_rest(text: &str) -> Option<serde_json::Value> {
    let value: serde_yaml::Value = serde_yaml::from_str(text).ok()?;
    let mut value = serde_json::to_value(value).ok()?;
    rest(&mut value);
    Some(value)
}

/// A rule that a YAML parser reads is read after a splice too, and every file still has as many queries as before.
#[test]
fn yaml_stays_yaml_and_no_query_is_lost() {
    let mut rules = 0;
    for (folder, file) in cases() {
        let (kind, text) = (kind_of(&file), read(&file));
        let once = splice(kind, &text, Some(BLOCK));
        assert_eq!(splice(kind, &once.text, Some(BLOCK)).queries, once.queries, "{}", folder.display());
        if let Some(before) = yaml_rest(&text).filter(|_| kind == FileKind::Yaml) {
            assert_eq!(Some(before), yaml_rest(&once.text), "{}", folder.display());
            rules += 1;
        }
    }
    assert!(rules >= 10, "{rules}");
}

/// A file that holds several rules gives each its own exclusions.
#[test]
fn each_rule_of_a_file_gets_its_own_exclusions() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.yaml");
    fs::write(
        &list,
        "exclusions:\n- {id: one, when: {process.name: one.exe}, rules: [First]}\n- {id: two, when: {process.name: two.exe}, rules: [Second]}\n",
    )
    .unwrap();
    let (_, out, told) =
        quell(&["splice", "tests/splice/solution-package/rule.json", "-e", list.to_str().unwrap()]);
    let queries: serde_json::Value = serde_json::from_str(&out).unwrap();
    let first = &queries["resources"][0]["properties"]["mainTemplate"]["resources"][0]["properties"]["query"];
    let second = &queries["resources"][1]["properties"]["query"];
    assert!(
        first.as_str().unwrap().contains("one.exe") && !first.as_str().unwrap().contains("two.exe"),
        "{told}"
    );
    assert!(second.as_str().unwrap().contains("two.exe") && !second.as_str().unwrap().contains("one.exe"));
}

#[test]
fn a_file_without_a_query_is_named_and_a_version_is_raised() {
    let (folder, rule, list) = site(1);
    fs::write(folder.path().join("settings.json"), "{\"a\": [1, true]}").unwrap();
    fs::write(&rule, read(Path::new(&rule)) + "version: 1.0.9\n").unwrap();
    let tree = folder.path().to_str().unwrap();
    let (code, _, told) = quell(&["splice", tree, "-e", &list, "--in-place", "--bump-version"]);
    assert!(code == 0 && told.contains("settings.json: no query was found in it"), "{code} {told}");
    let once = read(Path::new(&rule));
    assert!(once.ends_with("version: 1.0.10\n"), "{once}");
    assert_eq!(quell(&["splice", tree, "-e", &list, "--in-place", "--bump-version"]).0, 0);
    assert_eq!(read(Path::new(&rule)), once);
}

/// Files of every kind, mostly broken ones.
fn broken_files() -> impl Strategy<Value = (FileKind, String)> {
    let words = vec![
        "DeviceNetworkEvents",
        "{",
        "}",
        "[",
        "]",
        "\"query\": \"",
        "\"queryText\":\"",
        "\"",
        "\\",
        "\\n",
        "\\u0041",
        "\n",
        "\r\n",
        " | count",
        "query = <<-QUERY\n",
        "QUERY\n",
        "query = \"",
        "query: '''\n",
        "'''",
        "query: |\n  ",
        "  ",
        "$${",
        "${",
        "%{",
        ",",
        ":",
        "1",
        "true",
        "é",
        "\u{feff}",
        "union ",
        "[[",
        "\"type\": \"x\"",
        "```kql\n",
        "```",
    ];
    let kinds = vec![
        FileKind::Yaml,
        FileKind::Kql,
        FileKind::Markdown,
        FileKind::Json,
        FileKind::Terraform,
        FileKind::Bicep,
    ];
    let text = prop::collection::vec(prop::sample::select(words), 0..30).prop_map(|words| words.concat());
    (prop::sample::select(kinds), text)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]
    #[test]
    fn any_file_is_spliced_once_and_comes_back((kind, text) in broken_files()) {
        let once = splice(kind, &text, Some(BLOCK)).text;
        prop_assert_eq!(&splice(kind, &once, Some(BLOCK)).text, &once);
        prop_assert_eq!(&splice(kind, &once, None).text, &text);
        prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&text).is_ok() && kind == FileKind::Json,
            serde_json::from_str::<serde_json::Value>(&once).is_ok() && kind == FileKind::Json);
    }
}

/// What somebody typed into a block is not lost to the next splice.
#[test]
fn a_block_that_was_edited_by_hand_is_left_alone() {
    let (_folder, rule, list) = site(3);
    let before = read(Path::new(&rule));
    for form in ["where", "let"] {
        let splice = |more: &[&str]| quell(&[&["splice", &rule, "-e", &list, "--form", form], more].concat());
        assert_eq!(splice(&["--in-place"]).0, 0);
        let whole = read(Path::new(&rule));
        // Editors take away spaces, and formatters add some.
        fs::write(&rule, whole.replace("\n  ", "\n      ")).unwrap();
        assert_eq!(splice(&["--in-place"]).0, 0, "{form}");
        fs::write(&rule, &whole).unwrap();
        let edited = whole.replacen("10.0.0.1", "10.0.0.9", 1);
        assert_ne!(edited, whole);
        fs::write(&rule, &edited).unwrap();
        let line = 1 + edited.lines().position(|line| line.contains("quell:begin")).unwrap();
        for option in ["--check", "--in-place"] {
            let (code, _, told) = splice(&[option]);
            assert_eq!(code, 1, "{told}");
            let wanted = format!("rule.yaml:{line}:");
            assert!(told.contains(&wanted) && told.contains("edited by hand"), "{told}");
            assert_eq!(read(Path::new(&rule)), edited);
        }
        assert_eq!(splice(&["--in-place", "--force"]).0, 0);
        assert_eq!(read(Path::new(&rule)), whole);
        fs::write(&rule, &edited).unwrap();
        assert_eq!(quell(&["splice", &rule, "--in-place", "--remove"]).0, 0);
        assert_eq!(read(Path::new(&rule)), before);
    }
}

/// In every shape of a rule a block is known again as quell wrote it, and not if a word of it is another.
#[test]
fn only_what_was_edited_is_taken_for_edited() {
    let block = block(Path::new("action1-with-the-documented-exclusions"));
    let columns = ["InitiatingProcessFileName".to_owned(), "RemoteIP".to_owned()];
    let mut seen = 0;
    for (folder, file) in cases() {
        let (kind, text) = (kind_of(&file), read(&file));
        let again = |text: &str| {
            let table = "DeviceNetworkEvents";
            splice_each(kind, text, Edited::LeftAlone, |_| {
                vec![RuleBlock { table, text: Some(&block), above: "", columns: &columns }]
            })
        };
        let once = splice(kind, &text, Some(&block));
        let (replaced, twice) = (splice(kind, &once.text, Some(&block)), again(&once.text));
        assert_eq!(twice.text, replaced.text, "{}", folder.display());
        assert_eq!(twice.placed, replaced.placed, "{}", folder.display());
        if replaced.placed.is_empty() || !once.text.contains("setup.exe") {
            continue;
        }
        seen += 1;
        let edited = once.text.replace("not(", "not (");
        let left = again(&edited);
        let by_hand = left.left_alone.iter().any(|left| left.reason.contains("edited by hand"));
        assert!(by_hand && left.placed.is_empty(), "{}", folder.display());
        assert_eq!(left.text, edited, "{}", folder.display());
    }
    assert!(seen > 5, "{seen}");
}

/// Which of the reasons it is that a rule gets nothing.
#[test]
fn why_a_rule_gets_nothing_is_told() {
    let (folder, rule, list) = site(1);
    let told = |path: &str| quell(&["splice", path, "-e", &list]).2;
    let broken = folder.path().join("bad.json").to_str().unwrap().to_owned();
    fs::write(&broken, "{\"name\": \"a\",\n\"query\": \"DeviceNetworkEvents | where RemotePort == 443\",")
        .unwrap();
    let said = told(&broken);
    assert!(said.contains("line 2 breaks the JSON") && !said.contains("in force"), "{said}");
    fs::write(&list, "exclusions:\n- {id: x, rules: [other], when: {process.name: a.exe}}\n").unwrap();
    let said = told(&rule);
    assert!(
        said.contains("no exclusion is in force for it and DeviceNetworkEvents: x: belongs to other"),
        "{said}"
    );
    fs::write(&list, "exclusions:\n- {id: x, when: {process.name: a.exe}}\n").unwrap();
    let bump = || quell(&["splice", &rule, "-e", &list, "--bump-version"]).2;
    assert!(bump().contains("--bump-version raised nothing"));
    fs::write(&rule, format!("version: 1.0.0\n{}", read(Path::new(&rule)))).unwrap();
    assert!(!bump().contains("raised nothing"));
}
