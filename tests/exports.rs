//! Views as files and pictures: the same columns and values in every format, and no file that says less than its view.

use std::collections::BTreeSet;

use app::imports::ImportOptions;
use serde_json::{Value, json};
use testkit::{TestApp, TestDb, on_both};

use crate::{imports, ledger::Pair, memberships, offers};

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
    async fn a_list_is_a_file_of_all_its_rows_and_of_no_more_than_its_reader_sees(db: TestDb) {
        let app = TestApp::new(db);
        let pair = Pair::new(&app).await;
        pair.agree(&app).await;
        let (firm, hospital) = (&pair.firm.token, &pair.hospital.token);
        let patch = json!({ "note": "=HYPERLINK(\"x\"),\nsecond", "price": { "amount": 0.000001, "currency": "EUR" } });
        app.patch(firm, &format!("/api/v1/offers/{}", pair.offer), "*", &patch).await.expect(200);
        let need = json!({ "site": pair.hospital.site, "product": "gown-surgical", "note": "-5", "instalments": [
            { "quantity": { "value": 2, "unit": "XBX", "pack_size": 50 }, "due": "2020-04-20" }, { "quantity": { "value": 7 }, "due": "2020-04-27" }] });
        app.post(hospital, "/api/v1/needs", &need).await.expect(201);
        let file = async |token: &str, list: &str| {
            let answer = app.get(token, &format!("/api/v1/{list}")).await.expect(200);
            let lines = answer.text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
            lines.collect::<Vec<Value>>()
        };
        let offers = file(firm, "offers.ndjson").await;
        assert_eq!(offers.len(), 1);
        let one = &offers[0];
        assert_eq!((&one["id"], &one["stock"], &one["running"], &one["running_per"]), (&json!(pair.offer), &json!(5000), &json!(10000), &json!("week")));
        assert_eq!((&one["price"].to_string(), &one["currency"]), (&"0.000001".to_owned(), &json!("EUR")));
        let csv = app.get_as(firm, "/api/v1/offers", "text/csv").await.expect(200);
        assert!(csv.text.contains("\"'=HYPERLINK(\"\"x\"\"),\nsecond\""), "{}", csv.text);
        assert!(csv.header("content-disposition").starts_with("attachment; filename=\"offers-2020-"));
        let needs = file(hospital, "needs.ndjson?product=gown-surgical").await;
        let told: Vec<_> = needs.iter().map(|row| (row["quantity"].as_i64().unwrap(), row["due"].as_str().unwrap())).collect();
        assert_eq!(told, [(100, "2020-04-20"), (7, "2020-04-27")], "an instalment a row");
        assert_eq!(needs[0]["id"], needs[1]["id"]);
        // What the other side may not know of a match is in no file either, whatever the format.
        let sees = async |token: &str| file(token, "matches.ndjson").await.remove(0);
        let (seller, buyer) = (sees(firm).await, sees(hospital).await);
        assert_eq!((&seller["agreed"], &buyer["agreed"], &seller["state"]), (&json!(4000), &json!(4000), &json!("agreed")));
        assert_eq!((&seller["need"], &seller["need_organisation"]), (&Value::Null, &Value::Null));
        assert_eq!((&seller["offer"], &buyer["need"]), (&json!(pair.offer), &json!(pair.need)));
        for ending in ["csv", "json", "ndjson", "geojson"] {
            let text = app.get(firm, &format!("/api/v1/matches.{ending}")).await.expect(200).text;
            assert!(text.contains(&pair.offer) && !text.contains(&pair.need), "{ending}: {text}");
        }
        let stranger = app.firm("Stranger").await;
        for list in ["offers", "needs", "matches"] {
            assert!(file(&stranger.token, &format!("{list}.ndjson")).await.is_empty(), "{list}");
            app.get("", &format!("/api/v1/{list}.csv")).await.expect(401);
            let refused = app.get(firm, &format!("/api/v1/{list}.csv?limit=5&total=true")).await.expect(422);
            assert_eq!(refused.faults(), ["/limit not_in_a_file", "/total not_in_a_file"]);
            // The same columns in the header of the table as in each object.
            let table = app.get(&stranger.token, &format!("/api/v1/{list}.csv")).await.expect(200);
            let columns: BTreeSet<String> = cells(table.text.trim_end()).into_iter().collect();
            let mine = file(if list == "needs" { hospital } else { firm }, &format!("{list}.ndjson")).await;
            let keys: BTreeSet<String> = mine[0].as_object().unwrap().keys().cloned().collect();
            assert_eq!(columns, keys);
            let workbook = app.get(firm, &format!("/api/v1/{list}.xlsx")).await.expect(200);
            assert_eq!(workbook.header("content-type"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
        }
        let refused = app.get(firm, "/api/v1/offers.csv?sort=confirm_by").await.expect(422);
        assert_eq!(refused.faults(), ["/sort not_in_a_file"]);
        // More rows than one page of the database: each is there once, in the order of the list.
        let mut text = "id,organisation,country,region,product,quantity\n".to_owned();
        for number in 0..1_003 {
            text.push_str(&format!("o{number},Firm {},DE,DE21,ffp,{}\n", number % 50, number + 1));
        }
        imports::offers(&app, &text, ImportOptions::default()).await;
        let all = file(&app.operator(), "offers.ndjson").await;
        let ids: BTreeSet<&str> = all.iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert_eq!((all.len(), ids.len()), (1_004, 1_004));
        let stock: i64 = all.iter().map(|row| row["stock"].as_i64().unwrap()).sum();
        assert_eq!(stock, 5_000 + (1..=1_003).sum::<i64>());
        let last = file(&app.operator(), "offers.ndjson?sort=-created_at&product=ffp").await;
        let order = |rows: &[Value]| rows.iter().map(|row| row["id"].to_string()).collect::<Vec<_>>();
        let mut turned = order(&last);
        turned.reverse();
        assert_eq!(turned, order(&all));
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
