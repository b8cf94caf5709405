//! The life of a match, step by step, with what each step writes into the ledger.
//!
//! A match stands in two accounts. What it has *drawn* counts against the curve of its offer at the cut-off; what it
//! *covers* counts against its instalment. A step changes both by the entries that it writes, so that the entries of a
//! match always add up to where it stands:
//!
//! | step | drawn | covered |
//! |---|---|---|
//! | a proposal holds `q` | + q | + q |
//! | a side accepts less, declines, or lets the deadline pass: the rest | - rest | - rest |
//! | it is agreed, goods are shipped, or pass goods-in | | |
//! | goods fail goods-in | | - rejected |
//! | it is cancelled: what was not shipped, while the cut-off is ahead | - rest | - rest |
//! | it is cancelled: what was not shipped, once the cut-off is past | | - rest |
//! | it is cancelled: what was shipped and never arrived | | - lost |
//! | the supplier restates his stock: what was shipped, or not taken by its cut-off | - gone | |
//!
//! Goods of the past exist only as stock that the owner states, hence what was not taken by its cut-off stays drawn until
//! he does.

use super::{ClosingReason, MatchState, Quantities};
use crate::{
    quantity::Quantity,
    time::{Day, Instant},
    violation::Violations,
};

/// A side of a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Whose offer it is.
    Supplier,
    /// Whose need it is.
    Buyer,
}

impl Side {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Supplier => "supplier",
            Self::Buyer => "buyer",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Supplier, Self::Buyer].into_iter().find(|side| side.as_str() == name)
    }

    /// The state that its acceptance leads to from a proposal.
    fn accepted(self) -> MatchState {
        match self {
            Self::Supplier => MatchState::AcceptedBySupplier,
            Self::Buyer => MatchState::AcceptedByBuyer,
        }
    }
}

/// What happens to a match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A quantity is put to both sides and held until the deadline.
    Propose {
        /// How much; at most what was suggested.
        quantity: Quantity,
        /// Until when it is held.
        deadline: Instant,
    },
    /// A side accepts, all that is held or a part.
    Accept {
        /// Which side.
        side: Side,
        /// How much; all that is held where `None`.
        quantity: Option<Quantity>,
        /// Until when it is held for the other side.
        deadline: Instant,
    },
    /// A side says no before it is agreed.
    Decline(ClosingReason),
    /// Nobody answered by the deadline.
    Expire,
    /// Goods leave the supplier.
    Ship(Quantity),
    /// Goods-in: so many passed, so many did not.
    Receive {
        /// Passed.
        accepted: Quantity,
        /// Failed.
        rejected: Quantity,
    },
    /// It ends after it was agreed, and before all was delivered.
    Cancel(ClosingReason),
    /// The supplier restated his stock: what left it no longer counts against his figures.
    Restate,
}

/// What an entry of the ledger is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKind {
    /// Held for a proposal.
    Hold,
    /// Agreed by both sides.
    Agree,
    /// Given back to offer and need.
    Release,
    /// Not taken by its cut-off, so given back to the need alone.
    Lapse,
    /// Shipped.
    Ship,
    /// Passed goods-in.
    Accept,
    /// Failed goods-in: the need lacks it again.
    Reject,
    /// Shipped and never arrived: the need lacks it again.
    Lose,
    /// No longer in the supplier's figures, which he restated.
    Restate,
}

impl EntryKind {
    /// All kinds.
    pub const ALL: [EntryKind; 9] = [
        Self::Hold,
        Self::Agree,
        Self::Release,
        Self::Lapse,
        Self::Ship,
        Self::Accept,
        Self::Reject,
        Self::Lose,
        Self::Restate,
    ];

    /// The name on the wire and in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Agree => "agree",
            Self::Release => "release",
            Self::Lapse => "lapse",
            Self::Ship => "ship",
            Self::Accept => "accept",
            Self::Reject => "reject",
            Self::Lose => "lose",
            Self::Restate => "restate",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// What so many units of it change: of what is drawn, and of what is covered.
    pub fn effect(self, units: i64) -> (i64, i64) {
        match self {
            Self::Hold => (units, units),
            Self::Release => (-units, -units),
            Self::Lapse | Self::Reject | Self::Lose => (0, -units),
            Self::Restate => (-units, 0),
            Self::Agree | Self::Ship | Self::Accept => (0, 0),
        }
    }
}

/// An entry of the ledger, which is never edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// What it is about.
    pub kind: EntryKind,
    /// How much, in base units; above 0.
    pub units: i64,
}

