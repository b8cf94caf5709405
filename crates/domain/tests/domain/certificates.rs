//! Certificates: when they hold, for which grades, and how far they were checked (CER-01 to CER-05).

use domain::{
    certificate::{Certificate, CertificateStatus, Finding, Reviewer, recognise},
    ids::CertificateId,
    need::Substitution,
};

use crate::world::{Pair, code, grade, kind, today};

fn paper(status: CertificateStatus) -> Certificate {
    Certificate::new(kind("type-examination"), status)
}

fn until(status: CertificateStatus, days: i32) -> Certificate {
    Certificate { valid_until: Some(today().plus(days)), ..paper(status) }
}

fn of(status: CertificateStatus, grades: &[&str]) -> Certificate {
    Certificate { grades: grades.iter().map(|g| grade(g)).collect(), ..paper(status) }
}

/// What a good pair says when it demands a type examination and the offer holds these papers.
fn with(papers: &[Certificate], change: impl Fn(&mut Pair)) -> &'static str {
    let mut pair = Pair::good();
    pair.wants().certificates = vec![kind("type-examination")];
    pair.terms().certificates = papers.to_vec();
    change(&mut pair);
    pair.code()
}

#[test]
fn cer_03_the_last_day_counts_and_the_day_before_the_due_date_does_not_do() {
    // The good pair's need is due in 14 days.
    let held = CertificateStatus::Documented;
    for (days, expected) in
        [(14, "eligible"), (15, "eligible"), (13, "certificate_expired"), (-1, "certificate_expired")]
    {
        assert_eq!(with(&[until(held, days)], |_| {}), expected, "until day {days}");
    }
    let from = |days: i32| Certificate { valid_from: Some(today().plus(days)), ..paper(held) };
    assert_eq!(with(&[from(0)], |_| {}), "eligible");
    assert_eq!(with(&[from(1)], |_| {}), "certificate_expired");
    // Production starts with the window.
    assert_eq!(with(&[from(1)], |p| p.terms().profile.from = today().plus(1)), "eligible");
}

#[test]
fn cer_03_any_paper_that_holds_will_do_wherever_it_stands_in_the_list() {
    let (lapsed, good) = (until(CertificateStatus::Confirmed, -10), paper(CertificateStatus::Claimed));
    for papers in [[lapsed.clone(), good.clone()], [good, lapsed]] {
        assert_eq!(with(&papers, |_| {}), "eligible");
    }
    // Two that each hold for a half do not add up to one that holds throughout.
    let first = until(CertificateStatus::Claimed, 7);
    let second = Certificate { valid_from: Some(today().plus(8)), ..paper(CertificateStatus::Claimed) };
    assert_eq!(with(&[first, second], |_| {}), "certificate_expired");
}

#[test]
fn an_expired_paper_lends_its_status_to_no_other() {
    let demand = |p: &mut Pair| p.wants().certificate_status = CertificateStatus::Confirmed;
    let confirmed = CertificateStatus::Confirmed;
    let claimed = CertificateStatus::Claimed;
    assert_eq!(with(&[paper(confirmed)], demand), "eligible");
    assert_eq!(with(&[until(confirmed, -1), paper(claimed)], demand), "certificate_unchecked");
    assert_eq!(with(&[of(confirmed, &["FFP3"]), paper(claimed)], demand), "certificate_unchecked");
    assert_eq!(with(&[paper(confirmed), paper(claimed)], demand), "eligible");
}

#[test]
fn a_paper_counts_only_for_the_grades_it_names() {
    let held = CertificateStatus::Checked;
    assert_eq!(with(&[of(held, &["FFP2"])], |_| {}), "eligible");
    assert_eq!(with(&[of(held, &["FFP1", "FFP2"])], |_| {}), "eligible");
    assert_eq!(with(&[of(held, &["FFP1"])], |_| {}), "certificate_missing");
    // The offer also makes FFP1, which the paper covers and the buyer did not ask for.
    let also_ffp1 = |p: &mut Pair| p.terms().grades = vec![grade("FFP1"), grade("FFP2")];
    assert_eq!(with(&[of(held, &["FFP1"])], also_ffp1), "certificate_missing");
    // FFP3 may be delivered for FFP2, so a paper on FFP3 is of use.
    let also_ffp3 = |p: &mut Pair| p.terms().grades = vec![grade("FFP2"), grade("FFP3")];
    assert_eq!(with(&[of(held, &["FFP3"])], also_ffp3), "eligible");
    // N95 only where the buyer opted in.
    let also_n95 = |p: &mut Pair| p.terms().grades = vec![grade("FFP2"), grade("N95")];
    assert_eq!(with(&[of(held, &["N95"])], also_n95), "certificate_missing");
    let opted_in = |p: &mut Pair| {
        also_n95(p);
        p.wants().substitutions = vec![Substitution { product: code("ffp"), grade: Some(grade("N95")) }];
    };
    assert_eq!(with(&[of(held, &["N95"])], opted_in), "eligible");
    // An offer that states no grade has no grade for the paper to cover.
    let ungraded = |p: &mut Pair| {
        p.terms().grades.clear();
        p.wants().grades.clear();
    };
    assert_eq!(with(&[of(held, &["FFP2"])], ungraded), "certificate_missing");
    assert_eq!(with(&[paper(held)], ungraded), "eligible");
}

