//! Evidence files of certificates: what a file may be, told by its bytes and never by its name.

use unicode_normalization::UnicodeNormalization;

use crate::{
    ids::{CertificateId, EvidenceId, OfferId},
    time::Instant,
    violation::Violations,
};

/// The most files of one certificate.
pub const MOST_FILES: usize = 5;
/// The most bytes of one file where the operator says nothing.
pub const MOST_BYTES: usize = 10 * 1024 * 1024;
/// The most bytes of all files of one organisation.
pub const MOST_OF_ORGANISATION: u64 = 256 * 1024 * 1024;
/// The longest name of a file, in characters.
const LONGEST_NAME: usize = 120;

/// What an evidence file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileType {
    /// A PDF document.
    Pdf,
    /// A PNG picture.
    Png,
    /// A JPEG picture.
    Jpeg,
}

impl FileType {
    /// All of them.
    pub const ALL: [FileType; 3] = [Self::Pdf, Self::Png, Self::Jpeg];

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
        }
    }

    /// From its media type.
    pub fn parse(media_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.media_type() == media_type)
    }

    /// What the first bytes of a file say that it is.
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| bytes.starts_with(kind.magic()))
    }

    fn magic(self) -> &'static [u8] {
        match self {
            Self::Pdf => b"%PDF-",
            Self::Png => b"\x89PNG\r\n\x1a\n",
            Self::Jpeg => b"\xff\xd8\xff",
        }
    }

    fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Png => "png",
            Self::Jpeg => "jpg",
        }
    }
}

/// A file that is filed as evidence of a certificate, without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Its id.
    pub id: EvidenceId,
    /// The offer whose certificate it is about.
    pub offer: OfferId,
    /// The certificate.
    pub certificate: CertificateId,
    /// Its name, made harmless.
    pub name: String,
    /// What it is.
    pub file_type: FileType,
    /// Its length in bytes.
    pub size: u64,
    /// The SHA-256 of its bytes, in hex.
    pub sha256: String,
    /// When it came.
    pub created_at: Instant,
}

/// What the bytes of a file are, if they may be filed.
///
/// # Errors
/// Without a pointer: `blank` where there are none, `unknown_file_type` where they are none of the three,
/// `other_file_type` where they are another than was announced.
pub fn check(bytes: &[u8], announced: FileType) -> Result<FileType, Violations> {
    if bytes.is_empty() {
        return Err(Violations::one("", "blank", "is empty; send the bytes of the file"));
    }
    match FileType::of_bytes(bytes) {
        Some(found) if found == announced => Ok(found),
        Some(found) => {
            let (found, announced) = (found.media_type(), announced.media_type());
            let detail = format!("is {found} and was announced as {announced}; send the Content-Type of the file");
            Err(Violations::one("", "other_file_type", detail))
        }
        None => {
            let detail = "is neither PDF nor PNG nor JPEG by its first bytes; save it as one of these and send that";
            Err(Violations::one("", "unknown_file_type", detail))
        }
    }
}

/// A name that no system reads as anything but a name: letters, digits, spaces, dots, dashes and underscores of what was
/// typed behind the last slash, with the ending of what the file is.
pub fn file_name(typed: Option<&str>, file_type: FileType) -> String {
    let last = typed.unwrap_or_default().rsplit(['/', '\\']).next().unwrap_or_default();
    let plain = |c: char| if c.is_alphanumeric() || " -_.".contains(c) { c } else { '_' };
    let ending = file_type.extension();
    let composed: String = last.nfc().collect();
    let stem = composed.rsplit_once('.').map_or(composed.as_str(), |(stem, _)| stem);
    let stem: String = stem.chars().map(plain).take(LONGEST_NAME).collect();
    let stem = stem.trim_matches([' ', '.', '_']);
    let stem = if stem.is_empty() { "evidence" } else { stem };
    format!("{stem}.{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_bytes_say() {
        let says = |bytes: &[u8], announced| match check(bytes, announced) {
            Ok(found) => found.media_type().to_owned(),
            Err(faults) => faults.as_slice()[0].code.to_owned(),
        };
        assert_eq!(says(b"%PDF-1.7 x", FileType::Pdf), "application/pdf");
        assert_eq!(says(b"\x89PNG\r\n\x1a\n..", FileType::Png), "image/png");
        assert_eq!(says(b"\xff\xd8\xff\xe0", FileType::Jpeg), "image/jpeg");
        assert_eq!(says(b"%PDF-1.7", FileType::Png), "other_file_type");
        for bytes in [&b"<html><script>"[..], b"MZ", b" %PDF-1.7", b"%PD", b"GIF89a", b"PK\x03\x04"] {
            assert_eq!(says(bytes, FileType::Pdf), "unknown_file_type");
        }
        assert_eq!(says(b"", FileType::Pdf), "blank");
    }

    #[test]
    fn names_are_made_harmless() {
        for (typed, name) in [
            ("Zertifikat FFP2.pdf", "Zertifikat FFP2.pdf"),
            ("../../etc/passwd", "passwd.pdf"),
            ("C:\\Users\\ann\\a.b.exe", "a.b.pdf"),
            ("x\r\nSet-Cookie: a=b.pdf", "x__Set-Cookie_ a_b.pdf"),
            ("\"quoted\";.html", "quoted.pdf"),
            ("...", "evidence.pdf"),
            ("", "evidence.pdf"),
            ("u\u{308}.jpg", "\u{fc}.pdf"),
            ("\u{202e}fdp.exe", "fdp.pdf"),
        ] {
            assert_eq!(file_name(Some(typed), FileType::Pdf), name, "{typed:?}");
        }
        assert_eq!(file_name(None, FileType::Jpeg), "evidence.jpg");
        assert!(file_name(Some(&"x".repeat(9_999)), FileType::Pdf).len() < 130);
    }
}
