//! Ranges of addresses and of whole numbers.
//!
//! In: text as lists and rows write it. Out: numbers that can be compared, or what is wrong with the text, in
//! words for a person. It knows nothing of conditions.

use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The family of an address; a mapped `::ffff:a.b.c.d` is IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// Addresses from first to last, both included.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AddressRange {
    /// The family of both ends.
    pub family: Family,
    /// The first address as a number.
    pub first: u128,
    /// The last address as a number.
    pub last: u128,
    /// As somebody wrote it.
    pub text: String,
}

/// The family and number of an address; mapped addresses become IPv4.
pub fn address_number(address: IpAddr) -> (Family, u128) {
    match address.to_canonical() {
        IpAddr::V4(address) => (Family::V4, u32::from(address).into()),
        IpAddr::V6(address) => (Family::V6, address.into()),
    }
}

/// The family and number of an address that stands in a row; `None` if the text is no address.
#[inline]
pub fn read_address(text: &str) -> Option<(Family, u128)> {
    // Almost every address of a row is written like this; the library takes three times as long.
    if let Some(number) = dotted(text.as_bytes()) {
        return Some((Family::V4, number.into()));
    }
    text.parse::<IpAddr>().ok().map(address_number)
}

/// Four decimal numbers below 256 without leading zeros, and dots between them.
#[inline]
fn dotted(text: &[u8]) -> Option<u32> {
    let (first, rest) = octet(text)?;
    let (second, rest) = octet(rest.strip_prefix(b".")?)?;
    let (third, rest) = octet(rest.strip_prefix(b".")?)?;
    let (fourth, rest) = octet(rest.strip_prefix(b".")?)?;
    rest.is_empty().then_some(first << 24 | second << 16 | third << 8 | fourth)
}

/// A number below 256 without leading zeros, and what follows its one to three digits.
#[inline]
fn octet(text: &[u8]) -> Option<(u32, &[u8])> {
    let digit = |place: usize| {
        let digit = text.get(place)?.wrapping_sub(b'0');
        (digit < 10).then_some(u32::from(digit))
    };
    let first = digit(0)?;
    let Some(second) = digit(1) else { return Some((first, &text[1..])) };
    if first == 0 {
        return None;
    }
    let Some(third) = digit(2) else { return Some((first * 10 + second, &text[2..])) };
    let number = first * 100 + second * 10 + third;
    (number < 256).then(|| (number, &text[3..]))
}

impl AddressRange {
    /// The address that is written in front of a prefix, if it is not the first of the network.
    pub fn host_before_prefix(&self) -> Option<&str> {
        let (address, _) = self.text.split_once('/')?;
        let (_, written) = read_address(address)?;
        (written != self.first).then_some(address)
    }

    /// Reads an address, a CIDR network or a range `first-last`.
    ///
    /// The error says what is wrong, for a person.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (first, last) = if let Some((first, last)) = text.split_once('-') {
            (parse_address(first.trim())?, parse_address(last.trim())?)
        } else if text.contains('/') {
            parse_network(text)?
        } else {
            let address = parse_address(text)?;
            (address, address)
        };
        if first.0 != last.0 {
            return Err("the two ends are of different families".into());
        }
        if first.1 > last.1 {
            return Err("the range ends before it begins".into());
        }
        Ok(Self { family: first.0, first: first.1, last: last.1, text: text.to_owned() })
    }

    /// Its first address.
    pub fn first_address(&self) -> IpAddr {
        match (self.family, u32::try_from(self.first)) {
            (Family::V4, Ok(first)) => Ipv4Addr::from(first).into(),
            _ => Ipv6Addr::from(self.first).into(),
        }
    }

    /// Whether it holds the address.
    pub fn contains(&self, family: Family, number: u128) -> bool {
        self.family == family && self.first <= number && number <= self.last
    }
}

/// One end of a range.
type RangeEnd = (Family, u128);

fn parse_address(text: &str) -> Result<RangeEnd, String> {
    text.parse::<IpAddr>().map(address_number).map_err(|_| address_mistake(text))
}

