//! Clusters: founded by a sponsor for a purpose, listed for whoever may join, and closed. What a cluster may for its
//! members lapses with it, and they keep their records.

use std::{future::Future, time::Duration};

use domain::{
    audit::{Act, RecordKind},
    cluster::{Cluster, ClusterForm},
    ids::OrganisationId,
    organisation::{Organisation, OrganisationKind, Verification},
    text,
    time::{Day, Instant},
    violation::Violations,
};
use storage::{
    Page, PageRequest, Reads, Scope, StoreError, Stored, Tx, clusters as store, mandates, memberships, organisations,
};

use crate::{
    App,
    access::Caller,
    audit::{Deed, Pen},
    error::{AppError, AppResult},
    memberships::{deed, mandate_ended, reverified},
    policy::{Action, Actor, Resource, require},
};

/// The most days that a founded cluster lasts: five years.
pub const MOST_DAYS: i32 = 1_826;
/// How often clusters past their last day are looked for.
const EVERY: Duration = Duration::from_secs(60);

/// What a cluster is, as typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClusterInput {
    /// `permanent`, `temporary` or `virtual`.
    pub form: String,
    /// Who founds it: said by the operator alone; anybody else founds for whom he acts.
    pub sponsor: Option<OrganisationId>,
    /// What it is for.
    pub purpose: Option<String>,
    /// Its last day.
    pub ends_on: Option<String>,
}

/// What a cluster will be, checked. Only a verified authority or cluster founds a temporary or virtual one.
pub(crate) async fn check(app: &App, caller: &Caller, typed: &ClusterInput) -> AppResult<Result<Cluster, Violations>> {
    let mut faults = Violations::new();
    let Some(form) = ClusterForm::parse(&typed.form) else {
        let detail = format!("{:?} is not one of: permanent, temporary, virtual", typed.form);
        return Ok(Err(Violations::one("/cluster/form", "unknown_value", detail)));
    };
    if !form.is_founded() {
        let given = [
            ("/cluster/sponsor", typed.sponsor.is_some()),
            ("/cluster/purpose", typed.purpose.is_some()),
            ("/cluster/ends_on", typed.ends_on.is_some()),
        ];
        for (pointer, _) in given.into_iter().filter(|(_, given)| *given) {
            faults.push(pointer, "does_not_apply", "is for temporary and virtual clusters; leave it out");
        }
        return Ok(faults.into_result().map(|()| Cluster::default()));
    }
    let purpose = typed.purpose.as_deref().unwrap_or_default();
    let purpose = faults.keep(text::note("/cluster/purpose", purpose));
    if purpose.as_ref().is_some_and(|purpose| purpose.trim().is_empty()) {
        faults.push("/cluster/purpose", "missing", "is missing; say what the cluster is for");
    }
    let ends_on = faults.keep(last_day(typed.ends_on.as_deref(), app.today()));
    let sponsor = faults.keep(sponsor(app, caller, typed.sponsor).await?);
    faults.into_result()?;
    Ok(Ok(Cluster { form, sponsor, purpose: purpose.unwrap_or_default(), ends_on, closed_at: None }))
}

fn last_day(typed: Option<&str>, today: Day) -> Result<Day, Violations> {
    let fault = |code, detail: String| Violations::one("/cluster/ends_on", code, detail);
    let typed = typed.ok_or_else(|| fault("missing", "is missing; name the cluster's last day".to_owned()))?;
    let day = Day::parse(typed).map_err(|detail| fault("bad_date", detail))?;
    if day < today {
        return Err(fault("in_past", format!("{day} is over; name the cluster's last day")));
    }
    if day > today.plus(MOST_DAYS) {
        return Err(fault("too_far_ahead", format!("{day} is more than {MOST_DAYS} days ahead")));
    }
    Ok(day)
}

async fn sponsor(
    app: &App,
    caller: &Caller,
    named: Option<OrganisationId>,
) -> AppResult<Result<OrganisationId, Violations>> {
    let fault = |code, detail: &str| Ok(Err(Violations::one("/cluster/sponsor", code, detail)));
    let id = match (caller.actor, named) {
        (Actor::Operator, Some(named)) => named,
        (Actor::Operator, None) => return fault("missing", "is missing; name the authority or cluster that founds it"),
        (Actor::Organisation(own), None) => own,
        (Actor::Organisation(own), Some(named)) if own == named => own,
        (Actor::Organisation(_) | Actor::Nobody, Some(_)) => {
            return fault("not_yours", "is whom you act for; leave it out");
        }
        (Actor::Nobody, None) => {
            return fault("missing", "is missing: act for the authority or cluster that founds it, and try again");
        }
    };
    require(caller, Action::Administer, Resource::OwnedBy(id))?;
    let may = match organisations::get(&app.store, Scope::Operator, id).await {
        Ok(found) => may_found(&app.store, &found.record, app.clock.now()).await?,
        Err(StoreError::NotFound) => false,
        Err(e) => return Err(e.into()),
    };
    if may {
        return Ok(Ok(id));
    }
    fault(
        "not_yours",
        "only an authority or cluster that the operator vouches for founds a temporary or virtual cluster",
    )
}

