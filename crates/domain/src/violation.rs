//! What is wrong with a record, said so that its owner can mend it.

use std::fmt;

use serde::Serialize;

/// One fault of one field: where it is, a stable code, and a sentence with the value and the remedy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// JSON pointer of the field, e.g. `/instalments/0/quantity`.
    pub pointer: String,
    /// Stable, documented code, e.g. `not_positive`.
    pub code: &'static str,
    /// A sentence that names the value and what to write instead.
    pub detail: String,
}

/// All faults of one record, in the order of its fields; never empty inside an `Err`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// An empty list to collect into.
    pub fn new() -> Self {
        Self::default()
    }

    /// A list of one.
    pub fn one(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        let mut list = Self::new();
        list.push(pointer, code, detail);
        list
    }

    /// Adds a fault.
    pub fn push(&mut self, pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) {
        self.0.push(Violation { pointer: pointer.into(), code, detail: detail.into() });
    }

    /// Adds the faults of a part, each below `prefix` (`/offers/3`).
    pub fn extend_below(&mut self, prefix: &str, part: Violations) {
        for v in part.0 {
            self.0.push(Violation { pointer: format!("{prefix}{}", v.pointer), ..v });
        }
    }

    /// Keeps the value of a check, or its faults.
    pub fn keep<T>(&mut self, result: Result<T, Violations>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(faults) => {
                self.0.extend(faults.0);
                None
            }
        }
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The faults found so far.
    pub fn as_slice(&self) -> &[Violation] {
        &self.0
    }

    /// The faults, by value.
    pub fn into_vec(self) -> Vec<Violation> {
        self.0
    }

    /// `Ok(())` when empty, else itself as the error.
    pub fn into_result(self) -> Result<(), Violations> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, v) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{}: {}", v.pointer, v.detail)?;
        }
        Ok(())
    }
}

impl std::error::Error for Violations {}
