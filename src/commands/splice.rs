//! `quell splice`: puts the exclusions into the queries of rules.

use super::clause::{self, Clause, length, shorter, values_file};
use super::files::FileSet;
use super::idle::{Idle, refuse};
use super::kql::{ABOVE, BEHIND, expired, schema, tables};
use super::lists::{loaded, read_text, rule, schemas_only, today};
use super::rules::{RuleFile, opened};
use super::table_clauses::{
    Applied, BlockSource, TableClause, applied, clauses_for, queries_of, why_nothing,
};
use super::{End, Outcome, World, fail, print, tell};
use crate::cli::{KqlForm, Splice};
use quell::kql::{self, BEGIN, END, VALUES, Values};
use quell::report::printable;
use quell::rule::splice::{Edited, QueryLength, RuleBlock, SplicedFile, splice_each};
use quell::rule::version::with_next_version;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// A block file larger than this is no block.
const MAX_BLOCK: u64 = 16 << 20;

pub(crate) fn run(args: &Splice, world: &World) -> Outcome {
    if args.lists.exclusions.is_empty() && args.block.is_none() && !args.remove {
        return fail(
            "no-lists",
            "no list is named, and nothing is put into a rule",
            "name yours with -e, such as -e exclusions/; the pack `documented` is an example and nothing to deploy",
        );
    }
    if args.form.form() == KqlForm::Nrt && args.block.is_none() && !args.remove {
        return fail(
            "no-markers",
            "the form `nrt` has no comments, so that nothing would find it again in a rule",
            "print it with `quell kql --form nrt`, and put it in by hand",
        );
    }
    refuse(&idle(args))?;
    let source = source(args, world)?;
    let (files, unreadable) = opened(&args.rules)?;
    schema(&source.lists)?;
    let (mut done, mut values) = (Vec::new(), Values::default());
    let mut messages = expired(&source.lists.exclusions, source.today);
    if source.given.is_none() && !args.remove {
        messages += clause::unset(&args.form);
    }
    for file in &files {
        done.push((file, spliced(file, &source, args, &mut values, &mut messages)?));
    }
    for problem in &unreadable {
        let _ = writeln!(messages, "{}", printable(&problem.message));
    }
    let mut right = unreadable.is_empty();
    for (file, spliced) in &done {
        right &= remark(file, spliced, args, &source, &mut messages)?;
        right &= lengths(file, spliced, &source, &mut messages)?;
    }
    let drifted: Vec<_> = done.iter().filter(|(file, spliced)| file.text != spliced.text).collect();
    write(args, &done, &values)?;
    if args.check {
        for (file, _) in &drifted {
            print(&format!("{}: not up to date\n", file.shown()))?;
        }
    }
    tell(&format!("{messages}{}", summary(&done, drifted.len())));
    let clean = right && (drifted.is_empty() || !args.check);
    Ok(if clean { End::Clean } else { End::LookAtIt })
}

/// The options that do nothing, because no block is made from lists, or because of the form.
fn idle(args: &Splice) -> Vec<Idle<'_>> {
    let why = if args.remove { "--remove takes the block out" } else { "--block is put in as it is" };
    if !args.remove && args.block.is_none() {
        return clause::idle(&args.form).into();
    }
    let (lists, scope, form) = (&args.lists, &args.scope, &args.form);
    vec![
        ("-e", !lists.exclusions.is_empty(), why),
        ("--set", !lists.filling.set.is_empty(), why),
        ("--parameters", lists.filling.parameters.is_some(), why),
        ("--rule", scope.rule.is_some(), why),
        ("--rule-id", scope.rule_id.is_some(), why),
        ("--today", scope.today.is_some(), why),
        ("--form", form.form.is_some(), why),
        ("--values", form.values.is_some(), why),
        ("--watchlist", form.watchlist.is_some(), why),
        ("--url", form.url.is_some(), why),
        ("--no-expiry-guard", form.no_expiry_guard, why),
    ]
}

fn source(args: &Splice, world: &World) -> Outcome<BlockSource> {
    let from_lists = args.block.is_none() && !args.remove;
    let lists = if from_lists { loaded(&args.lists)? } else { schemas_only(args.lists.schema.as_deref())? };
    Ok(BlockSource {
        lists,
        given: args.block.as_deref().map(given_block).transpose()?,
        rule: rule(&args.scope)?,
        today: today(&args.scope, world),
        without_expiry_guard: args.form.no_expiry_guard,
    })
}

