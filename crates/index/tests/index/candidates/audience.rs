//! What a reader may not see changes nothing that he is told.

use domain::{eligibility::Predicate, organisation::Verification, rate::Period};
use index::{Buyer, Candidates, Fitting, Reader, Sees};

use super::draw::{self, Asked};
use crate::{
    draw::{Dice, profile, reader},
    oracle,
    world::{Scene, buyer, party, rate, stock, today},
};

fn as_seen(mut asked: Asked) -> Asked {
    asked.fitting = Fitting::AsSeen;
    asked
}

fn ask(scene: &Scene, asked: &Asked, reader: &Reader) -> Candidates {
    asked.of(scene, &scene.index(), reader)
}

#[test]
fn figures_and_prices_of_offers_that_nobody_shows_him_tell_him_nothing() {
    let mut hidden = 0;
    for seed in 0..1_500 {
        let mut dice = Dice::new(seed);
        let scene = draw::scene(&mut dice, 14);
        let (asked, reader) = (as_seen(draw::asked(&mut dice, &scene)), reader(&mut dice));
        let mut other = scene.clone();
        for offer in &mut other.market.offers {
            if oracle::sees(&scene, &reader, offer).is_none() {
                // The days of its window and of its confirmation say whether it is in the market, and which papers do.
                let (before, made) = (offer.terms.profile.clone(), profile(&mut dice));
                offer.terms.profile = made;
                (offer.terms.profile.as_of, offer.terms.profile.until) = (before.as_of, before.until);
                offer.terms.profile.from = before.from;
                offer.terms.price = None;
                hidden += 1;
            }
        }
        other.market.commitments.retain(|c| {
            let offer = scene.market.offers.iter().find(|offer| offer.id == c.offer);
            offer.is_none_or(|offer| oracle::sees(&scene, &reader, offer).is_some())
        });
        let lines: Vec<_> = scene.market.offers.iter().filter_map(|offer| offer.terms.line).collect();
        if lines.is_empty() || reader == Reader::Operator {
            assert_eq!(ask(&scene, &asked, &reader), ask(&other, &asked, &reader), "{reader:?}");
            continue;
        }
        // Who shares a line with whom is promised for together; that is told to owners, who see their line.
        other.market.lines.clear();
        let mut bare = scene.clone();
        bare.market.lines.clear();
        assert_eq!(ask(&bare, &asked, &reader), ask(&other, &asked, &reader), "{reader:?}");
    }
    assert!(hidden > 1_000, "{hidden} were hidden");
}

/// Firms 0 to 6 with stock, of which some are too small, and a need of firm 9.
fn crowd(offers: usize) -> (Scene, Asked) {
    let mut scene = Scene::new();
    for firm in 0..offers {
        scene.firm(firm, "DE11", &[]);
        scene.offer(firm, stock(100)).terms.max_distance_km = Some(1);
    }
    scene.firm(99, "DE12", &[]);
    let asked = as_seen(draw::asked(&mut Dice::new(1), &{
        let mut one = Scene::new();
        for n in 0..3 {
            one.firm(n, "DE", &[]);
        }
        one
    }));
    let need = scene.need(99, &[(50, today().plus(10))]).clone();
    (scene, Asked { need, parameters: Default::default(), refused: Default::default(), site_demand: 50, ..asked })
}

#[test]
fn counts_of_the_unseen_are_of_four_organisations_or_none() {
    for (offers, told) in [(0, None), (1, None), (3, None), (4, Some(4)), (7, Some(7))] {
        let (scene, asked) = crowd(offers);
        let funnel = ask(&scene, &asked, &party(99)).instalments[0].funnel.clone();
        let distance = funnel.failed.get(&Predicate::Distance);
        assert_eq!((distance.map(|failed| failed.offers), funnel.not_told), (told, None));
        assert!(distance.is_none_or(|failed| failed.reasons.is_empty()));
        // Whoever vouches for none of them has no crowd of them.
        let (mut scene, asked) = crowd(offers);
        scene.market.organisations.values_mut().for_each(|o| o.verification = Verification::None);
        assert_eq!(ask(&scene, &asked, &party(99)).instalments[0].funnel.considered, 0);
    }
}

#[test]
fn small_counts_are_folded_into_one() {
    let (mut scene, asked) = crowd(5);
    scene.market.offers[0].terms.max_distance_km = None;
    scene.market.offers[1].terms.profile = stock(0);
    scene.market.offers[1].terms.profile.running = rate(0, Period::Day);
    let funnel = ask(&scene, &asked, &party(99)).instalments[0].funnel.clone();
    assert_eq!((funnel.failed.len(), funnel.eligible, funnel.not_told), (1, 0, None));
    let (mut scene, asked) = crowd(8);
    for offer in &mut scene.market.offers[..5] {
        offer.terms.max_distance_km = None;
    }
    let funnel = ask(&scene, &asked, &party(99)).instalments[0].funnel.clone();
    assert_eq!((funnel.failed.len(), funnel.eligible, funnel.not_told), (0, 0, Some(8)));
    assert_eq!(funnel.considered, 8);
}

#[test]
fn rows_of_what_fits_are_nameless() {
    let (mut scene, mut asked) = crowd(2);
    scene.market.offers[0].terms.max_distance_km = None;
    assert!(ask(&scene, &asked, &party(99)).instalments[0].top.is_empty());
    asked = Asked { fitting: Fitting::Nameless, top: 3, near: 3, ..asked };
    let found = ask(&scene, &asked, &party(99)).instalments[0].clone();
    let [only] = found.top.as_slice() else { panic!("{found:?}") };
    assert_eq!((only.row.sees, only.row.organisation, only.free), (Sees::Nameless, None, 100));
    assert!(found.near.is_empty(), "what does not fit is not shown");
    let found = ask(&scene, &asked, &buyer(99, Buyer::Authority)).instalments[0].clone();
    assert_eq!((found.top.len(), found.near.len()), (1, 1));
    assert_eq!(ask(&scene, &asked, &Reader::Public).instalments[0].funnel.considered, 0);
}
