//! Products, units and regions, open to everybody.

use serde_json::{Value, json};
use testkit::{TestApp, TestDb, on_both};

on_both! {
    async fn products_are_found_by_what_people_call_them(db: TestDb) {
        let app = TestApp::new(db);
        for (q, code) in [("masque%20chirurgical", "medical-mask"), ("OP-Maske", "medical-mask"), ("ffp2", "ffp"), ("FFP%202", "ffp")] {
            let found = app.get("", &format!("/api/v1/products?q={q}")).await.expect(200);
            assert_eq!(found.items()[0]["code"], code, "{q}");
        }
        let grade = app.get("", "/api/v1/products?q=FFP-2").await;
        assert_eq!(grade.items()[0]["found"], json!({ "word": "FFP2", "score": 100, "grade": "FFP2" }));
        let all = app.get("", "/api/v1/products").await.expect(200).items().len();
        let services = app.get("", "/api/v1/products?kind=service").await.expect(200);
        assert!(all > 60 && !services.items().is_empty() && services.items().iter().all(|p| p["kind"] == "service"));
        for q in ["%EF%BC%85", "_", "%00", "%27%3B--"] {
            assert_eq!(app.get("", &format!("/api/v1/products?q={q}")).await.expect(200).items().len(), 0, "UNI-02 {q}");
        }
    }
}

on_both! {
    async fn a_product_lists_grades_rules_and_features(db: TestDb) {
        let app = TestApp::new(db);
        let ffp = app.get("", "/api/v1/products/ffp").await.expect(200).json;
        let has = |list: &str, test: &dyn Fn(&Value) -> bool| ffp[list].as_array().unwrap().iter().any(test);
        assert!(has("grades", &|g| g["code"] == "FFP2" && g["scheme"] == "EN149" && g["source"] != ""));
        assert!(has("rules", &|r| r["need_grade"] == "FFP2" && r["offer_grade"] == "FFP3" && r["verdict"] == "satisfies"));
        assert!(has("features", &|f| f["code"] == "valve" && f["kind"] == "flag"));
        assert_eq!((&ffp["base_unit"], &ffp["unit"]), (&json!("piece"), &json!("H87")));
        assert!(ffp["names"]["fr"].as_str().unwrap().contains("Masque"));
    }
}

on_both! {
    async fn units_say_what_they_mean(db: TestDb) {
        let app = TestApp::new(db);
        let units = app.get("", "/api/v1/units").await.expect(200);
        let unit = |code: &str| units.items().iter().find(|u| u["code"] == code).cloned().unwrap();
        assert_eq!((&unit("KGM")["base_unit"], &unit("KGM")["numerator"]), (&json!("gram"), &json!(1000)));
        assert_eq!((&unit("PR")["numerator"], &unit("XBX")["meaning"]), (&json!(2), &json!("package")));
    }
}

on_both! {
    async fn regions_answer_for_codes_names_and_what_is_retired(db: TestDb) {
        let app = TestApp::new(db);
        for (typed, code) in [("DE21", "DE21"), ("de21", "DE21"), ("GR", "EL"), ("EL", "EL"), ("GB", "GB"), ("UK", "GB"), ("GR30", "EL30")] {
            let region = app.get("", &format!("/api/v1/regions/{typed}")).await.expect(200).json;
            assert_eq!((&region["code"], &region["in_use"]), (&json!(code), &json!(true)), "{typed}");
        }
        let old = app.get("", "/api/v1/regions/PT16").await.expect(200).json;
        assert_eq!(old["in_use"], false);
        assert!(old["successors"].as_array().unwrap().len() > 1 && old["version"] == "2021", "{old}");
        let found = app.get("", "/api/v1/regions?q=oberbay&level=2").await.expect(200);
        assert_eq!(found.items()[0]["code"], "DE21");
        let greek = app.get("", "/api/v1/regions?country=GR&level=2").await.expect(200);
        assert_eq!(greek.items().len(), 13);
        let inside = app.get("", "/api/v1/regions?within=DE2&level=2").await.expect(200);
        assert!(inside.items().iter().all(|r| r["code"].as_str().unwrap().starts_with("DE2")));
    }
}

on_both! {
    async fn regions_come_in_pages_each_once(db: TestDb) {
        let app = TestApp::new(db);
        let (mut seen, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let page = app.get("", &format!("/api/v1/regions?limit=200{cursor}")).await.expect(200);
            seen.extend(page.items().iter().map(|r| r["code"].as_str().unwrap().to_owned()));
            pages += 1;
            let Some(next) = page.json["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert!(pages > 5 && seen.is_sorted() && seen.windows(2).all(|w| w[0] != w[1]));
        let first = app.get("", "/api/v1/regions?limit=5").await;
        let foreign = format!("/api/v1/regions?limit=5&level=2&cursor={}", first.json["next"].as_str().unwrap());
        assert_eq!(app.get("", &foreign).await.expect(400).json["code"], "invalid_cursor");
    }
}

on_both! {
    async fn mat_02_a_name_with_a_slash_and_its_code_lead_to_one_product(db: TestDb) {
        let app = TestApp::new(db);
        let by_name = app.get("", "/api/v1/products?q=Visiere%2FFace%20shield").await.expect(200);
        let code = by_name.items()[0]["code"].as_str().unwrap().to_owned();
        app.get("", &format!("/api/v1/products/{code}")).await.expect(200);
        let firm = app.firm("Atelier").await;
        let body = json!({ "site": firm.site, "product": code, "stock": { "value": 1 } });
        app.post(&firm.token, "/api/v1/offers", &body).await.expect(201);
        let found = app.get(&firm.token, &format!("/api/v1/offers?product={code}")).await.expect(200);
        assert_eq!(found.items().len(), 1);
    }
}
