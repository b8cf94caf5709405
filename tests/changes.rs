//! Records are changed with a merge patch, for the version that their writer saw.

use app::{
    access::Caller,
    imports::{ImportFile, ImportOptions},
};
use exchange::tables::{Kind, Mapping};
use serde_json::{Value, json};
use testkit::{Answer, Org, TestApp, TestDb, app::request, on_both};

use crate::{needs, offers};

/// An offer of everything that can be stated.
fn whole_offer(firm: &Org) -> Value {
    json!({
        "site": firm.site, "product": "FFP2", "features": { "valve": false, "size": ["S", "M"] },
        "stock": { "value": 12.5, "unit": "XBX", "pack_size": 20 },
        "running": { "value": 50000, "unit": "H87", "per": "week" },
        "maximum": { "value": 30000, "unit": "PR", "per": "day" }, "ramp_days": 5,
        "convertible": { "value": 1000, "per": "day", "days": 21, "ramp_days": 3, "decided_on": "2020-04-01" },
        "calendar": { "working_days": ["monday", "tuesday"], "closures": [{ "from": "2020-04-10", "until": "2020-04-13" }] },
        "from": "2020-04-08", "until": "2020-06-30", "as_of": "2020-04-02", "lead_days": 3,
        "min_order": { "value": 500, "unit": "PR" }, "max_distance_km": 2000, "regions": ["GR", "UK", "DE21"],
        "certificates": [{ "kind": "eu-type-examination", "status": "claimed", "number": "X 1", "notified_body": "2797",
            "grades": ["FFP2"], "valid_until": "2024-04-30" }],
        "transfers": ["sale", "donation"], "price": { "amount": 1.25, "currency": "eur" }, "role": "trader",
        "visibility": "clusters", "note": "Zürich"
    })
}

/// A need of everything that can be stated.
fn whole_need(hospital: &Org) -> Value {
    json!({
        "site": hospital.site, "product": "ffp", "grades": ["FFP2", "FFP3"], "substitutions": [{ "grade": "KN95" }],
        "features": { "valve": { "value": false }, "fluid_resistant": { "value": true, "preferred": true } },
        "certificates": ["eu-type-examination"], "accept_pending": true, "certificate_status": "documented",
        "verification": "cluster", "transfers": ["donation"], "price_cap": { "amount": 2, "currency": "EUR" },
        "regions": ["DE"], "max_distance_km": 3000, "max_suppliers": 2, "urgency": "high",
        "instalments": [
            { "quantity": { "value": 400, "unit": "XBX", "pack_size": 20 }, "due": "2020-04-20" },
            { "quantity": { "value": 1 }, "due": "2020-05-04", "size": "M" }],
        "note": "intensive care"
    })
}

/// A record that was just made.
struct Made {
    token: String,
    address: String,
    tag: String,
    json: Value,
}

async fn made(app: &TestApp, token: &str, list: &str, body: &Value) -> Made {
    let answer = app.post(token, &format!("/api/v1/{list}"), body).await.expect(201);
    let (address, tag) = (answer.header("location").to_owned(), answer.header("etag").to_owned());
    Made { token: token.to_owned(), address, tag, json: answer.json }
}

impl Made {
    async fn patch(&self, app: &TestApp, tag: &str, body: &Value) -> Answer {
        app.patch(&self.token, &self.address, tag, body).await
    }

    async fn read(&self, app: &TestApp) -> Answer {
        app.get(&self.token, &self.address).await.expect(200)
    }

    async fn acts(&self, app: &TestApp) -> usize {
        let id = self.json["id"].as_str().unwrap();
        app.get(&app.operator(), &format!("/api/v1/audit?record_id={id}")).await.expect(200).items().len()
    }
}

/// The records of each kind, with as much stated as can be.
async fn all(app: &TestApp) -> [Made; 3] {
    let (firm, hospital) = (app.firm("Atelier").await, app.hospital("Hôpital").await);
    let site =
        json!({ "name": "Werk", "region": "DE21", "point": { "lat": 48.137, "lon": 11.575 }, "zone": "Europe/Berlin" });
    [
        made(app, &firm.token, "offers", &whole_offer(&firm)).await,
        made(app, &hospital.token, "needs", &whole_need(&hospital)).await,
        made(app, &firm.token, "sites", &site).await,
    ]
}

