//! Every figure equals the naive one, and every facet a count.

use std::collections::BTreeMap;

use index::{CapacityQuery, Grades, Group, Reader, Row};

use crate::{
    draw::{self, Dice},
    oracle::{self, Key, Naive},
    world::Scene,
};

fn found(rows: &[Row]) -> BTreeMap<Key, Naive> {
    let row = |row: &Row| {
        let grades = row.grades.as_ref().map(|grades| match grades {
            Grades::Set(set) => set.clone(),
            Grades::Merged => panic!("merged grades among rows"),
        });
        let key = (row.product.clone(), row.unit, grades, row.region.clone(), row.cluster, row.holder);
        let naive = Naive {
            figures: row.figures.clone(),
            offers: row.offers.try_into().unwrap(),
            organisations: row.organisations.try_into().unwrap(),
            nameless: row.nameless.try_into().unwrap(),
            oldest: row.oldest,
        };
        (key, naive)
    };
    rows.iter().map(row).collect()
}

/// Lets only rows answer: atoms know no lead times.
fn without_network(query: &mut CapacityQuery) {
    query.lead_days_at_most.get_or_insert(u16::MAX);
}

fn agrees(scene: &Scene, query: &CapacityQuery, reader: &Reader) -> usize {
    let answer = scene.index().capacity(query, reader);
    let naive = oracle::rows(scene, query, reader);
    assert_eq!(found(&answer.rows), naive, "{query:?} {reader:?}");
    let mut whole = query.clone();
    whole.group_by.retain(|group| *group == Group::Week);
    assert_eq!(found(&answer.totals), oracle::rows(scene, &whole, reader), "totals");
    assert!(answer.rows.iter().all(|row| !row.with_network));
    naive.len()
}

#[test]
fn every_figure_is_the_naive_one() {
    let mut rows = 0;
    for seed in 0..4_000 {
        let mut dice = Dice::new(seed);
        let scene = draw::scene(&mut dice, 8);
        for _ in 0..4 {
            let (mut query, reader) = (draw::query(&mut dice), draw::reader(&mut dice));
            without_network(&mut query);
            rows += agrees(&scene, &query, &reader);
        }
    }
    assert!(rows > 4_500, "{rows} rows were looked at");
}

#[test]
fn facets_count_what_a_query_of_one_value_finds() {
    for seed in 0..200 {
        let mut dice = Dice::new(seed);
        let scene = draw::scene(&mut dice, 10);
        let (index, mut query, reader) = (scene.index(), draw::query(&mut dice), draw::reader(&mut dice));
        without_network(&mut query);
        query.group_by.clear();
        let count =
            |query: &CapacityQuery| index.capacity(query, &reader).totals.iter().map(|row| row.offers).sum::<u32>();
        let facets = index.facets(&query, &reader);
        for (product, offers) in &facets.products {
            let one = CapacityQuery { products: Some([product.clone()].into()), ..query.clone() };
            assert_eq!(count(&one), *offers);
        }
        for (grade, offers) in &facets.grades {
            // Certificates are asked about the grades that are asked for.
            if query.papers.is_none() {
                let mut one = CapacityQuery { grades: Some([grade.clone()].into()), ..query.clone() };
                one.substitutes.clear();
                assert_eq!(count(&one), *offers);
            }
        }
        for (region, offers) in facets.regions.iter().flatten() {
            let one = CapacityQuery { regions: Some([region.clone()].into()), ..query.clone() };
            assert_eq!(count(&one), *offers, "{region}");
        }
        for (cluster, offers) in &facets.clusters {
            let one = CapacityQuery { clusters: Some([*cluster].into()), ..query.clone() };
            assert_eq!(count(&one), *offers);
        }
        let vouched: u32 = facets.verification.values().sum();
        let any = CapacityQuery { verification: domain::organisation::Verification::None, ..query.clone() };
        assert_eq!(count(&any), vouched);
    }
}
