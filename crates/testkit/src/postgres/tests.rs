use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::time::Instant;

use super::*;

/// Asks a test of this binary to start a cluster, name its folder and wait to be killed.
const HOLD: &str = "MUSTER_TEST_HOLDS_A_CLUSTER";

fn binaries() -> Option<PathBuf> {
    cluster().map(|shared| shared.binaries.clone())
}

fn server_pid(folder: &Path) -> String {
    let file = fs::read_to_string(folder.join("data/postmaster.pid")).unwrap();
    file.lines().next().unwrap().to_owned()
}

fn is_alive(pid: &str) -> bool {
    Command::new("kill").args(["-0", pid]).stderr(Stdio::null()).status().unwrap().success()
}

fn ask(cluster: &Cluster, database: &str, sql: &str) -> String {
    let output = Command::new(cluster.binaries.join("psql"))
        .args(["--no-psqlrc", "--tuples-only", "--no-align", "--command", sql])
        .arg(cluster.url(database))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn answers_over_its_socket_with_the_settings_of_a_throwaway() {
    let Some(cluster) = cluster() else { return };
    assert_eq!(ask(cluster, "postgres", "SHOW listen_addresses"), "");
    assert_eq!(ask(cluster, "postgres", "SHOW fsync"), "off");
    assert_eq!(ask(cluster, "postgres", "SHOW max_connections"), "200");
    assert_eq!(ask(cluster, "postgres", "SHOW timezone"), "UTC");
}

#[test]
fn copies_a_database_from_a_template() {
    let Some(cluster) = cluster() else { return };
    cluster.create_database("copied_template", None).unwrap();
    ask(cluster, "copied_template", "CREATE TABLE kept AS SELECT 42 AS answer");
    let start = Instant::now();
    cluster.create_database("copied_copy", Some("copied_template")).unwrap();
    writeln!(io::stderr(), "copying a database took {:?}", start.elapsed()).unwrap();
    assert_eq!(ask(cluster, "copied_copy", "SELECT answer FROM kept"), "42");
}

#[test]
fn refuses_names_that_would_need_quoting() {
    let Some(cluster) = cluster() else { return };
    for name in ["", "Upper", "a\"b", "a b", &"x".repeat(64)] {
        let error = cluster.create_database(name, None).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{name}");
    }
}

#[test]
fn reports_a_database_that_exists() {
    let Some(cluster) = cluster() else { return };
    let error = cluster.create_database("postgres", None).unwrap_err();
    assert!(error.to_string().contains("already exists"), "{error}");
}

#[test]
fn leaves_nothing_behind_when_dropped() {
    let Some(binaries) = binaries() else { return };
    let cluster = Cluster::start(&binaries).unwrap();
    let (folder, pid) = (cluster.folder.clone(), server_pid(&cluster.folder));
    assert!(is_alive(&pid));
    drop(cluster);
    assert!(!is_alive(&pid));
    assert!(!folder.exists());
}

#[test]
fn no_server_survives_a_killed_test_process() {
    if binaries().is_none() {
        return;
    }
    let mut killed = Command::new(env::current_exe().unwrap())
        .args(["--exact", "postgres::tests::holds_a_cluster_when_asked", "--nocapture", "--test-threads=1"])
        .env(HOLD, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let folder = BufReader::new(killed.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap)
        .find_map(|line| line.split_once("cluster in ").map(|(_, folder)| PathBuf::from(folder)))
        .unwrap();
    let pid = server_pid(&folder);
    assert!(is_alive(&pid));

    killed.kill().unwrap();
    killed.wait().unwrap();
    // The supervisor shares this stream: its end is the supervisor's end.
    killed.stderr.take().unwrap().read_to_string(&mut String::new()).unwrap();
    assert!(!is_alive(&pid));
    assert!(!folder.exists());
}

/// The victim of the test above; without its variable it has nothing to do.
#[test]
fn holds_a_cluster_when_asked() {
    if env::var_os(HOLD).is_none() {
        return;
    }
    let cluster = Cluster::start_with(&find_binaries().unwrap(), &[], Stdio::inherit()).unwrap();
    writeln!(io::stdout(), "\ncluster in {}", cluster.folder.display()).unwrap();
    io::stdin().read_to_string(&mut String::new()).unwrap();
}

#[test]
fn says_why_a_start_failed_and_leaves_no_folder() {
    let fake = tempfile::tempdir().unwrap();
    fs::set_permissions(fake.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let initdb = fake.path().join("initdb");
    fs::write(&initdb, "#!/bin/sh\necho \"no room for ${1#--pgdata=}\"\nexit 1\n").unwrap();
    fs::set_permissions(&initdb, fs::Permissions::from_mode(0o755)).unwrap();
    let error = Cluster::start(fake.path()).unwrap_err().to_string();
    let (_, data) = error.split_once("no room for ").unwrap();
    assert!(!Path::new(data.trim()).parent().unwrap().exists(), "{error}");
}

#[test]
fn finds_the_newest_installation_unless_the_path_has_one() {
    let root = tempfile::tempdir().unwrap();
    let install = |folder: &str, files: &[&str]| {
        let folder = root.path().join(folder);
        fs::create_dir_all(&folder).unwrap();
        for file in files {
            fs::write(folder.join(file), "").unwrap();
        }
        folder
    };
    install("lib/9/bin", &["initdb", "postgres"]);
    let newest = install("lib/17/bin", &["initdb", "postgres"]);
    install("lib/18/bin", &["psql"]);
    install("lib/common/bin", &["initdb", "postgres"]);
    let client_only = install("client", &["psql", "initdb"]);
    let on_path = install("path", &["initdb", "postgres"]).canonicalize().unwrap();

    let versions = root.path().join("lib");
    let nothing = root.path().join("nothing");
    assert_eq!(find_in(client_only.clone().into(), &versions), Some(newest));
    assert_eq!(find_in(env::join_paths([&client_only, &on_path]).unwrap(), &versions), Some(on_path));
    assert_eq!(find_in(client_only.into(), &nothing), None);
}

#[test]
fn a_missing_postgresql_is_said_aloud_or_fails_where_it_is_required() {
    let mut notice = Vec::new();
    assert!(open(None, false, &mut notice).unwrap().is_none());
    let notice = String::from_utf8(notice).unwrap();
    assert!(notice.contains("NO POSTGRESQL FOUND") && notice.contains("SQLite only"), "{notice}");

    let mut notice = Vec::new();
    let message = open(None, true, &mut notice).unwrap_err();
    assert!(message.contains("MUSTER_REQUIRE_POSTGRES=1"), "{message}");
    assert!(notice.is_empty());
}
