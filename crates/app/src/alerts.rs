//! Alerts: questions to the capacity map and the shortage board that their owners save, with a threshold. [`look`] answers
//! them again and again and tells when a threshold is met.

use std::collections::BTreeMap;

use domain::{
    alert::{Alert, AlertOf, AlertState, AlertTerms, MOST, MOST_WEEKS, ThresholdInput, USUAL_WEEKS},
    audit::{Act, Change, RecordKind},
    ids::{AlertId, OrganisationId},
    text,
    violation::Violations,
};
use storage::{Page, PageRequest, StoreError, Tx, alerts as store, alerts::looks, events};

use crate::{
    App,
    access::Caller,
    audit::{Deed, Pen},
    board::BoardQuestion,
    capacity::CapacityQuestion,
    changing::Changes,
    error::{AppError, AppResult},
    organisations,
    policy::{Action, Actor, Resource, require},
};

mod asked;
mod looking;
mod words;

pub use looking::{Looked, look, work};
pub(crate) use words::letter;

/// A question as the route of its map reads it.
#[derive(Debug, Clone)]
pub enum Question {
    /// To the capacity map.
    Capacity(CapacityQuestion),
    /// To the shortage board.
    Shortages(BoardQuestion),
}

/// Reads the names and values of a question's parameters as the route of that map does. An alert keeps what was typed, and
/// it is read anew at each look, so that none holds what its route would refuse.
pub type Reading = fn(AlertOf, &BTreeMap<String, String>) -> Result<Question, Violations>;

/// An alert as typed.
#[derive(Debug, Clone)]
pub struct AlertInput {
    /// Whose it is; the caller's own where absent.
    pub organisation: Option<OrganisationId>,
    /// Its name.
    pub name: String,
    /// `capacity` or `shortages`.
    pub of: String,
    /// Names and values of the question's parameters.
    pub question: BTreeMap<String, String>,
    /// The weeks that it looks ahead; the usual where absent.
    pub weeks: Option<i64>,
    /// When it tells.
    pub threshold: ThresholdInput,
}

/// Saves an alert.
///
/// # Errors
/// `Forbidden` for who may only read; `Invalid` with every fault, those of the question below `/question`; `Conflict` where
/// the owner has as many as there may be.
pub async fn create(app: &App, caller: &Caller, input: &AlertInput, reading: Reading) -> AppResult<Alert> {
    let (now, pen) = (app.clock.now(), Pen::of(app, caller));
    let mut faults = Violations::new();
    let owner = match (caller.actor, input.organisation) {
        (Actor::Operator, None) => {
            require(caller, Action::Write, Resource::Service)?;
            Some(None)
        }
        (_, named) => match organisations::owner(app, caller, Action::Write, named).await {
            Ok(id) => {
                require(caller, Action::Write, Resource::Inside(id))?;
                Some(Some(id))
            }
            Err(AppError::Invalid(part)) => faults.keep(Err(part)),
            Err(e) => return Err(e),
        },
    };
    // Of another's organisation it is not asked what it would see.
    let looker = owner.unwrap_or(caller.actor.organisation());
    let terms = checked(app, looker, input, reading, &mut faults).await?;
    faults.into_result()?;
    let (Some(organisation), Some(terms)) = (owner, terms) else {
        return Err(AppError::internal("no faults, no value"));
    };
    let alert = Alert {
        id: AlertId(app.ids.next(now)),
        organisation,
        terms,
        made_by: caller.person,
        state: AlertState::Quiet,
        since: now,
        rows: Vec::new(),
        more: 0,
        as_of: None,
        fault: None,
        created_at: now,
    };
    let work = move |tx: Tx| async move {
        if store::count_to_add(&tx, organisation).await? >= MOST {
            let detail = format!("there are {MOST} alerts already, and there may be no more; delete one first");
            return Err(AppError::Conflict { code: "too_many_alerts", detail });
        }
        store::insert(&tx, &alert).await?;
        pen.note(&tx, [deed(Act::Create, &alert, vec![Change::to("of", alert.terms.of.as_str())])]).await?;
        Ok(alert)
    };
    app.store.write(work).await
}

/// What an alert asks and waits for, or faults. The question is asked as its owner would ask it.
async fn checked(
    app: &App,
    owner: Option<OrganisationId>,
    input: &AlertInput,
    reading: Reading,
    faults: &mut Violations,
) -> AppResult<Option<AlertTerms>> {
    let name = faults.keep(text::name("/name", &input.name));
    let of = AlertOf::parse(&input.of);
    if of.is_none() {
        let names = AlertOf::ALL.map(AlertOf::as_str).join(", ");
        faults.push("/of", "unknown_value", format!("{:?} is not one of: {names}", input.of));
    }
    let typed = input.weeks.unwrap_or(USUAL_WEEKS);
    let weeks = u8::try_from(typed).ok().filter(|_| (1..=MOST_WEEKS).contains(&typed));
    if weeks.is_none() {
        let detail = format!("{typed} is out of range; write a whole number from 1 to {MOST_WEEKS}");
        faults.push("/weeks", "out_of_range", detail);
    }
    let Some(of) = of else { return Ok(None) };
    let threshold = match input.threshold.check(of) {
        Ok(threshold) => Some(threshold),
        Err(found) => {
            faults.extend_below("/threshold", found);
            None
        }
    };
    match reading(of, &input.question) {
        Ok(question) => match asked::ask(app, &asked::looker(owner), question, weeks.unwrap_or(1)).await {
            Ok(_) => {}
            Err(AppError::Invalid(found)) => faults.extend_below("/question", found),
            Err(e) => return Err(e),
        },
        Err(found) => faults.extend_below("/question", found),
    }
    let question = input.question.clone();
    let (Some(name), Some(weeks), Some(threshold)) = (name, weeks, threshold) else { return Ok(None) };
    Ok(Some(AlertTerms { name, of, question, weeks, threshold }))
}

