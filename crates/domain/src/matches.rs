//! Matches: a quantity of an offer put to an instalment, its six quantities and its life.

use serde::{Deserialize, Serialize};

use crate::{quantity::Quantity, violation::Violations};

mod closing;
mod contact;
mod life;
mod terms;

pub use contact::contact_in;
pub use life::{Account, Entry, EntryKind, Refusal, Side, Step};
pub use terms::{INCOTERMS, MatchTerms};

/// Where a match stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchState {
    /// A run says it would be good; nothing is held.
    Suggested,
    /// Put to both sides and held until a deadline.
    Proposed,
    /// The supplier accepted; the buyer has not answered.
    AcceptedBySupplier,
    /// The buyer accepted; the supplier has not answered.
    AcceptedByBuyer,
    /// Both sides accepted: a recorded intention that takes capacity.
    Agreed,
    /// Goods are on their way.
    InDelivery,
    /// Goods were received and checked.
    Fulfilled,
    /// One side said no.
    Declined,
    /// The deadline passed.
    Expired,
    /// Ended after it was agreed.
    Cancelled,
}

impl MatchState {
    /// All states.
    pub const ALL: [MatchState; 10] = [
        Self::Suggested,
        Self::Proposed,
        Self::AcceptedBySupplier,
        Self::AcceptedByBuyer,
        Self::Agreed,
        Self::InDelivery,
        Self::Fulfilled,
        Self::Declined,
        Self::Expired,
        Self::Cancelled,
    ];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Suggested => "suggested",
            Self::Proposed => "proposed",
            Self::AcceptedBySupplier => "accepted_by_supplier",
            Self::AcceptedByBuyer => "accepted_by_buyer",
            Self::Agreed => "agreed",
            Self::InDelivery => "in_delivery",
            Self::Fulfilled => "fulfilled",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == name)
    }

    /// Whether a match may go from this state to another.
    pub fn may_become(self, next: MatchState) -> bool {
        let open = [Self::Suggested, Self::Proposed, Self::AcceptedBySupplier, Self::AcceptedByBuyer];
        match next {
            Self::Suggested => false,
            Self::Proposed => self == Self::Suggested,
            Self::AcceptedBySupplier | Self::AcceptedByBuyer => self == Self::Proposed,
            Self::Agreed => matches!(self, Self::AcceptedBySupplier | Self::AcceptedByBuyer),
            Self::InDelivery => self == Self::Agreed,
            Self::Fulfilled => self == Self::InDelivery,
            Self::Declined | Self::Expired => open.contains(&self),
            Self::Cancelled => matches!(self, Self::Agreed | Self::InDelivery),
        }
    }

    /// Whether it takes capacity of its offer: proposed and accepted ones are held, the rest agreed.
    pub fn takes_capacity(self) -> bool {
        match self {
            Self::Proposed | Self::AcceptedBySupplier | Self::AcceptedByBuyer | Self::Agreed | Self::InDelivery => true,
            Self::Suggested | Self::Fulfilled | Self::Declined | Self::Expired | Self::Cancelled => false,
        }
    }

    /// Whether it waits for an answer and holds until a deadline.
    pub fn is_held(self) -> bool {
        match self {
            Self::Proposed | Self::AcceptedBySupplier | Self::AcceptedByBuyer => true,
            Self::Suggested | Self::Agreed | Self::InDelivery => false,
            Self::Fulfilled | Self::Declined | Self::Expired | Self::Cancelled => false,
        }
    }
}

impl MatchState {
    /// Whether the supplier accepted it, from when on each side may learn who the other is: exclusion, sanctions and
    /// samples are looked into before it is agreed. What was agreed and then cancelled stays open, since recalls and
    /// claims come later.
    pub fn opens_the_sides(self) -> bool {
        match self {
            Self::AcceptedBySupplier | Self::Agreed | Self::InDelivery | Self::Fulfilled | Self::Cancelled => true,
            Self::Suggested | Self::Proposed | Self::AcceptedByBuyer | Self::Declined | Self::Expired => false,
        }
    }
}

/// How far a sample is, which a buyer may ask for before he accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sample {
    /// The buyer asked for one, and has not said what he thinks of it.
    Requested,
    /// It is good.
    Approved,
    /// It is not.
    Refused,
}

impl Sample {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Approved => "approved",
            Self::Refused => "refused",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Requested, Self::Approved, Self::Refused].into_iter().find(|s| s.as_str() == name)
    }
}

