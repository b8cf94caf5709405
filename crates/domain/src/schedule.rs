//! When runs begin of themselves: at intervals, and after something changed that bears on what they find.

use crate::{
    event::{CREATED, DESCRIBED, HIDDEN, SHOWN, Subject, VERIFIED},
    ids::PersonId,
    parameters::Parameters,
    time::Instant,
    violation::Violations,
};

/// The most minutes between two runs: a week.
pub const MOST_MINUTES: u32 = 10_080;
/// The most seconds to wait after a change.
pub const MOST_QUIET: u32 = 3_600;
/// How long to wait after the last change, in seconds, unless it is said.
pub const USUAL_QUIET: u32 = 60;
/// Where changes go on and on, a run begins once the first of them waited so many times the quiet seconds.
pub const MOST_PATIENCE: i64 = 10;

/// When runs begin of themselves; never, unless it is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSchedule {
    /// So many minutes after the last run was queued, by whomever; never where `None`.
    pub every_minutes: Option<u32>,
    /// Whether a run begins after something changed that bears on it.
    pub on_change: bool,
    /// For how many seconds nothing more must have changed, so that changes which come together make one run.
    pub quiet_seconds: u32,
    /// What the runs go by; the usual where `None`.
    pub parameters: Option<Parameters>,
}

impl Default for RunSchedule {
    fn default() -> Self {
        Self { every_minutes: None, on_change: false, quiet_seconds: USUAL_QUIET, parameters: None }
    }
}

/// A schedule as people state it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScheduleInput {
    /// Minutes between two runs; never where absent.
    pub every_minutes: Option<i64>,
    /// Whether changes make runs.
    pub on_change: bool,
    /// Seconds to wait after a change; the usual where absent.
    pub quiet_seconds: Option<i64>,
}

/// A change of the schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleChange {
    /// What holds from then on.
    pub schedule: RunSchedule,
    /// Who set it; `None` from the command line.
    pub set_by: Option<PersonId>,
    /// Since when.
    pub since: Instant,
}

/// Why a run begins of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The interval is over.
    Interval,
    /// Something changed.
    Change,
}

impl Cause {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Interval => "the interval of the schedule is over",
            Self::Change => "the market changed",
        }
    }
}

/// The first and the last change that a run has not seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unseen {
    /// When the first was made.
    pub first: Instant,
    /// When the last was made.
    pub last: Instant,
}

impl ScheduleInput {
    /// The schedule with these parameters, or all that is wrong with it.
    ///
    /// # Errors
    /// A fault for each figure that is out of range.
    pub fn check(&self, parameters: Option<Parameters>) -> Result<RunSchedule, Violations> {
        let mut faults = Violations::new();
        let mut within = |pointer: &str, given: i64, (least, most): (u32, u32), remedy: &str| {
            let found = u32::try_from(given).ok().filter(|n| (least..=most).contains(n));
            if found.is_none() {
                let detail = format!("{given} is out of range; write a whole number from {least} to {most}{remedy}");
                faults.push(pointer, "out_of_range", detail);
            }
            found
        };
        let minutes = (1, MOST_MINUTES);
        let never = ", or null for no runs by the clock";
        let every_minutes = self.every_minutes.and_then(|given| within("/every_minutes", given, minutes, never));
        let quiet = self.quiet_seconds.map(|given| within("/quiet_seconds", given, (0, MOST_QUIET), ""));
        faults.into_result()?;
        let quiet_seconds = quiet.flatten().unwrap_or(USUAL_QUIET);
        Ok(RunSchedule { every_minutes, on_change: self.on_change, quiet_seconds, parameters })
    }
}

impl RunSchedule {
    /// Whether it never begins a run.
    pub fn is_off(&self) -> bool {
        self.every_minutes.is_none() && !self.on_change
    }

    /// Why a run is due now, if it is: by when the last one was queued, and what changed that it has not seen. Changes
    /// come first, since a run that they make begins the interval anew.
    pub fn due(&self, last_run: Option<Instant>, unseen: Option<Unseen>, now: Instant) -> Option<Cause> {
        let changed = unseen.filter(|_| self.on_change).is_some_and(|unseen| {
            let quiet = i64::from(self.quiet_seconds) * 1_000_000;
            let waited = |since: Instant| now.micros().saturating_sub(since.micros());
            waited(unseen.last) >= quiet || waited(unseen.first) >= quiet.saturating_mul(MOST_PATIENCE)
        });
        if changed {
            return Some(Cause::Change);
        }
        let over = self.every_minutes.is_some_and(|minutes| {
            let interval = i64::from(minutes) * 60_000_000;
            last_run.is_none_or(|last| now.micros().saturating_sub(last.micros()) >= interval)
        });
        over.then_some(Cause::Interval)
    }
}

