//! Where things are, in every view that tells it: the capacity map, the shortage board, the map, candidates and OGC
//! collections (field cases GEO-02, GEO-04, GEO-05, GEO-08).

use app::place_tables::PlaceTable;
use serde_json::{Value, json};
use testkit::{Org, TestApp, TestDb, on_both};

use crate::{needs, offers, places};

const ITEMS: &str = "/ogc/collections/offers/items";

/// A site, an offer made there and a need that must arrive there; answers the offer's.
async fn settled(app: &TestApp, firm: &Org, site: Value, units: i64) -> String {
    let site = app.post(&firm.token, "/api/v1/sites", &site).await.expect(201).id();
    let (mut offer, mut need) = (offers::plain(firm), needs::plain(firm));
    (offer["site"], need["site"]) = (json!(site), json!(site));
    offer["stock"] = json!({ "value": units });
    need["instalments"][0]["quantity"] = json!({ "value": units });
    app.post(&firm.token, "/api/v1/needs", &need).await.expect(201);
    app.post(&firm.token, "/api/v1/offers", &offer).await.expect(201).id()
}

/// Regions of rows, each once.
fn regions(answer: &Value) -> Vec<Value> {
    let mut found: Vec<Value> = answer["rows"].as_array().unwrap().iter().map(|row| row["region"].clone()).collect();
    found.dedup();
    found
}

/// How many offers a circle holds.
async fn inside(app: &TestApp, circle: &str) -> i64 {
    let told = app.get(&app.operator(), &format!("/api/v1/capacity?{circle}")).await.expect(200).json;
    told["totals"].as_array().unwrap().iter().map(|row| row["offers"].as_i64().unwrap()).sum()
}

/// Where the features of offers are, by offer.
async fn features(app: &TestApp, query: &str) -> Vec<(String, Value)> {
    let told = app.get(&app.operator(), &format!("{ITEMS}?{query}")).await.expect(200).json;
    let one = |feature: &Value| {
        (feature["properties"]["offer"].as_str().unwrap().to_owned(), feature["geometry"]["coordinates"].clone())
    };
    told["features"].as_array().unwrap().iter().map(one).collect()
}

/// The regions of capacity map, board, and candidates of a need of a buyer, and the places of the map.
async fn everywhere(app: &TestApp, buyer: &Org, level: u8) -> ([Vec<Value>; 3], Vec<String>) {
    let operator = app.operator();
    let capacity = app.get(&operator, &format!("/api/v1/capacity?group_by=nuts{level}")).await.expect(200).json;
    let board = app.get(&operator, &format!("/api/v1/shortages?level={}", level.min(2))).await.expect(200).json;
    let mut need = needs::plain(buyer);
    need["organisation"] = json!(buyer.id);
    let told = app.post(&operator, "/api/v1/candidates", &json!({ "described": need })).await.expect(200).json;
    let candidates = json!({ "rows": told["instalments"][0]["candidates"] });
    let map = app.get(&operator, "/api/v1/map.svg?product=ffp&level=2").await.expect(200).text;
    // As in `<title>Deutschland (DE): 806 552 pieces</title>`.
    let titles = map.split("<title>").skip(1).filter_map(|rest| rest.split("</title>").next());
    let places = titles.filter_map(|title| title.split_once("): ")?.0.split_once('(').map(|(_, code)| code.to_owned()));
    ([regions(&capacity), regions(&board), regions(&candidates)], places.collect())
}

