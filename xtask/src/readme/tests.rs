use super::*;

const EXAMPLE: &str = "\
# Title
```sh
git clone --depth 1 https://example.org/muster.git
cd muster
cargo run --release -- demo   # about four minutes
```
Text.
```json
{}
```
```console
$ curl -d \\
    '{}' http://127.0.0.1:8080/
{\"id\": 1}
$ echo done
done
```
```sh
cargo test --workspace
```
";

#[test]
fn takes_commands_and_leaves_output() {
    let found = blocks(EXAMPLE);
    assert_eq!(found.len(), 3);
    assert_eq!(found[1], "curl -d \\\n    '{}' http://127.0.0.1:8080/\necho done");
    assert_eq!(found[2], "cargo test --workspace");
    assert!(blocks("```text\nls\n```\n```console\nonly output\n```\n").is_empty());
}

#[test]
fn finds_what_to_clone() {
    assert_eq!(clone_address(&blocks(EXAMPLE)), Some("https://example.org/muster.git"));
    assert_eq!(clone_address(&["ls".to_owned()]), None);
}

#[test]
fn knows_commands_that_serve() {
    for line in [
        "cargo run --release -- demo",
        "cargo run -- serve --addr 127.0.0.1:8080 # comment",
        "target/release/muster demo",
        "muster serve",
    ] {
        assert!(serves(line), "{line}");
    }
    for line in [
        "cargo run --release -- demo --no-serve",
        "muster demo --help",
        "muster products search demo --no-serve",
        "echo serve",
        "cargo run -- version # not serve",
    ] {
        assert!(!serves(line), "{line}");
    }
}

#[test]
fn the_test_command_is_left_to_the_check() {
    assert!(is_test_command("  cargo test --workspace  # eight minutes"));
    assert!(!is_test_command("cargo test"));
    let script = session(&blocks(EXAMPLE));
    assert!(!script.lines().any(is_test_command));
}

/// Runs a session in an empty folder with `muster` played by a small script.
fn play(readme: &str) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("readme.sh");
    fs::write(&script, session(&blocks(readme))).unwrap();
    let output = Command::new("bash").arg(&script).current_dir(folder.path()).output().unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn blocks_share_one_session_and_stop_at_the_first_failure() {
    let (passed, output) = play("```sh\nmkdir a; cd a\nx=5\n```\n```console\n$ echo $(basename $PWD) $x\n```\n");
    assert!(passed);
    assert_eq!(output, "a 5\n");
    let (passed, output) = play("```sh\nfalse\n```\n```sh\necho after\n```\n");
    assert!(!passed);
    assert_eq!(output, "");
}

#[test]
fn a_server_that_ends_early_fails_the_session() {
    let (passed, output) = play("```sh\nmuster() { echo started; return 1; }\nmuster serve\necho after\n```\n");
    assert!(!passed);
    assert_eq!(output, "started\n");
}

#[test]
fn the_second_file_begins_where_the_first_cloned() {
    let folder = tempfile::tempdir().unwrap();
    assert!(cloned(folder.path()).is_err());
    let repository = folder.path().join("muster");
    fs::create_dir_all(repository.join("docs")).unwrap();
    fs::write(repository.join(API), "").unwrap();
    assert_eq!(cloned(folder.path()).unwrap(), repository);
    assert_eq!(cloned(&repository).unwrap(), repository);
}
