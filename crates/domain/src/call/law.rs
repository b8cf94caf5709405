//! By what law a call asks, and what that law asks of it. It follows the frames that a product is listed under in the
//! catalogue, which carry their dates.

use serde::{Deserialize, Serialize};

use crate::{
    catalogue::{Catalogue, Product},
    time::{Day, Instant, Zone},
};

/// By what law a call asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegalBasis {
    /// By none: whoever likes answers.
    Voluntary,
    /// Council Regulation (EU) 2022/2372, Article 10: producers of crisis-relevant medical countermeasures inform within
    /// five days of capacity and stock, facility by facility, those in third countries among them.
    #[serde(rename = "article_10")]
    Article10,
    /// Regulation (EU) 2024/2747 (IMERA): other crisis-relevant goods, and never medical devices.
    Imera,
}

impl LegalBasis {
    /// All of them.
    pub const ALL: [LegalBasis; 3] = [Self::Voluntary, Self::Article10, Self::Imera];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Voluntary => "voluntary",
            Self::Article10 => "article_10",
            Self::Imera => "imera",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|basis| basis.as_str() == name)
    }

    /// The code of its frame in the catalogue.
    pub fn frame(self) -> Option<&'static str> {
        match self {
            Self::Voluntary => None,
            Self::Article10 => Some("EU-2022-2372"),
            Self::Imera => Some("IMERA-2024-2747"),
        }
    }

    /// Whether answers state capacity and stock for each facility, and stay between producer and authority.
    pub fn asks_per_facility(self) -> bool {
        match self {
            Self::Article10 => true,
            Self::Voluntary | Self::Imera => false,
        }
    }

    /// Whether only an authority may ask by it.
    pub fn is_for_authorities(self) -> bool {
        match self {
            Self::Voluntary => false,
            Self::Article10 | Self::Imera => true,
        }
    }

    /// Whether it applies on a day, as the catalogue dates it.
    pub fn applies(self, catalogue: &Catalogue, on: Day) -> bool {
        let Some(code) = self.frame() else { return true };
        let frame = catalogue.parts().frames.iter().find(|frame| frame.code.as_str() == code);
        frame.is_some_and(|f| f.from.is_none_or(|d| d <= on) && f.until.is_none_or(|d| on <= d))
    }
}

/// The frames of medical devices, those for in vitro diagnosis among them.
const DEVICES: [&str; 4] = ["MDD-93-42", "MDR-2017-745", "IVDD-98-79", "IVDR-2017-746"];
/// The frames of what else is a medical countermeasure: protective equipment and disinfectants (Regulation (EU)
/// 2022/2371, Article 3, names medical devices and other goods that are needed against a threat to health).
const OTHER_COUNTERMEASURES: [&str; 3] = ["PPE-89-686", "PPE-2016-425", "BPR-528-2012"];

/// Whether a product is a medical device, or is one by the claim of its maker.
pub fn is_medical_device(product: &Product) -> bool {
    product.frames.iter().any(|frame| DEVICES.contains(&frame.as_str()))
}

/// Whether a product is a medical countermeasure, or a component that goes into one by the catalogue's process steps.
pub fn is_countermeasure(product: &Product, catalogue: &Catalogue) -> bool {
    let by_frames = |p: &Product| {
        is_medical_device(p) || p.frames.iter().any(|frame| OTHER_COUNTERMEASURES.contains(&frame.as_str()))
    };
    let goes_into = |step: &crate::catalogue::ProcessStep| {
        step.inputs.iter().any(|input| input == product.code.as_str())
            && catalogue.product(step.product.as_str()).is_some_and(by_frames)
    };
    by_frames(product) || catalogue.parts().steps.iter().any(goes_into)
}

/// The five days of Article 10(2), in microseconds.
const FIVE_DAYS: i64 = 5 * 86_400 * 1_000_000;

/// Between which instants a call under Article 10 that was opened at an instant may end: no producer has less than five
/// times 24 hours, and none more than until the end of the fifth day after that of the opening, which moves to Monday
/// from a Saturday or a Sunday (Regulation (EEC, Euratom) No 1182/71, Article 3(1) and (4)). Public holidays, which
/// would move it as well, are not known here.
pub fn article_10_clock(opened: Instant, zone: &Zone) -> (Instant, Instant) {
    let fifth = Day::of_instant(opened, zone).plus(5);
    let last = match fifth.weekday() {
        5 => fifth.plus(2),
        6 => fifth.plus(1),
        _ => fifth,
    };
    (opened.plus_micros(FIVE_DAYS), zone.end_of(last))
}
