//! The commands about runs and what they promised: match, verify, replay, ledger.

use clap::{Args, Subcommand};
use domain::{
    ids::{NeedId, OfferId, RunId},
    parameters::ParametersInput,
    time::Day,
};

/// Flags of `match`.
#[derive(Debug, Args)]
pub struct Match {
    /// Compute and print, and store nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Say what a run would do for one need, and why
    #[arg(long, value_name = "NEED", conflicts_with = "why_not")]
    pub explain: Option<NeedId>,
    /// Say why an offer may or may not serve a need
    #[arg(long, value_names = ["NEED", "OFFER"], num_args = 2)]
    pub why_not: Option<Vec<String>>,
    /// How many allocations of an edited market --explain and --why-not may compute
    #[arg(long, value_name = "N", default_value = "8", value_parser = clap::value_parser!(u32).range(0..=32))]
    pub counterfactuals: u32,
    /// Decide on a day other than today, e.g. 2020-04-20
    #[arg(long, value_name = "DATE", value_parser = Day::parse)]
    pub day: Option<Day>,
    /// What the run is to do.
    #[command(flatten)]
    pub parameters: RunFlags,
}

impl Match {
    /// The two ids of `--why-not`.
    pub fn why_not(&self) -> Result<Option<(NeedId, OfferId)>, String> {
        let Some([need, offer]) = self.why_not.as_deref() else { return Ok(None) };
        let bad = |word: &str| format!("{word:?} is no id; write the UUIDs of a need and of an offer, in this order");
        Ok(Some((need.parse().map_err(|_| bad(need))?, offer.parse().map_err(|_| bad(offer))?)))
    }
}

/// Flags of `remedies`.
#[derive(Debug, Args)]
pub struct Remedies {
    /// A product by its code or name
    #[arg(value_name = "PRODUCT")]
    pub product: String,
    /// Only what is needed in this region, by code or name; may be repeated
    #[arg(long = "region", value_name = "REGION")]
    pub regions: Vec<String>,
    /// ISO weeks in which it is due, e.g. 16-22; twelve from today where absent
    #[arg(long, value_name = "WEEKS")]
    pub weeks: Option<String>,
    /// How many changes may be solved
    #[arg(long, value_name = "N", default_value = "12", value_parser = clap::value_parser!(u32).range(0..=64))]
    pub solves: u32,
    /// Decide on a day other than today, e.g. 2020-04-20
    #[arg(long, value_name = "DATE", value_parser = Day::parse)]
    pub day: Option<Day>,
    /// What the run would be to do.
    #[command(flatten)]
    pub parameters: RunFlags,
}

/// Flags of `chain`.
#[derive(Debug, Args)]
pub struct Chain {
    /// The need; without one, chains for the whole market are planned
    #[arg(value_name = "NEED")]
    pub need: Option<NeedId>,
    /// At most so many partners, the maker among them
    #[arg(long, value_name = "N", default_value = "5", requires = "need", value_parser = clap::value_parser!(u8).range(1..=5))]
    pub partners: u8,
    /// At most so many chains of each instalment, or of the market
    #[arg(long, value_name = "N", default_value = "5", value_parser = clap::value_parser!(u8).range(1..=20))]
    pub top: u8,
    /// Hold the chain of this code, as it was told: all its legs, or none; what partners lack is entered as their needs
    #[arg(long, value_name = "CODE")]
    pub hold: Option<String>,
    /// With --hold, only say what would be done
    #[arg(long, requires = "hold")]
    pub dry_run: bool,
    /// Look on a day other than today, e.g. 2020-04-20; nothing is held on another day
    #[arg(long, value_name = "DATE", value_parser = Day::parse)]
    pub day: Option<Day>,
}

/// Flags of `verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// The run
    #[arg(value_name = "RUN")]
    pub run: RunId,
}

/// Flags of `ledger`.
#[derive(Debug, Args)]
pub struct Ledger {
    /// What to do.
    #[command(subcommand)]
    pub action: LedgerAction,
}

/// What `ledger` does.
#[derive(Debug, Subcommand)]
pub enum LedgerAction {
    /// Check every entry and every bound
    Verify,
}

/// Flags of `replay`.
#[derive(Debug, Args)]
pub struct Replay {
    /// The run
    #[arg(value_name = "RUN")]
    pub run: RunId,
    /// Compute it although another version of the engine made it, to see what differs
    #[arg(long)]
    pub other_engine: bool,
}

/// The parameters of a run; what is left out is that of the mode.
#[derive(Debug, Args, Default)]
#[command(next_help_heading = "Parameters of the run")]
pub struct RunFlags {
    /// A published set with its own order of levels: standard, near, fair or balanced [default: standard]
    #[arg(long, value_name = "MODE")]
    pub mode: Option<String>,
    /// Which capacity counts: running or maximum [default: running]
    #[arg(long, value_name = "KIND")]
    pub capacity: Option<String>,
    /// How a tier's units are shared out: max_min, shares or off
    #[arg(long, value_name = "RULE")]
    pub fairness: Option<String>,
    /// Whose shares max_min compares: region, organisation or need
    #[arg(long, value_name = "GROUP")]
    pub by: Option<String>,
    /// Thousandths of its fair share that each group of max_min is sure of
    #[arg(long, value_name = "0..1000")]
    pub dial: Option<i64>,
    /// A weight in points, such as border=0 or delivery=18000; may be given for each of them
    #[arg(long = "weight", value_name = "NAME=POINTS", value_parser = weight)]
    pub weights: Vec<(String, i64)>,
    /// Days to pack, load and unload
    #[arg(long, value_name = "DAYS")]
    pub handling_days: Option<i64>,
    /// Kilometres that goods travel a day
    #[arg(long, value_name = "KM")]
    pub km_per_day: Option<i64>,
    /// Kilometres assumed where a place is unknown
    #[arg(long, value_name = "KM")]
    pub unknown_km: Option<i64>,
    /// Pivots after which a part of the market is left as it is, with its gap
    #[arg(long, value_name = "N")]
    pub pivots: Option<i64>,
    /// Solves a part of the market may take to keep smallest orders and numbers of suppliers
    #[arg(long, value_name = "N")]
    pub nodes: Option<i64>,
}

impl RunFlags {
    /// What is stated.
    pub fn input(&self) -> ParametersInput {
        ParametersInput {
            mode: self.mode.clone(),
            capacity: self.capacity.clone(),
            weights: self.weights.clone(),
            fairness: self.fairness.clone(),
            by: self.by.clone(),
            dial: self.dial,
            pivots: self.pivots,
            nodes: self.nodes,
            handling_days: self.handling_days,
            km_per_day: self.km_per_day,
            unknown_km: self.unknown_km,
        }
    }
}

fn weight(text: &str) -> Result<(String, i64), String> {
    let wrong = || format!("{text:?} is no weight; write a name and points, such as border=0");
    let (name, points) = text.split_once('=').ok_or_else(wrong)?;
    Ok((name.trim().to_owned(), points.trim().parse().map_err(|_| wrong())?))
}