on_both! {
    async fn geo_02_swapped_and_prefixed_coordinates_find_and_place_nothing(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let right = json!({ "name": "Berlin", "region": "DE300", "point": { "lat": 52.52, "lon": 13.405 } });
        let offer = settled(&app, &firm, right, 5_000).await;
        // Swapped, the place is refused, so that no view can show it.
        let swapped = json!({ "name": "Swapped", "region": "DE300", "point": { "lat": 13.405, "lon": 52.52 } });
        let refused = app.post(&firm.token, "/api/v1/sites", &swapped).await.expect(422);
        assert!(refused.text.contains("swapped"), "{}", refused.text);
        assert_eq!(inside(&app, "lat=52.5&lon=13.4&radius_km=50").await, 1);
        assert_eq!(inside(&app, "lat=13.4&lon=52.5&radius_km=2000").await, 0);
        assert_eq!(features(&app, "bbox=13,52,14,53").await, [(offer, json!([13.405, 52.52]))], "longitude first");
        assert_eq!(features(&app, "bbox=52,13,53,14").await, []);
        let buyer = app.hospital("Hôpital").await;
        let (rows, map) = everywhere(&app, &buyer, 3).await;
        assert_eq!(rows, [vec![json!("DE300")], vec![json!("DE30")], vec![json!("DE300")]]);
        assert_eq!(map, ["DE30"]);
        for (circle, fault) in [
            ("lat=95&lon=13.4", "/lat out_of_range"),
            ("lat=52.5&lon=181", "/lon out_of_range"),
            ("lat=N52.5&lon=13.4", "/lat bad_value"),
            ("lat=52.5&lon=13.4E", "/lon bad_value"),
            ("lat=52,5200&lon=13.4", "/lat bad_value"),
        ] {
            let refused = app.get(&app.operator(), &format!("/api/v1/capacity?{circle}&radius_km=50")).await.expect(422);
            assert_eq!(refused.faults(), [fault], "{circle}");
        }
        for bbox in ["13,52,14,95", "E13,52,E14,53", "13,N52,14,N53", "13E,52N,14E,53N"] {
            let refused = app.get(&app.operator(), &format!("{ITEMS}?bbox={bbox}")).await.expect(400);
            assert!(refused.faults()[0].starts_with("/bbox "), "{bbox}: {}", refused.text);
        }
    }
}

on_both! {
    async fn geo_04_a_postcode_places_by_its_country_and_finds_nothing_without(db: TestDb) {
        let app = TestApp::new(db);
        places::load(&app, PlaceTable::Postcodes, "country,postcode,nuts3\nFR,13000,FRL04\nDE,10115,DE300\nAT,1010,AT130\n").await;
        let firm = app.organisation("Atelier", "firm", "FR", "FR10").await;
        // Without a country it is that of the firm.
        let offer = settled(&app, &firm, json!({ "name": "Marseille", "postcode": "13000" }), 5_000).await;
        let elsewhere = json!({ "name": "Elsewhere", "country": "DE", "postcode": "13000" });
        app.post(&firm.token, "/api/v1/sites", &elsewhere).await.expect(422);
        let mismatch = json!({ "name": "Mismatch", "region": "DE30", "country": "FR", "postcode": "13000" });
        let refused = app.post(&firm.token, "/api/v1/sites", &mismatch).await.expect(422);
        assert!(refused.faults().iter().any(|fault| fault.ends_with("outside_region")), "{}", refused.text);
        let buyer = app.hospital("Hôpital").await;
        let (rows, map) = everywhere(&app, &buyer, 3).await;
        assert_eq!(rows, [vec![json!("FRL04")], vec![json!("FRL0")], vec![json!("FRL04")]]);
        assert_eq!(map, ["FRL0"]);
        assert_eq!(inside(&app, "lat=43.5&lon=5.4&radius_km=200").await, 1);
        let found = features(&app, "bbox=3,42,8,46").await;
        assert_eq!(found.iter().map(|(id, _)| id).collect::<Vec<_>>(), [&offer]);
        // A postcode is no place of a question: it might lie in several countries.
        for code in ["13000", "10115", "1010"] {
            for (path, status, fault) in [
                ("/api/v1/capacity?region=", 422, "/region unknown_region"),
                ("/api/v1/shortages?region=", 422, "/region unknown_region"),
                ("/api/v1/map?region=", 422, "/region unknown_region"),
                ("/ogc/collections/regions/items?region=", 400, "/region unknown_region"),
                ("/api/v1/capacity?radius_km=50&near=", 400, "/near unknown_parameter"),
                ("/ogc/collections/offers/items?near=", 400, "/near unknown_parameter"),
            ] {
                let refused = app.get(&app.operator(), &format!("{path}{code}")).await.expect(status);
                assert_eq!(refused.faults(), [fault], "{path}{code}: {}", refused.text);
            }
        }
    }
}

