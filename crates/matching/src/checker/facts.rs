//! What the checker finds by itself: who is eligible for what, at which cost, and what each pair carries.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::{
    eligibility::{NeedView, OfferView, Reason, Rules, Weighed},
    ids::{InstalmentId, LineId, MatchId, OfferId},
    need::{Instalment, Need},
    time::Day,
};

use crate::{
    outcome::{Closed, Outcome, PairUnits},
    threads,
};

/// An instalment that takes part.
pub(super) struct Slot<'a> {
    /// Position of the need's view.
    pub view: usize,
    pub instalment: &'a Instalment,
    /// What is asked less what is held or agreed.
    pub open: i64,
    /// Offers that are eligible.
    pub eligible: usize,
    /// First reasons of the others.
    pub reasons: BTreeMap<Reason, u32>,
    /// What the matches give.
    pub given: i64,
    /// What the plan of deliveries gives.
    pub planned: i64,
    /// Whether the search for fewer deliveries was left out.
    pub plain: bool,
}

/// An eligible pair of an instalment with an open quantity.
#[derive(Clone, Copy)]
pub(super) struct Priced {
    pub slot: u32,
    pub cutoff: Day,
    pub stock_only: bool,
    pub cost: i64,
    /// What the pair carries.
    pub units: i64,
    /// What the proof forces on it.
    pub raised: i64,
    /// What was suggested before.
    pub suggested: i64,
    /// What it was thought to carry when deliveries were priced.
    pub estimate: i64,
    pub closed: bool,
}

/// A held or agreed quantity.
pub(super) struct Promise {
    pub match_id: MatchId,
    pub offer: usize,
    pub cutoff: Day,
    pub units: i64,
    pub unserved: i64,
}

/// What the checker found by itself.
pub(super) struct Facts<'a> {
    pub rules: Rules<'a>,
    pub offers: Vec<OfferView<'a>>,
    pub needs: Vec<NeedView<'a>>,
    pub slots: Vec<Slot<'a>>,
    /// Per offer, its pairs by slot.
    pub pairs: Vec<Vec<Priced>>,
    pub promises: Vec<Promise>,
    /// Per offer, the days at which its own orders and promises are counted, ascending.
    pub days: Vec<Vec<Day>>,
    /// The offers of each line.
    pub lines: BTreeMap<LineId, Vec<usize>>,
    pub line_outputs: HashMap<(LineId, usize, Day), i64>,
    offer_at: HashMap<OfferId, usize>,
    slot_at: HashMap<InstalmentId, usize>,
}

/// What judging one need gave: per instalment, the eligible offers, and the reasons of the others.
type Judged = Vec<(Vec<(u32, Weighed)>, BTreeMap<Reason, u32>)>;

impl<'a> Facts<'a> {
    /// Judges every offer for every instalment, and reads the matches.
    pub fn gather(rules: &Rules<'a>, outcome: &Outcome) -> Result<Self, String> {
        let demands = rules.site_demands();
        let offers: Vec<OfferView<'a>> = rules.market.offers.iter().filter_map(|o| rules.offer_view(o)).collect();
        let matchable = rules.market.needs.iter().filter(|n| n.is_matchable());
        let needs: Vec<NeedView<'a>> = matchable.filter_map(|n| rules.need_view(n, &demands)).collect();
        let mut taken: HashMap<InstalmentId, i64> = HashMap::new();
        for c in &rules.market.commitments {
            *taken.entry(c.instalment).or_default() += c.covered().units();
        }
        let judged: Vec<Judged> = threads::spread(&needs, threads::count(0), |_, need| judge(rules, &offers, need));
        let mut facts = Self {
            rules: *rules,
            offer_at: offers.iter().enumerate().map(|(i, o)| (o.offer.id, i)).collect(),
            slot_at: HashMap::new(),
            slots: Vec::new(),
            pairs: vec![Vec::new(); offers.len()],
            promises: Vec::new(),
            days: Vec::new(),
            lines: BTreeMap::new(),
            line_outputs: HashMap::new(),
            offers,
            needs,
        };
        let mut eligible = vec![0; facts.offers.len()];
        judged.iter().flatten().flat_map(|(pairs, _)| pairs).for_each(|(offer, _)| eligible[*offer as usize] += 1);
        facts.pairs.iter_mut().zip(eligible).for_each(|(pairs, most)| pairs.reserve_exact(most));
        for (view, of_need) in judged.into_iter().enumerate() {
            let instalments = &facts.needs[view].need.instalments;
            for (instalment, (pairs, reasons)) in instalments.iter().zip(of_need) {
                let slot = u32::try_from(facts.slots.len()).map_err(|_| "too many instalments".to_owned())?;
                let asked = instalment.measure.quantity.units();
                let open = (asked - taken.get(&instalment.id).copied().unwrap_or(0)).max(0);
                let eligible = pairs.len();
                for (offer, how) in pairs.into_iter().filter(|_| open > 0) {
                    let of_offer = &mut facts.pairs[offer as usize];
                    of_offer.push(Priced {
                        slot,
                        cutoff: how.cutoff,
                        stock_only: how.stock_only,
                        cost: how.cost,
                        units: 0,
                        raised: 0,
                        suggested: 0,
                        estimate: 0,
                        closed: false,
                    });
                }
                facts.slot_at.insert(instalment.id, facts.slots.len());
                facts.slots.push(Slot {
                    view,
                    instalment,
                    open,
                    eligible,
                    reasons,
                    given: 0,
                    planned: 0,
                    plain: false,
                });
            }
        }
        facts.read_proof(outcome)?;
        facts.read_lines(outcome)?;
        facts.days = facts.pairs.iter().map(|pairs| days_of(pairs)).collect();
        for p in &facts.promises {
            facts.days[p.offer].push(p.cutoff);
        }
        for days in &mut facts.days {
            days.sort_unstable();
            days.dedup();
        }
        Ok(facts)
    }

