//! What everybody is told of the market: once a day, totals of several, the same whoever answers.

use std::sync::Arc;

use serde_json::{Value, json};
use testkit::{TestApp, TestDb, on_both};

use crate::{memberships, offers};

const DAY: i64 = 86_400 * 1_000_000;
const ADDRESS: &str = "/api/v1/public/capacity";

async fn firms(app: &TestApp, names: &[&str]) {
    for name in names {
        let firm = app.firm(name).await;
        memberships::verify(app, &firm, "operator").await;
        let mut body = offers::plain(&firm);
        body["visibility"] = json!("market");
        app.post(&firm.token, "/api/v1/offers", &body).await.expect(201);
    }
}

fn running(answer: &Value) -> i64 {
    answer["rows"].as_array().unwrap().iter().map(|row| row["running"].as_i64().unwrap()).sum()
}

on_both! {
    async fn acl_05_the_figures_of_a_day_are_totals_and_stay_as_they_are(db: TestDb) {
        let app = TestApp::new(db);
        firms(&app, &["One", "Two", "Three"]).await;
        let few = app.get("", ADDRESS).await.expect(200);
        assert_eq!(few.json["rows"], json!([]), "three know each other too well: {}", few.text);
        firms(&app, &["Four", "Five"]).await;
        assert_eq!(app.get("", ADDRESS).await.expect(200).text, few.text, "nobody sees what changes within the day");
        app.clock.advance_micros(DAY);
        let told = app.get("", ADDRESS).await.expect(200);
        assert!(running(&told.json) >= 5 * (5_000 + 10_000), "{}", told.text);
        let row = &told.json["rows"][0];
        assert!(row["region"].as_str().is_some_and(|code| code.len() <= 3), "NUTS 1 or coarser: {row}");
        assert_eq!(told.json["day"], json!(app.app.today().to_string()));
        // Another process on the database tells the same, though it was reckoned by this one.
        firms(&app, &["Six"]).await;
        let mut other = app.app.clone();
        (other.kept, other.published) = (Arc::default(), Arc::default());
        let again = app::public_figures::today(&other).await.unwrap();
        let mine = app::public_figures::today(&app.app).await.unwrap();
        assert_eq!(again, mine);
        app.get("", &format!("{ADDRESS}?region=DE")).await.expect(400);
    }
}
