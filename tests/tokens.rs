//! Tokens over HTTP.

use serde_json::{Value, json};
use testkit::{
    TestApp, TestDb,
    app::request,
    on_both,
    people::{OPERATOR, OPERATOR_SESSION},
};

const OFFERS: &str = "/api/v1/offers";

fn claims(app: &TestApp, change: &[(&str, Value)]) -> String {
    let now = domain::time::Clock::now(app.clock.as_ref()).micros() / 1_000_000;
    let mut claims = json!({ "iss": "muster", "aud": "muster-api", "sub": OPERATOR, "sid": OPERATOR_SESSION, "jti": "1",
        "operator": true, "iat": now, "nbf": now, "exp": now + 900 });
    for (name, value) in change {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(*name);
        } else {
            claims[*name] = value.clone();
        }
    }
    app::tokens::sign(&app.app.keys, &claims).unwrap()
}

on_both! {
    async fn aut_01_claims_of_a_wrong_type_open_nothing(db: TestDb) {
        let app = TestApp::new(db);
        app.get(&claims(&app, &[]), OFFERS).await.expect(200);
        for (name, value) in [
            ("exp", json!("never")), ("exp", json!("9999999999")), ("exp", Value::Null), ("exp", json!(-1)), ("exp", json!(1e18)),
            ("exp", json!(1_000_000_000_000_000_000_i64)), ("nbf", json!("9999999999")), ("nbf", Value::Null), ("iat", Value::Null),
            ("aud", json!(["muster-api"])), ("aud", json!("other")), ("iss", json!("other")), ("sub", json!("root")), ("operator", json!("true")),
        ] {
            let answer = app.get(&claims(&app, &[(name, value.clone())]), OFFERS).await.expect(401);
            assert_eq!(answer.json["code"], "unauthenticated", "{name} {value}");
            assert!(answer.header("www-authenticate").starts_with("Bearer realm=\"muster\", error=\"invalid_token\""));
        }
    }
}

on_both! {
    async fn aut_02_a_token_has_its_time(db: TestDb) {
        let app = TestApp::new(db);
        let now = domain::time::Clock::now(app.clock.as_ref()).micros() / 1_000_000;
        let early = json!(now - 7_200);
        for (nbf, exp, status) in [
            (now + 3_600, now + 3_700, 401),
            (now - 60, now - 29, 200),
            (now - 60, now - 30, 401),
            (now - 800, now - 90, 401),
        ] {
            let token = claims(&app, &[("iat", early.clone()), ("nbf", json!(nbf)), ("exp", json!(exp))]);
            app.get(&token, OFFERS).await.expect(status);
        }
        let token = app.operator();
        app.get(&token, OFFERS).await.expect(200);
        app.clock.advance_micros(930 * 1_000_000);
        assert!(app.get(&token, OFFERS).await.expect(401).text.contains("expired"));
    }
}

on_both! {
    async fn what_is_no_bearer_token_opens_nothing(db: TestDb) {
        let app = TestApp::new(db);
        let none = app.get("", OFFERS).await.expect(401);
        assert_eq!(none.header("www-authenticate"), "Bearer realm=\"muster\"");
        for value in ["Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Bearer a.b.c", "token", "Bearer \u{e9}"] {
            let mut sent = request("GET".parse().unwrap(), "", OFFERS, "".into());
            sent.headers_mut().insert("authorization", value.parse().unwrap());
            app.send(sent).await.expect(401);
        }
        let mut lower = request("GET".parse().unwrap(), "", OFFERS, "".into());
        lower.headers_mut().insert("authorization", format!("bearer {}", app.operator()).parse().unwrap());
        app.send(lower).await.expect(200);
    }
}
