//! Remedies: what each is called, and what it makes of a market.

use std::collections::BTreeSet;

use domain::{
    catalogue::Catalogue,
    certificate::{Certificate, CertificateStatus},
    code::{CertificateKindCode, FeatureCode, GradeCode, ProductCode},
    feature::Demand,
    ids::{NeedId, OfferId},
    market::Market,
    need::{Need, Substitution},
    offer::{Offer, Transfer, Visibility},
    organisation::{Organisation, Verification},
    time::Day,
};
use serde::Serialize;

/// A single change that somebody could make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Remedy {
    /// All needs in question ask for less.
    Relax {
        /// In what.
        rule: Relaxation,
    },
    /// A rule on goods leaving an area is lifted.
    LiftBorder {
        /// Its code in the catalogue.
        rule: String,
    },
    /// The conversion of an offer's site is decided today.
    Convert {
        /// The offer.
        offer: OfferId,
        /// Calendar days until its first output.
        days: u16,
    },
    /// Others bring what an offer's output lacks.
    BringInputs {
        /// The offer.
        offer: OfferId,
    },
    /// An offer runs at full stretch.
    FullStretch {
        /// The offer.
        offer: OfferId,
    },
    /// A certificate of an offer is there, confirmed, and holds from today on.
    Certificate {
        /// The offer.
        offer: OfferId,
        /// The certificate.
        certificate: CertificateKindCode,
        /// What it lacks now.
        lack: CertificateLack,
    },
    /// The operator vouches for whose offer it is.
    Verify {
        /// The offer.
        offer: OfferId,
    },
    /// A reviewer releases an offer.
    Review {
        /// The offer.
        offer: OfferId,
    },
    /// The owner of an offer confirms its figures.
    Confirm {
        /// The offer.
        offer: OfferId,
    },
    /// An offer takes small orders too.
    SmallOrders {
        /// The offer.
        offer: OfferId,
    },
    /// An offer delivers everywhere.
    DeliverFarther {
        /// The offer.
        offer: OfferId,
    },
    /// The owner of an offer opens it to every buyer.
    OpenToMarket {
        /// The offer.
        offer: OfferId,
    },
}

/// In what needs ask for less.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Relaxation {
    /// A further grade is accepted.
    AcceptGrade {
        /// The grade.
        grade: GradeCode,
    },
    /// A further product may stand in.
    AcceptSubstitute {
        /// The product.
        product: ProductCode,
        /// Its grade; any where `None`.
        grade: Option<GradeCode>,
    },
    /// A required feature is only preferred.
    PreferFeature {
        /// The feature.
        feature: FeatureCode,
    },
    /// A certificate is not demanded any more.
    WithoutCertificate {
        /// The certificate.
        certificate: CertificateKindCode,
    },
    /// Pending certificates will do.
    AcceptPending,
    /// Certificates need not be checked by anybody.
    UncheckedCertificates,
    /// Nobody needs to have vouched for suppliers.
    UnverifiedSuppliers,
    /// Goods may also change hands in another way.
    AcceptTransfer {
        /// That way.
        transfer: Transfer,
    },
    /// Goods may come from anywhere, however far.
    AnyOrigin,
    /// Goods may cost more than the cap.
    NoPriceCap,
    /// All instalments are due later.
    Later {
        /// By so many calendar days.
        days: u16,
    },
    /// Any number of suppliers will do.
    MoreSuppliers,
}

/// What a certificate lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateLack {
    /// It is not there, or covers other grades.
    Missing,
    /// It is only applied for or in testing, or expected too late.
    Pending,
    /// It does not hold from production to delivery.
    Expired,
    /// It is not checked as far as demanded.
    Unchecked,
}

impl CertificateLack {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Pending => "pending",
            Self::Expired => "expired",
            Self::Unchecked => "unchecked",
        }
    }
}

