//! The clause for near-real-time custom detections of Defender.
//!
//! In: exclusions, a schema. Out: `where` operators without a comment, in the few operators that Microsoft's page on
//! custom detections lists: `==`, `=~`, `in` and `matches regex`. What these cannot say is an error.
//!
//! Networks of IPv4 become patterns of their texts. Nothing in it is ever null.

use super::KqlError;
use super::expression::Expression;
use super::literal::column;
use super::pattern::Pattern;
use super::predicate::{refuse, source};
use crate::exclusions::model::{
    AddressRange, Condition, Entry, Exclusion, Family, NumberRange, Piece, Test, TextValue,
};
use crate::schema::Schema;
use ipnet::{Ipv4Net, Ipv4Subnets};
use std::net::{Ipv4Addr, Ipv6Addr};

/// The most numbers of a range, and addresses of an octet, that are written out.
const MOST: u64 = 128;
/// An octet as sensors write it, as a regular expression.
const OCTET: &str = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
/// Anything but an empty cell.
pub(super) const FILLED: &str = "(?s).";

/// The clause.
pub fn nrt_block(exclusions: &[&Exclusion], schema: &Schema) -> Result<String, Vec<KqlError>> {
    let (mut out, mut errors) = (String::new(), Vec::new());
    for exclusion in exclusions {
        let fitting = exclusion.entries.iter().filter(|entry| entry.fits(&schema.name));
        match fitting.map(|entry| self::entry(exclusion, entry, schema)).collect::<Result<Vec<_>, _>>() {
            Ok(terms) if terms.is_empty() => {}
            Ok(terms) => out += &super::block::where_not(&Expression::any(terms)),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(out) } else { Err(errors) }
}

fn entry(exclusion: &Exclusion, entry: &Entry, schema: &Schema) -> Result<Expression, KqlError> {
    let said = |each: &Condition| {
        condition(each, schema).map_err(|reason| KqlError {
            id: exclusion.id.clone(),
            field: each.field.name().to_owned(),
            reason,
        })
    };
    let terms = entry.conditions.iter().map(|each| said(each)).collect::<Result<Vec<_>, _>>()?;
    Ok(Expression::all(terms))
}

fn condition(condition: &Condition, schema: &Schema) -> Result<Expression, String> {
    let source = source(&condition.field, schema)?;
    let kind = schema.columns.get(&source.column).map_or("string", String::as_str);
    refuse(&condition.test, &source.column, kind)?;
    let number = matches!(kind, "int" | "long");
    if source.path || number && matches!(condition.test, Test::Text(_)) {
        return Err("a near-real-time rule computes nothing of a column".to_owned());
    }
    let cell = column(&source.column);
    let terms = match &condition.test {
        Test::Text(texts) => self::texts(texts, &cell),
        Test::Address(ranges) => addresses(ranges, &cell)?,
        Test::Number(ranges) => vec![numbers(ranges, &cell, number)?],
    };
    Ok(Expression::any(terms))
}

fn matches(cell: &str, regex: &str) -> Expression {
    Expression::with_text(format!("{cell} matches regex "), regex)
}

fn texts(values: &[TextValue], cell: &str) -> Vec<Expression> {
    let (mut terms, mut patterns) = (Vec::new(), Vec::new());
    for value in values {
        let anything = value.pieces().is_some_and(|pieces| pieces == [Piece::Any]);
        match (value.whole(), Pattern::new(value)) {
            (Some(whole), _) if value.cased || whole.is_ascii() => {
                let operator = if value.cased { "==" } else { "=~" };
                terms.push(Expression::with_text(format!("{cell} {operator} "), whole));
            }
            _ if anything => terms.push(matches(cell, FILLED)),
            (_, Some(pattern)) => {
                if !patterns.iter_mut().any(|known: &mut Pattern| known.take_in(&pattern)) {
                    patterns.push(pattern);
                }
            }
            (_, None) => terms.push(expression(value, cell)),
        }
    }
    terms.extend(patterns.iter().map(|pattern| matches(cell, &pattern.regex())));
    terms
}

/// A regular expression that somebody wrote into a list. An empty cell meets nothing.
fn expression(value: &TextValue, cell: &str) -> Expression {
    let own = matches(cell, &value.text);
    let nothing = regex::Regex::new(&value.text).is_ok_and(|regex| !regex.is_match(""));
    if nothing { own } else { Expression::all(vec![matches(cell, FILLED), own]) }
}

fn numbers(ranges: &[NumberRange], cell: &str, number: bool) -> Result<Expression, String> {
    let mut all = Vec::new();
    for range in ranges {
        if range.last - range.first >= MOST {
            let why = "a range of more than 128 numbers, which no operator of a near-real-time rule says";
            return Err(why.to_owned());
        }
        all.extend(
            (range.first..=range.last).map(|one| if number { one.to_string() } else { format!("\"{one}\"") }),
        );
    }
    Ok(match &all[..] {
        [one] => Expression::plain(format!("{cell} == {one}")),
        _ => Expression::with_literals(format!("{cell} in "), all),
    })
}

fn addresses(ranges: &[AddressRange], cell: &str) -> Result<Vec<Expression>, String> {
    let (mut texts, mut terms) = (Vec::new(), Vec::new());
    for range in ranges {
        let v4 = |number: u128| Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX));
        match (range.family, range.first == range.last) {
            (Family::V4, true) => {
                let address = v4(range.first);
                texts.extend([address.to_string(), format!("::ffff:{address}")]);
            }
            (Family::V6, true) => {
                let address = Ipv6Addr::from(range.first).to_string();
                terms.push(Expression::with_text(format!("{cell} =~ "), &address));
            }
            (Family::V4, false) => {
                let networks = Ipv4Subnets::new(v4(range.first), v4(range.last), 0);
                terms.extend(networks.map(|network| matches(cell, &pattern(network))));
            }
            (Family::V6, false) => {
                return Err("a network of IPv6, which no operator of a near-real-time rule says".to_owned());
            }
        }
    }
    if !texts.is_empty() {
        let list = Expression::with_texts(format!("{cell} in "), texts.iter().map(String::as_str));
        terms.insert(0, list);
    }
    Ok(terms)
}

