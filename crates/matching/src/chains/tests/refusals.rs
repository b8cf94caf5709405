//! What a search is not made for.

use super::{
    super::{Asked, ChainsError, Offer, Recipe, Role, Stage, Way, search},
    draw::today,
};

fn stage(parent: Option<(usize, Role)>, units: i64, per: i64) -> Stage {
    Stage { parent, units, per, usual_days: 0 }
}

fn two() -> Recipe {
    Recipe::new(vec![stage(None, 1, 1), stage(Some((0, Role::Before)), 2, 1)]).unwrap()
}

fn offer(id: u32) -> Offer {
    let free = vec![(today(), 5)];
    Offer { id, tie: id.into(), organisation: 0, place: 0, lacks: 0, lead_days: 0, cost: 0, free }
}

fn asked() -> Asked {
    Asked {
        place: 0,
        units: 5,
        least: 1,
        today: today(),
        due: today(),
        horizon: today(),
        most_legs: 5,
        top: 5,
        top_missing: 5,
    }
}

fn refused(offers: &[Vec<Offer>], asked: &Asked) -> Option<ChainsError> {
    search(&two(), offers, asked, |_, _| Way::default()).err()
}

#[test]
fn recipes_that_are_no_tree_are_refused() {
    let before = |parent| Some((parent, Role::Before));
    assert_eq!(Recipe::new(vec![]), Err(ChainsError::Stages(0)));
    assert_eq!(Recipe::new(vec![stage(None, 1, 1); 13]), Err(ChainsError::Stages(13)));
    assert_eq!(Recipe::new(vec![stage(before(0), 1, 1)]), Err(ChainsError::Parent(0)));
    assert_eq!(Recipe::new(vec![stage(None, 1, 1); 2]), Err(ChainsError::Parent(1)));
    assert_eq!(Recipe::new(vec![stage(None, 1, 1), stage(before(1), 1, 1)]), Err(ChainsError::Parent(1)));
    assert_eq!(Recipe::new(vec![stage(None, 2, 1)]), Err(ChainsError::Ratio(0)));
    assert_eq!(Recipe::new(vec![stage(None, 1, 1), stage(before(0), 0, 1)]), Err(ChainsError::Ratio(1)));
    assert_eq!(Recipe::new(vec![stage(None, 1, 1), stage(before(0), 1, 1_000_000_001)]), Err(ChainsError::Ratio(1)));
    let chain = |ratio: (i64, i64)| {
        Recipe::new(vec![
            stage(None, 1, 1),
            stage(before(0), ratio.0, ratio.1),
            stage(before(1), ratio.0, ratio.1),
            stage(before(2), ratio.0, ratio.1),
        ])
    };
    assert_eq!(chain((1_000_000_000, 1)), Err(ChainsError::Factor(3)));
    assert_eq!(chain((1, 1_000_000_000)), Err(ChainsError::Factor(3)));
    assert_eq!(chain((1_000_000, 1_000_000)).unwrap().parts(), 1);
}

#[test]
fn offers_outside_of_their_bounds_are_refused() {
    assert_eq!(refused(&[vec![]], &asked()), Some(ChainsError::Lists { stages: 2, lists: 1 }));
    let with = |edit: fn(&mut Offer)| {
        let mut other = offer(2);
        edit(&mut other);
        refused(&[vec![offer(1), other], vec![]], &asked())
    };
    assert_eq!(with(|_| ()), None);
    assert_eq!(with(|o| o.tie = 1), Some(ChainsError::Tie(0)));
    assert_eq!(with(|o| o.lacks = 1), Some(ChainsError::Lacks { stage: 0, offer: 2 }));
    assert_eq!(with(|o| o.lacks = 4), Some(ChainsError::Lacks { stage: 0, offer: 2 }));
    assert_eq!(with(|o| o.cost = -1), Some(ChainsError::Cost(0)));
    assert_eq!(with(|o| o.cost = super::super::COST_LIMIT + 1), Some(ChainsError::Cost(0)));
    let free = Some(ChainsError::Free { stage: 0, offer: 2 });
    assert_eq!(with(|o| o.free = vec![(today(), -1)]), free);
    assert_eq!(with(|o| o.free = vec![(today(), 1), (today(), 2)]), free);
    assert_eq!(with(|o| o.free = vec![(today(), 2), (today().plus(1), 1)]), free);
    assert_eq!(with(|o| o.free = vec![(today(), domain::capacity::CURVE_LIMIT + 1)]), free);
    let dear = |_, _| Way { days: 0, cost: -1 };
    assert_eq!(search(&two(), &[vec![offer(1)], vec![]], &asked(), dear), Err(ChainsError::Cost(0)));
}

