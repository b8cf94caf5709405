//! An offer as an audience sees it, with what it may not see left empty.

use std::collections::BTreeSet;

use super::{Audience, Disclosure, FieldGroup};
use crate::{
    call::LegalBasis,
    ids::{OfferId, OrganisationId, SiteId},
    offer::{Offer, OfferTerms, Role, Visibility},
    organisation::{Organisation, OrganisationKind, RegionFrom, Site},
    region::RegionTable,
};

/// What every audience sees that sees offers at all: the nameless row.
pub const NAMELESS: [FieldGroup; 4] =
    [FieldGroup::Region, FieldGroup::Capacity, FieldGroup::Terms, FieldGroup::Certificates];

/// An offer, its owner and its site as somebody sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// What he sees.
    pub groups: BTreeSet<FieldGroup>,
    /// The offer. Its own settings on who sees it and is matched with it are nobody else's.
    pub offer: Offer,
    /// Whose it is.
    pub organisation: Organisation,
    /// Where it is made.
    pub site: Site,
}

impl Sight {
    /// As an audience sees it; `None` where it never sees an offer.
    pub fn of(
        audience: Audience,
        (offer, organisation, site): (&Offer, &Organisation, &Site),
        regions: &RegionTable,
    ) -> Option<Self> {
        let groups = offer.terms.disclosure.seen_by(audience);
        audience.sees_rows().then(|| Self::with(groups, (offer, organisation, site), regions))
    }

    /// As the issuer of a call sees it that the offer answers. Where the law asks facility by facility, to answer is to
    /// state the facility.
    pub fn answered(
        basis: LegalBasis,
        (offer, organisation, site): (&Offer, &Organisation, &Site),
        regions: &RegionTable,
    ) -> Self {
        let mut groups = offer.terms.disclosure.seen_by(Audience::Issuer);
        if basis.asks_per_facility() {
            groups.insert(FieldGroup::ExactPlace);
        }
        Self::with(groups, (offer, organisation, site), regions)
    }

    /// The nameless row that buyers reckon with, with what the owner shows them beyond it; whoever that is, no
    /// reckoning names him.
    pub fn nameless((offer, organisation, site): (&Offer, &Organisation, &Site), regions: &RegionTable) -> Self {
        let mut groups = offer.terms.disclosure.seen_by(Audience::Buyer);
        groups.retain(|group| !group.names_somebody());
        Self::with(groups, (offer, organisation, site), regions)
    }

    fn with(
        groups: BTreeSet<FieldGroup>,
        (offer, organisation, site): (&Offer, &Organisation, &Site),
        regions: &RegionTable,
    ) -> Self {
        let sees = |group| groups.contains(&group);
        let (identity, exact) = (sees(FieldGroup::Identity), sees(FieldGroup::ExactPlace));
        let id = if identity { offer.organisation } else { OrganisationId(uuid::Uuid::nil()) };
        let region = site.region.as_ref().and_then(|code| regions.at_level(code, 2));
        let (nowhere, place) = (SiteId(uuid::Uuid::nil()), region.map(|r| r.code.clone()));
        let country = region.map_or_else(|| organisation.country.clone(), |r| r.country.clone());
        Self {
            offer: Offer {
                id: if identity { offer.id } else { OfferId(uuid::Uuid::nil()) },
                organisation: id,
                site: if exact { offer.site } else { nowhere },
                terms: terms(&sees, &offer.terms),
                state: offer.state,
                confirm_by: offer.confirm_by,
                suspended: offer.suspended,
                quarantine: offer.quarantine.clone().filter(|_| sees(FieldGroup::Notes)),
            },
            organisation: if identity {
                organisation.clone()
            } else {
                let (kind, verification) = (OrganisationKind::Firm, organisation.verification);
                Organisation { id, kind, name: String::new(), country, verification, clusters: Vec::new() }
            },
            site: if exact {
                Site { organisation: id, ..site.clone() }
            } else {
                let (name, zone, region_from) = (String::new(), "UTC".to_owned(), RegionFrom::Stated);
                Site { id: nowhere, organisation: id, name, region: place, region_from, point: None, zone }
            },
            groups,
        }
    }
}

/// Every field of the terms belongs to a group; one that is new does not compile before it has one.
fn terms(sees: &impl Fn(FieldGroup) -> bool, terms: &OfferTerms) -> OfferTerms {
    let OfferTerms {
        // Of the nameless row.
        product,
        grades,
        features,
        profile,
        min_order,
        lead_days,
        max_distance_km,
        regions,
        authorisations,
        certificates,
        transfers,
        missing_inputs,
        // Of other groups.
        line,
        price,
        role,
        note,
        // Settings of the owner.
        visibility: _,
        disclosure: _,
    } = terms.clone();
    let certificate = |mut c: crate::certificate::Certificate| {
        if !sees(FieldGroup::Evidence) {
            (c.id, c.number, c.notified_body, c.holder) = (None, None, None, None);
            c.models = Vec::new();
            // Where and until when it holds is reckoned with, and so is that somebody must look at it.
            c.doubt = c.doubt.map(|_| String::new());
            if let Some(derogation) = &mut c.derogation {
                (derogation.authority, derogation.number) = (String::new(), String::new());
            }
            if let Some(finding) = &mut c.finding {
                finding.note = String::new();
            }
        }
        c
    };
    OfferTerms {
        product,
        grades,
        features,
        profile,
        min_order,
        lead_days,
        max_distance_km,
        regions,
        authorisations,
        certificates: certificates.into_iter().map(certificate).collect(),
        transfers,
        missing_inputs,
        // Which offers share a line tells that they are of one owner.
        line: line.filter(|_| sees(FieldGroup::Identity)),
        price: price.filter(|_| sees(FieldGroup::Price)),
        role: if sees(FieldGroup::Identity) { role } else { Role::Maker },
        note: if sees(FieldGroup::Notes) { note } else { String::new() },
        visibility: Visibility::Market,
        // Distances are reckoned by it.
        disclosure: if sees(FieldGroup::ExactPlace) { Disclosure::exact_place() } else { Disclosure::default() },
    }
}
