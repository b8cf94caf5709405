//! Tokens of outside issuers, against one that the suite runs.

use std::collections::BTreeMap;

use api::{Limits, Rates};
use app::outside::{EVERY_SECONDS, FRESH_SECONDS, MOST_BYTES, Mapping, OutsideIssuer, OutsideIssuers, STALE_SECONDS};
use domain::{
    api_key::{AccessScope, AccessScopes},
    ids::OrganisationId,
    time::Clock,
};
use jsonwebtoken::{Algorithm, EncodingKey};
use muster::issuers::KeyPlace;
use serde_json::{Value, json};
use testkit::{
    Answer, Org, TestApp, TestDb,
    issuer::{Answering, IssuerKey, TestIssuer, signed, unsigned},
    on_both,
};

const OFFERS: &str = "/api/v1/offers";
const SITES: &str = "/api/v1/sites";

fn id(org: &Org) -> OrganisationId {
    OrganisationId(org.id.parse().unwrap())
}

fn trusted(issuer: &TestIssuer, mapping: Mapping) -> OutsideIssuers {
    let scopes = AccessScopes::new([AccessScope::Read, AccessScope::Write]).unwrap();
    let of = OutsideIssuer { issuer: issuer.name().to_owned(), audience: "muster".to_owned(), mapping, scopes };
    OutsideIssuers::new([(of, KeyPlace::Address(issuer.jwks_url()).open().unwrap())])
}

/// A service that takes an issuer's tokens for its one firm.
struct Trusting {
    app: TestApp,
    issuer: TestIssuer,
    firm: Org,
}

impl Trusting {
    async fn new(db: TestDb) -> Self {
        let (app, issuer) = (TestApp::new(db), TestIssuer::start().await);
        let firm = app.firm("Atelier").await;
        let app = app.trusting(trusted(&issuer, Mapping::One(id(&firm))));
        Self { app, issuer, firm }
    }

    fn claims(&self) -> Value {
        self.issuer.claims("ann", "muster", self.app.clock.as_ref())
    }

    /// A good token but for some claims; null takes one out.
    fn with(&self, change: &[(&str, Value)]) -> String {
        let mut claims = self.claims();
        for (name, value) in change {
            match value {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(*name)),
                value => claims[*name] = value.clone(),
            }
        }
        self.issuer.token(&claims)
    }

    async fn read(&self, token: &str) -> Answer {
        self.app.get(token, OFFERS).await
    }

    fn later(&self, seconds: i64) {
        self.app.clock.advance_micros(seconds * 1_000_000);
    }
}

on_both! {
    async fn a_token_acts_for_the_organisation_that_is_mapped_and_decides_about_nobody(db: TestDb) {
        let t = Trusting::new(db).await;
        let keys = [Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256, Algorithm::PS512];
        for (n, algorithm) in keys.into_iter().enumerate() {
            t.later(EVERY_SECONDS);
            t.issuer.set_keys(vec![IssuerKey::new(&format!("key {n}"), algorithm, 7)]);
            t.read(&t.with(&[])).await.expect(200);
        }
        let sites = t.app.get(&t.with(&[]), SITES).await.expect(200);
        assert_eq!(sites.items()[0]["id"], json!(t.firm.site));
        // It writes what an editor writes, and is nobody's admin, no person, and never the operator.
        let ann = t.app.post(&t.with(&[]), SITES, &json!({ "name": "Second", "region": "DE21" })).await.expect(201).id();
        let bob = t.app.post(&t.with(&[("sub", json!("bob"))]), SITES, &json!({ "name": "Third" })).await.expect(201).id();
        let again = t.app.post(&t.with(&[]), SITES, &json!({ "name": "Fourth" })).await.expect(201).id();
        for (path, body) in [
            ("api-keys", json!({ "name": "Portal" })),
            ("organisations", json!({ "name": "X", "kind": "firm", "country": "DE" })),
            ("match-runs", json!({})),
        ] {
            t.app.post(&t.with(&[]), &format!("/api/v1/{path}"), &body).await.expect(403);
        }
        t.app.get(&t.with(&[]), "/api/v1/people/me").await.expect(403);
        let own = format!("/api/v1/organisations/{}", t.firm.id);
        t.app.patch(&t.with(&[]), &own, "*", &json!({ "name": "X" })).await.expect(403);
        // The log tells one from another, and not who they are.
        let log = t.app.get(&t.firm.token, "/api/v1/audit?limit=200").await.expect(200);
        let entry = |of: &str| log.items().iter().find(|e| e["record_id"] == json!(of)).unwrap();
        let seal = |of: &str| entry(of)["credential_id"].as_str().unwrap().to_owned();
        assert_eq!((&entry(&ann)["credential"], &entry(&ann)["acting"]), (&json!("outside_token"), &json!(t.firm.id)));
        assert_eq!((seal(&ann), entry(&ann)["person"].clone()), (seal(&again), Value::Null));
        assert_ne!(seal(&ann), seal(&bob));
        assert!(!log.text.contains("bob"), "{}", log.text);
    }
}

