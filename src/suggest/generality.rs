//! How general an exclusion is, in bits.
//!
//! In: conditions and the combinations that they cover. Out: a number; docs/suggest.md says what goes into it.

use super::bits::Bits;
use super::candidates::Maker;
use super::roles::Role;
use super::sample::MISSING;
use super::wants::Want;
use hashbrown::HashSet;
use std::rc::Rc;

/// What a field costs that rows have and that is no condition, in bits.
const OPEN_FIELD: f64 = 8.0;
/// Fields that say the same of one file.
const OF_A_FILE: [&str; 4] = ["process.name", "process.path", "process.original_file_name", "process.sha256"];
/// From this cost on an intruder is as far away as it is useful to be.
const FAR: u32 = 12;

impl Maker<'_> {
    /// How general these conditions are.
    pub(super) fn generality(&self, wants: &[Want], covers: &[usize], rows: u64) -> f64 {
        self.bits(wants, covers, rows) + self.mixed(wants, covers) - 1.0
    }

    fn bits(&self, wants: &[Want], covers: &[usize], rows: u64) -> f64 {
        let is_open = |field: &usize| {
            let known = &self.sample.fields[*field];
            let matters = !matches!(known.role, Role::Hash | Role::How | Role::Who | Role::Domain);
            matters && wants.iter().all(|want| want.field != *field)
        };
        let open = (0..self.sample.fields.len()).filter(is_open).filter(|field| {
            let has = |place: &&usize| self.sample.at(**place).0[*field] > MISSING;
            let have: u64 = covers.iter().filter(has).map(|place| self.sample.at(*place).1.benign).sum();
            have * 2 >= rows
        });
        let cost: u32 = wants.iter().map(|want| want.cost).sum();
        let near = f64::from(FAR.saturating_sub(cost)) / 4.0;
        wants.iter().map(|want| want.bits).sum::<f64>() + open.count() as f64 * OPEN_FIELD + near
    }

    /// How many combinations of values conditions allow for each that rows of noise have: a list of the names and one of the
    /// folders of two products allow each name in the folder of the other. What one file has (name and folder) is one value.
    fn mixed(&self, wants: &[Want], covers: &[usize]) -> f64 {
        let lists: Vec<(Vec<Rc<Bits>>, bool)> = wants
            .iter()
            .filter(|want| want.texts.len() > 1)
            .map(|want| {
                let of_file = OF_A_FILE.contains(&want.condition.field.name());
                (want.texts.iter().map(|text| self.wants.met_by(want.field, text)).collect(), of_file)
            })
            .collect();
        let fields: Vec<usize> =
            wants.iter().filter(|want| want.texts.len() > 1).map(|want| want.field).collect();
        let (mut seen, mut files) = (HashSet::new(), HashSet::new());
        for place in covers {
            let values = self.sample.at(*place).0;
            let which = |(at, (met, _)): (usize, &(Vec<Rc<Bits>>, bool))| {
                met.iter().position(|met| met.has(values[fields[at]] as usize)).unwrap_or(0)
            };
            let all: Vec<usize> = lists.iter().enumerate().map(which).collect();
            files.insert(
                all.iter()
                    .zip(&lists)
                    .filter(|(_, (_, of_file))| *of_file)
                    .map(|(at, _)| *at)
                    .collect::<Vec<_>>(),
            );
            seen.insert(all);
        }
        let others = lists.iter().filter(|(_, of_file)| !of_file).map(|(met, _)| met.len() as f64);
        others.product::<f64>() * files.len().max(1) as f64 / seen.len().max(1) as f64
    }
}
