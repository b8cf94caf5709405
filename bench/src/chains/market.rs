//! Random markets of chains: masks with their fabric, its filter layer, sterilising and tests.

use domain::time::Day;
use matching::chains::{Asked, ChainsError, Offer, Recipe, Role, Stage, Way};
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

/// How large a market is.
pub struct Size {
    /// Offers of each stage.
    pub offers: usize,
    /// Regions that they lie in.
    pub places: u32,
    /// Stages that stand one below the other instead of beside each other.
    pub line: bool,
    pub seed: u64,
}

/// A market of chains, and needs that are asked of it.
pub struct Chains {
    pub recipe: Recipe,
    pub offers: Vec<Vec<Offer>>,
    ways: Vec<Way>,
    places: u32,
}

/// Ratios of units to those of the parent: a mask takes 0.02 square metres of each layer, a test serves 5,000.
fn recipe(line: bool) -> Result<Recipe, ChainsError> {
    let stage = |parent, units, per, usual_days| Stage { parent, units, per, usual_days };
    let root = stage(None, 1, 1, 7);
    if line {
        let below = |at| stage(Some((at, Role::Before)), 1 + i64::from(at == 0), 1 + 49 * i64::from(at == 0), 7);
        return Recipe::new(vec![root, below(0), below(1), below(2), below(3)]);
    }
    Recipe::new(vec![
        root,
        stage(Some((0, Role::Before)), 2, 100, 7),
        stage(Some((1, Role::Before)), 1, 1, 7),
        stage(Some((0, Role::After)), 1, 1, 3),
        stage(Some((0, Role::After)), 1, 5_000, 3),
    ])
}

impl Chains {
    /// The market of a size, on a day.
    pub fn draw(size: &Size, today: Day) -> Result<Self, ChainsError> {
        let mut rng = ChaCha8Rng::seed_from_u64(size.seed);
        let recipe = recipe(size.line)?;
        // Kilometres, in a square as large as a continent.
        let points: Vec<(i64, i64)> =
            (0..size.places).map(|_| (rng.random_range(0..2_500), rng.random_range(0..2_500))).collect();
        let mut ways = Vec::new();
        for from in &points {
            for to in &points {
                let km = ((from.0 - to.0).pow(2) + (from.1 - to.1).pow(2)).isqrt();
                let days = u16::try_from(1 + km / 600).unwrap_or(u16::MAX);
                ways.push(Way { days, cost: km });
            }
        }
        let mut offers = Vec::new();
        for stage in 0..recipe.stages().len() {
            let draw = |at| offer(&mut rng, &recipe, stage, size, at, today);
            offers.push((0..size.offers).map(draw).collect());
        }
        Ok(Self { recipe, offers, ways, places: size.places })
    }

    /// The way between two places of the market.
    pub fn way(&self, from: u32, to: u32) -> Way {
        self.ways[(from * self.places + to) as usize]
    }

    /// A need, drawn from a number.
    pub fn need(&self, seed: u64, today: Day) -> Asked {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let due = today.plus(rng.random_range(14..75));
        let units = 10_i64.pow(rng.random_range(3..6)) * rng.random_range(1..10);
        Asked {
            place: rng.random_range(0..self.places),
            units,
            least: 1,
            today,
            due,
            horizon: today.plus(84),
            most_legs: 5,
            top: 20,
            top_missing: 20,
        }
    }
}

/// Half of the firms lack each stage below theirs; output is told week by week for 12 weeks.
fn offer(rng: &mut ChaCha8Rng, recipe: &Recipe, stage: usize, size: &Size, at: usize, today: Day) -> Offer {
    let below = |child: &usize| recipe.stages()[*child].parent.is_some_and(|(parent, _)| parent == stage);
    let children: Vec<usize> = (1..recipe.stages().len()).filter(below).collect();
    let mut lacks = 0;
    for child in children {
        lacks |= u16::from(rng.random_range(0..10) < 6) << child;
    }
    let lead_days = if recipe.stages()[stage].parent.is_some_and(|(_, role)| role == Role::After) {
        rng.random_range(1..8)
    } else {
        rng.random_range(2..20)
    };
    // Root units a week, most of them small.
    let weekly = 10_i64.pow(rng.random_range(2..5)) * rng.random_range(1..10);
    let stock = if rng.random_range(0..3) == 0 { weekly } else { 0 };
    let units = |root: i64| i64::try_from(recipe.needed(stage, root)).unwrap_or(0);
    let mut free = vec![(today, units(stock))];
    for week in 0..12 {
        let day = today.plus(i32::from(lead_days) + 7 * week + 1);
        free.push((day, units(stock + i64::from(week + 1) * weekly)));
    }
    let id = u32::try_from(stage * size.offers + at).unwrap_or(u32::MAX);
    Offer {
        id,
        tie: u128::from(rng.random_range(0..u64::MAX)) << 32 | u128::from(id),
        organisation: rng.random_range(0..1_500),
        place: rng.random_range(0..size.places),
        lacks,
        lead_days,
        cost: i64::try_from(
            i128::from(rng.random_range(50_i64..1_000)) * i128::from(recipe.parts()) / i128::from(recipe.weight(stage)),
        )
        .unwrap_or(0),
        free,
    }
}
