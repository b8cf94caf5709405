//! The same market in PostgreSQL, in plain tables with the indexes its planner wants, and the same questions in SQL.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
};

use domain::{
    calendar::WorkingCalendar,
    capacity::CapacityKind,
    certificate::CertificateStatus,
    code::{CountryCode, GradeCode, ProductCode, RegionCode},
    eligibility::{NeedView, Rules, SiteDemands, border},
    geo::Place,
    ids::OfferId,
    market::Market as Records,
    need::Need,
    offer::{Offer, OfferState},
    organisation::{Organisation, Site},
    parameters::Parameters,
    rate::Rate,
    time::Day,
};
use index::Standing;
use sqlx::{Connection, Executor, PgConnection, Row, postgres::PgRow};

use crate::market::Market;

const SUPPLY: &str = include_str!("supply.sql");
const NO_DAY: i32 = i32::MAX;

/// PostgreSQL with the market in it.
pub struct Peer<'m> {
    connection: PgConnection,
    market: &'m Market<'m>,
    codes: Codes,
    capacity: String,
    board: String,
}

/// Numbers of codes in the tables.
struct Codes {
    products: HashMap<ProductCode, i16>,
    grades: HashMap<GradeCode, i16>,
    regions: HashMap<RegionCode, i16>,
    countries: HashMap<CountryCode, i16>,
}

/// Of a region and a week, all summed up from the beginning: running, maximum, held, agreed, free, free of the maximum.
pub type Capacity = BTreeMap<(String, usize), [i64; 6]>;
/// Of a region: offers, organisations, and the day of the oldest figures.
pub type Counts = BTreeMap<String, (u32, u32, i32)>;
/// Of a product, a region and a week: free and free of the maximum summed up from the beginning; need by tier, held, agreed
/// and open in the week.
pub type Board = BTreeMap<(String, String, usize), [i64; 9]>;
/// The cheapest offers with their cost, and how many fail at each predicate, by its place; -1 for those that pass.
pub type Candidates = (Vec<(OfferId, i64)>, BTreeMap<i32, u32>);

fn day(day: Day) -> i32 {
    if day == Day::MAX { NO_DAY } else { day.number() }
}

fn worked(calendar: &WorkingCalendar, day: Day) -> i64 {
    calendar.working_days(Day::MIN, day)
}

impl Codes {
    fn new(market: &Market<'_>) -> Self {
        fn numbered<T: std::hash::Hash + Eq>(codes: impl Iterator<Item = T>) -> HashMap<T, i16> {
            codes.zip(1..).collect()
        }
        let (catalogue, regions) = (market.catalogue, market.regions);
        Self {
            products: numbered(catalogue.products().iter().map(|product| product.code.clone())),
            grades: numbered(catalogue.parts().grades.iter().map(|grade| grade.code.clone())),
            regions: numbered(regions.all().iter().map(|region| region.code.clone())),
            countries: numbered(regions.countries().iter().map(|country| country.code.clone())),
        }
    }

    fn grade(&self, grades: &[GradeCode]) -> i16 {
        grades.first().map_or(0, |grade| self.grades[grade])
    }
}

fn status(status: CertificateStatus) -> i16 {
    CertificateStatus::ALL.iter().position(|other| *other == status).map_or(0, |at| i16::try_from(at).unwrap_or(0))
}

impl<'m> Peer<'m> {
    /// Fills the tables of a database.
    pub async fn fill(url: &str, market: &'m Market<'m>) -> anyhow::Result<Self> {
        let mut connection = PgConnection::connect(url).await?;
        connection.execute("drop schema if exists peer cascade").await?;
        connection.execute(include_str!("schema.sql")).await?;
        let codes = Codes::new(market);
        let with = |sql: &str| sql.replace("{supply}", SUPPLY);
        let (capacity, board) = (with(include_str!("capacity.sql")), with(include_str!("board.sql")));
        let mut peer = Self { connection, market, codes, capacity, board };
        peer.offers().await?;
        peer.promises_and_needs().await?;
        peer.tables().await?;
        for statement in include_str!("indexes.sql").split(';').filter(|text| !text.trim().is_empty()) {
            peer.connection.execute(statement).await?;
        }
        // As much memory and as many workers as it can use here.
        for setting in ["set work_mem = '512MB'", "set max_parallel_workers_per_gather = 2", "set jit = off"] {
            peer.connection.execute(setting).await?;
        }
        Ok(peer)
    }

