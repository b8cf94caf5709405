//! Ranking one need among very many offers, against a PostgreSQL query on the same rows.
//!
//! The query knows every figure of an offer that its answer hangs on in columns of a covering index,
//! runs prepared and warm, and is timed by `psql` over a Unix socket. Its answer is held against
//! ours, offer by offer.

use std::{
    fmt::Write as _,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use domain::{
    certificate::{Certificate, CertificateStatus},
    code::CertificateKindCode,
    disclosure::Disclosure,
    eligibility::{OfferView, Rules},
    geo::{Place, Point},
    market::Market,
    need::Need,
    organisation::Verification,
    parameters::Parameters,
    quantity::{Measure, Quantity},
    time::Day,
    unit::BaseUnit,
};
use matching::OfferIndex;
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

use crate::{
    market,
    report::{Bar, Rival, Row, Sense, Times, ratio, time},
};

/// How many offers are asked for.
const TOP: usize = 20;
/// Needs that are ranked in each repetition.
const NEEDS: usize = 12;
/// Products of the market.
const PRODUCTS: usize = 30;
/// The factor over PostgreSQL that is wanted.
const WANTED: f64 = 20.0;

/// The script that the tests run their private clusters with.
const SUPERVISOR: &str = include_str!("../../crates/testkit/src/postgres.sh");

/// Times the ranking of a need, the mean over some needs, among so many offers.
pub fn row(name: &str, offers: usize, repeat: usize) -> Result<Row> {
    let (catalogue, regions) = exchange::seeds::tables().context("the seeds do not load")?;
    let size = market::Size { offers, needs: NEEDS * 6, products: PRODUCTS, weeks: 8, regions: 0, seed: 1 };
    let mut market = market::random(&size, &catalogue, &regions)?;
    let borders: Vec<String> = catalogue.parts().border_rules.iter().map(|r| r.code.clone()).collect();
    let kinds: Vec<_> = catalogue.parts().certificate_kinds.iter().take(4).map(|k| k.code.clone()).collect();
    vary(&mut market, &borders, &kinds)?;
    let parameters = Parameters::default();
    let rules = Rules { market: &market, catalogue: &catalogue, regions: &regions, parameters: &parameters };
    let start = Instant::now();
    let index = OfferIndex::new(&rules, 0);
    let built = start.elapsed();
    // The query knows one product, so that needs which others may stand for are left out.
    let plain = market.needs.iter().filter(|n| catalogue.stand_ins(&n.terms.product).is_empty());
    let needs: Vec<&Need> = plain.take(NEEDS).collect();
    ensure!(!needs.is_empty(), "no need is plain enough for the query");
    let mut row = Row { case: name.to_owned(), size: format!("{offers} offers"), ..Row::default() };
    let mut rival = Rival { name: "PostgreSQL".to_owned(), times: Times::default(), note: None };
    let answers: Vec<Vec<String>> = needs.iter().map(|need| ranked(&index, need)).collect();
    let mut session = match Session::open(&rules, &needs) {
        Ok(session) => Some(session),
        Err(reason) => {
            rival.note = Some(format!("{reason:#}"));
            None
        }
    };
    if let Some(session) = &mut session {
        for (n, answer) in answers.iter().enumerate() {
            // Twice, so that what is timed later is warm.
            let (found, _) = session.ask(n)?;
            if found != *answer || session.ask(n)?.0 != *answer {
                row.faults.push(format!("PostgreSQL ranks need {n} {found:?}, ours {answer:?}"));
            }
        }
    }
    let count = u32::try_from(needs.len())?;
    for _ in 0..repeat.max(1) {
        let start = Instant::now();
        let found: usize = needs.iter().map(|need| index.rank(need, &need.instalments[0], TOP).len()).sum();
        row.ours.add(start.elapsed() / count);
        ensure!(found == answers.iter().map(Vec::len).sum::<usize>(), "two rankings of the same need differ");
        if let Some(session) = &mut session {
            let spent: Result<Vec<Duration>> = (0..needs.len()).map(|n| Ok(session.ask(n)?.1)).collect();
            rival.times.add(spent?.iter().sum::<Duration>() / count);
        }
    }
    row.note = format!("top {TOP} explained, mean of {count} needs; laid out once in {}", time(built));
    row.bars.push(Bar {
        unit: "x PostgreSQL".to_owned(),
        wanted: WANTED,
        stretch: None,
        sense: Sense::AtLeast,
        got: row.ours.least().zip(rival.times.least()).map(|(ours, theirs)| ratio(theirs, ours)),
    });
    row.rivals.push(rival);
    Ok(row)
}

fn ranked(index: &OfferIndex<'_>, need: &Need) -> Vec<String> {
    let found = index.rank(need, &need.instalments[0], TOP);
    found.into_iter().map(|r| format!("{}|{}", r.offer, r.eligible.cost.total())).collect()
}

/// Gives offers and needs certificates, smallest orders, later starts, exact places, and suppliers that
/// nobody vouched for.
fn vary(market: &mut Market, borders: &[String], kinds: &[CertificateKindCode]) -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let day = market.day;
    let pieces = |units| Some(Measure::of(Quantity::new(units)?, BaseUnit::Piece));
    for offer in &mut market.offers {
        let terms = &mut offer.terms;
        // Judged by its place; needs are judged by their regions' points.
        terms.disclosure = Disclosure::exact_place();
        terms.certificates =
            vec![Certificate::new(kinds[rng.random_range(0..kinds.len())].clone(), CertificateStatus::Documented)];
        terms.authorisations = borders.iter().cloned().collect();
        terms.min_order = pieces(rng.random_range(0..60_000));
        let from = day.plus(rng.random_range(0..60));
        (terms.profile.from, terms.profile.as_of) = (from, from);
        if rng.random_range(0..2) == 0 {
            terms.profile.stock = pieces(0).context("nothing")?;
        }
        offer.confirm_by = day.plus(rng.random_range(-3..7));
    }
    for need in &mut market.needs {
        need.terms.certificates = vec![kinds[rng.random_range(0..kinds.len())].clone()];
    }
    for organisation in market.organisations.values_mut().filter(|_| rng.random_range(0..3) == 0) {
        organisation.verification = Verification::None;
    }
    for site in market.sites.values_mut() {
        site.point = Point::new(rng.random_range(37_000_000..60_000_000), rng.random_range(-9_000_000..28_000_000));
    }
    Ok(())
}

