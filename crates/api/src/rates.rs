//! How much a caller may ask for: points per minute, by credential, or by address where nobody is known.
//!
//! A bucket holds the points of a minute and fills steadily. Each process counts for itself.

use std::{
    hash::Hash,
    net::{IpAddr, Ipv4Addr},
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use app::{
    App,
    access::{Caller, Credential},
};
use axum::{
    extract::{FromRequestParts, Request, State},
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
    client::{self, Client, Peer},
    problem::Problem,
    signed_in::{Called, Calling},
};

/// What is left (draft-ietf-httpapi-ratelimit-headers-10).
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// What holds (the same).
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// Requests after which buckets that are full again are forgotten.
const TIDY_EVERY: u32 = 10_000;

/// The points of a request: 1 for a read, 5 for a change, 10 for a password, 20 for an explanation or a look at the whole
/// market, 50 for a run.
pub fn cost(method: &Method, address: &Uri) -> NonZeroU32 {
    let path = address.path().trim_end_matches('/');
    let reads = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    let points = match (reads, path) {
        (true, path) if path.starts_with("/api/v1/match-runs/") && path.contains("/needs/") => 20,
        (true, path) if path.starts_with("/api/v1/matches/") && path.ends_with("/evaluation") => 20,
        (true, path) if path.starts_with("/api/v1/match-runs/") && path.ends_with("/compare") => 20,
        (true, path) if path.starts_with("/api/v1/match-runs/") && path.ends_with("/remedies") => 20,
        (true, path) if path.starts_with("/api/v1/match-runs/") && path.ends_with("/chains") => 20,
        (
            true,
            "/api/v1/capacity" | "/api/v1/shortages" | "/api/v1/map" | "/api/v1/dependence" | "/api/v1/hidden-capacity",
        ) => 20,
        // Clients of maps walk through the pages of what they show.
        (true, path) if path.starts_with("/ogc/collections/") && path.contains("/items") => 5,
        (true, _) => 1,
        (false, "/api/v1/match-runs") => 50,
        (false, "/api/v1/candidates" | "/api/v1/chains/search") => 20,
        // The question is asked before it is saved.
        (false, path) if path.starts_with("/api/v1/alerts") && *method != Method::DELETE => 20,
        // A password is hashed, or compared with a hash.
        (false, "/api/v1/sessions" | "/api/v1/passwords" | "/api/v1/people/me/password" | "/api/v1/setup") => 10,
        (false, _) => 5,
    };
    NonZeroU32::new(points).unwrap_or(NonZeroU32::MIN)
}

/// Points per minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Of a credential; [`Limits::LEAST`] where it is less.
    pub credential: u32,
    /// Of an address from which nobody is known, likewise.
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

/// The organisation, or the operator, and the person, key or outside person that calls.
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
    RateLimiter::dashmap(Quota::per_minute(NonZeroU32::new(points).unwrap_or(NonZeroU32::MIN))).with_middleware()
}

impl Rates {
    /// Empty counters; `trusted` are the networks of proxies whose `X-Forwarded-For` is believed.
    pub fn new(limits: Limits, trusted: Vec<IpNet>) -> Self {
        let [credential, address] = [limits.credential, limits.address].map(|points| points.max(Limits::LEAST));
        let limits = Limits { credential, address };
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

    fn of_caller(&self, caller: &Caller, points: NonZeroU32) -> Standing {
        let key = match caller.credential {
            Credential::ApiKey(id) => Some(id.0),
            Credential::OutsideToken(seal) => Some(seal),
            Credential::Session(_) | Credential::Link | Credential::Nothing | Credential::CommandLine => {
                caller.person.map(|id| id.0)
            }
        };
        // Who acts for many does not ask for more.
        let organisation = caller.behalf.map(|behalf| behalf.holder).or(caller.actor.organisation());
        let key = (organisation.map(|id| id.0), key);
        Self::take(&self.by_credential, &key, ("credential", self.limits.credential, points))
    }

    fn of_address(&self, from: IpAddr, points: NonZeroU32) -> Standing {
        Self::take(&self.by_address, &from, ("address", self.limits.address, points))
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

/// Counts every request, and says how the caller stands. Finds out who calls, for all that come after.
pub async fn layer(State((app, rates)): State<(App, Arc<Rates>)>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    // Whoever watches over the service must be answered.
    if path == "/healthz" || path == "/readyz" {
        return next.run(request).await;
    }
    rates.tidy();
    let points = cost(request.method(), request.uri());
    let (mut head, body) = request.into_parts();
    let peer = head.extensions.get::<Peer>().copied().unwrap_or(Peer(IpAddr::V4(Ipv4Addr::UNSPECIFIED)));
    let from = client::counted_as(client::address(peer, &head.headers, &rates.trusted));
    head.extensions.insert(Client(from));
    let called = match head.headers.contains_key(header::AUTHORIZATION) {
        true => Some(Calling::from_request_parts(&mut head, &app).await),
        false => None,
    };
    let standing = match &called {
        Some(Ok(Calling(caller))) => rates.of_caller(caller, points),
        // It opens nothing: guessing is dear. Where it cannot be told at the moment, it is no guess.
        Some(Err(refusal)) if refusal.status() == StatusCode::UNAUTHORIZED => rates.of_address(from, GUESS),
        Some(Err(_)) | None => rates.of_address(from, points),
    };
    let mut response = match standing.wait {
        Some(wait) => standing.problem(wait).into_response(),
        None => {
            if let Some(called) = called {
                head.extensions.insert(Called(called));
            }
            next.run(Request::from_parts(head, body)).await
        }
    };
    standing.write(&mut response);
    response
}

/// The points of a credential that opens nothing.
const GUESS: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);
