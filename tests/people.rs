//! People over HTTP: accounts, passwords, sessions, roles, and their end.

use serde_json::{Value, json};
use testkit::{TestApp, TestDb, app::request, on_both, post::Mailed};

const PASSWORD: &str = "correct horse battery staple";
const OTHER: &str = "gelbe Ziegel fliegen nachts";

/// The one mail that went out.
async fn mail(app: &TestApp) -> Mailed {
    let mut mails = app.mails().await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    mails.remove(0)
}

/// An account with a password.
async fn account(app: &TestApp, email: &str) {
    app.post("", "/api/v1/people", &json!({ "email": email, "name": "Ann Example" })).await.expect(202);
    let token = mail(app).await.token();
    app.post("", "/api/v1/passwords", &json!({ "token": token, "password": PASSWORD })).await.expect(200);
}

async fn sign_in(app: &TestApp, email: &str, password: &str) -> testkit::Answer {
    app.post("", "/api/v1/sessions", &json!({ "email": email, "password": password })).await
}

fn text(answer: &testkit::Answer, field: &str) -> String {
    answer.json[field].as_str().unwrap_or_else(|| panic!("no {field}: {}", answer.text)).to_owned()
}

/// Each act of a person once: for the log, which tells of all of them.
pub async fn whatever_a_person_does(app: &TestApp, firm: &testkit::Org) {
    let link = app::setup::link(&app.app).await.unwrap().unwrap();
    let setup = app::people::shown(&link).split("/link#setup.").nth(1).unwrap().to_owned();
    let first = json!({ "token": setup, "email": "first@example.org", "name": "First", "password": PASSWORD });
    app.post("", "/api/v1/setup", &first).await.expect(201);
    account(app, "ann@example.org").await;
    app.post("", "/api/v1/passwords/reset", &json!({ "email": "ann@example.org" })).await.expect(202);
    let people = format!("/api/v1/organisations/{}/roles", firm.id);
    let ask = json!({ "email": "ann@example.org", "name": "Ann", "role": "member" });
    let role = app.post(&firm.token, &people, &ask).await.expect(201).id();
    app.put(&firm.token, &format!("{people}/{role}"), &json!({ "role": "editor" })).await.expect(200);
    let opened = sign_in(app, "ann@example.org", PASSWORD).await.expect(201);
    let token = text(&opened, "access_token");
    app.post(&token, &format!("/api/v1/people/me/roles/{}/accept", firm.id), &json!({})).await.expect(200);
    app.delete(&firm.token, &format!("{people}/{role}")).await.expect(204);
    app.patch(&token, "/api/v1/people/me", "*", &json!({ "name": "Ann Other" })).await.expect(200);
    let change = json!({ "current": PASSWORD, "password": OTHER });
    app.post(&token, "/api/v1/people/me/password", &change).await.expect(204);
    app.post(&token, "/api/v1/organisations/ask", &json!({ "country": "DE", "name": "Nowhere" })).await.expect(202);
    let second = sign_in(app, "ann@example.org", OTHER).await.expect(201);
    app.delete(&token, &format!("/api/v1/sessions/{}", second.id())).await.expect(200);
    app.post(&token, "/api/v1/people/me/erase", &json!({ "password": OTHER })).await.expect(204);
    app.mails().await;
}

/// Where the database holds a word, down to what it deleted; of PostgreSQL, to what a query finds.
async fn holds(db: &TestDb, word: &str) -> Option<String> {
    match db.kind() {
        storage::DatabaseKind::Sqlite => {
            let files = std::fs::read_dir(db.folder()).unwrap().map(|entry| entry.unwrap().path());
            let holds = |path: &std::path::PathBuf| {
                std::fs::read(path).unwrap().windows(word.len()).any(|part| part == word.as_bytes())
            };
            files.filter(|path| path.is_file()).find(holds).map(|path| path.display().to_string())
        }
        storage::DatabaseKind::Postgres => {
            let search = format!(
                "DO $$ DECLARE r record; n bigint; BEGIN FOR r IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP \
                 EXECUTE format('SELECT count(*) FROM %I t WHERE t::text LIKE %L', r.tablename, '%{word}%') INTO n; \
                 IF n > 0 THEN RAISE EXCEPTION '% holds it', r.tablename; END IF; END LOOP; END $$"
            );
            db.store.tamper(&search).await.err().map(|error| format!("{error:?}"))
        }
    }
}

