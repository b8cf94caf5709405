//! What the tests of this binary start from.

use domain::{
    organisation::{Organisation, Site},
    time::Instant,
};
use storage::{Store, StoreError, organisations, sites};
use testkit::Builder;

/// The instant that tests write at where it does not matter.
pub fn now() -> Instant {
    Instant::parse("2020-04-20T08:00:00Z").unwrap()
}

/// A stored firm with a stored site.
pub async fn firm(store: &Store, make: &Builder, name: &str) -> (Organisation, Site) {
    let organisation = make.organisation(name);
    let site = make.site(&organisation);
    let rows = (organisation.clone(), site.clone());
    store
        .write(async move |tx| {
            organisations::insert(&tx, &rows.0, None, now()).await?;
            sites::insert(&tx, &rows.1, now()).await
        })
        .await
        .unwrap();
    (organisation, site)
}

/// Adds an organisation.
pub async fn add(store: &Store, organisation: &Organisation) -> Result<(), StoreError> {
    let organisation = organisation.clone();
    store.write(async move |tx| organisations::insert(&tx, &organisation, None, now()).await).await
}
