//! The words around numbers, in the languages of the catalogue, folded.

use domain::rate::Period;

use super::Bound;

/// What a word multiplies by, as a power of ten; `Err` where languages disagree.
pub(super) fn scale(word: &str) -> Option<Result<u32, ()>> {
    let folded = domain::text::squeeze(word);
    Some(match folded.as_str() {
        "k" | "thousand" | "thousands" | "tausend" | "tsd" | "mille" | "mila" | "mil" | "tys" | "tysiecy" => Ok(3),
        "million" | "millions" | "mio" | "mln" | "mn" | "millionen" | "millon" | "millones" | "milione" | "milioni"
        | "milion" | "miliony" | "milionow" => Ok(6),
        // 10^9 everywhere it is used.
        "milliard" | "milliards" | "milliarde" | "milliarden" | "miliardo" | "miliardi" | "miliard" | "mrd" => Ok(9),
        // 10^9 in English, 10^12 elsewhere.
        "billion" | "billions" | "bn" | "billionen" | "billon" | "billones" | "bilion" => Err(()),
        _ => return None,
    })
}

/// Names whose number is part of them: `FFP 2`, `Type 2`, `EN 149`, `size 8`.
pub(super) fn takes_number(word: &str) -> bool {
    const STEMS: [&str; 33] = [
        "ffp",
        "type",
        "typ",
        "tipo",
        "level",
        "niveau",
        "stufe",
        "n",
        "kn",
        "kf",
        "ds",
        "p",
        "en",
        "iso",
        "din",
        "nf",
        "ce",
        "aami",
        "astm",
        "cwa",
        "uns",
        "pb",
        "class",
        "classe",
        "klasse",
        "cat",
        "category",
        "categorie",
        "kategorie",
        "size",
        "taille",
        "groesse",
        "covid",
    ];
    STEMS.contains(&domain::text::squeeze(word).as_str())
}

/// Words that introduce a period.
pub(super) fn is_per(word: &str) -> bool {
    matches!(
        domain::text::squeeze(word).as_str(),
        "per" | "pro" | "par" | "por" | "al" | "alla" | "a" | "an" | "each" | "every" | "je" | "na" | "all"
    )
}

/// Of those, the ones that always do, whatever follows.
pub(super) fn is_per_alone(word: &str) -> bool {
    matches!(domain::text::squeeze(word).as_str(), "per" | "pro")
}

/// A word that is a period by itself: `daily`, `wöchentlich`.
pub(super) fn adverb(word: &str) -> Option<Period> {
    Some(match domain::text::squeeze(word).as_str() {
        "daily" | "taglich" | "quotidien" | "journalier" | "diario" | "diarios" | "giornaliero" | "dziennie" => {
            Period::Day
        }
        "weekly" | "wochentlich" | "hebdomadaire" | "semanal" | "semanales" | "settimanale" | "tygodniowo" => {
            Period::Week
        }
        "monthly" | "monatlich" | "mensuel" | "mensual" | "mensuales" | "mensile" | "miesiecznie" => Period::Month,
        "yearly" | "annually" | "jahrlich" | "annuel" | "anual" | "anuales" | "annuo" | "rocznie" => Period::Year,
        _ => return None,
    })
}

/// Words that join two quantities or end one.
pub(super) fn is_joint(word: &str) -> bool {
    matches!(domain::text::squeeze(word).as_str(), "and" | "und" | "et" | "y" | "e" | "oraz" | "plus" | "or" | "also")
}

/// Units that are also common words, of which one needs to see that nothing follows them: German
/// tonnes, Spanish "for", French "by".
pub(super) fn is_unsure_unit(word: &str) -> bool {
    matches!(domain::text::squeeze(word).as_str(), "to" | "para" | "par" | "can")
}

