//! `quell fmt`: lists in one order.

use super::files::FileSet;
use super::lists::{Loaded, loaded_or_examples};
use super::project::{project, with_lists};
use super::{End, Outcome, fail, print_text};
use crate::cli::{FmtArgs, ListArgs};
use quell::exclusions::edit::ordered;
use quell::report::printable;
use std::fmt::Write;

pub(crate) fn run(args: &FmtArgs) -> Outcome {
    let (exclusions, schema) = (args.exclusions.clone(), args.schema.clone());
    let lists = ListArgs { exclusions, schema, ..ListArgs::default() };
    let lists = with_lists(&lists, project()?.as_ref(), "fmt")?;
    let Loaded { texts, on_disk, schemas, .. } = loaded_or_examples(&lists)?;
    if !on_disk {
        return fail(
            "built-in",
            "a built-in pack is no file",
            "name a file or a folder: `quell fmt -e exclusions/`",
        );
    }
    let mut outputs = FileSet::begin([])?;
    let mut said = String::new();
    let mut changed = 0;
    for list in &texts {
        let text = ordered(list, &schemas);
        if text == list.text {
            continue;
        }
        changed += 1;
        let what = if args.check {
            "is not in order; `quell fmt` brings it into order"
        } else {
            "brought into order"
        };
        let _ = writeln!(said, "{}: {what}", printable(&list.file));
        if !args.check {
            outputs.replace(&list.file, &list.text, &text)?;
        }
    }
    let lists = if texts.len() == 1 { "1 list".to_owned() } else { format!("{} lists", texts.len()) };
    let _ = writeln!(said, "{lists}, {changed} {}", if args.check { "not in order" } else { "changed" });
    outputs.put(|| print_text(&said))?;
    Ok(if args.check && changed > 0 { End::LookAtIt } else { End::Clean })
}
