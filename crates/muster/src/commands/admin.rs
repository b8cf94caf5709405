//! `muster admin`: people who run the service.

use anyhow::{Result, anyhow};
use app::{access::Caller, people};
use serde_json::json;

use crate::{
    Ended,
    cli::Format,
    config::Settings,
    output,
    service::{Catalogue, Service},
};

/// Makes a person who runs the service and prints a link that sets the password.
pub(super) async fn create(settings: &Settings, email: &str, name: &str, format: Format) -> Result<Ended> {
    let service = Service::open(settings, Catalogue::Ensure).await?;
    let made = people::create_operator(&service.app, &Caller::command_line(), email, name).await;
    let link = made.map_err(|fault| anyhow!("the person cannot be made: {fault}"))?;
    let link = people::shown(&link);
    match format {
        Format::Json => output::print_json(&json!({ "link": link }))?,
        Format::Table | Format::Csv => {
            output::print(link)?;
            output::complain("open it within 24 hours, while the service runs; it works once and sets the password");
        }
    }
    Ok(Ended::Done)
}
