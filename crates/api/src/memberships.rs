//! Memberships of organisations in clusters.

use app::{
    App,
    memberships::{self, EntryInput, MandateTerms, Named, Side},
};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
};
use domain::{
    ids::OrganisationId,
    membership::{Membership, MembershipState},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use crate::{
    body::JsonBody,
    created::{Created, created},
    limits,
    mandates::MandateView,
    organisations::{IdentifierBody, OrganisationView},
    page::{Listing, Page, Paged, Part, PlainQuery},
    path_id::{PathId, PathIds},
    problem::Problem,
    query::{Parameters, Several},
    signed_in::Calling,
    sort::{ByCreation, Sort},
};

/// The routes of memberships.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, request))
        .routes(routes!(end))
        .routes(routes!(list_members, enter))
        .routes(routes!(accept))
        .routes(routes!(remove))
        .routes(routes!(verify))
}

/// A cluster to join.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = MembershipInput, example = json!({"cluster": "018f0000-0000-7000-8000-00000000c001"}))]
struct RequestBody {
    /// The cluster's id: `GET /api/v1/directory` lists clusters.
    #[schema(value_type = Uuid)]
    cluster: OrganisationId,
}

/// Whether a cluster vouches for a member.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = VouchInput, example = json!({"vouch": true}))]
struct VouchBody {
    /// Whether it does.
    vouch: bool,
}

/// Who signed for a firm that a cluster enters.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = ContactInput, example = json!({"email": "owner@atelier.example", "name": "Olga Owner"}))]
struct ContactBody {
    /// The address, to which goes what was entered, with a link that confirms or refuses it.
    #[validate(length(max = 1_000))]
    email: String,
    /// The name, at most 200 characters.
    #[validate(length(max = limits::WORD))]
    name: String,
}

/// What a cluster may do for a firm that it enters.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = MandateTerms, example = json!({"scopes": ["read", "write"], "ends_on": "2020-12-31"}))]
struct TermsBody {
    /// `read`, `write`; both where absent.
    #[serde(default)]
    #[validate(custom(function = limits::words))]
    scopes: Vec<String>,
    /// The mandate's last day, at most five years ahead.
    #[validate(length(max = limits::WORD))]
    #[schema(format = Date)]
    ends_on: String,
}

/// A firm without an account, that a cluster enters.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = EntryInput, example = json!({
    "name": "Atelier du Nord", "country": "FR",
    "contact": {"email": "owner@atelier.example", "name": "Olga Owner"},
    "mandate": {"ends_on": "2020-12-31"}}))]
struct EntryBody {
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
    /// Who signed the mandate for it.
    #[validate(nested)]
    contact: ContactBody,
    /// What the firm lets the cluster do.
    #[validate(nested)]
    mandate: TermsBody,
}

/// A firm that a cluster entered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EnteredFirm)]
struct EnteredView {
    /// The firm.
    organisation: OrganisationView,
    /// What the cluster may do for it.
    mandate: MandateView,
}

/// A membership.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Membership)]
pub struct MembershipView {
    /// The cluster.
    cluster: Uuid,
    /// The member.
    member: Uuid,
    /// The name of the other side.
    name: String,
    /// `requested`, `active` or `ended`.
    state: &'static str,
    /// Whether the cluster vouches for the member.
    vouched: bool,
    /// When it was asked for.
    #[schema(format = DateTime)]
    requested_at: String,
    /// When it began.
    #[schema(format = DateTime)]
    began_at: Option<String>,
    /// When it ended.
    #[schema(format = DateTime)]
    ended_at: Option<String>,
}

impl MembershipView {
    /// Of a membership with the name of the other side.
    pub fn of((membership, name): Named) -> Self {
        let Membership { cluster, member, state, created_at, began_at, ended_at, vouched_at } = membership;
        Self {
            cluster: cluster.0,
            member: member.0,
            name,
            state: state.as_str(),
            vouched: vouched_at.is_some(),
            requested_at: created_at.to_string(),
            began_at: began_at.map(|at| at.to_string()),
            ended_at: ended_at.map(|at| at.to_string()),
        }
    }
}

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MembersQuery {
    /// Only those that stand so: `requested`, `active` or `ended`.
    #[param(value_type = Option<String>, example = "requested")]
    #[serde(default)]
    state: Several<MembershipState>,
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

/// Lists the clusters of an organisation.
///
/// Those that it belongs to, asked to join, or left. Its people see them, and the operator.
#[utoipa::path(get, operation_id = "memberships_list", path = "/organisations/{id}/memberships", tag = "Clusters", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The organisation's id"), PlainQuery),
    responses((status = 200, description = "Its memberships", body = Page<MembershipView>)))]
