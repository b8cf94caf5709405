//! One week of the replay: a market from three files, decided by the product, written as JSON.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use anyhow::{Context, Result, bail};
use domain::{
    calendar::WorkingCalendar,
    capacity::CapacityProfile,
    catalogue::{Catalogue, CatalogueParts},
    certificate::CertificateStatus,
    code::{CountryCode, ProductCode},
    disclosure::Disclosure,
    eligibility::Rules,
    ids::{InstalmentId, NeedId, OfferId, OrganisationId, SiteId},
    market::{Market, StatedDistance},
    need::{Instalment, Need, NeedState, NeedTerms, Urgency},
    offer::{Offer, OfferState, OfferTerms, Role, Transfer, Visibility},
    organisation::{Organisation, OrganisationKind, RegionFrom, Site, Verification},
    parameters::{Mode, Parameters},
    quantity::{Measure, Quantity},
    time::Day,
    unit::BaseUnit,
};
use matching::{Control, Step, allocate, verify};
use uuid::Uuid;

/// Days until a need is due: longer than any way takes, since the exchange asked for no dates.
const DAYS: i32 = 60;
/// Days to make goods to order: more than [`DAYS`], since donors make nothing; only stock counts.
const LEAD_DAYS: u16 = 90;

/// A week to decide.
pub struct Batch {
    /// Holds `donors` (who, kind, units), `recipients` (the same) and `distances` (donor, recipient, miles),
    /// one record a line, separated by tabs.
    pub folder: PathBuf,
    /// The day of the run.
    pub day: String,
    /// A mode, or a mode, a colon and the points of a delivery.
    pub mode: String,
}

/// Prints the decisions, and the seconds that judging pairs, solving and all after it took.
pub fn run(batch: &Batch) -> Result<()> {
    let parameters = parameters(&batch.mode)?;
    let week = Week::read(batch)?;
    // The kinds of goods stand for themselves alone, as in the authors' framework.
    let catalogue = Catalogue::new(CatalogueParts::default()).map_err(anyhow::Error::msg)?;
    let (_, regions) = exchange::seeds::tables().context("the seeds do not load")?;
    let rules = Rules { market: &week.market, catalogue: &catalogue, regions: &regions, parameters: &parameters };
    let begun = Instant::now();
    // A step has ended when it is last heard of.
    let heard = Mutex::new([begun; 2]);
    let note = |step: Step| {
        let which = match step {
            Step::Judging(_, _) => 0,
            Step::Solving(_, _) => 1,
        };
        heard.lock().unwrap_or_else(PoisonError::into_inner)[which] = Instant::now();
    };
    let outcome = allocate(&rules, &Control { progress: Some(&note), ..Control::default() })?;
    let ended = Instant::now();
    verify(&rules, &outcome).map_err(|fault| anyhow::anyhow!("the check failed: {fault}"))?;
    let [judged, solved] = heard.into_inner().unwrap_or_else(PoisonError::into_inner);
    // A week without a pair has nothing to solve.
    let solved = solved.max(judged);
    let decisions: Vec<serde_json::Value> = outcome
        .lines
        .iter()
        .filter_map(|line| {
            let (donor, kind) = week.offers.get(&line.offer)?;
            let recipient = week.recipients.get(&line.need)?;
            Some(serde_json::json!([donor, recipient, kind, line.quantity.units()]))
        })
        .collect();
    let said = serde_json::json!({
        "judged": (judged - begun).as_secs_f64(),
        "solved": (solved - judged).as_secs_f64(),
        "explained": (ended - solved).as_secs_f64(),
        "decisions": decisions,
    });
    println!("{said}");
    Ok(())
}

fn parameters(text: &str) -> Result<Parameters> {
    let (mode, delivery) = text.split_once(':').map_or((text, None), |(mode, points)| (mode, Some(points)));
    let Some(mode) = Mode::parse(mode) else { bail!("`{mode}` is no mode; write one of near, fair and balanced") };
    let mut parameters = Parameters::of(mode);
    if let Some(points) = delivery {
        parameters.weights.delivery = points.parse().context("the points of a delivery are no whole number")?;
    }
    parameters.check().map_err(|faults| anyhow::anyhow!("{faults:?}"))?;
    Ok(parameters)
}

