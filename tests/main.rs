//! The black-box suite: one binary, one file a resource, every test on SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod api_keys;
mod audit;
mod bad_input;
mod call_rules;
mod calls;
mod catalogue;
mod certificates;
mod changes;
mod database;
mod disclosure;
mod docs;
mod entries;
mod evaluations;
mod evidence;
mod explanations;
mod feed;
mod forms;
mod health;
mod http;
mod idempotency;
mod imports;
mod ledger;
mod lifecycle;
mod matching;
mod memberships;
mod needs;
mod offers;
mod openapi;
mod organisation_changes;
mod organisations;
mod outside_issuers;
mod pages;
mod people;
mod permissions;
mod places;
mod rates;
mod reviews;
mod run_schedule;
mod runs;
mod sites;
mod socket;
mod streams;
mod tokens;
mod urgency;
