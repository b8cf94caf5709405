//! Where the database is.

use std::{fmt, path::Path, path::PathBuf};

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DatabaseKind {
    /// A file, opened by this process.
    Sqlite,
    /// A PostgreSQL server, 15 or later.
    Postgres,
}

impl DatabaseKind {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// A file and whether it may be created.
    File(PathBuf, bool),
    Server(String),
}

/// The address of a database: `sqlite://PATH`, with `?mode=rwc` to create the file when it is not
/// there, or `postgres://user:password@host/name`. Shown without the password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(pub(crate) Place);

impl DatabaseUrl {
    /// Reads an address. The error says what is wrong and what to write.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self(Place::Server(text.to_owned())));
        }
        let Some(rest) = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:")) else {
            return Err("the database URL must start with sqlite:// or postgres://".to_owned());
        };
        let (path, create) = match rest.split_once('?') {
            None => (rest, false),
            Some((path, "mode=rw")) => (path, false),
            Some((path, "mode=rwc")) => (path, true),
            Some((_, other)) => return Err(format!("{other:?} is not understood; write ?mode=rw or ?mode=rwc")),
        };
        if path.is_empty() || path == ":memory:" {
            return Err("the database needs a file; write sqlite://PATH?mode=rwc".to_owned());
        }
        Ok(Self(Place::File(PathBuf::from(path), create)))
    }

    /// A SQLite file by its path, created when it is not there; any character may stand in the path.
    pub fn file(path: &Path) -> Self {
        Self(Place::File(path.to_path_buf(), true))
    }

    /// Which database it is.
    pub fn kind(&self) -> DatabaseKind {
        match self.0 {
            Place::File(..) => DatabaseKind::Sqlite,
            Place::Server(_) => DatabaseKind::Postgres,
        }
    }

    /// The file of a SQLite database.
    pub fn path(&self) -> Option<&Path> {
        match &self.0 {
            Place::File(path, _) => Some(path),
            Place::Server(_) => None,
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::File(path, _) => write!(f, "sqlite://{}", path.display()),
            Place::Server(url) => f.write_str(&without_password(url)),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Hides what stands between the user and the host, and every parameter but the socket's folder.
fn without_password(url: &str) -> String {
    let (base, parameters) = url.split_once('?').unwrap_or((url, ""));
    let mut shown = match (base.split_once("://"), base.rfind('@')) {
        (Some((scheme, rest)), Some(at)) => {
            let user = rest.split([':', '@']).next().unwrap_or_default();
            format!("{scheme}://{user}{}", base.get(at..).unwrap_or_default())
        }
        (_, _) => base.to_owned(),
    };
    if let Some(host) = parameters.split('&').find(|p| p.starts_with("host=")) {
        shown.push('?');
        shown.push_str(host);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_its_password() {
        let shown = |text: &str| DatabaseUrl::parse(text).unwrap().to_string();
        assert_eq!(shown("postgres://ann:s3:c@ret@db.example:5432/muster"), "postgres://ann@db.example:5432/muster");
        assert_eq!(shown("postgres://db/muster?password=secret"), "postgres://db/muster");
        assert_eq!(shown("postgres://p@localhost/x?host=/run/pg&password=y"), "postgres://p@localhost/x?host=/run/pg");
        assert_eq!(shown("sqlite:///data/muster.db?mode=rwc"), "sqlite:///data/muster.db");
    }

    #[test]
    fn an_address_that_is_no_database_is_refused() {
        for bad in ["", "mysql://x", "sqlite://", "sqlite::memory:", "sqlite://x?mode=memory", "/var/lib/muster.db"] {
            assert!(DatabaseUrl::parse(bad).is_err(), "{bad}");
        }
    }
}
