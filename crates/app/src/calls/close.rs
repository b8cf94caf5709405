//! A call closes: its report is made in the same transaction, and does not change from then on.

use std::collections::BTreeMap;

use domain::{
    audit::{Act, Change, RecordKind},
    call::{
        Call, CallState,
        report::{Given, Report, facilities, figures},
        standing::Counted,
    },
    disclosure::{Audience, FieldGroup, Sight},
    ids::{CallId, OrganisationId, SiteId},
    offer::{Offer, OfferState},
    organisation::{Organisation, Site},
    time::Instant,
};
use storage::{Scope, Stored, Tx, calls as store, offers, organisations, sites};

use super::{
    answer::{inside, states_facilities},
    deed, issued, not_found, of_issuer, reader_of,
    standing::Standing,
    wrong_state,
};
use crate::{
    App, Tables,
    access::Caller,
    audit::{Deed, Pen},
    error::{AppError, AppResult},
    offers::seen::opened,
    policy::Action,
};

/// Closes a call, if the caller agrees to what it is by then, and makes its report.
///
/// # Errors
/// `NotFound` and `Forbidden` for all but its issuer; `Conflict` when it is not open, or producers have five days by law
/// that are not over; what `agree` says.
pub async fn close<F>(app: &App, caller: &Caller, id: CallId, agree: F) -> AppResult<Stored<Call>>
where
    F: FnOnce(&Stored<Call>) -> AppResult<()> + Send + 'static,
{
    let (now, pen, caller, tables) = (app.clock.now(), Pen::of(app, caller), caller.clone(), app.tables());
    app.store
        .write(move |tx| async move {
            let stored = issued(&tx, &caller, id, now).await?;
            let call = &stored.record;
            if !call.state.may_become(CallState::Closed) {
                return Err(wrong_state(format!("the call is {}, so it cannot be closed", call.state.as_str())));
            }
            if call.terms.legal_basis.asks_per_facility() && call.takes_answers(now) {
                let detail =
                    format!("producers have until {} by Article 10; cancel the call instead", call.terms.answer_by.at);
                return Err(wrong_state(detail));
            }
            agree(&stored)?;
            closed(&tx, &tables, stored, &pen, now).await
        })
        .await
}

/// Closes an open call, whoever says so.
pub(super) async fn closed(
    tx: &Tx,
    tables: &Tables,
    mut stored: Stored<Call>,
    pen: &Pen,
    now: Instant,
) -> AppResult<Stored<Call>> {
    let state = stored.record.state;
    (stored.record.state, stored.record.ended_at) = (CallState::Closed, Some(now));
    stored.updated_at = now;
    let report = made(tx, tables, &stored.record, now).await?;
    store::update(tx, &stored, now).await?;
    store::reports::insert(tx, &report).await?;
    let change = Change::of("state", state.as_str(), stored.record.state.as_str());
    pen.note(tx, [deed(Act::Close, &stored.record, vec![change])]).await?;
    Ok(stored)
}