/// A record without the time of its last change.
fn but_for(json: &Value, fields: &[&str]) -> Value {
    let mut rest = json.clone();
    for field in fields.iter().chain(&["updated_at"]) {
        rest.as_object_mut().unwrap().remove(*field);
    }
    rest
}

on_both! {
    async fn htt_04_what_is_absent_stays_and_an_empty_patch_changes_nothing(db: TestDb) {
        let app = TestApp::new(db);
        for record in all(&app).await {
            app.clock.advance_micros(1);
            assert_eq!(record.tag, record.read(&app).await.header("etag"), "the answer to a POST carries the version");
            let same = record.patch(&app, &record.tag, &json!({})).await.expect(200);
            assert_eq!((&same.json, same.header("etag")), (&record.json, record.tag.as_str()));
            assert_eq!(record.acts(&app).await, 1, "nothing happened: {}", record.address);
            // Whatever else is stated is what it was, to the digit and the way it was typed.
            let (field, value) = if record.address.contains("/sites/") { ("name", "Halle") } else { ("note", "New") };
            let changed = record.patch(&app, &record.tag, &json!({ field: value })).await.expect(200);
            assert_eq!(but_for(&changed.json, &[field]), but_for(&record.json, &[field]));
            assert_eq!(changed.json[field], value);
            let read = record.read(&app).await;
            assert_eq!((&read.json, read.header("etag")), (&changed.json, changed.header("etag")));
            assert_ne!(read.header("etag"), record.tag);
            assert_eq!(record.acts(&app).await, 2);
        }
    }
}

on_both! {
    async fn htt_04_null_clears_what_may_be_absent(db: TestDb) {
        let app = TestApp::new(db);
        let [offer, need, site] = all(&app).await;
        let nulls = |fields: &[&str]| -> Value { fields.iter().map(|f| ((*f).to_owned(), Value::Null)).collect() };
        let cleared = offer.patch(&app, "*", &nulls(&["until", "price", "min_order", "max_distance_km", "regions", "certificates",
            "features", "calendar", "stock", "maximum", "convertible", "ramp_days", "lead_days", "role", "note", "as_of"])).await;
        let read = offer.read(&app).await.json;
        assert_eq!(read, cleared.expect(200).json);
        for field in ["price", "min_order", "max_distance_km"] {
            assert_eq!(read[field], Value::Null, "{field}");
        }
        for field in ["until", "maximum", "convertible"] {
            assert_eq!(read["capacity"][field], Value::Null, "{field}");
        }
        assert_eq!((&read["regions"], &read["features"], &read["note"]), (&json!([]), &json!({}), &json!("")));
        assert_eq!((&read["capacity"]["stock"]["value"], &read["role"]), (&json!(0), &json!("maker")));
        assert_eq!((&read["capacity"]["as_of"], &read["confirm_by"]), (&json!("2020-04-06"), &json!("2020-05-06")));
        assert_eq!(read["capacity"]["working_days"].as_array().unwrap().len(), 5);

        let cleared = need.patch(&app, "*", &nulls(&["grades", "substitutions", "features", "certificates", "accept_pending",
            "price_cap", "regions", "max_distance_km", "max_suppliers", "urgency", "note"])).await.expect(200).json;
        assert_eq!((&cleared["urgency"], &cleared["max_suppliers"]), (&json!("normal"), &Value::Null));
        assert_eq!((&cleared["grades"], &cleared["features"]), (&json!([]), &json!({})));

        let cleared = site.patch(&app, "*", &nulls(&["point", "zone"])).await.expect(200).json;
        assert_eq!((&cleared["point"], &cleared["zone"], &cleared["precision"]), (&Value::Null, &json!("UTC"), &json!("region")));

        for (record, patch, fault) in [
            (&offer, json!({ "product": null }), "/product missing_field"),
            (&offer, json!({ "running": { "per": null } }), "/running/per missing_field"),
            (&need, json!({ "instalments": null }), "/instalments missing_field"),
            (&need, json!({ "instalments": [] }), "/instalments missing"),
            (&site, json!({ "name": null }), "/name missing_field"),
        ] {
            assert_eq!(record.patch(&app, "*", &patch).await.expect(422).faults(), [fault], "{patch}");
        }
    }
}

