//! ACL-05: totals of few reveal one firm, at once or by the difference of two questions.
//!
//! Whoever asks everything holds a list of sums. Each is linear in what the firms have, so each is a vector: by how much it
//! grows where one offer has one unit more. What he can work out is what these vectors span. His own offers and those that
//! he sees are known to him and fall away.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    code::{GradeCode, RegionCode},
    ids::{OfferId, OrganisationId},
    offer::Visibility,
    organisation::Verification,
    quantity::Quantity,
    rate::Period,
};
use index::{
    Buyer, CapacityQuery, Certified, Figures, Group, Index, Lattice, LeftOut, Reader, Row, Sees, ShortageQuery,
    Standing, Weeks,
};

use crate::{
    draw::Dice,
    oracle,
    world::{Scene, buyer, day, instalment_id, manager, measure, offer_id, organisation_id, party, rate, stock, today},
};

/// What one unit more is added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum More {
    Stock,
    Rate,
    Promise,
    Conversion,
}

const MORE: [More; 4] = [More::Stock, More::Rate, More::Promise, More::Conversion];

/// Firms of about the same size in a few regions; at times a giant, two clusters, promises, conversions.
fn scene(dice: &mut Dice) -> Scene {
    let mut scene = Scene::new();
    let firms = 5 + dice.size(7);
    // What only some have is mostly withheld, so in half of the scenes nobody has it or everybody.
    let share = |dice: &mut Dice| dice.of(&[0, 0, 2, 10, 10]);
    let (promises, conversions, giants) = (share(dice), share(dice), dice.of(&[0, 0, 1]));
    let places = dice.of(&[vec!["DE11", "DE12", "DE21", "EL30"], vec!["DE11", "DE11", "DE12"]]);
    for n in 0..firms {
        let clusters: &[usize] = if dice.one_in(4) { &[100] } else { &[] };
        scene.firm(n, dice.of(&places), clusters);
    }
    scene.firm(100, "DE21", &[]);
    for _ in 0..firms + dice.size(firms) {
        let firm = dice.size(firms - 1);
        let mut made = stock(if dice.upto(9) < giants { 40_000 } else { 1_000 + dice.upto(400) });
        made.running = rate(if dice.upto(9) < giants { 70_000 } else { 700 + 7 * dice.upto(40) }, Period::Week);
        if dice.upto(9) < conversions {
            made.convertible = Some(domain::capacity::Conversion {
                rate: rate(7_000 + 7 * dice.upto(40), Period::Week),
                days: 7,
                ramp_days: 0,
                decided_on: None,
            });
        }
        let grades = dice.of(&[vec!["FFP2"], vec!["FFP2"], vec!["FFP2"], vec!["FFP3"]]);
        let visibility =
            dice.of(&[Visibility::Market, Visibility::Market, Visibility::Market, Visibility::Authorities]);
        let offer = scene.offer(firm, made);
        offer.terms.grades = grades.into_iter().map(GradeCode::new).collect();
        offer.terms.visibility = visibility;
        let id = offer.id;
        if dice.upto(9) < promises {
            let standing = dice.of(&[Standing::Held, Standing::Held, Standing::Agreed]);
            scene.promise((id, instalment_id(0)), 300 + dice.upto(40), today().plus(dice.of(&[2, 2, 9])), standing);
        }
    }
    scene
}

/// Adds one unit (a week's rate seven, so that each day has one) to what an offer has, if it has such a thing.
fn with_more(scene: &Scene, offer: OfferId, more: More) -> Option<Scene> {
    let mut scene = scene.clone();
    let at = scene.market.offers.iter().position(|o| o.id == offer)?;
    let profile = &mut scene.market.offers[at].terms.profile;
    let of_rate = |rate: &mut domain::rate::Rate| rate.measure = measure(rate.measure.quantity.units() + 7);
    match more {
        More::Stock => profile.stock = measure(profile.stock.quantity.units() + 1),
        More::Rate => of_rate(profile.running.as_mut()?),
        More::Conversion => of_rate(profile.convertible.as_mut()?.rate.as_mut()?),
        More::Promise => {
            let promise = scene.market.commitments.iter_mut().find(|c| c.offer == offer)?;
            promise.quantity = Quantity::new(promise.quantity.units() + 1).unwrap();
        }
    }
    Some(scene)
}

