//! Chains for a need of a market: which offers may take which stage, and what the search is told of them.
//!
//! The stages follow from what offers say they lack: the need's product is the root, and each input that an offer of a
//! stage lacks, so much of it for so much, is a stage below it. Offers of the root pass the predicates of the need, as
//! [`Rules::judge`] asks them, but for what others bring. Offers of the stages below pass those that ask nothing of a buyer,
//! may go from their place to the firm that lacks them, and may be seen by the need's buyer. An offer that lacks something
//! brings what it makes, not what lies ready; one that lacks nothing brings both.

use std::collections::HashMap;

use domain::{
    capacity::{CURVE_LIMIT, SupplyCurve},
    certificate::CertificateStatus,
    code::{CertificateKindCode, ProductCode, RegionCode},
    eligibility::{NeedView, OfferView, Rules, SiteDemands, border, visible},
    geo::Place,
    ids::{InstalmentId, NeedId, OfferId, OrganisationId, SiteId},
    need::{Instalment, Need},
    offer::{MissingInput, Offer as Listed, OfferTerms, When},
    organisation::Verification,
    time::Day,
};

use super::{Answer, Asked, COST_LIMIT, ChainsError, MOST_STAGES, Offer, Recipe, Role, Stage, Way, search};
use crate::audience::{Audience, project};

/// Days until the horizon of capacity over time, from the day that goods are due.
const HORIZON: i32 = 56;
/// Days that whoever takes a stage that nobody takes is held to need: none, so that what is named is the last day that would do.
const USUAL_DAYS: u16 = 0;
/// A way that goods may not take.
const BARRED: Way = Way { days: u16::MAX, cost: 0 };

/// What is sought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sought {
    /// For which need.
    pub need: NeedId,
    /// At most so many partners, the maker among them.
    pub most_partners: usize,
    /// At most so many chains of each instalment.
    pub top: usize,
}

/// A stage of a market's recipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedStage {
    /// What is brought.
    pub product: ProductCode,
    /// The stage that it serves; none for the maker's own.
    pub serves: Option<usize>,
    /// So much of it for so much of what it serves, and when; none for the maker's own.
    pub input: Option<MissingInput>,
}

/// An offer that takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partner {
    /// The offer, by the name that the audience knows.
    pub offer: OfferId,
    /// Whose it is; none but to the operator.
    pub organisation: Option<OrganisationId>,
    /// Where it is made, as coarsely as NUTS 2.
    pub region: Option<RegionCode>,
    /// Its certificates, and how far each was checked.
    pub certificates: Vec<(CertificateKindCode, CertificateStatus)>,
}

/// An offer that could take a stage after a conversion that nobody has decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Convertible {
    /// The stage.
    pub stage: usize,
    /// The offer, with whose it is and where.
    pub partner: Partner,
    /// Calendar days from the decision to its first output.
    pub days: u16,
}

/// The best chains for an instalment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalmentChains {
    /// The instalment.
    pub instalment: InstalmentId,
    /// When it is due.
    pub due: Day,
    /// Base units that are still open.
    pub open: i64,
    /// What was found. Offers are numbers of `offers`.
    pub answer: Answer,
}

/// The best chains for a need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeedChains {
    /// The stages, the maker's own first.
    pub stages: Vec<NamedStage>,
    /// Parts of a point, in which costs are told.
    pub parts: i64,
    /// The offers that take part, by the numbers in the answers.
    pub offers: Vec<Partner>,
    /// Offers that would have to convert before they could take a stage.
    pub convertible: Vec<Convertible>,
    /// The sites, by the numbers of places in the answers: where the offer of a leg is made, or the goods go.
    pub sites: Vec<SiteId>,
    /// Whether stages were left out with the offers that lack them: there were more than a chain can have, or so much is
    /// said to be lacking that it cannot be reckoned with.
    pub cut: bool,
    /// Whether promises to others were not seen, so that all is before competition.
    pub before_competition: bool,
    /// By instalment with anything open.
    pub instalments: Vec<InstalmentChains>,
}

