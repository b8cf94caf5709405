//! People: an account, what is kept of it, and its end.

use app::{App, people};
use axum::{Json, extract::State, http::StatusCode};
use domain::{
    audit::AuditEntry,
    person::{Person, RoleOf},
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use crate::{
    body::JsonBody, limits, mandates::MandateView, patch::MergePatch, problem::Problem, sessions::SessionView,
    signed_in::Calling,
};

/// The routes of people.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(me, update))
        .routes(routes!(export))
        .routes(routes!(erase))
}

/// Somebody who asks for an account.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = PersonInput, example = json!({"email": "ann@example.org", "name": "Ann Example"}))]
struct PersonBody {
    /// Where mail reaches the person: plain ASCII, at most 254 characters; upper and lower case are one.
    #[validate(length(max = 1_000))]
    email: String,
    /// The name, at most 200 characters.
    #[validate(length(max = limits::WORD))]
    name: String,
}

/// What a person may change of the account.
#[derive(Debug, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = PersonDetailsInput, example = json!({"name": "Ann Example"}))]
struct PersonDetailsBody {
    /// The name, at most 200 characters.
    #[validate(length(max = limits::WORD))]
    name: String,
}

/// That a mail is on its way, if there is anything to say.
#[derive(Debug, Serialize, ToSchema)]
pub struct Mailed {
    /// What to do next.
    next: &'static str,
}

impl Mailed {
    /// 202, whatever is known of the address.
    pub fn accepted(next: &'static str) -> (StatusCode, Json<Self>) {
        (StatusCode::ACCEPTED, Json(Self { next }))
    }
}

/// A person, as the person sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Person)]
pub struct PersonView {
    /// The id, by which records refer to the person.
    id: Uuid,
    /// The address.
    email: String,
    /// The name.
    name: String,
    /// Whether the person runs the service.
    operator: bool,
    /// When the account was asked for.
    #[schema(format = DateTime)]
    created_at: String,
}

impl PersonView {
    /// Of a person.
    pub fn of(person: &Person) -> Self {
        Self {
            id: person.id.0,
            email: person.email.as_str().to_owned(),
            name: person.name.clone(),
            operator: person.operator,
            created_at: person.created_at.to_string(),
        }
    }
}

/// A role of the person who reads it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnRole)]
pub struct OwnRoleView {
    /// Where.
    organisation: Uuid,
    /// Its name.
    name: String,
    /// `member`, `editor` or `admin`.
    role: &'static str,
    /// Whether the person took it: `POST /api/v1/people/me/roles/{organisation}/accept`.
    accepted: bool,
}

impl OwnRoleView {
    /// Of a role and the organisation's name.
    pub fn of((role, name): &(RoleOf, String)) -> Self {
        Self {
            organisation: role.organisation.0,
            name: name.clone(),
            role: role.role.as_str(),
            accepted: role.accepted_at.is_some(),
        }
    }
}

/// The person who calls.
#[derive(Debug, Serialize, ToSchema)]
struct Me {
    /// The person.
    #[serde(flatten)]
    person: PersonView,
    /// What the person is, and where.
    roles: Vec<OwnRoleView>,
}

/// All that is kept of the person who calls.
#[derive(Debug, Serialize, ToSchema)]
struct PersonalData {
    /// The person.
    person: PersonView,
    /// What the person is, and where.
    roles: Vec<OwnRoleView>,
    /// The sessions of the last 90 days.
    sessions: Vec<SessionView>,
    /// What the person wrote to claim organisations, where nobody decided yet.
    claims: Vec<OwnClaimView>,
    /// The mandates that the person signed.
    mandates: Vec<MandateView>,
    /// What the person did, the last first, at most 1,000 acts.
    acts: Vec<ActView>,
}

/// What the person wrote to claim an organisation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnClaim)]
struct OwnClaimView {
    /// The person's words.
    evidence: String,
    /// When.
    #[schema(format = DateTime)]
    created_at: String,
}

/// Something that the person did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PersonalAct)]
struct ActView {
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// For which organisation; null where it was for none.
    acting: Option<Uuid>,
    /// What was done.
    act: &'static str,
    /// To what kind of record.
    record: &'static str,
    /// To which record.
    record_id: Uuid,
}

impl ActView {
    fn of(entry: &AuditEntry) -> Self {
        Self {
            at: entry.at.to_string(),
            acting: entry.acting.organisation().map(|id| id.0),
            act: entry.act.as_str(),
            record: entry.record.as_str(),
            record_id: entry.record_id,
        }
    }
}

