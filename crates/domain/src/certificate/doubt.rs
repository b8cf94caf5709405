//! Why a certificate does not count before somebody has looked at it.

use unicode_normalization::UnicodeNormalization;

use super::{Certificate, CertificateKind};
use crate::{notified_body::NotifiedBody, offer::Role, time::Day};

/// Something that speaks against a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// The list of notified bodies has no such number.
    UnknownBody(String),
    /// The body is not designated for the law that such a paper is of.
    OutOfScope(String),
    /// The designation of the body had ended.
    BodyEnded(String, Day),
    /// Another organisation stated a certificate of this number before.
    NumberElsewhere,
    /// It was rejected, and then changed.
    RejectedBefore,
}

impl Doubt {
    /// In words, for the owner and for who looks at it. They name nobody else.
    pub fn reason(&self) -> String {
        match self {
            Self::UnknownBody(number) => format!("no notified body {number} is on the list of this service"),
            Self::OutOfScope(number) => {
                format!("the notified body {number} is not designated for the law that this certificate is of")
            }
            Self::BodyEnded(number, on) => format!("the designation of the notified body {number} ended on {on}"),
            Self::NumberElsewhere => "another organisation states a certificate of the same number".to_owned(),
            Self::RejectedBefore => "the certificate was rejected, and stated otherwise since".to_owned(),
        }
    }

    /// What the list of notified bodies says against a certificate; `frames` are the codes of the laws that such a paper
    /// of the product may be of, none where any will do. `listed` is the body's entry, if it has one.
    pub fn of_body(
        certificate: &Certificate,
        kind: &CertificateKind,
        listed: Option<&NotifiedBody>,
        frames: &[&str],
        today: Day,
    ) -> Option<Self> {
        let number = body_number(certificate, kind)?;
        let Some(body) = listed else { return Some(Self::UnknownBody(number.to_owned())) };
        if !frames.is_empty() && !frames.iter().any(|frame| body.frames.contains(*frame)) {
            return Some(Self::OutOfScope(number.to_owned()));
        }
        let signed = certificate.valid_from.unwrap_or(today);
        let over = body.until.filter(|until| *until < signed);
        over.map(|until| Self::BodyEnded(number.to_owned(), until))
    }
}

/// The number of the notified body of a certificate, wherever it stands.
pub fn body_number<'c>(certificate: &'c Certificate, kind: &CertificateKind) -> Option<&'c str> {
    let own = certificate.number.as_deref().filter(|_| kind.is_numbered_by_body());
    certificate.notified_body.as_deref().or(own)
}

/// What tells that two certificates of a kind have one number, in whatever spelling. `None` where nothing follows from
/// that: there is no number, or a trader shows whose paper it is.
pub fn number_key(certificate: &Certificate, role: Role) -> Option<String> {
    let declared = role == Role::Trader && certificate.holder.is_some();
    let number = certificate.number.as_deref().filter(|_| !declared)?;
    let key: String = number.nfkc().flat_map(char::to_uppercase).filter(|c| c.is_alphanumeric()).collect();
    (!key.is_empty()).then(|| format!("{} {key}", certificate.kind))
}
