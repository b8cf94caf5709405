//! The commands that tell what there is and what is short.

use std::path::PathBuf;

use clap::Args;
use domain::ids::SiteId;

/// What is asked about, and where the answer goes.
#[derive(Debug, Args)]
pub struct Asked {
    /// Products, each by its code, its family, a public code or a name; all where absent
    #[arg(value_name = "PRODUCT")]
    pub products: Vec<String>,
    /// Only in this region, by code or name; may be repeated
    #[arg(long = "region", value_name = "REGION")]
    pub regions: Vec<String>,
    /// ISO weeks, e.g. 16-22, or 2020-W50 to 2021-W02 as 2020-W50..2021-W02; twelve from today where absent
    #[arg(long, value_name = "WEEKS")]
    pub weeks: Option<String>,
    /// Write to this file, as its end says: .csv, .xlsx, .json, .ndjson, .geojson or .svg
    #[arg(short = 'o', long, value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// Which offers count, of several commands.
#[derive(Debug, Args)]
pub struct Counted {
    /// Offers that hold this grade or one that stands for it; may be repeated
    #[arg(long = "grade", value_name = "GRADE")]
    pub grades: Vec<String>,
    /// Also offers of what a buyer may accept in their place, by the catalogue's rules
    #[arg(long)]
    pub substitutes: bool,
    /// Only offers with a certificate that somebody checked
    #[arg(long)]
    pub certified: bool,
}

/// Flags of `capacity`.
#[derive(Debug, Args)]
pub struct Capacity {
    /// What is asked about.
    #[command(flatten)]
    pub asked: Asked,
    /// Which offers count.
    #[command(flatten)]
    pub counted: Counted,
    /// What rows are told apart by, with commas between: product, grade, country, nuts1, nuts2, nuts3, cluster, role, week
    #[arg(long, value_name = "PARTS", value_delimiter = ',', default_value = "product,country")]
    pub by: Vec<String>,
}

/// Flags of `hidden`.
#[derive(Debug, Args)]
pub struct Hidden {
    /// Products, each by its code, its family, a public code or a name; all where absent
    #[arg(value_name = "PRODUCT")]
    pub products: Vec<String>,
    /// Only in this region, by code or name; may be repeated
    #[arg(long = "region", value_name = "REGION")]
    pub regions: Vec<String>,
    /// Only what takes so many days at most; where nobody knows the days it is left out then
    #[arg(long, value_name = "DAYS")]
    pub days: Option<u16>,
    /// At most so many rows, 1 to 500; 100 where absent
    #[arg(long, value_name = "ROWS")]
    pub limit: Option<u32>,
    /// Write to this file, as its end says: .csv, .xlsx, .json, .ndjson or .geojson
    #[arg(short = 'o', long, value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// Flags of `could-make`.
#[derive(Debug, Args)]
pub struct CouldMake {
    /// The id of the site
    #[arg(value_name = "SITE")]
    pub site: SiteId,
    /// Only these products; all where absent
    #[arg(value_name = "PRODUCT")]
    pub products: Vec<String>,
}

/// Flags of `shortages`.
#[derive(Debug, Args)]
pub struct Shortages {
    /// What is asked about.
    #[command(flatten)]
    pub asked: Asked,
    /// The level of regions: 0 for countries, 1 or 2 for NUTS
    #[arg(long, value_name = "LEVEL", default_value_t = 0)]
    pub level: u8,
}

/// Flags of `map`.
#[derive(Debug, Args)]
pub struct Map {
    /// What is asked about.
    #[command(flatten)]
    pub asked: Asked,
    /// Which offers count.
    #[command(flatten)]
    pub counted: Counted,
    /// The level of regions: 0 for countries, 1 or 2 for NUTS
    #[arg(long, value_name = "LEVEL", default_value_t = 2)]
    pub level: u8,
}