on_both! {
    async fn from_an_address_to_a_session(db: TestDb) {
        let app = TestApp::new(db);
        account(&app, "Ann@Example.org").await;
        // Names are typed by strangers, and do not stand in our mails.
        app.post("", "/api/v1/people", &json!({ "email": "bob@example.org", "name": "See evil.example" })).await.expect(202);
        assert!(!mail(&app).await.text.contains("evil"));
        let opened = sign_in(&app, "ann@example.org", PASSWORD).await.expect(201);
        assert_eq!((text(&opened, "token_type"), &opened.json["expires_in"]), ("Bearer".to_owned(), &json!(900)));
        assert_eq!((text(&opened, "acting_as"), opened.header("cache-control")), ("person".to_owned(), "no-store"));
        let token = text(&opened, "access_token");
        let me = app.get(&token, "/api/v1/people/me").await.expect(200);
        assert_eq!((&me.json["email"], &me.json["roles"]), (&json!("ann@example.org"), &json!([])));
        // Acting for nobody, a person sees nothing of the market.
        for list in ["offers", "needs", "sites", "organisations", "matches", "audit"] {
            assert_eq!(app.get(&token, &format!("/api/v1/{list}")).await.expect(200).items().len(), 0, "{list}");
        }
        app.get(&token, "/api/v1/match-runs").await.expect(403);
        app.get(&token, "/api/v1/api-keys").await.expect(403);
    }
}

on_both! {
    async fn org_07_addresses_that_look_alike_are_one_account_or_none(db: TestDb) {
        let app = TestApp::new(db);
        account(&app, "person@example.com").await;
        // In other letters it is the same account, whose owner is told; the answer is that of a new one.
        let again = app.post("", "/api/v1/people", &json!({ "email": "PERSON@EXAMPLE.COM", "name": "Eve" })).await.expect(202);
        let told = mail(&app).await;
        assert_eq!((told.to.as_str(), told.subject.as_str()), ("person@example.com", "You have an account at Muster"));
        assert!(!told.text.contains("/link#"), "{}", told.text);
        let new = app.post("", "/api/v1/people", &json!({ "email": "new@example.com", "name": "New" })).await.expect(202);
        assert_eq!(again.text, new.text);
        app.mails().await;
        // A reset goes to the stored address, whatever was typed, and look-alikes are no addresses.
        let known = app.post("", "/api/v1/passwords/reset", &json!({ "email": "Person@Example.com" })).await.expect(202);
        assert_eq!(mail(&app).await.to, "person@example.com");
        let unknown = app.post("", "/api/v1/passwords/reset", &json!({ "email": "nobody@example.com" })).await.expect(202);
        assert_eq!(known.text, unknown.text);
        assert_eq!(app.mails().await, []);
        for typed in ["pe\u{301}rson@example.com", "p\u{435}rson@example.com"] {
            for (path, body) in [("people", json!({ "email": typed, "name": "Eve" })), ("passwords/reset", json!({ "email": typed }))] {
                let refused = app.post("", &format!("/api/v1/{path}"), &body).await.expect(422);
                assert_eq!(refused.faults(), ["/email bad_email"]);
            }
        }
        assert_eq!(app.mails().await, []);
    }
}

on_both! {
    async fn whoever_registers_anothers_address_gets_no_account(db: TestDb) {
        let app = TestApp::new(db);
        // Without the mail there is no password, so nobody waits in an account for its owner to prove the address.
        app.post("", "/api/v1/people", &json!({ "email": "ann@example.org", "name": "Eve", "password": OTHER })).await.expect(422);
        app.post("", "/api/v1/people", &json!({ "email": "ann@example.org", "name": "Eve" })).await.expect(202);
        let eves = mail(&app).await.token();
        sign_in(&app, "ann@example.org", OTHER).await.expect(401);
        account(&app, "ann@example.org").await;
        // The first link is void, since a password was set by another.
        let late = app.post("", "/api/v1/passwords", &json!({ "token": eves, "password": OTHER })).await.expect(422);
        assert_eq!(late.faults(), ["/token void_link"]);
        sign_in(&app, "ann@example.org", PASSWORD).await.expect(201);
    }
}

