//! What would help most, against cold allocations of the whole changed market.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    capacity::Conversion,
    catalogue::{Area, BorderEffect, BorderRule, Catalogue, CatalogueParts},
    code::{ProductCode, RegionCode},
    eligibility::Rules,
    ids::{InstalmentId, NeedId},
    market::Market,
    offer::{MissingInput, OfferState, Visibility, When},
    parameters::Parameters,
    quantity::Quantity,
    rate::{Period, Rate},
    time::Day,
};
use matching::{Audience, Control, Outcome, Remedies, Remedy, Scope, WhyLeftOut, allocate, remedies};
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

use crate::{
    audiences::disguised,
    markets::{WORLD, market, measure, need, need_mut, offer, offer_mut, parameters, today},
};

const ONE_THREAD: Control<'static> = Control { threads: 1, cancel: None, progress: None };

/// The catalogue of the other tests, with a rule on masks leaving AA.
fn catalogue() -> Catalogue {
    let rule = BorderRule {
        code: "stop".to_owned(),
        products: vec![ProductCode::new("mask")],
        from_area: Area::Country(domain::code::CountryCode::new("AA")),
        to_area: None,
        from: today().plus(-10),
        until: None,
        effect: BorderEffect::Forbidden,
        excepted: vec![],
        source: String::new(),
    };
    Catalogue::new(CatalogueParts { border_rules: vec![rule], ..WORLD.catalogue.parts().clone() }).unwrap()
}

fn rules<'a>(market: &'a Market, catalogue: &'a Catalogue, parameters: &'a Parameters) -> Rules<'a> {
    Rules { market, catalogue, regions: &WORLD.regions, parameters }
}

fn lack() -> MissingInput {
    let (units, per) = (Quantity::new(3).unwrap(), Quantity::ONE);
    MissingInput { product: ProductCode::new("lamp"), units, per, when: When::Before }
}

/// A random market with offers that wait for a reviewer, for their owner, for a decision or for more shifts.
fn troubled(seed: u64) -> Market {
    let mut m = market(seed);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let rate = |units: i64| Some(Rate { measure: measure(units), period: Period::Day });
    for offer in &mut m.offers {
        match rng.random_range(0..10) {
            0 => offer.quarantine = Some("too much".to_owned()),
            1 => offer.suspended = true,
            2 if offer.terms.line.is_none() => {
                let units = rng.random_range(1..5);
                let days = rng.random_range(0..4);
                offer.terms.profile.convertible =
                    Some(Conversion { rate: rate(units), days, ramp_days: 0, decided_on: None });
            }
            3 if offer.terms.line.is_none() => offer.terms.profile.maximum = rate(rng.random_range(2..6)),
            4 => offer.terms.regions = vec![RegionCode::new("BB12")],
            5 => offer.terms.max_distance_km = Some(50),
            6 => offer.terms.visibility = Visibility::Authorities,
            7 => offer.state = OfferState::Paused,
            8 => offer.terms.missing_inputs = vec![lack()],
            _ => {}
        }
    }
    m
}

fn uncovered(outcome: &Outcome) -> BTreeMap<InstalmentId, i64> {
    outcome.shortages.iter().map(|s| (s.instalment, s.uncovered)).collect()
}

struct Asked {
    scope: Scope,
    needs: BTreeSet<NeedId>,
    instalments: BTreeSet<InstalmentId>,
}

/// A scope and what is in it, found without the engine.
fn asked(market: &Market, rng: &mut ChaCha8Rng) -> Asked {
    let regions = ["", "AA", "BB11", "BB121"][rng.random_range(0..4)];
    let from = today().plus(rng.random_range(0..3));
    let scope = Scope {
        product: ProductCode::new("mask"),
        regions: if regions.is_empty() { vec![] } else { vec![RegionCode::new(regions)] },
        from,
        until: from.plus(rng.random_range(2..20)),
    };
    let (mut needs, mut instalments) = (BTreeSet::new(), BTreeSet::new());
    for need in market.needs.iter().filter(|n| n.terms.product.as_str() == "mask") {
        let region = market.sites[&need.site].region.as_ref().unwrap();
        for instalment in &need.instalments {
            if region.as_str().starts_with(regions) && scope.from <= instalment.due && instalment.due <= scope.until {
                needs.insert(need.id);
                instalments.insert(instalment.id);
            }
        }
    }
    Asked { scope, needs, instalments }
}

