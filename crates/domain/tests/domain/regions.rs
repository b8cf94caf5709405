//! Places as people write them, what lies where, and how far it is (GEO-01, GEO-02, GEO-07).

use domain::{
    code::RegionCode,
    geo::Point,
    region::{RegionTable, Resolved},
};
use proptest::prelude::*;

use crate::world::{Pair, WORLD, countries, places, region, retired};

fn resolved(typed: &str) -> Vec<String> {
    match WORLD.regions.resolve(typed) {
        Resolved::One(code) => vec![code.to_string()],
        Resolved::Split(codes) => codes.iter().map(RegionCode::to_string).collect(),
        Resolved::Unknown(_) => vec![],
    }
}

#[test]
fn countries_go_by_every_code_and_name() {
    for (typed, expected) in [
        ("GR", "EL"),
        ("EL", "EL"),
        ("el30", "EL30"),
        ("GR30", "EL30"),
        ("gr3", "EL3"),
        ("Hellas", "EL"),
        ("ελλάδα", "EL"),
        ("GB", "UK"),
        ("UK", "UK"),
        ("great britain", "UK"),
        ("  de21 ", "DE21"),
        ("MÜNCHEN", "DE212"),
        ("Munchen", "DE212"),
        ("Mu\u{308}nchen", "DE212"),
        // Berlin is a region of two levels; the finest is meant.
        ("Berlin", "DE30"),
    ] {
        assert_eq!(resolved(typed), [expected], "{typed}");
    }
}

#[test]
fn retired_codes_stand_for_what_they_became() {
    assert_eq!(resolved("PT16"), ["PT19", "PT1D"]);
    assert_eq!(resolved("DE2Z"), ["DE21"]);
    for typed in ["PT17", "GR99", "GRX", "", " ", "-", "%", "🙂", "G", "Frankfurt"] {
        assert_eq!(resolved(typed), [""; 0], "{typed:?}");
    }
    // Two places of one name are not one place, and both are named.
    assert_eq!(
        WORLD.regions.resolve("Frankfurt"),
        Resolved::Unknown(vec!["FR1 Frankfurt".to_owned(), "DE4 Frankfurt".to_owned()])
    );
}

#[test]
fn regions_lie_in_their_parents_and_in_nothing_else() {
    let lies = |inner: &str, outer: &str| WORLD.regions.lies_in(&region(inner), &region(outer));
    assert!(lies("DE212", "DE212") && lies("DE212", "DE21") && lies("DE212", "DE"));
    assert!(!lies("DE21", "DE212"));
    // By parent, not by the letters of the code.
    assert!(!lies("DE30", "DE2") && !lies("NOWHERE", "DE") && !lies("DE", "NOWHERE"));
    assert_eq!(WORLD.regions.at_level(&region("DE212"), 2).unwrap().code, region("DE21"));
    assert_eq!(WORLD.regions.at_level(&region("DE"), 2).unwrap().code, region("DE"));
}

#[test]
fn allow_lists_hold_whole_subtrees() {
    for (allowed, expected) in
        [("DE", "eligible"), ("DE21", "eligible"), ("DE212", "eligible"), ("DE30", "source_region_excluded")]
    {
        let mut pair = Pair::good();
        pair.wants().regions = vec![region(allowed)];
        assert_eq!(pair.code(), expected, "{allowed}");
    }
    // A site of which only the country is known may lie outside the region asked for.
    let mut coarse = Pair::good();
    coarse.supplier_site().region = Some(region("DE"));
    coarse.wants().regions = vec![region("DE21")];
    assert_eq!(coarse.code(), "source_region_excluded");
    coarse.supplier_site().region = None;
    coarse.wants().regions = vec![region("DE")];
    assert_eq!(coarse.code(), "source_region_excluded");
}

