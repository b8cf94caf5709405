//! What waits for a reviewer: the queue, and what is decided of it. The operator decides, and of its members' records a
//! cluster that the operator vouches for.

use domain::{
    audit::{Act, Change, RecordKind},
    certificate::Reviewer,
    ids::ReviewId,
    link::MailKind,
    organisation::{OrganisationKind, Verification},
    review::{Decision, Review, ReviewState, Reviewed},
    text,
    time::Instant,
};
use storage::{Page, PageRequest, Scope, StoreError, Tx, memberships, needs, offers, reviews as store};

pub use storage::reviews::ReviewFilter;

use crate::{
    App,
    access::Caller,
    audit::{Deed, Pen},
    certificates,
    error::{AppError, AppResult},
    mails,
    memberships::require_verified,
    policy::{Action, Actor, Resource, require},
    risks,
};

/// A page of what waits or waited for the caller: all for the operator, the records of its active members for a cluster
/// that the operator vouches for, nothing for others.
///
/// # Errors
/// Those of the database.
pub async fn page(app: &App, caller: &Caller, filter: &ReviewFilter, request: PageRequest) -> AppResult<Page<Review>> {
    if let Actor::Organisation(own) = caller.actor {
        let organisation = storage::organisations::get(&app.store, caller.actor.into(), own).await?.record;
        let vouched = organisation.verification == Verification::Operator && caller.behalf.is_none();
        let cluster = organisation.kind == OrganisationKind::Cluster;
        if !(vouched && cluster) || storage::clusters::get(&app.store, own).await?.is_over(app.clock.now()) {
            return Ok(Page::empty(request));
        }
    }
    Ok(store::page(&app.store, caller.actor.into(), filter, request).await?)
}

/// What a reviewer decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The record is let through, and for the same reason it does not wait again.
    Release,
    /// The reason stands: the record stays out until its owner changes it.
    Confirm,
}

/// Decides about what waits, for a reason that the owner is told.
///
/// # Errors
/// `NotFound` for whoever may not know of it; `Conflict` when it is decided, or waits no more; `Invalid` without a
/// reason.
pub async fn decide(app: &App, caller: &Caller, id: ReviewId, verdict: Verdict, reason: &str) -> AppResult<Review> {
    if let Actor::Organisation(own) = caller.actor {
        require(caller, Action::Write, Resource::OwnedBy(own))?;
    }
    let note = text::note("/reason", reason)?;
    if note.trim().is_empty() {
        let fault = "is blank; the owner is told why, so write it";
        return Err(domain::violation::Violations::one("/reason", "blank", fault).into());
    }
    let (this, caller, pen, now) = (app.clone(), caller.clone(), Pen::of(app, caller), app.clock.now());
    let decided = app.store.write(move |tx| async move {
        let missing = || AppError::NotFound { what: "review" };
        let found = match store::get(&tx, Scope::Operator, id).await {
            Err(StoreError::NotFound) => return Err(missing()),
            found => found?,
        };
        let by = reviewer(&tx, &caller, &found, now).await?.ok_or_else(missing)?;
        // The record is locked before its review is read again: whoever decides at once waits here.
        let locked = Locked::read(&tx, found.of).await?;
        let mut review = store::get(&tx, Scope::Operator, id).await?;
        let may = match (verdict, review.state) {
            (Verdict::Release | Verdict::Confirm, ReviewState::Open) | (Verdict::Release, ReviewState::Confirmed) => {
                true
            }
            (Verdict::Release | Verdict::Confirm, ReviewState::Released | ReviewState::Lapsed)
            | (Verdict::Confirm, ReviewState::Confirmed) => false,
        };
        if !may {
            let detail = format!("the review is {} already; read it again", review.state.as_str());
            return Err(AppError::Conflict { code: "wrong_state", detail });
        }
        if verdict == Verdict::Release {
            locked.release(&tx, &review.reason, now).await?;
        }
        review.state = match verdict {
            Verdict::Release => ReviewState::Released,
            Verdict::Confirm => ReviewState::Confirmed,
        };
        review.decision = Some(Decision { by, note, at: now });
        store::decide(&tx, &review).await?;
        let mut deeds = vec![deed(verdict, &review)];
        if let Reviewed::Offer(offer) | Reviewed::Certificate(offer, _) = review.of {
            deeds.extend(risks::follow(&this, &tx, offer, now).await?);
        }
        for admin in storage::roles::admins(&tx, review.organisation).await? {
            let about = (MailKind::Reviewed, review.id.0);
            mails::queue_of(&this, &tx, about, admin, review.organisation, now).await?;
        }
        pen.note(&tx, deeds).await?;
        Ok(review)
    });
    let decided = decided.await?;
    mails::ring(app);
    Ok(decided)
}

/// As what the caller decides about a record; `None` where he may not know of it. Nobody decides about his own.
async fn reviewer(tx: &Tx, caller: &Caller, review: &Review, now: Instant) -> AppResult<Option<Reviewer>> {
    let own = match caller.actor {
        Actor::Operator => return Ok(Some(Reviewer::Operator)),
        Actor::Organisation(own) if caller.behalf.is_none() && own != review.organisation => own,
        Actor::Organisation(_) | Actor::Nobody => return Ok(None),
    };
    let verified = require_verified(tx, own, now).await.is_ok();
    let member = verified && memberships::is_member(tx, own, review.organisation, now).await?;
    Ok(member.then_some(Reviewer::Cluster))
}

/// The record of a review, which nobody else changes until the transaction ends.
enum Locked {
    Offer(Box<domain::offer::Offer>, Reviewed),
    Need(Box<domain::need::Need>),
}

impl Locked {
    async fn read(tx: &Tx, of: Reviewed) -> AppResult<Self> {
        Ok(match of {
            Reviewed::Offer(id) | Reviewed::Certificate(id, _) => {
                Self::Offer(Box::new(offers::get_to_change(tx, Scope::Operator, id).await?.record), of)
            }
            Reviewed::Need(id) => Self::Need(Box::new(needs::get_to_change(tx, Scope::Operator, id).await?.record)),
        })
    }

    /// Takes the record out of quarantine, if it is there for this reason.
    async fn release(self, tx: &Tx, reason: &str, now: Instant) -> AppResult<()> {
        let lift = |said: &mut Option<String>| {
            if said.as_deref() == Some(reason) {
                *said = None;
            }
        };
        match self {
            Self::Offer(mut offer, of) => {
                match of {
                    Reviewed::Certificate(_, id) => lift(&mut certificates::find(&mut offer, id)?.doubt),
                    Reviewed::Offer(_) | Reviewed::Need(_) => lift(&mut offer.quarantine),
                }
                Ok(offers::update(tx, Scope::Operator, &offer, now).await?)
            }
            Self::Need(mut need) => {
                lift(&mut need.quarantine);
                Ok(needs::update(tx, Scope::Operator, &need, now).await?)
            }
        }
    }
}

fn deed(verdict: Verdict, review: &Review) -> Deed {
    let act = match verdict {
        Verdict::Release => Act::Release,
        Verdict::Confirm => Act::Confirm,
    };
    let of = match review.of {
        Reviewed::Offer(id) => Change::to("offer", id),
        Reviewed::Need(id) => Change::to("need", id),
        Reviewed::Certificate(_, id) => Change::to("certificate", id),
    };
    Deed { act, record: RecordKind::Review, id: review.id.0, owner: Some(review.organisation), changes: vec![of] }
}
