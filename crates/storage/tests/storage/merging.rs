//! Two organisations that are one: nothing is lost, nothing stands twice, and what cannot be is refused whole.

use std::{collections::BTreeSet, time::Duration};

use domain::{
    api_key::{AccessScopes, ApiKey},
    call::{
        AnswerBy, Call, CallState, CallTerms, CallVisibility, Invitation, LegalBasis,
        answer::{Answer, AnswerContent, AnswerKind},
    },
    claim::Claim,
    cluster::{Cluster, ClusterForm},
    code::ProductCode,
    email::EmailAddress,
    identifier::{Identifier, IdentifierKind},
    ids::{
        ApiKeyId, CallAnswerId, CallId, ClaimId, MandateId, MatchId, OfferId, OrganisationId, PersonId, RoleId, RunId,
    },
    mandate::Mandate,
    matches::{MatchState, Step},
    need::Need,
    offer::{Offer, OfferState},
    organisation::{Organisation, OrganisationKind},
    person::{Person, Role, RoleOf},
};
use sea_orm::{ConnectionTrait, Statement};
use storage::{
    ContentHash, DatabaseKind, Imported, Origin, PageRequest, Reads, Scope, Store, StoreError, api_keys,
    calls::{self, CallReader},
    claims, clusters,
    identifiers::{self, Held},
    ledger, lines, mandates, matches,
    merging::{self, MergeError, Merged},
    needs, offers,
    organisations::{self, Entry},
    people, roles,
    runs::{self, FinishedRun, NewMatch, NewRun},
    sites,
};
use testkit::{Builder, TestDb, builders::quantity, on_both};

use crate::seed::{add, firm, now};

async fn merge(store: &Store, from: OrganisationId, into: OrganisationId) -> Result<Merged, MergeError> {
    store.write(async move |tx| merging::merge(&tx, from, into, now().plus_micros(9)).await).await
}

/// A match of every offer with every need, suggested by a run, and then put to both sides where asked.
async fn matched(store: &Store, make: &Builder, pairs: &[(&Offer, &Need)], put: bool) -> Vec<MatchId> {
    let run = NewRun {
        id: make.ids.next(RunId),
        requested_by: None,
        day: make.today,
        parameters_json: "{}".to_owned(),
        at: now(),
    };
    store.write(async move |tx| runs::enqueue(&tx, &run).await).await.unwrap();
    let claimed = runs::claim(store, "worker", now(), Duration::from_secs(60)).await.unwrap().unwrap();
    let suggested = |(offer, need): &(&Offer, &Need)| NewMatch {
        id: make.ids.next(MatchId),
        offer: offer.id,
        need: need.id,
        instalment: need.instalments[0].id,
        tier: 3,
        quantity: quantity(10),
        cutoff: make.today,
        explanation_json: "{}".to_owned(),
    };
    let suggested: Vec<_> = pairs.iter().map(suggested).collect();
    let ids: Vec<MatchId> = suggested.iter().map(|m| m.id).collect();
    let finished = FinishedRun { matches: suggested, ..FinishedRun::default() };
    runs::finish(store, &claimed, finished, now()).await.unwrap();
    for id in ids.clone().into_iter().filter(|_| put) {
        let step = Step::Propose { quantity: quantity(10), deadline: now().plus_micros(3_600_000_000) };
        let work = async move |tx| ledger::step(&tx, id, &step, now()).await;
        store.write(work).await.unwrap();
    }
    ids
}

async fn supply(store: &Store, offer: &Offer) {
    let offer = offer.clone();
    store.write(async move |tx| offers::insert(&tx, &offer, now()).await).await.unwrap();
}

async fn demand(store: &Store, need: &Need) {
    let need = need.clone();
    store.write(async move |tx| needs::insert(&tx, &need, now()).await).await.unwrap();
}

