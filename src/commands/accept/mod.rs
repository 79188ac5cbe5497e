//! `quell accept`: adds exclusions to a list, if nothing speaks against them.

mod beside;
mod checks;
mod keys;
mod show;

use super::files::{self, FileSet};
use super::idle::{refuse, without_results};
use super::lists::{
    Loaded, given, hides_no_pack, read_text, rule, say_which, schemas, strange_settings, today,
};
use super::review::Review;
use super::{End, Outcome, World, fail, print_json, print_styled};
use crate::cli::{AcceptArgs, AcceptFormat};
use quell::exclusions::edit::add::with;
use quell::exclusions::model::Exclusion;
use quell::exclusions::validate::{ListText, load_with};
use quell::fields::did_you_mean;
use quell::report::fitted;
use std::io::{self, Read};
use std::path::Path;

/// A larger file is no list.
const MAX_LIST: u64 = 64 << 20;

/// What stands in every table of `quell suggest`.
const TABLE: &str = " of noise. Beside them stand ";

/// The list before and after.
pub(super) struct Edit {
    pub(super) before: ListText,
    pub(super) after: ListText,
    /// Whether the list is there already.
    pub(super) exists: bool,
    /// The exclusions before and after, and the ids of those that were added.
    pub(super) old: Vec<Exclusion>,
    pub(super) new: Vec<Exclusion>,
    pub(super) added: Vec<String>,
    /// The groups that they were suggested for.
    pub(super) groups: Vec<String>,
    /// Ids, and what was counted of them when they were suggested.
    pub(super) facts: Vec<(String, String)>,
    /// Ids, and the grade that was suggested with them, in words.
    pub(super) grades: Vec<(String, String)>,
    /// Ids, and what of their drafts an option has replaced.
    pub(super) replaced: Vec<(String, String)>,
}

pub(crate) fn run(args: &AcceptArgs, world: &World) -> Outcome {
    nothing_is_idle(args)?;
    let (schemas, named) = schemas(args.schema.as_deref())?;
    let parameters = given(&args.filling)?.or_examples();
    let texts = suggested(args)?;
    let drafts = load_with(&texts, &schemas, &parameters)?;
    let chosen = chosen(args, &drafts)?;
    let day = today(&args.scope, world);
    keys::is_to_come(args, day)?;
    let (mut blocks, mut replaced) = (Vec::new(), Vec::new());
    for draft in &chosen {
        blocks.push(keys::block(args, day, &texts, draft, &mut replaced)?);
    }
    let (before, exists) = target(&args.exclusions)?;
    let added: Vec<String> = chosen.iter().map(|draft| draft.id.clone()).collect();
    let load = |list: &ListText| load_with(std::slice::from_ref(list), &schemas, &parameters);
    let old = if exists && !is_blank(&before.text) { load(&before)? } else { Vec::new() };
    let strange = strange_settings(&args.filling, &parameters, false);
    if !strange.is_empty() {
        return Err(strange);
    }
    ids_are_free(&old, &added, &before.file)?;
    let text = match with(&before, &blocks, &schemas) {
        Ok(text) => text,
        Err(why) => {
            let help = "write `exclusions` as a list of blocks that begin `- id:`, or add them by hand";
            return fail("cannot-edit", format!("{}: {why}", before.file), help);
        }
    };
    let after = ListText { file: before.file.clone(), text };
    let new = load(&after)?;
    let Said { groups, facts, grades } = said_of(&texts);
    let edit = Edit { before, after, exists, old, new, added, groups, facts, grades, replaced };
    let lists = Loaded { exclusions: Vec::new(), texts: Vec::new(), on_disk: true, schemas, named };
    let rule = rule(&args.scope)?;
    let mut checked = checks::checked(args, world, &lists, &edit, rule.as_ref(), day)?;
    checked.short.extend(beside::taken(&args.exclusions, &texts, &edit.added)?);
    let writes = !args.dry_run && (args.anyway || checked.short.is_empty());
    let outputs = if writes { written(&edit)? } else { FileSet::begin([])? };
    outputs.put(|| match args.format {
        AcceptFormat::Json => print_json(&show::json(&edit, &checked, writes)),
        AcceptFormat::Table => {
            print_styled(&fitted(&show::text(args, world, &edit, &checked, writes), world.message_width))
        }
    })?;
    Ok(if checked.short.is_empty() { End::Clean } else { End::LookAtIt })
}

/// An error if an option does nothing with the others.
fn nothing_is_idle(args: &AcceptArgs) -> Outcome<()> {
    refuse(&[("--anyway", args.anyway && args.dry_run, "--dry-run never writes")])?;
    if !args.results.is_empty() {
        return Ok(());
    }
    let why = "no --results were given";
    refuse(&[("--allow-missing-columns", args.input.allow_missing_columns, why)])?;
    if !args.malicious.is_empty() {
        return Ok(());
    }
    let why = "neither --results nor --malicious were given";
    refuse(&without_results(&args.input, why))?;
    let scoped =
        [("--rule", args.scope.rule.is_some(), why), ("--rule-id", args.scope.rule_id.is_some(), why)];
    refuse(&scoped)
}

