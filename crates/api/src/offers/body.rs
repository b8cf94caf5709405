//! What an offer looks like when it is typed.

use std::collections::{BTreeMap, BTreeSet};

use app::Tables;
use domain::{
    calendar::WorkingCalendar,
    capacity::Week,
    disclosure::FieldGroup,
    ids::{LineId, OrganisationId, SiteId},
    offer::{CalendarInput, Offer, OfferInput, OfferState, WeekInput},
    quantity::{Measure, Quantity},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

mod missing;

use missing::MissingInputBody;

use crate::{
    feature::{CertificateBody, FeatureBody},
    limits,
    measure::{ConversionBody, MeasureBody, PriceBody, RateBody},
};

/// An offer to publish.
#[derive(Debug, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = OfferInput, example = json!({
    "site": "018f0000-0000-7000-8000-000000000001", "product": "FFP2", "features": {"valve": false},
    "stock": {"value": 200, "unit": "XBX", "pack_size": 20}, "running": {"value": 50000, "per": "week"},
    "from": "2020-04-06", "until": "2020-06-30", "lead_days": 3, "min_order": {"value": 1000},
    "regions": ["DE", "FR"], "transfers": ["sale"], "price": {"amount": 1.2, "currency": "EUR"}}))]
pub struct OfferBody {
    /// Whose offer it is; the caller's own where absent. The operator names it.
    #[schema(value_type = Option<Uuid>)]
    pub organisation: Option<OrganisationId>,
    /// The site that makes or holds it.
    #[schema(value_type = Uuid)]
    pub site: SiteId,
    /// A product's code, name or synonym; a grade's name will do where it means one product.
    #[validate(length(max = limits::WORD))]
    product: String,
    /// The grades the goods hold, by code or name.
    #[serde(default)]
    #[validate(custom(function = limits::words))]
    grades: Vec<String>,
    /// Features by code, as the product lists them.
    #[serde(default)]
    features: BTreeMap<String, FeatureBody>,
    /// What lies ready at the as-of date.
    #[validate(nested)]
    stock: Option<MeasureBody>,
    /// What is made now.
    #[validate(nested)]
    running: Option<RateBody>,
    /// What is made at full stretch; it includes what runs now.
    #[validate(nested)]
    maximum: Option<RateBody>,
    /// Working days from the window's start to the full rate.
    #[serde(default)]
    ramp_days: i64,
    /// What could be made after a conversion.
    #[validate(nested)]
    convertible: Option<ConversionBody>,
    /// Figures week by week in the place of `running` and `maximum`, at most 250 weeks: each is what that very week yields, all
    /// of it by its last working day.
    #[serde(default)]
    #[validate(nested)]
    weeks: Vec<WeekBody>,
    /// The production line at the site whose time it shares with other offers.
    #[schema(value_type = Option<Uuid>)]
    line: Option<LineId>,
    /// The site's working days.
    #[serde(default)]
    #[validate(nested)]
    calendar: CalendarBody,
    /// First day of the window; the as-of date where absent.
    #[schema(format = Date)]
    #[validate(length(max = limits::WORD))]
    from: Option<String>,
    /// Last day of the window; open where absent.
    #[schema(format = Date)]
    #[validate(length(max = limits::WORD))]
    until: Option<String>,
    /// The day that the figures stand for; today in the zone of the site where absent.
    #[schema(format = Date)]
    #[validate(length(max = limits::WORD))]
    as_of: Option<String>,
    /// Days from an order to goods that were not in stock.
    #[serde(default)]
    lead_days: i64,
    /// The smallest order it takes, on the sum for one buyer's site.
    #[validate(nested)]
    min_order: Option<MeasureBody>,
    /// The farthest it delivers, in kilometres.
    max_distance_km: Option<i64>,
    /// Where it delivers: codes or names of regions and countries; everywhere where empty.
    #[serde(default)]
    #[validate(custom(function = limits::words))]
    regions: Vec<String>,
    /// Border rules that it holds an authorisation under.
    #[serde(default)]
    #[validate(custom(function = limits::words))]
    authorisations: Vec<String>,
    /// What the output lacks and others would have to bring: materials, parts, services. Without them only the stock can be
    /// had, and the offer is found as a part of chains.
    #[serde(default)]
    #[validate(nested)]
    missing_inputs: Vec<MissingInputBody>,
    /// Certificates of the goods.
    #[serde(default)]
    #[validate(nested)]
    certificates: Vec<CertificateBody>,
    /// How it can change hands: `sale` (where empty), `donation`, `loan`.
    #[serde(default)]
    #[validate(custom(function = limits::words))]
    transfers: Vec<String>,
    /// The price of a sale.
    #[validate(nested)]
    price: Option<PriceBody>,
    /// `maker` (where absent) or `trader`.
    #[validate(length(max = limits::WORD))]
    role: Option<String>,
    /// Whom it may be matched with: `market` (where absent), `clusters` or `authorities`.
    #[validate(length(max = limits::WORD))]
    visibility: Option<String>,
    /// Which groups of fields it shows beyond the default: to `own_cluster`, `buyer` or `counterparty` some of `identity`,
    /// `contact`, `exact_place`, `price`, `evidence`, `notes`. `.../preview` shows what an audience sees.
    #[serde(default)]
    #[validate(custom(function = limits::words_of_each))]
    #[schema(example = json!({"buyer": ["price"]}))]
    disclosure: BTreeMap<String, Vec<String>>,
    /// What else there is to say, at most 4000 characters.
    #[serde(default)]
    #[validate(length(max = limits::NOTE))]
    note: String,
    /// Whether it is kept as a draft, which takes no part in the market and whose window may be over, until it is published.
    #[serde(default)]
    draft: bool,
}

