//! The commands about organisations.

use clap::{Args, Subcommand, ValueEnum};
use domain::organisation::{OrganisationKind, Verification};

/// What `org` does.
#[derive(Debug, Args)]
pub struct Org {
    /// What to do.
    #[command(subcommand)]
    pub action: OrgAction,
}

/// What `org` does.
#[derive(Debug, Subcommand)]
pub enum OrgAction {
    /// List organisations, the first registered first
    List(OrgList),
    /// Vouch for an organisation, or no longer
    Verify {
        /// Its name or id
        #[arg(value_name = "NAME|ID")]
        org: String,
        /// Who vouches for it from now on
        #[arg(long = "as", value_enum, value_name = "WHO", default_value = "operator")]
        voucher: Voucher,
    },
    /// Make one of two organisations that are the same
    #[command(after_help = "\
Everything of FROM becomes INTO's: sites, lines, offers, needs, matches, shortages, memberships, mandates, roles (of
two the higher that was taken), keys, identifiers, imports. What a cluster alone said of FROM, which it entered and
nobody confirmed, ends. FROM is no more; files that name it mean INTO from then on.
Without --yes nothing changes, and what would happen is counted. There is no way back but a backup.")]
    Merge {
        /// The duplicate, by name or id
        #[arg(value_name = "FROM")]
        from: String,
        /// What it becomes part of, by name or id
        #[arg(value_name = "INTO")]
        into: String,
        /// Do it
        #[arg(long)]
        yes: bool,
    },
}

/// Flags of `org list`.
#[derive(Debug, Args)]
pub struct OrgList {
    /// Only this kind
    #[arg(long, value_enum, value_name = "KIND")]
    pub kind: Option<Kind>,
    /// Only those that nobody vouches for
    #[arg(long)]
    pub unverified: bool,
}

/// What an organisation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// A manufacturer, lab, haulier or trader.
    Firm,
    /// A cluster organisation.
    Cluster,
    /// A hospital, agency or government.
    Authority,
    /// Whoever runs another portal.
    Portal,
}

impl From<Kind> for OrganisationKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Firm => Self::Firm,
            Kind::Cluster => Self::Cluster,
            Kind::Authority => Self::Authority,
            Kind::Portal => Self::Portal,
        }
    }
}

/// Who vouches for an organisation, as far as the command line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Voucher {
    /// The operator.
    Operator,
    /// Nobody.
    None,
}

impl From<Voucher> for Verification {
    fn from(voucher: Voucher) -> Self {
        match voucher {
            Voucher::Operator => Self::Operator,
            Voucher::None => Self::None,
        }
    }
}
