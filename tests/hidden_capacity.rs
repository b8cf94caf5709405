//! Hidden capacity over HTTP: what sites can do, who could convert as far as each may know it, and what a site could make.

use serde_json::{Value, json};
use testkit::{Answer, Org, TestApp, TestDb, on_both};

use crate::memberships;

/// What a firm that weaves and sews can do.
pub fn weaver() -> Value {
    json!({ "activities": ["weaving"], "equipment": [{ "machine": "sewing-machine", "count": 12 }],
        "in_house": ["woven-fabric"], "note": "ask for Anna" })
}

/// Says what the site of an organisation can do.
pub async fn state(app: &TestApp, of: &Org, abilities: &Value) -> Answer {
    app.put(&of.token, &format!("/api/v1/sites/{}/abilities", of.site), abilities).await
}

/// A firm for which a cluster or the operator vouches, or nobody, and which weaves.
async fn able(app: &TestApp, name: &str, vouched: bool) -> Org {
    let firm = app.organisation(name, "firm", "DE", "DE212").await;
    if vouched {
        memberships::verify(app, &firm, "operator").await;
    }
    state(app, &firm, &weaver()).await.expect(200);
    firm
}

async fn told(app: &TestApp, token: &str, query: &str) -> Value {
    app.get(token, &format!("/api/v1/hidden-capacity?{query}")).await.expect(200).json
}

fn rows(told: &Value) -> &[Value] {
    told["rows"].as_array().unwrap()
}

on_both! {
    async fn abilities_read_back_as_they_were_understood(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, other) = (app.firm("Atelier").await, app.firm("Other").await);
        let address = format!("/api/v1/sites/{}/abilities", firm.site);
        let before = app.get(&firm.token, &address).await.expect(200);
        assert_eq!((&before.json["stated_at"], &before.json["activities"]), (&json!(null), &json!([])));
        let body = json!({ "activities": ["Protective workwear / car interiors", "13.96"], "processes": ["community-mask/1"],
            "equipment": [{ "machine": "Industrial sewing machine", "count": 40 }], "in_house": ["sewing", "meltblown"],
            "people": 60, "shifts": 2, "certificates": ["iso-9001"], "note": "Two halls" });
        let stated = state(&app, &firm, &body).await.expect(200);
        assert_eq!(stated.json["activities"], json!([
            { "typed": "Protective workwear / car interiors", "nace2": ["14.12", "29.32"] },
            { "typed": "13.96", "nace2": ["13.96"] },
        ]));
        assert_eq!(stated.json["equipment"], json!([{ "machine": "sewing-machine", "count": 40 }]));
        let read = app.get(&firm.token, &address).await.expect(200);
        assert_eq!(read.json, stated.json);
        // The owner and the operator; to others the site is not there.
        app.get(&app.operator(), &address).await.expect(200);
        app.get(&other.token, &address).await.expect(404);
        app.put(&other.token, &address, &body).await.expect(404);
        app.get(&other.token, &format!("/api/v1/sites/{}/could-make", firm.site)).await.expect(404);
        // What is the same leaves no trace; what is not takes the place of all that was said.
        state(&app, &firm, &body).await.expect(200);
        let log = app.get(&firm.token, &format!("/api/v1/audit?record_id={}&record=abilities", firm.site)).await.expect(200);
        let [entry] = log.items() else { panic!("{}", log.text) };
        assert_eq!((&entry["act"], &entry["owner"]), (&json!("update"), &json!(firm.id)));
        assert!(!log.text.contains("workwear") && !log.text.contains("halls"), "{}", log.text);
        let less = state(&app, &firm, &json!({})).await.expect(200);
        assert_eq!((&less.json["equipment"], &less.json["people"]), (&json!([]), &json!(null)));
    }
}

on_both! {
    async fn every_fault_of_abilities_is_named_at_once(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let body = json!({ "activities": ["poetry"], "processes": ["ffp/99"], "equipment": [{ "machine": "meltblown", "count": 0 }],
            "in_house": ["sewing-machine"], "people": -1, "shifts": 0, "certificates": ["diploma"] });
        let faults = state(&app, &firm, &body).await.expect(422).faults();
        assert_eq!(faults, [
            "/activities/0 unknown_activity", "/processes/0 unknown_process", "/equipment/0/machine wrong_kind",
            "/equipment/0/count out_of_range", "/in_house/0 wrong_kind", "/people out_of_range", "/shifts out_of_range",
            "/certificates/0 unknown_certificate_kind",
        ]);
        for (query, fault) in [("product=nothing", "/product unknown_product"), ("region=Nowhere", "/region unknown_region"),
            ("limit=501", "/limit out_of_range"), ("product=ffp&grade=IIR", "/grade unknown_grade")] {
            let answer = app.get(&firm.token, &format!("/api/v1/hidden-capacity?{query}")).await.expect(422);
            assert_eq!(answer.faults(), [fault], "{query}");
        }
    }
}

