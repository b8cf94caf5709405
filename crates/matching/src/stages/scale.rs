//! Units of flow in which conversions carry one for one.
//!
//! A product has so many units of flow to its base unit. Of `a` of the input for `b` of what is made, `a` times that of the
//! input is at least `b` times that of what is made, and just as much for the makers who take least: so a unit of input
//! carries a unit of output. What ends as itself has the same for all; products that stand for each other in
//! some pair share theirs.

use std::collections::{BTreeMap, BTreeSet};

use domain::code::ProductCode;

use super::plan::Plan;
use crate::flow::Components;

/// Units of flow of a product that goes into nothing, at most.
pub(super) const MOST_PARTS: i64 = 1_000_000;
/// What costs are multiplied by, at most.
const MOST_WEIGHT: i64 = 1_000_000_000;

/// Units of flow by product.
pub(super) struct Scale {
    of: BTreeMap<ProductCode, i64>,
    /// A base unit of any product, in points of a level that counts base units.
    pub weight: i64,
}

impl Scale {
    /// Whether a unit of flow of every product still counts in a level that counts base units.
    pub fn tells_units(&self) -> bool {
        self.of.values().all(|parts| *parts <= self.weight)
    }

    /// Units of flow to a base unit of a product.
    pub fn of_product(&self, product: &ProductCode) -> i64 {
        self.of.get(product).copied().unwrap_or(1)
    }

    /// The scale of a plan, of at most so many parts, and whether no maker takes more of its input than flows through it.
    pub fn of(plan: &Plan<'_>, most_parts: i64) -> (Self, bool) {
        let pairs = || {
            plan.pairs.pairs.iter().map(|pair| {
                let offer = plan.pairs.offers[pair.offer as usize].offer;
                (&offer.terms.product, &plan.pairs.slots[pair.slot as usize].need.terms.product)
            })
        };
        let makers = plan.makers.iter().flat_map(|maker| [maker.product, &maker.input.product]);
        // Whatever has no pair flows nowhere.
        let classes = Classes::new(pairs().flat_map(|(a, b)| [a, b]).chain(makers), pairs());
        let uses: Vec<Use> = plan
            .makers
            .iter()
            .map(|maker| Use {
                input: classes.of(&maker.input.product),
                output: classes.of(maker.product),
                units: maker.input.units.units(),
                per: maker.input.per.units(),
            })
            .collect();
        // From what ends as itself to what goes into it.
        let order = order(classes.count, &uses);
        let whole = |parts: i64| {
            let mut of = vec![parts; classes.count];
            for class in &order {
                let needed = uses.iter().filter(|one| one.input == *class);
                let of_class = needed.map(|one| {
                    let flow = i128::from(one.per) * i128::from(of[one.output]);
                    i64::try_from(flow / i128::from(one.units) + i128::from(flow % i128::from(one.units) > 0))
                });
                if let Some(most) = of_class.map(|parts| parts.unwrap_or(i64::MAX)).max() {
                    of[*class] = most;
                }
            }
            of
        };
        let exact = |of: &[i64]| {
            uses.iter().all(|one| {
                i128::from(one.units) * i128::from(of[one.input]) == i128::from(one.per) * i128::from(of[one.output])
            })
        };
        let parts = parts(&order, &uses, classes.count).min(most_parts);
        let of = whole(parts);
        let one_ratio = exact(&of);
        let weight = of.iter().try_fold(1_i64, |all, one| {
            let common = (all / gcd(all, *one)).checked_mul(*one)?;
            (common <= MOST_WEIGHT).then_some(common)
        });
        let of = classes.products.iter().map(|(product, class)| (product.clone(), of[*class])).collect();
        (Self { of, weight: weight.unwrap_or(MOST_WEIGHT) }, one_ratio)
    }
}

/// What goes into what, in classes.
struct Use {
    input: usize,
    output: usize,
    units: i64,
    per: i64,
}

/// The smallest number of parts for which every class has a whole number of units of flow, as far as it is not too large.
fn parts(order: &[usize], uses: &[Use], count: usize) -> i64 {
    // Each class as a fraction of what ends as itself: the largest that a use asks for.
    let mut of: Vec<(i128, i128)> = vec![(1, 1); count];
    let mut common: i128 = 1;
    for class in order {
        let asked = uses.iter().filter(|one| one.input == *class).map(|one| {
            let (above, below) = of[one.output];
            let (above, below) = (above * i128::from(one.per), below * i128::from(one.units));
            let shared = gcd(above, below);
            (above / shared, below / shared)
        });
        let Some(most) = asked.max_by(|a, b| (a.0 * b.1).cmp(&(b.0 * a.1))) else { continue };
        if most.0.max(most.1) > 1 << 40 {
            return MOST_PARTS;
        }
        of[*class] = most;
        common = common / gcd(common, most.1) * most.1;
        if common > i128::from(MOST_PARTS) {
            return MOST_PARTS;
        }
    }
    i64::try_from(common).unwrap_or(MOST_PARTS)
}

/// Classes that go into others, each after all that it goes into.
fn order(count: usize, uses: &[Use]) -> Vec<usize> {
    let (mut done, mut order) = (vec![false; count], Vec::new());
    loop {
        let ready = |class: &usize| !done[*class] && uses.iter().all(|one| one.input != *class || done[one.output]);
        let next: Vec<usize> = (0..count).filter(ready).collect();
        if next.is_empty() {
            return order;
        }
        next.iter().for_each(|class| done[*class] = true);
        order.extend(next);
    }
}

/// Products that may stand for each other.
pub(super) struct Classes {
    pub products: BTreeMap<ProductCode, usize>,
    pub count: usize,
}

impl Classes {
    /// Those of these products, where some stand for each other.
    pub fn new<'p>(
        products: impl IntoIterator<Item = &'p ProductCode>,
        stand_ins: impl IntoIterator<Item = (&'p ProductCode, &'p ProductCode)>,
    ) -> Self {
        let all: BTreeSet<&ProductCode> = products.into_iter().collect();
        let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let place: BTreeMap<&ProductCode, u32> = all.iter().enumerate().map(|(at, one)| (*one, number(at))).collect();
        let mut joined = Components::new(number(place.len()));
        for (a, b) in stand_ins {
            if let Some((a, b)) = place.get(a).zip(place.get(b)) {
                joined.join(*a, *b);
            }
        }
        let (of, count) = joined.numbered();
        let products = place.into_iter().map(|(product, at)| (product.clone(), of[at as usize] as usize)).collect();
        Self { products, count: count as usize }
    }

    /// The class of a product of the market.
    pub fn of(&self, product: &ProductCode) -> usize {
        self.products.get(product).copied().unwrap_or(0)
    }
}

pub(super) fn gcd<T: Copy + PartialEq + Default + std::ops::Rem<Output = T>>(a: T, b: T) -> T {
    if b == T::default() { a } else { gcd(b, a % b) }
}
