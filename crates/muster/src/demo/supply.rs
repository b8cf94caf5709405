//! Drawing the offers.

use anyhow::{Context, Result, bail};
use domain::{
    capacity::CapacityProfile,
    catalogue::{Area, BorderEffect, Product},
    certificate::CertificateStatus,
    code::CountryCode,
    feature::FeatureKind,
    ids::{LineId, OfferId},
    line::Line,
    offer::{
        CalendarInput, CertificateInput, ConversionInput, DerogationInput, FeatureInput, Offer, OfferInput, OfferState,
        PriceInput, RateInput,
    },
    organisation::OrganisationKind,
    quantity::{Measure, Quantity},
    rate::{Period, Rate},
    time::Day,
    unit::UnitMeaning,
};

use super::{
    draft::{Draft, Firm, decimal_of, measure_of},
    tables::{Archetype, Chances, Features},
};

impl<'a> Draft<'a> {
    /// Enters the offers of `archetypes.csv`.
    pub(super) fn supply(&mut self) -> Result<()> {
        for archetype in &self.tables.archetypes {
            let product = self.product(&archetype.product)?;
            for _ in 0..archetype.offers {
                self.offer_of(archetype, product)
                    .with_context(|| format!("seeds/demo/archetypes.csv, product {}", archetype.product))?;
            }
        }
        Ok(())
    }

    fn offer_of(&mut self, archetype: &Archetype, product: &'a Product) -> Result<()> {
        let at = self.firm(archetype, product)?;
        let firm = self.firms[at].clone();
        let registered = self.day.plus(-i32::try_from(self.dice.between(1, 20))?);
        let mut input = OfferInput {
            product: product.code.as_str().to_owned(),
            grades: self.grade(&archetype.grades)?,
            features: self.features(&archetype.features)?,
            calendar: firm.calendar.clone(),
            as_of: Some(registered.to_string()),
            lead_days: self.dice.between(0, archetype.lead_max),
            ..OfferInput::default()
        };
        self.capacity(&mut input, archetype, product, registered)?;
        self.window(&mut input, registered)?;
        self.reach(&mut input, &firm, product)?;
        self.terms(&mut input, archetype, &firm)?;
        let reviewed = self.certificates(&mut input, &archetype.certificates, product)?;
        let id = {
            let offer = self.offer(&firm, &input, registered)?;
            for (certificate, status) in offer.terms.certificates.iter_mut().zip(reviewed) {
                certificate.status = status;
            }
            offer.id
        };
        self.fate(registered)?;
        if !firm.offers.is_empty() && self.habit("offer_shared_line")? {
            self.share_line(at, id)?;
        }
        self.firms[at].offers.push(id);
        Ok(())
    }

    /// A firm that does such things: one of the market already, or a new one.
    fn firm(&mut self, archetype: &Archetype, product: &Product) -> Result<usize> {
        let activity = self.dice.one_of(&archetype.activity).context("has no activity")?;
        let known: Vec<usize> = (0..self.firms.len())
            .filter(|i| self.firms[*i].activity == *activity && self.firms[*i].offers.len() < 3)
            .collect();
        if self.habit("offer_second_product")?
            && let Some(at) = self.dice.one_of(&known)
        {
            return Ok(*at);
        }
        let place = self.place(|p| p.supply)?;
        let region = self.region(&place.region)?;
        let organisation = self.organisation(OrganisationKind::Firm, activity, region, &product.family)?;
        let unknown = self.habit("offer_place_unknown")?;
        let site = self.site(organisation, (!unknown).then_some(region))?;
        let calendar = self.calendar(&region.country)?;
        self.firms.push(Firm {
            organisation,
            site,
            activity: activity.clone(),
            country: region.country.clone(),
            calendar,
            offers: Vec::new(),
            line: None,
        });
        Ok(self.firms.len() - 1)
    }

    /// The days a site works: Monday to Friday, some more, with the Easter of its country.
    pub(super) fn calendar(&mut self, country: &CountryCode) -> Result<CalendarInput> {
        let days = if self.habit("offer_every_day")? {
            &["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"][..]
        } else if self.habit("offer_saturday")? {
            &["monday", "tuesday", "wednesday", "thursday", "friday", "saturday"][..]
        } else {
            &[][..]
        };
        let worked = self.habit("offer_easter_worked")?;
        let closures = self.tables.closures.iter().filter(|c| !worked && c.country == country.as_str());
        Ok(CalendarInput {
            working_days: days.iter().map(|d| (*d).to_owned()).collect(),
            closures: closures.map(|c| (c.from.to_string(), c.until.to_string())).collect(),
        })
    }

