//! Legs that bring a partner what its offer lacks: what it lacks becomes a need of its own, entered with the chain.

use domain::{
    audit::{Act, Change},
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

/// The legs with needs in the place of what is brought; the needs are written.
///
/// # Errors
/// `Forbidden` for all but the operator, who alone enters needs for others and puts offers to them; `Invalid` with every
/// fault, at `/legs/N`.
pub(super) async fn entered(
    app: &App,
    tx: &Tx,
    caller: &Caller,
    legs: Vec<(usize, LegOf)>,
    (pen, now): (&Pen, Instant),
) -> AppResult<Vec<(usize, LegOf)>> {
    let (mut faults, mut whole) = (Violations::new(), Vec::with_capacity(legs.len()));
    for (place, (step, of)) in legs.iter().enumerate() {
        let LegOf::Brought(brought) = of else {
            whole.push((*step, of.clone()));
            continue;
        };
        if caller.actor != Actor::Operator {
            return Err(super::legs::by_hand_is_the_operators());
        }
        let mut own = Violations::new();
        let maker = match legs.get(brought.to).map(|(_, to)| to) {
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
            && let Some(hand) = own.keep(need_of(app, tx, (&maker, &goods), brought, (pen, now)).await?)
        {
            whole.push((*step, LegOf::ByHand(hand)));
        }
        faults.extend_below(&format!("/legs/{place}"), own);
    }
    faults.into_result()?;
    Ok(whole)
}

async fn offer_of(tx: &Tx, id: OfferId) -> AppResult<Option<Offer>> {
    match storage::offers::get(tx, Scope::Operator, id).await {
        Ok(stored) => Ok(Some(stored.record)),
        Err(StoreError::NotFound) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

/// Enters what the maker lacks of these goods as a need of its site.
async fn need_of(
    app: &App,
    tx: &Tx,
    (maker, goods): (&Offer, &Offer),
    brought: &Brought,
    (pen, now): (&Pen, Instant),
) -> AppResult<Result<ByHand, Violations>> {
    let product = &goods.terms.product;
    if !maker.terms.missing_inputs.iter().any(|input| input.product == *product) {
        let lacks: Vec<&str> = maker.terms.missing_inputs.iter().map(|input| input.product.as_str()).collect();
        let detail = match lacks.is_empty() {
            true => "takes a step whose offer lacks nothing; state what it lacks as its `missing_inputs`".to_owned(),
            false => format!("takes a step whose offer does not lack {product}; it lacks {}", lacks.join(", ")),
        };
        return Ok(Err(Violations::one("/brings_to", "does_not_apply", detail)));
    }
    let site = storage::sites::get(tx, Scope::Operator, maker.site).await?.record;
    let quantity =
        MeasureInput { value: Decimal::whole(brought.quantity.units()), unit: None, pack_size: None, pack_unit: None };
    let instalment = InstalmentInput { quantity: Some(quantity), due: brought.due.clone(), size: None };
    let input =
        NeedInput { product: product.as_str().to_owned(), instalments: vec![instalment], ..NeedInput::default() };
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
                own.push(fault.pointer.replace("/instalments/0", ""), fault.code, fault.detail);
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
    let instalment = need.instalments.first().map(|instalment| instalment.id);
    let instalment = instalment.ok_or_else(|| AppError::internal("a need without an instalment"))?;
    Ok(Ok(ByHand { offer: goods.id, need: need.id, instalment, quantity: brought.quantity }))
}

/// The same need, where it is open and nobody has promised any of it: a chain that failed left it, say.
async fn left_open(tx: &Tx, need: &Need, now: Instant) -> AppResult<Option<Need>> {
    let since = now.plus_micros(-LEFT_FOR_MICROS);
    let Some(id) = storage::needs::twin(tx, need, since).await? else { return Ok(None) };
    let left = storage::needs::get(tx, Scope::Operator, id).await?.record;
    let covered = storage::ledger::covered(tx, left.instalments.iter().map(|instalment| instalment.id)).await?;
    Ok((left.is_matchable() && covered.is_empty()).then_some(left))
}
