//! The capacity map: how much there is of what, of which grade, where and when.

use app::{
    App, answers,
    capacity::{self, CapacityQuestion, CapacityTold, Counting, Near, Reader},
};
use axum::{extract::State, response::Response};
use domain::{
    certificate::CertificateStatus, decimal::Decimal, geo::Point, ids::OrganisationId, offer::Transfer,
    organisation::Verification, time::Day, violation::Violations,
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use crate::{
    export::{self, Shape, Wanted},
    json::{json, written},
    limits, pictures,
    problem::Problem,
    query::{Ids, Parameters, Several, WordList, Words},
    signed_in::SignedIn,
};

mod view;

pub use view::weekly_or_whole;
use view::{CapacityAnswerView, GroupName, LevelName};
pub(crate) use view::{Rollup, rows};
pub(crate) use view::{explained, left_out};

/// The farthest radius, in kilometres: half-way round the world.
const FARTHEST: u32 = 20_040;

/// The routes of the capacity map.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(tell))
}

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CapacityParameters {
    /// Products, with commas between them: each a code, a family, a public code (CPV, HS, NACE, EMDN) or a name.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "ffp")]
    product: WordList,
    /// Grades, with commas between them: offers that hold one of these, or one that stands for it by the catalogue.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "FFP2")]
    grade: WordList,
    /// Whether what a buyer may accept in their place counts as well: what the catalogue's rules call `opt_in` or
    /// `substitute_only`. Group by product and grade to tell it apart.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    substitutes: bool,
    /// Only offers that have some of it by the end of the period, with commas between them, any of which will do: `running`,
    /// `maximum`, `convertible`.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "convertible")]
    capacity: Several<LevelName>,
    /// Regions by code or name, with commas between them, each with all that lies in it.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "ITC4,ITH")]
    region: WordList,
    /// The latitude of the middle of a circle, in decimal degrees.
    #[param(value_type = Option<f64>, minimum = -90, maximum = 90)]
    lat: Option<Words>,
    /// The longitude of it.
    #[param(value_type = Option<f64>, minimum = -180, maximum = 180)]
    lon: Option<Words>,
    /// The radius of it in whole kilometres. Distances are measured from the point of a site's NUTS 2 region, unless its owner
    /// shows you the exact place.
    #[param(minimum = 1, maximum = 20_040)]
    radius_km: Option<u32>,
    /// Only members of these clusters, by their ids with commas between them, where you may know whose an offer is.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "018f0000-0000-7000-8000-000000000001")]
    cluster: Ids,
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
    /// Kinds of certificates with commas between them, each of which an offer must hold over the whole period.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "CE")]
    certificate: WordList,
    /// How far these must have been checked: `claimed` (where absent), `documented`, `checked` or `confirmed`.
    #[param(value_type = Option<String>, example = "checked")]
    certificate_status: Option<CertificateStatus>,
    /// Who vouches for the owner, at least: `cluster` or `operator`.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "cluster")]
    verification: Verification,
    /// Whether stale figures are left out.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    fresh: bool,
    /// Only offers that take orders as small as so many base units.
    #[param(minimum = 0)]
    min_order_at_most: Option<i64>,
    /// Only offers that deliver within so many days of an order.
    lead_days_at_most: Option<u16>,
    /// Ways of changing hands, with commas between them, any of which will do: `sale`, `donation`, `loan`.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "sale,donation")]
    transfer: Several<Transfer>,
    /// What rows are told apart by, with commas between them: `product`, `grade`, `country`, `nuts1`, `nuts2`, `nuts3`, `cluster`,
    /// `role`, `week`. Base units always are.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "nuts2,week")]
    group_by: Several<GroupName>,
    /// Whether offers that you see one by one are counted by the values of each filter.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    facets: bool,
}

/// Tells what capacity there is.
///
/// How much can be made and promised by week, of what, of which grade, where: running and full-stretch output, what could be
/// converted, what is held and agreed, and what is free. Offers that you may see one by one are added up exactly as they
/// are at this moment; of others you are told totals of at least three organisations, none of which has more than 70
/// percent, by product, grade, region and whole week, and `left_out` says why something may be missing. Base units are
/// never added across.
#[utoipa::path(get, operation_id = "capacity_tell", path = "/capacity", tag = "Capacity", params(CapacityParameters),
    security(("bearer" = [])), responses((status = 200, description = "What there is", body = CapacityAnswerView)))]
