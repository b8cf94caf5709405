//! Bad input: one clear error that names field, value and remedy, all of them at once, and nothing stored.

use serde_json::{Value, json};
use testkit::{Org, TestApp, TestDb, on_both};

use crate::{needs, offers};

/// Sets a field by its pointer, adding objects on the way; null removes nothing, it is null.
fn set(body: &mut Value, pointer: &str, value: Value) {
    let mut place = body;
    for name in pointer.trim_start_matches('/').split('/') {
        place = match name.parse::<usize>() {
            Ok(index) => &mut place[index],
            Err(_) => &mut place[name],
        };
    }
    *place = value;
}

struct Desk {
    app: TestApp,
    firm: Org,
    hospital: Org,
}

impl Desk {
    async fn new(db: TestDb) -> Self {
        let app = TestApp::new(db);
        let (firm, hospital) = (app.firm("Atelier").await, app.hospital("Hôpital").await);
        Self { app, firm, hospital }
    }

    /// Posts the plain offer with one field changed; its faults, if it was refused.
    async fn offer(&self, pointer: &str, value: Value) -> Vec<String> {
        let mut body = offers::plain(&self.firm);
        set(&mut body, pointer, value);
        self.refused(&self.firm.token, "/api/v1/offers", &body).await
    }

    async fn need(&self, pointer: &str, value: Value) -> Vec<String> {
        let mut body = needs::plain(&self.hospital);
        set(&mut body, pointer, value);
        self.refused(&self.hospital.token, "/api/v1/needs", &body).await
    }

    /// Every fault says a value or a remedy, and its code has a page.
    async fn refused(&self, token: &str, path: &str, body: &Value) -> Vec<String> {
        let answer = self.app.post(token, path, body).await.expect(422);
        assert_eq!(answer.json["code"], "invalid");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        for fault in answer.json["errors"].as_array().unwrap() {
            assert!(fault["detail"].as_str().unwrap().len() > 15, "{fault}");
            self.app.get("", &format!("/docs/errors/{}", fault["code"].as_str().unwrap())).await.expect(200);
        }
        self.app.get("", answer.json["type"].as_str().unwrap()).await.expect(200);
        answer.faults()
    }

    async fn nothing_stored(&self) {
        for list in ["offers", "needs"] {
            let found = self.app.get(&self.app.operator(), &format!("/api/v1/{list}")).await.expect(200);
            assert_eq!(found.items().len(), 0, "{list}");
        }
    }
}

on_both! {
    async fn num_05_quantities_that_are_none(db: TestDb) {
        let desk = Desk::new(db).await;
        let measure = |value: &str| -> Value { serde_json::from_str(&format!("{{\"value\": {value}}}")).unwrap() };
        for (value, code) in [
            ("0", "not_positive"), ("-0", "not_positive"), ("-1", "not_positive"), ("-0.5", "not_positive"),
            ("0.0000001", "fractional"), ("0.5", "fractional"), ("1.000000000001", "fractional"),
            ("1000000000001", "too_large"), ("199999999999998", "too_large"), ("9223372036854775808", "too_large"),
            ("1e30", "bad_value"), ("1e999", "bad_value"), ("123456789012345678901234567890123", "bad_value"),
        ] {
            let faults = desk.need("/instalments/0/quantity", measure(value)).await;
            assert_eq!(faults, [format!("/instalments/0/quantity/value {code}")], "instalment {value}");
            let faults = desk.offer("/min_order", measure(value)).await;
            assert_eq!(faults, [format!("/min_order/value {code}")], "min_order {value}");
        }
        for (value, code) in [("-1", "negative"), ("0.5", "fractional"), ("2e12", "too_large")] {
            assert_eq!(desk.offer("/stock", measure(value)).await, [format!("/stock/value {code}")], "stock {value}");
        }
        assert_eq!(desk.offer("/min_order", measure("-5")).await, ["/min_order/value not_positive"]);
        desk.nothing_stored().await;
    }
}

on_both! {
    async fn num_01_and_num_07_numbers_in_quotes_are_no_numbers(db: TestDb) {
        let desk = Desk::new(db).await;
        for text in ["10.000", "1.355,90", "1,234", "1 000", "1'000", "5-10k", "50+", "~500", "n/a", "1E+05", "½", "5", ""] {
            let faults = desk.offer("/stock/value", json!(text)).await;
            assert_eq!(faults, ["/stock/value wrong_type"], "{text}");
        }
        for (value, fault) in [
            (json!(true), "/stock/value wrong_type"),
            (json!([5]), "/stock/value wrong_type"),
            (json!({}), "/stock/value wrong_type"),
            (json!(null), "/stock/value wrong_type"),
        ] {
            assert_eq!(desk.offer("/stock/value", value).await, [fault]);
        }
        desk.nothing_stored().await;
    }
}

