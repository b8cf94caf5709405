//! Who sees what of somebody else's offer, and who is told of it.

use app::imports::ImportOptions;
use domain::{
    ids::{MatchId, OrganisationId},
    matches::{MatchState, Side, Step},
    time::Clock,
};
use serde_json::{Value, json};
use storage::Scope;
use testkit::{Answer, Org, TestApp, TestDb, on_both};

use crate::{memberships, needs, offers};

/// What tells who and where the firm is, and what its offer says in confidence.
const SECRETS: [&str; 6] = ["Atelier Secret", "Werk Nord", "48123456", "X 123", "\"2797\"", "ask for Anna"];

/// An offer with something in every group of fields, at a site with a point.
async fn full_offer(app: &TestApp, firm: &Org) -> String {
    let site = json!({ "name": "Werk Nord", "region": "DE212", "point": { "lat": 48.123456, "lon": 11.612345 } });
    let site = app.post(&firm.token, "/api/v1/sites", &site).await.expect(201).id();
    let mut body = offers::plain(firm);
    body["site"] = json!(site);
    body["price"] = json!({ "amount": 1.2, "currency": "EUR" });
    body["note"] = json!("ask for Anna");
    body["certificates"] = json!([{ "kind": "eu-type-examination", "status": "claimed", "number": "X 123", "notified_body": "2797", "valid_until": "2024-04-30" }]);
    app.post(&firm.token, "/api/v1/offers", &body).await.expect(201).id()
}

struct Market {
    firm: Org,
    hospital: Org,
    offer: String,
    need: String,
}

async fn market(app: &TestApp) -> Market {
    let (firm, hospital) = (app.firm("Atelier Secret").await, app.hospital("Hôpital Secret").await);
    let offer = full_offer(app, &firm).await;
    let need = app.post(&hospital.token, "/api/v1/needs", &needs::plain(&hospital)).await.expect(201).id();
    Market { firm, hospital, offer, need }
}

async fn run(app: &TestApp) -> String {
    let run = app.post(&app.operator(), "/api/v1/match-runs", &json!({})).await.expect(202).id();
    app.work().await;
    run
}

impl Market {
    async fn preview(&self, app: &TestApp, audience: &str) -> Value {
        let address = format!("/api/v1/offers/{}/preview?audience={audience}", self.offer);
        app.get(&self.firm.token, &address).await.expect(200).json
    }

    async fn show(&self, app: &TestApp, disclosure: Value) -> Answer {
        let address = format!("/api/v1/offers/{}", self.offer);
        app.patch(&self.firm.token, &address, "*", &json!({ "disclosure": disclosure })).await
    }

    /// What the buyer is answered of the offer that a run gave him.
    async fn bought(&self, app: &TestApp, run: &str) -> Answer {
        let told = format!("/api/v1/match-runs/{run}/needs/{}/explanation", self.need);
        let told = app.get(&self.hospital.token, &told).await.expect(200);
        let name = told.json["instalments"][0]["lines"][0]["offer"].as_str().unwrap().to_owned();
        let pair = format!("/api/v1/match-runs/{run}/needs/{}/offers/{name}", self.need);
        app.get(&self.hospital.token, &pair).await.expect(200)
    }

    /// The one match between the two.
    async fn matched(&self, app: &TestApp) -> String {
        let found = app.get(&self.firm.token, "/api/v1/matches?state=suggested").await.expect(200);
        let [one] = found.items() else { panic!("{}", found.text) };
        one["id"].as_str().unwrap().to_owned()
    }
}

/// Moves a match on, as the ledger will.
pub async fn advance(app: &TestApp, id: &str, states: &'static [MatchState]) {
    let (id, now): (MatchId, _) = (id.parse().unwrap(), app.clock.now());
    let moved = app.app.store.write(move |tx| async move {
        for state in states {
            let row = storage::matches::get(&tx, Scope::Operator, id).await?;
            let deadline = now.plus_micros(3_600_000_000);
            let accept = |side| Step::Accept { side, quantity: None, deadline };
            let step = match state {
                MatchState::Proposed => Step::Propose { quantity: row.quantities.proposed, deadline },
                MatchState::AcceptedBySupplier => accept(Side::Supplier),
                _ => accept(Side::Buyer),
            };
            storage::ledger::step(&tx, id, &step, now).await?;
        }
        Ok::<_, storage::ledger::LedgerError>(())
    });
    moved.await.unwrap();
}

