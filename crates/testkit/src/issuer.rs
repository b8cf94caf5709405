//! An issuer of tokens on loopback, such as a hospital's: it publishes its keys, signs what it is told to, and behaves
//! as badly as it is told to.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::time::Clock;
use jsonwebtoken::{Algorithm, EncodingKey, crypto, jwk::Jwk};
use serde_json::{Value, json};

/// DER of private keys before their 32 bytes (RFC 8410, RFC 5915).
const ED25519: &[u8] =
    &[0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
const P256: &[u8] = &[
    0x30, 0x41, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x27, 0x30, 0x25, 0x02, 0x01, 0x01, 0x04, 0x20,
];
/// A key that opens nothing but tests; making one takes longer than they do.
const RSA: &[u8] = include_bytes!("issuer/rsa.der");

/// What the issuer answers whoever asks for its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answering {
    /// The keys.
    Keys,
    /// A failure.
    Failure,
    /// Where they are now, which is an address of its own.
    Elsewhere,
    /// This text.
    Text(String),
}

/// A key of the issuer.
#[derive(Clone)]
pub struct IssuerKey {
    /// Its identifier.
    pub kid: String,
    /// What it is for.
    pub algorithm: Algorithm,
    /// The private half.
    pub signing: EncodingKey,
}

impl IssuerKey {
    /// One for an algorithm: EdDSA, ES256, or one of RSA. The same number gives the same key, and of RSA there is one.
    pub fn new(kid: &str, algorithm: Algorithm, number: u8) -> Self {
        let der = |prefix: &[u8]| [prefix, &[number; 32]].concat();
        let signing = match algorithm {
            Algorithm::EdDSA => EncodingKey::from_ed_der(&der(ED25519)),
            Algorithm::ES256 => EncodingKey::from_ec_der(&der(P256)),
            _ => EncodingKey::from_rsa_der(RSA),
        };
        Self { kid: kid.to_owned(), algorithm, signing }
    }

    /// The public half as it is published.
    ///
    /// # Panics
    /// When the crypto library refuses it.
    pub fn published(&self) -> Value {
        let mut jwk = match Jwk::from_encoding_key(&self.signing, self.algorithm) {
            Ok(jwk) => jwk,
            Err(e) => panic!("{e}"),
        };
        jwk.common.key_id = Some(self.kid.clone());
        json!(jwk)
    }
}

struct Inside {
    url: String,
    keys: Mutex<Vec<IssuerKey>>,
    answering: Mutex<Answering>,
    asked: AtomicUsize,
}

/// The issuer; it ends with the test.
#[derive(Clone)]
pub struct TestIssuer(Arc<Inside>);

impl TestIssuer {
    /// An issuer with one key, that listens.
    ///
    /// # Panics
    /// When it cannot listen.
    pub async fn start() -> Self {
        let listener = match tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await {
            Ok(listener) => listener,
            Err(e) => panic!("{e}"),
        };
        let url = match listener.local_addr() {
            Ok(at) => format!("http://{at}"),
            Err(e) => panic!("{e}"),
        };
        let keys = Mutex::new(vec![IssuerKey::new("first", Algorithm::EdDSA, 1)]);
        let (answering, asked) = (Mutex::new(Answering::Keys), AtomicUsize::new(0));
        let issuer = Self(Arc::new(Inside { url, keys, answering, asked }));
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks.json", get(keys_of))
            .route("/elsewhere.json", get(published))
            .with_state(issuer.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        issuer
    }

    /// The `iss` of its tokens.
    pub fn name(&self) -> &str {
        &self.0.url
    }

    /// Where its keys are.
    pub fn jwks_url(&self) -> String {
        format!("{}/jwks.json", self.0.url)
    }

    /// How often it was asked for its keys.
    pub fn asked(&self) -> usize {
        self.0.asked.load(Ordering::SeqCst)
    }

    /// What it answers from now on.
    pub fn answer(&self, answering: Answering) {
        *lock(&self.0.answering) = answering;
    }

    /// Other keys from now on, of which the first signs.
    pub fn set_keys(&self, keys: Vec<IssuerKey>) {
        *lock(&self.0.keys) = keys;
    }

    /// The keys as they are published.
    pub fn published(&self) -> Value {
        let keys: Vec<Value> = lock(&self.0.keys).iter().map(IssuerKey::published).collect();
        json!({ "keys": keys })
    }

    /// What a good token of somebody says for five minutes.
    pub fn claims(&self, subject: &str, audience: &str, clock: &dyn Clock) -> Value {
        let now = clock.now().micros() / 1_000_000;
        json!({ "iss": self.name(), "aud": audience, "sub": subject, "iat": now, "exp": now + 300 })
    }

    /// A token that says so, signed by the key that signs.
    ///
    /// # Panics
    /// When there is no key.
    pub fn token(&self, claims: &Value) -> String {
        let Some(key) = lock(&self.0.keys).first().cloned() else { panic!("no key signs") };
        let algorithm = format!("{:?}", key.algorithm);
        signed(&json!({ "alg": algorithm, "typ": "at+jwt", "kid": key.kid }), claims, &key.signing, key.algorithm)
    }
}

/// A token with any header, signed by any key.
///
/// # Panics
/// When the key is not for the algorithm.
pub fn signed(header: &Value, claims: &Value, key: &EncodingKey, algorithm: Algorithm) -> String {
    let message = unsigned(header, claims);
    match crypto::sign(message.as_bytes(), key, algorithm) {
        Ok(signature) => format!("{message}.{signature}"),
        Err(e) => panic!("{e}"),
    }
}

/// A token up to its signature.
pub fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

async fn discovery(State(issuer): State<TestIssuer>) -> Json<Value> {
    Json(json!({ "issuer": issuer.name(), "jwks_uri": issuer.jwks_url() }))
}

async fn keys_of(State(issuer): State<TestIssuer>) -> Response {
    issuer.0.asked.fetch_add(1, Ordering::SeqCst);
    let answering = lock(&issuer.0.answering).clone();
    match answering {
        Answering::Keys => Json(issuer.published()).into_response(),
        Answering::Failure => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Answering::Elsewhere => {
            (StatusCode::FOUND, [(header::LOCATION, format!("{}/elsewhere.json", issuer.0.url))]).into_response()
        }
        Answering::Text(text) => text.into_response(),
    }
}

async fn published(State(issuer): State<TestIssuer>) -> Json<Value> {
    Json(issuer.published())
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
