//! Rows of offers: units, every column, faults, duplicates and twins.

use domain::offer::{Role, Transfer, Visibility};
use exchange::{
    safe_csv::{Cell, SafeWriter},
    tables::{Outcome, fault_of},
};

use crate::fixture::{faults, offers, offers_by, report, stocks};

#[test]
fn num_02_packs_and_pieces_are_told_apart() {
    let file = offers(
        "product,quantity,unit,pack size\n\
         gloves-exam,10,box,100\n\
         gloves-exam,500,pair,\n\
         gloves-exam,1000,pcs,\n\
         gloves-exam,10,box,\n\
         hand-sanitiser,10,litre,\n\
         hand-sanitiser,10,pieces,\n\
         gloves-exam,10,pair,100\n",
    )
    .unwrap();
    assert_eq!(
        stocks(&file),
        [
            Ok(1000),
            Ok(1000),
            Ok(1000),
            Err("pack_size_missing"),
            Ok(10_000),
            Err("wrong_dimension"),
            Err("pack_size_unexpected")
        ]
    );
    assert_eq!(faults(&file)[0], (5, "pack size", "", "pack_size_missing"));
}

#[test]
fn every_column_of_an_offer_arrives() {
    let file = offers(
        "organisation;organisation kind;country;site;region;lat;lon;external id;product;grade;stock;unit;running;maximum;per;\
         convertible;conversion days;ramp days;working days;from;until;as of;lead days;min order;max distance km;regions;\
         certificates;transfer;price;currency;role;visibility;feature:sterile;feature:size;note\n\
         Nähwerk Süd;firm;DE;Werk 1;DE21;48.1;11.6;A-1;gown-surgical;EN13795-HIGH;200;pcs;1000;2000;week;\
         5000;30;5;mon|tue|wed|thu|fri|sat;2020-04-20;2020-12-31;2020-04-18;7;100;800;DE|AT;\
         ce-nb-module-c2-d|2797|documented|2022-01-31;sale|donation;3.5;EUR;maker;authorities;ja;M|L;Zwei Schichten\n",
    )
    .unwrap();
    let record = file.rows[0].record.as_ref().unwrap();
    let organisation = record.organisation.as_ref().unwrap();
    assert_eq!((organisation.name.as_str(), organisation.country.as_ref().unwrap().as_str()), ("Nähwerk Süd", "DE"));
    assert_eq!(record.site.region.as_ref().unwrap().as_str(), "DE21");
    assert_eq!(record.site.point.unwrap().lat_e6, 48_100_000);
    assert_eq!(file.rows[0].external_id.as_deref(), Some("A-1"));
    let terms = &record.terms;
    assert_eq!(terms.profile.running.as_ref().unwrap().measure.quantity.units(), 1000);
    assert_eq!(terms.profile.maximum.as_ref().unwrap().measure.quantity.units(), 2000);
    assert_eq!(terms.profile.convertible.as_ref().unwrap().days, 30);
    assert_eq!((terms.profile.ramp_days, terms.lead_days, terms.max_distance_km), (5, 7, Some(800)));
    assert_eq!(terms.profile.calendar.days_per_week(), 6);
    assert_eq!(terms.profile.as_of.to_string(), "2020-04-18");
    assert_eq!(terms.min_order.as_ref().unwrap().quantity.units(), 100);
    assert_eq!(terms.regions.len(), 2);
    assert_eq!(terms.certificates[0].number.as_deref(), Some("2797"));
    assert!(terms.transfers.contains(&Transfer::Donation));
    assert_eq!(terms.price.unwrap().micros, 3_500_000);
    assert_eq!((terms.role, terms.visibility), (Role::Maker, Visibility::Authorities));
    assert_eq!(terms.features.len(), 2);
    assert_eq!(terms.note, "Zwei Schichten");
}