/// A market and whose its offers and needs are.
struct Week {
    market: Market,
    offers: BTreeMap<OfferId, (String, String)>,
    recipients: BTreeMap<NeedId, String>,
    kinds: BTreeMap<String, u64>,
}

/// An id that depends on what it names alone.
fn id(sort: u8, of: u64, kind: u64) -> Uuid {
    Uuid::from_u64_pair((u64::from(sort) << 56) | of, kind)
}

/// The number in `don12` or `rec12`.
fn number(name: &str) -> Result<u64> {
    let digits = name.trim_start_matches(|c: char| !c.is_ascii_digit());
    digits.parse().with_context(|| format!("`{name}` ends in no number"))
}

/// Whole kilometres, rounded up, from decimal miles of at most nine places; a mile is 1,609,344 mm.
fn kilometres(miles: &str) -> Result<u32> {
    let (whole, fraction) = miles.split_once('.').unwrap_or((miles, ""));
    anyhow::ensure!(!whole.is_empty(), "`{miles}` is no distance");
    let digits: String = format!("{whole}{fraction:0<9}");
    let nano: u128 =
        digits.parse().ok().filter(|_| fraction.len() <= 9).with_context(|| format!("`{miles}` is no distance"))?;
    Ok(u32::try_from((nano * 1_609_344).div_ceil(1_000_000_000_000_000))?)
}

fn fields<const N: usize>(line: &str) -> Result<[&str; N]> {
    let found: Vec<&str> = line.split('\t').collect();
    found.try_into().map_err(|_| anyhow::anyhow!("`{line}` has not {N} fields"))
}

/// A whole number of pieces, written with or without `.0`.
fn pieces(text: &str) -> Result<Measure> {
    let units = text.strip_suffix(".0").unwrap_or(text).parse().ok().and_then(Quantity::new);
    Ok(Measure::of(units.with_context(|| format!("`{text}` is no number of pieces"))?, BaseUnit::Piece))
}

impl Week {
    fn read(batch: &Batch) -> Result<Self> {
        let day = Day::parse(&batch.day).map_err(anyhow::Error::msg)?;
        let mut week = Self {
            market: Market::new(day),
            offers: BTreeMap::new(),
            recipients: BTreeMap::new(),
            kinds: BTreeMap::new(),
        };
        let text = |name: &str| fs::read_to_string(batch.folder.join(name)).with_context(|| format!("no {name}"));
        let (donors, recipients) = (text("donors")?, text("recipients")?);
        let kinds: BTreeSet<&str> =
            donors.lines().chain(recipients.lines()).filter_map(|line| line.split('\t').nth(1)).collect();
        week.kinds = kinds.into_iter().map(str::to_owned).zip(0..).collect();
        donors.lines().try_for_each(|line| week.offer(line))?;
        recipients.lines().try_for_each(|line| week.need(line))?;
        for line in text("distances")?.lines() {
            let [donor, recipient, miles] = fields(line)?;
            let (from, to) = (SiteId(id(2, number(donor)?, 0)), SiteId(id(2, number(recipient)?, 1)));
            week.market.distances.push(StatedDistance { from, to, km: kilometres(miles)? });
        }
        week.market.sort();
        Ok(week)
    }

    /// The organisation and its one site: donors are 0, recipients 1.
    fn place(&mut self, name: &str, side: u64) -> Result<(OrganisationId, SiteId)> {
        let n = number(name)?;
        let (organisation, site) = (OrganisationId(id(1, n, side)), SiteId(id(2, n, side)));
        self.market.organisations.entry(organisation).or_insert_with(|| Organisation {
            id: organisation,
            kind: OrganisationKind::Firm,
            name: name.to_owned(),
            country: CountryCode::new("US"),
            verification: Verification::Operator,
            clusters: vec![],
        });
        self.market.sites.entry(site).or_insert_with(|| Site {
            id: site,
            organisation,
            name: name.to_owned(),
            region: None,
            region_from: RegionFrom::Stated,
            point: None,
            zone: "UTC".to_owned(),
        });
        Ok((organisation, site))
    }

