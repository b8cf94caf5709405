//! Who could together make what a need asks for.

use app::{
    Tables,
    chains::{
        ChainLeg, ChainMissing, ChainQuestion, ChainsTold, Convertible, FoundChain, InstalmentChains, LegOf,
        MOST_PARTNERS, NeedChains, NewChain, NewLeg, Partner, made_of,
    },
};
use domain::{catalogue::ConversionPath, code::ProductCode, ids::NeedId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

/// Chains that are told of each instalment where nothing is asked.
const USUAL_TOP: usize = 5;

/// For what chains are sought.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = ChainSearch, example = json!({"need": "018f0000-0000-7000-8000-000000000001", "partners": 5, "top": 5}))]
pub(super) struct SearchBody {
    /// The need.
    need: Uuid,
    /// At most so many partners, the maker among them, 1 to 5; 5 where absent.
    partners: Option<u8>,
    /// At most so many chains of each instalment, 1 to 20; 5 where absent.
    top: Option<u8>,
}

impl SearchBody {
    pub(super) fn question(&self) -> ChainQuestion {
        ChainQuestion {
            need: NeedId(self.need),
            partners: self.partners.map_or(MOST_PARTNERS, usize::from),
            top: self.top.map_or(USUAL_TOP, usize::from),
        }
    }
}

/// The best chains for a need.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChainsFound)]
pub struct ChainsView {
    /// The need.
    need: Uuid,
    /// The steps: the maker's own first, then what offers of a step lack.
    steps: Vec<StepView>,
    /// Whether steps were left out with the offers that lack them: there were more than a chain can have, or so much is said
    /// to be lacking that it cannot be reckoned with.
    cut: bool,
    /// Whether promises to others were not seen, so that all is before competition.
    before_competition: bool,
    /// By instalment with anything open.
    instalments: Vec<InstalmentView>,
    /// Offers that could take a step after a conversion that nobody has decided, the quickest first.
    could_convert: Vec<ConvertibleView>,
    /// What the catalogue knows of conversions to products of the steps.
    conversions: Vec<ConversionRow>,
}

/// A step that a partner takes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChainStep)]
struct StepView {
    /// Its number, from 0, in this answer.
    step: usize,
    /// What is brought.
    product: String,
    /// The UN/ECE code of its base unit.
    unit: String,
    /// The step that it serves; null for the maker's own.
    serves: Option<usize>,
    /// Base units of it ...
    units: Option<i64>,
    /// ... for so many of what it serves.
    per: Option<i64>,
    /// `before` or `after` the work that it serves.
    when: Option<&'static str>,
}

/// Chains for an instalment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InstalmentChains)]
struct InstalmentView {
    /// The instalment.
    instalment: Uuid,
    /// When it is due.
    #[schema(format = Date)]
    due: String,
    /// Base units that are still open.
    open: i64,
    /// Of chains that are complete those that no other beats in units, lead and cost at once; the most units first.
    chains: Vec<FoundChainView>,
    /// Where none is complete, those with the fewest missing steps.
    incomplete: Vec<FoundChainView>,
    /// What became of the offers of each step.
    offers: Vec<FellView>,
}

/// A chain that could be.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FoundChain)]
struct FoundChainView {
    /// Base units that are with the buyer by the day they are due: what the narrowest of its legs supports.
    units: i64,
    /// Days from the order to the buyer, if nothing lies in stock: all leads and ways on the longest path.
    lead_days: i32,
    /// Points for each base unit, goods and ways of all legs, rounded up.
    cost: i64,
    /// Who takes part.
    legs: Vec<FoundLegView>,
    /// The steps that nobody takes.
    missing: Vec<MissingView>,
    /// How much it can have delivered by each day on which that rises.
    over_time: Vec<ByDay>,
    /// What `POST /chains` takes to hold it: all of it, or nothing. Told to who runs the service, of chains that are complete
    /// and in which no firm would supply itself, which no match does.
    #[serde(skip_serializing_if = "Option::is_none")]
    hold: Option<ChainToHold>,
}

/// A chain as it is made.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ChainToHold {
    /// Who would lead it: the maker.
    organisation: Option<Uuid>,
    /// What it would be called.
    name: String,
    /// Its steps.
    legs: Vec<LegToHold>,
}

