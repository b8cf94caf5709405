//! What the figures were measured on.

use std::{fs, process::Command};

/// One line each: processor, memory, and the versions of everything that took part.
pub fn describe(peers: &[String]) -> Vec<String> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let memory = first_value("/proc/meminfo", "MemTotal").and_then(|text| {
        let kilobytes: u64 = text.split_whitespace().next()?.parse().ok()?;
        Some(format!("{} GiB", kilobytes / (1 << 20)))
    });
    let processor = first_value("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let system = fs::read_to_string("/etc/os-release").ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
        Some(line.trim_matches('"').to_owned())
    });
    let mut lines = vec![format!(
        "{cores} cores of {processor}, {}, {}",
        memory.unwrap_or_else(|| "unknown memory".to_owned()),
        system.unwrap_or_else(|| std::env::consts::OS.to_owned())
    )];
    if let Some(load) =
        fs::read_to_string("/proc/loadavg").ok().and_then(|text| text.split(' ').next().map(String::from))
    {
        lines.push(format!("load before the run: {load} (what else ran takes from all contenders)"));
    }
    lines.push(format!("{}, {}", matching::ENGINE, version("rustc").unwrap_or_else(|| "rustc".to_owned())));
    if peers.iter().any(|peer| peer.starts_with("LEMON")) {
        lines.extend(version("g++").map(|compiler| format!("LEMON compiled with {compiler}, -O3 -march=native")));
    }
    lines.extend(peers.iter().cloned());
    lines
}

fn first_value(file: &str, key: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn version(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).lines().next()?.to_owned())
}
