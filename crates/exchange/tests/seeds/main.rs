//! The shipped seed files against their readers, the public lists they cite, and the field cases.
#![cfg(test)]

mod broken;
mod hidden;
mod lookup;
mod phrases;
mod places;
mod public_lists;
mod shared;
mod shipped;
mod substitutions;
