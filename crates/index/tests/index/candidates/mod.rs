//! Candidates against the domain's own judgement, offer by offer.

mod audience;
mod cases;
mod causes;
pub mod draw;
mod exact;
pub mod laws;
mod oracle;