    /// One grade by weight; `-` says that the offer states none.
    pub(super) fn grade(&mut self, grades: &super::tables::Weighted) -> Result<Vec<String>> {
        let word = self.dice.pick(grades.each()).context("has no grade with a weight")?;
        Ok(if word == "-" { Vec::new() } else { word.split('+').map(str::to_owned).collect() })
    }

    fn features(&mut self, features: &Features) -> Result<Vec<(String, FeatureInput)>> {
        let mut stated = Vec::new();
        for (feature, values) in &features.0 {
            let draw = self.dice.below(100);
            let mut upto = 0;
            let hit = values.0.iter().find(|(_, weight)| {
                upto += u64::from(*weight);
                draw < upto
            });
            if let Some((value, _)) = hit {
                stated.push((feature.clone(), self.feature_value(feature, value)?));
            }
        }
        Ok(stated)
    }

    /// A value as its feature wants it typed.
    pub(super) fn feature_value(&self, feature: &str, value: &str) -> Result<FeatureInput> {
        let known = self.catalogue.feature(feature).with_context(|| format!("{feature} is no feature"))?;
        Ok(match known.kind {
            FeatureKind::Flag => FeatureInput::Flag(value == "yes"),
            FeatureKind::Choice => FeatureInput::Text(value.to_owned()),
            FeatureKind::Integer => {
                FeatureInput::Number(value.parse().with_context(|| format!("{feature}={value} is no number"))?)
            }
            FeatureKind::Sizes => FeatureInput::List(value.split('+').map(str::to_owned).collect()),
        })
    }

    fn capacity(&mut self, input: &mut OfferInput, of: &Archetype, product: &Product, registered: Day) -> Result<()> {
        let unit = product.trade_unit.as_str();
        let mut weekly = self.dice.skewed(of.weekly_min, of.weekly_max);
        if self.habit("offer_quarantined")? {
            // Somebody typed pieces for thousands, or a year for a week: a reviewer looks at it.
            weekly = self.implausible(product)?;
        }
        let week = |value: i64| RateInput { measure: measure_of(value.max(1), unit), per: "week".to_owned() };
        let share = |of_hundred: i64| weekly.saturating_mul(of_hundred) / 100;
        let converts = self.dice.percent(of.convertible);
        let runs = self.dice.percent(of.running);
        let stocked = self.dice.percent(of.stock);
        if converts {
            let decided = self.dice.percent(of.decided).then(|| registered.plus(-7));
            input.convertible = Some(ConversionInput {
                rate: Some(week(weekly)),
                days: self.dice.between(of.days_min, of.days_max),
                ramp_days: self.dice.between(0, of.ramp_max),
                decided_on: decided.map(|d| d.to_string()),
            });
        }
        if runs || (!converts && !stocked) {
            let now = if converts { share(self.dice.between(5, 25)) } else { weekly };
            input.running = Some(week(now));
            if self.habit("offer_maximum")? {
                let more = self.dice.between(110, 180);
                input.maximum = Some(week(now.max(1).saturating_mul(more).div_euclid(100).max(now.max(1))));
            }
            if self.habit("offer_ramp")? {
                input.ramp_days = self.dice.between(0, of.ramp_max);
            }
        }
        if stocked {
            let weeks = if runs { self.dice.between(20, 120) } else { self.dice.between(60, 300) };
            input.stock = Some(measure_of(share(weeks).max(1), unit));
        }
        if self.habit("offer_minimum_order")? {
            let part = self.dice.between(3, 60);
            input.min_order = Some(measure_of(share(part).max(1), unit));
        }
        Ok(())
    }

    /// More of a product's trade unit a week than one site can plausibly make.
    fn implausible(&self, product: &Product) -> Result<i64> {
        let unit =
            self.catalogue.unit_table().find(&product.trade_unit).context("has a trade unit that is not listed")?;
        match unit.meaning {
            UnitMeaning::Fixed { numerator, denominator, .. } => {
                Ok(product.weekly_ceiling.saturating_mul(3).saturating_mul(denominator) / numerator.max(1) + 1)
            }
            UnitMeaning::Package | UnitMeaning::Period => bail!("is traded in {}, which has no fixed size", unit.code),
        }
    }

    fn window(&mut self, input: &mut OfferInput, registered: Day) -> Result<()> {
        let later = |dice: &mut super::dice::Dice, low, high| i32::try_from(dice.between(low, high));
        if self.habit("offer_over")? {
            let ended = self.day.plus(-later(&mut self.dice, 1, 3)?).max(registered);
            input.until = Some(ended.to_string());
            return Ok(());
        }
        if self.habit("offer_starts_later")? {
            input.from = Some(self.day.plus(later(&mut self.dice, 3, 35)?).to_string());
        }
        if self.habit("offer_ends")? {
            input.until = Some(self.day.plus(later(&mut self.dice, 36, 70)?).to_string());
        }
        Ok(())
    }

