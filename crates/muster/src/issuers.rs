//! The setting `outside_issuers`: whose tokens are taken besides our own, where their keys are, and whom they act for.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use anyhow::{Result, anyhow, bail, ensure};
use app::outside::{KeySource, Mapping, OutsideIssuer, OutsideIssuers, may_be_trusted};
use domain::{
    api_key::{AccessScope, AccessScopes},
    ids::OrganisationId,
};
use serde::Deserialize;

use crate::{
    address::{authority, is_here},
    outside::{AddressKeys, FileKeys},
};

/// The name of the setting.
pub(crate) const NAME: &str = "outside_issuers";
/// The most issuers.
const MOST: usize = 50;
/// The most values of a claim that are mapped.
const MOST_VALUES: usize = 10_000;

/// An issuer with where its keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerSetting {
    /// The issuer.
    pub issuer: OutsideIssuer,
    /// Where its keys are.
    pub keys: KeyPlace,
}

/// Where the keys of an issuer are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyPlace {
    /// At this URL.
    Address(String),
    /// In this file.
    File(PathBuf),
}

impl KeyPlace {
    /// What reads them.
    pub fn open(&self) -> Result<Box<dyn KeySource>> {
        Ok(match self {
            Self::Address(url) => Box::new(AddressKeys::new(url)?),
            Self::File(path) => Box::new(FileKeys::new(path)),
        })
    }
}

/// The issuers of the settings, ready to be asked.
pub(crate) fn open(settings: &[IssuerSetting]) -> Result<OutsideIssuers> {
    let opened = settings.iter().map(|of| Ok((of.issuer.clone(), of.keys.open()?)));
    Ok(OutsideIssuers::new(opened.collect::<Result<Vec<_>>>()?))
}

/// An issuer as the file writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    issuer: String,
    audience: String,
    jwks_url: Option<String>,
    jwks_file: Option<PathBuf>,
    organisation: Option<String>,
    organisation_claim: Option<String>,
    organisations: Option<BTreeMap<String, String>>,
    scopes: Option<Vec<String>>,
}

/// The issuers of a file of settings.
///
/// Errors say which of them, which field of it, and what to write.
pub(crate) fn parse(file: &toml::Table, data: &Path) -> Result<Vec<IssuerSetting>> {
    let Some(written) = file.get(NAME) else { return Ok(Vec::new()) };
    let tables = written.as_array().filter(|tables| tables.iter().all(toml::Value::is_table));
    let tables = tables.ok_or_else(|| anyhow!("the setting {NAME} is no list of tables; write [[{NAME}]]"))?;
    ensure!(tables.len() <= MOST, "the setting {NAME} has {} entries; write at most {MOST}", tables.len());
    let mut found: Vec<IssuerSetting> = Vec::new();
    for (i, table) in tables.iter().enumerate() {
        let at = |fault: anyhow::Error| anyhow!("the setting {NAME}, entry {}: {fault}", i + 1);
        let written: Written =
            table.clone().try_into().map_err(|fault: toml::de::Error| at(anyhow!("{}", fault.message())))?;
        let setting = read(written, data).map_err(at)?;
        if found.iter().any(|other| other.issuer.issuer == setting.issuer.issuer) {
            return Err(at(anyhow!("issuer {:?} stands twice; map all its tokens in one", setting.issuer.issuer)));
        }
        found.push(setting);
    }
    Ok(found)
}

fn read(written: Written, data: &Path) -> Result<IssuerSetting> {
    let Written { issuer, audience, jwks_url, jwks_file, organisation, organisation_claim, organisations, scopes } =
        written;
    ensure!(
        may_be_trusted(&issuer),
        "issuer {issuer:?} is none that can be trusted; write the iss of its tokens to the letter, such as \
         https://login.example.org"
    );
    ensure!(
        !audience.trim().is_empty(),
        "audience is blank; write what only tokens for this service have in aud, such as muster"
    );
    let keys = match (jwks_url, jwks_file) {
        (Some(url), None) => KeyPlace::Address(checked(url)?),
        (None, Some(path)) => KeyPlace::File(data.join(path)),
        (_, _) => bail!("write either jwks_url or jwks_file: where the issuer's public keys are"),
    };
    let mapping = match (organisation, organisation_claim, organisations) {
        (Some(id), None, None) => Mapping::One(organisation_of("organisation", &id)?),
        (None, Some(claim), Some(values)) => by_claim(claim, values)?,
        (_, _, _) => bail!(
            "write either organisation, for which all its tokens act, or organisation_claim and organisations, which \
             say for which each does"
        ),
    };
    let scopes = scopes_of(scopes.unwrap_or_else(|| vec!["read".to_owned()]))?;
    Ok(IssuerSetting { issuer: OutsideIssuer { issuer, audience, mapping, scopes }, keys })
}

/// An address that nobody on the way can change.
fn checked(url: String) -> Result<String> {
    let safe = url.starts_with("https://") || (url.starts_with("http://") && is_here(&url));
    let plain = url.bytes().all(|b| b.is_ascii_graphic()) && !url.contains(['#', '@']);
    ensure!(
        safe && plain && !authority(&url).is_empty(),
        "jwks_url of {:?} is no https address without user and password; write e.g. https://login.example.org/jwks.json \
         (http is for this machine alone)",
        authority(&url).rsplit('@').next().unwrap_or_default()
    );
    Ok(url)
}

fn by_claim(claim: String, values: BTreeMap<String, String>) -> Result<Mapping> {
    ensure!(!claim.is_empty(), "organisation_claim is empty; write the name of a claim, such as tenant");
    ensure!(
        (1..=MOST_VALUES).contains(&values.len()),
        "organisations has {} values; write 1 to {MOST_VALUES}, such as {{ north = \"ID\" }}",
        values.len()
    );
    let id = |(value, id): (String, String)| {
        let id = organisation_of(&format!("organisations.{value}"), &id)?;
        Ok((value, id))
    };
    Ok(Mapping::ByClaim { claim, organisations: values.into_iter().map(id).collect::<Result<_>>()? })
}

