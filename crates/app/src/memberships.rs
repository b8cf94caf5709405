//! Memberships: an organisation asks to join a cluster, the cluster takes it and may vouch for it, either ends it.
//! What was derived from a membership ends in the transaction that ends it.

use domain::{
    audit::{Act, Change, RecordKind},
    cluster::Cluster,
    ids::OrganisationId,
    link::MailKind,
    mandate::Mandate,
    membership::{Membership, MembershipState},
    organisation::{Organisation, OrganisationKind, Verification},
    time::Instant,
    violation::Violations,
};
use storage::{
    Page, PageRequest, Scope, StoreError, Tx, clusters, mandates, memberships as store, organisations, roles,
};

use crate::{
    App,
    access::Caller,
    audit::{Deed, Pen},
    error::{AppError, AppResult},
    mails,
    policy::{Action, Actor, Resource, require},
};

mod enter;
mod entries;

pub use enter::{EntryInput, MOST_MANDATE_DAYS, MandateTerms, enter};
pub(crate) use enter::{mandate_of, terms, told};
pub(crate) use entries::confirmed;
pub use entries::{SILENCE_SECONDS, confirm, forget_silent, refuse};

/// A membership with the name of the other side.
pub type Named = (Membership, String);

/// Which side of a membership acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The organisation that is or wants to be a member.
    Member,
    /// The cluster.
    Cluster,
}

/// A page of the clusters that an organisation belongs to, asked to join, or left.
///
/// # Errors
/// `NotFound` outside of what the caller may see.
pub async fn page_of_member(
    app: &App,
    caller: &Caller,
    of: OrganisationId,
    request: PageRequest,
) -> AppResult<Page<Named>> {
    require(caller, Action::Read, Resource::Inside(of))?;
    existing(&app.store, of).await?;
    Ok(store::page_of_member(&app.store, of, request).await?)
}

/// A page of the members of a cluster, of those who ask to join, and of those who were members.
///
/// # Errors
/// As [`page_of_member`].
pub async fn page_of_cluster(
    app: &App,
    caller: &Caller,
    of: OrganisationId,
    states: &[MembershipState],
    request: PageRequest,
) -> AppResult<Page<Named>> {
    require(caller, Action::Read, Resource::Inside(of))?;
    existing(&app.store, of).await?;
    Ok(store::page_of_cluster(&app.store, of, states, request).await?)
}

/// One membership, to either side, with the name of the other.
///
/// # Errors
/// `NotFound` outside of what the caller may see.
pub async fn get(app: &App, caller: &Caller, (cluster, member): (OrganisationId, OrganisationId)) -> AppResult<Named> {
    let own = caller.actor.organisation();
    require(caller, Action::Read, Resource::Inside(own.unwrap_or(member)))?;
    let found = store::get(&app.store, caller.actor.into(), (cluster, member)).await.map_err(not_found)?;
    let other = if own == Some(cluster) { member } else { cluster };
    Ok((found, organisations::get(&app.store, Scope::Operator, other).await?.record.name))
}

/// Asks to join a cluster, whose admins get a mail. By the operator's word it begins at once.
///
/// # Errors
/// `NotFound` and `Forbidden` for all but its admins and the operator; `Invalid` at `/cluster` when that is no
/// cluster which takes members; `Conflict` when it is a member or has asked already.
pub async fn ask(app: &App, caller: &Caller, member: OrganisationId, cluster: OrganisationId) -> AppResult<Named> {
    require(caller, Action::Administer, Resource::OwnedBy(member))?;
    let (this, pen, now, operator) = (app.clone(), Pen::of(app, caller), app.clock.now(), is_operator(caller));
    let may_mail = app.guesses.may_tell_of_joining(member, cluster);
    let asked = app.store.write(move |tx| async move {
        existing(&tx, member).await?;
        let found = open_cluster(&tx, cluster, now).await?.filter(|_| cluster != member);
        let found = found.filter(|o| operator || o.verification == Verification::Operator);
        let Some(organisation) = found else {
            let detail = format!("{cluster} is no cluster that takes members; GET /api/v1/directory lists them");
            return Err(AppError::Invalid(Violations::one("/cluster", "unknown_organisation", detail)));
        };
        match store::get_to_change(&tx, cluster, member).await {
            Err(StoreError::NotFound) => {}
            Err(e) => return Err(e.into()),
            Ok(before) => match before.state {
                MembershipState::Ended => {}
                MembershipState::Requested => return Err(wrong_state("it has asked already; the cluster decides")),
                MembershipState::Active => return Err(wrong_state("it is a member already")),
            },
        }
        let asked = Membership::requested(cluster, member, now);
        let asked = if operator { asked.begun(now) } else { asked };
        store::put(&tx, &asked, now).await?;
        if !operator && may_mail {
            for admin in roles::admins(&tx, cluster).await? {
                mails::queue(&this, &tx, MailKind::Joining, admin, Some(member), now).await?;
            }
        }
        let owner = if operator { member } else { cluster };
        pen.note(&tx, [deed(Act::Request, &asked, owner, vec![Change::to("state", asked.state.as_str())])]).await?;
        Ok((asked, organisation.name))
    });
    let asked = asked.await?;
    mails::ring(app);
    Ok(asked)
}