    async fn copy(&mut self, table: &str, rows: impl Iterator<Item = String>) -> anyhow::Result<()> {
        let mut copy = self.connection.copy_in_raw(&format!("copy peer.{table} from stdin")).await?;
        let mut text = String::new();
        for row in rows {
            text.push_str(&row);
            text.push('\n');
            if text.len() > 1 << 20 {
                copy.send(std::mem::take(&mut text).into_bytes()).await?;
            }
        }
        copy.send(text.into_bytes()).await?;
        copy.finish().await?;
        Ok(())
    }

    fn at(&self, region: &RegionCode, level: u8) -> i16 {
        self.market.regions.at_level(region, level).map_or(0, |region| self.codes.regions[&region.code])
    }

    fn offer(&self, n: usize, offer: &Offer) -> String {
        let (market, codes, terms) = (self.market, &self.codes, &offer.terms);
        let owner = market.owner(offer.organisation);
        let (organisation, site) = (market.organisation(owner), market.site(owner));
        let Some(region) = &site.region else { return String::new() };
        let (profile, calendar) = (&terms.profile, &terms.profile.calendar);
        let per_week = calendar.days_per_week();
        let rate = |rate: Option<&Rate>| {
            rate.map_or((0, 1), |rate| {
                let (days, parts) = rate.period.working_days(per_week);
                (i128::from(rate.measure.quantity.units()) * parts, days)
            })
        };
        let (running, days) = rate(profile.running.as_ref());
        let (maximum, _) = rate(profile.maximum.as_ref().or(profile.running.as_ref()));
        let (ramp, until) = (i64::from(profile.ramp_days), profile.until.unwrap_or(Day::MAX));
        let curve = profile.curve(CapacityKind::Running);
        let over = until < market.day;
        let state = if over { offer.state.once_over() } else { offer.state };
        let fresh = offer.confirm_by.min(profile.as_of.plus(30));
        let mut row = String::new();
        let _ = write!(row, "{n}\t{}\t{}\t{owner}\t", codes.products[&terms.product], codes.grade(&terms.grades));
        let _ =
            write!(row, "{}\t{}\t{}\t", self.at(region, 2), self.at(region, 1), codes.countries[&organisation.country]);
        let _ = write!(
            row,
            "{}\t{}\t",
            organisation.verification as u8,
            matches!(state, OfferState::Published | OfferState::Expired)
        );
        let _ = write!(row, "{}\t{}\t{}\t{}\t", day(until), day(fresh.plus(30)), day(fresh), day(profile.from));
        let _ =
            write!(row, "{}\t{}\t{}\t", day(profile.as_of), profile.stock.quantity.units(), market.calendar(calendar));
        let _ = write!(row, "{running}\t{maximum}\t{}\t{ramp}\t", days * i128::from((2 * ramp).max(1)));
        let before = |d: Day| worked(calendar, d.plus(-1));
        let _ = write!(
            row,
            "{}\t{}\t{}\t",
            before(profile.from),
            before(profile.from.max(profile.as_of)),
            worked(calendar, until)
        );
        let first = |d: Option<Day>| d.map_or(NO_DAY, day);
        let _ = write!(row, "{}\t{}\t{}\t", first(curve.first_day()), first(curve.first_stock_day()), terms.lead_days);
        let least = terms.min_order.as_ref().map_or(0, |least| least.quantity.units());
        let _ = write!(
            row,
            "{least}\t{}",
            terms.max_distance_km.map_or(i32::MAX, |km| i32::try_from(km).unwrap_or(i32::MAX))
        );
        row
    }

    async fn offers(&mut self) -> anyhow::Result<()> {
        let market = self.market;
        let count = market.size.offers;
        let rows: Vec<String> = (0..count).map(|n| self.offer(n, &market.offer(n))).collect();
        self.copy("offers", rows.into_iter()).await?;
        let papers = (0..count).flat_map(|n| {
            let paper = move |c: &domain::certificate::Certificate| {
                format!("{n}\t{}\t{}\t{}", market.kind(&c.kind), status(c.status), c.valid_until.map_or(NO_DAY, day))
            };
            market.offer(n).terms.certificates.iter().map(paper).collect::<Vec<_>>()
        });
        self.copy("papers", papers).await
    }

