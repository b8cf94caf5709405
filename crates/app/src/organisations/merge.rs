//! The operator makes one of two organisations that are the same (ADR 0025).

use domain::{
    audit::{Act, Change, RecordKind},
    ids::OrganisationId,
    organisation::{Organisation, OrganisationKind},
};
use storage::{
    Scope, StoreError, Tx, clusters,
    merging::{self as store, MergeError, Merged},
    organisations,
};

use super::not_found;
use crate::{
    App,
    access::Caller,
    audit::{Deed, Pen},
    error::{AppError, AppResult},
    policy::{Action, Resource, require},
};

/// Whether it is done or only tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merging {
    /// It is done in full and taken back: what it tells is what would happen.
    Rehearse,
    /// It is done.
    Commit,
}

/// Why the transaction ends without a change.
enum Undone {
    Rehearsed(Box<Merged>),
    Refused(AppError),
}

impl From<StoreError> for Undone {
    fn from(fault: StoreError) -> Self {
        Self::Refused(fault.into())
    }
}

impl From<AppError> for Undone {
    fn from(fault: AppError) -> Self {
        Self::Refused(fault)
    }
}

/// Makes everything of `from` that of `into`. `from` is no more then; its name and origin mean `into` from now on,
/// where files are imported and organisations registered.
///
/// # Errors
/// `Forbidden` for all but the operator; `NotFound`; `Conflict` when both are one, one of them alone is a cluster,
/// they trade with each other, or both have promised a record that one source put twice.
pub async fn merge(
    app: &App,
    caller: &Caller,
    (from, into): (OrganisationId, OrganisationId),
    how: Merging,
) -> AppResult<Merged> {
    require(caller, Action::Administer, Resource::Service)?;
    let (now, pen) = (app.clock.now(), Pen::of(app, caller));
    let work = move |tx: Tx| async move {
        let one = organisations::get(&tx, Scope::Operator, from).await.map_err(not_found)?.record;
        let other = organisations::get(&tx, Scope::Operator, into).await.map_err(not_found)?.record;
        fit(&one, &other)?;
        for (cluster, sponsor) in [(from, into), (into, from)] {
            if clusters::get(&tx, cluster).await?.sponsor == Some(sponsor) {
                let detail = format!("{sponsor} is the sponsor of {cluster}; who founded a cluster is not the same");
                return Err(conflict(detail).into());
            }
        }
        let merged = store::merge(&tx, from, into, now).await.map_err(refused)?;
        if how == Merging::Rehearse {
            return Err(Undone::Rehearsed(Box::new(merged)));
        }
        pen.note(&tx, deeds(from, into, &merged)).await?;
        Ok(merged)
    };
    match app.store.write(work).await {
        Ok(merged) => Ok(merged),
        Err(Undone::Rehearsed(merged)) => Ok(*merged),
        Err(Undone::Refused(fault)) => Err(fault),
    }
}

fn fit(from: &Organisation, into: &Organisation) -> AppResult<()> {
    if from.id == into.id {
        return Err(conflict(format!("both are {}; name two", from.id)));
    }
    // A cluster has members, and members need a cluster.
    if (from.kind == OrganisationKind::Cluster) != (into.kind == OrganisationKind::Cluster) {
        let detail = format!("a {} and a {} are not the same", from.kind.as_str(), into.kind.as_str());
        return Err(conflict(detail));
    }
    Ok(())
}

fn refused(fault: MergeError) -> AppError {
    match fault {
        MergeError::Store(fault) => not_found(fault),
        MergeError::Trading(count) => conflict(format!(
            "{count} matches between the two are held or agreed: whoever trades with itself does not trade; let them be \
             declined or cancelled first"
        )),
        MergeError::BothPromised { source_name, external_id } => conflict(format!(
            "both have promised what the source {source_name} calls {external_id}; let the matches of one of them end \
             first"
        )),
    }
}

fn conflict(detail: String) -> AppError {
    AppError::Conflict { code: "wrong_state", detail }
}

/// What the log tells: one entry about the organisation that goes, and one about each record that left the market.
fn deeds(from: OrganisationId, into: OrganisationId, merged: &Merged) -> Vec<Deed> {
    let owner = Some(into);
    let counts = counts(merged).into_iter().filter(|(_, count)| *count > 0);
    let mut changes = vec![Change::to("merged_into", into)];
    changes.extend(counts.map(|(what, count)| Change::to(what, count)));
    let mut deeds = vec![Deed { act: Act::Merge, record: RecordKind::Organisation, id: from.0, owner, changes }];
    let left = |act, record, id| Deed { act, record, id, owner, changes: vec![Change::to("merged_from", from)] };
    deeds.extend(merged.withdrawn.iter().map(|id| left(Act::Withdraw, RecordKind::Offer, id.0)));
    deeds.extend(merged.closed.iter().map(|id| left(Act::Close, RecordKind::Need, id.0)));
    deeds
}

/// How much of each kind moved or ended, by the words for people.
pub fn counts(merged: &Merged) -> Vec<(&'static str, u64)> {
    vec![
        ("sites", merged.sites),
        ("lines", merged.lines),
        ("offers", merged.offers),
        ("needs", merged.needs),
        ("matches", merged.matches),
        ("shortages", merged.shortages),
        ("memberships", merged.memberships),
        ("mandates", merged.mandates),
        ("roles", merged.roles),
        ("keys", merged.keys),
        ("identifiers", merged.identifiers),
        ("imports", merged.imports),
        ("alerts", merged.alerts),
        ("sessions_ended", merged.sessions),
        ("suggestions_expired", merged.expired),
        ("offers_withdrawn", merged.withdrawn.len() as u64),
        ("needs_closed", merged.closed.len() as u64),
    ]
}
