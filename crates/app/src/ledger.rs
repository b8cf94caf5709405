//! The three invariants of the ledger, held inside the transaction that promises: no offer, no line and no instalment
//! gives more than it has.
//!
//! The bound of an offer is its maximum curve with the conversions that are decided (`domain::capacity`); that of a line
//! is its time, day by day ([`matching::line_fits`]).

use std::{collections::BTreeMap, future::Future, time::Duration};

use domain::{
    capacity::{CapacityKind, CapacityProfile},
    ids::{InstalmentId, LineId, OfferId},
    line::Line,
    matches::{EntryKind, Side},
    need::Instalment,
    offer::Offer,
    time::{Day, Instant},
};
use matching::{LineOffer, line_fits};
use storage::{
    Tx,
    ledger::{self as store, Books, Drawn, Ledger},
};

use crate::{
    App,
    access::Caller,
    audit::Pen,
    error::{AppError, AppResult},
    matches::note_ended,
};

/// How often holds are looked at that nobody answered.
const EVERY: Duration = Duration::from_secs(30);
/// How many of them are let go in a row.
const BATCH: u64 = 200;

/// What would be given twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Over {
    /// An offer promises more by a day than it can have by then.
    Offer {
        /// The offer.
        offer: OfferId,
        /// By the end of this day.
        by: Day,
        /// What is promised, in base units.
        promised: i64,
        /// What there can be.
        there: i64,
    },
    /// The offers of a line promise more than its time.
    Line(LineId),
    /// An instalment is covered beyond its quantity.
    Instalment {
        /// The instalment.
        instalment: InstalmentId,
        /// What covers it, in base units.
        covered: i64,
        /// What it asks for.
        asked: i64,
    },
}

impl Over {
    /// The refusal, with as much as a side may know: its own figures, and of the other side's only that it is so.
    pub(crate) fn refusal(&self, side: Option<Side>) -> AppError {
        let detail = match (self, side) {
            (Self::Offer { by, promised, there, .. }, Some(Side::Supplier) | None) => {
                format!("{promised} would be promised by {by}, and the offer can have {there} by then")
            }
            (Self::Line(_), Some(Side::Supplier) | None) => {
                "the offers of the line would promise more than the line has time for".to_owned()
            }
            (Self::Offer { .. } | Self::Line(_), Some(Side::Buyer)) => {
                "the supplier cannot have so much by then any more; take less, or another".to_owned()
            }
            (Self::Instalment { covered, asked, .. }, Some(Side::Buyer) | None) => {
                format!("{covered} would be promised for the instalment, and it asks for {asked}")
            }
            (Self::Instalment { .. }, Some(Side::Supplier)) => {
                "the need does not lack so much any more; offer less, or to another".to_owned()
            }
        };
        AppError::Conflict { code: "not_available", detail }
    }
}

/// What breaks an invariant among what is locked, counting what the transaction has written; all of it.
pub(crate) async fn broken(tx: &Tx, books: &Books) -> AppResult<Vec<Over>> {
    let drawn = store::drawn(tx, books.offers.keys().copied()).await?;
    let covered = store::covered(tx, books.instalments.keys().copied()).await?;
    found(books, &drawn, &covered)
}

fn found(books: &Books, drawn: &[Drawn], covered: &BTreeMap<InstalmentId, i64>) -> AppResult<Vec<Over>> {
    let (mut of_offer, mut alone) = (BTreeMap::new(), BTreeMap::new());
    let promised = |of: &mut BTreeMap<OfferId, Vec<(Day, i64)>>, one: &Drawn| {
        of.entry(one.offer).or_default().push((one.cutoff, one.units));
    };
    for one in drawn {
        promised(&mut of_offer, one);
        if !one.in_chain {
            promised(&mut alone, one);
        }
    }
    let over_whole = of_offer.iter().filter_map(|(id, promised)| {
        let offer = books.offers.get(id)?;
        offer_over(offer, &offer.terms.profile, promised)
    });
    let mut over: Vec<Over> = over_whole.collect();
    // What an offer lacks others bring in chains alone; outside them it promises no more than lies ready.
    over.extend(alone.iter().filter_map(|(id, promised)| {
        let offer = books.offers.get(id).filter(|offer| offer.terms.is_incomplete())?;
        offer_over(offer, &offer.terms.ready_profile(), promised)
    }));
    for line in books.lines.values() {
        if !fits(line, books, &of_offer)? {
            over.push(Over::Line(line.id));
        }
    }
    let asked = |id: &InstalmentId| books.instalments.get(id).map(|i: &Instalment| i.measure.quantity.units());
    over.extend(covered.iter().filter_map(|(id, units)| {
        let asked = asked(id)?;
        (*units > asked).then_some(Over::Instalment { instalment: *id, covered: *units, asked })
    }));
    Ok(over)
}

/// The first day by which an offer promises more than it can have by a profile. What was promised for a day before its
/// figures draws on what was stated since.
fn offer_over(offer: &Offer, profile: &CapacityProfile, promised: &[(Day, i64)]) -> Option<Over> {
    let curve = profile.curve(CapacityKind::Maximum);
    let mut by_day: BTreeMap<Day, i64> = BTreeMap::new();
    for (cutoff, units) in promised {
        *by_day.entry((*cutoff).max(profile.as_of)).or_default() += units;
    }
    let mut promised = 0_i64;
    by_day.into_iter().find_map(|(by, units)| {
        promised = promised.saturating_add(units);
        let there = curve.by(by);
        (promised > there).then_some(Over::Offer { offer: offer.id, by, promised, there })
    })
}

