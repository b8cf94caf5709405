//! Identifiers of organisations in registers, brought into one form each, so that no spelling makes a second
//! organisation (field cases ORG-01, ORG-02, ORG-04).

use std::fmt;

use regex_lite::Regex;
use unicode_normalization::UnicodeNormalization;

use crate::{code::CountryCode, violation::Violations};

/// The longest identifier as typed, in characters.
pub const LONGEST: usize = 100;

/// Which register an identifier is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdentifierKind {
    /// VAT number, with its prefix: `EL` for Greece, `XI` for Northern Ireland.
    Vat,
    /// Legal entity identifier (ISO 17442).
    Lei,
    /// European unique identifier of a company (Regulation (EU) 2021/1042).
    Euid,
    /// Global location number (GS1).
    Gln,
    /// Number of a national register, with the country's code before it.
    National,
}

impl IdentifierKind {
    /// All of them.
    pub const ALL: [IdentifierKind; 5] = [Self::Vat, Self::Lei, Self::Euid, Self::Gln, Self::National];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vat => "vat",
            Self::Lei => "lei",
            Self::Euid => "euid",
            Self::Gln => "gln",
            Self::National => "national",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// How the VAT numbers of a prefix look.
#[derive(Debug, Clone)]
pub struct VatFormat {
    prefix: String,
    country: CountryCode,
    structure: String,
    pattern: Regex,
}

impl VatFormat {
    /// A format; the error says what is wrong with the pattern.
    pub fn new(prefix: &str, country: CountryCode, structure: &str, pattern: &str) -> Result<Self, String> {
        let pattern = Regex::new(pattern).map_err(|fault| fault.to_string())?;
        Ok(Self { prefix: prefix.to_owned(), country, structure: structure.to_owned(), pattern })
    }
}

/// The formats of VAT numbers that are known.
#[derive(Debug, Clone, Default)]
pub struct VatFormats(pub Vec<VatFormat>);

/// An identifier in its one form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identifier {
    /// Which register it is of.
    pub kind: IdentifierKind,
    /// The form.
    pub value: String,
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.as_str(), self.value)
    }
}

impl Identifier {
    /// From what was typed of an organisation of a country. Blanks, dots, dashes and case count for nothing.
    ///
    /// # Errors
    /// One violation at `pointer`: `bad_identifier`.
    pub fn parse(
        pointer: &str,
        kind: IdentifierKind,
        typed: &str,
        country: &CountryCode,
        formats: &VatFormats,
    ) -> Result<Self, Violations> {
        let bad = |detail: String| Violations::one(pointer, "bad_identifier", detail);
        if typed.chars().count() > LONGEST {
            return Err(bad(format!("has more than {LONGEST} characters; no identifier is that long")));
        }
        let compact = squeezed(typed);
        let value = match kind {
            IdentifierKind::Vat => vat(&compact, country, formats),
            IdentifierKind::Lei => lei(&compact),
            IdentifierKind::Euid => euid(typed),
            IdentifierKind::Gln => gln(&compact),
            IdentifierKind::National => national(&compact, country),
        };
        value.map(|value| Self { kind, value }).map_err(|reason| bad(format!("{typed:?} {reason}")))
    }
}

/// Upper case, and nothing but letters, digits, `+` and `*`, which Ireland and the Netherlands use.
fn squeezed(typed: &str) -> String {
    typed.nfkc().flat_map(char::to_uppercase).filter(|c| c.is_alphanumeric() || "+*".contains(*c)).collect()
}

fn vat(compact: &str, country: &CountryCode, formats: &VatFormats) -> Result<String, String> {
    // People write the country's own code where the number has another.
    let own = |format: &&VatFormat| format.country == *country;
    let aliases = [("GR", "EL")];
    let spelled = aliases.iter().find_map(|(from, to)| Some(format!("{to}{}", compact.strip_prefix(from)?)));
    let with_prefix = formats.0.iter().filter(own).map(|format| format!("{}{compact}", format.prefix));
    let candidates: Vec<String> = [compact.to_owned()].into_iter().chain(spelled).chain(with_prefix).collect();
    let fits = |value: &String| formats.0.iter().any(|format| format.pattern.is_match(value));
    if let Some(value) = candidates.into_iter().find(|value| fits(value)) {
        return Ok(value);
    }
    match formats.0.iter().find(|f| compact.starts_with(&f.prefix)).or_else(|| formats.0.iter().find(own)) {
        Some(format) => Err(format!("is no VAT number of {}: {} {}", format.country, format.prefix, format.structure)),
        None => Err(format!("is no VAT number of a prefix that is known; give it as `national` of {country}")),
    }
}

/// 18 letters and digits and two check digits: modulo 97 it is 1 (ISO 7064).
fn lei(compact: &str) -> Result<String, String> {
    let shaped = compact.len() == 20 && compact.bytes().all(|b| b.is_ascii_alphanumeric());
    let remainder = compact.chars().filter_map(|c| c.to_digit(36)).fold(0, |rest, digit| {
        let wide = if digit > 9 { 100 } else { 10 };
        (rest * wide + digit) % 97
    });
    if shaped && remainder == 1 {
        return Ok(compact.to_owned());
    }
    Err("is no LEI: 18 letters and digits, and two check digits that fit".to_owned())
}

