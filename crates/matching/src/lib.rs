//! .
pub mod flow;
