//! Evidence files of certificates: bytes in, bytes out, and never shown in place.

use std::borrow::Cow;

use app::{
    App,
    evidence::{self, NewFile},
};
use axum::{
    Json,
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{
    evidence::{Evidence, FileType},
    ids::{CertificateId, EvidenceId, OfferId},
};
use serde::{Deserialize, Serialize};
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, schema::Type},
};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use crate::{body, limits, path_id::PathIds, problem::Problem, query::Parameters, signed_in::SignedIn};

/// What a browser may do with a file that is opened all the same: nothing.
const SANDBOX: &str = "sandbox; default-src 'none'; frame-ancestors 'none'";

/// The routes of evidence.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(create, list)).routes(routes!(get, delete))
}

/// The bytes of a file, in the document alone.
struct FileBytes;

impl PartialSchema for FileBytes {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::Binary);
        let bytes = ObjectBuilder::new().schema_type(Type::String).format(Some(format));
        bytes.description(Some("The bytes of a file.")).into()
    }
}

impl ToSchema for FileBytes {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("FileBytes")
    }
}

/// A file that is filed as evidence of a certificate.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Evidence)]
pub struct EvidenceView {
    /// Its id.
    id: Uuid,
    /// The certificate.
    certificate: Uuid,
    /// Its name, made harmless.
    name: String,
    /// `application/pdf`, `image/png` or `image/jpeg`, as its bytes say.
    media_type: &'static str,
    /// Its length in bytes.
    size: u64,
    /// The SHA-256 of its bytes, in hex.
    sha256: String,
    /// When it came.
    #[schema(format = DateTime)]
    created_at: String,
}

/// The files of a certificate.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EvidenceFiles)]
struct EvidenceList {
    /// At most five, the oldest first.
    items: Vec<EvidenceView>,
}

impl EvidenceView {
    /// A file.
    pub fn of(evidence: Evidence) -> Self {
        Self {
            id: evidence.id.0,
            certificate: evidence.certificate.0,
            name: evidence.name,
            media_type: evidence.file_type.media_type(),
            size: evidence.size,
            sha256: evidence.sha256,
            created_at: evidence.created_at.to_string(),
        }
    }
}

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct NameQuery {
    /// What to call the file; its ending follows from what it is.
    #[param(example = "Certificate 4711.pdf")]
    #[validate(length(max = limits::WORD))]
    name: Option<String>,
}

/// Files a paper as evidence.
///
/// The body is the file itself: PDF, PNG or JPEG, at most 10 MB unless the operator says otherwise, told by its first bytes
/// and not by its name. A certificate has at most five, an organisation 256 MB. The same bytes are filed once, so that to
/// send them again changes nothing. A certificate that was claimed is documented from then on.
#[utoipa::path(post, operation_id = "evidence_create", path = "/offers/{id}/certificates/{certificate}/evidence", tag = "Trust", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The offer's id"),
        ("certificate" = Uuid, Path, description = "The certificate's id, as the offer shows it"),
        NameQuery),
    request_body(description = "The bytes of the file", content(
        (FileBytes = "application/pdf"), (FileBytes = "image/png"), (FileBytes = "image/jpeg"))),
    responses(
        (status = 201, description = "Filed; `Location` says where to read it", body = EvidenceView),
        (status = 409, description = "There are five files or too many bytes, or the offer is out of the market for good"),
        (status = 413, description = "The file has too many bytes"),
        (status = 415, description = "The file is not announced as PDF, PNG or JPEG"),
        (status = 422, description = "The bytes are not what was announced, or a query parameter is wrong")))]
async fn create(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathIds(ids): PathIds<2>,
    Parameters(query): Parameters<NameQuery>,
    request: Request,
) -> Result<Response, Problem> {
    let [offer, certificate] = ids;
    let announced = FileType::parse(&body::kind(request.headers()));
    let bytes = body::read_file(request, app.evidence_limit, announced.is_some()).await?;
    // What was announced as none of them was refused.
    let announced = announced.unwrap_or(FileType::Pdf);
    let file = NewFile { name: query.name, announced, bytes };
    let filed = evidence::create(&app, &caller, (OfferId(offer), CertificateId(certificate)), file).await?;
    let location = format!("/api/v1/offers/{offer}/certificates/{certificate}/evidence/{}", filed.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(EvidenceView::of(filed))).into_response())
}

