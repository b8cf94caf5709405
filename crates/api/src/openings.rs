//! What the sides of a match open of each other, and who opened what.

use app::{
    App,
    openings::{Counterparty, Opening, OtherSide},
};
use axum::{Json, extract::State};
use domain::ids::{MatchId, OrganisationId};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    offers::{ContactView, NamedOrganisation, SeenOfferView},
    page::{Listing, Page, Paged, PlainQuery},
    path_id::PathId,
    problem::Problem,
    query::Parameters,
    signed_in::SignedIn,
};

/// The routes of openings.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(counterparty)).routes(routes!(list))
}

/// The other side of a match. One of `offer` and `buyer` is null.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Counterparty)]
struct CounterpartyView {
    /// The match.
    r#match: Uuid,
    /// The offer with its supplier, to the buyer.
    offer: Option<SeenOfferView>,
    /// The buyer, to the supplier.
    buyer: Option<SeenBuyer>,
}

/// A buyer, as the supplier of a match sees him.
#[derive(Debug, Serialize, ToSchema)]
struct SeenBuyer {
    /// The need's id.
    need: Uuid,
    /// Whose it is.
    organisation: NamedOrganisation,
    /// How to reach those who act for it: its admins, at most ten.
    contact: Vec<ContactView>,
}

/// Something that was shown to somebody.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Opening)]
struct OpeningView {
    /// The id of the entry in the audit log.
    id: Uuid,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// Who opened it; null where that organisation is no more.
    by: Option<NamedOrganisation>,
    /// For whom, where it was opened under a mandate: the id of the organisation that `by` acted for.
    on_behalf_of: Option<Uuid>,
    /// As what: `own_cluster`, `buyer`, `counterparty` or `issuer`.
    audience: Option<String>,
    /// What leads to who you are of what was opened: `identity`, `contact`, `exact_place`, `evidence`.
    groups: Vec<String>,
    /// Of what kind of record: `offer` or `need`.
    record: &'static str,
    /// Of which record.
    record_id: Uuid,
    /// In which match, where it was one.
    r#match: Option<Uuid>,
}

impl OpeningView {
    fn of(Opening { entry, by }: Opening) -> Self {
        let told = |field: &str| entry.changes.iter().find(|c| c.field == field).and_then(|c| c.to.clone());
        let groups = told("groups").unwrap_or_default();
        Self {
            id: entry.id.0,
            at: entry.at.to_string(),
            by: by.as_ref().map(NamedOrganisation::of),
            on_behalf_of: told("for").and_then(|id| id.parse().ok()),
            audience: told("audience"),
            groups: groups.split(',').filter(|group| !group.is_empty()).map(str::to_owned).collect(),
            record: entry.record.as_str(),
            record_id: entry.record_id,
            r#match: told("match").and_then(|id| id.parse().ok()),
        }
    }
}

/// Opens the other side of a match.
///
/// From the supplier's acceptance on: who the other is and how to reach it, and to the buyer certificates and evidence, so
/// that exclusion, sanctions and samples are looked into before anything is agreed. Each call is noted in the audit log
/// and listed to the other side among its openings.
#[utoipa::path(get, operation_id = "matches_counterparty", path = "/matches/{id}/counterparty", tag = "Matching", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The match's id")),
    responses(
        (status = 200, description = "The other side", body = CounterpartyView),
        (status = 409, description = "The supplier has not accepted")))]
async fn counterparty(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<MatchId>,
) -> Result<Json<CounterpartyView>, Problem> {
    let Counterparty { of_match, side } = app::openings::counterparty(&app, &caller, id).await?;
    let (offer, buyer) = match side {
        OtherSide::Supplier(seen) => (Some(SeenOfferView::of(*seen, &app.tables(), app.today())), None),
        OtherSide::Buyer(buyer) => {
            let contact = buyer.contact.into_iter().map(ContactView::of).collect();
            let organisation = NamedOrganisation::of(&buyer.organisation);
            (None, Some(SeenBuyer { need: buyer.need.0, organisation, contact }))
        }
    };
    Ok(Json(CounterpartyView { r#match: of_match.0, offer, buyer }))
}

/// Lists who was shown who you are.
///
/// Each time that somebody else was shown the identity or the contact of one of the organisation's offers or needs. The
/// same entries stand in the audit log, as the act `open`.
#[utoipa::path(get, operation_id = "openings_list", path = "/organisations/{id}/openings", tag = "Audit", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The organisation's id"), PlainQuery),
    responses((status = 200, description = "The openings", body = Page<OpeningView>)))]
async fn list(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<OrganisationId>,
    Parameters(query): Parameters<PlainQuery>,
) -> Result<Paged<OpeningView>, Problem> {
    let listing = Listing::new(&app, caller.actor, ("openings", id.to_string()), query.part())?;
    let found = app::openings::page(&app, &caller, id, listing.request).await?;
    Ok(listing.answer(&app, found, OpeningView::of))
}
