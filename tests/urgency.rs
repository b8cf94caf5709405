//! Tier 1 of needs: who grants it, who takes it back, and what it does.

use serde_json::{Value, json};
use testkit::{Org, TestApp, TestDb, on_both};

use crate::{certificates::verified, needs};

async fn critical(app: &TestApp, hospital: &Org) -> String {
    let mut body = needs::plain(hospital);
    body["urgency"] = json!("critical");
    format!("/api/v1/needs/{}", app.post(&hospital.token, "/api/v1/needs", &body).await.expect(201).id())
}

on_both! {
    async fn tier_1_counts_once_an_authorised_body_granted_it(db: TestDb) {
        let app = TestApp::new(db);
        let (hospital, agency, firm) = (app.hospital("Hôpital").await, app.hospital("Agence").await, app.firm("Atelier").await);
        let need = critical(&app, &hospital).await;
        let grant = async |token: &str| app.post(token, &format!("{need}/grant-urgency"), &json!({ "reason": "Stock for a day" })).await;
        let granted = async || app.get(&hospital.token, &need).await.expect(200).json["tier"] == 1;
        // Neither the buyer itself, nor an authority that nobody vouches for, nor a firm.
        verified(&app, &hospital).await;
        grant(&hospital.token).await.expect(403);
        grant(&agency.token).await.expect(404);
        grant(&firm.token).await.expect(404);
        assert!(!granted().await);
        verified(&app, &agency).await;
        assert_eq!(app.post(&agency.token, &format!("{need}/grant-urgency"), &json!({ "reason": "" })).await.expect(422).faults(), ["/reason blank"]);
        let answer = grant(&agency.token).await.expect(200).json;
        assert_eq!((&answer["tier"], &answer["granted"], &answer["by"]), (&json!(1), &json!(true), &json!(agency.id)));
        assert!(answer.get("instalments").is_none(), "the body learns no more of the need");
        assert!(granted().await);
        let mails = app.mails().await;
        assert!(mails.iter().any(|m| m.text.contains("Stock for a day") && m.text.contains("critical")), "{mails:?}");
        grant(&agency.token).await.expect(409);
        // A grant holds for no more than was asked for.
        app.patch(&hospital.token, &need, "*", &json!({ "instalments": [{ "quantity": { "value": 3999 }, "due": "2020-04-20" }] })).await.expect(200);
        assert!(granted().await);
        let revoked = app.post(&agency.token, &format!("{need}/revoke-urgency"), &json!({ "reason": "Served" })).await.expect(200).json;
        assert_eq!((&revoked["tier"], &revoked["granted"], &revoked["by"]), (&json!(2), &json!(false), &Value::Null));
        assert!(!granted().await);
        app.post(&app.operator(), &format!("{need}/revoke-urgency"), &json!({ "reason": "x" })).await.expect(409);
        grant(&app.operator()).await.expect(200);
        let log = app.get(&hospital.token, "/api/v1/audit?record=need&act=grant,revoke").await.expect(200);
        assert_eq!(log.items().len(), 3);
        assert!(!log.text.contains("Stock for a day"), "{}", log.text);
        // What is not stated as critical is not granted, nor what is over.
        let plain = app.post(&hospital.token, "/api/v1/needs", &needs::plain(&hospital)).await.expect(201).id();
        app.post(&app.operator(), &format!("/api/v1/needs/{plain}/grant-urgency"), &json!({ "reason": "x" })).await.expect(409);
        app.post(&hospital.token, &format!("{need}/close"), &json!({ "reason": "need_gone" })).await.expect(200);
        app.post(&app.operator(), &format!("{need}/revoke-urgency"), &json!({ "reason": "x" })).await.expect(409);
    }
}

on_both! {
    async fn stock_and_daily_use_prove_tier_1_while_the_goods_come_soon_enough(db: TestDb) {
        let app = TestApp::new(db);
        let hospital = app.hospital("Hôpital").await;
        let need = critical(&app, &hospital).await;
        let day = |days: i32| app.app.today().plus(days).to_string();
        let tier = async |stock: i64, due: i32, urgency: &str| {
            let instalments = json!([{ "quantity": { "value": 4000 }, "due": day(due) }]);
            let supply = json!({ "stock": { "value": stock }, "daily_use": { "value": 100 }, "urgency": urgency, "instalments": instalments });
            app.patch(&hospital.token, &need, "*", &supply).await.expect(200).json["tier"].clone()
        };
        assert_eq!(tier(700, 13, "critical").await, 2, "a week is left");
        assert_eq!(tier(699, 14, "critical").await, 2, "it comes too late to end this shortage");
        assert_eq!(tier(0, 13, "high").await, 2, "what nobody calls critical is not made so");
        assert_eq!(tier(699, 13, "critical").await, 1);
        // What a run sees is what is shown, and whoever looks at the run again finds the same.
        let run = app.post(&app.operator(), "/api/v1/match-runs", &json!({})).await.expect(202).id();
        app.work().await;
        let shortages = app.get(&app.operator(), &format!("/api/v1/match-runs/{run}/shortages")).await.expect(200);
        assert_eq!(shortages.items()[0]["tier"], 1, "{}", shortages.text);
        let operator = app::access::Caller::command_line();
        let checked = app::runs::verify(&app.app, &operator, run.parse().unwrap()).await.unwrap();
        assert_eq!(checked.result.map(drop), Ok(()));
        // By the clock it is used up, and nobody has to say so.
        assert_eq!(tier(1_000, 10, "critical").await, 2);
        app.clock.advance_micros(4 * 86_400_000_000);
        assert_eq!(app.get(&app.operator(), &need).await.expect(200).json["tier"], 1);
    }
}
