//! Predicates that look at an offer and a need alone: features, certificates, places, visibility, trust.

use super::{NeedView, OfferView, Reason};
use crate::{
    catalogue::{Area, BorderEffect, BorderRule},
    certificate::{Certificate, CertificateStatus, Derogation},
    code::{CertificateKindCode, CountryCode, GradeCode, RegionCode},
    feature::{Demand, FeatureValue},
    mode::MarketMode,
    need::{Instalment, Need, NeedTerms},
    offer::{Offer, Visibility},
    organisation::OrganisationKind,
    time::Day,
};

pub(super) fn features(offer: &Offer, need: &Need, instalment: &Instalment) -> Result<(), Reason> {
    for r in need.terms.requirements.iter().filter(|r| r.demand == Demand::Required) {
        if !r.met_by(offer.terms.feature(&r.feature)) {
            return Err(Reason::FeatureMissing(r.feature.clone()));
        }
    }
    if let Some(size) = &instalment.size {
        let comes = offer.terms.features.iter().any(|(_, v)| matches!(v, FeatureValue::Sizes(s) if s.contains(size)));
        if !comes {
            return Err(Reason::SizeMissing);
        }
    }
    Ok(())
}

/// A pair on the days that its certificates must cover.
#[derive(Debug, Clone, Copy)]
pub(super) struct Papers<'a> {
    pub(super) offer: &'a Offer,
    pub(super) wants: &'a NeedTerms,
    /// The country that the goods go to, and the regions around the place.
    pub(super) country: &'a CountryCode,
    pub(super) lineage: &'a [&'a RegionCode],
    pub(super) mode: MarketMode,
    /// The day of the decision.
    pub(super) day: Day,
    pub(super) due: Day,
}

impl<'a> Papers<'a> {
    /// The certificates of a kind that cover a grade which may be delivered for the need, and its place.
    fn of_kind(
        self,
        kind: &CertificateKindCode,
        serves: impl Fn(&GradeCode) -> bool,
    ) -> impl Iterator<Item = &'a Certificate> {
        let covers = move |c: &Certificate| {
            c.grades.is_empty() || self.offer.terms.grades.iter().any(|g| c.grades.contains(g) && serves(g))
        };
        let certificates = self.offer.terms.certificates.iter();
        certificates.filter(move |c| c.kind == *kind && self.counts(c) && covers(c))
    }

    /// Whether it can count at all: nobody must look at it first, it holds where the goods go, and the times permit
    /// what it rests on.
    fn counts(self, c: &Certificate) -> bool {
        let permitted = |d: &Derogation| self.mode.permits_derogations() && self.reaches(&d.territory);
        c.doubt.is_none()
            && (c.territory.is_empty() || self.reaches(&c.territory))
            && c.derogation.as_ref().is_none_or(permitted)
    }

    fn reaches(self, territory: &[RegionCode]) -> bool {
        let country = |code: &RegionCode| code.as_str() == self.country.as_str();
        territory.iter().any(|code| country(code) || self.lineage.contains(&code))
    }

    /// Whether a certificate is held and holds from production to delivery.
    fn holds(self, c: &Certificate) -> bool {
        let start = self.offer.terms.profile.from.max(self.day).min(self.due);
        c.status.is_held() && c.holds_over(start, self.due)
    }
}

/// Whether the pair rests on a pending certificate, or the first kind that fails.
pub(super) fn certificates(pair: Papers<'_>, serves: impl Fn(&GradeCode) -> bool + Copy) -> Result<bool, Reason> {
    let wants = pair.wants;
    let mut pending = false;
    for kind in &wants.certificates {
        let (mut held, mut in_time, mut over, mut awaited) = (false, false, false, false);
        for c in pair.of_kind(kind, serves) {
            held |= pair.holds(c);
            in_time |= c.status.is_pending() && c.expected_on.is_none_or(|d| d <= pair.due);
            over |= c.status.is_held() || c.status == CertificateStatus::Expired;
            awaited |= c.status.is_pending();
        }
        if held {
            continue;
        }
        if in_time && wants.accept_pending {
            pending = true;
            continue;
        }
        return Err(if in_time {
            Reason::CertificatePending(kind.clone())
        } else if over {
            Reason::CertificateExpired(kind.clone())
        } else if awaited {
            Reason::CertificatePending(kind.clone())
        } else {
            Reason::CertificateMissing(kind.clone())
        });
    }
    Ok(pending)
}

