//! Calls: an authority or a cluster that the operator vouches for asks what others can offer.

use domain::{
    audit::{Act, Change, RecordKind},
    call::{AnswerBy, Call, CallInput, CallState, CallTerms, LegalBasis},
    ids::{CallId, OrganisationId},
    organisation::{OrganisationKind, Verification},
    time::Instant,
    violation::Violations,
};
use storage::{
    Page, PageRequest, Reads, StoreError, Stored, Tx,
    calls::{self as store, CallReader},
    clusters, organisations as organisation_store,
};

mod answer;
mod clock;
mod close;
mod invite;
mod standing;

pub(crate) use answer::asked_for;
pub use answer::{answer, answers, get_answer};
pub use clock::{close_due, remind_due, work};
pub use close::{close, report};
pub use invite::{InviteInput, Invited, MOST_INVITED, invitations, invite, remind};
pub use standing::{ClusterProgress, Progress, progress};
pub use storage::calls::CallFilter;

use crate::{
    App,
    access::Caller,
    audit::{Deed, Pen},
    changing::Changes,
    error::{AppError, AppResult},
    mails, organisations,
    policy::{Action, Actor, Resource, require},
    reference,
};

/// Which calls a caller may know of.
pub(crate) async fn reader_of(reader: &impl Reads, caller: &Caller, now: Instant) -> AppResult<CallReader> {
    match caller.actor.organisation() {
        Some(id) => Ok(CallReader::of(reader, id, now).await?),
        None => Ok(CallReader::of_issuer(caller.actor.into())),
    }
}

/// Makes a call, as a draft or opened at once.
///
/// # Errors
/// `Invalid` with every fault; `Forbidden` for all but a verified authority or cluster, and by a law for all but an
/// authority.
pub async fn create(
    app: &App,
    caller: &Caller,
    named: Option<OrganisationId>,
    input: &CallInput,
    open: bool,
) -> AppResult<Stored<Call>> {
    let (now, pen) = (app.clock.now(), Pen::of(app, caller));
    let mut faults = Violations::new();
    let owner = match organisations::owner(app, caller, Action::Write, named).await {
        Err(AppError::Invalid(fault)) => faults.keep(Err(fault)),
        found => Some(found?),
    };
    let tables = app.tables();
    let terms = faults.keep(input.check(&reference(&tables, now.day())));
    if let Some(terms) = terms.as_ref().filter(|_| open) {
        faults.keep(terms.may_open(&tables.catalogue, now, now));
    }
    faults.into_result()?;
    let (Some(organisation), Some(terms)) = (owner, terms) else {
        return Err(AppError::internal("no faults, no value"));
    };
    require(caller, Action::Write, Resource::Inside(organisation))?;
    let (state, opened_at) = if open { (CallState::Open, Some(now)) } else { (CallState::Draft, None) };
    let id = CallId(app.ids.next(now));
    let mut call = Call { id, organisation, terms, state, opened_at, ended_at: None, reminders: 0, reminded_at: None };
    call.reminders = call.reminders_due(now);
    let stored = Stored { record: call.clone(), origin: None, created_at: now, updated_at: now };
    app.store
        .write(move |tx| async move {
            may_issue(&tx, organisation, call.terms.legal_basis, now).await?;
            store::insert(&tx, &call, now).await?;
            let told = told(&call, vec![Change::to("state", call.state.as_str())]);
            pen.note(&tx, [deed(Act::Create, &call, told)]).await
        })
        .await?;
    Ok(stored)
}

/// Refuses all but a verified authority or cluster that is not over; by a law, all but an authority. Whoever would take
/// its verification back waits until the transaction ends.
async fn may_issue(tx: &Tx, id: OrganisationId, basis: LegalBasis, now: Instant) -> AppResult<()> {
    organisation_store::lock(tx, id).await?;
    let issuer = organisation_store::get(tx, storage::Scope::Operator, id).await?.record;
    let (may, detail) = match issuer.kind {
        OrganisationKind::Authority => (true, ""),
        OrganisationKind::Cluster if basis.is_for_authorities() => (false, "only an authority asks by a law"),
        OrganisationKind::Cluster => {
            let over = clusters::get(tx, id).await?.is_over(now);
            (!over, "a cluster that is over issues no call")
        }
        OrganisationKind::Firm | OrganisationKind::Portal => (false, "only an authority or a cluster issues a call"),
    };
    let forbidden = |detail: &str| Err(AppError::Forbidden { detail: detail.to_owned() });
    if !may {
        return forbidden(detail);
    }
    if issuer.verification != Verification::Operator {
        return forbidden("only an authority or cluster that the operator vouches for issues a call");
    }
    Ok(())
}

