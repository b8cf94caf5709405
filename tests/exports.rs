//! Views as files and pictures: the same columns and values in every format, and no file that says less than its view.

use serde_json::{Value, json};
use testkit::{TestApp, TestDb, on_both};

use crate::{ledger::Pair, memberships, offers};

const PROVENANCE: [&str; 4] = ["as_of", "source", "licence", "columns_version"];

/// A line of CSV without quoted line breaks, as cells.
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    for sign in line.chars() {
        match sign {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(std::mem::take(&mut cell)),
            other => cell.push(other),
        }
    }
    cells.push(cell);
    cells
}

/// A value of JSON as a cell of CSV shows it.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

on_both! {
    async fn every_format_of_a_view_has_the_columns_and_values_of_its_rows(db: TestDb) {
        let app = TestApp::new(db);
        Pair::new(&app).await.agree(&app).await;
        let token = app.operator();
        for view in [
            "capacity?product=ffp&group_by=product,grade,nuts2,role,week",
            "shortages?level=2&product=ffp",
            "dependence?product=ffp",
        ] {
            let (name, query) = view.split_once('?').unwrap();
            let usual = app.get(&token, &format!("/api/v1/{view}")).await.expect(200);
            let rows = usual.json["rows"].as_array().unwrap();
            assert!(!rows.is_empty(), "{view}");
            let ask = async |ending: &str| app.get(&token, &format!("/api/v1/{name}.{ending}?{query}")).await.expect(200);
            let json = ask("json").await.json;
            let columns: Vec<&str> = json["columns"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
            let (own, rest) = columns.split_at(columns.len() - PROVENANCE.len());
            assert_eq!(rest, PROVENANCE);
            // Not a field is missing, and none is there that the view has not.
            let mut fields: Vec<&str> = rows[0].as_object().unwrap().keys().map(String::as_str).collect();
            let mut named = own.to_vec();
            fields.sort_unstable();
            named.sort_unstable();
            assert_eq!(fields, named, "{view}");
            assert_eq!(json["source"], json!(format!("http://127.0.0.1:8080/api/v1/{name}.json?{query}")));
            assert_eq!((&json["licence"], &json["filter"]["product"]), (&json!(app::LICENCE), &json!("ffp")));
            let csv = ask("csv").await;
            assert!(csv.header("content-disposition").starts_with(&format!("attachment; filename=\"{name}-2020-")));
            let lines: Vec<Vec<String>> = csv.text.lines().map(cells).collect();
            assert_eq!(lines[0], columns);
            assert_eq!(lines.len(), rows.len() + 1);
            let ndjson = ask("ndjson").await;
            let objects: Vec<Value> = ndjson.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            let geojson = ask("geojson").await.json;
            let features = geojson["features"].as_array().unwrap();
            assert_eq!((objects.len(), features.len()), (rows.len(), rows.len()));
            let places = features.iter().filter(|one| one["geometry"]["type"] == "Point").count();
            assert_eq!(places, if name == "dependence" { 0 } else { rows.len() }, "{view}");
            for (at, row) in rows.iter().enumerate() {
                for (place, column) in own.iter().enumerate() {
                    let value = &row[*column];
                    assert_eq!(lines[at + 1][place], shown(value), "{column}");
                    // A list of nothing is blank.
                    let value = if *value == json!([]) { &Value::Null } else { value };
                    for other in [&json["rows"][at], &objects[at], &features[at]["properties"]] {
                        assert_eq!(other[*column], *value, "{column}");
                    }
                }
            }
            let workbook = ask("xlsx").await;
            assert_eq!(workbook.header("content-type"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
            let accepted = app.get_as(&token, &format!("/api/v1/{view}"), "text/csv").await.expect(200);
            assert_eq!(accepted.text.lines().count(), lines.len());
            app.get("", &format!("/api/v1/{name}.csv?{query}")).await.expect(401);
            let refused = app.get(&token, &format!("/api/v1/{name}.csv?product=nonsense")).await.expect(422);
            assert_eq!(refused.faults(), ["/product unknown_product"]);
            app.get(&token, &format!("/api/v1/{name}.exe?{query}")).await.expect(404);
        }
    }
}

on_both! {
    async fn pictures_stand_alone_and_run_nothing(db: TestDb) {
        let app = TestApp::new(db);
        Pair::new(&app).await;
        for firm in ["One", "Two", "Three", "Four", "Five"] {
            let firm = app.firm(firm).await;
            memberships::verify(&app, &firm, "operator").await;
            app.post(&firm.token, "/api/v1/offers", &offers::plain(&firm)).await.expect(201);
        }
        let token = app.operator();
        for (token, address) in [
            (token.as_str(), "/api/v1/capacity.svg?product=ffp"),
            (&token, "/api/v1/shortages.svg"),
            (&token, "/api/v1/map.svg?product=FFP2"),
            (&token, "/api/v1/map?product=ffp&level=0"),
            ("", "/api/v1/public/capacity.svg?product=ffp"),
            ("", "/api/v1/public/map.svg?product=ffp"),
        ] {
            let drawn = app.get(token, address).await.expect(200);
            assert_eq!(drawn.header("content-type"), "image/svg+xml", "{address}");
            let policy = drawn.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
            assert!(drawn.text.starts_with("<svg ") && drawn.text.trim_end().ends_with("</svg>"), "{address}");
            assert!(!drawn.text.contains("<script") && drawn.text.contains("<title "), "{address}");
        }
        app.get("", "/api/v1/map.svg?product=ffp").await.expect(401);
        // What is counted in pieces and what is counted in millilitres make no sum.
        let firm = app.firm("Distillery").await;
        let body = json!({ "site": firm.site, "product": "hand-sanitiser", "stock": { "value": 50, "unit": "LTR" } });
        app.post(&firm.token, "/api/v1/offers", &body).await.expect(201);
        let refused = app.get(&token, "/api/v1/capacity.svg").await.expect(422);
        assert_eq!(refused.faults(), ["/product several_units"]);
        let refused = app.get(&token, "/api/v1/map?level=3&from=soon").await.expect(422);
        assert_eq!(refused.faults(), ["/from bad_value", "/level out_of_range"]);
    }
}
