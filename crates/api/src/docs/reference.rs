//! The API reference, written from the OpenAPI document, so that it says what the router does.

use std::fmt::Write;

use serde_json::{Map, Value};

use crate::{codes, html};

/// The page's body.
pub fn body(document: &Value) -> String {
    let mut out = String::new();
    let info = &document["info"];
    let _ = write!(
        out,
        "<header><h1>{} API</h1><p class=\"quiet\">Version {} · <a href=\"/api/v1/openapi.json\">OpenAPI document</a> · \
         <a href=\"/docs/errors\">Error codes</a></p>{}</header><nav><h2>Contents</h2>",
        text(&info["title"]),
        text(&info["version"]),
        prose(&info["description"])
    );
    let operations = operations(document);
    let tags = document["tags"].as_array().map(Vec::as_slice).unwrap_or_default();
    for tag in tags {
        let _ = write!(out, "<h3>{}</h3><ul>", text(&tag["name"]));
        for op in operations.iter().filter(|op| *op.tag == tag["name"]) {
            let (id, method, path) = (text(&op.value["operationId"]), op.method, html::text(op.path));
            let _ = write!(
                out,
                "<li><a href=\"#{id}\"><span class=\"method {method}\">{method}</span> <code>{path}</code></a> {}</li>",
                text(&op.value["summary"])
            );
        }
        out.push_str("</ul>");
    }
    out.push_str("<h3><a href=\"#schemas\">Schemas</a></h3></nav><main>");
    for tag in tags {
        let _ = write!(out, "<h2>{}</h2>{}", text(&tag["name"]), prose(&tag["description"]));
        for op in operations.iter().filter(|op| *op.tag == tag["name"]) {
            operation(&mut out, op);
        }
    }
    out.push_str("<h2 id=\"schemas\">Schemas</h2>");
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        describe(&mut out, name, schema);
    }
    out.push_str(
        "<h2 id=\"errors\">Error codes</h2><p>Each links to what it means and what to do.</p><p class=\"codes\">",
    );
    for code in codes::ALL {
        let name = html::text(code.code);
        let _ = write!(out, "<a href=\"{}\"><code>{name}</code></a> ", html::text(&codes::page(code.code)));
    }
    out.push_str("</p></main>");
    out
}

struct Operation<'a> {
    path: &'a str,
    method: &'a str,
    tag: &'a Value,
    value: &'a Value,
}

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let of_path = |(path, item): (&'_ String, &'_ Value)| -> Vec<(String, String)> {
        let methods = item.as_object().into_iter().flatten();
        methods.filter(|(_, op)| op.get("operationId").is_some()).map(|(m, _)| (path.clone(), m.clone())).collect()
    };
    let found: Vec<(String, String)> = paths.flat_map(of_path).collect();
    let borrow = |(path, method): &(String, String)| {
        let (path, item) = document["paths"].as_object()?.get_key_value(path)?;
        let (method, value) = item.as_object()?.get_key_value(method)?;
        Some(Operation { path, method, tag: &value["tags"][0], value })
    };
    found.iter().filter_map(borrow).collect()
}

fn operation(out: &mut String, op: &Operation<'_>) {
    let id = text(&op.value["operationId"]);
    let _ = write!(
        out,
        "<section id=\"{id}\"><h3><span class=\"method {m}\">{m}</span> <code>{}</code></h3><p><strong>{}</strong></p>{}",
        html::text(op.path),
        text(&op.value["summary"]),
        prose(&op.value["description"]),
        m = op.method
    );
    let access = match op.value["security"].as_array().is_some_and(|ways| !ways.is_empty()) {
        true => "Needs a bearer token.",
        false => "Open to everybody.",
    };
    let _ = write!(out, "<p class=\"quiet\">{access}</p>");
    parameters(out, &op.value["parameters"]);
    if let Some(content) = op.value["requestBody"]["content"].as_object() {
        for (media, content) in content {
            let _ = write!(out, "<h4>Body</h4><p><code>{}</code>: {}</p>", html::text(media), kind(&content["schema"]));
        }
    }
    out.push_str("<h4>Answers</h4><table><thead><tr><th>Status</th><th>Meaning</th><th>Body</th></tr></thead><tbody>");
    for (status, response) in op.value["responses"].as_object().into_iter().flatten() {
        let bodies: Vec<String> = response["content"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(_, content)| kind(&content["schema"]))
            .collect();
        let (status, meaning) = (html::text(status), inline(&response["description"]));
        let _ = write!(out, "<tr><td>{status}</td><td>{meaning}</td><td>{}</td></tr>", bodies.join(", "));
    }
    out.push_str("</tbody></table></section>");
}

