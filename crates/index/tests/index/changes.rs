//! An index that was changed answers as one that was built anew.

use std::collections::BTreeSet;

use index::{Builder, Index, ShortageQuery, Weeks};

use crate::{
    candidates,
    draw::{self, Dice},
    world::{Scene, WORLD, today},
};

/// Brings an index from one scene to another by changes, in an order that the dice say.
fn change(index: &mut Index, before: &Scene, after: &Scene, dice: &mut Dice) {
    let (old, new) = (&before.market, &after.market);
    let mut steps: Vec<usize> = (0..6).collect();
    for at in (1..steps.len()).rev() {
        steps.swap(at, dice.size(at));
    }
    for step in steps {
        match step {
            0 => {
                old.organisations
                    .keys()
                    .filter(|id| !new.organisations.contains_key(id))
                    .for_each(|id| index.remove_organisation(*id));
                new.organisations.values().for_each(|o| index.upsert_organisation(o));
            }
            1 => {
                old.sites.keys().filter(|id| !new.sites.contains_key(id)).for_each(|id| index.remove_site(*id));
                new.sites.values().for_each(|site| index.upsert_site(site));
            }
            2 => {
                old.lines.keys().filter(|id| !new.lines.contains_key(id)).for_each(|id| index.remove_line(*id));
                new.lines.values().for_each(|line| index.upsert_line(line));
            }
            3 => {
                let kept: BTreeSet<_> = new.offers.iter().map(|o| o.id).collect();
                old.offers.iter().filter(|o| !kept.contains(&o.id)).for_each(|o| index.remove_offer(o.id));
                new.offers.iter().rev().for_each(|offer| index.upsert_offer(offer));
            }
            4 => {
                let kept: BTreeSet<_> = new.needs.iter().map(|n| n.id).collect();
                old.needs.iter().filter(|n| !kept.contains(&n.id)).for_each(|n| index.remove_need(n.id));
                new.needs.iter().rev().for_each(|need| index.upsert_need(need));
            }
            _ => {
                let kept: BTreeSet<_> = new.commitments.iter().map(|c| c.match_id).collect();
                let gone = old.commitments.iter().filter(|c| !kept.contains(&c.match_id));
                gone.for_each(|c| index.remove_commitment(c.match_id));
                new.commitments.iter().for_each(|c| index.upsert_commitment(c, after.standing(c)));
            }
        }
    }
    index.set_mode(new.mode);
}

#[test]
fn changes_and_a_rebuild_answer_alike() {
    for seed in 0..300 {
        let mut dice = Dice::new(seed);
        let mut before = Scene::new();
        let mut changed = Builder::new(&WORLD.catalogue, &WORLD.regions).build(7);
        for _ in 0..3 {
            let after = candidates::draw::scene(&mut dice, 9);
            change(&mut changed, &before, &after, &mut dice);
            let built = after.index();
            assert_eq!(changed.offers(), built.offers());
            for _ in 0..3 {
                let (query, reader) = (draw::query(&mut dice), draw::reader(&mut dice));
                let asked = candidates::draw::asked(&mut dice, &after);
                assert_eq!(asked.of(&after, &changed, &reader), asked.of(&after, &built, &reader));
                assert_eq!(changed.capacity(&query, &reader), built.capacity(&query, &reader));
                assert_eq!(changed.facets(&query, &reader), built.facets(&query, &reader));
                let board = ShortageQuery {
                    weeks: Weeks::new(today(), today(), today().plus(60)).unwrap(),
                    products: None,
                    regions: None,
                    level: 2,
                    rule: Default::default(),
                };
                assert_eq!(changed.shortages(&board, &reader), built.shortages(&board, &reader));
            }
            assert_eq!(changed.lattice(today()), built.lattice(today()));
            before = after;
        }
    }
}

#[test]
fn an_index_without_offers_holds_nothing_of_them() {
    let mut dice = Dice::new(3);
    let scene = draw::scene(&mut dice, 9);
    let mut index = scene.index();
    scene.market.offers.iter().for_each(|offer| index.remove_offer(offer.id));
    assert_eq!(index.offers(), 0);
    assert!(index.memory().total() > 0);
}
