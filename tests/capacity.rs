//! The capacity map and the shortage board over HTTP: live, exact where the reader sees rows, and in totals elsewhere.

use std::sync::Arc;

use app::{
    access::Caller,
    board::{self, BoardQuestion, ShortageAnswer},
    capacity::{self, CapacityAnswer, CapacityQuestion, Counting, Group},
};
use serde_json::{Value, json};
use testkit::{Org, TestApp, TestDb, on_both};

use crate::{
    ledger::{self, Pair},
    memberships::{self, cluster, joined},
    needs, offers,
};

const DAY: i64 = 86_400 * 1_000_000;

/// What there is for a reader, by a query.
async fn asked_for(app: &TestApp, token: &str, query: &str) -> Value {
    app.get(token, &format!("/api/v1/capacity?{query}")).await.expect(200).json
}

/// Figures of the total over one base unit.
fn total(answer: &Value, figure: &str) -> i64 {
    answer["totals"].as_array().unwrap().iter().map(|row| row[figure].as_i64().unwrap()).sum()
}

/// A weekly offer of masks, so many a week from today.
async fn weekly(app: &TestApp, firm: &Org, units: i64) -> String {
    let mut body = offers::plain(firm);
    body["stock"] = json!({ "value": 0 });
    body["running"] = json!({ "value": units, "per": "week" });
    app.post(&firm.token, "/api/v1/offers", &body).await.expect(201).id()
}

/// Another process on the same database, which has read nothing yet.
fn another(app: &TestApp) -> app::App {
    let mut other = app.app.clone();
    other.kept = Arc::default();
    other
}

/// What there is to the operator by everything that tells rows apart, and what is short.
async fn everything(of: &app::App) -> (CapacityAnswer, ShortageAnswer) {
    let caller = Caller::command_line();
    let group_by = [Group::Product, Group::Grade, Group::Region(3), Group::Holder, Group::Week].into();
    let question = CapacityQuestion { group_by, ..CapacityQuestion::default() };
    let told = capacity::tell(of, &caller, &question, Counting::Left).await.unwrap();
    let board = board::tell(of, &caller, &BoardQuestion::default()).await.unwrap();
    (told.answer, board.answer)
}

/// The market in memory, which followed every change, is the one that is built from the database.
pub async fn as_if_built_anew(app: &TestApp) {
    let (followed, anew) = (everything(&app.app).await, everything(&another(app)).await);
    assert_eq!(followed.0.rows, anew.0.rows);
    assert_eq!(followed.1.rows, anew.1.rows);
}

on_both! {
    async fn an_answer_is_told_again_only_while_nothing_changed_and_to_who_may_see_the_same(db: TestDb) {
        let app = TestApp::new(db);
        let (operator, firm, other) = (app.operator(), app.firm("A maker").await, app.firm("Another").await);
        weekly(&app, &firm, 1_000).await;
        let address = "product=ffp&group_by=week";
        let first = asked_for(&app, &operator, address).await;
        app.clock.advance_micros(900_000);
        assert_eq!(asked_for(&app, &operator, address).await, first, "as_of and all");
        // The same address in other eyes.
        let own = asked_for(&app, &firm.token, address).await;
        let others = asked_for(&app, &other.token, address).await;
        assert_eq!((total(&own, "running") > 0, others["rows"].clone()), (true, json!([])));
        // His own write is in it at once, however little time went by.
        weekly(&app, &firm, 500).await;
        let after = asked_for(&app, &firm.token, address).await;
        assert_eq!(total(&after, "running"), total(&own, "running") / 2 * 3);
        assert!(after["as_of"].as_str() > first["as_of"].as_str());
        app.clock.advance_micros(1_100_000);
        let later = asked_for(&app, &firm.token, address).await;
        assert_eq!(later["rows"], after["rows"]);
        assert!(later["as_of"].as_str() > after["as_of"].as_str(), "it was read anew");
        // What is refused is refused each time.
        for _ in 0..2 {
            app.get(&operator, "/api/v1/capacity?product=nonsuch").await.expect(422);
        }
    }
}

