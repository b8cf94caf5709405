//! HTTP itself: bodies that are none, methods, slashes, headers.

use serde_json::json;
use testkit::{TestApp, TestDb, app::request, on_both};

use crate::offers;

/// 50 MB.
const HUGE: usize = 50 * 1024 * 1024;

on_both! {
    async fn dos_02_deep_or_broken_json_is_a_400(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let deep = "[".repeat(100_000);
        let nested = format!("{{\"product\": {}1{}}}", "{\"a\":".repeat(127), "}".repeat(127));
        for (body, code) in [
            (deep.as_str(), "too_deep"),
            (nested.as_str(), "too_deep"),
            ("", "malformed_json"),
            ("{", "malformed_json"),
            ("{\"product\": }", "malformed_json"),
            ("{} {}", "malformed_json"),
            ("{\"site\": \"\\ud800\"}", "malformed_json"),
        ] {
            let answer = app.post_text(&firm.token, "/api/v1/offers", body.to_owned()).await.expect(400);
            assert_eq!(answer.json["code"], code, "{}", &body[..body.len().min(40)]);
        }
        let answer = app.post_text(&firm.token, "/api/v1/offers", b"{\"product\": \"\xff\xfe\"}".to_vec()).await.expect(400);
        assert_eq!(answer.json["code"], "invalid_utf8");
        assert!(answer.json["detail"].as_str().unwrap().contains("byte 13"), "{}", answer.text);
        let answer = app.post_text(&firm.token, "/api/v1/offers", "[1]").await.expect(422);
        assert_eq!(answer.faults(), [" not_an_object"]);
        let keys: String = (0..60_000).map(|i| format!("\"k{i}\": 1,")).collect();
        let answer = app.post_text(&firm.token, "/api/v1/offers", format!("{{{keys}\"z\": 1}}")).await.expect(422);
        assert_eq!(answer.faults(), ["/k0 unknown_field"]);
    }
}

on_both! {
    async fn htt_01_a_large_body_is_a_413_and_one_within_the_limit_is_read(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let answer = app.post_text(&firm.token, "/api/v1/offers", " ".repeat(HUGE)).await.expect(413);
        assert_eq!(answer.json["code"], "body_too_large");
        let plain = offers::plain(&firm).to_string();
        let padded = |length: usize| format!("{plain}{}", " ".repeat(length - plain.len()));
        app.post_text(&firm.token, "/api/v1/offers", padded(1_048_576)).await.expect(201);
        app.post_text(&firm.token, "/api/v1/offers", padded(1_048_577)).await.expect(413);
        assert_eq!(app.get(&firm.token, "/api/v1/offers").await.items().len(), 1);
    }
}

on_both! {
    async fn a_body_that_is_not_announced_as_json_is_a_415(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "json"] {
            let mut request = request("POST".parse().unwrap(), &firm.token, "/api/v1/offers", offers::plain(&firm).to_string().into());
            request.headers_mut().insert("content-type", kind.parse().unwrap());
            let answer = app.send(request).await.expect(415);
            assert_eq!(answer.json["code"], "wrong_content_type", "{kind}");
        }
        for kind in ["application/json; charset=utf-8", "Application/JSON", "application/vnd.api+json"] {
            let mut request = request("POST".parse().unwrap(), &firm.token, "/api/v1/offers", offers::plain(&firm).to_string().into());
            request.headers_mut().insert("content-type", kind.parse().unwrap());
            app.send(request).await.expect(201);
        }
    }
}

on_both! {
    async fn htt_02_a_trailing_slash_changes_nothing(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let made = app.post(&firm.token, "/api/v1/offers/", &offers::plain(&firm)).await.expect(201);
        for path in ["/api/v1/offers", "/api/v1/units", "/healthz", made.header("location")] {
            let (plain, slash) = (app.get(&firm.token, path).await, app.get(&firm.token, &format!("{path}/")).await);
            assert_eq!((plain.status, &plain.text), (slash.status, &slash.text), "{path}");
        }
        let double = app.get(&firm.token, &format!("/api/v1/offers//{}", made.id())).await.expect(404);
        assert_eq!(double.json["code"], "no_such_route");
    }
}

on_both! {
    async fn htt_07_methods(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let made = app.post(&firm.token, "/api/v1/offers", &offers::plain(&firm)).await.expect(201);
        let of = |method: &str, path: &str| request(method.parse().unwrap(), &firm.token, path, "".into());
        for path in ["/api/v1/offers", "/api/v1/products", "/healthz", "/docs/api", made.header("location")] {
            let head = app.send(of("HEAD", path)).await.expect(200);
            assert_eq!(head.text, "", "{path}");
        }
        for (method, path, allow) in [
            ("TRACE", "/api/v1/offers", "GET,HEAD,POST"),
            ("PATCH", "/api/v1/offers", "GET,HEAD,POST"),
            ("DELETE", made.header("location"), "GET,HEAD,PATCH"),
            ("OPTIONS", "/api/v1/offers", "GET,HEAD,POST"),
            ("POST", "/healthz", "GET,HEAD"),
        ] {
            let answer = app.send(of(method, path)).await.expect(405);
            assert_eq!((answer.json["code"].as_str(), answer.header("allow")), (Some("method_not_allowed"), allow), "{method} {path}");
            assert!(!answer.headers.contains_key("access-control-allow-origin"));
        }
        let mut sneaky = of("POST", made.header("location"));
        sneaky.headers_mut().insert("x-http-method-override", "DELETE".parse().unwrap());
        app.send(sneaky).await.expect(405);
        app.get(&firm.token, made.header("location")).await.expect(200);
        assert_eq!(app.get("", "/nowhere").await.expect(404).json["code"], "no_such_route");
        assert_eq!(app.get("", "/api/v1/nowhere").await.expect(404).json["code"], "no_such_route");
    }
}