/// The texts of a network's addresses.
fn pattern(network: Ipv4Net) -> String {
    let octets = network.network().octets();
    let bits = usize::from(network.prefix_len());
    let octet = |place: usize| match bits.saturating_sub(place * 8) {
        0 => OCTET.to_owned(),
        8.. => octets[place].to_string(),
        part => {
            let last = u32::from(octets[place]) + (1 << (8 - part)) - 1;
            let all: Vec<String> = (u32::from(octets[place])..=last).map(|one| one.to_string()).collect();
            format!("(?:{})", all.join("|"))
        }
    };
    let all: Vec<String> = (0..4).map(octet).collect();
    format!("^(?:::ffff:)?{}$", all.join(r"\."))
}

/// The network whose addresses these texts are, if [`nrt_block`] wrote the pattern.
pub(super) fn network_of(regex: &str) -> Option<String> {
    let inner = regex.strip_prefix("^(?:::ffff:)?")?.strip_suffix('$')?;
    let (mut octets, mut bits) = ([0_u8; 4], 0_u8);
    for (place, part) in inner.split(r"\.").enumerate() {
        let all = part.strip_prefix("(?:").and_then(|part| part.strip_suffix(')')).unwrap_or(part);
        let first = all.split('|').next()?;
        match first.parse() {
            Ok(octet) => *octets.get_mut(place)? = octet,
            Err(_) if part == OCTET => continue,
            Err(_) => return None,
        }
        let count = u8::try_from(all.split('|').count()).ok()?;
        bits += 8 - u8::try_from(count.trailing_zeros()).ok()?;
    }
    let network = Ipv4Net::new(Ipv4Addr::from(octets), bits).ok()?;
    (pattern(network) == regex).then(|| network.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_the_texts_of_its_addresses_and_no_others() {
        for network in
            ["10.20.0.0/16", "10.77.4.0/27", "0.0.0.0/0", "172.16.0.0/12", "10.0.0.0/23", "10.1.2.3/32"]
        {
            let network: Ipv4Net = network.parse().unwrap();
            let regex = regex::Regex::new(&pattern(network)).unwrap();
            let ends = [u32::from(network.network()), u32::from(network.broadcast())];
            for number in ends.into_iter().flat_map(|end| [end.wrapping_sub(1), end, end.wrapping_add(1)]) {
                let address = Ipv4Addr::from(number);
                for text in [address.to_string(), format!("::ffff:{address}")] {
                    assert_eq!(regex.is_match(&text), network.contains(&address), "{network} {text}");
                }
            }
            assert_eq!(network_of(&pattern(network)), Some(network.to_string()));
            for text in ["10.20.01.1", "10.20.300.1", "10.20.1", "10.77.4.1 ", "", "::"] {
                assert!(!regex.is_match(text), "{network} {text}");
            }
        }
    }
}