on_both! {
    async fn num_02_units_and_packages(db: TestDb) {
        let desk = Desk::new(db).await;
        for (stock, fault) in [
            (json!({ "value": 5, "unit": "XYZ" }), "/stock/unit unknown_unit"),
            (json!({ "value": 5, "unit": "KGM" }), "/stock/unit wrong_dimension"),
            (json!({ "value": 5, "unit": "WEE" }), "/stock/unit wrong_dimension"),
            (json!({ "value": 5, "unit": "XBX" }), "/stock/pack_size pack_size_missing"),
            (json!({ "value": 5, "unit": "H87", "pack_size": 3 }), "/stock/pack_size pack_size_unexpected"),
            (json!({ "value": 0.3, "unit": "XBX", "pack_size": 7 }), "/stock/value fractional"),
            (json!({ "value": 5, "unit": "XBX", "pack_size": 0 }), "/stock/pack_size not_positive"),
            (json!({ "value": 5, "unit": "XBX", "pack_size": 1.5 }), "/stock/pack_size fractional"),
            (json!({ "value": 5, "unit": "XBX", "pack_size": 3, "pack_unit": "XYZ" }), "/stock/pack_unit unknown_unit"),
        ] {
            assert_eq!(desk.offer("/stock", stock.clone()).await, [fault], "{stock}");
        }
        let nested = desk.offer("/stock", json!({ "value": 5, "unit": "XBX", "pack_size": 3, "pack_unit": "XBX" })).await;
        assert_eq!(nested, ["/stock/pack_unit wrong_dimension"]);
        desk.nothing_stored().await;
    }
}

on_both! {
    async fn db_11_whole_numbers_out_of_range(db: TestDb) {
        let desk = Desk::new(db).await;
        for (field, value) in [
            ("/lead_days", json!(99_999_999_999_i64)),
            ("/lead_days", json!(-1)),
            ("/ramp_days", json!(731)),
            ("/max_distance_km", json!(0)),
            ("/max_distance_km", json!(-5)),
            ("/max_distance_km", json!(1_000_000_000)),
        ] {
            assert_eq!(desk.offer(field, value.clone()).await, [format!("{field} out_of_range")], "{value}");
        }
        for most in [0, -1, 1_001, 1_000_000_000] {
            assert_eq!(desk.need("/max_suppliers", json!(most)).await, ["/max_suppliers out_of_range"], "{most}");
        }
        assert_eq!(desk.need("/max_suppliers", json!("two")).await, ["/max_suppliers wrong_type"]);
        let too_long: Value = serde_json::from_str("9223372036854775808").unwrap();
        assert_eq!(desk.offer("/lead_days", too_long).await.len(), 1);
        assert_eq!(desk.offer("/lead_days", json!(1.5)).await, ["/lead_days wrong_type"]);
        desk.nothing_stored().await;
    }
}

on_both! {
    async fn tim_05_and_mat_04_days_that_are_none_or_over(db: TestDb) {
        let desk = Desk::new(db).await;
        for (day, code) in [
            ("2020-04-05", "in_past"), ("1900-01-01", "in_past"), ("0000-00-00", "bad_date"), ("2020-02-30", "bad_date"),
            ("2200-01-01", "bad_date"), ("9999-12-31", "bad_date"), ("+10000-01-01", "bad_date"), ("20.04.2020", "bad_date"),
            ("2020-4-20", "bad_date"), ("tomorrow", "bad_date"), ("", "bad_date"), ("2020-04-20T12:00:00", "bad_date"),
            ("2026-03-29T02:30:00", "bad_date"),
        ] {
            let faults = desk.need("/instalments/0/due", json!(day)).await;
            assert_eq!(faults, [format!("/instalments/0/due {code}")], "{day}");
        }
        assert_eq!(desk.offer("/until", json!("2020-04-05")).await, ["/until before_start"]);
        let mut over = offers::plain(&desk.firm);
        set(&mut over, "/from", json!("2020-03-01"));
        set(&mut over, "/until", json!("2020-03-31"));
        assert_eq!(desk.refused(&desk.firm.token, "/api/v1/offers", &over).await, ["/until in_past"]);
        assert_eq!(desk.offer("/as_of", json!("2020-04-07")).await, ["/as_of in_future"]);
        desk.nothing_stored().await;
        assert_eq!(desk.need("/instalments/0/due", json!("2199-12-31")).await, ["/instalments/0/due too_far_ahead"]);
        desk.nothing_stored().await;
    }
}

