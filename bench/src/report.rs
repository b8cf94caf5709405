//! Rows, their bars, and how they are said.

use std::{fmt::Write as _, time::Duration};

/// The times of one contender.
#[derive(Debug, Clone, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    /// One more.
    pub fn add(&mut self, spent: Duration) {
        self.0.push(spent);
        self.0.sort_unstable();
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The least.
    pub fn least(&self) -> Option<Duration> {
        self.0.first().copied()
    }

    /// The median; of an even number the upper one.
    pub fn median(&self) -> Option<Duration> {
        self.0.get(self.0.len() / 2).copied()
    }
}

impl FromIterator<Duration> for Times {
    fn from_iter<I: IntoIterator<Item = Duration>>(times: I) -> Self {
        let mut sorted: Vec<Duration> = times.into_iter().collect();
        sorted.sort_unstable();
        Self(sorted)
    }
}

/// Which side of the wanted number is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sense {
    /// A ratio that must be reached.
    AtLeast,
    /// A ratio that must not be passed.
    AtMost,
}

/// A demand on a ratio.
#[derive(Debug, Clone)]
pub struct Bar {
    /// What the number counts: `x LEMON`.
    pub unit: String,
    /// The number wanted.
    pub wanted: f64,
    /// The number hoped for.
    pub stretch: Option<f64>,
    /// Which side is good.
    pub sense: Sense,
    /// The number measured; absent when the peer is.
    pub got: Option<f64>,
}

impl Bar {
    /// Whether the bar holds; unknown without a number.
    pub fn holds(&self) -> Option<bool> {
        self.got.map(|got| self.reaches(got, self.wanted))
    }

    fn reaches(&self, got: f64, wanted: f64) -> bool {
        match self.sense {
            Sense::AtLeast => got >= wanted,
            Sense::AtMost => got <= wanted,
        }
    }

    fn say(&self) -> String {
        let sign = match self.sense {
            Sense::AtLeast => ">=",
            Sense::AtMost => "<=",
        };
        let Some(got) = self.got else { return format!("{sign} {} {}: not measured", self.wanted, self.unit) };
        let mut text = format!("{} {} ({sign} {}", number(got), self.unit, self.wanted);
        if let Some(stretch) = self.stretch {
            let reached = if self.reaches(got, stretch) { "reached" } else { "not reached" };
            let _ = write!(text, ", stretch {stretch} {reached}");
        }
        text.push(')');
        text
    }
}

/// A contender beside ours.
#[derive(Debug, Clone)]
pub struct Rival {
    /// Its name, and what was asked of it.
    pub name: String,
    /// Its times.
    pub times: Times,
    /// Why there are none, or fewer.
    pub note: Option<String>,
}

/// One row of the table of bars.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// What was measured.
    pub case: String,
    /// How large it is: arcs, pairs or offers.
    pub size: String,
    /// Arcs, where the row is on a network.
    pub arcs: Option<u32>,
    /// Our times.
    pub ours: Times,
    /// What our time holds and what stands apart.
    pub note: String,
    /// The others.
    pub rivals: Vec<Rival>,
    /// One pass over the arcs, on one thread.
    pub floor: Option<Duration>,
    /// The demands.
    pub bars: Vec<Bar>,
    /// Differences between objectives, and other faults; any is a failure of the whole run.
    pub faults: Vec<String>,
}

/// How a row ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All bars hold.
    Pass,
    /// Some bar does not, or an objective differs.
    FallShort,
    /// No bar could be measured.
    Unmeasured,
}

impl Row {
    /// The verdict; bars that could not be measured do not count.
    pub fn verdict(&self) -> Verdict {
        let known: Vec<bool> = self.bars.iter().filter_map(Bar::holds).collect();
        if !self.faults.is_empty() || known.contains(&false) {
            Verdict::FallShort
        } else if known.is_empty() {
            Verdict::Unmeasured
        } else {
            Verdict::Pass
        }
    }

    /// The verdict with its ratios, in one line.
    pub fn line(&self) -> String {
        let word = match self.verdict() {
            Verdict::Pass => "PASS",
            Verdict::FallShort => "FALL SHORT",
            Verdict::Unmeasured => "NOT MEASURED",
        };
        if self.bars.is_empty() && self.faults.is_empty() {
            return self.case.clone();
        }
        let mut said: Vec<String> = self.bars.iter().map(Bar::say).collect();
        said.extend(self.faults.iter().cloned());
        format!("{word:<12} {}: {}", self.case, said.join("; "))
    }

    /// How many times the floor ours takes.
    pub fn over_floor(&self) -> Option<f64> {
        Some(ratio(self.ours.least()?, self.floor?))
    }

    /// The least time of a rival by name.
    pub fn rival(&self, name: &str) -> Option<Duration> {
        self.rivals.iter().find(|rival| rival.name == name)?.times.least()
    }

    /// Adds a bar on how often ours fits into a rival's time.
    pub fn against(&mut self, name: &str, wanted: f64, stretch: Option<f64>) {
        let got = self.rival(name).zip(self.ours.least()).map(|(theirs, ours)| ratio(theirs, ours));
        self.bars.push(Bar { unit: format!("x {name}"), wanted, stretch, sense: Sense::AtLeast, got });
    }
}

/// How many times `part` fits into `whole`.
pub fn ratio(whole: Duration, part: Duration) -> f64 {
    whole.as_secs_f64() / part.as_secs_f64().max(1e-9)
}

/// A ratio with as many digits as it is worth.
pub fn number(value: f64) -> String {
    match value {
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 10.0 => format!("{v:.1}"),
        v => format!("{v:.2}"),
    }
}

/// A time in the unit it is best read in.
pub fn time(spent: Duration) -> String {
    let seconds = spent.as_secs_f64();
    match seconds {
        s if s >= 100.0 => format!("{s:.0} s"),
        s if s >= 1.0 => format!("{s:.2} s"),
        s if s >= 0.1 => format!("{:.0} ms", s * 1e3),
        s if s >= 0.001 => format!("{:.2} ms", s * 1e3),
        s => format!("{:.1} us", s * 1e6),
    }
}

/// Least and median with their number.
pub fn spread(times: &Times) -> String {
    match (times.least(), times.median()) {
        (Some(least), Some(median)) if times.count() > 1 => {
            format!("{} ({} of {})", time(least), time(median), times.count())
        }
        (Some(least), _) => format!("{} (once)", time(least)),
        (None, _) => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests;
