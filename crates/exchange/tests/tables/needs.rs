//! Rows of needs, and needs of several rows.

use domain::need::Urgency;
use exchange::tables::{Mapping, Outcome};

use crate::fixture::{faults, needs, reference, report};

#[test]
fn rows_of_one_external_id_are_instalments_of_one_need() {
    let file = needs(
        "id;hospital;product;grade;quantity;unit;pack size;due;size;urgency;price cap;currency;feature:sterile;prefer:reusable\n\
         N1;Charité;gown-surgical;;100;;;2020-05-01;M;critical;4.5;EUR;yes;no\n\
         N2;Charité;ffp;FFP2;7;;;2020-05-01;;;;;;\n\
         N1;Charité;gown-surgical;;2;box;50;2020-06-01;L;;;;;\n",
    )
    .unwrap();
    assert_eq!(faults(&file), []);
    assert_eq!(file.rows.len(), 2);
    let need = file.rows[0].record.as_ref().unwrap();
    let shown: Vec<String> = need
        .instalments
        .iter()
        .map(|(m, due, size)| format!("{} {due} {}", m.quantity, size.as_deref().unwrap_or("-")))
        .collect();
    assert_eq!(shown, ["100 2020-05-01 M", "100 2020-06-01 L"]);
    assert_eq!(need.terms.urgency, Urgency::Critical);
    assert_eq!(need.terms.requirements.len(), 2);
    let report = report(&file, |r| r.quarantine.is_some());
    let lines: Vec<_> = report.rows.iter().map(|r| (r.line, r.external_id.as_deref().unwrap())).collect();
    assert_eq!(lines, [(2, "N1"), (3, "N2"), (4, "N1")]);
    assert_eq!((report.counts.rows, report.counts.created), (3, 3));
}

#[test]
fn a_faulty_instalment_rejects_its_need_and_every_row_says_so() {
    let file = needs(
        "id,product,quantity,due,region\n\
         N1,ffp,100,2020-05-01,DE21\n\
         N1,ffp,0,2020-05-08,\n\
         N1,medical-mask,5,2020-05-15,DE22\n\
         N2,ffp,5,2020-05-15,DE21\n",
    )
    .unwrap();
    assert_eq!(
        faults(&file),
        [
            (2, "id", "N1", "same_need_rejected"),
            (3, "quantity", "0", "not_positive"),
            (4, "product", "medical-mask", "differs"),
            (4, "region", "DE22", "differs"),
        ]
    );
    let report = report(&file, |r| r.quarantine.is_some());
    let outcomes: Vec<_> = report.rows.iter().map(|r| r.outcome).collect();
    assert_eq!(outcomes, [Outcome::Rejected, Outcome::Rejected, Outcome::Rejected, Outcome::Created]);
    assert_eq!(report.faults().count(), 4);
}

#[test]
fn mat_07_a_need_without_a_quantity_is_refused() {
    let file = needs("product,quantity,due\nffp,,2020-05-01\nffp,as many as possible,2020-05-01\n").unwrap();
    assert_eq!(faults(&file), [(2, "quantity", "", "missing"), (3, "quantity", "as many as possible", "not_a_number")]);
}

#[test]
fn a_historic_file_states_its_own_day() {
    let toml = "kind = \"needs\"\n[clock]\ntoday = \"2020-03-01\"\n[constants]\ndue_days = 30\n";
    let mapping = Mapping::parse(toml).unwrap();
    let file = exchange::tables::needs(b"product,quantity\nffp,10\n", &mapping, &reference()).unwrap();
    assert_eq!(file.today.to_string(), "2020-03-01");
    let need = file.rows[0].record.as_ref().unwrap();
    assert_eq!(need.instalments[0].1.to_string(), "2020-03-31");
}

#[test]
fn a_number_of_suppliers_is_read_under_the_words_people_head_it_with() {
    for header in
        ["max_suppliers", "Max suppliers", "Maximum suppliers", "Höchstzahl Lieferanten", "Nombre de fournisseurs"]
    {
        let file = needs(format!("product,quantity,due,{header}\nffp,10,2020-05-01,2\nffp,9,2020-05-01,\n")).unwrap();
        let found: Vec<_> = file.rows.iter().map(|r| r.record.as_ref().unwrap().terms.max_suppliers).collect();
        assert_eq!(found, [Some(2), None], "{header}");
    }
    let file = needs(
        "product,quantity,due,max_suppliers\nffp,1,2020-05-01,0\nffp,2,2020-05-01,two\nffp,3,2020-05-01,1.5\n\
         ffp,4,2020-05-01,1001\n",
    )
    .unwrap();
    let codes: Vec<_> = faults(&file).into_iter().map(|(line, column, _, code)| (line, column, code)).collect();
    assert_eq!(
        codes,
        [
            (2, "max_suppliers", "out_of_range"),
            (3, "max_suppliers", "not_a_number"),
            (4, "max_suppliers", "fractional"),
            (5, "max_suppliers", "out_of_range"),
        ]
    );
    let shared = needs("id,product,quantity,due,max_suppliers\nN,ffp,1,2020-05-01,2\nN,ffp,1,2020-06-01,3\n").unwrap();
    // It is the need's, not an instalment's.
    assert!(faults(&shared).iter().any(|f| (f.0, f.1, f.3) == (3, "max_suppliers", "differs")));
}
