//! Regions and countries as people type them, and their points.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    code::RegionCode, eligibility::Reason, geo::Point, need::NeedInput, offer::OfferInput, region::Resolved, time::Day,
};

use crate::{
    shared::{shared, tables},
    substitutions::Pair,
};

fn resolve(typed: &str) -> Vec<String> {
    match tables().1.resolve(typed) {
        Resolved::One(code) => vec![code.to_string()],
        Resolved::Split(codes) => codes.iter().map(ToString::to_string).collect(),
        Resolved::Unknown(_) => Vec::new(),
    }
}

#[test]
fn org_05_country_names_people_really_type() {
    let cases = [
        ("UAE", "AE"),
        ("People's Republic of China", "CN"),
        ("Republic of Moldova", "MD"),
        (" Portugal ", "PT"),
        ("Deutschland", "DE"),
        ("Hellas", "GR"),
        ("Czechia", "CZ"),
        ("Czech Republic", "CZ"),
        ("Türkiye", "TR"),
        ("Turkey", "TR"),
        ("turkiye", "TR"),
        ("FRANKREICH", "FR"),
        ("USA", "US"),
        ("U.S.A.", "US"),
        ("Niemcy", "DE"),
    ];
    for (typed, code) in cases {
        assert_eq!(tables().1.country(typed).map(|c| c.code.as_str()), Some(code), "{typed}");
    }
    assert!(tables().1.country("27 States").is_none());
    assert!(matches!(tables().1.resolve("27 States"), Resolved::Unknown(_)));
}

#[test]
fn org_01_and_org_02_greece_and_the_united_kingdom_by_either_code() {
    let regions = &tables().1;
    for (typed, country, region) in [("GR", "GR", "EL"), ("EL", "GR", "EL"), ("GB", "GB", "GB"), ("UK", "GB", "GB")] {
        let found = regions.country(typed).unwrap();
        assert_eq!((found.code.as_str(), found.region.as_str()), (country, region), "{typed}");
        assert_eq!(resolve(typed), [region], "{typed}");
    }
    assert_eq!(resolve("GR30"), ["EL30"]);
    // A prefix of VAT numbers, no country.
    assert!(regions.country("XI").is_none());
}

#[test]
fn membership_of_the_union_follows_the_calendar() {
    let regions = &tables().1;
    let (before, after) = (Day::parse("2020-01-31").unwrap(), Day::parse("2020-02-01").unwrap());
    let of = |word: &str, day| regions.in_eu(&regions.country(word).unwrap().code, day);
    assert!(of("UK", before) && !of("UK", after));
    assert!(of("Croatia", after) && !of("Croatia", Day::parse("2013-06-30").unwrap()));
    // Member states have a NUTS prefix of two letters; Åland and Martinique are regions of theirs.
    let states = regions.countries().iter().filter(|c| c.in_eu(after) && c.region.as_str().len() == 2);
    assert_eq!(states.count(), 27);
}

#[test]
fn retired_codes_become_their_successors() {
    assert_eq!(resolve("PT16"), ["PT19", "PT1D"]);
    assert_eq!(resolve("pt17"), ["PT1A", "PT1B"]);
    assert_eq!(resolve("NL31"), ["NL35"]);
    assert_eq!(resolve("PT1D"), ["PT1D"]);
}

#[test]
fn a_need_restricted_to_a_retired_region_takes_suppliers_of_its_successors() {
    let judge = |supplier: &str| {
        let need = NeedInput { product: "ffp".to_owned(), regions: vec!["PT16".to_owned()], ..NeedInput::default() };
        let offer = OfferInput { product: "ffp".to_owned(), ..OfferInput::default() };
        Pair::new(tables(), need, offer, (supplier, "PT1A")).judge(tables()).map(|_| ())
    };
    assert_eq!(judge("PT19"), Ok(()));
    assert_eq!(judge("PT1D"), Ok(()));
    assert_eq!(judge("PT1D1"), Ok(()));
    assert_eq!(judge("PT11"), Err(Reason::SourceRegionExcluded));
}

