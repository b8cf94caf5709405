//! The offers of one product, in columns that a query walks from end to end.

use domain::{
    capacity::CapacityKind,
    disclosure::{Audience, FieldGroup},
    ids::OfferId,
    offer::{Offer, OfferState, Role, Transfer, Visibility},
    organisation::Verification,
    time::Day,
};

use crate::{
    curve::Curve,
    intern::{NONE, number},
    memory::vec_bytes,
    parties::Origin,
    promises::Promised,
    store::OfferRow,
};

/// What filters, audiences and predicates ask of an offer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Traits {
    pub(crate) organisation: u32,
    pub(crate) site: u32,
    pub(crate) origin: Origin,
    /// Numbers of sets.
    pub(crate) grades: u32,
    pub(crate) features: u32,
    pub(crate) papers: u32,
    pub(crate) line: u32,
    /// Numbers of a wording and of a price; none where it names none.
    pub(crate) wording: u32,
    pub(crate) price: u32,
    pub(crate) confirm_by: Day,
    pub(crate) as_of: Day,
    /// First and last day of its window.
    pub(crate) from: Day,
    pub(crate) until: Day,
    /// The first day by which anything exists, running and at full stretch; the last of all days where nothing ever does.
    first: [Day; 2],
    flags: u32,
    pub(crate) lead_days: u16,
    /// A bit for each of the first kinds of certificates that it names.
    pub(crate) kinds: u32,
    /// Base units; 0 where there is no smallest order.
    pub(crate) min_order: i64,
    /// How far it goes at most; without end where it says nothing.
    max_km: u32,
}

/// The kinds of capacity in the order that rows keep days of them.
pub(crate) const KINDS: [CapacityKind; 2] = [CapacityKind::Running, CapacityKind::Maximum];

/// What is one bit of an offer.
#[derive(Debug, Clone, Copy)]
#[repr(u32)]
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
    ClusterPrice = 1 << 13,
    BuyerPrice = 1 << 14,
    /// As its record says, whatever the clock does.
    Suspended = 1 << 15,
    Quarantined = 1 << 16,
    Stocked = 1 << 17,
    OnlyConvertible = 1 << 18,
    /// Some of its certificates are for some of its grades alone.
    GradedPapers = 1 << 22,
    /// It goes to any region; and leaves areas under authorisations that it names.
    Everywhere = 1 << 23,
    Authorised = 1 << 24,
    /// Its output lacks what others would have to bring.
    Incomplete = 1 << 25,
}

/// Where the state stands among the flags.
const STATE: u32 = 19;

/// How it can change hands, as bits above the flags.
pub(crate) fn transfer_bit(transfer: Transfer) -> u32 {
    match transfer {
        Transfer::Sale => 1 << 10,
        Transfer::Donation => 1 << 11,
        Transfer::Loan => 1 << 12,
    }
}

impl Traits {
    pub(crate) fn new(offer: &Offer, (numbers, origin): ([u32; 8], Origin), kinds: u32) -> Self {
        let [organisation, site, grades, features, papers, line, wording, price] = numbers;
        let terms = &offer.terms;
        let shows = |audience, group| terms.disclosure.sees(audience, group);
        let row = |audience| shows(audience, FieldGroup::Capacity) && shows(audience, FieldGroup::Region);
        let (profile, state) = (&*terms.ready_profile(), offer.state);
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
            (Flag::Listed, state == OfferState::Published && !offer.suspended && offer.quarantine.is_none()),
            (Flag::Suspended, offer.suspended),
            (Flag::Quarantined, offer.quarantine.is_some()),
            (Flag::Stocked, !profile.stock.quantity.is_zero()),
            (Flag::Everywhere, terms.regions.is_empty()),
            (Flag::Authorised, !terms.authorisations.is_empty()),
            (Flag::GradedPapers, terms.certificates.iter().any(|c| !c.grades.is_empty())),
            (Flag::OnlyConvertible, profile.is_only_convertible()),
            (Flag::Incomplete, terms.is_incomplete()),
            (Flag::Trader, trader),
            (Flag::Market, market),
            (Flag::Clusters, clusters),
            (Flag::ClusterRow, row(Audience::OwnCluster)),
            (Flag::ClusterPlace, shows(Audience::OwnCluster, FieldGroup::ExactPlace)),
            (Flag::ClusterName, shows(Audience::OwnCluster, FieldGroup::Identity)),
            (Flag::BuyerRow, row(Audience::Buyer)),
            (Flag::BuyerPlace, shows(Audience::Buyer, FieldGroup::ExactPlace)),
            (Flag::ClusterPrice, shows(Audience::OwnCluster, FieldGroup::Price)),
            (Flag::BuyerPrice, shows(Audience::Buyer, FieldGroup::Price)),
        ];
        let flags = bits.into_iter().filter(|(_, set)| *set).fold(0, |sum, (flag, _)| sum | flag as u32);
        let transfers = terms.transfers.iter().fold(0, |sum, transfer| sum | transfer_bit(*transfer));
        Self {
            organisation,
            site,
            origin,
            grades,
            features,
            papers,
            line,
            wording,
            price,
            confirm_by: offer.confirm_by,
            as_of: profile.as_of,
            from: profile.from,
            until: profile.until.unwrap_or(Day::MAX),
            first: KINDS.map(|kind| profile.curve(kind).first_day().unwrap_or(Day::MAX)),
            flags: flags | transfers | (state as u32) << STATE,
            lead_days: terms.lead_days,
            kinds,
            max_km: terms.max_distance_km.unwrap_or(u32::MAX),
            min_order: terms.min_order.as_ref().map_or(0, |m| m.quantity.units()),
        }
    }

    #[inline]
    pub(crate) fn is(&self, flag: Flag) -> bool {
        self.flags & flag as u32 != 0
    }

    /// Whether it changes hands in one of these ways.
    #[inline]
    pub(crate) fn transfers_by(&self, bits: u32) -> bool {
        self.flags & bits != 0
    }

    /// How far it goes at most, in kilometres.
    #[inline]
    pub(crate) fn max_distance_km(&self) -> Option<u32> {
        (self.max_km != u32::MAX).then_some(self.max_km)
    }

    /// Who vouches for its owner.
    #[inline]
    pub(crate) fn vouched(&self) -> Verification {
        self.origin.known().map_or(Verification::None, |(vouched, _)| vouched)
    }

    /// How it can change hands.
    pub(crate) fn transfers(&self) -> impl Iterator<Item = Transfer> {
        Transfer::ALL.into_iter().filter(|transfer| self.transfers_by(transfer_bit(*transfer)))
    }

    /// Its state as its record says.
    #[inline]
    pub(crate) fn state(&self) -> OfferState {
        let at = (self.flags >> STATE & 7) as usize;
        OfferState::ALL.get(at).copied().unwrap_or(OfferState::Withdrawn)
    }

    /// Whom its owner lets be matched with it.
    #[inline]
    pub(crate) fn visibility(&self) -> Visibility {
        if self.is(Flag::Market) {
            Visibility::Market
        } else if self.is(Flag::Clusters) {
            Visibility::Clusters
        } else {
            Visibility::Authorities
        }
    }

    /// The first day by which anything exists.
    #[inline]
    pub(crate) fn first_day(&self, kind: CapacityKind) -> Option<Day> {
        let [running, maximum] = self.first;
        let first = match kind {
            CapacityKind::Running => running,
            CapacityKind::Maximum => maximum,
        };
        (first != Day::MAX).then_some(first)
    }

    /// The first day by which stock exists.
    #[inline]
    pub(crate) fn first_stock_day(&self) -> Option<Day> {
        self.is(Flag::Stocked).then_some(self.as_of)
    }

    /// Whether it names a price.
    #[inline]
    pub(crate) fn is_priced(&self) -> bool {
        self.price != NONE
    }
}

