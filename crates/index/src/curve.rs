//! Capacity profiles as columns: the same integers as [`CapacityProfile::curve`] gives, for many offers at once.
//!
//! Let `W(t)` be the working days of a calendar up to `t`. Of each stream `W` before its start, before its base day and at
//! the end of its window are kept, so that a figure at a day is a look at `W`, a multiplication and a division; what
//! accrues is [the domain's formula](domain::capacity). Conversions and figures week by week are rare and stand aside.

use std::{cell::OnceCell, sync::Arc};

use domain::{
    calendar::WorkingCalendar,
    capacity::{CURVE_LIMIT, CapacityKind, CapacityProfile},
    quantity::{Measure, Quantity},
    rate::{Period, Rate},
    time::Day,
    unit::BaseUnit,
};

use crate::{
    intern::{Interner, NONE, Slots},
    promises::Drawn,
};

mod weekly;

use weekly::{Level, WeekRow};

/// The row of a profile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Curve {
    pub(crate) stock: i64,
    running: i64,
    maximum: i64,
    pub(crate) as_of: Day,
    pub(crate) until: Day,
    /// Working days before the window's start, before the later of start and as-of date, and by the window's end.
    start: i32,
    base: i32,
    last: i32,
    calendar: u32,
    rare: u32,
    ramp: u16,
    running_per: Period,
    maximum_per: Period,
}

/// What few profiles have.
#[derive(Debug, Clone)]
struct Rare {
    from: Day,
    conversion: Option<Conversion>,
    weeks: Box<[WeekRow]>,
}

#[derive(Debug, Clone, Copy)]
struct Conversion {
    units: i64,
    per: Period,
    days: u16,
    ramp: u16,
    decided: Option<Day>,
}

/// A rate at work, in working days of its calendar.
#[derive(Debug, Clone, Copy)]
struct Stream {
    units: i64,
    days: i64,
    ramp: i64,
    start: i32,
    base: i32,
    last: i32,
}

impl Stream {
    fn new((units, per): (i64, Period), per_week: i64, ramp: u16, (start, base, last): (i32, i32, i32)) -> Self {
        // The fraction has at most five digits above and three below, so that 10^12 of them fit.
        let (days, parts) = per.working_days(per_week);
        let small = |number: i128| i64::try_from(number).unwrap_or(1);
        Self { units: units * small(parts), days: small(days), ramp: ramp.into(), start, base, last }
    }

    /// What it makes by a day of which `worked` working days are over.
    #[inline]
    fn by(&self, worked: i32) -> i64 {
        let (now, before) = (worked.min(self.last) - self.start, self.base - self.start);
        if now <= before || self.units == 0 {
            return 0;
        }
        let effort = self.effort(now.into()) - self.effort(before.into());
        let parts = self.days * (2 * self.ramp).max(1);
        match self.units.checked_mul(effort) {
            Some(product) => product / parts,
            None => {
                let made = i128::from(self.units) * i128::from(effort) / i128::from(parts);
                i64::try_from(made).unwrap_or(i64::MAX)
            }
        }
    }