/// Country, register, a dot, and the number in the register; `EL` for Greece.
fn euid(typed: &str) -> Result<String, String> {
    let text: String = typed.nfkc().flat_map(char::to_uppercase).filter(|c| !c.is_whitespace()).collect();
    let text = text.strip_prefix("GR").map_or(text.clone(), |rest| format!("EL{rest}"));
    let shaped = text.split_once('.').is_some_and(|(register, number)| {
        let letters = register.len() > 2 && register.bytes().take(2).all(|b| b.is_ascii_uppercase());
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-/_".contains(&b);
        letters
            && register.bytes().all(|b| b.is_ascii_alphanumeric())
            && !number.is_empty()
            && number.bytes().all(plain)
    });
    if shaped { Ok(text) } else { Err("is no EUID, such as DKCVR.11845118".to_owned()) }
}

/// 13 digits; weighed 1 and 3 in turn they are a multiple of 10 (GS1).
fn gln(compact: &str) -> Result<String, String> {
    let digits: Vec<u32> = compact.chars().filter_map(|c| c.to_digit(10)).collect();
    let sum: u32 = digits.iter().enumerate().map(|(i, digit)| if i % 2 == 0 { *digit } else { 3 * digit }).sum();
    if compact.len() == 13 && digits.len() == 13 && sum.is_multiple_of(10) {
        return Ok(compact.to_owned());
    }
    Err("is no GLN: 13 digits, of which the last fits the others".to_owned())
}

fn national(compact: &str, country: &CountryCode) -> Result<String, String> {
    let plain = (2..=40).contains(&compact.len()) && compact.bytes().all(|b| b.is_ascii_alphanumeric());
    if plain && compact.bytes().any(|b| b.is_ascii_digit()) {
        return Ok(format!("{country}:{compact}"));
    }
    Err("is no number of a register: 2 to 40 letters and digits".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formats() -> VatFormats {
        let rows = [
            ("EL", "GR", "9 digits", r"^EL\d{9}$"),
            ("XI", "GB", "9 or 12 digits", r"^XI(\d{9}|\d{12})$"),
            ("DE", "DE", "9 digits", r"^DE\d{9}$"),
            ("AT", "AT", "U and 8 digits", r"^ATU\d{8}$"),
        ];
        let format = |(prefix, country, structure, pattern): &(&str, &str, &str, &str)| {
            VatFormat::new(prefix, CountryCode::new(country), structure, pattern).unwrap()
        };
        VatFormats(rows.iter().map(format).collect())
    }

    fn read(kind: IdentifierKind, typed: &str, country: &str) -> Result<String, String> {
        let parsed = Identifier::parse("/value", kind, typed, &CountryCode::new(country), &formats());
        parsed.map(|id| id.value).map_err(|v| v.to_string())
    }

    #[test]
    fn org_01_org_02_and_org_04_every_spelling_is_one_number() {
        for typed in ["EL123456783", "GR123456783", "123456783", "el 123.456.783"] {
            assert_eq!(read(IdentifierKind::Vat, typed, "GR").as_deref(), Ok("EL123456783"), "{typed}");
        }
        for typed in [
            "DE 123 456 788",
            "de123456788",
            "DE123.456.788",
            "123456788",
            "DE\u{a0}123\u{2013}456\u{2013}788",
            "ＤＥ１２３４５６７８８",
        ] {
            assert_eq!(read(IdentifierKind::Vat, typed, "DE").as_deref(), Ok("DE123456788"), "{typed}");
        }
        assert_eq!(read(IdentifierKind::Vat, "XI 123 4567 89", "GB").as_deref(), Ok("XI123456789"));
        assert_eq!(read(IdentifierKind::Vat, "ATU12345678", "DE").as_deref(), Ok("ATU12345678"));
        assert!(read(IdentifierKind::Vat, "DE12345", "DE").unwrap_err().contains("9 digits"));
        assert!(read(IdentifierKind::Vat, "12-3456789", "US").unwrap_err().contains("national"));
    }

    #[test]
    fn check_digits_of_lei_and_gln_are_computed() {
        // The LEI of the foundation that gives them out, and the GLN of the standard's example.
        assert_eq!(read(IdentifierKind::Lei, "5067 00GE1G29325QX363", "CH").as_deref(), Ok("506700GE1G29325QX363"));
        assert!(read(IdentifierKind::Lei, "506700GE1G29325QX364", "CH").is_err());
        assert_eq!(read(IdentifierKind::Gln, "4012345000009", "DE").as_deref(), Ok("4012345000009"));
        assert!(read(IdentifierKind::Gln, "4012345000008", "DE").is_err());
        assert_eq!(read(IdentifierKind::Euid, "dkcvr.11845118", "DK").as_deref(), Ok("DKCVR.11845118"));
        assert_eq!(read(IdentifierKind::Euid, "GRGEMI.077700527000", "GR").as_deref(), Ok("ELGEMI.077700527000"));
        assert!(read(IdentifierKind::Euid, "11845118", "DK").is_err());
        assert_eq!(read(IdentifierKind::National, "732 829 320 00074", "FR").as_deref(), Ok("FR:73282932000074"));
        assert!(read(IdentifierKind::National, "n/a", "FR").is_err());
    }
}
