//! What fairness between regions brings, and what it costs, on a market where regions differ by luck.

use std::{collections::BTreeMap, time::Instant};

use anyhow::{Context, Result, ensure};
use domain::{
    capacity::CapacityProfile,
    disclosure::Disclosure,
    eligibility::Rules,
    geo::Point,
    market::Market,
    need::Urgency,
    parameters::{Fairness, Mode, Parameters},
    quantity::{Measure, Quantity},
    unit::BaseUnit,
};
use matching::{Control, Outcome, allocate, verify};
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

use crate::{
    market,
    report::{Bar, Row, Sense, number},
};

/// Hundredths of what is asked for that offers have in stock: so scarce that without fairness the smallest
/// shares are about 0.44 in the mean, which is where the bar of 0.77 starts from.
const OFFERED: i64 = 80;
/// How far an offer delivers, in kilometres: to about 50 of the 250 needs of its product.
const REACH_KM: u32 = 560;

/// Runs with and without fairness on 10,000 offers and 5,000 needs of 20 products, whose sites lie anywhere
/// in a square of 2,100 km and belong to 27 regions at random.
pub fn row() -> Result<Row> {
    let (catalogue, regions) = exchange::seeds::tables().context("the seeds do not load")?;
    let size = market::Size { offers: 10_000, needs: 5_000, products: 20, weeks: 8, regions: 27, seed: 1 };
    let mut market = market::random(&size, &catalogue, &regions)?;
    scatter(&mut market)?;
    let outcome = |fairness: Fairness| -> Result<Outcome> {
        let parameters = Parameters { fairness, ..Parameters::of(Mode::Standard) };
        let rules = Rules { market: &market, catalogue: &catalogue, regions: &regions, parameters: &parameters };
        let outcome = allocate(&rules, &Control::default())?;
        verify(&rules, &outcome).map_err(|fault| anyhow::anyhow!("the check failed: {fault}"))?;
        Ok(outcome)
    };
    let without = outcome(Fairness::Off)?;
    let start = Instant::now();
    let with = outcome(Parameters::default().fairness)?;
    let spent = start.elapsed();
    ensure!(without.figures.eligible_pairs == with.figures.eligible_pairs, "the runs saw different markets");
    let [before, after] = [&without, &with].map(|outcome| smallest_shares(&market, outcome));
    let [near, far] = [&without, &with].map(distance_per_unit);
    let mut row = Row {
        case: "what fairness brings, 10k x 5k, 20 products, 27 random regions".to_owned(),
        size: format!("{} pairs", bench::instances::short(usize::try_from(with.figures.eligible_pairs)?)),
        note: format!(
            "whole run and check; mean over products of the smallest regional share {} without and {} with fairness; \
             {} and {} km for a unit; {} units covered by both",
            number(before),
            number(after),
            number(near),
            number(far),
            with.figures.covered
        ),
        ..Row::default()
    };
    row.ours.add(spent);
    if without.figures.covered != with.figures.covered {
        let (one, other) = (without.figures.covered, with.figures.covered);
        row.faults.push(format!("{one} units covered without fairness, {other} with it"));
    }
    row.bars.push(Bar {
        unit: "mean smallest regional share".to_owned(),
        wanted: 0.77,
        stretch: None,
        sense: Sense::AtLeast,
        got: Some(after),
    });
    row.bars.push(Bar {
        unit: "times the distance per unit".to_owned(),
        wanted: 1.13,
        stretch: None,
        sense: Sense::AtMost,
        got: Some(far / near),
    });
    Ok(row)
}

/// Puts every site anywhere in the square, and leaves of supply only stock, of needs only one urgency.
pub fn scatter(market: &mut Market) -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let pieces = |units| anyhow::Ok(Measure::of(Quantity::new(units).context("a quantity")?, BaseUnit::Piece));
    let asked: i64 = market.needs.iter().flat_map(|n| &n.instalments).map(|i| i.measure.quantity.units()).sum();
    let mean = asked * OFFERED / 100 / i64::try_from(market.offers.len())?;
    for offer in &mut market.offers {
        let stock = pieces(rng.random_range(0..=2 * mean))?;
        offer.terms.profile = CapacityProfile { stock, running: None, ..offer.terms.profile.clone() };
        offer.terms.max_distance_km = Some(REACH_KM);
        // Judged by its place; needs are judged by their regions' points.
        offer.terms.disclosure = Disclosure::exact_place();
        offer.terms.lead_days = 0;
    }
    let due = market.day.plus(60);
    for need in &mut market.needs {
        need.terms.urgency = Urgency::ALL[0];
        need.instalments.iter_mut().for_each(|instalment| instalment.due = due);
    }
    for site in market.sites.values_mut() {
        // About 2,100 km either way around 50 degrees north.
        site.point = Point::new(rng.random_range(40_550_000..59_450_000), rng.random_range(-14_700_000..14_700_000));
    }
    Ok(())
}

/// Of each product the smallest share that a region gets of what it asks; the mean over products.
fn smallest_shares(market: &Market, outcome: &Outcome) -> f64 {
    let regions: BTreeMap<_, _> =
        market.needs.iter().map(|n| (n.id, (&n.terms.product, market.sites[&n.site].region.as_ref()))).collect();
    let mut groups: BTreeMap<_, [i64; 2]> = BTreeMap::new();
    for need in &market.needs {
        let units: i64 = need.instalments.iter().map(|i| i.measure.quantity.units()).sum();
        groups.entry(regions[&need.id]).or_default()[0] += units;
    }
    for line in &outcome.lines {
        groups.entry(regions[&line.need]).or_default()[1] += line.quantity.units();
    }
    let mut smallest: BTreeMap<_, f64> = BTreeMap::new();
    for ((product, _), [asked, given]) in groups {
        let share = fraction(given) / fraction(asked).max(1.0);
        smallest.entry(product).and_modify(|least| *least = least.min(share)).or_insert(share);
    }
    let count = smallest.len();
    smallest.into_values().sum::<f64>() / f64::from(u32::try_from(count).unwrap_or(u32::MAX)).max(1.0)
}

/// Kilometres that a unit travels, in the mean.
fn distance_per_unit(outcome: &Outcome) -> f64 {
    let units: i64 = outcome.lines.iter().map(|l| l.quantity.units()).sum();
    let travelled: i64 =
        outcome.lines.iter().map(|l| l.quantity.units() * i64::from(l.eligible.distance_km.unwrap_or_default())).sum();
    fraction(travelled) / fraction(units).max(1.0)
}

#[expect(clippy::cast_precision_loss, reason = "sums of units and kilometres for a share that is shown to two digits")]
fn fraction(units: i64) -> f64 {
    units as f64
}
