//! Answers to calls.

use std::{borrow::Cow, collections::BTreeMap};

use app::{App, Tables, calls as cases};
use axum::{
    Json,
    extract::State,
    http::{HeaderName, StatusCode, header},
};
use domain::{
    call::answer::{Answer, AnswerInput, FacilityInput, Said, StatedFacility},
    ids::{CallAnswerId, CallId, OfferId},
    quantity::Measure,
};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, OneOfBuilder, RefOr, Schema, schema::Type},
};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use super::view::PartyView;
use crate::{
    body::JsonBody,
    limits,
    measure::{MeasureBody, MeasureView},
    number::Number,
    page::{Listing, Page, Paged, PlainQuery},
    path_id::{PathId, PathIds},
    problem::Problem,
    query::Parameters,
    signed_in::SignedIn,
};

/// The routes of answers.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get))
}

/// An answer to a call: offers or facilities, or `nothing`, or a `refusal`.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = CallAnswerInput, example = json!({"nothing": true, "answers": {"fabric": "We have none"}}))]
struct AnswerBody {
    /// Your published offers, by their ids, at most 1000; as a cluster also those of members that mandated you to write. To
    /// answer with an offer shows it to the issuer of the call, with whose it is.
    #[serde(default)]
    #[schema(value_type = Vec<Uuid>)]
    offers: Vec<OfferId>,
    /// Whether there is nothing to offer.
    #[serde(default)]
    nothing: bool,
    /// Why no answer will come, at most 4000 characters.
    #[validate(length(max = limits::NOTE))]
    refusal: Option<String>,
    /// What is said to the questions of the call, by their codes.
    #[serde(default)]
    answers: BTreeMap<String, SaidBody>,
    /// By `article_10`: facilities that none of the offers stands for, those in third countries among them; at most 200.
    #[serde(default)]
    #[validate(nested)]
    facilities: Vec<FacilityBody>,
}

/// What a facility makes that no offer stands for.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = FacilityInput, example = json!({
    "name": "Works Casablanca", "region": "MA", "relation": "contracted", "product": "ffp",
    "stock": {"value": 20000}, "running": {"value": 50000}}))]
struct FacilityBody {
    /// What it is called, at most 200 characters.
    #[validate(length(max = limits::WORD))]
    name: String,
    /// Where it is: a region or a country.
    #[validate(length(max = limits::WORD))]
    region: String,
    /// `operated` by you (where absent), `contracted`, or a `supplier` from whom you purchase.
    #[validate(length(max = limits::WORD))]
    relation: Option<String>,
    /// A product of the call.
    #[validate(length(max = limits::WORD))]
    product: String,
    /// What lies ready; nothing where absent.
    #[validate(nested)]
    stock: Option<MeasureBody>,
    /// What it makes a week now.
    #[validate(nested)]
    running: MeasureBody,
    /// What it makes a week at full stretch; as much as now where absent.
    #[validate(nested)]
    maximum: Option<MeasureBody>,
    /// What it is expected to make in each of the three months after the answer-by day; may be left out for a third country.
    #[serde(default)]
    #[validate(nested)]
    outlook: Vec<MeasureBody>,
}

/// What is said to a question.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
enum SaidBody {
    /// Yes or no.
    YesNo(bool),
    /// A number.
    Number(Number),
    /// Words.
    Text(String),
}

impl PartialSchema for SaidBody {
    fn schema() -> RefOr<Schema> {
        let of = |kind: Type, words: &str| ObjectBuilder::new().schema_type(kind).description(Some(words));
        OneOfBuilder::new()
            .item(of(Type::Boolean, "Yes or no."))
            .item(of(Type::Number, "A number."))
            .item(of(Type::String, "Words."))
            .description(Some("What is said to a question, of the kind that it asks for."))
            .examples([serde_json::json!("From Alsace")])
            .into()
    }
}

impl ToSchema for SaidBody {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Said")
    }
}

