//! Who is invited to answer a call, how far they are, and who is reminded.

use std::collections::BTreeMap;

use app::{
    App,
    calls::{self as cases, ClusterProgress, InviteInput, Invited, Progress},
};
use axum::{Json, extract::State};
use domain::{
    call::{
        Invitation,
        standing::{Asked, Tally},
    },
    code::RegionCode,
    ids::{CallId, OrganisationId},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use super::view::PartyView;
use crate::{
    body::JsonBody,
    page::{Listing, Page, Paged, PlainQuery},
    path_id::PathId,
    problem::Problem,
    query::Parameters,
    signed_in::SignedIn,
};

/// The routes of invitations.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, invite)).routes(routes!(remind)).routes(routes!(progress))
}

/// Whom to invite to a call.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = InviteInput, example = json!({"clusters_in_regions": true, "dry_run": true}))]
struct InviteBody {
    /// Organisations, by their ids.
    #[serde(default)]
    #[schema(value_type = Vec<Uuid>)]
    organisations: Vec<OrganisationId>,
    /// Verified clusters all of whose members are invited. You learn who a member is once it answers.
    #[serde(default)]
    #[schema(value_type = Vec<Uuid>)]
    members_of: Vec<OrganisationId>,
    /// Whether every verified cluster in the call's regions is invited.
    #[serde(default)]
    clusters_in_regions: bool,
    /// Whether it is only counted, and nobody invited.
    #[serde(default)]
    dry_run: bool,
}

/// How many were invited.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invited)]
struct InvitedView {
    /// Invited now.
    invited: usize,
    /// Of those meant, invited before.
    already: usize,
    /// Of those invited now, how many have nobody who gets a mail.
    without_account: usize,
    /// Whether it was only counted.
    dry_run: bool,
}

/// An invitation, as its issuer sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation)]
struct InvitationView {
    /// Who is invited; null for a member of a cluster that was invited as such, until it answers.
    organisation: Option<Uuid>,
    /// Its name; null until it answers, but for clusters of the directory and your own members.
    name: Option<String>,
    /// `firm`, `cluster` or `authority`.
    kind: &'static str,
    /// As a member of which cluster.
    through: Option<Uuid>,
    /// `answered`, `nothing_to_offer`, `refused` or `silent`.
    outcome: &'static str,
    /// Who answered for it, where it was not itself.
    answered_by: Option<Uuid>,
    /// Since when it is invited.
    #[schema(format = DateTime)]
    invited_at: String,
    /// When it was last reminded.
    #[schema(format = DateTime)]
    reminded_at: Option<String>,
    /// When it answered.
    #[schema(format = DateTime)]
    answered_at: Option<String>,
}

impl InvitationView {
    fn of((invitation, asked): (Invitation, Asked)) -> Self {
        Self {
            organisation: asked.organisation.map(|id| id.0),
            name: asked.name,
            kind: asked.kind.as_str(),
            through: invitation.through.map(|id| id.0),
            outcome: asked.outcome.as_str(),
            answered_by: asked.answered_by.map(|id| id.0),
            invited_at: invitation.invited_at.to_string(),
            reminded_at: invitation.reminded_at.map(|at| at.to_string()),
            answered_at: asked.answered_at.map(|at| at.to_string()),
        }
    }
}

/// How many were reminded.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Reminded)]
struct RemindedView {
    /// So many are silent.
    reminded: usize,
}

/// How many were asked or answered: `invited` and `uninvited` together are `answered`, `nothing_to_offer`, `refused` and
/// `silent` together.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tally)]
struct TallyView {
    /// Invited.
    invited: u32,
    /// Not invited themselves, and answered all the same.
    uninvited: u32,
    /// Answered with offers.
    answered: u32,
    /// Have nothing to offer.
    nothing_to_offer: u32,
    /// Refused.
    refused: u32,
    /// Have not answered.
    silent: u32,
}

impl TallyView {
    fn of(tally: Tally) -> Self {
        let Tally { invited, uninvited, answered, nothing, refused, silent } = tally;
        Self { invited, uninvited, answered, nothing_to_offer: nothing, refused, silent }
    }
}

