//! The binary's insides: commands, configuration, wiring, the demo market.

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

mod address;
pub mod cli;
mod clock;
mod commands;
pub mod config;
mod data_folder;
pub mod demo;
pub mod issuers;
mod output;
pub mod outside;
pub mod post;
pub mod report;
mod service;
mod telemetry;

/// How a command that did not fail ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// All is done.
    Done,
    /// Done, and the report names rows that are wrong.
    RowErrors,
    /// Done, and what was looked at is not as it should be.
    Faults,
}

/// Reads the command line, runs the command and turns its end into an exit code.
pub fn main() -> ExitCode {
    let matches = cli::Cli::command().get_matches();
    let cli = match cli::Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(fault) => fault.exit(),
    };
    match commands::run(cli) {
        Ok(Ended::Done) => ExitCode::SUCCESS,
        Ok(Ended::Faults) => ExitCode::FAILURE,
        Ok(Ended::RowErrors) => ExitCode::from(3),
        // Whoever reads the output has seen enough, as `head` does.
        Err(fault) if output::is_closed_pipe(&fault) => ExitCode::SUCCESS,
        Err(fault) => {
            output::complain(&format!("error: {fault:#}"));
            ExitCode::FAILURE
        }
    }
}
