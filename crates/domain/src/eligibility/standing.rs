//! How offered grades stand to what a need accepts, by the catalogue's rules.

use super::{NeedView, Predicate, Reason, Rules, Standing};
use crate::{
    catalogue::{Catalogue, GradeRule, Verdict},
    code::{GradeCode, ProductCode},
    feature::Demand,
    need::NeedTerms,
};

/// [`Standing`] with its caveat still in the catalogue.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stand<'c> {
    Same,
    Satisfies { caveat: &'c str },
    Substitute { caveat: &'c str },
}

impl From<Stand<'_>> for Standing {
    fn from(stand: Stand<'_>) -> Self {
        match stand {
            Stand::Same => Self::Same,
            Stand::Satisfies { caveat } => Self::Satisfies { caveat: caveat.to_owned() },
            Stand::Substitute { caveat } => Self::Substitute { caveat: caveat.to_owned() },
        }
    }
}

/// What the rules say of each offered product and grade for one need.
#[derive(Debug)]
pub(super) struct Standings<'c> {
    rows: Vec<Row<'c>>,
}

/// The rules on one offered product and grade; those of any other grade where `None`.
#[derive(Debug)]
struct Row<'c> {
    product: &'c ProductCode,
    grade: Option<&'c GradeCode>,
    /// Per accepted grade in order, the verdict and the rule it comes from.
    says: Vec<Option<(Verdict, &'c GradeRule)>>,
}

impl<'c> Standings<'c> {
    fn new(catalogue: &'c Catalogue, need: &NeedTerms) -> Self {
        let rules: Vec<&GradeRule> =
            catalogue.parts().rules.iter().filter(|r| r.need_product == need.product).collect();
        let mut offered: Vec<_> = rules.iter().map(|r| (&r.offer_product, r.offer_grade.as_ref())).collect();
        offered.extend(rules.iter().map(|r| (&r.offer_product, None)));
        offered.sort_unstable();
        offered.dedup();
        let accepted: Vec<Option<&GradeCode>> = if need.grades.is_empty() {
            // Every grade is accepted, so a rule on any of them counts.
            let of_product = catalogue.parts().grades.iter().filter(|g| g.products.contains(&need.product));
            std::iter::once(None).chain(of_product.map(|g| Some(&g.code))).collect()
        } else {
            need.grades.iter().map(Some).collect()
        };
        // The rule that names grades before the one that says any grade.
        let rule = |wanted: Option<&GradeCode>, product: &ProductCode, has: Option<&GradeCode>| {
            let tries = [(wanted, has), (wanted, None), (None, has), (None, None)];
            tries.into_iter().find_map(|(wanted, has)| {
                let fits = |r: &&&GradeRule| {
                    r.offer_product == *product && r.need_grade.as_ref() == wanted && r.offer_grade.as_ref() == has
                };
                rules.iter().find(fits).copied()
            })
        };
        let says = |product: &ProductCode, has: Option<&GradeCode>| {
            accepted.iter().map(|wanted| rule(*wanted, product, has).map(|r| (verdict(r, need), r))).collect()
        };
        let row = |(product, grade)| Row { product, grade, says: says(product, grade) };
        Self { rows: offered.into_iter().map(row).collect() }
    }

    fn row(&self, product: &ProductCode, grade: Option<&GradeCode>) -> Option<&Row<'c>> {
        let exactly = |grade| self.rows.iter().find(|row| row.grade == grade && row.product == product);
        exactly(grade).or_else(|| exactly(None))
    }
}

/// What a rule says once the features that a need requires have tightened it.
fn verdict(rule: &GradeRule, need: &NeedTerms) -> Verdict {
    let tightened = rule
        .unless_feature
        .as_ref()
        .is_some_and(|f| need.requirements.iter().any(|r| r.feature == *f && r.demand == Demand::Required));
    match (rule.verdict, tightened) {
        (Verdict::Satisfies, true) => Verdict::OptIn,
        (Verdict::OptIn, true) => Verdict::DoesNotSatisfy,
        (verdict, _) => verdict,
    }
}

impl Rules<'_> {
    /// The best standing of any offered grade of a product to any accepted one.
    ///
    /// # Errors
    /// Why none of them will do.
    pub fn standing(&self, product: &ProductCode, grades: &[GradeCode], n: &NeedView<'_>) -> Result<Standing, Reason> {
        self.stand(product, grades, n).map(Standing::from)
    }

    pub(super) fn stand<'v>(
        &self,
        product: &ProductCode,
        grades: &[GradeCode],
        n: &'v NeedView<'_>,
    ) -> Result<Stand<'v>, Reason> {
        let need = &n.need.terms;
        if needs_no_rule(product, n) || (*product == need.product && grades.iter().any(|g| need.grades.contains(g))) {
            return Ok(Stand::Same);
        }
        match grades {
            [] => by_rule(product, n, &[None]),
            [grade] => by_rule(product, n, &[Some(grade)]),
            several => by_rule(product, n, &several.iter().map(Some).collect::<Vec<_>>()),
        }
    }

    /// Whether a grade of a product may be delivered for the need; what certificates cover other grades says nothing
    /// about.
    pub fn serves(&self, (product, grade): (&ProductCode, &GradeCode), n: &NeedView<'_>) -> bool {
        let need = &n.need.terms;
        self.is_off(Predicate::Grade)
            || needs_no_rule(product, n)
            || (*product == need.product && need.grades.contains(grade))
            || by_rule(product, n, &[Some(grade)]).is_ok()
    }
}

/// The best that the rules say of some offered grades.
fn by_rule<'v>(
    product: &ProductCode,
    n: &'v NeedView<'_>,
    offered: &[Option<&GradeCode>],
) -> Result<Stand<'v>, Reason> {
    let standings = n.standings.get_or_init(|| Standings::new(n.catalogue, &n.need.terms));
    let rows = || offered.iter().filter_map(|has| Some((*has, standings.row(product, *has)?)));
    let accepted = rows().map(|(_, row)| row.says.len()).max().unwrap_or(0);
    let mut best = Err(Reason::GradeTooLow);
    for wanted in 0..accepted {
        for (has, row) in rows() {
            let Some((verdict, rule)) = row.says[wanted] else { continue };
            match verdict {
                Verdict::Satisfies => return Ok(Stand::Satisfies { caveat: &rule.caveat }),
                Verdict::OptIn | Verdict::SubstituteOnly if n.need.opted_in(product, has) => {
                    best = Ok(Stand::Substitute { caveat: &rule.caveat });
                }
                Verdict::OptIn | Verdict::SubstituteOnly if best.is_err() => {
                    best = Err(Reason::SubstitutionNotAccepted)
                }
                Verdict::OptIn | Verdict::SubstituteOnly | Verdict::DoesNotSatisfy => {}
            }
        }
    }
    best
}

/// Whether every grade of a product will do as it is: any grade of the product was asked for, or the trial leaves the
/// product out.
fn needs_no_rule(product: &ProductCode, n: &NeedView<'_>) -> bool {
    let need = &n.need.terms;
    need.grades.is_empty() && (*product == need.product || !n.stand_ins.contains(product))
}
