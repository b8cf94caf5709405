//! Matches as the two sides may see them: each its own side in full, the other without a name.
//!
//! What each sees is decided by [`Sight`]. Who the other is stands in no list and no match: that is opened by a call of
//! its own ([`crate::openings`]), so that each opening is told to whom it is about. Distances are those of the run, which
//! knows no exact place that the other side may not see (ADR 0027); where an older engine did, they are reckoned anew.

use std::collections::BTreeMap;

use domain::{
    disclosure::{Audience, Sight},
    ids::{MatchId, NeedId, OfferId, OrganisationId, RunId, SiteId},
    need::Need,
    offer::{Offer, OfferTerms},
    organisation::{Organisation, Site},
    parameters::Parameters,
    region::{Region, RegionTable},
    time::Day,
};
use storage::{Page, PageRequest, Scope, StoreError, Stored, matches as store};

mod put;
mod recall;
mod steps;
mod talk;

pub use matching::MatchLine;
pub use put::{ByHand, Proposed, accept_run, by_hand};
pub(crate) use put::{named, put, put_suggestion};
pub use recall::recall;
pub use steps::{Move, make};
pub(crate) use steps::{concerns, deeds, end_by_owner, locked, note_ended, smallest_order, tell, tells_no_contact};
pub use storage::matches::{MatchFilter, MatchRow};
pub(crate) use talk::names;
pub use talk::{Message, messages, state, terms_of, write};

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
    /// The offer as it is now, as the reader sees it.
    pub offer: Sight,
    /// The need as it is now.
    pub need: Stored<Need>,
    /// The offer's region, as the reader sees it.
    pub offer_region: Option<Region>,
    /// The need's region: NUTS 2 for the other side.
    pub need_region: Option<Region>,
    /// What the run said of the pair.
    pub line: MatchLine,
    /// The way of the goods, as exactly as the reader may know it.
    pub way: Way,
}

/// When and how far goods travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// The day at whose end they must have arrived.
    pub due: Day,
    /// By when they must exist.
    pub cutoff: Day,
    /// Days between the two.
    pub transit_days: i32,
    /// Kilometres, where both places are known.
    pub distance_km: Option<u32>,
    /// Whether output cannot be ordered in time, so that only stock counts.
    pub stock_only: bool,
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
    view_of(app, actor, row).await
}

/// A match as the actor sees it.
async fn view_of(app: &App, actor: Actor, row: MatchRow) -> AppResult<MatchView> {
    let id = row.id;
    let view = views(app, actor, vec![row]).await?.pop();
    view.ok_or_else(|| AppError::internal(format!("the match {id} names what does not exist")))
}

/// A page of the matches that the actor is a side of. A filter by an offer or need that is not his
/// to see finds nothing, so that nobody learns by filters whose the other side of a match is.
pub async fn page(app: &App, actor: Actor, filter: &MatchFilter, request: PageRequest) -> AppResult<Page<MatchView>> {
    let nothing = Page::empty(request);
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
    let Page { items, next, total } = store::page(&app.store, actor.into(), filter, request).await?;
    Ok(Page { items: views(app, actor, items).await?, next, total })
}

async fn views(app: &App, actor: Actor, rows: Vec<MatchRow>) -> AppResult<Vec<MatchView>> {
    let now = app.clock.now();
    let rows: Vec<MatchRow> = rows.into_iter().map(|row| row.at(now)).collect();
    // What a match names is read for the match, not for the reader: what he may see of it is
    // decided by his side, below and in the answer.
    let offers = storage::offers::get_many(&app.store, Scope::Operator, rows.iter().map(|r| r.offer)).await?;
    let needs = storage::needs::get_many(&app.store, Scope::Operator, rows.iter().map(|r| r.need)).await?;
    let offers: BTreeMap<OfferId, _> = offers.into_iter().map(|o| (o.record.id, o)).collect();
    let needs: BTreeMap<NeedId, _> = needs.into_iter().map(|n| (n.record.id, n)).collect();
    let places = offers.values().map(|o| o.record.site).chain(needs.values().map(|n| n.record.site));
    let sites = storage::sites::get_many(&app.store, Scope::Operator, places).await?;
    let sites = sites.into_iter().map(|s| (s.record.id, s.record)).collect();
    let owners = storage::organisations::get_many(&app.store, Scope::Operator, rows.iter().map(|r| r.supplier)).await?;
    let owners = owners.into_iter().map(|o| (o.id, o)).collect();
    let mut runs = BTreeMap::new();
    for run in storage::runs::get_many(&app.store, Scope::Operator, rows.iter().filter_map(|r| r.run)).await? {
        let parameters = serde_json::from_str(&run.parameters_json).map_err(AppError::internal)?;
        let judged_exact_places = run.engine.as_deref().is_none_or(matching::judged_exact_places);
        runs.insert(run.id, RanBy { day: run.day, parameters, judged_exact_places });
    }
    let (named, tables) = (Named { offers, needs, sites, owners, runs }, app.tables());
    rows.into_iter().map(|row| view(actor, row, &named, &tables.regions)).collect()
}

