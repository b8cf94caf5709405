//! The catalogue: products, grades, what stands for what, features, units, certificates, law.

use std::{collections::HashMap, sync::OnceLock};

use serde::{Deserialize, Serialize, Serializer};

use crate::{
    certificate::CertificateKind,
    code::{CertificateKindCode, CountryCode, FeatureCode, FrameCode, GradeCode, ProductCode, SchemeCode},
    digest::Digest,
    feature::Feature,
    text,
    time::Day,
    unit::{BaseUnit, UnitTable},
};

mod activity;
mod conversion;
mod lookup;

pub use activity::{Activity, is_nace, nace_lies_in};
pub use conversion::{Basis, Confidence, ConversionPath};
pub use lookup::{Hit, Lookup};

/// What sort of thing a product is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductKind {
    /// A finished good.
    Finished,
    /// A good that goes into others.
    Intermediate,
    /// A service.
    Service,
    /// A machine that makes others.
    Equipment,
}

impl ProductKind {
    /// All of them.
    pub const ALL: [ProductKind; 4] = [Self::Finished, Self::Intermediate, Self::Service, Self::Equipment];

    /// The name in files and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Intermediate => "intermediate",
            Self::Service => "service",
            Self::Equipment => "equipment",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == name)
    }
}

/// The languages of the catalogue's names.
pub const LANGUAGES: [&str; 6] = ["en", "fr", "de", "es", "it", "pl"];

/// Codes of a product in public classifications; each list may be empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Classifications {
    /// CPV 2008, without check digit.
    pub cpv: Vec<String>,
    /// HS 2022, six digits.
    pub hs: Vec<String>,
    /// NACE Rev. 2.
    pub nace2: Vec<String>,
    /// NACE Rev. 2.1.
    pub nace21: Vec<String>,
    /// EMDN.
    pub emdn: Vec<String>,
}

/// A product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Its code.
    pub code: ProductCode,
    /// What sort of thing it is.
    pub kind: ProductKind,
    /// The group of the clearing house it belongs to.
    pub family: String,
    /// What its quantities count.
    pub base_unit: BaseUnit,
    /// The unit it is usually traded in.
    pub trade_unit: String,
    /// Names in the order of [`LANGUAGES`].
    pub names: [String; 6],
    /// Other words people use for it.
    pub synonyms: Vec<String>,
    /// Public codes.
    pub classifications: Classifications,
    /// Legal frames it falls under.
    pub frames: Vec<FrameCode>,
    /// Class or category under them.
    pub class: String,
    /// Schemes its grades come from.
    pub schemes: Vec<SchemeCode>,
    /// What one site can plausibly offer a week, in base units.
    pub weekly_ceiling: i64,
    /// What one need can plausibly ask, in base units.
    pub order_ceiling: i64,
    /// Features an offer of it may state, with the values legal for it.
    pub features: Vec<(FeatureCode, Vec<String>)>,
}

impl Product {
    /// The English name.
    pub fn name(&self) -> &str {
        &self.names[0]
    }

    /// Whether it is a service.
    pub fn is_service(&self) -> bool {
        self.kind == ProductKind::Service
    }

    /// The name in a language of [`LANGUAGES`], else the English one.
    pub fn name_in(&self, language: &str) -> &str {
        LANGUAGES.iter().position(|l| *l == language).map_or(self.name(), |i| &self.names[i])
    }
}

/// A grade of a scheme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grade {
    /// Its code, unique across schemes.
    pub code: GradeCode,
    /// Its scheme.
    pub scheme: SchemeCode,
    /// Its name in the standard.
    pub name: String,
    /// Its place in the scheme's order, where that is total.
    pub rank: Option<u8>,
    /// The products it is a grade of.
    pub products: Vec<ProductCode>,
    /// What the standard measures and where it draws the line.
    pub threshold: String,
    /// What people write for it.
    pub synonyms: Vec<String>,
    /// Where the facts come from.
    pub source: String,
}

/// A scheme: a standard and its grades.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scheme {
    /// Its code.
    pub code: SchemeCode,
    /// The standard.
    pub standard: String,
    /// Its name.
    pub name: String,
}

/// What a rule says of one grade standing for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Counts without asking.
    Satisfies,
    /// Similar: counts where the buyer opted in.
    OptIn,
    /// Another purpose: counts where the buyer opted in to this very substitution.
    SubstituteOnly,
    /// Never counts.
    DoesNotSatisfy,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Verdict; 4] = [Self::Satisfies, Self::OptIn, Self::SubstituteOnly, Self::DoesNotSatisfy];

    /// The name in files and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Satisfies => "satisfies",
            Self::OptIn => "opt_in",
            Self::SubstituteOnly => "substitute_only",
            Self::DoesNotSatisfy => "does_not_satisfy",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|v| v.as_str() == name)
    }
}

