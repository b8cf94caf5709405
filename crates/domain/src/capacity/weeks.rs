//! Capacity week by week: figures that differ from one ISO week to the next.
//!
//! The formula, in integers. A week's figure `u` is what that very week yields: it accrues over the `N` days that
//! the calendar works in it, closures left out, so that all of it is there by the end of the last of them. Of a
//! week of which `n` working days lie between the base day and `t`, `u n / N` is there. Output that exists at the
//! end of day `t` is the floor of the sum of these over the weeks, rounded once: in 420ths, which every `N` from 1
//! to 7 divides. Hence equal weeks without closures yield what a rate per week yields, on every day.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{calendar::WorkingCalendar, quantity::Measure, time::Day};

/// The smallest number that every number of working days in a week divides.
const PARTS: i128 = 420;

/// What a site can make in one week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Week {
    /// The Monday that names the ISO week.
    pub monday: Day,
    /// What runs in it.
    pub running: Option<Measure>,
    /// What it yields at full stretch; at least what runs.
    pub maximum: Option<Measure>,
    /// What it would yield beside that after a conversion.
    pub convertible: Option<Measure>,
}

impl Week {
    /// Its last day, a Sunday.
    pub fn sunday(&self) -> Day {
        self.monday.plus(6)
    }
}

/// A figure for each of some weeks, counted from a base day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WeeklyStream {
    calendar: Arc<WorkingCalendar>,
    base: Day,
    until: Day,
    weeks: Vec<Filled>,
}

/// A week that yields something.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Filled {
    monday: Day,
    units: i128,
    /// Its working days, at least one.
    days: i128,
    /// What the weeks before it yield from the base day on, in parts.
    before: i128,
}

impl WeeklyStream {
    /// Of weeks in their order.
    pub(super) fn new(
        calendar: &Arc<WorkingCalendar>,
        (base, until): (Day, Day),
        figures: impl Iterator<Item = (Day, i64)>,
    ) -> Self {
        let mut stream = Self { calendar: Arc::clone(calendar), base, until, weeks: Vec::new() };
        let mut before = 0;
        for (monday, units) in figures.filter(|(_, units)| *units > 0) {
            let days = i128::from(calendar.working_days(monday, monday.plus(6)));
            if days == 0 {
                continue;
            }
            let week = Filled { monday, units: units.into(), days, before };
            before += stream.parts(&week, until);
            stream.weeks.push(week);
        }
        stream
    }

    /// What a week yields from the base day on until a day, in parts.
    fn parts(&self, week: &Filled, until: Day) -> i128 {
        let (from, last) = (week.monday.max(self.base), week.monday.plus(6).min(until));
        week.units * i128::from(self.calendar.working_days(from, last)) * (PARTS / week.days)
    }

    pub(super) fn output_by(&self, day: Day) -> i128 {
        let last = day.min(self.until);
        let begun = self.weeks.partition_point(|week| week.monday <= last);
        match begun.checked_sub(1).and_then(|at| self.weeks.get(at)) {
            Some(week) => (week.before + self.parts(week, last)) / PARTS,
            None => 0,
        }
    }

    /// The first day with output.
    pub(super) fn first_day(&self) -> Option<Day> {
        let full = |week: &&Filled| self.output_by(week.monday.plus(6)) > 0;
        let week = self.weeks.iter().find(full)?;
        (0..7).map(|ahead| week.monday.plus(ahead)).find(|day| self.output_by(*day) > 0)
    }
}