async fn person(store: &Store, make: &Builder, email: &str) -> PersonId {
    let id = make.ids.next(PersonId);
    let email = EmailAddress::parse("", email).unwrap();
    let person = Person { id, email, name: "Ann".to_owned(), operator: false, created_at: now(), active_at: None };
    store.write(async move |tx| people::insert(&tx, &person).await).await.unwrap();
    id
}

async fn give(store: &Store, id: RoleId, person: PersonId, organisation: OrganisationId, role: Role, taken: bool) {
    let accepted_at = taken.then(now);
    let role = RoleOf { id, person, organisation, role, granted_at: now(), accepted_at };
    store.write(async move |tx| roles::put(&tx, &role).await).await.unwrap();
}

on_both!(
    async fn everything_of_the_one_becomes_the_others(db: TestDb) {
        let (store, make) = (&db.store, Builder::new(1));
        let ((from, their_site), (into, own_site)) = (firm(store, &make, "One").await, firm(store, &make, "Two").await);
        let (_, ward) = firm(store, &make, "Hospital").await;
        let line = make.line(&their_site, 100);
        let mut theirs = make.offer(&their_site, "medical-mask", 100);
        theirs.terms.line = Some(line.id);
        let (own, asked) = (make.offer(&own_site, "apron", 50), make.need(&their_site, "apron", 70));
        let wanted = make.need(&ward, "medical-mask", 500);
        store.write(async move |tx| lines::insert(&tx, &line, now()).await).await.unwrap();
        for offer in [&theirs, &own] {
            supply(store, offer).await;
        }
        for need in [&asked, &wanted] {
            demand(store, need).await;
        }
        matched(store, &make, &[(&theirs, &wanted)], true).await;
        let ids = matched(store, &make, &[(&own, &asked)], false).await;
        let key = ApiKey {
            id: make.ids.next(ApiKeyId),
            organisation: Some(from.id),
            name: "Portal".to_owned(),
            prefix: "muster_0123456789ab".to_owned(),
            scopes: AccessScopes::all(),
            created_at: now(),
            expires_at: now().plus_micros(1_000_000),
            last_used_at: None,
            revoked_at: None,
        };
        store.write(async move |tx| api_keys::insert(&tx, &key, "hash").await).await.unwrap();

        let merged = merge(store, from.id, into.id).await.unwrap();
        let expected =
            Merged { sites: 1, lines: 1, offers: 1, needs: 1, matches: 2, expired: 1, keys: 1, ..Merged::default() };
        assert_eq!(merged, expected);
        let gone = organisations::get(store, Scope::Operator, from.id).await;
        assert!(matches!(gone, Err(StoreError::NotFound)), "{gone:?}");
        let scope = Scope::Organisation(into.id);
        let all = PageRequest::first(10);
        let found = offers::page(store, scope, &Default::default(), Default::default(), all).await.unwrap();
        let found: BTreeSet<_> = found.items.into_iter().map(|o| o.record.id).collect();
        assert_eq!(found, BTreeSet::from([theirs.id, own.id]));
        let moved = offers::get(store, scope, theirs.id).await.unwrap().record;
        assert_eq!(moved, Offer { organisation: into.id, ..theirs.clone() });
        let need = needs::get(store, scope, asked.id).await.unwrap().record;
        assert_eq!(need, Need { organisation: into.id, ..asked.clone() });
        assert_eq!(sites::get(store, scope, their_site.id).await.unwrap().record.organisation, into.id);
        let page = matches::page(store, scope, &Default::default(), all).await.unwrap();
        assert!(page.items.iter().all(|m| m.supplier == into.id), "{page:?}");
        assert_eq!(matches::get(store, scope, ids[0]).await.unwrap().state, MatchState::Expired);
        assert_eq!(store.faults().await.unwrap(), Vec::<String>::new());
        assert_eq!(merging::became(store).await.unwrap(), [(from.id, into.id)].into());
        let again = merge(store, from.id, into.id).await;
        assert!(matches!(again, Err(MergeError::Store(StoreError::NotFound))), "{again:?}");
    }
);

