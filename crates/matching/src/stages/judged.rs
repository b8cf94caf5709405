//! Which offers can be makers, and the market in which they ask for what they lack.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
};

use domain::{
    capacity::CURVE_LIMIT,
    code::ProductCode,
    eligibility::Rules,
    ids::{InstalmentId, NeedId, OfferId},
    market::{Assured, Market},
    need::{Instalment, Need, NeedState, NeedTerms},
    offer::{MissingInput, Offer, When},
    quantity::{Measure, Quantity},
    time::Day,
    unit::BaseUnit,
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::scale::{Classes, gcd};
use crate::{
    allocate::{Control, MatchingError},
    pairs::{Pairs, Views},
    threads,
};

/// Why an offer that lacks something is no stage of the whole market.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WhyNoStage {
    /// It lacks several things; chains are searched for one need at a time.
    SeveralInputs,
    /// It shares a line with other offers.
    SharedLine,
    /// What it lacks is made of what it makes, by what others state.
    Circle,
    /// What it takes and what it makes of it stand in a ratio that is not reckoned with: more than 100,000 to one, say.
    Ratio,
    /// There are so many makers of its kind, and offers of what they lack, that only those who make most are planned.
    TooMany,
}

impl WhyNoStage {
    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SeveralInputs => "several_inputs",
            Self::SharedLine => "shared_line",
            Self::Circle => "circle",
            Self::Ratio => "ratio",
            Self::TooMany => "too_many",
        }
    }
}

/// So much of an input for so much of what is made, in lowest terms, is reckoned with up to this.
const MOST_RATIO: i64 = 100_000;

/// The offers that can be stages, and those that lack something and cannot.
pub(super) fn candidates(rules: &Rules<'_>) -> (BTreeSet<OfferId>, Vec<(OfferId, WhyNoStage)>) {
    let (mut makers, mut left_out) = (BTreeSet::new(), Vec::new());
    let offers = &rules.market.offers;
    let lacked = offers.iter().flat_map(|offer| offer.terms.missing_inputs.iter().map(|input| &input.product));
    let asked = rules.market.needs.iter().map(|need| &need.terms.product);
    let all: BTreeSet<&ProductCode> =
        offers.iter().map(|offer| &offer.terms.product).chain(lacked).chain(asked).collect();
    let stand_ins = all.iter().flat_map(|one| rules.catalogue.stand_ins(one).iter().map(|other| (*one, other)));
    let classes = Classes::new(all.iter().copied(), stand_ins);
    let mut goes_into: BTreeMap<(usize, usize), Vec<OfferId>> = BTreeMap::new();
    let lacking = offers.iter().filter(|offer| offer.terms.is_incomplete() && rules.judge_offer_alone(offer).is_ok());
    for offer in lacking.filter(|offer| !offer.terms.profile.is_only_convertible()) {
        let why = match &offer.terms.missing_inputs[..] {
            [input] => {
                let shared = gcd(input.units.units(), input.per.units()).max(1);
                let too_large = input.units.units().max(input.per.units()) / shared > MOST_RATIO;
                match (is_on_a_line(rules.market, offer), too_large) {
                    (true, _) => WhyNoStage::SharedLine,
                    (_, true) => WhyNoStage::Ratio,
                    _ => {
                        let both = (classes.of(&input.product), classes.of(&offer.terms.product));
                        goes_into.entry(both).or_default().push(offer.id);
                        continue;
                    }
                }
            }
            _ => WhyNoStage::SeveralInputs,
        };
        left_out.push((offer.id, why));
    }
    // What many state stands before what one does, so that a single slip leaves out itself and not them.
    let mut uses: Vec<((usize, usize), Vec<OfferId>)> = goes_into.into_iter().collect();
    uses.sort_by_key(|(both, offers)| (Reverse(offers.len()), *both));
    let mut known = BTreeSet::new();
    for ((of, into), offers) in uses {
        if reaches(&known, into, of) {
            left_out.extend(offers.into_iter().map(|offer| (offer, WhyNoStage::Circle)));
            continue;
        }
        known.insert((of, into));
        makers.extend(offers);
    }
    (makers, left_out)
}

fn is_on_a_line(market: &Market, offer: &Offer) -> bool {
    offer.terms.line.is_some_and(|line| market.lines.contains_key(&line))
}

/// Whether what goes into what leads from one class to the other.
fn reaches(goes_into: &BTreeSet<(usize, usize)>, from: usize, to: usize) -> bool {
    let (mut met, mut open) = (BTreeSet::from([from]), vec![from]);
    while let Some(at) = open.pop() {
        if at == to {
            return true;
        }
        open.extend(
            goes_into.range((at, 0)..=(at, usize::MAX)).map(|(_, into)| *into).filter(|into| met.insert(*into)),
        );
    }
    false
}

/// A market in which makers have what they lack, and ask for it.
pub(super) struct Judged {
    pub market: Market,
    pub makers: BTreeSet<OfferId>,
    /// The cut-offs that an instalment of an input stands for.
    pub inputs: HashMap<InstalmentId, (OfferId, Day)>,
}

/// Pairs of offers and inputs of makers, by their cut-offs, that are planned in one part of the market, about.
const MOST_BROUGHT: usize = 2_000_000;

