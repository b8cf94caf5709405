//! What a run leaves for the next one over nearly the same market: pairs that would be judged as they were are not judged
//! again, and parts in which nothing changed are not solved again.
//!
//! Nothing is guessed. Records are compared by value with all that a predicate or a solve reads of them; a part is taken
//! over when it has the same members and every one of them, its promises, its suggestions and the groups that its
//! shares are held against are what they were. A solve is a function of just these, so the result has the same bytes as
//! one without an earlier run.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use domain::{
    digest::Digest,
    eligibility::{NeedView, OfferView, Reason, Rules},
    ids::{InstalmentId, NeedId, OfferId},
    market::Market,
    need::Instalment,
    offer::Offer,
    parameters::Parameters,
};

use crate::{
    components::{Component, Demands, Group, Prepared},
    outcome::FunnelStep,
    pairs::{Pair, Pairs, ProductIndex, Views},
    settle::Settled,
};

/// No position.
const NONE: u32 = u32::MAX;

/// Offers that came, changed or went, of all: past that and past so many each need would be held against more of them than
/// a run by itself judges, which knows offers by product.
const MOST_CHANGED: (usize, usize) = (50, 64);

/// What a run leaves for the next one.
pub struct Earlier {
    market: Arc<Market>,
    tables: [Digest; 2],
    parameters: Parameters,
    offers: Vec<OfferId>,
    /// What each need's site asks for in all.
    site_demands: BTreeMap<NeedId, i64>,
    /// The first slot of each need.
    first_slot: BTreeMap<NeedId, usize>,
    pairs: Vec<Pair>,
    funnels: Vec<Vec<FunnelStep>>,
    demands: Demands,
    suggested: HashMap<(OfferId, InstalmentId), i64>,
    parts: Vec<Part>,
    /// The part of each offer by position, if any.
    part_of: Vec<u32>,
}

/// A part as it was settled.
struct Part {
    offers: Vec<usize>,
    slots: Vec<usize>,
    settled: Settled,
}

/// How much of a run was taken over from the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TakenOver {
    /// Needs whose offers were not judged again, but for those offers that changed.
    pub needs: usize,
    /// Parts that were not solved again.
    pub parts: usize,
}

impl Earlier {
    /// What a run leaves: its market, and what it judged and settled.
    pub(crate) fn of(rules: &Rules<'_>, market: &Arc<Market>, prepared: Prepared<'_>, settled: Vec<Settled>) -> Self {
        let Prepared { pairs, demands, parts, suggested, .. } = prepared;
        let mut part_of = vec![NONE; pairs.offers.len()];
        for (at, part) in (0..).zip(&parts) {
            part.offers.iter().for_each(|offer| part_of[*offer] = at);
        }
        let mut first_slot = BTreeMap::new();
        for (at, slot) in pairs.slots.iter().enumerate() {
            first_slot.entry(slot.need.id).or_insert(at);
        }
        Self {
            market: Arc::clone(market),
            tables: [rules.catalogue.digest(), rules.regions.digest()],
            parameters: rules.parameters.clone(),
            offers: pairs.offers.iter().map(|view| view.offer.id).collect(),
            site_demands: pairs.needs.iter().map(|view| (view.need.id, view.site_demand)).collect(),
            first_slot,
            pairs: pairs.pairs,
            funnels: pairs.funnels,
            demands,
            suggested,
            parts: parts
                .into_iter()
                .zip(settled)
                .map(|(Component { offers, slots, .. }, settled)| Part { offers, slots, settled })
                .collect(),
            part_of,
        }
    }

    /// Pairs that it holds, which is most of what it takes of memory: 32 bytes each.
    pub fn pairs(&self) -> usize {
        self.pairs.len()
    }

    fn of_slot(&self, slot: usize) -> &[Pair] {
        let slot = u32::try_from(slot).unwrap_or(NONE);
        let start = self.pairs.partition_point(|p| p.slot < slot);
        let end = self.pairs.partition_point(|p| p.slot <= slot);
        &self.pairs[start..end]
    }
}

/// What is as it was, and what is not.
pub(crate) struct Compared<'e> {
    earlier: &'e Earlier,
    /// By its position then, where an offer that is as it was stands now.
    now: Vec<u32>,
    /// By its position now, where it stood then.
    then: Vec<u32>,
    /// Offers that came or changed, by positions of now.
    come: Vec<usize>,
    /// Offers that left or changed, as they were.
    gone: Vec<OfferView<'e>>,
    rules: Rules<'e>,
    /// Per need of now that is as it was, its first slot then.
    first_slot: Vec<Option<usize>>,
}