async fn may_found(reader: &impl Reads, of: &Organisation, now: Instant) -> AppResult<bool> {
    let open = match of.kind {
        OrganisationKind::Authority => true,
        OrganisationKind::Cluster => !store::get(reader, of.id).await?.is_over(now),
        OrganisationKind::Firm | OrganisationKind::Portal => false,
    };
    Ok(open && of.verification == Verification::Operator)
}

/// A page of the clusters and portals that the operator vouches for and that are not over.
pub async fn directory(
    app: &App,
    caller: &Caller,
    kind: Option<OrganisationKind>,
    request: PageRequest,
) -> AppResult<Page<(Stored<Organisation>, Cluster)>> {
    require(caller, Action::Read, Resource::Organisations)?;
    let page = organisations::directory(&app.store, kind, app.today(), request).await?;
    let mut known = store::of(&app.store, page.items.iter().map(|stored| stored.record.id)).await?;
    let with = |stored: Stored<Organisation>| {
        let cluster = known.remove(&stored.record.id).unwrap_or_default();
        (stored, cluster)
    };
    Ok(Page { items: page.items.into_iter().map(with).collect(), next: page.next, total: page.total })
}

/// Closes a cluster: memberships, what it vouched for and the mandates it holds end in the same transaction. What it
/// entered for its members is theirs. Closing it again changes nothing.
///
/// # Errors
/// `NotFound` and `Forbidden` for all but its admins, its sponsor's and the operator; `Conflict` when it is no cluster.
pub async fn close(app: &App, caller: &Caller, id: OrganisationId) -> AppResult<()> {
    let sponsor = store::get(&app.store, id).await?.sponsor;
    if let Err(refused) = require(caller, Action::Administer, Resource::OwnedBy(id)) {
        let own = sponsor.ok_or(refused)?;
        require(caller, Action::Administer, Resource::OwnedBy(own))?;
    }
    let (pen, now) = (Pen::of(app, caller), app.clock.now());
    app.store.write(move |tx| async move { pen.note(&tx, closed(&tx, id, now).await?).await }).await
}

/// Closes a cluster, and tells what was done.
async fn closed(tx: &Tx, id: OrganisationId, now: Instant) -> AppResult<Vec<Deed>> {
    let organisation = match organisations::get(tx, Scope::Operator, id).await {
        Ok(stored) => stored.record,
        Err(StoreError::NotFound) => return Err(AppError::NotFound { what: "organisation" }),
        Err(e) => return Err(e.into()),
    };
    if organisation.kind != OrganisationKind::Cluster {
        let detail = format!("it is a {}; only clusters are closed", organisation.kind.as_str());
        return Err(AppError::Conflict { code: "wrong_state", detail });
    }
    // Whoever would join meanwhile waits here, and then finds it closed.
    organisations::touch(tx, id, now).await?;
    let cluster = store::get(tx, id).await?;
    if cluster.closed_at.is_some() {
        return Ok(Vec::new());
    }
    let before: Vec<_> = memberships::end_all(tx, id, now).await?;
    store::put(tx, id, &Cluster { closed_at: Some(now), ..cluster }, now).await?;
    let (act, record, owner) = (Act::Close, RecordKind::Organisation, Some(id));
    let mut deeds = vec![Deed { act, record, id: id.0, owner, changes: Vec::new() }];
    for (membership, counted) in &before {
        deeds.push(deed(Act::End, membership, membership.member, Vec::new()));
        deeds.extend(counted.and_then(|counted| reverified(counted, membership.member)));
    }
    deeds.extend(mandates::end_held(tx, id, now).await?.iter().map(mandate_ended));
    Ok(deeds)
}

/// Closes clusters whose last day is past, and answers how many. Rights lapse by the clock before that.
///
/// # Errors
/// Those of the database.
pub async fn close_past(app: &App) -> AppResult<usize> {
    let (now, past) = (app.clock.now(), store::past(&app.store, app.today()).await?);
    for id in &past {
        let (id, pen) = (*id, Pen::of(app, &Caller::command_line()));
        app.store.write(move |tx| async move { pen.note(&tx, closed(&tx, id, now).await?).await }).await?;
    }
    Ok(past.len())
}

/// Closes what is past, and forgets who never answered, until it is told to stop.
pub async fn work(app: &App, stop: impl Future<Output = ()>) {
    let mut stop = std::pin::pin!(stop);
    loop {
        match close_past(app).await {
            Ok(0) => {}
            Ok(closed) => tracing::info!(closed, "clusters past their last day were closed"),
            Err(error) => tracing::warn!(%error, "clusters past their last day could not be closed"),
        }
        match crate::memberships::forget_silent(app).await {
            Ok(0) => {}
            Ok(forgotten) => tracing::info!(forgotten, "contacts of entered firms that never answered were forgotten"),
            Err(error) => tracing::warn!(%error, "contacts of entered firms could not be forgotten"),
        }
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}
