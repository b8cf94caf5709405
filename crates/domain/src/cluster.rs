//! Clusters: what form a cluster has, who stands for it, and until when.

use crate::{
    ids::OrganisationId,
    time::{Day, Instant},
};

/// The form of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum ClusterForm {
    /// A cluster organisation of its own, without an end.
    #[default]
    Permanent,
    /// Founded by a sponsor for a purpose, until a day.
    Temporary,
    /// Likewise, of members that share no place.
    Virtual,
}

impl ClusterForm {
    /// All of them.
    pub const ALL: [ClusterForm; 3] = [Self::Permanent, Self::Temporary, Self::Virtual];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Permanent => "permanent",
            Self::Temporary => "temporary",
            Self::Virtual => "virtual",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.as_str() == name)
    }

    /// Whether it has a sponsor, a purpose and an end.
    pub fn is_founded(self) -> bool {
        match self {
            Self::Permanent => false,
            Self::Temporary | Self::Virtual => true,
        }
    }
}

/// What there is to know of a cluster beside its organisation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cluster {
    /// Its form.
    pub form: ClusterForm,
    /// Who founded it and answers for it; `None` of a permanent one.
    pub sponsor: Option<OrganisationId>,
    /// What it is for; empty of a permanent one.
    pub purpose: String,
    /// Its last day; `None` of a permanent one.
    pub ends_on: Option<Day>,
    /// When it was closed.
    pub closed_at: Option<Instant>,
}

impl Cluster {
    /// Whether it is over at an instant: closed, or past its last day. What it may for its members lapses then.
    pub fn is_over(&self, now: Instant) -> bool {
        self.closed_at.is_some() || self.ends_on.is_some_and(|last| last < now.day())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_over_after_its_last_day_or_once_it_is_closed() {
        let day = |text: &str| Day::parse(text).unwrap();
        let noon = |text: &str| Instant::start_of(day(text)).plus_micros(12 * 3_600 * 1_000_000);
        let permanent = Cluster::default();
        assert!(!permanent.is_over(noon("2199-01-01")));
        assert!(Cluster { closed_at: Some(noon("2020-04-06")), ..permanent.clone() }.is_over(noon("2020-04-06")));
        let temporary = Cluster { form: ClusterForm::Temporary, ends_on: Some(day("2020-04-30")), ..permanent };
        assert!(!temporary.is_over(noon("2020-04-30")) && temporary.is_over(noon("2020-05-01")));
        for form in ClusterForm::ALL {
            assert_eq!(ClusterForm::parse(form.as_str()), Some(form));
        }
    }
}
