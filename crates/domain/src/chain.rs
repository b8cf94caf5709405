//! Chains: a consortium whose partners each take a step of one product.
//!
//! A step is a match, its *leg*, between two firms that are neighbours in the chain: the maker of fabric and the firm that
//! sews it, or that firm and the hospital. Legs are promised all at once or not at all, each is accepted by its own sides,
//! and nothing is shipped before all are agreed. When a leg fails before that, the others are let go; after it, the others
//! stand, and the chain is open at the step that failed.

use crate::{
    ids::{ChainId, OrganisationId},
    matches::{ClosingReason, MatchState, Step, contact_in},
    text,
    time::Instant,
    violation::Violations,
};

/// The fewest steps of a chain.
pub const LEAST_STEPS: usize = 2;
/// The most steps of a chain.
pub const MOST_STEPS: usize = 12;

/// A chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// Its id.
    pub id: ChainId,
    /// Who leads it.
    pub lead: OrganisationId,
    /// What it is called.
    pub name: String,
    /// The names of its steps, in their order.
    pub steps: Vec<String>,
    /// When all its legs were first agreed.
    pub agreed_at: Option<Instant>,
    /// When and why it was dissolved.
    pub dissolved: Option<(Instant, ClosingReason)>,
    /// When it was made.
    pub created_at: Instant,
    /// When it last changed.
    pub updated_at: Instant,
}

/// Where a chain stands, by its legs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChainState {
    /// A step has no leg that stands.
    Open,
    /// All legs are promised, and not all are agreed.
    Held,
    /// All legs are agreed, or further.
    Agreed,
    /// All was delivered.
    Fulfilled,
    /// Its lead let it go.
    Dissolved,
}

impl ChainState {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Held => "held",
            Self::Agreed => "agreed",
            Self::Fulfilled => "fulfilled",
            Self::Dissolved => "dissolved",
        }
    }
}

/// Whether a leg in this state still carries its step.
pub fn stands(leg: MatchState) -> bool {
    leg.takes_capacity() || leg == MatchState::Fulfilled
}

impl Chain {
    /// Checks what was typed: the name of the chain at `/name`, those of its steps at `/legs/N/step`. All who stand on a
    /// leg read them, before they may know each other, so that none tells how to reach somebody.
    ///
    /// # Errors
    /// Every fault.
    pub fn checked_names(name: &str, steps: &[String]) -> Result<(String, Vec<String>), Violations> {
        if !(LEAST_STEPS..=MOST_STEPS).contains(&steps.len()) {
            let detail = format!("a chain has {LEAST_STEPS} to {MOST_STEPS} steps, and these are {}", steps.len());
            return Err(Violations::one("/legs", "out_of_range", detail));
        }
        let mut faults = Violations::new();
        let named = one_name(&mut faults, "/name", name);
        let mut read: Vec<String> = Vec::new();
        for (place, step) in steps.iter().enumerate() {
            let pointer = format!("/legs/{place}/step");
            let step = one_name(&mut faults, &pointer, step);
            if read.contains(&step) {
                faults.push(pointer, "duplicate", format!("{step:?} stands twice; name each step otherwise"));
            }
            read.push(step);
        }
        faults.into_result()?;
        Ok((named, read))
    }

    /// Where it stands, by the last leg of each step.
    pub fn state(&self, legs: &[Option<MatchState>]) -> ChainState {
        let all =
            |of: fn(MatchState) -> bool| legs.len() == self.steps.len() && legs.iter().all(|leg| leg.is_some_and(of));
        if self.dissolved.is_some() {
            ChainState::Dissolved
        } else if all(|leg| leg == MatchState::Fulfilled) {
            ChainState::Fulfilled
        } else if all(is_agreed) {
            ChainState::Agreed
        } else if all(stands) {
            ChainState::Held
        } else {
            ChainState::Open
        }
    }

    /// What a leg does when another of the same chain fails: it is let go, unless all was agreed before.
    pub fn when_another_fails(&self, leg: MatchState) -> Option<Step> {
        match self.agreed_at {
            Some(_) => None,
            None => ending(leg, ClosingReason::Chain),
        }
    }
}

/// The step that ends a leg, where it stands and is not delivered.
pub fn ending(leg: MatchState, reason: ClosingReason) -> Option<Step> {
    match leg {
        MatchState::Proposed | MatchState::AcceptedBySupplier | MatchState::AcceptedByBuyer => {
            Some(Step::Decline(reason))
        }
        MatchState::Agreed | MatchState::InDelivery => Some(Step::Cancel(reason)),
        MatchState::Suggested | MatchState::Fulfilled => None,
        MatchState::Declined | MatchState::Expired | MatchState::Cancelled => None,
    }
}

fn is_agreed(leg: MatchState) -> bool {
    matches!(leg, MatchState::Agreed | MatchState::InDelivery | MatchState::Fulfilled)
}

/// A name that tells nobody how to reach somebody; as it was typed where it is none.
fn one_name(faults: &mut Violations, pointer: &str, typed: &str) -> String {
    let read = text::name(pointer, typed).and_then(|name| match contact_in(&name) {
        None => Ok(name),
        Some(what) => {
            let detail =
                format!("tells {what}, and who takes part reads it before any may know the others; leave it out");
            Err(Violations::one(pointer, "contact_in_name", detail))
        }
    });
    faults.keep(read).unwrap_or_else(|| typed.to_owned())
}

#[cfg(test)]
mod tests;
