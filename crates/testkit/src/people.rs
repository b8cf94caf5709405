//! People whom tests find signed in.

use domain::{
    email::EmailAddress,
    ids::{PersonId, SessionId},
    person::{Person, Session},
    time::{Day, Instant},
};
use storage::{Store, StoreError, Tx};
use uuid::Uuid;

/// Who runs the service in every test database.
pub const OPERATOR: PersonId = PersonId(Uuid::from_u128(0x018f_0000_0000_7000_8000_0000_0000_0a01));
/// The session of [`OPERATOR`].
pub const OPERATOR_SESSION: SessionId = SessionId(Uuid::from_u128(0x018f_0000_0000_7000_8000_0000_0000_0a02));

/// Adds a person without a password, whose session does not end by itself.
pub(crate) async fn add_person(tx: &Tx, id: PersonId, session: SessionId, now: Instant) -> Result<(), StoreError> {
    let email = match EmailAddress::parse("/email", &format!("{id}@example.org")) {
        Ok(email) => email,
        Err(e) => panic!("{e}"),
    };
    let name = "Ann Example".to_owned();
    let person = Person { id, email, name, operator: id == OPERATOR, created_at: now, active_at: Some(now) };
    storage::people::insert(tx, &person).await?;
    let expires_at = now.plus_micros(100 * 366 * 86_400 * 1_000_000);
    let session = Session {
        id: session,
        person: id,
        organisation: None,
        created_at: now,
        last_used_at: now,
        expires_at,
        ended_at: None,
    };
    storage::sessions::insert(tx, &session, "").await
}

/// Adds who runs the service.
///
/// # Panics
/// When the database refuses it.
pub(crate) async fn seed(store: &Store) {
    let long_ago = Day::parse("2020-01-01").map(Instant::start_of);
    let Ok(long_ago) = long_ago else { panic!("2020 began") };
    let added = store.write(move |tx| async move { add_person(&tx, OPERATOR, OPERATOR_SESSION, long_ago).await });
    if let Err(error) = added.await {
        panic!("the operator is refused: {error}");
    }
}
