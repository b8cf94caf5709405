//! What makes a need one of tier 1: that a body grants it, or that stock and daily use prove it.

use crate::{
    ids::OrganisationId,
    time::{Day, Instant},
};

/// That an authorised body grants tier 1 to a need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Which body; the operator where `None`.
    pub by: Option<OrganisationId>,
    /// Why, in its words.
    pub reason: String,
    /// When.
    pub at: Instant,
}

/// With fewer days of supply than these a need is critical.
pub const CRITICAL_DAYS: i64 = 7;

/// Whether a need for a day is critical by what the buyer has and uses: what lies there lasts fewer than
/// [`CRITICAL_DAYS`] days, and what is asked for is due before twice as many are over, since goods that come later than
/// that do not end this shortage. Stock and daily use are in base units; nothing follows from a use of 0.
pub fn derived(stock: i64, daily_use: i64, due: Day, today: Day) -> bool {
    // The last day on which the whole of a day's use is there; exact, without a fraction.
    let short = daily_use > 0 && i128::from(stock) < i128::from(daily_use) * i128::from(CRITICAL_DAYS);
    short && i64::from(due.since(today)) < 2 * CRITICAL_DAYS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_need_is_critical_where_stock_ends_within_a_week_and_the_goods_come_soon() {
        let today = Day::parse("2020-04-06").unwrap();
        let says = |stock, daily_use, in_days| derived(stock, daily_use, today.plus(in_days), today);
        assert!(says(0, 1, 0));
        assert!(says(699, 100, 5));
        assert!(!says(700, 100, 5), "seven days are left");
        assert!(says(699, 100, 13));
        assert!(!says(699, 100, 14), "it comes too late to end this shortage");
        assert!(!says(0, 0, 1), "nothing is used");
        assert!(!says(0, -5, 1));
        assert!(says(0, i64::MAX, 1) && !says(i64::MAX, 1, 1));
        assert!(says(10, 100, -3), "what is overdue is still asked for");
    }
}
