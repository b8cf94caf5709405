//! From what people typed to certificates, with every fault found at once.

use super::{Certificate, CertificateKind, CertificateStatus, Derogation, HolderRole, MODULES};
use crate::{
    catalogue::Product,
    offer::{CertificateInput, DerogationInput, Reference},
    text,
    typed::{choose, grades, optional_day, region_list},
    violation::Violations,
};

/// The certificates of an offer of a product; every fault of each, at its place below `/certificates`.
pub(crate) fn stated(
    product: Option<&Product>,
    typed: &[CertificateInput],
    at: &Reference<'_>,
) -> Result<Vec<Certificate>, Violations> {
    let mut faults = Violations::new();
    let mut found = Vec::new();
    for (i, c) in typed.iter().enumerate() {
        match certificate(product, c, at) {
            Ok(certificate) => found.push(certificate),
            Err(part) => faults.extend_below(&format!("/certificates/{i}"), part),
        }
    }
    faults.into_result()?;
    Ok(found)
}

fn certificate(
    product: Option<&Product>,
    typed: &CertificateInput,
    at: &Reference<'_>,
) -> Result<Certificate, Violations> {
    let mut faults = Violations::new();
    let kind = faults.keep(kind(&typed.kind, at));
    let status = faults.keep(status(typed));
    let number = typed.number.as_deref().map(|n| faults.keep(number(n, kind)));
    let notified_body = typed.notified_body.as_deref().map(|b| faults.keep(notified_body(b)));
    let grades = product.and_then(|p| faults.keep(grades("/grades", p, &typed.grades, None, at.catalogue)));
    let holder = typed.holder.as_deref().map(|name| faults.keep(text::name("/holder", name)));
    let holder_role = typed.holder_role.as_deref().map(|role| faults.keep(holder_role(role)));
    let module = typed.module.as_deref().map(|module| faults.keep(self::module(module)));
    let models = faults.keep(models(&typed.models));
    let territory = faults.keep(region_list("/territory", &typed.territory, at.regions));
    // Of one that is only applied for nobody knows number and end.
    let held = status.is_some_and(CertificateStatus::is_held);
    let derogation = derogation(typed.derogation.as_ref(), kind.filter(|_| held), at, &mut faults);
    let valid_from = faults.keep(optional_day("/valid_from", typed.valid_from.as_deref()));
    let stated_until = faults.keep(optional_day("/valid_until", typed.valid_until.as_deref()));
    let expected_on = faults.keep(optional_day("/expected_on", typed.expected_on.as_deref()));
    // A derogation that is a paper of its own runs out when it ends.
    let granted = derogation.as_ref().filter(|_| kind.is_some_and(CertificateKind::is_derogation)).map(|d| d.until);
    let valid_until = stated_until.map(|until| until.or(granted));
    if let (Some(Some(from)), Some(Some(until))) = (valid_from, valid_until)
        && until < from
    {
        let detail = format!("{until} is before it starts to hold ({from}); swap or correct them");
        faults.push("/valid_until", "before_start", detail);
    }
    if held && valid_until == Some(None) && kind.is_some_and(|k| k.expires == Some(true)) {
        let detail = format!("is missing; a {} always runs out, so write its last day", typed.kind);
        faults.push("/valid_until", "missing", detail);
    }
    faults.into_result()?;
    match (kind, status, grades) {
        (Some(kind), Some(status), Some(grades)) => Ok(Certificate {
            number: number.flatten(),
            notified_body: notified_body.flatten(),
            grades,
            valid_from: valid_from.flatten(),
            valid_until: valid_until.flatten(),
            expected_on: expected_on.flatten(),
            holder: holder.flatten(),
            holder_role: holder_role.flatten(),
            module: module.flatten(),
            models: models.unwrap_or_default(),
            territory: territory.unwrap_or_default(),
            derogation,
            ..Certificate::new(kind.code.clone(), status)
        }),
        // Only the grades are missing, of a product that is unknown and was reported.
        (_, _, _) => Err(Violations::new()),
    }
}