async fn list(
    State(app): State<App>,
    Calling(caller): Calling,
    PathId(id): PathId<OrganisationId>,
    Parameters(query): Parameters<PlainQuery>,
) -> Result<Paged<MembershipView>, Problem> {
    let listing = Listing::new(&app, caller.actor, ("memberships", id.to_string()), query.part())?;
    let found = memberships::page_of_member(&app, &caller, id, listing.request).await?;
    Ok(listing.answer(&app, found, MembershipView::of))
}

/// Asks to join a cluster.
///
/// Admins of the organisation ask, and the cluster's admins get a mail. By the operator's word the membership begins at once.
#[utoipa::path(post, operation_id = "memberships_request", path = "/organisations/{id}/memberships", tag = "Clusters", request_body = RequestBody, security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The organisation's id")),
    responses(
        (status = 201, description = "Asked for", body = MembershipView),
        (status = 409, description = "It is a member, or has asked already")))]
async fn request(
    State(app): State<App>,
    Calling(caller): Calling,
    PathId(id): PathId<OrganisationId>,
    JsonBody(body): JsonBody<RequestBody>,
) -> Result<Created<MembershipView>, Problem> {
    let asked = memberships::ask(&app, &caller, id, body.cluster).await?;
    let place = format!("/api/v1/organisations/{id}/memberships");
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], Json(MembershipView::of(asked))))
}

/// Leaves a cluster, or takes a request back.
///
/// Admins of the member do this. With it end, at once, what the cluster vouched for and what it was mandated to do.
#[utoipa::path(post, operation_id = "memberships_end", path = "/organisations/{id}/memberships/{cluster}/end", tag = "Clusters", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The member's id"),
        ("cluster" = Uuid, Path, description = "The cluster's id")),
    responses(
        (status = 200, description = "Ended", body = MembershipView),
        (status = 409, description = "It has ended already")))]
async fn end(
    State(app): State<App>,
    Calling(caller): Calling,
    PathIds(ids): PathIds<2>,
) -> Result<Json<MembershipView>, Problem> {
    let [member, cluster] = ids;
    let of = (OrganisationId(cluster), OrganisationId(member));
    Ok(Json(MembershipView::of(memberships::end(&app, &caller, of, Side::Member).await?)))
}

/// Lists the members of a cluster.
///
/// Those who ask to join and those who were members among them. The cluster's people see them, and the operator.
#[utoipa::path(get, operation_id = "members_list", path = "/organisations/{id}/members", tag = "Clusters", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The cluster's id"), MembersQuery),
    responses((status = 200, description = "Its memberships", body = Page<MembershipView>)))]
async fn list_members(
    State(app): State<App>,
    Calling(caller): Calling,
    PathId(id): PathId<OrganisationId>,
    Parameters(query): Parameters<MembersQuery>,
) -> Result<Paged<MembershipView>, Problem> {
    let MembersQuery { state, sort, total, limit, cursor } = &query;
    let order = sort.map_or_else(app::Order::default, |sort| sort.order);
    let part = Part { limit: *limit, cursor: cursor.as_deref(), order, total: *total };
    let listing = Listing::new(&app, caller.actor, ("members", format!("{id} {state:?}")), part)?;
    let found = memberships::page_of_cluster(&app, &caller, id, &state.0, listing.request).await?;
    Ok(listing.answer(&app, found, MembershipView::of))
}

