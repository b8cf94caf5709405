//! The clock at work on offers and needs: owners are reminded, stale figures are told of, what nobody confirms is
//! suspended, and what is over expires. Each is told once, whichever process comes by and however often.
//!
//! Reading does not wait for it: [`domain::freshness`] says by the clock alone how an offer stands.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    time::Duration,
};

use domain::{
    audit::{Act, Change},
    freshness::Freshness,
    ids::{NeedId, OfferId, OrganisationId, PersonId},
    link::MailKind,
    mode::MarketMode,
    need::NeedState,
    offer::{Offer, OfferState},
    time::{Day, Instant},
};
use storage::{
    PageRequest, Scope, StoreError, Tx,
    matches::{self, MatchFilter},
    modes, needs as need_store, offers as store, roles,
    watches::{self, Told},
};

use crate::{
    App,
    access::Caller,
    audit::{Deed, Pen},
    error::AppResult,
    mails, needs,
    offers::{self, OfferFilter, OfferSort},
};

/// How often offers and needs are looked for.
const EVERY: Duration = Duration::from_secs(60);
/// How many are looked for at once.
const BATCH: u64 = 500;
/// How many offers a mail names.
const MOST_NAMED: usize = 20;

/// What a look at all that is due did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Looked {
    /// Offers looked at.
    pub offers: usize,
    /// Offers suspended.
    pub suspended: usize,
    /// Offers and needs that expired.
    pub expired: usize,
    /// Mails queued.
    pub mails: usize,
}

/// Looks at every offer and need whose day has come.
///
/// # Errors
/// Those of the database; what was done by then stays done, and the rest is done the next time.
pub async fn look(app: &App) -> AppResult<Looked> {
    let (mut total, today, mut failed) = (Looked::default(), app.today(), None);
    // What cannot be looked at holds nobody else up: it is tried again the next time.
    while failed.is_none() {
        let due = watches::due(&app.store, today, BATCH).await?;
        if due.is_empty() {
            break;
        }
        let mut of_owner: BTreeMap<OrganisationId, Vec<OfferId>> = BTreeMap::new();
        for (owner, id) in due {
            of_owner.entry(owner).or_default().push(id);
        }
        for (owner, ids) in of_owner {
            let looker = app.clone();
            match app.store.write(move |tx| async move { offers_of(&looker, &tx, owner, &ids).await }).await {
                Ok(did) => total.add(did),
                Err(error) => failed = Some(error),
            }
        }
    }
    // A day that is over in UTC may not be over at the site: so those are passed over, and not looked for again.
    let mut after = None;
    loop {
        let past = need_store::past(&app.store, today.plus(1), after, BATCH).await?;
        let Some(last) = past.last() else { break };
        after = Some(*last);
        for id in past {
            match expire_need(app, id).await {
                Ok(expired) => total.expired += usize::from(expired),
                Err(error) => failed = Some(error),
            }
        }
    }
    if total.mails > 0 {
        mails::ring(app);
    }
    match failed {
        Some(error) => Err(error),
        None => Ok(total),
    }
}

impl Looked {
    fn add(&mut self, did: Looked) {
        self.offers += did.offers;
        self.suspended += did.suspended;
        self.expired += did.expired;
        self.mails += did.mails;
    }
}

