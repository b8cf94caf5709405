//! Query strings: unknown parameters are refused, and every fault names its parameter.

use std::fmt;

use axum::{
    extract::FromRequestParts,
    http::{Uri, request::Parts},
};
use domain::{ids::MatchId, text, violation::Violations};
use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned},
};
use utoipa::IntoParams;
use uuid::Uuid;
use validator::Validate;

use crate::{limits, problem::Problem};

/// The parameters of a request, of the shape `T`.
#[derive(Debug)]
pub struct Parameters<T>(pub T);

impl<S, T> FromRequestParts<S> for Parameters<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Validate,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let value: T = parse(&parts.uri)?;
        limits::check(&value).map_err(Problem::invalid_query)?;
        Ok(Self(value))
    }
}

/// The parameters of a query that is kept, as its route would read them.
pub(crate) fn kept<T: DeserializeOwned + Validate>(query: &str) -> Result<T, Violations> {
    let value: T = read(query)?;
    limits::check(&value)?;
    Ok(value)
}

fn parse<T: DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    read(uri.query().unwrap_or_default()).map_err(|faults| {
        match faults.as_slice().iter().any(|fault| fault.code == UNKNOWN) {
            true => Problem::unknown_parameter(faults),
            false => Problem::invalid_query(faults),
        }
    })
}

/// The code of a parameter that does not exist.
const UNKNOWN: &str = "unknown_parameter";

fn read<T: DeserializeOwned>(query: &str) -> Result<T, Violations> {
    let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(pairs).map_err(|e| {
        let name = e.path().to_string();
        let message = e.inner().to_string();
        let named = message.split('`').nth(1).unwrap_or_default();
        if message.starts_with("unknown field") {
            let rest = message.split_once(", ").map_or("it takes none", |(_, rest)| rest);
            let detail = match nearest(named, rest.split('`').skip(1).step_by(2)) {
                Some(near) => format!("there is no parameter {named:?}; did you mean {near:?}? {rest}"),
                None => format!("there is no parameter {named:?}; {rest}"),
            };
            Violations::one(format!("/{named}"), UNKNOWN, detail)
        } else if message.starts_with("duplicate field") {
            Violations::one(format!("/{named}"), "duplicate_field", format!("{named:?} stands twice; write it once"))
        } else if message.starts_with("missing field") {
            Violations::one(format!("/{named}"), "missing_field", format!("the parameter {named:?} is missing; add it"))
        } else {
            let value = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| *key == name).map(|(_, v)| v);
            let value: String = value.as_deref().unwrap_or_default().chars().take(MOST_SHOWN).collect();
            Violations::one(format!("/{name}"), "bad_value", format!("{value:?} is no value of {name}: {message}"))
        }
    })
}

/// The name that is spelled most like another, if any is at all.
fn nearest<'n>(typed: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let alike = names.map(|name| (strsim::jaro_winkler(&typed.to_lowercase(), name), name));
    let near = alike.filter(|(alike, _)| *alike > 0.8).max_by(|a, b| a.0.total_cmp(&b.0));
    near.map(|(_, name)| name)
}

/// How much of a refused value is shown, in code points.
const MOST_SHOWN: usize = 60;
/// The longest text to search for, in code points; no name is longer.
const LONGEST: usize = text::NAME_LIMIT;

/// A text to search for or look up, at most 200 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(pub String);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        match text.chars().count() {
            0..=LONGEST => Ok(Self(text)),
            more => Err(de::Error::custom(format!("it has {more} characters; write at most {LONGEST}"))),
        }
    }
}

/// One or several of the names of an enum, with commas between them (field case DB-07).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Several<T>(pub Vec<T>);

impl<T> Default for Several<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// Ids with commas between them, at most 200.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ids(pub Vec<Uuid>);

impl Ids {
    const MOST: usize = 200;
}

impl<'de> Deserialize<'de> for Ids {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        let parts: Vec<&str> = text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
        if parts.len() > Self::MOST {
            return Err(de::Error::custom(format!("it has {} ids; write at most {}", parts.len(), Self::MOST)));
        }
        let read = |part: &&str| part.parse().map_err(|_| de::Error::custom(format!("{part:?} is no id")));
        Ok(Self(parts.iter().map(read).collect::<Result<_, _>>()?))
    }
}