on_both! {
    async fn links_work_once_and_for_a_day(db: TestDb) {
        let app = TestApp::new(db);
        account(&app, "ann@example.org").await;
        let ask = async || app.post("", "/api/v1/passwords/reset", &json!({ "email": "ann@example.org" })).await;
        ask().await.expect(202);
        let token = mail(&app).await.token();
        let set = |token: &str, password: &str| {
            let body = json!({ "token": token, "password": password });
            let app = &app;
            async move { app.post("", "/api/v1/passwords", &body).await }
        };
        // A password that is refused does not use the link up.
        assert_eq!(set(&token, "short").await.expect(422).faults(), ["/password too_short"]);
        assert_eq!(set(&token, "ann@example.org").await.expect(422).faults(), ["/password weak"]);
        set(&token, OTHER).await.expect(200);
        assert_eq!(set(&token, PASSWORD).await.expect(422).faults(), ["/token void_link"]);
        assert_eq!(mail(&app).await.subject, "Your password for Muster was changed");
        sign_in(&app, "ann@example.org", PASSWORD).await.expect(401);
        sign_in(&app, "ann@example.org", OTHER).await.expect(201);
        ask().await.expect(202);
        let late = mail(&app).await.token();
        app.clock.advance_micros(86_400 * 1_000_000);
        assert_eq!(set(&late, PASSWORD).await.expect(422).faults(), ["/token void_link"]);
        for none in ["", "x", &"0".repeat(64)] {
            assert_eq!(set(none, PASSWORD).await.expect(422).faults(), ["/token void_link"], "{none}");
        }
    }
}

on_both! {
    async fn aut_04_a_token_ends_with_sign_out_password_role_and_person(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let granted = |email: &str, role: &str| json!({ "email": email, "name": "Bob Example", "role": role });
        let people = format!("/api/v1/organisations/{}/roles", firm.id);
        let bob = app.post(&firm.token, &people, &granted("bob@example.org", "editor")).await.expect(201).id();
        let invitation = mail(&app).await;
        assert!(invitation.subject.starts_with("Atelier asks you") && invitation.text.contains("erased if you ask"));
        let set = json!({ "token": invitation.token(), "password": PASSWORD });
        app.post("", "/api/v1/passwords", &set).await.expect(200);
        let open = async || {
            let opened = sign_in(&app, "bob@example.org", PASSWORD).await.expect(201);
            assert_eq!(opened.json["organisation"], json!(firm.id));
            (text(&opened, "id"), text(&opened, "access_token"), text(&opened, "refresh_token"))
        };
        let site = |token: &str| {
            let (app, token) = (&app, token.to_owned());
            async move { app.post(&token, "/api/v1/sites", &json!({ "name": "Hall", "region": "DE21" })).await.status }
        };
        // Signed out.
        let (id, token, refresh) = open().await;
        assert_eq!(site(&token).await, 201);
        app.delete(&token, &format!("/api/v1/sessions/{id}")).await.expect(200);
        assert_eq!(site(&token).await, 401);
        app.post("", "/api/v1/sessions/refresh", &json!({ "refresh_token": refresh })).await.expect(401);
        // Another password: the other sessions end, this one stays.
        let ((_, token, _), (_, other, other_refresh)) = (open().await, open().await);
        let change = json!({ "current": PASSWORD, "password": OTHER });
        app.post(&token, "/api/v1/people/me/password", &change).await.expect(204);
        assert_eq!((site(&token).await, site(&other).await), (201, 401));
        app.post("", "/api/v1/sessions/refresh", &json!({ "refresh_token": other_refresh })).await.expect(401);
        let wrong = app.post(&token, "/api/v1/people/me/password", &change).await.expect(422);
        assert_eq!(wrong.faults(), ["/current wrong_password"]);
        // Demoted: what the role no longer allows ends, and what it allows goes on.
        app.put(&firm.token, &format!("{people}/{bob}"), &json!({ "role": "member" })).await.expect(200);
        assert_eq!(site(&token).await, 403);
        app.get(&token, "/api/v1/sites").await.expect(200);
        app.post(&token, "/api/v1/api-keys", &json!({ "name": "Portal" })).await.expect(403);
        // Removed.
        app.delete(&firm.token, &format!("{people}/{bob}")).await.expect(204);
        app.get(&token, "/api/v1/sites").await.expect(401);
        app.get(&token, "/api/v1/people/me").await.expect(401);
        app.mails().await;
        // Erased.
        let opened = sign_in(&app, "bob@example.org", OTHER).await.expect(201);
        let (token, refresh) = (text(&opened, "access_token"), text(&opened, "refresh_token"));
        assert_eq!(text(&opened, "acting_as"), "person");
        app.post(&token, "/api/v1/people/me/erase", &json!({ "password": OTHER })).await.expect(204);
        app.get(&token, "/api/v1/people/me").await.expect(401);
        app.post("", "/api/v1/sessions/refresh", &json!({ "refresh_token": refresh })).await.expect(401);
        sign_in(&app, "bob@example.org", OTHER).await.expect(401);
    }
}

