//! What events cost those who write: 8 at once on PostgreSQL, with events, their sequencer and a reader, and without.
//!
//! `cargo bench -p bench --bench events`. The two sides take turns, each on a database of its own in one server, so that
//! whatever else the machine does falls on both.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints its figures, and stops where it fails"
)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use domain::{ids::SiteId, time::Clock};
use serde_json::json;
use storage::{DatabaseKind, Scope, Store};
use testkit::{Org, TestApp, TestDb, app::request};

const WRITERS: usize = 8;
const ROUNDS: usize = 12;
const ROUND: Duration = Duration::from_secs(2);

/// What a writer does again and again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    /// Publishes an offer through the service: token, checks, audit.
    Publish,
    /// Adds a site in a transaction that does nothing else.
    Insert,
}

struct Side {
    app: Arc<TestApp>,
    firms: Vec<Org>,
    store: Store,
    rates: Vec<f64>,
}

async fn side(events: bool) -> Side {
    let mut app = TestApp::new(TestDb::postgres().await.unwrap());
    let mut firms = Vec::new();
    for number in 0..WRITERS {
        firms.push(app.firm(&format!("Firm {number}")).await);
    }
    if !events {
        app.app.store = app.app.store.without_events();
        app.router = api::router(app.app.clone());
    }
    let store = app.app.store.clone();
    Side { app: Arc::new(app), firms, store, rates: Vec::new() }
}

/// One round of a side; how many were written a second.
async fn round(side: &mut Side, work: Work) {
    let done = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let writers: Vec<_> = (0..WRITERS)
        .map(|number| {
            let (app, firm, store, done) =
                (Arc::clone(&side.app), side.firms[number].clone(), side.store.clone(), Arc::clone(&done));
            tokio::spawn(async move {
                // Each is another, since what is the same counts once.
                let mut stock = 0;
                let mut body = json!({ "site": firm.site, "product": "ffp", "grades": ["FFP2"],
                    "stock": { "value": 0 }, "running": { "value": 10000, "per": "week" } });
                let site: SiteId = firm.site.parse().unwrap();
                let site = storage::sites::get(&store, Scope::Operator, site).await.unwrap().record;
                while began.elapsed() < ROUND {
                    match work {
                        Work::Publish => {
                            stock += 1;
                            body["stock"]["value"] = json!(stock);
                            let body = body.to_string().into();
                            let sent = request("POST".parse().unwrap(), &firm.token, "/api/v1/offers", body);
                            assert_eq!(app.open(sent).await.status, 201);
                        }
                        Work::Insert => {
                            let now = app.clock.now();
                            let mut site = site.clone();
                            site.id = SiteId(app.app.ids.next(now));
                            let added = store.write(async move |tx| storage::sites::insert(&tx, &site, now).await);
                            added.await.unwrap();
                        }
                    }
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let written = u32::try_from(done.load(Ordering::Relaxed)).unwrap();
    side.rates.push(f64::from(written) / began.elapsed().as_secs_f64());
}

/// Follows what one firm sees, until it is told to stop, and says how many changes it saw.
async fn follow(app: Arc<TestApp>, firm: Org, stop: Arc<AtomicU64>) -> usize {
    let since = app.get(&firm.token, "/api/v1/changes/snapshot?limit=200").await.expect(200);
    let (mut since, mut seen) = (since.json["since"].as_str().unwrap().to_owned(), 0);
    while stop.load(Ordering::Relaxed) == 0 {
        let page = app.get(&firm.token, &format!("/api/v1/changes?wait=1&limit=200&since={since}")).await.expect(200);
        seen += page.items().len();
        page.json["next"].as_str().unwrap().clone_into(&mut since);
    }
    seen
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

async fn compare(work: Work) {
    let (mut with, mut without) = (side(true).await, side(false).await);
    assert_eq!(with.app.db.kind(), DatabaseKind::Postgres);
    let (stop, stopped) = (Arc::new(AtomicU64::new(0)), tokio::sync::watch::Sender::new(false));
    let sequencer = {
        let (app, mut end) = (with.app.app.clone(), stopped.subscribe());
        tokio::spawn(async move { app::changes::work(&app, async { drop(end.wait_for(|s| *s).await) }).await })
    };
    let reader = tokio::spawn(follow(Arc::clone(&with.app), with.firms[0].clone(), Arc::clone(&stop)));
    for number in 0..=ROUNDS {
        // In turns, and who begins changes.
        for events in [number % 2 == 0, number % 2 != 0] {
            round(if events { &mut with } else { &mut without }, work).await;
        }
        if number == 0 {
            // The first warms up.
            (with.rates, without.rates) = (Vec::new(), Vec::new());
        }
    }
    stop.store(1, Ordering::Relaxed);
    let seen = reader.await.unwrap();
    let behind = storage::events::waiting(&with.store).await.unwrap().events;
    stopped.send_replace(true);
    sequencer.await.unwrap();
    let ratios: Vec<f64> = with.rates.iter().zip(&without.rates).map(|(with, without)| with / without).collect();
    let what = match work {
        Work::Publish => "POST /api/v1/offers",
        Work::Insert => "one site a transaction",
    };
    println!(
        "{what}: {:.0}/s with events, {:.0}/s without, median ratio of {ROUNDS} pairs of rounds {:.2} (least {:.2}); \
         the reader saw {seen}, {behind} waited for a number at the end",
        median(with.rates),
        median(without.rates),
        median(ratios.clone()),
        ratios.iter().copied().fold(f64::INFINITY, f64::min),
    );
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        compare(Work::Publish).await;
        compare(Work::Insert).await;
    });
}
