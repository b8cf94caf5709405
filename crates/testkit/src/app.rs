//! The whole service without a socket, and the verbs of tests that call it.
//!
//! Every answer is held against the OpenAPI document: the status must be documented and the body
//! must have the shape that the document says (field case HTT-05).

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use app::{
    Actor, App, Tables,
    access::{Caller, Credential},
    ids::Ids,
    outside::OutsideIssuers,
    signing_keys::SigningKeys,
    tokens::{self, Grant},
};
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header},
};
use domain::{
    ids::{OrganisationId, PersonId, RoleId, SessionId},
    person::{Role, RoleOf},
    time::Clock,
};
use exchange::seeds;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{
    clock::TestClock,
    conformance,
    database::TestDb,
    people::{OPERATOR, OPERATOR_SESSION, add_person},
    post::{Mailed, TestPost},
};

/// The instant at which every test begins, a Monday morning.
pub const MORNING: &str = "2020-04-06T08:00:00Z";

/// The service on a database of its own.
pub struct TestApp {
    /// The use cases behind it.
    pub app: App,
    /// Its clock, at [`MORNING`] until a test moves it.
    pub clock: Arc<TestClock>,
    /// Its database.
    pub db: TestDb,
    /// Where its mails go.
    pub post: TestPost,
    /// What is served.
    pub router: Router,
    queued: AtomicUsize,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub text: String,
    /// Its body to the byte.
    pub bytes: Vec<u8>,
    /// Its body as JSON; null where it is none.
    pub json: Value,
}

/// An answer that is read piece by piece.
#[derive(Debug)]
pub struct Streamed {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    body: Body,
}

impl Streamed {
    /// The next piece as text; `None` where it ended.
    ///
    /// # Panics
    /// When it breaks off, is no text, or lets nothing come for 20 seconds.
    pub async fn piece(&mut self) -> Option<String> {
        let next = tokio::time::timeout(Duration::from_secs(20), self.body.frame());
        match next.await {
            Err(_) => panic!("no sign of life"),
            Ok(None) => None,
            Ok(Some(Err(e))) => panic!("the body breaks off: {e}"),
            Ok(Some(Ok(frame))) => match frame.into_data().map(|data| String::from_utf8(data.to_vec())) {
                Ok(Ok(text)) => Some(text),
                other => panic!("no text: {other:?}"),
            },
        }
    }
}

/// An organisation with an admin who is signed in, and a site.
#[derive(Debug, Clone)]
pub struct Org {
    /// Its id.
    pub id: String,
    /// What the admin's token says.
    pub grant: Grant,
    /// The admin's token, for a quarter of an hour: [`TestApp::token`] signs another.
    pub token: String,
    /// Its site.
    pub site: String,
}

impl Org {
    /// Its admin as a caller of use cases.
    pub fn caller(&self) -> Caller {
        let Grant { person, session, actor } = self.grant;
        let credential = Credential::Session(session);
        Caller { actor, credential, person: Some(person), scopes: Role::Admin.scopes(), behalf: None }
    }
}

/// The embedded catalogue and regions.
///
/// # Panics
/// When the seed files are broken.
pub fn seed_tables() -> Tables {
    static PARTS: OnceLock<(domain::catalogue::CatalogueParts, seeds::RegionParts)> = OnceLock::new();
    let (catalogue, regions) = PARTS.get_or_init(|| {
        let files = seeds::files();
        match (seeds::catalogue(&files), seeds::regions(&files)) {
            (Ok(catalogue), Ok(regions)) => (catalogue, regions),
            (Err(e), _) | (_, Err(e)) => panic!("{e}"),
        }
    });
    let regions = regions.clone();
    match Tables::new(catalogue.clone(), regions.countries, regions.regions, regions.retired) {
        Ok(tables) => tables,
        Err(e) => panic!("{e}"),
    }
}

impl TestApp {
    /// The service on a fresh database.
    pub fn new(db: TestDb) -> Self {
        let clock = Arc::new(TestClock::at(MORNING));
        let Some(keys) = SigningKeys::from_secret(&[7; 32]) else { panic!("the key is refused") };
        let shared: Arc<dyn Clock> = clock.clone();
        let app = App::new(db.store.clone(), seed_tables(), shared, Ids::seeded(7), keys);
        Self {
            router: api::router(app.clone()),
            app,
            clock,
            db,
            post: TestPost::default(),
            queued: AtomicUsize::new(0),
        }
    }

