//! The market record by record, for whoever keeps it in memory: all of it once, then what changed since.
//!
//! Which records changed is read from the events, also from those that have no number yet, so that nothing that is
//! committed when it is asked is missed. It is for the index, so it takes no scope.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
};

use domain::{
    event::Subject,
    ids::MatchId,
    line::Line,
    market::Commitment,
    mode::MarketMode,
    need::Need,
    offer::Offer,
    organisation::{Organisation, Site, Verification},
    quantity::Quantity,
    time::{Day, Instant},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::{
    bulk,
    entity::{
        cluster,
        event::{self, Column},
        instalment, line, match_row, membership, need, offer, organisation, site,
    },
    error::StoreError,
    lines, matches, memberships,
    memberships::Clusters,
    modes, needs, offers, organisations, sites,
    store::{Reads, Store, Tx},
};

/// Rows that are read at once.
const ROWS: u64 = 5_000;
/// Lists of rows that wait to be taken.
const WAITING: usize = 4;

/// What a match holds or takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// What it draws, and what it covers.
    pub commitment: Commitment,
    /// Until when it is held; `None` where it is agreed.
    pub held_until: Option<Instant>,
}

/// A record of the market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// An organisation, with the clusters it is an active member of.
    Organisation(Organisation),
    /// A site.
    Site(Site),
    /// A line.
    Line(Box<Line>),
    /// An offer.
    Offer(Box<Offer>),
    /// A need.
    Need(Box<Need>),
    /// A match that holds or takes something.
    Promise(Promise),
    /// A match that does so no more, or never did.
    NoPromise(MatchId),
    /// A record that is there no more.
    Gone(Subject, Uuid),
}

/// Which events somebody has taken in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mark {
    /// All up to this number.
    pub number: i64,
    /// Beyond them these, by key, which have no number yet.
    unnumbered: BTreeSet<i64>,
}

/// Which records changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Changed(BTreeMap<Subject, BTreeSet<Uuid>>);

impl Changed {
    fn of(&self, subject: Subject) -> impl Iterator<Item = Uuid> + use<> {
        self.0.get(&subject).cloned().unwrap_or_default().into_iter()
    }
}

/// All records in one state of the database, as they stand on a day, taken one by one: organisations, sites, lines, offers,
/// needs and promises. Reading and taking go side by side. Answers what they were taken into, and which events they reflect.
pub async fn all<T: Send + 'static>(
    store: &Store,
    day: Day,
    mut into: T,
    take: fn(&mut T, Fact),
) -> Result<(T, Mark), StoreError> {
    let (sender, mut receiver) = mpsc::channel::<Rows>(WAITING);
    // Reading a million JSON texts is no work for the threads that answer requests.
    let taking = tokio::task::spawn_blocking(move || {
        let mut clusters = Clusters::new();
        while let Some(rows) = receiver.blocking_recv() {
            rows.each(day, &mut clusters, |fact| take(&mut into, fact))?;
        }
        Ok::<_, StoreError>(into)
    });
    let read = store.read_one_state(move |tx| async move { send_all(tx.connection(), &sender).await }).await;
    let into = taking.await.map_err(|error| StoreError::Internal(Box::new(error)))?;
    // Whoever could not take says why; the reader only saw that nobody takes any more.
    Ok((into?, read?))
}

/// What is otherwise than it was at a mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// The records that changed, with what goes with them, as they stand by now.
    pub facts: Vec<Fact>,
    /// Which events they reflect.
    pub mark: Mark,
    /// The mode of the market.
    pub mode: MarketMode,
}

/// What changed after a mark, in one state of the database; `None` where some of the events are kept no longer, so that
/// everything has to be read again. With `turned`, all organisations are among it, since clusters end with the day.
pub async fn news(
    store: &Store,
    mark: &Mark,
    (day, now): (Day, Instant),
    turned: Turned,
) -> Result<Option<News>, StoreError> {
    let mark = mark.clone();
    let work = move |tx: Tx| async move {
        let Some((changed, mark)) = since(&tx, &mark).await? else { return Ok(None) };
        let mode = modes::current(&tx).await?;
        let mut facts = match turned {
            Turned::No => Vec::new(),
            Turned::Yes => organisations_on(&tx, day).await?,
        };
        if !changed.0.is_empty() {
            facts.extend(read(&tx, day, now, &changed).await?);
        }
        Ok(Some(News { facts, mark, mode }))
    };
    store.read_one_state(work).await
}

/// Whether another day began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turned {
    /// It is the same.
    No,
    /// It did.
    Yes,
}