    /// Full-rate days after `n` working days, times `max(1, 2 * ramp)`.
    #[inline]
    fn effort(&self, n: i64) -> i64 {
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

/// Calendars and rare shapes that rows point at.
#[derive(Debug, Clone, Default)]
pub(crate) struct Curves {
    calendars: Interner<Arc<WorkingCalendar>>,
    rare: Slots<Rare>,
}

fn units(rate: &Rate) -> i64 {
    rate.measure.quantity.units()
}

/// Working days by the end of the day before.
fn before(calendar: &WorkingCalendar, day: Day) -> i32 {
    if day == Day::MIN { 0 } else { worked(calendar, day.plus(-1)) }
}

/// Working days by the end of a day, since the first day there is.
fn worked(calendar: &WorkingCalendar, day: Day) -> i32 {
    i32::try_from(calendar.working_days(Day::MIN, day)).unwrap_or(i32::MAX)
}

impl Curves {
    /// The row of a profile; [`Self::release`] it when it goes.
    pub(crate) fn enter(&mut self, profile: &CapacityProfile) -> Curve {
        let calendar = &profile.calendar;
        let until = profile.until.unwrap_or(Day::MAX);
        let maximum = profile.maximum.as_ref().or(profile.running.as_ref());
        let running = profile.running.as_ref();
        let rare = (profile.convertible.is_some() || !profile.weeks.is_empty()).then(|| Rare {
            from: profile.from,
            conversion: profile.convertible.as_ref().map(|c| Conversion {
                units: c.rate.as_ref().map_or(0, units),
                per: c.rate.as_ref().map_or(Period::Day, |rate| rate.period),
                days: c.days,
                ramp: c.ramp_days,
                decided: c.decided_on,
            }),
            weeks: weekly::rows(profile),
        });
        Curve {
            stock: profile.stock.quantity.units(),
            running: running.map_or(0, units),
            maximum: maximum.map_or(0, units),
            as_of: profile.as_of,
            until,
            start: before(calendar, profile.from),
            base: before(calendar, profile.from.max(profile.as_of)),
            last: worked(calendar, until),
            calendar: self.calendars.intern(calendar),
            rare: rare.map_or(NONE, |rare| self.rare.put(rare)),
            ramp: profile.ramp_days,
            running_per: running.map_or(Period::Day, |rate| rate.period),
            maximum_per: maximum.map_or(Period::Day, |rate| rate.period),
        }
    }

    /// Gives back what a row holds aside.
    pub(crate) fn release(&mut self, curve: &Curve) {
        self.rare.take(curve.rare);
    }

    /// What exists by a day.
    pub(crate) fn by(&self, curve: &Curve, kind: CapacityKind, day: Day) -> i64 {
        let mut out = [0];
        if let Some(calendar) = self.calendars.get(curve.calendar) {
            self.levels(curve, kind, None, (&[day], &[worked(calendar, day)]), &mut out);
        }
        let [by] = out;
        by
    }

    /// The first cut-off by which anything is free beside what is promised, by cut-off: behind the last day on which
    /// promises take all there is. The first of all days where there is no such day, the last where nothing ever is free.
    pub(crate) fn ready(&self, curve: &Curve, kind: CapacityKind, promised: &[Drawn]) -> Day {
        let mut taken = 0i64;
        let mut short: Option<(Day, i64)> = None;
        let mut next = None;
        for (at, (cutoff, units, _)) in promised.iter().enumerate() {
            let due = (*cutoff).max(curve.as_of);
            taken = taken.saturating_add(*units);
            if promised.get(at + 1).is_some_and(|(next, _, _)| (*next).max(curve.as_of) == due) {
                continue;
            }
            if self.by(curve, kind, due) <= taken {
                (short, next) = (Some((due, taken)), None);
            } else if next.is_none() {
                next = Some(due);
            }
        }
        let Some((mut none, taken)) = short else { return Day::MIN };
        let mut some = next.unwrap_or(Day::MAX);
        if next.is_none() && self.by(curve, kind, some) <= taken {
            return Day::MAX;
        }
        while some.since(none) > 1 {
            let middle = none.plus(some.since(none) / 2);
            if self.by(curve, kind, middle) > taken { some = middle } else { none = middle }
        }
        some
    }

    /// The profile of a row whose window begins on a day: one with the same curve.
    pub(crate) fn profile(&self, curve: &Curve, from: Day) -> Option<CapacityProfile> {
        let measure = |units: i64| Some(Measure::of(Quantity::new(units)?, BaseUnit::Piece));
        let rate = |(units, period): (i64, Period)| Some(Rate { measure: measure(units)?, period });
        let rare = self.rare.get(curve.rare);
        let converted = rare.and_then(|rare| rare.conversion);
        Some(CapacityProfile {
            calendar: Arc::clone(self.calendars.get(curve.calendar)?),
            from,
            until: (curve.until != Day::MAX).then_some(curve.until),
            as_of: curve.as_of,
            stock: measure(curve.stock)?,
            running: rate((curve.running, curve.running_per)),
            maximum: rate((curve.maximum, curve.maximum_per)),
            ramp_days: curve.ramp,
            convertible: converted.map(|c| domain::capacity::Conversion {
                rate: rate((c.units, c.per)),
                days: c.days,
                ramp_days: c.ramp,
                decided_on: c.decided,
            }),
            weeks: rare.map_or(Vec::new(), |rare| rare.weeks.iter().filter_map(WeekRow::week).collect()),
        })
    }

    fn levels(
        &self,
        curve: &Curve,
        kind: CapacityKind,
        decision: Option<Day>,
        (days, days_worked): (&[Day], &[i32]),
        out: &mut [i64],
    ) {
        let Some(calendar) = self.calendars.get(curve.calendar) else { return };
        let per_week = calendar.days_per_week();
        let rate = match kind {
            CapacityKind::Running => (curve.running, curve.running_per),
            CapacityKind::Maximum => (curve.maximum, curve.maximum_per),
        };
        let steady = Stream::new(rate, per_week, curve.ramp, (curve.start, curve.base, curve.last));
        for (sum, worked) in out.iter_mut().zip(days_worked) {
            *sum = steady.by(*worked);
        }
        if let Some(rare) = self.rare.get(curve.rare) {
            let decided = rare.conversion.and_then(|c| {
                let start = c.decided.or(decision)?.plus(i32::from(c.days)).max(rare.from);
                Some((c, start))
            });
            if let Some((c, start)) = decided.filter(|(c, _)| c.units > 0) {
                let span = (before(calendar, start), before(calendar, start.max(curve.as_of)), curve.last);
                let converted = Stream::new((c.units, c.per), per_week, c.ramp, span);
                for (sum, worked) in out.iter_mut().zip(days_worked) {
                    *sum += converted.by(*worked);
                }
            }
            if !rare.weeks.is_empty() {
                let level = match kind {
                    CapacityKind::Running => Level::Running,
                    CapacityKind::Maximum => Level::Maximum,
                };
                let span = (rare.from.max(curve.as_of), curve.until);
                weekly::add(calendar, &rare.weeks, level, span, days, out);
                if let Some((_, start)) = decided {
                    let span = (start.max(curve.as_of), curve.until);
                    weekly::add(calendar, &rare.weeks, Level::Convertible, span, days, out);
                }
            }
        }
        for (sum, day) in out.iter_mut().zip(days) {
            *sum = if *day < curve.as_of { 0 } else { sum.saturating_add(curve.stock).min(CURVE_LIMIT) };
        }
    }

    pub(crate) fn shrink(&mut self) {
        self.calendars.shrink();
        self.rare.shrink();
    }

    pub(crate) fn bytes(&self) -> usize {
        let calendar = |c: &Arc<WorkingCalendar>| size_of::<WorkingCalendar>() + 16 + size_of_val(c.closures());
        self.calendars.bytes(calendar) + self.rare.bytes(|rare| size_of_val(&*rare.weeks))
    }
}

/// Curves read at some days, in order, with the working days of each calendar by them counted once.
pub(crate) struct Readings<'a> {
    curves: &'a Curves,
    days: &'a [Day],
    on: Day,
    worked: Vec<OnceCell<Box<[i32]>>>,
}

impl<'a> Readings<'a> {
    /// At days in ascending order, where whoever could convert decides on a day to do so.
    pub(crate) fn new(curves: &'a Curves, days: &'a [Day], on: Day) -> Self {
        let worked = vec![OnceCell::new(); curves.calendars.items().len()];
        Self { curves, days, on, worked }
    }

