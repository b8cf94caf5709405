//! `muster serve`, and what `muster demo` ends with.

use std::{future::Future, io};

use anyhow::{Result, anyhow};
use api::Rates;
use app::App;
use tokio::{net::TcpListener, sync::watch};

use crate::{
    Ended,
    config::Settings,
    output,
    post::PostOffice,
    service::{Catalogue, Service, app_fault},
};

/// Serves the HTTP API until the program is told to stop.
pub(super) async fn run(settings: &Settings) -> Result<Ended> {
    let listener = bind(settings).await?;
    let mut service = Service::open(settings, Catalogue::Sync).await?;
    let at = listener.local_addr()?;
    if settings.public_url.is_none() {
        service.app.public_url = format!("http://{at}").into();
    }
    // Before anybody is told that it serves: who then stops it finds it listening for that, too.
    let signal = stop_signal();
    let demo = if service.demo.is_some() { " the DEMO market (invented organisations)" } else { "" };
    output::complain(&format!("serving{demo} on http://{at} - API reference: http://{at}/docs/api - stop with Ctrl-C"));
    invite(&service.app).await?;
    until_stopped(settings, service.app, listener, signal).await
}

/// Prints the link that makes the first person who runs the service, as long as there is nobody.
pub(super) async fn invite(app: &App) -> Result<()> {
    if let Some(link) = app::setup::link(app).await.map_err(app_fault)? {
        let link = app::people::shown(&link);
        output::complain(&format!(
            "nobody runs this service yet: within 30 minutes, open\n  {link}\nto make your account"
        ));
    }
    Ok(())
}

/// A listener on the address of the settings.
pub(super) async fn bind(settings: &Settings) -> Result<TcpListener> {
    let addr = settings.socket()?;
    let other = addr.port().checked_add(1).unwrap_or(8081);
    TcpListener::bind(addr).await.map_err(|fault| match fault.kind() {
        io::ErrorKind::AddrInUse => {
            anyhow!("{addr} is in use by another program; stop it, or choose another with --addr {}:{other}", addr.ip())
        }
        io::ErrorKind::PermissionDenied => {
            anyhow!("this user may not listen on {addr}; choose a port above 1023 with --addr {}:8080", addr.ip())
        }
        _ => anyhow!("cannot listen on {addr}: {fault}; choose another address with --addr HOST:PORT"),
    })
}

/// Serves requests and works off the queue of runs; both end in order when the program is told to.
pub(super) async fn until_stopped(
    settings: &Settings,
    app: App,
    listener: TcpListener,
    signal: impl Future<Output = ()> + Send + 'static,
) -> Result<Ended> {
    let (stop, stopped) = watch::channel(false);
    let signal = tokio::spawn(async move {
        signal.await;
        // Nobody listens any more only when both have ended already.
        let _ = stop.send(true);
    });
    let worker = {
        let (app, name) = (app.clone(), format!("worker {}", app.ids.next(app.clock.now())));
        let stopped = flagged(stopped.clone());
        tokio::spawn(async move { app::runs::work(&app, &name, stopped).await })
    };
    let post = PostOffice::open(&settings.mail, &settings.mail_from)?;
    let mail = {
        let (app, stopped) = (app.clone(), flagged(stopped.clone()));
        tokio::spawn(async move { app::mails::work(&app, &post, stopped).await })
    };
    let clusters = {
        let (app, stopped) = (app.clone(), flagged(stopped.clone()));
        tokio::spawn(async move { app::clusters::work(&app, stopped).await })
    };
    let ledger = {
        let (app, stopped) = (app.clone(), flagged(stopped.clone()));
        tokio::spawn(async move { app::ledger::work(&app, stopped).await })
    };
    let changes = {
        let (app, stopped) = (app.clone(), flagged(stopped.clone()));
        tokio::spawn(async move { app::changes::work(&app, stopped).await })
    };
    let calls = {
        let (app, stopped) = (app.clone(), flagged(stopped.clone()));
        tokio::spawn(async move { app::calls::work(&app, stopped).await })
    };
    let freshness = {
        let (app, stopped) = (app.clone(), flagged(stopped.clone()));
        tokio::spawn(async move { app::freshness::work(&app, stopped).await })
    };
    let risks = {
        let (app, stopped) = (app.clone(), flagged(stopped.clone()));
        tokio::spawn(async move { app::risks::work(&app, stopped).await })
    };
    let schedule = {
        let (app, stopped) = (app.clone(), flagged(stopped.clone()));
        tokio::spawn(async move { app::schedule::work(&app, stopped).await })
    };
    let kept = {
        let (app, stopped) = (app.clone(), flagged(stopped.clone()));
        tokio::spawn(async move { app::kept::work(&app, stopped).await })
    };
    let alerts = {
        let (app, stopped) = (app.clone(), flagged(stopped.clone()));
        tokio::spawn(async move { app::alerts::work(&app, api::alerts::read, stopped).await })
    };
    let store = app.store.clone();
    let rates = settings.rate_limit.map(|limits| Rates::new(limits, settings.trusted_proxies.clone()));
    let served = api::serve(listener, api::router_with(app, rates), flagged(stopped)).await;
    signal.abort();
    if served.is_ok() {
        worker.await?;
        mail.await?;
        clusters.await?;
        ledger.await?;
        changes.await?;
        calls.await?;
        freshness.await?;
        risks.await?;
        schedule.await?;
        kept.await?;
        alerts.await?;
    }
    store.close().await.map_err(|fault| anyhow!("the database did not close in order: {fault}"))?;
    served?;
    Ok(Ended::Done)
}

async fn flagged(mut stopped: watch::Receiver<bool>) {
    // An error means that the sender is gone, and then there is nothing more to wait for.
    let _ = stopped.wait_for(|s| *s).await;
}

/// Takes over the signals that end a program, at once; the future ends at the first of them.
#[cfg(unix)]
pub(super) fn stop_signal() -> impl Future<Output = ()> + Send + 'static {
    use tokio::signal::unix::{SignalKind, signal};
    let (interrupt, terminate) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async move {
        match (interrupt, terminate) {
            (Ok(mut interrupt), Ok(mut terminate)) => {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            }
            // Without handlers the signals end the program as they always do.
            (_, _) => std::future::pending().await,
        }
    }
}

/// Ends when the program is told to stop.
#[cfg(not(unix))]
pub(super) fn stop_signal() -> impl Future<Output = ()> + Send + 'static {
    async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}
