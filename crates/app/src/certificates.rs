//! Certificates of offers: what speaks against one when it is stated, and what reviewers find of it.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    audit::{Act, Change, RecordKind},
    certificate::{self, Certificate, CertificateStatus, Doubt, Finding, Reviewer},
    disclosure::Audience,
    evidence::Evidence,
    ids::{CertificateId, OfferId, OrganisationId},
    link::MailKind,
    offer::{Offer, OfferState, Role},
    organisation::{Organisation, OrganisationKind, Verification},
    text,
    time::{Day, Instant},
    violation::Violations,
};
use storage::{Scope, StoreError, Stored, Tx, certificates as store, evidence, memberships, notified_bodies, offers};

use crate::{
    App, Tables,
    access::Caller,
    audit::{Deed, Pen},
    error::{AppError, AppResult},
    evidence::Seen,
    mails,
    memberships::require_verified,
    policy::{Action, Actor, Resource, require},
    risks,
};

/// The certificates of an offer that are new, or say something else than before, by their places.
pub(crate) struct Stated<'a> {
    pub(crate) offer: &'a mut Offer,
    pub(crate) places: Vec<usize>,
}

/// Lets certificates wait for a reviewer that something speaks against: the list of notified bodies, where the operator
/// keeps one, or another organisation that states the same number.
pub(crate) async fn doubt(tx: &Tx, tables: &Tables, today: Day, stated: &mut [Stated<'_>]) -> AppResult<()> {
    let kind = |certificate: &Certificate| tables.catalogue.certificate_kind(certificate.kind.as_str());
    let key = |certificate: &Certificate, role: Role| {
        let numbered = kind(certificate).is_some_and(|kind| !kind.is_numbered_by_body());
        certificate::number_key(certificate, role).filter(|_| numbered)
    };
    let (mut bodies, mut numbers) = (BTreeSet::new(), BTreeSet::new());
    for Stated { offer, places } in stated.iter() {
        for certificate in places.iter().filter_map(|at| offer.terms.certificates.get(*at)) {
            let body = kind(certificate).and_then(|kind| certificate::body_number(certificate, kind));
            bodies.extend(body.map(str::to_owned));
            numbers.extend(key(certificate, offer.terms.role));
        }
    }
    let listed = if bodies.is_empty() { None } else { notified_bodies::listed(tx, bodies).await? };
    let mut stated_by = store::stated_by(tx, &numbers).await?;
    for Stated { offer, places } in stated {
        let (owner, role, product) = (offer.organisation, offer.terms.role, offer.terms.product.clone());
        for at in places.iter() {
            let Some(certificate) = offer.terms.certificates.get_mut(*at) else { continue };
            let Some(kind) = kind(certificate) else { continue };
            if let Some(listed) = &listed {
                let entry = certificate::body_number(certificate, kind).and_then(|number| listed.get(number));
                let demanded = &tables.catalogue.parts().product_certificates;
                let frames = demanded.iter().filter(|(p, _, k, _)| *p == product && *k == kind.code);
                let frames: Vec<&str> = frames.map(|(_, frame, ..)| frame.as_str()).collect();
                if let Some(doubt) = Doubt::of_body(certificate, kind, entry, &frames, today) {
                    certificate.add_doubt(&doubt);
                }
            }
            if let Some(key) = key(certificate, role) {
                let owners = stated_by.entry(key).or_default();
                if owners.iter().any(|other| *other != owner) {
                    certificate.add_doubt(&Doubt::NumberElsewhere);
                }
                // Of several in one file the later ones are told.
                owners.insert(owner);
            }
        }
    }
    Ok(())
}

/// What an owner may not state of his certificates: the paper of somebody else as a maker's own, and that a paper is on
/// file which is not. `before` are those of before, `filed` those with evidence.
pub(crate) fn faults(
    owner: &Organisation,
    (role, certificates): (Role, &[Certificate]),
    before: &[Certificate],
    filed: &BTreeSet<CertificateId>,
) -> Violations {
    let mut faults = Violations::new();
    let before: BTreeMap<Option<CertificateId>, &Certificate> = before.iter().map(|c| (c.id, c)).collect();
    for (at, certificate) in certificates.iter().enumerate() {
        if let Some(detail) = misheld(&owner.name, role, certificate) {
            faults.push(format!("/certificates/{at}/holder"), "not_the_holder", detail);
        }
        let stood =
            before.get(&certificate.id).is_some_and(|old| old.status.as_stated() == CertificateStatus::Documented);
        let there = stood || certificate.id.is_some_and(|id| filed.contains(&id));
        if certificate.status == CertificateStatus::Documented && !there {
            let detail = "no paper is on file; write claimed, and file the paper as evidence: that makes it documented";
            faults.push(format!("/certificates/{at}/status"), "evidence_missing", detail);
        }
    }
    faults
}

/// Why a certificate cannot be an organisation's, if it cannot (field case CER-05).
pub(crate) fn misheld(name: &str, role: Role, certificate: &Certificate) -> Option<String> {
    let holder = certificate.holder.as_deref().filter(|_| role == Role::Maker)?;
    (text::fold(holder) != text::fold(name)).then(|| {
        format!("{holder:?} is not the organisation, which offers as a maker; write its own name, or the role trader")
    })
}

/// A certificate with the papers that are filed of it.
#[derive(Debug, Clone)]
pub struct Filed {
    /// The offer that states it.
    pub offer: OfferId,
    /// The certificate.
    pub certificate: Certificate,
    /// Its files, the oldest first.
    pub evidence: Vec<Evidence>,
}

/// A certificate, to whoever may open the evidence of its offer; noted as an opening. A cluster sees none of a draft.
///
/// # Errors
/// `NotFound` for others.
pub async fn get(app: &App, caller: &Caller, (offer, id): (OfferId, CertificateId)) -> AppResult<Filed> {
    let (caller, pen, now) = (caller.clone(), Pen::of(app, caller), app.clock.now());
    app.store
        .write(move |tx| async move {
            let mut seen = Seen::by(&tx, &caller, offer, now).await?;
            if seen.audience == Audience::OwnCluster && seen.offer.state == OfferState::Draft {
                return Err(AppError::NotFound { what: "offer" });
            }
            let certificate = find(&mut seen.offer, id)?.clone();
            seen.note(&tx, &pen).await?;
            Ok(Filed { offer, certificate, evidence: evidence::of(&tx, id).await? })
        })
        .await
}

/// As what a caller looks at somebody else's certificates; `None` where he may not know of them.
async fn reviewer(
    tx: &Tx,
    caller: &Caller,
    owner: &Organisation,
    offer: OfferId,
    now: Instant,
) -> AppResult<Option<Reviewer>> {
    let own = match caller.actor {
        Actor::Operator => return Ok(Some(Reviewer::Operator)),
        Actor::Organisation(own) => own,
        Actor::Nobody => return Ok(None),
    };
    // What a reviewer may is for its own people.
    if caller.behalf.is_some() || own == owner.id {
        return Ok(None);
    }
    let organisation = storage::organisations::get(tx, Scope::Operator, own).await?.record;
    match organisation.kind {
        OrganisationKind::Cluster => {
            let member = memberships::is_member(tx, own, owner.id, now).await?;
            Ok((member && require_verified(tx, own, now).await.is_ok()).then_some(Reviewer::Cluster))
        }
        OrganisationKind::Authority if organisation.verification == Verification::Operator => {
            Ok(evidence::opened_match(tx, offer, own, now).await?.map(|_| Reviewer::Authority))
        }
        OrganisationKind::Authority | OrganisationKind::Firm | OrganisationKind::Portal => Ok(None),
    }
}

/// Notes what the caller found of a certificate: `checked`, `confirmed` or `rejected`.
///
/// # Errors
/// `NotFound` for whoever may not know of it; `Forbidden` for its owner and for a cluster that would confirm, or undo
/// what an authority or the operator found; `Conflict` while it is only applied for; `Invalid` for another status or a
/// note that cannot be stored.
pub async fn review(
    app: &App,
    caller: &Caller,
    (offer, id): (OfferId, CertificateId),
    status: CertificateStatus,
    note: &str,
) -> AppResult<Stored<Offer>> {
    if let Actor::Organisation(own) = caller.actor {
        require(caller, Action::Write, Resource::OwnedBy(own))?;
    }
    let note = text::note("/note", note)?;
    let (this, caller, pen, now) = (app.clone(), caller.clone(), Pen::of(app, caller), app.clock.now());
    let reviewed = app.store.write(move |tx| async move {
        let missing = || AppError::NotFound { what: "offer" };
        let found = match offers::get(&tx, Scope::Operator, offer).await {
            Err(StoreError::NotFound) => return Err(missing()),
            found => found?.record,
        };
        let owner = storage::organisations::get(&tx, Scope::Operator, found.organisation).await?.record;
        if caller.actor.organisation() == Some(owner.id) {
            let detail = "somebody else looks at an organisation's certificates; file the paper as evidence";
            return Err(AppError::Forbidden { detail: detail.to_owned() });
        }
        let by = reviewer(&tx, &caller, &owner, offer, now).await?.ok_or_else(missing)?;
        // A cluster is locked before any record, here as elsewhere.
        let mut stored = offers::get_to_change(&tx, Scope::Operator, offer).await?;
        let certificate = find(&mut stored.record, id)?;
        let before = certificate.status;
        let finding = Finding { by, on: now.day(), note };
        find_of(certificate, status, finding)?;
        storage::offers::update(&tx, Scope::Operator, &stored.record, now).await?;
        stored.updated_at = now;
        let changes = vec![Change::to("offer", offer), Change::of("status", before.as_str(), status.as_str())];
        let mut deeds = vec![deed(Act::Review, id, owner.id, changes)];
        deeds.extend(risks::follow(&this, &tx, offer, now).await?);
        tell(&this, &tx, (owner.id, offer), now).await?;
        pen.note(&tx, deeds).await?;
        Ok(stored)
    });
    let reviewed = reviewed.await?;
    mails::ring(app);
    Ok(reviewed)
}

/// Writes a finding into a certificate, if that reviewer may.
fn find_of(certificate: &mut Certificate, status: CertificateStatus, finding: Finding) -> AppResult<()> {
    let by = finding.by;
    let forbidden = |detail: &str| Err(AppError::Forbidden { detail: detail.to_owned() });
    if certificate.finding.as_ref().is_some_and(|old| !by.outranks(old.by)) {
        return forbidden("an authority or the operator looked at it, and no cluster undoes what they found");
    }
    if !by.may_find(status) {
        return forbidden("a cluster checks or rejects; to confirm is for an authority or the operator");
    }
    if certificate.status.is_pending() && status != CertificateStatus::Rejected {
        let detail =
            format!("the certificate is only {}, so there is nothing to check yet", certificate.status.as_str());
        return Err(AppError::Conflict { code: "wrong_state", detail });
    }
    (certificate.status, certificate.finding) = (status, Some(finding));
    // Whoever looked at it knows what spoke against it.
    certificate.doubt = None;
    Ok(())
}

/// A certificate of an offer.
pub(crate) fn find(offer: &mut Offer, id: CertificateId) -> AppResult<&mut Certificate> {
    let found = offer.terms.certificates.iter_mut().find(|certificate| certificate.id == Some(id));
    found.ok_or(AppError::NotFound { what: "certificate" })
}

pub(crate) fn deed(act: Act, id: CertificateId, owner: OrganisationId, changes: Vec<Change>) -> Deed {
    Deed { act, record: RecordKind::Certificate, id: id.0, owner: Some(owner), changes }
}

/// Mails the owner's admins that somebody looked.
async fn tell(app: &App, tx: &Tx, (owner, offer): (OrganisationId, OfferId), now: Instant) -> AppResult<()> {
    for admin in storage::roles::admins(tx, owner).await? {
        mails::queue_of(app, tx, (MailKind::Certificate, offer.0), admin, owner, now).await?;
    }
    Ok(())
}
