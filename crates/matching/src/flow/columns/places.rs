//! Places on Earth, priced by the kilometre.

use domain::geo::Place;

use super::{Space, Spot};

/// Supplies and demands at places; a pair costs its kilometres.
///
/// Kilometres are those of [`Place::distance_km`]. The great circle is a metric, and rounded up it stays one; reckoned in
/// floats it may miss that by one, so spots count as one kilometre farther apart, and the price takes it off again.
pub struct Places<T> {
    /// Where each supply lies.
    pub supplies: Vec<Place>,
    /// Where each demand lies.
    pub demands: Vec<Place>,
    /// Points per kilometre; 0 or more.
    pub kilometre: i64,
    /// Tie points of a supply and a demand.
    pub ties: T,
}

impl<T> Places<T> {
    fn at(&self, spot: Spot) -> &Place {
        match spot {
            Spot::Supply(at) => &self.supplies[at as usize],
            Spot::Demand(at) => &self.demands[at as usize],
        }
    }
}

impl<T: Fn(u32, u32) -> i64 + Sync> Space for Places<T> {
    fn apart(&self, one: Spot, other: Spot) -> i64 {
        i64::from(self.at(one).distance_km(self.at(other))) + 1
    }

    fn floor(&self, apart: i64) -> i64 {
        self.kilometre.saturating_mul(apart.saturating_sub(1).max(0))
    }

    fn cost(&self, supply: u32, demand: u32) -> Option<i64> {
        Some(self.floor(self.apart(Spot::Supply(supply), Spot::Demand(demand))))
    }

    fn glance(&self, supply: u32, demand: u32) -> i64 {
        let at_least = self.supplies[supply as usize].at_least_km(&self.demands[demand as usize]);
        self.kilometre.saturating_mul(i64::from(at_least))
    }

    fn tie(&self, supply: u32, demand: u32) -> i64 {
        (self.ties)(supply, demand)
    }
}
