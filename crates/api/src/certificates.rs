//! What reviewers find of the certificates of offers.

use app::{
    App, AppError,
    certificates::{self, Filed},
};
use axum::{Json, extract::State};
use domain::{
    certificate::CertificateStatus,
    ids::{CertificateId, OfferId},
    time::Day,
    violation::Violations,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use crate::{
    body::JsonBody, evidence::EvidenceView, feature::CertificateView, limits, path_id::PathIds, problem::Problem,
    signed_in::SignedIn,
};

/// The routes of certificates.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get)).routes(routes!(review))
}

/// A certificate with the papers that are filed of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FiledCertificate)]
pub struct FiledCertificateView {
    /// The offer that states it.
    offer: Uuid,
    /// The certificate.
    certificate: CertificateView,
    /// Its files, the oldest first; what is in them is read one by one.
    evidence: Vec<EvidenceView>,
}

impl FiledCertificateView {
    /// A certificate as it stands on a day.
    pub fn of(filed: Filed, on: Day) -> Self {
        let certificate = CertificateView::of(&filed.certificate, on);
        Self { offer: filed.offer.0, certificate, evidence: filed.evidence.into_iter().map(EvidenceView::of).collect() }
    }
}

/// Reads a certificate.
///
/// With the papers that are filed of it, to whoever may open these; each look of somebody else than the owner and the
/// operator is noted among the openings.
#[utoipa::path(get, operation_id = "certificates_get", path = "/offers/{id}/certificates/{certificate}", tag = "Trust", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The offer's id"),
        ("certificate" = Uuid, Path, description = "The certificate's id, as the offer shows it")),
    responses((status = 200, description = "The certificate", body = FiledCertificateView)))]
async fn get(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathIds(ids): PathIds<2>,
) -> Result<Json<FiledCertificateView>, Problem> {
    let [offer, id] = ids;
    let filed = certificates::get(&app, &caller, (OfferId(offer), CertificateId(id))).await?;
    Ok(Json(FiledCertificateView::of(filed, app.today())))
}

/// What was found of a certificate.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = CertificateFinding, example = json!({"status": "checked", "note": "The paper is what it says to be."}))]
struct FindingBody {
    /// `checked`, `confirmed` (by an authority or the operator) or `rejected`.
    #[validate(length(max = limits::WORD))]
    status: String,
    /// What there is to say, at most 4000 characters; the owner reads it.
    #[serde(default)]
    #[validate(length(max = limits::NOTE))]
    note: String,
}

/// Reviews a certificate.
///
/// By the operator; by a cluster that the operator vouches for, of its active members' offers, which checks or rejects; by
/// an authority that the operator vouches for and that is the buyer of a match of the offer, from the supplier's
/// acceptance on. Nobody reviews his own. The owner is told by mail, and what waited because of a doubt waits no more.
#[utoipa::path(post, operation_id = "certificates_review", path = "/offers/{id}/certificates/{certificate}/review", tag = "Trust",
    request_body = FindingBody, security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The offer's id"),
        ("certificate" = Uuid, Path, description = "The certificate's id, as the offer shows it")),
    responses(
        (status = 200, description = "The certificate as it stands now", body = CertificateView),
        (status = 409, description = "It is only applied for, or in testing")))]
async fn review(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathIds(ids): PathIds<2>,
    JsonBody(body): JsonBody<FindingBody>,
) -> Result<Json<CertificateView>, Problem> {
    let [offer, id] = ids;
    let (offer, id) = (OfferId(offer), CertificateId(id));
    let findings = [CertificateStatus::Checked, CertificateStatus::Confirmed, CertificateStatus::Rejected];
    let status = findings.into_iter().find(|status| status.as_str() == body.status.trim()).ok_or_else(|| {
        let detail = format!("{:?} is no finding; write checked, confirmed or rejected", body.status);
        AppError::from(Violations::one("/status", "unknown_value", detail))
    })?;
    let stored = certificates::review(&app, &caller, (offer, id), status, &body.note).await?;
    let found = stored.record.terms.certificates.iter().find(|certificate| certificate.id == Some(id));
    let found = found.ok_or(AppError::NotFound { what: "certificate" })?;
    Ok(Json(CertificateView::of(found, app.today())))
}
