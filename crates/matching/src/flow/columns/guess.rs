//! Where to begin: a solution of the market with neighbours taken together.
//!
//! Where goods travel far, a demand's cheapest pairs carry nothing, and their potentials say little of the others. A
//! market with one point for some eight neighbours is solved first, itself begun from a smaller one. Its potentials tell which
//! pairs are low, and the members of what it uses make a flow that is nearly as good (Schmitzer, "A sparse multiscale
//! algorithm for dense optimal transport", J. Math. Imaging Vis. 56 (2016)). Nothing depends on it but the work.
//! Measured at 6,000 x 3,000 with supplies in the west: half the rounds, two thirds of the columns, and 60 % of the time
//! of what the potentials alone give.

use super::pricing::Pricing;
use super::{Column, ColumnsError, Control, Demand, Draft, Effort, Space, place, solve};

/// The place of each point in the coarser market.
struct Places {
    supplies: Vec<u32>,
    demands: Vec<u32>,
}

/// The first columns of a draft: the lowest ones by the potentials of the coarser market, and those of which its flow is
/// made. Each once.
pub(super) fn first_columns<S: Space>(
    draft: &Draft<'_, S>,
    pricing: &Pricing,
    effort: &Effort,
    control: &mut Control<'_>,
) -> Result<Vec<Column>, ColumnsError> {
    let mut potentials = vec![vec![0; draft.demand_node(draft.demands.len())]; draft.tiers + 2];
    let mut columns = Vec::new();
    let smaller = (draft.pairs() > effort.small).then(|| coarser(draft, pricing));
    // Where every ball is a single point, nothing gets smaller.
    if let Some((mut coarse, places)) = smaller.filter(|(coarse, _)| coarse.spots() < draft.spots()) {
        let (solution, _) = solve(&mut coarse, effort, control)?;
        for (level, known) in potentials.iter_mut().zip(solution.potentials()) {
            let (supplies, demands) = level[1..].split_at_mut(places.supplies.len());
            let supply = |at: u32| known[1 + at as usize];
            let demand = |at: u32| known[coarse.demand_node(at as usize)];
            supplies.iter_mut().zip(&places.supplies).for_each(|(slot, at)| *slot = supply(*at));
            demands.iter_mut().zip(&places.demands).for_each(|(slot, at)| *slot = demand(*at));
        }
        columns = members_of_flow(draft, &coarse, &places, &solution.flows);
    }
    let potentials: Vec<&[i64]> = potentials.iter().map(Vec::as_slice).collect();
    columns.extend(pricing.lowest(draft, &potentials, effort.first)?);
    columns.sort_unstable();
    columns.dedup();
    Ok(columns)
}

/// The market with the points of each smallest ball at its centre; demands of different tiers stay apart.
fn coarser<'m, S: Space>(draft: &Draft<'m, S>, pricing: &Pricing) -> (Draft<'m, S>, Places) {
    let mut coarse = Draft { supplies: Vec::new(), demands: Vec::new(), columns: Vec::new(), ..*draft };
    let mut places = Places { supplies: vec![0; draft.supplies.len()], demands: vec![0; draft.demands.len()] };
    for (centre, members) in pricing.supplies.leaves() {
        let units = members.iter().map(|at| draft.supplies[*at as usize].1).sum();
        members.iter().for_each(|at| places.supplies[*at as usize] = place(coarse.supplies.len()));
        coarse.supplies.push((draft.supply(centre), units));
    }
    for (centre, members) in pricing.demands.leaves() {
        let mut of_tier: Vec<(usize, u32)> =
            members.iter().map(|at| (draft.demands[*at as usize].1.tier, *at)).collect();
        of_tier.sort_unstable();
        for members in of_tier.chunk_by(|one, other| one.0 == other.0) {
            let own = || members.iter().map(|(_, at)| draft.demands[*at as usize].1);
            let (units, points) = (own().map(|d| d.units).sum(), own().map(|d| d.points).max().unwrap_or(0));
            members.iter().for_each(|(_, at)| places.demands[*at as usize] = place(coarse.demands.len()));
            coarse.demands.push((draft.demand(centre), Demand { units, tier: members[0].0, points }));
        }
    }
    (coarse, places)
}

/// All pairs of the members of two balls of which one supplies the other.
fn members_of_flow<S: Space>(
    draft: &Draft<'_, S>,
    coarse: &Draft<'_, S>,
    places: &Places,
    flows: &[i64],
) -> Vec<Column> {
    let members = |places: &[u32], count: usize| {
        let mut members = vec![Vec::new(); count];
        (0_u32..).zip(places).for_each(|(at, place)| members[*place as usize].push(at));
        members
    };
    let supplies = members(&places.supplies, coarse.supplies.len());
    let demands = members(&places.demands, coarse.demands.len());
    let mut columns = Vec::new();
    for (pair, _) in coarse.columns.iter().zip(&flows[coarse.spots()..]).filter(|(_, units)| **units > 0) {
        for supply in &supplies[pair.supply as usize] {
            columns.extend(demands[pair.demand as usize].iter().filter_map(|demand| draft.column(*supply, *demand)));
        }
    }
    columns
}
