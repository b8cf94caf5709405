use domain::time::Day;
use jsonwebtoken::EncodingKey;
use serde_json::{Value, json};

use super::*;

const PERSON: &str = "018f0000-0000-7000-8000-00000000000a";
const SESSION: &str = "018f0000-0000-7000-8000-00000000000b";

struct Fixed(Instant);

impl Clock for Fixed {
    fn now(&self) -> Instant {
        self.0
    }
}

fn noon() -> Instant {
    Instant::start_of(Day::parse("2020-04-06").unwrap()).plus_micros(12 * 3_600_000_000)
}

fn keys() -> SigningKeys {
    SigningKeys::from_secret(&[7; 32]).unwrap()
}

/// Good claims with one of them changed; `Value::Null` removes it.
fn with(name: &str, value: Value) -> String {
    let now = noon().micros() / 1_000_000;
    let mut claims = json!({ "iss": ISSUER, "aud": AUDIENCE, "sub": PERSON, "sid": SESSION, "jti": "1", "operator": true,
        "iat": now, "nbf": now, "exp": now + 900 });
    match (claims.as_object_mut(), value) {
        (Some(map), Value::Null) => drop(map.remove(name)),
        (Some(map), value) => drop(map.insert(name.to_owned(), value)),
        (None, _) => unreachable!("claims are an object"),
    }
    sign(&keys(), &claims).unwrap()
}

fn verdict(name: &str, value: Value) -> Result<Actor, TokenError> {
    verify(&keys(), &with(name, value), noon()).map(|grant| grant.actor)
}

#[test]
fn an_issued_token_is_accepted_until_it_expires() {
    let (keys, ids) = (keys(), Ids::seeded(1));
    let firm = Actor::Organisation(OrganisationId(ids.next(noon())));
    for actor in [Actor::Operator, firm, Actor::Nobody] {
        let grant = Grant { person: PERSON.parse().unwrap(), session: SESSION.parse().unwrap(), actor };
        let token = issue(&keys, grant, &Fixed(noon()), &ids).unwrap();
        let after = |seconds: i64| verify(&keys, &token, noon().plus_micros(seconds * 1_000_000));
        assert_eq!(after(0), Ok(grant));
        assert_eq!(after(SECONDS + 29), Ok(grant));
        assert_eq!(after(SECONDS + 30), Err(TokenError::Expired));
        let others = SigningKeys::from_secret(&[8; 32]).unwrap();
        assert_eq!(verify(&others, &token, noon()), Err(TokenError::Malformed));
    }
}

#[test]
fn aut_01_a_claim_of_the_wrong_type_is_refused() {
    assert_eq!(verdict("jti", json!("2")), Ok(Actor::Operator));
    assert_eq!(verdict("operator", Value::Null), Ok(Actor::Nobody));
    for name in ["exp", "nbf", "iat"] {
        for value in [
            json!("never"),
            json!("9999999999"),
            Value::Null,
            json!(-1),
            json!(1e18),
            json!(1_000_000_000_000_000_000_i64),
            json!(i64::MAX),
            json!(1.5),
            json!([1]),
            json!(true),
        ] {
            assert!(verdict(name, value.clone()).is_err(), "{name} {value}");
        }
    }
    for name in ["iss", "aud", "sub", "sid", "jti"] {
        assert_eq!(verdict(name, Value::Null), Err(TokenError::Malformed), "{name} missing");
    }
    assert_eq!(verdict("aud", json!("other")), Err(TokenError::Malformed));
    assert_eq!(verdict("iss", json!("other")), Err(TokenError::Malformed));
    assert_eq!(verdict("operator", json!(false)), Err(TokenError::Malformed));
    assert_eq!(verdict("org", json!("018f0000-0000-7000-8000-000000000001")), Err(TokenError::Malformed));
    assert_eq!(verdict("role", json!("admin")), Err(TokenError::Malformed));
}

#[test]
fn aut_02_not_before_and_the_leeway() {
    let now = noon().micros() / 1_000_000;
    let times = |nbf: i64, exp: i64| {
        let claims = json!({ "iss": ISSUER, "aud": AUDIENCE, "sub": PERSON, "sid": SESSION, "jti": "1", "operator": true,
            "iat": now - 7_200, "nbf": nbf, "exp": exp });
        verify(&keys(), &sign(&keys(), &claims).unwrap(), noon()).map(|grant| grant.actor)
    };
    assert_eq!(times(now + 3_600, now + 3_700), Err(TokenError::NotYet));
    assert_eq!(times(now + 30, now + 900), Ok(Actor::Operator));
    assert_eq!(times(now - 800, now - 29), Ok(Actor::Operator));
    assert_eq!(times(now - 800, now - 30), Err(TokenError::Expired));
    assert_eq!(times(now - 800, now - 90), Err(TokenError::Expired));
}

#[test]
fn another_algorithm_or_type_is_refused() {
    let claims = json!({ "sub": PERSON });
    let hmac = EncodingKey::from_secret(keys().verifying(keys().kid()).unwrap().try_get_as_bytes().unwrap());
    let forged = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &hmac).unwrap();
    assert_eq!(verify(&keys(), &forged, noon()), Err(TokenError::Malformed));
    let good = with("jti", json!("2"));
    let none = format!("eyJhbGciOiJub25lIn0.{}.", good.split('.').nth(1).unwrap());
    assert_eq!(verify(&keys(), &none, noon()), Err(TokenError::Malformed));
    for bad in ["", ".", "a.b.c", "a.b.c.d", &good[1..], &good[..good.len() - 2]] {
        assert_eq!(verify(&keys(), bad, noon()), Err(TokenError::Malformed), "{bad}");
    }
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some(keys().kid().to_owned());
    let body = json!({ "iss": ISSUER, "aud": AUDIENCE, "sub": PERSON, "sid": SESSION, "jti": "1", "operator": true,
        "iat": 0, "nbf": 0, "exp": 1 });
    let plain = jsonwebtoken::encode(&header, &body, keys().signing()).unwrap();
    assert_eq!(verify(&keys(), &plain, noon()), Err(TokenError::Malformed));
}
