use domain::{
    eligibility::{OfferView, Predicate, Rules},
    market::Market,
    need::{Instalment, Need},
    offer::{OfferState, Visibility},
    parameters::{Parameters, Weights},
};

use super::{OfferIndex, Ranked};

mod varied;

/// Judges everything and sorts.
fn all_judged(rules: &Rules<'_>, offers: &[OfferView<'_>], need: &Need, instalment: &Instalment) -> Vec<Ranked> {
    let need = rules.need_view(need, &rules.site_demands()).unwrap();
    let judged = offers.iter().filter_map(|offer| {
        let eligible = rules.judge(offer, &need, instalment).ok()?;
        Some(Ranked { offer: offer.offer.id, eligible })
    });
    let mut all: Vec<Ranked> = judged.collect();
    all.sort_by_key(|r| (r.eligible.cost.total(), r.offer));
    all
}

fn parameters(seed: u64) -> Parameters {
    let mut parameters = Parameters::default();
    match seed % 5 {
        1 => parameters.without_predicates = [Predicate::ALL[usize::try_from(seed / 5 % 22).unwrap()]].into(),
        2 => parameters.weights = Weights { kilometre: 0, cluster: 0, ..parameters.weights },
        3 => parameters.weights = Weights { price: 7, border: 1_000, ..parameters.weights },
        4 => parameters.transit.km_per_day = 150,
        _ => {}
    }
    parameters
}

/// Lets most pairs pass, so that the best are few among many.
fn soften(market: &mut Market) {
    for offer in &mut market.offers {
        (offer.state, offer.suspended, offer.quarantine) = (OfferState::Published, false, None);
        (offer.terms.visibility, offer.terms.regions) = (Visibility::Market, vec![]);
    }
    for need in &mut market.needs {
        (need.terms.requirements, need.terms.certificates, need.terms.grades) = (vec![], vec![], vec![]);
        need.instalments.iter_mut().for_each(|i| i.size = None);
    }
}

#[test]
fn ranking_is_judging_all_and_sorting() {
    let mut ranked = 0;
    for seed in 0..300 {
        let mut market = varied::market(seed, if seed % 2 == 0 { 90 } else { 300 }, 6);
        if seed % 2 == 1 {
            soften(&mut market);
        }
        let parameters = parameters(seed);
        let (catalogue, regions) = (&varied::WORLD.catalogue, &varied::WORLD.regions);
        let rules = Rules { market: &market, catalogue, regions, parameters: &parameters };
        let index = OfferIndex::new(&rules, 1);
        assert!(index.len() <= market.offers.len());
        let offers: Vec<OfferView<'_>> = market.offers.iter().filter_map(|o| rules.offer_view(o)).collect();
        for (n, need) in market.needs.iter().enumerate() {
            for (i, instalment) in need.instalments.iter().enumerate() {
                let all = all_judged(&rules, &offers, need, instalment);
                ranked += all.len();
                for top in [0, 1, 2, 5, 1_000] {
                    let found = index.rank(need, instalment, top);
                    assert_eq!(found, all[..top.min(all.len())], "seed {seed}, need {n}, instalment {i}, top {top}");
                }
            }
        }
    }
    assert!(ranked > 10_000, "{ranked} pairs are too few to say anything");
}

#[test]
fn threads_and_the_order_of_offers_change_nothing() {
    let mut market = varied::market(7, 300, 4);
    let parameters = Parameters::default();
    let (catalogue, regions) = (&varied::WORLD.catalogue, &varied::WORLD.regions);
    let ranked = |market: &Market, threads| {
        let rules = Rules { market, catalogue, regions, parameters: &parameters };
        let index = OfferIndex::new(&rules, threads);
        let of = |need: &Need| index.rank(need, &need.instalments[0], 10);
        market.needs.iter().map(of).collect::<Vec<_>>()
    };
    let one = ranked(&market, 1);
    assert_eq!(one, ranked(&market, 3));
    market.offers.reverse();
    assert_eq!(one, ranked(&market, 2));
}