    async fn promises_and_needs(&mut self) -> anyhow::Result<()> {
        let market = self.market;
        let mut promised: HashMap<_, [i64; 2]> = HashMap::new();
        let mut rows = Vec::new();
        for n in 0..market.size.promises {
            let Some((promise, standing, _)) = market.promise(n) else { continue };
            let units = promise.quantity.units();
            let held = standing == Standing::Held;
            promised.entry(promise.instalment).or_default()[usize::from(!held)] += units;
            rows.push(format!("{}\t{}\t{units}\t{held}", market.number(promise.offer.0), day(promise.cutoff)));
        }
        self.copy("promises", rows.into_iter()).await?;
        let mut parts = Vec::new();
        for n in 0..market.size.needs {
            let need = market.need(n);
            let buyer = market.owner(need.organisation);
            let Some(region) = market.site(buyer).region else { continue };
            let product = self.codes.products[&need.terms.product];
            let country = self.codes.countries[&market.organisation(buyer).country];
            let last = need.instalments.iter().map(|part| part.due).max().unwrap_or(Day::MIN);
            let tier = need.terms.urgency.tier();
            for part in &need.instalments {
                let [held, agreed] = promised.get(&part.id).copied().unwrap_or_default();
                let (units, due) = (part.measure.quantity.units(), day(part.due));
                let place = format!("{product}\t{}\t{}\t{country}", self.at(&region, 2), self.at(&region, 1));
                parts.push(format!("{place}\t{tier}\t{due}\t{}\t{units}\t{held}\t{agreed}", day(last)));
            }
        }
        self.copy("parts", parts.into_iter()).await
    }

    async fn tables(&mut self) -> anyhow::Result<()> {
        let market = self.market;
        let days = (-60..300).map(|n| market.day.plus(n));
        let rows: Vec<String> = days
            .flat_map(|d| {
                market.calendars().iter().enumerate().map(move |(at, c)| format!("{at}\t{}\t{}", day(d), worked(c, d)))
            })
            .collect();
        self.copy("worked", rows.into_iter()).await?;
        let places: Vec<(i16, Place)> = market
            .regions
            .all()
            .iter()
            .filter(|region| region.level == 2)
            .filter_map(|region| Some((self.codes.regions[&region.code], Place::new(region.point?))))
            .collect();
        let rows = places
            .iter()
            .flat_map(|(a, from)| places.iter().map(move |(b, to)| format!("{a}\t{b}\t{}", from.distance_km(to))));
        self.copy("km", rows.collect::<Vec<_>>().into_iter()).await
    }

    fn ends(&self, weeks: &index::Weeks) -> Vec<i32> {
        weeks.buckets().iter().map(|bucket| day(bucket.until)).collect()
    }

    fn region(&self, number: i32) -> String {
        let found = self.codes.regions.iter().find(|(_, at)| i32::from(**at) == number);
        found.map_or_else(String::new, |(code, _)| code.to_string())
    }

    /// What there is of one grade of a product, by region and week.
    pub async fn capacity(
        &mut self,
        product: &ProductCode,
        grade: &GradeCode,
        weeks: &index::Weeks,
    ) -> anyhow::Result<Vec<PgRow>> {
        let query = sqlx::query(sqlx::AssertSqlSafe(self.capacity.as_str()));
        let query = query.bind(self.codes.products[product]).bind(self.codes.grades[grade]);
        let query = query.bind(day(weeks.on())).bind(self.ends(weeks));
        Ok(query.fetch_all(&mut self.connection).await?)
    }

    /// As they are compared.
    pub fn capacity_of(&self, rows: &[PgRow]) -> (Capacity, Counts) {
        let (mut figures, mut counts) = (Capacity::new(), Counts::new());
        for row in rows {
            let region = self.region(row.get(0));
            let week = usize::try_from(row.get::<i32, _>(1)).unwrap_or(usize::MAX);
            figures.insert((region.clone(), week), std::array::from_fn(|at| row.get(at + 2)));
            let count = |at: usize| u32::try_from(row.get::<i32, _>(at)).unwrap_or(0);
            counts.insert(region, (count(8), count(9), row.get(10)));
        }
        (figures, counts)
    }

    /// The board of a country.
    pub async fn board(&mut self, country: &CountryCode, weeks: &index::Weeks) -> anyhow::Result<Vec<PgRow>> {
        let query = sqlx::query(sqlx::AssertSqlSafe(self.board.as_str()));
        let query = query.bind(self.codes.countries[country]).bind(day(weeks.on())).bind(self.ends(weeks));
        Ok(query.fetch_all(&mut self.connection).await?)
    }

    /// As it is compared; weeks of nothing are left out.
    pub fn board_of(&self, rows: &[PgRow]) -> Board {
        let product = |number: i32| {
            let found = self.codes.products.iter().find(|(_, at)| i32::from(**at) == number);
            found.map_or_else(String::new, |(code, _)| code.to_string())
        };
        let row = |row: &PgRow| {
            let (group, week) = (row.get::<i32, _>(0), row.get::<i32, _>(1));
            let key =
                (product(group / 10_000), self.region(group % 10_000), usize::try_from(week).unwrap_or(usize::MAX));
            (key, std::array::from_fn(|at| row.get(at + 2)))
        };
        rows.iter().map(row).filter(|(_, figures): &(_, [i64; 9])| figures.iter().any(|figure| *figure != 0)).collect()
    }

