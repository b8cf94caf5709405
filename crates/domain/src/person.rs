//! People and what they are in organisations.

use crate::{
    api_key::{AccessScope, AccessScopes},
    email::EmailAddress,
    ids::{OrganisationId, PersonId, RoleId, SessionId},
    time::Instant,
};

/// What a person is in an organisation; each may what the one before may, and more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads what is the organisation's.
    Member,
    /// Writes its sites, offers and needs.
    Editor,
    /// Decides who acts for it, and makes its keys.
    Admin,
}

impl Role {
    /// All of them.
    pub const ALL: [Role; 3] = [Self::Member, Self::Editor, Self::Admin];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Editor => "editor",
            Self::Admin => "admin",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// What whoever has it may use the service for.
    pub fn scopes(self) -> AccessScopes {
        let scopes: &[AccessScope] = match self {
            Self::Member => &[AccessScope::Read],
            Self::Editor => &[AccessScope::Read, AccessScope::Write],
            Self::Admin => &AccessScope::ALL,
        };
        AccessScopes::of(scopes)
    }
}

/// A person who can sign in, or was asked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Whose it is.
    pub id: PersonId,
    /// Where mail reaches the person.
    pub email: EmailAddress,
    /// The name.
    pub name: String,
    /// Whether the person runs the service.
    pub operator: bool,
    /// When the record was made.
    pub created_at: Instant,
    /// Since when the address is known to be the person's; `None` until a link that was mailed there is opened.
    pub active_at: Option<Instant>,
}

/// A role of a person in an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoleOf {
    /// Its id, which tells nothing of the person: the person's own id tells since when there is an account.
    pub id: RoleId,
    /// Whose.
    pub person: PersonId,
    /// Where.
    pub organisation: OrganisationId,
    /// What.
    pub role: Role,
    /// When an admin gave it.
    pub granted_at: Instant,
    /// When the person took it; it gives no right before.
    pub accepted_at: Option<Instant>,
}

/// A signed-in person at one device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub person: PersonId,
    /// For which organisation the person acts; for none where `None`.
    pub organisation: Option<OrganisationId>,
    /// When the person signed in.
    pub created_at: Instant,
    /// When it was last carried on.
    pub last_used_at: Instant,
    /// When it ends unless it is carried on.
    pub expires_at: Instant,
    /// When it was ended.
    pub ended_at: Option<Instant>,
}

impl Session {
    /// Whether it opens anything at an instant.
    pub fn is_valid(&self, now: Instant) -> bool {
        self.state(now) == "valid"
    }

    /// How it stands at an instant: `valid`, `expired` or `ended`.
    pub fn state(&self, now: Instant) -> &'static str {
        match self.ended_at {
            Some(_) => "ended",
            None if now < self.expires_at => "valid",
            None => "expired",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_what_the_one_before_may() {
        for pair in Role::ALL.windows(2) {
            assert!(pair[0] < pair[1] && pair[0].scopes().within(&pair[1].scopes()));
            assert_eq!(Role::parse(pair[0].as_str()), Some(pair[0]));
        }
        assert_eq!(Role::parse("owner"), None);
    }
}
