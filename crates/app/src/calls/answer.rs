//! Organisations answer calls, themselves or through a cluster that they mandated.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    api_key::AccessScope,
    audit::{Act, Change, RecordKind},
    call::{
        Call, LegalBasis,
        answer::{Answer, AnswerInput, AnswerKind},
        standing::Counted,
    },
    ids::{CallAnswerId, CallId, OfferId, OrganisationId},
    offer::{Offer, OfferState},
    organisation::{OrganisationKind, Verification},
    time::Instant,
    violation::Violations,
};
use storage::{
    Page, PageRequest, Reads, Scope, StoreError, Stored, Tx,
    calls::{self as store, answers::AnswerReader},
    mandates, memberships, offers, organisations, sites,
};

use super::{is_issuer, not_found, of_issuer, reader_of, wrong_state};
use crate::{
    App, Tables,
    access::Caller,
    audit::{Deed, Pen},
    error::{AppError, AppResult},
    policy::{Action, Actor, Resource, require},
    reference,
};

/// Answers a call, in place of what the same one answered before for the same organisation, and says whether there was
/// nothing before.
///
/// # Errors
/// `NotFound` for whoever may not know of the call; `Conflict` when it takes no answers; `Invalid` with every fault.
pub async fn answer(app: &App, caller: &Caller, id: CallId, input: AnswerInput) -> AppResult<(Answer, bool)> {
    let Actor::Organisation(own) = caller.actor else {
        return Err(match caller.actor {
            Actor::Operator => {
                AppError::Forbidden { detail: "organisations answer calls, not the operator".to_owned() }
            }
            Actor::Organisation(_) | Actor::Nobody => AppError::NotFound { what: "call" },
        });
    };
    let (now, pen, caller, tables) = (app.clock.now(), Pen::of(app, caller), caller.clone(), app.tables());
    let new = CallAnswerId(app.ids.next(now));
    app.store
        .write(move |tx| async move {
            let who = reader_of(&tx, &caller, now).await?;
            let call = store::get_to_answer(&tx, &who, id).await.map_err(not_found)?.record;
            require(&caller, Action::Write, Resource::OwnedBy(own))?;
            if call.organisation == own {
                return Err(AppError::Forbidden { detail: "nobody answers a call of its own".to_owned() });
            }
            if !call.takes_answers(now) {
                let state = call.state.as_str();
                let detail = format!("the call is {state} and was open until {}", call.terms.answer_by.at);
                return Err(wrong_state(detail));
            }
            // Two answers of one organisation wait for each other.
            organisations::lock(&tx, own).await?;
            let mut faults = Violations::new();
            let checked = faults.keep(input.check(&call.terms, &reference(&tables, now.day())));
            let named = faults.keep(named(&tx, &tables, &caller, (own, &call), &input.offers, now).await?);
            faults.into_result()?;
            let (Some((kind, content)), Some(offers)) = (checked, named) else {
                return Err(AppError::internal("no faults, no value"));
            };
            let by = caller.behalf.map_or(own, |behalf| behalf.holder);
            let before = store::answers::find(&tx, id, own, by).await?;
            let (answer_id, created_at) = before.as_ref().map_or((new, now), |before| (before.id, before.created_at));
            let organisation = own;
            let answer = Answer {
                id: answer_id,
                call: id,
                organisation,
                by,
                kind,
                content,
                offers,
                created_at,
                updated_at: now,
            };
            if let Some(before) = &before
                && (before.kind, &before.content, &before.offers) == (answer.kind, &answer.content, &answer.offers)
            {
                return Ok((before.clone(), false));
            }
            store::answers::put(&tx, &answer).await?;
            pen.note(&tx, [told(before.as_ref(), &answer)]).await?;
            Ok((answer, before.is_none()))
        })
        .await
}