/// Names of months, in full or as spreadsheets cut them.
pub(super) fn is_month(word: &str) -> bool {
    const MONTHS: [&str; 12] = [
        "jan january januar janvier enero gennaio stycznia styczen",
        "feb february februar fevrier febrero febbraio lutego luty",
        "mar march marz mars marzo marca marzec",
        "apr april avril abril aprile kwietnia kwiecien",
        "may mai mayo maggio maja maj",
        "jun june juni juin junio giugno czerwca czerwiec",
        "jul july juli juillet julio luglio lipca lipiec",
        "aug august aout agosto sierpnia sierpien",
        "sep sept september septembre septiembre settembre wrzesnia wrzesien",
        "oct okt october oktober octobre octubre ottobre pazdziernika pazdziernik",
        "nov november novembre noviembre listopada listopad",
        "dec dez december dezember decembre diciembre dicembre grudnia grudzien",
    ];
    let folded = domain::text::squeeze(word);
    MONTHS.iter().any(|names| names.split(' ').any(|name| name == folded))
}

/// Words before a year: "in 2020".
pub(super) fn is_before_year(word: &str) -> bool {
    matches!(
        domain::text::squeeze(word).as_str(),
        "in" | "by"
            | "since"
            | "until"
            | "till"
            | "before"
            | "im"
            | "seit"
            | "bis"
            | "en"
            | "depuis"
            | "desde"
            | "nel"
            | "w"
    )
}

/// Small words that name nothing.
pub(super) fn is_filler(word: &str) -> bool {
    matches!(
        domain::text::squeeze(word).as_str(),
        "of" | "de"
            | "des"
            | "d"
            | "di"
            | "von"
            | "the"
            | "a"
            | "an"
            | "in"
            | "at"
            | "is"
            | "are"
            | "we"
            | "can"
            | "make"
            | "with"
            | "mit"
            | "qty"
            | "quantity"
            | "menge"
            | "quantite"
            | "cantidad"
            | "quantita"
            | "ilosc"
            | "x"
    )
}

/// Labels of table columns that people paste along: unit of the report, of the pack, multiplier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    /// What the report counts in.
    ReportUnit,
    /// What the goods are measured in.
    Measure,
    /// How many report units one package holds.
    Multiplier,
}

/// The label a word is, if it is one.
pub(super) fn label(word: &str) -> Option<Label> {
    Some(match domain::text::squeeze(word).as_str() {
        "reportunit" => Label::ReportUnit,
        "unitofmeasure" | "uom" => Label::Measure,
        "multiplier" => Label::Multiplier,
        _ => return None,
    })
}

/// Stretches of work that no calendar turns into days.
pub(super) fn is_shift(word: &str) -> bool {
    matches!(domain::text::squeeze(word).as_str(), "shift" | "schicht" | "equipe" | "turno" | "zmiana" | "batch")
}

/// A bound that a word starts, and how many words after it belong to it; `None` inside for one
/// without an upper end.
pub(super) fn bound(word: &str, following: &[&str]) -> Option<(Option<Bound>, usize)> {
    let folded = domain::text::squeeze(word);
    let next: Vec<String> = following.iter().map(|w| domain::text::squeeze(w)).collect();
    let second = next.first().map_or("", String::as_str);
    let third = next.get(1).map_or("", String::as_str);
    Some(match (folded.as_str(), second, third) {
        ("no" | "not", "more", "than") => (Some(Bound::UpTo), 2),
        ("up", "to", _) | ("at", "most", _) | ("bis", "zu", _) | ("fino", "a", _) => (Some(Bound::UpTo), 1),
        ("max" | "maximum" | "maximal" | "maks" | "hasta" | "jusqua", _, _) => (Some(Bound::UpTo), 0),
        ("at", "least", _)
        | ("more", "than", _)
        | ("au", "moins", _)
        | ("plus", "de", _)
        | ("mehr", "als", _)
        | ("al", "menos", _) => (None, 1),
        ("min" | "minimum" | "over" | "above" | "mindestens" | "almeno" | "uber" | "ab", _, _) => (None, 0),
        (
            "around" | "about" | "approx" | "approximately" | "roughly" | "nearly" | "almost" | "circa" | "ca" | "c"
            | "environ" | "env" | "etwa" | "rund" | "ungefahr" | "knapp" | "aproximadamente" | "unos" | "okolo",
            _,
            _,
        ) => (Some(Bound::About), 0),
        (_, _, _) => return None,
    })
}
