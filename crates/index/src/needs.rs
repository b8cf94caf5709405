//! Needs by product, with their instalments.

use std::collections::HashMap;

use domain::{
    ids::{InstalmentId, NeedId},
    need::{Need, NeedState, SiteSupply, Urgency, tier},
    time::Day,
};

use crate::{
    intern::number,
    memory::{map_bytes, vec_bytes},
};

/// A need as the index keeps it.
#[derive(Debug, Clone)]
pub(crate) struct NeedRow {
    pub(crate) id: NeedId,
    pub(crate) organisation: u32,
    pub(crate) site: u32,
    urgency: Urgency,
    granted: bool,
    /// Open or covered, and in no quarantine.
    listed: bool,
    supply: Option<Box<SiteSupply>>,
    pub(crate) instalments: Box<[Part]>,
}

/// An instalment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    pub(crate) id: InstalmentId,
    pub(crate) units: i64,
    pub(crate) due: Day,
}

impl NeedRow {
    pub(crate) fn new(need: &Need, organisation: u32, site: u32) -> Self {
        let listed = match need.state {
            NeedState::Open | NeedState::Covered => true,
            NeedState::Draft | NeedState::Closed | NeedState::Expired => false,
        };
        let part = |i: &domain::need::Instalment| Part { id: i.id, units: i.measure.quantity.units(), due: i.due };
        Self {
            id: need.id,
            organisation,
            site,
            urgency: need.terms.urgency,
            granted: need.urgency_granted,
            listed: listed && need.quarantine.is_none(),
            supply: need.terms.supply.clone().map(Box::new),
            instalments: need.instalments.iter().map(part).collect(),
        }
    }

    fn last_due(&self) -> Option<Day> {
        self.instalments.iter().map(|part| part.due).max()
    }

    /// Whether it is asked for on a day: open or covered, reviewed, and not over by the clock.
    pub(crate) fn is_asked_for(&self, on: Day) -> bool {
        self.listed && self.last_due().is_some_and(|last| on <= last)
    }

    /// For how many days from a day the stock of its site lasts, where it states that.
    pub(crate) fn days_of_supply(&self, on: Day) -> Option<i64> {
        self.supply.as_ref().map(|supply| supply.days_left(on))
    }

    /// The tier it ranks at on a day, 1 to 4.
    pub(crate) fn tier(&self, on: Day) -> u8 {
        tier((self.urgency, self.granted), (self.supply.as_deref(), self.last_due()), on)
    }
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Needs {
    by_product: Vec<Vec<NeedRow>>,
    places: HashMap<NeedId, (u32, u32)>,
}

impl Needs {
    pub(crate) fn enter(&mut self, product: u32, need: NeedRow) {
        self.leave(need.id);
        if self.by_product.len() <= product as usize {
            self.by_product.resize_with(product as usize + 1, Vec::new);
        }
        if let Some(rows) = self.by_product.get_mut(product as usize) {
            self.places.insert(need.id, (product, number(rows.len())));
            rows.push(need);
        }
    }

    pub(crate) fn leave(&mut self, id: NeedId) {
        let Some((product, row)) = self.places.remove(&id) else { return };
        let Some(rows) = self.by_product.get_mut(product as usize).filter(|rows| (row as usize) < rows.len()) else {
            return;
        };
        rows.swap_remove(row as usize);
        if let Some(moved) = rows.get(row as usize) {
            self.places.insert(moved.id, (product, row));
        }
    }

    pub(crate) fn of_product(&self, product: u32) -> &[NeedRow] {
        self.by_product.get(product as usize).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn shrink(&mut self) {
        self.by_product.iter_mut().for_each(Vec::shrink_to_fit);
        self.places.shrink_to_fit();
    }

    pub(crate) fn bytes(&self) -> usize {
        let held = |need: &NeedRow| {
            size_of_val(&*need.instalments) + need.supply.as_ref().map_or(0, |_| size_of::<SiteSupply>())
        };
        let rows = |rows: &Vec<NeedRow>| vec_bytes(rows) + rows.iter().map(held).sum::<usize>();
        vec_bytes(&self.by_product) + self.by_product.iter().map(rows).sum::<usize>() + map_bytes(&self.places)
    }
}
