//! An owner changes a site.

use domain::{
    audit::{Act, RecordKind},
    ids::SiteId,
    organisation::Site,
};
use storage::{Stored, sites as store};

use super::{SiteInput, check, not_found};
use crate::{
    App,
    access::Caller,
    audit::{Deed, Pen},
    changing::{Changes, kept_here},
    error::AppResult,
};

/// Changes a site into what `edit` makes of it as it stands by then; into nothing else where that is `None`.
/// Everything is checked as when it was added.
///
/// # Errors
/// `NotFound` outside of what the actor may see; `Invalid` with every fault; what `edit` says.
pub async fn update<F>(app: &App, caller: &Caller, id: SiteId, edit: F) -> AppResult<Stored<Site>>
where
    F: FnOnce(&Stored<Site>) -> AppResult<Option<SiteInput>> + Send + 'static,
{
    let (actor, now, pen, tables) = (caller.actor, app.clock.now(), Pen::of(app, caller), app.tables());
    app.store
        .write(move |tx| async move {
            let stored = store::get_to_change(&tx, actor.into(), id).await.map_err(not_found)?;
            kept_here(&stored)?;
            let Some(input) = edit(&stored)? else { return Ok(stored) };
            let (name, region, point, zone) = check(&tables.regions, &input)?;
            let before = &stored.record;
            let after = Site { name, region, point, zone, ..before.clone() };
            if after == *before {
                return Ok(stored);
            }
            store::update(&tx, actor.into(), &after, now).await?;
            pen.note(&tx, [changed(before, &after)]).await?;
            Ok(Stored { record: after, updated_at: now, ..stored })
        })
        .await
}

/// Names and places may lead to a person, so they are not told.
fn changed(before: &Site, after: &Site) -> Deed {
    let changes = Changes::default()
        .untold("name", &before.name, &after.name)
        .maybe("region", &before.region, &after.region)
        .untold("point", &before.point, &after.point)
        .word("zone", &before.zone, &after.zone);
    let (record, owner) = (RecordKind::Site, Some(after.organisation));
    Deed { act: Act::Update, record, id: after.id.0, owner, changes: changes.0 }
}