/// The offers of an answer with their owners, if the caller may answer with them: its own, and as a cluster those of
/// members that mandated it to write.
async fn named(
    tx: &Tx,
    tables: &Tables,
    caller: &Caller,
    (own, call): (OrganisationId, &Call),
    ids: &[OfferId],
    now: Instant,
) -> AppResult<Result<Vec<(OfferId, OrganisationId)>, Violations>> {
    let found = offers::get_many(tx, Scope::Operator, ids.iter().copied()).await?;
    let found: BTreeMap<OfferId, Offer> = found.into_iter().map(|stored| (stored.record.id, stored.record)).collect();
    let places = sites::get_many(tx, Scope::Operator, found.values().map(|offer| offer.site)).await?;
    let places: BTreeMap<_, _> = places.into_iter().map(|site| (site.record.id, site.record.region)).collect();
    let speaker = organisations::get(tx, Scope::Operator, own).await?.record;
    let speaks = caller.behalf.is_none()
        && speaker.kind == OrganisationKind::Cluster
        && speaker.verification == Verification::Operator;
    let mut mandated: BTreeMap<OrganisationId, Option<bool>> = BTreeMap::new();
    let (mut faults, mut named) = (Violations::new(), BTreeSet::new());
    for (i, id) in ids.iter().enumerate() {
        let mut fault = |code, detail: String| faults.push(format!("/offers/{i}"), code, detail);
        let Some(offer) = found.get(id) else {
            fault("unknown_offer", format!("{id} is no offer of yours; GET /api/v1/offers lists them"));
            continue;
        };
        let owner = offer.organisation;
        if owner != own && !mandated.contains_key(&owner) {
            let right = if speaks { mandate(tx, own, owner, now).await? } else { None };
            mandated.insert(owner, right);
        }
        // Whoever is no member is as little known as what is not there.
        match mandated.get(&owner).copied().flatten() {
            _ if owner == own => {}
            Some(true) => {}
            Some(false) => {
                fault("no_mandate", format!("{id} is of a member that gave you no mandate to write for it"));
                continue;
            }
            None => {
                fault("unknown_offer", format!("{id} is no offer of yours; GET /api/v1/offers lists them"));
                continue;
            }
        }
        if offer.state != OfferState::Published {
            fault("not_published", format!("{id} is {}; publish it, or leave it out", offer.state.as_str()));
        } else if !call.terms.products.contains(&offer.terms.product) {
            fault("not_asked_for", format!("{id} is of {}, which the call does not ask for", offer.terms.product));
        } else if !inside(tables, call, places.get(&offer.site).and_then(Option::as_ref)) {
            let regions: Vec<&str> = call.terms.regions.iter().map(|region| region.as_str()).collect();
            fault("outside_regions", format!("{id} is not made in {}; leave it out", regions.join(", ")));
        } else {
            named.insert((*id, owner));
        }
    }
    Ok(faults.into_result().map(|()| named.into_iter().collect()))
}

/// Whether a place lies in the regions of a call.
pub(super) fn inside(tables: &Tables, call: &Call, place: Option<&domain::code::RegionCode>) -> bool {
    let asked = &call.terms.regions;
    asked.is_empty() || place.is_some_and(|place| asked.iter().any(|region| tables.regions.lies_in(place, region)))
}

/// Whether a member mandated a cluster to write for it; `None` where it is no member.
async fn mandate(tx: &Tx, cluster: OrganisationId, member: OrganisationId, now: Instant) -> AppResult<Option<bool>> {
    if !memberships::is_member(tx, cluster, member, now).await? {
        return Ok(None);
    }
    let mandate = mandates::open(tx, member, cluster).await?;
    Ok(Some(mandate.is_some_and(|mandate| mandate.is_valid(now) && mandate.scopes.allow(AccessScope::Write))))
}

/// What the log tells of an answer. Free text stays out of it.
fn told(before: Option<&Answer>, answer: &Answer) -> Deed {
    let list = |answer: &Answer| answer.offers.iter().map(|(id, _)| id.to_string()).collect::<Vec<_>>().join(",");
    let mut changes = vec![Change::to("call", answer.call)];
    match before {
        Some(before) => {
            changes.push(Change::of("kind", before.kind.as_str(), answer.kind.as_str()));
            changes.push(Change::of("offers", list(before), list(answer)));
            let (was, is) = (before.content.facilities.len(), answer.content.facilities.len());
            changes.push(Change::of("facilities", was, is));
        }
        None => {
            changes.push(Change::to("kind", answer.kind.as_str()));
            changes.push(Change::to("offers", list(answer)));
            changes.push(Change::to("facilities", answer.content.facilities.len()));
        }
    }
    let act = if before.is_some() { Act::Update } else { Act::Create };
    Deed { act, record: RecordKind::CallAnswer, id: answer.id.0, owner: Some(answer.organisation), changes }
}

