//! Opens lists, schemas and rule files.

use super::host_bits::say_host_bits;
pub(super) use super::texts::read_text;
use super::texts::{NO_SUCH_FILE, is_csv, is_list, must_be_rule, no_list};
use super::{Outcome, World, fail, git, tell, texts};
use crate::cli::{FillingArgs, ListArgs, ScopeArgs};
use jiff::civil::Date;
use quell::diagnostic::Diagnostic;
use quell::exclusions::Parameters;
use quell::exclusions::model::Exclusion;
use quell::exclusions::validate::{ListText, load_with};
use quell::fields::{did_you_mean, nearest};
use quell::input::is_query;
use quell::report::printable;
use quell::rule::Rule;
pub(super) use quell::run::in_force::in_force;
use quell::schema::{Schema, Schemas};
use std::path::{MAIN_SEPARATOR, Path, PathBuf};

/// A list file larger than this is refused before it is read.
const MAX_LIST: u64 = 64 << 20;

/// The lists of a command, with the schemas that their names were checked against.
pub(super) struct Loaded {
    pub(super) exclusions: Vec<Exclusion>,
    /// The texts of the lists, to show places in them and to edit them.
    pub(super) texts: Vec<ListText>,
    /// Whether the lists are files, not the pack that is built in.
    pub(super) on_disk: bool,
    pub(super) schemas: Schemas,
    /// The schema that the user named, if they did.
    pub(super) named: Option<String>,
}

/// Loads the lists for a command that suppresses rows: every parameter must have a value. The error holds every mistake of
/// every file.
pub(super) fn loaded(lists: &ListArgs) -> Outcome<Loaded> {
    loaded_with(lists, Vec::new())
}

/// The same with lists that are no files of their own.
pub(super) fn loaded_with(lists: &ListArgs, more: Vec<ListText>) -> Outcome<Loaded> {
    let loaded = load_checked(lists, &given(&lists.filling)?, more)?;
    say_host_bits(&loaded.exclusions);
    Ok(loaded)
}

/// The same for a command that only examines lists: parameters without a value get their example.
pub(super) fn loaded_or_examples(lists: &ListArgs) -> Outcome<Loaded> {
    load_checked(lists, &given(&lists.filling)?.or_examples(), Vec::new())
}

fn load_all(lists: &ListArgs, parameters: &Parameters, more: Vec<ListText>) -> Outcome<Loaded> {
    let (schemas, named) = schemas(lists.schema.as_deref())?;
    let mut mistakes = Vec::new();
    let mut texts = Vec::new();
    let mut on_disk = !lists.exclusions.is_empty();
    if lists.exclusions.is_empty() {
        texts = quell::exclusions::documented();
    }
    for path in &lists.exclusions {
        say_which(path);
        if let Some(built_in) = built_in(path) {
            texts.extend(built_in);
            on_disk = false;
            continue;
        }
        for file in files(path, &mut mistakes) {
            match read_text(&file, MAX_LIST) {
                Ok(text) => match no_list(&file, &text) {
                    Some(mistake) => mistakes.push(mistake),
                    None => texts.push(ListText { file: file.display().to_string(), text }),
                },
                Err(found) if file.exists() => mistakes.extend(found),
                Err(found) => {
                    let help = match path.to_string_lossy() {
                        name if name == "-" => String::new(),
                        name if name.contains(['*', '?']) => {
                            "a list is no pattern: name its folder, `-e FOLDER`, or each list with its own -e"
                                .to_owned()
                        }
                        _ => near_folder(&file) + &packs(path),
                    };
                    if help.is_empty() {
                        mistakes.extend(found);
                        continue;
                    }
                    mistakes.extend(found.into_iter().map(|mut mistake| {
                        // Another name is a better answer.
                        mistake.help.retain(|said| said != NO_SUCH_FILE || !help.starts_with("did you mean"));
                        mistake.help(&help)
                    }));
                }
            }
        }
    }
    texts.extend(more);
    match load_with(&texts, &schemas, parameters) {
        Ok(exclusions) if mistakes.is_empty() => Ok(Loaded { exclusions, texts, on_disk, schemas, named }),
        Ok(_) => Err(mistakes),
        Err(found) => {
            mistakes.extend(found);
            Err(mistakes)
        }
    }
}

