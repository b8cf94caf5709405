//! What can be planned: makers with what they could make by when, and everything else that a run would see.

use std::collections::{BTreeSet, HashMap};

use domain::{
    code::ProductCode,
    eligibility::Rules,
    ids::{OfferId, SiteId},
    line::Line,
    market::Market,
    offer::{MissingInput, Offer},
    time::Day,
};

use super::judged::{Judged, find};
use crate::{
    allocate::{Control, MatchingError},
    components::Demands,
    pairs::{Pair, Pairs},
};

/// More of anything than any market asks for; what is clipped here changes no plan.
const MOST_ASKED: i64 = 1 << 50;

/// An offer that makes something of what others bring.
pub(super) struct Maker<'p> {
    /// Its place among the offers.
    pub at: usize,
    pub offer: &'p Offer,
    pub product: &'p ProductCode,
    pub input: &'p MissingInput,
    /// Base units that lie ready and nobody was promised.
    pub ready: i64,
    /// Its cut-offs, ascending.
    pub days: Vec<Day>,
    /// Base units that it could make by each of them besides what it promised.
    pub room: Vec<i64>,
}

impl Maker<'_> {
    /// What is made by a day, of what is made by each cut-off.
    pub fn by(&self, made: &[i64], day: Day) -> i64 {
        let until = self.days.partition_point(|by| *by <= day);
        made[..until].last().copied().unwrap_or(0)
    }
}

/// What can be planned.
pub(super) struct Plan<'p> {
    pub day: Day,
    pub pairs: Pairs<'p>,
    pub makers: Vec<Maker<'p>>,
    /// Makers by their place among the offers.
    pub maker_of: HashMap<usize, usize>,
    /// Per slot, the maker that lacks it and which of its cut-offs it is for.
    pub stage_of: Vec<Option<(usize, usize)>>,
    /// Per slot, what is open.
    pub open: Vec<i64>,
    /// Per tier, what is open that no offer may serve.
    pub hopeless: [i64; 4],
    /// Per offer, the days at which its output counts.
    pub days: Vec<Vec<Day>>,
    /// Per offer, one more than it could be asked for.
    pub most: Vec<i64>,
    /// Pairs that bring a maker an input of which all that its site could take is less than the smallest order.
    pub too_small: BTreeSet<usize>,
    /// Promises: offer, day from which they draw, base units.
    pub promised: Vec<(usize, Day, i64)>,
    /// Lines that offers share, with what each makes by every day of its offers.
    pub lines: Vec<SharedLine>,
}

/// A line that offers share.
pub(super) struct SharedLine {
    /// The offers, by their place.
    pub members: Vec<usize>,
    /// What the line makes by a day, in base units.
    pub by: Vec<(Day, i64)>,
}

impl SharedLine {
    /// A line with its offers, whose output then counts day by day, as in a run.
    fn of(rules: &Rules<'_>, pairs: &Pairs<'_>, line: &Line, days: &mut [BTreeSet<Day>]) -> Option<Self> {
        let offers = pairs.offers.iter().enumerate();
        let members: Vec<usize> =
            offers.filter(|(_, view)| view.offer.terms.line == Some(line.id)).map(|(at, _)| at).collect();
        let last = members.iter().filter_map(|at| days[*at].last()).max().copied()?;
        let profiles = members.iter().map(|at| &pairs.offers[*at].offer.terms.profile).chain([&line.profile]);
        let first = profiles.map(|profile| profile.as_of).min()?;
        let own = members.iter().filter_map(|at| days[*at].first()).min().copied()?;
        let first = first.min(own);
        let all: BTreeSet<Day> = (0..=last.since(first)).map(|i| first.plus(i)).collect();
        let curve = line.curve(rules.parameters.capacity);
        let by = all.iter().map(|day| (*day, curve.by(*day))).collect();
        members.iter().for_each(|at| days[*at].clone_from(&all));
        Some(Self { members, by })
    }
}