on_both! {
    async fn a_claim_says_for_which_of_the_mapped_organisations(db: TestDb) {
        let (app, issuer) = (TestApp::new(db), TestIssuer::start().await);
        let (north, south, other) = (app.firm("North").await, app.hospital("South").await, app.firm("Other").await);
        let organisations = BTreeMap::from([("north".to_owned(), id(&north)), ("south".to_owned(), id(&south)), ("sud".to_owned(), id(&south))]);
        let app = app.trusting(trusted(&issuer, Mapping::ByClaim { claim: "tenant".to_owned(), organisations }));
        let token = |tenant: Value| {
            let mut claims = issuer.claims("ann", "muster", app.clock.as_ref());
            claims["tenant"] = tenant;
            issuer.token(&claims)
        };
        for (tenant, site) in [
            (json!("north"), &north.site),
            (json!("south"), &south.site),
            (json!(["staff", "sud", "south"]), &south.site),
        ] {
            let sites = app.get(&token(tenant.clone()), SITES).await.expect(200);
            assert_eq!((sites.items().len(), &sites.items()[0]["id"]), (1, &json!(site)), "{tenant}");
        }
        for tenant in [
            json!(other.id), json!(north.id), json!("operator"), json!("North"), json!(""), json!(null), json!(1), json!([]),
            json!({ "north": true }), json!(["north", "south"]),
        ] {
            let refused = app.get(&token(tenant.clone()), SITES).await.expect(401);
            assert!(refused.header("www-authenticate").contains("invalid_token"), "{tenant}");
        }
        let mut none = issuer.claims("ann", "muster", app.clock.as_ref());
        none["org"] = json!(other.id);
        none["organisation"] = json!(other.id);
        none["operator"] = json!(true);
        assert!(app.get(&issuer.token(&none), SITES).await.expect(401).text.contains("mapped"));
    }
}

