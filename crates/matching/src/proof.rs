//! The hash that binds a result to the market, tables and parameters it came from.

use std::io::Write;

use domain::{
    digest::{Digest, Hasher},
    eligibility::Rules,
};
use serde::Serialize;

use crate::outcome::{Outcome, Proof};

/// Digests of market, catalogue and regions.
pub(crate) type Seen = [Digest; 3];

/// What a run sees besides its parameters. A market takes a while, so it can be digested beside other work.
pub(crate) fn seen(rules: &Rules<'_>) -> Seen {
    [Digest::of_json(rules.market), rules.catalogue.digest(), rules.regions.digest()]
}

/// SHA-256 in hex over the digests of market, catalogue and regions, and the canonical JSON of
/// parameters and outcome, the hash left blank.
pub fn hash(rules: &Rules<'_>, outcome: &Outcome) -> String {
    hash_of(&seen(rules), rules, outcome)
}

/// As [`hash`], of what was digested before.
pub(crate) fn hash_of(seen: &Seen, rules: &Rules<'_>, outcome: &Outcome) -> String {
    // Taken apart in full, so that a field added later cannot be left out.
    let Outcome { engine, day, lines, shortages, levels, shares, figures, proof } = outcome;
    let Proof { hash: _, levels: named, potentials, line_outputs, unserved, closed, raised, estimates, plain, cuts } =
        proof;
    let decided = (rules.parameters, engine, day, lines, shortages, levels, shares, figures);
    let proved = (named, potentials, line_outputs, unserved, closed, raised, estimates, plain, cuts);
    let mut sink = Hasher::default();
    let mut texts = serde_json::Serializer::new(&mut sink);
    // Writing to a hasher cannot fail, and every key of these maps is text.
    let written = decided.serialize(&mut texts).and_then(|()| proved.serialize(&mut texts));
    debug_assert!(written.is_ok());
    for digest in seen {
        let written = write!(sink, "{digest}");
        debug_assert!(written.is_ok());
    }
    sink.end().to_string()
}
