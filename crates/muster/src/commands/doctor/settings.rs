//! Settings that contradict each other, or leave a door open.

use app::doctor::Finding;

use crate::{
    address::{authority, is_here},
    config::{DEFAULT_FROM, Settings},
    post::MailRoute,
    service,
};

/// Looks at the settings, one finding a subject.
pub(super) fn look(settings: &Settings) -> Vec<Finding> {
    vec![address(settings), public_url(settings), proxies(settings), rates(settings), mail(settings), seeds(settings)]
}

fn address(settings: &Settings) -> Finding {
    let check = "address";
    match settings.socket() {
        Ok(at) => Finding::sound(check, format!("listens on {at}")),
        Err(fault) => {
            Finding::fault(check, format!("{fault:#}"), "correct --addr, MUSTER_ADDR or the file of settings")
        }
    }
}

fn public_url(settings: &Settings) -> Finding {
    let check = "public address";
    let open = settings.socket().is_ok_and(|at| !at.ip().is_loopback());
    let url = settings.public_url.clone().unwrap_or_else(|| format!("http://{}", settings.addr));
    let remedy = "set MUSTER_PUBLIC_URL to where people reach the service, such as https://muster.example.org";
    if open && (is_here(&url) || settings.public_url.is_none()) {
        let detail = format!("{url}, while others reach {}: links in mails would lead nowhere", settings.addr);
        return Finding::warning(check, detail, remedy);
    }
    if url.starts_with("http://") && !is_here(&url) {
        let detail = format!("{url} carries passwords and keys in the clear");
        return Finding::warning(check, detail, "put a proxy with TLS before it, and write https://");
    }
    Finding::sound(check, url)
}

fn proxies(settings: &Settings) -> Finding {
    let check = "proxies";
    let named: Vec<String> = settings.trusted_proxies.iter().map(ToString::to_string).collect();
    let elsewhere = settings.public_url.as_deref().is_some_and(|url| authority(url) != settings.addr && !is_here(url));
    match (named.is_empty(), elsewhere) {
        (true, true) => {
            let detail = format!(
                "people come by {}, and no proxy is believed: all who are not signed in share one allowance",
                settings.public_url.as_deref().unwrap_or_default()
            );
            Finding::warning(check, detail, "set MUSTER_TRUSTED_PROXIES to the network of the proxy, such as 127.0.0.1")
        }
        (true, false) => Finding::sound(check, "none is believed, and none seems to be there"),
        (false, _) => Finding::sound(check, format!("{} are believed", named.join(", "))),
    }
}

fn rates(settings: &Settings) -> Finding {
    let check = "rate limit";
    match settings.rate_limit {
        None => {
            let remedy = "unset MUSTER_RATE_LIMIT, or set the points that a key may ask for a minute, such as 6000";
            Finding::warning(check, "is off: one caller can keep the service from all others", remedy)
        }
        Some(limits) => Finding::sound(check, format!("{} points a minute for a key", limits.credential)),
    }
}

fn mail(settings: &Settings) -> Finding {
    let check = "mail";
    let public = settings.public_url.as_deref().is_some_and(|url| url.starts_with("https://"));
    match &settings.mail {
        MailRoute::Folder(folder) if public => {
            let detail = format!("goes into files of {}, and reaches nobody", folder.display());
            Finding::warning(
                check,
                detail,
                "set MUSTER_MAIL to your server, such as smtps://USER:PASSWORD@mail.example.org",
            )
        }
        MailRoute::Server(_) if settings.mail_from == DEFAULT_FROM => {
            let detail = format!("comes from {DEFAULT_FROM}, which servers refuse");
            Finding::warning(check, detail, "set MUSTER_MAIL_FROM, such as \"Muster <muster@example.org>\"")
        }
        route @ (MailRoute::Folder(_) | MailRoute::Server(_)) => Finding::sound(check, format!("goes to {route}")),
    }
}

fn seeds(settings: &Settings) -> Finding {
    let check = "seed files";
    let loaded = service::seed_files(settings)
        .and_then(|files| exchange::seeds::load(&files).map_err(|faults| anyhow::anyhow!("{faults}")));
    match loaded {
        Ok(_) => Finding::sound(
            check,
            settings
                .seeds
                .as_ref()
                .map_or("inside the program".to_owned(), |folder| format!("{} is sound", folder.display())),
        ),
        Err(fault) => {
            Finding::fault(check, format!("{fault:#}"), "correct the rows that are named, or unset MUSTER_SEEDS")
        }
    }
}