on_both! {
    async fn what_is_held_and_agreed_is_no_longer_free_at_once(db: TestDb) {
        let app = TestApp::new(db);
        let operator = app.operator();
        let empty = asked_for(&app, &operator, "product=ffp").await;
        assert_eq!((empty["rows"].as_array().unwrap().len(), empty["left_out"].clone()), (0, json!([])));
        let pair = Pair::new(&app).await;
        let read = async || {
            let told = asked_for(&app, &operator, "product=ffp&grade=FFP2").await;
            ["maximum", "held", "agreed", "free_maximum"].map(|figure| total(&told, figure))
        };
        let [all, held, agreed, free] = read().await;
        assert!(all >= 4_000, "{all}");
        assert_eq!((held, agreed, free), (0, 0, all));
        pair.step(&app, &pair.hospital, "propose", &json!({})).await.expect(200);
        assert_eq!(read().await, [all, 4_000, 0, all - 4_000]);
        pair.step(&app, &pair.firm, "accept", &json!({ "quantity": 3_000 })).await.expect(200);
        assert_eq!(read().await, [all, 3_000, 0, all - 3_000]);
        pair.step(&app, &pair.hospital, "accept", &json!({})).await.expect(200);
        assert_eq!(read().await, [all, 0, 3_000, all - 3_000]);
        pair.step(&app, &pair.hospital, "cancel", &json!({ "reason": "need_gone" })).await.expect(200);
        assert_eq!(read().await, [all, 0, 0, all]);
        app.post(&pair.firm.token, &format!("/api/v1/offers/{}/pause", pair.offer), &json!({})).await.expect(200);
        assert_eq!(read().await, [0, 0, 0, 0]);
        app.work().await;
    }
}

on_both! {
    async fn a_hold_past_its_deadline_is_free_by_the_clock(db: TestDb) {
        let app = TestApp::new(db);
        let pair = Pair::new(&app).await;
        pair.step(&app, &pair.hospital, "propose", &json!({})).await.expect(200);
        assert_eq!(total(&asked_for(&app, &app.operator(), "").await, "held"), 4_000);
        app.clock.advance_micros(4 * DAY);
        assert_eq!(total(&asked_for(&app, &app.operator(), "").await, "held"), 0, "nobody has written it yet");
    }
}

on_both! {
    async fn another_process_answers_from_what_was_written_before(db: TestDb) {
        let app = TestApp::new(db);
        let other = another(&app);
        let ask = async |of: &app::App| everything(of).await.0.rows;
        assert!(ask(&other).await.is_empty());
        let firm = app.firm("Atelier").await;
        for n in 1..=5 {
            weekly(&app, &firm, 1_000 * n).await;
            let (here, there) = (ask(&app.app).await, ask(&other).await);
            assert_eq!(here, there);
            assert_eq!(there.iter().map(|row| row.offers).sum::<u32>(), u32::try_from(n).unwrap());
            as_if_built_anew(&app).await;
        }
    }
}

