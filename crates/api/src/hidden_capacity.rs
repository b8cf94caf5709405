//! Hidden capacity: who could convert to what, and what a site could make.

use app::{
    App,
    access::Caller,
    hidden_capacity::{self, CouldMake, HiddenQuestion, HiddenRow, HiddenTold, HiddenTotal},
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use domain::{conversion::Prospect, ids::SiteId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use crate::{
    capacity::{left_out, of_query},
    export::{self, Column, Kind, Shape, Tabled, Wanted},
    path_id::PathId,
    problem::Problem,
    query::{Parameters, WordList},
    signed_in::SignedIn,
};

mod view;

pub use view::{EstimateView, ProspectView};

use view::{missing_steps, names};

/// The routes of hidden capacity.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(tell)).routes(routes!(could_make))
}

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct HiddenParameters {
    /// Products, with commas between them; all where absent.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "community-mask")]
    product: WordList,
    /// Grades of these products, with commas between them. They are checked and narrow nothing: conversions are not told by
    /// grade, `certificate_path` says what the row knows.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "FFP2")]
    grade: WordList,
    /// Only sites in these regions, by code or name, with commas between them.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "IT")]
    region: WordList,
    /// Only estimates whose most days are so many or fewer; those of unknown days are left out then.
    days: Option<u16>,
    /// At most so many rows, 1 to 500; 100 where absent.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Who could convert to what.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HiddenCapacity)]
struct HiddenView {
    /// When it was asked.
    #[schema(format = DateTime)]
    as_of: String,
    /// Sites that you may see one by one, the likeliest first.
    rows: Vec<HiddenRowView>,
    /// How many rows there are, with those beyond `limit`.
    all_rows: usize,
    /// How many organisations could convert of those that you see no rows of, by product and country.
    totals: Vec<HiddenTotalView>,
    /// Why something may be missing: `small_totals`, `filter`.
    left_out: Vec<&'static str>,
}

/// A site that could convert to a product: the best estimate, and the others.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HiddenCapacityRow)]
pub struct HiddenRowView {
    /// The product.
    product: String,
    /// Whose it is; null where you may not know.
    organisation: Option<Uuid>,
    /// What it is called.
    organisation_name: Option<String>,
    /// The site; null where you may not know.
    site: Option<Uuid>,
    /// What it is called.
    site_name: Option<String>,
    /// The region, of NUTS 2 where you may not know the site.
    region: Option<String>,
    /// Who vouches for the organisation: `none`, `cluster` or `operator`.
    verification: &'static str,
    /// The day that the owner said what the site can do.
    #[schema(format = Date)]
    stated_on: String,
    /// The best estimate.
    #[serde(flatten)]
    best: EstimateView,
    /// Steps that the site could not take as it is, by their numbers and names.
    missing_steps: Vec<String>,
    /// Machines of those steps: codes of the catalogue, or words.
    missing_machines: Vec<String>,
    /// Inputs of all steps that it has not in house: codes of the catalogue, or words.
    missing_inputs: Vec<String>,
    /// What else says that it could.
    others: Vec<EstimateView>,
}

/// How many organisations could convert to a product in a country, beside those that you see as rows.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HiddenCapacityTotal)]
struct HiddenTotalView {
    /// The product.
    product: String,
    /// The country, as a region.
    country: String,
    /// How many; three at least.
    #[schema(minimum = 3)]
    organisations: usize,
}

impl HiddenTotalView {
    fn of(total: &HiddenTotal) -> Self {
        let HiddenTotal { product, country, organisations } = total;
        Self { product: product.to_string(), country: country.to_string(), organisations: *organisations }
    }
}

/// Rows as they are told, here and on the command line.
pub fn rows(told: &HiddenTold<'_>) -> Vec<HiddenRowView> {
    told.rows.iter().filter_map(HiddenRowView::of).collect()
}

impl HiddenRowView {
    fn of(row: &HiddenRow<'_>) -> Option<Self> {
        let (best, others) = row.prospect.estimates.split_first()?;
        Some(Self {
            product: row.prospect.product.code.to_string(),
            organisation: row.owner.as_ref().map(|owner| owner.id.0),
            organisation_name: row.owner.as_ref().map(|owner| owner.name.clone()),
            site: row.site.as_ref().map(|site| site.id.0),
            site_name: row.site.as_ref().map(|site| site.name.clone()),
            region: row.region.as_ref().map(ToString::to_string),
            verification: row.verification.as_str(),
            stated_on: row.stated_on.to_string(),
            best: EstimateView::of(best),
            missing_steps: missing_steps(&row.prospect),
            missing_machines: names(&row.prospect.missing_machines()),
            missing_inputs: names(&row.prospect.missing_inputs()),
            others: others.iter().map(EstimateView::of).collect(),
        })
    }
}

/// Tells who could convert to what.
///
/// By the activities, machines, services and process steps that sites state, and by the conversions and process steps of the
/// catalogue. Each row says what its days rest on and cites the catalogue's row. Your own sites and, for a verified cluster's
/// own people, those of its members have names; a verified authority sees all others without a name, at NUTS 2; everybody else is
/// told how many organisations of a country there are, three at least, and no row.
#[utoipa::path(get, operation_id = "hidden_capacity_tell", path = "/hidden-capacity", tag = "Hidden capacity", params(HiddenParameters),
    security(("bearer" = [])), responses((status = 200, description = "Who could convert to what", body = HiddenView)))]
