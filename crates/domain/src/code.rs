//! Codes of the catalogue and the region list: short, shared strings with a type.

use std::{borrow::Borrow, fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps a code as it stands; whether it exists is for the catalogue to say.
            pub fn new(code: &str) -> Self {
                Self(Arc::from(code))
            }

            /// The code as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d).map(|code| Self::new(&code))
            }
        }
    )+};
}

codes! {
    /// A product, e.g. `medical-mask`.
    ProductCode,
    /// A scheme of grades, e.g. `EN149`.
    SchemeCode,
    /// A grade, unique across schemes, e.g. `FFP2`.
    GradeCode,
    /// A typed feature, e.g. `sterile`.
    FeatureCode,
    /// A kind of certificate, e.g. `eu-type-examination`.
    CertificateKindCode,
    /// A legal frame, e.g. `PPE-2016-425`.
    FrameCode,
    /// A unit: UN/ECE Rec 20, or Rec 21 with `X` before it.
    UnitCode,
    /// A region: a NUTS code, an ISO 3166-2 subdivision, or an ISO 3166-1 country outside NUTS.
    RegionCode,
    /// A country, ISO 3166-1 alpha-2 (Greece is `GR`, the United Kingdom `GB`).
    CountryCode,
}