fn parse_network(text: &str) -> Result<(RangeEnd, RangeEnd), String> {
    let (address, length) = text.split_once('/').unwrap_or((text, ""));
    parse_address(address)?;
    let network: IpNet =
        text.parse().map_err(|_| format!("`/{length}` is not a prefix length of this address's family"))?;
    let ends = (address_number(network.network()), address_number(network.broadcast()));
    // A prefix that begins in the mapped block and leaves it would mix the families.
    let mapped = matches!(network, IpNet::V6(v6) if v6.addr().to_ipv4_mapped().is_some());
    if mapped && (network.prefix_len() < 96) {
        return Err("a mapped IPv4 network needs a prefix of at least /96; write it as IPv4".into());
    }
    Ok(ends)
}

fn address_mistake(text: &str) -> String {
    let octets: Vec<&str> = text.split('.').collect();
    let digits = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if octets.len() == 4 && octets.iter().all(digits) {
        if let Some(octet) = octets.iter().find(|part| part.len() > 1 && part.starts_with('0')) {
            return format!("octet `{octet}` has a leading zero, which some systems read as octal");
        }
        if let Some(octet) = octets.iter().find(|part| part.parse::<u8>().is_err()) {
            return format!("octet `{octet}` is over 255");
        }
    }
    if text.contains(['*', '?']) {
        return "addresses take no wildcards".into();
    }
    if text.is_empty() {
        return "an address is missing".into();
    }
    format!("`{text}` is not an IPv4 or IPv6 address")
}

/// Numbers from first to last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NumberRange {
    /// The first.
    pub first: u64,
    /// The last.
    pub last: u64,
}

impl NumberRange {
    /// Reads a number or a range `first-last`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let range = Self {
            first: parse_number(first.trim()).ok_or_else(|| number_mistake(first))?,
            last: parse_number(last.trim()).ok_or_else(|| number_mistake(last))?,
        };
        if range.first > range.last {
            return Err("the range ends before it begins".into());
        }
        Ok(range)
    }

    /// Whether it holds the number.
    pub fn contains(self, number: u64) -> bool {
        self.first <= number && number <= self.last
    }
}

/// A whole number in plain digits without a leading zero, as rows and lists write it.
pub fn parse_number(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (plain && (text.len() == 1 || !text.starts_with('0'))).then(|| text.parse().ok()).flatten()
}

fn number_mistake(text: &str) -> String {
    format!("`{}` is not a whole number in plain digits", text.trim())
}

impl NumberRange {
    /// The range as it is written.
    pub fn wanted(self) -> String {
        if self.first == self.last { self.first.to_string() } else { format!("{}-{}", self.first, self.last) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_quick_reading_of_an_address_is_that_of_the_library(
            text in "[0-9]{1,3}(\\.[0-9]{1,3}){2,4}|[0-9.:af]{0,16}|(0|1|25[0-9]|[12][0-9]?)(\\.(0|00|9|256|255|10)){3}\\.?",
        ) {
            prop_assert_eq!(read_address(&text), text.parse::<IpAddr>().ok().map(address_number));
        }
    }

    #[test]
    fn addresses_are_numbers() {
        let cases = [
            ("10.10.10.10", "::ffff:10.10.10.10", true),
            ("::ffff:10.10.10.0/120", "10.10.10.77", true),
            ("10.20.0.5/16", "10.20.255.255", true),
            ("10.0.0.1-10.0.0.9", "10.0.0.10", false),
            ("2001:db8::/32", "2001:DB8:0::1", true),
            ("::/0", "10.0.0.1", false),
        ];
        for (range, address, inside) in cases {
            let range = AddressRange::parse(range).unwrap();
            let (family, number) = address_number(address.parse().unwrap());
            assert_eq!(range.contains(family, number), inside, "{range:?} {address}");
        }
    }

    #[test]
    fn a_bad_address_says_why() {
        for (text, why) in [
            ("10.10.010.10", "leading zero"),
            ("10.10.10.300", "over 255"),
            ("10.0.0.0/33", "prefix length"),
            ("10.0.0.*", "wildcards"),
            ("10.0.0.9-10.0.0.1", "before it begins"),
            ("10.0.0.1-::5", "different families"),
            ("::ffff:10.0.0.0/90", "at least /96"),
            ("server", "not an IPv4 or IPv6"),
        ] {
            let error = AddressRange::parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
