//! Other people's formats, in and out: no I/O beyond the embedded seed files.

pub mod boundaries;
pub mod encoding;
pub mod export;
pub mod notified_bodies;
pub mod number;
pub mod phrase;
pub mod postcodes;
pub mod reports;
pub mod safe_csv;
pub mod seeds;
pub mod tables;
