//! What the sides of a match state and write to each other.

use std::collections::BTreeSet;

use domain::{
    audit::{Act, Change, RecordKind},
    ids::{MatchId, MessageId, OrganisationId},
    matches::{MatchState, MatchTerms, Side, contact_in},
    violation::Violations,
};
use storage::{Page, PageRequest, Scope, Tx, matches as store, matches::MatchRow, messages};

pub use storage::messages::Message;

use super::{MatchView, steps::not_found};
use crate::{
    App,
    access::Caller,
    audit::{Deed, Pen},
    error::{AppError, AppResult},
    mails,
    policy::{Action, Actor, Resource, require},
};

/// The side that the caller is, who may write for it; the operator is none.
fn own_side(caller: &Caller, row: &MatchRow) -> AppResult<Side> {
    let side = match caller.actor {
        Actor::Operator => {
            let detail = "the sides of a match say this themselves, and those who hold a mandate of theirs";
            return Err(AppError::Forbidden { detail: detail.to_owned() });
        }
        Actor::Organisation(own) if own == row.supplier => Side::Supplier,
        Actor::Organisation(_) | Actor::Nobody => Side::Buyer,
    };
    let owner = match side {
        Side::Supplier => row.supplier,
        Side::Buyer => row.buyer,
    };
    require(caller, Action::Write, Resource::OwnedBy(owner))?;
    Ok(side)
}

fn other_side(row: &MatchRow, side: Side) -> OrganisationId {
    match side {
        Side::Supplier => row.buyer,
        Side::Buyer => row.supplier,
    }
}

/// Changes what is stated of a match into what `edit` makes of it by then.
///
/// # Errors
/// `NotFound` when the caller is on neither side; `Conflict` when a side has accepted already what is to change, or the
/// match has ended; `Forbidden` for what the other side states; `Invalid` with every fault; what `edit` says.
pub async fn state<F>(app: &App, caller: &Caller, id: MatchId, edit: F) -> AppResult<MatchView>
where
    F: FnOnce(&MatchRow, MatchTerms) -> AppResult<Option<MatchTerms>> + Send + 'static,
{
    let (this, caller, actor) = (app.clone(), caller.clone(), caller.actor);
    let (pen, now) = (Pen::of(app, &caller), app.clock.now());
    let work = move |tx: Tx| async move {
        let row = store::get_to_change(&tx, actor.into(), id).await.map_err(not_found)?;
        let side = own_side(&caller, &row)?;
        let before = terms_of(&row)?;
        let Some(after) = edit(&row, before.clone())? else { return Ok(row) };
        let after = after.checked()?;
        let state = row.clone().at(now).state;
        if !state.is_held() && !state.takes_capacity() && state != MatchState::Suggested {
            let detail = format!("the match is {}; what was stated of it stays", state.as_str());
            return Err(AppError::Conflict { code: "wrong_state", detail });
        }
        if before.differs_for_both(&after) && !matches!(state, MatchState::Suggested | MatchState::Proposed) {
            let detail = "a side has accepted it on these terms; decline it and put it anew to change them";
            return Err(AppError::Conflict { code: "wrong_state", detail: detail.to_owned() });
        }
        if before.differs_for_buyer(&after) && side == Side::Supplier {
            let detail = "basis, reference and order number are the buyer's to state";
            return Err(AppError::Forbidden { detail: detail.to_owned() });
        }
        let terms_json = Some(serde_json::to_string(&after).map_err(AppError::internal)?);
        let changed = MatchRow { terms_json, updated_at: now, ..row.clone() };
        store::update(&tx, row.state, &changed).await?;
        let changes = vec![Change { field: "terms".to_owned(), from: None, to: None }];
        pen.note(&tx, super::steps::deeds(Act::Update, &changed, actor.organisation(), &changes)).await?;
        super::tell(&this, &tx, BTreeSet::from([other_side(&row, side)]), now).await?;
        Ok::<_, AppError>(changed)
    };
    let row = app.store.write(work).await?;
    mails::ring(app);
    super::view_of(app, actor, row).await
}

