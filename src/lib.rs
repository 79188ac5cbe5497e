//! quell suppresses known-benign rows in threat-hunt results and accounts for every row.
pub mod cases;
pub mod diagnostic;
pub mod exclusions;
pub mod fields;
pub mod kql;
pub mod matcher;
pub mod report;
pub mod results;
pub mod rule;
pub mod scan;
pub mod schema;
pub mod tally;
pub mod verdict;
pub mod yaml;