impl Relaxation {
    /// The stable name of its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::AcceptGrade { .. } => "accept_grade",
            Self::AcceptSubstitute { .. } => "accept_substitute",
            Self::PreferFeature { .. } => "prefer_feature",
            Self::WithoutCertificate { .. } => "without_certificate",
            Self::AcceptPending => "accept_pending",
            Self::UncheckedCertificates => "unchecked_certificates",
            Self::UnverifiedSuppliers => "unverified_suppliers",
            Self::AcceptTransfer { .. } => "accept_transfer",
            Self::AnyOrigin => "any_origin",
            Self::NoPriceCap => "no_price_cap",
            Self::Later { .. } => "later",
            Self::MoreSuppliers => "more_suppliers",
        }
    }

    /// In words, as what the buyers would do.
    pub fn words(&self) -> String {
        match self {
            Self::AcceptGrade { grade } => format!("accept {grade}"),
            Self::AcceptSubstitute { product, grade: Some(grade) } => {
                format!("accept {product} {grade} as a substitute")
            }
            Self::AcceptSubstitute { product, grade: None } => format!("accept {product} as a substitute"),
            Self::PreferFeature { feature } => format!("prefer {feature} instead of requiring it"),
            Self::WithoutCertificate { certificate } => format!("do without the certificate {certificate}"),
            Self::AcceptPending => "accept pending certificates".to_owned(),
            Self::UncheckedCertificates => "accept certificates that nobody checked".to_owned(),
            Self::UnverifiedSuppliers => "accept suppliers that nobody verified".to_owned(),
            Self::AcceptTransfer { transfer } => format!("take it as a {}", transfer.as_str()),
            Self::AnyOrigin => "take it from any region, however far".to_owned(),
            Self::NoPriceCap => "pay what it costs".to_owned(),
            Self::Later { days: 1 } => "let it come 1 day later".to_owned(),
            Self::Later { days } => format!("let it come {days} days later"),
            Self::MoreSuppliers => "take it from any number of suppliers".to_owned(),
        }
    }

    /// Makes a need as it would be; never asks for more than it did.
    pub(super) fn relax(&self, need: &mut Need) {
        let terms = &mut need.terms;
        match self {
            Self::AcceptGrade { grade } => {
                // No grade at all is every grade.
                if !terms.grades.is_empty() && !terms.grades.contains(grade) {
                    terms.grades.push(grade.clone());
                }
            }
            Self::AcceptSubstitute { product, grade } => {
                let more = Substitution { product: product.clone(), grade: grade.clone() };
                if !terms.substitutions.contains(&more) {
                    terms.substitutions.push(more);
                    terms.substitutions.sort();
                }
            }
            Self::PreferFeature { feature } => {
                for requirement in terms.requirements.iter_mut().filter(|r| r.feature == *feature) {
                    requirement.demand = Demand::Preferred;
                }
            }
            Self::WithoutCertificate { certificate } => terms.certificates.retain(|kind| kind != certificate),
            Self::AcceptPending => terms.accept_pending = true,
            Self::UncheckedCertificates => terms.certificate_status = CertificateStatus::Claimed,
            Self::UnverifiedSuppliers => terms.verification = Verification::None,
            Self::AcceptTransfer { transfer } => {
                terms.transfers.insert(*transfer);
            }
            Self::AnyOrigin => {
                terms.regions.clear();
                terms.max_distance_km = None;
            }
            Self::NoPriceCap => terms.price_cap = None,
            Self::Later { days } => {
                for instalment in &mut need.instalments {
                    instalment.due = instalment.due.plus(i32::from(*days));
                }
            }
            Self::MoreSuppliers => terms.max_suppliers = None,
        }
    }
}

