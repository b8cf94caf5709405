//! An organisation's admins, or the operator, change what it is called and the numbers that registers gave it.

use domain::{
    audit::{Act, RecordKind},
    code::CountryCode,
    ids::OrganisationId,
    organisation::{Organisation, Verification},
    text,
    violation::Violations,
};
use storage::{
    Stored, Tx,
    identifiers::{self, Held},
    memberships, organisations as store,
};

use super::{
    Registration, not_found,
    register::{check_country, check_identifiers, duplicate},
    registrations,
};
use crate::{
    App,
    access::Caller,
    audit::{Deed, Pen},
    changing::Changes,
    error::{AppError, AppResult},
    memberships::reverified,
    policy::{Action, Actor, Resource, require},
};

/// What of an organisation may be changed, as typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrganisationDetails {
    /// Its name.
    pub name: String,
    /// A country by code or name.
    pub country: String,
    /// Kind and value of its identifiers.
    pub identifiers: Vec<(String, String)>,
}

/// Changes an organisation into what `edit` makes of it as it stands by then; into nothing else where that is `None`.
///
/// Whoever vouched for it did so for an organisation of that name, country and numbers: where its own admins change the
/// name to another, the country, or a confirmed identifier, nobody vouches for it any more. What they add is unconfirmed;
/// what the operator adds is confirmed.
///
/// # Errors
/// `NotFound` outside of what the caller may see, `Forbidden` for all but its admins and the operator; `Invalid` with
/// every fault; `Conflict` when another organisation has the name or an identifier, or when a file of imports knows it by
/// its name and the caller is not the operator; what `edit` says.
pub async fn update<F>(app: &App, caller: &Caller, id: OrganisationId, edit: F) -> AppResult<Registration>
where
    F: FnOnce(&Registration) -> AppResult<Option<OrganisationDetails>> + Send + 'static,
{
    require(caller, Action::Administer, Resource::OwnedBy(id))?;
    let (actor, now, pen, tables) = (caller.actor, app.clock.now(), Pen::of(app, caller), app.tables());
    let operator = actor == Actor::Operator;
    app.store
        .write(move |tx| async move {
            let stored = store::get_to_change(&tx, actor.into(), id).await.map_err(not_found)?;
            let before = registrations(&tx, vec![stored]).await?.pop();
            let before = before.ok_or_else(|| AppError::internal("an organisation got lost"))?;
            let Some(input) = edit(&before)? else { return Ok(before) };
            let was = &before.stored.record;
            let mut faults = Violations::new();
            let name = kept(&was.name, &input.name, |typed| faults.keep(text::name("/name", typed)));
            let country = match was.country.as_str() == input.country {
                true => Some(was.country.clone()),
                false => faults.keep(check_country(&tables, &input.country)),
            };
            let own: Vec<_> = before.identifiers.iter().map(|held| held.identifier.clone()).collect();
            let identifiers = faults.keep(check_identifiers(country.clone(), &input.identifiers, &own)?);
            faults.into_result()?;
            let (Some(name), Some(country), Some(identifiers)) = (name, country, identifiers) else {
                return Err(AppError::internal("no faults, no value"));
            };
            let confirmed_at = operator.then_some(now);
            let held = |identifier| {
                let known = before.identifiers.iter().find(|held| held.identifier == identifier).cloned();
                known.unwrap_or(Held { identifier, confirmed_at })
            };
            let held: Vec<Held> = identifiers.into_iter().map(held).collect();
            let renamed = text::fold(&name) != text::fold(&was.name) || country != was.country;
            let known = before.identifiers.iter().filter(|one| one.confirmed_at.is_some());
            let another = renamed || known.into_iter().any(|one| !held.contains(one));
            let verification = if another && !operator { Verification::None } else { was.verification };
            let after = Organisation { name, country, verification, ..was.clone() };
            if renamed {
                may_be_renamed(&before, operator)?;
                // One whose country nobody told may be of this one: files that name it must go on to find it.
                let mut other = None;
                for country in [&after.country, &CountryCode::new("ZZ")] {
                    other = other.or(store::claim_name(&tx, &after.name, country).await?.filter(|other| *other != id));
                }
                if let Some(other) = other {
                    let detail = format!("{:?} of {} is registered already", after.name, after.country);
                    return Err(duplicate(detail, other, operator));
                }
            }
            let new: Vec<Held> = held.iter().filter(|one| !own.contains(&one.identifier)).cloned().collect();
            free(&tx, id, &new, operator).await?;
            if after == *was && held == before.identifiers {
                return Ok(before);
            }
            store::update(&tx, &after, now).await?;
            identifiers::replace(&tx, id, &held, now).await?;
            let mut deeds = vec![changed(was, &after, &before.identifiers, &held)];
            if verification != was.verification {
                // Neither does a cluster vouch for it any more, nor does it vouch for others.
                memberships::disown(&tx, id, now).await?;
                let members = memberships::unvouch_all(&tx, id, now).await?;
                deeds.extend(members.into_iter().filter_map(|(member, counted)| reverified(counted, member)));
            }
            pen.note(&tx, deeds).await?;
            let stored = Stored { record: after, updated_at: now, ..before.stored };
            Ok(Registration { stored, identifiers: held, ..before })
        })
        .await
}

/// What was, where it is typed as it stands; else what is made of it.
fn kept(was: &str, typed: &str, read: impl FnOnce(&str) -> Option<String>) -> Option<String> {
    if was == typed { Some(was.to_owned()) } else { read(typed) }
}

/// A file that comes again finds its organisations by name and country.
fn may_be_renamed(before: &Registration, operator: bool) -> AppResult<()> {
    match &before.stored.origin {
        Some(origin) if !operator => {
            let source = &origin.source;
            let detail =
                format!("files of {source:?} know the organisation by its name; ask the operator to change both");
            Err(AppError::Conflict { code: "other_source", detail })
        }
        Some(_) | None => Ok(()),
    }
}

/// Refuses identifiers that another organisation has.
async fn free(tx: &Tx, id: OrganisationId, held: &[Held], operator: bool) -> AppResult<()> {
    let identifiers: Vec<_> = held.iter().map(|held| held.identifier.clone()).collect();
    let holders = identifiers::holders(tx, &identifiers).await?;
    match holders.into_iter().find(|(_, holder)| *holder != id) {
        Some((identifier, other)) => {
            let detail = format!("an organisation with {identifier} is registered already");
            Err(duplicate(detail, other, operator))
        }
        None => Ok(()),
    }
}

/// Names and numbers may lead to a person, so they are not told.
fn changed(before: &Organisation, after: &Organisation, had: &[Held], has: &[Held]) -> Deed {
    let code = |country: &CountryCode| country.to_string();
    let changes = Changes::default()
        .untold("name", &before.name, &after.name)
        .word("country", &code(&before.country), &code(&after.country))
        .untold("identifiers", &had, &has)
        .word("verification", &before.verification.as_str(), &after.verification.as_str());
    let (record, owner) = (RecordKind::Organisation, Some(after.id));
    Deed { act: Act::Update, record, id: after.id.0, owner, changes: changes.0 }
}
