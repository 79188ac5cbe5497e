//! The process: asks the world once, runs a command, ends.

mod cli;
mod commands;

use clap::{CommandFactory, Parser};
use cli::{Cli, ColorWhen, Command};
use commands::{End, Outcome, World};
use quell::diagnostic::{Diagnostic, render};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.color {
        ColorWhen::Auto => {}
        ColorWhen::Always => anstream::ColorChoice::Always.write_global(),
        ColorWhen::Never => anstream::ColorChoice::Never.write_global(),
    }
    if let Err(error) = ctrlc::set_handler(interrupted) {
        eprintln!("warning: an interruption will leave unfinished files behind: {error}");
    }
    match run(&cli.command, &world()) {
        Ok(End::Clean) => ExitCode::SUCCESS,
        Ok(End::LookAtIt) => ExitCode::from(1),
        Ok(End::Unreadable(rows)) => {
            eprintln!("quell: --strict: rows that could not be read: {rows}; no file was written");
            ExitCode::from(2)
        }
        Err(diagnostics) => {
            complain(&diagnostics, &cli.command);
            ExitCode::from(2)
        }
    }
}

fn run(command: &Command, world: &World) -> Outcome {
    match command {
        Command::Apply(args) => commands::apply::run(args, world),
        Command::Explain(args) => commands::explain::run(args, world),
        Command::Splice(args) => commands::splice::run(args, world),
        Command::Import(args) => commands::import::run(args, world),
        Command::Lint(args) => commands::lint::run(args, world),
        Command::Test(args) => commands::test::run(args),
        Command::Probe(args) => commands::probe::run(args),
        Command::Diff(args) => commands::diff::run(args, world),
        Command::Prune(args) => commands::prune::run(args, world),
        Command::Kql(args) => commands::kql::run(args, world),
        Command::Schema(args) => commands::schema::run(args),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "quell", &mut script);
            commands::print(&String::from_utf8_lossy(&script))?;
            Ok(End::Clean)
        }
        Command::Man => {
            let mut page = Vec::new();
            // Writing to memory cannot fail.
            let _ = clap_mangen::Man::new(Cli::command()).render(&mut page);
            commands::print(&String::from_utf8_lossy(&page))?;
            Ok(End::Clean)
        }
    }
}

fn world() -> World {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let width = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    World {
        today: jiff::Zoned::now().date(),
        width: columns.or(width).unwrap_or(100).clamp(40, 200),
        terminal: std::io::stderr().is_terminal(),
        processors: std::thread::available_parallelism().map_or(1, usize::from),
    }
}

fn complain(diagnostics: &[Diagnostic], command: &Command) {
    let mut text = render(diagnostics, true);
    let count = match diagnostics.len() {
        1 => String::new(),
        many => format!("{many} mistakes; "),
    };
    text += "\nquell: ";
    text += &count;
    text += match command {
        Command::Apply(_) | Command::Explain(_) => "nothing was suppressed\n",
        _ => "nothing was done\n",
    };
    // With nobody left to tell, the exit code still says it.
    let _ = anstream::stderr().write_all(text.as_bytes());
}

fn interrupted() {
    let unfinished = commands::output::abandon();
    if unfinished > 0 {
        eprintln!(
            "quell: interrupted; nothing was written, and files that were there before are as they were"
        );
    } else {
        eprintln!("quell: interrupted");
    }
    std::process::exit(2);
}
