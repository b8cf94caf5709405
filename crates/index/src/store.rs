//! The index itself, and its changes.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use domain::{
    catalogue::Catalogue,
    code::{FeatureCode, GradeCode, ProductCode},
    feature::FeatureValue,
    ids::{InstalmentId, LineId, MatchId, NeedId, OfferId, OrganisationId, SiteId},
    line::Line,
    market::Commitment,
    mode::MarketMode,
    need::Need,
    offer::Offer,
    organisation::{Organisation, Site},
    price::Price,
    region::RegionTable,
    time::Day,
    unit::BaseUnit,
};

use crate::{
    answer::FIGURES,
    curve::{Curve, Curves},
    cuts::Cuts,
    intern::{Interner, NONE, number},
    memory::{Memory, map_bytes, vec_bytes},
    needs::{NeedRow, Needs},
    network::AtomKey,
    papers::Papers,
    parties::Parties,
    places::Regions,
    promises::{Promised, Promises, Standing},
    shard::{Flag, KINDS, Shard, Traits},
    shortages::ASKED,
    wording::{Wording, Wordings},
};

/// The market in columns.
///
/// Records may come in any order and more than once; the last one stands. An offer or need counts once its organisation,
/// its site and its product are known. Answers depend on what the index holds, and not on how it came there.
#[derive(Debug, Clone, Default)]
pub struct Index {
    as_of_event: i64,
    mode: MarketMode,
    pub(crate) products: Interner<ProductCode>,
    units: Vec<BaseUnit>,
    pub(crate) regions: Regions,
    pub(crate) parties: Parties,
    pub(crate) grades: Interner<Arc<[GradeCode]>>,
    pub(crate) features: Interner<Arc<[(FeatureCode, FeatureValue)]>>,
    pub(crate) papers: Papers,
    pub(crate) wordings: Wordings,
    pub(crate) prices: Interner<Price>,
    pub(crate) curves: Curves,
    lines: Interner<LineId>,
    line_rows: Vec<LineRow>,
    pub(crate) promises: Promises,
    pub(crate) shards: Vec<Shard>,
    places: HashMap<OfferId, (u32, u32)>,
    /// By number of a site, and of an organisation, how many offers and needs it has.
    at_site: Counts,
    of_organisation: Counts,
    pub(crate) needs: Needs,
    pub(crate) cuts: Cuts<AtomKey, FIGURES>,
    pub(crate) need_cuts: Cuts<u32, ASKED>,
    /// How many changes of offers and needs there were.
    pub(crate) revision: u64,
}

/// A line with the offers that share it, whatever their state.
#[derive(Debug, Clone, Default)]
struct LineRow {
    curve: Option<Curve>,
    members: Vec<OfferId>,
}

/// An offer's row with what stands beside it.
#[derive(Clone, Copy)]
pub(crate) struct OfferRow<'a> {
    pub(crate) id: OfferId,
    pub(crate) traits: &'a Traits,
    pub(crate) curve: &'a Curve,
    /// Looked at last, since it lies elsewhere.
    pub(crate) promised: &'a Promised,
}

impl Index {
    /// An empty index over a catalogue and a table of regions.
    pub(crate) fn new(catalogue: &Catalogue, regions: &RegionTable) -> Self {
        let mut index = Self { regions: Regions::new(regions), ..Self::default() };
        for product in &catalogue.parts().products {
            index.products.intern(&product.code);
            index.units.push(product.base_unit);
        }
        index.shards.resize_with(index.units.len(), Shard::default);
        index.cuts = Cuts::new(index.units.len());
        index.need_cuts = Cuts::new(index.units.len());
        index
    }

    /// The number of the event that the index reflects, as its keeper said.
    pub fn as_of_event(&self) -> i64 {
        self.as_of_event
    }

    /// Says which event the index reflects.
    pub fn set_as_of_event(&mut self, event: i64) {
        self.as_of_event = event;
    }