/// What matches name, read once for a page of them.
struct Named {
    offers: BTreeMap<OfferId, Stored<Offer>>,
    needs: BTreeMap<NeedId, Stored<Need>>,
    sites: BTreeMap<SiteId, Site>,
    owners: BTreeMap<OrganisationId, Organisation>,
    runs: BTreeMap<RunId, RanBy>,
}

/// What is asked of a run.
struct RanBy {
    day: Day,
    parameters: Parameters,
    judged_exact_places: bool,
}

fn view(actor: Actor, row: MatchRow, named: &Named, regions: &RegionTable) -> AppResult<MatchView> {
    let missing = || AppError::internal(format!("the match {} names what does not exist", row.id));
    let offer = named.offers.get(&row.offer).cloned().ok_or_else(missing)?;
    let need = named.needs.get(&row.need).cloned().ok_or_else(missing)?;
    let from = named.sites.get(&offer.record.site).ok_or_else(missing)?;
    let to = named.sites.get(&need.record.site).ok_or_else(missing)?;
    let owner = named.owners.get(&row.supplier).ok_or_else(missing)?;
    // What was put by hand was judged without exact places.
    let run = row.run.map(|id| named.runs.get(&id).ok_or_else(missing)).transpose()?;
    let line: MatchLine = serde_json::from_str(&row.explanation_json).map_err(AppError::internal)?;
    let side = match actor {
        Actor::Operator => Side::Operator,
        Actor::Organisation(own) if own == row.supplier => Side::Supplier,
        Actor::Organisation(_) | Actor::Nobody => Side::Buyer,
    };
    let record = (&offer.record, owner, from);
    let seen = match side {
        Side::Operator => Sight::of(Audience::Operator, record, regions),
        Side::Supplier => Sight::of(Audience::Owner, record, regions),
        Side::Buyer => Some(Sight::nameless(record, regions)),
    };
    let seen = seen.ok_or_else(missing)?;
    let exact = |site: &Site| site.region.as_ref().and_then(|code| regions.get(code));
    let coarse = |site: &Site| site.region.as_ref().and_then(|code| regions.at_level(code, 2));
    let need_region = match side {
        Side::Operator | Side::Buyer => exact(to),
        // A supplier sees of a need's place what a buyer sees of an offer's.
        Side::Supplier => coarse(to),
    };
    let exact_way = exact_way(&line);
    let way = match side {
        Side::Operator => exact_way,
        Side::Supplier | Side::Buyer => match run.filter(|run| run.judged_exact_places) {
            Some(run) => {
                let points = coarse(from).and_then(|r| r.point).zip(coarse(to).and_then(|r| r.point));
                coarse_way(exact_way.due, points.map(|(a, b)| a.distance_km(b)), run, &offer.record.terms)
            }
            None => exact_way,
        },
    };
    let (offer_region, need_region) = (exact(&seen.site).cloned(), need_region.cloned());
    Ok(MatchView { row, side, offer: seen, need, offer_region, need_region, line, way })
}

/// As the run had it.
fn exact_way(line: &MatchLine) -> Way {
    let how = &line.eligible;
    Way {
        due: how.cutoff.plus(how.transit_days),
        cutoff: how.cutoff,
        transit_days: how.transit_days,
        distance_km: how.distance_km,
        stock_only: how.stock_only,
    }
}

/// As the run would have had it with this distance.
fn coarse_way(due: Day, distance_km: Option<u32>, run: &RanBy, terms: &OfferTerms) -> Way {
    let transit = &run.parameters.transit;
    let transit_days = transit.days(distance_km.unwrap_or(transit.unknown_km));
    let cutoff = due.plus(-transit_days);
    let stock_only = terms.is_incomplete() || cutoff < run.day.plus(i32::from(terms.lead_days));
    Way { due, cutoff, transit_days, distance_km, stock_only }
}
