//! `muster serve` and `muster demo` on a socket.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, ChildStderr, Stdio},
};

use crate::command::Bench;

/// A program that serves; ended when dropped.
pub struct Serving {
    child: Child,
    pub addr: String,
    /// Held open, so that the program can go on saying things.
    pub stderr: BufReader<ChildStderr>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Starts a command that serves, and waits until it says where.
pub fn start(bench: &Bench, arguments: &[&str]) -> Serving {
    let mut program = bench.program();
    program.args(arguments).args(["--addr", "127.0.0.1:0"]);
    let mut child = program.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    let mut serving = Serving { child, addr: String::new(), stderr };
    let mut told = String::new();
    while serving.addr.is_empty() {
        let mut line = String::new();
        assert_ne!(serving.stderr.read_line(&mut line).unwrap(), 0, "it did not serve: {told}");
        if let Some((_, rest)) = line.split_once("http://") {
            serving.addr = rest.split([' ', '/']).next().unwrap().to_owned();
        }
        told.push_str(&line);
    }
    serving
}

pub fn get(addr: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(addr).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The answer to a POST of JSON.
pub fn post(addr: &str, path: &str, body: &serde_json::Value) -> String {
    let mut stream = TcpStream::connect(addr).unwrap();
    let (body, kind) = (body.to_string(), "Content-Type: application/json");
    let head = format!("POST {path} HTTP/1.1\r\nHost: {addr}\r\n{kind}\r\nContent-Length: {}", body.len());
    write!(stream, "{head}\r\nConnection: close\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The answer to a request with a token.
pub fn send(addr: &str, method: &str, path: &str, token: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(addr).unwrap();
    let head =
        format!("{method} {path} HTTP/1.1\r\nHost: {addr}\r\nAuthorization: Bearer {token}\r\nConnection: close");
    let kind = format!("Content-Type: application/json\r\nContent-Length: {}", body.len());
    write!(stream, "{head}\r\n{kind}\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_demo_serves_what_it_printed() {
    let bench = Bench::new();
    let serving = start(&bench, &["demo"]);
    assert!(get(&serving.addr, "/readyz").starts_with("HTTP/1.1 200"));
    assert!(get(&serving.addr, "/api/v1/products?q=OP-Maske").contains("medical-mask"));
}

#[test]
fn a_taken_port_is_told_with_the_remedy() {
    let bench = Bench::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let refused = bench.run(&["serve", "--addr", &addr]).exits(1);
    assert!(refused.stderr.contains("in use") && refused.stderr.contains("--addr"), "{}", refused.stderr);
}

#[cfg(unix)]
#[test]
fn told_to_stop_it_ends_in_order() {
    let bench = Bench::new();
    let mut serving = start(&bench, &["serve"]);
    let pid = serving.child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(serving.child.wait().unwrap().success());
}

#[test]
fn tokens_are_made_for_organisations_and_the_operator() {
    let bench = Bench::new();
    let file = bench.file("offers.csv", "organisation,country,product,stock\nAcme,DE,apron,5000\n");
    bench.run(&["import", "offers", file.to_str().unwrap()]).exits(0);
    let token = bench.run(&["token", "create", "--org", "acme", "--expires", "1h"]).exits(0).stdout;
    assert!(token.starts_with("muster_") && token.trim().len() == 84, "{token}");
    let operator = bench.run(&["token", "create", "--operator", "--output", "json"]).exits(0).json();
    assert_eq!(operator["key"]["operator"], true);
    let listed = bench.run(&["token", "list"]).exits(0).stdout;
    assert!(listed.contains(&token[..19]) && !listed.contains(token.trim()), "{listed}");
    let of_acme = bench.run(&["token", "list", "--org", "acme", "--output", "json"]).exits(0).json();
    assert_eq!(of_acme.as_array().map(Vec::len), Some(1), "{of_acme}");
    let revoked = bench.run(&["token", "revoke", token.trim()]).exits(0).stdout;
    assert_eq!(revoked.trim(), format!("{} is revoked", &token[..19]));
    let unknown = bench.run(&["token", "revoke", "muster_000000000000"]).exits(1);
    assert!(unknown.stderr.contains("muster token list"), "{}", unknown.stderr);
    let wrong = bench.run(&["token", "create", "--operator", "--scope", "reed"]).exits(1);
    assert!(wrong.stderr.contains("read, write, admin"), "{}", wrong.stderr);
    let nobody = bench.run(&["token", "create", "--org", "Nobody"]).exits(1);
    assert!(nobody.stderr.contains("Nobody"), "{}", nobody.stderr);
}

/// What docker-compose.yml does, as processes: migrate to the end, then serve the same database.
#[test]
fn the_steps_of_docker_compose_on_postgresql() {
    let Some(cluster) = testkit::postgres::cluster() else { return };
    cluster.create_database("compose", None).unwrap();
    let url = cluster.url("compose");
    let bench = Bench::new();
    bench.run(&["migrate", "--database", &url]).exits(0);
    let serving = start(&bench, &["serve", "--database", &url]);
    assert!(get(&serving.addr, "/readyz").starts_with("HTTP/1.1 200"));
    assert!(get(&serving.addr, "/api/v1/products?q=masque+chirurgical").contains("medical-mask"));
}
