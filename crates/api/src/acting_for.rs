//! The header `Acting-For`: a cluster or portal names the organisation for which it acts under a mandate.

use app::{App, access::Caller, mandates};
use axum::http::{HeaderMap, HeaderName};
use domain::ids::OrganisationId;

use crate::problem::Problem;

/// The header with the organisation's id.
pub const ACTING_FOR: HeaderName = HeaderName::from_static("acting-for");
/// What is done for others: their goods and needs, and nothing about their people.
const COVERED: [&str; 7] = ["sites", "offers", "needs", "calls", "matches", "match-runs", "changes"];

/// Whether the header means anything at an address.
pub fn covers(path: &str) -> bool {
    // Handlers see the path below the prefix, layers all of it.
    let rest = path.strip_prefix("/api/v1").unwrap_or(path).trim_start_matches('/');
    let list = rest.split('/').next().unwrap_or_default();
    let itself = rest.strip_prefix("organisations/").is_some_and(|id| !id.is_empty() && !id.contains('/'));
    COVERED.contains(&list) || (itself && !["ask", "confirm", "refuse"].iter().any(|act| rest.ends_with(act)))
}

/// The caller as it acts for the organisation that the header names, or as itself where there is no header.
pub async fn named(app: &App, path: &str, headers: &HeaderMap, caller: Caller) -> Result<Caller, Problem> {
    let mut values = headers.get_all(ACTING_FOR).iter();
    let Some(value) = values.next() else { return Ok(caller) };
    let id: Option<OrganisationId> = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    let Some(id) = id.filter(|_| values.next().is_none()) else {
        let detail = "the header Acting-For is not the id of one organisation; write it once, as a UUID";
        return Err(Problem::new("bad_acting_for", detail));
    };
    if !covers(path) {
        let detail = "nobody acts for another organisation here; leave the header Acting-For out";
        return Err(app::AppError::Forbidden { detail: detail.to_owned() }.into());
    }
    Ok(mandates::act_for(app, caller, id).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goods_and_needs_are_covered_and_people_are_not() {
        for path in ["/api/v1/offers", "/api/v1/needs/1/close", "/api/v1/sites", "/organisations/018f"] {
            assert!(covers(path), "{path}");
        }
        let people = ["/api/v1/organisations", "/api/v1/organisations/1/roles", "/api/v1/organisations/ask"];
        for path in people.into_iter().chain(["/api/v1/people/me", "/api/v1/api-keys", "/api/v1/audit", "/members"]) {
            assert!(!covers(path), "{path}");
        }
    }
}
