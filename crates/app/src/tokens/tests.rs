use domain::time::Day;
use serde_json::{Value, json};

use super::*;

struct Fixed(Instant);

impl Clock for Fixed {
    fn now(&self) -> Instant {
        self.0
    }
}

fn noon() -> Instant {
    Instant::start_of(Day::parse("2020-04-06").unwrap()).plus_micros(12 * 3_600_000_000)
}

fn keys() -> TokenKeys {
    TokenKeys::from_secret(&[7; 32]).unwrap()
}

/// Good claims with one of them changed; `Value::Null` removes it.
fn with(name: &str, value: Value) -> String {
    let now = noon().micros() / 1_000_000;
    let mut claims = json!({ "iss": ISSUER, "aud": AUDIENCE, "sub": "operator", "jti": "1", "operator": true,
        "iat": now, "nbf": now, "exp": now + 3_600 });
    match (claims.as_object_mut(), value) {
        (Some(map), Value::Null) => drop(map.remove(name)),
        (Some(map), value) => drop(map.insert(name.to_owned(), value)),
        (None, _) => unreachable!("claims are an object"),
    }
    keys().sign(&claims).unwrap()
}

fn verdict(name: &str, value: Value) -> Result<Actor, TokenError> {
    keys().verify(&with(name, value), noon())
}

#[test]
fn an_issued_token_is_accepted_until_it_expires() {
    let (keys, ids) = (keys(), Ids::seeded(1));
    let firm = Actor::Organisation(OrganisationId(ids.next(noon())));
    for actor in [Actor::Operator, firm] {
        let token = keys.issue(actor, 3_600, &Fixed(noon()), &ids).unwrap();
        assert_eq!(keys.verify(&token, noon()), Ok(actor));
        assert_eq!(keys.verify(&token, noon().plus_micros(3_629 * 1_000_000)), Ok(actor));
        assert_eq!(keys.verify(&token, noon().plus_micros(3_630 * 1_000_000)), Err(TokenError::Expired));
        assert_eq!(TokenKeys::from_secret(&[8; 32]).unwrap().verify(&token, noon()), Err(TokenError::Malformed));
    }
}

#[test]
fn aut_01_a_claim_of_the_wrong_type_is_refused() {
    assert_eq!(verdict("sub", json!("operator")), Ok(Actor::Operator));
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
    for name in ["iss", "aud", "sub", "jti", "operator"] {
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
        let claims = json!({ "iss": ISSUER, "aud": AUDIENCE, "sub": "operator", "jti": "1", "operator": true,
            "iat": now - 7_200, "nbf": nbf, "exp": exp });
        keys().verify(&keys().sign(&claims).unwrap(), noon())
    };
    assert_eq!(times(now + 3_600, now + 7_200), Err(TokenError::NotYet));
    assert_eq!(times(now + 30, now + 7_200), Ok(Actor::Operator));
    assert_eq!(times(now - 3_600, now - 29), Ok(Actor::Operator));
    assert_eq!(times(now - 3_600, now - 30), Err(TokenError::Expired));
    assert_eq!(times(now - 3_600, now - 90), Err(TokenError::Expired));
}

#[test]
fn another_algorithm_or_type_is_refused() {
    let claims = json!({ "sub": "operator" });
    let hmac = EncodingKey::from_secret(keys().verifying.try_get_as_bytes().unwrap());
    let forged = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &hmac).unwrap();
    assert_eq!(keys().verify(&forged, noon()), Err(TokenError::Malformed));
    let good = with("jti", json!("2"));
    let none = format!("eyJhbGciOiJub25lIn0.{}.", good.split('.').nth(1).unwrap());
    assert_eq!(keys().verify(&none, noon()), Err(TokenError::Malformed));
    for bad in ["", ".", "a.b.c", "a.b.c.d", &good[1..], &good[..good.len() - 2]] {
        assert_eq!(keys().verify(bad, noon()), Err(TokenError::Malformed), "{bad}");
    }
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some(keys().kid);
    let body = json!({ "iss": ISSUER, "aud": AUDIENCE, "sub": "operator", "jti": "1", "operator": true,
        "iat": 0, "nbf": 0, "exp": 1 });
    let plain = jsonwebtoken::encode(&header, &body, &keys().signing).unwrap();
    assert_eq!(keys().verify(&plain, noon()), Err(TokenError::Malformed));
}

#[test]
fn the_key_is_made_once_and_only_its_owner_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let ids = Ids::seeded(1);
    let first = TokenKeys::open(folder.path(), &ids).unwrap();
    let again = TokenKeys::open(folder.path(), &ids).unwrap();
    assert_eq!(first.kid, again.kid);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let path = folder.path().join(KEY_FILE);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(TokenKeys::open(folder.path(), &ids), Err(KeyError::Exposed { .. })));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    fs::write(&path, "garbage").unwrap();
    assert!(matches!(TokenKeys::open(folder.path(), &ids), Err(KeyError::Malformed { .. })));
    assert!(!format!("{first:?}").contains(&BASE64.encode([7; 32])));
}

#[test]
fn a_seal_depends_on_key_and_message() {
    let other = TokenKeys::from_secret(&[8; 32]).unwrap();
    assert_eq!(keys().seal(b"a"), keys().seal(b"a"));
    assert_ne!(keys().seal(b"a"), keys().seal(b"b"));
    assert_ne!(keys().seal(b"a"), other.seal(b"a"));
}
