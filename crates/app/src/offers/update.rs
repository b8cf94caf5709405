//! An owner changes an offer.

use std::collections::BTreeSet;

use domain::{
    audit::Change,
    certificate,
    disclosure::{Audience, Disclosure, FieldGroup},
    ids::{CertificateId, MatchId, OfferId},
    matches::ClosingReason,
    mode::MarketMode,
    offer::{self, Offer, OfferInput, OfferState, OfferTerms, Role, Transfer, Visibility},
    price::Price,
    quantity::Measure,
    quarantine,
    rate::Rate,
    time::Instant,
};
use storage::{Scope, Stored, Tx, modes, offers as store, reviews};

use super::{deed, not_found};
use crate::{
    App, Tables,
    access::Caller,
    audit::Pen,
    certificates::{self, Stated},
    changing::{Changes, kept_here},
    error::{AppError, AppResult},
    history, lines, mails,
    matches::MatchFilter,
    policy::{Action, Resource, require},
    promises, reference, risks, sites,
};

/// Changes an offer into what `edit` makes of it as it stands by then; into nothing else where that is `None`.
/// Everything is checked as at its publication.
///
/// What the owner does not state he does not change: its state, a suspension, what others found of his
/// certificates, and why it waits for a reviewer ([`quarantine::after_change`]).
///
/// # Errors
/// `NotFound` outside of what the actor may see; `Conflict` when it is out of the market, kept elsewhere, or
/// promised to open matches that are not in `release`; `Invalid` with every fault; what `edit` says.
pub async fn update<F>(
    app: &App,
    caller: &Caller,
    id: OfferId,
    release: Vec<MatchId>,
    edit: F,
) -> AppResult<Stored<Offer>>
where
    F: FnOnce(&Stored<Offer>) -> AppResult<Option<OfferInput>> + Send + 'static,
{
    let (this, caller) = (app.clone(), caller.clone());
    let work = move |tx: Tx| async move { changed_in(&tx, &this, &caller, (id, &release), How::Update, edit).await };
    let changed = app.store.write(work).await?;
    mails::ring(app);
    app.queued.notify_one();
    Ok(changed)
}

/// As what an offer is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// As its owner likes.
    Update,
    /// Its owner stands by it.
    Confirm,
    /// A conversion is decided.
    Convert,
}

