//! Markets and parameters read from bytes.

use std::sync::Arc;

use domain::{
    calendar::{Span, WorkingCalendar},
    capacity::{CapacityKind, CapacityProfile, Conversion, Week},
    certificate::CertificateStatus,
    code::{CountryCode, ProductCode, RegionCode},
    disclosure::Disclosure,
    eligibility::Predicate,
    geo::Point,
    ids::{InstalmentId, LineId, MatchId, NeedId, OfferId, OrganisationId, SiteId},
    line::Line,
    market::{Commitment, Market, Suggestion},
    need::{Instalment, MOST_DAYS_AHEAD, MOST_SUPPLIERS, Need, NeedState, NeedTerms, Urgency},
    offer::{MissingInput, Offer, OfferState, OfferTerms, Role, Transfer, Visibility, When},
    organisation::{Organisation, OrganisationKind, RegionFrom, Site, Verification},
    parameters::{Fairness, FairnessGroup, Level, Mode, Parameters, Transit, Weights},
    price::{Currency, Price},
    quantity::{Measure, Quantity},
    rate::{Period, Rate},
    time::Day,
    unit::BaseUnit,
};
use uuid::Uuid;

use crate::{
    choices::Choices,
    world::{PRODUCTS, REGIONS},
};

/// What the markets of a test have in them.
#[derive(Clone, Copy)]
pub struct Kind {
    pub offers: u8,
    pub needs: u8,
    /// The largest usual quantity of an instalment.
    pub units: u8,
    /// Smallest orders and numbers of suppliers, which make the problem more than a flow.
    pub limits: bool,
    /// Numbers at the edge of what is allowed, things that point nowhere, promises nobody can keep,
    /// levels and predicates left out.
    pub odd: bool,
}

/// Identifiers of one kind, by number.
fn id(kind: u8, n: usize) -> Uuid {
    Uuid::from_u128((u128::from(kind) << 120) | u128::try_from(n).unwrap())
}

pub fn today() -> Day {
    Day::parse("2020-04-06").unwrap()
}

fn measure(units: i64) -> Measure {
    Measure::of(Quantity::new(units).unwrap(), BaseUnit::Piece)
}

struct Draw<'c, 'b> {
    choices: &'c mut Choices<'b>,
    kind: Kind,
    market: Market,
}

/// A market, and the parameters to run it with.
pub fn draw(bytes: &[u8], kind: Kind) -> (Market, Parameters) {
    let mut choices = Choices::new(bytes);
    let mut parameters = parameters(&mut choices, kind);
    let market = market_of(&mut choices, kind);
    if choices.one_in(3) {
        parameters.weights.moved = choices.of(&[0, 1, 7, 400]);
    }
    (market, parameters)
}

fn market_of(choices: &mut Choices<'_>, kind: Kind) -> Market {
    let mut draw = Draw { choices, kind, market: Market::new(today()) };
    let lines = draw.choices.upto(2);
    let (offers, needs) = (draw.choices.upto(kind.offers), draw.choices.upto(kind.needs));
    for n in 0..lines {
        draw.line(usize::from(n));
    }
    for n in 0..offers {
        draw.offer(usize::from(n));
    }
    for n in 0..needs {
        draw.need(usize::from(n));
    }
    let commitments = draw.choices.upto(4);
    for n in 0..commitments {
        draw.commitment(usize::from(n));
    }
    let suggestions = draw.choices.upto(6);
    for _ in 0..suggestions {
        draw.suggestion();
    }
    if kind.odd {
        draw.trouble();
    } else {
        draw.keep_promises_within_needs();
    }
    draw.market.sort();
    draw.market
}

fn parameters(choices: &mut Choices<'_>, kind: Kind) -> Parameters {
    let mut p = Parameters::of(choices.of(&Mode::ALL));
    p.transit = Transit { handling_days: 0, km_per_day: 400, unknown_km: 100 };
    p.limits.nodes = u32::from(choices.upto(12)) + 1;
    if choices.one_in(3) {
        let by = choices.of(&[FairnessGroup::Region, FairnessGroup::Organisation, FairnessGroup::Need]);
        let dial = choices.of(&[1_000, 0, 1, 333, 500, 999]);
        p.fairness = choices.of(&[Fairness::MaxMin { by, dial }, Fairness::Off, Fairness::Shares]);
    }
    if choices.one_in(4) {
        p.capacity = CapacityKind::Maximum;
    }
    if !kind.odd || !choices.one_in(3) {
        return p;
    }
    for _ in 0..choices.upto(3) {
        match choices.upto(3) {
            0 => drop(p.without_levels.insert(choices.of(&Level::ALL))),
            1 => drop(p.without_predicates.insert(choices.of(&Predicate::ALL))),
            2 => p.limits.pivots = Some(u64::from(choices.byte()) + 1),
            _ => {
                // The most that is allowed, or nothing.
                let most = u32::from(choices.one_in(2));
                p.weights = Weights {
                    kilometre: 1_000 * most,
                    border: 1_000_000 * most,
                    cluster: 1_000_000 * most,
                    substitution: 1_000_000 * most,
                    unverified: 1_000_000 * most,
                    aging: 1_000_000 * most,
                    preference: 1_000_000 * most,
                    pending: 1_000_000 * most,
                    price: 1_000 * most,
                    delivery: choices.of(&[0, 1, 1_000_000_000]),
                    moved: 1_000_000 * most,
                };
            }
        }
    }
    p
}