fn fits(line: &Line, books: &Books, promised: &BTreeMap<OfferId, Vec<(Day, i64)>>) -> AppResult<bool> {
    let members = books.offers.values().filter(|offer| offer.terms.line == Some(line.id));
    let members: Vec<LineOffer> = members
        .filter_map(|offer| {
            let profile = &offer.terms.profile;
            let promised = promised.get(&offer.id)?.clone();
            Some(LineOffer { curve: profile.curve(CapacityKind::Maximum), as_of: profile.as_of, promised })
        })
        .collect();
    let curve = line.curve(CapacityKind::Maximum);
    line_fits((&curve, line.profile.as_of), &members, None).map_err(AppError::internal)
}

/// Checks the whole ledger: what each match holds is the sum of its entries and what its state says; offers, lines and
/// instalments give no more than they have; nothing is released twice, or held past its deadline. Answers the faults in
/// words, and how many matches and entries were looked at.
///
/// # Errors
/// Those of the database.
pub async fn verify(app: &App) -> AppResult<Verified> {
    let ledger = store::read(&app.store).await?;
    let now = app.clock.now();
    let work = tokio::task::spawn_blocking(move || verified(&ledger, now));
    work.await.map_err(AppError::internal)?
}

/// What checking the ledger came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many matches.
    pub matches: usize,
    /// How many entries.
    pub entries: usize,
    /// What is wrong, in words.
    pub faults: Vec<String>,
}

fn verified(ledger: &Ledger, now: Instant) -> AppResult<Verified> {
    let mut faults = Vec::new();
    let (mut drawn, mut covered) = (Vec::new(), BTreeMap::new());
    for (id, offer, instalment, account, in_chain) in &ledger.matches {
        let entries = ledger.entries.get(id).map(Vec::as_slice).unwrap_or_default();
        let (mut of_offer, mut of_need, mut given_back, mut held) = (0, 0, 0, 0);
        for (place, entry) in (1..).zip(entries) {
            let (more_drawn, more_covered) = entry.entry.kind.effect(entry.entry.units);
            (of_offer, of_need) = (of_offer + more_drawn, of_need + more_covered);
            match entry.entry.kind {
                EntryKind::Hold => held += entry.entry.units,
                EntryKind::Release | EntryKind::Lapse => given_back += entry.entry.units,
                EntryKind::Agree | EntryKind::Ship | EntryKind::Accept => {}
                EntryKind::Reject | EntryKind::Lose | EntryKind::Restate => {}
            }
            if entry.ordinal != place {
                faults.push(format!("the match {id} lacks its entry {place}"));
                break;
            }
        }
        if (of_offer, of_need) != (account.drawn, account.covered) {
            faults.push(format!(
                "the match {id} draws {} and covers {}, its entries say {of_offer} and {of_need}",
                account.drawn, account.covered
            ));
        }
        if given_back > held {
            faults.push(format!("the match {id} gave {given_back} back and held {held}"));
        }
        if let Err(fault) = account.check() {
            faults.push(format!("the match {id}: {fault}"));
        }
        // What is over and not written yet counts no more.
        if account.is_over(now) {
            continue;
        }
        if account.drawn > 0 {
            let (cutoff, units) = (account.cutoff, account.drawn);
            drawn.push(Drawn { of_match: *id, offer: *offer, cutoff, units, in_chain: *in_chain });
        }
        if account.covered > 0 {
            *covered.entry(*instalment).or_default() += account.covered;
        }
    }
    let over = found(&ledger.books, &drawn, &covered)?;
    faults.extend(over.iter().map(|over| match over {
        Over::Offer { offer, by, promised, there } => {
            format!("the offer {offer} promises {promised} by {by} and can have {there}")
        }
        Over::Line(line) => format!("the offers of the line {line} promise more than its time"),
        Over::Instalment { instalment, covered, asked } => {
            format!("the instalment {instalment} asks for {asked} and is covered by {covered}")
        }
    }));
    let entries = ledger.entries.values().map(Vec::len).sum();
    Ok(Verified { matches: ledger.matches.len(), entries, faults })
}

/// Lets go of what was held until now and not answered, and answers how many matches.
///
/// # Errors
/// Those of the database.
pub async fn let_go(app: &App) -> AppResult<usize> {
    let now = app.clock.now();
    let mut count = 0;
    for id in store::due(&app.store, now, BATCH).await? {
        let (this, pen) = (app.clone(), Pen::of(app, &Caller::command_line()));
        let work = move |tx: Tx| async move {
            let ended = store::expire(&tx, id, now).await?;
            note_ended(&this, &tx, &ended, (&pen, now)).await?;
            Ok::<_, AppError>(ended.len())
        };
        count += app.store.write(work).await?;
    }
    if count > 0 {
        crate::mails::ring(app);
        app.queued.notify_one();
    }
    Ok(count)
}

/// Lets go of what nobody answered, until it is told to stop. It counts no more from its deadline on, whether or not this
/// has come by.
pub async fn work(app: &App, stop: impl Future<Output = ()>) {
    let mut stop = std::pin::pin!(stop);
    loop {
        match let_go(app).await {
            Ok(0) => {}
            Ok(ended) => tracing::info!(ended, "holds ended without an answer"),
            Err(error) => tracing::warn!(%error, "holds that are over could not be let go"),
        }
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}
