//! What a site can have ready by a day: stock plus output that accrues on working days.
//!
//! The formula, in integers. Let `n(t)` be the working days from the stream's start to `t`, `R` its
//! ramp in working days, and `E(n)` the full-rate days so far: `n (n + 1) / 2R` while `n <= R`
//! (linear from nothing to full rate), then `(R + 1) / 2 + n - R`; without a ramp `E(n) = n`.
//! Output that exists at the end of day `t` is
//! `floor(units * (E(n(t)) - E(n(base - 1))) / working days per period)`, where `base` is the later
//! of the window's start and the as-of date. The as-of date is the start of its day (ADR 0007). Figures that differ
//! from week to week accrue as [`weeks`] says, in the place of a rate.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{calendar::WorkingCalendar, market::Assured, quantity::Measure, quantity::Quantity, rate::Rate, time::Day};

pub mod weeks;

pub use weeks::Week;
use weeks::WeeklyStream;

/// Which level of capacity a run counts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CapacityKind {
    /// What the site makes now.
    Running,
    /// What it makes at full stretch.
    Maximum,
}

impl CapacityKind {
    /// The name used on the wire and the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Maximum => "maximum",
        }
    }
}

/// Capacity that starts a conversion time after a recorded decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversion {
    /// The rate once converted; `None` where figures of weeks say it.
    pub rate: Option<Rate>,
    /// Calendar days from the decision to the first output.
    pub days: u16,
    /// Working days from first output to the full rate.
    pub ramp_days: u16,
    /// When the conversion was decided; `None` while it is only a possibility.
    pub decided_on: Option<Day>,
}

/// What a site makes of a product over time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapacityProfile {
    /// The days it works.
    pub calendar: Arc<WorkingCalendar>,
    /// First day of the window.
    pub from: Day,
    /// Last day of the window, if it ends.
    pub until: Option<Day>,
    /// The date the figures stand for, at the start of that day.
    pub as_of: Day,
    /// What lay ready at the as-of date.
    pub stock: Measure,
    /// What it makes now.
    pub running: Option<Rate>,
    /// What it makes at full stretch; at least the running rate.
    pub maximum: Option<Rate>,
    /// Working days from the window's start to the full rate; 0 for none.
    pub ramp_days: u16,
    /// What it could make after a conversion.
    pub convertible: Option<Conversion>,
    /// Figures week by week in the place of `running` and `maximum`, the earliest first and each week once; empty
    /// where it has rates. Left out of the JSON then, so that terms and snapshots of before keep their bytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weeks: Vec<Week>,
}

impl CapacityProfile {
    /// What exists by each day, counting on one kind of capacity and on decided conversions.
    pub fn curve(&self, kind: CapacityKind) -> SupplyCurve {
        let level = match kind {
            CapacityKind::Running => self.running.as_ref(),
            CapacityKind::Maximum => self.maximum.as_ref().or(self.running.as_ref()),
        };
        let steady = level.map(|rate| self.stream(rate, self.from, self.ramp_days));
        let decided = self.convertible.as_ref().and_then(|c| {
            let start = c.decided_on?.plus(i32::from(c.days)).max(self.from);
            Some((c, start))
        });
        let converted = decided.and_then(|(c, start)| Some(self.stream(c.rate.as_ref()?, start, c.ramp_days)));
        let streams = steady.into_iter().chain(converted).filter(|s| s.units > 0).collect();
        let of_level = |week: &Week| match kind {
            CapacityKind::Running => units(&week.running),
            CapacityKind::Maximum => units(&week.maximum).max(units(&week.running)),
        };
        let mut weekly = Vec::new();
        if !self.weeks.is_empty() {
            weekly.push(self.series(self.from, of_level));
            weekly.extend(decided.map(|(_, start)| self.series(start, |week| units(&week.convertible))));
        }
        SupplyCurve { stock: self.stock.quantity.units(), stock_from: self.as_of, streams, weekly, assured: None }
    }

    fn series(&self, start: Day, units: impl Fn(&Week) -> i64) -> WeeklyStream {
        let span = (start.max(self.as_of), self.until.unwrap_or(Day::MAX));
        WeeklyStream::new(&self.calendar, span, self.weeks.iter().map(|week| (week.monday, units(week))))
    }

    /// Whether nothing runs and nothing lies ready: only an undecided conversion could supply.
    pub fn is_only_convertible(&self) -> bool {
        let idle = |r: &Option<Rate>| r.as_ref().is_none_or(|r| r.measure.quantity.is_zero());
        self.stock.quantity.is_zero()
            && idle(&self.running)
            && idle(&self.maximum)
            && self.weeks.iter().all(|week| units(&week.running) == 0 && units(&week.maximum) == 0)
            && self.convertible.as_ref().is_some_and(|c| c.decided_on.is_none())
    }

    fn stream(&self, rate: &Rate, start: Day, ramp_days: u16) -> Stream {
        let (days, per) = rate.period.working_days(self.calendar.days_per_week());
        let mut stream = Stream {
            calendar: Arc::clone(&self.calendar),
            start,
            base: start.max(self.as_of),
            until: self.until.unwrap_or(Day::MAX),
            units: i128::from(rate.measure.quantity.units()) * per,
            days,
            ramp: i128::from(ramp_days),
            before: 0,
        };
        // Only past the start is there a day before.
        if stream.base > start {
            stream.before = stream.effort_by(stream.base.plus(-1));
        }
        stream
    }
}