on_both! {
    async fn aut_01_outside_claims_of_a_wrong_type_open_nothing(db: TestDb) {
        let t = Trusting::new(db).await;
        let now = t.app.clock.now().micros() / 1_000_000;
        for good in [json!("muster"), json!(["account", "muster"])] {
            t.read(&t.with(&[("aud", good)])).await.expect(200);
        }
        t.read(&t.with(&[("nbf", json!(now)), ("jti", json!("1")), ("more", json!({ "a": [1.5] }))])).await.expect(200);
        for (name, value) in [
            ("exp", json!("never")), ("exp", json!("9999999999")), ("exp", Value::Null), ("exp", json!(-1)), ("exp", json!(1e18)),
            ("exp", json!(1_000_000_000_000_000_000_i64)), ("exp", json!([now + 300])), ("exp", json!(now + 90_000)), ("exp", json!(1e11)),
            ("nbf", json!("9999999999")), ("nbf", json!(now + 3_600)), ("nbf", json!({})), ("iat", Value::Null),
            ("iat", json!("now")), ("iat", json!(now + 300)), ("aud", json!("other")), ("aud", json!(["other"])), ("aud", json!([])),
            ("aud", Value::Null), ("aud", json!(["muster", 5])), ("aud", json!("muster ")), ("iss", json!("muster")),
            ("iss", json!("https://evil.example")), ("iss", json!(format!("{}/", t.issuer.name()))), ("iss", Value::Null),
            ("iss", json!([t.issuer.name()])), ("sub", Value::Null), ("sub", json!("")), ("sub", json!(5)),
            ("sub", json!("x".repeat(1_001))),
        ] {
            let answer = t.read(&t.with(&[(name, value.clone())])).await.expect(401);
            assert_eq!(answer.json["code"], "unauthenticated", "{name} {value}");
            assert!(answer.header("www-authenticate").starts_with("Bearer realm=\"muster\", error=\"invalid_token\""));
        }
        // Longer than any honest one.
        t.read(&t.with(&[("more", json!("x".repeat(20_000)))])).await.expect(401);
    }
}

on_both! {
    async fn aut_02_an_outside_token_has_its_time(db: TestDb) {
        let t = Trusting::new(db).await;
        let now = t.app.clock.now().micros() / 1_000_000;
        for (iat, nbf, exp, status) in [
            (now - 60, now - 60, now - 29, 200),
            (now - 60, now - 60, now - 30, 401),
            (now - 800, now - 800, now - 90, 401),
            (now + 30, now + 30, now + 300, 200),
            (now + 31, now, now + 300, 401),
            (now, now + 31, now + 300, 401),
            (now - 100, now - 100, now - 100 + 86_400, 200),
            (now - 100, now - 100, now - 100 + 86_401, 401),
        ] {
            let token = t.with(&[("iat", json!(iat)), ("nbf", json!(nbf)), ("exp", json!(exp))]);
            t.read(&token).await.expect(status);
        }
        let token = t.with(&[]);
        t.read(&token).await.expect(200);
        t.later(330);
        assert!(t.read(&token).await.expect(401).text.contains("expired"));
    }
}

