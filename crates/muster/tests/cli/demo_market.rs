//! The demo is no stage set: its market obeys the checks, holds every reason, and each rule decides
//! something in it, whatever the seed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use domain::{
    catalogue::Catalogue,
    eligibility::{Predicate, Reason, Rules},
    ids::{InstalmentId, OfferId},
    market::{Market, Suggestion},
    parameters::{Level, Limits, Parameters},
    quantity::Quantity,
    region::RegionTable,
};
use matching::{Control, MatchLine, Outcome};
use muster::demo;

pub static TABLES: LazyLock<(Catalogue, RegionTable)> = LazyLock::new(|| {
    let files = exchange::seeds::files();
    let parts = exchange::seeds::catalogue(&files).unwrap();
    let (_, regions) = exchange::seeds::load(&files).unwrap();
    (Catalogue::new(parts).unwrap(), regions)
});

pub fn market(seed: u64) -> Market {
    demo::build(seed, &TABLES.0, &TABLES.1).unwrap()
}

fn rules<'a>(market: &'a Market, parameters: &'a Parameters) -> Rules<'a> {
    Rules { market, catalogue: &TABLES.0, regions: &TABLES.1, parameters }
}

fn allocated(market: &Market, parameters: &Parameters) -> Outcome {
    matching::allocate(&rules(market, parameters), &Control::default()).unwrap()
}

type Lines = Vec<(OfferId, InstalmentId, Quantity)>;

fn lines(outcome: &Outcome) -> Lines {
    outcome.lines.iter().map(|l| (l.offer, l.instalment, l.quantity)).collect()
}

/// All that holds for a seed.
fn check(seed: u64) {
    let market = market(seed);
    sizes(&market);
    invented(&market);
    promises_are_sound(&market);
    every_reason(&market);
    let parameters = quick();
    let base = allocated(&market, &parameters);
    matching::verify(&rules(&market, &parameters), &base).unwrap();
    assert!(base.levels.iter().filter(|l| l.flow).all(|l| l.optimal_as_decided), "{:?}", base.levels);
    each_level_decides(&market, &base);
    each_rule_decides(&market, &base);
}

fn sizes(market: &Market) {
    let figures = demo::figures(market).unwrap();
    for (name, least) in [
        ("offers", 1_000),
        ("needs", 300),
        ("countries", 20),
        ("products", 25),
        ("lines", 10),
        ("promises", 3),
        ("refusals", 3),
    ] {
        assert!(figures[name] >= least, "{name}: {}", figures[name]);
    }
    let tiers: BTreeSet<u8> = market.needs.iter().map(|need| need.tier(market.day)).collect();
    assert_eq!(tiers, BTreeSet::from([1, 2, 3, 4]));
    let asked = |n: &&domain::need::Need| n.terms.urgency == domain::need::Urgency::Critical && !n.urgency_granted;
    assert!(market.needs.iter().any(|n| asked(&n)), "some ask for tier 1 and are not granted it");
}

fn invented(market: &Market) {
    for organisation in market.organisations.values() {
        assert!(organisation.name.ends_with(demo::MARK), "{}", organisation.name);
    }
    for site in market.sites.values() {
        assert!(site.name.ends_with(demo::MARK), "{}", site.name);
    }
}

/// What was promised fits offer and instalment.
fn promises_are_sound(market: &Market) {
    let mut by_offer: BTreeMap<OfferId, i64> = BTreeMap::new();
    for c in &market.commitments {
        let offer = market.offer(c.offer).unwrap();
        *by_offer.entry(c.offer).or_default() += c.quantity.units();
        let curve = offer.terms.profile.curve(domain::capacity::CapacityKind::Running);
        assert!(by_offer[&c.offer] <= curve.by(c.cutoff));
        let instalment = market.needs.iter().flat_map(|n| &n.instalments).find(|i| i.id == c.instalment).unwrap();
        assert!(c.quantity <= instalment.measure.quantity);
    }
}

