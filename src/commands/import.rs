//! `quell import`: makes lists from the queries of rules, or from conditions that are given as text.

use super::counting::counted;
use super::files::FileSet;
use super::idle::{refuse, without_results};
use super::kql::{schema, tables};
use super::lists::{Loaded, hides_no_pack, schemas_only};
use super::results::ReadBy;
use super::rules::{RuleFile, opened};
use super::{End, Outcome, World, fail, print, tell};
use crate::cli::{Import, ReadingOf};
use quell::diagnostic::{Diagnostic, Place};
use quell::exclusions::document::{ListFile, WrittenExclusion};
use quell::exclusions::model::Exclusion;
use quell::exclusions::validate::{ListText, load};
use quell::input::Input;
use quell::kql::import::{ImportedQuery, QuerySource, Reading, Remark, import_query, import_text};
use quell::printable::{is_deceptive, written_out};
use quell::report::{self, build::exclusion_report, printable};
use quell::rule::encoding::Encoding;
use quell::rule::queries::queries;
use quell::schema::{Schema, Schemas};
use quell::yaml;
use std::borrow::Cow;
use std::fmt::Write;
use std::fs;
use std::path::Path;

pub(crate) fn run(args: &Import, world: &World) -> Outcome {
    if args.results.is_empty() {
        refuse(&without_results(&args.input, "no --results were given"))?;
    }
    if args.text.is_empty() {
        let why = "it belongs to a condition of --text";
        refuse(&[
            ("--id", !args.id.is_empty(), why),
            ("--reading", args.reading.is_some(), why),
            ("--results", !args.results.is_empty(), why),
        ])?;
    }
    if args.id.len() > args.text.len() {
        let message = format!("{} ids were given for {}", args.id.len(), conditions(args.text.len()));
        return fail(
            "surplus-id",
            message,
            "give each --text its --id, in the same order, or leave --id out",
        );
    }
    let mut lists = schemas_only(args.schema.as_deref())?;
    let schema = schema(&lists)?;
    let mut messages = String::new();
    let exclusions = if args.text.is_empty() {
        from_rules(args, &lists, &mut messages)?
    } else {
        from_texts(args, args.reading.unwrap_or(ReadingOf::Loose), schema)?
    };
    args.output.as_deref().map_or(Ok(()), |output| hides_no_pack(Path::new(output)))?;
    let mut outputs = FileSet::begin(args.output.as_deref())?;
    let clean = messages.is_empty();
    tell(&messages);
    if exclusions.is_empty() {
        tell("quell: no exclusion was found; nothing was written\n");
        return Ok(End::LookAtIt);
    }
    let count = exclusions.len();
    let (list, _) = read_back(&ListFile { exclusions, ..ListFile::default() }, &lists.schemas)?;
    let mut told = String::new();
    if !args.results.is_empty() {
        let loose = from_texts(args, ReadingOf::Loose, schema)?;
        lists.exclusions =
            read_back(&ListFile { exclusions: loose, ..ListFile::default() }, &lists.schemas)?.1;
        told = differences(args, world, &lists)?;
    }
    match &args.output {
        Some(output) => {
            replaces_nothing(args, output, &list)?;
            outputs.write(output, &list)?;
        }
        None => print(&list)?,
    }
    outputs.put(|| Ok(()))?;
    tell(&format!("{told}quell: {count} imported; `quell lint` says what they still lack\n"));
    Ok(if clean { End::Clean } else { End::LookAtIt })
}

/// An error if another list would be replaced: nobody wants to lose one that was written by hand.
fn replaces_nothing(args: &Import, output: &str, list: &str) -> Outcome<()> {
    let path = Path::new(output);
    if args.force || output == "-" || !path.is_file() {
        return Ok(());
    }
    match fs::read(path) {
        Ok(old) if !old.trim_ascii().is_empty() && old != list.as_bytes() => fail(
            "list-exists",
            format!("{}: there is a file already, with something else in it", printable(output)),
            "name another file with -o and move over what you want, or replace this one with --force",
        ),
        _ => Ok(()),
    }
}