    /// The mode of the market, by which figures age.
    pub fn mode(&self) -> MarketMode {
        self.mode
    }

    /// Sets the mode of the market.
    pub fn set_mode(&mut self, mode: MarketMode) {
        if self.mode != mode {
            self.forget_atoms();
        }
        self.mode = mode;
    }

    /// How many offers it holds, whatever their state.
    pub fn offers(&self) -> usize {
        self.places.len()
    }

    /// Bytes it holds, by what they are for; of lists and maps what they reserved.
    pub fn memory(&self) -> Memory {
        let code = |text: &str| text.len() + 16;
        let value = |value: &FeatureValue| match value {
            FeatureValue::Flag(_) | FeatureValue::Integer(_) => 0,
            FeatureValue::Choice(text) => text.len(),
            FeatureValue::Sizes(sizes) => sizes.iter().map(|size| size.len() + 48).sum(),
        };
        let features = |set: &Arc<[(FeatureCode, FeatureValue)]>| {
            size_of_val(&**set) + 16 + set.iter().map(|(feature, v)| code(feature.as_str()) + value(v)).sum::<usize>()
        };
        let members = self.line_rows.iter().map(|line| vec_bytes(&line.members)).sum::<usize>();
        Memory {
            offers: vec_bytes(&self.shards) + self.shards.iter().map(Shard::bytes).sum::<usize>(),
            needs: self.needs.bytes(),
            promises: self.promises.bytes(),
            parties: self.parties.bytes(),
            tables: self.products.bytes(|product| code(product.as_str()))
                + vec_bytes(&self.units)
                + self.regions.bytes()
                + self.grades.bytes(|set| size_of_val(&**set) + 16)
                + self.features.bytes(features)
                + self.papers.bytes()
                + self.wordings.bytes(|wording| wording.bytes())
                + self.prices.bytes(|_| 0)
                + self.curves.bytes()
                + self.lines.bytes(|_| 0)
                + vec_bytes(&self.line_rows)
                + members,
            identifiers: map_bytes(&self.places) + self.at_site.bytes() + self.of_organisation.bytes(),
            atoms: self.cuts.bytes() + self.need_cuts.bytes(),
        }
    }

    /// Brings rows that questions tell apart together.
    pub(crate) fn arrange(&mut self) {
        self.forget_atoms();
        for (product, shard) in (0..).zip(&mut self.shards) {
            shard.arrange();
            self.places.extend(shard.ids.iter().zip(0..).map(|(id, row)| (*id, (product, row))));
        }
        let rows = self.shards.iter_mut().flat_map(|shard| &mut shard.traits);
        self.papers.arrange(rows.map(|traits| &mut traits.papers));
    }

    pub(crate) fn shrink(&mut self) {
        self.parties.shrink();
        self.grades.shrink();
        self.features.shrink();
        self.papers.shrink();
        self.wordings.shrink();
        self.prices.shrink();
        self.curves.shrink();
        self.promises.shrink();
        self.shards.iter_mut().for_each(Shard::shrink);
        self.places.shrink_to_fit();
        self.needs.shrink();
    }

    /// Adds an organisation or puts it in the place of what was said of it before.
    pub fn upsert_organisation(&mut self, organisation: &Organisation) {
        self.upsert_organisations([organisation]);
    }

