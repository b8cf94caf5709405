//! Opaque cursors: the key of the last row seen, sealed together with what was asked for and by whom.

use app::{PageKey, signing_keys::SigningKeys};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use uuid::Uuid;

use crate::problem::Problem;

const SEAL: usize = 16;
/// The longest place a cursor holds, in bytes.
const LONGEST: usize = 64;

/// The cursor of a key. `question` names list, filters and caller: a cursor answers no other.
pub fn of_key(keys: &SigningKeys, question: &str, key: PageKey) -> String {
    let mut place = key.at.to_be_bytes().to_vec();
    place.extend_from_slice(key.id.as_bytes());
    encode(keys, question, &place)
}

/// The key of a cursor, if it is ours and answers the same question (field case PAG-05).
pub fn to_key(keys: &SigningKeys, question: &str, cursor: &str) -> Result<PageKey, Problem> {
    let place = decode(keys, question, cursor)?;
    let read = || {
        let (at, id) = place.split_at_checked(8)?;
        Some(PageKey { at: i64::from_be_bytes(at.try_into().ok()?), id: Uuid::from_slice(id).ok()? })
    };
    read().ok_or_else(refusal)
}

/// The cursor of any place, at most 64 bytes of it.
pub fn encode(keys: &SigningKeys, question: &str, place: &[u8]) -> String {
    let mut bytes = place.to_vec();
    bytes.extend_from_slice(&keys.seal(&sealed(question, place)));
    BASE64.encode(bytes)
}

/// The place of a cursor, if it is ours and answers the same question.
pub fn decode(keys: &SigningKeys, question: &str, cursor: &str) -> Result<Vec<u8>, Problem> {
    let read = || {
        let bytes = BASE64.decode(cursor).ok()?;
        let at = bytes.len().checked_sub(SEAL).filter(|at| *at <= LONGEST)?;
        let (place, seal) = bytes.split_at_checked(at)?;
        keys.is_seal(&sealed(question, place), seal).then(|| place.to_vec())
    };
    read().ok_or_else(refusal)
}

/// The cursor of a place that tells its reader nothing, not even how far it is from another: `salt` differs wherever two
/// of one place shall look different.
pub fn hide(keys: &SigningKeys, question: &str, place: &[u8], salt: i64) -> String {
    let salted = [&salt.to_be_bytes(), place].concat();
    BASE64.encode(keys.hide(question.as_bytes(), &salted))
}

/// The place of a hidden cursor, if it is ours and answers the same question.
pub fn reveal(keys: &SigningKeys, question: &str, cursor: &str) -> Result<Vec<u8>, Problem> {
    let read = || {
        let hidden = BASE64.decode(cursor).ok().filter(|bytes| bytes.len() <= LONGEST + SEAL)?;
        let mut salted = keys.reveal(question.as_bytes(), &hidden)?;
        (salted.len() >= 8).then(|| salted.split_off(8))
    };
    read().ok_or_else(refusal)
}

fn refusal() -> Problem {
    let detail = "the cursor was changed, or belongs to another list, filter or caller; start again without it";
    Problem::new("invalid_cursor", detail)
}

/// The question's length stands first, so that no two pairs of question and place look alike.
fn sealed(question: &str, place: &[u8]) -> Vec<u8> {
    let mut message = format!("{}:{question}", question.len()).into_bytes();
    message.extend_from_slice(place);
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pag_05_a_forged_or_foreign_cursor_is_refused() {
        let keys = SigningKeys::from_secret(&[7; 32]).unwrap();
        let key = PageKey { at: -5, id: Uuid::from_u128(9) };
        let cursor = of_key(&keys, "offers?state=published", key);
        assert_eq!(to_key(&keys, "offers?state=published", &cursor).unwrap(), key);
        assert!(to_key(&keys, "offers?state=paused", &cursor).is_err());
        for at in 0..cursor.len() {
            let mut forged = cursor.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            assert!(to_key(&keys, "offers?state=published", &forged).is_err(), "{at}");
        }
        for bad in ["", "x", "%00", "AAAA"] {
            assert!(to_key(&keys, "offers?state=published", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn pag_05_a_hidden_cursor_is_refused_when_forged_and_tells_nothing() {
        let keys = SigningKeys::from_secret(&[7; 32]).unwrap();
        let place = [0_u8, 0, 0, 0, 0, 0, 0, 41, 1, 2, 3, 4, 5, 6, 7, 8, 9];
        let cursor = hide(&keys, "changes", &place, 5);
        assert_eq!(reveal(&keys, "changes", &cursor).unwrap(), place);
        assert!(reveal(&keys, "changes of others", &cursor).is_err());
        assert!(reveal(&SigningKeys::from_secret(&[8; 32]).unwrap(), "changes", &cursor).is_err());
        for at in 0..cursor.len() {
            let mut forged = cursor.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            assert!(reveal(&keys, "changes", &forged).is_err(), "{at}");
        }
        for bad in ["", "x", "%00", "AAAA", "AAAAAAAAAAAAAAAAAAAAAAAA"] {
            assert!(reveal(&keys, "changes", bad).is_err(), "{bad}");
        }
        // Neither the place nor a neighbour's is to be read off.
        let bytes = BASE64.decode(&cursor).unwrap();
        assert!(!bytes.windows(4).any(|part| place.windows(4).any(|own| own == part)));
        assert_ne!(hide(&keys, "changes", &place, 6), cursor);
    }
}
