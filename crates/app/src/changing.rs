//! What each change of a stored record asks and tells.

use domain::audit::Change;
use storage::Stored;

use crate::error::{AppError, AppResult};

/// Refuses to change here what another system keeps: it has the last word, and would undo it.
pub(crate) fn kept_here<T>(stored: &Stored<T>) -> AppResult<()> {
    let Some(origin) = &stored.origin else { return Ok(()) };
    let (source, id) = (&origin.source, &origin.external_id);
    let detail = format!("the record is kept at {source:?}, as {id:?}; change it there and import it again");
    Err(AppError::Conflict { code: "other_source", detail })
}

/// The fields in which two states of a record differ, for the audit log.
#[derive(Debug, Default)]
pub(crate) struct Changes(pub(crate) Vec<Change>);

impl Changes {
    /// A field whose values are codes, numbers or days, as `told` writes them.
    pub(crate) fn field<T: PartialEq>(
        mut self,
        field: &str,
        before: &T,
        after: &T,
        told: impl Fn(&T) -> Option<String>,
    ) -> Self {
        if before != after {
            self.0.push(Change { field: field.to_owned(), from: told(before), to: told(after) });
        }
        self
    }

    /// A field that is one word, number or day.
    pub(crate) fn word<T: PartialEq + ToString>(self, field: &str, before: &T, after: &T) -> Self {
        self.field(field, before, after, |value| Some(value.to_string()))
    }

    /// Such a field that may be absent.
    pub(crate) fn maybe<T: PartialEq + ToString>(self, field: &str, before: &Option<T>, after: &Option<T>) -> Self {
        self.field(field, before, after, |value| value.as_ref().map(ToString::to_string))
    }

    /// A list of codes.
    pub(crate) fn list<C>(self, field: &str, before: &C, after: &C) -> Self
    where
        C: PartialEq,
        for<'a> &'a C: IntoIterator<Item: ToString>,
    {
        self.field(field, before, after, |list| {
            let words: Vec<String> = list.into_iter().map(|item| item.to_string()).collect();
            (!words.is_empty()).then(|| words.join(","))
        })
    }

    /// A field with free text or many parts: that it changed, not how.
    pub(crate) fn untold<T: PartialEq>(self, field: &str, before: &T, after: &T) -> Self {
        self.field(field, before, after, |_| None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_told_and_free_text_never() {
        let changes = Changes::default()
            .word("lead_days", &3, &3)
            .word("product", &"ffp", &"gown")
            .maybe("until", &Some(5), &None)
            .list("grades", &vec!["a", "b"], &vec![])
            .untold("note", &"Call Anna", &"");
        let told = |c: &Change| format!("{} {:?} {:?}", c.field, c.from.as_deref(), c.to.as_deref());
        let told: Vec<String> = changes.0.iter().map(told).collect();
        assert_eq!(
            told,
            [
                "product Some(\"ffp\") Some(\"gown\")",
                "until Some(\"5\") None",
                "grades Some(\"a,b\") None",
                "note None None"
            ]
        );
    }
}
