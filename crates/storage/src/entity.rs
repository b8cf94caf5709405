//! The tables as sea-orm sees them; nothing outside of this crate does.
//!
//! Lists and terms that only the domain reads are JSON text (ADR 0011).

pub mod api_key;
pub mod audit_entry;
pub mod border_rule;
pub mod boundary;
pub mod certificate_kind;
pub mod conversion;
pub mod country;
pub mod feature;
pub mod former_organisation;
pub mod grade;
pub mod grade_rule;
pub mod idempotent_request;
pub mod identifier;
pub mod import;
pub mod instalment;
pub mod legal_frame;
pub mod line;
pub mod link;
pub mod mail;
pub mod match_row;
pub mod membership;
pub mod need;
pub mod offer;
pub mod organisation;
pub mod person;
pub mod place_load;
pub mod postcode;
pub mod process_step;
pub mod product;
pub mod product_certificate;
pub mod product_feature;
pub mod proof;
pub mod refresh_token;
pub mod refusal;
pub mod region;
pub mod retired_region;
pub mod role;
pub mod run;
pub mod scheme;
pub mod session;
pub mod shortage;
pub mod site;
pub mod snapshot;
pub mod unit;
