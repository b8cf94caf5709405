//! What sites can do besides what they offer.

use domain::{
    ability::{Abilities, AbilitiesInput},
    audit::{Act, RecordKind},
    ids::SiteId,
    organisation::Site,
    time::Instant,
};
use storage::{Reads, Scope, Stored, Tx, abilities as store};

use crate::{
    App,
    access::Caller,
    audit::{Deed, Pen},
    changing::Changes,
    error::AppResult,
    policy::{Action, Actor, Resource, require},
    sites,
};

/// A site and what it can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbleSite {
    /// The site.
    pub site: Site,
    /// What it can do; nothing while nobody said it.
    pub abilities: Abilities,
    /// When that was said last.
    pub stated_at: Option<Instant>,
}

/// What a site can do.
///
/// # Errors
/// `NotFound` outside of what the actor may see.
pub async fn get(app: &App, actor: Actor, id: SiteId) -> AppResult<AbleSite> {
    let Stored { record, .. } = sites::get(app, actor, id).await?;
    of(&app.store, record).await
}

async fn of(reader: &impl Reads, site: Site) -> AppResult<AbleSite> {
    let stated = store::get(reader, Scope::Organisation(site.organisation), site.id).await?;
    let (abilities, stated_at) = stated.map_or_else(Default::default, |s| (s.abilities, Some(s.stated_at)));
    Ok(AbleSite { site, abilities, stated_at })
}

/// Puts what a site can do in the place of what was said before, if `agree` does to that; what is the same leaves no trace.
///
/// # Errors
/// `NotFound` outside of what the actor may see; `Forbidden` where he only reads; `Invalid` with every fault; what `agree`
/// says.
pub async fn set<F>(app: &App, caller: &Caller, id: SiteId, input: &AbilitiesInput, agree: F) -> AppResult<AbleSite>
where
    F: FnOnce(&AbleSite) -> AppResult<()> + Send + 'static,
{
    let site = sites::get(app, caller.actor, id).await?.record;
    require(caller, Action::Write, Resource::OwnedBy(site.organisation))?;
    let abilities = input.check(&app.tables().catalogue)?;
    let (actor, now, pen) = (caller.actor, app.clock.now(), Pen::of(app, caller));
    let work = move |tx: Tx| async move {
        let found = storage::sites::get_to_change(&tx, actor.into(), id).await;
        let site = found.map_err(sites::not_found)?.record;
        let before = of(&tx, site.clone()).await?;
        agree(&before)?;
        if before.stated_at.is_some() && before.abilities == abilities {
            return Ok(before);
        }
        store::put(&tx, (id, site.organisation), &abilities, now).await?;
        let changes = changes(&before.abilities, &abilities).0;
        let (record, owner) = (RecordKind::Abilities, Some(site.organisation));
        pen.note(&tx, [Deed { act: Act::Update, record, id: id.0, owner, changes }]).await?;
        Ok(AbleSite { site, abilities, stated_at: Some(now) })
    };
    app.store.write(work).await
}

/// Of words that people typed it is told that they changed.
fn changes(before: &Abilities, after: &Abilities) -> Changes {
    let machines =
        |of: &Abilities| of.equipment.iter().map(|(code, count)| format!("{code} {count}")).collect::<Vec<String>>();
    Changes::default()
        .untold("activities", &before.activities, &after.activities)
        .list("processes", &before.processes, &after.processes)
        .list("equipment", &machines(before), &machines(after))
        .list("in_house", &before.in_house, &after.in_house)
        .maybe("people", &before.people, &after.people)
        .maybe("shifts", &before.shifts, &after.shifts)
        .list("certificates", &before.certificates, &after.certificates)
        .untold("note", &before.note, &after.note)
}
