//! How much a caller may ask for: points per minute, by credential, or by address where nobody is known.
//!
//! A bucket holds the points of a minute and fills steadily. Each process counts for itself.

use std::{
    hash::Hash,
    net::{IpAddr, Ipv4Addr},
    num::NonZeroU32,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use app::access::{Caller, Credential};
use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DashMapStateStore,
};
use ipnet::IpNet;
use uuid::Uuid;

use crate::{
    client::{self, Peer},
    problem::Problem,
};

/// What is left (draft-ietf-httpapi-ratelimit-headers-10).
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// What holds (the same).
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// Requests after which buckets that are full again are forgotten.
const TIDY_EVERY: u32 = 10_000;

/// The points of a request: 1 for a read, 5 for a change, 20 for an explanation, 50 for a run.
pub fn cost(method: &Method, address: &Uri) -> NonZeroU32 {
    let path = address.path().trim_end_matches('/');
    let reads = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    let points = match (reads, path) {
        (true, path) if path.starts_with("/api/v1/match-runs/") && path.contains("/needs/") => 20,
        (true, _) => 1,
        (false, "/api/v1/match-runs") => 50,
        (false, _) => 5,
    };
    NonZeroU32::new(points).unwrap_or(NonZeroU32::MIN)
}

/// Points per minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Of a credential; at least [`Limits::LEAST`].
    pub credential: u32,
    /// Of an address from which nobody is known: reads of the catalogue, and credentials that open nothing.
    pub address: u32,
}

impl Limits {
    /// The least that lets everything through at all.
    pub const LEAST: u32 = 50;
}

impl Default for Limits {
    /// 6,000 a minute for a credential, 600 for an address.
    fn default() -> Self {
        Self { credential: 6_000, address: 600 }
    }
}

type Buckets<K> = RateLimiter<K, DashMapStateStore<K>, DefaultClock, StateInformationMiddleware>;

/// The organisation, or the operator, and its key.
type CallerKey = (Option<Uuid>, Option<Uuid>);

/// Who asked for how much.
#[derive(Debug)]
pub struct Rates {
    by_credential: Buckets<CallerKey>,
    by_address: Buckets<IpAddr>,
    limits: Limits,
    trusted: Vec<IpNet>,
    requests: AtomicU32,
}

fn buckets<K: Hash + Eq + Clone>(points: u32) -> Buckets<K> {
    let points = NonZeroU32::new(points.max(Limits::LEAST)).unwrap_or(NonZeroU32::MIN);
    RateLimiter::dashmap(Quota::per_minute(points)).with_middleware()
}

impl Rates {
    /// Empty counters; `trusted` are the networks of proxies whose `X-Forwarded-For` is believed.
    pub fn new(limits: Limits, trusted: Vec<IpNet>) -> Self {
        Self {
            by_credential: buckets(limits.credential),
            by_address: buckets(limits.address),
            limits,
            trusted,
            requests: AtomicU32::new(0),
        }
    }

    fn take<K: Hash + Eq + Clone>(
        buckets: &Buckets<K>,
        key: &K,
        (name, limit, points): (&'static str, u32, NonZeroU32),
    ) -> Standing {
        let limit = limit.max(Limits::LEAST);
        match buckets.check_key_n(key, points) {
            Ok(Ok(state)) => Standing { name, limit, left: state.remaining_burst_capacity(), wait: None },
            Ok(Err(not_until)) => {
                let wait = not_until.wait_time_from(DefaultClock::default().now()).as_secs().saturating_add(1);
                Standing { name, limit, left: 0, wait: Some(wait) }
            }
            // More than a bucket holds, which no request costs.
            Err(_) => Standing { name, limit, left: 0, wait: Some(60) },
        }
    }

    fn tidy(&self) {
        if self.requests.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            self.by_credential.retain_recent();
            self.by_address.retain_recent();
        }
    }
}

/// How a bucket stands after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Standing {
    name: &'static str,
    limit: u32,
    left: u32,
    /// Seconds until there is enough for this request, where there is not.
    wait: Option<u64>,
}

impl Standing {
    fn problem(&self, wait: u64) -> Problem {
        let detail = format!("more than {} points a minute were asked for; try again in {wait} s", self.limit);
        Problem::new("rate_limited", detail)
    }

    fn write(&self, response: &mut Response) {
        // Seconds until the bucket is full again.
        let full = u64::from(self.limit - self.left.min(self.limit)) * 60 / u64::from(self.limit.max(1));
        let left = format!("\"{}\";r={};t={full}", self.name, self.left);
        let policy = format!("\"{}\";q={};w=60", self.name, self.limit);
        let headers = response.headers_mut();
        for (name, text) in [(RATE_LIMIT, left), (RATE_LIMIT_POLICY, policy)] {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(name, value);
            }
        }
        if let Some(wait) = self.wait {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait));
        }
    }
}

/// Goes with a request, so that whoever finds out who calls charges him once.
#[derive(Debug, Clone)]
pub struct Meter {
    rates: Arc<Rates>,
    points: NonZeroU32,
    standing: Arc<OnceLock<Standing>>,
}

impl Meter {
    /// Charges a caller, unless this request has been charged.
    ///
    /// # Errors
    /// 429 when he has asked for too much.
    pub fn charge(&self, caller: &Caller) -> Result<(), Problem> {
        let key = match caller.credential {
            Credential::ApiKey(id) => Some(id.0),
            Credential::Token | Credential::CommandLine => None,
        };
        let key = (caller.actor.organisation().map(|id| id.0), key);
        let bucket = ("credential", self.rates.limits.credential, self.points);
        let standing = self.standing.get_or_init(|| Rates::take(&self.rates.by_credential, &key, bucket));
        standing.wait.map_or(Ok(()), |wait| Err(standing.problem(wait)))
    }
}

/// Counts every request, and says how the caller stands.
pub async fn layer(State(rates): State<Arc<Rates>>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    // Whoever watches over the service must be answered.
    if path == "/healthz" || path == "/readyz" {
        return next.run(request).await;
    }
    rates.tidy();
    let peer = request.extensions().get::<Peer>().copied().unwrap_or(Peer(IpAddr::V4(Ipv4Addr::UNSPECIFIED)));
    let from = client::counted_as(client::address(peer, request.headers(), &rates.trusted));
    let points = cost(request.method(), request.uri());
    let of_address = |points| Rates::take(&rates.by_address, &from, ("address", rates.limits.address, points));
    let shows_credential = request.headers().contains_key(header::AUTHORIZATION);
    if !shows_credential {
        let standing = of_address(points);
        let mut response = match standing.wait {
            Some(wait) => standing.problem(wait).into_response(),
            None => next.run(request).await,
        };
        standing.write(&mut response);
        return response;
    }
    let charged = Arc::new(OnceLock::new());
    request.extensions_mut().insert(Meter { rates: Arc::clone(&rates), points, standing: Arc::clone(&charged) });
    let mut response = next.run(request).await;
    let standing = match charged.get() {
        Some(standing) => *standing,
        // It opened nothing, or nobody asked: then it counts for the address. Guessing is dear.
        None => {
            let guessed = response.status() == StatusCode::UNAUTHORIZED;
            let standing = of_address(if guessed { GUESS } else { points });
            if let Some(wait) = standing.wait {
                response = standing.problem(wait).into_response();
            }
            standing
        }
    };
    standing.write(&mut response);
    response
}

/// The points of a credential that opens nothing.
const GUESS: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);