/// Figures of one week.
#[derive(Debug, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = WeekInput, example = json!({"week": "2020-W17", "running": {"value": 50000}, "maximum": {"value": 80000}}))]
pub(crate) struct WeekBody {
    /// Its Monday, or its ISO number as `2020-W17`.
    #[schema(example = "2020-W17")]
    #[validate(length(max = limits::WORD))]
    week: String,
    /// What runs in it.
    #[validate(nested)]
    running: Option<MeasureBody>,
    /// What it yields at full stretch; what runs where absent.
    #[validate(nested)]
    maximum: Option<MeasureBody>,
    /// What it would yield beside that after the conversion, whose `days` `convertible` states.
    #[validate(nested)]
    convertible: Option<MeasureBody>,
}

impl WeekBody {
    pub(crate) fn of(week: &Week) -> Self {
        let figure = |measure: &Option<Measure>| measure.as_ref().map(MeasureBody::of);
        Self {
            week: week.monday.to_string(),
            running: figure(&week.running),
            maximum: figure(&week.maximum),
            convertible: figure(&week.convertible),
        }
    }

    pub(crate) fn input(self) -> WeekInput {
        WeekInput {
            week: self.week,
            running: self.running.map(MeasureBody::input),
            maximum: self.maximum.map(MeasureBody::input),
            convertible: self.convertible.map(MeasureBody::input),
        }
    }
}

/// The days a site works.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = CalendarInput)]
pub(crate) struct CalendarBody {
    /// `monday` to `sunday`; Monday to Friday where empty.
    #[serde(default)]
    #[validate(custom(function = limits::words))]
    working_days: Vec<String>,
    /// Spans in which it is closed.
    #[serde(default)]
    #[validate(nested)]
    closures: Vec<SpanBody>,
}

/// A span of days, both ends included.
#[derive(Debug, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = SpanInput)]
struct SpanBody {
    /// First day.
    #[schema(format = Date)]
    #[validate(length(max = limits::WORD))]
    from: String,
    /// Last day.
    #[schema(format = Date)]
    #[validate(length(max = limits::WORD))]
    until: String,
}

impl CalendarBody {
    pub(crate) fn of(calendar: &WorkingCalendar) -> Self {
        let closures = calendar.closures().iter();
        Self {
            working_days: calendar.weekday_names().into_iter().map(str::to_owned).collect(),
            closures: closures.map(|s| SpanBody { from: s.from.to_string(), until: s.until.to_string() }).collect(),
        }
    }
}

