//! Dates and times in cells, by a declared format and never guessed: 03/04/2020 is two days.
//!
//! A date is a day of the calendar as it stands, in no time zone (field case TIM-02).

use domain::time::{Day, Instant};

/// How a file writes dates. `YYYY-MM-DD` is understood in every format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DateFormat {
    /// `2020-12-31`.
    #[default]
    Iso,
    /// `31.12.2020`.
    DayDots,
    /// `31/12/2020`.
    DaySlashes,
    /// `12/31/2020`.
    MonthSlashes,
    /// `2020-12-31T23:59:59.5Z`, with blanks for the `T` and before the offset, or `UTC` for the `Z`;
    /// the day is the one in UTC.
    Instant,
}

impl DateFormat {
    /// All of them.
    pub const ALL: [DateFormat; 5] = [Self::Iso, Self::DayDots, Self::DaySlashes, Self::MonthSlashes, Self::Instant];

    /// The name in mapping files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Iso => "YYYY-MM-DD",
            Self::DayDots => "DD.MM.YYYY",
            Self::DaySlashes => "DD/MM/YYYY",
            Self::MonthSlashes => "MM/DD/YYYY",
            Self::Instant => "instant",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.as_str().eq_ignore_ascii_case(name.trim()))
    }

    /// What spreadsheets in a language write; `YYYY-MM-DD` where the language does not say, as in
    /// English, which has two.
    pub fn usual_in(language: &str) -> Self {
        match language.trim().get(..2).map(str::to_ascii_lowercase).as_deref() {
            Some("de" | "pl" | "cs" | "sk" | "fi" | "da" | "nb" | "ro" | "bg") => Self::DayDots,
            Some("fr" | "it" | "es" | "pt" | "el") => Self::DaySlashes,
            _ => Self::Iso,
        }
    }

    /// Reads a day. The error says what is wrong and what to write.
    pub fn day(self, cell: &str) -> Result<Day, String> {
        let cell = cell.trim();
        if let Ok(day) = Day::parse(cell) {
            return Ok(day);
        }
        if self == Self::Instant {
            return instant(cell).map(Instant::day);
        }
        let numbers = |separator: char| -> Option<[i16; 3]> {
            let parts: Vec<&str> = cell.split(separator).map(str::trim).collect();
            let [a, b, c] = parts.as_slice() else { return None };
            let lengths = matches!((a.len(), b.len(), c.len()), (1..=2, 1..=2, 4));
            let digits = parts.iter().all(|p| p.bytes().all(|b| b.is_ascii_digit()));
            if !lengths || !digits {
                return None;
            }
            Some([a.parse().ok()?, b.parse().ok()?, c.parse().ok()?])
        };
        let ymd = match self {
            Self::DayDots => numbers('.').map(|[d, m, y]| (y, m, d)),
            Self::DaySlashes => numbers('/').map(|[d, m, y]| (y, m, d)),
            Self::MonthSlashes => numbers('/').map(|[m, d, y]| (y, m, d)),
            Self::Iso | Self::Instant => None,
        };
        let Some((year, month, day)) = ymd else {
            return Err(self.refused(cell));
        };
        i8::try_from(month)
            .ok()
            .zip(i8::try_from(day).ok())
            .and_then(|(month, day)| Day::from_ymd(year, month, day))
            .ok_or_else(|| format!("{cell:?} is not a day of the calendar; write {}", self.as_str()))
    }

    fn refused(self, cell: &str) -> String {
        if !cell.is_empty() && cell.bytes().all(|b| b.is_ascii_digit()) {
            return format!("{cell:?} is a bare number, perhaps a spreadsheet's date; write YYYY-MM-DD");
        }
        if self == Self::Iso && cell.contains(['/', '.']) {
            return format!(
                "{cell:?} can be read as two days or none; write YYYY-MM-DD, or declare date_format in the mapping"
            );
        }
        format!("{cell:?} is not a date; write {}", self.as_str())
    }
}

/// An instant with its offset, in RFC 3339 or with blanks and `UTC` as databases print it.
pub(crate) fn instant(cell: &str) -> Result<Instant, String> {
    let cell = cell.trim();
    let joined = cell.replacen(' ', "T", 1);
    let text = match joined.strip_suffix(" UTC") {
        Some(bare) => format!("{bare}Z"),
        None => joined.replace(' ', ""),
    };
    Instant::parse(&text)
        .map_err(|_| format!("{cell:?} is not an instant; write it with an offset, e.g. 2020-04-20T12:00:00Z"))
}

/// Whether an instant was recorded to the second: one on a whole minute was typed or rounded, and
/// says nothing about what was sent within two seconds of it.
pub(crate) fn is_to_the_second(at: Instant) -> bool {
    at.micros().rem_euclid(60_000_000) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tim_02_a_date_is_the_day_that_stands_there() {
        for (format, cell, day) in [
            (DateFormat::Iso, "2026-05-14", "2026-05-14"),
            (DateFormat::DayDots, "14.05.2026", "2026-05-14"),
            (DateFormat::DayDots, "2026-05-14", "2026-05-14"),
            (DateFormat::DaySlashes, "3/4/2026", "2026-04-03"),
            (DateFormat::MonthSlashes, "3/4/2026", "2026-03-04"),
            (DateFormat::Instant, "2020-05-22 07:38:09.981 UTC", "2020-05-22"),
            (DateFormat::Instant, "2020-04-20 17:17:42.923000+00:00", "2020-04-20"),
            (DateFormat::Instant, "2020-04-20T23:30:00-02:00", "2020-04-21"),
        ] {
            assert_eq!(format.day(cell).unwrap().to_string(), day, "{cell}");
        }
    }

    #[test]
    fn tim_02_two_ways_to_read_a_date_are_none() {
        for (format, cell) in [
            (DateFormat::Iso, "03/04/2020"),
            (DateFormat::Iso, "14.05.2026"),
            (DateFormat::Iso, "45292"),
            (DateFormat::Iso, "14 May"),
            (DateFormat::DayDots, "31.02.2026"),
            (DateFormat::DayDots, "14.05.26"),
            (DateFormat::MonthSlashes, "14/05/2026"),
            (DateFormat::Instant, "2020-05-22 07:38:09"),
            (DateFormat::Instant, ""),
        ] {
            assert!(format.day(cell).is_err(), "{cell}");
        }
    }
}