/// Questions of every kind that atoms answer.
fn questions() -> Vec<CapacityQuery> {
    let places: [&[&str]; 9] =
        [&[], &["DE"], &["DE1"], &["DE2"], &["DE11"], &["DE12"], &["EL"], &["DE11", "EL30"], &["DE12", "DE21"]];
    let grades: [&[&str]; 3] = [&[], &["FFP2"], &["FFP3"]];
    let groups: [&[Group]; 5] = [
        &[],
        &[Group::Week],
        &[Group::Grade, Group::Week],
        &[Group::Region(2), Group::Week],
        &[Group::Region(1), Group::Grade, Group::Product],
    ];
    let periods = [(today(), "2020-05-03"), (day("2020-04-20"), "2020-04-26")];
    let mut queries = Vec::new();
    for (places, (from, until)) in places.iter().flat_map(|p| periods.iter().map(move |period| (p, period))) {
        for (grades, group) in grades.iter().flat_map(|g| groups.iter().map(move |group| (g, group))) {
            let mut query = CapacityQuery::new(Weeks::new(today(), *from, day(until)).unwrap());
            query.regions = (!places.is_empty()).then(|| places.iter().map(|p| RegionCode::new(p)).collect());
            query.grades = (!grades.is_empty()).then(|| grades.iter().map(|g| GradeCode::new(g)).collect());
            query.group_by = group.iter().copied().collect();
            queries.push(query);
        }
    }
    queries
}

fn numbers(figures: &Figures) -> [i128; 7] {
    let Figures { running, maximum, convertible, held, agreed, free, free_maximum } = *figures;
    [running, maximum, convertible, held, agreed, free, free_maximum]
}

/// Every number that a reader is told, by what it stands for.
fn told(index: &Index, queries: &[CapacityQuery], reader: &Reader) -> BTreeMap<String, i128> {
    let mut all = BTreeMap::new();
    let mut add = |name: String, figures: &Figures| {
        for (at, number) in numbers(figures).into_iter().enumerate() {
            all.insert(format!("{name} {at}"), number);
        }
    };
    for (q, query) in queries.iter().enumerate() {
        let answer = index.capacity(query, reader);
        let name = |row: &Row| format!("{q} {:?} {:?} {:?}", row.product, row.grades, row.region);
        for row in &answer.rows {
            row.figures.iter().enumerate().for_each(|(week, f)| add(format!("{} {week}", name(row)), f));
        }
        for row in &answer.totals {
            row.figures.iter().enumerate().for_each(|(week, f)| add(format!("{q} all {week}"), f));
        }
    }
    let Lattice { cells, .. } = index.lattice(today());
    for cell in &cells {
        add(format!("lattice {} {:?} {}", cell.product, cell.region, cell.week), &cell.figures);
    }
    all
}

const PRIME: i128 = (1 << 61) - 1;

fn inverse(number: i128) -> i128 {
    let (mut power, mut base, mut left) = (1, number, PRIME - 2);
    while left > 0 {
        if left & 1 == 1 {
            power = power * base % PRIME;
        }
        base = base * base % PRIME;
        left >>= 1;
    }
    power
}

/// The reduced rows of a matrix, over a prime field so large that small fractions behave as over the rationals.
fn reduced(mut rows: Vec<Vec<i128>>, columns: usize) -> Vec<Vec<i128>> {
    let mut done = 0;
    for column in 0..columns {
        let Some(pivot) = (done..rows.len()).find(|r| rows[*r][column] != 0) else { continue };
        rows.swap(done, pivot);
        let scale = inverse(rows[done][column]);
        rows[done].iter_mut().for_each(|x| *x = *x * scale % PRIME);
        let lead = rows[done].clone();
        for (_, row) in rows.iter_mut().enumerate().filter(|(r, row)| *r != done && row[column] != 0) {
            let factor = row[column];
            row.iter_mut().zip(&lead).for_each(|(x, y)| *x = (*x - factor * y % PRIME).rem_euclid(PRIME));
        }
        done += 1;
    }
    rows.truncate(done);
    rows
}

/// What the reader knows beside: nothing of what is hidden.
struct Attack {
    hidden: Vec<(OfferId, OrganisationId)>,
    rows: Vec<Vec<i128>>,
}

