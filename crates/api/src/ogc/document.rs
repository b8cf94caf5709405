//! The document of this API in OpenAPI 3.0, which map clients read limits and parameters from; the rest of the service is
//! described in 3.1 at `/api/v1/openapi.json`, which they do not read.

use serde_json::{Map, Value, json};

use super::{
    GEO_JSON,
    collection::Collection,
    question::{MOST, USUAL},
};

/// The document, for a service that is reached at an address.
pub(super) fn of(public_url: &str) -> Value {
    let mut paths = Map::new();
    let plain = [
        ("/", "landing", "The landing page"),
        ("/api", "api", "This document"),
        ("/conformance", "conformance", "What this API conforms to"),
        ("/collections", "collections", "The collections"),
    ];
    for (path, id, summary) in plain {
        paths.insert(path.to_owned(), json!({ "get": open(id, summary, "application/json") }));
    }
    for collection in Collection::ALL {
        let name = collection.name();
        let about = format!("The collection of {name}");
        let describe = open(&format!("{name}_describe"), &about, "application/json");
        paths.insert(format!("/collections/{name}"), json!({ "get": describe }));
        paths.insert(format!("/collections/{name}/items"), json!({ "get": items(collection) }));
        let mut one = guarded(&format!("{name}_item"), &format!("One of the {name}"));
        one["parameters"] = json!([{ "name": "item", "in": "path", "required": true, "schema": { "type": "string" } }]);
        paths.insert(format!("/collections/{name}/items/{{item}}"), json!({ "get": one }));
    }
    json!({
        "openapi": "3.0.3",
        "info": { "title": "Muster for map clients", "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0" } },
        "servers": [{ "url": format!("{public_url}/ogc") }],
        "paths": paths,
        "components": {
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer" } },
            "parameters": parameters(),
        },
    })
}

fn open(id: &str, summary: &str, kind: &str) -> Value {
    json!({ "operationId": id, "summary": summary, "responses": { "200": answer(kind) } })
}

fn guarded(id: &str, summary: &str) -> Value {
    let refused = |description: &str| json!({ "description": description });
    json!({
        "operationId": id,
        "summary": summary,
        "security": [{ "bearer": [] }],
        "responses": {
            "200": answer(GEO_JSON),
            "400": refused("A parameter is wrong, or there is none of its name"),
            "401": refused("There is no valid token"),
            "404": refused("There is no such collection or item, or it is not yours to see"),
        },
    })
}

fn answer(kind: &str) -> Value {
    json!({ "description": "The answer", "content": { kind: { "schema": { "type": "object" } } } })
}

fn items(collection: Collection) -> Value {
    let shared = ["limit", "bbox", "datetime", "cursor"];
    let names = shared.iter().chain(collection.own_parameters());
    let parameters: Vec<Value> =
        names.map(|name| json!({ "$ref": format!("#/components/parameters/{name}") })).collect();
    let mut operation = guarded(&format!("{}_items", collection.name()), collection.title());
    operation["description"] = json!(collection.about());
    operation["parameters"] = json!(parameters);
    operation
}

fn parameters() -> Value {
    let text = json!({ "type": "string" });
    let numbers = json!({ "type": "array", "items": { "type": "number" }, "minItems": 4, "maxItems": 6 });
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL });
    let level = json!({ "type": "integer", "minimum": 0, "maximum": 2, "default": 2 });
    let one = |name: &str, about: &str, schema: &Value| {
        json!({ "name": name, "in": "query", "required": false, "description": about, "schema": schema,
            "style": "form", "explode": false })
    };
    json!({
        "limit": one("limit", "At most so many items; more than the most are the most", &limit),
        "bbox": one("bbox", "West, south, east, north; items of no known place are always inside", &numbers),
        "datetime": one("datetime", "An instant or a day, or a period: from/until, with .. for an open end", &text),
        "cursor": one("cursor", "Set by the links to what follows", &text),
        "product": one("product", "Products, families, public codes or names, with commas between them", &text),
        "grade": one("grade", "Grades, with commas between them", &text),
        "region": one("region", "Regions by code or name, with commas between them", &text),
        "level": one("level", "The level of regions: 0 for countries, 1 or 2 for NUTS", &level),
    })
}
