//! JSON bodies: measured while they arrive, checked as text, then read with the name of a wrong field.

use axum::{
    body::Body,
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use domain::violation::Violations;
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use validator::Validate;

use crate::{limits, problem::Problem, strict::Strict};

/// The largest JSON body, in bytes.
pub const LIMIT: usize = 1_048_576;
/// The largest body that is read to its end only to be refused, so that the connection stays usable.
const DRAIN_LIMIT: usize = 64 * LIMIT;
/// The deepest nesting; no body of this API comes near it.
const DEPTH: usize = 32;

/// A JSON object of the shape `T`.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

impl<S, T> FromRequest<S> for JsonBody<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Validate,
{
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let json =
            |kind: &str| kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"));
        let bytes = read(request, json, "send the header `Content-Type: application/json`").await?;
        let value: T = parse(&bytes)?;
        limits::check(&value).map_err(Problem::invalid)?;
        Ok(Self(value))
    }
}

/// The bytes of a body that is announced as of a kind that is taken.
pub(crate) async fn read(request: Request, takes: impl Fn(&str) -> bool, remedy: &str) -> Result<Vec<u8>, Problem> {
    let announced = content_length(request.headers());
    let waits = request.headers().contains_key(header::EXPECT);
    let taken = takes(&kind(request.headers()));
    if announced.is_some_and(|n| n > DRAIN_LIMIT || (waits && n > LIMIT)) {
        return Err(too_large());
    }
    let bytes = collect(request.into_body()).await?;
    if taken { Ok(bytes) } else { Err(Problem::new("wrong_content_type", remedy)) }
}

/// The bytes of a file of at most so many, if it is announced as of a kind that is taken.
pub(crate) async fn read_file(request: Request, most: usize, taken: bool) -> Result<Vec<u8>, Problem> {
    let too_large =
        || Problem::new("file_too_large", format!("the file has more than {most} bytes; send a smaller one"));
    let announced = content_length(request.headers());
    let waits = request.headers().contains_key(header::EXPECT);
    if announced.is_some_and(|n| n > DRAIN_LIMIT.max(most) || (waits && n > most)) {
        return Err(too_large());
    }
    let bytes = collect_within(request.into_body(), most, too_large).await?;
    if taken {
        return Ok(bytes);
    }
    let remedy = "send the header `Content-Type`: application/pdf, image/png or image/jpeg, whichever the file is";
    Err(Problem::new("wrong_file_type", remedy))
}

fn content_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

pub(crate) fn kind(headers: &HeaderMap) -> String {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn too_large() -> Problem {
    Problem::new("body_too_large", format!("the body has more than {LIMIT} bytes; send less at once"))
}

/// The whole body, or the refusal once it is past the limit; the rest is read and forgotten.
pub(crate) async fn collect(body: Body) -> Result<Vec<u8>, Problem> {
    collect_within(body, LIMIT, too_large).await
}

async fn collect_within(mut body: Body, most: usize, too_large: impl Fn() -> Problem) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return Err(Problem::new("malformed_json", "the body ended before it was complete; send it again"));
        };
        let Ok(data) = frame.into_data() else { continue };
        length += data.len();
        if length > DRAIN_LIMIT.max(most) {
            return Err(too_large());
        } else if length > most {
            bytes = Vec::new();
        } else {
            bytes.extend_from_slice(&data);
        }
    }
    if length > most { Err(too_large()) } else { Ok(bytes) }
}

/// Reads a body's bytes. Text that is no JSON is a 400, JSON of another shape a 422.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if let Err(e) = std::str::from_utf8(bytes) {
        let at = e.valid_up_to();
        let byte = bytes.get(at).copied().unwrap_or_default();
        return Err(Problem::new("invalid_utf8", format!("byte {at} (0x{byte:02x}) is not UTF-8; send UTF-8 text")));
    }
    if depth(bytes) > DEPTH {
        return Err(Problem::new("too_deep", format!("the JSON is nested deeper than {DEPTH} levels; flatten it")));
    }
    // Whether it is JSON at all comes first: a wrong field of a broken text is beside the point.
    serde_json::from_slice::<serde::de::IgnoredAny>(bytes).map_err(|e| malformed(&e))?;
    if bytes.iter().find(|b| !b.is_ascii_whitespace()) != Some(&b'{') {
        // Serde would read an array as fields by position.
        return Err(Problem::invalid(Violations::one("", "not_an_object", "the body is no object; write { ... }")));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    match serde_path_to_error::deserialize(Strict(&mut json)) {
        Ok(value) => json.end().map(|()| value).map_err(|e| malformed(&e)),
        Err(e) if e.inner().is_data() => Err(Problem::invalid(fault_of(&e))),
        Err(e) => Err(malformed(e.inner())),
    }
}

/// As [`parse`], of JSON that was read already.
pub(crate) fn shaped<T: DeserializeOwned>(json: Value) -> Result<T, Violations> {
    serde_path_to_error::deserialize(Strict(json)).map_err(|e| fault_of(&e))
}

fn fault_of(e: &serde_path_to_error::Error<serde_json::Error>) -> Violations {
    fault(&pointer(e.path()), &e.inner().to_string())
}

fn malformed(e: &serde_json::Error) -> Problem {
    Problem::new("malformed_json", format!("{e}; send one JSON object"))
}

