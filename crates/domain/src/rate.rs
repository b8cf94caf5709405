//! Rates: a quantity per period, accrued on working days by exact rational arithmetic.

use serde::{Deserialize, Serialize};

use crate::{calendar::WorkingCalendar, quantity::Measure};

/// The period of a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// One working day (ADR 0004).
    Day,
    /// Seven days.
    Week,
    /// 365.25 / 12 days, as Rec 20 defines it.
    Month,
    /// 365.25 days.
    Year,
}

impl Period {
    /// All periods.
    pub const ALL: [Period; 4] = [Self::Day, Self::Week, Self::Month, Self::Year];

    /// The name used on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// From a name (`week`, `weeks`, `per week`, `weekly`) or Rec 20 code (`WEE`).
    pub fn parse(text: &str) -> Option<Self> {
        let lower = text.trim().to_ascii_lowercase();
        let bare = lower.strip_prefix("per ").or(lower.strip_prefix('/')).unwrap_or(&lower);
        match bare {
            "day" | "days" | "daily" | "d" => Some(Self::Day),
            "week" | "weeks" | "weekly" | "wee" | "wk" => Some(Self::Week),
            "month" | "months" | "monthly" | "mon" => Some(Self::Month),
            "year" | "years" | "yearly" | "annual" | "annually" | "ann" => Some(Self::Year),
            _ => None,
        }
    }

    /// Working days in one period on a calendar of `days_per_week`, as a fraction.
    pub fn working_days(self, days_per_week: i64) -> (i128, i128) {
        let w = i128::from(days_per_week);
        match self {
            Self::Day => (1, 1),
            Self::Week => (w, 1),
            // 365.25 / 12 * w / 7 and 365.25 * w / 7.
            Self::Month => (487 * w, 112),
            Self::Year => (1461 * w, 28),
        }
    }
}

/// A quantity per period, as typed and in base units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// What was typed.
    pub measure: Measure,
    /// Per this.
    pub period: Period,
}

impl Rate {
    /// Base units per working day on a calendar, as a fraction; for comparing rates.
    pub fn per_working_day(&self, calendar: &WorkingCalendar) -> (i128, i128) {
        let (days, per) = self.period.working_days(calendar.days_per_week());
        (i128::from(self.measure.quantity.units()) * per, days)
    }

    /// Whether this rate is at most the other on the same calendar.
    pub fn at_most(&self, other: &Rate, calendar: &WorkingCalendar) -> bool {
        let ((a, b), (c, d)) = (self.per_working_day(calendar), other.per_working_day(calendar));
        a * d <= c * b
    }
}
