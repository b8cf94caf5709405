//! Alerts: a question to the capacity map or the shortage board that is kept, looked at again and again, and told of when
//! its answer crosses a threshold.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    code::{ProductCode, RegionCode},
    event::Subject,
    ids::{AlertId, OrganisationId, PersonId},
    time::{Day, Instant},
    unit::BaseUnit,
};

mod threshold;

pub use threshold::{Bound, Figure, Hue, Over, Threshold, ThresholdInput};

/// The most alerts of an organisation, and of the operator.
pub const MOST: u64 = 20;
/// The most weeks that an alert looks ahead.
pub const MOST_WEEKS: i64 = 26;
/// The weeks that it looks ahead where nobody says how many.
pub const USUAL_WEEKS: i64 = 12;
/// The most rows that are kept of those that met the threshold.
pub const MOST_ROWS: usize = 20;
/// The least time between two looks at an alert, in microseconds: 5 minutes.
pub const PAUSE: i64 = 300_000_000;

/// What happened to an alert whose threshold is met from now on.
pub const FIRED: &str = "fired";
/// What happened to an alert whose threshold is met no longer.
pub const QUIET: &str = "quiet";

/// What an alert asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlertOf {
    /// What there is: the capacity map.
    Capacity,
    /// What is short: the shortage board.
    Shortages,
}

impl AlertOf {
    /// All of them.
    pub const ALL: [AlertOf; 2] = [Self::Capacity, Self::Shortages];

    /// The name on the wire and in the table, which is the last word of the question's address.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Capacity => "capacity",
            Self::Shortages => "shortages",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|of| of.as_str() == name)
    }
}

/// How an alert stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlertState {
    /// Its threshold is not met, or nobody has looked yet.
    Quiet,
    /// Its threshold is met, and that was told.
    Firing,
}

impl AlertState {
    /// All of them.
    pub const ALL: [AlertState; 2] = [Self::Quiet, Self::Firing];

    /// The name on the wire and in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::Firing => "firing",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// What an alert asks and waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertTerms {
    /// Its name.
    pub name: String,
    /// What it asks.
    pub of: AlertOf,
    /// The question, by the names and values of the parameters of its address, without days.
    pub question: BTreeMap<String, String>,
    /// How many weeks it looks ahead, that of the day among them; 1 to [`MOST_WEEKS`].
    pub weeks: u8,
    /// When it tells.
    pub threshold: Threshold,
}

impl AlertTerms {
    /// The last day that is asked about on a day.
    pub fn until(&self, today: Day) -> Day {
        today.monday().plus(7 * i32::from(self.weeks) - 1)
    }

    /// Whether another asks and waits for the same, whatever it is called.
    pub fn asks_as(&self, other: &AlertTerms) -> bool {
        *self == AlertTerms { name: self.name.clone(), ..other.clone() }
    }
}

/// A row of an answer that meets a threshold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Met {
    /// The product; `None` where rows are not told apart by it.
    pub product: Option<ProductCode>,
    /// The region; `None` where rows are not told apart by it, or it is not known.
    pub region: Option<RegionCode>,
    /// The first of its days.
    pub from: Day,
    /// The last of its days.
    pub until: Day,
    /// Of a capacity the figure, of a shortage the gap; in base units.
    pub figure: i128,
    /// What it counts.
    pub unit: BaseUnit,
}

/// A saved question with its threshold, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Its id.
    pub id: AlertId,
    /// Whose it is; `None` where it is the operator's own.
    pub organisation: Option<OrganisationId>,
    /// What it asks and waits for.
    pub terms: AlertTerms,
    /// Who made it, where it was a person: to this person it is mailed.
    pub made_by: Option<PersonId>,
    /// How it stands.
    pub state: AlertState,
    /// Since when it stands so.
    pub since: Instant,
    /// The first rows that met the threshold; none while it is quiet.
    pub rows: Vec<Met>,
    /// How many more did.
    pub more: u32,
    /// When the rows were so; `None` while it is quiet.
    pub as_of: Option<Instant>,
    /// Why it cannot be looked at, where it cannot.
    pub fault: Option<String>,
    /// When it was made.
    pub created_at: Instant,
}

/// What a look at the answer found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// No row meets the threshold.
    Unmet,
    /// Some do, in no particular order.
    Met(Vec<Met>),
    /// The question cannot be answered any more, and why.
    Fault(String),
}

/// What a look made of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It fires from now on.
    Fired,
    /// It is quiet from now on.
    Quiet,
    /// It stands as it stood, and tells other rows, or that it cannot be looked at.
    Changed,
}

impl Turn {
    /// The word of the event.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fired => FIRED,
            Self::Quiet => QUIET,
            Self::Changed => "changed",
        }
    }
}

impl Alert {
    /// The alert after a look, and what that made of it, if anything. While it fires its rows are those of the first look
    /// of a day, so that a busy market does not change it every five minutes; `last` is the day of the look before.
    pub fn looked(&self, found: Found, last: Option<Day>, now: Instant) -> (Alert, Option<Turn>) {
        let firing = self.state == AlertState::Firing;
        let (mut after, turn) = match found {
            Found::Fault(why) => {
                let turn = (self.fault.as_ref() != Some(&why)).then_some(Turn::Changed);
                return (Alert { fault: Some(why), ..self.clone() }, turn);
            }
            Found::Unmet => (self.quiet(now), firing.then_some(Turn::Quiet)),
            Found::Met(rows) => {
                let (rows, more) = first(rows);
                let renewed = last != Some(now.day()) && (&rows, more) != (&self.rows, self.more);
                let met = Alert { rows, more, as_of: Some(now), ..self.clone() };
                match (firing, renewed) {
                    (false, _) => (Alert { state: AlertState::Firing, since: now, ..met }, Some(Turn::Fired)),
                    (true, true) => (met, Some(Turn::Changed)),
                    (true, false) => (self.clone(), None),
                }
            }
        };
        after.fault = None;
        (after, turn.or(self.fault.is_some().then_some(Turn::Changed)))
    }

    /// The alert as it waits; since now, if it fired.
    pub fn quiet(&self, now: Instant) -> Alert {
        let since = match self.state {
            AlertState::Quiet => self.since,
            AlertState::Firing => now,
        };
        Alert { state: AlertState::Quiet, since, rows: Vec::new(), more: 0, as_of: None, ..self.clone() }
    }
}

/// The first rows to tell and how many more there are: the earliest weeks first, and in each the largest figure.
fn first(mut rows: Vec<Met>) -> (Vec<Met>, u32) {
    rows.sort_by(|a, b| {
        let key = |met: &Met| (met.from, met.until, std::cmp::Reverse(met.figure));
        key(a).cmp(&key(b)).then_with(|| (&a.product, &a.region).cmp(&(&b.product, &b.region)))
    });
    let more = u32::try_from(rows.len().saturating_sub(MOST_ROWS)).unwrap_or(u32::MAX);
    rows.truncate(MOST_ROWS);
    (rows, more)
}

/// Whether events about a subject bear on what an alert sees: what there is and lacks, what is promised of it, and who may
/// see it. Lines and certificates are changed with their offer.
pub fn bears(subject: Subject) -> bool {
    match subject {
        Subject::Organisation
        | Subject::Site
        | Subject::Offer
        | Subject::Need
        | Subject::Match
        | Subject::Membership => true,
        Subject::Certificate | Subject::Run | Subject::Chain | Subject::Call | Subject::Mandate | Subject::Alert => {
            false
        }
    }
}

#[cfg(test)]
mod tests;