fn groups(seen: &Value) -> Vec<&str> {
    let fields = [
        "identity",
        "contact",
        "exact_place",
        "region",
        "capacity",
        "price",
        "terms",
        "certificates",
        "evidence",
        "notes",
    ];
    let shown: Vec<&str> = fields.into_iter().filter(|field| !seen[*field].is_null()).collect();
    assert_eq!(json!(shown), seen["groups"], "{seen}");
    shown
}

on_both! {
    async fn the_owner_previews_what_each_audience_sees(db: TestDb) {
        let app = TestApp::new(db);
        let m = market(&app).await;
        for (audience, shown_as, expected) in [
            ("owner", "row", "identity contact exact_place region capacity price terms certificates evidence notes"),
            ("operator", "row", "identity contact exact_place region capacity price terms certificates evidence notes"),
            ("own_cluster", "row", "identity contact exact_place region capacity terms certificates evidence notes"),
            ("buyer", "row", "region capacity terms certificates"),
            ("counterparty", "row", "identity contact region capacity terms certificates evidence"),
            ("network", "totals", ""),
            ("public", "totals", ""),
        ] {
            let seen = m.preview(&app, audience).await;
            assert_eq!((&seen["audience"], &seen["shown_as"]), (&json!(audience), &json!(shown_as)));
            assert_eq!(groups(&seen).join(" "), expected, "{audience}");
            let told: Vec<&str> = SECRETS.into_iter().filter(|secret| seen.to_string().contains(secret)).collect();
            let secrets = match audience {
                "buyer" | "network" | "public" => vec![],
                "counterparty" => vec!["Atelier Secret", "X 123", "\"2797\""],
                _ => SECRETS.to_vec(),
            };
            assert_eq!(told, secrets, "{audience}");
        }
        let buyer = m.preview(&app, "buyer").await;
        assert_eq!((&buyer["region"]["code"], &buyer["terms"]["product"]), (&json!("DE21"), &json!("ffp")));
        assert_eq!(buyer["certificates"]["goods"][0]["status"], "claimed");
        let preview = |audience: &str| format!("/api/v1/offers/{}/preview?audience={audience}", m.offer);
        app.get(&m.hospital.token, &preview("buyer")).await.expect(404);
        app.get(&app.operator(), &preview("buyer")).await.expect(200);
        assert_eq!(app.get(&m.firm.token, &preview("everybody")).await.expect(422).faults(), ["/audience bad_value"]);
        // Looking at one's own is no opening.
        let openings = format!("/api/v1/organisations/{}/openings", m.firm.id);
        assert_eq!(app.get(&m.firm.token, &openings).await.expect(200).items().len(), 0);
    }
}

