//! Figures week by week, read at many days in one pass.

use domain::{
    calendar::WorkingCalendar,
    capacity::{CapacityProfile, Week},
    quantity::{Measure, Quantity},
    time::Day,
    unit::BaseUnit,
};

/// The smallest number that every number of working days in a week divides, as in [`domain::capacity::weeks`].
const PARTS: i128 = 420;

/// A week's figures.
#[derive(Debug, Clone, Copy)]
pub(super) struct WeekRow {
    monday: Day,
    /// Its working days; of a week that has none nothing comes.
    days: u8,
    running: i64,
    maximum: i64,
    convertible: i64,
}

/// Which of a week's figures.
#[derive(Debug, Clone, Copy)]
pub(super) enum Level {
    Running,
    Maximum,
    Convertible,
}

impl WeekRow {
    /// The week that it is the row of.
    pub(super) fn week(&self) -> Option<Week> {
        let measure = |units: i64| Some(Measure::of(Quantity::new(units)?, BaseUnit::Piece));
        let (running, maximum, convertible) =
            (measure(self.running)?, measure(self.maximum)?, measure(self.convertible)?);
        let [running, maximum, convertible] = [Some(running), Some(maximum), Some(convertible)];
        Some(Week { monday: self.monday, running, maximum, convertible })
    }

    fn units(&self, level: Level) -> i64 {
        match level {
            Level::Running => self.running,
            Level::Maximum => self.maximum.max(self.running),
            Level::Convertible => self.convertible,
        }
    }
}

/// The rows of a profile's weeks.
pub(super) fn rows(profile: &CapacityProfile) -> Box<[WeekRow]> {
    let units = |figure: &Option<Measure>| figure.as_ref().map_or(0, |m| m.quantity.units());
    let row = |week: &Week| WeekRow {
        monday: week.monday,
        days: u8::try_from(profile.calendar.working_days(week.monday, week.sunday())).unwrap_or(0),
        running: units(&week.running),
        maximum: units(&week.maximum),
        convertible: units(&week.convertible),
    };
    profile.weeks.iter().map(row).collect()
}

/// Adds to each day, in ascending order, what the weeks yield by then from a base day until a last one: the floor of the
/// sum over the weeks, rounded once.
pub(super) fn add(
    calendar: &WorkingCalendar,
    weeks: &[WeekRow],
    level: Level,
    (base, until): (Day, Day),
    days: &[Day],
    out: &mut [i64],
) {
    let parts = |week: &WeekRow, by: Day| {
        let n = calendar.working_days(week.monday.max(base), week.monday.plus(6).min(by).min(until));
        i128::from(week.units(level)) * i128::from(n) * (PARTS / i128::from(week.days))
    };
    let mut rest = weeks.iter().filter(|week| week.days > 0 && week.units(level) > 0).peekable();
    let mut done = 0;
    for (day, sum) in days.iter().zip(out) {
        while let Some(week) = rest.next_if(|week| week.monday.plus(6) <= *day) {
            done += parts(week, *day);
        }
        let begun = rest.peek().filter(|week| week.monday <= *day).map_or(0, |week| parts(week, *day));
        *sum = sum.saturating_add(i64::try_from((done + begun) / PARTS).unwrap_or(i64::MAX));
    }
}