on_both! {
    async fn htt_04_parts_are_patched_in_their_own_units_and_checked_as_a_whole(db: TestDb) {
        let app = TestApp::new(db);
        let [offer, need, _] = all(&app).await;
        let stock = |answer: &Answer| answer.json["capacity"]["stock"]["value"].clone();
        let boxes = offer.patch(&app, "*", &json!({ "stock": { "value": 300 } })).await.expect(200);
        assert_eq!(stock(&boxes), 6000, "300 boxes of 20, as it was stated");
        let pieces = json!({ "stock": { "value": 300, "unit": null, "pack_size": null } });
        assert_eq!(stock(&offer.patch(&app, "*", &pieces).await.expect(200)), 300);
        let valve = offer.patch(&app, "*", &json!({ "features": { "valve": null } })).await.expect(200);
        assert_eq!(valve.json["features"], json!({ "size": ["M", "S"] }));

        let before = offer.read(&app).await;
        let wrong = json!({ "maximum": { "value": 1 }, "lead_days": -1, "until": "2020-04-07", "role": "queen",
            "note": "\u{202e}", "regions": ["Atlantis"] });
        let faults = offer.patch(&app, "*", &wrong).await.expect(422).faults();
        for fault in ["/maximum below_running", "/lead_days out_of_range", "/until before_start", "/role unknown_value",
            "/regions/0 unknown_region"] {
            assert!(faults.iter().any(|f| f == fault), "{fault}: {faults:?}");
        }
        for (patch, fault) in [
            (json!({ "lead_days": "3" }), "/lead_days wrong_type"),
            (json!({ "stock": { "colour": 1 } }), "/stock/colour unknown_field"),
            (json!({ "stock": [1] }), "/stock wrong_type"),
            (json!({ "note": "x".repeat(4001) }), "/note too_long"),
            (json!({ "product": "gown" }), "/grades/0 unknown_grade"),
        ] {
            let found = offer.patch(&app, "*", &patch).await.expect(422).faults();
            assert!(found[0].starts_with(fault), "{patch}: {found:?}");
        }
        let past = json!({ "instalments": [{ "quantity": { "value": 0 }, "due": "2020-04-05" }] });
        let past = need.patch(&app, "*", &past).await.expect(422);
        assert_eq!(past.faults(), ["/instalments/0/quantity/value not_positive", "/instalments/0/due in_past"]);
        assert_eq!(offer.read(&app).await.json, before.json, "nothing was stored");
    }
}

on_both! {
    async fn acl_02_a_patch_sets_nothing_but_what_an_owner_states(db: TestDb) {
        let app = TestApp::new(db);
        let other = app.firm("Other").await;
        for record in all(&app).await {
            for field in ["organisation", "organisation_id", "site", "id", "state", "status", "quarantine", "suspended",
                "confirm_by", "created_at", "updated_at", "source", "tier", "urgency_granted", "verified", "role_", "capacity"]
            {
                if field == "site" && record.address.contains("/sites/") {
                    continue;
                }
                for value in [json!(other.id), Value::Null] {
                    let refused = record.patch(&app, "*", &json!({ field: value })).await.expect(422);
                    assert_eq!(refused.faults(), [format!("/{field} unknown_field")], "{}", record.address);
                }
            }
            assert_eq!(record.read(&app).await.json, record.json);
        }
    }
}