fn conditions(count: usize) -> String {
    if count == 1 { "one condition".to_owned() } else { format!("{count} conditions") }
}

/// The list as YAML, and its exclusions after loading that text: what is written must load.
fn read_back(list: &ListFile, schemas: &Schemas) -> Outcome<(String, Vec<Exclusion>)> {
    let plain = yaml::to_string(list).map_err(|cause| vec![Diagnostic::error("cannot-write", cause)])?;
    // What deceives is written out where YAML allows it, and nowhere else.
    let hides = |line: &str| matches!(written_out(line), Cow::Owned(shown) if shown != line);
    let escaped = yaml::with_escapes(&plain, hides);
    let is_same = yaml::from_str::<ListFile>(&escaped).is_ok_and(|again| again == *list);
    let text = if is_same { escaped } else { plain };
    let exclusions = load(&[ListText { file: "imported.yaml".to_owned(), text: text.clone() }], schemas)?;
    Ok((text, exclusions))
}

/// Says on how many rows the two readings differ: rows that meet one part of an exclusion and not the rest.
fn differences(args: &Import, world: &World, lists: &Loaded) -> Outcome<String> {
    let all = |_: &ReadBy<'_>, _: &[Input]| lists.exclusions.iter().collect();
    let (applied, run) = counted(&args.results, &args.input, world, lists, None, all)?;
    let read = run.tally.totals.read;
    let mut out = String::new();
    if read == 0 {
        out += "quell: THERE ARE NO ROWS in the results, so nothing is known of the two readings\n";
    }
    for (place, exclusion) in (0..).zip(applied) {
        let report = exclusion_report(exclusion, run.tally.exclusions.get(&place), &run.slots, read);
        let (loose, scoped) = (report.matches, report.scoped_matches);
        let _ = writeln!(
            out,
            "{}: of {read} rows the loose reading suppresses {loose}, the scoped {scoped}",
            report.id
        );
        for detail in report::loose(&report).map(|(_, details)| details).unwrap_or_default() {
            let _ = writeln!(out, "  only by the loose one: {detail}");
        }
    }
    Ok(out)
}

fn from_texts(args: &Import, reading: ReadingOf, schema: &Schema) -> Outcome<Vec<WrittenExclusion>> {
    let reading = match reading {
        ReadingOf::Loose => Reading::Loose,
        ReadingOf::Scoped => Reading::Scoped,
    };
    let mut exclusions = Vec::new();
    let mut mistakes = Vec::new();
    for (at, text) in args.text.iter().enumerate() {
        let id = args.id.get(at).cloned().unwrap_or_else(|| format!("imported-{}", at + 1));
        match import_text(&id, text, reading, schema) {
            Ok(exclusion) => exclusions.push(exclusion),
            Err(remarks) => mistakes.extend(remarks.iter().map(|remark| mistake(at, text, remark))),
        }
    }
    if mistakes.is_empty() { Ok(exclusions) } else { Err(mistakes) }
}

/// What `--text` reads.
const NOTATION: &str = "the text says which rows the hunt keeps: `process.name != \"setup.exe\" && destination.ip != \"10.20.0.5\"`";

fn mistake(at: usize, text: &str, remark: &Remark) -> Diagnostic {
    let (start, end) = remark.span;
    let (file, line) = (format!("--text {}", at + 1), text[..start].matches('\n').count() + 1);
    let begin = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let column = text[begin..start].chars().count() + 1;
    let width = text[start..end].lines().next().unwrap_or_default().chars().count();
    let text = text[begin..].lines().next().unwrap_or_default().to_owned();
    Diagnostic::error("cannot-import", &remark.reason)
        .at(Place { file, line, column, width, text })
        .help(NOTATION)
}