    /// As [`upsert_organisation`](Self::upsert_organisation), many at once: rows are gone through once for all of them.
    pub fn upsert_organisations<'o>(&mut self, organisations: impl IntoIterator<Item = &'o Organisation>) {
        let mut altered = HashSet::new();
        for organisation in organisations {
            let country = self.regions.countries.intern(&organisation.country);
            if self.parties.enter(organisation, country) {
                altered.insert(self.parties.number(organisation.id));
            }
        }
        self.alter(&altered, &HashSet::new());
    }

    /// Forgets an organisation; its offers and needs do not count any more.
    pub fn remove_organisation(&mut self, id: OrganisationId) {
        self.parties.leave(id);
        let altered = HashSet::from([self.parties.number(id)]);
        self.alter(&altered, &HashSet::new());
    }

    /// Adds a site or puts it in the place of what was said of it before. A region that the table does not know is none.
    pub fn upsert_site(&mut self, site: &Site) {
        self.upsert_sites([site]);
    }

    /// As [`upsert_site`](Self::upsert_site), many at once: rows are gone through once for all of them.
    pub fn upsert_sites<'s>(&mut self, sites: impl IntoIterator<Item = &'s Site>) {
        let mut altered = HashSet::new();
        for site in sites {
            let region = site.region.as_ref().and_then(|code| self.regions.find(code));
            if self.parties.enter_site(site, region) {
                altered.insert(self.parties.site_number(site.id));
            }
        }
        self.alter(&HashSet::new(), &altered);
    }

    /// Forgets a site; its offers and needs do not count any more.
    pub fn remove_site(&mut self, id: SiteId) {
        self.parties.leave_site(id);
        let altered = HashSet::from([self.parties.site_number(id)]);
        self.alter(&HashSet::new(), &altered);
    }

    /// Notes in the rows of organisations and sites that they are otherwise than they were. Most are told of before they have
    /// any.
    fn alter(&mut self, organisations: &HashSet<u32>, sites: &HashSet<u32>) {
        let any = |numbers: &HashSet<u32>, of: &Counts| numbers.iter().any(|number| of.has(*number));
        if !any(organisations, &self.of_organisation) && !any(sites, &self.at_site) {
            return;
        }
        self.forget_atoms();
        let concerns = |organisation, site| organisations.contains(&organisation) || sites.contains(&site);
        for traits in self.shards.iter_mut().flat_map(|shard| &mut shard.traits) {
            if concerns(traits.organisation, traits.site) {
                traits.origin = self.parties.origin(traits.organisation, traits.site);
            }
        }
        for need in self.needs.rows_mut().filter(|need| concerns(need.organisation, need.site)) {
            need.origin = self.parties.origin(need.organisation, need.site);
        }
    }

    fn forget_atoms(&mut self) {
        self.cuts.forget_all();
        self.need_cuts.forget_all();
    }

    /// Adds a line or puts it in the place of what was said of it before.
    pub fn upsert_line(&mut self, line: &Line) {
        self.forget_atoms();
        let curve = self.curves.enter(&line.profile);
        if let Some(row) = self.line(line.id)
            && let Some(before) = row.curve.replace(curve)
        {
            self.curves.release(&before);
        }
    }

    /// Forgets a line; its offers are bound by their own capacity alone.
    pub fn remove_line(&mut self, id: LineId) {
        self.forget_atoms();
        let before = self.lines.find(&id).and_then(|at| self.line_rows.get_mut(at as usize)?.curve.take());
        if let Some(before) = before {
            self.curves.release(&before);
        }
    }

    fn line(&mut self, id: LineId) -> Option<&mut LineRow> {
        let at = self.lines.intern(&id) as usize;
        if self.line_rows.len() <= at {
            self.line_rows.resize_with(at + 1, LineRow::default);
        }
        self.line_rows.get_mut(at)
    }

    /// Adds an offer or puts it in the place of what was said of it before, whatever its state. One of a product that the
    /// catalogue does not know is not kept.
    pub fn upsert_offer(&mut self, offer: &Offer) {
        self.remove_offer(offer.id);
        let terms = &offer.terms;
        let Some(product) = self.products.find(&terms.product) else { return };
        let mut features: Vec<_> = terms.features.clone();
        features.sort_unstable();
        let grades = &mut self.grades;
        let own = set_of(grades, &terms.grades);
        let (organisation, site) = (self.parties.number(offer.organisation), self.parties.site_number(offer.site));
        let numbers = [
            organisation,
            site,
            own,
            self.features.intern(&Arc::from(features)),
            self.papers.enter(&terms.certificates, own, |covered| set_of(grades, covered)),
            terms.line.map_or(NONE, |line| self.lines.intern(&line)),
            self.wordings.intern(&Arc::new(Wording::of(terms))),
            terms.price.map_or(NONE, |price| self.prices.intern(&price)),
        ];
        let kinds = terms.certificates.iter().fold(0, |bits, c| bits | self.papers.kind_bit(&c.kind));
        let traits = Traits::new(offer, (numbers, self.parties.origin(organisation, site)), kinds);
        self.forget(product, traits.line);
        let curve = self.curves.enter(&terms.ready_profile());
        let promised = self.promised(offer.id, &curve);
        if let Some(row) = terms.line.and_then(|line| self.line(line)) {
            row.members.push(offer.id);
        }
        if let Some(shard) = self.shards.get_mut(product as usize) {
            self.places.insert(offer.id, (product, number(shard.len())));
            self.at_site.add(site);
            self.of_organisation.add(traits.organisation);
            self.revision += 1;
            shard.push(offer.id, traits, (curve, promised), self.revision);
        }
    }

    /// Forgets an offer.
    pub fn remove_offer(&mut self, id: OfferId) {
        let Some((product, row)) = self.places.remove(&id) else { return };
        let Some(shard) = self.shards.get_mut(product as usize) else { return };
        let Some((traits, curve)) = shard.take(row as usize) else { return };
        if let Some(moved) = shard.ids.get(row as usize) {
            self.places.insert(*moved, (product, row));
        }
        self.at_site.take(traits.site);
        self.of_organisation.take(traits.organisation);
        self.forget(product, traits.line);
        self.curves.release(&curve);
        if let Some(line) = self.line_rows.get_mut(traits.line as usize) {
            line.members.retain(|member| *member != id);
        }
    }

    /// Adds a need or puts it in the place of what was said of it before. One of a product that the catalogue does not
    /// know is not kept.
    pub fn upsert_need(&mut self, need: &Need) {
        self.remove_need(need.id);
        let Some(product) = self.products.find(&need.terms.product) else { return };
        let (organisation, site) = (self.parties.number(need.organisation), self.parties.site_number(need.site));
        let origin = self.parties.origin(organisation, site);
        self.revision += 1;
        let mut row = NeedRow::new(need, (organisation, site, origin), self.revision);
        row.instalments.iter_mut().for_each(|part| part.promise(&self.promises));
        self.at_site.add(site);
        self.of_organisation.add(organisation);
        self.need_cuts.outdate(product);
        self.needs.enter(product, row);
    }

    /// Forgets a need.
    pub fn remove_need(&mut self, id: NeedId) {
        if let Some((product, organisation, site)) = self.needs.leave(id) {
            self.at_site.take(site);
            self.of_organisation.take(organisation);
            self.need_cuts.outdate(product);
        }
    }

    /// Adds what a match holds or takes, or puts it in the place of what was said of it before.
    pub fn upsert_commitment(&mut self, commitment: &Commitment, standing: Standing) {
        self.remove_commitment(commitment.match_id);
        self.promises.enter(commitment, standing);
        self.mark(commitment.offer);
        self.mark_instalment(commitment.instalment);
    }

    /// Forgets what a match holds or takes.
    pub fn remove_commitment(&mut self, id: MatchId) {
        if let Some((offer, instalment)) = self.promises.leave(id) {
            self.mark(offer);
            self.mark_instalment(instalment);
        }
    }

    /// Notes at an instalment what is promised towards it.
    fn mark_instalment(&mut self, id: InstalmentId) {
        let Some((product, need)) = self.needs.of_instalment(id) else { return };
        self.revision += 1;
        need.changed = self.revision;
        need.instalments.iter_mut().filter(|part| part.id == id).for_each(|part| part.promise(&self.promises));
        self.need_cuts.outdate(product);
    }

    /// Notes at an offer what of it is promised.
    fn mark(&mut self, id: OfferId) {
        let Some((product, row)) = self.places.get(&id).copied() else { return };
        let curve = self.shards.get(product as usize).and_then(|shard| shard.curves.get(row as usize));
        let Some(now) = curve.map(|curve| self.promised(id, curve)) else { return };
        let Some(shard) = self.shards.get_mut(product as usize) else { return };
        self.revision += 1;
        if let Some((promised, changed)) = shard.promised.get_mut(row as usize).zip(shard.changed.get_mut(row as usize))
        {
            (*promised, *changed) = (now, self.revision);
        }
        let line = shard.traits.get(row as usize).map_or(NONE, |traits| traits.line);
        self.forget(product, line);
    }

    /// What an offer promised.
    fn promised(&self, id: OfferId, curve: &Curve) -> Promised {
        let drawn = self.promises.drawn(id);
        let ready = KINDS.map(|kind| drawn.as_ref().map_or(Day::MIN, |drawn| self.curves.ready(curve, kind, drawn)));
        Promised { drawn, ready }
    }

    /// Has the atoms of a product looked through anew, and forgets those of all where offers of one line may be among them.
    fn forget(&mut self, product: u32, line: u32) {
        match line {
            NONE => self.cuts.outdate(product),
            _ => self.forget_atoms(),
        }
    }

    pub(crate) fn unit(&self, product: u32) -> BaseUnit {
        self.units.get(product as usize).copied().unwrap_or(BaseUnit::Piece)
    }

    pub(crate) fn row(&self, id: OfferId) -> Option<(u32, OfferRow<'_>)> {
        let (product, row) = self.places.get(&id)?;
        let shard = self.shards.get(*product as usize)?;
        Some((*product, shard.row(*row)?))
    }

    /// What a line puts out, and the offers that share it.
    pub(crate) fn line_of(&self, line: u32) -> Option<(&Curve, &[OfferId])> {
        let row = self.line_rows.get(line as usize)?;
        Some((row.curve.as_ref()?, &row.members))
    }

    /// The region where an offer is made, none where nobody knows it, if it is in the market on a day: as
    /// [`Offer::standing`](domain::offer::Offer::standing) and [`Offer::in_market`](domain::offer::Offer::in_market) say,
    /// and its organisation and site are known.
    #[inline]
    pub(crate) fn in_market(&self, traits: &Traits, on: Day) -> Option<u32> {
        if !traits.is(Flag::Listed) || traits.until < on || self.kept_until(traits) < on {
            return None;
        }
        traits.origin.known().map(|(_, region)| region)
    }

    /// As [`Offer::fresh_until`](domain::offer::Offer::fresh_until).
    #[inline]
    pub(crate) fn fresh_until(&self, traits: &Traits) -> Day {
        traits.confirm_by.min(traits.as_of.plus(self.mode.confirm_days()))
    }

    /// As [`Offer::kept_until`](domain::offer::Offer::kept_until).
    #[inline]
    pub(crate) fn kept_until(&self, traits: &Traits) -> Day {
        self.fresh_until(traits).plus(self.mode.confirm_days())
    }
}

/// How many records something has, by its number.
#[derive(Debug, Clone, Default)]
struct Counts(Vec<u32>);

impl Counts {
    fn add(&mut self, number: u32) {
        if self.0.len() <= number as usize {
            self.0.resize(number as usize + 1, 0);
        }
        self.0.get_mut(number as usize).into_iter().for_each(|count| *count += 1);
    }

    fn take(&mut self, number: u32) {
        self.0.get_mut(number as usize).into_iter().for_each(|count| *count = count.saturating_sub(1));
    }

    fn has(&self, number: u32) -> bool {
        self.0.get(number as usize).is_some_and(|count| *count > 0)
    }

    fn bytes(&self) -> usize {
        vec_bytes(&self.0)
    }
}

/// The number of a set of grades.
fn set_of(sets: &mut Interner<Arc<[GradeCode]>>, grades: &[GradeCode]) -> u32 {
    let mut set = grades.to_vec();
    set.sort_unstable();
    set.dedup();
    sets.intern(&Arc::from(set))
}
