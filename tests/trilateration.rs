//! Nothing finer than NUTS 2 is told of a place that is not shown: two markets that differ only in where in its region an
//! offer is made, and a need must arrive, answer every question alike, to the byte.

use serde_json::json;
use storage::DatabaseKind;
use testkit::{Org, TestApp, TestDb, on_both};

use crate::{
    memberships::{self, cluster},
    needs, offers,
};

/// Two places of Oberbayern in different NUTS 3 regions, 60 km apart, and two of the Île-de-France.
const OFFERED: [(&str, f64, f64); 2] = [("DE212", 48.137, 11.575), ("DE21K", 47.856, 12.128)];
const NEEDED: [(&str, f64, f64); 2] = [("FR101", 48.857, 2.352), ("FR102", 48.540, 2.660)];

struct Market {
    app: TestApp,
    /// Who may not see exact places: a stranger, a verified authority, and a firm with a need of its own.
    readers: Vec<Org>,
    buyer: Org,
    need: String,
}

impl Market {
    /// Whose hidden offer and need lie at one of the two places each.
    async fn new(db: TestDb, at: usize) -> Self {
        let app = TestApp::new(db);
        let site = async |org: &Org, (region, lat, lon): (&str, f64, f64)| {
            let body = json!({ "name": "Works", "region": region, "point": { "lat": lat, "lon": lon } });
            app.post(&org.token, "/api/v1/sites", &body).await.expect(201).id()
        };
        // Others beside, so that totals are told as well.
        for n in 0..5 {
            let firm = app.firm(&format!("Firm {n}")).await;
            memberships::verify(&app, &firm, "operator").await;
            let mut body = offers::plain(&firm);
            let place = if n == 0 { OFFERED[at] } else { OFFERED[n % 2] };
            body["site"] = json!(site(&firm, place).await);
            body["running"] = json!({ "value": 10_000 + n, "per": "week" });
            app.post(&firm.token, "/api/v1/offers", &body).await.expect(201);
            let hospital = app.hospital(&format!("Hôpital {n}")).await;
            memberships::verify(&app, &hospital, "operator").await;
            let mut body = needs::plain(&hospital);
            let place = if n == 0 { NEEDED[at] } else { NEEDED[n % 2] };
            body["site"] = json!(site(&hospital, place).await);
            body["instalments"][0]["quantity"] = json!({ "value": 4_000 + n });
            app.post(&hospital.token, "/api/v1/needs", &body).await.expect(201);
        }
        let stranger = app.firm("Stranger").await;
        let authority = app.organisation("Ministerio", "authority", "ES", "ES30").await;
        let buyer = app.organisation("Kupiec", "firm", "PL", "PL91").await;
        for org in [&authority, &buyer] {
            memberships::verify(&app, org, "operator").await;
        }
        let need = app.post(&buyer.token, "/api/v1/needs", &needs::plain(&buyer)).await.expect(201).id();
        let manager = cluster(&app, "Other cluster").await;
        Self { app, readers: vec![stranger, authority, buyer.clone(), manager], buyer, need }
    }

    /// All answers to a reader, each with its question.
    async fn told(&self, reader: &Org) -> Vec<(String, String)> {
        let mut told = Vec::new();
        for address in questions() {
            let answer = self.app.get(&reader.token, &address).await;
            assert!([200, 422].contains(&answer.status), "{address}: {}", answer.text);
            told.push((address, answer.text));
        }
        for km in [1, 400, 800, 900, 950, 1_000, 1_050, 1_100, 1_500] {
            let mut need = needs::plain(reader);
            need["max_distance_km"] = json!(km);
            let answer =
                self.app.post(&reader.token, "/api/v1/candidates", &json!({ "described": need })).await.expect(200);
            told.push((format!("candidates within {km} km"), answer.text));
        }
        let own = json!({ "need": self.need });
        let answer = self.app.post(&self.buyer.token, "/api/v1/candidates", &own).await.expect(200);
        assert!(answer.json["instalments"][0]["candidates"][0]["distance_km"].is_number(), "{}", answer.text);
        told.push(("candidates of a need".to_owned(), answer.text));
        told
    }
}

/// Circles and boxes around many points, regions of every size, and all views.
fn questions() -> Vec<String> {
    let mut all = Vec::new();
    let points = OFFERED.iter().chain(&NEEDED).map(|(_, lat, lon)| (*lat, *lon));
    for (lat, lon) in points.chain([(47.5, 11.0), (48.0, 12.9), (48.9, 11.2), (49.0, 2.0)]) {
        for km in [1, 5, 20, 35, 50, 60, 75, 100] {
            all.push(format!("/api/v1/capacity?group_by=product,nuts3&facets=true&lat={lat}&lon={lon}&radius_km={km}"));
        }
        for half in [0.02, 0.2, 0.6] {
            let (west, south, east, north) = (lon - half, lat - half, lon + half, lat + half);
            for collection in ["offers", "regions", "shortages"] {
                all.push(format!("/ogc/collections/{collection}/items?bbox={west:.3},{south:.3},{east:.3},{north:.3}"));
            }
        }
    }
    for region in ["DE212", "DE21K", "DE21", "FR101", "FR102", "FR10"] {
        all.push(format!("/api/v1/capacity?group_by=product,nuts3,week&region={region}"));
        all.push(format!("/api/v1/map.svg?product=ffp&region={region}"));
        all.push(format!("/api/v1/shortages?level=2&causes=true&region={region}"));
        all.push(format!("/api/v1/dependence?region={region}"));
        all.push(format!("/ogc/collections/regions/items?level=2&region={region}"));
    }
    all.extend(
        [
            "/api/v1/capacity.csv?group_by=nuts3",
            "/api/v1/capacity.geojson?group_by=nuts3",
            "/api/v1/shortages?level=2&causes=true",
            "/api/v1/map.svg?product=ffp",
            "/api/v1/public/capacity",
            "/api/v1/public/map.svg?product=ffp",
            "/api/v1/dependence",
        ]
        .map(str::to_owned),
    );
    all
}

/// A second database like the first.
async fn another(db: &TestDb) -> TestDb {
    match db.kind() {
        DatabaseKind::Sqlite => TestDb::sqlite().await,
        DatabaseKind::Postgres => TestDb::postgres().await.unwrap(),
    }
}

on_both! {
    async fn no_circle_distance_or_box_tells_where_in_its_region_an_offer_is(db: TestDb) {
        let second = another(&db).await;
        let (here, there) = (Market::new(db, 0).await, Market::new(second, 1).await);
        for (one, other) in here.readers.iter().zip(&there.readers) {
            assert_eq!(one.id, other.id, "the markets are made alike, so that even ids are the same");
            for ((question, told), (_, elsewhere)) in here.told(one).await.into_iter().zip(there.told(other).await) {
                assert!(told == elsewhere, "{question}\n{told}\n{elsewhere}");
            }
        }
        // Whoever may see the places reads of the difference.
        let mut differ = 0;
        for question in questions() {
            let [told, elsewhere] = [&here, &there].map(async |market| market.app.get(&market.app.operator(), &question).await.text);
            differ += usize::from(told.await != elsewhere.await);
        }
        assert!(differ > 20, "{differ}");
        let circle = "/api/v1/capacity?lat=48.137&lon=11.575&radius_km=5&group_by=product";
        let inside = async |market: &Market| {
            let told = market.app.get(&market.app.operator(), circle).await.expect(200).json;
            told["totals"][0]["offers"].as_u64()
        };
        assert_eq!((inside(&here).await, inside(&there).await), (Some(3), Some(2)));
    }
}