on_both! {
    async fn a_smallest_order_above_what_the_window_yields(db: TestDb) {
        let desk = Desk::new(db).await;
        let mut body = offers::plain(&desk.firm);
        set(&mut body, "/until", json!("2020-04-10"));
        set(&mut body, "/min_order", json!({ "value": 15_001 }));
        assert_eq!(desk.refused(&desk.firm.token, "/api/v1/offers", &body).await, ["/min_order unreachable"]);
        desk.nothing_stored().await;
        set(&mut body, "/min_order", json!({ "value": 15_000 }));
        desk.app.post(&desk.firm.token, "/api/v1/offers", &body).await.expect(201);
    }
}

on_both! {
    async fn mat_01_and_mat_02_words_of_the_catalogue(db: TestDb) {
        let desk = Desk::new(db).await;
        for (field, value, fault) in [
            ("/grades", json!(["TYPE-IIR"]), "/grades/0 unknown_grade"),
            ("/grades", json!(["FFP2", "FFP9"]), "/grades/1 unknown_grade"),
            ("/product", json!("unobtainium"), "/product unknown_product"),
            ("/features", json!({ "colour": "red" }), "/features/colour unknown_feature"),
            ("/features", json!({ "valve": "no" }), "/features/valve bad_feature_value"),
            ("/features", json!({ "size": ["XXXXL"] }), "/features/size bad_feature_value"),
            ("/features", json!({ "valve": null }), "/features/valve wrong_type"),
            ("/regions", json!(["DE", "Atlantis"]), "/regions/1 unknown_region"),
            ("/authorisations", json!(["none"]), "/authorisations/0 unknown_border_rule"),
            ("/certificates", json!([{ "kind": "none" }]), "/certificates/0/kind unknown_certificate_kind"),
            ("/certificates", json!([{ "kind": "eu-type-examination", "status": "confirmed", "valid_until": "2024-01-01" }]),
                "/certificates/0/status unknown_value"),
            ("/transfers", json!(["gift"]), "/transfers/0 unknown_value"),
            ("/price", json!({ "amount": -1, "currency": "EUR" }), "/price/amount bad_price"),
            ("/price", json!({ "amount": 1, "currency": "euro" }), "/price/currency unknown_currency"),
            ("/price", json!({ "amount": "1", "currency": "EUR" }), "/price/amount wrong_type"),
            ("/role", json!("broker"), "/role unknown_value"),
            ("/visibility", json!("world"), "/visibility unknown_value"),
            ("/calendar", json!({ "working_days": ["someday"] }), "/calendar/working_days/0 unknown_weekday"),
            ("/calendar", json!({ "closures": [{ "from": "2020-05-02", "until": "2020-05-01" }] }), "/calendar/closures/0/until before_start"),
            ("/running", json!({ "value": 5, "per": "hour" }), "/running/per unknown_period"),
            ("/maximum", json!({ "value": 5, "per": "week" }), "/maximum below_running"),
            ("/note", json!("a\u{0}b"), "/note control_character"),
            ("/note", json!("x".repeat(4_001)), "/note too_long"),
            ("/colour", json!(1), "/colour unknown_field"),
            ("/stock", json!({ "value": 5, "uint": "H87" }), "/stock/uint unknown_field"),
            ("/stock", json!([5, "H87"]), "/stock wrong_type"),
            ("/stock", json!([5, "H87", null, null]), "/stock wrong_type"),
            ("/site", json!("here"), "/site bad_value"),
            ("/site", json!("018f0000-0000-7000-8000-000000000001"), "/site unknown_site"),
            ("/site", json!(desk.hospital.site), "/site unknown_site"),
            ("/organisation", json!(desk.hospital.id), "/organisation unknown_organisation"),
        ] {
            assert_eq!(desk.offer(field, value.clone()).await, [fault], "{field} {value}");
        }
        for (field, value, fault) in [
            ("/grades", json!(["TYPE-II"]), "/grades/0 unknown_grade"),
            ("/substitutions", json!([{ "product": "hand-sanitiser" }]), "/substitutions/0 no_such_substitution"),
            ("/substitutions", json!([{ "grade": "FFP9" }]), "/substitutions/0/grade unknown_grade"),
            ("/features", json!({ "colour": { "value": "red" } }), "/features/colour unknown_feature"),
            ("/features", json!({ "valve": true }), "/features/valve wrong_type"),
            ("/certificates", json!(["none"]), "/certificates/0 unknown_certificate_kind"),
            ("/certificate_status", json!("applied"), "/certificate_status unknown_value"),
            ("/verification", json!("me"), "/verification unknown_value"),
            ("/urgency", json!("dire"), "/urgency unknown_value"),
            ("/instalments/0/size", json!("XXXXL"), "/instalments/0/size unknown_size"),
            ("/instalments", json!({}), "/instalments wrong_type"),
            ("/accept_pending", json!("yes"), "/accept_pending wrong_type"),
        ] {
            assert_eq!(desk.need(field, value.clone()).await, [fault], "{field} {value}");
        }
        desk.nothing_stored().await;
    }
}

