//! The database, and what is in it.

use app::{
    doctor::{self, Finding},
    outside::OutsideIssuer,
};
use domain::time::Clock;
use storage::Store;

use crate::{clock::SystemClock, config::Settings, data_folder::DataFolder, service};

/// Looks at the database as of the time that the data folder tells.
pub(super) async fn look(settings: &Settings, data: Option<&DataFolder>) -> Vec<Finding> {
    let check = "database";
    if settings.database.path().is_some_and(|path| !path.is_file()) {
        let detail = format!("{} is not there", settings.database);
        return vec![Finding::fault(
            check,
            detail,
            "check --database and the data folder, or make it with `muster migrate`",
        )];
    }
    let store = match Store::open_to_look(&settings.database).await {
        Ok(store) => store,
        Err(fault) => {
            let detail = format!("{} cannot be reached: {}", settings.database, service::reason(&fault));
            let remedy = "start the database, and check --database or MUSTER_DATABASE_URL";
            return vec![Finding::fault(check, detail, remedy)];
        }
    };
    // A mark that cannot be read is told of the folder.
    let clock = data.and_then(|folder| folder.clock().ok());
    let now = clock.map_or_else(|| SystemClock.now(), |clock| clock.now());
    let issuers: Vec<&OutsideIssuer> = settings.outside_issuers.iter().map(|of| &of.issuer).collect();
    let found = doctor::examine(&store, &issuers, now).await;
    // It was only looked at: what is not closed in order harms nothing.
    let _ = store.close().await;
    found
}