/// Finds the best chains for a need, as far as the audience sees the market; `None` where the need takes no part in runs,
/// or is not the audience's to ask about.
///
/// # Errors
/// As [`search`].
pub fn for_need(rules: &Rules<'_>, audience: Audience, sought: &Sought) -> Result<Option<NeedChains>, ChainsError> {
    let Some(need) = rules.market.need(sought.need).filter(|n| n.is_matchable() && audience.may_ask(n)) else {
        return Ok(None);
    };
    let projection = project(rules, audience);
    let rules = &Rules { market: &projection.market, ..*rules };
    let demands = rules.site_demands();
    let Some(view) = rules.need_view(need, &demands) else { return Ok(None) };
    let mut book = Book::new(rules, &view, &demands);
    book.grow();
    let recipe = Recipe::new(book.recipe())?;
    let mut told = NeedChains {
        parts: recipe.parts(),
        stages: Vec::new(),
        offers: Vec::new(),
        convertible: Vec::new(),
        sites: Vec::new(),
        cut: book.cut,
        before_competition: audience != Audience::Operator,
        instalments: Vec::new(),
    };
    for instalment in &need.instalments {
        let open = instalment.measure.quantity.units() - promised(rules, instalment.id);
        if open <= 0 || instalment.due < rules.market.day {
            continue;
        }
        let answer = book.search(&recipe, instalment, open, sought)?;
        told.instalments.push(InstalmentChains { instalment: instalment.id, due: instalment.due, open, answer });
    }
    let named = audience == Audience::Operator;
    told.offers = book.members.iter().map(|member| book.partner(&member.view, named)).collect();
    told.convertible = book.convertible(named);
    told.stages = book.stages;
    told.sites = book.spots.iter().map(|spot| spot.site).collect();
    Ok(Some(told))
}

fn promised(rules: &Rules<'_>, instalment: InstalmentId) -> i64 {
    let of_it = rules.market.commitments.iter().filter(|c| c.instalment == instalment);
    of_it.map(|c| c.covered().units()).fold(0, i64::saturating_add)
}

/// An offer that may take part.
struct Member<'b> {
    view: OfferView<'b>,
    stage: usize,
    spot: u32,
    lacks: u16,
    /// Points per unit, without ways.
    cost: i64,
}

/// A place that goods leave or reach.
struct Spot {
    site: SiteId,
    place: Option<Place>,
    /// The offer whose limits bind what leaves it, by its number; none where nothing does.
    bound: Option<usize>,
}

/// What the search is told, with what stands behind the numbers.
struct Book<'b, 'n> {
    rules: &'b Rules<'b>,
    need: &'b NeedView<'n>,
    demands: &'b SiteDemands,
    stages: Vec<NamedStage>,
    members: Vec<Member<'b>>,
    spots: Vec<Spot>,
    /// Spots that nothing binds, by what they lie at.
    shared: HashMap<(SiteId, bool), u32>,
    cut: bool,
}

impl<'b, 'n> Book<'b, 'n> {
    fn new(rules: &'b Rules<'b>, need: &'b NeedView<'n>, demands: &'b SiteDemands) -> Self {
        let root = NamedStage { product: need.need.terms.product.clone(), serves: None, input: None };
        let mut book = Self {
            rules,
            need,
            demands,
            stages: vec![root],
            members: Vec::new(),
            spots: Vec::new(),
            shared: HashMap::new(),
            cut: false,
        };
        // Where the goods go is the first of the places.
        book.spots.push(Spot { site: need.site.id, place: need.place(), bound: None });
        book
    }

    /// Adds stage after stage what offers of it lack.
    fn grow(&mut self) {
        let mut at = 0;
        while at < self.stages.len() {
            let product = self.stages[at].product.clone();
            for offer in self.rules.market.offers.iter().filter(|offer| offer.terms.product == product) {
                self.enter(at, offer);
            }
            at += 1;
        }
    }