/// Changes an offer inside a transaction, and answers it as it stands by then.
pub(super) async fn changed_in<F>(
    tx: &Tx,
    app: &App,
    caller: &Caller,
    (id, release): (OfferId, &[MatchId]),
    how: How,
    edit: F,
) -> AppResult<Stored<Offer>>
where
    F: FnOnce(&Stored<Offer>) -> AppResult<Option<OfferInput>>,
{
    let (actor, now, pen, tables) = (caller.actor, app.clock.now(), Pen::of(app, caller), app.tables());
    store::get(tx, actor.into(), id).await.map_err(not_found)?;
    let books = promises::lock(app, tx, &pen, id, now).await?;
    let stored = store::get_to_change(tx, actor.into(), id).await.map_err(not_found)?;
    let before = &stored.record;
    require(caller, Action::Write, Resource::OwnedBy(before.organisation))?;
    let mode = modes::current(tx).await?;
    let seen = super::at(stored.clone(), mode, now.day());
    let in_market = seen.record.state.may_become(OfferState::Withdrawn);
    let edited = edit(&seen)?;
    if in_market {
        how.goes_with(before)?;
    } else if how != How::Update {
        return Err(out_of_market(&seen.record));
    }
    let Some(input) = edited else { return promises::nothing_released(release).map(|()| seen) };
    let input = OfferInput { draft: before.state == OfferState::Draft, ..input };
    let site = storage::sites::get(tx, Scope::Organisation(before.organisation), before.site).await?;
    let checked = input.check(&reference(&tables, sites::today(Some(&site.record), now)));
    let mut places = Vec::new();
    let next = || CertificateId(app.ids.next(now));
    let after = checked.map(|(terms, _)| changed(&tables, before, terms, (how, mode), (next, &mut places)));
    // Whom an offer is shown to is said here, wherever the offer itself is kept.
    let shown_alone = after.as_ref().is_ok_and(|after| differs_in_disclosure_alone(before, after));
    // Nor does it matter for that whether it is in the market still: others look at what they were shown.
    if !in_market && !shown_alone {
        return Err(out_of_market(&seen.record));
    }
    if !shown_alone {
        kept_here(&stored)?;
    }
    let mut after = after?;
    how.goes_on(before, &after)?;
    if !shown_alone {
        lines::goes_with(tx, &tables, &after.terms, after.site).await?;
        looked_into(tx, &tables, before, Stated { offer: &mut after, places }, now).await?;
        reviews::let_offers_through(tx, std::slice::from_mut(&mut after)).await?;
    }
    if after == *before {
        return promises::nothing_released(release).map(|()| seen);
    }
    owner_shows(caller, &before.terms.disclosure, &after.terms.disclosure)?;
    if shown_alone {
        promises::nothing_released(release)?;
    } else {
        let of = MatchFilter { offer: Some(id), ..MatchFilter::default() };
        let why = (&ClosingReason::NoSupply, actor.organisation());
        promises::release(app, tx, (&of, release), why, (&pen, now)).await?;
        // Who states his figures anew states what lies ready, and no longer what has left it.
        if how == How::Confirm || after.terms.profile.as_of > before.terms.profile.as_of {
            promises::restated(tx, id, now).await?;
        }
        promises::kept_by_offer(tx, &books, before, &after).await?;
    }
    store::update(tx, actor.into(), &after, now).await?;
    history::note(tx, &pen, deed(how.act(), &after, changes(before, &after)), before, &after).await?;
    pen.note(tx, risks::follow(app, tx, id, now).await?).await?;
    Ok(super::at(Stored { record: after, updated_at: now, ..stored }, mode, now.day()))
}

fn out_of_market(offer: &Offer) -> AppError {
    let detail = format!("the offer is {}, so it cannot be changed", offer.state.as_str());
    AppError::Conflict { code: "wrong_state", detail }
}

/// Refuses to show more of an offer under a mandate: what others saw stays seen when the mandate ends.
pub(super) fn owner_shows(caller: &Caller, before: &Disclosure, after: &Disclosure) -> AppResult<()> {
    let more = Audience::ALL.into_iter().any(|to| !after.seen_by(to).is_subset(&before.seen_by(to)));
    if caller.behalf.is_some() && more {
        let detail =
            "the organisation itself says what others see of its offer, and no mandate does; leave disclosure out";
        return Err(AppError::Forbidden { detail: detail.to_owned() });
    }
    Ok(())
}

fn differs_in_disclosure_alone(before: &Offer, after: &Offer) -> bool {
    let disclosure = after.terms.disclosure.clone();
    *after == Offer { terms: OfferTerms { disclosure, ..before.terms.clone() }, ..before.clone() }
}

/// Refuses certificates that the owner cannot state, and lets those wait that something speaks against.
async fn looked_into(tx: &Tx, tables: &Tables, before: &Offer, stated: Stated<'_>, now: Instant) -> AppResult<()> {
    let owner = storage::organisations::get(tx, Scope::Operator, before.organisation).await?.record;
    let filed = storage::evidence::filed(tx, [before.id]).await?;
    let after = &stated.offer.terms;
    // An owner who changes something else is not held to what was stated before, unless it makes the goods its own.
    if !stated.places.is_empty() || before.terms.role != after.role {
        let certificates = (after.role, after.certificates.as_slice());
        certificates::faults(&owner, certificates, &before.terms.certificates, &filed).into_result()?;
    }
    for certificate in &mut stated.offer.terms.certificates {
        if certificate.id.is_some_and(|id| filed.contains(&id)) {
            certificate.follow_evidence(true);
        }
    }
    certificates::doubt(tx, tables, now.day(), &mut [stated]).await
}