async fn since(reader: &impl Reads, mark: &Mark) -> Result<Option<(Changed, Mark)>, StoreError> {
    #[derive(FromQueryResult)]
    struct Row {
        id: i64,
        number: Option<i64>,
        subject: String,
        record_id: Uuid,
    }
    let after = Condition::any().add(Column::Number.gte(mark.number)).add(Column::Number.is_null());
    let query = event::Entity::find().select_only();
    let query = query.columns([Column::Id, Column::Number, Column::Subject, Column::RecordId]);
    let rows: Vec<Row> = query.filter(after).into_model().all(reader.connection()).await?;
    let (mut changed, mut next) = (Changed::default(), Mark { number: mark.number, unnumbered: BTreeSet::new() });
    let mut numbered = 0;
    for row in rows {
        match row.number {
            Some(number) => {
                numbered += i64::from(number > 0);
                next.number = next.number.max(number);
            }
            None => {
                next.unnumbered.insert(row.id);
            }
        }
        let known = row.number.is_some_and(|number| number <= mark.number) || mark.unnumbered.contains(&row.id);
        // A subject that only a later version knows is nothing that is kept here.
        if let Some(subject) = Subject::parse(&row.subject).filter(|_| !known) {
            changed.0.entry(subject).or_default().insert(row.record_id);
        }
    }
    // Numbers have no gap, and the last one is never dropped: so it is there, and all after it are.
    let expected = next.number - mark.number + i64::from(mark.number > 0);
    Ok((numbered == expected).then_some((changed, next)))
}

/// Records as they stand by now: those that changed, with what goes with them.
async fn read(reader: &impl Reads, day: Day, now: Instant, changed: &Changed) -> Result<Vec<Fact>, StoreError> {
    let connection = reader.connection();
    let mut facts = Vec::new();
    let parties: BTreeSet<Uuid> = changed.of(Subject::Organisation).chain(changed.of(Subject::Membership)).collect();
    // What is said of a cluster bears on its members.
    let mut touched = parties.clone();
    for list in bulk::id_lists(parties) {
        let members = membership::Entity::find().select_only().column(membership::Column::MemberId);
        let members = members.filter(memberships::active()).filter(membership::Column::ClusterId.is_in(list));
        touched.extend(members.into_tuple::<Uuid>().all(connection).await?);
    }
    facts.extend(organisations_of(reader, day, touched.into_iter()).await?);
    for list in bulk::id_lists(changed.of(Subject::Site)) {
        let rows = site::Entity::find().filter(site::Column::Id.is_in(list.iter().copied())).all(connection).await?;
        facts.extend(gone(Subject::Site, &list, rows.iter().map(|row| row.id)));
        for row in rows {
            facts.push(Fact::Site(sites::stored(row)?.record));
        }
    }
    let (mut shared, mut found) = (Vec::new(), Vec::new());
    for list in bulk::id_lists(changed.of(Subject::Offer)) {
        let rows = offer::Entity::find().filter(offer::Column::Id.is_in(list.iter().copied())).all(connection).await?;
        found.extend(gone(Subject::Offer, &list, rows.iter().map(|row| row.id)));
        for row in rows {
            shared.extend(row.line_id);
            found.push(Fact::Offer(Box::new(offers::stored(row)?.record)));
        }
    }
    // What a line puts out changes with an event of each offer that shares it.
    for list in bulk::id_lists(shared) {
        for row in line::Entity::find().filter(line::Column::Id.is_in(list)).all(connection).await? {
            facts.push(Fact::Line(Box::new(lines::record(row)?)));
        }
    }
    facts.append(&mut found);
    for list in bulk::id_lists(changed.of(Subject::Need)) {
        let rows = need::Entity::find().filter(need::Column::Id.is_in(list.iter().copied())).all(connection).await?;
        facts.extend(gone(Subject::Need, &list, rows.iter().map(|row| row.id)));
        let mut parts = needs::instalments::of_needs(connection, rows.iter().map(|row| row.id)).await?;
        for row in rows {
            facts.push(Fact::Need(Box::new(needs::stored(row, &mut parts)?.record)));
        }
    }
    // Of what a run suggests nothing is read but that it promises nothing.
    for list in bulk::id_lists(changed.of(Subject::Match)) {
        let ids = match_row::Column::Id.is_in(list.iter().copied());
        let rows = match_row::Entity::find().filter(ids).filter(promising()).all(connection).await?;
        let there: BTreeSet<Uuid> = rows.iter().map(|row| row.id).collect();
        let none = list.iter().filter(|id| !there.contains(id));
        facts.extend(none.map(|id| Fact::NoPromise(MatchId(*id))));
        for row in rows {
            facts.push(promise(matches::record(row)?.at(now)));
        }
    }
    Ok(facts)
}