on_both! {
    async fn aut_01_what_the_issuers_own_key_did_not_sign_opens_nothing(db: TestDb) {
        let t = Trusting::new(db).await;
        let rsa = IssuerKey::new("rsa", Algorithm::RS256, 1);
        let own = IssuerKey::new("first", Algorithm::EdDSA, 1);
        t.issuer.set_keys(vec![own.clone(), rsa.clone()]);
        let claims = t.claims();
        let header = |alg: &str, kid: &str| json!({ "alg": alg, "typ": "at+jwt", "kid": kid });
        t.read(&signed(&header("EdDSA", "first"), &claims, &own.signing, own.algorithm)).await.expect(200);
        t.read(&signed(&header("RS256", "rsa"), &claims, &rsa.signing, rsa.algorithm)).await.expect(200);
        for alg in ["none", "None", "NONE", ""] {
            let bare = unsigned(&header(alg, "first"), &claims);
            for token in [format!("{bare}."), bare.clone(), format!("{bare}.AAAA")] {
                t.read(&token).await.expect(401);
            }
        }
        // The public halves are known to all: as secrets they open nothing.
        let [public, modulus] = [own.published()["x"].clone(), rsa.published()["n"].clone()].map(|v| v.as_str().unwrap().to_owned());
        let jwk = rsa.published().to_string();
        for (secret, kid) in [(public.as_bytes(), "first"), (modulus.as_bytes(), "rsa"), (jwk.as_bytes(), "rsa"), (b"", "rsa")] {
            for (name, algorithm) in [("HS256", Algorithm::HS256), ("HS512", Algorithm::HS512)] {
                t.read(&signed(&header(name, kid), &claims, &EncodingKey::from_secret(secret), algorithm)).await.expect(401);
            }
        }
        // A key is for what it says and for nothing else, whatever the token says.
        t.read(&signed(&header("RS512", "rsa"), &claims, &rsa.signing, Algorithm::RS512)).await.expect(401);
        t.read(&signed(&header("PS256", "rsa"), &claims, &rsa.signing, Algorithm::PS256)).await.expect(401);
        t.read(&signed(&header("RS256", "first"), &claims, &rsa.signing, Algorithm::RS256)).await.expect(401);
        // Somebody else's key under a name that is known, or brought along.
        let eve = IssuerKey::new("first", Algorithm::EdDSA, 66);
        t.read(&signed(&header("EdDSA", "first"), &claims, &eve.signing, eve.algorithm)).await.expect(401);
        for (name, value) in [
            ("jwk", eve.published()), ("jku", json!("https://evil.example/jwks.json")), ("x5u", json!("https://evil.example/x")),
        ] {
            let mut brought = header("EdDSA", "eve");
            brought[name] = value;
            t.read(&signed(&brought, &claims, &eve.signing, eve.algorithm)).await.expect(401);
        }
        // Well signed, and of another kind.
        for (name, value) in [
            ("typ", json!("logout+jwt")), ("typ", json!("dpop+jwt")), ("typ", Value::Null), ("kid", Value::Null),
            ("crit", json!(["exp"])), ("crit", json!([])), ("crit", json!(["b64"])),
        ] {
            let mut odd = header("EdDSA", "first");
            odd[name] = value.clone();
            t.read(&signed(&odd, &claims, &own.signing, own.algorithm)).await.expect(401);
        }
        for typ in ["JWT", "jwt", "application/at+jwt", "AT+JWT"] {
            let mut known = header("EdDSA", "first");
            known["typ"] = json!(typ);
            t.read(&signed(&known, &claims, &own.signing, own.algorithm)).await.expect(200);
        }
    }
}

on_both! {
    async fn our_own_tokens_and_those_of_an_issuer_do_not_pass_for_each_other(db: TestDb) {
        let t = Trusting::new(db).await;
        // Signed by us, in the name of the issuer, and the other way round.
        t.read(&app::tokens::sign(&t.app.app.keys, &t.claims()).unwrap()).await.expect(401);
        let now = t.app.clock.now().micros() / 1_000_000;
        let ours = json!({ "iss": "muster", "aud": "muster-api", "sub": testkit::people::OPERATOR, "sid": testkit::people::OPERATOR_SESSION,
            "jti": "1", "operator": true, "iat": now, "nbf": now, "exp": now + 900 });
        t.read(&app::tokens::sign(&t.app.app.keys, &ours).unwrap()).await.expect(200);
        t.read(&t.issuer.token(&ours)).await.expect(401);
        // Also where it took our key's identifier, or the audience is ours.
        let key = IssuerKey::new("first", Algorithm::EdDSA, 1);
        let header = json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": t.app.app.keys.kid() });
        t.read(&signed(&header, &ours, &key.signing, key.algorithm)).await.expect(401);
        t.read(&t.with(&[("aud", json!("muster-api"))])).await.expect(401);
        // A session's token opens what it did, and an issuer that nobody named nothing.
        t.read(&t.firm.token).await.expect(200);
        let stranger = TestIssuer::start().await;
        t.read(&stranger.token(&stranger.claims("ann", "muster", t.app.clock.as_ref()))).await.expect(401);
        assert_eq!(stranger.asked(), 0, "nobody asks whom a token names");
        // Two issuers do not sign for each other.
        let mut claims = t.claims();
        claims["iss"] = json!(t.issuer.name());
        stranger.set_keys(vec![IssuerKey::new("other", Algorithm::EdDSA, 9)]);
        t.read(&stranger.token(&claims)).await.expect(401);
        // Nor where both are trusted, and call their keys alike.
        let other = t.app.firm("Other").await;
        let setting = |issuer: &TestIssuer, of: &Org| {
            let scopes = AccessScopes::new([AccessScope::Read]).unwrap();
            let mapping = Mapping::One(id(of));
            let of = OutsideIssuer { issuer: issuer.name().to_owned(), audience: "muster".to_owned(), mapping, scopes };
            (of, KeyPlace::Address(issuer.jwks_url()).open().unwrap())
        };
        stranger.set_keys(vec![IssuerKey::new("first", Algorithm::EdDSA, 9)]);
        let both = OutsideIssuers::new([setting(&t.issuer, &t.firm), setting(&stranger, &other)]);
        let t = Trusting { app: t.app.trusting(both), ..t };
        let own = stranger.claims("ann", "muster", t.app.clock.as_ref());
        let read = t.app.get(&stranger.token(&own), SITES).await.expect(200);
        assert_eq!(read.items()[0]["id"], json!(other.site));
        t.read(&stranger.token(&t.claims())).await.expect(401);
        t.read(&t.issuer.token(&own)).await.expect(401);
        t.read(&t.with(&[])).await.expect(200);
        // It acts for its own organisation, under whatever mandate that holds.
        let mut sent = testkit::app::request("GET".parse().unwrap(), &t.with(&[]), "/api/v1/offers", "".into());
        sent.headers_mut().insert("acting-for", t.firm.id.parse().unwrap());
        let refused = t.app.send(sent).await.expect(403);
        assert!(refused.json["detail"].as_str().unwrap().contains("outside issuer"), "{}", refused.text);
    }
}

