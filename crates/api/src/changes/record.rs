//! A record of a change on the wire: what reading it by itself answers.

use app::{App, access::Caller, changes::Record};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    alerts::AlertView,
    calls::CallView,
    certificates::FiledCertificateView,
    chains::ChainBody,
    mandates::MandateView,
    matches::MatchBody,
    memberships::MembershipView,
    needs::NeedView,
    offers::{OfferView, SeenOfferView},
    organisations::OrganisationView,
    problem::Problem,
    runs::RunView,
    sites::SiteView,
};

/// A record as its own address shows it to you; a member's offer as `GET /api/v1/offers/{id}/view` does.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = ChangedRecord)]
pub enum RecordView {
    /// Of the type `organisation`.
    Organisation(Box<OrganisationView>),
    /// Of the type `site`.
    Site(Box<SiteView>),
    /// Of the type `offer`, where it is your own.
    Offer(Box<OfferView>),
    /// Of the type `offer`, where it is a member's of your cluster.
    SeenOffer(Box<SeenOfferView>),
    /// Of the type `certificate`.
    Certificate(Box<FiledCertificateView>),
    /// Of the type `need`.
    Need(Box<NeedView>),
    /// Of the type `run`.
    Run(Box<RunView>),
    /// Of the type `match`.
    Match(Box<MatchBody>),
    /// Of the type `chain`.
    Chain(Box<ChainBody>),
    /// Of the type `call`.
    Call(Box<CallView>),
    /// Of the type `membership`.
    Membership(Box<MembershipView>),
    /// Of the type `mandate`.
    Mandate(Box<MandateView>),
    /// Of the type `alert`.
    Alert(Box<AlertView>),
}

impl RecordView {
    /// A record as it was read for a caller.
    pub fn of(record: Record, app: &App, caller: &Caller) -> Result<Self, Problem> {
        let tables = app.tables();
        Ok(match record {
            Record::Organisation(found) => Self::Organisation(Box::new(OrganisationView::of(*found))),
            Record::Site(found) => Self::Site(Box::new(SiteView::of(*found))),
            Record::Offer(found) => Self::Offer(Box::new(OfferView::of(*found, &tables, app.today()))),
            Record::SeenOffer(found) => Self::SeenOffer(Box::new(SeenOfferView::of(*found, &tables, app.today()))),
            Record::Certificate(found) => Self::Certificate(Box::new(FiledCertificateView::of(*found, app.today()))),
            Record::Need(found) => Self::Need(Box::new(NeedView::of(*found, &tables, app.today()))),
            Record::Run(found) => Self::Run(Box::new(RunView::of(*found, caller.actor)?)),
            Record::Match(found) => Self::Match(Box::new(MatchBody::of(*found, app))),
            Record::Chain(found) => Self::Chain(Box::new(ChainBody::of(*found))),
            Record::Call(found) => Self::Call(Box::new(CallView::of(&found.0, found.1.as_ref()))),
            Record::Membership(found) => Self::Membership(Box::new(MembershipView::of(*found))),
            Record::Alert(found) => Self::Alert(Box::new(AlertView::of(*found))),
            Record::Mandate(found) => Self::Mandate(Box::new(MandateView::of(*found, app.clock.now(), caller))),
        })
    }
}
