//! The little HTML this crate writes, with every text escaped.

use std::fmt::Write;

use axum::{
    http::header,
    response::{IntoResponse, Response},
};

/// A text as HTML content or attribute value.
pub fn text(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for c in raw.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// A text in which `code` between backquotes is set as code, and empty lines part paragraphs.
pub fn prose(raw: &str) -> String {
    let mut out = String::new();
    for paragraph in raw.split("\n\n").filter(|p| !p.trim().is_empty()) {
        out.push_str("<p>");
        for (i, part) in paragraph.split('`').enumerate() {
            if i % 2 == 1 {
                let _ = write!(out, "<code>{}</code>", text(part));
            } else {
                out.push_str(&text(part));
            }
        }
        out.push_str("</p>");
    }
    out
}

/// A whole page.
pub fn page(title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{}</title>\n<link rel=\"stylesheet\" href=\"/docs/style.css\">\n</head>\n<body>\n{body}\n</body>\n</html>\n",
        text(title)
    );
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_through_unescaped() {
        assert_eq!(text("<b a='1' c=\"2\">&"), "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;");
        assert_eq!(prose("a `<x>` b\n\nc"), "<p>a <code>&lt;x&gt;</code> b</p><p>c</p>");
    }
}
