//! A clock that stands still until a test moves it.

use std::sync::atomic::{AtomicI64, Ordering};

use domain::time::{Clock, Day, Instant};

/// A clock that stands still until a test moves it.
#[derive(Debug)]
pub struct TestClock(AtomicI64);

impl TestClock {
    /// A clock at an RFC 3339 instant.
    ///
    /// # Panics
    /// When the text is no instant.
    pub fn at(text: &str) -> Self {
        match Instant::parse(text) {
            Ok(instant) => Self(AtomicI64::new(instant.micros())),
            Err(message) => panic!("{message}"),
        }
    }

    /// A clock at midnight UTC of a day.
    pub fn on(day: Day) -> Self {
        Self(AtomicI64::new(Instant::start_of(day).micros()))
    }

    /// Sets it.
    pub fn set(&self, instant: Instant) {
        self.0.store(instant.micros(), Ordering::SeqCst);
    }

    /// Moves it on, or back when negative.
    pub fn advance_micros(&self, micros: i64) {
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Instant {
        match Instant::from_micros(self.0.load(Ordering::SeqCst)) {
            Some(instant) => instant,
            None => panic!("the test moved its clock out of the years 1900 to 2199"),
        }
    }
}
