//! The region of a site by postcode or coordinates, over HTTP, with what the operator loaded.

use app::place_tables::{self, PlaceFile, PlaceTable};
use serde_json::{Value, json};
use testkit::{TestApp, TestDb, on_both};

const POSTCODES: &str = "country,postcode,nuts3\nFR,13000,FRL04\nFR,13,FRL04\nDE,10115,DE300\nAT,1010,AT130\n\
    CH,1010,CH011\nIE,F12,IE042\nDE,80,DE212\n";

/// Berlin and Brandenburg around it as boxes, which touch at 13.1 east.
const BOUNDARIES: &str = r#"{"type": "FeatureCollection", "features": [
    {"type": "Feature", "properties": {"NUTS_ID": "DE300"}, "geometry": {"type": "Polygon", "coordinates":
        [[[13.1, 52.3], [13.8, 52.3], [13.8, 52.7], [13.1, 52.7], [13.1, 52.3]]]}},
    {"type": "Feature", "properties": {"NUTS_ID": "DE404"}, "geometry": {"type": "MultiPolygon", "coordinates":
        [[[[12.5, 52.3], [13.1, 52.3], [13.1, 52.7], [12.5, 52.7], [12.5, 52.3]]]]}},
    {"type": "Feature", "properties": {"NUTS_ID": "DE"}, "geometry": {"type": "Polygon", "coordinates":
        [[[6.0, 47.3], [15.0, 47.3], [15.0, 55.0], [6.0, 55.0], [6.0, 47.3]]]}}]}"#;

pub async fn load(app: &TestApp, table: PlaceTable, text: &str) {
    let file = PlaceFile { bytes: text.as_bytes().to_vec(), source: "Test".to_owned() };
    let report = place_tables::load(&app.app, table, file, false, |_, _| {}).await.unwrap();
    assert!(report.stored, "{report:?}");
}

async fn found(app: &TestApp, query: &str) -> (u16, Value) {
    let answer = app.get("", &format!("/api/v1/regions/lookup?{query}")).await;
    (answer.status, answer.json)
}

/// Adds a site and tells its region and how it was found, or the faults.
async fn placed(app: &TestApp, token: &str, place: Value) -> String {
    let mut body = json!({ "name": "Werk" });
    body.as_object_mut().unwrap().extend(place.as_object().unwrap().clone());
    let answer = app.post(token, "/api/v1/sites", &body).await;
    match answer.status {
        201 => {
            let read = app.get(token, answer.header("location")).await.expect(200).json;
            assert_eq!(read, answer.json);
            format!("{} {}", read["region"].as_str().unwrap_or("-"), read["region_from"].as_str().unwrap_or("-"))
        }
        _ => answer.expect(422).faults().join(" "),
    }
}

on_both! {
    async fn geo_04_a_postcode_needs_its_country(db: TestDb) {
        let app = TestApp::new(db);
        load(&app, PlaceTable::Postcodes, POSTCODES).await;
        for postcode in ["10115", "1010", "13000"] {
            let (status, json) = found(&app, &format!("postcode={postcode}")).await;
            assert_eq!((status, &json["errors"][0]["pointer"]), (422, &json!("/country")), "{postcode}");
            assert_eq!(json["errors"][0]["code"], "country_required");
        }
        for (query, region, matched) in [
            ("country=FR&postcode=13000", "FRL04", "13000"),
            ("country=France&postcode=13%20005", "FRL04", "13"),
            ("country=DE&postcode=10115", "DE300", "10115"),
            ("country=AT&postcode=AT-1010", "AT130", "1010"),
            ("country=CH&postcode=1010", "CH011", "1010"),
            ("country=ie&postcode=f12%20A1B2", "IE042", "F12"),
        ] {
            let (status, json) = found(&app, query).await;
            assert_eq!((status, &json["region"]["code"], &json["matched"]), (200, &json!(region), &json!(matched)), "{query}");
            assert_eq!((&json["region_from"], &json["source"]), (&json!("postcode"), &json!("Test")));
        }
    }
}

