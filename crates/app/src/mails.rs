//! Mails: queued in the transaction of what they tell, sent by a worker. Address and link are put in when a mail
//! goes out, so that the queue holds neither.

use std::{future::Future, pin::Pin, time::Duration};

use domain::{
    alert::Alert,
    api_key::AccessScope,
    email::EmailAddress,
    freshness::Freshness,
    ids::{CallId, MailId, OrganisationId, PersonId},
    link::{LinkPurpose, Mail, MailKind},
    person::Person,
    time::Instant,
};
use secrecy::{ExposeSecret, SecretString};
use storage::{
    Scope, StoreError, Tx,
    calls::{self, CallReader},
    links as link_store, mails as store, mandates, organisations, people, sessions,
};

use uuid::Uuid;

use crate::{
    App, alerts,
    error::{AppError, AppResult},
    freshness, links,
    sessions::forgotten_before,
};

mod records;

/// How often a mail is tried.
pub const MOST_ATTEMPTS: i32 = 10;

/// For how long a mail is a worker's own, in microseconds: 2 minutes.
const TAKEN: i64 = 120_000_000;
/// How long a mail waits after its first failure, in microseconds: a minute; then twice as long each time.
const AGAIN: i64 = 60_000_000;
/// How long the queue remembers, in microseconds: 30 days.
const REMEMBERED: i64 = 30 * 86_400 * 1_000_000;
/// How often the queue is looked at where nobody rings.
const EVERY: Duration = Duration::from_secs(30);

/// A mail as it goes out.
#[derive(Debug)]
pub struct Letter {
    /// To which address.
    pub to: EmailAddress,
    /// What it is about, in a line.
    pub subject: String,
    /// What it says; it may hold a link that opens an account.
    pub text: SecretString,
}

/// Why a mail did not go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// The server took the connection and not the mail.
    #[error("refused")]
    Refused,
    /// No server, or it broke off.
    #[error("unreachable")]
    Unreachable,
}

/// What a post answers, some time.
pub type Posting<'a> = Pin<Box<dyn Future<Output = Result<(), PostError>> + Send + 'a>>;

/// Takes mails to where they belong: a server, a folder, or what a test looks into.
pub trait Post: Send + Sync {
    /// Sends one mail.
    fn send<'a>(&'a self, letter: &'a Letter) -> Posting<'a>;
}

/// Queues a mail in the transaction of what it tells.
pub(crate) async fn queue(
    app: &App,
    tx: &Tx,
    kind: MailKind,
    person: PersonId,
    organisation: Option<OrganisationId>,
    now: Instant,
) -> Result<(), StoreError> {
    let id = MailId(app.ids.next(now));
    let (about, call, record) = (None, None, None);
    store::insert(tx, &Mail { id, kind, person, organisation, about, call, record, created_at: now }).await
}

/// As [`queue`], of a mail that tells an organisation's admins about somebody else.
pub(crate) async fn queue_about(
    app: &App,
    tx: &Tx,
    (to, about): (PersonId, PersonId),
    organisation: OrganisationId,
    now: Instant,
) -> Result<(), StoreError> {
    let (id, organisation, about) = (MailId(app.ids.next(now)), Some(organisation), Some(about));
    let (kind, person, call, record) = (MailKind::Access, to, None, None);
    store::insert(tx, &Mail { id, kind, person, organisation, about, call, record, created_at: now }).await
}

/// As [`queue`], of a mail that tells an organisation's admins of a call.
pub(crate) async fn queue_call(
    app: &App,
    tx: &Tx,
    (kind, call): (MailKind, CallId),
    (person, organisation): (PersonId, OrganisationId),
    now: Instant,
) -> Result<(), StoreError> {
    let (id, organisation, call) = (MailId(app.ids.next(now)), Some(organisation), Some(call));
    let (about, record) = (None, None);
    store::insert(tx, &Mail { id, kind, person, organisation, about, call, record, created_at: now }).await
}

