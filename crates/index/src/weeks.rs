//! The weeks of a question: ISO weeks, the first and the last clipped to its period.

use domain::{time::Day, violation::Violations};

/// For how many weeks at most one can ask at once; three years.
const MOST_WEEKS: i32 = 157;

/// A week, or the part of it that lies in the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bucket {
    /// The Monday that names the ISO week.
    pub monday: Day,
    /// Its first day in the period.
    pub from: Day,
    /// Its last day in the period.
    pub until: Day,
}

/// A period in ISO weeks, seen from a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weeks {
    on: Day,
    buckets: Vec<Bucket>,
}

impl Weeks {
    /// The weeks from a day until another, both included, as asked on the day `on`; what lies before that day is left
    /// out, since nobody delivers in the past.
    ///
    /// # Errors
    /// `before_start` where the period is over before it begins, or before `on`, and `too_long` beyond three years; at
    /// `/until`.
    pub fn new(on: Day, from: Day, until: Day) -> Result<Self, Violations> {
        let from = from.max(on);
        if until < from {
            let detail = format!("{until} is before {from}; write a later day");
            return Err(Violations::one("/until", "before_start", detail));
        }
        if until.since(from.monday()) >= 7 * MOST_WEEKS {
            let detail = format!("{until} is more than three years after {from}; write an earlier day");
            return Err(Violations::one("/until", "too_long", detail));
        }
        let mondays = (0..=until.since(from.monday()) / 7).map(|week| from.monday().plus(7 * week));
        let bucket = |monday: Day| Bucket { monday, from: monday.max(from), until: monday.plus(6).min(until) };
        Ok(Self { on, buckets: mondays.map(bucket).collect() })
    }

    /// Whole ISO weeks, beginning with that of a day.
    pub(crate) fn whole(on: Day, weeks: i32) -> Self {
        let bucket = |week| {
            let monday = on.monday().plus(7 * week);
            Bucket { monday, from: monday, until: monday.plus(6) }
        };
        Self { on, buckets: (0..weeks).map(bucket).collect() }
    }

    /// The day it is asked about: freshness, expiry and decisions are as of this day.
    pub fn on(&self) -> Day {
        self.on
    }

    /// The weeks in their order.
    pub fn buckets(&self) -> &[Bucket] {
        &self.buckets
    }

    /// The last day of each week.
    pub(crate) fn ends(&self) -> Vec<Day> {
        self.buckets.iter().map(|bucket| bucket.until).collect()
    }

    /// The place of the week of the period in which the cell of a whole week enters, by its Sunday: its own, if the period
    /// goes on until then, or the first for what lies ready when the period begins.
    pub(crate) fn place(&self, sunday: Day) -> Option<usize> {
        let at = self.buckets.partition_point(|bucket| bucket.monday.plus(6) < sunday);
        self.buckets.get(at).filter(|bucket| bucket.until == bucket.monday.plus(6)).map(|_| at)
    }

    /// First and last day.
    pub(crate) fn span(&self) -> (Day, Day) {
        let from = self.buckets.first().map_or(self.on, |bucket| bucket.from);
        (from, self.buckets.last().map_or(from, |bucket| bucket.until))
    }
}
