//! What is asked for, what covers it, what could, and what stays uncovered: product x region x week.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use domain::{
    code::{ProductCode, RegionCode},
    organisation::Verification,
    time::Day,
    unit::BaseUnit,
};

use crate::{
    answer::{Figures, LeftOut},
    atoms::{HORIZON, Holdings, Shares},
    cuts::Cut,
    intern::NONE,
    needs::NeedRow,
    places::COARSE,
    query::{CapacityQuery, Group},
    reader::{Eyes, Reader},
    store::Index,
    weeks::{Bucket, Weeks},
};

/// The four tiers, what is held, what is agreed, and what is still open.
pub(crate) const ASKED: usize = 7;
/// Where the latter stand.
const HELD: usize = 4;
const AGREED: usize = 5;
const OPEN: usize = 6;

/// What is short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShortageQuery {
    /// The weeks, and the day it is asked about.
    pub weeks: Weeks,
    /// These products; all where absent.
    pub products: Option<BTreeSet<ProductCode>>,
    /// Delivery sites, and offers, in any of these regions; everywhere where absent.
    pub regions: Option<BTreeSet<RegionCode>>,
    /// The level of the board's regions, 0 to 2.
    pub level: u8,
    /// How it is coloured.
    pub rule: BoardRule,
}

/// When a week is red and when it is orange: by the covered share `(covered + free running) / need`, all summed up to the
/// end of the week. Shares are fractions, numerator first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BoardRule {
    /// Red below this share.
    pub red_below: (u32, u32),
    /// Else orange below this one.
    pub orange_below: (u32, u32),
}

impl Default for BoardRule {
    /// Red below a half, orange below the whole.
    fn default() -> Self {
        Self { red_below: (1, 2), orange_below: (1, 1) }
    }
}

impl BoardRule {
    /// The colour of a share `(covered + free) / need`; at least 0 each.
    pub fn colour(&self, covered_or_free: i128, need: i128) -> Colour {
        let below = |(part, whole): (u32, u32)| covered_or_free * i128::from(whole) < need * i128::from(part);
        if need == 0 {
            Colour::Quiet
        } else if below(self.red_below) {
            Colour::Red
        } else if below(self.orange_below) {
            Colour::Orange
        } else {
            Colour::Green
        }
    }
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Colour {
    /// Nothing was asked for so far.
    Quiet,
    /// Enough is covered or free.
    Green,
    /// Some is missing.
    Orange,
    /// Much is missing.
    Red,
}

/// A week of a product in a region, in base units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShortageWeek {
    /// What is due in the week, by tier from 1 to 4; tier 1 only where it was granted or is proved. The first week of the
    /// period holds what was due before.
    pub need: [i128; 4],
    /// What is held towards it.
    pub held: i128,
    /// What is agreed towards it.
    pub agreed: i128,
    /// What is neither held nor agreed, need by need.
    pub open: i128,
    /// What of the running level becomes free in the week.
    pub free: i128,
    /// What of the maximum level becomes free.
    pub free_maximum: i128,
    /// What conversions could add in the week, were they decided on the day asked about.
    pub convertible: i128,
    /// What is open by the end of the week less what is free by then, and not below 0.
    pub gap: i128,
    /// How it stands by the end of the week.
    pub colour: Colour,
}

/// A product in a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShortageRow {
    /// The product.
    pub product: ProductCode,
    /// The base unit of its figures.
    pub unit: BaseUnit,
    /// The region of the level asked for, or the coarser one where no finer is known or may be told; `None` where none is.
    pub region: Option<RegionCode>,
    /// For how many days from the day asked about the stock lasts at the site where it lasts the shortest, of the needs that
    /// the reader sees one by one and that state it; `None` where none does.
    pub days_of_supply: Option<i64>,
    /// By week.
    pub weeks: Vec<ShortageWeek>,
}

/// What is short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShortageAnswer {
    /// The number of the event that it reflects.
    pub as_of_event: i64,
    /// The day it is asked about.
    pub on: Day,
    /// The weeks, in order.
    pub weeks: Vec<Bucket>,
    /// By product and region.
    pub rows: Vec<ShortageRow>,
    /// Whether free figures are upper bounds, as [`CapacityAnswer`](crate::CapacityAnswer) says.
    pub free_is_upper_bound: bool,
    /// Why something may be left out.
    pub left_out: BTreeSet<LeftOut>,
}

/// The needs of a product in a region.
#[derive(Debug, Clone)]
struct Wanting {
    /// By week.
    weeks: Vec<[i128; ASKED]>,
    /// The fewest days that a stock lasts.
    days: Option<i64>,
}

