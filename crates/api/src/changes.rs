//! The change feed: page by page, waiting for what comes, or as a stream; and what to begin with.

use std::time::Duration;

use app::{
    App,
    access::Caller,
    changes::{self, Change, Changes, EventFilter, Place, Snapshot},
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderName},
    response::{IntoResponse, Response},
};
use domain::event::{Named, Subject};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use crate::{
    cursor, event_stream, limits,
    page::limit,
    problem::Problem,
    query::{Parameters, Several},
    signed_in::{Again, SignedIn},
};

mod record;
mod stream;

use record::RecordView;

/// The longest that a request waits for a change, in seconds: it ends before requests are cut off.
const LONGEST_WAIT: u16 = 25;
/// The header by which a reader of a stream says where it broke off.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The routes of changes.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(snapshot))
}

/// A question to the feed: who asks for what. A cursor answers no other.
#[derive(Debug, Clone)]
struct Feed {
    filter: EventFilter,
    question: String,
}

impl Feed {
    fn of(caller: &Caller, types: &[Subject]) -> Self {
        let filter = changes::filter(caller, types);
        let (actor, behalf) = (caller.actor, caller.behalf.is_some());
        Self { question: format!("changes {actor:?} {behalf} {:?}", filter.subjects), filter }
    }

    /// The cursor after a number. Those of one number look different to whoever asked at different times.
    fn cursor(&self, app: &App, number: i64, salt: i64) -> String {
        cursor::hide(&app.keys, &self.question, &number.to_be_bytes(), salt)
    }

    fn number(&self, app: &App, cursor: &str) -> Result<i64, Problem> {
        let place = cursor::reveal(&app.keys, &self.question, cursor)?;
        let bytes = place.as_slice().try_into();
        bytes.map(i64::from_be_bytes).map_err(|_| Problem::new("invalid_cursor", "the cursor belongs to a snapshot"))
    }

    /// What the cursors of this moment differ by from those of another.
    fn salt(app: &App) -> i64 {
        app.clock.now().micros()
    }

    fn view(&self, app: &App, caller: &Caller, change: Change) -> Result<ChangeView, Problem> {
        let Change { event, record } = change;
        let cursor = self.cursor(app, event.number, 0);
        let Named { subject, id, within } = event.record;
        let seen = record.is_some();
        Ok(ChangeView {
            cursor,
            kind: subject.as_str(),
            id,
            within: within.filter(|_| seen),
            what: seen.then_some(event.what),
            at: seen.then(|| event.at.to_string()),
            tombstone: (!seen).then_some(true),
            record: record.map(|record| RecordView::of(record, app, caller)).transpose()?,
        })
    }
}

fn gone() -> Problem {
    let detail =
        "changes since this cursor are no longer kept; synchronise again, beginning with GET /api/v1/changes/snapshot";
    Problem::new("changes_gone", detail)
}

/// A change of a record, or a tombstone of one that was deleted or left your view.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecordChange)]
struct ChangeView {
    /// The place after this change, the same whenever it is read: send it as `since` to go on from here.
    cursor: String,
    /// What kind of record: one of the words of `types`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The record's id; of a membership the member's.
    id: Uuid,
    /// The cluster, of a membership; the offer, of a certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    within: Option<Uuid>,
    /// What happened: `created`, `changed`, the state that it reached, or another word. Expect new words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    what: Option<String>,
    /// When it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    at: Option<String>,
    /// The record as it is now and as you may see it: what reading it by itself answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    record: Option<RecordView>,
    /// True where you see no such record, or no longer: forget what you have of it. Then nothing else is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    tombstone: Option<bool>,
}

/// A part of the changes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecordChanges)]
struct ChangesView {
    /// The changes in the order in which they were committed, each once.
    items: Vec<ChangeView>,
    /// Send it as `since` for what follows.
    next: String,
    /// Whether more follows already.
    more: bool,
}

/// A record that stands in your view.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StandingRecord)]
struct StandingView {
    /// What kind of record: one of the words of `types`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The record's id; of a membership the member's.
    id: Uuid,
    /// The cluster, of a membership; the offer, of a certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    within: Option<Uuid>,
    /// The record as it is now and as you may see it.
    record: RecordView,
}

/// A part of what stands in your view.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ViewSnapshot)]
struct SnapshotView {
    /// The records.
    items: Vec<StandingView>,
    /// Send it as `cursor` for what follows; null on the last page.
    next: Option<String>,
    /// On the last page: send it as `since` to `GET /api/v1/changes` for every change from the moment on when the first page
    /// was asked for. Null before.
    since: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ChangesQuery {
    /// Where to go on: the `since` of a snapshot, the `next` or a `cursor` of changes. A stream may name it in the header
    /// `Last-Event-ID` instead.
    #[validate(length(max = limits::CURSOR))]
    since: Option<String>,
    /// Only these kinds of records, with commas between them: `organisation`, `site`, `offer`, `certificate`, `need`, `run`,
    /// `match`, `chain`, `call`, `membership`, `mandate`, `alert`; all where absent.
    #[param(value_type = Option<String>, example = "offer,need")]
    #[serde(default)]
    types: Several<Subject>,
    /// At most so many changes, 1 to 200; 50 where absent.
    limit: Option<u32>,
    /// For how many seconds to wait for the first change where there is none yet, at most 25.
    wait: Option<u16>,
}

/// Lists changes.
///
/// Every change of a record in your view since a cursor, once and in the order in which they were committed, with the record
/// as it is now; a tombstone for what was deleted or left your view. With `Accept: text/event-stream` it does not end: each
/// change is an event `change` whose `id` is its cursor.
#[utoipa::path(get, operation_id = "changes_list", path = "/changes", tag = "Changes", params(ChangesQuery), security(("bearer" = [])),
    responses(
        (status = 200, description = "The changes", content((ChangesView = "application/json"), (String = "text/event-stream"))),
        (status = 410, description = "Changes since the cursor are no longer kept; take a snapshot"),
        (status = 429, description = "Too much was asked for, or the organisation holds 20 streams open")))]