/// Lists the evidence of a certificate.
///
/// To whoever may open it; each look of somebody else than the owner and the operator is noted among the openings.
#[utoipa::path(get, operation_id = "evidence_list", path = "/offers/{id}/certificates/{certificate}/evidence", tag = "Trust", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The offer's id"),
        ("certificate" = Uuid, Path, description = "The certificate's id, as the offer shows it")),
    responses((status = 200, description = "The files", body = EvidenceList)))]
async fn list(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathIds(ids): PathIds<2>,
) -> Result<Json<EvidenceList>, Problem> {
    let [offer, certificate] = ids;
    let found = evidence::list(&app, &caller, (OfferId(offer), CertificateId(certificate))).await?;
    Ok(Json(EvidenceList { items: found.into_iter().map(EvidenceView::of).collect() }))
}

/// Downloads a file.
///
/// By the owner and who acts for him, the operator, a cluster of his that the operator vouches for, and the buyer of a match
/// from the supplier's acceptance on. Each opening is noted. The file comes as an attachment and is never shown in place.
#[utoipa::path(get, operation_id = "evidence_get", path = "/offers/{id}/certificates/{certificate}/evidence/{evidence}", tag = "Trust", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The offer's id"),
        ("certificate" = Uuid, Path, description = "The certificate's id, as the offer shows it"),
        ("evidence" = Uuid, Path, description = "The file's id")),
    responses((status = 200, description = "The file", content(
        (FileBytes = "application/pdf"), (FileBytes = "image/png"), (FileBytes = "image/jpeg")))))]
async fn get(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathIds(ids): PathIds<3>,
) -> Result<Response, Problem> {
    let [offer, certificate, id] = ids;
    let of = (OfferId(offer), CertificateId(certificate));
    let (evidence, bytes) = evidence::get(&app, &caller, of, EvidenceId(id)).await?;
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(evidence.file_type.media_type()));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOX));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let attached = HeaderValue::try_from(disposition(&evidence.name)).map_err(app::AppError::internal)?;
    headers.insert(header::CONTENT_DISPOSITION, attached);
    Ok(response)
}

/// That a file is to be saved under a name (RFC 6266): in ASCII, and beside it in full.
fn disposition(name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_ascii() { c } else { '_' }).collect();
    let full: String = name
        .bytes()
        .map(|b| match b {
            b if b.is_ascii_alphanumeric() || b"-_.".contains(&b) => char::from(b).to_string(),
            b => format!("%{b:02X}"),
        })
        .collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{full}")
}

/// Deletes a file.
///
/// By the owner. Without any the certificate is claimed again. What somebody checked or confirmed a certificate by stays.
#[utoipa::path(delete, operation_id = "evidence_delete", path = "/offers/{id}/certificates/{certificate}/evidence/{evidence}", tag = "Trust", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The offer's id"),
        ("certificate" = Uuid, Path, description = "The certificate's id, as the offer shows it"),
        ("evidence" = Uuid, Path, description = "The file's id")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 409, description = "The certificate was checked or confirmed by it")))]
async fn delete(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathIds(ids): PathIds<3>,
) -> Result<StatusCode, Problem> {
    let [offer, certificate, id] = ids;
    evidence::delete(&app, &caller, (OfferId(offer), CertificateId(certificate)), EvidenceId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_breaks_out_of_no_header() {
        assert_eq!(disposition("a b.pdf"), "attachment; filename=\"a b.pdf\"; filename*=UTF-8''a%20b.pdf");
        assert_eq!(disposition("ü.pdf"), "attachment; filename=\"_.pdf\"; filename*=UTF-8''%C3%BC.pdf");
    }
}