/// Enters a firm that has no account.
///
/// A cluster that the operator vouches for does, for a firm that mandated it in writing: the firm becomes a member, and the
/// cluster acts for it with the header `Acting-For`. Whoever signed gets a mail that says what was entered, with a link that
/// confirms or refuses it; to refuse ends mandate and membership, and takes what was entered out of the market.
#[utoipa::path(post, operation_id = "memberships_enter", path = "/organisations/{id}/members", tag = "Clusters", request_body = EntryBody, security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The cluster's id")),
    responses(
        (status = 201, description = "Entered; the firm is told by mail", body = EnteredView),
        (status = 409, description = "The firm is registered already, and asks to join by itself"),
        (status = 429, description = "Too much was asked for, or the cluster entered, or the address was told of, too many firms at once")))]
async fn enter(
    State(app): State<App>,
    Calling(caller): Calling,
    PathId(id): PathId<OrganisationId>,
    JsonBody(body): JsonBody<EntryBody>,
) -> Result<Created<EnteredView>, Problem> {
    let EntryBody { name, country, identifiers, contact, mandate } = body;
    let identifiers = identifiers.into_iter().map(|id| (id.kind, id.value)).collect();
    let ContactBody { email, name: signatory } = contact;
    let mandate = MandateTerms { scopes: mandate.scopes, ends_on: mandate.ends_on };
    let input = EntryInput { name, country, identifiers, email, signatory, mandate };
    let (firm, mandate) = memberships::enter(&app, &caller, id, &input).await?;
    let place = format!("/api/v1/organisations/{}", firm.stored.record.id);
    let mandate = MandateView::of(mandate, app.clock.now(), &caller);
    Ok(created(place, EnteredView { organisation: OrganisationView::of(firm), mandate }))
}

/// Takes an organisation that asked to join.
///
/// Admins of the cluster do this.
#[utoipa::path(post, operation_id = "memberships_accept", path = "/organisations/{id}/members/{member}/accept", tag = "Clusters", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The cluster's id"),
        ("member" = Uuid, Path, description = "The id of the organisation that asked")),
    responses(
        (status = 200, description = "A member from now on", body = MembershipView),
        (status = 409, description = "It did not ask, or the cluster is over")))]
async fn accept(
    State(app): State<App>,
    Calling(caller): Calling,
    PathIds(ids): PathIds<2>,
) -> Result<Json<MembershipView>, Problem> {
    let [cluster, member] = ids;
    let taken = memberships::accept(&app, &caller, OrganisationId(cluster), OrganisationId(member)).await?;
    Ok(Json(MembershipView::of(taken)))
}

/// Removes a member, or refuses who asked.
///
/// Admins of the cluster do this. With it end, at once, what the cluster vouched for and what it was mandated to do.
#[utoipa::path(post, operation_id = "memberships_remove", path = "/organisations/{id}/members/{member}/remove", tag = "Clusters", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The cluster's id"),
        ("member" = Uuid, Path, description = "The member's id")),
    responses(
        (status = 200, description = "Ended", body = MembershipView),
        (status = 409, description = "It has ended already")))]
async fn remove(
    State(app): State<App>,
    Calling(caller): Calling,
    PathIds(ids): PathIds<2>,
) -> Result<Json<MembershipView>, Problem> {
    let [cluster, member] = ids;
    let of = (OrganisationId(cluster), OrganisationId(member));
    Ok(Json(MembershipView::of(memberships::end(&app, &caller, of, Side::Cluster).await?)))
}

/// Vouches for a member, or no longer.
///
/// Admins of a cluster that the operator vouches for do this, for firms that are members.
#[utoipa::path(post, operation_id = "memberships_verify", path = "/organisations/{id}/members/{member}/verify", tag = "Clusters", request_body = VouchBody, security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The cluster's id"),
        ("member" = Uuid, Path, description = "The member's id")),
    responses(
        (status = 200, description = "So it is", body = MembershipView),
        (status = 409, description = "It is no member, or no firm")))]
async fn verify(
    State(app): State<App>,
    Calling(caller): Calling,
    PathIds(ids): PathIds<2>,
    JsonBody(body): JsonBody<VouchBody>,
) -> Result<Json<MembershipView>, Problem> {
    let [cluster, member] = ids;
    let of = (OrganisationId(cluster), OrganisationId(member));
    Ok(Json(MembershipView::of(memberships::verify(&app, &caller, of, body.vouch).await?)))
}
