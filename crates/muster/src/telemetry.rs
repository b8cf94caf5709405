//! Logging, to standard error alone.

use anyhow::{Context, Result};
use tracing_subscriber::EnvFilter;

/// Starts logging with a filter, or the default of the command.
pub(crate) fn start(filter: Option<&str>, default: &str) -> Result<()> {
    let words = filter.unwrap_or(default);
    let filter = EnvFilter::try_new(words)
        .with_context(|| format!("{words:?} is no log filter; write e.g. info or warn,api=debug"))?;
    // Set already only where a test started two commands in one process; the first one's holds.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
    Ok(())
}
