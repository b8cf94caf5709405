//! The words and rules of the market: ids, quantities, units, time, regions, the catalogue,
//! organisations, offers, needs, matches, and the ordered predicates that say who may serve whom.
//!
//! No I/O, no async, no database, no HTTP. Values of these types are valid by construction: the
//! `*Input` structs carry what people typed, and `*Terms` exist only after every check passed.

pub mod ability;
pub mod alert;
pub mod api_key;
pub mod area;
pub mod audit;
pub mod calendar;
pub mod call;
pub mod capacity;
pub mod catalogue;
pub mod certificate;
pub mod chain;
pub mod claim;
pub mod cluster;
pub mod code;
pub mod conversion;
pub mod decimal;
pub mod digest;
pub mod disclosure;
pub mod eligibility;
pub mod email;
pub mod event;
pub mod evidence;
pub mod fairness;
pub mod feature;
pub mod freshness;
pub mod geo;
pub mod identifier;
pub mod ids;
pub mod line;
pub mod link;
pub mod mandate;
pub mod market;
pub mod matches;
pub mod membership;
pub mod mode;
pub mod need;
pub mod notified_body;
pub mod offer;
pub mod organisation;
pub mod parameters;
pub mod person;
pub mod postcode;
pub mod price;
pub mod quantity;
pub mod quarantine;
pub mod questionnaire;
pub mod rate;
pub mod region;
pub mod review;
pub mod schedule;
pub mod text;
pub mod time;
mod typed;
pub mod unit;
pub mod urgency;
pub mod violation;
