//! Who sees what of somebody else's offer: one function, [`Disclosure::sees`], that every route, error,
//! explanation, list and event asks (ADR 0028).
//!
//! This is about fields. With whom an offer may be matched is [`Visibility`](crate::offer::Visibility), another
//! question.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::violation::Violations;

mod sight;

pub use sight::{NAMELESS, Sight};

/// Who is looking, as somebody's offer knows him.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Whoever acts for the organisation whose offer it is.
    Owner,
    /// Whoever acts for a cluster that the owner is an active member of.
    OwnCluster,
    /// A buyer that the offer may be matched with.
    Buyer,
    /// The buyer of a match, from the supplier's acceptance on.
    Counterparty,
    /// The issuer of a call that the offer answers, from the answer on.
    Issuer,
    /// Other firms and clusters, which see totals and never an offer.
    Network,
    /// Everybody, who sees published totals and never an offer.
    Public,
    /// Whoever runs the service.
    Operator,
}

impl Audience {
    /// All of them.
    pub const ALL: [Audience; 8] = [
        Self::Owner,
        Self::OwnCluster,
        Self::Buyer,
        Self::Counterparty,
        Self::Issuer,
        Self::Network,
        Self::Public,
        Self::Operator,
    ];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::OwnCluster => "own_cluster",
            Self::Buyer => "buyer",
            Self::Counterparty => "counterparty",
            Self::Issuer => "issuer",
            Self::Network => "network",
            Self::Public => "public",
            Self::Operator => "operator",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.as_str() == name)
    }

    /// Whether it sees offers one by one; the others see totals of several organisations alone.
    pub fn sees_rows(self) -> bool {
        match self {
            Self::Owner | Self::OwnCluster | Self::Buyer | Self::Counterparty | Self::Issuer | Self::Operator => true,
            Self::Network | Self::Public => false,
        }
    }

    /// Whether an owner may show it more than it sees by default.
    pub fn may_be_shown_more(self) -> bool {
        match self {
            Self::OwnCluster | Self::Buyer | Self::Counterparty | Self::Issuer => true,
            Self::Owner | Self::Network | Self::Public | Self::Operator => false,
        }
    }

    /// Whether it sees a group of fields where the owner says nothing: the table of docs/API.md.
    fn sees_by_default(self, group: FieldGroup) -> bool {
        use FieldGroup::{
            Capacity, Certificates, Contact, Evidence, ExactPlace, Identity, Notes, Price, Region, Terms,
        };
        match self {
            Self::Owner | Self::Operator => true,
            Self::OwnCluster => match group {
                Identity | Contact | ExactPlace | Region | Capacity | Terms | Certificates | Evidence | Notes => true,
                Price => false,
            },
            Self::Buyer => match group {
                Region | Capacity | Terms | Certificates => true,
                Identity | Contact | ExactPlace | Price | Evidence | Notes => false,
            },
            Self::Counterparty => match group {
                Identity | Contact | Region | Capacity | Terms | Certificates | Evidence => true,
                ExactPlace | Price | Notes => false,
            },
            Self::Issuer => match group {
                Identity | Region | Capacity | Terms | Certificates => true,
                Contact | ExactPlace | Price | Evidence | Notes => false,
            },
            Self::Network | Self::Public => false,
        }
    }
}

/// Fields of an offer that are shown together or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldGroup {
    /// Whose it is, by name and id, whether it makes or trades the goods, and where the record came from.
    Identity,
    /// How to reach those who act for it.
    Contact,
    /// The site: its name, its point, its region as finely as known.
    ExactPlace,
    /// The NUTS 2 region, or the coarser one where no finer is known.
    Region,
    /// What exists by when, and how fresh the figures are.
    Capacity,
    /// The price of a sale.
    Price,
    /// Product, grades, features, and on what terms it serves.
    Terms,
    /// Kinds, grades, status and dates of certificates, and how far the owner was verified.
    Certificates,
    /// Numbers and notified bodies of certificates, which tell who holds them.
    Evidence,
    /// What the owner adds in words, and why the offer waits for a reviewer.
    Notes,
}

impl FieldGroup {
    /// All of them.
    pub const ALL: [FieldGroup; 10] = [
        Self::Identity,
        Self::Contact,
        Self::ExactPlace,
        Self::Region,
        Self::Capacity,
        Self::Price,
        Self::Terms,
        Self::Certificates,
        Self::Evidence,
        Self::Notes,
    ];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Contact => "contact",
            Self::ExactPlace => "exact_place",
            Self::Region => "region",
            Self::Capacity => "capacity",
            Self::Price => "price",
            Self::Terms => "terms",
            Self::Certificates => "certificates",
            Self::Evidence => "evidence",
            Self::Notes => "notes",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|g| g.as_str() == name)
    }

    /// Whether it leads to who the owner is, so that each look at it is noted where the owner sees it.
    pub fn leads_to_somebody(self) -> bool {
        match self {
            Self::Identity | Self::Contact | Self::ExactPlace | Self::Evidence => true,
            Self::Region | Self::Capacity | Self::Price | Self::Terms | Self::Certificates | Self::Notes => false,
        }
    }

    /// Whether it tells who the owner is.
    pub fn names_somebody(self) -> bool {
        match self {
            Self::Identity | Self::Contact => true,
            Self::ExactPlace
            | Self::Region
            | Self::Capacity
            | Self::Price
            | Self::Terms
            | Self::Certificates
            | Self::Evidence
            | Self::Notes => false,
        }
    }
}

