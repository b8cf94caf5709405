//! Running commands so that a reader of the log sees each one before its output, and its time after.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// The named steps of a check, with how long each took.
#[derive(Default)]
pub struct Steps {
    timings: Vec<(&'static str, Duration, bool)>,
}

impl Steps {
    /// Runs one step and keeps its time, whether it passed or not.
    pub fn run(&mut self, name: &'static str, step: impl FnOnce() -> Result<()>) -> Result<()> {
        eprintln!("\n== {name}");
        let start = Instant::now();
        let outcome = step();
        self.timings.push((name, start.elapsed(), outcome.is_ok()));
        outcome.with_context(|| format!("step {name}"))
    }

    /// Prints the table of times.
    pub fn print(&self) {
        eprintln!();
        for (name, time, passed) in &self.timings {
            let verdict = if *passed { "ok" } else { "FAILED" };
            eprintln!("{name:<15} {:>7.1} s  {verdict}", time.as_secs_f32());
        }
    }
}

/// Runs one command line of plain words, without a shell.
pub fn shell(line: &str) -> Result<()> {
    finish(line, &mut command(line)?)
}

/// As [`shell`], with one environment variable more.
pub fn shell_with(variable: &str, value: &str, line: &str) -> Result<()> {
    let shown = format!("{variable}='{value}' {line}");
    finish(&shown, command(line)?.env(variable, value))
}

/// What a command line of plain words prints on standard output.
pub fn output_of(line: &str) -> Result<String> {
    eprintln!("$ {line}");
    let output =
        command(line)?.stderr(std::process::Stdio::inherit()).output().with_context(|| format!("starting `{line}`"))?;
    if !output.status.success() {
        bail!("`{line}` ended with {}", output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("the output of `{line}`"))
}

/// Prints and runs a prepared command; `shown` is what the reader sees.
pub fn finish(shown: &str, command: &mut Command) -> Result<()> {
    eprintln!("$ {shown}");
    let status = command.status().with_context(|| format!("starting `{shown}`"))?;
    if status.success() { Ok(()) } else { bail!("`{shown}` ended with {status}") }
}

fn command(line: &str) -> Result<Command> {
    let mut words = line.split_whitespace();
    let Some(program) = words.next() else { bail!("an empty command line") };
    let mut command = Command::new(program);
    command.args(words);
    Ok(command)
}
