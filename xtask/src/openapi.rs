//! The committed OpenAPI document and the one the router produces are the same bytes.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::steps;

const FILE: &str = "openapi/openapi.json";
const PRODUCE: &str = "cargo run --quiet --package muster -- openapi";

/// Writes the committed document anew.
pub fn write() -> Result<()> {
    let produced = steps::output_of(PRODUCE)?;
    if let Some(folder) = Path::new(FILE).parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(FILE, produced).with_context(|| format!("writing {FILE}"))?;
    println!("{FILE} written");
    Ok(())
}

/// Fails when the committed document differs from the router's, naming the first line that does.
pub fn check() -> Result<()> {
    let committed = fs::read_to_string(FILE).with_context(|| format!("reading {FILE}"))?;
    let produced = steps::output_of(PRODUCE)?;
    match first_difference(&committed, &produced) {
        None => Ok(()),
        Some(line) => {
            bail!("{FILE} differs from the router at line {line}: run `cargo xtask openapi`")
        }
    }
}

/// The number of the first line that differs, from 1; the ends count, trailing newline included.
fn first_difference(left: &str, right: &str) -> Option<usize> {
    if left == right {
        return None;
    }
    let common = left.split('\n').zip(right.split('\n')).take_while(|(a, b)| a == b).count();
    Some(common + 1)
}

#[cfg(test)]
mod tests {
    use super::first_difference;

    #[test]
    fn names_the_first_line_that_differs() {
        assert_eq!(first_difference("{\n}\n", "{\n}\n"), None);
        assert_eq!(first_difference("{\n}\n", "{\n}"), Some(3));
        assert_eq!(first_difference("{\n  \"a\": 1\n}\n", "{\n  \"a\": 2\n}\n"), Some(2));
        assert_eq!(first_difference("", "{"), Some(1));
    }
}