/// One alert.
///
/// # Errors
/// `NotFound` outside of what the caller may see.
pub async fn get(app: &App, caller: &Caller, id: AlertId) -> AppResult<Alert> {
    let alert = store::get(&app.store, caller.actor.into(), id).await.map_err(not_found)?;
    require(caller, Action::Read, resource(&alert))?;
    Ok(alert)
}

/// A page of the alerts that the caller may see.
///
/// # Errors
/// `Forbidden` under a mandate.
pub async fn page(app: &App, caller: &Caller, request: PageRequest) -> AppResult<Page<Alert>> {
    if let Actor::Organisation(own) = caller.actor {
        require(caller, Action::Read, Resource::Inside(own))?;
    }
    Ok(store::page(&app.store, caller.actor.into(), request).await?)
}

/// Changes an alert into what `edit` makes of it; into nothing else where that is `None`. One that asks or waits for
/// something else is quiet until it is looked at again.
///
/// # Errors
/// `NotFound` outside of what the caller may see, `Forbidden` for who may only read; `Invalid` as [`create`]; what `edit`
/// says; `Conflict` where somebody else changed it at the same moment.
pub async fn update<F>(app: &App, caller: &Caller, id: AlertId, edit: F, reading: Reading) -> AppResult<Alert>
where
    F: FnOnce(&Alert) -> AppResult<Option<AlertInput>> + Send + 'static,
{
    let (scope, now, pen) = (caller.actor.into(), app.clock.now(), Pen::of(app, caller));
    let seen = store::get(&app.store, scope, id).await.map_err(not_found)?;
    require(caller, Action::Write, resource(&seen))?;
    let Some(input) = edit(&seen)? else { return Ok(seen) };
    let mut faults = Violations::new();
    let terms = checked(app, seen.organisation, &input, reading, &mut faults).await?;
    faults.into_result()?;
    let terms = terms.ok_or_else(|| AppError::internal("no faults, no value"))?;
    let work = move |tx: Tx| async move {
        let before = store::get_to_change(&tx, scope, id).await.map_err(not_found)?;
        if (&before.terms, before.organisation) != (&seen.terms, seen.organisation) {
            let detail = "somebody else changed the alert at this moment; read it again, and repeat the change";
            return Err(AppError::Conflict { code: "stale", detail: detail.to_owned() });
        }
        if before.terms == terms {
            return Ok(before);
        }
        let same = before.terms.asks_as(&terms);
        let mut after = if same { before.clone() } else { Alert { fault: None, ..before.quiet(now) } };
        after.terms = terms;
        if !same {
            looks::again(&tx, id).await?;
        }
        store::update(&tx, &after, events::CHANGED, now).await?;
        let (was, is) = (&before.terms, &after.terms);
        let changes = Changes::default()
            .untold("name", &was.name, &is.name)
            .field("of", &was.of, &is.of, |of| Some(of.as_str().to_owned()))
            .untold("question", &was.question, &is.question)
            .word("weeks", &was.weeks, &is.weeks)
            .untold("threshold", &was.threshold, &is.threshold)
            .field("state", &before.state, &after.state, |state| Some(state.as_str().to_owned()));
        pen.note(&tx, [deed(Act::Update, &after, changes.0)]).await?;
        Ok(after)
    };
    app.store.write(work).await
}

/// Deletes an alert.
///
/// # Errors
/// `NotFound` outside of what the caller may see, `Forbidden` for who may only read.
pub async fn delete(app: &App, caller: &Caller, id: AlertId) -> AppResult<()> {
    let (caller, scope, now, pen) = (caller.clone(), caller.actor.into(), app.clock.now(), Pen::of(app, caller));
    let work = move |tx: Tx| async move {
        let alert = store::get_to_change(&tx, scope, id).await.map_err(not_found)?;
        require(&caller, Action::Write, resource(&alert))?;
        store::remove(&tx, &alert, now).await?;
        pen.note(&tx, [deed(Act::Delete, &alert, Vec::new())]).await
    };
    app.store.write(work).await
}

/// Alerts are for an organisation's own people; the operator's own are the service's.
fn resource(alert: &Alert) -> Resource {
    alert.organisation.map_or(Resource::Service, Resource::Inside)
}

fn deed(act: Act, alert: &Alert, changes: Vec<Change>) -> Deed {
    Deed { act, record: RecordKind::Alert, id: alert.id.0, owner: alert.organisation, changes }
}

fn not_found(error: StoreError) -> AppError {
    match error {
        StoreError::NotFound => AppError::NotFound { what: "alert" },
        other => other.into(),
    }
}