impl Attack {
    /// `None` where one unit more tips a scale, so that sums are not linear there.
    fn new(scene: &Scene, queries: &[CapacityQuery], reader: &Reader, more: More) -> Option<Self> {
        let index = scene.index();
        let base = told(&index, queries, reader);
        let seen = |id| index.audience(id, today(), reader) != Sees::TotalsOnly;
        let hidden: Vec<_> =
            scene.market.offers.iter().filter(|o| !seen(o.id)).map(|o| (o.id, o.organisation)).collect();
        let mut rows: BTreeMap<&String, Vec<i128>> = base.keys().map(|key| (key, vec![0; hidden.len()])).collect();
        for (column, (offer, _)) in hidden.iter().enumerate() {
            let Some(richer) = with_more(scene, *offer, more) else { continue };
            let other = told(&richer.index(), queries, reader);
            if other.len() != base.len() {
                return None;
            }
            for (key, row) in &mut rows {
                let grown = other.get(*key)? - base[*key];
                if grown.abs() > 200 {
                    return None;
                }
                row[column] = grown.rem_euclid(PRIME);
            }
        }
        let rows: BTreeSet<Vec<i128>> = rows.into_values().filter(|row| row.iter().any(|x| *x != 0)).collect();
        Some(Self { rows: reduced(rows.into_iter().collect(), hidden.len()), hidden })
    }

    /// Whether some combination of what was told is of these organisations alone.
    fn isolates(&self, few: &[OrganisationId]) -> bool {
        let others = |row: &Vec<i128>| {
            let kept = row.iter().zip(&self.hidden).filter(|(_, (_, owner))| !few.contains(owner));
            kept.map(|(x, _)| *x).collect::<Vec<_>>()
        };
        let rest: Vec<_> = self.rows.iter().map(others).collect();
        let columns = rest.first().map_or(0, Vec::len);
        reduced(rest, columns).len() < self.rows.len()
    }
}

fn readers() -> [Reader; 7] {
    let masks = Buyer::WithNeeds([domain::code::ProductCode::new("mask")].into());
    [party(99), party(99), party(0), party(1), party(2), manager(100, &[100]), buyer(99, masks)]
}

#[test]
fn acl_05_no_difference_of_answers_tells_of_fewer_than_three() {
    let queries = questions();
    let (mut attacks, mut tipped, mut cells) = (0, 0, 0);
    for seed in 0..120 {
        let mut dice = Dice::new(seed);
        let scene = scene(&mut dice);
        let reader = dice.of(&readers());
        for more in MORE {
            let Some(attack) = Attack::new(&scene, &queries, &reader, more) else {
                tipped += 1;
                continue;
            };
            attacks += 1;
            let owners: BTreeSet<_> = attack.hidden.iter().map(|(_, owner)| *owner).collect();
            for one in &owners {
                for other in owners.range(one..) {
                    assert!(
                        !attack.isolates(&[*one, *other]),
                        "seed {seed}: {more:?} of {one} and {other} for {reader:?}"
                    );
                }
            }
            if more == More::Stock {
                cells += are_shared(&scene, &attack, seed);
            }
        }
    }
    assert!(attacks > 100 && tipped < attacks && cells > 20, "{attacks} attacks, {tipped} tipped, {cells} cells");
}

/// Each thing that can be worked out of the first week is a sum of cells that do not overlap, in none of which anybody has
/// more than 70 percent. How many there are.
fn are_shared(scene: &Scene, attack: &Attack, seed: u64) -> usize {
    let mut used = BTreeSet::new();
    for row in &attack.rows {
        let mut parts: BTreeMap<OrganisationId, i128> = BTreeMap::new();
        for (column, _) in row.iter().enumerate().filter(|(_, x)| **x != 0) {
            assert!(used.insert(column), "seed {seed}: cells overlap");
            assert_eq!(row[column], 1, "seed {seed}: a cell holds each of its offers once");
            let (id, owner) = attack.hidden[column];
            let offer = scene.market.offer(id).unwrap();
            *parts.entry(owner).or_default() += oracle::by(scene, offer, today(), today().monday().plus(6))[0];
        }
        let (total, top): (i128, i128) = (parts.values().sum(), *parts.values().max().unwrap());
        assert!(parts.len() >= 3 && top * 10 <= total * 7, "seed {seed}: {parts:?}");
    }
    attack.rows.len()
}