impl CalendarBody {
    /// As the domain checks it.
    pub(crate) fn input(self) -> CalendarInput {
        let closures = self.closures.into_iter().map(|span| (span.from, span.until)).collect();
        CalendarInput { working_days: self.working_days, closures }
    }
}

fn names(groups: &BTreeSet<FieldGroup>) -> Vec<String> {
    groups.iter().map(|group| group.as_str().to_owned()).collect()
}

impl OfferBody {
    /// The body that would publish an offer as it stands: quantities as they were typed, all else in codes.
    pub fn of(offer: &Offer, tables: &Tables) -> Self {
        let (terms, profile) = (&offer.terms, &offer.terms.profile);
        // What is none of the base unit was not stated, and would be none of any other.
        let product = tables.catalogue.product(terms.product.as_str());
        let stated = product.is_none_or(|p| profile.stock != Measure::of(Quantity::ZERO, p.base_unit));
        Self {
            organisation: Some(offer.organisation),
            site: offer.site,
            product: terms.product.to_string(),
            grades: terms.grades.iter().map(ToString::to_string).collect(),
            features: terms.features.iter().map(|(code, v)| (code.to_string(), FeatureBody::of(v))).collect(),
            stock: stated.then(|| MeasureBody::of(&profile.stock)),
            running: profile.running.as_ref().map(RateBody::of),
            maximum: profile.maximum.as_ref().map(RateBody::of),
            ramp_days: profile.ramp_days.into(),
            convertible: profile.convertible.as_ref().map(ConversionBody::of),
            weeks: profile.weeks.iter().map(WeekBody::of).collect(),
            line: terms.line,
            calendar: CalendarBody::of(&profile.calendar),
            from: Some(profile.from.to_string()),
            until: profile.until.map(|day| day.to_string()),
            as_of: Some(profile.as_of.to_string()),
            lead_days: terms.lead_days.into(),
            min_order: terms.min_order.as_ref().map(MeasureBody::of),
            max_distance_km: terms.max_distance_km.map(i64::from),
            regions: terms.regions.iter().map(ToString::to_string).collect(),
            authorisations: terms.authorisations.iter().cloned().collect(),
            missing_inputs: terms.missing_inputs.iter().map(|input| MissingInputBody::of(input, tables)).collect(),
            certificates: terms.certificates.iter().map(CertificateBody::of).collect(),
            transfers: terms.transfers.iter().map(|t| t.as_str().to_owned()).collect(),
            price: terms.price.as_ref().map(PriceBody::of),
            role: Some(terms.role.as_str().to_owned()),
            visibility: Some(terms.visibility.as_str().to_owned()),
            disclosure: terms.disclosure.shown().map(|(to, groups)| (to.as_str().to_owned(), names(groups))).collect(),
            note: terms.note.clone(),
            draft: offer.state == OfferState::Draft,
        }
    }

    /// As the domain checks it.
    pub fn input(self) -> OfferInput {
        OfferInput {
            product: self.product,
            grades: self.grades,
            features: self.features.into_iter().map(|(code, value)| (code, value.input())).collect(),
            stock: self.stock.map(MeasureBody::input),
            running: self.running.map(RateBody::input),
            maximum: self.maximum.map(RateBody::input),
            ramp_days: self.ramp_days,
            convertible: self.convertible.map(ConversionBody::input),
            weeks: self.weeks.into_iter().map(WeekBody::input).collect(),
            calendar: self.calendar.input(),
            from: self.from,
            until: self.until,
            as_of: self.as_of,
            lead_days: self.lead_days,
            min_order: self.min_order.map(MeasureBody::input),
            max_distance_km: self.max_distance_km,
            regions: self.regions,
            authorisations: self.authorisations,
            missing_inputs: self.missing_inputs.into_iter().map(MissingInputBody::input).collect(),
            certificates: self.certificates.into_iter().map(CertificateBody::input).collect(),
            transfers: self.transfers,
            price: self.price.map(PriceBody::input),
            role: self.role,
            visibility: self.visibility,
            disclosure: self.disclosure,
            line: self.line,
            note: self.note,
            draft: self.draft,
        }
    }
}
