//! The queue of runs: each is worked on by one worker at a time, and none is lost with its worker.

use std::{collections::BTreeSet, time::Duration};

use domain::{
    ids::{MatchId, RunId},
    matches::{ClosingReason, MatchState, Step},
};
use storage::{
    PageRequest, Scope, Store, StoreError,
    ledger::{self, LedgerError},
    matches, needs, offers,
    runs::{self, FinishedRun, MOST_ATTEMPTS, NewMatch, NewRun, RunState},
};
use testkit::{Builder, TestDb, builders::quantity, on_both};
use tokio::task::JoinSet;

use crate::seed::{firm, now};

const LEASE: Duration = Duration::from_secs(60);
const OVER: i64 = 60_000_000;

async fn enqueue(store: &Store, make: &Builder, after_micros: i64) -> RunId {
    let run = NewRun {
        id: make.ids.next(RunId),
        requested_by: None,
        day: make.today,
        parameters_json: r#"{"mode":"urgency"}"#.to_owned(),
        at: now().plus_micros(after_micros),
    };
    let id = run.id;
    store.write(async move |tx| runs::enqueue(&tx, &run).await).await.unwrap();
    id
}

async fn cancel(store: &Store, id: RunId) -> Result<RunState, StoreError> {
    store.write(async move |tx| runs::cancel(&tx, id, "no longer wanted", now()).await).await
}

on_both!(
    async fn runs_are_claimed_in_order_and_once(db: TestDb) {
        let make = Builder::new(1);
        let second = enqueue(&db.store, &make, 2).await;
        let first = enqueue(&db.store, &make, 1).await;
        let claim = async |worker| runs::claim(&db.store, worker, now(), LEASE).await.unwrap();
        let claimed = claim("a").await.unwrap();
        assert_eq!((claimed.id, claimed.state, claimed.attempts), (first, RunState::Running, 1));
        assert_eq!(claimed.worker.as_deref(), Some("a"));
        assert_eq!(claim("b").await.unwrap().id, second);
        assert_eq!(claim("c").await, None);
    }
);

on_both!(
    async fn workers_at_once_never_share_a_run(db: TestDb) {
        let make = Builder::new(2);
        for index in 0..20 {
            enqueue(&db.store, &make, index).await;
        }
        let mut tasks = JoinSet::new();
        for worker in 0..8 {
            let store = db.store.clone();
            tasks.spawn(async move {
                let mut mine = Vec::new();
                while let Some(run) = runs::claim(&store, &format!("worker {worker}"), now(), LEASE).await.unwrap() {
                    mine.push(run.id);
                }
                mine
            });
        }
        let mut all: Vec<RunId> = tasks.join_all().await.into_iter().flatten().collect();
        all.sort_unstable();
        let claims = all.len();
        all.dedup();
        assert_eq!((claims, all.len()), (20, 20));
    }
);

on_both!(
    async fn a_run_whose_lease_is_over_is_another_workers(db: TestDb) {
        let make = Builder::new(3);
        enqueue(&db.store, &make, 0).await;
        let lost = runs::claim(&db.store, "a", now(), LEASE).await.unwrap().unwrap();
        let early = now().plus_micros(OVER - 1);
        assert_eq!(runs::claim(&db.store, "b", early, LEASE).await.unwrap(), None);
        runs::renew(&db.store, &lost, early, LEASE, None).await.unwrap();
        let late = now().plus_micros(OVER);
        assert_eq!(runs::claim(&db.store, "b", late, LEASE).await.unwrap(), None);

        // The same worker, restarted under the same name, is another claim as well.
        let later = early.plus_micros(OVER);
        let taken = runs::claim(&db.store, "a", later, LEASE).await.unwrap().unwrap();
        assert_eq!((taken.id, taken.attempts), (lost.id, 2));
        for result in [
            runs::finish(&db.store, &lost, FinishedRun::default(), later).await,
            runs::fail(&db.store, &lost, "too late", later).await,
            runs::renew(&db.store, &lost, later, LEASE, None).await,
        ] {
            assert!(matches!(result, Err(StoreError::Conflict(_))), "{result:?}");
        }
        runs::finish(&db.store, &taken, FinishedRun::default(), later).await.unwrap();
        let done = runs::get(&db.store, Scope::Operator, taken.id).await.unwrap();
        assert_eq!((done.state, done.lease_until, done.finished_at), (RunState::Done, None, Some(later)));
        assert_eq!(runs::latest_done(&db.store, Scope::Operator).await.unwrap(), Some(done));
    }
);

