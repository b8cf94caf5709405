//! A private PostgreSQL cluster for tests, from the binaries this machine has.
//!
//! It listens on a Unix socket inside its own temporary folder and nowhere else, so it needs no
//! free port, no password and no service. A small shell script (`postgres.sh`) runs it and holds
//! a pipe to the test process: when that process ends, in whatever way, the server ends too.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;

#[cfg(test)]
mod tests;

/// Set to `1` where a missing PostgreSQL must fail the suite instead of narrowing it.
const REQUIRE: &str = "MUSTER_REQUIRE_POSTGRES";

/// Debian and its relatives keep the server's binaries here, outside `PATH`.
const DEBIAN: &str = "/usr/lib/postgresql";

/// Durability is of no use to a database that lives for one test run; speed is.
/// `log_min_messages=log` keeps the server's own news and drops the errors that tests provoke.
const SETTINGS: [&str; 10] = [
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_connections=200",
    "autovacuum=off",
    "jit=off",
    "log_min_messages=log",
    "listen_addresses=",
];

/// A Unix socket's path may have 107 bytes; the folder's name and the socket's take up to 40.
const LONGEST_PARENT: usize = 60;

const SUPERVISOR: &str = include_str!("postgres.sh");

/// A running cluster with the superuser `postgres`; it stops when it is dropped or the process ends.
#[derive(Debug)]
pub struct Cluster {
    binaries: PathBuf,
    folder: PathBuf,
    supervisor: Child,
}

/// The cluster of this test process, started at the first call; `None` when the machine has no
/// PostgreSQL, which is said once on standard error, past the test harness's capture.
///
/// # Panics
/// When binaries were found but the cluster does not start, and when none were found although
/// `MUSTER_REQUIRE_POSTGRES=1` asks for them: a suite that silently tests half is worse than a red one.
pub fn cluster() -> Option<&'static Cluster> {
    static CLUSTER: OnceLock<Result<Option<Cluster>, String>> = OnceLock::new();
    let required = || env::var_os(REQUIRE).is_some_and(|value| value == "1");
    match CLUSTER.get_or_init(|| open(find_binaries(), required(), &mut io::stderr())) {
        Ok(cluster) => cluster.as_ref(),
        Err(message) => panic!("{message}"),
    }
}

/// `notice` takes what must be said about a missing PostgreSQL. It is the stream itself and not a
/// print macro, whose words the harness swallows when a test passes.
fn open(binaries: Option<PathBuf>, required: bool, notice: &mut dyn Write) -> Result<Option<Cluster>, String> {
    let missing = format!("neither PATH nor {DEBIAN}/*/bin has initdb and postgres");
    match binaries {
        Some(binaries) => Cluster::start(&binaries)
            .map(Some)
            .map_err(|error| format!("PostgreSQL of {} did not start: {error}", binaries.display())),
        None if required => Err(format!("{REQUIRE}=1, but {missing}: install PostgreSQL 15 or later")),
        None => {
            let words = format!(
                "\n*** NO POSTGRESQL FOUND: {missing}.\n\
                 *** The suite now runs on SQLite only. Install PostgreSQL 15 or later to test both.\n\n"
            );
            notice.write_all(words.as_bytes()).map_err(|error| format!("{words}({error})"))?;
            Ok(None)
        }
    }
}

/// The folder with `initdb` and `postgres`: the first of `PATH` that has both, else the newest of Debian's.
pub fn find_binaries() -> Option<PathBuf> {
    find_in(env::var_os("PATH").unwrap_or_default(), Path::new(DEBIAN))
}

fn find_in(path: OsString, versions: &Path) -> Option<PathBuf> {
    let complete = |folder: &PathBuf| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    if let Some(folder) = env::split_paths(&path).find(complete) {
        // A link in PATH may stand alone; its target has psql and the rest beside it.
        let initdb = fs::canonicalize(folder.join("initdb")).ok()?;
        return initdb.parent().map(Path::to_path_buf);
    }
    let mut installed: Vec<(u32, PathBuf)> = fs::read_dir(versions)
        .ok()?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, folder)| complete(folder))
        .collect();
    installed.sort();
    installed.pop().map(|(_, folder)| folder)
}

