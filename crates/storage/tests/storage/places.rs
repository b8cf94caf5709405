//! Postcodes and boundaries: the longest prefix wins, boxes find areas, a load replaces its country alone.

use domain::{
    area::Area,
    code::{CountryCode, RegionCode},
    geo::Point,
    organisation::RegionFrom,
    postcode::Postcode,
};
use storage::{
    Scope, boundaries,
    place_loads::{self, PlaceLoad, PlaceTable},
    postcodes, sites,
};
use testkit::{Builder, TestDb, on_both};

use crate::seed::{firm, now};

fn load(country: &str, count: u64) -> PlaceLoad {
    PlaceLoad { country: CountryCode::new(country), source: "Test".to_owned(), count, loaded_at: now() }
}

fn postcode(typed: &str) -> Postcode {
    Postcode::parse("/postcode", &CountryCode::new("FR"), typed).unwrap()
}

async fn replace(db: &TestDb, country: &str, rows: &[(&str, &str)]) {
    let rows: Vec<_> = rows.iter().map(|(code, region)| (postcode(code), RegionCode::new(region))).collect();
    let load = load(country, u64::try_from(rows.len()).unwrap());
    db.store.write(async move |tx| postcodes::replace(&tx, &load, &rows).await).await.unwrap();
}

async fn found(db: &TestDb, country: &str, typed: &str) -> Option<String> {
    let found = postcodes::find(&db.store, &CountryCode::new(country), &postcode(typed)).await.unwrap();
    found.map(|(row, region)| format!("{row} {region}"))
}

on_both!(
    async fn geo_04_the_longest_prefix_wins(db: TestDb) {
        replace(&db, "FR", &[("13", "FRL04"), ("130", "FRL05"), ("13001", "FRL06"), ("2", "FRM01")]).await;
        replace(&db, "DE", &[("13001", "DE300")]).await;
        for (typed, expected) in [
            ("13001", Some("13001 FRL06")),
            ("13002", Some("130 FRL05")),
            ("13 100", Some("13 FRL04")),
            ("2A004", Some("2 FRM01")),
            ("1", None),
            ("75001", None),
        ] {
            assert_eq!(found(&db, "FR", typed).await.as_deref(), expected, "{typed}");
        }
        assert_eq!(found(&db, "DE", "13001").await.as_deref(), Some("13001 DE300"));
        assert_eq!(found(&db, "IT", "13001").await, None);
    }
);

on_both!(
    async fn a_load_replaces_what_its_country_had(db: TestDb) {
        replace(&db, "FR", &[("13", "FRL04"), ("2", "FRM01")]).await;
        replace(&db, "DE", &[("10", "DE300")]).await;
        replace(&db, "FR", &[("13", "FRL05")]).await;
        assert_eq!(found(&db, "FR", "13001").await.as_deref(), Some("13 FRL05"));
        assert_eq!(found(&db, "FR", "20001").await, None);
        assert_eq!(found(&db, "DE", "10115").await.as_deref(), Some("10 DE300"));
        let loads = place_loads::all(&db.store, PlaceTable::Postcodes).await.unwrap();
        assert_eq!(loads, [load("DE", 1), load("FR", 1)]);
        assert_eq!(place_loads::get(&db.store, PlaceTable::Boundaries, &CountryCode::new("FR")).await.unwrap(), None);
    }
);

fn square(lat: i32, lon: i32) -> Area {
    let corners = [(0, 0), (0, 1), (1, 1), (1, 0)];
    let at = |(a, b): &(i32, i32)| Point::new((lat + a) * 1_000_000, (lon + b) * 1_000_000).unwrap();
    Area::new(vec![corners.iter().map(at).collect()]).unwrap()
}

on_both!(
    async fn areas_are_found_by_the_box_around_them(db: TestDb) {
        let (here, there) = (RegionCode::new("DE300"), RegionCode::new("DE404"));
        let regions = vec![(here.clone(), vec![square(52, 13), square(54, 7)]), (there.clone(), vec![square(52, 12)])];
        let of = load("DE", 2);
        db.store.write(async move |tx| boundaries::replace(&tx, &of, &regions).await).await.unwrap();
        let near = async |lat, lon| {
            let point = Point::new(lat, lon).unwrap();
            boundaries::near(&db.store, point, 50_000).await.unwrap()
        };
        assert_eq!(near(52_500_000, 13_500_000).await, [(here.clone(), square(52, 13))]);
        assert_eq!(near(52_500_000, 13_020_000).await, [(here.clone(), square(52, 13)), (there, square(52, 12))]);
        assert_eq!(near(54_500_000, 7_500_000).await, [(here, square(54, 7))]);
        assert!(near(48_000_000, 11_000_000).await.is_empty());
    }
);

on_both!(
    async fn how_a_region_was_found_is_kept(db: TestDb) {
        let make = Builder::new(16);
        let (owner, site) = firm(&db.store, &make, "Acme").await;
        assert_eq!(site.region_from, RegionFrom::Stated);
        for from in RegionFrom::ALL {
            let mut site = make.site(&owner);
            site.region_from = from;
            let stored = site.clone();
            db.store.write(async move |tx| sites::insert(&tx, &stored, now()).await).await.unwrap();
            assert_eq!(sites::get(&db.store, Scope::Operator, site.id).await.unwrap().record, site);
        }
    }
);