/// All that anybody is told, as text.
fn everything(scene: &Scene, readers: &[Reader]) -> String {
    let index = scene.index();
    let mut all = format!("{:?}", index.lattice(today()));
    for reader in readers {
        for query in questions() {
            all += &format!("{:?} {:?}", index.capacity(&query, reader), index.facets(&query, reader));
        }
        let weeks = Weeks::new(today(), today(), today().plus(60)).unwrap();
        let board = ShortageQuery { weeks, products: None, regions: None, level: 2, rule: Default::default() };
        all += &format!("{:?}", index.shortages(&board, reader));
    }
    all
}

/// A market in which Germany can be told of and Greece, with two firms, cannot.
fn two_in_greece(dice: &mut Dice) -> Scene {
    let mut scene = Scene::new();
    for n in 0..6 {
        scene.firm(n, dice.of(&["DE11", "DE12"]), &[]);
        scene.offer(n, stock(1_000 + dice.upto(200)));
        scene.need(n, &[(500 + dice.upto(100), today().plus(3))]);
    }
    for n in 6..8 {
        scene.firm(n, dice.of(&["EL30", "EL41", "EL"]), &[]);
        for _ in 0..=dice.upto(2) {
            let mut made = stock(dice.upto(9_000));
            made.running = rate(dice.upto(900), Period::Day);
            let grade = dice.of(&["FFP2", "FFP3"]);
            let offer = scene.offer(n, made);
            offer.terms.grades = vec![GradeCode::new(grade)];
            let id = offer.id;
            if dice.one_in(2) {
                scene.promise((id, instalment_id(0)), dice.upto(90), today().plus(9), Standing::Held);
            }
        }
        if dice.one_in(2) {
            scene.need(n, &[(1 + dice.upto(900), today().plus(dice.small(30)))]);
        }
    }
    scene
}

#[test]
fn markets_that_differ_in_what_is_withheld_answer_alike() {
    // Nobody in Greece asks; promises of one there must not show at the needs of others, so they have an instalment of
    // their own.
    let readers = [party(99), party(0)];
    let mut kept: Option<String> = None;
    for seed in 0..30 {
        let mut germany = Dice::new(1);
        let mut scene = two_in_greece(&mut germany);
        scene.market.offers.retain(|offer| offer.organisation < organisation_id(6));
        scene.market.needs.retain(|need| need.organisation < organisation_id(6));
        scene.market.commitments.clear();
        let greece = two_in_greece(&mut Dice::new(100 + seed));
        let (foreign_offers, foreign_needs) = (greece.market.offers, greece.market.needs);
        for mut offer in foreign_offers.into_iter().filter(|o| o.organisation >= organisation_id(6)) {
            offer.id = offer_id(1_000 + scene.market.offers.len());
            scene.market.offers.push(offer);
        }
        for mut need in foreign_needs.into_iter().filter(|n| n.organisation >= organisation_id(6)) {
            need.instalments[0].id = instalment_id(5_000 + scene.market.needs.len());
            scene.market.needs.push(need);
        }
        for mut commitment in greece.market.commitments {
            commitment.instalment = instalment_id(9_999);
            commitment.offer = scene.market.offers.last().unwrap().id;
            scene.market.commitments.push(commitment);
        }
        for n in [6, 7] {
            let site = greece.market.sites.values().find(|s| s.organisation == organisation_id(n)).unwrap();
            scene.market.sites.insert(site.id, site.clone());
        }
        let all = everything(&scene, &readers);
        assert!(all.contains("with_network: true"));
        let first = kept.get_or_insert_with(|| all.clone());
        assert!(*first == all, "seed {seed} tells of Greece");
    }
}

#[test]
fn a_giant_is_withheld_whatever_its_size() {
    let of = |size: i64| {
        let mut scene = Scene::new();
        for n in 0..5 {
            scene.firm(n, "DE11", &[]);
            let mut made = stock(if n == 0 { size } else { 100 });
            made.running = rate(700, Period::Week);
            scene.offer(n, made);
        }
        scene
    };
    let readers = [party(99), party(1), party(2)];
    let all = everything(&of(100_000), &readers);
    assert!(all == everything(&of(900_000), &readers) && all.contains("with_network: true"));
    let mut query = CapacityQuery::new(Weeks::new(today(), today(), day("2020-04-26")).unwrap());
    query.group_by = [Group::Week].into();
    let answer = of(100_000).index().capacity(&query, &party(99));
    let running: Vec<i128> = answer.totals[0].figures.iter().map(|f| f.running).collect();
    assert_eq!(running, [0, 3_500, 3_500], "the week of the giant's stock is withheld, the others are not");
    assert!(answer.left_out.contains(&LeftOut::SmallTotals));
}

