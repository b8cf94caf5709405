//! Sites: places of an organisation.

use app::{App, Stored, access::Caller, sites::SiteInput};
use axum::{Json, extract::State};
use domain::{
    decimal::Decimal,
    geo::Point,
    ids::{OrganisationId, SiteId},
    organisation::{RegionFrom, Site},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use crate::{
    body::JsonBody,
    created::{Created, created},
    limits,
    number::Number,
    page::{Listing, Page, Paged, Part},
    patch::MergePatch,
    path_id::PathId,
    problem::Problem,
    query::Parameters,
    signed_in::SignedIn,
    sort::{ByCreation, Sort},
};

/// The routes of sites.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, update))
}

/// A point, WGS 84, in decimal degrees.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = Point, example = json!({"lat": 48.137, "lon": 11.575}))]
pub struct PointBody {
    /// Latitude, -90 to 90.
    #[schema(value_type = f64, minimum = -90, maximum = 90)]
    lat: Number,
    /// Longitude, -180 to 180.
    #[schema(value_type = f64, minimum = -180, maximum = 180)]
    lon: Number,
}

impl PointBody {
    /// A checked point.
    pub fn of(point: Point) -> Self {
        // An i32 of millionths always reads as a decimal.
        let degrees = |e6: i32| Number(format!("{e6}e-6").parse().unwrap_or(Decimal::whole(0)));
        Self { lat: degrees(point.lat_e6), lon: degrees(point.lon_e6) }
    }
}

/// A site to add.
#[derive(Debug, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = SiteInput, example = json!({"name": "Werk München", "region": "DE21",
    "point": {"lat": 48.137, "lon": 11.575}, "zone": "Europe/Berlin"}))]
struct SiteBody {
    /// Whose site it is; the caller's own where absent. The operator names it.
    #[schema(value_type = Option<Uuid>)]
    organisation: Option<OrganisationId>,
    /// Its name, at most 200 characters.
    #[validate(length(max = limits::WORD))]
    name: String,
    /// Its region: a NUTS 2024 code or a country, as finely as known.
    #[validate(length(max = limits::WORD))]
    region: Option<String>,
    /// Its country: a code or name. Where absent that of the region counts, else that of the organisation.
    #[validate(length(max = limits::WORD))]
    country: Option<String>,
    /// Its postcode, by which the region is found where none is stated. Only the region is kept.
    #[validate(length(max = limits::WORD))]
    postcode: Option<String>,
    /// Its point, if known, by which the region is found where neither region nor postcode say it; it must lie in the region. Never fill it with the point of a region.
    #[validate(nested)]
    point: Option<PointBody>,
    /// The IANA zone its days are counted in; UTC where absent.
    #[validate(length(max = limits::WORD))]
    zone: Option<String>,
}

impl SiteBody {
    /// The body that would add a site as it stands. A region that its point gave goes where the point goes.
    fn of(site: &Site) -> Self {
        let region = match site.region_from {
            RegionFrom::Stated | RegionFrom::Postcode => site.region.as_ref(),
            RegionFrom::Coordinates => None,
        };
        Self {
            organisation: Some(site.organisation),
            name: site.name.clone(),
            region: region.map(ToString::to_string),
            country: None,
            postcode: None,
            point: site.point.map(PointBody::of),
            zone: Some(site.zone.clone()),
        }
    }

    /// As the use case checks it.
    fn input(self) -> SiteInput {
        let Self { organisation, name, region, country, postcode, point, zone } = self;
        let point = point.map(|p| (p.lat.0, p.lon.0));
        SiteInput { organisation, name, region, country, postcode, point, zone }
    }
}

/// A site, as its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Site)]
pub struct SiteView {
    /// Its id.
    id: Uuid,
    /// Whose site it is.
    organisation: Uuid,
    /// Its name.
    name: String,
    /// Its region.
    region: Option<String>,
    /// How the region was found: `stated`, `postcode` or `coordinates`, the last two by tables that the operator loaded.
    /// Null where there is no region.
    #[schema(value_type = Option<String>)]
    region_from: Option<RegionFrom>,
    /// Why there is no region. Null where there is one.
    region_missing: Option<&'static str>,
    /// Its stated point.
    point: Option<PointBody>,
    /// How exactly its place is known: `exact`, `region` or `unknown`.
    #[schema(value_type = String)]
    precision: domain::geo::Precision,
    /// The IANA zone its days are counted in.
    zone: String,
    /// When it was added.
    #[schema(format = DateTime)]
    created_at: String,
}

