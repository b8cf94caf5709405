//! Settings: flag over environment over `muster.toml` in the data folder over default, each with
//! where it came from.

use std::{
    env, fs, io,
    net::{IpAddr, SocketAddr, ToSocketAddrs},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow, bail};
use api::Limits;
use app::runs::Retention;
use ipnet::IpNet;
use serde::Serialize;
use storage::DatabaseUrl;

use crate::{
    cli::Global,
    issuers::{self, IssuerSetting},
    post::{self, MailRoute},
};

/// The file of settings in the data folder.
pub const FILE: &str = "muster.toml";
/// Where the data lie when nobody says.
pub const DEFAULT_DATA: &str = "./muster-data";
/// Where to listen when nobody says.
pub const DEFAULT_ADDR: &str = "127.0.0.1:8080";
/// Whom mail comes from when nobody says.
pub const DEFAULT_FROM: &str = "Muster <muster@localhost>";
/// The SQLite database in the data folder.
pub const DATABASE_FILE: &str = "muster.db";

/// Settings that may stand in the file.
const IN_FILE: [&str; 15] = [
    "database",
    "addr",
    "public_url",
    "log",
    "seeds",
    "keep_snapshots",
    "keep_events",
    "evidence_limit",
    "licence",
    "public_licence",
    "rate_limit",
    "trusted_proxies",
    "mail",
    "mail_from",
    issuers::NAME,
];

/// Where a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The command line.
    Flag,
    /// The environment.
    Environment,
    /// `muster.toml` in the data folder.
    File,
    /// Nobody said anything.
    Default,
}

impl Origin {
    /// The word for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Environment => "environment",
            Self::File => "file",
            Self::Default => "default",
        }
    }
}

/// A value with its origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// Its name, as in the file and the flag.
    pub name: &'static str,
    /// The variable that sets it; empty where only the file does.
    pub variable: &'static str,
    /// What holds, with secrets hidden.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}

/// What holds.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The data folder.
    pub data: PathBuf,
    /// The database.
    pub database: DatabaseUrl,
    /// Where to listen.
    pub addr: String,
    /// Where people reach the service, without a slash at the end; at the address it listens on where `None`.
    pub public_url: Option<String>,
    /// How mail goes out.
    pub mail: MailRoute,
    /// Whom mail comes from.
    pub mail_from: String,
    /// What to log; each command has its own default.
    pub log: Option<String>,
    /// A folder of seed files instead of those inside the program.
    pub seeds: Option<PathBuf>,
    /// For how long what runs saw is kept.
    pub keep_snapshots: Retention,
    /// For how long events of the change feed are kept.
    pub keep_events: Retention,
    /// The most bytes of an evidence file.
    pub evidence_limit: usize,
    /// What a reader may do with what he is told.
    pub licence: String,
    /// What anybody may do with the public figures.
    pub public_licence: String,
    /// Points that a caller may ask for a minute; without limit where `None`.
    pub rate_limit: Option<Limits>,
    /// Networks of proxies that are believed whom they pass on.
    pub trusted_proxies: Vec<IpNet>,
    /// Issuers whose tokens are taken besides our own.
    pub outside_issuers: Vec<IssuerSetting>,
    /// Every setting for people to see.
    pub shown: Vec<Setting>,
}

impl Settings {
    /// Works out what holds. Reads the environment and the file of settings, and nothing else.
    ///
    /// Errors name the setting, its value and what to write.
    pub fn resolve(global: &Global, addr: Option<&str>) -> Result<Self> {
        Self::resolve_with(global, addr, &|name| env::var_os(name).filter(|v| !v.is_empty()))
    }