/// Something done to a call.
pub(crate) fn deed(act: Act, call: &Call, changes: Vec<Change>) -> Deed {
    Deed { act, record: RecordKind::Call, id: call.id.0, owner: Some(call.organisation), changes }
}

fn told(call: &Call, mut changes: Vec<Change>) -> Vec<Change> {
    changes.push(Change::to("legal_basis", call.terms.legal_basis.as_str()));
    changes.push(Change::to("answer_by", call.terms.answer_by.at));
    changes
}

/// One call.
///
/// # Errors
/// `NotFound` for whoever may not know of it.
pub async fn get(app: &App, caller: &Caller, id: CallId) -> AppResult<Stored<Call>> {
    let who = reader_of(&app.store, caller, app.clock.now()).await?;
    store::get(&app.store, &who, id).await.map_err(not_found)
}

/// A page of the calls that a caller may know of.
pub async fn page(
    app: &App,
    caller: &Caller,
    filter: &CallFilter,
    request: PageRequest,
) -> AppResult<Page<Stored<Call>>> {
    let who = reader_of(&app.store, caller, app.clock.now()).await?;
    Ok(store::page(&app.store, &who, filter, request).await?)
}

/// A call that its issuer changes, and nobody else.
///
/// # Errors
/// `NotFound` for whoever may not know of it, `Forbidden` for who may and did not issue it.
pub(crate) async fn issued(tx: &Tx, caller: &Caller, id: CallId, now: Instant) -> AppResult<Stored<Call>> {
    let who = reader_of(tx, caller, now).await?;
    let stored = store::get_to_change(tx, &who, id).await.map_err(not_found)?;
    of_issuer(caller, Action::Write, &stored.record)?;
    Ok(stored)
}

/// Refuses all but the issuer's own people and the operator.
pub(crate) fn of_issuer(caller: &Caller, action: Action, call: &Call) -> AppResult<()> {
    require(caller, action, Resource::Inside(call.organisation)).map_err(|refusal| match refusal {
        AppError::NotFound { .. } => AppError::Forbidden { detail: "only the issuer of the call does this".to_owned() },
        other => other,
    })
}

/// Changes a draft into what `edit` makes of it; of an open call, the instant until which it is answered, and that only to
/// a later one.
///
/// # Errors
/// `NotFound` and `Forbidden` for all but its issuer; `Conflict` when it is closed or cancelled; `Invalid` with every
/// fault; what `edit` says.
pub async fn update<F>(app: &App, caller: &Caller, id: CallId, edit: F) -> AppResult<Stored<Call>>
where
    F: FnOnce(&Stored<Call>) -> AppResult<Option<CallInput>> + Send + 'static,
{
    let (now, pen, caller, tables) = (app.clock.now(), Pen::of(app, caller), caller.clone(), app.tables());
    app.store
        .write(move |tx| async move {
            let stored = issued(&tx, &caller, id, now).await?;
            let before = &stored.record;
            if !before.state.may_become(CallState::Cancelled) {
                return Err(wrong_state(format!("the call is {}, so it cannot be changed", before.state.as_str())));
            }
            let Some(input) = edit(&stored)? else { return Ok(stored) };
            let terms = match before.state {
                CallState::Open => extended(before, &input)?,
                CallState::Draft | CallState::Closed | CallState::Cancelled => {
                    let terms = input.check(&reference(&tables, now.day()))?;
                    may_issue(&tx, before.organisation, terms.legal_basis, now).await?;
                    terms
                }
            };
            if let Some(opened) = before.opened_at {
                terms.may_open(&tables.catalogue, opened, now)?;
            }
            if terms == before.terms {
                return Ok(stored);
            }
            let mut after = Stored { record: Call { terms, ..before.clone() }, updated_at: now, ..stored.clone() };
            after.record.reminders = after.record.reminders_due(now);
            store::update(&tx, &after, now).await?;
            pen.note(&tx, [deed(Act::Update, &after.record, changes(&before.terms, &after.record.terms))]).await?;
            Ok(after)
        })
        .await
}

/// The terms of an open call with a later end.
fn extended(before: &Call, input: &CallInput) -> AppResult<CallTerms> {
    let answer_by = AnswerBy::parse(&input.answer_by, input.zone.as_deref())?;
    if answer_by.at < before.terms.answer_by.at {
        let detail = format!("the call is open until {}; write a later instant", before.terms.answer_by.at);
        return Err(Violations::one("/answer_by", "not_later", detail).into());
    }
    Ok(CallTerms { answer_by, ..before.terms.clone() })
}

