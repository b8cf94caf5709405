//! Organisations and sites by dense numbers. Who is named before he is told of has a number and is not there yet, so that
//! it does not matter in which order records come.

use std::{collections::HashMap, sync::Arc};

use domain::{
    geo::Place,
    ids::{OrganisationId, SiteId},
    organisation::{Organisation, OrganisationKind, Site, Verification},
};

use crate::{
    intern::{Interner, NONE},
    memory::{map_bytes, vec_bytes},
};

/// Where nothing stands yet, in a column of regions.
const ABSENT: u32 = NONE - 1;

/// What an offer or a need has from its organisation and its site. Every question asks for it, so it stands in each row, and
/// the index keeps it there when one of them is told of anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The region of the site.
    region: u32,
    /// The number of the organisation's set of clusters.
    pub(crate) clusters: u32,
    /// Who vouches for the organisation.
    vouched: Option<Verification>,
}

impl Origin {
    /// Who vouches and where it is, none where nobody knows; nothing unless organisation and site are there.
    #[inline]
    pub(crate) fn known(&self) -> Option<(Verification, u32)> {
        let vouched = self.vouched?;
        (self.region != ABSENT).then_some((vouched, self.region))
    }

    /// The region, where the site is there and it is known.
    #[inline]
    pub(crate) fn region(&self) -> u32 {
        self.region
    }
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Parties {
    ids: Interner<OrganisationId>,
    kinds: Vec<Option<OrganisationKind>>,
    vouched: Vec<Option<Verification>>,
    /// Sets of clusters, sorted, by dense numbers, and the set of each organisation: there are far fewer sets than members.
    sets: Interner<Arc<[u32]>>,
    sets_of: Vec<u32>,
    /// By cluster the sets that hold it.
    holding: HashMap<u32, Vec<u32>>,
    /// Numbers of their countries.
    countries: Vec<u32>,
    site_ids: Interner<SiteId>,
    regions: Vec<u32>,
    places: Vec<Option<Place>>,
}

/// Puts something at a place of a column, which grows as needed.
fn put<T: Clone>(column: &mut Vec<T>, at: u32, nothing: T, item: T) {
    if column.len() <= at as usize {
        column.resize(at as usize + 1, nothing);
    }
    if let Some(place) = column.get_mut(at as usize) {
        *place = item;
    }
}

impl Parties {
    /// The number of an organisation, whether it is there or not.
    pub(crate) fn number(&mut self, id: OrganisationId) -> u32 {
        self.ids.intern(&id)
    }

    pub(crate) fn find(&self, id: OrganisationId) -> Option<u32> {
        self.ids.find(&id)
    }

    pub(crate) fn id(&self, organisation: u32) -> Option<OrganisationId> {
        self.ids.get(organisation).copied()
    }

    pub(crate) fn site_number(&mut self, id: SiteId) -> u32 {
        self.site_ids.intern(&id)
    }

    /// Takes an organisation of a country, and says whether anything that totals depend on is otherwise than before.
    pub(crate) fn enter(&mut self, organisation: &Organisation, country: u32) -> bool {
        let at = self.number(organisation.id);
        let before = (self.kind(at), self.vouched(at), self.clusters_number(at));
        let mut clusters: Vec<u32> = organisation.clusters.iter().map(|c| self.number(*c)).collect();
        clusters.sort_unstable();
        clusters.dedup();
        let (before_it, set) = (self.cluster_sets(), self.sets.intern(&Arc::from(clusters)));
        if set as usize >= before_it {
            let clusters = self.sets.get(set).into_iter().flat_map(|set| set.iter());
            clusters.for_each(|cluster| self.holding.entry(*cluster).or_default().push(set));
        }
        put(&mut self.kinds, at, None, Some(organisation.kind));
        put(&mut self.sets_of, at, NONE, set);
        put(&mut self.vouched, at, None, Some(organisation.verification));
        put(&mut self.countries, at, NONE, country);
        before != (self.kind(at), self.vouched(at), self.clusters_number(at))
    }

