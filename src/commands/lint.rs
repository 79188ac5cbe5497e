//! `quell lint`: what is doubtful about lists.

use super::files::FileSet;
use super::idle::{refuse, without_results};
use super::lists::{Loaded, loaded_or_examples, read_text, rule, today};
use super::project::{self, Project, may_be_new, project, with_lists};
use super::texts::must_be_rule;
use super::{End, Outcome, World, counting, fail, print_json, print_styled, tell};
use crate::cli::{LintArgs, LintFormat};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use quell::count::tally::ExclusionCounts;
use quell::diagnostic::{Diagnostic, render_within};
use quell::exclusions::model::Exclusion;
use quell::input::is_query;
use quell::lint::facts::ProductFacts;
use quell::lint::fix::fixed;
use quell::lint::report::LintReport;
use quell::lint::rule_query::RuleQuery;
use quell::lint::settings::Settings;
use quell::lint::{Context, Finding, Level, Observed, sarif};
use quell::report::printable;
use std::collections::HashMap;
use std::fmt::Write as _;

/// A settings or rule file larger than this is refused before it is read.
const MAX_FILE: u64 = 16 << 20;

/// Lints the lists. With `--fix` it corrects them and lints them again.
pub(crate) fn run(args: &LintArgs, world: &World) -> Outcome {
    if args.results.is_empty() {
        let why = "no --results were given";
        refuse(&without_results(&args.input, why))?;
        refuse(&[
            ("--stale-after", args.stale_after.is_some(), why),
            (
                "--rule-id",
                args.scope.rule_id.is_some(),
                "it says which results are looked at, and there are none",
            ),
        ])?;
    }
    let project = project()?;
    let settings = settings(args, project.as_ref())?;
    let named = with_lists(&args.lists, project.as_ref(), "lint")?;
    let mut lists = loaded_or_examples(&named)?;
    refuse(&[("--fix", args.fix && !lists.on_disk, "a built-in pack is no file")])?;
    let day = today(&args.scope, world);
    let mut findings = findings(args, world, &settings, &lists, day)?;
    let mut outputs = FileSet::begin([])?;
    let removed = if args.fix { fix(&lists, &findings, &mut outputs)? } else { String::new() };
    // The corrected lists are read again from their files; if that or the printing fails, the old files come back.
    outputs.put(|| {
        if !removed.is_empty() {
            lists = loaded_or_examples(&named)?;
            findings = self::findings(args, world, &settings, &lists, day)?;
        }
        let report =
            LintReport::new(std::mem::take(&mut findings), &lists.exclusions, &lists.texts, &settings);
        show(args, world, &report)?;
        tell(&removed);
        let nothing = lists.exclusions.is_empty() && !may_be_new(&args.lists);
        Ok(if nothing || report.reaches(settings.fail_on) { End::LookAtIt } else { End::Clean })
    })
}

/// The settings of the file, changed by the flags.
fn settings(args: &LintArgs, project: Option<&Project>) -> Outcome<Settings> {
    let mut settings = match &args.settings {
        Some(path) => project::read(path)?.settings.lint,
        None => project.map(|project| project.settings.lint.clone()).unwrap_or_default(),
    };
    for (codes, level) in [(&args.allow, Level::Allow), (&args.warn, Level::Warn), (&args.deny, Level::Deny)]
    {
        for code in codes {
            if let Err(cause) = settings.set(code, level) {
                return fail("unknown-lint", cause, "docs/lints.md lists them all");
            }
        }
    }
    settings.fail_on = args.fail_on.map_or(settings.fail_on, Into::into);
    settings.stale_after = args.stale_after.unwrap_or(settings.stale_after);
    settings.expires_within = args.expires_within.unwrap_or(settings.expires_within);
    Ok(settings)
}

fn findings(
    args: &LintArgs,
    world: &World,
    settings: &Settings,
    lists: &Loaded,
    today: Date,
) -> Outcome<Vec<Finding>> {
    let facts = ProductFacts::built_in();
    let query = rule_query(args, lists)?;
    let effects = effects(args, world, lists, today)?;
    let mut context = Context::new(&lists.exclusions, today, settings, &lists.schemas, &facts);
    context.schema = lists.named.as_deref().and_then(|name| lists.schemas.named(name));
    context.rule = query.as_ref();
    context.effects = &effects;
    Ok(quell::lint::run(&context))
}

