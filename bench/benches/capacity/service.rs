//! The service on PostgreSQL: what it takes to bring the market into memory and to catch up with a write, and how many
//! answers a second it gives over HTTP.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use axum::{Router, body::Bytes, routing::get};
use domain::time::Clock as _;
use futures_util::TryStreamExt as _;
use sqlx::{Connection, PgConnection, Row};
use storage::Store;
use testkit::{TestApp, TestDb};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufStream},
    net::{TcpListener, TcpStream},
};

use crate::market::Market;

/// Records that are added at once.
const AT_ONCE: usize = 2_000;
const CLIENTS: usize = 64;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(3);
const WRITES: usize = 200;

/// What was measured of the service.
pub struct Service {
    pub offers: usize,
    /// From the database into memory, and one pass of SELECT over the same rows.
    pub build: Duration,
    pub pass: Duration,
    /// With nothing to catch up with, and after one write; and one indexed read.
    pub idle: Vec<Duration>,
    pub caught_up: Vec<Duration>,
    pub read: Vec<Duration>,
    /// By what is asked: its bytes, answers a second of the service and of axum from memory, round by round.
    pub rates: Vec<Rates>,
}

pub struct Rates {
    pub what: &'static str,
    pub bytes: usize,
    pub ours: Vec<f64>,
    pub memory: Vec<f64>,
}

pub async fn run(market: &Market<'_>) -> Result<Service> {
    let db = TestDb::postgres().await.context("PostgreSQL is not installed")?;
    let url = db.url().to_string();
    let test = TestApp::new(db);
    test.clock.set(domain::time::Instant::start_of(market.day).plus_micros(8 * 3_600_000_000));
    let began = Instant::now();
    store(&test, market).await?;
    println!("the service has its {} offers in PostgreSQL after {:?}", market.size.offers, began.elapsed());
    let mut connection = PgConnection::connect(&url).await?;
    sqlx::query("analyze").execute(&mut connection).await?;
    pass(&mut connection).await?;
    let began = Instant::now();
    let rows = pass(&mut connection).await?;
    let pass = began.elapsed();
    let began = Instant::now();
    app::kept::warm(&test.app).await?;
    let build = began.elapsed();
    println!("  one pass over {rows} rows {pass:?}, into memory {build:?}");
    let (idle, caught_up, read) = catch_up(&test, &mut connection, market).await?;
    let rates = rates(&test, market).await?;
    Ok(Service { offers: market.size.offers, build, pass, idle, caught_up, read, rates })
}

/// Adds the market past the use cases, as `muster demo` does.
async fn store(test: &TestApp, market: &Market<'_>) -> Result<()> {
    // Without events: nobody caught up with anything before.
    let (store, now) = (&test.app.store.without_events(), test.clock.now());
    let all: Vec<usize> = (0..market.organisations()).rev().collect();
    for part in all.chunks(AT_ONCE) {
        // Clusters stand at the end, and are first.
        let organisations: Vec<_> = part.iter().map(|n| (market.organisation(*n), None)).collect();
        let sites: Vec<_> = part.iter().map(|n| market.site(*n)).collect();
        let written = store.write(async move |tx| {
            storage::organisations::insert_many(&tx, &organisations, now).await?;
            storage::sites::insert_many(&tx, &sites, now).await
        });
        written.await?;
    }
    for from in (0..market.size.offers).step_by(AT_ONCE) {
        let until = (from + AT_ONCE).min(market.size.offers);
        let offers: Vec<_> = (from..until).map(|n| market.offer(n)).collect();
        store.write(async move |tx| storage::offers::insert_many(&tx, &offers, now).await).await?;
    }
    for from in (0..market.size.needs).step_by(AT_ONCE) {
        let until = (from + AT_ONCE).min(market.size.needs);
        let needs: Vec<_> = (from..until).map(|n| market.need(n)).collect();
        store.write(async move |tx| storage::needs::insert_many(&tx, &needs, now).await).await?;
    }
    promises(store, market, now.micros()).await
}

/// Puts matches into the table as they would be once they are proposed or agreed; no run made them.
async fn promises(store: &Store, market: &Market<'_>, now: i64) -> Result<()> {
    let mut rows = Vec::new();
    for n in 0..market.size.promises {
        let Some((promise, standing, need)) = market.promise(n) else { continue };
        let offer = market.offer(market.number(promise.offer.0));
        let buyer = market.need(market.number(need.0)).organisation;
        let units = promise.quantity.units();
        let (state, agreed, deadline) = match standing {
            index::Standing::Held => ("proposed", 0, (now + 3_600_000_000_000).to_string()),
            index::Standing::Agreed => ("agreed", units, "null".to_owned()),
        };
        rows.push(format!(
            "('{}','{}','{}','{}','{}','{}','{state}',3,{units},{agreed},0,0,0,0,{units},{units},{},{deadline},'{{}}',{now},{now})",
            promise.match_id.0, promise.offer.0, need.0, promise.instalment.0, offer.organisation.0, buyer.0,
            promise.cutoff.number(),
        ));
    }
    for part in rows.chunks(AT_ONCE) {
        let statement = format!(
            "insert into matches (id, offer_id, need_id, instalment_id, offer_organisation_id, need_organisation_id, state, \
             tier, proposed, agreed, shipped, received, accepted, rejected, drawn, covered, cutoff, deadline, explanation, \
             created_at, updated_at) values {}",
            part.join(",")
        );
        store.tamper(&statement).await?;
    }
    Ok(())
}

