//! Why a cell of the board is red, reckoned by hand.

use domain::{
    capacity::Conversion,
    certificate::{Certificate, CertificateStatus},
    code::{CertificateKindCode, ProductCode, RegionCode},
    offer::OfferState,
    rate::Period,
};
use index::{Buyer, Cause, CauseQuery, Reader, Standing, Weeks};

use crate::world::{Scene, buyer, day, instalment_id, offer_id, party, rate, stock, today};

fn query(region: &str) -> CauseQuery {
    let weeks = Weeks::new(today(), today(), day("2020-04-12")).unwrap();
    CauseQuery { product: ProductCode::new("mask"), region: RegionCode::new(region), weeks }
}

fn scene() -> Scene {
    let mut scene = Scene::new();
    for (n, region) in ["DE11", "DE11", "DE11", "DE11", "DE11", "DE12", "EL30", "DE21"].into_iter().enumerate() {
        scene.firm(n, region, &[]);
        scene.offer(n, stock(10));
    }
    let offers = &mut scene.market.offers;
    offers[0].state = OfferState::Paused;
    let rates = [rate(7, Period::Week), rate(70, Period::Week)];
    offers[1].terms.profile = stock(0);
    let converted = Conversion { rate: rates[0].clone(), days: 0, ramp_days: 0, decided_on: None };
    offers[1].terms.profile.convertible = Some(converted);
    offers[2].terms.profile = stock(0);
    offers[2].terms.profile.running.clone_from(&rates[1]);
    offers[2].terms.profile.from = day("2020-04-20");
    offers[4].terms.certificates = vec![Certificate::new(CertificateKindCode::new("ce"), CertificateStatus::Checked)];
    scene.promise((offer_id(3), instalment_id(1)), 10, today().plus(9), Standing::Held);
    scene
}

#[test]
fn offers_are_told_by_what_holds_them_back() {
    let scene = scene();
    let causes = scene.index().causes(&query("DE11"), &Reader::Operator).unwrap();
    let told: Vec<_> = causes.held_back.iter().map(|(cause, held)| (*cause, held.offers, held.units)).collect();
    // From Wednesday to Sunday five days of seven; what was in stock on Wednesday is of its week.
    let expected = [
        (Cause::NotPublished, 1, 10),
        (Cause::OnlyConvertible, 1, 5),
        (Cause::LaterWindow, 1, 0),
        (Cause::UsedUp, 1, 10),
    ];
    assert_eq!(told, expected);
    assert_eq!(causes.uncertified.offers, 0);
    let elsewhere = scene.index().causes(&query("EL"), &Reader::Operator).unwrap();
    assert_eq!((elsewhere.held_back.len(), elsewhere.uncertified.offers, elsewhere.uncertified.units), (0, 1, 10));
}

#[test]
fn the_nearest_regions_with_something_free_are_told() {
    let causes = scene().index().causes(&query("DE11"), &Reader::Operator).unwrap();
    let found: Vec<_> = causes.nearest.iter().map(|r| (r.region.as_str(), r.km, r.free)).collect();
    assert_eq!(found, [("DE12", 134, 10), ("DE21", 149, 10), ("EL30", 1_587, 10)]);
}

#[test]
fn nobody_is_told_of_what_he_sees_no_row_of() {
    let index = scene().index();
    let causes = index.causes(&query("DE11"), &party(6)).unwrap();
    assert!(causes.held_back.is_empty());
    assert_eq!(causes.nearest.iter().map(|r| r.region.as_str()).collect::<Vec<_>>(), ["EL30"], "his own");
    // What is not in the market is its owner's affair.
    let causes = index.causes(&query("DE11"), &buyer(6, Buyer::Authority)).unwrap();
    assert!(!causes.held_back.contains_key(&Cause::NotPublished));
    assert_eq!(causes.held_back.len(), 3);
    assert!(index.causes(&query("XX"), &Reader::Operator).is_none());
}