    /// Enters an offer of a stage that may take part.
    fn enter(&mut self, stage: usize, offer: &'b Listed) {
        let rules = self.rules;
        let terms = &offer.terms;
        if rules.judge_offer_alone(offer).is_err() || terms.profile.is_only_convertible() {
            return;
        }
        let Some(view) = rules.offer_view(offer) else { return };
        if stage > 0 && !self.is_seen(&view) {
            return;
        }
        let mut lacks = 0;
        for input in &terms.missing_inputs {
            match self.stage_of(stage, input) {
                Some(child) => lacks |= 1 << child,
                // Without the stage nobody can bring what it lacks.
                None => return,
            }
        }
        let weights = &rules.parameters.weights;
        let price = terms.price.map_or(0, |price| price.micros.saturating_add(500) / 1_000 * i64::from(weights.price));
        let unverified = view.organisation.verification == Verification::None;
        let points = [(unverified, weights.unverified), (offer.is_stale(rules.market.day), weights.aging)];
        let points = points.iter().filter(|(counts, _)| *counts).map(|(_, points)| i64::from(*points)).sum::<i64>();
        let number = self.members.len();
        let spot = self.spot(&view, number);
        let cost = price.saturating_add(points).clamp(0, COST_LIMIT);
        self.members.push(Member { view, stage, spot, lacks, cost });
    }

    /// Who takes part with an offer, as the audience may know it.
    fn partner(&self, view: &OfferView<'_>, named: bool) -> Partner {
        let region = view.site.region.as_ref().and_then(|region| self.rules.regions.at_level(region, 2));
        Partner {
            offer: view.offer.id,
            organisation: named.then_some(view.organisation.id),
            region: region.map(|region| region.code.clone()),
            certificates: view.offer.terms.certificates.iter().map(|c| (c.kind.clone(), c.status)).collect(),
        }
    }

    /// Offers of the stages that only an undecided conversion could supply, the quickest first.
    fn convertible(&self, named: bool) -> Vec<Convertible> {
        let mut found = Vec::new();
        for (stage, of) in self.stages.iter().enumerate() {
            for offer in self.rules.market.offers.iter().filter(|offer| offer.terms.product == of.product) {
                let undecided = offer.terms.profile.convertible.as_ref().filter(|c| c.decided_on.is_none());
                let (Some(conversion), Ok(())) = (undecided, self.rules.judge_offer_alone(offer)) else { continue };
                let Some(view) = self.rules.offer_view(offer).filter(|view| self.is_seen(view)) else { continue };
                found.push(Convertible { stage, partner: self.partner(&view, named), days: conversion.days });
            }
        }
        found.sort_by_key(|one| (one.stage, one.days, one.partner.offer));
        found
    }

    /// Whether the buyer may know of an offer that somebody else would work on for him.
    fn is_seen(&self, view: &OfferView<'_>) -> bool {
        let buyer = self.need.organisation;
        let shares = || {
            let clusters = &view.organisation.clusters;
            clusters.contains(&buyer.id) || clusters.iter().any(|cluster| buyer.clusters.contains(cluster))
        };
        visible(view.offer.terms.visibility, buyer.kind, shares)
    }

    /// The stage of what an offer of a stage lacks; a new one where it is the first.
    fn stage_of(&mut self, serves: usize, input: &MissingInput) -> Option<usize> {
        let alike = |stage: &NamedStage| stage.serves == Some(serves) && stage.input.as_ref() == Some(input);
        if let Some(known) = self.stages.iter().position(alike) {
            return Some(known);
        }
        // What goes into itself would never end.
        let mut above = Some(serves);
        while let Some(stage) = above {
            if self.stages[stage].product == input.product {
                return None;
            }
            above = self.stages[stage].serves;
        }
        if self.stages.len() == MOST_STAGES {
            self.cut = true;
            return None;
        }
        let product = input.product.clone();
        self.stages.push(NamedStage { product, serves: Some(serves), input: Some(input.clone()) });
        let stage = self.stages.len() - 1;
        // One offer that states more than can be reckoned with must not keep others from being found.
        let asked = self.need.need.instalments.iter().map(|i| i.measure.quantity.units()).max().unwrap_or(0);
        let fits = |recipe: Recipe| recipe.needed(stage, asked) <= i128::from(CURVE_LIMIT);
        if !Recipe::new(self.recipe()).is_ok_and(fits) {
            self.stages.pop();
            self.cut = true;
            return None;
        }
        Some(stage)
    }

