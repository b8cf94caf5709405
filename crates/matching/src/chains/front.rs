//! Ways of getting goods to a place by a day, of which only the best are kept.

use super::recipe::MOST_STAGES;

/// No offer of the stage.
pub(super) const NONE: u32 = u32::MAX;
/// The stage is missing.
pub(super) const MISSING: u32 = u32::MAX - 1;

/// Offers of a stage and of what is below it, as its parent sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Label {
    /// Units of the root that they support, no more than asked.
    pub units: i64,
    /// Days until the goods are with the parent; of services, the days that they add.
    pub lead: i32,
    /// The first day that services can end, whenever the goods come to them; else the same as `lead`.
    pub ready: i32,
    /// Parts of a point per unit of the root.
    pub cost: i128,
    /// Offers.
    pub legs: u32,
    /// By stage, the rank of the offer among the tie keys.
    pub chosen: [u32; MOST_STAGES],
}

/// What any of the labels that are thought of has at best.
pub(super) struct Best {
    pub units: i64,
    pub lead: i32,
    pub cost: i128,
    pub legs: u32,
}

/// What keeps labels.
pub(super) trait Keep {
    /// Whether nothing at most as good as this can be kept.
    fn hopeless(&self, best: &Best) -> bool;
    /// Keeps a label if none beats it, and lets those go that it beats.
    fn offer(&mut self, label: Label);
}

impl Label {
    /// Nothing is lacked.
    pub(super) fn nothing(cap: i64) -> Self {
        Self { units: cap, lead: 0, ready: 0, cost: 0, legs: 0, chosen: [NONE; MOST_STAGES] }
    }

    /// The offers of two labels, of different stages.
    pub(super) fn both(mut self, other: &Self) -> [u32; MOST_STAGES] {
        for (own, other) in self.chosen.iter_mut().zip(&other.chosen) {
            *own = (*own).min(*other);
        }
        self.chosen
    }

    /// Whether the other one can be left out of everything that both fit into.
    ///
    /// Costs add up, so the cheaper one stays cheaper; units and lead do not, so at the same cost even more units do
    /// not make up for what comes later among equals.
    #[inline]
    fn covers(&self, other: &Self, limited: bool) -> bool {
        self.cost <= other.cost
            && self.units >= other.units
            && self.lead <= other.lead
            && self.ready <= other.ready
            && (!limited || self.legs <= other.legs)
            && (self.cost < other.cost || (self.legs, &self.chosen) <= (other.legs, &other.chosen))
    }

    /// Whether the other one is not in the answer because of this one.
    fn beats(&self, other: &Self) -> bool {
        let as_good = self.units >= other.units && self.lead <= other.lead && self.cost <= other.cost;
        let better = (self.units, self.lead, self.cost) != (other.units, other.lead, other.cost);
        as_good && (better || (self.legs, &self.chosen) <= (other.legs, &other.chosen))
    }
}

/// Labels that may be part of a chain.
pub(super) struct Parts {
    pub labels: Vec<Label>,
    /// Whether the number of legs can decide.
    limited: bool,
}

impl Parts {
    pub(super) fn new(limited: bool) -> Self {
        Self { labels: Vec::new(), limited }
    }
}

impl Keep for Parts {
    fn hopeless(&self, best: &Best) -> bool {
        self.labels.iter().any(|kept| {
            kept.cost < best.cost
                && kept.units >= best.units
                && kept.lead <= best.lead
                && kept.ready <= best.lead
                && (!self.limited || kept.legs <= best.legs)
        })
    }

    fn offer(&mut self, label: Label) {
        if let Some(at) = self.labels.iter().position(|kept| kept.covers(&label, self.limited)) {
            // What has covered one is likely to cover the next.
            self.labels.swap(at, at / 2);
            return;
        }
        self.labels.retain(|kept| !label.covers(kept, self.limited));
        self.labels.push(label);
    }
}

/// Whole chains of the answer.
#[derive(Default)]
pub(super) struct Front {
    pub labels: Vec<Label>,
}

impl Keep for Front {
    fn hopeless(&self, best: &Best) -> bool {
        let (lead, cost) = (best.lead, best.cost);
        self.labels.iter().any(|kept| {
            let as_good = kept.units >= best.units && kept.lead <= lead && kept.cost <= cost;
            as_good && (kept.units, kept.lead, kept.cost) != (best.units, lead, cost)
        })
    }

    fn offer(&mut self, label: Label) {
        if self.labels.iter().any(|kept| kept.beats(&label)) {
            return;
        }
        self.labels.retain(|kept| !label.beats(kept));
        self.labels.push(label);
    }
}