/// Which events about a subject bear on what a run finds, by their words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bearing {
    /// None.
    Never,
    /// Those of these words.
    Only(&'static [&'static str]),
    /// All but those of these words.
    AllBut(&'static [&'static str]),
}

/// Which events bear on what a run finds. Lines and certificates are changed with their offer; the files of a certificate,
/// calls and runs themselves are no matter of runs. A new site has neither
/// offers nor needs yet, no run asks what a site could do besides what it offers, and who sees an offer is no matter of runs. Matches and chains make no runs: the engine's own
/// suggestions come and go with each, what sides hold and agree was suggested before, and what is cancelled queues its run
/// itself.
pub fn bearing(subject: Subject) -> Bearing {
    match subject {
        Subject::Offer => Bearing::AllBut(&[SHOWN, HIDDEN]),
        Subject::Need => Bearing::AllBut(&[]),
        Subject::Site => Bearing::AllBut(&[CREATED, DESCRIBED]),
        // Whether somebody vouches for a supplier, and which offers are visible to whom.
        Subject::Organisation => Bearing::Only(&[VERIFIED]),
        Subject::Membership => Bearing::AllBut(&[]),
        Subject::Certificate
        | Subject::Run
        | Subject::Match
        | Subject::Chain
        | Subject::Call
        | Subject::Mandate
        | Subject::Alert => Bearing::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_micros(1_586_160_000_000_000 + seconds * 1_000_000).unwrap()
    }

    fn check(schedule: &RunSchedule, last: Option<i64>, unseen: Option<(i64, i64)>, now: i64, expected: Option<Cause>) {
        let unseen = unseen.map(|(first, last)| Unseen { first: at(first), last: at(last) });
        assert_eq!(schedule.due(last.map(at), unseen, at(now)), expected, "{last:?} {unseen:?} {now}");
    }

    #[test]
    fn a_schedule_begins_runs_by_the_clock_and_after_changes() {
        let off = RunSchedule::default();
        assert!(off.is_off());
        check(&off, None, Some((0, 0)), 1_000_000, None);

        let hourly = RunSchedule { every_minutes: Some(60), ..RunSchedule::default() };
        check(&hourly, None, None, 0, Some(Cause::Interval));
        check(&hourly, Some(0), Some((1, 1)), 3_599, None);
        check(&hourly, Some(0), None, 3_600, Some(Cause::Interval));
        // The clock of who queued the last one goes before.
        check(&hourly, Some(500), None, 0, None);

        let quiet = RunSchedule { on_change: true, quiet_seconds: 60, ..RunSchedule::default() };
        check(&quiet, None, None, 1_000_000, None);
        check(&quiet, Some(0), Some((10, 10)), 69, None);
        check(&quiet, Some(0), Some((10, 10)), 70, Some(Cause::Change));
        // A burst makes one run, and one without end does not keep runs away.
        check(&quiet, Some(0), Some((10, 60)), 119, None);
        check(&quiet, Some(0), Some((10, 60)), 120, Some(Cause::Change));
        check(&quiet, Some(0), Some((10, 600)), 609, None);
        check(&quiet, Some(0), Some((10, 600)), 610, Some(Cause::Change));

        let at_once = RunSchedule { quiet_seconds: 0, ..quiet };
        check(&at_once, Some(0), Some((10, 10)), 10, Some(Cause::Change));
        let both = RunSchedule { every_minutes: Some(1), ..at_once };
        check(&both, Some(0), Some((60, 60)), 60, Some(Cause::Change));
        check(&both, Some(0), None, 60, Some(Cause::Interval));
    }

    #[test]
    fn every_figure_out_of_range_is_named() {
        let input = ScheduleInput { every_minutes: Some(0), on_change: true, quiet_seconds: Some(-1) };
        let faults = input.check(None).unwrap_err();
        let named: Vec<&str> = faults.as_slice().iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(named, ["/every_minutes", "/quiet_seconds"]);
        let input = ScheduleInput { every_minutes: Some(10_081), quiet_seconds: Some(3_601), ..input };
        assert_eq!(input.check(None).unwrap_err().as_slice().len(), 2);
        let input = ScheduleInput { every_minutes: Some(10_080), quiet_seconds: Some(3_600), ..input };
        assert_eq!(input.check(None).unwrap().every_minutes, Some(10_080));
        assert_eq!(ScheduleInput::default().check(None).unwrap(), RunSchedule::default());
    }
}
