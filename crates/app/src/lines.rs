//! Production lines whose time several offers of a site share.

use std::collections::BTreeMap;

use domain::{
    audit::{Act, RecordKind},
    ids::{LineId, OrganisationId, SiteId},
    line::Line,
    offer::{LineInput, OLDEST_DAYS, Offer, OfferState, OfferTerms},
    violation::Violations,
};
use storage::{Page, PageRequest, Reads, Scope, StoreError, Tx, ledger, lines as store};

use crate::{
    App, Tables,
    access::Caller,
    audit::{Deed, Pen},
    changing::Changes,
    error::{AppError, AppResult},
    ledger::{Over, broken},
    matches::note_ended,
    offers::{self, Place},
    policy::{Action, Actor, Resource, require},
    reference, sites,
};

/// A line with whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedLine {
    /// The line.
    pub line: Line,
    /// Whose site it stands at.
    pub organisation: OrganisationId,
}

/// Adds a line to a site.
///
/// # Errors
/// `Invalid` with every fault of the content, the organisation and the site.
pub async fn create(app: &App, caller: &Caller, place: Place, input: &LineInput) -> AppResult<OwnedLine> {
    let (now, pen) = (app.clock.now(), Pen::of(app, caller));
    let mut faults = Violations::new();
    let site = offers::site_of(app, caller, place).await?;
    let checked = {
        let tables = app.tables();
        faults.keep(input.check(&reference(&tables, sites::today(site.as_ref().ok(), now))))
    };
    let site = faults.keep(site);
    faults.into_result()?;
    let (Some(site), Some((name, profile))) = (site, checked) else {
        return Err(AppError::internal("no faults, no value"));
    };
    let line = Line { id: LineId(app.ids.next(now)), site: site.id, name, profile };
    let owned = OwnedLine { line: line.clone(), organisation: site.organisation };
    let work = move |tx: Tx| async move {
        store::insert(&tx, &line, now).await?;
        let (record, owner) = (RecordKind::Line, Some(site.organisation));
        pen.note(&tx, [Deed { act: Act::Create, record, id: line.id.0, owner, changes: Vec::new() }]).await
    };
    app.store.write(work).await?;
    Ok(owned)
}

/// One line.
///
/// # Errors
/// `NotFound` outside of what the actor may see.
pub async fn get(app: &App, actor: Actor, id: LineId) -> AppResult<OwnedLine> {
    owned(&app.store, store::get(&app.store, actor.into(), id).await.map_err(not_found)?).await
}

/// A page of the lines that the actor may see, of one site where one is named.
pub async fn page(app: &App, actor: Actor, site: Option<SiteId>, request: PageRequest) -> AppResult<Page<OwnedLine>> {
    let Page { items, next, total } = store::page(&app.store, actor.into(), site, request).await?;
    let places = items.iter().map(|line| line.site);
    let places = storage::sites::get_many(&app.store, Scope::Operator, places).await?;
    let owners: BTreeMap<SiteId, OrganisationId> =
        places.into_iter().map(|site| (site.record.id, site.record.organisation)).collect();
    let owned = |line: Line| owners.get(&line.site).map(|owner| OwnedLine { organisation: *owner, line });
    Ok(Page { items: items.into_iter().filter_map(owned).collect(), next, total })
}