/// Which answers to a call a caller sees.
async fn sight(reader: &impl Reads, caller: &Caller, call: &Call) -> AppResult<AnswerReader> {
    if is_issuer(caller, call) {
        of_issuer(caller, Action::Read, call)?;
        return Ok(AnswerReader::All);
    }
    let Some(own) = caller.actor.organisation() else { return Err(AppError::NotFound { what: "call" }) };
    require(caller, Action::Read, Resource::OwnedBy(own))?;
    Ok(match caller.behalf {
        // What a firm answers past its cluster is not for whoever holds its mandate.
        Some(behalf) if call.terms.confidential => AnswerReader::Spokesman { of: own, by: behalf.holder },
        Some(_) => AnswerReader::Organisation { id: own, members: false },
        None => {
            let own = organisations::get(reader, Scope::Operator, own).await?.record;
            let verified = own.kind == OrganisationKind::Cluster && own.verification == Verification::Operator;
            AnswerReader::Organisation { id: own.id, members: verified && !call.terms.confidential }
        }
    })
}

/// A page of the answers to a call that a caller sees: its issuer all of them, an organisation its own and those that it
/// gave for others, and a cluster those of its members where the call is not confidential.
///
/// # Errors
/// `NotFound` for whoever may not know of the call.
pub async fn answers(
    app: &App,
    caller: &Caller,
    id: CallId,
    request: PageRequest,
) -> AppResult<Page<(Answer, String)>> {
    let who = reader_of(&app.store, caller, app.clock.now()).await?;
    let call = store::get(&app.store, &who, id).await.map_err(not_found)?.record;
    let sight = sight(&app.store, caller, &call).await?;
    let page = store::answers::page(&app.store, &call, sight, None, request).await?;
    let items = named_answers(app, page.items).await?;
    Ok(Page { items, next: page.next, total: page.total })
}

/// One of them.
///
/// # Errors
/// As [`answers`].
pub async fn get_answer(app: &App, caller: &Caller, id: CallId, answer: CallAnswerId) -> AppResult<(Answer, String)> {
    let who = reader_of(&app.store, caller, app.clock.now()).await?;
    let call = store::get(&app.store, &who, id).await.map_err(not_found)?.record;
    let sight = sight(&app.store, caller, &call).await?;
    let page = store::answers::page(&app.store, &call, sight, Some(answer), PageRequest::first(1)).await?;
    named_answers(app, page.items).await?.pop().ok_or(AppError::NotFound { what: "answer" })
}

/// Answers with the names of those whose they are.
async fn named_answers(app: &App, answers: Vec<Answer>) -> AppResult<Vec<(Answer, String)>> {
    let ids = answers.iter().map(|answer| answer.organisation);
    let names = organisations::get_many(&app.store, Scope::Operator, ids).await?;
    let names: BTreeMap<OrganisationId, String> = names.into_iter().map(|o| (o.id, o.name)).collect();
    let with = |answer: Answer| {
        let name = names.get(&answer.organisation).cloned().unwrap_or_default();
        (answer, name)
    };
    Ok(answers.into_iter().map(with).collect())
}

/// By what basis a caller asked for an offer that answers a call of its own, if it does and that answer counts.
pub(crate) async fn asked_for(tx: &Tx, caller: &Caller, offer: OfferId) -> AppResult<Option<LegalBasis>> {
    let Some(issuer) = caller.actor.organisation() else { return Ok(None) };
    if require(caller, Action::Read, Resource::Inside(issuer)).is_err() {
        return Ok(None);
    }
    let mut found = None;
    for id in store::answers::asked_for(tx, issuer, offer).await? {
        let mine = store::CallReader::of_issuer(Scope::Organisation(issuer));
        let call: Stored<Call> = match store::get(tx, &mine, id).await {
            Err(StoreError::NotFound) => continue,
            call => call?,
        };
        let answers = store::answers::of(tx, id).await?;
        if Counted::of(&answers).offers().contains_key(&offer) {
            let basis = call.record.terms.legal_basis;
            // The one that shows most.
            if found.is_none() || basis.asks_per_facility() {
                found = Some(basis);
            }
        }
    }
    Ok(found)
}

/// Whether an answer says something that a report lists facilities of.
pub(super) fn states_facilities(answer: &Answer) -> bool {
    answer.kind == AnswerKind::Offers && !answer.content.facilities.is_empty()
}
