//! The offers of one product, in columns that a query walks from end to end.

use domain::{
    disclosure::{Audience, FieldGroup},
    ids::OfferId,
    offer::{Offer, OfferState, Role, Transfer, Visibility},
    time::Day,
};

use crate::{curve::Curve, memory::vec_bytes, promises::Drawn, store::OfferRow};

/// What filters and audiences ask of an offer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Traits {
    pub(crate) organisation: u32,
    pub(crate) site: u32,
    /// Numbers of sets.
    pub(crate) grades: u32,
    pub(crate) features: u32,
    pub(crate) papers: u32,
    pub(crate) line: u32,
    pub(crate) confirm_by: Day,
    pub(crate) lead_days: u16,
    flags: u16,
    /// Base units; 0 where there is no smallest order.
    pub(crate) min_order: i64,
}

/// What is one bit of an offer.
#[derive(Debug, Clone, Copy)]
#[repr(u16)]
pub(crate) enum Flag {
    /// Published, not suspended, in no quarantine; what the clock makes of it is asked at reading.
    Listed = 1,
    Trader = 1 << 1,
    /// Visibility: to every buyer, to members of a shared cluster.
    Market = 1 << 3,
    Clusters = 1 << 4,
    /// What disclosure shows to managers of the owner's clusters, and to buyers: any row at all, the exact place.
    ClusterRow = 1 << 5,
    ClusterPlace = 1 << 6,
    ClusterName = 1 << 7,
    BuyerRow = 1 << 8,
    BuyerPlace = 1 << 9,
}

/// How it can change hands, as bits above the flags.
pub(crate) fn transfer_bit(transfer: Transfer) -> u16 {
    match transfer {
        Transfer::Sale => 1 << 10,
        Transfer::Donation => 1 << 11,
        Transfer::Loan => 1 << 12,
    }
}

impl Traits {
    pub(crate) fn new(offer: &Offer, numbers: [u32; 6]) -> Self {
        let [organisation, site, grades, features, papers, line] = numbers;
        let terms = &offer.terms;
        let shows = |audience, group| terms.disclosure.sees(audience, group);
        let row = |audience| shows(audience, FieldGroup::Capacity) && shows(audience, FieldGroup::Region);
        let published = match offer.state {
            OfferState::Published => true,
            OfferState::Draft | OfferState::Paused | OfferState::Withdrawn | OfferState::Expired => false,
        };
        let trader = match terms.role {
            Role::Maker => false,
            Role::Trader => true,
        };
        let (market, clusters) = match terms.visibility {
            Visibility::Market => (true, false),
            Visibility::Clusters => (false, true),
            Visibility::Authorities => (false, false),
        };
        let bits = [
            (Flag::Listed, published && !offer.suspended && offer.quarantine.is_none()),
            (Flag::Trader, trader),
            (Flag::Market, market),
            (Flag::Clusters, clusters),
            (Flag::ClusterRow, row(Audience::OwnCluster)),
            (Flag::ClusterPlace, shows(Audience::OwnCluster, FieldGroup::ExactPlace)),
            (Flag::ClusterName, shows(Audience::OwnCluster, FieldGroup::Identity)),
            (Flag::BuyerRow, row(Audience::Buyer)),
            (Flag::BuyerPlace, shows(Audience::Buyer, FieldGroup::ExactPlace)),
        ];
        let flags = bits.into_iter().filter(|(_, set)| *set).fold(0, |sum, (flag, _)| sum | flag as u16);
        let transfers = terms.transfers.iter().fold(0, |sum, transfer| sum | transfer_bit(*transfer));
        Self {
            organisation,
            site,
            grades,
            features,
            papers,
            line,
            confirm_by: offer.confirm_by,
            lead_days: terms.lead_days,
            flags: flags | transfers,
            min_order: terms.min_order.as_ref().map_or(0, |m| m.quantity.units()),
        }
    }

    #[inline]
    pub(crate) fn is(&self, flag: Flag) -> bool {
        self.flags & flag as u16 != 0
    }

    /// Whether it changes hands in one of these ways.
    pub(crate) fn transfers_by(&self, bits: u16) -> bool {
        self.flags & bits != 0
    }
}

/// The columns.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shard {
    pub(crate) ids: Vec<OfferId>,
    pub(crate) traits: Vec<Traits>,
    pub(crate) curves: Vec<Curve>,
    pub(crate) promised: Vec<Option<Box<[Drawn]>>>,
}

impl Shard {
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The offers of the product.
    pub(crate) fn rows(&self) -> impl Iterator<Item = OfferRow<'_>> {
        let columns = self.ids.iter().zip(&self.traits).zip(&self.curves).zip(&self.promised);
        columns.map(|(((id, traits), curve), promised)| OfferRow {
            id: *id,
            traits,
            curve,
            promised: promised.as_deref().unwrap_or_default(),
        })
    }

    pub(crate) fn row(&self, at: u32) -> Option<OfferRow<'_>> {
        let at = at as usize;
        let promised = self.promised.get(at)?.as_deref().unwrap_or_default();
        Some(OfferRow { id: *self.ids.get(at)?, traits: self.traits.get(at)?, curve: self.curves.get(at)?, promised })
    }

    pub(crate) fn push(&mut self, id: OfferId, traits: Traits, curve: Curve, promised: Option<Box<[Drawn]>>) {
        self.ids.push(id);
        self.traits.push(traits);
        self.curves.push(curve);
        self.promised.push(promised);
    }

    /// Takes a row out; the last one moves into its place.
    pub(crate) fn take(&mut self, row: usize) -> Option<(Traits, Curve)> {
        if row >= self.len() {
            return None;
        }
        self.ids.swap_remove(row);
        self.promised.swap_remove(row);
        Some((self.traits.swap_remove(row), self.curves.swap_remove(row)))
    }

    pub(crate) fn shrink(&mut self) {
        self.ids.shrink_to_fit();
        self.traits.shrink_to_fit();
        self.curves.shrink_to_fit();
        self.promised.shrink_to_fit();
    }

    pub(crate) fn bytes(&self) -> usize {
        let drawn = self.promised.iter().flatten().map(|drawn| size_of_val(&**drawn)).sum::<usize>();
        vec_bytes(&self.ids) + vec_bytes(&self.traits) + vec_bytes(&self.curves) + vec_bytes(&self.promised) + drawn
    }
}