fn units(figure: &Option<Measure>) -> i64 {
    figure.as_ref().map_or(0, |measure| measure.quantity.units())
}

/// A rate at work from a start day, counted from a base day on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stream {
    calendar: Arc<WorkingCalendar>,
    start: Day,
    base: Day,
    until: Day,
    /// Output per period times the denominator of `days`.
    units: i128,
    /// Working days per period, numerator.
    days: i128,
    ramp: i128,
    /// Effort before the base day, which the stock stands for.
    before: i128,
}

impl Stream {
    fn output_by(&self, day: Day) -> i128 {
        let last = day.min(self.until);
        if last < self.base {
            return 0;
        }
        let effort = self.effort_by(last) - self.before;
        self.units * effort / (self.days * (2 * self.ramp).max(1))
    }

    /// The first day with output, found by doubling steps and then halves, since output never falls.
    fn first_day(&self) -> Option<Day> {
        if self.output_by(self.base) > 0 {
            return Some(self.base);
        }
        let (mut none, mut step) = (self.base, 1);
        let mut some = loop {
            let next = none.plus(step);
            if self.output_by(next) > 0 {
                break next;
            }
            if next >= self.until {
                return None;
            }
            (none, step) = (next, step * 2);
        };
        while some.since(none) > 1 {
            let middle = none.plus(some.since(none) / 2);
            if self.output_by(middle) > 0 { some = middle } else { none = middle }
        }
        Some(some)
    }

    fn effort_by(&self, day: Day) -> i128 {
        self.effort(i128::from(self.calendar.working_days(self.start, day)))
    }

    /// Full-rate days after `n` working days, times `max(1, 2R)`.
    fn effort(&self, n: i128) -> i128 {
        let ramp = self.ramp;
        if ramp == 0 {
            n
        } else if n <= ramp {
            n * (n + 1)
        } else {
            ramp * (ramp + 1) + 2 * ramp * (n - ramp)
        }
    }
}

/// `S(t)`: the non-decreasing number of base units that exist by the end of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupplyCurve {
    stock: i64,
    stock_from: Day,
    streams: Vec<Stream>,
    weekly: Vec<WeeklyStream>,
    /// What inputs let it be, where it lacks any.
    assured: Option<Assured>,
}

impl SupplyCurve {
    /// The curve of an offer that lacks something, as far as its inputs are brought.
    pub fn assured(self, assured: Assured) -> Self {
        Self { assured: Some(assured), ..self }
    }

    /// Base units that exist by the end of `day`; at most [`CURVE_LIMIT`].
    pub fn by(&self, day: Day) -> i64 {
        if day < self.stock_from {
            return 0;
        }
        let whole = self.whole_by(day);
        match &self.assured {
            Some(assured) => assured.ready.min(whole) + assured.made_by(day).min((whole - assured.ready).max(0)),
            None => whole,
        }
    }

    fn whole_by(&self, day: Day) -> i64 {
        let steady = self.streams.iter().map(|s| s.output_by(day));
        let output: i128 = steady.chain(self.weekly.iter().map(|s| s.output_by(day))).sum();
        i64::try_from(output).unwrap_or(CURVE_LIMIT).saturating_add(self.stock).min(CURVE_LIMIT)
    }

    /// The first day by which anything exists; on every later day something does.
    pub fn first_day(&self) -> Option<Day> {
        if let Some(assured) = self.assured.as_ref().filter(|assured| assured.ready == 0) {
            // Its whole output is there by then or later: a ready unit would be the first.
            let (from, _) = *assured.made.iter().find(|(_, units)| *units > 0)?;
            return Some(self.first_whole_day()?.max(from));
        }
        self.first_whole_day()
    }

    fn first_whole_day(&self) -> Option<Day> {
        let stock = (self.stock > 0).then_some(self.stock_from);
        let steady = self.streams.iter().filter_map(Stream::first_day);
        let weekly = self.weekly.iter().filter_map(WeeklyStream::first_day);
        stock.into_iter().chain(steady).chain(weekly).min()
    }

    /// The day from which stock lies ready, if there is any.
    pub fn first_stock_day(&self) -> Option<Day> {
        (self.stock_by(Day::MAX) > 0).then_some(self.stock_from)
    }

    /// The stock part alone, which a lead time does not bind.
    pub fn stock_by(&self, day: Day) -> i64 {
        let stock = self.assured.as_ref().map_or(self.stock, |assured| assured.ready.min(self.stock));
        if day < self.stock_from { 0 } else { stock }
    }

    /// What orders with cut-off on `day` can draw when orders placed on `decision` have a lead time:
    /// stock alone before `decision + lead`, everything from then on.
    pub fn orderable_by(&self, day: Day, decision: Day, lead_days: u16) -> i64 {
        if day < decision.plus(i32::from(lead_days)) { self.stock_by(day) } else { self.by(day) }
    }
}

/// No curve goes above this; far beyond what any need asks, and safe to add up in 64 bits.
pub const CURVE_LIMIT: i64 = 1_000 * Quantity::LIMIT;

#[cfg(test)]
mod tests;
