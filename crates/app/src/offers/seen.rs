//! An offer as somebody else sees it: what its owner previews, and what its readers get, by the same way.

use domain::{
    audit::{Act, Change, RecordKind},
    call::LegalBasis,
    disclosure::{Audience, FieldGroup, Sight},
    ids::{MatchId, NeedId, OfferId, OrganisationId},
    offer::{Offer, OfferState},
    organisation::Organisation,
    region::Region,
};
use storage::{Origin, Reads, Scope, StoreError, Stored, Tx, offers as store};

use super::not_found;
use crate::{
    App, Tables,
    access::Caller,
    audit::{Deed, Pen},
    calls,
    error::{AppError, AppResult},
    memberships,
    policy::{self, Actor},
};

/// The most people who are named as the contact of an organisation.
const MOST_CONTACTS: usize = 10;

/// Somebody who can be reached for an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
}

/// An offer as an audience sees it.
#[derive(Debug, Clone)]
pub struct SeenOffer {
    /// Who looks.
    pub audience: Audience,
    /// What he sees; `None` where he sees nothing of it, or totals and never an offer.
    pub sight: Option<Sight>,
    /// The region that he sees.
    pub region: Option<Region>,
    /// The admins of its owner, where he sees them.
    pub contact: Option<Vec<Contact>>,
    /// Where the record came from, where he sees whose it is.
    pub origin: Option<Origin>,
}

impl SeenOffer {
    /// As an audience sees it, with what is read for that and no more.
    pub(crate) async fn read(
        reader: &impl Reads,
        tables: &Tables,
        audience: Audience,
        offer: &Stored<Offer>,
        owner: &Organisation,
    ) -> AppResult<Self> {
        let site = storage::sites::get(reader, Scope::Operator, offer.record.site).await?.record;
        let sight = Sight::of(audience, (&offer.record, owner, &site), &tables.regions);
        Self::of(reader, tables, (audience, sight), offer).await
    }

    /// As the issuer of a call sees it that the offer answers.
    pub(crate) async fn answered(
        reader: &impl Reads,
        tables: &Tables,
        basis: LegalBasis,
        offer: &Stored<Offer>,
        owner: &Organisation,
    ) -> AppResult<Self> {
        let site = storage::sites::get(reader, Scope::Operator, offer.record.site).await?.record;
        let sight = Sight::answered(basis, (&offer.record, owner, &site), &tables.regions);
        Self::of(reader, tables, (Audience::Issuer, Some(sight)), offer).await
    }

    async fn of(
        reader: &impl Reads,
        tables: &Tables,
        (audience, sight): (Audience, Option<Sight>),
        offer: &Stored<Offer>,
    ) -> AppResult<Self> {
        let sees = |group| sight.as_ref().is_some_and(|seen| seen.groups.contains(&group));
        let contact = match sees(FieldGroup::Contact) {
            true => Some(contacts(reader, offer.record.organisation).await?),
            false => None,
        };
        let origin = offer.origin.clone().filter(|_| sees(FieldGroup::Identity));
        let region = sight.as_ref().and_then(|seen| tables.regions.get(seen.site.region.as_ref()?)).cloned();
        Ok(Self { audience, sight, region, contact, origin })
    }

    /// What is not shown at all.
    fn nothing(audience: Audience) -> Self {
        Self { audience, sight: None, region: None, contact: None, origin: None }
    }

    /// The groups that lead to whose it is.
    fn named(&self) -> Vec<FieldGroup> {
        let groups = self.sight.iter().flat_map(|seen| &seen.groups).copied();
        groups.filter(|group| group.leads_to_somebody()).collect()
    }
}

/// The admins of an organisation.
pub(crate) async fn contacts(reader: &impl Reads, of: OrganisationId) -> AppResult<Vec<Contact>> {
    let mut found = Vec::new();
    for id in storage::roles::admins(reader, of).await?.into_iter().take(MOST_CONTACTS) {
        let (person, _) = storage::people::get(reader, id).await?;
        found.push(Contact { name: person.name, email: person.email.as_str().to_owned() });
    }
    Ok(found)
}

/// What an audience sees of an offer; its owner asks, and the operator.
///
/// # Errors
/// `NotFound` outside of what the actor may see.
pub async fn preview(app: &App, caller: &Caller, id: OfferId, audience: Audience) -> AppResult<SeenOffer> {
    let offer = store::get(&app.store, caller.actor.into(), id).await.map_err(not_found)?;
    let offer = super::standing(&app.store, offer, app.today()).await?;
    let owner = storage::organisations::get(&app.store, caller.actor.into(), offer.record.organisation).await?;
    let seen = SeenOffer::read(&app.store, &app.tables(), audience, &offer, &owner.record).await?;
    // To buyers what is out of the market is not there, whatever they see of it else.
    if audience == Audience::Buyer && !offer.record.in_market(app.today()) {
        return Ok(SeenOffer::nothing(audience));
    }
    Ok(seen)
}

