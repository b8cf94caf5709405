//! The OpenAPI document: what the handlers say of themselves, and what holds for all of them.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::openapi::{
    Content, HeaderBuilder, InfoBuilder, LicenseBuilder, ObjectBuilder, OpenApi, OpenApiBuilder, PathItem, Ref, RefOr,
    Required, Response, ResponseBuilder, Schema, ServerBuilder,
    path::{Operation, Parameter, ParameterBuilder, ParameterIn},
    schema::{ArrayItems, KnownFormat, SchemaFormat, Type},
    security::{Http, HttpAuthScheme, SecurityScheme},
    tag::TagBuilder,
};

use crate::{
    acting_for,
    problem::{FaultBody, MEDIA_TYPE, ProblemBody},
};

mod exports;
mod limits;
mod patches;

/// Sections of the reference, in order.
const TAGS: [(&str, &str); 16] = [
    ("Catalogue", "Products, units and regions; open to everybody."),
    ("Organisations", "Organisations and their sites."),
    ("Clusters", "Who belongs to which cluster, who may act for whom, and who entered what for others."),
    ("People", "Accounts of people, their sessions, and who acts for which organisation."),
    ("Access", "Keys that machines call with."),
    ("Offers", "What sites make and hold."),
    ("Needs", "What sites lack, how much by when."),
    ("Capacity", "How much there is of what, of which grade, where and when."),
    ("Hidden capacity", "What sites can do besides what they offer, and who could convert to what."),
    ("Calls", "What authorities and clusters ask for, who is asked, and what is answered."),
    ("Market", "The mode that the market runs in, and what follows from it."),
    (
        "Trust",
        "Evidence and reviews of certificates, what waits for a reviewer, and who grants that needs are critical.",
    ),
    ("Matching", "Runs of the engine, the matches they suggest, and the shortages they leave."),
    ("Changes", "What changed since, and what stands, for who keeps a copy."),
    ("Audit", "Who did what to which record."),
    ("Operations", "For those who run the service."),
];

const ABOUT: &str = "Muster maps what firms can make and what others lack, and works out who should supply whom.\n\n\
    Every write needs a bearer token, and so does every read but those of the catalogue. Organisations see their own \
    records; the other side of a match is shown without a name.\n\n\
    Bodies are JSON. Unknown fields are refused. Quantities are JSON numbers with a UN/ECE unit; every digit counts. \
    Dates are `YYYY-MM-DD`, instants RFC 3339 in UTC with microseconds. Errors are problem details (RFC 9457) with a \
    stable `code`, and name every fault of the content at once.\n\n\
    Lists come in pages: send the `next` of one as the `cursor` of the following. A path may end in a slash or not.\n\n\
    Every answer says in `RateLimit` and `RateLimit-Policy` how much may be asked for: a read costs a point, a change 5, a \
    password 10, an explanation or an alert 20, a run 50.";

/// The document before its operations.
pub fn frame() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Muster")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()));
    let tags = TAGS.map(|(name, text)| TagBuilder::new().name(name).description(Some(text)).build());
    OpenApiBuilder::new().info(info).servers(Some([ServerBuilder::new().url("/").build()])).tags(Some(tags)).build()
}

/// Adds what holds for all operations: the token, and the errors each can end in.
pub fn complete(mut document: OpenApi) -> OpenApi {
    let mut bearer = Http::new(HttpAuthScheme::Bearer);
    bearer.description = Some(
        "The access token of a person's session (`POST /api/v1/sessions`), or the key of a machine (`POST \
         /api/v1/api-keys`, `muster token create`)."
            .to_owned(),
    );
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    for (name, schema) in [
        ("Problem", <ProblemBody as utoipa::PartialSchema>::schema()),
        ("Fault", <FaultBody as utoipa::PartialSchema>::schema()),
    ] {
        components.schemas.insert(name.to_owned(), schema);
    }
    components.schemas.values_mut().for_each(without_floats);
    for (page, schema) in &mut components.schemas {
        name_entries(page, schema);
    }
    for operation in document.paths.paths.values_mut().filter_map(|item| item.patch.as_mut()) {
        patches::add_patch(operation, components);
    }
    patches::drop_bodies(components);
    limits::add_components(components);
    let examples = examples(&components.schemas);
    for (path, item) in &mut document.paths.paths {
        if let Some(operation) = &mut item.get {
            exports::add(path, operation);
            add_versions(operation);
        }
        if let Some(operation) = &mut item.post
            && crate::idempotency::keeps(path)
        {
            add_key(operation);
        }
        let PathItem { get, post, put, patch, delete, .. } = item;
        for operation in [get, post, put, patch, delete].into_iter().flatten() {
            patches::add_precondition(operation);
            open_limit(operation);
            add_acting_for(path, operation);
            add_errors(operation);
            // Said of each, so that an operation without a token is meant to be so.
            operation.security.get_or_insert_default();
            add_headers(operation);
            add_example(operation, &examples);
            limits::add(path, operation);
        }
    }
    document
}

