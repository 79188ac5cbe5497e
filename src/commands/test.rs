//! `quell test`: runs the cases of the lists, and finds changes that they would not notice.

use super::files::FileSet;
use super::host_bits::say_host_bits;
use super::idle::{refuse, without_results};
use super::inputs::open_all;
use super::lists::{Loaded, loaded_or_examples};
use super::project::{may_be_new, project, with_lists};
use super::{End, Outcome, fail, print, print_json, print_text};
use crate::cli::{TestArgs, TestFormat};
use quell::cases::report::CasesReport;
use quell::cases::{CaseResult, Expected, junit};
use quell::exclusions::edit::cases::{NewCase, with_cases};
use quell::exclusions::model::{Exclusion, FieldRef};
use quell::input::Input;
use quell::judge::{Matcher, Scratch, row};
use quell::mutants::report::MutationReport;
use quell::run::columns::{reader, schema_of};
use quell::run::each_row::each_row;
use std::ops::ControlFlow;

/// Runs every case. Exit code 1: a case failed, or an exclusion lacks cases of one kind.
pub(crate) fn run(args: &TestArgs) -> Outcome {
    if args.keep.is_empty() && args.suppress.is_empty() {
        refuse(&without_results(&args.input, "neither --keep nor --suppress names results"))?;
    }
    let project = project()?;
    // Without settings the built-in pack is tested, as before there were any.
    let named = match &project {
        Some(_) => with_lists(&args.lists, project.as_ref(), "test")?,
        None => args.lists.clone(),
    };
    let lists = loaded_or_examples(&named)?;
    say_host_bits(&lists.exclusions);
    let mut report = CasesReport::new(lists.texts.iter().map(|list| list.file.as_str()), &lists.exclusions);
    for (names, expected) in [(&args.keep, Expected::Keep), (&args.suppress, Expected::Suppress)] {
        for mut results in open_all(names, &args.input)? {
            let cases = cases(&mut results, &lists, expected)?;
            if cases.is_empty() {
                let message = format!("{}: there are no rows, so nothing was tested", results.name);
                return fail("no-rows", message, "give rows that must get this verdict");
            }
            report.add_rows(&results.name, cases);
        }
    }
    if args.mutate {
        return mutate(args, &lists, &report);
    }
    match args.format {
        TestFormat::Human => print_text(&report.human())?,
        TestFormat::Json => print_json(&report)?,
        TestFormat::Junit => print(&junit::document(&report))?,
    }
    Ok(if is_clean(args, &report) { End::Clean } else { End::LookAtIt })
}

/// Whether nothing is to be looked at. Lists of the settings may hold nothing yet.
fn is_clean(args: &TestArgs, report: &CasesReport) -> bool {
    report.is_clean()
        || (report.totals.exclusions == 0 && report.totals.failed == 0 && may_be_new(&args.lists))
}

/// Judges the rows of a file as cases of all lists together. Scope and expiry are ignored, as in other cases.
fn cases(results: &mut Input, lists: &Loaded, expected: Expected) -> Outcome<Vec<CaseResult>> {
    let schema = schema_of(std::slice::from_ref(results), &lists.schemas, lists.named.as_deref())?;
    let all: Vec<&Exclusion> = lists.exclusions.iter().collect();
    let matcher = Matcher::of_schema(&all, schema)?;
    let (rows, _) = reader(results, row::wanted(matcher.slots(), schema))?;
    let (mut judged, mut scratch, name) = (Vec::new(), Scratch::default(), results.name.clone());
    each_row(results, &rows, |number, line, row| {
        let cells = row.cells.map(|cells| &cells[..matcher.slots().len()]).unwrap_or_default();
        let by: Vec<&str> = match row.cells {
            Ok(_) => matcher
                .judge(cells, &mut scratch)
                .suppressed_by
                .iter()
                .map(|at| &*all[*at as usize].id)
                .collect(),
            Err(_) => Vec::new(),
        };
        let passed = by.is_empty() == (expected == Expected::Keep);
        let why = match (&row.cells, by.is_empty()) {
            (Err(fault), _) => format!("it cannot be read: {fault}"),
            (_, true) => {
                format!("nothing covers it; `quell explain {name} --row {number}` says what came nearest")
            }
            _ => format!("covered by {}", by.join(", ")),
        };
        let cell = |(slot, cell): (&FieldRef, Option<&str>)| Some(format!("{}={}", slot.name(), cell?));
        judged.push(CaseResult {
            exclusion: if by.is_empty() { "all lists".to_owned() } else { by.join(", ") },
            line: usize::try_from(line).unwrap_or(usize::MAX),
            expected,
            passed,
            row: matcher
                .slots()
                .iter()
                .zip(cells.iter().copied())
                .filter_map(cell)
                .collect::<Vec<_>>()
                .join(" "),
            why: (!passed).then_some(why),
        });
        ControlFlow::Continue(())
    })?;
    Ok(judged)
}

