//! The commands of README.md and docs/API.md, run as written in a fresh clone.
//!
//! Each of the two has a bash session of its own; that of docs/API.md begins in the folder that the README's cloned,
//! as its reader would. A block fenced as `sh` is run whole; of a block fenced as `console` the lines after `$ ` are run and
//! the rest is output to show. All blocks of a file share one session, in their order, as
//! a reader's terminal would. Two kinds of lines are treated apart:
//! - a command that serves (`demo` or `serve` without `--no-serve`) runs beside the ones after it,
//!   which wait until it answers; it is stopped at the next such command and at the end;
//! - `cargo test --workspace` is left to `cargo xtask check`, which ends with this very command.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{TEST_COMMAND, steps};

#[cfg(test)]
mod tests;

const README: &str = "README.md";
const API: &str = "docs/API.md";

/// Where the demo server listens unless told otherwise.
const ADDRESS: &str = "127.0.0.1:8080";

/// Settings of the caller that a newcomer does not have.
const SETTINGS: [&str; 6] =
    ["MUSTER_DATA", "MUSTER_DATABASE_URL", "MUSTER_ADDR", "MUSTER_LOG", "MUSTER_PUBLIC_URL", "MUSTER_RATE_LIMIT"];

const PREAMBLE: &str = include_str!("readme/preamble.sh");

/// Clones the working tree as it stands, uncommitted changes included, and runs both files there.
pub fn run() -> Result<()> {
    let (blocks, of_api) = (blocks_of(README)?, blocks_of(API)?);
    if !blocks.iter().flat_map(|block| block.lines()).any(is_test_command) {
        bail!("{README} does not name the test command: {TEST_COMMAND}");
    }
    if let Err(error) = TcpListener::bind(ADDRESS) {
        bail!("the server of {README} and {API} needs {ADDRESS}, which is taken ({error}): stop what listens there");
    }

    // A path that stays the same, so that one run's build output serves the next.
    let target = std::env::current_dir()?.join("target");
    let scratch = target.join("readme");
    if scratch.exists() {
        fs::remove_dir_all(&scratch)?;
    }
    let (source, home) = (scratch.join("source"), scratch.join("work"));
    fs::create_dir_all(&home)?;
    snapshot(&source)?;
    let clone = clone_address(&blocks);
    let folder = if clone.is_some() { &home } else { &source };

    let play = |name: &str, blocks: &[String], folder: &Path| {
        let script = scratch.join("session.sh");
        fs::write(&script, session(blocks))?;
        let mut bash = Command::new("bash");
        bash.arg(&script).current_dir(folder);
        // The libraries of others are not built once more.
        bash.env("CARGO_TARGET_DIR", &target);
        if let Some(address) = clone {
            bash.env("GIT_CONFIG_COUNT", "1");
            bash.env("GIT_CONFIG_KEY_0", format!("url.{}.insteadOf", source.display()));
            bash.env("GIT_CONFIG_VALUE_0", address);
        }
        for setting in SETTINGS {
            bash.env_remove(setting);
        }
        steps::finish(&format!("bash -c '{} block(s) of {name}'", blocks.len()), &mut bash)
    };
    play(README, &blocks, folder)?;
    // The same folder, so that what the README built is not built again.
    play(API, &of_api, &cloned(folder)?)
}

/// The blocks of commands of a file, of which there must be some.
fn blocks_of(name: &str) -> Result<Vec<String>> {
    let text = fs::read_to_string(name).with_context(|| format!("reading {name}"))?;
    let found = blocks(&text);
    if found.is_empty() {
        bail!("{name} has no block of commands: fence them as sh or console");
    }
    Ok(found)
}

/// The repository in a folder: the folder itself, or what was cloned into it.
fn cloned(folder: &Path) -> Result<PathBuf> {
    if folder.join(API).is_file() {
        return Ok(folder.to_path_buf());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.join(API).is_file() {
            return Ok(path);
        }
    }
    bail!("the commands of {README} left no clone in {}", folder.display())
}

