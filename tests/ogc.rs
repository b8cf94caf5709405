//! OGC API Features: what map clients read, each as much as he may see.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use testkit::{Answer, Org, TestApp, TestDb, on_both};

use crate::{memberships, needs, offers};

const ITEMS: &str = "/ogc/collections/offers/items";

/// Some offers of a firm, each of another quantity, since twins are doubted.
async fn publish(app: &TestApp, firm: &Org, numbers: std::ops::Range<i64>) {
    for n in numbers {
        let mut body = offers::plain(firm);
        body["running"] = json!({ "value": 1_000 + n, "per": "week" });
        app.post(&firm.token, "/api/v1/offers", &body).await.expect(201);
    }
}

fn features(answer: &Answer) -> &Vec<Value> {
    answer.json["features"].as_array().unwrap_or_else(|| panic!("{}", answer.text))
}

/// The address of a link of an answer below the address of the service.
fn follow(answer: &Answer, rel: &str) -> Option<String> {
    let links = answer.json["links"].as_array().unwrap();
    let link = links.iter().find(|link| link["rel"] == rel)?;
    let address = link["href"].as_str().unwrap();
    Some(address.strip_prefix("http://127.0.0.1:8080").unwrap_or_else(|| panic!("{address} is absolute")).to_owned())
}

on_both! {
    async fn what_there_is_everybody_reads_and_items_who_may(db: TestDb) {
        let app = TestApp::new(db);
        let landing = app.get("", "/ogc").await.expect(200);
        let document = app.get("", &follow(&landing, "service-desc").unwrap()).await.expect(200);
        assert_eq!(document.header("content-type"), "application/vnd.oai.openapi+json;version=3.0");
        assert_eq!((&document.json["openapi"], &document.json["servers"][0]["url"]),
            (&json!("3.0.3"), &json!("http://127.0.0.1:8080/ogc")));
        let conforms = app.get("", &follow(&landing, "conformance").unwrap()).await.expect(200);
        assert_eq!(conforms.json["conformsTo"].as_array().unwrap().len(), 3);
        let collections = app.get("", &follow(&landing, "data").unwrap()).await.expect(200);
        for collection in collections.json["collections"].as_array().unwrap() {
            let name = collection["id"].as_str().unwrap();
            let alone = app.get("", &format!("/ogc/collections/{name}")).await.expect(200);
            assert_eq!(&alone.json, collection);
            let items = format!("/ogc/collections/{name}/items");
            app.get("", &items).await.expect(401);
            let empty = app.get(&app.operator(), &items).await.expect(200);
            assert_eq!(empty.header("content-type"), "application/geo+json");
            assert_eq!((&empty.json["numberMatched"], features(&empty).len()), (&json!(0), 0));
            assert_eq!(follow(&empty, "next"), None);
            for path in ["", "/api", "/conformance", "/collections", &format!("/collections/{name}")] {
                app.get("", &format!("/ogc{path}?f=json")).await.expect(200);
                app.get("", &format!("/ogc{path}?nonsense=1")).await.expect(400);
            }
        }
        app.get("", "/ogc/collections/nothing").await.expect(404);
        app.get(&app.operator(), "/ogc/collections/nothing/items").await.expect(404);
    }
}

on_both! {
    async fn what_is_wrong_with_a_question_is_a_400_with_every_fault(db: TestDb) {
        let app = TestApp::new(db);
        let token = app.operator();
        let ask = async |query: &str| app.get(&token, &format!("{ITEMS}?{query}")).await;
        let refused = ask("limit=0&bbox=1,2,3&datetime=soon").await.expect(400);
        assert_eq!(refused.json["code"], "bad_query");
        assert_eq!(refused.faults(), ["/limit out_of_range", "/bbox bad_value", "/datetime bad_value"]);
        for bad in [
            "limit=-1", "limit=many", "bbox=1,2,3,4,5", "bbox=5,60,6,50", "bbox=170,0,190,10", "bbox=a,b,c,d",
            "bbox=0,-91,1,0", "datetime=2020-05-01/2020-04-01", "datetime=../..", "datetime=/", "product=nonsense", "f=html",
            "limit=1&limit=2", "bbox-crs=x", "grade=FFP2", "level=1", "cursor=x",
        ] {
            ask(bad).await.expect(400);
        }
        for good in [
            "limit=1000000000", "bbox=1,2,0,3,4,9", "bbox=170,-20,-170,20", "datetime=2020-04-06T00:00:00Z",
            "datetime=2020-04-06/..", "datetime=../2020-04-06", "product=FFP2,apron",
        ] {
            ask(good).await.expect(200);
        }
        app.get(&token, "/ogc/collections/regions/items?level=3").await.expect(400);
        app.get(&token, "/ogc/collections/regions/items?region=Atlantis").await.expect(400);
        app.get(&token, "/ogc/collections/shortages/items?grade=FFP2").await.expect(400);
    }
}