on_both! {
    async fn acl_02_an_owner_grants_himself_no_tier(db: TestDb) {
        let app = TestApp::new(db);
        let hospital = app.hospital("Hôpital").await;
        let mut body = needs::plain(&hospital);
        body["organisation"] = json!(hospital.id);
        let need = made(&app, &app.operator(), "needs", &body).await;
        let own = Made { token: hospital.token.clone(), ..need };
        let tier = async |token: &str, patch: Value| {
            app.patch(token, &own.address, "*", &patch).await.expect(200).json["tier"].clone()
        };
        assert_eq!(tier(&hospital.token, json!({ "urgency": "critical" })).await, 2, "the operator granted nothing critical");
        assert_eq!(tier(&app.operator(), json!({ "note": "Seen" })).await, 2, "nor by mending a word");
        assert_eq!(tier(&app.operator(), json!({ "urgency": "low" })).await, 4);
        assert_eq!(tier(&app.operator(), json!({ "urgency": "critical" })).await, 1);
        let due = |value: u32| json!({ "instalments": [{ "quantity": { "value": value }, "due": "2020-04-21" }] });
        assert_eq!(tier(&hospital.token, due(3000)).await, 1, "less of it");
        assert_eq!(tier(&hospital.token, due(3001)).await, 2, "more of it");
    }
}

on_both! {
    async fn con_07_of_two_writers_with_one_version_one_is_told_to_read_again(db: TestDb) {
        let app = TestApp::new(db);
        for record in all(&app).await {
            let field = if record.address.contains("/sites/") { "name" } else { "note" };
            let (first, second) = (json!({ field: "first" }), json!({ field: "second" }));
            let (one, two) = tokio::join!(
                record.patch(&app, &record.tag, &first),
                record.patch(&app, &record.tag, &second)
            );
            let mut statuses = [one.status, two.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 412], "{}", record.address);
            let (won, lost, words) = if one.status == 200 { (one, two, "first") } else { (two, one, "second") };
            assert_eq!(lost.json["code"], "stale");
            assert_eq!(record.read(&app).await.json[field], words, "what was answered is what stands");
            let again = json!({ field: "third" });
            record.patch(&app, won.header("etag"), &again).await.expect(200);
        }
    }
}

on_both! {
    async fn a_patch_is_for_the_version_that_was_read(db: TestDb) {
        let app = TestApp::new(db);
        let [offer, need, site] = all(&app).await;
        for record in [&offer, &need, &site] {
            let patch = if record.address.contains("/sites/") { json!({ "name": "New" }) } else { json!({ "note": "New" }) };
            let sent = request("PATCH".parse().unwrap(), &record.token, &record.address, patch.to_string().into());
            assert_eq!(app.send(sent).await.expect(428).json["code"], "precondition_required");
            let (weak, bare) = (format!("W/{}", record.tag), record.tag.trim_matches('"').to_owned());
            for stale in ["\"other\"", &weak, &bare, "", "\"a\", \"b\""] {
                assert_eq!(record.patch(&app, stale, &patch).await.expect(412).json["code"], "stale", "{stale}");
            }
            record.patch(&app, &format!("\"other\", {}", record.tag), &patch).await.expect(200);
            // Also what would change nothing was written for another version.
            record.patch(&app, &record.tag, &json!({})).await.expect(412);
            record.patch(&app, "*", &json!({})).await.expect(200);
        }
        for (record, act) in [(&offer, "withdraw"), (&need, "close")] {
            let act = async |tag: &str| {
                let mut sent = request("POST".parse().unwrap(), &record.token, &format!("{}/{act}", record.address), "{\"reason\": \"price\"}".into());
                sent.headers_mut().insert("if-match", tag.parse().unwrap());
                app.send(sent).await
            };
            assert_eq!(act(&record.tag).await.expect(412).json["code"], "stale");
            let now = record.read(&app).await.header("etag").to_owned();
            let done = act(&now).await.expect(200);
            assert_eq!(done.header("etag"), record.read(&app).await.header("etag"));
            // What is over takes no change, of whatever version.
            let refused = record.patch(&app, done.header("etag"), &json!({ "note": "More" })).await.expect(409);
            assert_eq!(refused.json["code"], "wrong_state");
        }
    }
}

