//! E-mail addresses as this service takes them: plain ASCII, folded to lower case, so that no two accounts
//! differ only in what the eye does not see (field cases ORG-07, UNI-05).

use std::fmt;

use crate::violation::Violations;

/// The longest address, in characters (RFC 5321 leaves 254 for it).
pub const LONGEST: usize = 254;
/// The longest part before the `@`.
const LONGEST_LOCAL: usize = 64;
/// The longest label of a domain.
const LONGEST_LABEL: usize = 63;

/// An address that mail may be sent to, in lower case.
///
/// Letters beyond ASCII are refused, also where RFC 6531 allows them: look-alikes take over accounts, and many
/// servers do not deliver to them. A domain with such letters has an `xn--` form, which is taken.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// From what was typed; blanks around it are dropped.
    ///
    /// # Errors
    /// One violation at `pointer`, `too_long` or `bad_email`.
    pub fn parse(pointer: &str, typed: &str) -> Result<Self, Violations> {
        let bad = |detail: &str| Violations::one(pointer, "bad_email", detail);
        // Before anything looks at it: a long one costs nobody any time.
        if typed.len() > 4 * LONGEST {
            let detail = format!("has more than {LONGEST} characters; no address is that long");
            return Err(Violations::one(pointer, "too_long", detail));
        }
        let text = typed.trim();
        if text.is_empty() {
            return Err(bad("is blank; write an address such as ann@example.org"));
        }
        if !text.is_ascii() {
            return Err(bad("holds letters beyond a to z; write a domain in its xn-- form, or take another address"));
        }
        if text.len() > LONGEST {
            let detail = format!("has {} characters; no address has more than {LONGEST}", text.len());
            return Err(Violations::one(pointer, "too_long", detail));
        }
        let Some((local, domain)) = text.rsplit_once('@') else {
            return Err(bad("has no @; write an address such as ann@example.org"));
        };
        if !is_local(local) {
            return Err(bad("is wrong before the @; letters, digits and !#$%&'*+/=?^_`{|}~- with single dots between"));
        }
        if !is_domain(domain) {
            return Err(bad("is wrong after the @; write a domain such as example.org"));
        }
        Ok(Self(text.to_ascii_lowercase()))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for EmailAddress {
    /// Names nobody: a log may print it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(..)")
    }
}

/// Atoms of RFC 5322 with single dots between.
fn is_local(local: &str) -> bool {
    let atom = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&b);
    local.len() <= LONGEST_LOCAL && local.split('.').all(|part| !part.is_empty() && part.bytes().all(atom))
}

/// Two labels or more, the last of them no number.
fn is_domain(domain: &str) -> bool {
    let label = |label: &str| {
        let edges = label.starts_with('-') || label.ends_with('-');
        let plain = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        !label.is_empty() && label.len() <= LONGEST_LABEL && !edges && plain
    };
    let top = domain.rsplit('.').next().unwrap_or_default();
    let named = top.len() >= 2 && top.bytes().any(|b| b.is_ascii_alphabetic());
    domain.contains('.') && named && domain.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uni_05_addresses_are_taken_or_refused_as_the_docs_say() {
        for (typed, stored) in [
            ("ann@example.org", "ann@example.org"),
            (" Ann.B+ppe@Example.ORG ", "ann.b+ppe@example.org"),
            ("o'neil@xn--mller-kva.de", "o'neil@xn--mller-kva.de"),
        ] {
            assert_eq!(EmailAddress::parse("/email", typed).unwrap().as_str(), stored);
        }
        let long = format!("{}@example.org", "a".repeat(10_000));
        let label = format!("a@{}.org", "b".repeat(64));
        for typed in [
            "",
            "a@b",
            ".x@y.de",
            "x.@y.de",
            "x..y@z.de",
            "ann",
            "a b@example.org",
            "a@exam_ple.org",
            "a@-b.org",
            "a@example.123",
            "a@example.o",
            "büro@müller.de",
            "p\u{435}rson@example.com",
            "a@b@c.org,d@e.org",
            &long,
            &label,
            "a@example.org\n",
            "a\0@example.org",
            "@example.org",
            "a@",
            "<a@example.org>",
        ] {
            let trimmed = typed.trim() == "a@example.org";
            assert_eq!(EmailAddress::parse("/email", typed).is_ok(), trimmed, "{typed:?}");
        }
    }

    #[test]
    fn org_07_case_makes_no_other_address_and_no_log_shows_it() {
        let (a, b) = (EmailAddress::parse("", "person@example.com"), EmailAddress::parse("", "PERSON@EXAMPLE.COM"));
        assert_eq!(a, b);
        assert!(!format!("{a:?}").contains("person"));
    }
}