/// An offer as far as the caller may see it: his own, that of a member of his cluster, or one that answers his call.
///
/// # Errors
/// `NotFound` where it is none of these.
pub async fn view(app: &App, caller: &Caller, id: OfferId) -> AppResult<SeenOffer> {
    let (caller, tables, pen, now) = (caller.clone(), app.tables(), Pen::of(app, caller), app.clock.now());
    app.store
        .write(move |tx| async move {
            let offer = store::get(&tx, Scope::Operator, id).await.map_err(not_found)?;
            let offer = super::standing(&tx, offer, now.day()).await?;
            let owner = storage::organisations::get(&tx, Scope::Operator, offer.record.organisation).await?.record;
            let audience = match (policy::audience(&caller, &owner), caller.actor.organisation()) {
                // What a cluster may ends with its last day, and while nobody vouches for it.
                (Some(Audience::OwnCluster), Some(cluster)) => {
                    memberships::require_verified(&tx, cluster, now).await.ok().map(|()| Audience::OwnCluster)
                }
                (audience, _) => audience,
            };
            // A draft is there for whoever may write it.
            let draft = offer.record.state == OfferState::Draft;
            let audience = audience.filter(|audience| !draft || *audience != Audience::OwnCluster);
            let seen = match audience {
                Some(audience) => SeenOffer::read(&tx, &tables, audience, &offer, &owner).await?,
                None => {
                    let asked = calls::asked_for(&tx, &caller, id).await?;
                    let basis = asked.ok_or(AppError::NotFound { what: "offer" })?;
                    SeenOffer::answered(&tx, &tables, basis, &offer, &owner).await?
                }
            };
            note(&tx, &pen, &caller, (&seen, &offer.record), None).await?;
            Ok(seen)
        })
        .await
}

/// The row of an offer that a buyer was told of; `None` once it is out of the market or kept from him. What the owner
/// shows now is shown, whatever it was when the buyer was told.
pub(crate) async fn row(
    app: &App,
    caller: &Caller,
    (buyer, need): (OrganisationId, NeedId),
    id: OfferId,
) -> AppResult<Option<SeenOffer>> {
    let (caller, tables, pen, today) = (caller.clone(), app.tables(), Pen::of(app, caller), app.today());
    app.store
        .write(move |tx| async move {
            let offer = match store::get(&tx, Scope::Operator, id).await {
                Err(StoreError::NotFound) => return Ok(None),
                found => super::standing(&tx, found?, today).await?,
            };
            let owner = storage::organisations::get(&tx, Scope::Operator, offer.record.organisation).await?.record;
            // A buyer is who has an open need that nobody refused to serve, whatever it was in the run.
            let need = storage::needs::get(&tx, Scope::Organisation(buyer), need).await?.record;
            if !need.is_matchable() || storage::matches::is_refused(&tx, id, need.id).await? {
                return Ok(None);
            }
            let buyer = storage::organisations::get(&tx, Scope::Operator, buyer).await?.record;
            if !offer.record.in_market(today) || !matching::shown_to(&offer.record, &owner, &buyer) {
                return Ok(None);
            }
            let seen = SeenOffer::read(&tx, &tables, Audience::Buyer, &offer, &owner).await?;
            note(&tx, &pen, &caller, (&seen, &offer.record), None).await?;
            Ok(Some(seen))
        })
        .await
}

/// Notes that somebody was shown whose an offer is; nothing where he was not, or it is his own, or he runs the service.
pub(crate) async fn note(
    tx: &Tx,
    pen: &Pen,
    caller: &Caller,
    (seen, offer): (&SeenOffer, &Offer),
    of_match: Option<MatchId>,
) -> AppResult<()> {
    let groups = seen.named();
    if groups.is_empty()
        || matches!(caller.actor, Actor::Operator)
        || caller.actor.organisation() == Some(offer.organisation)
    {
        return Ok(());
    }
    let (record, owner, id) = (RecordKind::Offer, Some(offer.organisation), offer.id.0);
    let changes = opened(seen.audience, &groups, of_match);
    pen.note(tx, [Deed { act: Act::Open, record, id, owner, changes }]).await
}

/// What an opening tells in the audit log.
pub(crate) fn opened(audience: Audience, groups: &[FieldGroup], of_match: Option<MatchId>) -> Vec<Change> {
    let groups: Vec<&str> = groups.iter().map(|group| group.as_str()).collect();
    let mut told = vec![Change::to("audience", audience.as_str()), Change::to("groups", groups.join(","))];
    told.extend(of_match.map(|id| Change::to("match", id)));
    told
}
