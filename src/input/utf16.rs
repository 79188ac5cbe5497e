//! UTF-16 to UTF-8 and back.
//!
//! In: bytes as Excel and Windows tools save them. Out: UTF-8 for the readers; and for rows that are written, the bytes
//! that they were. Half a surrogate pair becomes the three bytes that UTF-8 would give it if it could, so that such a
//! row is no UTF-8, is kept, and is written back unchanged. It does not know what a row is.

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
        big: bool,
    },
}

impl Encoding {
    /// What the first bytes of a text say: a byte order mark, or a zero in every other byte as in plain ASCII.
    pub(super) fn of_sample(sample: &[u8]) -> Self {
        match sample {
            [0xff, 0xfe, ..] => return Self::Utf16 { big: false },
            [0xfe, 0xff, ..] => return Self::Utf16 { big: true },
            _ => {}
        }
        let pairs = sample.len() / 2;
        let zeros = |offset: usize| {
            sample.chunks_exact(2).filter(|pair| pair[offset] == 0 && pair[1 - offset] != 0).count()
        };
        let plainly = |zeros: usize| pairs >= 2 && zeros * 10 >= pairs * 9;
        match (plainly(zeros(1)), plainly(zeros(0))) {
            (true, _) => Self::Utf16 { big: false },
            (_, true) => Self::Utf16 { big: true },
            _ => Self::Utf8,
        }
    }
}

/// Reads UTF-16 as UTF-8.
pub(super) struct Decoder<R> {
    reader: R,
    big: bool,
    raw: Vec<u8>,
    /// The first half of a pair.
    high: Option<u16>,
    text: Vec<u8>,
    given: usize,
}

impl<R: Read> Decoder<R> {
    pub(super) fn new(reader: R, big: bool) -> Self {
        Self { reader, big, raw: Vec::new(), high: None, text: Vec::new(), given: 0 }
    }

    /// Decodes another block; false at the end.
    fn fill(&mut self) -> io::Result<bool> {
        self.text.clear();
        self.given = 0;
        let read = self.reader.by_ref().take(BLOCK).read_to_end(&mut self.raw)?;
        let ended = (read as u64) < BLOCK;
        let whole = self.raw.len() & !1;
        for pair in self.raw[..whole].chunks_exact(2) {
            let unit = if self.big {
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
        while self.given == self.text.len() {
            if !self.fill()? {
                return Ok(0);
            }
        }
        let rest = &self.text[self.given..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.given += count;
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

/// UTF-8 of a code point, half a pair included.
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
    big: bool,
    point: u32,
    missing: u8,
}

impl Encoder {
    /// For this byte order.
    pub fn new(big: bool) -> Self {
        Self { big, point: 0, missing: 0 }
    }

    /// Appends the units of a piece of text, which may end inside a character.
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
            out.extend(if self.big { [high, low] } else { [low, high] });
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

    fn decoded(bytes: &[u8], big: bool) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        Decoder::new(bytes, big).read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn text_is_told_from_its_first_bytes() {
        let of = |text: &str, big: bool| {
            let bytes = text
                .encode_utf16()
                .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() });
            Encoding::of_sample(&bytes.collect::<Vec<u8>>())
        };
        for big in [false, true] {
            assert_eq!(of("DeviceName,Gerät\r\n", big), Encoding::Utf16 { big });
            assert_eq!(of("\u{feff}\u{4e2d}\u{6587}", big), Encoding::Utf16 { big });
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
            big in any::<bool>(),
            cut in 1_usize..9,
        ) {
            let bytes: Vec<u8> =
                units.iter().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect();
            let text = decoded(&bytes, big).unwrap();
            let plain: Result<String, _> = char::decode_utf16(units).collect();
            if let Ok(plain) = plain {
                prop_assert_eq!(&text, plain.as_bytes());
            }
            let (mut encoder, mut back) = (Encoder::new(big), Vec::new());
            text.chunks(cut).for_each(|part| encoder.encode(part, &mut back));
            prop_assert_eq!(back, bytes);
        }
    }
}
