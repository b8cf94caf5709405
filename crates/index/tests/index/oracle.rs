//! Capacity reckoned naively: over the domain's own records and curves, day by day.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    capacity::{CapacityKind, CapacityProfile, SupplyCurve},
    certificate::{Certificate, CertificateStatus},
    code::{GradeCode, ProductCode, RegionCode},
    disclosure::{Audience, FieldGroup},
    geo::Place,
    ids::{LineId, OfferId, OrganisationId},
    offer::{Offer, Role, Visibility},
    organisation::{Organisation, OrganisationKind, Site},
    time::Day,
    unit::BaseUnit,
};
use index::{Buyer, CapacityQuery, Certified, Figures, Freshness, Group, Level, Reader, Standing};

use crate::world::{PRODUCTS, Scene, WORLD};

/// Beyond every cut-off that scenes have.
const FAR: i32 = 120;

/// Whose row it is and where it is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Known {
    pub named: bool,
    pub exact: bool,
}

/// What a reader sees of an offer as a row, if he does.
pub fn sees(scene: &Scene, reader: &Reader, offer: &Offer) -> Option<Known> {
    let party = match reader {
        Reader::Operator => return Some(Known { named: true, exact: true }),
        Reader::Public => return None,
        Reader::Party(party) => party,
    };
    if offer.organisation == party.organisation {
        return Some(Known { named: true, exact: true });
    }
    let owner = &scene.market.organisations[&offer.organisation];
    let shows = |audience, group| offer.terms.disclosure.sees(audience, group);
    if owner.clusters.iter().any(|c| party.clusters.contains(c)) {
        let exact = shows(Audience::OwnCluster, FieldGroup::ExactPlace);
        return Some(Known { named: shows(Audience::OwnCluster, FieldGroup::Identity), exact });
    }
    let buys = match &party.buyer {
        Buyer::No => false,
        Buyer::Authority => true,
        Buyer::WithNeeds(products) => products.contains(&offer.terms.product),
    };
    let own = scene.market.organisations.get(&party.organisation);
    let authority = own.is_some_and(|o| o.kind == OrganisationKind::Authority);
    let own_clusters = own.map_or(&[][..], |o| &o.clusters);
    let shared = owner.clusters.iter().any(|c| own_clusters.contains(c) || *c == party.organisation)
        || own_clusters.contains(&offer.organisation);
    let shown = match offer.terms.visibility {
        Visibility::Market => true,
        Visibility::Authorities => authority,
        Visibility::Clusters => authority || shared,
    };
    let exact = shows(Audience::Buyer, FieldGroup::ExactPlace);
    (buys && shown).then_some(Known { named: false, exact })
}

/// Offers in the market with owner and site, as they stand on the day.
pub fn standing(scene: &Scene, on: Day) -> Vec<(Offer, &Organisation, &Site)> {
    let market = &scene.market;
    let known = |offer: &Offer| {
        let offer = offer.clone().standing(market.mode, on);
        let (owner, site) = (market.organisations.get(&offer.organisation)?, market.sites.get(&offer.site)?);
        let product = PRODUCTS.iter().any(|(code, _)| *code == offer.terms.product.as_str());
        (product && offer.in_market(on)).then_some((offer, owner, site))
    };
    market.offers.iter().filter_map(known).collect()
}

pub fn region(site: &Site, known: Known, level: u8) -> Option<RegionCode> {
    let finest = if known.exact { 3 } else { 2 };
    let region = WORLD.regions.at_level(site.region.as_ref()?, finest)?;
    Some(WORLD.regions.at_level(&region.code, level)?.code.clone())
}

/// Whether an offer has any of what must be there by the end of the period.
fn has_level(scene: &Scene, query: &CapacityQuery, offer: &Offer) -> bool {
    let end = query.weeks.buckets().last().unwrap().until;
    let [running, maximum, convertible, ..] = by(scene, offer, query.weeks.on(), end);
    let has = |level: &Level| match level {
        Level::Running => running > 0,
        Level::Maximum => maximum > 0,
        Level::Convertible => convertible > 0,
    };
    query.levels.is_empty() || query.levels.iter().any(has)
}

