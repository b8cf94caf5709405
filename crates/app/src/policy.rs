//! Who may do what, in one place: extractors ask it, and so do jobs and the command line.

use domain::{api_key::AccessScope, disclosure::Audience, ids::OrganisationId, organisation::Organisation};
use storage::Scope;

use crate::{
    access::Caller,
    error::{AppError, AppResult},
};

/// Who is acting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// The operator of the service.
    Operator,
    /// An organisation.
    Organisation(OrganisationId),
    /// No organisation: a person who has no role yet, or has not said for which of several.
    Nobody,
}

impl Actor {
    /// The organisation, where it is one.
    pub fn organisation(self) -> Option<OrganisationId> {
        match self {
            Self::Operator | Self::Nobody => None,
            Self::Organisation(id) => Some(id),
        }
    }
}

impl From<Actor> for Scope {
    /// What the actor's finds may see.
    fn from(actor: Actor) -> Self {
        match actor {
            Actor::Operator => Self::Operator,
            Actor::Organisation(id) => Self::Organisation(id),
            Actor::Nobody => Self::Nobody,
        }
    }
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Look at it.
    Read,
    /// Make it or change it.
    Write,
    /// Decide who acts for it: people, roles, keys.
    Administer,
}

impl Action {
    /// All of them.
    pub const ALL: [Action; 3] = [Self::Read, Self::Write, Self::Administer];

    /// What the credential must be good for.
    pub fn scope(self) -> AccessScope {
        match self {
            Self::Read => AccessScope::Read,
            Self::Write => AccessScope::Write,
            Self::Administer => AccessScope::Admin,
        }
    }
}

/// What it is to be done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// The list of organisations as a whole.
    Organisations,
    /// An organisation that is not there yet.
    Registration,
    /// An organisation's record, or anything it owns: sites, offers, needs.
    OwnedBy(OrganisationId),
    /// What concerns an organisation's own people alone, whom no mandate lets in: who acts for it, what it joined,
    /// whom it mandated, what was done.
    Inside(OrganisationId),
    /// Runs of the whole market.
    Runs,
    /// The service itself: its people and its own keys.
    Service,
}

/// Whether the caller may: by whom it acts as, and by what its role or key is good for.
pub fn may(caller: &Caller, action: Action, resource: Resource) -> bool {
    match resource {
        // Whom a person acts for elsewhere does not matter.
        Resource::Registration if caller.person.is_some() && caller.behalf.is_none() => action == Action::Write,
        Resource::Inside(_) if caller.behalf.is_some() => false,
        _ => caller.scopes.allow(action.scope()) && may_act(caller.actor, action, resource),
    }
}

fn may_act(actor: Actor, action: Action, resource: Resource) -> bool {
    match (actor, resource) {
        (Actor::Operator, _) => true,
        (Actor::Organisation(own), Resource::OwnedBy(owner) | Resource::Inside(owner)) => own == owner,
        (Actor::Organisation(_), Resource::Organisations | Resource::Runs) => action == Action::Read,
        (Actor::Organisation(_), Resource::Service | Resource::Registration) => false,
        (Actor::Nobody, Resource::Organisations) => action == Action::Read,
        (Actor::Nobody, Resource::OwnedBy(_) | Resource::Inside(_)) => false,
        (Actor::Nobody, Resource::Runs | Resource::Service | Resource::Registration) => false,
    }
}

/// As what the caller looks at the offers of an organisation; `None` where he may not know of them one by one.
pub fn audience(caller: &Caller, owner: &Organisation) -> Option<Audience> {
    let may_read = caller.scopes.allow(AccessScope::Read);
    match caller.actor {
        Actor::Operator => Some(Audience::Operator),
        Actor::Organisation(own) if own == owner.id => Some(Audience::Owner),
        // What a member agreed to with its cluster is for the cluster's own people.
        Actor::Organisation(own) if owner.clusters.contains(&own) && caller.behalf.is_none() => {
            Some(Audience::OwnCluster)
        }
        Actor::Organisation(_) | Actor::Nobody => None,
    }
    .filter(|_| may_read)
}

/// As [`may`], as an error that says who may. What belongs to others is not found, so that nobody
/// learns by asking what exists.
///
/// # Errors
/// `NotFound` for what belongs to others, `Forbidden` for all else.
pub fn require(caller: &Caller, action: Action, resource: Resource) -> AppResult<()> {
    if may(caller, action, resource) {
        return Ok(());
    }
    if may_act(caller.actor, action, resource) {
        if caller.behalf.is_some() {
            return Err(forbidden("the mandate does not go so far; somebody of the organisation itself does this"));
        }
        let needed = action.scope().as_str();
        return Err(AppError::Forbidden {
            detail: format!("this needs a role or a key with the scope {needed}; yours has {}", caller.scopes),
        });
    }
    Err(match resource {
        Resource::OwnedBy(_) | Resource::Inside(_) => AppError::NotFound { what: "organisation" },
        Resource::Organisations => forbidden("only the operator changes the list of organisations"),
        Resource::Registration => forbidden("only a person who signed in registers an organisation, and the operator"),
        Resource::Runs if caller.actor == Actor::Nobody => forbidden("only organisations and the operator see runs"),
        Resource::Runs => forbidden("only the operator starts runs, since a run computes the whole market"),
        Resource::Service => forbidden("only the operator may do this"),
    })
}

fn forbidden(detail: &str) -> AppError {
    AppError::Forbidden { detail: detail.to_owned() }
}

