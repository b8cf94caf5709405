//! Organisations and sites by dense numbers. Who is named before he is told of has a number and is not there yet, so that
//! it does not matter in which order records come.

use domain::{
    geo::Point,
    ids::{OrganisationId, SiteId},
    organisation::{Organisation, OrganisationKind, Site, Verification},
};

use crate::{
    intern::{Interner, NONE},
    memory::vec_bytes,
};

/// What is known of an organisation.
#[derive(Debug, Clone)]
pub(crate) struct Party {
    pub(crate) kind: OrganisationKind,
    pub(crate) verification: Verification,
    /// Numbers of the clusters it is an active member of, sorted.
    pub(crate) clusters: Box<[u32]>,
}

/// What is known of a site.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spot {
    pub(crate) region: u32,
    pub(crate) point: Option<Point>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Parties {
    ids: Interner<OrganisationId>,
    parties: Vec<Option<Party>>,
    site_ids: Interner<SiteId>,
    sites: Vec<Option<Spot>>,
}

fn place<T>(list: &mut Vec<Option<T>>, at: u32) -> Option<&mut Option<T>> {
    if list.len() <= at as usize {
        list.resize_with(at as usize + 1, || None);
    }
    list.get_mut(at as usize)
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

    pub(crate) fn enter(&mut self, organisation: &Organisation) {
        let at = self.number(organisation.id);
        let mut clusters: Vec<u32> = organisation.clusters.iter().map(|c| self.number(*c)).collect();
        clusters.sort_unstable();
        clusters.dedup();
        let party =
            Party { kind: organisation.kind, verification: organisation.verification, clusters: clusters.into() };
        if let Some(place) = place(&mut self.parties, at) {
            *place = Some(party);
        }
    }

    pub(crate) fn leave(&mut self, id: OrganisationId) {
        if let Some(party) = self.find(id).and_then(|at| self.parties.get_mut(at as usize)) {
            *party = None;
        }
    }

    pub(crate) fn enter_site(&mut self, site: &Site, region: Option<u32>) {
        let spot = Spot { region: region.unwrap_or(NONE), point: site.point };
        let at = self.site_number(site.id);
        if let Some(place) = place(&mut self.sites, at) {
            *place = Some(spot);
        }
    }

    pub(crate) fn leave_site(&mut self, id: SiteId) {
        if let Some(spot) = self.site_ids.find(&id).and_then(|at| self.sites.get_mut(at as usize)) {
            *spot = None;
        }
    }

    #[inline]
    pub(crate) fn party(&self, organisation: u32) -> Option<&Party> {
        self.parties.get(organisation as usize)?.as_ref()
    }

    #[inline]
    pub(crate) fn site(&self, site: u32) -> Option<&Spot> {
        self.sites.get(site as usize)?.as_ref()
    }

    pub(crate) fn shrink(&mut self) {
        self.ids.shrink();
        self.site_ids.shrink();
        self.parties.shrink_to_fit();
        self.sites.shrink_to_fit();
    }

    pub(crate) fn bytes(&self) -> usize {
        let clusters = self.parties.iter().flatten().map(|party| size_of_val(&*party.clusters)).sum::<usize>();
        self.ids.bytes(|_| 0)
            + self.site_ids.bytes(|_| 0)
            + vec_bytes(&self.parties)
            + vec_bytes(&self.sites)
            + clusters
    }
}