    /// Promises, lines, and what the proof says of pairs.
    fn read_proof(&mut self, outcome: &Outcome) -> Result<(), String> {
        let (rules, proof) = (self.rules, &outcome.proof);
        let mut unserved: HashMap<MatchId, i64> = proof.unserved.iter().copied().collect();
        for c in rules.market.commitments.iter().filter(|c| !c.quantity.is_zero()) {
            let Some(&offer) = self.offer_at.get(&c.offer) else { continue };
            self.promises.push(Promise {
                match_id: c.match_id,
                offer,
                // A promise past its cut-off draws on what was restated since.
                cutoff: c.cutoff.max(self.offers[offer].offer.terms.profile.as_of),
                units: c.quantity.units(),
                unserved: unserved.remove(&c.match_id).unwrap_or(0),
            });
        }
        let stated = |p: &Promise| (0..=p.units).contains(&p.unserved);
        if let Some(p) = self.promises.iter().find(|p| !stated(p)) {
            return Err(format!("of the promise {} {} units stay unserved, of {}", p.match_id, p.unserved, p.units));
        }
        if let Some(unknown) = unserved.keys().min() {
            return Err(format!("{unknown} stays unserved and is no promise"));
        }
        for (at, view) in self.offers.iter().enumerate() {
            if let Some(line) = view.offer.terms.line.filter(|l| rules.market.lines.contains_key(l)) {
                self.lines.entry(line).or_default().push(at);
            }
        }
        for o in &proof.line_outputs {
            let offer = *self.offer_at.get(&o.offer).ok_or_else(|| format!("{} is not in the market", o.offer))?;
            let shares = self.lines.get(&o.line).is_some_and(|members| members.contains(&offer));
            if !shares || o.quantity <= 0 || self.line_outputs.insert((o.line, offer, o.by), o.quantity).is_some() {
                return Err(format!("{} has no share in line {} by {}", o.offer, o.line, o.by));
            }
        }
        for Closed { offer, instalment } in &proof.closed {
            let pair = self.pair_mut(*offer, *instalment);
            pair.ok_or_else(|| format!("{offer} is closed to {instalment} and not eligible for it"))?.closed = true;
        }
        self.each_units(&proof.raised, "is forced to serve", |pair, units| pair.raised = units)?;
        self.each_units(&proof.estimates, "is thought to serve", |pair, units| pair.estimate = units)?;
        for PairUnits { instalment, units, .. } in &proof.estimates {
            if let Some(slot) = self.slot(*instalment) {
                self.slots[slot].planned = self.slots[slot].planned.saturating_add(*units);
            }
        }
        for instalment in &proof.plain {
            let slot = self.slot(*instalment).ok_or_else(|| format!("{instalment} takes no part"))?;
            self.slots[slot].plain = true;
        }
        for s in &rules.market.suggestions {
            if let Some(pair) = self.pair_mut(s.offer, s.instalment) {
                pair.suggested += s.quantity.units();
            }
        }
        Ok(())
    }