/// Reads every row that the index is made of once, all columns, and does nothing with them.
async fn pass(connection: &mut PgConnection) -> Result<usize> {
    let mut rows = 0;
    for table in ["organisations", "memberships", "sites", "lines", "offers", "needs", "instalments", "matches"] {
        let statement = sqlx::AssertSqlSafe(format!("select * from {table}"));
        let mut read = sqlx::query(statement).fetch(&mut *connection);
        while let Some(row) = read.try_next().await? {
            rows += usize::from(!row.columns().is_empty());
        }
    }
    Ok(rows)
}

async fn catch_up(
    test: &TestApp,
    connection: &mut PgConnection,
    market: &Market<'_>,
) -> Result<(Vec<Duration>, Vec<Duration>, Vec<Duration>)> {
    let (mut idle, mut caught_up, mut read) = (Vec::new(), Vec::new(), Vec::new());
    for at in 0..WRITES {
        let offer = market.offer(at * 4_001 % market.size.offers);
        let began = Instant::now();
        sqlx::query("select * from offers where id = $1").bind(offer.id.0).fetch_one(&mut *connection).await?;
        read.push(began.elapsed());
        let began = Instant::now();
        app::kept::warm(&test.app).await?;
        idle.push(began.elapsed());
        let now = test.clock.now();
        let written = test.app.store.write(async move |tx| {
            let found = storage::offers::get(&tx, storage::Scope::Operator, offer.id).await?;
            let mut offer = found.record;
            offer.terms.lead_days += 1;
            storage::offers::update(&tx, storage::Scope::Operator, &offer, now).await
        });
        written.await?;
        let began = Instant::now();
        app::kept::warm(&test.app).await?;
        caught_up.push(began.elapsed());
        app::changes::number(&test.app).await?;
    }
    Ok((idle, caught_up, read))
}

/// Answers a second of the service and of axum that tells the same bytes from memory, each to 64 clients, in turn.
async fn rates(test: &TestApp, market: &Market<'_>) -> Result<Vec<Rates>> {
    let buyer = market.buyer(0);
    let grant = test.signed_in(buyer, domain::person::Role::Member).await;
    let token = test.token(grant);
    let questions = [
        ("capacity of FFP2 by region and week", "/api/v1/capacity?product=ffp&grade=FFP2&group_by=nuts2,week"),
        ("shortage board of Italy", "/api/v1/shortages?region=IT&level=1"),
    ];
    // Time goes on, so that what was told is told again for a second at most.
    let (clock, ended) = (Arc::clone(&test.clock), Arc::new(AtomicBool::new(false)));
    let stop = Arc::clone(&ended);
    let ticking = tokio::spawn(async move {
        while !stop.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(50)).await;
            clock.advance_micros(50_000);
        }
    });
    let mut rates = Vec::new();
    for (what, address) in questions {
        let ours = served(test.router.clone()).await?;
        let request = format!("GET {address} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n");
        let body = Bytes::from(Client::new(&ours).await?.ask(&request).await?);
        ensure!(body.starts_with(b"{\"as_of\""), "the service answers {}", String::from_utf8_lossy(&body));
        let told = body.clone();
        let same = move || async move { ([("content-type", "application/json")], told) };
        let path = address.split('?').next().unwrap_or(address);
        let memory = served(Router::new().route(path, get(same))).await?;
        let mut of = Rates { what, bytes: body.len(), ours: Vec::new(), memory: Vec::new() };
        for round in 0..=ROUNDS {
            let (our_rate, of_memory) = (asked(&ours, &request).await?, asked(&memory, &request).await?);
            // The first warms up.
            if round > 0 {
                of.ours.push(our_rate);
                of.memory.push(of_memory);
            }
        }
        println!("  {what}, {} bytes: {:?} answers a second, from memory {:?}", of.bytes, of.ours, of.memory);
        rates.push(of);
    }
    ended.store(true, Ordering::Relaxed);
    ticking.await?;
    Ok(rates)
}

/// Serves until the program ends, and says where.
async fn served(router: Router) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

async fn asked(address: &str, request: &str) -> Result<f64> {
    let (answers, began) = (Arc::new(AtomicU64::new(0)), Instant::now());
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let (mut client, answers, request) = (Client::new(address).await?, Arc::clone(&answers), request.to_owned());
        clients.push(tokio::spawn(async move {
            while began.elapsed() < ROUND {
                client.ask(&request).await?;
                answers.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(())
        }));
    }
    for client in clients {
        client.await??;
    }
    let answers = u32::try_from(answers.load(Ordering::Relaxed))?;
    Ok(f64::from(answers) / began.elapsed().as_secs_f64())
}

/// A connection that is kept.
struct Client(BufStream<TcpStream>);

impl Client {
    async fn new(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self(BufStream::with_capacity(1 << 16, 1 << 12, stream)))
    }

    /// The body of an answer.
    async fn ask(&mut self, request: &str) -> Result<Vec<u8>> {
        self.0.write_all(request.as_bytes()).await?;
        self.0.flush().await?;
        let (mut length, mut line, mut first) = (None, String::new(), true);
        loop {
            line.clear();
            self.0.read_line(&mut line).await?;
            let said = line.trim_end();
            if said.is_empty() {
                break;
            }
            ensure!(!first || said.contains(" 200 "), "the answer is {said}");
            first = false;
            if let Some((_, value)) =
                said.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            {
                length = Some(value.trim().parse()?);
            }
        }
        let mut body = vec![0; length.context("the answer says no length")?];
        self.0.read_exact(&mut body).await?;
        Ok(body)
    }
}
