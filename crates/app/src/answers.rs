//! Answers that are told again while nothing changed.
//!
//! What is told of the market depends on the market itself, on the day, and on what the reader may see. So what was written
//! for a question is told again, as it is, to readers who may see the same, for at most a second and only while the market
//! in memory is the same: it is caught up with before. Of those who ask the same at once, one has it written. Whoever writes
//! is told for which reader, so that what is told again to him was written for no other.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use domain::time::Instant;
use tokio::sync::OnceCell;

use crate::{
    App,
    access::Caller,
    capacity::{Reader, reader},
    error::AppError,
    kept,
};

/// For how many microseconds an answer is told again.
const LONGEST: i64 = 1_000_000;
/// The most answers that are kept, and the most bytes of one.
const MOST: usize = 32;
const MOST_BYTES: usize = 4 << 20;

/// Answers by what was asked and who reads them.
#[derive(Debug, Default)]
pub struct Answers(Mutex<HashMap<Asked, Answer>>);

/// The address with its question, and the reader.
type Asked = (String, Reader);

/// An answer, once it is written.
type Written = Arc<OnceCell<Arc<[u8]>>>;

#[derive(Debug)]
struct Answer {
    /// How often the market had changed.
    changes: u64,
    since: Instant,
    written: Written,
}

impl Answer {
    fn holds(&self, changes: u64, now: Instant) -> bool {
        let age = now.micros() - self.since.micros();
        self.changes == changes && self.since.day() == now.day() && (0..=LONGEST).contains(&age)
    }
}

impl Answers {
    /// The place of an answer, which may be written already.
    fn place(&self, asked: Asked, changes: u64, now: Instant) -> Written {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        answers.retain(|_, answer| answer.holds(changes, now));
        if answers.len() >= MOST && !answers.contains_key(&asked) {
            return Written::default();
        }
        let new = || Answer { changes, since: now, written: Written::default() };
        Arc::clone(&answers.entry(asked).or_insert_with(new).written)
    }

    fn forget(&self, asked: &Asked) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(asked);
    }
}

/// What an address answers to a caller, from the market as it is now: written by `write`, or by whoever asked the same just
/// before. It must say nothing but what follows from the address, the market in memory, the time, and the reader.
///
/// # Errors
/// Those of `write`, which are not told again, and of the database.
pub async fn again<E: From<AppError>>(
    app: &App,
    caller: &Caller,
    address: &str,
    write: impl AsyncFnOnce(&Reader) -> Result<Vec<u8>, E>,
) -> Result<Arc<[u8]>, E> {
    kept::warm(app).await?;
    let asked = (address.to_owned(), reader(app, caller).await?);
    let place = app.answers.place(asked.clone(), app.kept.changes(), app.clock.now());
    let written = Arc::clone(place.get_or_try_init(|| async { write(&asked.1).await.map(Arc::from) }).await?);
    if written.len() > MOST_BYTES {
        app.answers.forget(&asked);
    }
    Ok(written)
}
