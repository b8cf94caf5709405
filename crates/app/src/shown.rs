//! The offers that a caller sees one by one, without names: his own, those of the members of his cluster, and to verified
//! authorities those that they may be matched with.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use domain::{
    disclosure::Sight,
    geo::Point,
    ids::{OfferId, OrganisationId, SiteId},
    organisation::{Organisation, Site},
    time::{Day, Instant},
};
use index::{Sees, Shown, ShownQuery};
use storage::Scope;
use uuid::Uuid;

pub use index::Bounds;

use crate::{
    App,
    access::Caller,
    capacity::{products, reader},
    error::AppResult,
    kept,
    policy::Actor,
};

/// Which offers, as typed.
#[derive(Debug, Clone, Default)]
pub struct ShownQuestion {
    /// Products, each by its code, its family, a public code or a name; all where empty.
    pub products: Vec<String>,
    /// Inside these bounds; those of no known place are always inside.
    pub bounds: Option<Bounds>,
    /// Whose window is not over before this day.
    pub open_on: Option<Day>,
    /// After this one.
    pub after: Option<OfferId>,
    /// At most so many.
    pub most: usize,
}

/// A part of them, in the order of their ids.
#[derive(Debug, Clone)]
pub struct ShownPage {
    /// The offers.
    pub offers: Vec<ShownOffer>,
    /// How many there are in all.
    pub matched: usize,
    /// Whether more follow.
    pub more: bool,
    /// When it was asked.
    pub as_of: Instant,
}

/// An offer that the caller sees.
#[derive(Debug, Clone)]
pub struct ShownOffer {
    /// Which one; for whoever does not own it, no more than a key to come back by.
    pub id: OfferId,
    /// Whose it is, to its owner and to whoever runs the service.
    pub organisation: Option<OrganisationId>,
    /// What is shown of it.
    pub sight: Sight,
    /// Where it is, as exactly as he may know.
    pub point: Option<Point>,
}

/// The offers that a caller sees.
///
/// # Errors
/// `Invalid` with every product that is none.
pub async fn page(app: &App, caller: &Caller, question: &ShownQuestion) -> AppResult<ShownPage> {
    let as_of = app.clock.now();
    let query = ShownQuery {
        on: as_of.day(),
        products: products(app, &question.products)?,
        bounds: question.bounds,
        open_on: question.open_on,
        after: question.after,
        // One more tells whether any follow.
        most: question.most.saturating_add(1),
    };
    let reader = reader(app, caller).await?;
    let (mut listed, matched) = kept::ask(app, move |index| index.shown(&query, &reader)).await?;
    let more = listed.len() > question.most;
    listed.truncate(question.most);
    Ok(ShownPage { offers: read(app, caller, listed).await?, matched, more, as_of })
}

/// One of them.
///
/// # Errors
/// `NotFound` where the caller sees no such offer in the market.
pub async fn one(app: &App, caller: &Caller, id: OfferId) -> AppResult<ShownOffer> {
    let (reader, today) = (reader(app, caller).await?, app.today());
    let sees = kept::ask(app, move |index| index.audience(id, today, &reader)).await?;
    let listed = if sees.row() { vec![Shown { offer: id, sees }] } else { Vec::new() };
    read(app, caller, listed).await?.pop().ok_or(crate::AppError::NotFound { what: "offer in the market" })
}

/// What a caller is told for an offer's id: itself where he may know whose it is, and else a name that leads nobody else,
/// and him nowhere but back to the row.
pub fn name(app: &App, caller: &Caller, id: OfferId, sees: Sees) -> String {
    if sees.named() { id.to_string() } else { key(app, caller, id) }
}

/// A name for an offer that only this caller can use.
pub fn key(app: &App, caller: &Caller, id: OfferId) -> String {
    BASE64.encode(app.keys.hide(context(caller).as_bytes(), id.0.as_bytes()))
}

/// The offer that a key was made of for this caller.
pub fn of_key(app: &App, caller: &Caller, key: &str) -> Option<OfferId> {
    let id = app.keys.reveal(context(caller).as_bytes(), &BASE64.decode(key).ok()?)?;
    Uuid::from_slice(&id).ok().map(OfferId)
}

fn context(caller: &Caller) -> String {
    format!("offers shown to {:?}", caller.actor)
}

/// The records behind a list. What is gone meanwhile is left out.
async fn read(app: &App, caller: &Caller, listed: Vec<Shown>) -> AppResult<Vec<ShownOffer>> {
    let tables = app.tables();
    let sees: BTreeMap<OfferId, Sees> = listed.iter().map(|shown| (shown.offer, shown.sees)).collect();
    let all = Scope::Operator;
    let offers = storage::offers::get_many(&app.store, all, sees.keys().copied()).await?;
    let owners = offers.iter().map(|offer| offer.record.organisation).collect::<BTreeSet<_>>();
    let sites = offers.iter().map(|offer| offer.record.site).collect::<BTreeSet<_>>();
    let owners = storage::organisations::get_many(&app.store, all, owners).await?;
    let owners: BTreeMap<OrganisationId, Organisation> = owners.into_iter().map(|owner| (owner.id, owner)).collect();
    let sites = storage::sites::get_many(&app.store, all, sites).await?;
    let sites: BTreeMap<SiteId, Site> = sites.into_iter().map(|site| (site.record.id, site.record)).collect();
    let shown = |offer: storage::Stored<domain::offer::Offer>| {
        let offer = offer.record;
        let (owner, site) = (owners.get(&offer.organisation)?, sites.get(&offer.site)?);
        let exact = sees.get(&offer.id).is_some_and(|sees| sees.exact());
        let coarse = || tables.regions.spot(&tables.regions.at_level(site.region.as_ref()?, 2)?.code);
        let own = match caller.actor {
            Actor::Operator => true,
            Actor::Organisation(own) => own == offer.organisation,
            Actor::Nobody => false,
        };
        Some(ShownOffer {
            id: offer.id,
            organisation: own.then_some(offer.organisation),
            point: site.point.filter(|_| exact).or_else(coarse),
            sight: Sight::nameless((&offer, owner, site), &tables.regions),
        })
    };
    Ok(offers.into_iter().filter_map(shown).collect())
}
