//! The same bytes come out whatever the threads, the order in which the market was filled, and how
//! often it is run.

use domain::{market::Market, parameters::Parameters};
use matching::{Control, allocate};
use proptest::prelude::*;

use crate::{LIMITED, bytes, cases, choices::Choices, markets::draw, world::rules};

fn result(market: &Market, parameters: &Parameters, threads: usize) -> String {
    let outcome = allocate(&rules(market, parameters), &Control { threads, ..Control::default() }).unwrap();
    serde_json::to_string(&outcome).unwrap()
}

fn shuffle<T>(list: &mut [T], choices: &mut Choices<'_>) {
    for at in (1..list.len()).rev() {
        list.swap(at, usize::from(choices.byte()) % (at + 1));
    }
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn threads_order_and_repetition_change_no_byte(bytes in bytes(), order in bytes()) {
        let (market, parameters) = draw(&bytes, LIMITED);
        let first = result(&market, &parameters, 1);
        for threads in [2, 7, 0, 1] {
            prop_assert_eq!(&result(&market, &parameters, threads), &first, "{} threads", threads);
        }
        let mut choices = Choices::new(&order);
        let mut filled_otherwise = market.clone();
        shuffle(&mut filled_otherwise.offers, &mut choices);
        shuffle(&mut filled_otherwise.needs, &mut choices);
        shuffle(&mut filled_otherwise.commitments, &mut choices);
        shuffle(&mut filled_otherwise.suggestions, &mut choices);
        filled_otherwise.sort();
        prop_assert_eq!(&result(&filled_otherwise, &parameters, 3), &first, "another order");
        // A market that was stored and read again.
        let read: Market = serde_json::from_str(&serde_json::to_string(&market).unwrap()).unwrap();
        prop_assert_eq!(&result(&read, &parameters, 1), &first, "read again");
    }
}
