//! Sites over HTTP.

use serde_json::{Value, json};
use testkit::{TestApp, TestDb, on_both};

on_both! {
    async fn a_site_is_added_and_read(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let body = json!({ "name": "Werk", "region": "de21", "point": { "lat": 48.137, "lon": 11.575 }, "zone": "Europe/Berlin" });
        let made = app.post(&firm.token, "/api/v1/sites", &body).await.expect(201);
        let read = app.get(&firm.token, made.header("location")).await.expect(200).json;
        assert_eq!(read, made.json);
        assert_eq!((&read["region"], &read["precision"]), (&json!("DE21"), &json!("exact")));
        assert_eq!(read["point"], json!({ "lat": 48.137, "lon": 11.575 }));
        assert_eq!(app.get(&firm.token, "/api/v1/sites").await.items().len(), 2);
        // Of another's there are none to see, whether it exists or not.
        let other = app.firm("Other").await;
        for (of, count) in [(&firm.id, 2), (&other.id, 0), (&firm.site, 0)] {
            let found = app.get(&firm.token, &format!("/api/v1/sites?organisation={of}")).await.expect(200);
            assert_eq!(found.items().len(), count, "{of}");
        }
    }
}

on_both! {
    async fn geo_08_a_site_without_a_point_has_none(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let exact = json!({ "name": "Exact", "region": "DE21", "point": { "lat": 48.1, "lon": 11.5 } });
        app.post(&firm.token, "/api/v1/sites", &exact).await.expect(201);
        let read = app.get(&firm.token, &format!("/api/v1/sites/{}", firm.site)).await.expect(200).json;
        assert_eq!((&read["point"], &read["precision"]), (&Value::Null, &json!("region")), "GEO-05: no region's point");
        let nowhere = app.post(&firm.token, "/api/v1/sites", &json!({ "name": "Nowhere" })).await.expect(201);
        assert_eq!(nowhere.json["precision"], "unknown");
    }
}

on_both! {
    async fn geo_01_geo_02_and_geo_07_points_are_checked(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        for (region, lat, lon, expected) in [
            ("DE", "13.4", "52.5", "/point outside_region"),
            ("DE21", "11.575", "48.137", "/point outside_region"),
            ("DE21", "40.4", "-3.7", "/point outside_region"),
            ("DE21", "95", "10", "/point/lat out_of_range"),
            ("DE21", "48", "181", "/point/lon out_of_range"),
            ("DE21", "0", "0", "/point null_island"),
            ("DE21", "0.0", "-0", "/point null_island"),
            ("DE21", "\"52,5200\"", "13.4", "/point/lat wrong_type"),
            ("DE21", "\"N52.5\"", "13.4", "/point/lat wrong_type"),
            ("DE21", "1e999", "13.4", "/point/lat bad_value"),
            ("FJ", "-17", "-179.9", ""),
            ("FJ", "-17", "179.9", ""),
            ("DE21", "48.1", "11.5", ""),
            ("NO", "70.6", "29.7", ""),
        ] {
            let body = format!("{{\"name\": \"S\", \"region\": \"{region}\", \"point\": {{\"lat\": {lat}, \"lon\": {lon}}}}}");
            let answer = app.post_text(&firm.token, "/api/v1/sites", body).await;
            assert_eq!(answer.faults().join(" "), expected, "{region} {lat} {lon}: {}", answer.text);
        }
        let swapped = json!({ "name": "S", "region": "DE", "point": { "lat": 13.4, "lon": 52.5 } });
        assert!(app.post(&firm.token, "/api/v1/sites", &swapped).await.text.contains("swapped"));
        assert_eq!(app.get(&firm.token, "/api/v1/sites").await.items().len(), 5, "only the good ones were stored");
    }
}

on_both! {
    async fn regions_are_understood_as_people_type_them(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        for (typed, code) in [("GR", "EL"), ("EL", "EL"), ("UK", "GB"), ("Oberbayern", "DE21"), ("el30", "EL30")] {
            let answer = app.post(&firm.token, "/api/v1/sites", &json!({ "name": typed, "region": typed })).await.expect(201);
            assert_eq!(answer.json["region"], code, "{typed}");
        }
        let unknown = json!({ "name": "S", "region": "Atlantis", "zone": "Europe/Atlantis" });
        let unknown = app.post(&firm.token, "/api/v1/sites", &unknown);
        assert_eq!(unknown.await.expect(422).faults(), ["/region unknown_region", "/zone unknown_zone"]);
    }
}
