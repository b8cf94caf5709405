//! Distances between strangers, by NUTS 2; and stated distances, which stand before points, and only for the two sites
//! they name.

use domain::{disclosure::Disclosure, eligibility::Reason, geo::Point, market::StatedDistance};

use crate::world::{Pair, region};

/// A supplier and a buyer with places of their own inside known regions.
fn strangers() -> Pair {
    let mut pair = Pair::good();
    pair.supplier_site().region = Some(region("DE212"));
    pair.supplier_site().point = Point::new(48_300_000, 11_900_000);
    pair.buyer_site().region = Some(region("EL30"));
    pair.buyer_site().point = Point::new(38_000_000, 23_600_000);
    pair
}

/// The kilometres between two regions' points of the test world.
fn apart(a: (i32, i32), b: (i32, i32)) -> Option<u32> {
    Some(Point::new(a.0, a.1)?.distance_km(Point::new(b.0, b.1)?))
}

#[test]
fn no_limit_of_either_side_narrows_the_place_of_the_other_below_nuts_2() {
    let mut pair = strangers();
    let km = pair.judge().unwrap().distance_km;
    assert_eq!(km, apart((48_000_000, 11_500_000), (37_980_000, 23_730_000)));
    let told = |pair: &mut Pair| {
        let mut told = Vec::new();
        for km in (1_300..1_700).step_by(5) {
            (pair.wants().max_distance_km, pair.terms().max_distance_km) = (Some(km), None);
            told.push(pair.judge());
            (pair.wants().max_distance_km, pair.terms().max_distance_km) = (None, Some(km));
            told.push(pair.judge());
        }
        told
    };
    let before = told(&mut pair);
    assert!(before.iter().any(Result::is_ok) && before.iter().any(Result::is_err));
    // Anywhere else in the same regions, with a point or without.
    for (supplier, buyer) in [
        (Point::new(47_700_000, 11_000_000), Point::new(38_300_000, 24_000_000)),
        (None, None),
        (Point::new(60_000_000, 25_000_000), Point::new(36_000_000, -6_000_000)),
    ] {
        (pair.supplier_site().point, pair.buyer_site().point) = (supplier, buyer);
        assert_eq!(told(&mut pair), before);
        pair.supplier_site().region = Some(region("DE21"));
        assert_eq!(told(&mut pair), before);
    }
}

#[test]
fn limits_by_region_are_as_coarse() {
    let mut pair = strangers();
    pair.buyer_site().region = Some(region("DE212"));
    let mut told = Vec::new();
    for site in ["DE21", "DE212"] {
        (pair.supplier_site().region, pair.buyer_site().region) = (Some(region(site)), Some(region(site)));
        for limit in ["DE212", "DE21", "DE2", "DE", "DE30"] {
            (pair.wants().regions, pair.terms().regions) = (vec![region(limit)], vec![]);
            told.push(pair.judge().is_ok());
            (pair.wants().regions, pair.terms().regions) = (vec![], vec![region(limit)]);
            told.push(pair.judge().is_ok());
        }
    }
    let of_one = [true, true, true, true, true, true, true, true, false, false];
    assert_eq!(told, [of_one, of_one].concat());
    // Who shows buyers the exact place is judged by it.
    pair.terms().regions = vec![];
    pair.wants().regions = vec![region("DE212")];
    pair.terms().disclosure = Disclosure::exact_place();
    assert!(pair.judge().is_ok());
    pair.supplier_site().region = Some(region("DE21"));
    assert_eq!(pair.judge(), Err(Reason::SourceRegionExcluded));
}

#[test]
fn a_supplier_who_shows_buyers_the_exact_place_is_judged_by_it_and_the_buyer_is_not() {
    let mut pair = strangers();
    pair.terms().disclosure = Disclosure::exact_place();
    let by_place = pair.judge().unwrap().distance_km;
    assert_eq!(by_place, apart((48_300_000, 11_900_000), (37_980_000, 23_730_000)));
    pair.buyer_site().point = None;
    assert_eq!(pair.judge().unwrap().distance_km, by_place);
    pair.supplier_site().point = None;
    let of_nuts_3 = apart((48_137_000, 11_575_000), (37_980_000, 23_730_000));
    assert_eq!(pair.judge().unwrap().distance_km, of_nuts_3);
}

#[test]
fn geo_05_what_is_known_by_its_country_is_as_far_as_its_country() {
    let mut pair = strangers();
    pair.supplier_site().region = Some(region("DE"));
    let by_country = apart((51_000_000, 10_000_000), (37_980_000, 23_730_000));
    assert_eq!(pair.judge().unwrap().distance_km, by_country);
    // Whose region nobody knows is nowhere to strangers, whatever point it states.
    pair.supplier_site().region = None;
    assert_eq!(pair.judge().unwrap().distance_km, None);
    pair.wants().max_distance_km = Some(20_000);
    assert_eq!(pair.judge(), Err(Reason::PlaceUnknown));
    pair.terms().disclosure = Disclosure::exact_place();
    assert!(pair.judge().is_ok());
}

#[test]
fn a_stated_distance_stands_before_points() {
    let mut pair = Pair::good();
    let by_points = pair.judge().unwrap();
    let (from, to) = (pair.supplier_site().id, pair.buyer_site().id);
    pair.market.distances = vec![StatedDistance { from, to, km: 1_234 }];
    let stated = pair.judge().unwrap();
    assert_eq!(stated.distance_km, Some(1_234));
    assert_eq!(stated.cost.distance, 1_234);
    assert!(stated.transit_days > by_points.transit_days);
    pair.wants().max_distance_km = Some(1_233);
    assert_eq!(pair.judge(), Err(Reason::TooFarForBuyer));
}

#[test]
fn the_way_back_is_another() {
    let mut pair = Pair::good();
    let by_points = pair.judge().unwrap();
    let (from, to) = (pair.supplier_site().id, pair.buyer_site().id);
    pair.market.distances = vec![StatedDistance { from: to, to: from, km: 1_234 }];
    pair.market.sort();
    assert_eq!(pair.judge().unwrap(), by_points);
    assert!(pair.market.distances_from(from).is_empty());
    assert_eq!(pair.market.distances_from(to).len(), 1);
}

#[test]
fn a_market_without_stated_distances_is_written_as_before() {
    let mut pair = Pair::good();
    let json = serde_json::to_value(&pair.market).unwrap();
    assert_eq!(json.get("distances"), None);
    let (from, to) = (pair.supplier_site().id, pair.buyer_site().id);
    pair.market.distances = vec![StatedDistance { from, to, km: 7 }];
    let written = serde_json::to_string(&pair.market).unwrap();
    assert_eq!(serde_json::from_str::<domain::market::Market>(&written).unwrap(), pair.market);
}
