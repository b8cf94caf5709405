//! Who is looking, and the market as he may see it.
//!
//! An explanation is computed from this projection and from nothing else, so that it cannot tell what
//! the reader may not see: two markets with the same projection explain alike, to the byte.

use std::{borrow::Cow, collections::BTreeMap};

use domain::{
    certificate::Certificate,
    disclosure::Sight,
    eligibility::Rules,
    ids::{NeedId, OfferId, OrganisationId, SiteId},
    market::Market,
    need::Need,
    offer::{Offer, Visibility},
    organisation::{Organisation, OrganisationKind, Site},
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Who is looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// The operator, who sees everything.
    Operator,
    /// An organisation with a need of its own, which sees what is its own in full, and of others nameless
    /// offers that it may be matched with.
    Buyer(OrganisationId),
}

impl Audience {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Buyer(_) => "buyer",
        }
    }

    /// Whether it may ask about a need at all.
    pub fn may_ask(self, need: &Need) -> bool {
        match self {
            Self::Operator => true,
            Self::Buyer(own) => need.organisation == own,
        }
    }
}

/// A market as a reader may see it.
#[derive(Debug, Clone)]
pub struct Projection<'a> {
    /// What is left of the market.
    pub market: Cow<'a, Market>,
    /// The names under which others' offers stand in it; offers that are not listed keep their own, or
    /// are not in it.
    names: BTreeMap<OfferId, OfferId>,
}

impl Projection<'_> {
    /// The offer that has a name in the projection, where the name is not its own.
    pub fn behind(&self, name: OfferId) -> Option<OfferId> {
        self.names.iter().find(|(_, known)| **known == name).map(|(offer, _)| *offer)
    }

    /// The name of an offer in the projection; `None` if it is not in it.
    pub fn name(&self, offer: OfferId) -> Option<OfferId> {
        let name = self.names.get(&offer).copied().unwrap_or(offer);
        self.market.offer(name).map(|o| o.id)
    }
}

/// The market as the audience may see it.
///
/// The operator sees it whole. A buyer sees its own organisation, sites, needs and offers in full, with
/// the promises and suggestions for its own instalments. Of others it sees the offers that are in the
/// market, fresh, reviewed, and not kept from it by their owner; of these what [`Sight::nameless`] leaves, which is what
/// [`Disclosure::sees`](domain::disclosure::Disclosure::sees) shows to buyers less all names. It sees no stated distance,
/// and neither needs, promises nor suggestions of others; so whatever is reckoned from it is before competition.
///
/// Others' offers go by names made of what the reader sees of them, so that neither their ids nor the
/// order of their ids tell anything.
pub fn project<'a>(rules: &Rules<'a>, audience: Audience) -> Projection<'a> {
    match audience {
        Audience::Operator => Projection { market: Cow::Borrowed(rules.market), names: BTreeMap::new() },
        Audience::Buyer(own) => for_buyer(rules, own),
    }
}

fn for_buyer<'a>(rules: &Rules<'a>, own: OrganisationId) -> Projection<'a> {
    let whole = rules.market;
    let mut market = Market::new(whole.day);
    market.mode = whole.mode;
    market.organisations.extend(whole.organisations.get(&own).map(|o| (own, o.clone())));
    let of_own = whole.sites.iter().filter(|(_, s)| s.organisation == own);
    market.sites.extend(of_own.map(|(id, s)| (*id, s.clone())));
    market.needs = whole.needs.iter().filter(|n| n.organisation == own).cloned().collect();
    market.offers = whole.offers.iter().filter(|o| o.organisation == own).cloned().collect();
    let own_lines = market.offers.iter().filter_map(|o| o.terms.line);
    market.lines = own_lines.filter_map(|id| whole.lines.get(&id).map(|l| (id, l.clone()))).collect();
    let mut names = BTreeMap::new();
    let mut alike: BTreeMap<[u8; 32], u32> = BTreeMap::new();
    for offer in whole.offers.iter().filter(|o| o.organisation != own) {
        let Some(nameless) = Nameless::of(rules, own, offer) else { continue };
        let about = nameless.digest(&market, whole, offer.id);
        let count = alike.entry(about).or_default();
        let name = pseudonym(&about, *count);
        *count += 1;
        names.insert(offer.id, OfferId(name));
        nameless.enter(&mut market, name);
    }
    let seen = |offer: OfferId| names.get(&offer).copied().unwrap_or(offer);
    let is_own = |id| market.needs.iter().flat_map(|n| &n.instalments).any(|i| i.id == id);
    market.commitments = whole.commitments.iter().filter(|c| is_own(c.instalment)).cloned().collect();
    for commitment in &mut market.commitments {
        commitment.offer = seen(commitment.offer);
    }
    market.suggestions = whole.suggestions.iter().filter(|s| is_own(s.instalment)).cloned().collect();
    for suggestion in &mut market.suggestions {
        suggestion.offer = seen(suggestion.offer);
    }
    let own_needs: Vec<NeedId> = market.needs.iter().map(|n| n.id).collect();
    let refused = whole.refusals.iter().filter(|(_, need)| own_needs.contains(need));
    market.refusals = refused.map(|(offer, need)| (seen(*offer), *need)).collect();
    market.sort();
    Projection { market: Cow::Owned(market), names }
}

