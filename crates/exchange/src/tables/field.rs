//! The columns that files of offers and needs may have, and the words people head them with.

use std::fmt;

use domain::text;

use super::Kind;

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident $code:literal $kinds:ident [$($word:literal),* $(,)?]),+ $(,)?) => {
        /// A column known by name.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Field {
            $($(#[$doc])* $name,)+
            /// A feature of an offer, or one that a need requires; headed `feature:sterile`.
            Feature(String),
            /// A feature that a need prefers; headed `prefer:sterile`.
            Prefer(String),
        }

        impl Field {
            /// All columns but those of features, in the order people should see them.
            pub const ALL: [Field; [$($code),+].len()] = [$(Self::$name),+];

            /// The column's own name, as in mappings and documentation.
            pub fn code(&self) -> String {
                match self {
                    $(Self::$name => $code.to_owned(),)+
                    Self::Feature(code) => format!("feature:{code}"),
                    Self::Prefer(code) => format!("prefer:{code}"),
                }
            }

            /// Other words that head the column, in English, German and French.
            pub fn synonyms(&self) -> &'static [&'static str] {
                match self {
                    $(Self::$name => &[$($word),*],)+
                    Self::Feature(_) | Self::Prefer(_) => &[],
                }
            }

            fn sides(&self) -> Sides {
                match self {
                    $(Self::$name => Sides::$kinds,)+
                    Self::Feature(_) => Sides::Both,
                    Self::Prefer(_) => Sides::Needs,
                }
            }
        }
    };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sides {
    Both,
    Offers,
    Needs,
}