/// Those of a list that were not found.
fn gone(subject: Subject, list: &[Uuid], found: impl Iterator<Item = Uuid>) -> Vec<Fact> {
    let found: BTreeSet<Uuid> = found.collect();
    list.iter().filter(|id| !found.contains(id)).map(|id| Fact::Gone(subject, *id)).collect()
}

/// Matches that draw on an offer or cover something.
fn promising() -> Condition {
    Condition::any().add(match_row::Column::Drawn.gt(0)).add(match_row::Column::Covered.gt(0))
}

/// All organisations as they stand on a day: a cluster that is over by then has no members.
async fn organisations_on(reader: &impl Reads, day: Day) -> Result<Vec<Fact>, StoreError> {
    let rows = organisation::Entity::find().all(reader.connection()).await?;
    organisations_of(reader, day, rows.into_iter().map(|row| row.id)).await
}

async fn organisations_of(
    reader: &impl Reads,
    day: Day,
    ids: impl Iterator<Item = Uuid>,
) -> Result<Vec<Fact>, StoreError> {
    let connection = reader.connection();
    let mut facts = Vec::new();
    let over = over(connection).await?;
    for list in bulk::id_lists(ids) {
        let rows = organisation::Entity::find().filter(organisation::Column::Id.is_in(list.iter().copied()));
        let rows = rows.all(connection).await?;
        facts.extend(gone(Subject::Organisation, &list, rows.iter().map(|row| row.id)));
        let members = membership::Entity::find().filter(memberships::active());
        let members = members.filter(membership::Column::MemberId.is_in(list)).all(connection).await?;
        let clusters = live(members, &over, day);
        for row in rows {
            facts.push(Fact::Organisation(standing(row, &clusters)?));
        }
    }
    Ok(facts)
}

/// Clusters that are over, or will be.
async fn over<C: ConnectionTrait>(connection: &C) -> Result<Vec<cluster::Model>, StoreError> {
    let ends = Condition::any().add(cluster::Column::ClosedAt.is_not_null()).add(cluster::Column::EndsOn.is_not_null());
    Ok(cluster::Entity::find().filter(ends).all(connection).await?)
}

/// The clusters of members that are not over on a day.
pub(crate) fn live(members: Vec<membership::Model>, clusters: &[cluster::Model], day: Day) -> Clusters {
    let is_over = |row: &&cluster::Model| row.closed_at.is_some() || row.ends_on.is_some_and(|d| d < day.number());
    let over: Vec<cluster::Model> = clusters.iter().filter(is_over).cloned().collect();
    memberships::live(members, &over)
}

/// An organisation of which the last cluster that vouched may be over since midnight, and not closed yet.
pub(crate) fn standing(row: organisation::Model, clusters: &Clusters) -> Result<Organisation, StoreError> {
    let mut organisation = organisations::stored(row, clusters)?.record;
    let vouched = clusters.get(&organisation.id.0).is_some_and(|list| list.iter().any(|(_, vouched)| *vouched));
    if organisation.verification == Verification::Cluster && !vouched {
        organisation.verification = Verification::None;
    }
    Ok(organisation)
}

fn promise(row: matches::MatchRow) -> Fact {
    if row.drawn == 0 && row.covered == 0 {
        return Fact::NoPromise(row.id);
    }
    let held_until = if row.state.is_held() { row.deadline } else { None };
    Fact::Promise(Promise { commitment: commitment(&row), held_until })
}

/// What a match draws from its offer and covers of its instalment.
pub(crate) fn commitment(row: &matches::MatchRow) -> Commitment {
    let units = |units: i64| Quantity::new(units).unwrap_or_default();
    Commitment {
        match_id: row.id,
        offer: row.offer,
        instalment: row.instalment,
        quantity: units(row.drawn),
        cutoff: row.cutoff,
        covers: (row.covered != row.drawn).then(|| units(row.covered)),
        in_chain: row.leg.is_some(),
    }
}

/// Rows as they lie in the database.
enum Rows {
    Members(Vec<membership::Model>, Vec<cluster::Model>),
    Organisations(Vec<organisation::Model>),
    Sites(Vec<site::Model>),
    Lines(Vec<line::Model>),
    Offers(Vec<offer::Model>),
    Needs(Vec<need::Model>, Vec<instalment::Model>),
    Promises(Vec<match_row::Model>),
}

