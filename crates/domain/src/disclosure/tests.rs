use super::*;

fn typed(of: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
    of.iter().map(|(name, groups)| ((*name).to_owned(), groups.iter().map(|g| (*g).to_owned()).collect())).collect()
}

/// A line for each audience: its groups by their names, or a dot.
fn table(disclosure: &Disclosure) -> String {
    let cell = |audience, group: FieldGroup| if disclosure.sees(audience, group) { group.as_str() } else { "." };
    let line = |audience: Audience| {
        let cells: Vec<&str> = FieldGroup::ALL.into_iter().map(|group| cell(audience, group)).collect();
        format!("{}: {}\n", audience.as_str(), cells.join(" "))
    };
    Audience::ALL.into_iter().map(line).collect()
}

/// The whole matrix; a change of it shows here, and belongs into docs/API.md.
#[test]
fn who_sees_what() {
    let all = "identity contact exact_place region capacity price terms certificates evidence notes";
    assert_eq!(
        table(&Disclosure::default()),
        format!(
            "owner: {all}\n\
             own_cluster: identity contact exact_place region capacity . terms certificates evidence notes\n\
             buyer: . . . region capacity . terms certificates . .\n\
             counterparty: identity contact . region capacity . terms certificates evidence .\n\
             issuer: identity . . region capacity . terms certificates . .\n\
             network: . . . . . . . . . .\n\
             public: . . . . . . . . . .\n\
             operator: {all}\n"
        )
    );
}

#[test]
fn the_owner_shows_more_group_by_group_and_nobody_else() {
    for widened in Audience::ALL.into_iter().filter(|a| a.may_be_shown_more()) {
        for group in FieldGroup::ALL {
            // To show how to be reached is to show who is.
            let with = if group == FieldGroup::Contact { &["contact", "identity"][..] } else { &[group.as_str()] };
            let with: Vec<&str> = with
                .iter()
                .filter(|word| !FieldGroup::parse(word).is_some_and(|g| Disclosure::default().sees(widened, g)))
                .copied()
                .collect();
            let Ok(disclosure) = Disclosure::check(&typed(&[(widened.as_str(), &[group.as_str()])])) else {
                let alone = with.len() == 2 && Disclosure::check(&typed(&[(widened.as_str(), &with)])).is_ok();
                assert!(alone || Disclosure::default().sees(widened, group));
                continue;
            };
            for (audience, seen) in Audience::ALL.into_iter().flat_map(|a| FieldGroup::ALL.map(|g| (a, g))) {
                let before = Disclosure::default().sees(audience, seen);
                // Who was a buyer sees as a counterparty what buyers see.
                let shown = audience == widened || (audience, widened) == (Audience::Counterparty, Audience::Buyer);
                assert_eq!(disclosure.sees(audience, seen), before || (shown && seen == group));
            }
        }
    }
}

#[test]
fn who_sees_rows_sees_the_nameless_row_and_who_sees_totals_sees_none() {
    for audience in Audience::ALL {
        let seen = Disclosure::default().seen_by(audience);
        assert_eq!(NAMELESS.iter().all(|group| seen.contains(group)), audience.sees_rows(), "{}", audience.as_str());
        assert_eq!(seen.is_empty(), !audience.sees_rows());
    }
    // Whatever a stored text says.
    let forged: Disclosure = serde_json::from_str(r#"{"public": ["identity"], "network": ["price"]}"#).unwrap();
    assert_eq!(table(&forged), table(&Disclosure::default()));
}

#[test]
fn every_fault_is_named_at_once() {
    let faults = Disclosure::check(&typed(&[
        ("buyer", &["identity", "region", "phone"]),
        ("network", &["identity"]),
        ("operator", &["price"]),
        ("own/cluster", &["price"]),
        ("public", &[]),
    ]));
    let faults: Vec<(String, &str)> =
        faults.unwrap_err().as_slice().iter().map(|v| (v.pointer.clone(), v.code)).collect();
    let faults: Vec<(&str, &str)> = faults.iter().map(|(pointer, code)| (pointer.as_str(), *code)).collect();
    assert_eq!(
        faults,
        [
            ("/disclosure/buyer/1", "shown_already"),
            ("/disclosure/buyer/2", "unknown_field_group"),
            ("/disclosure/network", "totals_only"),
            ("/disclosure/operator", "shown_already"),
            ("/disclosure/own~1cluster", "unknown_audience"),
            ("/disclosure/public", "totals_only"),
        ]
    );
}

#[test]
fn it_is_stored_as_it_was_typed_and_not_at_all_where_it_says_nothing() {
    let shown = Disclosure::check(&typed(&[("own_cluster", &["price"]), ("buyer", &["notes", "identity"])])).unwrap();
    let text = serde_json::to_string(&shown).unwrap();
    assert_eq!(text, r#"{"own_cluster":["price"],"buyer":["identity","notes"]}"#);
    assert_eq!(serde_json::from_str::<Disclosure>(&text).unwrap(), shown);
    assert!(Disclosure::check(&typed(&[("buyer", &[])])).unwrap().is_default());
}
