//! The hash that binds a result to the market and parameters it came from.

use domain::eligibility::Rules;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::outcome::Outcome;

/// SHA-256 in hex over the canonical JSON of market, parameters and outcome, the hash left blank.
pub fn hash(rules: &Rules<'_>, outcome: &Outcome) -> String {
    let mut sink = Sink(Sha256::new());
    let mut blank = serde_json::Serializer::new(&mut sink);
    let parts = (rules.market, rules.parameters, &outcome.engine, outcome.day, &outcome.lines);
    let proof = &outcome.proof;
    let rest = (
        &outcome.shortages,
        &outcome.levels,
        outcome.figures,
        &proof.levels,
        &proof.potentials,
        &proof.line_outputs,
        &proof.unserved,
        &proof.closed,
    );
    // Writing to a hasher cannot fail, and every key of these maps is text.
    let written = parts.serialize(&mut blank).and_then(|()| rest.serialize(&mut blank));
    debug_assert!(written.is_ok());
    sink.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

struct Sink(Sha256);

impl std::io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