on_both! {
    async fn each_row_cites_its_source_and_says_its_basis(db: TestDb) {
        let app = TestApp::new(db);
        able(&app, "Atelier", false).await;
        let all = told(&app, &app.operator(), "").await;
        assert!(rows(&all).len() > 3, "{all}");
        for row in rows(&all) {
            let basis = row["basis"].as_str().unwrap();
            assert!(["reported", "press", "paper", "estimate"].contains(&basis), "{row}");
            assert!(row["cites"].as_str().is_some_and(|source| !source.is_empty()), "{row}");
            assert_eq!(row["days_min"].is_null(), row["days_max"].is_null(), "{row}");
            for other in row["others"].as_array().unwrap() {
                assert!(other["basis"].is_string() && !other["cites"].as_str().unwrap().is_empty(), "{row}");
            }
        }
        let masks = told(&app, &app.operator(), "product=community-mask").await;
        let [row] = rows(&masks) else { panic!("{masks}") };
        assert_eq!((&row["organisation_name"], &row["fit"], &row["basis"]), (&json!("Atelier"), &json!("activity"), &json!("press")));
        // The source of the conversion of weavers tells no days: they are unknown, and no deadline is met by them.
        assert_eq!((&row["days_max"], &row["capability"]), (&json!(null), &json!("weaving")));
        assert_eq!(row["missing_inputs"], json!(["ear-loop", "thread", "samples", "lab-test-mask"]));
        assert_eq!(row["missing_machines"], json!(["cutting-machine", "DGA or laboratory"]));
        assert!(rows(&told(&app, &app.operator(), "product=community-mask&days=1000").await).is_empty());
        // A new plant is for anybody, and comes last.
        assert_eq!(rows(&all).last().unwrap()["fit"], "anybody");
        let file = app.get(&app.operator(), "/api/v1/hidden-capacity.csv?product=community-mask").await.expect(200);
        assert!(file.text.contains("basis") && file.text.contains("press") && file.text.contains("docslib.org"), "{}", file.text);
    }
}

on_both! {
    async fn a_rival_sees_no_row_and_an_authority_no_name(db: TestDb) {
        let app = TestApp::new(db);
        let cluster = memberships::cluster(&app, "Textile Cluster").await;
        let (member, stranger) = (able(&app, "Atelier Secret", true).await, able(&app, "Weberei Secret", true).await);
        memberships::joined(&app, &member, &cluster).await;
        let (rival, ministry) = (app.firm("Rival").await, app.hospital("Ministry").await);
        let query = "product=community-mask";
        // A rival, an authority that nobody verified, the member itself: no row of others.
        for token in [&rival.token, &ministry.token] {
            let nothing = told(&app, token, query).await;
            assert_eq!((rows(&nothing).len(), &nothing["totals"], &nothing["all_rows"]), (0, &json!([]), &json!(0)));
            assert!(!nothing.to_string().contains("Secret"), "{nothing}");
        }
        let own = told(&app, &member.token, query).await;
        assert_eq!((rows(&own).len(), &rows(&own)[0]["site"]), (1, &json!(member.site)));
        // Its cluster sees the member with its name and place, and nothing of the other.
        let managed = told(&app, &cluster.token, query).await;
        let [row] = rows(&managed) else { panic!("{managed}") };
        assert_eq!((&row["organisation"], &row["region"]), (&json!(member.id), &json!("DE212")));
        memberships::verify(&app, &ministry, "operator").await;
        let seen = told(&app, &ministry.token, query).await;
        assert_eq!(rows(&seen).len(), 2);
        for row in rows(&seen) {
            for field in ["organisation", "organisation_name", "site", "site_name"] {
                assert_eq!(row[field], json!(null), "{field}");
            }
            assert_eq!(row["region"], "DE21");
        }
        for secret in ["Secret", "DE212", "Anna", &member.id, &member.site, &stranger.id, &stranger.site] {
            assert!(!seen.to_string().contains(secret), "{secret}: {seen}");
        }
        // No finer place is found by asking for it.
        assert!(rows(&told(&app, &ministry.token, "product=community-mask&region=DE212").await).is_empty());
        assert_eq!(rows(&told(&app, &ministry.token, "product=community-mask&region=DE21").await).len(), 2);
        app.get("", "/api/v1/hidden-capacity").await.expect(401);
        let operators = told(&app, &app.operator(), query).await;
        assert_eq!(rows(&operators).len(), 2);
    }
}

