//! Claims of people to organisations that others entered, and the word of a firm on what was entered for it.

use app::{App, claims, memberships};
use axum::{Json, extract::State, http::StatusCode};
use domain::{
    claim::Claim,
    ids::{ClaimId, OrganisationId},
    person::{Person, Role, RoleOf},
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use crate::{
    body::JsonBody,
    limits,
    page::{Listing, Page, Paged, PlainQuery},
    path_id::{PathId, PathIds},
    problem::Problem,
    query::Parameters,
    signed_in::Calling,
};

/// The routes of claims and entries.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(grant))
        .routes(routes!(refuse))
        .routes(routes!(confirm_entry))
        .routes(routes!(refuse_entry))
}

/// What the person of a claim becomes.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = ClaimGrant, example = json!({"role": "admin"}))]
struct GrantBody {
    /// `member`, `editor` or `admin`.
    #[validate(length(max = limits::WORD))]
    role: String,
}

/// The link that a firm was mailed.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = EntryAnswer, example = json!({"token": "0f5c1e77"}))]
struct AnswerBody {
    /// What stands behind the dot at the end of the link.
    #[schema(value_type = String)]
    token: SecretString,
}

/// A claim that nobody decided on yet.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Claim)]
struct ClaimView {
    /// Its id.
    id: Uuid,
    /// The person's name.
    name: String,
    /// The person's address.
    email: String,
    /// By what it can be seen that the person speaks for the organisation, in the person's words.
    evidence: String,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
}

impl ClaimView {
    fn of((claim, person): (Claim, Person)) -> Self {
        Self {
            id: claim.id.0,
            name: person.name,
            email: person.email.as_str().to_owned(),
            evidence: claim.evidence,
            created_at: claim.created_at.to_string(),
        }
    }
}

/// The role that a claim ended in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GrantedClaim)]
struct GrantedView {
    /// The role's id.
    id: Uuid,
    /// The person.
    person: Uuid,
    /// `member`, `editor` or `admin`.
    role: &'static str,
}

impl GrantedView {
    fn of(role: &RoleOf) -> Self {
        Self { id: role.id.0, person: role.person.0, role: role.role.as_str() }
    }
}

/// Lists claims to act for an organisation.
///
/// Its admins see them; where it has none, those of the cluster that entered it and whose member it is, and the operator.
#[utoipa::path(get, operation_id = "claims_list", path = "/organisations/{id}/claims", tag = "Clusters", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The organisation's id"), PlainQuery),
    responses((status = 200, description = "The claims", body = Page<ClaimView>)))]
async fn list(
    State(app): State<App>,
    Calling(caller): Calling,
    PathId(id): PathId<OrganisationId>,
    Parameters(query): Parameters<PlainQuery>,
) -> Result<Paged<ClaimView>, Problem> {
    let listing = Listing::new(&app, caller.actor, ("claims", id.to_string()), query.part())?;
    let found = claims::page(&app, &caller, id, listing.request).await?;
    Ok(listing.answer(&app, found, ClaimView::of))
}

/// Grants a claim.
///
/// Those who see it do. The person acts for the organisation from now on, which stands by what was entered for it.
#[utoipa::path(post, operation_id = "claims_grant", path = "/organisations/{id}/claims/{claim}/grant", tag = "Clusters", request_body = GrantBody, security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The organisation's id"),
        ("claim" = Uuid, Path, description = "The claim's id")),
    responses(
        (status = 200, description = "Granted", body = GrantedView),
        (status = 409, description = "The person has a role there")))]
async fn grant(
    State(app): State<App>,
    Calling(caller): Calling,
    PathIds(ids): PathIds<2>,
    JsonBody(body): JsonBody<GrantBody>,
) -> Result<Json<GrantedView>, Problem> {
    let [of, id] = ids;
    let role: Role = app::roles::named("/role", &body.role).map_err(app::AppError::from)?;
    let granted = claims::grant(&app, &caller, OrganisationId(of), ClaimId(id), role).await?;
    Ok(Json(GrantedView::of(&granted)))
}

/// Refuses a claim.
///
/// Those who see it do. It is forgotten with its evidence.
#[utoipa::path(post, operation_id = "claims_refuse", path = "/organisations/{id}/claims/{claim}/refuse", tag = "Clusters", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The organisation's id"),
        ("claim" = Uuid, Path, description = "The claim's id")),
    responses((status = 204, description = "Refused")))]
async fn refuse(
    State(app): State<App>,
    Calling(caller): Calling,
    PathIds(ids): PathIds<2>,
) -> Result<StatusCode, Problem> {
    let [of, id] = ids;
    claims::refuse(&app, &caller, OrganisationId(of), ClaimId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Confirms what a cluster entered.
///
/// By the link that was mailed to who signed for the firm; it works once. A mail then tells how to act for the firm.
#[utoipa::path(post, operation_id = "organisations_confirm", path = "/organisations/confirm", tag = "Clusters", request_body = AnswerBody,
    responses((status = 204, description = "The firm stands by it")))]
async fn confirm_entry(State(app): State<App>, JsonBody(body): JsonBody<AnswerBody>) -> Result<StatusCode, Problem> {
    memberships::confirm(&app, &body.token).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses what a cluster entered.
///
/// By the link that was mailed to who signed for the firm; it works once. Mandate and membership end, what was entered leaves
/// the market until a reviewer looks at it, and name and address of the signatory are erased.
#[utoipa::path(post, operation_id = "organisations_refuse", path = "/organisations/refuse", tag = "Clusters", request_body = AnswerBody,
    responses((status = 204, description = "It is refused")))]
async fn refuse_entry(State(app): State<App>, JsonBody(body): JsonBody<AnswerBody>) -> Result<StatusCode, Problem> {
    memberships::refuse(&app, &body.token).await?;
    Ok(StatusCode::NO_CONTENT)
}
