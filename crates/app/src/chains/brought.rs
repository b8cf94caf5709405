//! Legs that bring a partner what its offer lacks: what it lacks becomes a need of its own, entered with the chain.

use domain::{
    audit::{Act, Change},
    code::ProductCode,
    decimal::Decimal,
    ids::OfferId,
    need::{InstalmentInput, Need, NeedInput},
    offer::Offer,
    quantity::{MeasureInput, Quantity},
    time::Instant,
    violation::Violations,
};
use storage::{Scope, StoreError, Tx};

use super::legs::LegOf;
use crate::{
    App,
    access::Caller,
    audit::Pen,
    error::{AppError, AppResult},
    matches::ByHand,
    needs,
    policy::Actor,
    reference, sites,
};

/// How long ago a need may have been entered that is taken again: a year.
const LEFT_FOR_MICROS: i64 = 365 * 86_400 * 1_000_000;

/// An offer that brings something to whoever takes another step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brought {
    /// The offer.
    pub offer: OfferId,
    /// The leg that it brings it to, by its place.
    pub to: usize,
    /// How much, in base units.
    pub quantity: Quantity,
    /// The day by which it has to be there, as typed.
    pub due: String,
}

/// What the makers of one site lack of a product, and the legs that bring it, by their places.
struct Lack<'l> {
    maker: Offer,
    product: ProductCode,
    legs: Vec<(usize, &'l Brought)>,
}

