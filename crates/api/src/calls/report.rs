//! The report of a call, as JSON, CSV or XLSX.

use app::{App, AppError, calls as cases};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use domain::{
    call::{
        report::{Facility, Ready, Report, ReportedOffer, WeekCapacity},
        standing::Asked,
    },
    code::{GradeCode, RegionCode},
    ids::CallId,
};
use exchange::reports::{self, ReportTable};
use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use super::{
    answers::SaidView,
    view::{PartyView, QuestionView},
};
use crate::{path_id::PathId, problem::Problem, query::Parameters, signed_in::SignedIn};

/// The routes of reports.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get))
}

/// The form that a report is read in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Csv,
    Xlsx,
}

const CSV: &str = "text/csv";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

impl<'de> Deserialize<'de> for Form {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        match String::deserialize(d)?.as_str() {
            "json" => Ok(Self::Json),
            "csv" => Ok(Self::Csv),
            "xlsx" => Ok(Self::Xlsx),
            _ => Err(de::Error::custom("write json, csv or xlsx")),
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Table(ReportTable);

impl<'de> Deserialize<'de> for Table {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let name = String::deserialize(d)?;
        let found = ReportTable::ALL.into_iter().find(|table| table.as_str() == name);
        found.map(Self).ok_or_else(|| {
            let names: Vec<&str> = ReportTable::ALL.into_iter().map(ReportTable::as_str).collect();
            de::Error::custom(format!("write one of: {}", names.join(", ")))
        })
    }
}

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ReportQuery {
    /// `json`, `csv` or `xlsx`; what `Accept` prefers where absent, and JSON where that names none of them.
    #[param(value_type = Option<String>, example = "xlsx")]
    format: Option<Form>,
    /// Which table of it as CSV: `asked`, `offers`, `stock`, `capacity` (where absent) or `facilities`.
    #[param(value_type = Option<String>, example = "capacity")]
    table: Option<Table>,
}

/// The report of a call, as it was when the call closed. Figures are whole numbers of base units.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallReport)]
struct ReportView {
    /// The call.
    call: Uuid,
    /// What it was about.
    title: String,
    /// Who issued it.
    issuer: PartyView,
    /// By what law it asked: `voluntary`, `article_10` or `imera`.
    legal_basis: &'static str,
    /// Whether it is to be kept confidential.
    confidential: bool,
    /// First day of the period that it asked about.
    #[schema(format = Date)]
    from: String,
    /// Its last day.
    #[schema(format = Date)]
    until: String,
    /// When it was opened.
    #[schema(format = DateTime)]
    opened_at: Option<String>,
    /// When it closed: the figures are as of then.
    #[schema(format = DateTime)]
    closed_at: String,
    /// Its questions.
    questions: Vec<QuestionView>,
    /// Who was asked or answered.
    asked: Vec<AskedView>,
    /// The offers of the answers.
    offers: Vec<ReportedOfferView>,
    /// What lay ready, by product, grades and region.
    stock: Vec<ReadyView>,
    /// What is made in each week, by product, grades and region, without what lay ready. Offers that share a line are
    /// counted one by one.
    capacity: Vec<WeekCapacityView>,
    /// By facility; empty unless the call asked by `article_10`.
    facilities: Vec<FacilityView>,
}

/// An organisation that was asked or answered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Asked)]
struct AskedView {
    /// Which; null for a member of a cluster that was invited as such and did not answer.
    organisation: Option<Uuid>,
    /// Its name; null where it did not answer, but for clusters of the directory and the issuer's own members.
    name: Option<String>,
    /// `firm`, `cluster` or `authority`.
    kind: &'static str,
    /// Whether it was invited itself.
    invited: bool,
    /// The invited clusters that it belongs to.
    clusters: Vec<Uuid>,
    /// The region of its first site, NUTS 2 or coarser.
    region: Option<String>,
    /// `answered`, `nothing_to_offer`, `refused` or `silent`.
    outcome: &'static str,
    /// Why it refused.
    reason: Option<String>,
    /// Who answered for it, where it was not itself.
    answered_by: Option<Uuid>,
    /// When.
    #[schema(format = DateTime)]
    answered_at: Option<String>,
    /// What it said to the questions, by their codes.
    #[schema(value_type = std::collections::BTreeMap<String, serde_json::Value>)]
    answers: SaidView,
}

/// An offer of an answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReportedOffer)]
struct ReportedOfferView {
    /// Which.
    offer: Uuid,
    /// Whose.
    organisation: PartyView,
    /// The product's code.
    product: String,
    /// The grades that its goods hold.
    grades: Vec<String>,
    /// NUTS 2 or coarser.
    region: Option<String>,
    /// The date that its figures stand for.
    #[schema(format = Date)]
    as_of: String,
    /// Its certificates.
    certificates: Vec<ReportedCertificate>,
    /// Whether it shares a production line with others of the report, so that they cannot all be had in full.
    shares_line: bool,
    /// Why it is in no figure: `draft`, `paused`, `withdrawn`, `expired`, `quarantined`, `suspended`, `another_product` or
    /// `another_region`; null where it is in them.
    left_out: Option<String>,
}

/// A certificate of an offer.
#[derive(Debug, Serialize, ToSchema)]
struct ReportedCertificate {
    /// Its kind.
    kind: String,
    /// How far it was checked.
    status: &'static str,
    /// Its last day.
    #[schema(format = Date)]
    valid_until: Option<String>,
}

/// What lay ready.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReadyStock)]
struct ReadyView {
    /// The product's code.
    product: String,
    /// The grades that the goods hold, all of them.
    grades: Vec<String>,
    /// NUTS 2 or coarser.
    region: Option<String>,
    /// How many base units.
    quantity: i64,
    /// The code of the base unit.
    unit: &'static str,
    /// Of how many offers.
    offers: u32,
    /// The oldest date that one of the figures stands for.
    #[schema(format = Date)]
    as_of: String,
}

/// What is made in a week.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WeekCapacity)]
struct WeekCapacityView {
    /// The product's code.
    product: String,
    /// The grades that the goods hold, all of them.
    grades: Vec<String>,
    /// The ISO week by its Monday; of the first and the last only the days inside the period count.
    #[schema(format = Date)]
    week: String,
    /// NUTS 2 or coarser.
    region: Option<String>,
    /// Base units with what runs now.
    running: i64,
    /// Base units at full stretch.
    maximum: i64,
    /// The code of the base unit.
    unit: &'static str,
    /// Of how many offers.
    offers: u32,
    /// The oldest date that one of the figures stands for.
    #[schema(format = Date)]
    as_of: String,
}

/// What a facility makes of a product.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Facility)]
struct FacilityView {
    /// Whose answer states it.
    organisation: PartyView,
    /// What the facility is called.
    facility: String,
    /// Where it is, as finely as known.
    region: Option<String>,
    /// Its country, ISO 3166-1.
    country: String,
    /// Whether that is outside of the European Union.
    third_country: bool,
    /// `operated`, `contracted` or `supplier`.
    relation: &'static str,
    /// The product's code.
    product: String,
    /// What lies ready.
    stock: i64,
    /// What it makes a week with what runs now.
    running_per_week: i64,
    /// What it makes a week at full stretch.
    maximum_per_week: i64,
    /// What each of the three months after the answer-by day is expected to bring; null where that was not stated.
    outlook: Option<Vec<i64>>,
    /// The code of the base unit.
    unit: &'static str,
    /// The date that the figures stand for.
    #[schema(format = Date)]
    as_of: String,
    /// The offer that they were read from; null where the answer states them.
    offer: Option<Uuid>,
}

fn grades(codes: Vec<GradeCode>) -> Vec<String> {
    codes.iter().map(ToString::to_string).collect()
}

fn region(code: Option<RegionCode>) -> Option<String> {
    code.map(|code| code.to_string())
}

impl ReportView {
    fn of(report: Report) -> Self {
        Self {
            call: report.call.0,
            title: report.title,
            issuer: PartyView { id: report.organisation.0, name: report.issuer },
            legal_basis: report.legal_basis.as_str(),
            confidential: report.confidential,
            from: report.from.to_string(),
            until: report.until.to_string(),
            opened_at: report.opened_at.map(|at| at.to_string()),
            closed_at: report.closed_at.to_string(),
            questions: report.questions.iter().map(QuestionView::of).collect(),
            asked: report.asked.into_iter().map(AskedView::of).collect(),
            offers: report.offers.into_iter().map(ReportedOfferView::of).collect(),
            stock: report.stock.into_iter().map(ReadyView::of).collect(),
            capacity: report.capacity.into_iter().map(WeekCapacityView::of).collect(),
            facilities: report.facilities.into_iter().map(FacilityView::of).collect(),
        }
    }
}

impl AskedView {
    fn of(asked: Asked) -> Self {
        Self {
            organisation: asked.organisation.map(|id| id.0),
            name: asked.name,
            kind: asked.kind.as_str(),
            invited: asked.invited,
            clusters: asked.clusters.iter().map(|id| id.0).collect(),
            region: region(asked.region),
            outcome: asked.outcome.as_str(),
            reason: asked.reason,
            answered_by: asked.answered_by.map(|id| id.0),
            answered_at: asked.answered_at.map(|at| at.to_string()),
            answers: SaidView::of(&asked.answers),
        }
    }
}

impl ReportedOfferView {
    fn of(offer: ReportedOffer) -> Self {
        let certificates = offer.certificates.iter().map(|(kind, status, until)| ReportedCertificate {
            kind: kind.to_string(),
            status: status.as_str(),
            valid_until: until.map(|day| day.to_string()),
        });
        Self {
            offer: offer.offer.0,
            organisation: PartyView { id: offer.organisation.0, name: offer.name },
            product: offer.product.to_string(),
            grades: grades(offer.grades),
            region: region(offer.region),
            as_of: offer.as_of.to_string(),
            certificates: certificates.collect(),
            shares_line: offer.shares_line,
            left_out: offer.left_out,
        }
    }
}

impl ReadyView {
    fn of(ready: Ready) -> Self {
        Self {
            product: ready.product.to_string(),
            grades: grades(ready.grades),
            region: region(ready.region),
            quantity: ready.quantity,
            unit: ready.unit.unit_code(),
            offers: ready.offers,
            as_of: ready.as_of.to_string(),
        }
    }
}

impl WeekCapacityView {
    fn of(week: WeekCapacity) -> Self {
        Self {
            product: week.product.to_string(),
            grades: grades(week.grades),
            week: week.week.to_string(),
            region: region(week.region),
            running: week.running,
            maximum: week.maximum,
            unit: week.unit.unit_code(),
            offers: week.offers,
            as_of: week.as_of.to_string(),
        }
    }
}

impl FacilityView {
    fn of(of: Facility) -> Self {
        Self {
            organisation: PartyView { id: of.organisation.0, name: of.name },
            facility: of.facility,
            region: region(of.region),
            country: of.country.to_string(),
            third_country: of.third_country,
            relation: of.relation.as_str(),
            product: of.product.to_string(),
            stock: of.stock,
            running_per_week: of.running,
            maximum_per_week: of.maximum,
            outlook: of.outlook.map(|months| months.to_vec()),
            unit: of.unit.unit_code(),
            as_of: of.as_of.to_string(),
            offer: of.offer.map(|id| id.0),
        }
    }
}

/// Reads the report of a call.
///
/// For its issuer, once the call is closed: who was asked, who answered, capacity by product, grades, week and region, and
/// where the law asks by facility. When it is first read, that the owners of its offers were named is noted where they
/// read it. As `text/csv` one of its tables, as a workbook all of them.
#[utoipa::path(get, operation_id = "calls_report", path = "/calls/{id}/report", tag = "Calls", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The call's id"), ReportQuery),
    responses(
        (status = 200, description = "The report", content(
            (ReportView = "application/json"),
            (String = "text/csv"),
            (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
        (status = 409, description = "It is not closed")))]
async fn get(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<CallId>,
    Parameters(query): Parameters<ReportQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let report = cases::report(&app, &caller, id).await?;
    let mark = if report.confidential { "-confidential" } else { "" };
    let named = |ending: &str| format!("call-{id}{mark}{ending}");
    let (kind, name, bytes) = match query.format.unwrap_or_else(|| preferred(&headers)) {
        Form::Json => return Ok(Json(ReportView::of(report)).into_response()),
        Form::Csv => {
            let table = query.table.map_or(ReportTable::Capacity, |table| table.0);
            let bytes = reports::csv(&report, table).map_err(AppError::internal)?;
            ("text/csv; charset=utf-8; header=present", named(&format!("-{}.csv", table.as_str())), bytes)
        }
        Form::Xlsx => (XLSX, named(".xlsx"), reports::xlsx(&report).map_err(AppError::internal)?),
    };
    let mut response = bytes.into_response();
    let set = response.headers_mut();
    set.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    set.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    let attached = format!("attachment; filename=\"{name}\"");
    if let Ok(attached) = HeaderValue::from_str(&attached) {
        set.insert(header::CONTENT_DISPOSITION, attached);
    }
    Ok(response)
}

/// The form that `Accept` prefers: the first that it names with the highest weight.
fn preferred(headers: &HeaderMap) -> Form {
    let mut best = (Form::Json, 0_u16);
    for entry in headers.get_all(header::ACCEPT).iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(',')) {
        let mut parts = entry.split(';').map(str::trim);
        let form = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
            CSV => Form::Csv,
            XLSX => Form::Xlsx,
            "application/json" | "application/*" | "*/*" => Form::Json,
            _ => continue,
        };
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1_000), weight).unwrap_or(0);
        if weight > best.1 {
            best = (form, weight);
        }
    }
    best.0
}

/// A weight of RFC 9110 in thousandths.
fn weight(text: &str) -> Option<u16> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = rest.chars().chain("000".chars()).take(3).collect();
    let thousandths = whole.parse::<u16>().ok()?.checked_mul(1_000)?.checked_add(digits.parse().ok()?)?;
    (thousandths <= 1_000).then_some(thousandths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_the_one_that_accept_prefers() {
        for (accept, expected) in [
            ("", Form::Json),
            ("*/*", Form::Json),
            ("text/csv", Form::Csv),
            ("text/html, text/csv;q=0.5, */*;q=0.1", Form::Csv),
            ("text/csv;q=0.5, application/json", Form::Json),
            ("text/csv;q=0", Form::Json),
            ("text/csv;q=high", Form::Json),
            (XLSX, Form::Xlsx),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_str(accept).unwrap());
            assert_eq!(preferred(&headers), expected, "{accept}");
        }
    }
}
