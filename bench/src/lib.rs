//! What the benchmark program and the micro-benchmarks share: instances, and solving them plainly.

pub mod fair;
pub mod floor;
pub mod instances;
pub mod plain;
pub mod problem;
