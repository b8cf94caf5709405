//! Evidence files of certificates: what is filed, who opens it, and how it comes.

use serde_json::{Value, json};
use testkit::{Answer, TestApp, TestDb, app::request, on_both};

use crate::{
    certificates::{opened, paper, published},
    memberships,
};

const PDF: &[u8] = b"%PDF-1.7\n% a paper";

pub async fn upload(app: &TestApp, token: &str, path: &str, kind: &str, bytes: impl Into<Vec<u8>>) -> Answer {
    let bytes: Vec<u8> = bytes.into();
    let mut sent = request("POST".parse().unwrap(), token, path, bytes.into());
    sent.headers_mut().insert("content-type", kind.parse().unwrap());
    app.send(sent).await
}

/// The address of the evidence of the offer's first certificate, and the offer's own.
pub fn addresses(offer: &Value) -> (String, String) {
    let own = format!("/api/v1/offers/{}", offer["id"].as_str().unwrap());
    (format!("{own}/certificates/{}/evidence", offer["certificates"][0]["id"].as_str().unwrap()), own)
}

on_both! {
    async fn a_paper_is_filed_downloaded_and_deleted(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let made = published(&app, &firm, json!([paper("DE-4711")])).await;
        let (files, offer) = addresses(&made);
        let stated = json!({ "certificates": [{ "kind": "eu-type-examination", "status": "documented", "number": "DE-4711",
            "notified_body": "2797", "valid_until": "2024-04-30" }] });
        let refused = app.patch(&firm.token, &offer, "*", &stated).await.expect(422);
        assert_eq!(refused.faults(), ["/certificates/0/status evidence_missing"]);
        let named = format!("{files}?name=../Pr%C3%BCfung%0d%0a%22x%22.html");
        let filed = upload(&app, &firm.token, &named, "application/pdf", PDF).await.expect(201);
        assert_eq!((&filed.json["name"], &filed.json["size"]), (&json!("Prüfung___x.pdf"), &json!(PDF.len())));
        assert_eq!(filed.json["sha256"].as_str().unwrap().len(), 64);
        let status = async || app.get(&firm.token, &offer).await.expect(200).json["certificates"][0]["status"].clone();
        assert_eq!(status().await, "documented", "a paper makes it so");
        // What is stated of it does not matter while the paper is there.
        app.patch(&firm.token, &offer, "*", &stated).await.expect(200);
        app.patch(&firm.token, &offer, "*", &json!({ "certificates": [paper("DE-4711")] })).await.expect(200);
        assert_eq!(status().await, "documented");
        // The same bytes are there once.
        let again = upload(&app, &firm.token, &files, "application/pdf", PDF).await.expect(201);
        assert_eq!(again.json, filed.json);
        assert_eq!(app.get(&firm.token, &files).await.expect(200).items(), std::slice::from_ref(&filed.json));
        let location = filed.header("location").to_owned();
        let file = app.get(&firm.token, &location).await.expect(200);
        assert_eq!(file.text.as_bytes(), PDF);
        assert_eq!(file.header("content-type"), "application/pdf");
        assert_eq!(file.header("x-content-type-options"), "nosniff");
        assert!(file.header("content-security-policy").starts_with("sandbox"), "{}", file.header("content-security-policy"));
        assert_eq!(file.header("content-disposition"), "attachment; filename=\"Pr_fung___x.pdf\"; filename*=UTF-8''Pr%C3%BCfung___x.pdf");
        assert_eq!(file.header("cache-control"), "no-store");
        app.delete(&firm.token, &location).await.expect(204);
        app.get(&firm.token, &location).await.expect(404);
        app.delete(&firm.token, &location).await.expect(404);
        assert_eq!(status().await, "claimed");
        let log = app.get(&firm.token, "/api/v1/audit?record=evidence").await.expect(200);
        assert_eq!(log.items().len(), 2, "{}", log.text);
        assert!(!log.text.contains("fung"), "the log names no file: {}", log.text);
    }
}