/// Numbers of this API are exact, so none has the format of a float.
fn without_floats(schema: &mut RefOr<Schema>) {
    let RefOr::T(Schema::Object(object)) = schema else { return };
    for property in object.properties.values_mut() {
        if let RefOr::T(Schema::Object(property)) = property
            && property.format == Some(SchemaFormat::KnownFormat(KnownFormat::Double))
        {
            property.format = None;
        }
    }
}

/// Entries of a page are of the schema that the page is named after.
fn name_entries(page: &str, schema: &mut RefOr<Schema>) {
    let Some(name) = page.strip_prefix("Page_") else { return };
    let RefOr::T(Schema::Object(object)) = schema else { return };
    if let Some(RefOr::T(Schema::Array(entries))) = object.properties.get_mut("items") {
        entries.items = ArrayItems::RefOrSchema(Box::new(RefOr::Ref(Ref::from_schema_name(name))));
    }
}

/// A `limit` may be any number of 32 bits without a sign, which no format of OpenAPI is; it is held to what a page has.
fn open_limit(operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter
            && parameter.name == "limit"
            && let Some(RefOr::T(Schema::Object(schema))) = &mut parameter.schema
        {
            schema.format = Some(SchemaFormat::KnownFormat(KnownFormat::Int64));
            schema.maximum = Some(u32::MAX.into());
        }
    }
}

/// The example of each schema by the schema's name.
fn examples(schemas: &BTreeMap<String, RefOr<Schema>>) -> BTreeMap<String, Value> {
    let example = |schema: &RefOr<Schema>| match schema {
        RefOr::T(Schema::Object(object)) => object.example.clone(),
        RefOr::T(_) | RefOr::Ref(_) => None,
    };
    schemas.iter().filter_map(|(name, schema)| Some((name.clone(), example(schema)?))).collect()
}

/// Shows the example of a body where tools look for it.
fn add_example(operation: &mut Operation, examples: &BTreeMap<String, Value>) {
    let Some(RefOr::T(body)) = &mut operation.request_body else { return };
    for content in body.content.values_mut() {
        let RefOr::T(content) = content else { continue };
        if let Some(RefOr::Ref(reference)) = &content.schema {
            let name = reference.ref_location.rsplit('/').next().unwrap_or_default();
            content.example = examples.get(name).cloned();
        }
    }
}

/// What every read answers besides: its version, 304, and on lists the way to the next page.
fn add_versions(operation: &mut Operation) {
    let list = operation.parameters.iter().flatten().any(|p| matches!(p, RefOr::T(p) if p.name == "cursor"));
    let json =
        |response: &RefOr<Response>| matches!(response, RefOr::T(r) if r.content.contains_key("application/json"));
    if !operation.responses.responses.get("200").is_some_and(json) {
        return;
    }
    let tag = "The version of the answer; send it as `If-None-Match` to be told only if it changed.";
    add_header(operation, "200", "ETag", tag);
    if list {
        add_header(operation, "200", "Link", "`rel=\"next\"` with the address of the next page, where one follows.");
    }
    let same = ResponseBuilder::new().description("It is still the version that `If-None-Match` names").build();
    operation.responses.responses.insert("304".to_owned(), RefOr::T(same));
}

/// What lets a request be sent again.
fn add_key(operation: &mut Operation) {
    let key = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "A key of your choice, such as a UUID. The same request with the same key gets the same answer for 24 \
             hours, and nothing is made twice.",
        ))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255))));
    operation.parameters.get_or_insert_default().push(RefOr::T(key.build()));
}