on_both! {
    async fn a_flood_of_unknown_keys_is_no_flood_of_fetches(db: TestDb) {
        let t = Trusting::new(db).await;
        t.read(&t.with(&[])).await.expect(200);
        assert_eq!(t.issuer.asked(), 1);
        t.later(EVERY_SECONDS);
        let key = IssuerKey::new("x", Algorithm::EdDSA, 66);
        for n in 0..100 {
            let header = json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": format!("made up {n}") });
            t.read(&signed(&header, &t.claims(), &key.signing, key.algorithm)).await.expect(401);
        }
        assert_eq!(t.issuer.asked(), 2);
        t.read(&t.with(&[])).await.expect(200);
        assert_eq!(t.issuer.asked(), 2, "the key is known");
    }
}

on_both! {
    async fn keys_are_rotated_and_withdrawn(db: TestDb) {
        let t = Trusting::new(db).await;
        let (old, new) = (IssuerKey::new("first", Algorithm::EdDSA, 1), IssuerKey::new("second", Algorithm::ES256, 2));
        let of_old = t.with(&[("exp", json!(t.app.clock.now().micros() / 1_000_000 + 3_600))]);
        t.read(&of_old).await.expect(200);
        // The next key signs at once: it is asked for, though not twice in 30 seconds.
        t.issuer.set_keys(vec![new.clone(), old]);
        t.read(&t.with(&[])).await.expect(401);
        t.later(EVERY_SECONDS);
        t.read(&t.with(&[])).await.expect(200);
        t.read(&of_old).await.expect(200);
        // A key that was withdrawn opens nothing once the others are no longer fresh.
        t.issuer.set_keys(vec![new]);
        t.later(FRESH_SECONDS);
        t.read(&of_old).await.expect(401);
        t.read(&t.with(&[])).await.expect(200);
        assert_eq!(t.issuer.asked(), 3);
    }
}

