//! Drawing the needs.

use anyhow::{Context, Result};
use domain::{
    catalogue::Product,
    feature::FeatureKind,
    ids::{OrganisationId, SiteId},
    need::{InstalmentInput, NeedInput, NeedState, RequirementInput, Urgency},
    offer::{OfferInput, PriceInput},
    organisation::OrganisationKind,
};

use super::{
    draft::{BuyerSeat, Draft, Firm, decimal_of, measure_of},
    tables::{Asks, Want, Weighted},
};

/// The weeks the needs of the demo reach ahead.
const WEEKS: i32 = 8;

impl<'a> Draft<'a> {
    /// Enters the needs of `wants.csv`, and the surplus of hospitals that lack the same elsewhere.
    pub(super) fn demand(&mut self) -> Result<()> {
        for want in &self.tables.wants {
            let product = self.product(&want.product)?;
            for _ in 0..want.needs {
                self.need_of(want, product)
                    .with_context(|| format!("seeds/demo/wants.csv, product {}", want.product))?;
            }
        }
        Ok(())
    }

    fn need_of(&mut self, want: &Want, product: &'a Product) -> Result<()> {
        let seat = self.buyer(&want.buyers)?;
        let site = *self.dice.one_of(&seat.sites).context("a buyer has no site")?;
        let row = &self.tables.buyers[seat.row];
        let tiers = [
            (Urgency::Critical, row.critical),
            (Urgency::High, row.high),
            (Urgency::Normal, row.normal),
            (Urgency::Low, row.low),
        ];
        let urgency = *self.dice.pick(tiers.iter().map(|(u, w)| (u, *w))).context("a buyer asks for no tier")?;
        let weekly = self.dice.skewed(want.weekly_min, want.weekly_max).saturating_mul(row.factor) / 100;
        let mut input = NeedInput {
            product: product.code.as_str().to_owned(),
            grades: self.grade(&want.grades)?,
            substitutions: self.substitutions(want)?,
            requirements: self.requirements(&want.required, false)?,
            accept_pending: self.habit("need_accepts_pending")?,
            urgency: Some(urgency.as_str().to_owned()),
            instalments: self.instalments(product, weekly.max(1))?,
            ..NeedInput::default()
        };
        input.requirements.extend(self.requirements(&want.preferred, true)?);
        for (kind, chance) in &want.certificates.0 {
            if self.dice.percent(*chance) {
                input.certificates.push(kind.clone());
            }
        }
        self.limits(&mut input, want, &seat)?;
        let granted = urgency == Urgency::Critical && self.habit("need_granted")?;
        let state = if self.habit("need_draft")? { NeedState::Draft } else { NeedState::Open };
        let doubted = self.habit("need_quarantined")?;
        let surplus = row.buyer == "hospital" && self.habit("hospital_surplus")?;
        let need = self.need(seat.organisation, site, &input)?;
        need.urgency_granted = granted;
        need.state = state;
        if doubted {
            need.quarantine.get_or_insert_with(|| "a twin of a record sent seconds earlier".to_owned());
        }
        if surplus {
            self.surplus(seat.organisation, site, &input, weekly)?;
        }
        Ok(())
    }

    fn buyer(&mut self, kinds: &Weighted) -> Result<BuyerSeat> {
        let kind = self.dice.pick(kinds.each()).context("has no buyer with a weight")?;
        let rows = &self.tables.buyers;
        let seats: Vec<BuyerSeat> = self.buyers.iter().filter(|b| rows[b.row].buyer == *kind).cloned().collect();
        self.dice.one_of(&seats).cloned().with_context(|| format!("{kind} is no row of buyers.csv"))
    }

    fn substitutions(&mut self, want: &Want) -> Result<Vec<(Option<String>, Option<String>)>> {
        let mut opted = Vec::new();
        for (word, chance) in &want.substitutions.0 {
            if self.dice.percent(*chance) {
                let (product, grade) = word.split_once('/').with_context(|| format!("{word:?} is no product/grade"))?;
                opted.push((Some(product.to_owned()), (grade != "-").then(|| grade.to_owned())));
            }
        }
        Ok(opted)
    }

    fn requirements(&mut self, asks: &Asks, preferred: bool) -> Result<Vec<RequirementInput>> {
        let mut found = Vec::new();
        for (feature, value, chance) in &asks.0 {
            if self.dice.percent(*chance) {
                let value = self.feature_value(feature, value)?;
                found.push(RequirementInput { feature: feature.clone(), value, preferred });
            }
        }
        Ok(found)
    }

