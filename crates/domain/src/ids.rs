//! Typed identifiers: UUIDs that cannot be mixed up. They are made outside (clock and randomness
//! are injected), so the domain only carries them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::digest::Digest;

/// An id that follows from what it stands for: the same for the same, wherever it is worked out.
pub(crate) fn derived(of: &str) -> Uuid {
    let digits = Digest::of_bytes(of.as_bytes()).to_string();
    let first = digits.get(..32).and_then(|digits| u128::from_str_radix(digits, 16).ok());
    uuid::Builder::from_custom_bytes(first.unwrap_or_default().to_be_bytes()).into_uuid()
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(s).map(Self)
            }
        }
    )+};
}

ids! {
    /// An organisation: firm, cluster or authority.
    OrganisationId,
    /// A site of an organisation.
    SiteId,
    /// An offer.
    OfferId,
    /// A need.
    NeedId,
    /// An instalment of a need.
    InstalmentId,
    /// A production line that offers share.
    LineId,
    /// A match of an offer to an instalment.
    MatchId,
    /// A run of the matching engine.
    RunId,
    /// An import of a file.
    ImportId,
    /// A key of a machine.
    ApiKeyId,
    /// An entry of the audit log.
    AuditId,
    /// A person.
    PersonId,
    /// A role of a person in an organisation.
    RoleId,
    /// A session of a person.
    SessionId,
    /// A mail that is to be sent.
    MailId,
    /// A mandate of an organisation.
    MandateId,
    /// A claim to an organisation.
    ClaimId,
    /// A chain of matches.
    ChainId,
    /// A message between the sides of a match.
    MessageId,
    /// A call.
    CallId,
    /// An answer to a call.
    CallAnswerId,
    /// A certificate of an offer.
    CertificateId,
    /// An evidence file of a certificate.
    EvidenceId,
    /// A saved question that tells when its threshold is met.
    AlertId,
    /// A review: what waits for a reviewer, or was decided by one.
    ReviewId,
}
