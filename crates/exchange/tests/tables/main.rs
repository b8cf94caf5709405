//! Files of offers and needs through the reader, by the cases of the field, against the shipped
//! catalogue and regions.

mod columns;
// `cfg(test)` tells clippy that unwrapping is fine in them outside test functions too.
#[cfg(test)]
mod fixture;
mod formats;
#[cfg(test)]
mod garbled;
#[cfg(test)]
mod getusppe;
mod needs;
mod places;
mod rows;