/// What lets a cluster or portal act for an organisation under a mandate.
fn add_acting_for(path: &str, operation: &mut Operation) {
    if !acting_for::covers(path) || operation.security.as_ref().is_none_or(Vec::is_empty) {
        return;
    }
    let header = ParameterBuilder::new()
        .name("Acting-For")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "The id of an organisation that mandated the caller's own, a cluster or portal, to act for it; what follows \
             is done as that organisation would.",
        ))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)))));
    operation.parameters.get_or_insert_default().push(RefOr::T(header.build()));
}

/// Operations whose answer is shown once and kept by nobody.
const SECRET: [&str; 2] = ["api_keys_create", "sessions_start"];

/// What a tag on the answer to a change is for.
const VERSION: &str =
    "The version of the record as the answer shows it; send it as `If-Match` with what you change next.";

fn add_headers(operation: &mut Operation) {
    if !operation.operation_id.as_deref().is_some_and(|id| SECRET.contains(&id)) {
        add_header(operation, "201", "ETag", VERSION);
    }
    if operation.responses.responses.contains_key("412") {
        add_header(operation, "200", "ETag", VERSION);
    }
    for (status, name, words) in [
        ("201", "Location", "Where to read the record."),
        ("202", "Location", "Where to see how the work stands."),
        ("401", "WWW-Authenticate", "The `Bearer` challenge (RFC 6750)."),
    ] {
        add_header(operation, status, name, words);
    }
}

fn add_header(operation: &mut Operation, status: &str, name: &str, words: &str) {
    if let Some(RefOr::T(response)) = operation.responses.responses.get_mut(status) {
        let schema = ObjectBuilder::new().schema_type(Type::String);
        let header = HeaderBuilder::new().description(Some(words)).schema(Some(schema));
        response.headers.insert(name.to_owned(), RefOr::T(header.build()));
    }
}

fn add_errors(operation: &mut Operation) {
    let takes = |place: ParameterIn| {
        operation.parameters.iter().flatten().any(|p| match p {
            RefOr::T(Parameter { parameter_in, .. }) => *parameter_in == place,
            RefOr::Ref(_) => false,
        })
    };
    let named = |name: &str| operation.parameters.iter().flatten().any(|p| matches!(p, RefOr::T(p) if p.name == name));
    let (path, query) = (takes(ParameterIn::Path), takes(ParameterIn::Query));
    let (key, cursor, acting) = (named("Idempotency-Key"), named("cursor"), named("Acting-For"));
    let body = operation.request_body.is_some();
    let signed_in = operation.security.is_some();
    let bad_request = match (body, cursor) {
        (true, _) => "The body is no JSON, no UTF-8, or nested too deeply",
        (false, true) => {
            "There is no such query parameter, or the cursor is not one of ours or answers another question"
        }
        (false, false) if acting && !query && !key => "The header `Acting-For` is not the id of an organisation",
        (false, false) => "There is no such query parameter, or the `Idempotency-Key` cannot be used",
    };
    let errors = [
        (body || query || key || acting, "400", bad_request),
        (signed_in, "401", "A valid token is missing"),
        (signed_in, "403", "The caller, or the key it calls with, may not do this"),
        (path, "404", "There is no such thing, or it is not yours to see"),
        (key, "409", "The state does not allow it, or the same request is being worked on"),
        (true, "408", "The request took too long"),
        (body, "413", "The body has more than 1 MB"),
        (body, "415", "The body is not announced as JSON, or as a merge patch"),
        (body, "422", "The content breaks rules; every fault is named"),
        (query && !body, "422", "A query parameter is wrong"),
        (key && !body && !query, "422", "Another request has the same `Idempotency-Key`"),
        (true, "429", "Too much was asked for; `Retry-After` says when to try again"),
        (true, "500", "The service failed"),
        (true, "503", "The database is busy or cannot be reached; `Retry-After` says when to try again"),
    ];
    for (_, status, description) in errors.into_iter().filter(|(applies, ..)| *applies) {
        let response = ResponseBuilder::new().description(description).build();
        operation.responses.responses.entry(status.to_owned()).or_insert(RefOr::T(response));
    }
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && (status.starts_with('4') || status.starts_with('5'))
        {
            as_problem(response);
        }
    }
}

fn as_problem(response: &mut Response) {
    let schema = RefOr::Ref(Ref::from_schema_name("Problem"));
    response.content.insert(MEDIA_TYPE.to_owned(), RefOr::T(Content::new(Some(schema))));
}