on_both! {
    async fn what_is_previewed_is_what_a_buyer_gets(db: TestDb) {
        let app = TestApp::new(db);
        let m = market(&app).await;
        let openings = format!("/api/v1/organisations/{}/openings", m.firm.id);
        let mut opened = 0;
        for (shown, named) in [
            (json!(null), false),
            (json!({ "buyer": ["price", "notes"] }), false),
            (json!({ "buyer": ["exact_place", "evidence"] }), true),
            (json!({ "buyer": ["identity", "contact"], "own_cluster": ["price"] }), true),
        ] {
            m.show(&app, shown.clone()).await.expect(200);
            let run = run(&app).await;
            let bought = m.bought(&app, &run).await;
            assert_eq!(bought.json["row"], m.preview(&app, "buyer").await, "{shown}");
            opened += usize::from(named);
            assert_eq!(app.get(&m.firm.token, &openings).await.expect(200).items().len(), opened, "{shown}");
            // No explanation and no match names anybody, whatever is shown.
            let reckoned = [bought.json["instalments"].to_string(), bought.json["offer"].to_string(),
                app.get(&m.hospital.token, "/api/v1/matches").await.expect(200).text];
            for secret in ["Atelier Secret", &m.firm.id, &m.offer] {
                assert!(reckoned.iter().all(|text| !text.contains(secret)), "{secret} for {shown}");
            }
            m.show(&app, json!({ "buyer": null, "own_cluster": null })).await;
        }
        // What is shown no longer is shown no longer, in runs of before too.
        let run = run(&app).await;
        m.show(&app, json!({ "buyer": ["identity"] })).await.expect(200);
        assert_eq!(m.bought(&app, &run).await.json["row"]["identity"]["organisation"]["name"], "Atelier Secret");
        m.show(&app, json!(null)).await.expect(200);
        assert_eq!(m.bought(&app, &run).await.json["row"]["identity"], Value::Null);
        app.post_text(&m.firm.token, &format!("/api/v1/offers/{}/withdraw", m.offer), "").await.expect(200);
        assert_eq!(m.bought(&app, &run).await.json["row"], Value::Null);
    }
}

on_both! {
    async fn an_owner_shows_more_and_takes_it_back(db: TestDb) {
        let app = TestApp::new(db);
        let m = market(&app).await;
        let read = |id: &str| format!("/api/v1/offers/{id}");
        assert_eq!(app.get(&m.firm.token, &read(&m.offer)).await.json["disclosure"], json!({}));
        let shown = m.show(&app, json!({ "buyer": ["notes", "identity"], "own_cluster": ["price"] })).await.expect(200);
        assert_eq!(shown.json["disclosure"], json!({ "buyer": ["identity", "notes"], "own_cluster": ["price"] }));
        // Audience by audience, as merge patches go.
        let less = m.show(&app, json!({ "buyer": null })).await.expect(200);
        assert_eq!(less.json["disclosure"], json!({ "own_cluster": ["price"] }));
        app.clock.advance_micros(1);
        let none = m.show(&app, json!(null)).await.expect(200);
        assert_eq!(none.json["disclosure"], json!({}));
        let log = app.get(&m.firm.token, &format!("/api/v1/audit?record_id={}&act=update", m.offer)).await.expect(200);
        assert_eq!(log.items()[0]["changes"], json!([{ "field": "disclosure", "from": "own_cluster: price", "to": null }]));
        let mut body = offers::plain(&m.firm);
        body["disclosure"] = json!({ "counterparty": ["exact_place"] });
        let made = app.post(&m.firm.token, "/api/v1/offers", &body).await.expect(201);
        assert_eq!(made.json["disclosure"], body["disclosure"]);
        // Every fault at once, and those of other fields with them.
        body["disclosure"] = json!({ "buyer": ["identity", "region", "phone"], "network": ["price"], "public": [], "owner": [], "me": [] });
        body["lead_days"] = json!(-1);
        let faults = app.post(&m.firm.token, "/api/v1/offers", &body).await.expect(422).faults();
        assert_eq!(faults, [
            "/lead_days out_of_range",
            "/disclosure/buyer/1 shown_already",
            "/disclosure/buyer/2 unknown_field_group",
            "/disclosure/me unknown_audience",
            "/disclosure/network totals_only",
            "/disclosure/owner shown_already",
            "/disclosure/public totals_only",
        ]);
    }
}

