//! The ten questions of docs/QUESTIONS.md, asked of the market that it describes: each answer there is what the service
//! answers, as far as it is written down.

use serde_json::{Value, json};
use testkit::{Org, TestApp, TestDb, on_both};

use crate::{
    memberships::{self, cluster, joined},
    offers,
};

/// A request of the document with its body and the answer that it shows.
#[derive(Debug, Default)]
struct Shown {
    request: String,
    body: Option<Value>,
    answer: String,
    is_json: bool,
}

/// The requests of the document: a block `http`, with a body after an empty line, and the block after it.
fn shown() -> Vec<Shown> {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/QUESTIONS.md");
    let text = std::fs::read_to_string(file).unwrap();
    let mut found = Vec::new();
    let mut blocks = text.split("```").skip(1).step_by(2).map(|block| block.split_once('\n').unwrap());
    while let Some((kind, text)) = blocks.next() {
        assert_eq!(kind, "http", "each answer follows its request");
        let (request, body) = text.split_once("\n\n").unwrap_or((text.trim(), ""));
        let (kind, answer) = blocks.next().unwrap();
        found.push(Shown {
            request: request.lines().map(str::trim).collect(),
            body: (!body.trim().is_empty()).then(|| serde_json::from_str(body).unwrap()),
            answer: answer.trim().to_owned(),
            is_json: kind == "json",
        });
    }
    found
}

/// Whether all that is written down is in an answer: fields of objects, and as many entries of lists as are written.
fn holds(answer: &Value, written: &Value) -> bool {
    match (answer, written) {
        (Value::Object(answer), Value::Object(written)) => {
            written.iter().all(|(field, value)| answer.get(field).is_some_and(|found| holds(found, value)))
        }
        (Value::Array(answer), Value::Array(written)) => {
            answer.len() == written.len() && answer.iter().zip(written).all(|(found, value)| holds(found, value))
        }
        (answer, written) => answer == written,
    }
}

async fn offer(app: &TestApp, firm: &Org, change: Value) -> Value {
    let mut body = offers::plain(firm);
    body["stock"] = json!({ "value": 0 });
    for (field, value) in change.as_object().unwrap() {
        body[field] = value.clone();
        if value.is_null() {
            body.as_object_mut().unwrap().remove(field);
        }
    }
    app.post(&firm.token, "/api/v1/offers", &body).await.expect(201).json
}

/// The market of the document; answers its cluster.
async fn market(app: &TestApp) -> Org {
    let cluster = cluster(app, "Textile Cluster").await;
    let member = async |name: &str, country: &str, region: &str| {
        let firm = app.organisation(name, "firm", country, region).await;
        joined(app, &firm, &cluster).await;
        firm
    };
    let paper = json!([{ "kind": "eu-type-examination", "number": "IT-1", "notified_body": "2797", "grades": ["FFP2"],
        "valid_until": "2024-04-30" }]);
    let filtri = member("Filtri Lombardia", "IT", "ITC4").await;
    let change = json!({ "stock": { "value": 20_000 }, "running": { "value": 30_000, "per": "week" },
        "maximum": { "value": 45_000, "per": "week" }, "certificates": paper });
    let made = offer(app, &filtri, change).await;
    let (id, certificate) = (made["id"].as_str().unwrap(), made["certificates"][0]["id"].as_str().unwrap());
    let review = format!("/api/v1/offers/{id}/certificates/{certificate}/review");
    app.post(&app.operator(), &review, &json!({ "status": "checked", "note": "seen" })).await.expect(200);
    let tessuti = member("Tessuti Veneto", "IT", "ITH3").await;
    offer(
        app,
        &tessuti,
        json!({ "running": { "value": 10_000, "per": "week" }, "lead_days": 10,
        "min_order": { "value": 5_000 } }),
    )
    .await;
    let alpen = member("Alpenmasken", "AT", "AT33").await;
    offer(app, &alpen, json!({ "grades": ["FFP3"], "running": { "value": 5_000, "per": "week" } })).await;
    let maille = member("Maille Lyon", "FR", "FRK2").await;
    offer(app, &maille, json!({ "running": null, "convertible": { "value": 8_000, "per": "week", "days": 7 } })).await;
    let soffio = member("Soffio", "IT", "ITC1").await;
    offer(
        app,
        &soffio,
        json!({ "product": "meltblown", "grades": null,
        "running": { "value": 500, "unit": "KGM", "per": "week" } }),
    )
    .await;
    for name in ["Milano", "Bergamo", "Brescia", "Como", "Lecco"] {
        let hospital = app.organisation(name, "authority", "IT", "ITC4").await;
        memberships::verify(app, &hospital, "operator").await;
        let body = json!({ "site": hospital.site, "product": "ffp", "grades": ["FFP2"],
            "instalments": [{ "quantity": { "value": 60_000 }, "due": "2020-04-24" }] });
        app.post(&hospital.token, "/api/v1/needs", &body).await.expect(201);
    }
    cluster
}

on_both! {
    async fn every_answer_of_the_document_is_what_the_service_answers(db: TestDb) {
        let app = TestApp::new(db);
        let cluster = market(&app).await;
        let all = shown();
        assert!(all.len() >= 10, "{}", all.len());
        let mut wrong = Vec::new();
        for Shown { request, mut body, answer, is_json } in all {
            let (method, path) = request.split_once(' ').unwrap();
            let told = if method == "GET" {
                app.get(&cluster.token, path).await
            } else {
                let body = body.as_mut().unwrap();
                if body["described"].is_object() {
                    body["described"]["site"] = json!(cluster.site);
                }
                app.post(&cluster.token, path, body).await
            };
            let told = told.expect(200);
            let right = if is_json {
                holds(&told.json, &serde_json::from_str(&answer).unwrap())
            } else {
                told.text.replace('\r', "").trim().starts_with(&answer)
            };
            if !right {
                wrong.push(format!("{request}\n{}", told.text));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    }
}