/// A directed, sourced statement about one grade standing for another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GradeRule {
    /// The product asked for.
    pub need_product: ProductCode,
    /// The grade asked for; any of the product where `None`.
    pub need_grade: Option<GradeCode>,
    /// The product offered.
    pub offer_product: ProductCode,
    /// The grade offered; any of the product where `None`.
    pub offer_grade: Option<GradeCode>,
    /// What the rule says.
    pub verdict: Verdict,
    /// A feature that, where the need requires it, drops the verdict one step: `satisfies` to
    /// `opt_in`, `opt_in` to `does_not_satisfy`.
    pub unless_feature: Option<FeatureCode>,
    /// What to show whoever relies on it.
    pub caveat: String,
    /// Where the fact comes from.
    pub source: String,
}

/// A legal frame and when it applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// Its code.
    pub code: FrameCode,
    /// Its name.
    pub name: String,
    /// The act.
    pub act: String,
    /// First day it applies.
    pub from: Option<Day>,
    /// Last day it applies.
    pub until: Option<Day>,
    /// A remark.
    pub note: String,
}

/// What a border rule does to a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BorderEffect {
    /// Only with an authorisation, which the offer states.
    AuthorisationRequired,
    /// Not at all.
    Forbidden,
}

/// One side of a border rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// The European Union as of the day.
    Eu,
    /// One country.
    Country(CountryCode),
}

/// A rule on goods leaving an area.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BorderRule {
    /// Its code.
    pub code: String,
    /// The products it covers.
    pub products: Vec<ProductCode>,
    /// Goods leaving this area.
    pub from_area: Area,
    /// For this one; anywhere outside `from_area` where `None`.
    pub to_area: Option<Area>,
    /// First day.
    pub from: Day,
    /// Last day.
    pub until: Option<Day>,
    /// What it does.
    pub effect: BorderEffect,
    /// Destinations it leaves free.
    pub excepted: Vec<CountryCode>,
    /// The act, and where the facts come from.
    pub source: String,
}

/// A step of making a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessStep {
    /// The product.
    pub product: ProductCode,
    /// 1, 2, 3 ...
    pub step: u8,
    /// What is done.
    pub name: String,
    /// Inputs: product codes where they exist, else plain words.
    pub inputs: Vec<String>,
    /// Equipment: product codes where they exist, else plain words.
    pub equipment: Vec<String>,
    /// NACE Rev. 2 of who does it.
    pub nace2: String,
    /// The bottleneck of 2020, if it was one.
    pub bottleneck: String,
    /// Where the fact comes from.
    pub source: String,
}

/// Everything the seed files say, before it is checked and indexed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct CatalogueParts {
    /// Products in the order people should see them.
    pub products: Vec<Product>,
    /// Schemes.
    pub schemes: Vec<Scheme>,
    /// Grades.
    pub grades: Vec<Grade>,
    /// What stands for what.
    pub rules: Vec<GradeRule>,
    /// Features.
    pub features: Vec<Feature>,
    /// Units.
    pub units: UnitTable,
    /// Certificate kinds.
    pub certificate_kinds: Vec<CertificateKind>,
    /// Kinds a buyer normally demands: product, frame (an empty code where custom asks, not law), kind,
    /// whether one of several suffices.
    pub product_certificates: Vec<(ProductCode, FrameCode, CertificateKindCode, bool)>,
    /// Legal frames.
    pub frames: Vec<Frame>,
    /// Border rules.
    pub border_rules: Vec<BorderRule>,
    /// Process steps.
    pub steps: Vec<ProcessStep>,
    /// Conversions.
    pub conversions: Vec<ConversionPath>,
    /// What firms do, in words. Not part of a market's snapshot: no rule of matching asks for it.
    #[serde(skip)]
    pub activities: Vec<Activity>,
}

type RuleKey = (ProductCode, Option<GradeCode>, ProductCode, Option<GradeCode>);

/// The catalogue, indexed. References inside it hold. It is written and read as its parts.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(try_from = "CatalogueParts")]
pub struct Catalogue {
    parts: CatalogueParts,
    digest: OnceLock<Digest>,
    products: HashMap<ProductCode, usize>,
    grades: HashMap<GradeCode, usize>,
    features: HashMap<FeatureCode, usize>,
    rules: HashMap<RuleKey, usize>,
    stand_ins: HashMap<ProductCode, Vec<ProductCode>>,
    lookup: Lookup,
    activities: activity::Words,
}

