//! No result breaks a promise of the market: never over capacity at any date, over a line on any day,
//! over a need, below a smallest order, nor an ineligible pair.

use proptest::prelude::*;

use crate::{
    FLOW, LIMITED, bytes, cases,
    markets::draw,
    networks,
    runs::{ODD, run},
};

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn flows_keep_the_ledger_and_are_optimal(bytes in bytes()) {
        let (market, parameters) = draw(&bytes, FLOW);
        let outcome = run(&market, &parameters).unwrap();
        let tiers = outcome.levels.iter().filter(|l| l.name.starts_with("tier") || l.name == "promised");
        prop_assert!(tiers.clone().count() == 5 && tiers.clone().all(|l| l.gap == Some(0)), "{:?}", outcome.levels);
    }

    #[test]
    fn smallest_orders_and_numbers_of_suppliers_keep_the_ledger(bytes in bytes()) {
        let (market, parameters) = draw(&bytes, LIMITED);
        prop_assert!(run(&market, &parameters).is_some());
    }

    #[test]
    fn odd_markets_keep_the_ledger(bytes in bytes()) {
        let (market, parameters) = draw(&bytes, ODD);
        run(&market, &parameters);
    }
}

proptest! {
    #![proptest_config(cases(4_000))]

    #[test]
    fn networks_are_solved_certified_and_bounded(bytes in bytes()) {
        networks::check(&bytes);
    }
}
