//! What waits for a reviewer, and what was decided of it.

use crate::{
    certificate::Reviewer,
    ids::{CertificateId, NeedId, OfferId, OrganisationId, ReviewId, derived},
    time::Instant,
};

/// The record that a review is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reviewed {
    /// An offer that is out of the market meanwhile.
    Offer(OfferId),
    /// A need that is out of the market meanwhile.
    Need(NeedId),
    /// A certificate of an offer, which does not count meanwhile.
    Certificate(OfferId, CertificateId),
}

impl Reviewed {
    /// The kind of record.
    pub fn kind(self) -> ReviewKind {
        match self {
            Self::Offer(_) => ReviewKind::Offer,
            Self::Need(_) => ReviewKind::Need,
            Self::Certificate(..) => ReviewKind::Certificate,
        }
    }

    /// The id of the review of it for a reason: the same record waits once for the same reason.
    pub fn review_for(self, reason: &str) -> ReviewId {
        ReviewId(derived(&match self {
            Self::Offer(id) => format!("review offer {id} {reason}"),
            Self::Need(id) => format!("review need {id} {reason}"),
            Self::Certificate(_, id) => format!("review certificate {id} {reason}"),
        }))
    }
}

/// A kind of record that can wait for a reviewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReviewKind {
    /// An offer.
    Offer,
    /// A need.
    Need,
    /// A certificate.
    Certificate,
}

impl ReviewKind {
    /// All of them.
    pub const ALL: [ReviewKind; 3] = [Self::Offer, Self::Need, Self::Certificate];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::Need => "need",
            Self::Certificate => "certificate",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// How a review stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReviewState {
    /// Nobody decided yet.
    Open,
    /// The record was let through; for the same reason it does not wait again.
    Released,
    /// The reason stands: the record stays out until its owner changes it.
    Confirmed,
    /// The reason went before or after somebody decided, since the owner changed the record.
    Lapsed,
}

impl ReviewState {
    /// All of them.
    pub const ALL: [ReviewState; 4] = [Self::Open, Self::Released, Self::Confirmed, Self::Lapsed];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Released => "released",
            Self::Confirmed => "confirmed",
            Self::Lapsed => "lapsed",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// What a reviewer decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Who.
    pub by: Reviewer,
    /// Why, in words that the owner is told.
    pub note: String,
    /// When.
    pub at: Instant,
}

/// Something that waits for a reviewer, or waited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Its id.
    pub id: ReviewId,
    /// Of which record.
    pub of: Reviewed,
    /// Whose record it is.
    pub organisation: OrganisationId,
    /// Why it waits.
    pub reason: String,
    /// How it stands.
    pub state: ReviewState,
    /// Since when it waits.
    pub created_at: Instant,
    /// What was decided, once it was.
    pub decision: Option<Decision>,
}
