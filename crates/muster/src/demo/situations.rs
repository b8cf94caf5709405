//! Neighbours with one thing between them: for each reason a pair can fail by, a firm that could
//! serve a buyer but for that. They are ordinary records of the market, placed where few others
//! are, so that each rule has a case in which it alone decides.

use anyhow::{Context, Result, bail};
use domain::{
    certificate::CertificateStatus,
    ids::SiteId,
    need::{InstalmentInput, NeedInput, RequirementInput},
    offer::{
        CalendarInput, CertificateInput, ConversionInput, FeatureInput, MissingInputInput, OfferInput, OfferState,
        PriceInput, RateInput,
    },
    organisation::{OrganisationKind, Verification},
    time::Day,
};

use super::{
    draft::{Draft, Firm, decimal_of, measure_of},
    tables::{Micros, Situation},
};

/// What becomes of a pair after both sides registered.
#[derive(Debug, Default)]
struct Later {
    state: Option<OfferState>,
    suspended: bool,
    quarantine: Option<String>,
    claimed: bool,
    nobody_vouched: bool,
    place_unknown: bool,
    one_organisation: bool,
    refused: bool,
}

impl Draft<'_> {
    /// Enters the pairs of `situations.csv`, and two twins that only the tie-break tells apart.
    pub(super) fn situations(&mut self) -> Result<()> {
        for row in &self.tables.situations {
            self.situation(row).with_context(|| format!("seeds/demo/situations.csv, reason {}", row.reason))?;
        }
        Ok(())
    }

    fn situation(&mut self, row: &Situation) -> Result<()> {
        let product = self.product(&row.product)?;
        let unit = product.trade_unit.as_str();
        let registered = self.day.plus(-7);
        let week = |value: i64| RateInput { measure: measure_of(value.max(1), unit), per: "week".to_owned() };
        let from = self.region(&row.from)?;
        let to = self.region(&row.to)?;
        let mut offer = OfferInput {
            product: row.product.clone(),
            grades: grade(&row.grade),
            stock: Some(measure_of(row.offered, unit)),
            as_of: Some(registered.to_string()),
            regions: vec![to.code.as_str().to_owned()],
            transfers: vec!["sale".to_owned()],
            note: format!("{}.", row.story),
            ..OfferInput::default()
        };
        let area = self.regions.at_level(&from.code, 2).unwrap_or(from);
        let mut need = NeedInput {
            product: row.product.clone(),
            grades: grade(&row.grade),
            regions: vec![area.code.as_str().to_owned()],
            transfers: vec!["sale".to_owned()],
            urgency: Some("critical".to_owned()),
            instalments: vec![InstalmentInput {
                quantity: Some(measure_of(row.asked, unit)),
                due: row.due.to_string(),
                size: None,
            }],
            note: format!("{}.", row.story),
            ..NeedInput::default()
        };
        let mut later = Later::default();
        let paper = |status: CertificateStatus| CertificateInput {
            kind: row.other.clone(),
            status: Some(status.as_str().to_owned()),
            ..CertificateInput::default()
        };
        let day = |text: &str| Day::parse(text).map_err(anyhow::Error::msg);
        match row.reason.as_str() {
            "not_published" => later.state = Some(OfferState::Paused),
            "offer_expired" => {
                offer.until = Some(self.day.plus(-3).to_string());
                later.state = Some(OfferState::Expired);
            }
            "offer_suspended" => later.suspended = true,
            "offer_quarantined" => later.quarantine = Some("a twin of a record sent seconds earlier".to_owned()),
            "other_product" => {
                offer.product = row.other.clone();
                offer.grades = Vec::new();
            }
            "conversion_undecided" => {
                offer.stock = None;
                offer.convertible = Some(ConversionInput {
                    rate: Some(week(row.offered / 4)),
                    days: 21,
                    ramp_days: 5,
                    decided_on: None,
                });
            }
            // Three quarters of a gram of fabric for each.
            "input_missing" => {
                offer.stock = None;
                offer.running = Some(week(row.offered / 4));
                offer.missing_inputs = vec![MissingInputInput {
                    quantity: Some(measure_of(750, "GRM")),
                    per: Some(1_000),
                    ..MissingInputInput::each(&row.other, 1)
                }];
            }
            "grade_too_low" | "substitution_not_accepted" => offer.grades = grade(&row.other),
            "feature_missing" => need.requirements.push(RequirementInput {
                feature: row.other.clone(),
                value: FeatureInput::Flag(true),
                preferred: false,
            }),
            "size_missing" => {
                offer.features.push(("size".to_owned(), FeatureInput::List(vec!["S".to_owned(), "M".to_owned()])));
                need.instalments[0].size = Some(row.other.clone());
            }
            "certificate_missing" => need.certificates.push(row.other.clone()),
            "certificate_pending" => {
                need.certificates.push(row.other.clone());
                let expected_on = Some(self.day.plus(7).to_string());
                offer.certificates.push(CertificateInput { expected_on, ..paper(CertificateStatus::InTesting) });
            }
            "certificate_expired" => {
                need.certificates.push(row.other.clone());
                let valid_until = Some(self.day.plus(10).to_string());
                offer.certificates.push(CertificateInput { valid_until, ..paper(CertificateStatus::Documented) });
            }
            "certificate_unchecked" => {
                need.certificates.push(row.other.clone());
                need.certificate_status = Some("checked".to_owned());
                let valid_until = Some(self.day.plus(400).to_string());
                offer.certificates.push(CertificateInput { valid_until, ..paper(CertificateStatus::Claimed) });
                later.claimed = true;
            }
            "transfer_not_offered" => offer.transfers = vec!["loan".to_owned()],
            "source_region_excluded" => need.regions = vec![row.other.clone()],
            "delivery_region_excluded" => offer.regions = vec![row.other.clone()],
            // The border itself is the situation: from and to lie on its two sides.
            "border_closed" | "export_authorisation_missing" => {}
            "too_far_for_buyer" => need.max_distance_km = Some(row.other.parse()?),
            "too_far_for_supplier" => offer.max_distance_km = Some(row.other.parse()?),
            "place_unknown" => {
                need.regions = Vec::new();
                need.max_distance_km = Some(row.other.parse()?);
                later.place_unknown = true;
            }
            "not_visible_to_buyer" => offer.visibility = Some("authorities".to_owned()),
            "supplier_unverified" => {
                need.verification = Some("operator".to_owned());
                later.nobody_vouched = true;
            }
            "nothing_by_due_date" => {
                offer.stock = None;
                offer.running = Some(week(row.offered));
                offer.from = Some(day(&row.other)?.to_string());
            }
            "lead_time_too_long" => {
                offer.stock = None;
                offer.running = Some(week(row.offered));
                offer.lead_days = row.other.parse()?;
            }
            // A donation that lies ready since March, too far away for tomorrow.
            "transit_too_long" => {
                offer.transfers = vec!["donation".to_owned()];
                need.transfers = vec!["donation".to_owned()];
            }
            "below_minimum_order" => offer.min_order = offer.stock.clone(),
            "price_above_cap" => {
                let micros: Micros = row.other.parse()?;
                offer.price = Some(euro(micros.0)?);
                need.price_cap = Some(euro(micros.0 / 2)?);
            }
            "currency_differs" => {
                offer.price = Some(PriceInput { currency: row.other.clone(), ..euro(5_000_000)? });
                need.price_cap = Some(euro(15_000_000)?);
            }
            "same_organisation" => later.one_organisation = true,
            "refused" => later.refused = true,
            other => bail!("{other:?} is no reason of the rules"),
        }
        self.enter(row, &offer, &need, later, registered)
    }

    fn enter(
        &mut self,
        row: &Situation,
        offer: &OfferInput,
        need: &NeedInput,
        later: Later,
        registered: Day,
    ) -> Result<()> {
        let from = self.region(&row.from)?;
        let (buyer, delivery) = self.buyer_at(&row.buyer, &row.to)?;
        let organisation = if later.one_organisation {
            buyer
        } else {
            self.organisation(OrganisationKind::Firm, "Neighbour Works", from, "-")?
        };
        if let Some(firm) = self.market.organisations.get_mut(&organisation)
            && firm.kind == OrganisationKind::Firm
        {
            firm.verification = if later.nobody_vouched { Verification::None } else { Verification::Operator };
        }
        let site = self.site(organisation, (!later.place_unknown).then_some(from))?;
        let firm = Firm {
            organisation,
            site,
            activity: "Neighbour Works".to_owned(),
            country: from.country.clone(),
            calendar: CalendarInput::default(),
            offers: Vec::new(),
            line: None,
        };
        let entered = self.offer(&firm, offer, registered)?;
        if let Some(state) = later.state {
            entered.state = state;
        }
        if later.suspended {
            entered.suspended = true;
            entered.confirm_by = registered.plus(-7);
        }
        if later.quarantine.is_some() {
            entered.quarantine = later.quarantine;
        }
        if !later.claimed {
            let filed = entered.terms.certificates.iter_mut().filter(|c| c.status == CertificateStatus::Documented);
            filed.for_each(|c| c.status = CertificateStatus::Checked);
        }
        let offered = entered.id;
        let need = self.grant(need, buyer, delivery)?;
        if later.refused {
            self.market.refusals.insert((offered, need));
        }
        Ok(())
    }

    /// Enters a critical need that an authority granted as such.
    fn grant(
        &mut self,
        input: &NeedInput,
        buyer: domain::ids::OrganisationId,
        delivery: SiteId,
    ) -> Result<domain::ids::NeedId> {
        let need = self.need(buyer, delivery, input)?;
        need.urgency_granted = true;
        Ok(need.id)
    }
}

fn grade(word: &str) -> Vec<String> {
    if word.is_empty() { Vec::new() } else { vec![word.to_owned()] }
}

fn euro(micros: i64) -> Result<PriceInput> {
    Ok(PriceInput { amount: decimal_of(micros)?, currency: "EUR".to_owned() })
}
