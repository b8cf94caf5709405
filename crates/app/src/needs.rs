//! Needs: an organisation states what a site of its lacks, and closes it.

use domain::{
    audit::{Act, Change, RecordKind},
    ids::{InstalmentId, NeedId, OrganisationId, SiteId},
    need::{CheckedInstalments, Instalment, Need, NeedInput, NeedState, NeedTerms},
    organisation::Site,
    time::Instant,
    violation::Violations,
};
use storage::{Page, PageRequest, StoreError, Stored, needs as store};

mod update;
pub mod urgency;

pub use storage::needs::NeedFilter;
pub use update::update;

use crate::{
    App,
    access::Caller,
    audit::{Deed, Pen},
    error::{AppError, AppResult},
    offers::{Place, site_of},
    policy::{Action, Actor, Resource, require},
    reference, sites,
};

/// Opens a need. Its urgency counts as tier 1 only when the operator enters it: he stands for the
/// authorised body that grants it.
///
/// # Errors
/// `Invalid` with every fault of the content, the organisation and the site; nothing is stored then.
pub async fn create(app: &App, caller: &Caller, place: Place, input: &NeedInput) -> AppResult<Stored<Need>> {
    let (actor, now, pen) = (caller.actor, app.clock.now(), Pen::of(app, caller));
    let mut faults = Violations::new();
    let site = site_of(app, caller, place).await?;
    let checked = {
        let tables = app.tables();
        let today = sites::today(site.as_ref().ok(), now);
        faults.keep(input.check(&reference(&tables, today)))
    };
    let site = faults.keep(site);
    faults.into_result()?;
    let (Some(Site { id: site, organisation, .. }), Some((terms, instalments, quarantine))) = (site, checked) else {
        return Err(AppError::internal("no faults, no value"));
    };
    let mut record = opened(app, actor, (organisation, site), (terms, instalments), now);
    record.quarantine = quarantine;
    let stored = Stored { record: record.clone(), origin: None, created_at: now, updated_at: now };
    app.store
        .write(move |tx| async move {
            store::insert(&tx, &record, now).await?;
            pen.note(&tx, [deed(Act::Create, &record, vec![Change::to("state", record.state.as_str())])]).await
        })
        .await?;
    Ok(stored)
}

/// Something done to a need.
pub(crate) fn deed(act: Act, need: &Need, changes: Vec<Change>) -> Deed {
    Deed { act, record: RecordKind::Need, id: need.id.0, owner: Some(need.organisation), changes }
}

/// A checked need, open, with new ids.
pub(crate) fn opened(
    app: &App,
    actor: Actor,
    (organisation, site): (OrganisationId, SiteId),
    (terms, instalments): (NeedTerms, CheckedInstalments),
    now: Instant,
) -> Need {
    let instalments = instalments.into_iter().map(|(measure, due, size)| {
        let id = InstalmentId(app.ids.next(now));
        Instalment { id, measure, due, size }
    });
    Need {
        id: NeedId(app.ids.next(now)),
        organisation,
        site,
        terms,
        instalments: instalments.collect(),
        state: NeedState::Open,
        urgency_granted: actor == Actor::Operator,
        quarantine: None,
    }
}

/// One need.
///
/// # Errors
/// `NotFound` outside of what the actor may see.
pub async fn get(app: &App, actor: Actor, id: NeedId) -> AppResult<Stored<Need>> {
    store::get(&app.store, actor.into(), id).await.map_err(not_found)
}

/// A page of the needs that the actor may see.
pub async fn page(app: &App, actor: Actor, filter: &NeedFilter, request: PageRequest) -> AppResult<Page<Stored<Need>>> {
    Ok(store::page(&app.store, actor.into(), filter, request).await?)
}

/// Closes a need, if the caller agrees to what it is by then: later runs leave it out.
///
/// # Errors
/// `NotFound` outside of what the actor may see; `Conflict` when it is closed or expired already; what
/// `agree` says.
pub async fn close<F>(app: &App, caller: &Caller, id: NeedId, agree: F) -> AppResult<Stored<Need>>
where
    F: FnOnce(&Stored<Need>) -> AppResult<()> + Send + 'static,
{
    let (actor, now, pen, caller) = (caller.actor, app.clock.now(), Pen::of(app, caller), caller.clone());
    app.store
        .write(move |tx| async move {
            let mut stored = store::get_to_change(&tx, actor.into(), id).await.map_err(not_found)?;
            require(&caller, Action::Write, Resource::OwnedBy(stored.record.organisation))?;
            let state = stored.record.state;
            if !state.may_become(NeedState::Closed) {
                let detail = format!("the need is {} already, so it cannot be closed", state.as_str());
                return Err(AppError::Conflict { code: "wrong_state", detail });
            }
            agree(&stored)?;
            stored.record.state = NeedState::Closed;
            stored.updated_at = now;
            store::update(&tx, actor.into(), &stored.record, now).await?;
            let change = Change::of("state", state.as_str(), stored.record.state.as_str());
            pen.note(&tx, [deed(Act::Close, &stored.record, vec![change])]).await?;
            Ok(stored)
        })
        .await
}

fn not_found(error: StoreError) -> AppError {
    match error {
        StoreError::NotFound => AppError::NotFound { what: "need" },
        other => other.into(),
    }
}
