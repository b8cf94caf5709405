//! Why a need or a match ended, as people type it and as it is named.

use crate::{matches::ClosingReason, text, violation::Violations};

impl ClosingReason {
    /// The codes that people state, in the order of their list.
    pub const CODES: [&'static str; 13] = [
        "no_supply",
        "no_contact_supplier",
        "no_contact_buyer",
        "need_gone",
        "prefers_other",
        "price",
        "quality",
        "certificate",
        "logistics",
        "recall",
        "duplicate",
        "test",
        "other",
    ];

    /// From a code, with words where it is `other`.
    ///
    /// # Errors
    /// Faults at `/reason` and `/text`.
    pub fn check(code: &str, words: Option<&str>) -> Result<Self, Violations> {
        let words = words.map(str::trim).filter(|words| !words.is_empty());
        let plain = match code {
            "no_supply" => Self::NoSupply,
            "no_contact_supplier" => Self::NoContactSupplier,
            "no_contact_buyer" => Self::NoContactBuyer,
            "need_gone" => Self::NeedGone,
            "prefers_other" => Self::PrefersOther,
            "price" => Self::Price,
            "quality" => Self::Quality,
            "certificate" => Self::Certificate,
            "logistics" => Self::Logistics,
            "recall" => Self::Recall,
            "duplicate" => Self::Duplicate,
            "test" => Self::Test,
            "other" => {
                let missing = || Violations::one("/text", "missing", "is missing; say the other reason in words");
                return Ok(Self::Other(text::note("/text", words.ok_or_else(missing)?)?));
            }
            unknown => {
                let detail = format!("{unknown:?} is not one of: {}", Self::CODES.join(", "));
                return Err(Violations::one("/reason", "unknown_value", detail));
            }
        };
        if words.is_some() {
            return Err(Violations::one("/text", "does_not_apply", "goes with other alone; leave it out"));
        }
        Ok(plain)
    }

    /// Its code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSupply => "no_supply",
            Self::NoContactSupplier => "no_contact_supplier",
            Self::NoContactBuyer => "no_contact_buyer",
            Self::NeedGone => "need_gone",
            Self::PrefersOther => "prefers_other",
            Self::Price => "price",
            Self::Quality => "quality",
            Self::Certificate => "certificate",
            Self::Logistics => "logistics",
            Self::Recall => "recall",
            Self::Duplicate => "duplicate",
            Self::Test => "test",
            Self::Chain => "chain",
            Self::Other(_) => "other",
        }
    }

    /// What it says in words, where it does.
    pub fn words(&self) -> Option<&str> {
        match self {
            Self::Other(words) => Some(words),
            Self::NoSupply | Self::NoContactSupplier | Self::NoContactBuyer | Self::NeedGone | Self::PrefersOther => {
                None
            }
            Self::Price | Self::Quality | Self::Certificate | Self::Logistics | Self::Recall => None,
            Self::Duplicate | Self::Test | Self::Chain => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_read_and_named() {
        for code in ClosingReason::CODES {
            let words = (code == "other").then_some("the ward moved");
            let reason = ClosingReason::check(code, words).unwrap();
            assert_eq!((reason.code(), reason.words()), (code, words));
        }
        for (code, words, fault) in [
            ("gone", None, "unknown_value"),
            ("other", None, "missing"),
            ("other", Some("  "), "missing"),
            ("price", Some("12 euro"), "does_not_apply"),
        ] {
            assert_eq!(ClosingReason::check(code, words).unwrap_err().as_slice()[0].code, fault, "{code}");
        }
    }
}
