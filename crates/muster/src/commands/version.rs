//! `muster version`.

use std::{env, fs, process};

use anyhow::{Context, Result, anyhow};
use serde_json::json;
use storage::{DatabaseUrl, Store};

use crate::{Ended, cli::Format, output};

/// The commit the program was built from, where the build says so.
const COMMIT: Option<&str> = option_env!("MUSTER_COMMIT");

/// Prints what is running. The version of SQLite is that of the library inside the program.
pub(super) async fn run(format: Format) -> Result<Ended> {
    let sqlite = sqlite_version().await?;
    let commit = COMMIT.unwrap_or("unknown");
    let program = env!("CARGO_PKG_VERSION");
    match format {
        Format::Json => output::print_json(
            &json!({ "muster": program, "engine": matching::ENGINE, "sqlite": sqlite, "commit": commit }),
        )?,
        Format::Table | Format::Csv => {
            output::print(&format!("muster {program}\nengine {}\n{sqlite}\ncommit {commit}", matching::ENGINE))?;
        }
    }
    Ok(Ended::Done)
}

async fn sqlite_version() -> Result<String> {
    let folder = env::temp_dir().join(format!("muster-version-{}", process::id()));
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let version = async {
        let store = Store::open(&DatabaseUrl::file(&folder.join("version.db"))).await?;
        let version = store.server_version().await?;
        store.close().await?;
        Ok::<_, storage::StoreError>(version)
    };
    let version = version.await.map_err(|fault| anyhow!("SQLite cannot be asked for its version: {fault}"));
    // A folder that stays behind in the system's temporary place harms nobody.
    let _ = fs::remove_dir_all(&folder);
    version
}
