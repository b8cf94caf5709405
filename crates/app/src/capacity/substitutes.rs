//! What may stand for something where a buyer accepts it, by the catalogue's rules.

use std::collections::BTreeSet;

use domain::{
    catalogue::{Catalogue, Verdict},
    code::{GradeCode, ProductCode},
};

/// Products and grades that may stand for some products in some grades; a product in every grade, and without one, where none
/// is named.
///
/// Each is judged as a need of it would be: one that names no grade is served by rules that name none. What a rule lets stand
/// only without some feature is left out.
pub(super) fn of(
    catalogue: &Catalogue,
    products: &BTreeSet<ProductCode>,
    grades: &BTreeSet<GradeCode>,
) -> BTreeSet<(ProductCode, Option<GradeCode>)> {
    let mut found = BTreeSet::new();
    for (product, grade) in asked(catalogue, products, grades) {
        for other in std::iter::once(product).chain(catalogue.stand_ins(product)) {
            let accepted = |held: Option<&GradeCode>| {
                let rule = catalogue.rule((product, grade), (other, held));
                rule.is_some_and(|rule| match rule.verdict {
                    Verdict::OptIn | Verdict::SubstituteOnly => rule.unless_feature.is_none(),
                    Verdict::Satisfies | Verdict::DoesNotSatisfy => false,
                })
            };
            if accepted(None) && held(catalogue, other).all(|grade| accepted(Some(grade))) {
                found.insert((other.clone(), None));
            } else {
                let some = held(catalogue, other).filter(|grade| accepted(Some(grade)));
                found.extend(some.map(|grade| (other.clone(), Some(grade.clone()))));
            }
        }
    }
    found
}

/// The grades that offers of a product hold.
fn held<'c>(catalogue: &'c Catalogue, product: &ProductCode) -> impl Iterator<Item = &'c GradeCode> {
    let grades = catalogue.parts().grades.iter();
    grades.filter(|grade| grade.products.contains(product)).map(|grade| &grade.code)
}

/// What is asked for, product by product and grade by grade; nothing where all there is is asked for.
fn asked<'c>(
    catalogue: &'c Catalogue,
    products: &BTreeSet<ProductCode>,
    grades: &BTreeSet<GradeCode>,
) -> Vec<(&'c ProductCode, Option<&'c GradeCode>)> {
    let of = catalogue.products().iter().map(|product| &product.code);
    let of = of.filter(|code| products.is_empty() || products.contains(*code));
    match (products.is_empty(), grades.is_empty()) {
        (true, true) => Vec::new(),
        (false, true) => of.map(|product| (product, None)).collect(),
        (_, false) => {
            let wanted = |product| held(catalogue, product).filter(|grade| grades.contains(*grade));
            of.flat_map(|product| wanted(product).map(move |grade| (product, Some(grade)))).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What may stand for some, each as `product` or `product GRADE`.
    fn found(products: &[&str], grades: &[&str]) -> Vec<String> {
        let (catalogue, _) = exchange::seeds::tables().unwrap();
        let products = products.iter().map(|code| ProductCode::new(code)).collect();
        let grades = grades.iter().map(|code| GradeCode::new(code)).collect();
        let word = |(product, grade): (ProductCode, Option<GradeCode>)| match grade {
            Some(grade) => format!("{product} {grade}"),
            None => product.to_string(),
        };
        of(&catalogue, &products, &grades).into_iter().map(word).collect()
    }

    const OF_MASKS: [&str; 4] = ["ffp FFP2", "ffp FFP3", "medical-mask ASTM-2", "medical-mask ASTM-3"];

    #[test]
    fn a_grade_is_served_by_the_rules_that_name_it() {
        assert_eq!(found(&["medical-mask"], &["TYPE-IIR"]), OF_MASKS);
    }

    #[test]
    fn without_a_grade_only_rules_without_one_count() {
        assert!(found(&["medical-mask"], &[]).is_empty(), "those of medical masks name grades: no FFP1 stands for one");
        assert_eq!(found(&["goggles"], &[]), ["face-shield"]);
    }

    #[test]
    fn of_all_products_only_those_of_the_grade_are_looked_at() {
        assert_eq!(found(&[], &["TYPE-IIR"]), OF_MASKS, "no face shield, since goggles have no such grade");
        assert!(found(&[], &[]).is_empty());
    }

    #[test]
    fn what_hangs_on_a_feature_is_left_out() {
        let latex = "latex would be, unless the buyer asks for none";
        assert_eq!(
            found(&["gloves-exam"], &["GLOVE-VINYL"]),
            ["gloves-exam GLOVE-NITRILE", "gloves-surgical"],
            "{latex}"
        );
    }
}