    fn resolve_with(
        global: &Global,
        addr: Option<&str>,
        variable: &dyn Fn(&str) -> Option<std::ffi::OsString>,
    ) -> Result<Self> {
        let text = |name: &'static str| -> Result<Option<String>> {
            let Some(value) = variable(name) else { return Ok(None) };
            value.into_string().map(Some).map_err(|_| anyhow!("the variable {name} is not UTF-8; write it anew"))
        };
        let (data, data_origin) = match (&global.data, variable("MUSTER_DATA")) {
            (Some(flag), _) => (flag.clone(), Origin::Flag),
            (None, Some(path)) => (PathBuf::from(path), Origin::Environment),
            (None, None) => (PathBuf::from(DEFAULT_DATA), Origin::Default),
        };
        let file = read_file(&data)?;
        let pick = |name: &'static str, flag: Option<String>, var: &'static str| -> Result<(Option<String>, Origin)> {
            if flag.is_some() {
                return Ok((flag, Origin::Flag));
            }
            if let Some(value) = text(var)? {
                return Ok((Some(value), Origin::Environment));
            }
            match file.get(name) {
                Some(toml::Value::String(value)) => Ok((Some(value.clone()), Origin::File)),
                Some(other) => bail!("{name} = {other} in {FILE} is no text; write it in quotes"),
                None => Ok((None, Origin::Default)),
            }
        };
        let as_text = |path: &PathBuf| path.display().to_string();
        let (database, database_origin) = pick("database", global.database.clone(), "MUSTER_DATABASE_URL")?;
        let database = match database {
            // The address itself may hold a password, so the error does not repeat it.
            Some(url) => DatabaseUrl::parse(&url).map_err(|fault| anyhow!("the setting database: {fault}"))?,
            None => DatabaseUrl::file(&data.join(DATABASE_FILE)),
        };
        let (addr, addr_origin) = pick("addr", addr.map(str::to_owned), "MUSTER_ADDR")?;
        let addr = addr.unwrap_or_else(|| DEFAULT_ADDR.to_owned());
        let (public, public_origin) = pick("public_url", None, "MUSTER_PUBLIC_URL")?;
        let public_url = public.as_deref().map(public_url).transpose()?;
        let (mail, mail_origin) = pick("mail", None, "MUSTER_MAIL")?;
        let mail = MailRoute::parse(mail.as_deref(), &data)?;
        let (from, from_origin) = pick("mail_from", None, "MUSTER_MAIL_FROM")?;
        let mail_from = from.unwrap_or_else(|| DEFAULT_FROM.to_owned());
        post::sender(&mail_from)?;
        let (log, log_origin) = pick("log", global.log.clone(), "MUSTER_LOG")?;
        let (seeds, seeds_origin) = pick("seeds", global.seeds.as_ref().map(as_text), "MUSTER_SEEDS")?;
        let (keep, keep_origin) = pick("keep_snapshots", None, "MUSTER_KEEP_SNAPSHOTS")?;
        let keep_snapshots = keep.map(|text| text.parse::<Retention>()).transpose();
        let keep_snapshots = keep_snapshots.map_err(|fault| anyhow!("the setting keep_snapshots: {fault}"))?;
        let keep_snapshots = keep_snapshots.unwrap_or_default();
        let (events, events_origin) = pick("keep_events", None, "MUSTER_KEEP_EVENTS")?;
        let keep_events = events.map(|text| text.parse::<Retention>()).transpose();
        let keep_events = keep_events.map_err(|fault| anyhow!("the setting keep_events: {fault}"))?;
        let keep_events = keep_events.unwrap_or(app::changes::KEPT);
        let (evidence, evidence_origin) = pick("evidence_limit", None, "MUSTER_EVIDENCE_LIMIT")?;
        let evidence_limit = evidence.as_deref().map_or(Ok(domain::evidence::MOST_BYTES), megabytes)?;
        let (licence, licence_origin) = pick("licence", None, "MUSTER_LICENCE")?;
        let licence = licence.unwrap_or_else(|| app::LICENCE.to_owned());
        let (public_licence, public_licence_origin) = pick("public_licence", None, "MUSTER_PUBLIC_LICENCE")?;
        let public_licence = public_licence.unwrap_or_else(|| app::PUBLIC_LICENCE.to_owned());
        let (rate, rate_origin) = pick("rate_limit", None, "MUSTER_RATE_LIMIT")?;
        let rate_limit = rate.as_deref().map_or(Ok(Some(Limits::default())), limits)?;
        let (proxies, proxies_origin) = pick("trusted_proxies", None, "MUSTER_TRUSTED_PROXIES")?;
        let trusted_proxies = networks(proxies.as_deref().unwrap_or_default())?;
        let outside_issuers = issuers::parse(&file, &data)?;
        let issuers_origin = if file.contains_key(issuers::NAME) { Origin::File } else { Origin::Default };
        let shown_url = public_url.clone().unwrap_or_else(|| format!("http://{addr}"));
        let shown_rate = rate_limit.map_or_else(|| "off".to_owned(), |l| l.credential.to_string());
        let shown_proxies: Vec<String> = trusted_proxies.iter().map(IpNet::to_string).collect();
        let shown_proxies = if shown_proxies.is_empty() { "none".to_owned() } else { shown_proxies.join(",") };
        let one = |name, variable, value, origin| Setting { name, variable, value, origin };
        let shown = vec![
            one("data", "MUSTER_DATA", as_text(&data), data_origin),
            one("database", "MUSTER_DATABASE_URL", database.to_string(), database_origin),
            one("addr", "MUSTER_ADDR", addr.clone(), addr_origin),
            one("public_url", "MUSTER_PUBLIC_URL", shown_url, public_origin),
            one("mail", "MUSTER_MAIL", mail.to_string(), mail_origin),
            one("mail_from", "MUSTER_MAIL_FROM", mail_from.clone(), from_origin),
            one("log", "MUSTER_LOG", log.clone().unwrap_or_else(|| "warn (serve: info)".to_owned()), log_origin),
            one(
                "seeds",
                "MUSTER_SEEDS",
                seeds.clone().unwrap_or_else(|| "inside the program".to_owned()),
                seeds_origin,
            ),
            one("keep_snapshots", "MUSTER_KEEP_SNAPSHOTS", keep_snapshots.to_string(), keep_origin),
            one("keep_events", "MUSTER_KEEP_EVENTS", keep_events.to_string(), events_origin),
            one(
                "evidence_limit",
                "MUSTER_EVIDENCE_LIMIT",
                format!("{} MB", evidence_limit / MEGABYTE),
                evidence_origin,
            ),
            one("licence", "MUSTER_LICENCE", licence.clone(), licence_origin),
            one("public_licence", "MUSTER_PUBLIC_LICENCE", public_licence.clone(), public_licence_origin),
            one("rate_limit", "MUSTER_RATE_LIMIT", shown_rate, rate_origin),
            one("trusted_proxies", "MUSTER_TRUSTED_PROXIES", shown_proxies, proxies_origin),
            // Tables, which no variable holds.
            one(issuers::NAME, "", issuers::shown(&outside_issuers), issuers_origin),
        ];
        let seeds = seeds.map(PathBuf::from);
        Ok(Self {
            data,
            database,
            addr,
            public_url,
            mail,
            mail_from,
            log,
            seeds,
            keep_snapshots,
            keep_events,
            evidence_limit,
            licence,
            public_licence,
            rate_limit,
            trusted_proxies,
            outside_issuers,
            shown,
        })
    }

    /// The address to listen on.
    pub fn socket(&self) -> Result<SocketAddr> {
        let wrong = || format!("{:?} is no address to listen on; write HOST:PORT, e.g. {DEFAULT_ADDR}", self.addr);
        let mut found = self.addr.to_socket_addrs().with_context(wrong)?;
        found.next().with_context(wrong)
    }
}