    /// Who may serve the first instalment of a need.
    pub async fn candidates(&mut self, asked: &Asked) -> anyhow::Result<Vec<PgRow>> {
        let query = sqlx::query(include_str!("candidates.sql")).bind(&asked.products).bind(&asked.grades);
        let query = query.bind(&asked.grades_of).bind(asked.day).bind(asked.due).bind(&asked.kinds).bind(asked.status);
        let query = query.bind(&asked.closed).bind(asked.place).bind(asked.farthest).bind(asked.vouched);
        Ok(query.bind(asked.site_demand).bind(asked.country).fetch_all(&mut self.connection).await?)
    }

    /// As they are compared.
    pub fn candidates_of(&self, rows: &[PgRow]) -> Candidates {
        let (mut best, mut failed) = (Vec::new(), BTreeMap::new());
        for row in rows {
            let (part, key, value): (i32, i32, i64) = (row.get(0), row.get(1), row.get(2));
            if part == 0 {
                best.push((self.market.offer_id(usize::try_from(key).unwrap_or(usize::MAX)), value));
            } else {
                failed.insert(key, u32::try_from(value).unwrap_or(u32::MAX));
            }
        }
        best.sort_by_key(|(id, cost)| (*cost, *id));
        (best, failed)
    }

    /// A need as the statement asks for it. What follows from the need and the catalogue alone is found beforehand.
    pub fn asked(&self, need: &Need, organisation: &Organisation, site: &Site, parameters: &Parameters) -> Asked {
        let (market, codes) = (self.market, &self.codes);
        let mut records = Records::new(market.day);
        records.organisations.insert(need.organisation, organisation.clone());
        records.sites.insert(need.site, site.clone());
        let rules = Rules { market: &records, catalogue: market.catalogue, regions: market.regions, parameters };
        let Some(view) = rules.need_view(need, &SiteDemands::new()) else { return Asked::default() };
        let product = &need.terms.product;
        let products: Vec<&ProductCode> = std::iter::once(product).chain(market.catalogue.stand_ins(product)).collect();
        let (mut grades, mut grades_of) = (Vec::new(), Vec::new());
        for code in &products {
            let of_it = market.catalogue.parts().grades.iter().filter(|grade| grade.products.contains(code));
            let sets = of_it.map(|grade| vec![grade.code.clone()]).chain([Vec::new()]);
            for set in sets.filter(|set| rules.standing(code, set, &view).is_ok()) {
                grades.push(codes.grade(&set));
                grades_of.push(codes.products[*code]);
            }
        }
        let terms = &need.terms;
        let demanded = match terms.certificate_status {
            CertificateStatus::Claimed => 0,
            demanded => status(demanded),
        };
        Asked {
            products: products.iter().map(|code| codes.products[*code]).collect(),
            grades,
            grades_of,
            day: day(market.day),
            due: need.instalments.first().map_or(0, |part| day(part.due)),
            kinds: terms.certificates.iter().map(|kind| market.kind(kind)).collect(),
            status: demanded,
            closed: closed(&rules, codes, product, &view),
            place: site.region.as_ref().map_or(0, |region| self.at(region, 2)),
            farthest: terms.max_distance_km.map_or(i32::MAX, |km| i32::try_from(km).unwrap_or(i32::MAX)),
            vouched: i16::from(terms.verification as u8),
            site_demand: crate::SITE_DEMAND,
            country: codes.countries[&organisation.country],
        }
    }
}

/// The countries from which a border is closed to a need.
fn closed(rules: &Rules<'_>, codes: &Codes, product: &ProductCode, need: &NeedView<'_>) -> Vec<i16> {
    let none = std::collections::BTreeSet::new();
    let shut = |country: &CountryCode| border(&rules.leaving(country, product), country, &none, need).is_err();
    codes.countries.iter().filter(|(country, _)| shut(country)).map(|(_, at)| *at).collect()
}

/// What the statement binds.
#[derive(Debug, Default)]
pub struct Asked {
    products: Vec<i16>,
    grades: Vec<i16>,
    grades_of: Vec<i16>,
    day: i32,
    due: i32,
    kinds: Vec<i16>,
    status: i16,
    closed: Vec<i16>,
    place: i16,
    farthest: i32,
    vouched: i16,
    site_demand: i64,
    country: i16,
}
