//! Organisations.

use app::organisations::Held;
use app::{
    App,
    organisations::{OrganisationDetails, OrganisationFilter, OrganisationInput, Registration, Wanted},
};
use axum::{Json, extract::State, http::StatusCode};
use domain::ids::OrganisationId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use crate::{
    body::JsonBody,
    created::{Created, created},
    limits,
    page::{Listing, Page, Paged, Part},
    patch::MergePatch,
    path_id::PathId,
    people::Mailed,
    problem::Problem,
    query::{Parameters, Words},
    signed_in::{Calling, SignedIn},
    sort::{ByCreation, Sort},
};

/// The routes of organisations.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(ask)).routes(routes!(get, update))
}

/// An organisation to register.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = OrganisationInput, example = json!({"name": "Atelier Exemple", "kind": "firm", "country": "FR"}))]
struct OrganisationBody {
    /// Its name, at most 200 characters.
    #[validate(length(max = limits::WORD))]
    name: String,
    /// `firm`, `cluster` or `authority`.
    #[validate(length(max = limits::WORD))]
    kind: String,
    /// Its country: ISO 3166-1, or a name.
    #[validate(length(max = limits::WORD))]
    country: String,
    /// Who vouched for it: `none` (where absent), `cluster` or `operator`.
    #[validate(length(max = limits::WORD))]
    verification: Option<String>,
    /// The clusters it is a member of, at most 50.
    #[serde(default)]
    #[schema(value_type = Vec<Uuid>)]
    clusters: Vec<OrganisationId>,
    /// Its numbers in registers, at most 20.
    #[serde(default)]
    #[validate(nested)]
    identifiers: Vec<IdentifierBody>,
}

/// A number of an organisation in a register.
#[derive(Debug, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = IdentifierInput, example = json!({"kind": "vat", "value": "EL 123456783"}))]
struct IdentifierBody {
    /// `vat`, `lei`, `euid`, `gln`, or `national` for a register of the organisation's country.
    #[validate(length(max = limits::WORD))]
    kind: String,
    /// The number, in whatever spelling.
    #[validate(length(max = limits::WORD))]
    value: String,
}

/// What its admins may change of an organisation.
#[derive(Debug, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = OrganisationDetailsInput, example = json!({"name": "Atelier Exemple & Fils", "country": "FR"}))]
struct DetailsBody {
    /// Its name, at most 200 characters.
    #[validate(length(max = limits::WORD))]
    name: String,
    /// Its country: ISO 3166-1, or a name.
    #[validate(length(max = limits::WORD))]
    country: String,
    /// Its numbers in registers, at most 20.
    #[serde(default)]
    #[validate(nested)]
    identifiers: Vec<IdentifierBody>,
}

impl DetailsBody {
    /// The body that an organisation has as it stands.
    fn of(registration: &Registration) -> Self {
        let identifier = |held: &Held| IdentifierBody {
            kind: held.identifier.kind.as_str().to_owned(),
            value: held.identifier.value.clone(),
        };
        Self {
            name: registration.stored.record.name.clone(),
            country: registration.stored.record.country.to_string(),
            identifiers: registration.identifiers.iter().map(identifier).collect(),
        }
    }

    /// As the use case checks it.
    fn input(self) -> OrganisationDetails {
        let Self { name, country, identifiers } = self;
        let identifiers = identifiers.into_iter().map(|id| (id.kind, id.value)).collect();
        OrganisationDetails { name, country, identifiers }
    }
}

/// An organisation that somebody asks to act for.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = WantedOrganisation, example = json!({"name": "Atelier Exemple", "country": "FR"}))]
struct WantedBody {
    /// Its country: ISO 3166-1, or a name.
    #[validate(length(max = limits::WORD))]
    country: String,
    /// Its name.
    #[validate(length(max = limits::WORD))]
    name: Option<String>,
    /// Or one of its numbers.
    #[validate(nested)]
    identifier: Option<IdentifierBody>,
}

/// A number of an organisation in a register, in its one form.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Identifier)]
struct IdentifierView {
    /// `vat`, `lei`, `euid`, `gln` or `national`.
    kind: &'static str,
    /// Its one form: a VAT number with its prefix, a national one with the country before it.
    value: String,
    /// Whether somebody other than the organisation confirmed it.
    confirmed: bool,
}

impl IdentifierView {
    fn of(held: &Held) -> Self {
        let Held { identifier, confirmed_at } = held;
        Self { kind: identifier.kind.as_str(), value: identifier.value.clone(), confirmed: confirmed_at.is_some() }
    }
}

/// An organisation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Organisation)]
struct OrganisationView {
    /// Its id.
    id: Uuid,
    /// Its name.
    name: String,
    /// `firm`, `cluster` or `authority`.
    kind: &'static str,
    /// Its country, ISO 3166-1; `ZZ` where an imported file did not say.
    country: String,
    /// Who vouched for it: `none`, `cluster` or `operator`.
    verification: &'static str,
    /// The clusters it is a member of.
    clusters: Vec<Uuid>,
    /// Its numbers in registers.
    identifiers: Vec<IdentifierView>,
    /// When it was registered.
    #[schema(format = DateTime)]
    created_at: String,
}

