use super::*;

/// `"app: domain, dev testkit, build cc"` as a package.
fn package(line: &str) -> Package {
    let (name, dependencies) = line.split_once(':').unwrap();
    let dependencies = dependencies
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(|word| {
            let (kind, name) = match word.split_once(' ') {
                Some(("dev", name)) => (Kind::Development, name),
                Some(("build", name)) => (Kind::Build, name),
                Some((other, _)) => panic!("kind {other}"),
                None => (Kind::Normal, word),
            };
            Dependency { name: name.to_owned(), kind }
        })
        .collect();
    Package { name: name.to_owned(), dependencies }
}

/// The violations of a workspace that has all layers, with the given dependencies.
fn check(lines: &[&str]) -> Vec<String> {
    let mut packages: Vec<Package> = lines.iter().map(|line| package(line)).collect();
    for (layer, _) in &LAYERS {
        if packages.iter().all(|package| package.name != *layer) {
            packages.push(package(&format!("{layer}:")));
        }
    }
    violations(&packages)
}

#[test]
fn the_house_as_planned_is_clean() {
    let none: Vec<String> = Vec::new();
    assert_eq!(
        check(&[
            "domain: serde, jiff",
            "matching: domain, dev proptest",
            "index: domain",
            "charts: domain, libm, dev roxmltree",
            "exchange: domain, csv",
            "migrations: sea-orm-migration",
            "storage: domain, migrations, sea-orm, dev testkit, dev tokio",
            "app: domain, matching, index, storage, exchange, tokio",
            "api: domain, app, exchange, charts, axum, utoipa, utoipa-axum, tower-http",
            "console: app, api, charts, axum",
            "muster: domain, matching, storage, app, api, console, anyhow, axum, dev testkit",
            "bench: matching, domain, anyhow",
            "testkit: domain, storage, app, api, axum, tokio, muster",
            "blackbox: dev testkit, dev domain, dev muster",
            "xtask: anyhow, clap",
        ]),
        none
    );
}

#[test]
fn an_edge_the_house_does_not_draw_is_named() {
    for (line, complaint) in [
        ("domain: matching", "domain -> matching: domain may use none of ours"),
        ("matching: storage", "matching -> storage: matching may use domain"),
        ("exchange: matching", "exchange -> matching: exchange may use domain"),
        ("charts: app", "charts -> app: charts may use domain"),
        ("migrations: domain", "migrations -> domain: migrations may use none of ours"),
        ("storage: app", "storage -> app: storage may use domain, migrations"),
        ("app: migrations", "app -> migrations: app may use domain, matching, index, storage, exchange"),
        ("api: storage", "api -> storage: api may use domain, app, exchange, charts"),
        ("api: matching", "api -> matching: api may use domain, app, exchange, charts"),
        ("console: storage", "console -> storage: console may use app, api, charts"),
        ("xtask: domain", "xtask -> domain: xtask may use none of ours"),
    ] {
        assert_eq!(check(&[line]), [complaint]);
    }
}

#[test]
fn development_and_build_edges_follow_the_same_table() {
    assert_eq!(check(&["domain: dev storage"]), ["domain -> storage: domain may use none of ours"]);
    assert_eq!(check(&["api: build storage"]), ["api -> storage: api may use domain, app, exchange, charts"]);
}

#[test]
fn test_crates_stay_out_of_what_ships() {
    for from in ["app", "muster", "bench", "testkit", "blackbox"] {
        let complaint = format!("{from} -> testkit: testkit is for development dependencies only");
        assert_eq!(check(&[&format!("{from}: testkit")]), [complaint]);
    }
    assert_eq!(check(&["blackbox: domain"]), ["blackbox -> domain: blackbox takes development dependencies only"]);
    assert_eq!(check(&["xtask: dev testkit"]), ["xtask -> testkit: testkit is for development dependencies only"]);
}

#[test]
fn nothing_depends_on_a_program() {
    assert_eq!(check(&["app: muster"]), ["app -> muster: nothing depends on muster"]);
    assert_eq!(check(&["blackbox: muster"]), ["blackbox -> muster: nothing depends on muster"]);
    assert_eq!(check(&["muster: xtask"]), ["muster -> xtask: nothing depends on xtask"]);
    assert_eq!(check(&["muster: bench"]), ["muster -> bench: nothing depends on bench"]);
}

#[test]
fn outside_crates_keep_their_place() {
    for (line, complaint) in [
        ("app: sea-orm", "app -> sea-orm: sea-orm belongs in storage, migrations only"),
        (
            "testkit: sea-orm-migration",
            "testkit -> sea-orm-migration: sea-orm-migration belongs in storage, migrations only",
        ),
        ("app: sqlx", "app -> sqlx: sqlx belongs in storage, migrations, bench only"),
        ("app: axum", "app -> axum: axum belongs in api, console, muster, testkit, bench only"),
        ("exchange: utoipa-axum", "exchange -> utoipa-axum: utoipa-axum belongs in api, console, muster, testkit only"),
        ("domain: dev tokio", "domain -> tokio: tokio is never used in domain, matching, index, exchange, charts"),
        (
            "exchange: tokio-util",
            "exchange -> tokio-util: tokio-util is never used in domain, matching, index, exchange, charts",
        ),
        ("storage: anyhow", "storage -> anyhow: anyhow belongs in muster, xtask, bench only"),
    ] {
        assert_eq!(check(&[line]), [complaint]);
    }
}

#[test]
fn a_name_that_merely_begins_alike_is_another_crate() {
    let none: Vec<String> = Vec::new();
    assert_eq!(check(&["domain: tokiort, axumatic"]), none);
}

#[test]
fn a_crate_without_a_layer_is_refused_and_all_violations_are_listed() {
    assert_eq!(
        check(&["shared: domain", "app: axum, anyhow, domain"]),
        [
            "app -> anyhow: anyhow belongs in muster, xtask, bench only",
            "app -> axum: axum belongs in api, console, muster, testkit, bench only",
            "shared: no layer is known for this crate",
        ]
    );
}

#[test]
fn reads_what_cargo_metadata_prints() {
    let text = r#"{"packages": [{"name": "app", "dependencies": [
        {"name": "domain", "kind": null}, {"name": "testkit", "kind": "dev"}, {"name": "cc", "kind": "build"}]}]}"#;
    let packages = parse_packages(text).unwrap();
    assert_eq!(packages[0].name, "app");
    let read: Vec<(&str, Kind)> = packages[0].dependencies.iter().map(|each| (each.name.as_str(), each.kind)).collect();
    assert_eq!(read, [("domain", Kind::Normal), ("testkit", Kind::Development), ("cc", Kind::Build)]);
    assert!(parse_packages("{}").is_err());
}
