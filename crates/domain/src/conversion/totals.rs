//! How many organisations could convert, as it is told to whoever sees no rows.
//!
//! Things are counted by product and country, the only cells there are, so that no two answers differ by a few
//! organisations. A cell is open or closed by who is in it, never by who asks.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::OrganisationId;

/// How many organisations must share in a figure.
const FEWEST: usize = 3;

/// Organisations that could convert, each with the clusters that know of it.
pub type Holders = BTreeMap<OrganisationId, BTreeSet<OrganisationId>>;

/// How many of the organisations a reader is told of who knows some of them already; `None` where he is told nothing.
///
/// Nobody is told of a cell that would tell one of those in it, or a cluster of theirs, of fewer than three others: he might
/// ask under another name. Of an open cell a reader is told how many there are beside those he knows, if these are three at
/// least.
pub fn told(holders: &Holders, known: impl Fn(&OrganisationId) -> bool) -> Option<usize> {
    let others = |knows: &dyn Fn(&OrganisationId, &BTreeSet<OrganisationId>) -> bool| {
        holders.iter().filter(|(id, clusters)| !knows(id, clusters)).count()
    };
    let clusters: BTreeSet<OrganisationId> = holders.values().flatten().copied().collect();
    let of_clusters =
        clusters.iter().map(|cluster| others(&|id, clusters| id == cluster || clusters.contains(cluster)));
    // Each in it is one, and knows himself.
    let alone = holders.len().saturating_sub(1);
    let open = alone >= FEWEST && of_clusters.into_iter().all(|rest| rest == 0 || rest >= FEWEST);
    let rest = others(&|id, _| known(id));
    (open && rest >= FEWEST).then_some(rest)
}