    pub(crate) fn days(&self) -> &'a [Day] {
        self.days
    }

    /// What exists by each day.
    pub(crate) fn fill(&self, curve: &Curve, kind: CapacityKind, out: &mut [i64]) {
        if let Some(worked) = self.worked(curve) {
            self.curves.levels(curve, kind, None, (self.days, worked), out);
        }
    }

    /// What exists by one day.
    pub(crate) fn by(&self, curve: &Curve, kind: CapacityKind, day: Day) -> i64 {
        self.curves.by(curve, kind, day)
    }

    /// What an undecided conversion adds by each day to the running level, decided on the day of the readings; whether
    /// there is one.
    pub(crate) fn convertible(&self, curve: &Curve, running: &[i64], out: &mut [i64]) -> bool {
        let open = |rare: &Rare| rare.conversion.is_some_and(|c| c.decided.is_none());
        if !self.curves.rare.get(curve.rare).is_some_and(open) {
            return false;
        }
        if let Some(worked) = self.worked(curve) {
            self.curves.levels(curve, CapacityKind::Running, Some(self.on), (self.days, worked), out);
            for (sum, by) in out.iter_mut().zip(running) {
                *sum -= by;
            }
        }
        true
    }

    fn worked(&self, curve: &Curve) -> Option<&[i32]> {
        let calendar = self.curves.calendars.get(curve.calendar)?;
        let cell = self.worked.get(curve.calendar as usize)?;
        Some(cell.get_or_init(|| self.days.iter().map(|day| worked(calendar, *day)).collect()))
    }
}