fields! {
    /// Whose it is, by name.
    Organisation "organisation" Both ["organization", "company", "firm", "supplier", "donor", "hospital", "buyer", "firma", "unternehmen", "betrieb", "hersteller", "krankenhaus", "entreprise", "société", "fournisseur", "hôpital"],
    /// The organisation's VAT number, by which it is known whatever its name is.
    Vat "vat" Both ["vat number", "vat no", "vat id", "vat registration number", "ust-id", "ust-idnr", "umsatzsteuer-id", "uid-nummer", "numéro de tva", "n° tva", "tva intracommunautaire"],
    /// `firm`, `cluster`, `authority` or `portal`.
    OrganisationKind "organisation_kind" Both ["organization kind", "organisation type", "organization type", "organisationsart", "type d'organisation"],
    /// The organisation's country, by code or name.
    Country "country" Both ["land", "staat", "pays"],
    /// The site, by name.
    Site "site" Both ["plant", "location", "facility", "standort", "werk", "usine"],
    /// The site's region, by code or name.
    Region "region" Both ["nuts", "nuts code", "nuts2", "nuts3", "state", "province", "bundesland", "région", "département"],
    /// Latitude in decimal degrees.
    Lat "lat" Both ["latitude", "breite", "breitengrad", "geogr. breite"],
    /// Longitude in decimal degrees.
    Lon "lon" Both ["lng", "long", "longitude", "länge", "längengrad"],
    /// The record's name in the system it comes from.
    ExternalId "external_id" Both ["id", "external id", "reference", "ref", "record id", "kennung", "referenz", "identifiant", "référence"],
    /// When it was entered there; twins are told by it.
    CreatedAt "created_at" Both ["created", "date created", "submitted at", "timestamp", "erstellt am", "erfasst am", "créé le", "date de création"],
    /// A product code, name or synonym.
    Product "product" Both ["item", "article", "good", "equipment", "produkt", "artikel", "ware", "produit"],
    /// Grades, separated by `;` or `|`.
    Grade "grade" Both ["grades", "class", "level", "standard", "klasse", "schutzklasse", "schutzstufe", "classe", "niveau"],
    /// An offer's stock, or how much a need asks for.
    Quantity "quantity" Both ["qty", "amount", "number", "count", "stock", "in stock", "menge", "anzahl", "stückzahl", "stueckzahl", "bestand", "bedarf", "lagerbestand", "quantité", "nombre", "besoin"],
    /// The unit of every quantity of the row.
    Unit "unit" Both ["units", "uom", "unit of measure", "einheit", "mengeneinheit", "unité"],
    /// How much one package holds.
    PackSize "pack_size" Both ["pack", "pieces per pack", "units per pack", "packungsgröße", "packungsgroesse", "stück pro packung", "conditionnement", "pièces par boîte"],
    /// The unit of the pack size.
    PackUnit "pack_unit" Both ["unit of pack size", "packungseinheit", "unité de conditionnement"],
    /// What is made now.
    Running "running" Offers ["running rate", "rate", "capacity", "production", "output", "kapazität", "produktion", "laufende kapazität", "capacité", "production actuelle"],
    /// What is made at full stretch.
    Maximum "maximum" Offers ["maximum rate", "max rate", "maximum capacity", "max capacity", "maximale kapazität", "höchstkapazität", "capacité maximale"],
    /// The period of every rate of the row.
    Per "per" Offers ["period", "rate per", "zeitraum", "pro", "période", "par"],
    /// What could be made after a conversion.
    Convertible "convertible" Offers ["convertible rate", "convertible capacity", "umstellbare kapazität", "capacité convertible"],
    /// Calendar days that a conversion takes.
    ConversionDays "conversion_days" Offers ["days to convert", "umstellungstage", "umstelldauer", "jours de conversion"],
    /// Working days from the window's start to the full rate.
    RampDays "ramp_days" Offers ["ramp up days", "ramp-up", "anlauftage", "hochlauftage", "jours de montée en charge"],
    /// Weekday names, separated by `;` or `|`.
    WorkingDays "working_days" Offers ["workdays", "arbeitstage", "jours ouvrés"],
    /// First day of the window.
    From "from" Offers ["start", "available from", "start date", "ab", "von", "beginn", "verfügbar ab", "de", "à partir de", "disponible dès"],
    /// Last day of the window.
    Until "until" Offers ["end", "to", "available until", "end date", "bis", "ende", "verfügbar bis", "jusqu'à", "jusqu'au"],
    /// The date the figures stand for.
    AsOf "as_of" Offers ["as of date", "date", "stand", "stichtag", "état au", "à la date du"],
    /// Days from an order to goods that were not in stock.
    LeadDays "lead_days" Offers ["lead time", "lead time days", "delivery days", "lieferzeit", "lieferzeit tage", "lieferfrist", "délai", "délai de livraison"],
    /// The smallest order.
    MinOrder "min_order" Offers ["minimum order", "moq", "minimum order quantity", "mindestmenge", "mindestbestellmenge", "commande minimale"],
    /// How far it delivers, or how far it may come.
    MaxDistanceKm "max_distance_km" Both ["maximum distance", "max distance", "distance", "maximale entfernung", "umkreis", "distance maximale"],
    /// Of how many suppliers at most an instalment may come.
    MaxSuppliers "max_suppliers" Needs ["maximum suppliers", "max number of suppliers", "at most suppliers", "number of suppliers", "höchstzahl lieferanten", "höchstens lieferanten", "maximale lieferantenzahl", "anzahl lieferanten", "nombre maximal de fournisseurs", "fournisseurs maximum", "nombre de fournisseurs"],
    /// Where it delivers, or where it may come from; separated by `;` or `|`.
    Regions "regions" Both ["delivers to", "delivery regions", "origin regions", "liefergebiet", "lieferregionen", "régions", "régions de livraison"],
    /// Certificates: an offer's as `kind|number|status|valid_until|notified_body|holder`, a need's as kinds; separated by `;`.
    Certificates "certificates" Both ["certificate", "certification", "certifications", "zertifikat", "zertifikate", "nachweise", "certificat", "certificats"],
    /// What the output lacks, as `product|quantity|unit|per|when`; separated by `;`.
    MissingInputs "missing_inputs" Offers ["missing", "lacks", "inputs missing", "missing input", "fehlende vorprodukte", "fehlt", "intrants manquants", "manque"],
    /// `sale`, `donation`, `loan`, separated by `;` or `|`.
    Transfer "transfer" Both ["transfers", "transfer type", "sale or donation", "abgabeart", "überlassung", "mode de cession"],
    /// Price per base unit.
    Price "price" Offers ["unit price", "price per unit", "preis", "stückpreis", "prix", "prix unitaire"],
    /// The most it may cost per base unit.
    PriceCap "price_cap" Needs ["maximum price", "max price", "price limit", "höchstpreis", "preisgrenze", "prix maximal", "prix maximum"],
    /// ISO 4217 code.
    Currency "currency" Both ["währung", "waehrung", "devise", "monnaie"],
    /// `maker` or `trader`.
    Role "role" Offers ["supplier role", "rolle", "rôle"],
    /// `market`, `clusters` or `authorities`.
    Visibility "visibility" Offers ["visible to", "sichtbarkeit", "visibilité"],
    /// Substitutions opted into: `product`, `product/grade` or `/grade`, separated by `;` or `|`.
    Substitutions "substitutions" Needs ["substitutes", "accepts instead", "ersatz", "ersatzprodukte", "produits de substitution"],
    /// By when, at the end of that day.
    Due "due" Needs ["due date", "deadline", "needed by", "required by", "by", "fällig", "faellig", "fällig am", "lieferdatum", "bis wann", "échéance", "date limite", "avant le"],
    /// One size.
    Size "size" Needs ["sizes", "größe", "groesse", "taille"],
    /// `critical`, `high`, `normal` or `low`.
    Urgency "urgency" Needs ["priority", "dringlichkeit", "priorität", "urgence", "priorité"],
    /// Whether pending certificates will do.
    AcceptPending "accept_pending" Needs ["accept pending certificates", "laufende zertifizierung erlaubt", "certification en cours acceptée"],
    /// Words.
    Note "note" Both ["notes", "comment", "comments", "remark", "remarks", "bemerkung", "kommentar", "hinweis", "remarque", "commentaire"],
}