async fn list(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    again: Again,
    headers: HeaderMap,
    Parameters(query): Parameters<ChangesQuery>,
) -> Result<Response, Problem> {
    let feed = Feed::of(&caller, &query.types.0);
    let streams = event_stream::is_wanted(&headers);
    let broke_off = headers.get(LAST_EVENT_ID).filter(|_| streams).map(|id| id.to_str().unwrap_or_default().to_owned());
    let Some(since) = broke_off.or(query.since) else {
        let detail = "is missing; begin with GET /api/v1/changes/snapshot, whose last page has it";
        return Err(Problem::invalid_query(domain::violation::Violations::one("/since", "missing", detail)));
    };
    let (after, limit) = (feed.number(&app, &since)?, limit(query.limit));
    if streams {
        return stream::open(app, caller, again, feed, (after, limit)).await;
    }
    let patience = Duration::from_secs(u64::from(query.wait.unwrap_or(0).min(LONGEST_WAIT)));
    let found = changes::wait_since(&app, &caller, &feed.filter, (after, limit, patience)).await?;
    let Changes { items, reached, more } = found.ok_or_else(gone)?;
    let items = items.into_iter().map(|change| feed.view(&app, &caller, change)).collect::<Result<_, _>>()?;
    Ok(Json(ChangesView { items, next: feed.cursor(&app, reached, Feed::salt(&app)), more }).into_response())
}

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SnapshotQuery {
    /// Only these kinds of records, with commas between them, as of the changes that will be followed.
    #[param(value_type = Option<String>, example = "offer,need")]
    #[serde(default)]
    types: Several<Subject>,
    /// At most so many entries, 1 to 200; 50 where absent.
    limit: Option<u32>,
    /// The `next` of the page before.
    #[validate(length(max = limits::CURSOR))]
    cursor: Option<String>,
}

/// Lists what stands in your view.
///
/// Every record that you see, kind after kind; with it a portal begins, and then follows the changes from the `since` of the
/// last page, with the same `types`. Nothing is lost between the two; what changes during the walk may come twice, the
/// later the newer.
#[utoipa::path(get, operation_id = "changes_snapshot", path = "/changes/snapshot", tag = "Changes", params(SnapshotQuery), security(("bearer" = [])),
    responses((status = 200, description = "The records", body = SnapshotView)))]
async fn snapshot(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Parameters(query): Parameters<SnapshotQuery>,
) -> Result<Json<SnapshotView>, Problem> {
    let feed = Feed::of(&caller, &query.types.0);
    let place = query.cursor.map(|cursor| place_of(&app, &feed, &cursor)).transpose()?;
    let Snapshot { items, number, next } =
        changes::snapshot(&app, &caller, &feed.filter, place, limit(query.limit)).await?;
    let view = |(record, shown): (Named, changes::Record)| {
        let (kind, id, within) = (record.subject.as_str(), record.id, record.within);
        Ok(StandingView { kind, id, within, record: RecordView::of(shown, &app, &caller)? })
    };
    let items = items.into_iter().map(view).collect::<Result<_, Problem>>()?;
    let since = next.is_none().then(|| feed.cursor(&app, number, Feed::salt(&app)));
    let next = next.map(|place| cursor::hide(&app.keys, &snapshots(&feed), &bytes_of(place), Feed::salt(&app)));
    Ok(Json(SnapshotView { items, next, since }))
}

fn snapshots(feed: &Feed) -> String {
    format!("snapshot of {}", feed.question)
}

fn bytes_of(place: Place) -> Vec<u8> {
    let mut bytes = place.number.to_be_bytes().to_vec();
    bytes.push(Subject::ALL.iter().position(|s| *s == place.subject).and_then(|at| u8::try_from(at).ok()).unwrap_or(0));
    if let Some(after) = place.after {
        bytes.extend_from_slice(after.id.as_bytes());
        bytes.extend_from_slice(after.within.unwrap_or_default().as_bytes());
    }
    bytes
}

fn place_of(app: &App, feed: &Feed, cursor: &str) -> Result<Place, Problem> {
    let bytes = cursor::reveal(&app.keys, &snapshots(feed), cursor)?;
    let read = || {
        let (number, rest) = bytes.split_at_checked(8)?;
        let (at, rest) = rest.split_first()?;
        let subject = *Subject::ALL.get(usize::from(*at))?;
        let after = match rest.split_at_checked(16) {
            Some((id, within)) => {
                let (id, within) = (Uuid::from_slice(id).ok()?, Uuid::from_slice(within).ok()?);
                Some(Named { subject, id, within: Some(within) })
            }
            None => None,
        };
        Some(Place { number: i64::from_be_bytes(number.try_into().ok()?), subject, after })
    };
    read().ok_or_else(|| Problem::new("invalid_cursor", "the cursor belongs to another list; start again without it"))
}
