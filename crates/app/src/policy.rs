//! Who may do what, in one place: extractors ask it, and so do jobs and the command line.

use domain::ids::OrganisationId;
use storage::Scope;

use crate::error::{AppError, AppResult};

/// Who is acting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// The operator of the service.
    Operator,
    /// An organisation.
    Organisation(OrganisationId),
}

impl Actor {
    /// The organisation, where it is one.
    pub fn organisation(self) -> Option<OrganisationId> {
        match self {
            Self::Operator => None,
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
}

/// What it is to be done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// The list of organisations as a whole.
    Organisations,
    /// An organisation's record, or anything it owns: sites, offers, needs.
    OwnedBy(OrganisationId),
    /// Runs of the whole market.
    Runs,
    /// Tokens.
    Tokens,
}

/// Whether the actor may.
pub fn may(actor: Actor, action: Action, resource: Resource) -> bool {
    match (actor, action, resource) {
        (Actor::Operator, Action::Read | Action::Write, _) => true,
        (Actor::Organisation(own), Action::Read | Action::Write, Resource::OwnedBy(owner)) => own == owner,
        (Actor::Organisation(_), Action::Read, Resource::Organisations | Resource::Runs) => true,
        (Actor::Organisation(_), Action::Write, Resource::Organisations | Resource::Runs) => false,
        (Actor::Organisation(_), Action::Read | Action::Write, Resource::Tokens) => false,
    }
}

/// As [`may`], as an error that says who may. What belongs to others is not found, so that nobody
/// learns by asking what exists.
pub fn require(actor: Actor, action: Action, resource: Resource) -> AppResult<()> {
    if may(actor, action, resource) {
        return Ok(());
    }
    Err(match resource {
        Resource::OwnedBy(_) => AppError::NotFound { what: "organisation" },
        Resource::Organisations => forbidden("only the operator registers organisations"),
        Resource::Runs => forbidden("only the operator starts runs, since a run computes the whole market"),
        Resource::Tokens => forbidden("only the operator issues tokens (`muster token create`)"),
    })
}

fn forbidden(detail: &str) -> AppError {
    AppError::Forbidden { detail: detail.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole matrix; a change of it shows here.
    #[test]
    fn who_may_do_what() {
        let own = OrganisationId(uuid::Uuid::from_u128(1));
        let other = OrganisationId(uuid::Uuid::from_u128(2));
        let actors = [("operator", Actor::Operator), ("organisation", Actor::Organisation(own))];
        let resources = [
            ("organisations", Resource::Organisations),
            ("own", Resource::OwnedBy(own)),
            ("another's", Resource::OwnedBy(other)),
            ("runs", Resource::Runs),
            ("tokens", Resource::Tokens),
        ];
        let mut table = String::new();
        for (who, actor) in actors {
            for (what, resource) in resources {
                let yes = |a| if may(actor, a, resource) { "yes" } else { "no" };
                table += &format!("{who} {what}: read {}, write {}\n", yes(Action::Read), yes(Action::Write));
            }
        }
        assert_eq!(
            table,
            "operator organisations: read yes, write yes\n\
             operator own: read yes, write yes\n\
             operator another's: read yes, write yes\n\
             operator runs: read yes, write yes\n\
             operator tokens: read yes, write yes\n\
             organisation organisations: read yes, write no\n\
             organisation own: read yes, write yes\n\
             organisation another's: read no, write no\n\
             organisation runs: read yes, write no\n\
             organisation tokens: read no, write no\n"
        );
    }
}