/// The deepest nesting of brackets outside of strings.
fn depth(bytes: &[u8]) -> usize {
    let (mut now, mut deepest, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for b in bytes {
        match b {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => {
                now += 1;
                deepest = deepest.max(now);
            }
            b']' | b'}' if !quoted => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    let mut out = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => out.push_str(&format!("/{index}")),
            Segment::Map { key } => out.push_str(&format!("/{}", escape(key))),
            Segment::Enum { variant } => out.push_str(&format!("/{}", escape(variant))),
            Segment::Unknown => {}
        }
    }
    out
}

pub(crate) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// The fault that a message of serde's describes, below the place where it arose.
pub(crate) fn fault(place: &str, message: &str) -> Violations {
    let message = message.split(" at line ").next().unwrap_or(message);
    let named = message.split('`').nth(1).unwrap_or_default();
    let below = |place: &str| {
        let named = escape(named);
        if place.ends_with(&format!("/{named}")) { place.to_owned() } else { format!("{place}/{named}") }
    };
    if message.starts_with("unknown field") {
        let rest = message.split_once(", ").map_or("check the spelling", |(_, rest)| rest);
        Violations::one(below(place), "unknown_field", format!("there is no field {named:?}; {rest}"))
    } else if message.starts_with("missing field") {
        Violations::one(below(place), "missing_field", format!("{named:?} is missing; add it"))
    } else if message.starts_with("duplicate field") {
        Violations::one(below(place), "duplicate_field", format!("{named:?} stands twice; keep one"))
    } else if message.starts_with("invalid type") {
        // The names of our structs are no words of the API.
        let told = message.split_once("expected struct ").map_or(message, |(found, _)| found);
        let told = if told == message { message.to_owned() } else { format!("{told}expected an object") };
        Violations::one(place, "wrong_type", format!("{told}; write that type"))
    } else {
        Violations::one(place, "bad_value", message)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;
    use crate::number::Number;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[expect(dead_code, reason = "only read")]
        name: String,
        #[serde(default)]
        parts: Vec<Inner>,
        #[serde(default)]
        named: BTreeMap<String, Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        value: Number,
    }

    /// Status, then pointer and code of the first fault.
    fn check(body: impl AsRef<[u8]>, expected: &str) {
        let found = match parse::<Outer>(body.as_ref()) {
            Ok(_) => "read".to_owned(),
            Err(problem) => {
                let fault = problem.faults().first().map(|v| format!(" {} {}", v.pointer, v.code));
                format!("{}{}", problem.status().as_u16(), fault.unwrap_or_default())
            }
        };
        assert_eq!(found, expected, "{}", String::from_utf8_lossy(body.as_ref()));
    }

    #[test]
    fn digits_come_through_whole() {
        let body = br#"{"name": "a", "parts": [{"value": 0.1}, {"value": 12345678901234567890.5}], "named": {"x": {"value": 1e3}}}"#;
        let outer: Outer = parse(body).unwrap();
        let texts: Vec<String> = outer.parts.iter().map(|p| p.value.0.to_string()).collect();
        assert_eq!(texts, ["0.1", "12345678901234567890.5"]);
        assert_eq!(outer.named["x"].value.0.to_string(), "1000");
        assert_eq!(serde_json::to_string(&outer.parts[1].value).unwrap(), "12345678901234567890.5");
    }

    #[test]
    fn num_01_each_wrong_body_names_its_field() {
        check(r#"{"name": "a", "parts": [{"value": 1}]}"#, "read");
        check(r#"{"name": "a", "parts": [{"value": "1"}]}"#, "422 /parts/0/value wrong_type");
        check(r#"{"name": "a", "parts": [{"value": "10.000"}]}"#, "422 /parts/0/value wrong_type");
        check(r#"{"name": "a", "parts": [{"value": null}]}"#, "422 /parts/0/value wrong_type");
        check(r#"{"name": "a", "parts": [{"value": 1e999}]}"#, "422 /parts/0/value bad_value");
        check(r#"{"name": "a", "parts": [{}]}"#, "422 /parts/0/value missing_field");
        check(r#"{"name": "a", "parts": {}}"#, "422 /parts wrong_type");
        check(r#"{"name": "a", "named": {"a/b": {"value": true}}}"#, "422 /named/a~1b/value wrong_type");
        check(r#"{"name": "a", "parts": [[1]]}"#, "422 /parts/0 wrong_type");
        check(r#"{"name": "a", "named": {"x": [1]}}"#, "422 /named/x wrong_type");
        check(r#"{"name": "a", "colour": 1}"#, "422 /colour unknown_field");
        check(r#"{"name": "a", "parts": [{"value": 1, "uint": "x"}]}"#, "422 /parts/0/uint unknown_field");
        check(r#"{"name": "a", "name": "b"}"#, "422 /name duplicate_field");
        check(r#"{"name": 5}"#, "422 /name wrong_type");
        check("{}", "422 /name missing_field");
    }

    #[test]
    fn dos_02_what_is_no_json_is_a_400() {
        check("", "400");
        check("{", "400");
        check(r#"{"name": "a"} x"#, "400");
        check(r#"{"name": NaN}"#, "400");
        check(b"{\"name\": \"\xff\"}", "400");
        check("[".repeat(100_000), "400");
        check(format!("{{\"name\": {}1{}}}", "[".repeat(100_000), "]".repeat(100_000)), "400");
        check(r#"["a"]"#, "422  not_an_object");
        check("1", "422  not_an_object");
        check("nul", "400");
        assert_eq!(depth(br#"{"a": "[[[[\"[[["}"#), 1);
    }
}