fn organisation_of(field: &str, id: &str) -> Result<OrganisationId> {
    id.parse().map(OrganisationId).map_err(|_| {
        anyhow!("{field} {id:?} is no id of an organisation; `muster org list` shows them, such as 018f0000-0000-7000-8000-000000000001")
    })
}

/// Only what an organisation's own people decide is left out: what they would make outlives the issuer.
fn scopes_of(names: Vec<String>) -> Result<AccessScopes> {
    let mut scopes = BTreeSet::new();
    for name in &names {
        match AccessScope::parse(name) {
            Some(scope @ (AccessScope::Read | AccessScope::Write)) => scopes.insert(scope),
            Some(AccessScope::Admin) => bail!(
                "scopes has \"admin\", which outside tokens cannot have: keys and roles that they gave would outlive \
                 them; write \"read\", \"write\" or both"
            ),
            None => bail!("scopes has {name:?}, which there is not; write \"read\", \"write\" or both"),
        };
    }
    AccessScopes::new(scopes).ok_or_else(|| anyhow!("scopes is empty; write \"read\", \"write\" or both"))
}

/// The issuers for people to see.
pub(crate) fn shown(issuers: &[IssuerSetting]) -> String {
    let each = |of: &IssuerSetting| format!("{} ({})", of.issuer.issuer, of.issuer.scopes);
    match issuers {
        [] => "none".to_owned(),
        some => some.iter().map(each).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "018f0000-0000-7000-8000-000000000001";

    fn parsed(text: &str) -> Result<Vec<IssuerSetting>> {
        parse(&text.parse().unwrap(), Path::new("/data"))
    }

    fn entry(lines: &[&str]) -> String {
        format!("[[outside_issuers]]\n{}\n", lines.join("\n"))
    }

    #[test]
    fn an_issuer_is_for_one_organisation_or_for_one_by_claim() {
        assert_eq!(parsed("").unwrap(), []);
        let one = entry(&[
            "issuer = \"https://a.example\"",
            "audience = \"muster\"",
            "jwks_url = \"https://a.example/keys\"",
            &format!("organisation = \"{ID}\""),
        ]);
        let several = entry(&[
            "issuer = \"https://b.example\"",
            "audience = \"muster\"",
            "jwks_file = \"b.json\"",
            "scopes = [\"read\", \"write\"]",
            "organisation_claim = \"tenant\"",
            &format!("organisations = {{ north = \"{ID}\" }}"),
        ]);
        let found = parsed(&format!("{one}{several}")).unwrap();
        let [one, several] = &found[..] else { panic!("{found:?}") };
        assert_eq!(one.issuer.mapping, Mapping::One(OrganisationId(ID.parse().unwrap())));
        assert_eq!(one.issuer.scopes.to_string(), "read", "no more than that unless it is said");
        assert_eq!(several.keys, KeyPlace::File("/data/b.json".into()));
        assert_eq!(several.issuer.organisations().len(), 1);
        assert_eq!(shown(&found), "https://a.example (read), https://b.example (read,write)");
    }

    #[test]
    fn what_opens_a_door_is_refused_by_name() {
        let good = [
            ("issuer", "issuer = \"https://a.example\"".to_owned()),
            ("audience", "audience = \"muster\"".to_owned()),
            ("jwks_url", "jwks_url = \"https://a.example/keys\"".to_owned()),
            ("organisation", format!("organisation = \"{ID}\"")),
        ];
        for (field, line) in [
            ("issuer", "issuer = \"muster\""),
            ("issuer", "issuer = \"\""),
            ("issuer", "issuer = 5"),
            ("audience", "audience = \" \""),
            ("audience", ""),
            ("jwks_url", "jwks_url = \"http://a.example/keys\""),
            ("jwks_url", "jwks_url = \"https://ann:pw@a.example/keys\""),
            ("jwks_url", "jwks_url = \"file:///etc/passwd\""),
            ("jwks_url", ""),
            ("jwks_url", "jwks_url = \"https://a.example/keys\"\njwks_file = \"keys\""),
            ("organisation", "organisation = \"operator\""),
            ("organisation", ""),
            ("organisation", "organisation_claim = \"tenant\""),
            ("organisation", "organisation_claim = \"tenant\"\norganisations = {}"),
            ("organisation", "organisation_claim = \"tenant\"\norganisations = { a = \"b\" }"),
            ("scopes", "scopes = [\"admin\"]"),
            ("scopes", "scopes = [\"root\"]"),
            ("scopes", "scopes = []"),
            ("algorithms", "algorithms = [\"none\"]"),
        ] {
            let lines = good.iter().map(|(of, usual)| if *of == field { line } else { usual.as_str() });
            let mut lines: Vec<&str> = lines.collect();
            if !good.iter().any(|(of, _)| *of == field) {
                lines.push(line);
            }
            let fault = parsed(&entry(&lines)).unwrap_err().to_string();
            assert!(
                fault.starts_with("the setting outside_issuers, entry 1: ") && fault.contains(field),
                "{line}: {fault}"
            );
        }
        let lines: Vec<&str> = good.iter().map(|(_, line)| line.as_str()).collect();
        assert_eq!(parsed(&entry(&lines)).unwrap().len(), 1);
        assert!(parsed(&entry(&lines).repeat(2)).unwrap_err().to_string().contains("stands twice"));
        assert!(parsed("outside_issuers = \"a\"").unwrap_err().to_string().contains("[[outside_issuers]]"));
    }
}