on_both!(
    async fn what_both_have_stands_once(db: TestDb) {
        let (store, make) = (&db.store, Builder::new(2));
        let cluster = |name| Organisation { kind: OrganisationKind::Cluster, ..make.organisation(name) };
        let (shared, other) = (cluster("Shared"), cluster("Other"));
        add(store, &shared).await.unwrap();
        add(store, &other).await.unwrap();
        let from = Organisation { clusters: vec![shared.id, other.id], ..make.organisation("One") };
        let into = Organisation { clusters: vec![shared.id], ..make.organisation("Two") };
        add(store, &from).await.unwrap();
        add(store, &into).await.unwrap();
        let number = Identifier { kind: IdentifierKind::Vat, value: "DE123456788".to_owned() };
        let held = |confirmed| Held { identifier: number.clone(), confirmed_at: confirmed };
        let (theirs, own) = (held(Some(now())), held(None));
        let (of, to) = (from.id, into.id);
        store.write(async move |tx| identifiers::insert(&tx, of, &[theirs], now()).await).await.unwrap();
        store.write(async move |tx| identifiers::insert(&tx, to, &[own], now()).await).await.unwrap();
        let ann = person(store, &make, "ann@example.org").await;
        let bob = person(store, &make, "bob@example.org").await;
        let eve = person(store, &make, "eve@example.org").await;
        give(store, make.ids.next(RoleId), ann, from.id, Role::Admin, true).await;
        give(store, make.ids.next(RoleId), ann, into.id, Role::Member, true).await;
        // Offered and never taken: it must not lift what was taken.
        give(store, make.ids.next(RoleId), bob, from.id, Role::Admin, false).await;
        give(store, make.ids.next(RoleId), bob, into.id, Role::Editor, true).await;
        give(store, make.ids.next(RoleId), eve, from.id, Role::Member, true).await;

        let merged = merge(store, from.id, into.id).await.unwrap();
        assert_eq!((merged.memberships, merged.roles, merged.identifiers), (1, 2, 1));
        let after = organisations::get(store, Scope::Operator, into.id).await.unwrap().record;
        assert_eq!(after.clusters, {
            let mut both = vec![shared.id, other.id];
            both.sort_unstable();
            both
        });
        let page = roles::page(store, into.id, PageRequest::first(10)).await.unwrap();
        let found: BTreeSet<_> =
            page.items.into_iter().map(|(r, _)| (r.person, r.role, r.accepted_at.is_some())).collect();
        let expected = [(ann, Role::Admin, true), (bob, Role::Editor, true), (eve, Role::Member, true)];
        assert_eq!(found, BTreeSet::from(expected));
        let numbers = identifiers::of(store, [into.id]).await.unwrap().remove(&into.id).unwrap();
        assert_eq!(numbers, [held(Some(now()))]);

        // A cluster takes the members of its duplicate, and nobody becomes a member of himself.
        let merged = merge(store, other.id, shared.id).await.unwrap();
        assert_eq!(merged.memberships, 0);
        let after = organisations::get(store, Scope::Operator, into.id).await.unwrap().record;
        assert_eq!(after.clusters, [shared.id]);
    }
);

