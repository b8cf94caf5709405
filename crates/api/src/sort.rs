//! What lists are sorted by, and which way.

use std::{fmt, marker::PhantomData};

use app::Order;
use serde::{Deserialize, Deserializer, de};

use crate::query::Named;

/// A key to sort by; with a minus before it the largest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sort<K> {
    /// What is compared. Where that is equal, ids are.
    pub key: K,
    /// Which way.
    pub order: Order,
}

/// The one key of most lists: when a record came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ByCreation {
    /// When it was created.
    #[default]
    CreatedAt,
}

impl Named for ByCreation {
    fn all() -> &'static [Self] {
        &[Self::CreatedAt]
    }

    fn word(self) -> &'static str {
        match self {
            Self::CreatedAt => "created_at",
        }
    }
}

impl<'de, K: Named> Deserialize<'de> for Sort<K> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Words<K>(PhantomData<K>);
        impl<K: Named> de::Visitor<'_> for Words<K> {
            type Value = Sort<K>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let names: Vec<String> = K::all().iter().map(|key| format!("{0}, -{0}", key.word())).collect();
                write!(f, "one of {}", names.join(", "))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                let (order, word) = match text.strip_prefix('-') {
                    Some(word) => (Order::Descending, word),
                    None => (Order::Ascending, text),
                };
                let key = K::all().iter().copied().find(|key| key.word() == word);
                key.map(|key| Sort { key, order }).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        d.deserialize_str(Words(PhantomData))
    }
}
