//! How long exclusions hold.

use super::{Context, Finding, Level, Lint, Needs};
use crate::exclusions::edit::ExclusionPart;
use jiff::civil::Date;

/// An exclusion past its last day.
pub(super) const EXPIRED: Lint = Lint {
    code: "expired",
    level: Level::Deny,
    needs: Needs::Lists,
    meaning: "the last day of the exclusion is past",
    why: "it suppresses nothing any more",
    fix: "check that the story still holds and give it a new day, or remove it",
    check: |context, found| {
        each_day(context, found, EXPIRED.code, |days, day| {
            (days < 0).then(|| format!("it expired on {day}"))
        });
    },
};

/// An exclusion near its last day.
pub(super) const EXPIRES_SOON: Lint = Lint {
    code: "expires-soon",
    level: Level::Warn,
    needs: Needs::Lists,
    meaning: "the exclusion expires within the limit (setting `expires-within`, in days)",
    why: "the day after, its rows come back without a warning",
    fix: "check that the story still holds and give it a new day",
    check: |context, found| {
        let within = i64::from(context.settings.expires_within);
        each_day(context, found, EXPIRES_SOON.code, |days, day| {
            (0..=within).contains(&days).then(|| format!("it expires on {day}, {}", in_days(days)))
        });
    },
};

/// An exclusion that lives too long.
pub(super) const EXPIRY_TOO_FAR: Lint = Lint {
    code: "expiry-too-far",
    level: Level::Warn,
    needs: Needs::Lists,
    meaning: "the exclusion expires later than the limit (setting `longest-life`, in days)",
    why: "a day that nobody will live to see is no expiry",
    fix: "give it a nearer day; it can be moved on when the story still holds then",
    check: |context, found| {
        let most = i64::from(context.settings.longest_life);
        each_day(context, found, EXPIRY_TOO_FAR.code, |days, day| {
            (days > most).then(|| format!("it expires on {day}, {}; the limit is {most}", in_days(days)))
        });
    },
};

/// An exclusion without a last day.
pub(super) const NO_EXPIRY: Lint = Lint {
    code: "no-expiry",
    level: Level::Warn,
    needs: Needs::Lists,
    meaning: "the exclusion has no `expires`",
    why: "software and servers change; an exclusion for ever is one that nobody looks at again",
    fix: "add the last day on which the story is known to hold, for example `expires: 2027-05-31`",
    check: |context, found| {
        for (place, exclusion) in context.exclusions.iter().enumerate() {
            if exclusion.expires.is_none() {
                let message = format!("`{}` never expires", exclusion.id);
                found.push(Finding::new(NO_EXPIRY.code, place, ExclusionPart::Exclusion, message));
            }
        }
    },
};

/// Calls `look` for each exclusion with a last day, with the days that are left and that day.
fn each_day(
    context: &Context<'_>,
    found: &mut Vec<Finding>,
    code: &'static str,
    says: impl Fn(i64, Date) -> Option<String>,
) {
    for (place, exclusion) in context.exclusions.iter().enumerate() {
        if let Some(day) = exclusion.expires
            && let Some(message) = says(days_between(context.today, day), day)
        {
            found.push(Finding::new(code, place, ExclusionPart::Key("expires"), message));
        }
    }
}

/// Days from one day to another; negative if the other is before.
pub(super) fn days_between(from: Date, to: Date) -> i64 {
    from.until(to).map_or(0, |span| i64::from(span.get_days()))
}

fn in_days(days: i64) -> String {
    match days {
        0 => "today".to_owned(),
        1 => "in 1 day".to_owned(),
        many => format!("in {many} days"),
    }
}
