//! Outside issuers of the settings: what the program takes, shows and complains of.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use testkit::issuer::{IssuerKey, TestIssuer, signed};

use crate::{
    command::Bench,
    serving::{send, start},
};

const NOBODY: &str = "018f0000-0000-7000-8000-000000000001";

fn settings(bench: &Bench, lines: &[&str]) {
    let usual = ["[[outside_issuers]]", "issuer = \"https://login.example.org\"", "audience = \"muster\""];
    let text: Vec<&str> = usual.into_iter().chain(lines.iter().copied()).collect();
    std::fs::write(bench.data().join("muster.toml"), text.join("\n")).unwrap();
}

fn checks(bench: &Bench, code: i32) -> Vec<(String, String, String)> {
    let told = bench.run(&["doctor", "--output", "json"]).exits(code).json();
    let text = |check: &Value, field: &str| check[field].as_str().unwrap().to_owned();
    let all = told["checks"].as_array().unwrap().iter();
    let of = all.filter(|check| text(check, "check").starts_with("outside"));
    of.map(|check| (text(check, "check"), text(check, "verdict"), text(check, "detail"))).collect()
}

#[test]
fn a_token_of_an_issuer_whose_keys_lie_in_a_file_opens_what_is_mapped() {
    let bench = Bench::new();
    let operator = bench.run(&["token", "create", "--operator", "--scope", "read,write,admin"]).exits(0).stdout;
    let serving = start(&bench, &["serve"]);
    let body = json!({ "name": "Atelier", "kind": "firm", "country": "FR" }).to_string();
    let made = send(&serving.addr, "POST", "/api/v1/organisations", operator.trim(), &body);
    let made: Value = serde_json::from_str(made.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    drop(serving);
    let organisation = format!("organisation = \"{}\"", made["id"].as_str().unwrap());
    settings(&bench, &["jwks_file = \"login.json\"", &organisation]);
    let key = IssuerKey::new("first", jsonwebtoken::Algorithm::ES256, 3);
    std::fs::write(bench.data().join("login.json"), json!({ "keys": [key.published()] }).to_string()).unwrap();
    #[expect(clippy::disallowed_methods, reason = "the program lives on the true time")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let claims =
        json!({ "iss": "https://login.example.org", "aud": "muster", "sub": "ann", "iat": now, "exp": now + 600 });
    let header = json!({ "alg": "ES256", "typ": "JWT", "kid": "first" });
    let token = signed(&header, &claims, &key.signing, key.algorithm);
    let serving = start(&bench, &["serve"]);
    let own = send(&serving.addr, "GET", "/api/v1/organisations", &token, "");
    assert!(own.starts_with("HTTP/1.1 200") && own.contains(made["id"].as_str().unwrap()), "{own}");
    // No more than to read, unless it is said.
    let refused = send(&serving.addr, "POST", "/api/v1/sites", &token, "{\"name\": \"Lyon\"}");
    assert!(refused.starts_with("HTTP/1.1 403"), "{refused}");
    drop(serving);
    let found = checks(&bench, 0);
    assert!(found.iter().all(|(_, verdict, _)| verdict == "ok") && found.len() == 2, "{found:?}");
    let shown = bench.run(&["config", "show"]).exits(0).stdout;
    assert!(shown.contains("outside_issuers") && shown.contains("https://login.example.org (read)"), "{shown}");
}

#[test]
fn doctor_asks_each_issuer_and_looks_whom_it_is_mapped_to() {
    let bench = Bench::new();
    bench.run(&["token", "create", "--operator"]).exits(0);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let issuer = runtime.block_on(TestIssuer::start());
    let organisation = format!("organisation = \"{NOBODY}\"");
    settings(&bench, &[&format!("jwks_url = \"{}\"", issuer.jwks_url()), &organisation]);
    let found = checks(&bench, 1);
    assert_eq!((found[0].1.as_str(), issuer.asked()), ("ok", 1), "{found:?}");
    assert!(
        found[0].2.contains("usable keys")
            && found[0].2.ends_with("organisations: 1")
            && found[1].1 == "FAULT"
            && found[1].2.contains(NOBODY),
        "{found:?}"
    );
    // Nobody listens there for the moment, or the file is not there.
    let places =
        [("jwks_url = \"http://127.0.0.1:1/jwks.json\"", "warning"), ("jwks_file = \"nowhere.json\"", "FAULT")];
    for (place, verdict) in places {
        settings(&bench, &[place, &organisation]);
        let found = checks(&bench, 1);
        assert!(found[0].1 == verdict && found[0].2.contains("https://login.example.org"), "{found:?}");
    }
    settings(&bench, &["jwks_url = \"http://login.example.org/jwks.json\"", &organisation]);
    let refused = bench.run(&["serve"]).exits(1).stderr;
    assert!(refused.contains("outside_issuers, entry 1: jwks_url"), "{refused}");
    // What stands before the @ is a secret.
    settings(&bench, &["jwks_url = \"https://ann:pw123@login.example.org/jwks.json\"", &organisation]);
    let refused = bench.run(&["serve"]).exits(1).stderr;
    assert!(refused.contains("login.example.org") && !refused.contains("pw123"), "{refused}");
}