on_both!(
    async fn mandates_claims_and_what_a_cluster_is_move_and_stand_once(db: TestDb) {
        let (store, make) = (&db.store, Builder::new(6));
        let of_kind = |name, kind| Organisation { kind, ..make.organisation(name) };
        let [one, two] = ["Cluster One", "Cluster Two"].map(|name| of_kind(name, OrganisationKind::Cluster));
        let portal = of_kind("Portal", OrganisationKind::Portal);
        let [from, into] = ["One", "Two"].map(|name| make.organisation(name));
        for organisation in [&one, &two, &portal, &from, &into] {
            add(store, organisation).await.unwrap();
        }
        let mandate = |organisation: &Organisation, holder: &Organisation| Mandate {
            id: make.ids.next(MandateId),
            organisation: organisation.id,
            holder: holder.id,
            scopes: AccessScopes::parse("read").unwrap(),
            signatory: None,
            created_at: now(),
            confirmed_at: None,
            ends_on: make.today.plus(30),
            ended_at: None,
        };
        let (theirs, own, alone) = (mandate(&from, &portal), mandate(&into, &portal), mandate(&from, &one));
        let (theirs_id, own_id, alone_id) = (theirs.id, own.id, alone.id);
        let ann = person(store, &make, "ann@example.org").await;
        let bob = person(store, &make, "bob@example.org").await;
        let claim = |organisation: &Organisation, person, words: &str| Claim {
            id: make.ids.next(ClaimId),
            organisation: organisation.id,
            person,
            evidence: words.to_owned(),
            created_at: now(),
        };
        let said = [claim(&from, ann, "first"), claim(&into, ann, "second"), claim(&from, bob, "third")];
        let (sponsored, sponsor) = (one.id, from.id);
        let (entered, by) = (portal.id, one.id);
        let ends_on = Some(make.today.plus(30));
        let work = async move |tx| {
            for mandate in [theirs, own, alone] {
                mandates::insert(&tx, &mandate).await?;
            }
            for claim in said {
                claims::put(&tx, &claim).await?;
            }
            let (form, purpose) = (ClusterForm::Temporary, "Masks".to_owned());
            let cluster = Cluster { form, sponsor: Some(sponsor), purpose, ends_on, closed_at: None };
            clusters::put(&tx, sponsored, &cluster, now()).await?;
            organisations::set_entry(&tx, entered, Entry { by: Some(by), confirmed_at: None }, now()).await
        };
        store.write(work).await.unwrap();

        let merged = merge(store, from.id, into.id).await.unwrap();
        assert_eq!(merged.mandates, 2);
        let scope = Scope::Organisation(into.id);
        let ended = |id| async move { mandates::get(store, scope, id).await.unwrap().ended_at.is_some() };
        // Of two to one holder that of whoever stays stands on.
        assert_eq!((ended(theirs_id).await, ended(own_id).await, ended(alone_id).await), (true, false, false));
        let page = claims::page(store, into.id, PageRequest::first(10)).await.unwrap();
        let words: BTreeSet<String> = page.items.into_iter().map(|claim| claim.evidence).collect();
        assert_eq!(words, BTreeSet::from(["second".to_owned(), "third".to_owned()]));
        assert_eq!(clusters::get(store, one.id).await.unwrap().sponsor, Some(into.id));
        // A cluster takes what its duplicate held and entered, and stays what it is.
        merge(store, one.id, two.id).await.unwrap();
        assert_eq!(clusters::get(store, two.id).await.unwrap(), Cluster::default());
        assert_eq!(mandates::get(store, scope, alone_id).await.unwrap().holder, two.id);
        let entries = organisations::entries(store, [portal.id]).await.unwrap();
        assert_eq!(entries[&portal.id].by, Some(two.id));
        assert_eq!(store.faults().await.unwrap(), Vec::<String>::new());
    }
);

fn call(make: &Builder, issuer: &Organisation) -> Call {
    let answer_by = AnswerBy { at: now().plus_micros(1_000_000), day: None, zone: None };
    let terms = CallTerms {
        title: "Masks".to_owned(),
        text: String::new(),
        products: vec![ProductCode::new("ffp")],
        regions: Vec::new(),
        from: make.today,
        until: make.today.plus(28),
        answer_by,
        legal_basis: LegalBasis::Voluntary,
        confidential: false,
        questions: Vec::new(),
        visibility: CallVisibility::Invited,
    };
    Call {
        id: make.ids.next(CallId),
        organisation: issuer.id,
        terms,
        state: CallState::Open,
        opened_at: Some(now()),
        ended_at: None,
        reminders: 0,
        reminded_at: None,
    }
}