fn parameters(out: &mut String, list: &Value) {
    let Some(list) = list.as_array().filter(|l| !l.is_empty()) else { return };
    out.push_str("<h4>Parameters</h4><table><thead><tr><th>Name</th><th>Type</th><th>Meaning</th></tr></thead><tbody>");
    for p in list {
        let required = if p["required"] == Value::Bool(true) { " <em>required</em>" } else { "" };
        let example = p.get("example").map_or(String::new(), |e| format!(" Example: <code>{}</code>", text(e)));
        let _ = write!(
            out,
            "<tr><td><code>{}</code> <span class=\"quiet\">{}</span>{required}</td><td>{}</td><td>{}{example}</td></tr>",
            text(&p["name"]),
            text(&p["in"]),
            kind(&p["schema"]),
            inline(&p["description"])
        );
    }
    out.push_str("</tbody></table>");
}

fn describe(out: &mut String, name: &str, schema: &Value) {
    let name = html::text(name);
    let _ = write!(out, "<section id=\"schema-{name}\"><h3><code>{name}</code></h3>{}", prose(&schema["description"]));
    match schema["properties"].as_object() {
        Some(properties) => fields(out, properties, &schema["required"]),
        None => {
            let _ = write!(out, "<p>{}</p>", kind(schema));
        }
    }
    if let Some(example) = schema.get("example") {
        let shown = serde_json::to_string_pretty(example).unwrap_or_default();
        let _ = write!(out, "<h4>Example</h4><pre><code>{}</code></pre>", html::text(&shown));
    }
    out.push_str("</section>");
}

fn fields(out: &mut String, properties: &Map<String, Value>, required: &Value) {
    out.push_str("<table><thead><tr><th>Field</th><th>Type</th><th>Meaning</th></tr></thead><tbody>");
    for (name, schema) in properties {
        let needed = required.as_array().is_some_and(|r| r.iter().any(|n| n == name));
        let needed = if needed { " <em>required</em>" } else { "" };
        let (field, kind, meaning) = (html::text(name), kind(schema), inline(&schema["description"]));
        let _ = write!(out, "<tr><td><code>{field}</code>{needed}</td><td>{kind}</td><td>{meaning}</td></tr>");
    }
    out.push_str("</tbody></table>");
}

/// What a schema holds, in words, with links to those that have a name.
fn kind(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = html::text(reference.rsplit('/').next().unwrap_or_default());
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        if let Some(list) = schema[choice].as_array() {
            return list.iter().map(kind).collect::<Vec<_>>().join(" or ");
        }
    }
    let names: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let name = |name: &&str| match *name {
        "array" => format!("list of {}", kind(&schema["items"])),
        "object" if schema.get("additionalProperties").is_some() => {
            format!("map of names to {}", kind(&schema["additionalProperties"]))
        }
        other => {
            let format = schema["format"].as_str().filter(|_| other != "null").map(|f| format!(" ({f})"));
            html::text(&format!("{other}{}", format.unwrap_or_default()))
        }
    };
    if names.is_empty() { "anything".to_owned() } else { names.iter().map(name).collect::<Vec<_>>().join(" or ") }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(s) => html::text(s),
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => html::text(&value.to_string()),
    }
}

fn prose(value: &Value) -> String {
    html::prose(value.as_str().unwrap_or_default())
}

/// Prose without paragraphs, for cells.
fn inline(value: &Value) -> String {
    prose(value).replace("</p><p>", "<br>").replace("<p>", "").replace("</p>", "")
}
