//! The simple and the full form of offers and needs: they read back as they were typed, count as they should, and have a
//! history.

use domain::time::Instant;
use serde_json::{Value, json};
use testkit::{TestApp, TestDb, on_both};

use crate::{
    lifecycle::{on, publish, read, run, token},
    needs, offers,
};

on_both! {
    async fn the_full_form_reads_back_as_it_was_typed(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, hospital) = (app.firm("Atelier").await, app.hospital("Hôpital").await);
        let weeks = json!([
            { "week": "2020-04-20", "running": { "value": 50000 }, "maximum": { "value": 4000, "unit": "XBX", "pack_size": 20 } },
            { "week": "2020-W18", "running": { "value": 0 }, "convertible": { "value": 7000 } },
            { "week": "2020-05-11", "maximum": { "value": 90000 }, "convertible": { "value": 9000 } }]);
        let body = json!({ "site": firm.site, "product": "ffp", "grades": ["FFP2"], "stock": { "value": 100 }, "weeks": weeks,
            "convertible": { "days": 14 }, "from": "2020-04-20", "lead_days": 0, "transfers": ["loan", "donation"], "role": "trader",
            "calendar": { "closures": [{ "from": "2020-05-01", "until": "2020-05-01" }] } });
        let made = app.post(&firm.token, "/api/v1/offers", &body).await.expect(201);
        let path = format!("/api/v1/offers/{}", made.id());
        let read = app.get(&firm.token, &path).await.expect(200);
        assert_eq!(read.json, made.json);
        assert_eq!((&read.json["transfers"], &read.json["role"]), (&json!(["donation", "loan"]), &json!("trader")));
        let typed = |week: &Value, name: &str| week[name]["typed"].clone();
        let kept = read.json["capacity"]["weeks"].as_array().unwrap();
        let named: Vec<&Value> = kept.iter().map(|week| &week["week"]).collect();
        assert_eq!(named, [&json!("2020-04-20"), &json!("2020-04-27"), &json!("2020-05-11")]);
        assert_eq!(typed(&kept[0], "maximum"), json!({ "value": 4000, "unit": "XBX", "pack_size": 20 }));
        assert_eq!((&kept[0]["maximum"]["value"], &kept[1]["running"]["value"]), (&json!(80000), &json!(0)));
        assert_eq!((&kept[2]["running"], &kept[2]["convertible"]["value"]), (&Value::Null, &json!(9000)));
        assert_eq!((&read.json["capacity"]["convertible"]["rate"], &read.json["capacity"]["convertible"]["days"]), (&Value::Null, &json!(14)));
        // A patch of something else keeps it, and one of the weeks replaces them.
        let patched = app.patch(&firm.token, &path, "*", &json!({ "note": "Ring twice" })).await.expect(200);
        assert_eq!(patched.json["capacity"], read.json["capacity"]);
        let faulty = app.patch(&firm.token, &path, "*", &json!({ "running": { "value": 1, "per": "week" } })).await.expect(422);
        assert_eq!(faulty.faults(), ["/running does_not_apply"]);
        // The engine counts on it: 100 and all of the first week by its Friday; nothing in the second.
        let need = |due: &str| json!({ "site": hospital.site, "product": "ffp", "max_distance_km": 20000, "transfers": ["loan"],
            "instalments": [{ "quantity": { "value": 500_000 }, "due": due }] });
        app.post(&hospital.token, "/api/v1/needs", &need("2020-05-06")).await.expect(201);
        let all = run(&app).await;
        assert_eq!(all["figures"]["covered"], 50_100);
        // The conversion: what the third week could make is there once somebody decided it, two weeks later.
        let decide = async |body: Value| app.post(&firm.token, &format!("{path}/decide-conversion"), &body).await;
        assert_eq!(decide(json!({ "decided_on": "2020-04-07" })).await.expect(422).faults(), ["/convertible/decided_on in_future"]);
        assert_eq!(decide(json!({})).await.expect(200).json["capacity"]["convertible"]["decided_on"], "2020-04-06");
        assert_eq!(decide(json!({})).await.expect(409).json["code"], "wrong_state");
        // From 20 April: of the week of the 27th 7,000 in four days, since 1 May is off.
        assert_eq!(run(&app).await["figures"]["covered"], 57_100);
        let plain = publish(&app, &firm).await;
        let refused = app.post(&firm.token, &format!("/api/v1/offers/{plain}/decide-conversion"), &json!({})).await.expect(409);
        assert!(refused.json["detail"].as_str().unwrap().contains("no convertible"), "{}", refused.text);
    }
}