on_both!(
    async fn a_run_that_is_given_back_waits_as_if_it_had_not_been_begun(db: TestDb) {
        let make = Builder::new(13);
        let id = enqueue(&db.store, &make, 0).await;
        let before = runs::get(&db.store, Scope::Operator, id).await.unwrap();
        let claimed = runs::claim(&db.store, "a", now(), LEASE).await.unwrap().unwrap();
        runs::renew(&db.store, &claimed, now(), LEASE, Some("half")).await.unwrap();
        let running = runs::get(&db.store, Scope::Operator, id).await.unwrap();
        assert_eq!(running.progress_json.as_deref(), Some("half"));
        runs::give_back(&db.store, &claimed, now()).await.unwrap();
        assert_eq!(runs::get(&db.store, Scope::Operator, id).await.unwrap(), before);
        assert!(matches!(runs::give_back(&db.store, &claimed, now()).await, Err(StoreError::Conflict(_))));
        assert_eq!(runs::claim(&db.store, "b", now(), LEASE).await.unwrap().unwrap().attempts, 1);
    }
);

on_both!(
    async fn a_cancelled_run_is_nobodys(db: TestDb) {
        let make = Builder::new(14);
        let (waiting, begun) = (enqueue(&db.store, &make, 2).await, enqueue(&db.store, &make, 1).await);
        let claimed = runs::claim(&db.store, "a", now(), LEASE).await.unwrap().unwrap();
        assert_eq!(claimed.id, begun);
        runs::renew(&db.store, &claimed, now(), LEASE, Some("half")).await.unwrap();
        for id in [waiting, begun] {
            cancel(&db.store, id).await.unwrap();
            let run = runs::get(&db.store, Scope::Operator, id).await.unwrap();
            assert_eq!((run.state, run.error.as_deref()), (RunState::Failed, Some("no longer wanted")));
            assert_eq!((run.lease_until, run.progress_json), (None, None));
            let again = cancel(&db.store, id).await;
            assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
        }
        let late = runs::finish(&db.store, &claimed, FinishedRun::default(), now()).await;
        assert!(matches!(late, Err(StoreError::Conflict(_))), "{late:?}");
        assert_eq!(runs::claim(&db.store, "b", now(), LEASE).await.unwrap(), None);
        let unknown = cancel(&db.store, make.ids.next(RunId)).await;
        assert!(matches!(unknown, Err(StoreError::NotFound)), "{unknown:?}");
    }
);

on_both!(
    async fn a_run_that_kills_its_workers_is_given_up(db: TestDb) {
        let make = Builder::new(4);
        let id = enqueue(&db.store, &make, 0).await;
        let mut at = now();
        for attempt in 1..=MOST_ATTEMPTS {
            let claimed = runs::claim(&db.store, "a", at, LEASE).await.unwrap().unwrap();
            assert_eq!(claimed.attempts, attempt);
            at = at.plus_micros(OVER);
        }
        assert_eq!(runs::claim(&db.store, "a", at, LEASE).await.unwrap(), None);
        let failed = runs::get(&db.store, Scope::Operator, id).await.unwrap();
        assert_eq!(failed.state, RunState::Failed);
        assert!(failed.error.unwrap().contains("3 workers"));
    }
);

on_both!(
    async fn a_run_that_was_overtaken_replaces_nothing_whatever_the_clocks_say(db: TestDb) {
        let make = Builder::new(6);
        let (_, site) = firm(&db.store, &make, "Supplier").await;
        let (_, ward) = firm(&db.store, &make, "Buyer").await;
        let (offer, need) = (make.offer(&site, "medical-mask", 100), make.need(&ward, "medical-mask", 50));
        let rows = (offer.clone(), need.clone());
        db.store
            .write(async move |tx| {
                offers::insert(&tx, &rows.0, now()).await?;
                needs::insert(&tx, &rows.1, now()).await
            })
            .await
            .unwrap();
        let part = &need.instalments[0];
        let mut claims = Vec::new();
        for second in 0..2 {
            enqueue(&db.store, &make, second).await;
            // The second worker lives in a process whose clock is behind.
            let at = now().plus_micros(10 - 1_000_000 * second);
            claims.push(runs::claim(&db.store, "a", at, LEASE).await.unwrap().unwrap());
        }
        // The one that began last, and so saw the newer market, ends first.
        let mut ids = Vec::new();
        for claimed in claims.iter().rev() {
            let found = NewMatch {
                id: make.ids.next(MatchId),
                offer: offer.id,
                need: need.id,
                instalment: part.id,
                tier: 3,
                quantity: quantity(10),
                cutoff: part.due,
                explanation_json: "{}".to_owned(),
            };
            ids.push(found.id);
            let finished = FinishedRun { matches: vec![found], ..FinishedRun::default() };
            runs::finish(&db.store, claimed, finished, now().plus_micros(20)).await.unwrap();
        }
        let mut states = Vec::new();
        for id in ids {
            states.push(matches::get(&db.store, Scope::Operator, id).await.unwrap().state);
        }
        assert_eq!(states, [MatchState::Suggested, MatchState::Expired]);
    }
);

