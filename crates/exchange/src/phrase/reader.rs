//! From tokens to readings, left to right.

use domain::{
    decimal::Decimal,
    rate::Period,
    unit::{BaseUnit, Unit, UnitMeaning, UnitTable},
};

use super::{
    Bound, Pack, PhraseError, PhraseFault, Reading,
    token::{Token, cut},
    words::{self, Label},
};
use crate::number::{self, Fault, Locale, NumberError};

/// Reads a phrase; see [`super::read`].
pub(super) fn read(text: &str, locale: Locale, units: &UnitTable) -> Result<Vec<Reading>, Vec<PhraseError>> {
    let mut reader = Reader {
        tokens: cut(text),
        at: 0,
        locale,
        units,
        draft: Draft::default(),
        pending: Vec::new(),
        bound: None,
        per: None,
        joint: false,
        done: Vec::new(),
        errors: Vec::new(),
    };
    reader.run();
    reader.close(text);
    if reader.done.is_empty() && reader.errors.is_empty() {
        reader.errors.push(PhraseError { text: text.trim().to_owned(), fault: PhraseFault::Nothing });
    }
    if reader.errors.is_empty() { Ok(reader.done) } else { Err(reader.errors) }
}

/// A reading in the making.
#[derive(Default)]
struct Draft<'a> {
    quantity: Option<Decimal>,
    unit: Option<String>,
    package: bool,
    pack: Option<Pack>,
    per: Option<Period>,
    bound: Option<Bound>,
    total: bool,
    words: Vec<String>,
    equivalent: Option<(Decimal, Vec<String>)>,
    report: Option<(&'a Unit, &'a str)>,
    measured: Option<(&'a Unit, &'a str)>,
    multiplier: Option<Decimal>,
    doubts: Vec<String>,
}

struct Reader<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    locale: Locale,
    units: &'a UnitTable,
    draft: Draft<'a>,
    /// Words after a comma or "and": of the next quantity if one comes, else of this one.
    pending: Vec<String>,
    /// A bound that stands before its number.
    bound: Option<Bound>,
    /// A period that stands before its number.
    per: Option<Period>,
    joint: bool,
    done: Vec<Reading>,
    errors: Vec<PhraseError>,
}

impl<'a> Reader<'a> {
    fn run(&mut self) {
        while let Some(token) = self.tokens.get(self.at).cloned() {
            self.at += 1;
            match token {
                Token::Number(raw) => self.number(raw),
                Token::Odd(raw) => self.odd(raw),
                Token::Word(word) | Token::Suffix(word) => self.word(word),
                Token::Slash => self.slash(),
                Token::Equals => self.equals(),
                Token::Stop => self.joint = true,
                Token::About => self.bound = Some(Bound::About),
                Token::AtMost => self.bound = Some(Bound::UpTo),
            }
        }
    }