    fn each_units(&mut self, listed: &[PairUnits], what: &str, set: impl Fn(&mut Priced, i64)) -> Result<(), String> {
        let mut seen = HashSet::new();
        for PairUnits { offer, instalment, units } in listed {
            match self.pair_mut(*offer, *instalment) {
                Some(pair) if !pair.closed && *units > 0 && seen.insert((*offer, *instalment)) => set(pair, *units),
                Some(_) | None => return Err(format!("{offer} {what} {instalment} with {units} and cannot")),
            }
        }
        Ok(())
    }

    /// The matches: each eligible, judged alike, listed once, ranked right.
    fn read_lines(&mut self, outcome: &Outcome) -> Result<(), String> {
        for line in &outcome.lines {
            let (offer, instalment) = (line.offer, line.instalment);
            let at = self.offer_at.get(&offer).copied();
            let pair = self.pair_mut(offer, instalment).filter(|p| !p.closed);
            let (Some(pair), Some(at)) = (pair, at) else {
                return Err(format!("{offer} is not eligible for {instalment}"));
            };
            if line.quantity.is_zero() || pair.units != 0 {
                return Err(format!("the match of {offer} and {instalment} is empty or listed twice"));
            }
            pair.units = line.quantity.units();
            let slot = pair.slot as usize;
            let slot = &mut self.slots[slot];
            slot.given = slot.given.saturating_add(line.quantity.units());
            let view = &self.needs[slot.view];
            if self.rules.judge(&self.offers[at], view, slot.instalment).as_ref() != Ok(&line.eligible) {
                return Err(format!("the reasons for {offer} to serve {instalment} are others"));
            }
            if view.need.id != line.need {
                return Err(format!("{instalment} is no instalment of {}", line.need));
            }
        }
        let mut rivals: Vec<Vec<(i64, OfferId)>> = vec![Vec::new(); self.slots.len()];
        for (view, pairs) in self.offers.iter().zip(&self.pairs) {
            for pair in pairs.iter().filter(|p| self.slots[p.slot as usize].given > 0) {
                rivals[pair.slot as usize].push((pair.cost, view.offer.id));
            }
        }
        for line in &outcome.lines {
            let all = self.slot_at.get(&line.instalment).map(|slot| &rivals[*slot]);
            let all = all.map(Vec::as_slice).unwrap_or_default();
            let own = (line.eligible.cost.total(), line.offer);
            let rank = all.iter().filter(|rival| **rival < own).count() + 1;
            if line.rank as usize != rank || line.eligible_offers as usize != all.len() {
                let (offer, instalment) = (line.offer, line.instalment);
                return Err(format!("{offer} ranks {rank} of {} for {instalment}", all.len()));
            }
        }
        Ok(())
    }

    pub fn need(&self, slot: usize) -> &'a Need {
        self.needs[self.slots[slot].view].need
    }

    /// The tier that the need of a slot ranks at.
    pub fn tier(&self, slot: usize) -> u8 {
        self.need(slot).tier(self.rules.market.day)
    }

    pub fn slot(&self, instalment: InstalmentId) -> Option<usize> {
        self.slot_at.get(&instalment).copied()
    }

    pub fn offer(&self, offer: OfferId) -> Option<usize> {
        self.offer_at.get(&offer).copied()
    }

    fn pair_mut(&mut self, offer: OfferId, instalment: InstalmentId) -> Option<&mut Priced> {
        let slot = u32::try_from(self.slot(instalment)?).ok()?;
        let pairs = &mut self.pairs[*self.offer_at.get(&offer)?];
        pairs.binary_search_by_key(&slot, |p| p.slot).ok().map(|at| &mut pairs[at])
    }

    pub fn pair(&self, offer: usize, slot: usize) -> Option<&Priced> {
        let pairs = &self.pairs[offer];
        pairs.binary_search_by_key(&slot, |p| p.slot as usize).ok().map(|at| &pairs[at])
    }
}

fn judge(rules: &Rules<'_>, offers: &[OfferView<'_>], need: &NeedView<'_>) -> Judged {
    let of_instalment = |instalment: &Instalment| {
        let (mut pairs, mut reasons) = (Vec::new(), BTreeMap::new());
        for (at, offer) in (0..).zip(offers) {
            match rules.weigh(offer, need, instalment) {
                Ok(how) => pairs.push((at, how)),
                Err(reason) => *reasons.entry(reason).or_default() += 1,
            }
        }
        (pairs, reasons)
    };
    need.need.instalments.iter().map(of_instalment).collect()
}

/// The cut-offs of an offer's orders; needs of one place and day come one after another, so most are known.
fn days_of(pairs: &[Priced]) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    for pair in pairs.iter().filter(|p| !p.stock_only && !p.closed) {
        if !days.contains(&pair.cutoff) {
            days.push(pair.cutoff);
        }
    }
    days
}