on_both! {
    async fn the_simple_form_reads_back_as_it_was_typed(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let body = json!({ "site": firm.site, "product": "ffp", "running": { "value": 50000, "per": "week" },
            "from": "2020-04-20", "lead_days": 5, "calendar": { "working_days": ["monday", "tuesday", "wednesday", "thursday", "friday"] } });
        let made = app.post(&firm.token, "/api/v1/offers", &body).await.expect(201).json;
        let capacity = &made["capacity"];
        assert_eq!(capacity["running"]["typed"], json!({ "value": 50000, "unit": "H87" }));
        assert_eq!((&capacity["running"]["per"], &capacity["from"], &made["lead_days"]), (&json!("week"), &json!("2020-04-20"), &json!(5)));
        assert_eq!(capacity["working_days"], body["calendar"]["working_days"]);
        assert_eq!((&made["role"], &made["transfers"], &capacity["weeks"]), (&json!("maker"), &json!(["sale"]), &json!([])));
    }
}

on_both! {
    async fn tim_04_a_window_over_the_clock_change_yields_its_working_days(db: TestDb) {
        let app = TestApp::new(db);
        app.clock.set(Instant::parse("2020-03-27T08:00:00Z").unwrap());
        let (firm, hospital) = (app.firm("Atelier").await, app.hospital("Hôpital").await);
        let site = json!({ "name": "Berlin", "region": "DE21", "zone": "Europe/Berlin" });
        let site = app.post(&firm.token, "/api/v1/sites", &site).await.expect(201).id();
        let every = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        for (days, expected) in [(&every[..5], 3_000), (&every[..], 5_000)] {
            let body = json!({ "site": site, "product": "ffp", "running": { "value": 1000, "per": "day" }, "calendar": { "working_days": days },
                "from": "2020-03-27", "until": "2020-03-31" });
            let offer = app.post(&firm.token, "/api/v1/offers", &body).await.expect(201).id();
            let need = json!({ "site": hospital.site, "product": "ffp", "instalments": [{ "quantity": { "value": 9000 }, "due": "2020-04-20" }] });
            let need = app.post(&hospital.token, "/api/v1/needs", &need).await.expect(201).id();
            assert_eq!(run(&app).await["figures"]["covered"], expected);
            app.post_text(&firm.token, &format!("/api/v1/offers/{offer}/withdraw"), "").await.expect(200);
            app.post(&hospital.token, &format!("/api/v1/needs/{need}/close"), &json!({ "reason": "test" })).await.expect(200);
        }
    }
}