impl Field {
    /// Whether files of that kind have the column.
    pub fn belongs_to(&self, kind: Kind) -> bool {
        match (self.sides(), kind) {
            (Sides::Both, Kind::Offers | Kind::Needs) => true,
            (Sides::Offers, Kind::Offers) | (Sides::Needs, Kind::Needs) => true,
            (Sides::Offers, Kind::Needs) | (Sides::Needs, Kind::Offers) => false,
        }
    }

    /// The column of a name of ours, as mappings write it.
    pub fn parse(code: &str) -> Option<Self> {
        let feature = |prefix: &str| code.strip_prefix(prefix).map(str::trim).filter(|c| !c.is_empty());
        if let Some(code) = feature("feature:") {
            return Some(Self::Feature(code.to_owned()));
        }
        if let Some(code) = feature("prefer:") {
            return Some(Self::Prefer(code.to_owned()));
        }
        Self::ALL.into_iter().find(|f| f.code() == code)
    }

    /// The column a header names, in any case and with any blanks or underscores.
    pub fn of_header(header: &str, kind: Kind) -> Option<Self> {
        let trimmed = header.trim();
        let lower = trimmed.to_lowercase();
        for (prefix, make) in [("feature:", Self::Feature as fn(String) -> Field), ("prefer:", Self::Prefer)] {
            if let Some(code) = lower.strip_prefix(prefix).map(str::trim).filter(|c| !c.is_empty()) {
                return Some(make(code.replace([' ', '-'], "_"))).filter(|f| f.belongs_to(kind));
            }
        }
        let wanted = text::squeeze(trimmed);
        if wanted.is_empty() {
            return None;
        }
        let fields = || Self::ALL.into_iter().filter(|f| f.belongs_to(kind));
        fields()
            .find(|f| text::squeeze(&f.code()) == wanted)
            .or_else(|| fields().find(|f| f.synonyms().iter().any(|w| text::squeeze(w) == wanted)))
    }

    /// The names of ours nearest to an unknown header, at most three.
    pub fn nearest(header: &str, kind: Kind) -> Vec<String> {
        let wanted = text::squeeze(header);
        let mut near: Vec<(usize, String)> = Vec::new();
        for field in Self::ALL.into_iter().filter(|f| f.belongs_to(kind)) {
            let code = field.code();
            let words = std::iter::once(code.as_str()).chain(field.synonyms().iter().copied());
            let best = words.map(|w| distance(&wanted, &text::squeeze(w))).min().unwrap_or(usize::MAX);
            if best * 3 <= wanted.chars().count() {
                near.push((best, code));
            }
        }
        near.sort();
        near.into_iter().take(3).map(|(_, code)| code).collect()
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code())
    }
}

/// Insertions, deletions and replacements from one word to the other (Levenshtein).
pub(crate) fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().take(100).collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().take(100).enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let change = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_heads_two_columns() {
        for kind in [Kind::Offers, Kind::Needs] {
            let mut seen: Vec<(String, Field)> = Vec::new();
            for field in Field::ALL.into_iter().filter(|f| f.belongs_to(kind)) {
                let code = field.code();
                for word in std::iter::once(code.as_str()).chain(field.synonyms().iter().copied()) {
                    let squeezed = text::squeeze(word);
                    if let Some((_, other)) = seen.iter().find(|(w, f)| *w == squeezed && *f != field) {
                        panic!("{word:?} heads both {other} and {field}");
                    }
                    seen.push((squeezed, field.clone()));
                }
            }
        }
    }

    #[test]
    fn headers_are_read_in_any_case_and_language() {
        for (header, field) in [
            ("PRODUKT", Field::Product),
            ("Quantité ", Field::Quantity),
            ("pack size", Field::PackSize),
            ("Pack_Size", Field::PackSize),
            ("Lead-Time (days)", Field::LeadDays),
            ("Feature:Shelf life months", Field::Feature("shelf_life_months".to_owned())),
        ] {
            assert_eq!(Field::of_header(header, Kind::Offers), Some(field), "{header}");
        }
        assert_eq!(Field::of_header("due", Kind::Offers), None);
        assert_eq!(Field::of_header("prefer:sterile", Kind::Offers), None);
        assert_eq!(Field::nearest("quantitty", Kind::Needs), ["quantity"]);
        assert!(Field::nearest("shoe colour", Kind::Needs).is_empty());
    }
}
