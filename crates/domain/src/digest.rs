//! SHA-256 over the JSON of a value: what tells one market, catalogue or result from another.

use std::{fmt, io};

use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// A SHA-256; shown as 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Of the compact JSON of a value. Equal values have equal digests as long as no part of them
    /// keeps its order to itself, as a hash map does.
    pub fn of_json(value: &(impl Serialize + ?Sized)) -> Self {
        let mut hasher = Hasher::default();
        // A hasher takes every byte, and the keys of what is hashed here are text.
        let written = serde_json::to_writer(&mut hasher, value);
        debug_assert!(written.is_ok());
        hasher.end()
    }

    /// Of bytes as they are.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Works out a digest of bytes that come piece by piece.
#[derive(Debug, Default)]
pub struct Hasher(Sha256);

impl Hasher {
    /// The digest of all that came.
    pub fn end(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

impl io::Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_of_the_json_text() {
        // FIPS 180-2, appendix B.1: the digest of "abc".
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Digest::of_bytes(b"abc").to_string(), abc);
        assert_eq!(Digest::of_json("abc"), Digest::of_bytes(b"\"abc\""));
        assert_eq!(Digest::of_json(&[1, 2]), Digest::of_bytes(b"[1,2]"));
    }
}
