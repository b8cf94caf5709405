//! The program as people run it, and the demo market it brings.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod auditing;
mod capacity;
mod command;
mod configuration;
mod demo_command;
mod demo_market;
mod demo_stored;
mod doctoring;
mod getusppe;
mod help;
mod importing;
mod lookup;
mod market;
mod matching_command;
mod matching_guide;
mod merging;
mod outside;
mod people;
mod places;
mod proving;
mod racing;
mod scheduling;
mod serving;
