//! Capacity and shortages by the plain rule: from the records as they lie in the database, day by day.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use app::{App, Tables};
use domain::{
    capacity::{CapacityKind, CapacityProfile},
    certificate::CertificateStatus,
    disclosure::{Audience, FieldGroup},
    geo::{Place, Point},
    ids::{LineId, MatchId, OfferId, OrganisationId},
    market::{Commitment, Market},
    need::NeedState,
    offer::{Offer, OfferState, Role},
    organisation::Verification,
    time::Day,
};
use serde_json::{Value, json};

use super::questions::{BoardAsked, CapacityAsked, unit};

/// Who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Operator,
    /// An authority that the operator vouches for, and which offers nothing.
    Authority,
}

/// The records, and which of the promises are only held.
pub struct Records {
    market: Market,
    held: BTreeSet<MatchId>,
    tables: Arc<Tables>,
    on: Day,
    /// What was reckoned before: many questions ask for the same day.
    known: Mutex<BTreeMap<(OfferId, Day), Sums>>,
}

/// A product in a region.
type Cell = (String, Option<String>);

/// Its unit, by week what is due by tier, held, agreed, open, free, free at full stretch and convertible, and for how many
/// days stocks last.
type Asked = (&'static str, Vec<[i128; 10]>, Option<i64>);

/// Running, maximum, convertible, held, agreed, free, free at full stretch; by the end of a day.
type Sums = [i128; 7];

const NAMES: [&str; 7] = ["running", "maximum", "convertible", "held", "agreed", "free", "free_maximum"];
const LEVELS: [CapacityKind; 2] = [CapacityKind::Running, CapacityKind::Maximum];

impl Records {
    /// As they lie in the database now.
    pub async fn read(app: &App, held: BTreeSet<MatchId>) -> Self {
        let market = storage::market::snapshot(&app.store, app.today(), app.clock.now()).await.unwrap();
        Self { market, held, tables: app.tables(), on: app.today(), known: Mutex::default() }
    }

    /// How many promises are held, and how many agreed.
    pub fn promised(&self) -> [usize; 2] {
        let held = self.market.commitments.iter().filter(|promise| self.held.contains(&promise.match_id)).count();
        [held, self.market.commitments.len() - held]
    }

    /// The promises of an offer that draw on it by a day. One whose day is over and that is not shipped still does.
    fn promises<'a>(&'a self, offer: &'a Offer, by: Day) -> impl Iterator<Item = &'a Commitment> {
        let of_offer = move |promise: &&Commitment| promise.offer == offer.id && promise.cutoff <= by;
        self.market.commitments.iter().filter(of_offer)
    }

    fn taken(&self, offer: &Offer, by: Day) -> i128 {
        self.promises(offer, by).map(|promise| i128::from(promise.quantity.units())).sum()
    }

    /// The least over a day and all later ones: beyond the last promise nothing falls.
    fn least(&self, from: Day, left: impl Fn(Day) -> i128) -> i128 {
        let last = self.market.commitments.iter().map(|promise| promise.cutoff).max().unwrap_or(from).max(from);
        (0..=last.since(from)).map(|ahead| left(from.plus(ahead))).min().unwrap().max(0)
    }

    fn by(&self, offer: &Offer, end: Day) -> Sums {
        *self.known.lock().unwrap().entry((offer.id, end)).or_insert_with(|| self.reckoned(offer, end))
    }

    fn reckoned(&self, offer: &Offer, end: Day) -> Sums {
        let profile = &offer.terms.profile;
        let exists = |kind, day| i128::from(profile.curve(kind).by(day));
        let promised = |held: bool| {
            let of = self.promises(offer, end).filter(|promise| self.held.contains(&promise.match_id) == held);
            of.map(|promise| i128::from(promise.quantity.units())).sum()
        };
        let free = |kind| self.least(end, |day| exists(kind, day) - self.taken(offer, day));
        [
            exists(CapacityKind::Running, end),
            exists(CapacityKind::Maximum, end),
            self.converted(profile, end),
            promised(true),
            promised(false),
            free(CapacityKind::Running),
            free(CapacityKind::Maximum),
        ]
    }

    /// What a conversion that nobody decided adds if it is decided today.
    fn converted(&self, profile: &CapacityProfile, end: Day) -> i128 {
        let mut decided = profile.clone();
        match decided.convertible.as_mut() {
            Some(conversion) if conversion.decided_on.is_none() => conversion.decided_on = Some(self.on),
            _ => return 0,
        }
        i128::from(decided.curve(CapacityKind::Running).by(end) - profile.curve(CapacityKind::Running).by(end))
    }

    /// What is free of several offers together, which may share lines whose time the reader knows of.
    fn free(&self, who: Who, offers: &[&Offer], end: Day) -> [i128; 2] {
        let mut sums = [0; 2];
        let mut lines: BTreeMap<LineId, Vec<&Offer>> = BTreeMap::new();
        for offer in offers {
            match offer.terms.line.filter(|_| who == Who::Operator) {
                Some(line) => lines.entry(line).or_default().push(offer),
                None => (0..2).for_each(|at| sums[at] += self.by(offer, end)[5 + at]),
            }
        }
        for (line, inside) in lines {
            for (at, kind) in LEVELS.into_iter().enumerate() {
                let alone: i128 = inside.iter().map(|offer| self.by(offer, end)[5 + at]).sum();
                sums[at] += alone.min(self.line(line, &inside, kind, end));
            }
        }
        sums
    }

    /// What a line's time leaves to some of its offers: their stock and its output, less what they promised, and less what
    /// the others of the line promised beyond their own stock.
    fn line(&self, line: LineId, inside: &[&Offer], kind: CapacityKind, end: Day) -> i128 {
        let output = self.market.lines[&line].profile.curve(kind);
        let sharing: Vec<&Offer> = self.market.offers.iter().filter(|offer| offer.terms.line == Some(line)).collect();
        self.least(end, |day| {
            let room = sharing.iter().map(|offer| {
                let room = i128::from(offer.terms.profile.curve(kind).stock_by(day)) - self.taken(offer, day);
                if inside.iter().any(|one| one.id == offer.id) { room } else { room.min(0) }
            });
            i128::from(output.by(day)) + room.sum::<i128>()
        })
    }

    /// Whether the reader knows the exact place of an offer.
    fn is_exact(&self, who: Who, offer: &Offer) -> bool {
        match who {
            Who::Operator => true,
            Who::Authority => offer.terms.disclosure.sees(Audience::Buyer, FieldGroup::ExactPlace),
        }
    }

    /// The region of a level, as far as the reader knows it.
    fn region(&self, who: Who, offer: &Offer, level: u8) -> Option<String> {
        let finest = if self.is_exact(who, offer) { 3 } else { 2 };
        let region = self.market.sites[&offer.site].region.as_ref()?;
        Some(self.tables.regions.at_level(region, finest.min(level))?.code.to_string())
    }

    fn lies_in(&self, region: Option<&str>, wanted: &[&str]) -> bool {
        let code = |text: &str| domain::code::RegionCode::new(text);
        region.is_some_and(|inner| wanted.iter().any(|outer| self.tables.regions.lies_in(&code(inner), &code(outer))))
    }

    fn point(&self, who: Who, offer: &Offer) -> Option<Point> {
        let stated = self.market.sites[&offer.site].point.filter(|_| self.is_exact(who, offer));
        stated.or_else(|| {
            let region = self.region(who, offer, 3)?;
            let region = self.tables.regions.get(&domain::code::RegionCode::new(&region))?;
            // Nobody is at the middle of a country.
            let divided = || self.tables.regions.all().iter().any(|part| part.parent.as_ref() == Some(&region.code));
            region.point.filter(|_| region.level > 1 || !divided())
        })
    }

    fn clusters(&self, offer: &Offer) -> &[OrganisationId] {
        &self.market.organisations[&offer.organisation].clusters
    }

    fn passes(&self, who: Who, offer: &Offer, asked: &CapacityAsked) -> bool {
        let (terms, named) = (&offer.terms, who == Who::Operator);
        let usable = || terms.certificates.iter().filter(|paper| paper.status.is_held() && paper.doubt.is_none());
        let held = |kind: &str, least| {
            usable().any(|paper| {
                let grades = asked.all_grades();
                let wanted = |grade: &str| grades.is_empty() || grades.contains(&grade);
                let covers = paper.grades.is_empty()
                    || terms.grades.iter().any(|grade| paper.grades.contains(grade) && wanted(grade.as_str()));
                let (from, until) = (asked.from.max(self.on), asked.until);
                paper.kind.as_str() == kind && paper.status >= least && paper.holds_over(from, until) && covers
            })
        };
        let near = |(lat, lon, km): (i32, i32, u32)| {
            let middle = Place::new(Point::new(lat * 1_000_000, lon * 1_000_000).unwrap());
            self.point(who, offer).is_some_and(|point| middle.distance_km(&Place::new(point)) <= km)
        };
        let is_checked = || usable().any(|p| p.status >= CertificateStatus::Checked && p.holds_over(self.on, self.on));
        let grades = asked.all_grades();
        (asked.products.is_empty() || asked.products.contains(&terms.product.as_str()))
            && (grades.is_empty() || terms.grades.iter().any(|grade| grades.contains(&grade.as_str())))
            && (asked.regions.is_empty() || self.lies_in(self.region(who, offer, 3).as_deref(), &asked.regions))
            && asked.near.is_none_or(near)
            && asked.cluster.is_none_or(|one| named && self.clusters(offer).contains(&one))
            && (!asked.certified || is_checked())
            && asked.certificate.is_none_or(|(kind, least)| held(kind, least))
            && (!asked.vouched || self.market.organisations[&offer.organisation].verification == Verification::Operator)
            && (!asked.fresh || offer.confirm_by >= self.on)
            && asked
                .min_order
                .is_none_or(|most| terms.min_order.as_ref().is_none_or(|least| least.quantity.units() <= most))
            && asked.lead_days.is_none_or(|most| terms.lead_days <= most)
            && asked.transfer.is_none_or(|transfer| terms.transfers.contains(&transfer))
    }

    /// Offers that are in the market today.
    fn standing(&self) -> impl Iterator<Item = &Offer> {
        self.market.offers.iter().filter(|offer| {
            let over = offer.terms.profile.until.is_some_and(|last| last < self.on);
            offer.state == OfferState::Published && !over && !offer.suspended && offer.quarantine.is_none()
        })
    }

    /// The rows and totals of a question to the capacity map.
    pub fn capacity(&self, who: Who, asked: &CapacityAsked) -> (Vec<Value>, Vec<Value>) {
        let (named, by) = (who == Who::Operator, |word: &str| asked.group_by.contains(&word));
        let level = [("nuts3", 3), ("nuts2", 2), ("nuts1", 1), ("country", 0)].into_iter().find(|(word, _)| by(word));
        let mut rows: BTreeMap<String, (Value, Vec<&Offer>)> = BTreeMap::new();
        let mut totals: BTreeMap<String, (Value, Vec<&Offer>)> = BTreeMap::new();
        for offer in self.standing().filter(|offer| self.passes(who, offer, asked)) {
            let terms = &offer.terms;
            let grades: BTreeSet<&str> = terms.grades.iter().map(|grade| grade.as_str()).collect();
            let role = match terms.role {
                Role::Maker => "maker",
                Role::Trader => "trader",
            };
            let unit = unit(terms.product.as_str());
            let mut clusters: Vec<Option<String>> =
                self.clusters(offer).iter().filter(|_| named).map(|id| Some(id.0.to_string())).collect();
            if clusters.is_empty() || !by("cluster") {
                clusters = vec![None];
            }
            for cluster in clusters {
                let key = json!({
                    "product": by("product").then_some(terms.product.as_str()),
                    "unit": unit,
                    "grades": by("grade").then_some(&grades),
                    "region": level.and_then(|(_, level)| self.region(who, offer, level)),
                    "cluster": cluster,
                    "role": (by("role") && named).then_some(role),
                });
                rows.entry(key.to_string()).or_insert_with(|| (key, Vec::new())).1.push(offer);
            }
            let none = Value::Null;
            let key =
                json!({ "product": none, "unit": unit, "grades": none, "region": none, "cluster": none, "role": none });
            totals.entry(key.to_string()).or_insert_with(|| (key, Vec::new())).1.push(offer);
        }
        let told = |rows: BTreeMap<String, (Value, Vec<&Offer>)>| {
            rows.into_values().flat_map(|(key, offers)| self.row(who, asked, &key, &offers)).collect()
        };
        (told(rows), told(totals))
    }

    fn sums(&self, who: Who, offers: &[&Offer], end: Day) -> Sums {
        let mut sums = [0; 7];
        for offer in offers {
            sums.iter_mut().zip(self.by(offer, end)).for_each(|(sum, by)| *sum += by);
        }
        [sums[5], sums[6]] = self.free(who, offers, end);
        sums
    }

    fn row(&self, who: Who, asked: &CapacityAsked, key: &Value, offers: &[&Offer]) -> Vec<Value> {
        let named = who == Who::Operator;
        let owners: BTreeSet<OrganisationId> = offers.iter().filter(|_| named).map(|o| o.organisation).collect();
        let weeks = weeks(self.on, asked.from, asked.until);
        let mut before = [0; 7];
        let mut told = Vec::new();
        for (from, until) in &weeks {
            let sums = self.sums(who, offers, *until);
            told.push((*from, *until, std::array::from_fn(|at| sums[at] - before[at])));
            before = sums;
        }
        if !asked.group_by.contains(&"week") {
            told = vec![(weeks[0].0, weeks[weeks.len() - 1].1, before)];
        }
        let oldest = offers.iter().map(|offer| offer.terms.profile.as_of).min().unwrap();
        let one = |(from, until, figures): (Day, Day, Sums)| {
            let mut row = key.clone();
            row["from"] = json!(from.to_string());
            row["until"] = json!(until.to_string());
            NAMES.into_iter().zip(figures).for_each(|(name, figure)| row[name] = json!(i64::try_from(figure).unwrap()));
            row["offers"] = json!(offers.len());
            row["organisations"] = json!(owners.len());
            row["nameless"] = json!(if named { 0 } else { offers.len() });
            row["oldest_figures"] = json!(oldest.to_string());
            row["with_network"] = json!(false);
            row
        };
        told.into_iter().map(one).collect()
    }

    /// The rows of a question to the shortage board.
    pub fn board(&self, who: Who, asked: &BoardAsked) -> Vec<Value> {
        let weeks = weeks(self.on, asked.from, asked.until);
        let level = asked.level;
        let wanted = |product: &str| asked.products.is_empty() || asked.products.contains(&product);
        let inside = |region: Option<&str>| asked.regions.is_empty() || self.lies_in(region, &asked.regions);
        let mut rows: BTreeMap<Cell, Asked> = BTreeMap::new();
        let mut offers: BTreeMap<Cell, Vec<&Offer>> = BTreeMap::new();
        for need in &self.market.needs {
            let asks = matches!(need.state, NeedState::Open | NeedState::Covered) && need.quarantine.is_none();
            let last = need.instalments.iter().map(|part| part.due).max();
            let region = self.market.sites[&need.site].region.as_ref();
            let at = |level| region.and_then(|code| Some(self.tables.regions.at_level(code, level)?.code.to_string()));
            let known = asks && last.is_some_and(|last| last >= self.on) && wanted(need.terms.product.as_str());
            if !known || !inside(at(2).as_deref()) {
                continue;
            }
            let unit = unit(need.terms.product.as_str());
            let key = (need.terms.product.to_string(), at(level));
            let row = rows.entry(key).or_insert_with(|| (unit, vec![[0; 10]; weeks.len()], None));
            let lasts = need.terms.supply.as_ref().map(|supply| supply.days_left(self.on));
            row.2 = row.2.into_iter().chain(lasts).min();
            for part in &need.instalments {
                // What was due before stands in the first week.
                let Some(week) = weeks.iter().position(|(_, until)| part.due <= *until) else { continue };
                let covers = |held: bool| -> i128 {
                    let of = self.market.commitments.iter().filter(|promise| promise.instalment == part.id);
                    let counted = of.filter(|promise| self.held.contains(&promise.match_id) == held);
                    counted.map(|promise| i128::from(promise.covered().units())).sum()
                };
                let (asked, held, agreed) = (i128::from(part.measure.quantity.units()), covers(true), covers(false));
                let figures = &mut row.1[week];
                figures[usize::from(need.tier(self.on)) - 1] += asked;
                figures[4] += held;
                figures[5] += agreed;
                figures[6] += (asked - held - agreed).max(0);
            }
        }
        for offer in self.standing().filter(|offer| wanted(offer.terms.product.as_str())) {
            if inside(self.region(who, offer, 3).as_deref()) {
                let key = (offer.terms.product.to_string(), self.region(who, offer, level));
                let unit = unit(offer.terms.product.as_str());
                rows.entry(key.clone()).or_insert_with(|| (unit, vec![[0; 10]; weeks.len()], None));
                offers.entry(key).or_default().push(offer);
            }
        }
        for (key, offers) in &offers {
            let row = rows.get_mut(key).unwrap();
            let mut before = [0; 7];
            for (week, (_, until)) in weeks.iter().enumerate() {
                let sums = self.sums(who, offers, *until);
                for (place, figure) in [(7, 5), (8, 6), (9, 2)] {
                    row.1[week][place] = sums[figure] - before[figure];
                }
                before = sums;
            }
        }
        let mut told = Vec::new();
        for ((product, region), (unit, figures, days)) in rows {
            let (mut due, mut open, mut free) = (0, 0, 0);
            for ((from, until), week) in weeks.iter().zip(figures) {
                due += week[..4].iter().sum::<i128>();
                open += week[6];
                free += week[7];
                let percent = (due - open + free) * 100;
                let colour = match () {
                    () if due == 0 => "quiet",
                    () if percent < due * asked.red_below => "red",
                    () if percent < due * asked.orange_below => "orange",
                    () => "green",
                };
                let mut row = json!({ "product": product, "unit": unit, "region": region, "from": from.to_string(),
                    "until": until.to_string(), "days_of_supply": days, "colour": colour,
                    "gap": i64::try_from((open - free).max(0)).unwrap() });
                let names = [
                    "need_critical",
                    "need_high",
                    "need_normal",
                    "need_low",
                    "held",
                    "agreed",
                    "open",
                    "free",
                    "free_maximum",
                    "convertible",
                ];
                for (name, figure) in names.into_iter().zip(week) {
                    row[name] = json!(i64::try_from(figure).unwrap());
                }
                told.push(row);
            }
        }
        told
    }
}

/// The ISO weeks from a day, and not before today, until another.
fn weeks(on: Day, from: Day, until: Day) -> Vec<(Day, Day)> {
    let mut weeks: Vec<(Day, Day)> = Vec::new();
    let mut day = from.max(on);
    while day <= until {
        let last = day.monday().plus(6).min(until);
        weeks.push((day, last));
        day = last.plus(1);
    }
    weeks
}