/// A leg as it is put.
#[derive(Debug, Serialize, ToSchema)]
struct LegToHold {
    /// What the step would be called.
    step: String,
    /// The offer.
    offer: Uuid,
    /// The need that was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    need: Option<Uuid>,
    /// The instalment.
    #[serde(skip_serializing_if = "Option::is_none")]
    instalment: Option<Uuid>,
    /// Base units.
    quantity: i64,
    /// The step that lacks what it brings.
    #[serde(skip_serializing_if = "Option::is_none")]
    brings_to: Option<String>,
    /// By when it has to be there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    due: Option<String>,
}

impl ChainToHold {
    pub(super) fn of(chain: NewChain) -> Self {
        let steps: Vec<String> = chain.legs.iter().map(|leg| leg.step.clone()).collect();
        let leg = |leg: NewLeg| match leg.of {
            LegOf::ByHand(hand) => Some(LegToHold {
                step: leg.step,
                offer: hand.offer.0,
                need: Some(hand.need.0),
                instalment: Some(hand.instalment.0),
                quantity: hand.quantity.units(),
                brings_to: None,
                due: None,
            }),
            LegOf::Brought(brought) => Some(LegToHold {
                step: leg.step,
                offer: brought.offer.0,
                need: None,
                instalment: None,
                quantity: brought.quantity.units(),
                brings_to: steps.get(brought.to).cloned(),
                due: Some(brought.due),
            }),
            LegOf::Suggested(_) => None,
        };
        Self {
            organisation: chain.lead.map(|lead| lead.0),
            name: chain.name,
            legs: chain.legs.into_iter().filter_map(leg).collect(),
        }
    }
}

/// Units by a day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UnitsByDay)]
struct ByDay {
    /// The day.
    #[schema(format = Date)]
    day: String,
    /// Base units of what the need asks for.
    units: i64,
}

/// A partner of a chain.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FoundLeg)]
struct FoundLegView {
    /// The step.
    step: usize,
    /// Who takes it.
    #[serde(flatten)]
    partner: PartnerView,
    /// Base units of the step's product that the chain takes of it.
    needed: i64,
    /// Base units of what the need asks for that it supports in time.
    supports: i64,
    /// The last day on which its goods must exist.
    #[schema(format = Date)]
    cutoff: String,
    /// Days from the order to goods, once all that it lacks is there.
    lead_days: u16,
    /// Days on the way to whom it serves; there and back for a service.
    way_days: u32,
    /// Points of its goods for each base unit of the chain, rounded up.
    goods_cost: i64,
    /// Points of its ways for each base unit of the chain, rounded up.
    way_cost: i64,
}

/// An offer, and what may be known of whose it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChainPartner)]
struct PartnerView {
    /// The offer; to all but the operator under a name of this answer.
    offer: Uuid,
    /// Whose it is; told to the operator alone.
    organisation: Option<Uuid>,
    /// Where it is made, as coarsely as NUTS 2.
    region: Option<String>,
    /// Its certificates, each as `kind:status`.
    certificates: Vec<String>,
}

/// A step that nobody takes. Whoever brings so much of it there by that day completes the chain.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MissingStep)]
struct MissingView {
    /// The step.
    step: usize,
    /// Base units of its product.
    units: i64,
    /// The day by which they have to be there.
    #[schema(format = Date)]
    by: String,
}

/// What became of the offers of a step, each counted at the first that holds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StepOffers)]
struct FellView {
    /// The step.
    step: usize,
    /// All of them that may take part.
    offers: usize,
    /// Have nothing free.
    nothing_free: usize,
    /// No offer of the step that they serve lacks them and is in time.
    not_lacked: usize,
    /// Have it too late.
    too_late: usize,
    /// Lack something that nobody brings.
    no_partner: usize,
    /// Need more partners than a chain may have.
    too_many_partners: usize,
    /// Are left.
    able: usize,
}

/// An offer that could take a step.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConvertibleOffer)]
struct ConvertibleView {
    /// The step.
    step: usize,
    /// Who.
    #[serde(flatten)]
    partner: PartnerView,
    /// Calendar days from the decision to its first output.
    days: u16,
}

/// What is known of a conversion.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConversionRow)]
struct ConversionRow {
    /// What the firm did before.
    capability: String,
    /// What it made then.
    product: String,
    /// The fewest days that were seen; null where no source tells.
    days_min: Option<u16>,
    /// The most days that were seen; null where no source tells.
    days_max: Option<u16>,
    /// What the figures rest on: `reported`, `press`, `paper` or `estimate`.
    basis: String,
    /// Where it is told.
    source: String,
}

