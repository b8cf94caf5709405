//! Claims: a person says to speak for an organisation that somebody else entered.

use crate::{
    ids::{ClaimId, OrganisationId, PersonId},
    time::Instant,
};

/// A claim that nobody decided on yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Its id.
    pub id: ClaimId,
    /// The organisation.
    pub organisation: OrganisationId,
    /// Who says so.
    pub person: PersonId,
    /// By what it can be seen, as the person wrote it.
    pub evidence: String,
    /// When.
    pub created_at: Instant,
}
