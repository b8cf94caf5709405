use super::*;

fn keys() -> SigningKeys {
    SigningKeys::from_secret(&[7; 32]).unwrap()
}

#[test]
fn the_key_is_made_once_and_only_its_owner_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let ids = Ids::seeded(1);
    let first = SigningKeys::open(folder.path(), &ids).unwrap();
    let again = SigningKeys::open(folder.path(), &ids).unwrap();
    assert_eq!(first.kid(), again.kid());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    let path = folder.path().join(KEY_FILE);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(SigningKeys::open(folder.path(), &ids), Err(KeyError::Exposed { .. })));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    fs::write(&path, "garbage").unwrap();
    assert!(matches!(SigningKeys::open(folder.path(), &ids), Err(KeyError::Malformed { .. })));
    assert!(!format!("{first:?}").contains(&BASE64.encode([7; 32])));
}

#[test]
fn a_seal_depends_on_key_and_message() {
    let other = SigningKeys::from_secret(&[8; 32]).unwrap();
    assert_eq!(keys().seal(b"a"), keys().seal(b"a"));
    assert_ne!(keys().seal(b"a"), keys().seal(b"b"));
    assert_ne!(keys().seal(b"a"), other.seal(b"a"));
}

#[test]
fn what_a_key_signed_is_taken_until_the_second_rotation() {
    let folder = tempfile::tempdir().unwrap();
    let ids = Ids::seeded(1);
    let before = SigningKeys::open(folder.path(), &ids).unwrap();
    assert_eq!(before.published().keys.len(), 2);
    let kid = SigningKeys::rotate(folder.path(), &ids).unwrap();
    // A process that runs on knows the new key, and another takes what it still signs with the old one.
    assert!(before.verifying(&kid).is_some() && before.kid() != kid);
    let after = SigningKeys::open(folder.path(), &ids).unwrap();
    assert_eq!(after.kid(), kid);
    assert!(after.verifying(before.kid()).is_some());
    assert_eq!(after.published().keys.len(), 3);
    assert!(after.is_seal(b"a", &before.seal(b"a")) && before.is_seal(b"a", &after.seal(b"a")));
    assert!(!after.is_seal(b"a", b""));
    SigningKeys::rotate(folder.path(), &ids).unwrap();
    let later = SigningKeys::open(folder.path(), &ids).unwrap();
    assert!(later.verifying(before.kid()).is_none() && later.verifying(&kid).is_some());
    let public = serde_json::to_string(&later.published()).unwrap();
    assert!(
        public.contains("\"kty\":\"OKP\"") && public.contains("\"use\":\"sig\"") && !public.contains("\"d\""),
        "{public}"
    );
}
