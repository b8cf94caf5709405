//! What is free of an offer by a cut-off.

use domain::{capacity::CapacityKind, time::Day};

use crate::{
    answer::FIGURES,
    bounds::Shared,
    figures::{FREE, Meter, drawn},
    promises::Promised,
    reader::Sees,
    store::{Index, OfferRow},
};

/// What is told of an offer's figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Free {
    /// What can still be promised by the cut-off.
    pub(crate) units: i64,
    /// The growth of running capacity in the ISO week of the cut-off.
    pub(crate) running: i64,
    /// Whether a line bounds it.
    pub(crate) of_line: bool,
}

/// The place of a kind of capacity where both stand in a row.
fn place(kind: CapacityKind) -> usize {
    match kind {
        CapacityKind::Running => 0,
        CapacityKind::Maximum => 1,
    }
}

/// Whether promises take all of an offer that could be promised by a cut-off, its line left aside. Where stock alone
/// counts, whatever is promised at any time may have to come from it.
pub(crate) fn is_used_up(
    promised: &Promised,
    kind: CapacityKind,
    (cutoff, stock_only): (Day, bool),
    as_of: Day,
) -> bool {
    let from = if stock_only { as_of } else { cutoff };
    promised.ready.get(place(kind)).is_some_and(|ready| from < *ready)
}

/// Reads what is free of an eligible offer.
pub(crate) fn free(
    index: &Index,
    offer: OfferRow<'_>,
    kind: CapacityKind,
    (cutoff, stock_only): (Day, bool),
    sees: Sees,
) -> Free {
    let monday = cutoff.monday();
    let ends = [monday.plus(-1), cutoff, monday.plus(6)];
    let mut meter = Meter::new(index, &ends, cutoff);
    let of_line = sees.named() && Shared::<()>::binds(&meter, offer);
    let by: Vec<[i64; FIGURES]> = meter.read(offer).to_vec();
    let running = |at: usize| by.get(at).map_or(0, |by| by[0]);
    let (at, _) = FREE[place(kind)];
    let mut units = by.get(1).map_or(0, |by| by[at]);
    if of_line {
        let mut shared: Shared<()> = Shared::new();
        shared.add((), offer, &by);
        shared.settle(&meter, |(), end, bound| {
            if end == 1 {
                units = i64::try_from(bound[place(kind)]).unwrap_or(i64::MAX).min(units);
            }
        });
    }
    if stock_only {
        units = units.min(of_stock(&meter, offer, kind));
    }
    Free { units, running: running(2) - running(0), of_line }
}

/// What can still be promised of the stock: itself, and what is left least on any day, since each promise may have to come
/// from it.
fn of_stock(meter: &Meter<'_>, offer: OfferRow<'_>, kind: CapacityKind) -> i64 {
    let mut taken = 0i64;
    let mut least = offer.curve.stock;
    let mut rest = drawn(offer).peekable();
    while let Some((due, units, _)) = rest.next() {
        taken = taken.saturating_add(units);
        if rest.peek().is_none_or(|(next, _, _)| *next > due) {
            let by = meter.readings().by(offer.curve, kind, due);
            least = least.min(by.saturating_sub(taken));
        }
    }
    least.max(0)
}
