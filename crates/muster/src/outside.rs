//! Where the keys of outside issuers come from: an address, or a file that the operator puts there.

use std::{io::Read, path::PathBuf};

use anyhow::{Context, Result};
use app::outside::{FETCH_LIMIT, Fetching, KeySource, MOST_BYTES, SourceError};
use reqwest::{Client, StatusCode, header::ACCEPT, redirect::Policy};

use crate::address::is_here;

/// Keys at an address: over TLS, or on this machine.
pub struct AddressKeys {
    client: Client,
    url: String,
}

impl AddressKeys {
    /// Of a URL.
    pub fn new(url: &str) -> Result<Self> {
        // Fails where one was chosen already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let here = is_here(url);
        let client = Client::builder()
            .redirect(Policy::none())
            .https_only(!here)
            .timeout(FETCH_LIMIT)
            .pool_max_idle_per_host(0)
            .user_agent(concat!("muster/", env!("CARGO_PKG_VERSION")));
        // A proxy of the environment is for what lies behind it.
        let client = if here { client.no_proxy() } else { client };
        let client = client.build().context("a client for HTTPS cannot be made")?;
        Ok(Self { client, url: url.to_owned() })
    }

    async fn read(&self) -> Result<Vec<u8>, SourceError> {
        let asked = self.client.get(&self.url).header(ACCEPT, "application/jwk-set+json, application/json");
        let mut answer = asked.send().await.map_err(unreachable)?;
        if answer.status() != StatusCode::OK {
            return Err(SourceError::Status(answer.status().as_u16()));
        }
        let mut bytes = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(unreachable)? {
            if bytes.len() + part.len() > MOST_BYTES {
                return Err(SourceError::TooLarge);
            }
            bytes.extend_from_slice(&part);
        }
        Ok(bytes)
    }
}

impl KeySource for AddressKeys {
    fn fetch(&self) -> Fetching<'_> {
        Box::pin(self.read())
    }
}

/// What went wrong, with what is behind it: that a certificate is not trusted stands there.
fn unreachable(fault: reqwest::Error) -> SourceError {
    let fault = fault.without_url();
    let causes = std::iter::successors(Some(&fault as &(dyn std::error::Error + 'static)), |cause| cause.source());
    SourceError::Unreachable(causes.map(ToString::to_string).collect::<Vec<_>>().join(": "))
}

/// Keys in a file.
pub struct FileKeys(PathBuf);

impl FileKeys {
    /// Of a path.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }
}

impl KeySource for FileKeys {
    fn fetch(&self) -> Fetching<'_> {
        let path = self.0.clone();
        let read = move || {
            let mut bytes = Vec::new();
            // A byte more than is taken tells that there are more.
            let most = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX).saturating_add(1);
            std::fs::File::open(&path)?.take(most).read_to_end(&mut bytes)?;
            Ok::<_, std::io::Error>(bytes)
        };
        Box::pin(async move {
            let read = tokio::task::spawn_blocking(read).await;
            let read = read.map_err(|fault| SourceError::Unreachable(fault.to_string()))?;
            read.map_err(|fault| SourceError::Unreachable(fault.to_string()))
        })
    }
}
