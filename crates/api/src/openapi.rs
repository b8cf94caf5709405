//! The OpenAPI document: what the handlers say of themselves, and what holds for all of them.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::openapi::{
    Content, HeaderBuilder, InfoBuilder, License, ObjectBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Response,
    ResponseBuilder, Schema, ServerBuilder,
    path::{Operation, Parameter, ParameterIn},
    schema::{KnownFormat, SchemaFormat, Type},
    security::{Http, HttpAuthScheme, SecurityScheme},
    tag::TagBuilder,
};

use crate::problem::{FaultBody, MEDIA_TYPE, ProblemBody};

/// Sections of the reference, in order.
const TAGS: [(&str, &str); 6] = [
    ("Catalogue", "Products, units and regions; open to everybody."),
    ("Organisations", "Organisations and their sites."),
    ("Offers", "What sites make and hold."),
    ("Needs", "What sites lack, how much by when."),
    ("Matching", "Runs of the engine, the matches they suggest, and the shortages they leave."),
    ("Operations", "For those who run the service."),
];

const ABOUT: &str = "Muster maps what firms can make and what others lack, and works out who should supply whom.\n\n\
    Every write needs a bearer token, and so does every read but those of the catalogue. Organisations see their own \
    records; the other side of a match is shown without a name.\n\n\
    Bodies are JSON. Unknown fields are refused. Quantities are JSON numbers with a UN/ECE unit; every digit counts. \
    Dates are `YYYY-MM-DD`, instants RFC 3339 in UTC with microseconds. Errors are problem details (RFC 9457) with a \
    stable `code`, and name every fault of the content at once.\n\n\
    Lists come in pages: send the `next` of one as the `cursor` of the following. A path may end in a slash or not.";

/// The document before its operations.
pub fn frame() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Muster")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(License::new("Apache-2.0")));
    let tags = TAGS.map(|(name, text)| TagBuilder::new().name(name).description(Some(text)).build());
    OpenApiBuilder::new().info(info).servers(Some([ServerBuilder::new().url("/").build()])).tags(Some(tags)).build()
}

/// Adds what holds for all operations: the token, and the errors each can end in.
pub fn complete(mut document: OpenApi) -> OpenApi {
    let mut bearer = Http::new(HttpAuthScheme::Bearer);
    bearer.bearer_format = Some("JWT".to_owned());
    bearer.description = Some("A token that the operator made with `muster token create`.".to_owned());
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    for (name, schema) in [
        ("Problem", <ProblemBody as utoipa::PartialSchema>::schema()),
        ("Fault", <FaultBody as utoipa::PartialSchema>::schema()),
    ] {
        components.schemas.insert(name.to_owned(), schema);
    }
    components.schemas.values_mut().for_each(without_floats);
    let examples = examples(&components.schemas);
    for item in document.paths.paths.values_mut() {
        for operation in [&mut item.get, &mut item.post].into_iter().flatten() {
            add_errors(operation);
            add_headers(operation);
            add_example(operation, &examples);
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

fn add_headers(operation: &mut Operation) {
    let told = [
        ("201", "Location", "Where to read the record."),
        ("202", "Location", "Where to see how the work stands."),
        ("401", "WWW-Authenticate", "The `Bearer` challenge (RFC 6750)."),
        ("503", "Retry-After", "Seconds to wait."),
    ];
    for (status, name, words) in told {
        if let Some(RefOr::T(response)) = operation.responses.responses.get_mut(status) {
            let header = HeaderBuilder::new()
                .description(Some(words))
                .schema(Some(ObjectBuilder::new().schema_type(Type::String)));
            response.headers.insert(name.to_owned(), RefOr::T(header.build()));
        }
    }
}

fn add_errors(operation: &mut Operation) {
    let takes = |place: ParameterIn| {
        operation.parameters.iter().flatten().any(|p| match p {
            RefOr::T(Parameter { parameter_in, .. }) => *parameter_in == place,
            RefOr::Ref(_) => false,
        })
    };
    let (path, query) = (takes(ParameterIn::Path), takes(ParameterIn::Query));
    let cursor = operation.parameters.iter().flatten().any(|p| matches!(p, RefOr::T(p) if p.name == "cursor"));
    let body = operation.request_body.is_some();
    let signed_in = operation.security.is_some();
    let bad_request = match (body, cursor) {
        (true, _) => "The body is no JSON, no UTF-8, or nested too deeply",
        (false, _) => "The cursor is not one of ours, or answers another question",
    };
    let errors = [
        (body || cursor, "400", bad_request),
        (signed_in, "401", "A valid token is missing"),
        (path, "404", "There is no such thing, or it is not yours to see"),
        (true, "408", "The request took too long"),
        (body, "413", "The body has more than 1 MB"),
        (body, "415", "The body is not announced as JSON"),
        (body, "422", "The content breaks rules; every fault is named"),
        (query && !body, "422", "A query parameter is wrong"),
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
