//! A match as a row of a file.

use serde::Serialize;
use uuid::Uuid;

use super::MatchBody;
use crate::{
    export::{Column, Kind, Tabled},
    number::Number,
};

/// A match in one row, with no more than its reader sees of it otherwise: figures in base units.
#[derive(Debug, Serialize)]
pub struct MatchFileRow {
    id: Uuid,
    run: Option<Uuid>,
    chain: Option<Uuid>,
    state: &'static str,
    side: &'static str,
    product: String,
    grades: Vec<String>,
    unit: String,
    quantity: i64,
    held: i64,
    agreed: i64,
    shipped: i64,
    received: i64,
    accepted: i64,
    rejected: i64,
    lost: i64,
    tier: u8,
    cutoff: String,
    due: String,
    deadline: Option<String>,
    offer: Option<Uuid>,
    offer_organisation: Option<Uuid>,
    offer_region: Option<String>,
    need: Option<Uuid>,
    instalment: Option<Uuid>,
    need_organisation: Option<Uuid>,
    need_product: String,
    need_grades: Vec<String>,
    need_region: Option<String>,
    distance_km: Option<u32>,
    transit_days: i32,
    grade_stands: &'static str,
    basis: Option<String>,
    reference: Option<String>,
    order_number: Option<String>,
    transfer: Option<String>,
    price: Option<Number>,
    currency: Option<String>,
    vat: Option<u16>,
    incoterm: Option<String>,
    sample: Option<&'static str>,
    at_risk_since: Option<String>,
    recalled_at: Option<String>,
    closing_reason: Option<&'static str>,
    closing_text: Option<String>,
    summary: String,
    created_at: String,
    updated_at: String,
}

impl MatchFileRow {
    /// The row of a match, as its reader sees it.
    pub fn of(body: MatchBody) -> Self {
        let (terms, quantities) = (body.terms, body.quantities);
        let (price, currency) = terms.price.map(|price| (price.amount, price.currency)).unzip();
        Self {
            id: body.id,
            run: body.run,
            chain: body.chain,
            state: body.state,
            side: body.side,
            product: body.offer.product,
            grades: body.offer.grades,
            unit: body.unit,
            quantity: body.quantity,
            held: quantities.held,
            agreed: quantities.agreed,
            shipped: quantities.shipped,
            received: quantities.received,
            accepted: quantities.accepted,
            rejected: quantities.rejected,
            lost: quantities.lost,
            tier: body.tier,
            cutoff: body.cutoff,
            due: body.due,
            deadline: body.deadline,
            offer: body.offer.id,
            offer_organisation: body.offer.organisation,
            offer_region: body.offer.region.map(|region| region.code),
            need: body.need.id,
            instalment: body.need.instalment,
            need_organisation: body.need.organisation,
            need_product: body.need.product,
            need_grades: body.need.grades,
            need_region: body.need.region.map(|region| region.code),
            distance_km: body.explanation.distance_km,
            transit_days: body.explanation.transit_days,
            grade_stands: body.explanation.grade,
            basis: terms.basis,
            reference: terms.reference,
            order_number: terms.order_number,
            transfer: terms.transfer,
            price,
            currency,
            vat: terms.vat,
            incoterm: terms.incoterm,
            sample: body.sample,
            at_risk_since: body.at_risk_since,
            recalled_at: body.recalled_at,
            closing_reason: body.closing_reason,
            closing_text: body.closing_text,
            summary: body.explanation.summary,
            created_at: body.created_at,
            updated_at: body.updated_at,
        }
    }
}

impl Tabled for MatchFileRow {
    const NAME: &'static str = "matches";
    const TITLE: &'static str = "Matches";
    const VERSION: u32 = 1;
    const COLUMNS: &'static [Column] = &[
        Column { name: "id", kind: Kind::Text },
        Column { name: "run", kind: Kind::Text },
        Column { name: "chain", kind: Kind::Text },
        Column { name: "state", kind: Kind::Text },
        Column { name: "side", kind: Kind::Text },
        Column { name: "product", kind: Kind::Text },
        Column { name: "grades", kind: Kind::List },
        Column { name: "unit", kind: Kind::Text },
        Column { name: "quantity", kind: Kind::Integer },
        Column { name: "held", kind: Kind::Integer },
        Column { name: "agreed", kind: Kind::Integer },
        Column { name: "shipped", kind: Kind::Integer },
        Column { name: "received", kind: Kind::Integer },
        Column { name: "accepted", kind: Kind::Integer },
        Column { name: "rejected", kind: Kind::Integer },
        Column { name: "lost", kind: Kind::Integer },
        Column { name: "tier", kind: Kind::Integer },
        Column { name: "cutoff", kind: Kind::Date },
        Column { name: "due", kind: Kind::Date },
        Column { name: "deadline", kind: Kind::Time },
        Column { name: "offer", kind: Kind::Text },
        Column { name: "offer_organisation", kind: Kind::Text },
        Column { name: "offer_region", kind: Kind::Text },
        Column { name: "need", kind: Kind::Text },
        Column { name: "instalment", kind: Kind::Text },
        Column { name: "need_organisation", kind: Kind::Text },
        Column { name: "need_product", kind: Kind::Text },
        Column { name: "need_grades", kind: Kind::List },
        Column { name: "need_region", kind: Kind::Text },
        Column { name: "distance_km", kind: Kind::Integer },
        Column { name: "transit_days", kind: Kind::Integer },
        Column { name: "grade_stands", kind: Kind::Text },
        Column { name: "basis", kind: Kind::Text },
        Column { name: "reference", kind: Kind::Text },
        Column { name: "order_number", kind: Kind::Text },
        Column { name: "transfer", kind: Kind::Text },
        Column { name: "price", kind: Kind::Decimal },
        Column { name: "currency", kind: Kind::Text },
        Column { name: "vat", kind: Kind::Integer },
        Column { name: "incoterm", kind: Kind::Text },
        Column { name: "sample", kind: Kind::Text },
        Column { name: "at_risk_since", kind: Kind::Time },
        Column { name: "recalled_at", kind: Kind::Time },
        Column { name: "closing_reason", kind: Kind::Text },
        Column { name: "closing_text", kind: Kind::Text },
        Column { name: "summary", kind: Kind::Text },
        Column { name: "created_at", kind: Kind::Time },
        Column { name: "updated_at", kind: Kind::Time },
    ];

    /// Where the goods are needed.
    fn region(&self) -> Option<&str> {
        self.need_region.as_deref()
    }
}