/// A place as PostgreSQL gets it: its country, and its coordinates on a sphere of radius 1.
fn place(country: &str, place: Option<Place>) -> Result<(String, [f64; 3])> {
    let point = place.context("a site without a place")?.point();
    let radians = |e6: i32| (f64::from(e6) / 1e6).to_radians();
    let (lat, lon) = (radians(point.lat_e6), radians(point.lon_e6));
    Ok((country.to_owned(), [lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()]))
}

const TABLE: &str = "
CREATE TABLE offers (id uuid PRIMARY KEY, product text NOT NULL, certificate text NOT NULL, country text NOT NULL,
    x float8 NOT NULL, y float8 NOT NULL, z float8 NOT NULL, min_order int8 NOT NULL, floor int4 NOT NULL,
    made_from int4, stock_from int4, lead_from int4 NOT NULL);
\\copy offers FROM 'offers.csv' WITH (FORMAT csv)
CREATE INDEX ON offers (product, certificate, made_from)
    INCLUDE (id, country, x, y, z, min_order, floor, stock_from, lead_from);
VACUUM (ANALYZE, FREEZE) offers;
";

/// Costs are kilometres, 50 for a border, 20 for no common cluster, and what the offer costs whoever buys.
const QUERY: &str = "
PREPARE cheapest (text, text, text, float8, float8, float8, int4, int8, int4) AS
SELECT id, km + extra AS cost FROM (
    SELECT id, km, extra, made_from, stock_from, lead_from, $7 - 1 - (km + 599) / 600 AS cutoff FROM (
        SELECT id, made_from, stock_from, lead_from,
            ceil(12742.0176 * asin(sqrt((x - $4) * (x - $4) + (y - $5) * (y - $5) + (z - $6) * (z - $6)) / 2))::int4
                AS km,
            floor + 20 + CASE WHEN country = $3 THEN 0 ELSE 50 END AS extra
        FROM offers
        WHERE product = $1 AND certificate = $2 AND made_from <= $7 AND min_order <= $8
    ) AS placed
) AS timed
WHERE cutoff >= $9 AND CASE WHEN cutoff < lead_from THEN stock_from ELSE made_from END <= cutoff
ORDER BY cost, id LIMIT 20;
";

/// `psql` on a private cluster; both end with it.
struct Session {
    supervisor: Child,
    psql: Child,
    said: BufReader<std::process::ChildStdout>,
    asks: Vec<String>,
}

