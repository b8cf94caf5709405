//! Products by what people type.

use domain::code::ProductCode;

use crate::shared::tables;

/// The product, and the grade if one is implied, that a text names.
fn named(typed: &str) -> Result<String, Vec<String>> {
    match tables().0.identify(typed) {
        Ok(hit) => Ok(match hit.grade {
            Some(grade) => format!("{} {grade}", hit.product),
            None => hit.product.to_string(),
        }),
        Err(hits) => Err(hits.into_iter().map(|h| h.product.to_string()).collect()),
    }
}

#[test]
fn mat_01_people_s_words_find_the_product_and_its_grade() {
    let cases = [
        ("masque chirurgical", "medical-mask"),
        ("OP-Maske", "medical-mask"),
        ("op maske", "medical-mask"),
        ("mascherina chirurgica", "medical-mask"),
        ("Mascarilla quirúrgica", "medical-mask"),
        ("FFP 2", "ffp FFP2"),
        ("ffp2", "ffp FFP2"),
        ("KN95", "ffp KN95"),
        ("n95", "ffp N95"),
        ("Type IIR", "medical-mask TYPE-IIR"),
        ("face shield", "face-shield"),
        ("medical-mask", "medical-mask"),
    ];
    for (typed, expected) in cases {
        assert_eq!(named(typed).as_deref(), Ok(expected), "{typed}");
    }
    assert_eq!(named("ffp2-Maske").unwrap().split(' ').next(), Some("ffp"));
}

#[test]
fn search_puts_the_medical_mask_first() {
    for typed in ["masque chirurgical", "OP-Maske", "mascherina chirurgica", "surgical mask"] {
        assert_eq!(tables().0.search(typed)[0].product, ProductCode::new("medical-mask"), "{typed}");
    }
}

#[test]
fn public_codes_find_their_products() {
    let (catalogue, _) = tables();
    for product in catalogue.products() {
        let c = &product.classifications;
        for code in c.cpv.iter().chain(&c.hs).chain(&c.emdn) {
            let hits = catalogue.search(code);
            assert!(hits.iter().any(|h| h.product == product.code && h.score == 100), "{code} of {}", product.code);
        }
    }
    let codes =
        |p: &domain::catalogue::Product| [p.classifications.cpv.clone(), p.classifications.emdn.clone()].concat();
    let all: Vec<String> = catalogue.products().iter().flat_map(codes).collect();
    for product in catalogue.products() {
        for code in codes(product).iter().filter(|c| all.iter().filter(|a| a == c).count() == 1) {
            assert_eq!(named(code).as_deref(), Ok(product.code.as_str()), "{code}");
        }
    }
    // Shared by several products, a code lists them instead of choosing one.
    let candidates = named("35113400").unwrap_err();
    assert!(candidates.contains(&"ffp".to_owned()), "{candidates:?}");
}

#[test]
fn mat_02_a_label_with_a_slash_finds_what_its_parts_find() {
    let (catalogue, _) = tables();
    for label in ["Visiere/Face shield", "Visiere / Face shield", "Face shield/Visiere", "Gesichtsschild/Face shield"] {
        assert_eq!(named(label).as_deref(), Ok("face-shield"), "{label}");
        assert_eq!(catalogue.search(label)[0].product, ProductCode::new("face-shield"), "{label}");
    }
    assert!(named("Face shield/Nonsense").is_err());
    assert!(named("Face shield/Surgical mask").is_err());
}

#[test]
fn every_product_is_found_by_its_own_code_and_names() {
    let (catalogue, _) = tables();
    for product in catalogue.products() {
        assert_eq!(named(product.code.as_str()).as_deref(), Ok(product.code.as_str()));
        for name in &product.names {
            let hits = catalogue.search(name);
            assert!(hits.iter().any(|h| h.product == product.code && h.score == 100), "{name} of {}", product.code);
        }
    }
}

#[test]
fn a_word_of_several_products_lists_them() {
    let candidates = named("mascherina").unwrap_err();
    assert!(candidates.len() > 1 && candidates.contains(&"medical-mask".to_owned()), "{candidates:?}");
    assert_eq!(named("zeppelin"), Err(Vec::new()));
}