/// The lists with the exclusions that are to be added.
fn suggested(args: &AcceptArgs) -> Outcome<Vec<ListText>> {
    if let Some(page) = &args.from_page {
        let lists = Review::for_drafts(page)?.lists();
        if lists.is_empty() {
            let message = format!("{}: no draft of it is on", page.display());
            return fail(
                "nothing-to-accept",
                message,
                "on the page, choose `Exclude these`, and export the review again",
            );
        }
        return Ok(lists);
    }
    let text = if args.suggested == "-" {
        standard_input()?
    } else {
        read_text(Path::new(&args.suggested), MAX_LIST)?
    };
    if is_blank(&text) {
        let help = "`quell suggest RESULTS --group 1 | quell accept -e LIST.yaml` adds what it suggests; what stands above says why it suggests nothing";
        return fail("nothing-to-accept", "there is no exclusion to add", help);
    }
    let is_list = |line: &str| line.trim_start_matches(['{', ' ', '"', '\u{feff}']).starts_with("exclusions");
    if text.contains(TABLE) && !text.lines().any(is_list) {
        let help =
            "leave `--format table` out of `quell suggest`: into a pipe or file it writes the list itself";
        return fail("bad-list", "this is the table that `quell suggest` shows a person, and no list", help);
    }
    let file = if args.suggested == "-" { "standard input".to_owned() } else { args.suggested.clone() };
    Ok(vec![ListText { file, text }])
}

fn standard_input() -> Outcome<String> {
    let mut bytes = Vec::new();
    match files::reads_standard_input().and_then(|()| io::stdin().take(MAX_LIST).read_to_end(&mut bytes)) {
        Ok(_) => super::texts::utf8("standard input", bytes),
        Err(error) => fail("cannot-read", format!("standard input: {error}"), ""),
    }
}

fn is_blank(text: &str) -> bool {
    text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
}

/// What the comments of suggested lists say.
#[derive(Default)]
struct Said {
    /// The groups at the head.
    groups: Vec<String>,
    /// Below each id, the rows that were counted.
    facts: Vec<(String, String)>,
    /// Below each id, its grade.
    grades: Vec<(String, String)>,
}

fn said_of(texts: &[ListText]) -> Said {
    let (mut said, mut id) = (Said::default(), None);
    for line in texts.iter().flat_map(|list| list.text.lines()).map(str::trim) {
        if let Some(fact) = line.strip_prefix("# ").filter(|fact| fact.starts_with("group ") && id.is_none())
        {
            said.groups.push(fact.to_owned());
        } else if let Some(named) = line.strip_prefix("- id:") {
            id = Some(named.trim().trim_matches(['\'', '"']).to_owned());
        } else if let (Some(id), Some(fact)) = (&id, line.strip_prefix("# ")) {
            let known = (id.clone(), fact.to_owned());
            if fact.contains(" of noise, ") || fact.starts_with("TAKES IN ") {
                said.facts.push(known);
            } else if fact.starts_with("grade ") {
                said.grades.push(known);
            }
        }
    }
    said
}

/// The drafts that are asked for.
fn chosen<'d>(args: &AcceptArgs, drafts: &'d [Exclusion]) -> Outcome<Vec<&'d Exclusion>> {
    let ids: Vec<&str> = drafts.iter().map(|draft| draft.id.as_str()).collect();
    if let Some(unknown) = args.id.iter().find(|id| !ids.contains(&id.as_str())) {
        let help = format!("{}there are {}", did_you_mean(unknown, ids.iter().copied(), 1), ids.join(", "));
        return fail("unknown-id", format!("--id {unknown}: no such exclusion is suggested"), &help);
    }
    let chosen: Vec<&Exclusion> =
        drafts.iter().filter(|draft| args.id.is_empty() || args.id.contains(&draft.id)).collect();
    if chosen.is_empty() {
        return fail("nothing-to-accept", "there is no exclusion to add", "nothing was suggested");
    }
    Ok(chosen)
}

/// The list that is added to, and whether it is there.
fn target(path: &Path) -> Outcome<(ListText, bool)> {
    let file = path.display().to_string();
    if path.is_dir() {
        return fail(
            "cannot-write",
            format!("{file} is a folder"),
            "name the list in it that they belong to",
        );
    }
    hides_no_pack(path)?;
    say_which(path);
    if !path.exists() {
        beside::is_found_in_its_folder(path)?;
        return Ok((ListText { file, text: String::new() }, false));
    }
    Ok((ListText { file, text: read_text(path, MAX_LIST)? }, true))
}

fn ids_are_free(old: &[Exclusion], added: &[String], file: &str) -> Outcome<()> {
    let Some(taken) = old.iter().find(|known| added.contains(&known.id)) else { return Ok(()) };
    let message = format!("{file}:{}: the list has an exclusion `{}` already", taken.origin.line, taken.id);
    let help = format!(
        "give the list to `quell suggest` as well (-e {file}), so that it chooses another id and leaves out what is suppressed"
    );
    fail("duplicate-id", message, &help)
}

fn written(edit: &Edit) -> Outcome<FileSet> {
    let file = edit.after.file.as_str();
    if edit.exists {
        let mut outputs = FileSet::begin([])?;
        outputs.replace(file, &edit.before.text, &edit.after.text)?;
        return Ok(outputs);
    }
    let mut outputs = FileSet::begin([file])?;
    outputs.write_new(file, &edit.after.text)?;
    Ok(outputs)
}