impl<'e> Compared<'e> {
    /// Compares; none where a run of another day, mode, other parameters or tables can say nothing of this one, and where
    /// so many offers changed that judging anew is quicker.
    pub fn of(earlier: &'e Earlier, rules: &Rules<'e>, views: &Views<'_>) -> Option<Self> {
        let Earlier { market: before, tables, parameters, .. } = earlier;
        let market = rules.market;
        let alike = (before.day, &before.mode) == (market.day, &market.mode)
            && *tables == [rules.catalogue.digest(), rules.regions.digest()]
            && parameters == rules.parameters;
        if !alike {
            return None;
        }
        let rules_then = Rules { market: before, parameters, ..*rules };
        let place: HashMap<OfferId, u32> = earlier.offers.iter().copied().zip(0..).collect();
        let mut compared = Self {
            earlier,
            now: vec![NONE; earlier.offers.len()],
            then: vec![NONE; views.offers.len()],
            come: Vec::new(),
            gone: Vec::new(),
            rules: rules_then,
            first_slot: Vec::new(),
        };
        for (at, view) in (0..).zip(&views.offers) {
            match place.get(&view.offer.id).filter(|_| same_offer(before, market, view.offer)) {
                Some(then) => {
                    compared.now[*then as usize] = at;
                    compared.then[at as usize] = *then;
                }
                None => compared.come.push(at as usize),
            }
        }
        let changed = compared.come.len() + compared.now.iter().filter(|now| **now == NONE).count();
        if changed > (views.offers.len() / MOST_CHANGED.0).max(MOST_CHANGED.1) {
            return None;
        }
        let left = earlier.offers.iter().zip(&compared.now).filter(|(_, now)| **now == NONE);
        compared.gone = left.filter_map(|(id, _)| rules_then.offer_view(before.offer(*id)?)).collect();
        compared.first_slot = views.needs.iter().map(|view| compared.slot_then(market, view)).collect();
        Some(compared)
    }

    /// The first slot then of a need that is as it was.
    fn slot_then(&self, market: &Market, view: &NeedView<'_>) -> Option<usize> {
        let (before, need) = (&self.earlier.market, view.need);
        let same = before.need(need.id) == Some(need)
            && self.earlier.site_demands.get(&need.id) == Some(&view.site_demand)
            && before.sites.get(&need.site) == market.sites.get(&need.site)
            && before.organisations.get(&need.organisation) == market.organisations.get(&need.organisation);
        self.earlier.first_slot.get(&need.id).copied().filter(|_| same)
    }

