//! Memberships of organisations in clusters.

use crate::{ids::OrganisationId, time::Instant};

/// How a membership stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MembershipState {
    /// The organisation asked to join.
    Requested,
    /// It is a member.
    Active,
    /// It is none any more, or was refused.
    Ended,
}

impl MembershipState {
    /// All of them.
    pub const ALL: [MembershipState; 3] = [Self::Requested, Self::Active, Self::Ended];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Active => "active",
            Self::Ended => "ended",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// A membership; of two organisations there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership {
    /// The cluster.
    pub cluster: OrganisationId,
    /// The member.
    pub member: OrganisationId,
    /// How it stands.
    pub state: MembershipState,
    /// When it was asked for.
    pub created_at: Instant,
    /// When it began.
    pub began_at: Option<Instant>,
    /// When it ended.
    pub ended_at: Option<Instant>,
    /// Since when the cluster vouches for the member.
    pub vouched_at: Option<Instant>,
}

impl Membership {
    /// One that is asked for.
    pub fn requested(cluster: OrganisationId, member: OrganisationId, at: Instant) -> Self {
        let state = MembershipState::Requested;
        Self { cluster, member, state, created_at: at, began_at: None, ended_at: None, vouched_at: None }
    }

    /// Begun.
    #[must_use]
    pub fn begun(self, at: Instant) -> Self {
        Self { state: MembershipState::Active, began_at: Some(at), ..self }
    }

    /// Ended, and with it what the cluster vouched for.
    #[must_use]
    pub fn ended(self, at: Instant) -> Self {
        Self { state: MembershipState::Ended, ended_at: Some(at), vouched_at: None, ..self }
    }
}
