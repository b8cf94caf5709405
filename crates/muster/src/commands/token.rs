//! `muster token create`.

use anyhow::{Context, Result, anyhow};
use app::Actor;
use domain::{ids::OrganisationId, text};
use serde_json::json;
use storage::{PageRequest, Scope, organisations::OrganisationFilter};

use crate::{
    Ended,
    cli::Format,
    config::Settings,
    output,
    service::{Catalogue, Service},
};

/// Organisations of one name that are looked at.
const MOST: u32 = 100;

/// Prints a token for an organisation, or for the operator when none is named.
pub(super) async fn create(settings: &Settings, org: Option<&str>, seconds: i64, format: Format) -> Result<Ended> {
    let service = Service::open(settings, Catalogue::Ensure).await?;
    let actor = match org {
        Some(name) => Actor::Organisation(find(&service, name).await?),
        None => Actor::Operator,
    };
    let app = &service.app;
    let token = app.keys.issue(actor, seconds, app.clock.as_ref(), &app.ids).context("the token cannot be signed")?;
    match format {
        Format::Json => {
            let organisation = actor.organisation();
            let operator = organisation.is_none();
            output::print_json(&json!({
                "token": token, "organisation": organisation, "operator": operator, "seconds": seconds,
            }))?;
        }
        Format::Table | Format::Csv => output::print(&token)?,
    }
    Ok(Ended::Done)
}

/// The organisation of an id or a name.
async fn find(service: &Service, named: &str) -> Result<OrganisationId> {
    let store = &service.app.store;
    let remedy = "list them with GET /api/v1/organisations, or write the id";
    if let Ok(id) = named.parse::<OrganisationId>() {
        return match storage::organisations::get(store, Scope::Operator, id).await {
            Ok(found) => Ok(found.record.id),
            Err(storage::StoreError::NotFound) => Err(anyhow!("there is no organisation {id}; {remedy}")),
            Err(fault) => Err(anyhow!("the organisation cannot be looked up: {fault}")),
        };
    }
    let filter = OrganisationFilter { kind: None, query: Some(named.to_owned()) };
    let page = storage::organisations::page(store, Scope::Operator, &filter, PageRequest::first(MOST)).await;
    let page = page.map_err(|fault| anyhow!("the organisation cannot be looked up: {fault}"))?;
    let wanted = text::fold(named);
    let named_so = page.items.iter().map(|o| &o.record).filter(|o| text::fold(&o.name) == wanted);
    match named_so.collect::<Vec<_>>().as_slice() {
        [one] => Ok(one.id),
        [] => Err(anyhow!("there is no organisation called {named:?}; {remedy}")),
        several => {
            let ids: Vec<String> = several.iter().map(|o| o.id.to_string()).collect();
            Err(anyhow!("{} organisations are called {named:?}; write one of the ids: {}", ids.len(), ids.join(", ")))
        }
    }
}
