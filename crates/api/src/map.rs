//! The map of capacity, as a picture.

use app::{App, capacity::CapacityQuestion, public_figures};
use axum::{extract::State, response::Response};
use domain::violation::Violations;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use crate::{
    capacity::{days, of_query},
    export::Wanted,
    limits, pictures,
    problem::Problem,
    public_figures::PublicParameters,
    query::{Parameters, WordList},
    signed_in::SignedIn,
};

/// The route of the map.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(draw))
}

/// The route of the map that everybody may see.
pub fn public_router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(draw_public))
}

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MapParameters {
    /// Products, with commas between them, all counted in one unit.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "ffp")]
    product: WordList,
    /// Grades, with commas between them, as in the capacity map.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "FFP2")]
    grade: WordList,
    /// Regions by code or name, with commas between them, each with all that lies in it.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "ITC4,ITH")]
    region: WordList,
    /// The level of regions: 0 for countries, 1 or 2 for NUTS; 2 where absent.
    #[param(maximum = 2)]
    level: Option<u8>,
    /// The first day; today where absent, and never before it.
    #[param(value_type = Option<String>, format = Date, example = "2020-04-06")]
    #[validate(length(max = limits::WORD))]
    from: Option<String>,
    /// The last day; the Sunday of the twelfth week where absent.
    #[param(value_type = Option<String>, format = Date, example = "2020-06-28")]
    #[validate(length(max = limits::WORD))]
    until: Option<String>,
    /// Whether only offers count with a certificate that somebody checked and that holds today.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    certified: bool,
}

/// Draws the map of capacity.
///
/// What is free by region over a period, as circles at the points of the regions, of all that you may see; and what is
/// needed there as rings, where you ask for no more than products, regions and days. SVG with a title, a description and
/// its figures in words, for reports and pages; its address may end in `.svg`.
#[utoipa::path(get, operation_id = "maps_draw", path = "/map", tag = "Capacity", params(MapParameters),
    security(("bearer" = [])), responses((status = 200, description = "The map", body = String, content_type = "image/svg+xml")))]
async fn draw(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Parameters(query): Parameters<MapParameters>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let mut faults = Violations::new();
    let days = faults.keep(days(&query.from, &query.until));
    let level = query.level.unwrap_or(2);
    if level > 2 {
        faults.push("/level", "out_of_range", format!("{level} is no level of the map; write 0 for countries, 1 or 2"));
    }
    faults.into_result().map_err(Problem::invalid_query)?;
    let (from, until) = days.unwrap_or_default();
    let (products, grades, regions) = (query.product.0, query.grade.0, query.region.0);
    let certified = query.certified;
    let question =
        CapacityQuestion { products, grades, regions, from, until, certified, ..CapacityQuestion::default() };
    let drawn = pictures::map(&app, &caller, (question, level), &wanted.address).await.map_err(of_query)?;
    Ok(pictures::answer(drawn))
}

/// Draws the map that everybody may see.
///
/// The public figures of the day, added up over half a year, as circles at the points of NUTS 1 regions and countries.
#[utoipa::path(get, operation_id = "public_maps_draw", path = "/public/map", tag = "Capacity", params(PublicParameters),
    responses((status = 200, description = "The map", body = String, content_type = "image/svg+xml")))]
async fn draw_public(
    State(app): State<App>,
    Parameters(query): Parameters<PublicParameters>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let figures = public_figures::today(&app).await?;
    let cells = query.of(&app, &figures)?;
    let drawn = pictures::public_map(&app, &figures, &cells, &wanted.address).map_err(of_query)?;
    Ok(crate::public_figures::kept(pictures::answer(drawn)))
}