impl Draw<'_, '_> {
    fn odd(&mut self, one_in: u8) -> bool {
        self.kind.odd && self.choices.one_in(one_in)
    }

    /// A quantity up to `most`; in an odd market at times the largest, or a power of two.
    fn units(&mut self, most: u8) -> i64 {
        if self.odd(8) {
            return self.choices.of(&[Quantity::LIMIT, Quantity::LIMIT - 1, 1 << 32, 1 << 20, 0]);
        }
        i64::from(self.choices.upto(most))
    }

    /// A day from today on, within a week; in an odd market at times past, or as far ahead as one may ask.
    fn day(&mut self, most: u8) -> Day {
        if self.odd(32) {
            return today().plus(self.choices.of(&[-1, -40, -MOST_DAYS_AHEAD, 60, MOST_DAYS_AHEAD]));
        }
        today().plus(i32::from(self.choices.upto(most)))
    }

    fn place(&mut self, n: usize) -> (OrganisationId, SiteId) {
        let site = SiteId(id(2, n));
        // Some share an organisation, and some of those a site.
        let owner = if !n.is_multiple_of(100) && self.choices.one_in(5) { n - 1 } else { n };
        let organisation = OrganisationId(id(1, owner));
        let region = self.choices.of(&REGIONS);
        let (north, east) = (i32::from(self.choices.byte()), i32::from(self.choices.byte()));
        let point = Point::new(47_000_000 + 25_000 * north, 5_000_000 + 25_000 * east);
        self.market.organisations.entry(organisation).or_insert_with(|| Organisation {
            id: organisation,
            kind: OrganisationKind::Firm,
            name: format!("Organisation {owner}"),
            country: CountryCode::new(&region[..2]),
            verification: Verification::Operator,
            clusters: vec![],
        });
        let site = if owner != n && self.choices.one_in(2) { SiteId(id(2, owner)) } else { site };
        self.market.sites.entry(site).or_insert_with(|| Site {
            id: site,
            organisation,
            name: format!("Site {n}"),
            region: Some(RegionCode::new(region)),
            region_from: RegionFrom::Stated,
            point,
            zone: "UTC".to_owned(),
        });
        (organisation, site)
    }

    fn rate(&mut self, most: u8) -> Rate {
        let period = if self.choices.one_in(4) { self.choices.of(&Period::ALL) } else { Period::Day };
        Rate { measure: measure(self.units(most)), period }
    }

    fn profile(&mut self, stock: u8) -> CapacityProfile {
        let mut calendar = WorkingCalendar::every_day();
        if self.choices.one_in(4) {
            let closed = Span { from: today().plus(1), until: today().plus(i32::from(self.choices.upto(3)) + 1) };
            calendar = WorkingCalendar::new(self.choices.upto(126) + 1, vec![closed]).unwrap();
        }
        let running = self.rate(3);
        // At full stretch it makes the same and more.
        let more = Rate { measure: measure((running.measure.quantity.units() + 2).min(Quantity::LIMIT)), ..running };
        let mut profile = CapacityProfile {
            calendar: Arc::new(calendar),
            from: self.day(3),
            until: None,
            as_of: today(),
            stock: measure(self.units(stock)),
            running: Some(running),
            maximum: self.choices.one_in(3).then_some(more),
            ramp_days: 0,
            convertible: None,
            weeks: Vec::new(),
        };
        if self.choices.one_in(6) {
            profile.ramp_days = u16::from(self.choices.upto(5));
            profile.until = Some(self.day(9));
            profile.as_of = today().plus(i32::from(self.choices.upto(4)) - 2);
        }
        if self.choices.one_in(8) {
            let decided_on = self.choices.one_in(2).then_some(today());
            profile.convertible = Some(Conversion { rate: Some(self.rate(3)), days: 1, ramp_days: 2, decided_on });
        }
        // Some state figures week by week.
        let units = profile.running.as_ref().map_or(0, |rate| rate.measure.quantity.units());
        if units % 4 == 3 && profile.ramp_days == 0 {
            let figure = |times: i64| Some(measure((units * times).min(Quantity::LIMIT)));
            let week = |n: i32| {
                let (monday, times) = (today().monday().plus(7 * n), i64::from(n % 3));
                Week { monday, running: figure(times), maximum: figure(times + 1), convertible: None }
            };
            (profile.weeks, profile.running, profile.maximum) = ((0..5).map(week).collect(), None, None);
        }
        profile
    }

