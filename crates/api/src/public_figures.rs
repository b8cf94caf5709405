//! What everybody is told of the market; open to everybody.

use app::{
    App,
    public_figures::{self, PublicCell, PublicFigures},
};
use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use domain::catalogue::Catalogue;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use crate::{
    capacity::of_query,
    export::{self, Column, Kind, Shape, Tabled, Wanted},
    pictures,
    problem::Problem,
    query::{Parameters, WordList},
};

/// The route of public figures.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(tell))
}

/// Days of a week after its first.
const REST_OF_WEEK: i32 = 6;

/// Which of the public figures.
#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PublicParameters {
    /// Products, with commas between them; all where absent. Pictures want them counted in one unit.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "ffp")]
    product: WordList,
}

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
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// Tells everybody what capacity there is.
///
/// Reckoned once a day over half a year, by product, NUTS 1 and week, without any filter but the product: totals of several independent
/// organisations, none of which has more than 70 percent, and which hold even for who takes off what he knows. Whoever
/// signs in asks `GET /api/v1/capacity` as he likes.
#[utoipa::path(get, operation_id = "public_figures_tell", path = "/public/capacity", tag = "Capacity", params(PublicParameters),
    responses((status = 200, description = "What there is", body = PublicView)))]
async fn tell(
    State(app): State<App>,
    Parameters(query): Parameters<PublicParameters>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let figures = public_figures::today(&app).await?;
    let cells = query.of(&app, &figures)?;
    let view = PublicView::of(&figures, &cells, &app.tables().catalogue);
    Ok(kept(match wanted.shape {
        Shape::Usual => Json(view).into_response(),
        Shape::File(format) => {
            let (licence, left_out) = (app.public_licence.to_string(), vec!["small_totals"]);
            let facts = export::Facts { as_of: figures.reckoned_at, licence, left_out };
            export::file(&app, (format, &wanted.address), facts, view.rows)
        }
        Shape::Picture => {
            let drawn = pictures::public_weeks(&app, &figures, &cells, &wanted.address).map_err(of_query)?;
            pictures::answer(drawn)
        }
    }))
}

/// An answer that others may keep for a while.
pub(crate) fn kept(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, KEPT);
    response
}

impl PublicParameters {
    /// The cells that it asks for: all that are published, or those of its products.
    pub(crate) fn of<'f>(&self, app: &App, figures: &'f PublicFigures) -> Result<Vec<&'f PublicCell>, Problem> {
        let products = app::capacity::products(app, &self.product.0).map_err(of_query)?;
        let wanted = |cell: &&PublicCell| products.as_ref().is_none_or(|products| products.contains(&cell.product));
        Ok(figures.cells.iter().filter(wanted).collect())
    }
}

impl PublicView {
    fn of(figures: &PublicFigures, cells: &[&PublicCell], catalogue: &Catalogue) -> Self {
        Self {
            day: figures.on.to_string(),
            as_of: figures.reckoned_at.to_string(),
            rows: cells.iter().map(|cell| PublicRowView::of(cell, catalogue)).collect(),
        }
    }
}

impl Tabled for PublicRowView {
    const NAME: &'static str = "public-capacity";
    const TITLE: &'static str = "Public figures on capacity";
    const VERSION: u32 = 1;
    const COLUMNS: &'static [Column] = &[
        Column { name: "product", kind: Kind::Text },
        Column { name: "unit", kind: Kind::Text },
        Column { name: "region", kind: Kind::Text },
        Column { name: "from", kind: Kind::Date },
        Column { name: "until", kind: Kind::Date },
        Column { name: "running", kind: Kind::Integer },
        Column { name: "maximum", kind: Kind::Integer },
        Column { name: "convertible", kind: Kind::Integer },
        Column { name: "held", kind: Kind::Integer },
        Column { name: "agreed", kind: Kind::Integer },
        Column { name: "free", kind: Kind::Integer },
        Column { name: "free_maximum", kind: Kind::Integer },
    ];

    fn region(&self) -> Option<&str> {
        self.region.as_deref()
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
