//! Civil days, instants and weeks as integers, so that every database and index sorts them alike.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A civil day: days since 1970-01-01, between 1900-01-01 and 2199-12-31.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

impl Day {
    /// 1900-01-01.
    pub const MIN: Day = Day(-25_567);
    /// 2199-12-31.
    pub const MAX: Day = Day(84_005);

    /// The day of a number of days since 1970-01-01; `None` outside the range.
    pub fn from_number(days: i32) -> Option<Self> {
        (Self::MIN.0..=Self::MAX.0).contains(&days).then_some(Self(days))
    }

    /// Days since 1970-01-01.
    pub fn number(self) -> i32 {
        self.0
    }

    /// Parses `YYYY-MM-DD`. Errors name the text and the remedy.
    pub fn parse(text: &str) -> Result<Self, String> {
        let shaped = text.len() == 10
            && text.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
        if !shaped {
            return Err(format!("{text:?} is not a date; write YYYY-MM-DD, e.g. 2020-04-20"));
        }
        let date: Date =
            text.parse().map_err(|_| format!("{text:?} is not a day of the calendar; write YYYY-MM-DD"))?;
        Self::from_date(date)
            .ok_or_else(|| format!("{text:?} is outside 1900-01-01 to 2199-12-31; write a day between"))
    }

    /// Parses an ISO week: its Monday as `YYYY-MM-DD`, or `YYYY-Www`. Answers the Monday; errors name the text and the
    /// remedy.
    pub fn parse_week(text: &str) -> Result<Self, String> {
        let no_week = || format!("{text:?} is no week; write its Monday or YYYY-Www, e.g. 2020-04-20 or 2020-W17");
        let shaped = text.len() == 8 && text.is_ascii() && text.get(4..6) == Some("-W");
        if !shaped {
            let day = Self::parse(text).map_err(|_| no_week())?;
            let (monday, name) = (day.monday(), WEEKDAYS[day.weekday()]);
            let refused = || format!("{text} is a {name}; a week is named by its Monday, here {monday}");
            return if monday == day { Ok(day) } else { Err(refused()) };
        }
        let number = |part: Option<&str>| {
            let digits = part.filter(|part| part.bytes().all(|b| b.is_ascii_digit()));
            digits.and_then(|part| part.parse::<i16>().ok()).ok_or_else(no_week)
        };
        let (year, week) = (number(text.get(..4))?, number(text.get(6..))?);
        // The first week is that of 4 January, and a week is of the year of its Thursday.
        let first = Self::from_ymd(year, 1, 4).ok_or_else(no_week)?.monday();
        let monday = first.plus(7 * (i32::from(week) - 1));
        let (own, next) = (monday.plus(3).date().year() == year, monday.monday() == monday);
        if week >= 1 && own && next { Ok(monday) } else { Err(format!("{year} has no week {week}; write another")) }
    }

    /// From a year, month and day of the calendar; `None` if there is no such day.
    pub fn from_ymd(year: i16, month: i8, day: i8) -> Option<Self> {
        Self::from_date(Date::new(year, month, day).ok()?)
    }

    fn from_date(date: Date) -> Option<Self> {
        let span = date - Date::constant(1970, 1, 1);
        Self::from_number(span.get_days())
    }

    fn date(self) -> Date {
        // In range by construction, so the fallback is never taken.
        Date::constant(1970, 1, 1).checked_add(jiff::Span::new().days(self.0)).unwrap_or(Date::constant(1970, 1, 1))
    }