#[test]
fn a_table_that_would_mislead_is_refused() {
    let build = |change: &dyn Fn(&mut Vec<domain::region::Region>, &mut Vec<domain::region::Retired>)| {
        let (mut regions, mut gone) = (places(), retired());
        change(&mut regions, &mut gone);
        RegionTable::new(countries(), regions, gone).map(|_| ())
    };
    assert_eq!(build(&|_, _| {}), Ok(()));
    // A retired code without successors would turn an allow list into "anywhere".
    assert!(build(&|_, gone| gone[0].successors.clear()).unwrap_err().contains("PT16"));
    assert!(build(&|_, gone| gone[0].successors[0] = region("XX")).unwrap_err().contains("XX"));
    assert!(build(&|_, gone| gone[0].code = "DE".to_owned()).unwrap_err().contains("DE"));
    // A region inside itself has no way up to a country.
    assert!(build(&|regions, _| regions[1].parent = Some(region("DE2"))).unwrap_err().contains("DE2"));
    assert!(build(&|regions, _| regions[0].parent = Some(region("DE2"))).unwrap_err().contains("DE"));
    assert!(build(&|regions, _| regions[1].parent = Some(region("XX"))).unwrap_err().contains("XX"));
    assert!(build(&|regions, _| regions.push(regions[0].clone())).unwrap_err().contains("twice"));
}

fn point(lat: &str, lon: &str) -> Result<Point, domain::violation::Violations> {
    Point::from_degrees("/point", lat.parse().unwrap(), lon.parse().unwrap())
}

#[test]
fn geo_01_distances_cross_the_date_line() {
    let (east, west) = (point("-17", "179.9").unwrap(), point("-17", "-179.9").unwrap());
    assert_eq!(east.distance_km(west), 22);
    let europe = point("48", "11").unwrap();
    assert!(east.distance_km(europe) > 15_000);
    // 180 and -180 are one meridian.
    assert_eq!(point("0.5", "180").unwrap().distance_km(point("0.5", "-180").unwrap()), 1);
}

#[test]
fn geo_02_impossible_coordinates_name_the_field() {
    for (lat, lon, pointers) in [
        ("95", "10", vec!["/point/lat"]),
        ("10", "-180.000001", vec!["/point/lon"]),
        ("91", "181", vec!["/point/lat", "/point/lon"]),
        ("-2147.483648", "2147.483648", vec!["/point/lat", "/point/lon"]),
        ("1e29", "-1e29", vec!["/point/lat", "/point/lon"]),
        ("0", "0.00000001", vec!["/point"]),
    ] {
        let faults = point(lat, lon).unwrap_err();
        let found: Vec<&str> = faults.as_slice().iter().map(|v| v.pointer.as_str()).collect();
        assert_eq!(found, pointers, "{lat} {lon}");
    }
    assert!(point("90", "180").is_ok() && point("-90", "-180").is_ok() && point("0", "1").is_ok());
}

#[test]
fn geo_07_poles_and_antipodes_are_places() {
    let pole = point("90", "0").unwrap();
    assert_eq!(pole.distance_km(point("90", "77").unwrap()), 1);
    assert_eq!(pole.distance_km(point("-90", "13").unwrap()), 20_016);
    assert!(point("89.99", "0").unwrap().distance_km(point("89.99", "180").unwrap()) <= 3);
}

proptest! {
    #[test]
    fn no_text_breaks_the_look_up(typed in any::<String>()) {
        if let Resolved::Split(parts) = WORLD.regions.resolve(&typed) {
            prop_assert!(!parts.is_empty());
        }
        let _ = WORLD.regions.country(&typed);
    }

    #[test]
    fn distances_are_symmetric_and_bounded(
        a in (-90_000_000_i32..=90_000_000, -180_000_000_i32..=180_000_000),
        b in (-90_000_000_i32..=90_000_000, -180_000_000_i32..=180_000_000),
    ) {
        let (a, b) = (Point::new(a.0, a.1).unwrap(), Point::new(b.0, b.1).unwrap());
        prop_assert!(a.distance_km(b) <= 20_016);
        prop_assert_eq!(a.distance_km(b), b.distance_km(a));
        prop_assert_eq!(a.distance_km(a), 0);
    }

    #[test]
    fn any_two_numbers_are_a_point_or_refused(lat in any::<i32>(), lon in any::<i32>()) {
        let legal = lat.unsigned_abs() <= 90_000_000 && lon.unsigned_abs() <= 180_000_000;
        prop_assert_eq!(Point::new(lat, lon).is_some(), legal);
    }
}
