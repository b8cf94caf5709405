//! Parts of the results file that a program writes, each between two marks.

/// A text with a section between its marks put in the place of the one before, or at the end of a text without them. The
/// section holds the marks.
pub fn placed(before: &str, (begin, end): (&str, &str), section: &str) -> String {
    let inside = before.find(begin).and_then(|start| {
        let length = before[start..].find(end)?;
        Some((start, start + length + end.len()))
    });
    match inside {
        Some((start, end)) => format!("{}{section}{}", &before[..start], &before[end..]),
        None => format!("{}\n\n{section}\n", before.trim_end()),
    }
}