fn changes(was: &CallTerms, is: &CallTerms) -> Vec<Change> {
    Changes::default()
        .untold("title", &was.title, &is.title)
        .untold("text", &was.text, &is.text)
        .list("products", &was.products, &is.products)
        .list("regions", &was.regions, &is.regions)
        .word("from", &was.from, &is.from)
        .word("until", &was.until, &is.until)
        .word("answer_by", &was.answer_by.at, &is.answer_by.at)
        .maybe("zone", &was.answer_by.zone, &is.answer_by.zone)
        .field("legal_basis", &was.legal_basis, &is.legal_basis, |basis| Some(basis.as_str().to_owned()))
        .word("confidential", &was.confidential, &is.confidential)
        .untold("questions", &was.questions, &is.questions)
        .field("visibility", &was.visibility, &is.visibility, |v| Some(v.as_str().to_owned()))
        .0
}

/// Opens a draft, if the caller agrees to what it is by then: whoever is invited gets a mail.
///
/// # Errors
/// `NotFound` and `Forbidden` as in [`create`]; `Conflict` when it is no draft; `Invalid` when its law or its clock do not
/// suit now; what `agree` says.
pub async fn open<F>(app: &App, caller: &Caller, id: CallId, agree: F) -> AppResult<Stored<Call>>
where
    F: FnOnce(&Stored<Call>) -> AppResult<()> + Send + 'static,
{
    let (this, now, pen, caller) = (app.clone(), app.clock.now(), Pen::of(app, caller), caller.clone());
    let opened = app.store.write(move |tx| async move {
        let mut stored = issued(&tx, &caller, id, now).await?;
        let state = stored.record.state;
        if !state.may_become(CallState::Open) {
            return Err(wrong_state(format!("the call is {} already, so it cannot be opened", state.as_str())));
        }
        may_issue(&tx, stored.record.organisation, stored.record.terms.legal_basis, now).await?;
        agree(&stored)?;
        stored.record.terms.may_open(&this.tables().catalogue, now, now)?;
        let call = &mut stored.record;
        (call.state, call.opened_at) = (CallState::Open, Some(now));
        call.reminders = call.reminders_due(now);
        stored.updated_at = now;
        store::update(&tx, &stored, now).await?;
        let asked = store::invitations::of(&tx, id).await?;
        invite::mail(&this, &tx, &stored.record, &asked.iter().map(|i| i.organisation).collect::<Vec<_>>(), now)
            .await?;
        let change = Change::of("state", state.as_str(), stored.record.state.as_str());
        pen.note(&tx, [deed(Act::Open, &stored.record, told(&stored.record, vec![change]))]).await?;
        Ok(stored)
    });
    let opened = opened.await?;
    mails::ring(app);
    Ok(opened)
}

/// Takes a call back, if the caller agrees to what it is by then; no report is made.
///
/// # Errors
/// `NotFound` and `Forbidden` for all but its issuer; `Conflict` when it is over; what `agree` says.
pub async fn cancel<F>(app: &App, caller: &Caller, id: CallId, agree: F) -> AppResult<Stored<Call>>
where
    F: FnOnce(&Stored<Call>) -> AppResult<()> + Send + 'static,
{
    let (now, pen, caller) = (app.clock.now(), Pen::of(app, caller), caller.clone());
    app.store
        .write(move |tx| async move {
            let mut stored = issued(&tx, &caller, id, now).await?;
            let state = stored.record.state;
            if !state.may_become(CallState::Cancelled) {
                return Err(wrong_state(format!("the call is {} already, so it cannot be cancelled", state.as_str())));
            }
            agree(&stored)?;
            (stored.record.state, stored.record.ended_at) = (CallState::Cancelled, Some(now));
            stored.updated_at = now;
            store::update(&tx, &stored, now).await?;
            let change = Change::of("state", state.as_str(), stored.record.state.as_str());
            pen.note(&tx, [deed(Act::Cancel, &stored.record, vec![change])]).await?;
            Ok(stored)
        })
        .await
}

/// The name of a call's issuer, and of nobody else.
///
/// # Errors
/// Those of the database.
pub async fn issuers(
    app: &App,
    calls: &[Stored<Call>],
) -> AppResult<std::collections::BTreeMap<OrganisationId, String>> {
    let ids = calls.iter().map(|stored| stored.record.organisation);
    let found = organisation_store::get_many(&app.store, storage::Scope::Operator, ids).await?;
    Ok(found.into_iter().map(|o| (o.id, o.name)).collect())
}

pub(crate) fn wrong_state(detail: String) -> AppError {
    AppError::Conflict { code: "wrong_state", detail }
}

pub(crate) fn not_found(error: StoreError) -> AppError {
    match error {
        StoreError::NotFound => AppError::NotFound { what: "call" },
        other => other.into(),
    }
}

/// The operator, or the organisation that a caller acts as.
pub(crate) fn is_issuer(caller: &Caller, call: &Call) -> bool {
    match caller.actor {
        Actor::Operator => true,
        Actor::Organisation(own) => own == call.organisation,
        Actor::Nobody => false,
    }
}