on_both! {
    async fn geo_04_what_no_table_says_is_not_guessed(db: TestDb) {
        let app = TestApp::new(db);
        let (status, json) = found(&app, "country=DE&postcode=10115").await;
        assert_eq!(status, 404);
        assert!(json["detail"].as_str().unwrap().contains("muster regions postcodes"), "{json}");
        let (status, json) = found(&app, "lat=52.5&lon=13.4").await;
        assert_eq!(status, 404);
        assert!(json["detail"].as_str().unwrap().contains("muster regions boundaries"), "{json}");
        load(&app, PlaceTable::Postcodes, POSTCODES).await;
        load(&app, PlaceTable::Boundaries, BOUNDARIES).await;
        for (query, status, word) in [
            ("country=DE&postcode=99999", 404, "no postcode of DE in 2 rows of Test"),
            ("country=LU&postcode=1010", 404, "no postcodes of LU are loaded"),
            ("lat=40&lon=-3.7", 404, "none of the 2 regions"),
            ("country=XX&postcode=1", 422, "no known country"),
            ("country=DE&postcode=1.5", 422, "no postcode"),
            ("country=DE", 422, "lat and lon"),
            ("lat=52.5", 422, "lon"),
            ("lat=95&lon=13", 422, "latitude"),
            ("lat=52,5&lon=13", 422, "decimal degrees"),
            ("lat=52.5&lon=13.4&country=DE&postcode=10115", 422, "one of them"),
        ] {
            let (got, json) = found(&app, query).await;
            assert_eq!(got, status, "{query}: {json}");
            assert!(json["detail"].as_str().unwrap().contains(word), "{query}: {json}");
        }
        let (_, json) = found(&app, "lat=52.5&lon=13.4").await;
        assert_eq!((&json["region"]["code"], &json["region_from"]), (&json!("DE300"), &json!("coordinates")));
    }
}