impl ChainsView {
    /// What was found.
    pub fn of(need: Uuid, told: &ChainsTold, tables: &Tables) -> Self {
        let ChainsTold { found, conversions } = told;
        let unit =
            |product: &ProductCode| tables.catalogue.product(product.as_str()).map_or("", |p| p.base_unit.unit_code());
        let step = |(step, of): (usize, &app::chains::NamedStage)| StepView {
            step,
            product: of.product.to_string(),
            unit: unit(&of.product).to_owned(),
            serves: of.serves,
            units: of.input.as_ref().map(|input| input.units.units()),
            per: of.input.as_ref().map(|input| input.per.units()),
            when: of.input.as_ref().map(|input| input.when.as_str()),
        };
        let told = Telling { need: NeedId(need), found };
        Self {
            need,
            steps: found.stages.iter().enumerate().map(step).collect(),
            cut: found.cut,
            before_competition: found.before_competition,
            instalments: found.instalments.iter().map(|one| told.instalment(one)).collect(),
            could_convert: found.convertible.iter().map(ConvertibleView::of).collect(),
            conversions: conversions.iter().map(ConversionRow::of).collect(),
        }
    }
}

/// What numbers of an answer mean.
struct Telling<'t> {
    need: NeedId,
    found: &'t NeedChains,
}

impl Telling<'_> {
    fn instalment(&self, of: &InstalmentChains) -> InstalmentView {
        let fell = of.answer.fell.iter().enumerate();
        InstalmentView {
            instalment: of.instalment.0,
            due: of.due.to_string(),
            open: of.open,
            chains: of.answer.chains.iter().map(|chain| self.chain(of, chain)).collect(),
            incomplete: of.answer.incomplete.iter().map(|chain| self.chain(of, chain)).collect(),
            offers: fell
                .map(|(step, fell)| FellView {
                    step,
                    offers: fell.offers,
                    nothing_free: fell.nothing_free,
                    not_lacked: fell.not_lacked,
                    too_late: fell.too_late,
                    no_partner: fell.no_partner,
                    too_many_partners: fell.too_many_partners,
                    able: fell.able,
                })
                .collect(),
        }
    }

    fn chain(&self, of: &InstalmentChains, chain: &FoundChain) -> FoundChainView {
        FoundChainView {
            hold: made_of(self.found, self.need, of, chain).map(ChainToHold::of),
            units: chain.units,
            lead_days: chain.lead_days,
            cost: self.points(chain.cost),
            legs: chain.legs.iter().filter_map(|leg| self.leg(leg)).collect(),
            missing: chain.missing.iter().map(MissingView::of).collect(),
            over_time: chain
                .over_time
                .iter()
                .map(|(day, units)| ByDay { day: day.to_string(), units: *units })
                .collect(),
        }
    }

    fn leg(&self, leg: &ChainLeg) -> Option<FoundLegView> {
        let partner = self.found.offers.get(usize::try_from(leg.offer).ok()?)?;
        Some(FoundLegView {
            step: leg.stage,
            partner: PartnerView::of(partner),
            needed: leg.needed,
            supports: leg.supports,
            cutoff: leg.cut_off.to_string(),
            lead_days: leg.lead_days,
            way_days: leg.way_days,
            goods_cost: self.points(leg.goods_cost),
            way_cost: self.points(leg.way_cost),
        })
    }

    /// Whole points, rounded up.
    fn points(&self, parts: i128) -> i64 {
        let each = i128::from(self.found.parts).max(1);
        i64::try_from((parts + each - 1).div_euclid(each)).unwrap_or(i64::MAX)
    }
}

impl PartnerView {
    fn of(partner: &Partner) -> Self {
        let class = |(kind, status): &(domain::code::CertificateKindCode, domain::certificate::CertificateStatus)| {
            format!("{kind}:{}", status.as_str())
        };
        Self {
            offer: partner.offer.0,
            organisation: partner.organisation.map(|organisation| organisation.0),
            region: partner.region.as_ref().map(ToString::to_string),
            certificates: partner.certificates.iter().map(class).collect(),
        }
    }
}

impl MissingView {
    fn of(missing: &ChainMissing) -> Self {
        Self { step: missing.stage, units: missing.units, by: missing.by.to_string() }
    }
}

impl ConvertibleView {
    fn of(one: &Convertible) -> Self {
        Self { step: one.stage, partner: PartnerView::of(&one.partner), days: one.days }
    }
}

impl ConversionRow {
    fn of(path: &ConversionPath) -> Self {
        Self {
            capability: path.capability.clone(),
            product: path.product.to_string(),
            days_min: path.days_min,
            days_max: path.days_max,
            basis: path.basis.as_str().to_owned(),
            source: path.source.clone(),
        }
    }
}
