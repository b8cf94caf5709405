//! What an offer can give by the end of each week, read off its columns.

use domain::{capacity::CapacityKind, time::Day};

use crate::{
    answer::FIGURES,
    curve::Readings,
    promises::{Drawn, Standing},
    store::{Index, OfferRow},
};

/// Places of the figures that promises lessen.
pub(crate) const FREE: [(usize, CapacityKind); 2] = [(5, CapacityKind::Running), (6, CapacityKind::Maximum)];

/// Reads offers one after the other; of each, what there is by the end of each week.
pub(crate) struct Meter<'a> {
    index: &'a Index,
    on: Day,
    readings: Readings<'a>,
    levels: [Vec<i64>; 2],
    convertible: Vec<i64>,
    drawn: Vec<Drawn>,
    /// By week the figures in the order of [`Figures`](crate::Figures), summed up from the beginning.
    by: Vec<[i64; FIGURES]>,
}

impl<'a> Meter<'a> {
    /// Of weeks that end on some days, with conversions decided on a day.
    pub(crate) fn new(index: &'a Index, ends: &'a [Day], on: Day) -> Self {
        let readings = Readings::new(&index.curves, ends, on);
        let none = vec![0; ends.len()];
        let levels = [none.clone(), none.clone()];
        Self { index, on, readings, levels, convertible: none, drawn: Vec::new(), by: vec![[0; FIGURES]; ends.len()] }
    }

    /// The day it is read on.
    pub(crate) fn on(&self) -> Day {
        self.on
    }

    pub(crate) fn index(&self) -> &'a Index {
        self.index
    }

    pub(crate) fn readings(&self) -> &Readings<'a> {
        &self.readings
    }

    /// Reads an offer.
    pub(crate) fn read(&mut self, offer: OfferRow<'_>) -> &[[i64; FIGURES]] {
        let [running, maximum] = &mut self.levels;
        self.readings.fill(offer.curve, CapacityKind::Running, running);
        self.readings.fill(offer.curve, CapacityKind::Maximum, maximum);
        let converts = self.readings.convertible(offer.curve, running, &mut self.convertible);
        for (at, by) in self.by.iter_mut().enumerate() {
            let (running, maximum) = (running[at], maximum[at]);
            let convertible = if converts { self.convertible[at] } else { 0 };
            *by = [running, maximum, convertible, 0, 0, running, maximum];
        }
        if offer.promised.drawn.is_some() {
            self.promised(offer);
        }
        &self.by
    }

    fn promised(&mut self, offer: OfferRow<'_>) {
        self.drawn.clear();
        self.drawn.extend(drawn(offer));
        let drawn = &self.drawn;
        for (by, end) in self.by.iter_mut().zip(self.readings.days()) {
            for (_, units, standing) in drawn.iter().take_while(|(due, _, _)| due <= end) {
                match standing {
                    Standing::Held => by[3] += units,
                    Standing::Agreed => by[4] += units,
                }
            }
        }
        for (place, kind) in FREE {
            let left = |due: Day, taken: i64| self.readings.by(offer.curve, kind, due).saturating_sub(taken);
            let later = later_minima(drawn, left);
            for (by, end) in self.by.iter_mut().zip(self.readings.days()) {
                let now = by[place] - by[3] - by[4];
                by[place] = later_than(&later, *end).map_or(now, |later| later.min(now)).max(0);
            }
        }
    }
}

/// What an offer promised, by the day on which it draws: its cut-off, or the as-of date once that is later, since the
/// figures were restated with what was promised and not yet shipped among the stock.
pub(crate) fn drawn(offer: OfferRow<'_>) -> impl Iterator<Item = Drawn> {
    let as_of = offer.curve.as_of;
    offer.promised.drawn().iter().map(move |(cutoff, units, standing)| ((*cutoff).max(as_of), *units, *standing))
}

/// For each day on which something is drawn, what is left least on it or on a later one.
fn later_minima(drawn: &[Drawn], left: impl Fn(Day, i64) -> i64) -> Vec<(Day, i64)> {
    let mut taken = 0i64;
    let mut minima: Vec<(Day, i64)> = Vec::with_capacity(drawn.len());
    for (at, (due, units, _)) in drawn.iter().enumerate() {
        taken = taken.saturating_add(*units);
        if drawn.get(at + 1).is_none_or(|(next, _, _)| next > due) {
            minima.push((*due, left(*due, taken)));
        }
    }
    suffix_minima(&mut minima);
    minima
}

/// Lets each day stand for the least of it and all later ones.
pub(crate) fn suffix_minima<N: Copy + Ord>(days: &mut [(Day, N)]) {
    let mut least = None;
    for (_, left) in days.iter_mut().rev() {
        let now = least.map_or(*left, |least: N| least.min(*left));
        (*left, least) = (now, Some(now));
    }
}

/// The least on days after a day, where there are any.
pub(crate) fn later_than<N: Copy>(minima: &[(Day, N)], day: Day) -> Option<N> {
    minima.get(minima.partition_point(|(due, _)| *due <= day)).map(|(_, least)| *least)
}
