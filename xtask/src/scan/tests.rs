use super::*;

fn check(path: &str, text: &str) -> Vec<String> {
    let mut findings = Findings::default();
    scan(path, text, &mut findings);
    findings.violations
}

#[test]
fn banned_text_is_named_with_line_and_remedy() {
    for (banned, remedy) in BANNED {
        let text = format!("fn fine() {{}}\n    {banned}\n");
        assert_eq!(
            check("crates/app/src/offers.rs", &text),
            [format!("crates/app/src/offers.rs:2: `{banned}`: {remedy}")]
        );
    }
}

#[test]
fn expectations_with_reasons_pass() {
    let text = "#[expect(clippy::too_many_arguments, reason = \"one per column\")]\n";
    assert!(check("crates/app/src/offers.rs", text).is_empty());
}

#[test]
fn floats_are_refused_where_quantities_live() {
    for line in ["fn share() -> f64 {", "let x = 1_f32;", "let x = 2f64;", "x as f64", "Vec<f32>"] {
        for path in ["crates/domain/src/rate.rs", "crates/matching/src/flow.rs", "crates/index/src/lib.rs"] {
            assert_eq!(check(path, line).len(), 1, "{path}: {line}");
        }
        assert!(check("crates/muster/src/main.rs", line).is_empty(), "{line}");
        assert!(check("crates/domain/src/geo.rs", line).is_empty(), "{line}");
        assert!(check("crates/domain/src/geo/tests.rs", line).is_empty(), "{line}");
    }
}

#[test]
fn words_that_contain_a_float_type_are_not_one() {
    for line in ["let leaf64 = 1;", "f64x2", "f64_of", "// never an f64", "0x1f6"] {
        assert!(check("crates/domain/src/rate.rs", line).is_empty(), "{line}");
    }
}

#[test]
fn file_names_say_their_subject() {
    assert_eq!(check("crates/app/src/utils.rs", ""), ["crates/app/src/utils.rs: name the file after its subject"]);
    assert!(check("crates/app/src/needs.rs", "").is_empty());
}

#[test]
fn long_files_are_a_warning() {
    let mut findings = Findings::default();
    scan("crates/app/src/offers.rs", &"\n".repeat(600), &mut findings);
    assert_eq!(findings, Findings::default());
    scan("crates/app/src/offers.rs", &"\n".repeat(601), &mut findings);
    assert_eq!(findings.warnings, ["crates/app/src/offers.rs: 601 lines; past 600 a file wants a reason"]);
    assert!(findings.violations.is_empty());
}

#[test]
fn walks_folders_in_order_and_leaves_out_build_output() {
    let root = tempfile::tempdir().unwrap();
    for folder in FOLDERS {
        fs::create_dir_all(root.path().join(folder).join("target")).unwrap();
    }
    let bad = concat!("todo", "!()");
    fs::write(root.path().join("tests/needs.rs"), bad).unwrap();
    fs::write(root.path().join("tests/notes.md"), bad).unwrap();
    fs::write(root.path().join("tests/target/needs.rs"), bad).unwrap();
    fs::create_dir(root.path().join("crates/app")).unwrap();
    fs::write(root.path().join("crates/app/lib.rs"), bad).unwrap();
    let found = workspace(root.path()).unwrap().violations;
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("crates/app/lib.rs:1:"));
    assert!(found[1].starts_with("tests/needs.rs:1:"));
}
