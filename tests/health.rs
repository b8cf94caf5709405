//! Health.

use testkit::{TestApp, TestDb, on_both};

on_both! {
    async fn it_lives_and_is_ready(db: TestDb) {
        let app = TestApp::new(db);
        for path in ["/healthz", "/readyz"] {
            assert_eq!(app.get("", path).await.expect(200).json["status"], "ok");
        }
    }
}

on_both! {
    async fn without_a_database_it_lives_and_is_not_ready(db: TestDb) {
        let app = TestApp::new(db);
        app.db.store.close().await.unwrap();
        app.get("", "/healthz").await.expect(200);
        let answer = app.get("", "/readyz").await.expect(503);
        assert_eq!(answer.json["code"], "unavailable");
        assert_eq!(answer.header("retry-after"), "1");
        assert!(!answer.text.contains("sql"), "{}", answer.text);
    }
}