/// Every reason is some pair's first.
fn every_reason(market: &Market) {
    let parameters = Parameters::default();
    let rules = rules(market, &parameters);
    let offers: Vec<_> = market.offers.iter().filter_map(|o| rules.offer_view(o)).collect();
    assert_eq!(offers.len(), market.offers.len());
    let demands = rules.site_demands();
    let mut seen: BTreeSet<&'static str> = BTreeSet::new();
    for need in market.needs.iter().filter(|n| n.is_matchable()) {
        let view = rules.need_view(need, &demands).unwrap();
        for instalment in &need.instalments {
            let reasons = offers.iter().filter_map(|o| rules.judge(o, &view, instalment).err());
            seen.extend(reasons.map(|r| r.code()));
        }
    }
    let missing: Vec<_> = Reason::CODES.iter().filter(|code| !seen.contains(*code)).collect();
    assert!(missing.is_empty(), "no pair fails first by {missing:?}");
}

/// The usual, but for the search on orders: what a rule decides shows without it.
fn quick() -> Parameters {
    let usual = Parameters::default();
    Parameters { limits: Limits { nodes: 1, ..usual.limits }, ..usual }
}

fn without_level(level: Level) -> Parameters {
    let mut parameters = quick();
    parameters.without_levels.insert(level);
    parameters
}

fn without_predicate(predicate: Predicate) -> Parameters {
    let mut parameters = quick();
    parameters.without_predicates.insert(predicate);
    parameters
}

/// Switching off any one level changes the matches.
fn each_level_decides(market: &Market, base: &Outcome) {
    for level in Level::ALL.into_iter().filter(|level| *level != Level::Stability) {
        let without = allocated(market, &without_level(level));
        assert_ne!(lines(base), lines(&without), "without {} the matches are the same", level.as_str());
    }
    // What was suggested when cost did not count is kept while stability does.
    let mut later = market.clone();
    let before = allocated(market, &without_level(Level::Cost));
    let suggestion = |l: &MatchLine| Suggestion { offer: l.offer, instalment: l.instalment, quantity: l.quantity };
    later.suggestions = before.lines.iter().map(suggestion).collect();
    later.sort();
    let (kept, changed) = (allocated(&later, &quick()), allocated(&later, &without_level(Level::Stability)));
    assert_ne!(lines(&kept), lines(&changed), "without stability the matches are the same");
}

/// Switching off any one predicate changes causes and matches.
fn each_rule_decides(market: &Market, base: &Outcome) {
    for predicate in Predicate::ALL {
        let without = allocated(market, &without_predicate(predicate));
        assert_ne!(base.shortages, without.shortages, "without {} the causes are the same", predicate.as_str());
        assert_ne!(lines(base), lines(&without), "without {} the matches are the same", predicate.as_str());
    }
}

#[test]
fn the_default_seed() {
    check(demo::DEFAULT_SEED);
}

#[test]
fn seed_1() {
    check(1);
}

#[test]
fn seed_2() {
    check(2);
}

#[test]
fn seed_3() {
    check(3);
}

#[test]
fn seed_42() {
    check(42);
}

#[test]
fn the_largest_seed() {
    check(u64::MAX);
}

#[test]
fn a_seed_is_a_market() {
    let bytes = |seed| serde_json::to_vec(&market(seed)).unwrap();
    assert_eq!(bytes(7), bytes(7));
    assert_ne!(bytes(7), bytes(8));
}

#[test]
fn scarce_goods_run_short_and_others_do_not() {
    let market = market(demo::DEFAULT_SEED);
    let outcome = allocated(&market, &Parameters::default());
    let mut products: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for need in market.needs.iter().filter(|n| n.is_matchable()) {
        let asked: i64 = need.instalments.iter().map(|i| i.measure.quantity.units()).sum();
        products.entry(need.terms.product.as_str()).or_default().0 += asked;
    }
    for s in &outcome.shortages {
        let need = market.need(s.need).unwrap();
        products.get_mut(need.terms.product.as_str()).unwrap().1 += s.uncovered;
    }
    for scarce in ["medical-mask", "ffp", "gown-isolation"] {
        let (asked, missing) = products[scarce];
        let share = missing * 100 / asked;
        assert!((15..=80).contains(&share), "{share} % of {scarce} is missing");
    }
    assert!(products.values().any(|(asked, missing)| missing * 10 < *asked), "something is not scarce");
}
