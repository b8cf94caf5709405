//! How the answering of a call stands: whose answer counts, who was asked, and who is silent.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    Invitation,
    answer::{Answer, AnswerKind, Said},
};
use crate::{
    code::RegionCode,
    ids::{OfferId, OrganisationId},
    organisation::OrganisationKind,
    time::Instant,
};

/// What is known of an organisation that was asked or answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// Its name.
    pub name: String,
    /// Firm, cluster or authority.
    pub kind: OrganisationKind,
    /// Whether everybody reads its name in the directory.
    pub listed: bool,
    /// The clusters it is a member of.
    pub clusters: Vec<OrganisationId>,
    /// The region of its first site, level 2 or coarser; `None` where none is known.
    pub region: Option<RegionCode>,
}

/// What came of asking an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Offers.
    Answered,
    /// Nothing to offer.
    Nothing,
    /// A refusal.
    Refused,
    /// Not a word.
    Silent,
}

impl Outcome {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Nothing => "nothing_to_offer",
            Self::Refused => "refused",
            Self::Silent => "silent",
        }
    }
}

/// An organisation that was asked or answered, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Which; `None` where the issuer does not learn it: a member of a cluster that was invited as such, and is silent.
    pub organisation: Option<OrganisationId>,
    /// Its name; `None` while it is silent and no cluster of the directory, since nobody learns from a call who is registered.
    pub name: Option<String>,
    /// Firm, cluster or authority.
    pub kind: OrganisationKind,
    /// Whether it was invited itself; others answered since they see the call, or through a cluster.
    pub invited: bool,
    /// The invited clusters it belongs to, among them the one through which it was invited.
    pub clusters: Vec<OrganisationId>,
    /// The region of its first site, level 2 or coarser.
    pub region: Option<RegionCode>,
    /// What came of it.
    pub outcome: Outcome,
    /// Why it refused.
    pub reason: Option<String>,
    /// Who answered for it, where it was not itself.
    pub answered_by: Option<OrganisationId>,
    /// When.
    pub answered_at: Option<Instant>,
    /// What it said to the questions.
    pub answers: BTreeMap<String, Said>,
}

/// The answers that count. What an organisation says itself goes before what others say for it; of the others the last
/// goes before.
#[derive(Debug)]
pub struct Counted<'a> {
    own: BTreeMap<OrganisationId, &'a Answer>,
    for_it: BTreeMap<OrganisationId, &'a Answer>,
    /// By whom offers of an organisation stand in an answer of its cluster's own, and the last of those answers.
    in_others: BTreeMap<OrganisationId, &'a Answer>,
    /// Who answered for somebody else.
    spokesmen: BTreeMap<OrganisationId, &'a Answer>,
}

impl<'a> Counted<'a> {
    /// Of all answers to one call.
    pub fn of(answers: &'a [Answer]) -> Self {
        let mut sorted: Vec<&Answer> = answers.iter().collect();
        sorted.sort_by_key(|answer| (answer.updated_at, answer.id));
        let mut counted = Self {
            own: BTreeMap::new(),
            for_it: BTreeMap::new(),
            in_others: BTreeMap::new(),
            spokesmen: BTreeMap::new(),
        };
        for answer in sorted {
            if answer.is_own() {
                counted.own.insert(answer.organisation, answer);
            } else {
                counted.for_it.insert(answer.organisation, answer);
                counted.spokesmen.insert(answer.by, answer);
            }
            for (_, owner) in answer.offers.iter().filter(|(_, owner)| *owner != answer.organisation) {
                counted.in_others.insert(*owner, answer);
            }
        }
        counted
    }

