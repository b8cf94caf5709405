//! Matches as the two sides may see them: each its own side in full, the other without a name.
//!
//! A side that may not see the other's exact place is told distances from the point of the other's
//! NUTS 2 region, so that two markets which differ only in an exact place answer alike.

use std::collections::BTreeMap;

use domain::{
    ids::{MatchId, NeedId, OfferId, OrganisationId, SiteId},
    need::Need,
    offer::Offer,
    organisation::Site,
    region::{Region, RegionTable},
};
use storage::{Page, PageRequest, Scope, StoreError, Stored, matches as store};

pub use matching::MatchLine;
pub use storage::matches::{MatchFilter, MatchRow};

use crate::{
    App,
    error::{AppError, AppResult},
    policy::Actor,
};

/// Where the reader stands to a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// It is the reader's offer.
    Supplier,
    /// It is the reader's need.
    Buyer,
    /// The operator, who sees both sides.
    Operator,
}

/// A match with what it names.
#[derive(Debug, Clone)]
pub struct MatchView {
    /// The match.
    pub row: MatchRow,
    /// Where the reader stands.
    pub side: Side,
    /// The offer as it is now.
    pub offer: Stored<Offer>,
    /// The need as it is now.
    pub need: Stored<Need>,
    /// The offer's region: NUTS 2 for the other side.
    pub offer_region: Option<Region>,
    /// The need's region: NUTS 2 for the other side.
    pub need_region: Option<Region>,
    /// What the run said of the pair.
    pub line: MatchLine,
    /// Kilometres, as exactly as the reader may know.
    pub distance_km: Option<u32>,
}

/// One match.
///
/// # Errors
/// `NotFound` when the actor is on neither side of it.
pub async fn get(app: &App, actor: Actor, id: MatchId) -> AppResult<MatchView> {
    let row = store::get(&app.store, actor.into(), id).await.map_err(|e| match e {
        StoreError::NotFound => AppError::NotFound { what: "match" },
        other => other.into(),
    })?;
    let view = views(app, actor, vec![row]).await?.pop();
    view.ok_or_else(|| AppError::internal(format!("the match {id} names what does not exist")))
}

/// A page of the matches that the actor is a side of. A filter by an offer or need that is not his
/// to see finds nothing, so that nobody learns by filters whose the other side of a match is.
pub async fn page(app: &App, actor: Actor, filter: &MatchFilter, request: PageRequest) -> AppResult<Page<MatchView>> {
    let nothing = Page { items: Vec::new(), next: None };
    if let Some(id) = filter.offer {
        match storage::offers::get(&app.store, actor.into(), id).await {
            Ok(_) => {}
            Err(StoreError::NotFound) => return Ok(nothing),
            Err(e) => return Err(e.into()),
        }
    }
    if let Some(id) = filter.need {
        match storage::needs::get(&app.store, actor.into(), id).await {
            Ok(_) => {}
            Err(StoreError::NotFound) => return Ok(nothing),
            Err(e) => return Err(e.into()),
        }
    }
    let Page { items, next } = store::page(&app.store, actor.into(), filter, request).await?;
    Ok(Page { items: views(app, actor, items).await?, next })
}

async fn views(app: &App, actor: Actor, rows: Vec<MatchRow>) -> AppResult<Vec<MatchView>> {
    // What a match names is read for the match, not for the reader: what he may see of it is
    // decided by his side, below and in the answer.
    let offers = storage::offers::get_many(&app.store, Scope::Operator, rows.iter().map(|r| r.offer)).await?;
    let needs = storage::needs::get_many(&app.store, Scope::Operator, rows.iter().map(|r| r.need)).await?;
    let offers: BTreeMap<OfferId, _> = offers.into_iter().map(|o| (o.record.id, o)).collect();
    let needs: BTreeMap<NeedId, _> = needs.into_iter().map(|n| (n.record.id, n)).collect();
    let owners = offers.values().map(|o| o.record.organisation).chain(needs.values().map(|n| n.record.organisation));
    let mut owners: Vec<OrganisationId> = owners.collect();
    owners.sort_unstable();
    owners.dedup();
    let sites = storage::sites::of_organisations(&app.store, Scope::Operator, &owners).await?;
    let sites: BTreeMap<SiteId, Site> = sites.into_iter().map(|s| (s.record.id, s.record)).collect();
    let tables = app.tables();
    rows.into_iter().map(|row| view(actor, row, (&offers, &needs, &sites), &tables.regions)).collect()
}

type Named<'a> = (&'a BTreeMap<OfferId, Stored<Offer>>, &'a BTreeMap<NeedId, Stored<Need>>, &'a BTreeMap<SiteId, Site>);

fn view(actor: Actor, row: MatchRow, (offers, needs, sites): Named<'_>, regions: &RegionTable) -> AppResult<MatchView> {
    let missing = || AppError::internal(format!("the match {} names what does not exist", row.id));
    let offer = offers.get(&row.offer).cloned().ok_or_else(missing)?;
    let need = needs.get(&row.need).cloned().ok_or_else(missing)?;
    let from = sites.get(&offer.record.site).ok_or_else(missing)?;
    let to = sites.get(&need.record.site).ok_or_else(missing)?;
    let line: MatchLine = serde_json::from_str(&row.explanation_json).map_err(AppError::internal)?;
    let side = match actor {
        Actor::Operator => Side::Operator,
        Actor::Organisation(own) if own == row.supplier => Side::Supplier,
        Actor::Organisation(_) => Side::Buyer,
    };
    let exact = |site: &Site| site.region.as_ref().and_then(|code| regions.get(code));
    let coarse = |site: &Site| site.region.as_ref().and_then(|code| regions.at_level(code, 2));
    let (offer_region, need_region) = match side {
        Side::Operator => (exact(from), exact(to)),
        Side::Supplier => (exact(from), coarse(to)),
        Side::Buyer => (coarse(from), exact(to)),
    };
    let own_point = |site: &Site| site.point.or_else(|| exact(site).and_then(|r| r.point));
    let their_point = |site: &Site| coarse(site).and_then(|r| r.point);
    let points = match side {
        Side::Operator => None,
        Side::Supplier => own_point(from).zip(their_point(to)),
        Side::Buyer => own_point(to).zip(their_point(from)),
    };
    let distance_km = match side {
        Side::Operator => line.eligible.distance_km,
        Side::Supplier | Side::Buyer => points.map(|(a, b)| a.distance_km(b)),
    };
    let (offer_region, need_region) = (offer_region.cloned(), need_region.cloned());
    Ok(MatchView { row, side, offer, need, offer_region, need_region, line, distance_km })
}
