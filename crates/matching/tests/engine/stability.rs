//! The same bytes whatever the threads and the order of input; no promise is broken at any size.

use domain::market::Market;
use matching::{Control, allocate, verify};

use crate::small_markets::{Shape, gaps_are_honest, market, parameters, rules};

const SHAPE: Shape = Shape {
    offers: 40,
    needs: 40,
    most_units: 30,
    lines: true,
    commitments: true,
    min_orders: true,
    few_suppliers: true,
    suggestions: true,
};

fn bytes(market: &Market, threads: usize) -> String {
    let parameters = parameters();
    let outcome = allocate(&rules(market, &parameters), &Control { threads, ..Control::default() }).unwrap();
    serde_json::to_string(&outcome).unwrap()
}

#[test]
fn one_thread_and_many_give_the_same_bytes() {
    for seed in 0..20 {
        let market = market(seed, SHAPE);
        assert_eq!(bytes(&market, 1), bytes(&market, 4));
    }
}

#[test]
fn mat_08_the_order_of_input_does_not_matter() {
    for seed in 0..20 {
        let straight = market(seed, SHAPE);
        let mut turned = straight.clone();
        turned.offers.reverse();
        turned.needs.reverse();
        turned.sort();
        assert_eq!(bytes(&straight, 2), bytes(&turned, 2));
    }
}

#[test]
fn larger_markets_verify_with_minimum_orders() {
    let parameters = parameters();
    let mut closed = 0;
    for seed in 100..160 {
        let market = market(seed, SHAPE);
        let rules = rules(&market, &parameters);
        let outcome = allocate(&rules, &Control::default()).unwrap();
        verify(&rules, &outcome).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        assert!(gaps_are_honest(&outcome));
        closed += outcome.proof.closed.len();
    }
    assert!(closed > 0, "some smallest order must bind");
}

#[test]
fn a_run_can_be_cancelled() {
    let market = market(1, SHAPE);
    let parameters = parameters();
    let cancel = std::sync::atomic::AtomicBool::new(true);
    let control = Control { cancel: Some(&cancel), ..Control::default() };
    assert_eq!(allocate(&rules(&market, &parameters), &control).unwrap_err(), matching::MatchingError::Cancelled);
}

#[test]
fn a_run_can_be_cancelled_while_it_solves() {
    let (market, parameters) = (market(1, SHAPE), parameters());
    let cancel = std::sync::atomic::AtomicBool::new(false);
    let heard = |step| {
        if let matching::Step::Solving(done, all) = step {
            assert!(done < all, "it was cancelled before the end");
            cancel.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    };
    let control = Control { threads: 1, cancel: Some(&cancel), progress: Some(&heard) };
    assert_eq!(allocate(&rules(&market, &parameters), &control).unwrap_err(), matching::MatchingError::Cancelled);
}
