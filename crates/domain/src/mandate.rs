//! Mandates: what a cluster or a portal may do for an organisation.

use crate::{
    api_key::AccessScopes,
    ids::{MandateId, OrganisationId, PersonId},
    time::{Day, Instant},
};

/// A mandate. Deciding who acts for the organisation is never part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mandate {
    /// Its id.
    pub id: MandateId,
    /// The organisation that is acted for.
    pub organisation: OrganisationId,
    /// The cluster or portal that acts.
    pub holder: OrganisationId,
    /// What it may do: read, write.
    pub scopes: AccessScopes,
    /// Who signed it for the organisation; `None` where the operator recorded it without a name.
    pub signatory: Option<PersonId>,
    /// When it was recorded.
    pub created_at: Instant,
    /// When the organisation itself confirmed it; `None` while only the holder says so.
    pub confirmed_at: Option<Instant>,
    /// Its last day.
    pub ends_on: Day,
    /// When it was ended before.
    pub ended_at: Option<Instant>,
}

impl Mandate {
    /// Whether it gives any right at an instant.
    pub fn is_valid(&self, now: Instant) -> bool {
        self.state(now) == "valid"
    }

    /// How it stands at an instant: `valid`, `expired` or `ended`.
    pub fn state(&self, now: Instant) -> &'static str {
        match self.ended_at {
            Some(_) => "ended",
            None if now.day() <= self.ends_on => "valid",
            None => "expired",
        }
    }
}