/// A repository of one commit with all files of the working tree that git would track.
fn snapshot(folder: &Path) -> Result<()> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .output()
        .context("starting git")?;
    if !listed.status.success() {
        bail!("git ls-files: {}", String::from_utf8_lossy(&listed.stderr));
    }
    for name in String::from_utf8(listed.stdout)?.split('\0').filter(|name| !name.is_empty()) {
        let target = folder.join(name);
        // A deleted file is still listed until the deletion is staged.
        if Path::new(name).is_file() {
            if let Some(parent) = target.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::copy(name, &target).with_context(|| format!("copying {name}"))?;
        }
    }
    for arguments in [
        &["init", "--quiet", "--initial-branch=main"][..],
        &["add", "--all"],
        &["commit", "--quiet", "--no-verify", "--message", "Snapshot of the working tree"],
    ] {
        let status = Command::new("git")
            .args(["-c", "user.name=xtask", "-c", "user.email=xtask@localhost"])
            .args(["-c", "core.hooksPath=/dev/null", "-c", "commit.gpgSign=false"])
            .args(arguments)
            .current_dir(folder)
            .status()
            .context("starting git")?;
        if !status.success() {
            bail!("git {}: {status}", arguments.join(" "));
        }
    }
    Ok(())
}

/// The commands of each fenced block, in order.
fn blocks(markdown: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = markdown.lines();
    while let Some(line) = lines.next() {
        let Some(language) = line.trim_start().strip_prefix("```") else {
            continue;
        };
        let body: Vec<&str> = lines.by_ref().take_while(|line| line.trim() != "```").collect();
        let commands = match language.trim() {
            "sh" => body.join("\n"),
            "console" => typed(&body),
            _ => continue,
        };
        if !commands.trim().is_empty() {
            found.push(commands);
        }
    }
    found
}

/// What a reader types in a console: the lines after a prompt, with their continuations.
fn typed(body: &[&str]) -> String {
    let mut commands = Vec::new();
    let mut continued = false;
    for line in body {
        let command = if continued { Some(*line) } else { line.strip_prefix("$ ") };
        if let Some(command) = command {
            commands.push(command);
        }
        continued = command.is_some_and(|command| command.ends_with('\\'));
    }
    commands.join("\n")
}

/// The address in the first `git clone`.
fn clone_address(blocks: &[String]) -> Option<&str> {
    blocks.iter().flat_map(|block| block.lines()).find_map(|line| {
        let mut words = line.trim().strip_prefix("git clone ")?.split_whitespace();
        words.find(|word| word.contains(':'))
    })
}

/// The bash script of the whole session.
fn session(blocks: &[String]) -> String {
    let mut script = PREAMBLE.replace("ADDRESS", ADDRESS);
    for line in blocks.iter().flat_map(|block| block.lines()) {
        if is_test_command(line) {
            script.push_str(": left to the last step of cargo xtask check: ");
            script.push_str(TEST_COMMAND);
        } else if serves(line) {
            script.push_str("stop_server\nset -m\n{\n");
            script.push_str(line);
            script.push_str("\n} &\nserver=$!\nset +m\nawait_server");
        } else {
            script.push_str(line);
        }
        script.push('\n');
    }
    script
}

/// The words of a command line, without a comment after it.
fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().take_while(|word| !word.starts_with('#')).collect()
}

fn is_test_command(line: &str) -> bool {
    words(line).join(" ") == TEST_COMMAND
}

fn serves(line: &str) -> bool {
    let words = words(line);
    let ours = words.starts_with(&["cargo", "run"])
        || words.first().is_some_and(|word| word.rsplit('/').next() == Some("muster"));
    ours && words.iter().any(|word| ["demo", "serve"].contains(word))
        && !words.contains(&"--no-serve")
        && !words.contains(&"--help")
}