/// A clause as `quell kql` prints it: one block, or the values for the top of the query and a block.
fn given_block(path: &Path) -> Outcome<Clause> {
    let text = read_text(path, MAX_BLOCK)?;
    let mut blocks: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        let between = line.trim().is_empty() || line == ABOVE || line == BEHIND;
        match (line.starts_with(BEGIN), line.starts_with(END), open) {
            (true, _, false) => {
                open = true;
                blocks.push(line.to_owned() + "\n");
            }
            (false, ends, true) => {
                open = !ends;
                blocks.iter_mut().last().into_iter().for_each(|block| *block += &format!("{line}\n"));
            }
            (false, false, false) if between => {}
            _ => return no_block(path),
        }
    }
    let is_values = |block: &String| block.lines().next().is_some_and(|line| line.ends_with(VALUES));
    match &blocks[..] {
        _ if open => no_block(path),
        [block] if !is_values(block) => Ok(Clause { block: block.clone(), ..Clause::default() }),
        [above, block] if is_values(above) && !is_values(block) => {
            Ok(Clause { above: above.clone(), block: block.clone(), values: None })
        }
        _ => no_block(path),
    }
}

fn no_block<T>(path: &Path) -> Outcome<T> {
    let message = format!("{}: this is no block", path.display());
    fail("bad-block", message, "give what `quell kql` printed: lines from `// quell:begin` to `// quell:end`")
}

fn spliced(
    file: &RuleFile,
    source: &BlockSource,
    args: &Splice,
    values: &mut Values,
    messages: &mut String,
) -> Outcome<SplicedFile> {
    let (mut clauses, mut told) = (Vec::new(), String::new());
    for query in queries_of(file) {
        let of_query = clauses_for(&query, source, args, &mut told)?;
        for lists in of_query.iter().filter_map(|each| each.clause.as_ref()?.values.as_ref()) {
            values.take_in(lists);
        }
        clauses.push(of_query);
    }
    let mut lines: Vec<&str> = told.lines().collect();
    lines.dedup();
    for line in lines {
        if !messages.lines().any(|known| known == line) {
            let _ = writeln!(messages, "{line}");
        }
    }
    let by_hand = if args.force { Edited::Replaced } else { Edited::LeftAlone };
    let mut done = splice_each(file.kind, &file.text, by_hand, |query| {
        let blocks = clauses[query].iter().map(|TableClause { table, clause, columns }| {
            let text = clause.as_ref().map(|clause| clause.block.as_str());
            let above = clause.as_ref().map_or("", |clause| clause.above.as_str());
            RuleBlock { table, text, above, columns }
        });
        blocks.collect()
    });
    if args.bump_version && done.text != file.text {
        let raised = with_next_version(file.kind, &done.text);
        if raised == done.text {
            let name = file.shown();
            let _ = writeln!(
                messages,
                "{name}: --bump-version raised nothing: only a YAML rule has a version, on a line of its own such as `version: 1.0.3`"
            );
        }
        done.text = raised;
    }
    Ok(done)
}

/// Says which queries are too long for a rule, or nearly; whether none is.
fn lengths(file: &RuleFile, spliced: &SplicedFile, source: &BlockSource, out: &mut String) -> Outcome<bool> {
    let mut right = true;
    for QueryLength { query, place, characters, blocks } in &spliced.lengths {
        let (told, fits) = length("the query takes", *characters, None);
        if fits && !told.ends_with("nearly all of them") {
            continue;
        }
        let queries = queries_of(file);
        let applied = applied(&queries[*query], source)?;
        // With several tables nobody knows here which block stands how often.
        let shorter = match &applied[..] {
            [Applied { table, exclusions, options, .. }] => {
                let block = kql::where_block(exclusions, table.schema, options);
                let rest = characters.saturating_sub(block.map_or(0, |block| block.chars().count()) * blocks);
                shorter(exclusions, table.schema, options, rest, *blocks)
            }
            _ => None,
        };
        let (told, _) = length("the query takes", *characters, shorter);
        let _ = writeln!(out, "{}:{}:{}: {told}", file.shown(), place.line, place.column);
        right &= fits;
    }
    Ok(right)
}

/// Whether a custom detection runs all the time: its period is 0.
fn is_near_real_time(text: &str) -> bool {
    let plain =
        |line: &str| line.chars().filter(|c| !c.is_whitespace() && !"\"',".contains(*c)).collect::<String>();
    let mut lines = text.lines().map(plain);
    text.to_ascii_lowercase().contains("querytext") && lines.any(|line| line.ends_with("period:0"))
}

