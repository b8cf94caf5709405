//! Who is asked to answer a call, and who is reminded.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    audit::{Act, Change},
    call::{
        Call, CallState, Invitation,
        standing::{Asked, Counted, asked_of},
    },
    ids::{CallId, OrganisationId},
    link::MailKind,
    organisation::{Organisation, OrganisationKind, Verification},
    time::Instant,
    violation::Violations,
};
use storage::{Page, PageRequest, Scope, Tx, calls as store, memberships, organisations, roles, sites};

use super::{deed, issued, not_found, of_issuer, reader_of, standing::Standing, wrong_state};
use crate::{
    App, Tables,
    access::Caller,
    audit::Pen,
    error::{AppError, AppResult},
    mails,
    memberships::open_cluster,
    policy::Action,
};

/// The most organisations that are invited to one call.
pub const MOST_INVITED: usize = 5_000;
/// How long an issuer waits between reminders by hand, in microseconds: 12 hours.
const BETWEEN: i64 = 12 * 3_600 * 1_000_000;

/// Whom to invite, as typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InviteInput {
    /// Organisations, one by one.
    pub organisations: Vec<OrganisationId>,
    /// Clusters all of whose members are invited.
    pub members_of: Vec<OrganisationId>,
    /// Whether every verified cluster in the call's regions is invited.
    pub clusters_in_regions: bool,
    /// Whether it is only counted, and nobody invited.
    pub dry_run: bool,
}

/// How many were invited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invited {
    /// Of them, invited now.
    pub invited: usize,
    /// Invited before.
    pub already: usize,
    /// Of those invited now, how many have nobody who gets a mail: firms that a cluster entered and that have no account.
    pub without_account: usize,
    /// Whether it was only counted.
    pub dry_run: bool,
}

/// Invites organisations to a call. Once it is open their admins get a mail at once, else when it opens.
///
/// # Errors
/// `NotFound` and `Forbidden` for all but its issuer; `Conflict` when it is over; `Invalid` with every one who cannot be
/// invited.
pub async fn invite(app: &App, caller: &Caller, id: CallId, input: InviteInput) -> AppResult<Invited> {
    let (this, now, pen, caller) = (app.clone(), app.clock.now(), Pen::of(app, caller), caller.clone());
    let done = app.store.write(move |tx| async move {
        let call = issued(&tx, &caller, id, now).await?.record;
        if !call.state.may_become(CallState::Cancelled) {
            return Err(wrong_state(format!("the call is {}; nobody is invited any more", call.state.as_str())));
        }
        let wanted = wanted(&tx, &this.tables(), &call, &input, now).await?;
        let known: BTreeSet<OrganisationId> =
            store::invitations::of(&tx, id).await?.into_iter().map(|invitation| invitation.organisation).collect();
        let new: Vec<Invitation> = wanted.iter().filter(|i| !known.contains(&i.organisation)).copied().collect();
        if known.len() + new.len() > MOST_INVITED {
            let detail = format!("{} would be invited; at most {MOST_INVITED} may be", known.len() + new.len());
            return Err(Violations::one("", "too_many", detail).into());
        }
        let ids: Vec<OrganisationId> = new.iter().map(|invitation| invitation.organisation).collect();
        let mut without_account = 0;
        for organisation in &ids {
            without_account += usize::from(!roles::has_admin(&tx, *organisation).await?);
        }
        let (invited, already) = (new.len(), wanted.len() - new.len());
        let counted = Invited { invited, already, without_account, dry_run: input.dry_run };
        if input.dry_run || new.is_empty() {
            return Ok(counted);
        }
        store::invitations::insert(&tx, &new).await?;
        if call.takes_answers(now) {
            mail(&this, &tx, &call, &ids, now).await?;
        }
        pen.note(&tx, [deed(Act::Invite, &call, vec![Change::to("invited", invited)])]).await?;
        Ok(counted)
    });
    let done = done.await?;
    mails::ring(app);
    Ok(done)
}

