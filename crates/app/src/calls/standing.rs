//! How the answering of a call stands.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    call::{
        Call, Invitation,
        answer::Answer,
        standing::{Asked, Counted, Outcome, Tally, Who, asked},
    },
    code::RegionCode,
    ids::{CallId, OrganisationId},
    organisation::{Organisation, OrganisationKind, Verification},
};
use storage::{Reads, Scope, calls as store, organisations, sites};

use super::{not_found, of_issuer, reader_of};
use crate::{App, Tables, access::Caller, error::AppResult, policy::Action};

/// Everything that an issuer's figures are made of.
pub(crate) struct Standing {
    pub(crate) invitations: Vec<Invitation>,
    pub(crate) answers: Vec<Answer>,
    pub(crate) known: BTreeMap<OrganisationId, Who>,
}

impl Standing {
    pub(crate) async fn read(reader: &impl Reads, tables: &Tables, call: &Call) -> AppResult<Self> {
        let invitations = store::invitations::of(reader, call.id).await?;
        let answers = store::answers::of(reader, call.id).await?;
        let asked = invitations.iter().flat_map(|i| [Some(i.organisation), i.through]).flatten();
        let ids: BTreeSet<OrganisationId> = asked.chain(Counted::of(&answers).organisations()).collect();
        let found = organisations::get_many(reader, Scope::Operator, ids.iter().copied()).await?;
        let ids: Vec<OrganisationId> = ids.into_iter().collect();
        let mut first: BTreeMap<OrganisationId, RegionCode> = BTreeMap::new();
        for site in sites::of_organisations(reader, Scope::Operator, &ids).await? {
            if let Some(region) = site.record.region {
                first.entry(site.record.organisation).or_insert(region);
            }
        }
        let who = |o: Organisation| {
            let country = || tables.regions.country(o.country.as_str()).map(|country| country.region.clone());
            let region = first.get(&o.id).cloned().or_else(country);
            let region = region.and_then(|code| tables.regions.at_level(&code, 2)).map(|region| region.code.clone());
            let listed = o.kind == OrganisationKind::Cluster && o.verification == Verification::Operator;
            (o.id, Who { name: o.name, kind: o.kind, listed, clusters: o.clusters, region })
        };
        Ok(Self { invitations, answers, known: found.into_iter().map(who).collect() })
    }

    pub(crate) fn asked(&self, call: &Call) -> Vec<Asked> {
        asked(call.organisation, &self.invitations, &Counted::of(&self.answers), &self.known)
    }

    /// Those who were invited and from whom nothing came.
    pub(crate) fn silent(&self) -> Vec<OrganisationId> {
        let counted = Counted::of(&self.answers);
        let is_silent = |id: &OrganisationId| {
            let kind = self.known.get(id).map_or(OrganisationKind::Firm, |who| who.kind);
            counted.outcome(*id, kind).0 == Outcome::Silent
        };
        self.invitations.iter().map(|invitation| invitation.organisation).filter(is_silent).collect()
    }
}

/// How the answering of a call stands, by cluster and by region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// All together.
    pub total: Tally,
    /// Each invited cluster, and each whose members were invited, in the order of their names.
    pub clusters: Vec<ClusterProgress>,
    /// Firms and authorities of none of these.
    pub others: Tally,
    /// By the region of each one's first site, level 2 or coarser.
    pub regions: BTreeMap<Option<RegionCode>, Tally>,
}

/// How it stands in a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterProgress {
    /// The cluster.
    pub cluster: OrganisationId,
    /// Its name.
    pub name: String,
    /// What came of asking the cluster itself; `None` where it was not asked and did not answer.
    pub outcome: Option<Outcome>,
    /// Its members. One that belongs to several stands in each.
    pub members: Tally,
}

/// How the answering of a call stands, for its issuer.
///
/// # Errors
/// `NotFound` and `Forbidden` for all but its issuer.
pub async fn progress(app: &App, caller: &Caller, id: CallId) -> AppResult<Progress> {
    let who = reader_of(&app.store, caller, app.clock.now()).await?;
    let call = store::get(&app.store, &who, id).await.map_err(not_found)?.record;
    of_issuer(caller, Action::Read, &call)?;
    let standing = Standing::read(&app.store, &app.tables(), &call).await?;
    let (asked, counted) = (standing.asked(&call), Counted::of(&standing.answers));
    let invited = |id: &OrganisationId| standing.invitations.iter().any(|i| i.organisation == *id);
    let of_kind = |who: &Who| who.kind == OrganisationKind::Cluster;
    let listed: BTreeSet<OrganisationId> = asked.iter().flat_map(|asked| asked.clusters.iter().copied()).collect();
    let own = standing.known.iter().filter(|(id, who)| of_kind(who) && (listed.contains(id) || invited(id)));
    let mut clusters: Vec<ClusterProgress> = own
        .map(|(id, who)| {
            let (outcome, _) = counted.outcome(*id, who.kind);
            let members = Tally::of(asked.iter().filter(|asked| asked.clusters.contains(id)));
            let outcome = (invited(id) || outcome != Outcome::Silent).then_some(outcome);
            ClusterProgress { cluster: *id, name: who.name.clone(), outcome, members }
        })
        .collect();
    clusters.sort_by(|a, b| (&a.name, a.cluster).cmp(&(&b.name, b.cluster)));
    let mut regions: BTreeMap<Option<RegionCode>, Tally> = BTreeMap::new();
    for asked in &asked {
        regions.entry(asked.region.clone()).or_default().count(asked);
    }
    let alone = |asked: &&Asked| asked.kind != OrganisationKind::Cluster && asked.clusters.is_empty();
    Ok(Progress { total: Tally::of(&asked), clusters, others: Tally::of(asked.iter().filter(alone)), regions })
}
