//! Exclusion lists: as written, checked, and as the rest of quell uses them.
//!
//! In: the text of lists. Out: the [`model`], or every mistake in them.

pub mod document;
pub mod model;
mod shape;
pub mod validate;
mod value;

/// The five documented scenarios, compiled in: file name and text.
pub const DOCUMENTED: [(&str, &str); 5] = [
    ("documented/sccm.yaml", include_str!("../../exclusions/documented/sccm.yaml")),
    ("documented/solarwinds.yaml", include_str!("../../exclusions/documented/solarwinds.yaml")),
    ("documented/altiris.yaml", include_str!("../../exclusions/documented/altiris.yaml")),
    ("documented/intune.yaml", include_str!("../../exclusions/documented/intune.yaml")),
    ("documented/kaseya.yaml", include_str!("../../exclusions/documented/kaseya.yaml")),
];

/// The documented pack as list texts.
pub fn documented() -> Vec<validate::ListText> {
    DOCUMENTED
        .iter()
        .map(|(file, text)| validate::ListText { file: (*file).to_owned(), text: (*text).to_owned() })
        .collect()
}