/// Whom an issuer means, each once; one by one goes before as a member.
async fn wanted(
    tx: &Tx,
    tables: &Tables,
    call: &Call,
    input: &InviteInput,
    now: Instant,
) -> AppResult<Vec<Invitation>> {
    let mut faults = Violations::new();
    for (pointer, count) in [("/organisations", input.organisations.len()), ("/members_of", input.members_of.len())] {
        if count > MOST_INVITED {
            faults.push(pointer, "too_many", format!("has {count} entries; write at most {MOST_INVITED}"));
        }
    }
    if input.organisations.is_empty() && input.members_of.is_empty() && !input.clusters_in_regions {
        faults.push(
            "/organisations",
            "missing",
            "names nobody; write organisations, members_of or clusters_in_regions",
        );
    }
    faults.into_result()?;
    let mut faults = Violations::new();
    let (mut found, call_id) = (BTreeMap::new(), call.id);
    let mut add = |organisation: OrganisationId, through: Option<OrganisationId>| {
        let invitation = Invitation { call: call_id, organisation, through, invited_at: now, reminded_at: None };
        if organisation != call.organisation {
            found.entry(organisation).or_insert(invitation);
        }
    };
    let named = organisations::get_many(tx, Scope::Operator, input.organisations.iter().copied()).await?;
    let named: BTreeMap<OrganisationId, Organisation> = named.into_iter().map(|o| (o.id, o)).collect();
    for (i, id) in input.organisations.iter().enumerate() {
        let at = format!("/organisations/{i}");
        match named.get(id) {
            None => faults.push(at, "unknown_organisation", format!("{id} is no organisation")),
            Some(o) if o.kind == OrganisationKind::Portal || o.id == call.organisation => {
                faults.push(at, "not_invitable", format!("{id} offers nothing to you: it is a portal, or the issuer"));
            }
            Some(o) => add(o.id, None),
        }
    }
    if input.clusters_in_regions {
        for cluster in in_regions(tx, tables, call, now).await? {
            add(cluster, None);
        }
    }
    for (i, id) in input.members_of.iter().enumerate() {
        let cluster = open_cluster(tx, *id, now).await?;
        if cluster.is_none_or(|cluster| cluster.verification != Verification::Operator) {
            let detail = format!("{id} is no cluster that the operator vouches for; GET /api/v1/directory lists them");
            faults.push(format!("/members_of/{i}"), "unknown_organisation", detail);
            continue;
        }
        for member in memberships::members(tx, *id).await? {
            add(member, Some(*id));
        }
    }
    faults.into_result()?;
    Ok(found.into_values().collect())
}

/// The verified clusters that are not over and have a site in the regions of a call, or their country where they have none.
async fn in_regions(tx: &Tx, tables: &Tables, call: &Call, now: Instant) -> AppResult<Vec<OrganisationId>> {
    let mut all: Vec<Organisation> = Vec::new();
    let mut request = PageRequest::first(PageRequest::MOST);
    loop {
        let page = organisations::directory(tx, Some(OrganisationKind::Cluster), now.day(), request).await?;
        all.extend(page.items.into_iter().map(|stored| stored.record));
        match page.next {
            Some(next) => request.after = Some(next),
            None => break,
        }
    }
    let ids: Vec<OrganisationId> = all.iter().map(|cluster| cluster.id).collect();
    let mut places: BTreeMap<OrganisationId, Vec<_>> = BTreeMap::new();
    for site in sites::of_organisations(tx, Scope::Operator, &ids).await? {
        places.entry(site.record.organisation).or_default().extend(site.record.region);
    }
    let inside = |cluster: &Organisation| {
        let country = || tables.regions.country(cluster.country.as_str()).map(|country| country.region.clone());
        let mut own = places.get(&cluster.id).cloned().unwrap_or_default();
        if own.is_empty() {
            own.extend(country());
        }
        let asked = &call.terms.regions;
        asked.is_empty() || own.iter().any(|place| asked.iter().any(|region| tables.regions.nested(place, region)))
    };
    Ok(all.iter().filter(|cluster| inside(cluster)).map(|cluster| cluster.id).collect())
}

