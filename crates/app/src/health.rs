//! Whether requests can be served.

use storage::{PageRequest, Scope};

use crate::{
    App,
    error::{AppError, AppResult},
};

/// The database answers, and has the tables that use cases read.
///
/// # Errors
/// `Unavailable` or `Busy`.
pub async fn ready(app: &App) -> AppResult<()> {
    app.store.ping().await?;
    // A schema that was never migrated has no such table.
    let found = storage::runs::page(&app.store, Scope::Operator, PageRequest::first(1)).await;
    found.map(drop).map_err(|e| AppError::Unavailable { cause: e.to_string() })
}
