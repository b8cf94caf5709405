//! A post that keeps what it is given, for tests to read.

use std::sync::{Mutex, PoisonError};

use app::mails::{Letter, Post, PostError, Posting};
use secrecy::ExposeSecret;

/// A mail that went out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailed {
    /// To which address.
    pub to: String,
    /// What it is about.
    pub subject: String,
    /// What it says.
    pub text: String,
}

impl Mailed {
    /// The token of the link that it carries.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn token(&self) -> String {
        let link = self.text.split("/link#password.").nth(1).and_then(|rest| rest.split_whitespace().next());
        match link {
            Some(token) => token.to_owned(),
            None => panic!("no link: {}", self.text),
        }
    }
}

/// Keeps mails, or refuses them.
#[derive(Debug, Default)]
pub struct TestPost {
    kept: Mutex<Vec<Mailed>>,
    closed: Mutex<Option<PostError>>,
}

impl TestPost {
    /// What came since the last call.
    pub fn take(&self) -> Vec<Mailed> {
        std::mem::take(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on every mail fails so; `None` opens it again.
    pub fn fail(&self, with: Option<PostError>) {
        *self.closed.lock().unwrap_or_else(PoisonError::into_inner) = with;
    }
}

impl Post for TestPost {
    fn send<'a>(&'a self, letter: &'a Letter) -> Posting<'a> {
        Box::pin(async move {
            if let Some(fault) = *self.closed.lock().unwrap_or_else(PoisonError::into_inner) {
                return Err(fault);
            }
            let (to, subject) = (letter.to.as_str().to_owned(), letter.subject.clone());
            let mail = Mailed { to, subject, text: letter.text.expose_secret().to_owned() };
            self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(mail);
            Ok(())
        })
    }
}