on_both! {
    async fn while_the_issuer_is_away_its_last_keys_hold_for_a_while(db: TestDb) {
        let t = Trusting::new(db).await;
        t.issuer.answer(Answering::Failure);
        let away = t.read(&t.with(&[])).await.expect(503);
        assert_eq!((&away.json["code"], away.header("retry-after")), (&json!("issuer_unavailable"), "30"));
        t.read(&t.with(&[])).await.expect(503);
        assert_eq!(t.issuer.asked(), 1);
        t.read(&t.firm.token).await.expect(200);
        t.later(EVERY_SECONDS);
        t.issuer.answer(Answering::Keys);
        t.read(&t.with(&[])).await.expect(200);
        // What it answers badly takes the place of nothing.
        let huge = format!("{{\"keys\": [], \"more\": \"{}\"}}", "x".repeat(MOST_BYTES));
        let bad = [Answering::Failure, Answering::Elsewhere, Answering::Text(huge), Answering::Text("[]".into()),
            Answering::Text("<html>".into())];
        let before = t.issuer.asked();
        for (n, answering) in bad.into_iter().enumerate() {
            t.issuer.answer(answering);
            t.later(FRESH_SECONDS);
            t.read(&t.with(&[])).await.expect(200);
            assert_eq!(t.issuer.asked(), before + n + 1);
        }
        // A key that it may have by now cannot be told from one that was made up.
        let eve = IssuerKey::new("eve", Algorithm::EdDSA, 66);
        let header = json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": "eve" });
        t.read(&signed(&header, &t.claims(), &eve.signing, eve.algorithm)).await.expect(503);
        t.later(STALE_SECONDS);
        t.read(&t.with(&[])).await.expect(503);
        // Whoever publishes a set without a key that can be used takes all back at once.
        let secret = json!({ "keys": [{ "kty": "oct", "k": "c2VjcmV0", "kid": "first", "alg": "HS256" }] });
        for none in ["{\"keys\": []}".to_owned(), secret.to_string()] {
            t.issuer.answer(Answering::Keys);
            t.later(FRESH_SECONDS);
            t.read(&t.with(&[])).await.expect(200);
            t.issuer.answer(Answering::Text(none));
            t.later(FRESH_SECONDS);
            t.read(&t.with(&[])).await.expect(401);
        }
        t.issuer.answer(Answering::Keys);
        t.later(EVERY_SECONDS);
        t.read(&t.with(&[])).await.expect(200);
    }
}

on_both! {
    async fn aut_04_what_the_operator_takes_back_ends_outside_tokens(db: TestDb) {
        let t = Trusting::new(db).await;
        let into = t.app.firm("Other").await;
        let token = t.with(&[]);
        t.read(&token).await.expect(200);
        // The organisation became another, for which nobody mapped the issuer.
        let operator = app::access::Caller::command_line();
        app::organisations::merge(&t.app.app, &operator, (id(&t.firm), id(&into)), app::organisations::Merging::Commit).await.unwrap();
        assert!(t.read(&token).await.expect(401).text.contains("not here any more"));
        let t = Trusting { app: t.app.trusting(trusted(&t.issuer, Mapping::One(id(&into)))), ..t };
        t.read(&token).await.expect(200);
        // The issuer is no longer named.
        let app = t.app.trusting(OutsideIssuers::default());
        app.get(&token, OFFERS).await.expect(401);
    }
}

on_both! {
    async fn rat_02_each_person_of_an_issuer_has_points_of_his_own(db: TestDb) {
        let mut t = Trusting::new(db).await;
        t.read(&t.with(&[])).await.expect(200);
        let few = Limits { credential: 50, address: 50 };
        t.app.router = api::router_with(t.app.app.clone(), Some(Rates::new(few, Vec::new())));
        let (ann, bob) = (t.with(&[]), t.with(&[("sub", json!("bob"))]));
        let mut answer = t.read(&ann).await.expect(200);
        assert_eq!(answer.header("ratelimit-policy"), "\"credential\";q=50;w=60");
        while answer.status != 429 {
            // Another token of the same person is no other credential.
            answer = t.app.post(&t.with(&[("jti", json!("2"))]), OFFERS, &json!({})).await;
        }
        while t.read(&ann).await.status != 429 {}
        t.read(&bob).await.expect(200);
        // What opens nothing costs its address.
        let mut statuses = Vec::new();
        for _ in 0..8 {
            statuses.push(t.read(&t.with(&[("aud", json!("other"))])).await.status);
        }
        assert_eq!((statuses[0], statuses.last()), (401, Some(&429)), "{statuses:?}");
    }
}
