//! Stored runs are checked and repeated from the database alone, and nothing that is stored of them
//! can be changed unseen.

use app::{
    Actor, App, AppError,
    access::Caller,
    runs::{self, Proved},
};
use domain::{ids::RunId, parameters::Parameters};
use storage::{Scope, needs, offers, organisations, sites};
use testkit::{Builder, SeededIds, TestApp, TestDb, builders::day, on_both};

use crate::command::Bench;

/// A market in which something is covered, something is not, and a line is shared.
async fn filled(db: TestDb) -> (TestApp, Builder) {
    let service = TestApp::new(db);
    let make = Builder { ids: SeededIds::new(5), today: day("2020-04-06") };
    let (firm, buyer) = (make.organisation("Sample Works"), make.organisation("Sample Hospital"));
    let (works, ward) = (make.site(&firm), make.site(&buyer));
    let line = make.line(&works, 900);
    let mut made = vec![make.offer(&works, "medical-mask", 700), make.offer(&works, "medical-mask", 800)];
    for offer in &mut made {
        offer.terms.line = Some(line.id);
    }
    made.push(make.offer(&works, "apron", 100));
    let mut often = make.need(&ward, "medical-mask", 10);
    often.instalments.extend((1..6).map(|n| make.instalment(20, make.today.plus(20 + n))));
    often.instalments.sort_by_key(|i| std::cmp::Reverse(i.id));
    let asked = vec![
        often,
        make.need(&ward, "medical-mask", 2_000),
        make.need(&ward, "medical-mask", 5_000),
        make.need(&ward, "apron", 50),
        make.need(&ward, "face-shield", 10),
    ];
    let at = service.app.clock.now();
    let work = move |tx: storage::Tx| async move {
        organisations::insert_many(&tx, &[(firm, None), (buyer, None)], at).await?;
        sites::insert_many(&tx, &[works, ward], at).await?;
        storage::lines::insert(&tx, &line, at).await?;
        offers::insert_many(&tx, &made, at).await?;
        needs::insert_many(&tx, &asked, at).await
    };
    service.app.store.write(work).await.unwrap();
    (service, make)
}

async fn run(app: &App) -> RunId {
    runs::now(
        app,
        &Caller::command_line(),
        Parameters::default(),
        false,
        app::runs::unwatched(),
        std::future::pending(),
    )
    .await
    .unwrap()
    .0
    .unwrap()
}

async fn proved(app: &App, id: RunId) -> Result<Proved, String> {
    runs::verify(app, &Caller::command_line(), id).await.unwrap().result
}

/// Changes what is stored, past everything that looks after it.
async fn tamper(app: &App, change: &str) {
    let rows = app.store.tamper(change).await.unwrap_or_else(|fault| panic!("{change}: {fault}"));
    assert!(rows > 0, "{change} changes nothing");
}

on_both!(
    async fn a_run_is_proved_and_repeated_whatever_became_of_its_market(db: TestDb) {
        let (service, make) = filled(db).await;
        let app = &service.app;
        let (dry, computed) = runs::now(
            app,
            &Caller::command_line(),
            Parameters::default(),
            true,
            app::runs::unwatched(),
            std::future::pending(),
        )
        .await
        .unwrap();
        assert!(dry.is_none() && computed.market.suggestions.is_empty());
        let first = run(app).await;
        let before = proved(app, first).await.unwrap();
        assert_eq!((before.offers, before.instalments, before.judged_pairs), (3, 10, 30));
        assert!(before.matches > 0 && before.shortages > 0 && !before.levels.is_empty());
        assert_eq!(before.hash, computed.outcome.proof.hash);

        // A dry run sees what was suggested, and so does the next run, which keeps it.
        let (_, computed) = runs::now(
            app,
            &Caller::command_line(),
            Parameters::default(),
            true,
            app::runs::unwatched(),
            std::future::pending(),
        )
        .await
        .unwrap();
        let lines = computed.outcome.lines.iter().map(|l| (l.offer, l.instalment, l.quantity));
        let kept = computed.market.suggestions.iter().map(|s| (s.offer, s.instalment, s.quantity));
        assert_eq!(kept.collect::<Vec<_>>(), {
            let mut lines: Vec<_> = lines.collect();
            lines.sort_unstable();
            lines
        });

        let market = storage::market::snapshot(&app.store, make.today, domain::time::Instant::start_of(make.today))
            .await
            .unwrap();
        let site = market.sites.values().next().unwrap().clone();
        let (need, offer) = (make.need(&site, "medical-mask", 500), make.offer(&site, "apron", 5_000));
        let at = app.clock.now();
        let work = async move |tx: storage::Tx| {
            offers::insert(&tx, &offer, at).await?;
            needs::insert(&tx, &need, at).await
        };
        app.store.write(work).await.unwrap();
        let second = run(app).await;
        // The first run's matches have expired by now.
        assert_eq!(proved(app, first).await.unwrap(), before);
        let after = proved(app, second).await.unwrap();
        assert_ne!(after.market_hash, before.market_hash);
        assert_eq!(after.tables_hash, before.tables_hash, "tables are stored once");
        for id in [first, second] {
            let again = runs::replay(app, &Caller::command_line(), id, false).await.unwrap();
            assert_eq!(again.result, Ok(Vec::new()));
        }
        let firm = Caller { actor: Actor::Organisation(market.offers[0].organisation), ..Caller::command_line() };
        assert!(matches!(runs::verify(app, &firm, first).await, Err(AppError::Forbidden { .. })));
        assert!(matches!(runs::replay(app, &firm, first, false).await, Err(AppError::Forbidden { .. })));
    }
);

