//! Needs: an organisation states what a site of its lacks, and closes it.

use domain::{
    audit::{Act, Change, RecordKind},
    ids::{InstalmentId, NeedId, OrganisationId, SiteId},
    need::{CheckedInstalments, Instalment, Need, NeedInput, NeedState, NeedTerms},
    organisation::Site,
    quarantine,
    time::Instant,
    violation::Violations,
};
use storage::{Page, PageRequest, Reads, Scope, StoreError, Stored, needs as store};

mod states;
mod update;
pub mod urgency;

pub use states::{close, publish};
pub use storage::needs::NeedFilter;
pub use update::update;

use crate::{
    App,
    access::Caller,
    audit::{Deed, Pen},
    error::{AppError, AppResult},
    offers::{Place, site_of},
    policy::Actor,
    reference, sites,
};

/// Opens a need, or keeps it as a draft. Its urgency counts as tier 1 only when the operator enters it: he stands for the
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
    let (Some(Site { id: site, organisation, .. }), Some((terms, instalments, implausible))) = (site, checked) else {
        return Err(AppError::internal("no faults, no value"));
    };
    let mut record = opened(app, actor, (organisation, site), (terms, instalments), now);
    record.quarantine = implausible;
    if input.draft {
        record.state = NeedState::Draft;
    }
    app.store
        .write(move |tx| async move {
            let since = now.plus_micros(-quarantine::TWIN_WINDOW_MICROS);
            if let Some(twin) = store::twin(&tx, &record, since).await? {
                record.quarantine.get_or_insert(quarantine::twin_of("need", twin.0));
            }
            store::insert(&tx, &record, now).await?;
            pen.note(&tx, [deed(Act::Create, &record, vec![Change::to("state", record.state.as_str())])]).await?;
            Ok(Stored { record, origin: None, created_at: now, updated_at: now })
        })
        .await
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
        closing: None,
    }
}

/// A stored need as it stands at an instant: what its matches and the clock make of it, whether or not a job has been by.
pub(crate) async fn standing(reader: &impl Reads, stored: Stored<Need>, now: Instant) -> AppResult<Stored<Need>> {
    let mut all = all_standing(reader, vec![stored], now).await?;
    all.pop().ok_or_else(|| AppError::internal("one need, and none stands"))
}

/// As [`standing`], of several. A day is over when it is over at the site.
async fn all_standing(reader: &impl Reads, all: Vec<Stored<Need>>, now: Instant) -> AppResult<Vec<Stored<Need>>> {
    let covered = store::covered(reader, all.iter().map(|stored| stored.record.id)).await?;
    let (mut standing, utc) = (Vec::with_capacity(all.len()), now.day());
    for stored in all {
        let record = if covered.contains(&stored.record.id) { stored.record.covered() } else { stored.record };
        // No zone is more than a day from UTC, so that most needs do not ask for their site's.
        let today = match record.last_due() {
            Some(last) if last.since(utc).abs() <= 1 => {
                let site = storage::sites::get(reader, Scope::Operator, record.site).await?;
                sites::today(Some(&site.record), now)
            }
            Some(_) | None => utc,
        };
        standing.push(Stored { record: record.standing(today), ..stored });
    }
    Ok(standing)
}

/// One need.
///
/// # Errors
/// `NotFound` outside of what the actor may see.
pub async fn get(app: &App, actor: Actor, id: NeedId) -> AppResult<Stored<Need>> {
    let stored = store::get(&app.store, actor.into(), id).await.map_err(not_found)?;
    standing(&app.store, stored, app.clock.now()).await
}

/// A page of the needs that the actor may see.
pub async fn page(app: &App, actor: Actor, filter: &NeedFilter, request: PageRequest) -> AppResult<Page<Stored<Need>>> {
    let page = store::page(&app.store, actor.into(), filter, request).await?;
    let items = all_standing(&app.store, page.items, app.clock.now()).await?;
    Ok(Page { items, next: page.next, total: page.total })
}

fn not_found(error: StoreError) -> AppError {
    match error {
        StoreError::NotFound => AppError::NotFound { what: "need" },
        other => other.into(),
    }
}
