//! The peers as child processes: one request a line, one answer a line, so that runs alternate.
//!
//! A peer that is missing, crashes, answers nonsense or runs out of time is reported and left out; it
//! never ends the run.

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

/// How long a peer may take to start, or to read and build an instance.
const PATIENCE: Duration = Duration::from_secs(120);

/// A solver of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Peer {
    /// Network simplex in C++.
    Lemon,
    /// Cost scaling in C++, called from Python.
    OrTools,
    /// Linear programming in C++, called from Python.
    Highs,
}

impl Peer {
    /// All peers.
    pub const ALL: [Self; 3] = [Self::Lemon, Self::OrTools, Self::Highs];

    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lemon => "LEMON",
            Self::OrTools => "OR-tools",
            Self::Highs => "HiGHS",
        }
    }

    fn command(self, folder: &Path) -> Command {
        let python = |solver: &str| {
            let mut command = Command::new(folder.join("venv/bin/python"));
            command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/peers/solvers.py")).arg(solver);
            command
        };
        match self {
            Self::Lemon => Command::new(folder.join("lemon-driver")),
            Self::OrTools => python("ortools"),
            Self::Highs => python("highs"),
        }
    }
}

/// What a peer said of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// The objective, or the value of a maximum flow.
    pub value: i128,
    /// Time of the solve alone.
    pub spent: Duration,
}

struct Running {
    child: Child,
    requests: ChildStdin,
    answers: Receiver<String>,
}

/// A peer that may be running.
pub struct Driver {
    /// Which.
    pub peer: Peer,
    /// Name and version as it says itself.
    pub version: String,
    folder: PathBuf,
    running: Option<Running>,
}

impl Driver {
    /// Starts a peer; the error says why it cannot be used.
    pub fn start(peer: Peer, folder: &Path) -> Result<Self, String> {
        let mut driver = Self { peer, version: String::new(), folder: folder.to_path_buf(), running: None };
        driver.revive()?;
        Ok(driver)
    }

    fn revive(&mut self) -> Result<(), String> {
        let mut command = self.peer.command(&self.folder);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{} is not installed ({error})", self.peer.name()))?;
        let (Some(requests), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(format!("{} has no pipes", self.peer.name()));
        };
        let (sender, answers) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        self.running = Some(Running { child, requests, answers });
        let ready = self.hear(PATIENCE)?;
        match ready.strip_prefix("ready ") {
            Some(version) => version.clone_into(&mut self.version),
            None => {
                self.stop();
                return Err(format!("{} said `{ready}` instead of its version", self.peer.name()));
            }
        }
        Ok(())
    }

    /// Has the peer read an instance, starting it again if it is gone.
    pub fn load(&mut self, path: &Path) -> Result<(), String> {
        if self.running.is_none() {
            self.revive()?;
        }
        self.ask(&format!("load {}", path.display()), PATIENCE).map(|_| ())
    }

    /// One timed run.
    pub fn run(&mut self, request: &str, cap: Duration) -> Result<Answer, String> {
        let words = self.ask(request, cap)?;
        let parsed = words.split_once(' ').and_then(|(value, micros)| {
            Some(Answer { value: value.parse().ok()?, spent: Duration::from_micros(micros.trim().parse().ok()?) })
        });
        parsed.ok_or_else(|| format!("answered `{words}`"))
    }

    fn ask(&mut self, request: &str, patience: Duration) -> Result<String, String> {
        let Some(running) = &mut self.running else { return Err("is not running".to_owned()) };
        let sent = writeln!(running.requests, "{request}").and_then(|()| running.requests.flush());
        if sent.is_err() {
            return Err(self.crashed());
        }
        let answer = self.hear(patience)?;
        answer.strip_prefix("ok ").map(ToOwned::to_owned).ok_or(answer)
    }

    fn hear(&mut self, patience: Duration) -> Result<String, String> {
        use std::sync::mpsc::RecvTimeoutError::{Disconnected, Timeout};
        let Some(running) = &self.running else { return Err("is not running".to_owned()) };
        match running.answers.recv_timeout(patience) {
            Ok(line) => Ok(line),
            Err(Timeout) => {
                self.stop();
                Err(format!("over {} s", patience.as_secs()))
            }
            Err(Disconnected) => Err(self.crashed()),
        }
    }

    fn crashed(&mut self) -> String {
        let status = self.running.as_mut().and_then(|running| running.child.wait().ok());
        self.stop();
        status.map_or_else(|| "crashed".to_owned(), |status| format!("ended with {status}"))
    }

    /// Ends the process, if it runs.
    fn stop(&mut self) {
        if let Some(mut running) = self.running.take() {
            // A process that is already gone is what is wanted.
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.stop();
    }
}

/// All peers that can be started, and what is said of the others.
pub fn start_all(folder: &Path) -> (Vec<Driver>, Vec<String>) {
    let (mut drivers, mut missing) = (Vec::new(), Vec::new());
    for peer in Peer::ALL {
        match Driver::start(peer, folder) {
            Ok(driver) => drivers.push(driver),
            Err(reason) => missing.push(reason),
        }
    }
    (drivers, missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_peer_is_reported() {
        let (drivers, missing) = start_all(Path::new("no/such/folder"));
        assert!(drivers.is_empty());
        assert_eq!(missing.len(), Peer::ALL.len());
        assert!(missing[0].contains("LEMON is not installed"));
    }

    #[test]
    fn a_peer_that_crashes_is_reported() {
        let mut command = Command::new("false");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let requests = child.stdin.take().unwrap();
        let (sender, answers) = channel();
        drop(sender);
        let running = Some(Running { child, requests, answers });
        let mut driver = Driver { peer: Peer::Lemon, version: String::new(), folder: PathBuf::new(), running };
        let error = driver.run("solve", PATIENCE).unwrap_err();
        assert!(error.starts_with("ended with"), "{error}");
        assert_eq!(driver.run("solve", PATIENCE).unwrap_err(), "is not running");
    }
}