    /// The pairs and the funnel of each instalment of a need that is as it was, by its place; none of another.
    pub fn judged(
        &self,
        rules: &Rules<'_>,
        (index, offers): (&ProductIndex, &[OfferView<'_>]),
        (view, need): (usize, &NeedView<'_>),
    ) -> Option<Vec<(Vec<Pair>, Vec<FunnelStep>)>> {
        let first = self.first_slot[view]?;
        let of_instalment = |(slot, instalment): (usize, &Instalment)| {
            let mut reasons: BTreeMap<Reason, u32> =
                self.earlier.funnels[slot].iter().map(|step| (step.reason.clone(), step.offers)).collect();
            for offer in &self.gone {
                if let Err(reason) = index.first_reason(&self.rules, offer, need, instalment)
                    && let Some(count) = reasons.get_mut(&reason)
                {
                    *count = count.saturating_sub(1);
                }
            }
            let stayed = self.earlier.of_slot(slot).iter().map(|p| Pair { offer: self.now[p.offer as usize], ..*p });
            let mut pairs: Vec<Pair> = stayed.filter(|p| p.offer != NONE).collect();
            for at in &self.come {
                match index.first_reason(rules, &offers[*at], need, instalment) {
                    Ok(weighed) => pairs.push(Pair::of(*at, weighed)),
                    Err(reason) => *reasons.entry(reason).or_default() += 1,
                }
            }
            pairs.sort_unstable_by_key(|p| p.offer);
            reasons.retain(|_, offers| *offers > 0);
            (pairs, reasons.into_iter().map(|(reason, offers)| FunnelStep { reason, offers }).collect())
        };
        Some((first..).zip(&need.need.instalments).map(of_instalment).collect())
    }

    /// How many needs were not judged anew.
    pub fn needs(&self) -> usize {
        self.first_slot.iter().flatten().count()
    }

    /// Per part of now, how it is settled, where it is a part of then in which nothing changed.
    pub fn settled(&self, prepared: &Prepared<'_>) -> Vec<Option<Settled>> {
        let slot_then = self.slots_then(&prepared.pairs);
        let touched = self.touched(prepared);
        let settled = |part: &Component<'_>| {
            let then = self.then[*part.offers.first()?];
            let before = self.earlier.parts.get(*self.earlier.part_of.get(then as usize)? as usize)?;
            let offers = part.offers.iter().map(|at| self.then[*at]);
            let same_offers = offers.eq(before.offers.iter().map(|at| u32::try_from(*at).unwrap_or(NONE)))
                && part.offers.iter().all(|at| !touched.offers[*at]);
            let same_slots = part.slots.iter().map(|at| slot_then[*at]).eq(before.slots.iter().map(|at| Some(*at)))
                && part.slots.iter().all(|at| !touched.slots[*at]);
            if !same_offers || !same_slots {
                return None;
            }
            let mut now: HashMap<u32, u32> = HashMap::new();
            for (then, at) in before.slots.iter().zip(&part.slots) {
                now.insert(u32::try_from(*then).unwrap_or(NONE), u32::try_from(*at).unwrap_or(NONE));
            }
            let mut settled = before.settled.clone();
            for (pair, _) in &mut settled.lines {
                pair.offer = self.now[pair.offer as usize];
                pair.slot = now.get(&pair.slot).copied().unwrap_or(NONE);
            }
            Some(settled)
        };
        prepared.parts.iter().map(settled).collect()
    }

    /// Per slot of now, where it stood, of needs that are as they were.
    fn slots_then(&self, pairs: &Pairs<'_>) -> Vec<Option<usize>> {
        let mut found = Vec::with_capacity(pairs.slots.len());
        for (view, need) in pairs.needs.iter().enumerate() {
            let first = self.first_slot[view];
            found.extend((0..need.need.instalments.len()).map(|at| first.map(|first| first + at)));
        }
        found
    }

    /// Offers and slots that stay in no part as it was: for what is promised or suggested of them, or for what
    /// their groups ask for.
    fn touched(&self, prepared: &Prepared<'_>) -> Touched {
        let (before, market) = (&self.earlier.market, prepared.rules.market);
        let Prepared { pairs, demands, position, suggested, .. } = prepared;
        let mut touched = Touched { offers: vec![false; pairs.offers.len()], slots: vec![false; pairs.slots.len()] };
        let slot_of: HashMap<InstalmentId, usize> =
            pairs.slots.iter().enumerate().map(|(at, slot)| (slot.instalment.id, at)).collect();
        let mut touch = |offer: OfferId, instalment: InstalmentId| {
            if let Some(at) = position.get(&offer) {
                touched.offers[*at] = true;
            }
            if let Some(at) = slot_of.get(&instalment) {
                touched.slots[*at] = true;
            }
        };
        for (key, units) in suggested {
            if self.earlier.suggested.get(key) != Some(units) {
                touch(key.0, key.1);
            }
        }
        self.earlier.suggested.keys().filter(|key| !suggested.contains_key(key)).for_each(|key| touch(key.0, key.1));
        let theirs = |market: &Market, offer: OfferId| market.offer(offer).map(|o| o.organisation);
        let known: HashMap<_, _> = before.commitments.iter().map(|c| (c.match_id, c)).collect();
        for c in &market.commitments {
            let same = known.get(&c.match_id).is_some_and(|was| *was == c);
            if !same || theirs(before, c.offer) != theirs(market, c.offer) {
                touch(c.offer, c.instalment);
            }
        }
        let known: HashMap<_, _> = market.commitments.iter().map(|c| (c.match_id, c)).collect();
        for c in before.commitments.iter().filter(|c| known.get(&c.match_id).is_none_or(|is| is != c)) {
            touch(c.offer, c.instalment);
        }
        let slots_then = self.slots_then(pairs);
        let group = |demands: &Demands, slot: usize| -> Option<Group> {
            demands.group_of[slot].map(|at| demands.groups[at as usize].clone())
        };
        for (now, then) in slots_then.iter().enumerate() {
            let Some(then) = *then else { continue };
            let was = &self.earlier.demands;
            touched.slots[now] |= demands.open[now] != was.open[then] || group(demands, now) != group(was, then);
        }
        touched
    }
}

/// What changed around it, by positions of now.
struct Touched {
    offers: Vec<bool>,
    slots: Vec<bool>,
}

/// Whether an offer, and all that is read of it, is what it was.
fn same_offer(before: &Market, market: &Market, offer: &Offer) -> bool {
    let refused = |market: &Market| -> Vec<NeedId> {
        let all = (offer.id, NeedId(uuid::Uuid::nil()))..=(offer.id, NeedId(uuid::Uuid::max()));
        market.refusals.range(all).map(|(_, need)| *need).collect()
    };
    before.offer(offer.id) == Some(offer)
        && before.sites.get(&offer.site) == market.sites.get(&offer.site)
        && before.organisations.get(&offer.organisation) == market.organisations.get(&offer.organisation)
        && offer.terms.line.is_none_or(|line| before.lines.get(&line) == market.lines.get(&line))
        && before.distances_from(offer.site) == market.distances_from(offer.site)
        && refused(before) == refused(market)
        && before.assured.get(&offer.id) == market.assured.get(&offer.id)
        // What is promised of an offer that lacks something is no longer ready.
        && (!offer.terms.is_incomplete() || before.promised_of(offer) == market.promised_of(offer))
}