on_both! {
    async fn acl_05_competitors_are_told_totals_of_several_and_of_no_giant(db: TestDb) {
        let app = TestApp::new(db);
        let stranger = app.firm("Stranger").await;
        let mut firms = Vec::new();
        let query = "product=ffp&group_by=nuts2";
        // Three would do, if none of the three could ask as somebody else.
        for name in ["One", "Two", "Three", "Four"] {
            let told = asked_for(&app, &stranger.token, query).await;
            assert_eq!((told["rows"].as_array().unwrap().len(), total(&told, "running")), (0, 0), "{name}: {told}");
            let firm = app.firm(name).await;
            memberships::verify(&app, &firm, "operator").await;
            weekly(&app, &firm, 1_000).await;
            firms.push(firm);
        }
        let told = asked_for(&app, &stranger.token, query).await;
        let row = &told["rows"][0];
        assert_eq!(row["running"], json!(4 * 12 * 1_000), "{told}");
        assert_eq!((&row["offers"], &row["with_network"]), (&json!(0), &json!(true)), "no rows of others: {told}");
        assert_eq!(told["event"], Value::Null, "how much happens in the market is nobody's business: {told}");
        let own = asked_for(&app, &firms[0].token, query).await;
        assert_eq!((total(&own, "running"), &own["rows"][0]["offers"]), (48_000, &json!(1)), "{own}");
        // Filters that could part the four leave their total out, and say so.
        for part in ["lead_days_at_most=3", "min_order_at_most=1", "lat=48.85&lon=2.35&radius_km=50", "fresh=true"] {
            let told = asked_for(&app, &stranger.token, &format!("{query}&{part}")).await;
            let expected = (0, &json!(["small_totals", "filter"]));
            assert_eq!((total(&told, "running"), &told["left_out"]), expected, "{part}: {told}");
        }
        // Whoever nobody vouches for adds nothing, and a need of one's own opens no rows.
        weekly(&app, &stranger, 500).await;
        app.post(&stranger.token, "/api/v1/needs", &needs::plain(&stranger)).await.expect(201);
        assert_eq!(total(&asked_for(&app, &firms[0].token, query).await, "running"), 48_000);
        assert_eq!(asked_for(&app, &stranger.token, query).await["rows"][0]["nameless"], json!(0));
        // One of them is nearly all of it.
        weekly(&app, &firms[1], 1_000_000).await;
        let told = asked_for(&app, &app.firm("Another").await.token, query).await;
        assert_eq!(total(&told, "running"), 0, "{told}");
    }
}

on_both! {
    async fn substitutes_and_kinds_of_capacity_are_filters(db: TestDb) {
        let app = TestApp::new(db);
        let (operator, firm) = (app.operator(), app.firm("A maker").await);
        let offer = async |product: &str, grade: &str, more: Value| {
            let mut body = offers::plain(&firm);
            body["product"] = json!(product);
            body["grades"] = json!(Some(grade).filter(|grade| !grade.is_empty()).into_iter().collect::<Vec<_>>());
            body["stock"] = json!({ "value": 0 });
            body.as_object_mut().unwrap().remove("running");
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            app.post(&firm.token, "/api/v1/offers", &body).await.expect(201);
        };
        let weekly = |units: i64| json!({ "running": { "value": units, "per": "week" } });
        offer("medical-mask", "TYPE-IIR", weekly(1_000)).await;
        offer("ffp", "FFP2", weekly(200)).await;
        offer("ffp", "FFP1", weekly(30)).await;
        let converted = json!({ "convertible": { "value": 5_000, "per": "week", "days": 7 } });
        offer("medical-mask", "TYPE-IIR", converted).await;
        let asked = async |query: &str| {
            let told = asked_for(&app, &operator, &format!("product=medical-mask&grade=TYPE-IIR&{query}")).await;
            (total(&told, "running"), total(&told, "offers"))
        };
        assert_eq!(asked("").await, (12_000, 2));
        // A rule lets FFP2 stand for it, where the buyer accepts that, and FFP1 never.
        assert_eq!(asked("substitutes=true").await, (12_000 + 12 * 200, 3));
        // Of medical masks of any grade no rule speaks; and no product lends its substitutes to the grade of another.
        let of = async |query: &str| total(&asked_for(&app, &operator, query).await, "running");
        assert_eq!(of("product=medical-mask&substitutes=true").await, 12_000);
        offer("face-shield", "", weekly(7_000)).await;
        assert_eq!(of("grade=FFP2&substitutes=true").await, 12 * 200);
        assert_eq!(of("product=goggles&substitutes=true").await, 12 * 7_000);
        assert_eq!(asked("capacity=running").await, (12_000, 1));
        assert_eq!(asked("capacity=convertible").await, (0, 1));
        assert_eq!(asked("capacity=running,convertible&substitutes=true").await, (12_000 + 12 * 200, 3));
        let facets = asked_for(&app, &operator, "product=medical-mask&capacity=convertible&facets=true").await;
        assert_eq!(facets["facets"]["product"], json!({ "medical-mask": 1 }), "{facets}");
        app.get(&operator, "/api/v1/capacity?capacity=idle").await.expect(422);
    }
}