    fn offer(&mut self, line: &str) -> Result<()> {
        let [donor, kind, units] = fields(line)?;
        let (organisation, site) = self.place(donor, 0)?;
        let day = self.market.day;
        let offer = OfferId(id(3, number(donor)?, self.kinds[kind]));
        let profile = CapacityProfile {
            calendar: Arc::new(WorkingCalendar::default()),
            from: day,
            until: None,
            as_of: day,
            stock: pieces(units)?,
            running: None,
            maximum: None,
            ramp_days: 0,
            convertible: None,
            weeks: Vec::new(),
        };
        let terms = OfferTerms {
            product: ProductCode::new(kind),
            grades: vec![],
            features: vec![],
            profile,
            line: None,
            min_order: None,
            lead_days: LEAD_DAYS,
            max_distance_km: None,
            regions: vec![],
            authorisations: BTreeSet::new(),
            certificates: vec![],
            transfers: BTreeSet::from([Transfer::Donation]),
            price: None,
            role: Role::Trader,
            visibility: Visibility::Market,
            missing_inputs: Vec::new(),
            disclosure: Disclosure::default(),
            note: String::new(),
        };
        self.market.offers.push(Offer {
            id: offer,
            organisation,
            site,
            terms,
            state: OfferState::Published,
            confirm_by: day.plus(7),
            suspended: false,
            quarantine: None,
        });
        self.offers.insert(offer, (donor.to_owned(), kind.to_owned()));
        Ok(())
    }

    fn need(&mut self, line: &str) -> Result<()> {
        let [recipient, kind, units] = fields(line)?;
        let (organisation, site) = self.place(recipient, 1)?;
        let (n, of) = (number(recipient)?, self.kinds[kind]);
        let due = self.market.day.plus(DAYS);
        let terms = NeedTerms {
            product: ProductCode::new(kind),
            grades: vec![],
            substitutions: vec![],
            requirements: vec![],
            certificates: vec![],
            accept_pending: false,
            certificate_status: CertificateStatus::Claimed,
            verification: Verification::None,
            transfers: BTreeSet::from([Transfer::Donation]),
            price_cap: None,
            regions: vec![],
            max_distance_km: None,
            max_suppliers: None,
            urgency: Urgency::Normal,
            note: String::new(),
            supply: None,
        };
        self.market.needs.push(Need {
            id: NeedId(id(4, n, of)),
            organisation,
            site,
            terms,
            instalments: vec![Instalment { id: InstalmentId(id(5, n, of)), measure: pieces(units)?, due, size: None }],
            state: NeedState::Open,
            urgency_granted: true,
            quarantine: None,
            closing: None,
        });
        self.recipients.insert(NeedId(id(4, n, of)), recipient.to_owned());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn miles_become_whole_kilometres_rounded_up() {
        let km = |miles| kilometres(miles).unwrap();
        assert_eq!((km("1"), km("5.1795"), km("2725.2930"), km("0.0")), (2, 9, 4386, 0));
        assert_eq!(km("621.371192237334"[..13].trim_end_matches('0')), 1_000);
        assert!(kilometres("-1.5").is_err() && kilometres("1.0000000001").is_err() && kilometres("").is_err());
    }

    #[test]
    fn a_mode_may_state_its_price_of_a_delivery() {
        assert_eq!(parameters("near").unwrap(), Parameters::of(Mode::Near));
        let balanced = parameters("balanced:6000").unwrap();
        assert_eq!((balanced.mode, balanced.weights.delivery), (Mode::Balanced, 6_000));
        assert!(parameters("nearer").is_err() && parameters("near:much").is_err());
    }

    #[test]
    fn a_week_is_decided_from_files() {
        let folder = std::env::temp_dir().join(format!("muster-replay-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
        write("donors", "don1\tgowns\t20.0\ndon1\tcaps\t5\n");
        write("recipients", "rec7\tgowns\t15.0\nrec8\tgowns\t9.0\n");
        write("distances", "don1\trec7\t10.5\ndon1\trec8\t3.25\n");
        let batch = Batch { folder: folder.clone(), day: "2020-04-24".to_owned(), mode: "near".to_owned() };
        let week = Week::read(&batch).unwrap();
        let decided = run(&batch);
        write("donors", "don1\tgowns\t20.5\n");
        let refused = Week::read(&batch).is_err();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!((week.market.offers.len(), week.market.needs.len(), week.market.organisations.len()), (2, 2, 3));
        assert_eq!(week.market.distances.iter().map(|d| d.km).collect::<Vec<_>>(), [17, 6]);
        assert!(decided.is_ok() && refused);
    }
}