on_both! {
    async fn a_patch_is_announced_as_one(db: TestDb) {
        let app = TestApp::new(db);
        let [offer, ..] = all(&app).await;
        let send = async |kind: &'static str, body: &'static str| {
            let mut sent = request("PATCH".parse().unwrap(), &offer.token, &offer.address, body.into());
            sent.headers_mut().insert("content-type", kind.parse().unwrap());
            sent.headers_mut().insert("if-match", "*".parse().unwrap());
            app.send(sent).await
        };
        for kind in ["application/merge-patch+json", "Application/JSON; charset=utf-8"] {
            send(kind, "{}").await.expect(200);
        }
        for kind in ["application/json-patch+json", "text/plain", ""] {
            let refused = send(kind, "{}").await.expect(415);
            assert!(refused.json["detail"].as_str().unwrap().contains("application/merge-patch+json"), "{}", refused.text);
        }
        for (body, status, fault) in [
            ("", 400, ""),
            ("null", 422, " not_an_object"),
            ("[]", 422, " not_an_object"),
            (r#"{"note": "a", "note": "b"}"#, 422, "/note duplicate_field"),
            (r#"{"lead_days": 1e999}"#, 422, "/lead_days bad_value"),
        ] {
            assert_eq!(send("application/json", body).await.expect(status).faults().join(" "), fault, "{body}");
        }
    }
}

on_both! {
    async fn what_was_imported_is_changed_at_its_source(db: TestDb) {
        let app = TestApp::new(db);
        let import = |text: &str| ImportFile { name: "file.csv".to_owned(), bytes: text.as_bytes().to_vec() };
        let (caller, options) = (Caller::command_line(), ImportOptions::default());
        let file = import("id,organisation,country,region,product,quantity\nrow 7,Atelier,DE,DE21,ffp,1000\n");
        let mut mapping = Mapping::plain(Kind::Offers);
        mapping.source = Some("their-portal".to_owned());
        app::imports::offers(&app.app, &caller, file, &mapping, options).await.unwrap();
        let file = import("id,organisation,country,product,quantity,due\nn1,Hospital,FR,ffp,100,2020-04-20\n");
        let mut mapping = Mapping::plain(Kind::Needs);
        mapping.source = Some("their-portal".to_owned());
        app::imports::needs(&app.app, &caller, file, &mapping, options).await.unwrap();
        let operator = app.operator();
        // So is what a file finds their sites by; else it would add others when it comes again.
        let sites = app.get(&operator, "/api/v1/sites").await.expect(200);
        assert_eq!(sites.items().len(), 2);
        for site in sites.items() {
            let address = format!("/api/v1/sites/{}", site["id"].as_str().unwrap());
            for patch in [json!({ "name": "Hall" }), json!({ "region": "DE212" })] {
                let refused = app.patch(&operator, &address, "*", &patch).await.expect(409);
                assert_eq!(refused.json["code"], "other_source");
                assert!(refused.json["detail"].as_str().unwrap().contains("their-portal"), "{}", refused.text);
            }
            app.patch(&operator, &address, "*", &json!({ "zone": "Europe/Paris" })).await.expect(200);
        }
        for (list, act) in [("offers", "withdraw"), ("needs", "close")] {
            let found = app.get(&operator, &format!("/api/v1/{list}")).await.expect(200);
            let address = format!("/api/v1/{list}/{}", found.items()[0]["id"].as_str().unwrap());
            let refused = app.patch(&operator, &address, "*", &json!({ "note": "Mine" })).await.expect(409);
            assert_eq!(refused.json["code"], "other_source");
            assert!(refused.json["detail"].as_str().unwrap().contains("their-portal"), "{}", refused.text);
            // To take it out of the market is a decision of this one.
            app.post(&operator, &format!("{address}/{act}"), &json!({ "reason": "duplicate" })).await.expect(200);
        }
    }
}

on_both! {
    async fn num_04_a_quarantine_goes_with_the_figure_that_caused_it(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, hospital) = (app.firm("Atelier").await, app.hospital("Hôpital").await);
        let offer = made(&app, &firm.token, "offers", &offers::plain(&firm)).await;
        let need = made(&app, &hospital.token, "needs", &needs::plain(&hospital)).await;
        let stock = |value: u64| json!({ "stock": { "value": value } });
        let instalment = |value: u64| json!({ "instalments": [{ "quantity": { "value": value }, "due": "2020-04-20" }] });
        let waits = async |record: &Made, patch: Value| {
            let answer = record.patch(&app, "*", &patch).await.expect(200);
            answer.json["quarantine"].as_str().map(str::to_owned)
        };
        for (record, much, few) in [(&offer, stock(2_000_000_000), stock(5)), (&need, instalment(900_000_000_000), instalment(5))] {
            assert!(waits(record, much.clone()).await.unwrap().contains("plausible"));
            assert!(waits(record, json!({ "note": "Really" })).await.is_some(), "words lift nothing");
            assert_eq!(waits(record, few).await, None);
        }
        // A reviewer keeps it back: that is his to lift.
        for table in ["offers", "needs"] {
            app.app.store.tamper(&format!("UPDATE {table} SET quarantine = 'a twin of another'")).await.unwrap();
        }
        for (record, patch) in [(&offer, stock(6)), (&need, instalment(6)), (&offer, json!({ "note": "Mine" }))] {
            assert_eq!(waits(record, patch).await.as_deref(), Some("a twin of another"));
        }
    }
}

on_both! {
    async fn what_open_matches_promise_is_kept(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, hospital) = (app.firm("Atelier").await, app.hospital("Hôpital").await);
        let offer = made(&app, &firm.token, "offers", &offers::plain(&firm)).await;
        let need = made(&app, &hospital.token, "needs", &needs::plain(&hospital)).await;
        app.post(&app.operator(), "/api/v1/match-runs", &json!({})).await.expect(202);
        app.work().await;
        let less = json!({ "stock": { "value": 1 }, "running": null });
        // What is only suggested binds nobody.
        let note = json!({ "instalments": [{ "quantity": { "value": 4000 }, "due": "2020-04-20" }, { "quantity": { "value": 1 }, "due": "2020-04-21" }] });
        need.patch(&app, "*", &note).await.expect(200);
        let held = "UPDATE matches SET state = 'proposed', drawn = proposed, covered = proposed, deadline = 4000000000000000";
        assert_eq!(app.app.store.tamper(held).await.unwrap(), 1);
        for (record, patch) in [
            (&offer, less.clone()),
            (&offer, json!({ "product": "medical-mask", "grades": [], "min_order": null })),
            (&need, json!({ "instalments": [{ "quantity": { "value": 3999 }, "due": "2020-04-20" }] })),
            (&need, json!({ "instalments": [{ "quantity": { "value": 4000 }, "due": "2020-04-19" }] })),
            (&need, json!({ "instalments": [{ "quantity": { "value": 4000 }, "due": "2020-04-20", "size": "M" }] })),
        ] {
            let before = record.read(&app).await.json;
            let refused = record.patch(&app, "*", &patch).await.expect(409);
            assert!(refused.json["detail"].as_str().unwrap().starts_with("the match "), "{patch}: {}", refused.text);
            assert_eq!(record.read(&app).await.json, before);
        }
        offer.patch(&app, "*", &json!({ "running": null })).await.expect(200);
        need.patch(&app, "*", &json!({ "instalments": [{ "quantity": { "value": 5000 }, "due": "2020-04-22" }] })).await.expect(200);
        app.app.store.tamper("UPDATE matches SET state = 'declined', drawn = 0, covered = 0, deadline = NULL").await.unwrap();
        offer.patch(&app, "*", &less).await.expect(200);
    }
}

on_both! {
    async fn what_others_found_of_a_certificate_is_not_its_owners_to_state(db: TestDb) {
        let app = TestApp::new(db);
        let [offer, ..] = all(&app).await;
        let found = app.app.store.tamper("UPDATE offers SET terms = REPLACE(terms, '\"status\":\"claimed\"', '\"status\":\"rejected\"')");
        assert_eq!(found.await.unwrap(), 1);
        let status = async |patch: Value| {
            offer.patch(&app, "*", &patch).await.expect(200).json["certificates"][0]["status"].clone()
        };
        assert_eq!(status(json!({ "note": "New" })).await, "rejected");
        let mut same = json!({ "kind": "eu-type-examination", "status": "claimed", "number": "X 1", "notified_body": "2797",
            "grades": ["FFP2"], "valid_until": "2024-04-30" });
        assert_eq!(status(json!({ "certificates": [same.clone()] })).await, "rejected");
        same["number"] = json!("X 2");
        assert_eq!(status(json!({ "certificates": [same] })).await, "claimed", "another paper");
    }
}
