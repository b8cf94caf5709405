//! Who is calling: extractors that a handler cannot do without.

use app::{
    App,
    access::{self, AccessError, Caller},
};
use axum::{
    extract::FromRequestParts,
    http::{Method, header, request::Parts},
};
use domain::api_key::AccessScope;

use crate::{acting_for, problem::Problem};

/// A caller with a valid token or key, whatever the credential may be used for: the use case asks.
#[derive(Debug, Clone)]
pub struct Calling(pub Caller);

/// What a layer before found out about the caller, so that nobody asks the database twice.
#[derive(Debug, Clone)]
pub struct Called(pub Result<Calling, Problem>);

/// A caller whose token or key may be used for what the method does: `read` to GET and HEAD, `write` for
/// all else.
#[derive(Debug, Clone)]
pub struct SignedIn(pub Caller);

impl FromRequestParts<App> for Calling {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        if let Some(Called(found)) = parts.extensions.get() {
            return found.clone();
        }
        let Some(value) = parts.headers.get(header::AUTHORIZATION) else {
            return Err(Problem::unauthenticated("send the header `Authorization: Bearer TOKEN`", None));
        };
        let token = value.to_str().ok().and_then(|text| {
            let (scheme, token) = text.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let Some(token) = token else {
            return Err(Problem::unauthenticated(
                "the Authorization header is no bearer token",
                Some("invalid_request"),
            ));
        };
        let caller = access::authenticate(app, token).await.map_err(|refusal| match refusal {
            AccessError::Failed(error) => error.into(),
            AccessError::Token(_) | AccessError::Key | AccessError::Outside(_) => {
                Problem::unauthenticated(&refusal.to_string(), Some("invalid_token"))
            }
        })?;
        Ok(Self(acting_for::named(app, parts.uri.path(), &parts.headers, caller).await?))
    }
}

/// The request that a caller was known by, to be asked again whether he still may call.
#[derive(Debug, Clone)]
pub struct Again(Parts);

impl Again {
    /// The caller as he is by now.
    pub async fn caller(&self, app: &App) -> Result<Caller, Problem> {
        let SignedIn(caller) = SignedIn::from_request_parts(&mut self.0.clone(), app).await?;
        Ok(caller)
    }
}

impl FromRequestParts<App> for Again {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, Problem> {
        let mut again = parts.clone();
        // Without what was found out before.
        again.extensions.remove::<Called>();
        Ok(Self(again))
    }
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Calling(caller) = Calling::from_request_parts(parts, app).await?;
        let needed = match parts.method {
            Method::GET | Method::HEAD => AccessScope::Read,
            _ => AccessScope::Write,
        };
        if caller.scopes.allow(needed) { Ok(Self(caller)) } else { Err(Problem::beyond_scope(needed)) }
    }
}
