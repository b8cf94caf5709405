//! Whether what the offers of one line promised fits the line's time, by a largest flow.
//!
//! A node for each day of the line gives what the line can put out that day, and nothing later; a node for each offer
//! and day takes from it at most what the offer's own rate makes that day, keeps the rest for later days, and gives what
//! was promised by then. It fits if and only if the largest flow serves every promise (ADR 0012 says why day by day).

use std::sync::atomic::AtomicBool;

use domain::{capacity::SupplyCurve, time::Day};

use crate::{
    allocate::MatchingError,
    flow::{Carried, Graph, Search, UNBOUNDED},
};

/// An offer of a line, with what it promised: by when, and how many base units.
#[derive(Debug, Clone)]
pub struct LineOffer {
    /// Its supply, on the level that the line counts on.
    pub curve: SupplyCurve,
    /// The date that its figures stand for.
    pub as_of: Day,
    /// What it promised, by cut-off. One before `as_of` draws on what was stated since.
    pub promised: Vec<(Day, i64)>,
}

/// Whether every promise can be kept at once within the time of a line that counts from a day on.
///
/// # Errors
/// When it was cancelled.
pub fn line_fits(
    (line, as_of): (&SupplyCurve, Day),
    offers: &[LineOffer],
    cancel: Option<&AtomicBool>,
) -> Result<bool, MatchingError> {
    let Some(first) = offers.iter().map(|o| o.as_of).chain([as_of]).min() else { return Ok(true) };
    let due = |o: &LineOffer, day: Day| day.max(o.as_of);
    let Some(last) = offers.iter().flat_map(|o| o.promised.iter().map(|(day, _)| due(o, *day))).max() else {
        return Ok(true);
    };
    let days = usize::try_from(last.since(first)).unwrap_or(0) + 1;
    let nodes = days * (offers.len() + 1);
    let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let on = |at: usize| first.plus(i32::try_from(at).unwrap_or(i32::MAX));
    let made = |curve: &SupplyCurve, at: usize| {
        let (before, by) = (on(at).plus(-1), on(at));
        (curve.by(by) - curve.stock_by(by)) - (curve.by(before) - curve.stock_by(before))
    };
    let (mut arcs, mut has, mut wants) = (Vec::new(), vec![0; nodes], vec![0; nodes]);
    for (at, room) in has.iter_mut().enumerate().take(days) {
        *room = made(line, at);
    }
    for (place, offer) in offers.iter().enumerate() {
        let node = |at: usize| days * (place + 1) + at;
        for at in 0..days {
            let own = made(&offer.curve, at);
            if own > 0 {
                arcs.push((number(at), number(node(at)), own));
            }
            if at + 1 < days {
                arcs.push((number(node(at)), number(node(at + 1)), UNBOUNDED));
            }
        }
        let start = usize::try_from(offer.as_of.since(first)).unwrap_or(days);
        if start < days {
            has[node(start)] += offer.curve.stock_by(offer.as_of);
        }
        for (day, units) in &offer.promised {
            let at = usize::try_from(due(offer, *day).since(first)).unwrap_or(0);
            wants[node(at)] += units;
        }
    }
    // What a node has and asks for itself moves nowhere.
    for (has, wants) in has.iter_mut().zip(&mut wants) {
        let here = (*has).min(*wants);
        (*has, *wants) = (*has - here, *wants - here);
    }
    let (graph, mut carried): (Graph, Carried<i64>) = Graph::new(nodes, (&[], &[], &[]), &arcs);
    carried.has.copy_from_slice(&has);
    carried.wants.copy_from_slice(&wants);
    let all: Vec<u32> = (0..number(nodes)).collect();
    let moved = Search::new(&graph).move_all(&graph, &mut carried, &all, (&all, &all), cancel);
    moved.map_err(|_| MatchingError::Cancelled)?;
    Ok(carried.wants.iter().all(|left| *left == 0))
}

#[cfg(test)]
mod tests;
