//! A phrase cut into numbers, words and signs.

use crate::number::{is_apostrophe, is_blank, is_exponent};

/// A piece of a phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A number as it stood, separators and sign included.
    Number(&'a str),
    /// A word; may hold digits and hyphens (`FFP2`, `single-use`, `3-ply`).
    Word(&'a str),
    /// Letters glued to the number before them (`300ml`, `5k`).
    Suffix(&'a str),
    /// `/`.
    Slash,
    /// `=`.
    Equals,
    /// `,`, `;`, `.`, brackets and line ends between words.
    Stop,
    /// `~`, `≈`, `±`.
    About,
    /// `≤`, `<`.
    AtMost,
    /// A number that is none: a range, `50+`, `½`, `1E+05`, `>500`, whole as it stood.
    Odd(&'a str),
}

/// Cuts a phrase; nothing in it is lost but blanks and quotes.
pub(super) fn cut(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let (token, length) = if c.is_ascii_digit() {
            number(rest, &mut tokens)
        } else if c.is_alphabetic() {
            let length = word_length(rest);
            (Some(Token::Word(&rest[..length])), length)
        } else {
            sign(text, at, c)
        };
        tokens.extend(token);
        at += length;
    }
    tokens
}

fn sign(text: &str, at: usize, c: char) -> (Option<Token<'_>>, usize) {
    let (rest, width) = (&text[at..], c.len_utf8());
    let digit_next = rest[width..].trim_start().starts_with(|d: char| d.is_ascii_digit());
    let after_digit = text[..at].trim_end().ends_with(|d: char| d.is_ascii_digit());
    match c {
        '/' => (Some(Token::Slash), width),
        '=' => (Some(Token::Equals), width),
        ',' | ';' | '.' | '\n' | '(' | ')' | '|' => (Some(Token::Stop), width),
        '~' | '\u{2248}' | '\u{B1}' => (Some(Token::About), width),
        '\u{2264}' | '<' => (Some(Token::AtMost), width),
        '>' | '\u{2265}' if digit_next => odd(rest, width),
        '\u{BC}'..='\u{BE}' | '\u{2150}'..='\u{215E}' => (Some(Token::Odd(&rest[..width])), width),
        '-' | '\u{2212}' if digit_next && !after_digit && rest[width..].starts_with(|d: char| d.is_ascii_digit()) => {
            let length = width + digits_length(&rest[width..]);
            (Some(Token::Number(&rest[..length])), length)
        }
        _ => (None, width),
    }
}

/// From a sign before a number to the end of that number.
fn odd(rest: &str, width: usize) -> (Option<Token<'_>>, usize) {
    let blanks = rest[width..].len() - rest[width..].trim_start().len();
    let length = width + blanks + digits_length(&rest[width + blanks..]);
    (Some(Token::Odd(&rest[..length])), length)
}

/// A number and what is glued to it. Letters of a unit or a scale come as a suffix token of their
/// own; `3-ply` and `2x2` are words.
fn number<'a>(rest: &'a str, tokens: &mut Vec<Token<'a>>) -> (Option<Token<'a>>, usize) {
    let length = digits_length(rest);
    let (digits, tail) = (&rest[..length], &rest[length..]);
    let glued = tail.len() - tail.trim_start_matches(|c: char| c.is_alphanumeric() || matches!(c, '+' | '-')).len();
    if is_exponent(&rest[..length + glued]) {
        return (Some(Token::Odd(&rest[..length + glued])), length + glued);
    }
    if let Some(range) = range_length(rest, length) {
        return (Some(Token::Odd(&rest[..range])), range);
    }
    let mut next = tail.chars();
    match next.next() {
        Some('+') if !next.next().is_some_and(|c| c.is_ascii_digit()) => {
            (Some(Token::Odd(&rest[..=length])), length + 1)
        }
        Some('-') if tail[1..].starts_with(char::is_alphabetic) => {
            let length = length + 1 + word_length(&tail[1..]);
            (Some(Token::Word(&rest[..length])), length)
        }
        Some('%') => (Some(Token::Word(&rest[..=length])), length + 1),
        Some(' ' | '\u{A0}') if tail.trim_start().starts_with('%') => {
            let length = rest.len() - tail.trim_start().len() + 1;
            (Some(Token::Word(&rest[..length])), length)
        }
        Some('\u{BC}'..='\u{BE}') => {
            let length = length + 2;
            (Some(Token::Odd(&rest[..length])), length)
        }
        Some(c) if c.is_alphabetic() => {
            let letters = word_length(tail);
            tokens.push(Token::Number(digits));
            (Some(Token::Suffix(&tail[..letters])), length + letters)
        }
        Some(_) | None => (Some(Token::Number(digits)), length),
    }
}

/// Digits with the separators between them. A blank joins only groups of three: `456 000`.
fn digits_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits_from = |at: usize| bytes[at..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut length = digits_from(0);
    let mut grouped = length <= 3;
    while let Some(c) = text[length..].chars().next() {
        let after = length + c.len_utf8();
        let digits = digits_from(after);
        let joins = match c {
            '.' | ',' => digits > 0,
            c if is_apostrophe(c) || is_blank(c) => grouped && digits == 3 && starts_no_word(&text[after + digits..]),
            _ => false,
        };
        if !joins {
            break;
        }
        grouped = digits == 3;
        length = after + digits;
    }
    length
}

/// Whether digits end where a number may end: `50 100ml` is 50 of 100 ml, not 50100 ml.
fn starts_no_word(rest: &str) -> bool {
    !rest.starts_with(|c: char| c.is_alphabetic())
}

/// The length of `5-10`, `5 to 10k`; `None` where no second number follows.
fn range_length(rest: &str, length: usize) -> Option<usize> {
    let mut at = length;
    if let Some(c) = rest[at..].chars().next().filter(|c| matches!(c, 'k' | 'K' | 'M' | 'm')) {
        at += c.len_utf8();
    }
    let tail = rest[at..].trim_start();
    let joints = ["-", "\u{2013}", "\u{2014}", "..", "to ", "bis ", "\u{e0} ", "do "];
    let joint = joints.iter().find(|j| tail.starts_with(**j))?;
    let second = tail[joint.len()..].trim_start_matches('.').trim_start();
    if !second.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let start = rest.len() - second.len();
    Some(start + digits_length(second))
}

/// A word: letters and digits, with hyphens, apostrophes and dots between letters.
fn word_length(text: &str) -> usize {
    let mut length = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, c)| *c);
        let inner = matches!(c, '-' | '\'' | '\u{2019}' | '&') && next.is_some_and(char::is_alphanumeric);
        // Squares and cubes belong to their unit.
        if !(c.is_alphanumeric() || inner || matches!(c, '\u{B2}' | '\u{B3}')) {
            break;
        }
        length = at + c.len_utf8();
    }
    length
}