on_both! {
    async fn dos_05_limits_are_clamped_and_nonsense_is_refused(db: TestDb) {
        let app = TestApp::new(db);
        for (query, status) in [
            ("limit=0", 200), ("limit=1", 200), ("limit=200", 200), ("limit=4000000000", 200),
            ("limit=-1", 422), ("limit=all", 422), ("limit=1e3", 422), ("limit=", 422), ("limit=99999999999", 422),
            ("limit=1&limit=2", 422), ("offset=3", 400), ("level=9", 422), ("country=Atlantis", 422), ("cursor=x", 400),
        ] {
            let answer = app.get("", &format!("/api/v1/regions?{query}")).await.expect(status);
            match status {
                200 => assert!((1..=200).contains(&answer.items().len()), "{query}"),
                422 => assert_eq!(answer.json["code"], "invalid_query", "{query}"),
                _ if query == "offset=3" => assert_eq!(answer.json["code"], "unknown_parameter"),
                _ => assert_eq!(answer.json["code"], "invalid_cursor", "{query}"),
            }
        }
    }
}

on_both! {
    async fn dos_05_and_db_10_texts_to_search_for_have_a_length_and_no_list_fails_on_them(db: TestDb) {
        let app = TestApp::new(db);
        let operator = app.operator();
        for list in ["organisations", "products", "regions"] {
            for (q, status) in [("a%00b".to_owned(), 200), ("%25".repeat(200), 200), ("x".repeat(201), 422), ("x".repeat(60_000), 422)] {
                let answer = app.get(&operator, &format!("/api/v1/{list}?q={q}")).await.expect(status);
                assert!(answer.text.len() < 100_000, "{list}");
            }
        }
        for list in ["offers", "needs"] {
            let long = "x".repeat(60_000);
            for (product, fault) in
                [("a%00b", "unknown_product"), ("none", "unknown_product"), ("%ff", "unknown_product"), (&*long, "too_long")]
            {
                let answer = app.get(&operator, &format!("/api/v1/{list}?product={product}")).await.expect(422);
                assert_eq!(answer.faults(), [format!("/product {fault}")], "{list}");
                assert!(answer.text.len() < 1_000);
            }
            app.get(&operator, &format!("/api/v1/{list}?product=ffp")).await.expect(200);
        }
    }
}

on_both! {
    // That every answer of the suite fits the OpenAPI document is held by `TestApp` itself.
    async fn htt_05_unknown_fields_and_parameters_are_refused_by_name(db: TestDb) {
        let app = TestApp::new(db);
        let operator = app.operator();
        let body = serde_json::json!({"name": "Acme", "kind": "firm", "country": "DE", "role": "admin"});
        let answer = app.post(&operator, "/api/v1/organisations", &body).await.expect(422);
        assert_eq!(answer.faults(), ["/role unknown_field"]);
        let answer = app.get(&operator, "/api/v1/offers?colour=red").await.expect(400);
        assert_eq!(answer.faults(), ["/colour unknown_parameter"]);
        let answer = app.get(&operator, "/api/v1/offers?stats=paused").await.expect(400);
        assert_eq!(answer.json["code"], "unknown_parameter");
        assert!(answer.json["detail"].as_str().unwrap().contains("did you mean \"state\"?"), "{}", answer.text);
    }
}

on_both! {
    async fn uni_05_a_body_whose_text_is_too_long_is_not_repeated(db: TestDb) {
        let app = TestApp::new(db);
        let operator = app.operator();
        let long = "ß".repeat(100_000);
        let body = serde_json::json!({"name": long, "kind": long, "country": "DE"});
        let answer = app.post(&operator, "/api/v1/organisations", &body).await.expect(422);
        assert_eq!(answer.faults(), ["/kind too_long", "/name too_long"]);
        assert!(answer.text.len() < 1_000);
    }
}

