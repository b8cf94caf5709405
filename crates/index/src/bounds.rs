//! What offers of one line can give together.
//!
//! Of some offers *g* of a line with output `L`, and days *u* from *t* on, everything that is promised with cut-off *t*
//! beside what was promised before must fit: the stock of *g* and the line's output by *u*, less what *g* promised by *u*,
//! less what other offers of the line promised beyond their own stock. The least of that over all *u* bounds the free
//! figures of *g*. It is an upper bound: a line's time cannot be stored, so that day by day there may be less, which
//! only the flow test of the matching engine tells.

use std::collections::{BTreeMap, BTreeSet};

use domain::{capacity::CapacityKind, ids::OfferId, time::Day};

use crate::{
    answer::FIGURES,
    curve::Curve,
    figures::{FREE, Meter, drawn, later_than, suffix_minima},
    intern::NONE,
    store::OfferRow,
};

/// Free figures of rows that share a line, kept aside until all of them are there.
pub(crate) struct Shared<K> {
    parts: BTreeMap<(K, u32), Part>,
}

struct Part {
    members: BTreeSet<OfferId>,
    free: Vec<[i128; FREE.len()]>,
}

impl<K: Ord + Copy> Shared<K> {
    pub(crate) fn new() -> Self {
        Self { parts: BTreeMap::new() }
    }

    /// Whether a row goes by its line.
    pub(crate) fn binds(meter: &Meter<'_>, offer: OfferRow<'_>) -> bool {
        offer.traits.line != NONE && meter.index().line_of(offer.traits.line).is_some()
    }

    /// Keeps the free figures of an offer aside for a group.
    pub(crate) fn add(&mut self, group: K, offer: OfferRow<'_>, by: &[[i64; FIGURES]]) {
        let empty = || Part { members: BTreeSet::new(), free: vec![[0; FREE.len()]; by.len()] };
        let part = self.parts.entry((group, offer.traits.line)).or_insert_with(empty);
        part.members.insert(offer.id);
        for (sum, by) in part.free.iter_mut().zip(by) {
            for (sum, (place, _)) in sum.iter_mut().zip(FREE) {
                *sum += i128::from(by[place]);
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Hands each group, week by week, what its offers of a line can give together, summed up from the beginning.
    pub(crate) fn settle(self, meter: &Meter<'_>, mut give: impl FnMut(K, usize, [i128; FREE.len()])) {
        for ((group, line), part) in self.parts {
            let bounds = FREE.map(|(_, kind)| bound(meter, line, &part.members, kind));
            for (week, free) in part.free.iter().enumerate() {
                let mut least = *free;
                for (free, bound) in least.iter_mut().zip(&bounds) {
                    *free = (*free).min(bound.get(week).copied().unwrap_or(*free));
                }
                give(group, week, least);
            }
        }
    }
}

/// What is known of an offer of the line.
struct Member {
    inside: bool,
    stock: i128,
    as_of: Day,
    drawn: Vec<(Day, i64)>,
}

impl Member {
    fn stock_by(&self, day: Day) -> i128 {
        if day < self.as_of { 0 } else { self.stock }
    }

    fn taken_by(&self, day: Day) -> i128 {
        self.drawn.iter().take_while(|(due, _)| *due <= day).map(|(_, units)| i128::from(*units)).sum()
    }
}

fn bound(meter: &Meter<'_>, line: u32, inside: &BTreeSet<OfferId>, kind: CapacityKind) -> Vec<i128> {
    let (index, readings) = (meter.index(), meter.readings());
    let Some((curve, members)) = index.line_of(line) else { return Vec::new() };
    let member = |id: &OfferId| {
        let (_, row) = index.row(*id)?;
        let promised = drawn(row).map(|(due, units, _)| (due, units)).collect();
        let Curve { stock, as_of, .. } = *row.curve;
        Some(Member { inside: inside.contains(id), stock: stock.into(), as_of, drawn: promised })
    };
    let members: Vec<Member> = members.iter().filter_map(member).collect();
    let left = |day: Day, output: i64| {
        let room = members.iter().map(|m| {
            let room = m.stock_by(day) - m.taken_by(day);
            if m.inside { room } else { room.min(0) }
        });
        i128::from(output) + room.sum::<i128>()
    };
    let days: BTreeSet<Day> = members.iter().flat_map(|m| m.drawn.iter().map(|(due, _)| *due)).collect();
    let mut minima: Vec<(Day, i128)> =
        days.into_iter().map(|day| (day, left(day, readings.by(curve, kind, day)))).collect();
    suffix_minima(&mut minima);
    let mut output = vec![0; readings.days().len()];
    readings.fill(curve, kind, &mut output);
    let weeks = readings.days().iter().zip(output);
    let least = |(end, output): (&Day, i64)| {
        let now = left(*end, output);
        later_than(&minima, *end).map_or(now, |later| later.min(now)).max(0)
    };
    weeks.map(least).collect()
}