on_both!(
    async fn runs_that_end_at_once_leave_one_set_of_suggestions(db: TestDb) {
        let make = Builder::new(7);
        let (_, site) = firm(&db.store, &make, "Supplier").await;
        let (_, ward) = firm(&db.store, &make, "Buyer").await;
        let (offer, need) = (make.offer(&site, "medical-mask", 100), make.need(&ward, "medical-mask", 50));
        let rows = (offer.clone(), need.clone());
        db.store
            .write(async move |tx| {
                offers::insert(&tx, &rows.0, now()).await?;
                needs::insert(&tx, &rows.1, now()).await
            })
            .await
            .unwrap();
        let mut tasks = JoinSet::new();
        for index in 0..6 {
            enqueue(&db.store, &make, index).await;
            let claimed = runs::claim(&db.store, "a", now(), LEASE).await.unwrap().unwrap();
            let found = NewMatch {
                id: make.ids.next(MatchId),
                offer: offer.id,
                need: need.id,
                instalment: need.instalments[0].id,
                tier: 3,
                quantity: quantity(10),
                cutoff: need.instalments[0].due,
                explanation_json: "{}".to_owned(),
            };
            let finished = FinishedRun { matches: vec![found], ..FinishedRun::default() };
            let store = db.store.clone();
            tasks.spawn(async move { runs::finish(&store, &claimed, finished, now()).await });
        }
        for result in tasks.join_all().await {
            result.unwrap();
        }
        let filter = matches::MatchFilter { states: vec![MatchState::Suggested], ..matches::MatchFilter::default() };
        let left = matches::page(&db.store, Scope::Operator, &filter, PageRequest::first(10)).await.unwrap();
        assert_eq!(left.items.len(), 1);
    }
);

on_both!(
    async fn a_later_run_replaces_what_was_only_suggested(db: TestDb) {
        let make = Builder::new(5);
        let (_, site) = firm(&db.store, &make, "Supplier").await;
        let (_, ward) = firm(&db.store, &make, "Buyer").await;
        let (offer, need) = (make.offer(&site, "medical-mask", 100), make.need(&ward, "medical-mask", 50));
        let rows = (offer.clone(), need.clone());
        db.store
            .write(async move |tx| {
                offers::insert(&tx, &rows.0, now()).await?;
                needs::insert(&tx, &rows.1, now()).await
            })
            .await
            .unwrap();
        let part = &need.instalments[0];
        let suggest = async |units, at| {
            enqueue(&db.store, &make, 0).await;
            let claimed = runs::claim(&db.store, "a", at, LEASE).await.unwrap().unwrap();
            let found = NewMatch {
                id: make.ids.next(MatchId),
                offer: offer.id,
                need: need.id,
                instalment: part.id,
                tier: 3,
                quantity: quantity(units),
                cutoff: part.due,
                explanation_json: "{}".to_owned(),
            };
            let id = found.id;
            let finished = FinishedRun { matches: vec![found], ..FinishedRun::default() };
            runs::finish(&db.store, &claimed, finished, at).await.unwrap();
            id
        };
        let state = async |id| matches::get(&db.store, Scope::Operator, id).await.unwrap().state;
        let deadline = now().plus_micros(3_600_000_000);
        let step =
            async |id, step: Step| db.store.write(async move |tx| ledger::step(&tx, id, &step, now()).await).await;
        let propose = |units| Step::Propose { quantity: quantity(units), deadline };

        let first = suggest(10, now()).await;
        let held = suggest(20, now().plus_micros(1)).await;
        assert_eq!((state(first).await, state(held).await), (MatchState::Expired, MatchState::Suggested));
        step(held, propose(20)).await.unwrap();
        let third = suggest(30, now().plus_micros(2)).await;
        assert_eq!((state(held).await, state(third).await), (MatchState::Proposed, MatchState::Suggested));

        let wrong = step(third, Step::Ship(quantity(30))).await;
        assert!(matches!(wrong, Err(LedgerError::Refused(_))), "{wrong:?}");
        let reason = ClosingReason::Other("no forklift".to_owned());
        let declined = step(held, Step::Decline(reason)).await.unwrap();
        assert_eq!(matches::get(&db.store, Scope::Operator, held).await.unwrap(), declined);

        // What the buyer no longer asks for can still be read of, and is not among what can be promised.
        let mut other = need.clone();
        other.instalments = Vec::new();
        db.store.write(async move |tx| needs::update(&tx, Scope::Operator, &other, now()).await).await.unwrap();
        let (of_offer, of_need) = (BTreeSet::from([offer.id]), BTreeSet::from([part.id]));
        let books = db.store.write(async move |tx| ledger::lock(&tx, &of_offer, &of_need, now()).await).await.unwrap();
        assert!(books.instalments.is_empty() && books.offers.len() == 1);
        assert_eq!(state(third).await, MatchState::Suggested);

        let page = runs::page(&db.store, Scope::Operator, PageRequest::first(10)).await.unwrap();
        assert!(page.items.iter().all(|run| run.state == RunState::Done));
    }
);
