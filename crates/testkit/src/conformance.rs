//! Holds answers against the OpenAPI document: statuses, fields, types.

use std::sync::OnceLock;

use axum::http::Method;
use serde_json::Value;

fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| match serde_json::to_value(api::openapi()) {
        Ok(document) => document,
        Err(e) => panic!("{e}"),
    })
}

/// What is wrong with an answer; answers of addresses and methods that the document does not have
/// must be problems, or pages for people.
pub(crate) fn check(method: &Method, path: &str, status: u16, body: &Value) -> Result<(), String> {
    let problem = status >= 400;
    let Some(operation) = operation(method, path) else {
        return if problem { of_schema("#/components/schemas/Problem", body) } else { Ok(()) };
    };
    let response = &operation["responses"][status.to_string()];
    if response.is_null() {
        return Err(format!("status {status} is not documented"));
    }
    if status == 204 || status == 304 {
        return if body.is_null() { Ok(()) } else { Err(format!("status {status} has a body")) };
    }
    // A file is no JSON; that the answer is documented is all that can be said of it.
    let files =
        response["content"].as_object().is_some_and(|content| content.keys().all(|kind| !kind.ends_with("json")));
    if !problem && files {
        return Ok(());
    }
    let media = if problem { "application/problem+json" } else { "application/json" };
    let schema = &response["content"][media]["schema"];
    if schema.is_null() { Err(format!("status {status} has no documented body")) } else { matches(schema, body, "") }
}

fn operation(method: &Method, path: &str) -> Option<&'static Value> {
    let trimmed = path.trim_end_matches('/');
    let same = |template: &str| {
        let (a, b) = (template.split('/'), trimmed.split('/'));
        a.clone().count() == b.clone().count() && a.zip(b).all(|(t, s)| t == s || t.starts_with('{'))
    };
    let paths = document()["paths"].as_object()?;
    let item = paths.iter().find(|(template, _)| same(template)).map(|(_, item)| item)?;
    item.get(method.as_str().to_ascii_lowercase())
}

/// What is wrong with a value of a schema of the document, named as `#/components/schemas/Offer`.
///
/// # Errors
/// The first fault, with the place where it stands.
pub fn of_schema(reference: &str, value: &Value) -> Result<(), String> {
    let pointer = reference.trim_start_matches('#');
    match document().pointer(pointer) {
        Some(schema) => matches(schema, value, ""),
        None => Err(format!("{reference} does not exist")),
    }
}

fn matches(schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    if let Some(reference) = schema["$ref"].as_str() {
        return of_schema(reference, value).map_err(|e| format!("{at}{e}"));
    }
    if let Some(choices) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        let fits = choices.iter().any(|c| matches(c, value, at).is_ok());
        return if fits { Ok(()) } else { Err(format!("{at}: {value} is none of the choices")) };
    }
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let allowed: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => return Ok(()),
    };
    let whole = value.as_i64().is_some() || value.as_u64().is_some();
    if !allowed.iter().any(|a| *a == found || (*a == "integer" && found == "number" && whole)) {
        return Err(format!("{at}: {value} is no {}", allowed.join(" or ")));
    }
    match value {
        Value::Array(items) => {
            let mut each = items.iter().enumerate();
            each.try_for_each(|(i, item)| matches(&schema["items"], item, &format!("{at}/{i}")))
        }
        Value::Object(fields) => {
            let known = schema["properties"].as_object();
            let required = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
            if let Some(missing) = required.iter().filter_map(Value::as_str).find(|name| !fields.contains_key(*name)) {
                return Err(format!("{at}: the field {missing} is missing"));
            }
            fields.iter().try_for_each(|(name, field)| {
                let below = format!("{at}/{name}");
                match (known.and_then(|k| k.get(name)), schema.get("additionalProperties")) {
                    (Some(schema), _) | (None, Some(schema)) => matches(schema, field, &below),
                    (None, None) => Err(format!("{below} is not documented")),
                }
            })
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}
