//! Working calendars: which days a site makes things on.

use serde::{Deserialize, Serialize};

use crate::time::{Day, WEEKDAYS};

/// A span of civil days, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// First day.
    pub from: Day,
    /// Last day.
    pub until: Day,
}

/// The weekdays a site works on, and the spans it is closed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct WorkingCalendar {
    /// Bit 0 is Monday, bit 6 Sunday; never 0.
    weekdays: u8,
    /// Disjoint, sorted.
    closures: Vec<Span>,
}

/// A calendar as stored, before it is checked.
#[derive(Deserialize)]
struct Stored {
    weekdays: u8,
    closures: Vec<Span>,
}

impl TryFrom<Stored> for WorkingCalendar {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        Self::new(stored.weekdays, stored.closures).ok_or("is no working calendar")
    }
}

impl Default for WorkingCalendar {
    /// Monday to Friday, never closed.
    fn default() -> Self {
        Self { weekdays: 0b001_1111, closures: Vec::new() }
    }
}

impl WorkingCalendar {
    /// From a weekday mask (bit 0 Monday) and closures; overlapping closures are merged. `None` if
    /// no weekday is worked, a mask bit is unknown, or a closure ends before it starts.
    pub fn new(weekdays: u8, mut closures: Vec<Span>) -> Option<Self> {
        if weekdays == 0 || weekdays > 0b111_1111 || closures.iter().any(|c| c.until < c.from) {
            return None;
        }
        closures.sort_unstable();
        let mut merged: Vec<Span> = Vec::with_capacity(closures.len());
        for c in closures {
            match merged.last_mut() {
                Some(last) if c.from <= last.until.plus(1) => last.until = last.until.max(c.until),
                Some(_) | None => merged.push(c),
            }
        }
        Some(Self { weekdays, closures: merged })
    }

    /// Every day of the week.
    pub fn every_day() -> Self {
        Self { weekdays: 0b111_1111, closures: Vec::new() }
    }

    /// The weekday mask, bit 0 Monday.
    pub fn weekdays(&self) -> u8 {
        self.weekdays
    }

    /// The names of the worked weekdays, Monday first.
    pub fn weekday_names(&self) -> Vec<&'static str> {
        (0..7).filter(|i| self.weekdays & (1 << i) != 0).map(|i| WEEKDAYS[i]).collect()
    }

    /// The closures, sorted and disjoint.
    pub fn closures(&self) -> &[Span] {
        &self.closures
    }

    /// Worked weekdays in a week, 1 to 7.
    pub fn days_per_week(&self) -> i64 {
        i64::from(self.weekdays.count_ones())
    }

    /// Working days from `from` to `until`, both included; 0 when `until` is before `from`.
    pub fn working_days(&self, from: Day, until: Day) -> i64 {
        let closed: i64 = self.closures.iter().map(|c| self.open_days(c.from.max(from), c.until.min(until))).sum();
        self.open_days(from, until) - closed
    }

    /// Worked weekdays in a span, closures left aside.
    fn open_days(&self, from: Day, until: Day) -> i64 {
        let length = i64::from(until.since(from)) + 1;
        if length <= 0 {
            return 0;
        }
        // Two weeks of the mask in a row, so that the days left over are a run of bits.
        let weeks = u32::from(self.weekdays) << 7 | u32::from(self.weekdays);
        let left = (weeks >> from.weekday()) & ((1 << (length % 7)) - 1);
        let rest = i64::from(left.count_ones());
        length / 7 * self.days_per_week() + rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn counts_agree_with_walking_the_days() {
        let closures = vec![
            Span { from: day("2020-04-10"), until: day("2020-04-13") },
            Span { from: day("2020-08-01"), until: day("2020-08-31") },
            Span { from: day("2020-08-15"), until: day("2020-09-02") },
        ];
        for mask in [0b001_1111, 0b111_1111, 0b100_0000, 0b010_1010] {
            let calendar = WorkingCalendar::new(mask, closures.clone()).unwrap();
            let from = day("2020-03-30");
            let mut walked = 0;
            for i in 0..200 {
                let d = from.plus(i);
                let closed = closures.iter().any(|c| c.from <= d && d <= c.until);
                if mask & (1 << d.weekday()) != 0 && !closed {
                    walked += 1;
                }
                assert_eq!(calendar.working_days(from, d), walked, "{d} {mask:b}");
            }
        }
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(WorkingCalendar::new(0, vec![]).is_none());
        assert!(WorkingCalendar::new(128, vec![]).is_none());
        let backwards = Span { from: day("2020-04-02"), until: day("2020-04-01") };
        assert!(WorkingCalendar::new(1, vec![backwards]).is_none());
    }
}
