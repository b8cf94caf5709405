//! Patches in the document: each is made from the body that it patches, with every member free to be left out, and
//! to be null where it may be absent.

use serde_json::{Map, Value, json};
use utoipa::openapi::{
    Components, Content, ObjectBuilder, Ref, RefOr, Required, Schema,
    path::{Operation, ParameterBuilder, ParameterIn},
    schema::Type,
};

use crate::patch::MEDIA_TYPE;

/// Fields of bodies that say once and for all whose and where a record is, or what other operations change.
const FIXED: [&str; 4] = ["organisation", "site", "draft", "open"];

/// Lets the operation take a patch of its body, in both media types.
pub(super) fn add_patch(operation: &mut Operation, components: &mut Components) {
    let Some(RefOr::T(body)) = &mut operation.request_body else { return };
    let Some(RefOr::T(content)) = body.content.get(MEDIA_TYPE) else { return };
    let Some(RefOr::Ref(reference)) = &content.schema else { return };
    let name = patch_of(reference.ref_location.rsplit('/').next().unwrap_or_default(), components);
    let mut content = Content::new(Some(RefOr::<Schema>::Ref(Ref::from_schema_name(&name))));
    content.example =
        components.schemas.get(&name).and_then(|schema| serde_json::to_value(schema).ok()?.get("example").cloned());
    for media in [MEDIA_TYPE, "application/json"] {
        body.content.insert(media.to_owned(), RefOr::T(content.clone()));
    }
}

/// Bodies of nothing but patches: what such a record is made of, its creation says.
const PATCHED_ALONE: [&str; 2] = ["OrganisationDetailsInput", "PersonDetailsInput"];

/// Takes out the bodies that no operation takes as they are.
pub(super) fn drop_bodies(components: &mut Components) {
    components.schemas.retain(|name, _| !PATCHED_ALONE.contains(&name.as_str()));
}

/// Says that an operation compares with `If-Match`, where it can answer that the record is another by now.
pub(super) fn add_precondition(operation: &mut Operation) {
    let responses = &operation.responses.responses;
    if !responses.contains_key("412") {
        return;
    }
    let required = if responses.contains_key("428") { Required::True } else { Required::False };
    let header = ParameterBuilder::new()
        .name("If-Match")
        .parameter_in(ParameterIn::Header)
        .required(required)
        .description(Some("The `ETag` that you read the record with; `*` means whatever it is by now."))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)));
    operation.parameters.get_or_insert_default().push(RefOr::T(header.build()));
}

/// The name of the patch of a schema, which it adds with those of its parts; the schema's own where it is no object.
fn patch_of(name: &str, components: &mut Components) -> String {
    let patch = format!("{}Patch", name.trim_end_matches("Input"));
    let schema = components.schemas.get(name).and_then(|schema| serde_json::to_value(schema).ok());
    let Some(Value::Object(mut schema)) = schema else { return name.to_owned() };
    if components.schemas.contains_key(&patch) {
        return patch;
    }
    let Some(Value::Object(properties)) = schema.remove("properties") else { return name.to_owned() };
    let required = schema.remove("required").unwrap_or_default();
    let needed = |field: &str| required.as_array().is_some_and(|names| names.iter().any(|name| name == field));
    let parts: Map<String, Value> = properties
        .into_iter()
        .filter(|(field, _)| !FIXED.contains(&field.as_str()))
        .map(|(field, part)| {
            let part = if needed(&field) { part } else { nullable(part, components) };
            (field, part)
        })
        .collect();
    let words = match PATCHED_ALONE.contains(&name) {
        true => "A merge patch of what may be changed.".to_owned(),
        false => format!("A merge patch of `{name}`; null clears."),
    };
    schema.insert("description".to_owned(), json!(words));
    let example: Option<Map<String, Value>> = schema.remove("example").and_then(|example| match example {
        Value::Object(fields) => Some(fields.into_iter().filter(|(field, _)| parts.contains_key(field)).collect()),
        _ => None,
    });
    schema.extend(example.map(|example| ("example".to_owned(), Value::Object(example))));
    schema.insert("properties".to_owned(), Value::Object(parts));
    if let Ok(schema) = serde_json::from_value::<RefOr<Schema>>(Value::Object(schema)) {
        components.schemas.insert(patch.clone(), schema);
    }
    patch
}

/// A member that may be null, which clears it; an object that may be patched member by member.
fn nullable(mut part: Value, components: &mut Components) -> Value {
    if let Some(entries) = part.get_mut("additionalProperties").filter(|entries| entries.is_object()) {
        *entries = nullable(entries.take(), components);
    }
    let Some(fields) = part.as_object_mut() else { return part };
    if let Some(kind) = fields.get("type").cloned() {
        let kinds = match kind {
            Value::Array(kinds) => kinds,
            one => vec![one, json!("null")],
        };
        fields.insert("type".to_owned(), json!(kinds));
        return part;
    }
    // An optional object is a choice of null and a reference, which then has the words.
    let choice = fields.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    let named = choice.filter_map(Value::as_object).find(|one| one.contains_key("$ref")).unwrap_or(fields);
    let description = fields.get("description").or_else(|| named.get("description")).cloned();
    let reference = named.get("$ref").and_then(Value::as_str).and_then(|at| at.rsplit('/').next());
    let Some(name) = reference.map(str::to_owned) else { return part };
    let name = patch_of(&name, components);
    let mut choice = json!({ "oneOf": [{ "type": "null" }, { "$ref": format!("#/components/schemas/{name}") }] });
    if let (Some(words), Some(fields)) = (description, choice.as_object_mut()) {
        fields.insert("description".to_owned(), words);
    }
    choice
}