    fn line(&mut self, n: usize) {
        let (_, site) = self.place(200 + n);
        let profile = CapacityProfile { stock: measure(0), convertible: None, ..self.profile(0) };
        let id = LineId(id(6, n));
        self.market.lines.insert(id, Line { id, site, name: format!("Line {n}"), profile });
    }

    fn offer(&mut self, n: usize) {
        let missing = || MissingInput {
            product: ProductCode::new("lamp"),
            units: Quantity::ONE,
            per: Quantity::ONE,
            when: When::Before,
        };
        let (organisation, site) = self.place(n);
        let lines: Vec<Option<LineId>> =
            std::iter::once(None).chain(self.market.lines.keys().copied().map(Some)).collect();
        let line = self.choices.of(&lines);
        let product = self.choices.of(&PRODUCTS);
        let min_order = (self.kind.limits && self.choices.one_in(3)).then(|| measure(1 + self.units(5).min(1 << 32)));
        let terms = OfferTerms {
            product: ProductCode::new(product),
            grades: vec![],
            features: vec![],
            profile: self.profile(6),
            line,
            min_order,
            lead_days: u16::from(self.choices.upto(3)),
            max_distance_km: None,
            regions: vec![],
            authorisations: Default::default(),
            certificates: vec![],
            transfers: [Transfer::Sale].into(),
            price: None,
            role: Role::Maker,
            visibility: Visibility::Market,
            // Half of them are judged by their exact places.
            missing_inputs: if self.choices.one_in(9) { vec![missing()] } else { Vec::new() },
            disclosure: if n.is_multiple_of(2) { Disclosure::exact_place() } else { Disclosure::default() },
            note: String::new(),
        };
        let confirm_by = self.day(7);
        self.market.offers.push(Offer {
            id: OfferId(id(3, n)),
            organisation,
            site,
            terms,
            state: OfferState::Published,
            confirm_by,
            suspended: false,
            quarantine: None,
        });
    }

    fn need(&mut self, n: usize) {
        let (organisation, site) = self.place(100 + n);
        let urgency = self.choices.of(&Urgency::ALL);
        let product = self.choices.of(&PRODUCTS);
        let max_suppliers = (self.kind.limits && self.choices.one_in(3)).then(|| u16::from(self.choices.upto(2)) + 1);
        let several = if self.choices.one_in(4) { 1 + self.choices.upto(2) } else { 1 };
        let instalments = (0..usize::from(several))
            .map(|i| Instalment {
                id: InstalmentId(id(5, 10 * n + i)),
                measure: measure((1 + self.units(self.kind.units - 1)).min(Quantity::LIMIT)),
                due: self.day(6),
                size: None,
            })
            .collect();
        let terms = NeedTerms {
            product: ProductCode::new(product),
            grades: vec![],
            substitutions: vec![],
            requirements: vec![],
            certificates: vec![],
            accept_pending: false,
            certificate_status: CertificateStatus::Claimed,
            verification: Verification::None,
            transfers: [Transfer::Sale].into(),
            price_cap: None,
            regions: vec![],
            max_distance_km: None,
            max_suppliers,
            urgency,
            note: String::new(),
            supply: None,
        };
        self.market.needs.push(Need {
            id: NeedId(id(4, n)),
            organisation,
            site,
            terms,
            instalments,
            state: NeedState::Open,
            urgency_granted: self.choices.one_in(2),
            quarantine: None,
            closing: None,
        });
    }

    fn offer_id(&mut self) -> OfferId {
        if self.market.offers.is_empty() || self.odd(8) {
            return OfferId(id(3, 404));
        }
        let most = u8::try_from(self.market.offers.len() - 1).unwrap();
        self.market.offers[usize::from(self.choices.upto(most))].id
    }