/// Whether a site lies in one of some regions; anywhere will do where none is named.
pub(super) fn within(lineage: &[&RegionCode], areas: &[&RegionCode]) -> bool {
    areas.is_empty() || lineage.iter().any(|region| areas.contains(region))
}

pub(super) fn border(o: &OfferView<'_>, n: &NeedView<'_>) -> Result<(), Reason> {
    if o.leaving.is_empty() || o.country == n.country {
        return Ok(());
    }
    let reaches = |area: &Area| match area {
        Area::Eu => n.in_eu,
        Area::Country(code) => code == n.country,
    };
    let applies = |r: &BorderRule| {
        !reaches(&r.from_area) && r.to_area.as_ref().is_none_or(reaches) && !r.excepted.contains(n.country)
    };
    for rule in o.leaving.iter().filter(|r| applies(r)) {
        match rule.effect {
            BorderEffect::Forbidden => return Err(Reason::BorderClosed),
            BorderEffect::AuthorisationRequired => {
                if !o.offer.terms.authorisations.contains(&rule.code) {
                    return Err(Reason::ExportAuthorisationMissing);
                }
            }
        }
    }
    Ok(())
}

/// Whether a distance is within what either side allows; an unknown one is where neither limits it.
pub(super) fn distance(km: Option<u32>, offer: &Offer, need: &Need) -> Result<(), Reason> {
    let (buyer, supplier) = (need.terms.max_distance_km, offer.terms.max_distance_km);
    match km {
        Some(km) if buyer.is_some_and(|most| most < km) => Err(Reason::TooFarForBuyer),
        Some(km) if supplier.is_some_and(|most| most < km) => Err(Reason::TooFarForSupplier),
        None if buyer.is_some() || supplier.is_some() => Err(Reason::PlaceUnknown),
        Some(_) | None => Ok(()),
    }
}

pub(super) fn visible(o: &OfferView<'_>, n: &NeedView<'_>) -> bool {
    let authority = n.organisation.kind == OrganisationKind::Authority;
    match o.offer.terms.visibility {
        Visibility::Market => true,
        Visibility::Authorities => authority,
        Visibility::Clusters => authority || share_a_cluster(o, n),
    }
}

/// Whether both are members of one cluster, or one is the cluster of the other.
pub(super) fn share_a_cluster(o: &OfferView<'_>, n: &NeedView<'_>) -> bool {
    let (supplier, buyer) = (o.organisation, n.organisation);
    supplier.clusters.iter().any(|c| buyer.clusters.contains(c))
        || supplier.clusters.contains(&buyer.id)
        || buyer.clusters.contains(&supplier.id)
}

/// Whether somebody vouched for the supplier as far as demanded.
pub(super) fn vouched(o: &OfferView<'_>, n: &NeedView<'_>) -> Result<(), Reason> {
    if o.organisation.verification < n.need.terms.verification {
        return Err(Reason::SupplierUnverified);
    }
    Ok(())
}

/// Whether the papers are checked as far as demanded. Only a certificate that holds for the pair counts: one that ran
/// out, or is of another grade, lends its status to no other.
pub(super) fn checked(pair: Papers<'_>, serves: impl Fn(&GradeCode) -> bool + Copy) -> Result<(), Reason> {
    let wants = pair.wants;
    if wants.certificate_status <= CertificateStatus::Claimed {
        // Every certificate that counts is at least claimed.
        return Ok(());
    }
    for kind in &wants.certificates {
        let held = pair.of_kind(kind, serves).filter(|c| pair.holds(c));
        // Where none holds, a pending one passed because the buyer accepts pending ones.
        let best = held.map(|c| c.status).max();
        if best.is_some_and(|s| s < wants.certificate_status) {
            return Err(Reason::CertificateUnchecked(kind.clone()));
        }
    }
    Ok(())
}