#[test]
fn geo_05_every_region_has_a_point_of_its_own_or_its_parent_s() {
    let regions = &tables().1;
    for region in regions.all() {
        // Five territories on three oceans have no middle.
        assert_eq!(region.point.is_none(), region.code.as_str() == "FRY", "{}", region.code);
        if region.level == 3 {
            let parent = regions.get(region.parent.as_ref().unwrap()).unwrap();
            assert_eq!(region.point, parent.point, "{}", region.code);
        }
    }
    // The mean of DE21 to DE27, typed to a tenth of a degree.
    let children: Vec<Point> =
        regions.all().iter().filter(|r| r.parent == Some(RegionCode::new("DE2"))).filter_map(|r| r.point).collect();
    assert_eq!(children.len(), 7);
    let lat: i64 = children.iter().map(|p| i64::from(p.lat_e6)).sum();
    assert_eq!(i64::from(regions.get(&RegionCode::new("DE2")).unwrap().point.unwrap().lat_e6), lat / 7);
}

/// The points of NUTS as Eurostat's geometry gives them, either inside or as centroid.
fn reference_points() -> Option<BTreeMap<String, [Point; 2]>> {
    let micro = |text: &str| {
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |d| (-1, d));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        sign * format!("{whole}{fraction:0<6.6}").parse::<i32>().unwrap()
    };
    let rows = shared("reference/nuts2024_regions.csv")?;
    let point = |lat: &str, lon: &str| Point::new(micro(lat), micro(lon)).unwrap();
    let both = |row: &crate::shared::Line| {
        [point(&row["lat"], &row["lon"]), point(&row["centroid_lat"], &row["centroid_lon"])]
    };
    Some(rows.iter().map(|r| (r["nuts_id"].clone(), both(r))).collect())
}

#[test]
fn geo_points_of_level_2_lie_within_40_km_of_eurostat_s() {
    let Some(reference) = reference_points() else { return };
    let regions = &tables().1;
    let mut compared = 0;
    for region in regions.all().iter().filter(|r| r.level == 2) {
        let Some(points) = reference.get(region.code.as_str()) else { continue };
        let km = points.iter().map(|p| region.point.unwrap().distance_km(*p)).min().unwrap();
        assert!(km <= 40, "{} {} lies {km} km off", region.code, region.name);
        compared += 1;
    }
    assert!(compared >= 240, "{compared} compared");
}

#[test]
fn geo_points_of_countries_lie_in_them() {
    let Some(reference) = reference_points() else { return };
    let regions = &tables().1;
    for region in regions.all().iter().filter(|r| r.level == 0) {
        let Some(points) = reference.get(region.code.as_str()) else { continue };
        let km = points.iter().map(|p| region.point.unwrap().distance_km(*p)).min().unwrap();
        assert!(km <= 250, "{} lies {km} km off", region.code);
    }
}

#[test]
fn the_regions_are_those_of_nuts_2024() {
    let Some(reference) = reference_points() else { return };
    let shipped: BTreeSet<String> = tables().1.all().iter().map(|r| r.code.to_string()).collect();
    let missing: Vec<&String> = reference.keys().filter(|c| !shipped.contains(*c)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn successors_agree_with_the_crosswalk_of_the_joint_research_centre() {
    let Some(rows) = shared("reference/nuts_crosswalk_l2_2021_2024_jrc.csv") else { return };
    let mut crosswalk: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in &rows {
        // Municipalities that changed sides; the code they left is in use still.
        let area: f64 = row["areaKm"].parse().unwrap();
        if area >= 100.0 {
            crosswalk.entry(row["code_v2021"].clone()).or_default().insert(row["code_v2024"].clone());
        }
    }
    assert!(crosswalk.len() > 200);
    for (old, new) in crosswalk {
        let found: BTreeSet<String> = resolve(&old).into_iter().collect();
        assert_eq!(found, new, "{old}");
    }
}
