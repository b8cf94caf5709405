//! Calls: an authority or a cluster asks organisations, until an instant, what they can offer.

use serde::{Deserialize, Serialize};

use crate::{
    code::{ProductCode, RegionCode},
    ids::{CallId, OrganisationId},
    time::{Day, Instant, Zone},
    violation::Violations,
};

pub mod answer;
mod check;
mod input;
mod law;
pub mod report;
pub mod standing;

pub use input::{CallInput, QuestionInput};
pub use law::{LegalBasis, article_10_clock, is_countermeasure, is_medical_device};

/// Where a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    /// Being prepared; nobody but its issuer knows of it.
    Draft,
    /// Answers are taken.
    Open,
    /// Its report is made.
    Closed,
    /// Taken back without a report.
    Cancelled,
}

impl CallState {
    /// All of them.
    pub const ALL: [CallState; 4] = [Self::Draft, Self::Open, Self::Closed, Self::Cancelled];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Cancelled => "cancelled",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether a call may go from this state to another.
    pub fn may_become(self, next: CallState) -> bool {
        matches!(
            (self, next),
            (Self::Draft, Self::Open) | (Self::Draft | Self::Open, Self::Cancelled) | (Self::Open, Self::Closed)
        )
    }
}

/// Who else than its issuer and those who are invited sees a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallVisibility {
    /// Nobody.
    Invited,
    /// Every cluster that the operator vouches for.
    Clusters,
    /// Every organisation that somebody vouches for.
    Market,
}

impl CallVisibility {
    /// All of them, narrowest first.
    pub const ALL: [CallVisibility; 3] = [Self::Invited, Self::Clusters, Self::Market];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Clusters => "clusters",
            Self::Market => "market",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|v| v.as_str() == name)
    }
}

/// What kind of answer a question takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuestionKind {
    /// Words.
    Text,
    /// A number.
    Number,
    /// Yes or no.
    YesNo,
}

impl QuestionKind {
    /// All of them.
    pub const ALL: [QuestionKind; 3] = [Self::Text, Self::Number, Self::YesNo];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::YesNo => "yes_no",
        }
    }
}

/// A question of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// What answers name it by, unique in its call.
    pub code: String,
    /// The question.
    pub text: String,
    /// What kind of answer it takes.
    pub kind: QuestionKind,
    /// Whether an answer with offers must answer it.
    pub required: bool,
}

/// Until when a call is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerBy {
    /// The first instant at which it is too late.
    pub at: Instant,
    /// The day at whose end that is, where a day was stated.
    pub day: Option<Day>,
    /// The zone of that day, by its IANA name.
    pub zone: Option<String>,
}

impl AnswerBy {
    /// From what was typed: an instant with its offset, or a day with a zone, which ends with that day there (field
    /// cases TIM-01, TIM-02).
    ///
    /// # Errors
    /// `bad_instant` at `/answer_by`; `missing` and `unknown_zone` at `/zone`.
    pub fn parse(typed: &str, zone: Option<&str>) -> Result<Self, Violations> {
        let mut faults = Violations::new();
        let zone = zone.map(|name| Zone::parse(name).map_err(|e| Violations::one("/zone", "unknown_zone", e)));
        let zone = zone.and_then(|zone| faults.keep(zone));
        let name = zone.as_ref().map(|zone| zone.name().to_owned());
        let is_day = !typed.contains(':');
        let at = match (is_day, &zone) {
            (false, _) => Instant::parse(typed)
                .map(|at| Self { at, day: None, zone: name })
                .map_err(|detail| Violations::one("/answer_by", "bad_instant", detail)),
            (true, zone) => Day::parse(typed)
                .map_err(|detail| Violations::one("/answer_by", "bad_date", detail))
                .and_then(|day| match zone {
                    Some(zone) => Ok(Self { at: zone.end_of(day), day: Some(day), zone: name }),
                    None if faults.is_empty() => {
                        let detail = "is missing; a day ends at another instant in each zone: write an IANA name such as \
                                      Europe/Brussels, or an instant with its offset as answer_by";
                        Err(Violations::one("/zone", "missing", detail))
                    }
                    None => Err(Violations::new()),
                }),
        };
        let at = faults.keep(at);
        faults.into_result()?;
        at.ok_or_else(|| Violations::one("/answer_by", "incomplete", "could not be read; write a day and a zone"))
    }

    /// As it was typed.
    pub fn typed(&self) -> String {
        self.day.map_or_else(|| self.at.to_string(), |day| day.to_string())
    }

    /// The zone in which its days are counted; UTC where none was stated.
    pub fn zone(&self) -> Zone {
        self.zone.as_deref().and_then(|name| Zone::parse(name).ok()).unwrap_or_else(Zone::utc)
    }
}

/// What a call asks; every check of [`CallInput::check`] passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallTerms {
    /// What it is about, in a line.
    pub title: String,
    /// What it says.
    pub text: String,
    /// The products; never empty, each once.
    pub products: Vec<ProductCode>,
    /// Where it asks; everywhere when empty.
    pub regions: Vec<RegionCode>,
    /// First day of the period that it asks about.
    pub from: Day,
    /// Its last day.
    pub until: Day,
    /// Until when it is answered.
    pub answer_by: AnswerBy,
    /// By what law it asks.
    pub legal_basis: LegalBasis,
    /// Whether answers and report are marked as confidential.
    pub confidential: bool,
    /// Its questions.
    pub questions: Vec<Question>,
    /// Who sees it.
    pub visibility: CallVisibility,
}

/// A call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its id.
    pub id: CallId,
    /// Who issued it.
    pub organisation: OrganisationId,
    /// What it asks.
    pub terms: CallTerms,
    /// Where it stands.
    pub state: CallState,
    /// When it was opened.
    pub opened_at: Option<Instant>,
    /// When it was closed or cancelled.
    pub ended_at: Option<Instant>,
    /// How many of the reminders by the clock are behind it.
    pub reminders: u8,
    /// When its issuer last reminded by hand.
    pub reminded_at: Option<Instant>,
}

/// How long before the answer-by instant those who are silent are reminded, in microseconds: two days, six hours.
pub const REMINDERS: [i64; 2] = [2 * 86_400 * 1_000_000, 6 * 3_600 * 1_000_000];

impl Call {
    /// Whether answers are taken at an instant: by the clock, not only once it is closed.
    pub fn takes_answers(&self, now: Instant) -> bool {
        self.state == CallState::Open && now < self.terms.answer_by.at
    }

    /// How many of the reminders by the clock are due or past at an instant.
    pub fn reminders_due(&self, now: Instant) -> u8 {
        let due = REMINDERS.iter().filter(|before| self.terms.answer_by.at.plus_micros(-**before) <= now).count();
        u8::try_from(due).unwrap_or(u8::MAX)
    }
}

/// That an organisation is asked to answer a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invitation {
    /// The call.
    pub call: CallId,
    /// Who is asked.
    pub organisation: OrganisationId,
    /// As a member of which cluster, where all its members were invited. Its issuer then learns who it is from the
    /// answer and not before.
    pub through: Option<OrganisationId>,
    /// Since when.
    pub invited_at: Instant,
    /// When it was last reminded.
    pub reminded_at: Option<Instant>,
}

#[cfg(test)]
mod tests;