/// Takes an organisation that asked to join.
///
/// # Errors
/// `NotFound` and `Forbidden` for all but the cluster's admins and the operator; `Conflict` when it did not ask, or
/// the cluster is over.
pub async fn accept(app: &App, caller: &Caller, cluster: OrganisationId, member: OrganisationId) -> AppResult<Named> {
    require(caller, Action::Administer, Resource::OwnedBy(cluster))?;
    let (pen, now) = (Pen::of(app, caller), app.clock.now());
    app.store
        .write(move |tx| async move {
            let open = open_cluster(&tx, cluster, now).await?;
            let before = store::get_to_change(&tx, cluster, member).await.map_err(not_found)?;
            match before.state {
                MembershipState::Requested => {}
                MembershipState::Active => return Err(wrong_state("it is a member already")),
                MembershipState::Ended => return Err(wrong_state("it did not ask to join, or no longer does")),
            }
            if open.is_none() {
                return Err(wrong_state("the cluster is over; it takes nobody any more"));
            }
            let begun = before.begun(now);
            store::put(&tx, &begun, now).await?;
            let change = Change::of("state", before.state.as_str(), begun.state.as_str());
            pen.note(&tx, [deed(Act::Accept, &begun, member, vec![change])]).await?;
            Ok((begun, name_of(&tx, member).await?))
        })
        .await
}

/// Ends a membership, or refuses or takes back a request for one. With it end, at once, what the cluster vouched for
/// and what the member mandated it to do.
///
/// # Errors
/// `NotFound` and `Forbidden` for all but the admins of that side and the operator; `Conflict` when it has ended.
pub async fn end(
    app: &App,
    caller: &Caller,
    (cluster, member): (OrganisationId, OrganisationId),
    side: Side,
) -> AppResult<Named> {
    let (own, other, act) = match side {
        Side::Member => (member, cluster, Act::End),
        Side::Cluster => (cluster, member, Act::Remove),
    };
    require(caller, Action::Administer, Resource::OwnedBy(own))?;
    let (pen, now, operator) = (Pen::of(app, caller), app.clock.now(), is_operator(caller));
    app.store
        .write(move |tx| async move {
            organisations::lock(&tx, member).await?;
            let before = store::get_to_change(&tx, cluster, member).await.map_err(not_found)?;
            if before.state == MembershipState::Ended {
                return Err(wrong_state("it has ended already"));
            }
            let mut deeds = ended(&tx, &before, act, now).await?;
            // Both sides read of it: the one acted, the other owns the entry.
            let both = |deed: &&mut Deed| [RecordKind::Membership, RecordKind::Mandate].contains(&deed.record);
            for deed in deeds.iter_mut().filter(both) {
                deed.owner = Some(if operator { member } else { other });
            }
            pen.note(&tx, deeds).await?;
            Ok((before.ended(now), name_of(&tx, other).await?))
        })
        .await
}

/// Ends a membership with all that is derived from it, and tells what was done.
pub(crate) async fn ended(tx: &Tx, before: &Membership, act: Act, now: Instant) -> AppResult<Vec<Deed>> {
    let after = before.ended(now);
    store::put(tx, &after, now).await?;
    let change = Change::of("state", before.state.as_str(), after.state.as_str());
    let mut deeds = vec![deed(act, &after, after.member, vec![change])];
    // From what was only asked for nothing is derived.
    if before.state != MembershipState::Active {
        return Ok(deeds);
    }
    deeds.extend(reverified(store::recount(tx, after.member, now).await?, after.member));
    deeds.extend(mandates::end_between(tx, after.member, after.cluster, now).await?.iter().map(mandate_ended));
    Ok(deeds)
}