on_both! {
    async fn a_refresh_token_works_once_and_a_copy_ends_the_session(db: TestDb) {
        let app = TestApp::new(db);
        account(&app, "ann@example.org").await;
        let carry = |token: &str| {
            let (app, body) = (&app, json!({ "refresh_token": token }));
            async move { app.post("", "/api/v1/sessions/refresh", &body).await }
        };
        let opened = sign_in(&app, "ann@example.org", PASSWORD).await.expect(201);
        let first = text(&opened, "refresh_token");
        app.clock.advance_micros(931 * 1_000_000);
        app.get(&text(&opened, "access_token"), "/api/v1/people/me").await.expect(401);
        let second = carry(&first).await.expect(200);
        assert_eq!(second.id(), opened.id());
        app.get(&text(&second, "access_token"), "/api/v1/people/me").await.expect(200);
        // Whoever stole the first one ends the session, for himself and for the owner.
        assert_eq!(carry(&first).await.expect(401).json["code"], "session_ended");
        app.get(&text(&second, "access_token"), "/api/v1/people/me").await.expect(401);
        carry(&text(&second, "refresh_token")).await.expect(401);
        let log = app.get(&app.operator(), "/api/v1/audit?act=reuse").await.expect(200);
        assert_eq!((log.items().len(), &log.items()[0]["record_id"]), (1, &json!(opened.id())));
        // One of two that come at once is a copy, so that both lose.
        let opened = sign_in(&app, "ann@example.org", PASSWORD).await.expect(201);
        let token = text(&opened, "refresh_token");
        let (a, b) = tokio::join!(carry(&token), carry(&token));
        assert_eq!([a.status, b.status].iter().filter(|status| **status == 200).count(), 1);
        app.get(&text(&opened, "access_token"), "/api/v1/people/me").await.expect(401);
        // Left alone for 14 days it ends; carried on, after 90.
        let opened = sign_in(&app, "ann@example.org", PASSWORD).await.expect(201);
        app.clock.advance_micros(14 * 86_400 * 1_000_000);
        carry(&text(&opened, "refresh_token")).await.expect(401);
        let mut token = text(&sign_in(&app, "ann@example.org", PASSWORD).await.expect(201), "refresh_token");
        for _ in 0..6 {
            app.clock.advance_micros(13 * 86_400 * 1_000_000);
            token = text(&carry(&token).await.expect(200), "refresh_token");
        }
        app.clock.advance_micros(13 * 86_400 * 1_000_000);
        carry(&token).await.expect(401);
        for none in ["", "x", "muster_refresh_", &format!("muster_refresh_{}", "0".repeat(64))] {
            carry(none).await.expect(401);
        }
    }
}

on_both! {
    async fn aut_08_ten_thousand_guesses_are_ten(db: TestDb) {
        let app = TestApp::new(db);
        account(&app, "ann@example.org").await;
        // As many for an account that does not exist, so that the count tells nothing.
        for email in ["ann@example.org", "nobody@example.org"] {
            let mut statuses = std::collections::BTreeMap::new();
            for guess in 0..10_000 {
                let answer = sign_in(&app, email, &format!("guess {guess}")).await;
                *statuses.entry(answer.status).or_insert(0) += 1;
                if answer.status == 429 {
                    assert_eq!(answer.json["code"], "tried_too_often");
                    assert!(answer.header("retry-after").parse::<u64>().unwrap() <= 31);
                }
            }
            // A guess more comes free every 30 seconds that the test takes.
            let judged = statuses[&401];
            assert!((10..20).contains(&judged) && statuses[&429] == 10_000 - judged, "{email}: {statuses:?}");
        }
    }
}

