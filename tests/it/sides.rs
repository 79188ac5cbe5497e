//! Which side each shape of a query puts the table on. `T` is the table; `+` marks a reference that must get the block,
//! `-` one that must not, because fewer rows there can bring results.

use quell::kql::pipeline::{Query, Side};

/// Rows that are subtracted, or from which something is computed that fewer rows can turn.
const NEGATIVE: &[&str] = &[
    // Members of a list that is left out.
    "A | where D !in (T | distinct D)",
    "A | where D !in~ (T | distinct D)",
    "A | where not(D in (T | distinct D))",
    "A | where not(D in~ (T | distinct D) and x)",
    "A | where (D in (T | distinct D)) == false",
    "A | where D in (T | distinct D) == false",
    "A | where (D in (T | distinct D)) != true",
    "A | where false == (D in (T | distinct D))",
    "A | where not(D has_any (T | distinct D))",
    "A | where D !has_any (T | distinct D)",
    "let base = T | distinct D; A | where D !in (base)",
    "let base = T | distinct D; A | where (D in (base)) == false",
    "let base = T | distinct D; A | where not((D in (base)))",
    "let base = materialize(T | distinct D); A | where D !in (base)",
    "let base = T | distinct D; let more = base | where x; A | where D !in (more)",
    "let base = toscalar(T | summarize make_set(D)); A | where D !in (base)",
    "let f = () { T | distinct D }; A | where D !in (f())",
    "A | where D !in ((T | distinct D))",
    "A | where D !in (toscalar(T | summarize make_set(D)))",
    // The truth of it as a column, or inside a function.
    "let base = T | distinct D; A | extend known = D in (base) | where not(known)",
    "let base = T | distinct D; A | extend known = iff(D in (base), 1, 0) | where known == 0",
    "let base = T | distinct D; A | extend known = case(D in (base), 'yes', 'no') | where known == 'no'",
    "let base = T | distinct D; A | where iff(D in (base), false, true)",
    "let base = T | distinct D; A | where case(D in (base), 1, 2) == 2",
    "let base = T | distinct D; A | project D, known = D in (base) | where known == false",
    "A | extend known = D in (T | distinct D) | where not(known)",
    "let base = T | distinct D; A | where coalesce(D in (base), false) == false",
    "let base = T | distinct D; A | where tobool(D in (base)) == false",
    // Sets and their indices.
    "let base = toscalar(T | summarize make_set(D)); A | where set_has_element(base, D) == false",
    "let base = toscalar(T | summarize make_set(D)); A | where not(set_has_element(base, D))",
    "let base = toscalar(T | summarize make_set(D)); A | where array_index_of(base, D) == -1",
    "let base = toscalar(T | summarize make_set(D)); A | where array_index_of(base, D) < 0",
    "let base = toscalar(T | summarize make_set(D)); A | where has_any_index(D, base) == -1",
    "A | where set_has_element(toscalar(T | summarize make_set(D)), D) == false",
    "A | extend x = set_difference(a, toscalar(T | summarize make_set(b)))",
    // Joins that subtract.
    "A | join kind=leftanti T on D",
    "A | join kind=leftanti (T | where x) on D",
    "A | join kind=anti (T) on D",
    "A | join kind=leftantisemi (T) on D",
    "T | join kind=rightanti (A) on D",
    "T | where x | join kind=rightantisemi A on D",
    "let base = T | distinct D; A | join kind=leftanti base on D",
    "let f = () { T }; A | join kind=leftanti (f()) on D",
    // Outer joins asked for what found no partner.
    "A | join kind=leftouter (T) on D | where isempty(D1)",
    "A | join kind=leftouter T on D | where isnull(n)",
    "A | join kind=leftouter (T) on D | where RemoteIP1 == ''",
    "A | join kind=leftouter (T) on D | where RemoteIP1 == \"\"",
    "A | join kind=leftouter (T) on D | where not(isnotempty(D1))",
    "A | join kind=leftouter (T | summarize n = count() by D) on D | where coalesce(n, 0) == 0",
    "A | join kind=leftouter (T | summarize n = count() by D) on D | where coalesce(n, 0) < 1",
    "A | join kind=leftouter (T) on D | where isnotempty(D1) == false",
    "A | join kind=leftouter (T) on D | extend gone = isempty(D1) | where gone",
    "A | lookup T on D | where isempty(x)",
    "A | lookup kind=leftouter (T) on D | where isnull(n)",
    "A | join kind=fullouter (T) on D | where isempty(D1)",
    "T | join kind=fullouter (A) on D | where isempty(D)",
    "T | join kind=rightouter (A) on D | where isempty(D)",
    "let j = A | join kind=leftouter (T) on D; j | where isempty(D1)",
    // Handed to functions.
    "let f = (t: (D: string)) { A | join kind=leftanti t on D }; f(T)",
    "let f = (t: (*)) { A | where D !in (t) }; f(T)",
    "let f = (t: (*)) { A | where D !in (t) }; T | invoke f()",
    "somebodys_function(T)",
    // Values that fewer rows change.
    "A | where N > toscalar(T | count)",
    "let b = toscalar(T | count); A | where N > b",
    "let b = toscalar(T | summarize max(N)); A | where N > b",
    "A | where toscalar(T | count) == 0",
    "T | summarize first = min(Timestamp) by D | where first > ago(1d)",
    "T | summarize min(Timestamp) by D | where min_Timestamp >= ago(1d)",
    "T | summarize arg_min(Timestamp, *) by D | where Timestamp > ago(1d)",
    "let s = T | summarize first = min(Timestamp) by D; s | where first > ago(1d)",
    "let base = T | where x; base | summarize first = min(Timestamp) by D | where ago(1d) < first",
    "T | summarize side = make_set(x) by D | where array_length(side) == 1",
    "T | summarize n = array_length(make_set(x)) by D | where n == 1",
    "T | summarize side = make_set(x) by D | extend n = array_length(side) | where n == 1",
    "T | summarize n = dcount(x) by D | where n == 1",
];