impl Session {
    fn open(rules: &Rules<'_>, needs: &[&Need]) -> Result<Self> {
        let binaries = binaries().context("PostgreSQL is not installed: apt-get install postgresql")?;
        // A short path that the server's own user can reach; the script removes it in the end.
        let folder = std::env::temp_dir().join(format!("muster-rank-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let settings = [
            "fsync=off",
            "shared_buffers=1GB",
            "work_mem=64MB",
            "maintenance_work_mem=512MB",
            "jit=off",
            "listen_addresses=",
        ];
        let mut command = Command::new("sh");
        command.args(["-c", SUPERVISOR, "postgres.sh"]).arg(&binaries).arg(&folder);
        command.args(settings.iter().flat_map(|s| ["-c", s]));
        let mut supervisor = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut news = BufReader::new(supervisor.stdout.take().context("no output")?);
        let mut line = String::new();
        while !line.contains("ready to accept connections") {
            line.clear();
            ensure!(news.read_line(&mut line)? > 0, "the cluster did not start");
        }
        // Read on, or a full pipe would stop the server.
        std::thread::spawn(move || news.read_to_end(&mut Vec::new()));
        write_offers(rules, &folder.join("offers.csv"))?;
        let mut psql = Command::new(binaries.join("psql"))
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"])
            .arg(format!("postgres://postgres@localhost/postgres?host={}", folder.display()))
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let said = BufReader::new(psql.stdout.take().context("no output")?);
        let asks = needs.iter().map(|need| execute(rules, need)).collect::<Result<_>>()?;
        let mut session = Self { supervisor, psql, said, asks };
        session.send(&format!("{TABLE}{QUERY}\\timing on\n"))?;
        Ok(session)
    }

    fn send(&mut self, text: &str) -> Result<()> {
        let to = self.psql.stdin.as_mut().context("psql takes no input")?;
        to.write_all(text.as_bytes())?;
        Ok(to.flush()?)
    }

    /// The answer for a need, and how long it took by `psql`'s own clock.
    fn ask(&mut self, need: usize) -> Result<(Vec<String>, Duration)> {
        let ask = self.asks[need].clone();
        self.send(&ask)?;
        let mut rows = Vec::new();
        loop {
            let mut line = String::new();
            if self.said.read_line(&mut line)? == 0 {
                bail!("psql ended");
            }
            match line.trim().strip_prefix("Time: ") {
                None if line.trim().is_empty() => {}
                None => rows.push(line.trim().to_owned()),
                Some(rest) => {
                    let ms: f64 = rest.split(' ').next().unwrap_or_default().parse()?;
                    return Ok((rows, Duration::from_secs_f64(ms / 1e3)));
                }
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // The end of their input is the order to stop.
        drop(self.psql.stdin.take());
        let _ = self.psql.wait();
        drop(self.supervisor.stdin.take());
        let _ = self.supervisor.wait();
    }
}

fn binaries() -> Option<PathBuf> {
    let complete = |folder: &PathBuf| ["initdb", "postgres", "psql"].iter().all(|name| folder.join(name).is_file());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    std::env::split_paths(&path).chain(debian.map(|entry| entry.path().join("bin"))).find(complete)
}

fn write_offers(rules: &Rules<'_>, path: &Path) -> Result<()> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    let day = |day: Option<Day>| day.map_or_else(String::new, |day| day.number().to_string());
    for view in rules.market.offers.iter().filter_map(|o| rules.offer_view(o)) {
        let terms = &view.offer.terms;
        let (country, [x, y, z]) = place(view.country().as_str(), view.place())?;
        let certificate = terms.certificates.first().map(|c| c.kind.as_str()).context("a certificate")?;
        let stock = (!terms.profile.stock.quantity.is_zero()).then_some(terms.profile.as_of);
        let least = terms.min_order.as_ref().map_or(0, |m| m.quantity.units());
        writeln!(
            file,
            "{},{},{certificate},{country},{x},{y},{z},{least},{},{},{},{}",
            view.offer.id,
            terms.product,
            floor(rules, &view),
            day(view.first_day()),
            day(stock),
            rules.market.day.plus(i32::from(terms.lead_days)).number(),
        )?;
    }
    Ok(file.flush()?)
}

fn floor(rules: &Rules<'_>, view: &OfferView<'_>) -> u32 {
    let w = &rules.parameters.weights;
    let unverified = if view.organisation.verification == Verification::None { w.unverified } else { 0 };
    unverified + if view.offer.is_stale(rules.market.day) { w.aging } else { 0 }
}

fn execute(rules: &Rules<'_>, need: &Need) -> Result<String> {
    let view = rules.need_view(need, &rules.site_demands()).context("a need without a site")?;
    let (country, [x, y, z]) = place(view.country().as_str(), view.place())?;
    let certificate = need.terms.certificates.first().context("a certificate")?;
    let mut text = String::new();
    writeln!(
        text,
        "EXECUTE cheapest ('{}', '{certificate}', '{country}', {x}, {y}, {z}, {}, {}, {});",
        need.terms.product,
        need.instalments[0].due.number(),
        view.site_demand,
        rules.market.day.number()
    )?;
    Ok(text)
}