/// Queues the mail that tells of a call, to the admins of organisations.
pub(super) async fn mail(app: &App, tx: &Tx, call: &Call, to: &[OrganisationId], now: Instant) -> AppResult<()> {
    letters(app, tx, (MailKind::Call, call), to, now).await
}

async fn letters(
    app: &App,
    tx: &Tx,
    (kind, call): (MailKind, &Call),
    to: &[OrganisationId],
    now: Instant,
) -> AppResult<()> {
    for organisation in to {
        for admin in roles::admins(tx, *organisation).await? {
            mails::queue_call(app, tx, (kind, call.id), (admin, *organisation), now).await?;
        }
    }
    Ok(())
}

/// A page of the invitations to a call, for its issuer. Whoever was invited as a member of a cluster is named once he
/// answered, and not before.
///
/// # Errors
/// `NotFound` and `Forbidden` for all but its issuer.
pub async fn invitations(
    app: &App,
    caller: &Caller,
    id: CallId,
    request: PageRequest,
) -> AppResult<Page<(Invitation, Asked)>> {
    let who = reader_of(&app.store, caller, app.clock.now()).await?;
    let call = store::get(&app.store, &who, id).await.map_err(not_found)?.record;
    of_issuer(caller, Action::Read, &call)?;
    let standing = Standing::read(&app.store, &app.tables(), &call).await?;
    let page = store::invitations::page(&app.store, id, request).await?;
    let counted = Counted::of(&standing.answers);
    let mut asked = asked_of(call.organisation, &standing.invitations, &counted, &standing.known);
    let with = |invitation: Invitation| Some((invitation, asked.remove(&invitation.organisation)?));
    Ok(Page { items: page.items.into_iter().filter_map(with).collect(), next: page.next, total: page.total })
}

/// Reminds those who are silent, by mail, and says how many they are.
///
/// # Errors
/// `NotFound` and `Forbidden` for all but its issuer; `Conflict` when it takes no answers; `TooOften` within 12 hours.
pub async fn remind(app: &App, caller: &Caller, id: CallId) -> AppResult<usize> {
    let (this, now, pen, caller) = (app.clone(), app.clock.now(), Pen::of(app, caller), caller.clone());
    let done = app.store.write(move |tx| async move {
        let mut stored = issued(&tx, &caller, id, now).await?;
        if !stored.record.takes_answers(now) {
            return Err(wrong_state("the call takes no answers; nobody is reminded".to_owned()));
        }
        if let Some(again) = stored.record.reminded_at.map(|at| at.plus_micros(BETWEEN)).filter(|again| *again > now) {
            let wait = u64::try_from((again.micros() - now.micros()) / 1_000_000 + 1).unwrap_or(u64::MAX);
            return Err(AppError::TooOften { detail: "to remind of a call", wait });
        }
        stored.record.reminded_at = Some(now);
        let silent = reminded(&this, &tx, &stored.record, now).await?;
        store::note_reminders(&tx, &stored).await?;
        pen.note(&tx, [deed(Act::Remind, &stored.record, vec![Change::to("reminded", silent)])]).await?;
        Ok(silent)
    });
    let done = done.await?;
    mails::ring(app);
    Ok(done)
}

/// Queues the mails that remind those who are silent, and says how many they are.
pub(super) async fn reminded(app: &App, tx: &Tx, call: &Call, now: Instant) -> AppResult<usize> {
    let silent = Standing::read(tx, &app.tables(), call).await?.silent();
    letters(app, tx, (MailKind::CallReminder, call), &silent, now).await?;
    store::invitations::remind(tx, call.id, &silent, now).await?;
    Ok(silent.len())
}
