//! Tier 1 of a need: an authorised body grants it, and takes it back.

use domain::{
    audit::{Act, Change},
    ids::NeedId,
    link::MailKind,
    need::{Need, Urgency},
    organisation::{OrganisationKind, Verification},
    text,
    urgency::Grant,
    violation::Violations,
};
use storage::{Scope, StoreError, Tx, needs as store, urgency_grants};

use super::deed;
use crate::{
    App,
    access::Caller,
    audit::Pen,
    error::{AppError, AppResult},
    mails,
    policy::{Action, Actor, Resource, require},
};

/// A need whose urgency was granted or revoked, as far as the body that did it may know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// The need.
    pub need: NeedId,
    /// How urgent the buyer says it is.
    pub urgency: Urgency,
    /// The tier it ranks at from now on.
    pub tier: u8,
    /// The grant; `None` once it is revoked.
    pub grant: Option<Grant>,
}

/// Grants that a need is critical, for a reason that the buyer is told.
///
/// # Errors
/// `NotFound` for all but the operator and authorities that the operator vouches for; `Forbidden` for the buyer itself;
/// `Conflict` when it is not stated as critical, granted already, or over; `Invalid` without a reason.
pub async fn grant(app: &App, caller: &Caller, id: NeedId, reason: &str) -> AppResult<Granted> {
    decide(app, caller, id, reason, true).await
}

/// Takes the grant of tier 1 back: the need ranks as tier 2 from now on.
///
/// # Errors
/// As [`grant`]; `Conflict` when nothing is granted.
pub async fn revoke(app: &App, caller: &Caller, id: NeedId, reason: &str) -> AppResult<Granted> {
    decide(app, caller, id, reason, false).await
}

async fn decide(app: &App, caller: &Caller, id: NeedId, reason: &str, grants: bool) -> AppResult<Granted> {
    if let Actor::Organisation(own) = caller.actor {
        require(caller, Action::Write, Resource::OwnedBy(own))?;
    }
    let reason = text::note("/reason", reason)?;
    if reason.trim().is_empty() {
        return Err(Violations::one("/reason", "blank", "is blank; the buyer is told why, so write it").into());
    }
    let (this, caller, pen, now) = (app.clone(), caller.clone(), Pen::of(app, caller), app.clock.now());
    let granted = app.store.write(move |tx| async move {
        let missing = || AppError::NotFound { what: "need" };
        let mut need = match store::get_to_change(&tx, Scope::Operator, id).await {
            Err(StoreError::NotFound) => return Err(missing()),
            found => found?.record,
        };
        authorised(&tx, &caller, &need).await?;
        may_be_decided(&need, grants)?;
        let before = need.urgency_granted;
        need.urgency_granted = grants;
        store::update(&tx, Scope::Operator, &need, now).await?;
        let grant = Grant { by: caller.actor.organisation(), reason, at: now };
        if grants {
            urgency_grants::put(&tx, id, &grant).await?;
        } else {
            urgency_grants::drop_of(&tx, id).await?;
        }
        for admin in storage::roles::admins(&tx, need.organisation).await? {
            mails::queue_of(&this, &tx, (MailKind::Urgency, id.0), admin, need.organisation, now).await?;
        }
        let act = if grants { Act::Grant } else { Act::Revoke };
        let change = Change::of("urgency_granted", before, grants);
        pen.note(&tx, [deed(act, &need, vec![change])]).await?;
        let grant = grants.then_some(grant);
        Ok(Granted { need: id, urgency: need.terms.urgency, tier: need.tier(now.day()), grant })
    });
    let granted = granted.await?;
    mails::ring(app);
    Ok(granted)
}

/// Refuses whoever is no authorised body: others may not know of the need, and its owner does not decide about itself.
async fn authorised(tx: &Tx, caller: &Caller, need: &Need) -> AppResult<()> {
    let missing = AppError::NotFound { what: "need" };
    let own = match caller.actor {
        Actor::Operator => return Ok(()),
        Actor::Organisation(own) => own,
        Actor::Nobody => return Err(missing),
    };
    if own == need.organisation {
        let detail = "another body grants that a need is critical: an authority that the operator vouches for, or the \
                      operator";
        return Err(AppError::Forbidden { detail: detail.to_owned() });
    }
    let organisation = storage::organisations::get(tx, Scope::Operator, own).await?.record;
    let authority = organisation.kind == OrganisationKind::Authority;
    match authority && organisation.verification == Verification::Operator && caller.behalf.is_none() {
        true => Ok(()),
        false => Err(missing),
    }
}

fn may_be_decided(need: &Need, grants: bool) -> AppResult<()> {
    let wrong = |detail: String| Err(AppError::Conflict { code: "wrong_state", detail });
    if !need.state.may_become(domain::need::NeedState::Closed) {
        return wrong(format!("the need is {}, so its urgency does not matter any more", need.state.as_str()));
    }
    match (grants, need.urgency_granted) {
        (true, _) if need.terms.urgency != Urgency::Critical => {
            let stated = need.terms.urgency.as_str();
            wrong(format!("its owner states the urgency {stated}; only what is stated as critical is granted"))
        }
        (true, true) => wrong("it is granted already".to_owned()),
        (false, false) => wrong("nothing is granted".to_owned()),
        (true, false) | (false, true) => Ok(()),
    }
}