    fn peek(&self, ahead: usize) -> Option<&Token<'a>> {
        self.tokens.get(self.at + ahead)
    }

    /// The word `ahead` tokens on, glued or not.
    fn peek_word(&self, ahead: usize) -> Option<&'a str> {
        match self.peek(ahead)? {
            Token::Word(word) | Token::Suffix(word) => Some(word),
            Token::Number(_)
            | Token::Odd(_)
            | Token::Slash
            | Token::Equals
            | Token::Stop
            | Token::About
            | Token::AtMost => None,
        }
    }

    fn fail(&mut self, text: impl Into<String>, fault: PhraseFault) {
        self.errors.push(PhraseError { text: text.into(), fault });
    }

    fn unit(&self, word: &str) -> Option<&'a Unit> {
        self.units.find(word)
    }

    fn period(&self, word: &str) -> Option<Period> {
        let unit = self.unit(word).filter(|u| u.meaning == UnitMeaning::Period)?;
        Period::parse(unit.code.as_str())
    }

    fn odd(&mut self, raw: &str) {
        let error = match number::parse(raw, self.locale) {
            Err(error) => error,
            Ok(_) => NumberError { text: raw.to_owned(), fault: Fault::Words },
        };
        self.fail(raw, PhraseFault::Number(error));
        // What is glued to it says nothing more.
        if matches!(self.peek(0), Some(Token::Suffix(_))) {
            self.at += 1;
        }
    }

    fn number(&mut self, raw: &'a str) {
        if let Some(name) = self.glued_name(raw) {
            return self.keep_word(name);
        }
        if let Some(date) = self.date(raw) {
            return self.draft.doubts.push(format!("{date:?} is a date, not a quantity, and is left out"));
        }
        let mut value = match number::parse(raw, self.locale) {
            Ok(value) => Some(value),
            Err(error) => {
                self.fail(raw, PhraseFault::Number(error));
                None
            }
        };
        if value.is_some_and(|v| v.is_negative() || v.is_zero()) {
            self.fail(raw, PhraseFault::NotPositive);
            value = None;
        }
        let scaled = self.scale(raw, value);
        if self.is_pack_size() {
            return self.pack_size(scaled);
        }
        if self.after_label(Label::Multiplier) {
            self.draft.multiplier = scaled;
            return;
        }
        if let Some(equivalent) = &mut self.draft.equivalent
            && equivalent.1.is_empty()
            && equivalent.0.is_zero()
        {
            equivalent.0 = scaled.unwrap_or(equivalent.0);
            return;
        }
        if let Some(period) = self.peek_word(0).filter(|w| self.period(w).is_some()) {
            return self.time_span(raw, period);
        }
        self.count(scaled);
    }

    /// `3D`, `2R`, `4x4`: a short number with short letters that are neither unit nor scale.
    fn glued_name(&mut self, raw: &str) -> Option<String> {
        let Some(Token::Suffix(suffix)) = self.peek(0) else { return None };
        let suffix = *suffix;
        let known = suffix.eq_ignore_ascii_case("m")
            || words::scale(suffix).is_some()
            || self.unit(suffix).is_some_and(|u| u.meaning != UnitMeaning::Period);
        if known || raw.len() > 2 || suffix.chars().count() > 3 {
            return None;
        }
        self.at += 1;
        Some(format!("{raw}{suffix}"))
    }

    /// `20 April 2020`, `April 20`, `in 2020`; the month and year after the number are taken.
    fn date(&mut self, raw: &str) -> Option<String> {
        let digits = raw.bytes().all(|b| b.is_ascii_digit());
        let value: u32 = raw.parse().ok().filter(|_| digits)?;
        let year = |text: &str| text.len() == 4 && text.parse().is_ok_and(|y: u32| (1990..2100).contains(&y));
        let before = match self.at.checked_sub(2).and_then(|at| self.tokens.get(at)) {
            Some(Token::Word(word)) => *word,
            _ => "",
        };
        if let Some(Token::Word(month)) = self.peek(0)
            && (1..=31).contains(&value)
            && words::is_month(month)
        {
            let mut date = format!("{raw} {month}");
            self.at += 1;
            if let Some(Token::Number(next)) = self.peek(0)
                && year(next)
            {
                date = format!("{date} {next}");
                self.at += 1;
            }
            return Some(date);
        }
        let after_month = words::is_month(before) && ((1..=31).contains(&value) || year(raw));
        (after_month || (words::is_before_year(before) && year(raw))).then(|| format!("{before} {raw}"))
    }

    /// The number times the scale word after it, which is taken.
    fn scale(&mut self, raw: &str, value: Option<Decimal>) -> Option<Decimal> {
        let Some(word) = self.peek_word(0) else { return value };
        let power = match word {
            "M" => 6,
            "m" => {
                let counted = self.peek_word(1).and_then(|w| self.unit(w)).is_some_and(is_counted);
                if !counted {
                    self.at += 1;
                    self.fail(format!("{raw}{word}"), PhraseFault::AmbiguousWord(word.to_owned()));
                    return None;
                }
                6
            }
            _ => match words::scale(word) {
                None => return value,
                Some(Ok(power)) => power,
                Some(Err(())) => {
                    self.at += 1;
                    self.fail(format!("{raw} {word}"), PhraseFault::AmbiguousWord(word.to_owned()));
                    return None;
                }
            },
        };
        self.at += 1;
        // `Mio.` and `Tsd.` end in a full stop that ends nothing.
        if self.peek(0) == Some(&Token::Stop) && self.peek_word(1).is_some() && word.len() <= 4 && word.len() > 1 {
            self.at += 1;
        }
        let value = value?;
        let scaled = format!("{value}e{power}").parse().ok();
        if scaled.is_none() {
            let error = NumberError { text: format!("{raw} {word}"), fault: Fault::TooLong };
            self.fail(raw, PhraseFault::Number(error));
        }
        scaled
    }

    /// Whether the number just read is what a package holds: `box of 100`, `50 x 100`.
    fn is_pack_size(&self) -> bool {
        let before = |back: usize| self.tokens.get(self.number_at().checked_sub(back)?);
        let Some(Token::Word(link)) = before(1) else { return false };
        let link = domain::text::squeeze(link);
        let of = matches!(link.as_str(), "of" | "de" | "di" | "von" | "mit" | "with" | "zu" | "a" | "po" | "x");
        of && self.draft.pack.is_none()
            && !self.joint
            && (self.draft.package || (self.draft.quantity.is_some() && (self.draft.unit.is_some() || link == "x")))
    }

    /// Where the number that is being read stands; suffixes and scales after it may be taken.
    fn number_at(&self) -> usize {
        let mut at = self.at;
        while at > 0 && !matches!(self.tokens[at - 1], Token::Number(_)) {
            at -= 1;
        }
        at.saturating_sub(1)
    }

    fn pack_size(&mut self, size: Option<Decimal>) {
        let unit =
            self.peek_word(0).and_then(|w| self.unit(w)).filter(|u| matches!(u.meaning, UnitMeaning::Fixed { .. }));
        if unit.is_some() {
            self.at += 1;
        }
        // `units of 300ml bottle`: the units are bottles.
        let package = self.peek_word(0).and_then(|w| self.unit(w)).filter(|u| u.meaning == UnitMeaning::Package);
        if !self.draft.package {
            self.draft.unit = Some(package.map_or_else(|| "XPK".to_owned(), |u| u.code.to_string()));
            self.draft.package = true;
            if package.is_some() {
                self.at += 1;
            }
        }
        self.draft.pack = size.map(|size| Pack { size, unit: unit.map(|u| u.code.to_string()) });
    }

    fn after_label(&self, label: Label) -> bool {
        let before = self.number_at().checked_sub(1).and_then(|at| self.tokens.get(at));
        matches!(before, Some(Token::Word(w)) if words::label(w) == Some(label))
    }

    /// `10 days` beside a quantity is a time; after "per" it is no period of ours.
    fn time_span(&mut self, raw: &str, period: &str) {
        let text = format!("{raw} {period}");
        self.at += 1;
        let before = self.number_at().checked_sub(1).and_then(|at| self.tokens.get(at));
        let per = match before {
            Some(Token::Word(w)) => words::is_per(w),
            Some(Token::Slash) => true,
            _ => false,
        };
        if per {
            self.fail(text.clone(), PhraseFault::UnknownPeriod(text));
        } else {
            self.draft.doubts.push(format!("{text:?} is a time, not a quantity, and is left out"));
        }
    }

    fn count(&mut self, value: Option<Decimal>) {
        if self.draft.quantity.is_some() || self.draft.equivalent.is_some() {
            self.flush();
        }
        self.draft.words.append(&mut self.pending);
        self.joint = false;
        // A stand-in after an error, so that what follows is not taken for another quantity.
        self.draft.quantity = Some(value.unwrap_or(Decimal::whole(1)));
        self.draft.bound = self.bound.take().or(self.draft.bound);
        self.draft.per = self.per.take().or(self.draft.per);
        let Some(word) = self.peek_word(0) else { return };
        let rate = words::is_per(word) && self.peek_word(1).is_some_and(|next| self.period(next).is_some());
        match self.unit(word).filter(|_| !rate) {
            Some(unit) if unit.meaning != UnitMeaning::Period => {
                self.at += 1;
                if words::is_unsure_unit(word) && self.peek_word(0).is_some() {
                    return self.fail(word, PhraseFault::AmbiguousWord(word.to_owned()));
                }
                self.draft.package = unit.meaning == UnitMeaning::Package;
                self.draft.unit = Some(unit.code.to_string());
            }
            Some(_) | None => {}
        }
    }

    fn word(&mut self, word: &'a str) {
        if words::takes_number(word)
            && let Some(Token::Number(raw)) = self.peek(0)
            && raw.len() <= 6
            && raw.bytes().all(|b| b.is_ascii_digit())
        {
            let raw = *raw;
            self.at += 1;
            let suffix = match self.peek(0) {
                Some(Token::Suffix(suffix)) => {
                    let suffix = *suffix;
                    self.at += 1;
                    suffix
                }
                _ => "",
            };
            self.keep_word(word.to_owned());
            return self.keep_word(format!("{raw}{suffix}"));
        }
        if let Some(label) = words::label(word) {
            return self.label(label);
        }
        if self.take_rate(word) || self.take_bound(word) || self.take_total(word) || self.take_package(word) {
            return;
        }
        if words::is_joint(word) {
            self.joint = true;
            return;
        }
        self.keep_word(word.to_owned());
    }

    fn label(&mut self, label: Label) {
        let named = self.peek_word(0).and_then(|w| Some((self.unit(w)?, w)));
        match label {
            Label::ReportUnit => self.draft.report = named,
            Label::Measure => self.draft.measured = named,
            Label::Multiplier => return,
        }
        if named.is_some() {
            self.at += 1;
        }
    }

    /// `per day`, `daily`; true if the word was part of one.
    fn take_rate(&mut self, word: &'a str) -> bool {
        if let Some(period) = words::adverb(word) {
            self.set_period(period);
            return true;
        }
        if !words::is_per(word) {
            return false;
        }
        match self.peek_word(0) {
            Some(next) => match self.period(next) {
                Some(period) => {
                    self.at += 1;
                    self.set_period(period);
                    true
                }
                None if self.draft.quantity.is_some() && (words::is_per_alone(word) || self.is_shorter(next)) => {
                    self.at += 1;
                    self.fail(format!("{word} {next}"), PhraseFault::UnknownPeriod(next.to_owned()));
                    true
                }
                None => false,
            },
            None => false,
        }
    }

    fn slash(&mut self) {
        let Some(next) = self.peek_word(0) else { return };
        if let Some(period) = self.period(next) {
            self.at += 1;
            self.set_period(period);
        } else if self.is_shorter(next) || self.unit(next).is_some() {
            // Per hour, or a density such as g/m2: nothing that adds up over days.
            self.at += 1;
            self.fail(format!("/{next}"), PhraseFault::UnknownPeriod(next.to_owned()));
        }
    }

    /// Whether a word is a stretch of work shorter than a day.
    fn is_shorter(&self, word: &str) -> bool {
        self.unit(word).is_some_and(|u| is_fixed(u, BaseUnit::Minute)) || words::is_shift(word)
    }

    fn set_period(&mut self, period: Period) {
        if self.draft.quantity.is_some() {
            self.draft.per = Some(period);
        } else {
            self.per = Some(period);
        }
    }

    fn equals(&mut self) {
        if self.draft.quantity.is_some() {
            self.draft.equivalent = Some((Decimal::whole(0), Vec::new()));
        }
    }

    /// A bound before its number, or after it at the end; true if the word was part of one.
    fn take_bound(&mut self, word: &'a str) -> bool {
        let following: Vec<&str> = (0..2).map_while(|i| self.peek_word(i)).collect();
        let Some((bound, taken)) = words::bound(word, &following) else { return false };
        let next = self.tokens[self.at + taken..].iter().find(|t| **t != Token::Stop);
        let before_number = matches!(next, Some(Token::Number(_) | Token::Odd(_)));
        if !before_number && self.draft.quantity.is_none() {
            return false;
        }
        self.at += taken;
        match bound {
            None => {
                let raw = match next {
                    Some(Token::Number(raw) | Token::Odd(raw)) => Some(*raw),
                    _ => None,
                };
                let said = std::iter::once(word).chain(following[..taken].iter().copied()).chain(raw);
                let text = said.collect::<Vec<_>>().join(" ");
                let error = NumberError { text: text.clone(), fault: Fault::OpenEnded };
                self.fail(text, PhraseFault::Number(error));
            }
            Some(bound) if before_number => self.bound = Some(bound),
            Some(bound) => self.draft.bound = Some(bound),
        }
        true
    }

    fn take_total(&mut self, word: &str) -> bool {
        let next = self.peek_word(0).map(domain::text::squeeze);
        let pair = (domain::text::squeeze(word), next.unwrap_or_default());
        let taken = match (pair.0.as_str(), pair.1.as_str()) {
            ("in" | "en" | "au", "total" | "totale") | ("in", "all") | ("w", "sumie") => 1,
            ("total" | "totale" | "overall" | "insgesamt" | "gesamt" | "altogether", _) => 0,
            (_, _) => return false,
        };
        self.at += taken;
        self.draft.total = true;
        true
    }

    /// `Box of 100` without a count; true if the word was the package.
    fn take_package(&mut self, word: &str) -> bool {
        let size_follows = self.peek_word(0).is_some_and(|of| {
            matches!(domain::text::squeeze(of).as_str(), "of" | "de" | "di" | "von" | "mit" | "po" | "x")
        }) && matches!(self.peek(1), Some(Token::Number(_)));
        if !size_follows || self.draft.package || self.draft.equivalent.is_some() {
            return false;
        }
        let Some(unit) = self.unit(word).filter(|u| u.meaning == UnitMeaning::Package) else { return false };
        self.draft.unit = Some(unit.code.to_string());
        self.draft.package = true;
        self.joint = false;
        true
    }

    fn keep_word(&mut self, word: String) {
        match &mut self.draft.equivalent {
            Some(equivalent) if !self.joint => equivalent.1.push(word),
            _ if self.joint && self.draft.quantity.is_some() => self.pending.push(word),
            _ => self.draft.words.push(word),
        }
    }

    fn close(&mut self, text: &str) {
        let pending = std::mem::take(&mut self.pending);
        self.draft.words.extend(pending);
        let draft = &self.draft;
        let empty =
            draft.quantity.is_none() && draft.pack.is_none() && draft.measured.is_none() && draft.report.is_none();
        if !empty {
            self.check_pack(text);
            self.flush();
        }
    }

    /// Holds the package against the unit of the report and its multiplier.
    fn check_pack(&mut self, text: &str) {
        let (Some(pack), Some((report, word)), Some(multiplier)) =
            (&self.draft.pack, self.draft.report, self.draft.multiplier)
        else {
            return;
        };
        let UnitMeaning::Fixed { numerator, denominator, .. } = report.meaning else { return };
        let held = pack.size.scaled_to_whole(i128::from(denominator), 1);
        let counted = multiplier.scaled_to_whole(i128::from(numerator), 1);
        if held.is_none() || held != counted {
            let how = format!("a package of {} is not {multiplier} {word}", pack.size);
            self.fail(text.trim(), PhraseFault::PackContradiction(how));
        }
    }

    /// Ends the reading in the making.
    fn flush(&mut self) {
        let draft = std::mem::take(&mut self.draft);
        let mut doubts = draft.doubts;
        if draft.total && draft.per.is_some() {
            doubts.push("says both a total and a period; the period is taken".to_owned());
        }
        if let (Some((report, said)), Some((measured, meant))) = (draft.report, draft.measured)
            && report.code != measured.code
        {
            doubts
                .push(format!("the report counts {said:?}, the goods are measured in {meant:?}; the latter is taken"));
        }
        let labelled = draft.measured.or(draft.report.filter(|_| draft.pack.is_none()));
        let unit = labelled.map(|(u, _)| u.code.to_string()).filter(|_| draft.pack.is_none()).or(draft.unit);
        let equivalent = draft.equivalent.filter(|(n, _)| !n.is_zero());
        self.done.push(Reading {
            quantity: draft.quantity,
            unit,
            pack: draft.pack,
            per: draft.per,
            bound: draft.bound.unwrap_or(Bound::Exact),
            product_words: trimmed(&draft.words),
            equivalent: equivalent.map(|(n, words)| (n, trimmed(&words))),
            doubts,
        });
    }
}

/// The words without the small ones at either end.
fn trimmed(words: &[String]) -> String {
    let first = words.iter().position(|w| !words::is_filler(w)).unwrap_or(words.len());
    let last = words.iter().rposition(|w| !words::is_filler(w)).map_or(first, |i| i + 1);
    words[first..last].join(" ")
}

fn is_fixed(unit: &Unit, of: BaseUnit) -> bool {
    matches!(unit.meaning, UnitMeaning::Fixed { base, .. } if base == of)
}

fn is_counted(unit: &Unit) -> bool {
    is_fixed(unit, BaseUnit::Piece) || unit.meaning == UnitMeaning::Package
}