on_both! {
    async fn the_sides_of_a_match_open_each_other_from_the_suppliers_acceptance_on(db: TestDb) {
        let app = TestApp::new(db);
        let m = market(&app).await;
        run(&app).await;
        let id = m.matched(&app).await;
        let address = format!("/api/v1/matches/{id}/counterparty");
        let third = app.firm("Third").await;
        let closed = |answer: Answer| {
            assert_eq!((answer.status, &answer.json["code"]), (409, &json!("not_opened")), "{}", answer.text);
            assert!(answer.json["detail"].as_str().unwrap().contains("once the supplier has accepted"), "{}", answer.text);
            assert!(!answer.text.contains("Secret"), "{}", answer.text);
        };
        closed(app.get(&m.hospital.token, &address).await);
        advance(&app, &id, &[MatchState::Proposed]).await;
        closed(app.get(&m.hospital.token, &address).await);
        closed(app.get(&m.firm.token, &address).await);
        advance(&app, &id, &[MatchState::AcceptedBySupplier]).await;

        let opened = app.get(&m.hospital.token, &address).await.expect(200).json;
        assert_eq!(opened["offer"], m.preview(&app, "counterparty").await);
        assert_eq!(opened["offer"]["identity"]["organisation"]["name"], "Atelier Secret");
        assert_eq!(opened["offer"]["contact"][0]["email"], format!("{}@example.org", m.firm.grant.person));
        assert_eq!((&opened["offer"]["evidence"][0]["number"], &opened["buyer"]), (&json!("X 123"), &Value::Null));
        for secret in ["Werk Nord", "48123456", "ask for Anna"] {
            assert!(!opened.to_string().contains(secret), "{secret}");
        }
        app.clock.advance_micros(1);
        let buyer = app.get(&m.firm.token, &address).await.expect(200).json;
        assert_eq!(buyer["buyer"]["organisation"]["name"], "Hôpital Secret");
        assert_eq!((&buyer["buyer"]["need"], &buyer["offer"]), (&json!(m.need), &Value::Null));
        // Nobody else, and the operator reads it elsewhere.
        app.get(&third.token, &address).await.expect(404);
        app.get(&app.operator(), &address).await.expect(403);
        app.get(&third.token, &format!("/api/v1/organisations/{}/openings", m.firm.id)).await.expect(404);

        // Each side reads who opened it, here and in the log.
        for (subject, opener, record, of) in
            [(&m.firm, &m.hospital, "offer", &m.offer), (&m.hospital, &m.firm, "need", &m.need)]
        {
            let list = app.get(&subject.token, &format!("/api/v1/organisations/{}/openings", subject.id)).await.expect(200);
            let [one] = list.items() else { panic!("{}", list.text) };
            assert_eq!((&one["by"]["id"], &one["match"]), (&json!(opener.id), &json!(id)));
            assert_eq!((&one["record"], &one["record_id"]), (&json!(record), &json!(of)));
            let groups = if record == "offer" { json!(["identity", "contact", "evidence"]) } else { json!(["identity", "contact"]) };
            assert_eq!((&one["audience"], &one["groups"]), (&json!("counterparty"), &groups));
            let log = app.get(&subject.token, "/api/v1/audit?act=open").await.expect(200);
            let own: Vec<&Value> = log.items().iter().filter(|e| e["owner"] == json!(subject.id)).collect();
            assert_eq!((own.len(), &own[0]["id"], &own[0]["acting"]), (1, &one["id"], &json!(opener.id)));
            assert_eq!(own[0]["person"], Value::Null, "who of the others it was is theirs to know");
        }
        // Page by page like other lists.
        app.clock.advance_micros(1);
        app.get(&m.hospital.token, &address).await.expect(200);
        let first = app.get(&m.firm.token, &format!("/api/v1/organisations/{}/openings?limit=1&total=true", m.firm.id)).await;
        assert_eq!((first.items().len(), &first.json["total"], first.json["next"].is_string()), (1, &json!(2), true));
        // The match itself and the lists go on naming nobody.
        let list = app.get(&m.hospital.token, &format!("/api/v1/matches/{id}")).await.expect(200);
        assert!(!list.text.contains("Secret") && !list.text.contains(&m.offer), "{}", list.text);
    }
}

