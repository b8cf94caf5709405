//! Events: facts about records, numbered in the order in which they were committed. The change feed is made of them.

use uuid::Uuid;

use crate::{ids::OrganisationId, time::Instant};

/// What happened to a record that came into being; no other word of the same transaction takes its place.
pub const CREATED: &str = "created";
/// What happened to an organisation for which the operator vouches from now on, or no longer.
pub const VERIFIED: &str = "verified";
/// What happened to an organisation for which a cluster vouches from now on, or none does any longer.
pub const VOUCHED: &str = "vouched";
/// What happened to a record that somebody sees from now on.
pub const SHOWN: &str = "shown";
/// What happened to a record that somebody sees no longer.
pub const HIDDEN: &str = "hidden";

/// What happened to a site of which its owner said what it can do; what the site shows is as it was.
pub const DESCRIBED: &str = "described";

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// An organisation.
    Organisation,
    /// A site.
    Site,
    /// An offer.
    Offer,
    /// A certificate with its evidence, by its id and, beside it, its offer.
    Certificate,
    /// A need.
    Need,
    /// A run.
    Run,
    /// A match.
    Match,
    /// A chain.
    Chain,
    /// A call, with its invitations and answers.
    Call,
    /// A membership, by its member and, beside it, its cluster.
    Membership,
    /// A mandate.
    Mandate,
    /// A saved question that tells when its threshold is met.
    Alert,
}

impl Subject {
    /// All of them; what others refer to comes first.
    pub const ALL: [Subject; 12] = [
        Self::Organisation,
        Self::Site,
        Self::Offer,
        Self::Certificate,
        Self::Need,
        Self::Run,
        Self::Match,
        Self::Chain,
        Self::Call,
        Self::Membership,
        Self::Mandate,
        Self::Alert,
    ];

    /// The name on the wire and in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Site => "site",
            Self::Offer => "offer",
            Self::Certificate => "certificate",
            Self::Need => "need",
            Self::Run => "run",
            Self::Match => "match",
            Self::Chain => "chain",
            Self::Call => "call",
            Self::Membership => "membership",
            Self::Mandate => "mandate",
            Self::Alert => "alert",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|subject| subject.as_str() == name)
    }

    /// Whether it concerns an organisation's own people alone, whom no mandate lets in.
    pub fn is_inside(self) -> bool {
        match self {
            Self::Membership | Self::Mandate | Self::Alert => true,
            Self::Organisation
            | Self::Site
            | Self::Offer
            | Self::Certificate
            | Self::Need
            | Self::Run
            | Self::Match
            | Self::Chain
            | Self::Call => false,
        }
    }
}

/// What names a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Named {
    /// What kind of record it is.
    pub subject: Subject,
    /// Its id; of a membership the member's.
    pub id: Uuid,
    /// The cluster, of a membership; the offer, of a certificate.
    pub within: Option<Uuid>,
}

/// A committed change of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its place among all events, from 1 on without a gap.
    pub number: i64,
    /// When it was made, by the clock of who made it.
    pub at: Instant,
    /// The record.
    pub record: Named,
    /// What happened: `created`, `changed`, the state that it reached, or another word.
    pub what: String,
    /// Whose record it is; `None` where it is nobody's, and where the event is not for all who act for its owner.
    pub owner: Option<OrganisationId>,
}
