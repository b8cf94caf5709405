//! A cluster enters a firm that has no account: the firm becomes a member, the cluster gets a mandate, and whoever
//! signed it for the firm gets a mail that says what was entered, with a link that confirms or refuses it.

use domain::{
    api_key::{AccessScope, AccessScopes},
    audit::{Act, Change, RecordKind},
    email::EmailAddress,
    ids::{MandateId, OrganisationId, PersonId, RoleId},
    link::MailKind,
    mandate::Mandate,
    membership::Membership,
    organisation::{Organisation, OrganisationKind, Verification},
    person::{Role, RoleOf},
    text,
    time::{Day, Instant},
    violation::Violations,
};
use storage::{
    Stored,
    identifiers::{self, Held},
    mandates, memberships as store,
    organisations::{self, Entry},
    roles,
};

use super::{deed, require_verified};
use crate::{
    App,
    access::Caller,
    audit::{Deed, Pen},
    error::{AppError, AppResult},
    mails,
    organisations::{OrganisationInput, Registration, check, check_identifiers, duplicate, registered},
    people,
    policy::{Action, Resource, require},
};

/// The most days that a mandate lasts: five years.
pub const MOST_MANDATE_DAYS: i32 = 1_826;

/// What a mandate is for, as typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MandateTerms {
    /// `read`, `write`; both where empty.
    pub scopes: Vec<String>,
    /// Its last day.
    pub ends_on: String,
}

/// A firm that a cluster enters, as typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EntryInput {
    /// Its name.
    pub name: String,
    /// Its country by code or name.
    pub country: String,
    /// Kind and value of its identifiers.
    pub identifiers: Vec<(String, String)>,
    /// The address of who signed the mandate for it.
    pub email: String,
    /// The name of who signed.
    pub signatory: String,
    /// What the cluster may do for it.
    pub mandate: MandateTerms,
}

/// Enters a firm.
///
/// # Errors
/// `NotFound` and `Forbidden` for all but the admins of a cluster that the operator vouches for; `Invalid` with
/// every fault; `Conflict` when the firm is registered already, and asks to join by itself; `TooOften`.
pub async fn enter(
    app: &App,
    caller: &Caller,
    cluster: OrganisationId,
    input: &EntryInput,
) -> AppResult<(Registration, Mandate)> {
    require(caller, Action::Administer, Resource::OwnedBy(cluster))?;
    let (now, pen) = (app.clock.now(), Pen::of(app, caller));
    let mut faults = Violations::new();
    let firm = OrganisationInput {
        name: input.name.clone(),
        kind: OrganisationKind::Firm.as_str().to_owned(),
        country: input.country.clone(),
        ..OrganisationInput::default()
    };
    let checked = faults.keep(check(app, &firm));
    let country = checked.as_ref().map(|(_, _, country, _)| country.clone());
    let numbers = faults.keep(check_identifiers(country, &input.identifiers, &[])?);
    let email = faults.keep(EmailAddress::parse("/contact/email", &input.email));
    let signatory = faults.keep(text::name("/contact/name", &input.signatory));
    let terms = faults.keep(terms("/mandate", &input.mandate, now.day()));
    faults.into_result()?;
    let (Some((name, kind, country, _)), Some(numbers), Some(email), Some(signatory), Some(terms)) =
        (checked, numbers, email, signatory, terms)
    else {
        return Err(AppError::internal("no faults, no value"));
    };
    app.guesses.count_entry(cluster, &email)?;
    let id = OrganisationId(app.ids.next(now));
    let verification = Verification::None;
    let record = Organisation { id, kind, name, country, verification, clusters: Vec::new() };
    let this = app.clone();
    let entered = app.store.write(move |tx| async move {
        // In the order of all who register: the turn first, then rows.
        organisations::take_turn(&tx).await?;
        require_verified(&tx, cluster, now).await?;
        if let Some(id) = organisations::claim_name(&tx, &record.name, &record.country).await? {
            return Err(duplicate(format!("{:?} of {} is registered already", record.name, record.country), id, false));
        }
        if let Some((number, id)) = identifiers::holders(&tx, &numbers).await?.into_iter().next() {
            return Err(duplicate(format!("an organisation with {number} is registered already"), id, false));
        }
        organisations::insert(&tx, &record, None, now).await?;
        let entry = Entry { by: Some(cluster), confirmed_at: None };
        organisations::set_entry(&tx, id, entry, now).await?;
        let held: Vec<Held> = numbers.into_iter().map(|identifier| Held { identifier, confirmed_at: None }).collect();
        identifiers::insert(&tx, id, &held, now).await?;
        let membership = Membership::requested(cluster, id, now).begun(now);
        store::put(&tx, &membership, now).await?;
        let person = people::invited(&this, &tx, &email, &signatory).await?.id;
        let role_id = RoleId(this.ids.next(now));
        let role = Role::Admin;
        let role = RoleOf { id: role_id, person, organisation: id, role, granted_at: now, accepted_at: None };
        roles::put(&tx, &role).await?;
        let mandate = mandate_of(&this, (id, cluster), terms, (Some(person), None), now);
        mandates::insert(&tx, &mandate).await?;
        mails::queue(&this, &tx, MailKind::Entry, person, Some(id), now).await?;
        let owned = |act, record, record_id, changes| Deed { act, record, id: record_id, owner: Some(id), changes };
        let admin = vec![Change::to("role", Role::Admin.as_str())];
        let deeds = [
            registered(&record),
            deed(Act::Enter, &membership, id, Vec::new()),
            owned(Act::Grant, RecordKind::Role, role_id.0, admin),
            owned(Act::Create, RecordKind::Mandate, mandate.id.0, told(&mandate)),
        ];
        pen.note(&tx, deeds).await?;
        let record = Organisation { clusters: vec![cluster], ..record };
        let stored = Stored { record, origin: None, created_at: now, updated_at: now };
        Ok((Registration { stored, identifiers: held, entry, cluster: None }, mandate))
    });
    let entered = entered.await?;
    mails::ring(app);
    Ok(entered)
}

