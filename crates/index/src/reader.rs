//! Who asks, and what he sees of an offer.
//!
//! What somebody sees is [`Disclosure::sees`](domain::disclosure::Disclosure::sees) of the audience that he is; which
//! audience that is follows from organisations and clusters. Whoever sees no rows sees [atoms](crate::atoms).

use std::collections::BTreeSet;

use domain::{
    code::ProductCode,
    ids::{OfferId, OrganisationId},
    organisation::OrganisationKind,
    time::Day,
};

use crate::{
    parties::Parties,
    shard::{Flag, Traits},
    store::Index,
};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reader {
    /// Whoever runs the service; he sees everything.
    Operator,
    /// Whoever acts for an organisation.
    Party(Party),
    /// Everybody else, who sees the [lattice](Index::lattice) and no answers to questions of his own.
    Public,
}

/// An organisation as a reader.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Party {
    /// Which one.
    pub organisation: OrganisationId,
    /// The verified clusters for which it acts as a manager.
    pub clusters: BTreeSet<OrganisationId>,
    /// Whether it buys.
    pub buyer: Buyer,
}

/// What an organisation is as a buyer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Buyer {
    /// None.
    No,
    /// A verified authority: nameless rows of every product, and the needs of others in sums.
    Authority,
    /// One with open, reviewed needs: nameless rows of the products that fit them.
    WithNeeds(BTreeSet<ProductCode>),
}

/// What a reader sees of an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sees {
    /// Its row, whose it is, and its exact place.
    Whole,
    /// Its row and whose it is, at its NUTS 2 region.
    Named,
    /// Its row without a name, at its exact place.
    NamelessExact,
    /// Its row without a name, at its NUTS 2 region.
    Nameless,
    /// Totals of several organisations.
    TotalsOnly,
    /// Nothing but published totals.
    Nothing,
}

impl Sees {
    /// Whether it enters sums as a row.
    pub fn row(self) -> bool {
        match self {
            Self::Whole | Self::Named | Self::NamelessExact | Self::Nameless => true,
            Self::TotalsOnly | Self::Nothing => false,
        }
    }

    /// Whether the reader knows whose it is, and so its clusters and its line.
    pub fn named(self) -> bool {
        match self {
            Self::Whole | Self::Named => true,
            Self::NamelessExact | Self::Nameless | Self::TotalsOnly | Self::Nothing => false,
        }
    }

    /// Whether the reader knows its exact place.
    pub fn exact(self) -> bool {
        match self {
            Self::Whole | Self::NamelessExact => true,
            Self::Named | Self::Nameless | Self::TotalsOnly | Self::Nothing => false,
        }
    }
}

/// A reader with what the index knows of him.
pub(crate) enum Eyes<'a> {
    Operator,
    Party(PartyEyes<'a>),
    Public,
}

pub(crate) struct PartyEyes<'a> {
    parties: &'a Parties,
    organisation: Option<u32>,
    /// By number of a set of clusters whether he manages one of them; nothing where he manages none.
    manages: Vec<bool>,
    authority: bool,
    /// Whether he asks as an authority that somebody vouched for.
    surveys: bool,
    /// The clusters the buyer is in, and for each product whether he buys it.
    clusters: &'a [u32],
    buys: Vec<bool>,
}

impl<'a> Eyes<'a> {
    pub(crate) fn new(index: &'a Index, reader: &Reader) -> Self {
        let party = match reader {
            Reader::Operator => return Self::Operator,
            Reader::Public => return Self::Public,
            Reader::Party(party) => party,
        };
        let organisation = index.parties.find(party.organisation);
        let kind = organisation.and_then(|number| index.parties.kind(number));
        let products = index.products.items();
        let buys = match &party.buyer {
            Buyer::No => vec![false; products.len()],
            Buyer::Authority => vec![true; products.len()],
            Buyer::WithNeeds(wanted) => products.iter().map(|product| wanted.contains(product)).collect(),
        };
        let mut manages = vec![false; if party.clusters.is_empty() { 0 } else { index.parties.cluster_sets() }];
        let managed = party.clusters.iter().filter_map(|cluster| index.parties.find(*cluster));
        for set in managed.flat_map(|cluster| index.parties.sets_with(cluster)) {
            manages.get_mut(*set as usize).into_iter().for_each(|manages| *manages = true);
        }
        Self::Party(PartyEyes {
            parties: &index.parties,
            organisation,
            manages,
            authority: kind == Some(OrganisationKind::Authority),
            surveys: party.buyer == Buyer::Authority,
            clusters: organisation.map_or(&[], |number| index.parties.clusters(number)),
            buys,
        })
    }