    /// The same, with tokens of these issuers taken from now on.
    pub fn trusting(mut self, issuers: OutsideIssuers) -> Self {
        self.app.outside = Arc::new(issuers);
        self.router = api::router(self.app.clone());
        self
    }

    /// A token of whoever runs the service.
    pub fn operator(&self) -> String {
        self.token(Grant { person: OPERATOR, session: OPERATOR_SESSION, actor: Actor::Operator })
    }

    /// A token that says so, for a quarter of an hour.
    ///
    /// # Panics
    /// When it cannot be signed.
    pub fn token(&self, grant: Grant) -> String {
        match tokens::issue(&self.app.keys, grant, self.clock.as_ref(), &self.app.ids) {
            Some(token) => token,
            None => panic!("the token is not signed"),
        }
    }

    /// A person who has a role in an organisation and is signed in.
    ///
    /// # Panics
    /// When the database refuses it.
    pub async fn signed_in(&self, organisation: OrganisationId, role: Role) -> Grant {
        let now = self.clock.now();
        let person = PersonId(self.app.ids.next(now));
        let session = SessionId(self.app.ids.next(now));
        let id = RoleId(self.app.ids.next(now));
        let role = RoleOf { id, person, organisation, role, granted_at: now, accepted_at: Some(now) };
        let written = self.app.store.write(move |tx| async move {
            add_person(&tx, person, session, now).await?;
            storage::roles::put(&tx, &role).await
        });
        if let Err(e) = written.await {
            panic!("{e}");
        }
        Grant { person, session, actor: Actor::Organisation(organisation) }
    }

    /// Sends a request and holds the answer against the OpenAPI document.
    ///
    /// # Panics
    /// When the answer is not what the document says.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let (head, body) = response.into_parts();
        let bytes = match body.collect().await {
            Ok(collected) => collected.to_bytes(),
            Err(e) => panic!("{method} {path}: the body breaks off: {e}"),
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        let (status, bytes) = (head.status.as_u16(), bytes.to_vec());
        let answer = Answer { status, headers: head.headers, text, bytes, json };
        // Files are no JSON, and have no schema.
        let kind = answer.header("content-type");
        let is_file = answer.status == 200 && ["text/csv", "application/vnd."].iter().any(|of| kind.starts_with(of));
        if method != Method::HEAD
            && !is_file
            && let Err(message) = conformance::check(&method, &path, answer.status, &answer.json)
        {
            panic!("{method} {path}: {message}\n{}", answer.text);
        }
        if head.status == StatusCode::ACCEPTED && path.contains("/match-runs") {
            self.queued.fetch_add(1, Ordering::SeqCst);
        }
        answer
    }

    /// Sends a request whose answer is read piece by piece.
    pub async fn open(&self, request: Request<Body>) -> Streamed {
        let response = match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let (head, body) = response.into_parts();
        Streamed { status: head.status.as_u16(), headers: head.headers, body }
    }

    /// GET, with a token unless it is empty.
    pub async fn get(&self, token: &str, path: &str) -> Answer {
        self.send(request(Method::GET, token, path, Body::empty())).await
    }

    /// GET of what is liked best, with a token unless it is empty.
    pub async fn get_as(&self, token: &str, path: &str, accept: &str) -> Answer {
        let mut request = request(Method::GET, token, path, Body::empty());
        if let Ok(accept) = accept.parse() {
            request.headers_mut().insert(header::ACCEPT, accept);
        }
        self.send(request).await
    }

    /// POST of JSON, with a token unless it is empty.
    pub async fn post(&self, token: &str, path: &str, body: &Value) -> Answer {
        self.post_text(token, path, body.to_string()).await
    }

    /// PUT of JSON, with a token unless it is empty.
    pub async fn put(&self, token: &str, path: &str, body: &Value) -> Answer {
        self.send(request(Method::PUT, token, path, body.to_string().into())).await
    }