impl<'p> Plan<'p> {
    /// What can be planned in a judged market; `None` where nobody could bring anything that is lacking.
    pub fn of(rules: &Rules<'p>, judged: &Judged, control: &Control<'_>) -> Result<Option<Self>, MatchingError> {
        let pairs = find(rules, control)?;
        let open = Demands::of(rules, &pairs).open;
        let place: HashMap<OfferId, usize> = pairs.offers.iter().enumerate().map(|(at, o)| (o.offer.id, at)).collect();
        let promised: Vec<(usize, Day, i64)> = rules
            .market
            .commitments
            .iter()
            .filter(|c| !c.quantity.is_zero())
            .filter_map(|c| {
                let at = *place.get(&c.offer)?;
                Some((at, c.cutoff.max(pairs.offers[at].offer.terms.profile.as_of), c.quantity.units()))
            })
            .collect();
        let mut days: Vec<BTreeSet<Day>> = vec![BTreeSet::new(); pairs.offers.len()];
        for pair in pairs.pairs.iter().filter(|pair| !pair.stock_only) {
            days[pair.offer as usize].insert(pair.cutoff);
        }
        // Periods end where goods for somebody new must leave: a promise ends none, since nothing is due to come for it.
        let cutoffs = days.clone();
        for (at, day, _) in &promised {
            days[*at].insert(*day);
        }
        let makers: Vec<Maker<'p>> = judged
            .makers
            .iter()
            .filter_map(|id| {
                let at = *place.get(id)?;
                let of_it: Vec<(Day, i64)> =
                    promised.iter().filter(|(of, ..)| *of == at).map(|(_, day, units)| (*day, *units)).collect();
                Maker::of(rules.market, &pairs, (at, &of_it), &cutoffs[at])
            })
            .collect();
        let maker_of: HashMap<usize, usize> = makers.iter().enumerate().map(|(m, maker)| (maker.at, m)).collect();
        let stage_of = pairs.slots.iter().map(|slot| {
            let (offer, day) = judged.inputs.get(&slot.instalment.id)?;
            let maker = *maker_of.get(place.get(offer)?)?;
            Some((maker, makers[maker].days.iter().position(|by| by == day)?))
        });
        let stage_of: Vec<_> = stage_of.collect();
        if stage_of.iter().enumerate().all(|(slot, stage)| stage.is_none() || pairs.of_slot(slot).is_empty()) {
            return Ok(None);
        }
        let asked = |slot: u32| match stage_of[slot as usize] {
            Some((maker, k)) => makers[maker].input.needed_for(makers[maker].room[k]),
            None => open[slot as usize],
        };
        let mut most = vec![1_i64; pairs.offers.len()];
        for (at, units) in pairs.pairs.iter().map(|pair| (pair.offer as usize, asked(pair.slot))) {
            most[at] = most[at].saturating_add(units).min(MOST_ASKED);
        }
        for (at, _, units) in &promised {
            most[*at] = most[*at].saturating_add(*units).min(MOST_ASKED);
        }
        let too_small = too_small(&pairs, &makers, &stage_of);
        let mut hopeless = [0; 4];
        for (at, slot) in pairs.slots.iter().enumerate().filter(|(at, _)| stage_of[*at].is_none()) {
            if pairs.of_slot(at).is_empty() {
                hopeless[usize::from(slot.need.tier(rules.market.day)).clamp(1, 4) - 1] += open[at];
            }
        }
        let lines =
            rules.market.lines.values().filter_map(|line| SharedLine::of(rules, &pairs, line, &mut days)).collect();
        Ok(Some(Self {
            day: rules.market.day,
            makers,
            maker_of,
            stage_of,
            open,
            hopeless,
            days: days.into_iter().map(|days| days.into_iter().collect()).collect(),
            most,
            too_small,
            promised,
            lines,
            pairs,
        }))
    }

    /// Whether an offer may bring others what they lack: whoever lacks something itself brings what it makes and not what
    /// lies ready.
    pub fn may_bring(&self, pair: &Pair) -> bool {
        let at = pair.offer as usize;
        let makes = || self.maker_of.contains_key(&at) && !pair.stock_only;
        !self.pairs.offers[at].offer.terms.is_incomplete() || makes()
    }
}

/// Pairs whose offers have smallest orders that are more than all that the makers of the site could take.
fn too_small(pairs: &Pairs<'_>, makers: &[Maker<'_>], stage_of: &[Option<(usize, usize)>]) -> BTreeSet<usize> {
    let mut taken: HashMap<SiteId, i64> = HashMap::new();
    for maker in makers {
        let all = taken.entry(maker.offer.site).or_default();
        *all = all.saturating_add(maker.input.needed_for(maker.room.last().copied().unwrap_or(0)));
    }
    let small = pairs.pairs.iter().enumerate().filter(|(_, pair)| {
        let least = pairs.offers[pair.offer as usize].offer.terms.min_order.as_ref();
        let site = stage_of[pair.slot as usize].map(|(maker, _)| makers[maker].offer.site);
        least.zip(site).is_some_and(|(least, site)| least.quantity.units() > taken.get(&site).copied().unwrap_or(0))
    });
    small.map(|(at, _)| at).collect()
}

impl<'p> Maker<'p> {
    fn of(
        market: &Market,
        pairs: &Pairs<'p>,
        (at, promised): (usize, &[(Day, i64)]),
        days: &BTreeSet<Day>,
    ) -> Option<Self> {
        let offer = pairs.offers[at].offer;
        let ready = market.promised_of(offer).ready;
        let days: Vec<Day> = days.iter().copied().collect();
        let mut maker = Self {
            at,
            offer,
            product: &offer.terms.product,
            input: offer.terms.missing_inputs.first()?,
            ready,
            days,
            room: Vec::new(),
        };
        let all: Vec<(usize, Day, i64)> = promised.iter().map(|(day, units)| (at, *day, *units)).collect();
        maker.room = maker.room_before(pairs, &all, 0);
        Some(maker)
    }

    /// What it could make by each cut-off if all had to exist so many days before, besides what it promised, for then or
    /// later.
    pub fn room_before(&self, pairs: &Pairs<'_>, promised: &[(usize, Day, i64)], before: i32) -> Vec<i64> {
        let curve = &pairs.offers[self.at].curve;
        let taken = |by: Day| -> i64 {
            promised.iter().filter(|(at, day, _)| *at == self.at && *day <= by).map(|(_, _, units)| units).sum()
        };
        let mut least = i64::MAX;
        let own = promised.iter().filter(|(at, ..)| *at == self.at).map(|(_, day, _)| *day);
        let all: BTreeSet<Day> = self.days.iter().copied().chain(own).collect();
        let mut room: Vec<(Day, i64)> = Vec::with_capacity(all.len());
        for day in all.into_iter().rev() {
            least = least.min((curve.by(day.plus(-before)) - taken(day) - self.ready).max(0));
            room.push((day, least));
        }
        let cutoffs = room.into_iter().rev().filter(|(day, _)| self.days.binary_search(day).is_ok());
        cutoffs.map(|(_, units)| units).collect()
    }

    /// Base units that so much of the input is enough for.
    pub fn enough(&self, input: i64) -> i64 {
        let (units, per) = (i128::from(self.input.units.units()).max(1), i128::from(self.input.per.units()));
        i64::try_from(i128::from(input.max(0)) * per / units).unwrap_or(i64::MAX)
    }
}