/// Enters what makers lack by each of their cut-offs, and what others lack who would bring it, and so on. Of too many makers
/// those who make most stay, and the others are named.
pub(super) fn judged_market(
    rules: &Rules<'_>,
    mut makers: BTreeSet<OfferId>,
    control: &Control<'_>,
) -> Result<(Judged, Vec<OfferId>), MatchingError> {
    let (mut cutoffs, mut dropped) = (BTreeMap::<OfferId, BTreeSet<Day>>::new(), Vec::new());
    loop {
        let over = too_many(rules, &makers, &cutoffs);
        makers.retain(|id| !over.contains(id));
        dropped.extend(over);
        let judged = Judged::of(rules, &makers, &cutoffs);
        let of_market = Rules { market: &judged.market, ..*rules };
        let pairs = find(&of_market, control)?;
        let mut grown = false;
        for pair in pairs.pairs.iter().filter(|pair| !pair.stock_only) {
            let offer = pairs.offers[pair.offer as usize].offer;
            if makers.contains(&offer.id) {
                grown |= cutoffs.entry(offer.id).or_default().insert(pair.cutoff);
            }
        }
        if !grown {
            return Ok((judged, dropped));
        }
    }
}

/// The makers that are too many, who make least.
fn too_many(rules: &Rules<'_>, makers: &BTreeSet<OfferId>, cutoffs: &BTreeMap<OfferId, BTreeSet<Day>>) -> Vec<OfferId> {
    let mut offers: HashMap<&ProductCode, usize> = HashMap::new();
    for offer in &rules.market.offers {
        *offers.entry(&offer.terms.product).or_default() += 1;
    }
    let cost = |maker: &Offer| {
        let input = maker.terms.missing_inputs.first().map(|input| &input.product);
        let all = input.into_iter().flat_map(|input| std::iter::once(input).chain(rules.catalogue.stand_ins(input)));
        let feeders: usize = all.filter_map(|product| offers.get(product)).sum();
        feeders * cutoffs.get(&maker.id).map_or(0, BTreeSet::len)
    };
    let most = |maker: &Offer| {
        let last = cutoffs.get(&maker.id).and_then(BTreeSet::last);
        last.map_or(0, |day| maker.terms.profile.curve(rules.parameters.capacity).by(*day))
    };
    let mut all: Vec<&Offer> = makers.iter().filter_map(|id| rules.market.offer(*id)).collect();
    all.sort_by_cached_key(|maker| (Reverse(most(maker)), maker.id));
    let mut spent = 0_usize;
    let over = all.into_iter().filter(|maker| {
        spent = spent.saturating_add(cost(maker));
        spent > MOST_BROUGHT
    });
    over.map(|maker| maker.id).collect()
}

/// Judges a market.
pub(super) fn find<'a>(rules: &Rules<'a>, control: &Control<'_>) -> Result<Pairs<'a>, MatchingError> {
    let go_on = |_, _| !control.cancel.is_some_and(|flag| flag.load(std::sync::atomic::Ordering::Relaxed));
    let found = Pairs::find(rules, Views::of(rules), None, threads::count(control.threads), go_on);
    found.ok_or(MatchingError::Cancelled)
}

impl Judged {
    fn of(rules: &Rules<'_>, makers: &BTreeSet<OfferId>, cutoffs: &BTreeMap<OfferId, BTreeSet<Day>>) -> Self {
        let mut market = rules.market.clone();
        let mut inputs = HashMap::new();
        let offers: Vec<&Offer> = makers.iter().filter_map(|id| rules.market.offer(*id)).collect();
        for maker in offers {
            let ready = rules.market.promised_of(maker).ready;
            let all = Assured { ready, made: vec![(maker.terms.profile.as_of, CURVE_LIMIT)] };
            market.assured.insert(maker.id, all);
            let Some((input, days)) = maker.terms.missing_inputs.first().zip(cutoffs.get(&maker.id)) else { continue };
            let curve = maker.terms.profile.curve(rules.parameters.capacity);
            let most = days.iter().map(|day| (*day, input.needed_for(curve.by(*day).min(Quantity::LIMIT))));
            let need = input_need(rules, maker, input, most);
            inputs.extend(need.instalments.iter().zip(days).map(|(asked, day)| (asked.id, (maker.id, *day))));
            market.needs.push(need);
        }
        market.sort();
        Self { market, makers: makers.clone(), inputs }
    }
}

/// The need of a maker for what it lacks by its cut-offs: so much in each instalment.
pub(super) fn input_need(
    rules: &Rules<'_>,
    maker: &Offer,
    input: &MissingInput,
    by_cutoff: impl Iterator<Item = (Day, i64)>,
) -> Need {
    let base = rules.catalogue.product(input.product.as_str()).map_or(BaseUnit::Piece, |p| p.base_unit);
    let id = NeedId(named(&["need of", &maker.id.to_string()]));
    let instalments = by_cutoff.map(|(cutoff, units)| Instalment {
        id: InstalmentId(named(&["instalment of", &maker.id.to_string(), &cutoff.to_string()])),
        measure: Measure::of(Quantity::new(units.clamp(1, Quantity::LIMIT)).unwrap_or(Quantity::ONE), base),
        due: arrival(maker, input, cutoff),
        size: None,
    });
    Need {
        id,
        organisation: maker.organisation,
        site: maker.site,
        terms: NeedTerms::plain(input.product.clone()),
        instalments: instalments.collect(),
        state: NeedState::Open,
        urgency_granted: false,
        quarantine: None,
        closing: None,
    }
}

/// By when an input has to be with its maker: its lead time before the goods must exist, or when work that follows is done.
fn arrival(maker: &Offer, input: &MissingInput, cutoff: Day) -> Day {
    match input.when {
        When::Before => cutoff.plus(-i32::from(maker.terms.lead_days)),
        When::After => cutoff,
    }
}

/// An id that these words always have.
pub(super) fn named(words: &[&str]) -> Uuid {
    let mut hash = Sha256::new();
    for word in words {
        hash.update(word.as_bytes());
        hash.update([0]);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
