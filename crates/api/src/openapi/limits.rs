//! What every answer says of how much may be asked for, described once and referred to by each.

use serde_json::json;
use utoipa::openapi::{Components, Header, HeaderBuilder, ObjectBuilder, Ref, RefOr, path::Operation, schema::Type};

/// Addresses for whoever watches over the service, which are not counted.
const UNCOUNTED: [&str; 2] = ["/healthz", "/readyz"];

/// The headers of every answer that is counted.
const COUNTED: [&str; 2] = ["RateLimit", "RateLimit-Policy"];
/// The header of an answer that may be another in a while.
const RETRY: &str = "Retry-After";

/// Puts the headers where operations refer to them.
pub(super) fn add_components(components: &mut Components) {
    let left = "How many points are left of the credential or of the address, and in how many seconds its bucket is full again \
                (draft-ietf-httpapi-ratelimit-headers-10). Absent where the operator set no limit.";
    let policy =
        "How many points a bucket holds, and in how many seconds it fills. Absent where the operator set no limit.";
    let text = |example: &str| ObjectBuilder::new().schema_type(Type::String).examples([json!(example)]);
    let wait = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).examples([json!(1)]);
    let headers = [
        (COUNTED[0], header(left, text("\"credential\";r=5993;t=1"))),
        (COUNTED[1], header(policy, text("\"credential\";q=6000;w=60"))),
        (RETRY, header("After how many seconds the same request may succeed.", wait)),
    ];
    components.headers.extend(headers.map(|(name, header)| (name.to_owned(), RefOr::T(header))));
}

fn header(words: &str, schema: ObjectBuilder) -> Header {
    HeaderBuilder::new().description(Some(words)).schema(Some(schema)).build()
}

/// Refers to them from the answers that have them.
pub(super) fn add(path: &str, operation: &mut Operation) {
    let counted = !UNCOUNTED.contains(&path);
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        let counted = COUNTED.into_iter().filter(|_| counted);
        let retried = matches!(status.as_str(), "429" | "503").then_some(RETRY);
        for name in counted.chain(retried) {
            let reference = Ref::new(format!("#/components/headers/{name}"));
            response.headers.insert(name.to_owned(), RefOr::Ref(reference));
        }
    }
}
