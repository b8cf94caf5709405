//! Whose records a query may see.

use domain::ids::OrganisationId;
use sea_orm::{ColumnTrait, Condition, ExprTrait, sea_query::Expr};

/// Whose records a query may see; what lies outside is answered as if it did not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Everything.
    Operator,
    /// What belongs to one organisation.
    Organisation(OrganisationId),
    /// Nothing: whoever acts for no organisation.
    Nobody,
}

impl Scope {
    /// Restricts a query to rows of which one of the columns names the organisation.
    pub(crate) fn over<C: ColumnTrait>(self, owners: &[C]) -> Condition {
        match self {
            Self::Operator => Condition::all(),
            Self::Nobody => Condition::all().add(Expr::value(1).eq(0)),
            Self::Organisation(id) => {
                owners.iter().fold(Condition::any(), |condition, column| condition.add(column.eq(id.0)))
            }
        }
    }
}
