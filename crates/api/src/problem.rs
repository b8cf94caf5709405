//! RFC 9457 problem details: one shape for every error, from whatever layer.
//!
//! A handler or extractor answers with a [`Problem`], which travels as an extension of an empty
//! response; the outermost layer adds the request's id, writes the body and logs the cause once.

use app::error::AppError;
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{
    api_key::AccessScope,
    violation::{Violation, Violations},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::codes;

/// The media type of errors.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Seconds until an issuer that did not answer is asked again.
const ISSUER_WAIT: u16 = 30;

/// The most faults that an answer lists; a body of nothing but faults must not be answered by a larger one.
const MOST_FAULTS: usize = 100;
/// The longest text of a fault, in code points: its beginning and its end are shown of a longer one.
const MOST_SHOWN: usize = 1_000;

/// A text with its middle left out where it is too long, since the value stands first and the remedy last.
fn shortened(text: String) -> String {
    let length = text.chars().count();
    if length <= MOST_SHOWN {
        return text;
    }
    let (start, end) = (MOST_SHOWN / 2, MOST_SHOWN / 2 - 1);
    text.chars().take(start).chain(['…']).chain(text.chars().skip(length - end)).collect()
}

/// An error on its way out.
#[derive(Debug, Clone)]
pub struct Problem {
    code: &'static str,
    detail: String,
    errors: Vec<Violation>,
    authenticate: Option<String>,
    /// Seconds to wait before it is tried again.
    wait: Option<u16>,
    cause: Option<String>,
}

/// What an error looks like on the wire (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "/docs/errors/invalid", "title": "The content breaks rules", "status": 422, "code": "invalid",
    "detail": "1 fault; nothing was stored", "request_id": "018f0000-0000-7000-8000-000000000001",
    "errors": [{"pointer": "/stock/value", "code": "negative", "detail": "-5 is below zero; write a positive number"}]
}))]
pub struct ProblemBody {
    /// Where the code is explained: `/docs/errors/{code}`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the code means, in short.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong with this request.
    pub detail: String,
    /// The stable code.
    pub code: &'static str,
    /// The id of this request, as in the `x-request-id` header and in the operator's log.
    pub request_id: String,
    /// The faults of the content, all at once and at most 100; empty for errors of other kinds.
    pub errors: Vec<FaultBody>,
}

/// One fault of the content.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Fault)]
pub struct FaultBody {
    /// JSON pointer (RFC 6901) to the field of the body; `/limit` for the query parameter `limit`.
    #[schema(example = "/stock/value")]
    pub pointer: String,
    /// The stable code, explained at `/docs/errors/{code}`.
    #[schema(example = "negative")]
    pub code: String,
    /// The value and the remedy; longer values are shown without their middle.
    #[schema(example = "-5 is below zero; write a positive number")]
    pub detail: String,
}