/// How the answering of a call stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallProgress)]
struct ProgressView {
    /// All together.
    total: TallyView,
    /// Each invited cluster, and each whose members were invited.
    clusters: Vec<ClusterProgressView>,
    /// Firms and authorities of none of these.
    others: TallyView,
    /// By the region of each one's first site, NUTS 2 or coarser; `unknown` where none is known.
    regions: BTreeMap<String, TallyView>,
}

/// How it stands in a cluster.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClusterProgress)]
struct ClusterProgressView {
    /// The cluster.
    cluster: PartyView,
    /// What came of asking the cluster itself: `answered`, `nothing_to_offer`, `refused` or `silent`; null where it was not
    /// asked. One that answered for a member has answered.
    outcome: Option<&'static str>,
    /// Its members that were invited or answered; one that belongs to several clusters stands in each.
    members: TallyView,
}

impl ProgressView {
    fn of(progress: Progress) -> Self {
        let cluster = |c: ClusterProgress| ClusterProgressView {
            cluster: PartyView { id: c.cluster.0, name: c.name },
            outcome: c.outcome.map(|outcome| outcome.as_str()),
            members: TallyView::of(c.members),
        };
        let region = |(code, tally): (Option<RegionCode>, Tally)| {
            (code.map_or_else(|| "unknown".to_owned(), |code| code.to_string()), TallyView::of(tally))
        };
        Self {
            total: TallyView::of(progress.total),
            clusters: progress.clusters.into_iter().map(cluster).collect(),
            others: TallyView::of(progress.others),
            regions: progress.regions.into_iter().map(region).collect(),
        }
    }
}

/// Lists who is invited to a call.
///
/// For its issuer.
#[utoipa::path(get, operation_id = "call_invitations_list", path = "/calls/{id}/invitations", tag = "Calls", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The call's id"), PlainQuery),
    responses((status = 200, description = "The invitations", body = Page<InvitationView>)))]
async fn list(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<CallId>,
    Parameters(query): Parameters<PlainQuery>,
) -> Result<Paged<InvitationView>, Problem> {
    let listing = Listing::new(&app, caller.actor, ("call invitations", id.to_string()), query.part())?;
    let found = cases::invitations(&app, &caller, id, listing.request).await?;
    Ok(listing.answer(&app, found, InvitationView::of))
}

/// Invites organisations to answer a call.
///
/// For its issuer: one by one, all members of clusters, all verified clusters in the call's regions. `dry_run` only counts
/// them. Their admins get a mail at once, or when the draft is opened; whoever is invited already gets none.
#[utoipa::path(post, operation_id = "calls_invite", path = "/calls/{id}/invitations", tag = "Calls", request_body = InviteBody, security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The call's id")),
    responses(
        (status = 200, description = "How many", body = InvitedView),
        (status = 409, description = "It is closed or cancelled")))]
async fn invite(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<CallId>,
    JsonBody(body): JsonBody<InviteBody>,
) -> Result<Json<InvitedView>, Problem> {
    let InviteBody { organisations, members_of, clusters_in_regions, dry_run } = body;
    let input = InviteInput { organisations, members_of, clusters_in_regions, dry_run };
    let Invited { invited, already, without_account, dry_run } = cases::invite(&app, &caller, id, input).await?;
    Ok(Json(InvitedView { invited, already, without_account, dry_run }))
}

/// Reminds those who have not answered a call.
///
/// For its issuer, once in twelve hours. Two days and six hours before the call ends they are reminded by itself.
#[utoipa::path(post, operation_id = "calls_remind", path = "/calls/{id}/remind", tag = "Calls", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The call's id")),
    responses(
        (status = 200, description = "How many", body = RemindedView),
        (status = 409, description = "It takes no answers")))]
async fn remind(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<CallId>,
) -> Result<Json<RemindedView>, Problem> {
    let reminded = cases::remind(&app, &caller, id).await?;
    Ok(Json(RemindedView { reminded }))
}

/// Reads how the answering of a call stands.
///
/// For its issuer, by cluster and by region.
#[utoipa::path(get, operation_id = "calls_progress", path = "/calls/{id}/progress", tag = "Calls", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The call's id")),
    responses((status = 200, description = "How it stands", body = ProgressView)))]
async fn progress(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<CallId>,
) -> Result<Json<ProgressView>, Problem> {
    Ok(Json(ProgressView::of(cases::progress(&app, &caller, id).await?)))
}