/// An offer on new terms, and the places of its certificates that are new or say something else.
fn changed(
    tables: &Tables,
    before: &Offer,
    mut terms: OfferTerms,
    (how, mode): (How, MarketMode),
    (next, places): (impl FnMut() -> CertificateId, &mut Vec<usize>),
) -> Offer {
    *places = certificate::recognise(&before.terms.certificates, &mut terms.certificates, next);
    let implausible = |terms: &OfferTerms| {
        tables.catalogue.product(terms.product.as_str()).and_then(|product| offer::implausible(product, terms))
    };
    let quarantine =
        quarantine::after_change(before.quarantine.clone(), implausible(&before.terms), implausible(&terms));
    let as_of = terms.profile.as_of;
    let rebased = as_of != before.terms.profile.as_of;
    let confirm_by = if rebased { as_of.plus(mode.confirm_days()) } else { before.confirm_by };
    let after = Offer { terms, quarantine, confirm_by, ..before.clone() };
    match how {
        How::Update | How::Convert => after,
        How::Confirm => after.confirmed(as_of, mode),
    }
}

/// What is shown to whom, in the words of fixed lists.
pub(super) fn shown(disclosure: &Disclosure) -> Option<String> {
    let of = |(audience, groups): (Audience, &BTreeSet<FieldGroup>)| {
        let groups: Vec<&str> = groups.iter().map(|group| group.as_str()).collect();
        format!("{}: {}", audience.as_str(), groups.join(","))
    };
    let told: Vec<String> = disclosure.shown().map(of).collect();
    (!told.is_empty()).then(|| told.join("; "))
}

fn changes(before: &Offer, after: &Offer) -> Vec<Change> {
    let (was, is) = (&before.terms, &after.terms);
    let (had, has) = (&was.profile, &is.profile);
    let units = |measure: &Measure| Some(measure.quantity.to_string());
    let rate = |rate: &Option<Rate>| rate.as_ref().map(|r| format!("{} per {}", r.measure.quantity, r.period.as_str()));
    let price = |price: &Option<Price>| price.as_ref().map(|p| format!("{}e-6 {}", p.micros, p.currency.as_str()));
    let transfers =
        |transfers: &BTreeSet<Transfer>| Some(transfers.iter().map(|t| t.as_str()).collect::<Vec<_>>().join(","));
    let changes = Changes::default()
        .word("product", &was.product, &is.product)
        .list("grades", &was.grades, &is.grades)
        .untold("features", &was.features, &is.features)
        .field("stock", &had.stock, &has.stock, units)
        .field("running", &had.running, &has.running, rate)
        .field("maximum", &had.maximum, &has.maximum, rate)
        .word("ramp_days", &had.ramp_days, &has.ramp_days)
        .maybe("line", &was.line, &is.line)
        .untold("weeks", &had.weeks, &has.weeks)
        .untold("convertible", &had.convertible, &has.convertible)
        .untold("calendar", &had.calendar, &has.calendar)
        .word("from", &had.from, &has.from)
        .maybe("until", &had.until, &has.until)
        .word("as_of", &had.as_of, &has.as_of)
        .word("lead_days", &was.lead_days, &is.lead_days)
        .field("min_order", &was.min_order, &is.min_order, |m: &Option<Measure>| m.as_ref().and_then(units))
        .maybe("max_distance_km", &was.max_distance_km, &is.max_distance_km)
        .list("regions", &was.regions, &is.regions)
        .list("authorisations", &was.authorisations, &is.authorisations)
        .untold("certificates", &was.certificates, &is.certificates)
        .field("transfers", &was.transfers, &is.transfers, transfers)
        .field("price", &was.price, &is.price, price)
        .field("role", &was.role, &is.role, |role: &Role| Some(role.as_str().to_owned()))
        .field("visibility", &was.visibility, &is.visibility, |v: &Visibility| Some(v.as_str().to_owned()))
        .field("disclosure", &was.disclosure, &is.disclosure, shown)
        .untold("missing_inputs", &was.missing_inputs, &is.missing_inputs)
        .untold("note", &was.note, &is.note)
        .word("confirm_by", &before.confirm_by, &after.confirm_by)
        .word("suspended", &before.suspended, &after.suspended)
        .untold("quarantine", &before.quarantine, &after.quarantine);
    changes.0
}