on_both! {
    async fn stock_and_daily_use_say_for_how_many_days_there_is_supply(db: TestDb) {
        let app = TestApp::new(db);
        let hospital = app.hospital("Hôpital").await;
        let mut body = needs::plain(&hospital);
        (body["stock"], body["daily_use"], body["stock_as_of"]) = (json!({ "value": 50, "unit": "XBX", "pack_size": 20 }), json!({ "value": 300 }), json!("2020-04-05"));
        let made = app.post(&hospital.token, "/api/v1/needs", &body).await.expect(201);
        assert_eq!((&made.json["stock"]["value"], &made.json["daily_use"]["value"]), (&json!(1000), &json!(300)));
        assert_eq!((&made.json["stock_as_of"], &made.json["days_of_supply"]), (&json!("2020-04-05"), &json!(2)));
        let path = format!("needs/{}", made.id());
        for (day, left) in [("2020-04-07", 1), ("2020-04-08", 0), ("2020-04-15", 0)] {
            on(&app, day);
            assert_eq!(read(&app, &hospital, &path).await.json["days_of_supply"], left, "{day}");
        }
        let patch = async |patch: Value| app.patch(&token(&app, &hospital), &format!("/api/v1/{path}"), "*", &patch).await;
        for (change, fault) in [
            (json!({ "daily_use": null }), "/daily_use missing"),
            (json!({ "stock": null }), "/stock missing"),
            (json!({ "stock": null, "daily_use": null }), "/stock_as_of does_not_apply"),
            (json!({ "daily_use": { "value": 0 } }), "/daily_use/value not_positive"),
            (json!({ "stock": { "value": -1 } }), "/stock/value negative"),
            (json!({ "stock_as_of": "2020-04-16" }), "/stock_as_of in_future"),
        ] {
            assert_eq!(patch(change.clone()).await.expect(422).faults(), [fault], "{change}");
        }
        // Boxes of 20, as they were typed before.
        let restated = patch(json!({ "stock": { "value": 45 }, "stock_as_of": "2020-04-15" })).await.expect(200);
        assert_eq!(restated.json["days_of_supply"], 3);
        let without = patch(json!({ "stock": null, "daily_use": null, "stock_as_of": null })).await.expect(200);
        assert_eq!((&without.json["stock"], &without.json["days_of_supply"]), (&Value::Null, &Value::Null));
    }
}

on_both! {
    async fn num_05_and_mat_04_what_is_none_or_over_is_refused_in_every_way_in(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, hospital) = (app.firm("Atelier").await, app.hospital("Hôpital").await);
        let offer = publish(&app, &firm).await;
        let need = app.post(&hospital.token, "/api/v1/needs", &needs::plain(&hospital)).await.expect(201).id();
        for (field, value, fault) in [
            ("stock", json!({ "value": -1 }), "/stock/value negative"),
            ("min_order", json!({ "value": -5 }), "/min_order/value not_positive"),
            ("min_order", json!({ "value": 0 }), "/min_order/value not_positive"),
            ("running", json!({ "value": 0.0000001, "per": "day" }), "/running/value fractional"),
            ("until", json!("2020-04-05"), "/until in_past"),
        ] {
            let mut body = offers::plain(&firm);
            body[field] = value.clone();
            body["from"] = json!("2020-04-01");
            assert_eq!(app.post(&firm.token, "/api/v1/offers", &body).await.expect(422).faults(), [fault], "{field} {value}");
            // A draft may be over, and that is all.
            body["draft"] = json!(true);
            let draft = app.post(&firm.token, "/api/v1/offers", &body).await;
            assert_eq!(draft.status, if field == "until" { 201 } else { 422 }, "{field} {value}");
            let patched = app.patch(&firm.token, &format!("/api/v1/offers/{offer}"), "*", &json!({ field: value, "from": "2020-04-01" })).await;
            assert_eq!(patched.expect(422).faults(), [fault], "{field}");
        }
        for (value, fault) in [(0, "not_positive"), (-4, "not_positive")] {
            let patch = json!({ "instalments": [{ "quantity": { "value": value }, "due": "2020-04-20" }] });
            let refused = app.patch(&hospital.token, &format!("/api/v1/needs/{need}"), "*", &patch).await.expect(422);
            assert_eq!(refused.faults(), [format!("/instalments/0/quantity/value {fault}")]);
        }
    }
}