/// Changes the lists, whose cases must pass, and finds out which changes the cases notice.
fn mutate(args: &TestArgs, lists: &Loaded, report: &CasesReport) -> Outcome {
    if args.format == TestFormat::Junit {
        let help = "choose --format json, or leave --mutate out";
        return fail("no-such-format", "JUnit has no place for a score", help);
    }
    if report.totals.failed > 0 {
        super::tell(&report.human());
        let help = "correct the list or the cases above; then try again";
        return fail("failing-cases", "cases fail, so nothing can be said about what they notice", help);
    }
    let changes = MutationReport::new(&lists.exclusions, &lists.texts);
    if args.write && changes.totals.missed > 0 {
        return write(args, lists, &changes);
    }
    match args.format {
        TestFormat::Human => print_text(&format!("{}{}", changes.human(), report.human()))?,
        TestFormat::Json | TestFormat::Junit => print_json(&changes)?,
    }
    let enough = changes.reaches(args.min_score) && report.is_clean();
    Ok(if enough { End::Clean } else { End::LookAtIt })
}

/// Adds the proposed cases to the lists, and shows what the cases notice then.
fn write(args: &TestArgs, lists: &Loaded, changes: &MutationReport) -> Outcome {
    if !lists.on_disk {
        let help = "name your lists with --exclusions; without it the built-in pack is judged";
        return fail("built-in", "the built-in pack is part of quell and cannot be written", help);
    }
    let (mut outputs, mut said) = (FileSet::begin([])?, String::new());
    for list in &lists.texts {
        let mut cases: Vec<NewCase> = Vec::new();
        for missed in changes.missed.iter().filter(|missed| missed.changed.file == list.file) {
            let (id, case) = (missed.changed.exclusion.clone(), missed.case.clone());
            let case = NewCase { id, kind: missed.expected.word(), case };
            if !cases.contains(&case) {
                cases.push(case);
            }
        }
        if cases.is_empty() {
            continue;
        }
        match with_cases(list, &cases, &lists.schemas) {
            Ok(text) => outputs.replace(&list.file, &list.text, &text)?,
            Err(why) => {
                let help = "`quell test --mutate` without --write shows them, to add by hand";
                return fail("cannot-edit", format!("{}: {why}", list.file), help);
            }
        }
        let count = if cases.len() == 1 { "1 case".to_owned() } else { format!("{} cases", cases.len()) };
        said +=
            &format!("{}: {count} added; read them: a wrong one says that the list is wrong\n", list.file);
    }
    // The new lists are read again; if that or the printing fails, the old ones come back.
    outputs.put(|| {
        let lists = loaded_or_examples(&args.lists)?;
        let report = CasesReport::new(lists.texts.iter().map(|list| list.file.as_str()), &lists.exclusions);
        let changes = MutationReport::new(&lists.exclusions, &lists.texts);
        match args.format {
            TestFormat::Human => print_text(&format!("{said}{}{}", changes.human(), report.human()))?,
            TestFormat::Json | TestFormat::Junit => print_json(&changes)?,
        }
        let enough = changes.reaches(args.min_score) && report.is_clean();
        Ok(if enough { End::Clean } else { End::LookAtIt })
    })
}