impl OrganisationView {
    fn of(registration: Registration) -> Self {
        let Registration { stored, identifiers } = registration;
        let o = stored.record;
        Self {
            id: o.id.0,
            name: o.name,
            kind: o.kind.as_str(),
            country: o.country.to_string(),
            verification: o.verification.as_str(),
            clusters: o.clusters.into_iter().map(|c| c.0).collect(),
            identifiers: identifiers.iter().map(IdentifierView::of).collect(),
            created_at: stored.created_at.to_string(),
        }
    }
}

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Only names that hold these words, whatever their case, accents and punctuation.
    #[param(value_type = Option<String>, max_length = 200)]
    q: Option<Words>,
    /// What the list is sorted by: `created_at` (where absent), `-created_at` for the last first.
    #[param(value_type = Option<String>, example = "-created_at")]
    sort: Option<Sort<ByCreation>>,
    /// Whether the answer has the `total` of all pages too.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    total: bool,
    /// At most so many entries, 1 to 200; 50 where absent.
    limit: Option<u32>,
    /// The `next` of the page before.
    #[validate(length(max = limits::CURSOR))]
    cursor: Option<String>,
}

/// Lists organisations.
///
/// The operator sees all of them, an organisation itself.
#[utoipa::path(get, operation_id = "organisations_list", path = "/organisations", tag = "Organisations", params(ListQuery), security(("bearer" = [])),
    responses((status = 200, description = "The organisations", body = Page<OrganisationView>)))]
async fn list(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Paged<OrganisationView>, Problem> {
    let filter = OrganisationFilter { kind: None, query: query.q.map(|q| q.0) };
    let order = query.sort.unwrap_or_default().order;
    let part = Part { limit: query.limit, cursor: query.cursor.as_deref(), order, total: query.total };
    let listing = Listing::new(&app, caller.actor, ("organisations", format!("{filter:?}")), part)?;
    let found = app::organisations::page(&app, &caller, &filter, listing.request).await?;
    Ok(listing.answer(&app, found, OrganisationView::of))
}

/// Registers an organisation.
///
/// A person who signed in does, and becomes its admin: carry the session on with its id to act for it. So does the operator,
/// who alone says who vouches for it and which clusters it belongs to, and whose word on identifiers confirms them. A name
/// that an organisation of the country has already, in whatever spelling, or an identifier that one has, is a conflict.
#[utoipa::path(post, operation_id = "organisations_create", path = "/organisations", tag = "Organisations", request_body = OrganisationBody, security(("bearer" = [])),
    responses(
        (status = 201, description = "Registered; `Location` says where to read it", body = OrganisationView),
        (status = 403, description = "A key registers no organisation"),
        (status = 409, description = "It is registered already")))]
async fn create(
    State(app): State<App>,
    Calling(caller): Calling,
    JsonBody(body): JsonBody<OrganisationBody>,
) -> Result<Created<OrganisationView>, Problem> {
    let OrganisationBody { name, kind, country, verification, clusters, identifiers } = body;
    let identifiers = identifiers.into_iter().map(|id| (id.kind, id.value)).collect();
    let input = OrganisationInput { name, kind, country, verification, clusters, identifiers };
    let made = app::organisations::create(&app, &caller, &input).await?;
    Ok(created(format!("/api/v1/organisations/{}", made.stored.record.id), OrganisationView::of(made)))
}

/// Asks to act for an organisation.
///
/// Its admins get a mail with the name and the address of the person who calls, and give a role or do nothing; where it
/// has none, those who run the service do. The answer is the same where there is no such organisation.
#[utoipa::path(post, operation_id = "organisations_ask", path = "/organisations/ask", tag = "Organisations", request_body = WantedBody, security(("bearer" = [])),
    responses((status = 202, description = "Its admins are asked, if it is registered", body = Mailed)))]
async fn ask(
    State(app): State<App>,
    Calling(caller): Calling,
    JsonBody(body): JsonBody<WantedBody>,
) -> Result<(StatusCode, Json<Mailed>), Problem> {
    let WantedBody { country, name, identifier } = body;
    let wanted = Wanted { country, name, identifier: identifier.map(|id| (id.kind, id.value)) };
    app::organisations::ask(&app, &caller, &wanted).await?;
    Ok(Mailed::accepted("if it is registered, its admins are asked by mail and may give you a role"))
}

/// Reads an organisation.
///
/// An organisation reads itself; the operator reads all.
#[utoipa::path(get, operation_id = "organisations_get", path = "/organisations/{id}", tag = "Organisations", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The organisation's id")),
    responses((status = 200, description = "The organisation", body = OrganisationView)))]
async fn get(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<OrganisationId>,
) -> Result<Json<OrganisationView>, Problem> {
    Ok(Json(OrganisationView::of(app::organisations::get(&app, &caller, id).await?)))
}

/// Changes an organisation.
///
/// A JSON Merge Patch (RFC 7396) of name, country and identifiers: what is absent stays, lists are replaced. Its admins do
/// so, and the operator. Kind, clusters and who vouches for it are not theirs to change. Where admins change the name to
/// another, the country, or an identifier that was confirmed, nobody vouches for it any more until somebody does anew;
/// identifiers that they add are unconfirmed. What the operator changes stays vouched for, and identifiers that he adds are
/// confirmed. `If-Match` carries the `ETag` that you read it with.
#[utoipa::path(patch, operation_id = "organisations_update", path = "/organisations/{id}", tag = "Organisations", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The organisation's id")),
    request_body(content = DetailsBody, content_type = "application/merge-patch+json"),
    responses(
        (status = 200, description = "As it is now", body = OrganisationView),
        (status = 409, description = "Another organisation has the name or an identifier, or files of imports know this one by its name"),
        (status = 412, description = "It is no longer the version that `If-Match` names"),
        (status = 428, description = "`If-Match` is missing")))]
async fn update(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<OrganisationId>,
    patch: MergePatch,
) -> Result<Json<OrganisationView>, Problem> {
    let edit = |registration: &Registration| {
        let (view, before) = (OrganisationView::of(registration.clone()), DetailsBody::of(registration));
        Ok(patch.apply(&view, &before, &[])?.map(DetailsBody::input))
    };
    Ok(Json(OrganisationView::of(app::organisations::update(&app, &caller, id, edit).await?)))
}
