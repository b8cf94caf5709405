//! Offers over HTTP.

use serde_json::{Value, json};
use testkit::{Org, TestApp, TestDb, on_both};

/// The plainest offer that passes every check.
pub fn plain(firm: &Org) -> Value {
    json!({ "site": firm.site, "product": "ffp", "grades": ["FFP2"], "stock": { "value": 5000 },
        "running": { "value": 10000, "per": "week" } })
}

on_both! {
    async fn what_an_offer_lacks_is_stated_and_leaves_only_its_stock(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, hospital) = (app.firm("Atelier").await, app.hospital("Clinic").await);
        let mut body = plain(&firm);
        body["missing_inputs"] = json!([
            { "product": "meltblown", "quantity": { "value": 0.75, "unit": "KGM" }, "per": 1000 },
            { "product": "lab-test-mask", "quantity": { "value": 1 }, "per": 1000000 },
        ]);
        let made = app.post(&firm.token, "/api/v1/offers", &body).await.expect(201);
        let told = [
            json!({ "product": "meltblown", "value": 750, "unit": "GRM", "per": 1000, "when": "before" }),
            json!({ "product": "lab-test-mask", "value": 1, "unit": "E48", "per": 1_000_000, "when": "after" }),
        ];
        let unit = made.json["missing_inputs"][0]["unit"].clone();
        assert_eq!(made.json["missing_inputs"][0]["value"], told[0]["value"], "{unit}");
        assert_eq!((&made.json["missing_inputs"][0]["when"], &made.json["missing_inputs"][1]["when"]), (&json!("before"), &json!("after")));
        // Of 5,000 in stock and 10,000 a week, the stock alone can be had.
        let mut asked = crate::needs::plain(&hospital);
        asked["instalments"][0]["quantity"] = json!({ "value": 9_000 });
        app.post(&hospital.token, "/api/v1/needs", &asked).await.expect(201);
        let matched = async || {
            app.post(&app.operator(), "/api/v1/match-runs", &json!({})).await.expect(202);
            app.work().await;
            let all = app.get(&app.operator(), "/api/v1/matches?state=suggested&sort=-created_at").await.expect(200);
            all.items()[0]["quantity"].clone()
        };
        assert_eq!(matched().await, json!(5_000));
        let free = app.get(&app.operator(), "/api/v1/capacity?product=ffp&group_by=product").await.expect(200);
        assert_eq!((&free.json["rows"][0]["running"], &free.json["rows"][0]["free"]), (&json!(5_000), &json!(5_000)));
        // Once it has everything, what it makes counts.
        let address = format!("/api/v1/offers/{}", made.id());
        let whole = app.patch(&firm.token, &address, "*", &json!({ "missing_inputs": [] })).await.expect(200);
        assert_eq!(whole.json["missing_inputs"], json!([]));
        assert_eq!(matched().await, json!(9_000));
        let wrong = json!({ "missing_inputs": [
            { "product": "ffp", "quantity": { "value": 1 } },
            { "product": "nonsense", "quantity": { "value": 0 }, "per": 0, "when": "never" },
            { "product": "meltblown" },
        ]});
        let faults = app.patch(&firm.token, &address, "*", &wrong).await.expect(422).faults();
        assert_eq!(faults, [
            "/missing_inputs/0/product own_product", "/missing_inputs/1/product unknown_product",
            "/missing_inputs/1/per out_of_range", "/missing_inputs/1/when unknown_value",
            "/missing_inputs/2/quantity missing_field",
        ]);
    }
}

on_both! {
    async fn an_offer_is_published_read_and_withdrawn(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let body = json!({
            "site": firm.site, "product": "FFP2", "features": { "valve": false, "size": ["S", "M"] },
            "stock": { "value": 12.5, "unit": "XBX", "pack_size": 20 },
            "running": { "value": 50000, "unit": "H87", "per": "week" },
            "maximum": { "value": 80000, "per": "week" }, "ramp_days": 5,
            "convertible": { "value": 1000, "per": "day", "days": 21 },
            "calendar": { "working_days": ["monday", "tuesday"], "closures": [{ "from": "2020-04-10", "until": "2020-04-13" }] },
            "from": "2020-04-06", "until": "2020-06-30", "lead_days": 3,
            "min_order": { "value": 500, "unit": "PR" }, "max_distance_km": 2000, "regions": ["GR", "UK", "DE21"],
            "certificates": [{ "kind": "eu-type-examination", "status": "claimed", "number": "X 1", "notified_body": "2797",
                "grades": ["FFP2"], "valid_until": "2024-04-30" }],
            "transfers": ["sale", "donation"], "price": { "amount": 1.20, "currency": "eur" }, "note": "Zürich ✓"
        });
        let made = app.post(&firm.token, "/api/v1/offers", &body).await.expect(201);
        let address = made.header("location").to_owned();
        assert_eq!(address, format!("/api/v1/offers/{}", made.id()));
        let read = app.get(&firm.token, &address).await.expect(200).json;
        assert_eq!(read, made.json, "what is read is what was answered, to the microsecond (DB-14)");
        assert_eq!(read["product"], "ffp");
        assert_eq!(read["grades"], json!(["FFP2"]), "the name of the grade implies it");
        assert_eq!(read["capacity"]["stock"], json!({ "value": 250, "unit": "H87", "typed": { "value": 12.5, "unit": "XBX", "pack_size": 20 } }));
        assert_eq!(read["min_order"]["value"], 1000, "a pair is two pieces");
        assert_eq!(read["regions"], json!(["DE21", "EL", "GB"]));
        assert_eq!(read["price"], json!({ "amount": 1.2, "currency": "EUR" }));
        assert_eq!(read["state"], "published");
        assert_eq!(read["quarantine"], Value::Null);

        let gone = app.post_text(&firm.token, &format!("{address}/withdraw"), "").await.expect(200);
        assert_eq!(gone.json["state"], "withdrawn");
        let again = app.post_text(&firm.token, &format!("{address}/withdraw"), "").await.expect(409);
        assert_eq!(again.json["code"], "wrong_state");
    }
}