#[test]
fn all_faults_of_a_row_are_named_at_once() {
    let file = offers(
        "product,grade,quantity,unit,lead days,until,transfer,country\n\
         ffp,FFP9|FFP8,-5,furlong,soon,2020-01-01,barter,Atlantis\n",
    )
    .unwrap();
    let mut codes: Vec<_> = faults(&file).into_iter().map(|(_, column, _, code)| (column, code)).collect();
    codes.sort_unstable();
    assert_eq!(
        codes,
        [
            ("country", "unknown_country"),
            ("grade", "unknown_grade"),
            ("grade", "unknown_grade"),
            ("lead days", "not_a_number"),
            ("quantity", "negative"),
            ("transfer", "unknown_value"),
            ("unit", "unknown_unit"),
            ("until", "before_start"),
        ]
    );
    let first = file.rows[0].record.as_ref().unwrap_err();
    let unit = first.iter().find(|f| f.column == "unit").unwrap();
    assert_eq!(unit.reason, "\"furlong\" is no known unit");
    assert!(unit.remedy.starts_with("write a UN/ECE code"), "{}", unit.remedy);
}

#[test]
fn num_05_offers_of_nothing_are_rejected_at_their_quantity() {
    let file = offers("product,quantity\nffp,0\nffp,-0\nffp,-1\nffp,\nffp,199999999999998\nffp,10000000\n").unwrap();
    assert_eq!(
        faults(&file),
        [
            (2, "quantity", "0", "no_capacity"),
            (3, "quantity", "-0", "no_capacity"),
            (4, "quantity", "-1", "negative"),
            (5, "quantity", "", "no_capacity"),
            (6, "quantity", "199999999999998", "too_large"),
        ]
    );
    assert!(file.rows[5].record.as_ref().unwrap().quarantine.is_some());
}

#[test]
fn uni_01_composed_and_decomposed_names_are_one() {
    let file = offers("firma,product,quantity\nMüller,ffp,1\nMu\u{308}ller,ffp,2\n").unwrap();
    let names: Vec<&str> =
        file.rows.iter().map(|r| r.record.as_ref().unwrap().organisation.as_ref().unwrap().name.as_str()).collect();
    assert_eq!(names[0], names[1]);
    assert_eq!(names[0], "M\u{fc}ller");
}

#[test]
fn db_10_a_nul_marks_only_its_row() {
    let file =
        offers("firma,product,quantity\nAcme\0GmbH,ffp,1\nAcme,ffp,2\nBell\u{7}Co,ffp,3\nZero\u{200b}Co,ffp,4\n")
            .unwrap();
    assert_eq!(stocks(&file), [Err("control_character"), Ok(2), Err("control_character"), Err("control_character")]);
    assert_eq!(faults(&file)[0], (2, "firma", "Acme\\u{0}GmbH", "control_character"));
}

#[test]
fn ragged_rows_are_row_errors_and_lines_are_physical() {
    let file = offers("product,quantity,note\nffp,1,\"two\nlines\"\nffp,2\n\n,,\nffp,3,a,b\nffp,4,,,\n").unwrap();
    let lines: Vec<u32> = file.rows.iter().map(exchange::tables::ParsedRow::line).collect();
    assert_eq!(lines, [2, 4, 7, 8]);
    assert_eq!(stocks(&file), [Ok(1), Err("wrong_cell_count"), Err("wrong_cell_count"), Ok(4)]);
    assert_eq!(file.blank_rows, 2);
    let report = report(&file, |r| r.quarantine.is_some());
    let c = report.counts;
    assert_eq!((c.rows, c.blank, c.created, c.rejected), (4, 2, 2, 2));
}

