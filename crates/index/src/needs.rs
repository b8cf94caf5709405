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
    parties::Origin,
    promises::{Promises, Standing},
};

/// A need as the index keeps it.
#[derive(Debug, Clone)]
pub(crate) struct NeedRow {
    pub(crate) id: NeedId,
    pub(crate) organisation: u32,
    pub(crate) site: u32,
    pub(crate) origin: Origin,
    last_due: Day,
    /// At which of the index's changes it changed last.
    pub(crate) changed: u64,
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
    /// What is held and what is agreed towards it, base units.
    pub(crate) held: i64,
    pub(crate) agreed: i64,
}

impl Part {
    /// Notes what is promised towards it.
    pub(crate) fn promise(&mut self, promises: &Promises) {
        (self.held, self.agreed) = (0, 0);
        for promise in promises.of_instalment(self.id) {
            let sum = match promise.standing {
                Standing::Held => &mut self.held,
                Standing::Agreed => &mut self.agreed,
            };
            *sum = sum.saturating_add(promise.covers);
        }
    }
}

impl NeedRow {
    pub(crate) fn new(need: &Need, (organisation, site, origin): (u32, u32, Origin), changed: u64) -> Self {
        let listed = match need.state {
            NeedState::Open | NeedState::Covered => true,
            NeedState::Draft | NeedState::Closed | NeedState::Expired => false,
        };
        let part = |i: &domain::need::Instalment| Part {
            id: i.id,
            units: i.measure.quantity.units(),
            due: i.due,
            held: 0,
            agreed: 0,
        };
        Self {
            id: need.id,
            organisation,
            site,
            origin,
            last_due: need.instalments.iter().map(|part| part.due).max().unwrap_or(Day::MIN),
            changed,
            urgency: need.terms.urgency,
            granted: need.urgency_granted,
            listed: listed && need.quarantine.is_none(),
            supply: need.terms.supply.clone().map(Box::new),
            instalments: need.instalments.iter().map(part).collect(),
        }
    }

    /// Whether it is asked for on a day: open or covered, reviewed, and not over by the clock.
    pub(crate) fn is_asked_for(&self, on: Day) -> bool {
        self.listed && !self.instalments.is_empty() && on <= self.last_due
    }

    /// For how many days from a day the stock of its site lasts, where it states that.
    pub(crate) fn days_of_supply(&self, on: Day) -> Option<i64> {
        self.supply.as_ref().map(|supply| supply.days_left(on))
    }

    /// The tier it ranks at on a day, 1 to 4.
    pub(crate) fn tier(&self, on: Day) -> u8 {
        let last_due = (!self.instalments.is_empty()).then_some(self.last_due);
        tier((self.urgency, self.granted), (self.supply.as_deref(), last_due), on)
    }
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Needs {
    by_product: Vec<Vec<NeedRow>>,
    places: HashMap<NeedId, (u32, u32)>,
    /// Of which need an instalment is.
    instalments: HashMap<InstalmentId, NeedId>,
}

impl Needs {
    pub(crate) fn enter(&mut self, product: u32, need: NeedRow) {
        if self.by_product.len() <= product as usize {
            self.by_product.resize_with(product as usize + 1, Vec::new);
        }
        if let Some(rows) = self.by_product.get_mut(product as usize) {
            self.places.insert(need.id, (product, number(rows.len())));
            self.instalments.extend(need.instalments.iter().map(|part| (part.id, need.id)));
            rows.push(need);
        }
    }

    /// Forgets a need, and says of which product, organisation and site it was.
    pub(crate) fn leave(&mut self, id: NeedId) -> Option<(u32, u32, u32)> {
        let (product, row) = self.places.remove(&id)?;
        let rows = self.by_product.get_mut(product as usize).filter(|rows| (row as usize) < rows.len())?;
        let left = rows.swap_remove(row as usize);
        for part in &left.instalments {
            if self.instalments.get(&part.id) == Some(&id) {
                self.instalments.remove(&part.id);
            }
        }
        if let Some(moved) = rows.get(row as usize) {
            self.places.insert(moved.id, (product, row));
        }
        Some((product, left.organisation, left.site))
    }

    /// The need of an instalment and its product.
    pub(crate) fn of_instalment(&mut self, id: InstalmentId) -> Option<(u32, &mut NeedRow)> {
        let (product, row) = *self.places.get(self.instalments.get(&id)?)?;
        Some((product, self.by_product.get_mut(product as usize)?.get_mut(row as usize)?))
    }

    /// All of them.
    pub(crate) fn rows_mut(&mut self) -> impl Iterator<Item = &mut NeedRow> {
        self.by_product.iter_mut().flatten()
    }

    pub(crate) fn of_product(&self, product: u32) -> &[NeedRow] {
        self.by_product.get(product as usize).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn shrink(&mut self) {
        self.by_product.iter_mut().for_each(Vec::shrink_to_fit);
        self.places.shrink_to_fit();
        self.instalments.shrink_to_fit();
    }

    pub(crate) fn bytes(&self) -> usize {
        let held = |need: &NeedRow| {
            size_of_val(&*need.instalments) + need.supply.as_ref().map_or(0, |_| size_of::<SiteSupply>())
        };
        let rows = |rows: &Vec<NeedRow>| vec_bytes(rows) + rows.iter().map(held).sum::<usize>();
        vec_bytes(&self.by_product)
            + self.by_product.iter().map(rows).sum::<usize>()
            + map_bytes(&self.places)
            + map_bytes(&self.instalments)
    }
}
