//! Cells as a sheet holds them.

use std::borrow::Cow;

use domain::time::{Day, Instant};
use serde_json::Number;

use super::super::{cell::Cell, list::join_list};
use crate::safe_csv;

/// Characters that a cell of a sheet holds, counted in UTF-16 as spreadsheets do.
pub const LONGEST_TEXT: usize = 32_767;

/// A cell of a sheet.
pub(super) enum Value<'a> {
    Blank,
    Text {
        text: Cow<'a, str>,
        /// Whether it would run, were it typed.
        risky: bool,
        /// Whether its end is missing.
        cut: bool,
    },
    /// A number that a sheet would round.
    Digits(&'a str),
    Number(f64),
    Day(f64),
    Time(f64),
    Flag(bool),
}

impl<'a> Value<'a> {
    pub(super) fn of(cell: &'a Cell<'_>) -> Self {
        match cell {
            Cell::Blank => Self::Blank,
            Cell::Text(text) => Self::text(Cow::Borrowed(text)),
            Cell::List(items) => Self::text(Cow::Owned(join_list(items.iter().copied()))),
            Cell::Number(digits) => match exact(digits) {
                Some(number) => Self::Number(number),
                None => Self::Digits(digits.as_str()),
            },
            Cell::Date(day) => Self::Day(serial_of_day(*day)),
            Cell::Time(at) => Self::Time(serial_of(*at)),
            Cell::Flag(yes) => Self::Flag(*yes),
        }
    }

    /// A text that `restore` leaves, or makes, as it was. In a sheet it stands without a `'`, since there its type
    /// keeps it from running; only one that would lose its own `'` on the way back gets another.
    pub(super) fn text(text: Cow<'a, str>) -> Self {
        let neutral = safe_csv::neutral(&text);
        let risky = neutral != *text;
        let text = if safe_csv::restore(&text) == text { text } else { Cow::Owned(neutral) };
        match end_of_fit(&text) {
            None => Self::Text { text, risky, cut: false },
            Some(end) => Self::Text { text: Cow::Owned(format!("{}…", &text[..end])), risky, cut: true },
        }
    }
}

/// Where a text is to be cut so that it and a mark fit; `None` if it fits as it is.
fn end_of_fit(text: &str) -> Option<usize> {
    // No text has more of them than bytes.
    if text.len() <= LONGEST_TEXT || text.encode_utf16().count() <= LONGEST_TEXT {
        return None;
    }
    let mut units = 0;
    text.char_indices()
        .find(|(_, c)| {
            units += c.len_utf16();
            units > LONGEST_TEXT - 1
        })
        .map(|(end, _)| end)
}

/// The number that a sheet holds, where it is the same: whole ones up to 2^53, others of at most 15 digits.
fn exact(digits: &Number) -> Option<f64> {
    let digits = digits.as_str();
    let number: f64 = digits.parse().ok()?;
    if digits.parse::<i64>().is_ok_and(|whole| whole.unsigned_abs() <= 1 << 53) {
        return Some(number);
    }
    let mantissa = digits.split('e').next().unwrap_or(digits);
    let significant = mantissa.bytes().filter(u8::is_ascii_digit).skip_while(|digit| *digit == b'0').count();
    // Near the ends of the range a float has fewer digits, or none.
    let in_range = significant == 0 || (1e-300..1e300).contains(&number.abs());
    (significant <= 15 && in_range).then_some(number)
}

/// Days as a sheet counts them: 1 is 1900-01-01, and a 29 February 1900 that never was is counted too.
fn serial_of_day(day: Day) -> f64 {
    let since = day.number() + 25_569;
    f64::from(if since <= 60 { since - 1 } else { since })
}

/// The day with its fraction, in UTC; good to a microsecond.
fn serial_of(at: Instant) -> f64 {
    let day = at.day();
    let rest = at.micros() - Instant::start_of(day).micros();
    // Less than 10^11, so whole in a float.
    serial_of_day(day) + rest as f64 / 86_400_000_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_a_sheet_would_round_stay_text() {
        for (digits, number) in [
            ("9007199254740992", Some(9_007_199_254_740_992.0)),
            ("9007199254740993", None),
            ("-9007199254740993", None),
            ("-3.7", Some(-3.7)),
            ("0.000000000123456789012345", Some(1.234_567_890_123_45e-10)),
            ("1.2345678901234567", None),
            ("0.00", Some(0.0)),
            ("1e400", None),
            ("1e-400", None),
            ("12e3", Some(12_000.0)),
        ] {
            assert_eq!(exact(&serde_json::from_str(digits).unwrap()), number, "{digits}");
        }
    }

    #[test]
    fn days_are_counted_as_spreadsheets_do() {
        let serial = |text: &str| serial_of_day(Day::parse(text).unwrap());
        assert_eq!(serial("1900-01-01"), 1.0);
        assert_eq!(serial("1900-02-28"), 59.0);
        assert_eq!(serial("1900-03-01"), 61.0);
        assert_eq!(serial("2020-04-20"), 43_941.0);
        assert_eq!(serial_of(Instant::parse("2020-04-20T12:00:00Z").unwrap()), 43_941.5);
    }
}