impl Cluster {
    /// Starts a cluster of its own from the given folder of binaries and returns once it takes connections.
    ///
    /// # Errors
    /// With everything that `initdb` and the server said, when they ended before being ready.
    pub fn start(binaries: &Path) -> io::Result<Self> {
        Self::start_with(binaries, &[], Stdio::null())
    }

    /// The same with further settings of the server, each as `name=value`.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_with_settings(binaries: &Path, settings: &[&str]) -> io::Result<Self> {
        Self::start_with(binaries, settings, Stdio::null())
    }

    /// `news` takes the supervisor's own standard error, which stays open exactly as long as it runs.
    fn start_with(binaries: &Path, settings: &[&str], news: Stdio) -> io::Result<Self> {
        let preferred = env::temp_dir();
        let parent = if preferred.as_os_str().len() > LONGEST_PARENT { Path::new("/tmp") } else { &preferred };
        // The supervisor removes the folder: it alone outlives a killed test process.
        let folder = tempfile::Builder::new().prefix("muster-pg-").tempdir_in(parent)?.keep();

        let mut command = Command::new("sh");
        command.args(["-c", SUPERVISOR, "postgres.sh"]).arg(binaries).arg(&folder);
        for setting in SETTINGS.iter().chain(settings) {
            command.args(["-c", setting]);
        }
        // Its own process group, so that Ctrl-C at the terminal ends the tests and leaves it to clean up.
        let mut supervisor =
            command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(news).spawn()?;

        let Some(output) = supervisor.stdout.take() else {
            return Err(io::Error::other("the supervisor has no standard output"));
        };
        let mut lines = BufReader::new(output).lines();
        let mut said = String::new();
        for line in &mut lines {
            let line = line?;
            if line.contains("ready to accept connections") {
                // Read on, or a full pipe would stop the server.
                thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
                return Ok(Self { binaries: binaries.to_path_buf(), folder, supervisor });
            }
            said.push('\n');
            said.push_str(&line);
        }
        let status = supervisor.wait()?;
        Err(io::Error::other(format!("it ended ({status}) before it was ready:{said}")))
    }

    /// The connection URL of a database, over the cluster's socket.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@localhost/{database}?host={}", self.folder.display())
    }

    /// Creates a database, as a copy of `template` when one is named; nobody may be connected to it then.
    ///
    /// Takes about 50 ms, `psql` being a third. Callers that hold a connection to `postgres` do better to use it.
    ///
    /// # Errors
    /// A name other than lower-case letters, digits and underscores; what `psql` said otherwise.
    pub fn create_database(&self, name: &str, template: Option<&str>) -> io::Result<()> {
        for word in [Some(name), template].into_iter().flatten() {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            if word.is_empty() || word.len() > 63 || !word.bytes().all(plain) {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    format!("database name {word:?}: use 1 to 63 lower-case letters, digits and underscores"),
                ));
            }
        }
        let template = template.unwrap_or("template0");
        let output = Command::new(self.binaries.join("psql"))
            .args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"])
            .arg(self.url("postgres"))
            .args(["--command", &format!("CREATE DATABASE \"{name}\" TEMPLATE \"{template}\"")])
            .output()?;
        if output.status.success() {
            return Ok(());
        }
        Err(io::Error::other(format!("CREATE DATABASE {name}: {}", String::from_utf8_lossy(&output.stderr))))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Closing the pipe is the order to stop; waiting makes the end observable.
        drop(self.supervisor.stdin.take());
        if let Err(error) = self.supervisor.wait() {
            panic!("waiting for the PostgreSQL supervisor: {error}");
        }
    }
}
