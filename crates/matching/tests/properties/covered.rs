//! In a flow network no level after another lowers what is covered in all: who comes first, what is
//! fair, near or kept decides who gets the units, never how many there are.

use domain::parameters::{Fairness, FairnessGroup, Level, Mode, Parameters};
use proptest::prelude::*;

use crate::{FLOW, bytes, cases, markets::draw, runs::run};

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn tiers_fairness_and_modes_leave_the_units_covered_as_they_are(bytes in bytes()) {
        let (market, drawn) = draw(&bytes, FLOW);
        let covered = |parameters: &Parameters| {
            let outcome = run(&market, parameters).unwrap();
            let uncovered: i64 = outcome.shortages.iter().map(|s| s.uncovered).sum();
            prop_assert_eq!(outcome.figures.covered, outcome.figures.demand - uncovered);
            Ok(uncovered)
        };
        let uncovered = covered(&drawn)?;
        for level in [Level::Urgency, Level::Fairness, Level::Stability, Level::Cost, Level::Deliveries] {
            let without = Parameters { without_levels: [level].into(), ..drawn.clone() };
            prop_assert_eq!(covered(&without)?, uncovered, "without {}", level.as_str());
        }
        let by = [FairnessGroup::Region, FairnessGroup::Organisation, FairnessGroup::Need];
        let fair = by.map(|by| Fairness::MaxMin { by, dial: 1_000 });
        for fairness in fair.into_iter().chain([Fairness::Off, Fairness::Shares]) {
            let other = Parameters { fairness, ..drawn.clone() };
            prop_assert_eq!(covered(&other)?, uncovered, "{:?}", fairness);
        }
        for mode in Mode::ALL {
            let of = Parameters::of(mode);
            let other = Parameters { mode, fairness: of.fairness, weights: of.weights, ..drawn.clone() };
            prop_assert_eq!(covered(&other)?, uncovered, "{}", mode.as_str());
        }
    }
}
