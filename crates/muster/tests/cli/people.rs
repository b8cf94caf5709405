//! People at the first start, at the command line, and in the post.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    command::Bench,
    serving::{post, start},
};

const PASSWORD: &str = "correct horse battery staple";

/// The link that a text carries, and its token.
fn link(text: &str, purpose: &str) -> (String, String) {
    let (before, after) = text.split_once(&format!("/link#{purpose}.")).unwrap_or_else(|| panic!("no link: {text}"));
    let token: String = after.chars().take_while(char::is_ascii_alphanumeric).collect();
    (format!("{}/link", before.rsplit(char::is_whitespace).next().unwrap()), token)
}

#[test]
fn whoever_starts_it_first_makes_an_account_by_the_link_that_is_printed() {
    let bench = Bench::new();
    let mut serving = start(&bench, &["serve"]);
    let (mut told, mut line) = (String::new(), String::new());
    while !told.contains("/link#") {
        line.clear();
        assert_ne!(serving.stderr.read_line(&mut line).unwrap(), 0, "{told}");
        told.push_str(&line);
    }
    let (address, token) = link(&told, "setup");
    assert_eq!(address, format!("http://{}/link", serving.addr));
    let body = json!({ "token": token, "email": "ann@example.org", "name": "Ann Example", "password": PASSWORD });
    assert!(post(&serving.addr, "/api/v1/setup", &body).starts_with("HTTP/1.1 201"));
    let opened = post(&serving.addr, "/api/v1/sessions", &json!({ "email": "ann@example.org", "password": PASSWORD }));
    assert!(opened.contains("\"acting_as\":\"operator\""), "{opened}");
    drop(serving);
    // Another is made at the command line, and the next start prints no link.
    let made = bench.run(&["admin", "create", "--email", "bob@example.org", "--name", "Bob"]).exits(0);
    link(&made.stdout, "password");
    let faults = bench.run(&["admin", "create", "--email", "bob", "--name", " "]).exits(1).stderr;
    assert!(faults.contains("/email") && faults.contains("/name"), "{faults}");
    let serving = start(&bench, &["serve"]);
    let (_, token) = link(&made.stdout, "password");
    let set = post(&serving.addr, "/api/v1/passwords", &json!({ "token": token, "password": PASSWORD }));
    assert!(set.starts_with("HTTP/1.1 200"), "{set}");
}

/// The next of what appears in time.
fn eventually<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "it did not come");
        thread::yield_now();
    }
}

#[test]
fn without_a_server_mail_lies_in_a_folder_that_only_its_owner_reads() {
    let bench = Bench::new();
    let serving = start(&bench, &["serve"]);
    let asked = post(&serving.addr, "/api/v1/people", &json!({ "email": "ann@example.org", "name": "Ann" }));
    assert!(asked.starts_with("HTTP/1.1 202"), "{asked}");
    let folder = bench.data().join("mail");
    let mail = eventually(|| {
        let file = std::fs::read_dir(&folder).ok()?.next()?.ok()?.path();
        std::fs::read_to_string(file).ok().filter(|text| text.contains("Muster at"))
    });
    assert!(mail.contains("To: ann@example.org") && mail.contains("Subject: Your account at Muster"), "{mail}");
    link(&mail.replace("=\r\n", ""), "password");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    }
}

/// A server that takes one mail, as RFC 5321 says, and answers what was said to it.
fn mail_server() -> (u16, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let (mut said, mut in_mail) = (String::new(), false);
        write!(stream, "220 mail.example.org\r\n").unwrap();
        while let Some(Ok(line)) = lines.next() {
            said.push_str(&line);
            said.push('\n');
            let answer = match (in_mail, line.split(' ').next().unwrap_or_default()) {
                (true, ".") => "250 taken",
                (true, _) => continue,
                (false, "DATA") => "354 go on",
                (false, "QUIT") => break,
                (false, _) => "250 mail.example.org",
            };
            in_mail = line == "DATA";
            write!(stream, "{answer}\r\n").unwrap();
            if answer == "250 taken" {
                break;
            }
        }
        said
    });
    (port, server)
}

#[test]
fn mail_goes_to_the_server_of_the_settings() {
    let bench = Bench::new();
    let (port, server) = mail_server();
    std::fs::create_dir_all(bench.data()).unwrap();
    let settings = format!("mail = \"smtp://127.0.0.1:{port}\"\nmail_from = \"Muster <muster@example.org>\"\n");
    std::fs::write(bench.data().join("muster.toml"), settings).unwrap();
    let serving = start(&bench, &["serve"]);
    post(&serving.addr, "/api/v1/people", &json!({ "email": "ann@example.org", "name": "Ann" }));
    let said = server.join().unwrap();
    assert!(said.contains("MAIL FROM:<muster@example.org>") && said.contains("RCPT TO:<ann@example.org>"), "{said}");
    link(&said.replace("=\n", ""), "password");
}

#[test]
fn keys_are_rotated_while_the_service_runs() {
    let bench = Bench::new();
    let serving = start(&bench, &["serve"]);
    let rotated: Value = bench.run(&["keys", "rotate", "--output", "json"]).exits(0).json();
    let published = crate::serving::get(&serving.addr, "/.well-known/jwks.json");
    assert!(published.contains(rotated["kid"].as_str().unwrap()), "{published}");
}
