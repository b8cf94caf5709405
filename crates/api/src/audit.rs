//! The audit log.

use app::{App, Order, audit::AuditFilter};
use axum::extract::State;
use domain::{
    audit::{Act, AuditEntry, Change, RecordKind},
    ids::OrganisationId,
    time::Instant,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use crate::{
    limits,
    page::{Listing, Page, Paged, Part},
    problem::Problem,
    query::{Parameters, Several},
    signed_in::SignedIn,
    sort::{ByCreation, Sort},
};

/// The route of the log.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list))
}

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Only what was done to the record of this id.
    record_id: Option<Uuid>,
    /// Only records of these kinds, with commas between them: `organisation`, `site`, `offer`, `need`, `match_run`,
    /// `api_key`, `person`, `password`, `role`, `session`, `import`, `membership`, `mandate`, `claim`, `market`,
    /// `certificate`, `evidence`, `review`, `match`.
    #[param(value_type = Option<String>, example = "offer,need")]
    #[serde(default)]
    record: Several<RecordKind>,
    /// Only these acts, with commas between them: `create`, `update`, `withdraw`, `close`, `verify`, `merge`,
    /// `revoke`, `start`, `cancel`, `register`, `set`, `reset`, `grant`, `accept`, `remove`, `end`, `reuse`, `erase`,
    /// `request`, `enter`, `confirm`, `refuse`, `open`, `publish`, `pause`, `convert`, `suspend`, `expire`, `release`,
    /// `review`, `delete`, `endanger`, `secure`.
    #[param(value_type = Option<String>, example = "withdraw,close")]
    #[serde(default)]
    act: Several<Act>,
    /// Only what concerns this organisation: it acted, or the record is its own.
    organisation: Option<Uuid>,
    /// Only since this instant.
    #[param(value_type = Option<String>, format = DateTime, example = "2020-04-20T00:00:00Z")]
    since: Option<Instant>,
    /// Only before this instant.
    #[param(value_type = Option<String>, format = DateTime, example = "2020-04-21T00:00:00Z")]
    before: Option<Instant>,
    /// What the list is sorted by: `-created_at` (where absent), the last first, or `created_at`.
    #[param(value_type = Option<String>, example = "created_at")]
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

/// Something that was done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub struct EntryView {
    /// Its id.
    id: Uuid,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// As whom: `operator`, `organisation`, or `person` for nobody but the person.
    acting_as: &'static str,
    /// As which organisation.
    acting: Option<Uuid>,
    /// Which person did it, where it was done for the reader's own organisation or the reader is the operator.
    person: Option<Uuid>,
    /// By what: `command_line`, `session`, `link`, `api_key`, `outside_token`, or `nothing` for whoever asks for an account.
    credential: &'static str,
    /// Which session or key, or a seal of whom an outside token named; to whom `person` is told.
    credential_id: Option<Uuid>,
    /// Under which mandate, where `acting` did it for the owner.
    mandate: Option<Uuid>,
    /// What was done.
    act: &'static str,
    /// To what kind of record.
    record: &'static str,
    /// To which record.
    record_id: Uuid,
    /// Whose record it is; null where it is nobody's own.
    owner: Option<Uuid>,
    /// What changed. Of free text and of what has many parts it is not told how: both sides are null then.
    changes: Vec<ChangeView>,
}

/// A field that changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditChange)]
struct ChangeView {
    /// The field.
    field: String,
    /// What it was; null where it was not there.
    from: Option<String>,
    /// What it is; null where it is no longer there.
    to: Option<String>,
}

impl EntryView {
    /// An entry.
    pub fn of(entry: AuditEntry) -> Self {
        let change = |Change { field, from, to }| ChangeView { field, from, to };
        Self {
            id: entry.id.0,
            at: entry.at.to_string(),
            acting_as: entry.acting.as_str(),
            acting: entry.acting.organisation().map(|id| id.0),
            person: entry.person.map(|id| id.0),
            credential: entry.credential.as_str(),
            credential_id: entry.credential_id,
            mandate: entry.mandate.map(|id| id.0),
            act: entry.act.as_str(),
            record: entry.record.as_str(),
            record_id: entry.record_id,
            owner: entry.owner.map(|id| id.0),
            changes: entry.changes.into_iter().map(change).collect(),
        }
    }
}

/// Lists what was done.
///
/// The last first. Every change is noted in the transaction that makes it, and no entry is ever changed. The operator
/// sees all entries, an organisation what it did and what was done to its records.
#[utoipa::path(get, operation_id = "audit_list", path = "/audit", tag = "Audit", params(ListQuery), security(("bearer" = [])),
    responses((status = 200, description = "The entries", body = Page<EntryView>)))]
async fn list(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Paged<EntryView>, Problem> {
    let filter = AuditFilter {
        record_id: query.record_id,
        records: query.record.0,
        acts: query.act.0,
        organisation: query.organisation.map(OrganisationId),
        owner: None,
        person: None,
        since: query.since,
        before: query.before,
    };
    let order = query.sort.map_or(Order::Descending, |sort| sort.order);
    let part = Part { limit: query.limit, cursor: query.cursor.as_deref(), order, total: query.total };
    let listing = Listing::new(&app, caller.actor, ("audit", format!("{filter:?}")), part)?;
    let found = app::audit::page(&app, &caller, &filter, listing.request).await?;
    Ok(listing.answer(&app, found, EntryView::of))
}