fn from_rules(args: &Import, lists: &Loaded, messages: &mut String) -> Outcome<Vec<WrittenExclusion>> {
    let (files, unreadable) = opened(&args.rules)?;
    for problem in &unreadable {
        let _ = writeln!(messages, "{}", printable(&problem.message));
    }
    let mut exclusions: Vec<WrittenExclusion> = Vec::new();
    let mut ids = std::collections::HashMap::new();
    for file in &files {
        for mut exclusion in from_rule(file, args.unscoped, lists, messages)? {
            let taken: &mut usize = ids.entry(exclusion.id.clone()).or_default();
            *taken += 1;
            if *taken > 1 {
                exclusion.id = format!("{}-again-{taken}", exclusion.id);
            }
            exclusions.push(exclusion);
        }
    }
    Ok(exclusions)
}

fn from_rule(
    file: &RuleFile,
    unscoped: bool,
    lists: &Loaded,
    messages: &mut String,
) -> Outcome<Vec<WrittenExclusion>> {
    let name = file.path.display().to_string();
    let prefix = slug(&file.path.file_stem().unwrap_or_default().to_string_lossy());
    // What was typed into one query was never meant for every hunt.
    let rule = file.rule();
    let rule = rule.id.or(rule.name).filter(|_| !unscoped);
    let mut exclusions = Vec::new();
    let all = queries(file.kind, &file.text).found;
    if all.is_empty() {
        let _ = writeln!(messages, "{}: no query was found in it", file.shown());
    }
    for found in all {
        let line = 1 + file.text[..found.range.start].matches('\n').count();
        let Some(query) = found.text(&file.text) else { continue };
        let own = found.rule.and_then(|rule| rule.id.or(rule.name)).filter(|_| !unscoped);
        let rule = own.as_deref().or(rule.as_deref()).map(as_glob);
        let source = QuerySource { file: &printable(&name), line, prefix: &prefix, rule: rule.as_deref() };
        // In a string the lines of the query are none of the file.
        let inside = matches!(found.encoding, Encoding::Json | Encoding::Quoted);
        let tables = tables(lists, Some(&query))?;
        for table in &tables {
            let imported = import_query(&query, table.name, table.schema, source);
            remark(&name, (line, inside), &query, &imported, messages);
            let others = tables.iter().map(|other| other.name).filter(|other| *other != table.name);
            let others: Vec<&str> = others.collect();
            if !imported.exclusions.is_empty() && !others.is_empty() {
                let _ = writeln!(
                    messages,
                    "{}:{line}: trap: what is typed behind {} covers rows of {} too, which the query also reads",
                    printable(&name),
                    table.name,
                    others.join(", ")
                );
            }
            exclusions.extend(imported.exclusions);
        }
    }
    Ok(exclusions)
}

fn remark(
    name: &str,
    (first, inside): (usize, bool),
    query: &str,
    found: &ImportedQuery,
    messages: &mut String,
) {
    let remarks = found.not_carried.iter().map(|remark| ("not carried", remark));
    let mut all: Vec<_> = remarks.chain(found.traps.iter().map(|remark| ("trap", remark))).collect();
    all.sort_by_key(|(_, remark)| remark.span);
    for (what, remark) in all {
        let before = &query[..remark.span.0];
        let line = before.matches('\n').count();
        let column = before[before.rfind('\n').map_or(0, |newline| newline + 1)..].chars().count() + 1;
        let text = query[remark.span.0..remark.span.1].split_whitespace().collect::<Vec<_>>().join(" ");
        let place = if inside {
            format!("{first}: line {} of the query", line + 1)
        } else {
            format!("{}:{column}", first + line)
        };
        // No line of a message is somebody else's: a file's name or a query may hold line feeds.
        let (name, text, reason) = (printable(name), printable(&text), printable(&remark.reason));
        let _ = writeln!(messages, "{name}:{place}: {what}: {text}: {reason}");
    }
}

/// The name of a rule as one that `rules:` may have: what deceives in it is any text.
fn as_glob(name: &str) -> String {
    name.chars().map(|c| if is_deceptive(c) { '*' } else { c }).collect()
}

/// A file's name as the beginning of an id.
fn slug(stem: &str) -> String {
    let plain: String =
        stem.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let parts: Vec<&str> = plain.split('-').filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { "rule".to_owned() } else { parts.join("-") }
}
