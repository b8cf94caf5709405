//! An owner changes a need.

use std::{collections::BTreeSet, sync::Arc};

use domain::{
    audit::{Act, Change},
    certificate::CertificateStatus,
    ids::{InstalmentId, MatchId, NeedId},
    matches::ClosingReason,
    need::{self, CheckedInstalments, Instalment, Need, NeedInput, NeedState, NeedTerms, Urgency},
    offer::Transfer,
    organisation::Verification,
    price::Price,
    quarantine,
};
use storage::{Scope, Stored, needs as store};

use super::{deed, not_found};
use crate::{
    App, Tables,
    access::Caller,
    audit::Pen,
    changing::{Changes, kept_here},
    error::{AppError, AppResult},
    history, mails,
    matches::MatchFilter,
    policy::{Action, Actor, Resource, require},
    promises, reference, sites,
};

/// Changes a need into what `edit` makes of it as it stands by then; into nothing else where that is `None`.
/// Everything is checked as at its opening. Instalments are told apart by their place in the list.
///
/// # Errors
/// `NotFound` outside of what the actor may see; `Conflict` when it is over, kept elsewhere, or promised to open matches
/// that are not in `release`; `Invalid` with every fault; what `edit` says.
pub async fn update<F>(
    app: &App,
    caller: &Caller,
    id: NeedId,
    release: Vec<MatchId>,
    edit: F,
) -> AppResult<Stored<Need>>
where
    F: FnOnce(&Stored<Need>) -> AppResult<Option<NeedInput>> + Send + 'static,
{
    let (actor, now, pen, tables) = (caller.actor, app.clock.now(), Pen::of(app, caller), app.tables());
    let (ids, caller) = (Arc::clone(&app.ids), caller.clone());
    let this = app.clone();
    let changed = app
        .store
        .write(move |tx| async move {
            let stored = store::get_to_change(&tx, actor.into(), id).await.map_err(not_found)?;
            let before = &stored.record;
            require(&caller, Action::Write, Resource::OwnedBy(before.organisation))?;
            let seen = super::standing(&tx, stored.clone(), now).await?;
            if !seen.record.state.may_become(NeedState::Closed) {
                let detail = format!("the need is {}, so it cannot be changed", seen.record.state.as_str());
                return Err(AppError::Conflict { code: "wrong_state", detail });
            }
            kept_here(&stored)?;
            let Some(input) = edit(&seen)? else { return promises::nothing_released(&release).map(|()| seen) };
            let input = NeedInput { draft: before.state == NeedState::Draft, ..input };
            let site = storage::sites::get(&tx, Scope::Organisation(before.organisation), before.site).await?;
            let (terms, list, _) = input.check(&reference(&tables, sites::today(Some(&site.record), now)))?;
            let instalments = numbered(before, list, || InstalmentId(ids.next(now)));
            let mut after = changed(&tables, actor, before, (terms, instalments));
            storage::reviews::let_needs_through(&tx, std::slice::from_mut(&mut after)).await?;
            if after == *before {
                return promises::nothing_released(&release).map(|()| seen);
            }
            let of = MatchFilter { need: Some(id), ..MatchFilter::default() };
            let why = (&ClosingReason::NeedGone, actor.organisation());
            promises::release(&this, &tx, (&of, &release), why, (&pen, now)).await?;
            promises::kept_by_need(&tx, before, &after).await?;
            store::update(&tx, actor.into(), &after, now).await?;
            history::note(&tx, &pen, deed(Act::Update, &after, changes(before, &after)), before, &after).await?;
            // An instalment that comes back to its place has the id that it had.
            super::standing(&tx, store::get(&tx, actor.into(), id).await?, now).await
        })
        .await?;
    mails::ring(app);
    app.queued.notify_one();
    Ok(changed)
}

fn numbered(before: &Need, list: CheckedInstalments, mut next: impl FnMut() -> InstalmentId) -> Vec<Instalment> {
    let mut known = before.instalments.iter().map(|instalment| instalment.id);
    let numbered = list.into_iter().map(|(measure, due, size)| {
        let id = known.next().unwrap_or_else(&mut next);
        Instalment { id, measure, due, size }
    });
    numbered.collect()
}

/// A need on new terms.
fn changed(tables: &Tables, actor: Actor, before: &Need, (terms, instalments): (NeedTerms, Vec<Instalment>)) -> Need {
    let implausible = |terms: &NeedTerms, instalments: &[Instalment]| {
        let product = tables.catalogue.product(terms.product.as_str())?;
        need::implausible(product, instalments.iter().map(|i| &i.measure))
    };
    let quarantine = quarantine::after_change(
        before.quarantine.clone(),
        implausible(&before.terms, &before.instalments),
        implausible(&terms, &instalments),
    );
    let urgency_granted = granted(actor, before, &terms, &instalments);
    Need { terms, instalments, urgency_granted, quarantine, ..before.clone() }
}

/// Whether tier 1 is granted after a change. The operator grants it with the urgency he states. Otherwise a grant
/// holds for the urgency and the product it was given for, and for no more of it.
fn granted(actor: Actor, before: &Need, terms: &NeedTerms, instalments: &[Instalment]) -> bool {
    if before.terms.urgency != terms.urgency {
        return actor == Actor::Operator;
    }
    let units = |list: &[Instalment]| list.iter().map(|i| i128::from(i.measure.quantity.units())).sum::<i128>();
    let within = before.terms.product == terms.product && units(instalments) <= units(&before.instalments);
    before.urgency_granted && (within || actor == Actor::Operator)
}

fn changes(before: &Need, after: &Need) -> Vec<Change> {
    let (was, is) = (&before.terms, &after.terms);
    let price = |price: &Option<Price>| price.as_ref().map(|p| format!("{}e-6 {}", p.micros, p.currency.as_str()));
    let instalments = |list: &Vec<Instalment>| {
        let words = list.iter().map(|i| format!("{} by {}", i.measure.quantity, i.due));
        Some(words.collect::<Vec<_>>().join(", "))
    };
    let status = |status: &CertificateStatus| Some(status.as_str().to_owned());
    let verification = |verification: &Verification| Some(verification.as_str().to_owned());
    let transfers =
        |transfers: &BTreeSet<Transfer>| Some(transfers.iter().map(|t| t.as_str()).collect::<Vec<_>>().join(","));
    let changes = Changes::default()
        .word("product", &was.product, &is.product)
        .list("grades", &was.grades, &is.grades)
        .untold("substitutions", &was.substitutions, &is.substitutions)
        .untold("features", &was.requirements, &is.requirements)
        .list("certificates", &was.certificates, &is.certificates)
        .word("accept_pending", &was.accept_pending, &is.accept_pending)
        .field("certificate_status", &was.certificate_status, &is.certificate_status, status)
        .field("verification", &was.verification, &is.verification, verification)
        .field("transfers", &was.transfers, &is.transfers, transfers)
        .field("price_cap", &was.price_cap, &is.price_cap, price)
        .list("regions", &was.regions, &is.regions)
        .maybe("max_distance_km", &was.max_distance_km, &is.max_distance_km)
        .maybe("max_suppliers", &was.max_suppliers, &is.max_suppliers)
        .field("urgency", &was.urgency, &is.urgency, |urgency: &Urgency| Some(urgency.as_str().to_owned()))
        .word("urgency_granted", &before.urgency_granted, &after.urgency_granted)
        .untold("supply", &was.supply, &is.supply)
        .field("instalments", &before.instalments, &after.instalments, instalments)
        .untold("note", &was.note, &is.note)
        .untold("quarantine", &before.quarantine, &after.quarantine);
    changes.0
}
