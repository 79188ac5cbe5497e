//! `quell init`: a repository of lists from nothing.
//!
//! In: a folder. Out: files that are not there yet; one that is there is left as it is, and said.

use super::files::FileSet;
use super::lists::schemas;
use super::{End, Outcome, fail, json_text, print_text};
use crate::cli::InitArgs;
use quell::exclusions::document::json_schema;
use quell::report::printable;
use std::fmt::Write;
use std::path::Path;

/// What is written, beside the JSON Schema: file and text.
const FILES: [(&str, &str); 4] = [
    ("exclusions/mine.yaml", include_str!("mine.yaml")),
    ("quell.yaml", include_str!("quell.yaml")),
    (".pre-commit-config.yaml", include_str!("pre-commit-config.yaml")),
    (".github/workflows/exclusions.yaml", include_str!("workflow.yaml")),
];
/// Where the lists of the repository say that editors find the JSON Schema.
const SCHEMA: &str = ".quell/exclusions.schema.json";

const NEXT: &str = "
Next:
  quell apply hunt.csv -e exclusions      what is left of a hunt, in groups with numbers
  quell rows hunt.csv -e exclusions --group 1
                                          what is constant in the first group
  quell suggest hunt.csv -e exclusions --group 1 | quell accept -e exclusions/mine.yaml --owner YOU --reason WHY --expires 90d
                                          an exclusion for it, into exclusions/mine.yaml; or write one by hand
  quell lint                              what is doubtful
  quell test                              the rows under `cases`
  quell list                              who owns what until when
  quell fmt                               one order of keys in every list
Write the name of the repository that you take quell from for OWNER in .pre-commit-config.yaml and in the workflow.
";

pub(crate) fn run(args: &InitArgs) -> Outcome {
    let schema = json_text(&json_schema(&schemas(None)?.0))?;
    let files = FILES.into_iter().chain([(SCHEMA, schema.as_str())]);
    let here = if args.folder == Path::new(".") { Path::new("") } else { &args.folder };
    if here.is_file() {
        let message = format!("{}: this is a file", here.display());
        return fail("no-folder", message, "name the folder of the repository, or none: `quell init`");
    }
    let (there, new): (Vec<_>, Vec<_>) = files
        .map(|(name, text)| (here.join(name), text))
        .partition(|(path, _)| path.symlink_metadata().is_ok());
    let names: Vec<String> = new.iter().map(|(path, _)| path.display().to_string()).collect();
    let mut set = FileSet::begin([])?;
    for (path, _) in &new {
        path.parent().map_or(Ok(()), |folder| set.folder(folder))?;
    }
    for (name, (_, text)) in names.iter().zip(&new) {
        set.write(name, text)?;
    }
    let mut said = String::new();
    for (path, _) in &there {
        let _ = writeln!(said, "is there already, left as it is: {}", printable(&path.display().to_string()));
    }
    for name in &names {
        let _ = writeln!(said, "written: {}", printable(name));
    }
    said += NEXT;
    set.put(|| print_text(&said))?;
    Ok(End::Clean)
}
