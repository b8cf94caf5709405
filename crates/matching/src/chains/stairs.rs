//! Floors of cost by lead time.

/// Nothing takes at most this lead and costs less than this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Corner {
    /// Days.
    pub lead: i32,
    /// On the scale of floors.
    pub cost: i64,
}

/// Corners by lead, each cheaper than the one before; empty where nothing can be had.
pub(super) type Stairs = Vec<Corner>;

/// What costs and takes nothing.
pub(super) const FREE: Corner = Corner { lead: 0, cost: 0 };

/// The corners that no other beats.
pub(super) fn pruned(mut corners: Stairs) -> Stairs {
    corners.sort_unstable();
    let mut least = i64::MAX;
    corners.retain(|corner| {
        let lower = corner.cost < least;
        least = least.min(corner.cost);
        lower
    });
    corners
}

/// Both, one after the other.
pub(super) fn one_by_one(a: &[Corner], b: &[Corner]) -> Stairs {
    joined(a, b, |a, b| a + b)
}

/// Both, beside each other.
pub(super) fn side_by_side(a: &[Corner], b: &[Corner]) -> Stairs {
    joined(a, b, Ord::max)
}

fn joined(a: &[Corner], b: &[Corner], lead: impl Fn(i32, i32) -> i32) -> Stairs {
    let all = a.iter().flat_map(|a| b.iter().map(|b| Corner { lead: lead(a.lead, b.lead), cost: a.cost + b.cost }));
    pruned(all.collect())
}

/// The cheapest cost by lead; leads above the last are counted there, which keeps it a floor.
#[derive(Clone)]
pub(super) struct Floor {
    least: [i64; Self::LEADS],
}

impl Floor {
    const LEADS: usize = 256;

    pub(super) fn new() -> Self {
        Self { least: [i64::MAX; Self::LEADS] }
    }

    #[inline]
    pub(super) fn add(&mut self, lead: i32, cost: i64) {
        let slot = usize::try_from(lead).unwrap_or(0).min(Self::LEADS - 1);
        self.least[slot] = self.least[slot].min(cost);
    }

    pub(super) fn stairs(&self) -> Stairs {
        let mut stairs = Vec::new();
        let mut least = i64::MAX;
        for (lead, &cost) in (0..).zip(&self.least) {
            if cost < least {
                stairs.push(Corner { lead, cost });
                least = cost;
            }
        }
        stairs
    }
}
