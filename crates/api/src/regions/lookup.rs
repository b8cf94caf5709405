//! The region of a postcode or a point; open to everybody.

use app::{App, regions::Located};
use axum::{Json, extract::State};
use domain::{decimal::Decimal, geo::Point, organisation::RegionFrom, postcode::Postcode, violation::Violations};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use super::RegionView;
use crate::{
    problem::Problem,
    query::{Parameters, Words},
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(lookup))
}

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LookupQuery {
    /// The country of the postcode: a code or name.
    #[param(value_type = Option<String>, max_length = 200, example = "FR")]
    country: Option<Words>,
    /// A postcode, in any spelling.
    #[param(value_type = Option<String>, max_length = 200, example = "13001")]
    postcode: Option<Words>,
    /// The latitude of a point, in decimal degrees; instead of a postcode.
    #[param(value_type = Option<f64>, minimum = -90, maximum = 90)]
    lat: Option<Words>,
    /// Its longitude.
    #[param(value_type = Option<f64>, minimum = -180, maximum = 180)]
    lon: Option<Words>,
}

/// A region that was found, and how.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RegionLookup)]
struct LookupView {
    /// The region.
    region: RegionView,
    /// How it was found: `postcode` or `coordinates`.
    #[schema(value_type = String)]
    region_from: RegionFrom,
    /// The row of the table that fits the postcode: all of it, or what it begins with.
    matched: Option<String>,
    /// Where the operator has the table from.
    source: String,
}

impl LookupView {
    fn of(found: &Located) -> Self {
        Self {
            region: RegionView::of(&found.region),
            region_from: found.from,
            matched: found.matched.clone(),
            source: found.source.clone(),
        }
    }
}

/// Finds the region of a postcode or a point.
///
/// By the tables that the operator loaded; without one, or where no row fits, the answer is a 404 that says which of
/// the two it is. Nothing is guessed from nearby places.
#[utoipa::path(get, operation_id = "regions_lookup", path = "/regions/lookup", tag = "Catalogue", params(LookupQuery),
    responses(
        (status = 200, description = "The region", body = LookupView),
        (status = 404, description = "No table is loaded, or no row of it fits; the detail says which, and the remedy")))]
async fn lookup(
    State(app): State<App>,
    Parameters(query): Parameters<LookupQuery>,
) -> Result<Json<LookupView>, Problem> {
    let found = match asked(&app, &query).map_err(Problem::invalid_query)? {
        Asked::Postcode(country, postcode) => app::regions::of_postcode(&app, &country, &postcode).await?,
        Asked::Point(point) => app::regions::of_point(&app, point).await?,
    };
    match found {
        Ok(located) => Ok(Json(LookupView::of(&located))),
        Err(miss) => Err(Problem::new("not_found", miss.to_string())),
    }
}

enum Asked {
    Postcode(domain::code::CountryCode, Postcode),
    Point(Point),
}

fn asked(app: &App, query: &LookupQuery) -> Result<Asked, Violations> {
    let text = |words: &Option<Words>| words.as_ref().map(|w| w.0.trim().to_owned()).filter(|w| !w.is_empty());
    match (text(&query.postcode), text(&query.lat), text(&query.lon)) {
        (Some(postcode), None, None) => {
            let Some(typed) = text(&query.country) else {
                let detail =
                    format!("a country is required: {postcode:?} is a postcode in several; write a code such as FR");
                return Err(Violations::one("/country", "country_required", detail));
            };
            let tables = app.tables();
            let country = tables.regions.country(&typed).map(|c| c.code.clone()).ok_or_else(|| {
                let detail = format!("{typed:?} is no known country; write an ISO 3166 code such as GR");
                Violations::one("/country", "unknown_region", detail)
            })?;
            let postcode = Postcode::parse("/postcode", &country, &postcode)?;
            Ok(Asked::Postcode(country, postcode))
        }
        (None, Some(lat), Some(lon)) => {
            let mut faults = Violations::new();
            let mut degrees = |pointer: &str, typed: &str| {
                let detail = || format!("{typed:?} is no number; write decimal degrees such as 13.405");
                faults.keep(typed.parse::<Decimal>().map_err(|_| Violations::one(pointer, "bad_value", detail())))
            };
            let point = degrees("/lat", &lat).zip(degrees("/lon", &lon));
            match point {
                Some((lat, lon)) => Point::from_degrees("", lat, lon).map(Asked::Point),
                None => Err(faults),
            }
        }
        (None, None, None) => {
            Err(Violations::one("/postcode", "missing", "write country and postcode, or lat and lon"))
        }
        (None, Some(_), None) => Err(Violations::one("/lon", "missing", "is missing beside lat; write both")),
        (None, None, Some(_)) => Err(Violations::one("/lat", "missing", "is missing beside lon; write both")),
        (Some(_), _, _) => {
            let detail = "stands beside a postcode; ask for one of them, since they may disagree";
            Err(Violations::one("/lat", "does_not_apply", detail))
        }
    }
}
