//! A person asks to act for an organisation that is registered: its admins get a mail, and decide.

use domain::{
    audit::{Act, RecordKind},
    claim::Claim,
    ids::{ClaimId, OrganisationId},
    text,
    violation::Violations,
};
use storage::{claims, identifiers, organisations as store, people, roles};

use super::register::one_identifier;
use crate::{
    App,
    access::Caller,
    audit::{Deed, Pen},
    error::AppResult,
    mails,
    sessions::person_of,
};

/// Which organisation somebody asks to act for: by name, or by an identifier.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// Its country by code or name.
    pub country: String,
    /// Its name.
    pub name: Option<String>,
    /// Kind and value of an identifier.
    pub identifier: Option<(String, String)>,
    /// By what it can be seen that the person speaks for it; whoever decides reads it.
    pub evidence: Option<String>,
}

/// Asks the admins of an organisation to let the caller act for it; where it has none, those who run the service. With
/// evidence it is a claim, which they grant or refuse. What is not registered is
/// answered alike.
///
/// # Errors
/// `Invalid` with every fault of what was typed; `Forbidden` when the caller is no person.
pub async fn ask(app: &App, caller: &Caller, wanted: &Wanted) -> AppResult<()> {
    let (person, now, pen) = (person_of(caller)?, app.clock.now(), Pen::of(app, caller));
    let (asking, _) = people::get(&app.store, person).await?;
    let mut faults = Violations::new();
    let country = app.tables().regions.country(&wanted.country).map(|c| c.code.clone());
    if country.is_none() {
        let detail = format!("{:?} is no known country; write an ISO 3166 code such as GR", wanted.country);
        faults.push("/country", "unknown_region", detail);
    }
    let identifiers = match (&wanted.identifier, &wanted.name) {
        (Some((kind, value)), _) => faults.keep(one_identifier(country.clone(), kind, value)?).unwrap_or_default(),
        (None, Some(_)) => Vec::new(),
        (None, None) => {
            faults.push("/name", "missing", "is missing; write the name of the organisation, or an identifier");
            Vec::new()
        }
    };
    let evidence = wanted.evidence.as_deref().and_then(|typed| faults.keep(text::note("/evidence", typed)));
    let evidence = evidence.filter(|evidence| !evidence.trim().is_empty());
    faults.into_result()?;
    let (this, name, may_mail) = (app.clone(), wanted.name.clone(), app.guesses.may_mail(&asking.email));
    app.store
        .write(move |tx| async move {
            // Two claims of one person at once are one after the other.
            people::get_to_change(&tx, person).await?;
            let mut found: Vec<OrganisationId> =
                identifiers::holders(&tx, &identifiers).await?.into_iter().map(|(_, id)| id).collect();
            if let (Some(name), Some(country)) = (&name, &country) {
                found.extend(store::claim_name(&tx, name, country).await?);
            }
            found.sort_unstable();
            found.dedup();
            for organisation in found {
                if let Some(evidence) = evidence.clone() {
                    let id = ClaimId(this.ids.next(now));
                    claims::put(&tx, &Claim { id, organisation, person, evidence, created_at: now }).await?;
                }
                let mut admins = roles::admins(&tx, organisation).await?;
                if admins.is_empty() {
                    admins = people::who_operate(&tx).await?;
                }
                for admin in admins.into_iter().filter(|admin| may_mail && *admin != person) {
                    mails::queue_about(&this, &tx, (admin, person), organisation, now).await?;
                }
            }
            let (act, record, changes) = (Act::Ask, RecordKind::Organisation, Vec::new());
            pen.note(&tx, [Deed { act, record, id: person.0, owner: None, changes }]).await
        })
        .await?;
    mails::ring(app);
    Ok(())
}
