//! The process: asks the world once, runs a command, ends.

mod cli;
mod commands;
mod signals;

use clap::{CommandFactory, Parser};
use cli::{Cli, ColorWhen, Command};
use commands::files::{self, Abandoned, PARTLY_WRITTEN};
use commands::{End, Outcome, World, tell, tell_styled};
use quell::diagnostic::{Diagnostic, render_within};
use std::io::IsTerminal;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::try_parse().unwrap_or_else(|mut error| {
        let arguments: Vec<String> =
            std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
        cli::advise(&mut error, &arguments);
        error.exit()
    });
    match cli.color {
        ColorWhen::Auto => {}
        ColorWhen::Always => anstream::ColorChoice::Always.write_global(),
        ColorWhen::Never => anstream::ColorChoice::Never.write_global(),
    }
    signals::handle(interrupted);
    let world = world();
    // A defect ends like every error: nothing is half-written, and the exit code is not that of a finding.
    let ended = panic::catch_unwind(AssertUnwindSafe(|| run(&cli.command, &world)));
    match ended.unwrap_or_else(|_| Err(vec![defect()])) {
        Ok(End::Clean) => ExitCode::SUCCESS,
        Ok(End::LookAtIt) => ExitCode::from(1),
        Ok(End::Unreadable(rows)) => {
            tell(&format!("quell: --strict: rows that could not be read: {rows}; no file was written\n"));
            ExitCode::from(2)
        }
        Err(diagnostics) => {
            complain(&diagnostics, &cli.command, &world);
            ExitCode::from(2)
        }
    }
}

/// Keeps a value until the process ends. To give back a hundred thousand exclusions one by one would take as long as to
/// judge a hundred thousand rows, and the process ends with its command anyway.
pub(crate) fn until_the_end<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

fn defect() -> Diagnostic {
    Diagnostic::error("defect", "quell came to a point that it should never reach; the lines above say where")
        .help("please report them, with the command and, if you can, the file")
}

fn run(command: &Command, world: &World) -> Outcome {
    match command {
        Command::Apply(args) => commands::apply::run(args, world),
        Command::Explain(args) => commands::explain::run(args, world),
        Command::Rows(args) => commands::rows::run(args, world),
        Command::Splice(args) => commands::splice::run(args, world),
        Command::Import(args) => commands::import::run(args, world),
        Command::Init(args) => commands::init::run(args),
        Command::List(args) => commands::inventory::run(args, world),
        Command::Fmt(args) => commands::fmt::run(args),
        Command::Lint(args) => commands::lint::run(args, world),
        Command::Test(args) => commands::test::run(args),
        Command::Probe(args) => commands::probe::run(args, world),
        Command::Diff(args) => commands::diff::run(args, world),
        Command::Prune(args) => commands::prune::run(args, world),
        Command::Suggest(args) => commands::suggest::run(args, world),
        Command::Accept(args) => commands::accept::run(args, world),
        Command::Kql(args) => commands::kql::run(args, world),
        Command::Schema(args) => commands::schema::run(args, world),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "quell", &mut script);
            commands::print(&String::from_utf8_lossy(&script))?;
            Ok(End::Clean)
        }
        Command::Man => {
            commands::print(&manual())?;
            Ok(End::Clean)
        }
    }
}

/// The manual: the page of quell and those of its commands, one behind the other.
fn manual() -> String {
    let mut all = Cli::command();
    all.build();
    let commands = all.get_subcommands().filter(|command| command.get_name() != "help").cloned();
    let pages: Vec<clap::Command> = std::iter::once(all.clone())
        .chain(commands.map(|command| {
            let name = format!("quell-{}", command.get_name());
            command.name(name)
        }))
        .collect();
    let mut text = Vec::new();
    for page in pages {
        // Writing to memory cannot fail.
        let _ = clap_mangen::Man::new(page).render(&mut text);
    }
    String::from_utf8_lossy(&text).into_owned()
}

fn world() -> World {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let width = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    World {
        today: jiff::Zoned::now().date(),
        width: columns.or(width).unwrap_or(100).clamp(40, 200),
        message_width: columns.or(width).map(|columns| columns.clamp(40, 200)),
        shown: std::io::stdout().is_terminal(),
        terminal: std::io::stderr().is_terminal(),
        processors: std::thread::available_parallelism().map_or(1, usize::from),
    }
}

fn complain(diagnostics: &[Diagnostic], command: &Command, world: &World) {
    let mut text = render_within(diagnostics, true, world.message_width);
    let count = match diagnostics.len() {
        1 => String::new(),
        many => format!("{many} mistakes; "),
    };
    text += "\nquell: ";
    text += &count;
    text += match command {
        _ if diagnostics.iter().any(|one| one.code == PARTLY_WRITTEN) => "not all files are what they were\n",
        Command::Apply(_) => "nothing was suppressed\n",
        _ => "nothing was done\n",
    };
    tell_styled(&text);
}

/// Ends the process after a signal.
fn interrupted() -> ! {
    tell(&match files::abandon() {
        Abandoned::Nothing => "quell: interrupted\n".to_owned(),
        Abandoned::AllNew => "quell: interrupted; the files had been written\n".to_owned(),
        Abandoned::AllOld => {
            "quell: interrupted; nothing was written, and files that were there before are as they were\n"
                .to_owned()
        }
        Abandoned::Mixed(which) => {
            format!("quell: interrupted; some files are new and some are old:\n{which}\n")
        }
    });
    std::process::exit(2);
}