/// The same, and an error if a value was given to a parameter that no list has.
fn load_checked(lists: &ListArgs, parameters: &Parameters, more: Vec<ListText>) -> Outcome<Loaded> {
    let loaded = load_all(lists, parameters, more);
    let mistakes = loaded.as_ref().err().map(Vec::as_slice).unwrap_or_default();
    // Of a list that cannot be read nobody knows which parameters it has.
    let is_unread = |mistake: &Diagnostic| mistake.place.is_none() || UNREAD.contains(&mistake.code);
    if mistakes.iter().any(is_unread) {
        return loaded;
    }
    let unset = mistakes.iter().any(|mistake| mistake.code == UNSET);
    let strange = strange_settings(&lists.filling, parameters, unset);
    if strange.is_empty() { loaded } else { Err(mistakes.iter().cloned().chain(strange).collect()) }
}

/// The code of a parameter that has no value.
const UNSET: &str = "unset-parameter";
/// The codes of files that are no lists.
const UNREAD: [&str; 3] = ["not-yaml", "empty-file", "no-list"];

/// Names that were given values and that no loaded list has as a parameter. A file of parameters may serve other lists, too:
/// a name in it is a mistake if a parameter is `unset`, or if it is nearly that of one to which nobody gives a value.
pub(super) fn strange_settings(
    filling: &FillingArgs,
    parameters: &Parameters,
    unset: bool,
) -> Vec<Diagnostic> {
    let declared = parameters.declared();
    let missing = || {
        let is_missing = |name: &&String| parameters.names().all(|given| given != **name);
        declared.iter().filter(is_missing).map(String::as_str)
    };
    let is_set = |name: &str| filling.set.iter().any(|(set, _)| set == name);
    let strange = parameters.names().filter(|name| !declared.contains(*name));
    strange
        .filter(|name| unset || is_set(name) || !nearest(name, missing()).is_empty())
        .map(|name| {
            let near = did_you_mean(name, missing(), 1);
            let near = if near.is_empty() {
                did_you_mean(name, declared.iter().map(String::as_str), 1)
            } else {
                near
            };
            let help = match declared.len() {
                0 => "no list that was loaded has parameters".to_owned(),
                _ => format!("{near}they have {}", declared.iter().cloned().collect::<Vec<_>>().join(", ")),
            };
            let from = filling.parameters.as_ref().filter(|_| !is_set(name));
            let from = from.map(|file| format!("{}: ", file.display())).unwrap_or_default();
            let message = format!("{from}no list that was loaded has the parameter `{name}`");
            Diagnostic::error("unknown-parameter", message).help(help)
        })
        .collect()
}

/// The folder beside a list that is not there, if its name is near.
fn near_folder(wrong: &Path) -> String {
    let folder = wrong.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let folders = entries.take(1_000).filter(|entry| entry.path().is_dir());
    let names: Vec<String> = folders.map(|entry| printable(&entry.file_name().to_string_lossy())).collect();
    let name = wrong.file_name().unwrap_or_default().to_string_lossy();
    did_you_mean(&name, names.iter().map(String::as_str), 1)
}

/// The packs that somebody may have meant who named a list that is not there.
fn packs(wrong: &Path) -> String {
    let lists = quell::exclusions::DOCUMENTED.iter().chain(&quell::exclusions::FIELD);
    let lists: Vec<&str> = lists.map(|(file, _)| file.trim_end_matches(".yaml")).collect();
    let near = did_you_mean(&wrong.to_string_lossy(), ["documented", "field"].into_iter().chain(lists), 1);
    format!(
        "{near}built in: documented, field, and their lists, such as field/sccm; everything else is a file or a folder"
    )
}

