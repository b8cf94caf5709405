//! Shares as exact fractions, and the share that all groups would have if all could be alike.

use std::cmp::Ordering;

use super::problem::Group;

/// A covered share: a fraction in lowest terms, 0 or more; above 1 where more is covered than demanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Share {
    /// Numerator, 0 or more.
    pub numerator: i64,
    /// Denominator, above 0.
    pub denominator: i64,
}

impl Ord for Share {
    fn cmp(&self, other: &Self) -> Ordering {
        let across = |a: &Self, b: &Self| i128::from(a.numerator) * i128::from(b.denominator);
        across(self, other).cmp(&across(other, self))
    }
}

impl PartialOrd for Share {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A fraction of numbers that are not negative, the second above zero, in lowest terms.
pub(super) fn reduced(numerator: i64, denominator: i64) -> Share {
    let (mut a, mut b) = (numerator, denominator);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    Share { numerator: numerator / a, denominator: denominator / a }
}

/// What the computation knows of a group.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    /// Units its share is measured by.
    pub demand: i64,
    /// Units it has already.
    pub promised: i64,
    /// Units its members ask for.
    pub open: i64,
}

/// Units of a group at some share: whole ones, and parts of one in units of the share's denominator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Target {
    pub whole: i64,
    /// Below the denominator.
    pub parts: i64,
}

impl Target {
    /// The least whole units that are no fewer.
    pub fn ceiling(self) -> i64 {
        self.whole + i64::from(self.parts > 0)
    }
}

/// A number that the bounds of the problem keep within 64 bits.
fn narrow(number: i128) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Slot {
    pub fn of(group: &Group) -> Self {
        let open = group.members.iter().map(|ask| ask.units).sum();
        Self { demand: group.demand, promised: group.promised, open }
    }

    /// Its share when it gets this many units.
    pub fn share(&self, units: i64) -> Share {
        reduced(self.promised + units, self.demand)
    }

    /// What it lacks for a share, but not below 0 nor above what its members ask for.
    pub fn target(&self, share: Share) -> Target {
        let (n, d) = (i128::from(share.numerator), i128::from(share.denominator));
        let parts = n * i128::from(self.demand) - i128::from(self.promised) * d;
        if parts <= 0 {
            Target { whole: 0, parts: 0 }
        } else if parts >= i128::from(self.open) * d {
            Target { whole: self.open, parts: 0 }
        } else {
            Target { whole: narrow(parts / d), parts: narrow(parts % d) }
        }
    }

    /// Its own share where all groups tend to `share` but it has no units to lose or asks for no more.
    pub fn own(&self, share: Share) -> Share {
        share.max(self.share(0)).min(self.share(self.open))
    }

    /// Units it is sure of at a share and a dial in thousandths.
    pub fn floor(&self, share: Share, dial: u16) -> i64 {
        let (n, d) = (i128::from(share.numerator), i128::from(share.denominator));
        let units = n * i128::from(self.demand);
        let dial = i128::from(dial);
        // The floor of thousandths of a number is that of the thousandths' floor: nothing leaves 128 bits.
        let thousandths = dial * (units / d) + dial * (units % d) / d;
        narrow(thousandths / 1000 - i128::from(self.promised)).clamp(0, self.open)
    }
}

/// The share at which the targets of all groups add up to `total`, at most what they ask for.
///
/// Targets grow with the share, piece by piece linearly: a group joins in above the share that it has
/// already and stops where its members ask for no more.
pub(super) fn common(slots: &[Slot], total: i64) -> Share {
    let mut turns: Vec<(Share, bool, &Slot)> = Vec::with_capacity(2 * slots.len());
    for slot in slots {
        turns.push((slot.share(0), true, slot));
        turns.push((slot.share(slot.open), false, slot));
    }
    turns.sort_by_key(|(share, ..)| *share);
    // The sum of targets at a share is `demand * share - offset`.
    let (mut demand, mut offset) = (0_i128, 0_i128);
    let mut last = Share { numerator: 0, denominator: 1 };
    for (share, joins, slot) in turns {
        let reached = demand * i128::from(share.numerator);
        if reached >= (i128::from(total) + offset) * i128::from(share.denominator) {
            return if demand > 0 { reduced(narrow(i128::from(total) + offset), narrow(demand)) } else { share };
        }
        if joins {
            demand += i128::from(slot.demand);
            offset += i128::from(slot.promised);
        } else {
            demand -= i128::from(slot.demand);
            offset -= i128::from(slot.promised) + i128::from(slot.open);
        }
        last = share;
    }
    last
}
