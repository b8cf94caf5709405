//! Sites: places of an organisation.

use domain::{
    audit::{Act, Change, RecordKind},
    code::RegionCode,
    decimal::Decimal,
    geo::Point,
    ids::{OrganisationId, SiteId},
    organisation::Site,
    region::{RegionTable, Resolved},
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

mod place;
mod update;

pub use place::check as check_place;
pub use update::update;

/// A site as typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SiteInput {
    /// Whose it is; the actor's own where absent.
    pub organisation: Option<OrganisationId>,
    /// Its name.
    pub name: String,
    /// Its region by code or name.
    pub region: Option<String>,
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
    let checked = faults.keep(check(&app.tables().regions, input));
    faults.into_result()?;
    let (Some(organisation), Some((name, region, point, zone))) = (owner, checked) else {
        return Err(AppError::internal("no faults, no value"));
    };
    let record = Site { id: SiteId(app.ids.next(now)), organisation, name, region, point, zone };
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
    let region = site.region.iter().map(|region| Change::to("region", region));
    let (record, owner) = (RecordKind::Site, Some(site.organisation));
    Deed { act: Act::Create, record, id: site.id.0, owner, changes: region.collect() }
}

type Checked = (String, Option<RegionCode>, Option<Point>, String);

fn check(regions: &RegionTable, input: &SiteInput) -> Result<Checked, Violations> {
    let mut faults = Violations::new();
    let name = faults.keep(text::name("/name", &input.name));
    let region = input.region.as_deref().map(|typed| faults.keep(region(regions, typed)));
    let point = input.point.map(|(lat, lon)| faults.keep(Point::from_degrees("/point", lat, lon)));
    if let (Some(Some(region)), Some(Some(point))) = (&region, point) {
        faults.keep(check_place("/point", regions, region, point));
    }
    let zone = match Zone::parse(input.zone.as_deref().unwrap_or("UTC")) {
        Ok(zone) => Some(zone.name().to_owned()),
        Err(detail) => {
            faults.push("/zone", "unknown_zone", detail);
            None
        }
    };
    faults.into_result()?;
    match (name, zone) {
        (Some(name), Some(zone)) => Ok((name, region.flatten(), point.flatten(), zone)),
        (_, _) => Err(Violations::one("", "incomplete", "could not be read; check every field")),
    }
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

fn not_found(error: StoreError) -> AppError {
    match error {
        StoreError::NotFound => AppError::NotFound { what: "site" },
        other => other.into(),
    }
}
