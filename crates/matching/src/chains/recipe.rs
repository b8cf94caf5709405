//! The stages of a product and how their units convert.

use domain::{capacity::CURVE_LIMIT, time::Day};

/// The most stages of a recipe: the most steps of a chain.
pub const MOST_STAGES: usize = domain::chain::MOST_STEPS;
/// The largest number of a ratio.
const RATIO_LIMIT: i64 = 1_000_000_000;
/// The largest factor between a stage and the root, and the most parts of a point.
const FACTOR_LIMIT: i128 = 1_000_000_000_000_000_000;

/// What a stage is to its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// A material or part that the parent needs before it can make anything.
    Before,
    /// A service on the parent's finished goods, which go there and back.
    After,
}

/// A step of making a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// The number of the stage that it serves, smaller than its own, and how; `None` for the root alone, which is stage
    /// 0.
    pub parent: Option<(usize, Role)>,
    /// Units of this stage, 1 to 10^9, ...
    pub units: i64,
    /// ... for so many units of the parent's output, 1 to 10^9. The root says 1 and 1.
    pub per: i64,
    /// Days that a supplier of this stage is held to take from an order, where there is none.
    pub usual_days: u16,
}

/// The tree of stages of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    stages: Vec<Stage>,
    weights: Vec<i64>,
    parts: i64,
}

/// Why a search is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainsError {
    /// No stage, or more than [`MOST_STAGES`].
    #[error("a recipe has 1 to {MOST_STAGES} stages, and these are {0}")]
    Stages(usize),
    /// A parent that does not come before its child, or a root that is not the first stage.
    #[error("stage {0} has no parent before it, or is a second root")]
    Parent(usize),
    /// A ratio outside of 1 to 10^9, or one of the root.
    #[error("stage {0} has a ratio outside of 1 to {RATIO_LIMIT}, or is the root and has one")]
    Ratio(usize),
    /// Ratios that multiply up to more than 10^18.
    #[error("the ratios up to stage {0} multiply up to more than {FACTOR_LIMIT}")]
    Factor(usize),
    /// Not one list of offers per stage.
    #[error("the recipe has {stages} stages, and offers are of {lists}")]
    Lists {
        /// Stages of the recipe.
        stages: usize,
        /// Lists of offers.
        lists: usize,
    },
    /// A cost below 0 or above the limit.
    #[error("an offer or a way of stage {0} costs less than 0 or too much")]
    Cost(usize),
    /// Figures that fall, are negative or too large, or days out of order.
    #[error("what is free of offer {offer} of stage {stage} falls, is out of order or out of range")]
    Free {
        /// The stage.
        stage: usize,
        /// The offer's id.
        offer: u32,
    },
    /// A stage that is lacked and is no child of the offer's own.
    #[error("offer {offer} of stage {stage} lacks a stage that is not below its own")]
    Lacks {
        /// The stage.
        stage: usize,
        /// The offer's id.
        offer: u32,
    },
    /// Two offers of one stage with one tie key.
    #[error("two offers of stage {0} have the same tie key")]
    Tie(usize),
    /// Units below 1, a least above what is asked, or more of a stage than any curve holds.
    #[error("what is asked is below 1 unit, below the least, or more than curves hold of stage {0}")]
    Units(usize),
    /// A day the goods are due that is before today, or a horizon before it.
    #[error("due on {due}, before {today}, or the horizon is before that")]
    Due {
        /// Today.
        today: Day,
        /// When the goods are due.
        due: Day,
    },
    /// A chain of no leg.
    #[error("a chain has at least one leg")]
    Legs,
}

impl Recipe {
    /// Checks the stages: the first is the root, each other one comes after its parent.
    ///
    /// # Errors
    /// `Stages`, `Parent`, `Ratio` and `Factor` of [`ChainsError`].
    pub fn new(stages: Vec<Stage>) -> Result<Self, ChainsError> {
        if !(1..=MOST_STAGES).contains(&stages.len()) {
            return Err(ChainsError::Stages(stages.len()));
        }
        let mut factors: Vec<(i128, i128)> = Vec::with_capacity(stages.len());
        let mut parts = 1;
        for (at, stage) in stages.iter().enumerate() {
            let ratio = [stage.units, stage.per];
            if ratio.iter().any(|n| !(1..=RATIO_LIMIT).contains(n)) {
                return Err(ChainsError::Ratio(at));
            }
            let (above, below) = match stage.parent {
                None if at == 0 && ratio == [1, 1] => (1, 1),
                None if at == 0 => return Err(ChainsError::Ratio(at)),
                Some((parent, _)) if parent < at => factors[parent],
                None | Some(_) => return Err(ChainsError::Parent(at)),
            };
            let (above, below) = (above * i128::from(stage.units), below * i128::from(stage.per));
            let common = divisor(above, below);
            factors.push((above / common, below / common));
            parts = parts / divisor(parts, below / common) * (below / common);
            if [above / common, parts].iter().any(|n| *n > FACTOR_LIMIT) {
                return Err(ChainsError::Factor(at));
            }
        }
        let weight = |(at, (above, below)): (usize, (i128, i128))| {
            let weight = above.checked_mul(parts / below).filter(|w| *w <= FACTOR_LIMIT);
            weight.and_then(|w| i64::try_from(w).ok()).ok_or(ChainsError::Factor(at))
        };
        let weights = factors.into_iter().enumerate().map(weight).collect::<Result<_, _>>()?;
        let parts = i64::try_from(parts).map_err(|_| ChainsError::Factor(stages.len() - 1))?;
        Ok(Self { stages, weights, parts })
    }

    /// The stages.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// How many parts make a point of cost; at most 10^18.
    pub fn parts(&self) -> i64 {
        self.parts
    }

    /// Parts of a point per unit of the root that one point per unit of the stage costs; at most 10^18.
    pub fn weight(&self, stage: usize) -> i64 {
        self.weights[stage]
    }

    /// The units of the root that so many units of the stage support: rounded down at each stage on the way up.
    pub fn supported(&self, stage: usize, units: i64) -> i64 {
        let (mut at, mut units) = (stage, i128::from(units));
        while let Some((parent, _)) = self.stages[at].parent {
            units = times(units, self.stages[at].per) / i128::from(self.stages[at].units);
            // More than any curve holds is as good as that.
            units = units.min(i128::from(CURVE_LIMIT) * i128::from(RATIO_LIMIT));
            at = parent;
        }
        i64::try_from(units).unwrap_or(i64::MAX)
    }

    /// The units of the stage that so many of the root take: rounded up at each stage on the way down, so that they
    /// support at least these. At most 10^12 units are looked for.
    pub fn needed(&self, stage: usize, units: i64) -> i128 {
        let own = &self.stages[stage];
        let Some((parent, _)) = own.parent else { return i128::from(units) };
        let above = times(self.needed(parent, units), own.units);
        (above + i128::from(own.per) - 1) / i128::from(own.per)
    }

    /// The stages that serve this one in a role, as bits.
    pub(super) fn children(&self, stage: usize, role: Role) -> u16 {
        let is = |at: &usize| self.stages[*at].parent == Some((stage, role));
        (0..self.stages.len()).filter(is).fold(0, |bits, at| bits | 1 << at)
    }
}

fn times(units: i128, by: i64) -> i128 {
    units * i128::from(by)
}

fn divisor(a: i128, b: i128) -> i128 {
    if b == 0 { a } else { divisor(b, a % b) }
}
