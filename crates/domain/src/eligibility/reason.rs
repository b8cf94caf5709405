//! The predicates in their order, and the reasons for which a pair fails.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::code::{CertificateKindCode, FeatureCode};

/// A predicate, in the order they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Predicate {
    /// The offer is published.
    Published,
    /// It is neither expired nor suspended as unconfirmed.
    Fresh,
    /// It waits for no reviewer.
    Quarantine,
    /// It is the product, or one that a rule lets stand for it.
    Product,
    /// It runs, lies ready, or its conversion is decided.
    Producing,
    /// A grade is among the accepted ones, or stands for one.
    Grade,
    /// Required features are stated and met.
    Features,
    /// Demanded certificates hold.
    Certificates,
    /// Sale, donation or loan as asked.
    Transfer,
    /// The buyer takes goods from there.
    SourceRegion,
    /// The supplier delivers there.
    DeliveryRegion,
    /// No rule on goods leaving an area forbids it.
    Border,
    /// Within the distance either side allows.
    Distance,
    /// The owner lets this buyer be matched.
    Visibility,
    /// The supplier and its papers are checked as far as the buyer demands.
    Verification,
    /// Something exists by the due date.
    Window,
    /// Something that can still be ordered exists by the due date.
    LeadTime,
    /// It exists early enough to travel.
    TransitTime,
    /// The buyer's site asks for at least the smallest order.
    MinimumOrder,
    /// The price is within the cap.
    PriceCap,
    /// Buyer and supplier are two organisations.
    SelfSupply,
    /// Neither side has refused the other for this.
    Refusal,
}

impl Predicate {
    /// All predicates in order.
    pub const ALL: [Predicate; 22] = [
        Self::Published,
        Self::Fresh,
        Self::Quarantine,
        Self::Product,
        Self::Producing,
        Self::Grade,
        Self::Features,
        Self::Certificates,
        Self::Transfer,
        Self::SourceRegion,
        Self::DeliveryRegion,
        Self::Border,
        Self::Distance,
        Self::Visibility,
        Self::Verification,
        Self::Window,
        Self::LeadTime,
        Self::TransitTime,
        Self::MinimumOrder,
        Self::PriceCap,
        Self::SelfSupply,
        Self::Refusal,
    ];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Fresh => "fresh",
            Self::Quarantine => "quarantine",
            Self::Product => "product",
            Self::Producing => "producing",
            Self::Grade => "grade",
            Self::Features => "features",
            Self::Certificates => "certificates",
            Self::Transfer => "transfer",
            Self::SourceRegion => "source_region",
            Self::DeliveryRegion => "delivery_region",
            Self::Border => "border",
            Self::Distance => "distance",
            Self::Visibility => "visibility",
            Self::Verification => "verification",
            Self::Window => "window",
            Self::LeadTime => "lead_time",
            Self::TransitTime => "transit_time",
            Self::MinimumOrder => "minimum_order",
            Self::PriceCap => "price_cap",
            Self::SelfSupply => "self_supply",
            Self::Refusal => "refusal",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.as_str() == name)
    }
}

/// Why a pair cannot be: the first predicate that fails, and how.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "code", content = "of", rename_all = "snake_case")]
pub enum Reason {
    /// The offer is a draft, paused or withdrawn.
    NotPublished,
    /// Its window is over.
    OfferExpired,
    /// It was unconfirmed too long.
    OfferSuspended,
    /// It waits for a reviewer.
    OfferQuarantined,
    /// It is another product.
    OtherProduct,
    /// Only a conversion nobody decided could make it.
    ConversionUndecided,
    /// No grade of it is accepted or stands for an accepted one.
    GradeTooLow,
    /// It would do by a rule that the buyer did not opt into.
    SubstitutionNotAccepted,
    /// A required feature is not met.
    FeatureMissing(FeatureCode),
    /// It does not come in the size asked for.
    SizeMissing,
    /// A demanded certificate is not there, or covers other grades.
    CertificateMissing(CertificateKindCode),
    /// It is only applied for or in testing.
    CertificatePending(CertificateKindCode),
    /// It does not hold from production to delivery.
    CertificateExpired(CertificateKindCode),
    /// Not for sale, donation or loan as asked.
    TransferNotOffered,
    /// The buyer takes no goods from there.
    SourceRegionExcluded,
    /// The supplier does not deliver there.
    DeliveryRegionExcluded,
    /// A rule forbids goods to leave.
    BorderClosed,
    /// A rule asks for an authorisation that the offer does not state.
    ExportAuthorisationMissing,
    /// Farther than the buyer allows.
    TooFarForBuyer,
    /// Farther than the supplier delivers.
    TooFarForSupplier,
    /// A distance is limited and a place unknown.
    PlaceUnknown,
    /// The owner keeps it to its clusters or to authorities.
    NotVisibleToBuyer,
    /// Nobody vouched for the supplier as far as the buyer demands.
    SupplierUnverified,
    /// A demanded certificate is not checked as far as the buyer demands.
    CertificateUnchecked(CertificateKindCode),
    /// Nothing exists by the due date.
    NothingByDueDate,
    /// What exists by then cannot be ordered in time.
    LeadTimeTooLong,
    /// What exists by then cannot travel in time.
    TransitTooLong,
    /// The buyer's site asks for less than the smallest order.
    BelowMinimumOrder,
    /// It costs more than the cap.
    PriceAboveCap,
    /// Price and cap are in different currencies.
    CurrencyDiffers,
    /// Buyer and supplier are one organisation.
    SameOrganisation,
    /// One side refused the other.
    Refused,
}