on_both! {
    async fn an_authority_sees_nameless_rows_and_a_cluster_its_members(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, hospital) = (app.firm("Atelier").await, app.hospital("Hôpital").await);
        weekly(&app, &firm, 1_000).await;
        let cluster = cluster(&app, "Textile Cluster").await;
        assert_eq!(total(&asked_for(&app, &cluster.token, "").await, "running"), 0);
        joined(&app, &firm, &cluster).await;
        let told = asked_for(&app, &cluster.token, "group_by=cluster").await;
        assert_eq!((total(&told, "running"), &told["rows"][0]["nameless"]), (12_000, &json!(0)), "{told}");
        assert_eq!(told["rows"][0]["cluster"], json!(cluster.id), "{told}");
        // Nobody vouches for it.
        app.post(&hospital.token, "/api/v1/needs", &needs::plain(&hospital)).await.expect(201);
        assert_eq!(total(&asked_for(&app, &hospital.token, "").await, "running"), 0);
        memberships::verify(&app, &hospital, "operator").await;
        let told = asked_for(&app, &hospital.token, "group_by=nuts3,cluster,role&facets=true").await;
        let row = &told["rows"][0];
        let seen = (&row["running"], &row["nameless"], &row["organisations"]);
        assert_eq!(seen, (&json!(12_000), &json!(1), &json!(0)), "{told}");
        assert_eq!((&row["cluster"], &row["role"]), (&Value::Null, &Value::Null), "whose it is, is not told: {told}");
        assert_eq!(row["region"].as_str().unwrap().len(), 4, "NUTS 2 and no finer: {told}");
        assert_eq!(told["facets"]["product"], json!({ "ffp": 1 }));
    }
}

on_both! {
    async fn every_fault_of_a_question_is_told_at_once(db: TestDb) {
        let app = TestApp::new(db);
        let token = app.operator();
        let asked = "product=nonsense&grade=FFP9&region=Atlantis&certificate=XX&from=2020-07-01&until=2020-06-01";
        let refused = app.get(&token, &format!("/api/v1/capacity?{asked}")).await.expect(422);
        let expected = [
            "/until before_start",
            "/product unknown_product",
            "/grade unknown_grade",
            "/region unknown_region",
            "/certificate unknown_certificate",
        ];
        assert_eq!(refused.faults(), expected, "{}", refused.text);
        // GEO-07.
        for (part, fault) in [
            ("lat=48&lon=2&radius_km=0", "/radius_km out_of_range"),
            ("lat=48&lon=2&radius_km=1000000000", "/radius_km out_of_range"),
            ("lat=95&lon=2&radius_km=10", "/lat out_of_range"),
            ("lat=NaN&lon=2&radius_km=10", "/lat bad_value"),
            ("lat=48&lon=2", "/radius_km missing"),
            ("min_order_at_most=-1", "/min_order_at_most out_of_range"),
            ("product=FFP2,apron", "/product ambiguous_product"),
            ("until=2030-01-01", "/until too_long"),
        ] {
            let refused = app.get(&token, &format!("/api/v1/capacity?{part}")).await.expect(422);
            assert_eq!(refused.faults(), [fault], "{part}: {}", refused.text);
        }
        for query in ["radius_km=-5&lat=1&lon=1", "group_by=planet", "transfer=theft"] {
            app.get(&token, &format!("/api/v1/capacity?{query}")).await.expect(422);
        }
        let refused = app.get(&token, "/api/v1/shortages?level=3&red_below=100&orange_below=50").await.expect(422);
        assert_eq!(refused.faults(), ["/level out_of_range", "/red_below out_of_range"]);
        for (query, fault) in [
            ("red_below=50000000&orange_below=50000000", "/red_below out_of_range"),
            ("product=FFP2", "/product does_not_apply"),
            ("region=ITC4C", "/region does_not_apply"),
        ] {
            let refused = app.get(&token, &format!("/api/v1/shortages?{query}")).await.expect(422);
            assert_eq!(refused.faults()[0], fault, "{query}");
        }
        app.get("", "/api/v1/capacity").await.expect(401);
    }
}

