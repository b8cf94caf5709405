//! `muster token`: keys of machines, made, listed and revoked by the operator.

use anyhow::{Result, anyhow, bail};
use app::{
    access::Caller,
    api_keys::{self, ApiKeyInput},
};
use domain::{
    api_key::{AccessScope, ApiKey},
    time::Instant,
};
use exchange::safe_csv::Cell;
use serde_json::json;
use storage::PageRequest;

use super::organisation;
use crate::{
    Ended,
    cli::Format,
    config::Settings,
    output,
    service::{Catalogue, Service},
};

/// A key as asked for.
pub(super) struct Asked<'a> {
    /// The organisation's name or id; the operator's key where none.
    pub org: Option<&'a str>,
    pub seconds: i64,
    pub scopes: &'a str,
    pub name: &'a str,
}

/// Makes a key for an organisation, or for the operator when none is named, and prints it.
pub(super) async fn create(settings: &Settings, asked: &Asked<'_>, format: Format) -> Result<Ended> {
    let service = Service::open(settings, Catalogue::Ensure).await?;
    let organisation = match asked.org {
        Some(name) => Some(organisation::find(&service, name).await?),
        None => None,
    };
    let input = ApiKeyInput {
        organisation,
        name: asked.name.to_owned(),
        scopes: asked.scopes.split(',').map(|scope| scope.trim().to_owned()).collect(),
        seconds: Some(asked.seconds),
    };
    let made = api_keys::create(&service.app, &Caller::command_line(), &input).await;
    let (key, secret) = made.map_err(|fault| anyhow!("the key cannot be made: {fault}"))?;
    let text = api_keys::shown(&secret);
    match format {
        Format::Json => output::print_json(&json!({ "token": text, "key": json_of(&key) }))?,
        Format::Table | Format::Csv => output::print(text)?,
    }
    Ok(Ended::Done)
}

/// Lists keys, those of one organisation where it is named.
pub(super) async fn list(settings: &Settings, org: Option<&str>, format: Format) -> Result<Ended> {
    let service = Service::open(settings, Catalogue::Ensure).await?;
    let organisation = match org {
        Some(name) => Some(organisation::find(&service, name).await?),
        None => None,
    };
    let mut keys = every(&service).await?;
    if organisation.is_some() {
        keys.retain(|key| key.organisation == organisation);
    }
    let now = service.app.clock.now();
    let header = ["key", "name", "organisation", "scopes", "state", "expires", "last used"];
    let row = |key: &ApiKey| {
        [
            key.prefix.clone(),
            key.name.clone(),
            key.organisation.map_or_else(|| "operator".to_owned(), |id| id.to_string()),
            key.scopes.to_string(),
            key.state(now).to_owned(),
            key.expires_at.to_string(),
            key.last_used_at.map_or_else(|| "never".to_owned(), |at| at.to_string()),
        ]
    };
    match format {
        Format::Json => output::print_json(&keys.iter().map(json_of).collect::<Vec<_>>())?,
        Format::Csv => {
            let cells = keys.iter().map(|key| row(key).map(Cell::Text).into());
            output::print_csv(&header, cells)?;
        }
        Format::Table if keys.is_empty() => output::complain("there is no key yet; `muster token create` makes one"),
        Format::Table => {
            // The width of a page: days without hours, and whose a key is only in JSON and CSV.
            let day = |at: Instant| at.day().to_string();
            let rows = keys.iter().map(|key| {
                let last = key.last_used_at.map_or_else(|| "never".to_owned(), day);
                let [prefix, name, _, scopes, state, ..] = row(key);
                vec![prefix, name, scopes, state, day(key.expires_at), last]
            });
            let header = ["key", "name", "scopes", "state", "expires", "last used"];
            output::print(&output::table(&header, &[], rows))?;
        }
    }
    Ok(Ended::Done)
}

/// Revokes the key of an id or of a beginning.
pub(super) async fn revoke(settings: &Settings, named: &str, format: Format) -> Result<Ended> {
    let service = Service::open(settings, Catalogue::Ensure).await?;
    // Whoever pastes the whole key means the key.
    let begins =
        |key: &ApiKey| named == key.prefix || named.strip_prefix(&key.prefix).is_some_and(|r| r.starts_with('_'));
    let found = every(&service).await?.into_iter().find(|key| key.id.to_string() == named || begins(key));
    let Some(key) = found else {
        bail!("there is no such key; `muster token list` prints how each begins");
    };
    let revoked = api_keys::revoke(&service.app, &Caller::command_line(), key.id).await;
    let revoked = revoked.map_err(|fault| anyhow!("the key cannot be revoked: {fault}"))?;
    match format {
        Format::Json => output::print_json(&json_of(&revoked))?,
        Format::Table | Format::Csv => output::print(&format!("{} is revoked", revoked.prefix))?,
    }
    Ok(Ended::Done)
}

/// Every key there is.
async fn every(service: &Service) -> Result<Vec<ApiKey>> {
    let (mut keys, mut request) = (Vec::new(), PageRequest::first(PageRequest::MOST));
    loop {
        let page = api_keys::page(&service.app, &Caller::command_line(), request).await;
        let page = page.map_err(|fault| anyhow!("the keys cannot be listed: {fault}"))?;
        keys.extend(page.items);
        match page.next {
            Some(key) => request.after = Some(key),
            None => return Ok(keys),
        }
    }
}

fn json_of(key: &ApiKey) -> serde_json::Value {
    json!({
        "id": key.id, "prefix": key.prefix, "name": key.name, "organisation": key.organisation,
        "operator": key.organisation.is_none(), "scopes": key.scopes.iter().map(AccessScope::as_str).collect::<Vec<_>>(),
        "created_at": key.created_at.to_string(), "expires_at": key.expires_at.to_string(),
        "last_used_at": key.last_used_at.map(|at| at.to_string()),
        "revoked_at": key.revoked_at.map(|at| at.to_string()),
    })
}
