//! What is held and agreed, by match, by offer and by instalment.

use std::collections::HashMap;

use domain::{
    ids::{InstalmentId, MatchId, OfferId},
    market::Commitment,
    time::Day,
};

use crate::{
    intern::Slots,
    memory::{map_bytes, vec_bytes},
};

/// How firm a promise is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// A proposal that holds until its deadline.
    Held,
    /// Both sides agreed.
    Agreed,
}

/// A promise as it draws on an offer: by which day, how many base units, how firm.
pub(crate) type Drawn = (Day, i64, Standing);

/// What an offer promised.
#[derive(Debug, Clone)]
pub(crate) struct Promised {
    /// By cut-off; nothing where it promised nothing, as most did.
    pub(crate) drawn: Option<Box<[Drawn]>>,
    /// For each kind of capacity the first cut-off by which anything of it is still free; the last of all days where
    /// nothing ever is, and the first of all where nothing is promised.
    pub(crate) ready: [Day; 2],
}

impl Promised {
    pub(crate) fn drawn(&self) -> &[Drawn] {
        self.drawn.as_deref().unwrap_or_default()
    }
}

/// A commitment as the index keeps it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Promise {
    pub(crate) offer: OfferId,
    pub(crate) instalment: InstalmentId,
    /// What it draws from the offer's figures, and what it covers of the instalment; base units.
    pub(crate) units: i64,
    pub(crate) covers: i64,
    pub(crate) cutoff: Day,
    pub(crate) standing: Standing,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Promises {
    rows: Slots<Promise>,
    by_match: HashMap<MatchId, u32>,
    by_offer: HashMap<OfferId, Vec<u32>>,
    by_instalment: HashMap<InstalmentId, Vec<u32>>,
}

fn unlist<K: Eq + std::hash::Hash>(lists: &mut HashMap<K, Vec<u32>>, key: &K, row: u32) {
    if let Some(list) = lists.get_mut(key) {
        list.retain(|other| *other != row);
        if list.is_empty() {
            lists.remove(key);
        }
    }
}

impl Promises {
    pub(crate) fn enter(&mut self, commitment: &Commitment, standing: Standing) {
        self.leave(commitment.match_id);
        let promise = Promise {
            offer: commitment.offer,
            instalment: commitment.instalment,
            units: commitment.quantity.units(),
            covers: commitment.covered().units(),
            cutoff: commitment.cutoff,
            standing,
        };
        let row = self.rows.put(promise);
        self.by_match.insert(commitment.match_id, row);
        self.by_offer.entry(promise.offer).or_default().push(row);
        self.by_instalment.entry(promise.instalment).or_default().push(row);
    }

    /// Forgets a match, and says on which offer it drew and which instalment it served.
    pub(crate) fn leave(&mut self, id: MatchId) -> Option<(OfferId, InstalmentId)> {
        let row = self.by_match.remove(&id)?;
        let promise = self.rows.take(row)?;
        unlist(&mut self.by_offer, &promise.offer, row);
        unlist(&mut self.by_instalment, &promise.instalment, row);
        Some((promise.offer, promise.instalment))
    }

    /// What an offer promised, by cut-off; nothing where it promised nothing, as most did.
    pub(crate) fn drawn(&self, offer: OfferId) -> Option<Box<[Drawn]>> {
        let rows = self.by_offer.get(&offer)?.iter().filter_map(|row| self.rows.get(*row));
        let mut drawn: Vec<Drawn> = rows.map(|p| (p.cutoff, p.units, p.standing)).collect();
        drawn.sort_unstable();
        Some(drawn.into())
    }

    pub(crate) fn of_instalment(&self, instalment: InstalmentId) -> impl Iterator<Item = &Promise> {
        self.by_instalment.get(&instalment).into_iter().flatten().filter_map(|row| self.rows.get(*row))
    }

    pub(crate) fn shrink(&mut self) {
        self.rows.shrink();
        self.by_match.shrink_to_fit();
        self.by_offer.shrink_to_fit();
        self.by_instalment.shrink_to_fit();
        // Lists of one take the room of four otherwise.
        self.by_offer.values_mut().for_each(Vec::shrink_to_fit);
        self.by_instalment.values_mut().for_each(Vec::shrink_to_fit);
    }

    pub(crate) fn bytes(&self) -> usize {
        let lists = self.by_offer.values().chain(self.by_instalment.values()).map(vec_bytes).sum::<usize>();
        self.rows.bytes(|_| 0)
            + map_bytes(&self.by_match)
            + map_bytes(&self.by_offer)
            + map_bytes(&self.by_instalment)
            + lists
    }
}