/// Why a match was closed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "code", content = "text", rename_all = "snake_case")]
pub enum ClosingReason {
    /// The supplier has nothing left.
    NoSupply,
    /// The supplier does not answer.
    NoContactSupplier,
    /// The buyer does not answer.
    NoContactBuyer,
    /// The need is gone.
    NeedGone,
    /// One side prefers another.
    PrefersOther,
    /// The price.
    Price,
    /// The quality.
    Quality,
    /// The certificate.
    Certificate,
    /// The transport.
    Logistics,
    /// The goods were recalled.
    Recall,
    /// It stood twice.
    Duplicate,
    /// It was a test.
    Test,
    /// Another leg of its chain failed; nobody states it.
    Chain,
    /// Something else, said in words.
    Other(String),
}

impl ClosingReason {
    /// Whether later runs keep the offer and the need apart: the reason lies in the pair, and not in the moment.
    pub fn keeps_apart(&self) -> bool {
        match self {
            Self::PrefersOther | Self::Price | Self::Quality | Self::Certificate | Self::Logistics => true,
            Self::NoSupply | Self::NoContactSupplier | Self::NoContactBuyer | Self::Recall | Self::Other(_) => true,
            Self::NeedGone | Self::Duplicate | Self::Test | Self::Chain => false,
        }
    }
}

/// The six quantities: proposed >= agreed >= shipped >= received = accepted + rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Quantities {
    /// Put to both sides.
    pub proposed: Quantity,
    /// Agreed by both; 0 before.
    pub agreed: Quantity,
    /// Sent.
    pub shipped: Quantity,
    /// Arrived.
    pub received: Quantity,
    /// Passed goods-in.
    pub accepted: Quantity,
    /// Failed goods-in.
    pub rejected: Quantity,
}

impl Quantities {
    /// A proposal of a quantity, with nothing agreed yet.
    pub fn proposed(quantity: Quantity) -> Self {
        Self { proposed: quantity, ..Self::default() }
    }

    /// Checks the chain of inequalities, naming each link that breaks.
    pub fn check(&self) -> Result<(), Violations> {
        let mut faults = Violations::new();
        let links = [
            ("/agreed", self.agreed, self.proposed, "proposed"),
            ("/shipped", self.shipped, self.agreed, "agreed"),
            ("/received", self.received, self.shipped, "shipped"),
        ];
        for (pointer, less, more, name) in links {
            if less > more {
                faults.push(pointer, "above_previous", format!("{less} is above what was {name} ({more}); lower it"));
            }
        }
        if self.accepted.units() + self.rejected.units() != self.received.units() {
            let detail = format!(
                "accepted {} and rejected {} are not the {} received; make them add up",
                self.accepted, self.rejected, self.received
            );
            faults.push("/accepted", "does_not_add_up", detail);
        }
        faults.into_result()
    }

    /// What was lost on the way: shipped - received.
    pub fn lost(&self) -> i64 {
        self.shipped.units() - self.received.units()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn q(units: i64) -> Quantity {
        Quantity::new(units).unwrap()
    }

    #[test]
    fn the_life_of_a_match_has_no_short_cuts() {
        use MatchState::*;
        let legal = MatchState::ALL
            .iter()
            .flat_map(|a| MatchState::ALL.iter().map(move |b| (*a, *b)))
            .filter(|(a, b)| a.may_become(*b))
            .count();
        // 1 propose, 2 accept, 2 agree, 1 ship, 1 fulfil, 4 decline, 4 expire, 2 cancel.
        assert_eq!(legal, 17);
        assert!(!Suggested.may_become(Agreed));
        assert!(!Fulfilled.may_become(Cancelled));
        assert!(!Declined.may_become(Proposed));
        // Nobody comes by a state that opens the sides but through the supplier's acceptance or both sides' agreement.
        let opened = MatchState::ALL.iter().filter(|s| s.opens_the_sides()).count();
        assert_eq!(opened, 5);
        assert!(
            MatchState::ALL
                .iter()
                .all(|s| !s.opens_the_sides() || !Proposed.may_become(*s) || *s == AcceptedBySupplier)
        );
    }

    #[test]
    fn num_05_quantities_form_a_chain() {
        let good = Quantities {
            proposed: q(100),
            agreed: q(80),
            shipped: q(80),
            received: q(70),
            accepted: q(60),
            rejected: q(10),
        };
        assert!(good.check().is_ok());
        assert_eq!(good.lost(), 10);
        let bad = Quantities { agreed: q(120), shipped: q(130), received: q(131), accepted: q(1), ..good };
        assert_eq!(bad.check().unwrap_err().as_slice().len(), 4);
    }
}
