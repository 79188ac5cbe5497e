//! Where a row went, as coarse as rows are grouped.
//!
//! In: the cell of an address, or the address. Out: its [`Destination`].

use crate::exclusions::model::{Family, read_address};
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The network of an address: /24 of IPv4, /64 of IPv6.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Destination {
    /// The row could not be read.
    Malformed,
    /// The cell is empty or absent.
    #[default]
    Empty,
    /// The cell holds no address.
    Unreadable,
    /// The first address of a /24.
    V4(u32),
    /// The first 64 bits of a /64.
    V6(u64),
}

impl Destination {
    /// The network of a cell.
    pub fn of(cell: Option<&str>) -> Self {
        match cell {
            None | Some("") => Self::Empty,
            Some(text) => read_address(text).map_or(Self::Unreadable, Self::network),
        }
    }

    /// The network of an address.
    #[inline]
    pub fn network((family, number): (Family, u128)) -> Self {
        match family {
            Family::V4 => Self::V4(u32::try_from(number).unwrap_or(0) & 0xffff_ff00),
            Family::V6 => Self::V6(u64::try_from(number >> 64).unwrap_or(0)),
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("(row cannot be read)"),
            Self::Empty => f.write_str("(empty)"),
            Self::Unreadable => f.write_str("(not an address)"),
            Self::V4(network) => write!(f, "{}/24", Ipv4Addr::from(*network)),
            Self::V6(network) => write!(f, "{}/64", Ipv6Addr::from(u128::from(*network) << 64)),
        }
    }
}
