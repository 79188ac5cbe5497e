//! Exclusion lists: as written, checked, and as the rest of quell uses them.
//!
//! In: the text of lists. Out: the [`model`], or every mistake in them.

mod cases;
pub mod document;
pub mod edit;
mod expressions;
mod key_schema;
pub mod model;
mod not_yaml;
mod parameters;
mod remedy;
mod shape;
pub mod validate;
mod value;

pub use parameters::Parameters;
pub(crate) use parameters::reference;

/// The five documented scenarios, compiled in: file name and text.
pub const DOCUMENTED: [(&str, &str); 5] = [
    ("documented/sccm.yaml", include_str!("../../exclusions/documented/sccm.yaml")),
    ("documented/solarwinds.yaml", include_str!("../../exclusions/documented/solarwinds.yaml")),
    ("documented/altiris.yaml", include_str!("../../exclusions/documented/altiris.yaml")),
    ("documented/intune.yaml", include_str!("../../exclusions/documented/intune.yaml")),
    ("documented/kaseya.yaml", include_str!("../../exclusions/documented/kaseya.yaml")),
];

/// The corrected lists for the same five products, compiled in: file name and text.
pub const FIELD: [(&str, &str); 5] = [
    ("field/sccm.yaml", include_str!("../../exclusions/field/sccm.yaml")),
    ("field/solarwinds.yaml", include_str!("../../exclusions/field/solarwinds.yaml")),
    ("field/altiris.yaml", include_str!("../../exclusions/field/altiris.yaml")),
    ("field/intune.yaml", include_str!("../../exclusions/field/intune.yaml")),
    ("field/kaseya.yaml", include_str!("../../exclusions/field/kaseya.yaml")),
];

/// The documented pack as list texts.
pub fn documented() -> Vec<validate::ListText> {
    pack("documented")
}

/// The built-in lists of a name: a pack (`field`) or one of its lists (`field/sccm`). None if there is none.
pub fn pack(name: &str) -> Vec<validate::ListText> {
    let is_named = |file: &str| {
        file == name || file.strip_suffix(".yaml") == Some(name) || file.split('/').next() == Some(name)
    };
    DOCUMENTED
        .iter()
        .chain(&FIELD)
        .filter(|(file, _)| is_named(file))
        .map(|(file, text)| validate::ListText { file: (*file).to_owned(), text: (*text).to_owned() })
        .collect()
}
