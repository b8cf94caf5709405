//! Prices: exact, per base unit, in a stated currency; compared only within one.

use serde::{Deserialize, Serialize};

use crate::{decimal::Decimal, violation::Violations};

/// An amount per base unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Price {
    /// Millionths of the currency per base unit.
    pub micros: i64,
    /// ISO 4217 code.
    pub currency: Currency,
}

/// An ISO 4217 code, three capital letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// From three letters, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 3] = text.trim().as_bytes().try_into().ok()?;
        bytes.iter().all(u8::is_ascii_alphabetic).then(|| Self(bytes.map(|b| b.to_ascii_uppercase())))
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not an ISO 4217 code"))
    }
}

impl Price {
    /// From an amount per base unit as typed. At most 10^9 of the currency, down to a millionth.
    pub fn parse(pointer: &str, amount: Decimal, currency: &str) -> Result<Self, Violations> {
        let mut faults = Violations::new();
        let code = Currency::parse(currency);
        if code.is_none() {
            let detail = format!("{currency:?} is no currency; write an ISO 4217 code such as EUR");
            faults.push(format!("{pointer}/currency"), "unknown_currency", detail);
        }
        let micros = amount
            .scaled_to_whole(1_000_000, 1)
            .and_then(|m| i64::try_from(m).ok())
            .filter(|m| (0..=1_000_000_000_000_000).contains(m));
        if micros.is_none() {
            let detail =
                format!("{amount} is no price; write an amount per base unit from 0 to 10^9 with at most 6 decimals");
            faults.push(format!("{pointer}/amount"), "bad_price", detail);
        }
        match (micros, code) {
            (Some(micros), Some(currency)) => Ok(Self { micros, currency }),
            (_, _) => Err(faults),
        }
    }
}
