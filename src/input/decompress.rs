//! Decompresses and decodes a stream, told by its first bytes.
//!
//! In: the bytes of a file or a pipe. Out: the same text as UTF-8, and how it was compressed and encoded, so that rows
//! can be written the same way. It does not look at rows and trusts no file name.
//!
//! A compressed stream that is damaged or cut off is an error, never a shorter text.

use super::utf16::{Decoder, Encoding};
use flate2::bufread::MultiGzDecoder;
use std::io::{self, BufReader, Cursor, Read};

/// How many bytes are looked at to find out the encoding.
const SAMPLE: u64 = 4_096;

/// How a stream is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// RFC 1952, with one or several members.
    Gzip,
    /// RFC 8878, with one or several frames.
    Zstd,
}

impl Compression {
    /// The compression that the first bytes of a file show.
    fn of_bytes(first: &[u8]) -> Option<Self> {
        match first {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            // Parallel compressors such as pzstd write a skippable frame first.
            [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => Some(Self::Zstd),
            _ => None,
        }
    }

    /// The compression that the name of an output file asks for.
    pub fn of_name(name: &str) -> Option<Self> {
        match name.rsplit_once('.')?.1.to_ascii_lowercase().as_str() {
            "gz" => Some(Self::Gzip),
            "zst" => Some(Self::Zstd),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

/// A text in UTF-8. It is not checked: rows that are not UTF-8 are found later.
pub struct Decompressed<'r> {
    /// The text.
    pub reader: Box<dyn Read + Send + 'r>,
    /// How it was compressed.
    pub compression: Option<Compression>,
    /// How it was encoded.
    pub encoding: Encoding,
}

/// Looks at the first bytes of a stream and decompresses and decodes the rest as it is read.
pub fn decompress<'r>(reader: impl Read + Send + 'r) -> io::Result<Decompressed<'r>> {
    let (first, reader) = peek(reader, 4)?;
    let compression = Compression::of_bytes(&first);
    let text: Box<dyn Read + Send + 'r> = match compression {
        None => Box::new(reader),
        Some(Compression::Gzip) => Box::new(NamedErrors {
            compression: Compression::Gzip,
            reader: MultiGzDecoder::new(BufReader::new(reader)),
        }),
        Some(Compression::Zstd) => Box::new(NamedErrors {
            compression: Compression::Zstd,
            reader: zstd::stream::read::Decoder::new(reader)?,
        }),
    };
    let (sample, text) = peek(text, SAMPLE)?;
    let encoding = Encoding::of_sample(&sample);
    let reader: Box<dyn Read + Send + 'r> = match encoding {
        Encoding::Utf8 => Box::new(text),
        Encoding::Utf16 { big_endian } => Box::new(Decoder::new(text, big_endian)),
    };
    Ok(Decompressed { reader, compression, encoding })
}

/// The first bytes of a stream, and the whole stream.
fn peek<'r, R: Read + Send + 'r>(mut reader: R, count: u64) -> io::Result<(Vec<u8>, impl Read + Send + 'r)> {
    let mut first = Vec::new();
    reader.by_ref().take(count).read_to_end(&mut first)?;
    Ok((first.clone(), Cursor::new(first).chain(reader)))
}

/// Adds the kind of compression to errors of reading.
struct NamedErrors<R> {
    compression: Compression,
    reader: R,
}

impl<R: Read> Read for NamedErrors<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            kind => io::Error::new(
                kind,
                format!("the {} stream is cut off or damaged: {error}", self.compression.word()),
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        decompress(bytes)?.reader.read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn one_text_however_it_is_compressed() {
        let text = "a,b\n1,\u{e9}\n".repeat(1_000);
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let two = [gzip(&text.as_bytes()[..10]), gzip(&text.as_bytes()[10..])].concat();
        let frames =
            text.as_bytes().chunks(999).map(|part| zstd::encode_all(part, 1).unwrap()).collect::<Vec<_>>();
        let skipped = [&b"\x50\x2a\x4d\x18\x03\0\0\0abc"[..], &frames.concat()].concat();
        for compressed in [
            text.as_bytes().to_vec(),
            gzip(text.as_bytes()),
            two,
            frames.concat(),
            skipped,
            gzip(&utf16),
            utf16,
        ] {
            assert_eq!(read(&compressed).unwrap(), text.as_bytes());
        }
        assert_eq!(read(b"").unwrap(), b"");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_a_text_or_an_error(
            start in proptest::sample::select(vec![&b""[..], b"\x1f\x8b\x08\0\0\0\0\0\0\x03", b"\x28\xb5\x2f\xfd", b"\xff\xfe", b"\xfe\xff"]),
            bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300),
        ) {
            let _ = read(&[start, &bytes].concat());
        }
    }

    #[test]
    fn a_stream_that_is_cut_off_or_damaged_is_an_error_at_every_byte() {
        let text = "a,b\n1,2\n".repeat(200);
        for compressed in [gzip(text.as_bytes()), zstd::encode_all(text.as_bytes(), 1).unwrap()] {
            for length in 5..compressed.len() {
                assert!(read(&compressed[..length]).is_err(), "{length}");
            }
        }
        let mut damaged = gzip(text.as_bytes());
        let checksum = damaged.len() - 8;
        damaged[checksum] ^= 1;
        let error = read(&damaged).unwrap_err().to_string();
        assert!(error.contains("gzip stream is cut off or damaged"), "{error}");
    }
}
