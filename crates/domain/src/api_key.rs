//! Keys that machines call the service with, and what they may be used for.

use std::{collections::BTreeSet, fmt};

use crate::{
    ids::{ApiKeyId, OrganisationId},
    time::Instant,
};

/// What a key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccessScope {
    /// Read what its owner may read.
    Read,
    /// Write what its owner may write.
    Write,
    /// Make and revoke keys of its owner.
    Admin,
}

impl AccessScope {
    /// All of them.
    pub const ALL: [AccessScope; 3] = [Self::Read, Self::Write, Self::Admin];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == name)
    }
}

/// Some scopes; none of them implies another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessScopes(BTreeSet<AccessScope>);

impl AccessScopes {
    /// Every scope there is.
    pub fn all() -> Self {
        Self(AccessScope::ALL.into())
    }

    /// Of a list that has some.
    pub(crate) fn of(scopes: &[AccessScope]) -> Self {
        Self(scopes.iter().copied().collect())
    }

    /// Of a list; `None` if it is empty, since a key for nothing is a mistake.
    pub fn new(scopes: impl IntoIterator<Item = AccessScope>) -> Option<Self> {
        let scopes: BTreeSet<_> = scopes.into_iter().collect();
        (!scopes.is_empty()).then_some(Self(scopes))
    }

    /// From names with commas between them.
    pub fn parse(names: &str) -> Option<Self> {
        let scopes: Option<Vec<AccessScope>> = names.split(',').map(|name| AccessScope::parse(name.trim())).collect();
        Self::new(scopes?)
    }

    /// Whether a scope is among them.
    pub fn allow(&self, scope: AccessScope) -> bool {
        self.0.contains(&scope)
    }

    /// Whether each of these is among those, so that a key makes none that may more than itself.
    pub fn within(&self, those: &AccessScopes) -> bool {
        self.0.is_subset(&those.0)
    }

    /// Those that are among both, if any is.
    pub fn common(&self, those: &AccessScopes) -> Option<Self> {
        Self::new(self.0.intersection(&those.0).copied())
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = AccessScope> {
        self.0.iter().copied()
    }
}

impl fmt::Display for AccessScopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.iter().map(AccessScope::as_str).collect();
        f.write_str(&names.join(","))
    }
}

/// A key of a machine, without its secret, which nobody but its holder has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// Whose it is; the operator's where `None`.
    pub organisation: Option<OrganisationId>,
    /// What its owner calls it.
    pub name: String,
    /// How it begins, by which it is recognised.
    pub prefix: String,
    /// What it may be used for.
    pub scopes: AccessScopes,
    /// When it was made.
    pub created_at: Instant,
    /// When it ends by itself.
    pub expires_at: Instant,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Instant>,
    /// When it was revoked.
    pub revoked_at: Option<Instant>,
}

impl ApiKey {
    /// Whether it opens anything at an instant.
    pub fn is_valid(&self, now: Instant) -> bool {
        self.state(now) == "valid"
    }

    /// How it stands at an instant: `valid`, `expired` or `revoked`.
    pub fn state(&self, now: Instant) -> &'static str {
        match self.revoked_at {
            Some(_) => "revoked",
            None if now < self.expires_at => "valid",
            None => "expired",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_back_as_they_are_written() {
        let some = AccessScopes::new([AccessScope::Write, AccessScope::Read, AccessScope::Read]).unwrap();
        assert_eq!(some.to_string(), "read,write");
        assert_eq!(AccessScopes::parse("write, read"), Some(some.clone()));
        assert!(some.within(&AccessScopes::all()) && !AccessScopes::all().within(&some));
        assert!(some.allow(AccessScope::Write) && !some.allow(AccessScope::Admin));
        for bad in ["", "read,", "reed", "READ"] {
            assert_eq!(AccessScopes::parse(bad), None, "{bad}");
        }
        assert_eq!(AccessScopes::new([]), None);
    }
}
