//! `muster keys`: the keys that sign tokens.

use anyhow::Result;
use app::{ids::Ids, signing_keys::SigningKeys};
use serde_json::json;

use crate::{Ended, cli::Format, config::Settings, data_folder::DataFolder, output};

/// Lets the next key sign.
pub(super) fn rotate(settings: &Settings, format: Format) -> Result<Ended> {
    let folder = DataFolder::open(&settings.data)?;
    let kid = SigningKeys::rotate(folder.path(), &Ids::random())?;
    match format {
        Format::Json => output::print_json(&json!({ "kid": kid }))?,
        Format::Table | Format::Csv => {
            output::print(&format!("the key {kid} signs from the next start on"))?;
        }
    }
    Ok(Ended::Done)
}