/// A built-in pack, or one of its lists, by name; `None` if a file of that name exists or there is no such pack.
fn built_in(path: &Path) -> Option<Vec<ListText>> {
    // On Windows `field\sccm` is the pack's list too.
    let named = path.to_str().filter(|_| !path.exists())?.replace(MAIN_SEPARATOR, "/");
    Some(quell::exclusions::pack(&named)).filter(|lists| !lists.is_empty())
}

/// The name of the built-in pack or list that a path would hide, if a file stood there.
fn hidden_pack(path: &Path) -> Option<String> {
    let here = std::path::absolute(".").ok()?;
    let full = std::path::absolute(path).ok()?;
    let named = full.strip_prefix(here).ok()?.to_str()?.replace(MAIN_SEPARATOR, "/");
    (!quell::exclusions::pack(&named).is_empty()).then_some(named)
}

/// Says that a file or folder is read, if its name is that of a built-in pack too.
pub(super) fn say_which(path: &Path) {
    let Some(name) = hidden_pack(path).filter(|_| path.exists()) else { return };
    let what = if path.is_dir() { "folder" } else { "file" };
    let path = printable(&path.to_string_lossy());
    tell(&format!(
        "quell: -e {path} is the {what} of this name, NOT the built-in `{name}`; rename it to have the built-in one\n"
    ));
}

/// An error for a new list whose name would hide a built-in pack from then on.
pub(super) fn hides_no_pack(path: &Path) -> Outcome<()> {
    let Some(name) = hidden_pack(path).filter(|_| !path.exists()) else { return Ok(()) };
    let message =
        format!("{}: this is the name of a built-in pack, and a file would hide it", path.display());
    let help = format!(
        "name a list of your own, such as mine.yaml, and give both to the other commands: -e {name} -e mine.yaml"
    );
    fail("built-in", message, &help)
}

/// The values of parameters. Those of the command line replace those of the file.
pub(super) fn given(filling: &FillingArgs) -> Outcome<Parameters> {
    let mut parameters = match &filling.parameters {
        Some(path) => {
            let text = read_text(path, MAX_LIST)?;
            Parameters::parse(&path.display().to_string(), &text)?
        }
        None => Parameters::default(),
    };
    for (name, _) in &filling.set {
        parameters.clear(name);
    }
    for (name, value) in &filling.set {
        parameters.add(name, value);
    }
    Ok(parameters)
}

/// Loads one list by name: a file, a folder, a pack, or `git:REV:PATH`. What a revision lacks is an empty list if it `may_be_new`.
pub(super) fn loaded_from(
    name: &str,
    schema: Option<&str>,
    parameters: &Parameters,
    may_be_new: bool,
) -> Outcome<Loaded> {
    if !name.starts_with(git::PREFIX) {
        let (exclusions, schema) = (vec![name.into()], schema.map(str::to_owned));
        // Only one of the two lists may have a parameter, so the caller looks for unknown names.
        let lists = ListArgs { exclusions, schema, filling: FillingArgs::default() };
        let loaded = load_all(&lists, parameters, Vec::new())?;
        say_host_bits(&loaded.exclusions);
        return Ok(loaded);
    }
    let (schemas, named) = schemas(schema)?;
    let texts = git::texts(name, may_be_new)?;
    let exclusions = load_with(&texts, &schemas, parameters)?;
    say_host_bits(&exclusions);
    Ok(Loaded { exclusions, texts, on_disk: false, schemas, named })
}

/// The schemas without any lists.
pub(super) fn schemas_only(wanted: Option<&str>) -> Outcome<Loaded> {
    let (schemas, named) = schemas(wanted)?;
    Ok(Loaded { exclusions: Vec::new(), schemas, named, texts: Vec::new(), on_disk: false })
}

