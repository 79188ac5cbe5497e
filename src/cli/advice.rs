//! What somebody probably meant whose command line cannot be read.
//!
//! In: the error of the command line's parser, and the arguments. Out: a tip that stands below the error.

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

/// Commands that take lists by -e and no file without an option.
const LISTS_BY_OPTION: &[&str] = &["lint", "test", "list", "fmt", "kql", "prune", "probe"];

/// Adds a tip to an error, if there is one.
pub(crate) fn advise(error: &mut Error, arguments: &[String]) {
    let word = |kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        _ => String::new(),
    };
    let tip = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let wrong = word(ContextKind::InvalidSubcommand);
            let is_file = wrong == "-" || wrong.contains(['.', '/', '\\']);
            is_file.then(|| format!("the main job is a command: quell apply {wrong}"))
        }
        ErrorKind::UnknownArgument => {
            let wrong = word(ContextKind::InvalidArg);
            let command = arguments.iter().skip(1).find(|argument| !argument.starts_with('-'));
            let command = command.filter(|command| LISTS_BY_OPTION.contains(&command.as_str()));
            let command = command.filter(|_| !wrong.starts_with('-'));
            command.map(|command| format!("lists are named with -e: quell {command} -e {wrong}"))
        }
        _ => None,
    };
    if let Some(tip) = tip {
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
}