on_both! {
    async fn roles_are_given_taken_changed_and_an_admin_stays(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, other) = (app.firm("Atelier").await, app.firm("Other").await);
        let people = format!("/api/v1/organisations/{}/roles", firm.id);
        account(&app, "ann@example.org").await;
        let ann = sign_in(&app, "ann@example.org", PASSWORD).await.expect(201);
        let (token, refresh) = (text(&ann, "access_token"), text(&ann, "refresh_token"));
        let ask = json!({ "email": "ann@example.org", "name": "Whoever", "role": "admin" });
        let given = app.post(&firm.token, &people, &ask).await.expect(201);
        // Who she is is not told before she agrees.
        let fields = ["name", "accepted_at", "person"];
        assert!(fields.iter().all(|field| given.json[field] == Value::Null), "{}", given.text);
        assert_eq!(app.post(&firm.token, &people, &ask).await.expect(409).json["code"], "duplicate_role");
        assert_eq!(mail(&app).await.subject, "Atelier gave you a role at Muster");
        // Until she takes it it opens nothing.
        let act = json!({ "refresh_token": refresh, "organisation": firm.id });
        let early = app.post("", "/api/v1/sessions/refresh", &act).await.expect(422);
        assert_eq!(early.faults(), ["/organisation unknown_organisation"]);
        let me = app.get(&token, "/api/v1/people/me").await.expect(200);
        assert_eq!(me.json["roles"][0]["accepted"], json!(false));
        app.post(&token, &format!("/api/v1/people/me/roles/{}/accept", other.id), &json!({})).await.expect(404);
        app.post(&token, &format!("/api/v1/people/me/roles/{}/accept", firm.id), &json!({})).await.expect(200);
        // What was refused did not use the refresh token up.
        let acting = app.post("", "/api/v1/sessions/refresh", &act).await.expect(200);
        assert_eq!((&acting.json["acting_as"], &acting.json["organisation"]), (&json!("organisation"), &json!(firm.id)));
        let ann_acts = text(&acting, "access_token");
        let listed = app.get(&ann_acts, &people).await.expect(200);
        assert_eq!(listed.items().len(), 2);
        let of = |person: &str| listed.items().iter().find(|role| role["person"] == person).unwrap();
        assert_eq!(of(acting.json["person"]["id"].as_str().unwrap())["name"], "Ann Example");
        // Two admins: one may go, the last may not; neither may the last change.
        let first = of(&firm.grant.person.to_string())["id"].as_str().unwrap().to_owned();
        app.delete(&ann_acts, &format!("{people}/{first}")).await.expect(204);
        let ann_id = given.id();
        for refused in [
            app.delete(&ann_acts, &format!("{people}/{ann_id}")).await,
            app.put(&ann_acts, &format!("{people}/{ann_id}"), &json!({ "role": "editor" })).await,
            app.post(&ann_acts, "/api/v1/people/me/erase", &json!({ "password": PASSWORD })).await,
        ] {
            assert_eq!(refused.expect(409).json["code"], "last_admin");
        }
        // Others neither see nor change it.
        app.get(&other.token, &people).await.expect(404);
        app.post(&other.token, &people, &ask).await.expect(404);
        app.put(&other.token, &format!("{people}/{ann_id}"), &json!({ "role": "member" })).await.expect(404);
        app.delete(&other.token, &format!("{people}/{ann_id}")).await.expect(404);
        app.put(&ann_acts, &format!("{people}/{ann_id}"), &json!({ "role": "owner" })).await.expect(422);
    }
}

