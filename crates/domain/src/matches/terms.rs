//! What the sides state of a match: a recorded intention, never a contract.

use serde::{Deserialize, Serialize};

use crate::{offer::Transfer, price::Price, violation::Violations};

/// The rules of Incoterms 2020 (ICC publication 723).
pub const INCOTERMS: [&str; 11] = ["EXW", "FCA", "CPT", "CIP", "DAP", "DPU", "DDP", "FAS", "FOB", "CFR", "CIF"];

/// What the sides state. The buyer states what he buys under; either side what for and how, until one has accepted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MatchTerms {
    /// The procurement basis, as the buyer names it.
    pub basis: Option<String>,
    /// The buyer's reference.
    pub reference: Option<String>,
    /// The number of the order that followed.
    pub order_number: Option<String>,
    /// Whether it is a sale, a donation or a loan.
    pub transfer: Option<Transfer>,
    /// The price of a base unit, without VAT.
    pub price: Option<Price>,
    /// VAT in hundredths of a per cent.
    pub vat: Option<u16>,
    /// The rule of Incoterms 2020.
    pub incoterm: Option<String>,
}

impl MatchTerms {
    /// Checks what was typed, and writes the rule in capitals.
    ///
    /// # Errors
    /// Every fault.
    pub fn checked(mut self) -> Result<Self, Violations> {
        let mut faults = Violations::new();
        if let Some(typed) = &mut self.incoterm {
            *typed = typed.trim().to_uppercase();
            if !INCOTERMS.contains(&typed.as_str()) {
                let detail = format!("{typed:?} is no rule of Incoterms 2020; write one of: {}", INCOTERMS.join(", "));
                faults.push("/incoterm", "unknown_value", detail);
            }
        }
        if self.vat.is_some_and(|vat| vat > 10_000) {
            let detail =
                "VAT is in hundredths of a per cent; write a whole number from 0 to 10000, such as 1900 for 19 %";
            faults.push("/vat", "out_of_range", detail);
        }
        if self.price.is_some() && self.transfer.is_some_and(|transfer| transfer != Transfer::Sale) {
            faults.push("/price", "not_for_sale", "only a sale has a price; leave one of the two out");
        }
        faults.into_result()?;
        Ok(self)
    }

    /// Whether two differ in what both sides agree to.
    pub fn differs_for_both(&self, other: &Self) -> bool {
        let of = |t: &Self| (t.transfer, t.price, t.vat, t.incoterm.clone());
        of(self) != of(other)
    }

    /// Whether two differ in what the buyer alone states.
    pub fn differs_for_buyer(&self, other: &Self) -> bool {
        let of = |t: &Self| (t.basis.clone(), t.reference.clone(), t.order_number.clone());
        of(self) != of(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_checked_all_at_once() {
        let price = Some(Price { micros: 1, currency: crate::price::Currency::parse("EUR").unwrap() });
        let wrong = MatchTerms {
            incoterm: Some("cod".to_owned()),
            vat: Some(10_001),
            transfer: Some(Transfer::Donation),
            price,
            ..MatchTerms::default()
        };
        let pointers: Vec<_> = wrong.checked().unwrap_err().into_vec().into_iter().map(|v| v.pointer).collect();
        assert_eq!(pointers, ["/incoterm", "/vat", "/price"]);
        let right = MatchTerms { incoterm: Some(" dap".to_owned()), price, ..MatchTerms::default() };
        assert_eq!(right.checked().unwrap().incoterm.as_deref(), Some("DAP"));
    }
}
