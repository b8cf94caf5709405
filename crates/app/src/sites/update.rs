//! An owner changes a site.

use domain::{
    audit::{Act, RecordKind},
    code::RegionCode,
    ids::SiteId,
    organisation::{RegionFrom, Site},
    violation::Violations,
};
use storage::{Stored, sites as store};

use super::{SiteInput, check, not_found, region};
use crate::{
    App,
    access::Caller,
    audit::{Deed, Pen},
    changing::{Changes, kept_here},
    error::{AppError, AppResult},
    policy::{Action, Resource, require},
};

/// Changes a site into what `edit` makes of it as it stands by then; into nothing else where that is `None`.
/// Everything is checked as when it was added.
///
/// # Errors
/// `NotFound` outside of what the actor may see; `Conflict` when a file keeps records there; `Invalid` with every fault;
/// what `edit` says.
pub async fn update<F>(app: &App, caller: &Caller, id: SiteId, edit: F) -> AppResult<Stored<Site>>
where
    F: FnOnce(&Stored<Site>) -> AppResult<Option<SiteInput>> + Send + 'static,
{
    let (actor, now, pen, tables) = (caller.actor, app.clock.now(), Pen::of(app, caller), app.tables());
    let caller = caller.clone();
    app.store
        .write(move |tx| async move {
            let stored = store::get_to_change(&tx, actor.into(), id).await.map_err(not_found)?;
            require(&caller, Action::Write, Resource::OwnedBy(stored.record.organisation))?;
            let Some(input) = edit(&stored)? else { return Ok(stored) };
            let before = &stored.record;
            let mut faults = Violations::new();
            let (named, place) = check(&tables.regions, &moved(before, input), &mut faults);
            let found = region::find((&tx, &tables), Some(before.organisation), &place, &mut faults).await?;
            faults.into_result()?;
            let (name, zone) = named.ok_or_else(|| AppError::internal("no faults, no value"))?;
            let (region, region_from) = kept(before, found);
            let after = Site { name, region, region_from, point: place.point, zone, ..before.clone() };
            if after == *before {
                return Ok(stored);
            }
            // By these a file that comes again finds the site of its rows; it would add another.
            if (&after.name, &after.region, &after.point) != (&before.name, &before.region, &before.point) {
                kept_here(&Stored { origin: store::source_of(&tx, id).await?, ..stored.clone() })?;
            }
            store::update(&tx, actor.into(), &after, now).await?;
            pen.note(&tx, [changed(before, &after)]).await?;
            Ok(Stored { record: after, updated_at: now, ..stored })
        })
        .await
}

/// A region that a postcode gave is not stated: it goes where another postcode is.
fn moved(before: &Site, input: SiteInput) -> SiteInput {
    let same = before.region.as_ref().is_some_and(|code| input.region.as_deref() == Some(code.as_str()));
    match before.region_from {
        RegionFrom::Postcode if same && input.postcode.is_some() => SiteInput { region: None, ..input },
        RegionFrom::Stated | RegionFrom::Postcode | RegionFrom::Coordinates => input,
    }
}

/// A region that a postcode gave stands in the body like a stated one, and is none while it stays.
fn kept(before: &Site, found: (Option<RegionCode>, RegionFrom)) -> (Option<RegionCode>, RegionFrom) {
    match (found.1, before.region_from) {
        (RegionFrom::Stated, RegionFrom::Postcode) if found.0 == before.region => (found.0, RegionFrom::Postcode),
        (_, _) => found,
    }
}

/// Names and places may lead to a person, so they are not told.
fn changed(before: &Site, after: &Site) -> Deed {
    let changes = Changes::default()
        .untold("name", &before.name, &after.name)
        .maybe("region", &before.region, &after.region)
        .word("region_from", &before.region_from.as_str(), &after.region_from.as_str())
        .untold("point", &before.point, &after.point)
        .word("zone", &before.zone, &after.zone);
    let (record, owner) = (RecordKind::Site, Some(after.organisation));
    Deed { act: Act::Update, record, id: after.id.0, owner, changes: changes.0 }
}