    /// Instalments over the coming weeks, by size where the product has sizes.
    fn instalments(&mut self, product: &Product, weekly: i64) -> Result<Vec<InstalmentInput>> {
        let sizes = self.sizes(product)?;
        let step = if sizes.is_empty() && self.habit("need_weekly")? {
            1
        } else if self.habit("need_fortnightly")? {
            2
        } else {
            4
        };
        let first = i32::try_from(self.dice.between(1, 11))?;
        let parts: Vec<Option<String>> =
            if sizes.is_empty() { vec![None] } else { sizes.into_iter().map(Some).collect() };
        let share = i64::try_from(parts.len())?;
        let mut found = Vec::new();
        for week in (0..WEEKS).step_by(usize::try_from(step)?) {
            let due = self.day.plus(first + 7 * week);
            for size in &parts {
                let swing = self.dice.between(80, 120);
                let value = (weekly * i64::from(step) * swing / 100 / share).max(1);
                let quantity = Some(measure_of(value, &product.trade_unit));
                found.push(InstalmentInput { quantity, due: due.to_string(), size: size.clone() });
            }
        }
        Ok(found)
    }

    /// Two or three sizes next to each other, or none.
    fn sizes(&mut self, product: &Product) -> Result<Vec<String>> {
        let catalogue = self.catalogue;
        let of_sizes = product.features.iter().find_map(|(code, values)| {
            let feature = catalogue.feature(code.as_str()).filter(|f| f.kind == FeatureKind::Sizes)?;
            Some(if values.is_empty() { &feature.values } else { values })
        });
        let garments = matches!(product.code.as_str(), "gown-isolation" | "gown-surgical" | "coverall" | "gloves-exam");
        let Some(values) = of_sizes.filter(|v| garments && v.len() >= 4) else { return Ok(Vec::new()) };
        if !self.habit("need_by_size")? {
            return Ok(Vec::new());
        }
        // From S or M on: the ends of the scale are asked for less often than they are made.
        let start = usize::try_from(self.dice.between(1, 2))?;
        let count = usize::try_from(self.dice.between(2, 3))?;
        Ok(values.iter().skip(start).take(count).filter(|v| *v != "one size").cloned().collect())
    }

    /// Where goods may come from, who vouches for them, what they may cost.
    fn limits(&mut self, input: &mut NeedInput, want: &Want, seat: &BuyerSeat) -> Result<()> {
        let day = self.day;
        let country = self.market.organisations.get(&seat.organisation).map(|o| o.country.clone());
        let country = country.context("a buyer is in no country")?;
        if self.habit("need_region_limit")? {
            input.regions = if self.dice.percent(40) {
                vec![country.as_str().to_owned()]
            } else {
                let union = self.regions.countries().iter().filter(|c| c.in_eu(day));
                union.map(|c| c.code.as_str().to_owned()).collect()
            };
        }
        if self.habit("need_distance_limit")? {
            input.max_distance_km = Some(self.dice.between(15, 80) * 10);
        }
        if self.habit("need_wants_checked")? {
            input.certificate_status = Some("checked".to_owned());
        }
        if self.habit("need_wants_operator")? {
            input.verification = Some("operator".to_owned());
        } else if self.habit("need_wants_verified")? {
            input.verification = Some("cluster".to_owned());
        }
        if self.habit("need_priced")? {
            let cap = self.dice.between(want.cap_min.0, want.cap_max.0);
            input.price_cap = Some(PriceInput { amount: decimal_of(cap)?, currency: "EUR".to_owned() });
        }
        if self.habit("need_sale_only")? {
            input.transfers = vec!["sale".to_owned()];
        } else if self.habit("need_loan")? {
            input.transfers = vec!["sale".to_owned(), "donation".to_owned(), "loan".to_owned()];
        }
        Ok(())
    }

    /// A hospital group whose other ward has too much of what this one lacks.
    fn surplus(&mut self, organisation: OrganisationId, site: SiteId, need: &NeedInput, weekly: i64) -> Result<()> {
        let product = self.product(&need.product)?;
        let country = self.market.organisations.get(&organisation).map(|o| o.country.clone());
        let country = country.context("a buyer is in no country")?;
        let firm = Firm {
            organisation,
            site,
            activity: "Hospital".to_owned(),
            country,
            calendar: Default::default(),
            offers: Vec::new(),
            line: None,
        };
        let registered = self.day.plus(-i32::try_from(self.dice.between(1, 9))?);
        let input = OfferInput {
            product: need.product.clone(),
            grades: need.grades.clone(),
            stock: Some(measure_of((weekly / 2).max(1), &product.trade_unit)),
            as_of: Some(registered.to_string()),
            transfers: vec!["sale".to_owned(), "donation".to_owned(), "loan".to_owned()],
            role: Some("trader".to_owned()),
            note: "Surplus of one ward while another lacks it.".to_owned(),
            ..OfferInput::default()
        };
        self.offer(&firm, &input, registered)?;
        Ok(())
    }

    /// A new organisation of a row of `buyers.csv` with one site.
    pub(super) fn buyer_at(&mut self, kind: &str, region: &str) -> Result<(OrganisationId, SiteId)> {
        let row = self.tables.buyers.iter().find(|b| b.buyer == kind);
        let row = row.with_context(|| format!("{kind} is no row of buyers.csv"))?;
        let sort = OrganisationKind::parse(&row.kind).with_context(|| format!("{} is no kind", row.kind))?;
        let region = self.region(region)?;
        let organisation = self.organisation(sort, &row.name, region, "-")?;
        let site = self.site(organisation, Some(region))?;
        Ok((organisation, site))
    }
}