    /// Where an offer is made. Sites share one as far as nothing of the offer binds where its goods may go.
    fn spot(&mut self, view: &OfferView<'_>, number: usize) -> u32 {
        let terms = &view.offer.terms;
        let leaving = self.rules.leaving(view.country(), &terms.product);
        let bound = !terms.regions.is_empty() || terms.max_distance_km.is_some() || !leaving.is_empty();
        let next = u32::try_from(self.spots.len()).unwrap_or(u32::MAX);
        if !bound && let Some(known) = self.shared.get(&(view.site.id, bound)) {
            return *known;
        }
        if !bound {
            self.shared.insert((view.site.id, bound), next);
        }
        self.spots.push(Spot { site: view.site.id, place: view.place(), bound: bound.then_some(number) });
        next
    }

    fn recipe(&self) -> Vec<Stage> {
        let stage = |stage: &NamedStage| {
            let (parent, units, per) = match (&stage.input, stage.serves) {
                (Some(input), Some(serves)) => {
                    let role = match input.when {
                        When::Before => Role::Before,
                        When::After => Role::After,
                    };
                    (Some((serves, role)), input.units.units(), input.per.units())
                }
                _ => (None, 1, 1),
            };
            let shared = gcd(units, per);
            Stage { parent, units: units / shared, per: per / shared, usual_days: USUAL_DAYS }
        };
        self.stages.iter().map(stage).collect()
    }

    fn search(
        &self,
        recipe: &Recipe,
        instalment: &Instalment,
        open: i64,
        sought: &Sought,
    ) -> Result<Answer, ChainsError> {
        let today = self.rules.market.day;
        let horizon = instalment.due.plus(HORIZON);
        let mut offers: Vec<Vec<Offer>> = vec![Vec::new(); self.stages.len()];
        let drawn = self.drawn();
        for (number, member) in (0..).zip(&self.members) {
            let (listed, view) = (member.view.offer, &member.view);
            if member.stage == 0 && !self.serves(listed, instalment) {
                continue;
            }
            // What it could make is asked here; as it is seen alone, only what lies ready counts.
            let curve = self.rules.profile(&listed.terms.profile).curve(self.rules.parameters.capacity);
            let drawn = drawn.get(&listed.id).map_or(&[][..], Vec::as_slice);
            let free = free(&curve, &view.offer.terms, drawn, (today, horizon));
            offers[member.stage].push(Offer {
                id: number,
                tie: listed.id.0.as_u128(),
                organisation: 0,
                place: member.spot,
                lacks: member.lacks,
                lead_days: listed.terms.lead_days,
                cost: member.cost,
                free,
            });
        }
        let asked = Asked {
            place: 0,
            units: open,
            least: 1,
            today,
            due: instalment.due,
            horizon,
            most_legs: sought.most_partners,
            top: sought.top,
            top_missing: sought.top,
        };
        search(recipe, &offers, &asked, |from, to| self.way(from, to))
    }

    /// Whether an offer may serve the need itself, whatever others bring.
    fn serves(&self, offer: &Listed, instalment: &Instalment) -> bool {
        let mut whole = offer.clone();
        whole.terms.missing_inputs.clear();
        self.rules.offer_view(&whole).is_some_and(|view| self.rules.judge(&view, self.need, instalment).is_ok())
    }

    /// What is promised of offers: cut-offs and units, the earliest first.
    fn drawn(&self) -> HashMap<OfferId, Vec<(Day, i64)>> {
        let mut drawn: HashMap<OfferId, Vec<(Day, i64)>> = HashMap::new();
        for c in &self.rules.market.commitments {
            drawn.entry(c.offer).or_default().push((c.cutoff, c.quantity.units()));
        }
        drawn.values_mut().for_each(|list| list.sort_unstable());
        drawn
    }