impl Reason {
    /// The codes of all reasons, in the order of the predicates.
    pub const CODES: [&'static str; 32] = [
        "not_published",
        "offer_expired",
        "offer_suspended",
        "offer_quarantined",
        "other_product",
        "conversion_undecided",
        "grade_too_low",
        "substitution_not_accepted",
        "feature_missing",
        "size_missing",
        "certificate_missing",
        "certificate_pending",
        "certificate_expired",
        "transfer_not_offered",
        "source_region_excluded",
        "delivery_region_excluded",
        "border_closed",
        "export_authorisation_missing",
        "too_far_for_buyer",
        "too_far_for_supplier",
        "place_unknown",
        "not_visible_to_buyer",
        "supplier_unverified",
        "certificate_unchecked",
        "nothing_by_due_date",
        "lead_time_too_long",
        "transit_too_long",
        "below_minimum_order",
        "price_above_cap",
        "currency_differs",
        "same_organisation",
        "refused",
    ];

    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotPublished => "not_published",
            Self::OfferExpired => "offer_expired",
            Self::OfferSuspended => "offer_suspended",
            Self::OfferQuarantined => "offer_quarantined",
            Self::OtherProduct => "other_product",
            Self::ConversionUndecided => "conversion_undecided",
            Self::GradeTooLow => "grade_too_low",
            Self::SubstitutionNotAccepted => "substitution_not_accepted",
            Self::FeatureMissing(_) => "feature_missing",
            Self::SizeMissing => "size_missing",
            Self::CertificateMissing(_) => "certificate_missing",
            Self::CertificatePending(_) => "certificate_pending",
            Self::CertificateExpired(_) => "certificate_expired",
            Self::TransferNotOffered => "transfer_not_offered",
            Self::SourceRegionExcluded => "source_region_excluded",
            Self::DeliveryRegionExcluded => "delivery_region_excluded",
            Self::BorderClosed => "border_closed",
            Self::ExportAuthorisationMissing => "export_authorisation_missing",
            Self::TooFarForBuyer => "too_far_for_buyer",
            Self::TooFarForSupplier => "too_far_for_supplier",
            Self::PlaceUnknown => "place_unknown",
            Self::NotVisibleToBuyer => "not_visible_to_buyer",
            Self::SupplierUnverified => "supplier_unverified",
            Self::CertificateUnchecked(_) => "certificate_unchecked",
            Self::NothingByDueDate => "nothing_by_due_date",
            Self::LeadTimeTooLong => "lead_time_too_long",
            Self::TransitTooLong => "transit_too_long",
            Self::BelowMinimumOrder => "below_minimum_order",
            Self::PriceAboveCap => "price_above_cap",
            Self::CurrencyDiffers => "currency_differs",
            Self::SameOrganisation => "same_organisation",
            Self::Refused => "refused",
        }
    }
}

impl fmt::Display for Reason {
    /// A plain sentence part about the offers it counts, e.g. "are another product".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPublished => f.write_str("are not published"),
            Self::OfferExpired => f.write_str("are over"),
            Self::OfferSuspended => f.write_str("were unconfirmed for too long"),
            Self::OfferQuarantined => f.write_str("wait for a reviewer"),
            Self::OtherProduct => f.write_str("are another product"),
            Self::ConversionUndecided => f.write_str("would need a conversion nobody has decided"),
            Self::GradeTooLow => f.write_str("do not reach the grade"),
            Self::SubstitutionNotAccepted => f.write_str("would do only as a substitute the buyer did not accept"),
            Self::FeatureMissing(feature) => write!(f, "lack the feature {feature}"),
            Self::SizeMissing => f.write_str("do not come in the size"),
            Self::CertificateMissing(kind) => write!(f, "lack the certificate {kind}"),
            Self::CertificatePending(kind) => write!(f, "have the certificate {kind} only pending"),
            Self::CertificateExpired(kind) => write!(f, "have a certificate {kind} that does not hold until delivery"),
            Self::TransferNotOffered => f.write_str("are not offered as sale, donation or loan as asked"),
            Self::SourceRegionExcluded => f.write_str("lie outside the regions the buyer accepts"),
            Self::DeliveryRegionExcluded => f.write_str("do not deliver to the region"),
            Self::BorderClosed => f.write_str("may not leave their area by a border rule"),
            Self::ExportAuthorisationMissing => f.write_str("lack an export authorisation"),
            Self::TooFarForBuyer => f.write_str("are farther than the buyer allows"),
            Self::TooFarForSupplier => f.write_str("do not deliver that far"),
            Self::PlaceUnknown => f.write_str("cannot show that they are near enough"),
            Self::NotVisibleToBuyer => f.write_str("are kept to other buyers by their owner"),
            Self::SupplierUnverified => f.write_str("come from suppliers not verified as demanded"),
            Self::CertificateUnchecked(kind) => write!(f, "have a certificate {kind} not checked as demanded"),
            Self::NothingByDueDate => f.write_str("have nothing ready by the due date"),
            Self::LeadTimeTooLong => f.write_str("need a longer lead time"),
            Self::TransitTooLong => f.write_str("would arrive too late"),
            Self::BelowMinimumOrder => f.write_str("ask for a larger order"),
            Self::PriceAboveCap => f.write_str("cost more than the cap"),
            Self::CurrencyDiffers => f.write_str("are priced in another currency"),
            Self::SameOrganisation => f.write_str("are the buyer's own"),
            Self::Refused => f.write_str("were refused by one side"),
        }
    }
}
