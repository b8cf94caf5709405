//! Changes of records: JSON Merge Patch (RFC 7396) on the body that would have made the record.
//!
//! What comes out is read and checked as that body is, so a record cannot be changed into what it could not have
//! been made as.

use std::fmt;

use app::{AppError, AppResult};
use axum::extract::{FromRequest, Request};
use domain::violation::Violations;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, DeserializeOwned, MapAccess},
};
use serde_json::{Map, Value};
use validator::Validate;

use crate::{body, limits, problem::Problem, version::IfMatch};

/// The media type of a patch.
pub const MEDIA_TYPE: &str = "application/merge-patch+json";

/// What is to change of a record, and of which version of it.
#[derive(Debug)]
pub struct MergePatch {
    seen: IfMatch,
    members: Members,
}

impl<S: Send + Sync> FromRequest<S> for MergePatch {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let seen = IfMatch::of(request.headers()).required()?;
        let takes = |kind: &str| kind == MEDIA_TYPE || kind == "application/json";
        let remedy = "send the header `Content-Type: application/merge-patch+json` or `application/json`";
        let bytes = body::read(request, takes, remedy).await?;
        Ok(Self { seen, members: body::parse(&bytes)? })
    }
}

impl MergePatch {
    /// The body that a record becomes, or `None` where nothing changes. `view` is the record as its reader saw it,
    /// `before` the body it would be made by; `fixed` are fields of that body that stay as they are.
    ///
    /// # Errors
    /// `Conflict` when the record is no longer what was seen; `Invalid` when the patch has another shape.
    pub fn apply<B>(self, view: &impl Serialize, before: &B, fixed: &[&str]) -> AppResult<Option<B>>
    where
        B: Serialize + DeserializeOwned + Validate,
    {
        self.seen.holds(view)?;
        let before = serde_json::to_value(before).map_err(AppError::internal)?;
        // All fields stand in it, also the empty ones.
        let fields = before.as_object().into_iter().flat_map(Map::keys).map(String::as_str);
        let fields: Vec<&str> = fields.filter(|field| !fixed.contains(field)).collect();
        let mut faults = Violations::new();
        for name in self.members.0.keys().filter(|name| !fields.contains(&name.as_str())) {
            let detail = format!("there is no field {name:?} to change; write some of {}", fields.join(", "));
            faults.push(format!("/{}", body::escape(name)), "unknown_field", detail);
        }
        faults.into_result()?;
        let mut after = before.clone();
        merge(&mut after, Value::Object(self.members.0));
        if after == before {
            return Ok(None);
        }
        let body: B = body::shaped(after)?;
        limits::check(&body)?;
        Ok(Some(body))
    }
}

/// RFC 7396, section 2: objects are merged member by member, null removes, all else is put in place.
fn merge(target: &mut Value, patch: Value) {
    let Value::Object(members) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(object) = target else { return };
    for (name, value) in members {
        if value.is_null() {
            object.remove(&name);
        } else {
            merge(object.entry(name).or_insert(Value::Null), value);
        }
    }
}

/// The members of an object, each once.
#[derive(Debug)]
struct Members(Map<String, Value>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Members;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Map::new();
                while let Some(name) = map.next_key::<String>()? {
                    let value = map.next_value()?;
                    if members.contains_key(&name) {
                        return Err(de::Error::custom(format!("duplicate field `{name}`")));
                    }
                    members.insert(name, value);
                }
                Ok(Members(members))
            }
        }
        d.deserialize_map(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(target: &str, patch: &str, expected: &str) {
        let mut found: Value = serde_json::from_str(target).unwrap();
        merge(&mut found, serde_json::from_str(patch).unwrap());
        assert_eq!(found.to_string(), expected, "{target} {patch}");
    }

    /// The cases of RFC 7396, appendix A.
    #[test]
    fn htt_04_patches_merge_as_the_rfc_says() {
        check(r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#);
        check(r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#);
        check(r#"{"a":"b"}"#, r#"{"a":null}"#, "{}");
        check(r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#);
        check(r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#);
        check(r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#);
        check(r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#);
        check(r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#);
        check(r#"["a","b"]"#, r#"["c","d"]"#, r#"["c","d"]"#);
        check(r#"{"a":"b"}"#, r#"["c"]"#, r#"["c"]"#);
        check(r#"{"a":"foo"}"#, "null", "null");
        check(r#"{"a":"foo"}"#, r#""bar""#, r#""bar""#);
        check(r#"{"e":null}"#, r#"{"a":1}"#, r#"{"a":1,"e":null}"#);
        check("[1,2]", r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#);
        check("{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#);
    }

    #[test]
    fn a_member_stands_once() {
        let found: Result<Members, Problem> = body::parse(br#"{"a": 1, "b": 2, "a": null}"#);
        assert_eq!(found.unwrap_err().faults()[0].pointer, "/a");
    }
}