on_both! {
    async fn geo_05_what_is_known_by_its_country_is_nowhere_in_it(db: TestDb) {
        let app = TestApp::new(db);
        let (one, two) = (app.firm("One").await, app.firm("Two").await);
        // Two firms of which nothing but the country is known, and one that is known by its region.
        let mut coarse = Vec::new();
        for (firm, units) in [(&one, 5_000), (&two, 6_000)] {
            coarse.push(settled(&app, firm, json!({ "name": "Germany", "country": "DE" }), units).await);
        }
        let known = settled(&app, &one, json!({ "name": "Region", "region": "DE11" }), 7_000).await;
        let buyer = app.hospital("Hôpital").await;
        let (rows, map) = everywhere(&app, &buyer, 2).await;
        assert_eq!(rows[..2], [vec![json!("DE"), json!("DE11")], vec![json!("DE"), json!("DE11")]], "in no finer region");
        assert_eq!(rows[2].len(), 2, "{rows:?}");
        assert!(map.len() == 2 && ["DE", "DE11"].iter().all(|code| map.contains(&(*code).to_owned())), "{map:?}");
        // At the middle of the country is nobody, and the map clients get no point.
        assert_eq!(inside(&app, "lat=51&lon=10&radius_km=100").await, 0);
        assert_eq!(inside(&app, "lat=51&lon=10&radius_km=20040").await, 1);
        for bbox in ["9,50,11,52", "100,-40,110,-30"] {
            let found = features(&app, &format!("bbox={bbox}")).await;
            assert_eq!(found.len(), 2, "without a place they stay: {found:?}");
            assert!(found.iter().all(|(id, point)| coarse.contains(id) && point.is_null()), "{found:?}");
        }
        let found = features(&app, "").await;
        assert!(found.iter().any(|(id, point)| *id == known && point.is_array()), "{found:?}");
    }
}

on_both! {
    async fn geo_08_a_branch_has_its_own_place_or_none(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let office = json!({ "name": "Head office", "region": "DE212", "point": { "lat": 48.137, "lon": 11.575 } });
        let office = settled(&app, &firm, office, 5_000).await;
        let branch = settled(&app, &firm, json!({ "name": "Branch", "region": "ITC4" }), 6_000).await;
        let nowhere = settled(&app, &firm, json!({ "name": "Nowhere" }), 7_000).await;
        assert_eq!(inside(&app, "lat=48.137&lon=11.575&radius_km=100").await, 1, "the office alone");
        assert_eq!(inside(&app, "lat=48.137&lon=11.575&radius_km=20040").await, 2, "nowhere is in no circle");
        let found = features(&app, "").await;
        let point = |id: &str| found.iter().find(|(offer, _)| offer == id).unwrap().1.clone();
        assert_eq!((point(&office), point(&nowhere)), (json!([11.575, 48.137]), Value::Null));
        let of_branch = point(&branch);
        assert!(of_branch.is_array() && of_branch != point(&office), "{of_branch}");
        let told = app.get(&app.operator(), "/api/v1/capacity?group_by=nuts2").await.expect(200).json;
        assert_eq!(regions(&told), [Value::Null, json!("DE21"), json!("ITC4")]);
        let board = app.get(&app.operator(), "/api/v1/shortages?level=2").await.expect(200).json;
        assert_eq!(regions(&board), [Value::Null, json!("DE21"), json!("ITC4")]);
        let buyer = app.organisation("Ospedale", "authority", "IT", "ITC4").await;
        let mut need = needs::plain(&buyer);
        need["organisation"] = json!(buyer.id);
        let told = app.post(&app.operator(), "/api/v1/candidates", &json!({ "described": need })).await.expect(200).json;
        let candidates = told["instalments"][0]["candidates"].as_array().unwrap();
        let distance = |id: &str| candidates.iter().find(|one| one["offer"] == json!(id)).map(|one| &one["distance_km"]);
        assert_eq!(distance(&branch), Some(&json!(0)), "{told}");
        assert!(distance(&office).is_some_and(|km| km.as_i64() > Some(200)), "{told}");
        assert!(distance(&nowhere).is_none_or(Value::is_null), "{told}");
    }
}
