//! Regions, distances, and who knows which place.

use domain::{code::RegionCode, geo::Point, offer::Visibility};
use index::{Buyer, CapacityQuery, Group, LeftOut, Near, Reader, Sees, Weeks};

use crate::{
    draw::Dice,
    world::{Scene, buyer, codes, day, disclosure, manager, offer_id, organisation_id, party, stock, today},
};

fn ask() -> CapacityQuery {
    CapacityQuery::new(Weeks::new(today(), today(), day("2020-04-26")).unwrap())
}

fn point(lat: i32, lon: i32) -> Point {
    Point::new(lat, lon).unwrap()
}

fn found(scene: &Scene, query: &CapacityQuery, reader: &Reader) -> i128 {
    scene.index().capacity(query, reader).totals.first().map_or(0, |row| row.figures[0].running)
}

#[test]
fn a_region_holds_what_lies_in_it_and_not_what_is_spelled_alike() {
    let mut scene = Scene::new();
    for (n, region) in ["DE111", "DE12", "DE1", "EL30", "DE21", ""].into_iter().enumerate() {
        scene.firm(n, region, &[]);
        scene.offer(n, stock(10_i64.pow(u32::try_from(n).unwrap())));
    }
    let of = |regions: &[&str]| {
        let query = CapacityQuery { regions: codes(regions, RegionCode::new), ..ask() };
        found(&scene, &query, &Reader::Operator)
    };
    assert_eq!(of(&["DE1"]), 111);
    assert_eq!((of(&["DE11"]), of(&["DE111"]), of(&["DE112"])), (1, 1, 0));
    assert_eq!((of(&["DE"]), of(&["DE", "DE11"]), of(&["DE2", "EL"])), (10_111, 10_111, 11_000));
    assert_eq!((of(&["GR"]), of(&["D"]), of(&[])), (0, 0, 0), "no such regions");
    assert_eq!(found(&scene, &ask(), &Reader::Operator), 111_111);
    let grouped = CapacityQuery { group_by: [Group::Region(2)].into(), ..ask() };
    let rows = scene.index().capacity(&grouped, &Reader::Operator).rows;
    let rows: Vec<_> =
        rows.iter().map(|r| (r.region.as_ref().map_or("", RegionCode::as_str), r.figures[0].running)).collect();
    assert_eq!(rows, [("", 100_000), ("DE1", 100), ("DE11", 1), ("DE12", 10), ("DE21", 10_000), ("EL30", 1_000)]);
}

#[test]
fn geo_01_a_radius_across_the_date_line() {
    let mut scene = Scene::new();
    scene.firm(0, "FJ", &[]).point = Some(point(-17_000_000, 179_900_000));
    scene.firm(1, "DE11", &[]).point = Some(point(48_000_000, 9_000_000));
    scene.offer(0, stock(1));
    scene.offer(1, stock(10));
    let near = |km| CapacityQuery { near: Some(Near { point: point(-17_000_000, -179_900_000), km }), ..ask() };
    assert_eq!(found(&scene, &near(100), &Reader::Operator), 1);
    assert_eq!(
        (found(&scene, &near(10), &Reader::Operator), found(&scene, &near(u32::MAX), &Reader::Operator)),
        (0, 11)
    );
}

#[test]
fn geo_07_a_radius_around_the_pole() {
    let mut scene = Scene::new();
    scene.firm(0, "NO", &[]).point = Some(point(89_990_000, 180_000_000));
    scene.firm(1, "NO", &[]).point = Some(point(70_000_000, 0));
    scene.offer(0, stock(1));
    scene.offer(1, stock(10));
    let near = |km| CapacityQuery { near: Some(Near { point: point(89_990_000, 0), km }), ..ask() };
    assert_eq!(found(&scene, &near(100), &Reader::Operator), 1);
    assert_eq!((found(&scene, &near(0), &Reader::Operator), found(&scene, &near(20_100), &Reader::Operator)), (0, 11));
}