on_both! {
    async fn pri_01_an_erased_person_is_nowhere_in_the_database(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let (email, name) = ("erasmus.unique@example.org", "Erasmus Unique");
        let people = format!("/api/v1/organisations/{}/roles", firm.id);
        let ask = json!({ "email": email, "name": name, "role": "editor" });
        let mut sent = request("POST".parse().unwrap(), &firm.token, &people, ask.to_string().into());
        sent.headers_mut().insert("idempotency-key", "1".parse().unwrap());
        app.send(sent).await.expect(201);
        let set = json!({ "token": mail(&app).await.token(), "password": PASSWORD });
        app.post("", "/api/v1/passwords", &set).await.expect(200);
        let opened = sign_in(&app, email, PASSWORD).await.expect(201);
        let token = text(&opened, "access_token");
        app.post(&token, "/api/v1/sites", &json!({ "name": "Hall", "region": "DE21" })).await.expect(201);
        // What it was that the person claimed is the person's own, as long as it stands.
        app.firm("Other Works").await;
        let claim = json!({ "country": "DE", "name": "Other Works", "evidence": "Erasmus owns it" });
        app.post(&token, "/api/v1/organisations/ask", &claim).await.expect(202);
        app.mails().await;
        let kept = app.get(&token, "/api/v1/people/me/export").await.expect(200);
        assert_eq!(kept.json["claims"][0]["evidence"], "Erasmus owns it");
        assert_eq!((&kept.json["person"]["email"], &kept.json["person"]["name"]), (&json!(email), &json!(name)));
        let acts = kept.json["acts"].as_array().unwrap().iter().filter_map(|act| act["act"].as_str());
        assert_eq!(acts.collect::<std::collections::BTreeSet<_>>(), ["accept", "ask", "create", "set", "start"].into());
        app.post("", "/api/v1/passwords/reset", &json!({ "email": email })).await.expect(202);
        assert!(holds(&app.db, email).await.is_some(), "the search finds what is there");
        app.post(&token, "/api/v1/people/me/erase", &json!({ "password": OTHER })).await.expect(422);
        app.post(&token, "/api/v1/people/me/erase", &json!({ "password": PASSWORD })).await.expect(204);
        assert_eq!(app.mails().await, []);
        for word in [email, name, "erasmus", "Erasmus"] {
            assert_eq!(holds(&app.db, word).await, None, "{word}");
        }
        // What the person did stays, and so does the market.
        let log = app.get(&app.operator(), "/api/v1/audit?record=site&act=create").await.expect(200);
        assert!(log.items().iter().any(|entry| entry["person"] == kept.json["person"]["id"]), "{}", log.text);
        assert_eq!(app.get(&firm.token, "/api/v1/sites").await.expect(200).items().len(), 2);
    }
}

on_both! {
    async fn a_mail_that_does_not_go_out_is_tried_again(db: TestDb) {
        let app = TestApp::new(db);
        app.post.fail(Some(app::mails::PostError::Unreachable));
        app.post("", "/api/v1/people", &json!({ "email": "ann@example.org", "name": "Ann Example" })).await.expect(202);
        assert_eq!(app.mails().await, []);
        let queue = app::mails::standing(&app.app).await.unwrap();
        assert_eq!((queue.waiting, queue.given_up, queue.failure.as_deref()), (1, 0, Some("unreachable")));
        app.post.fail(None);
        assert_eq!(app.mails().await, [], "not before its time");
        app.clock.advance_micros(120 * 1_000_000);
        let token = mail(&app).await.token();
        app.post("", "/api/v1/passwords", &json!({ "token": token, "password": PASSWORD })).await.expect(200);
        assert_eq!(app::mails::standing(&app.app).await.unwrap(), Default::default());
        // After ten times it is given up, and the operator sees that.
        app.post.fail(Some(app::mails::PostError::Refused));
        app.post("", "/api/v1/passwords/reset", &json!({ "email": "ann@example.org" })).await.expect(202);
        for _ in 0..12 {
            app.mails().await;
            app.clock.advance_micros(2 * 86_400 * 1_000_000);
        }
        let queue = app::mails::standing(&app.app).await.unwrap();
        assert_eq!((queue.waiting, queue.given_up, queue.failure.as_deref()), (1, 1, Some("refused")));
    }
}

on_both! {
    async fn the_first_person_is_made_by_a_link_and_only_once(db: TestDb) {
        let app = TestApp::new(db);
        let link = || async {
            let link = app::setup::link(&app.app).await.unwrap()?;
            app::people::shown(&link).split("/link#setup.").nth(1).map(str::to_owned)
        };
        let (first, second) = (link().await.unwrap(), link().await.unwrap());
        let body = |token: &str, password: &str| {
            json!({ "token": token, "email": "ann@example.org", "name": "Ann Example", "password": password })
        };
        let faults = app.post("", "/api/v1/setup", &json!({ "token": first, "email": "a@b", "name": " ", "password": "x" })).await;
        assert_eq!(faults.expect(422).faults(), ["/email bad_email", "/name blank", "/password too_short"]);
        app.post("", "/api/v1/setup", &body(&"0".repeat(64), PASSWORD)).await.expect(422);
        let (a, b) = (body(&first, PASSWORD), body(&second, PASSWORD));
        let (a, b) = tokio::join!(app.post("", "/api/v1/setup", &a), app.post("", "/api/v1/setup", &b));
        let mut statuses = [a.status, b.status];
        statuses.sort();
        assert_eq!(statuses, [201, 409]);
        assert_eq!(link().await, None);
        let opened = sign_in(&app, "ann@example.org", PASSWORD).await.expect(201);
        assert_eq!(opened.json["acting_as"], "operator");
        let token = text(&opened, "access_token");
        app.post(&token, "/api/v1/organisations", &json!({ "name": "Atelier", "kind": "firm", "country": "FR" })).await.expect(201);
        let log = app.get(&token, "/api/v1/audit?record=organisation").await.expect(200);
        assert_eq!((&log.items()[0]["acting_as"], &log.items()[0]["person"]), (&json!("operator"), &opened.json["person"]["id"]));
    }
}