    /// The answer that counts of an organisation, if it or somebody for it gave one.
    pub fn answer(&self, of: OrganisationId) -> Option<&'a Answer> {
        self.own.get(&of).or_else(|| self.for_it.get(&of)).copied()
    }

    /// The offers that count, with the answer that each stands in; each once.
    pub fn offers(&self) -> BTreeMap<OfferId, &'a Answer> {
        let mut found = BTreeMap::new();
        let all = self.for_it.values().chain(self.own.values()).copied();
        for answer in all {
            for (offer, owner) in &answer.offers {
                // What its owner says itself goes before what others put.
                let overruled = match self.own.get(owner) {
                    Some(own) => own.id != answer.id,
                    None => false,
                };
                if !overruled {
                    found.insert(*offer, answer);
                }
            }
        }
        found
    }

    /// The answers that count, one of each organisation.
    pub fn answers(&self) -> impl Iterator<Item = &'a Answer> {
        let for_it = self.for_it.iter().filter(|(of, _)| !self.own.contains_key(of)).map(|(_, answer)| answer);
        self.own.values().chain(for_it).copied()
    }

    /// What came of asking an organisation, and the answer that says so.
    pub fn outcome(&self, of: OrganisationId, kind: OrganisationKind) -> (Outcome, Option<&'a Answer>) {
        if let Some(answer) = self.answer(of) {
            let outcome = match answer.kind {
                AnswerKind::Offers => Outcome::Answered,
                AnswerKind::Nothing => Outcome::Nothing,
                AnswerKind::Refused => Outcome::Refused,
            };
            return (outcome, Some(answer));
        }
        // A cluster that answered for a member, and a firm whose offers its cluster put.
        let by_others = match kind {
            OrganisationKind::Cluster => self.spokesmen.get(&of),
            OrganisationKind::Firm | OrganisationKind::Authority | OrganisationKind::Portal => self.in_others.get(&of),
        };
        by_others.map_or((Outcome::Silent, None), |answer| (Outcome::Answered, Some(*answer)))
    }

    /// Everybody who answered, or for whom somebody else did.
    pub fn organisations(&self) -> BTreeSet<OrganisationId> {
        self.own.keys().chain(self.for_it.keys()).chain(self.in_others.keys()).copied().collect()
    }
}

/// Who was asked or answered, and what came of it, in the order of names as far as they are told.
pub fn asked(
    issuer: OrganisationId,
    invitations: &[Invitation],
    counted: &Counted<'_>,
    known: &BTreeMap<OrganisationId, Who>,
) -> Vec<Asked> {
    let mut found: Vec<Asked> = asked_of(issuer, invitations, counted, known).into_values().collect();
    found.sort_by(|a, b| (a.name.is_none(), &a.name, a.organisation).cmp(&(b.name.is_none(), &b.name, b.organisation)));
    found
}

/// As [`asked`], by organisation, also where the issuer does not learn which it is.
pub fn asked_of(
    issuer: OrganisationId,
    invitations: &[Invitation],
    counted: &Counted<'_>,
    known: &BTreeMap<OrganisationId, Who>,
) -> BTreeMap<OrganisationId, Asked> {
    let invited: BTreeMap<OrganisationId, &Invitation> = invitations.iter().map(|i| (i.organisation, i)).collect();
    let everybody: BTreeSet<OrganisationId> = invited.keys().copied().chain(counted.organisations()).collect();
    let mut found = BTreeMap::new();
    for id in everybody {
        let Some(who) = known.get(&id) else { continue };
        let invitation = invited.get(&id);
        let (outcome, answer) = counted.outcome(id, who.kind);
        let through = invitation.and_then(|invitation| invitation.through);
        let is_known = outcome != Outcome::Silent || who.listed || through == Some(issuer);
        let told = is_known || through.is_none();
        let clusters = who.clusters.iter().copied().filter(|cluster| invited.contains_key(cluster)).chain(through);
        let clusters: BTreeSet<OrganisationId> = clusters.collect();
        let of_it = answer.filter(|answer| answer.organisation == id);
        let asked = Asked {
            organisation: told.then_some(id),
            name: is_known.then(|| who.name.clone()),
            kind: who.kind,
            invited: invitation.is_some(),
            clusters: clusters.into_iter().collect(),
            region: who.region.clone(),
            outcome,
            reason: of_it.and_then(|answer| answer.content.reason.clone()),
            answered_by: answer.map(|answer| answer.by).filter(|by| *by != id),
            answered_at: answer.map(|answer| answer.updated_at),
            answers: of_it.map(|answer| answer.content.answers.clone()).unwrap_or_default(),
        };
        found.insert(id, asked);
    }
    found
}

/// How many were asked or answered, by what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Invited.
    pub invited: u32,
    /// Not invited themselves, and answered all the same.
    pub uninvited: u32,
    /// Answered with offers.
    pub answered: u32,
    /// Have nothing to offer.
    pub nothing: u32,
    /// Refused.
    pub refused: u32,
    /// Are silent.
    pub silent: u32,
}

impl Tally {
    /// With one more.
    pub fn count(&mut self, asked: &Asked) {
        let by_invitation = if asked.invited { &mut self.invited } else { &mut self.uninvited };
        *by_invitation += 1;
        let by_outcome = match asked.outcome {
            Outcome::Answered => &mut self.answered,
            Outcome::Nothing => &mut self.nothing,
            Outcome::Refused => &mut self.refused,
            Outcome::Silent => &mut self.silent,
        };
        *by_outcome += 1;
    }

    /// Of a list.
    pub fn of<'a>(asked: impl IntoIterator<Item = &'a Asked>) -> Self {
        let mut tally = Self::default();
        asked.into_iter().for_each(|asked| tally.count(asked));
        tally
    }
}
