//! Open matches at risk: their offer waits for a reviewer, or its certificates no longer meet what the need demands on
//! the days of the match. Both sides are told, once each time that it begins.

use std::future::Future;
use std::time::Duration;

use domain::{
    audit::{Act, Change, RecordKind},
    eligibility::Rules,
    ids::OfferId,
    link::MailKind,
    market::Market,
    mode::MarketMode,
    parameters::Parameters,
    time::Instant,
};
use storage::{Scope, StoreError, Tx, modes, needs, offers, risks as store, sites};

pub use storage::risks::{MatchRisk, since};

use crate::{
    App,
    access::Caller,
    audit::{Deed, Pen},
    error::AppResult,
    mails,
};

/// How often all open matches are looked at; what somebody does is followed at once.
const EVERY: Duration = Duration::from_secs(3_600);

/// Marks the open matches of an offer, in the transaction of what was done to it, and answers what that means.
pub(crate) async fn follow(app: &App, tx: &Tx, offer: OfferId, now: Instant) -> AppResult<Vec<Deed>> {
    let open = store::open(tx, Scope::Operator, Some(offer)).await?;
    let mode = modes::current(tx).await?;
    let mut deeds = Vec::new();
    for risk in open {
        deeds.extend(mark(app, tx, &risk, mode, now).await?);
    }
    Ok(deeds)
}

/// Looks at every open match by the clock: certificates run out without anybody's doing. Answers how many are at risk
/// that were not.
///
/// # Errors
/// Those of the database.
pub async fn sweep(app: &App) -> AppResult<usize> {
    let (now, mode) = (app.clock.now(), modes::current(&app.store).await?);
    let mut marked = 0;
    for risk in store::open(&app.store, Scope::Operator, None).await? {
        let (this, pen) = (app.clone(), Pen::of(app, &Caller::command_line()));
        let (began, ended) = app
            .store
            .write(move |tx| async move {
                let deed = mark(&this, &tx, &risk, mode, now).await?;
                let began = deed.as_ref().is_some_and(|deed| deed.act == Act::Endanger);
                let ended = deed.is_some() && !began;
                pen.note(&tx, deed).await?;
                Ok::<_, crate::AppError>((began, ended))
            })
            .await?;
        marked += usize::from(began);
        if began || ended {
            mails::ring(app);
        }
    }
    Ok(marked)
}

/// Looks at open matches by the clock until it is told to stop.
pub async fn work(app: &App, stop: impl Future<Output = ()>) {
    let mut stop = std::pin::pin!(stop);
    loop {
        match sweep(app).await {
            Ok(0) => {}
            Ok(marked) => tracing::info!(marked, "open matches are at risk by now"),
            Err(error) => tracing::warn!(%error, "open matches could not be looked at"),
        }
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Marks a match by how it stands, tells both sides if it is at risk and was not, and answers what changed.
async fn mark(app: &App, tx: &Tx, risk: &MatchRisk, mode: MarketMode, now: Instant) -> AppResult<Option<Deed>> {
    let at_risk = !holds(app, tx, risk, mode, now).await?;
    if at_risk == risk.since.is_some() || !store::mark(tx, risk, at_risk.then_some(now), now).await? {
        return Ok(None);
    }
    if at_risk {
        for side in [risk.supplier, risk.buyer] {
            for admin in storage::roles::admins(tx, side).await? {
                mails::queue_of(app, tx, (MailKind::Risk, risk.id.0), admin, side, now).await?;
            }
        }
    }
    let act = if at_risk { Act::Endanger } else { Act::Secure };
    let changes = vec![Change::of("at_risk", !at_risk, at_risk)];
    // Of a match both sides are owners; the one whose papers they are reads of it in its log.
    let owner = Some(risk.supplier);
    Ok(Some(Deed { act, record: RecordKind::Match, id: risk.id.0, owner, changes }))
}

/// Whether what a match rests on still holds; what is gone holds nothing up.
async fn holds(app: &App, tx: &Tx, risk: &MatchRisk, mode: MarketMode, now: Instant) -> AppResult<bool> {
    let found = async {
        let offer = offers::get(tx, Scope::Operator, risk.offer).await?.record;
        let need = needs::get(tx, Scope::Operator, risk.need).await?.record;
        Ok::<_, StoreError>((offer, need))
    };
    let (offer, need) = match found.await {
        Err(StoreError::NotFound) => return Ok(true),
        found => found?,
    };
    let Some(due) = need.instalments.iter().find(|i| i.id == risk.instalment).map(|i| i.due) else { return Ok(true) };
    let mut market = Market { mode, ..Market::new(now.day()) };
    for organisation in
        storage::organisations::get_many(tx, Scope::Operator, [offer.organisation, need.organisation]).await?
    {
        market.organisations.insert(organisation.id, organisation);
    }
    for site in sites::get_many(tx, Scope::Operator, [offer.site, need.site]).await? {
        market.sites.insert(site.record.id, site.record);
    }
    let (tables, parameters) = (app.tables(), Parameters::default());
    let rules =
        Rules { market: &market, catalogue: &tables.catalogue, regions: &tables.regions, parameters: &parameters };
    let Some((offer, need)) = rules.offer_view(&offer).zip(rules.need_view(&need, &Default::default())) else {
        return Ok(true);
    };
    Ok(rules.trusts(&offer, &need, due).is_ok())
}
