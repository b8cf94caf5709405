//! The first person who runs the service.

use app::{
    App,
    setup::{self, SetupInput},
};
use axum::{Json, extract::State, http::StatusCode};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use crate::{body::JsonBody, limits, people::PersonView, problem::Problem};

/// The route of the first start.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(create))
}

/// The first person who runs the service.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = SetupInput, example = json!({"token": "0f5c1e77", "email": "ann@example.org", "name": "Ann Example", "password": "four words of your own"}))]
struct SetupBody {
    /// What stands behind the dot at the end of the link that the program printed.
    #[schema(value_type = String)]
    token: SecretString,
    /// Where mail reaches the person.
    #[validate(length(max = 1_000))]
    email: String,
    /// The name, at most 200 characters.
    #[validate(length(max = limits::WORD))]
    name: String,
    /// The password: 12 to 256 characters that are not guessed first.
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

/// Makes the first person who runs the service.
///
/// By the link that `muster serve` prints while there is nobody; it works once, for 30 minutes.
#[utoipa::path(post, operation_id = "persons_create", path = "/setup", tag = "People", request_body = SetupBody,
    responses(
        (status = 201, description = "Made; sign in", body = PersonView),
        (status = 409, description = "Somebody runs the service already")))]
async fn create(
    State(app): State<App>,
    JsonBody(body): JsonBody<SetupBody>,
) -> Result<(StatusCode, Json<PersonView>), Problem> {
    let SetupBody { token, email, name, password } = body;
    let person = setup::create(&app, &SetupInput { token, email, name, password }).await?;
    Ok((StatusCode::CREATED, Json(PersonView::of(&person))))
}
