//! Postcodes, in the one form that tables and look-ups share.

use std::{borrow::Borrow, fmt};

use crate::{code::CountryCode, violation::Violations};

/// The longest postcode in use (Iran, the United States with ZIP+4) has 10 signs; Eircodes have 7.
const MOST: usize = 12;

/// A postcode or the beginning of one: upper case, letters A to Z and digits alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Postcode(String);

impl Postcode {
    /// A postcode of a country as typed, normalised: the country's code with a hyphen before it is left out
    /// (`LV-5135`, `AT-1010`, as the Universal Postal Union writes them), blanks and hyphens go, letters become
    /// upper case. So `3846 ag` and `3846AG` are one, and `50-561` is `50561`.
    ///
    /// # Errors
    /// One fault at `pointer` where nothing is left, or anything but letters and digits, or more than 12 signs.
    pub fn parse(pointer: &str, country: &CountryCode, typed: &str) -> Result<Self, Violations> {
        let upper = typed.trim().to_uppercase();
        let behind_country = upper.strip_prefix(country.as_str()).and_then(|rest| rest.trim_start().strip_prefix('-'));
        let kept = behind_country.unwrap_or(&upper).chars().filter(|c| !c.is_whitespace() && *c != '-');
        // One sign more than is legal is enough to refuse it.
        let code: String = kept.take(MOST + 1).collect();
        if code.is_empty() {
            return Err(Violations::one(pointer, "blank", "is blank; write a postcode such as 13001, or leave it out"));
        }
        if code.len() > MOST || !code.bytes().all(|b| b.is_ascii_alphanumeric()) {
            let shown: String = typed.chars().take(40).collect();
            let detail = format!("{shown:?} is no postcode; write 1 to {MOST} letters and digits such as 13001");
            return Err(Violations::one(pointer, "bad_postcode", detail));
        }
        Ok(Self(code))
    }

    /// It as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Itself and what it begins with, the longest first.
    pub fn prefixes(&self) -> impl Iterator<Item = &str> {
        (1..=self.0.len()).rev().filter_map(|length| self.0.get(..length))
    }
}

impl fmt::Display for Postcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for Postcode {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(country: &str, typed: &str) -> Result<String, &'static str> {
        let country = CountryCode::new(country);
        Postcode::parse("/postcode", &country, typed).map(|p| p.0).map_err(|v| v.as_slice()[0].code)
    }

    #[test]
    fn spellings_of_one_postcode_are_one() {
        for (country, typed, code) in [
            ("NL", "3846 ag", "3846AG"),
            ("PL", " 50-561 ", "50561"),
            ("CZ", "471\u{a0}28", "47128"),
            ("LV", "LV-5135", "5135"),
            ("LV", "lv - 5135", "5135"),
            ("AT", "AT-1010", "1010"),
            ("GB", "GB1 2CD", "GB12CD"),
            ("MT", "MTP 1001", "MTP1001"),
            ("DE", "D-10115", "D10115"),
        ] {
            assert_eq!(parsed(country, typed).as_deref(), Ok(code), "{typed}");
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        for (typed, code) in [
            ("", "blank"),
            (" - ", "blank"),
            ("DE-", "blank"),
            ("13.001", "bad_postcode"),
            ("1300é", "bad_postcode"),
            ("1234567890123", "bad_postcode"),
            ("١٣٠٠١", "bad_postcode"),
        ] {
            assert_eq!(parsed("DE", typed), Err(code), "{typed}");
        }
    }

    #[test]
    fn the_longest_prefix_comes_first() {
        let postcode = Postcode::parse("", &CountryCode::new("IE"), "F12").unwrap();
        assert_eq!(postcode.prefixes().collect::<Vec<_>>(), ["F12", "F1", "F"]);
    }
}
