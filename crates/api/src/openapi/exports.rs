//! The other forms in which views answer.

use exchange::export::Format;
use utoipa::openapi::{Content, ObjectBuilder, RefOr, path::Operation, schema::Type};

use crate::export::{PICTURES, SVG, VIEWS};

/// Adds to the answer of a view the formats of its files, and the picture where there is one.
pub(super) fn add(path: &str, operation: &mut Operation) {
    let files = Format::ALL.into_iter().filter(|format| *format != Format::Json && VIEWS.contains(&path));
    let mut kinds: Vec<&str> = files.map(Format::media_type).collect();
    if PICTURES.contains(&path) && !kinds.is_empty() {
        kinds.push(SVG);
    }
    let Some(RefOr::T(answer)) = operation.responses.responses.get_mut("200") else { return };
    for kind in kinds {
        let text = ObjectBuilder::new().schema_type(Type::String).build();
        // Parameters of a media type are none of its name.
        let name = kind.split(';').next().unwrap_or(kind);
        answer.content.insert(name.to_owned(), Content::new(Some(text)).into());
    }
}
