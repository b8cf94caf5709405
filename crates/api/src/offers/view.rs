//! What an offer looks like to its owner.

use std::collections::{BTreeMap, BTreeSet};

use app::{Origin, Stored, Tables};
use domain::{
    capacity::{CapacityProfile, Week},
    disclosure::{Audience, Disclosure, FieldGroup},
    offer::Offer,
    quantity::Measure,
    time::Day,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

mod missing;
mod row;

pub use missing::MissingInputView;
pub use row::OfferRow;

use crate::{
    feature::{CertificateView, FeatureBody},
    measure::{MeasureView, PriceBody, RateView},
};

/// An offer, as its owner and the operator see it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Offer)]
pub struct OfferView {
    /// Its id.
    id: Uuid,
    /// Whose it is.
    organisation: Uuid,
    /// The site that makes or holds it.
    site: Uuid,
    /// `draft`, `published`, `paused`, `withdrawn` or `expired`.
    state: &'static str,
    /// The day after which its figures are stale, in the mode that the market runs in.
    #[schema(format = Date)]
    confirm_by: String,
    /// Whether that day is over; runs rank it behind fresh ones.
    stale: bool,
    /// Whether it was unconfirmed for so long that runs leave it out.
    suspended: bool,
    /// Why it waits for a reviewer, if it does; runs leave it out meanwhile.
    quarantine: Option<String>,
    /// The product's code.
    product: String,
    /// The grades' codes.
    grades: Vec<String>,
    /// Stated features by code.
    features: BTreeMap<String, FeatureBody>,
    /// Stock and rates over time.
    capacity: CapacityView,
    /// The production line whose time it shares with other offers.
    line: Option<Uuid>,
    /// The smallest order it takes.
    min_order: Option<MeasureView>,
    /// Days from an order to goods that were not in stock.
    lead_days: u16,
    /// The farthest it delivers, in kilometres.
    max_distance_km: Option<u32>,
    /// Where it delivers; everywhere where empty.
    regions: Vec<String>,
    /// Border rules that it holds an authorisation under.
    authorisations: Vec<String>,
    /// What the output lacks and others would have to bring; nothing where empty.
    missing_inputs: Vec<MissingInputView>,
    /// Certificates of the goods.
    certificates: Vec<CertificateView>,
    /// How it can change hands.
    transfers: Vec<&'static str>,
    /// The price of a sale.
    price: Option<PriceBody>,
    /// `maker` or `trader`.
    role: &'static str,
    /// Whom it may be matched with.
    visibility: &'static str,
    /// Which groups of fields it shows beyond the default, by audience.
    disclosure: BTreeMap<&'static str, Vec<&'static str>>,
    /// What else there is to say.
    note: String,
    /// Where it came from, if it was imported.
    source: Option<SourceView>,
    /// When it was published.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last changed.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// Where a record came from.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Source)]
pub struct SourceView {
    /// The system.
    pub(crate) name: String,
    /// The record's identifier there.
    pub(crate) external_id: String,
}

impl SourceView {
    /// Of a stored record.
    pub fn of<T>(stored: &Stored<T>) -> Option<Self> {
        stored.origin.as_ref().map(Self::of_origin)
    }

    /// Of an origin.
    pub fn of_origin(origin: &Origin) -> Self {
        Self { name: origin.source.clone(), external_id: origin.external_id.clone() }
    }
}

/// What is made over time, and what lies ready.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Capacity)]
pub struct CapacityView {
    /// First day of the window.
    #[schema(format = Date)]
    from: String,
    /// Last day of the window; open where null.
    #[schema(format = Date)]
    until: Option<String>,
    /// The day that the figures stand for.
    #[schema(format = Date)]
    as_of: String,
    /// What lay ready on that day.
    stock: MeasureView,
    /// What is made now.
    running: Option<RateView>,
    /// What is made at full stretch.
    maximum: Option<RateView>,
    /// Working days from the window's start to the full rate.
    ramp_days: u16,
    /// What could be made after a conversion.
    convertible: Option<ConversionView>,
    /// Figures week by week in the place of `running` and `maximum`; empty where there are none.
    weeks: Vec<WeekView>,
    /// The days it works.
    working_days: Vec<&'static str>,
    /// Spans in which it is closed.
    closures: Vec<SpanView>,
}

/// What could be made after a conversion.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Conversion)]
struct ConversionView {
    /// The rate once converted; null where figures of weeks say it.
    rate: Option<RateView>,
    /// Calendar days from the decision to the first output.
    days: u16,
    /// Working days from there to the full rate.
    ramp_days: u16,
    /// The day the conversion was decided; while null nothing of it counts.
    #[schema(format = Date)]
    decided_on: Option<String>,
}

/// Figures of one week.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Week)]
struct WeekView {
    /// The Monday that names it.
    #[schema(format = Date)]
    week: String,
    /// What runs in it.
    running: Option<MeasureView>,
    /// What it yields at full stretch.
    maximum: Option<MeasureView>,
    /// What it would yield beside that after the conversion.
    convertible: Option<MeasureView>,
}

impl WeekView {
    fn of(week: &Week, unit: &str) -> Self {
        let figure = |measure: &Option<Measure>| measure.as_ref().map(|measure| MeasureView::of(measure, unit));
        Self {
            week: week.monday.to_string(),
            running: figure(&week.running),
            maximum: figure(&week.maximum),
            convertible: figure(&week.convertible),
        }
    }
}

/// A span of days, both ends included.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Span)]
struct SpanView {
    /// First day.
    #[schema(format = Date)]
    from: String,
    /// Last day.
    #[schema(format = Date)]
    until: String,
}

impl OfferView {
    /// A stored offer, as it stands today.
    pub fn of(stored: Stored<Offer>, tables: &Tables, today: Day) -> Self {
        let source = SourceView::of(&stored);
        let Stored { record: offer, created_at, updated_at, .. } = stored;
        let stale = offer.is_stale(today);
        let terms = offer.terms;
        let unit = tables.catalogue.product(terms.product.as_str()).map_or("", |p| p.base_unit.unit_code());
        Self {
            id: offer.id.0,
            organisation: offer.organisation.0,
            site: offer.site.0,
            state: offer.state.as_str(),
            confirm_by: offer.confirm_by.to_string(),
            stale,
            suspended: offer.suspended,
            quarantine: offer.quarantine,
            product: terms.product.to_string(),
            grades: terms.grades.iter().map(ToString::to_string).collect(),
            features: terms.features.iter().map(|(code, v)| (code.to_string(), FeatureBody::of(v))).collect(),
            capacity: CapacityView::of(&terms.profile, unit),
            line: terms.line.map(|line| line.0),
            min_order: terms.min_order.as_ref().map(|m| MeasureView::of(m, unit)),
            lead_days: terms.lead_days,
            max_distance_km: terms.max_distance_km,
            regions: terms.regions.iter().map(ToString::to_string).collect(),
            authorisations: terms.authorisations.into_iter().collect(),
            missing_inputs: terms.missing_inputs.iter().map(|input| MissingInputView::of(input, tables)).collect(),
            certificates: terms.certificates.iter().map(|c| CertificateView::of(c, today)).collect(),
            transfers: terms.transfers.iter().map(|t| t.as_str()).collect(),
            price: terms.price.as_ref().map(PriceBody::of),
            role: terms.role.as_str(),
            visibility: terms.visibility.as_str(),
            disclosure: shown(&terms.disclosure),
            note: terms.note,
            source,
            created_at: created_at.to_string(),
            updated_at: updated_at.to_string(),
        }
    }
}

/// What an owner shows beyond the default, in names.
fn shown(disclosure: &Disclosure) -> BTreeMap<&'static str, Vec<&'static str>> {
    let of = |(audience, groups): (Audience, &BTreeSet<FieldGroup>)| {
        (audience.as_str(), groups.iter().map(|group| group.as_str()).collect())
    };
    disclosure.shown().map(of).collect()
}

impl CapacityView {
    /// A profile over time.
    pub fn of(profile: &CapacityProfile, unit: &str) -> Self {
        let conversion = profile.convertible.as_ref().map(|c| ConversionView {
            rate: c.rate.as_ref().map(|rate| RateView::of(rate, unit)),
            days: c.days,
            ramp_days: c.ramp_days,
            decided_on: c.decided_on.map(|d| d.to_string()),
        });
        let closures = profile.calendar.closures().iter();
        Self {
            from: profile.from.to_string(),
            until: profile.until.map(|d| d.to_string()),
            as_of: profile.as_of.to_string(),
            stock: MeasureView::of(&profile.stock, unit),
            running: profile.running.as_ref().map(|r| RateView::of(r, unit)),
            maximum: profile.maximum.as_ref().map(|r| RateView::of(r, unit)),
            ramp_days: profile.ramp_days,
            convertible: conversion,
            weeks: profile.weeks.iter().map(|week| WeekView::of(week, unit)).collect(),
            working_days: profile.calendar.weekday_names(),
            closures: closures.map(|s| SpanView { from: s.from.to_string(), until: s.until.to_string() }).collect(),
        }
    }
}