#[test]
fn remedies_cover_what_cold_runs_of_the_whole_changed_market_cover() {
    let catalogue = catalogue();
    let (mut cases, mut idle) = (0, 0);
    let mut kinds: BTreeMap<&'static str, (u32, u32)> = BTreeMap::new();
    for seed in 0..1_500_u64 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (market, parameters) = (troubled(seed), parameters(seed));
        let cold = rules(&market, &catalogue, &parameters);
        let before = uncovered(&allocate(&cold, &ONE_THREAD).unwrap());
        let Asked { scope, needs, instalments } = asked(&market, &mut rng);
        let told = remedies(&cold, &scope, (Audience::Operator, 100), &ONE_THREAD, |_, _| {}).unwrap();
        let short = |map: &BTreeMap<InstalmentId, i64>| -> i64 { instalments.iter().filter_map(|i| map.get(i)).sum() };
        assert_eq!(told.uncovered, short(&before), "seed {seed}");
        assert_eq!(told.needs as usize, needs.len(), "seed {seed}");
        assert_eq!(told.solves as usize, 1 + told.tried.len() + told.left_out.len());
        assert!(told.tried.is_sorted_by_key(|t| std::cmp::Reverse(t.covered.units)), "the most first");
        let changed = |remedy: &Remedy| {
            let mut edited = market.clone();
            remedy.apply(&mut edited, &needs);
            let lifted = remedy.catalogue(&catalogue);
            let rules = rules(&edited, lifted.as_ref().unwrap_or(&catalogue), &parameters);
            uncovered(&allocate(&rules, &ONE_THREAD).unwrap())
        };
        for tried in &told.tried {
            let after = changed(&tried.remedy);
            let about = format!("seed {seed}, {:?}", tried.remedy);
            assert_eq!(tried.covered.units, short(&before) - short(&after), "{about}");
            let all = |map: &BTreeMap<InstalmentId, i64>| map.values().sum::<i64>() - short(map);
            let others = tried.covered.others_gained - tried.covered.others_lost;
            assert_eq!(others, all(&before) - all(&after), "{about}");
            assert_eq!(tried.covered.tiers.iter().map(|t| t.units).sum::<i64>(), tried.covered.units, "{about}");
            let count = kinds.entry(tried.remedy.kind()).or_default();
            *count = (count.0 + 1, count.1 + u32::from(tried.covered.units > 0));
        }
        for left in &told.left_out {
            assert_eq!(left.why, WhyLeftOut::OpensNothing, "seed {seed}: the budget was for all");
            if rng.random_range(0..4) == 0 {
                assert_eq!(short(&changed(&left.remedy)), short(&before), "seed {seed}, {:?}", left.remedy);
                idle += 1;
            }
        }
        cases += u32::from(!told.tried.is_empty());
    }
    assert!(cases > 500 && idle > 200, "{cases} cases, {idle} idle ones");
    // Every kind is tried, and each helps somewhere.
    assert_eq!(kinds.len(), 23, "{kinds:?}");
    assert!(kinds.values().all(|(tried, helped)| *tried >= 5 && *helped > 0), "{kinds:?}");
}

/// Two hospitals in AA that ask for 10 masks each, and three makers with something in their way.
fn small() -> Market {
    let mut m = Market::new(today());
    for n in 0..2 {
        let id = need(&mut m, n, "mask", "AA111", 10, 6);
        need_mut(&mut m, id).terms.certificates = vec![domain::code::CertificateKindCode::new("ce")];
    }
    for (n, stock) in [(0, 4), (1, 9), (2, 30)] {
        let id = offer(&mut m, n, "mask", "AA112", stock, 0);
        let status = domain::certificate::CertificateStatus::Applied;
        let mut paper = crate::markets::certificate(status);
        paper.expected_on = Some(Day::parse("2020-04-07").unwrap());
        offer_mut(&mut m, id).terms.certificates = vec![paper];
    }
    m
}