/// The report of a call as it stands.
async fn made(tx: &Tx, tables: &Tables, call: &Call, now: Instant) -> AppResult<Report> {
    let standing = Standing::read(tx, tables, call).await?;
    let counted = Counted::of(&standing.answers);
    let named = counted.offers();
    let found = offers::get_many(tx, Scope::Operator, named.keys().copied()).await?;
    let places = sites::get_many(tx, Scope::Operator, found.iter().map(|offer| offer.record.site)).await?;
    let places: BTreeMap<SiteId, Site> = places.into_iter().map(|site| (site.record.id, site.record)).collect();
    let owners = found.iter().map(|offer| offer.record.organisation);
    let owners = organisations::get_many(tx, Scope::Operator, owners).await?;
    let owners: BTreeMap<OrganisationId, Organisation> = owners.into_iter().map(|o| (o.id, o)).collect();
    let mut given = Vec::new();
    for Stored { record: offer, .. } in found {
        let (Some(owner), Some(site)) = (owners.get(&offer.organisation), places.get(&offer.site)) else { continue };
        let left_out = left_out(tables, call, &offer, site, now);
        let sight = Sight::answered(call.terms.legal_basis, (&offer, owner, site), &tables.regions);
        given.push(Given { sight, offer: offer.id, line: offer.terms.line, left_out });
    }
    given.sort_by(|a, b| (&a.sight.organisation.name, a.offer).cmp(&(&b.sight.organisation.name, b.offer)));
    let stated = counted.answers().filter(|answer| states_facilities(answer)).flat_map(|answer| {
        let name = standing.known.get(&answer.organisation).map(|who| who.name.clone()).unwrap_or_default();
        let (organisation, at) = (answer.organisation, answer.updated_at);
        answer.content.facilities.iter().map(move |facility| (organisation, name.clone(), at, facility))
    });
    let stated: Vec<_> = stated.collect();
    let terms = &call.terms;
    let (reported, stock, capacity) = figures(&given, (terms.from, terms.until), &tables.catalogue, &tables.regions);
    Ok(Report {
        call: call.id,
        title: terms.title.clone(),
        organisation: call.organisation,
        issuer: organisations::get(tx, Scope::Operator, call.organisation).await?.record.name,
        legal_basis: terms.legal_basis,
        confidential: terms.confidential,
        from: terms.from,
        until: terms.until,
        opened_at: call.opened_at,
        closed_at: now,
        questions: terms.questions.clone(),
        asked: standing.asked(call),
        offers: reported,
        stock,
        capacity,
        facilities: facilities(call, &given, &stated, &tables.catalogue, &tables.regions),
    })
}

/// Why an offer is in no figure of a report, if it is in none: nobody could have it any more, or it is no longer what was
/// asked for.
fn left_out(tables: &Tables, call: &Call, offer: &Offer, site: &Site, now: Instant) -> Option<String> {
    let state = match offer.state {
        OfferState::Published => None,
        OfferState::Draft | OfferState::Paused | OfferState::Withdrawn | OfferState::Expired => {
            Some(offer.state.as_str())
        }
    };
    let why = if state.is_some() {
        state
    } else if offer.is_over(now.day()) {
        Some(OfferState::Expired.as_str())
    } else if offer.quarantine.is_some() {
        Some("quarantined")
    } else if offer.suspended {
        Some("suspended")
    } else if !call.terms.products.contains(&offer.terms.product) {
        Some("another_product")
    } else if !inside(tables, call, site.region.as_ref()) {
        Some("another_region")
    } else {
        None
    };
    why.map(str::to_owned)
}

/// The report of a closed call, for its issuer. When it is read for the first time, each offer in it notes that its
/// owner was named, where the owner reads it.
///
/// # Errors
/// `NotFound` and `Forbidden` for all but its issuer; `Conflict` before the call is closed.
pub async fn report(app: &App, caller: &Caller, id: CallId) -> AppResult<Report> {
    let now = app.clock.now();
    let who = reader_of(&app.store, caller, now).await?;
    let call = store::get(&app.store, &who, id).await.map_err(not_found)?.record;
    of_issuer(caller, Action::Read, &call)?;
    match call.state {
        CallState::Closed => {}
        CallState::Draft | CallState::Open | CallState::Cancelled => {
            let detail = format!("the call is {}; it has a report once it is closed", call.state.as_str());
            return Err(AppError::Conflict { code: "wrong_state", detail });
        }
    }
    let report = store::reports::get(&app.store, id).await?;
    if caller.actor.organisation() != Some(call.organisation) {
        return Ok(report);
    }
    let pen = Pen::of(app, caller);
    app.store
        .write(move |tx| async move {
            if !store::reports::is_read(&tx, id).await? {
                store::reports::note_read(&tx, id, now).await?;
                pen.note(&tx, openings(&call, &report)).await?;
            }
            Ok(report)
        })
        .await
}

fn openings(call: &Call, report: &Report) -> Vec<Deed> {
    let mut groups = vec![FieldGroup::Identity];
    groups.extend(call.terms.legal_basis.asks_per_facility().then_some(FieldGroup::ExactPlace));
    let foreign = report.offers.iter().filter(|offer| offer.organisation != call.organisation);
    let told = foreign.map(|offer| {
        let mut changes = opened(Audience::Issuer, &groups, None);
        changes.push(Change::to("call", call.id));
        let (record, owner) = (RecordKind::Offer, Some(offer.organisation));
        Deed { act: Act::Open, record, id: offer.offer.0, owner, changes }
    });
    told.collect()
}