on_both! {
    async fn under_a_mandate_nobody_shows_more_or_reads_members_and_openings_say_for_whom(db: TestDb) {
        let app = TestApp::new(db);
        let m = market(&app).await;
        let cluster = memberships::cluster(&app, "Cluster").await;
        let portal = app.organisation("Portal", "portal", "FR", "FR10").await;
        let verify = format!("/api/v1/organisations/{}/verify", portal.id);
        app.post(&app.operator(), &verify, &json!({ "verification": "operator" })).await.expect(200);
        for giver in [&m.firm, &m.hospital, &cluster] {
            memberships::mandated(&app, giver, &portal, &[]).await;
        }
        let acting = |for_whom: String, method: &'static str, path: String, body: Value| {
            let (app, portal) = (&app, &portal);
            async move { memberships::acting_for(app, &portal.token, &for_whom, method, &path, &body).await }
        };
        // To show more is for the firm itself to say; to take back, and all else, is not.
        let offer = format!("/api/v1/offers/{}", m.offer);
        let more = json!({ "disclosure": { "buyer": ["price"] } });
        acting(m.firm.id.clone(), "PATCH", offer.clone(), more.clone()).await.expect(403);
        let mut body = offers::plain(&m.firm);
        body["disclosure"] = json!({ "own_cluster": ["price"] });
        acting(m.firm.id.clone(), "POST", "/api/v1/offers".to_owned(), body).await.expect(403);
        m.show(&app, json!({ "buyer": ["price"] })).await.expect(200);
        let back = json!({ "note": "by the portal", "disclosure": null });
        acting(m.firm.id.clone(), "PATCH", offer.clone(), back).await.expect(200);
        // What a member agreed to with its cluster is not for whom the cluster mandates.
        memberships::joined(&app, &m.firm, &cluster).await;
        app.get(&cluster.token, &format!("{offer}/view")).await.expect(200);
        acting(cluster.id.clone(), "GET", format!("{offer}/view"), json!({})).await.expect(404);
        // Who was shown it is told, and for whom; and the giver of the mandate reads what was opened in its name.
        run(&app).await;
        let id = m.matched(&app).await;
        advance(&app, &id, &[MatchState::Proposed, MatchState::AcceptedBySupplier]).await;
        app.clock.advance_micros(1);
        acting(m.hospital.id.clone(), "GET", format!("/api/v1/matches/{id}/counterparty"), json!({})).await.expect(200);
        let list = app.get(&m.firm.token, &format!("/api/v1/organisations/{}/openings?sort=-created_at", m.firm.id)).await.expect(200);
        let one = &list.items()[0];
        assert_eq!((&one["by"]["id"], &one["on_behalf_of"]), (&json!(portal.id), &json!(m.hospital.id)), "{}", list.text);
        let log = app.get(&m.hospital.token, "/api/v1/audit?act=open").await.expect(200);
        assert_eq!((&log.items()[0]["record"], &log.items()[0]["acting"]), (&json!("mandate"), &json!(portal.id)), "{}", log.text);
        let of_hospital = app.get(&m.hospital.token, &format!("/api/v1/organisations/{}/openings", m.hospital.id)).await;
        assert_eq!(of_hospital.items().len(), 0);
    }
}

on_both! {
    async fn what_was_shown_is_taken_back_in_any_state_and_served_to_buyers_of_now_alone(db: TestDb) {
        let app = TestApp::new(db);
        let m = market(&app).await;
        let shown = m.show(&app, json!({ "buyer": ["contact"] })).await.expect(422);
        assert_eq!(shown.faults(), ["/disclosure/buyer missing"]);
        m.show(&app, json!({ "buyer": ["identity", "contact"] })).await.expect(200);
        let run = run(&app).await;
        assert_eq!(m.bought(&app, &run).await.json["row"]["identity"]["organisation"]["name"], "Atelier Secret");
        // Whoever has closed his need is no buyer any more, whatever a run of before says.
        let told = format!("/api/v1/match-runs/{run}/needs/{}/explanation", m.need);
        app.get(&m.hospital.token, &told).await.expect(200);
        app.post(&m.hospital.token, &format!("/api/v1/needs/{}/close", m.need), &json!({ "reason": "need_gone" })).await.expect(200);
        assert_eq!(m.bought(&app, &run).await.json["row"], Value::Null);
        let withdraw = format!("/api/v1/offers/{}/withdraw", m.offer);
        app.post(&m.firm.token, &withdraw, &json!({})).await.expect(200);
        let back = m.show(&app, Value::Null).await.expect(200);
        assert_eq!(back.json["disclosure"], json!({}));
        assert_eq!(m.preview(&app, "buyer").await["shown_as"], "nothing");
        assert_eq!(m.preview(&app, "own_cluster").await["shown_as"], "row");
        let other = app.patch(&m.firm.token, &format!("/api/v1/offers/{}", m.offer), "*", &json!({ "note": "x" })).await;
        assert_eq!(other.expect(409).json["code"], "wrong_state");
    }
}

