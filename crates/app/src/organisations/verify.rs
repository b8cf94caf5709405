//! The operator vouches for an organisation, or no longer does.

use domain::{
    ids::OrganisationId,
    organisation::{Organisation, Verification},
};
use storage::{Scope, Stored, memberships, organisations as store};

use super::{Registration, not_found, registrations};
use crate::{
    App,
    access::Caller,
    audit::Pen,
    error::{AppError, AppResult},
    memberships::reverified,
    policy::{Action, Resource, require},
};

/// Writes that the operator vouches for an organisation, or no longer does; a cluster may do so still. What the
/// operator no longer vouches for vouches for nobody any more. What it is already leaves no trace.
///
/// # Errors
/// `Forbidden` for all but the operator; `NotFound`; what `agree` says of what it is by then.
pub async fn verify<F>(
    app: &App,
    caller: &Caller,
    id: OrganisationId,
    verification: Verification,
    agree: F,
) -> AppResult<Stored<Organisation>>
where
    F: FnOnce(&Registration) -> AppResult<()> + Send + 'static,
{
    // What belongs to others is not even there.
    require(caller, Action::Read, Resource::OwnedBy(id))?;
    require(caller, Action::Write, Resource::Organisations)?;
    let (now, pen) = (app.clock.now(), Pen::of(app, caller));
    app.store
        .write(move |tx| async move {
            let stored = store::get_to_change(&tx, Scope::Operator, id).await.map_err(not_found)?;
            if let Some(registration) = registrations(&tx, vec![stored]).await?.pop() {
                agree(&registration)?;
            }
            let before = store::set_verification(&tx, id, verification, now).await.map_err(not_found)?;
            let (_, after) = memberships::recount(&tx, id, now).await?;
            let mut deeds: Vec<_> = reverified((before, after), id).into_iter().collect();
            if after != Verification::Operator {
                let members = memberships::unvouch_all(&tx, id, now).await?;
                deeds.extend(members.into_iter().filter_map(|(member, counted)| reverified(counted, member)));
            }
            pen.note(&tx, deeds).await?;
            store::get(&tx, Scope::Operator, id).await.map_err(AppError::from)
        })
        .await
}