impl Problem {
    /// A problem of a code in [`codes::ALL`].
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        debug_assert!(codes::find(code).is_some_and(|c| c.status.is_some()), "{code} is no code of an answer");
        Self { code, detail: detail.into(), errors: Vec::new(), authenticate: None, wait: None, cause: None }
    }

    /// Faults of a body.
    pub fn invalid(faults: Violations) -> Self {
        Self::with_errors("invalid", faults)
    }

    /// Faults of a query string.
    pub fn invalid_query(faults: Violations) -> Self {
        Self::with_errors("invalid_query", faults)
    }

    /// The problem of a query where a standard has 400 for all that is wrong with it.
    pub fn of_bad_query(self) -> Self {
        let code = if self.code == "invalid_query" { "bad_query" } else { self.code };
        Self { code, ..self }
    }

    /// A query parameter that does not exist.
    pub fn unknown_parameter(fault: Violations) -> Self {
        Self::with_errors("unknown_parameter", fault)
    }

    fn with_errors(code: &'static str, faults: Violations) -> Self {
        let mut errors = faults.into_vec();
        let count = errors.len();
        errors.truncate(MOST_FAULTS);
        for fault in &mut errors {
            fault.pointer = shortened(std::mem::take(&mut fault.pointer));
            fault.detail = shortened(std::mem::take(&mut fault.detail));
        }
        let detail = match errors.as_slice() {
            [one] => format!("{}: {}", one.pointer, one.detail),
            listed if listed.len() < count => {
                format!("{count} faults, of which the first {MOST_FAULTS} are listed; nothing was stored")
            }
            _ => format!("{count} faults; nothing was stored"),
        };
        Self { errors, ..Self::new(code, detail) }
    }

    /// No valid token; `error` is the RFC 6750 error, absent where no token was sent.
    pub fn unauthenticated(detail: &str, error: Option<&str>) -> Self {
        let challenge = match error {
            None => "Bearer realm=\"muster\"".to_owned(),
            Some(error) => format!("Bearer realm=\"muster\", error=\"{error}\", error_description=\"{detail}\""),
        };
        Self { authenticate: Some(challenge), ..Self::new("unauthenticated", detail) }
    }

    /// What was sent in the body opens nothing.
    fn refused(code: &'static str, why: &AppError) -> Self {
        Self { authenticate: Some("Bearer realm=\"muster\"".to_owned()), ..Self::new(code, why.to_string()) }
    }

    /// A key that may not be used for this (RFC 6750).
    pub fn beyond_scope(needed: AccessScope) -> Self {
        let needed = needed.as_str();
        let challenge = format!("Bearer realm=\"muster\", error=\"insufficient_scope\", scope=\"{needed}\"");
        let detail = format!("your role or key does not have the scope {needed}; use one that has it");
        Self { authenticate: Some(challenge), ..Self::new("forbidden", detail) }
    }

    /// What cannot be seen.
    pub fn not_found(what: &str) -> Self {
        Self::new("not_found", format!("there is no such {what}, or it is not yours to see"))
    }

    /// The problem of a response that came without one, by its status.
    pub fn of_status(status: StatusCode) -> Self {
        let known = codes::ALL.iter().find(|c| c.status == Some(status)).map_or("internal", |c| c.code);
        Self::new(known, status.canonical_reason().unwrap_or("failed").to_owned())
    }

    /// The status of its code.
    pub fn status(&self) -> StatusCode {
        codes::find(self.code).and_then(|c| c.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Whether the service was too busy to begin.
    pub fn did_nothing(&self) -> bool {
        matches!(self.code, "busy" | "overloaded" | "rate_limited" | "issuer_unavailable")
    }

    /// The faults it names.
    #[cfg(test)]
    pub(crate) fn faults(&self) -> &[Violation] {
        &self.errors
    }

    /// Writes it, keeping the headers of the response it travelled with.
    pub fn render(self, mut carrier: Response, request_id: &str) -> Response {
        let status = self.status();
        if let Some(cause) = &self.cause {
            tracing::error!(code = self.code, %cause, "request failed");
        }
        let body = ProblemBody {
            kind: codes::page(self.code),
            title: codes::find(self.code).map_or("The service failed", |c| c.title),
            status: status.as_u16(),
            detail: self.detail,
            code: self.code,
            request_id: request_id.to_owned(),
            errors: self
                .errors
                .into_iter()
                .map(|v| FaultBody { pointer: v.pointer, code: v.code.to_owned(), detail: v.detail })
                .collect(),
        };
        let text = serde_json::to_vec(&body).unwrap_or_default();
        *carrier.status_mut() = status;
        let headers = carrier.headers_mut();
        headers.remove(header::CONTENT_LENGTH);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(value) = self.authenticate.and_then(|a| HeaderValue::from_str(&a).ok()) {
            headers.insert(header::WWW_AUTHENTICATE, value);
        }
        let wait = self.wait.or((status == StatusCode::SERVICE_UNAVAILABLE).then_some(1));
        if let Some(wait) = wait {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait));
        }
        *carrier.body_mut() = Body::from(text);
        carrier
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Invalid(faults) => Self::invalid(faults),
            AppError::NotFound { what } => Self::not_found(what),
            AppError::Forbidden { detail } => Self::new("forbidden", detail),
            AppError::Conflict { code, detail } => Self::new(code, detail),
            AppError::SignInRefused => Self::refused("sign_in_refused", &AppError::SignInRefused),
            AppError::SessionEnded => Self::refused("session_ended", &AppError::SessionEnded),
            AppError::TooOften { detail, wait } => {
                let wait = Some(u16::try_from(wait).unwrap_or(u16::MAX));
                Self { wait, ..Self::new("tried_too_often", detail) }
            }
            AppError::Busy => Self::new("busy", "the database is busy; try again in a second"),
            AppError::Overloaded { detail } => Self::new("overloaded", detail),
            AppError::IssuerAway => {
                let detail = "the keys of the token's issuer cannot be had at the moment; try again, or call with another credential";
                Self { wait: Some(ISSUER_WAIT), ..Self::new("issuer_unavailable", detail) }
            }
            AppError::Unavailable { cause } => {
                Self { cause: Some(cause), ..Self::new("unavailable", "the database cannot be reached at the moment") }
            }
            AppError::Internal { cause } => {
                let detail = "something went wrong on our side; the operator finds it in the log by the request_id";
                Self { cause: Some(cause), ..Self::new("internal", detail) }
            }
        }
    }
}
