use std::sync::atomic::{AtomicUsize, Ordering};

use domain::time::{Clock, Day, Instant};
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::*;

const ED25519: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

fn octets(count: usize) -> String {
    URL_SAFE_NO_PAD.encode(vec![0xbb; count])
}

fn check(key: Value, expected: Option<Algorithm>) {
    let found = KeySet::parse(json!({ "keys": [key] }).to_string().as_bytes());
    let all =
        [Algorithm::EdDSA, Algorithm::ES256, Algorithm::ES384, Algorithm::RS256, Algorithm::RS512, Algorithm::PS256];
    let found = found.ok().and_then(|set| all.into_iter().find(|algorithm| set.find("k", *algorithm).is_some()));
    assert_eq!(found, expected, "{key}");
}

#[test]
fn a_key_is_for_what_it_says_and_its_kind_can() {
    let ed = json!({ "kty": "OKP", "crv": "Ed25519", "x": ED25519, "kid": "k" });
    let ec = |curve: &str, size| json!({ "kty": "EC", "crv": curve, "x": octets(size), "y": octets(size), "kid": "k" });
    let rsa = |size| json!({ "kty": "RSA", "n": octets(size), "e": "AQAB", "kid": "k" });
    let with = |mut key: Value, name: &str, value: Value| {
        key[name] = value;
        key
    };
    check(ed.clone(), Some(Algorithm::EdDSA));
    check(ec("P-256", 32), Some(Algorithm::ES256));
    check(ec("P-384", 48), Some(Algorithm::ES384));
    check(rsa(256), Some(Algorithm::RS256));
    check(with(rsa(512), "alg", json!("PS256")), Some(Algorithm::PS256));
    check(with(rsa(256), "use", json!("sig")), Some(Algorithm::RS256));
    check(with(ed.clone(), "key_ops", json!(["verify"])), Some(Algorithm::EdDSA));
    // Unknown members are no reason to refuse it.
    check(with(ed.clone(), "exp", json!(1_700_000_000)), Some(Algorithm::EdDSA));
    for key in [
        json!({ "kty": "oct", "k": "c2VjcmV0", "kid": "k", "alg": "HS256" }),
        with(rsa(256), "alg", json!("HS256")),
        with(rsa(256), "alg", json!("ES256")),
        with(rsa(256), "alg", json!("RSA-OAEP")),
        with(rsa(256), "alg", json!("none")),
        with(rsa(256), "use", json!("enc")),
        with(ed.clone(), "key_ops", json!(["sign"])),
        with(ed.clone(), "kid", Value::Null),
        with(ed.clone(), "crv", json!("X25519")),
        with(ed, "x", json!("AAAA")),
        ec("P-521", 66),
        rsa(128),
        rsa(1024),
        json!("key"),
    ] {
        check(key, None);
    }
    assert_eq!(KeySet::parse(b"{}").err(), Some(SourceError::Malformed));
    assert_eq!(KeySet::parse(b"{\"keys\": []}").unwrap().len(), 0);
    let crowd = json!({ "keys": vec![rsa(256); 101] }).to_string();
    assert_eq!(KeySet::parse(crowd.as_bytes()).err(), Some(SourceError::TooLarge));
}

struct Still;

impl Clock for Still {
    fn now(&self) -> Instant {
        Instant::start_of(Day::parse("2020-04-06").unwrap())
    }
}

/// A source that answers once it is let, and counts who asks.
struct Slow(Arc<AtomicUsize>, Arc<Semaphore>);

impl KeySource for Slow {
    fn fetch(&self) -> Fetching<'_> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(async {
            let _ = self.1.acquire().await;
            let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": ED25519, "kid": "k" });
            Ok(json!({ "keys": [key] }).to_string().into_bytes())
        })
    }
}

/// A cache of a slow source, how often that was asked, and what lets it answer.
struct Bench {
    cache: Arc<KeyCache>,
    asked: Arc<AtomicUsize>,
    open: Arc<Semaphore>,
    clock: Arc<dyn Clock>,
}

fn slow(limit: Duration) -> Bench {
    let (asked, open) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
    let source = Box::new(Slow(Arc::clone(&asked), Arc::clone(&open)));
    Bench { cache: Arc::new(KeyCache::new("it".to_owned(), source, limit)), asked, open, clock: Arc::new(Still) }
}

impl Bench {
    /// Whether there is a key.
    fn key(&self, kid: &str) -> impl Future<Output = Result<(), Missing>> + Send + 'static {
        let (cache, clock) = (Arc::clone(&self.cache), Arc::clone(&self.clock));
        let signed = claims::Signed { kid: kid.to_owned(), algorithm: Algorithm::EdDSA };
        async move { cache.key(&signed, &clock).await.map(drop) }
    }

    /// Until the source was asked.
    async fn asked(&self) {
        while self.asked.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn many_at_once_ask_once_and_each_gets_the_key() {
    let bench = slow(FETCH_LIMIT);
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..20 {
        tasks.spawn(bench.key(if n % 2 == 0 { "k" } else { "other" }));
    }
    bench.asked().await;
    bench.open.add_permits(1);
    let found = tasks.join_all().await;
    assert_eq!(found.iter().filter(|found| found.is_ok()).count(), 10);
    assert!(found.iter().all(|found| matches!(found, Ok(()) | Err(Missing::Unknown))), "{found:?}");
    assert_eq!(bench.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_caller_who_hangs_up_ends_nothing_that_others_wait_for() {
    let bench = slow(FETCH_LIMIT);
    let gone = tokio::spawn(bench.key("other"));
    bench.asked().await;
    gone.abort();
    assert!(gone.await.is_err_and(|ended| ended.is_cancelled()));
    bench.open.add_permits(1);
    assert_eq!(bench.key("k").await, Ok(()));
    assert_eq!(bench.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_source_that_takes_too_long_has_no_keys() {
    let bench = slow(Duration::from_millis(1));
    assert_eq!(bench.key("k").await, Err(Missing::Away));
}