on_both! {
    async fn every_fault_is_reported_at_once(db: TestDb) {
        let desk = Desk::new(db).await;
        let body = json!({
            "site": "018f0000-0000-7000-8000-000000000001", "product": "ffp", "grades": ["TYPE-IIR"],
            "features": { "colour": 5 }, "stock": { "value": -1 }, "running": { "value": 0.5, "per": "hour" },
            "from": "2020-05-01", "until": "2020-04-30", "lead_days": -1, "min_order": { "value": 0 },
            "regions": ["Atlantis"], "transfers": ["gift"], "price": { "amount": -1, "currency": "x" }
        });
        let mut faults = desk.refused(&desk.firm.token, "/api/v1/offers", &body).await;
        faults.sort();
        assert_eq!(faults, [
            "/features/colour unknown_feature", "/grades/0 unknown_grade", "/lead_days out_of_range",
            "/min_order/value not_positive", "/price/amount bad_price", "/price/currency unknown_currency",
            "/regions/0 unknown_region", "/running/per unknown_period", "/running/value fractional",
            "/site unknown_site", "/stock/value negative", "/transfers/0 unknown_value", "/until before_start",
        ]);
        desk.nothing_stored().await;
    }
}

on_both! {
    async fn an_offer_of_nothing_and_a_body_of_nothing(db: TestDb) {
        let desk = Desk::new(db).await;
        let body = json!({ "site": desk.firm.site, "product": "ffp" });
        assert_eq!(desk.refused(&desk.firm.token, "/api/v1/offers", &body).await, [" no_capacity"]);
        let body = json!({ "site": desk.firm.site, "product": "ffp", "stock": { "value": 0 }, "running": { "value": 0, "per": "day" } });
        assert_eq!(desk.refused(&desk.firm.token, "/api/v1/offers", &body).await, [" no_capacity"]);
        assert_eq!(desk.refused(&desk.firm.token, "/api/v1/offers", &json!({})).await, ["/site missing_field"]);
        desk.nothing_stored().await;
    }
}

on_both! {
    async fn dos_05_a_body_full_of_faults_is_answered_shortly(db: TestDb) {
        let desk = Desk::new(db).await;
        let long = "x".repeat(900_000);
        let many = |n: usize| (0..n).map(|i| (format!("f{i}"), json!(true))).collect::<serde_json::Map<_, _>>();
        let words = |n: usize| json!((0..n).map(|i| format!("w{i}")).collect::<Vec<_>>());
        let offer = |pointer: &str, value: Value| {
            let mut body = offers::plain(&desk.firm);
            set(&mut body, pointer, value);
            ("/api/v1/offers", desk.firm.token.clone(), body)
        };
        let need = |pointer: &str, value: Value| {
            let mut body = needs::plain(&desk.hospital);
            set(&mut body, pointer, value);
            ("/api/v1/needs", desk.hospital.token.clone(), body)
        };
        let site = |field: &str| ("/api/v1/sites", desk.firm.token.clone(), json!({ "name": "S", field: long }));
        for (path, token, body) in [
            site("name"), site("region"), site("zone"),
            offer("/product", json!(long)), offer("/note", json!(long)), offer("/grades", json!([long])),
            offer("/stock/unit", json!(long)), offer("/from", json!(long)), offer("/regions", json!([long])),
            offer("/features", json!(many(60_000))), offer("/grades", words(80_000)), offer("/regions", words(80_000)),
            offer("/certificates", json!(vec![json!({ "kind": "x" }); 60_000])), offer("/transfers", words(80_000)),
            offer("/calendar", json!({ "closures": vec![json!({ "from": "x", "until": "y" }); 30_000] })),
            offer("/calendar", json!({ "working_days": words(80_000) })), offer("/authorisations", words(80_000)),
            need("/grades", words(80_000)), need("/substitutions", json!(vec![json!({ "product": "x" }); 60_000])),
            need("/features", json!((0..30_000).map(|i| (format!("f{i}"), json!({ "value": 1 }))).collect::<serde_json::Map<_, _>>())),
            need("/certificates", words(80_000)), need("/regions", words(80_000)), need("/transfers", words(80_000)),
            need("/instalments", json!(vec![json!({ "due": "x" }); 60_000])),
        ] {
            let answer = desk.app.post(&token, path, &body).await.expect(422);
            let told = format!("{path} {:?}: {} bytes", answer.faults().first(), answer.text.len());
            assert!(answer.text.len() < 200_000, "{told}");
            assert!(answer.json["errors"].as_array().unwrap().len() <= 100, "{told}");
        }
    }
}