#[cfg(test)]
mod tests {
    use domain::{api_key::AccessScopes, person::Role};

    use super::*;
    use crate::access::{Behalf, Credential};

    /// The whole matrix; a change of it shows here.
    #[test]
    fn who_may_do_what() {
        let own = OrganisationId(uuid::Uuid::from_u128(1));
        let other = OrganisationId(uuid::Uuid::from_u128(2));
        let caller =
            |actor, scopes| Caller { actor, credential: Credential::CommandLine, person: None, scopes, behalf: None };
        let behalf = Behalf { mandate: domain::ids::MandateId(uuid::Uuid::from_u128(4)), holder: other };
        let some = AccessScopes::new([AccessScope::Read, AccessScope::Write]).unwrap();
        let ann = Some(domain::ids::PersonId(uuid::Uuid::from_u128(3)));
        let callers = [
            ("operator", caller(Actor::Operator, AccessScopes::all())),
            ("admin", Caller { person: ann, ..caller(Actor::Organisation(own), Role::Admin.scopes()) }),
            ("editor", Caller { person: ann, ..caller(Actor::Organisation(own), Role::Editor.scopes()) }),
            ("member", Caller { person: ann, ..caller(Actor::Organisation(own), Role::Member.scopes()) }),
            ("key", caller(Actor::Organisation(own), AccessScopes::all())),
            ("holder", Caller { person: ann, behalf: Some(behalf), ..caller(Actor::Organisation(own), some) }),
            ("outside", {
                let credential = Credential::OutsideToken(uuid::Uuid::from_u128(4));
                Caller { credential, ..caller(Actor::Organisation(own), Role::Editor.scopes()) }
            }),
            ("nobody", Caller { person: ann, ..caller(Actor::Nobody, AccessScopes::all()) }),
        ];
        let resources = [
            ("organisations", Resource::Organisations),
            ("registration", Resource::Registration),
            ("own", Resource::OwnedBy(own)),
            ("inside", Resource::Inside(own)),
            ("another's", Resource::OwnedBy(other)),
            ("runs", Resource::Runs),
            ("service", Resource::Service),
        ];
        let mut table = String::new();
        for (who, caller) in &callers {
            for (what, resource) in resources {
                let may: Vec<&str> = Action::ALL
                    .into_iter()
                    .filter(|action| may(caller, *action, resource))
                    .map(|action| action.scope().as_str())
                    .collect();
                let may = if may.is_empty() { "nothing".to_owned() } else { may.join(" ") };
                table += &format!("{who}, {what}: {may}\n");
            }
        }
        assert_eq!(
            table,
            "operator, organisations: read write admin\n\
             operator, registration: read write admin\n\
             operator, own: read write admin\n\
             operator, inside: read write admin\n\
             operator, another's: read write admin\n\
             operator, runs: read write admin\n\
             operator, service: read write admin\n\
             admin, organisations: read\n\
             admin, registration: write\n\
             admin, own: read write admin\n\
             admin, inside: read write admin\n\
             admin, another's: nothing\n\
             admin, runs: read\n\
             admin, service: nothing\n\
             editor, organisations: read\n\
             editor, registration: write\n\
             editor, own: read write\n\
             editor, inside: read write\n\
             editor, another's: nothing\n\
             editor, runs: read\n\
             editor, service: nothing\n\
             member, organisations: read\n\
             member, registration: write\n\
             member, own: read\n\
             member, inside: read\n\
             member, another's: nothing\n\
             member, runs: read\n\
             member, service: nothing\n\
             key, organisations: read\n\
             key, registration: nothing\n\
             key, own: read write admin\n\
             key, inside: read write admin\n\
             key, another's: nothing\n\
             key, runs: read\n\
             key, service: nothing\n\
             holder, organisations: read\n\
             holder, registration: nothing\n\
             holder, own: read write\n\
             holder, inside: nothing\n\
             holder, another's: nothing\n\
             holder, runs: read\n\
             holder, service: nothing\n\
             outside, organisations: read\n\
             outside, registration: nothing\n\
             outside, own: read write\n\
             outside, inside: read write\n\
             outside, another's: nothing\n\
             outside, runs: read\n\
             outside, service: nothing\n\
             nobody, organisations: read\n\
             nobody, registration: write\n\
             nobody, own: nothing\n\
             nobody, inside: nothing\n\
             nobody, another's: nothing\n\
             nobody, runs: nothing\n\
             nobody, service: nothing\n"
        );
    }

    #[test]
    fn who_looks_at_a_members_offer() {
        let id = |n| OrganisationId(uuid::Uuid::from_u128(n));
        let owner = Organisation {
            id: id(1),
            kind: domain::organisation::OrganisationKind::Firm,
            name: String::new(),
            country: domain::code::CountryCode::new("DE"),
            verification: domain::organisation::Verification::None,
            clusters: vec![id(2)],
        };
        let as_whom = |actor, scopes| {
            let caller = Caller { actor, credential: Credential::CommandLine, person: None, scopes, behalf: None };
            audience(&caller, &owner)
        };
        let all = AccessScopes::all;
        assert_eq!(as_whom(Actor::Operator, all()), Some(Audience::Operator));
        assert_eq!(as_whom(Actor::Organisation(id(1)), all()), Some(Audience::Owner));
        assert_eq!(as_whom(Actor::Organisation(id(2)), Role::Member.scopes()), Some(Audience::OwnCluster));
        assert_eq!(as_whom(Actor::Organisation(id(3)), all()), None);
        assert_eq!(as_whom(Actor::Nobody, all()), None);
    }
}
