//! UTF-16 to UTF-8 and back.
//!
//! In: bytes as Excel and Windows tools save them. Out: UTF-8 for the readers, and for rows that are written the original
//! bytes. Half a surrogate pair becomes three bytes that are not valid UTF-8 (as in WTF-8), so such a row is unreadable,
//! is kept, and is written back unchanged. This module does not know what a row is.

use std::io::{self, Read};

/// Bytes decoded at a time.
const BLOCK: u64 = 1 << 16;

/// How text is stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8 or its subset ASCII.
    #[default]
    Utf8,
    /// Two bytes a unit.
    Utf16 {
        /// The high byte stands first.
        big_endian: bool,
    },
}

impl Encoding {
    /// The encoding that the first bytes of a text show: UTF-16 has a byte order mark, or a zero in nearly every other
    /// byte because most characters are ASCII.
    pub(super) fn of_sample(sample: &[u8]) -> Self {
        match sample {
            [0xff, 0xfe, ..] => return Self::Utf16 { big_endian: false },
            [0xfe, 0xff, ..] => return Self::Utf16 { big_endian: true },
            _ => {}
        }
        let pairs = sample.len() / 2;
        let zeros = |offset: usize| {
            sample.chunks_exact(2).filter(|pair| pair[offset] == 0 && pair[1 - offset] != 0).count()
        };
        let plainly = |zeros: usize| pairs >= 2 && zeros * 10 >= pairs * 9;
        match (plainly(zeros(1)), plainly(zeros(0))) {
            (true, _) => Self::Utf16 { big_endian: false },
            (_, true) => Self::Utf16 { big_endian: true },
            _ => Self::Utf8,
        }
    }
}

/// Reads UTF-16 as UTF-8.
pub(super) struct Decoder<R> {
    reader: R,
    big_endian: bool,
    raw: Vec<u8>,
    /// The first half of a surrogate pair whose second half is still to come.
    high: Option<u16>,
    text: Vec<u8>,
    /// How many bytes of `text` the caller has taken.
    taken: usize,
}

impl<R: Read> Decoder<R> {
    pub(super) fn new(reader: R, big_endian: bool) -> Self {
        Self { reader, big_endian, raw: Vec::new(), high: None, text: Vec::new(), taken: 0 }
    }

    /// Decodes another block; false at the end.
    fn fill(&mut self) -> io::Result<bool> {
        self.text.clear();
        self.taken = 0;
        let read = self.reader.by_ref().take(BLOCK).read_to_end(&mut self.raw)?;
        let ended = (read as u64) < BLOCK;
        let whole = self.raw.len() & !1;
        for pair in self.raw[..whole].chunks_exact(2) {
            let unit = if self.big_endian {
                u16::from_be_bytes([pair[0], pair[1]])
            } else {
                u16::from_le_bytes([pair[0], pair[1]])
            };
            take_unit(unit, &mut self.high, &mut self.text);
        }
        self.raw.drain(..whole);
        if ended {
            if let Some(high) = self.high.take() {
                push_point(u32::from(high), &mut self.text);
            }
            if !self.raw.is_empty() {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the UTF-16 text ends inside a character: it is cut off",
                ));
            }
        }
        Ok(!self.text.is_empty() || !ended)
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.text.len() {
            if !self.fill()? {
                return Ok(0);
            }
        }
        let rest = &self.text[self.taken..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.taken += count;
        Ok(count)
    }
}

#[inline]
fn take_unit(unit: u16, high: &mut Option<u16>, out: &mut Vec<u8>) {
    if unit < 0x80 && high.is_none() {
        out.push(unit.to_le_bytes()[0]);
        return;
    }
    if let Some(first) = high.take() {
        if (0xdc00..0xe000).contains(&unit) {
            let point = 0x1_0000 + (u32::from(first - 0xd800) << 10) + u32::from(unit - 0xdc00);
            return push_point(point, out);
        }
        push_point(u32::from(first), out);
    }
    if (0xd800..0xdc00).contains(&unit) {
        *high = Some(unit);
    } else {
        push_point(u32::from(unit), out);
    }
}

