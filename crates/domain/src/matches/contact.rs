//! Whether a text tells how to reach somebody: until the sides of a match are open to each other, no message may.

/// What in a text tells how to reach somebody: an address of e-mail, of the web, or a telephone number.
pub fn contact_in(text: &str) -> Option<&'static str> {
    let words = || text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '<' | '>' | '(' | ')' | '"'));
    if words().any(|word| word.find('@').is_some_and(|at| at > 0 && at + 1 < word.len())) || spelled_out(text) {
        return Some("an e-mail address");
    }
    let lower = text.to_lowercase();
    if lower.contains("://") || lower.contains("www.") || words().any(is_domain) {
        return Some("an address of the web");
    }
    telephone(text).then_some("a telephone number")
}

/// `name (at) example.org` and the like.
fn spelled_out(text: &str) -> bool {
    let squeezed: String = text.to_lowercase().split_whitespace().collect();
    ["(at)", "[at]", "{at}"].iter().any(|at| squeezed.contains(at))
}

/// Whether a word is a name of a host: letters, a dot, and a top level of letters.
fn is_domain(word: &str) -> bool {
    let word = word.trim_end_matches(['.', '!', '?', ':']);
    let Some((rest, top)) = word.rsplit_once('.') else { return false };
    let label = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '-');
    let letters = top.len() >= 2 && top.chars().all(char::is_alphabetic);
    letters && rest.split('.').all(label) && rest.chars().any(char::is_alphabetic)
}

/// Whether seven digits or more stand together, with what people put between those of a telephone number. Lots and
/// quantities have fewer, or letters; a number of seven digits with dots or commas between its thousands is a quantity.
fn telephone(text: &str) -> bool {
    let (mut digits, mut begun, mut run) = (0, ' ', String::new());
    for c in text.chars().chain(std::iter::once('\n')) {
        if c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '/' | '.' | '(' | ')') {
            if c.is_ascii_digit() || c == '+' {
                if run.trim().is_empty() {
                    begun = c;
                }
                digits += usize::from(c.is_ascii_digit());
            }
            run.push(c);
            continue;
        }
        if digits >= 7 && (begun == '+' || begun == '0') {
            return true;
        }
        (digits, begun) = (0, ' ');
        run.clear();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_are_seen_and_business_is_not() {
        for text in [
            "write to anna@example.org",
            "anna (at) example.org",
            "see https://example.org/masks",
            "our site www.example.org",
            "we are mask-works.example",
            "call +49 89 123 456",
            "call 0711/1234567 please",
        ] {
            assert!(contact_in(text).is_some(), "{text}");
        }
        for text in [
            "4,000 by Friday, the rest 12.500 a week later",
            "EN 149:2001+A1:2009, lot 20200420",
            "Can you deliver at dock 3? We need 1 000 000.",
            "price 1.20 EUR each",
        ] {
            assert_eq!(contact_in(text), None, "{text}");
        }
    }
}
