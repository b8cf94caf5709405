//! Evidence files of certificates, bytes and all: a backup of the database is a backup of them (ADR 0034).

use std::collections::BTreeSet;

use domain::{
    evidence::{Evidence, FileType},
    ids::{CertificateId, EvidenceId, MatchId, OfferId, OrganisationId},
    matches::MatchState,
    time::Instant,
};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};
use uuid::Uuid;

use crate::{
    bulk, certificates,
    entity::{
        evidence_file::{self, Column, Entity},
        match_row, offer,
    },
    error::StoreError,
    json,
    store::{Reads, Tx},
};

/// Adds a file.
///
/// # Errors
/// [`StoreError::Conflict`] when the certificate has one of the same bytes.
pub async fn insert(tx: &Tx, evidence: &Evidence, bytes: Vec<u8>) -> Result<(), StoreError> {
    let row = evidence_file::Model {
        id: evidence.id.0,
        offer_id: evidence.offer.0,
        certificate_id: evidence.certificate.0,
        name: evidence.name.clone(),
        media_type: evidence.file_type.media_type().to_owned(),
        size: i64::try_from(evidence.size).map_err(|error| StoreError::Internal(Box::new(error)))?,
        sha256: evidence.sha256.clone(),
        bytes,
        created_at: evidence.created_at.micros(),
    };
    bulk::insert::<Entity, _>(tx.connection(), vec![row]).await?;
    certificates::tell_filed(tx, (evidence.certificate, evidence.offer), evidence.created_at).await
}

/// The columns of a row but the bytes.
type Row = (Uuid, Uuid, Uuid, String, String, i64, String, i64);

const COLUMNS: [Column; 8] = [
    Column::Id,
    Column::OfferId,
    Column::CertificateId,
    Column::Name,
    Column::MediaType,
    Column::Size,
    Column::Sha256,
    Column::CreatedAt,
];

/// The files of a certificate, the oldest first.
pub async fn of(reader: &impl Reads, certificate: CertificateId) -> Result<Vec<Evidence>, StoreError> {
    let query = Entity::find().select_only().columns(COLUMNS).filter(Column::CertificateId.eq(certificate.0));
    let query = query.order_by_asc(Column::CreatedAt).order_by_asc(Column::Id).into_tuple::<Row>();
    query.all(reader.connection()).await?.into_iter().map(stored).collect()
}

/// A file of a certificate with its bytes.
///
/// # Errors
/// [`StoreError::NotFound`] when the certificate has none of that id.
pub async fn get(
    reader: &impl Reads,
    certificate: CertificateId,
    id: EvidenceId,
) -> Result<(Evidence, Vec<u8>), StoreError> {
    let query = Entity::find_by_id(id.0).filter(Column::CertificateId.eq(certificate.0));
    let row = query.one(reader.connection()).await?.ok_or(StoreError::NotFound)?;
    let told =
        (row.id, row.offer_id, row.certificate_id, row.name, row.media_type, row.size, row.sha256, row.created_at);
    Ok((stored(told)?, row.bytes))
}

/// Deletes a file.
///
/// # Errors
/// [`StoreError::NotFound`] when its certificate has it no longer.
pub async fn delete(tx: &Tx, evidence: &Evidence, at: Instant) -> Result<(), StoreError> {
    let (of, certificate) = (evidence.id.0, evidence.certificate);
    let query = Entity::delete_many().filter(Column::Id.eq(of)).filter(Column::CertificateId.eq(certificate.0));
    match query.exec(tx.connection()).await?.rows_affected {
        0 => Err(StoreError::NotFound),
        _ => certificates::tell_filed(tx, (certificate, evidence.offer), at).await,
    }
}

/// The certificates of offers that files are filed of.
pub async fn filed(
    reader: &impl Reads,
    offers: impl IntoIterator<Item = OfferId>,
) -> Result<BTreeSet<CertificateId>, StoreError> {
    let mut found = BTreeSet::new();
    for list in bulk::id_lists(offers.into_iter().map(|id| id.0)) {
        let query = Entity::find().select_only().column(Column::CertificateId).filter(Column::OfferId.is_in(list));
        let ids: Vec<Uuid> = query.into_tuple().all(reader.connection()).await?;
        found.extend(ids.into_iter().map(CertificateId));
    }
    Ok(found)
}

/// How many bytes all files of an organisation take.
pub async fn bytes_of(reader: &impl Reads, organisation: OrganisationId) -> Result<u64, StoreError> {
    let own = offer::Entity::find()
        .select_only()
        .column(offer::Column::Id)
        .filter(offer::Column::OrganisationId.eq(organisation.0))
        .into_query();
    let sizes = Entity::find().select_only().column(Column::Size).filter(Column::OfferId.in_subquery(own));
    let sizes: Vec<i64> = sizes.into_tuple().all(reader.connection()).await?;
    Ok(sizes.into_iter().map(i64::unsigned_abs).sum())
}

/// A match of an offer to a buyer that opened the sides to each other, if there is one by now.
pub async fn opened_match(
    reader: &impl Reads,
    offer: OfferId,
    buyer: OrganisationId,
    now: Instant,
) -> Result<Option<MatchId>, StoreError> {
    use match_row::Column;
    let open = MatchState::ALL.into_iter().filter(|state| state.opens_the_sides()).map(MatchState::as_str);
    let query = match_row::Entity::find().select_only().column(Column::Id).filter(Column::OfferId.eq(offer.0));
    let query = query.filter(Column::NeedOrganisationId.eq(buyer.0)).filter(Column::State.is_in(open));
    // What is held past its deadline has ended, whether or not that is written yet.
    let stands = Condition::any().add(Column::Deadline.is_null()).add(Column::Deadline.gt(now.micros()));
    let query = query.filter(stands);
    let found: Option<Uuid> = query.order_by_asc(Column::Id).into_tuple().one(reader.connection()).await?;
    Ok(found.map(MatchId))
}

fn stored(row: Row) -> Result<Evidence, StoreError> {
    let (id, offer, certificate, name, media_type, size, sha256, created_at) = row;
    Ok(Evidence {
        id: EvidenceId(id),
        offer: OfferId(offer),
        certificate: CertificateId(certificate),
        name,
        file_type: json::word("evidence_files.media_type", &media_type, FileType::parse)?,
        size: size.unsigned_abs(),
        sha256,
        created_at: json::instant("evidence_files.created_at", created_at)?,
    })
}
