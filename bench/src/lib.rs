//! What the benchmark program and the micro-benchmarks share: instances, solving them plainly, and how results are said.

pub mod fair;
pub mod floor;
pub mod instances;
pub mod machine;
pub mod plain;
pub mod plot;
pub mod problem;
pub mod report;
pub mod section;
