//! The hash that binds a result to the market, tables and parameters it came from.

use std::io::Write;

use domain::{
    digest::{Digest, Hasher},
    eligibility::Rules,
    time::Day,
};
use serde::Serialize;

use crate::outcome::{NodeLabel, Outcome, Potentials, Proof};

/// Digests of market, catalogue and regions.
pub(crate) type Seen = [Digest; 3];

/// What a run sees besides its parameters. A market takes a while, so it can be digested beside other work.
pub(crate) fn seen(rules: &Rules<'_>) -> Seen {
    [Digest::of_json(rules.market), rules.catalogue.digest(), rules.regions.digest()]
}

/// SHA-256 in hex over the canonical JSON of parameters and outcome, the hash left out; the potentials,
/// which are most of it, as bytes; and the digests of market, catalogue and regions.
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
    let proved = (named, line_outputs, unserved, closed, raised, estimates, plain, cuts);
    let mut sink = Hasher::default();
    let mut texts = serde_json::Serializer::new(&mut sink);
    // Writing to a hasher cannot fail, and every key of these maps is text.
    let written = decided.serialize(&mut texts).and_then(|()| proved.serialize(&mut texts));
    debug_assert!(written.is_ok());
    potentials.iter().for_each(|node| take_in(node, &mut sink));
    for digest in seen {
        let written = write!(sink, "{digest}");
        debug_assert!(written.is_ok());
    }
    sink.end().to_string()
}

/// Takes in a node: its kind, its identifiers, how many values it has, and the values, all little-endian.
fn take_in(node: &Potentials, sink: &mut Hasher) {
    let (kind, id, day) = match node.label {
        NodeLabel::Stock { offer } => (0, offer.0, None),
        NodeLabel::Output { offer, by } => (1, offer.0, Some(by)),
        NodeLabel::Line { line, by } => (2, line.0, Some(by)),
        NodeLabel::Instalment { instalment } => (3, instalment.0, None),
        NodeLabel::Commitment { match_id } => (4, match_id.0, None),
        NodeLabel::Share { instalment } => (5, instalment.0, None),
    };
    let mut bytes = vec![kind];
    bytes.extend(id.as_bytes());
    bytes.extend(day.map_or(0, Day::number).to_le_bytes());
    bytes.extend((node.values.len() as u64).to_le_bytes());
    bytes.extend(node.values.iter().flat_map(|value| value.to_le_bytes()));
    let written = sink.write_all(&bytes);
    debug_assert!(written.is_ok());
}
