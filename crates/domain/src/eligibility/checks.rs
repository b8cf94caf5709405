//! Predicates that look at an offer and a need alone: features, places, visibility.

use std::collections::BTreeSet;

use super::{NeedView, Reason};
use crate::{
    catalogue::{Area, BorderEffect, BorderRule},
    code::{CountryCode, FeatureCode, RegionCode},
    feature::{Demand, FeatureValue, Requirement},
    need::NeedTerms,
    offer::Visibility,
    organisation::OrganisationKind,
};

/// Features as an offer states them.
pub type Stated = [(FeatureCode, FeatureValue)];

fn meets(requirement: &Requirement, stated: &Stated) -> bool {
    requirement.met_by(stated.iter().find(|(code, _)| *code == requirement.feature).map(|(_, value)| value))
}

/// Whether stated features meet those that a need requires, and come in a size where one is asked for.
///
/// # Errors
/// The first that is not met.
pub fn features(stated: &Stated, wants: &NeedTerms, size: Option<&str>) -> Result<(), Reason> {
    for r in wants.requirements.iter().filter(|r| r.demand == Demand::Required) {
        if !meets(r, stated) {
            return Err(Reason::FeatureMissing(r.feature.clone()));
        }
    }
    if let Some(size) = size {
        let comes = stated.iter().any(|(_, v)| matches!(v, FeatureValue::Sizes(s) if s.contains(size)));
        if !comes {
            return Err(Reason::SizeMissing);
        }
    }
    Ok(())
}

/// How many features that a need prefers are not met.
pub fn missed(stated: &Stated, wants: &NeedTerms) -> i64 {
    let preferred = wants.requirements.iter().filter(|r| r.demand == Demand::Preferred);
    let missed = preferred.filter(|r| !meets(r, stated)).count();
    i64::try_from(missed).unwrap_or(i64::from(u16::MAX))
}

/// Whether a site lies in one of some regions; anywhere will do where none is named.
pub(super) fn within(lineage: &[&RegionCode], areas: &[&RegionCode]) -> bool {
    areas.is_empty() || lineage.iter().any(|region| areas.contains(region))
}

/// Whether goods may go to where a need is, by the rules on what [leaves](super::Rules::leaving) their country.
///
/// # Errors
/// The first rule that is in the way.
pub fn border(
    leaving: &[&BorderRule],
    country: &CountryCode,
    authorisations: &BTreeSet<String>,
    n: &NeedView<'_>,
) -> Result<(), Reason> {
    if leaving.is_empty() || country == n.country {
        return Ok(());
    }
    let reaches = |area: &Area| match area {
        Area::Eu => n.in_eu,
        Area::Country(code) => code == n.country,
    };
    let applies = |r: &BorderRule| {
        !reaches(&r.from_area) && r.to_area.as_ref().is_none_or(reaches) && !r.excepted.contains(n.country)
    };
    for rule in leaving.iter().filter(|r| applies(r)) {
        match rule.effect {
            BorderEffect::Forbidden => return Err(Reason::BorderClosed),
            BorderEffect::AuthorisationRequired => {
                if !authorisations.contains(&rule.code) {
                    return Err(Reason::ExportAuthorisationMissing);
                }
            }
        }
    }
    Ok(())
}

/// Whether a buyer may be matched with what its owner keeps to some.
#[inline]
pub fn visible(visibility: Visibility, buyer: OrganisationKind, shares_a_cluster: impl FnOnce() -> bool) -> bool {
    let authority = buyer == OrganisationKind::Authority;
    match visibility {
        Visibility::Market => true,
        Visibility::Authorities => authority,
        Visibility::Clusters => authority || shares_a_cluster(),
    }
}

/// Whether both are members of one cluster, or one is the cluster of the other.
///
/// Each by what tells it from others, with the clusters it is a member of.
pub fn share_a_cluster<T: PartialEq>((one, of_one): (T, &[T]), (other, of_other): (T, &[T])) -> bool {
    of_one.iter().any(|c| of_other.contains(c)) || of_one.contains(&other) || of_other.contains(&one)
}
