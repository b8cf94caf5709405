//! Snapshots: what runs saw, stored once under the hash of its content.
//!
//! A snapshot is the compact JSON of a value, packed as gzip so that any tool opens it. Its hash is
//! that of the JSON, so equal content is stored once, and changed content shows.

use std::io::{self, Read, Write};

use domain::{
    digest::{Digest, Hasher},
    time::Instant,
};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{OnConflict, SelectStatement},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    entity::{run, snapshot},
    error::StoreError,
    json,
    runs::RunRow,
    store::Reads,
};

/// What a snapshot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SnapshotKind {
    /// A market on a decision day.
    Market,
    /// Catalogue and regions.
    Tables,
}

impl SnapshotKind {
    /// All of them.
    pub const ALL: [SnapshotKind; 2] = [Self::Market, Self::Tables];

    /// The name in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Tables => "tables",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A packed value under the hash of its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// SHA-256 of the JSON, in hex.
    pub hash: String,
    /// What it holds.
    pub kind: SnapshotKind,
    /// Bytes of the JSON.
    pub size: u64,
    packed: Vec<u8>,
}

impl Snapshot {
    /// Writes, hashes and packs a value in one pass.
    ///
    /// # Errors
    /// [`StoreError::Internal`] when the value has no JSON.
    pub fn of(kind: SnapshotKind, value: &impl Serialize) -> Result<Self, StoreError> {
        // The fastest level: the time of a run is dearer than the bytes.
        let packer = GzEncoder::new(Vec::new(), Compression::fast());
        let mut press = Press { hasher: Hasher::default(), packer, size: 0 };
        let fault =
            |error: &dyn std::fmt::Display| StoreError::internal(format!("a snapshot cannot be packed: {error}"));
        // Many small pieces would each go through the packer.
        let mut pieces = io::BufWriter::with_capacity(1 << 16, &mut press);
        serde_json::to_writer(&mut pieces, value).map_err(|error| fault(&error))?;
        pieces.flush().map_err(|error| fault(&error))?;
        drop(pieces);
        let packed = press.packer.finish().map_err(|error| fault(&error))?;
        Ok(Self { hash: press.hasher.end().to_string(), kind, size: press.size, packed })
    }

    /// Bytes it takes in the database.
    pub fn packed_size(&self) -> usize {
        self.packed.len()
    }

    /// The value, if these are the bytes of the hash. The error says in words what is wrong with them.
    pub fn open<T: DeserializeOwned>(&self) -> Result<T, String> {
        let mut text = Vec::new();
        // Bytes that somebody changed may unpack to anything, so there is an end.
        let mut unpacked = GzDecoder::new(self.packed.as_slice()).take(self.size.saturating_add(1));
        let what = self.kind.as_str();
        unpacked
            .read_to_end(&mut text)
            .map_err(|error| format!("the snapshot of the {what} does not unpack: {error}"))?;
        if text.len() as u64 > self.size {
            return Err(format!("the snapshot of the {what} unpacks to more than its {} bytes", self.size));
        }
        let found = Digest::of_bytes(&text).to_string();
        if found != self.hash {
            return Err(format!("the snapshot of the {what} hashes to {found}, not to {}", self.hash));
        }
        serde_json::from_slice(&text).map_err(|error| format!("the snapshot of the {what} cannot be read: {error}"))
    }
}

/// Hashes, counts and packs what is written into it.
struct Press {
    hasher: Hasher,
    packer: GzEncoder<Vec<u8>>,
    size: u64,
}

impl Write for Press {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.packer.write_all(bytes)?;
        self.hasher.write_all(bytes)?;
        self.size += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.packer.flush()
    }
}

/// The market and the tables that a run saw, where both are still kept.
pub async fn of_run(reader: &impl Reads, run: &RunRow) -> Result<Option<(Snapshot, Snapshot)>, StoreError> {
    let market = find(reader, run.market_hash.as_deref()).await?;
    let tables = find(reader, run.tables_hash.as_deref()).await?;
    Ok(market.zip(tables))
}

/// The snapshot of a hash, where there is one.
pub(crate) async fn find(reader: &impl Reads, hash: Option<&str>) -> Result<Option<Snapshot>, StoreError> {
    let Some(hash) = hash else { return Ok(None) };
    let row = snapshot::Entity::find_by_id(hash).one(reader.connection()).await?;
    row.map(record).transpose()
}

/// Stores those that are not there yet.
pub(crate) async fn keep<C: ConnectionTrait>(
    connection: &C,
    snapshots: [Snapshot; 2],
    at: Instant,
) -> Result<(), StoreError> {
    for new in snapshots {
        let row = snapshot::Model {
            hash: new.hash,
            kind: new.kind.as_str().to_owned(),
            bytes: new.packed,
            size: i64::try_from(new.size).map_err(|error| StoreError::Internal(Box::new(error)))?,
            created_at: at.micros(),
        };
        let known = OnConflict::column(snapshot::Column::Hash).do_nothing().to_owned();
        snapshot::Entity::insert(row.into_active_model()).on_conflict(known).exec_without_returning(connection).await?;
    }
    Ok(())
}

/// Lets go of what only runs done before an instant saw. The caller has the turn to finish: a run
/// that ends meanwhile may rely on a snapshot that is there.
pub(crate) async fn forget<C: ConnectionTrait>(connection: &C, before: Instant) -> Result<(), StoreError> {
    let seen = |hash: run::Column| -> SelectStatement {
        run::Entity::find()
            .select_only()
            .column(hash)
            .filter(run::Column::FinishedAt.gte(before.micros()))
            .filter(hash.is_not_null())
            .into_query()
    };
    let unseen = Condition::all()
        .add(snapshot::Column::Hash.not_in_subquery(seen(run::Column::MarketHash)))
        .add(snapshot::Column::Hash.not_in_subquery(seen(run::Column::TablesHash)));
    snapshot::Entity::delete_many().filter(unseen).exec(connection).await?;
    Ok(())
}

fn record(row: snapshot::Model) -> Result<Snapshot, StoreError> {
    Ok(Snapshot {
        kind: json::word("snapshots.kind", &row.kind, SnapshotKind::parse)?,
        size: u64::try_from(row.size).map_err(|error| StoreError::Internal(Box::new(error)))?,
        hash: row.hash,
        packed: row.bytes,
    })
}
