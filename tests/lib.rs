//! The black-box suite lives in `main.rs`; this crate has no code of its own.
