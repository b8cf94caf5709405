//! What a site can do besides what it offers, and what it could make.

use app::{
    App,
    abilities::{self, AbleSite},
    access::Caller,
};
use axum::{Json, extract::State};
use domain::{
    ability::{Abilities, AbilitiesInput, MachineInput},
    ids::SiteId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use crate::{body::JsonBody, limits, path_id::PathId, problem::Problem, signed_in::SignedIn, version::IfMatch};

/// The routes of abilities.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get, update))
}

/// What a site can do; what is left out is taken for nothing.
#[derive(Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = AbilitiesInput, example = json!({"activities": ["protective workwear", "13.96"],
    "equipment": [{"machine": "sewing-machine", "count": 40}], "in_house": ["sewing", "woven-fabric"],
    "processes": ["community-mask/1"], "people": 60, "shifts": 2, "certificates": ["iso-9001"]}))]
pub(crate) struct AbilitiesBody {
    /// What it does today: words that `GET /api/v1/questionnaire` lists, or codes of NACE Rev. 2; at most 250.
    #[serde(default)]
    #[validate(custom(function = limits::words))]
    activities: Vec<String>,
    /// Process steps of the catalogue that it does already, whatever for: a product and the number of its step.
    #[serde(default)]
    #[validate(custom(function = limits::words))]
    processes: Vec<String>,
    /// Machines, each kind once.
    #[serde(default)]
    #[validate(nested)]
    equipment: Vec<MachineBody>,
    /// Services that it does itself, and intermediates that it has or makes: products by code, name or synonym.
    #[serde(default)]
    #[validate(custom(function = limits::words))]
    in_house: Vec<String>,
    /// How many people work there.
    #[schema(minimum = 0, maximum = 1_000_000)]
    people: Option<i64>,
    /// In how many shifts.
    #[schema(minimum = 1, maximum = 5)]
    shifts: Option<i64>,
    /// Kinds of certificates that it holds.
    #[serde(default)]
    #[validate(custom(function = limits::words))]
    certificates: Vec<String>,
    /// What else there is to say, at most 4000 characters.
    #[serde(default)]
    #[validate(length(max = limits::NOTE))]
    note: String,
}

/// Machines of a kind.
#[derive(Debug, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = Machines, example = json!({"machine": "sewing-machine", "count": 40}))]
struct MachineBody {
    /// A product of the kind `equipment`: code, name or synonym.
    #[validate(length(max = limits::WORD))]
    machine: String,
    /// How many there are.
    #[schema(minimum = 1, maximum = 100_000)]
    count: i64,
}

impl AbilitiesBody {
    /// As the domain checks it.
    pub(crate) fn input(self) -> AbilitiesInput {
        let Self { activities, processes, equipment, in_house, people, shifts, certificates, note } = self;
        let equipment = equipment.into_iter().map(|m| MachineInput { machine: m.machine, count: m.count }).collect();
        AbilitiesInput { activities, processes, equipment, in_house, people, shifts, certificates, note }
    }
}

/// What a site can do, as its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Abilities)]
pub(crate) struct AbilitiesView {
    /// The site.
    site: Uuid,
    /// Whose it is.
    organisation: Uuid,
    /// What it does today.
    activities: Vec<ActivityView>,
    /// Process steps that it does already.
    processes: Vec<String>,
    /// Machines.
    equipment: Vec<MachineBody>,
    /// Services that it does itself, and intermediates that it has or makes.
    in_house: Vec<String>,
    /// How many people work there.
    people: Option<u32>,
    /// In how many shifts.
    shifts: Option<u8>,
    /// Kinds of certificates that it holds.
    certificates: Vec<String>,
    /// What else there is to say.
    note: String,
    /// When it was said; null while nobody said anything.
    #[schema(format = DateTime)]
    stated_at: Option<String>,
}

/// Something that a site does.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SiteActivity)]
struct ActivityView {
    /// As typed.
    typed: String,
    /// The codes of NACE Rev. 2 that it was taken for.
    nace2: Vec<String>,
}

impl AbilitiesView {
    pub(crate) fn of(able: &AbleSite) -> Self {
        let Abilities { activities, processes, equipment, in_house, people, shifts, certificates, note } =
            &able.abilities;
        let does = activities.iter().map(|does| ActivityView { typed: does.typed.clone(), nace2: does.nace2.clone() });
        let machines =
            equipment.iter().map(|(code, count)| MachineBody { machine: code.to_string(), count: i64::from(*count) });
        Self {
            site: able.site.id.0,
            organisation: able.site.organisation.0,
            activities: does.collect(),
            processes: processes.iter().map(ToString::to_string).collect(),
            equipment: machines.collect(),
            in_house: in_house.iter().map(ToString::to_string).collect(),
            people: *people,
            shifts: *shifts,
            certificates: certificates.iter().map(ToString::to_string).collect(),
            note: note.clone(),
            stated_at: able.stated_at.map(|at| at.to_string()),
        }
    }
}

/// Reads what a site can do.
///
/// An organisation reads it of its own sites; the operator of all. Others never read it: they are told who could convert to
/// what, by `GET /api/v1/hidden-capacity`.
#[utoipa::path(get, operation_id = "abilities_get", path = "/sites/{id}/abilities", tag = "Hidden capacity", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The site's id")),
    responses((status = 200, description = "What it can do", body = AbilitiesView)))]
async fn get(
    State(app): State<App>,
    SignedIn(Caller { actor, .. }): SignedIn,
    PathId(id): PathId<SiteId>,
) -> Result<Json<AbilitiesView>, Problem> {
    Ok(Json(AbilitiesView::of(&abilities::get(&app, actor, id).await?)))
}

/// Says what a site can do besides what it offers.
///
/// It takes the place of all that was said before. By it the site is found as hidden capacity by those who may know it.
#[utoipa::path(put, operation_id = "abilities_update", path = "/sites/{id}/abilities", tag = "Hidden capacity", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The site's id")), request_body = AbilitiesBody,
    responses(
        (status = 200, description = "What it can do now", body = AbilitiesView),
        (status = 412, description = "It is no longer the version that `If-Match` names")))]
async fn update(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<SiteId>,
    seen: IfMatch,
    JsonBody(body): JsonBody<AbilitiesBody>,
) -> Result<Json<AbilitiesView>, Problem> {
    let agree = move |able: &AbleSite| seen.holds(&AbilitiesView::of(able));
    Ok(Json(AbilitiesView::of(&abilities::set(&app, &caller, id, &body.input(), agree).await?)))
}