#[test]
fn questions_outside_of_their_bounds_are_refused() {
    let with = |edit: fn(&mut Asked)| {
        let mut other = asked();
        edit(&mut other);
        refused(&[vec![offer(1)], vec![]], &other)
    };
    assert_eq!(with(|_| ()), None);
    assert_eq!(with(|a| a.units = 0), Some(ChainsError::Units(0)));
    assert_eq!(with(|a| a.units = 1_000_000_000_001), Some(ChainsError::Units(0)));
    assert_eq!(with(|a| a.least = 0), Some(ChainsError::Units(0)));
    assert_eq!(with(|a| a.least = 6), Some(ChainsError::Units(0)));
    assert_eq!(with(|a| a.most_legs = 0), Some(ChainsError::Legs));
    assert!(matches!(with(|a| a.due = today().plus(-1)), Some(ChainsError::Due { .. })));
    assert!(matches!(with(|a| a.horizon = today().plus(-1)), Some(ChainsError::Due { .. })));
    let much = Recipe::new(vec![stage(None, 1, 1), stage(Some((0, Role::Before)), 1_000_000, 1)]).unwrap();
    let all = Asked { units: 1_000_000_000_000, ..asked() };
    let refused = search(&much, &[vec![], vec![]], &all, |_, _| Way::default());
    assert_eq!(refused, Err(ChainsError::Units(1)));
}

/// The largest figures that are let in add up without overflow, and tell the same as small ones.
#[test]
fn the_largest_figures_add_up() {
    let before = |parent| Some((parent, Role::Before));
    let big = 1_000_000_000;
    let recipe = Recipe::new(vec![
        stage(None, 1, 1),
        stage(before(0), 1, big),
        stage(before(1), 1, big),
        stage(Some((0, Role::After)), 1, 1),
    ]);
    let recipe = recipe.unwrap();
    assert_eq!(recipe.parts(), 1_000_000_000_000_000_000);
    let most = |id: u32, lacks: u16| Offer {
        lacks,
        lead_days: u16::MAX,
        cost: super::super::COST_LIMIT,
        free: vec![(today(), domain::capacity::CURVE_LIMIT)],
        ..offer(id)
    };
    let offers = [vec![most(1, 0b1010)], vec![most(2, 0b100)], vec![most(3, 0)], vec![most(4, 0)]];
    let due = today().plus(4 * 65_535);
    let asked = Asked { units: 1_000_000_000_000, due, horizon: due, ..asked() };
    let way = |_, _| Way { days: 0, cost: super::super::COST_LIMIT };
    let found = search(&recipe, &offers, &asked, way).unwrap();
    assert_eq!(found.chains.len(), 0, "days of the calendar end before four such leads");
    let soon =
        [vec![Offer { lead_days: 0, ..most(1, 0b1010) }], offers[1].clone(), offers[2].clone(), vec![most(4, 0)]];
    let soon = soon.map(|offers| offers.into_iter().map(|o| Offer { lead_days: 1, ..o }).collect::<Vec<_>>());
    let asked = Asked { due: today().plus(40), horizon: today().plus(50), ..asked };
    let found = search(&recipe, &soon, &asked, way).unwrap();
    let [chain] = &found.chains[..] else { panic!("{found:?}") };
    assert_eq!((chain.units, chain.lead_days), (1_000_000_000_000, 4));
    let points = i128::from(super::super::COST_LIMIT);
    let parts = i128::from(recipe.parts());
    assert_eq!(chain.cost, points * (2 * parts + 2 * i128::from(big) + 2 + 3 * parts));
}
