//! The pages for people who program.

use std::collections::BTreeSet;

use testkit::{TestApp, TestDb, on_both};

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