/// Adds what was left alone to `out`; false if somebody has to look at it.
fn remark(
    file: &RuleFile,
    spliced: &SplicedFile,
    args: &Splice,
    source: &BlockSource,
    out: &mut String,
) -> Outcome<bool> {
    let mut right = true;
    for left in &spliced.left_alone {
        right &= left.right;
        let (path, place) = (file.shown(), left.place);
        let _ = writeln!(out, "{path}:{}:{}: left alone: {}", place.line, place.column, left.reason);
    }
    if is_near_real_time(&file.text) && !spliced.placed.is_empty() && !args.remove {
        let _ = writeln!(
            out,
            "{}: warning: a near-real-time rule takes no comments and few operators; with the block it has to run on a schedule, or put in what `quell kql --form nrt` prints by hand",
            file.shown()
        );
    }
    let mut few = spliced.few.clone();
    few.dedup();
    for place in few {
        let path = file.shown();
        let _ = writeln!(
            out,
            "{path}:{}:{}: warning: this asks for groups of few rows; exclude whole groups, or some are brought below the limit",
            place.line, place.column
        );
    }
    if spliced.queries == 0 {
        let _ = writeln!(out, "{}: no query was found in it", file.shown());
        return Ok(right && (!file.named || args.remove));
    }
    if file.named && !args.remove && spliced.placed.is_empty() && spliced.left_alone.is_empty() {
        let table = schema(&source.lists).ok().and_then(|schema| schema.table.as_deref()).unwrap_or_default();
        let read = tables(&source.lists, Some(&file.text)).unwrap_or_default();
        let read: Vec<&str> =
            read.iter().map(|table| table.name).filter(|name| file.text.contains(name)).collect();
        let path = file.shown();
        let _ = if read.is_empty() {
            let what = if source.lists.named.is_some() { table } else { "one that a schema knows" };
            writeln!(out, "{path}: left alone: no such table in it: {what}")
        } else {
            writeln!(out, "{path}: left alone: {}", printable(&why_nothing(file, source)?))
        };
        right = false;
    }
    Ok(right)
}

fn write(args: &Splice, done: &[(&RuleFile, SplicedFile)], values: &Values) -> Outcome<()> {
    if args.diff {
        return print(&done.iter().map(|(file, spliced)| diff(file, &spliced.text)).collect::<String>());
    }
    if args.check {
        return Ok(());
    }
    let file = values_file(&args.form)?.filter(|_| !args.remove && args.block.is_none());
    let listed = |outputs: &mut FileSet| match file {
        Some(file) => outputs.write(file, kql::watchlist_csv(values)),
        None => Ok(()),
    };
    if args.in_place {
        let mut outputs = FileSet::begin(file)?;
        listed(&mut outputs)?;
        for (file, spliced) in done.iter().filter(|(file, spliced)| file.text != spliced.text) {
            outputs.replace(&file.path.display().to_string(), &file.text, &spliced.text)?;
        }
        outputs.put(|| Ok(()))
    } else if let Some(output) = &args.output {
        let targets = targets(args, output, done)?;
        let names: Vec<String> = targets.iter().map(|(target, _)| target.display().to_string()).collect();
        let mut outputs = FileSet::begin(names.iter().map(String::as_str).chain(file))?;
        listed(&mut outputs)?;
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
        let mut outputs = FileSet::begin(file)?;
        listed(&mut outputs)?;
        outputs.put(|| print(&only.text))
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
        .header(&format!("a/{}", printable(&name)), &format!("b/{}", printable(&name)))
        .to_string()
}

fn summary(done: &[(&RuleFile, SplicedFile)], drifted: usize) -> String {
    let places: usize = done.iter().map(|(_, spliced)| spliced.placed.len()).sum();
    let left: usize = done.iter().map(|(_, spliced)| spliced.left_alone.len()).sum();
    let longest = done.iter().flat_map(|(_, spliced)| &spliced.lengths).map(|length| length.characters).max();
    let longest = longest.map(|longest| format!("; {}", length("the longest query takes", longest, None).0));
    let longest = longest.filter(|told| !told.contains("refused")).unwrap_or_default();
    format!(
        "quell: {} read, {drifted} changed, {places} with the block, {left} left alone{longest}\n",
        counted(done.len(), "file"),
        places = counted(places, "place"),
        left = counted(left, "place"),
    )
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