impl Remedy {
    /// The stable name of its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Relax { rule } => rule.kind(),
            Self::LiftBorder { .. } => "lift_border",
            Self::Convert { .. } => "convert",
            Self::BringInputs { .. } => "bring_inputs",
            Self::FullStretch { .. } => "full_stretch",
            Self::Certificate { .. } => "certificate",
            Self::Verify { .. } => "verify",
            Self::Review { .. } => "review",
            Self::Confirm { .. } => "confirm",
            Self::SmallOrders { .. } => "small_orders",
            Self::DeliverFarther { .. } => "deliver_farther",
            Self::OpenToMarket { .. } => "open_to_market",
        }
    }

    /// Who can do it: `buyers`, `authority`, `supplier`, `certifier`, `operator`.
    pub fn actor(&self) -> &'static str {
        match self {
            Self::Relax { .. } => "buyers",
            Self::LiftBorder { .. } => "authority",
            Self::Certificate { lack: CertificateLack::Unchecked, .. } | Self::Verify { .. } | Self::Review { .. } => {
                "operator"
            }
            Self::Certificate { .. } => "certifier",
            Self::Convert { .. }
            | Self::BringInputs { .. }
            | Self::FullStretch { .. }
            | Self::Confirm { .. }
            | Self::SmallOrders { .. }
            | Self::DeliverFarther { .. }
            | Self::OpenToMarket { .. } => "supplier",
        }
    }

    /// In words, as what is done.
    pub fn words(&self) -> String {
        match self {
            Self::Relax { rule } => rule.words(),
            Self::LiftBorder { rule } => format!("lift the border rule {rule}"),
            Self::Convert { days: 1, .. } => "decide the conversion, 1 day until its first output".to_owned(),
            Self::Convert { days, .. } => format!("decide the conversion, {days} days until its first output"),
            Self::BringInputs { .. } => "bring what it is made of".to_owned(),
            Self::FullStretch { .. } => "run at full stretch".to_owned(),
            Self::Certificate { certificate, lack, .. } => match lack {
                CertificateLack::Missing => format!("obtain the certificate {certificate}"),
                CertificateLack::Pending => format!("finish the certificate {certificate} now"),
                CertificateLack::Expired => format!("renew the certificate {certificate}"),
                CertificateLack::Unchecked => format!("check the certificate {certificate}"),
            },
            Self::Verify { .. } => "verify the supplier".to_owned(),
            Self::Review { .. } => "look at the offer that waits for a reviewer, and release it".to_owned(),
            Self::Confirm { .. } => "confirm the figures, which are out of date".to_owned(),
            Self::SmallOrders { .. } => "take orders below the smallest one".to_owned(),
            Self::DeliverFarther { .. } => "deliver everywhere".to_owned(),
            Self::OpenToMarket { .. } => "open the offer to every buyer".to_owned(),
        }
    }

    /// Makes the market as it would be, given the needs in question. What is held and agreed stays, with its cut-offs.
    pub fn apply(&self, market: &mut Market, needs: &BTreeSet<NeedId>) {
        if let Self::Relax { rule } = self {
            market.needs.iter_mut().filter(|need| needs.contains(&need.id)).for_each(|need| rule.relax(need));
        }
        let day = market.day;
        for offer in market.offers.iter_mut().filter(|offer| Some(offer.id) == self.offer()) {
            self.edit(offer, day);
            if let Some(organisation) = market.organisations.get_mut(&offer.organisation) {
                self.vouch(organisation);
            }
        }
    }

    /// The catalogue as it would be, where that is another.
    pub fn catalogue(&self, catalogue: &Catalogue) -> Option<Catalogue> {
        let Self::LiftBorder { rule } = self else { return None };
        let mut parts = catalogue.parts().clone();
        parts.border_rules.retain(|known| known.code != *rule);
        // Nothing refers to such a rule but offers, by its code.
        Catalogue::new(parts).ok()
    }

    /// Makes an offer as it would be on a day.
    pub(super) fn edit(&self, offer: &mut Offer, day: Day) {
        let terms = &mut offer.terms;
        match self {
            Self::Relax { .. } | Self::LiftBorder { .. } | Self::Verify { .. } => {}
            Self::Convert { .. } => {
                if let Some(conversion) = &mut terms.profile.convertible {
                    conversion.decided_on = conversion.decided_on.or(Some(day));
                }
            }
            Self::BringInputs { .. } => terms.missing_inputs.clear(),
            Self::FullStretch { .. } => {
                let profile = &mut terms.profile;
                profile.running = profile.maximum.clone().or(profile.running.take());
                for week in &mut profile.weeks {
                    week.running = week.maximum.clone().or(week.running.take());
                }
            }
            Self::Certificate { certificate, .. } => {
                terms.certificates.push(Certificate::new(certificate.clone(), CertificateStatus::Confirmed));
            }
            Self::Review { .. } => offer.quarantine = None,
            Self::Confirm { .. } => {
                offer.suspended = false;
                offer.confirm_by = offer.confirm_by.max(day);
            }
            Self::SmallOrders { .. } => terms.min_order = None,
            Self::DeliverFarther { .. } => {
                terms.regions.clear();
                terms.max_distance_km = None;
            }
            Self::OpenToMarket { .. } => terms.visibility = Visibility::Market,
        }
    }

    /// Makes whose offer it is as it would be.
    pub(super) fn vouch(&self, organisation: &mut Organisation) {
        if let Self::Verify { .. } = self {
            organisation.verification = Verification::Operator;
        }
    }
}
