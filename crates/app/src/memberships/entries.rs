//! What a firm says, by the link that was mailed to it, of what a cluster entered for it.

use domain::{
    audit::{Act, Change, RecordKind},
    ids::{OrganisationId, PersonId},
    link::{LinkPurpose, MailKind},
    membership::MembershipState,
    time::Instant,
};
use secrecy::SecretString;
use storage::{
    StoreError, Tx, mandates, memberships as store, needs, offers,
    organisations::{self, Entry},
    roles,
};

use super::{deed, ended};
use crate::{
    App,
    access::{Caller, Credential},
    audit::{Deed, Pen},
    error::{AppError, AppResult},
    links, mails, people,
};

/// Why what was entered for a firm waits for a reviewer after the firm refused it.
const REFUSED: &str = "the organisation refused what was entered for it";

/// The firm stands by what was entered: the mandate is confirmed, and a mail tells how to act for the firm.
///
/// # Errors
/// `Invalid` at `/token` when the link does not work.
pub async fn confirm(app: &App, token: &SecretString) -> AppResult<()> {
    let (this, token, now) = (app.clone(), token.clone(), app.clock.now());
    app.store
        .write(move |tx| async move {
            let (person, organisation, entry) = taken(&tx, &token, now).await?;
            let known = storage::people::get(&tx, person).await?.0;
            let mut deeds = confirmed(&tx, organisation, entry, now).await?;
            let kind = if known.active_at.is_some() { MailKind::Role } else { MailKind::Invitation };
            // A role that was taken meanwhile needs no mail.
            if roles::of(&tx, organisation, person).await.is_ok_and(|role| role.accepted_at.is_none()) {
                mails::queue(&this, &tx, kind, person, Some(organisation), now).await?;
            }
            let by_link = Caller::alone(Credential::Link, Some(person));
            if deeds.is_empty() {
                deeds.push(organisation_deed(Act::Confirm, organisation));
            }
            Pen::of(&this, &by_link).note(&tx, deeds).await
        })
        .await?;
    mails::ring(app);
    Ok(())
}

/// Notes that a firm stands by what a cluster entered for it, and tells what was done; nothing where it did before, or
/// nobody entered it.
pub(crate) async fn confirmed(
    tx: &Tx,
    organisation: OrganisationId,
    entry: Entry,
    now: Instant,
) -> AppResult<Vec<Deed>> {
    let Some(cluster) = entry.by.filter(|_| entry.confirmed_at.is_none()) else { return Ok(Vec::new()) };
    organisations::set_entry(tx, organisation, Entry { confirmed_at: Some(now), ..entry }, now).await?;
    let mut deeds = vec![organisation_deed(Act::Confirm, organisation)];
    if let Some(mandate) = mandates::open(tx, organisation, cluster).await?.filter(|m| m.confirmed_at.is_none()) {
        mandates::confirm(tx, mandate.id, now).await?;
        let (act, record, owner) = (Act::Confirm, RecordKind::Mandate, Some(organisation));
        deeds.push(Deed { act, record, id: mandate.id.0, owner, changes: Vec::new() });
    }
    Ok(deeds)
}

