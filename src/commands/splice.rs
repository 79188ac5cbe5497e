//! `quell splice`: puts the exclusions into the queries of rules.

use super::files::FileSet;
use super::kql::{inexpressible, options, schema};
use super::lists::{Loaded, in_force, loaded, read_text, schemas_only};
use super::rules::{RuleFile, opened};
use super::{End, Outcome, World, fail, print, tell};
use crate::cli::Splice;
use quell::kql::lex::{TokenKind, lex};
use quell::kql::{BEGIN, END, where_block};
use quell::rule::Rule;
use quell::rule::splice::{RuleBlock, SplicedFile, splice_file};
use quell::schema::Schema;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// A block file larger than this is no block.
const MAX_BLOCK: u64 = 16 << 20;

pub(crate) fn run(args: &Splice, world: &World) -> Outcome {
    let source = source(args, world)?;
    let (files, unreadable) = opened(&args.rules)?;
    let schema = schema(&source.lists)?;
    let mut done = Vec::new();
    for file in &files {
        done.push((file, spliced(file, &source, schema, args)?));
    }
    let mut messages = String::new();
    for problem in &unreadable {
        let _ = writeln!(messages, "{}", problem.message);
    }
    let mut right = unreadable.is_empty();
    for (file, spliced) in &done {
        right &= remark(file, spliced, args, schema, &mut messages);
    }
    let drifted: Vec<_> = done.iter().filter(|(file, spliced)| file.text != spliced.text).collect();
    write(args, &done)?;
    if args.check {
        for (file, _) in &drifted {
            print(&format!("{}: not up to date\n", file.path.display()))?;
        }
    }
    tell(&format!("{messages}{}", summary(&done, drifted.len())));
    let clean = right && (drifted.is_empty() || !args.check);
    Ok(if clean { End::Clean } else { End::LookAtIt })
}

/// Where the block of each rule comes from.
struct BlockSource {
    lists: Loaded,
    /// The block that was given as a file.
    given: Option<String>,
    today: jiff::civil::Date,
}

fn source(args: &Splice, world: &World) -> Outcome<BlockSource> {
    let today = args.today.unwrap_or(world.today);
    if args.block.is_none() && !args.remove {
        return Ok(BlockSource { lists: loaded(&args.lists)?, given: None, today });
    }
    let lists = schemas_only(args.lists.schema.as_deref())?;
    let given = args.block.as_deref().map(given_block).transpose()?;
    Ok(BlockSource { lists, given, today })
}

fn given_block(path: &Path) -> Outcome<String> {
    let text = read_text(path, MAX_BLOCK)?;
    let lines: Vec<&str> = text.lines().collect();
    let begins = lines.first().is_some_and(|line| line.starts_with(BEGIN));
    let markers = lines.iter().filter(|line| line.starts_with(BEGIN) || line.starts_with(END)).count();
    if !begins || markers != 2 || !lines.last().is_some_and(|line| line.starts_with(END)) {
        let message = format!("{}: this is no block", path.display());
        return fail("bad-block", message, &format!("the first line begins `{BEGIN}`, the last `{END}`"));
    }
    Ok(lines.join("\n"))
}

/// The block for one rule: the file that was given, or the exclusions in force for the rule. `None` if no
/// exclusion is left for it.
fn block(file: &RuleFile, source: &BlockSource, schema: &Schema) -> Outcome<Option<String>> {
    if let Some(given) = &source.given {
        return Ok(Some(given.clone()));
    }
    let rule = Rule::parse(&file.text);
    let (applied, left_out) = in_force(&source.lists.exclusions, rule.as_ref(), source.today, &schema.name);
    if applied.is_empty() {
        return Ok(None);
    }
    let options = options(&applied, &left_out);
    where_block(&applied, schema, &options).map(Some).map_err(inexpressible)
}

fn spliced(file: &RuleFile, source: &BlockSource, schema: &Schema, args: &Splice) -> Outcome<SplicedFile> {
    let text = if args.remove { None } else { block(file, source, schema)? };
    // The columns that stand in the block, whoever wrote it.
    let mut columns: Vec<String> = Vec::new();
    for token in lex(text.as_deref().unwrap_or_default()).iter().filter(|t| t.kind == TokenKind::Name) {
        let name = token.text(text.as_deref().unwrap_or_default());
        if schema.columns.contains_key(name) && !columns.iter().any(|known| known == name) {
            columns.push(name.to_owned());
        }
    }
    let table = schema.table.as_deref().unwrap_or_default();
    Ok(splice_file(file.kind, &file.text, RuleBlock { table, text: text.as_deref(), columns: &columns }))
}