impl<'de> Deserialize<'de> for SaidBody {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        // By hand: buffering for an untagged enum would lose the digits of numbers.
        match Value::deserialize(d)? {
            Value::Bool(yes) => Ok(Self::YesNo(yes)),
            Value::Number(n) => {
                n.as_str().parse().map(|d| Self::Number(Number(d))).map_err(|e| de::Error::custom(format!("{n} {e}")))
            }
            Value::String(words) => Ok(Self::Text(words)),
            other @ (Value::Null | Value::Array(_) | Value::Object(_)) => {
                Err(de::Error::custom(format!("invalid type: {other}, expected true, false, a number or words")))
            }
        }
    }
}

impl SaidBody {
    pub(super) fn of(said: &Said) -> Self {
        match said {
            Said::YesNo(yes) => Self::YesNo(*yes),
            Said::Number(number) => Self::Number(Number(*number)),
            Said::Text(words) => Self::Text(words.clone()),
        }
    }

    fn said(self) -> Said {
        match self {
            Self::YesNo(yes) => Said::YesNo(yes),
            Self::Number(number) => Said::Number(number.0),
            Self::Text(words) => Said::Text(words),
        }
    }
}

/// What is said to questions, by their codes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AnswersToQuestions)]
pub struct SaidView(BTreeMap<String, SaidBody>);

impl SaidView {
    /// What was said.
    pub fn of(answers: &BTreeMap<String, Said>) -> Self {
        Self(answers.iter().map(|(code, said)| (code.clone(), SaidBody::of(said))).collect())
    }
}

impl AnswerBody {
    fn input(self) -> AnswerInput {
        let facility = |f: FacilityBody| FacilityInput {
            name: f.name,
            region: f.region,
            relation: f.relation,
            product: f.product,
            stock: f.stock.map(MeasureBody::input),
            running: f.running.input(),
            maximum: f.maximum.map(MeasureBody::input),
            outlook: f.outlook.into_iter().map(MeasureBody::input).collect(),
        };
        AnswerInput {
            offers: self.offers,
            nothing: self.nothing,
            refusal: self.refusal,
            answers: self.answers.into_iter().map(|(code, said)| (code, said.said())).collect(),
            facilities: self.facilities.into_iter().map(facility).collect(),
        }
    }
}

/// An answer to a call.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallAnswer)]
struct AnswerView {
    /// Its id.
    id: Uuid,
    /// The call.
    call: Uuid,
    /// Whose answer it is.
    organisation: PartyView,
    /// Who gave it: the organisation itself, or who acted for it under a mandate. What an organisation says itself goes
    /// before what others say for it.
    by: Uuid,
    /// `offers`, `nothing_to_offer` or `refused`.
    kind: &'static str,
    /// Why no answer will come.
    reason: Option<String>,
    /// The offers' ids. The issuer reads each at `GET /api/v1/offers/{id}/view`.
    offers: Vec<Uuid>,
    /// What is said to the questions.
    #[schema(value_type = BTreeMap<String, SaidBody>)]
    answers: SaidView,
    /// Facilities that no offer stands for.
    facilities: Vec<StatedFacilityView>,
    /// When it was first given.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it last changed.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// A facility as a producer states it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatedFacility)]
struct StatedFacilityView {
    /// What it is called.
    name: String,
    /// Where it is.
    region: String,
    /// `operated`, `contracted` or `supplier`.
    relation: &'static str,
    /// The product's code.
    product: String,
    /// What lies ready.
    stock: MeasureView,
    /// What it makes a week now.
    running: MeasureView,
    /// What it makes a week at full stretch.
    maximum: MeasureView,
    /// What each of the three months after the answer-by day will bring.
    outlook: Option<Vec<MeasureView>>,
}

impl StatedFacilityView {
    fn of(facility: &StatedFacility, tables: &Tables) -> Self {
        let product = tables.catalogue.product(facility.product.as_str());
        // A product that left the catalogue since: what was typed says what was meant.
        let base = |measure: &Measure| product.map_or(measure.unit.as_str(), |p| p.base_unit.unit_code()).to_owned();
        let view = |measure: &Measure| MeasureView::of(measure, &base(measure));
        Self {
            name: facility.name.clone(),
            region: facility.region.to_string(),
            relation: facility.relation.as_str(),
            product: facility.product.to_string(),
            stock: view(&facility.stock),
            running: view(&facility.running),
            maximum: view(&facility.maximum),
            outlook: facility.outlook.as_ref().map(|months| months.iter().map(view).collect()),
        }
    }
}

impl AnswerView {
    fn of((answer, name): (Answer, String), tables: &Tables) -> Self {
        Self {
            id: answer.id.0,
            call: answer.call.0,
            organisation: PartyView { id: answer.organisation.0, name },
            by: answer.by.0,
            kind: answer.kind.as_str(),
            reason: answer.content.reason.clone(),
            offers: answer.offers.iter().map(|(id, _)| id.0).collect(),
            answers: SaidView::of(&answer.content.answers),
            facilities: answer.content.facilities.iter().map(|f| StatedFacilityView::of(f, tables)).collect(),
            created_at: answer.created_at.to_string(),
            updated_at: answer.updated_at.to_string(),
        }
    }
}

/// Lists answers to a call.
///
/// Its issuer reads all of them; whoever answered reads its own and those that it gave for others; a verified cluster also
/// those of its members, unless the call is confidential.
#[utoipa::path(get, operation_id = "call_answers_list", path = "/calls/{id}/answers", tag = "Calls", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The call's id"), PlainQuery),
    responses((status = 200, description = "The answers", body = Page<AnswerView>)))]