    /// What he sees of an offer of a product.
    #[inline]
    pub(crate) fn sees(&self, product: u32, traits: &Traits) -> Sees {
        let party = match self {
            Self::Operator => return Sees::Whole,
            Self::Public => return Sees::Nothing,
            Self::Party(party) => party,
        };
        if party.organisation == Some(traits.organisation) {
            return Sees::Whole;
        }
        if party.manages(traits) {
            return match (traits.is(Flag::ClusterName), traits.is(Flag::ClusterPlace)) {
                (true, true) => Sees::Whole,
                (true, false) => Sees::Named,
                (false, true) => Sees::NamelessExact,
                (false, false) => Sees::Nameless,
            };
        }
        let buys = party.buys.get(product as usize).copied().unwrap_or(false);
        if buys && traits.is(Flag::BuyerRow) && party.is_shown(traits) {
            // Whoever the owner shows his name to, no sum names him.
            return if traits.is(Flag::BuyerPlace) { Sees::NamelessExact } else { Sees::Nameless };
        }
        Sees::TotalsOnly
    }

    /// Whether he sees the price of an offer of which he sees a row: his own, or one whose owner shows it to who he is.
    pub(crate) fn sees_price(&self, traits: &Traits) -> bool {
        let party = match self {
            Self::Operator => return true,
            Self::Public => return false,
            Self::Party(party) => party,
        };
        if party.organisation == Some(traits.organisation) {
            return true;
        }
        let shown = if party.manages(traits) { Flag::ClusterPrice } else { Flag::BuyerPrice };
        traits.is(shown)
    }

    /// Whether he sees the needs of an organisation in sums that are exact.
    pub(crate) fn sees_need(&self, organisation: u32) -> bool {
        match self {
            Self::Operator => true,
            Self::Public => false,
            Self::Party(party) => party.organisation == Some(organisation) || party.surveys,
        }
    }

    /// Whether no row at all is hidden from him.
    pub(crate) fn sees_all(&self) -> bool {
        match self {
            Self::Operator => true,
            Self::Party(_) | Self::Public => false,
        }
    }

    /// Whether he sees the needs of everybody.
    pub(crate) fn sees_all_needs(&self) -> bool {
        match self {
            Self::Operator => true,
            Self::Party(party) => party.surveys,
            Self::Public => false,
        }
    }
}

impl PartyEyes<'_> {
    /// Whether he manages a cluster of the owner, which sees its members' offers.
    #[inline]
    fn manages(&self, traits: &Traits) -> bool {
        traits.is(Flag::ClusterRow) && self.manages.get(traits.origin.clusters as usize).copied().unwrap_or(false)
    }

    /// Whether the owner lets him be matched with the offer, as the predicate of visibility says.
    fn is_shown(&self, traits: &Traits) -> bool {
        if traits.is(Flag::Market) || self.authority {
            return true;
        }
        if !traits.is(Flag::Clusters) {
            return false;
        }
        let owner_clusters = self.parties.clusters_of(traits.origin.clusters);
        owner_clusters.iter().any(|c| self.clusters.contains(c) || self.organisation == Some(*c))
            || self.clusters.contains(&traits.organisation)
    }
}

impl Index {
    /// What a reader sees of an offer on a day; nothing where it is not in the market.
    pub fn audience(&self, offer: OfferId, on: Day, reader: &Reader) -> Sees {
        let Some((product, row)) = self.row(offer) else { return Sees::Nothing };
        if self.in_market(row.traits, on).is_none() {
            return Sees::Nothing;
        }
        Eyes::new(self, reader).sees(product, row.traits)
    }
}