#[test]
fn what_atoms_are_not_made_of_leaves_them_out() {
    let mut scene = Scene::new();
    for n in 0..5 {
        scene.firm(n, "DE11", &[]);
        scene.offer(n, stock(100));
    }
    let index = scene.index();
    let weeks = |until| Weeks::new(today(), today(), day(until)).unwrap();
    let ask = |query: &CapacityQuery| index.capacity(query, &party(99));
    let whole = CapacityQuery::new(weeks("2020-04-26"));
    assert_eq!(ask(&whole).totals[0].figures[0].free, 500);
    assert_eq!(ask(&whole).left_out, [LeftOut::SmallTotals].into());
    let filtered = CapacityQuery { lead_days_at_most: Some(9), ..whole.clone() };
    assert_eq!((ask(&filtered).totals.len(), ask(&filtered).left_out.contains(&LeftOut::Filter)), (0, true));
    let grouped = CapacityQuery { group_by: [Group::Cluster].into(), ..whole.clone() };
    assert_eq!((ask(&grouped).rows.len(), ask(&grouped).left_out.contains(&LeftOut::Grouping)), (0, true));
    let partial = CapacityQuery::new(weeks("2020-04-11"));
    assert_eq!((ask(&partial).totals.len(), ask(&partial).left_out.contains(&LeftOut::PartialWeek)), (0, true));
    let certified = CapacityQuery { certified: Certified::Checked, ..whole.clone() };
    assert_eq!(ask(&certified).totals.len(), 0);
    let late = CapacityQuery::new(Weeks::new(today(), day("2020-12-07"), day("2020-12-13")).unwrap());
    assert!(ask(&late).left_out.contains(&LeftOut::BeyondHorizon));
    let public = index.capacity(&whole, &Reader::Public);
    assert_eq!((public.rows.len(), public.totals.len()), (0, 0));
    assert_eq!(public.left_out, [LeftOut::PublicReader].into());
}

#[test]
fn the_lattice_holds_against_those_who_share_in_it() {
    let of = |firms: usize, clusters: &[usize]| {
        let mut scene = Scene::new();
        scene.firm(100, "DE", &[]);
        for n in 0..firms {
            scene.firm(n, "DE11", if n < 2 { clusters } else { &[] });
            scene.offer(n, stock(100));
        }
        scene.index().lattice(today()).cells.len()
    };
    assert_eq!(of(3, &[]), 0, "one of three takes his own off and knows two");
    assert_eq!(of(4, &[]), 1, "the week of the stock; the others have nothing");
    assert_eq!(of(4, &[100]), 0, "a cluster of two takes theirs off and knows two");
    assert_eq!(of(5, &[100]), 1);
}

#[test]
fn acl_05_nobody_learns_more_by_asking_as_several() {
    // Firms that somebody vouches for, of which some are members of one cluster, beside two that anybody registered.
    let told = |firms: usize, members: usize, reader: &Reader| {
        let mut scene = Scene::new();
        scene.firm(100, "DE", &[]);
        for n in 0..firms + 2 {
            scene.firm(n, "DE11", if n < members { &[100] } else { &[] });
            scene.offer(n, stock(100));
        }
        for n in firms..firms + 2 {
            scene.market.organisations.get_mut(&organisation_id(n)).unwrap().verification = Verification::None;
        }
        let query = CapacityQuery::new(Weeks::new(today(), today(), day("2020-04-26")).unwrap());
        scene.index().capacity(&query, reader).totals.iter().map(|row| row.figures[0].running).sum::<i128>()
    };
    assert_eq!(told(3, 0, &party(99)), 0, "whoever is one of three takes his own off as somebody else");
    assert_eq!((told(4, 0, &party(99)), told(4, 0, &party(0))), (400, 400));
    assert_eq!(told(2, 0, &party(99)), 0, "two that nobody vouches for hide nobody");
    // A cluster that acts for one of its members under a mandate still knows the others.
    assert_eq!((told(4, 3, &party(99)), told(4, 3, &party(0))), (0, 100));
    assert_eq!((told(6, 3, &party(99)), told(6, 3, &manager(100, &[100]))), (600, 600));
}
