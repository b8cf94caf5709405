//! Two server processes on one database, and many who want the same goods at once: the ledger gives none of them twice.

use std::{collections::BTreeSet, thread, time::Duration};

use domain::{
    ids::{LineId, OfferId},
    line::Line,
    need::Need,
    offer::Offer,
    time::Instant,
};
use serde_json::json;
use testkit::{Builder, TestDb, on_both};

use crate::{
    command::Bench,
    serving::{Serving, send, start},
};

/// How many rounds of each race; `MUSTER_RACES` says otherwise.
fn rounds() -> usize {
    std::env::var("MUSTER_RACES").ok().and_then(|n| n.parse().ok()).unwrap_or(2)
}

/// How many ask at once.
const AT_ONCE: usize = 200;
/// How much each asks for.
const EACH: i64 = 500;
/// How many of them can have it.
const ENOUGH_FOR: usize = 10;

/// A race: pairs of offer and instalment that are asked for in turn, of which the same goods run out.
struct Race {
    pairs: Vec<(OfferId, Need)>,
}

/// Everybody asks at once, half of them at each server; answers how many got what they asked for. Who is told that the
/// database is busy asks again, as the answer says.
fn run(race: &Race, servers: &[Serving; 2], token: &str) -> usize {
    let asks = (0..AT_ONCE).map(|n| {
        let (offer, need) = &race.pairs[n % race.pairs.len()];
        let body = json!({ "offer": offer, "need": need.id, "instalment": need.instalments[0].id, "quantity": EACH });
        (servers[n % 2].addr.clone(), token.to_owned(), body.to_string())
    });
    let ask = |(addr, token, body): (String, String, String)| {
        thread::spawn(move || {
            loop {
                let answer = send(&addr, "POST", "/api/v1/matches", &token, &body);
                match answer.get(9..12) {
                    Some("201") => return true,
                    Some("409") => {
                        assert!(answer.contains("\"code\":\"not_available\""), "{answer}");
                        return false;
                    }
                    Some("503") => thread::sleep(Duration::from_millis(50)),
                    _ => panic!("{answer}"),
                }
            }
        })
    };
    let asking: Vec<_> = asks.map(ask).collect();
    asking.into_iter().map(|one| usize::from(one.join().unwrap())).sum()
}

/// An offer with as much in stock as there is enough for, or far more.
fn stocked(make: &Builder, site: &domain::organisation::Site, units: i64, line: Option<LineId>) -> Offer {
    let mut offer = make.offer(site, "apron", 1);
    offer.terms.profile.stock = testkit::builders::pieces(units);
    offer.terms.line = line;
    offer
}

on_both!(
    async fn con_01_two_servers_never_promise_a_unit_twice(db: TestDb) {
        let mut make = Builder::new(7);
        let now = Instant::from_micros(
            i64::try_from(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_micros()).unwrap(),
        );
        let now = now.unwrap();
        make.today = now.day();
        let enough = EACH * i64::try_from(ENOUGH_FOR).unwrap();
        let plenty = EACH * i64::try_from(AT_ONCE).unwrap();
        let firms: Vec<_> =
            ["Maker", "Other", "Third", "Ward"].into_iter().map(|name| make.organisation(name)).collect();
        let sites: Vec<_> = firms.iter().map(|firm| make.site(firm)).collect();
        let mut lines: Vec<Line> = Vec::new();
        let (mut offers, mut needs, mut races) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds() {
            // One offer, whoever wants it.
            let (offer, need) = (stocked(&make, &sites[0], enough, None), make.need(&sites[3], "apron", plenty));
            races.push(Race { pairs: vec![(offer.id, need.clone())] });
            offers.push(offer);
            needs.push(need);
            // One line that three offers share, none of them short of anything but its time.
            let mut line = make.line(&sites[0], 1);
            line.profile = make.weekly(enough);
            // Nothing is made after the first week.
            line.profile.until = Some(make.today.plus(6));
            let three: Vec<Offer> = (0..3)
                .map(|_| {
                    let mut offer = make.offer(&sites[0], "apron", plenty);
                    offer.terms.line = Some(line.id);
                    offer
                })
                .collect();
            let need = make.need(&sites[3], "apron", plenty);
            races.push(Race { pairs: three.iter().map(|offer| (offer.id, need.clone())).collect() });
            offers.extend(three);
            needs.push(need);
            lines.push(line);
            // One instalment that three firms would serve.
            let three: Vec<Offer> = sites[..3].iter().map(|site| stocked(&make, site, plenty, None)).collect();
            let need = make.need(&sites[3], "apron", enough);
            races.push(Race { pairs: three.iter().map(|offer| (offer.id, need.clone())).collect() });
            offers.extend(three);
            needs.push(need);
        }
        let stored = (firms, sites, lines, offers, needs);
        let work = async move |tx: storage::Tx| {
            let (firms, sites, lines, offers, needs) = stored;
            for firm in &firms {
                storage::organisations::insert(&tx, firm, None, now).await?;
            }
            for site in &sites {
                storage::sites::insert(&tx, site, now).await?;
            }
            storage::lines::insert_many(&tx, &lines, now).await?;
            for offer in &offers {
                storage::offers::insert(&tx, offer, now).await?;
            }
            for need in &needs {
                storage::needs::insert(&tx, need, now).await?;
            }
            Ok::<_, storage::StoreError>(())
        };
        db.store.write(work).await.unwrap();

        let url = db.url().to_string();
        let benches = [Bench::new(), Bench::new()];
        for bench in &benches {
            // A signing key and a data folder of its own each, and one database.
            // Nobody reads what a server says, so it says little.
            let settings = format!("database = \"{url}\"\nrate_limit = \"off\"\nlog = \"error\"\n");
            std::fs::create_dir_all(bench.data()).unwrap();
            std::fs::write(bench.data().join("muster.toml"), settings).unwrap();
        }
        let token = benches[0].run(&["token", "create", "--operator", "--scope", "read,write,admin"]).exits(0).stdout;
        let token = token.trim().to_owned();
        let servers = [start(&benches[0], &["serve"]), start(&benches[1], &["serve"])];
        let mut seen = BTreeSet::new();
        for race in &races {
            seen.insert(run(race, &servers, &token));
        }
        drop(servers);
        // Never over, and nobody was turned away who could have had it.
        assert_eq!(seen, BTreeSet::from([ENOUGH_FOR]));
        let verified = benches[1].run(&["ledger", "verify", "--output", "json"]).exits(0).json();
        assert_eq!((&verified["sound"], &verified["matches"]), (&json!(true), &json!(races.len() * ENOUGH_FOR)));
    }
);