    /// PATCH of what a record of that version becomes.
    ///
    /// # Panics
    /// When the version is no text of a header.
    pub async fn patch(&self, token: &str, path: &str, version: &str, body: &Value) -> Answer {
        let mut sent = request(Method::PATCH, token, path, body.to_string().into());
        let tag = match version.parse() {
            Ok(tag) => tag,
            Err(e) => panic!("{version}: {e}"),
        };
        sent.headers_mut().insert(header::IF_MATCH, tag);
        sent.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/merge-patch+json"));
        self.send(sent).await
    }

    /// Deletes.
    pub async fn delete(&self, token: &str, path: &str) -> Answer {
        self.send(request(Method::DELETE, token, path, Body::empty())).await
    }

    /// POST of whatever is announced as JSON.
    pub async fn post_text(&self, token: &str, path: &str, body: impl Into<Body>) -> Answer {
        self.send(request(Method::POST, token, path, body.into())).await
    }

    /// Registers an organisation with a site in a region.
    pub async fn organisation(&self, name: &str, kind: &str, country: &str, region: &str) -> Org {
        let body = json!({ "name": name, "kind": kind, "country": country });
        let made = self.post(&self.operator(), "/api/v1/organisations", &body).await.expect(201);
        let id = made.id();
        let grant = match id.parse().map(OrganisationId) {
            Ok(id) => self.signed_in(id, Role::Admin).await,
            Err(e) => panic!("{id}: {e}"),
        };
        let token = self.token(grant);
        let site = self.post(&token, "/api/v1/sites", &json!({ "name": "Site", "region": region })).await.expect(201);
        Org { site: site.id(), id, grant, token }
    }

    /// A firm near Munich.
    pub async fn firm(&self, name: &str) -> Org {
        self.organisation(name, "firm", "DE", "DE21").await
    }

    /// A hospital in Paris.
    pub async fn hospital(&self, name: &str) -> Org {
        self.organisation(name, "authority", "FR", "FR10").await
    }

    /// The mails that are due, sent.
    ///
    /// # Panics
    /// When the database does not answer.
    pub async fn mails(&self) -> Vec<Mailed> {
        match app::mails::send_due(&self.app, &self.post).await {
            Ok(_) => self.post.take(),
            Err(e) => panic!("{e}"),
        }
    }

    /// Works off the queue of runs.
    ///
    /// # Panics
    /// When a run fails.
    pub async fn work(&self) {
        loop {
            match app::runs::work_once(&self.app, "test").await {
                Ok(Some((_, Ok(_)))) => {}
                Ok(Some((id, Err(reason)))) => panic!("run {id}: {reason}"),
                Ok(None) => break,
                Err(e) => panic!("{e}"),
            }
        }
        self.queued.store(0, Ordering::SeqCst);
    }
}

impl Drop for TestApp {
    /// A test that queues work and does not look at what becomes of it has forgotten something.
    fn drop(&mut self) {
        if !thread::panicking() {
            assert_eq!(self.queued.load(Ordering::SeqCst), 0, "runs are still queued: call work()");
        }
    }
}

/// A request with a token unless it is empty, announced as JSON.
///
/// # Panics
/// When the parts make no request.
pub fn request(method: Method, token: &str, path: &str, body: Body) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json");
    if !token.is_empty() {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    match request.body(body) {
        Ok(request) => request,
        Err(e) => panic!("{path}: {e}"),
    }
}

impl Answer {
    /// Itself, if it has the status.
    ///
    /// # Panics
    /// When it has another.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// The `id` of its body.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn id(&self) -> String {
        match self.json["id"].as_str() {
            Some(id) => id.to_owned(),
            None => panic!("no id: {}", self.text),
        }
    }

    /// The entries of a list.
    ///
    /// # Panics
    /// When it is no list.
    #[track_caller]
    pub fn items(&self) -> &[Value] {
        match self.json["items"].as_array() {
            Some(items) => items,
            None => panic!("no list: {}", self.text),
        }
    }

    /// The faults of a problem as `pointer code`, in order.
    pub fn faults(&self) -> Vec<String> {
        let errors = self.json["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        let word = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        errors.iter().map(|e| format!("{} {}", word(&e["pointer"]), word(&e["code"]))).collect()
    }

    /// A header as text; empty where absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }
}