on_both! {
    async fn what_cannot_be_noted_is_not_opened(db: TestDb) {
        let app = TestApp::new(db);
        let m = market(&app).await;
        run(&app).await;
        let id = m.matched(&app).await;
        advance(&app, &id, &[MatchState::Proposed, MatchState::AcceptedBySupplier]).await;
        app.app.store.tamper("ALTER TABLE audit_entries RENAME TO audit_away").await.unwrap();
        let answer = app.get(&m.hospital.token, &format!("/api/v1/matches/{id}/counterparty")).await;
        assert_eq!(answer.status, 500);
        assert!(!answer.text.contains("Secret"), "{}", answer.text);
        app.app.store.tamper("ALTER TABLE audit_away RENAME TO audit_entries").await.unwrap();
        let answer = app.get(&m.hospital.token, &format!("/api/v1/matches/{id}/counterparty")).await.expect(200);
        assert!(answer.text.contains("Atelier Secret"));
    }
}

on_both! {
    async fn acl_04_a_cluster_reads_its_members_offers_and_no_others(db: TestDb) {
        let app = TestApp::new(db);
        let cluster = |name: &'static str| memberships::cluster(&app, name);
        let (first, second, other) = (cluster("First").await, cluster("Second").await, cluster("Other").await);
        let m = market(&app).await;
        let join = |member: &Org, of: &Org| {
            let (member, of, now): (OrganisationId, OrganisationId, _) =
                (member.id.parse().unwrap(), of.id.parse().unwrap(), app.clock.now());
            app.app.store.write(move |tx| async move { storage::organisations::join(&tx, member, of, now).await })
        };
        let address = format!("/api/v1/offers/{}/view", m.offer);
        for cluster in [&first, &second, &other] {
            app.get(&cluster.token, &address).await.expect(404);
        }
        join(&m.firm, &first).await.unwrap();
        join(&m.firm, &second).await.unwrap();
        for cluster in [&first, &second] {
            // Whoever acts for it, whatever the role.
            let member = app.token(app.signed_in(cluster.id.parse().unwrap(), domain::person::Role::Member).await);
            for token in [&cluster.token, &member] {
                app.clock.advance_micros(1);
                let seen = app.get(token, &address).await.expect(200).json;
                assert_eq!(seen, m.preview(&app, "own_cluster").await);
                assert_eq!(seen["price"], Value::Null);
            }
            // The view is all there is: neither the offer itself, nor lists, needs or sites of the member.
            app.get(&cluster.token, &format!("/api/v1/offers/{}", m.offer)).await.expect(404);
            assert_eq!(app.get(&cluster.token, "/api/v1/offers").await.expect(200).items().len(), 0);
            app.patch(&cluster.token, &format!("/api/v1/offers/{}", m.offer), "*", &json!({ "note": "" })).await.expect(404);
            app.get(&cluster.token, &format!("/api/v1/offers/{}/preview?audience=buyer", m.offer)).await.expect(404);
        }
        // Of another cluster, and of a member of the same one, nothing.
        let fellow = app.firm("Fellow").await;
        join(&fellow, &first).await.unwrap();
        for token in [&other.token, &fellow.token, &m.hospital.token] {
            app.get(token, &address).await.expect(404);
        }
        let openings = format!("/api/v1/organisations/{}/openings?sort=-created_at", m.firm.id);
        let listed = app.get(&m.firm.token, &openings).await.expect(200);
        assert_eq!(listed.items().len(), 4);
        assert_eq!((&listed.items()[0]["by"]["name"], &listed.items()[0]["audience"]), (&json!("Second"), &json!("own_cluster")));
        // The price, where the member shows it.
        m.show(&app, json!({ "own_cluster": ["price"] })).await.expect(200);
        assert_eq!(app.get(&first.token, &address).await.expect(200).json["price"]["amount"], json!(1.2));
        // Rights follow the membership of now.
        app.app.store.tamper("DELETE FROM memberships").await.unwrap();
        for cluster in [&first, &second] {
            app.get(&cluster.token, &address).await.expect(404);
        }
        // The owner and the operator read everything at the same address, which opens nothing.
        let own = app.get(&m.firm.token, &address).await.expect(200).json;
        assert_eq!((&own["audience"], groups(&own).len()), (&json!("owner"), 10));
        assert_eq!(app.get(&app.operator(), &address).await.expect(200).json["audience"], "operator");
        assert_eq!(app.get(&m.firm.token, &openings).await.expect(200).items().len(), 5);
    }
}