fn told(market: &Market, audience: Audience, budget: u32) -> Remedies {
    let parameters = Parameters::default();
    let until = today().plus(30);
    let scope = Scope { product: ProductCode::new("mask"), regions: vec![], from: today(), until };
    remedies(&rules(market, &WORLD.catalogue, &parameters), &scope, (audience, budget), &ONE_THREAD, |_, _| {}).unwrap()
}

#[test]
fn a_rule_helps_all_and_a_certificate_as_much_as_its_offer_has() {
    let market = small();
    let told = told(&market, Audience::Operator, 100);
    assert_eq!((told.needs, told.asked, told.uncovered), (2, 20, 20));
    let gains: Vec<(String, i64)> = told.tried.iter().map(|t| (t.remedy.words(), t.covered.units)).collect();
    let certificates: Vec<i64> =
        told.tried.iter().filter(|t| t.remedy.kind() == "certificate").map(|t| t.covered.units).collect();
    assert_eq!(certificates, [20, 9, 4], "{gains:?}");
    assert!(gains.contains(&("accept pending certificates".to_owned(), 20)), "{gains:?}");
    assert!(gains.contains(&("do without the certificate ce".to_owned(), 20)), "{gains:?}");
    let words: BTreeSet<&str> = told.tried.iter().map(|t| t.remedy.actor()).collect();
    assert_eq!(words, BTreeSet::from(["buyers", "certifier"]));
    // More days bring nobody a certificate.
    assert!(told.left_out.iter().any(|l| l.remedy.kind() == "later" && l.why == WhyLeftOut::OpensNothing));
}

#[test]
fn a_budget_solves_what_could_bring_most_and_lists_the_rest() {
    let market = small();
    let (all, few) = (told(&market, Audience::Operator, 100), told(&market, Audience::Operator, 2));
    assert_eq!((few.tried.len(), few.solves), (2, 3));
    let left: Vec<i64> = few.left_out.iter().filter(|l| l.why == WhyLeftOut::Budget).map(|l| l.at_best).collect();
    assert_eq!(left.len() + 2, all.tried.len() + all.left_out.len());
    assert!(few.tried.iter().all(|t| t.covered.units == 20), "{few:?}");
    assert!(left.is_sorted_by(|a, b| a >= b) && left.contains(&4), "{left:?}");
}

#[test]
fn nothing_short_needs_no_remedy() {
    let mut market = small();
    market.needs.clear();
    let told = told(&market, Audience::Operator, 100);
    assert_eq!((told.asked, told.tried.len(), told.left_out.len(), told.solves), (0, 0, 0, 1));
}

#[test]
fn a_buyer_is_told_the_same_of_markets_that_differ_in_what_it_may_not_see() {
    let (mut compared, mut helped) = (0, 0);
    for seed in 0..150_u64 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let market = market(seed);
        let Some(need) = market.needs.iter().find(|n| n.terms.product.as_str() == "mask") else { continue };
        let own = need.organisation;
        let other = disguised(&market, own, &mut rng);
        let (one, two) = (told(&market, Audience::Buyer(own), 8), told(&other, Audience::Buyer(own), 8));
        assert!(one.before_competition);
        assert_eq!(serde_json::to_string(&one).unwrap(), serde_json::to_string(&two).unwrap(), "seed {seed}");
        let kinds = |told: &Remedies| told.tried.iter().map(|t| t.remedy.kind()).collect::<BTreeSet<_>>();
        let hidden = ["review", "confirm", "open_to_market", "verify"];
        assert!(kinds(&one).iter().all(|kind| !hidden[..3].contains(kind)), "seed {seed}: {one:?}");
        compared += 1;
        helped += u32::from(one.tried.iter().any(|t| t.covered.units > 0));
    }
    assert!(compared > 100 && helped > 20, "{compared} markets, {helped} with help");
}
