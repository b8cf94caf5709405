//! Columns by header, duplicates, unknown ones, and mappings.

use exchange::tables::{FileError, Kind, Mapping, SHIPPED};

use crate::fixture::{needs, offers, offers_by, stocks};

#[test]
fn imp_05_a_duplicate_column_is_refused() {
    for text in [
        "product,quantity,quantity\nffp,1000,5",
        "product,quantity,Quantity \nffp,1000,5",
        "product,quantity,qty\nffp,1000,5",
        "product,Produkt,quantity\nffp,ffp,5",
    ] {
        let error = offers(text).unwrap_err();
        assert!(matches!(error, FileError::DuplicateColumn { .. }), "{text:?}: {error}");
        assert!(error.to_string().starts_with("duplicate column"), "{error}");
    }
    let error = offers("product,quantity,quantity\nffp,1000,5").unwrap_err();
    assert!(error.to_string().contains("quantity (column B)") && error.to_string().contains("quantity (column C)"));
    // Somebody said which one counts.
    let map = "kind = \"offers\"\nignore = [\"Menge\"]";
    assert_eq!(stocks(&offers_by(map, "product,quantity,Menge\nffp,1000,5").unwrap()), [Ok(1000)]);
}

#[test]
fn imp_16_columns_are_found_by_name_in_any_order() {
    for text in ["product,quantity,unit\nffp,5,PR", "UNIT,Product,Qty\nPR,ffp,5", "Quantité;Unité;Produit\n5;PR;ffp"]
    {
        assert_eq!(stocks(&offers(text).unwrap()), [Ok(10)], "{text:?}");
    }
    let stranger = "E-Mail,product,quantitty,quantity\na@b.example,ffp,1,5";
    let error = offers(stranger).unwrap_err();
    let FileError::UnknownColumns(unknown) = &error else { panic!("{error}") };
    assert_eq!(unknown[0], ("E-Mail".to_owned(), Vec::new()));
    assert_eq!(unknown[1], ("quantitty".to_owned(), vec!["quantity".to_owned()]));
    for map in ["kind = \"offers\"\nignore = [\"e-mail\", \"quantitty\"]", "kind = \"offers\"\nignore_unknown = true"] {
        let file = offers_by(map, stranger).unwrap();
        assert_eq!(stocks(&file), [Ok(5)]);
        assert!(!format!("{:?}", file.rows[0].record).contains("a@b.example"), "an ignored column is nowhere");
    }
}

#[test]
fn a_column_without_a_name_is_unknown_unless_empty() {
    assert_eq!(stocks(&offers("product,quantity,,\nffp,5,,\n").unwrap()), [Ok(5)]);
    for text in ["product,quantity,\nffp,5,x", "product,quantity,,\nffp,5,x,y"] {
        assert!(matches!(offers(text).unwrap_err(), FileError::UnknownColumns(_)), "{text:?}");
    }
    let map = "kind = \"offers\"\nexternal_id = [\"#\"]";
    let file = offers_by(map, "#,product,quantity,\n7,ffp,5,\n").unwrap();
    assert_eq!(file.rows[0].external_id.as_deref(), Some("7"));
}

#[test]
fn missing_columns_are_named() {
    let error = offers("quantity,unit\n1,PR").unwrap_err();
    assert!(error.to_string().contains("no column for product"), "{error}");
    let error = needs("product\nffp").unwrap_err();
    assert!(error.to_string().contains("no column for quantity and due"), "{error}");
    let error = offers_by("kind = \"offers\"\n[columns]\nproduct = \"Ware\"", "product,quantity\nffp,1").unwrap_err();
    assert!(error.to_string().contains("\"Ware\" (product)"), "{error}");
    let error = offers_by("kind = \"needs\"", "product,quantity\nffp,1").unwrap_err();
    assert_eq!(error.code(), "wrong_kind");
    assert_eq!(offers("").unwrap_err(), FileError::Empty);
    assert_eq!(offers("\n\n,,\n").unwrap_err(), FileError::Empty);
}

#[test]
fn shipped_mappings_are_sound() {
    for (name, text) in SHIPPED {
        let mapping = Mapping::parse(text).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(mapping.kind == Kind::Needs, name.contains("recipients"));
        assert_eq!(Mapping::shipped(name.trim_end_matches(".toml")), Some(text));
    }
    assert_eq!(Mapping::shipped("other"), None);
}