/// An offer of somebody else, without what would tell whose it is.
#[derive(Serialize)]
struct Nameless {
    offer: Offer,
    organisation: Organisation,
    site: Site,
}

impl Nameless {
    /// `None` where the reader may not know of it: it is not in the market, or is kept from him.
    fn of(rules: &Rules<'_>, own: OrganisationId, offer: &Offer) -> Option<Self> {
        rules.judge_offer_alone(offer).ok()?;
        let (supplier, buyer) =
            (rules.market.organisations.get(&offer.organisation)?, rules.market.organisations.get(&own)?);
        if !offer.in_market(rules.market.day) || !shown_to(offer, supplier, buyer) {
            return None;
        }
        let site = rules.market.sites.get(&offer.site)?;
        let mut seen = Sight::nameless((offer, supplier, site), rules.regions);
        seen.offer.terms.certificates.sort_by_key(order);
        Some(Self { offer: seen.offer, organisation: seen.organisation, site: seen.site })
    }

    /// Tells apart what the reader can tell apart: the offer, and what stands between it and his own
    /// needs. Offers of one digest are alike in every way that an explanation could show.
    fn digest(&self, own: &Market, whole: &Market, id: OfferId) -> [u8; 32] {
        let is_own = |i| own.needs.iter().flat_map(|n| &n.instalments).any(|own| own.id == i);
        let promised = whole.commitments.iter().filter(|c| c.offer == id && is_own(c.instalment));
        let promised: Vec<_> = promised.map(|c| (c.match_id, c.instalment, c.quantity, c.cutoff)).collect();
        let suggested = whole.suggestions.iter().filter(|s| s.offer == id && is_own(s.instalment));
        let suggested: Vec<_> = suggested.map(|s| (s.instalment, s.quantity)).collect();
        let refused = own.needs.iter().filter(|n| whole.refusals.contains(&(id, n.id)));
        let refused: Vec<NeedId> = refused.map(|n| n.id).collect();
        // Writing these types as JSON cannot fail; were it to, all offers would share one digest and go
        // by the order of their ids.
        let bytes = serde_json::to_vec(&(self, promised, suggested, refused)).unwrap_or_default();
        Sha256::digest(&bytes).into()
    }

    fn enter(mut self, market: &mut Market, name: Uuid) {
        let (organisation, site) = (OrganisationId(name), SiteId(name));
        self.organisation.id = organisation;
        (self.site.id, self.site.organisation) = (site, organisation);
        (self.offer.id, self.offer.organisation, self.offer.site) = (OfferId(name), organisation, site);
        market.organisations.insert(organisation, self.organisation);
        market.sites.insert(site, self.site);
        market.offers.push(self.offer);
    }
}

/// Whether an offer's owner lets a buyer be matched with it; as the predicate says, with the true
/// clusters of both.
pub fn shown_to(offer: &Offer, supplier: &Organisation, buyer: &Organisation) -> bool {
    let authority = buyer.kind == OrganisationKind::Authority;
    let shared = supplier.clusters.iter().any(|c| buyer.clusters.contains(c))
        || supplier.clusters.contains(&buyer.id)
        || buyer.clusters.contains(&supplier.id);
    match offer.terms.visibility {
        Visibility::Market => true,
        Visibility::Authorities => authority,
        Visibility::Clusters => authority || shared,
    }
}

/// An order of certificates by what is left of them.
fn order(c: &Certificate) -> impl Ord + use<> {
    let evidence = (c.number.clone(), c.notified_body.clone());
    (c.kind.clone(), c.status, c.grades.clone(), c.valid_from, c.valid_until, c.expected_on, evidence)
}

/// A version 8 UUID from a digest and the number among those alike.
fn pseudonym(digest: &[u8; 32], number: u32) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(digest);
    hash.update(number.to_be_bytes());
    let full: [u8; 32] = hash.finalize().into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&full[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