async fn tell(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Parameters(query): Parameters<CapacityParameters>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let counting = if query.facets { Counting::Done } else { Counting::Left };
    let rollup = Rollup::of(&query.group_by.0);
    let question = question(query).map_err(Problem::invalid_query)?;
    if wanted.shape == Shape::Picture {
        let drawn = pictures::weeks(&app, &caller, question, &wanted.address).await.map_err(of_query)?;
        return Ok(pictures::answer(drawn));
    }
    let Shape::File(format) = wanted.shape else {
        let write = async |reader: &Reader| {
            let told = capacity::tell_to(&app, reader, &question, counting).await.map_err(of_query)?;
            written(&CapacityAnswerView::of(told, rollup))
        };
        return Ok(json(answers::again(&app, &caller, &wanted.address, write).await?));
    };
    let told: CapacityTold = capacity::tell(&app, &caller, &question, counting).await.map_err(of_query)?;
    let (licence, left_out) = (app.licence.to_string(), left_out(&told.answer.left_out));
    let facts = export::Facts { as_of: told.as_of, licence, left_out };
    Ok(export::file(&app, (format, &wanted.address), facts, rows(told, rollup)))
}

/// Faults of a question are faults of the query.
pub(crate) fn of_query(error: app::AppError) -> Problem {
    match error {
        app::AppError::Invalid(faults) => Problem::invalid_query(faults),
        other => other.into(),
    }
}

/// The question of a query, without resolving what it names.
pub(crate) fn question(query: CapacityParameters) -> Result<CapacityQuestion, Violations> {
    let mut faults = Violations::new();
    let days = faults.keep(days(&query.from, &query.until));
    let near = faults.keep(near(&query)).flatten();
    faults.into_result()?;
    let (from, until) = days.unwrap_or_default();
    Ok(CapacityQuestion {
        products: query.product.0,
        grades: query.grade.0,
        substitutes: query.substitutes,
        levels: query.capacity.0.into_iter().map(LevelName::level).collect(),
        regions: query.region.0,
        near,
        clusters: query.cluster.0.into_iter().map(OrganisationId).collect(),
        from,
        until,
        certified: query.certified,
        certificates: query.certificate.0,
        certificate_status: query.certificate_status,
        verification: query.verification,
        fresh: query.fresh,
        min_order_at_most: query.min_order_at_most,
        lead_days_at_most: query.lead_days_at_most,
        transfers: query.transfer.0,
        group_by: query.group_by.0.into_iter().map(GroupName::group).collect(),
    })
}

/// First and last day, where they are asked for.
pub(crate) fn days(from: &Option<String>, until: &Option<String>) -> Result<(Option<Day>, Option<Day>), Violations> {
    let mut faults = Violations::new();
    let mut day = |at: &str, typed: &Option<String>| {
        let read = |typed: &String| Day::parse(typed).map_err(|detail| Violations::one(at, "bad_value", detail));
        typed.as_ref().and_then(|typed| faults.keep(read(typed)))
    };
    let days = (day("/from", from), day("/until", until));
    faults.into_result()?;
    Ok(days)
}

/// The circle, if one is asked for.
fn near(query: &CapacityParameters) -> Result<Option<Near>, Violations> {
    let mut faults = Violations::new();
    let parts =
        [("/lat", query.lat.is_some()), ("/lon", query.lon.is_some()), ("/radius_km", query.radius_km.is_some())];
    if parts.iter().all(|(_, there)| !there) {
        return Ok(None);
    }
    for (at, _) in parts.iter().filter(|(_, there)| !there) {
        faults.push(*at, "missing", "is missing; a circle is lat, lon and radius_km");
    }
    let mut degrees = |at: &str, typed: &Option<Words>| {
        let typed = typed.as_ref()?.0.trim();
        let detail = format!("{typed:?} is no number; write decimal degrees such as 13.405");
        faults.keep(typed.parse::<Decimal>().map_err(|_| Violations::one(at, "bad_value", detail)))
    };
    let degrees = degrees("/lat", &query.lat).zip(degrees("/lon", &query.lon));
    let point = degrees.and_then(|(lat, lon)| faults.keep(Point::from_degrees("", lat, lon)));
    if let Some(km) = query.radius_km.filter(|km| !(1..=FARTHEST).contains(km)) {
        let detail = format!("{km} is no radius; write 1 to {FARTHEST} km");
        faults.push("/radius_km", "out_of_range", detail);
    }
    faults.into_result()?;
    Ok(point.zip(query.radius_km).map(|(point, km)| Near { point, km }))
}
