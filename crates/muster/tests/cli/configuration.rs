//! Settings as the program sees them.

use crate::command::{Bench, ran};

#[test]
fn config_show_names_value_and_origin_and_hides_passwords() {
    let bench = Bench::new();
    std::fs::create_dir(bench.data()).unwrap();
    std::fs::write(bench.data().join("muster.toml"), "addr = \"127.0.0.1:9001\"\n").unwrap();
    let mut program = bench.program();
    program.env("MUSTER_DATABASE_URL", "postgres://ann:s3cret@db.example/muster?password=s3cret");
    let shown = ran(program.args(["config", "show", "--log", "debug", "--output", "json"]).output().unwrap()).exits(0);
    assert!(!shown.stdout.contains("s3cret"), "{}", shown.stdout);
    let settings = shown.json();
    let of = |name: &str| {
        let setting = settings.as_array().unwrap().iter().find(|s| s["name"] == name).unwrap();
        (setting["value"].as_str().unwrap().to_owned(), setting["origin"].as_str().unwrap().to_owned())
    };
    assert_eq!(of("addr"), ("127.0.0.1:9001".to_owned(), "file".to_owned()));
    assert_eq!(of("database").1, "environment");
    assert_eq!(of("log"), ("debug".to_owned(), "flag".to_owned()));
    assert_eq!(of("seeds").1, "default");
}

#[test]
fn a_broken_file_of_settings_is_named_with_its_line() {
    let bench = Bench::new();
    std::fs::create_dir(bench.data()).unwrap();
    std::fs::write(bench.data().join("muster.toml"), "addr = \"127.0.0.1:1\"\ndatabase = postgres://a:s3cret@b\n")
        .unwrap();
    let stderr = bench.run(&["config", "show"]).exits(1).stderr;
    assert!(stderr.contains("line 2") && !stderr.contains("s3cret"), "{stderr}");
}

#[cfg(unix)]
#[test]
fn the_data_folder_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    bench.run(&["migrate"]).exits(0);
    let mode = std::fs::metadata(bench.data()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let key = std::fs::metadata(bench.data().join("muster.db")).unwrap();
    assert!(key.is_file());
}

#[test]
fn a_broken_seed_row_is_refused_with_file_line_column_and_reason() {
    let bench = Bench::new();
    let seeds = bench.path().join("seeds");
    let from = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../seeds");
    for folder in ["catalogue", "regions"] {
        std::fs::create_dir_all(seeds.join(folder)).unwrap();
        for entry in std::fs::read_dir(from.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, seeds.join(folder).join(path.file_name().unwrap())).unwrap();
        }
    }
    let file = seeds.join("catalogue/products.csv");
    let text = std::fs::read_to_string(&file).unwrap().replacen("ffp,finished", "ffp,finnished", 1);
    std::fs::write(&file, text).unwrap();
    let stderr = bench.run(&["migrate", "--seeds", seeds.to_str().unwrap()]).exits(1).stderr;
    for word in ["products.csv", "2", "kind", "finnished"] {
        assert!(stderr.contains(word), "{word}: {stderr}");
    }
}
