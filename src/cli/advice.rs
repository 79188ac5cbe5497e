//! What somebody probably meant whose command line cannot be read.
//!
//! In: the error of the command line's parser, and the arguments. Out: a tip that stands below the error.

use super::Cli;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use clap::{CommandFactory, ValueEnum};
use clap_complete::Shell;
use quell::fields::nearest;
use quell::report::printable;

/// Commands that take lists by -e and no file without an option.
const LISTS_BY_OPTION: &[&str] = &["lint", "test", "list", "fmt", "kql", "prune", "probe"];

/// Adds a tip to an error, if there is one, and writes out what was typed.
pub(crate) fn advise(error: &mut Error, arguments: &[String]) {
    let tip = tip(error, arguments);
    if let Some(tip) = tip {
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![printable(&tip).into()]));
    } else if arguments.iter().any(|argument| printable(argument) != *argument) {
        // The parser's own tips repeat an argument as it is.
        error.remove(ContextKind::Suggested);
    }
    // What was typed may be the name of a file, and that may hold anything.
    let typed: Vec<(ContextKind, String)> = error
        .context()
        .filter_map(|(kind, value)| match value {
            ContextValue::String(text) => Some((kind, printable(text))),
            _ => None,
        })
        .collect();
    for (kind, text) in typed {
        error.insert(kind, ContextValue::String(text));
    }
}

/// What somebody probably meant.
fn tip(error: &Error, arguments: &[String]) -> Option<String> {
    let word = |kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        _ => String::new(),
    };
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let wrong = word(ContextKind::InvalidSubcommand);
            let is_file = wrong == "-" || wrong.contains(['.', '/', '\\']);
            let near = is_help(arguments).then(|| near_command(&wrong)).flatten();
            let job = is_file.then(|| format!("the main job is a command: quell apply {wrong}"));
            job.or_else(|| near.map(|near| format!("a similar command exists: quell help {near}")))
        }
        ErrorKind::UnknownArgument => {
            let wrong = word(ContextKind::InvalidArg);
            let command = arguments.iter().skip(1).find(|argument| !argument.starts_with('-'));
            let command = command.filter(|command| LISTS_BY_OPTION.contains(&command.as_str()));
            let command = command.filter(|_| !wrong.starts_with('-'));
            command.map(|command| match command.as_str() {
                "lint" if is_query(&wrong) => {
                    format!("rules are named with --rule: quell lint -e LIST --rule {wrong}")
                }
                "kql" | "test" | "list" | "prune" | "probe" | "fmt" if is_query(&wrong) => format!(
                    "this command reads lists, named with -e; a query goes to: quell splice {wrong}, or quell import {wrong}"
                ),
                _ if !is_results(&wrong) => format!("lists are named with -e: quell {command} -e {wrong}"),
                "lint" | "list" | "prune" => {
                    format!("results are named with --results: quell {command} --results {wrong}")
                }
                "probe" => {
                    format!("malicious rows are named with --malicious: quell probe --malicious {wrong}")
                }
                _ => format!("this command reads lists, named with -e; for results: quell apply {wrong}"),
            })
        }
        ErrorKind::MissingRequiredArgument if arguments.iter().any(|word| word == "completions") => {
            let shells: Vec<String> = Shell::value_variants().iter().map(ToString::to_string).collect();
            Some(format!("the shells are {}: quell completions bash", shells.join(", ")))
        }
        ErrorKind::MissingRequiredArgument => two_results(arguments).or_else(|| row(arguments)),
        ErrorKind::ValueValidation
            if std::error::Error::source(error)
                .is_some_and(<dyn std::error::Error>::is::<std::num::ParseIntError>) =>
        {
            Some("a whole number is wanted, such as 3".to_owned())
        }
        _ => None,
    }
}

/// The way to compare two results, if `diff` was asked for that.
fn two_results(arguments: &[String]) -> Option<String> {
    let mut files = arguments.iter().skip(1).filter(|argument| !argument.starts_with('-'));
    let is_diff = files.next().is_some_and(|command| command == "diff");
    let (old, new) = (files.next()?, files.next()?);
    (is_diff && is_results(old) && is_results(new)).then(|| {
        format!("two results are compared under one list: quell diff LIST --results {old} --against {new}")
    })
}

/// The way to name a row to `explain`.
fn row(arguments: &[String]) -> Option<String> {
    let mut words = arguments.iter().skip(1).filter(|argument| !argument.starts_with('-'));
    let is_explain = words.next().is_some_and(|command| command == "explain");
    let file = words.find(|word| is_results(word))?;
    is_explain.then(|| format!("name a row, counted from 1: quell explain {file} --row 1"))
}

/// Whether a file's name ends as those of queries do.
fn is_query(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".kql", ".csl", ".kusto"].iter().any(|end| name.ends_with(end))
}

/// Whether somebody asks for the help of a command.
fn is_help(arguments: &[String]) -> bool {
    arguments.iter().skip(1).find(|argument| !argument.starts_with('-')).is_some_and(|word| word == "help")
}

/// The command whose name is nearest.
fn near_command(wrong: &str) -> Option<String> {
    let all = Cli::command();
    let names = all.get_subcommands().map(clap::Command::get_name);
    nearest(wrong, names).first().map(|name| (*name).to_owned())
}

/// Whether a file's name ends as those of results do.
fn is_results(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let name = name.trim_end_matches(".gz").trim_end_matches(".zst");
    [".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet"].iter().any(|end| name.ends_with(end))
}
