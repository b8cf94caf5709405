//! Production lines whose time several offers of a site share.

use app::{App, access::Caller, lines::OwnedLine, offers::Place};
use axum::{Json, extract::State};
use domain::{
    ids::{LineId, OrganisationId, SiteId},
    offer::LineInput,
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
    measure::RateBody,
    offers::{
        CapacityView,
        body::{CalendarBody, WeekBody},
    },
    page::{Listing, Page, Paged, Part},
    patch::MergePatch,
    path_id::PathId,
    problem::Problem,
    query::Parameters,
    signed_in::SignedIn,
    sort::{ByCreation, Sort},
};

/// The routes of lines.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, update))
}

/// A production line to add.
#[derive(Debug, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = LineInput, example = json!({"site": "018f0000-0000-7000-8000-000000000001", "name": "Line 2",
    "running": {"value": 50000, "per": "week"}, "maximum": {"value": 80000, "per": "week"}}))]
struct LineBody {
    /// Whose line it is; the caller's own where absent. The operator names it.
    #[schema(value_type = Option<Uuid>)]
    organisation: Option<OrganisationId>,
    /// The site that it stands at.
    #[schema(value_type = Uuid)]
    site: SiteId,
    /// Its name, at most 200 characters.
    #[validate(length(max = limits::WORD))]
    name: String,
    /// The base unit that all its offers count in, by its UN/ECE code; `H87`, pieces, where absent.
    #[validate(length(max = limits::WORD))]
    unit: Option<String>,
    /// What it puts out now, whichever of its products it makes.
    #[validate(nested)]
    running: Option<RateBody>,
    /// What it puts out at full stretch.
    #[validate(nested)]
    maximum: Option<RateBody>,
    /// Working days from the window's start to the full rate.
    #[serde(default)]
    ramp_days: i64,
    /// Figures week by week in the place of `running` and `maximum`, as those of offers, without `convertible`.
    #[serde(default)]
    #[validate(nested)]
    weeks: Vec<WeekBody>,
    /// The days it works.
    #[serde(default)]
    #[validate(nested)]
    calendar: CalendarBody,
    /// First day of the window; the as-of date where absent.
    #[schema(format = Date)]
    #[validate(length(max = limits::WORD))]
    from: Option<String>,
    /// Last day of the window; open where absent.
    #[schema(format = Date)]
    #[validate(length(max = limits::WORD))]
    until: Option<String>,
    /// The day that the figures stand for; today in the zone of the site where absent.
    #[schema(format = Date)]
    #[validate(length(max = limits::WORD))]
    as_of: Option<String>,
}

impl LineBody {
    /// The body that would add a line as it stands.
    fn of(owned: &OwnedLine) -> Self {
        let (line, profile) = (&owned.line, &owned.line.profile);
        Self {
            organisation: Some(owned.organisation),
            site: line.site,
            name: line.name.clone(),
            unit: Some(line.unit().to_owned()),
            running: profile.running.as_ref().map(RateBody::of),
            maximum: profile.maximum.as_ref().map(RateBody::of),
            ramp_days: profile.ramp_days.into(),
            weeks: profile.weeks.iter().map(WeekBody::of).collect(),
            calendar: CalendarBody::of(&profile.calendar),
            from: Some(profile.from.to_string()),
            until: profile.until.map(|day| day.to_string()),
            as_of: Some(profile.as_of.to_string()),
        }
    }

    /// As the domain checks it.
    fn input(self) -> LineInput {
        LineInput {
            name: self.name,
            unit: self.unit,
            running: self.running.map(RateBody::input),
            maximum: self.maximum.map(RateBody::input),
            ramp_days: self.ramp_days,
            weeks: self.weeks.into_iter().map(WeekBody::input).collect(),
            calendar: self.calendar.input(),
            from: self.from,
            until: self.until,
            as_of: self.as_of,
        }
    }
}