#[test]
fn acl_05_no_circle_finds_a_site_whose_place_is_not_shown() {
    let authority = buyer(9, Buyer::Authority);
    for seed in 0..40 {
        let mut dice = Dice::new(seed);
        let scene_at = |point| {
            let mut scene = Scene::new();
            let site = scene.firm(0, "DE111", &[]);
            (site.point, site.region) = (point, Some(RegionCode::new(if seed % 2 == 0 { "DE111" } else { "DE112" })));
            scene.firm(9, "DE12", &[]);
            scene.offer(0, stock(10));
            scene
        };
        let somewhere = |dice: &mut Dice| point(48_000_000 + dice.small(500_000), 9_000_000 + dice.small(500_000));
        let (one, other) = (scene_at(Some(somewhere(&mut dice))), scene_at(None));
        for _ in 0..40 {
            let near = Some(Near { point: somewhere(&mut dice), km: u32::try_from(dice.upto(90)).unwrap() });
            let query = CapacityQuery { near, group_by: [Group::Region(3)].into(), ..ask() };
            let answers = [&one, &other].map(|scene| scene.index().capacity(&query, &authority));
            assert_eq!(answers[0], answers[1], "seed {seed}");
        }
        // Whoever may know the place finds it there.
        let at = one.market.sites.values().next().unwrap().point.unwrap();
        let query = CapacityQuery { near: Some(Near { point: at, km: 0 }), ..ask() };
        assert_eq!(found(&one, &query, &Reader::Operator), 10);
    }
}

#[test]
fn a_region_finer_than_what_is_shown_finds_nothing_and_says_so() {
    let mut scene = Scene::new();
    scene.firm(0, "DE111", &[]);
    scene.firm(9, "DE12", &[]);
    scene.offer(0, stock(10));
    let authority = buyer(9, Buyer::Authority);
    let query = CapacityQuery { regions: codes(&["DE111"], RegionCode::new), ..ask() };
    assert_eq!(found(&scene, &query, &authority), 0);
    assert!(scene.index().capacity(&query, &authority).left_out.contains(&LeftOut::FinerRegion));
    scene.market.offers[0].terms.disclosure = disclosure(&[("buyer", "exact_place")]);
    assert_eq!(found(&scene, &query, &authority), 10);
}

#[test]
fn who_sees_what() {
    let mut scene = Scene::new();
    scene.firm(0, "DE111", &[100]);
    scene.firm(1, "DE12", &[100]);
    scene.firm(100, "DE", &[]);
    scene.firm(2, "DE", &[]);
    scene.offer(0, stock(10));
    let masks = || Buyer::WithNeeds(codes(&["mask"], domain::code::ProductCode::new).unwrap());
    let gowns = Buyer::WithNeeds(codes(&["gown"], domain::code::ProductCode::new).unwrap());
    let sees = |scene: &Scene, reader: &Reader| scene.index().audience(offer_id(0), today(), reader);
    assert_eq!(sees(&scene, &Reader::Operator), Sees::Whole);
    assert_eq!(sees(&scene, &Reader::Public), Sees::Nothing);
    assert_eq!(sees(&scene, &party(0)), Sees::Whole);
    assert_eq!(sees(&scene, &party(1)), Sees::TotalsOnly, "a member is no manager");
    assert_eq!(sees(&scene, &manager(100, &[100])), Sees::Whole);
    assert_eq!(sees(&scene, &manager(100, &[])), Sees::TotalsOnly);
    assert_eq!(sees(&scene, &buyer(2, masks())), Sees::Nameless);
    assert_eq!(sees(&scene, &buyer(2, gowns)), Sees::TotalsOnly);
    scene.market.offers[0].terms.visibility = Visibility::Clusters;
    assert_eq!(
        (sees(&scene, &buyer(2, masks())), sees(&scene, &buyer(1, masks()))),
        (Sees::TotalsOnly, Sees::Nameless)
    );
    assert_eq!(sees(&scene, &buyer(100, masks())), Sees::Nameless, "the cluster itself");
    scene.market.offers[0].terms.visibility = Visibility::Authorities;
    assert_eq!(sees(&scene, &buyer(1, masks())), Sees::TotalsOnly);
    let owner = scene.market.organisations.get_mut(&organisation_id(1)).unwrap();
    owner.kind = domain::organisation::OrganisationKind::Authority;
    assert_eq!(sees(&scene, &buyer(1, Buyer::Authority)), Sees::Nameless);
    scene.market.offers[0].terms.disclosure = disclosure(&[("buyer", "exact_place"), ("buyer", "identity")]);
    assert_eq!(sees(&scene, &buyer(1, Buyer::Authority)), Sees::NamelessExact, "no sum names anybody");
    scene.market.offers[0].suspended = true;
    assert_eq!(sees(&scene, &Reader::Operator), Sees::Nothing);
}
