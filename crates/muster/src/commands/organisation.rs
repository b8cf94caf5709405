//! The organisation that a flag names.

use anyhow::{Result, anyhow};
use domain::{ids::OrganisationId, text};
use storage::{PageRequest, Scope, organisations::OrganisationFilter};

use crate::service::Service;

/// Organisations of one name that are looked at.
const MOST: u32 = 100;

/// The organisation of an id or a name.
pub(super) async fn find(service: &Service, named: &str) -> Result<OrganisationId> {
    let store = &service.app.store;
    let remedy = "`muster org list` lists them";
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
