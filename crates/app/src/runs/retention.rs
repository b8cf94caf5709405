//! For how long the snapshots of runs are kept.

use std::{fmt, str::FromStr};

/// How long runs can be checked and repeated after they ended. The newest always can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Retention {
    /// As long as the database is kept.
    All,
    /// This many days.
    Days(u16),
}

impl Default for Retention {
    /// A year: whoever spends public money accounts for it by the year.
    fn default() -> Self {
        Self::Days(365)
    }
}

impl fmt::Display for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Days(days) => write!(f, "{days}d"),
        }
    }
}

impl FromStr for Retention {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Self::All);
        }
        let days =
            text.strip_suffix('d').filter(|n| n.bytes().all(|b| b.is_ascii_digit())).and_then(|n| n.parse().ok());
        match days {
            Some(days @ 1..=36_500) => Ok(Self::Days(days)),
            Some(_) | None => {
                Err(format!("{text:?} is no time to keep something; write days from 1d to 36500d, e.g. 365d, or all"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        for text in ["all", "1d", "365d", "36500d"] {
            assert_eq!(text.parse::<Retention>().unwrap().to_string(), text);
        }
        for bad in ["", "0d", "365", "d", "+1d", "36501d", "99999d", "1w", "All"] {
            assert!(bad.parse::<Retention>().is_err(), "{bad}");
        }
    }
}
