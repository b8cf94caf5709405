//! The index against a naive reckoning, against itself rebuilt, and against readers who want to know more.

mod attacks;
mod cases;
mod changes;
mod draw;
mod exact;
mod oracle;
mod places;
mod shortages;
mod world;