impl Serialize for Catalogue {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.parts.serialize(s)
    }
}

impl TryFrom<CatalogueParts> for Catalogue {
    type Error = String;

    fn try_from(parts: CatalogueParts) -> Result<Self, String> {
        Self::new(parts)
    }
}

impl Catalogue {
    /// Checks every reference and builds the indexes. The error names the row's key and the code
    /// that does not exist or stands twice.
    pub fn new(parts: CatalogueParts) -> Result<Self, String> {
        let mut c = Self {
            lookup: Lookup::new(&parts),
            activities: activity::Words::new(&parts.activities),
            ..Self::default()
        };
        for (i, p) in parts.products.iter().enumerate() {
            if c.products.insert(p.code.clone(), i).is_some() {
                return Err(format!("product {} is listed twice", p.code));
            }
        }
        for (i, f) in parts.features.iter().enumerate() {
            if c.features.insert(f.code.clone(), i).is_some() {
                return Err(format!("feature {} is listed twice", f.code));
            }
        }
        for (i, g) in parts.grades.iter().enumerate() {
            if c.grades.insert(g.code.clone(), i).is_some() {
                return Err(format!("grade {} is listed twice", g.code));
            }
        }
        for (i, r) in parts.rules.iter().enumerate() {
            let key = (r.need_product.clone(), r.need_grade.clone(), r.offer_product.clone(), r.offer_grade.clone());
            if c.rules.insert(key, i).is_some() {
                return Err(format!(
                    "the rule {} <- {} is listed twice",
                    rule_side(&r.need_product, &r.need_grade),
                    rule_side(&r.offer_product, &r.offer_grade)
                ));
            }
            let others = c.stand_ins.entry(r.need_product.clone()).or_default();
            if r.verdict != Verdict::DoesNotSatisfy
                && r.need_product != r.offer_product
                && !others.contains(&r.offer_product)
            {
                others.push(r.offer_product.clone());
            }
        }
        c.parts = parts;
        c.check_references()?;
        Ok(c)
    }

    fn check_references(&self) -> Result<(), String> {
        let product = |p: &ProductCode, at: &str| match self.products.contains_key(p) {
            true => Ok(()),
            false => Err(format!("{at} names product {p}, which is not listed")),
        };
        let schemes: std::collections::HashSet<_> = self.parts.schemes.iter().map(|s| &s.code).collect();
        let frames: std::collections::HashSet<_> = self.parts.frames.iter().map(|f| &f.code).collect();
        let kinds: std::collections::HashSet<_> = self.parts.certificate_kinds.iter().map(|k| &k.code).collect();
        for p in &self.parts.products {
            if let Some(s) = p.schemes.iter().find(|s| !schemes.contains(s)) {
                return Err(format!("product {} names scheme {s}, which is not listed", p.code));
            }
            if let Some(f) = p.frames.iter().find(|f| !frames.contains(f)) {
                return Err(format!("product {} names frame {f}, which is not listed", p.code));
            }
            if let Some((f, _)) = p.features.iter().find(|(f, _)| !self.features.contains_key(f)) {
                return Err(format!("product {} names feature {f}, which is not listed", p.code));
            }
            if self.unit_table().find(&p.trade_unit).is_none() {
                return Err(format!("product {} names unit {}, which is not listed", p.code, p.trade_unit));
            }
        }
        for g in &self.parts.grades {
            if !schemes.contains(&g.scheme) {
                return Err(format!("grade {} names scheme {}, which is not listed", g.code, g.scheme));
            }
            g.products.iter().try_for_each(|p| product(p, &format!("grade {}", g.code)))?;
        }
        for r in &self.parts.rules {
            let at = format!(
                "the rule {} <- {}",
                rule_side(&r.need_product, &r.need_grade),
                rule_side(&r.offer_product, &r.offer_grade)
            );
            product(&r.need_product, &at)?;
            product(&r.offer_product, &at)?;
            let graded = [(&r.need_product, &r.need_grade), (&r.offer_product, &r.offer_grade)];
            for (of, grade) in graded.iter().filter_map(|(p, g)| Some((p, g.as_ref()?))) {
                match self.grade(grade) {
                    None => return Err(format!("{at} names grade {grade}, which is not listed")),
                    Some(g) if !g.products.contains(of) => return Err(format!("{at}: {grade} is no grade of {of}")),
                    Some(_) => {}
                }
            }
            if let Some(f) = r.unless_feature.as_ref().filter(|f| !self.features.contains_key(*f)) {
                return Err(format!("{at} names feature {f}, which is not listed"));
            }
        }
        for b in &self.parts.border_rules {
            b.products.iter().try_for_each(|p| product(p, &format!("border rule {}", b.code)))?;
        }
        for s in &self.parts.steps {
            product(&s.product, &format!("step {} of {}", s.step, s.product))?;
        }
        for v in &self.parts.conversions {
            product(&v.product, &format!("the conversion of {}", v.capability))?;
        }
        for (p, f, k, _) in &self.parts.product_certificates {
            product(p, "a product certificate")?;
            if !kinds.contains(k) || !(f.as_str().is_empty() || frames.contains(f)) {
                return Err(format!("the certificates of {p} name {f} / {k}, which is not listed"));
            }
        }
        Ok(())
    }

