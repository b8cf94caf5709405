//! The operator's list of notified bodies, by which certificates are looked into. A file replaces the whole of it.

use std::collections::BTreeSet;

use domain::{notified_body::NotifiedBody, violation::Violations};
use exchange::{notified_bodies, tables::RowFault};
use storage::{Store, notified_bodies as store};

use crate::{App, error::AppResult};

/// What became of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Loaded {
    /// How many bodies the file has.
    pub bodies: usize,
    /// How many there were before.
    pub before: usize,
    /// Faults of rows; with one of them nothing is stored.
    pub faults: Vec<RowFault>,
}

/// Puts the list of a file in place of what there was. Certificates that were looked into before stay as they are.
///
/// # Errors
/// `Invalid` when the file cannot be read; faulty rows stand in the answer.
pub async fn load(app: &App, bytes: &[u8]) -> AppResult<Loaded> {
    let tables = app.tables();
    let frames: BTreeSet<&str> = tables.catalogue.parts().frames.iter().map(|frame| frame.code.as_str()).collect();
    let file = notified_bodies::read(bytes, &frames, &tables.regions)
        .map_err(|fault| Violations::one("", "bad_file", fault.to_string()))?;
    let before = store::all(&app.store).await?.len();
    let loaded = Loaded { bodies: file.bodies.len(), before, faults: file.faults };
    if loaded.faults.is_empty() {
        let bodies = file.bodies;
        app.store.write(async move |tx| store::replace(&tx, &bodies).await).await?;
    }
    Ok(loaded)
}

/// The list as it stands, by number.
///
/// # Errors
/// Those of the database.
pub async fn all(from: &Store) -> AppResult<Vec<NotifiedBody>> {
    Ok(store::all(from).await?)
}
