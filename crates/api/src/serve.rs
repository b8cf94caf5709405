//! Serving a router on a socket, with the limits that `axum::serve` does not set: a client must send
//! its headers in time (field case DOS-01), and open requests end before the process does.

use std::{future::Future, io, time::Duration};

use axum::{Extension, Router};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::net::TcpListener;
use tower::Layer;

use crate::client::Peer;

/// How long a client may take to send the headers of a request, and how long a connection may idle.
pub const HEADER_LIMIT: Duration = Duration::from_secs(15);
/// How long open requests may take to end once the service is told to stop.
pub const GRACE: Duration = Duration::from_secs(20);

/// How long clients are waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For the head of a request.
    pub head: Duration,
    /// For open requests once the service is told to stop.
    pub end: Duration,
}

impl Default for Patience {
    /// [`HEADER_LIMIT`] and [`GRACE`].
    fn default() -> Self {
        Self { head: HEADER_LIMIT, end: GRACE }
    }
}

/// Serves until `stop` is done, then lets open requests end.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) -> io::Result<()> {
    serve_with(listener, router, stop, Patience::default()).await
}

/// As [`serve`], with other limits.
///
/// # Errors
/// As [`serve`].
pub async fn serve_with(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()>,
    patience: Patience,
) -> io::Result<()> {
    // HTTP/1.1 alone: telling the versions apart means waiting for the first bytes, on which no timer
    // of the library's runs, so that a client which sends nothing would be waited for without end.
    let mut server = auto::Builder::new(TokioExecutor::new()).http1_only();
    server.http1().timer(TokioTimer::new()).header_read_timeout(patience.head).max_buf_size(64 * 1024);
    let graceful = GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => (stream, Peer(peer.ip())),
                Err(error) => {
                    // Out of file handles, mostly: others close theirs, so wait and go on.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        let service = TowerToHyperService::new(Extension(peer).layer(router.clone()));
        let connection = server.serve_connection(TokioIo::new(stream), service).into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(patience.end, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still open after {} seconds", patience.end.as_secs());
    }
    Ok(())
}