/// Free text is no kind: it would satisfy no demand (field case CER-02).
fn kind<'a>(typed: &str, at: &Reference<'a>) -> Result<&'a CertificateKind, Violations> {
    at.catalogue.certificate_kind(typed).ok_or_else(|| {
        let kinds: Vec<&str> = at.catalogue.parts().certificate_kinds.iter().map(|k| k.code.as_str()).collect();
        let detail = format!("{typed:?} is no kind of certificate; write one of: {}", kinds.join(", "));
        Violations::one("/kind", "unknown_certificate_kind", detail)
    })
}

fn status(typed: &CertificateInput) -> Result<CertificateStatus, Violations> {
    let ladder = [
        CertificateStatus::Applied,
        CertificateStatus::InTesting,
        CertificateStatus::Claimed,
        CertificateStatus::Documented,
    ];
    choose("/status", typed.status.as_deref(), CertificateStatus::Claimed, &ladder, CertificateStatus::as_str)
}

fn number(typed: &str, kind: Option<&CertificateKind>) -> Result<String, Violations> {
    let number = text::name("/number", typed)?;
    let Some(kind) = kind else { return Ok(number) };
    if kind.is_numbered_by_body() {
        return body_digits("/number", &number);
    }
    if kind.takes(&number) {
        return Ok(number);
    }
    let detail = format!("{number:?} is no number of a {}; write it as on the paper, e.g. {}", kind.code, kind.example);
    Err(Violations::one("/number", "bad_certificate_number", detail))
}

fn notified_body(typed: &str) -> Result<String, Violations> {
    body_digits("/notified_body", typed)
}

/// The four digits of a notified body. 0000 was given to none.
fn body_digits(pointer: &str, typed: &str) -> Result<String, Violations> {
    let digits = typed.trim();
    if digits.len() == 4 && digits.bytes().all(|x| x.is_ascii_digit()) && digits != "0000" {
        return Ok(digits.to_owned());
    }
    let detail = format!("{digits:?} is no notified body; write its four digits, e.g. 2797");
    Err(Violations::one(pointer, "bad_notified_body", detail))
}

fn holder_role(typed: &str) -> Result<HolderRole, Violations> {
    // Of the two none is usual, so that the first is taken for nothing.
    choose("/holder_role", Some(typed), HolderRole::Manufacturer, &HolderRole::ALL, HolderRole::as_str)
}

fn module(typed: &str) -> Result<String, Violations> {
    let module = typed.trim().to_uppercase();
    if MODULES.contains(&module.as_str()) {
        return Ok(module);
    }
    let detail = format!("{typed:?} is no module of conformity assessment; write one of: {}", MODULES.join(", "));
    Err(Violations::one("/module", "unknown_value", detail))
}

fn models(typed: &[String]) -> Result<Vec<String>, Violations> {
    let mut faults = Violations::new();
    let mut found = Vec::new();
    for (i, model) in typed.iter().enumerate() {
        match faults.keep(text::name(&format!("/models/{i}"), model)) {
            Some(model) if !found.contains(&model) => found.push(model),
            Some(_) | None => {}
        }
    }
    faults.into_result()?;
    Ok(found)
}

fn derogation(
    typed: Option<&DerogationInput>,
    kind: Option<&CertificateKind>,
    at: &Reference<'_>,
    faults: &mut Violations,
) -> Option<Derogation> {
    let Some(typed) = typed else {
        if let Some(kind) = kind.filter(|kind| kind.is_derogation()) {
            let detail =
                format!("is missing; a {} says of which authority, its number, where and until when", kind.code);
            faults.push("/derogation", "missing", detail);
        }
        return None;
    };
    let authority = faults.keep(text::name("/derogation/authority", &typed.authority));
    let number = faults.keep(text::name("/derogation/number", &typed.number));
    let territory = faults.keep(region_list("/derogation/territory", &typed.territory, at.regions));
    if territory.as_ref().is_some_and(Vec::is_empty) {
        let detail = "is empty; a derogation holds in the territory of its authority, so name it";
        faults.push("/derogation/territory", "missing", detail);
    }
    let until = faults.keep(optional_day("/derogation/until", Some(&typed.until)));
    Some(Derogation { authority: authority?, number: number?, territory: territory?, until: until?? })
}