/// Appends a code point as UTF-8, even if it is half a surrogate pair.
fn push_point(point: u32, out: &mut Vec<u8>) {
    let low = |shift: u32| (0x80 | (point >> shift & 0x3f)).to_le_bytes()[0];
    let first = |mark: u32, shift: u32| (mark | point >> shift).to_le_bytes()[0];
    match point {
        ..0x80 => out.push(first(0, 0)),
        0x80..0x800 => out.extend([first(0xc0, 6), low(0)]),
        0x800..0x1_0000 => out.extend([first(0xe0, 12), low(6), low(0)]),
        _ => out.extend([first(0xf0, 18), low(12), low(6), low(0)]),
    }
}

/// Writes UTF-8 as UTF-16.
#[derive(Debug)]
pub struct Encoder {
    big_endian: bool,
    point: u32,
    missing: u8,
}

impl Encoder {
    /// An encoder for this byte order.
    pub fn new(big_endian: bool) -> Self {
        Self { big_endian, point: 0, missing: 0 }
    }

    /// Appends a piece of text as UTF-16. The piece may end inside a character.
    pub fn encode(&mut self, text: &[u8], out: &mut Vec<u8>) {
        for &byte in text {
            (self.point, self.missing) = match byte {
                0x80..0xc0 => (self.point << 6 | u32::from(byte & 0x3f), self.missing.saturating_sub(1)),
                ..0x80 => (u32::from(byte), 0),
                0xc0..0xe0 => (u32::from(byte & 0x1f), 1),
                0xe0..0xf0 => (u32::from(byte & 0x0f), 2),
                _ => (u32::from(byte & 0x07), 3),
            };
            if self.missing == 0 {
                self.push(out);
            }
        }
    }

    fn push(&self, out: &mut Vec<u8>) {
        let mut unit = |unit: u32| {
            let [low, high, ..] = unit.to_le_bytes();
            out.extend(if self.big_endian { [high, low] } else { [low, high] });
        };
        match self.point.checked_sub(0x1_0000) {
            None => unit(self.point),
            Some(above) => {
                unit(0xd800 + (above >> 10));
                unit(0xdc00 + (above & 0x3ff));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decoded(bytes: &[u8], big_endian: bool) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        Decoder::new(bytes, big_endian).read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn text_is_told_from_its_first_bytes() {
        let of = |text: &str, big_endian: bool| {
            let bytes = text
                .encode_utf16()
                .flat_map(|unit| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() });
            Encoding::of_sample(&bytes.collect::<Vec<u8>>())
        };
        for big_endian in [false, true] {
            assert_eq!(of("DeviceName,Gerät\r\n", big_endian), Encoding::Utf16 { big_endian });
            assert_eq!(of("\u{feff}\u{4e2d}\u{6587}", big_endian), Encoding::Utf16 { big_endian });
        }
        for text in ["", "a", "a\0", "DeviceName,RemoteIP\n", "\u{feff}a,b", "\0\0\0\0\0\0"] {
            assert_eq!(Encoding::of_sample(text.as_bytes()), Encoding::Utf8, "{text:?}");
        }
    }

    #[test]
    fn half_a_character_at_the_end_is_an_error() {
        assert!(decoded(b"a\0b", false).is_err());
    }

    proptest! {
        #[test]
        fn any_units_come_back_as_they_were(
            units in proptest::collection::vec(prop_oneof![any::<u16>(), 0xd7f0_u16..0xe010, 0_u16..0x80], 0..200),
            big_endian in any::<bool>(),
            cut in 1_usize..9,
        ) {
            let bytes: Vec<u8> =
                units.iter().flat_map(|unit| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect();
            let text = decoded(&bytes, big_endian).unwrap();
            let plain: Result<String, _> = char::decode_utf16(units).collect();
            if let Ok(plain) = plain {
                prop_assert_eq!(&text, plain.as_bytes());
            }
            let (mut encoder, mut back) = (Encoder::new(big_endian), Vec::new());
            text.chunks(cut).for_each(|part| encoder.encode(part, &mut back));
            prop_assert_eq!(back, bytes);
        }
    }
}
