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
    /// What it is made of is missing, and nothing of it lies ready.
    InputMissing,
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
    pub const CODES: [&'static str; 33] = [
        "not_published",
        "offer_expired",
        "offer_suspended",
        "offer_quarantined",
        "other_product",
        "conversion_undecided",
        "input_missing",
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

    /// The predicates that give them, in the same order.
    pub const ASKED_BY: [Predicate; 33] = [
        Predicate::Published,
        Predicate::Fresh,
        Predicate::Fresh,
        Predicate::Quarantine,
        Predicate::Product,
        Predicate::Producing,
        Predicate::Producing,
        Predicate::Grade,
        Predicate::Grade,
        Predicate::Features,
        Predicate::Features,
        Predicate::Certificates,
        Predicate::Certificates,
        Predicate::Certificates,
        Predicate::Transfer,
        Predicate::SourceRegion,
        Predicate::DeliveryRegion,
        Predicate::Border,
        Predicate::Border,
        Predicate::Distance,
        Predicate::Distance,
        Predicate::Distance,
        Predicate::Visibility,
        Predicate::Verification,
        Predicate::Verification,
        Predicate::Window,
        Predicate::LeadTime,
        Predicate::TransitTime,
        Predicate::MinimumOrder,
        Predicate::PriceCap,
        Predicate::PriceCap,
        Predicate::SelfSupply,
        Predicate::Refusal,
    ];

    /// Its place among [`Self::CODES`].
    #[inline]
    pub fn number(&self) -> usize {
        match self {
            Self::NotPublished => 0,
            Self::OfferExpired => 1,
            Self::OfferSuspended => 2,
            Self::OfferQuarantined => 3,
            Self::OtherProduct => 4,
            Self::ConversionUndecided => 5,
            Self::InputMissing => 6,
            Self::GradeTooLow => 7,
            Self::SubstitutionNotAccepted => 8,
            Self::FeatureMissing(_) => 9,
            Self::SizeMissing => 10,
            Self::CertificateMissing(_) => 11,
            Self::CertificatePending(_) => 12,
            Self::CertificateExpired(_) => 13,
            Self::TransferNotOffered => 14,
            Self::SourceRegionExcluded => 15,
            Self::DeliveryRegionExcluded => 16,
            Self::BorderClosed => 17,
            Self::ExportAuthorisationMissing => 18,
            Self::TooFarForBuyer => 19,
            Self::TooFarForSupplier => 20,
            Self::PlaceUnknown => 21,
            Self::NotVisibleToBuyer => 22,
            Self::SupplierUnverified => 23,
            Self::CertificateUnchecked(_) => 24,
            Self::NothingByDueDate => 25,
            Self::LeadTimeTooLong => 26,
            Self::TransitTooLong => 27,
            Self::BelowMinimumOrder => 28,
            Self::PriceAboveCap => 29,
            Self::CurrencyDiffers => 30,
            Self::SameOrganisation => 31,
            Self::Refused => 32,
        }
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        Self::CODES[self.number()]
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
            Self::InputMissing => f.write_str("lack what they are made of, and have nothing ready"),
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
