//! Bytes become a network; it is refused or solved, stopped anywhere, certified, and forged.
#![no_main]

#[path = "../../crates/matching/tests/shared/choices.rs"]
mod choices;
#[path = "../../crates/matching/tests/shared/networks.rs"]
mod networks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    networks::check(bytes);
});
