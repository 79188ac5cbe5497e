//! Lists with one slip of the pen: the place that is named, the cause in plain words, and the line as it should be.

use quell::exclusions::validate::{ListText, load_with, meaning};
use quell::exclusions::{DOCUMENTED, FIELD, Parameters};
use quell::schema::Schemas;

/// What is said of a list: place, message and help of each mistake.
fn said(text: &str) -> Vec<String> {
    let texts = [ListText { file: "list".into(), text: text.into() }];
    let mistakes = load_with(&texts, &Schemas::built_in(), &Parameters::default().or_examples());
    let mistakes = mistakes.err().map(Vec::from).unwrap_or_default();
    mistakes
        .into_iter()
        .map(|mistake| {
            let place = mistake.place.unwrap();
            format!("{}:{} {}: {}", place.line, place.column, mistake.message, mistake.help.join("; "))
        })
        .collect()
}

/// A list with one exclusion, of which the lines from the second on are these.
fn list(lines: &str) -> String {
    format!("exclusions:\n- id: a\n{lines}\n")
}

/// Each slip has one mistake, at this place, with these words.
fn check(slips: &[(String, &str, &str, &str)]) {
    let mut wrong = Vec::new();
    for (text, place, cause, help) in slips {
        let said = said(text);
        let is_one =
            |one: &String| one.starts_with(&format!("{place} ")) && one.contains(cause) && one.contains(help);
        if said.len() != 1 || !is_one(&said[0]) {
            wrong.push(format!("{text}wanted: {place} {cause}: {help}\nsaid: {said:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn values_that_yaml_reads_as_something_else() {
    check(&[
        (list(r"  when: {process.path: *\CCM\*}"), "3:24", "begins with `*`", r"'*\CCM\*'"),
        (
            list("  when:\n    process.path: *\\Program Files\\*"),
            "4:19",
            "begins with `*`",
            r"'*\Program Files\*'",
        ),
        (list(r"  when: {process.path: [a, *\CCM\*, b]}"), "3:28", "begins with `*`", r"'*\CCM\*'"),
        (list(r"  when: {process.path: %WINDIR%\a}"), "3:24", "begins with `%`", r"'%WINDIR%\a'"),
        (
            list("  owner: @secops\n  when: {process.name: a}"),
            "3:10",
            "begins with `@`",
            "`owner: '@secops'`",
        ),
        (list("  when:\n    process.command_line: & a, b"), "4:27", "begins with `&`", "'& a, b'"),
        (
            list("  reason: `x` is so\n  when: {process.name: a}"),
            "3:11",
            "begins with a backtick",
            "'`x` is so'",
        ),
        (list("  when:\n    process.name: !a.exe"), "4:19", "begins with `!`", "there is no negation"),
        (list("  when: {process.name: != a.exe}"), "3:24", "begins with `!`", "there is no negation"),
        (list("  when:\n    destination.port: >1024"), "4:23", "begins with `>`", "1025-65535"),
        (list("  when:\n    process.name: |a"), "4:19", "begins with `|`", "'|a'"),
        (
            list("  when:\n    process.command_line: {0AB1-2} x"),
            "4:27",
            "goes on behind its bracket",
            "'{0AB1-2} x'",
        ),
        (list("  when:\n    process.command_line: [a] x"), "4:27", "goes on behind its bracket", "'[a] x'"),
        (list("  when:\n    process.name: #1.exe\n    process.path: b"), "4:17", "is null", "'#1.exe'"),
        (
            list("  when: {process.name: #1.exe}"),
            "3:24",
            "begins a comment",
            "`when: {process.name: '#1.exe'}`",
        ),
        (
            list("  reason: ticket: 12\n  when: {process.name: a}"),
            "3:17",
            "a colon and a blank",
            "`reason: 'ticket: 12'`",
        ),
        (
            list(r"  when: {process.name: b, process.path: C:\a: b}"),
            "3:45",
            "a colon and a blank",
            r"`process.path: 'C:\a: b'`",
        ),
        (list("  when: {process.command_line: a, b}"), "3:35", "no value", "single quotes: '..., b'"),
        (list("  when: (process.name: a)"), "3:9", "parentheses", "`when: {process.name: a}`"),
    ]);
}

#[test]
fn quotation_marks() {
    check(&[
        (list(r#"  when: {process.path: "C:\Windows\a.exe"}"#), "3:24", "a backslash", r"'C:\Windows\a.exe'"),
        (
            list(r#"  when: {process.path: ["b", "C:\Windows\a.exe"]}"#),
            "3:30",
            "a backslash",
            r"'C:\Windows\a.exe'",
        ),
        (
            list("  when:\n    process.path: \"C:\\temp\\\"\n  owner: me"),
            "4:19",
            "a backslash",
            r"'C:\temp\'",
        ),
        (
            list("  reason: 'it's me'\n  when: {process.name: a}"),
            "3:11",
            "an apostrophe",
            "`reason: 'it''s me'`",
        ),
        (
            list("  when:\n    process.command_line: \"a b\" c"),
            "4:27",
            "goes on behind its quotation mark",
            "'\"a b\" c'",
        ),
        (list("  reason: 'it\n  when: {process.name: a}"), "3:11", "is not closed", "`reason: 'it'`"),
        (list("  reason: \"it\n  when: {process.name: a}"), "3:11", "is not closed", "`reason: \"it\"`"),
        (
            "{\"exclusions\": [{\"id\": \"a\" \"when\": {\"process.name\": \"a\"}}]}\n".into(),
            "1:28",
            "a comma is missing",
            "`\"a\", \"when\"`",
        ),
    ]);
}

#[test]
fn signs_that_are_missing() {
    check(&[
        (
            "exclusions\n- id: a\n  when: {process.name: a}\n".into(),
            "1:11",
            "a colon is missing",
            "`exclusions:`",
        ),
        ("exclusions:\n- id a\n  when: {process.name: a}\n".into(), "2:5", "a colon is missing", "`- id: a`"),
        (list("  owner me\n  when: {process.name: a}"), "3:8", "a colon is missing", "`owner: me`"),
        (list("  when\n    process.name: a"), "3:7", "a colon is missing", "`when:`"),
        (list("  when {process.name: a}"), "3:7", "a colon is missing", "`when: {process.name: a}`"),
        (list("  when: {process.name a}"), "3:22", "a colon is missing", "`process.name: a`"),
        (
            list("  when:\n    process.name a\n    process.path: b"),
            "4:17",
            "a colon is missing",
            "`process.name: a`",
        ),
        (list("  when:\n    process.name = a.exe"), "4:18", "`=`", "`process.name: a.exe`"),
        (list("  when:\n  - process.name == 'a.exe'"), "4:18", "`==`", "`process.name: 'a.exe'`"),
        ("exclusions:\n- id:a\n  when: {process.name: a}\n".into(), "2:6", "a blank is missing", "`- id: a`"),
        (list("  when:{process.name: a}"), "3:8", "a blank is missing", "`when: {process.name: a}`"),
        (list("  owner:me\n  when: {process.name: a}"), "3:9", "a blank is missing", "`owner: me`"),
        (list("  when: {process.name:a.exe}"), "3:23", "a blank is missing", "`process.name: a.exe`"),
        (list("  when:\n    process.name:a.exe"), "4:18", "a blank is missing", "`process.name: a.exe`"),
        (list("  when:\n  - process.name:a.exe"), "4:18", "a blank is missing", "`process.name: a.exe`"),
        (
            list("  when:\n    process.name:a.exe\n    process.path: b"),
            "4:18",
            "a blank is missing",
            "`process.name: a.exe`",
        ),
        ("exclusions:\n-id: a\n when: {process.name: a}\n".into(), "2:2", "a blank is missing", "`- id: a`"),
        (
            "exclusions:\n  -id: a\n   when: {process.name: a}\n".into(),
            "2:4",
            "a blank is missing",
            "`- id: a`",
        ),
        (
            list("  when:\n    process.name:\n      - a.exe\n      -b.exe"),
            "6:8",
            "a blank is missing",
            "`- b.exe`",
        ),
        (
            list("  when:\n    process.name:\n      -a.exe\n      -b.exe"),
            "5:7",
            "a blank is missing",
            "`- a.exe`",
        ),
        (list("  when: {process.name: a\n  owner: me"), "3:9", "is not closed", "`when: {process.name: a}`"),
        (
            list("  when: {process.name: [a, b}\n  owner: me"),
            "3:29",
            "`]` is missing",
            "`when: {process.name: [a, b]}`",
        ),
        (list("  when: {process.name: a}}\n  owner: me"), "3:26", "too much", "`when: {process.name: a}`"),
    ]);
}

#[test]
fn tabs_and_indentation() {
    check(&[
        ("exclusions:\n\t- id: a\n\t  when: {process.name: a}\n".into(), "2:1", "a tab", "`  - id: a`"),
        ("exclusions:\n- id: a\n\twhen: {process.name: a}\n".into(), "3:1", "a tab", "`  when: {process.name: a}`"),
        (list("  when:\n  \tprocess.name: a"), "4:3", "a tab", "`    process.name: a`"),
        (list("  when: {process.name:\ta}"), "3:23", "a tab", "`  when: {process.name: a}`"),
        ("exclusions:\n-\tid: a\n\twhen: {process.name: a}\n".into(), "2:2", "a tab", "`- id: a`"),
        (
            "exclusions:\n  - id: a\n   when: {process.name: a}\n".into(),
            "3:4",
            "3 blanks",
            "4 blanks, as line 2 has before `id`",
        ),
        (
            "exclusions:\n  - id: a\n      when: {process.name: a}\n".into(),
            "3:7",
            "6 blanks",
            "4 blanks, as line 2 has before `id`",
        ),
        (
            "exclusions:\n  - id: a\n    when: {process.name: a}\n - id: b\n   when: {process.name: b}\n".into(),
            "4:2",
            "1 blank",
            "2 blanks, as line 2 has before `- id`",
        ),
        (
            "exclusions:\n  - id: a\n    when: {process.name: a}\n    - id: b\n      when: {process.name: b}\n".into(),
            "4:5",
            "4 blanks",
            "2 blanks, as line 2 has before `- id`",
        ),
        (
            list("  when:\n    process.name: a\n   process.path: b"),
            "5:4",
            "3 blanks",
            "4 blanks, as line 4 has before `process.name`",
        ),
        (
            list("  when:\n    process.name: a\n      process.path: b"),
            "5:7",
            "6 blanks",
            "4 blanks, as line 4 has before `process.name`",
        ),
    ]);
}

#[test]
fn text_that_another_program_has_put_in() {
    check(&[
        (
            "<<<<<<< HEAD\nexclusions:\n- id: a\n=======\nexclusions: []\n>>>>>>> x\n".into(),
            "1:1",
            "a merge",
            "keep one side",
        ),
        (
            "```yaml\nexclusions:\n- id: a\n  when: {process.name: a}\n```\n".into(),
            "1:1",
            "a frame of Markdown",
            "remove this line",
        ),
        (
            "exclusions:\n- id: a\n  when: {process.name: a}\n---\nexclusions: []\n".into(),
            "4:1",
            "a second YAML document",
            "a file of its own",
        ),
    ]);
}

#[test]
fn shapes_that_are_not_those_of_a_list() {
    check(&[
        (
            "exclusions:\n  id: a\n  when: {process.name: a}\n".into(),
            "2:3",
            "must be a list",
            "`- id: a`",
        ),
        (
            "exclusions:\n  sccm:\n    when: {process.name: a}\n".into(),
            "2:3",
            "must be a list",
            "`- id: sccm`",
        ),
        (
            "exclusions:\n  id: a\n  when: {process.name: a}\n  id: b\n  when: {process.name: b}\n".into(),
            "2:3",
            "must be a list",
            "`- id: a`",
        ),
        ("exclusions:\n".into(), "1:11", "must be a list", "`exclusions: []`"),
        (list("  when: {process.name: a}\n  id: b\n  when: {process.name: b}"), "4:3", "twice", "`- id: b`"),
        (
            list("  when: {process.name: a}\n  when: {process.name: b}"),
            "4:3",
            "twice",
            "a list of entries below one `when:`",
        ),
        (list("  owner: a\n  owner: b\n  when: {process.name: a}"), "4:3", "twice", "keep one of the two"),
        (
            "exclusions:\n- {id: a, when: {process.name: a}}\nexclusions:\n- {id: b, when: {process.name: a}}\n"
                .into(),
            "3:1",
            "twice",
            "below one `exclusions:`",
        ),
        ("exclusions:\n- a.exe\n".into(), "2:3", "must be a mapping", "`- id: sccm-software-update`"),
        (list("  when:\n  - a.exe"), "4:5", "must be a mapping", "`- process.name: a.exe`"),
        (list("  when:\n  - 'process.name: a.exe'"), "4:5", "must be a mapping", "`- process.name: a.exe`"),
        (list("  when: [[{process.name: a}]]"), "3:10", "must be a mapping", "one list is enough"),
        (list("  when:\n    process:\n      name: a.exe"), "4:5", "no field or column `process`", "`process.name: a.exe`"),
        (list("  when: {process.name: {equals: a}}"), "3:24", "must be text", "`process.name: a`"),
        (list("  when: {process.name: {contains: a}}"), "3:24", "must be text", "`process.name|contains: a`"),
        (list("  when: {<<: {process.name: a}}"), "3:10", "`<<`", "no merge keys"),
        (list("  cases: {base: x}\n  when: {process.name: a}"), "3:17", "must be a mapping", "`{process.name: CcmExec.exe}`"),
        (list("  cases: {keep: x}\n  when: {process.name: a}"), "3:17", "must be a list", "`keep: [{process.name: CcmExec.exe}]`"),
        (
            list("  cases: {keep: {process.name: a}}\n  when: {process.name: a}"),
            "3:17",
            "must be a list",
            "`keep: [{process.name: a}]`",
        ),
        ("exclusions:\n- id: [a]\n  when: {process.name: a}\n".into(), "2:7", "must be text", "`id: a`"),
        (list("  owner: {name: me}\n  when: {process.name: a}"), "3:10", "must be text", "`owner: detection-engineering`"),
        ("exclusions:\n- - id: a\n    when: {process.name: a}\n".into(), "2:3", "must be a mapping", "one `-` is enough"),
        ("Exclusions:\n- id: a\n  when: {process.name: a}\n".into(), "1:1", "no key `Exclusions`", "did you mean `exclusions`?"),
        ("exclusions:\n- Id: a\n  when: {process.name: a}\n".into(), "2:3", "no key `Id`", "did you mean `id`?"),
    ]);
}

/// One slip in a line of a list that is right, and whether it can be made there.
type Slip = (&'static str, fn(&str) -> Option<String>);

const SLIPS: [Slip; 8] = [
    ("a tab", |line| line.strip_prefix("  ").map(|rest| format!("\t{rest}"))),
    ("one blank more", |line| line.starts_with("    ").then(|| format!(" {line}"))),
    ("one blank less", |line| line.starts_with("    ").then(|| line[1..].to_owned())),
    ("no blank behind the colon", |line| {
        let (key, value) = line.split_once(": ")?;
        (!key.contains(['{', '[', '\''])).then(|| format!("{key}:{value}"))
    }),
    ("no colon", |line| {
        let (key, value) = line.split_once(": ")?;
        (!key.contains(['{', '[', '\''])).then(|| format!("{key} {value}"))
    }),
    ("no blank behind the dash", |line| line.contains("- ").then(|| line.replacen("- ", "-", 1))),
    ("no closing brace", |line| line.ends_with('}').then(|| line[..line.len() - 1].to_owned())),
    ("a brace too much", |line| line.ends_with('}').then(|| format!("{line}}}"))),
];

fn means(text: &str) -> Option<Vec<quell::exclusions::model::Exclusion>> {
    meaning(&ListText { file: "list".into(), text: text.into() }, &Schemas::built_in())
}

/// The shipped lists with one slip in one line: the answer has the line as it was, or names how far it was indented.
#[test]
fn a_slip_in_a_shipped_list_is_answered_with_the_line_as_it_was() {
    let mut unanswered = Vec::new();
    let mut tried = 0;
    for (file, text) in DOCUMENTED.iter().chain(&FIELD) {
        let lines: Vec<&str> = text.lines().collect();
        let first = lines.iter().position(|line| !line.starts_with('#')).unwrap();
        for (place, line) in lines.iter().enumerate().skip(first) {
            for (slip, make) in SLIPS {
                let Some(wrong) = make(line) else { continue };
                let mut with_slip = lines.clone();
                with_slip[place] = &wrong;
                let with_slip = with_slip.join("\n");
                let said = said(&with_slip);
                if said.is_empty() && means(&with_slip) == means(text) {
                    continue;
                }
                tried += 1;
                let blanks = line.len() - line.trim_start_matches(' ').len();
                let pair = line.split(" #").next().unwrap().trim().trim_start_matches("- ");
                let value = pair.split_once(": ").map_or("", |(_, value)| value);
                let is_answered = said.first().is_some_and(|said| {
                    said.contains(&format!("`{pair}`"))
                        || said.contains(&format!("`- {pair}`"))
                        || said.contains(&format!("`{line}`"))
                        || value.starts_with("${") && said.contains(&format!("write `{value}`"))
                        // Of two lines that do not fit, either may be the wrong one.
                        || said.contains(&format!("{blanks} blanks, as line"))
                        || said.contains(&format!("as line {} has", place + 1))
                });
                if !is_answered {
                    unanswered.push(format!("{slip} {file}:{}: {line}\n    {said:?}", place + 1));
                }
            }
        }
    }
    assert!(tried > 500, "{tried}");
    assert!(unanswered.is_empty(), "{} of {tried}\n{}", unanswered.len(), unanswered.join("\n"));
}

proptest::proptest! {
    /// Whatever stands in a file, and wherever the parser gives up, there is an answer.
    #[test]
    fn no_text_is_without_an_answer(text in "(exclusions:\n- id: a\n  when)?[a-b:=\\-{}\\[\\],#'\"*&!|>%`\\\\\t\r \n.\u{e9}]{0,60}") {
        for mistake in said(&text) {
            proptest::prop_assert!(!mistake.trim_end().ends_with(':'), "{mistake}");
        }
    }
}
