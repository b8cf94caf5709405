//! The operator vouches for an organisation, or no longer does.

use domain::{
    audit::{Act, Change, RecordKind},
    ids::OrganisationId,
    organisation::{Organisation, Verification},
};
use storage::{Scope, Stored, organisations as store};

use super::not_found;
use crate::{
    App,
    access::Caller,
    audit::{Deed, Pen},
    error::{AppError, AppResult},
    policy::{Action, Resource, require},
};

/// Writes who vouches for an organisation. What it is already leaves no trace.
///
/// # Errors
/// `Forbidden` for all but the operator; `NotFound`.
pub async fn verify(
    app: &App,
    caller: &Caller,
    id: OrganisationId,
    verification: Verification,
) -> AppResult<Stored<Organisation>> {
    require(caller, Action::Write, Resource::Organisations)?;
    let (now, pen) = (app.clock.now(), Pen::of(app, caller));
    app.store
        .write(move |tx| async move {
            let before = store::set_verification(&tx, id, verification, now).await.map_err(not_found)?;
            if before != verification {
                let changes = vec![Change::of("verification", before.as_str(), verification.as_str())];
                let (act, record) = (Act::Verify, RecordKind::Organisation);
                pen.note(&tx, [Deed { act, record, id: id.0, owner: Some(id), changes }]).await?;
            }
            store::get(&tx, Scope::Operator, id).await.map_err(AppError::from)
        })
        .await
}