/// Looks at what is due until it is told to stop.
pub async fn work(app: &App, stop: impl Future<Output = ()>) {
    let mut stop = std::pin::pin!(stop);
    loop {
        match look(app).await {
            Ok(did) if did == Looked::default() => {}
            Ok(did) => {
                let Looked { offers, suspended, expired, mails } = did;
                tracing::info!(offers, suspended, expired, mails, "offers and needs were looked at");
            }
            Err(error) => tracing::warn!(%error, "offers and needs could not be looked at"),
        }
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// What there is to tell.
#[derive(Default)]
struct News {
    stages: BTreeSet<Freshness>,
    /// Sides of open matches whose offer lapsed.
    holders: BTreeSet<OrganisationId>,
    deeds: Vec<Deed>,
    did: Looked,
}

/// Looks at offers of one owner, in one transaction, so that one mail tells of all of them.
async fn offers_of(app: &App, tx: &Tx, owner: OrganisationId, ids: &[OfferId]) -> AppResult<Looked> {
    let (now, mode, mut news) = (app.clock.now(), modes::current(tx).await?, News::default());
    for id in ids {
        match store::get_to_change(tx, Scope::Organisation(owner), *id).await {
            Ok(stored) => one(tx, &mut news, stored.record, (mode, now)).await?,
            // It is another organisation's by now: that one is looked at the next time.
            Err(StoreError::NotFound) => {}
            Err(e) => return Err(e.into()),
        }
    }
    Pen::of(app, &Caller::command_line()).note(tx, std::mem::take(&mut news.deeds)).await?;
    let mut queued = Vec::new();
    for stage in &news.stages {
        let kind = match stage {
            Freshness::Fresh => continue,
            Freshness::Due => MailKind::Due,
            Freshness::Stale => MailKind::Stale,
            Freshness::Suspended => MailKind::Suspended,
        };
        queued.push((kind, owner));
    }
    queued.extend(news.holders.iter().map(|side| (MailKind::Lapsed, *side)));
    for (kind, organisation) in queued {
        for person in readers(tx, organisation, now).await? {
            mails::queue(app, tx, kind, person, Some(organisation), now).await?;
            news.did.mails += 1;
        }
    }
    Ok(news.did)
}

/// Who is told: the admins of an organisation; where there are none, those of the clusters and portals that act for it.
async fn readers(tx: &Tx, of: OrganisationId, now: Instant) -> AppResult<BTreeSet<PersonId>> {
    let own: BTreeSet<PersonId> = roles::admins(tx, of).await?.into_iter().collect();
    if !own.is_empty() {
        return Ok(own);
    }
    let mut others = BTreeSet::new();
    for mandate in storage::mandates::page(tx, of, PageRequest::first(PageRequest::MOST)).await?.items {
        let writes = mandate.scopes.allow(domain::api_key::AccessScope::Write);
        if mandate.organisation == of && writes && mandate.is_valid(now) {
            others.extend(roles::admins(tx, mandate.holder).await?);
        }
    }
    Ok(others)
}

/// Looks at one offer, which is locked.
async fn one(tx: &Tx, news: &mut News, offer: Offer, (mode, now): (MarketMode, Instant)) -> AppResult<()> {
    let today = now.day();
    let alive = matches!(offer.state, OfferState::Published | OfferState::Paused);
    let watched = watches::get(tx, offer.id).await?;
    let told = watched.and_then(|(_, told)| told);
    // Another process was here since it was found, or its owner.
    if !alive || watched.is_some_and(|(look_on, _)| look_on > today) {
        return Ok(());
    }
    news.did.offers += 1;
    let (id, owner) = (offer.id, offer.organisation);
    if offer.is_over(today) {
        let after = Offer { state: OfferState::Expired, ..offer.clone() };
        store::update(tx, Scope::Operator, &after, now).await?;
        let changes = vec![Change::of("state", offer.state.as_str(), after.state.as_str())];
        news.deeds.push(offers::deed(Act::Expire, &after, changes));
        news.did.expired += 1;
        news.holders.extend(sides(tx, &after).await?);
        return Ok(watches::put(tx, id, Day::MAX, told).await?);
    }
    // What is paused is not in the market, so that nobody waits for its figures.
    if offer.state == OfferState::Paused {
        let next = offer.terms.profile.until.map_or(Day::MAX, |last| last.plus(1));
        return Ok(watches::put(tx, id, next, told).await?);
    }
    let stage = offer.freshness(mode, today);
    let of = offer.fresh_until(mode);
    // A stage is told once for each day that the figures are fresh until; a look after days off tells the last alone.
    let known = told.is_some_and(|told| told.of == of && told.stage >= stage);
    if stage == Freshness::Suspended && !offer.suspended {
        let after = Offer { suspended: true, ..offer.clone() };
        store::update(tx, Scope::Operator, &after, now).await?;
        news.deeds.push(offers::deed(Act::Suspend, &after, vec![Change::of("suspended", false, true)]));
        news.did.suspended += 1;
    }
    if !known && stage > Freshness::Fresh {
        news.stages.insert(stage);
        if stage >= Freshness::Stale {
            news.holders.extend(sides(tx, &offer).await?.into_iter().filter(|side| *side != owner));
        }
    }
    let told = if known || stage == Freshness::Fresh { told } else { Some(Told { stage, of }) };
    let next = offer.next_stage(mode, today).unwrap_or(Day::MAX);
    Ok(watches::put(tx, id, next, told).await?)
}

/// Both sides of the open matches of an offer.
async fn sides(tx: &Tx, offer: &Offer) -> AppResult<BTreeSet<OrganisationId>> {
    let open = matches::promises(tx, &MatchFilter { offer: Some(offer.id), ..MatchFilter::default() }).await?;
    Ok(open.iter().flat_map(|row| [row.supplier, row.buyer]).collect())
}

/// Expires a need if its last due day is over at its site, and answers whether it did.
async fn expire_need(app: &App, id: NeedId) -> AppResult<bool> {
    let (now, pen) = (app.clock.now(), Pen::of(app, &Caller::command_line()));
    app.store
        .write(move |tx| async move {
            let stored = need_store::get_to_change(&tx, Scope::Operator, id).await?;
            let before = stored.record.state;
            let after = needs::standing(&tx, stored, now).await?.record;
            if before != NeedState::Open || after.state != NeedState::Expired {
                return Ok(false);
            }
            need_store::update(&tx, Scope::Operator, &after, now).await?;
            let changes = vec![Change::of("state", before.as_str(), after.state.as_str())];
            pen.note(&tx, [needs::deed(Act::Expire, &after, changes)]).await?;
            Ok(true)
        })
        .await
}

/// The offers of an organisation at a stage, for a mail to its own people: product, day, id; `None` where there are none
/// any more.
pub(crate) async fn listed(app: &App, of: OrganisationId, stage: Freshness) -> AppResult<Option<String>> {
    let filter = OfferFilter { organisation: Some(of), states: vec![OfferState::Published], ..OfferFilter::default() };
    let (mode, today) = (modes::current(&app.store).await?, app.today());
    let request = PageRequest::first(PageRequest::MOST);
    let page = store::page(&app.store, Scope::Organisation(of), &filter, OfferSort::ConfirmBy, request).await?;
    let found = page.items.iter().map(|stored| &stored.record).filter(|offer| offer.freshness(mode, today) == stage);
    let lines: Vec<String> = found
        .map(|offer| format!("- {}, confirm by {} ({})", offer.terms.product, offer.fresh_until(mode), offer.id))
        .collect();
    if lines.is_empty() {
        return Ok(None);
    }
    let more = lines.len().saturating_sub(MOST_NAMED);
    let more = if more > 0 { format!("\n- and {more} more") } else { String::new() };
    Ok(Some(format!("{}{more}", lines.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join("\n"))))
}