/// The firm refuses what was entered: mandate and membership end, its offers and needs leave the market until a
/// reviewer looks at them, and who was named as its signatory is forgotten, unless there is an account.
///
/// # Errors
/// As [`confirm`].
pub async fn refuse(app: &App, token: &SecretString) -> AppResult<()> {
    let (this, token, now) = (app.clone(), token.clone(), app.clock.now());
    app.store
        .write(move |tx| async move {
            let (person, organisation, entry) = taken(&tx, &token, now).await?;
            let mut deeds = vec![organisation_deed(Act::Refuse, organisation)];
            if let Some(cluster) = entry.by {
                let membership = store::get_to_change(&tx, cluster, organisation).await;
                match membership {
                    Ok(before) if before.state != MembershipState::Ended => {
                        deeds.extend(ended(&tx, &before, Act::End, now).await?);
                        // The cluster reads of it as well.
                        deeds.push(deed(Act::End, &before, cluster, Vec::new()));
                    }
                    Ok(_) | Err(StoreError::NotFound) => {}
                    Err(e) => return Err(e.into()),
                }
            }
            if let Ok(role) = roles::of(&tx, organisation, person).await
                && role.accepted_at.is_none()
            {
                roles::remove(&tx, organisation, person).await?;
                let owner = Some(organisation);
                let gone = Change { field: "role".to_owned(), from: Some(role.role.as_str().to_owned()), to: None };
                let (act, record) = (Act::Remove, RecordKind::Role);
                deeds.push(Deed { act, record, id: role.id.0, owner, changes: vec![gone] });
            }
            let waiting = |record, id| {
                let changes = vec![Change::to("quarantine", REFUSED)];
                Deed { act: Act::Update, record, id, owner: Some(organisation), changes }
            };
            let held = offers::quarantine_all(&tx, organisation, REFUSED, now).await?;
            deeds.extend(held.into_iter().map(|id| waiting(RecordKind::Offer, id.0)));
            let held = needs::quarantine_all(&tx, organisation, REFUSED, now).await?;
            deeds.extend(held.into_iter().map(|id| waiting(RecordKind::Need, id.0)));
            let by_link = Caller::alone(Credential::Link, Some(person));
            if people::forget_contact(&tx, person, now).await? {
                deeds.push(people::deed(Act::Erase, RecordKind::Person, person.0));
            }
            Pen::of(&this, &by_link).note(&tx, deeds).await
        })
        .await?;
    if let Err(error) = app.store.settle().await {
        tracing::warn!(%error, "the journal of the database still holds what was erased");
    }
    Ok(())
}

/// How long what was entered waits for an answer before who was named for it is forgotten, in seconds: 60 days.
pub const SILENCE_SECONDS: i64 = 60 * 86_400;

/// Forgets who was named for firms that clusters entered and never answered; answers how many. Membership and mandate
/// stand on, on the cluster's word, and the firm can still be claimed.
///
/// # Errors
/// Those of the database.
pub async fn forget_silent(app: &App) -> AppResult<usize> {
    let now = app.clock.now();
    let silent = roles::silent(&app.store, now.plus_micros(-SILENCE_SECONDS * 1_000_000)).await?;
    for role in &silent {
        let (role, pen) = (*role, Pen::of(app, &Caller::command_line()));
        let work = move |tx: Tx| async move {
            roles::remove(&tx, role.organisation, role.person).await?;
            let owner = Some(role.organisation);
            let gone = Change { field: "role".to_owned(), from: Some(role.role.as_str().to_owned()), to: None };
            let (act, record) = (Act::Remove, RecordKind::Role);
            let mut deeds = vec![Deed { act, record, id: role.id.0, owner, changes: vec![gone] }];
            if people::forget_contact(&tx, role.person, now).await? {
                deeds.push(people::deed(Act::Erase, RecordKind::Person, role.person.0));
            }
            pen.note(&tx, deeds).await
        };
        app.store.write(work).await?;
    }
    if !silent.is_empty()
        && let Err(error) = app.store.settle().await
    {
        tracing::warn!(%error, "the journal of the database still holds what was erased");
    }
    Ok(silent.len())
}

/// Whom a link is for, used up from now on.
async fn taken(tx: &Tx, token: &SecretString, now: Instant) -> AppResult<(PersonId, OrganisationId, Entry)> {
    let link = links::take(tx, LinkPurpose::Entry, token, now).await?;
    let (Some(person), Some(organisation)) = (link.person, link.organisation) else {
        return Err(AppError::internal("a link about an entry names nobody"));
    };
    let entry = organisations::entries(tx, [organisation]).await?.remove(&organisation).unwrap_or_default();
    // It speaks for the firm only as long as nobody of the firm does, and the person is still named for it.
    let named = roles::of(tx, organisation, person).await.is_ok_and(|role| role.accepted_at.is_none());
    if entry.confirmed_at.is_some() || !named {
        return Err(links::void());
    }
    Ok((person, organisation, entry))
}

fn organisation_deed(act: Act, id: OrganisationId) -> Deed {
    Deed { act, record: RecordKind::Organisation, id: id.0, owner: Some(id), changes: Vec::new() }
}