on_both! {
    async fn lists_are_filtered_by_product_and_states(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let first = app.post(&firm.token, "/api/v1/offers", &plain(&firm)).await.expect(201).id();
        let mask = json!({ "site": firm.site, "product": "OP-Maske", "stock": { "value": 1 } });
        let second = app.post(&firm.token, "/api/v1/offers", &mask).await.expect(201).id();
        app.post_text(&firm.token, &format!("/api/v1/offers/{first}/withdraw"), "").await.expect(200);
        for (query, expected) in [
            ("", 2),
            ("?product=medical-mask", 1),
            ("?product=face-shield", 0),
            ("?state=withdrawn,published", 2),
            ("?state=withdrawn", 1),
            ("?state=draft", 0),
        ] {
            let found = app.get(&firm.token, &format!("/api/v1/offers{query}")).await.expect(200);
            assert_eq!(found.items().len(), expected, "{query}");
        }
        let published = app.get(&firm.token, "/api/v1/offers?state=published").await;
        assert_eq!(published.items()[0]["id"], second.as_str());
        let wrong = app.get(&firm.token, "/api/v1/offers?state=published,gone").await.expect(422);
        assert_eq!(wrong.faults(), ["/state bad_value"]);
        assert!(wrong.json["errors"][0]["detail"].as_str().unwrap().contains("withdrawn"), "{}", wrong.text);
    }
}

on_both! {
    async fn num_04_an_implausible_quantity_waits_for_a_reviewer(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        for (value, status) in [(2_000_000_000_i64, 201), (1_000_000_000_000, 201), (199_999_999_999_998, 422)] {
            let body = json!({ "site": firm.site, "product": "ffp", "stock": { "value": value } });
            let answer = app.post(&firm.token, "/api/v1/offers", &body).await.expect(status);
            if status == 201 {
                assert!(answer.json["quarantine"].as_str().unwrap().contains("plausible"), "{}", answer.text);
            }
        }
    }
}

on_both! {
    async fn num_02_packages_pairs_and_litres_come_to_base_units(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        for (product, stock, units) in [
            ("ffp", json!({ "value": 10, "unit": "XBX", "pack_size": 100 }), 1000),
            ("ffp", json!({ "value": 1.0 }), 1),
            ("ffp", json!({ "value": 1e3 }), 1000),
            ("gloves-exam", json!({ "value": 12.5, "unit": "XBX", "pack_size": 50, "pack_unit": "PR" }), 1250),
            ("hand-sanitiser", json!({ "value": 0.75, "unit": "LTR" }), 750),
        ] {
            let body = json!({ "site": firm.site, "product": product, "stock": stock });
            let answer = app.post(&firm.token, "/api/v1/offers", &body).await;
            if answer.status == 422 && answer.text.contains("unknown_product") {
                panic!("{product}: {}", answer.text);
            }
            assert_eq!(answer.expect(201).json["capacity"]["stock"]["value"], units, "{product} {stock}");
        }
    }
}

on_both! {
    async fn the_operator_writes_for_an_organisation_by_naming_it(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let mut body = plain(&firm);
        let answer = app.post(&app.operator(), "/api/v1/offers", &body).await.expect(422);
        assert_eq!(answer.faults(), ["/organisation missing"]);
        body["organisation"] = json!(firm.id);
        let made = app.post(&app.operator(), "/api/v1/offers", &body).await.expect(201);
        assert_eq!(made.json["organisation"], firm.id.as_str());
        app.get(&firm.token, made.header("location")).await.expect(200);
    }
}
