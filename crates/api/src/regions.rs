//! Regions; open to everybody.

use app::{
    App,
    regions::{Found, RegionFilter},
};
use axum::{Json, extract::State};
use domain::{code::RegionCode, region::Region, violation::Violations};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use crate::{
    cursor, limits,
    page::{self, Page, Paged},
    path_id::PathId,
    problem::Problem,
    query::{Parameters, Words},
};

mod lookup;

/// The routes of regions.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get)).merge(lookup::router())
}

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// A part of a code or name, in any spelling.
    #[param(value_type = Option<String>, max_length = 200, example = "oberbayern")]
    q: Option<Words>,
    /// 0 for countries, 1 to 3 for the levels of NUTS.
    #[param(maximum = 3)]
    level: Option<u8>,
    /// Only what lies in this region: a code or name.
    #[param(value_type = Option<String>, max_length = 200, example = "DE2")]
    within: Option<Words>,
    /// Only this country: a code or name.
    #[param(value_type = Option<String>, max_length = 200, example = "GR")]
    country: Option<Words>,
    /// At most so many entries, 1 to 200; 50 where absent.
    limit: Option<u32>,
    /// The `next` of the page before.
    #[validate(length(max = limits::CURSOR))]
    cursor: Option<String>,
}

/// A region in use, or what became of a code that is not.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Region, example = json!({"code": "DE21", "in_use": true, "level": 2, "parent": "DE2", "name": "Oberbayern",
    "country": "DE", "point": {"lat": 48.0, "lon": 11.7}, "version": null, "successors": []}))]
struct RegionView {
    /// The code.
    code: String,
    /// Whether the code is in use; if not, `successors` says what it became.
    in_use: bool,
    /// 0 for a country, up to 3.
    level: Option<u8>,
    /// The region it lies in.
    parent: Option<String>,
    /// Its name.
    name: Option<String>,
    /// Its country, ISO 3166-1.
    country: Option<String>,
    /// The point that stands for it where no exact place is known.
    point: Option<crate::sites::PointBody>,
    /// The version of NUTS that a code out of use was last part of.
    version: Option<String>,
    /// What a code out of use became.
    successors: Vec<SuccessorView>,
}

/// A region that a code out of use became.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Successor)]
struct SuccessorView {
    /// The code.
    code: String,
    /// The name.
    name: String,
}

impl RegionView {
    fn of(region: &Region) -> Self {
        Self {
            code: region.code.to_string(),
            in_use: true,
            level: Some(region.level),
            parent: region.parent.as_ref().map(ToString::to_string),
            name: Some(region.name.clone()),
            country: Some(region.country.to_string()),
            point: region.point.map(crate::sites::PointBody::of),
            version: None,
            successors: Vec::new(),
        }
    }
}

/// Lists or searches regions.
///
/// NUTS 2024 levels 0 to 3, subdivisions and countries, in the order of their codes.
#[utoipa::path(get, operation_id = "regions_list", path = "/regions", tag = "Catalogue", params(ListQuery), responses(
    (status = 200, description = "The regions", body = Page<RegionView>)))]
async fn list(State(app): State<App>, Parameters(query): Parameters<ListQuery>) -> Result<Paged<RegionView>, Problem> {
    let filter = filter(&app, &query)?;
    let question = format!("regions {filter:?}");
    let after = query.cursor.as_deref().map(|c| cursor::decode(&app.keys, &question, c)).transpose()?;
    let after = after.and_then(|code| String::from_utf8(code).ok());
    let limit = usize::try_from(page::limit(query.limit)).unwrap_or(1);
    let mut found = app::regions::search(&app, &filter, after.as_deref(), limit);
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|r| cursor::encode(&app.keys, &question, r.code.as_str().as_bytes()));
    Ok(Paged(Page { items: found.iter().map(RegionView::of).collect(), next, total: None }))
}

fn filter(app: &App, query: &ListQuery) -> Result<RegionFilter, Problem> {
    let mut faults = Violations::new();
    if let Some(level) = query.level.filter(|l| *l > 3) {
        faults.push("/level", "out_of_range", format!("{level} is no level; write 0 to 3"));
    }
    let mut region = |pointer: &str, typed: &Option<Words>| -> Option<Region> {
        let typed = &typed.as_ref()?.0;
        match app::regions::get(app, typed) {
            Ok(Found::InUse(region)) => Some(region),
            Ok(Found::Retired { .. }) | Err(_) => {
                let detail =
                    format!("{typed:?} is no region in use; GET /api/v1/regions/{{code}} says what became of it");
                faults.push(pointer, "unknown_region", detail);
                None
            }
        }
    };
    let within: Option<RegionCode> = region("/within", &query.within).map(|r| r.code);
    let country = region("/country", &query.country).map(|r| r.country);
    faults.into_result().map_err(Problem::invalid_query)?;
    Ok(RegionFilter { question: query.q.as_ref().map(|q| q.0.clone()), level: query.level, within, country })
}

/// Reads a region.
///
/// By its code or by what people type for it: `GR` and `EL` are Greece. A code that went out of use answers with its
/// successors.
#[utoipa::path(get, operation_id = "regions_get", path = "/regions/{code}", tag = "Catalogue",
    params(("code" = String, Path, description = "A code, in use or retired, or a name", example = "DE21")),
    responses((status = 200, description = "The region", body = RegionView)))]
async fn get(State(app): State<App>, PathId(code): PathId<String>) -> Result<Json<RegionView>, Problem> {
    Ok(Json(match app::regions::get(&app, &code)? {
        Found::InUse(region) => RegionView::of(&region),
        Found::Retired { code, version, successors } => RegionView {
            code,
            in_use: false,
            level: None,
            parent: None,
            name: None,
            country: None,
            point: None,
            version: Some(version),
            successors: successors
                .iter()
                .map(|r| SuccessorView { code: r.code.to_string(), name: r.name.clone() })
                .collect(),
        },
    }))
}
