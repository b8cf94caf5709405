//! Offers: an organisation states what a site of its makes, and takes it back.

use std::collections::BTreeSet;

use domain::{
    audit::{Act, Change, RecordKind},
    disclosure::Disclosure,
    ids::{CertificateId, OfferId, OrganisationId, SiteId},
    offer::{Offer, OfferInput, OfferState, OfferTerms},
    organisation::Site,
    time::{Day, Instant},
    violation::Violations,
};
use storage::{Page, PageRequest, Scope, StoreError, Stored, offers as store};

pub mod seen;
mod update;

pub use storage::offers::{OfferFilter, OfferSort};
pub use update::update;

use crate::{
    App,
    access::Caller,
    audit::{Deed, Pen},
    certificates::{self, Stated},
    error::{AppError, AppResult},
    organisations,
    policy::{Action, Actor, Resource, require},
    reference, sites,
};

/// Days after its as-of date until an offer's figures are stale, in the market's normal mode.
pub const CONFIRM_DAYS: i32 = 30;

/// Whose record it is and where, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Whose it is; the actor's own where absent.
    pub organisation: Option<OrganisationId>,
    /// The site.
    pub site: SiteId,
}

/// Publishes an offer.
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
    let (Some(Site { id: site, organisation, .. }), Some((terms, quarantine))) = (site, checked) else {
        return Err(AppError::internal("no faults, no value"));
    };
    update::owner_shows(caller, &Disclosure::default(), &terms.disclosure)?;
    let id = OfferId(app.ids.next(now));
    let mut record = published(id, organisation, site, terms, quarantine);
    identify(app, &mut record, now);
    let tables = app.tables();
    let stored = app
        .store
        .write(move |tx| async move {
            let owner = storage::organisations::get(&tx, Scope::Operator, record.organisation).await?.record;
            let certificates = (record.terms.role, record.terms.certificates.as_slice());
            certificates::faults(&owner, certificates, &[], &BTreeSet::new()).into_result()?;
            let places = (0..record.terms.certificates.len()).collect();
            certificates::doubt(&tx, &tables, now.day(), &mut [Stated { offer: &mut record, places }]).await?;
            let stored = Stored { record: record.clone(), origin: None, created_at: now, updated_at: now };
            store::insert(&tx, &record, now).await?;
            let shown = update::shown(&record.terms.disclosure).map(|shown| Change::to("disclosure", shown));
            let state = Change::to("state", record.state.as_str());
            pen.note(&tx, [deed(Act::Create, &record, std::iter::once(state).chain(shown).collect())]).await?;
            Ok::<_, AppError>(stored)
        })
        .await?;
    Ok(stored)
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
    organisation: OrganisationId,
    site: SiteId,
    terms: OfferTerms,
    quarantine: Option<String>,
) -> Offer {
    let confirm_by: Day = terms.profile.as_of.plus(CONFIRM_DAYS);
    Offer { id, organisation, site, terms, state: OfferState::Published, confirm_by, suspended: false, quarantine }
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
    store::get(&app.store, actor.into(), id).await.map_err(not_found)
}

/// A page of the offers that the actor may see.
pub async fn page(
    app: &App,
    actor: Actor,
    filter: &OfferFilter,
    sort: OfferSort,
    request: PageRequest,
) -> AppResult<Page<Stored<Offer>>> {
    Ok(store::page(&app.store, actor.into(), filter, sort, request).await?)
}

/// Takes an offer out of the market for good, if the caller agrees to what it is by then.
///
/// # Errors
/// `NotFound` outside of what the actor may see; `Conflict` when it is out already; what `agree` says.
pub async fn withdraw<F>(app: &App, caller: &Caller, id: OfferId, agree: F) -> AppResult<Stored<Offer>>
where
    F: FnOnce(&Stored<Offer>) -> AppResult<()> + Send + 'static,
{
    let (actor, now, pen, caller) = (caller.actor, app.clock.now(), Pen::of(app, caller), caller.clone());
    app.store
        .write(move |tx| async move {
            let mut stored = store::get_to_change(&tx, actor.into(), id).await.map_err(not_found)?;
            require(&caller, Action::Write, Resource::OwnedBy(stored.record.organisation))?;
            let state = stored.record.state;
            if !state.may_become(OfferState::Withdrawn) {
                let detail = format!("the offer is {} already, so it cannot be withdrawn", state.as_str());
                return Err(AppError::Conflict { code: "wrong_state", detail });
            }
            agree(&stored)?;
            stored.record.state = OfferState::Withdrawn;
            stored.updated_at = now;
            store::update(&tx, actor.into(), &stored.record, now).await?;
            let change = Change::of("state", state.as_str(), stored.record.state.as_str());
            pen.note(&tx, [deed(Act::Withdraw, &stored.record, vec![change])]).await?;
            Ok(stored)
        })
        .await
}

fn not_found(error: StoreError) -> AppError {
    match error {
        StoreError::NotFound => AppError::NotFound { what: "offer" },
        other => other.into(),
    }
}
