//! Exclusions beside the query of the rule that they belong to.

use super::algebra::{contradiction, implies};
use super::{At, Context, Finding, Level, Lint, Needs, listed, text_values};
use crate::exclusions::model::{Condition, Entry, FieldRef, Operator};
use crate::lint::rule_query::{Leaves, RuleQuery};
use hashbrown::HashSet;
use std::sync::Arc;

/// An entry that no row of the rule meets.
pub(super) const CONTRADICTS_RULE: Lint = Lint {
    code: "contradicts-rule",
    level: Level::Deny,
    needs: Needs::Rule,
    meaning: "no row that the rule finds meets the entry",
    why: "the rule demands something else of the same field, so the exclusion can never suppress anything here",
    fix: "correct the field, or give the exclusion the rules that it was meant for",
    check: contradicts_rule,
};

fn contradicts_rule(context: &Context<'_>, found: &mut Vec<Finding>) {
    each(context, |query, at, entry| {
        if contradiction(entry).is_some() {
            return;
        }
        let mut both = entry.clone();
        both.conditions.extend(query.demands.iter().cloned().map(Arc::new));
        let field = contradiction(&both);
        let place = field.and_then(|field| entry.conditions.iter().position(|c| c.field == *field));
        if let Some(place) = place {
            let field = &entry.conditions[place].field;
            let demanded: Vec<String> =
                query.demands.iter().filter(|c| c.field == *field).flat_map(Condition::wanted).collect();
            let message = format!(
                "the rule finds only rows with `{}: {}`, and none of them meets this",
                field.name(),
                demanded.join(", ")
            );
            found.push(Finding::new(CONTRADICTS_RULE.code, at.exclusion, at.condition(place), message));
        }
    });
}

/// An entry that every row of the rule meets.
pub(super) const HIDES_WHOLE_RULE: Lint = Lint {
    code: "hides-whole-rule",
    level: Level::Deny,
    needs: Needs::Rule,
    meaning: "every row that the rule finds meets the entry",
    why: "the exclusion says what the rule already demands, and so suppresses all of its results",
    fix: "add what tells the benign rows from the others",
    check: hides_whole_rule,
};

fn hides_whole_rule(context: &Context<'_>, found: &mut Vec<Finding>) {
    each(context, |query, at, entry| {
        let demands = Entry { conditions: query.demands.iter().cloned().map(Arc::new).collect() };
        if contradiction(&demands).is_none() && implies(&demands, entry) {
            let message = "the rule demands this of every row, so all of its results are suppressed";
            found.push(Finding::new(HIDES_WHOLE_RULE.code, at.exclusion, at.part(), message));
        }
    });
}

/// An entry whose rows the rule's own query already leaves out.
pub(super) const ALREADY_IN_RULE: Lint = Lint {
    code: "already-in-rule",
    level: Level::Warn,
    needs: Needs::Rule,
    meaning: "the rule leaves the rows out by itself",
    why: "the same decision stands in two places, and only one of them is counted, owned and tested",
    fix: "remove the condition from the rule, or the entry from the list",
    check: already_in_rule,
};

fn already_in_rule(context: &Context<'_>, found: &mut Vec<Finding>) {
    each(context, |query, at, entry| {
        let refused = query.refuses.iter().find(|condition| {
            contradiction(entry).is_none()
                && implies(entry, &Entry { conditions: vec![Arc::new((*condition).clone())] })
        });
        if let Some(refused) = refused {
            let what = format!("{}: {}", refused.field.name(), refused.wanted().join(", "));
            let message =
                format!("the rule leaves out every row with `{what}`, and so every row that meets this");
            found.push(Finding::new(ALREADY_IN_RULE.code, at.exclusion, at.part(), message));
        }
    });
}

/// An entry that names one product in a rule about another.
pub(super) const RENAMED_PRODUCT: Lint = Lint {
    code: "renamed-product",
    level: Level::Warn,
    needs: Needs::Rule,
    meaning: "the rule is about files of one product, and the entry names a process that is not of it",
    why: "such a row is a file of the rule's product under another name: an installer that was renamed, or an intruder's agent",
    fix: "if another program started it, that is a condition on the parent: `process.parent.name`",
    check: renamed_product,
};

const DECLARED: &[&str] = &["process.company", "process.product"];

fn renamed_product(context: &Context<'_>, found: &mut Vec<Finding>) {
    each(context, |query, at, entry| {
        let is_declared = |condition: &Condition| DECLARED.contains(&condition.field.name());
        let Some(demand) = query.demands.iter().find(|demand| is_declared(demand)) else { return };
        if entry.conditions.iter().any(|condition| context.looks_at(condition, DECLARED)) {
            return;
        }
        let terms: Vec<String> =
            text_values(demand).iter().map(|value| value.text.to_ascii_lowercase()).collect();
        for (place, condition) in entry.conditions.iter().enumerate() {
            let others: Vec<&str> = text_values(condition)
                .iter()
                .filter(|value| {
                    value.operator != Operator::Re && context.looks_at(condition, &["process.name"])
                })
                .map(|value| value.text.as_str())
                .filter(|name| !terms.iter().any(|term| name.to_ascii_lowercase().contains(term)))
                .collect();
            if !others.is_empty() {
                let message = format!(
                    "the rule finds only files whose `{}` {}, so {} can only be such a file under another name",
                    demand.field.name(),
                    demand.wanted().join(" or "),
                    listed(&others, "or")
                );
                found.push(Finding::new(RENAMED_PRODUCT.code, at.exclusion, at.condition(place), message));
            }
        }
    });
}

/// A field that the rule's results do not have.
pub(super) const RULE_DROPS_FIELD: Lint = Lint {
    code: "rule-drops-field",
    level: Level::Deny,
    needs: Needs::Rule,
    meaning: "the rule's query drops the column, so its results cannot be judged by the field",
    why: "on what the rule gives out the condition is undecidable in every row",
    fix: "judge the rows before that operator, or keep the column through it",
    check: rule_drops_field,
};

fn rule_drops_field(context: &Context<'_>, found: &mut Vec<Finding>) {
    let mut told = HashSet::new();
    each(context, |query, at, entry| {
        let Some(leaves) = &query.leaves else { return };
        for (place, condition) in entry.conditions.iter().enumerate() {
            if is_dropped(context, query, leaves, &condition.field)
                && told.insert((at.exclusion, condition.field.clone()))
            {
                let field = condition.field.name();
                let message = format!("the rule's `{}` drops the column of `{field}`", leaves.operator);
                let spot = at.condition(place);
                found.push(Finding::new(RULE_DROPS_FIELD.code, at.exclusion, spot, message));
            }
        }
    });
}

fn is_dropped(context: &Context<'_>, query: &RuleQuery, leaves: &Leaves, field: &FieldRef) -> bool {
    let left = |column: &str| leaves.columns.iter().any(|name| name == column);
    match field {
        FieldRef::Column(column) => !left(&column.name),
        FieldRef::Field(field) => {
            let schema = context.schemas.named(&query.schema);
            let sources = schema.map_or(&[][..], |schema| schema.sources(*field));
            !sources.is_empty() && !sources.iter().any(|source| left(&source.column))
        }
    }
}

/// Calls `look` with every entry of the exclusions that belong to the rule.
fn each<'c>(context: &Context<'c>, mut look: impl FnMut(&RuleQuery, At, &'c Entry)) {
    let Some(query) = context.rule else { return };
    for (at, entry) in context.entries() {
        if query.rule.has(&context.exclusions[at.exclusion]) && entry.fits(&query.schema) {
            look(query, at, entry);
        }
    }
}
