//! `muster openapi`.

use anyhow::Result;

use crate::{Ended, output};

/// Prints the document of the HTTP API; it needs no data folder.
pub(super) fn run() -> Result<Ended> {
    output::print_json(&api::openapi())?;
    Ok(Ended::Done)
}
