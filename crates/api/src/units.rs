//! Units of measure; open to everybody.

use app::App;
use axum::{Json, extract::State};
use domain::unit::{Unit, UnitMeaning};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of units.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list))
}

/// All units.
#[derive(Debug, Serialize, ToSchema)]
struct UnitList {
    /// The units.
    items: Vec<UnitView>,
}

/// A unit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Unit, example = json!({"code": "KGM", "name": "kilogram", "meaning": "fixed", "base_unit": "gram",
    "numerator": 1000, "denominator": 1, "synonyms": ["kg"], "note": null}))]
struct UnitView {
    /// UN/ECE Rec 20, or Rec 21 with `X` before it.
    code: String,
    /// Its name.
    name: String,
    /// `fixed` counts base units, `package` needs a pack size, `period` is for rates alone.
    meaning: &'static str,
    /// What a fixed unit counts.
    base_unit: Option<&'static str>,
    /// One unit is `numerator / denominator` base units.
    numerator: Option<i64>,
    /// See `numerator`.
    denominator: Option<i64>,
    /// What people write for it.
    synonyms: Vec<String>,
    /// What to write instead, where the code is deprecated.
    note: Option<String>,
}

impl UnitView {
    fn of(unit: &Unit) -> Self {
        let (meaning, fixed) = match unit.meaning {
            UnitMeaning::Fixed { base, numerator, denominator } => ("fixed", Some((base, numerator, denominator))),
            UnitMeaning::Package => ("package", None),
            UnitMeaning::Period => ("period", None),
        };
        Self {
            code: unit.code.to_string(),
            name: unit.name.clone(),
            meaning,
            base_unit: fixed.map(|(base, ..)| base.as_str()),
            numerator: fixed.map(|(_, n, _)| n),
            denominator: fixed.map(|(_, _, d)| d),
            synonyms: unit.synonyms.clone(),
            note: unit.deprecated_note.clone(),
        }
    }
}

/// Lists the units of measure.
///
/// UN/ECE Rec 20 units and Rec 21 packages, with what people write for them.
#[utoipa::path(get, operation_id = "units_list", path = "/units", tag = "Catalogue",
    responses((status = 200, description = "The units", body = UnitList)))]
async fn list(State(app): State<App>) -> Json<UnitList> {
    let tables = app.tables();
    Json(UnitList { items: tables.catalogue.unit_table().all().iter().map(UnitView::of).collect() })
}