/// Rows of which fewer never give more results.
const POSITIVE: &[&str] = &[
    "T",
    "T | where x",
    "T | where x !in ('a', 'b')",
    "T | where not(x)",
    "T | where (x in ('a')) == false",
    "T | where isempty(x)",
    "T | where x == ''",
    "T | take 10",
    "T | extend y = iff(x, 1, 2)",
    "T | extend y = case(x, 1, 2) | where y == 2",
    "T | project D",
    "T | distinct D",
    "T | summarize count() by D",
    "T | summarize count() by D | where count_ > 5",
    "T | summarize n = count() by D | where n >= 5",
    "T | summarize n = dcount(x) by D | where n > 3",
    "T | summarize last = max(Timestamp) by D | where last > ago(1d)",
    "T | summarize first = min(Timestamp) by D",
    "T | summarize first = min(Timestamp) by D | where first < ago(1d)",
    "T | summarize side = make_set(x) by D | where array_length(side) > 1",
    "T | summarize arg_max(Timestamp, *) by D | where x",
    "T | summarize side = make_set(x) by D | extend none = iff(side == '[]', false, true)",
    "T | where D in (A | distinct D)",
    "T | where D !in (A | distinct D)",
    "let base = A | distinct D; T | where D !in (base)",
    "let base = A | distinct D; T | extend known = D in (base) | where not(known)",
    "A | where D in (T | distinct D)",
    "A | where D in~ (T | distinct D)",
    "A | where not(D !in (T | distinct D))",
    "A | where (D in (T | distinct D)) == true",
    "A | where (D in (T | distinct D)) != false",
    "A | where (D in (T | distinct D)) and x",
    "A | where (D !in (T | distinct D)) == false",
    "A | where D has_any (T | distinct D)",
    "let base = T | distinct D; A | where D in (base)",
    "let base = T | distinct D; A | where x and (D in (base) or y)",
    "let base = toscalar(T | summarize make_set(D)); A | where D in (base)",
    "let base = toscalar(T | summarize make_set(D)); A | where set_has_element(base, D)",
    "let base = materialize(T | where x); base | summarize count()",
    "let base = T | where x; base",
    "let base = T; base | where x | count",
    "let f = () { T | where x }; f()",
    "let f = (x: string) { T | where a == x }; f('a') | where b",
    "let f = (t: (*)) { t | where x }; f(T)",
    "let f = (t: (*)) { t | where x }; T | invoke f()",
    "let f = (t: (*)) { t | join kind=leftanti A on D }; f(T)",
    "T | invoke FileProfile(SHA1, 1000)",
    "T | join kind=inner (A) on D",
    "T | join A on D",
    "A | join T on D",
    "A | join kind=inner (T | where x) on D",
    "A | join kind=innerunique T on D",
    "A | join kind=leftsemi (T) on D",
    "A | join kind=rightsemi (T) on D",
    "T | join kind=leftanti (A) on D",
    "A | join kind=rightanti (T) on D",
    "T | join kind=leftouter (A) on D | where isempty(D1)",
    "T | join kind=leftouter (A) on D",
    "A | join kind=leftouter (T) on D",
    "A | join kind=leftouter (T) on D | where isnotempty(D1)",
    "A | join kind=rightouter (T) on D | where isempty(D)",
    "T | lookup A on D",
    "A | lookup kind=inner (T) on D",
    "union T, A",
    "union (T | where x), A",
    "A | union T",
    "A | union (T | where x)",
    "union isfuzzy=true T, A | where x",
    "union withsource=s T | where s == 'x'",
    "T | mv-expand x",
    "T | evaluate bag_unpack(x)",
    "T | make-series count() on Timestamp step 1d by D",
    "T | top 5 by x",
    "T | sort by x | serialize | extend n = row_number()",
    "let x = 5; T | where y > x",
    "T | where Timestamp > ago(1d) | where y",
    "table('T') | where x",
    "['T'] | where x",
    "let j = A | join kind=leftouter (T) on D; j | where isnotempty(D1)",
    "A | where D in (materialize(T | distinct D))",
];