async fn tell(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Parameters(query): Parameters<HiddenParameters>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let HiddenParameters { product, grade, region, days, limit } = query;
    let question = HiddenQuestion { products: product.0, grades: grade.0, regions: region.0, days, limit };
    let tables = app.tables();
    let told = hidden_capacity::tell(&app, &tables, &caller, &question).await.map_err(of_query)?;
    let (rows, left_out) = (rows(&told), left_out(&told.left_out));
    if let Shape::File(format) = wanted.shape {
        let facts = export::Facts { as_of: told.as_of, licence: app.licence.to_string(), left_out };
        return Ok(export::file(&app, (format, &wanted.address), facts, rows));
    }
    let totals = told.totals.iter().map(HiddenTotalView::of).collect();
    let (as_of, all_rows) = (told.as_of.to_string(), told.all_rows);
    Ok(Json(HiddenView { as_of, rows, all_rows, totals, left_out }).into_response())
}

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CouldMakeParameters {
    /// Products, with commas between them; all where absent.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "community-mask")]
    product: WordList,
}

/// What a site could make.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CouldMake)]
pub struct CouldMakeView {
    /// The site.
    site: Uuid,
    /// When its owner said what it can do; null while nobody said anything.
    #[schema(format = DateTime)]
    stated_at: Option<String>,
    /// What it could make, the likeliest first.
    products: Vec<MakeView>,
}

/// A product that a site could make, with bodies to send.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CouldMakeProduct)]
pub struct MakeView {
    /// What it rests on, and what is missing.
    #[serde(flatten)]
    prospect: ProspectView,
    /// The body of a draft of an offer, for `POST /api/v1/offers`, once `to_state` is filled in.
    #[schema(value_type = Object)]
    draft_offer: Value,
    /// What nobody but the owner can say: JSON pointers into the body.
    to_state: Vec<&'static str>,
    /// Bodies of drafts of needs, one for each missing machine and input that the catalogue has as a product.
    draft_needs: Vec<DraftNeedView>,
}

/// A draft of a need of something that is missing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MissingNeed)]
struct DraftNeedView {
    /// What is missing: `machine` or `input`.
    missing: &'static str,
    /// The body, for `POST /api/v1/needs`, once `to_state` is filled in.
    #[schema(value_type = Object)]
    body: Value,
    /// What nobody but the owner can say: JSON pointers into the body.
    to_state: Vec<&'static str>,
}

