//! Atoms that are looked through anew only where a record changed are those of an index that was built anew.

use domain::{organisation::Verification, time::Day};
use index::{CapacityQuery, Group, Index, ShortageQuery, Standing, Weeks};

use crate::{
    draw::{self, Dice},
    world::{Scene, instalment_id, manager, offer_id, organisation_id, party, today},
};

const FIRMS: usize = 120;

/// Many firms of few clusters in few regions, so that most groups stand, and a cluster knows the largest of some.
fn scene(dice: &mut Dice) -> Scene {
    let mut scene = Scene::new();
    for n in 0..FIRMS {
        let clusters: Vec<usize> = (200..203).filter(|_| dice.one_in(4)).collect();
        let region = dice.of(&["DE111", "DE112", "DE12"]);
        scene.firm(n, region, &clusters);
        scene.market.organisations.get_mut(&organisation_id(n)).unwrap().verification = Verification::Cluster;
        let profile = draw::profile(dice);
        scene.offer(n, profile);
        let due = today().plus(dice.small(60));
        scene.need(n, &[(1 + dice.upto(200), due)]);
    }
    for n in 200..203 {
        scene.firm(n, "DE", &[]);
    }
    scene
}

/// Changes one record in both.
fn step(dice: &mut Dice, scene: &mut Scene, index: &mut Index) {
    let n = dice.size(FIRMS - 1);
    match dice.upto(4) {
        0 => {
            let offer = &mut scene.market.offers[n];
            offer.terms.profile = draw::profile(dice);
            index.upsert_offer(offer);
        }
        1 => {
            let need = &mut scene.market.needs[n];
            need.instalments[0].due = today().plus(dice.small(60));
            index.upsert_need(need);
        }
        2 => {
            let due: Day = today().plus(dice.small(60));
            let standing = dice.of(&[Standing::Held, Standing::Agreed]);
            let to = instalment_id(10 * dice.size(FIRMS - 1));
            scene.promise((offer_id(n), to), dice.upto(150), due, standing);
            index.upsert_commitment(scene.market.commitments.last().unwrap(), standing);
        }
        3 => {
            // It goes, and another takes its row; then it comes back at the end.
            let offer = &scene.market.offers[n];
            index.remove_offer(offer.id);
            ask(index, n);
            index.upsert_offer(offer);
        }
        _ => {
            let organisation = scene.market.organisations.get_mut(&organisation_id(n)).unwrap();
            let clusters: Vec<usize> = (200..203).filter(|_| dice.one_in(4)).collect();
            organisation.clusters = clusters.into_iter().map(organisation_id).collect();
            index.upsert_organisation(organisation);
        }
    }
}

type Answers = (index::Lattice, Vec<index::CapacityAnswer>, Vec<index::ShortageAnswer>);

fn ask(index: &Index, firm: usize) -> Answers {
    let weeks = || Weeks::new(today(), today(), today().monday().plus(90)).unwrap();
    let mut query = CapacityQuery::new(weeks());
    query.group_by = [Group::Product, Group::Grade, Group::Region(2), Group::Week].into();
    let board = ShortageQuery { weeks: weeks(), products: None, regions: None, level: 2, rule: Default::default() };
    let readers = [party(firm), manager(200, &[200]), party(999)];
    (
        index.lattice(today()),
        readers.iter().map(|reader| index.capacity(&query, reader)).collect(),
        readers.iter().map(|reader| index.shortages(&board, reader)).collect(),
    )
}

#[test]
fn what_did_not_change_is_told_as_before() {
    let (mut told, mut of_needs) = (0, 0);
    for seed in 0..12 {
        let mut dice = Dice::new(seed);
        let mut scene = scene(&mut dice);
        let mut index = scene.index();
        for at in 0..20 {
            step(&mut dice, &mut scene, &mut index);
            let firm = dice.size(FIRMS - 1);
            let answers = ask(&index, firm);
            assert_eq!(answers, ask(&scene.index(), firm), "seed {seed}, step {at}");
            told += answers.0.cells.len();
            of_needs += answers.2[2].rows.iter().flat_map(|row| &row.weeks).filter(|week| week.open > 0).count();
        }
    }
    assert!(told > 300 && of_needs > 1_000, "{told} cells and {of_needs} weeks of needs are little to compare");
}