on_both! {
    async fn a_red_cell_tells_its_causes_the_nearest_capacity_and_how_long_stocks_last(db: TestDb) {
        let app = TestApp::new(db);
        let hospital = app.hospital("Hôpital").await;
        let mut need = needs::plain(&hospital);
        need["stock"] = json!({ "value": 900 });
        need["daily_use"] = json!({ "value": 100 });
        app.post(&hospital.token, "/api/v1/needs", &need).await.expect(201);
        let near = app.organisation("Lyon", "firm", "FR", "FRK2").await;
        let far = app.organisation("Athina", "firm", "GR", "EL30").await;
        let (low, high) = (weekly(&app, &far, 1_000).await, weekly(&app, &near, 2_000).await);
        assert_ne!(low, high);
        let operator = app.operator();
        let board = app.get(&operator, "/api/v1/shortages?product=ffp&level=2&causes=true").await.expect(200).json;
        let red = board["rows"].as_array().unwrap().iter().find(|row| row["colour"] == "red").unwrap();
        assert_eq!(red["days_of_supply"], json!(9), "{red}");
        let cause = &board["causes"][0];
        assert_eq!((&cause["region"], &cause["product"]), (&red["region"], &red["product"]), "{board}");
        let nearest: Vec<&str> =
            cause["nearest"].as_array().unwrap().iter().map(|one| one["region"].as_str().unwrap()).collect();
        assert_eq!(nearest, ["FRK2", "EL30"], "{cause}");
        // An offer of the region itself whose conversion nobody decided.
        let here = app.organisation("Ici", "firm", "FR", red["region"].as_str().unwrap()).await;
        let mut body = offers::plain(&here);
        body["stock"] = json!({ "value": 0 });
        body.as_object_mut().unwrap().remove("running");
        body["convertible"] = json!({ "value": 7_000, "per": "week", "days": 3 });
        app.post(&here.token, "/api/v1/offers", &body).await.expect(201);
        let board = app.get(&operator, "/api/v1/shortages?product=ffp&level=2&causes=true").await.expect(200).json;
        let held = &board["causes"][0]["held_back"][0];
        assert_eq!((&held["cause"], &held["offers"]), (&json!("only_convertible"), &json!(1)), "{board}");
        // Nobody else is told of either.
        let stranger = app.firm("Stranger").await;
        let board = app.get(&stranger.token, "/api/v1/shortages?product=ffp&level=2&causes=true").await.expect(200).json;
        assert_eq!((&board["rows"], &board["causes"]), (&json!([]), &json!([])), "{board}");
    }
}

on_both! {
    async fn the_board_turns_green_as_needs_are_covered(db: TestDb) {
        let app = TestApp::new(db);
        let pair = Pair::new(&app).await;
        let week = async |token: &str| {
            let board = app.get(token, "/api/v1/shortages?product=ffp&level=2").await.expect(200);
            let rows = board.json["rows"].as_array().unwrap().clone();
            rows.into_iter().find(|row| row["need_normal"].as_i64() > Some(0)).unwrap_or_else(|| panic!("{}", board.text))
        };
        let operator = app.operator();
        let before = week(&operator).await;
        assert_eq!((&before["need_normal"], &before["open"], &before["agreed"]), (&json!(4_000), &json!(4_000), &json!(0)));
        pair.agree(&app).await;
        let after = week(&operator).await;
        assert_eq!((&after["open"], &after["agreed"], &after["gap"], &after["colour"]),
            (&json!(0), &json!(4_000), &json!(0), &json!("green")), "{after}");
        // Others are told nothing of one buyer's need.
        let stranger = app.firm("Stranger").await;
        let board = app.get(&stranger.token, "/api/v1/shortages?product=ffp").await.expect(200);
        let asked: i64 = board.json["rows"].as_array().unwrap().iter().map(|row| row["need_normal"].as_i64().unwrap()).sum();
        assert_eq!(asked, 0, "{}", board.text);
        ledger::sound(&app).await;
    }
}