on_both!(
    async fn calls_move_and_nobody_stands_in_one_twice_or_in_his_own(db: TestDb) {
        let (store, make) = (&db.store, Builder::new(8));
        let ((from, works), (into, _)) = (firm(store, &make, "One").await, firm(store, &make, "Two").await);
        let [issuer, cluster] = ["Ministry", "Cluster"].map(|name| make.organisation(name));
        for organisation in [&issuer, &cluster] {
            add(store, organisation).await.unwrap();
        }
        let offer = make.offer(&works, "ffp", 50);
        supply(store, &offer).await;
        let (foreign, own) = (call(&make, &issuer), call(&make, &from));
        let invitation = |call: &Call, of: &Organisation, through: Option<&Organisation>| Invitation {
            call: call.id,
            organisation: of.id,
            through: through.map(|cluster| cluster.id),
            invited_at: now(),
            reminded_at: None,
        };
        let asked = [
            invitation(&foreign, &from, Some(&cluster)),
            invitation(&foreign, &into, None),
            invitation(&foreign, &cluster, None),
        ];
        let asked_by_from = [invitation(&own, &into, None)];
        let answer =
            |call: &Call, of: &Organisation, by: &Organisation, offers: Vec<(OfferId, OrganisationId)>| Answer {
                id: make.ids.next(CallAnswerId),
                call: call.id,
                organisation: of.id,
                by: by.id,
                kind: if offers.is_empty() { AnswerKind::Nothing } else { AnswerKind::Offers },
                content: AnswerContent { reason: None, answers: Default::default(), facilities: Vec::new() },
                offers,
                created_at: now(),
                updated_at: now(),
            };
        let answers = [
            answer(&foreign, &from, &from, vec![(offer.id, from.id)]),
            answer(&foreign, &into, &into, vec![]),
            answer(&foreign, &from, &cluster, vec![(offer.id, from.id)]),
            answer(&own, &into, &into, vec![]),
        ];
        let kept = [answers[1].id, answers[2].id];
        let (both, asked) = ([foreign.clone(), own.clone()], [asked.to_vec(), asked_by_from.to_vec()]);
        let work = async move |tx| {
            for call in both {
                calls::insert(&tx, &call, now()).await?;
            }
            for invitations in asked {
                calls::invitations::insert(&tx, &invitations).await?;
            }
            for answer in answers {
                calls::answers::put(&tx, &answer).await?;
            }
            Ok::<_, StoreError>(())
        };
        store.write(work).await.unwrap();
        merge(store, from.id, into.id).await.unwrap();
        let mine = CallReader::of_issuer(Scope::Organisation(into.id));
        assert_eq!(calls::get(store, &mine, own.id).await.unwrap().record.organisation, into.id);
        let invited = calls::invitations::of(store, foreign.id).await.unwrap();
        let invited: BTreeSet<_> = invited.into_iter().map(|i| (i.organisation, i.through)).collect();
        assert_eq!(invited, BTreeSet::from([(into.id, None), (cluster.id, None)]));
        assert_eq!(calls::invitations::of(store, own.id).await.unwrap(), []);
        let found = calls::answers::of(store, foreign.id).await.unwrap();
        let found: BTreeSet<_> = found.into_iter().map(|a| (a.id, a.organisation, a.by, a.offers)).collect();
        let expected = [(kept[0], into.id, into.id, vec![]), (kept[1], into.id, cluster.id, vec![(offer.id, into.id)])];
        assert_eq!(found, BTreeSet::from(expected));
        assert_eq!(calls::answers::of(store, own.id).await.unwrap(), []);
        // A cluster that was merged is still who spoke, and through whom.
        merge(store, cluster.id, issuer.id).await.unwrap();
        assert_eq!(calls::invitations::of(store, foreign.id).await.unwrap().len(), 1);
        assert_eq!(calls::answers::of(store, foreign.id).await.unwrap().len(), 2);
        assert_eq!(store.faults().await.unwrap(), Vec::<String>::new());
    }
);

