//! The history of offers and needs: each change with the fields that it changed, by pointers into the record as it is read.

use app::{App, Tables, history::Version};
use axum::extract::State;
use domain::{
    ids::{NeedId, OfferId},
    need::Need,
    offer::Offer,
    time::{Day, Instant},
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    audit::EntryView,
    body,
    needs::NeedView,
    offers::OfferView,
    page::{Listing, Page, Paged, PlainQuery},
    path_id::PathId,
    problem::Problem,
    query::Parameters,
    signed_in::SignedIn,
};

/// The routes of histories.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(of_offer)).routes(routes!(of_need))
}

/// A change of a record.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HistoryEntry)]
struct VersionView {
    /// Who changed it, when and by what: the entry of the audit log.
    entry: EntryView,
    /// The fields that it changed.
    fields: Vec<FieldView>,
}

/// A field that changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HistoryField)]
struct FieldView {
    /// A JSON pointer into the record as it is read, e.g. `/capacity/stock/value`.
    pointer: String,
    /// What stood there, whatever its type; null where nothing did, and of free text.
    from: Value,
    /// What stands there since; null where nothing does, and of free text.
    to: Value,
}

/// Lists what became of an offer.
///
/// For its owner and the operator: each change since it was made, the first first, with who changed which field from what to
/// what. Of free text, and of what a file of an import changed, it is only told that it changed.
#[utoipa::path(get, operation_id = "offers_history", path = "/offers/{id}/history", tag = "Offers", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The offer's id"), PlainQuery),
    responses((status = 200, description = "Its changes", body = Page<VersionView>)))]
async fn of_offer(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<OfferId>,
    Parameters(query): Parameters<PlainQuery>,
) -> Result<Paged<VersionView>, Problem> {
    let part = query.part();
    let listing = Listing::new(&app, caller.actor, ("offer history", id.to_string()), part)?;
    let found = app::history::of_offer(&app, &caller, id, listing.request).await?;
    let (tables, today) = (app.tables(), app.today());
    Ok(listing.answer(&app, found, |version| shown(version, |offer| offer_json(offer, &tables, today))))
}

/// Lists what became of a need.
///
/// As the history of an offer does.
#[utoipa::path(get, operation_id = "needs_history", path = "/needs/{id}/history", tag = "Needs", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The need's id"), PlainQuery),
    responses((status = 200, description = "Its changes", body = Page<VersionView>)))]
async fn of_need(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<NeedId>,
    Parameters(query): Parameters<PlainQuery>,
) -> Result<Paged<VersionView>, Problem> {
    let part = query.part();
    let listing = Listing::new(&app, caller.actor, ("need history", id.to_string()), part)?;
    let found = app::history::of_need(&app, &caller, id, listing.request).await?;
    let (tables, today) = (app.tables(), app.today());
    Ok(listing.answer(&app, found, |version| shown(version, |need| need_json(need, &tables, today))))
}

/// The instants of a record are no part of its history.
fn bare<T>(record: T, today: Day) -> app::Stored<T> {
    let at = Instant::start_of(today);
    app::Stored { record, origin: None, created_at: at, updated_at: at }
}

fn offer_json(offer: Offer, tables: &Tables, today: Day) -> Value {
    let mut json = serde_json::to_value(OfferView::of(bare(offer, today), tables, today)).unwrap_or_default();
    // What the day makes of it is no change of anybody's.
    if let Some(object) = json.as_object_mut() {
        object.remove("stale");
    }
    json
}

fn need_json(need: Need, tables: &Tables, today: Day) -> Value {
    let mut json = serde_json::to_value(NeedView::of(bare(need, today), tables, today)).unwrap_or_default();
    if let Some(object) = json.as_object_mut() {
        object.remove("days_of_supply");
    }
    json
}

fn shown<T>(version: Version<T>, json: impl Fn(T) -> Value) -> VersionView {
    let mut fields = Vec::new();
    let has_sides = version.sides.is_some();
    if let Some((before, after)) = version.sides {
        differences("", &json(before), &json(after), &mut fields);
    }
    // Of what no sides are kept the entry tells, and of free text that it changed.
    let untold = version.entry.changes.iter().filter(|change| !has_sides || change.field == "note");
    fields.extend(untold.map(|change| FieldView {
        pointer: format!("/{}", body::escape(&change.field)),
        from: change.from.clone().map_or(Value::Null, Value::String),
        to: change.to.clone().map_or(Value::Null, Value::String),
    }));
    VersionView { entry: EntryView::of(version.entry), fields }
}

/// Where two values differ: objects member by member, lists of one length entry by entry, all else as a whole.
fn differences(at: &str, before: &Value, after: &Value, found: &mut Vec<FieldView>) {
    match (before, after) {
        (before, after) if before == after => {}
        (Value::Object(before), Value::Object(after)) => {
            let mut names: Vec<&String> =
                before.keys().chain(after.keys().filter(|n| !before.contains_key(*n))).collect();
            names.sort();
            for name in names {
                let of = |object: &serde_json::Map<String, Value>| object.get(name).cloned().unwrap_or_default();
                differences(&format!("{at}/{}", body::escape(name)), &of(before), &of(after), found);
            }
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            for (i, (before, after)) in before.iter().zip(after).enumerate() {
                differences(&format!("{at}/{i}"), before, after, found);
            }
        }
        (before, after) => {
            found.push(FieldView { pointer: at.to_owned(), from: before.clone(), to: after.clone() });
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(before: Value, after: Value, expected: &[&str]) {
        let mut found = Vec::new();
        differences("", &before, &after, &mut found);
        let told: Vec<String> = found.iter().map(|f| format!("{} {} {}", f.pointer, f.from, f.to)).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn what_differs_is_named_by_its_pointer_and_nothing_else_is() {
        check(json!({"a": 1}), json!({"a": 1}), &[]);
        check(json!({"a": 1, "b/c": 2}), json!({"a": 3, "b/c": null}), &["/a 1 3", "/b~1c 2 null"]);
        check(
            json!({"a": {"b": 1, "c": 2}}),
            json!({"a": {"b": 2, "d": 4}}),
            &["/a/b 1 2", "/a/c 2 null", "/a/d null 4"],
        );
        check(json!([1, {"a": 1}]), json!([1, {"a": 2}]), &["/1/a 1 2"]);
        check(json!({"a": [1]}), json!({"a": [1, 2]}), &["/a [1] [1,2]"]);
        check(json!({"a": null}), json!({"a": {"b": 1}}), &["/a null {\"b\":1}"]);
    }
}