impl Me {
    fn of(person: &Person, roles: &[(RoleOf, String)]) -> Self {
        Self { person: PersonView::of(person), roles: roles.iter().map(OwnRoleView::of).collect() }
    }
}

/// What confirms that it is the person who asks.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = Confirmation, example = json!({"password": "four words of your own"}))]
struct ConfirmationBody {
    /// The password of the account.
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

/// Asks for an account.
///
/// A mail goes to the address: with a link that sets a password, or saying that there is an account already. The answer
/// is the same, so that nobody learns here who has one.
#[utoipa::path(post, operation_id = "persons_register", path = "/people", tag = "People", request_body = PersonBody,
    responses((status = 202, description = "A mail is on its way", body = Mailed)))]
async fn register(
    State(app): State<App>,
    JsonBody(body): JsonBody<PersonBody>,
) -> Result<(StatusCode, Json<Mailed>), Problem> {
    people::register(&app, &body.email, &body.name).await?;
    Ok(Mailed::accepted("open the link in the mail within 24 hours; it sets your password"))
}

/// Reads the person who calls.
///
/// With the roles that organisations gave, taken or not.
#[utoipa::path(get, operation_id = "persons_me", path = "/people/me", tag = "People", security(("bearer" = [])),
    responses((status = 200, description = "The person", body = Me)))]
async fn me(State(app): State<App>, Calling(caller): Calling) -> Result<Json<Me>, Problem> {
    let (person, roles) = people::me(&app, &caller).await?;
    Ok(Json(Me::of(&person, &roles)))
}

/// Changes the person who calls.
///
/// A JSON Merge Patch (RFC 7396) of the name; a patch that changes nothing leaves no trace. `If-Match` carries the `ETag`
/// that you read yourself with. The address is who you are here, and is not changed.
#[utoipa::path(patch, operation_id = "persons_update", path = "/people/me", tag = "People", security(("bearer" = [])),
    request_body(content = PersonDetailsBody, content_type = "application/merge-patch+json"),
    responses(
        (status = 200, description = "The person as it is now", body = Me),
        (status = 412, description = "It is no longer the version that `If-Match` names"),
        (status = 428, description = "`If-Match` is missing")))]
async fn update(State(app): State<App>, Calling(caller): Calling, patch: MergePatch) -> Result<Json<Me>, Problem> {
    let edit = |person: &Person, roles: &[(RoleOf, String)]| {
        let before = PersonDetailsBody { name: person.name.clone() };
        Ok(patch.apply(&Me::of(person, roles), &before, &[])?.map(|after| after.name))
    };
    let (person, roles) = people::update(&app, &caller, edit).await?;
    Ok(Json(Me::of(&person, &roles)))
}

/// Reads all that is kept of the person who calls.
///
/// Name and address, roles, sessions, claims, mandates signed, and what the audit log says the person did.
#[utoipa::path(get, operation_id = "persons_export", path = "/people/me/export", tag = "People", security(("bearer" = [])),
    responses((status = 200, description = "The person's data", body = PersonalData)))]
async fn export(State(app): State<App>, Calling(caller): Calling) -> Result<Json<PersonalData>, Problem> {
    let kept = people::export(&app, &caller).await?;
    let now = app.clock.now();
    Ok(Json(PersonalData {
        person: PersonView::of(&kept.person),
        roles: kept.roles.iter().map(OwnRoleView::of).collect(),
        sessions: kept.sessions.iter().map(|session| SessionView::of(session, now)).collect(),
        claims: kept
            .claims
            .into_iter()
            .map(|claim| OwnClaimView { evidence: claim.evidence, created_at: claim.created_at.to_string() })
            .collect(),
        mandates: kept.mandates.into_iter().map(|mandate| MandateView::of(mandate, now, &caller)).collect(),
        acts: kept.acts.iter().map(ActView::of).collect(),
    }))
}

/// Erases the person who calls.
///
/// Name, address, password, roles, sessions and mails that wait are gone at once. What the person did for organisations
/// stays, without a name. The only admin of an organisation makes somebody else one first.
#[utoipa::path(post, operation_id = "persons_erase", path = "/people/me/erase", tag = "People", request_body = ConfirmationBody, security(("bearer" = [])),
    responses(
        (status = 204, description = "Erased"),
        (status = 409, description = "An organisation would have no admin left"),
        (status = 429, description = "The account was tried too often, or too much was asked for; `Retry-After` says when to try again")))]
async fn erase(
    State(app): State<App>,
    Calling(caller): Calling,
    JsonBody(body): JsonBody<ConfirmationBody>,
) -> Result<StatusCode, Problem> {
    people::erase(&app, &caller, &body.password).await?;
    Ok(StatusCode::NO_CONTENT)
}
