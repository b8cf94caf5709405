//! Certificates, legal frames and border rules.

use domain::{
    catalogue::{Area, BorderEffect, BorderRule, Frame},
    certificate::CertificateKind,
    code::{CertificateKindCode, CountryCode, FrameCode, ProductCode},
};

use super::words::{codes, day, listed, number, position};
use crate::{
    entity::{border_rule, certificate_kind, legal_frame, product_certificate},
    error::StoreError,
    json,
};

pub(super) fn kind_rows(list: &[CertificateKind]) -> Result<Vec<certificate_kind::Model>, StoreError> {
    let row = |(index, k): (usize, &CertificateKind)| {
        Ok(certificate_kind::Model {
            code: k.code.as_str().to_owned(),
            position: position(index)?,
            name: k.name.clone(),
            proves: k.proves.clone(),
            id_pattern: k.id_pattern.clone(),
            example: k.example.clone(),
            register: k.register.clone(),
            red_flags: k.red_flags.clone(),
            source: k.source.clone(),
            expires: k.expires,
        })
    };
    list.iter().enumerate().map(row).collect()
}

pub(super) fn kinds(rows: Vec<certificate_kind::Model>) -> Vec<CertificateKind> {
    rows.into_iter()
        .map(|row| CertificateKind {
            code: CertificateKindCode::new(&row.code),
            name: row.name,
            proves: row.proves,
            id_pattern: row.id_pattern,
            example: row.example,
            register: row.register,
            red_flags: row.red_flags,
            source: row.source,
            expires: row.expires,
        })
        .collect()
}

/// As in the catalogue's parts: product, frame, kind, whether one of several suffices.
type Demanded = (ProductCode, FrameCode, CertificateKindCode, bool);

pub(super) fn product_certificate_rows(list: &[Demanded]) -> Result<Vec<product_certificate::Model>, StoreError> {
    let row = |(index, (product, frame, kind, one_suffices)): (usize, &Demanded)| {
        Ok(product_certificate::Model {
            product: product.as_str().to_owned(),
            frame: frame.as_str().to_owned(),
            kind: kind.as_str().to_owned(),
            position: position(index)?,
            one_suffices: *one_suffices,
        })
    };
    list.iter().enumerate().map(row).collect()
}

pub(super) fn product_certificates(rows: Vec<product_certificate::Model>) -> Vec<Demanded> {
    let demanded = |row: product_certificate::Model| {
        let (product, frame) = (ProductCode::new(&row.product), FrameCode::new(&row.frame));
        (product, frame, CertificateKindCode::new(&row.kind), row.one_suffices)
    };
    rows.into_iter().map(demanded).collect()
}

pub(super) fn frame_rows(list: &[Frame]) -> Result<Vec<legal_frame::Model>, StoreError> {
    let row = |(index, f): (usize, &Frame)| {
        Ok(legal_frame::Model {
            code: f.code.as_str().to_owned(),
            position: position(index)?,
            name: f.name.clone(),
            act: f.act.clone(),
            applies_from: number(f.from),
            applies_until: number(f.until),
            note: f.note.clone(),
        })
    };
    list.iter().enumerate().map(row).collect()
}

pub(super) fn frames(rows: Vec<legal_frame::Model>) -> Result<Vec<Frame>, StoreError> {
    rows.into_iter()
        .map(|row| {
            Ok(Frame {
                code: FrameCode::new(&row.code),
                name: row.name,
                act: row.act,
                from: day("legal_frames.applies_from", row.applies_from)?,
                until: day("legal_frames.applies_until", row.applies_until)?,
                note: row.note,
            })
        })
        .collect()
}

/// `EU` is reserved in ISO 3166-1 and so no country.
const EU: &str = "EU";

fn area_word(area: &Area) -> String {
    match area {
        Area::Eu => EU.to_owned(),
        Area::Country(code) => code.as_str().to_owned(),
    }
}

fn area(word: &str) -> Area {
    if word == EU { Area::Eu } else { Area::Country(CountryCode::new(word)) }
}

fn effect_word(effect: BorderEffect) -> &'static str {
    match effect {
        BorderEffect::AuthorisationRequired => "authorisation_required",
        BorderEffect::Forbidden => "forbidden",
    }
}

pub(super) fn border_rule_rows(list: &[BorderRule]) -> Result<Vec<border_rule::Model>, StoreError> {
    let row = |(index, b): (usize, &BorderRule)| {
        Ok(border_rule::Model {
            code: b.code.clone(),
            position: position(index)?,
            products: codes(&b.products)?,
            from_area: area_word(&b.from_area),
            to_area: b.to_area.as_ref().map(area_word),
            applies_from: b.from.number(),
            applies_until: number(b.until),
            effect: effect_word(b.effect).to_owned(),
            excepted: listed(&b.excepted)?,
            source: b.source.clone(),
        })
    };
    list.iter().enumerate().map(row).collect()
}

pub(super) fn border_rules(rows: Vec<border_rule::Model>) -> Result<Vec<BorderRule>, StoreError> {
    let effects = [BorderEffect::AuthorisationRequired, BorderEffect::Forbidden];
    let effect = |word: &str| effects.into_iter().find(|effect| effect_word(*effect) == word);
    rows.into_iter()
        .map(|row| {
            Ok(BorderRule {
                code: row.code,
                products: json::from_text("border_rules.products", &row.products)?,
                from_area: area(&row.from_area),
                to_area: row.to_area.as_deref().map(area),
                from: json::day("border_rules.applies_from", row.applies_from)?,
                until: day("border_rules.applies_until", row.applies_until)?,
                effect: json::word("border_rules.effect", &row.effect, effect)?,
                excepted: json::from_text("border_rules.excepted", &row.excepted)?,
                source: row.source,
            })
        })
        .collect()
}