/// The beginning of every link.
fn public_url(text: &str) -> Result<String> {
    let plain = text.bytes().all(|b| b.is_ascii_graphic()) && !text.contains(['#', '?', '@']);
    let host =
        text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).map(|rest| rest.trim_matches('/'));
    if !plain || host.is_none_or(str::is_empty) {
        bail!(
            "the setting public_url: {text:?} is no address that people reach; write e.g. https://muster.example.org"
        );
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// Bytes of a megabyte.
const MEGABYTE: usize = 1024 * 1024;

/// Whole megabytes.
fn megabytes(text: &str) -> Result<usize> {
    let bare = text.trim().trim_end_matches("MB").trim_end();
    let found = bare.parse().ok().filter(|n| (1..=60).contains(n));
    let found: usize = found.with_context(|| {
        format!("the setting evidence_limit: {text:?} is not from 1 to 60 MB; write whole megabytes, e.g. 10")
    })?;
    Ok(found * MEGABYTE)
}

/// Points a minute, or `off`.
fn limits(text: &str) -> Result<Option<Limits>> {
    if text == "off" {
        return Ok(None);
    }
    let points = text.parse().ok().filter(|points| (500..=1_000_000_000).contains(points));
    let points: u32 = points.with_context(|| {
        format!(
            "the setting rate_limit: {text:?} is not from 500 to 1000000000 points a minute; write e.g. 6000, or off"
        )
    })?;
    Ok(Some(Limits { credential: points, address: points / 10 }))
}

/// Networks with commas between them.
fn networks(text: &str) -> Result<Vec<IpNet>> {
    let named = text.split(',').map(str::trim).filter(|name| !name.is_empty());
    let read = |name: &str| {
        let alone = || name.parse::<IpAddr>().map(IpNet::from);
        name.parse::<IpNet>().or_else(|_| alone()).map_err(|_| {
            anyhow!("the setting trusted_proxies: {name:?} is no network; write e.g. 10.0.0.0/8,fd00::/8, or 127.0.0.1")
        })
    };
    named.map(read).collect()
}

fn read_file(data: &Path) -> Result<toml::Table> {
    let path = data.join(FILE);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(fault) if fault.kind() == io::ErrorKind::NotFound || fault.kind() == io::ErrorKind::NotADirectory => {
            return Ok(toml::Table::new());
        }
        Err(fault) => return Err(fault).with_context(|| format!("{} cannot be read", path.display())),
    };
    let table: toml::Table = text.parse().map_err(|fault: toml::de::Error| {
        let line = fault.span().map_or(1, |s| 1 + text.get(..s.start).map_or(0, |t| t.matches('\n').count()));
        // Its Display quotes the line, which may hold a password.
        anyhow!("{} line {line}: {}; correct the file", path.display(), fault.message())
    })?;
    if let Some(unknown) = table.keys().find(|k| !IN_FILE.contains(&k.as_str())) {
        bail!(
            "{} has the setting {unknown:?}, which there is not; it can have: {}",
            path.display(),
            IN_FILE.join(", ")
        );
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    fn none(_: &str) -> Option<OsString> {
        None
    }

    fn origin_of(settings: &Settings, name: &str) -> Origin {
        settings.shown.iter().find(|s| s.name == name).unwrap().origin
    }

    #[test]
    fn a_flag_wins_over_environment_over_file_over_default() {
        let folder = tempfile::tempdir().unwrap();
        let global = || Global { data: Some(folder.path().to_path_buf()), ..Global::default() };
        let bare = Settings::resolve_with(&global(), None, &none).unwrap();
        assert_eq!((bare.addr.as_str(), origin_of(&bare, "addr")), (DEFAULT_ADDR, Origin::Default));
        fs::write(folder.path().join(FILE), "addr = \"127.0.0.1:1\"\n").unwrap();
        let file = Settings::resolve_with(&global(), None, &none).unwrap();
        assert_eq!((file.addr.as_str(), origin_of(&file, "addr")), ("127.0.0.1:1", Origin::File));
        let variable = |name: &str| (name == "MUSTER_ADDR").then(|| OsString::from("127.0.0.1:2"));
        let environment = Settings::resolve_with(&global(), None, &variable).unwrap();
        assert_eq!((environment.addr.as_str(), origin_of(&environment, "addr")), ("127.0.0.1:2", Origin::Environment));
        let flag = Settings::resolve_with(&global(), Some("127.0.0.1:3"), &variable).unwrap();
        assert_eq!((flag.addr.as_str(), origin_of(&flag, "addr")), ("127.0.0.1:3", Origin::Flag));
    }

    #[test]
    fn passwords_are_not_shown() {
        let url = "postgres://ann:s3cret@localhost/muster";
        let global = Global { database: Some(url.to_owned()), ..Global::default() };
        let settings = Settings::resolve_with(&global, None, &none).unwrap();
        assert!(!format!("{:?}{settings:?}", settings.shown).contains("s3cret"));
    }

    #[test]
    fn snapshots_are_kept_for_a_year_unless_told_otherwise() {
        let folder = tempfile::tempdir().unwrap();
        let global = Global { data: Some(folder.path().to_path_buf()), ..Global::default() };
        let kept = || Settings::resolve_with(&global, None, &none).map(|s| s.keep_snapshots);
        assert_eq!(kept().unwrap(), Retention::Days(365));
        fs::write(folder.path().join(FILE), "keep_snapshots = \"all\"\n").unwrap();
        assert_eq!(kept().unwrap(), Retention::All);
        fs::write(folder.path().join(FILE), "keep_snapshots = \"a while\"\n").unwrap();
        let fault = kept().unwrap_err().to_string();
        assert!(fault.contains("keep_snapshots") && fault.contains("365d"), "{fault}");
    }

    #[test]
    fn events_are_kept_for_90_days_unless_told_otherwise() {
        let folder = tempfile::tempdir().unwrap();
        let global = Global { data: Some(folder.path().to_path_buf()), ..Global::default() };
        let kept = || Settings::resolve_with(&global, None, &none).map(|s| s.keep_events);
        assert_eq!(kept().unwrap(), Retention::Days(90));
        fs::write(folder.path().join(FILE), "keep_events = \"400d\"\n").unwrap();
        assert_eq!(kept().unwrap(), Retention::Days(400));
        fs::write(folder.path().join(FILE), "keep_events = \"0d\"\n").unwrap();
        assert!(kept().unwrap_err().to_string().contains("keep_events"));
    }

    #[test]
    fn rates_and_proxies_are_read_or_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let global = Global { data: Some(folder.path().to_path_buf()), ..Global::default() };
        let told = |text: &str| {
            fs::write(folder.path().join(FILE), text).unwrap();
            Settings::resolve_with(&global, None, &none)
        };
        let usual = told("").unwrap();
        assert_eq!((usual.rate_limit, usual.trusted_proxies.len()), (Some(Limits::default()), 0));
        let set = told("rate_limit = \"1000\"\ntrusted_proxies = \"10.0.0.0/8, ::1\"\n").unwrap();
        assert_eq!(set.rate_limit, Some(Limits { credential: 1_000, address: 100 }));
        assert_eq!(set.trusted_proxies.len(), 2);
        assert_eq!(told("rate_limit = \"off\"\n").unwrap().rate_limit, None);
        for (text, named) in [("rate_limit = \"0\"", "rate_limit"), ("trusted_proxies = \"proxy\"", "trusted_proxies")]
        {
            let fault = told(text).unwrap_err().to_string();
            assert!(fault.contains(named) && fault.contains("write e.g."), "{fault}");
        }
    }

    #[test]
    fn mail_goes_into_a_folder_or_to_a_server_whose_password_is_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let global = Global { data: Some(folder.path().to_path_buf()), ..Global::default() };
        let told = |text: &str| {
            fs::write(folder.path().join(FILE), text).unwrap();
            Settings::resolve_with(&global, None, &none)
        };
        let usual = told("addr = \"127.0.0.1:9\"\n").unwrap();
        assert_eq!(usual.mail, MailRoute::Folder(folder.path().join("mail")));
        let shown = usual.shown.iter().find(|s| s.name == "public_url").unwrap();
        assert_eq!(shown.value, "http://127.0.0.1:9");
        let server = told("mail = \"smtps://ann:s3cret@mail.example.org\"\nmail_from = \"Muster <m@example.org>\"\n");
        assert!(!format!("{:?}", server.unwrap()).contains("s3cret"));
        for (text, named) in [
            ("mail = \"pigeon\"", "mail"),
            ("mail = \"smtp://mail.example.org\"", "mail"),
            ("mail_from = \"nobody\"", "mail_from"),
            ("public_url = \"muster.example.org\"", "public_url"),
            ("public_url = \"https://\"", "public_url"),
        ] {
            let fault = told(text).unwrap_err().to_string();
            assert!(fault.contains(&format!("setting {named}:")) && fault.contains("write e.g."), "{fault}");
        }
    }

    #[test]
    fn a_setting_that_there_is_not_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), "adress = \"127.0.0.1:1\"\n").unwrap();
        let global = Global { data: Some(folder.path().to_path_buf()), ..Global::default() };
        let fault = Settings::resolve_with(&global, None, &none).unwrap_err().to_string();
        assert!(fault.contains("adress") && fault.contains("addr"), "{fault}");
    }
}
