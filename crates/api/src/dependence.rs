//! The dependence report: what hangs on how few.

use app::{
    App,
    dependence::{self, Dependence, DependenceQuestion, DependenceTold, ProductDependence},
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use domain::code::ProductCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use crate::{
    capacity::{days, of_query},
    export::{self, Column, Kind, Shape, Tabled, Wanted},
    limits,
    problem::Problem,
    query::{Parameters, WordList},
    signed_in::SignedIn,
};

/// The route of the report.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(tell))
}

/// Above so many percent at one place, a product hangs on it.
const MOST_OF_IT: i128 = 50;

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DependenceParameters {
    /// Products, with commas between them; where absent all of which there are offers, and what these need.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "ffp")]
    product: WordList,
    /// Only offers in these regions, by code or name, with commas between them.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "IT")]
    region: WordList,
    /// The first day; today where absent, and never before it.
    #[param(value_type = Option<String>, format = Date, example = "2020-04-06")]
    #[validate(length(max = limits::WORD))]
    from: Option<String>,
    /// The last day; the Sunday of the twelfth week where absent.
    #[param(value_type = Option<String>, format = Date, example = "2020-06-28")]
    #[validate(length(max = limits::WORD))]
    until: Option<String>,
}

/// What depends on what.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DependenceReport)]
struct DependenceView {
    /// When it was asked; the figures are those of this moment.
    #[schema(format = DateTime)]
    as_of: String,
    /// The first day.
    #[schema(format = Date)]
    from: String,
    /// The last day.
    #[schema(format = Date)]
    until: String,
    /// By product.
    rows: Vec<DependenceRowView>,
}

/// How a product depends on places and on other products, of all offers that you see one by one. Figures are base units
/// that become available in the period.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DependenceReportRow)]
pub struct DependenceRowView {
    /// The product.
    product: String,
    /// `finished`, `intermediate`, `service` or `equipment`.
    kind: &'static str,
    /// The UN/ECE code of the base unit.
    unit: &'static str,
    /// Offers of it.
    offers: u32,
    /// At how many places something of it is made: sites where you may know them, else organisations, else each offer for
    /// itself.
    places: u32,
    /// What there is at the running level.
    #[schema(value_type = i64)]
    running: i128,
    /// What of it can still be promised. Of offers that share a production line it may be too much.
    #[schema(value_type = i64)]
    free: i128,
    /// What of the running figure is at the place that has most.
    #[schema(value_type = i64)]
    largest: i128,
    /// That in whole percent of all of it; null where there is nothing.
    largest_percent: Option<u8>,
    /// Whether more than half of it is at one place.
    hangs_on_one_place: bool,
    /// Products that go into it, by the process steps of the catalogue.
    inputs: Vec<String>,
    /// Those of which you see no offer.
    inputs_without_offers: Vec<String>,
    /// Products of which you see offers that it goes into.
    needed_for: Vec<String>,
}

/// Tells what hangs on how few.
///
/// For clusters and authorities: of each product how much there is, at how many places, and how much of it at the largest;
/// and which intermediates several products need. Of all offers that you see one by one; totals of others are in no
/// figure.
#[utoipa::path(get, operation_id = "dependence_tell", path = "/dependence", tag = "Capacity", params(DependenceParameters),
    security(("bearer" = [])), responses((status = 200, description = "What depends on what", body = DependenceView)))]
async fn tell(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Parameters(query): Parameters<DependenceParameters>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let (from, until) = days(&query.from, &query.until).map_err(Problem::invalid_query)?;
    let question = DependenceQuestion { products: query.product.0, regions: query.region.0, from, until };
    let DependenceTold { span, rows, as_of } = dependence::tell(&app, &caller, &question).await.map_err(of_query)?;
    let rows = rows.iter().map(DependenceRowView::of).collect();
    if let Shape::File(format) = wanted.shape {
        let facts = export::Facts { as_of, licence: app.licence.to_string(), left_out: Vec::new() };
        return Ok(export::file(&app, (format, &wanted.address), facts, rows));
    }
    let (from, until) = (span.0.to_string(), span.1.to_string());
    Ok(Json(DependenceView { as_of: as_of.to_string(), from, until, rows }).into_response())
}

impl DependenceRowView {
    fn of(row: &ProductDependence) -> Self {
        let codes = |codes: &std::collections::BTreeSet<ProductCode>| codes.iter().map(ToString::to_string).collect();
        let (offers, places, running, free, largest) = match &row.found {
            Some(Dependence { offers, places, running, free, largest, .. }) => {
                (*offers, *places, *running, *free, *largest)
            }
            None => (0, 0, 0, 0, 0),
        };
        let percent = (running > 0).then(|| largest * 100 / running);
        Self {
            product: row.product.to_string(),
            kind: row.kind.as_str(),
            unit: row.unit.unit_code(),
            offers,
            places,
            running,
            free,
            largest,
            largest_percent: percent.and_then(|percent| u8::try_from(percent).ok()),
            hangs_on_one_place: largest * 100 > running * MOST_OF_IT,
            inputs: codes(&row.inputs),
            inputs_without_offers: codes(&row.inputs_without_offers),
            needed_for: codes(&row.needed_for),
        }
    }
}

impl Tabled for DependenceRowView {
    const NAME: &'static str = "dependence";
    const TITLE: &'static str = "Dependence";
    const VERSION: u32 = 1;
    const COLUMNS: &'static [Column] = &[
        Column { name: "product", kind: Kind::Text },
        Column { name: "kind", kind: Kind::Text },
        Column { name: "unit", kind: Kind::Text },
        Column { name: "offers", kind: Kind::Integer },
        Column { name: "places", kind: Kind::Integer },
        Column { name: "running", kind: Kind::Integer },
        Column { name: "free", kind: Kind::Integer },
        Column { name: "largest", kind: Kind::Integer },
        Column { name: "largest_percent", kind: Kind::Integer },
        Column { name: "hangs_on_one_place", kind: Kind::Flag },
        Column { name: "inputs", kind: Kind::List },
        Column { name: "inputs_without_offers", kind: Kind::List },
        Column { name: "needed_for", kind: Kind::List },
    ];

    fn region(&self) -> Option<&str> {
        None
    }
}