    /// All products.
    pub fn products(&self) -> &[Product] {
        &self.parts.products
    }

    /// The seed lists, for tables and pages.
    pub fn parts(&self) -> &CatalogueParts {
        &self.parts
    }

    /// What every part of it hashes to, worked out once.
    pub fn digest(&self) -> Digest {
        *self.digest.get_or_init(|| Digest::of_json(self))
    }

    /// A product by its code.
    pub fn product(&self, code: &str) -> Option<&Product> {
        self.products.get(code).map(|i| &self.parts.products[*i])
    }

    /// A grade by its code.
    pub fn grade(&self, code: &GradeCode) -> Option<&Grade> {
        self.grades.get(code).map(|i| &self.parts.grades[*i])
    }

    /// A feature by its code.
    pub fn feature(&self, code: &str) -> Option<&Feature> {
        self.features.get(code).map(|i| &self.parts.features[*i])
    }

    /// A certificate kind by its code or, folded, its name.
    pub fn certificate_kind(&self, typed: &str) -> Option<&CertificateKind> {
        let folded = text::squeeze(typed);
        self.parts
            .certificate_kinds
            .iter()
            .find(|k| text::squeeze(k.code.as_str()) == folded || text::squeeze(&k.name) == folded)
    }

    /// The units.
    pub fn unit_table(&self) -> &UnitTable {
        &self.parts.units
    }

    /// Other products that some rule lets stand for this one.
    pub fn stand_ins(&self, product: &ProductCode) -> &[ProductCode] {
        self.stand_ins.get(product).map(Vec::as_slice).unwrap_or_default()
    }

    /// The rule on one grade standing for another; the one that names grades before the one that
    /// says any grade.
    pub fn rule(
        &self,
        need: (&ProductCode, Option<&GradeCode>),
        offer: (&ProductCode, Option<&GradeCode>),
    ) -> Option<&GradeRule> {
        let tries = [(need.1, offer.1), (need.1, None), (None, offer.1), (None, None)];
        tries.into_iter().find_map(|(n, o)| {
            let key = (need.0.clone(), n.cloned(), offer.0.clone(), o.cloned());
            self.rules.get(&key).map(|i| &self.parts.rules[*i])
        })
    }

    /// Finds products by code, name in any language, synonym, grade, or public code; best first.
    pub fn search(&self, typed: &str) -> Vec<Hit> {
        self.lookup.search(typed)
    }

    /// The one product a text names, with the grade it implies (`FFP 2` is the product `ffp` of
    /// grade `FFP2`); `Err` lists the candidates when there are none or several.
    pub fn identify(&self, typed: &str) -> Result<Hit, Vec<Hit>> {
        self.lookup.identify(typed)
    }

    /// The NACE Rev. 2 codes of what somebody says he does, sorted: a code as it stands, else those of the words in it that
    /// `activities` knows, the longest first. Empty where it knows none.
    pub fn activity(&self, typed: &str) -> Vec<String> {
        self.activities.understand(&self.parts.activities, typed)
    }

    /// The grade of a product that a text names: its code, name or synonym in any spelling.
    pub fn identify_grade(&self, product: &ProductCode, typed: &str) -> Option<&Grade> {
        let wanted = text::squeeze(typed);
        self.parts.grades.iter().filter(|g| g.products.contains(product)).find(|g| {
            std::iter::once(g.code.as_str())
                .chain([g.name.as_str()])
                .chain(g.synonyms.iter().map(String::as_str))
                .any(|w| text::squeeze(w) == wanted)
        })
    }
}

fn rule_side(product: &ProductCode, grade: &Option<GradeCode>) -> String {
    match grade {
        Some(g) => format!("{product} {g}"),
        None => format!("{product} of any grade"),
    }
}