on_both!(
    async fn whatever_is_changed_of_a_stored_run_shows(db: TestDb) {
        let (service, _) = filled(db).await;
        let app = &service.app;
        let cases = [
            ("matches", r#"explanation = replace(explanation, '"quantity":', '"quantity":1')"#, "quantity"),
            ("matches", r#"explanation = replace(explanation, '"rank":', '"rank":1')"#, "hash"),
            ("matches", r#"explanation = replace(explanation, '{"offer"', '{"note":1,"offer"')"#, "was written"),
            ("matches", "explanation = 'none'", "cannot be read"),
            ("matches", "proposed = proposed + 1", "quantity"),
            ("matches", "cutoff = cutoff - 1", "cut-off"),
            ("matches", "tier = 1", "tier"),
            ("matches", "offer_organisation_id = need_organisation_id", "supplier"),
            ("matches", "need_organisation_id = offer_organisation_id", "buyer"),
            ("shortages", r#"explanation = replace(explanation, '"demand":', '"demand":1')"#, "demand"),
            ("shortages", r#"explanation = replace(explanation, '"offers":', '"offers":1')"#, "hash"),
            ("shortages", "covered = covered + 1, uncovered = uncovered - 1", "covered"),
            ("shortages", "tier = 1", "tier"),
            ("shortages", "product = 'gown'", "product"),
            ("shortages", "need_organisation_id = (SELECT organisation_id FROM offers LIMIT 1)", "buyer"),
            ("runs", r#"levels = replace(levels, '"value":', '"value":1')"#, "hash"),
            ("runs", r#"levels = replace(levels, '"value"', ' "value"')"#, "was written"),
            ("runs", r#"figures = replace(figures, '"covered":', '"covered":1')"#, "hash"),
            ("runs", r#"shares = '[ ]'"#, "was written"),
            ("runs", r#"parameters = replace(parameters, '"kilometre":', '"kilometre":1')"#, "hash"),
            ("runs", "parameters = '{}'", "parameters"),
            ("runs", "day = day + 1", "snapshot of"),
            ("runs", "engine = 'another'", "made by another"),
            ("runs", "proof_hash = 'another'", "names the hash another"),
            ("proofs", r#"proof = replace(proof, '"values":[', '"values":[1')"#, "hash"),
            ("proofs", r#"proof = replace(proof, '"quantity":', '"quantity":1')"#, "hash"),
            ("proofs", "proof = ''", "cannot be read"),
            ("snapshots", "size = size - 1", "unpacks to more"),
        ];
        for (table, change, expected) in cases {
            let id = run(app).await;
            proved(app, id).await.unwrap();
            tamper(app, &format!("UPDATE {table} SET {change}")).await;
            let fault = proved(app, id).await.unwrap_err();
            assert!(fault.contains(expected), "{table}: {change}: {fault}");
            if table == "snapshots" {
                tamper(app, "UPDATE snapshots SET size = size + 1").await;
            }
        }
        for (table, expected) in [("matches", "hash"), ("shortages", "hash"), ("proofs", "cannot be read")] {
            let id = run(app).await;
            tamper(app, &format!("DELETE FROM {table}")).await;
            let fault = proved(app, id).await.unwrap_err();
            assert!(fault.contains(expected), "{table}: {fault}");
        }
        // Snapshots are shared with runs to come, so they are last.
        let id = run(app).await;
        for (change, expected) in [
            (
                "bytes = (SELECT bytes FROM snapshots WHERE kind = 'market' LIMIT 1), size = 9999999 WHERE kind = 'tables'",
                "tables hashes to",
            ),
            ("bytes = substr(bytes, 1, 40) WHERE kind = 'tables'", "tables does not unpack"),
            ("bytes = substr(bytes, 1, 40) WHERE kind = 'market'", "market does not unpack"),
        ] {
            tamper(app, &format!("UPDATE snapshots SET {change}")).await;
            let fault = proved(app, id).await.unwrap_err();
            assert!(fault.contains(expected), "{change}: {fault}");
            let again = runs::replay(app, &Caller::command_line(), id, false).await.unwrap();
            assert!(again.result.unwrap_err().contains(expected), "{change}");
        }
        for change in ["DELETE FROM snapshots", "UPDATE runs SET market_hash = NULL"] {
            tamper(app, change).await;
            let refused = runs::verify(app, &Caller::command_line(), id).await;
            assert!(matches!(refused, Err(AppError::Conflict { code: "no_snapshot", .. })), "{refused:?}");
        }
    }
);

on_both!(
    async fn a_run_that_is_repeated_names_what_differs(db: TestDb) {
        let (service, _) = filled(db).await;
        let app = &service.app;
        let id = run(app).await;
        tamper(app, r#"UPDATE matches SET explanation = replace(explanation, '"rank":1', '"rank":2')"#).await;
        tamper(app, r#"UPDATE runs SET levels = replace(levels, '"name":"cost"', '"name":"costs"')"#).await;
        tamper(app, "DELETE FROM shortages").await;
        let found = runs::replay(app, &Caller::command_line(), id, false).await.unwrap().result.unwrap();
        let named = |word: &str| found.iter().filter(|d| d.what.starts_with(word)).count();
        assert!(named("the match of offer ") > 0 && named("the shortage of instalment ") > 0, "{found:?}");
        assert_eq!((named("level "), named("the proof"), named("the engine")), (1, 0, 0), "{found:?}");
        assert!(found.iter().any(|d| d.stored.is_none() && d.now.is_some()), "{found:?}");

        let id = run(app).await;
        tamper(app, "UPDATE runs SET engine = 'muster-matching/0.0.1'").await;
        let refused = runs::replay(app, &Caller::command_line(), id, false).await;
        assert!(matches!(refused, Err(AppError::Conflict { code: "other_engine", .. })), "{refused:?}");
        let found = runs::replay(app, &Caller::command_line(), id, true).await.unwrap().result.unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].stored.as_deref(), Some("muster-matching/0.0.1"));
        assert_eq!(found[0].now.as_deref(), Some(matching::ENGINE));
    }
);

on_both!(
    async fn a_run_without_a_result_says_so(db: TestDb) {
        let (service, _) = filled(db).await;
        let app = &service.app;
        let unknown = SeededIds::new(99).next(RunId);
        let refused = runs::verify(app, &Caller::command_line(), unknown).await;
        assert!(matches!(refused, Err(AppError::NotFound { what: "run" })), "{refused:?}");
        let queued = runs::start(app, &Caller::command_line(), &Parameters::default()).await.unwrap().id;
        let refused = runs::verify(app, &Caller::command_line(), queued).await.unwrap_err().to_string();
        assert!(refused.contains("is queued"), "{refused}");
        let claimed = storage::runs::claim(&app.store, "test", app.clock.now(), runs::LEASE).await.unwrap().unwrap();
        storage::runs::fail(&app.store, &claimed, "no reason", app.clock.now()).await.unwrap();
        let refused = runs::replay(app, &Caller::command_line(), queued, false).await.unwrap_err().to_string();
        assert!(refused.contains("failed") && refused.contains("no reason"), "{refused}");
        let failed = storage::runs::get(&app.store, Scope::Operator, queued).await.unwrap();
        assert_eq!((failed.market_hash, failed.tables_hash), (None, None));
    }
);

#[test]
fn the_demo_is_proved_and_repeated_at_the_command_line() {
    let bench = Bench::new();
    bench.run(&["demo", "--no-serve"]).exits(0);
    let id = bench.run(&["match", "--output", "json"]).exits(0).json()["run"].as_str().unwrap().to_owned();
    let text = bench.run(&["verify", &id]).exits(0).stdout;
    assert!(text.contains("is sound") && text.contains("pairs were judged again"), "{text}");
    assert!(text.contains("cost") && text.contains("hash     "), "{text}");
    assert!(text.lines().all(|l| l.chars().count() <= 100), "{text}");
    let document = bench.run(&["verify", &id, "--output", "json"]).exits(0).json();
    assert_eq!((&document["sound"], &document["run"]), (&true.into(), &id.as_str().into()));
    assert!(document["proved"]["judged_pairs"].as_u64().unwrap() > 300_000, "{document}");
    let levels = bench.run(&["verify", &id, "--output", "csv"]).exits(0).stdout;
    assert!(levels.starts_with("level,counts,value,bound,gap"), "{levels}");

    let text = bench.run(&["replay", &id]).exits(0).stdout;
    assert!(text.contains("equal to the byte"), "{text}");
    let document = bench.run(&["replay", &id, "--output", "json"]).exits(0).json();
    assert_eq!((&document["equal"], &document["differences"]), (&true.into(), &serde_json::json!([])));

    let nobody = "00000000-0000-0000-0000-000000000000";
    for command in ["verify", "replay"] {
        let ran = bench.run(&[command, nobody]).exits(1);
        assert!(ran.stderr.contains("no such run") && ran.stdout.is_empty(), "{}", ran.stderr);
    }
}
