//! Evidence files of certificates: filed by the owner, opened by whoever may see the evidence of the offer.

use domain::{
    audit::{Act, Change, RecordKind},
    certificate::CertificateStatus,
    digest::Digest,
    disclosure::{Audience, FieldGroup},
    evidence::{self, Evidence, FileType, MOST_FILES, MOST_OF_ORGANISATION},
    ids::{CertificateId, EvidenceId, MatchId, OfferId},
    offer::{Offer, OfferState},
};
use storage::{Scope, StoreError, Tx, evidence as store, offers};

use crate::{
    App,
    access::Caller,
    audit::{Deed, Pen},
    certificates,
    error::{AppError, AppResult},
    memberships::require_verified,
    offers::seen::opened,
    policy::{self, Action, Actor, Resource, require},
};

/// A file as it comes.
#[derive(Debug, Clone)]
pub struct NewFile {
    /// What the sender calls it.
    pub name: Option<String>,
    /// What he says that it is.
    pub announced: FileType,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Files a paper of a certificate of the caller's own offer; the same bytes are filed once. A certificate that its owner
/// claims is documented from now on.
///
/// # Errors
/// `NotFound` outside of what the caller may see; `Invalid` when the bytes are none of the three kinds of file or not
/// the one that was announced; `Conflict` when the certificate has five files, the organisation too many bytes, or the
/// offer is out of the market for good. Nothing is stored then.
pub async fn create(
    app: &App,
    caller: &Caller,
    (offer, certificate): (OfferId, CertificateId),
    file: NewFile,
) -> AppResult<Evidence> {
    let (caller, pen, now) = (caller.clone(), Pen::of(app, caller), app.clock.now());
    let id = EvidenceId(app.ids.next(now));
    app.store
        .write(move |tx| async move {
            let mut offer = own(&tx, &caller, offer).await?;
            certificates::find(&mut offer, certificate)?;
            let file_type = evidence::check(&file.bytes, file.announced)?;
            let filed = store::of(&tx, certificate).await?;
            let sha256 = Digest::of_bytes(&file.bytes).to_string();
            if let Some(same) = filed.iter().find(|evidence| evidence.sha256 == sha256) {
                return Ok(same.clone());
            }
            if !offer.state.may_become(OfferState::Withdrawn) {
                let detail = format!("the offer is {}, so nothing is filed of it", offer.state.as_str());
                return Err(AppError::Conflict { code: "wrong_state", detail });
            }
            let size = file.bytes.len() as u64;
            let full = |detail: String| AppError::Conflict { code: "evidence_full", detail };
            if filed.len() >= MOST_FILES {
                return Err(full(format!("the certificate has {MOST_FILES} files; delete one of them first")));
            }
            if store::bytes_of(&tx, offer.organisation).await?.saturating_add(size) > MOST_OF_ORGANISATION {
                let most = MOST_OF_ORGANISATION / (1024 * 1024);
                return Err(full(format!("the files of an organisation may have {most} MB in all; delete some first")));
            }
            let name = evidence::file_name(file.name.as_deref(), file_type);
            let created_at = now;
            let evidence = Evidence { id, offer: offer.id, certificate, name, file_type, size, sha256, created_at };
            store::insert(&tx, &evidence, file.bytes).await?;
            let mut changes = vec![Change::to("certificate", certificate), Change::to("sha256", &evidence.sha256)];
            changes.extend(documented(&tx, &mut offer, certificate, true, now).await?);
            pen.note(&tx, [deed(Act::Create, &evidence, &offer, changes)]).await?;
            Ok(evidence)
        })
        .await
}

/// Deletes a file. Without any, a certificate that was documented is claimed.
///
/// # Errors
/// `NotFound` outside of what the caller may see; `Conflict` once somebody checked the certificate by it.
pub async fn delete(
    app: &App,
    caller: &Caller,
    (offer, certificate): (OfferId, CertificateId),
    id: EvidenceId,
) -> AppResult<()> {
    let (caller, pen, now) = (caller.clone(), Pen::of(app, caller), app.clock.now());
    app.store
        .write(move |tx| async move {
            let mut offer = own(&tx, &caller, offer).await?;
            let status = certificates::find(&mut offer, certificate)?.status;
            let filed = store::of(&tx, certificate).await?;
            let Some(evidence) = filed.iter().find(|evidence| evidence.id == id) else {
                return Err(AppError::NotFound { what: "file" });
            };
            if matches!(status, CertificateStatus::Checked | CertificateStatus::Confirmed) {
                let detail = format!("the certificate is {} by what is filed, so that stays", status.as_str());
                return Err(AppError::Conflict { code: "wrong_state", detail });
            }
            store::delete(&tx, evidence, now).await?;
            let mut changes = vec![Change::to("certificate", certificate)];
            changes.extend(documented(&tx, &mut offer, certificate, filed.len() > 1, now).await?);
            pen.note(&tx, [deed(Act::Delete, evidence, &offer, changes)]).await
        })
        .await?;
    if let Err(error) = app.store.settle().await {
        tracing::warn!(%error, "the journal of the database still holds what was erased");
    }
    Ok(())
}

/// The files of a certificate, the oldest first, to whoever may open them; noted as an opening.
///
/// # Errors
/// `NotFound` for others.
pub async fn list(
    app: &App,
    caller: &Caller,
    (offer, certificate): (OfferId, CertificateId),
) -> AppResult<Vec<Evidence>> {
    let (caller, pen, now) = (caller.clone(), Pen::of(app, caller), app.clock.now());
    app.store
        .write(move |tx| async move {
            let mut seen = Seen::by(&tx, &caller, offer, now).await?;
            certificates::find(&mut seen.offer, certificate)?;
            seen.note(&tx, &pen).await?;
            Ok(store::of(&tx, certificate).await?)
        })
        .await
}

/// A file with its bytes, to whoever may see the evidence of the offer: its owner, the operator, a cluster of his that
/// the operator vouches for, and the buyer of a match from the supplier's acceptance on. Noted as an opening.
///
/// # Errors
/// `NotFound` for others.
pub async fn get(
    app: &App,
    caller: &Caller,
    (offer, certificate): (OfferId, CertificateId),
    id: EvidenceId,
) -> AppResult<(Evidence, Vec<u8>)> {
    let (caller, pen, now) = (caller.clone(), Pen::of(app, caller), app.clock.now());
    app.store
        .write(move |tx| async move {
            let mut seen = Seen::by(&tx, &caller, offer, now).await?;
            certificates::find(&mut seen.offer, certificate)?;
            let found = match store::get(&tx, certificate, id).await {
                Err(StoreError::NotFound) => return Err(AppError::NotFound { what: "file" }),
                found => found?,
            };
            seen.note(&tx, &pen).await?;
            Ok(found)
        })
        .await
}

/// The caller's own offer, about to change.
async fn own(tx: &Tx, caller: &Caller, id: OfferId) -> AppResult<Offer> {
    let offer = match offers::get_to_change(tx, caller.actor.into(), id).await {
        Err(StoreError::NotFound) => return Err(AppError::NotFound { what: "offer" }),
        found => found?.record,
    };
    require(caller, Action::Write, Resource::OwnedBy(offer.organisation))?;
    Ok(offer)
}

/// Lets a certificate follow whether a paper of it is filed, and tells what changed by that.
async fn documented(
    tx: &Tx,
    offer: &mut Offer,
    id: CertificateId,
    filed: bool,
    now: domain::time::Instant,
) -> AppResult<Option<Change>> {
    let certificate = certificates::find(offer, id)?;
    let before = certificate.status;
    certificate.follow_evidence(filed);
    let after = certificate.status;
    if before == after {
        return Ok(None);
    }
    offers::update(tx, Scope::Operator, offer, now).await?;
    Ok(Some(Change::of("status", before.as_str(), after.as_str())))
}

fn deed(act: Act, evidence: &Evidence, offer: &Offer, changes: Vec<Change>) -> Deed {
    Deed { act, record: RecordKind::Evidence, id: evidence.id.0, owner: Some(offer.organisation), changes }
}

/// An offer whose evidence the caller may see, and as whom.
pub(crate) struct Seen {
    pub(crate) offer: Offer,
    pub(crate) audience: Audience,
    of_match: Option<MatchId>,
}

impl Seen {
    pub(crate) async fn by(tx: &Tx, caller: &Caller, id: OfferId, now: domain::time::Instant) -> AppResult<Self> {
        let missing = || AppError::NotFound { what: "offer" };
        let offer = match offers::get(tx, Scope::Operator, id).await {
            Err(StoreError::NotFound) => return Err(missing()),
            found => found?.record,
        };
        let owner = storage::organisations::get(tx, Scope::Operator, offer.organisation).await?.record;
        let mut of_match = None;
        let audience = match (policy::audience(caller, &owner), caller.actor) {
            (Some(Audience::OwnCluster), Actor::Organisation(cluster)) => {
                require_verified(tx, cluster, now).await.ok().map(|()| Audience::OwnCluster)
            }
            (Some(audience), _) => Some(audience),
            (None, Actor::Organisation(buyer)) => {
                require(caller, Action::Read, Resource::OwnedBy(buyer))?;
                of_match = store::opened_match(tx, id, buyer, now).await?;
                of_match.map(|_| Audience::Counterparty)
            }
            (None, Actor::Operator | Actor::Nobody) => None,
        };
        let audience = audience.filter(|audience| offer.terms.disclosure.sees(*audience, FieldGroup::Evidence));
        Ok(Self { audience: audience.ok_or_else(missing)?, offer, of_match })
    }

    /// Notes the opening where the owner reads it; nothing where it is his own, or the operator's.
    pub(crate) async fn note(&self, tx: &Tx, pen: &Pen) -> AppResult<()> {
        match self.audience {
            Audience::Owner | Audience::Operator => return Ok(()),
            Audience::OwnCluster
            | Audience::Buyer
            | Audience::Counterparty
            | Audience::Issuer
            | Audience::Network
            | Audience::Public => {}
        }
        let changes = opened(self.audience, &[FieldGroup::Evidence], self.of_match);
        let (record, owner) = (RecordKind::Offer, Some(self.offer.organisation));
        pen.note(tx, [Deed { act: Act::Open, record, id: self.offer.id.0, owner, changes }]).await
    }
}