on_both! {
    async fn totals_are_of_three_others_at_least_and_markets_below_that_look_alike(db: TestDb) {
        let app = TestApp::new(db);
        let (rival, query) = (app.firm("Rival").await, "product=community-mask");
        let without_clock = |mut told: Value| { told["as_of"] = json!(null); told };
        let empty = without_clock(told(&app, &rival.token, query).await);
        let first = able(&app, "Firm 1", true).await;
        for name in ["Firm 2", "Firm 3"] {
            able(&app, name, true).await;
            // Of one, two or three nobody outside learns that they are there: each of three would know two others.
            assert_eq!(without_clock(told(&app, &rival.token, query).await), empty, "{name}");
        }
        for name in ["Nobody's 1", "Nobody's 2"] {
            // Anybody can register firms: who is nobody's word makes up no total.
            able(&app, name, false).await;
            assert_eq!(without_clock(told(&app, &rival.token, query).await), empty, "{name}");
        }
        let last = able(&app, "Firm 4", true).await;
        let four = told(&app, &rival.token, query).await;
        let total = |organisations: usize| json!([{ "product": "community-mask", "country": "DE", "organisations": organisations }]);
        assert_eq!((rows(&four).len(), &four["totals"]), (0, &total(4)));
        // Who is one of them is told of the others.
        let own = told(&app, &first.token, query).await;
        assert_eq!((rows(&own).len(), &own["totals"]), (1, &total(3)));
        // Only whole countries, and no totals by days.
        assert_eq!(told(&app, &rival.token, "product=community-mask&region=DE").await["totals"], total(4));
        for narrow in ["region=DE21", "region=FR", "days=400"] {
            let none = told(&app, &rival.token, &format!("{query}&{narrow}")).await;
            assert_eq!(none["totals"], json!([]), "{narrow}");
            assert_eq!(none["left_out"], json!(["small_totals", "filter"]), "{narrow}");
        }
        // A cluster knows its members, and is told of the others. Where these are fewer than three, nobody is told any longer.
        let cluster = memberships::cluster(&app, "Textile Cluster").await;
        memberships::joined(&app, &first, &cluster).await;
        assert_eq!(told(&app, &cluster.token, query).await["totals"], total(3));
        assert_eq!(told(&app, &rival.token, query).await["totals"], total(4));
        let more = able(&app, "Firm 5", true).await;
        memberships::joined(&app, &more, &cluster).await;
        assert_eq!(told(&app, &cluster.token, query).await["totals"], total(3));
        assert_eq!(told(&app, &rival.token, query).await["totals"], total(5));
        memberships::joined(&app, &able(&app, "Firm 6", true).await, &cluster).await;
        assert_eq!(told(&app, &rival.token, query).await["totals"], total(6));
        memberships::joined(&app, &last, &cluster).await;
        assert_eq!(told(&app, &rival.token, query).await["totals"], json!([]));
    }
}

on_both! {
    async fn a_site_could_make_what_its_bodies_say(db: TestDb) {
        let app = TestApp::new(db);
        let firm = able(&app, "Atelier", false).await;
        let found = app.get(&firm.token, &format!("/api/v1/sites/{}/could-make?product=community-mask", firm.site)).await.expect(200);
        let [mask] = found.json["products"].as_array().unwrap().as_slice() else { panic!("{}", found.text) };
        let best = &mask["estimates"][0];
        assert_eq!((&best["basis"], &best["days_max"]), (&json!("press"), &json!(null)));
        let standing: Vec<&str> = mask["steps"].as_array().unwrap().iter().map(|s| s["standing"].as_str().unwrap()).collect();
        assert_eq!(standing, ["missing", "machine", "missing"]);
        // Nobody told the days of weavers, so they are the owner's to state, as is what he could make.
        assert_eq!(mask["to_state"], json!(["/convertible/value", "/convertible/days"]));
        let mut body = mask["draft_offer"].clone();
        app.post(&firm.token, "/api/v1/offers", &body).await.expect(422);
        body["convertible"]["value"] = json!(20_000);
        body["convertible"]["days"] = json!(10);
        let offer = app.post(&firm.token, "/api/v1/offers", &body).await.expect(201);
        assert_eq!((&offer.json["state"], &offer.json["product"]), (&json!("draft"), &json!("community-mask")));
        // What is missing can be asked for.
        let needs = mask["draft_needs"].as_array().unwrap();
        let asked: Vec<&str> = needs.iter().map(|need| need["body"]["product"].as_str().unwrap()).collect();
        assert_eq!(asked, ["cutting-machine", "ear-loop", "lab-test-mask"]);
        let mut body = needs[1]["body"].clone();
        assert_eq!(needs[1]["to_state"], json!(["/instalments"]));
        body["instalments"] = json!([{ "quantity": { "value": 500, "unit": "MTR" }, "due": "2020-04-20" }]);
        let need = app.post(&firm.token, "/api/v1/needs", &body).await.expect(201);
        assert_eq!(need.json["state"], "draft");
    }
}

