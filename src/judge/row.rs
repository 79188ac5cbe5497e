//! Which cells of a row are looked at, and what each of them is.
//!
//! In: the fields that a list looks at, and how columns are named. Out: the cells that a reader has to find in each row,
//! and the found ones under their names. No other file knows in which order they stand.

use crate::exclusions::model::FieldRef;
use crate::fields::Field;
use crate::schema::{Schema, Source};

/// Columns that tell one row from all others together with its time: the device's id, and the report's.
const IDENTITY: [&str; 2] = ["DeviceId", "ReportId"];

/// The places of the cells that are counted by, behind those that are judged.
const DEVICE: usize = 0;
const TIME: usize = 1;
const PROCESS: usize = 2;
const DESTINATION: usize = 3;
const DEVICE_ID: usize = 4;
const REPORT_ID: usize = 5;

/// The cells of one row that are looked at; `None` for one that is absent or holds no text.
#[derive(Debug, Clone, Copy, Default)]
pub struct RowCells<'r, 'c> {
    /// One for each field that the matcher looks at.
    pub judged: &'r [Option<&'c str>],
    /// The name of the device, by which devices are counted.
    pub device: Option<&'c str>,
    /// When it happened, as it is written.
    pub time: Option<&'c str>,
    /// The file name of the process, by which kept rows are grouped.
    pub process: Option<&'c str>,
    /// The remote address, by whose network kept rows are grouped.
    pub destination: Option<&'c str>,
    /// The id of the device, which with time and report tells one row from all others.
    pub device_id: Option<&'c str>,
    /// The id of the report.
    pub report_id: Option<&'c str>,
}

impl<'r, 'c> RowCells<'r, 'c> {
    /// What a reader has found for [`wanted`]; cells that it has left out are absent.
    #[inline]
    pub fn of(cells: &'r [Option<&'c str>], judged: usize) -> Self {
        let (judged, counted) = cells.split_at(judged);
        let cell = |place: usize| counted.get(place).copied().flatten();
        Self {
            judged,
            device: cell(DEVICE),
            time: cell(TIME),
            process: cell(PROCESS),
            destination: cell(DESTINATION),
            device_id: cell(DEVICE_ID),
            report_id: cell(REPORT_ID),
        }
    }
}

/// The cells that a reader has to find in each row, each with the columns that may hold it.
pub fn wanted(slots: &[FieldRef], schema: &Schema) -> Vec<Vec<Source>> {
    let plain = |columns: &[String]| {
        columns.iter().map(|column| Source { column: column.clone(), path: false }).collect()
    };
    let field =
        |name: &str| Field::named(name).map(|field| schema.sources(field).to_vec()).unwrap_or_default();
    let mut wanted: Vec<Vec<Source>> = slots.iter().map(|slot| sources(slot, schema)).collect();
    let judged = wanted.len();
    wanted.resize(cell_count(judged, true), Vec::new());
    wanted[judged + DEVICE] = plain(&schema.device);
    wanted[judged + TIME] = plain(&schema.time);
    wanted[judged + PROCESS] = field("process.name");
    wanted[judged + DESTINATION] = field("destination.ip");
    wanted[judged + DEVICE_ID] = plain(&[IDENTITY[0].to_owned()]);
    wanted[judged + REPORT_ID] = plain(&[IDENTITY[1].to_owned()]);
    wanted
}

/// The columns that may hold what a condition looks at.
pub fn sources(slot: &FieldRef, schema: &Schema) -> Vec<Source> {
    match slot {
        FieldRef::Field(field) => schema.sources(*field).to_vec(),
        FieldRef::Column(column) => vec![Source { column: column.name.clone(), path: false }],
    }
}

/// How many cells a reader has to find, with or without those that only tell whether rows repeat each other.
pub fn cell_count(judged: usize, with_identity: bool) -> usize {
    judged + if with_identity { REPORT_ID + 1 } else { DESTINATION + 1 }
}

/// The place of the time among the wanted cells.
pub fn time_of(judged: usize) -> usize {
    judged + TIME
}