#[test]
fn the_same_row_twice_is_one_and_the_same_id_with_other_content_a_fault() {
    let text = "id,firma,product,quantity\nA,x,ffp,1\nA,x,ffp,1\nA,x,ffp,2\nA,y,ffp,3\n,x,ffp,9\n,x,ffp,9\n";
    let file = offers(text).unwrap();
    let outcomes: Vec<_> = report(&file, |r| r.quarantine.is_some()).rows.iter().map(|r| r.outcome).collect();
    use Outcome::{Created, Rejected, Unchanged};
    assert_eq!(outcomes, [Created, Unchanged, Rejected, Created, Created, Unchanged]);
    assert_eq!(file.rows[1].duplicate_of, Some(2));
    assert_eq!(faults(&file), [(4, "id", "A", "repeated_id")]);
    assert!(file.rows[4].key.starts_with("cells-"));

    let file = offers_by("kind = \"offers\"\nrepeated = \"number\"", text).unwrap();
    let keys: Vec<&str> = file.rows.iter().take(4).map(|r| r.key.as_str()).collect();
    assert_eq!(keys, ["A", "A", "A#2", "A"], "the fourth is another organisation's");
}

#[test]
fn con_04_twins_are_quarantined_with_the_reason() {
    let text = "firma,product,quantity,region,created at\n\
        a,face-shield,500,DE21,2020-04-28T06:40:00.9Z\n\
        b,face-shield,500,DE21,2020-04-28T06:40:01.5Z\n\
        c,face-shield,500,DE22,2020-04-28T06:40:01.5Z\n";
    let file = offers(text).unwrap();
    let report = report(&file, |r| r.quarantine.is_some());
    let outcomes: Vec<_> = report.rows.iter().map(|r| r.outcome).collect();
    assert_eq!(outcomes, [Outcome::Created, Outcome::Quarantined, Outcome::Created]);
    let flag = &report.rows[1].flags[0];
    assert_eq!((flag.code, flag.line, flag.value.as_str()), ("twin", 3, "b"));
    assert!(flag.reason.starts_with("twin of line 2"));
}

#[test]
fn later_checks_point_back_to_the_cell() {
    let file = offers("Artikel,Menge\nffp,5\n").unwrap();
    let v = domain::violation::Violation {
        pointer: "/stock/value".to_owned(),
        code: "below_promised",
        detail: "5 is less than what is promised; write at least 7".to_owned(),
    };
    let fault = fault_of(&v, &file.rows[0]);
    assert_eq!((fault.line, fault.column.as_str(), fault.value.as_str()), (2, "Menge", "5"));
    assert_eq!((fault.reason.as_str(), fault.remedy.as_str()), ("5 is less than what is promised", "write at least 7"));
}

#[test]
fn imp_13_what_we_export_comes_back_as_it_was() {
    let name = "=HYPERLINK(\"http://x.example\",\"ok\")";
    let mut out = SafeWriter::new(Vec::new(), &["organisation", "product", "quantity", "lat", "lon"]).unwrap();
    let number = |n: &str| Cell::Number(n.to_owned());
    out.row(&[Cell::text(name), Cell::text("ffp"), Cell::number(10_i64), number("40.4"), number("-3.7")]).unwrap();
    let file = offers(out.finish().unwrap()).unwrap();
    let record = file.rows[0].record.as_ref().unwrap();
    assert_eq!(record.organisation.as_ref().unwrap().name, name);
    assert_eq!(record.site.point.unwrap().lon_e6, -3_700_000);
}

#[test]
fn a_row_without_an_id_keeps_its_name_when_columns_move() {
    let key = |text: &str| offers(text).unwrap().rows[0].key.clone();
    let one = key("product,quantity\nffp,5\n");
    assert_eq!(one, key("note;Menge;Produkt\n;5;ffp\n"));
    assert_ne!(one, key("product,quantity\nffp,6\n"));
    assert_ne!(one, key("product,quantity,note\nffp,5,x\n"));
}

#[test]
fn a_blank_organisation_is_nobodys() {
    let file = offers("firma,product,quantity\n,ffp,5\n").unwrap();
    assert_eq!(faults(&file), [(2, "firma", "", "blank")]);
    assert!(offers("product,quantity\nffp,5\n").unwrap().rows[0].record.as_ref().unwrap().organisation.is_none());
}