on_both! {
    async fn acl_05_networks_and_the_public_see_no_row_whatever_the_owner_says(db: TestDb) {
        let app = TestApp::new(db);
        let m = market(&app).await;
        for audience in ["network", "public"] {
            let refused = m.show(&app, json!({ audience: ["capacity"] })).await.expect(422);
            assert_eq!(refused.faults(), [format!("/disclosure/{audience} totals_only")]);
            // A single producer is no total of three: nothing of it is shown.
            let seen = m.preview(&app, audience).await;
            assert_eq!((groups(&seen), &seen["shown_as"]), (vec![], &json!("totals")));
        }
        // Nor does any list count what is not the reader's own.
        let other = app.firm("Other").await;
        for list in ["offers", "needs", "sites", "matches"] {
            let counted = app.get(&other.token, &format!("/api/v1/{list}?total=true")).await.expect(200);
            let own = u64::from(list == "sites");
            assert_eq!(counted.json["total"], json!(own), "{list}");
        }
    }
}

on_both! {
    async fn pri_02_nobody_else_reads_contacts_names_or_places(db: TestDb) {
        let app = TestApp::new(db);
        let m = market(&app).await;
        let run = run(&app).await;
        let matched = m.matched(&app).await;
        let cluster = app.organisation("Elsewhere", "cluster", "DE", "DE21").await;
        let stranger = app.firm("Stranger").await;
        let mut secrets: Vec<String> = SECRETS.map(str::to_owned).into();
        secrets.extend(["Hôpital Secret".to_owned(), format!("{}@example.org", m.firm.grant.person)]);
        let ids = |path: &str| {
            let of = |list: &str| match list {
                "organisations" => m.firm.id.clone(),
                "sites" => m.firm.site.clone(),
                "needs" => m.need.clone(),
                "match-runs" => run.clone(),
                "matches" => matched.clone(),
                _ => m.offer.clone(),
            };
            let list = path.split('/').nth(3).unwrap_or_default();
            path.replace("{id}", &of(list)).replace("{need}", &m.need).replace("{offer}", &m.offer)
        };
        let document = serde_json::to_value(api::openapi()).unwrap();
        // The document's own examples name nobody of the market, and neither does what is read.
        assert!(secrets.iter().all(|secret| *secret == "\"2797\"" || !document.to_string().contains(secret)));
        // By the name under which the buyer knows the offer.
        let told = format!("/api/v1/match-runs/{run}/needs/{}/explanation", m.need);
        let told = app.get(&m.hospital.token, &told).await.expect(200);
        let name = told.json["instalments"][0]["lines"][0]["offer"].as_str().unwrap().to_owned();
        let (mut read, mut answered) = (0, std::collections::BTreeMap::<&str, usize>::new());
        for (path, item) in document["paths"].as_object().unwrap() {
            if item.get("get").is_none() {
                continue;
            }
            let mut address = ids(path).replace(&format!("offers/{}", m.offer), &format!("offers/{name}"));
            if path.starts_with("/api/v1/offers") {
                address = ids(path);
            }
            if address.ends_with("/preview") {
                address.push_str("?audience=owner");
            }
            for token in ["", &stranger.token, &cluster.token, &m.hospital.token] {
                let answer = app.get(token, &address).await;
                let told = secrets.iter().filter(|secret| answer.text.contains(*secret));
                let own = token == m.hospital.token;
                let told: Vec<&String> = told.filter(|secret| !(own && *secret == "Hôpital Secret")).collect();
                assert!(told.is_empty(), "{told:?} at {address}: {}", answer.text);
                read += 1;
                *answered.entry(token).or_default() += usize::from(answer.status == 200);
            }
        }
        assert!(read > 100, "{read}");
        // What was looked into is what each is answered, and not refusals alone.
        assert!(answered[""] > 5 && answered[m.hospital.token.as_str()] > answered[stranger.token.as_str()], "{answered:?}");
    }
}