async fn list(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<CallId>,
    Parameters(query): Parameters<PlainQuery>,
) -> Result<Paged<AnswerView>, Problem> {
    let asked = format!("{id} {:?}", caller.behalf);
    let listing = Listing::new(&app, caller.actor, ("call answers", asked), query.part())?;
    let found = cases::answers(&app, &caller, id, listing.request).await?;
    let tables = app.tables();
    Ok(listing.answer(&app, found, |found| AnswerView::of(found, &tables)))
}

/// Answers a call.
///
/// With offers, with nothing to offer, or with a refusal and its reason; a later answer takes the place of the one before
/// until the call ends. **To answer with an offer opens it to the issuer of the call**: whose it is, product, grades, region,
/// capacity and certificates, by `article_10` also the site, and never contact or price unless the offer's `disclosure` shows
/// them. A cluster answers for a member under its mandate, by `Acting-For` or with its offers in an answer of its own. What
/// an organisation answers itself goes before that, and by `article_10` its cluster does not see it.
#[utoipa::path(post, operation_id = "call_answers_create", path = "/calls/{id}/answers", tag = "Calls", request_body = AnswerBody, security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The call's id")),
    responses(
        (status = 200, description = "Answered anew; `Location` says where to read it", body = AnswerView),
        (status = 201, description = "Answered; `Location` says where to read it", body = AnswerView),
        (status = 409, description = "It takes no answers any more, or not yet")))]
async fn create(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<CallId>,
    JsonBody(body): JsonBody<AnswerBody>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<AnswerView>), Problem> {
    let (answer, new) = cases::answer(&app, &caller, id, body.input()).await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    let address = format!("/api/v1/calls/{id}/answers/{}", answer.id);
    let found = cases::get_answer(&app, &caller, id, answer.id).await?;
    Ok((status, [(header::LOCATION, address)], Json(AnswerView::of(found, &app.tables()))))
}

/// Reads an answer to a call.
///
/// For whoever finds it in the list of answers.
#[utoipa::path(get, operation_id = "call_answers_get", path = "/calls/{id}/answers/{answer}", tag = "Calls", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The call's id"),
        ("answer" = Uuid, Path, description = "The answer's id")),
    responses((status = 200, description = "The answer", body = AnswerView)))]
async fn get(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathIds(ids): PathIds<2>,
) -> Result<Json<AnswerView>, Problem> {
    let [id, answer] = ids;
    let found = cases::get_answer(&app, &caller, CallId(id), CallAnswerId(answer)).await?;
    Ok(Json(AnswerView::of(found, &app.tables())))
}