/// A production line: its output bounds that of its offers together.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Line)]
struct LineView {
    /// Its id, which offers name as `line`.
    id: Uuid,
    /// Whose line it is.
    organisation: Uuid,
    /// The site that it stands at.
    site: Uuid,
    /// Its name.
    name: String,
    /// The UN/ECE code of the base unit that its offers count in.
    unit: String,
    /// What it can put out over time; its stock is 0.
    capacity: CapacityView,
}

impl LineView {
    fn of(owned: &OwnedLine) -> Self {
        let line = &owned.line;
        Self {
            id: line.id.0,
            organisation: owned.organisation.0,
            site: line.site.0,
            name: line.name.clone(),
            unit: line.unit().to_owned(),
            capacity: CapacityView::of(&line.profile, line.unit()),
        }
    }
}

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Only lines of this site.
    site: Option<Uuid>,
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

/// Lists production lines.
///
/// The operator sees all of them, an organisation its own.
#[utoipa::path(get, operation_id = "lines_list", path = "/lines", tag = "Offers", params(ListQuery), security(("bearer" = [])),
    responses((status = 200, description = "The lines", body = Page<LineView>)))]
async fn list(
    State(app): State<App>,
    SignedIn(Caller { actor, .. }): SignedIn,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Paged<LineView>, Problem> {
    let site = query.site.map(SiteId);
    let order = query.sort.unwrap_or_default().order;
    let part = Part { limit: query.limit, cursor: query.cursor.as_deref(), order, total: query.total };
    let listing = Listing::new(&app, actor, ("lines", format!("{site:?}")), part)?;
    let found = app::lines::page(&app, actor, site, listing.request).await?;
    Ok(listing.answer(&app, found, |line| LineView::of(&line)))
}

/// Adds a production line.
///
/// Offers of its site that name it share its time: what they promise together fits what the line puts out, day by day.
#[utoipa::path(post, operation_id = "lines_create", path = "/lines", tag = "Offers", request_body = LineBody, security(("bearer" = [])),
    responses((status = 201, description = "Added; `Location` says where to read it", body = LineView)))]
async fn create(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    JsonBody(body): JsonBody<LineBody>,
) -> Result<Created<LineView>, Problem> {
    let place = Place { organisation: body.organisation, site: body.site };
    let owned = app::lines::create(&app, &caller, place, &body.input()).await?;
    Ok(created(format!("/api/v1/lines/{}", owned.line.id), LineView::of(&owned)))
}

/// Reads a production line.
///
/// An organisation reads its own; the operator reads all.
#[utoipa::path(get, operation_id = "lines_get", path = "/lines/{id}", tag = "Offers", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The line's id")),
    responses((status = 200, description = "The line", body = LineView)))]
async fn get(
    State(app): State<App>,
    SignedIn(Caller { actor, .. }): SignedIn,
    PathId(id): PathId<LineId>,
) -> Result<Json<LineView>, Problem> {
    Ok(Json(LineView::of(&app::lines::get(&app, actor, id).await?)))
}

/// Changes a production line.
///
/// A JSON Merge Patch (RFC 7396) of the body that would add the line as it stands. It keeps to what its offers have promised
/// of its time. `If-Match` carries the `ETag` that you read the line with.
#[utoipa::path(patch, operation_id = "lines_update", path = "/lines/{id}", tag = "Offers", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The line's id")),
    request_body(content = LineBody, content_type = "application/merge-patch+json"),
    responses(
        (status = 200, description = "As it is now", body = LineView),
        (status = 409, description = "Its offers have promised more than it would have, or count in another unit"),
        (status = 412, description = "It is no longer the version that `If-Match` names"),
        (status = 428, description = "`If-Match` is missing")))]
async fn update(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<LineId>,
    patch: MergePatch,
) -> Result<Json<LineView>, Problem> {
    let edit = |owned: &OwnedLine| {
        let (view, before) = (LineView::of(owned), LineBody::of(owned));
        Ok(patch.apply(&view, &before, &["organisation", "site"])?.map(LineBody::input))
    };
    Ok(Json(LineView::of(&app::lines::update(&app, &caller, id, edit).await?)))
}
