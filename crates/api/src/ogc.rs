//! The market for desktop GIS and other map clients: OGC API Features, part 1 (core, GeoJSON, OpenAPI 3.0).
//!
//! What collections there are everybody may read; items are those that the caller may see, as everywhere else.

use app::App;
use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};

use crate::{problem::Problem, signed_in::SignedIn};

mod collection;
mod document;
mod features;
mod question;

use collection::Collection;
use question::{Form, Items};

/// The media type of features.
const GEO_JSON: &str = "application/geo+json";
/// That of the document of this API.
const OPEN_API: &str = "application/vnd.oai.openapi+json;version=3.0";

/// What this API conforms to.
const CONFORMS: [&str; 3] = [
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
];

/// The routes, all below `/ogc`.
pub fn router() -> Router<App> {
    Router::new()
        .route("/ogc", get(landing))
        .route("/ogc/api", get(api))
        .route("/ogc/conformance", get(conformance))
        .route("/ogc/collections", get(collections))
        .route("/ogc/collections/{collection}", get(one_collection))
        .route("/ogc/collections/{collection}/items", get(items))
        .route("/ogc/collections/{collection}/items/{item}", get(item))
}

/// A link with an absolute address below `/ogc`.
fn link(app: &App, path: &str, rel: &str, kind: &str, title: &str) -> Value {
    json!({ "href": format!("{}/ogc{path}", app.public_url), "rel": rel, "type": kind, "title": title })
}

async fn landing(State(app): State<App>, _form: Form) -> Json<Value> {
    let about = "What firms can make and what others lack, on the map: offers as you may see them, capacity by region, and \
                 what is short. Items need a bearer token.";
    let mut guide = link(&app, "", "service-doc", "text/html", "The whole API");
    guide["href"] = json!(format!("{}/docs/api", app.public_url));
    Json(json!({
        "title": "Muster",
        "description": about,
        "links": [
            link(&app, "", "self", "application/json", "This page"),
            link(&app, "/api", "service-desc", OPEN_API, "The document of this API"),
            guide,
            link(&app, "/conformance", "conformance", "application/json", "What this API conforms to"),
            link(&app, "/collections", "data", "application/json", "The collections"),
        ],
    }))
}

async fn api(State(app): State<App>, _form: Form) -> Response {
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static(OPEN_API))];
    (kind, document::of(&app.public_url).to_string()).into_response()
}

async fn conformance(_form: Form) -> Json<Value> {
    Json(json!({ "conformsTo": CONFORMS }))
}

async fn collections(State(app): State<App>, _form: Form) -> Json<Value> {
    let all: Vec<Value> = Collection::ALL.iter().map(|one| one.describe(&app)).collect();
    let own = link(&app, "/collections", "self", "application/json", "The collections");
    Json(json!({ "links": [own], "collections": all }))
}

async fn one_collection(State(app): State<App>, Path(name): Path<String>, _form: Form) -> Result<Json<Value>, Problem> {
    Ok(Json(Collection::parse(&name)?.describe(&app)))
}

async fn items(
    State(app): State<App>,
    Path(name): Path<String>,
    SignedIn(caller): SignedIn,
    items: Items,
) -> Result<Response, Problem> {
    let collection = Collection::parse(&name)?;
    let question = items.question(collection)?;
    let page = features::page(&app, &caller, collection, &question).await?;
    let path = format!("/collections/{}/items", collection.name());
    let mut links = vec![
        link(&app, &items.path(&path, None), "self", GEO_JSON, "These items"),
        link(&app, &format!("/collections/{}", collection.name()), "collection", "application/json", "The collection"),
    ];
    if let Some(next) = &page.next {
        links.push(link(&app, &items.path(&path, Some(next)), "next", GEO_JSON, "What follows"));
    }
    Ok(geo_json(&json!({
        "type": "FeatureCollection",
        "timeStamp": page.as_of.to_string(),
        "numberMatched": page.matched,
        "numberReturned": page.features.len(),
        "left_out": page.left_out,
        "links": links,
        "features": page.features,
    })))
}

async fn item(
    State(app): State<App>,
    Path((name, id)): Path<(String, String)>,
    SignedIn(caller): SignedIn,
    _form: Form,
) -> Result<Response, Problem> {
    let collection = Collection::parse(&name)?;
    let mut feature = features::one(&app, &caller, collection, &id).await?;
    let path = format!("/collections/{}", collection.name());
    let own = format!("{path}/items/{}", question::escaped(&id));
    feature["links"] = json!([
        link(&app, &own, "self", GEO_JSON, "This item"),
        link(&app, &path, "collection", "application/json", "The collection"),
    ]);
    Ok(geo_json(&feature))
}

fn geo_json(body: &Value) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static(GEO_JSON))], body.to_string()).into_response()
}