    fn instalment_id(&mut self) -> InstalmentId {
        if self.market.needs.is_empty() || self.odd(8) {
            return InstalmentId(id(5, 9_999));
        }
        let most = u8::try_from(self.market.needs.len() - 1).unwrap();
        let need = usize::from(self.choices.upto(most));
        let last = u8::try_from(self.market.needs[need].instalments.len() - 1).unwrap();
        self.market.needs[need].instalments[usize::from(self.choices.upto(last))].id
    }

    fn commitment(&mut self, n: usize) {
        let commitment = Commitment {
            match_id: MatchId(id(7, n)),
            offer: self.offer_id(),
            instalment: self.instalment_id(),
            quantity: Quantity::new(self.units(3)).unwrap(),
            cutoff: self.day(6),
            covers: self.odd(4).then(|| Quantity::new(self.units(3)).unwrap()),
            in_chain: false,
        };
        self.market.commitments.push(commitment);
    }

    fn suggestion(&mut self) {
        let (offer, instalment) = (self.offer_id(), self.instalment_id());
        let quantity = Quantity::new(self.units(5)).unwrap();
        if self.market.suggestions.iter().all(|s| (s.offer, s.instalment) != (offer, instalment)) {
            self.market.suggestions.push(Suggestion { offer, instalment, quantity });
        }
    }

    /// Lowers what is promised to an instalment to what it asks for, as the ledger does.
    fn keep_promises_within_needs(&mut self) {
        for instalment in self.market.needs.iter().flat_map(|n| &n.instalments) {
            let mut left = instalment.measure.quantity.units();
            for c in self.market.commitments.iter_mut().filter(|c| c.instalment == instalment.id) {
                let covered = Quantity::new(c.covered().units().min(left)).unwrap();
                match &mut c.covers {
                    Some(covers) => *covers = covered,
                    None => c.quantity = covered,
                }
                left -= covered.units();
            }
        }
    }

    /// What stands in the way of offers and needs, and what points nowhere.
    fn trouble(&mut self) {
        let euros = |micros| Price { micros, currency: Currency::parse("EUR").unwrap() };
        for _ in 0..self.choices.upto(6) {
            let at = usize::from(self.choices.byte());
            let (offers, needs) = (self.market.offers.len(), self.market.needs.len());
            let what = self.choices.upto(15);
            if let Some(offer) = at.checked_rem(offers).map(|at| &mut self.market.offers[at]) {
                match what {
                    0 => offer.state = OfferState::Paused,
                    1 => offer.suspended = true,
                    2 => offer.quarantine = Some("twin".to_owned()),
                    3 => offer.terms.transfers = [Transfer::Loan].into(),
                    4 => offer.terms.regions = vec![RegionCode::new("AA")],
                    5 => offer.terms.line = Some(LineId(id(6, 404))),
                    6 => offer.terms.price = Some(euros(i64::MAX)),
                    7 => offer.terms.profile.running = None,
                    8 => offer.terms.min_order = self.kind.limits.then(|| measure(Quantity::LIMIT)),
                    9 => offer.terms.max_distance_km = Some(0),
                    10 => offer.site = SiteId(id(2, 404)),
                    11 => offer.terms.lead_days = u16::MAX,
                    12 => offer.terms.product = ProductCode::new("unknown"),
                    13 => {
                        if let Some(site) = self.market.sites.get_mut(&offer.site) {
                            (site.region, site.point) = (None, None);
                        }
                    }
                    14 => drop(self.market.organisations.remove(&offer.organisation)),
                    _ => offer.terms.profile.ramp_days = u16::MAX,
                }
            }
            if let Some(need) = at.checked_rem(needs).map(|at| &mut self.market.needs[at]) {
                match what {
                    0 => need.state = NeedState::Draft,
                    1 => need.terms.price_cap = Some(euros(i64::MAX)),
                    2 => need.instalments[0].measure = measure(Quantity::LIMIT),
                    3 => need.quarantine = Some("twin".to_owned()),
                    4 => need.site = SiteId(id(2, 404)),
                    5 => need.terms.max_distance_km = Some(0),
                    6 => need.terms.max_suppliers = self.kind.limits.then_some(MOST_SUPPLIERS),
                    7 => need.terms.product = ProductCode::new("unknown"),
                    _ => {}
                }
            }
            if what == 15
                && let Some((offer, need)) = self.market.offers.first().zip(self.market.needs.first())
            {
                self.market.refusals.insert((offer.id, need.id));
            }
        }
        if self.odd(8) {
            self.market.day = self.choices.of(&[Day::MIN, Day::MAX, today().plus(3), today().plus(-3)]);
        }
    }
}