fn passes(
    (scene, query): (&Scene, &CapacityQuery),
    known: Known,
    (offer, owner, site): (&Offer, &Organisation, &Site),
) -> bool {
    let (terms, on) = (&offer.terms, query.weeks.on());
    let named = |grade: Option<&GradeCode>| query.substitutes.contains(&(terms.product.clone(), grade.cloned()));
    let whatever = named(None);
    let span = (query.weeks.buckets()[0].from, query.weeks.buckets().last().unwrap().until);
    let counts = |c: &Certificate| c.doubt.is_none() && c.derogation.is_none() && c.status.is_held();
    let covers = |c: &Certificate| {
        let asked = |g: &GradeCode| query.grades.as_ref().is_none_or(|wanted| wanted.contains(g));
        let wanted = |g: &GradeCode| whatever || named(Some(g)) || asked(g);
        c.grades.is_empty() || terms.grades.iter().any(|g| c.grades.contains(g) && wanted(g))
    };
    let near = query.near.is_none_or(|near| {
        let of_region = || WORLD.regions.spot(&region(site, known, 3)?);
        let point = site.point.filter(|_| known.exact).or_else(of_region);
        point.is_some_and(|p| Place::new(near.point).distance_km(&Place::new(p)) <= near.km)
    });
    let place = region(site, known, 3);
    query.products.as_ref().is_none_or(|p| p.contains(&terms.product))
        && (whatever
            || query.grades.is_none()
            || terms
                .grades
                .iter()
                .any(|g| named(Some(g)) || query.grades.as_ref().is_some_and(|asked| asked.contains(g))))
        && has_level(scene, query, offer)
        && query.features.iter().all(|f| f.met_by(terms.feature(&f.feature)))
        && query.regions.as_ref().is_none_or(|outer| {
            place.is_some_and(|inner| outer.iter().any(|outer| WORLD.regions.lies_in(&inner, outer)))
        })
        && near
        && query.clusters.as_ref().is_none_or(|c| known.named && owner.clusters.iter().any(|o| c.contains(o)))
        && (query.certified == Certified::Any
            || terms
                .certificates
                .iter()
                .any(|c| counts(c) && c.status >= CertificateStatus::Checked && c.holds_over(on, on)))
        && query.papers.as_ref().is_none_or(|demand| {
            demand.kinds.iter().all(|kind| {
                terms.certificates.iter().any(|c| {
                    c.kind == *kind
                        && counts(c)
                        && c.status >= demand.least
                        && c.holds_over(span.0, span.1)
                        && covers(c)
                })
            })
        })
        && owner.verification >= query.verification
        && (query.freshness == Freshness::Any || !offer.is_stale(on))
        && query
            .min_order_at_most
            .is_none_or(|most| terms.min_order.as_ref().is_none_or(|m| m.quantity.units() <= most))
        && query.lead_days_at_most.is_none_or(|most| terms.lead_days <= most)
        && (query.transfers.is_empty() || query.transfers.iter().any(|t| terms.transfers.contains(t)))
}

/// What is drawn from an offer by a day, of one standing or of both.
pub fn drawn(scene: &Scene, offer: OfferId, as_of: Day, by: Day, standing: Option<Standing>) -> i128 {
    let of_offer = scene.market.commitments.iter().filter(|c| c.offer == offer && c.cutoff.max(as_of) <= by);
    let counted = of_offer.filter(|c| standing.is_none_or(|s| scene.standing(c) == s));
    counted.map(|c| i128::from(c.quantity.units())).sum()
}

fn curve(profile: &CapacityProfile, kind: CapacityKind) -> SupplyCurve {
    profile.curve(kind)
}

/// The least over all days from one on.
fn least_from(day: Day, left: impl Fn(Day) -> i128) -> i128 {
    (0..FAR).map(|ahead| left(day.plus(ahead))).min().unwrap().max(0)
}

const KINDS: [CapacityKind; 2] = [CapacityKind::Running, CapacityKind::Maximum];

/// Sums of an offer by the end of a day, in the order of the figures.
pub fn by(scene: &Scene, offer: &Offer, on: Day, end: Day) -> [i128; 7] {
    // Of what lacks something only what lies ready counts.
    let profile = &*offer.terms.ready_profile();
    let [running, maximum] = KINDS.map(|kind| curve(profile, kind));
    let mut decided = profile.clone();
    if let Some(conversion) = decided.convertible.as_mut().filter(|c| c.decided_on.is_none()) {
        conversion.decided_on = Some(on);
    }
    let converted = curve(&decided, CapacityKind::Running).by(end) - running.by(end);
    let taken = |day, standing| drawn(scene, offer.id, profile.as_of, day, standing);
    let free = |curve: &SupplyCurve| least_from(end, |day| i128::from(curve.by(day)) - taken(day, None));
    [
        running.by(end).into(),
        maximum.by(end).into(),
        converted.into(),
        taken(end, Some(Standing::Held)),
        taken(end, Some(Standing::Agreed)),
        free(&running),
        free(&maximum),
    ]
}

