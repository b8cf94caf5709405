//! Products of the catalogue: search and look-up, open to everybody.

use domain::catalogue::{Hit, ProductKind};

use crate::App;

/// Product codes with how each was found, best first; all of them, in catalogue order, without a
/// question. Kinds narrow the list where any are given.
pub fn search(app: &App, question: Option<&str>, kinds: &[ProductKind]) -> Vec<(String, Option<Hit>)> {
    let tables = app.tables();
    let catalogue = &tables.catalogue;
    let wanted = |code: &str| catalogue.product(code).is_some_and(|p| kinds.is_empty() || kinds.contains(&p.kind));
    match question {
        Some(question) => catalogue
            .search(question)
            .into_iter()
            .filter(|hit| wanted(hit.product.as_str()))
            .map(|hit| (hit.product.to_string(), Some(hit)))
            .collect(),
        None => {
            let codes = catalogue.products().iter().map(|p| p.code.to_string());
            codes.filter(|code| wanted(code)).map(|code| (code, None)).collect()
        }
    }
}