impl Rows {
    fn each(self, day: Day, clusters: &mut Clusters, mut take: impl FnMut(Fact)) -> Result<(), StoreError> {
        match self {
            Self::Members(members, all) => *clusters = live(members, &all, day),
            Self::Organisations(rows) => {
                for row in rows {
                    take(Fact::Organisation(standing(row, clusters)?));
                }
            }
            Self::Sites(rows) => {
                for row in rows {
                    take(Fact::Site(sites::stored(row)?.record));
                }
            }
            Self::Lines(rows) => {
                for row in rows {
                    take(Fact::Line(Box::new(lines::record(row)?)));
                }
            }
            Self::Offers(rows) => {
                for row in rows {
                    take(Fact::Offer(Box::new(offers::stored(row)?.record)));
                }
            }
            Self::Needs(rows, instalments) => {
                let mut parts = BTreeMap::new();
                needs::instalments::gather(instalments, &mut parts)?;
                for row in rows {
                    take(Fact::Need(Box::new(needs::stored(row, &mut parts)?.record)));
                }
            }
            Self::Promises(rows) => {
                for row in rows {
                    take(promise(matches::record(row)?));
                }
            }
        }
        Ok(())
    }
}

async fn send_all<C: ConnectionTrait>(connection: &C, to: &mpsc::Sender<Rows>) -> Result<Mark, StoreError> {
    let members = membership::Entity::find().filter(memberships::active()).all(connection).await?;
    send(to, Rows::Members(members, over(connection).await?)).await?;
    each_part::<organisation::Entity, _>(connection, organisation::Column::Id, |row| row.id, to, Rows::Organisations)
        .await?;
    each_part::<site::Entity, _>(connection, site::Column::Id, |row| row.id, to, Rows::Sites).await?;
    each_part::<line::Entity, _>(connection, line::Column::Id, |row| row.id, to, Rows::Lines).await?;
    each_part::<offer::Entity, _>(connection, offer::Column::Id, |row| row.id, to, Rows::Offers).await?;
    let mut after = Uuid::nil();
    loop {
        let rows = part::<need::Entity, _>(connection, need::Column::Id, after, Condition::all()).await?;
        let Some(last) = rows.last() else { break };
        after = last.id;
        let asked = instalment::Entity::find()
            .filter(instalment::Column::Withdrawn.eq(false))
            .filter(instalment::Column::NeedId.is_in(rows.iter().map(|row| row.id)))
            .order_by_asc(instalment::Column::NeedId)
            .order_by_asc(instalment::Column::Ordinal);
        send(to, Rows::Needs(rows, asked.all(connection).await?)).await?;
    }
    let mut after = Uuid::nil();
    loop {
        let rows = part::<match_row::Entity, _>(connection, match_row::Column::Id, after, promising()).await?;
        let Some(last) = rows.last() else { break };
        after = last.id;
        send(to, Rows::Promises(rows)).await?;
    }
    mark(connection).await
}

/// All that there is in this state of the database.
async fn mark<C: ConnectionTrait>(connection: &C) -> Result<Mark, StoreError> {
    let last = event::Entity::find().select_only().column_as(Column::Number.max(), "last");
    let last: Option<Option<i64>> = last.into_tuple().one(connection).await?;
    let waiting = event::Entity::find().select_only().column(Column::Id).filter(Column::Number.is_null());
    let waiting: Vec<i64> = waiting.into_tuple().all(connection).await?;
    Ok(Mark { number: last.flatten().unwrap_or(0), unnumbered: waiting.into_iter().collect() })
}

/// Sends the rows of a table in parts.
async fn each_part<E, C>(
    connection: &C,
    key: E::Column,
    id: fn(&E::Model) -> Uuid,
    to: &mpsc::Sender<Rows>,
    wrap: fn(Vec<E::Model>) -> Rows,
) -> Result<(), StoreError>
where
    E: EntityTrait,
    C: ConnectionTrait,
{
    let mut after = Uuid::nil();
    loop {
        let mut rows = part::<E, C>(connection, key, after, Condition::all()).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = id(last);
        send(to, wrap(mem::take(&mut rows))).await?;
    }
}

/// The next rows of a table after an id.
async fn part<E, C>(connection: &C, key: E::Column, after: Uuid, which: Condition) -> Result<Vec<E::Model>, StoreError>
where
    E: EntityTrait,
    C: ConnectionTrait,
{
    let query = E::find().filter(key.gt(after)).filter(which).order_by_asc(key).limit(ROWS);
    Ok(query.all(connection).await?)
}

async fn send(to: &mpsc::Sender<Rows>, rows: Rows) -> Result<(), StoreError> {
    to.send(rows).await.map_err(|_| StoreError::internal("the market is read and nobody takes it"))
}
