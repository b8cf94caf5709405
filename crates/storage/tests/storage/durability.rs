//! What was acknowledged survives the death of the process that wrote it.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
};

use domain::ids::OrganisationId;
use storage::{DatabaseUrl, Scope, Store, organisations};
use testkit::{Builder, TestDb, on_both};

use crate::seed::add;

/// The database that this process, started by the test below, writes to until it is killed.
const URL: &str = "MUSTER_TEST_WRITE_TO";
const SEED: &str = "MUSTER_TEST_SEED";
const KILLS: u64 = 5;

on_both!(
    async fn ops_01_acknowledged_rows_survive_kill_9(db: TestDb) {
        let mut acknowledged: Vec<OrganisationId> = Vec::new();
        for seed in 0..KILLS {
            let mut writer = start_writer(&db, seed);
            let output = writer.stdout.take().unwrap();
            let mut lines = BufReader::new(output).lines();
            let wanted = acknowledged.len() + 20 + 7 * usize::try_from(seed).unwrap();
            while acknowledged.len() < wanted {
                let line = lines.next().expect("the writer ended by itself").unwrap();
                acknowledged.extend(acknowledgement(&line));
            }
            writer.kill().unwrap();
            // What it had still said before it died counts too.
            let rest: Vec<String> = lines.map_while(Result::ok).collect();
            acknowledged.extend(rest.iter().filter_map(|line| acknowledgement(line)));
            assert!(!writer.wait().unwrap().success());

            assert_eq!(db.store.faults().await.unwrap(), Vec::<String>::new());
            for id in &acknowledged {
                organisations::get(&db.store, Scope::Operator, *id).await.unwrap();
            }
            // A process that was there all along goes on writing.
            let here = Builder::new(1_000 + seed).organisation("Here");
            add(&db.store, &here).await.unwrap();
            acknowledged.push(here.id);
        }
    }
);

/// This very test binary, running [`the_writer_that_is_killed`].
fn start_writer(db: &TestDb, seed: u64) -> Child {
    let url = match db.url().path() {
        Some(path) => format!("sqlite://{}", path.display()),
        None => db.url().to_string(),
    };
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "durability::the_writer_that_is_killed", "--nocapture"])
        .env(URL, url)
        .env(SEED, seed.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

/// The id of a line that says that a row is stored; the test harness says other things. A line cut
/// short by the kill says nothing.
fn acknowledgement(line: &str) -> Option<OrganisationId> {
    line.split_once("stored ")?.1.strip_suffix('.')?.parse().ok()
}

/// Writes until it is killed, when the test above starts it; does nothing in the suite itself.
#[tokio::test]
async fn the_writer_that_is_killed() {
    let (Ok(url), Ok(seed)) = (env::var(URL), env::var(SEED)) else { return };
    let store = Store::open(&DatabaseUrl::parse(&url).unwrap()).await.unwrap();
    let make = Builder::new(seed.parse().unwrap());
    loop {
        let firm = make.organisation("Writer");
        add(&store, &firm).await.unwrap();
        let mut output = std::io::stdout().lock();
        // The reader may close the pipe before the kill arrives.
        if writeln!(output, "stored {}.", firm.id).and_then(|()| output.flush()).is_err() {
            return;
        }
    }
}
