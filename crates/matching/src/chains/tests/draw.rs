//! Small random markets of chains.

use domain::time::Day;
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

use super::super::{Asked, Offer, Recipe, Role, Stage, Way};

/// Places of a small market, the buyer's among them.
const PLACES: usize = 4;

/// Everything that a search takes.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub recipe: Recipe,
    pub offers: Vec<Vec<Offer>>,
    pub asked: Asked,
    ways: Vec<Way>,
}

impl Case {
    pub(super) fn way(&self, from: u32, to: u32) -> Way {
        self.ways[from as usize * PLACES + to as usize]
    }
}

pub(super) fn today() -> Day {
    Day::from_ymd(2020, 4, 20).unwrap()
}

/// How rich a market is: the most offers of a stage.
pub(super) fn case(seed: u64, most_offers: usize) -> Case {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let recipe = recipe(&mut rng);
    // Coarse figures make ties, fine ones few.
    let coarse = rng.random_range(0..2) == 0;
    let asked = asked(&mut rng, coarse);
    let mut ways = Vec::new();
    for _ in 0..PLACES * PLACES {
        let (days, cost) = if coarse { (2, 3) } else { (6, 500) };
        ways.push(Way { days: rng.random_range(0..days), cost: rng.random_range(0..cost) });
    }
    let mut id = 0;
    let mut offers = Vec::new();
    // In some markets nearly everybody lacks nearly everything, in others hardly anybody does.
    let lacking = rng.random_range(4..=10);
    for stage in 0..recipe.stages().len() {
        let least = if stage == 0 || most_offers > 4 { 1 } else { 0 };
        let count = rng.random_range(least..=most_offers);
        let mut own = Vec::new();
        for _ in 0..count {
            own.push(offer(&mut rng, (&recipe, stage, lacking), id, &asked, coarse));
            id += 1;
        }
        offers.push(own);
    }
    Case { recipe, offers, asked, ways }
}

fn asked(rng: &mut ChaCha8Rng, coarse: bool) -> Asked {
    let units = if coarse { rng.random_range(1..8) } else { rng.random_range(1..5_000) };
    let due = today().plus(rng.random_range(0..100));
    Asked {
        place: rng.random_range(0..4),
        units,
        least: if rng.random_range(0..3) == 0 { rng.random_range(1..=units) } else { 1 },
        today: today(),
        due,
        horizon: due.plus(rng.random_range(0..20)),
        most_legs: if rng.random_range(0..2) == 0 { 5 } else { rng.random_range(1..5) },
        top: 1_000,
        top_missing: 1_000,
    }
}

fn recipe(rng: &mut ChaCha8Rng) -> Recipe {
    let ratios = [(1, 1), (1, 1), (2, 3), (3, 2), (1_500, 1), (1, 1_500), (7, 5)];
    let mut stages = vec![Stage { parent: None, units: 1, per: 1, usual_days: rng.random_range(0..4) }];
    for stage in 1..rng.random_range(1_usize..=8).min(5) {
        let role = if rng.random_range(0..2) == 0 { Role::Before } else { Role::After };
        let (units, per) = ratios[rng.random_range(0..ratios.len())];
        let parent = Some((rng.random_range(0..stage), role));
        stages.push(Stage { parent, units, per, usual_days: rng.random_range(0..4) });
    }
    Recipe::new(stages).unwrap()
}

fn offer(
    rng: &mut ChaCha8Rng,
    (recipe, stage, lacking): (&Recipe, usize, u32),
    id: u32,
    asked: &Asked,
    coarse: bool,
) -> Offer {
    let mut lacks = 0;
    for child in 1..recipe.stages().len() {
        if recipe.stages()[child].parent.is_some_and(|(parent, _)| parent == stage) && rng.random_range(0..10) < lacking
        {
            lacks |= 1 << child;
        }
    }
    let mut free = Vec::new();
    let (mut day, mut units) = (today().plus(rng.random_range(-3..6)), 0);
    for _ in 0..rng.random_range(0..6) {
        let more = recipe.needed(stage, rng.random_range(1..=asked.units));
        units += i64::try_from(more).unwrap() / rng.random_range(1..4);
        free.push((day, units));
        day = day.plus(rng.random_range(1..10));
    }
    Offer {
        id,
        // In no order that the offers are in.
        tie: u128::from(id.wrapping_mul(2_654_435_769)),
        organisation: rng.random_range(0..6),
        place: rng.random_range(0..4),
        lacks,
        lead_days: if coarse { rng.random_range(0..3) } else { rng.random_range(0..=20) },
        cost: if coarse { rng.random_range(0..3) } else { rng.random_range(0..1_000) },
        free,
    }
}