on_both! {
    async fn geo_04_a_site_finds_its_region_and_says_how(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let berlin = json!({ "lat": 52.52, "lon": 13.405 });
        // Before anything is loaded: the postcode says nothing, and a point stays a point.
        assert_eq!(placed(&app, &firm.token, json!({ "country": "DE", "postcode": "10115" })).await, "/postcode unknown_postcode");
        assert_eq!(placed(&app, &firm.token, json!({ "point": berlin })).await, "- -");
        assert_eq!(placed(&app, &firm.token, json!({ "region": "DE3", "postcode": "10115" })).await, "DE3 stated");
        load(&app, PlaceTable::Postcodes, POSTCODES).await;
        load(&app, PlaceTable::Boundaries, BOUNDARIES).await;
        for (place, expected) in [
            (json!({ "country": "DE", "postcode": "10115" }), "DE300 postcode"),
            (json!({ "point": berlin }), "DE300 coordinates"),
            (json!({ "country": "DE", "postcode": "99999", "point": berlin }), "DE300 coordinates"),
            (json!({ "country": "DE", "postcode": "10115", "point": berlin }), "DE300 postcode"),
            (json!({ "region": "DE3", "postcode": "10115", "point": berlin }), "DE3 stated"),
            (json!({ "country": "Germany" }), "DE stated"),
            (json!({}), "- -"),
            (json!({ "point": { "lat": 40.4, "lon": -3.7 } }), "- -"),
        ] {
            assert_eq!(placed(&app, &firm.token, place.clone()).await, expected, "{place}");
        }
        let missing = app.post(&firm.token, "/api/v1/sites", &json!({ "name": "S", "point": { "lat": 40.4, "lon": -3.7 } })).await;
        assert!(missing.json["region_missing"].as_str().unwrap().contains("boundaries"), "{}", missing.text);
        let log = app.get(&firm.token, "/api/v1/audit?record=site&limit=200").await;
        let said = log.text.matches(r#""field":"region_from","from":null,"to":"coordinates""#).count();
        assert_eq!(said, 2, "{}", log.text);
        assert!(!log.text.contains("10115"), "a postcode is part of an address: {}", log.text);
    }
}

on_both! {
    async fn geo_04_a_place_that_contradicts_itself_is_refused(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        load(&app, PlaceTable::Postcodes, POSTCODES).await;
        load(&app, PlaceTable::Boundaries, BOUNDARIES).await;
        let berlin = json!({ "lat": 52.52, "lon": 13.405 });
        for (place, expected) in [
            (json!({ "region": "DE21", "postcode": "10115" }), "/postcode outside_region"),
            (json!({ "region": "DE21", "country": "FR" }), "/country outside_region"),
            (json!({ "region": "DE21", "point": berlin }), "/point outside_region"),
            (json!({ "country": "DE", "postcode": "80331", "point": berlin }), "/point outside_region"),
            (json!({ "country": "AT", "point": berlin }), "/point outside_region"),
            (json!({ "country": "DE", "postcode": "99999" }), "/postcode unknown_postcode"),
            (json!({ "country": "DE", "postcode": "1.5" }), "/postcode bad_postcode"),
            (json!({ "country": "XX", "postcode": "1" }), "/country unknown_region"),
            // Within 5 km of the border both regions will do, as boundaries are drawn roughly.
            (json!({ "region": "DE404", "point": { "lat": 52.5, "lon": 13.14 } }), "DE404 stated"),
            (json!({ "region": "DE404", "point": { "lat": 52.5, "lon": 13.2 } }), "/point outside_region"),
        ] {
            assert_eq!(placed(&app, &firm.token, place.clone()).await, expected, "{place}");
        }
    }
}

on_both! {
    async fn geo_04_the_country_is_that_of_the_site_or_of_its_owner(db: TestDb) {
        let app = TestApp::new(db);
        load(&app, PlaceTable::Postcodes, POSTCODES).await;
        let register = async |country: &str| {
            let body = json!({ "name": format!("Firm of {country}"), "kind": "firm", "country": country });
            app.post(&app.operator(), "/api/v1/organisations", &body).await.expect(201).id()
        };
        let (austrian, swiss) = (register("AT").await, register("CH").await);
        let operator = app.operator();
        for (place, expected) in [
            (json!({ "organisation": austrian, "postcode": "1010" }), "AT130 postcode"),
            (json!({ "organisation": swiss, "postcode": "1010" }), "CH011 postcode"),
            (json!({ "organisation": swiss, "country": "AT", "postcode": "1010" }), "AT130 postcode"),
            (json!({ "organisation": swiss, "region": "AT", "postcode": "1010" }), "AT stated"),
        ] {
            assert_eq!(placed(&app, &operator, place.clone()).await, expected, "{place}");
        }
        // An organisation that a file brought without its country.
        app.db.store.tamper("UPDATE organisations SET country = 'ZZ' WHERE name = 'Firm of CH'").await.unwrap();
        let nowhere = json!({ "organisation": swiss, "postcode": "1010" });
        assert_eq!(placed(&app, &operator, nowhere).await, "/country country_required");
    }
}

on_both! {
    async fn a_load_replaces_its_countries_alone(db: TestDb) {
        let app = TestApp::new(db);
        load(&app, PlaceTable::Postcodes, POSTCODES).await;
        load(&app, PlaceTable::Postcodes, POSTCODES).await;
        load(&app, PlaceTable::Postcodes, "country,postcode,nuts3\nDE,10117,DE300\n").await;
        assert_eq!(found(&app, "country=DE&postcode=10115").await.0, 404);
        assert_eq!(found(&app, "country=DE&postcode=10117").await.0, 200);
        assert_eq!(found(&app, "country=FR&postcode=13000").await.0, 200);
        let loads = place_tables::loaded(&app.db.store, PlaceTable::Postcodes).await.unwrap();
        let counts: Vec<String> = loads.iter().map(|l| format!("{} {}", l.country, l.count)).collect();
        assert_eq!(counts, ["AT 1", "CH 1", "DE 1", "FR 2", "IE 1"]);
    }
}

on_both! {
    async fn a_site_that_moves_finds_its_region_anew(db: TestDb) {
        let app = TestApp::new(db);
        load(&app, PlaceTable::Postcodes, POSTCODES).await;
        load(&app, PlaceTable::Boundaries, BOUNDARIES).await;
        let firm = app.firm("Atelier").await;
        let body = json!({ "name": "Werk", "country": "DE", "postcode": "10115" });
        let site = format!("/api/v1/sites/{}", app.post(&firm.token, "/api/v1/sites", &body).await.expect(201).id());
        let change = async |patch: Value| {
            let answer = app.patch(&firm.token, &site, "*", &patch).await;
            match answer.status {
                200 => format!("{} {}", answer.json["region"].as_str().unwrap_or("-"), answer.json["region_from"].as_str().unwrap_or("-")),
                _ => answer.expect(422).faults().join(" "),
            }
        };
        // What has nothing to do with the place leaves it alone.
        assert_eq!(change(json!({ "name": "Halle" })).await, "DE300 postcode");
        assert_eq!(change(json!({ "postcode": "80331" })).await, "DE212 postcode");
        assert_eq!(change(json!({ "postcode": "99999", "region": null })).await, "/postcode unknown_postcode");
        assert_eq!(change(json!({ "region": "DE300" })).await, "DE300 stated");
        // What was stated is held against what is typed beside it.
        assert_eq!(change(json!({ "postcode": "80331" })).await, "/postcode outside_region");
        let point = |lon: f64| json!({ "lat": 52.5, "lon": lon });
        assert_eq!(change(json!({ "region": null, "point": point(13.4) })).await, "DE300 coordinates");
        assert_eq!(change(json!({ "point": point(12.7) })).await, "DE404 coordinates");
        assert_eq!(change(json!({ "zone": "Europe/Berlin" })).await, "DE404 coordinates");
        let log = app.get(&firm.token, "/api/v1/audit?record=site&act=update").await.expect(200);
        let told = json!([{ "field": "region_from", "from": "postcode", "to": "stated" }]);
        assert!(log.items().iter().any(|entry| entry["changes"].as_array().unwrap().contains(&told[0])), "{}", log.text);
    }
}