/// How a match stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// Where it is in its life.
    pub state: MatchState,
    /// The six quantities.
    pub quantities: Quantities,
    /// What counts against the offer, in base units.
    pub drawn: i64,
    /// What counts against the instalment, in base units.
    pub covered: i64,
    /// By when the goods must exist.
    pub cutoff: Day,
    /// Until when it is held, while it is open.
    pub deadline: Option<Instant>,
}

/// Why a step is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The match stands where that is not possible; in words, with the remedy.
    State(String),
    /// The quantities do not fit.
    Quantities(Violations),
}

impl Account {
    /// What counts against the instalment in base units and does not end with a deadline: what is agreed, and what came.
    pub fn firm(&self) -> i64 {
        if self.state.is_held() { 0 } else { self.covered }
    }

    /// A suggestion, which holds nothing.
    pub fn suggested(quantity: Quantity, cutoff: Day) -> Self {
        let quantities = Quantities::proposed(quantity);
        Self { state: MatchState::Suggested, quantities, drawn: 0, covered: 0, cutoff, deadline: None }
    }

    /// Whether it is held, and past its deadline, so that it holds nothing any more.
    pub fn is_over(&self, now: Instant) -> bool {
        self.state.is_held() && self.deadline.is_some_and(|deadline| deadline <= now)
    }

    /// Takes a step: where the match stands then, and what the ledger writes.
    ///
    /// # Errors
    /// [`Refusal::State`] where it cannot be taken from here, or the hold is over; [`Refusal::Quantities`] for quantities
    /// that do not fit.
    pub fn take(&self, step: &Step, now: Instant) -> Result<(Self, Vec<Entry>), Refusal> {
        if self.is_over(now) && *step != Step::Expire {
            let until = self.deadline.map(|d| d.to_string()).unwrap_or_default();
            return Err(Refusal::State(format!("the hold ended at {until}, and nothing is held any more")));
        }
        let mut next = *self;
        let mut entries = Vec::new();
        let owed = self.quantities.agreed.units() - self.quantities.shipped.units();
        let transit = self.quantities.shipped.units() - self.quantities.received.units();
        match step {
            Step::Propose { quantity, deadline } => {
                self.must_become(MatchState::Proposed)?;
                within("/quantity", *quantity, self.quantities.proposed.units())?;
                (next.state, next.deadline) = (MatchState::Proposed, Some(*deadline));
                next.quantities.proposed = *quantity;
                entries.push(Entry { kind: EntryKind::Hold, units: quantity.units() });
            }
            Step::Accept { side, quantity, deadline } => {
                let first = self.state == MatchState::Proposed;
                let state = if first { side.accepted() } else { MatchState::Agreed };
                if self.state == side.accepted() {
                    let detail = format!("the {} has accepted it already; the other side answers", side.as_str());
                    return Err(Refusal::State(detail));
                }
                self.must_become(state)?;
                if let Some(quantity) = quantity {
                    within("/quantity", *quantity, self.covered)?;
                    entries.push(Entry { kind: EntryKind::Release, units: self.covered - quantity.units() });
                }
                next.state = state;
                let accepted = quantity.map_or(self.covered, Quantity::units);
                if first {
                    next.deadline = Some(*deadline);
                } else {
                    next.quantities.agreed = Quantity::new(accepted).unwrap_or_default();
                    next.deadline = None;
                    entries.push(Entry { kind: EntryKind::Agree, units: accepted });
                }
            }
            Step::Decline(_) | Step::Expire => {
                let state = if *step == Step::Expire { MatchState::Expired } else { MatchState::Declined };
                self.must_become(state)?;
                (next.state, next.deadline) = (state, None);
                entries.push(Entry { kind: EntryKind::Release, units: self.covered });
            }
            Step::Ship(quantity) => {
                if self.state != MatchState::InDelivery {
                    self.must_become(MatchState::InDelivery)?;
                }
                within("/quantity", *quantity, owed)?;
                next.state = MatchState::InDelivery;
                next.quantities.shipped = sum(self.quantities.shipped, quantity.units());
                entries.push(Entry { kind: EntryKind::Ship, units: quantity.units() });
            }
            Step::Receive { accepted, rejected } => {
                if self.state != MatchState::InDelivery {
                    let detail = format!("a match that is {} receives nothing", self.state.as_str());
                    return Err(Refusal::State(detail));
                }
                let received = accepted.units() + rejected.units();
                within("/accepted", Quantity::new(received).unwrap_or_default(), transit)?;
                next.quantities.received = sum(self.quantities.received, received);
                next.quantities.accepted = sum(self.quantities.accepted, accepted.units());
                next.quantities.rejected = sum(self.quantities.rejected, rejected.units());
                if next.quantities.received == self.quantities.agreed {
                    next.state = MatchState::Fulfilled;
                }
                entries.push(Entry { kind: EntryKind::Accept, units: accepted.units() });
                entries.push(Entry { kind: EntryKind::Reject, units: rejected.units() });
            }
            Step::Cancel(_) => {
                self.must_become(MatchState::Cancelled)?;
                next.state = MatchState::Cancelled;
                let back = if now.day() <= self.cutoff { EntryKind::Release } else { EntryKind::Lapse };
                entries.push(Entry { kind: back, units: owed });
                entries.push(Entry { kind: EntryKind::Lose, units: transit });
            }
            Step::Restate => {
                let still = if self.state.takes_capacity() { self.owed() } else { 0 };
                entries.push(Entry { kind: EntryKind::Restate, units: self.drawn - still });
            }
        }
        entries.retain(|entry| entry.units != 0);
        for entry in &entries {
            let (drawn, covered) = entry.kind.effect(entry.units);
            next.drawn += drawn;
            next.covered += covered;
        }
        Ok((next, entries))
    }

