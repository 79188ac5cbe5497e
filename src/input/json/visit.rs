//! Reads records of any kind with `serde_json`.
//!
//! In: a record and the wanted keys. Out: their texts in [`RecordCells`]. Other values are skipped.

use super::super::Fault;
use super::super::projection::{KeyUse, Keys};
use super::cells::RecordCells;
use memchr::memchr;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A row as text, or why it cannot be read.
pub(super) fn row_text(bytes: &[u8]) -> Result<&str, Fault> {
    if memchr(0, bytes).is_some() {
        return Err(Fault::Nul);
    }
    std::str::from_utf8(bytes).map_err(|_| Fault::NotUtf8)
}

/// Reads an object of which some keys are wanted.
pub(super) struct WantedKeys<'l> {
    pub(super) keys: &'l Keys,
    pub(super) cells: &'l mut RecordCells,
}

impl<'de> Visitor<'de> for WantedKeys<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key_seed(WantedKey { keys: self.keys })? {
            match key {
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
                Some(key) => map.next_value_seed(WantedValue { key, cells: self.cells })?,
            }
        }
        Ok(())
    }
}

/// Reads a key, and looks up what it holds; `None` if it is not wanted.
struct WantedKey<'l> {
    keys: &'l Keys,
}

impl<'de, 'l> DeserializeSeed<'de> for WantedKey<'l> {
    type Value = Option<&'l KeyUse>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'l> Visitor<'_> for WantedKey<'l> {
    type Value = Option<&'l KeyUse>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.keys.0.get(key))
    }
}

/// Reads the value of a wanted key.
pub(super) struct WantedValue<'l> {
    pub(super) key: &'l KeyUse,
    pub(super) cells: &'l mut RecordCells,
}

impl WantedValue<'_> {
    fn put(self, text: Option<&str>) {
        let text = text.map(|text| self.cells.copy(text));
        self.cells.put(self.key, text.as_ref());
    }
}

impl<'de> DeserializeSeed<'de> for WantedValue<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for WantedValue<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.put(Some(text));
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.put(Some(&number.to_string()));
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.put(Some(&number.to_string()));
        Ok(())
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        self.put(Some(&number.to_string()));
        Ok(())
    }

    fn visit_bool<E>(self, word: bool) -> Result<(), E> {
        self.put(Some(if word { "true" } else { "false" }));
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.put(None);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        self.put(None);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let Self { key, cells } = self;
        if !key.cells.is_empty() {
            WantedValue { key, cells: &mut *cells }.put(None);
        }
        WantedKeys { keys: &key.below, cells }.visit_map(map)
    }
}
