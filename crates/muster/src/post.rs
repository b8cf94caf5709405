//! How mail leaves the program: to a server, or into files of a folder for those who try it out.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow, bail};
use app::mails::{Letter, Post, PostError, Posting};
use lettre::{
    Address, AsyncFileTransport, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
};
use secrecy::{ExposeSecret, SecretString};

use crate::address::{authority, is_here};

/// Where mail goes.
#[derive(Clone)]
pub enum MailRoute {
    /// Into files of this folder.
    Folder(PathBuf),
    /// To the server of this address, which may hold a password.
    Server(SecretString),
}

impl MailRoute {
    /// From the setting `mail`; into `DATA/mail` where it is not set.
    pub fn parse(setting: Option<&str>, data: &Path) -> Result<Self> {
        match setting {
            None | Some("file") => Ok(Self::Folder(data.join("mail"))),
            Some(url) if url.starts_with("smtp://") || url.starts_with("smtps://") => {
                // The address may hold a password, so the error does not repeat it.
                let hint = "write e.g. smtps://USER:PASSWORD@mail.example.org, or smtp://127.0.0.1:25";
                AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
                    .map_err(|fault| anyhow!("the setting mail: {fault}; {hint}"))?;
                if url.starts_with("smtp://") && !url.contains("tls=required") && !is_here(url) {
                    bail!(
                        "the setting mail: links that open accounts would be sent in the clear; write e.g. \
                           smtps://mail.example.org, or smtp://mail.example.org?tls=required"
                    );
                }
                Ok(Self::Server(SecretString::from(url)))
            }
            Some(_) => {
                Err(anyhow!("the setting mail: neither `file` nor a server; write e.g. smtps://mail.example.org"))
            }
        }
    }
}

impl PartialEq for MailRoute {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Folder(a), Self::Folder(b)) => a == b,
            (Self::Server(a), Self::Server(b)) => a.expose_secret() == b.expose_secret(),
            (Self::Folder(_), Self::Server(_)) | (Self::Server(_), Self::Folder(_)) => false,
        }
    }
}

impl fmt::Display for MailRoute {
    /// Without the user and the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "files in {}", folder.display()),
            Self::Server(url) => {
                let url = url.expose_secret();
                let (scheme, _) = url.split_once("://").unwrap_or(("smtp", ""));
                write!(f, "{scheme}://{}", authority(url))
            }
        }
    }
}

impl fmt::Debug for MailRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Whom mail comes from.
pub fn sender(setting: &str) -> Result<Mailbox> {
    setting.parse().map_err(|_| {
        anyhow!("the setting mail_from: {setting:?} is no sender; write e.g. \"Muster <muster@example.org>\"")
    })
}

/// Takes mails to their route.
pub struct PostOffice {
    from: Mailbox,
    route: Route,
}

enum Route {
    Folder(AsyncFileTransport<Tokio1Executor>),
    Server(AsyncSmtpTransport<Tokio1Executor>),
}

impl PostOffice {
    /// A post on a route; a folder is made where there is none, for nobody else to read.
    pub fn open(route: &MailRoute, from: &str) -> Result<Self> {
        let route = match route {
            MailRoute::Folder(folder) => {
                make_private(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
                Route::Folder(AsyncFileTransport::new(folder))
            }
            MailRoute::Server(url) => {
                let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret());
                Route::Server(server.map_err(|fault| anyhow!("the setting mail: {fault}"))?.build())
            }
        };
        Ok(Self { from: sender(from)?, route })
    }

    async fn post(&self, letter: &Letter) -> Result<(), PostError> {
        let to: Address = letter.to.as_str().parse().map_err(|_| PostError::Refused)?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(&letter.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(letter.text.expose_secret().to_owned())
            .map_err(|_| PostError::Refused)?;
        match &self.route {
            // What a transport says may name whom it was for, so it is not passed on.
            Route::Folder(folder) => folder.send(message).await.map(drop).map_err(|_| PostError::Unreachable),
            Route::Server(server) => server
                .send(message)
                .await
                .map(drop)
                .map_err(|fault| if fault.is_permanent() { PostError::Refused } else { PostError::Unreachable }),
        }
    }
}

impl Post for PostOffice {
    fn send<'a>(&'a self, letter: &'a Letter) -> Posting<'a> {
        Box::pin(self.post(letter))
    }
}

#[cfg(unix)]
fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}
