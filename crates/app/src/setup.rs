//! The first person who runs the service: whoever starts it opens a link that the program prints, works for 30
//! minutes, and works only as long as there is nobody.

use domain::{
    audit::{Act, RecordKind},
    email::EmailAddress,
    ids::PersonId,
    link::LinkPurpose,
    person::Person,
    text,
    violation::Violations,
};
use secrecy::SecretString;
use storage::{people as store, sessions};

use crate::{
    App,
    access::{Caller, Credential},
    audit::Pen,
    error::{AppError, AppResult},
    links, passwords, people,
};

/// A link that makes the first person who runs the service; `None` once there is one.
///
/// # Errors
/// Those of the database.
pub async fn link(app: &App) -> AppResult<Option<SecretString>> {
    let (this, now) = (app.clone(), app.clock.now());
    let token = app.store.write(move |tx| async move {
        if store::operators(&tx).await? > 0 {
            return Ok(None);
        }
        let how = (LinkPurpose::Setup, links::SETUP_SECONDS);
        Ok::<_, AppError>(Some(links::make(&this.ids, &tx, how, (None, None), now).await?))
    });
    Ok(token.await?.map(|token| links::address(app, LinkPurpose::Setup, &token)))
}

/// What the first person types.
#[derive(Debug)]
pub struct SetupInput {
    /// The token of the link.
    pub token: SecretString,
    /// The address.
    pub email: String,
    /// The name.
    pub name: String,
    /// The password.
    pub password: SecretString,
}

/// Makes the first person who runs the service.
///
/// # Errors
/// `Invalid` with every fault; `Conflict` when there is somebody already.
pub async fn create(app: &App, input: &SetupInput) -> AppResult<Person> {
    let now = app.clock.now();
    links::look(app, LinkPurpose::Setup, &input.token, now).await?;
    let mut faults = Violations::new();
    let email = faults.keep(EmailAddress::parse("/email", &input.email));
    let name = faults.keep(text::name("/name", &input.name));
    faults.keep(passwords::check("/password", &input.password, &[&input.email, &input.name]));
    faults.into_result()?;
    let (Some(email), Some(name)) = (email, name) else { return Err(AppError::internal("no faults, no value")) };
    let hash = passwords::hash(app, &input.password).await?;
    let (this, token) = (app.clone(), input.token.clone());
    app.store
        .write(move |tx| async move {
            // Others who set up wait from here on.
            let known = store::claim(&tx, &email).await?;
            if store::operators(&tx).await? > 0 {
                let detail = "somebody runs the service already; `muster admin create` makes another";
                return Err(AppError::Conflict { code: "wrong_state", detail: detail.to_owned() });
            }
            links::take(&tx, LinkPurpose::Setup, &token, now).await?;
            let id = match known {
                Some(known) => known.id,
                None => {
                    let id = PersonId(this.ids.next(now));
                    let person = Person { id, email, name, operator: true, created_at: now, active_at: None };
                    store::insert(&tx, &person).await?;
                    id
                }
            };
            store::make_operator(&tx, id).await?;
            store::set_password(&tx, id, &hash, now).await?;
            // Whatever was signed in before would run the service from now on.
            sessions::end_all(&tx, id, None, now).await?;
            let pen = Pen::of(&this, &Caller::alone(Credential::Link, Some(id)));
            pen.note(&tx, [people::deed(Act::Create, RecordKind::Person, id.0)]).await?;
            Ok(store::get(&tx, id).await?.0)
        })
        .await
}
