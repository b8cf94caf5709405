//! Stated distances stand before points, and only for the two sites they name.

use domain::{eligibility::Reason, market::StatedDistance};

use crate::world::Pair;

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