on_both! {
    async fn pag_01_a_walk_through_the_offers_sees_each_once_while_others_come(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        publish(&app, &firm, 0..7).await;
        let first = app.get(&firm.token, &format!("{ITEMS}?limit=3&product=ffp")).await.expect(200);
        assert_eq!(first.json["numberMatched"], json!(7));
        let before: BTreeSet<String> = app.get(&firm.token, ITEMS).await.expect(200).json["features"]
            .as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
        let (mut seen, mut page) = (Vec::new(), first);
        loop {
            seen.extend(features(&page).iter().map(|one| one["id"].as_str().unwrap().to_owned()));
            if seen.len() == 3 {
                publish(&app, &firm, 10..12).await;
            }
            let Some(next) = follow(&page, "next") else { break };
            assert!(next.contains("limit=3") && next.contains("product=ffp"), "{next}");
            page = app.get(&firm.token, &next).await.expect(200);
            assert!(!features(&page).is_empty(), "no empty page at the end");
        }
        let unique: BTreeSet<String> = seen.iter().cloned().collect();
        assert_eq!(unique.len(), seen.len());
        assert!(unique.is_superset(&before));
        // PAG-05.
        let stranger = app.firm("Stranger").await;
        let foreign = app.get(&stranger.token, &format!("{ITEMS}?cursor={}", seen[0])).await.expect(400);
        assert_eq!(foreign.json["code"], "invalid_cursor");
        app.get(&stranger.token, &format!("{ITEMS}/{}", seen[0])).await.expect(404);
        let own = app.get(&firm.token, &format!("{ITEMS}/{}", seen[0])).await.expect(200);
        assert_eq!(own.json["id"], json!(seen[0]));
        assert_eq!(own.json["properties"]["organisation"], json!(firm.id));
    }
}

on_both! {
    async fn offers_of_others_have_no_name_and_no_id_that_leads_to_them(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, hospital, stranger) =
            (app.firm("Atelier").await, app.hospital("Hôpital").await, app.firm("Stranger").await);
        let mut body = offers::plain(&firm);
        body["note"] = json!("ask for Claire");
        body["price"] = json!({ "amount": 1.2, "currency": "EUR" });
        let offer = app.post(&firm.token, "/api/v1/offers", &body).await.expect(201).id();
        assert!(features(&app.get(&stranger.token, ITEMS).await.expect(200)).is_empty());
        assert!(features(&app.get(&hospital.token, ITEMS).await.expect(200)).is_empty(), "nobody vouches for it");
        memberships::verify(&app, &hospital, "operator").await;
        let seen = app.get(&hospital.token, ITEMS).await.expect(200);
        let feature = &features(&seen)[0];
        let (own, operators) = (app.get(&firm.token, ITEMS).await, app.get(&app.operator(), ITEMS).await);
        assert_ne!(feature["id"], features(&own)[0]["id"], "each reader has ids of his own");
        assert_eq!(features(&operators)[0]["properties"]["offer"], json!(offer));
        for secret in [offer.as_str(), firm.id.as_str(), firm.site.as_str(), "Atelier", "Claire", "1.2"] {
            assert!(!seen.text.contains(secret), "{secret}: {}", seen.text);
        }
        let properties = &feature["properties"];
        let shown = [&properties["product"], &properties["running"], &properties["running_per"], &properties["offer"]];
        assert_eq!(shown, [&json!("ffp"), &json!(10_000), &json!("week"), &Value::Null]);
        assert_eq!(properties["region"].as_str().unwrap().len(), 4, "NUTS 2 and no finer: {properties}");
        app.post(&firm.token, &format!("/api/v1/offers/{offer}/pause"), &json!({})).await.expect(200);
        let gone = format!("{ITEMS}/{}", feature["id"].as_str().unwrap());
        app.get(&hospital.token, &gone).await.expect(404);
    }
}

