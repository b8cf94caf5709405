//! How much a caller may ask for: by credential, by address where nobody is known, and nobody for another.

use std::net::IpAddr;

use api::{Limits, Peer, Rates};
use serde_json::json;
use testkit::{Answer, TestApp, TestDb, app::request, on_both};

use crate::offers;

/// The least there is: 50 points a minute for both.
const FEW: Limits = Limits { credential: 50, address: 50 };

fn limited(db: TestDb, trusted: &[&str]) -> TestApp {
    let mut app = TestApp::new(db);
    let trusted = trusted.iter().map(|net| net.parse().unwrap()).collect();
    app.router = api::router_with(app.app.clone(), Some(Rates::new(FEW, trusted)));
    app
}

/// A read of the catalogue from an address, with what is said of others before it.
async fn from(app: &TestApp, peer: &str, forwarded: &str) -> Answer {
    let mut request = request("GET".parse().unwrap(), "", "/api/v1/units", "".into());
    request.headers_mut().insert("x-forwarded-for", forwarded.parse().unwrap());
    for name in ["x-real-ip", "forwarded"] {
        request.headers_mut().insert(name, forwarded.parse().unwrap());
    }
    request.extensions_mut().insert(Peer(peer.parse::<IpAddr>().unwrap()));
    app.send(request).await
}

on_both! {
    async fn a_credential_has_points_and_is_told_how_many(db: TestDb) {
        let app = limited(db, &[]);
        // Firms are registered by the operator, 5 points each, with a site of their own.
        let (firm, other) = (app.firm("Atelier").await, app.firm("Other").await);
        let first = app.get(&firm.token, "/api/v1/offers").await.expect(200);
        assert_eq!(first.header("ratelimit-policy"), "\"credential\";q=50;w=60");
        let left = |answer: &Answer| {
            let text = answer.header("ratelimit");
            text.split(';').find_map(|part| part.strip_prefix("r=")).unwrap().parse::<u32>().unwrap()
        };
        let before = left(&first);
        let made = app.post(&firm.token, "/api/v1/offers", &offers::plain(&firm)).await.expect(201);
        assert!(left(&made) <= before - 4, "{before} and then {}", left(&made));
        // A refusal that is for what was sent costs as well; then there is nothing left.
        let mut answer = made;
        while answer.status != 429 {
            assert!(left(&answer) <= before, "{}", answer.text);
            answer = app.post(&firm.token, "/api/v1/offers", &json!({})).await;
        }
        assert_eq!(answer.json["code"], "rate_limited");
        assert!((1..=60).contains(&answer.header("retry-after").parse::<u32>().unwrap()));
        // Others are served, and whoever watches over the service is.
        app.get(&other.token, "/api/v1/offers").await.expect(200);
        from(&app, "198.51.100.7", "").await.expect(200);
        for _ in 0..60 {
            app.get("", "/readyz").await.expect(200);
        }
        assert_eq!(app.get(&other.token, "/api/v1/offers").await.expect(200).items().len(), 0);
    }
}

on_both! {
    async fn a_credential_that_opens_nothing_counts_for_the_address(db: TestDb) {
        let app = limited(db, &[]);
        let firm = app.firm("Atelier").await;
        let mut statuses = Vec::new();
        for n in 0..8 {
            statuses.push(app.get(&format!("muster_{n:012x}_{n:064x}"), "/api/v1/offers").await.status);
        }
        // Ten points each of fifty; some come back while the test runs.
        assert_eq!(statuses[..4], [401; 4]);
        assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
        app.get(&firm.token, "/api/v1/offers").await.expect(200);
        // Nor does a made-up credential open the catalogue past the limit; one that holds counts for itself.
        app.get(&format!("muster_{:012x}_{:064x}", 9, 9), "/api/v1/units").await.expect(429);
        let read = app.get(&firm.token, "/api/v1/units").await.expect(200);
        assert!(read.header("ratelimit").starts_with("\"credential\""));
    }
}

on_both! {
    async fn rat_01_headers_that_a_client_makes_up_open_no_other_bucket(db: TestDb) {
        let app = limited(db, &["10.0.0.0/8"]);
        let mut refused = (0, 0);
        for n in 0..100 {
            // Direct, and through a proxy that adds the address it sees.
            refused.0 += u32::from(from(&app, "198.51.100.7", &format!("203.0.113.{n}")).await.status == 429);
            let through = format!("203.0.113.{n}, 198.51.100.8");
            refused.1 += u32::from(from(&app, "10.0.0.1", &through).await.status == 429);
        }
        assert!(refused.0 >= 40 && refused.1 >= 40, "{refused:?}");
    }
}

on_both! {
    async fn rat_02_clients_behind_one_proxy_do_not_share_a_bucket(db: TestDb) {
        let app = limited(db, &["10.0.0.0/8"]);
        while from(&app, "10.0.0.1", "203.0.113.9").await.status != 429 {}
        from(&app, "10.0.0.1", "203.0.113.10").await.expect(200);
        // Who changes his address inside his network of 64 bits stays one client.
        let mut refused = 0;
        for n in 0..100 {
            refused += u32::from(from(&app, "10.0.0.1", &format!("2001:db8:1:2::{n:x}")).await.status == 429);
        }
        assert!(refused >= 40, "{refused}");
        from(&app, "10.0.0.1", "2001:db8:1:3::1").await.expect(200);
    }
}