on_both! {
    async fn what_is_no_paper_is_refused_whole(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let made = published(&app, &firm, json!([paper("DE-4711")])).await;
        let (files, offer) = addresses(&made);
        for (kind, bytes, status, code) in [
            ("text/html", &b"<script>"[..], 415, "wrong_file_type"),
            ("application/json", b"{}", 415, "wrong_file_type"),
            ("multipart/form-data; boundary=x", PDF, 415, "wrong_file_type"),
            ("image/svg+xml", b"<svg/>", 415, "wrong_file_type"),
            ("application/pdf", b"<script>alert(1)</script>", 422, "unknown_file_type"),
            ("image/png", PDF, 422, "other_file_type"),
            ("application/pdf", b"", 422, "blank"),
        ] {
            let answer = upload(&app, &firm.token, &files, kind, bytes).await.expect(status);
            let said = if status == 422 { answer.faults().concat() } else { answer.json["code"].as_str().unwrap().to_owned() };
            assert_eq!(said.trim(), code, "{kind}");
        }
        let mut large = PDF.to_vec();
        large.resize(10 * 1024 * 1024 + 1, b' ');
        assert_eq!(upload(&app, &firm.token, &files, "application/pdf", large.clone()).await.expect(413).json["code"], "file_too_large");
        large.pop();
        // To the byte, and with a key as well, which counts for nothing here.
        let mut sent = request("POST".parse().unwrap(), &firm.token, &files, large.into());
        sent.headers_mut().insert("content-type", "application/pdf".parse().unwrap());
        sent.headers_mut().insert("idempotency-key", "k".parse().unwrap());
        app.send(sent).await.expect(201);
        for i in 1..5 {
            upload(&app, &firm.token, &files, "image/png", [&b"\x89PNG\r\n\x1a\n"[..], &[i]].concat()).await.expect(201);
        }
        let sixth = upload(&app, &firm.token, &files, "image/jpeg", &b"\xff\xd8\xff\xe0"[..]).await.expect(409);
        assert_eq!(sixth.json["code"], "evidence_full");
        assert_eq!(app.get(&firm.token, &files).await.items().len(), 5);
        // Files go with their certificate.
        app.patch(&firm.token, &offer, "*", &json!({ "certificates": [] })).await.expect(200);
        app.get(&firm.token, &files).await.expect(404);
        let left = app.app.store.tamper("UPDATE evidence_files SET name = name").await.unwrap();
        assert_eq!(left, 0);
    }
}

on_both! {
    async fn who_opens_a_paper(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, stranger, hospital) = (app.firm("Atelier").await, app.firm("Stranger").await, app.hospital("Hôpital").await);
        let cluster = memberships::cluster(&app, "Textile Cluster").await;
        let made = published(&app, &firm, json!([paper("DE-4711")])).await;
        let (files, offer) = addresses(&made);
        let file = upload(&app, &firm.token, &files, "application/pdf", PDF).await.expect(201).header("location").to_owned();
        for token in [&stranger.token, &hospital.token, &cluster.token] {
            for address in [&files, &file] {
                app.get(token, address).await.expect(404);
            }
            app.delete(token, &file).await.expect(404);
            upload(&app, token, &files, "application/pdf", PDF).await.expect(404);
        }
        app.get("", &file).await.expect(401);
        app.get(&app.operator(), &file).await.expect(200);
        let openings = async || app.get(&firm.token, &format!("/api/v1/organisations/{}/openings", firm.id)).await.expect(200);
        assert_eq!(openings().await.items().len(), 0);
        // A cluster reads its members' papers, and the member reads that it did.
        memberships::joined(&app, &firm, &cluster).await;
        app.get(&cluster.token, &file).await.expect(200);
        app.delete(&cluster.token, &file).await.expect(404);
        app.clock.advance_micros(1);
        // The buyer of a match from the supplier's acceptance on, and not before.
        let matched = opened(&app, made["id"].as_str().unwrap(), &hospital, json!([])).await;
        app.app.store.tamper("UPDATE matches SET state = 'proposed' WHERE state = 'accepted_by_supplier'").await.unwrap();
        app.get(&hospital.token, &file).await.expect(404);
        app.app.store.tamper("UPDATE matches SET state = 'accepted_by_supplier' WHERE state = 'proposed'").await.unwrap();
        app.get(&hospital.token, &file).await.expect(200);
        app.get(&stranger.token, &file).await.expect(404);
        // A hold that is over opens nothing, whether or not it is written yet.
        app.app.store.tamper("UPDATE matches SET deadline = 1 WHERE state = 'accepted_by_supplier'").await.unwrap();
        app.get(&hospital.token, &file).await.expect(404);
        app.app.store.tamper("UPDATE matches SET deadline = NULL WHERE state = 'accepted_by_supplier'").await.unwrap();
        let seen = openings().await;
        let told = |o: &Value| (o["audience"].clone(), o["groups"].clone(), o["match"].clone());
        let told: Vec<_> = seen.items().iter().map(told).collect();
        assert_eq!(told.len(), 2, "{}", seen.text);
        assert!(told.contains(&(json!("own_cluster"), json!(["evidence"]), Value::Null)), "{told:?}");
        assert!(told.contains(&(json!("counterparty"), json!(["evidence"]), json!(matched))), "{told:?}");
        // What a reviewer checked it by stays.
        let review = files.replace("/evidence", "/review");
        app.post(&app.operator(), &review, &json!({ "status": "checked" })).await.expect(200);
        app.delete(&firm.token, &file).await.expect(409);
        // Of another certificate it is not.
        let other = published(&app, &firm, json!([paper("DE-4711")])).await;
        let (others, _) = addresses(&other);
        app.get(&firm.token, &format!("{others}{}", &file[files.len()..])).await.expect(404);
        app.post_text(&firm.token, &format!("{offer}/withdraw"), "").await.expect(200);
        assert_eq!(upload(&app, &firm.token, &files, "application/pdf", &b"%PDF-2"[..]).await.expect(409).json["code"], "wrong_state");
    }
}