/// What offers of a line can give together by a day, beside what is promised.
pub fn line_bound(scene: &Scene, line: LineId, inside: &BTreeSet<OfferId>, kind: CapacityKind, end: Day) -> i128 {
    let output = curve(&scene.market.lines[&line].profile, kind);
    least_from(end, |day| {
        let room = scene.market.offers.iter().filter(|o| o.terms.line == Some(line)).map(|o| {
            let profile = &o.terms.profile;
            let stock = i128::from(curve(profile, kind).stock_by(day));
            let room = stock - drawn(scene, o.id, profile.as_of, day, None);
            if inside.contains(&o.id) { room } else { room.min(0) }
        });
        i128::from(output.by(day)) + room.sum::<i128>()
    })
}

/// What rows are told apart by.
pub type Key =
    (Option<ProductCode>, BaseUnit, Option<Vec<GradeCode>>, Option<RegionCode>, Option<OrganisationId>, Option<Role>);

/// A row: figures by week, offers, organisations, nameless ones, oldest figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naive {
    pub figures: Vec<Figures>,
    pub offers: usize,
    pub organisations: usize,
    pub nameless: usize,
    pub oldest: Option<Day>,
}

struct Member<'s> {
    offer: Offer,
    owner: &'s Organisation,
    known: Known,
}

/// The rows that a reader sees one by one, summed up.
pub fn rows(scene: &Scene, query: &CapacityQuery, reader: &Reader) -> BTreeMap<Key, Naive> {
    let mut groups: BTreeMap<Key, Vec<Member<'_>>> = BTreeMap::new();
    let by_group = |group| query.group_by.contains(&group);
    let level = query.group_by.iter().filter_map(|g| if let Group::Region(l) = g { Some(*l) } else { None }).max();
    for (offer, owner, site) in standing(scene, query.weeks.on()) {
        let Some(known) = sees(scene, reader, &offer) else { continue };
        if !passes((scene, query), known, (&offer, owner, site)) {
            continue;
        }
        let unit = PRODUCTS.iter().find(|(code, _)| *code == offer.terms.product.as_str()).unwrap().1;
        let mut grades = offer.terms.grades.clone();
        grades.sort();
        grades.dedup();
        let clusters: Vec<Option<OrganisationId>> =
            if by_group(Group::Cluster) && known.named && !owner.clusters.is_empty() {
                owner.clusters.iter().copied().map(Some).collect()
            } else {
                vec![None]
            };
        for cluster in clusters {
            let key = (
                by_group(Group::Product).then(|| offer.terms.product.clone()),
                unit,
                by_group(Group::Grade).then(|| grades.clone()),
                level.and_then(|level| region(site, known, level)),
                cluster,
                (by_group(Group::Holder) && known.named).then_some(offer.terms.role),
            );
            groups.entry(key).or_default().push(Member { offer: offer.clone(), owner, known });
        }
    }
    groups.into_iter().map(|(key, members)| (key, naive(scene, query, &members))).collect()
}

fn naive(scene: &Scene, query: &CapacityQuery, members: &[Member<'_>]) -> Naive {
    let on = query.weeks.on();
    let bound = |m: &&Member<'_>| {
        m.known.named && m.offer.terms.line.is_some_and(|line| scene.market.lines.contains_key(&line))
    };
    let sums = |end: Day| {
        let mut sums = [0; 7];
        let mut lines: BTreeMap<LineId, ([i128; 2], BTreeSet<OfferId>)> = BTreeMap::new();
        for member in members {
            let by = by(scene, &member.offer, on, end);
            sums.iter_mut().zip(by).for_each(|(sum, by)| *sum += by);
            if bound(&member) {
                let line = lines.entry(member.offer.terms.line.unwrap()).or_default();
                line.0[0] += by[5];
                line.0[1] += by[6];
                line.1.insert(member.offer.id);
            }
        }
        for (line, (free, inside)) in lines {
            for (at, kind) in KINDS.into_iter().enumerate() {
                let most = line_bound(scene, line, &inside, kind, end);
                sums[5 + at] -= (free[at] - most).max(0);
            }
        }
        sums
    };
    let mut before = [0; 7];
    let mut figures = Vec::new();
    for bucket in query.weeks.buckets() {
        let by = sums(bucket.until);
        let grown: [i128; 7] = std::array::from_fn(|at| by[at] - before[at]);
        figures.push(of(grown));
        before = by;
    }
    if !query.group_by.contains(&Group::Week) {
        figures = vec![of(before)];
    }
    let named: BTreeSet<_> = members.iter().filter(|m| m.known.named).map(|m| m.owner.id).collect();
    Naive {
        figures,
        offers: members.len(),
        organisations: named.len(),
        nameless: members.iter().filter(|m| !m.known.named).count(),
        oldest: members.iter().map(|m| m.offer.terms.profile.as_of).min(),
    }
}

pub fn of(sums: [i128; 7]) -> Figures {
    let [running, maximum, convertible, held, agreed, free, free_maximum] = sums;
    Figures { running, maximum, convertible, held, agreed, free, free_maximum }
}
