//! Numbers of certificates, by which one that several organisations state is found; and what else hangs on the
//! certificates of an offer. They themselves are part of its terms.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    certificate::{self, Certificate},
    disclosure::{Audience, FieldGroup},
    ids::{CertificateId, OfferId, OrganisationId},
    offer::{Offer, OfferState},
    time::Instant,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use crate::{
    bulk,
    entity::{
        certificate_number::{self, Column, Entity},
        evidence_file, offer,
    },
    error::StoreError,
    events::{self, CHANGED, CREATED, HIDDEN, REMOVED, SHOWN},
    offers,
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

/// What names certificates: the id of each, and its offer.
pub(crate) type Key = (CertificateId, OfferId);

/// Whether the cluster of its owner sees the certificates of an offer, with their numbers and papers.
pub(crate) fn is_shown(offer: &Offer) -> bool {
    let draft = offer.state == OfferState::Draft;
    !draft && offer.terms.disclosure.sees(Audience::OwnCluster, FieldGroup::Evidence)
}

/// The certificates of an offer, each with its id.
pub(crate) fn of_offer(offer: &Offer) -> impl Iterator<Item = (Key, Certificate)> {
    offer.terms.certificates.iter().enumerate().map(|(place, certificate)| {
        let id = certificate.id_at(offer.id, place);
        ((id, offer.id), Certificate { id: Some(id), ..certificate.clone() })
    })
}

/// Those of all offers that state any, which is found without reading the others.
pub(crate) fn stating() -> Select<offer::Entity> {
    // As the terms are written; a quotation mark in what somebody states is written otherwise.
    offer::Entity::find().filter(offer::Column::Terms.contains(r#""certificates":[{"#))
}

/// The certificates of all offers of an organisation, each with whether its cluster sees it.
pub(crate) async fn of_owner<C: ConnectionTrait>(connection: &C, owner: Uuid) -> Result<Vec<(Key, bool)>, StoreError> {
    let query = stating().filter(offer::Column::OrganisationId.eq(owner)).order_by_asc(offer::Column::Id);
    let mut found = Vec::new();
    for row in query.all(connection).await? {
        let offer = offers::stored(row)?.record;
        let shown = is_shown(&offer);
        found.extend(of_offer(&offer).map(|(key, _)| (key, shown)));
    }
    Ok(found)
}

/// Notes what became of the certificates of an offer.
pub(crate) fn tell(tx: &Tx, before: Option<&Offer>, after: &Offer, at: Instant) {
    let owner = after.organisation;
    let mut were: BTreeMap<Key, Certificate> = before.into_iter().flat_map(of_offer).collect();
    let (was_shown, shown) = (before.is_some_and(is_shown), is_shown(after));
    for (key, certificate) in of_offer(after) {
        let what = match were.remove(&key) {
            None => CREATED,
            Some(_) if was_shown && !shown => HIDDEN,
            Some(old) if old.status != certificate.status => certificate.status.as_str(),
            Some(old) if old != certificate => CHANGED,
            Some(_) if shown && !was_shown => SHOWN,
            Some(_) => continue,
        };
        events::of_certificate(tx, key, what, owner, at);
    }
    for key in were.into_keys() {
        events::of_certificate(tx, key, REMOVED, owner, at);
    }
}

/// Notes that a file of a certificate came or went.
pub(crate) async fn tell_filed(tx: &Tx, key: Key, at: Instant) -> Result<(), StoreError> {
    let query = offer::Entity::find_by_id(key.1.0).select_only().column(offer::Column::OrganisationId);
    let owner: Option<Uuid> = query.into_tuple().one(tx.connection()).await?;
    if let Some(owner) = owner {
        events::of_certificate(tx, key, CHANGED, OrganisationId(owner), at);
    }
    Ok(())
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