on_both! {
    async fn each_answer_has_an_id_and_safe_headers(db: TestDb) {
        let app = TestApp::new(db);
        let own = app.get("", "/api/v1/offers").await.expect(401);
        assert_eq!(own.header("x-request-id"), own.json["request_id"].as_str().unwrap());
        for (sent, kept) in [("abc-1.2_3", true), ("a b", false), ("<script>", false), (&*"x".repeat(65), false), ("", false)] {
            let mut request = request("GET".parse().unwrap(), "", "/nowhere", "".into());
            request.headers_mut().insert("x-request-id", sent.parse().unwrap());
            let answer = app.send(request).await.expect(404);
            assert_eq!(answer.header("x-request-id") == sent, kept, "{sent}");
            assert_eq!(answer.json["request_id"], answer.header("x-request-id"));
        }
        let page = app.get("", "/docs/api").await.expect(200);
        assert!(page.header("content-security-policy").contains("default-src 'self'"));
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(app.get("", "/healthz").await.header("cache-control"), "no-store");
    }
}

on_both! {
    async fn what_names_nothing_is_not_found(db: TestDb) {
        let app = TestApp::new(db);
        let operator = app.operator();
        for list in ["organisations", "sites", "offers", "needs", "match-runs", "matches"] {
            for id in ["018f0000-0000-7000-8000-000000000001", "1", "x'--", "%00", "%ff", "..%2f..%2fetc"] {
                let answer = app.get(&operator, &format!("/api/v1/{list}/{id}")).await.expect(404);
                assert_eq!(answer.json["code"], "not_found", "{list} {id}");
            }
        }
        for path in ["/api/v1/products/%ff", "/api/v1/regions/%ff", "/api/v1/products/%00", "/docs/errors/%ff"] {
            assert_eq!(app.get(&operator, path).await.expect(404).json["code"], "not_found", "{path}");
        }
        for path in ["/api/v1/products/none", "/api/v1/regions/Atlantis", "/api/v1/match-runs/018f0000-0000-7000-8000-000000000001/shortages", "/docs/errors/none"] {
            app.get(&operator, path).await.expect(404);
        }
        let body = json!({});
        app.post(&operator, "/api/v1/offers/018f0000-0000-7000-8000-000000000001/withdraw", &body).await.expect(404);
        app.post(&operator, "/api/v1/needs/018f0000-0000-7000-8000-000000000001/close", &json!({ "reason": "test" })).await.expect(404);
    }
}

on_both! {
    async fn htt_07_who_has_a_version_already_is_told_so(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let conditional = async |token: &str, path: &str, tag: &str| {
            let mut sent = request("GET".parse().unwrap(), token, path, "".into());
            sent.headers_mut().insert("if-none-match", tag.parse().unwrap());
            app.send(sent).await
        };
        for path in ["/api/v1/sites", &format!("/api/v1/sites/{}", firm.site), "/api/v1/units"] {
            let first = app.get(&firm.token, path).await.expect(200);
            let tag = first.header("etag").to_owned();
            assert!(tag.len() == 34 && first.header("cache-control") == "private, no-cache", "{path}: {tag}");
            assert!(first.headers.get_all("vary").iter().any(|v| v == "authorization"), "{path}");
            for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
                let same = conditional(&firm.token, path, &known).await.expect(304);
                assert_eq!((same.text.as_str(), same.header("etag")), ("", tag.as_str()), "{path}");
            }
            conditional(&firm.token, path, "\"other\"").await.expect(200);
            // Whoever may not see it is not told that it did not change.
            if path != "/api/v1/units" {
                conditional("", path, &tag).await.expect(401);
            }
        }
        let before = app.get(&firm.token, "/api/v1/sites").await.header("etag").to_owned();
        app.post(&firm.token, "/api/v1/sites", &serde_json::json!({ "name": "Second" })).await.expect(201);
        conditional(&firm.token, "/api/v1/sites", &before).await.expect(200);
    }
}

on_both! {
    async fn htt_07_pages_of_other_origins_read_what_is_public_and_nothing_else(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let from = async |method: &str, path: &str| {
            let mut sent = request(method.parse().unwrap(), &firm.token, path, "".into());
            sent.headers_mut().insert("origin", "https://evil.example".parse().unwrap());
            app.send(sent).await
        };
        for path in ["/api/v1/products", "/api/v1/units", "/api/v1/regions/DE21"] {
            let read = from("GET", path).await.expect(200);
            assert_eq!(read.header("access-control-allow-origin"), "*", "{path}");
            assert_eq!(read.header("access-control-allow-credentials"), "", "{path}");
            // A plain read asks no leave before.
            from("OPTIONS", path).await.expect(405);
        }
        for path in ["/api/v1/offers", "/api/v1/api-keys", "/healthz"] {
            let read = from("GET", path).await;
            assert_eq!(read.header("access-control-allow-origin"), "", "{path}");
            from("OPTIONS", path).await.expect(405);
        }
        // A header does not make one method another.
        let mut sent = request("GET".parse().unwrap(), &firm.token, "/api/v1/sites", "".into());
        sent.headers_mut().insert("x-http-method-override", "DELETE".parse().unwrap());
        app.send(sent).await.expect(200);
        app.send(request("TRACE".parse().unwrap(), &firm.token, "/api/v1/sites", "".into())).await.expect(405);
    }
}