/// What is stated of a match.
///
/// # Errors
/// When it cannot be read.
pub fn terms_of(row: &MatchRow) -> AppResult<MatchTerms> {
    let terms = row.terms_json.as_deref().map(serde_json::from_str).transpose().map_err(AppError::internal)?;
    Ok(terms.unwrap_or_default())
}

/// Writes to the other side. Until the sides are open to each other a message may not tell how to reach somebody, or the
/// writer's name.
///
/// # Errors
/// `NotFound` when the caller is on neither side; `Conflict` while it is only suggested; `Invalid` for an empty message and
/// one that tells a contact.
pub async fn write(app: &App, caller: &Caller, id: MatchId, body: String) -> AppResult<Message> {
    let (this, caller, actor) = (app.clone(), caller.clone(), caller.actor);
    let (pen, now) = (Pen::of(app, &caller), app.clock.now());
    let work = move |tx: Tx| async move {
        let row = store::get_to_change(&tx, actor.into(), id).await.map_err(not_found)?;
        let side = own_side(&caller, &row)?;
        let row = row.at(now);
        if row.state == MatchState::Suggested {
            let detail = "the match is only suggested; propose it, and then write";
            return Err(AppError::Conflict { code: "wrong_state", detail: detail.to_owned() });
        }
        let own = match side {
            Side::Supplier => row.supplier,
            Side::Buyer => row.buyer,
        };
        let name = storage::organisations::get(&tx, Scope::Operator, own).await?.record.name;
        let open = row.state.opens_the_sides();
        readable(&body, &name, open)?;
        let message = Message {
            id: MessageId(this.ids.next(now)),
            of_match: id,
            side,
            body: body.trim().to_owned(),
            created_at: now,
        };
        messages::insert(&tx, &message).await?;
        let (act, record, owner) = (Act::Create, RecordKind::MatchMessage, Some(other_side(&row, side)));
        pen.note(&tx, [Deed { act, record, id: message.id.0, owner, changes: vec![Change::to("match", id)] }]).await?;
        super::tell(&this, &tx, BTreeSet::from([other_side(&row, side)]), now).await?;
        Ok::<_, AppError>(message)
    };
    let message = app.store.write(work).await?;
    mails::ring(app);
    Ok(message)
}

/// Refuses what is empty, and what opens a side before it is open.
fn readable(body: &str, own_name: &str, open: bool) -> Result<(), Violations> {
    if body.trim().is_empty() {
        return Err(Violations::one("/body", "missing", "the message is empty; write something"));
    }
    let contact = match contact_in(body) {
        None if names(body, own_name) => Some("your organisation's name"),
        found => found,
    };
    match contact.filter(|_| !open) {
        None => Ok(()),
        Some(what) => {
            let detail =
                format!("the message tells {what}; who you are opens once the supplier has accepted, so leave it out");
            Err(Violations::one("/body", "contact_in_message", detail))
        }
    }
}

/// Whether a text names an organisation, in whatever case.
pub(crate) fn names(body: &str, name: &str) -> bool {
    let folded = |text: &str| text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let name = folded(name);
    name.chars().count() >= 4 && folded(body).contains(&name)
}

/// A page of what the sides of a match wrote; the operator reads it too.
///
/// # Errors
/// `NotFound` when the caller is on neither side of it.
pub async fn messages(app: &App, caller: &Caller, id: MatchId, request: PageRequest) -> AppResult<Page<Message>> {
    let row = store::get(&app.store, caller.actor.into(), id).await.map_err(not_found)?;
    if let Actor::Organisation(own) = caller.actor {
        require(caller, Action::Read, Resource::OwnedBy(own))?;
    }
    Ok(messages::page(&app.store, row.id, request).await?)
}