impl SiteView {
    /// Of a site.
    pub fn of(stored: Stored<Site>) -> Self {
        let site = stored.record;
        Self {
            id: site.id.0,
            organisation: site.organisation.0,
            precision: site.precision(),
            region_from: site.region.as_ref().map(|_| site.region_from),
            region_missing: region_missing(&site),
            name: site.name,
            region: site.region.map(|r| r.to_string()),
            point: site.point.map(PointBody::of),
            zone: site.zone,
            created_at: stored.created_at.to_string(),
        }
    }
}

/// Why a site has no region.
fn region_missing(site: &Site) -> Option<&'static str> {
    match (&site.region, &site.point) {
        (Some(_), _) => None,
        (None, Some(_)) => Some(
            "no boundaries held the point when the site was written; GET /api/v1/regions/lookup?lat=&lon= says what is \
             loaded now",
        ),
        (None, None) => Some("neither region, country, postcode nor point was stated"),
    }
}

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Only sites of this organisation.
    organisation: Option<Uuid>,
    /// What the list is sorted by: `created_at` (where absent), `-created_at` for the last first.
    #[param(value_type = Option<String>, example = "-created_at")]
    sort: Option<Sort<ByCreation>>,
    /// Whether the answer has the `total` of all pages too.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    total: bool,
    /// At most so many entries, 1 to 200; 50 where absent.
    limit: Option<u32>,
    /// The `next` of the page before.
    #[validate(length(max = limits::CURSOR))]
    cursor: Option<String>,
}

/// Lists sites.
///
/// The operator sees all of them, an organisation its own.
#[utoipa::path(get, operation_id = "sites_list", path = "/sites", tag = "Organisations", params(ListQuery), security(("bearer" = [])),
    responses((status = 200, description = "The sites", body = Page<SiteView>)))]
async fn list(
    State(app): State<App>,
    SignedIn(Caller { actor, .. }): SignedIn,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Paged<SiteView>, Problem> {
    let organisation = query.organisation.map(OrganisationId);
    let order = query.sort.unwrap_or_default().order;
    let part = Part { limit: query.limit, cursor: query.cursor.as_deref(), order, total: query.total };
    let listing = Listing::new(&app, actor, ("sites", format!("{organisation:?}")), part)?;
    let found = app::sites::page(&app, actor, organisation, listing.request).await?;
    Ok(listing.answer(&app, found, SiteView::of))
}

/// Adds a site.
///
/// An offer is made at a site, and a need is delivered to one. Its region is the one stated, else that of the postcode,
/// else that of the point; where they contradict each other the site is refused.
#[utoipa::path(post, operation_id = "sites_create", path = "/sites", tag = "Organisations", request_body = SiteBody, security(("bearer" = [])),
    responses((status = 201, description = "Added; `Location` says where to read it", body = SiteView)))]
async fn create(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    JsonBody(body): JsonBody<SiteBody>,
) -> Result<Created<SiteView>, Problem> {
    let stored = app::sites::create(&app, &caller, &body.input()).await?;
    Ok(created(format!("/api/v1/sites/{}", stored.record.id), SiteView::of(stored)))
}

/// Reads a site.
///
/// An organisation reads its own; the operator reads all.
#[utoipa::path(get, operation_id = "sites_get", path = "/sites/{id}", tag = "Organisations", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The site's id")),
    responses((status = 200, description = "The site", body = SiteView)))]
async fn get(
    State(app): State<App>,
    SignedIn(Caller { actor, .. }): SignedIn,
    PathId(id): PathId<SiteId>,
) -> Result<Json<SiteView>, Problem> {
    Ok(Json(SiteView::of(app::sites::get(&app, actor, id).await?)))
}

/// Changes a site.
///
/// A JSON Merge Patch (RFC 7396) of the body that would add the site as it stands: what is absent stays, null clears.
/// What comes out is checked as when it was added, every fault at once, and nothing is stored then; a patch that changes
/// nothing leaves no trace. `If-Match` carries the `ETag` that you read the site with.
#[utoipa::path(patch, operation_id = "sites_update", path = "/sites/{id}", tag = "Organisations", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The site's id")),
    request_body(content = SiteBody, content_type = "application/merge-patch+json"),
    responses(
        (status = 200, description = "As it is now", body = SiteView),
        (status = 409, description = "Records at it were imported, and the file finds the site by name, region and point"),
        (status = 412, description = "It is no longer the version that `If-Match` names"),
        (status = 428, description = "`If-Match` is missing")))]
async fn update(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<SiteId>,
    patch: MergePatch,
) -> Result<Json<SiteView>, Problem> {
    let edit = |stored: &Stored<Site>| {
        let (view, before) = (SiteView::of(stored.clone()), SiteBody::of(&stored.record));
        Ok(patch.apply(&view, &before, &["organisation"])?.map(SiteBody::input))
    };
    Ok(Json(SiteView::of(app::sites::update(&app, &caller, id, edit).await?)))
}