on_both!(
    async fn what_a_cluster_alone_says_of_a_firm_becomes_true_of_no_other(db: TestDb) {
        let (store, make) = (&db.store, Builder::new(7));
        let cluster = Organisation { kind: OrganisationKind::Cluster, ..make.organisation("Cluster") };
        add(store, &cluster).await.unwrap();
        let entered = Organisation { clusters: vec![cluster.id], ..make.organisation("Entered") };
        let into = make.organisation("Real");
        for organisation in [&entered, &into] {
            add(store, organisation).await.unwrap();
        }
        let ann = person(store, &make, "ann@example.org").await;
        give(store, make.ids.next(RoleId), ann, entered.id, Role::Admin, false).await;
        let mandate = Mandate {
            id: make.ids.next(MandateId),
            organisation: entered.id,
            holder: cluster.id,
            scopes: AccessScopes::all(),
            signatory: Some(ann),
            created_at: now(),
            confirmed_at: None,
            ends_on: make.today.plus(30),
            ended_at: None,
        };
        let (id, of, by) = (mandate.id, entered.id, cluster.id);
        let work = async move |tx| {
            mandates::insert(&tx, &mandate).await?;
            organisations::set_entry(&tx, of, Entry { by: Some(by), confirmed_at: None }, now()).await
        };
        store.write(work).await.unwrap();
        merge(store, entered.id, into.id).await.unwrap();
        assert_eq!(
            mandates::get(store, Scope::Organisation(into.id), id).await.unwrap().ended_at,
            Some(now().plus_micros(9))
        );
        assert_eq!(organisations::get(store, Scope::Operator, into.id).await.unwrap().record.clusters, []);
        assert_eq!(roles::page(store, into.id, PageRequest::first(10)).await.unwrap().items, []);
    }
);

on_both!(
    async fn pri_04_who_trade_with_each_other_are_not_merged(db: TestDb) {
        let (store, make) = (&db.store, Builder::new(3));
        let ((from, works), (into, ward)) = (firm(store, &make, "One").await, firm(store, &make, "Two").await);
        let (offer, need) = (make.offer(&works, "apron", 50), make.need(&ward, "apron", 70));
        supply(store, &offer).await;
        demand(store, &need).await;
        matched(store, &make, &[(&offer, &need)], true).await;
        for (one, other) in [(from.id, into.id), (into.id, from.id)] {
            let refused = merge(store, one, other).await;
            assert!(matches!(refused, Err(MergeError::Trading(1))), "{refused:?}");
        }
        assert_eq!(offers::get(store, Scope::Organisation(from.id), offer.id).await.unwrap().record, offer);
    }
);

fn imported(offer: Offer) -> Imported<Offer> {
    let origin = Origin { source: "a-file".to_owned(), external_id: "7".to_owned() };
    Imported { record: offer, origin, content: ContentHash::of(&"7").unwrap() }
}

