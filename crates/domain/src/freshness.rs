//! How fresh the figures of an offer are: by its own dates and the market's mode, on a day.
//!
//! An offer keeps the day that it was given when its owner confirmed it: its as-of date and the interval of the mode
//! that the market was in. A more urgent mode shortens what was given before, and a calmer one lengthens nothing:
//! figures are fresh until the earlier of that day and `as-of + interval of the mode`. Past that day they are stale,
//! and past a further interval of the mode the offer is suspended, until somebody confirms it.

use crate::{
    mode::MarketMode,
    offer::{Offer, OfferState},
    time::Day,
};

/// How many days before its figures stop being fresh an owner is reminded.
pub fn remind_days(mode: MarketMode) -> i32 {
    match mode {
        MarketMode::Normal => 5,
        MarketMode::Vigilance => 3,
        MarketMode::Emergency => 2,
    }
}

/// The stages of an offer that nobody confirms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Freshness {
    /// Its figures are fresh.
    Fresh,
    /// They stop being fresh in a few days.
    Due,
    /// They are no longer fresh.
    Stale,
    /// They were not confirmed for so long that it is out of the market.
    Suspended,
}

impl Freshness {
    /// All of them, the freshest first.
    pub const ALL: [Freshness; 4] = [Self::Fresh, Self::Due, Self::Stale, Self::Suspended];

    /// The name in the table and in mails.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Due => "due",
            Self::Stale => "stale",
            Self::Suspended => "suspended",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == name)
    }
}

impl OfferState {
    /// What the clock makes of it once the window is over.
    pub fn once_over(self) -> Self {
        if self.may_become(Self::Expired) { Self::Expired } else { self }
    }
}

impl Offer {
    /// The last day on which its figures are fresh while the market runs in a mode.
    pub fn fresh_until(&self, mode: MarketMode) -> Day {
        self.confirm_by.min(self.terms.profile.as_of.plus(mode.confirm_days()))
    }

    /// The last day before it is suspended, unless somebody confirms it.
    pub fn kept_until(&self, mode: MarketMode) -> Day {
        self.fresh_until(mode).plus(mode.confirm_days())
    }

    /// How fresh it is on a day.
    pub fn freshness(&self, mode: MarketMode, on: Day) -> Freshness {
        let until = self.fresh_until(mode);
        if self.suspended || on > self.kept_until(mode) {
            Freshness::Suspended
        } else if on > until {
            Freshness::Stale
        } else if on >= until.plus(-remind_days(mode)) {
            Freshness::Due
        } else {
            Freshness::Fresh
        }
    }

    /// With what the clock and the mode make of its dates on a day: `confirm_by` and `suspended`. So the engine and
    /// every reader judge it, whether a job has been by or not.
    pub fn aged(mut self, mode: MarketMode, on: Day) -> Self {
        self.suspended = self.freshness(mode, on) == Freshness::Suspended;
        self.confirm_by = self.fresh_until(mode);
        self
    }

    /// As it stands on a day: aged, and expired once its window is over.
    pub fn standing(self, mode: MarketMode, on: Day) -> Self {
        let mut offer = self.aged(mode, on);
        if offer.is_over(on) {
            offer.state = offer.state.once_over();
        }
        offer
    }

    /// Figures of a new as-of date, confirmed in a mode.
    pub fn confirmed(mut self, as_of: Day, mode: MarketMode) -> Self {
        self.terms.profile.as_of = as_of;
        self.confirm_by = as_of.plus(mode.confirm_days());
        self.suspended = false;
        self
    }

    /// The next day on which something happens to it if nobody does anything: a stage of freshness begins, or its
    /// window is over. `None` where nothing will.
    pub fn next_stage(&self, mode: MarketMode, on: Day) -> Option<Day> {
        let until = self.fresh_until(mode);
        let stages = [until.plus(-remind_days(mode)), until.plus(1), self.kept_until(mode).plus(1)];
        let over = self.terms.profile.until.map(|last| last.plus(1));
        stages.into_iter().filter(|_| !self.suspended).chain(over).filter(|day| *day > on).min()
    }
}