on_both! {
    async fn pri_04_an_erased_admin_is_no_contact_and_the_partner_keeps_the_match(db: TestDb) {
        let app = TestApp::new(db);
        let document = serde_json::to_value(api::openapi()).unwrap();
        let item = &document["paths"]["/api/v1/organisations/{id}"];
        assert!(item.get("delete").is_none(), "organisations are merged and never deleted");
        let m = market(&app).await;
        run(&app).await;
        let id = m.matched(&app).await;
        advance(&app, &id, &[MatchState::Proposed, MatchState::AcceptedBySupplier, MatchState::Agreed]).await;
        let address = format!("/api/v1/matches/{id}/counterparty");
        let second = app.signed_in(m.firm.id.parse().unwrap(), domain::person::Role::Admin).await;
        let (gone, stays) = (format!("{}@", m.firm.grant.person), format!("{}@", second.person));
        let before = app.get(&m.hospital.token, &address).await.expect(200);
        assert!(before.text.contains(&gone) && before.text.contains(&stays), "{}", before.text);
        let (person, now) = (m.firm.grant.person, app.clock.now());
        let erased = app.app.store.write(move |tx| async move {
            storage::roles::remove_all(&tx, person).await?;
            storage::people::erase(&tx, person, now).await
        });
        erased.await.unwrap();
        let after = app.get(&m.hospital.token, &address).await.expect(200);
        assert!(!after.text.contains(&gone) && after.text.contains(&stays), "{}", after.text);
        // The match and what was opened stay, without the person.
        app.get(&m.hospital.token, &format!("/api/v1/matches/{id}")).await.expect(200);
        let token = app.token(second);
        let openings = app.get(&token, &format!("/api/v1/organisations/{}/openings", m.firm.id)).await.expect(200);
        assert_eq!(openings.items().len(), 2);
        assert!(!openings.text.contains(&person.to_string()), "{}", openings.text);
    }
}

on_both! {
    async fn an_imported_offer_is_shown_here_and_keeps_it_when_the_file_comes_again(db: TestDb) {
        let app = TestApp::new(db);
        let m = market(&app).await;
        let file = |stock: u32| format!("external_id,organisation,country,product,region,stock,unit,lead_days\nM1,Mask Works,IT,medical-mask,ITC4,{stock},H87,0\n");
        crate::imports::offers(&app, &file(1000), ImportOptions::default()).await;
        let found = app.get(&app.operator(), "/api/v1/offers?product=medical-mask").await.expect(200);
        let id = found.items()[0]["id"].as_str().unwrap().to_owned();
        let address = format!("/api/v1/offers/{id}");
        let shown = json!({ "disclosure": { "buyer": ["price"] } });
        app.patch(&app.operator(), &address, "*", &shown).await.expect(200);
        for body in [json!({ "note": "X" }), json!({ "note": "X", "disclosure": {} })] {
            let refused = app.patch(&app.operator(), &address, "*", &body).await.expect(409);
            assert_eq!(refused.json["code"], "other_source");
        }
        crate::imports::offers(&app, &file(2000), ImportOptions::default()).await;
        let read = app.get(&app.operator(), &address).await.expect(200).json;
        assert_eq!((&read["capacity"]["stock"]["value"], &read["disclosure"]), (&json!(2000), &shown["disclosure"]));
        assert_eq!(m.preview(&app, "buyer").await["shown_as"], "row");
    }
}