on_both!(
    async fn a_record_that_a_source_put_to_both_stays_once_in_the_market(db: TestDb) {
        let (store, make) = (&db.store, Builder::new(4));
        let (_, ward) = firm(store, &make, "Hospital").await;
        let need = make.need(&ward, "apron", 70);
        demand(store, &need).await;
        // Whether each of the two has promised something, and whether the one that goes then yields.
        for (promised, yields) in [([false, false], Some(true)), ([true, false], Some(false)), ([true, true], None)] {
            let ((from, a), (into, b)) = (firm(store, &make, "One").await, firm(store, &make, "Two").await);
            let (theirs, own) = (make.offer(&a, "apron", 50), make.offer(&b, "apron", 50));
            let rows = [theirs.clone(), own.clone()].map(imported);
            store.write(async move |tx| offers::save_imported(&tx, &rows, now()).await).await.unwrap();
            for (offer, _) in [&theirs, &own].into_iter().zip(promised).filter(|(_, promised)| *promised) {
                matched(store, &make, &[(offer, &need)], true).await;
            }
            let merged = merge(store, from.id, into.id).await;
            let Some(yields) = yields else {
                assert!(matches!(merged, Err(MergeError::BothPromised { .. })), "{merged:?}");
                continue;
            };
            let (gone, stays) = if yields { (theirs.id, own.id) } else { (own.id, theirs.id) };
            assert_eq!(merged.unwrap().withdrawn, [gone]);
            let gone = offers::get(store, Scope::Organisation(into.id), gone).await.unwrap();
            assert_eq!((gone.record.state, gone.origin), (OfferState::Withdrawn, None));
            let stays = offers::get(store, Scope::Organisation(into.id), stays).await.unwrap();
            assert_eq!((stays.record.state, stays.origin.unwrap().external_id.as_str()), (OfferState::Published, "7"));
        }
    }
);

on_both!(
    async fn a_name_and_an_origin_mean_what_they_became(db: TestDb) {
        let (store, make) = (&db.store, Builder::new(5));
        let [a, b, c] = ["Alpha Works", "Beta Works", "Gamma Works"].map(|name| make.organisation(name));
        for organisation in [&a, &b, &c] {
            add(store, organisation).await.unwrap();
        }
        merge(store, a.id, b.id).await.unwrap();
        merge(store, b.id, c.id).await.unwrap();
        let names = vec!["ALPHA works".to_owned(), "Beta Works".to_owned()];
        let found = organisations::find_by_names(store, Scope::Operator, "any", &names).await.unwrap();
        assert_eq!(found.len(), 2);
        assert!(found.values().all(|of| of.iter().all(|(_, id)| *id == c.id)), "{found:?}");
        let claim = async move |tx| organisations::claim_name(&tx, "alpha works", &a.country).await;
        assert_eq!(store.write(claim).await.unwrap(), Some(c.id));
    }
);

/// A column that refers to organisations and is not listed here would make every merge fail, or lose what it holds.
#[test]
fn every_column_that_refers_to_an_organisation_is_known() {
    testkit::database::on_sqlite(async |db: TestDb| {
        assert_eq!(db.kind(), DatabaseKind::Sqlite);
        let query = "SELECT m.name || '.' || f.\"from\" FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f \
                     WHERE m.type = 'table' AND f.\"table\" = 'organisations' ORDER BY 1";
        let connection = db.store.connection();
        let statement = Statement::from_string(connection.get_database_backend(), query);
        let rows = connection.query_all_raw(statement).await.unwrap();
        let found: Vec<String> = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
        let known = [
            "alerts.organisation_id",
            "api_keys.organisation_id",
            "call_answers.by_id",
            "call_answers.organisation_id",
            "call_invitations.organisation_id",
            "call_invitations.through_id",
            "calls.organisation_id",
            "chains.lead_organisation_id",
            "claims.organisation_id",
            "clusters.organisation_id",
            "clusters.sponsor_id",
            "former_organisations.organisation_id",
            "identifiers.organisation_id",
            "imports.organisation_id",
            "links.organisation_id",
            "mails.organisation_id",
            "mandates.holder_id",
            "mandates.organisation_id",
            "matches.need_organisation_id",
            "matches.offer_organisation_id",
            "memberships.cluster_id",
            "memberships.member_id",
            "needs.organisation_id",
            "offers.organisation_id",
            "organisations.entered_by",
            "reviews.organisation_id",
            "roles.organisation_id",
            "runs.requested_by",
            "sessions.organisation_id",
            "shortages.need_organisation_id",
            "sites.organisation_id",
            "urgency_grants.organisation_id",
        ];
        assert_eq!(found, known, "teach storage::merging the new column, then add it here");
    });
}
