//! Sites: places of an organisation.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    audit::{Act, Change, RecordKind},
    code::RegionCode,
    decimal::Decimal,
    geo::Point,
    ids::{OrganisationId, SiteId},
    organisation::Site,
    region::{Country, RegionTable, Resolved},
    text,
    time::{Day, Instant, Zone},
    violation::Violations,
};
use storage::{Page, PageRequest, Scope, StoreError, Stored, sites as store};

use crate::{
    App,
    access::Caller,
    audit::{Deed, Pen},
    error::{AppError, AppResult},
    organisations,
    policy::{Action, Actor},
};

/// The sites of records in a list, by id: those that the actor may see.
pub async fn of_list(
    app: &App,
    actor: Actor,
    ids: impl IntoIterator<Item = SiteId>,
) -> AppResult<BTreeMap<SiteId, Site>> {
    let ids: BTreeSet<SiteId> = ids.into_iter().collect();
    let found = store::get_many(&app.store, actor.into(), ids).await?;
    Ok(found.into_iter().map(|stored| (stored.record.id, stored.record)).collect())
}

mod place;
mod region;
mod update;

pub use place::check as check_place;
pub use update::update;

use region::Place;

/// A site as typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SiteInput {
    /// Whose it is; the actor's own where absent.
    pub organisation: Option<OrganisationId>,
    /// Its name.
    pub name: String,
    /// Its region by code or name.
    pub region: Option<String>,
    /// Its country by code or name; that of the region or of the organisation where absent.
    pub country: Option<String>,
    /// Its postcode, by which the region is found where none is stated; it is not kept.
    pub postcode: Option<String>,
    /// Latitude and longitude in decimal degrees.
    pub point: Option<(Decimal, Decimal)>,
    /// An IANA zone; UTC where absent.
    pub zone: Option<String>,
}

/// Adds a site.
///
/// # Errors
/// `Invalid` with every fault.
pub async fn create(app: &App, caller: &Caller, input: &SiteInput) -> AppResult<Stored<Site>> {
    let (now, pen) = (app.clock.now(), Pen::of(app, caller));
    let mut faults = Violations::new();
    let owner = match organisations::owner(app, caller, Action::Write, input.organisation).await {
        Ok(id) => Some(id),
        Err(AppError::Invalid(part)) => faults.keep(Err(part)),
        Err(e) => return Err(e),
    };
    let (named, place) = check(&app.tables().regions, input, &mut faults);
    let (region, region_from) = region::find((&app.store, &app.tables()), owner, &place, &mut faults).await?;
    faults.into_result()?;
    let (Some(organisation), Some((name, zone))) = (owner, named) else {
        return Err(AppError::internal("no faults, no value"));
    };
    let (id, point) = (SiteId(app.ids.next(now)), place.point);
    let record = Site { id, organisation, name, region, region_from, point, zone };
    let stored = Stored { record: record.clone(), origin: None, created_at: now, updated_at: now };
    app.store
        .write(move |tx| async move {
            store::insert(&tx, &record, now).await?;
            pen.note(&tx, [added(&record)]).await
        })
        .await?;
    Ok(stored)
}

/// That a site was added.
pub(crate) fn added(site: &Site) -> Deed {
    let found = |region| vec![Change::to("region", region), Change::to("region_from", site.region_from.as_str())];
    let changes = site.region.as_ref().map(found).unwrap_or_default();
    let (record, owner) = (RecordKind::Site, Some(site.organisation));
    Deed { act: Act::Create, record, id: site.id.0, owner, changes }
}

/// Name and zone, and what is typed of the place.
fn check(regions: &RegionTable, input: &SiteInput, faults: &mut Violations) -> (Option<(String, String)>, Place) {
    let name = faults.keep(text::name("/name", &input.name));
    let region = input.region.as_deref().map(|typed| faults.keep(region(regions, typed)));
    let country = input.country.as_deref().map(|typed| faults.keep(country(regions, typed)));
    // Where one of these is wrong, nobody can tell where the postcode is to be looked up.
    let postcode = input.postcode.clone().filter(|_| region != Some(None) && country != Some(None));
    let point = input.point.and_then(|(lat, lon)| faults.keep(Point::from_degrees("/point", lat, lon)));
    let place = Place { region: region.flatten(), country: country.flatten(), postcode, point };
    let zone = match Zone::parse(input.zone.as_deref().unwrap_or("UTC")) {
        Ok(zone) => Some(zone.name().to_owned()),
        Err(detail) => {
            faults.push("/zone", "unknown_zone", detail);
            None
        }
    };
    (name.zip(zone), place)
}

fn country(regions: &RegionTable, typed: &str) -> Result<Country, Violations> {
    regions.country(typed).cloned().ok_or_else(|| {
        let detail = format!("{typed:?} is no known country; write an ISO 3166 code such as GR");
        Violations::one("/country", "unknown_region", detail)
    })
}

fn region(regions: &RegionTable, typed: &str) -> Result<RegionCode, Violations> {
    let (code, detail) = match regions.resolve(typed) {
        Resolved::One(code) => return Ok(code),
        Resolved::Split(parts) => {
            let parts: Vec<&str> = parts.iter().map(RegionCode::as_str).collect();
            ("ambiguous_region", format!("{typed:?} was split; write one of: {}", parts.join(", ")))
        }
        Resolved::Unknown(near) if near.is_empty() => {
            let detail =
                format!("{typed:?} is no known region; write a NUTS 2024 code such as DE21 or a country such as GR");
            ("unknown_region", detail)
        }
        Resolved::Unknown(near) => {
            ("unknown_region", format!("{typed:?} is no known region; did you mean: {}", near.join(", ")))
        }
    };
    Err(Violations::one("/region", code, detail))
}

/// One site.
///
/// # Errors
/// `NotFound` outside of what the actor may see.
pub async fn get(app: &App, actor: Actor, id: SiteId) -> AppResult<Stored<Site>> {
    store::get(&app.store, actor.into(), id).await.map_err(not_found)
}

/// A page of the sites that the actor may see, of one organisation where one is named; of another's
/// there are none to see.
pub async fn page(
    app: &App,
    actor: Actor,
    organisation: Option<OrganisationId>,
    request: PageRequest,
) -> AppResult<Page<Stored<Site>>> {
    Ok(store::page(&app.store, actor.into(), organisation, request).await?)
}

/// The site a record is written at, which must be the owner's.
///
/// # Errors
/// `Invalid` at `/site`.
pub(crate) async fn of_owner(app: &App, owner: OrganisationId, id: SiteId) -> AppResult<Site> {
    match store::get(&app.store, Scope::Organisation(owner), id).await {
        Ok(found) => Ok(found.record),
        Err(StoreError::NotFound) => {
            let detail = format!("{id} is no site of the organisation; GET /api/v1/sites lists them, POST adds one");
            Err(AppError::Invalid(Violations::one("/site", "unknown_site", detail)))
        }
        Err(e) => Err(e.into()),
    }
}

/// The day it is at a site, which due dates and as-of dates typed for it are held against (field case
/// TIM-02); in UTC where the site is not known.
pub(crate) fn today(site: Option<&Site>, now: Instant) -> Day {
    match site.and_then(|s| Zone::parse(&s.zone).ok()) {
        Some(zone) => Day::of_instant(now, &zone),
        None => now.day(),
    }
}

pub(crate) fn not_found(error: StoreError) -> AppError {
    match error {
        StoreError::NotFound => AppError::NotFound { what: "site" },
        other => other.into(),
    }
}