    /// The day `days` later (earlier if negative), held inside the range.
    #[inline]
    pub fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days).clamp(Self::MIN.0, Self::MAX.0))
    }

    /// The same day of the month so many months later, or the month's last day, held inside the range.
    pub fn plus_months(self, months: u16) -> Self {
        let later = self.date().checked_add(jiff::Span::new().months(i32::from(months)));
        later.ok().and_then(Self::from_date).unwrap_or(Self::MAX)
    }

    /// Days from `earlier` to this day.
    #[inline]
    pub fn since(self, earlier: Day) -> i32 {
        self.0 - earlier.0
    }

    /// 0 for Monday to 6 for Sunday.
    pub fn weekday(self) -> usize {
        // 1970-01-01 was a Thursday.
        usize::try_from((self.0 + 3).rem_euclid(7)).unwrap_or(0)
    }

    /// The Monday of the ISO week of this day.
    #[inline]
    pub fn monday(self) -> Self {
        Self(self.0 - (self.0 + 3).rem_euclid(7))
    }

    /// The civil day of an instant in a zone.
    pub fn of_instant(at: Instant, zone: &Zone) -> Self {
        let date = zone.0.to_datetime(at.timestamp()).date();
        Self::from_date(date).unwrap_or(Self::MIN)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let d = self.date();
        write!(f, "{:04}-{:02}-{:02}", d.year(), d.month(), d.day())
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

/// An instant: microseconds since 1970-01-01T00:00:00Z, inside the years of [`Day`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

impl Instant {
    /// From microseconds since the epoch; `None` outside the years 1900 to 2199.
    pub fn from_micros(micros: i64) -> Option<Self> {
        let range = i64::from(Day::MIN.0) * 86_400_000_000..(i64::from(Day::MAX.0) + 1) * 86_400_000_000;
        range.contains(&micros).then_some(Self(micros))
    }

    /// Microseconds since the epoch.
    pub fn micros(self) -> i64 {
        self.0
    }

    /// Parses RFC 3339 with an offset or `Z`, cutting to microseconds. A local time without an
    /// offset is refused, since it may not exist or exist twice (field case TIM-01).
    pub fn parse(text: &str) -> Result<Self, String> {
        let ts: jiff::Timestamp = text.parse().map_err(|_| {
            format!("{text:?} is not an instant; write RFC 3339 with an offset, e.g. 2020-04-20T12:00:00Z")
        })?;
        Self::from_micros(ts.as_microsecond())
            .ok_or_else(|| format!("{text:?} is outside the years 1900 to 2199; write one between"))
    }

    fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    /// The civil day in UTC.
    pub fn day(self) -> Day {
        Day::of_instant(self, &Zone::utc())
    }

    /// The instant `micros` later.
    pub fn plus_micros(self, micros: i64) -> Self {
        Self::from_micros(self.0.saturating_add(micros)).unwrap_or(self)
    }

    /// Midnight UTC at the start of a day.
    pub fn start_of(day: Day) -> Self {
        Self(i64::from(day.number()) * 86_400_000_000)
    }
}

impl fmt::Display for Instant {
    /// RFC 3339 in UTC with exactly six fraction digits, so that text sorts as time does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}", self.timestamp())
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

/// An IANA time zone.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone(jiff::tz::TimeZone);

impl Zone {
    /// UTC.
    pub fn utc() -> Self {
        Self(jiff::tz::TimeZone::UTC)
    }

    /// A zone by its IANA name, e.g. `Europe/Berlin`.
    pub fn parse(name: &str) -> Result<Self, String> {
        jiff::tz::TimeZone::get(name)
            .map(Self)
            .map_err(|_| format!("{name:?} is not a time zone; write an IANA name, e.g. Europe/Berlin"))
    }

    /// The end of a day: the first instant that no longer belongs to it, whatever clocks do that night.
    pub fn end_of(&self, day: Day) -> Instant {
        let next = self.0.to_timestamp(day.plus(1).date().at(0, 0, 0, 0));
        let micros = next.ok().map(|next| next.as_microsecond());
        micros.and_then(Instant::from_micros).unwrap_or_else(|| Instant::start_of(day.plus(1)))
    }

    /// The IANA name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.name())
    }
}

/// Where the time comes from; tests and the demo set it.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Instant;
}

/// Weekday names as people and files write them, Monday first.
pub const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// The number (0 for Monday) of an English weekday name or its first three letters, in any case.
pub fn weekday_number(name: &str) -> Option<usize> {
    let lower = name.to_ascii_lowercase();
    WEEKDAYS.iter().position(|w| *w == lower || (lower.len() == 3 && w.starts_with(&lower)))
}

#[cfg(test)]
mod tests;
