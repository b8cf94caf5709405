//! Numbers of certificates, by which one that several organisations state is found; and what else hangs on the
//! certificates of an offer. They themselves are part of its terms.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    certificate,
    ids::{CertificateId, OrganisationId},
    offer::Offer,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::{
    bulk,
    entity::{
        certificate_number::{self, Column, Entity},
        evidence_file, offer,
    },
    error::StoreError,
    store::{Reads, Tx},
};

/// How many numbers are asked for at once.
const MOST_NUMBERS: usize = 1_000;

/// Which organisations state certificates of these numbers, as [`certificate::number_key`] writes them.
pub async fn stated_by(
    tx: &Tx,
    numbers: &BTreeSet<String>,
) -> Result<BTreeMap<String, BTreeSet<OrganisationId>>, StoreError> {
    let numbers: Vec<&String> = numbers.iter().collect();
    let mut found: BTreeMap<String, BTreeSet<OrganisationId>> = BTreeMap::new();
    for list in numbers.chunks(MOST_NUMBERS) {
        let query = Entity::find().filter(Column::Number.is_in(list.iter().map(|number| number.as_str())));
        let rows = query.all(tx.connection()).await?;
        let mut owners = BTreeMap::new();
        for ids in bulk::id_lists(rows.iter().map(|row| row.offer_id)) {
            let query = offer::Entity::find().select_only().columns([offer::Column::Id, offer::Column::OrganisationId]);
            let query = query.filter(offer::Column::Id.is_in(ids)).into_tuple::<(Uuid, Uuid)>();
            owners.extend(query.all(tx.connection()).await?);
        }
        for row in rows {
            let owner = owners.get(&row.offer_id).copied().map(OrganisationId);
            found.entry(row.number).or_default().extend(owner);
        }
    }
    Ok(found)
}

/// Brings what hangs on the certificates of offers in line with them: the numbers by which they are found, and no
/// evidence of a certificate that is gone.
pub(crate) async fn settle<C: ConnectionTrait>(connection: &C, offers: &[Offer]) -> Result<(), StoreError> {
    let mut rows = Vec::new();
    let mut kept: BTreeSet<Uuid> = BTreeSet::new();
    for offer in offers {
        for (place, certificate) in offer.terms.certificates.iter().enumerate() {
            let CertificateId(id) = certificate.id_at(offer.id, place);
            kept.insert(id);
            let number = certificate::number_key(certificate, offer.terms.role);
            rows.extend(number.map(|number| certificate_number::Model {
                certificate_id: id,
                offer_id: offer.id.0,
                number,
            }));
        }
    }
    for list in bulk::id_lists(offers.iter().map(|offer| offer.id.0)) {
        Entity::delete_many().filter(Column::OfferId.is_in(list.clone())).exec(connection).await?;
        let files = evidence_file::Entity::find()
            .select_only()
            .columns([evidence_file::Column::Id, evidence_file::Column::CertificateId])
            .filter(evidence_file::Column::OfferId.is_in(list))
            .into_tuple::<(Uuid, Uuid)>();
        let gone = files.all(connection).await?.into_iter().filter(|(_, of)| !kept.contains(of)).map(|(id, _)| id);
        for list in bulk::id_lists(gone) {
            evidence_file::Entity::delete_many().filter(evidence_file::Column::Id.is_in(list)).exec(connection).await?;
        }
    }
    bulk::insert::<Entity, _>(connection, rows).await
}