    /// What the supplier still owes: held, or agreed and not shipped.
    fn owed(&self) -> i64 {
        if self.state.is_held() {
            self.covered
        } else {
            self.quantities.agreed.units() - self.quantities.shipped.units()
        }
    }

    /// Whether the six quantities are a chain, and both accounts are what the state says.
    ///
    /// # Errors
    /// The faults in words.
    pub fn check(&self) -> Result<(), String> {
        self.quantities.check().map_err(|faults| faults.to_string())?;
        let q = &self.quantities;
        let (agreed, accepted) = (q.agreed.units(), q.accepted.units());
        let covers = match self.state {
            MatchState::Suggested | MatchState::Declined | MatchState::Expired => 0..=0,
            MatchState::Proposed | MatchState::AcceptedBySupplier | MatchState::AcceptedByBuyer => {
                1..=q.proposed.units()
            }
            MatchState::Agreed | MatchState::InDelivery => {
                let covers = agreed - q.rejected.units();
                covers..=covers
            }
            MatchState::Fulfilled | MatchState::Cancelled => accepted..=accepted,
        };
        if !covers.contains(&self.covered) {
            return Err(format!("a match that is {} covers {}, not {covers:?}", self.state.as_str(), self.covered));
        }
        let draws = match self.state {
            MatchState::Suggested | MatchState::Declined | MatchState::Expired => 0..=0,
            MatchState::Proposed | MatchState::AcceptedBySupplier | MatchState::AcceptedByBuyer => {
                self.covered..=self.covered
            }
            MatchState::Agreed | MatchState::InDelivery => self.owed()..=agreed,
            MatchState::Fulfilled | MatchState::Cancelled => 0..=agreed,
        };
        if !draws.contains(&self.drawn) {
            return Err(format!("a match that is {} draws {}, not {draws:?}", self.state.as_str(), self.drawn));
        }
        if self.state.is_held() != self.deadline.is_some() {
            return Err(format!("a match that is {} has the deadline {:?}", self.state.as_str(), self.deadline));
        }
        Ok(())
    }

    fn must_become(&self, next: MatchState) -> Result<(), Refusal> {
        if self.state.may_become(next) {
            return Ok(());
        }
        let detail = format!("a match that is {} cannot become {}", self.state.as_str(), next.as_str());
        Err(Refusal::State(detail))
    }
}

fn sum(quantity: Quantity, more: i64) -> Quantity {
    Quantity::new(quantity.units() + more).unwrap_or(quantity)
}

/// A quantity from 1 to a bound.
fn within(pointer: &str, quantity: Quantity, most: i64) -> Result<(), Refusal> {
    if (1..=most).contains(&quantity.units()) {
        return Ok(());
    }
    let detail = match most {
        1.. => format!("{quantity} is out of range; write a whole number of base units from 1 to {most}"),
        _ => format!("{quantity} is out of range; nothing is left"),
    };
    Err(Refusal::Quantities(Violations::one(pointer, "out_of_range", detail)))
}

#[cfg(test)]
mod tests;