/// The columns.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shard {
    pub(crate) ids: Vec<OfferId>,
    pub(crate) traits: Vec<Traits>,
    pub(crate) curves: Vec<Curve>,
    pub(crate) promised: Vec<Promised>,
    /// At which of the index's changes each row changed last.
    pub(crate) changed: Vec<u64>,
}

impl Shard {
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The offers of the product.
    pub(crate) fn rows(&self) -> impl Iterator<Item = OfferRow<'_>> {
        let columns = self.ids.iter().zip(&self.traits).zip(&self.curves).zip(&self.promised);
        columns.map(|(((id, traits), curve), promised)| OfferRow { id: *id, traits, curve, promised })
    }

    pub(crate) fn row(&self, at: u32) -> Option<OfferRow<'_>> {
        let at = at as usize;
        let promised = self.promised.get(at)?;
        Some(OfferRow { id: *self.ids.get(at)?, traits: self.traits.get(at)?, curve: self.curves.get(at)?, promised })
    }

    pub(crate) fn push(&mut self, id: OfferId, traits: Traits, (curve, promised): (Curve, Promised), revision: u64) {
        self.changed.push(revision);
        self.ids.push(id);
        self.traits.push(traits);
        self.curves.push(curve);
        self.promised.push(promised);
    }

    /// Takes a row out; the last one moves into its place, and is no other for that: of the rows of a group at least one is
    /// another one then.
    pub(crate) fn take(&mut self, row: usize) -> Option<(Traits, Curve)> {
        if row >= self.len() {
            return None;
        }
        self.changed.swap_remove(row);
        self.ids.swap_remove(row);
        self.promised.swap_remove(row);
        Some((self.traits.swap_remove(row), self.curves.swap_remove(row)))
    }

    /// Brings rows that questions tell apart into one run each, and says whether rows moved. Order means nothing, but what
    /// lies together is read sooner.
    pub(crate) fn arrange(&mut self) {
        let mut order: Vec<u32> = (0..number(self.len())).collect();
        let key = |row: &u32| {
            let traits = self.traits.get(*row as usize);
            traits.map(|traits| (traits.grades, traits.origin.region(), self.ids.get(*row as usize)))
        };
        order.sort_unstable_by_key(key);
        fn ordered<T>(column: &mut Vec<T>, order: &[u32]) {
            let mut taken: Vec<Option<T>> = std::mem::take(column).into_iter().map(Some).collect();
            column.extend(order.iter().filter_map(|row| taken.get_mut(*row as usize)?.take()));
        }
        ordered(&mut self.ids, &order);
        ordered(&mut self.traits, &order);
        ordered(&mut self.curves, &order);
        ordered(&mut self.promised, &order);
        ordered(&mut self.changed, &order);
    }

    pub(crate) fn shrink(&mut self) {
        self.ids.shrink_to_fit();
        self.traits.shrink_to_fit();
        self.curves.shrink_to_fit();
        self.promised.shrink_to_fit();
        self.changed.shrink_to_fit();
    }

    pub(crate) fn bytes(&self) -> usize {
        let drawn = self.promised.iter().map(|promised| size_of_val(promised.drawn())).sum::<usize>();
        vec_bytes(&self.ids)
            + vec_bytes(&self.traits)
            + vec_bytes(&self.curves)
            + vec_bytes(&self.promised)
            + vec_bytes(&self.changed)
            + drawn
    }
}