/// Vouches for a member, or no longer.
///
/// # Errors
/// `NotFound`; `Forbidden` for all but the admins of a cluster that the operator vouches for; `Conflict` when it is no
/// active member, or none that a cluster may vouch for.
pub async fn verify(
    app: &App,
    caller: &Caller,
    (cluster, member): (OrganisationId, OrganisationId),
    vouch: bool,
) -> AppResult<Named> {
    require(caller, Action::Administer, Resource::OwnedBy(cluster))?;
    let (pen, now) = (Pen::of(app, caller), app.clock.now());
    app.store
        .write(move |tx| async move {
            let verified = require_verified(&tx, cluster, now).await;
            organisations::lock(&tx, member).await?;
            let before = store::get_to_change(&tx, cluster, member).await.map_err(not_found)?;
            if before.state != MembershipState::Active {
                return Err(wrong_state("it is no member; only for members can a cluster vouch"));
            }
            if vouch {
                verified?;
                let kind = organisations::get(&tx, Scope::Operator, member).await?.record.kind;
                if kind != OrganisationKind::Firm {
                    let kind = kind.as_str();
                    return Err(wrong_state(&format!("only the operator vouches for a {kind}, a cluster for firms")));
                }
            }
            let after = Membership { vouched_at: vouch.then(|| before.vouched_at.unwrap_or(now)), ..before };
            if after != before {
                store::put(&tx, &after, now).await?;
                let counted = store::recount(&tx, member, now).await?;
                let change = Change::of("vouched", before.vouched_at.is_some(), vouch);
                let mut deeds = vec![deed(Act::Verify, &after, member, vec![change])];
                deeds.extend(reverified(counted, member));
                pen.note(&tx, deeds).await?;
            }
            Ok((after, name_of(&tx, member).await?))
        })
        .await
}

/// A cluster that is there and not over. Whoever would close it, or no longer vouch for it, waits until the transaction
/// ends; it is asked for before memberships are, so that nobody waits in a circle.
pub(crate) async fn open_cluster(tx: &Tx, id: OrganisationId, now: Instant) -> AppResult<Option<Organisation>> {
    organisations::lock(tx, id).await?;
    let found = match organisations::get(tx, Scope::Operator, id).await {
        Ok(stored) if stored.record.kind == OrganisationKind::Cluster => stored.record,
        Ok(_) | Err(StoreError::NotFound) => return Ok(None),
        Err(e) => return Err(e.into()),
    };
    let cluster: Cluster = clusters::get(tx, id).await?;
    Ok(Some(found).filter(|_| !cluster.is_over(now)))
}

/// Refuses what only a cluster may that the operator vouches for and that is not over.
pub(crate) async fn require_verified(tx: &Tx, id: OrganisationId, now: Instant) -> AppResult<()> {
    let open = open_cluster(tx, id, now).await?;
    if open.is_some_and(|cluster| cluster.verification == Verification::Operator) {
        return Ok(());
    }
    let detail = "only a cluster that the operator vouches for, and that is not over, may do this";
    Err(AppError::Forbidden { detail: detail.to_owned() })
}

/// That the verification of an organisation changed, if it did.
pub(crate) fn reverified((before, after): (Verification, Verification), member: OrganisationId) -> Option<Deed> {
    let changes = vec![Change::of("verification", before.as_str(), after.as_str())];
    let (act, record) = (Act::Verify, RecordKind::Organisation);
    (before != after).then_some(Deed { act, record, id: member.0, owner: Some(member), changes })
}

/// That a mandate ended.
pub(crate) fn mandate_ended(mandate: &Mandate) -> Deed {
    let (act, record, owner) = (Act::End, RecordKind::Mandate, Some(mandate.organisation));
    Deed { act, record, id: mandate.id.0, owner, changes: Vec::new() }
}

pub(crate) fn deed(act: Act, of: &Membership, owner: OrganisationId, mut changes: Vec<Change>) -> Deed {
    changes.insert(0, Change::to("cluster", of.cluster));
    Deed { act, record: RecordKind::Membership, id: of.member.0, owner: Some(owner), changes }
}

async fn name_of(tx: &Tx, id: OrganisationId) -> AppResult<String> {
    Ok(organisations::get(tx, Scope::Operator, id).await?.record.name)
}

async fn existing(reader: &impl storage::Reads, id: OrganisationId) -> AppResult<()> {
    match organisations::get(reader, Scope::Operator, id).await {
        Ok(_) => Ok(()),
        Err(StoreError::NotFound) => Err(AppError::NotFound { what: "organisation" }),
        Err(e) => Err(e.into()),
    }
}

fn is_operator(caller: &Caller) -> bool {
    caller.actor == Actor::Operator
}

fn wrong_state(detail: &str) -> AppError {
    AppError::Conflict { code: "wrong_state", detail: detail.to_owned() }
}

fn not_found(error: StoreError) -> AppError {
    match error {
        StoreError::NotFound => AppError::NotFound { what: "membership" },
        other => other.into(),
    }
}