on_both! {
    async fn the_history_tells_who_changed_which_field_and_keeps_no_words(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, hospital) = (app.firm("Atelier").await, app.hospital("Hôpital").await);
        let mut body = offers::plain(&firm);
        (body["draft"], body["note"]) = (json!(true), json!("Ask Anna Berg"));
        let offer = app.post(&firm.token, "/api/v1/offers", &body).await.expect(201).id();
        let path = format!("/api/v1/offers/{offer}");
        let step = || app.clock.advance_micros(1);
        step();
        let change = json!({ "running": { "value": 12000, "per": "week" }, "until": "2020-06-30", "note": "Ask Eva Stern", "regions": ["DE"] });
        app.patch(&firm.token, &path, "*", &change).await.expect(200);
        step();
        app.post_text(&firm.token, &format!("{path}/publish"), "").await.expect(200);
        app.clock.advance_micros(10 * 86_400_000_000);
        app.post(&token(&app, &firm), &format!("{path}/confirm"), &json!({ "stock": { "value": 90 } })).await.expect(200);
        let history = app.get(&token(&app, &firm), &format!("{path}/history")).await.expect(200);
        let acts: Vec<&str> = history.items().iter().map(|v| v["entry"]["act"].as_str().unwrap()).collect();
        assert_eq!(acts, ["create", "update", "publish", "confirm"]);
        let fields = |n: usize| -> Vec<String> {
            let fields = history.items()[n]["fields"].as_array().unwrap();
            fields.iter().map(|f| format!("{} {} {}", f["pointer"].as_str().unwrap(), f["from"], f["to"])).collect()
        };
        assert_eq!(fields(0), ["/state null \"draft\""]);
        assert_eq!(fields(1), [
            "/capacity/running/typed/value 10000 12000", "/capacity/running/value 10000 12000", "/capacity/until null \"2020-06-30\"",
            "/regions [] [\"DE\"]", "/note null null"]);
        assert_eq!(fields(2), ["/state \"draft\" \"published\""]);
        assert_eq!(fields(3), [
            "/capacity/as_of \"2020-04-06\" \"2020-04-16\"", "/capacity/stock/typed/value 5000 90", "/capacity/stock/value 5000 90",
            "/confirm_by \"2020-05-06\" \"2020-05-16\""]);
        assert_eq!(history.items()[1]["entry"]["person"], json!(firm.grant.person));
        // Nobody's name stays in it, wherever it is kept.
        assert!(!history.text.contains("Anna") && !history.text.contains("Stern"), "{}", history.text);
        let last = app.get(&token(&app, &firm), &format!("{path}/history?sort=-created_at&limit=1")).await.expect(200);
        assert_eq!(last.items()[0], history.items()[3]);

        let need = app.post(&token(&app, &hospital), "/api/v1/needs", &needs::plain(&hospital)).await.expect(201).id();
        let path = format!("/api/v1/needs/{need}");
        step();
        let more = json!({ "instalments": [{ "quantity": { "value": 5000 }, "due": "2020-04-20" }], "daily_use": { "value": 7 }, "stock": { "value": 70 } });
        app.patch(&token(&app, &hospital), &path, "*", &more).await.expect(200);
        step();
        app.post(&token(&app, &hospital), &format!("{path}/close"), &json!({ "reason": "other", "text": "Eva Stern left" })).await.expect(200);
        let history = app.get(&token(&app, &hospital), &format!("{path}/history")).await.expect(200);
        let [_, changed, closed] = history.items() else { panic!("{}", history.text) };
        let pointers: Vec<&str> = changed["fields"].as_array().unwrap().iter().map(|f| f["pointer"].as_str().unwrap()).collect();
        assert_eq!(pointers, ["/daily_use", "/instalments/0/quantity/typed/value", "/instalments/0/quantity/value", "/stock", "/stock_as_of"]);
        assert_eq!(closed["fields"][1], json!({ "pointer": "/reason", "from": null, "to": "other" }));
        assert!(!history.text.contains("Stern"), "{}", history.text);
        // It is for its owner and the operator.
        app.get(&token(&app, &firm), &format!("{path}/history")).await.expect(404);
        assert_eq!(app.get(&app.operator(), &format!("{path}/history")).await.expect(200).items().len(), 3);
    }
}
