//! Who was shown whose an offer or a need is: what the other side of a match opens, and what its subject reads of it.
//!
//! An opening and its entry in the audit log are one transaction: what cannot be noted is not shown.

use std::collections::BTreeMap;

use domain::{
    audit::{Act, AuditEntry, RecordKind},
    disclosure::{Audience, Disclosure, FieldGroup},
    ids::{MatchId, NeedId, OrganisationId},
    organisation::Organisation,
    time::Day,
};
use storage::{Page, PageRequest, Scope, StoreError, Tx, audit::AuditFilter, matches::MatchRow};

use crate::{
    App, Tables,
    access::Caller,
    audit::{Deed, Pen},
    error::{AppError, AppResult},
    offers::seen::{Contact, SeenOffer, contacts, note, opened},
    policy::{Action, Actor, Resource, require},
};

/// The other side of a match, opened.
#[derive(Debug, Clone)]
pub struct Counterparty {
    /// The match.
    pub of_match: MatchId,
    /// Who it is.
    pub side: OtherSide,
}

/// One side of a match, as the other opens it.
#[derive(Debug, Clone)]
pub enum OtherSide {
    /// The supplier, with the offer, to the buyer.
    Supplier(Box<SeenOffer>),
    /// The buyer, to the supplier.
    Buyer(Buyer),
}

/// A buyer, as the supplier of a match sees him from his own acceptance on.
#[derive(Debug, Clone)]
pub struct Buyer {
    /// The need.
    pub need: NeedId,
    /// Whose it is.
    pub organisation: Organisation,
    /// The admins.
    pub contact: Vec<Contact>,
}

/// Opens the other side of a match to the caller, and notes it where the other side reads it.
///
/// # Errors
/// `NotFound` when the caller is on neither side of it; `Forbidden` for the operator, who is on neither and reads both;
/// `Conflict` before the supplier accepted.
pub async fn counterparty(app: &App, caller: &Caller, id: MatchId) -> AppResult<Counterparty> {
    let Actor::Organisation(own) = caller.actor else {
        return Err(match caller.actor {
            Actor::Operator => AppError::Forbidden {
                detail: "the sides of a match open each other; who runs the service reads organisations and offers"
                    .to_owned(),
            },
            Actor::Organisation(_) | Actor::Nobody => AppError::NotFound { what: "match" },
        });
    };
    require(caller, Action::Read, Resource::OwnedBy(own))?;
    let (caller, tables, pen, now) = (caller.clone(), app.tables(), Pen::of(app, caller), app.clock.now());
    let today = now.day();
    app.store
        .write(move |tx| async move {
            let row = match storage::matches::get(&tx, caller.actor.into(), id).await {
                Err(StoreError::NotFound) => return Err(AppError::NotFound { what: "match" }),
                found => found?.at(now),
            };
            if !row.state.opens_the_sides() {
                let state = row.state.as_str();
                let detail = format!(
                    "the match is {state}; each side learns who the other is once the supplier has accepted, and not before"
                );
                return Err(AppError::Conflict { code: "not_opened", detail });
            }
            let side = if own == row.buyer {
                let seen = supplier(&tx, &tables, (&row, today), (&pen, &caller)).await?;
                OtherSide::Supplier(Box::new(seen))
            } else {
                OtherSide::Buyer(buyer(&tx, &row, &pen).await?)
            };
            Ok(Counterparty { of_match: id, side })
        })
        .await
}

async fn supplier(
    tx: &Tx,
    tables: &Tables,
    (row, today): (&MatchRow, Day),
    (pen, caller): (&Pen, &Caller),
) -> AppResult<SeenOffer> {
    let offer = storage::offers::get(tx, Scope::Operator, row.offer).await?;
    let offer = crate::offers::standing(tx, offer, today).await?;
    let owner = storage::organisations::get(tx, Scope::Operator, offer.record.organisation).await?.record;
    let seen = SeenOffer::read(tx, tables, Audience::Counterparty, &offer, &owner).await?;
    note(tx, pen, caller, (&seen, &offer.record), Some(row.id)).await?;
    Ok(seen)
}

async fn buyer(tx: &Tx, row: &MatchRow, pen: &Pen) -> AppResult<Buyer> {
    let organisation = storage::organisations::get(tx, Scope::Operator, row.buyer).await?.record;
    let contact = contacts(tx, row.buyer).await?;
    // Of a need its owner shows nobody more; what a counterparty sees of an offer, it sees of a need.
    let groups = Disclosure::default().seen_by(Audience::Counterparty).into_iter();
    let groups: Vec<FieldGroup> = groups.filter(|group| group.names_somebody()).collect();
    let changes = opened(Audience::Counterparty, &groups, Some(row.id));
    let (record, owner) = (RecordKind::Need, Some(row.buyer));
    pen.note(tx, [Deed { act: Act::Open, record, id: row.need.0, owner, changes }]).await?;
    Ok(Buyer { need: row.need, organisation, contact })
}

/// An opening as its subject reads it.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The entry of the audit log.
    pub entry: AuditEntry,
    /// Who opened it; `None` where the organisation is no more.
    pub by: Option<Organisation>,
}

/// A page of what was opened of an organisation, and by whom.
///
/// # Errors
/// `NotFound` outside of what the caller may see.
pub async fn page(app: &App, caller: &Caller, of: OrganisationId, request: PageRequest) -> AppResult<Page<Opening>> {
    crate::organisations::get(app, caller, of).await?;
    // What was opened under a mandate of its own is no opening of its own.
    let records = vec![RecordKind::Offer, RecordKind::Need];
    let filter = AuditFilter { acts: vec![Act::Open], records, owner: Some(of), ..AuditFilter::default() };
    let Page { items, next, total } = crate::audit::page(app, caller, &filter, request).await?;
    let openers = items.iter().filter_map(|entry| entry.acting.organisation());
    let found = storage::organisations::get_many(&app.store, Scope::Operator, openers).await?;
    let named: BTreeMap<OrganisationId, Organisation> = found.into_iter().map(|o| (o.id, o)).collect();
    let with = |entry: AuditEntry| {
        let by = entry.acting.organisation().and_then(|id| named.get(&id)).cloned();
        Opening { entry, by }
    };
    Ok(Page { items: items.into_iter().map(with).collect(), next, total })
}
