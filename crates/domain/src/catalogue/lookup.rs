//! Finding a product by what people type; one look-up for search, import and API.

use std::collections::HashMap;

use serde::Serialize;

use super::CatalogueParts;
use crate::{
    code::{GradeCode, ProductCode},
    text,
};

/// A product found, how well, and by which word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hit {
    /// The product.
    pub product: ProductCode,
    /// The grade the word implies, if it names one.
    pub grade: Option<GradeCode>,
    /// The word it was found by.
    pub word: String,
    /// 100 for the very word; less for a part of it.
    pub score: u8,
}

#[derive(Debug, Clone)]
struct Entry {
    product: ProductCode,
    grade: Option<GradeCode>,
    word: String,
    folded: String,
    squeezed: String,
}

/// The words of the catalogue, folded.
#[derive(Debug, Clone, Default)]
pub struct Lookup {
    entries: Vec<Entry>,
    exact: HashMap<String, Vec<usize>>,
}

impl Lookup {
    /// Collects codes, names, synonyms, grades and public codes of all products.
    pub fn new(parts: &CatalogueParts) -> Self {
        let mut lookup = Self::default();
        for p in &parts.products {
            let names = std::iter::once(p.code.as_str()).chain(p.names.iter().map(String::as_str));
            for word in names.chain(p.synonyms.iter().map(String::as_str)) {
                lookup.add(&p.code, None, word);
            }
            let c = &p.classifications;
            for code in c.cpv.iter().chain(&c.hs).chain(&c.emdn) {
                lookup.add(&p.code, None, code);
            }
        }
        for g in &parts.grades {
            for word in [g.code.as_str(), &g.name].into_iter().chain(g.synonyms.iter().map(String::as_str)) {
                for product in &g.products {
                    lookup.add(product, Some(&g.code), word);
                }
            }
        }
        lookup
    }

    fn add(&mut self, product: &ProductCode, grade: Option<&GradeCode>, word: &str) {
        let folded = text::fold(word);
        if folded.is_empty() {
            return;
        }
        let at = self.entries.len();
        let (grade, word, squeezed) = (grade.cloned(), word.to_owned(), text::squeeze(word));
        self.exact.entry(squeezed.clone()).or_default().push(at);
        self.entries.push(Entry { product: product.clone(), grade, word, folded, squeezed });
    }

    /// All products a text may mean, best first, one hit a product; ties in catalogue order. A label
    /// with slashes that means nothing as a whole finds what its parts find (field case MAT-02).
    pub fn search(&self, typed: &str) -> Vec<Hit> {
        let mut hits = self.search_whole(typed);
        if hits.is_empty() {
            for hit in label_parts(typed).flat_map(|part| self.search_whole(part)) {
                match hits.iter_mut().find(|h| h.product == hit.product) {
                    Some(known) if known.score >= hit.score => {}
                    Some(known) => *known = hit,
                    None => hits.push(hit),
                }
            }
            hits.sort_by_key(|h| std::cmp::Reverse(h.score));
        }
        hits
    }

    fn search_whole(&self, typed: &str) -> Vec<Hit> {
        let wanted = text::fold(typed);
        if wanted.is_empty() {
            return Vec::new();
        }
        let squeezed = text::squeeze(typed);
        let mut best: Vec<Hit> = Vec::new();
        for (i, entry) in self.entries.iter().enumerate() {
            let Some(score) = self.score(i, &wanted, &squeezed) else { continue };
            match best.iter_mut().find(|h| h.product == entry.product) {
                Some(hit) if hit.score > score || (hit.score == score && hit.grade.is_some()) => {}
                Some(hit) if hit.score == score && entry.grade.is_none() => {}
                Some(hit) => *hit = entry.hit(score),
                None => best.push(entry.hit(score)),
            }
        }
        best.sort_by_key(|h| std::cmp::Reverse(h.score));
        best
    }

    /// The one product that the very text names, or that each part of a label with slashes names;
    /// several or none are returned as candidates.
    pub fn identify(&self, typed: &str) -> Result<Hit, Vec<Hit>> {
        if let Some(hit) = self.exactly_one(typed) {
            return Ok(hit);
        }
        let named: Option<Vec<Hit>> = label_parts(typed).map(|part| self.exactly_one(part)).collect();
        let mut named = named.unwrap_or_default().into_iter();
        match named.next() {
            Some(first) if named.all(|h| h.product == first.product && h.grade == first.grade) => Ok(first),
            Some(_) | None => Err(self.search(typed)),
        }
    }

    /// The product whose word the text is, with the grade if one of its grades goes by that word;
    /// `None` if it is the word of none or of several.
    fn exactly_one(&self, typed: &str) -> Option<Hit> {
        let mut entries = self.exact.get(&text::squeeze(typed))?.iter().map(|at| &self.entries[*at]);
        let first = entries.next()?;
        let mut best = first;
        for entry in entries {
            if entry.product != first.product {
                return None;
            }
            if best.grade.is_none() {
                best = entry;
            }
        }
        Some(best.hit(100))
    }

    fn score(&self, at: usize, wanted: &str, squeezed: &str) -> Option<u8> {
        let entry = &self.entries[at];
        if entry.squeezed == squeezed {
            return Some(100);
        }
        let words: Vec<&str> = entry.folded.split(' ').collect();
        let all = wanted.split(' ').all(|w| words.contains(&w));
        if all {
            return Some(80);
        }
        let starts = wanted.split(' ').all(|w| w.len() >= 3 && words.iter().any(|x| x.starts_with(w)));
        if starts {
            return Some(60);
        }
        let inside = wanted.len() >= 4 && entry.squeezed.contains(squeezed);
        inside.then_some(40)
    }
}

/// The parts of `Visiere/Face shield`; none for a text without a slash.
fn label_parts(typed: &str) -> impl Iterator<Item = &str> {
    let parts = typed.split('/').map(str::trim).filter(|part| !part.is_empty());
    parts.take(if typed.contains('/') { usize::MAX } else { 0 })
}

impl Entry {
    fn hit(&self, score: u8) -> Hit {
        Hit { product: self.product.clone(), grade: self.grade.clone(), word: self.word.clone(), score }
    }
}
