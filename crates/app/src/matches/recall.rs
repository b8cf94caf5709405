//! Recalls: whoever holds goods of an offer, or awaits them, is told.

use std::collections::BTreeSet;

use domain::{
    audit::{Act, Change},
    ids::{MatchId, OfferId},
    link::MailKind,
    matches::{EntryKind, MatchState},
};
use serde::Deserialize;
use storage::{Tx, ledger, matches as store, matches::MatchRow};

use crate::{
    App,
    access::Caller,
    audit::Pen,
    error::{AppError, AppResult},
    mails,
    offers::deed,
    policy::{Action, Resource, require},
};

/// What is said of shipped goods.
#[derive(Debug, Deserialize)]
struct Shipped {
    #[serde(default)]
    lots: Vec<Lot>,
}

#[derive(Debug, Deserialize)]
struct Lot {
    lot: String,
}

/// Recalls goods of an offer: of some lots, or all that was ever shipped. Each match with such goods is marked, and its
/// buyer told at once. Answers which matches.
///
/// Where lots are named, what was shipped without a lot counts as concerned: nobody can tell that it is not.
///
/// # Errors
/// `NotFound` for an offer of somebody else.
pub async fn recall(app: &App, caller: &Caller, offer: OfferId, lots: Vec<String>) -> AppResult<Vec<MatchId>> {
    let (this, caller, actor) = (app.clone(), caller.clone(), caller.actor);
    let (pen, now) = (Pen::of(app, &caller), app.clock.now());
    let work = move |tx: Tx| async move {
        let found = storage::offers::get_to_change(&tx, actor.into(), offer).await;
        let stored = found.map_err(crate::offers::not_found)?;
        require(&caller, Action::Write, Resource::OwnedBy(stored.record.organisation))?;
        let mut concerned = BTreeSet::new();
        for entry in ledger::entries_of_offer(&tx, offer, EntryKind::Ship).await? {
            let said: Option<Shipped> = entry.details_json.as_deref().and_then(|json| serde_json::from_str(json).ok());
            let shipped: Vec<String> = said.map(|s| s.lots.into_iter().map(|l| l.lot).collect()).unwrap_or_default();
            if lots.is_empty() || shipped.is_empty() || shipped.iter().any(|lot| lots.contains(lot)) {
                concerned.insert(entry.of_match);
            }
        }
        let mut changes = vec![Change::to("matches", concerned.len())];
        changes.extend((!lots.is_empty()).then(|| Change::to("lots", lots.join(","))));
        pen.note(&tx, [deed(Act::Recall, &stored.record, changes)]).await?;
        for id in &concerned {
            let row = store::get_to_change(&tx, actor.into(), *id).await?;
            let marked = MatchRow { recalled_at: Some(now), updated_at: now, ..row.clone() };
            store::update(&tx, row.state, &marked).await?;
            let changes = [Change::to("recalled", "true")];
            pen.note(&tx, super::steps::deeds(Act::Update, &marked, actor.organisation(), &changes)).await?;
            for admin in storage::roles::admins(&tx, row.buyer).await? {
                mails::queue(&this, &tx, MailKind::Recall, admin, Some(row.buyer), now).await?;
            }
        }
        // Who awaits goods of it is told that something happened.
        let filter = store::MatchFilter { offer: Some(offer), ..store::MatchFilter::default() };
        let awaited = store::promises(&tx, &filter).await?;
        let awaits = |row: &&MatchRow| row.state == MatchState::Agreed && !concerned.contains(&row.id);
        let told = awaited.iter().filter(awaits).map(|row| row.buyer).collect();
        super::tell(&this, &tx, told, now).await?;
        Ok::<_, AppError>(concerned.into_iter().collect())
    };
    let concerned = app.store.write(work).await?;
    mails::ring(app);
    Ok(concerned)
}