/// Words with commas between them, at most 50 of 200 characters each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WordList(pub Vec<String>);

impl WordList {
    const MOST: usize = 50;
}

impl<'de> Deserialize<'de> for WordList {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        let words: Vec<&str> = text.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
        if words.len() > Self::MOST {
            return Err(de::Error::custom(format!("it has {} words; write at most {}", words.len(), Self::MOST)));
        }
        if let Some(long) = words.iter().find(|word| word.chars().count() > LONGEST) {
            let count = long.chars().count();
            return Err(de::Error::custom(format!("a word of it has {count} characters; write at most {LONGEST}")));
        }
        Ok(Self(words.into_iter().map(str::to_owned).collect()))
    }
}

/// Which open matches are let go with a change.
#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Releasing {
    /// Open matches of it that are let go first, by their ids with commas between them: held ones are declined, agreed ones
    /// cancelled, the other sides are told, and what they had is free. Without it the answer names those that stand in
    /// the way.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "018f0000-0000-7000-8000-000000000001")]
    release: Ids,
}

impl Releasing {
    /// The matches.
    pub fn matches(self) -> Vec<MatchId> {
        self.release.0.into_iter().map(MatchId).collect()
    }
}

/// An enum whose values have names on the wire.
pub trait Named: Copy + 'static {
    /// All values.
    fn all() -> &'static [Self];
    /// The name of one.
    fn word(self) -> &'static str;
}

macro_rules! named {
    ($($type:ty),+ $(,)?) => {$(
        impl Named for $type {
            fn all() -> &'static [Self] {
                &Self::ALL
            }
            fn word(self) -> &'static str {
                self.as_str()
            }
        }
    )+};
}

named!(
    domain::offer::OfferState,
    domain::offer::Transfer,
    domain::need::NeedState,
    domain::need::Urgency,
    domain::matches::MatchState,
    domain::catalogue::ProductKind,
    domain::audit::Act,
    domain::audit::RecordKind,
    domain::membership::MembershipState,
    domain::event::Subject,
    domain::call::CallState,
    domain::review::ReviewKind,
    domain::review::ReviewState,
    app::offers::OfferSort,
);

impl<'de, T: Named> Deserialize<'de> for Several<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Words<T>(std::marker::PhantomData<T>);
        impl<T: Named> de::Visitor<'_> for Words<T> {
            type Value = Several<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let names: Vec<&str> = T::all().iter().map(|t| t.word()).collect();
                write!(f, "some of {}", names.join(", "))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                let one = |word: &str| T::all().iter().copied().find(|t| t.word() == word.trim());
                let found: Option<Vec<T>> = text.split(',').map(one).collect();
                found.map(Several).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        d.deserialize_str(Words(std::marker::PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use domain::need::NeedState;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Query {
        limit: Option<u32>,
        #[serde(default)]
        state: Several<NeedState>,
        q: Option<Words>,
    }

    fn check(query: &str, expected: &str) {
        let uri: Uri = format!("/x?{query}").parse().unwrap();
        let found = match parse::<Query>(&uri) {
            Ok(q) => {
                assert_eq!(q.q.is_some(), query.starts_with("q="));
                format!("{:?} {:?}", q.limit, q.state.0)
            }
            Err(p) => p.faults()[0].pointer.clone(),
        };
        assert_eq!(found, expected, "{query}");
    }

    #[test]
    fn dos_05_and_db_07_parameters_are_read_strictly() {
        check("", "None []");
        check("limit=20&state=open,closed", "Some(20) [Open, Closed]");
        check("limit=-1", "/limit");
        check("limit=all", "/limit");
        check("limit=", "/limit");
        check("limit=99999999999", "/limit");
        check("limit=1&limit=2", "/limit");
        check("state=open,gone", "/state");
        check("offset=5", "/offset");
        let near = |typed| nearest(typed, ["limit", "state", "q", "cursor"].into_iter());
        assert_eq!(
            (near("limits"), near("State"), near("colour"), near("")),
            (Some("limit"), Some("state"), None, None)
        );
        check(&format!("q={}", "%C3%9F".repeat(200)), "None []");
        check(&format!("q={}", "x".repeat(201)), "/q");
    }
}