/// Needs by product and region.
type Asked = BTreeMap<(u32, u32), Wanting>;

/// What is asked for and what there is, of a product in a region.
#[derive(Debug, Clone)]
struct Joined {
    weeks: Vec<Joint>,
    days: Option<i64>,
}

/// What is asked for in a week, and what there is.
type Joint = ([i128; ASKED], Figures);

/// The needs of a product as things that are held.
struct NeedHoldings<'a> {
    needs: &'a [NeedRow],
    weeks: &'a Weeks,
}

impl Holdings<ASKED> for NeedHoldings<'_> {
    fn organisation(&self, item: u32) -> u32 {
        self.needs.get(item as usize).map_or(NONE, |need| need.organisation)
    }

    fn weekly(&mut self, items: &[u32], out: &mut [[i128; ASKED]]) {
        for need in items.iter().filter_map(|item| self.needs.get(*item as usize)) {
            ask(need, self.weeks, out);
        }
    }
}

impl Wanting {
    fn new(weeks: usize) -> Self {
        Self { weeks: vec![[0; ASKED]; weeks], days: None }
    }
}

impl Index {
    /// What stays uncovered, as a reader may know it.
    ///
    /// A need is as private as an offer. Everybody sees his own; the operator and verified authorities see sums of all of
    /// them; to others they are told in atoms by product and region. Supply is what [`Index::capacity`] tells the reader of
    /// the product, of whatever grade; needs are counted where they must arrive, and offers where they are made.
    pub fn shortages(&self, query: &ShortageQuery, reader: &Reader) -> ShortageAnswer {
        let eyes = Eyes::new(self, reader);
        let level = usize::from(query.level).min(2);
        let mut capacity = CapacityQuery::new(query.weeks.clone());
        capacity.products.clone_from(&query.products);
        capacity.regions.clone_from(&query.regions);
        capacity.group_by = BTreeSet::from([Group::Product, Group::Region(query.level.min(2)), Group::Week]);
        let supply = self.capacity(&capacity, reader);
        let mut asked = Asked::new();
        match &eyes {
            Eyes::Public => {}
            Eyes::Operator | Eyes::Party(_) => {
                let wanted = query.regions.as_ref().map(|regions| self.regions.within(regions));
                let inside =
                    |r: u32| wanted.as_ref().is_none_or(|wanted| wanted.get(r as usize).copied().unwrap_or(false));
                for product in self.asked(query.products.as_ref()) {
                    self.ask_all(product, (&query.weeks, level), &eyes, inside, &mut asked);
                }
            }
        }
        let count = query.weeks.buckets().len();
        let empty = || Joined { weeks: vec![([0; ASKED], Figures::default()); count], days: None };
        let mut joined: BTreeMap<(ProductCode, Option<RegionCode>), Joined> = BTreeMap::new();
        for ((product, region), Wanting { weeks, days }) in asked {
            let Some(product) = self.products.get(product).cloned() else { continue };
            let row = joined.entry((product, self.regions.code(region).cloned())).or_insert_with(empty);
            row.days = days;
            row.weeks.iter_mut().zip(weeks).for_each(|((asked, _), week)| *asked = week);
        }
        for row in supply.rows {
            let Some(product) = row.product else { continue };
            let joint = joined.entry((product, row.region)).or_insert_with(empty);
            joint.weeks.iter_mut().zip(row.figures).for_each(|((_, supply), figures)| *supply = figures);
        }
        let row = |((product, region), Joined { weeks, days }): ((ProductCode, _), Joined)| {
            let unit = self.products.find(&product).map_or(BaseUnit::Piece, |product| self.unit(product));
            ShortageRow { product, unit, region, days_of_supply: days, weeks: board(&weeks, query.rule) }
        };
        ShortageAnswer {
            as_of_event: self.as_of_event(),
            on: query.weeks.on(),
            weeks: query.weeks.buckets().to_vec(),
            rows: joined.into_iter().map(row).collect(),
            free_is_upper_bound: supply.free_is_upper_bound,
            left_out: supply.left_out,
        }
    }

