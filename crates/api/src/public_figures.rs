//! What everybody is told of the market; open to everybody.

use app::{
    App,
    public_figures::{self, PublicCell, PublicFigures},
};
use axum::{
    Json,
    extract::State,
    http::{HeaderName, HeaderValue, header},
};
use domain::catalogue::Catalogue;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::problem::Problem;

/// The route of public figures.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(tell))
}

/// Days of a week after its first.
const REST_OF_WEEK: i32 = 6;

/// What everybody is told today.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PublicFigures)]
pub struct PublicView {
    /// The day; its figures stay the same to its end.
    #[schema(format = Date)]
    day: String,
    /// When they were reckoned.
    #[schema(format = DateTime)]
    as_of: String,
    /// By product, region and week. What could tell of too few organisations is in no row.
    rows: Vec<PublicRowView>,
}

/// A week of a product in a region, in base units that become available; what lies ready counts in the first week.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PublicFiguresRow)]
pub struct PublicRowView {
    /// The product.
    product: String,
    /// The UN/ECE code of the base unit.
    unit: &'static str,
    /// A region of NUTS 1; a country for what is told of none of its regions, which is no sum of them; null where no place
    /// is known.
    region: Option<String>,
    /// The Monday of the week.
    #[schema(format = Date)]
    from: String,
    /// Its Sunday.
    #[schema(format = Date)]
    until: String,
    /// Output at the running level, and stock.
    #[schema(value_type = i64)]
    running: i128,
    /// The same at full stretch.
    #[schema(value_type = i64)]
    maximum: i128,
    /// What conversions that nobody decided would add.
    #[schema(value_type = i64)]
    convertible: i128,
    /// What proposals hold.
    #[schema(value_type = i64)]
    held: i128,
    /// What is agreed.
    #[schema(value_type = i64)]
    agreed: i128,
    /// What can still be promised of the running level.
    #[schema(value_type = i64)]
    free: i128,
    /// What can still be promised at full stretch.
    #[schema(value_type = i64)]
    free_maximum: i128,
}

/// How long others may keep them, so that a page that many read asks once.
const KEPT: (HeaderName, HeaderValue) = (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));

/// Tells everybody what capacity there is.
///
/// Reckoned once a day over half a year, by product, NUTS 1 and week, without filters: totals of several independent
/// organisations, none of which has more than 70 percent, and which hold even for who takes off what he knows. Whoever
/// signs in asks `GET /api/v1/capacity` as he likes.
#[utoipa::path(get, operation_id = "public_figures_tell", path = "/public/capacity", tag = "Capacity",
    responses((status = 200, description = "What there is", body = PublicView)))]
async fn tell(State(app): State<App>) -> Result<([(HeaderName, HeaderValue); 1], Json<PublicView>), Problem> {
    let figures = public_figures::today(&app).await?;
    Ok(([KEPT], Json(PublicView::of(&figures, &app.tables().catalogue))))
}

impl PublicView {
    fn of(figures: &PublicFigures, catalogue: &Catalogue) -> Self {
        Self {
            day: figures.on.to_string(),
            as_of: figures.reckoned_at.to_string(),
            rows: figures.cells.iter().map(|cell| PublicRowView::of(cell, catalogue)).collect(),
        }
    }
}

impl PublicRowView {
    fn of(cell: &PublicCell, catalogue: &Catalogue) -> Self {
        let [running, maximum, convertible, held, agreed, free, free_maximum] = cell.figures;
        Self {
            product: cell.product.to_string(),
            unit: public_figures::unit(catalogue, cell).unit_code(),
            region: cell.region.as_ref().map(ToString::to_string),
            from: cell.week.to_string(),
            until: cell.week.plus(REST_OF_WEEK).to_string(),
            running,
            maximum,
            convertible,
            held,
            agreed,
            free,
            free_maximum,
        }
    }
}
