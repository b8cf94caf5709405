//! Passwords: set by a mailed link, asked for anew, changed by whoever knows the present one.

use app::{App, people};
use axum::{Json, extract::State, http::StatusCode};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use crate::{
    body::JsonBody,
    people::{Mailed, PersonView},
    problem::Problem,
    signed_in::Calling,
};

/// The routes of passwords.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(set)).routes(routes!(reset)).routes(routes!(update))
}

/// A password, and the link that lets its holder set it.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = PasswordInput, example = json!({"token": "0f5c1e77", "password": "four words of your own"}))]
struct PasswordBody {
    /// What stands behind the dot at the end of the link.
    #[schema(value_type = String)]
    token: SecretString,
    /// The password: 12 to 256 characters that are not guessed first.
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

/// Whose password was lost.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = PasswordResetInput, example = json!({"email": "ann@example.org"}))]
struct ResetBody {
    /// The address of the account.
    #[validate(length(max = 1_000))]
    email: String,
}

/// The present password and the new one.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = PasswordChange, example = json!({"current": "four words of your own", "password": "four others of your own"}))]
struct ChangeBody {
    /// The present password.
    #[schema(value_type = String, format = Password)]
    current: SecretString,
    /// The new one: 12 to 256 characters that are not guessed first.
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

/// Sets a password by a mailed link.
///
/// The link works once. The address is proven with it, the role that it offered is taken, and whatever was signed in before
/// is signed out.
#[utoipa::path(post, operation_id = "passwords_set", path = "/passwords", tag = "People", request_body = PasswordBody,
    responses((status = 200, description = "Set; sign in with it", body = PersonView)))]
async fn set(State(app): State<App>, JsonBody(body): JsonBody<PasswordBody>) -> Result<Json<PersonView>, Problem> {
    Ok(Json(PersonView::of(&people::set_password(&app, &body.token, &body.password).await?)))
}

/// Asks for a link that sets another password.
///
/// It is mailed to the account of the address, where there is one; the answer is the same where there is none.
#[utoipa::path(post, operation_id = "passwords_reset", path = "/passwords/reset", tag = "People", request_body = ResetBody,
    responses((status = 202, description = "A mail is on its way, if there is an account", body = Mailed)))]
async fn reset(
    State(app): State<App>,
    JsonBody(body): JsonBody<ResetBody>,
) -> Result<(StatusCode, Json<Mailed>), Problem> {
    people::reset(&app, &body.email).await?;
    Ok(Mailed::accepted("if there is an account, open the link in the mail within 24 hours"))
}

/// Changes the password of the person who calls.
///
/// Every other session ends, and a mail says so.
#[utoipa::path(post, operation_id = "passwords_update", path = "/people/me/password", tag = "People", request_body = ChangeBody, security(("bearer" = [])),
    responses(
        (status = 204, description = "Changed"),
        (status = 409, description = "It was changed a moment ago"),
        (status = 429, description = "The account was tried too often, or too much was asked for; `Retry-After` says when to try again")))]
async fn update(
    State(app): State<App>,
    Calling(caller): Calling,
    JsonBody(body): JsonBody<ChangeBody>,
) -> Result<StatusCode, Problem> {
    people::change_password(&app, &caller, &body.current, &body.password).await?;
    Ok(StatusCode::NO_CONTENT)
}
