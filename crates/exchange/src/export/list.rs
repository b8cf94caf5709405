//! Lists as one cell of a table, and back.
//!
//! Items are joined by a space. In an item, a space is written `%20` and a percent sign `%25`, as in addresses, so
//! that every list can be taken apart again, row by row and without knowing the others. Codes have neither.

/// The items as one cell; those without a character are left out.
pub fn join_list<'a>(items: impl IntoIterator<Item = &'a str>) -> String {
    let mut cell = String::new();
    for item in items.into_iter().filter(|item| !item.is_empty()) {
        if !cell.is_empty() {
            cell.push(' ');
        }
        cell.push_str(&item.replace('%', "%25").replace(' ', "%20"));
    }
    cell
}

/// The items of a cell that [`join_list`] made; in CSV after [`crate::safe_csv::restore`].
pub fn split_list(cell: &str) -> Vec<String> {
    let items = cell.split(' ').filter(|item| !item.is_empty());
    items.map(|item| item.replace("%20", " ").replace("%25", "%")).collect()
}
