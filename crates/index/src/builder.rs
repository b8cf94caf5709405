//! Filling an index, record by record.

use domain::{
    catalogue::Catalogue,
    line::Line,
    market::Commitment,
    mode::MarketMode,
    need::Need,
    offer::Offer,
    organisation::{Organisation, Site},
    region::RegionTable,
};

use crate::{promises::Standing, store::Index};

/// Takes the records of a market one by one, in any order, so that they need not exist all at once.
#[derive(Debug)]
pub struct Builder {
    index: Index,
}

impl Builder {
    /// An empty market over a catalogue and a table of regions, of which it keeps what it needs.
    pub fn new(catalogue: &Catalogue, regions: &RegionTable) -> Self {
        Self { index: Index::new(catalogue, regions) }
    }

    /// Takes the mode of the market, by which figures age; the calm one where nobody says it.
    pub fn mode(&mut self, mode: MarketMode) {
        self.index.set_mode(mode);
    }

    /// Takes an organisation.
    pub fn organisation(&mut self, organisation: &Organisation) {
        self.index.upsert_organisation(organisation);
    }

    /// Takes a site.
    pub fn site(&mut self, site: &Site) {
        self.index.upsert_site(site);
    }

    /// Takes a line.
    pub fn line(&mut self, line: &Line) {
        self.index.upsert_line(line);
    }

    /// Takes an offer.
    pub fn offer(&mut self, offer: &Offer) {
        self.index.upsert_offer(offer);
    }

    /// Takes a need.
    pub fn need(&mut self, need: &Need) {
        self.index.upsert_need(need);
    }

    /// Takes what a match holds or takes.
    pub fn commitment(&mut self, commitment: &Commitment, standing: Standing) {
        self.index.upsert_commitment(commitment, standing);
    }

    /// The index, in order and with no room to spare, as of an event.
    pub fn build(mut self, as_of_event: i64) -> Index {
        self.index.arrange();
        self.index.shrink();
        self.index.set_as_of_event(as_of_event);
        self.index
    }
}
