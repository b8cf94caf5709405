//! What an offer looks like to somebody else, group by group.

use std::collections::BTreeMap;

use app::{
    Tables,
    offers::seen::{Contact, SeenOffer},
};
use domain::{
    certificate::Certificate,
    disclosure::{Audience, FieldGroup, Sight},
    offer::Offer,
    organisation::{Organisation, Site},
    region::Region,
    time::Day,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::{CapacityView, MissingInputView, SourceView};
use crate::{
    feature::{CertificateView, FeatureBody},
    measure::{MeasureView, PriceBody},
};

/// An offer as an audience sees it. A group of fields that the audience does not see is null; `groups` names those that
/// it sees, so that what was not stated can be told from what is not shown.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SeenOffer)]
pub struct SeenOfferView {
    /// Who sees it so: `owner`, `own_cluster`, `buyer`, `counterparty`, `issuer`, `network`, `public` or
    /// `operator`.
    audience: &'static str,
    /// `row` where the audience sees the offer, `totals` where it sees totals of several organisations and never an offer,
    /// `nothing` where the offer is out of the market and so not there for it: all groups are null then.
    shown_as: &'static str,
    /// The groups that the audience sees: `identity`, `contact`, `exact_place`, `region`, `capacity`, `price`, `terms`,
    /// `certificates`, `evidence`, `notes`.
    groups: Vec<&'static str>,
    /// Whose it is.
    identity: Option<SeenIdentity>,
    /// How to reach those who act for it: its admins, at most ten.
    contact: Option<Vec<ContactView>>,
    /// Where it is made.
    exact_place: Option<SeenPlace>,
    /// The region, NUTS 2 or coarser.
    region: Option<SeenRegion>,
    /// What exists by when.
    capacity: Option<SeenCapacity>,
    /// The price of a sale; null also where none is stated.
    price: Option<PriceBody>,
    /// What is offered, and on what terms.
    terms: Option<SeenTerms>,
    /// What is proved of the goods and of the owner.
    certificates: Option<SeenCertificates>,
    /// The certificates with their numbers.
    evidence: Option<Vec<CertificateView>>,
    /// What is said in words.
    notes: Option<SeenNotes>,
}

/// Whose an offer is.
#[derive(Debug, Serialize, ToSchema)]
struct SeenIdentity {
    /// The offer's id.
    offer: Uuid,
    /// `maker` or `trader`.
    role: &'static str,
    /// The organisation.
    organisation: NamedOrganisation,
    /// Where the record came from, if it was imported.
    source: Option<SourceView>,
}

/// An organisation by its name.
#[derive(Debug, Serialize, ToSchema)]
pub struct NamedOrganisation {
    /// Its id.
    id: Uuid,
    /// Its name.
    name: String,
    /// `firm`, `cluster` or `authority`.
    kind: &'static str,
    /// Its country, ISO 3166-1.
    country: String,
    /// Who vouched for it: `none`, `cluster` or `operator`.
    verification: &'static str,
}

/// Somebody who can be reached for an organisation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Contact)]
pub struct ContactView {
    /// The name.
    name: String,
    /// The address.
    email: String,
}

/// Where an offer is made.
#[derive(Debug, Serialize, ToSchema)]
struct SeenPlace {
    /// The site's name.
    name: String,
    /// Its region, as finely as known.
    region: Option<SeenRegion>,
    /// Its point, where it states one.
    point: Option<SeenPoint>,
}

/// A point in millionths of a degree (WGS 84).
#[derive(Debug, Serialize, ToSchema)]
struct SeenPoint {
    /// Latitude.
    lat_e6: i32,
    /// Longitude.
    lon_e6: i32,
}

/// A region by code and name.
#[derive(Debug, Serialize, ToSchema)]
struct SeenRegion {
    /// Its code.
    code: String,
    /// Its name.
    name: String,
}

/// What exists by when.
#[derive(Debug, Serialize, ToSchema)]
struct SeenCapacity {
    /// `draft`, `published`, `paused`, `withdrawn` or `expired`.
    state: &'static str,
    /// Whether it was unconfirmed for so long that runs leave it out.
    suspended: bool,
    /// The day after which its figures are stale.
    #[schema(format = Date)]
    confirm_by: String,
    /// Stock and rates over time.
    over_time: CapacityView,
}

/// What is offered, and on what terms.
#[derive(Debug, Serialize, ToSchema)]
struct SeenTerms {
    /// The product's code.
    product: String,
    /// The grades' codes.
    grades: Vec<String>,
    /// Stated features by code.
    features: BTreeMap<String, FeatureBody>,
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
    /// What its output lacks and others would have to bring; nothing where empty.
    missing_inputs: Vec<MissingInputView>,
    /// How it can change hands.
    transfers: Vec<&'static str>,
}

/// What is proved of the goods and of the owner.
#[derive(Debug, Serialize, ToSchema)]
struct SeenCertificates {
    /// How far the owner was verified: `none`, `cluster` or `operator`.
    owner: &'static str,
    /// The certificates of the goods.
    goods: Vec<CertificateClass>,
}

/// A certificate without what tells who holds it.
#[derive(Debug, Serialize, ToSchema)]
struct CertificateClass {
    /// Its kind.
    kind: String,
    /// How far it was checked.
    status: &'static str,
    /// Grades it covers; all of the offer's where empty.
    grades: Vec<String>,
    /// First day it holds.
    #[schema(format = Date)]
    valid_from: Option<String>,
    /// Last day it holds.
    #[schema(format = Date)]
    valid_until: Option<String>,
    /// When a pending one is expected.
    #[schema(format = Date)]
    expected_on: Option<String>,
    /// The module of conformity assessment.
    module: Option<String>,
    /// Where it holds; everywhere where empty.
    territory: Vec<String>,
    /// The derogation that it is, or rests on.
    derogation: Option<DerogationClass>,
    /// Who looked at it last: `cluster`, `authority` or `operator`.
    checked_by: Option<&'static str>,
    /// When.
    #[schema(format = Date)]
    checked_on: Option<String>,
    /// Whether a reviewer must look at it before it counts.
    doubted: bool,
}

/// A derogation without what tells who holds it.
#[derive(Debug, Serialize, ToSchema)]
struct DerogationClass {
    /// Where it holds.
    territory: Vec<String>,
    /// Its last day, which counts.
    #[schema(format = Date)]
    until: String,
}

/// What is said of an offer in words.
#[derive(Debug, Serialize, ToSchema)]
struct SeenNotes {
    /// What the owner adds.
    note: String,
    /// Why it waits for a reviewer, if it does.
    quarantine: Option<String>,
}

impl NamedOrganisation {
    /// An organisation.
    pub fn of(organisation: &Organisation) -> Self {
        Self {
            id: organisation.id.0,
            name: organisation.name.clone(),
            kind: organisation.kind.as_str(),
            country: organisation.country.to_string(),
            verification: organisation.verification.as_str(),
        }
    }
}

impl ContactView {
    /// Somebody.
    pub fn of(contact: Contact) -> Self {
        Self { name: contact.name, email: contact.email }
    }
}

impl SeenOfferView {
    /// An offer as it was read for an audience; every group of fields is null unless it is among those seen.
    pub fn of(seen: SeenOffer, tables: &Tables, today: Day) -> Self {
        let SeenOffer { audience, sight, region, contact, origin } = seen;
        let mut view = Self::totals(audience);
        let Some(Sight { groups, offer, organisation, site }) = sight else {
            if audience.sees_rows() {
                view.shown_as = "nothing";
            }
            return view;
        };
        view.shown_as = "row";
        let unit = tables.catalogue.product(offer.terms.product.as_str()).map_or("", |p| p.base_unit.unit_code());
        for group in groups {
            view.groups.push(group.as_str());
            match group {
                FieldGroup::Identity => {
                    let source = origin.as_ref().map(SourceView::of_origin);
                    let (role, organisation) = (offer.terms.role.as_str(), NamedOrganisation::of(&organisation));
                    view.identity = Some(SeenIdentity { offer: offer.id.0, role, organisation, source });
                }
                FieldGroup::Contact => {
                    view.contact = contact.as_ref().map(|all| all.iter().cloned().map(ContactView::of).collect());
                }
                FieldGroup::ExactPlace => view.exact_place = Some(SeenPlace::of(&site, region.as_ref())),
                FieldGroup::Region => {
                    let wide = region.as_ref().and_then(|r| tables.regions.at_level(&r.code, 2));
                    view.region = wide.map(SeenRegion::of);
                }
                FieldGroup::Capacity => view.capacity = Some(SeenCapacity::of(&offer, unit)),
                FieldGroup::Price => view.price = offer.terms.price.as_ref().map(PriceBody::of),
                FieldGroup::Terms => view.terms = Some(SeenTerms::of(&offer, unit, tables)),
                FieldGroup::Certificates => {
                    view.certificates = Some(SeenCertificates::of(&offer, &organisation, today))
                }
                FieldGroup::Evidence => {
                    view.evidence =
                        Some(offer.terms.certificates.iter().map(|c| CertificateView::of(c, today)).collect());
                }
                FieldGroup::Notes => {
                    let (note, quarantine) = (offer.terms.note.clone(), offer.quarantine.clone());
                    view.notes = Some(SeenNotes { note, quarantine });
                }
            }
        }
        view
    }

    fn totals(audience: Audience) -> Self {
        Self {
            audience: audience.as_str(),
            shown_as: "totals",
            groups: Vec::new(),
            identity: None,
            contact: None,
            exact_place: None,
            region: None,
            capacity: None,
            price: None,
            terms: None,
            certificates: None,
            evidence: None,
            notes: None,
        }
    }
}

impl SeenRegion {
    fn of(region: &Region) -> Self {
        Self { code: region.code.to_string(), name: region.name.clone() }
    }
}

impl SeenPlace {
    fn of(site: &Site, region: Option<&Region>) -> Self {
        let point = site.point.map(|p| SeenPoint { lat_e6: p.lat_e6, lon_e6: p.lon_e6 });
        Self { name: site.name.clone(), region: region.map(SeenRegion::of), point }
    }
}

impl SeenCapacity {
    fn of(offer: &Offer, unit: &str) -> Self {
        Self {
            state: offer.state.as_str(),
            suspended: offer.suspended,
            confirm_by: offer.confirm_by.to_string(),
            over_time: CapacityView::of(&offer.terms.profile, unit),
        }
    }
}

impl SeenTerms {
    fn of(offer: &Offer, unit: &str, tables: &Tables) -> Self {
        let terms = &offer.terms;
        Self {
            product: terms.product.to_string(),
            grades: terms.grades.iter().map(ToString::to_string).collect(),
            features: terms.features.iter().map(|(code, v)| (code.to_string(), FeatureBody::of(v))).collect(),
            min_order: terms.min_order.as_ref().map(|m| MeasureView::of(m, unit)),
            lead_days: terms.lead_days,
            max_distance_km: terms.max_distance_km,
            regions: terms.regions.iter().map(ToString::to_string).collect(),
            authorisations: terms.authorisations.iter().cloned().collect(),
            missing_inputs: terms.missing_inputs.iter().map(|input| MissingInputView::of(input, tables)).collect(),
            transfers: terms.transfers.iter().map(|t| t.as_str()).collect(),
        }
    }
}

impl SeenCertificates {
    fn of(offer: &Offer, owner: &Organisation, today: Day) -> Self {
        let class = |c: &Certificate| {
            let view = CertificateView::of(c, today);
            CertificateClass {
                kind: view.kind,
                status: view.status,
                grades: view.grades,
                valid_from: view.valid_from,
                valid_until: view.valid_until,
                expected_on: view.expected_on,
                module: view.module,
                territory: view.territory,
                derogation: c.derogation.as_ref().map(|d| DerogationClass {
                    territory: d.territory.iter().map(ToString::to_string).collect(),
                    until: d.until.to_string(),
                }),
                checked_by: view.finding.as_ref().map(|finding| finding.by),
                checked_on: view.finding.map(|finding| finding.on),
                doubted: c.doubt.is_some(),
            }
        };
        let goods = offer.terms.certificates.iter().map(class).collect();
        Self { owner: owner.verification.as_str(), goods }
    }
}