#[test]
fn pending_papers_count_only_where_the_buyer_opted_in_and_in_time() {
    let expected =
        |days: i32| Certificate { expected_on: Some(today().plus(days)), ..paper(CertificateStatus::InTesting) };
    let accept = |p: &mut Pair| p.wants().accept_pending = true;
    for (papers, without, opted_in) in [
        (paper(CertificateStatus::Applied), "certificate_pending", "eligible"),
        (expected(14), "certificate_pending", "eligible"),
        (expected(15), "certificate_pending", "certificate_pending"),
    ] {
        assert_eq!(with(std::slice::from_ref(&papers), |_| {}), without);
        assert_eq!(with(&[papers], accept), opted_in);
    }
    // A held paper spares the cost of a pending one.
    let mut pair = Pair::good();
    pair.wants().certificates = vec![kind("type-examination")];
    accept(&mut pair);
    pair.terms().certificates = vec![expected(3)];
    assert!(pair.judge().unwrap().cost.pending > 0);
    pair.terms().certificates.push(paper(CertificateStatus::Claimed));
    assert_eq!(pair.judge().unwrap().cost.pending, 0);
}

#[test]
fn rejected_and_expired_rungs_never_count() {
    assert_eq!(with(&[paper(CertificateStatus::Rejected)], |_| {}), "certificate_missing");
    assert_eq!(with(&[paper(CertificateStatus::Expired)], |_| {}), "certificate_expired");
    assert_eq!(with(&[], |_| {}), "certificate_missing");
}

#[test]
fn every_demanded_kind_must_be_there() {
    let both = |p: &mut Pair| p.wants().certificates = vec![kind("declaration"), kind("type-examination")];
    let held = paper(CertificateStatus::Claimed);
    let other = Certificate { kind: kind("declaration"), ..held.clone() };
    assert_eq!(with(&[held.clone(), other], both), "eligible");
    assert_eq!(with(&[held], both), "certificate_missing");
}

#[test]
fn how_far_a_paper_was_checked_is_held_against_the_demand() {
    use CertificateStatus::{Checked, Claimed, Confirmed, Documented};
    let ladder = [Claimed, Documented, Checked, Confirmed];
    for (at, has) in ladder.into_iter().enumerate() {
        for (wanted, demand) in ladder.into_iter().enumerate() {
            let said = with(&[paper(has)], |p| p.wants().certificate_status = demand);
            let expected = if at >= wanted { "eligible" } else { "certificate_unchecked" };
            assert_eq!(said, expected, "{} against {}", has.as_str(), demand.as_str());
        }
    }
}

#[test]
fn a_paper_is_the_same_while_kind_number_and_body_are() {
    let id = |n: u128| CertificateId(uuid::Uuid::from_u128(n));
    let of = |number: &str| Certificate { number: Some(number.to_owned()), ..paper(CertificateStatus::Claimed) };
    let known = |n: u128, number: &str| Certificate { id: Some(id(n)), ..of(number) };
    let finding = Finding { by: Reviewer::Cluster, on: today(), note: "seen".to_owned() };
    let checked = Certificate { status: CertificateStatus::Checked, finding: Some(finding), ..known(1, "a") };
    let before = [checked.clone(), known(2, "b"), Certificate { status: CertificateStatus::Rejected, ..known(3, "c") }];
    let mut fresh = 10;
    let mut stated = |list: &[Certificate]| {
        let mut list = list.to_vec();
        let changed = recognise(&before, &mut list, || {
            fresh += 1;
            id(fresh)
        });
        (list, changed)
    };
    // Stated as before, in whatever order and on whatever rung: the finding stays, and nothing is to be looked into.
    let documented = Certificate { status: CertificateStatus::Documented, ..of("a") };
    let (list, changed) = stated(&[of("b"), of("a")]);
    assert_eq!((list[1].clone(), list[0].id, changed), (checked.clone(), Some(id(2)), vec![]));
    assert_eq!(stated(&[documented]).0, [checked]);
    // On a higher rung than before it is looked into.
    let raised = Certificate { status: CertificateStatus::Documented, ..of("b") };
    assert_eq!(stated(&[raised]).1, [0]);
    // Something else of the same paper: its id stays, what was found goes, and a rejection leaves a doubt.
    let later = |number: &str| Certificate { valid_until: Some(today().plus(9)), ..of(number) };
    let (list, changed) = stated(&[later("a"), later("c"), later("d")]);
    assert_eq!(changed, [0, 1, 2]);
    let told: Vec<_> = list.iter().map(|c| (c.id, c.status, c.doubt.is_some())).collect();
    let claimed = CertificateStatus::Claimed;
    assert_eq!(told, [(Some(id(1)), claimed, false), (Some(id(3)), claimed, true), (Some(id(11)), claimed, false)]);
    assert!(list.iter().all(|c| c.finding.is_none()));
    // Of two alike each is one.
    let (list, _) = stated(&[of("b"), of("b")]);
    assert_eq!((list[0].id, list[1].id), (Some(id(2)), Some(id(12))));
}

#[test]
fn a_certificate_of_before_has_no_new_words_in_its_json() {
    let json = serde_json::to_string(&paper(CertificateStatus::Claimed)).unwrap();
    let old = "{\"kind\":\"type-examination\",\"status\":\"claimed\",\"number\":null,\"notified_body\":null,\"grades\":[],\
               \"valid_from\":null,\"valid_until\":null,\"expected_on\":null}";
    assert_eq!(json, old);
    assert_eq!(serde_json::from_str::<Certificate>(old).unwrap(), paper(CertificateStatus::Claimed));
}

#[test]
fn cer_03_it_stands_as_expired_from_the_day_after_its_last() {
    use CertificateStatus::{Checked, Claimed, Expired, InTesting, Rejected};
    for (status, ends, expected) in [
        (Claimed, 0, Claimed),
        (Claimed, -1, Expired),
        (Checked, -1, Expired),
        (Rejected, -1, Rejected),
        (InTesting, -1, InTesting),
    ] {
        assert_eq!(until(status, ends).status_on(today()), expected, "{status:?} {ends}");
    }
}
