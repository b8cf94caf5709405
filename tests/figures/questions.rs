//! Random questions to the capacity map and the shortage board.

use domain::{certificate::CertificateStatus, ids::OrganisationId, offer::Transfer, time::Day};
use rand::{RngExt as _, rngs::ChaCha8Rng, seq::IndexedRandom as _};

/// Products that the markets have.
pub const PRODUCTS: [&str; 3] = ["ffp", "apron", "meltblown"];
/// The base unit of a product.
pub fn unit(product: &str) -> &'static str {
    if product == "meltblown" { "GRM" } else { "H87" }
}

const REGIONS: [&str; 9] = ["DE", "DE2", "DE21", "DE212", "FR", "FR1", "FR10", "ITC", "ITC4"];
const GROUPS: [&str; 9] = ["product", "grade", "country", "nuts1", "nuts2", "nuts3", "cluster", "role", "week"];

/// A question to the capacity map.
#[derive(Debug, Clone)]
pub struct CapacityAsked {
    pub products: Vec<&'static str>,
    pub grade: Option<&'static str>,
    pub regions: Vec<&'static str>,
    /// Whole degrees north and east, and kilometres.
    pub near: Option<(i32, i32, u32)>,
    pub cluster: Option<OrganisationId>,
    pub from: Day,
    pub until: Day,
    pub certified: bool,
    pub certificate: Option<(&'static str, CertificateStatus)>,
    /// Whether the operator must vouch for the owner.
    pub vouched: bool,
    pub fresh: bool,
    pub min_order: Option<i64>,
    pub lead_days: Option<u16>,
    pub transfer: Option<Transfer>,
    pub group_by: Vec<&'static str>,
}

/// A question to the shortage board.
#[derive(Debug, Clone)]
pub struct BoardAsked {
    pub products: Vec<&'static str>,
    pub regions: Vec<&'static str>,
    pub level: u8,
    pub from: Day,
    pub until: Day,
    pub red_below: i128,
    pub orange_below: i128,
}

/// Some of a list, at times none.
fn some(rng: &mut ChaCha8Rng, list: &[&'static str], chance: f64) -> Vec<&'static str> {
    if rng.random_bool(chance) { list.sample(rng, 2).copied().collect() } else { Vec::new() }
}

fn at_times<T>(rng: &mut ChaCha8Rng, chance: f64, value: impl FnOnce(&mut ChaCha8Rng) -> T) -> Option<T> {
    rng.random_bool(chance).then(|| value(rng))
}

fn period(rng: &mut ChaCha8Rng, today: Day) -> (Day, Day) {
    let from = today.plus(rng.random_range(-3..15));
    (from, from.max(today).plus(rng.random_range(0..50)))
}

impl CapacityAsked {
    /// Any question; filters are rare, so that most questions find something.
    pub fn random(rng: &mut ChaCha8Rng, today: Day, clusters: &[OrganisationId]) -> Self {
        let (from, until) = period(rng, today);
        let certificate = |rng: &mut ChaCha8Rng| {
            let least = [CertificateStatus::Claimed, CertificateStatus::Documented, CertificateStatus::Checked];
            ("eu-type-examination", *least.choose(rng).unwrap())
        };
        let products = some(rng, &PRODUCTS, 0.3);
        // A grade of none of the products is refused.
        let graded = if products.is_empty() || products.contains(&"ffp") { 0.3 } else { 0.0 };
        Self {
            products,
            grade: at_times(rng, graded, |rng| *["FFP1", "FFP2", "FFP3"].choose(rng).unwrap()),
            regions: some(rng, &REGIONS, 0.3),
            near: at_times(rng, 0.15, |rng| {
                (rng.random_range(45..52), rng.random_range(2..14), rng.random_range(50..700))
            }),
            cluster: at_times(rng, 0.1, |rng| *clusters.choose(rng).unwrap()),
            from,
            until,
            certified: rng.random_bool(0.1),
            certificate: at_times(rng, 0.15, certificate),
            vouched: rng.random_bool(0.1),
            fresh: rng.random_bool(0.1),
            min_order: at_times(rng, 0.1, |rng| rng.random_range(0..1_500)),
            lead_days: at_times(rng, 0.1, |rng| rng.random_range(0..8)),
            transfer: at_times(rng, 0.1, |rng| *[Transfer::Sale, Transfer::Donation].choose(rng).unwrap()),
            group_by: GROUPS.into_iter().filter(|_| rng.random_bool(0.3)).collect(),
        }
    }

    /// The grade that is asked for, and those that stand for it.
    pub fn all_grades(&self) -> &'static [&'static str] {
        match self.grade {
            None => &[],
            Some("FFP1") => &["FFP1", "FFP2", "FFP3"],
            Some("FFP2") => &["FFP2", "FFP3"],
            Some(_) => &["FFP3"],
        }
    }

    /// Its address.
    pub fn address(&self) -> String {
        let mut parts = vec![format!("from={}&until={}", self.from, self.until)];
        let mut list = |name: &str, words: &[&str]| {
            if !words.is_empty() {
                parts.push(format!("{name}={}", words.join(",")));
            }
        };
        list("product", &self.products);
        list("grade", self.grade.as_slice());
        list("region", &self.regions);
        list("group_by", &self.group_by);
        parts.extend(self.near.map(|(lat, lon, km)| format!("lat={lat}&lon={lon}&radius_km={km}")));
        parts.extend(self.cluster.map(|id| format!("cluster={}", id.0)));
        parts.extend(self.certified.then(|| "certified=true".to_owned()));
        parts.extend(
            self.certificate.map(|(kind, least)| format!("certificate={kind}&certificate_status={}", least.as_str())),
        );
        parts.extend(self.vouched.then(|| "verification=operator".to_owned()));
        parts.extend(self.fresh.then(|| "fresh=true".to_owned()));
        parts.extend(self.min_order.map(|most| format!("min_order_at_most={most}")));
        parts.extend(self.lead_days.map(|most| format!("lead_days_at_most={most}")));
        parts.extend(self.transfer.map(|transfer| format!("transfer={}", transfer.as_str())));
        format!("/api/v1/capacity?{}", parts.join("&"))
    }
}

impl BoardAsked {
    /// Any question.
    pub fn random(rng: &mut ChaCha8Rng, today: Day) -> Self {
        let (from, until) = period(rng, today);
        let coarse: Vec<&str> = REGIONS.into_iter().filter(|code| code.len() < 5).collect();
        let red_below = rng.random_range(0..=100);
        let orange_below = rng.random_range(red_below..=100);
        let (products, regions) = (some(rng, &PRODUCTS, 0.3), some(rng, &coarse, 0.3));
        Self { products, regions, level: rng.random_range(0..3), from, until, red_below, orange_below }
    }

    /// Its address.
    pub fn address(&self) -> String {
        let Self { products, regions, level, from, until, red_below, orange_below } = self;
        let mut address = format!(
            "/api/v1/shortages?from={from}&until={until}&level={level}&red_below={red_below}&orange_below={orange_below}"
        );
        for (name, words) in [("product", products), ("region", regions)] {
            if !words.is_empty() {
                address += &format!("&{name}={}", words.join(","));
            }
        }
        address
    }
}