/// Adds what was left alone to `out`; false if somebody has to look at it.
fn remark(file: &RuleFile, spliced: &SplicedFile, args: &Splice, schema: &Schema, out: &mut String) -> bool {
    let mut right = true;
    for left in &spliced.left_alone {
        right &= left.right;
        let (path, place) = (file.path.display(), left.place);
        let _ = writeln!(out, "{path}:{}:{}: left alone: {}", place.line, place.column, left.reason);
    }
    if file.named && !args.remove && spliced.placed.is_empty() && spliced.left_alone.is_empty() {
        let table = schema.table.as_deref().unwrap_or_default();
        let why = if file.text.contains(table) {
            "no exclusion in force belongs to this rule, or no query in it reads the table"
        } else {
            "no such table in it"
        };
        let _ = writeln!(out, "{}: left alone: {why}: {table}", file.path.display());
        right = false;
    }
    right
}

fn write(args: &Splice, done: &[(&RuleFile, SplicedFile)]) -> Outcome<()> {
    if args.diff {
        return print(&done.iter().map(|(file, spliced)| diff(file, &spliced.text)).collect::<String>());
    }
    if args.check {
        return Ok(());
    }
    if args.in_place {
        let mut outputs = FileSet::begin([])?;
        for (file, spliced) in done.iter().filter(|(file, spliced)| file.text != spliced.text) {
            outputs.replace(&file.path.display().to_string(), &file.text, &spliced.text)?;
        }
        outputs.put(|| Ok(()))
    } else if let Some(output) = &args.output {
        let targets = targets(args, output, done)?;
        let names: Vec<String> = targets.iter().map(|(target, _)| target.display().to_string()).collect();
        let mut outputs = FileSet::begin(names.iter().map(String::as_str))?;
        for (target, text) in &targets {
            if let Some(folder) = target.parent().filter(|_| targets.len() > 1 || target != output) {
                outputs.folder(folder)?;
            }
            outputs.write(&target.display().to_string(), text)?;
        }
        outputs.put(|| Ok(()))
    } else {
        let [(_, only)] = done else {
            let help = "choose --in-place, -o FOLDER, --diff or --check";
            return fail("many-rules", format!("{} rules cannot be printed at once", done.len()), help);
        };
        print(&only.text)
    }
}

/// Where each file is written: one rule to a file, several below a folder.
fn targets<'d>(
    args: &Splice,
    output: &Path,
    done: &'d [(&RuleFile, SplicedFile)],
) -> Outcome<Vec<(PathBuf, &'d str)>> {
    let one = done.len() == 1 && !args.rules.iter().any(|path| path.is_dir()) && !output.is_dir();
    let mut targets: Vec<(PathBuf, &str)> = Vec::new();
    for (file, spliced) in done {
        let target = if one { output.to_owned() } else { output.join(&file.below) };
        if targets.iter().any(|(taken, _)| *taken == target) {
            let message = format!("{}: two rules would be written here", target.display());
            return fail("same-target", message, "splice them apart, or use --in-place");
        }
        targets.push((target, &spliced.text));
    }
    Ok(targets)
}

fn diff(file: &RuleFile, new: &str) -> String {
    if file.text == new {
        return String::new();
    }
    let name = file.path.display().to_string();
    similar::TextDiff::from_lines(file.text.as_str(), new)
        .unified_diff()
        .header(&format!("a/{name}"), &format!("b/{name}"))
        .to_string()
}

fn summary(done: &[(&RuleFile, SplicedFile)], drifted: usize) -> String {
    let places: usize = done.iter().map(|(_, spliced)| spliced.placed.len()).sum();
    let left: usize = done.iter().map(|(_, spliced)| spliced.left_alone.len()).sum();
    format!(
        "quell: {} read, {drifted} changed, {places} with the block, {left} left alone\n",
        counted(done.len(), "file"),
        places = counted(places, "place"),
        left = counted(left, "place"),
    )
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
