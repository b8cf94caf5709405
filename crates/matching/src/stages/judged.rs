//! Which offers can be makers, and the market in which they ask for what they lack.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{
    capacity::CURVE_LIMIT,
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

use super::scale::Classes;
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
}

impl WhyNoStage {
    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SeveralInputs => "several_inputs",
            Self::SharedLine => "shared_line",
            Self::Circle => "circle",
        }
    }
}

/// The offers that can be stages, and those that lack something and cannot.
pub(super) fn candidates(rules: &Rules<'_>) -> (BTreeSet<OfferId>, Vec<(OfferId, WhyNoStage)>) {
    let (mut makers, mut left_out) = (BTreeSet::new(), Vec::new());
    let mut goes_into: BTreeSet<(usize, usize)> = BTreeSet::new();
    let offers = &rules.market.offers;
    let classes = Classes::new(rules, offers.iter().flat_map(|o| o.terms.missing_inputs.iter().map(|i| &i.product)));
    for offer in offers {
        let takes_part = rules.judge_offer_alone(offer).is_ok() && !offer.terms.profile.is_only_convertible();
        let input = match &offer.terms.missing_inputs[..] {
            [] => continue,
            _ if !takes_part => continue,
            [_] if is_on_a_line(rules.market, offer) => {
                left_out.push((offer.id, WhyNoStage::SharedLine));
                continue;
            }
            [input] => input,
            _ => {
                left_out.push((offer.id, WhyNoStage::SeveralInputs));
                continue;
            }
        };
        let (of, into) = (classes.of(&input.product), classes.of(&offer.terms.product));
        if reaches(&goes_into, into, of) {
            left_out.push((offer.id, WhyNoStage::Circle));
            continue;
        }
        goes_into.insert((of, into));
        makers.insert(offer.id);
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

/// Enters what makers lack by each of their cut-offs, and what others lack who would bring it, and so on.
pub(super) fn judged_market(
    rules: &Rules<'_>,
    makers: BTreeSet<OfferId>,
    control: &Control<'_>,
) -> Result<Judged, MatchingError> {
    let mut cutoffs: BTreeMap<OfferId, BTreeSet<Day>> = BTreeMap::new();
    loop {
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
            return Ok(judged);
        }
    }
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
            let stock = maker.terms.profile.stock.quantity.units();
            let all = Assured { ready: stock, made: vec![(maker.terms.profile.as_of, CURVE_LIMIT)] };
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