on_both! {
    async fn a_firm_answers_questions_and_leaves_with_draft_offers(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, other) = (app.firm("Atelier").await, app.firm("Other").await);
        let questions = app.get(&firm.token, "/api/v1/questionnaire").await.expect(200);
        let questions = questions.json["questions"].as_array().unwrap().clone();
        // The answers are put together from the questions alone.
        let mut abilities = json!({});
        for question in &questions {
            let code = |wanted: &str| {
                let choices = question["choices"].as_array().unwrap();
                choices.iter().find(|choice| choice["code"] == wanted).unwrap_or_else(|| panic!("{wanted}"))["code"].clone()
            };
            let field = question["field"].as_str().unwrap();
            abilities[field] = match field {
                "activities" => json!([code("apparel")]),
                "equipment" => json!([{ "machine": code("sewing-machine"), "count": 30 }]),
                "in_house" => json!([code("sewing"), code("woven-fabric")]),
                "processes" => json!([code("community-mask/1")]),
                "people" => json!(40),
                "shifts" => json!(1),
                "certificates" => json!([code("iso-9001")]),
                _ => json!("Two halls"),
            };
        }
        let address = "/api/v1/questionnaire/answers";
        // Just asked, nothing is kept.
        let asked = app.post(&firm.token, address, &json!({ "abilities": abilities })).await.expect(200);
        assert_eq!(asked.json["products"][0]["product"], "community-mask", "{}", asked.text);
        assert_eq!(asked.json["drafts"], json!([]));
        let kept = format!("/api/v1/sites/{}/abilities", firm.site);
        assert_eq!(app.get(&firm.token, &kept).await.expect(200).json["stated_at"], json!(null));
        // Every fault at once, and nothing is written.
        let rate = json!({ "value": 20_000, "per": "week" });
        let wrong = json!({ "save": true, "abilities": { "activities": ["apparel"], "people": 5 }, "drafts": [
            { "product": "ventilator-icu", "rate": rate }, { "product": "community-mask", "rate": { "value": 1, "per": "age" } } ] });
        let faults = app.post(&firm.token, address, &wrong).await.expect(422).faults();
        assert_eq!(faults, ["/site missing", "/drafts/0/product no_estimate", "/drafts/1/rate/per unknown_period"]);
        let mut foreign = json!({ "site": other.site, "save": true, "abilities": abilities });
        assert_eq!(app.post(&firm.token, address, &foreign).await.expect(422).faults(), ["/site unknown_site"]);
        foreign["site"] = json!(firm.site);
        foreign["drafts"] = json!([{ "product": "community-mask", "rate": rate }, { "product": "gown-isolation", "rate": rate, "days": 20 }]);
        let done = app.post(&firm.token, address, &foreign).await.expect(200);
        let stated = app.get(&firm.token, &kept).await.expect(200);
        assert_eq!((&stated.json["people"], &stated.json["note"]), (&json!(40), &json!("Two halls")));
        let drafts = done.json["drafts"].as_array().unwrap();
        assert_eq!(drafts.len(), 2);
        let read = |id: &Value| format!("/api/v1/offers/{}", id.as_str().unwrap());
        let masks = app.get(&firm.token, &read(&drafts[0])).await.expect(200).json;
        // Without days of his own the most of the best estimate: 14, by the press.
        assert_eq!((&masks["state"], &masks["capacity"]["convertible"]["days"]), (&json!("draft"), &json!(14)));
        assert!(masks["note"].as_str().unwrap().contains("2 to 14 days (press)"), "{masks}");
        let gowns = app.get(&firm.token, &read(&drafts[1])).await.expect(200).json;
        assert_eq!((&gowns["product"], &gowns["capacity"]["convertible"]["days"]), (&json!("gown-isolation"), &json!(20)));
        // A draft is published as any other.
        app.post(&firm.token, &format!("{}/publish", read(&drafts[0])), &json!({})).await.expect(200);
    }
}

on_both! {
    async fn what_a_site_can_do_is_an_event_that_starts_no_run(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, other) = (app.firm("Atelier").await, app.firm("Other").await);
        let since = |answer: Answer| answer.json["since"].as_str().unwrap().to_owned();
        let own = since(app.get(&firm.token, "/api/v1/changes/snapshot").await.expect(200));
        let foreign = since(app.get(&other.token, "/api/v1/changes/snapshot").await.expect(200));
        state(&app, &firm, &weaver()).await.expect(200);
        let changes = app.get(&firm.token, &format!("/api/v1/changes?since={own}")).await.expect(200);
        let [one] = changes.items() else { panic!("{}", changes.text) };
        assert!(one.to_string().contains("described") && one.to_string().contains(&firm.site), "{one}");
        assert_eq!(app.get(&other.token, &format!("/api/v1/changes?since={foreign}")).await.expect(200).items().len(), 0);
    }
}
