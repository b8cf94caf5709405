//! Whether the keys of outside issuers can be had.

use app::{
    doctor::Finding,
    outside::{self, SourceError},
};

use crate::{
    config::Settings,
    issuers::{IssuerSetting, KeyPlace},
};

/// Asks each issuer once, one finding an issuer.
pub(super) async fn look(settings: &Settings) -> Vec<Finding> {
    let mut found = Vec::new();
    for setting in &settings.outside_issuers {
        found.push(ask(setting).await);
    }
    found
}

async fn ask(setting: &IssuerSetting) -> Finding {
    let check = "outside issuer";
    let issuer = &setting.issuer.issuer;
    let (place, remedy) = match &setting.keys {
        KeyPlace::Address(url) => {
            // What stands behind a question mark may be a secret.
            (
                url.split('?').next().unwrap_or_default().to_owned(),
                "open that address from this machine, and correct jwks_url in muster.toml",
            )
        }
        KeyPlace::File(path) => (
            path.display().to_string(),
            "put the issuer's JSON Web Key Set there, and correct jwks_file in muster.toml",
        ),
    };
    let source = match setting.keys.open() {
        Ok(source) => source,
        Err(fault) => return Finding::fault(check, format!("{issuer}: {fault:#}"), remedy),
    };
    match outside::look(source.as_ref()).await {
        Ok(keys) => {
            let organisations = setting.issuer.organisations().len();
            Finding::sound(check, format!("{issuer}: usable keys at {place}: {keys}; organisations: {organisations}"))
        }
        // What holds for a while without it is no fault of this installation.
        Err(fault @ SourceError::Unreachable(_)) if matches!(setting.keys, KeyPlace::Address(_)) => {
            Finding::warning(check, format!("{issuer}: {place} {fault}"), remedy)
        }
        Err(fault) => Finding::fault(check, format!("{issuer}: {place} {fault}"), remedy),
    }
}