    /// Sums up the needs of a product: one by one what the reader sees of them, and the rest in cells.
    fn ask_all(
        &self,
        product: u32,
        (weeks, level): (&Weeks, usize),
        eyes: &Eyes<'_>,
        inside: impl Fn(u32) -> bool,
        asked: &mut Asked,
    ) {
        let (needs, count) = (self.needs.of_product(product), weeks.buckets().len());
        for need in needs.iter().filter(|need| eyes.sees_need(need.organisation)) {
            let Some((_, place)) = asked_at(need, weeks.on()) else { continue };
            if inside(self.regions.at_level(place, COARSE)) {
                let key = (product, self.regions.at_level(place, level));
                let row = asked.entry(key).or_insert_with(|| Wanting::new(count));
                ask(need, weeks, &mut row.weeks);
                let days = need.days_of_supply(weeks.on());
                row.days = row.days.into_iter().chain(days).min();
            }
        }
        if eyes.sees_all_needs() {
            return;
        }
        let horizon = Weeks::whole(weeks.on(), HORIZON);
        let mut holdings = NeedHoldings { needs, weeks: &horizon };
        let Some(cut) = self.cut_needs(product, &horizon) else { return };
        for atom in cut.atoms.iter().filter(|atom| inside(atom.key)) {
            let mut tell = |(week, figures): (usize, [i128; ASKED])| {
                if let Some(at) = horizon.buckets().get(week).and_then(|bucket| weeks.place(bucket.until)) {
                    let key = (product, self.regions.at_level(atom.key, level));
                    let row = asked.entry(key).or_insert_with(|| Wanting::new(count));
                    row.weeks[at].iter_mut().zip(figures).for_each(|(sum, figure)| *sum += figure);
                }
            };
            let hidden = |item: &u32| !eyes.sees_need(holdings.organisation(*item));
            let items: Vec<u32> = atom.items.iter().copied().filter(hidden).collect();
            if items.len() == atom.items.len() {
                atom.found.iter().copied().for_each(&mut tell);
            } else {
                let open = |week: usize| atom.found.binary_search_by_key(&week, |(week, _)| *week).is_ok();
                Shares::of(&items, &mut holdings).told().filter(|(week, _)| open(*week)).for_each(&mut tell);
            }
        }
    }

    /// The atoms of a product's needs: cut by NUTS 2 region, then over NUTS 1 and over the country.
    fn cut_needs(&self, product: u32, horizon: &Weeks) -> Option<Arc<Cut<u32, ASKED>>> {
        let on = horizon.on();
        self.need_cuts.of(product, on, |before| {
            let needs = self.needs.of_product(product);
            let mut left = Vec::new();
            for (item, need) in (0..).zip(needs) {
                let Some((vouched, place)) = asked_at(need, on) else { continue };
                if vouched != Verification::None {
                    left.push(([COARSE, 1, 0].map(|level| self.regions.at_level(place, level)), item));
                }
            }
            let mut holdings = NeedHoldings { needs, weeks: horizon };
            let changed = |item: u32| needs.get(item as usize).map_or(u64::MAX, |need| need.changed);
            Some(Cut::new((on, self.revision), left, (before, changed), |items| {
                Some(Shares::standing(items, &mut holdings)?.told_to_holders().collect())
            }))
        })
    }
}

/// The region of a need that is asked for on a day and whose organisation and site are known, with who vouches for it.
fn asked_at(need: &NeedRow, on: Day) -> Option<(Verification, u32)> {
    need.origin.known().filter(|_| need.is_asked_for(on))
}

/// Adds a need to the weeks in which its instalments are due; those due earlier to the first.
fn ask(need: &NeedRow, weeks: &Weeks, out: &mut [[i128; ASKED]]) {
    let tier = usize::from(need.tier(weeks.on()).clamp(1, 4)) - 1;
    for part in &need.instalments {
        let at = weeks.buckets().partition_point(|bucket| bucket.until < part.due);
        let Some(sums) = out.get_mut(at) else { continue };
        let [units, held, agreed] = [part.units, part.held, part.agreed].map(i128::from);
        sums[tier] += units;
        sums[HELD] += held;
        sums[AGREED] += agreed;
        sums[OPEN] += (units - held - agreed).max(0);
    }
}

/// The weeks of a row, from what is asked for and what there is in each.
fn board(weeks: &[Joint], rule: BoardRule) -> Vec<ShortageWeek> {
    let (mut need_by, mut open_by, mut free_by) = (0, 0, 0);
    let week = |(asked, supply): &Joint| {
        let [first, second, third, fourth, held, agreed, open] = *asked;
        let need = [first, second, third, fourth];
        need_by += need.iter().sum::<i128>();
        open_by += open;
        free_by += supply.free;
        ShortageWeek {
            need,
            held,
            agreed,
            open,
            free: supply.free,
            free_maximum: supply.free_maximum,
            convertible: supply.convertible,
            gap: (open_by - free_by).max(0),
            colour: rule.colour(need_by - open_by + free_by, need_by),
        }
    };
    weeks.iter().map(week).collect()
}
