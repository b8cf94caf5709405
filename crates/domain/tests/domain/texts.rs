//! Text that people type: no string breaks anything, and folding is the same twice (UNI-01 to UNI-05).

use domain::{
    catalogue::Hit,
    price::Currency,
    rate::Period,
    text,
    time::{Day, Instant, Zone},
};
use proptest::prelude::*;

use crate::world::{WORLD, code, grade};

fn named(typed: &str) -> Result<Hit, Vec<Hit>> {
    WORLD.catalogue.identify(typed)
}

#[test]
fn mat_02_a_label_with_slashes_is_what_its_parts_are() {
    assert_eq!(named("FFP 2/ffp2").unwrap().grade, Some(grade("FFP2")));
    assert_eq!(named("medical mask / medical-mask").unwrap().product, code("medical-mask"));
    assert!(named("gown/ffp").is_err());
    let both: Vec<_> = WORLD.catalogue.search("gown/ffp").into_iter().map(|h| h.product).collect();
    assert_eq!(both, [code("gown"), code("ffp")]);
    for typed in ["/", "//", " / ", "", "％/＿"] {
        assert_eq!(named(typed), Err(vec![]), "{typed:?}");
    }
}

#[test]
fn uni_01_composed_and_decomposed_words_are_found_alike() {
    assert_eq!(text::fold("Mu\u{308}ller"), text::fold("Müller"));
    assert_eq!(text::name("/name", "Mu\u{308}ller").unwrap(), "Müller");
}

#[test]
fn uni_04_what_shows_nothing_is_no_name() {
    for typed in ["\u{3164}", "\u{ffa0}", "\u{115f}\u{1160}", "\u{2028}", "\u{a0}", "Acme\u{2065}", "Acme\u{2064}"] {
        assert!(text::name("/name", typed).is_err(), "{typed:?}");
    }
    assert_eq!(text::name("/name", "  Acme\u{a0}\u{a0}GmbH ").unwrap(), "Acme GmbH");
}

#[test]
fn messages_name_the_value_and_the_remedy() {
    let said = |typed: &str| text::name("/name", typed).unwrap_err().as_slice()[0].detail.clone();
    assert_eq!(said(&"é".repeat(201)), "has 201 characters; shorten it to 200");
    assert_eq!(said(&"🙂a".repeat(900)), "has 1800 characters; shorten it to 200");
    assert!(said("a\u{200b}").contains("U+200B"));
}

proptest! {
    #[test]
    fn folding_twice_is_folding_once(typed in any::<String>()) {
        let once = text::fold(&typed);
        prop_assert_eq!(text::fold(&once), once.clone());
        prop_assert!(!once.contains("  ") && once.trim() == once);
        prop_assert!(!text::squeeze(&typed).contains(' '));
    }

    #[test]
    fn case_does_not_matter(typed in "[A-Za-zÀ-žΑ-ωА-я0-9 -]{0,40}") {
        prop_assert_eq!(text::fold(&typed.to_uppercase()), text::fold(&typed.to_lowercase()));
    }

    #[test]
    fn a_stored_name_is_stored_as_it_is(typed in any::<String>()) {
        if let Ok(name) = text::name("/name", &typed) {
            prop_assert!(name.chars().count() <= text::NAME_LIMIT);
            prop_assert_eq!(text::name("/name", &name), Ok(name.clone()));
        }
        if let Ok(note) = text::note("/note", &typed) {
            prop_assert_eq!(text::note("/note", &note), Ok(note.clone()));
        }
        let _ = text::mixes_scripts(&typed);
    }

    #[test]
    fn no_text_breaks_a_reader(typed in any::<String>()) {
        let _ = (named(&typed), WORLD.catalogue.identify_grade(&code("ffp"), &typed));
        let _ = (WORLD.catalogue.certificate_kind(&typed), WORLD.catalogue.unit_table().find(&typed));
        let _ = (Day::parse(&typed), Instant::parse(&typed), Zone::parse(&typed));
        let _ = (Period::parse(&typed), Currency::parse(&typed), domain::time::weekday_number(&typed));
    }

    #[test]
    fn tim_05_dates_are_read_back_as_they_were(typed in "[0-9]{1,5}-[0-9]{1,2}-[0-9]{1,2}") {
        if let Ok(day) = Day::parse(&typed) {
            prop_assert_eq!(day.to_string(), typed);
            prop_assert_eq!(Day::from_number(day.number()), Some(day));
            prop_assert!((0..7).contains(&day.since(day.monday())));
        }
    }

    #[test]
    fn tim_01_instants_are_read_back_as_they_were(
        typed in "(19|20|21)[0-9]{2}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9](:[0-6][0-9](\\.[0-9]{1,9})?)?(Z|[+-][01][0-9]:[0-5][0-9])?"
    ) {
        if let Ok(at) = Instant::parse(&typed) {
            let (clock, rest) = typed.split_at(16);
            prop_assert!(rest.ends_with('Z') || rest.contains(['+', '-']), "{} without an offset", clock);
            prop_assert_eq!(Instant::parse(&at.to_string()), Ok(at));
            prop_assert_eq!(Instant::from_micros(at.micros()), Some(at));
        }
    }
}
