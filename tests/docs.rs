//! The pages for people who program, and what the guide to matching tells of hidden capacity.

use std::collections::BTreeSet;

use serde_json::Value;
use testkit::{TestApp, TestDb, on_both};

use crate::hidden_capacity;

fn all_between<'a>(text: &'a str, before: &str, after: char) -> BTreeSet<&'a str> {
    text.split(before).skip(1).filter_map(|rest| rest.split(after).next()).collect()
}

on_both! {
    async fn the_reference_names_everything_and_links_to_what_exists(db: TestDb) {
        let app = TestApp::new(db);
        let page = app.get("", "/docs/api").await.expect(200);
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        let document = serde_json::to_value(api::openapi()).unwrap();
        for path in document["paths"].as_object().unwrap().keys() {
            assert!(page.text.contains(&format!("<code>{path}</code>")), "{path}");
        }
        for name in document["components"]["schemas"].as_object().unwrap().keys() {
            assert!(page.text.contains(&format!("id=\"schema-{name}\"")), "{name}");
        }
        for code in api::codes::ALL {
            assert!(page.text.contains(&format!("<code>{}</code>", code.code)), "{}", code.code);
        }
        let ids = all_between(&page.text, " id=\"", '"');
        for link in all_between(&page.text, "href=\"", '"') {
            match link.strip_prefix('#') {
                Some(anchor) => assert!(ids.contains(anchor), "{link} leads nowhere"),
                None => drop(app.get("", link).await.expect(200)),
            }
        }
        for outside in ["<script", "http://", "https://", "javascript:", "style=\"", "onclick"] {
            assert!(!page.text.contains(outside), "{outside}");
        }
    }
}

on_both! {
    async fn each_error_code_has_a_page(db: TestDb) {
        let app = TestApp::new(db);
        let list = app.get("", "/docs/errors").await.expect(200);
        for code in api::codes::ALL {
            let page = app.get("", &api::codes::page(code.code)).await.expect(200);
            assert!(page.text.contains(code.code), "{}", code.code);
            assert!(list.text.contains(code.code), "{}", code.code);
        }
        app.get("", "/docs/errors/%3Cscript%3E").await.expect(404);
        assert_eq!(app.get("", "/").await.status, 307);
    }
}

/// `docs/MATCHING.md`.
fn guide() -> String {
    std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/MATCHING.md")).unwrap()
}

/// The rows of the table of the guide whose header is this line.
fn table(text: &str, header: &str) -> Vec<Vec<String>> {
    let after = text.split_once(&format!("{header}\n")).unwrap_or_else(|| panic!("no table {header}")).1;
    let rows = after.lines().skip(1).take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

on_both! {
    async fn who_could_convert_is_found_as_the_guide_tells(db: TestDb) {
        let (app, text) = (TestApp::new(db), guide());
        let block = text.split_once("```json abilities\n").unwrap().1.split_once("```").unwrap().0;
        let firms: serde_json::Map<String, Value> = serde_json::from_str(block).unwrap();
        for (name, abilities) in &firms {
            hidden_capacity::state(&app, &app.firm(name).await, abilities).await.expect(200);
        }
        let found = async |query: &str| {
            let told = app.get(&app.operator(), &format!("/api/v1/hidden-capacity?{query}")).await.expect(200).json;
            told["rows"].as_array().unwrap().clone()
        };
        let row = |row: &Value| {
            let word = |field: &str| row[field].as_str().unwrap().to_owned();
            let list = |field: &str| {
                let names: Vec<&str> = row[field].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
                names.join(", ")
            };
            let days = match (row["days_min"].as_u64(), row["days_max"].as_u64()) {
                (Some(least), Some(most)) => format!("{least} to {most}"),
                _ => "unknown".to_owned(),
            };
            let source = word("cites").split("://").nth(1).unwrap().split('/').next().unwrap().to_owned();
            vec![word("organisation_name"), days, word("basis"), list("missing_machines"), list("missing_inputs"), source]
        };
        let told = table(&text, "| firm | days | basis | missing machines | missing inputs | told by |");
        assert_eq!(found("product=community-mask").await.iter().map(row).collect::<Vec<_>>(), told);
        let (known, unknown): (Vec<_>, Vec<_>) = told.into_iter().partition(|row| row[1] != "unknown");
        assert_eq!(found("product=community-mask&days=14").await.iter().map(row).collect::<Vec<_>>(), known);
        assert!(!known.is_empty() && !unknown.is_empty() && firms.len() > known.len() + unknown.len());
    }
}
