//! Broken seed files are refused with file, line, column and reason, all faults at once.

use exchange::seeds::{self, SeedFiles};

/// Faults of the shipped files after one edit of one file.
fn faults(path: &str, edit: impl Fn(&str) -> String) -> Vec<String> {
    let text = edit(seeds::files().get(path).unwrap());
    faults_of(&seeds::files().with(path, Some(&text)))
}

fn faults_of(files: &SeedFiles) -> Vec<String> {
    match seeds::load(files) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.as_slice().iter().map(ToString::to_string).collect(),
    }
}

/// A file's text with one cell of one line (from 2) replaced.
fn with_cell(text: &str, line: usize, column: &str, value: &str) -> String {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let mut rows: Vec<Vec<String>> = reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect();
    let at = rows[0].iter().position(|c| c == column).unwrap();
    rows[line - 1][at] = value.to_owned();
    let mut writer = csv::Writer::from_writer(Vec::new());
    rows.iter().for_each(|r| writer.write_record(r).unwrap());
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

fn cell(path: &str, line: usize, column: &str, value: &str) -> Vec<String> {
    faults(path, |text| with_cell(text, line, column, value))
}

/// The line of the row whose first cell is a code.
fn line_of(path: &str, code: &str) -> usize {
    let files = seeds::files();
    files.get(path).unwrap().lines().position(|l| l.split(',').next() == Some(code)).unwrap() + 1
}

#[test]
fn a_wrong_unit_names_the_right_ones() {
    let found = cell("catalogue/products.csv", 12, "base_unit", "pieces");
    assert_eq!(
        found,
        ["seeds/catalogue/products.csv:12, column base_unit: \"pieces\" is not one of: piece, gram, millilitre, \
             millimetre, square_centimetre, test, minute"]
    );
    let found = cell("catalogue/products.csv", 3, "trade_unit", "PCS");
    assert_eq!(
        found,
        [
            "seeds/catalogue/products.csv:3, column trade_unit: \"PCS\" is no unit of units.csv; correct it or add it there"
        ]
    );
}

#[test]
fn an_unknown_grade_is_refused_where_it_is_named() {
    let found = cell("catalogue/grade_rules.csv", 4, "offer_grade", "FFP9");
    assert_eq!(
        found,
        [
            "seeds/catalogue/grade_rules.csv:4, column offer_grade: \"FFP9\" is no grade of grades.csv; correct it or add it there"
        ]
    );
    let found = cell("catalogue/grade_rules.csv", 4, "offer_grade", "TYPE-II");
    assert_eq!(
        found,
        ["seeds/catalogue/grade_rules.csv:4, column offer_grade: TYPE-II is no grade of ffp; see grades.csv"]
    );
}

#[test]
fn a_code_listed_twice_names_the_first_line() {
    let found = faults("catalogue/schemes.csv", |text| format!("{text}EN149,again,none,Again\n"));
    let last = seeds::files().get("catalogue/schemes.csv").unwrap().lines().count() + 1;
    assert_eq!(
        found,
        [format!("seeds/catalogue/schemes.csv:{last}, column code: \"EN149\" is listed on line 2 already; remove one")]
    );
    let found =
        faults("catalogue/grade_rules.csv", |text| format!("{text}ffp,FFP1,ffp,FFP2,satisfies,,,again,high,\n"));
    assert_eq!(found.len(), 1);
    assert!(found[0].ends_with("column offer_grade: line 2 rules on this pair already; remove one"), "{found:?}");
}

#[test]
fn a_missing_column_is_told_once() {
    let found = faults("catalogue/units.csv", |text| text.replacen("base_unit,", "", 1));
    assert_eq!(found[0], "seeds/catalogue/units.csv:1, column base_unit: is missing from the header; add the column");
    let rest = &found[1..];
    assert!(rest.iter().all(|f| f.contains("has 10 cells where the header has 9")), "{rest:?}");
}

#[test]
fn an_unknown_or_doubled_column_is_refused() {
    let found = faults("catalogue/schemes.csv", |text| text.replacen("standard", "norm", 1));
    assert_eq!(
        found,
        [
            "seeds/catalogue/schemes.csv:1, column norm: is no column of this file; it has: code, standard, order, name",
            "seeds/catalogue/schemes.csv:1, column standard: is missing from the header; add the column",
        ]
    );
    let found = faults("catalogue/schemes.csv", |text| text.replacen("standard", "name", 1));
    assert_eq!(found[0], "seeds/catalogue/schemes.csv:1, column name: stands twice in the header; remove one");
}

#[test]
fn a_bad_date_is_refused() {
    let path = "catalogue/legal_frames.csv";
    let found = cell(path, 2, "from", "1.7.1995");
    assert_eq!(
        found,
        [
            "seeds/catalogue/legal_frames.csv:2, column from: \"1.7.1995\" is not a date; write YYYY-MM-DD, e.g. 2020-04-20"
        ]
    );
    let found = cell(path, 2, "until", "1990-01-01");
    assert_eq!(
        found,
        [
            "seeds/catalogue/legal_frames.csv:2, column until: 1990-01-01 is before 1995-07-01; write the last day on which it applies"
        ]
    );
    assert!(cell(path, 2, "until", "2018-02-30")[0].contains("is not a day of the calendar"));
}

#[test]
fn an_extra_cell_is_refused() {
    let found = faults("catalogue/schemes.csv", |text| text.replacen(",total,", ",total,extra,", 1));
    assert_eq!(
        found,
        ["seeds/catalogue/schemes.csv:2: has 5 cells where the header has 4; put a cell that holds a comma in quotes"]
    );
}

#[test]
fn an_open_quote_is_found_where_it_opens() {
    let found = faults("catalogue/schemes.csv", |text| text.replacen("EN149,EN 149", "EN149,\"EN 149", 1));
    assert!(found[0].starts_with("seeds/catalogue/schemes.csv:2"), "{found:?}");
}

#[test]
fn lines_are_physical_lines() {
    let found = faults("catalogue/schemes.csv", |text| {
        let broken = with_cell(text, 3, "order", "sideways");
        broken.replacen("NIOSH", "\n\r\n\nNIOSH", 1)
    });
    assert_eq!(
        found,
        ["seeds/catalogue/schemes.csv:6, column order: \"sideways\" is not one of: total, partial, none"]
    );
}

#[test]
fn every_fault_of_every_file_is_told_at_once() {
    let products = with_cell(seeds::files().get("catalogue/products.csv").unwrap(), 2, "weekly_ceiling", "0");
    let products = with_cell(&products, 3, "cpv", "3314");
    let countries = with_cell(seeds::files().get("regions/countries.csv").unwrap(), 2, "efta", "maybe");
    let files = seeds::files()
        .with("catalogue/products.csv", Some(&products))
        .with("regions/countries.csv", Some(&countries))
        .with("catalogue/conversions.csv", None);
    assert_eq!(
        faults_of(&files),
        [
            "seeds/catalogue/conversions.csv: is missing",
            "seeds/catalogue/products.csv:2, column weekly_ceiling: \"0\" is not a whole number from 1 to 1000000000000, in digits only",
            "seeds/catalogue/products.csv:3, column cpv: \"3314\" is not a CPV code of eight digits, without the check digit",
            "seeds/regions/countries.csv:2, column efta: \"maybe\" is not one of: no, yes",
        ]
    );
}

#[test]
fn enum_words_numbers_and_lists_are_checked() {
    let cases = [
        (
            "catalogue/products.csv",
            2,
            "kind",
            "toy",
            "\"toy\" is not one of: finished, intermediate, service, equipment",
        ),
        ("catalogue/products.csv", 2, "synonyms", "a;;b", "has an empty entry"),
        ("catalogue/products.csv", 2, "name_de", "", "is blank; fill it in"),
        ("catalogue/products.csv", 2, "name_fr", "a\u{200b}b", "U+200B"),
        ("catalogue/products.csv", 2, "frames", "PPE-2016-425;PPE-2016-425", "names \"PPE-2016-425\" twice"),
        ("catalogue/grades.csv", 2, "rank", "", "is in total order"),
        ("catalogue/grades.csv", 2, "products", "goggles", "goggles does not list the scheme EN149"),
        ("catalogue/grade_rules.csv", 2, "verdict", "similar", "is not one of: satisfies, opt_in, substitute_only"),
        ("catalogue/grade_rules.csv", 2, "unless_feature", "soft", "\"soft\" is no feature of features.csv"),
        ("catalogue/features.csv", 2, "comparison", "at_least", "does not compare a sizes"),
        ("catalogue/product_features.csv", 2, "values", "velcro", "is no value of strap"),
        ("catalogue/units.csv", 2, "synonyms", "pair", "\"pair\" means H87 already"),
        ("catalogue/units.csv", 2, "base_unit", "gram", "gram does not measure count"),
        ("catalogue/product_certificates.csv", 2, "required", "maybe", "is not one of: yes, alternative"),
        ("catalogue/border_rules.csv", 3, "excepted", "UK", "\"UK\" is no country of countries.csv"),
        ("catalogue/border_rules.csv", 3, "from_area", "*", "is no area to leave"),
        ("catalogue/process_steps.csv", 3, "step", "1", "has a step 1 on an earlier line"),
        ("catalogue/conversions.csv", 2, "days_max", "1", "1 is less than days_min, 2"),
        ("catalogue/conversions.csv", 2, "basis", "rumour", "is not one of: reported, press, paper, estimate"),
        ("regions/countries.csv", 2, "lat", "425", "is no latitude"),
        ("regions/countries.csv", 3, "aliases", "Andorra", "\"Andorra\" means AD already"),
        ("regions/regions.csv", 3, "parent", "FR", "\"FR\" is not \"AL\""),
        ("regions/regions.csv", 4, "lat", "", "\"\" is not a number"),
        ("regions/regions.csv", 4, "level", "3", "is no NUTS code of level 3"),
        ("regions/successors.csv", 2, "successors", "XX99", "\"XX99\" is no region, subdivision or country"),
        ("regions/subdivisions.csv", 2, "country", "AT", "AT has its regions in regions.csv"),
    ];
    for (path, line, column, value, reason) in cases {
        let found = cell(path, line, column, value);
        let place = format!("seeds/{path}:");
        let told = found
            .iter()
            .any(|f| f.starts_with(&place) && f.contains(&format!(", column {column}: ")) && f.contains(reason));
        assert!(told, "{path}:{line} {column} {value:?} gave {found:#?}");
    }
}

#[test]
fn a_retired_code_that_is_in_use_is_refused() {
    let line = line_of("regions/successors.csv", "PT16");
    let found = cell("regions/successors.csv", line, "code", "PT19");
    assert!(found.contains(&format!(
        "seeds/regions/successors.csv:{line}, column code: \"PT19\" is in use in regions.csv; remove it here"
    )));
}

#[test]
fn a_file_of_a_spreadsheet_with_semicolons_says_so() {
    let found = faults("catalogue/schemes.csv", |text| text.replace(',', ";"));
    assert_eq!(found[0], "seeds/catalogue/schemes.csv:1: is separated by semicolons; save it separated by commas");
    let found = faults("catalogue/schemes.csv", |_| String::new());
    assert_eq!(found[0], "seeds/catalogue/schemes.csv:1: is empty; write the header code,standard,order,name");
}

#[test]
fn any_damage_is_told_with_a_line_of_the_file() {
    let damage = ["", ",", "\"", ";", "\n", "-1", "\u{0}", "9999999999999999999", "é", "2020-13-01"];
    let paths: Vec<&str> = seeds::CATALOGUE_FILES.iter().chain(&seeds::REGION_FILES).copied().collect();
    let mut state = 7_usize;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for _ in 0..25 {
        let path = paths[next(paths.len())];
        let mut text = seeds::files().get(path).unwrap().to_owned();
        let from = text.floor_char_boundary(next(text.len()));
        let until = text.floor_char_boundary((from + next(40)).min(text.len()));
        text.replace_range(from..until, damage[next(damage.len())]);
        let lines = text.lines().count() + 1;
        if let Err(faults) = seeds::load(&seeds::files().with(path, Some(&text))) {
            for fault in faults.as_slice() {
                assert!(fault.file.starts_with("seeds/") && !fault.reason.is_empty(), "{fault}");
                assert!(fault.line >= 1 && (fault.line <= lines || !fault.file.ends_with(path)), "{fault}");
            }
        }
    }
}
