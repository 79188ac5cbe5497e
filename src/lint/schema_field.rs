//! Fields that rows of a schema do not have.

use super::{Context, Finding, Level, Lint, Needs};
use crate::exclusions::model::FieldRef;

/// A field that the named schema lacks.
pub(super) const FIELD_NOT_IN_SCHEMA: Lint = Lint {
    code: "field-not-in-schema",
    level: Level::Deny,
    needs: Needs::Schema,
    meaning: "rows of the schema that was named have no column for the field",
    why: "the condition is undecidable in every row, so the entry suppresses nothing there",
    fix: "use a field that the schema has (`quell schema NAME` lists them), or write an entry for it",
    check: field_not_in_schema,
};

fn field_not_in_schema(context: &Context<'_>, found: &mut Vec<Finding>) {
    let Some(schema) = context.schema else { return };
    for (at, place, condition) in context.conditions() {
        let lacks = match &condition.field {
            FieldRef::Field(field) => schema.sources(*field).is_empty(),
            FieldRef::Column(_) => !condition.field.fits(&schema.name),
        };
        if lacks {
            let message = format!("schema {} has nothing for `{}`", schema.name, condition.field.name());
            found.push(Finding::new(FIELD_NOT_IN_SCHEMA.code, at.exclusion, at.condition(place), message));
        }
    }
}