    pub(crate) fn leave(&mut self, id: OrganisationId) {
        if let Some(at) = self.find(id) {
            put(&mut self.kinds, at, None, None);
            put(&mut self.sets_of, at, NONE, NONE);
            put(&mut self.vouched, at, None, None);
        }
    }

    /// Takes a site, and says whether its region is another than before.
    pub(crate) fn enter_site(&mut self, site: &Site, region: Option<u32>) -> bool {
        let at = self.site_number(site.id);
        let before = self.region(at);
        put(&mut self.regions, at, ABSENT, region.unwrap_or(NONE));
        put(&mut self.places, at, None, site.point.map(Place::new));
        self.region(at) != before
    }

    pub(crate) fn leave_site(&mut self, id: SiteId) {
        if let Some(at) = self.site_ids.find(&id) {
            put(&mut self.regions, at, ABSENT, ABSENT);
            put(&mut self.places, at, None, None);
        }
    }

    /// What an organisation is, if it is there.
    pub(crate) fn kind(&self, organisation: u32) -> Option<OrganisationKind> {
        self.kinds.get(organisation as usize).copied().flatten()
    }

    /// The clusters of an organisation.
    #[inline]
    pub(crate) fn clusters(&self, organisation: u32) -> &[u32] {
        self.clusters_of(self.clusters_number(organisation))
    }

    /// The number of its set of clusters; none where it is not there.
    #[inline]
    pub(crate) fn clusters_number(&self, organisation: u32) -> u32 {
        self.sets_of.get(organisation as usize).copied().unwrap_or(NONE)
    }

    /// The clusters of a set.
    #[inline]
    pub(crate) fn clusters_of(&self, set: u32) -> &[u32] {
        self.sets.get(set).map_or(&[], |set| set)
    }

    /// The sets that hold a cluster.
    pub(crate) fn sets_with(&self, cluster: u32) -> &[u32] {
        self.holding.get(&cluster).map_or(&[], Vec::as_slice)
    }

    /// How many sets of clusters there are.
    pub(crate) fn cluster_sets(&self) -> usize {
        self.sets.items().len()
    }

    /// Who vouches for an organisation, if it is there.
    #[inline]
    fn vouched(&self, organisation: u32) -> Option<Verification> {
        self.vouched.get(organisation as usize).copied().flatten()
    }

    fn region(&self, site: u32) -> u32 {
        self.regions.get(site as usize).copied().unwrap_or(ABSENT)
    }

    /// What a row of an organisation at a site has from them.
    pub(crate) fn origin(&self, organisation: u32, site: u32) -> Origin {
        let (region, clusters) = (self.region(site), self.clusters_number(organisation));
        Origin { region, clusters, vouched: self.vouched(organisation) }
    }

    /// The number of an organisation's country.
    #[inline]
    pub(crate) fn country(&self, organisation: u32) -> u32 {
        self.countries.get(organisation as usize).copied().unwrap_or(NONE)
    }

    /// The stated place of a site.
    pub(crate) fn place(&self, site: u32) -> Option<Place> {
        self.places.get(site as usize).copied().flatten()
    }

    pub(crate) fn shrink(&mut self) {
        self.ids.shrink();
        self.site_ids.shrink();
        self.kinds.shrink_to_fit();
        self.sets.shrink();
        self.sets_of.shrink_to_fit();
        self.vouched.shrink_to_fit();
        self.regions.shrink_to_fit();
        self.countries.shrink_to_fit();
        self.places.shrink_to_fit();
    }

    pub(crate) fn bytes(&self) -> usize {
        self.ids.bytes(|_| 0)
            + self.site_ids.bytes(|_| 0)
            + vec_bytes(&self.kinds)
            + self.sets.bytes(|set| size_of_val(&**set) + 16)
            + vec_bytes(&self.sets_of)
            + map_bytes(&self.holding)
            + self.holding.values().map(vec_bytes).sum::<usize>()
            + vec_bytes(&self.vouched)
            + vec_bytes(&self.regions)
            + vec_bytes(&self.countries)
            + vec_bytes(&self.places)
    }
}