on_both! {
    async fn geo_01_a_box_across_180_degrees_holds_what_lies_on_both_sides(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let site = async |name: &str, lat: f64, lon: f64| {
            let body = json!({ "name": name, "region": "FJ", "point": { "lat": lat, "lon": lon } });
            app.post(&firm.token, "/api/v1/sites", &body).await.expect(201).id()
        };
        let mut running = 2_000;
        for (name, lat, lon) in [("Suva", -18.1, 178.4), ("Taveuni", -16.9, -179.9), ("Line", -16.5, 180.0)] {
            let mut body = offers::plain(&firm);
            running += 1;
            body["site"] = json!(site(name, lat, lon).await);
            body["running"] = json!({ "value": running, "per": "week" });
            app.post(&firm.token, "/api/v1/offers", &body).await.expect(201);
        }
        publish(&app, &firm, 0..1).await;
        let inside = async |bbox: &str| {
            let answer = app.get(&firm.token, &format!("{ITEMS}?bbox={bbox}")).await.expect(200);
            let mut found: Vec<i64> =
                features(&answer).iter().map(|one| one["properties"]["running"].as_i64().unwrap()).collect();
            found.sort_unstable();
            found
        };
        assert_eq!(inside("178,-20,-178,-10").await, [2_001, 2_002, 2_003], "and nothing from Europe");
        assert_eq!(inside("-180,-20,-179,-10").await, [2_002, 2_003]);
        assert_eq!(inside("178,-20,180,-10").await, [2_001, 2_003]);
        assert_eq!(inside("-10,35,30,70").await, [1_000]);
    }
}

on_both! {
    async fn regions_and_shortages_are_the_rows_of_map_and_board(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, hospital) = (app.firm("Atelier").await, app.hospital("Hôpital").await);
        publish(&app, &firm, 0..3).await;
        app.post(&hospital.token, "/api/v1/needs", &needs::plain(&hospital)).await.expect(201);
        let token = app.operator();
        for (collection, view) in [
            ("regions", "capacity?group_by=product,nuts2&from=2020-04-06&until=2020-05-10"),
            ("shortages", "shortages?level=2&from=2020-04-06&until=2020-05-10"),
        ] {
            let rows = app.get(&token, &format!("/api/v1/{view}")).await.expect(200);
            let rows = rows.json["rows"].as_array().unwrap().clone();
            assert!(!rows.is_empty(), "{collection}");
            let base = format!("/ogc/collections/{collection}/items?datetime=2020-04-06/2020-05-10&limit=2");
            let (mut seen, mut next) = (Vec::new(), Some(base));
            while let Some(address) = next {
                let page = app.get(&token, &address).await.expect(200);
                assert_eq!(page.json["numberMatched"], json!(rows.len()));
                seen.extend(features(&page).clone());
                next = follow(&page, "next");
            }
            assert_eq!(seen.len(), rows.len());
            for row in &rows {
                assert!(seen.iter().any(|feature| feature["properties"] == *row), "{row}");
            }
            let located = seen.iter().filter(|feature| feature["geometry"]["type"] == "Point").count();
            assert_eq!(located, seen.len(), "{collection}");
            let id = seen[0]["id"].as_str().unwrap();
            let one = app.get(&token, &format!("/ogc/collections/{collection}/items/{id}")).await.expect(200);
            assert_eq!(one.json["id"], json!(id));
            app.get(&token, &format!("/ogc/collections/{collection}/items/nothing.of.9")).await.expect(404);
            let past = app.get(&token, &format!("/ogc/collections/{collection}/items?datetime=../2019-01-01")).await;
            assert!(features(&past.expect(200)).is_empty());
            let elsewhere = format!("/ogc/collections/{collection}/items?bbox=100,-40,110,-30");
            assert!(features(&app.get(&token, &elsewhere).await.expect(200)).is_empty());
        }
    }
}