    fn way(&self, from: u32, to: u32) -> Way {
        let (Some(from), Some(to)) = (self.spots.get(from as usize), self.spots.get(to as usize)) else {
            return BARRED;
        };
        let transit = &self.rules.parameters.transit;
        let known = from.place.zip(to.place).map(|(a, b)| a.distance_km(&b));
        // Within one site nothing travels.
        if from.site == to.site {
            return Way::default();
        }
        if from.bound.is_some_and(|number| !self.may_go(number, to, known)) {
            return BARRED;
        }
        let km = known.unwrap_or(transit.unknown_km);
        let cost = i64::from(km) * i64::from(self.rules.parameters.weights.kilometre);
        Way { days: u16::try_from(transit.days(km)).unwrap_or(u16::MAX), cost }
    }

    /// Whether the goods of an offer may go to a site, by its own limits and those of its country.
    fn may_go(&self, number: usize, to: &Spot, km: Option<u32>) -> bool {
        let Some(member) = self.members.get(number) else { return false };
        let (rules, view) = (self.rules, &member.view);
        let terms = &view.offer.terms;
        // A need of the site for what is brought, which asks for nothing else.
        let Some(need) = self.need_at(to, &terms.product) else { return false };
        let Some(there) = rules.need_view(&need, self.demands) else { return false };
        let within = terms.max_distance_km.is_none_or(|most| km.is_some_and(|km| km <= most));
        let leaving = rules.leaving(view.country(), &terms.product);
        let region = rules.market.sites.get(&to.site).and_then(|site| site.region.as_ref());
        let delivers = terms.regions.is_empty()
            || region.is_some_and(|region| terms.regions.iter().any(|area| rules.regions.lies_in(region, area)));
        within && delivers && border(&leaving, view.country(), &terms.authorisations, &there).is_ok()
    }

    /// A need at a site like the one that chains are sought for, of another product and of whose site it is.
    fn need_at(&self, to: &Spot, product: &ProductCode) -> Option<Need> {
        let organisation: OrganisationId = self.rules.market.sites.get(&to.site)?.organisation;
        let mut need = self.need.need.clone();
        (need.site, need.organisation, need.terms.product) = (to.site, organisation, product.clone());
        Some(need)
    }
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a.max(1) } else { gcd(b, a % b) }
}

/// What can still be had of an offer, if it is ordered today: the days on which it rises, until the horizon.
fn free(
    curve: &SupplyCurve,
    terms: &OfferTerms,
    drawn: &[(Day, i64)],
    (today, horizon): (Day, Day),
) -> Vec<(Day, i64)> {
    let made = |day: Day| match terms.is_incomplete() {
        // What lies ready was made without the others; what they bring makes more.
        true => curve.by(day) - curve.stock_by(day),
        false => curve.orderable_by(day, today, terms.lead_days),
    };
    let last = drawn.last().map_or(horizon, |(day, _)| (*day).max(horizon));
    let span: Vec<Day> =
        std::iter::successors(Some(today), |day| Some(day.plus(1))).take_while(|d| *d <= last).collect();
    // What is promised for later days must still be there then.
    let mut least = i64::MAX;
    let mut room: Vec<(Day, i64)> = Vec::with_capacity(span.len());
    for day in span.into_iter().rev() {
        let taken: i64 = drawn.iter().take_while(|(by, _)| *by <= day).map(|(_, units)| units).sum();
        least = least.min(curve.by(day) - taken);
        room.push((day, least.max(0)));
    }
    let (mut steps, mut before) = (Vec::new(), 0);
    for (day, rest) in room.into_iter().rev().take_while(|(day, _)| *day <= horizon) {
        let units = made(day).min(rest);
        if units > before {
            steps.push((day, units));
            before = units;
        }
    }
    steps
}
