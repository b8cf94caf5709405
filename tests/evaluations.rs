//! The evaluation record of a match: why this supplier, to the buyer and the operator.

use app::{access::Caller, organisations::Merging};
use serde_json::{Value, json};
use testkit::{Org, TestApp, TestDb, app::request, on_both};

use crate::{ledger::Pair, needs, offers};

async fn record(app: &TestApp, token: &str, id: &str) -> Value {
    app.get(token, &format!("/api/v1/matches/{id}/evaluation")).await.expect(200).json
}

on_both! {
    async fn it_says_why_this_supplier_and_what_happened_since(db: TestDb) {
        let app = TestApp::new(db);
        // A second that could serve, farther away; one that could not; and one that is out of the market.
        let far = app.organisation("Lontano", "firm", "PT", "PT119").await;
        let rival = app.post(&far.token, "/api/v1/offers", &offers::plain(&far)).await.expect(201).id();
        let mut other = offers::plain(&far);
        other["grades"] = json!(["FFP1"]);
        app.post(&far.token, "/api/v1/offers", &other).await.expect(201);
        let paused = app.post(&far.token, "/api/v1/offers", &offers::plain(&far)).await.expect(201).id();
        app.post(&far.token, &format!("/api/v1/offers/{paused}/pause"), &json!({})).await.expect(200);
        let pair = Pair::new(&app).await;
        let basis = json!({ "basis": "Directive 2014/24/EU, Art. 32(2)(c)", "reference": "H-2020-17" });
        app.patch(&pair.hospital.token, &format!("/api/v1/matches/{}", pair.id), "*", &basis).await.expect(200);
        app.clock.advance_micros(1);
        pair.step(&app, &pair.hospital, "propose", &json!({})).await.expect(200);
        app.clock.advance_micros(1);
        pair.step(&app, &pair.firm, "accept", &json!({})).await.expect(200);
        app.clock.advance_micros(1);
        pair.step(&app, &pair.hospital, "accept", &json!({ "quantity": 3000 })).await.expect(200);

        let whole = record(&app, &app.operator(), &pair.id).await;
        let read = app.get(&app.operator(), &format!("/api/v1/matches/{}", pair.id)).await.expect(200).json;
        assert_eq!((&whole["match"], &whole["match"]["terms"]["reference"]), (&read, &json!("H-2020-17")));
        let run = app.get(&app.operator(), &format!("/api/v1/match-runs/{}", read["run"].as_str().unwrap())).await.expect(200).json;
        assert_eq!(whole["run"], run);
        assert_eq!((&whole["choice"]["explained_by"], &whole["unexplained"]), (&run["engine"], &Value::Null));
        let offered = |told: &Value| -> Vec<Value> {
            let all = told["choice"]["alternatives"].as_array().unwrap();
            all.iter().map(|a| json!([a["rank"], a["chosen"], a["quantity"]])).collect()
        };
        assert_eq!(offered(&whole), [json!([1, true, 4000]), json!([2, false, 0])]);
        let alternatives = whole["choice"]["alternatives"].as_array().unwrap();
        assert_eq!((&alternatives[0]["offer"], &alternatives[1]["offer"]), (&json!(pair.offer), &json!(rival)));
        let cost = |a: &Value| a["how"]["cost"]["total"].as_i64().unwrap();
        assert!(cost(&alternatives[0]) < cost(&alternatives[1]));
        let instalment = &whole["choice"]["instalment"];
        assert_eq!((&instalment["offers"], &instalment["eligible_offers"]), (&json!(4), &json!(2)));
        assert!(instalment["lines"][0]["trace"].as_array().unwrap().iter().all(|a| a["verdict"] == "passed"));
        let told: Vec<Value> = whole["entries"].as_array().unwrap().iter().map(|e| json!([e["kind"], e["quantity"]])).collect();
        assert_eq!(told, [json!(["hold", 4000]), json!(["release", 1000]), json!(["agree", 3000])]);
        let acts: Vec<Value> = whole["acts"].as_array().unwrap().iter().map(|a| json!([a["act"], a["by"]])).collect();
        assert_eq!(acts, [json!(["update", "buyer"]), json!(["propose", "buyer"]), json!(["accept", "supplier"]), json!(["accept", "buyer"])]);

        // The buyer reads the same, of nameless offers and as far as it may know them.
        let own = record(&app, &pair.hospital.token, &pair.id).await;
        assert_eq!(offered(&own), offered(&whole));
        assert_eq!((&own["choice"]["instalment"]["offers"], &own["choice"]["before_competition"]), (&json!(3), &json!(true)));
        assert_eq!((&own["acts"], &own["entries"]), (&whole["acts"], &whole["entries"]));
        assert_eq!((&own["run"]["proof_hash"], &own["run"]["figures"]), (&run["proof_hash"], &Value::Null));
        let text = own.to_string();
        for secret in [&pair.firm.id, &pair.firm.site, &pair.offer, &far.id, &far.site, &rival, "Atelier", "Lontano"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        // An alternative is asked about by the name that it goes by.
        let name = own["choice"]["alternatives"][1]["offer"].as_str().unwrap();
        let pairs = format!("/api/v1/match-runs/{}/needs/{}/offers/{name}", read["run"].as_str().unwrap(), pair.need);
        let answer = app.get(&pair.hospital.token, &pairs).await.expect(200).json;
        assert_eq!(answer["instalments"][0]["because"], "covered_by_others");

        // The supplier learns nothing of those it competes with, and to others it is not there.
        let address = format!("/api/v1/matches/{}/evaluation", pair.id);
        assert_eq!(app.get(&pair.firm.token, &address).await.expect(403).json["code"], "forbidden");
        app.get(&far.token, &address).await.expect(404);
    }
}

on_both! {
    async fn it_is_kept_as_a_file_and_says_what_cannot_be_told(db: TestDb) {
        let app = TestApp::new(db);
        let pair = Pair::new(&app).await;
        let address = format!("/api/v1/matches/{}/evaluation", pair.id);
        let inline = app.get(&pair.hospital.token, &address).await.expect(200);
        assert!(inline.headers.get("content-disposition").is_none());
        let file = app.send(request("GET".parse().unwrap(), &pair.hospital.token, &format!("{address}?download=true"), "".into())).await;
        assert_eq!(file.expect(200).header("content-disposition"), format!("attachment; filename=\"evaluation-{}.json\"", pair.id));
        app.get(&pair.hospital.token, &format!("{address}?format=pdf")).await.expect(400);

        // What was put by hand was compared with nothing.
        let (firm, hospital) = (app.firm("Second").await, app.hospital("Klinik").await);
        let offer = app.post(&firm.token, "/api/v1/offers", &offers::plain(&firm)).await.expect(201).id();
        let need = app.post(&hospital.token, "/api/v1/needs", &needs::plain(&hospital)).await.expect(201);
        let instalment = need.json["instalments"][0]["id"].clone();
        let body = json!({ "offer": offer, "need": need.id(), "instalment": instalment, "quantity": 100 });
        let by_hand = app.post(&app.operator(), "/api/v1/matches", &body).await.expect(201).id();
        let told = record(&app, &hospital.token, &by_hand).await;
        assert_eq!((&told["run"], &told["choice"], &told["unexplained"]), (&Value::Null, &Value::Null, &json!("by_hand")));
        assert_eq!(told["entries"][0]["kind"], "hold");
    }
}

on_both! {
    async fn the_buyer_may_be_another_since(db: TestDb) {
        let app = TestApp::new(db);
        let pair = Pair::new(&app).await;
        // Whoever became the buyer since reads nothing of what the former one might know of the market.
        let into = app.hospital("Klinikum").await;
        let (operator, id) = (Caller::command_line(), |org: &Org| org.id.parse().unwrap());
        let merge = (id(&pair.hospital), id(&into));
        app::organisations::merge(&app.app, &operator, merge, Merging::Commit).await.unwrap();
        let told = record(&app, &into.token, &pair.id).await;
        assert_eq!((&told["choice"], &told["unexplained"]), (&Value::Null, &json!("other_owner")));
        assert!(record(&app, &app.operator(), &pair.id).await["choice"].is_object());
        app.get(&pair.hospital.token, &format!("/api/v1/matches/{}/evaluation", pair.id)).await.expect(401);
    }
}

on_both! {
    async fn what_the_run_saw_may_no_longer_be_kept(db: TestDb) {
        let app = TestApp::new(db);
        let pair = Pair::new(&app).await;
        app.app.store.tamper("DELETE FROM snapshots").await.unwrap();
        let told = record(&app, &pair.hospital.token, &pair.id).await;
        assert_eq!((&told["choice"], &told["unexplained"]), (&Value::Null, &json!("not_kept")));
        assert_eq!(told["run"]["state"], "done");
        assert_eq!(told["match"]["explanation"]["grade"], "same");
    }
}