fn rule_query(args: &LintArgs, lists: &Loaded) -> Outcome<Option<RuleQuery>> {
    let Some(path) = &args.scope.rule else { return Ok(None) };
    let text = read_text(path, MAX_FILE)?;
    must_be_rule(path, &text)?;
    // A query may stand alone in its file.
    let alone = is_query(text.as_bytes()).then(|| format!("query: |\n  {}", text.replace('\n', "\n  ")));
    let text = alone.unwrap_or(text);
    match RuleQuery::parse(&text, &lists.schemas) {
        Ok(query) => Ok(Some(query)),
        Err(cause) => fail(
            "no-query",
            format!("{}: {cause}", path.display()),
            "give the file of a rule with a query in KQL, or the query alone",
        ),
    }
}

/// What each exclusion did in the results; nothing without results.
fn effects(args: &LintArgs, world: &World, lists: &Loaded, today: Date) -> Outcome<Vec<Option<Observed>>> {
    if args.results.is_empty() {
        return Ok(Vec::new());
    }
    let rule = rule(&args.scope)?;
    let of_rule = rule.as_ref();
    let counted = counting::counted(&args.results, &args.input, world, lists, of_rule, |read, inputs| {
        read.in_force(inputs, &lists.exclusions, of_rule, today).0
    })?;
    let (applied, run) = counted;
    let tally = run.tally;
    if tally.totals.read == 0 {
        let help = "without rows every exclusion looks idle; give results with rows in them";
        return fail("no-rows", "there are no rows in the results, so nothing can be said about them", help);
    }
    let nothing = ExclusionCounts::default();
    let places: HashMap<&str, u32> = applied.iter().map(|known| known.id.as_str()).zip(0..).collect();
    let effect = |exclusion: &Exclusion| {
        let each = tally.exclusions.get(places.get(exclusion.id.as_str())?).unwrap_or(&nothing);
        Some(Observed {
            matches: each.matches,
            sole: each.sole,
            last: each.span.and_then(|span| day_of(span.1)),
        })
    };
    Ok(lists.exclusions.iter().map(effect).collect())
}

fn day_of(nanoseconds: i64) -> Option<Date> {
    let time = Timestamp::from_nanosecond(nanoseconds.into()).ok()?;
    Some(time.to_zoned(TimeZone::UTC).date())
}

/// Removes duplicates from the lists, and returns a sentence for each changed list.
fn fix(lists: &Loaded, findings: &[Finding], outputs: &mut FileSet) -> Outcome<String> {
    let mut of_list: HashMap<&str, Vec<&Finding>> = HashMap::new();
    for finding in findings {
        of_list.entry(&lists.exclusions[finding.exclusion].origin.file).or_default().push(finding);
    }
    let mut removed = String::new();
    for list in lists.texts.iter().filter(|_| lists.on_disk) {
        let Some(findings) = of_list.get(list.file.as_str()) else { continue };
        if let Some((text, count)) = fixed(list, &lists.exclusions, findings, &lists.schemas) {
            outputs.replace(&list.file, &list.text, &text)?;
            let what = if count == 1 { "1 duplicate".to_owned() } else { format!("{count} duplicates") };
            let _ = writeln!(removed, "{}: removed {what}", printable(&list.file));
        }
    }
    Ok(removed)
}

fn show(args: &LintArgs, world: &World, report: &LintReport) -> Outcome<()> {
    match args.format {
        LintFormat::Json => print_json(report),
        LintFormat::Sarif => print_json(&sarif::document(&report.findings)),
        LintFormat::Human => human(&report.diagnostics(), &report.summary(), world),
    }
}

fn human(diagnostics: &[Diagnostic], summary: &str, world: &World) -> Outcome<()> {
    let mut text = render_within(diagnostics, true, world.message_width);
    if !text.is_empty() {
        text.push('\n');
    }
    text += summary;
    text.push('\n');
    print_styled(&text)
}
