//! The clocks that are injected: the machine's, and two that put other days in its place.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use domain::time::{Clock, Day, Instant};

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one clock that the others and the app are given")]
    fn now(&self) -> Instant {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let micros = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
        Instant::from_micros(micros).unwrap_or(Instant::start_of(Day::MAX))
    }
}

/// The last microsecond of a day, from its start.
const LAST: i64 = 86_400_000_000 - 1;

/// The demo's clock: it starts with the decision day when the demo is first opened, runs for that
/// day, and then stands, so that the market of 2020 stays one of 2020. All programs on one data
/// folder read the same time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DemoClock {
    /// The day it shows.
    pub(crate) day: Day,
    /// When the demo was first opened, by the machine's clock.
    pub(crate) opened: Instant,
}

impl Clock for DemoClock {
    fn now(&self) -> Instant {
        let passed = SystemClock.now().micros() - self.opened.micros();
        Instant::start_of(self.day).plus_micros(passed.clamp(0, LAST))
    }
}

/// Another clock's time of day on a day that the caller names.
pub(crate) struct DayClock {
    pub(crate) day: Day,
    pub(crate) inner: Arc<dyn Clock>,
}

impl Clock for DayClock {
    fn now(&self) -> Instant {
        let time = self.inner.now().micros().rem_euclid(LAST + 1);
        Instant::start_of(self.day).plus_micros(time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct At(Instant);

    impl Clock for At {
        fn now(&self) -> Instant {
            self.0
        }
    }

    #[test]
    fn a_named_day_keeps_the_time_of_day() {
        let day = Day::parse("2020-04-20").unwrap();
        let inner = Arc::new(At(Instant::parse("2026-01-02T03:04:05Z").unwrap()));
        let shown = DayClock { day, inner }.now();
        assert_eq!(shown.to_string(), "2020-04-20T03:04:05.000000Z");
        assert_eq!(shown.day(), day);
    }

    #[test]
    fn the_demo_never_leaves_its_day() {
        let day = crate::demo::decision_day();
        let long_ago = Instant::parse("2001-01-01T00:00:00Z").unwrap();
        let ahead = Instant::parse("2199-01-01T00:00:00Z").unwrap();
        assert_eq!(DemoClock { day, opened: long_ago }.now().to_string(), "2020-04-06T23:59:59.999999Z");
        assert_eq!(DemoClock { day, opened: ahead }.now(), Instant::start_of(day));
    }
}
