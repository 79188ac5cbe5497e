//! How much of a large file repeats.
//!
//! In: a row as the scenes give it, and its number. Out: the same row with other devices, processes and addresses. Of a
//! mix on which a shortcut helps there is always another on which it does not.

use crate::{Column, Prng, Row, append};

/// Different processes of a fleet beside those of the scenes.
const PROCESSES: u64 = 430;
/// Different addresses that a fleet reaches beside those of the scenes.
const ADDRESSES: u64 = 300_000;
/// Versions of a program that are in use at a time.
const VERSIONS: u64 = 9;

/// How much repeats.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mix {
    /// Rows are those of the scenes: few processes, few addresses, two thousand devices.
    Repeat,
    /// Thousands of devices, hundreds of processes whose paths have versions, addresses with a long tail.
    Fleet,
    /// No cell that is judged or counted ever stands in another row, devices and times included.
    Unique,
}

impl Mix {
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        match name {
            "repeat" => Ok(Self::Repeat),
            "fleet" => Ok(Self::Fleet),
            "unique" => Ok(Self::Unique),
            _ => Err(format!("{name:?} is no mix; there are repeat, fleet and unique")),
        }
    }

    /// How many devices there are.
    pub(crate) fn devices(self) -> u64 {
        match self {
            Self::Repeat | Self::Unique => 2_000,
            Self::Fleet => 5_000,
        }
    }

    /// Makes the row what it is in this mix.
    pub(crate) fn apply(self, row: &mut Row, number: u64, prng: &mut Prng) {
        match self {
            // A quarter stays what the scenes make of it.
            Self::Fleet if prng.below(4) > 0 => fleet(row, prng),
            Self::Unique => unique(row, number),
            Self::Repeat | Self::Fleet => {}
        }
    }
}

fn fleet(row: &mut Row, prng: &mut Prng) {
    let process = heavy_tailed(PROCESSES, prng);
    let version = prng.below(VERSIONS);
    program(row, &format!("tool{process}.exe"), process, version);
    address(row, mixed_up(heavy_tailed(ADDRESSES, prng)));
}

fn unique(row: &mut Row, number: u64) {
    program(row, &format!("tool{number}.exe"), number, number);
    address(row, number);
    row.put(Column::DeviceId, format_args!("{:040x}", u128::from(number) << 64 | 0xd0c5));
    row.put(Column::DeviceName, format_args!("WS-{number:09}.contoso.example"));
    row.put(Column::ReportId, format_args!("{number}"));
}

fn program(row: &mut Row, name: &str, product: u64, version: u64) {
    let folder =
        format!(r"C:\Program Files\Vendor {}\Product {product}\{}.{version}\", product % 60, 1 + product % 7);
    row.text(Column::InitiatingProcessFileName, name);
    row.put(Column::InitiatingProcessFolderPath, format_args!("{folder}{name}"));
    let command = row.clear(Column::InitiatingProcessCommandLine);
    append(command, format_args!("\"{folder}{name}\" --sync --profile {}", product % 11));
}

/// One in seven is IPv6. All are of ranges that are nobody's: shared address space, and that for documentation.
fn address(row: &mut Row, number: u64) {
    if number.is_multiple_of(7) {
        row.put(
            Column::RemoteIP,
            format_args!("2001:db8:{:x}:{:x}::{:x}", number >> 16, number & 0xffff, number % 251 + 1),
        );
    } else {
        let host = number % (1 << 22);
        let (high, middle, low) = (64 + (host >> 16), host >> 8 & 0xff, host & 0xff);
        row.put(Column::RemoteIP, format_args!("100.{high}.{middle}.{low}"));
    }
}

/// A number below the limit: small ones often, large ones now and then.
fn heavy_tailed(limit: u64, prng: &mut Prng) -> u64 {
    let share = prng.below(1 << 20) as f64 / f64::from(1 << 20);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is below the limit")]
    let number = (share.powi(7) * limit as f64) as u64;
    number.min(limit - 1)
}

/// Another number below [`ADDRESSES`], so that addresses that are reached often are no neighbours.
fn mixed_up(number: u64) -> u64 {
    number * 179_424_673 % ADDRESSES
}