/// The list files of a path: itself, or every YAML file below a folder, in the order of their names.
fn files(path: &Path, mistakes: &mut Vec<Diagnostic>) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path.to_owned()];
    }
    let is_list = |path: &Path| path.extension().is_some_and(|end| end == "yaml" || end == "yml");
    let (found, unreadable) = texts::below(path, is_list);
    mistakes.extend(unreadable);
    if found.is_empty() {
        let message = format!("{}: there is no list in this folder", path.display());
        mistakes.push(Diagnostic::error("no-list", message).help("lists are files ending in .yaml or .yml"));
    }
    found
}

/// The known schemas, and the name of the one that the user wants.
pub(super) fn schemas(wanted: Option<&str>) -> Outcome<(Schemas, Option<String>)> {
    let built_in = Schemas::built_in();
    let Some(wanted) = wanted else { return Ok((built_in, None)) };
    if built_in.named(wanted).is_some() {
        return Ok((built_in, Some(wanted.to_owned())));
    }
    let path = Path::new(wanted);
    if !path.exists() {
        let names: Vec<&str> = built_in.iter().map(|schema| schema.name.as_str()).collect();
        let tables =
            built_in.iter().flat_map(|schema| schema.table.iter().chain(&schema.also).map(String::as_str));
        let near = did_you_mean(wanted, names.iter().copied().chain(tables), 1);
        let few: Vec<&str> = names.iter().copied().take(5).collect();
        let help = format!(
            "{near}built in: {}, and the tables that `quell schema` lists; or give a YAML file, see docs/fields.md",
            few.join(", ")
        );
        return fail("unknown-schema", format!("there is no schema and no file `{wanted}`"), &help);
    }
    let text = read_text(path, MAX_LIST)?;
    let shown = printable(wanted);
    let other = match (is_csv(&text), is_list(&text)) {
        (true, _) => {
            Some(("CSV", format!("quell sees by itself which schema results have: `quell apply {shown}`")))
        }
        (_, true) => Some(("an exclusion list", format!("lists are named with -e: `quell lint -e {shown}`"))),
        _ => None,
    };
    if let Some((what, help)) = other {
        return fail("bad-schema", format!("{wanted}: this is {what}, and no schema"), &help);
    }
    match Schema::parse(&text) {
        Ok(schema) => {
            let name = schema.name.clone();
            Ok((built_in.with(schema), Some(name)))
        }
        Err(cause) => {
            // The cause may repeat the whole file.
            let cause = match cause.char_indices().nth(300) {
                Some((end, _)) => format!("{}...", &cause[..end]),
                None => cause,
            };
            fail("bad-schema", format!("{wanted}: {cause}"), "docs/fields.md shows a schema file")
        }
    }
}

/// The rule that the results come from, if the user named it.
pub(super) fn rule(scope: &ScopeArgs) -> Outcome<Option<Rule>> {
    if let Some(id) = &scope.rule_id {
        return Ok(Some(Rule { id: Some(id.clone()), ..Rule::default() }));
    }
    let Some(path) = &scope.rule else { return Ok(None) };
    let text = read_text(path, MAX_LIST)?;
    must_be_rule(path, &text)?;
    match Rule::parse(&text) {
        Some(rule) => Ok(Some(rule)),
        None if is_query(text.as_bytes()) => {
            let message =
                format!("{}: this is a query alone, without the id or the name of a rule", path.display());
            let help =
                "give the rule's own file, or its id with --rule-id; `quell lint --rule` reads the query";
            fail("no-rule", message, help)
        }
        None => fail(
            "no-rule",
            format!("{}: no line begins with `id:` or `name:`", path.display()),
            "give the rule's own file, or its id with --rule-id",
        ),
    }
}

/// The day on which expiry is judged.
pub(super) fn today(scope: &ScopeArgs, world: &World) -> Date {
    scope.today.unwrap_or(world.today)
}