impl CouldMakeView {
    /// Of a site.
    pub fn of(found: &CouldMake<'_>) -> Self {
        let site = found.able.site.id;
        Self {
            site: site.0,
            stated_at: found.able.stated_at.map(|at| at.to_string()),
            products: found.prospects.iter().map(|prospect| MakeView::of(site, prospect)).collect(),
        }
    }
}

impl MakeView {
    /// Of a product at a site.
    pub(crate) fn of(site: SiteId, prospect: &Prospect<'_>) -> Self {
        let best = prospect.best();
        let days = best.and_then(|best| best.days).map(|(_, most)| most);
        let mut convertible = json!({ "per": "week" });
        let mut to_state = vec!["/convertible/value"];
        match days {
            Some(days) => convertible["days"] = days.into(),
            None => to_state.push("/convertible/days"),
        }
        let note = best.map(domain::conversion::Estimate::told);
        let product = prospect.product.code.as_str();
        let missing = [("machine", prospect.missing_machines()), ("input", prospect.missing_inputs())];
        let needs = missing.iter().flat_map(|(missing, parts)| {
            parts.iter().filter_map(move |part| {
                let body = json!({ "site": site, "product": part.product?.code.as_str(), "draft": true });
                Some(DraftNeedView { missing, body, to_state: vec!["/instalments"] })
            })
        });
        Self {
            prospect: ProspectView::of(prospect),
            draft_offer: json!({
                "site": site, "product": product, "draft": true, "convertible": convertible, "note": note,
            }),
            to_state,
            draft_needs: needs.collect(),
        }
    }
}

/// Tells what a site could make.
///
/// By what its owner says that it can do. Each product comes with what it rests on, the steps, machines and inputs that are
/// missing, and bodies of drafts: of the offer, and of needs of what is missing. They state nothing that nobody said.
#[utoipa::path(get, operation_id = "hidden_capacity_could_make", path = "/sites/{id}/could-make", tag = "Hidden capacity",
    security(("bearer" = [])), params(("id" = Uuid, Path, description = "The site's id"), CouldMakeParameters),
    responses((status = 200, description = "What it could make", body = CouldMakeView)))]
async fn could_make(
    State(app): State<App>,
    SignedIn(Caller { actor, .. }): SignedIn,
    PathId(id): PathId<SiteId>,
    Parameters(query): Parameters<CouldMakeParameters>,
) -> Result<Json<CouldMakeView>, Problem> {
    let tables = app.tables();
    let found = hidden_capacity::of_site(&app, &tables, actor, (id, &query.product.0)).await.map_err(of_query)?;
    Ok(Json(CouldMakeView::of(&found)))
}

impl Tabled for HiddenRowView {
    const NAME: &'static str = "hidden-capacity";
    const TITLE: &'static str = "Hidden capacity";
    const VERSION: u32 = 1;
    const COLUMNS: &'static [Column] = &[
        Column { name: "product", kind: Kind::Text },
        Column { name: "organisation", kind: Kind::Text },
        Column { name: "organisation_name", kind: Kind::Text },
        Column { name: "site", kind: Kind::Text },
        Column { name: "site_name", kind: Kind::Text },
        Column { name: "region", kind: Kind::Text },
        Column { name: "verification", kind: Kind::Text },
        Column { name: "stated_on", kind: Kind::Text },
        Column { name: "days_min", kind: Kind::Integer },
        Column { name: "days_max", kind: Kind::Integer },
        Column { name: "basis", kind: Kind::Text },
        Column { name: "fit", kind: Kind::Text },
        Column { name: "capability", kind: Kind::Text },
        Column { name: "nace2", kind: Kind::List },
        Column { name: "example", kind: Kind::Text },
        Column { name: "cites", kind: Kind::Text },
        Column { name: "confidence", kind: Kind::Text },
        Column { name: "bottleneck", kind: Kind::Text },
        Column { name: "certificate_path", kind: Kind::Text },
        Column { name: "missing_steps", kind: Kind::List },
        Column { name: "missing_machines", kind: Kind::List },
        Column { name: "missing_inputs", kind: Kind::List },
    ];

    fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }
}