    /// Where the offer goes, and what it may cross.
    fn reach(&mut self, input: &mut OfferInput, firm: &Firm, product: &Product) -> Result<()> {
        if self.habit("offer_region_limit")? {
            input.regions = vec![firm.country.as_str().to_owned()];
        }
        if self.habit("offer_distance_limit")? {
            input.max_distance_km = Some(self.dice.between(10, 120) * 10);
        }
        let (day, catalogue, regions) = (self.day, self.catalogue, self.regions);
        let rules = catalogue.parts().border_rules.iter().filter(|r| {
            r.effect == BorderEffect::AuthorisationRequired
                && r.products.contains(&product.code)
                && r.from <= day
                && r.until.is_none_or(|u| day <= u)
        });
        for rule in rules {
            let (leaves, abroad) = match &rule.from_area {
                Area::Eu => (regions.in_eu(&firm.country, day), 1),
                Area::Country(code) => (*code == firm.country, 4),
            };
            // Exporters by trade have their papers more often than a firm that converted last week.
            let percent = self.tables.habits.of("offer_authorised")?.saturating_mul(abroad);
            if leaves && self.dice.percent(percent) {
                input.authorisations.push(rule.code.clone());
            }
        }
        Ok(())
    }

    fn terms(&mut self, input: &mut OfferInput, of: &Archetype, firm: &Firm) -> Result<()> {
        let gift = self.habit("offer_donation")?;
        input.transfers = if gift {
            vec!["donation".to_owned()]
        } else if self.habit("offer_loan")? {
            vec!["loan".to_owned()]
        } else if self.dice.percent(6) {
            vec!["sale".to_owned(), "donation".to_owned()]
        } else {
            Vec::new()
        };
        if !gift && self.habit("offer_priced")? {
            let euro = self.dice.skewed(of.price_min.0, of.price_max.0);
            let home = self.country(&firm.country)?;
            let own = self.dice.percent(of.currency_share);
            let (currency, per_thousand) = match home.currency.as_str() {
                "EUR" if own && of.currency_share >= 40 => ("USD", 1_080),
                money if own && money != "EUR" => (money, home.per_thousand_euro),
                _ => ("EUR", 1_000),
            };
            let micros = euro.saturating_mul(per_thousand) / 1_000;
            input.price = Some(PriceInput { amount: decimal_of(micros)?, currency: currency.to_owned() });
        }
        if firm.activity.contains("Trad") {
            input.role = Some("trader".to_owned());
        }
        if self.habit("offer_for_clusters")? {
            input.visibility = Some("clusters".to_owned());
        } else if self.habit("offer_for_authorities")? {
            input.visibility = Some("authorities".to_owned());
        }
        Ok(())
    }

    /// What a derogation says, where a kind of paper is one: all of the Union may be reached under it.
    fn derogation(&self, kind: &str, end: &Day) -> Option<DerogationInput> {
        self.catalogue.certificate_kind(kind).filter(|kind| kind.is_derogation())?;
        let territory = self.tables.countries.iter().map(|country| country.country.clone()).collect();
        let (authority, number) = ("Market surveillance".to_owned(), "(EU) 2020/403".to_owned());
        Some(DerogationInput { authority, number, territory, until: end.to_string() })
    }

    /// States the papers a form takes, and returns the rung that reviewers set each to.
    fn certificates(
        &mut self,
        input: &mut OfferInput,
        chances: &Chances,
        product: &Product,
    ) -> Result<Vec<CertificateStatus>> {
        let mut rungs = Vec::new();
        for (kind, chance) in &chances.0 {
            if !self.dice.percent(*chance) {
                continue;
            }
            let rung = self.rung()?;
            let mut paper = CertificateInput { kind: kind.clone(), ..CertificateInput::default() };
            let later = |dice: &mut super::dice::Dice, low, high| i32::try_from(dice.between(low, high));
            let typed = if rung.is_pending() { rung } else { CertificateStatus::Documented };
            let typed = if rung == CertificateStatus::Claimed { rung } else { typed };
            paper.status = Some(typed.as_str().to_owned());
            if rung.is_pending() {
                paper.expected_on = Some(self.day.plus(later(&mut self.dice, 3, 45)?).to_string());
            } else {
                let soon = self.habit("certificate_ends_soon")?;
                let end = match (rung, soon) {
                    (CertificateStatus::Expired, _) => self.day.plus(-later(&mut self.dice, 5, 60)?),
                    (_, true) => self.day.plus(later(&mut self.dice, 3, 50)?),
                    (_, false) => self.day.plus(later(&mut self.dice, 120, 1_600)?),
                };
                paper.valid_from = Some(self.day.plus(-later(&mut self.dice, 70, 900)?).to_string());
                paper.valid_until = Some(end.to_string());
                if rung != CertificateStatus::Claimed {
                    let number = self.dice.between(1, 9_999);
                    let free = format!("DEMO-{}-{number:04}", product.code);
                    // Of numbers with a shape the catalogue has one that is nobody's.
                    let shaped = self.catalogue.certificate_kind(kind).filter(|k| !k.takes(&free));
                    paper.number = Some(shaped.map_or(free, |kind| kind.example.clone()));
                }
                paper.derogation = self.derogation(kind, &end);
            }
            input.certificates.push(paper);
            rungs.push(rung);
        }
        Ok(rungs)
    }

