//! Offers: an organisation states what a site of its makes, and takes it back.

use std::collections::BTreeSet;

use domain::{
    audit::{Act, Change, RecordKind},
    disclosure::Disclosure,
    ids::{CertificateId, OfferId, OrganisationId, SiteId},
    mode::MarketMode,
    offer::{Offer, OfferInput, OfferState, OfferTerms},
    organisation::Site,
    quarantine,
    time::{Day, Instant},
    violation::Violations,
};
use storage::{Page, PageRequest, Reads, Scope, StoreError, Stored, modes, offers as store};

mod confirm;
pub mod seen;
mod states;
mod update;

pub use confirm::{MOST_CONFIRMED, confirm, confirm_all, convert};
pub use states::{pause, publish, withdraw};
pub use storage::offers::{OfferFilter, OfferSort};
pub use update::update;

use crate::{
    App,
    access::Caller,
    audit::{Deed, Pen},
    certificates::{self, Stated},
    error::{AppError, AppResult},
    lines, organisations,
    policy::{Action, Actor},
    reference, sites,
};

/// Whose record it is and where, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Whose it is; the actor's own where absent.
    pub organisation: Option<OrganisationId>,
    /// The site.
    pub site: SiteId,
}

/// Publishes an offer, or keeps it as a draft.
///
/// # Errors
/// `Invalid` with every fault of the content, the organisation and the site; nothing is stored then.
pub async fn create(app: &App, caller: &Caller, place: Place, input: &OfferInput) -> AppResult<Stored<Offer>> {
    let (now, pen) = (app.clock.now(), Pen::of(app, caller));
    let mut faults = Violations::new();
    let site = site_of(app, caller, place).await?;
    let checked = {
        let tables = app.tables();
        let today = sites::today(site.as_ref().ok(), now);
        faults.keep(input.check(&reference(&tables, today)))
    };
    let site = faults.keep(site);
    faults.into_result()?;
    let (Some(Site { id: site, organisation, .. }), Some((terms, implausible))) = (site, checked) else {
        return Err(AppError::internal("no faults, no value"));
    };
    update::owner_shows(caller, &Disclosure::default(), &terms.disclosure)?;
    let id = OfferId(app.ids.next(now));
    let state = if input.draft { OfferState::Draft } else { OfferState::Published };
    let (this, tables) = (app.clone(), app.tables());
    app.store
        .write(move |tx| async move {
            let mode = modes::current(&tx).await?;
            lines::goes_with(&tx, &tables, &terms, site).await?;
            let mut record = Offer { state, ..published(id, (organisation, site), (terms, implausible), mode) };
            identify(&this, &mut record, now);
            let owner = storage::organisations::get(&tx, Scope::Operator, record.organisation).await?.record;
            let certificates = (record.terms.role, record.terms.certificates.as_slice());
            certificates::faults(&owner, certificates, &[], &BTreeSet::new()).into_result()?;
            let places = (0..record.terms.certificates.len()).collect();
            certificates::doubt(&tx, &tables, now.day(), &mut [Stated { offer: &mut record, places }]).await?;
            let since = now.plus_micros(-quarantine::TWIN_WINDOW_MICROS);
            if let Some(twin) = store::twin(&tx, &record, since).await? {
                record.quarantine.get_or_insert(quarantine::twin_of("offer", twin.0));
            }
            store::insert(&tx, &record, now).await?;
            let shown = update::shown(&record.terms.disclosure).map(|shown| Change::to("disclosure", shown));
            let state = Change::to("state", record.state.as_str());
            pen.note(&tx, [deed(Act::Create, &record, std::iter::once(state).chain(shown).collect())]).await?;
            Ok(at(Stored { record, origin: None, created_at: now, updated_at: now }, mode, now.day()))
        })
        .await
}

/// Gives ids to the certificates of a new offer.
pub(crate) fn identify(app: &App, offer: &mut Offer, now: Instant) {
    for certificate in &mut offer.terms.certificates {
        certificate.id = Some(CertificateId(app.ids.next(now)));
    }
}

/// Something done to an offer.
pub(crate) fn deed(act: Act, offer: &Offer, changes: Vec<Change>) -> Deed {
    Deed { act, record: RecordKind::Offer, id: offer.id.0, owner: Some(offer.organisation), changes }
}

/// A checked offer, published.
pub(crate) fn published(
    id: OfferId,
    (organisation, site): (OrganisationId, SiteId),
    (terms, quarantine): (OfferTerms, Option<String>),
    mode: MarketMode,
) -> Offer {
    let confirm_by: Day = terms.profile.as_of.plus(mode.confirm_days());
    Offer { id, organisation, site, terms, state: OfferState::Published, confirm_by, suspended: false, quarantine }
}

/// A stored offer as it stands on a day: what the clock makes of its dates, whether or not a job has been by.
pub(crate) fn at(stored: Stored<Offer>, mode: MarketMode, on: Day) -> Stored<Offer> {
    Stored { record: stored.record.standing(mode, on), ..stored }
}

/// As [`at`], in the mode that the market runs in.
pub(crate) async fn standing(reader: &impl Reads, stored: Stored<Offer>, on: Day) -> AppResult<Stored<Offer>> {
    Ok(at(stored, modes::current(reader).await?, on))
}

/// The site that a record is about to be written at, which is the owner's; else the faults of the place.
pub(crate) async fn site_of(app: &App, caller: &Caller, place: Place) -> AppResult<Result<Site, Violations>> {
    let site = async {
        let owner = organisations::owner(app, caller, Action::Write, place.organisation).await?;
        sites::of_owner(app, owner, place.site).await
    };
    match site.await {
        Ok(site) => Ok(Ok(site)),
        Err(AppError::Invalid(faults)) => Ok(Err(faults)),
        Err(e) => Err(e),
    }
}

/// One offer.
///
/// # Errors
/// `NotFound` outside of what the actor may see.
pub async fn get(app: &App, actor: Actor, id: OfferId) -> AppResult<Stored<Offer>> {
    let stored = store::get(&app.store, actor.into(), id).await.map_err(not_found)?;
    standing(&app.store, stored, app.today()).await
}

/// A page of the offers that the actor may see.
pub async fn page(
    app: &App,
    actor: Actor,
    filter: &OfferFilter,
    sort: OfferSort,
    request: PageRequest,
) -> AppResult<Page<Stored<Offer>>> {
    let page = store::page(&app.store, actor.into(), filter, sort, request).await?;
    let (mode, today) = (modes::current(&app.store).await?, app.today());
    let items = page.items.into_iter().map(|stored| at(stored, mode, today)).collect();
    Ok(Page { items, next: page.next, total: page.total })
}

pub(crate) fn not_found(error: StoreError) -> AppError {
    match error {
        StoreError::NotFound => AppError::NotFound { what: "offer" },
        other => other.into(),
    }
}
