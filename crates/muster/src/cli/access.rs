//! The commands about who may do what, and who did: keys, people who run the service, the audit log.

use clap::{Args, Subcommand, builder::PossibleValuesParser};
use domain::{
    audit::{Act, RecordKind},
    time::Day,
};
use uuid::Uuid;

/// What `admin` does.
#[derive(Debug, Args)]
pub struct Admin {
    /// What to do.
    #[command(subcommand)]
    pub action: AdminAction,
}

/// What `admin` does.
#[derive(Debug, Subcommand)]
pub enum AdminAction {
    /// Make a person who runs the service, and print a link that sets the password
    Create {
        /// Where mail reaches the person
        #[arg(long, value_name = "ADDRESS")]
        email: String,
        /// The person's name
        #[arg(long, value_name = "TEXT")]
        name: String,
    },
}

/// What `keys` does.
#[derive(Debug, Args)]
pub struct Keys {
    /// What to do.
    #[command(subcommand)]
    pub action: KeysAction,
}

/// What `keys` does.
#[derive(Debug, Subcommand)]
pub enum KeysAction {
    /// Let the next key sign
    Rotate,
}

/// Flags of `audit`.
#[derive(Debug, Args)]
pub struct Audit {
    /// Only what was done to the record of this id
    #[arg(long, value_name = "ID")]
    pub record: Option<Uuid>,
    /// Only what concerns this organisation, by name or id: it acted, or the record is its own
    #[arg(long, value_name = "NAME")]
    pub org: Option<String>,
    /// Only records of this kind; may be given several times
    #[arg(long, value_parser = words(RecordKind::ALL.iter().map(|kind| kind.as_str())))]
    pub kind: Vec<String>,
    /// Only this act; may be given several times
    #[arg(long, value_parser = words(Act::ALL.iter().map(|act| act.as_str())))]
    pub act: Vec<String>,
    /// Only since the start of this day, in UTC
    #[arg(long, value_name = "DATE", value_parser = Day::parse)]
    pub since: Option<Day>,
    /// Only to the end of this day, in UTC
    #[arg(long, value_name = "DATE", value_parser = Day::parse)]
    pub until: Option<Day>,
    /// At most so many entries, the last ones
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub limit: u32,
}

fn words(of: impl Iterator<Item = &'static str>) -> PossibleValuesParser {
    PossibleValuesParser::new(of)
}

/// What `token` does.
#[derive(Debug, Args)]
pub struct Token {
    /// What to do.
    #[command(subcommand)]
    pub action: TokenAction,
}

/// What `token` does.
#[derive(Debug, Subcommand)]
pub enum TokenAction {
    /// Make a key and print it: it is shown this once
    Create {
        /// For the organisation of this name or id
        #[arg(long, value_name = "NAME", required_unless_present = "operator", conflicts_with = "operator")]
        org: Option<String>,
        /// For the operator, who may do everything
        #[arg(long)]
        operator: bool,
        /// How long it holds: 30m, 12h, 90d (at most 366d)
        #[arg(long, value_name = "TIME", default_value = "90d", value_parser = seconds)]
        expires: i64,
        /// What it may be used for, with commas: read, write, admin (make and revoke keys)
        #[arg(long, value_name = "SCOPES", default_value = "read,write")]
        scope: String,
        /// What to call it
        #[arg(long, value_name = "TEXT", default_value = "command line")]
        name: String,
    },
    /// List keys, never with their secrets
    List {
        /// Only those of the organisation of this name or id
        #[arg(long, value_name = "NAME")]
        org: Option<String>,
    },
    /// Revoke a key: it opens nothing from the next request on
    Revoke {
        /// Its id, or how it begins, as `token list` prints them
        #[arg(value_name = "KEY")]
        key: String,
    },
}

/// Seconds of a time such as `12h`.
fn seconds(text: &str) -> Result<i64, String> {
    let wrong = || format!("{text:?} is no time; write a whole number of minutes, hours or days: 30m, 12h, 90d");
    let unit = match text.chars().last() {
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 86_400,
        Some(_) | None => return Err(wrong()),
    };
    let number: i64 = text.get(..text.len() - 1).and_then(|n| n.parse().ok()).ok_or_else(wrong)?;
    let total = number.checked_mul(unit).ok_or_else(wrong)?;
    if (1..=app::api_keys::LONGEST_SECONDS).contains(&total) {
        Ok(total)
    } else {
        Err(format!("{text} is out of range; write from 1m to 366d"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        assert_eq!(seconds("12h"), Ok(43_200));
        assert_eq!(seconds("366d"), Ok(app::api_keys::LONGEST_SECONDS));
        for bad in ["", "h", "0d", "367d", "1y", "-1d", "1.5h", "٣d"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