/// As [`queue`], of a mail to somebody of an organisation about a record.
pub(crate) async fn queue_of(
    app: &App,
    tx: &Tx,
    (kind, record): (MailKind, Uuid),
    person: PersonId,
    organisation: OrganisationId,
    now: Instant,
) -> Result<(), StoreError> {
    let (id, organisation, record) = (MailId(app.ids.next(now)), Some(organisation), Some(record));
    let (about, call) = (None, None);
    store::insert(tx, &Mail { id, kind, person, organisation, about, call, record, created_at: now }).await
}

/// As [`queue`], of a mail to who made an alert that fires; the operator's own is no organisation's.
pub(crate) async fn queue_alert(
    app: &App,
    tx: &Tx,
    alert: &Alert,
    person: PersonId,
    now: Instant,
) -> Result<(), StoreError> {
    let (id, kind, record) = (MailId(app.ids.next(now)), MailKind::Alert, Some(alert.id.0));
    let (organisation, about, call) = (alert.organisation, None, None);
    store::insert(tx, &Mail { id, kind, person, organisation, about, call, record, created_at: now }).await
}

/// Tells the worker that there is something to send.
pub(crate) fn ring(app: &App) {
    app.posted.notify_one();
}

/// Sends what is queued until it is told to stop, and lets go of what is old.
pub async fn work(app: &App, post: &dyn Post, stop: impl Future<Output = ()>) {
    let mut stop = std::pin::pin!(stop);
    loop {
        match send_due(app, post).await {
            Ok(0) => {}
            Ok(sent) => tracing::info!(sent, "mails went out"),
            Err(error) => tracing::warn!(%error, "the queue of mails could not be read"),
        }
        tokio::select! {
            () = &mut stop => return,
            () = app.posted.notified() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Sends every mail that is due, and answers how many went out.
///
/// # Errors
/// Those of the database; a mail that cannot be sent is tried again later.
pub async fn send_due(app: &App, post: &dyn Post) -> AppResult<usize> {
    let mut sent = 0;
    while let Some((mail, attempts)) = take(app).await? {
        let now = app.clock.now();
        let outcome = match letter(app, &mail).await? {
            Some(letter) => post.send(&letter).await,
            // Whom it was for is erased, or what it told of is gone.
            None => Ok(()),
        };
        let id = mail.id;
        if let Err(failure) = outcome {
            let due = now.plus_micros(AGAIN.saturating_mul(1 << attempts.clamp(1, 10)));
            tracing::warn!(mail = %id, kind = mail.kind.as_str(), attempts, %failure, "a mail did not go out");
            let note = move |tx| async move { store::failed(&tx, id, &failure.to_string(), due).await };
            app.store.write::<_, StoreError, _, _>(note).await?;
            continue;
        }
        app.store.write::<_, StoreError, _, _>(move |tx| async move { store::sent(&tx, id, now).await }).await?;
        sent += 1;
    }
    Ok(sent)
}

async fn take(app: &App) -> AppResult<Option<(Mail, i32)>> {
    let now = app.clock.now();
    let take = move |tx| async move {
        store::forget(&tx, now.plus_micros(-REMEMBERED)).await?;
        link_store::forget(&tx, now.plus_micros(-REMEMBERED)).await?;
        sessions::forget(&tx, forgotten_before(now)).await?;
        store::take_due(&tx, now, now.plus_micros(TAKEN), MOST_ATTEMPTS).await
    };
    Ok(app.store.write::<_, StoreError, _, _>(take).await?)
}

/// A mail as it goes out; `None` where nobody is there any more to read it.
async fn letter(app: &App, mail: &Mail) -> AppResult<Option<Letter>> {
    let Some(person) = still_there(app, mail.person).await? else { return Ok(None) };
    let about = match mail.about {
        None => String::new(),
        Some(id) => match still_there(app, id).await? {
            Some(about) => format!("{} <{}>", about.name, about.email.as_str()),
            None => return Ok(None),
        },
    };
    let organisation = match mail.organisation {
        None => String::new(),
        Some(id) => organisations::get(&app.store, Scope::Organisation(id), id).await?.record.name,
    };
    let about = match (mail.kind, mail.organisation) {
        (MailKind::Entry, Some(id)) => match entered(app, id).await? {
            Some(entered) => entered,
            None => return Ok(None),
        },
        (MailKind::Call | MailKind::CallReminder, _) => match told_of(app, mail).await? {
            Some(call) => call,
            None => return Ok(None),
        },
        (MailKind::Alert, _) => match alerts::letter(app, mail, &organisation).await? {
            Some(told) => told,
            None => return Ok(None),
        },
        (kind, _) => match mail.record {
            None => about,
            Some(id) => match records::told(app, kind, id).await? {
                Some(told) => told,
                None => return Ok(None),
            },
        },
    };
    let about = match (stage_of(mail.kind), mail.organisation) {
        (Some(stage), Some(id)) => match freshness::listed(app, id, stage).await? {
            Some(offers) => offers,
            None => return Ok(None),
        },
        (_, _) => about,
    };
    let (subject, before, after) = words(mail.kind, &organisation, &about);
    let link = match link_of(mail.kind) {
        Some(how) => Some(link(app, mail, how).await?),
        None => None,
    };
    let link = link.as_ref().map_or(String::new(), |l| format!("\n\n{}\n\n", l.expose_secret()));
    // Names are typed by strangers, who must not write our mails.
    let text = format!("Hello,\n\n{before}{link}{after}\n\nMuster at {}\n", app.public_url);
    Ok(Some(Letter { to: person.email, subject, text: SecretString::from(text) }))
}

async fn still_there(app: &App, id: PersonId) -> AppResult<Option<Person>> {
    match people::get(&app.store, id).await {
        Ok((person, _)) => Ok(Some(person)),
        Err(StoreError::NotFound) => Ok(None),
        Err(e) => Err(e.into()),
    }
}

/// The stage of the offers that a mail is about, where it is about such.
fn stage_of(kind: MailKind) -> Option<Freshness> {
    match kind {
        MailKind::Due => Some(Freshness::Due),
        MailKind::Stale => Some(Freshness::Stale),
        MailKind::Suspended => Some(Freshness::Suspended),
        MailKind::Welcome | MailKind::Known | MailKind::Reset | MailKind::Invitation | MailKind::Role => None,
        MailKind::Changed | MailKind::Access | MailKind::Entry | MailKind::Joining | MailKind::Granted => None,
        MailKind::Lapsed | MailKind::Match | MailKind::Recall | MailKind::Call | MailKind::CallReminder => None,
        MailKind::Reviewed | MailKind::Certificate | MailKind::Urgency | MailKind::Risk | MailKind::Alert => None,
    }
}

/// Who entered an organisation, what it may do for it and until when; `None` when nobody did.
async fn entered(app: &App, id: OrganisationId) -> AppResult<Option<String>> {
    let entry = organisations::entries(&app.store, [id]).await?.remove(&id).unwrap_or_default();
    let Some(by) = entry.by else { return Ok(None) };
    let mandate = mandates::open(&app.store, id, by).await?.filter(|mandate| mandate.is_valid(app.clock.now()));
    let cluster = organisations::get(&app.store, Scope::Operator, by).await?.record.name;
    Ok(Some(match mandate {
        Some(mandate) => {
            let may = if mandate.scopes.allow(AccessScope::Write) { "read and write" } else { "read" };
            let until = mandate.ends_on;
            format!(
                "{cluster} (it says that you let it {may} its sites, offers with their prices, needs and matches until \
                 {until})"
            )
        }
        // Whoever was entered is told, also where it is over by now.
        None => format!("{cluster} (which may not act for it any more)"),
    }))
}

/// What a call is, whose, and until when; `None` once it takes no answers any more.
async fn told_of(app: &App, mail: &Mail) -> AppResult<Option<String>> {
    let Some(id) = mail.call else { return Ok(None) };
    let call = calls::get(&app.store, &CallReader::of_issuer(Scope::Operator), id).await?.record;
    if !call.takes_answers(app.clock.now()) {
        return Ok(None);
    }
    let issuer = organisations::get(&app.store, Scope::Operator, call.organisation).await?.record.name;
    let by = &call.terms.answer_by;
    let by = match (by.day, &by.zone) {
        (Some(day), Some(zone)) => format!("the end of {day} in {zone}"),
        (_, _) => by.at.to_string(),
    };
    Ok(Some(format!("\u{201c}{}\u{201d}, a call of {issuer}, until {by}", call.terms.title)))
}

/// What link a mail carries, if it does, and for how many seconds it works.
fn link_of(kind: MailKind) -> Option<(LinkPurpose, i64)> {
    match kind {
        MailKind::Welcome | MailKind::Reset | MailKind::Invitation => {
            Some((LinkPurpose::Password, links::MAILED_SECONDS))
        }
        MailKind::Entry => Some((LinkPurpose::Entry, links::ENTRY_SECONDS)),
        MailKind::Known
        | MailKind::Role
        | MailKind::Changed
        | MailKind::Access
        | MailKind::Joining
        | MailKind::Granted
        | MailKind::Match
        | MailKind::Recall
        | MailKind::Call
        | MailKind::CallReminder
        | MailKind::Due
        | MailKind::Stale
        | MailKind::Suspended
        | MailKind::Lapsed
        | MailKind::Reviewed
        | MailKind::Certificate
        | MailKind::Urgency
        | MailKind::Risk
        | MailKind::Alert => None,
    }
}

/// The subject, and what stands before and after the link.
fn words(kind: MailKind, organisation: &str, about: &str) -> (String, String, String) {
    let expires = "It works once, within 24 hours. If you did not ask for it, do nothing.";
    let (subject, before, after) = match kind {
        MailKind::Welcome => (
            "Your account at Muster".to_owned(),
            "somebody, most likely you, asked for an account with this address. Open this link to set a password:"
                .to_owned(),
            expires.to_owned(),
        ),
        MailKind::Known => (
            "You have an account at Muster".to_owned(),
            "somebody, most likely you, asked for an account with this address. You have one: sign in, or ask for a \
             link that sets another password. If it was not you, do nothing."
                .to_owned(),
            String::new(),
        ),
        MailKind::Reset => (
            "Another password for Muster".to_owned(),
            "open this link to set another password:".to_owned(),
            format!("{expires} Your password stays what it is until then."),
        ),
        MailKind::Invitation => (
            format!("{organisation} asks you to act for it at Muster"),
            format!(
                "{organisation} gave you a role at Muster, where firms say what they can make and others what they \
                 lack. Open this link to take it and to set a password:"
            ),
            format!("{expires} Your name and address were entered by {organisation}; {NOTICE}"),
        ),
        MailKind::Role => (
            format!("{organisation} gave you a role at Muster"),
            format!("{organisation} gave you a role at Muster. Sign in to take it, or do nothing to leave it."),
            String::new(),
        ),
        MailKind::Changed => (
            "Your password for Muster was changed".to_owned(),
            "your password was changed, and whatever else was signed in is signed out. If it was not you, ask for a \
             link that sets another password at once."
                .to_owned(),
            String::new(),
        ),
        MailKind::Access => (
            format!("{about} asks to act for {organisation} at Muster"),
            format!(
                "{about} asks to act for {organisation}. If you know this person and agree, give a role: sign in, and \
                 give it to the address above, or grant the claim where one stands with its evidence. If not, do \
                 nothing."
            ),
            String::new(),
        ),
        MailKind::Entry => (
            format!("{organisation} was entered at Muster: please confirm or refuse it"),
            format!(
                "at Muster, firms say what they can make and others what they lack. {organisation} was entered there, \
                 with you as the person who signed for it, by {about}. Open this link to confirm that, or to refuse \
                 it:"
            ),
            format!(
                "The link works once, within 14 days. Until you refuse, what was entered stands. Your name and address \
                 were entered by others; {NOTICE} To refuse erases them, unless you have an account here."
            ),
        ),
        MailKind::Joining => (
            "An organisation asks to join your cluster at Muster".to_owned(),
            format!(
                "{organisation} asks to join a cluster whose admin you are. Sign in to take it as a member, or not."
            ),
            String::new(),
        ),
        MailKind::Granted => (
            format!("You can act for {organisation} at Muster"),
            format!(
                "your claim to act for {organisation} was granted. Sign in, or carry your session on, to act for it."
            ),
            String::new(),
        ),
        MailKind::Match => (
            format!("Matches of {organisation} at Muster: something happened"),
            format!(
                "something happened to matches of {organisation}: one was put to you, accepted, declined, shipped, received or ended. \
                 What is put to you is held for a limited time. Sign in to see what and to answer."
            ),
            String::new(),
        ),
        MailKind::Recall => (
            format!("A recall concerns {organisation}"),
            format!(
                "a supplier recalls goods that {organisation} received or awaits. Do not use them before you have read \
                 which lots it is: sign in and open the match that is marked as recalled."
            ),
            String::new(),
        ),
        MailKind::Call => (
            format!("{organisation} is asked what it can offer"),
            format!(
                "{organisation} is asked to answer {about}. Sign in to answer with offers, to say that there is nothing \
                 to offer, or to refuse with a reason. To answer with offers shows them to the issuer, and whose they are."
            ),
            String::new(),
        ),
        MailKind::CallReminder => (
            format!("{organisation} has not answered a call yet"),
            format!("{organisation} has not answered {about}. Sign in to answer it."),
            String::new(),
        ),
        MailKind::Due => (
            format!("Please confirm offers of {organisation} at Muster"),
            format!(
                "the figures of these offers of {organisation} count as fresh for a few days more. If they still hold, \
                 confirm them; if not, change them:\n\n{about}"
            ),
            String::new(),
        ),
        MailKind::Stale => (
            format!("Offers of {organisation} at Muster are stale"),
            format!(
                "nobody confirmed the figures of these offers of {organisation}. They rank behind fresh ones, and are \
                 taken out of the market if it stays so. Confirm them, or change them:\n\n{about}"
            ),
            String::new(),
        ),
        MailKind::Suspended => (
            format!("Offers of {organisation} are out of the market"),
            format!(
                "nobody confirmed the figures of these offers of {organisation} for long, so that they are out of the \
                 market. Confirm them to bring them back:\n\n{about}"
            ),
            String::new(),
        ),
        MailKind::Lapsed => (
            format!("A match of {organisation} at Muster needs a look"),
            format!(
                "{organisation} has an open match whose offer is not kept up: its figures are stale, it is suspended, or \
                 its window is over. What was agreed stands. Sign in, look at your open matches, and ask the other side."
            ),
            String::new(),
        ),
        MailKind::Reviewed => {
            (format!("A record of {organisation} at Muster was reviewed"), about.to_owned(), String::new())
        }
        MailKind::Certificate => {
            (format!("A certificate of {organisation} at Muster was looked at"), about.to_owned(), String::new())
        }
        MailKind::Urgency => {
            (format!("How urgent a need of {organisation} counts at Muster"), about.to_owned(), String::new())
        }
        MailKind::Risk => (format!("A match of {organisation} at Muster is at risk"), about.to_owned(), String::new()),
        MailKind::Alert => {
            let (result, rest) = about.split_once('\n').unwrap_or((about, ""));
            (result.to_owned(), format!("{result}.\n\n{rest}"), String::new())
        }
    };
    (subject, before, after)
}

/// What whoever was entered by somebody else must know.
const NOTICE: &str = "they serve to reach you about this and nothing else, and are erased if you ask for it.";

async fn link(app: &App, mail: &Mail, how: (LinkPurpose, i64)) -> AppResult<SecretString> {
    let (ids, now, of) = (std::sync::Arc::clone(&app.ids), app.clock.now(), (Some(mail.person), mail.organisation));
    let make = move |tx: Tx| async move { Ok::<_, AppError>(links::make(&ids, &tx, how, of, now).await?) };
    let token = app.store.write(make).await?;
    Ok(links::address(app, how.0, &token))
}

/// How the queue of mails stands.
///
/// # Errors
/// Those of the database.
pub async fn standing(app: &App) -> AppResult<store::MailQueue> {
    Ok(store::queue(&app.store, MOST_ATTEMPTS).await?)
}
