use super::*;
use crate::{catalogue::Catalogue, time::Instant};

fn instant(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

fn check(typed: &str, zone: Option<&str>, expected: &str) {
    let found = match AnswerBy::parse(typed, zone) {
        Ok(by) => format!("{} {}", by.at, by.typed()),
        Err(faults) => {
            let told: Vec<String> = faults.as_slice().iter().map(|v| format!("{} {}", v.pointer, v.code)).collect();
            told.join(", ")
        }
    };
    assert_eq!(found, expected, "{typed} {zone:?}");
}

#[test]
fn tim_02_a_day_ends_at_its_end_in_the_stated_zone() {
    check("2026-05-14", Some("Europe/Lisbon"), "2026-05-14T23:00:00.000000Z 2026-05-14");
    check("2026-05-14", Some("Europe/Athens"), "2026-05-14T21:00:00.000000Z 2026-05-14");
    check("2026-05-14", None, "/zone missing");
    check("2026-05-14", Some("Mars/Olympus"), "/zone unknown_zone");
    check("2026-05-14T20:00:00+01:00", None, "2026-05-14T19:00:00.000000Z 2026-05-14T19:00:00.000000Z");
}

#[test]
fn tim_01_a_day_ends_once_also_when_clocks_change() {
    for local in ["2026-03-29T02:30:00", "2026-10-25T02:30:00"] {
        check(local, Some("Europe/Berlin"), "/answer_by bad_instant");
    }
    // 23 and 25 hours long.
    check("2026-03-29", Some("Europe/Berlin"), "2026-03-29T22:00:00.000000Z 2026-03-29");
    check("2026-10-25", Some("Europe/Berlin"), "2026-10-25T23:00:00.000000Z 2026-10-25");
    // Midnight of the next day does not exist there: the clock goes from 23:59 to 01:00.
    check("2026-04-23", Some("Africa/Cairo"), "2026-04-23T22:00:00.000000Z 2026-04-23");
}

#[test]
fn tim_05_extreme_dates_are_refused_and_none_panics() {
    for (typed, fault) in [
        ("0001-01-01", "/answer_by bad_date"),
        ("9999-12-31", "/answer_by bad_date"),
        ("10000-01-01", "/answer_by bad_date"),
        ("2027-02-29", "/answer_by bad_date"),
        ("2026-05-14T24:00:00Z", "/answer_by bad_instant"),
        ("9999-12-31T23:59:59Z", "/answer_by bad_instant"),
        ("0001-01-01T00:00:00Z", "/answer_by bad_instant"),
        ("", "/answer_by bad_date"),
        ("tomorrow", "/answer_by bad_date"),
    ] {
        check(typed, Some("Europe/Berlin"), fault);
    }
    // A leap second is the second before it.
    check("2016-12-31T23:59:60Z", None, "2016-12-31T23:59:59.000000Z 2016-12-31T23:59:59.000000Z");
    assert_eq!(Day::MAX.plus_months(3), Day::MAX);
    assert_eq!(Day::parse("2026-11-30").unwrap().plus_months(3).to_string(), "2027-02-28");
    // The last day there is has an end, too.
    assert!(Zone::utc().end_of(Day::MAX) >= Instant::start_of(Day::MAX));
}

#[test]
fn the_five_days_of_article_10_are_those_of_regulation_1182_71() {
    let brussels = Zone::parse("Europe/Brussels").unwrap();
    for (opened, least, most) in [
        // Monday 10:00: until Saturday, which moves to Monday.
        ("2026-06-01T08:00:00Z", "2026-06-06T08:00:00.000000Z", "2026-06-08T22:00:00.000000Z"),
        // Tuesday: until Sunday, which moves to Monday.
        ("2026-06-02T08:00:00Z", "2026-06-07T08:00:00.000000Z", "2026-06-08T22:00:00.000000Z"),
        // Wednesday: until Monday.
        ("2026-06-03T08:00:00Z", "2026-06-08T08:00:00.000000Z", "2026-06-08T22:00:00.000000Z"),
        // Late on Wednesday in Brussels it is Thursday already.
        ("2026-06-03T22:30:00Z", "2026-06-08T22:30:00.000000Z", "2026-06-09T22:00:00.000000Z"),
    ] {
        let (from, until) = article_10_clock(instant(opened), &brussels);
        assert_eq!((from.to_string().as_str(), until.to_string().as_str()), (least, most), "{opened}");
    }
}

#[test]
fn without_a_frame_no_law_applies() {
    let nothing = Catalogue::default();
    let on = Day::parse("2026-06-01").unwrap();
    let applies: Vec<bool> = LegalBasis::ALL.into_iter().map(|basis| basis.applies(&nothing, on)).collect();
    assert_eq!(applies, [true, false, false]);
}

#[test]
fn names_read_back() {
    for state in CallState::ALL {
        assert_eq!(CallState::parse(state.as_str()), Some(state));
        assert_eq!(serde_json::to_string(&state).unwrap(), format!("{:?}", state.as_str()));
    }
    for basis in LegalBasis::ALL {
        assert_eq!(LegalBasis::parse(basis.as_str()), Some(basis));
        assert_eq!(serde_json::to_string(&basis).unwrap(), format!("{:?}", basis.as_str()));
    }
    let all = CallState::ALL.into_iter().flat_map(|a| CallState::ALL.map(|b| (a, b)));
    let legal: Vec<(CallState, CallState)> = all.filter(|(a, b)| a.may_become(*b)).collect();
    use CallState::{Cancelled, Closed, Draft, Open};
    assert_eq!(legal, [(Draft, Open), (Draft, Cancelled), (Open, Closed), (Open, Cancelled)]);
}

/// An answer of one organisation by another, with the offers of some.
fn said(by: u128, of: u128, at: i64, kind: answer::AnswerKind, offers: &[(u128, u128)]) -> answer::Answer {
    let id = |n: u128| crate::ids::OrganisationId(uuid::Uuid::from_u128(n));
    let at = Instant::from_micros(at).unwrap();
    answer::Answer {
        id: crate::ids::CallAnswerId(uuid::Uuid::from_u128(by * 1_000 + of)),
        call: CallId(uuid::Uuid::from_u128(1)),
        organisation: id(of),
        by: id(by),
        kind,
        content: answer::AnswerContent { reason: None, answers: Default::default(), facilities: Vec::new() },
        offers: offers.iter().map(|(n, owner)| (crate::ids::OfferId(uuid::Uuid::from_u128(*n)), id(*owner))).collect(),
        created_at: at,
        updated_at: at,
    }
}

#[test]
fn an_organisations_own_word_goes_first_whenever_it_was_said() {
    use answer::AnswerKind::{Nothing, Offers, Refused};
    let cluster = 9;
    let check = |answers: &[answer::Answer], offers: &[u128], kind: Option<answer::AnswerKind>| {
        let counted = standing::Counted::of(answers);
        let found: Vec<u128> = counted.offers().keys().map(|id| id.0.as_u128()).collect();
        assert_eq!(found, offers);
        let of_firm = counted.answer(OrganisationId(uuid::Uuid::from_u128(1)));
        assert_eq!(of_firm.map(|answer| answer.kind), kind);
    };
    let (own, by_cluster) = (said(1, 1, 5, Refused, &[]), said(cluster, 1, 7, Offers, &[(100, 1)]));
    let of_cluster = said(cluster, cluster, 8, Offers, &[(100, 1), (200, 2)]);
    check(std::slice::from_ref(&by_cluster), &[100], Some(Offers));
    check(&[own.clone(), by_cluster.clone()], &[], Some(Refused));
    check(std::slice::from_ref(&of_cluster), &[100, 200], None);
    check(&[of_cluster.clone(), own, by_cluster], &[200], Some(Refused));
    // Of two who speak for it the last counts; an offer that two put is one.
    let other = said(8, 1, 9, Nothing, &[]);
    check(&[other, said(cluster, 1, 3, Offers, &[(100, 1)])], &[], Some(Nothing));
    check(&[of_cluster, said(1, 1, 1, Offers, &[(100, 1)])], &[100, 200], Some(Offers));
}
