//! Bytes of a file into text: UTF-8, UTF-16 with a byte order mark, Windows-1252 where declared.
//!
//! Nothing is guessed. A byte order mark settles the matter; without one the bytes must be UTF-8,
//! unless whoever sends the file declares Windows-1252. Everything else is refused, naming the byte
//! (field cases IMP-01, IMP-04).

use std::borrow::Cow;

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};
use serde::{Deserialize, Serialize};

/// An encoding that a mapping may declare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encoding {
    /// UTF-8, what is assumed where nothing is declared.
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16, either byte order; the file must start with a byte order mark.
    #[serde(rename = "utf-16")]
    Utf16,
    /// Windows-1252, which every sequence of bytes is, so it counts only when declared.
    #[serde(rename = "windows-1252")]
    Windows1252,
}

/// Why bytes are no text of the declared encoding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A byte that UTF-8 does not allow.
    #[error(
        "byte {offset} (line {line}) is 0x{byte:02X}, which is not UTF-8; save the file as UTF-8, or declare \
         encoding = \"windows-1252\" in the mapping if it comes from an older Windows program"
    )]
    NotUtf8 {
        /// Offset from the start of the file, 0 for the first byte.
        offset: usize,
        /// Physical line, 1 for the first.
        line: u32,
        /// The byte.
        byte: u8,
    },
    /// Half of a UTF-16 pair, or half of a unit at the end.
    #[error("byte {offset} (line {line}) breaks UTF-16; save the file as UTF-8")]
    NotUtf16 {
        /// Offset from the start of the file.
        offset: usize,
        /// Physical line, 1 for the first.
        line: u32,
    },
    /// UTF-16 whose byte order cannot be known.
    #[error(
        "byte {offset} and many others are NUL, as in UTF-16 without a byte order mark; this encoding is not \
         supported, so save the file as UTF-8"
    )]
    Utf16WithoutMark {
        /// Offset of the first NUL.
        offset: usize,
    },
    /// UTF-16 is declared, and there is no byte order mark.
    #[error("UTF-16 is declared, but the file does not start with a byte order mark; save it as UTF-8")]
    MarkMissing,
    /// Windows-1252 is declared, and the bytes are plainly UTF-8.
    #[error(
        "Windows-1252 is declared, but byte {offset} starts a letter written in UTF-8; remove `encoding` from the \
         mapping"
    )]
    ReallyUtf8 {
        /// Offset of the first byte above 0x7F.
        offset: usize,
    },
}

/// Decodes a whole file, without its byte order mark.
pub fn decode(bytes: &[u8], declared: Option<Encoding>) -> Result<Cow<'_, str>, DecodeError> {
    if let Some(rest) = bytes.strip_prefix(b"\xEF\xBB\xBF") {
        return utf8(rest, 3);
    }
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return utf16(bytes).map(Cow::Owned);
    }
    match declared {
        Some(Encoding::Utf16) => Err(DecodeError::MarkMissing),
        Some(Encoding::Windows1252) => windows_1252(bytes),
        Some(Encoding::Utf8) | None => {
            refuse_markless_utf16(bytes)?;
            utf8(bytes, 0)
        }
    }
}

fn utf8(bytes: &[u8], skipped: usize) -> Result<Cow<'_, str>, DecodeError> {
    std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|e| {
        let at = e.valid_up_to();
        let byte = bytes.get(at).copied().unwrap_or_default();
        DecodeError::NotUtf8 { offset: at + skipped, line: line_of(&bytes[..at]), byte }
    })
}

fn utf16(bytes: &[u8]) -> Result<String, DecodeError> {
    let little = bytes.starts_with(b"\xFF\xFE");
    let body = bytes.get(2..).unwrap_or_default();
    let whole = body.get(..body.len() - body.len() % 2).unwrap_or_default();
    let coding = if little { UTF_16LE } else { UTF_16BE };
    match coding.decode_without_bom_handling_and_without_replacement(whole) {
        Some(text) if whole.len() == body.len() => Ok(text.into_owned()),
        Some(text) => Err(DecodeError::NotUtf16 { offset: bytes.len() - 1, line: line_of(text.as_bytes()) }),
        None => {
            let units = whole.as_chunks::<2>().0.iter().map(|pair| match little {
                true => u16::from_le_bytes(*pair),
                false => u16::from_be_bytes(*pair),
            });
            let (mut offset, mut line) = (2, 1);
            for unit in char::decode_utf16(units) {
                match unit {
                    Ok(c) => {
                        offset += 2 * c.len_utf16();
                        line += u32::from(c == '\n');
                    }
                    Err(_) => break,
                }
            }
            Err(DecodeError::NotUtf16 { offset, line })
        }
    }
}

/// Windows-1252, unless the bytes above 0x7F form UTF-8, which text in Windows-1252 never does by
/// accident: reading it anyway would turn "Müller" into mojibake.
fn windows_1252(bytes: &[u8]) -> Result<Cow<'_, str>, DecodeError> {
    let high = bytes.iter().position(|b| *b > 0x7F);
    match high {
        Some(offset) if std::str::from_utf8(bytes).is_ok() => Err(DecodeError::ReallyUtf8 { offset }),
        _ => Ok(WINDOWS_1252.decode_without_bom_handling(bytes).0),
    }
}

/// A quarter of NULs in the first 4 KiB is no text with a stray NUL (which only its row pays for)
/// but another encoding.
fn refuse_markless_utf16(bytes: &[u8]) -> Result<(), DecodeError> {
    let head = bytes.get(..4096).unwrap_or(bytes);
    let nuls = head.iter().filter(|b| **b == 0).count();
    match head.iter().position(|b| *b == 0) {
        Some(offset) if nuls * 4 >= head.len() => Err(DecodeError::Utf16WithoutMark { offset }),
        _ => Ok(()),
    }
}

fn line_of(before: &[u8]) -> u32 {
    let breaks = before.iter().filter(|b| **b == b'\n').count();
    u32::try_from(breaks).unwrap_or(u32::MAX).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_settles_it() {
        assert_eq!(decode(b"\xEF\xBB\xBFa;b", None).unwrap(), "a;b");
        assert_eq!(decode(b"\xFF\xFEM\0\xFC\0", None).unwrap(), "Mü");
        assert_eq!(decode(b"\xFE\xFF\0M\0\xFC", Some(Encoding::Utf16)).unwrap(), "Mü");
    }

    #[test]
    fn wrong_bytes_are_named() {
        let latin = b"product\nM\xFCller";
        assert_eq!(decode(latin, None), Err(DecodeError::NotUtf8 { offset: 9, line: 2, byte: 0xFC }));
        assert_eq!(decode(latin, Some(Encoding::Windows1252)).unwrap(), "product\nMüller");
        assert_eq!(decode(b"10 \x96 20", Some(Encoding::Windows1252)).unwrap(), "10 – 20");
        assert_eq!(
            decode("Müller".as_bytes(), Some(Encoding::Windows1252)),
            Err(DecodeError::ReallyUtf8 { offset: 1 })
        );
        assert_eq!(decode(b"a\0b\0c\0", None), Err(DecodeError::Utf16WithoutMark { offset: 1 }));
        assert_eq!(decode(b"a;b", Some(Encoding::Utf16)), Err(DecodeError::MarkMissing));
        assert_eq!(decode(b"\xFF\xFEa\0\n\0\x00\xD8a\0", None), Err(DecodeError::NotUtf16 { offset: 6, line: 2 }));
        assert_eq!(decode(b"\xFF\xFEa\0b", None), Err(DecodeError::NotUtf16 { offset: 4, line: 1 }));
    }
}