on_both! {
    async fn the_public_keys_tell_our_tokens(db: TestDb) {
        let app = TestApp::new(db);
        let set = app.get("", "/.well-known/jwks.json").await.expect(200);
        let key = &set.json["keys"][0];
        assert_eq!((&key["kty"], &key["crv"], &key["alg"], &key["use"]), (&json!("OKP"), &json!("Ed25519"), &json!("EdDSA"), &json!("sig")));
        assert!(key.get("d").is_none(), "{}", set.text);
    }
}

on_both! {
    async fn an_organisation_does_not_flood_strangers_with_invitations(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let roles = format!("/api/v1/organisations/{}/roles", firm.id);
        let invite = async |token: &str, n: usize| {
            let ask = json!({ "email": format!("p{n}@example.org"), "name": "P", "role": "member" });
            app.post(token, &roles, &ask).await
        };
        for n in 0..20 {
            invite(&firm.token, n).await.expect(201);
        }
        let refused = invite(&firm.token, 20).await.expect(429);
        assert_eq!(refused.json["code"], "tried_too_often");
        assert!(refused.header("retry-after").parse::<u64>().unwrap() <= 181);
        assert_eq!(app.mails().await.len(), 20);
        // One address is not written to again and again either, whoever asks.
        for status in [409, 409, 429] {
            invite(&app.operator(), 0).await.expect(status);
        }
    }
}

on_both! {
    async fn htt_04_a_person_changes_the_name_and_nothing_else(db: TestDb) {
        let app = TestApp::new(db);
        account(&app, "ann@example.org").await;
        let opened = sign_in(&app, "ann@example.org", PASSWORD).await.expect(201);
        let token = text(&opened, "access_token");
        let me = async || app.get(&token, "/api/v1/people/me").await.expect(200);
        let patch = async |tag: &str, body: Value| app.patch(&token, "/api/v1/people/me", tag, &body).await;
        let before = me().await;
        let tag = before.header("etag");
        assert_eq!(patch(tag, json!({})).await.expect(200).json, before.json);
        let after = patch(tag, json!({ "name": " Ann  Marie " })).await.expect(200);
        assert_eq!(after.json["name"], "Ann Marie");
        let now = me().await;
        assert_eq!((&now.json, now.header("etag")), (&after.json, after.header("etag")));
        assert_eq!(patch(tag, json!({ "name": "Anna" })).await.expect(412).json["code"], "stale");
        // The address is proven by its mail, and nobody makes himself the operator.
        for (field, value) in [("email", json!("eve@example.org")), ("operator", json!(true)), ("id", json!("x")), ("roles", json!([]))] {
            let refused = patch("*", json!({ field: value })).await.expect(422);
            assert_eq!(refused.faults(), [format!("/{field} unknown_field")]);
        }
        for (name, fault) in [(json!(null), "/name missing_field"), (json!(""), "/name blank"), (json!("A\u{202E}B"), "/name control_character")] {
            assert_eq!(patch("*", json!({ "name": name })).await.expect(422).faults(), [fault]);
        }
        // That is in the log, once, and not how.
        let log = app.get(&app.operator(), "/api/v1/audit?record=person&act=update").await.expect(200);
        assert_eq!((log.items().len(), &log.items()[0]["changes"]), (1, &json!([{ "field": "name", "from": null, "to": null }])));
        assert!(!log.text.contains("Marie"), "{}", log.text);
        // A machine is nobody.
        let firm = app.firm("Atelier").await;
        let key = app.post(&firm.token, "/api/v1/api-keys", &json!({ "name": "Portal" })).await.expect(201);
        app.patch(key.json["key"].as_str().unwrap(), "/api/v1/people/me", "*", &json!({ "name": "X" })).await.expect(403);
    }
}