/// What the owner of an offer shows to others beyond what they see by default; nothing unless he says so.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Disclosure(BTreeMap<Audience, BTreeSet<FieldGroup>>);

impl Disclosure {
    /// Whether an audience sees a group of fields of the offer. Nothing else decides it.
    ///
    /// A counterparty was a buyer before, and sees what buyers see.
    pub fn sees(&self, audience: Audience, group: FieldGroup) -> bool {
        let shown = |to: Audience| {
            to.sees_by_default(group)
                || to.may_be_shown_more() && self.0.get(&to).is_some_and(|groups| groups.contains(&group))
        };
        match audience {
            Audience::Counterparty => shown(Audience::Counterparty) || shown(Audience::Buyer),
            Audience::Owner
            | Audience::OwnCluster
            | Audience::Buyer
            | Audience::Issuer
            | Audience::Network
            | Audience::Public
            | Audience::Operator => shown(audience),
        }
    }

    /// All groups that an audience sees.
    pub fn seen_by(&self, audience: Audience) -> BTreeSet<FieldGroup> {
        FieldGroup::ALL.into_iter().filter(|group| self.sees(audience, *group)).collect()
    }

    /// Whether the owner shows nothing beyond the default.
    pub fn is_default(&self) -> bool {
        self.0.is_empty()
    }

    /// What the owner shows beyond the default, by audience.
    pub fn shown(&self) -> impl Iterator<Item = (Audience, &BTreeSet<FieldGroup>)> {
        self.0.iter().map(|(audience, groups)| (*audience, groups))
    }

    /// The offer's exact place and nothing else, to buyers.
    pub fn exact_place() -> Self {
        Self(BTreeMap::from([(Audience::Buyer, BTreeSet::from([FieldGroup::ExactPlace]))]))
    }

    /// From what was typed: group names by the name of an audience.
    ///
    /// # Errors
    /// Every fault, each at its audience or its group below `/disclosure`.
    pub fn check(typed: &BTreeMap<String, Vec<String>>) -> Result<Self, Violations> {
        let mut faults = Violations::new();
        let mut shown = Self::default();
        for (name, groups) in typed {
            let at = format!("/disclosure/{}", name.replace('~', "~0").replace('/', "~1"));
            let Some(audience) = faults.keep(audience(&at, name)) else { continue };
            for (i, word) in groups.iter().enumerate() {
                if let Some(group) = faults.keep(group(&format!("{at}/{i}"), audience, word)) {
                    shown.0.entry(audience).or_default().insert(group);
                }
            }
        }
        // Whoever reads a name and an address knows whose it is, and the log tells it, too.
        for (audience, groups) in &shown.0 {
            if groups.contains(&FieldGroup::Contact) && !shown.sees(*audience, FieldGroup::Identity) {
                let at = format!("/disclosure/{}", audience.as_str());
                faults.push(at, "missing", "shows contact, which tells who you are; show identity as well");
            }
        }
        faults.into_result()?;
        Ok(shown)
    }
}

fn audience(at: &str, name: &str) -> Result<Audience, Violations> {
    let more = Audience::ALL.into_iter().filter(|a| a.may_be_shown_more());
    let remedy = more.map(Audience::as_str).collect::<Vec<_>>().join(", ");
    let (code, detail) = match Audience::parse(name) {
        Some(found) if found.may_be_shown_more() => return Ok(found),
        Some(found) if found.sees_rows() => {
            ("shown_already", format!("{name} sees all of the offer; leave it out, or write one of: {remedy}"))
        }
        Some(_) => {
            let detail =
                format!("{name} sees totals of several organisations and never an offer; write one of: {remedy}");
            ("totals_only", detail)
        }
        None => ("unknown_audience", format!("{name:?} is no audience that can be shown more; write one of: {remedy}")),
    };
    Err(Violations::one(at, code, detail))
}

fn group(at: &str, audience: Audience, word: &str) -> Result<FieldGroup, Violations> {
    let hidden = FieldGroup::ALL.into_iter().filter(|group| !audience.sees_by_default(*group));
    let remedy = hidden.map(FieldGroup::as_str).collect::<Vec<_>>().join(", ");
    match FieldGroup::parse(word) {
        Some(group) if !audience.sees_by_default(group) => Ok(group),
        Some(_) => {
            let detail =
                format!("{} sees {word} by default; leave it out, or write one of: {remedy}", audience.as_str());
            Err(Violations::one(at, "shown_already", detail))
        }
        None => {
            let detail = format!("{word:?} is no group of fields; write one of: {remedy}");
            Err(Violations::one(at, "unknown_field_group", detail))
        }
    }
}

#[cfg(test)]
mod tests;