fn sides(text: &str) -> Vec<Side> {
    Query::read(text, "T").references.iter().map(|reference| reference.side).collect()
}

#[test]
fn where_fewer_rows_can_bring_results_no_block_is_put() {
    assert!(NEGATIVE.len() >= 60);
    let wrong = |text: &&&str| sides(text).is_empty() || sides(text).contains(&Side::Positive);
    let wrong: Vec<&&str> = NEGATIVE.iter().filter(wrong).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn where_fewer_rows_only_take_results_away_the_block_is_put() {
    assert!(POSITIVE.len() >= 60);
    let wrong: Vec<&&str> = POSITIVE.iter().filter(|text| sides(text) != [Side::Positive]).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Excluding rows can bring a group below a limit, so that a splice says it.
#[test]
fn a_limit_that_few_rows_are_below_is_noticed() {
    for (text, few) in [
        ("T | summarize count() by D | where count_ < 5", true),
        ("T | summarize n = count() by D | where n <= 5", true),
        ("T | summarize n = count() by D | where 5 > n", true),
        ("T | summarize n = count() by D | where n == 1", true),
        ("T | summarize n = dcount(x) by D | where n < 3", true),
        ("let s = T | summarize n = count() by D; s | where n < 5", true),
        ("T | summarize n = count() by D | where n > 5", false),
        ("T | where n < 5 | summarize n = count() by D", false),
    ] {
        let read = Query::read(text, "T");
        assert_eq!(read.references[0].side, Side::Positive, "{text}");
        assert_eq!(read.references[0].few.is_some(), few, "{text}");
    }
}