/// What a mandate is for, checked: its scopes and its last day.
pub(crate) fn terms(pointer: &str, typed: &MandateTerms, today: Day) -> Result<(AccessScopes, Day), Violations> {
    let mut faults = Violations::new();
    let mut scopes = Vec::new();
    for (i, name) in typed.scopes.iter().enumerate() {
        match AccessScope::parse(name) {
            Some(scope @ (AccessScope::Read | AccessScope::Write)) => scopes.push(scope),
            Some(AccessScope::Admin) | None => {
                let detail = format!("{name:?} is not one of: read, write");
                faults.push(format!("{pointer}/scopes/{i}"), "unknown_value", detail);
            }
        }
    }
    let ends_on = match Day::parse(&typed.ends_on) {
        Ok(day) if day < today => {
            faults.push(format!("{pointer}/ends_on"), "in_past", format!("{day} is over; name the mandate's last day"));
            None
        }
        Ok(day) if day > today.plus(MOST_MANDATE_DAYS) => {
            let detail = format!("{day} is more than {MOST_MANDATE_DAYS} days ahead");
            faults.push(format!("{pointer}/ends_on"), "too_far_ahead", detail);
            None
        }
        Ok(day) => Some(day),
        Err(detail) => {
            faults.push(format!("{pointer}/ends_on"), "bad_date", detail);
            None
        }
    };
    faults.into_result()?;
    let scopes = if scopes.is_empty() { vec![AccessScope::Read, AccessScope::Write] } else { scopes };
    match (AccessScopes::new(scopes), ends_on) {
        (Some(scopes), Some(ends_on)) => Ok((scopes, ends_on)),
        (_, _) => Err(Violations::one(pointer, "missing", "is missing")),
    }
}

/// A new mandate.
pub(crate) fn mandate_of(
    app: &App,
    (organisation, holder): (OrganisationId, OrganisationId),
    (scopes, ends_on): (AccessScopes, Day),
    (signatory, confirmed_at): (Option<PersonId>, Option<Instant>),
    now: Instant,
) -> Mandate {
    let id = MandateId(app.ids.next(now));
    Mandate { id, organisation, holder, scopes, signatory, created_at: now, confirmed_at, ends_on, ended_at: None }
}

/// What the log tells of a new mandate.
pub(crate) fn told(mandate: &Mandate) -> Vec<Change> {
    vec![
        Change::to("holder", mandate.holder),
        Change::to("scopes", &mandate.scopes),
        Change::to("ends_on", mandate.ends_on),
    ]
}