/// Changes a line into what `edit` makes of it as it stands by then; into nothing else where that is `None`.
///
/// # Errors
/// `NotFound` outside of what the actor may see; `Conflict` where its offers have promised more of its time than it would
/// have, or count in another unit; `Invalid` with every fault; what `edit` says.
pub async fn update<F>(app: &App, caller: &Caller, id: LineId, edit: F) -> AppResult<OwnedLine>
where
    F: FnOnce(&OwnedLine) -> AppResult<Option<LineInput>> + Send + 'static,
{
    let (actor, now, pen, tables) = (caller.actor, app.clock.now(), Pen::of(app, caller), app.tables());
    let (caller, this) = (caller.clone(), app.clone());
    let work = move |tx: Tx| async move {
        store::get(&tx, actor.into(), id).await.map_err(not_found)?;
        let mut books = ledger::lock_line(&tx, id, now).await.map_err(not_found)?;
        note_ended(&this, &tx, &books.expired, (&pen, now)).await?;
        let before = books.lines.get(&id).cloned().ok_or(AppError::NotFound { what: "line" })?;
        let before = owned(&tx, before).await?;
        require(&caller, Action::Write, Resource::OwnedBy(before.organisation))?;
        let Some(input) = edit(&before)? else { return Ok(before) };
        let site = storage::sites::get(&tx, Scope::Operator, before.line.site).await?.record;
        let (name, profile) = input.check(&reference(&tables, sites::today(Some(&site), now)))?;
        let after = Line { name, profile, ..before.line.clone() };
        if after == before.line {
            return Ok(before);
        }
        if after.unit() != before.line.unit() && books.offers.values().any(|o| shares(o, id)) {
            let detail = "offers share the line and count in its unit; take them from the line first";
            return Err(AppError::Conflict { code: "wrong_state", detail: detail.to_owned() });
        }
        books.lines.insert(id, after.clone());
        if broken(&tx, &books).await?.contains(&Over::Line(id)) {
            let detail =
                "its offers have promised more of its time than it would have; end matches first, or keep to it";
            return Err(AppError::Conflict { code: "wrong_state", detail: detail.to_owned() });
        }
        store::update(&tx, &after, now).await?;
        let (was, is) = (&before.line.profile, &after.profile);
        let changes = Changes::default()
            .untold("name", &before.line.name, &after.name)
            .untold("running", &was.running, &is.running)
            .untold("maximum", &was.maximum, &is.maximum)
            .untold("weeks", &was.weeks, &is.weeks)
            .untold("calendar", &was.calendar, &is.calendar)
            .word("ramp_days", &was.ramp_days, &is.ramp_days)
            .word("from", &was.from, &is.from)
            .maybe("until", &was.until, &is.until)
            .word("as_of", &was.as_of, &is.as_of);
        let (record, owner) = (RecordKind::Line, Some(before.organisation));
        pen.note(&tx, [Deed { act: Act::Update, record, id: id.0, owner, changes: changes.0 }]).await?;
        Ok(OwnedLine { line: after, ..before })
    };
    app.store.write(work).await
}

/// Whether an offer that is not out of the market for good shares a line.
fn shares(offer: &Offer, line: LineId) -> bool {
    offer.terms.line == Some(line) && offer.state.may_become(OfferState::Withdrawn)
}

/// Refuses an offer on a line that does not stand at its site, or counts in another unit.
///
/// # Errors
/// `Invalid` at `/line`.
pub(crate) async fn goes_with(tx: &Tx, tables: &Tables, terms: &OfferTerms, site: SiteId) -> AppResult<()> {
    let Some(id) = terms.line else { return Ok(()) };
    let refused = |code, detail: String| Err(Violations::one("/line", code, detail).into());
    // Nobody gives it another unit until the offer is on it.
    let line = match store::get_to_share(tx, id).await {
        Ok(line) if line.site == site => line,
        Ok(_) | Err(StoreError::NotFound) => {
            let detail = format!("{id} is no line of the site; GET /api/v1/lines lists them, POST adds one");
            return refused("unknown_line", detail);
        }
        Err(other) => return Err(other.into()),
    };
    if terms.profile.as_of < line.profile.as_of.plus(-OLDEST_DAYS) {
        let detail = format!("{} is long before the figures of its line; state its figures anew", terms.profile.as_of);
        return Err(Violations::one("/as_of", "too_old", detail).into());
    }
    let product = tables.catalogue.product(terms.product.as_str()).map(|product| product.base_unit.unit_code());
    match product == Some(line.unit()) {
        true => Ok(()),
        false => {
            let counts = product.unwrap_or("nothing");
            refused(
                "other_unit",
                format!("the line counts in {}, and the product in {counts}; take another", line.unit()),
            )
        }
    }
}

async fn owned(reader: &impl Reads, line: Line) -> AppResult<OwnedLine> {
    let organisation = storage::sites::get(reader, Scope::Operator, line.site).await?.record.organisation;
    Ok(OwnedLine { line, organisation })
}

fn not_found(error: StoreError) -> AppError {
    match error {
        StoreError::NotFound => AppError::NotFound { what: "line" },
        other => other.into(),
    }
}