/// The legs with needs in the place of what is brought; the needs are written, one for all that is brought of a product to
/// a site, with an instalment for each day.
///
/// # Errors
/// `Forbidden` for all but the operator, who alone enters needs for others and puts offers to them; `Invalid` with every
/// fault, at `/legs/N`.
pub(super) async fn entered(
    app: &App,
    tx: &Tx,
    caller: &Caller,
    mut legs: Vec<(usize, LegOf)>,
    (pen, now): (&Pen, Instant),
) -> AppResult<Vec<(usize, LegOf)>> {
    let stated = legs.clone();
    let (mut faults, mut lacks) = (Violations::new(), Vec::<Lack<'_>>::new());
    for (place, (_, of)) in stated.iter().enumerate() {
        let LegOf::Brought(brought) = of else { continue };
        if caller.actor != Actor::Operator {
            return Err(super::legs::by_hand_is_the_operators());
        }
        let mut own = Violations::new();
        let maker = match stated.get(brought.to).map(|(_, to)| to) {
            Some(LegOf::ByHand(ByHand { offer, .. }) | LegOf::Brought(Brought { offer, .. }))
                if brought.to != place =>
            {
                offer_of(tx, *offer).await?
            }
            _ => {
                own.push(
                    "/brings_to",
                    "does_not_apply",
                    "names no other step that an offer takes; write one that does",
                );
                None
            }
        };
        let goods = offer_of(tx, brought.offer).await?;
        if goods.is_none() {
            let detail = format!("the offer {} does not exist; write an id that a list shows", brought.offer);
            own.push("/offer", "unknown_offer", detail);
        }
        if let (Some(maker), Some(goods)) = (maker, goods)
            && own.keep(is_lacking(&maker, &goods)).is_some()
        {
            let product = goods.terms.product;
            let same = |lack: &&mut Lack<'_>| lack.maker.site == maker.site && lack.product == product;
            match lacks.iter_mut().find(same) {
                Some(lack) => lack.legs.push((place, brought)),
                None => lacks.push(Lack { maker, product, legs: vec![(place, brought)] }),
            }
        }
        faults.extend_below(&format!("/legs/{place}"), own);
    }
    for lack in &lacks {
        for (place, hand) in faults.keep(need_of(app, tx, lack, (pen, now)).await?).unwrap_or_default() {
            if let Some((_, of)) = legs.get_mut(place) {
                *of = LegOf::ByHand(hand);
            }
        }
    }
    faults.into_result()?;
    Ok(legs)
}

async fn offer_of(tx: &Tx, id: OfferId) -> AppResult<Option<Offer>> {
    match storage::offers::get(tx, Scope::Operator, id).await {
        Ok(stored) => Ok(Some(stored.record)),
        Err(StoreError::NotFound) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

/// Refuses goods that their maker does not lack.
fn is_lacking(maker: &Offer, goods: &Offer) -> Result<(), Violations> {
    let product = &goods.terms.product;
    if maker.terms.missing_inputs.iter().any(|input| input.product == *product) {
        return Ok(());
    }
    let lacks: Vec<&str> = maker.terms.missing_inputs.iter().map(|input| input.product.as_str()).collect();
    let detail = match lacks.is_empty() {
        true => "takes a step whose offer lacks nothing; state what it lacks as its `missing_inputs`".to_owned(),
        false => format!("takes a step whose offer does not lack {product}; it lacks {}", lacks.join(", ")),
    };
    Err(Violations::one("/brings_to", "does_not_apply", detail))
}

/// Enters what is lacking as a need of its site, and says what each leg brings to which instalment of it.
async fn need_of(
    app: &App,
    tx: &Tx,
    lack: &Lack<'_>,
    (pen, now): (&Pen, Instant),
) -> AppResult<Result<Vec<(usize, ByHand)>, Violations>> {
    let Lack { maker, product, legs } = lack;
    let site = storage::sites::get(tx, Scope::Operator, maker.site).await?.record;
    // By the day as it is typed: the first leg of each, and all that is brought by then.
    let mut days: Vec<(usize, &str, i64)> = Vec::new();
    for (place, brought) in legs {
        match days.iter_mut().find(|(_, due, _)| *due == brought.due) {
            Some((_, _, units)) => *units = units.saturating_add(brought.quantity.units()),
            None => days.push((*place, &brought.due, brought.quantity.units())),
        }
    }
    let instalment = |(_, due, units): &(usize, &str, i64)| InstalmentInput {
        quantity: Some(MeasureInput { value: Decimal::whole(*units), unit: None, pack_size: None, pack_unit: None }),
        due: (*due).to_owned(),
        size: None,
    };
    let instalments = days.iter().map(instalment).collect();
    let input = NeedInput { product: product.as_str().to_owned(), instalments, ..NeedInput::default() };
    let checked = {
        let tables = app.tables();
        input.check(&reference(&tables, sites::today(Some(&site), now)))
    };
    let (terms, instalments, implausible) = match checked {
        Ok(checked) => checked,
        // The need is ours; of its faults only those of what was typed can be.
        Err(faults) => {
            let mut own = Violations::new();
            for fault in faults.into_vec() {
                let of = days.iter().enumerate().find_map(|(at, (place, ..))| {
                    let rest = fault.pointer.strip_prefix(&format!("/instalments/{at}"))?;
                    (rest.is_empty() || rest.starts_with('/')).then(|| format!("/legs/{place}{rest}"))
                });
                let first = days.first().map_or(0, |(place, ..)| *place);
                own.push(of.unwrap_or_else(|| format!("/legs/{first}{}", fault.pointer)), fault.code, fault.detail);
            }
            return Ok(Err(own));
        }
    };
    let place = (maker.organisation, maker.site);
    let mut need = needs::opened(app, Actor::Operator, place, (terms, instalments), now);
    need.quarantine = implausible;
    match left_open(tx, &need, now).await? {
        Some(left) => need = left,
        None => {
            storage::needs::insert(tx, &need, now).await?;
            pen.note(tx, [needs::deed(Act::Create, &need, vec![Change::to("state", need.state.as_str())])]).await?;
        }
    }
    let hand = |(place, brought): &(usize, &Brought)| {
        let at = days.iter().position(|(_, due, _)| *due == brought.due)?;
        let instalment = need.instalments.get(at)?.id;
        Some((*place, ByHand { offer: brought.offer, need: need.id, instalment, quantity: brought.quantity }))
    };
    let hands: Option<Vec<(usize, ByHand)>> = legs.iter().map(hand).collect();
    Ok(Ok(hands.ok_or_else(|| AppError::internal("a need without an instalment"))?))
}

/// The same need, where it is open and nobody has promised any of it: a chain that failed left it, say.
async fn left_open(tx: &Tx, need: &Need, now: Instant) -> AppResult<Option<Need>> {
    let since = now.plus_micros(-LEFT_FOR_MICROS);
    let Some(id) = storage::needs::twin(tx, need, since).await? else { return Ok(None) };
    let left = storage::needs::get(tx, Scope::Operator, id).await?.record;
    let covered = storage::ledger::covered(tx, left.instalments.iter().map(|instalment| instalment.id)).await?;
    Ok((left.is_matchable() && covered.is_empty()).then_some(left))
}
