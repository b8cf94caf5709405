//! What is wrong with a seed file, said so that whoever edited it can mend it.

use std::fmt;

/// One fault of one cell, line or file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeedError {
    /// The file, e.g. `seeds/catalogue/products.csv`.
    pub file: String,
    /// Line of the file, from 1; 0 where the file as a whole is meant.
    pub line: usize,
    /// The column by its header; empty where the whole line is meant.
    pub column: String,
    /// What is wrong and what to write instead.
    pub reason: String,
}

impl fmt::Display for SeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if !self.column.is_empty() {
            write!(f, ", column {}", self.column)?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl std::error::Error for SeedError {}

/// All faults of a load, in the order of files, lines and columns as they were read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SeedErrors(Vec<SeedError>);

impl SeedErrors {
    /// A list of one.
    pub fn one(fault: SeedError) -> Self {
        Self(vec![fault])
    }

    /// The faults; never empty inside an `Err`.
    pub fn as_slice(&self) -> &[SeedError] {
        &self.0
    }

    pub(super) fn push(&mut self, file: &str, line: usize, column: &str, reason: impl Into<String>) {
        self.0.push(SeedError { file: file.to_owned(), line, column: column.to_owned(), reason: reason.into() });
    }

    /// The value when nothing was found, else the faults.
    pub(super) fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl fmt::Display for SeedErrors {
    /// One fault a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, fault) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for SeedErrors {}
