//! Exact decimal numbers, read from their digits and never through a float.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// `mantissa / 10^scale`, with at most 30 significant digits and a scale of at most 12.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    mantissa: i128,
    scale: u32,
}

/// Why a text is no number of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// Not `-?digits(.digits)?(e+-digits)?`.
    #[error("is not a number")]
    NotANumber,
    /// More than 30 digits or beyond 10^30.
    #[error("has too many digits")]
    TooLong,
}

impl Decimal {
    /// A whole number.
    pub fn whole(value: i64) -> Self {
        Self { mantissa: i128::from(value), scale: 0 }
    }

    /// The number times `numerator / denominator`, if that is a whole number; else, or where a step leaves
    /// 128 bits, `None`.
    pub fn scaled_to_whole(self, numerator: i128, denominator: i128) -> Option<i128> {
        let divisor = 10_i128.checked_pow(self.scale)?.checked_mul(denominator)?;
        let product = self.mantissa.checked_mul(numerator)?;
        (product % divisor == 0).then(|| product / divisor)
    }

    /// Whether it is below zero.
    pub fn is_negative(self) -> bool {
        self.mantissa < 0
    }

    /// Whether it is zero.
    pub fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// Numerator and denominator, the latter a power of ten.
    pub fn fraction(self) -> (i128, i128) {
        (self.mantissa, 10_i128.pow(self.scale.min(12)))
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let (negative, body) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (digits, exponent) = match body.split_once(['e', 'E']) {
            Some((d, e)) => (d, exponent(e)?),
            None => (body, 0),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((w, f)) if !f.is_empty() => (w, f),
            Some(_) => return Err(DecimalError::NotANumber),
            None => (digits, ""),
        };
        if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
            return Err(DecimalError::NotANumber);
        }
        let fraction_digits = i32::try_from(fraction.len()).map_err(|_| DecimalError::TooLong)?;
        let mut scale = fraction_digits.checked_sub(exponent).ok_or(DecimalError::TooLong)?;
        let mut digits = format!("{whole}{fraction}");
        while scale > 0 && digits.len() > 1 && digits.ends_with('0') {
            digits.pop();
            scale -= 1;
        }
        if digits.bytes().all(|b| b == b'0') {
            return Ok(Self::whole(0));
        }
        let digits = digits.trim_start_matches('0');
        if scale > 12 || digits.len() > 30 || scale < -30 {
            return Err(DecimalError::TooLong);
        }
        let mut mantissa: i128 = digits.parse().map_err(|_| DecimalError::TooLong)?;
        while scale < 0 {
            mantissa = mantissa.checked_mul(10).filter(|m| *m < 10_i128.pow(30)).ok_or(DecimalError::TooLong)?;
            scale += 1;
        }
        let scale = u32::try_from(scale).map_err(|_| DecimalError::TooLong)?;
        Ok(Self { mantissa: if negative { -mantissa } else { mantissa }, scale })
    }
}

/// The power of ten after an `e`: digits with at most one sign.
fn exponent(text: &str) -> Result<i32, DecimalError> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(DecimalError::NotANumber);
    }
    text.parse().map_err(|_| DecimalError::TooLong)
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, sign) = (10_u128.pow(self.scale.min(12)), if self.mantissa < 0 { "-" } else { "" });
        let magnitude = self.mantissa.unsigned_abs();
        if self.scale == 0 {
            return write!(f, "{sign}{magnitude}");
        }
        let width = usize::try_from(self.scale).unwrap_or(0);
        write!(f, "{sign}{}.{:0width$}", magnitude / unit, magnitude % unit)
    }
}

impl Serialize for Decimal {
    /// As text, since JSON numbers are read as floats by too many.
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_survive() {
        for (text, shown) in [
            ("12.5", "12.5"),
            ("1.0", "1"),
            ("-0.050", "-0.05"),
            ("1e3", "1000"),
            ("1.5E-2", "0.015"),
            ("0", "0"),
            ("-0", "0"),
            ("0.0000001", "0.0000001"),
        ] {
            assert_eq!(text.parse::<Decimal>().unwrap().to_string(), shown, "{text}");
        }
    }

    #[test]
    fn num_07_what_is_no_number_is_refused() {
        for text in [
            "", ".", "1.", ".5", "5-10k", "50+", "~500", "n/a", "½", "1,000", "1 000", "+5", "0x10", "NaN", "1e",
            "1e1e1", "1e+-5", "1e++5", "1e-+5", "1e 5", "1e5.0",
        ] {
            assert_eq!(text.parse::<Decimal>(), Err(DecimalError::NotANumber), "{text}");
        }
        assert_eq!("1e30".parse::<Decimal>(), Err(DecimalError::TooLong));
        assert_eq!("1e999999999".parse::<Decimal>(), Err(DecimalError::TooLong));
        assert_eq!("1e99999999999999".parse::<Decimal>(), Err(DecimalError::TooLong));
    }
}
