//! Sessions of people: sign in, carry on, list, end.

use app::{
    App,
    policy::Actor,
    sessions::{self, Opened, SignIn},
    tokens,
};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{
    ids::{OrganisationId, SessionId},
    person::Session,
    time::Instant,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use crate::{
    body::JsonBody,
    client::Client,
    limits,
    page::{Listing, Page, Paged, Part},
    path_id::PathId,
    people::{OwnRoleView, PersonView},
    problem::Problem,
    query::Parameters,
    signed_in::Calling,
    sort::{ByCreation, Sort},
};

/// The routes of sessions.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, start)).routes(routes!(refresh)).routes(routes!(end))
}

/// What a person signs in with.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = SignIn, example = json!({"email": "ann@example.org", "password": "four words of your own"}))]
struct SignInBody {
    /// The address of the account.
    #[validate(length(max = 1_000))]
    email: String,
    /// Its password.
    #[schema(value_type = String, format = Password)]
    password: SecretString,
    /// The organisation to act for; may be left out by whoever has one role.
    #[schema(value_type = Option<Uuid>)]
    organisation: Option<OrganisationId>,
}

/// What carries a session on.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = Refresh, example = json!({"refresh_token": "muster_refresh_0f5c1e77"}))]
struct RefreshBody {
    /// The refresh token that came last; it works once.
    #[schema(value_type = String)]
    refresh_token: SecretString,
    /// The organisation to act for from now on; the same as before where absent.
    #[schema(value_type = Option<Uuid>)]
    organisation: Option<OrganisationId>,
}

/// A session with its tokens. This answer is the only one that holds them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenSession)]
struct OpenedView {
    /// The session's id: `DELETE /api/v1/sessions/{id}` signs out.
    id: Uuid,
    /// Send it as `Authorization: Bearer TOKEN`.
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// How long the access token works, in seconds.
    expires_in: i64,
    /// Carries the session on, once: `POST /api/v1/sessions/refresh`.
    refresh_token: String,
    /// When the session ends unless it is carried on.
    #[schema(format = DateTime)]
    refresh_expires_at: String,
    /// `operator`, `organisation`, or `person` for whoever acts for no organisation yet.
    acting_as: &'static str,
    /// The organisation that the tokens act for.
    organisation: Option<Uuid>,
    /// Who signed in.
    person: PersonView,
    /// What the person is, and where.
    roles: Vec<OwnRoleView>,
}

/// A session.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionView {
    /// Its id.
    id: Uuid,
    /// The organisation that it acts for.
    organisation: Option<Uuid>,
    /// `valid`, `expired` or `ended`.
    state: &'static str,
    /// When the person signed in.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last carried on.
    #[schema(format = DateTime)]
    last_used_at: String,
    /// When it ends unless it is carried on.
    #[schema(format = DateTime)]
    expires_at: String,
    /// When it was ended; null if it was not.
    #[schema(format = DateTime)]
    ended_at: Option<String>,
}

impl SessionView {
    /// Of a session, as it stands now.
    pub fn of(session: &Session, now: Instant) -> Self {
        Self {
            id: session.id.0,
            organisation: session.organisation.map(|id| id.0),
            state: session.state(now),
            created_at: session.created_at.to_string(),
            last_used_at: session.last_used_at.to_string(),
            expires_at: session.expires_at.to_string(),
            ended_at: session.ended_at.map(|at| at.to_string()),
        }
    }
}

impl OpenedView {
    fn of(opened: &Opened) -> Self {
        Self {
            id: opened.session.id.0,
            access_token: opened.access_token.expose_secret().to_owned(),
            token_type: "Bearer",
            expires_in: tokens::SECONDS,
            refresh_token: opened.refresh_token.expose_secret().to_owned(),
            refresh_expires_at: opened.session.expires_at.to_string(),
            acting_as: match opened.actor {
                Actor::Operator => "operator",
                Actor::Organisation(_) => "organisation",
                Actor::Nobody => "person",
            },
            organisation: opened.actor.organisation().map(|id| id.0),
            person: PersonView::of(&opened.person),
            roles: opened.roles.iter().map(OwnRoleView::of).collect(),
        }
    }
}

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
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

/// Lists the sessions of the person who calls.
///
/// Those that ended among them, for 90 days.
#[utoipa::path(get, operation_id = "sessions_list", path = "/sessions", tag = "People", params(ListQuery), security(("bearer" = [])),
    responses((status = 200, description = "The sessions", body = Page<SessionView>)))]
async fn list(
    State(app): State<App>,
    Calling(caller): Calling,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Paged<SessionView>, Problem> {
    let order = query.sort.unwrap_or_default().order;
    let part = Part { limit: query.limit, cursor: query.cursor.as_deref(), order, total: query.total };
    let listing = Listing::new(&app, caller.actor, ("sessions", format!("{:?}", caller.person)), part)?;
    let found = sessions::page(&app, &caller, listing.request).await?;
    let now = app.clock.now();
    Ok(listing.answer(&app, found, |session| SessionView::of(&session, now)))
}

/// Signs a person in.
///
/// A wrong address and a wrong password have the same answer, and take as long. An account is tried ten times at once, then
/// every 30 seconds, from wherever; who signed in from the same address before has tries of his own.
#[utoipa::path(post, operation_id = "sessions_start", path = "/sessions", tag = "People", request_body = SignInBody,
    responses(
        (status = 201, description = "Signed in; the tokens are shown this once", body = OpenedView),
        (status = 401, description = "Address or password is wrong"),
        (status = 429, description = "The account was tried too often, or too much was asked for; `Retry-After` says when to try again")))]
async fn start(
    State(app): State<App>,
    Client(from): Client,
    JsonBody(body): JsonBody<SignInBody>,
) -> Result<Response, Problem> {
    let SignInBody { email, password, organisation } = body;
    let opened = sessions::start(&app, SignIn { email, password, organisation, from }).await?;
    let place = format!("/api/v1/sessions/{}", opened.session.id);
    let headers = [(header::LOCATION, place), (header::CACHE_CONTROL, "no-store".to_owned())];
    Ok((StatusCode::CREATED, headers, Json(OpenedView::of(&opened))).into_response())
}

/// Carries a session on.
///
/// Other tokens take the place of those there were. A refresh token that comes twice was copied: the session ends, for
/// whoever has it.
#[utoipa::path(post, operation_id = "sessions_refresh", path = "/sessions/refresh", tag = "People", request_body = RefreshBody,
    responses(
        (status = 200, description = "Carried on; the tokens are shown this once", body = OpenedView),
        (status = 401, description = "The token is none, was used, or its session has ended")))]
async fn refresh(State(app): State<App>, JsonBody(body): JsonBody<RefreshBody>) -> Result<Response, Problem> {
    let opened = sessions::refresh(&app, &body.refresh_token, body.organisation).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(OpenedView::of(&opened))).into_response())
}

/// Ends a session.
///
/// One of the person's own; its tokens open nothing from the next request on, at whichever process. Ending it again changes
/// nothing.
#[utoipa::path(delete, operation_id = "sessions_end", path = "/sessions/{id}", tag = "People", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The session's id")),
    responses((status = 200, description = "The session, ended", body = SessionView)))]
async fn end(
    State(app): State<App>,
    Calling(caller): Calling,
    PathId(id): PathId<SessionId>,
) -> Result<Json<SessionView>, Problem> {
    let session = sessions::end(&app, &caller, id).await?;
    Ok(Json(SessionView::of(&session, app.clock.now())))
}