    fn rung(&mut self) -> Result<CertificateStatus> {
        let mut weights = Vec::new();
        for status in CertificateStatus::ALL {
            weights.push((status, self.tables.habits.of(&format!("certificate_{}", status.as_str()))?));
        }
        let rung = self.dice.pick(weights.iter().map(|(status, weight)| (status, *weight)));
        rung.copied().context("seeds/demo/habits.csv weighs no rung of certificates")
    }

    /// What became of the offer just entered since it was registered.
    fn fate(&mut self, registered: Day) -> Result<()> {
        let state = if self.habit("offer_draft")? {
            OfferState::Draft
        } else if self.habit("offer_paused")? {
            OfferState::Paused
        } else if self.habit("offer_withdrawn")? {
            OfferState::Withdrawn
        } else {
            OfferState::Published
        };
        let suspended = self.habit("offer_suspended")?;
        let stale = suspended || self.habit("offer_stale")?;
        let day = self.day;
        let offer = self.last_offer()?;
        offer.state = state;
        offer.suspended = suspended;
        if state == OfferState::Published && offer.is_over(day) {
            offer.state = OfferState::Expired;
        }
        if stale {
            offer.confirm_by = registered.plus(7).min(day.plus(-1));
        }
        Ok(())
    }

    pub(super) fn last_offer(&mut self) -> Result<&mut Offer> {
        self.market.offers.last_mut().context("no offer was entered yet")
    }

    /// Puts a firm's latest two running offers of one base unit on one line.
    fn share_line(&mut self, firm: usize, second: OfferId) -> Result<()> {
        let site = self.firms[firm].site;
        let lone = self.firms[firm].line.is_none();
        let Some(first) = self.firms[firm].offers.last().copied().filter(|_| lone) else { return Ok(()) };
        let find = |id: OfferId| self.market.offers.iter().position(|o| o.id == id);
        let (Some(a), Some(b)) = (find(first), find(second)) else { return Ok(()) };
        let profile = |at: usize| &self.market.offers[at].terms.profile;
        let same = self.base_unit(a) == self.base_unit(b);
        let weekly = |at: usize| {
            let rate = profile(at).running.as_ref()?;
            profile(at).convertible.is_none().then(|| rate.measure.quantity.units())
        };
        let (Some(one), Some(other), true) = (weekly(a), weekly(b), same) else { return Ok(()) };
        let units = Quantity::new(one.max(other).saturating_add(one.min(other) / 4));
        let (Some(units), Some(base_unit)) = (units, self.base_unit(a)) else { return Ok(()) };
        let rate = Rate { measure: Measure::of(units, base_unit), period: Period::Week };
        let id = LineId(self.dice.id());
        let profile = CapacityProfile {
            stock: Measure::of(Quantity::ZERO, base_unit),
            running: Some(rate),
            maximum: None,
            ramp_days: 0,
            convertible: None,
            from: profile(a).as_of.min(profile(b).as_of),
            until: None,
            as_of: profile(a).as_of.min(profile(b).as_of),
            calendar: profile(a).calendar.clone(),
            weeks: Vec::new(),
        };
        let name = format!("Line 1 {}", super::MARK);
        self.market.lines.insert(id, Line { id, site, name, profile });
        self.market.offers[a].terms.line = Some(id);
        self.market.offers[b].terms.line = Some(id);
        self.firms[firm].line = Some(id);
        Ok(())
    }

    fn base_unit(&self, offer: usize) -> Option<domain::unit::BaseUnit> {
        let product = self.market.offers.get(offer)?.terms.product.as_str();
        self.catalogue.product(product).map(|p| p.base_unit)
    }
}
